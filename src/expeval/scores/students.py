"""Further tables of one row a student, joined on the student column: before the arms are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from expeval.faults import Fault, nearest
from expeval.scores.arms import arm_of, student_labels, words_of_arms
from expeval.scores.cells import Sheet
from expeval.scores.checking import FAULTS_A_CHECK, Rows, every_row, fault_of_two
from expeval.scores.columns import merge_labels
from expeval.scores.decimals import settle_decimal
from expeval.scores.roles import Columns, further_columns, group_words, outcome_texts
from expeval.scores.spelling import loosened
from expeval.scores.table import Categories, IntArray, Notice, number_of
from expeval.scores.tables import Table, list_files, name_entry, read_table
from expeval.scores.typed import LabelColumn, MissingValues, cell_faults, read_labels_column
from expeval.study.spec import Study

WITHOUT_STUDENT = "rows without a student in the scores"


@dataclass(slots=True)
class StudentIndex:
    """The students of the files of scores, numbered.

    Attributes
    ----------
    numbers
        identifier -> number.
    records
        for each file of scores (records,) the number of the record's student, -1 where it has none.
    """

    numbers: dict[str, int]
    records: list[IntArray]

    @classmethod
    def of(cls, labels: Sequence[LabelColumn], named: bool) -> StudentIndex:
        """Number the students of all files; equal identifiers are one student.

        Where nobody asks for a student by its identifier (not ``named``), one file's own codes are numbers enough.
        """
        if len(labels) == 1 and not named:
            return cls({}, [labels[0].codes])
        numbers: dict[str, int] = {}
        records = []
        for column in labels:
            codes = [numbers.setdefault(label, len(numbers)) for label in column.labels]
            records.append(np.array([*codes, -1], dtype=np.int64)[column.codes])
        present = np.zeros(len(numbers), dtype=bool)
        for codes_of_file in records:
            present[codes_of_file[codes_of_file >= 0]] = True
        if present.all():
            return cls(numbers, records)
        # A label that only cells of no student hold is nobody's.
        return cls({label: number for label, number in numbers.items() if present[number]}, records)

    @property
    def size(self) -> int:
        """One more than the largest number."""
        return 1 + max((int(codes.max(initial=-1)) for codes in self.records), default=-1)


@dataclass(slots=True)
class StudentTable:
    """Files that hold the same columns: parts of one table, their records numbered through.

    Attributes
    ----------
    files, labels
        The files, and each one's identifiers.
    names
        The study's columns that stand in every one of them.
    student
        (records,) the number of the record's student in the scores, -1 where there is none.
    """

    files: list[Table]
    labels: list[LabelColumn]
    names: frozenset[str]
    student: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def sheets(self) -> list[Sheet]:
        """The files' sheets."""
        return [table.sheet for table in self.files]

    @property
    def rows(self) -> Rows:
        """Where each record stands."""
        return every_row(self.sheets)

    @property
    def name(self) -> str:
        """The files' names, for messages."""
        return ", ".join(dict.fromkeys(sheet.file for sheet in self.sheets))

    def first_records(self, students: int) -> IntArray:
        """(students,) the first record of each student, -1 where there is none."""
        return first_of(self.student, students)


@dataclass(slots=True)
class StudentTables:
    """All further tables of a study; ``complete``: whether every file could be read."""

    tables: list[StudentTable]
    complete: bool

    @property
    def files(self) -> list[Table]:
        """Every file."""
        return [file for table in self.tables for file in table.files]

    def may_hold(self, name: str | None) -> bool:
        """Whether a column stands in a further table, or would if the files could be read."""
        return not self.complete or any(name in table.names for table in self.tables)

    def holding(self, name: str | None) -> list[StudentTable]:
        """The tables that hold a column."""
        return [table for table in self.tables if name in table.names]


def first_of(codes: IntArray, size: int) -> IntArray:
    """(size,) the first place of each code, -1 where it does not occur."""
    first = np.full(size, -1, dtype=np.int64)
    places = np.flatnonzero(codes >= 0)[::-1]  # of several assignments to one place the last one stays
    first[codes[places]] = places
    return first


def read_students(study: Study, missing: MissingValues, faults: list[Fault]) -> StudentTables | None:
    """Read the further tables of students, ``None`` where the study names none."""
    if not study.data.students:
        return None
    columns = further_columns(study)
    before = len(faults)
    listed = list_files(study, [(None, entry) for entry in study.data.students], faults, group_words(study))
    files = [file for one in listed if (file := read_table(one, columns, study.missing, faults, "data.students"))]
    complete = bool(files) and before == len(faults)
    tables: dict[frozenset[str], StudentTable] = {}
    for file in files:
        names = frozenset(file.sheet.columns) - {str(study.data.student)}
        asked = settle_table(study, file, columns, missing)
        name_entry(asked, "data.students")
        faults += asked
        labels = student_labels(study, file.sheet, missing, faults, "data.students")
        if labels is not None:
            table = tables.setdefault(names, StudentTable([], [], names))
            table.files.append(file)
            table.labels.append(labels)
    return StudentTables(list(tables.values()), complete)


def settle_table(study: Study, table: Table, columns: Columns, missing: MissingValues) -> list[Fault]:
    """Set the decimal sign of a table of students, of scores or a further one; faults where it is unclear."""
    numeric = [name for name in columns.numeric if name in table.sheet.columns]
    return settle_decimal(table.sheet, numeric, missing, table.listed.settings.decimal, outcome_texts(study))


def link(study: Study, students: StudentTables, index: StudentIndex, scores: Sequence[Sheet]) -> list[Fault]:
    """Find each record's student in the scores; tell identifiers that match none or only nearly match one."""
    faults: list[Fault] = []
    for table in students.tables:
        pieces = []
        for file, labels in zip(table.files, table.labels, strict=True):
            numbers = [index.numbers.get(label, -1) for label in labels.labels]
            student = np.array([*numbers, -1], dtype=np.int64)[labels.codes]
            pieces.append(student)
            strangers = (student < 0) & (labels.codes >= 0)
            file.sheet.mend(WITHOUT_STUDENT, int(np.count_nonzero(strangers)))
            if strangers.any() and not (student >= 0).any():
                faults.append(_unmatched(study, file, labels, index))
        table.student = np.concatenate(pieces)
        if not faults:
            faults += _nearly_alike(study, table, index, scores)
    return faults


def _unmatched(study: Study, file: Table, labels: LabelColumn, index: StudentIndex) -> Fault:
    sheet = file.sheet
    details = {"identifiers": len(set(labels.labels)), "students": len(index.numbers)}
    return Fault(
        "students-unmatched",
        sheet.file,
        sheet.sheet,
        sheet.header_row,
        study.data.student,
        key="data.students",
        details=details,
    )


def _nearly_alike(study: Study, table: StudentTable, index: StudentIndex, scores: Sequence[Sheet]) -> list[Fault]:
    """Identifiers without a student that differ from a student's without a row only in what is easily overlooked."""
    with_row = np.zeros(index.size + 1, dtype=bool)
    with_row[table.student] = True  # its last place: rows of nobody
    loose: dict[str, int] = {}
    for label, number in index.numbers.items() if not with_row[:-1].all() and with_row[-1] else ():
        if not with_row[number]:
            loose.setdefault(loosened(label), number)
    if not loose:
        return []
    rows = table.rows
    places = every_row(scores)
    firsts = first_of(np.concatenate(index.records), index.size)
    faults: list[Fault] = []
    offset = 0
    for labels in table.labels:
        known = {code: loose.get(loosened(label)) for code, label in enumerate(labels.labels)}
        for record in np.flatnonzero((table.student[offset : offset + labels.codes.size] < 0) & (labels.codes >= 0)):
            near = known[int(labels.codes[record])]
            if near is not None and len(faults) < FAULTS_A_CHECK:
                there = int(firsts[near])
                faults.append(
                    fault_of_two(
                        "student-spelt-two-ways", (rows, offset + int(record)), (places, there), str(study.data.student)
                    )
                )
        offset += labels.codes.size
    return faults


@dataclass(slots=True)
class LabelsOfStudents:
    """A column of labels by student: ``column`` (students,), and the table and record that each comes from."""

    name: str
    column: Categories
    rows: list[Rows]
    table: IntArray
    record: IntArray

    def of(self, students: IntArray) -> LabelColumn:
        """The labels of records, by their students' numbers (-1: none)."""
        return LabelColumn(np.append(self.column.codes, -1)[students], list(self.column.labels))

    def place(self, student: int) -> tuple[Rows, int]:
        """Where a student's label stands."""
        return self.rows[int(self.table[student])], int(self.record[student])


def labels_of_students(
    study: Study, students: StudentTables, name: str | None, size: int, missing: MissingValues, faults: list[Fault]
) -> LabelsOfStudents | None:
    """The group or the institution of each student from the further tables, ``None`` where none holds the column."""
    holding = students.holding(name)
    if name is None or not holding:
        return None
    named = words_of_arms(study) if name == study.groups.column else ()
    columns = [_labels(table, name, missing, faults, named) for table in holding]
    both = merge_labels([(column.codes, column.labels) for column in columns])
    starts = np.cumsum([0, *(column.codes.size for column in columns)])
    found = LabelsOfStudents(
        name,
        Categories(np.full(size, -1, dtype=np.int64), both.labels),
        [table.rows for table in holding],
        np.zeros(size, dtype=np.int64),
        np.full(size, -1, dtype=np.int64),
    )
    for i, table in enumerate(holding):
        codes = both.codes[starts[i] : starts[i + 1]]
        first = table.first_records(size)
        if name == study.groups.column:
            faults += _groups_differ(study, table, codes, both.labels, first)
        theirs = np.append(codes, -1)[first]
        if name == study.groups.column:
            differing = np.flatnonzero((theirs >= 0) & (found.column.codes >= 0) & (theirs != found.column.codes))
            for student in differing[:FAULTS_A_CHECK].tolist():
                here = (found.rows[i], int(first[student]))
                faults.append(fault_of_two("column-differs", here, found.place(student), name))
        new = (found.column.codes < 0) & (theirs >= 0)
        found.column.codes[new], found.table[new], found.record[new] = theirs[new], i, first[new]
    return found


def _labels(
    table: StudentTable,
    name: str,
    missing: MissingValues,
    faults: list[Fault],
    named: Sequence[Sequence[str]],
) -> Categories:
    pieces: list[tuple[IntArray, Sequence[str]]] = []
    offset = 0
    for file in table.files:
        labels = read_labels_column(file.sheet, name, missing, named)
        concerned = table.student[offset : offset + labels.codes.size] >= 0
        faults += cell_faults(file.sheet, name, labels.faulty, concerned)
        pieces.append((labels.codes, labels.labels))
        offset += labels.codes.size
    return merge_labels(pieces)


def _groups_differ(
    study: Study, table: StudentTable, codes: IntArray, labels: Sequence[str], first: IntArray
) -> list[Fault]:
    """Students whose rows in one table name different groups."""
    known = np.flatnonzero(table.student >= 0)
    other = known[codes[known] != codes[first[table.student[known]]]]
    faults = []
    for record in other[:FAULTS_A_CHECK].tolist():
        places = [int(first[table.student[record]]), record]
        arms = {arm_of(study, labels[codes[place]]) if codes[place] >= 0 else -1 for place in places}
        code = "student-both-arms" if arms == {0, 1} else "student-twice-different"
        faults.append(table.rows.fault(code, places, column=study.data.student))
    return faults


def matching_notices(students: StudentTables, index: StudentIndex) -> list[Notice]:
    """Rows that belong to nobody in the scores; a warning where hardly anybody matches."""
    notices = []
    for file, student in _by_file(students):
        strangers = file.sheet.mended.get(WITHOUT_STUDENT, 0)
        matched = np.unique(student[student >= 0]).size
        if not strangers:
            continue
        rows, were = number_of(strangers, "row has", "rows have"), "was" if strangers == 1 else "were"
        words = f"{file.sheet.file}: {rows} no student in the files of scores and {were} left out."
        notices.append(Notice("rows-without-student", words))
        if 2 * matched < min(student.size, len(index.numbers)):
            words = (
                f"{file.sheet.file}: most of its student identifiers do not occur in the files of scores. "
                "Check that both write the identifiers alike."
            )
            notices.append(Notice("students-mostly-unmatched", words))
    return notices


def _by_file(students: StudentTables) -> list[tuple[Table, IntArray]]:
    found = []
    for table in students.tables:
        sizes = [labels.codes.size for labels in table.labels]
        pieces = np.split(table.student, np.cumsum(sizes)[:-1])
        found += list(zip(table.files, pieces, strict=True))
    return found


def told_where_it_is_meant(faults: Sequence[Fault], students: StudentTables) -> list[Fault]:
    """A column that no file holds is told of the further table that has a name like it, where only that has one."""
    told: dict[tuple[str | None, str | None, str | None], Fault] = {}
    for i, fault in enumerate(faults):
        meant = fault
        if fault.code == "column-missing" and fault.nearest is None and fault.column is not None:
            for file in students.files:
                if near := nearest(fault.column, [name for name in file.names if name]):
                    sheet = file.sheet
                    meant = Fault(
                        fault.code,
                        sheet.file,
                        sheet.sheet,
                        sheet.header_row,
                        fault.column,
                        key=fault.key,
                        nearest=near,
                    )
                    break
        key = (meant.file, meant.sheet, meant.column) if meant is not fault else (str(i), None, None)
        told.setdefault(key, meant)
    return list(told.values())
