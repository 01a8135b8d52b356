"""Find the relative Cholesky factors θ that minimise the REML deviance, exact zeros included.

Newton with exact derivatives in θ, where the problem has no bounds: V depends on ΛΛ' alone. In θ a component that
wants to be zero is a minimum with positive curvature, one that does not is a saddle that the search leaves. What ends
near zero is then set to zero, the others are fitted again, and the zero stands where the derivative in the variance
itself says that the deviance rises from there (Karush-Kuhn-Tucker).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import linalg

from expeval.stats.mixed_criterion import Level, components, evaluate
from expeval.stats.mixed_derivatives import Derivatives, derivatives, profile_derivatives
from expeval.stats.mixed_design import MixedDesign
from expeval.stats.moments import FloatArray

# Candidates for exact zero: what a component adds to the variance of an institution's mean, over the residual's share.
NEAR_ZERO = 1e-2
# A Newton step expected to gain less than this ends the search: 1e-8 of a standard error of θ.
ENOUGH = 1e-16
# Starting values of (rows an institution) x γ, over the range of intraclass correlations.
STARTS = (0.1, 0.5, 2.5, 12.0, 60.0, 1e3, 1e5, 1e8)
COARSE_STARTS = (0.05, 0.5, 3.0, 30.0, 1e3)
SLOPE_STARTS = (0.1, 0.4, 1.5)


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where the search ended: the criterion there and its derivatives' sums."""

    level: Level
    sums: Derivatives


def at_zero(design: MixedDesign) -> Optimum:
    """The criterion with every component at zero: V = I."""
    level = evaluate(design, np.zeros(design.parameters))
    return Optimum(level, derivatives(design, level))


def search(design: MixedDesign, zero: Optimum) -> Optimum:
    """Global minimum over the starts and ``zero`` (:func:`at_zero`).

    Raises
    ------
    numpy.linalg.LinAlgError
        Where the criterion does not exist (collinear columns, a perfect fit).
    """
    found = [_settled(design, _descend(design, start)) for start in _starts(design)]
    if _is_minimum(design, zero):
        found.append(zero)
    return min(found, key=lambda optimum: optimum.level.deviance)


def _starts(design: MixedDesign) -> list[FloatArray]:
    """Local minima of the deviance on a grid."""
    rows = design.n / design.institutions
    if design.slope:
        return _slope_starts(design)
    if not design.classes:
        grid = [np.array([np.sqrt(signal / rows)]) for signal in STARTS]
        values = [_deviance(design, theta) for theta in grid]
        ends = [np.inf, *values, np.inf]
        return [grid[k] for k in range(len(grid)) if values[k] <= min(ends[k], ends[k + 2])]
    rows_of_class = design.n / design.sizes.size
    pairs = product(COARSE_STARTS, COARSE_STARTS)
    both = [np.sqrt(np.array([i / rows, c / rows_of_class])) for i, c in pairs]
    return [min(both, key=lambda theta: _deviance(design, theta))]


def _slope_starts(design: MixedDesign) -> list[FloatArray]:
    """The intercept's size first, then slopes of several sizes and correlations; the two best of different size."""
    rows = design.n / design.institutions
    class_start = [np.sqrt(0.3 * design.sizes.size / design.n)] if design.classes else []

    def theta(intercept: float, slope: float, correlation: float) -> FloatArray:
        return np.array([intercept, correlation * slope, np.sqrt(1.0 - correlation**2) * slope, *class_start])

    sizes = np.sqrt(np.array(COARSE_STARTS) / rows)
    a = min(sizes, key=lambda size: _deviance(design, theta(size, 0.4 * size, 0.0)))
    best = [
        min((theta(a, slope * a, r) for r in (-0.6, 0.0, 0.6)), key=lambda start: _deviance(design, start))
        for slope in SLOPE_STARTS
    ]
    return sorted(best, key=lambda start: _deviance(design, start))[:2]


def _deviance(design: MixedDesign, theta: FloatArray) -> float:
    try:
        return evaluate(design, theta).deviance
    except linalg.LinAlgError:
        return np.inf


def _descend(design: MixedDesign, theta: FloatArray, free: tuple[int, ...] | None = None) -> Optimum:
    """Newton over the free coordinates of θ; negative curvature is turned round (a saddle is left, not met)."""
    index = np.arange(design.parameters) if free is None else np.array(free, dtype=np.int64)
    level = evaluate(design, theta)
    sums = derivatives(design, level)
    for _ in range(100):
        if not index.size:
            break
        gradient, hessian = _in_theta(design, level, sums)
        values, vectors = np.linalg.eigh(hessian[np.ix_(index, index)])
        size = np.maximum(np.abs(values), 1e-9 * max(float(np.abs(values).max()), 1e-300))
        along = vectors.T @ gradient[index]
        gain = float((along**2 / size).sum())
        step = np.zeros_like(theta)
        step[index] = -vectors @ (along / size)
        last = gain < ENOUGH
        if last and values[0] <= 0.0:
            break
        moved = _line_search(design, level, step, certain=bool(gain < 1e-7 and values[0] > 0.0))
        if moved is None:
            break
        level = moved
        sums = derivatives(design, level)
        if last:
            break
    return Optimum(level, sums)


def _line_search(design: MixedDesign, level: Level, step: FloatArray, certain: bool) -> Level | None:
    """Halve the step until the deviance falls; close to the end its rounding says nothing, Newton is right."""
    longest = float(np.abs(step).max())
    limit = max(1.0, 2.0 * float(np.abs(level.theta).max()))
    if longest > limit:
        step = step * (limit / longest)
    for _ in range(40):
        try:
            moved = evaluate(design, level.theta + step)
        except linalg.LinAlgError:
            step = 0.5 * step
            continue
        if certain or moved.deviance < level.deviance:
            return moved
        step = 0.5 * step
    return None


def _in_theta(design: MixedDesign, level: Level, sums: Derivatives) -> tuple[FloatArray, FloatArray]:
    """Gradient and Hessian in θ of the profiled deviance."""
    gradient, hessian = profile_derivatives(design, level, sums)
    _, first, second = components(level.theta, design.slope)
    return first.T @ gradient, first.T @ hessian @ first + np.einsum("r,rkl->kl", gradient, second)


def _settled(design: MixedDesign, optimum: Optimum) -> Optimum:
    """Set to exact zero what is near it, as long as the deviance rises from there."""
    theta = optimum.level.theta
    candidates: list[tuple[float, FloatArray]] = []
    if design.classes and theta[-1] != 0.0:
        signal = theta[-1] ** 2 * design.n / design.sizes.size
        candidates.append((signal, np.append(theta[:-1], 0.0)))
    if design.slope:
        candidates += _of_lower_rank(optimum.level)
    elif theta[0] != 0.0:
        candidates.append((theta[0] ** 2 * design.n / design.institutions, np.append(0.0, theta[1:])))
    for signal, start in sorted(candidates, key=lambda candidate: candidate[0]):
        if signal < NEAR_ZERO:
            face = _descend(design, start, _free(design, start))
            if _is_minimum(design, face) and face.level.deviance <= optimum.level.deviance + 1e-8:
                return _settled(design, face)
    return _with_positive_diagonal(design, optimum)


def _free(design: MixedDesign, theta: FloatArray) -> tuple[int, ...]:
    """Coordinates that are not held at zero; θ₂₁ belongs to θ₁₁'s column."""
    moving = theta != 0.0
    if design.slope:
        moving[:2] = theta[:2].any()
    return tuple(int(k) for k in np.flatnonzero(moving))


def _of_lower_rank(level: Level) -> list[tuple[float, FloatArray]]:
    """Σ of rank 2 brought to its nearest of rank 1 (correlation ±1), of rank 1 to zero, with what is given up."""
    theta = level.theta
    Lambda = np.array([[theta[0], 0.0], [theta[1], theta[2]]])
    values, vectors = np.linalg.eigh(Lambda.T @ level.geometry.products.mean(axis=0) @ Lambda)
    if theta[2] == 0.0:
        return [(float(values[1]), np.append(np.zeros(3), theta[3:]))] if theta[:2].any() else []
    first = Lambda @ vectors[:, 1]
    return [(float(values[0]), np.concatenate([first, [0.0], theta[3:]]))]


def _is_minimum(design: MixedDesign, optimum: Optimum) -> bool:
    """No component that is at zero would lower the deviance if it left zero."""
    level = optimum.level
    gradient, _ = profile_derivatives(design, level, optimum.sums)
    tolerance = -1e-9 * design.n
    if design.classes and level.theta[-1] == 0.0 and gradient[-1] < tolerance:
        return False
    if not design.slope:
        return bool(level.theta[0] != 0.0 or gradient[0] >= tolerance)
    if level.theta[2] != 0.0:
        return True
    G = np.array([[gradient[0], gradient[1] / 2.0], [gradient[1] / 2.0, gradient[2]]])
    if level.theta[:2].any():
        across = np.array([-level.theta[1], level.theta[0]]) / np.hypot(*level.theta[:2])
        return bool(across @ G @ across >= tolerance)
    return bool(np.linalg.eigvalsh(G)[0] >= tolerance)


def _with_positive_diagonal(design: MixedDesign, optimum: Optimum) -> Optimum:
    """The signs of Λ's columns are free: lme4's have a positive diagonal."""
    theta = optimum.level.theta.copy()
    if design.slope:
        if theta[0] < 0.0:
            theta[:2] = -theta[:2]
        if theta[0] == 0.0:
            theta[1:3] = 0.0, np.hypot(theta[1], theta[2])
        theta[2:] = np.abs(theta[2:])
    else:
        theta = np.abs(theta)
    if (theta == optimum.level.theta).all():
        return optimum
    level = evaluate(design, theta)
    return Optimum(level, derivatives(design, level))
