"""Bounds of the noncentrality parameter of t: what the intervals of d, g and Glass's delta rest on."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]

# What is left out at either end of an integral, and the Gauss-Legendre nodes inside: both regimes below are smooth
# on the scale of the range, so that these many nodes reach rounding error.
CUT = 1e-30
NODES = 120
# Beyond it Z is nothing beside t S, and the bounds are proportional to t.
FAR = 1e100


def noncentrality_bounds(t: float, df: float, confidence: float) -> tuple[float, float] | None:
    """The noncentrality parameters that have ``t`` at the upper and at the lower tail of (1 - confidence)/2.

    Good to about 1e-12 of their distance from ``t`` for any finite ``t`` and whole ``df``, where library routines for
    the noncentral t distribution lose digits or give up once \\|t\\| is large.

    Parameters
    ----------
    t
        The observed statistic.
    df
        Its degrees of freedom, at least 1.
    confidence
        Of the two-sided interval.

    Returns
    -------
    tuple of float, or None
        Lower and upper bound, infinite where it exceeds the largest double; ``None`` where ``t`` is not finite or
        ``df`` below 1.

    References
    ----------
    Steiger & Fouladi (1997), in Harlow et al., What if there were no significance tests?, 221; Cumming & Finch
    (2001), Educational and Psychological Measurement 61:532.
    """
    if not (math.isfinite(t) and math.isfinite(df) and df >= 1.0):
        return None
    if t < 0.0:
        low, high = _bounds(-t, df, confidence)
        return -high, -low
    return _bounds(t, df, confidence)


def _bounds(t: float, df: float, confidence: float) -> tuple[float, float]:
    if t > FAR:
        low, high = _bounds(FAR, df, confidence)
        return low / FAR * t, high / FAR * t
    tail = (1.0 - confidence) / 2.0
    # Each bound from its own small tail: 1 - tail is 1 at the highest confidences.
    low = _solve(t, df, lambda delta: tail - noncentral_t_tails(t, df, delta)[1])
    high = _solve(t, df, lambda delta: noncentral_t_tails(t, df, delta)[0] - tail)
    return low, high


def _solve(t: float, df: float, excess: Callable[[float], float]) -> float:
    """The delta where ``excess``, which falls as delta rises, is zero."""
    from scipy.optimize import brentq

    # t - delta has a spread of about sqrt(1 + t^2/(2 df)); where df are few its tails are longer.
    scale = math.hypot(1.0, t / math.sqrt(2.0 * df))
    below = above = 3.0 * scale
    while excess(t - below) < 0.0:
        below *= 2.0
    while excess(t + above) > 0.0:
        above *= 2.0
    return float(brentq(excess, t - below, t + above, xtol=1e-14 * scale, rtol=1e-15, maxiter=500))


def noncentral_t_tails(t: float, df: float, delta: float) -> tuple[float, float]:
    """P(T <= t) and P(T > t) of the noncentral t distribution, T = (Z + delta)/S with S^2 = chi^2_df/df, for t >= 0.

    The event is Z + delta <= t S.  Given S its probability is Phi(t S - delta), given Z it is P(S >= (Z + delta)/t):
    the first is smooth over the spread of S where t is small, the second over the spread of Z where t is large.
    """
    if t <= math.sqrt(2.0 * df):
        s, weights = _nodes_of_s(df)
        return float(weights @ special.ndtr(t * s - delta)), float(weights @ special.ndtr(delta - t * s))
    # Where Z <= -delta the event is certain; above, the integrand is smooth.
    reach = float(-special.ndtri(CUT))
    start = min(max(-delta, -reach), reach)
    z = start + (reach - start) * _unit_nodes()[0]
    weights = (reach - start) * _unit_nodes()[1] * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    half_chi_squared = df / 2.0 * (np.maximum(z + delta, 0.0) / t) ** 2
    lower = float(special.ndtr(start)) + float(weights @ special.gammaincc(df / 2.0, half_chi_squared))
    return lower, float(weights @ special.gammainc(df / 2.0, half_chi_squared))


@cache
def _unit_nodes() -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes and weights on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return (nodes + 1.0) / 2.0, weights / 2.0


def _nodes_of_s(df: float) -> tuple[FloatArray, FloatArray]:
    """Nodes of S = sqrt(chi^2_df/df) and their probabilities, which sum to one."""
    low = math.sqrt(2.0 * float(special.gammaincinv(df / 2.0, CUT)) / df)
    high = math.sqrt(2.0 * float(special.gammainccinv(df / 2.0, CUT)) / df)
    s = low + (high - low) * _unit_nodes()[0]
    off = s - 1.0
    # The density s^(df - 1) exp(-df s^2/2) over its value near the mode, without the cancellation of large df.
    log_density = df * (np.log1p(off) - off - off * off / 2.0) - np.log1p(off)
    weights = _unit_nodes()[1] * np.exp(log_density - log_density.max())
    return s, np.asarray(weights / weights.sum())
