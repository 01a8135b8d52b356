"""Rank tests of two independent groups: Mann-Whitney with the Hodges-Lehmann shift, and Brunner-Munzel."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from expeval.stats.describe import FloatArray
from expeval.stats.estimate import Alternative, Estimate, finite, from_t, z_p_value, z_quantile

# R's rule: the exact distribution without ties and with both arms below 50 students.
EXACT_BELOW = 50
# Pairs that are sorted outright rather than narrowed further.
FEW_PAIRS = 200_000

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
    U = float(_twice_lower(experimental, control).sum()) / 2.0  # a count of pairs, ties half
    pooled = np.concatenate([experimental, control])
    ties = np.unique(pooled, return_counts=True)[1].astype(np.float64)
    exact = bool(ties.max() == 1) and max(n_e, n_c) < EXACT_BELOW
    p_value = _exact_p(U, n_e, n_c, alternative) if exact else _asymptotic_p(U, n_e, n_c, ties, alternative)
    shift, low, high = (finite(x) for x in _hodges_lehmann(experimental, control, confidence, exact))
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
    higher, lower = placements(experimental, control), placements(control, experimental)
    theta = float(_twice_lower(experimental, control).sum()) / (2.0 * n_e * n_c)  # exact where it is 1/2
    if min(n_e, n_c) == 1:
        return Estimate(estimate=theta, reason="arm-of-one")
    v_e, v_c = float(higher.var(ddof=1)) / n_e, float(lower.var(ddof=1)) / n_c
    variance = v_e + v_c
    if np.ptp(higher) == 0.0 and np.ptp(lower) == 0.0:
        return Estimate(estimate=theta, reason="separated" if theta in (0.0, 1.0) else "no-spread")
    df = 1.0 / ((v_e / variance) ** 2 / (n_e - 1) + (v_c / variance) ** 2 / (n_c - 1))
    return from_t(theta, math.sqrt(variance), df, confidence, alternative, null=0.5)


def placements(arm: FloatArray, other: FloatArray) -> FloatArray:
    """(n,) share of the other arm that is lower, plus half the share that is equal."""
    return np.asarray(_twice_lower(arm, other) / (2.0 * other.size))


def _twice_lower(arm: FloatArray, other: FloatArray) -> IntArray:
    """(n,) twice the number of the other arm's students that are lower, plus the number that are equal."""
    ordered = np.sort(other)
    return np.asarray(np.searchsorted(ordered, arm, "left") + np.searchsorted(ordered, arm, "right"), dtype=np.int64)


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


def _hodges_lehmann(
    experimental: FloatArray, control: FloatArray, confidence: float, exact: bool
) -> tuple[float, float, float]:
    """Median, k-th smallest and k-th largest of all n_e n_c differences."""
    n_e, n_c = experimental.size, control.size
    pairs = n_e * n_c
    k = _bound_position(n_e, n_c, confidence, exact)
    at = _Differences(experimental, control)
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

    def __init__(self, experimental: FloatArray, control: FloatArray) -> None:
        # A quarter of scores near the largest double, whose differences would overflow.
        self.unit = 4.0 if max(np.abs(experimental).max(), np.abs(control).max()) > 1e307 else 1.0
        self.high, self.high_counts = np.unique(experimental / self.unit, return_counts=True)
        self.low, self.low_counts = np.unique(control / self.unit, return_counts=True)
        self.low_from = np.concatenate([np.cumsum(self.low_counts[::-1])[::-1], [0]])

    def __call__(self, k: int) -> float:
        a, b = float(self.high[0] - self.low[-1]), float(self.high[-1] - self.low[0])
        # Row i holds the differences in (below a, b] at start[i] <= column < end[i].
        start, end = np.zeros(self.high.size, dtype=np.int64), np.full(self.high.size, self.low.size)
        passed, by_value = 0, True
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
        return (a if a >= b else self._sorted_out(start, end, k - passed)) * self.unit + 0.0

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

    def _sorted_out(self, start: IntArray, end: IntArray, k: int) -> float:
        """The k-th smallest of the few pairs left."""
        lengths = end - start
        row = np.repeat(np.arange(self.high.size), lengths)
        column = np.arange(row.size) - np.repeat(np.cumsum(lengths) - lengths - start, lengths)
        differences = self.high[row] - self.low[column]
        order = np.argsort(differences)
        reached = np.cumsum((self.high_counts[row] * self.low_counts[column])[order])
        return float(differences[order[np.searchsorted(reached, k)]])


def _as_order(x: float) -> int:
    """A double's place among all doubles."""
    bits = int(np.float64(x + 0.0).view(np.int64))
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def _as_double(order: int) -> float:
    bits: IntArray = np.array(abs(order), dtype=np.int64)
    value = float(bits.view(np.float64))
    return value if order >= 0 else -value
