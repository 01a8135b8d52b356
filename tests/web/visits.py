"""People who visit the pages as a browser without JavaScript does: links, forms as they stand, redirects."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from expeval.cohorts.invitations import invite
from expeval.store.open import Store, open_store
from expeval.store.pseudonyms import Pseudonyms, open_pseudonyms
from expeval.store.snapshot import take_snapshot
from expeval.study.reading import read_study
from expeval.study.spec import Study
from expeval.web.forgery import FIELD

ADDRESS = "http://127.0.0.1:8000"
STUDY = """\
[study]
title = "Marks"
[data]
store = "cohorts.db"
student = "code"
institution = "school"
class = "class"
[groups]
column = "group"
experimental = ["new"]
control = ["old"]
assigned = "class"
[[outcomes]]
name = "Mark"
column = "mark"
kind = "ordinal"
levels = [2, 3, 4, 5]
"""
HEAD = "code,class,group,mark"


def marks(tag: str, students: int = 6, head: str = HEAD) -> bytes:
    """A class's file in which every cell that may says whose it is."""
    rows = [f"{tag}-{i},{tag} {i % 2},{('new', 'old')[i % 2]},{2 + (i * 7 + len(tag)) % 4}" for i in range(students)]
    return "\n".join([head, *rows, ""]).encode()


@dataclass
class Place:
    """A study with its store and the pages of it."""

    folder: Path
    study: Study
    store: Store
    pseudonyms: Pseudonyms
    application: Any = None

    def link(self, institution: str | None = None, name: str = "Anna") -> str:
        """A new link's path; a coordinator's without an institution."""
        return f"/i/{invite(self.store, self.study, name, institution).token}"


def place_in(folder: Path, text: str = STUDY, application: bool = True, **settings: Any) -> Place:
    """Make a study in a folder, its store, and the application of its pages."""
    (folder / "study.toml").write_text(text, encoding="utf-8")
    study = read_study(folder / "study.toml")
    store = open_store(folder / "cohorts.db", create=True)
    place = Place(folder, study, store, open_pseudonyms(store, study.path))
    if application:
        from expeval.web.application import make_application
        from expeval.web.settings import Settings

        given = {"address": ADDRESS, "secret": b"s" * 32, "reports": folder / "reports" / "pages", **settings}
        place.application = make_application(study, store, place.pseudonyms, Settings(**given))
    return place


@dataclass
class Form:
    """A form as it stands on a page; ``fields`` are what a browser would send untouched."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    file: str | None = None
    names: set[str] = field(default_factory=set)

    def data(self, **given: str) -> dict[str, Any]:
        """The fields, with some of them filled in."""
        data: dict[str, Any] = {}
        for name, value in self.fields:
            data[name] = value
        return data | given


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.in_main = False
        self.title = ""
        self._form: Form | None = None
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._area: str | None = None
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "main":
            self.in_main = True
        elif tag == "title":
            self._in_title = True
        elif tag == "a" and "href" in has:
            self.links.append(has["href"])
        elif tag == "form":
            self._form = Form(has.get("action", ""), has.get("method", "get").lower())
            if self.in_main:
                self.forms.append(self._form)
        elif tag == "option" and self._select is not None:
            self._select[1].append((has.get("value", ""), "selected" in has))
        elif self._form is not None:
            self._control(tag, has)

    def _control(self, tag: str, has: Mapping[str, str]) -> None:
        assert self._form is not None
        if tag == "select":
            self._select = (has["name"], [])
        elif tag == "textarea" and "name" in has:
            self._area = has["name"]
            self._form.fields.append((self._area, ""))
        elif tag == "input" and has.get("type") == "file":
            self._form.file = has["name"]
        elif tag == "input" and "name" in has:
            self._form.names.add(has["name"])
            if has.get("type") not in ("radio", "checkbox") or "checked" in has:
                self._form.fields.append((has["name"], has.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "main":
            self.in_main = False
        elif tag == "title":
            self._in_title = False
        elif tag == "select" and self._select is not None and self._form is not None:
            name, options = self._select
            chosen = next((value for value, selected in options if selected), options[0][0] if options else "")
            self._form.fields.append((name, chosen))
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        if self.in_main and data.strip():
            self.texts.append(data.strip())


@dataclass
class Seen:
    """An answer, read."""

    response: httpx.Response

    def __post_init__(self) -> None:
        reader = _Reader()
        if "html" in self.response.headers.get("content-type", ""):
            reader.feed(self.response.text)
        self.forms, self.links, self.title = reader.forms, reader.links, reader.title
        self.text = "\n".join(reader.texts)

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def path(self) -> str:
        return self.response.url.path

    def form(self, end: str) -> Form:
        """The form whose action ends so."""
        return next(form for form in self.forms if form.action.endswith(end))


def token(seen: Seen) -> str:
    """What a form of a page carries."""
    return next(dict(form.fields)[FIELD] for form in seen.forms if FIELD in dict(form.fields))


class Guest:
    """A browser, with cookies of its own, that follows redirects."""

    def __init__(self, client: httpx.Client, language: str = "en") -> None:
        self.client = client
        self.language = language
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, follow: bool = True, **given: Any) -> Seen:
        """Ask for a path as a browser on our own pages does."""
        headers = {"accept-language": self.language, **given.pop("headers", {})}
        self.client.cookies = self.cookies
        seen = Seen(self.client.request(method, path, headers=headers, follow_redirects=follow, **given))
        self.cookies = self.client.cookies
        return seen

    def get(self, path: str) -> Seen:
        return self.ask("GET", path)

    def post(self, path: str, data: Mapping[str, Any], follow: bool = True, **given: Any) -> Seen:
        headers = {"origin": str(self.client.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
        headers |= given.pop("headers", {})
        return self.ask("POST", path, follow, data=data, headers=headers, **given)

    def send(
        self,
        seen: Seen,
        form: Form,
        file: tuple[str, bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        **given: str,
    ) -> Seen:
        """Send a form of a page."""
        files = {"files": {form.file: file}} if form.file is not None and file is not None else {}
        address = urljoin(str(seen.response.url), form.action)
        return self.post(address, form.data(**given), headers=headers or {}, **files)

    def enter(self, link: str) -> Seen:
        """Follow a link and press its button."""
        seen = self.get(link)
        return self.send(seen, seen.forms[0])

    def upload(self, data: bytes, name: str = "marks.csv", cohort: str | None = None) -> Seen:
        """The whole way of a clean file: what stands on each page is sent as it is, up to the receipt."""
        seen = self.choose(data, name, cohort)
        for _ in range(30):  # where others confirm at the same time, her preview comes again
            if "/receipt/" in seen.path or seen.status != 200:
                return seen
            onward = [form for form in seen.forms if form.method == "post" and not form.action.endswith("/drop")]
            if not onward:
                return seen
            seen = self.send(seen, onward[0])
        raise AssertionError(f"no end: {seen.path}")

    def choose(self, data: bytes, name: str = "marks.csv", cohort: str | None = None) -> Seen:
        """Send a file from the start page."""
        seen = self.get("/")
        form = next((one for one in seen.forms if one.file is not None), None)
        assert form is not None, (seen.status, seen.path, seen.text)
        return self.send(seen, form, (name, data), **({"cohort": cohort} if cohort is not None else {}))


@contextlib.contextmanager
def client_of(place: Place, **given: Any) -> Iterator[httpx.Client]:
    """The pages inside this process, started and ended; every guest may use the same client."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a later Starlette wants another client
        from starlette.testclient import TestClient

    given = {"raise_server_exceptions": False, **given}
    with TestClient(place.application, base_url=ADDRESS, **given) as client:
        yield client


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def await_pages(address: str, patience: float = 60.0) -> None:
    """Wait until the pages answer."""
    until = time.monotonic() + patience
    while True:
        try:
            if httpx.get(f"{address}/health").status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < until, "the pages did not start"
        time.sleep(0.05)


@contextlib.contextmanager
def serving(folder: Path, *limits: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The pages of a folder's study in a process of their own, as ``serve`` runs them; killed at the end."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, str(Path(__file__)), str(folder), str(port), *limits]
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        await_pages(address)
        yield address, process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def guest_at(address: str) -> Iterator[Guest]:
    """A browser of its own at pages in another process."""
    with httpx.Client(base_url=address, timeout=120) as client:
        yield Guest(client)


Row = tuple[str | None, str, str | None, Any]


def expected_rows(place: Place, institution: str, tag: str, students: int) -> list[Row]:
    """What the store holds once ``marks(tag, students)`` was confirmed."""
    found = []
    for line in marks(tag, students).decode().splitlines()[1:]:
        code, label, group, mark = line.split(",")
        arm = {"new": "experimental", "old": "control"}[group]
        found.append((place.pseudonyms.student(institution, "", code), arm, label, float(mark)))
    return sorted(found, key=repr)


def stored_rows(place: Place) -> dict[str, list[Row]]:
    """What counts in the store, by institution."""
    found: dict[str, list[Row]] = {}
    for row in take_snapshot(place.store).rows:
        mark = row.cells.get("mark")
        found.setdefault(row.institution, []).append((row.student, row.arm, row.class_label, float(mark)))
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def serve_here(folder: Path, port: int) -> None:
    """Serve a folder's study until killed."""
    from expeval.web.server import listen, serve

    place = place_in(folder, (folder / "study.toml").read_text(encoding="utf-8"), address=f"http://127.0.0.1:{port}")
    with listen("127.0.0.1", port) as listener:
        serve(place.application, listener)


if __name__ == "__main__":
    if len(sys.argv) > 3:  # the largest file that this process may write
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
    serve_here(Path(sys.argv[1]), int(sys.argv[2]))
