"""Rank tests of two independent groups: Mann-Whitney with the Hodges-Lehmann shift, and Brunner-Munzel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expeval.stats.describe import FloatArray
from expeval.stats.estimate import Alternative, Estimate, finite, from_t, z_p_value, z_quantile

# R's rule: the exact distribution without ties and with both arms below 50 students.
EXACT_BELOW = 50
# Pairs that are sorted outright rather than narrowed further.
FEW_PAIRS = 200_000
# Scores that lie whole steps apart are counted, not sorted, up to this many steps.
SCALE = 1000
# Up to this many steps (marks) it is quickest to look for each.
FEW_STEPS = 16
# Scores counted at a time: what the processor's cache holds.
CHUNK = 16384

IntArray = NDArray[np.int64]


def mann_whitney(
    experimental: FloatArray, control: FloatArray, confidence: float, alternative: Alternative = "two-sided"
) -> Estimate:
    """Mann-Whitney U of the experimental arm; estimate and interval: the Hodges-Lehmann shift.

    Right as a test of equal distributions; as a test of P(E > C) = 1/2 only where spreads are equal.  p is exact
    without ties and with both arms below 50, else asymptotic with tie and continuity correction (``variant``).
    The interval goes at most from the smallest difference to the largest: a few students can't reach ``confidence``.
    Null: ``"empty-arm"``; p and interval null: ``"all-equal"``; a shift or bound larger than the largest double is null
    with ``"not-computable"``.

    References
    ----------
    Mann & Whitney (1947), Ann. Math. Statistics 18:50; Hodges & Lehmann (1963), ibid. 34:598; R's wilcox.test.
    """
    n_e, n_c = experimental.size, control.size
    if min(n_e, n_c) == 0:
        return Estimate(reason="empty-arm")
    counted = _counted(experimental, control)
    U = counted.twice_pairs_won() / 2.0
    ties = (counted.experimental + counted.control).astype(np.float64)
    exact = bool(ties.max() == 1) and max(n_e, n_c) < EXACT_BELOW
    p_value = _exact_p(U, n_e, n_c, alternative) if exact else _asymptotic_p(U, n_e, n_c, ties, alternative)
    shift, low, high = (finite(x) for x in _hodges_lehmann(counted, confidence, exact))
    if p_value is None:
        return Estimate(estimate=shift, statistic=U, reason="all-equal")
    return Estimate(
        estimate=shift,
        statistic=U,
        p_value=p_value,
        conf_low=low,
        conf_high=high,
        reason="not-computable" if None in (shift, low, high) else None,
        variant="exact" if exact else "asymptotic",
    )


def brunner_munzel(
    experimental: FloatArray, control: FloatArray, confidence: float, alternative: Alternative = "two-sided"
) -> Estimate:
    """P(E > C) + P(E = C)/2 against 1/2: Mann-Whitney's question with ties and unequal spreads allowed.

    The statistic is positive where the experimental arm is higher; the interval is not clipped to [0, 1].
    Wants about ten students an arm.  Null: ``"empty-arm"``; estimate alone: ``"arm-of-one"``, ``"separated"`` (the
    arms do not overlap, the variance is zero), ``"no-spread"``.

    References
    ----------
    Brunner & Munzel (2000), Biometrical J. 42:17, eq. 1-6: Welch's t on the placements.
    """
    n_e, n_c = experimental.size, control.size
    if min(n_e, n_c) == 0:
        return Estimate(reason="empty-arm")
    counted = _counted(experimental, control)
    theta = counted.twice_pairs_won() / (2.0 * n_e * n_c)  # exact where it is 1/2
    if min(n_e, n_c) == 1:
        return Estimate(estimate=theta, reason="arm-of-one")
    e, c = counted.experimental, counted.control
    squares_e, squares_c = _placement_squares(e, c), _placement_squares(c, e)
    if squares_e is None and squares_c is None:
        return Estimate(estimate=theta, reason="separated" if theta in (0.0, 1.0) else "no-spread")
    v_e, v_c = (squares_e or 0.0) / (n_e - 1) / n_e, (squares_c or 0.0) / (n_c - 1) / n_c
    variance = v_e + v_c
    df = 1.0 / ((v_e / variance) ** 2 / (n_e - 1) + (v_c / variance) ** 2 / (n_c - 1))
    return from_t(theta, math.sqrt(variance), df, confidence, alternative, null=0.5)


def placements(arm: FloatArray, other: FloatArray) -> FloatArray:
    """(n,) share of the other arm that is lower, plus half the share that is equal."""
    ordered = np.sort(other)
    twice = np.searchsorted(ordered, arm, "left") + np.searchsorted(ordered, arm, "right")
    return np.asarray(twice / (2.0 * other.size))


@dataclass(frozen=True, slots=True)
class _Counted:
    """Students of each arm at each distinct score, in rising order: all that ranks depend on."""

    levels: FloatArray
    experimental: IntArray
    control: IntArray

    def twice_pairs_won(self) -> float:
        """Twice the pairs with the experimental student higher, plus those that are equal."""
        return float((self.experimental * _twice_lower(self.control)).sum())


def _counted(experimental: FloatArray, control: FloatArray) -> _Counted:
    low = min(float(experimental.min()), float(control.min()))
    high = max(float(experimental.max()), float(control.max()))
    if high - low <= SCALE:
        size = int(high - low) + 1
        e, c = _counted_steps(experimental, low, size), _counted_steps(control, low, size)
        if e is not None and c is not None:
            step = np.flatnonzero(e + c)
            return _Counted(np.asarray(low + step, dtype=np.float64), e[step], c[step])
    ordered = [np.sort(arm) for arm in (experimental, control)]
    levels = np.unique(np.concatenate(ordered))
    e, c = (np.diff(np.searchsorted(arm, levels, "right"), prepend=0) for arm in ordered)
    return _Counted(np.asarray(levels, dtype=np.float64), e, c)


def _counted_steps(arm: FloatArray, low: float, size: int) -> IntArray | None:
    """(size,) students at low, low + 1, ..., without sorting; ``None`` where one is in between."""
    if size <= FEW_STEPS:
        counts = np.array([np.count_nonzero(arm == low + k) for k in range(size)], dtype=np.int64)
        return counts if counts.sum() == arm.size else None
    counts = np.zeros(size, dtype=np.int64)
    for start in range(0, arm.size, CHUNK):
        scores = arm[start : start + CHUNK]
        step = (scores - low).astype(np.int32)
        # Not the difference, which is rounded: 1e-20 is no 0 beside -1.
        if not (low + step == scores).all():
            return None
        counts += np.bincount(step, minlength=size)
    return counts


def _twice_lower(other: IntArray) -> IntArray:
    """(K,) twice the students that are lower than each score, plus those that are equal, from their counts."""
    return np.asarray(2 * np.cumsum(other) - other)


def _placement_squares(arm: IntArray, other: IntArray) -> float | None:
    """Sum of squares of an arm's placements in the other about their mean; ``None`` where all are the same."""
    held = arm > 0
    placement, n = _twice_lower(other)[held] / (2.0 * other.sum()), arm[held]
    if placement.min() == placement.max():
        return None
    off = placement - n @ placement / n.sum()
    # The second term takes out what rounding left of the mean.
    return float(n @ off**2 - (n @ off) ** 2 / n.sum())


# ------------------------------------------------------------------------------------------ p of Mann-Whitney


def _exact_p(U: float, n_e: int, n_c: int, alternative: Alternative) -> float | None:
    distribution = _distribution_of_u(n_e, n_c)
    count = round(U)
    at_most, at_least = float(distribution[: count + 1].sum()), float(distribution[count:].sum())
    if alternative == "greater":
        return min(1.0, at_least)
    if alternative == "less":
        return min(1.0, at_most)
    return min(1.0, 2.0 * min(at_most, at_least))


def _distribution_of_u(n_e: int, n_c: int) -> FloatArray:
    """Probabilities of U = 0 ... n_e n_c without ties, by Mann & Whitney's recursion on the largest observation."""
    size = n_e * n_c + 1
    row = [np.eye(1, size).ravel() for _ in range(n_c + 1)]  # no experimental student: U is 0
    for m in range(1, n_e + 1):
        new = [np.eye(1, size).ravel()]
        for n in range(1, n_c + 1):
            # The largest is experimental (it beats all n), or of the control arm (it beats nobody).
            beaten = np.concatenate([np.zeros(n), row[n][:-n]])
            new.append((m * beaten + n * new[n - 1]) / (m + n))
        row = new
    return np.asarray(row[n_c])


def _asymptotic_p(U: float, n_e: int, n_c: int, ties: FloatArray, alternative: Alternative) -> float | None:
    N = n_e + n_c
    variance = n_e * n_c / 12.0 * ((N + 1.0) - float((ties**3 - ties).sum()) / (N * (N - 1.0)))
    if ties.size == 1 or not variance > 0.0:
        return None
    distance = U - n_e * n_c / 2.0
    continuity = {"two-sided": math.copysign(0.5, distance) if distance else 0.0, "greater": 0.5, "less": -0.5}
    return z_p_value((distance - continuity[alternative]) / math.sqrt(variance), alternative)


# ------------------------------------------------------------------------------- median of all differences


def _hodges_lehmann(counted: _Counted, confidence: float, exact: bool) -> tuple[float, float, float]:
    """Median, k-th smallest and k-th largest of all n_e n_c differences."""
    n_e, n_c = int(counted.experimental.sum()), int(counted.control.sum())
    pairs = n_e * n_c
    k = _bound_position(n_e, n_c, confidence, exact)
    at = _Differences(counted)
    middle = (pairs + 1) // 2
    shift = at(middle) if pairs % 2 else at(middle) / 2.0 + at(middle + 1) / 2.0
    return shift, at(k), at(pairs - k + 1)


def _bound_position(n_e: int, n_c: int, confidence: float, exact: bool) -> int:
    """The k of the interval: the alpha/2 quantile of U (R's qwilcox with its slack), or its normal approximation."""
    if exact:
        below = np.cumsum(_distribution_of_u(n_e, n_c))
        k = int(np.searchsorted(below, (1.0 - confidence) / 2.0 - 10.0 * np.finfo(np.float64).eps))
    else:
        pairs = n_e * n_c
        spread = math.sqrt(pairs * (n_e + n_c + 1.0) / 12.0)
        k = math.floor(pairs / 2.0 + z_quantile((1.0 - confidence) / 2.0) * spread)
    return max(k, 1)


class _Differences:
    """The k-th smallest of all pairwise differences, without forming the pairs.

    For one experimental value the computed differences fall as the control value rises, so those at most x begin
    at one place in each row.  Bisection over x until few pairs are left, which are then sorted: exact, in
    O(distinct values x log) time and bounded memory.
    """

    def __init__(self, counted: _Counted) -> None:
        # A quarter of scores near the largest double, whose differences would overflow.
        self.unit = 4.0 if np.abs(counted.levels).max() > 1e307 else 1.0
        high, low = counted.experimental > 0, counted.control > 0
        self.high, self.high_counts = counted.levels[high] / self.unit, counted.experimental[high]
        self.low, self.low_counts = counted.levels[low] / self.unit, counted.control[low]
        self.low_from = np.concatenate([np.cumsum(self.low_counts[::-1])[::-1], [0]])
        # Row i holds the differences in the interval that is searched at start[i] <= column < end[i]: first all.
        self.all = np.zeros(self.high.size, dtype=np.int64), np.full(self.high.size, self.low.size)
        self.sorted = _whole_differences(counted)
        if self.sorted is None and self.high.size * self.low.size <= FEW_PAIRS:
            self.sorted = self._in_order(*self.all)

    def __call__(self, k: int) -> float:
        if self.sorted is not None:
            return _kth(*self.sorted, k) * self.unit + 0.0
        a, b = float(self.high[0] - self.low[-1]), float(self.high[-1] - self.low[0])
        (start, end), passed, by_value = self.all, 0, True
        while a < b and int((end - start).sum()) > FEW_PAIRS:
            # The middle of the values finds the crowd; the middle of the doubles leaves no far outlier unhalved.
            x = a / 2.0 + b / 2.0 if by_value else _as_double((_as_order(a) + _as_order(b)) // 2)
            x, by_value = min(max(x, a), np.nextafter(b, a)), not by_value
            places = self._places(x)
            at_most = int((self.high_counts * self.low_from[places]).sum())
            if at_most >= k:
                b, start = x, places
            else:
                a, end, passed = float(np.nextafter(x, b)), places, at_most
        return (a if a >= b else _kth(*self._in_order(start, end), k - passed)) * self.unit + 0.0

    def _places(self, x: float) -> IntArray:
        """The first column of each row whose difference is at most x."""
        places = np.searchsorted(self.low, self.high - x)
        last = self.low.size - 1
        # high - x is rounded: look at the neighbours, and where the guess is not it, bisect on the differences.
        wrong = (places <= last) & (self.high - self.low[np.minimum(places, last)] > x)
        wrong |= (places > 0) & (self.high - self.low[np.maximum(places - 1, 0)] <= x)
        if wrong.any():
            places[wrong] = self._bisected(self.high[wrong], x)
        return np.asarray(places, dtype=np.int64)

    def _bisected(self, high: FloatArray, x: float) -> IntArray:
        start, end = np.zeros(high.size, dtype=np.int64), np.full(high.size, self.low.size)
        while (open_ := start < end).any():
            middle = (start + end) // 2
            inside = high - self.low[np.minimum(middle, self.low.size - 1)] <= x
            end = np.where(open_ & inside, middle, end)
            start = np.where(open_ & ~inside, middle + 1, start)
        return start

    def _in_order(self, start: IntArray, end: IntArray) -> tuple[FloatArray, IntArray]:
        """The differences between start and end in rising order, and how many pairs have at most each."""
        lengths = end - start
        row = np.repeat(np.arange(self.high.size), lengths)
        column = np.arange(row.size) - np.repeat(np.cumsum(lengths) - lengths - start, lengths)
        differences = self.high[row] - self.low[column]
        order = np.argsort(differences)
        return differences[order], np.cumsum((self.high_counts[row] * self.low_counts[column])[order])


def _whole_differences(counted: _Counted) -> tuple[FloatArray, IntArray] | None:
    """As ``_in_order`` of all pairs, by convolution, where the scores are whole numbers of a scale; else ``None``."""
    levels = counted.levels
    if levels[-1] > levels[0] + SCALE or not (np.rint(levels) == levels).all():
        return None
    step = (levels - levels[0]).astype(np.int64)
    e, c = np.zeros(step[-1] + 1, dtype=np.int64), np.zeros(step[-1] + 1, dtype=np.int64)
    e[step], c[step] = counted.experimental, counted.control
    pairs = np.convolve(e, c[::-1])
    return np.arange(-step[-1], step[-1] + 1.0), np.cumsum(pairs)


def _kth(differences: FloatArray, at_most: IntArray, k: int) -> float:
    return float(differences[np.searchsorted(at_most, k)])


def _as_order(x: float) -> int:
    """A double's place among all doubles."""
    bits = int(np.float64(x + 0.0).view(np.int64))
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def _as_double(order: int) -> float:
    bits: IntArray = np.array(abs(order), dtype=np.int64)
    value = float(bits.view(np.float64))
    return value if order >= 0 else -value
