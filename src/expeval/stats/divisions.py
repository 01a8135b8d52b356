"""The divisions of units into two arms that an assignment could have made: all of them, or many drawn at random."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expeval.stats.describe import FloatArray
from expeval.stats.estimate import Alternative

IntArray = NDArray[np.int64]
# Divisions (m, U) of the units, 1 where experimental -> (m,) statistics.
Evaluate = Callable[[FloatArray], FloatArray]

# |t*| >= |t| counts ties within this relative distance: the same division summed in another order.
TIES = 1e-9
# Doubles held at a time, and bytes of divisions drawn at a time.
CHUNK = 4_000_000
DRAWN = 64_000_000
# Variances and differences that are rounding errors of equal numbers, for scores scaled to within 1.
ZERO_VARIANCE = 1e-28
ZERO_DIFFERENCE = 1e-12


@dataclass(frozen=True, slots=True)
class Assignment:
    """How the units were put into the arms.

    Attributes
    ----------
    codes
        (n,) position of each student's unit.
    treated
        (U,) whether the unit is experimental.
    blocks
        For each stratum the positions of its units.
    """

    codes: IntArray
    treated: NDArray[np.bool_]
    blocks: tuple[IntArray, ...]

    @property
    def by_student(self) -> bool:
        """Whether each student is a unit."""
        return self.treated.size == self.codes.size

    @property
    def arms(self) -> tuple[tuple[int, int], ...]:
        """Experimental and control units of each stratum."""
        return tuple((int(self.treated[b].sum()), int((~self.treated[b]).sum())) for b in self.blocks)


def assignment_of(treated: NDArray[np.bool_], strata: IntArray | None, units: IntArray | None) -> Assignment:
    """The assignment behind (n,) arms of students: ``units`` and ``strata`` (n,) codes, ``None``: students, one."""
    students = np.arange(treated.size)
    _, first, codes = (
        (students, students, students) if units is None else np.unique(units, return_index=True, return_inverse=True)
    )
    stratum = np.zeros(first.size, dtype=np.int64) if strata is None else strata[first]
    order = np.argsort(stratum, kind="stable")
    starts = np.flatnonzero(np.diff(stratum[order])) + 1
    return Assignment(codes.reshape(-1), treated[first], tuple(np.split(order, starts)))


def number_of_divisions(arms: Sequence[tuple[int, int]], at_most: int) -> int | None:
    """How many divisions there are of strata with so many (experimental, control) units, ``None``: above ``at_most``.

    >>> number_of_divisions([(3, 3)], 20_000), number_of_divisions([(1, 1), (2, 1)], 20_000)
    (20, 6)
    """
    divisions = 1
    for experimental, control in arms:
        # Of n units there are at least n divisions; the binomial of a large n has thousands of digits.
        if min(experimental, control) > 0 and experimental + control > at_most:
            return None
        divisions *= math.comb(experimental + control, experimental)
        if divisions > at_most:
            return None
    return divisions


def smallest_p_value(arms: Sequence[tuple[int, int]], alternative: Alternative = "two-sided") -> float:
    """Smallest p that all divisions can give, whatever the scores: one division's share, two-sided also its mirror's.

    The mirror image (the arms exchanged) is as extreme, and is a division where every stratum with both arms has as
    many experimental as control units.

    >>> smallest_p_value([(3, 3)]), round(smallest_p_value([(4, 4)]), 4), round(smallest_p_value([(2, 4)]), 4)
    (0.1, 0.0286, 0.0667)
    """
    mirrored = alternative == "two-sided" and all(e == c or min(e, c) == 0 for e, c in arms)
    logarithm = sum(math.lgamma(e + c + 1) - math.lgamma(e + 1) - math.lgamma(c + 1) for e, c in arms)
    if logarithm > 30.0:  # e^30 divisions: below any p that is printed, and the exact number has many digits
        return (2.0 if mirrored else 1.0) * math.exp(-logarithm)
    divisions = math.prod(math.comb(e + c, e) for e, c in arms)
    return min(1.0, (2.0 if mirrored else 1.0) / divisions)


def listed_divisions(assignment: Assignment) -> Iterator[FloatArray]:
    """Every division, in chunks of (m, U)."""
    units = assignment.treated
    choices = [itertools.combinations(block.tolist(), int(units[block].sum())) for block in assignment.blocks]
    everything = itertools.product(*choices)
    size = max(1, CHUNK // assignment.codes.size)
    while part := list(itertools.islice(everything, size)):
        chunk = np.zeros((len(part), units.size))
        for row, division in zip(chunk, part, strict=True):
            row[list(itertools.chain.from_iterable(division))] = 1.0
        yield chunk


def drawn_divisions(assignment: Assignment, draws: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Random divisions, in chunks of (m, U)."""
    units = assignment.treated.size
    size = max(1, CHUNK // assignment.codes.size)
    many = max(size, DRAWN // units)
    for done in range(0, draws, many):
        drawn = _drawn_at_once(assignment, min(many, draws - done), rng)
        for start in range(0, drawn.shape[1], size):
            yield drawn[:, start : start + size].astype(np.float64).T


def _drawn_at_once(assignment: Assignment, m: int, rng: np.random.Generator) -> NDArray[np.int8]:
    """(U, m): m divisions, unit by unit: of those left in its stratum, the share still to become experimental.

    Selection sampling (Knuth 1997, algorithm 3.4.2 S): one uniform number a unit, every division equally likely.
    """
    drawn = np.zeros((assignment.treated.size, m), dtype=np.int8)
    uniform, chosen = np.empty(m), np.empty(m, dtype=bool)
    for block in assignment.blocks:
        experimental = int(assignment.treated[block].sum())
        if experimental == 0:
            continue
        to_choose = np.full(m, float(experimental))
        for k, unit in enumerate(block):
            rng.random(out=uniform)
            np.multiply(uniform, block.size - k, out=uniform)
            np.less(uniform, to_choose, out=chosen)
            drawn[unit] = chosen
            to_choose -= chosen
    return drawn


def share_as_extreme(
    evaluate: Evaluate,
    assignment: Assignment,
    draws: int,
    rng: np.random.Generator,
    alternative: Alternative,
    enumerate_up_to: int,
) -> tuple[float, str]:
    """p of the observed division's statistic, and how: ``"enumerated"`` (its share of all) or ``"drawn"``.

    Drawn: (b + 1)/(draws + 1), the observed division counted as one of the drawn (Phipson & Smyth 2010).
    """
    divisions = number_of_divisions(assignment.arms, enumerate_up_to)
    target = float(evaluate(assignment.treated[None, :].astype(np.float64))[0])
    chunks = drawn_divisions(assignment, draws, rng) if divisions is None else listed_divisions(assignment)
    extreme = sum(count_extreme(evaluate(chunk), target, alternative) for chunk in chunks)
    if divisions is None:
        return (extreme + 1) / (draws + 1), "drawn"
    return extreme / divisions, "enumerated"


def studentised(difference: FloatArray, variance: FloatArray) -> FloatArray:
    """difference/sqrt(variance); infinite where the variance is zero, zero where the difference is."""
    none = variance <= ZERO_VARIANCE
    t = difference / np.sqrt(np.where(none, 1.0, variance))
    t = np.where(none, np.copysign(np.inf, difference), t)
    return np.asarray(np.where(np.abs(difference) <= ZERO_DIFFERENCE, 0.0, t))


def count_extreme(statistics: FloatArray, target: float, alternative: Alternative) -> int:
    """How many are at least as extreme as the target, ties within ``TIES`` among them."""
    if alternative == "less":
        return count_extreme(-statistics, -target, "greater")
    if alternative == "two-sided":
        statistics, target = np.abs(statistics), abs(target)
    bound = target if math.isinf(target) else target - TIES * abs(target)
    return int((statistics >= bound).sum())
