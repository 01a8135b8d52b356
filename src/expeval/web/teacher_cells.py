"""Cells that need her: each in the rows around it, and a field to mend it; where the students end, the decimal sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from expeval.cohorts.mending import LONGEST_CELL, mend_several, settle
from expeval.cohorts.reviewing import Review
from expeval.faults import Fault
from expeval.scores.cells import shown
from expeval.scores.spelling import tidy
from expeval.study.spec import Study
from expeval.web.pages import language_of, page, redirect
from expeval.web.teacher_draft import BELOW, below, elsewhere_page, next_step, number_of, review_of
from expeval.web.teacher_faults import Told, told
from expeval.web.visitors import teachers_only, visitor_of
from expeval.web.work import work

MOST = 25  # cells on one page
AROUND = 1  # rows above and below a cell
KEEP, SET = "keep", "set:"  # in a form: the cell stays as it is; what stands before its new text
# What is wrong with these is a class or a student, what is to be mended is the group.
OF_GROUPS = frozenset({"unit-both-arms", "student-both-arms"})


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell to be mended.

    Attributes
    ----------
    row, column, theirs, name
        Where: the file's row, the study's column, her name of it, the cell's (``D17``), where the file has cells.
    found
        What stands there; ``None`` for a student's identifier, which is never shown.
    options
        What may stand there, where that is a list.
    heads, lines
        The rows around it, without the student's column: her column names; row number and cells.
    """

    row: int
    column: str
    theirs: str
    name: str | None
    found: str | None
    options: tuple[str, ...]
    heads: tuple[str, ...]
    marked: int
    lines: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """Faults of one kind: the message, the cells that can be mended here."""

    told: Told
    cells: tuple[Cell, ...]
    more: int


def _kinds(study: Study, found: Review, language: str) -> list[Kind]:
    kinds, room, seen = [], MOST, set[tuple[int, str]]()
    for one in told(found.faults, language, found.names):
        places = [place for fault in one.faults for place in _places(study, found, fault)]
        # A cell with two faults has one field.
        own = [place for place in dict.fromkeys(places) if place not in seen]
        seen.update(own)
        cells = tuple(_cell(study, found, *place) for place in own[:room])
        room -= len(cells)
        kinds.append(Kind(one, cells, len(own) - len(cells)))
    return kinds


def _places(study: Study, found: Review, fault: Fault) -> list[tuple[int, str]]:
    column = str(study.groups.column) if fault.code in OF_GROUPS else fault.column
    if column is None or column not in found.names:
        return []
    rows = {*found.sheet.rows.tolist()}
    named = [fault.row] if fault.row is not None else []
    return [(row, column) for row in sorted({*named, *fault.rows}) if row in rows]


def _cell(study: Study, found: Review, row: int, column: str) -> Cell:
    rows = found.sheet.rows.tolist()
    record = rows.index(row)
    first, last = rows[max(0, record - AROUND)], rows[min(len(rows) - 1, record + AROUND)]
    lines = found.lines(first, last)
    names = [name for name in found.names if name in lines[0][1]]
    letter = found.sheet.letters.get(column)
    return Cell(
        row=row,
        column=column,
        theirs=found.names[column],
        name=f"{letter}{row}" if letter else None,
        # On one line, as a browser's field has it: what she leaves as it is must come back the same.
        found=None if column == found.student_column else tidy(shown(found.sheet.columns[column].value(record))),
        options=_options(study, found, column),
        heads=tuple(found.names[name] for name in names),
        marked=names.index(column) if column in names else -1,
        lines=tuple((number, tuple(shown(cells[name]) for name in names)) for number, cells in lines),
    )


def _options(study: Study, found: Review, column: str) -> tuple[str, ...]:
    if column == study.groups.column:
        own = [word for word, meaning in found.choices.words.get(column, {}).items() if meaning != "neither"]
        return tuple(dict.fromkeys([*map(str, study.experimental_values), *map(str, study.control_values), *own]))
    outcome = next((one for one in study.outcomes if one.column == column), None)
    return tuple(map(str, outcome.levels)) if outcome is not None else ()


@teachers_only
async def cells_page(request: Request) -> Response:
    """What needs her, in a list and at each cell."""
    found = await review_of(request)
    if found.words or found.preview is not None:
        return next_step(request, found)
    if found.elsewhere and not found.faults:
        return await elsewhere_page(request, found)
    kinds = _kinds(request.app.state.study, found, language_of(request))
    mended = request.query_params.get("mended", "")
    problem = request.query_params.get("problem")
    return page(
        request,
        "teacher_cells.html",
        found=found,
        kinds=kinds,
        places=_numbered(kinds),
        count=sum(len(kind.cells) + kind.more or 1 for kind in kinds),
        more=sum(kind.more for kind in kinds),
        some_cells=any(kind.cells for kind in kinds),
        decimal=any(kind.told.code == "decimal-unclear" for kind in kinds),
        mended=int(mended) if mended.isascii() and mended.isdecimal() and len(mended) < 4 else 0,
        problem=problem if problem in ("cell", "nothing") else None,
        longest=LONGEST_CELL,
        keep=KEEP,
        set=SET,
    )


def _numbered(kinds: Sequence[Kind]) -> dict[tuple[int, str], int]:
    cells = [(cell.row, cell.column) for kind in kinds for cell in kind.cells]
    return {place: number for number, place in enumerate(cells)}


@teachers_only
async def mend_cells(request: Request) -> Response:
    """Put what was typed into the cells that it was typed for; those that were left as they are stay."""
    number = number_of(request)
    form = await request.form()
    await review_of(request)  # a draft of hers, else nothing is tried
    mended, refused = await work(request, _mend, request, number, form)
    query = {"mended": str(mended)} if mended else {"problem": "nothing"}
    if refused:
        query = {"problem": "cell"}
    kept = below(request) or {}
    if refused or not mended:
        return redirect(request, f"/draft/{number}/cells", {**query, **kept})
    found = await review_of(request)
    if found.words or found.preview is not None:
        return redirect(request, f"/draft/{number}", kept)
    return redirect(request, f"/draft/{number}/cells", {**query, **kept})


def _mend(request: Request, number: int, form: FormData) -> tuple[int, int]:
    """How many cells were mended, and how many could not be."""
    state, sender = request.app.state, visitor_of(request).sender
    cells = []
    for place in range(MOST):
        row, column, given, was = (str(form.get(f"{name}-{place}", "")) for name in ("row", "column", "cell", "was"))
        if row.isascii() and row.isdecimal() and len(row) < 10 and given not in (KEEP, was):
            cells.append((int(row), column, given.removeprefix(SET)))
    return mend_several(state.store, state.pseudonyms, state.study, sender, number, cells)


@teachers_only
async def last_row_page(request: Request) -> Response:
    """Whether the rows below the last student are students: totals and signatures are not."""
    found = await review_of(request)
    if found.last_row is None:
        return next_step(request, found)
    rows = found.sheet.rows.tolist()
    place = rows.index(found.last_row)
    lines = found.lines(rows[max(0, place - 1)], rows[min(len(rows) - 1, place + 4)])
    names = [name for name in found.names if name in lines[0][1]]
    return page(
        request,
        "teacher_last_row.html",
        found=found,
        heads=[found.names[name] for name in names],
        lines=[(row, [shown(cells[name]) for name in names]) for row, cells in lines],
        problem=request.query_params.get("problem") == "choose",
    )


@teachers_only
async def say_last_row(request: Request) -> Response:
    """Leave out what stands below the last student, or ask for the students' identifiers there."""
    state, number = request.app.state, number_of(request)
    form = await request.form()
    found = await review_of(request)
    answer = form.get("rows")
    if answer == "students":
        return redirect(request, f"/draft/{number}", {BELOW: "students"})
    if answer != "totals":
        return redirect(request, f"/draft/{number}/last-row", {"problem": "choose"})
    if found.last_row is not None:
        await work(request, settle, state.store, visitor_of(request).sender, number, found.last_row)
    return redirect(request, f"/draft/{number}")


@teachers_only
async def say_decimal(request: Request) -> Response:
    """Say which sign is the decimal one."""
    state, number = request.app.state, number_of(request)
    sign = {"comma": ",", "point": "."}.get(str((await request.form()).get("decimal", "")))
    if sign is None:
        return redirect(request, f"/draft/{number}/cells", {"problem": "nothing", **(below(request) or {})})
    await work(request, settle, state.store, visitor_of(request).sender, number, decimal="," if sign == "," else ".")
    return redirect(request, f"/draft/{number}", below(request))
