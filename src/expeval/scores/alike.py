"""Labels that are the same to the eye: noticed, never merged, as they may well be two institutions or two students."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable, Sequence

import numpy as np

from expeval.scores.cells import Sheet
from expeval.scores.checking import Rows, every_row
from expeval.scores.columns import merge_labels
from expeval.scores.spelling import look_alike, loosened
from expeval.scores.table import Categories, Notice
from expeval.scores.typed import LabelColumn

SHOWN_GROUPS = 5
# Labels are folded one by one in Python, some microseconds each: of more, as the identifiers of a very large study
# are, nothing is told.
MOST_LABELS = 50_000
# Letters of which no two make another one together.
_SINGLE = frozenset(string.ascii_letters + string.digits + string.punctuation + "".join(map(chr, range(0x400, 0x460))))


def alike_institutions(column: Categories, places: Rows, named: bool) -> list[Notice]:
    """Institutions whose labels are the same to the eye.

    ``places`` is where the label of each student stands; where units may not be ``named``, their rows alone are told.
    """
    told = _units(column, None, places, named)
    words = (
        "Institutions whose labels differ only in capitals, spaces, leading zeros or letters that look alike count as "
        f"different ones; first rows of each: {told}."
    )
    return [Notice("institutions-look-alike", words)] if told else []


def alike_classes(column: Categories, within: Categories | None, places: Rows, named: bool) -> list[Notice]:
    """Classes ``within`` one institution whose labels are the same to the eye."""
    told = _units(column, within, places, named)
    words = (
        "Classes whose labels differ only in capitals, spaces, leading zeros or letters that look alike count as "
        f"different ones; first rows of each: {told}."
    )
    return [Notice("classes-look-alike", words)] if told else []


def _units(column: Categories, within: Categories | None, places: Rows, named: bool) -> str:
    groups = _first_rows(column, within, _unit)
    told = [_told(places, group, column if named else None) for group in groups[:SHOWN_GROUPS]]
    return "; ".join([*told, *(["…"] if len(groups) > SHOWN_GROUPS else [])])


def alike_students(sheets: Sequence[Sheet], labels: Sequence[LabelColumn], minimum_cell: int) -> list[Notice]:
    """Students whose identifiers are the same to the eye; none is shown, and few are not counted in words."""
    if sum(len(column.labels) for column in labels) > MOST_LABELS:
        return []
    column = (
        Categories(labels[0].codes, tuple(labels[0].labels))
        if len(labels) == 1
        else merge_labels([(one.codes, one.labels) for one in labels])
    )
    groups = _first_rows(column, None, _identifier)
    if not groups:
        return []
    size = sum(map(len, groups))
    count = f"fewer than {minimum_cell}" if size < minimum_cell else str(size)
    words = (
        "Students whose identifiers differ only in capitals, spaces or letters that look alike count as different ones "
        f"({count}); the first of them: {_told(every_row(sheets), groups[0], None)}."
    )
    return [Notice("students-look-alike", words)]


def _identifier(label: str) -> str:
    """An identifier as the eye takes it: without case, spaces and look-alike letters."""
    return look_alike(unicodedata.normalize("NFKC", label)).replace(" ", "")


def _unit(label: str) -> str:
    """The label of a unit as the eye takes it, and without the leading zeros that spreadsheets take away."""
    return loosened(unicodedata.normalize("NFKC", label)).replace(" ", "")


def _first_rows(column: Categories, within: Categories | None, fold: Callable[[str], str]) -> list[list[int]]:
    """Groups of labels that are folded to one, inside one unit of ``within``: the first row of each label."""
    if len(column.labels) > MOST_LABELS or _all_distinct(column.labels, fold):
        return []
    numbers: dict[str, int] = {}
    folded = np.array([numbers.setdefault(fold(label), len(numbers)) for label in column.labels], dtype=np.int64)
    concerned = np.append((np.bincount(folded) > 1)[folded], False)[column.codes]
    if within is not None:
        concerned &= within.codes >= 0
    rows = np.flatnonzero(concerned)
    codes = column.codes[rows]
    units = np.zeros(rows.size, dtype=np.int64) if within is None else within.codes[rows]
    _, first = np.unique(units * len(column.labels) + codes, return_index=True)
    groups: dict[tuple[int, int], list[int]] = {}
    for place in np.sort(first).tolist():
        groups.setdefault((int(units[place]), int(folded[codes[place]])), []).append(int(rows[place]))
    return [group for group in groups.values() if len(group) > 1]


def _all_distinct(labels: Sequence[str], fold: Callable[[str], str]) -> bool:
    """Whether no two labels can be folded to one, seen by their letters alone: identifiers are digits, mostly."""
    letters = set("".join(labels))
    if fold is not _identifier or not letters <= _SINGLE:
        return False
    return len(set(map(fold, letters))) == len(letters)


def _told(places: Rows, rows: Sequence[int], column: Categories | None) -> str:
    """Where labels stand, file by file, or each with its name."""
    found: dict[str, list[str]] = {}
    for row in rows:
        sheet, record = places.at(row)
        file = f"{sheet.file}, {sheet.sheet}" if sheet.sheet else sheet.file
        line = str(int(sheet.rows[record]))
        if column is not None:
            name = f"“{column.labels[int(column.codes[row])]}” ({file}: {line})"
            found[name] = []
        else:
            found.setdefault(file, []).append(line)
    return ", ".join(f"{file}: {', '.join(lines)}" if lines else file for file, lines in found.items())
