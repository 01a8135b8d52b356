"""Workbooks (XLSX, XLSM): values by calamine, what it doesn't tell from the sheet's own XML."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from expeval.faults import Fault, nearest
from expeval.scores.cells import Cells, ErrorCell, FormulaCell, Sheet, Value, gather, shown
from expeval.scores.settings import Preview, Request, Settings, Unreadable
from expeval.scores.sheet_marks import check_extent, column_letters, sheet_marks, sheet_parts
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
            self._open(data)
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

    def _open(self, data: bytes) -> None:
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
            self.sheet = self._only_sheet(book)

    def _no_sheet(self, wanted: str, names: list[str]) -> Fault:
        near = nearest(wanted, names)
        return Fault("sheet-missing", self.file, key="data.sheet", found=wanted, allowed=", ".join(names), nearest=near)

    def _only_sheet(self, book: CalamineWorkbook) -> CalamineSheet:
        """The one visible sheet that holds something; asked where there are more."""
        visible = [sheet.name for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
        filled = [name for name in visible if book.get_sheet_by_name(name).end is not None]
        if len(filled) > 1:
            raise Unreadable(Fault("sheet-unclear", self.file, key="data.sheet", found=", ".join(filled)))
        if not filled:
            raise Unreadable(Fault("file-empty", self.file))
        return book.get_sheet_by_name(filled[0])

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
