"""The rows of one outcome: both arms for the two-group rows, complete cases for the regressions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from expeval.scores.table import Categories, Column, FloatArray, IntArray, Numbers, Scores
from expeval.study.spec import Outcome, Study


@dataclass(frozen=True, slots=True)
class TwoGroups:
    """Every student of both arms who has the outcome.

    ``rows`` (n,) are positions in Scores; ``outcome``, ``treatment`` (n,) as the columns say.
    ``institution``, ``unit`` and ``stratum`` are integer codes, or ``None``.
    """

    rows: IntArray
    outcome: FloatArray
    treatment: IntArray
    institution: IntArray | None
    class_: IntArray | None

    @property
    def experimental(self) -> FloatArray:
        """Outcomes of the experimental arm."""
        return np.asarray(self.outcome[self.treatment == 1])

    @property
    def control(self) -> FloatArray:
        """Outcomes of the control arm."""
        return np.asarray(self.outcome[self.treatment == 0])

    @property
    def cluster(self) -> IntArray | None:
        """The unit of dependence: institution, or class where no institution is named (-1: unknown)."""
        return self.class_ if self.institution is None else self.institution

    @property
    def institutions(self) -> int | None:
        """Known institutions; ``None`` where none is named."""
        return None if self.institution is None else int(np.unique(self.institution[self.institution >= 0]).size)

    def sorted(self) -> TwoGroups:
        """The same students in an order that their values alone decide."""
        keys = [self.treatment, self.outcome]
        keys += [codes for codes in (self.class_, self.institution) if codes is not None]
        order = np.lexsort(keys)
        return TwoGroups(
            rows=self.rows[order],
            outcome=self.outcome[order],
            treatment=self.treatment[order],
            institution=None if self.institution is None else self.institution[order],
            class_=None if self.class_ is None else self.class_[order],
        )

    def known(self, *codes: IntArray | None) -> TwoGroups:
        """The students of whom all these units are known."""
        keep = np.ones(self.rows.size, dtype=bool)
        for column in codes:
            if column is not None:
                keep &= column >= 0
        return TwoGroups(
            rows=self.rows[keep],
            outcome=self.outcome[keep],
            treatment=self.treatment[keep],
            institution=None if self.institution is None else self.institution[keep],
            class_=None if self.class_ is None else self.class_[keep],
        )


@dataclass(frozen=True, slots=True)
class RegressionSample:
    """Students complete in outcome, baseline, covariates, institution and class.

    Attributes
    ----------
    X
        (n, p): intercept, treatment, baseline, cohorts, student covariates, institution covariates; cohorts and
        categories as indicators of all but their first level.
    terms
        The p names in the contract's spelling.
    institution_level
        (p,) true for the columns of institution covariates.
    baseline
        Position of the baseline's column, or ``None``.
    constant
        Categories of which these students have one level alone: they have no column.
    """

    rows: IntArray
    outcome: FloatArray
    X: FloatArray
    terms: tuple[str, ...]
    institution_level: NDArray[np.bool_]
    baseline: int | None
    institution: IntArray | None
    class_: IntArray | None
    constant: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Students."""
        return int(self.outcome.size)

    @property
    def treatment(self) -> IntArray:
        """(n,) 1 experimental, 0 control."""
        return self.X[:, 1].astype(np.int64)

    @property
    def cluster(self) -> IntArray | None:
        """The unit of dependence: institution, or class where no institution is named."""
        return self.class_ if self.institution is None else self.institution

    def sorted(self) -> RegressionSample:
        """The same students in an order that their values alone decide."""
        keys = [*self.X.T[::-1], self.outcome]
        keys += [codes for codes in (self.class_, self.institution) if codes is not None]
        order = np.lexsort(keys)
        return replace(
            self,
            rows=self.rows[order],
            outcome=self.outcome[order],
            X=self.X[order],
            institution=None if self.institution is None else self.institution[order],
            class_=None if self.class_ is None else self.class_[order],
        )

    def keep(self, columns: list[int]) -> RegressionSample:
        """The same students with some of the columns."""
        baseline = columns.index(self.baseline) if self.baseline in columns else None
        return replace(
            self,
            X=self.X[:, columns],
            terms=tuple(self.terms[c] for c in columns),
            institution_level=self.institution_level[columns],
            baseline=baseline,
        )


def two_groups(scores: Scores, outcome: Outcome) -> TwoGroups:
    """The students who have the outcome, with their arm and units."""
    values = scores.outcomes[outcome.name].values
    rows = np.flatnonzero(~np.isnan(values))
    return TwoGroups(
        rows=rows,
        outcome=values[rows],
        treatment=scores.arm[rows],
        institution=_codes(scores.institution, rows),
        class_=_codes(scores.class_, rows),
    )


def regression_sample(scores: Scores, study: Study, outcome: Outcome) -> RegressionSample:
    """The complete cases of one outcome and their design matrix.

    Category levels are those left in these rows; the first in code-point order is the reference.
    """
    complete = np.ones(scores.n, dtype=bool)
    for _, missing in missing_by_reason(scores, study, outcome):
        complete &= ~missing
    rows = np.flatnonzero(complete)
    columns: list[tuple[str, FloatArray, bool]] = [
        ("(Intercept)", np.ones(rows.size), False),
        ("treatment", scores.arm[rows].astype(np.float64), False),
    ]
    baseline = None
    if outcome.name in scores.baselines:
        name, numbers = scores.baselines[outcome.name]
        baseline = len(columns)
        columns.append((name, numbers.values[rows], False))
    if scores.cohort is not None:
        columns += [(term, x, False) for term, x in _indicators("cohort", scores.cohort, rows)]
    institution_covariates = set(study.covariates.institution)
    for name, column in scores.covariates.items():
        if baseline is not None and name == columns[baseline][0]:
            continue
        columns += [(term, x, name in institution_covariates) for term, x in _indicators(name, column, rows)]
    return RegressionSample(
        rows=rows,
        outcome=scores.outcomes[outcome.name].values[rows],
        X=np.column_stack([x for _, x, _ in columns]),
        terms=tuple(term for term, _, _ in columns),
        institution_level=np.array([level for _, _, level in columns]),
        baseline=baseline,
        institution=_codes(scores.institution, rows),
        class_=_codes(scores.class_, rows),
        constant=tuple(
            name
            for name, column in scores.covariates.items()
            if isinstance(column, Categories) and np.unique(column.codes[rows]).size == 1
        ),
    )


def missing_by_reason(scores: Scores, study: Study, outcome: Outcome) -> list[tuple[str, NDArray[np.bool_]]]:
    """The contract's reasons in their order, each with (n,) true where the student lacks it."""
    nobody = np.zeros(scores.n, dtype=bool)
    baseline = scores.baselines.get(outcome.name)
    declared = scores.user_missing.get(outcome.name)
    unexplained = scores.outcomes[outcome.name].missing
    if declared is not None:
        unexplained = unexplained & declared.missing
    covariate = nobody.copy()
    for column in scores.covariates.values():
        covariate |= column.missing
    return [
        ("no-outcome", unexplained),
        ("no-baseline", baseline[1].missing if baseline else nobody),
        ("no-covariate", covariate),
        ("no-institution", scores.institution.missing if scores.institution else nobody),
        ("no-class", scores.class_.missing if scores.class_ else nobody),
        *_declared_missing(declared),
    ]


def _declared_missing(reasons: Categories | None) -> list[tuple[str, NDArray[np.bool_]]]:
    """The values that a file declares missing, each under its label."""
    if reasons is None:
        return []
    return [(f"user-missing: {label}", reasons.codes == code) for code, label in enumerate(reasons.labels)]


def count_both_arms(cluster: IntArray | None, treatment: IntArray) -> int:
    """How many clusters hold both arms."""
    if cluster is None:
        return 0
    return int(np.intersect1d(cluster[treatment == 1], cluster[treatment == 0]).size)


def permuted_units(
    study: Study, scores: Scores, sample: TwoGroups | RegressionSample
) -> tuple[IntArray | None, IntArray | None] | str:
    """Codes of the units that were assigned (``None``: students) and of the strata inside which, or a reason.

    Cohorts are strata wherever each unit belongs to one: those of another year were put into the groups by themselves.
    """
    units = _assigned_units(study, sample)
    if isinstance(units, str):
        return units
    unit, inside = units
    strata = None if scores.strata is None else scores.strata.codes[sample.rows]
    cohort = None if scores.cohort is None else scores.cohort.codes[sample.rows]
    if cohort is not None and (unit is None or _constant_inside(unit, cohort)):
        strata = _combined(strata, cohort)
    return unit, _combined(inside, strata)


def _assigned_units(
    study: Study, sample: TwoGroups | RegressionSample
) -> tuple[IntArray | None, IntArray | None] | str:
    """The units that were assigned (``None``: students) and the institutions inside which (``None``: anywhere)."""
    both_arms = count_both_arms(sample.cluster, sample.treatment)
    assigned = study.groups.assigned
    if assigned == "student" and (sample.cluster is None or np.unique(sample.cluster).size == 1):
        return None, None
    if assigned == "student" and both_arms:
        return None, sample.cluster
    if assigned == "class" and sample.institution is not None and both_arms:
        if sample.class_ is None:
            return "no-class-column"
        return sample.class_, sample.institution
    cluster = sample.cluster
    assert cluster is not None  # the study file names the unit of assignment, or read_study refused it
    if all(np.unique(cluster[sample.treatment == arm]).size == 1 for arm in (0, 1)):
        return "one-cluster-an-arm"
    return cluster, None


def _constant_inside(unit: IntArray, column: IntArray) -> bool:
    pairs = np.unique(np.column_stack([unit, column]), axis=0)
    return bool(pairs.shape[0] == np.unique(unit).size)


def _combined(first: IntArray | None, second: IntArray | None) -> IntArray | None:
    if first is None or second is None:
        return first if second is None else second
    return np.asarray(np.unique(np.column_stack([first, second]), axis=0, return_inverse=True)[1].reshape(-1))


def _codes(column: Categories | None, rows: IntArray) -> IntArray | None:
    return None if column is None else column.codes[rows]


def _indicators(name: str, column: Column, rows: IntArray) -> list[tuple[str, FloatArray]]:
    if isinstance(column, Numbers):
        return [(name, column.values[rows])]
    codes = column.codes[rows]
    present = np.unique(codes)
    return [(f"{name}[{column.labels[code]}]", (codes == code).astype(np.float64)) for code in present[1:]]
