"""The decimal sign of one file, found in its number columns or asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from expeval.faults import Fault
from expeval.scores.cells import FAULTS_A_COLUMN, DistinctCells, NumericCells, Sheet
from expeval.scores.dialect import DecimalSign, detect_decimal
from expeval.scores.numbers import Kind, read_text, shape
from expeval.scores.spelling import tidy
from expeval.scores.typed import MissingValues


def settle_decimal(
    sheet: Sheet, names: Sequence[str], missing: MissingValues, given: str | None, stands: frozenset[str]
) -> list[Fault]:
    """Set the decimal sign of a sheet from its number columns; faults where both signs are plausible.

    ``given`` is what the study file says, and settles it.  ``stands`` are texts that study.toml gives a
    meaning of their own.
    """
    texts = {name: _number_texts(sheet, name, missing, stands) for name in names}
    point_seen = any(_has_fractions(sheet, name) for name in names)
    found = detect_decimal((text for column in texts.values() for text in column), point_seen, sheet.delimiter)
    if given is not None:
        sheet.decimal = given
        return []
    # While the question is open each cell is read by its own sign, so that other faults are told as well.
    sheet.decimal = None if found.asked else found.sign
    return [fault for name in names for fault in _asked(sheet, name, found)]


def _number_texts(sheet: Sheet, name: str, missing: MissingValues, stands: frozenset[str]) -> list[str]:
    """The distinct texts of a column that look like numbers, where most of its cells do."""
    cells = sheet.columns[name]
    if isinstance(cells, NumericCells):
        return []
    counts = cells.counts()
    aside = missing.texts | stands
    numbers: list[str] = []
    words = others = 0
    for value, count in zip(cells.values, counts.tolist(), strict=True):
        if isinstance(value, str) and (text := tidy(value)) and text not in aside:
            is_number = shape(value) is not None
            numbers += [value] if is_number else []
            others += count if is_number else 0
            words += count if read_text(value, None).kind is Kind.TEXT else 0
    return numbers if words <= others else []


def _has_fractions(sheet: Sheet, name: str) -> bool:
    cells = sheet.columns[name]
    return isinstance(cells, NumericCells) and bool(np.any(np.mod(cells.numbers, 1) > 0))


def _asked(sheet: Sheet, name: str, found: DecimalSign) -> list[Fault]:
    cells = sheet.columns[name]
    if not found.asked or not isinstance(cells, DistinctCells):
        return []
    asked = np.array([value in found.asked for value in cells.values], dtype=bool)
    records = np.flatnonzero(asked[cells.codes])
    return [
        sheet.fault(
            "decimal-unclear", record, name, key="data.decimal", found=str(cells.value(record)), nearest=found.against
        )
        for record in records[:FAULTS_A_COLUMN].tolist()
    ]
