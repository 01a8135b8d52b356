"""Personal links: make one, see it once, remind, revoke."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from expeval.cohorts import invitations
from expeval.cohorts.invitations import DAYS, LONGEST_DAYS, Link, holds
from expeval.scores.spelling import tidy
from expeval.study.spec import Study
from expeval.web.coordinator_deliveries import expected_institutions
from expeval.web.pages import page, redirect
from expeval.web.visitors import coordinators_only, visitor_of

LINKS = "/coordinator/links"
LONGEST_NAME = 200
SHOWN_FOR = 600.0  # seconds that a new link waits for being looked at
MOST_WAITING = 100
TAGS = {"opened": "good", "not-opened": "open", "expired": "off", "revoked": "off"}


@dataclass(slots=True)
class NewLinks:
    """Links that were just made: here alone, since the store keeps a hash.

    ``seen`` are those that were looked at, and that only a switch of the page's language shows again.  ``made`` knows
    the form that a link was made by, so that one sent twice makes one link.
    """

    waiting: dict[tuple[str, int], tuple[str, float]] = field(default_factory=dict)
    seen: set[tuple[str, int]] = field(default_factory=set)
    made: dict[tuple[str, str], int] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def keep(self, session: str, form: str, number: int, token: str) -> None:
        """Keep a new link until its page is looked at."""
        until = time.monotonic() + SHOWN_FOR
        self.waiting[session, number] = (token, until)
        self.made[session, form] = number
        for kept in (self.waiting, self.made):
            _forget_oldest(kept)

    def take(self, session: str, number: int, switched: bool = False) -> str | None:
        """The link, once, and again for who switched the language of its page."""
        now = time.monotonic()
        self.waiting = {key: kept for key, kept in self.waiting.items() if kept[1] > now}
        self.seen &= self.waiting.keys()
        token, _ = self.waiting.get((session, number), (None, 0.0))
        if token is None or ((session, number) in self.seen and not switched):
            return None
        self.seen.add((session, number))
        return token


def _forget_oldest(kept: dict[Any, Any]) -> None:
    while len(kept) > MOST_WAITING:
        del kept[next(iter(kept))]


def invitation_routes() -> list[Route]:
    """The pages of the links."""
    return [
        Route(LINKS, list_links, methods=["GET"]),
        Route(LINKS, make_link, methods=["POST"]),
        Route(LINKS + "/{number:int}", show_link, methods=["GET"]),
        Route(LINKS + "/{number:int}/revoke", revoke_link, methods=["POST"]),
    ]


def new_links(request: Request) -> NewLinks:
    """The links that wait for being looked at."""
    found: NewLinks = request.app.state.new_links
    return found


@coordinators_only
async def list_links(request: Request) -> Response:
    """All links, and a form for a new one."""
    return await _listed(request, {"institution": request.query_params.get("institution", "")[:LONGEST_NAME]})


async def _listed(request: Request, given: dict[str, str], faults: dict[str, str] | None = None) -> Response:
    state = request.app.state
    known = await run_in_threadpool(invitations.links, state.store)
    names = {link.institution for link in known if link.institution is not None}
    names |= set(await run_in_threadpool(expected_institutions, state.study))
    return page(
        request,
        "coordinator_links.html",
        422 if faults else 200,
        links=[(link, standing(link)) for link in reversed(known)],
        institutions=sorted(names),
        given={"role": "teacher", "institution": "", "name": "", "days": str(DAYS), **given},
        faults=faults or {},
        once=secrets.token_urlsafe(12),
        longest=LONGEST_DAYS,
        tags=TAGS,
    )


def standing(link: Link) -> str:
    """How a link fares: ``revoked``, ``expired``, ``opened`` or ``not-opened``."""
    if link.revoked is not None:
        return "revoked"
    if not holds(link):
        return "expired"
    return "opened" if link.opened is not None else "not-opened"


@coordinators_only
async def make_link(request: Request) -> Response:
    """Make a link, and go to the page that shows it."""
    state, visitor = request.app.state, visitor_of(request)
    form = await request.form()
    given = {name: tidy(str(form.get(name, ""))) for name in ("role", "institution", "name", "days", "once")}
    faults = await run_in_threadpool(faults_of, state.study, given)
    if faults:
        return await _listed(request, given, faults)
    institution = given["institution"] if given["role"] == "teacher" else None
    waiting = new_links(request)
    async with waiting.turn:
        number = waiting.made.get((visitor.session, given["once"]))
        if number is None:
            actor = f"invitation {visitor.invitation}"
            made = await run_in_threadpool(
                invitations.invite, state.store, state.study, given["name"], institution, int(given["days"]), actor
            )
            number = made.number
            waiting.keep(visitor.session, given["once"], number, made.token)
    return redirect(request, f"{LINKS}/{number}")


def faults_of(study: Study, given: dict[str, str]) -> dict[str, str]:
    """Field -> the key of what is wrong with it, in the order of the page."""
    faults: dict[str, str] = {}
    if given["role"] not in ("teacher", "coordinator"):
        faults["role"] = "coordinator-fault-role"
    if given["role"] == "teacher":
        if not given["institution"] or not _plain(given["institution"]):
            faults["institution"] = "coordinator-fault-institution"
        else:
            try:
                invitations.known_institution(study, given["institution"])
            except LookupError:
                faults["institution"] = "coordinator-fault-unknown-institution"
    if not given["name"] or not _plain(given["name"]):
        faults["name"] = "coordinator-fault-name"
    days = given["days"]
    if not (days.isascii() and days.isdecimal() and len(days) < 5 and 1 <= int(days) <= LONGEST_DAYS):
        faults["days"] = "coordinator-fault-days"
    return faults


def _plain(text: str) -> bool:
    """Whether a name is of letters that can be seen and kept."""
    return len(text) <= LONGEST_NAME and text.isprintable()


async def _link(request: Request) -> Link:
    number = request.path_params["number"]
    known = await run_in_threadpool(invitations.links, request.app.state.store)
    found = next((link for link in known if link.number == number), None)
    if found is None:
        raise HTTPException(404)
    return found


@coordinators_only
async def show_link(request: Request) -> Response:
    """One link: itself the first time, later a text to remind its person; and the button to revoke it."""
    link, visitor = await _link(request), visitor_of(request)
    switched = "lang" in request.query_params
    token = new_links(request).take(visitor.session, link.number, switched) if holds(link) else None
    address = request.app.state.settings.address.rstrip("/")
    return page(
        request,
        "coordinator_link.html",
        link=link,
        standing=standing(link),
        url=None if token is None else f"{address}/i/{token}",
        study=request.app.state.study.study.title,
        own=link.number == visitor.invitation,
    )


@coordinators_only
async def revoke_link(request: Request) -> Response:
    """Let a link hold no more; one that is revoked stays so."""
    link, visitor = await _link(request), visitor_of(request)
    await run_in_threadpool(
        invitations.revoke, request.app.state.store, link.number, f"invitation {visitor.invitation}"
    )
    return redirect(request, f"{LINKS}/{link.number}")
