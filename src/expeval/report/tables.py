"""A table as a value: the template draws every table of the page from this one shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

# A digit's and a decimal sign's width: with tabular figures they keep numbers on their decimal sign.
_DIGIT, _SIGN = "\u2007", "\u2008"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head with the unit, and whether numbers stand in it."""

    head: str
    unit: str = ""
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """A row; ``chosen`` sets the answer apart, ``mark`` says in a word what it is, ``explained`` in a line."""

    cells: tuple[str, ...]
    chosen: bool = False
    mark: str = ""
    section: bool = False  # the first cell is a heading over the rows below
    explained: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption and the notes below it."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def table(
    caption: str, columns: list[Column], rows: Sequence[Row | tuple[str, ...]], notes: tuple[str, ...] = ()
) -> Table:
    """A table with its numbers aligned; columns that are empty in every row are left out."""
    every = [row if isinstance(row, Row) else Row(row) for row in rows]
    bodies = [row.cells for row in every if not row.section]
    kept = [j for j in range(len(columns)) if j == 0 or any(cells[j] not in ("", "–") for cells in bodies)]
    aligned = {j: _aligned([row.cells[j] if not row.section else "" for row in every]) for j in kept}
    shown = []
    for i, row in enumerate(every):
        if row.section:
            shown.append(row)
            continue
        cells = tuple(aligned[j][i] if columns[j].numeric else row.cells[j] for j in kept)
        shown.append(replace(row, cells=cells))
    return Table(caption, tuple(columns[j] for j in kept), tuple(shown), notes)


def _aligned(cells: list[str]) -> list[str]:
    """Numbers padded on the right, so that right-aligned ones stand on their decimal sign."""
    fractions = [_fraction(cell) for cell in cells]
    longest = max(fractions, default=0)
    pairs = zip(cells, fractions, strict=True)
    return [cell + _padding(longest, places) if _is_number(cell) else cell for cell, places in pairs]


def _fraction(cell: str) -> int:
    return len(cell) - cell.rindex(".") - 1 if _is_number(cell) and "." in cell else 0


def _is_number(cell: str) -> bool:
    return bool(cell) and cell[-1].isdigit()


def _padding(longest: int, places: int) -> str:
    return (_SIGN if longest and not places else "") + _DIGIT * (longest - places)
