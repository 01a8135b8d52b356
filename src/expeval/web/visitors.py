"""Who visits: a person whose link was followed.  Her session is a signed cookie that names the invitation.

A session of before is never taken over: following a link makes a new one.  With every request the store is asked
whether the invitation still holds, so that a session ends with it.
"""

from __future__ import annotations

import functools
import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from expeval.cohorts.invitations import Link, NoSuchLink, still_holds
from expeval.cohorts.sender import Sender
from expeval.store.open import Store
from expeval.web.settings import Settings

LONGEST_SESSION = 12 * 3600  # seconds: a day's work, and no more on a computer that others use

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the cookie says: a random session, and the invitation that it followed; ``None``: a visitor without one."""

    session: str
    invitation: int | None


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person whose link holds."""

    invitation: int
    name: str
    institution: str | None
    session: str
    expires: datetime

    @property
    def is_coordinator(self) -> bool:
        """Whether she is the coordinator; else she is a teacher of :attr:`institution`."""
        return self.institution is None

    @property
    def sender(self) -> Sender:
        """As the use cases of a teacher know her."""
        if self.institution is None:
            raise HTTPException(404)
        return Sender(self.institution, self.invitation)


class Sessions:
    """Make, read and end sessions.

    Sessions that were ended are remembered until they would have ended anyway; a start of the pages forgets them.
    """

    def __init__(self, secret: bytes) -> None:
        signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        self._tickets = URLSafeTimedSerializer(secret, salt="session", signer_kwargs=signing)
        self._forms = URLSafeSerializer(secret, salt="form", signer_kwargs=signing)
        self._ended: dict[str, float] = {}

    def new(self, invitation: int | None = None) -> Ticket:
        """A session that never was."""
        return Ticket(secrets.token_urlsafe(24), invitation)

    def sealed(self, ticket: Ticket) -> str:
        """A ticket as a cookie holds it, signed, with the time."""
        sealed = self._tickets.dumps([ticket.session, ticket.invitation])
        return sealed.decode() if isinstance(sealed, bytes) else sealed

    def opened(self, cookie: str) -> Ticket | None:
        """The ticket of a cookie; ``None`` for one that was not made here, is too old or was ended."""
        try:
            session, invitation = self._tickets.loads(cookie, max_age=LONGEST_SESSION)
        except BadData:
            return None
        return None if session in self._ended else Ticket(session, invitation)

    def end(self, ticket: Ticket) -> None:
        """Let a session be good for nothing any more; one without an invitation never was."""
        if ticket.invitation is None:
            return
        now = time.time()
        self._ended = {session: until for session, until in self._ended.items() if until > now}
        self._ended[ticket.session] = now + LONGEST_SESSION

    def form_token(self, ticket: Ticket) -> str:
        """What every form of a session carries."""
        token = self._forms.dumps(ticket.session)
        return token.decode() if isinstance(token, bytes) else token

    def made_form(self, ticket: Ticket, token: str) -> bool:
        """Whether a form's token is that of the session."""
        try:
            return bool(self._forms.loads(token) == ticket.session)
        except BadData:
            return False


def cookie_name(settings: Settings) -> str:
    """The session's cookie; browsers take one with this prefix over HTTPS from this very host only."""
    return "__Host-expeval" if settings.https else "expeval"


def sessions_of(request: Request) -> Sessions:
    """The sessions of these pages."""
    sessions: Sessions = request.app.state.sessions
    return sessions


def ticket_of(request: Request) -> Ticket:
    """The session of a request, made where there is none (its cookie is then set with the page)."""
    ticket: Ticket | None = getattr(request.state, "ticket", None)
    if ticket is None:
        sessions = sessions_of(request)
        ticket = sessions.opened(request.cookies.get(cookie_name(request.app.state.settings), ""))
        request.state.ticket_is_new = ticket is None
        ticket = ticket or sessions.new()
        request.state.ticket = ticket
    return ticket


def keep_ticket(request: Request, response: Response, ticket: Ticket) -> None:
    """Let the browser carry a session until it is closed."""
    settings: Settings = request.app.state.settings
    response.set_cookie(
        cookie_name(settings),
        sessions_of(request).sealed(ticket),
        path="/",
        secure=settings.https,
        httponly=True,
        samesite="lax",  # strict would not be sent when she comes back by a link in her mail
    )


def begin_session(request: Request, response: Response, link: Link) -> None:
    """Begin a new session for a link that was followed, and end the one of before."""
    sessions = sessions_of(request)
    sessions.end(ticket_of(request))
    keep_ticket(request, response, sessions.new(link.number))


def end_session(request: Request, response: Response) -> None:
    """End the session, as on a computer that others use."""
    sessions_of(request).end(ticket_of(request))
    settings: Settings = request.app.state.settings
    response.delete_cookie(cookie_name(settings), path="/", secure=settings.https, httponly=True, samesite="lax")


async def recognise(request: Request) -> Visitor:
    """Whose session it is; raises ``HTTPException`` 403 alike for none, an expired and a revoked link."""
    known: Visitor | None = getattr(request.state, "visitor", None)
    if known is not None:
        return known
    ticket = ticket_of(request)
    store: Store = request.app.state.store
    if ticket.invitation is None:
        raise HTTPException(403)
    try:
        link = await run_in_threadpool(still_holds, store, ticket.invitation)
    except NoSuchLink:
        raise HTTPException(403) from None
    visitor = Visitor(link.number, link.name, link.institution, ticket.session, link.expires)
    request.state.visitor = visitor
    return visitor


def visitor_of(request: Request) -> Visitor:
    """The visitor of a page that is for teachers or coordinators only; raises ``HTTPException`` 403 without one."""
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    if visitor is None:
        raise HTTPException(403)
    return visitor


def teachers_only(handler: Handler) -> Handler:
    """A page of a teacher; for a coordinator there is no such page.  Forms are checked before the page sees them."""
    return _only(handler, coordinator=False)


def coordinators_only(handler: Handler) -> Handler:
    """A page of a coordinator; for a teacher there is no such page.  Forms are checked before the page sees them."""
    return _only(handler, coordinator=True)


def _only(handler: Handler, coordinator: bool) -> Handler:
    @functools.wraps(handler)
    async def guarded(request: Request) -> Response:
        from expeval.web.forgery import check_form
        from expeval.web.rates import check_pace

        visitor = await recognise(request)
        if visitor.is_coordinator != coordinator:
            raise HTTPException(404)
        if request.method not in ("GET", "HEAD"):
            check_pace(request, visitor)
            await check_form(request)
        return await handler(request)

    return guarded
