"""Where blocking work is done: reading files takes long and has few places, so that small pages never wait for it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_thread
from starlette.requests import Request

P = ParamSpec("P")
T = TypeVar("T")
PLACES = 4


@dataclass(slots=True)
class Workplace:
    """The places of long work."""

    places: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(PLACES))


async def work(request: Request, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do a task that reads a file or a whole draft in a thread, once there is a place."""
    workplace: Workplace = request.app.state.work
    return await anyio.to_thread.run_sync(functools.partial(task, *args, **kwargs), limiter=workplace.places)
