"""Sheets while they are read cell by cell: what a file only counts (gaps, repeats, spans) is kept within bounds."""

from __future__ import annotations

from dataclasses import dataclass, field

from expeval.scores.cells import Value
from expeval.scores.grid import Grid, is_blank, is_meant
from expeval.scores.settings import Settings
from expeval.scores.workbook_safety import MAX_COLUMNS, MAX_ROWS, UnsafeWorkbook

MAX_SHEETS = 10_000
MAX_COUNTED = 2_000_000  # cells and rows that don't stand in the file themselves
MAX_TEXT = 1_000_000  # letters of a cell; a spreadsheet program keeps 32,767 of them


@dataclass(slots=True)
class SheetList:
    """The sheets of a file in its order; of those that are not meant only the names are kept."""

    settings: Settings
    grids: list[Grid] = field(default_factory=list)
    counted: int = 0

    def start(self, name: str | None = None, visible: bool = True) -> GridWriter:
        """A sheet begins; without a name it is called by its number."""
        number = len(self.grids) + 1
        if number > MAX_SHEETS:
            raise UnsafeWorkbook("extent", f"more than {MAX_SHEETS} sheets", f"{MAX_SHEETS} sheets")
        grid = Grid(str(number) if name is None else name, [], visible=visible)
        self.grids.append(grid)
        return GridWriter(grid, is_meant(grid, number, self.settings), self)

    def count(self, more: int) -> None:
        """So many more cells or rows are kept or gone over that don't stand in the file themselves."""
        self.counted += more
        if self.counted > MAX_COUNTED:
            raise UnsafeWorkbook("extent", f"more than {MAX_COUNTED} repeated or empty cells", f"{MAX_COUNTED} cells")


class GridWriter:
    """Takes the rows and cells of one sheet in their order; raises :class:`UnsafeWorkbook` where they have no end.

    Blank cells and rows are kept only where something stands after them.
    """

    def __init__(self, grid: Grid, kept: bool, sheets: SheetList) -> None:
        self.grid = grid
        self._kept = kept
        self._sheets = sheets
        self._row: list[Value] = []
        self._rows_before = self._cells_before = 0  # blank ones, not written yet

    @property
    def row(self) -> int:
        """The row (from 0) that the next cell stands in."""
        return len(self.grid.rows) + self._rows_before

    @property
    def column(self) -> int:
        """The column (from 0) that the next cell stands in."""
        return len(self._row) + self._cells_before

    def skip_rows(self, rows: int) -> None:
        """Rows that hold nothing."""
        self._rows_before += rows

    def skip_cells(self, cells: int) -> None:
        """Cells that hold nothing."""
        self._cells_before = min(self._cells_before + cells, MAX_COLUMNS)

    def cover(self, cells: int) -> None:
        """The next cells are covered by some of the rows above."""
        if cells:
            self.count(cells)
            self.skip_cells(cells)

    def count(self, more: int) -> None:
        """So many cells are kept, or gone over, that don't stand in the file themselves."""
        self._sheets.count(more)

    def add(self, value: Value, times: int = 1) -> None:
        """A cell, or as many of it side by side."""
        if is_blank(value) or not self._kept:
            self.skip_cells(times)
            return
        if self.column + times > MAX_COLUMNS:
            raise UnsafeWorkbook("extent", "more columns than a spreadsheet has", f"{MAX_COLUMNS} columns")
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise UnsafeWorkbook("extent", f"{len(value)} letters in a cell", f"{MAX_TEXT} letters")
        if self._cells_before or times > 1:
            self.count(self._cells_before + times - 1)
            self._row += [""] * self._cells_before
            self._cells_before = 0
        self._row += [value] * times

    def merge(self, right: int, down: int) -> None:
        """The next cell spans so many columns and rows."""
        if self._kept and (right > 1 or down > 1):
            last = (min(self.row + down, MAX_ROWS) - 1, min(self.column + right, MAX_COLUMNS) - 1)
            self.grid.merged.append(((self.row, self.column), last))

    def end_row(self, times: int = 1, hidden: bool = False) -> None:
        """A row ends; ``times``: it stands there as often."""
        row, self._row = self._row, []
        self._cells_before = 0
        if not row:
            self._rows_before += times
            return
        rows = self.grid.rows
        if self.row + times > MAX_ROWS:
            raise UnsafeWorkbook("extent", "more rows than a spreadsheet has", f"{MAX_ROWS} rows")
        if self._rows_before or times > 1:
            self.count(self._rows_before + len(row) * (times - 1))
            # Rows that are alike are one list: nothing writes into it.
            blank: list[Value] = []
            rows += [blank] * self._rows_before
            self._rows_before = 0
        if hidden:
            self.grid.hidden.update(range(len(rows), len(rows) + times))
        rows += [row] * times
