"""Assumptions of the t tests: normality within an arm, equal spread of the arms."""

from __future__ import annotations

import numpy as np

from expeval.stats.describe import FloatArray, mean_and_squares
from expeval.stats.estimate import Estimate, f_p_value, finite


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
    spread = float(np.ptp(values))
    if spread == 0.0:
        return Estimate(reason="no-spread")
    from scipy.stats import shapiro

    # W does not change with place and scale; taken out, a large mean costs no digits.
    found = shapiro((values - np.median(values)) / spread)
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
    deviations = [np.abs(arm - np.median(arm)) for arm in (experimental, control)]
    (mean_e, within_e), (mean_c, within_c) = (mean_and_squares(arm) for arm in deviations)
    within = within_e + within_c
    if within == 0.0:
        return Estimate(reason="no-spread")
    harmonic = 1.0 / (1.0 / experimental.size + 1.0 / control.size)
    statistic = harmonic * (mean_e - mean_c) ** 2 / (within / df)
    return Estimate(statistic=finite(statistic), df=float(df), p_value=f_p_value(statistic, 1.0, df))
