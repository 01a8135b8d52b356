"""What somebody with bad intentions, a bad line or a bad file does to the pages, and what they answer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from grade_books import CLEAN, STUDY
from visits import ADDRESS, Guest, Place, Seen, client_of, place_in, token

from expeval.cohorts.history import history
from expeval.cohorts.invitations import invite, links, revoke
from expeval.store.failures import CannotStore
from expeval.store.schema import Invitation
from expeval.web import teacher_draft
from expeval.web.forgery import FIELD
from expeval.web.headers import safe_headers
from expeval.web.logs import AsJson
from expeval.web.visitors import Sessions

STRICT = safe_headers(https=False)


def to_preview(teacher: Guest) -> Seen:
    seen = teacher.choose(CLEAN)
    return teacher.send(seen, seen.forms[0])


# Headers


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/health", "/static/pages.css", "/i/x", "/robots.txt", "/coordinator"]
)
def test_every_answer_has_the_headers(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert {name: answer.headers.get(name) for name in STRICT} == STRICT
    assert "server" not in answer.headers


def test_the_policy_allows_nothing_from_elsewhere_and_nothing_inline() -> None:
    policy = safe_headers(https=True)["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert safe_headers(https=True)["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in STRICT


def test_a_broken_page_tells_nothing_and_keeps_the_headers(
    client: httpx.Client, teacher: Guest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: Any) -> None:
        raise RuntimeError("Ivanov")

    seen = to_preview(teacher)
    monkeypatch.setattr(teacher_draft, "confirm", break_down)
    answer = teacher.send(seen, seen.form("/confirm"))
    assert answer.status == 500
    assert "what you did just now was not done" in answer.text
    assert {name: answer.response.headers.get(name) for name in STRICT} == STRICT
    told = [AsJson().format(record) for record in caplog.records]
    assert any("RuntimeError" in line for line in told)
    assert not any("Ivanov" in line for line in told)


def test_a_store_that_takes_nothing_is_told(teacher: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise CannotStore("the store cohorts.db: there is no space left on the disk; nothing was changed.")

    seen = to_preview(teacher)
    with monkeypatch.context() as patched:
        patched.setattr(teacher_draft, "confirm", refuse)
        answer = teacher.send(seen, seen.form("/confirm"))
    assert answer.status == 503
    assert "nothing was changed" in answer.text
    assert "cohorts.db" not in answer.text
    assert teacher.send(seen, seen.form("/confirm")).path == "/receipt/1"


# Forms of other sites


@pytest.mark.parametrize(
    ("headers", "given"),
    [
        ({}, ""),
        ({}, "0" * 64),
        ({}, "ё"),
        ({"origin": "https://evil.example"}, None),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, None),
        ({"sec-fetch-site": "cross-site"}, None),
        ({"sec-fetch-site": "same-site"}, None),
        ({"origin": ADDRESS.replace("8000", "8001")}, None),
    ],
)
def test_a_form_of_another_site_is_refused(
    place: Place, teacher: Guest, headers: dict[str, str], given: str | None
) -> None:
    seen = to_preview(teacher)
    data = seen.form("/confirm").data(**({} if given is None else {FIELD: given}))
    ours = {"origin": ADDRESS, "sec-fetch-site": "same-origin"} if given is not None else {}
    answer = teacher.ask("POST", "/draft/1/confirm", data=data, headers={**ours, **headers})
    assert answer.status == 403
    assert history(place.store)[0].state == "draft"


def test_a_token_of_another_session_is_refused(place: Place, client: httpx.Client, teacher: Guest) -> None:
    other = Guest(client)
    theirs = token(other.enter(place.link("School 7")))
    seen = to_preview(teacher)
    assert teacher.post("/draft/1/confirm", seen.form("/confirm").data(**{FIELD: theirs})).status == 403


def test_a_browser_that_says_no_origin_is_known_by_the_token(teacher: Guest) -> None:
    seen = to_preview(teacher)
    assert teacher.ask("POST", "/draft/1/confirm", data=seen.form("/confirm").data()).path == "/receipt/1"


def test_following_a_link_needs_a_form_of_ours(place: Place, client: httpx.Client) -> None:
    """Else another site could make a teacher send her file into somebody else's pages."""
    guest = Guest(client)
    link = place.link("School 7")
    assert guest.post(link, {}).status == 403
    assert guest.get("/").status == 403


# Sessions


def test_following_a_link_begins_a_new_session_and_ends_the_old_one(place: Place, client: httpx.Client) -> None:
    guest = Guest(client)
    guest.get(place.link("School 7"))
    before = guest.cookies["expeval"]
    guest.enter(place.link("School 7"))
    first = guest.cookies["expeval"]
    guest.enter(place.link("School 8"))
    assert len({before, first, guest.cookies["expeval"]}) == 3
    assert "School 8" in guest.get("/").text
    thief = Guest(client)
    for old in (before, first):
        thief.cookies = httpx.Cookies({"expeval": old})
        assert thief.get("/").status == 403


def test_leaving_ends_the_session_for_whoever_has_its_cookie(client: httpx.Client, teacher: Guest) -> None:
    kept = teacher.cookies["expeval"]
    seen = teacher.get("/")
    assert "You have left" in teacher.post("/leave", {FIELD: token(seen)}).text
    thief = Guest(client)
    thief.cookies = httpx.Cookies({"expeval": kept})
    assert thief.get("/").status == 403


@pytest.mark.parametrize("cookie", ["", "x", "é", "AAAA", "=" * 9, "A" * 4000, "[1]", "e30", "\x00"])
def test_a_cookie_that_was_not_made_here_is_none(cookie: str) -> None:
    assert Sessions(b"k").opened(cookie) is None


def test_a_cookie_is_bound_to_its_secret_and_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions(b"k")
    sealed = sessions.sealed(sessions.new(7))
    opened = sessions.opened(sealed)
    assert opened is not None
    assert opened.invitation == 7
    assert Sessions(b"other").opened(sealed) is None
    for place in range(0, len(sealed) - 1, 7):
        forged = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        assert sessions.opened(forged) is None
    now = time.time()
    monkeypatch.setattr("expeval.web.visitors.time.time", lambda: now + 12 * 3600 + 120)
    assert sessions.opened(sealed) is None


def test_cookies_travel_by_https_alone_where_the_pages_do(tmp_path: Path) -> None:
    address = "https://cohorts.example.org"
    place = place_in(tmp_path, STUDY, address=address, https=True)
    with client_of(place) as client:
        client.base_url = httpx.URL(address)
        answer = client.get(place.link("School 7"))
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-expeval=")
        for part in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"):
            assert part in cookie
        assert "Domain" not in cookie
        assert answer.headers["strict-transport-security"]
        assert client.get(address.replace("cohorts", "other")).status_code == 400
    place.store.close()


# Links


def test_looking_at_a_link_opens_nothing(place: Place, client: httpx.Client) -> None:
    link = place.link("School 7")
    assert client.get(link).status_code == 200
    assert links(place.store)[0].opened is None
    guest = Guest(client)
    guest.enter(link)
    assert links(place.store)[0].opened is not None


def test_links_that_do_not_hold_are_alike(place: Place, client: httpx.Client) -> None:
    expired, revoked = (invite(place.store, place.study, "Anna", "School 7") for _ in range(2))
    with place.store.writing() as session:
        invitation = session.get_one(Invitation, expired.number)
        invitation.expires = invitation.made
    revoke(place.store, revoked.number)
    pages = []
    for secret in (expired.token, revoked.token, "x" * 32, "short", "..%2f..%2fetc%2fpasswd"):
        guest = Guest(client)
        seen = guest.get(f"/i/{secret}")
        if seen.forms:
            seen = guest.send(seen, seen.forms[0])
            pages.append((seen.status, seen.title, seen.text))
    assert len(pages) >= 4
    assert len(set(pages)) == 1
    assert pages[0][0] == 403
    assert "Ask the person who sent it" in pages[0][2]


def test_guessing_ends_and_links_that_hold_are_no_guesses(place: Place, client: httpx.Client) -> None:
    holds = place.link("School 7")
    for _ in range(30):
        assert Guest(client).enter(holds).status == 200
    answers = [Guest(client).enter(f"/i/{number:032}") for number in range(25)]
    assert [one.status for one in answers] == [403] * 20 + [429] * 5
    assert answers[-1].response.headers["retry-after"]
    assert "Wait a few minutes" in answers[-1].text


def test_files_and_forms_have_a_pace(place: Place, teacher: Guest) -> None:
    secret = token(teacher.get("/"))
    for _ in range(60):
        assert teacher.post("/send", {FIELD: secret}, follow=False).status == 303
    assert teacher.post("/send", {FIELD: secret}).status == 429
    assert teacher.get("/").status == 200
