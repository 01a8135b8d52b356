"""Permutation test of two arms: at the level of assignment, inside strata, exact where it can be listed."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from expeval.stats.describe import FloatArray, power_of_two
from expeval.stats.divisions import (
    CHUNK,
    Assignment,
    Evaluate,
    IntArray,
    assignment_of,
    number_of_divisions,
    share_as_extreme,
    studentised,
)
from expeval.stats.estimate import Alternative, Estimate
from expeval.stats.rank_tests import brunner_munzel
from expeval.stats.t_tests import welch

Statistic = Literal["welch", "brunner-munzel"]
# Below this share of the squares about the grand mean, a variance from sums has lost digits that TIES needs.
LOST_DIGITS = 1e-4
# Distinct scores up to which a matrix product counts them faster than a pass over the students.
FEW_LEVELS = 64


def permutation_test(
    outcome: FloatArray,
    treatment: IntArray,
    *,
    statistic: Statistic,
    strata: IntArray | None,
    units: IntArray | None,
    draws: int,
    rng: np.random.Generator,
    alternative: Alternative = "two-sided",
    enumerate_up_to: int = 20_000,
) -> Estimate:
    """p of the studentised difference under all (or many) divisions of the units into the arms.

    Right where the arms were drawn as it divides them, or where students would be exchangeable; studentised, so that
    it holds its level in large samples with unequal spreads too.  It can't undo an assignment that was no lottery.

    Parameters
    ----------
    outcome, treatment
        (n,) scores without missing values, and 0/1.
    statistic
        Welch's t, or Brunner-Munzel's for ordinal outcomes; zero variance counts as infinite, and an arm of one
        student adds no variance.
    strata
        (n,) codes inside which units were put into the arms; ``None``: everywhere.
    units
        (n,) codes of the units of assignment, each in one arm and stratum; ``None``: students.
    draws
        Divisions drawn where there are more than ``enumerate_up_to``.
    rng
        Where the divisions are drawn from.
    alternative
        Two-sided: \\|t*\\| >= \\|t\\|.

    Returns
    -------
    Estimate
        ``estimate`` and ``statistic`` are the observed ones (Welch's difference, or P(E > C) + P(E = C)/2); p is the
        share of divisions at least as extreme, the observed one among them (variant ``"enumerated"``), or
        (b + 1)/(draws + 1) (``"drawn"``).  p null: ``"empty-arm"``, ``"all-equal"``, ``"one-division"``.  Where the
        statistic is infinite or an arm has one student it is null, p stands, and the reason is the test's own:
        ``"no-spread"``, ``"separated"``, ``"arm-of-one"``.

    Notes
    -----
    A division costs a matrix product of its 0/1 with the units' sums (n, y, y^2), or with the counts of each distinct
    score; memory is bounded by chunks of ``CHUNK`` doubles.

    References
    ----------
    Janssen (1997), Statistics & Probability Letters 36:9 (studentised); Neubert & Brunner (2007), Comput. Statistics
    & Data Analysis 51:5192 (Brunner-Munzel's); Phipson & Smyth (2010), Statist. Appl. Genetics Mol. Biol. 9:39
    ((b + 1)/(m + 1)).

    Examples
    --------
    All 20 divisions of six students; the observed one and its mirror image are the most extreme:

    >>> found = permutation_test(np.array([5.0, 6.0, 7.0, 1.0, 2.0, 3.0]), np.array([1, 1, 1, 0, 0, 0]),
    ...                          statistic="welch", strata=None, units=None, draws=999, rng=np.random.default_rng(1))
    >>> found.estimate, found.p_value, found.variant
    (4.0, 0.1, 'enumerated')
    """
    treated = treatment == 1
    observed = (welch if statistic == "welch" else brunner_munzel)(outcome[treated], outcome[~treated], 0.95)

    def answer(p_value: float | None, reason: str | None, variant: str | None = None) -> Estimate:
        return Estimate(observed.estimate, None, observed.statistic, None, p_value, reason=reason, variant=variant)

    if treated.all() or not treated.any():
        return answer(None, "empty-arm")
    if outcome.min() == outcome.max():
        return answer(None, "all-equal")
    assignment = assignment_of(treated, strata, units)
    if number_of_divisions(assignment.arms, enumerate_up_to) == 1:
        return answer(None, "one-division")
    evaluate = (_welch if statistic == "welch" else _brunner_munzel)(outcome, assignment)
    p_value, how = share_as_extreme(evaluate, assignment, draws, rng, alternative, enumerate_up_to)
    return answer(p_value, observed.reason, how)


def _welch(outcome: FloatArray, assignment: Assignment) -> Evaluate:
    """Welch's t from the units' sums of 1, y and y^2, y scaled to within 1 about the mean."""
    shifted = outcome / power_of_two(outcome)
    shifted = shifted - shifted[0]
    y = shifted / np.abs(shifted).max()
    y = y - y.mean()
    columns = (np.ones(y.size), y, y * y)
    sums = np.column_stack([np.bincount(assignment.codes, column) for column in columns])
    total = sums.sum(axis=0)

    def evaluate(divisions: FloatArray) -> FloatArray:
        experimental = divisions @ sums
        control = total - experimental
        difference = experimental[:, 1] / experimental[:, 0] - control[:, 1] / control[:, 0]
        variance = _squared_error(experimental, centred=True) + _squared_error(control, centred=True)
        raw = _squared_error(experimental, centred=False) + _squared_error(control, centred=False)
        doubtful = np.flatnonzero(variance < LOST_DIGITS * raw)
        for rows in np.array_split(doubtful, math.ceil(doubtful.size * y.size / CHUNK) or 1):
            students = divisions[rows][:, assignment.codes]
            variance[rows] = _two_pass_squared_error(students, y) + _two_pass_squared_error(1.0 - students, y)
        return studentised(difference, variance)

    return evaluate


def _squared_error(sums: FloatArray, centred: bool) -> FloatArray:
    """s^2/n of an arm from its sums, about its own mean or about the grand mean."""
    n, y, yy = sums.T
    squares = np.maximum(yy - y * y / n, 0.0) if centred else yy
    return np.asarray(squares / (np.maximum(n - 1.0, 1.0) * n))


def _two_pass_squared_error(students: FloatArray, y: FloatArray) -> FloatArray:
    """s^2/n of the arm whose students have 1 in the rows of (m, n)."""
    n = students.sum(axis=1)
    deviations = students * (y - (students @ y / n)[:, None])
    squares = (deviations**2).sum(axis=1) - deviations.sum(axis=1) ** 2 / n
    return np.asarray(squares / (np.maximum(n - 1.0, 1.0) * n))


def _brunner_munzel(outcome: FloatArray, assignment: Assignment) -> Evaluate:
    """Brunner-Munzel's t, Welch's on the placements, from the arm's number of students at each distinct score."""
    levels, level = np.unique(outcome, return_inverse=True)
    level = level.reshape(-1)
    count = _count_by_pass(level) if assignment.by_student and levels.size > FEW_LEVELS else None
    if count is None:
        units = assignment.treated.size
        flat = np.bincount(assignment.codes * levels.size + level, minlength=units * levels.size)
        counts = flat.reshape(units, levels.size).astype(np.float64)
        count = counts.__rmatmul__
    everyone = np.bincount(level).astype(np.float64)

    def evaluate(divisions: FloatArray) -> FloatArray:
        experimental = count(divisions)
        control = everyone - experimental
        theta, v_e = _placement_moments(experimental, control)
        _, v_c = _placement_moments(control, experimental)
        return studentised(theta - 0.5, v_e + v_c)

    return evaluate


def _count_by_pass(level: IntArray) -> Evaluate:
    order = np.argsort(level, kind="stable")
    starts = np.concatenate([[0], np.flatnonzero(np.diff(level[order])) + 1])
    return lambda divisions: np.add.reduceat(divisions[:, order], starts, axis=1)


def _placement_moments(arm: FloatArray, other: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and s^2/n of the placements of an arm in the other, from counts (m, K) in rising order of the scores."""
    n, m = arm.sum(axis=1, keepdims=True), other.sum(axis=1, keepdims=True)
    placement = (np.cumsum(other, axis=1) - other / 2.0) / m
    mean = (arm * placement).sum(axis=1, keepdims=True) / n
    variance = (arm * (placement - mean) ** 2).sum(axis=1, keepdims=True) / np.maximum(n - 1.0, 1.0)
    return mean.ravel(), (variance / n).ravel()
