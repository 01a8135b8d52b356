"""Every route with every role: no page serves one institution's data to another, and nothing changes on the way.

The routes are the application's own, so that a new one is tried as soon as it is there.  What is A's is marked: her
file's name, classes, students, words and marks hold a word that no page of anybody else may show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from starlette.routing import Mount, Route
from visits import HEAD, Guest, Place, Seen, client_of, marks, place_in

from expeval.cohorts.history import history
from expeval.cohorts.invitations import links
from expeval.cohorts.sender import Sender
from expeval.store.schema import DRAFT, Base
from expeval.web.coordinator import coordinator_routes
from expeval.web.forgery import FIELD
from expeval.web.teacher import teacher_routes

MARK = "Zebra"
HERS = f"School {MARK}"
FILE = f"{MARK}.csv"
FAULTY = f"{HEAD}\n{MARK}-1,{MARK} A,new,5\n{MARK}-2,{MARK} B,{MARK} group,3\n{MARK}-3,{MARK} B,old,33\n".encode()
EVERYBODYS = {
    *(("/health", "GET"), ("/robots.txt", "GET"), ("/static", "GET")),
    *(("/i/{token}", "GET"), ("/i/{token}", "POST"), ("/leave", "POST")),
}
START = ("/", "GET")  # each role is sent to her own


@dataclass
class House:
    """Two teachers, each with an accepted upload, an open draft and a file that waits; a coordinator; a stranger."""

    place: Place
    client: httpx.Client
    hers: Guest
    colleague: Guest  # of the same institution, with a draft that can be confirmed
    other: Guest
    head: Guest
    stranger: Guest
    numbers: dict[str, list[int]]
    keys: list[str]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place = place_in(tmp_path_factory.mktemp("roles"))
    with client_of(place) as client:
        guests = {}
        for institution, mark in ((HERS, MARK), ("School Yak", "Yak")):
            guest = Guest(client)
            guest.enter(place.link(institution, f"{mark} teacher"))
            assert "/receipt/" in guest.upload(marks(mark), f"{mark}.csv").path
            seen = guest.choose(FAULTY.replace(MARK.encode(), mark.encode()), f"{mark}.csv")
            seen = guest.send(seen, next(form for form in seen.forms if dict(form.fields).get("step") == "columns"))
            assert "/draft/" in seen.path
            guest.choose(marks(mark, 3), f"{mark}.csv")
            guests[mark] = guest
        head, colleague = Guest(client), Guest(client)
        head.enter(place.link(None, "Head"))
        colleague.enter(place.link(HERS, f"{MARK} colleague"))
        seen = colleague.choose(marks(f"{MARK}2", 9), FILE)
        colleague.send(seen, next(form for form in seen.forms if dict(form.fields).get("step") == "columns"))
        own = history(place.store, Sender(HERS))
        invitation = min(link.number for link in links(place.store) if link.institution == HERS)
        numbers = {
            "draft": [one.number for one in own if one.state == DRAFT],
            "receipt": [one.number for one in own if one.state != DRAFT],
            "link": [invitation],
        }
        keys = [one.key for one in place.application.state.waiting.of(invitation)]
        assert [len(numbers["draft"]), len(numbers["receipt"]), len(keys)] == [2, 1, 1]
        yield House(place, client, guests[MARK], colleague, guests["Yak"], head, Guest(client), numbers, keys)
    place.store.close()


def every_route(place: Place) -> list[tuple[str, str]]:
    """Path and method of every route."""
    found = []
    for route in place.application.routes:
        if isinstance(route, Mount):
            found.append((route.path, "GET"))
        else:
            assert isinstance(route, Route)
            found += [(route.path, method) for method in sorted((route.methods or set()) - {"HEAD"})]
    return found


def filled(house: House, path: str) -> str:
    """A route's path with what is A's in it."""
    kind = "draft" if path.startswith("/draft") else "link" if path.startswith("/coordinator") else "receipt"
    known = {"number": str(house.numbers[kind][0]), "key": house.keys[0], "token": "x" * 32, "name": "report.html"}
    return re.sub(r"\{(.*?)\}", lambda found: known[found[1].partition(":")[0]], path) + (
        "/pages.css" if path == "/static" else ""
    )


def form_token(house: House, guest: Guest) -> str:
    """What a form of hers carries: the page that she may see holds it."""
    seen = guest.get("/")
    found = re.search(rf'name="{FIELD}" value="([^"]+)"', seen.response.text)
    if found is None:  # without a link: the page of a link has a form
        found = re.search(rf'name="{FIELD}" value="([^"]+)"', guest.get("/i/nothing").response.text)
    assert found is not None
    return found[1]


def call(house: House, guest: Guest, path: str, method: str, token: str | None = None) -> Seen:
    data = {FIELD: token} if token is not None else {}
    if method == "GET":
        return guest.ask("GET", filled(house, path), follow=False)
    return guest.post(filled(house, path), data, follow=False)


def everything(place: Place) -> dict[str, list[Any]]:
    """All that the store holds."""
    with place.store.reading() as session:
        return {
            table: [tuple(row) for row in session.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))]
            for table in sorted(Base.metadata.tables)
        }


def roles_of(path: str, method: str) -> set[str]:
    """Who may; taken from the lists of routes, so that a route that is in none is found."""
    teachers = {(route.path, name) for route in teacher_routes() for name in route.methods or ()}
    coordinators = {(route.path, name) for route in coordinator_routes() for name in route.methods or ()}
    if (path, method) in EVERYBODYS:
        return {"stranger", "teacher", "coordinator"}
    return {
        role
        for role, routes in (("teacher", teachers), ("coordinator", coordinators))
        if (path, method) in routes or (path, method) == START
    }


def test_every_route_belongs_to_somebody(house: House) -> None:
    routes = every_route(house.place)
    assert len(routes) > 25
    assert all(roles_of(path, method) for path, method in routes)
    assert {"/coordinator", "/uploads", "/send"} <= {path for path, _ in routes}


def test_what_is_hers_is_on_her_own_pages(house: House) -> None:
    """Else the other tests would find nothing because there is nothing."""
    bodies = "".join(seen.response.text for guest in (house.hers, house.colleague) for seen in pages_of(guest))
    for shown in (FILE, f"{MARK}2 0", f"{MARK} group", f"{MARK} teacher"):
        assert shown in bodies
    assert "Yak" not in bodies


@pytest.mark.parametrize("role", ["stranger", "other", "head"])
def test_nobody_else_is_served_what_is_hers_and_nothing_changes(house: House, role: str) -> None:
    guest: Guest = getattr(house, role)
    token = form_token(house, guest)
    before = everything(house.place)
    waiting = house.place.application.state.waiting.of(house.numbers["link"][0])
    own = {"stranger": "stranger", "other": "teacher", "head": "coordinator"}[role]
    for path, method in every_route(house.place):
        if path == "/leave" or (own == "coordinator" and path.startswith("/coordinator") and method == "POST"):
            continue  # these are hers to do, and have tests of their own
        seen = call(house, guest, path, method, token)
        told = f"{role} {method} {path}: {seen.status}"
        allowed = own in roles_of(path, method)
        if not allowed:
            assert seen.status == (403 if role == "stranger" else 404), told
        elif role == "other" and ("{number" in path or "{key" in path):
            assert_not_there(guest, seen, told)
        else:
            assert seen.status < 500, told
        said = seen.response.text + str(seen.response.headers)
        if role == "head":
            # The coordinator knows the institution and the teacher, and nothing of what is in a file.
            for known in (HERS, HERS.replace(" ", "+"), f"{MARK} teacher", f"{MARK} colleague"):
                said = said.replace(known, "")
        assert MARK not in said, told
    assert everything(house.place) == before
    assert house.place.application.state.waiting.of(house.numbers["link"][0]) == waiting


def assert_not_there(guest: Guest, seen: Seen, told: str) -> None:
    """As if there were no such number or file: not there, or sent on to where it is not, or back to her own start."""
    if seen.status == 303:
        location = seen.response.headers["location"]
        seen = guest.ask("GET", location, follow=False)
        assert location == "/" or location.startswith("/?problem=gone") or seen.status == 404, f"{told} {location}"
        assert MARK not in seen.response.text
    else:
        assert seen.status == 404 or (seen.status == 400 and MARK not in seen.response.text), told


@pytest.mark.parametrize("role", ["stranger", "other", "head"])
def test_her_own_forms_sent_by_another_do_nothing(house: House, role: str) -> None:
    """Each form of her pages, filled in as it stands there, with a token of the other's own."""
    guest: Guest = getattr(house, role)
    forms = [form for person in (house.hers, house.colleague) for seen in pages_of(person) for form in seen.forms]
    kinds = {re.sub(r"(/file/)[^/]+|/[0-9]+", r"\1", form.action) for form in forms}
    assert {"/draft/words", "/draft/confirm", "/file/", "/send", "/uploads/withdraw"} <= kinds, kinds
    token = form_token(house, guest)
    before = everything(house.place)
    waiting = house.place.application.state.waiting.of(house.numbers["link"][0])
    held = [one.choices for one in waiting]
    for form in forms:
        if form.file is not None:
            continue  # that one is everybody's own
        seen = guest.post(form.action, {**form.data(), FIELD: token}, follow=False)
        if role == "stranger":
            assert seen.status == 403, form
        else:
            assert_not_there(guest, seen, f"{role} {form}")
        assert MARK not in seen.response.text
    assert everything(house.place) == before
    assert house.place.application.state.waiting.of(house.numbers["link"][0]) == waiting
    assert [one.choices for one in waiting] == held


def pages_of(guest: Guest) -> list[Seen]:
    """All pages that she reaches by links from her start page; their forms know where they are sent to."""
    found, paths, been = [], ["/"], set()
    while paths:
        path = paths.pop()
        if path in been or "lang=" in path or not path.startswith("/"):
            continue
        been.add(path)
        seen = guest.get(path)
        for form in seen.forms:
            form.action = form.action or seen.path
        found.append(seen)
        paths += seen.links
    return found


def test_what_is_not_there_and_what_is_another_s_are_told_alike(house: House) -> None:
    for path, method in every_route(house.place):
        if "{number" not in path or "teacher" not in roles_of(path, method):
            continue
        token = form_token(house, house.other)
        hers = call(house, house.other, path, method, token)
        address = re.sub(r"\{number.*?\}", "987654", path)
        if method == "GET":
            none = house.other.ask("GET", address, follow=False)
        else:
            none = house.other.post(address, {FIELD: token}, follow=False)
        assert hers.status == none.status in (303, 400, 404), path
        for seen, number in ((hers, filled(house, path).split("/")[2]), (none, "987654")):
            seen.text = re.sub(rf"/{number}\b", "/N", seen.response.text + seen.response.headers.get("location", ""))
        assert hers.text == none.text, path


@pytest.mark.parametrize("role", ["stranger", "hers", "other", "head"])
@pytest.mark.parametrize("forged", ["none", "another's", "nonsense", "other-site", "other-origin"])
def test_a_form_that_is_not_from_her_own_page_is_refused_everywhere(house: House, role: str, forged: str) -> None:
    guest: Guest = getattr(house, role)
    token = {
        "none": None,
        "another's": form_token(house, house.head if role != "head" else house.hers),
        "nonsense": "é\udcff".encode("utf-8", "replace").decode() * 10,
    }.get(forged, form_token(house, guest))
    headers = {
        "other-site": {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"},
        "other-origin": {"origin": "https://elsewhere.example"},
    }.get(forged, {"sec-fetch-site": "same-origin"})
    before = everything(house.place)
    for path, method in every_route(house.place):
        if method == "GET":
            continue
        data = {FIELD: token} if token is not None else {}
        seen = guest.ask("POST", filled(house, path), follow=False, data=data, headers=headers)
        assert seen.status in (403, 404), f"{path}: {seen.status}"
        assert MARK not in seen.response.text or role == "hers"
    assert everything(house.place) == before


def test_a_cookie_that_was_made_elsewhere_is_nobody_s(house: House) -> None:
    name = next(cookie.name for cookie in house.hers.cookies.jar if "language" not in cookie.name)
    good = house.hers.cookies[name]
    for bad in ("", "x", good[:-4], good[:-4] + "AAAA", good[4:], "A" * 5000, "é", "=" * 40):
        thief = Guest(house.client)
        seen = thief.ask("GET", "/uploads", headers={"cookie": f"{name}={bad}".encode()})
        assert seen.status == 403, bad
        assert MARK not in seen.response.text


def test_a_session_of_before_is_never_taken_over(house: House) -> None:
    """Whoever puts a cookie of hers into another's browser is not let in with that person's link."""
    attacker, victim = Guest(house.client), Guest(house.client)
    attacker.get("/i/whatever")
    victim.cookies.update(attacker.cookies)
    victim.enter(house.place.link("School Emu"))
    assert victim.get("/uploads").status == 200
    assert attacker.get("/uploads").status == 403
    # A second link in one browser ends the first session.
    before = httpx.Cookies(victim.cookies)
    victim.enter(house.place.link("School Gnu"))
    attacker.cookies = before
    assert attacker.get("/uploads").status == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods_are_refused(house: House, method: str) -> None:
    for path, _ in every_route(house.place):
        seen = house.other.ask(method, filled(house, path), follow=False)
        assert seen.status in (403, 404, 405), f"{method} {path}: {seen.status}"
        assert MARK not in seen.response.text
