"""Bodies and files made to harm, or broken on their way; what the log says of it all."""

from __future__ import annotations

import io
import json
import logging
import time
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from grade_books import CLEAN, GRADE_BOOK, HEAD, STUDY, THEIRS
from starlette.exceptions import HTTPException
from visits import ADDRESS, Guest, Place, client_of, place_in, token

from expeval.cohorts.history import events, history
from expeval.cohorts.sender import Sender
from expeval.web.forgery import FIELD
from expeval.web.logs import AsJson
from expeval.web.settings import Settings
from expeval.web.uploads import Bounds

# Bodies


def test_a_file_beyond_the_limit_is_refused_and_nothing_of_it_is_left(tmp_path: Path) -> None:
    place = place_in(tmp_path, STUDY, max_bytes=100_000)
    with client_of(place) as client:
        teacher = Guest(client)
        teacher.enter(place.link("School 7"))
        for size in (100_001, 1_000_000, 3_000_000):
            seen = teacher.choose(b"x" * size)
            assert seen.status == 413
            assert "Leave out sheets and columns" in seen.text
        assert place.application.state.waiting.of(1) == []
        assert teacher.upload(CLEAN).path == "/receipt/1"
    place.store.close()


def test_ten_thousand_fields_and_two_files_are_refused(teacher: Guest) -> None:
    secret = token(teacher.get("/"))
    many = {FIELD: secret, **{f"f{number}": "" for number in range(10_000)}}
    assert teacher.post("/send", many).status == 400
    assert teacher.post("/send", many, files={"file": ("a.csv", CLEAN)}).status == 400
    two = [("file", ("a.csv", CLEAN)), ("file", ("b.csv", CLEAN))]
    assert teacher.post("/send", {FIELD: secret}, files=two).status == 400
    assert teacher.post("/send", {FIELD: secret, "cohort": "x" * 200_000}, files=two[:1]).status == 400


@pytest.mark.parametrize(
    ("charset", "text"),
    [("utf-7", b"+2AA-"), ("unicode_escape", rb"\ud800"), ("punycode", b"x-_"), ("undefined", b"x"), ("\x00", b"x")],
)
def test_a_form_in_an_encoding_that_no_page_has_is_refused(
    client: httpx.Client, teacher: Guest, charset: str, text: bytes
) -> None:
    seen = teacher.choose(CLEAN.replace(b"51.5", b"515"))
    seen = teacher.send(seen, seen.forms[0])
    fields = {FIELD: token(seen).encode(), "row-0": b"2", "column-0": b"test", "cell-0": text}
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (k.encode(), v) for k, v in fields.items()
    ]
    sent = {"content": b"".join(parts) + b"--x--\r\n"}
    kind = f'multipart/form-data; boundary=x; charset="{charset}"'
    assert teacher.ask("POST", seen.path, headers={"content-type": kind}, **sent).status in (400, 415)
    assert client.post("/i/x", headers={"content-type": kind}, **sent).status_code in (400, 415)
    assert teacher.get(seen.path).status == 200


# A part that never ends leaves Starlette with an open temporary file, which goes with the request.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"--x", "multipart/form-data; boundary=x"),
        (b"--x\r\nnothing", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n',
            "multipart/form-data; boundary=x",
        ),
        (b"\xff\xfe" * 100, "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"--\x00\r\n", "multipart/form-data; boundary=\x01"),
    ],
)
def test_a_body_that_is_no_form_is_refused(client: httpx.Client, teacher: Guest, body: bytes, kind: str) -> None:
    answer = teacher.ask("POST", "/send", content=body, headers={"content-type": kind})
    assert answer.status in (400, 403)


def ask_bounded(messages: Iterator[dict[str, Any]], pause: float, headers: list[tuple[bytes, bytes]] = []) -> int:  # noqa: B006
    """How much of a body reaches the application; raises what ends it."""
    settings = Settings(address=ADDRESS, secret=b"", max_bytes=1000, upload_seconds=0.3)

    async def application(_scope: Any, receive: Any, _send: Any) -> None:
        nonlocal read
        while True:
            message = await receive()
            read += len(message["body"])
            if not message["more_body"]:
                return

    async def receive() -> dict[str, Any]:
        await anyio.sleep(pause)
        return next(messages)

    read = 0
    scope = {"type": "http", "path": "/send", "headers": headers}
    anyio.run(Bounds(application, settings), scope, receive, None)
    return read


def pieces(size: int) -> Iterator[dict[str, Any]]:
    """A body without end."""
    while True:
        yield {"type": "http.request", "body": b"x" * size, "more_body": True}


def test_a_body_without_end_ends_at_the_limit() -> None:
    with pytest.raises(HTTPException) as raised:
        ask_bounded(pieces(100_000), 0)
    assert raised.value.status_code == 413


def test_a_body_of_five_gigabytes_is_not_read_at_all() -> None:
    with pytest.raises(HTTPException) as raised:
        ask_bounded(iter(()), 0, [(b"content-length", str(5 * 2**30).encode())])
    assert raised.value.status_code == 413


def test_a_body_that_trickles_ends_in_time() -> None:
    began = time.monotonic()
    with pytest.raises(HTTPException) as raised:
        ask_bounded(pieces(1), 0.02)
    assert raised.value.status_code == 408
    assert time.monotonic() - began < 2


# Files


class Elements(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.scripts: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag == "script":
            self.scripts.add(dict(attrs).get("src"))


def test_markup_in_names_headers_and_cells_is_text(teacher: Guest) -> None:
    evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    quoted = '"' + evil.replace('"', '""') + '"'
    data = (
        f"code,class,group,mark,before,test,gender,{quoted}\na,{quoted},{quoted},{quoted},4,1,m,x\nb,7B,old,4,4,3,m,x\n"
    )
    seen = teacher.choose(data.encode(), f"{evil}.csv")
    pages = [seen]
    seen = teacher.send(seen, seen.forms[0])
    pages.append(seen)
    assert seen.path.endswith("/words")
    seen = teacher.send(seen, seen.forms[0], **{"meaning-0": "0", "meaning-1": "3"})
    pages += [seen, teacher.send(seen, seen.form("/confirm")), teacher.get("/uploads"), teacher.get("/")]
    assert pages[-3].path == "/receipt/1"
    for page in pages:
        found = Elements()
        found.feed(page.response.text)
        assert "img" not in found.names
        assert found.scripts <= {"/static/sending.js"}
        assert not [name for name in found.attributes if name.startswith("on") or name == "style"]
    assert "&lt;img" in pages[1].response.text


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", r"C:\secret\a.csv", "/etc/shadow", "a\r\nSet-Cookie: x=1.csv", "‮gpj.csv"]
)
def test_a_file_s_name_is_never_a_path(place: Place, teacher: Guest, name: str) -> None:
    before = set(place.folder.rglob("*"))
    seen = teacher.choose(CLEAN, name)
    assert seen.status in (200, 400)
    assert "set-cookie" not in {header.lower() for header in seen.response.headers if "x=1" in header}
    assert set(place.folder.rglob("*")) == before
    assert "etc/" not in seen.text
    assert "secret" not in seen.text


def test_a_formula_is_text(teacher: Guest) -> None:
    formula = '=HYPERLINK(""http://evil"";""x"")'
    seen = teacher.choose((HEAD + f'a,7A,new,"{formula}",4,1,m\nb,7B,old,4,4,3,m\n').encode())
    seen = teacher.send(seen, seen.forms[0])
    assert "=HYPERLINK" in seen.text
    assert not [link for link in seen.links if "evil" in link]


def test_a_workbook_made_to_harm_is_refused_at_once(teacher: Guest) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 200_000_000)
    began = time.monotonic()
    seen = teacher.choose(written.getvalue(), "bomb.xlsx")
    assert time.monotonic() - began < 4
    assert "We could not read the file" in seen.text


def test_another_s_waiting_file_is_not_there(place: Place, client: httpx.Client, teacher: Guest) -> None:
    path = teacher.choose(CLEAN).path
    other = Guest(client)
    other.enter(place.link("School 7"))
    assert "marks.csv" not in other.get(path).text
    seen = other.get("/")
    other.post(f"{path}/drop", {FIELD: token(seen)})
    assert "marks.csv" in teacher.get(path).text


def test_files_that_wait_lie_apart_and_are_removed(place: Place, client: httpx.Client, teacher: Guest) -> None:
    waiting = place.application.state.waiting
    teacher.choose(CLEAN)
    (one,) = waiting.of(1)
    assert one.path.parent.stat().st_mode & 0o077 == 0
    seen = teacher.get(f"/file/{one.key}")
    teacher.send(seen, seen.forms[0])
    assert not one.path.exists()
    for _ in range(5):
        teacher.choose(CLEAN)
    assert len(list(one.path.parent.iterdir())) == 1 + 3  # the lock, and no more than may wait


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999", "1e3", "1.0", "١", "x"])
def test_numbers_that_are_none_are_not_there(teacher: Guest, number: str) -> None:
    for path in ("/draft/{}", "/draft/{}/words", "/receipt/{}", "/uploads/{}/withdraw"):
        assert teacher.get(path.format(number)).status == 404


def test_what_a_form_says_that_was_not_offered_is_not_done(place: Place, teacher: Guest) -> None:
    seen = teacher.choose(GRADE_BOOK, "журнал.csv")
    names = {name.removeprefix("name-"): value for name, value in seen.forms[0].fields if name.startswith("name-")}
    seen = teacher.send(seen, seen.forms[0], **{f"column-{i}": f"is:{THEIRS[column]}" for i, column in names.items()})
    seen = teacher.send(seen, seen.forms[0], rows="totals")
    odd = {"column-0": "mark", "word-0": "эксп.", "meaning-0": "99", "meaning-1": "-1", "meaning-2": "99999999999"}
    seen = teacher.send(seen, seen.forms[0], **odd)
    assert seen.path.endswith("/words")
    for meaning in ("000099", "0" * 5000, "9" * 5000, "\u00b2"):
        form = seen.forms[0]
        data = form.data(**{name: meaning for name, _ in form.fields if name.startswith("meaning-")})
        assert teacher.post(seen.path, data).path.endswith("/words")
    seen = teacher.send(seen, seen.forms[0])
    form = seen.form("")
    odd = {"row-0": "9" * 30, "row-1": "2", "column-1": "ФИО", "cell-0": "5", "cell-1": "5"}
    assert "could not be changed" in teacher.send(seen, form, **odd).text
    assert "could not be changed" in teacher.send(seen, form, **{"cell-1": "5" * 2000}).text
    for against in ("x", "9" * 5000, "0" * 5000):
        assert teacher.post("/draft/1/confirm", form.data(against=against)).status == 400
    assert history(place.store)[0].state == "draft"


# Logs


def test_the_log_holds_no_person_and_no_token(
    place: Place, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "expeval.web")
    link = place.link("School 7", "Anna Petrovna")
    teacher = Guest(client)
    teacher.enter(link)
    teacher.upload(CLEAN, "secret-name.csv")
    Guest(client).enter("/i/guessed-token")
    lines = [AsJson().format(record) for record in caplog.records if record.name == "expeval.web"]
    facts = [json.loads(line) for line in lines]
    assert {"/i/{token}", "/send", "/receipt/{number:int}"} <= {fact.get("page") for fact in facts}
    assert any(fact["event"] == "link that does not hold" for fact in facts)
    text = "\n".join(lines)
    for secret in (link.removeprefix("/i/"), "guessed", "Anna", "School", "secret-name", "s1", "testclient"):
        assert secret not in text
    kinds = [event.kind for event in events(place.store)]
    assert kinds == ["invited", "link-opened", "draft-kept", "confirmed"]


def test_the_sender_of_a_session_is_the_invitation_s(place: Place, teacher: Guest) -> None:
    teacher.upload(CLEAN)
    assert [one.number for one in history(place.store, Sender("School 7"))] == [1]
    assert {event.actor for event in events(place.store) if event.kind == "confirmed"} == {"invitation 1"}


@pytest.mark.parametrize("row", ["9" * 5000, "0", "-1", "x"])
def test_a_row_of_names_that_is_no_row_is_not_taken(teacher: Guest, row: str) -> None:
    seen = teacher.choose(CLEAN)
    again = teacher.post(seen.path, seen.forms[0].data(step="settings", row=row))
    assert again.path == seen.path
    assert "Which column is which?" in again.text
