"""Which rows belong to which arm; who is no student, who stands in neither arm."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from expeval.faults import Fault
from expeval.scores.cells import LAST_ROWS, Sheet
from expeval.scores.spelling import look_alike, tidy
from expeval.scores.table import IntArray, Notice
from expeval.scores.text_cells import ManyTexts
from expeval.scores.typed import LabelColumn, MissingValues, cell_faults, label_of, read_labels_column
from expeval.study.spec import Study

NO_STUDENT, NO_GROUP, OTHER_GROUP, CONTROL, EXPERIMENTAL = -3, -2, -1, 0, 1
ARMS = {EXPERIMENTAL: "experimental", CONTROL: "control"}
# What stands in place of an identifier where rows are totals, with what a person may add to it.
_CLASS = r"(?:№ ?)?\d{1,2}(?: ?- ?| )?[«\"“]?[а-яёa-z]?[»\"”]?"
_WHOSE = rf"(?:класс[а-я]*|групп[а-я]*|школ[а-я]*|параллел[а-я]*|class|group|school|year|grade)(?: {_CLASS})?"
_TOTAL = re.compile(
    r"(?:(?:итого?|всего|сумма|ср(?:\.|едн(?:ее|ий|яя|ие))(?: (?:балл|оценка|значение|арифметическое))?|медиана|"
    r"максимум|минимум|макс(?:\.|имальный) балл|качество(?: знаний)?|успеваемость)|"
    r"(?:(?:class|group|school|grand|overall) )?(?:totals?|sum|mean|average|median|maximum|minimum))"
    rf"[\s.:=,%]*(?:(?:по|в|за|for|of) (?:{_WHOSE}|{_CLASS}(?: класс[а-я]*)?|\w+)|"
    rf"(?<=\s)(?:{_WHOSE}|{_CLASS}(?: класс[а-я]*)?))?[\s.:=,%]*",
    re.IGNORECASE,
)
# The plainest of them: looked for one by one where a column has too many values to look at each.
_PLAIN_TOTALS = ("Итого", "ИТОГО", "Всего", "ВСЕГО", "Среднее", "Total", "TOTAL", "Mean", "Average")
_BEGINS_A_TOTAL = frozenset("ивсмкуcgsotma" + "ИВСМКУCGSOTMA")
# What people write below a table, in the column of the students too.
_SIGNATURE = re.compile(
    r"(?:учитель|преподаватель|воспитатель|кл(?:ассный|\.) ?рук(?:оводитель|\.)|директор|завуч|подпись|дата|"
    r"примечани[ея]|(?:составил|проверил|заполнил)(?:а|и)?)(?:[\s:_/(].*)?|"
    r"(?:(?:class )?teacher|headmaster|headteacher|principal|signature|signed|date|notes?) ?(?:[:_].*|by .*)?",
    re.IGNORECASE,
)
_SIGNED = 3  # rows below the totals: a date, a signature
SHOWN_VALUES = 20  # a group column with more distinct values is no group column: they may be names


@dataclass(slots=True)
class Membership:
    """Each record's arm (or why it has none), the group column's values with counts.

    ``known`` is false where the file lacks the group column: its rows then count as one arm, so that all their
    other faults are told too.  ``lacking`` counts the students of institutions that the institution file, which
    holds the group column, does not have.
    """

    arm: IntArray
    values: dict[str, int]
    known: bool
    lacking: dict[str, int] = field(default_factory=dict)

    @property
    def kept(self) -> NDArray[np.bool_]:
        """The records of the two arms."""
        return np.asarray(self.arm >= 0)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What other files say of a file's records.

    Attributes
    ----------
    groups
        Each institution's value of the group column, from the institution file.
    group, institution
        Each record's value of these columns, from further tables of students.
    """

    groups: Mapping[str, str | None] | None = None
    group: LabelColumn | None = None
    institution: LabelColumn | None = None


def find_membership(
    study: Study,
    sheet: Sheet,
    arm: str | None,
    students: LabelColumn | None,
    missing: MissingValues,
    faults: list[Fault],
    elsewhere: Elsewhere,
) -> Membership:
    """Each record's arm: the one whose file it is, or what the group column says, here or elsewhere."""
    everyone = np.ones(sheet.rows.size, dtype=bool)
    present = everyone if students is None else students.codes >= 0
    member = Membership(np.full(sheet.rows.size, CONTROL, dtype=np.int64), {}, arm is not None)
    column, institution, groups = study.groups.column, study.data.institution, elsewhere.groups
    if arm is not None:
        member.arm[:] = EXPERIMENTAL if arm == "experimental" else CONTROL
    elif labels := _labels(sheet, column, elsewhere.group, present, missing, faults, words_of_arms(study)):
        _set_arms(study, member, labels, labels.labels)
    elif groups is not None and (
        labels := _labels(sheet, institution, elsewhere.institution, present, missing, faults)
    ):
        # A row whose institution can't be read belongs to no arm, so its cell is told here.
        _set_arms(study, member, labels, [groups.get(label) for label in labels.labels])
        _count_lacking(member, labels, groups, present)
        member.known = bool((labels.codes[present] >= 0).any()) and not member.lacking
    member.arm[~present] = NO_STUDENT
    faults += _totals_between(study, sheet, students, member, missing)
    return member


def _totals_between(
    study: Study, sheet: Sheet, students: LabelColumn | None, member: Membership, missing: MissingValues
) -> list[Fault]:
    """Totals of a class between the students: rows of an arm that would count as students; others are left out."""
    if study.data.student is not None:
        labelled = {} if students is None else {study.data.student: students}
    else:
        columns = [name for name in (study.data.institution, study.data.class_) if name in sheet.columns]
        labelled = {str(name): read_labels_column(sheet, str(name), missing) for name in columns}
    code = "summary-rows" if study.data.student is None else "rows-below"
    for name, labels in labelled.items():
        records = np.flatnonzero(_are_totals(labels) & member.kept)
        between = records[~np.isin(records, totals(labels))]
        if between.size:
            return [sheet.row_fault(code, between.tolist(), key="data.last_row", column=name)]
    return []


def _are_totals(labels: LabelColumn) -> NDArray[np.bool_]:
    """(n,) which records have a word for totals in place of a label."""
    if isinstance(labels.labels, ManyTexts):
        words = [labels.labels.index(word) for word in _PLAIN_TOTALS if word in labels.labels]
        return np.isin(labels.codes, words)
    begins = enumerate(labels.labels)
    words = [code for code, label in begins if label[:1] in _BEGINS_A_TOTAL and _TOTAL.fullmatch(label)]
    return np.isin(labels.codes, words)


def _labels(
    sheet: Sheet,
    column: str | None,
    other: LabelColumn | None,
    present: NDArray[np.bool_],
    missing: MissingValues,
    faults: list[Fault],
    named: Sequence[Sequence[str]] = (),
) -> LabelColumn | None:
    """A column's labels, empty cells from a further table; ``None`` where neither holds the column."""
    if column is None or column not in sheet.columns:
        return other
    labels = read_labels_column(sheet, column, missing, named)
    faults += cell_faults(sheet, column, labels.faulty, present)
    if other is None:
        return labels
    index = {label: code for code, label in enumerate(labels.labels)}
    codes = [index.setdefault(label, len(index)) for label in other.labels]
    theirs = np.array([*codes, -1], dtype=np.int64)[other.codes]
    return LabelColumn(np.where(labels.codes < 0, theirs, labels.codes), list(index))


def _set_arms(study: Study, member: Membership, labels: LabelColumn, values: Sequence[str | None]) -> None:
    """Each record's arm from the value of the group column that its label stands for."""
    by_label = [NO_GROUP if value is None else arm_of(study, value) for value in values]
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


def student_labels(
    study: Study, sheet: Sheet, missing: MissingValues, faults: list[Fault], entry: str | None = None
) -> LabelColumn | None:
    """The students' identifiers; rows without one are asked about.

    ``entry`` is the key of study.toml whose entries have a ``last_row`` of their own, for files of which
    ``data.last_row`` says nothing.
    """
    name = study.data.student
    if name is None or name not in sheet.columns:
        return None
    labels = read_labels_column(sheet, name, missing, by_code=True)
    everyone = np.ones(sheet.rows.size, dtype=bool)
    faults += cell_faults(sheet, name, labels.faulty, everyone, personal=True)
    if (nobody := without_label(labels)).size:
        fault = sheet.row_fault("rows-below", nobody.tolist(), key="data.last_row", column=name)
        fault.details.update({"entry": entry} if entry else {})
        faults.append(fault)
    return labels


def without_label(labels: LabelColumn) -> IntArray:
    """Records that a column of identifiers says nothing of, or that are totals; those whose cell is told are not."""
    nobody = labels.codes < 0
    nobody[totals(labels)] = True
    for told in labels.faulty.values():
        nobody[told] = False
    return np.flatnonzero(nobody).astype(np.int64)


def totals_below(sheet: Sheet, columns: Sequence[str], missing: MissingValues) -> list[Fault]:
    """Totals among the last rows of a file without identifiers of students: each row would count as a student."""
    for name in columns:
        if name in sheet.columns and (found := totals(read_labels_column(sheet, name, missing))).size:
            return [sheet.row_fault("summary-rows", found.tolist(), key="data.last_row", column=name)]
    return []


def totals_beside(sheet: Sheet, kept: NDArray[np.bool_]) -> list[Fault]:
    """Rows that count as students and begin with a word for totals, in a column that the study does not use.

    A word of many rows, but for the last ones, is a category: "среднее" is an education, too.
    """
    begins = sorted(record for record in sheet.begins if kept[record])
    found = [record for record in begins if _TOTAL.fullmatch(tidy(sheet.begins[record]))]
    last = bool(found) and found == begins[begins.index(found[0]) :][: len(found)]
    if not found or (4 * len(found) > len(begins) and not last):
        return []
    return [sheet.row_fault("summary-rows", found, key="data.last_row")]


def totals(labels: LabelColumn) -> IntArray:
    """Records at the end of a file whose identifier is a word for totals, with the few below them; signatures."""
    size = labels.codes.size
    last = [i for i in range(max(size - LAST_ROWS, 1), size) if labels.codes[i] >= 0]
    found = {i for i in last if _TOTAL.fullmatch(labels.labels[int(labels.codes[i])])}
    if found and size - 1 - max(found) <= _SIGNED:
        found |= set(range(max(found) + 1, size))
    signed = [i for i in last if _SIGNATURE.fullmatch(labels.labels[int(labels.codes[i])])]
    if signed and signed[0] >= size - 2 * _SIGNED:
        found |= set(range(signed[0], size))
    return np.array(sorted(found), dtype=np.int64)


def words_of_arms(study: Study) -> tuple[Sequence[str], Sequence[str]]:
    """What study.toml calls the values of the group column, arm by arm."""
    return (study.experimental_values, study.control_values)


def arm_of(study: Study, label: str) -> int:
    """The arm of a value of the group column."""
    if label in map(label_of, study.experimental_values):
        return EXPERIMENTAL
    return CONTROL if label in map(label_of, study.control_values) else OTHER_GROUP


def look_alike_groups(study: Study, values: dict[str, int]) -> list[Notice]:
    """Values of the group column that differ from an arm's only by case or look-alike letters."""
    arms = {look_alike(value): tidy(value) for value in (*study.experimental_values, *study.control_values)}
    return [
        Notice(
            "group-look-alike",
            f"Rows of the group “{label}” were left out: it only looks like “{arms[look_alike(label)]}”.",
        )
        for label in values
        if arm_of(study, label) == OTHER_GROUP and look_alike(label) in arms
    ]


def arm_faults(study: Study, memberships: list[Membership], files: list[str]) -> list[Fault]:
    """An arm without any row, with what stands in the group column instead.

    Rows of the arm that hold no student are told as such.
    """
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
        if any(arm_of(study, label) == code for label in values):
            continue
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
