"""The files of a study to :class:`Scores`: every fault of every file at once, or typed columns.

A reader makes one file format readable.  It must supply

1. a row in ``READERS`` of :mod:`expeval.scores.opening`, and a mark by which ``sniff`` knows the content;
2. a constructor (bytes, settings, the study's column names, the file's name for messages);
3. ``preview()``: the first records as texts with their rows, for the search of the header;
4. ``read(request)``: a :class:`~expeval.scores.cells.Sheet` with the columns asked for and nothing else,
   cells uninterpreted, rows numbered as the user's program numbers them, what was detected and mended;
5. :class:`~expeval.scores.settings.Unreadable` for a file that can't be read, never another exception;
6. a file of each fault it can find, in ``tests/scores/examples.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from expeval.faults import Fault, Faults, nearest
from expeval.scores.accepted import read_accepted
from expeval.scores.alike import alike_students
from expeval.scores.arms import (
    Elsewhere,
    Membership,
    arm_faults,
    find_membership,
    look_alike_groups,
    student_labels,
    totals_below,
    totals_beside,
    words_of_arms,
)
from expeval.scores.assembly import Assembly, Joined
from expeval.scores.cells import Sheet
from expeval.scores.checking import FAULTS_A_CHECK, column_fault, every_row, fault_of_two, holders
from expeval.scores.institutions import InstitutionTable, read_institutions, unknown_institutions
from expeval.scores.roles import Columns, group_words, missing_values, student_columns
from expeval.scores.side_by_side import as_texts, empty_arms, sections
from expeval.scores.spelling import tidy
from expeval.scores.students import (
    LabelsOfStudents,
    StudentIndex,
    StudentTables,
    labels_of_students,
    link,
    matching_notices,
    read_students,
    settle_table,
    told_where_it_is_meant,
)
from expeval.scores.table import IntArray, Notice, Scores
from expeval.scores.tables import Table, hidden_notice, list_files, read_table, same_files, spelling_notices
from expeval.scores.typed import LabelColumn, MissingValues, read_labels_column
from expeval.study.spec import Study


def read_scores(study: Study, tables: Sequence[Table] = (), in_order: bool = True) -> Scores:
    """Read the scores that a study file names.

    Parameters
    ----------
    study : Study
        The study file as read; file names are relative to its folder.
    tables : sequence of Table
        Further tables of scores that are read already.
    in_order : bool
        Whether units stand in the order that every analysis needs; who only counts students can do without.

    Returns
    -------
    Scores
        One row a student of the two arms, in the files' order; what was left out is counted.

    Raises
    ------
    Faults
        With all faults of all files.
    """
    examined = examine_scores(study, tables)
    if examined.assembly is None or examined.joined is None or examined.faults:
        raise Faults(examined.faults)
    return examined.assembly.scores(examined.joined, in_order)


@dataclass(frozen=True, slots=True)
class Examined:
    """What reading came to: all faults, the arm of each record, and the columns where any could be read."""

    faults: tuple[Fault, ...]
    assembly: Assembly | None = None
    joined: Joined | None = None


def examine_scores(study: Study, tables: Sequence[Table] = ()) -> Examined:
    """Read like :func:`read_scores`; faults are told beside what could be read all the same."""
    work = _Reading(study, missing_values(study), given=tables)
    assembly = work.read_files()
    joined = assembly.join() if assembly is not None else None
    return Examined(tuple(_once(work.faults)), assembly, joined)


@dataclass(slots=True)
class _Reading:
    """One reading of a study's files: what is wrong and noticed so far, and which arm each record belongs to."""

    study: Study
    missing: MissingValues
    given: Sequence[Table] = ()
    institutions: InstitutionTable | None = None
    students: StudentTables | None = None
    faults: list[Fault] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)

    def read_files(self) -> Assembly | None:
        """Open every file, set its decimal sign and find the arms of its records."""
        self.institutions = read_institutions(self.study, self.missing, self.faults)
        self.students = read_students(self.study, self.missing, self.faults)
        before = len(self.faults)
        columns = student_columns(self.study, self._stands_elsewhere)
        listed = list_files(self.study, self.study.score_files, self.faults, group_words(self.study))
        found = before == len(self.faults)
        wanted = as_texts(columns) if self.study.side_by_side else columns
        tables = [*self.given, *self._accepted(columns)]
        found = found and before == len(self.faults)
        tables += [table for file in listed if (table := read_table(file, wanted, self.study.missing, self.faults))]
        self._institution_covariates(columns, tables)
        if self.students is not None:
            self.faults[before:] = told_where_it_is_meant(self.faults[before:], self.students)
        if not tables:
            return None
        index = self._memberships(tables, columns, found and len(tables) >= len(listed) + len(self.given))
        for file in self._other_files():
            entry = "data.institutions" if self.institutions and file in self.institutions.tables else "data.students"
            self.notices += spelling_notices(file.sheet)
            self.notices += hidden_notice(file.sheet, f"in its entry in {entry}, hidden")
        if self.study.side_by_side:
            tables, _ = sections(self.study, tables)
        return Assembly(
            self.study,
            self.missing,
            tables,
            self.memberships,
            index,
            self.institutions,
            self.students,
            self.faults,
            self.notices,
        )

    def _accepted(self, columns: Columns) -> list[Table]:
        """The accepted uploads of the study's store."""
        if self.study.data.store is None:
            return []
        table = read_accepted(self.study, columns, self.faults)
        return [] if table is None else [table]

    def _other_files(self) -> list[Table]:
        files = list(self.students.files) if self.students else []
        return files + (self.institutions.tables if self.institutions else [])

    def _stands_elsewhere(self, name: str) -> bool:
        """Whether a column need not stand in the files of scores."""
        groups = (
            name == self.study.groups.column
            and self._whole_institutions
            and self.institutions is not None
            and self.institutions.may_hold_groups(name)
        )
        return groups or (self.students is not None and self.students.may_hold(name))

    @property
    def _whole_institutions(self) -> bool:
        return self.study.groups.assigned == "institution" and self.study.groups.column is not None

    def _memberships(self, tables: list[Table], columns: Columns, complete: bool) -> StudentIndex | None:
        """The arm of every record; an arm without any is told where all files could be read."""
        for table in tables:
            self.faults += settle_table(self.study, table, columns, self.missing)
        if self.study.data.student is None:
            self.faults += same_files(tables)
        if self.study.side_by_side:
            twice, self.memberships = sections(self.study, tables)
            for i, table in enumerate(tables):
                self._totals_beside(table, self.memberships[2 * i].kept | self.memberships[2 * i + 1].kept)
            if complete and not any(fault.code == "column-missing" for fault in self.faults):
                self.faults += empty_arms(self.study, twice, self.memberships)
            return None
        labels = [student_labels(self.study, table.sheet, self.missing, self.faults) for table in tables]
        for table in tables if self.study.data.student is None else ():
            self.faults += self._totals(table)
        known = [column for column in labels if column is not None]
        index = StudentIndex.of(known, self.students is not None) if len(known) == len(tables) else None
        sheets = [table.sheet for table in tables]
        if index is not None:
            self.notices += alike_students(sheets, known, self.study.report.minimum_cell)
        group = institution = None
        if self.students is not None and index is not None:
            self.faults += link(self.study, self.students, index, sheets)
            self.notices += matching_notices(self.students, index)
            group = self._of_students(self.study.groups.column, index)
            institution = self._of_students(self.study.data.institution, index)
        for i, (table, students) in enumerate(zip(tables, labels, strict=True)):
            records = index.records[i] if index is not None else None
            self._membership(table, students, records, group, institution)
        self._groups_of_institutions(tables)
        if complete and all(member.known for member in self.memberships):
            self.faults += arm_faults(self.study, self.memberships, self._holding_groups(tables))
        return index

    def _totals(self, table: Table) -> list[Fault]:
        """Totals below the rows of a file that names no students; a ``last_row`` says that there are none."""
        data, groups = self.study.data, self.study.groups
        named = (data.institution, data.class_, groups.column, groups.strata, data.cohort)
        if table.listed.settings.last_row is not None:
            return []
        return totals_below(table.sheet, [name for name in named if name is not None], self.missing)

    def _totals_beside(self, table: Table, kept: NDArray[np.bool_]) -> None:
        """Totals whose word stands in a column that the study does not use; a ``last_row`` says that there are none."""
        told = any(fault.code == "summary-rows" and fault.file == table.sheet.file for fault in self.faults)
        if not told and table.listed.settings.last_row is None:
            self.faults += totals_beside(table.sheet, kept)

    def _holding_groups(self, tables: list[Table]) -> list[str]:
        """The names of the files that say who belongs to which arm."""
        group = self.study.groups.column
        holding = [table for table in tables if group is None or group in table.sheet.columns]
        if len(holding) < len(tables):
            further = self.students.holding(group) if self.students else []
            holding += [file for table in further for file in table.files]
            holding += self.institutions.tables if self.institutions and not further else []
        return [table.sheet.file for table in holding]

    def _of_students(self, name: str | None, index: StudentIndex) -> LabelsOfStudents | None:
        assert self.students is not None
        return labels_of_students(self.study, self.students, name, index.size, self.missing, self.faults)

    def _membership(
        self,
        table: Table,
        students: LabelColumn | None,
        records: IntArray | None,
        group: LabelsOfStudents | None,
        institution: LabelsOfStudents | None,
    ) -> None:
        elsewhere = Elsewhere(
            self.institutions.groups if self.institutions else None,
            group.of(records) if group is not None and records is not None else None,
            institution.of(records) if institution is not None and records is not None else None,
        )
        sheet = table.sheet
        if group is not None and records is not None and group.name in sheet.columns:
            self.faults += self._groups_differ(sheet, records, group)
        self.faults += self._groups_of_institutions_differ(sheet)
        member = find_membership(self.study, sheet, table.listed.arm, students, self.missing, self.faults, elsewhere)
        self.memberships.append(member)
        if self.study.data.student is None:
            self._totals_beside(table, member.kept)
        self.notices += spelling_notices(sheet) + hidden_notice(sheet) + look_alike_groups(self.study, member.values)

    def _groups_differ(self, sheet: Sheet, records: IntArray, group: LabelsOfStudents) -> list[Fault]:
        """Students whose group in the file of scores is another one than in a further table."""
        own = read_labels_column(sheet, group.name, self.missing, words_of_arms(self.study))
        theirs = group.of(records)
        index = {label: code for code, label in enumerate(theirs.labels)}
        codes = np.array([*(index.get(label, len(index)) for label in own.labels), -1], dtype=np.int64)[own.codes]
        differing = np.flatnonzero((codes >= 0) & (theirs.codes >= 0) & (codes != theirs.codes))
        here = every_row([sheet])
        return [
            fault_of_two("column-differs", group.place(int(records[record])), (here, record), group.name)
            for record in differing[:FAULTS_A_CHECK].tolist()
        ]

    def _groups_of_institutions_differ(self, sheet: Sheet) -> list[Fault]:
        """Institutions whose group in the institution file is another one than in their students' rows."""
        group, institution, table = self.study.groups.column, self.study.data.institution, self.institutions
        if table is None or table.groups is None or group not in sheet.columns or institution not in sheet.columns:
            return []
        groups = read_labels_column(sheet, str(group), self.missing)
        units = read_labels_column(sheet, str(institution), self.missing)
        index = {label: code for code, label in enumerate(groups.labels)}
        named = [table.groups.get(label) for label in units.labels]
        known = [-1 if label is None else index.get(label, len(index)) for label in named]
        theirs = np.array([*known, -1], dtype=np.int64)[units.codes]
        rows = np.flatnonzero((theirs >= 0) & (groups.codes >= 0) & (theirs != groups.codes))
        _, first = np.unique(units.codes[rows], return_index=True)
        here, there = every_row([sheet]), table.rows
        return [
            fault_of_two(
                "column-differs", (there, table.records[units.labels[units.codes[row]]]), (here, row), str(group)
            )
            for row in rows[np.sort(first)][:FAULTS_A_CHECK].tolist()
        ]

    def _groups_of_institutions(self, tables: list[Table]) -> None:
        """Tell institutions whose group nobody knows; notice that the groups are those of the institution file."""
        group, name = self.study.groups.column, str(self.study.data.institution)
        if self.institutions is None or self.institutions.groups is None:
            return
        if self.students is not None and self.students.may_hold(group):
            return
        joined = [i for i, table in enumerate(tables) if group is not None and group not in table.sheet.columns]
        if not joined:
            return
        lacking: dict[str, int] = {}
        for i in joined:
            for label, count in self.memberships[i].lacking.items():
                lacking[label] = lacking.get(label, 0) + count
        self.faults += unknown_institutions(self.study, self.institutions, lacking)
        unnamed = [tables[i].sheet for i in joined if not self.memberships[i].known and not self.memberships[i].lacking]
        further = self.students.holding(name) if self.students and unnamed else []
        holding = holders([*unnamed, *(sheet for table in further for sheet in table.sheets)], name)
        if holding and not any(fault.column == name for fault in self.faults):
            self.faults.append(column_fault("column-empty", holding, name, "data.institution"))
        words = f"{self.institutions.files}: the groups were read from the column “{group}” of the institution file."
        self.notices.append(Notice("groups-of-institutions", words))

    def _institution_covariates(self, columns: Columns, tables: list[Table]) -> None:
        """Institution covariates must stand in the institution file, in a further table or in every file of scores."""
        held = self.institutions.covariates if self.institutions else ()
        if self.institutions is not None and not self.institutions.complete:
            return
        for name in columns.optional:
            lacking = [t for t in tables if name not in t.sheet.columns and tidy(name) not in t.names]
            if name in held or not lacking or (self.students is not None and self.students.may_hold(name)):
                continue
            where = self.institutions.tables if self.institutions and len(lacking) == len(tables) else lacking
            self.faults += [_lacking(table, name) for table in where]


def _once(faults: list[Fault]) -> list[Fault]:
    """A cell of a column with two roles is told once."""
    return list({(f.code, f.file, f.sheet, f.row, f.rows, f.column, f.found): f for f in reversed(faults)}.values())[
        ::-1
    ]


def _lacking(table: Table, name: str) -> Fault:
    sheet = table.sheet
    return Fault(
        "column-missing",
        sheet.file,
        sheet.sheet,
        sheet.header_row,
        name,
        key="covariates.institution",
        nearest=nearest(name, [other for other in table.names if other]),
    )
