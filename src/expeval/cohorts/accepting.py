"""The cells of a checked draft as they are accepted: what the study's readers will read the same way again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from expeval.cohorts.choices import MISSING, Choices
from expeval.cohorts.draft import column_words, outcomes_of
from expeval.cohorts.preview import StudentRow
from expeval.scores.arms import CONTROL, EXPERIMENTAL, NO_GROUP, OTHER_GROUP
from expeval.scores.cells import LabelledCell, MissingCell, Sheet, Value, distinct, shown, texts_of
from expeval.scores.kept_cells import as_json
from expeval.scores.numbers import Kind, read_value
from expeval.scores.roles import missing_values, outcome_levels
from expeval.scores.spelling import tidy
from expeval.scores.table import IntArray
from expeval.scores.typed import read_labels_column, text_share
from expeval.study.spec import Outcome, Scalar, Study

ARMS = {EXPERIMENTAL: "experimental", CONTROL: "control", OTHER_GROUP: "other", NO_GROUP: "none"}


def accepted_rows(study: Study, sheet: Sheet, arm: IntArray, choices: Choices) -> list[StudentRow]:
    """Each record as it is accepted; ``arm`` (records,) as :mod:`expeval.scores.arms` has it.

    Of a row of neither arm nothing is kept but that it is there, and its word for the group.
    """
    kept = arm >= 0
    columns = {name: _column(study, sheet, name, kept, choices) for name in _used(study) if name in sheet.columns}
    students = _texts(study, sheet, study.data.student)
    classes = _texts(study, sheet, study.data.class_)
    groups = _texts(study, sheet, study.groups.column)
    rows = []
    for record, row in enumerate(sheet.rows.tolist()):
        word = ARMS[int(arm[record])]
        if kept[record]:
            cells = {name: value for name, column in columns.items() if (value := column[record]) is not None}
            rows.append(StudentRow(row, students[record], word, classes[record], cells))
        else:
            cells = {str(study.groups.column): groups[record]} if word == "other" and groups[record] else {}
            rows.append(StudentRow(row, students[record], word, None, cells))
    return rows


def _used(study: Study) -> list[str]:
    """The columns besides those that say who, where and in which arm."""
    names = [study.groups.strata]
    for outcome in study.outcomes:
        names += [outcome.column, outcome.baseline]
    names += [*study.covariates.student, *study.covariates.institution]
    return [name for name in dict.fromkeys(names) if name is not None]


def _texts(study: Study, sheet: Sheet, name: str | None) -> list[str | None]:
    if name is None or name not in sheet.columns:
        return [None] * int(sheet.rows.size)
    labels = read_labels_column(sheet, name, missing_values(study), by_code=name == study.data.student)
    return [labels.labels[code] if code >= 0 else None for code in labels.codes.tolist()]


def _column(study: Study, sheet: Sheet, name: str, kept: np.ndarray[Any, Any], choices: Choices) -> list[Any]:
    outcomes = outcomes_of(study, name)
    if not outcomes and _holds_labels(study, sheet, name, kept):
        return list(_texts(study, sheet, name))
    missing = missing_values(study).texts
    texts = [_own_texts(outcome) for outcome in outcomes]
    # What only some of a column's outcomes would read as the study says is kept as what it stands for.
    every = missing.union(set[str].intersection(*texts) if texts else ())
    words = {word: of for word, of in column_words(study, name, choices).items() if word not in every}
    known = set(missing).union(*texts) - words.keys()
    meaning = _meaning(words, known, sheet.decimal)
    cells = distinct(sheet.columns[name])
    values = [meaning(value) for value in cells.values]
    return [values[code] for code in cells.codes.tolist()]


def _own_texts(outcome: Outcome) -> set[str]:
    """The texts that the study itself explains for an outcome."""
    levels = outcome_levels(outcome)
    return {tidy(text) for text in outcome.values} | set(levels.by_text if levels else ())


def _holds_labels(study: Study, sheet: Sheet, name: str, kept: np.ndarray[Any, Any]) -> bool:
    if name == study.groups.strata or name in study.covariates.categories:
        return True
    texts, numbers = text_share(sheet.columns[name], sheet.decimal, missing_values(study), kept)
    return texts > numbers


def _meaning(words: Mapping[str, Scalar], known: set[str], decimal: str | None) -> Callable[[Value], Any]:
    """How one cell is kept: the study's own words as they are, the teacher's as what they stand for."""

    def meaning(value: Value) -> Any:
        for text in map(tidy, texts_of(value)):
            if text in words:
                target = words[text]
                return None if target == MISSING else target if isinstance(target, str) else float(target)
        if isinstance(value, (LabelledCell, MissingCell)):
            return as_json(value)
        text = tidy(shown(value))
        if isinstance(value, str) and text in known:
            return text
        reading = read_value(value, decimal)
        if reading.kind is Kind.NUMBER:
            return reading.number
        return None if reading.kind is Kind.EMPTY else text

    return meaning
