"""The t tests of two independent groups."""

from __future__ import annotations

import math

from expeval.stats.describe import FloatArray, mean_and_squares
from expeval.stats.estimate import Alternative, Estimate, finite, from_t


def student(
    experimental: FloatArray, control: FloatArray, confidence: float, alternative: Alternative = "two-sided"
) -> Estimate:
    """Difference of means with Student's t.

    Right where both arms have the same spread; with unequal sizes and spreads its level is far off (Zimmerman
    2004).  Null: ``"empty-arm"``; estimate alone: ``"no-df"`` (one student an arm), ``"no-spread"``.

    References
    ----------
    Student (1908), Biometrika 6:1.
    """
    n_e, n_c = experimental.size, control.size
    if min(n_e, n_c) == 0:
        return Estimate(reason="empty-arm")
    squares = mean_and_squares(experimental)[1] + mean_and_squares(control)[1]
    difference = mean_difference(experimental, control)
    df = n_e + n_c - 2
    if df < 1:
        return Estimate(estimate=finite(difference), reason="no-df")
    error = math.sqrt(squares / df) * math.sqrt(1.0 / n_e + 1.0 / n_c)
    return from_t(difference, error, float(df), confidence, alternative)


def welch(
    experimental: FloatArray, control: FloatArray, confidence: float, alternative: Alternative = "two-sided"
) -> Estimate:
    """Difference of means with Welch's t: unequal spreads allowed.

    The default for scores (Rasch, Kubinger & Moder 2011; Delacre, Lakens & Leys 2017).
    Null: ``"empty-arm"``; estimate alone: ``"arm-of-one"``, ``"no-spread"``.

    References
    ----------
    Welch (1947), Biometrika 34:28; df of Satterthwaite (1946), Biometrics Bulletin 2:110.
    """
    n_e, n_c = experimental.size, control.size
    if min(n_e, n_c) == 0:
        return Estimate(reason="empty-arm")
    difference = mean_difference(experimental, control)
    if min(n_e, n_c) == 1:
        return Estimate(estimate=finite(difference), reason="arm-of-one")
    v_e = mean_and_squares(experimental)[1] / (n_e - 1) / n_e
    v_c = mean_and_squares(control)[1] / (n_c - 1) / n_c
    variance = v_e + v_c
    if variance == 0.0:
        return Estimate(estimate=finite(difference), reason="no-spread")
    share_e, share_c = v_e / variance, v_c / variance
    df = 1.0 / (share_e**2 / (n_e - 1) + share_c**2 / (n_c - 1))
    return from_t(difference, math.sqrt(variance), df, confidence, alternative)


def mean_difference(experimental: FloatArray, control: FloatArray) -> float:
    """Experimental - control, both about one common value so that a large mean costs no digits."""
    start = control[0]
    return float((experimental - start).mean() - (control - start).mean())
