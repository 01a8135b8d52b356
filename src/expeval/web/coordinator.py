"""The coordinator's pages: who delivered, the personal links, the run and its report.  No scores, no students."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from expeval.record.manifest import hash_file
from expeval.study.spec import Study
from expeval.web.coordinator_deliveries import deliveries_of
from expeval.web.coordinator_invitations import invitation_routes
from expeval.web.coordinator_runs import look, run_routes
from expeval.web.pages import page
from expeval.web.visitors import coordinators_only

OVERVIEW = "/coordinator"
# How a state looks; its word says it, too.
TAGS = {
    "delivered": "good",
    "being-mended": "open",
    "missing": "missing",
    "opened": "good",
    "not-opened": "open",
    "not-invited": "missing",
}


def coordinator_routes() -> list[Route]:
    """Every page of a coordinator."""
    return [Route(OVERVIEW, overview, name="coordinator"), *invitation_routes(), *run_routes()]


@coordinators_only
async def overview(request: Request) -> Response:
    """Institutions by cohorts: delivered, being mended, missing; whose link is unopened; how the run stands."""
    state = request.app.state
    table = await run_in_threadpool(deliveries_of, state.store, state.study)
    stale = await run_in_threadpool(study_file_hash, state.study) != state.study_hash
    return page(request, "coordinator_overview.html", table=table, look=await look(request), tags=TAGS, stale=stale)


def study_file_hash(study: Study) -> str:
    """SHA-256 of the study file as it lies there now; empty where it can't be read."""
    try:
        return hash_file(study.path)
    except OSError:
        return ""
