"""Assumptions of the t tests: normality within an arm, equal spread of the arms."""

from __future__ import annotations

import math

import numpy as np

from expeval.stats.describe import FloatArray, mean_and_sd, power_of_two
from expeval.stats.estimate import Estimate, f_p_value, finite
from expeval.stats.t_tests import pooled_sd


def shapiro_wilk(values: FloatArray) -> Estimate:
    """Shapiro-Wilk W and its p-value within one arm.

    Right as a description of shape; as a pretest it rejects anything at large n and nothing at small n.
    Null: ``"n-outside-3-5000"``, ``"no-spread"``.

    References
    ----------
    Royston (1995), Applied Statistics 44:547 (algorithm AS R94), as in scipy.
    """
    if not 3 <= values.size <= 5000:
        return Estimate(reason="n-outside-3-5000")
    scaled = values / power_of_two(values)
    spread = float(np.ptp(scaled))
    if spread == 0.0:
        return Estimate(reason="no-spread")
    from scipy.stats import shapiro

    # W does not change with place and scale; taken out, a large mean costs no digits.
    found = shapiro((scaled - np.median(scaled)) / spread)
    return Estimate(statistic=finite(found.statistic), p_value=finite(found.pvalue))


def brown_forsythe(experimental: FloatArray, control: FloatArray) -> Estimate:
    """Brown-Forsythe F of equal spread: analysis of variance of absolute deviations from the arms' medians.

    ``df`` is the denominator's, N - 2.  Null: ``"empty-arm"``, ``"no-df"`` (two students), ``"no-spread"`` (no
    deviations, or equal ones in each arm so that F has no error).

    References
    ----------
    Brown & Forsythe (1974), JASA 69:364; Levene (1960).
    """
    if min(experimental.size, control.size) == 0:
        return Estimate(reason="empty-arm")
    df = experimental.size + control.size - 2
    if df < 1:
        return Estimate(reason="no-df")
    unit = power_of_two(experimental, control)
    # From the arm's first score: half the sum of two large ones would lose digits of what they differ by.
    shifted = [arm / unit - arm[0] / unit for arm in (experimental, control)]
    away_e, away_c = (np.abs(arm - np.median(arm)) for arm in shifted)
    error = pooled_sd(away_e, away_c) * math.sqrt(1.0 / experimental.size + 1.0 / control.size)
    if error == 0.0:
        return Estimate(reason="no-spread")
    t = (mean_and_sd(away_e)[0] - mean_and_sd(away_c)[0]) / error
    statistic = t * t
    return Estimate(statistic=finite(statistic), df=float(df), p_value=f_p_value(statistic, 1.0, df))
