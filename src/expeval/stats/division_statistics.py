"""The t of a regression for many divisions of the units into the arms at once.

Outcome and covariates are taken about the institutions' means and out of each other once (Frisch & Waugh 1933); a
division then costs a few passes over its own treatment column.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expeval.stats.divisions import Assignment, Evaluate, studentised
from expeval.stats.estimate import Estimate
from expeval.stats.fixed_effects import dense, fixed_effects
from expeval.stats.independence import independent_columns
from expeval.stats.moments import FloatArray, IntArray
from expeval.stats.unit_means import from_first, unit_means

# What is left of a unit's 0/1 on average, squared, where other columns determine the treatment (R's rule).
DETERMINED = 1e-14
# 1 - leverage of a student whom the fit goes through, and the share of the treatment that such a student may have.
THROUGH = 1e-10
CARRIED = 1e-6
# What is left of a column that other columns determine.
NOTHING = 1e-12
# Doubles in a batch of divisions: what the second cache holds.
BATCH = 200_000


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Everything of a regression but its treatment.

    Attributes
    ----------
    r
        (n,) the outcome's residuals, of length 1.
    basis
        (n, k) orthonormal covariates about the institutions' means.
    sizes
        (n,) rows of each row's institution.
    institutions
        J.
    shares
        The share of experimental rows in each row's institution, for divisions (m, n).
    """

    r: FloatArray
    basis: FloatArray
    sizes: FloatArray
    institutions: int
    shares: Callable[[FloatArray], FloatArray]

    def treatment(self, divisions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(m, n) treatment columns taken out of institutions and covariates, of length 1, and their squared lengths."""
        x = divisions - self.shares(divisions)
        x -= (x @ self.basis) @ self.basis.T
        squares = np.einsum("mn,mn->m", x, x)
        x /= np.sqrt(np.maximum(squares, 1e-300))[:, None]
        return x, squares


def t_of_unit_means(
    y: FloatArray,
    unit: IntArray,
    institution: IntArray | None,
    institution_covariates: FloatArray | None,
    baseline: FloatArray | None,
    assignment: Assignment,
) -> Evaluate | None:
    """The t of :func:`~expeval.stats.unit_means.unit_means` for divisions (m, U); ``None`` where no means vary.

    Arguments as there, the treatment left out. With outcome r and treatment x taken out of the other columns and of
    length 1: t = b √df/√Σe², b = x'r, e = r - xb.
    """
    codes, units = dense(unit)
    first = np.unique(codes, return_index=True)[1]
    means = _means(from_first(y), codes, units)
    inside = None if institution is None else np.asarray(institution)[first]
    covariates = None
    if institution_covariates is not None and institution is None:
        covariates = np.asarray(institution_covariates, dtype=np.float64)[first]
    mean_baseline = None if baseline is None else _means(from_first(baseline), codes, units)
    others = [np.zeros((units, 0)) if covariates is None else covariates]
    others += [] if mean_baseline is None else [mean_baseline[:, None]]
    place = np.zeros(units, dtype=np.int64) if inside is None else inside
    prepared = _prepare(np.hstack(others), means, place, assignment)
    if prepared is None:
        return None
    df = units - prepared.institutions - prepared.basis.shape[1] - 1

    def refitted(division: FloatArray) -> Estimate:
        every = np.arange(units)
        return unit_means(
            means,
            division,
            every,
            0.95,
            institution=inside,
            institution_covariates=covariates,
            baseline=mean_baseline,
        ).estimate

    def batch(divisions: FloatArray) -> FloatArray:
        x, squares = prepared.treatment(divisions)
        b = x @ prepared.r
        e = prepared.r - x * b[:, None]
        t = studentised(b, np.einsum("mu,mu->m", e, e) / df) if df > 0 else np.copysign(np.inf, b)
        return _with_refits(t, squares, divisions, refitted)

    return _in_batches(batch, units)


def t_of_students(
    X: FloatArray, y: FloatArray, institution: IntArray, treatment: int, assignment: Assignment
) -> Evaluate | None:
    """The t of ``fixed-effects-hc3`` for divisions (m, n) of the students; ``None`` where no scores vary inside.

    With outcome r and treatment x taken out of institutions and covariates and x of length 1, the leverage h_i of a
    student is what these have, and x_i²: t = b/√(Σ x_i² e_i²/(1 - h_i)²), b = x'r, e = r - xb.
    """
    others = X[:, [k for k in range(X.shape[1]) if k != treatment]]
    prepared = _prepare(others, y, institution, assignment)
    if prepared is None:
        return None
    r, left = prepared.r, 1.0 - 1.0 / prepared.sizes - (prepared.basis**2).sum(axis=1)

    def refitted(division: FloatArray) -> Estimate:
        columns = X.copy()
        columns[:, treatment] = division
        return fixed_effects(columns, y, institution, "hc3", 0.95, treatment_index=treatment).estimate

    def batch(divisions: FloatArray) -> FloatArray:
        x, squares = prepared.treatment(divisions)
        b = x @ r
        rest = x * x  # 1 - leverage
        np.subtract(left, rest, out=rest)
        weighted = b[:, None] * x  # x e/(1 - leverage)
        np.subtract(r, weighted, out=weighted)
        weighted *= x
        carried = _take_out_fitted_through(x, rest, weighted) if rest.min() < THROUGH else None
        weighted /= rest
        t = studentised(b, np.einsum("mn,mn->m", weighted, weighted))
        if carried is not None:
            t[carried] = np.copysign(np.inf, b[carried])
        return _with_refits(t, squares, divisions, refitted)

    return _in_batches(batch, y.size)


def _prepare(others: FloatArray, y: FloatArray, institution: IntArray, assignment: Assignment) -> _Prepared | None:
    """Outcome and covariates about the institutions' means, out of each other; ``None`` where nothing is left of y."""
    codes, J = dense(institution)
    counts = np.bincount(codes, minlength=J).astype(np.float64)
    others, y = from_first(others), from_first(y)
    covariates = _about_means(others, codes, counts)
    varies = np.abs(covariates).max(axis=0, initial=0.0) > NOTHING * np.abs(others).max(axis=0, initial=0.0)
    basis = _orthonormal(covariates[:, varies])
    largest = float(np.abs(y).max(initial=0.0))
    r = _about_means((y / largest if largest > 0.0 else y)[:, None], codes, counts)[:, 0]
    r -= basis @ (basis.T @ r)
    r -= basis @ (basis.T @ r)
    length = float(np.sqrt(r @ r))
    if length <= NOTHING * math.sqrt(y.size):
        return None
    return _Prepared(r / length, basis, counts[codes], J, _shares(codes, counts, assignment))


def _in_batches(batch: Evaluate, rows: int) -> Evaluate:
    size = max(1, BATCH // rows)
    return lambda divisions: np.concatenate(
        [batch(divisions[k : k + size]) for k in range(0, divisions.shape[0], size)]
    )


def _with_refits(
    t: FloatArray, squares: FloatArray, divisions: FloatArray, refitted: Callable[[FloatArray], Estimate]
) -> FloatArray:
    """Divisions that the covariates determine by the method itself: there the later columns go.

    Without a t they are infinite, with the coefficient's sign: p is never too small for them.
    """
    for row in np.flatnonzero(squares <= DETERMINED * divisions.shape[1]):
        found = refitted(divisions[row])
        sign = found.estimate if found.estimate is not None else 1.0
        t[row] = found.statistic if found.statistic is not None else math.copysign(math.inf, sign)
    return t


def _take_out_fitted_through(x: FloatArray, rest: FloatArray, weighted: FloatArray) -> NDArray[np.bool_]:
    """Students with leverage 1 say nothing of the error; (m,) divisions in which one of them carries the treatment."""
    through = rest < THROUGH
    weighted[through] = 0.0
    rest[through] = 1.0
    return np.asarray((through & (np.abs(x) > CARRIED)).any(axis=1))


def _shares(codes: IntArray, counts: FloatArray, assignment: Assignment) -> Callable[[FloatArray], FloatArray]:
    """Each row's institution's share of experimental rows: one and the same where divided inside it."""
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(counts.size))
    if all(codes[block].min() == codes[block].max() for block in assignment.blocks):
        fixed = (np.bincount(codes, assignment.treated, counts.size) / counts)[codes]
        return lambda divisions: fixed
    return lambda divisions: (np.add.reduceat(divisions[:, order], starts, axis=1) / counts)[:, codes]


def _about_means(columns: FloatArray, codes: IntArray, counts: FloatArray) -> FloatArray:
    """Columns (n, k) about the means of their institutions."""
    off = columns - columns.mean(axis=0)
    for _ in range(2):  # the second round takes out what rounding left of the mean
        for k in range(off.shape[1]):
            off[:, k] -= (np.bincount(codes, off[:, k], counts.size) / counts)[codes]
    return np.asarray(off)


def _orthonormal(columns: FloatArray) -> FloatArray:
    """Orthonormal basis of those columns that are no combination of earlier ones."""
    kept = columns[:, list(independent_columns(columns).kept)] if columns.shape[1] else columns
    if kept.shape[1] == 0:
        return kept
    return np.asarray(np.linalg.qr(kept / np.abs(kept).max(axis=0))[0])


def _means(values: FloatArray, codes: IntArray, units: int) -> FloatArray:
    """(U,) means; what is constant inside a unit keeps its value to the last digit."""
    start = values[np.unique(codes, return_index=True)[1]]
    return np.asarray(start + np.bincount(codes, values - start[codes], units) / np.bincount(codes, minlength=units))
