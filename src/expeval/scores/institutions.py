"""The institution file: one row an institution, joined on the institution column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expeval.faults import Fault, nearest
from expeval.scores.arms import without_label, words_of_arms
from expeval.scores.cells import Cells, NumericCells, Sheet
from expeval.scores.checking import FAULTS_A_CHECK, SHOWN_VALUES, Rows, every_row, fault_of_two
from expeval.scores.decimals import settle_decimal
from expeval.scores.roles import Columns, institution_columns
from expeval.scores.spelling import loosened, tidy
from expeval.scores.table import Categories, Column, IntArray, Notice, Numbers, number_of
from expeval.scores.tables import Table, list_files, name_entry, read_table
from expeval.scores.typed import LabelColumn, MissingValues, cell_faults, read_labels_column
from expeval.study.spec import Study


@dataclass(slots=True)
class InstitutionTable:
    """The institution files: the covariates that they hold, and each institution's record.

    Attributes
    ----------
    tables
        The files, in order; their records are numbered through.
    covariates
        The institution covariates that every file holds.
    records
        institution's label -> its record.
    complete
        Whether every file could be read.
    groups
        institution's label -> its value of the group column (``None``: empty), where the files hold that column
        and whole institutions were assigned; else ``None``.
    """

    tables: list[Table]
    covariates: tuple[str, ...]
    records: dict[str, int]
    complete: bool
    groups: dict[str, str | None] | None = None

    def may_hold_groups(self, column: str | None) -> bool:
        """Whether the group column stands here, or would if the files could be read."""
        named = column is not None and bool(self.tables) and all(tidy(column) in table.names for table in self.tables)
        return self.groups is not None or named or not self.complete

    @property
    def rows(self) -> Rows:
        """Where each record stands."""
        return every_row([table.sheet for table in self.tables])

    @property
    def files(self) -> str:
        """The files' names, for messages."""
        return ", ".join(dict.fromkeys(table.sheet.file for table in self.tables))


def read_institutions(study: Study, missing: MissingValues, faults: list[Fault]) -> InstitutionTable | None:
    """Read the institution files, ``None`` where the study names none."""
    if not study.data.institutions:
        return None
    columns = institution_columns(study)
    before = len(faults)
    listed = list_files(study, [(None, entry) for entry in study.data.institutions], faults)
    tables = [t for file in listed if (t := read_table(file, columns, study.missing, faults, "data.institutions"))]
    complete = bool(tables) and before == len(faults)
    held = tuple(name for name in columns.optional if tables and all(name in t.sheet.columns for t in tables))
    for table in tables:
        asked = settle_decimal(
            table.sheet, [n for n in held if n in columns.numeric], missing, table.listed.settings.decimal, frozenset()
        )
        name_entry(asked, "data.institutions")
        faults += asked
    records = _index(study, tables, columns, missing, faults)
    groups = _groups(study, columns.group, tables, records, missing, faults)
    return InstitutionTable(tables, held, records, complete, groups)


def _groups(
    study: Study,
    column: str | None,
    tables: Sequence[Table],
    records: dict[str, int],
    missing: MissingValues,
    faults: list[Fault],
) -> dict[str, str | None] | None:
    """The group of each institution, where every file holds the group column."""
    if column is None or not tables or any(column not in table.sheet.columns for table in tables):
        return None
    values: list[str | None] = []
    for table in tables:
        labels = read_labels_column(table.sheet, column, missing, words_of_arms(study))
        faults += cell_faults(table.sheet, column, labels.faulty, np.ones(labels.codes.size, dtype=bool))
        values += [labels.labels[code] if code >= 0 else None for code in labels.codes.tolist()]
    return {label: values[record] for label, record in records.items()}


def _index(
    study: Study, tables: Sequence[Table], columns: Columns, missing: MissingValues, faults: list[Fault]
) -> dict[str, int]:
    """Each institution's record; an institution with two rows is a fault that names both."""
    name = study.data.institution
    rows: dict[str, list[tuple[Table, int]]] = {}
    records: dict[str, int] = {}
    offset = 0
    for table in tables:
        if name is not None and name in table.sheet.columns:
            labels = read_labels_column(table.sheet, name, missing)
            everyone = np.ones(labels.codes.size, dtype=bool)
            faults += cell_faults(table.sheet, name, labels.faulty, everyone)
            faults += _unnamed(table.sheet, name, labels)
            for record, code in enumerate(labels.codes.tolist()):
                if code >= 0:
                    rows.setdefault(labels.labels[code], []).append((table, record))
                    records.setdefault(labels.labels[code], offset + record)
        offset += table.sheet.rows.size
    for label, places in rows.items():
        if len(places) > 1:
            faults.append(_twice(name, label, places))
    return records


def _unnamed(sheet: Sheet, name: str, labels: LabelColumn) -> list[Fault]:
    """Rows that hold something and name no institution, asked about; blank ones are counted as every reader does."""
    unnamed = without_label(labels)
    if not sheet.header_row and unnamed.size:
        # Formats whose column names are no row hand over rows in which nothing stands.
        blank = np.logical_and.reduce([_is_empty(cells)[unnamed] for cells in sheet.columns.values()])
        sheet.mend("blank rows", int(np.count_nonzero(blank)))
        unnamed = unnamed[~blank]
    if not unnamed.size:
        return []
    fault = sheet.row_fault("institution-unnamed", unnamed.tolist(), key="data.last_row", column=name)
    fault.details["entry"] = "data.institutions"
    return [fault]


def _is_empty(cells: Cells) -> NDArray[np.bool_]:
    """(n,) where nothing stands in a column."""
    if isinstance(cells, NumericCells):
        return np.isnan(cells.numbers)
    return np.array([value == "" for value in cells.values], dtype=bool)[cells.codes]


def _twice(name: str | None, label: str, places: list[tuple[Table, int]]) -> Fault:
    table, first = places[0]
    same = [record for other, record in places if other is table]
    fault = table.sheet.row_fault("institution-twice", [first, *same[1:]], column=name, found=label)
    elsewhere = [(other.sheet.file, int(other.sheet.rows[record])) for other, record in places if other is not table]
    fault.details.update({"elsewhere": elsewhere} if elsewhere else {})
    return fault


def join(institution: Categories, records: dict[str, int], column: Column) -> Column:
    """An institution covariate for every student: the value of the student's institution."""
    by_label = np.array([*(records.get(label, -1) for label in institution.labels), -1], dtype=np.int64)
    places: IntArray = by_label[institution.codes]
    lacking = places < 0
    if isinstance(column, Numbers):
        return Numbers(np.where(lacking, np.nan, np.append(column.values, np.nan)[places]))
    codes = np.where(lacking, -1, np.append(column.codes, -1)[places])
    return Categories(codes, column.labels)


def differing_values(
    units: Categories, table: InstitutionTable, values: Column, own: Column, places: Rows, name: str
) -> list[Fault]:
    """Institutions whose covariate in the institution file is another one than in their students' rows.

    ``values`` (n,) are those of the institution file, ``own`` (n,) those of the students' rows, of the same labels;
    ``places`` is where the latter stand.
    """
    both = ~values.missing & ~own.missing & (units.codes >= 0)
    if isinstance(values, Numbers) and isinstance(own, Numbers):
        differing = both & (values.values != own.values)
    else:
        assert isinstance(values, Categories)
        assert isinstance(own, Categories)
        differing = both & (values.codes != own.codes)
    rows = np.flatnonzero(differing)
    _, first = np.unique(units.codes[rows], return_index=True)
    return [
        fault_of_two("column-differs", (table.rows, table.records[units.labels[units.codes[row]]]), (places, row), name)
        for row in rows[np.sort(first)][:FAULTS_A_CHECK].tolist()
    ]


def unknown_institutions(study: Study, table: InstitutionTable, students: dict[str, int]) -> list[Fault]:
    """Institutions that the institution file lacks, of those that have students; ``students``: label -> how many."""
    sheet = table.tables[0].sheet
    unknown = {label: count for label, count in students.items() if label not in table.records and count}
    # Rather one whose own students are missing than one that is spelt right elsewhere.
    unused = [label for label in table.records if label not in students]
    return [
        Fault(
            "institution-unknown",
            sheet.file,
            sheet.sheet,
            column=study.data.institution,
            found=label,
            nearest=_meant(label, table.records, unused) if i < SHOWN_VALUES else None,
            details={"students": count},
        )
        for i, (label, count) in enumerate(unknown.items())
    ]


def _meant(label: str, records: Mapping[str, int], unused: Sequence[str]) -> str | None:
    """The institution of the file that may be meant: one that looks alike, else the nearest spelling."""
    same = [other for other in records if loosened(other) == loosened(label)]
    if same or label.isdecimal():  # a number that differs in a digit is another institution
        return same[0] if len(same) == 1 else None
    return nearest(label, unused)


def unused_institutions(table: InstitutionTable, institution: Categories) -> list[Notice]:
    """Rows of the institution file without students in this study."""
    unused = len(set(table.records) - set(institution.labels))
    have = number_of(unused, "institution has", "institutions have")
    words = f"{table.tables[0].sheet.file}: {have} no student in this study."
    return [Notice("institutions-unused", words)] if unused else []


def counted(institution: Categories) -> dict[str, int]:
    """How many rows each label has."""
    counts = np.bincount(institution.codes[institution.codes >= 0], minlength=len(institution.labels)).tolist()
    return dict(zip(institution.labels, counts, strict=True))
