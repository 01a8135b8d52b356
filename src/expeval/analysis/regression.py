"""Regressions with covariates: every row of the family, whatever the primary one is.

What a method must supply: a name in :data:`expeval.glossary.METHODS`, an estimator in ``stats`` that runs on
the sample's rows or moments and answers with an Estimate, and its line in ``regressions`` below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from expeval.analysis.row import estimate_row
from expeval.analysis.sample import RegressionSample, count_both_arms
from expeval.analysis.test import number_note
from expeval.results import DecisionRow, EstimateRow, WarningRow
from expeval.scores.table import FloatArray, IntArray
from expeval.stats.cluster_robust import Kind, cluster_leverage, cluster_robust
from expeval.stats.estimate import Alternative, Estimate
from expeval.stats.fixed_effects import FixedEffects, fixed_effects
from expeval.stats.independence import independent_columns
from expeval.stats.least_squares import (
    LeastSquares,
    classical,
    fit_least_squares,
    fitted_rows,
    hc3,
    standardised_residuals,
)
from expeval.stats.moments import Moments
from expeval.stats.ordinal import win_fractions
from expeval.stats.unit_means import UnitMeans, unit_means
from expeval.study.spec import Outcome, Study

TREATMENT = 1
FIXED_EFFECTS: tuple[Literal["cr2", "hc3"], ...] = ("cr2", "hc3")
CLUSTER_ROBUST: tuple[Kind, ...] = ("cr0", "cr1", "cr2", "cr3")


@dataclass(frozen=True, slots=True)
class Regressions:
    """The rows of one outcome, and what was decided and noticed on the way."""

    rows: tuple[EstimateRow, ...]
    decisions: tuple[DecisionRow, ...] = ()
    warnings: tuple[WarningRow, ...] = ()


@dataclass(frozen=True, slots=True)
class _Setting:
    """What every row of one outcome shares."""

    outcome: Outcome
    sample: RegressionSample
    assigned: str
    confidence: float
    alternative: Alternative

    def row(self, method: str, term: str, estimate: Estimate, clusters: int | None) -> EstimateRow:
        sample = self.sample
        note = "win-fraction" if method.startswith("win-fraction") else number_note(self.outcome)
        return estimate_row(
            self.outcome.name,
            "regression",
            method,
            term,
            estimate,
            n=sample.n,
            institutions=None if sample.institution is None else int(np.unique(sample.institution).size),
            clusters=clusters,
            notes=(note,),
        )

    def alternative_for(self, column: int) -> Alternative:
        """The study's alternative speaks of the treatment alone."""
        return self.alternative if column == TREATMENT else "two-sided"


def regressions(study: Study, outcome: Outcome, sample: RegressionSample) -> Regressions:
    """Least squares with all its errors, institution fixed effects, unit means; win fractions where ordinal."""
    if np.unique(sample.treatment).size < 2:
        return Regressions(tuple(_nothing(_setting(study, outcome, sample))))
    sample, decisions, warnings = _without_collinear(outcome, sample)
    setting = _setting(study, outcome, sample)
    rows = _least_squares_rows(setting)
    rows += _fixed_effects_rows(setting, sample.outcome, "")
    rows += _unit_means_rows(setting, sample.outcome, "")
    if outcome.kind == "ordinal":
        rows += _win_fraction_rows(setting)
    return Regressions(tuple(rows), tuple(decisions), (*warnings, *_weighting(outcome, rows)))


def _without_collinear(
    outcome: Outcome, sample: RegressionSample
) -> tuple[RegressionSample, list[DecisionRow], list[WarningRow]]:
    """Drop, by name, each column that earlier ones determine: R's rule, in the study file's order."""
    told = dict.fromkeys(sample.constant, "it has one level alone among these students")
    if sample.n:
        independent = independent_columns(sample.X)
        for column, earlier in independent.dropped.items():
            others = [sample.terms[e] for e in earlier if e > 0]
            told[sample.terms[column]] = (
                "it is a linear combination of " + ", ".join(others)
                if others
                else "it is constant among these students"
            )
        sample = sample.keep(list(independent.kept))
    decisions = [
        DecisionRow(
            outcome.name, "covariates", f"dropped {name}", f"Collinear: {why}; the later term is dropped, as R does."
        )
        for name, why in told.items()
    ]
    warnings = [
        WarningRow(outcome.name, "covariate-dropped", f"{name} was dropped from the regressions: {why}.")
        for name, why in told.items()
    ]
    return sample, decisions, warnings


def _nothing(setting: _Setting) -> list[EstimateRow]:
    """Every row keeps its place where one arm has no complete student."""
    methods = ["ols", "ols-hc3"]
    if setting.sample.cluster is not None:
        methods += [f"ols-{kind}" for kind in CLUSTER_ROBUST]
    empty = Estimate(reason="no-units")
    rows = [setting.row(method, term, empty, None) for method in methods for term in setting.sample.terms]
    single = ["fixed-effects-cr2", "fixed-effects-hc3"] if setting.sample.cluster is not None else []
    if setting.assigned in ("institution", "class"):
        single.append("unit-means")
    if setting.outcome.kind == "ordinal":
        single += [f"win-fraction-{method}" for method in ("hc3", "cr2", *single) if method != "cr2" or single]
    return rows + [setting.row(method, "treatment", empty, None) for method in single]


def _fit(setting: _Setting, outcome: FloatArray) -> tuple[LeastSquares, Moments]:
    sample = setting.sample
    cluster = np.zeros(sample.n, dtype=np.int64) if sample.cluster is None else sample.cluster
    moments = Moments.from_rows(sample.X, outcome, cluster)
    return fit_least_squares(moments, sample.X, outcome), moments


def _least_squares_rows(setting: _Setting) -> list[EstimateRow]:
    sample = setting.sample
    fit, moments = _fit(setting, sample.outcome)
    columns = range(len(sample.terms))
    second_pass = fitted_rows(fit, sample.X, sample.outcome)
    rows = []
    for column in columns:
        estimate = classical(fit, column, setting.confidence, setting.alternative_for(column))
        rows.append(setting.row("ols", sample.terms[column], estimate, sample.n))
    for column in columns:
        estimate = hc3(fit, second_pass, column, setting.confidence, setting.alternative_for(column))
        rows.append(setting.row("ols-hc3", sample.terms[column], estimate, sample.n))
    if sample.cluster is None:
        return rows
    clusters = cluster_leverage(fit, moments)
    for kind in CLUSTER_ROBUST:
        estimates = cluster_robust(fit, clusters, kind, setting.confidence, setting.alternative, TREATMENT)
        rows += [
            setting.row(f"ols-{kind}", term, estimate, clusters.clusters)
            for term, estimate in zip(sample.terms, estimates, strict=True)
        ]
    return rows


def _fixed_effects_rows(setting: _Setting, outcome: FloatArray, prefix: str) -> list[EstimateRow]:
    sample = setting.sample
    if sample.cluster is None:
        return []
    rows = []
    for kind in FIXED_EFFECTS:
        found = _fixed_effects(setting, outcome, kind)
        independent = found.institutions if kind == "cr2" else sample.n
        rows.append(setting.row(f"{prefix}fixed-effects-{kind}", "treatment", found.estimate, independent))
    return rows


def _fixed_effects(setting: _Setting, outcome: FloatArray, kind: Literal["cr2", "hc3"]) -> FixedEffects:
    sample = setting.sample
    assert sample.cluster is not None
    return fixed_effects(sample.X[:, 1:], outcome, sample.cluster, kind, setting.confidence, setting.alternative)


def _unit_means_rows(setting: _Setting, outcome: FloatArray, prefix: str) -> list[EstimateRow]:
    units = units_of_assignment(setting.sample, setting.assigned)
    if units is None:
        return []
    method = f"{prefix}unit-means"
    if isinstance(units, str):
        return [setting.row(method, "treatment", Estimate(reason=units), None)]
    fitted = _unit_means(setting, outcome, *units)
    return [setting.row(method, "treatment", fitted.estimate, fitted.units)]


def _unit_means(setting: _Setting, outcome: FloatArray, unit: IntArray, inside: IntArray | None) -> UnitMeans:
    sample = setting.sample
    return unit_means(
        outcome,
        sample.X[:, TREATMENT],
        unit,
        setting.confidence,
        setting.alternative,
        institution=inside,
        institution_covariates=sample.X[:, sample.institution_level],
        baseline=None if sample.baseline is None else sample.X[:, sample.baseline],
    )


def units_of_assignment(sample: RegressionSample, assigned: str) -> tuple[IntArray, IntArray | None] | str | None:
    """The units whose means are compared and the institutions inside which, a reason, or nothing where students were.

    Classes inside institutions that hold both arms are compared inside them; where no institution does, the
    institutions themselves are the units.
    """
    cluster = sample.cluster
    if assigned == "student" or cluster is None:
        return None
    inside = sample.institution if assigned == "class" else None
    if inside is not None and count_both_arms(inside, sample.treatment):
        return "no-class-column" if sample.class_ is None else (sample.class_, inside)
    return cluster, None


def _win_fraction_rows(setting: _Setting) -> list[EstimateRow]:
    """The same regressions of each student's share of the other arm that is lower, ties half."""
    sample = setting.sample
    wins = win_fractions(sample.outcome, sample.X[:, TREATMENT])
    fit, moments = _fit(setting, wins)
    second_pass = fitted_rows(fit, sample.X, wins)
    estimate = hc3(fit, second_pass, TREATMENT, setting.confidence, setting.alternative)
    rows = [setting.row("win-fraction-hc3", "treatment", estimate, sample.n)]
    if sample.cluster is not None:
        estimate = cluster_robust(fit, moments, "cr2", setting.confidence, setting.alternative)[TREATMENT]
        rows.append(setting.row("win-fraction-cr2", "treatment", estimate, int(np.unique(sample.cluster).size)))
    rows += _fixed_effects_rows(setting, wins, "win-fraction-")
    return rows + _unit_means_rows(setting, wins, "win-fraction-")


def _weighting(outcome: Outcome, rows: list[EstimateRow]) -> list[WarningRow]:
    """The average student (ols-cr2) and the average institution (unit-means) may differ where size matters."""
    prefix = "win-fraction-" if outcome.kind == "ordinal" else ""
    student = "win-fraction-cr2" if prefix else "ols-cr2"
    by = {row.method: row for row in rows if row.term == "treatment"}
    students, units = by.get(student), by.get(f"{prefix}unit-means")
    if students is None or units is None:
        return []
    if students.estimate is None or students.std_error is None or units.estimate is None:
        return []
    if abs(students.estimate - units.estimate) <= students.std_error:
        return []
    return [
        WarningRow(
            outcome.name,
            "students-and-units-differ",
            f"Per average student the difference is {students.estimate:.3g}, per average unit of assignment "
            f"{units.estimate:.3g}: they differ by more than one standard error, so the effect may depend on the size "
            "of institutions (Kahan et al. 2023).",
        )
    ]


def standardised_residuals_of(study: Study, outcome: Outcome, sample: RegressionSample, method: str) -> FloatArray:
    """Standardised residuals of the model behind a row; empty where it has none."""
    if sample.n == 0 or np.unique(sample.treatment).size < 2:
        return np.empty(0)
    setting = _setting(study, outcome, sample.keep(list(independent_columns(sample.X).kept)))
    sample = setting.sample
    values = win_fractions(sample.outcome, sample.X[:, TREATMENT]) if "win-fraction" in method else sample.outcome
    if "fixed-effects" in method:
        return _fixed_effects(setting, values, "cr2").residuals
    if "unit-means" in method:
        units = units_of_assignment(sample, setting.assigned)
        return (
            np.empty(0) if units is None or isinstance(units, str) else _unit_means(setting, values, *units).residuals
        )
    fit, _ = _fit(setting, values)
    return standardised_residuals(fit, fitted_rows(fit, sample.X, values))


def _setting(study: Study, outcome: Outcome, sample: RegressionSample) -> _Setting:
    return _Setting(outcome, sample, study.groups.assigned, study.inference.confidence, study.inference.alternative)
