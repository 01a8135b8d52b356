"""Sheets of cells, whatever file they come from: which sheet is meant, which rows count, what a column holds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from expeval.faults import Fault, nearest
from expeval.scores.cells import FAULTS_A_COLUMN, LAST_ROWS, Cells, Sheet, Value, distinct, gather, number_text, shown
from expeval.scores.settings import Preview, Request, Settings, Unreadable
from expeval.scores.spelling import find_columns

PREVIEW_RECORDS = 40


@dataclass(slots=True)
class Grid:
    """One sheet: rows of cells from its first row and column on.

    Attributes
    ----------
    rows
        Cells, row by row; rows may be of unequal length.
    hidden
        Rows (from 0) that the program hides.
    percent
        Cells (row, column, from 0) that show 0.85 as 85 %.
    merged
        Rectangles ((top, left), (bottom, right)) that are one cell.
    """

    name: str
    rows: list[list[Value]]
    hidden: set[int] = field(default_factory=set)
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)
    visible: bool = True
    percent: set[tuple[int, int]] = field(default_factory=set)


def column_letters(number: int) -> str:
    """Letters of a column from its position: 0 is A, 26 is AA."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def is_meant(grid: Grid, number: int, settings: Settings) -> bool:
    """Whether a sheet may be the one to read: the named one, else a visible one; ``number`` counts from 1."""
    return grid.visible if settings.sheet is None else settings.sheet in (number, grid.name)


def choose_sheet(
    grids: Sequence[Grid], settings: Settings, wanted: Sequence[str], file: str, holding: bool = False
) -> Grid:
    """The sheet that the study file names, else the only one with rows below a header.

    Raises :class:`Unreadable` where the named one is not there, or several may be meant: asked, not guessed.
    ``holding``: a sheet is only meant if it holds columns of the study (a page has tables of layout, too).
    """
    names = [grid.name for grid in grids]
    named = settings.sheet
    if isinstance(named, int) and 1 <= named <= len(grids):
        return _filled(grids[named - 1], file)
    if isinstance(named, str) and named in names:
        return _filled(grids[names.index(named)], file)
    if named is not None:
        near = nearest(str(named), names)
        allowed = ", ".join(names)
        raise Unreadable(
            Fault("sheet-missing", file, key="data.sheet", found=str(named), allowed=allowed, nearest=near)
        )
    filled = [grid for grid in grids if grid.visible and any(not is_blank(cell) for row in grid.rows for cell in row)]
    if len(filled) > 1 and holding:
        most = max(_columns_of(grid, wanted) for grid in filled)
        filled = [grid for grid in filled if _columns_of(grid, wanted) == most] if most else filled[:1]
    if len(filled) > 1:
        # A sheet with a title or a header alone is no second sheet of students; of several such, the first is told.
        filled = [grid for grid in filled if _has_rows(grid, settings, wanted)] or filled[:1]
    hidden = [grid for grid in grids if not grid.visible]
    # Where no visible one has a row of students, or a column of theirs, those may stand on a hidden one.
    if hidden and wanted and not any(_has_rows(grid, settings, wanted) or _columns_of(grid, wanted) for grid in filled):
        filled += hidden
    if len(filled) > 1 or hidden == filled != []:
        found = ", ".join(grid.name for grid in filled)
        raise Unreadable(Fault("sheet-unclear", file, key="data.sheet", found=found))
    if not filled:
        raise Unreadable(Fault("file-empty", file))
    return filled[0]


def _filled(grid: Grid, file: str) -> Grid:
    """A sheet that was named, which must hold something."""
    if all(is_blank(cell) for row in grid.rows for cell in row):
        raise Unreadable(Fault("file-empty", file, grid.name))
    return grid


def _columns_of(grid: Grid, wanted: Sequence[str]) -> int:
    heads = (find_columns([shown(cell) for cell in row], wanted).found for row in grid.rows[:PREVIEW_RECORDS])
    return max(heads, default=0)


def _has_rows(grid: Grid, settings: Settings, wanted: Sequence[str]) -> bool:
    """Whether something stands below the header, or below the first row where no row looks like a header."""
    header = settings.last_header_row
    filled = [i for i, row in enumerate(grid.rows, 1) if any(not is_blank(cell) for cell in row)]
    if header is None:
        named = {
            i: find_columns([shown(cell) for cell in grid.rows[i - 1]], wanted).found for i in filled[:PREVIEW_RECORDS]
        }
        header = max(named, key=lambda i: (named[i], -i), default=0)
    return bool(filled) and filled[-1] > header


class GridFile:
    """A file of sheets with the one sheet that is read; ``addressed``: its cells have addresses such as D17."""

    addressed = True

    def __init__(self, grid: Grid, settings: Settings, file: str) -> None:
        self.grid = grid
        self.settings = settings
        self.file = file
        self.encoding: str | None = None

    def preview(self) -> Preview:
        """The first rows that hold something."""
        rows = self.grid.rows[: max(PREVIEW_RECORDS, self.settings.last_header_row or 0)]
        rows = [list(row) for row in rows]
        if isinstance(self.settings.header_row, tuple):
            self._spread_merged(rows, self.settings.header_row)
        records = [(i + 1, [shown(cell) for cell in row]) for i, row in enumerate(rows)]
        return Preview(records, len(self.grid.rows))

    def _spread_merged(self, rows: list[list[Value]], header: tuple[int, int]) -> None:
        """A merged cell of the header's upper row stands above all the columns that it spans."""
        for (top, left), (_, right) in self.grid.merged:
            if top == header[0] - 1 < len(rows):
                row = rows[top]
                row += [""] * (right + 1 - len(row))
                row[left : right + 1] = [row[left]] * (right + 1 - left)

    def read(self, request: Request) -> tuple[Sheet, list[Fault]]:
        """The columns asked for, from the rows below the header."""
        grid = self.grid
        below = self._below(request.header_row)
        filled = self._filled(below)
        kept = [i for i in filled if i not in grid.hidden] if self.settings.hidden == "drop" else filled
        covered = {
            name: self._merged_cells(place, request.header_row, kept) for name, place in request.positions.items()
        }
        merged = {name: cells for name, cells in covered.items() if cells}
        letters = {name: column_letters(place) for name, place in request.positions.items()} if self.addressed else {}
        sheet = Sheet(
            self.file,
            rows=np.array(kept, dtype=np.int64) + 1,
            columns={
                name: self._column(place, kept, merged.get(name, {})) for name, place in request.positions.items()
            },
            encoding=self.encoding,
            sheet=grid.name or None,
            header_row=request.header_row,
            letters=letters,
            hidden_rows=len(grid.hidden.intersection(kept)),
            begins={
                len(kept) - k: next(shown(cell) for cell in grid.rows[i] if not is_blank(cell))
                for k, i in enumerate(reversed(kept[-LAST_ROWS:]), 1)
            },
        )
        sheet.mend("blank rows", len(below) - len(filled))
        sheet.mend("hidden rows left out", len(filled) - len(kept))
        if merged:
            quoted = ", ".join(f"“{name}”" for name in sorted(merged))
            sheet.notice("merged-cells", f"a cell merged over several rows was read as each row's in: {quoted}.")
        hidden = [place for place, i in enumerate(kept) if i in grid.hidden]
        faults = self._percentages(sheet, request, kept) if grid.percent else []
        if hidden and self.settings.hidden is None:
            faults.append(sheet.row_fault("rows-hidden", hidden, key="data.hidden"))
        return sheet, faults

    def _percentages(self, sheet: Sheet, request: Request, rows: list[int]) -> list[Fault]:
        """Percentages in columns of numbers: told; faults where others of the column are larger than 1.

        Who types 85% into one cell and 85 into the next has 0.85 and 85 in the file.
        """
        faults, told = [], []
        for name in request.numeric:
            place = request.positions[name]
            cells = distinct(sheet.columns[name])
            numbers = [(k, value) for k in range(len(rows)) if isinstance(value := cells.value(k), float)]
            shown = [k for k, _ in numbers if (rows[k], place) in self.grid.percent]
            plain = [value for k, value in numbers if (rows[k], place) not in self.grid.percent]
            if any(abs(value) > 1 for value in plain):
                found = [(k, f"{number_text(round(100 * float(cells.value(k)), 10))} %") for k in shown]  # type: ignore[arg-type]
                faults += [sheet.fault("percent-mixed", k, name, found=text) for k, text in found[:FAULTS_A_COLUMN]]
            elif shown:
                told.append(f"“{name}”")
        if told:
            sheet.notice(
                "percentages", f"cells shown as percentages were read as shares of 1: {', '.join(sorted(told))}."
            )
        return faults

    def hidden_rows(self, header_row: int) -> list[int]:
        """Rows below the header (from 1) that the program hides and that hold something, where nobody said yet."""
        if self.settings.hidden is not None:
            return []
        return [i + 1 for i in self._filled(self._below(header_row)) if i in self.grid.hidden]

    def _below(self, header_row: int) -> range:
        """The rows below the header, up to the last one that is meant."""
        rows = len(self.grid.rows)
        return range(header_row, min(self.settings.last_row or rows, rows))

    def _filled(self, rows: range) -> list[int]:
        return [i for i in rows if any(not is_blank(cell) for cell in self.grid.rows[i])]

    def _column(self, place: int, rows: list[int], merged: Mapping[int, Value]) -> Cells:
        every = self.grid.rows
        cells = (merged.get(i, every[i][place] if place < len(every[i]) else "") for i in rows)
        return gather("" if is_blank(cell) else _plain(cell) for cell in cells)

    def _merged_cells(self, place: int, header_row: int, rows: list[int]) -> dict[int, Value]:
        """What a column's cells hold by being one with a cell above them, below the header: row -> value."""
        every, found = self.grid.rows, dict[int, Value]()
        end = header_row - 1
        for (top, left), (bottom, _) in sorted(self.grid.merged):
            if not (left == place and end < top < min(bottom, len(every))):
                continue
            end = bottom  # ranges that overlap are no spreadsheet's
            if place < len(every[top]) and not is_blank(value := every[top][place]):
                inside = rows[bisect_right(rows, top) : bisect_right(rows, bottom)]
                found |= {row: value for row in inside if place >= len(every[row]) or is_blank(every[row][place])}
        return found


def is_blank(cell: Value) -> bool:
    """Whether nothing stands in a cell."""
    return isinstance(cell, str) and not cell.strip()


def _plain(cell: Value) -> Value:
    """Whole numbers as floats, so that 5 and 5.0 are one value."""
    return float(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell
