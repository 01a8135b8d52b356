"""Permutation test of two arms: at the level of assignment, inside strata, exact where it can be listed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from expeval.stats.describe import FloatArray, power_of_two
from expeval.stats.divisions import (
    CHUNK,
    Assignment,
    Evaluate,
    IntArray,
    assignment_of,
    count_extreme,
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
# Students a cell (stratum and score) from which on drawing by cells is less work than student by student.
STUDENTS_A_CELL = 10


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
    cells = _cells(outcome, assignment, enumerate_up_to)
    if cells is not None:
        evaluate = _welch_of_cells(outcome, cells) if statistic == "welch" else _brunner_munzel_of_cells(outcome, cells)
        target = float(evaluate(cells.observed[None, :])[0])
        extreme = sum(count_extreme(evaluate(part), target, alternative) for part in cells.drawn(draws, rng))
        return answer((extreme + 1) / (draws + 1), observed.reason, "drawn")
    evaluate = (_welch if statistic == "welch" else _brunner_munzel)(outcome, assignment)
    p_value, how = share_as_extreme(evaluate, assignment, draws, rng, alternative, enumerate_up_to)
    return answer(p_value, observed.reason, how)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Students of one stratum with the same score are alike: a division is how many of each cell are experimental.

    Attributes
    ----------
    first
        (C,) one student of each cell.
    sizes, observed
        (C,) its students, and those of them in the experimental arm.
    blocks
        For each stratum its cells (neighbours).
    """

    first: IntArray
    sizes: FloatArray
    observed: FloatArray
    blocks: tuple[slice, ...]

    def drawn(self, draws: int, rng: np.random.Generator) -> Iterator[FloatArray]:
        """Random divisions in chunks of (m, C): multivariate hypergeometric, stratum by stratum."""
        size = max(1, CHUNK // self.sizes.size)
        for done in range(0, draws, size):
            m = min(size, draws - done)
            chunk = np.empty((m, self.sizes.size))
            for block in self.blocks:
                sizes = self.sizes[block].astype(np.int64)
                chosen = int(self.observed[block].sum())
                chunk[:, block] = rng.multivariate_hypergeometric(sizes, chosen, size=m, method="marginals")
            yield chunk


def _cells(outcome: FloatArray, assignment: Assignment, enumerate_up_to: int) -> _Cells | None:
    """The cells, where divisions are drawn and drawing by cells is less work than student by student."""
    if not assignment.by_student or number_of_divisions(assignment.arms, enumerate_up_to) is not None:
        return None
    stratum = np.empty(outcome.size, dtype=np.int64)
    for k, block in enumerate(assignment.blocks):
        stratum[block] = k
    order = np.lexsort((outcome, stratum))
    new = np.flatnonzero(np.diff(stratum[order]) | (np.diff(outcome[order]) != 0.0)) + 1
    starts = np.concatenate([[0], new])
    if starts.size * STUDENTS_A_CELL > outcome.size:
        return None
    of_stratum = np.searchsorted(stratum[order][starts], np.arange(len(assignment.blocks) + 1))
    return _Cells(
        first=order[starts],
        sizes=np.diff(np.append(starts, outcome.size)).astype(np.float64),
        observed=np.add.reduceat(assignment.treated[order].astype(np.float64), starts),
        blocks=tuple(slice(int(a), int(b)) for a, b in pairwise(of_stratum)),
    )


def _centred(outcome: FloatArray) -> FloatArray:
    """Scores scaled to within 1 about their mean."""
    shifted = outcome / power_of_two(outcome)
    shifted = shifted - shifted[0]
    y = shifted / np.abs(shifted).max()
    return np.asarray(y - y.mean())


def _welch_of_cells(outcome: FloatArray, cells: _Cells) -> Evaluate:
    y = _centred(outcome)[cells.first]
    sums = np.column_stack([np.ones(y.size), y, y * y])
    return _welch_of(sums, cells.sizes @ sums, y, lambda divisions: (divisions, cells.sizes - divisions))


def _brunner_munzel_of_cells(outcome: FloatArray, cells: _Cells) -> Evaluate:
    levels, level = np.unique(outcome[cells.first], return_inverse=True)
    indicators = np.eye(levels.size)[level.reshape(-1)]
    return _brunner_munzel_of(indicators.__rmatmul__, cells.sizes @ indicators)


def _welch(outcome: FloatArray, assignment: Assignment) -> Evaluate:
    """Welch's t from the units' sums of 1, y and y^2, y scaled to within 1 about the mean."""
    y = _centred(outcome)
    columns = (np.ones(y.size), y, y * y)
    sums: FloatArray = np.column_stack([np.bincount(assignment.codes, column) for column in columns])

    def students(divisions: FloatArray) -> tuple[FloatArray, FloatArray]:
        experimental = divisions[:, assignment.codes]
        return experimental, 1.0 - experimental

    return _welch_of(sums, sums.sum(axis=0), y, students)


def _welch_of(
    sums: FloatArray,
    total: FloatArray,
    y: FloatArray,
    weights: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
) -> Evaluate:
    """t from sums of 1, y and y^2; where these lost digits, in two passes over scores with both arms' weights."""

    def evaluate(divisions: FloatArray) -> FloatArray:
        experimental = divisions @ sums
        control = total - experimental
        difference = experimental[:, 1] / experimental[:, 0] - control[:, 1] / control[:, 0]
        variance = _squared_error(experimental, centred=True) + _squared_error(control, centred=True)
        raw = _squared_error(experimental, centred=False) + _squared_error(control, centred=False)
        doubtful = np.flatnonzero(variance < LOST_DIGITS * raw)
        for rows in np.array_split(doubtful, math.ceil(doubtful.size * y.size / CHUNK) or 1):
            variance[rows] = sum(_two_pass_squared_error(arm, y) for arm in weights(divisions[rows]))
        return studentised(difference, variance)

    return evaluate


def _squared_error(sums: FloatArray, centred: bool) -> FloatArray:
    """s^2/n of an arm from its sums, about its own mean or about the grand mean."""
    n, y, yy = sums.T
    squares = np.maximum(yy - y * y / n, 0.0) if centred else yy
    return np.asarray(squares / (np.maximum(n - 1.0, 1.0) * n))


def _two_pass_squared_error(weights: FloatArray, y: FloatArray) -> FloatArray:
    """s^2/n of the arm with so many students of each score in the rows of (m, n)."""
    n = weights.sum(axis=1)
    off = y - (weights @ y / n)[:, None]
    squares = (weights * off**2).sum(axis=1) - (weights * off).sum(axis=1) ** 2 / n
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
    return _brunner_munzel_of(count, np.bincount(level).astype(np.float64))


def _brunner_munzel_of(count: Evaluate, everyone: FloatArray) -> Evaluate:
    """t from the numbers of students at each score in the experimental arm, and in both."""

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
