"""Rank tests of two independent groups: Mann-Whitney with the Hodges-Lehmann shift, and Brunner-Munzel."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from expeval.stats.describe import FloatArray
from expeval.stats.estimate import Alternative, Estimate, finite, from_t, z_p_value, z_quantile

# R's rule: the exact distribution without ties and with both arms below 50 students.
EXACT_BELOW = 50


def mann_whitney(
    experimental: FloatArray, control: FloatArray, confidence: float, alternative: Alternative = "two-sided"
) -> Estimate:
    """Mann-Whitney U of the experimental arm; estimate and interval: the Hodges-Lehmann shift.

    Right as a test of equal distributions; as a test of P(E > C) = 1/2 only where spreads are equal.  p is exact
    without ties and with both arms below 50, else asymptotic with tie and continuity correction (``variant``).
    Null: ``"empty-arm"``; p null: ``"all-equal"``.

    References
    ----------
    Mann & Whitney (1947), Ann. Math. Statistics 18:50; Hodges & Lehmann (1963), ibid. 34:598; R's wilcox.test.
    """
    n_e, n_c = experimental.size, control.size
    if min(n_e, n_c) == 0:
        return Estimate(reason="empty-arm")
    U = float(placements(experimental, control).sum() * n_c)
    U = round(2.0 * U) / 2.0  # a count of pairs, ties half
    pooled = np.concatenate([experimental, control])
    ties = np.unique(pooled, return_counts=True)[1].astype(np.float64)
    exact = bool(ties.max() == 1) and max(n_e, n_c) < EXACT_BELOW
    p_value = _exact_p(U, n_e, n_c, alternative) if exact else _asymptotic_p(U, n_e, n_c, ties, alternative)
    shift, low, high = _hodges_lehmann(experimental, control, confidence, exact)
    return Estimate(
        estimate=finite(shift),
        statistic=U,
        p_value=p_value,
        conf_low=finite(low) if p_value is not None else None,
        conf_high=finite(high) if p_value is not None else None,
        reason="all-equal" if p_value is None else None,
        variant=None if p_value is None else "exact" if exact else "asymptotic",
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
    theta = float(higher.mean())
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
    ordered = np.sort(other)
    below, not_above = np.searchsorted(ordered, arm, "left"), np.searchsorted(ordered, arm, "right")
    return np.asarray((below + not_above) / (2.0 * other.size))


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
            beaten = np.concatenate([np.zeros(n), row[n][:-n]]) if n < size else np.zeros(size)
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
    if exact:
        below = np.cumsum(_distribution_of_u(n_e, n_c))
        k = int(np.searchsorted(below, (1.0 - confidence) / 2.0 * (1.0 - 1e-13)))
    else:
        spread = math.sqrt(pairs * (n_e + n_c + 1.0) / 12.0)
        k = math.floor(pairs / 2.0 - z_quantile(0.5 + confidence / 2.0) * spread)
    k = max(k, 1)
    at = _Differences(experimental, control)
    middle = (pairs + 1) // 2
    shift = at(middle) if pairs % 2 else at(middle) / 2.0 + at(middle + 1) / 2.0
    return shift, at(k), at(pairs - k + 1)


class _Differences:
    """The k-th smallest of all pairwise differences, without forming the pairs.

    For one experimental value the computed differences fall as the control value rises, so the number of
    differences at most x is found by bisection in each row, and x by bisection over the doubles themselves:
    exact, in O(distinct values x log) memory and time.
    """

    def __init__(self, experimental: FloatArray, control: FloatArray) -> None:
        self.high, self.high_counts = np.unique(experimental, return_counts=True)
        self.low, low_counts = np.unique(control, return_counts=True)
        self.low_from = np.concatenate([np.cumsum(low_counts[::-1])[::-1], [0]])

    def __call__(self, k: int) -> float:
        first, last = self.high[0] - self.low[-1], self.high[-1] - self.low[0]
        a, b = _as_order(first), _as_order(last)
        while a < b:
            middle = (a + b) // 2
            if self._at_most(_as_double(middle)) >= k:
                b = middle
            else:
                a = middle + 1
        return _as_double(a)

    def _at_most(self, x: float) -> int:
        """Pairs whose difference is at most x."""
        start, end = np.zeros(self.high.size, dtype=np.int64), np.full(self.high.size, self.low.size)
        while (open_ := start < end).any():
            middle = (start + end) // 2
            inside = self.high - self.low[np.minimum(middle, self.low.size - 1)] <= x
            end = np.where(open_ & inside, middle, end)
            start = np.where(open_ & ~inside, middle + 1, start)
        return int((self.high_counts * self.low_from[start]).sum())


def _as_order(x: float) -> int:
    """A double's place among all doubles."""
    bits = int(np.float64(x + 0.0).view(np.int64))
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def _as_double(order: int) -> float:
    bits: NDArray[np.int64] = np.array(abs(order), dtype=np.int64)
    value = float(bits.view(np.float64))
    return value if order >= 0 else -value
