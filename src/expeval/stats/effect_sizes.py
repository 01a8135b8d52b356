"""Standardised effect sizes of two independent groups, with their intervals.  None of them knows of institutions."""

from __future__ import annotations

import math
from dataclasses import replace

from scipy import special

from expeval.stats.describe import FloatArray, mean_and_sd
from expeval.stats.estimate import Estimate, finite, t_quantile
from expeval.stats.noncentral import noncentrality_bounds
from expeval.stats.rank_tests import brunner_munzel
from expeval.stats.t_tests import mean_difference, pooled_sd


def small_sample_factor(df: float) -> float:
    """J = Gamma(df/2)/(sqrt(df/2) Gamma((df - 1)/2)): what makes Cohen's d unbiased (Hedges 1981, eq. 6e)."""
    x = (df - 1.0) / 2.0
    if x < 50.0:
        return float(math.exp(special.gammaln(x + 0.5) - special.gammaln(x)) / math.sqrt(x + 0.5))
    # Gamma(x + 1/2)/Gamma(x) by its series (Graham, Knuth & Patashnik 1994, ex. 9.60): at a million students the
    # difference of the logarithms has lost seven digits.
    series = 1.0 + (-1 / 8 + (1 / 128 + (5 / 1024 + (-21 / 32768 - 399 / 262144 / x) / x) / x) / x) / x
    return math.sqrt(x / (x + 0.5)) * series


def cohen_d(experimental: FloatArray, control: FloatArray, confidence: float) -> Estimate:
    """Difference of means over the pooled standard deviation; noncentral-t interval.

    Null: ``"empty-arm"``, ``"no-df"`` (one student an arm), ``"no-spread"``, ``"not-computable"`` (difference or
    spread larger than the largest double); interval null: ``"not-computable"``.

    References
    ----------
    Cohen (1988), Statistical Power Analysis, sec. 2.5; Steiger & Fouladi (1997).
    """
    n_e, n_c = experimental.size, control.size
    if min(n_e, n_c) == 0:
        return Estimate(reason="empty-arm")
    df = n_e + n_c - 2
    if df < 1:
        return Estimate(reason="no-df")
    unit = pooled_sd(experimental, control)
    return _standardised(experimental, control, unit, math.sqrt(1.0 / n_e + 1.0 / n_c), df, confidence)


def hedges_g(experimental: FloatArray, control: FloatArray, confidence: float) -> Estimate:
    """Cohen's d times J in its exact gamma form, on estimate and interval.

    Null as :func:`cohen_d`; ``"no-df"`` with three students too (one degree of freedom), where J is zero.

    References
    ----------
    Hedges (1981), J. Educational Statistics 6:107, eq. 6e.
    """
    d = cohen_d(experimental, control, confidence)
    df = experimental.size + control.size - 2
    if d.estimate is None:
        return d
    if df < 2:  # J is zero there
        return Estimate(reason="no-df")
    J = small_sample_factor(df)
    return replace(d, estimate=d.estimate * J, conf_low=_times(d.conf_low, J), conf_high=_times(d.conf_high, J))


def glass_delta(experimental: FloatArray, control: FloatArray, confidence: float) -> Estimate:
    """Difference of means over the control arm's standard deviation; noncentral-t interval.

    t = delta/sqrt(h) with h = 1/n_C + s_E^2/(n_E s_C^2), df n_C - 1, bounds times sqrt(h).
    Right where the treatment may change the spread.  Null: ``"empty-arm"``, ``"arm-of-one"`` (control), ``"no-spread"``
    (control), ``"not-computable"``; estimate alone: ``"arm-of-one"`` (experimental: h needs its spread),
    ``"not-computable"``.

    References
    ----------
    Glass (1976), Educational Researcher 5:3; Algina, Keselman & Penfield (2006), J. Modern Applied Statistical Methods
    5:2, on unequal spreads.
    """
    n_e, n_c = experimental.size, control.size
    if min(n_e, n_c) == 0:
        return Estimate(reason="empty-arm")
    if n_c == 1:
        return Estimate(reason="arm-of-one")
    sd_e, sd_c = mean_and_sd(experimental)[1], mean_and_sd(control)[1]
    if sd_c == 0.0:
        return Estimate(reason="no-spread")
    root_h = math.hypot(1.0 / math.sqrt(n_c), sd_e / sd_c / math.sqrt(n_e))
    found = _standardised(experimental, control, sd_c, root_h, n_c - 1, confidence)
    return found if n_e > 1 or found.estimate is None else found.alone("arm-of-one")


def probability_of_superiority(experimental: FloatArray, control: FloatArray, confidence: float) -> Estimate:
    """P(E > C) + P(E = C)/2 with Brunner-Munzel's standard error and an interval on the logit scale.

    Null: ``"empty-arm"``; estimate alone: ``"separated"``, ``"no-spread"``, ``"arm-of-one"``.

    References
    ----------
    Brunner & Munzel (2000), Biometrical J. 42:17; the logit scale as in Perme & Manevski (2019),
    Statistical Methods in Medical Research 28:3755.
    """
    found = brunner_munzel(experimental, control, confidence)
    if found.estimate is None or found.std_error is None or found.df is None:
        return Estimate(estimate=found.estimate, reason=found.reason)
    theta = found.estimate
    margin = -t_quantile((1.0 - confidence) / 2.0, found.df) * found.std_error / (theta * (1.0 - theta))
    middle = float(special.logit(theta))
    return Estimate(
        estimate=theta,
        std_error=found.std_error,
        conf_low=float(special.expit(middle - margin)),
        conf_high=float(special.expit(middle + margin)),
    )


def rank_biserial(experimental: FloatArray, control: FloatArray, confidence: float) -> Estimate:
    """Rank-biserial correlation, Cliff's delta: twice the probability of superiority minus one.

    Null as :func:`probability_of_superiority`.

    References
    ----------
    Cliff (1993), Psychological Bulletin 114:494; Kerby (2014), Comprehensive Psychology 3:1.
    """
    theta = probability_of_superiority(experimental, control, confidence)
    if theta.estimate is None:
        return theta
    return replace(
        theta,
        estimate=2.0 * theta.estimate - 1.0,
        std_error=_times(theta.std_error, 2.0),
        conf_low=None if theta.conf_low is None else 2.0 * theta.conf_low - 1.0,
        conf_high=None if theta.conf_high is None else 2.0 * theta.conf_high - 1.0,
    )


def _standardised(
    experimental: FloatArray, control: FloatArray, unit: float, root_h: float, df: int, confidence: float
) -> Estimate:
    """Difference of means in units of ``unit``; t = estimate/root_h has ``df`` degrees of freedom."""
    if unit == 0.0:
        return Estimate(reason="no-spread")
    estimate = finite(mean_difference(experimental, control) / unit)
    if estimate is None or not math.isfinite(unit):  # over an infinite unit every difference would be 0
        return Estimate(reason="not-computable")
    bounds = noncentrality_bounds(estimate / root_h, df, confidence)
    low, high = (None, None) if bounds is None else (finite(bounds[0] * root_h), finite(bounds[1] * root_h))
    reason = "not-computable" if low is None or high is None else None
    return Estimate(estimate=estimate, conf_low=low, conf_high=high, reason=reason)


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
