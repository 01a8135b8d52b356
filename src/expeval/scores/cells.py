"""Cells as a reader hands them over: distinct values and where they stand, nothing interpreted yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from expeval.faults import Fault
from expeval.scores.same_values import distinct_numbers
from expeval.scores.table import FloatArray, IntArray, Notice

FAULTS_A_COLUMN = 1000  # further ones are counted, not listed
LAST_ROWS = 30  # of a file, among which totals are looked for
DATES = (dt.date, dt.time, dt.timedelta)  # a datetime is a date


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A cell that holds a spreadsheet error such as ``#DIV/0!``."""

    text: str


@dataclass(frozen=True, slots=True)
class FormulaCell:
    """A cell whose formula no spreadsheet program has computed."""


@dataclass(frozen=True, slots=True)
class LabelledCell:
    """A value that the file gives a label (1 = "boy"): its ``code`` counts as a number, its label as a name."""

    label: str
    code: str | float


@dataclass(frozen=True, slots=True)
class MissingCell:
    """A value that the file declares missing (SPSS' user-missing values, Stata's .a to .z), with its label if any."""

    label: str | None
    code: str | float

    @property
    def reason(self) -> str:
        """Why the value is missing: its label, else the value itself."""
        return self.label if self.label else plain_text(self.code)


Value = str | float | bool | dt.date | dt.time | dt.timedelta | ErrorCell | FormulaCell | LabelledCell | MissingCell


@dataclass(frozen=True, slots=True)
class DistinctCells:
    """A column as codes (n,) into its distinct values; an empty cell is the value ``""``."""

    codes: IntArray
    values: Sequence[Value]

    def value(self, record: int) -> Value:
        """The value of one record's cell."""
        return self.values[int(self.codes[record])]

    def counts(self) -> IntArray:
        """How often each distinct value stands there."""
        return np.bincount(self.codes, minlength=len(self.values)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class NumericCells:
    """A column that the reader found to hold nothing but numbers: (n,), NaN where the cell is empty.

    Where a decimal sign was taken for granted, ``examples`` are texts that hold it, and ``texts`` gives the same
    column as the file spells it.
    """

    numbers: FloatArray
    examples: tuple[str, ...] = ()
    texts: Callable[[], DistinctCells] | None = None

    def value(self, record: int) -> Value:
        """The value of one record's cell."""
        if self.texts is not None:
            return self.texts().value(record)
        number = float(self.numbers[record])
        return "" if number != number else number

    def distinct(self) -> DistinctCells:
        """The same column as distinct values."""
        codes, numbers = distinct_numbers(self.numbers)
        values: list[Value] = ["" if number != number else number for number in numbers.tolist()]
        return DistinctCells(codes, tuple(values))


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


def plain_text(value: str | float) -> str:
    """A text as it is, a number as a person writes it."""
    return number_text(value) if isinstance(value, float) else value


def texts_of(value: Value) -> tuple[str, ...]:
    """The texts by which study.toml may name a value: of a labelled one the label first, then the code."""
    if isinstance(value, LabelledCell):
        return (value.label, plain_text(value.code))
    if isinstance(value, MissingCell):
        return (value.reason, plain_text(value.code))
    return (shown(value),)


def told(value: Value) -> str:
    """A cell's value as a message shows it to the person who must mend it: a code with its label."""
    return f"{plain_text(value.code)} = {value.label}" if isinstance(value, LabelledCell) else shown(value)


def shown(value: Value) -> str:
    """A cell's value as a text; of a labelled one the label."""
    if isinstance(value, LabelledCell):
        return value.label
    if isinstance(value, MissingCell):
        return ""
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
        (n,) the row of each record as an editor or spreadsheet counts, from 1; the records, from 1, of formats in
        which the column names are no row (SPSS, Stata, Parquet).
    columns
        name -> cells; a wanted column that the file lacks is absent.
    letters
        name -> column letter, where the file has cells with addresses.
    mended
        What was mended -> how often; the interpretation of the cells adds to it.
    notices
        What else the report tells of the file, without counts (they could give small ones away).
    begins
        record -> the first cell of its row that holds something, in whatever column, of the last rows of a file.
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
    notices: list[Notice] = field(default_factory=list)
    begins: dict[int, str] = field(default_factory=dict)

    def notice(self, code: str, words: str) -> None:
        """Tell something about the file, once."""
        notice = Notice(code, f"{self.file}: {words}")
        if notice not in self.notices:
            self.notices.append(notice)

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
