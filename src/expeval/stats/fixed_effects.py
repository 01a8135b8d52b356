"""The effect inside institutions: least squares with institution intercepts absorbed.

Taking every column about its institution's mean gives the coefficients of a regression with a dummy an institution
(Frisch & Waugh 1933). The dummies' part of the hat matrix is 1/n_j inside institution j and orthogonal to the
rest: in the absorbed model the eigenvalues of the hat blocks on the design's own columns are those of the full
model, so CR2 and its degrees of freedom need no correction (Pustejovsky & Tipton 2018, theorem 2, identity working
model), while HC3 adds 1/n_j to every leverage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from expeval.stats.cluster_robust import cluster_leverage, cluster_robust_term
from expeval.stats.estimate import Alternative, Estimate
from expeval.stats.independence import independent_columns
from expeval.stats.least_squares import (
    LeastSquares,
    classical,
    fit_least_squares,
    fitted_rows,
    hc3,
    standardised_residuals,
)
from expeval.stats.moments import CONSTANT, FloatArray, IntArray, Moments


@dataclass(frozen=True, slots=True)
class FixedEffects:
    """What :func:`fixed_effects` found.

    Attributes
    ----------
    estimate
        Of the treatment term.
    dropped
        Columns of X that were left out: index -> earlier columns that determine it inside institutions; ``()``
        where the column does not vary inside institutions at all.
    n, institutions, both_arms
        Students, institutions, and institutions that hold both arms.
    residuals
        Standardised residuals, as :func:`~expeval.stats.least_squares.standardised_residuals`.
    """

    estimate: Estimate
    dropped: dict[int, tuple[int, ...]]
    n: int
    institutions: int
    both_arms: int
    residuals: FloatArray


@dataclass(frozen=True, slots=True)
class _Absorbed:
    """A regression on deviations from group means."""

    fit: LeastSquares | None
    X: FloatArray
    y: FloatArray
    moments: Moments
    treatment: int | None
    dropped: dict[int, tuple[int, ...]]
    share: FloatArray


def fixed_effects(
    X: FloatArray,
    y: FloatArray,
    institution: IntArray,
    kind: Literal["cr2", "hc3"],
    confidence: float,
    alternative: Alternative = "two-sided",
    treatment_index: int = 0,
) -> FixedEffects:
    """Estimate the treatment's effect from differences inside institutions.

    cr2: any dependence between students of one institution; speaks of institutions like these; Satterthwaite df.
    hc3: students independent given their institution; speaks of these institutions only; df n - p - J.

    Parameters
    ----------
    X
        (n, p) the 0/1 treatment and covariates, no intercept. Columns that don't vary inside institutions, and
        collinear ones, are dropped.
    institution
        (n,) codes >= 0.

    Returns
    -------
    FixedEffects
        Null but for the estimate (null too where there is none): ``"no-institution-with-both-arms"``,
        ``"one-institution-with-both-arms"`` (cr2), ``"no-df"``, ``"no-spread"``,
        ``"one-institution-carries-it"``, ``"one-student"``.
    """
    X = np.asarray(X, dtype=np.float64)
    codes, J = dense(institution)
    both = int(both_arms(X[:, treatment_index], codes, J).sum())
    absorbed = _absorb(X, np.asarray(y, dtype=np.float64), codes, J, treatment_index)
    estimate, residuals = _estimate(absorbed, kind, both, confidence, alternative)
    return FixedEffects(estimate, absorbed.dropped, X.shape[0], J, both, residuals)


def absorbed_classical(
    X: FloatArray, y: FloatArray, group: IntArray, confidence: float, alternative: Alternative = "two-sided"
) -> FixedEffects:
    """As :func:`fixed_effects` with the textbook error, for rows that are themselves means (column 0: treatment)."""
    codes, J = dense(group)
    both = int(both_arms(X[:, 0], codes, J).sum())
    absorbed = _absorb(X, y, codes, J, 0)
    if absorbed.fit is None or absorbed.treatment is None:
        empty = Estimate(reason="no-institution-with-both-arms")
        return FixedEffects(empty, absorbed.dropped, X.shape[0], J, both, np.zeros(0))
    rows = fitted_rows(absorbed.fit, absorbed.X, absorbed.y, absorbed.share)
    estimate = classical(absorbed.fit, absorbed.treatment, confidence, alternative)
    residuals = standardised_residuals(absorbed.fit, rows)
    return FixedEffects(estimate, absorbed.dropped, X.shape[0], J, both, residuals)


def _estimate(
    absorbed: _Absorbed, kind: Literal["cr2", "hc3"], both: int, confidence: float, alternative: Alternative
) -> tuple[Estimate, FloatArray]:
    """The treatment's estimate and the standardised residuals."""
    fit, treatment = absorbed.fit, absorbed.treatment
    if fit is None or treatment is None:
        return Estimate(reason="no-institution-with-both-arms"), np.zeros(0)
    rows = fitted_rows(fit, absorbed.X, absorbed.y, absorbed.share)
    if kind == "hc3":
        estimate = hc3(fit, rows, treatment, confidence, alternative)
    elif both < 2:
        estimate = fit.alone(treatment, "one-institution-with-both-arms")
    else:
        leverage = cluster_leverage(fit, absorbed.moments)
        estimate = cluster_robust_term(fit, leverage, "cr2", treatment, confidence, alternative)
    return estimate, standardised_residuals(fit, rows)


def _absorb(X: FloatArray, y: FloatArray, codes: IntArray, J: int, treatment: int) -> _Absorbed:
    """Fit on deviations from group means, without the columns that have none or repeat others."""
    deviations, varies = _deviations(X, codes, J)
    outcome, spread = _deviations(y[:, None], codes, J)
    outcome = outcome[:, 0] if spread[0] else np.zeros_like(y)
    moving = np.flatnonzero(varies)
    found = independent_columns(deviations[:, moving])
    kept = [int(moving[k]) for k in found.kept]
    dropped: dict[int, tuple[int, ...]] = {int(k): () for k in np.flatnonzero(~varies)}
    dropped |= {int(moving[k]): tuple(int(moving[m]) for m in by) for k, by in found.dropped.items()}
    within = np.ascontiguousarray(deviations[:, kept])
    moments = Moments.from_rows(within, outcome, codes, names=[f"x{k}" for k in kept])
    fit = fit_least_squares(moments, within, outcome, absorbed=J) if kept else None
    return _Absorbed(
        fit=fit,
        X=within,
        y=outcome,
        moments=moments,
        treatment=kept.index(treatment) if treatment in kept else None,
        dropped=dict(sorted(dropped.items())),
        share=1.0 / np.bincount(codes, minlength=J)[codes],
    )


def _deviations(columns: FloatArray, codes: IntArray, J: int) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Columns (n, p) about the means of their groups, and which of them vary inside groups."""
    counts = np.bincount(codes, minlength=J)
    off = columns - columns.mean(axis=0) if columns.shape[0] else columns.copy()
    size = np.maximum(np.abs(columns).max(axis=0, initial=0.0), np.finfo(np.float64).tiny)
    # Twice: the second round takes out what rounding left of the mean.
    for _ in range(2):
        for k in range(columns.shape[1]):
            off[:, k] -= (np.bincount(codes, off[:, k], J) / counts)[codes]
    return off, np.abs(off).max(axis=0, initial=0.0) > CONSTANT * size


def dense(codes: IntArray) -> tuple[IntArray, int]:
    """Codes 0 ... J - 1 in place of any integers, and J."""
    distinct, places = np.unique(np.asarray(codes), return_inverse=True)
    return places.astype(np.int64), int(distinct.size)


def both_arms(treatment: FloatArray, codes: IntArray, groups: int) -> NDArray[np.bool_]:
    """(groups,) which groups hold rows of both arms."""
    experimental = np.bincount(codes[treatment == 1], minlength=groups)
    return np.asarray((experimental > 0) & (experimental < np.bincount(codes, minlength=groups)))
