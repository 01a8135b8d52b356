"""The arms side by side: a column an arm, of unequal length, and every cell a student."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from expeval.faults import Fault
from expeval.scores.arms import ARMS, NO_STUDENT, Membership
from expeval.scores.cells import Cells, NumericCells, shown
from expeval.scores.columns import Part, merge_numbers, outcome_column
from expeval.scores.roles import Columns
from expeval.scores.spelling import tidy
from expeval.scores.table import IntArray, Numbers
from expeval.scores.tables import Table
from expeval.scores.typed import MissingValues
from expeval.study.spec import Arm, Outcome, Study

SEARCHED_ROWS = 8  # from the end, for means and sums
LEAST_STUDENTS = 3
BOTH: dict[Arm, int] = {"experimental": 1, "control": 0}


def as_texts(columns: Columns) -> Columns:
    """The same columns, read cell by cell: a reader that looks for numbers takes a word for "missing" as empty."""
    return replace(columns, numeric=())


def sections(study: Study, tables: Sequence[Table]) -> tuple[list[Table], list[Membership]]:
    """Each file twice, once an arm, with the records that are students of it.

    A record is a student of an arm as far down as one of the arm's columns holds something.
    """
    twice, members = [], []
    for table in tables:
        for arm, code in BOTH.items():
            filled = np.zeros(table.sheet.rows.size, dtype=bool)
            for outcome in study.outcomes:
                if (cells := table.sheet.columns.get(outcome.column_of(arm))) is not None:
                    filled |= _filled(cells)
            end = int(np.max(np.flatnonzero(filled), initial=-1)) + 1
            codes: IntArray = np.full(filled.size, NO_STUDENT, dtype=np.int64)
            codes[:end] = code
            twice.append(table)
            members.append(Membership(codes, {}, True))
    return twice, members


def _filled(cells: Cells) -> NDArray[np.bool_]:
    if isinstance(cells, NumericCells):
        return ~np.isnan(cells.numbers)
    return np.array([tidy(shown(value)) != "" or not isinstance(value, str) for value in cells.values])[cells.codes]


def outcome_of_arms(
    study: Study, parts: Sequence[Part], outcome: Outcome, key: str, missing: MissingValues, faults: list[Fault]
) -> Numbers:
    """An outcome of both arms; ``parts`` as :func:`sections` has them, experimental and control in turn."""
    arms = list(BOTH) * (len(parts) // len(BOTH))
    pieces = [
        outcome_column([part], outcome.model_copy(update={"column": outcome.column_of(arm)}), key, missing, faults)
        for part, arm in zip(parts, arms, strict=True)
    ]
    return merge_numbers(pieces)


def empty_arms(study: Study, tables: Sequence[Table], members: Sequence[Membership]) -> list[Fault]:
    """An arm whose columns hold nothing."""
    faults = []
    for code, arm in ARMS.items():
        if any((member.arm == code).any() for member in members):
            continue
        outcome = study.outcomes[0]
        files = ", ".join(dict.fromkeys(table.sheet.file for table in tables))
        column = outcome.columns.experimental if outcome.columns and code else outcome.column_of("control")
        details = {"arm": arm, "values": {}, "distinct": 0}
        faults.append(Fault("arm-empty", files, column=column, key=f"outcomes[1].columns.{arm}", details=details))
    return faults


def summary_rows(study: Study, tables: Sequence[Table], parts: Sequence[Part], column: Numbers) -> list[Fault]:
    """Rows at the end that hold the means or sums of both arms: asked about, as they would count as students.

    ``column`` is an outcome as :func:`outcome_of_arms` reads it.
    """
    faults = []
    ends = np.cumsum([part.size for part in parts])
    values = np.split(column.values, ends[:-1])
    for i in range(0, len(parts), len(BOTH)):
        rows = min(values[i].size, values[i + 1].size)
        longest = max(values[i].size, values[i + 1].size)
        if tables[i].listed.settings.last_row is not None or longest - rows >= SEARCHED_ROWS:
            continue
        found = [
            row
            for row in range(max(longest - SEARCHED_ROWS, LEAST_STUDENTS), rows)
            if any(all(fits(arm[row], arm[:row]) for arm in values[i : i + 2]) for fits in (is_mean, is_sum))
        ]
        if found:
            names = (outcome.columns.experimental for outcome in study.outcomes if outcome.columns)
            records = list(range(found[0], longest))
            faults.append(tables[i].sheet.row_fault("summary-rows", records, column=next(names), key="data.last_row"))
    return faults


def is_mean(value: float, above: NDArray[np.float64]) -> bool:
    """Whether a value is the mean of those above it, rounded or not; a whole number is a score like others."""
    known = above[~np.isnan(above)]
    if known.size < LEAST_STUDENTS or np.isnan(value) or (value.is_integer() and value != known.mean()):
        return False
    return any(abs(round(float(known.mean()), digits) - value) < 1e-9 for digits in (1, 2, 3, 4, 5, 6)) or bool(
        np.isclose(known.mean(), value, rtol=1e-9)
    )


def is_sum(value: float, above: NDArray[np.float64]) -> bool:
    """Whether a value is the sum of those above it."""
    known = above[~np.isnan(above)]
    return known.size >= LEAST_STUDENTS and bool(np.isclose(known.sum(), value, rtol=1e-9)) and bool(value)
