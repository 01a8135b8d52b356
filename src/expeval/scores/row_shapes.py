"""Rows of a text file whose cells stand in wrong columns: seen by what the same columns hold in the other rows.

A delimiter inside a cell that nobody put into quotation marks moves what follows by a column, a line break there
makes two rows of one.  Both leave rows that other programs also write in good order, with delimiters behind the last
value or without them; so a row is only told where it fits the columns once the cell is whole again, and not before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from expeval.scores.numbers import shape
from expeval.scores.same_values import Flags
from expeval.scores.table import IntArray
from expeval.scores.text_records import Records

LEAST_REGULAR = 3  # rows that show what the columns hold
_SHOWING = 200
_LOOKED_AT = 10_000  # rows of each kind: a file may have millions of short ones
_COMPARED = 10_000_000  # cells at most, where each two of a row are taken for one
_FEW_WORDS = 20


class Columns:
    """What the columns hold in rows of the header's length: numbers, texts, nothing; where words are few, which."""

    def __init__(self, rows: Sequence[Sequence[str]], width: int) -> None:
        self.kinds: list[set[str]] = []
        for place in range(width):
            cells = [row[place].strip() for row in rows]
            words = Counter(cell for cell in cells if _kind(cell) == "text")
            few = len(words) <= _FEW_WORDS and 2 * len(words) <= words.total()
            self.kinds.append(
                {_kind(cell) for cell in cells} - ({"text"} if few else set()) | (set(words) if few else set())
            )

    def fit(self, cells: Sequence[str]) -> bool:
        """Whether a row holds in each column what other rows hold there; a short row says nothing of the last ones."""
        both = zip(map(str.strip, cells), self.kinds, strict=False)
        return all(_kind(cell) in kinds or cell in kinds for cell, kinds in both)


def _kind(cell: str) -> str:
    return "" if not cell else "number" if shape(cell) is not None else "text"


def shifted_rows(records: Records, lengths: IntArray, kept: Flags, wanted: Sequence[int], width: int) -> list[int]:
    """Records with empty cells beyond the header that fit the columns once two of their cells are one."""
    longer = np.flatnonzero(kept & (lengths > width))
    if not longer.size:
        return []
    if longer.size == np.count_nonzero(kept):
        return _with_row_names(records, lengths, longer, wanted, width)
    if (columns := _columns(records, lengths, kept, width)) is None:
        return []
    found = []
    for record in longer[: min(_LOOKED_AT, 1 + _COMPARED // width**2)].tolist():
        cells = records.cells(record)
        if not any(cell.strip() for cell in cells[width:]) and not columns.fit(cells[:width]):
            # A sign of a number, or one that nobody meant.
            joined = (
                [*cells[:k], f"{cells[k]}{sign}{cells[k + 1]}", *cells[k + 2 :]]
                for k in range(width)
                for sign in (records.delimiter, "")
            )
            found += [record] if any(columns.fit(row[:width]) for row in joined) else []
    return found


def _with_row_names(
    records: Records, lengths: IntArray, longer: IntArray, wanted: Sequence[int], width: int
) -> list[int]:
    """All records, where each begins with its number, of which the header says nothing, as R writes tables.

    The last column is empty then, and none of the study's.
    """
    if longer.size < LEAST_REGULAR or width - 1 in wanted or (lengths[longer] != width + 1).any():
        return []
    for number, record in enumerate(longer[:_LOOKED_AT].tolist(), 1):
        cells = records.cells(record)
        if cells[0].strip() != str(number) or cells[-1].strip():
            return []
    return [int(record) for record in longer]


def broken_rows(records: Records, lengths: IntArray, kept: Flags, width: int) -> list[int]:
    """Records that together with the next one are one row, broken inside a cell."""
    pairs = kept[:-1] & kept[1:] & (lengths[:-1] + lengths[1:] == width + 1) & (lengths[1:] <= width)
    pairs &= np.diff(records.lines[: lengths.size]) == 1
    candidates = np.flatnonzero(pairs)[:_LOOKED_AT]
    others = kept.copy()
    others[candidates] = others[candidates + 1] = False  # what is doubted shows nothing
    columns = _columns(records, lengths, others, width) if candidates.size else None
    if columns is None:
        return []
    found = []
    for record in candidates.tolist():
        upper, lower = records.cells(record), records.cells(record + 1)
        whole = ([*upper[:-1], f"{upper[-1]}{sign}{lower[0]}".strip(), *lower[1:]] for sign in ("\n", ""))
        if any(map(columns.fit, whole)) and not (columns.fit(upper) and columns.fit(lower)):
            found.append(record)
    return found


def _columns(records: Records, lengths: IntArray, kept: Flags, width: int) -> Columns | None:
    regular = np.flatnonzero(kept & (lengths == width))[:_SHOWING].tolist()
    return Columns([records.cells(i) for i in regular], width) if len(regular) >= LEAST_REGULAR else None
