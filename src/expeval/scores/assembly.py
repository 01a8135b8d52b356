"""From files that were read, and the arm of each record, to the typed columns of a study's students."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expeval.faults import Fault
from expeval.scores.alike import alike_classes, alike_institutions
from expeval.scores.arms import ARMS, NO_GROUP, OTHER_GROUP, Membership
from expeval.scores.checking import (
    Rows,
    check_constant,
    check_everybody,
    check_filled,
    check_identifies,
    check_outcomes,
    check_students,
    check_units,
    in_cohorts,
    repeated_class_labels,
    several_cohorts_notice,
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
from expeval.scores.institutions import (
    InstitutionTable,
    counted,
    differing_values,
    join,
    unknown_institutions,
    unused_institutions,
)
from expeval.scores.joining import Joining, first_rows, joined_tables
from expeval.scores.side_by_side import outcome_of_arms, summary_rows
from expeval.scores.students import StudentIndex, StudentTables
from expeval.scores.table import Categories, Column, IntArray, Notice, Numbers, Scores, Source, number_of
from expeval.scores.tables import Table
from expeval.scores.totals_in_files import totals_in_files
from expeval.scores.typed import MissingValues
from expeval.scores.unit_order import units_in_order
from expeval.study.spec import Outcome, Study


@dataclass(slots=True)
class Joined:
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
    cohort: Categories | None
    repeated: NDArray[np.bool_]

    @property
    def used(self) -> list[Column]:
        """The columns in which two rows of a student must agree to be the same row."""
        columns: list[Column | None] = [
            *self.outcomes.values(),
            *(column for _, column in self.baselines.values()),
            *self.covariates.values(),
            self.institution,
            self.class_,
            self.strata,
        ]
        return [column for column in columns if column is not None]


@dataclass(slots=True)
class Assembly:
    """A study's files and the arm of each of their records; ``faults`` and ``notices`` grow while columns are read.

    ``tables`` and ``memberships`` stand side by side; a file with the arms side by side is there once an arm.
    """

    study: Study
    missing: MissingValues
    tables: list[Table]
    memberships: list[Membership]
    index: StudentIndex | None
    institutions: InstitutionTable | None
    students: StudentTables | None
    faults: list[Fault]
    notices: list[Notice]

    def join(self) -> Joined:
        """Type the columns of all files and check them across rows."""
        parts = [Part(table.sheet, member.kept) for table, member in zip(self.tables, self.memberships, strict=True)]
        joining = Joining(parts, first_rows(parts), self.faults)
        student = self._students()
        if self.students is not None and self.index is not None and student is not None:
            joining.further = joined_tables(self.students, student, self.index.size)
            self.notices += joining.notices(student, self.study.report.minimum_cell)
        institution = self._labels(joining, self.study.data.institution)
        labels = self._labels(joining, self.study.data.class_)
        class_ = classes_in_institutions(institution, labels) if labels is not None else None
        joined = Joined(
            rows=joining.rows,
            arm=np.concatenate([member.arm[member.kept] for member in self.memberships]),
            outcomes={
                outcome.name: self._outcome(joining, outcome, f"outcomes[{i}]")
                for i, outcome in enumerate(self.study.outcomes, 1)
            },
            baselines={
                outcome.name: (outcome.baseline, self._baseline(joining, outcome, outcome.baseline))
                for outcome in self.study.outcomes
                if outcome.baseline is not None
            },
            covariates=self._student_covariates(joining) | self._unit_covariates(joining, institution or class_),
            institution=institution,
            class_labels=labels,
            class_=class_,
            strata=self._labels(joining, self.study.groups.strata),
            cohort=self._labels(joining, self.study.data.cohort),
            repeated=np.zeros(joining.rows.sheet.size, dtype=bool),
        )
        if institution is not None and labels is not None and (times := repeated_class_labels(institution, labels)):
            stand = number_of(times, "class label stands", "class labels stand")
            words = f"{stand} in more than one institution; each is a class of its own there."
            self.notices.append(Notice("class-labels-repeat", words))
        self._notice_alike(joining, joined)
        self._check(joining, joined, student)
        return joined

    def _notice_alike(self, joining: Joining, joined: Joined) -> None:
        """Tell units whose labels are the same to the eye; names of institutions where the study shows them."""
        data, named = self.study.data, self.study.report.institutions == "name"
        if (units := joined.institution) is not None:
            self.notices += alike_institutions(units, joining.places(data.institution), named)
        if joined.class_labels is not None:
            self.notices += alike_classes(joined.class_labels, units, joining.places(data.class_), named)

    def _students(self) -> IntArray | None:
        """(n,) the number of each row's student, ``None`` where the study names no students."""
        if self.study.data.student is None or self.index is None:
            return None
        pieces = zip(self.index.records, self.memberships, strict=True)
        return np.concatenate([records[member.kept] for records, member in pieces])

    def _outcome(self, joining: Joining, outcome: Outcome, key: str) -> Numbers:
        if outcome.columns is not None:
            column = outcome_of_arms(self.study, joining.parts, outcome, key, self.missing, self.faults)
            self.faults += [] if self._totals_told else summary_rows(self.study, self.tables, joining.parts, column)
            return column
        column = joining.column(
            str(outcome.column), lambda parts: outcome_column(parts, outcome, key, self.missing, self.faults)
        )
        if not self._totals_told:
            self.faults += totals_in_files(self.study, self.tables, joining.parts, column)
        return column

    @property
    def _totals_told(self) -> bool:
        return any(fault.code == "summary-rows" for fault in self.faults)

    def _baseline(self, joining: Joining, outcome: Outcome, name: str) -> Numbers:
        return joining.column(name, lambda parts: baseline_column(parts, outcome, self.missing, self.faults))

    def _labels(self, joining: Joining, name: str | None) -> Categories | None:
        if name is None:
            return None
        return joining.column(name, lambda parts: label_column(parts, name, self.missing, self.faults))

    def _covariate(self, joining: Joining, name: str) -> Column:
        category = name in self.study.covariates.categories

        def read(parts: list[Part]) -> Column:
            return covariate_column(parts, name, self.missing, category, self.faults)

        return joining.column(name, read)

    def _student_covariates(self, joining: Joining) -> dict[str, Column]:
        found = {name: self._covariate(joining, name) for name in self.study.covariates.student}
        for name, column in found.items():
            self.faults += check_identifies(joining.sheets, column, name, "covariates.student")
        return found

    def _unit_covariates(self, joining: Joining, units: Categories | None) -> dict[str, Column]:
        """Covariates of institutions (of classes where there are none), from their own file or the students'."""
        key, table = "covariates.institution", self.institutions
        found: dict[str, Column] = {}
        if units is None:
            return found
        if table is not None and table.complete:
            self.faults += unknown_institutions(self.study, table, counted(units))
            self.notices += unused_institutions(table, units)
        for name in self.study.covariates.institution:
            if table is not None and name in table.covariates:
                found[name] = self._covariate_of_institutions(joining, units, table, name)
                self.faults += check_identifies([file.sheet for file in table.tables], found[name], name, key)
                continue
            found[name] = self._covariate(joining, name)
            # The values of a column that tells students apart are in no message, and neither is how they vary.
            identifies = check_identifies(joining.sheets, found[name], name, key)
            places = joining.places(name)
            self.faults += identifies or check_constant(places, units, name, found[name], "covariate-varies", key)
        return found

    def _covariate_of_institutions(
        self, joining: Joining, units: Categories, table: InstitutionTable, name: str
    ) -> Column:
        """An institution covariate from the institution file; where the students' rows have it too, they must agree."""
        everyone = [Part(file.sheet, np.ones(file.sheet.rows.size, dtype=bool)) for file in table.tables]
        category = name in self.study.covariates.categories
        if not any(name in sheet.columns for sheet in joining.sheets):
            return join(units, table.records, covariate_column(everyone, name, self.missing, category, self.faults))
        typed: list[Column] = []

        def read(parts: list[Part]) -> Column:
            # All files at once, so that all of them are numbers or all categories of the same labels.
            typed.append(covariate_column([*parts, *everyone], name, self.missing, category, self.faults))
            return typed[0]

        n = joining.rows.sheet.size
        own = joining.column(name, read).at(np.arange(n))
        size = sum(part.size for part in everyone)
        last = typed[0].missing.size
        values = join(units, table.records, typed[0].at(np.arange(last - size, last)))
        self.faults += differing_values(units, table, values, own, joining.places(name), name)
        return values

    def _check(self, joining: Joining, joined: Joined, student: IntArray | None) -> None:
        name = self.study.data.student
        if name is not None and student is not None:
            first = self.study.data.duplicates == "first"
            once = in_cohorts(student, joined.cohort)
            faults, joined.repeated = check_students(joined.rows, once, joined.arm, joined.used, first, name)
            if joined.cohort is not None:
                self.notices += several_cohorts_notice(student, once)
            self.faults += faults
            joining.check_repeated(first, name)
        self._check_units(joining, joined)
        if joined.arm.size and not self.faults:
            self.faults += check_outcomes(joined.outcomes, [table.sheet.file for table in self.tables])

    def _check_units(self, joining: Joining, joined: Joined) -> None:
        """Assigned units stand in one arm and one stratum; the columns that say who belongs where hold something."""
        data, assigned, strata = self.study.data, self.study.groups.assigned, self.study.groups.strata
        units = {"institution": joined.institution, "class": joined.class_}.get(assigned)
        if units is not None:
            column = str(data.institution if assigned == "institution" else data.class_)
            self.faults += check_units(joining.places(column), units, joined.arm, column)
        if data.institution is not None and joined.institution is not None:
            self._check_filled(joining, joined.institution, data.institution, "data.institution")
        # Beside institutions a class is only needed where classes were assigned.
        needed = assigned == "class" or not data.institution
        if data.class_ is not None and joined.class_labels is not None and needed:
            self._check_filled(joining, joined.class_labels, data.class_, "data.class")
        if strata is not None and joined.strata is not None:
            places = joining.places(strata)
            self.faults += check_everybody(places, joined.strata, strata, "groups.strata", self.faults)
            if units is not None:
                self.faults += check_constant(places, units, strata, joined.strata, "strata-vary", "groups.strata")
        if data.cohort is not None and joined.cohort is not None:
            places = joining.places(data.cohort)
            self.faults += check_everybody(places, joined.cohort, data.cohort, "data.cohort", self.faults)

    def _check_filled(self, joining: Joining, column: Categories, name: str, key: str) -> None:
        self.faults += check_filled(joining.holders(name), column, name, key, self.faults)

    def scores(self, joined: Joined, in_order: bool = True) -> Scores:
        """The result, once nothing is wrong: repetitions taken out, everything left out counted."""
        # Nothing is copied that stays whole, and the cells as the files hold them are needed no more.
        kept = ~joined.repeated if joined.repeated.any() else slice(None)
        for table in self._files():
            table.sheet.columns.clear()
        scores = Scores(
            arm=joined.arm[kept],
            outcomes={name: Numbers(column.values[kept]) for name, column in joined.outcomes.items()},
            baselines={k: (name, Numbers(column.values[kept])) for k, (name, column) in joined.baselines.items()},
            covariates={name: _selected(column, kept) for name, column in joined.covariates.items()},
            institution=_selected_labels(joined.institution, kept),
            class_=_selected_labels(joined.class_, kept),
            strata=_selected_labels(joined.strata, kept),
            left_out=self._left_out(joined),
            sources=self._sources(),
            notices=tuple(self.notices) + tuple(notice for table in self._files() for notice in table.sheet.notices),
            user_missing={
                name: merge_labels([(column.reasons.codes[kept], column.reasons.labels)])
                for name, column in joined.outcomes.items()
                if column.reasons is not None
            },
            places=joined.rows.places(kept),
            cohort=_selected_labels(joined.cohort, kept),
        )
        return units_in_order(scores) if in_order else scores

    def _left_out(self, joined: Joined) -> dict[tuple[str, str], int]:
        arms = np.concatenate([member.arm for member in self.memberships])
        counts = {
            ("other", "other-group"): int(np.count_nonzero(arms == OTHER_GROUP)),
            ("other", "no-group"): int(np.count_nonzero(arms == NO_GROUP)),
        }
        for code, arm in ARMS.items():
            counts[arm, "duplicate"] = int(np.count_nonzero(joined.repeated & (joined.arm == code)))
        return {reason: count for reason, count in counts.items() if count}

    def _sources(self) -> tuple[Source, ...]:
        return tuple(
            _source(table, table.listed.role if role == "scores" else role)
            for role, tables in self._roles.items()
            for table in tables
        )

    def _files(self) -> list[Table]:
        return [table for tables in self._roles.values() for table in tables]

    @property
    def _roles(self) -> dict[str, list[Table]]:
        return {
            "scores": list({id(table): table for table in self.tables}.values()),
            "students": list(self.students.files) if self.students else [],
            "institutions": list(self.institutions.tables) if self.institutions else [],
        }


def _selected(column: Column, kept: NDArray[np.bool_] | slice) -> Column:
    if isinstance(column, Numbers):
        return Numbers(column.values[kept])
    return merge_labels([(column.codes[kept], column.labels)])


def _selected_labels(column: Categories | None, kept: NDArray[np.bool_] | slice) -> Categories | None:
    return None if column is None else merge_labels([(column.codes[kept], column.labels)])


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
