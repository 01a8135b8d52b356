"""The description of one arm."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expeval.stats.estimate import finite

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Description:
    """What is said of one arm's scores; ``None`` where it does not exist.

    Attributes
    ----------
    n, mean, sd, median, q25, q75, min, max
        ``sd`` has n - 1; quartiles are R's type 7.
    skewness
        m3/m2^1.5 x sqrt(n(n - 1))/(n - 2); needs three students and a spread.
    """

    n: int
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    q25: float | None = None
    q75: float | None = None
    min: float | None = None
    max: float | None = None
    skewness: float | None = None


def power_of_two(*arms: FloatArray) -> float:
    """The power of two just below the largest magnitude (1 where all are zero).

    Dividing by it costs no digit, and squares of scores near 1e300 or 1e-300 neither overflow nor vanish.
    """
    largest = max(float(np.abs(values).max()) for values in arms)
    return math.ldexp(1.0, math.frexp(largest)[1] - 1) if largest > 0.0 else 1.0


def mean_and_sd(values: FloatArray) -> tuple[float, float]:
    """Mean and standard deviation (n - 1; 0 for one score), in two passes from the first score."""
    unit = power_of_two(values)
    scaled = values / unit
    shifted = scaled - scaled[0]
    middle = float(shifted.mean())
    if values.size == 1 or not shifted.any():
        return float(values[0]), 0.0
    deviations = shifted - middle
    # The second term takes out what rounding left of the mean (Chan, Golub & LeVeque 1983, eq. 1.7).
    squares = float(deviations @ deviations) - float(deviations.sum()) ** 2 / values.size
    return (float(scaled[0]) + middle) * unit, math.sqrt(squares / (values.size - 1)) * unit


def describe(values: FloatArray) -> Description:
    """Describe the scores of one arm.

    Without students there is the count alone; without two no ``sd`` (nor where it exceeds the largest double); without
    three or without a spread no ``skewness``.

    Parameters
    ----------
    values
        (n,) without missing values, in the outcome's unit.

    References
    ----------
    Hyndman & Fan (1996), Am. Statistician 50:361 (type 7); Joanes & Gill (1998), The Statistician 47:183 (G1).
    """
    n = int(values.size)
    if n == 0:
        return Description(0)
    mean, sd = mean_and_sd(values)
    unit = power_of_two(values)
    q25, median, q75 = (float(q) * unit for q in np.quantile(values / unit + 0.0, (0.25, 0.5, 0.75)))
    return Description(
        n=n,
        mean=mean,
        sd=finite(sd) if n > 1 else None,
        median=median,
        q25=q25,
        q75=q75,
        min=float(values.min()) + 0.0,  # never -0.0
        max=float(values.max()) + 0.0,
        skewness=_skewness(values),
    )


def _skewness(values: FloatArray) -> float | None:
    n = values.size
    scaled = values / power_of_two(values)
    spread = float(np.ptp(scaled))
    if n < 3 or spread == 0.0:
        return None
    shifted = (scaled - scaled[0]) / spread
    deviations = shifted - shifted.mean()
    m2, m3 = float((deviations**2).mean()), float((deviations**3).mean())
    return m3 / (m2 * math.sqrt(m2)) * math.sqrt(n * (n - 1.0)) / (n - 2)
