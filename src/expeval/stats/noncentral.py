"""Bounds of the noncentrality parameter of t: what the intervals of d, g and Glass's delta rest on."""

from __future__ import annotations

import math

from scipy import special

from expeval.stats.estimate import t_quantile


def noncentrality_bounds(t: float, df: float, confidence: float) -> tuple[float, float] | None:
    """The noncentrality parameters that put ``t`` at the upper and lower tail of (1 - confidence)/2.

    ``None`` where the noncentral t distribution can't be evaluated there.

    References
    ----------
    Steiger & Fouladi (1997), in Harlow et al., What if there were no significance tests?; Cumming & Finch (2001).
    """
    if not (math.isfinite(t) and df > 0.0):
        return None
    upper = 0.5 + confidence / 2.0
    if t < 0.0:  # the distribution function is computed well for t > 0 only
        mirrored = noncentrality_bounds(-t, df, confidence)
        return None if mirrored is None else (-mirrored[1], -mirrored[0])
    low, high = _solve(t, df, upper), _solve(t, df, 1.0 - upper)
    return None if low is None or high is None else (low, high)


def _solve(t: float, df: float, probability: float) -> float | None:
    """The delta with P(T <= t; df, delta) = probability: the probability falls as delta rises."""
    from scipy.optimize import brentq

    def excess(delta: float) -> float:
        return float(special.nctdtr(df, delta, t)) - probability

    # t - delta has about the spread sqrt(1 + t^2/(2 df)); the central quantile gives its tail.
    width = (1.0 + abs(t_quantile(probability, df))) * math.sqrt(1.0 + t * t / (2.0 * df))
    low, high = t - width, t + width
    for _ in range(60):
        ends = excess(low), excess(high)
        if not (math.isfinite(ends[0]) and math.isfinite(ends[1])):
            return None
        if ends[0] >= 0.0 >= ends[1]:
            return float(brentq(excess, low, high, xtol=1e-13, rtol=1e-14, maxiter=500))
        low, high = (low - width if ends[0] < 0.0 else low), (high + width if ends[1] > 0.0 else high)
    return None
