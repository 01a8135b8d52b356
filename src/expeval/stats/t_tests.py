"""The t tests of two independent groups."""

from __future__ import annotations

import math

from expeval.stats.describe import FloatArray, mean_and_sd, power_of_two
from expeval.stats.estimate import Alternative, Estimate, finite, from_t


def student(
    experimental: FloatArray, control: FloatArray, confidence: float, alternative: Alternative = "two-sided"
) -> Estimate:
    """Difference of means with Student's t.

    Right where both arms have the same spread; with unequal sizes and spreads its level is far off (Zimmerman
    2004).  An arm of one student is allowed: the other arm has the spread.  Null: ``"empty-arm"``; estimate alone:
    ``"no-df"`` (one student an arm), ``"no-spread"``, ``"not-computable"`` (larger than the largest double).

    References
    ----------
    Student (1908), Biometrika 6:1.
    """
    n_e, n_c = experimental.size, control.size
    if min(n_e, n_c) == 0:
        return Estimate(reason="empty-arm")
    difference = mean_difference(experimental, control)
    df = n_e + n_c - 2
    if df < 1:
        return Estimate(estimate=finite(difference), reason="no-df")
    error = pooled_sd(experimental, control) * math.sqrt(1.0 / n_e + 1.0 / n_c)
    return _from_t(difference, error, float(df), confidence, alternative)


def welch(
    experimental: FloatArray, control: FloatArray, confidence: float, alternative: Alternative = "two-sided"
) -> Estimate:
    """Difference of means with Welch's t: unequal spreads allowed.

    The default for scores (Rasch, Kubinger & Moder 2011; Delacre, Lakens & Leys 2017).
    Null: ``"empty-arm"``; estimate alone: ``"arm-of-one"``, ``"no-spread"`` (in either arm; one
    constant arm is allowed), ``"not-computable"`` (larger than the largest double).

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
    # Errors of the two means, not their squares: those of scores near 1e200 have none.
    error_e = mean_and_sd(experimental)[1] / math.sqrt(n_e)
    error_c = mean_and_sd(control)[1] / math.sqrt(n_c)
    error = math.hypot(error_e, error_c)
    if error == 0.0:
        return Estimate(estimate=finite(difference), reason="no-spread")
    share_e, share_c = (error_e / error) ** 2, (error_c / error) ** 2
    df = 1.0 / (share_e**2 / (n_e - 1) + share_c**2 / (n_c - 1))
    return _from_t(difference, error, df, confidence, alternative)


def mean_difference(experimental: FloatArray, control: FloatArray) -> float:
    """Experimental - control, both about one common value so that a large mean costs no digits."""
    unit = power_of_two(experimental, control)
    start = control[0] / unit
    return (float((experimental / unit - start).mean()) - float((control / unit - start).mean())) * unit


def pooled_sd(experimental: FloatArray, control: FloatArray) -> float:
    """Root of the arms' squared deviations over N - 2."""
    df = experimental.size + control.size - 2
    parts = [mean_and_sd(arm)[1] * math.sqrt((arm.size - 1) / df) for arm in (experimental, control)]
    return math.hypot(*parts)


def _from_t(difference: float, error: float, df: float, confidence: float, alternative: Alternative) -> Estimate:
    if not (math.isfinite(difference) and math.isfinite(error)):
        return Estimate(estimate=finite(difference), reason="not-computable")
    return from_t(difference, error, df, confidence, alternative)
