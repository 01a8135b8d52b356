"""Cells as a reader hands them over: distinct values and where they stand, nothing interpreted yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from expeval.faults import Fault
from expeval.scores.table import FloatArray, IntArray

FAULTS_A_COLUMN = 1000  # further ones are counted, not listed
DATES = (dt.date, dt.time, dt.timedelta)  # a datetime is a date


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A cell that holds a spreadsheet error such as ``#DIV/0!``."""

    text: str


@dataclass(frozen=True, slots=True)
class FormulaCell:
    """A cell whose formula no spreadsheet program has computed."""


Value = str | float | bool | dt.date | dt.time | dt.timedelta | ErrorCell | FormulaCell


@dataclass(frozen=True, slots=True)
class DistinctCells:
    """A column as codes (n,) into its distinct values; an empty cell is the value ``""``."""

    codes: IntArray
    values: tuple[Value, ...]

    def value(self, record: int) -> Value:
        """The value of one record's cell."""
        return self.values[int(self.codes[record])]

    def counts(self) -> IntArray:
        """How often each distinct value stands there."""
        return np.bincount(self.codes, minlength=len(self.values)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class NumericCells:
    """A column that the reader found to hold nothing but numbers: (n,), NaN where the cell is empty."""

    numbers: FloatArray

    def value(self, record: int) -> Value:
        """The value of one record's cell."""
        number = float(self.numbers[record])
        return "" if number != number else number

    def distinct(self) -> DistinctCells:
        """The same column as distinct values."""
        numbers, codes = np.unique(self.numbers, return_inverse=True)
        values: list[Value] = ["" if number != number else number for number in numbers.tolist()]
        return DistinctCells(codes.astype(np.int64).reshape(-1), tuple(values))


Cells = DistinctCells | NumericCells


def distinct(cells: Cells) -> DistinctCells:
    """Any column as distinct values."""
    return cells.distinct() if isinstance(cells, NumericCells) else cells


def gather(values: Iterable[Value]) -> DistinctCells:
    """Cells from single values; ``5``, ``"5"`` and ``True`` stay different values."""
    index: dict[tuple[type, Value], int] = {}
    codes = [index.setdefault((type(value), value), len(index)) for value in values]
    return DistinctCells(np.array(codes, dtype=np.int64), tuple(value for _, value in index))


def number_text(number: float) -> str:
    """A number as a person writes it: 63, not 63.0."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def shown(value: Value) -> str:
    """A cell's value as a message shows it."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, ErrorCell):
        return value.text
    if isinstance(value, FormulaCell):
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)


@dataclass(slots=True)
class Sheet:
    """What a reader returns: the columns asked for, the file's row number of each record, what was detected.

    Attributes
    ----------
    file
        The path as messages and sources name it, relative to the study file.
    rows
        (n,) the row of each record as an editor or spreadsheet counts, from 1.
    columns
        name -> cells; a wanted column that the file lacks is absent.
    letters
        name -> column letter, where the file has cells with addresses.
    mended
        What was mended -> how often; the interpretation of the cells adds to it.
    """

    file: str
    rows: IntArray
    columns: dict[str, Cells]
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    letters: dict[str, str] = field(default_factory=dict)
    spellings: dict[str, str] = field(default_factory=dict)
    mended: dict[str, int] = field(default_factory=dict)
    hidden_rows: int = 0
    sha256: str = ""

    def mend(self, what: str, times: int) -> None:
        """Count something that was mended."""
        if times:
            self.mended[what] = self.mended.get(what, 0) + int(times)

    def fault(self, code: str, record: int, column: str, **more: str | None) -> Fault:
        """A fault in the cell of a record and column."""
        row = int(self.rows[record])
        letter = self.letters.get(column)
        cell = f"{letter}{row}" if letter else None
        return Fault(code, file=self.file, sheet=self.sheet, row=row, column=column, cell=cell, **more)  # type: ignore[arg-type]

    def row_fault(self, code: str, records: Sequence[int], **more: str | None) -> Fault:
        """A fault of whole rows, the first of them in ``row``."""
        first, *rest = (int(row) for row in self.rows[list(records)])
        return Fault(code, file=self.file, sheet=self.sheet, row=first, rows=tuple(rest), **more)  # type: ignore[arg-type]
