"""The one shape of an estimate, and the only functions that turn a statistic into p and an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from scipy import special

Alternative = Literal["two-sided", "greater", "less"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """One estimate with its uncertainty; what does not exist is ``None`` and ``reason`` says why.

    Attributes
    ----------
    estimate, std_error, statistic, df, p_value, conf_low, conf_high
        Full double precision, never NaN or infinite.
    reason
        A code (``"no-spread"``, ``"one-cluster-an-arm"``, ...) where any of the numbers that the method
        usually has is ``None``.  Codes, not sentences: :mod:`expeval.glossary` holds the words.
    variant
        A code for the variant that was computed (``"exact"``, ``"asymptotic"``, ``"enumerated"``, ...).
    """

    estimate: float | None = None
    std_error: float | None = None
    statistic: float | None = None
    df: float | None = None
    p_value: float | None = None
    conf_low: float | None = None
    conf_high: float | None = None
    reason: str | None = None
    variant: str | None = None

    def alone(self, reason: str) -> Estimate:
        """Keep the estimate, drop everything that speaks of its uncertainty."""
        return Estimate(estimate=self.estimate, reason=reason, variant=self.variant)

    def because(self, reason: str) -> Estimate:
        """Keep the numbers and attach a reason."""
        return replace(self, reason=reason)


def finite(value: float) -> float | None:
    """A Python float, or ``None`` where the value is NaN or infinite."""
    number = float(value)
    return number if math.isfinite(number) else None


def t_p_value(statistic: float, df: float, alternative: Alternative = "two-sided") -> float:
    """Tail probability of Student's t, from the survival side so that small p keep their digits."""
    if alternative == "two-sided":
        return float(min(1.0, 2.0 * special.stdtr(df, -abs(statistic))))
    return float(special.stdtr(df, -statistic if alternative == "greater" else statistic))


def z_p_value(statistic: float, alternative: Alternative = "two-sided") -> float:
    """Tail probability of the standard normal distribution."""
    if alternative == "two-sided":
        return float(min(1.0, 2.0 * special.ndtr(-abs(statistic))))
    return float(special.ndtr(-statistic if alternative == "greater" else statistic))


def f_p_value(statistic: float, df_numerator: float, df_denominator: float) -> float:
    """Upper tail probability of the F distribution."""
    return float(special.fdtrc(df_numerator, df_denominator, statistic))


def t_quantile(probability: float, df: float) -> float:
    """Quantile of Student's t with real-valued ``df``."""
    return float(special.stdtrit(df, probability))


def z_quantile(probability: float) -> float:
    """Quantile of the standard normal distribution."""
    return float(special.ndtri(probability))


def from_t(
    estimate: float,
    std_error: float,
    df: float,
    confidence: float,
    alternative: Alternative = "two-sided",
    null: float = 0.0,
    variant: str | None = None,
) -> Estimate:
    """Estimate with Student's t: statistic (estimate - null)/std_error; the interval is always two-sided.

    A zero or undefined standard error, or df that are not positive, gives the estimate alone with the
    reason ``"no-spread"`` or ``"no-df"``.
    """
    if not (math.isfinite(std_error) and std_error > 0.0):
        return Estimate(estimate=finite(estimate), reason="no-spread", variant=variant)
    if not (math.isfinite(df) and df > 0.0):
        return Estimate(estimate=finite(estimate), std_error=finite(std_error), reason="no-df", variant=variant)
    statistic = (estimate - null) / std_error
    margin = -t_quantile((1.0 - confidence) / 2.0, df) * std_error
    return Estimate(
        estimate=finite(estimate),
        std_error=finite(std_error),
        statistic=finite(statistic),
        df=finite(df),
        p_value=t_p_value(statistic, df, alternative),
        conf_low=finite(estimate - margin),
        conf_high=finite(estimate + margin),
        variant=variant,
    )
