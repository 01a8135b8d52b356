"""What a column holds, over all tables that have it: numbers, levels, labels, and whether it tells students apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from expeval.proposal.looking import Looked
from expeval.proposal.words import is_missing_word, role_of
from expeval.scores.cells import DistinctCells, LabelledCell, NumericCells, texts_of
from expeval.scores.numbers import Kind, read_value
from expeval.scores.spelling import tidy
from expeval.scores.table import FloatArray, IntArray
from expeval.scores.typed import MissingValues, label_of, read_labels_column

NOTHING = MissingValues.of(())
FEW = 12  # labels that may be shown: of more they may be names


@dataclass
class Column:
    """A column over its tables, rows one below the other.

    Attributes
    ----------
    codes, labels
        (n,) each row's label, -1 where the cell is empty; a value with a label counts by the label.
    numbers
        (n,) the number in each cell, NaN where it holds none.
    texts
        Cells that are neither empty nor a number -> how many.
    others
        How many cells are dates, errors, formulas or numbers without bound.
    labelled
        Whether the file gives its values labels.
    """

    name: str
    role: str | None
    codes: IntArray
    labels: list[str]
    numbers: FloatArray
    texts: Counter[str] = field(default_factory=Counter)
    others: int = 0
    labelled: bool = False

    @property
    def filled(self) -> int:
        """How many cells hold something."""
        return int(np.count_nonzero(self.codes >= 0)) + self.others

    @cached_property
    def _times(self) -> IntArray:
        """How often each label stands there."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.labels)).astype(np.int64)

    @property
    def distinct(self) -> int:
        """How many different labels stand there."""
        return int(np.count_nonzero(self._times))

    @cached_property
    def counts(self) -> dict[str, int]:
        """label -> how often it stands there, the most frequent first."""
        pairs = zip(self.labels, self._times.tolist(), strict=True)
        return dict(Counter({label: times for label, times in pairs if times}).most_common())

    @property
    def unique_share(self) -> float:
        """Share of the filled cells that no other cell repeats."""
        return int(np.count_nonzero(self._times == 1)) / max(1, int(self._times.sum()))

    @cached_property
    def levels(self) -> list[float]:
        """The distinct numbers."""
        return [float(number) for number in np.unique(self.numbers[~np.isnan(self.numbers)]).tolist()]

    @property
    def is_numeric(self) -> bool:
        """Whether most cells are numbers, the words for "missing" aside."""
        numbers = int(np.count_nonzero(~np.isnan(self.numbers)))
        words = sum(count for text, count in self.texts.items() if not is_missing_word(text))
        return numbers > 0 and words <= numbers

    @property
    def is_whole(self) -> bool:
        """Whether all its numbers are whole."""
        return bool(np.all(np.mod(self.numbers[~np.isnan(self.numbers)], 1) == 0))


def profile(name: str, tables: Sequence[Looked]) -> Column:
    """Look at one column of tables that stand one below the other; where a table lacks it, cells are empty."""
    known = tables[0].profiles if tables else {}
    key = (name, *map(id, tables))
    if key not in known:
        known[key] = _profile(name, tables)
    column: Column = known[key]
    return column


def _profile(name: str, tables: Sequence[Looked]) -> Column:
    codes: list[IntArray] = []
    numbers: list[FloatArray] = []
    index: dict[str, int] = {}
    column = Column(name, role_of(name), np.zeros(0, dtype=np.int64), [], np.zeros(0))
    for table in tables:
        if name not in table.sheet.columns:
            codes.append(np.full(table.rows, -1, dtype=np.int64))
            numbers.append(np.full(table.rows, np.nan))
            continue
        labels = read_labels_column(table.sheet, name, NOTHING)
        place = [index.setdefault(label, len(index)) for label in labels.labels]
        codes.append(np.array([*place, -1], dtype=np.int64)[labels.codes])
        cells = table.sheet.columns[name]
        numbers.append(cells.numbers if isinstance(cells, NumericCells) else _numbers(column, table, cells))
    column.codes = np.concatenate(codes) if codes else column.codes
    column.numbers = np.concatenate(numbers) if numbers else column.numbers
    column.labels = list(index)
    return column


def _numbers(column: Column, table: Looked, cells: DistinctCells) -> FloatArray:
    readings = [read_value(value, table.settings.decimal) for value in cells.values]
    for value, reading, count in zip(cells.values, readings, cells.counts().tolist(), strict=True):
        column.labelled = column.labelled or isinstance(value, LabelledCell)
        if reading.kind is Kind.TEXT:
            column.texts[tidy(texts_of(value)[0])] += count
        elif reading.kind not in (Kind.EMPTY, Kind.NUMBER):
            column.others += count
    return np.array([reading.number for reading in readings], dtype=np.float64)[cells.codes]


def same_label(one: str, other: str) -> bool:
    """Whether two labels are one, as the readers compare them."""
    return label_of(one) == label_of(other)
