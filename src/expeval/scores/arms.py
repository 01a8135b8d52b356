"""Which rows belong to which arm; who is no student, who stands in neither arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
    other faults are told too.  ``lacking`` counts the students of institutions that the institution file, which
    holds the group column, does not have.
    """

    arm: IntArray
    students: LabelColumn | None
    values: dict[str, int]
    known: bool
    lacking: dict[str, int] = field(default_factory=dict)

    @property
    def kept(self) -> NDArray[np.bool_]:
        """The records of the two arms."""
        return np.asarray(self.arm >= 0)


def find_membership(
    study: Study,
    sheet: Sheet,
    arm: str | None,
    missing: MissingValues,
    faults: list[Fault],
    groups: Mapping[str, str | None] | None = None,
) -> Membership:
    """Read student and group column; rows without a student identifier are asked about.

    ``groups`` is each institution's value of the group column, for files of scores that don't hold it themselves.
    """
    everyone = np.ones(sheet.rows.size, dtype=bool)
    students = _students(study, sheet, missing, faults)
    present = everyone if students is None else students.codes >= 0
    member = Membership(np.full(sheet.rows.size, CONTROL, dtype=np.int64), students, {}, arm is not None)
    column, institution = study.groups.column, study.data.institution
    if arm is not None:
        member.arm[:] = EXPERIMENTAL if arm == "experimental" else CONTROL
    elif column is not None and column in sheet.columns:
        labels = read_labels_column(sheet, column, missing)
        faults += cell_faults(sheet, column, labels.faulty, present)
        _set_arms(study, member, labels, labels.labels)
    elif groups is not None and institution is not None and institution in sheet.columns:
        # A row whose institution can't be read belongs to no arm, so its cell is told here.
        labels = read_labels_column(sheet, institution, missing)
        faults += cell_faults(sheet, institution, labels.faulty, present)
        _set_arms(study, member, labels, [groups.get(label) for label in labels.labels])
        _count_lacking(member, labels, groups, present)
        member.known = bool((labels.codes[present] >= 0).any()) and not member.lacking
    member.arm[~present] = NO_STUDENT
    return member


def _set_arms(study: Study, member: Membership, labels: LabelColumn, values: Sequence[str | None]) -> None:
    """Each record's arm from the value of the group column that its label stands for."""
    by_label = [NO_GROUP if value is None else _arm_of(study, value) for value in values]
    member.arm = np.array([*by_label, NO_GROUP], dtype=np.int64)[labels.codes]
    counts = np.bincount(labels.codes[labels.codes >= 0], minlength=len(labels.labels)).tolist()
    for value, count in zip(values, counts, strict=True):
        if value is not None:
            member.values[value] = member.values.get(value, 0) + count
    member.known = True


def _count_lacking(
    member: Membership, labels: LabelColumn, groups: Mapping[str, str | None], present: NDArray[np.bool_]
) -> None:
    counts = np.bincount(labels.codes[present & (labels.codes >= 0)], minlength=len(labels.labels)).tolist()
    member.lacking = {
        label: count for label, count in zip(labels.labels, counts, strict=True) if count and label not in groups
    }


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
