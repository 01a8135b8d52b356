"""The pages as one application: routes, what stands around them, what is told when something can't be served."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import AsyncIterator, Sequence

import anyio
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from expeval.cohorts.columns import check_served
from expeval.cohorts.sender import NoSuchUpload, NotReady
from expeval.cohorts.upload import discard_unreachable
from expeval.store.failures import CannotStore
from expeval.store.open import Store
from expeval.store.pseudonyms import Pseudonyms
from expeval.study.spec import Study
from expeval.web.addresses import short_numbers
from expeval.web.coordinator import coordinator_routes, study_file_hash
from expeval.web.coordinator_invitations import NewLinks
from expeval.web.headers import SafeHeaders, safe_headers
from expeval.web.health import health
from expeval.web.links import link_routes
from expeval.web.logs import LOG, Logged
from expeval.web.pages import TEMPLATES, page
from expeval.web.rates import Pace
from expeval.web.settings import Settings
from expeval.web.teacher import teacher_routes
from expeval.web.teacher_receipt import ended_page
from expeval.web.uploads import Bounds, WaitingRoom, left_behind
from expeval.web.visitors import Sessions
from expeval.web.work import Workplace

UPKEEP_SECONDS = 3600.0
STATIC = TEMPLATES.with_name("static")
# Statuses that have words of their own; every other one is told as 400 or 500 is.
TOLD = frozenset({400, 403, 404, 405, 408, 409, 413, 429, 500, 503})
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def make_application(study: Study, store: Store, pseudonyms: Pseudonyms, settings: Settings) -> Starlette:
    """The pages of a study; raises :class:`expeval.cohorts.columns.CannotServe` for one that can't be uploaded to."""
    check_served(study)

    @contextlib.asynccontextmanager
    async def lifespan(application: Starlette) -> AsyncIterator[None]:
        left_behind()
        with application.state.waiting.opened():
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(application.state.waiting.keep_clear)
                tasks.start_soon(_keep_reachable, store)
                LOG.info("started")
                yield
                tasks.cancel_scope.cancel()
        LOG.info("stopped")

    application = Starlette(
        routes=_routes(),
        middleware=[
            Middleware(Logged),
            Middleware(SafeHeaders, https=settings.https),
            Middleware(TrustedHostMiddleware, allowed_hosts=settings.hosts, www_redirect=False),
            Middleware(Bounds, settings=settings),
        ],
        exception_handlers={
            HTTPException: _refused,
            NoSuchUpload: _not_there,
            NotReady: _not_ready,
            CannotStore: _not_stored,
            OSError: _no_space,
            Exception: _broken,
        },
        lifespan=lifespan,
    )
    state = application.state
    state.study, state.store, state.pseudonyms, state.settings = study, store, pseudonyms, settings
    state.study_hash = study_file_hash(study)
    state.sessions, state.pace = Sessions(settings.secret), Pace()
    state.waiting, state.work = WaitingRoom(settings.waiting_seconds), Workplace()
    state.new_links = NewLinks()
    return application


async def _keep_reachable(store: Store) -> None:
    """Every hour, drop the drafts of links that expired or were revoked: what isn't accepted isn't kept."""
    while True:
        try:
            if dropped := await run_in_threadpool(discard_unreachable, store):
                LOG.info("drafts dropped", extra={"facts": {"drafts": dropped}})
        except CannotStore as failure:
            LOG.error("not stored", extra={"facts": {"reason": str(failure)}})
        await anyio.sleep(UPKEEP_SECONDS)


def _routes() -> Sequence[BaseRoute]:
    short_numbers()
    return [
        Route("/health", health, methods=["GET"]),
        Mount("/static", StaticFiles(directory=STATIC), name="static"),
        *link_routes(),
        *teacher_routes(),
        *coordinator_routes(),
    ]


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    key = "forged" if error.detail == "forged" else str(status if status in TOLD else 400)
    response = page(request, "error.html", status, kind=key)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def _not_there(request: Request, error: Exception) -> Response:
    del error
    return page(request, "error.html", 404, kind="404")


async def _not_ready(request: Request, error: Exception) -> Response:
    del error
    return await ended_page(request)


async def _not_stored(request: Request, error: Exception) -> Response:
    reason = str(error) if isinstance(error, CannotStore) else getattr(error, "strerror", "")  # that one names a path
    LOG.error("not stored", extra={"facts": {"reason": reason}})
    response = page(request, "error.html", 503, kind="503")
    response.headers["Retry-After"] = "30"
    return response


async def _no_space(request: Request, error: Exception) -> Response:
    """A file that could not be taken for want of space; every other error of the system is our own mistake."""
    assert isinstance(error, OSError)
    if error.errno not in NO_SPACE:
        raise error
    return await _not_stored(request, error)


async def _broken(request: Request, error: Exception) -> Response:
    LOG.error("broken", exc_info=error, extra={"facts": {"request": getattr(request.state, "request", "")}})
    response = page(request, "error.html", 500, kind="500")
    # This answer is made outside of the middleware that adds them.
    response.headers.update(safe_headers(request.app.state.settings.https))
    return response
