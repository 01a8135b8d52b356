"""The run that a coordinator starts, how it goes, and the report that it leaves."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from expeval.record.writing import MANIFEST
from expeval.store.open import Store
from expeval.store.records import note
from expeval.store.snapshot import take_snapshot
from expeval.web.pages import page, redirect
from expeval.web.runs import SERVED, CannotRun, Report, Run, Runs
from expeval.web.visitors import coordinators_only, visitor_of

RUN = "/coordinator/run"
REPORT = "/coordinator/report"
# The report is one file with its styles and pictures inside; it needs nothing else, and may do nothing else.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox"
)
STEPS = {"Reading the study": "coordinator-step-reading", "Writing the report": "coordinator-step-writing"}
ANALYSING = "Analysing "
REFRESH = "5"  # seconds


@dataclass(frozen=True, slots=True)
class Look:
    """The last run and the last report as they stand.

    Attributes
    ----------
    possible
        Whether runs can be started here at all.
    run, report
        As the folder of the runs has them.
    changed
        Whether the accepted uploads are others than those that the report was made from.
    steps
        Keys of the run's steps, each with the outcome that it names.
    """

    possible: bool
    run: Run
    report: Report | None
    changed: bool
    steps: tuple[tuple[str, str], ...]


def run_routes() -> list[Route]:
    """The pages of runs and of the report."""
    return [
        Route(RUN, show_run, methods=["GET"]),
        Route(RUN, start_run, methods=["POST"]),
        Route(RUN + "/stop", stop_run, methods=["POST"]),
        Route(REPORT + "/{name}", report_file, methods=["GET"]),
    ]


def runs_of(request: Request) -> Runs | None:
    """The runs of the study; ``None`` where none can be started."""
    state = request.app.state
    return None if state.settings.reports is None else Runs(state.study.path, state.settings.reports)


async def look(request: Request) -> Look:
    """How the last run and its report stand."""
    return await run_in_threadpool(_look, runs_of(request), request.app.state.store)


def _look(runs: Runs | None, store: Store) -> Look:
    if runs is None:
        return Look(False, Run("never"), None, False, ())
    run, report = runs.last(), runs.report()
    # All accepted rows are read for it: not while a page that refreshes itself only asks how far the run is.
    changed = report is not None and run.state != "running" and not report.holds(take_snapshot(store).sha256)
    return Look(True, run, report, changed, tuple(map(_step, run.steps)))


def _step(words: str) -> tuple[str, str]:
    """A step's key, and the outcome that it names."""
    if words.startswith(ANALYSING):
        return "coordinator-step-analysing", words.removeprefix(ANALYSING)
    return STEPS.get(words, "coordinator-step-other"), words


@coordinators_only
async def show_run(request: Request) -> Response:
    """How far the run is, or how the last one ended; while one goes on the page looks again, unless told not to."""
    found = await look(request)
    watching = found.run.state == "running" and request.query_params.get("watch") != "off"
    response = _run_page(request, found, watching=watching)
    if watching:
        response.headers["Refresh"] = REFRESH
    return response


def _run_page(
    request: Request, found: Look, status: int = 200, watching: bool = False, refused: bool = False
) -> Response:
    report = found.report
    files = [] if report is None else [name for name in SERVED if name == MANIFEST or name in report.outputs]
    return page(request, "coordinator_run.html", status, look=found, files=files, watching=watching, refused=refused)


@coordinators_only
async def start_run(request: Request) -> Response:
    """Start a run; where one goes on already, its page is shown."""
    runs = runs_of(request)
    if runs is None:
        raise HTTPException(404)
    try:
        await run_in_threadpool(_start, runs, request.app.state.store, visitor_of(request).invitation)
    except CannotRun:
        return _run_page(request, await look(request), 503, refused=True)
    return redirect(request, RUN)


def _start(runs: Runs, store: Store, invitation: int) -> None:
    if runs.start(invitation):
        with store.writing() as session:
            note(session, "run-started", f"invitation {invitation}")


def _stop(runs: Runs, store: Store, invitation: int) -> None:
    if runs.stop():
        with store.writing() as session:
            note(session, "run-stopped", f"invitation {invitation}")


@coordinators_only
async def stop_run(request: Request) -> Response:
    """End the run that goes on; the report of before stays."""
    runs = runs_of(request)
    if runs is None:
        raise HTTPException(404)
    await run_in_threadpool(_stop, runs, request.app.state.store, visitor_of(request).invitation)
    return redirect(request, RUN)


@coordinators_only
async def report_file(request: Request) -> Response:
    """A file of the finished report, and nothing else of its folder."""
    runs, name = runs_of(request), request.path_params["name"]
    content = None if runs is None else await run_in_threadpool(runs.read, name)
    if content is None:
        raise HTTPException(404)
    headers = {"Content-Security-Policy": POLICY}
    if name != "report.html":
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(content, media_type=SERVED[name], headers=headers)
