"""The teacher's pages: her start page, the template, and the routes of her way."""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from expeval.cohorts.history import Uploaded, history
from expeval.cohorts.mending import open_drafts
from expeval.cohorts.naming import expected_cohorts
from expeval.cohorts.template import template
from expeval.store.schema import CONFIRMED, DRAFT
from expeval.web.links import HOME
from expeval.web.pages import language_of, page, redirect
from expeval.web.settings import MEGABYTE
from expeval.web.teacher_cells import cells_page, last_row_page, mend_cells, say_decimal, say_last_row
from expeval.web.teacher_columns import columns_named
from expeval.web.teacher_draft import confirm_draft, draft_page, drop_draft, preview_page
from expeval.web.teacher_file import choose, drop_file, file_page, send
from expeval.web.teacher_receipt import receipt_page, uploads_page, withdraw_page, withdraw_upload
from expeval.web.teacher_words import say_words, words_again, words_page
from expeval.web.uploads import SEND
from expeval.web.visitors import recognise, teachers_only, visitor_of

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def teacher_routes() -> list[Route]:
    """Every page of a teacher."""
    draft = "/draft/{number:int}"
    return [
        Route("/", start, methods=["GET"]),
        Route("/template.xlsx", template_file, methods=["GET"]),
        Route(SEND, send, methods=["POST"]),
        Route(SEND, back_to_start, methods=["GET"]),
        Route("/file/{key}", file_page, methods=["GET"]),
        Route("/file/{key}", choose, methods=["POST"]),
        Route("/file/{key}/drop", drop_file, methods=["POST"]),
        Route(draft, draft_page, methods=["GET"]),
        Route(draft + "/words", words_page, methods=["GET"]),
        Route(draft + "/words", say_words, methods=["POST"]),
        Route(draft + "/words/again", words_again, methods=["POST"]),
        Route(draft + "/cells", cells_page, methods=["GET"]),
        Route(draft + "/cells", mend_cells, methods=["POST"]),
        Route(draft + "/last-row", last_row_page, methods=["GET"]),
        Route(draft + "/last-row", say_last_row, methods=["POST"]),
        Route(draft + "/decimal", say_decimal, methods=["POST"]),
        Route(draft + "/preview", preview_page, methods=["GET"]),
        Route(draft + "/confirm", confirm_draft, methods=["POST"]),
        Route(draft + "/drop", drop_draft, methods=["POST"]),
        Route("/receipt/{number:int}", receipt_page, methods=["GET"]),
        Route("/uploads", uploads_page, methods=["GET"]),
        Route("/uploads/{number:int}/withdraw", withdraw_page, methods=["GET"]),
        Route("/uploads/{number:int}/withdraw", withdraw_upload, methods=["POST"]),
    ]


async def start(request: Request) -> Response:
    """Whose page this is, what is asked of her, what is kept; where she left off."""
    visitor = await recognise(request)
    if visitor.is_coordinator:
        return redirect(request, HOME["coordinator"])
    state = request.app.state
    uploads = await run_in_threadpool(history, state.store, visitor.sender)
    own = await run_in_threadpool(_own_drafts, request, uploads)
    problem = request.query_params.get("problem")
    return page(
        request,
        "teacher_start.html",
        drafts=own,
        waiting=state.waiting.of(visitor.invitation),
        delivered=[one for one in uploads if one.state == CONFIRMED],
        cohort_column=state.study.data.cohort,
        cohorts=sorted({*expected_cohorts(state.study), *(one.cohort for one in uploads if one.cohort)}),
        columns=await run_in_threadpool(columns_named, state.study),
        student=state.study.data.student,
        most=state.settings.max_bytes,
        megabytes=state.settings.max_bytes // MEGABYTE,
        problem=problem if problem in ("no-file", "no-cohort", "gone") else None,
        cohort=request.query_params.get("cohort", "")[:100],
    )


def _own_drafts(request: Request, uploads: list[Uploaded]) -> list[Uploaded]:
    """Her drafts, the latest first: a colleague's of the same institution are not hers to go on with."""
    own = set(open_drafts(request.app.state.store, visitor_of(request).sender))
    return [one for one in uploads if one.state == DRAFT and one.number in own]


@teachers_only
async def back_to_start(request: Request) -> Response:
    """For who reloads or comes back to the address of the form."""
    return redirect(request, "/")


@teachers_only
async def template_file(request: Request) -> Response:
    """A file to fill in."""
    language = language_of(request)
    study = request.app.state.study
    try:
        body = await run_in_threadpool(template, study, language)
    except KeyError:
        raise HTTPException(404) from None
    name = {"en": "template.xlsx", "ru": "шаблон.xlsx"}.get(language, "template.xlsx")
    disposition = f"attachment; filename=\"template.xlsx\"; filename*=UTF-8''{quote(name)}"
    return Response(body, media_type=SHEET, headers={"Content-Disposition": disposition})
