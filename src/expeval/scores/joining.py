"""The columns of the students of both arms, from the files of scores and from the further tables that hold them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from expeval.faults import Fault
from expeval.scores.cells import Sheet
from expeval.scores.checking import FAULTS_A_CHECK, Rows, check_students, fault_of_two, holders
from expeval.scores.columns import Part
from expeval.scores.students import StudentTable, StudentTables, first_of
from expeval.scores.table import Categories, Column, IntArray, Notice, Numbers

REPEATED = "repeated rows left out"
AnyColumn = TypeVar("AnyColumn", Numbers, Categories, Column)


@dataclass(slots=True)
class JoinedTable:
    """A further table as the students of the arms see it.

    Attributes
    ----------
    parts
        The records of these students, file by file.
    rows, student
        (kept records,) where each of them stands, and its student's number.
    place
        (n,) the place among them of the first record of each row's student, -1 where there is none.
    columns
        The columns that were read from it, (kept records,) each.
    """

    names: frozenset[str]
    file: str
    parts: list[Part]
    rows: Rows
    student: IntArray
    place: IntArray
    columns: list[Column] = field(default_factory=list)


@dataclass(slots=True)
class Joining:
    """Reads one column after the other; what is wrong stands in ``faults``.

    Attributes
    ----------
    parts, rows
        The records of the arms in the files of scores, and where each stands.
    further
        The further tables of students.
    origins
        column -> where each student's cell stands, of columns that a further table holds.
    """

    parts: list[Part]
    rows: Rows
    faults: list[Fault]
    further: list[JoinedTable] = field(default_factory=list)
    origins: dict[str, Rows] = field(default_factory=dict)

    def column(self, name: str, read: Callable[[list[Part]], AnyColumn]) -> AnyColumn:
        """A column of the students; ``read`` types it over parts of files, with what stands in it in all of them."""
        holding: list[JoinedTable] = [table for table in self.further if name in table.names]
        typed = read([*self.parts, *(part for table in holding for part in table.parts)])
        if not holding:
            return typed
        n = self.rows.sheet.size
        own, start = typed.at(np.arange(n)), n
        self.origins[name] = self.rows
        for table in holding:
            table.columns.append(typed.at(np.arange(start, start + table.student.size)))
            theirs = typed.at(np.where(table.place >= 0, start + table.place, -1))
            own = self._filled(name, own, theirs, table)
            start += table.student.size
        return own

    def _filled(self, name: str, own: AnyColumn, theirs: AnyColumn, table: JoinedTable) -> AnyColumn:
        """Cells that are missing so far from the further table; two values that differ are a fault."""
        origin = self.origins[name]
        both = ~own.missing & ~theirs.missing
        for row in np.flatnonzero(both & differ(own, theirs))[:FAULTS_A_CHECK].tolist():
            there = (table.rows, int(table.place[row]))
            self.faults.append(fault_of_two("column-differs", there, (origin, row), name))
        lacks = np.array([name not in sheet.columns for sheet in origin.sheets], dtype=bool)[origin.sheet]
        new = own.missing & (table.place >= 0) & (lacks | ~theirs.missing)
        self.origins[name] = origin.replaced(new, table.rows, table.place)
        # Of two missing cells one that says why it is missing counts.
        return choose(own.missing & (~theirs.missing | (explained(theirs) & ~explained(own))), theirs, own)

    def places(self, name: str | None) -> Rows:
        """Where each student's cell of a column stands."""
        return self.rows if name is None else self.origins.get(name, self.rows)

    @property
    def sheets(self) -> list[Sheet]:
        """The sheets of all files."""
        return [part.sheet for part in self.parts] + [part.sheet for table in self.further for part in table.parts]

    def holders(self, name: str) -> list[Sheet]:
        """The sheets that should hold a column: those that do, where a further table does, else all files of scores."""
        holding = holders(self.sheets, name)
        elsewhere = any(name in table.names for table in self.further)
        return holding if elsewhere else [part.sheet for part in self.parts]

    def check_repeated(self, first_counts: bool, column: str) -> None:
        """Students with two rows in a further table."""
        for table in self.further:
            nobody = np.zeros(table.student.size, dtype=np.int64)
            faults, repeated = check_students(table.rows, table.student, nobody, table.columns, first_counts, column)
            self.faults += faults
            for i, sheet in enumerate(table.rows.sheets):
                sheet.mend(REPEATED, int(np.count_nonzero(repeated & (table.rows.sheet == i))))

    def notices(self, student: IntArray, minimum_cell: int) -> list[Notice]:
        """Students of the arms without a row in a further table; few of them are not counted in words."""
        notices = []
        for table in self.further:
            lacking = np.unique(student[table.place < 0]).size
            if not lacking:
                continue
            count = f"fewer than {minimum_cell}" if lacking < minimum_cell else str(lacking)
            have = "student of the two arms has" if count == "1" else "students of the two arms have"
            words = f"{table.file}: {count} {have} no row there; the cells that it would give them are missing."
            notices.append(Notice("students-without-row", words))
        return notices


def joined_tables(students: StudentTables, student: IntArray, size: int) -> list[JoinedTable]:
    """The further tables for the students of the arms; ``student`` (n,) is each row's student of ``size`` numbers."""
    wanted = np.zeros(size + 1, dtype=bool)
    wanted[student] = True
    wanted[-1] = False
    return [_joined_table(table, student, wanted) for table in students.tables]


def _joined_table(
    table: StudentTable, student: IntArray, wanted: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> JoinedTable:
    kept = wanted[table.student]
    sizes = np.cumsum([labels.codes.size for labels in table.labels])[:-1]
    parts = [Part(sheet, here) for sheet, here in zip(table.sheets, np.split(kept, sizes), strict=True)]
    records = np.flatnonzero(kept)
    everywhere = table.rows
    rows = Rows(everywhere.sheets, everywhere.sheet[records], everywhere.record[records])
    numbers = table.student[records]
    place = np.append(first_of(numbers, wanted.size - 1), -1)[student]
    return JoinedTable(table.names, table.name, parts, rows, numbers, place)


def choose(condition: np.ndarray[tuple[int], np.dtype[np.bool_]], one: AnyColumn, other: AnyColumn) -> AnyColumn:
    """Cells of one column where the condition holds, of another of the same labels elsewhere."""
    if isinstance(one, Numbers) and isinstance(other, Numbers):
        reasons = one.reasons
        if reasons is not None and other.reasons is not None:
            reasons = choose(condition, reasons, other.reasons)
        return Numbers(np.where(condition, one.values, other.values), reasons)
    assert isinstance(one, Categories)
    assert isinstance(other, Categories)
    return Categories(np.where(condition, one.codes, other.codes), one.labels)


def explained(column: Column) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(n,) where a file declares a reason for a missing value."""
    reasons = column.reasons if isinstance(column, Numbers) else None
    return np.zeros(column.missing.shape, dtype=bool) if reasons is None else ~reasons.missing


def differ(one: Column, other: Column) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(n,) where two columns of the same labels differ."""
    if isinstance(one, Numbers) and isinstance(other, Numbers):
        return np.asarray(one.values != other.values)
    assert isinstance(one, Categories)
    assert isinstance(other, Categories)
    return np.asarray(one.codes != other.codes)


def first_rows(parts: Sequence[Part]) -> Rows:
    """Where the records that count stand, file after file."""
    records = [np.flatnonzero(part.kept) for part in parts]
    numbers = [np.full(record.size, i, dtype=np.int64) for i, record in enumerate(records)]
    return Rows([part.sheet for part in parts], np.concatenate(numbers), np.concatenate(records).astype(np.int64))
