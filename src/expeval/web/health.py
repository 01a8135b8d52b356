"""Whether the pages and their store are there, for a machine that watches them; nothing else is told."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from expeval.store.failures import CannotStore
from expeval.store.open import Store
from expeval.store.schema import Meta


async def health(request: Request) -> Response:
    """200 where the store answers, 503 where it doesn't."""
    try:
        await run_in_threadpool(_ask, request.app.state.store)
    except CannotStore:
        return JSONResponse({"status": "store does not answer"}, 503)
    return JSONResponse({"status": "ok"})


def _ask(store: Store) -> None:
    with store.reading() as session:
        session.get_one(Meta, "version")
