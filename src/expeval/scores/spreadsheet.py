"""Workbooks (XLSX, XLSM): values by calamine, what it doesn't tell from the sheet's own XML."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from expeval.faults import Fault, nearest
from expeval.scores.cells import Cells, ErrorCell, FormulaCell, Sheet, Value, gather, shown
from expeval.scores.settings import Preview, Request, Settings, Unreadable
from expeval.scores.sheet_marks import check_extent, column_letters, sheet_marks, sheet_parts
from expeval.scores.spelling import find_columns
from expeval.scores.workbook_safety import UnsafeWorkbook, check_archive, open_archive, read_part

PREVIEW_RECORDS = 40


class Workbook:
    """A workbook whose archive was checked, with the one sheet that is read."""

    def __init__(self, data: bytes, settings: Settings, wanted: Sequence[str], file: str) -> None:
        self.file = file
        self.settings = settings
        try:
            archive = open_archive(data)
            check_archive(archive, data)
            parts = sheet_parts(archive, data)
            xml = {name: read_part(archive, part, data) for name, part in parts.items()}
            for content in xml.values():
                check_extent(content)
            self._open(data, xml, wanted)
            self.marks = sheet_marks(xml.get(self.sheet.name, b""))
            self.grid: list[list[Value]] = self._grid()
        except UnsafeWorkbook as unsafe:
            raise Unreadable(
                Fault(
                    "workbook-unsafe", file, found=unsafe.found, allowed=unsafe.allowed, details={"why": unsafe.reason}
                )
            ) from None
        except CalamineError as error:
            raise Unreadable(Fault("file-unreadable", file, found=str(error))) from None

    def _open(self, data: bytes, xml: Mapping[str, bytes], columns: Sequence[str]) -> None:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = [sheet.name for sheet in book.sheets_metadata]
        wanted = self.settings.sheet
        if isinstance(wanted, int) and 1 <= wanted <= len(names):
            self.sheet = book.get_sheet_by_index(wanted - 1)
        elif isinstance(wanted, str) and wanted in names:
            self.sheet = book.get_sheet_by_name(wanted)
        elif wanted is not None:
            raise Unreadable(self._no_sheet(str(wanted), names))
        else:
            self.sheet = self._only_sheet(book, xml, columns)

    def _no_sheet(self, wanted: str, names: list[str]) -> Fault:
        near = nearest(wanted, names)
        return Fault("sheet-missing", self.file, key="data.sheet", found=wanted, allowed=", ".join(names), nearest=near)

    def _only_sheet(self, book: CalamineWorkbook, xml: Mapping[str, bytes], columns: Sequence[str]) -> CalamineSheet:
        """The one visible sheet with rows below a header; asked where there are more."""
        visible = [sheet.name for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
        filled = [sheet for sheet in map(book.get_sheet_by_name, visible) if sheet.end is not None]
        if len(filled) > 1:
            # A sheet with a title or a header alone is no second sheet of students; of several such, the first is told.
            filled = [sheet for sheet in filled if self._has_rows(sheet, xml.get(sheet.name, b""), columns)] or filled[
                :1
            ]
        if len(filled) > 1:
            found = ", ".join(sheet.name for sheet in filled)
            raise Unreadable(Fault("sheet-unclear", self.file, key="data.sheet", found=found))
        if not filled:
            raise Unreadable(Fault("file-empty", self.file))
        return filled[0]

    def _has_rows(self, sheet: CalamineSheet, xml: bytes, columns: Sequence[str]) -> bool:
        """Whether something stands below the header, or below the first row where no row looks like a header."""
        header = self.settings.last_header_row
        rows = sheet.to_python(skip_empty_area=False)
        filled = [i for i, row in enumerate(rows, 1) if any(not _blank(cell) for cell in row)]
        marks = sheet_marks(xml)  # errors and formulas without value are no values, but somebody's rows
        filled = sorted({*filled, *(row + 1 for row, _ in (*marks.errors, *marks.formulas))})
        if header is None:
            named = {
                i: find_columns([shown(c) for c in rows[i - 1]], columns).found
                for i in filled[:PREVIEW_RECORDS]
                if i <= len(rows)
            }
            header = max(named, key=lambda i: (named[i], -i), default=0)
        return bool(filled) and filled[-1] > header

    def _grid(self) -> list[list[Value]]:
        grid: list[list[Value]] = self.sheet.to_python(skip_empty_area=False)  # type: ignore[assignment]
        marked: dict[tuple[int, int], Value] = {place: ErrorCell(text) for place, text in self.marks.errors.items()}
        marked |= {place: FormulaCell() for place in self.marks.formulas}
        for (row, column), value in marked.items():
            while len(grid) <= row:
                grid.append([])
            grid[row] += [""] * (column + 1 - len(grid[row]))
            grid[row][column] = value
        return grid

    def preview(self) -> Preview:
        """The first rows that hold something."""
        rows = self.grid[: max(PREVIEW_RECORDS, self.settings.last_header_row or 0)]
        rows = [list(row) for row in rows]
        if isinstance(self.settings.header_row, tuple):
            self._spread_merged(rows, self.settings.header_row)
        records = [(i + 1, [shown(cell) for cell in row]) for i, row in enumerate(rows)]
        return Preview(records, len(self.grid))

    def _spread_merged(self, rows: list[list[Value]], header: tuple[int, int]) -> None:
        """A merged cell of the header's upper row stands above all the columns that it spans."""
        for (top, left), (_, right) in self.sheet.merged_cell_ranges or []:
            if top == header[0] - 1 < len(rows):
                rows[top][left : right + 1] = [rows[top][left]] * (right + 1 - left)

    def read(self, request: Request) -> tuple[Sheet, list[Fault]]:
        """The columns asked for, from the rows below the header."""
        last = self.settings.last_row or len(self.grid)
        below = range(request.header_row, min(last, len(self.grid)))
        filled = [i for i in below if any(not _blank(cell) for cell in self.grid[i])]
        visible = [i for i in filled if i not in self.marks.hidden] if self.settings.hidden == "drop" else filled
        sheet = Sheet(
            self.file,
            rows=np.array(visible, dtype=np.int64) + 1,
            columns={name: self._column(place, visible) for name, place in request.positions.items()},
            sheet=self.sheet.name,
            header_row=request.header_row,
            letters={name: column_letters(place) for name, place in request.positions.items()},
            hidden_rows=len(self.marks.hidden.intersection(visible)),
        )
        sheet.mend("blank rows", len(below) - len(filled))
        sheet.mend("hidden rows left out", len(filled) - len(visible))
        return sheet, []

    def _column(self, place: int, rows: list[int]) -> Cells:
        cells = (self.grid[i][place] if place < len(self.grid[i]) else "" for i in rows)
        return gather("" if _blank(cell) else _plain(cell) for cell in cells)


def _blank(cell: Value) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _plain(cell: Value) -> Value:
    """Whole numbers as floats, so that 5 and 5.0 are one value."""
    return float(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell
