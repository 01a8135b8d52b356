"""How often somebody may try: links that don't hold, by address; forms and files, by invitation."""

from __future__ import annotations

from dataclasses import dataclass, field

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.exceptions import HTTPException
from starlette.requests import Request

from expeval.web.uploads import SEND
from expeval.web.visitors import Visitor


@dataclass(slots=True)
class Pace:
    """The limits, and who has used how much of them.

    Only links that don't hold count, not those that do: all teachers of a school may come from one address.
    """

    wrong_links: RateLimitItem = field(default_factory=lambda: RateLimitItemPerMinute(20, 10))
    forms: RateLimitItem = field(default_factory=lambda: RateLimitItemPerMinute(240, 1))
    files: RateLimitItem = field(default_factory=lambda: RateLimitItemPerMinute(60, 10))
    limiter: MovingWindowRateLimiter = field(default_factory=lambda: MovingWindowRateLimiter(MemoryStorage()))


def pace_of(request: Request) -> Pace:
    """The limits of these pages."""
    pace: Pace = request.app.state.pace
    return pace


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"


def check_guesses(request: Request) -> None:
    """Refuse an address from which too many links were tried that don't hold; raises ``HTTPException`` 429."""
    pace = pace_of(request)
    if not pace.limiter.test(pace.wrong_links, "links", _address(request)):
        raise _too_often(pace.wrong_links)


def count_guess(request: Request) -> None:
    """Count a link that doesn't hold."""
    pace = pace_of(request)
    pace.limiter.hit(pace.wrong_links, "links", _address(request))


def check_pace(request: Request, visitor: Visitor) -> None:
    """Count a form or a file before its body is read; raises ``HTTPException`` 429."""
    pace = pace_of(request)
    limit, kind = (pace.files, "files") if request.url.path == SEND else (pace.forms, "forms")
    if not pace.limiter.hit(limit, kind, str(visitor.invitation)):
        raise _too_often(limit)


def _too_often(limit: RateLimitItem) -> HTTPException:
    return HTTPException(429, headers={"Retry-After": str(limit.get_expiry())})
