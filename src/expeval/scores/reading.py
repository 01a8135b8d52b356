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

from dataclasses import dataclass, field

import numpy as np

from expeval.faults import Fault, Faults, nearest
from expeval.scores.arms import (
    ARMS,
    NO_GROUP,
    OTHER_GROUP,
    Membership,
    arm_faults,
    find_membership,
    look_alike_groups,
    student_codes,
)
from expeval.scores.checking import (
    Rows,
    check_constant,
    check_filled,
    check_identifies,
    check_outcomes,
    check_strata,
    check_students,
    check_units,
    column_fault,
    holders,
    repeated_class_labels,
)
from expeval.scores.columns import (
    Part,
    baseline_column,
    classes_in_institutions,
    covariate_column,
    label_column,
    merge_labels,
    outcome_column,
)
from expeval.scores.decimals import settle_decimal
from expeval.scores.institutions import (
    InstitutionTable,
    counted,
    join,
    read_institutions,
    unknown_institutions,
    unused_institutions,
)
from expeval.scores.roles import Columns, group_words, missing_values, student_columns
from expeval.scores.spelling import tidy
from expeval.scores.table import Categories, Column, IntArray, Notice, Numbers, Scores, Source
from expeval.scores.tables import Table, hidden_notice, list_files, read_table, spelling_notices
from expeval.scores.typed import MissingValues
from expeval.scores.unit_order import units_in_order
from expeval.study.spec import Study


def read_scores(study: Study) -> Scores:
    """Read the scores that a study file names.

    Parameters
    ----------
    study : Study
        The study file as read; file names are relative to its folder.

    Returns
    -------
    Scores
        One row a student of the two arms, in the files' order; what was left out is counted.

    Raises
    ------
    Faults
        With all faults of all files.
    """
    work = _Reading(study, missing_values(study))
    institutions = read_institutions(study, work.missing, work.faults)
    tables = work.read_tables(institutions)
    if not tables:
        raise Faults(_once(work.faults))
    rows = work.join_tables(tables, institutions)
    if work.faults:
        raise Faults(_once(work.faults))
    return work.scores(rows, tables, institutions)


@dataclass(slots=True)
class _Joined:
    """The students of both arms, all files one below the other."""

    rows: Rows
    arm: IntArray
    outcomes: dict[str, Numbers]
    baselines: dict[str, tuple[str, Numbers]]
    covariates: dict[str, Column]
    institution: Categories | None
    class_labels: Categories | None
    class_: Categories | None
    strata: Categories | None
    repeated: np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(slots=True)
class _Reading:
    """One reading of a study's files: what is wrong, noticed and left out so far."""

    study: Study
    missing: MissingValues
    faults: list[Fault] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)

    def read_tables(self, institutions: InstitutionTable | None) -> list[Table]:
        """Open every file of scores, set its decimal sign and find its arms."""
        group = self.study.groups.column
        elsewhere = institutions is not None and self._whole_institutions and institutions.may_hold_groups(group)
        columns = student_columns(self.study, elsewhere)
        before = len(self.faults)
        listed = list_files(self.study, self.study.score_files, self.faults, group_words(self.study))
        found = before == len(self.faults)
        tables = [table for file in listed if (table := read_table(file, columns, self.study.missing, self.faults))]
        self._institution_covariates(columns, tables, institutions)
        for table in tables:
            self._prepare(table, columns, institutions)
        self._groups_of_institutions(tables, institutions)
        if found and len(tables) == len(listed) and all(member.known for member in self.memberships):
            holding = [table for table in tables if group is None or group in table.sheet.columns]
            holding += institutions.tables if institutions and len(holding) < len(tables) else []
            self.faults += arm_faults(self.study, self.memberships, [table.sheet.file for table in holding])
        return tables

    @property
    def _whole_institutions(self) -> bool:
        return self.study.groups.assigned == "institution" and self.study.groups.column is not None

    def _groups_of_institutions(self, tables: list[Table], institutions: InstitutionTable | None) -> None:
        """Tell institutions whose group nobody knows; notice that the groups are those of the institution file."""
        group, name = self.study.groups.column, str(self.study.data.institution)
        joined = [i for i, table in enumerate(tables) if group is not None and group not in table.sheet.columns]
        if institutions is None or institutions.groups is None or not joined:
            return
        lacking: dict[str, int] = {}
        for i in joined:
            for label, count in self.memberships[i].lacking.items():
                lacking[label] = lacking.get(label, 0) + count
        self.faults += unknown_institutions(self.study, institutions, lacking)
        unnamed = [tables[i].sheet for i in joined if not self.memberships[i].known and not self.memberships[i].lacking]
        if (holding := holders(unnamed, name)) and not any(fault.column == name for fault in self.faults):
            self.faults.append(column_fault("column-empty", holding, name, "data.institution"))
        words = f"{institutions.files}: the groups were read from the column “{group}” of the institution file."
        self.notices.append(Notice("groups-of-institutions", words))

    def _institution_covariates(
        self, columns: Columns, tables: list[Table], institutions: InstitutionTable | None
    ) -> None:
        """Institution covariates must stand in the institution file or in every file of scores."""
        held = institutions.covariates if institutions else ()
        if institutions is not None and not institutions.complete:
            return
        for name in columns.optional:
            lacking = [t for t in tables if name not in t.sheet.columns and tidy(name) not in t.names]
            if name in held or not lacking:
                continue
            where = institutions.tables if institutions and len(lacking) == len(tables) else lacking
            self.faults += [_lacking(table, name) for table in where]

    def _prepare(self, table: Table, columns: Columns, institutions: InstitutionTable | None) -> None:
        sheet = table.sheet
        stands = frozenset(tidy(text) for outcome in self.study.outcomes for text in outcome.values)
        categories = set(self.study.covariates.categories)
        numeric = [name for name in columns.numeric if name in sheet.columns and name not in categories]
        self.faults += settle_decimal(sheet, numeric, self.missing, table.listed.settings.decimal, stands)
        groups = institutions.groups if institutions else None
        member = find_membership(self.study, sheet, table.listed.arm, self.missing, self.faults, groups)
        self.memberships.append(member)
        self.notices += spelling_notices(sheet) + hidden_notice(sheet) + look_alike_groups(self.study, member.values)

    def join_tables(self, tables: list[Table], institutions: InstitutionTable | None) -> _Joined:
        """Type the columns of all files and check them across rows."""
        parts = [Part(table.sheet, member.kept) for table, member in zip(tables, self.memberships, strict=True)]
        rows = _rows(parts)
        arm = np.concatenate([member.arm[member.kept] for member in self.memberships])
        outcomes = {
            outcome.name: outcome_column(parts, outcome, f"outcomes[{i}]", self.missing, self.faults)
            for i, outcome in enumerate(self.study.outcomes, 1)
        }
        baselines = {
            outcome.name: (outcome.baseline, baseline_column(parts, outcome, self.missing, self.faults))
            for outcome in self.study.outcomes
            if outcome.baseline is not None
        }
        institution = self._labels(parts, self.study.data.institution)
        labels = self._labels(parts, self.study.data.class_)
        class_ = classes_in_institutions(institution, labels) if labels is not None else None
        strata = self._labels(parts, self.study.groups.strata)
        covariates = self._student_covariates(parts)
        covariates |= self._unit_covariates(parts, rows, institution or class_, institutions)
        repeated = np.zeros(arm.size, dtype=bool)
        joined = _Joined(rows, arm, outcomes, baselines, covariates, institution, labels, class_, strata, repeated)
        if institution is not None and labels is not None and (times := repeated_class_labels(institution, labels)):
            words = f"{times} class labels stand in more than one institution; each is a class of its own there."
            self.notices.append(Notice("class-labels-repeat", words))
        self._check(joined, tables)
        return joined

    def _labels(self, parts: list[Part], name: str | None) -> Categories | None:
        return None if name is None else label_column(parts, name, self.missing, self.faults)

    def _student_covariates(self, parts: list[Part]) -> dict[str, Column]:
        spec = self.study.covariates
        found = {
            name: covariate_column(parts, name, self.missing, name in spec.categories, self.faults)
            for name in spec.student
        }
        for name, column in found.items():
            self._identifies(parts, name, column, "covariates.student")
        return found

    def _identifies(self, parts: list[Part], name: str, column: Column, key: str) -> bool:
        faults = check_identifies([part.sheet for part in parts], column, name, key)
        self.faults += faults
        return bool(faults)

    def _unit_covariates(
        self, parts: list[Part], rows: Rows, units: Categories | None, table: InstitutionTable | None
    ) -> dict[str, Column]:
        """Covariates of institutions (of classes where there are none), from their own file or the scores'."""
        spec = self.study.covariates
        key = "covariates.institution"
        found: dict[str, Column] = {}
        if units is None:
            return found
        if table is not None and table.complete:
            self.faults += unknown_institutions(self.study, table, counted(units))
            self.notices += unused_institutions(table, units)
        for name in spec.institution:
            category = name in spec.categories
            if table is not None and name in table.covariates:
                everyone = [Part(t.sheet, np.ones(t.sheet.rows.size, dtype=bool)) for t in table.tables]
                column = covariate_column(everyone, name, self.missing, category, self.faults)
                found[name] = join(units, table.records, column)
                self._identifies(everyone, name, found[name], key)
            else:
                found[name] = covariate_column(parts, name, self.missing, category, self.faults)
                # The values of a column that tells students apart are in no message, and neither is how they vary.
                if not self._identifies(parts, name, found[name], key):
                    self.faults += check_constant(rows, units, name, found[name], "covariate-varies", key)
        return found

    def _check(self, joined: _Joined, tables: list[Table]) -> None:
        files = [table.sheet.file for table in tables]
        name = self.study.data.student
        if name is not None and all(member.students is not None for member in self.memberships):
            students = student_codes(self.memberships)
            first = self.study.data.duplicates == "first"
            faults, joined.repeated = check_students(joined.rows, students, joined.arm, _used(joined), first, name)
            self.faults += faults
        self._check_units(joined)
        if joined.arm.size and not self.faults:
            self.faults += check_outcomes(joined.outcomes, files)

    def _check_units(self, joined: _Joined) -> None:
        """Assigned units stand in one arm and one stratum; the columns that say who belongs where hold something."""
        data, assigned, strata = self.study.data, self.study.groups.assigned, self.study.groups.strata
        units = {"institution": joined.institution, "class": joined.class_}.get(assigned)
        if units is not None:
            column = data.institution if assigned == "institution" else data.class_
            self.faults += check_units(joined.rows, units, joined.arm, str(column))
        if data.institution is not None and joined.institution is not None:
            self.faults += check_filled(
                joined.rows, joined.institution, data.institution, "data.institution", self.faults
            )
        # Beside institutions a class is only needed where classes were assigned.
        if (
            data.class_ is not None
            and joined.class_labels is not None
            and (assigned == "class" or not data.institution)
        ):
            self.faults += check_filled(joined.rows, joined.class_labels, data.class_, "data.class", self.faults)
        if strata is not None and joined.strata is not None:
            self.faults += check_strata(joined.rows, joined.strata, strata, self.faults)
            if units is not None:
                self.faults += check_constant(joined.rows, units, strata, joined.strata, "strata-vary", "groups.strata")

    def scores(self, joined: _Joined, tables: list[Table], institutions: InstitutionTable | None) -> Scores:
        """The result, once nothing is wrong: repetitions taken out, everything left out counted."""
        kept = ~joined.repeated
        scores = Scores(
            arm=joined.arm[kept],
            outcomes={name: Numbers(column.values[kept]) for name, column in joined.outcomes.items()},
            baselines={k: (name, Numbers(column.values[kept])) for k, (name, column) in joined.baselines.items()},
            covariates={name: _selected(column, kept) for name, column in joined.covariates.items()},
            institution=_selected_labels(joined.institution, kept),
            class_=_selected_labels(joined.class_, kept),
            strata=_selected_labels(joined.strata, kept),
            left_out=self._left_out(joined),
            sources=tuple(
                [_source(table, "scores") for table in tables]
                + [_source(table, "institutions") for table in (institutions.tables if institutions else [])]
            ),
            notices=tuple(self.notices),
            places=joined.rows.places(kept),
        )
        return units_in_order(scores)

    def _left_out(self, joined: _Joined) -> dict[tuple[str, str], int]:
        arms = np.concatenate([member.arm for member in self.memberships])
        counts = {
            ("other", "other-group"): int(np.count_nonzero(arms == OTHER_GROUP)),
            ("other", "no-group"): int(np.count_nonzero(arms == NO_GROUP)),
        }
        for code, arm in ARMS.items():
            counts[arm, "duplicate"] = int(np.count_nonzero(joined.repeated & (joined.arm == code)))
        return {reason: count for reason, count in counts.items() if count}


def _once(faults: list[Fault]) -> list[Fault]:
    """A cell of a column with two roles is told once."""
    return list({(f.code, f.file, f.sheet, f.row, f.rows, f.column, f.found): f for f in reversed(faults)}.values())[
        ::-1
    ]


def _rows(parts: list[Part]) -> Rows:
    records = [np.flatnonzero(part.kept) for part in parts]
    numbers = [np.full(record.size, i, dtype=np.int64) for i, record in enumerate(records)]
    return Rows([part.sheet for part in parts], np.concatenate(numbers), np.concatenate(records).astype(np.int64))


def _used(joined: _Joined) -> list[Column]:
    """The columns in which two rows of a student must agree to be the same row."""
    columns: list[Column | None] = [
        *joined.outcomes.values(),
        *(column for _, column in joined.baselines.values()),
        *joined.covariates.values(),
        joined.institution,
        joined.class_,
        joined.strata,
    ]
    return [column for column in columns if column is not None]


def _selected(column: Column, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Column:
    if isinstance(column, Numbers):
        return Numbers(column.values[kept])
    return merge_labels([(column.codes[kept], column.labels)])


def _selected_labels(column: Categories | None, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Categories | None:
    return None if column is None else merge_labels([(column.codes[kept], column.labels)])


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


def _source(table: Table, role: str) -> Source:
    sheet = table.sheet
    return Source(
        file=sheet.file,
        role=role,
        rows=int(sheet.rows.size),
        encoding=sheet.encoding,
        delimiter=sheet.delimiter,
        decimal=sheet.decimal,
        sheet=sheet.sheet,
        header_row=sheet.header_row,
        mended=dict(sheet.mended),
        sha256=sheet.sha256,
    )
