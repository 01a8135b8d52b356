"""Sheets while they are read cell by cell: what a file only counts (gaps, repeats, spans) is kept within bounds."""

from __future__ import annotations

from expeval.scores.cells import Value
from expeval.scores.grid import Grid, is_blank, is_meant
from expeval.scores.settings import Settings
from expeval.scores.workbook_safety import UnsafeWorkbook

MAX_ROWS = 2**20  # no spreadsheet has more
MAX_COLUMNS = 2**14
MAX_SHEETS = 10_000
MAX_COUNTED = 4_000_000  # cells and rows that don't stand in the file themselves
MAX_TEXT = 1_000_000  # letters of a cell; a spreadsheet program keeps 32,767 of them


class GridWriter:
    """Takes sheets, rows and cells in the order of the file; raises :class:`UnsafeWorkbook` where they have no end.

    ``settings`` says which sheets may be meant: of the others only the names are kept.  Blank cells and rows are
    kept only where something stands after them.
    """

    def __init__(self, settings: Settings) -> None:
        self.grids: list[Grid] = []
        self._settings = settings
        self._counted = 0
        self._row: list[Value] = []
        self._rows_before = self._cells_before = 0  # blank ones, not written yet
        self._kept = False

    def start_sheet(self, name: str, visible: bool = True) -> None:
        """A sheet begins."""
        if len(self.grids) == MAX_SHEETS:
            raise UnsafeWorkbook("extent", f"more than {MAX_SHEETS} sheets", f"{MAX_SHEETS} sheets")
        self.grids.append(Grid(name, [], visible=visible))
        self._kept = is_meant(self.grids[-1], len(self.grids), self._settings)
        self._row = []
        self._rows_before = self._cells_before = 0

    @property
    def row(self) -> int:
        """The row (from 0) that the next cell stands in."""
        return len(self.grids[-1].rows) + self._rows_before

    @property
    def column(self) -> int:
        """The column (from 0) that the next cell stands in."""
        return len(self._row) + self._cells_before

    def skip_rows(self, rows: int) -> None:
        """Rows that hold nothing."""
        self._rows_before += rows

    def skip_cells(self, cells: int) -> None:
        """Cells that hold nothing."""
        self._cells_before += cells

    def add(self, value: Value, times: int = 1) -> None:
        """A cell, or as many of it side by side."""
        if is_blank(value):
            self._cells_before += times
        elif self._kept:
            if self.column + times > MAX_COLUMNS:
                raise UnsafeWorkbook("extent", "more columns than a spreadsheet has", f"{MAX_COLUMNS} columns")
            if isinstance(value, str) and len(value) > MAX_TEXT:
                raise UnsafeWorkbook("extent", f"{len(value)} letters in a cell", f"{MAX_TEXT} letters")
            self._count(self._cells_before + times - 1)
            self._row += [""] * self._cells_before
            self._row += [value] * times
            self._cells_before = 0

    def merge(self, right: int, down: int) -> None:
        """The next cell spans so many columns and rows."""
        if self._kept and (right > 1 or down > 1):
            last = (min(self.row + down, MAX_ROWS) - 1, min(self.column + right, MAX_COLUMNS) - 1)
            self.grids[-1].merged.append(((self.row, self.column), last))

    def end_row(self, times: int = 1, hidden: bool = False) -> None:
        """A row ends; ``times``: it stands there as often."""
        row, self._row = self._row, []
        self._cells_before = 0
        if not row:
            self._rows_before += times
            return
        if self.row + times > MAX_ROWS:
            raise UnsafeWorkbook("extent", "more rows than a spreadsheet has", f"{MAX_ROWS} rows")
        self._count(self._rows_before + len(row) * (times - 1))
        grid = self.grids[-1]
        # Rows that are alike are one list: nothing writes into it.
        blank: list[Value] = []
        grid.rows += [blank] * self._rows_before
        self._rows_before = 0
        if hidden:
            grid.hidden.update(range(len(grid.rows), len(grid.rows) + times))
        grid.rows += [row] * times

    def _count(self, more: int) -> None:
        self._counted += more
        if self._counted > MAX_COUNTED:
            raise UnsafeWorkbook("extent", f"more than {MAX_COUNTED} repeated or empty cells", f"{MAX_COUNTED} cells")
