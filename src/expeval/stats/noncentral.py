"""Bounds of the noncentrality parameter of t: what the intervals of d, g and Glass's delta rest on."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from expeval.stats.describe import FloatArray
from expeval.stats.estimate import t_quantile

# Mass of the chi distribution left out at each end; and where the normal distribution is 0 or 1 to the last digit.
NO_MASS = 1e-20
FAR = 9.0
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)


def noncentrality_bounds(t: float, df: float, confidence: float) -> tuple[float, float] | None:
    """The noncentrality parameters that put ``t`` at the upper and lower tail of (1 - confidence)/2.

    Agrees with 25-digit arithmetic to 1e-11 relative for whole df from 1 and every ``t`` tried (0 to 1e6).
    ``None`` where ``t`` is not finite, df are below 1, or the root can't be bracketed.

    References
    ----------
    Steiger & Fouladi (1997), in Harlow et al., What if there were no significance tests?; Cumming & Finch (2001).
    """
    if not (math.isfinite(t) and math.isfinite(df) and df >= 1.0):
        return None
    upper = 0.5 + confidence / 2.0
    if t < 0.0:
        mirrored = noncentrality_bounds(-t, df, confidence)
        return None if mirrored is None else (-mirrored[1], -mirrored[0])
    low, high = _solve(t, df, upper), _solve(t, df, 1.0 - upper)
    return None if low is None or high is None else (low, high)


def noncentral_t_cdf(t: float, df: float, delta: float) -> float:
    """P(T <= t) for t >= 0, df >= 1: the mean of Phi(t s - delta) over s = chi/sqrt(df).

    By Gauss-Legendre on panels no wider than either factor changes.  (scipy's ``nctdtr`` has gaps of NaN, at
    df = 1 and t = 100 for one.)  Lehmann & Romano (2005), sec. 5.2.
    """
    low = math.sqrt(2.0 * special.gammaincinv(df / 2.0, NO_MASS) / df)
    high = math.sqrt(2.0 * special.gammainccinv(df / 2.0, NO_MASS) / df)
    knots = np.linspace(low, high, 14)
    if t > 0.0:
        step = (delta + np.linspace(-FAR, FAR, 13)) / t
        knots = np.sort(np.concatenate([knots, np.clip(step, low, high)]))
    half = np.diff(knots)[:, None] / 2.0
    s = knots[:-1, None] + half * (1.0 + NODES)
    mass = half * WEIGHTS * _chi_density(s, df)
    return float((mass * special.ndtr(t * s - delta)).sum() / mass.sum())


def _chi_density(s: FloatArray, df: float) -> FloatArray:
    """Density of chi/sqrt(df) over its value at the mode (about the mode: large df cost no digits)."""
    if df == 1.0:
        return np.asarray(np.exp(-s * s / 2.0))
    x = s / math.sqrt((df - 1.0) / df) - 1.0
    return np.asarray(np.exp((df - 1.0) * (np.log1p(x) - x - x * x / 2.0)))


def _solve(t: float, df: float, probability: float) -> float | None:
    """The delta with P(T <= t; df, delta) = probability: the probability falls as delta rises."""
    from scipy.optimize import brentq

    def excess(delta: float) -> float:
        return noncentral_t_cdf(t, df, delta) - probability

    # t - delta has about the spread sqrt(1 + t^2/(2 df)); the central quantile gives its tail.
    width = (1.0 + abs(t_quantile(probability, df))) * math.hypot(1.0, t / math.sqrt(2.0 * df))
    low, high = t - width, t + width
    for _ in range(60):
        if not math.isfinite(high - low):
            return None
        ends = excess(low), excess(high)
        if ends[0] >= 0.0 >= ends[1]:
            return float(brentq(excess, low, high, xtol=1e-13, rtol=1e-14, maxiter=500))
        low, high = (low - width if ends[0] < 0.0 else low), (high + width if ends[1] > 0.0 else high)
    return None
