"""The analysis of unit means: one row a unit of assignment, unweighted.

What was assigned is what is counted: with J institutions (or classes) assigned there are J observations. The
estimate is of the average unit, where a regression of students is of the average student.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from expeval.stats.estimate import Alternative, Estimate
from expeval.stats.fixed_effects import absorbed_classical, dense
from expeval.stats.independence import independent_columns
from expeval.stats.least_squares import classical, fit_least_squares, fitted_rows, standardised_residuals
from expeval.stats.moments import FloatArray, IntArray, Moments

TREATMENT = 1


@dataclass(frozen=True, slots=True)
class UnitMeans:
    """What :func:`unit_means` found.

    Attributes
    ----------
    estimate
        Of the treatment term.
    units, experimental, control
        Units in all and in each arm.
    terms
        Names of the terms in the model, the intercept aside (institution dummies not listed).
    dropped
        Name of each covariate that was left out -> terms that determine it (``("(Intercept)",)``: constant; ``()``:
        constant inside institutions).
    residuals
        Standardised residuals of the units, as :func:`~expeval.stats.least_squares.standardised_residuals`.
    """

    estimate: Estimate
    units: int
    experimental: int
    control: int
    terms: tuple[str, ...]
    dropped: dict[str, tuple[str, ...]]
    residuals: FloatArray


def unit_means(
    y: FloatArray,
    treatment: FloatArray,
    unit: IntArray,
    confidence: float,
    alternative: Alternative = "two-sided",
    institution: IntArray | None = None,
    institution_covariates: FloatArray | None = None,
    covariate_names: Sequence[str] | None = None,
    baseline: FloatArray | None = None,
    baseline_name: str = "baseline",
) -> UnitMeans:
    """Regress the means of the units of assignment; t with the residual degrees of freedom.

    Parameters
    ----------
    y, treatment
        (n,) outcome and 0/1 arm of the students; all students of a unit are of one arm.
    unit
        (n,) codes of the units of assignment: institutions, or classes.
    institution
        (n,) codes, only where classes were assigned inside institutions: the means are regressed on treatment,
        institution dummies and mean baseline. ``None``: on treatment, institution covariates, mean baseline.
    institution_covariates
        (n, k), constant inside a unit; not used together with ``institution``.
    baseline
        (n,) the same skill before.

    Returns
    -------
    UnitMeans
        Null but for the estimate: ``"one-cluster-an-arm"`` (each arm is one unit), ``"saturated"`` (as many terms
        as institutions), ``"no-df"`` (the same with classes and dummies), ``"no-spread"`` (no residuals). Null
        altogether: ``"one-arm"``, ``"no-institution-with-both-arms"`` (classes).

    References
    ----------
    Donner & Klar (2000), Design and Analysis of Cluster Randomization Trials, ch. 6 and 7.
    """
    codes, units = dense(unit)
    y, baseline = from_first(y), None if baseline is None else from_first(baseline)
    columns, names = _columns(treatment, institution, institution_covariates, covariate_names, baseline, baseline_name)
    means = _means(np.column_stack([y, columns]), codes, units)
    arms = (int((means[:, 1] == 1).sum()), int((means[:, 1] == 0).sum()))
    if min(arms) == 0:
        return UnitMeans(Estimate(reason="one-arm"), units, *arms, names, {}, np.zeros(0))
    if institution is None:
        estimate, dropped, residuals = _of_institutions(means, names, confidence, alternative)
    else:
        first = np.unique(codes, return_index=True)[1]
        estimate, dropped, residuals = _of_classes(
            means, np.asarray(institution)[first], names, confidence, alternative
        )
    if arms == (1, 1) and estimate.estimate is not None:
        estimate = estimate.alone("one-cluster-an-arm")
    kept = tuple(name for name in names if name not in dropped)
    return UnitMeans(estimate, units, *arms, kept, dropped, residuals)


def from_first(values: FloatArray) -> FloatArray:
    """Values (n,), or columns (n, k), less the first where they differ: no effect depends on where they lie.

    Means of 1e9 and a little would lose the digits of the little.
    """
    values = np.asarray(values, dtype=np.float64)
    if not values.size:
        return values
    return np.asarray(values - np.where(np.ptp(values, axis=0) > 0.0, values[0], 0.0))


def _columns(
    treatment: FloatArray,
    institution: IntArray | None,
    covariates: FloatArray | None,
    covariate_names: Sequence[str] | None,
    baseline: FloatArray | None,
    baseline_name: str,
) -> tuple[FloatArray, tuple[str, ...]]:
    """Treatment, institution covariates, baseline as columns of the students, and their names."""
    columns, names = [np.asarray(treatment, dtype=np.float64)], ["treatment"]
    if covariates is not None and institution is None:
        columns += list(np.asarray(covariates, dtype=np.float64).T)
        names += list(covariate_names or [f"covariate{k}" for k in range(covariates.shape[1])])
    if baseline is not None:
        columns.append(np.asarray(baseline, dtype=np.float64))
        names.append(baseline_name)
    return np.column_stack(columns), tuple(names)


def _means(columns: FloatArray, codes: IntArray, units: int) -> FloatArray:
    """(units, q) means; what is constant inside a unit keeps its value to the last digit."""
    counts = np.bincount(codes, minlength=units)
    first = np.unique(codes, return_index=True)[1]
    start = columns[first]
    off = columns - start[codes]
    return start + np.column_stack([np.bincount(codes, column, units) for column in off.T]) / counts[:, None]


def _of_institutions(
    means: FloatArray, names: tuple[str, ...], confidence: float, alternative: Alternative
) -> tuple[Estimate, dict[str, tuple[str, ...]], FloatArray]:
    """Treatment term, dropped columns and residuals of the regression of institution means."""
    y, X = means[:, 0], np.column_stack([np.ones(means.shape[0]), means[:, 1:]])
    found = independent_columns(X)
    labels = ("(Intercept)", *names)
    X = X[:, found.kept]
    fit = fit_least_squares(Moments.from_rows(X, y), X, y)
    estimate = classical(fit, TREATMENT, confidence, alternative)
    if estimate.reason == "no-df":
        estimate = estimate.alone("saturated")
    dropped = {labels[k]: tuple(labels[m] for m in by) for k, by in found.dropped.items()}
    return estimate, dropped, standardised_residuals(fit, fitted_rows(fit, X, y))


def _of_classes(
    means: FloatArray, institution: IntArray, names: tuple[str, ...], confidence: float, alternative: Alternative
) -> tuple[Estimate, dict[str, tuple[str, ...]], FloatArray]:
    """The same of class means about their institution's mean of classes."""
    found = absorbed_classical(means[:, 1:], means[:, 0], institution, confidence, alternative)
    dropped = {names[k]: tuple(names[m] for m in by) for k, by in found.dropped.items() if k > 0}
    return found.estimate, dropped, found.residuals
