"""Checks across rows: students twice, units in both arms, covariates and strata that vary, columns without values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expeval.faults import Fault
from expeval.scores.arms import CONTROL, EXPERIMENTAL
from expeval.scores.cells import Sheet
from expeval.scores.same_values import distinct_codes
from expeval.scores.table import Categories, Column, IntArray, Notice, Numbers, Places

FAULTS_A_CHECK = 1000
ROWS_A_FAULT = 200  # further rows of one fault are counted at most
SHOWN_VALUES = 20
FEW_LEVELS = 20  # a category of so few levels tells nobody apart, however few the students are


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

    def at(self, row: int) -> tuple[Sheet, int]:
        """The sheet of a row and the record in it."""
        return self.sheets[int(self.sheet[row])], int(self.record[row])

    def key(self, row: int) -> tuple[str | None, str | None, int | None]:
        """File, sheet and row, as a fault names them."""
        sheet, record = self.at(row)
        return sheet.file, sheet.sheet, int(sheet.rows[record])

    def cell(self, row: int, column: str) -> str | None:
        """The address of a row's cell, where its file has addresses."""
        sheet, record = self.at(row)
        letter = sheet.letters.get(column)
        return f"{letter}{int(sheet.rows[record])}" if letter else None

    def places(self, kept: NDArray[np.bool_] | slice) -> Places:
        """File and row of the rows that are kept."""
        numbers = np.zeros(self.sheet.size, dtype=np.int64)
        for s, sheet in enumerate(self.sheets):
            here = self.sheet == s if len(self.sheets) > 1 else slice(None)
            numbers[here] = sheet.rows[self.record[here]]
        names = tuple(f"{sheet.file}, {sheet.sheet}" if sheet.sheet else sheet.file for sheet in self.sheets)
        return Places(names, self.sheet[kept].astype(np.int64), numbers[kept])

    def replaced(self, where: NDArray[np.bool_], other: Rows, place: IntArray) -> Rows:
        """The same rows, but those of ``where`` stand at these places of ``other``."""
        sheet, record = self.sheet.copy(), self.record.copy()
        sheet[where] = len(self.sheets) + other.sheet[place[where]]
        record[where] = other.record[place[where]]
        return Rows([*self.sheets, *other.sheets], sheet, record)

    def _places(self, rows: Sequence[int]) -> list[tuple[int, int]]:
        return [(int(self.sheet[row]), int(self.record[row])) for row in rows]


def every_row(sheets: Sequence[Sheet]) -> Rows:
    """All records of some sheets, one below the other."""
    sizes = [sheet.rows.size for sheet in sheets]
    sheet = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    return Rows(sheets, sheet, np.concatenate([np.arange(size, dtype=np.int64) for size in sizes]))


def fault_of_two(code: str, here: tuple[Rows, int], there: tuple[Rows, int], column: str) -> Fault:
    """A fault of two rows in two files, without what stands in them."""
    rows, row = here
    sheet, record = rows.at(row)
    fault = sheet.row_fault(code, [record], column=column, cell=rows.cell(row, column))
    other, place = there[0].at(there[1])
    fault.details["elsewhere"] = [(other.file, int(other.rows[place]))]
    return fault


def in_cohorts(students: IntArray, cohort: Categories | None) -> IntArray:
    """(n,) a number for each student and cohort: a student is unique within a cohort."""
    if cohort is None:
        return students
    return students * (len(cohort.labels) + 1) + cohort.codes


def several_cohorts_notice(students: IntArray, once: IntArray) -> list[Notice]:
    """That students stand in more than one cohort, whose rows depend on each other; how many is not told."""
    if np.unique(students).size == np.unique(once).size:
        return []
    words = (
        "Some students stand in more than one cohort, a row each: rows of one student depend on each other, which only "
        "analyses by institution or class allow for."
    )
    return [Notice("students-in-several-cohorts", words)]


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
    if bool((codes[1:] > codes[:-1]).all()):
        return []
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
    if column.reasons is not None and not _same_cell(column.reasons, one, other):
        return False
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
        places = np.flatnonzero((units.codes == unit) & (arm == smaller))[:ROWS_A_FAULT].tolist()
        fault = rows.fault("unit-both-arms", places, column=column, found=units.labels[unit], key="groups.assigned")
        fault.details["count"] = int(counts[smaller][unit])
        faults.append(fault)
    return faults


def check_constant(rows: Rows, units: Categories, name: str, column: Column, code: str, key: str) -> list[Fault]:
    """A column of the students' rows that differs inside a unit: an institution's covariate, an assigned stratum."""
    faults = []
    known = (units.codes >= 0) & ~column.missing
    values = column.values if isinstance(column, Numbers) else column.codes.astype(np.float64)
    places = np.flatnonzero(known)
    order = places[np.lexsort((places, units.codes[places]))]
    starts = np.flatnonzero(np.diff(units.codes[order], prepend=-1))
    firsts = np.repeat(order[starts], np.diff(np.append(starts, order.size)))
    varying = order[values[order] != values[firsts]]
    for unit in np.unique(units.codes[varying]).tolist()[:FAULTS_A_CHECK]:
        inside = order[units.codes[order] == unit]
        _, first = np.unique(values[inside], return_index=True)
        shown = sorted(inside[first].tolist())[:ROWS_A_FAULT]
        found = ", ".join(_cell_text(column, place) for place in shown[:SHOWN_VALUES])
        fault = rows.fault(code, shown, column=name, cell=rows.cell(shown[0], name), found=found, key=key)
        fault.details["institution"] = units.labels[unit]
        faults.append(fault)
    return faults


def _cell_text(column: Column, place: int) -> str:
    return column.labels[column.codes[place]] if isinstance(column, Categories) else f"{column.values[place]:g}"


_LACKING = {"groups.strata": "strata-missing", "data.cohort": "cohort-missing"}


def check_everybody(rows: Rows, column: Categories, name: str, key: str, told: Sequence[Fault]) -> list[Fault]:
    """Students of the arms without a stratum (a cohort), each with its cell; one fault where nobody has one.

    ``told`` are the faults so far: a cell that is one of them is not told again as an empty one, and neither are
    the cells of a column that a file lacks.
    """
    lacking = {(fault.file, fault.sheet) for fault in told if fault.code == "column-missing" and fault.column == name}
    known = {(fault.file, fault.sheet, fault.row) for fault in told if fault.column == name}
    empty = [
        place
        for place in np.flatnonzero(column.missing).tolist()
        if rows.key(place) not in known and rows.key(place)[:2] not in lacking
    ]
    if column.missing.all() and not known:
        return check_filled(rows.sheets, column, name, key, told)
    faults = []
    for place in empty[:FAULTS_A_CHECK]:
        sheet, record = rows.at(place)
        faults.append(sheet.fault(_LACKING[key], record, name, key=key))
    if len(empty) > FAULTS_A_CHECK:
        sheet, _ = rows.at(empty[FAULTS_A_CHECK])
        further = {"further": len(empty) - FAULTS_A_CHECK}
        faults.append(Fault(_LACKING[key], sheet.file, sheet.sheet, column=name, key=key, details=further))
    return faults


def check_filled(
    sheets: Sequence[Sheet], column: Categories, name: str, key: str, told: Sequence[Fault]
) -> list[Fault]:
    """A column that says who belongs where, without a value in any row of the two arms; ``sheets`` should hold it."""
    holding = holders(sheets, name)
    # A file that lacks the column, and a cell that can't be a label, are told already.
    if not column.codes.size or not column.missing.all() or not holding or len(holding) < len(sheets):
        return []
    if any(fault.column == name for fault in told):
        return []
    return [column_fault("column-empty", holding, name, key)]


def check_identifies(sheets: Sequence[Sheet], column: Column, name: str, key: str) -> list[Fault]:
    """A category with a level for (almost) every student: its levels would be published as terms."""
    if not isinstance(column, Categories):
        return []
    filled = column.codes[~column.missing]
    levels = int(np.count_nonzero(np.bincount(filled, minlength=1)))
    if levels <= FEW_LEVELS or 2 * levels <= filled.size:
        return []
    fault = column_fault("covariate-identifies", holders(sheets, name), name, key)
    fault.details.update(levels=levels, filled=int(filled.size))
    return [fault]


def holders(sheets: Sequence[Sheet], name: str) -> list[Sheet]:
    """The sheets that hold a column."""
    return [sheet for sheet in sheets if name in sheet.columns]


def column_fault(code: str, sheets: Sequence[Sheet], name: str, key: str) -> Fault:
    """A fault of a whole column, of all the files that hold it."""
    files = ", ".join(dict.fromkeys(sheet.file for sheet in sheets))
    return Fault(code, files, sheets[0].sheet if len(sheets) == 1 else None, column=name, key=key)


def check_outcomes(outcomes: Mapping[str, Numbers], files: Sequence[str]) -> list[Fault]:
    """No student has any outcome at all: nothing could be said."""
    if all(outcome.missing.all() for outcome in outcomes.values()):
        return [Fault("no-outcome-at-all", ", ".join(dict.fromkeys(files)), found=", ".join(outcomes))]
    return []


def repeated_class_labels(institution: Categories, labels: Categories) -> int:
    """How many class labels stand in more than one institution."""
    known = (institution.codes >= 0) & (labels.codes >= 0)
    width = max(len(institution.labels), 1)
    _, pairs = distinct_codes(labels.codes[known] * width + institution.codes[known])
    return int(np.count_nonzero(np.bincount(pairs // width) > 1))
