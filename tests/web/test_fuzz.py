"""Whatever is asked, sent or made up: no answer is a 500, and none says what stands in the program.

A visitor with a link makes up addresses, forms, headers and files; forms are those of the pages themselves, found by
walking through them, with a part of their fields made up.
"""

from __future__ import annotations

import contextlib
import io
import re
import socket
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from limits import RateLimitItemPerSecond
from starlette.routing import Route
from visits import Guest, Place, Seen, await_pages, client_of, marks, place_in, serving

from expeval.web.forgery import FIELD

FAULTY = b"code,class,group,mark\na,7A,new,5\nb,7B,guest,3\nc,7B,old,33\nd,7B,old,5-\n,Sum,,4.1\n"
# A draft of each kind: unknown words, a row below the students, faulty cells, nothing to say any more.
DRAFTS = {
    "first": b"code,class,group,mark\na,7A,new,5\nb,7B,guest,3\nd,7B,old,5-\n",
    "second": b"code,class,group,mark\na,7A,new,5\nc,7B,old,3\n,Sum,,4.1\n",
    "third": b"code,class,group,mark\na,7A,new,5\nc,7B,old,33\nc,7B,old,44\n",
    "fourth": b"code,class,group,mark\na,7A,new,5\nc,7B,old,3\nd,7B,old,5\n",
}
WIDE = b"Code;Class;Name;Group;Mark;Other\na;7A;x;new;5;1\nb;7B;y;old;3;2\n"
MANY = RateLimitItemPerSecond(10**9)

texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", "0", "1", "-1", "2", "1e9", "9" * 25, "9" * 5000, "NaN", "\0", "\ud800", "é", "../..", "=1+1"]
    ),
    st.integers(-(2**70), 2**70).map(str),
)
pieces = texts.map(lambda text: quote(text.encode("utf-8", "surrogatepass"), safe=""))


def kind_of(address: str) -> str:
    """A form's address without what differs from one draft or file to the next."""
    return re.sub("(?<=/file/)[^/]+|[0-9]+", "", address)


@dataclass
class Ground:
    """The pages, who visits them, the forms that stand on them (role, kind, fields), and where each is now."""

    place: Place
    guests: dict[str, Guest]
    forms: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    addresses: dict[tuple[str, str], str] = field(default_factory=dict)

    def restock(self) -> None:
        """Drafts with all kinds of faults again, and a file that waits, so that there is something to break."""
        for role, data in DRAFTS.items():
            guest = self.guests[role]
            seen = guest.choose(data)
            guest.send(seen, next(form for form in seen.forms if dict(form.fields).get("step") == "columns"))
            guest.choose(WIDE)

    def look(self) -> None:
        """Find the forms by walking through all pages."""
        found = {(role, *form) for role in (*DRAFTS, "coordinator") for form in walk(self.guests[role])}
        self.addresses = {(role, kind_of(address)): address for role, address, _ in found}
        if not self.forms:
            forms = {(role, kind_of(address), tuple(sorted(names))) for role, address, names in found}
            self.forms = sorted(form for form in forms if not form[1].endswith(("/leave", "/revoke")))

    def address(self, role: str, kind: str) -> str:
        """Where a form is now: an example before this one may have done away with it."""
        if kind.startswith(("/draft/", "/file/")):
            held = self.addresses.get((role, kind), "/none")
            place = re.sub("/(drop|confirm|words|cells|last-row|decimal)$", "", held)
            seen = self.guests[role].get(place)
            if seen.status != 200 or not seen.path.startswith(place):
                self.restock()
                self.look()
        return self.addresses.get((role, kind), kind)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    place = place_in(tmp_path_factory.mktemp("fuzz"), reports=None)
    pace = place.application.state.pace
    pace.forms = pace.files = pace.wrong_links = MANY
    with client_of(place, raise_server_exceptions=True) as client:
        guests = {role: Guest(client) for role in (*DRAFTS, "coordinator", "stranger")}
        for role in DRAFTS:
            guests[role].enter(place.link(f"School {role}"))
            assert "/receipt/" in guests[role].upload(marks(role)).path
        guests["coordinator"].enter(place.link(None))
        found = Ground(place, guests)
        found.restock()
        found.look()
        kinds = {kind for _, kind, _ in found.forms}
        steps = {f"/draft//{step}" for step in ("words", "last-row", "cells", "confirm")}
        assert {"/send", "/file/", "/coordinator/links", *steps} <= kinds, kinds
        yield found
    place.store.close()


def walk(guest: Guest) -> set[tuple[str, frozenset[str]]]:
    """Every form that can be reached by links: its address, its fields."""
    found = set()
    waiting, been = ["/"], set()
    while waiting and len(been) < 60:
        path = waiting.pop()
        if path in been or not path.startswith("/") or "lang=" in path:
            continue
        been.add(path)
        seen = guest.get(path)
        for form in seen.forms:
            if form.method == "post":
                names = {*form.names, *dict(form.fields), *([form.file] if form.file else [])} - {FIELD}
                found.add((form.action or seen.path, frozenset(names)))
        waiting += seen.links
    return found


def token_of(guest: Guest) -> str:
    for path in ("/", "/i/x"):
        body = guest.get(path).response.text
        if f'name="{FIELD}" value="' in body:
            return body.partition(f'name="{FIELD}" value="')[2].partition('"')[0]
    raise AssertionError("no form")


def sound(seen: Seen) -> None:
    """No 500, no trace of the program, every header there."""
    assert seen.status < 500, (seen.status, seen.path, seen.text)
    assert "Traceback" not in seen.response.text
    assert "sqlalchemy" not in seen.response.text.lower()
    assert seen.response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in seen.response.headers["content-security-policy"]


many = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)


def ask(guest: Guest, method: str, path: str, **given: Any) -> Seen | None:
    """Ask; ``None`` for what no client would send at all.  A made-up cookie is answered by a new one: hers stays."""
    kept = httpx.Cookies(guest.cookies)
    try:
        return guest.ask(method, path, follow=False, **given)
    except (httpx.InvalidURL, UnicodeEncodeError, httpx.LocalProtocolError):
        return None
    finally:
        guest.cookies = kept


@pytest.mark.slow
@many
@given(data=st.data())
def test_made_up_addresses(ground: Ground, data: st.DataObject) -> None:
    routes = [route for route in ground.place.application.routes if isinstance(route, Route)]
    guest = ground.guests[data.draw(st.sampled_from(sorted(ground.guests)))]
    route = data.draw(st.sampled_from(routes))
    path = route.path
    while "{" in path:
        head, _, rest = path.partition("{")
        tail = rest.partition("}")[2]
        number = rest.startswith("number")
        piece = data.draw(st.integers(0, 10).map(str) | pieces) if number else data.draw(pieces)
        path = head + piece + tail
    query = data.draw(
        st.dictionaries(st.sampled_from(["lang", "problem", "cohort", "institution", "watch", "x"]), pieces)
    )
    path += "".join(f"{'&' if i else '?'}{name}={value}" for i, (name, value) in enumerate(query.items()))
    headers = data.draw(
        st.dictionaries(
            st.sampled_from(["accept-language", "cookie", "range", "if-none-match", "x-forwarded-for", "content-type"]),
            st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
            max_size=2,
        )
    )
    if (seen := ask(guest, data.draw(st.sampled_from(["GET", "HEAD", "POST"])), path, headers=headers)) is not None:
        sound(seen)


@pytest.mark.slow
@many
@given(data=st.data())
def test_made_up_forms(ground: Ground, data: st.DataObject) -> None:
    role, kind, names = data.draw(st.sampled_from(ground.forms))
    given = {name: data.draw(texts) for name in names if data.draw(st.booleans())}
    given |= data.draw(st.dictionaries(st.text(min_size=1, max_size=10), texts, max_size=3))
    given = {key: value.encode("utf-8", "replace").decode() for key, value in given.items()}
    guest = ground.guests[role]
    address = ground.address(role, kind)
    sound(guest.post(address, {**given, FIELD: token_of(guest)}, follow=data.draw(st.booleans())))


def spreadsheets() -> st.SearchStrategy[bytes]:
    import openpyxl

    cells = (
        st.none() | st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=8) | st.integers() | st.floats()
    )

    def book(rows: list[list[Any]]) -> bytes:
        made = openpyxl.Workbook()
        for row in rows:
            made.active.append(row)
        written = io.BytesIO()
        made.save(written)
        return written.getvalue()

    return st.lists(st.lists(cells, max_size=6), max_size=6).map(book)


def broken(data: bytes) -> st.SearchStrategy[bytes]:
    """A file with some of its bytes changed, or cut."""

    def change(spots: list[tuple[int, int]], end: int) -> bytes:
        changed = bytearray(data)
        for place, value in spots:
            changed[place % len(changed)] = value
        return bytes(changed[: max(1, end % (len(changed) + 1))])

    spots = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8)
    return st.builds(change, spots, st.integers(0, 10**6))


def archive() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        made.writestr("../../etc/passwd", "x")
        made.writestr("[Content_Types].xml", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>')
    return written.getvalue()


files = st.one_of(
    st.binary(max_size=300),
    broken(FAULTY),
    broken(WIDE),
    spreadsheets(),
    spreadsheets().flatmap(broken),
    st.just(archive()),
    st.text(max_size=200).map(lambda text: ("code,class,group,mark\n" + text).encode("utf-8", "replace")),
)


@pytest.mark.slow
@many
@given(content=files, name=texts, kind=st.sampled_from(["text/csv", "image/png", "", "application/zip"]))
def test_made_up_files(ground: Ground, content: bytes, name: str, kind: str) -> None:
    teacher = ground.guests["first"]
    start = teacher.get("/")
    form = next(one for one in start.forms if one.file is not None)
    shown = name.encode("utf-8", "replace").decode() or "x"
    seen = teacher.post(form.action, form.data(), files={str(form.file): (shown, content, kind or "x/y")})
    sound(seen)
    # On with it as far as it goes, whatever stands on the pages.
    for _ in range(4):
        onward = [one for one in seen.forms if one.method == "post" and not one.action.endswith("/drop")]
        if not onward or "/receipt/" in seen.path:
            break
        seen = teacher.send(seen, onward[-1])
        sound(seen)


@pytest.mark.slow
@many
@given(
    body=st.binary(max_size=400),
    kind=st.sampled_from(
        [
            "multipart/form-data",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
            "application/json",
            "multipart/form-data; boundary=" + "x" * 300,
            "",
            "\x7f",
        ]
    ),
    wrapped=st.booleans(),
    path=st.sampled_from(["/send", "/leave", "/i/x", "/coordinator/links", "/coordinator/run", "/draft/1/cells"]),
    role=st.sampled_from(["first", "coordinator", "stranger"]),
)
def test_made_up_bodies(ground: Ground, body: bytes, kind: str, wrapped: bool, path: str, role: str) -> None:
    if wrapped:
        body = (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
            + body
            + b'"\r\n\r\n'
            + body
            + b"\r\n--x--\r\n"
        )
    headers = {"content-type": kind} if kind else {}
    if (seen := ask(ground.guests[role], "POST", path, content=body, headers=headers)) is not None:
        sound(seen)


@pytest.mark.parametrize("digits", ["9" * 19, "9" * 30, "9" * 4400, "0" * 100 + "1"])
def test_numbers_that_no_upload_has(ground: Ground, digits: str) -> None:
    for route in ground.place.application.routes:
        if isinstance(route, Route) and "{number" in route.path:
            path = re.sub(r"\{number.*?\}", digits, route.path)
            for role in ("first", "coordinator"):
                guest = ground.guests[role]
                sound(guest.ask("GET", path, follow=False))
                sound(guest.post(path, {FIELD: token_of(guest)}, follow=False))


HEADS = [
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nabcde",
    b"POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    b"GET /i/\xff%00%2e%2e HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: expeval=\xe9\r\n\r\n",
    b"POST /leave HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET http://elsewhere.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("bytes")
    place_in(folder, application=False).store.close()
    with serving(folder) as (address, process):
        yield int(address.rpartition(":")[2])
        await_pages(address)
        assert process.poll() is None
    assert "Traceback" not in (folder / "serve.log").read_text(encoding="utf-8")


@pytest.mark.slow
@many
@given(sent=st.one_of(st.binary(max_size=200), *map(broken, HEADS), st.sampled_from(HEADS)), cut=st.booleans())
def test_bytes_that_are_hardly_a_request(port: int, sent: bytes, cut: bool) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(sent)
        if cut:  # as when the line breaks in the middle
            return
        line.shutdown(socket.SHUT_WR)
        answered = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := line.recv(65536):
                answered += piece
    assert not re.match(rb"HTTP/1\.[01] 5", answered), (sent, answered[:300])
