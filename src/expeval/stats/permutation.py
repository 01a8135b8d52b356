"""Permutation test of two arms: at the level of assignment, inside strata, exact where it can be listed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from expeval.stats.describe import FloatArray
from expeval.stats.estimate import Alternative, Estimate, finite
from expeval.stats.rank_tests import brunner_munzel
from expeval.stats.t_tests import welch

IntArray = NDArray[np.int64]
Statistic = Literal["welch", "brunner-munzel"]

# |t*| >= |t| counts ties within this relative distance: the same division summed in another order.
TIES = 1e-9
# Doubles held at a time.
CHUNK = 4_000_000


@dataclass(frozen=True, slots=True)
class _Units:
    """What is permuted: units (students, classes, institutions) with the sums that a statistic needs."""

    treated: NDArray[np.bool_]  # (U,)
    blocks: tuple[IntArray, ...]  # positions of the units of each stratum
    sums: FloatArray  # (U, q): n, y, y^2; or counts of each distinct score


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

    Parameters
    ----------
    outcome, treatment
        (n,) scores and 0/1.
    statistic
        Welch's t, or Brunner-Munzel's for ordinal outcomes; zero variance counts as infinite.
    strata
        (n,) codes inside which units were put into the arms.
    units
        (n,) codes of the units of assignment, each in one arm and stratum; ``None``: students.
    draws
        Divisions drawn where there are more than ``enumerate_up_to``.

    Returns
    -------
    Estimate
        Estimate and statistic are the observed ones, p the share of divisions at least as extreme: exact
        (variant ``"enumerated"``), or (b + 1)/(draws + 1) (``"drawn"``).  p null: ``"all-equal"``,
        ``"one-division"``.

    References
    ----------
    Janssen (1997), Statistics & Probability Letters 36:9 (studentised); Neubert & Brunner (2007), Comput. Statistics
    & Data Analysis 51:5192; Phipson & Smyth (2010) on (b + 1)/(m + 1).
    """
    treated = treatment == 1
    observed = (welch if statistic == "welch" else brunner_munzel)(outcome[treated], outcome[~treated], 0.95)
    known = Estimate(estimate=observed.estimate, statistic=observed.statistic)
    if np.ptp(outcome) == 0.0:
        return known.because("all-equal")
    grouped = _group(outcome, treated, statistic, strata, units)
    divisions = math.prod(math.comb(block.size, int(grouped.treated[block].sum())) for block in grouped.blocks)
    if divisions < 2:
        return known.because("one-division")
    evaluate = _welch_statistics if statistic == "welch" else _brunner_munzel_statistics
    target = float(evaluate(grouped.treated[None, :].astype(np.float64), grouped.sums)[0])
    listed = divisions <= enumerate_up_to
    division = _all_divisions(grouped) if listed else _drawn_divisions(grouped, draws, rng)
    extreme = sum(_count_extreme(evaluate(chunk, grouped.sums), target, alternative) for chunk in division)
    p_value = extreme / divisions if listed else (extreme + 1) / (draws + 1)
    return replace(known, p_value=finite(p_value), variant="enumerated" if listed else "drawn")


def _group(
    outcome: FloatArray,
    treated: NDArray[np.bool_],
    statistic: Statistic,
    strata: IntArray | None,
    units: IntArray | None,
) -> _Units:
    codes = np.arange(outcome.size) if units is None else np.unique(units, return_inverse=True)[1].reshape(-1)
    first = np.unique(codes, return_index=True)[1]
    if statistic == "welch":
        # Scaled to within 1 about the mean: squares of doubles near 1e300 would overflow.
        centred = outcome - outcome[0]
        centred = centred / np.abs(centred).max()
        centred = centred - centred.mean()
        columns = np.column_stack([np.ones(outcome.size), centred, centred**2])
    else:
        levels, level = np.unique(outcome, return_inverse=True)
        columns = np.zeros((outcome.size, levels.size))
        columns[np.arange(outcome.size), level.reshape(-1)] = 1.0
    sums = columns
    if units is not None:
        sums = np.column_stack([np.bincount(codes, column) for column in columns.T])
    stratum = np.zeros(first.size, dtype=np.int64) if strata is None else strata[first]
    blocks = tuple(np.flatnonzero(stratum == s) for s in np.unique(stratum))
    return _Units(treated[first], blocks, sums)


def _all_divisions(units: _Units) -> Iterator[FloatArray]:
    """Every division, in chunks of (m, U)."""
    choices = [itertools.combinations(block.tolist(), int(units.treated[block].sum())) for block in units.blocks]
    everything = itertools.product(*choices)
    size = max(1, CHUNK // max(units.treated.size, units.sums.shape[1]))
    while part := list(itertools.islice(everything, size)):
        chunk = np.zeros((len(part), units.treated.size))
        for row, division in zip(chunk, part, strict=True):
            row[list(itertools.chain.from_iterable(division))] = 1.0
        yield chunk


def _drawn_divisions(units: _Units, draws: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Random divisions, in chunks of (m, U)."""
    size = max(1, CHUNK // units.treated.size)
    for start in range(0, draws, size):
        m = min(size, draws - start)
        chunk = np.empty((m, units.treated.size), dtype=np.int8)
        for block in units.blocks:
            start_block = np.broadcast_to(units.treated[block].astype(np.int8), (m, block.size))
            chunk[:, block] = rng.permuted(start_block, axis=1)
        yield chunk.astype(np.float64)


def _welch_statistics(divisions: FloatArray, sums: FloatArray) -> FloatArray:
    total = sums.sum(axis=0)
    experimental = divisions @ sums
    control = total - experimental
    difference = experimental[:, 1] / experimental[:, 0] - control[:, 1] / control[:, 0]
    return _studentised(difference, _squared_error(experimental) + _squared_error(control), total[2] / total[0])


def _squared_error(sums: FloatArray) -> FloatArray:
    """s^2/n of an arm; an arm of one student adds nothing."""
    n, y, yy = sums.T
    within = np.maximum(yy - y**2 / n, 0.0)
    return np.asarray(within / (np.maximum(n - 1.0, 1.0) * n))


def _brunner_munzel_statistics(divisions: FloatArray, counts: FloatArray) -> FloatArray:
    """Welch's t on the placements, from the counts of each distinct score (K columns)."""
    experimental = divisions @ counts
    control = counts.sum(axis=0) - experimental
    higher, v_e = _placement_moments(experimental, control)
    _, v_c = _placement_moments(control, experimental)
    return _studentised(higher - 0.5, v_e + v_c, 1.0)


def _placement_moments(arm: FloatArray, other: FloatArray) -> tuple[FloatArray, FloatArray]:
    n, m = arm.sum(axis=1, keepdims=True), other.sum(axis=1, keepdims=True)
    placement = (np.cumsum(other, axis=1) - other / 2.0) / m
    mean = (arm * placement).sum(axis=1, keepdims=True) / n
    variance = (arm * (placement - mean) ** 2).sum(axis=1, keepdims=True) / np.maximum(n - 1.0, 1.0)
    return mean.ravel(), (variance / n).ravel()


def _studentised(difference: FloatArray, variance: FloatArray, scale: float) -> FloatArray:
    """difference/sqrt(variance); infinite where the variance is zero, zero where both are."""
    none = variance <= 1e-24 * scale
    same = np.abs(difference) <= 1e-12 * math.sqrt(scale)
    t = difference / np.sqrt(np.where(none, 1.0, variance))
    t = np.where(none, np.copysign(np.inf, difference), t)
    return np.asarray(np.where(same, 0.0, t))


def _count_extreme(statistics: FloatArray, target: float, alternative: Alternative) -> int:
    if alternative == "less":
        return _count_extreme(-statistics, -target, "greater")
    if alternative == "two-sided":
        statistics, target = np.abs(statistics), abs(target)
    bound = target if math.isinf(target) else target - TIES * abs(target)
    return int((statistics >= bound).sum())
