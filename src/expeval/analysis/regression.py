"""Regressions with covariates: every row of the family, whatever the primary one is.

What a method must supply: a name in :data:`expeval.glossary.METHODS`, an estimator in ``stats`` that runs on
the sample's rows or moments and answers with an Estimate, and its line in ``regression_rows`` below.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from expeval.analysis.setting import TREATMENT, Setting, units_of_assignment
from expeval.results import EstimateRow
from expeval.scores.table import FloatArray, IntArray
from expeval.stats.cluster_robust import Kind, cluster_leverage, cluster_robust
from expeval.stats.estimate import Estimate
from expeval.stats.fixed_effects import FixedEffects, fixed_effects
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

FIXED_EFFECTS: tuple[Literal["cr2", "hc3"], ...] = ("cr2", "hc3")
CLUSTER_ROBUST: tuple[Kind, ...] = ("cr0", "cr1", "cr2", "cr3")


def regression_rows(setting: Setting) -> list[EstimateRow]:
    """Least squares with all its errors, institution fixed effects, unit means; win fractions where ordinal."""
    if setting.one_arm:
        return _nothing(setting)
    rows = _least_squares_rows(setting)
    rows += _fixed_effects_rows(setting, setting.sample.outcome, "")
    rows += _unit_means_rows(setting, setting.sample.outcome, "")
    if setting.outcome.kind == "ordinal":
        rows += _win_fraction_rows(setting)
    return rows


def _nothing(setting: Setting) -> list[EstimateRow]:
    """Every row keeps its place where one arm has no complete student."""
    methods = ["ols", "ols-hc3"]
    if setting.sample.cluster is not None:
        methods += [f"ols-{kind}" for kind in CLUSTER_ROBUST]
    empty = Estimate(reason="no-units")
    rows = [setting.row(method, term, empty, None) for method in methods for term in setting.sample.terms]
    single = ["fixed-effects-cr2", "fixed-effects-hc3"] if setting.sample.cluster is not None else []
    if setting.sample.cluster is not None:
        single.append("unit-means")
    if setting.outcome.kind == "ordinal":
        single += [f"win-fraction-{method}" for method in ("hc3", "cr2", *single) if method != "cr2" or single]
    return rows + [setting.row(method, "treatment", empty, None) for method in single]


def _fit(setting: Setting, outcome: FloatArray) -> tuple[LeastSquares, Moments]:
    sample = setting.sample
    cluster = np.zeros(sample.n, dtype=np.int64) if sample.cluster is None else sample.cluster
    moments = Moments.from_rows(sample.X, outcome, cluster)
    return fit_least_squares(moments, sample.X, outcome), moments


def _least_squares_rows(setting: Setting) -> list[EstimateRow]:
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


def _fixed_effects_rows(setting: Setting, outcome: FloatArray, prefix: str) -> list[EstimateRow]:
    sample = setting.sample
    if sample.cluster is None:
        return []
    rows = []
    for kind in FIXED_EFFECTS:
        found = _fixed_effects(setting, outcome, kind)
        independent = found.institutions if kind == "cr2" else sample.n
        rows.append(setting.row(f"{prefix}fixed-effects-{kind}", "treatment", found.estimate, independent))
    return rows


def _fixed_effects(setting: Setting, outcome: FloatArray, kind: Literal["cr2", "hc3"]) -> FixedEffects:
    sample = setting.sample
    assert sample.cluster is not None
    return fixed_effects(sample.X[:, 1:], outcome, sample.cluster, kind, setting.confidence, setting.alternative)


def _unit_means_rows(setting: Setting, outcome: FloatArray, prefix: str) -> list[EstimateRow]:
    units = units_of_assignment(setting.sample, setting.assigned)
    if units is None:
        return []
    method = f"{prefix}unit-means"
    if isinstance(units, str):
        return [setting.row(method, "treatment", Estimate(reason=units), None)]
    fitted = _unit_means(setting, outcome, *units)
    return [setting.row(method, "treatment", fitted.estimate, fitted.units)]


def _unit_means(setting: Setting, outcome: FloatArray, unit: IntArray, inside: IntArray | None) -> UnitMeans:
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


def _win_fraction_rows(setting: Setting) -> list[EstimateRow]:
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


def standardised_residuals_of(setting: Setting, method: str) -> FloatArray:
    """Standardised residuals of the least-squares model behind a row; empty where it has none."""
    sample = setting.sample
    if sample.n == 0 or setting.one_arm:
        return np.empty(0)
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
