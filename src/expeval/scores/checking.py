"""Checks across rows: students twice, units in both arms, covariates that vary, outcomes that are all missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expeval.faults import Fault
from expeval.scores.arms import CONTROL, EXPERIMENTAL
from expeval.scores.cells import Sheet
from expeval.scores.table import Categories, Column, IntArray, Numbers

FAULTS_A_CHECK = 1000


@dataclass(frozen=True, slots=True)
class Rows:
    """Where each student of the arms stands: the sheet and the record in it."""

    sheets: Sequence[Sheet]
    sheet: IntArray
    record: IntArray

    def fault(self, code: str, rows: Sequence[int], **more: str | None) -> Fault:
        """A fault of several rows; those of another file than the first one's stand in ``elsewhere``."""
        first = self.sheets[int(self.sheet[rows[0]])]
        here = [row for row in rows if self.sheet[row] == self.sheet[rows[0]]]
        fault = first.row_fault(code, self.record[here].tolist(), **more)
        others = [
            (self.sheets[s].file, int(self.sheets[s].rows[r]))
            for s, r in self._places(rows)
            if s != self.sheet[rows[0]]
        ]
        if others:
            fault.details["elsewhere"] = others
        return fault

    def _places(self, rows: Sequence[int]) -> list[tuple[int, int]]:
        return [(int(self.sheet[row]), int(self.record[row])) for row in rows]


def check_students(
    rows: Rows, students: IntArray, arm: IntArray, used: Sequence[Column], first_counts: bool, column: str
) -> tuple[list[Fault], NDArray[np.bool_]]:
    """Students with more than one row.

    Returns the faults and which rows are equal repetitions that ``duplicates = "first"`` leaves out.
    """
    repeated = np.zeros(students.size, dtype=bool)
    faults: list[Fault] = []
    for places in _groups_of_several(students):
        if len(set(arm[places].tolist())) > 1:
            faults.append(rows.fault("student-both-arms", places, column=column))
            continue
        different = [place for place in places[1:] if not _equal(used, places[0], place)]
        same = [place for place in places[1:] if place not in different]
        if different:
            faults.append(rows.fault("student-twice-different", [places[0], *different], column=column))
        if same and first_counts:
            repeated[same] = True
        elif same:
            faults.append(rows.fault("student-twice-same", [places[0], *same], column=column, key="data.duplicates"))
        if len(faults) >= FAULTS_A_CHECK:
            break
    return faults, repeated


def _groups_of_several(codes: IntArray) -> list[list[int]]:
    """The rows of each code that occurs more than once, in the order of their first rows."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    ends = np.append(starts[1:], codes.size)
    several = np.flatnonzero(ends - starts > 1)
    return sorted(order[starts[i] : ends[i]].tolist() for i in several.tolist())


def _equal(used: Sequence[Column], one: int, other: int) -> bool:
    return all(_same_cell(column, one, other) for column in used)


def _same_cell(column: Column, one: int, other: int) -> bool:
    if isinstance(column, Categories):
        return bool(column.codes[one] == column.codes[other])
    a, b = column.values[one], column.values[other]
    return bool(a == b or (np.isnan(a) and np.isnan(b)))


def check_units(rows: Rows, units: Categories, arm: IntArray, column: str) -> list[Fault]:
    """Units of assignment that stand in both arms, named, with the rows of their smaller side."""
    faults = []
    size = len(units.labels)
    known = units.codes >= 0
    counts = {code: np.bincount(units.codes[known & (arm == code)], minlength=size) for code in (EXPERIMENTAL, CONTROL)}
    for unit in np.flatnonzero((counts[EXPERIMENTAL] > 0) & (counts[CONTROL] > 0)).tolist()[:FAULTS_A_CHECK]:
        smaller = min(counts, key=lambda code: (int(counts[code][unit]), code))
        places = np.flatnonzero((units.codes == unit) & (arm == smaller))[:20].tolist()
        fault = rows.fault("unit-both-arms", places, column=column, found=units.labels[unit], key="groups.assigned")
        fault.details["count"] = int(counts[smaller][unit])
        faults.append(fault)
    return faults


def check_constant(rows: Rows, institution: Categories, name: str, column: Column) -> list[Fault]:
    """An institution covariate from the students' rows that differs inside an institution."""
    faults = []
    known = (institution.codes >= 0) & ~column.missing
    values = column.values if isinstance(column, Numbers) else column.codes.astype(np.float64)
    places = np.flatnonzero(known)
    order = places[np.lexsort((places, institution.codes[places]))]
    starts = np.flatnonzero(np.diff(institution.codes[order], prepend=-1))
    firsts = np.repeat(order[starts], np.diff(np.append(starts, order.size)))
    varying = order[values[order] != values[firsts]]
    for unit in np.unique(institution.codes[varying]).tolist()[:FAULTS_A_CHECK]:
        inside = order[institution.codes[order] == unit]
        _, first = np.unique(values[inside], return_index=True)
        shown = sorted(inside[first].tolist())
        found = ", ".join(_cell_text(column, place) for place in shown[:20])
        fault = rows.fault("covariate-varies", shown[:20], column=name, found=found, key="covariates.institution")
        fault.details["institution"] = institution.labels[unit]
        faults.append(fault)
    return faults


def _cell_text(column: Column, place: int) -> str:
    return column.labels[column.codes[place]] if isinstance(column, Categories) else f"{column.values[place]:g}"


def check_outcomes(outcomes: Mapping[str, Numbers], files: Sequence[str]) -> list[Fault]:
    """No student has any outcome at all: nothing could be said."""
    if all(outcome.missing.all() for outcome in outcomes.values()):
        return [Fault("no-outcome-at-all", ", ".join(dict.fromkeys(files)), found=", ".join(outcomes))]
    return []


def repeated_class_labels(institution: Categories, labels: Categories) -> int:
    """How many class labels stand in more than one institution."""
    known = (institution.codes >= 0) & (labels.codes >= 0)
    pairs = np.unique(np.stack([labels.codes[known], institution.codes[known]]), axis=1)
    return int(np.count_nonzero(np.bincount(pairs[0], minlength=1) > 1))
