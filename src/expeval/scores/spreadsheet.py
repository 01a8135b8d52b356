"""Workbooks (XLSX, XLSM): values by calamine, what it doesn't tell from the sheet's own XML."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from expeval.faults import Fault
from expeval.scores.cells import ErrorCell, FormulaCell, Value
from expeval.scores.grid import Grid, GridFile, choose_sheet, is_meant
from expeval.scores.rich_text import shared_texts_apart
from expeval.scores.settings import Settings, Unreadable
from expeval.scores.sheet_marks import check_extent, percent_styles, sheet_marks, sheet_parts
from expeval.scores.workbook_safety import MAX_COLUMNS, UnsafeWorkbook, check_archive, open_archive, read_part

MAX_WHOLE_RATIO = 50  # unpacked to packed: every cell names its place, which packs by ten or twenty


@dataclass(frozen=True, slots=True)
class _Looks:
    """What the looks of cells say: shared texts whose parts stand apart, styles of percentages."""

    apart: Mapping[int, str]
    percent: frozenset[str]


class Workbook(GridFile):
    """A workbook whose archive was checked, with the one sheet that is read."""

    def __init__(self, data: bytes, settings: Settings, wanted: Sequence[str], file: str) -> None:
        try:
            archive = open_archive(data)
            check_archive(archive, data, MAX_WHOLE_RATIO)
            parts = sheet_parts(archive, data)
            xml = {name: read_part(archive, part, data) for name, part in parts.items()}
            for content in xml.values():
                check_extent(content)
            looks = _Looks(shared_texts_apart(archive, data), percent_styles(archive, data))
            grids = _grids(data, xml, looks, settings)
        except UnsafeWorkbook as unsafe:
            raise Unreadable(unsafe.fault(file)) from None
        except (CalamineError, OverflowError, ValueError) as error:  # the latter two: durations that none can be
            found = "it is damaged, or no file of this format"
            raise Unreadable(Fault("file-unreadable", file, found=found)) from error
        super().__init__(choose_sheet(grids, settings, wanted, file), settings, file)


def _grids(data: bytes, xml: Mapping[str, bytes], looks: _Looks, settings: Settings) -> list[Grid]:
    """The sheets; only the named one, or the visible ones, with their rows."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    grids = []
    for number, about in enumerate(book.sheets_metadata, 1):
        grid = Grid(about.name, [], visible=about.visible == SheetVisibleEnum.Visible)
        if is_meant(grid, number, settings):
            _fill(grid, book.get_sheet_by_index(number - 1), xml.get(about.name, b""), looks)
        grids.append(grid)
    return grids


def _fill(grid: Grid, sheet: CalamineSheet, xml: bytes, looks: _Looks) -> None:
    grid.rows = sheet.to_python(skip_empty_area=False)  # type: ignore[assignment]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if left <= right < MAX_COLUMNS:
            grid.merged.append(((top, left), (bottom, right)))
    marks = sheet_marks(xml, looks.apart, looks.percent)
    grid.hidden, grid.percent = marks.hidden, marks.percent
    marked: dict[tuple[int, int], Value] = {place: ErrorCell(text) for place, text in marks.errors.items()}
    marked |= {place: FormulaCell() for place in marks.formulas}
    marked |= marks.texts
    for (row, column), value in marked.items():
        while len(grid.rows) <= row:
            grid.rows.append([])
        grid.rows[row] += [""] * (column + 1 - len(grid.rows[row]))
        grid.rows[row][column] = value
