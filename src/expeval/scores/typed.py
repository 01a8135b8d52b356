"""Cells to typed columns: numbers, levels and labels, with every cell that can't be one."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from expeval.faults import Fault, nearest
from expeval.scores.cells import (
    DATES,
    FAULTS_A_COLUMN,
    Cells,
    DistinctCells,
    ErrorCell,
    FormulaCell,
    LabelledCell,
    MissingCell,
    NumericCells,
    Sheet,
    Value,
    distinct,
    number_text,
    shown,
    texts_of,
    told,
)
from expeval.scores.numbers import FAULTS, LARGEST_WHOLE, Kind, read_text, read_value
from expeval.scores.spelling import tidy
from expeval.scores.table import Categories, FloatArray, IntArray
from expeval.scores.text_cells import ManyTexts
from expeval.scores.value_labels import (
    UNCLEAR,
    has_labels,
    label_texts,
    numeric_label,
    tell_labelled_numbers,
    unclear_levels,
)

MISSING = "missing"  # what a cell may stand for in an outcome's `values`

# Letters of labels that need no tidying and are part of no error value, no 63.0 and no date; from U+0400 to U+047F
# stand Cyrillic letters alone, none of which NFC would change.
_PLAIN = frozenset(string.ascii_letters + string.digits + "-_") | {chr(code) for code in range(0x400, 0x480)}
# A long number as a spreadsheet shows it, and saves it as text: its last digits are gone.
_SHORTENED = re.compile(r"\d[.,]\d+[eE]\+\d{2,3}", re.ASCII)
_WHOLE_LABEL = re.compile(r"(-?\d+)[.,]0+", re.ASCII)


@dataclass(frozen=True, slots=True)
class MissingValues:
    """What stands for a missing value besides the empty cell: texts, and the same as numbers."""

    texts: frozenset[str]
    numbers: frozenset[float]

    @classmethod
    def of(cls, texts: Iterable[str]) -> MissingValues:
        """From the texts of study.toml: ``"-99"`` also means a cell with the number -99.0."""
        tidied = [tidy(text) for text in texts]
        readings = [read_text(text, None) for text in tidied]
        return cls(frozenset(tidied), frozenset(r.number for r in readings if r.kind is Kind.NUMBER))


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one distinct cell value means: a number (NaN: missing, perhaps for a declared reason), or a fault."""

    number: float = float("nan")
    fault: str | None = None
    mended: str | None = None
    reason: str | None = None


@dataclass(slots=True)
class NumberColumn:
    """Numbers (n,), NaN where missing or faulty, the records of each fault, and why declared values are missing."""

    values: FloatArray
    faulty: dict[str, IntArray] = field(default_factory=dict)
    reasons: Categories | None = None


@dataclass(slots=True)
class LabelColumn:
    """Labels: codes (n,) into ``labels``, -1 where missing, and the records of each fault."""

    codes: IntArray
    labels: Sequence[str]
    faulty: dict[str, IntArray] = field(default_factory=dict)


def read_scores_column(sheet: Sheet, name: str, missing: MissingValues, stands: Mapping[str, float]) -> NumberColumn:
    """A column of numbers; ``stands`` says what texts stand for (NaN: missing)."""
    cells = sheet.columns[name]
    if isinstance(cells, NumericCells) and not stands:
        values = cells.numbers.copy()
        for number in missing.numbers:
            values[values == number] = np.nan
        return NumberColumn(values)

    def named(value: LabelledCell | MissingCell) -> Meaning | None:
        """What study.toml says of the label or the code."""
        found = [text for text in map(tidy, texts_of(value)) if text in stands or text in missing.texts]
        targets = {number_text(target): target for target in (stands.get(text, math.nan) for text in found)}
        if len(targets) > 1 or (found and numeric_label(value)):
            return Meaning(fault=UNCLEAR)
        number = next(iter(targets.values()), math.nan)
        if isinstance(value, MissingCell) and math.isnan(number):
            return Meaning(reason=value.reason)
        return Meaning(number) if found else None

    def meaning(value: Value) -> Meaning:
        if isinstance(value, (LabelledCell, MissingCell)):
            if (meant := named(value)) is not None:
                return meant
        else:
            text = tidy(shown(value))
            if text in stands:
                return Meaning(stands[text])
            if text in missing.texts:
                return Meaning()
        reading = read_value(value, sheet.decimal)
        if reading.kind in (Kind.NUMBER, Kind.EMPTY):
            return Meaning() if reading.number in missing.numbers else Meaning(reading.number, mended=reading.mended)
        return Meaning(fault=FAULTS[reading.kind])

    column = distinct(cells)
    tell_labelled_numbers(sheet, name, column.values, lambda value: meaning(value).number)
    return _read_distinct(sheet, column, meaning)


def read_levels_column(
    sheet: Sheet, name: str, missing: MissingValues, levels: Levels, stands: Mapping[str, str | float]
) -> NumberColumn:
    """A column of levels, as the levels' codes; a labelled value is a level by its label or by its code."""

    def plain(value: Value) -> Meaning:
        text = tidy(shown(value))
        if text in stands:
            target = stands[text]
            if target == MISSING:
                return Meaning()
            value = target if isinstance(target, str) else float(target)
            text = tidy(shown(value))
        elif text in missing.texts:
            return Meaning()
        if text in levels.by_text:
            return Meaning(levels.by_text[text])
        reading = read_value(value, sheet.decimal)
        if reading.kind is Kind.EMPTY or reading.number in missing.numbers:
            return Meaning()
        if reading.kind in (Kind.NUMBER, Kind.TEXT):
            code = levels.by_number.get(reading.number)
            return Meaning(fault="not-a-level") if code is None else Meaning(code, mended=reading.mended)
        return Meaning(fault=FAULTS[reading.kind])

    def meaning(value: Value) -> Meaning:
        if isinstance(value, MissingCell):
            named = [plain(text).number for text in texts_of(value) if tidy(text) in stands]
            meant = {number for number in named if not math.isnan(number)}
            return Meaning(meant.pop()) if len(meant) == 1 else Meaning(reason=value.reason)
        if not isinstance(value, LabelledCell):
            return plain(value)
        fits = [read for read in (plain(value.label), plain(value.code)) if read.fault is None]
        if len({number_text(read.number) for read in fits}) > 1:
            return Meaning(fault=UNCLEAR)
        return fits[0] if fits else plain(value.code)

    cells = distinct(sheet.columns[name])
    if not has_labels(cells.values):
        return _read_distinct(sheet, cells, meaning)
    unclear = unclear_levels(cells.values, lambda value: None if (read := plain(value)).fault else read.number)
    return _read_distinct(sheet, cells, lambda value: Meaning(fault=UNCLEAR) if value in unclear else meaning(value))


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of an ordinal or binary outcome: what a number or text of a cell is coded as."""

    by_number: Mapping[float, float]
    by_text: Mapping[str, float]
    shown: tuple[str, ...]

    @classmethod
    def of(cls, levels: Sequence[str | int], binary: bool) -> Levels:
        """Codes: binary 0 and 1; ordinal the level's number, or 1...k where a level is text."""
        texts = [tidy(str(level)) for level in levels]
        numbers = [read_text(text, None) for text in texts]
        numeric = all(reading.kind is Kind.NUMBER for reading in numbers)
        codes = [float(i if binary else i + 1) for i in range(len(levels))]
        if numeric and not binary:
            codes = [reading.number for reading in numbers]
        pairs = list(zip(numbers, texts, codes, strict=True))
        return cls(
            {reading.number: code for reading, _, code in pairs if reading.kind is Kind.NUMBER},
            {text: code for reading, text, code in pairs if reading.kind is not Kind.NUMBER},
            tuple(texts),
        )


def _read_distinct(sheet: Sheet, cells: DistinctCells, meaning: Callable[[Value], Meaning]) -> NumberColumn:
    meanings = [meaning(value) for value in cells.values]
    counts = cells.counts().tolist()
    for value, read, count in zip(cells.values, meanings, counts, strict=True):
        if read.mended is not None:
            sheet.mend(read.mended, count)
        elif sheet.letters and isinstance(value, str) and read.number == read.number:
            sheet.mend("numbers stored as text", count if read_value(value, sheet.decimal).kind is Kind.NUMBER else 0)
    values = np.array([read.number for read in meanings], dtype=np.float64)[cells.codes]
    return NumberColumn(values, _faulty(cells, [read.fault for read in meanings]), _reasons(cells, meanings))


def _reasons(cells: DistinctCells, meanings: Sequence[Meaning]) -> Categories | None:
    """Why cells are missing that the file declares missing; ``None`` where it declares none of them so."""
    labels = sorted({read.reason for read in meanings if read.reason is not None})
    if not labels:
        return None
    place = {label: i for i, label in enumerate(labels)}
    by_value = np.array([-1 if read.reason is None else place[read.reason] for read in meanings], dtype=np.int64)
    return Categories(by_value[cells.codes], tuple(labels))


def _faulty(cells: DistinctCells, faults: Sequence[str | None]) -> dict[str, IntArray]:
    """The records of each fault."""
    found = {}
    for code in dict.fromkeys(fault for fault in faults if fault is not None):
        wrong = np.array([fault == code for fault in faults], dtype=bool)
        found[code] = np.flatnonzero(wrong[cells.codes]).astype(np.int64)
    return found


def label_of(value: Value) -> str:
    """The label of a cell: tidied text; 63, 63.0, "63" and "63.0" are one label."""
    text = number_text(value) if isinstance(value, float) else tidy(shown(value))
    whole = _WHOLE_LABEL.fullmatch(text)
    return whole[1] if whole else text


def read_labels_column(
    sheet: Sheet,
    name: str,
    missing: MissingValues,
    named: Sequence[Collection[str]] = (),
    by_code: bool = False,
) -> LabelColumn:
    """A column of labels; dates, errors, formulas without value and numbers that lost digits are no labels.

    ``named`` are the words of study.toml that rows are chosen by, one collection for each thing they stand for:
    a value with a label may be named by the label or by its code.  ``by_code``: values count by their codes alone,
    as identifiers do.
    """
    cells = distinct(sheet.columns[name])
    if by_code and has_labels(cells.values):
        plain = (value.code if isinstance(value, LabelledCell) else value for value in cells.values)
        cells = DistinctCells(cells.codes, tuple(plain))
    if _plain_labels(cells.values, missing):
        empty = cells.values.index("") if "" in cells.values else -1
        codes = np.where(cells.codes == empty, -1, cells.codes)
        return LabelColumn(codes, cells.values if isinstance(cells.values, ManyTexts) else list(map(str, cells.values)))
    index: dict[str, int] = {}
    numbers, faults = [], []
    texts, unclear = label_texts(sheet, name, cells.values, label_of, named)
    for i, (value, label, count) in enumerate(zip(cells.values, texts, cells.counts().tolist(), strict=True)):
        absent = label in missing.texts
        if isinstance(value, LabelledCell):
            absent = absent or any(tidy(text) in missing.texts for text in texts_of(value))
        fault = None if absent else UNCLEAR if i in unclear else _label_fault(value)
        numbers.append(-1 if fault or absent or not label else index.setdefault(label, len(index)))
        faults.append(fault)
        if isinstance(value, str) and value and value != label and not _WHOLE_LABEL.fullmatch(value):
            sheet.mend("spaces in labels", count)
    return LabelColumn(np.array(numbers, dtype=np.int64)[cells.codes], list(index), _faulty(cells, faults))


def _plain_labels(values: Sequence[Value], missing: MissingValues) -> bool:
    """Whether all labels are texts that stand for themselves: seen in one look, as a column may hold millions."""
    if isinstance(values, ManyTexts):
        return values.plain and not any(text in values for text in missing.texts)
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values) or not missing.texts.isdisjoint(texts):
        return False
    letters = set("".join(texts))
    if " " not in letters:
        return letters <= _PLAIN
    return letters - {" "} <= _PLAIN and all("  " not in text and text == text.strip(" ") for text in texts)


def _label_fault(value: Value) -> str | None:
    if isinstance(value, DATES):
        return "date-in-cell"
    if isinstance(value, FormulaCell):
        return "formula-without-value"
    if isinstance(value, float) and abs(value) > LARGEST_WHOLE:
        return "label-inexact"
    if isinstance(value, str) and _SHORTENED.fullmatch(value.strip()):
        return "label-inexact"
    error = isinstance(value, ErrorCell) or (isinstance(value, str) and read_text(value, None).kind is Kind.ERROR)
    return "error-in-cell" if error else None


def cell_faults(
    sheet: Sheet,
    name: str,
    faulty: Mapping[str, IntArray],
    concerned: NDArray[np.bool_],
    keys: Mapping[str, str] | None = None,
    allowed: Mapping[str, str] | None = None,
    choices: Sequence[str] = (),
    personal: bool = False,
) -> list[Fault]:
    """The faults of a column's cells, of the records concerned.

    ``keys`` and ``allowed`` say by fault code which key settles it and what may stand there, ``choices`` are
    the right spellings where there are any; a ``personal`` column's content is not shown.
    """
    faults = []
    for code, records in faulty.items():
        wrong = records[concerned[records]]
        for record in wrong[:FAULTS_A_COLUMN].tolist():
            text = None if personal else _first_line(told(sheet.columns[name].value(record)).strip())
            more = {"key": (keys or {}).get(code), "allowed": (allowed or {}).get(code), "found": text}
            near = nearest(text, choices) if text and choices and code == "not-a-level" else None
            faults.append(sheet.fault(code, record, name, nearest=near, **more))
        if wrong.size > FAULTS_A_COLUMN:
            further = {"further": int(wrong.size) - FAULTS_A_COLUMN}
            faults.append(
                Fault(code, sheet.file, sheet.sheet, column=name, key=(keys or {}).get(code), details=further)
            )
    return faults


def _first_line(text: str) -> str:
    """A cell's first line: behind a stray quotation mark the further ones are other students' rows."""
    first, broken, _ = text.partition("\n")
    return f"{first} …" if broken else first


def text_share(
    cells: Cells, decimal: str | None, missing: MissingValues, concerned: NDArray[np.bool_]
) -> tuple[int, int]:
    """How many cells hold text and how many a number, the missing ones aside.

    Numbers that all have labels are names of categories; where some have none, the labels are remarks.
    """
    if isinstance(cells, NumericCells):
        return 0, int(np.count_nonzero(~np.isnan(cells.numbers[concerned])))
    counts = np.bincount(cells.codes[concerned], minlength=len(cells.values)).tolist()
    text = number = 0
    labels_alone = has_labels(cells.values)
    named = 0
    for value, count in zip(cells.values, counts, strict=True):
        if not count or any(tidy(one) in missing.texts for one in texts_of(value)):
            continue
        kind = read_value(value, decimal).kind
        named += count if isinstance(value, LabelledCell) else 0
        labels_alone = labels_alone and (isinstance(value, LabelledCell) or kind is Kind.EMPTY)
        text += count if kind is Kind.TEXT else 0
        number += count if kind in (Kind.NUMBER, Kind.TOO_LARGE, Kind.NOT_FINITE) else 0
    return (named, 0) if labels_alone else (text, number)
