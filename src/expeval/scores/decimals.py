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
    aside = missing.texts | stands
    found = _detected(sheet, names, aside)
    if _doubtful(sheet, names, found, aside):
        # The numbers were read by a sign that others speak against, or that is none: the texts decide.
        for name in names:
            cells = sheet.columns[name]
            if isinstance(cells, NumericCells) and cells.texts is not None:
                sheet.columns[name] = cells.texts()
        found = _detected(sheet, names, aside)
    if given is not None:
        sheet.decimal = given
        return []
    # While the question is open each cell is read by its own sign, so that other faults are told as well.
    sheet.decimal = None if found.asked else found.sign
    return [fault for name in names for fault in _asked(sheet, name, found)]


def _detected(sheet: Sheet, names: Sequence[str], aside: frozenset[str]) -> DecimalSign:
    texts = [text for name in names for text in _number_texts(sheet, name, aside)]
    return detect_decimal(texts, any(_has_fractions(sheet, name) for name in names), sheet.delimiter)


def _doubtful(sheet: Sheet, names: Sequence[str], found: DecimalSign, aside: frozenset[str]) -> bool:
    """Whether a sign that the reader took for granted, seeing one column alone, is not the file's."""
    examples = [example for name in names for example in _examples(sheet, name)]
    if not examples:
        return False
    if found.asked or any(shape(text) is not None for text in aside if not text.isdigit()):
        return True
    return any(_sign_in(example) != found.sign for example in examples)


def _sign_in(example: str) -> str:
    return "," if "," in example else "."


def _examples(sheet: Sheet, name: str) -> tuple[str, ...]:
    cells = sheet.columns[name]
    return cells.examples if isinstance(cells, NumericCells) else ()


def _number_texts(sheet: Sheet, name: str, aside: frozenset[str]) -> list[str]:
    """The distinct texts of a column that look like numbers, where most of its cells do."""
    cells = sheet.columns[name]
    if isinstance(cells, NumericCells):
        return list(cells.examples)
    counts = cells.counts()
    numbers: list[str] = []
    words = others = 0
    for value, count in zip(cells.values, counts.tolist(), strict=True):
        if isinstance(value, str) and (text := tidy(value)) and text not in aside:
            if shape(value) is not None:
                numbers.append(value)
                others += count
            elif read_text(value, None).kind is Kind.TEXT:
                words += count
    return numbers if words <= others else []


def _has_fractions(sheet: Sheet, name: str) -> bool:
    cells = sheet.columns[name]
    if not isinstance(cells, NumericCells) or cells.examples:
        return False
    return bool(np.any(cells.numbers > np.floor(cells.numbers)))


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
