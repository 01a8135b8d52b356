"""Totals below the scores of an arm's own file that names no students: without a word beside them, told by value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from expeval.faults import Fault
from expeval.scores.cells import number_text
from expeval.scores.columns import Part
from expeval.scores.numbers import read_text
from expeval.scores.side_by_side import is_mean, is_sum
from expeval.scores.table import FloatArray, Numbers
from expeval.scores.tables import Table
from expeval.study.spec import Study

LAST = 3  # rows: a sum, a mean, a date below them
LEAST_SCORES = 5  # above a total


def totals_in_files(study: Study, tables: Sequence[Table], parts: Sequence[Part], column: Numbers) -> list[Fault]:
    """Last rows whose score is the sum of all above it, or their mean with more decimals than any of them has.

    A total without a word stands alone in its row: what begins with a name or anything else is a student's.
    ``column`` is an outcome of all the ``parts``.  In a file that names students, or their arm, a total has neither.
    """
    if study.data.student is not None or column.values.size != sum(part.size for part in parts):
        return []
    faults = []
    start = 0
    for table, part in zip(tables, parts, strict=True):
        values = column.values[start : start + part.size]
        start += part.size
        if table.listed.arm is None or table.listed.settings.last_row is not None:
            continue
        last = range(max(values.size - LAST, LEAST_SCORES), values.size)
        records = np.flatnonzero(part.kept).tolist()
        alone = [row for row in last if _begins_with(table, records[row], float(values[row]))]
        if found := [row for row in alone if _is_total(float(values[row]), values[:row])]:
            records = records[found[0] :]
            faults.append(table.sheet.row_fault("summary-rows", records, key="data.last_row"))
    return faults


def _begins_with(table: Table, record: int, score: float) -> bool:
    reading = read_text(table.sheet.begins.get(record, ""), table.sheet.decimal)
    return reading.number == score


def _is_total(value: float, above: FloatArray) -> bool:
    known = above[~np.isnan(above)]
    if known.size < LEAST_SCORES or np.isnan(value):
        return False
    if is_sum(value, known) and value > 2 * known.max():
        return True
    return is_mean(value, known) and _decimals(value) > max(map(_decimals, known[-100:].tolist()))


def _decimals(value: float) -> int:
    return len(number_text(value).partition(".")[2])
