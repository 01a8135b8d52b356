"""The first steps of a file: it is sent, looked at, its sheet and columns are chosen; then it is kept as a draft."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from expeval.cohorts import remembered
from expeval.cohorts.choices import Choices
from expeval.cohorts.columns import Match
from expeval.cohorts.confirmation import Receipt, same_file
from expeval.cohorts.looking import Looked, look
from expeval.cohorts.naming import cohort_named
from expeval.cohorts.upload import keep_draft
from expeval.faults import Fault, Faults
from expeval.web.addresses import short_number
from expeval.web.pages import language_of, page, redirect
from expeval.web.teacher_columns import ABSENT, Named, asked, chosen_columns
from expeval.web.teacher_faults import told
from expeval.web.uploads import Waiting
from expeval.web.visitors import teachers_only, visitor_of
from expeval.web.work import work

ENCODINGS = ("utf-8", "cp1251", "koi8-r", "cp866", "utf-16")
SETTLED = frozenset({"data.encoding", "data.delimiter", "data.header_row"})  # keys that the page asks about
HIDDEN = ("keep", "drop")
DELIMITERS = {"semicolon": ";", "comma": ",", "tab": "\t", "bar": "|"}
LAST_ROW = 1_000_000


@teachers_only
async def send(request: Request) -> Response:
    """Take a file; what is in it is looked at on its own page."""
    visitor, state = visitor_of(request), request.app.state
    async with request.form() as form:
        typed = str(form.get("cohort", ""))
        named = state.study.data.cohort is not None
        cohort = await run_in_threadpool(cohort_named, state.store, state.study, typed) if named else ""
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            return redirect(request, "/", {"problem": "no-file", **({"cohort": cohort} if cohort else {})})
        if named and not cohort:
            return redirect(request, "/", {"problem": "no-cohort"})
        waiting = await work(request, state.waiting.take, visitor.invitation, cohort, file, state.settings.max_bytes)
    return redirect(request, f"/file/{waiting.key}")


@teachers_only
async def file_page(request: Request) -> Response:
    """What the file is like: what can't be read, the sheets, or the columns."""
    waiting = _waiting(request)
    if waiting is None:
        return _gone(request)
    return await _shown(request, waiting)


@teachers_only
async def choose(request: Request) -> Response:
    """Take what was chosen; with all columns settled the file becomes a draft, and nothing else of it is left."""
    waiting = _waiting(request)
    if waiting is None:
        return _gone(request)
    form = await request.form()
    again = redirect(request, f"/file/{waiting.key}")
    step = form.get("step")
    if step == "settings":
        waiting.choices = _settings(waiting, form)
        waiting.refused, waiting.unreadable = (), False
        return again
    if step != "columns":
        raise HTTPException(400)
    return await _columns(request, waiting, form)


@teachers_only
async def drop_file(request: Request) -> Response:
    """Remove a file that waits."""
    waiting = _waiting(request)
    if waiting is not None:
        request.app.state.waiting.drop(waiting)
    return redirect(request, "/")


def _waiting(request: Request) -> Waiting | None:
    found: Waiting | None = request.app.state.waiting.find(visitor_of(request).invitation, request.path_params["key"])
    return found


def _gone(request: Request) -> Response:
    """For who comes back to a file, or pressed twice: on to the draft that it became; else it is told."""
    key = request.path_params["key"]
    draft = request.app.state.waiting.draft_of(visitor_of(request).invitation, key)
    return redirect(request, "/", {"problem": "gone"}) if draft is None else redirect(request, f"/draft/{draft}")


def _settings(waiting: Waiting, form: FormData) -> Choices:
    """What is said about the file as a whole: each is one of those that were offered, else it is as before."""
    choices = waiting.choices
    names = ("sheet", "encoding", "delimiter", "row", "hidden")
    sheet, encoding, delimiter, row, hidden = (str(form.get(name, "")) for name in names)
    if sheet:
        choices = replace(choices, sheet=sheet[:200], header_row=None, hidden=None, columns={})
    if hidden in HIDDEN:
        choices = replace(choices, hidden=hidden)
    if encoding in ENCODINGS:
        choices = replace(choices, encoding=encoding)
    if delimiter in DELIMITERS:
        choices = replace(choices, delimiter=DELIMITERS[delimiter], header_row=None, columns={})
    header_row = short_number(row)
    if header_row is not None and 1 <= header_row <= LAST_ROW:
        choices = replace(choices, header_row=header_row, columns={})
    return choices


@dataclass(frozen=True, slots=True)
class Sight:
    """How a file looks, with the columns that are asked for, or what is wrong with it; and its receipt of before."""

    looked: Looked | None
    columns: list[tuple[Named, Match]]
    faults: tuple[Fault, ...]
    again: Receipt | None


def _look(request: Request, waiting: Waiting) -> Sight:
    state, sender = request.app.state, visitor_of(request).sender
    data = waiting.content()
    known = remembered.columns(state.store, sender)
    again = same_file(state.store, sender, waiting.cohort, data)
    try:
        looked = look(state.study, data, waiting.name, waiting.choices, known)
    except Faults as faults:
        return Sight(None, [], faults.faults, again)
    return Sight(looked, asked(state.study, looked.matches), (), again)


async def _shown(
    request: Request,
    waiting: Waiting,
    status: int = 200,
    given: dict[str, str | None] | None = None,
    wrong: dict[str, str] | None = None,
) -> Response:
    try:
        sight = await work(request, _look, request, waiting)
    except FileNotFoundError:  # its time was over just now
        return _gone(request)
    looked, language = sight.looked, language_of(request)
    context: dict[str, Any] = {
        "waiting": waiting,
        "again": sight.again,
        "kilobytes": max(1, round(waiting.size / 1024)),
    }
    if looked is not None and looked.sheets:
        return page(request, "teacher_sheets.html", status, sheets=looked.sheets, **context)
    if looked is not None and looked.hidden:
        first, *rest = looked.hidden
        asked_about = told([Fault("rows-hidden", waiting.name, row=first, rows=tuple(rest))], language)
        return page(request, "teacher_hidden.html", status, fault=asked_about[0], choices=HIDDEN, **context)
    if looked is None or waiting.refused:
        shown = waiting.refused if looked is not None else sight.faults
        waiting.unreadable = not SETTLED.intersection(fault.key for fault in shown)
        return page(
            request,
            "teacher_unread.html",
            status,
            faults=told(shown, language),
            keys=SETTLED.intersection(fault.key for fault in shown),
            encodings=ENCODINGS,
            delimiters=tuple(DELIMITERS),
            rows=next((fault.details.get("header_rows") or (fault.row,) for fault in shown), (None,)),
            **context,
        )
    return page(
        request,
        "teacher_columns.html",
        status,
        columns=sight.columns,
        names=looked.names,
        titles=looked.titles,
        row=looked.choices.header_row,
        given=given or {},
        wrong=wrong or {},
        absent=ABSENT,
        **context,
    )


async def _columns(request: Request, waiting: Waiting, form: FormData) -> Response:
    state, sender = request.app.state, visitor_of(request).sender
    try:
        sight = await work(request, _look, request, waiting)
    except FileNotFoundError:
        return _gone(request)
    looked = sight.looked
    if looked is None or looked.sheets or looked.hidden:
        return redirect(request, f"/file/{waiting.key}")
    columns, wrong = chosen_columns(sight.columns, looked.names, form)
    if wrong:
        return await _shown(request, waiting, 400, columns, wrong)
    waiting.choices = replace(looked.choices, columns=columns)
    try:
        number = await work(
            request,
            keep_draft,
            state.store,
            state.pseudonyms,
            state.study,
            sender,
            waiting.cohort,
            waiting.content(),
            waiting.name,
            waiting.choices,
        )
    except Faults as faults:
        waiting.refused = faults.faults
        return redirect(request, f"/file/{waiting.key}")
    except FileNotFoundError:
        return _gone(request)
    state.waiting.became(waiting, number)
    return redirect(request, f"/draft/{number}")
