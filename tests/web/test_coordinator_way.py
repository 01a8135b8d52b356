"""The coordinator's way: who delivered, links, a run and its report; nothing of a student on any page."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from visits import ADDRESS, STUDY, Guest, Place, Seen, client_of, marks, place_in

from expeval.cohorts.history import events
from expeval.cohorts.invitations import NoSuchLink, follow, links
from expeval.cohorts.sender import Sender
from expeval.cohorts.withdrawal import erase_student, withdraw
from expeval.web.coordinator_runs import POLICY
from expeval.web.runs import Runs

INSTITUTIONS = STUDY.replace('store = "cohorts.db"', 'store = "cohorts.db"\ninstitutions = "schools.csv"')
PATIENCE = 120.0


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = place_in(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def client(place: Place) -> Iterator[httpx.Client]:
    with client_of(place) as client:
        yield client


def guest(place: Place, client: httpx.Client, institution: str | None = None, language: str = "en") -> Guest:
    """Somebody who has followed her link; a coordinator without an institution."""
    one = Guest(client, language)
    assert one.enter(place.link(institution)).status == 200
    return one


def token_on(seen: Seen) -> str | None:
    found = re.search(r"/i/([A-Za-z0-9_-]{20,})", seen.response.text)
    return found[1] if found else None


def test_who_has_delivered_and_who_has_not(place: Place, client: httpx.Client) -> None:
    head = guest(place, client)
    place.link("School 9", "Vera")
    teacher = guest(place, client, "School 7")
    assert "/receipt/" in teacher.upload(marks("School7")).path
    mending = guest(place, client, "School 8")
    mending.choose(marks("School8").replace(b",3\n", b",33\n"))
    seen = mending.get("/")
    assert seen.status == 200
    text = head.get("/coordinator").text
    assert "Delivered: 1" in text
    assert "students: 6" in text
    assert "erased" not in text
    for name in ("School 7", "School 8", "School 9"):
        assert name in text
    assert "Vera, School 9" in text
    assert "Links that nobody has opened" in text
    erase_student(place.store, place.pseudonyms, place.study, Sender("School 7"), "School7-1")
    assert "Since then 1 row was erased" in head.get("/coordinator").text


def test_that_the_study_file_has_changed_is_said(place: Place, client: httpx.Client) -> None:
    guest = Guest(client)
    assert "The study file has changed" not in guest.enter(place.link()).text
    with place.study.path.open("a", encoding="utf-8") as file:
        file.write("# a remark\n")
    assert "The study file has changed" in guest.get("/coordinator").text
    place.study.path.unlink()
    assert "The study file has changed" in guest.get("/coordinator").text


def test_no_page_shows_a_student_or_a_score(place: Place, client: httpx.Client) -> None:
    head = guest(place, client)
    guest(place, client, "School 7").upload(marks("Ivanov").replace(b",5\n", b",4\n"))
    for path in ("/coordinator", "/coordinator/links", "/coordinator/links/1", "/coordinator/run"):
        body = head.get(path).response.text
        assert "Ivanov" not in body
        assert "marks.csv" not in body


def test_a_link_is_made_shown_once_and_revoked(place: Place, client: httpx.Client) -> None:
    head = guest(place, client)
    form = head.get("/coordinator/links")
    seen = head.send(form, form.form("/links"), institution="School 7", name="Olga", days="10", role="teacher")
    token = token_on(seen)
    assert token is not None
    assert f"{ADDRESS}/i/{token}" in seen.text or f"{ADDRESS}/i/{token}" in seen.response.text
    link = follow(place.store, token)
    assert (link.institution, link.name, (link.expires - link.made).days) == ("School 7", "Olga", 10)
    again = head.get(seen.path)
    assert token_on(again) is None
    assert "answer this message" in again.text
    # Who wants the text in another language still gets it with the link; a reload doesn't.
    switched = head.get(f"{seen.path}?lang=ru")
    assert token_on(switched) == token
    assert "Здравствуйте, Olga!" in switched.response.text
    assert token_on(head.get(f"{seen.path}")) is None
    head.get(f"{seen.path}?lang=en")
    again = head.get(seen.path)
    ended = head.send(again, again.form("/revoke"))
    assert "Revoked" in ended.text
    with pytest.raises(NoSuchLink):
        follow(place.store, token)
    # The same form sent twice, as by a double click, is one link.
    before = len(links(place.store))
    form = head.get("/coordinator/links")
    given = {"institution": "School 8", "name": "Nina", "role": "teacher"}
    first = head.send(form, form.form("/links"), **given)
    second = head.send(form, form.form("/links"), **given)
    assert first.path == second.path
    assert len(links(place.store)) == before + 1


def test_a_link_that_was_made_is_shown_to_nobody_else(place: Place, client: httpx.Client) -> None:
    head, other = guest(place, client), guest(place, client)
    form = head.get("/coordinator/links")
    given = form.form("/links").data(institution="School 7", name="Olga", role="teacher")
    seen = head.post("/coordinator/links", given, follow=False)
    assert seen.status == 303
    assert token_on(other.get(seen.response.headers["location"])) is None
    assert token_on(head.get(seen.response.headers["location"])) is not None


def test_another_coordinator_gets_a_link_without_an_institution(place: Place, client: httpx.Client) -> None:
    head = guest(place, client)
    form = head.get("/coordinator/links")
    seen = head.send(form, form.form("/links"), name="Deputy", role="coordinator", institution="left there")
    token = token_on(seen)
    assert token is not None
    assert follow(place.store, token).role == "coordinator"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"institution": " "}, "institution"),
        ({"days": "0"}, "days"),
        ({"days": "367"}, "days"),
        ({"days": "1e2"}, "days"),
        ({"days": "٣"}, "days"),
        ({"days": "9" * 5000}, "days"),
        ({"role": "root"}, "role"),
    ],
)
def test_what_is_wrong_with_a_link_s_form_is_told_at_its_field(place, client, given, field) -> None:
    head = guest(place, client)
    form = head.get("/coordinator/links")
    filled = {"institution": "School 7", "name": "Olga", "days": "5", "role": "teacher", **given}
    seen = head.send(form, form.form("/links"), **filled)
    assert seen.status == 422
    assert f"#{field}" in seen.links
    assert f'id="{field}-fault"' in seen.response.text
    # What was right stays in its field.
    kept = dict(seen.form("/links").fields)
    assert {name: kept.get(name) for name in ("institution", "name", "days") if name != field} == {
        name: filled[name] for name in ("institution", "name", "days") if name != field
    }
    assert len(links(place.store)) == 1


def test_institutions_of_the_study_s_file_are_expected(tmp_path: Path) -> None:
    (tmp_path / "schools.csv").write_text("school,size\nSchool 7,1\nSchool 8,2\n", encoding="utf-8")
    place = place_in(tmp_path, INSTITUTIONS)
    with client_of(place) as client:
        head = guest(place, client)
        seen = head.get("/coordinator")
        assert "Missing: 2" in seen.text
        assert "/coordinator/links?institution=School+8" in seen.links or (
            "/coordinator/links?institution=School%208" in seen.links
        )
        form = head.get("/coordinator/links?institution=School%208")
        assert dict(form.form("/links").fields)["institution"] == "School 8"
        seen = head.send(form, form.form("/links"), institution="School 88", name="Olga")
        assert seen.status == 422
        assert "no such name" in seen.text
    place.store.close()


def test_revoking_ends_a_session_with_its_next_page(place: Place, client: httpx.Client) -> None:
    head, teacher = guest(place, client), guest(place, client, "School 7")
    number = links(place.store)[-1].number
    seen = head.get(f"/coordinator/links/{number}")
    head.send(seen, seen.form("/revoke"))
    assert teacher.get("/").status == 403
    # Her own link has no button: she would shut herself out.
    own = head.get(f"/coordinator/links/{links(place.store)[0].number}")
    assert not [form for form in own.forms if form.action.endswith("/revoke")]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_page_speaks_both_languages(place: Place, client: httpx.Client, language: str) -> None:
    head = guest(place, client, language=language)
    titles = set()
    for path in ("/coordinator", "/coordinator/links", "/coordinator/links/1", "/coordinator/run"):
        seen = head.get(path)
        assert seen.status == 200
        assert f'<html lang="{language}">' in seen.response.text
        assert seen.response.text.count("<h1") == 1
        words = seen.title.split(" – ")[0]
        assert bool(re.search("[а-яё]", words)) == (language == "ru")
        titles.add(seen.title)
    assert len(titles) == 4


def await_end(head: Guest) -> Seen:
    until = time.monotonic() + PATIENCE
    while "refresh" in (seen := head.get("/coordinator/run")).response.headers:
        assert time.monotonic() < until
        time.sleep(0.1)
    return seen


@pytest.mark.slow
def test_a_run_from_the_page_and_its_report(place: Place, client: httpx.Client) -> None:
    head = guest(place, client)
    first, second = guest(place, client, "School 7"), guest(place, client, "School 8")
    receipt = first.upload(marks("School7", 40))
    assert "/receipt/" in receipt.path
    assert "/receipt/" in second.upload(marks("School8x", 40)).path
    assert head.get("/coordinator/report/report.html").status == 404
    seen = head.get("/coordinator/run")
    started = head.send(seen, seen.form("/run"))
    assert started.status == 200
    assert "running" in started.text
    quiet = head.get("/coordinator/run?watch=off")
    assert "refresh" not in quiet.response.headers
    # A second start shows the run that goes on.
    assert head.send(seen, seen.form("/run")).status == 200
    ended = await_end(head)
    assert "The analysis ended" in ended.text
    assert "The accepted data are those of this report" in ended.text
    report = head.get("/coordinator/report/report.html")
    assert report.status == 200
    assert report.response.headers["content-security-policy"] == POLICY
    assert report.response.headers["cache-control"] == "no-store"
    assert "School7-1" not in report.response.text
    for name in ("results.json", "estimates.csv", "manifest.json"):
        assert "attachment" in head.get(f"/coordinator/report/{name}").response.headers["content-disposition"]
    for name in ("run.json", "..%2fstudy.toml", "figures", "report.html%00", "%2e%2e", "cohorts.db"):
        assert head.get(f"/coordinator/report/{name}").status == 404
    # Withdrawn data make the report one of before.
    number = int(receipt.path.rpartition("/")[2])
    withdraw(place.store, Sender("School 7"), number)
    assert "Data changed since this report" in head.get("/coordinator").text
    assert first.upload(marks("School7", 40)).status == 200
    assert "The accepted data are those of this report" in head.get("/coordinator").text


def test_a_run_is_stopped_from_the_page(place: Place, client: httpx.Client) -> None:
    head = guest(place, client)
    guest(place, client, "School 7").upload(marks("School7", 10))
    seen = head.get("/coordinator/run")
    running = head.send(seen, seen.form("/run"))
    stopped = head.send(running, running.form("/stop"))
    assert "was stopped" in stopped.text
    acts = [(one.kind, one.actor) for one in events(place.store)][-2:]
    assert acts == [("run-started", "invitation 1"), ("run-stopped", "invitation 1")]
    assert Runs(place.study.path, place.folder / "reports" / "pages").report() is None


def test_where_no_reports_are_made_the_page_says_how(tmp_path: Path) -> None:
    place = place_in(tmp_path, reports=None)
    with client_of(place) as client:
        head = guest(place, client)
        seen = head.get("/coordinator/run")
        assert "expeval run" in seen.text
        assert not seen.forms
    place.store.close()


def test_the_words_of_both_languages_fit_and_all_are_used() -> None:
    from string import Formatter

    from expeval.web import coordinator, words_coordinator_english, words_coordinator_russian

    english, russian = words_coordinator_english.TEXTS, words_coordinator_russian.TEXTS
    assert english.keys() == russian.keys()
    for key, words in english.items():
        fields = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (words, russian[key])]
        assert fields[0] == fields[1], key
        assert re.search("[а-яё]", russian[key]) or fields[1], key
    folder = Path(coordinator.__file__).parent
    used = "".join(path.read_text(encoding="utf-8") for path in (folder / "templates").glob("coordinator_*.html"))
    used += "".join(path.read_text(encoding="utf-8") for path in folder.glob("coordinator*.py"))
    used += "".join(f'"coordinator-{state}"' for state in coordinator.TAGS)
    used += "".join(f'"coordinator-nav-{name}"' for name in ("deliveries", "links", "run"))
    used += "".join(f'"coordinator-standing-{state}"' for state in ("opened", "not-opened", "expired", "revoked"))
    used += "".join(f'"coordinator-run-{state}"' for state in ("done", "faulty", "failed", "stopped", "cut-off"))
    unused = [key for key in english if f'"{key}"' not in used and f"'{key}'" not in used]
    assert not unused


def test_an_institution_that_was_pasted_with_other_spaces_is_the_same(place: Place, client: httpx.Client) -> None:
    head = guest(place, client)
    form = head.get("/coordinator/links")
    for name in ("School\u00a07", " School  7 "):
        form = head.get("/coordinator/links")
        seen = head.send(form, form.form("/links"), institution=name, name="Olga\u00a0P.", role="teacher")
        assert token_on(seen) is not None
    assert {link.institution for link in links(place.store) if link.institution} == {"School 7"}
