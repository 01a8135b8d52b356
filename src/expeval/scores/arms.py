"""Which rows belong to which arm; who is no student, who stands in neither arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expeval.faults import Fault
from expeval.scores.cells import Sheet
from expeval.scores.spelling import look_alike, tidy
from expeval.scores.table import IntArray, Notice
from expeval.scores.typed import LabelColumn, MissingValues, cell_faults, label_of, read_labels_column
from expeval.study.spec import Study

NO_STUDENT, NO_GROUP, OTHER_GROUP, CONTROL, EXPERIMENTAL = -3, -2, -1, 0, 1
ARMS = {EXPERIMENTAL: "experimental", CONTROL: "control"}
SHOWN_VALUES = 20  # a group column with more distinct values is no group column: they may be names


@dataclass(slots=True)
class Membership:
    """Each record's arm (or why it has none), the student's label, and the group column's values with counts.

    ``known`` is false where the file lacks the group column: its rows then count as one arm, so that all their
    other faults are told too.
    """

    arm: IntArray
    students: LabelColumn | None
    values: dict[str, int]
    known: bool

    @property
    def kept(self) -> NDArray[np.bool_]:
        """The records of the two arms."""
        return np.asarray(self.arm >= 0)


def find_membership(
    study: Study, sheet: Sheet, arm: str | None, missing: MissingValues, faults: list[Fault]
) -> Membership:
    """Read student and group column; rows without a student identifier are asked about."""
    everyone = np.ones(sheet.rows.size, dtype=bool)
    students = _students(study, sheet, missing, faults)
    present = everyone if students is None else students.codes >= 0
    codes = np.full(sheet.rows.size, CONTROL, dtype=np.int64)
    values: dict[str, int] = {}
    column = study.groups.column
    if arm is not None:
        codes[:] = EXPERIMENTAL if arm == "experimental" else CONTROL
    elif column is not None and column in sheet.columns:
        labels = read_labels_column(sheet, column, missing)
        faults += cell_faults(sheet, column, labels.faulty, present)
        by_label = np.array([*(_arm_of(study, label) for label in labels.labels), NO_GROUP], dtype=np.int64)
        codes = by_label[labels.codes]
        counts = np.bincount(labels.codes[labels.codes >= 0], minlength=len(labels.labels)).tolist()
        values = dict(zip(labels.labels, counts, strict=True))
    known = arm is not None or column in sheet.columns
    codes[~present] = NO_STUDENT
    return Membership(codes, students, values, known)


def _students(study: Study, sheet: Sheet, missing: MissingValues, faults: list[Fault]) -> LabelColumn | None:
    name = study.data.student
    if name is None or name not in sheet.columns:
        return None
    labels = read_labels_column(sheet, name, missing)
    everyone = np.ones(sheet.rows.size, dtype=bool)
    faults += cell_faults(sheet, name, labels.faulty, everyone, personal=True)
    told = np.concatenate([*labels.faulty.values(), np.zeros(0, dtype=np.int64)])
    nobody = np.setdiff1d(np.flatnonzero(labels.codes < 0), told)
    if nobody.size:
        faults.append(sheet.row_fault("rows-below", nobody.tolist(), key="data.last_row", column=name))
    return labels


def _arm_of(study: Study, label: str) -> int:
    if label in map(label_of, study.experimental_values):
        return EXPERIMENTAL
    return CONTROL if label in map(label_of, study.control_values) else OTHER_GROUP


def student_codes(memberships: Sequence[Membership]) -> IntArray:
    """A number for each student of the arms over all files; equal identifiers have equal numbers."""
    first = memberships[0]
    if len(memberships) == 1 and first.students is not None:
        return first.students.codes[first.kept]
    index: dict[str, int] = {}
    pieces = []
    for membership in memberships:
        if membership.students is not None:
            codes = [index.setdefault(label, len(index)) for label in membership.students.labels]
            pieces.append(np.array([*codes, -1], dtype=np.int64)[membership.students.codes[membership.kept]])
    return np.concatenate(pieces)


def look_alike_groups(study: Study, values: dict[str, int]) -> list[Notice]:
    """Values of the group column that differ from an arm's only by case or look-alike letters."""
    arms = {look_alike(value): tidy(value) for value in (*study.experimental_values, *study.control_values)}
    return [
        Notice(
            "group-look-alike",
            f"Rows of the group “{label}” were left out: it only looks like “{arms[look_alike(label)]}”.",
        )
        for label in values
        if _arm_of(study, label) == OTHER_GROUP and look_alike(label) in arms
    ]


def arm_faults(study: Study, memberships: list[Membership], files: list[str]) -> list[Fault]:
    """An arm without any row, with what stands in the group column instead."""
    values: dict[str, int] = {}
    for membership in memberships:
        for label, count in membership.values.items():
            values[label] = values.get(label, 0) + count
    few = values if len(values) <= SHOWN_VALUES else {}
    faults = []
    for code, arm in ARMS.items():
        if any((membership.arm == code).any() for membership in memberships):
            continue
        wanted = study.experimental_values if code == EXPERIMENTAL else study.control_values
        faults.append(
            Fault(
                "arm-empty",
                ", ".join(dict.fromkeys(files)),
                column=study.groups.column,
                key=f"groups.{arm}",
                found=", ".join(wanted) or None,
                allowed=", ".join(few) or None,
                details={"arm": arm, "values": few, "distinct": len(values)},
            )
        )
    return faults
