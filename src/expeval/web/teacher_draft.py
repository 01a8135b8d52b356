"""A draft: which step comes next, what would be accepted, and the confirmation."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from expeval.cohorts.confirmation import Outdated, confirm
from expeval.cohorts.history import history
from expeval.cohorts.preview import ARMS, Preview
from expeval.cohorts.reviewing import Review, review
from expeval.cohorts.sender import NotReady
from expeval.cohorts.upload import discard
from expeval.fault_codes import WORDINGS
from expeval.fault_codes.notices_russian import notice_in_russian
from expeval.faults import as_one
from expeval.scores.table import Notice
from expeval.store.schema import CONFIRMED
from expeval.web.addresses import short_number
from expeval.web.catalogue import CATALOGUE, say
from expeval.web.pages import language_of, page, redirect
from expeval.web.teacher_columns import columns_named
from expeval.web.teacher_faults import told
from expeval.web.visitors import teachers_only, visitor_of
from expeval.web.work import work

SHOWN = 50  # students that changed or are gone
BELOW = "below"  # in an address: she said that the rows below are students


def number_of(request: Request) -> int:
    """The upload's number in the address."""
    return int(request.path_params["number"])


async def review_of(request: Request) -> Review:
    """The draft of the address, looked through."""
    state = request.app.state
    return await work(request, review, state.store, state.study, visitor_of(request).sender, number_of(request))


def below(request: Request) -> dict[str, str] | None:
    """What is carried on in addresses, once she said that the rows below are students."""
    return {BELOW: "students"} if request.query_params.get(BELOW) else None


def step_of(found: Review, rows_are_students: bool) -> str:
    """The step that comes next: the last part of its address."""
    if found.last_row is not None and not rows_are_students:
        return "last-row"
    if found.words:
        return "words"
    if found.preview is None:
        return "cells"
    return "preview"


def next_step(request: Request, found: Review) -> Response:
    """On to the step that comes next."""
    step = step_of(found, below(request) is not None)
    return redirect(request, f"/draft/{found.number}/{step}", below(request))


@teachers_only
async def draft_page(request: Request) -> Response:
    """Where she left off."""
    return next_step(request, await review_of(request))


@teachers_only
async def preview_page(request: Request) -> Response:
    """How many students, by class and group, and what changes; she confirms or goes back."""
    found = await review_of(request)
    if found.preview is None:
        return next_step(request, found)
    language = language_of(request)
    study = request.app.state.study
    columns = await run_in_threadpool(columns_named, study)
    uploads = await run_in_threadpool(history, request.app.state.store, visitor_of(request).sender)
    return page(
        request,
        "teacher_preview.html",
        found=found,
        preview=found.preview,
        classes=_classes(found.preview),
        with_classes=study.data.class_ is not None,
        lacking=[one for one in columns if one.column in found.lacking],
        mended=[(_mended(what, language), count) for what, count in found.mended.items() if count],
        notices=[_notice(notice, language) for notice in found.notices],
        words=_words(found),
        others=sorted({one.cohort for one in uploads if one.state == CONFIRMED and one.cohort != found.cohort}),
        shown=SHOWN,
        outdated=request.query_params.get("problem") == "outdated",
    )


def _classes(preview: Preview) -> list[tuple[str | None, list[int]]]:
    """A row a class: how many in each arm."""
    rows: dict[str | None, list[int]] = {}
    for count in preview.counts:
        rows.setdefault(count.class_label, [0] * len(ARMS))[ARMS.index(count.arm)] += count.students
    return list(rows.items())


def _words(found: Review) -> list[tuple[str, str, object]]:
    """Her column, her word, what she said that it stands for."""
    return [
        (found.names.get(column, column), word, meaning)
        for column, meanings in found.choices.words.items()
        for word, meaning in meanings.items()
    ]


def _mended(what: str, language: str) -> str:
    key = f"mended-{what}"
    return say(language, key) if key in CATALOGUE[language] else WORDINGS[language].phrase(what)


def _notice(notice: Notice, language: str) -> str:
    key = f"notice-{notice.code}"
    if key in CATALOGUE[language]:
        return say(language, key)
    return notice_in_russian(notice.code, notice.message) if language == "ru" else notice.message


@teachers_only
async def confirm_draft(request: Request) -> Response:
    """Accept it; however often it is sent, it is accepted once."""
    state, number = request.app.state, number_of(request)
    form = await request.form()
    against = short_number(str(form.get("against", "")))
    if against is None:
        raise HTTPException(400)
    sender, content = visitor_of(request).sender, str(form.get("content", ""))
    try:
        receipt = await work(request, confirm, state.store, state.study, sender, number, against, content)
    except Outdated:
        return redirect(request, f"/draft/{number}/preview", {"problem": "outdated"})
    except NotReady:
        return redirect(request, f"/draft/{number}")
    same = {"same": "1"} if receipt.number != number else None
    return redirect(request, f"/receipt/{receipt.number}", same)


@teachers_only
async def drop_draft(request: Request) -> Response:
    """Drop a draft: its rows are not kept."""
    await work(request, discard, request.app.state.store, visitor_of(request).sender, number_of(request))
    return redirect(request, "/")


async def elsewhere_page(request: Request, found: Review) -> Response:
    """What only the coordinator can mend; what the study's files say of other institutions is nothing for her."""
    ours = {None, found.institution}
    own = [fault for fault in found.elsewhere if fault.found in ours]
    others = [fault for fault in found.elsewhere if fault.found not in ours]
    language = language_of(request)
    lines = [f"{one.place}: {one.wrong}" for one in told(own, language, found.names)]
    for one in told(others, language, found.names):
        places = WORDINGS[language].facts(as_one(one.faults)).get("places", "")
        other = say(language, "elsewhere-other", places=places or "–")
        lines.append(f"{one.place}: {other}")
    return page(request, "teacher_elsewhere.html", found=found, faults=lines)
