"""The description of one arm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


def mean_and_squares(values: FloatArray) -> tuple[float, float]:
    """Mean and sum of squared deviations, in two passes from the first value, so that a large mean costs no digits."""
    shifted = values - values[0]
    middle = float(shifted.mean())
    deviations = shifted - middle
    # The second term takes out what rounding left of the mean (Chan, Golub & LeVeque 1983, eq. 1.7).
    squares = float(deviations @ deviations) - float(deviations.sum()) ** 2 / values.size
    return float(values[0]) + middle, max(squares, 0.0) if np.ptp(values) > 0 else 0.0


def describe(values: FloatArray) -> Description:
    """Describe the scores of one arm.

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
    mean, squares = mean_and_squares(values)
    q25, median, q75 = (float(q) for q in np.quantile(values, (0.25, 0.5, 0.75)))
    return Description(
        n=n,
        mean=mean,
        sd=float(np.sqrt(squares / (n - 1))) if n > 1 else None,
        median=median,
        q25=q25,
        q75=q75,
        min=float(values.min()),
        max=float(values.max()),
        skewness=_skewness(values),
    )


def _skewness(values: FloatArray) -> float | None:
    n = values.size
    spread = float(np.ptp(values)) if n else 0.0
    if n < 3 or spread == 0.0 or not np.isfinite(spread):
        return None
    scaled = (values - values[0]) / spread
    deviations = scaled - scaled.mean()
    m2, m3 = float((deviations**2).mean()), float((deviations**3).mean())
    return float(m3 / m2**1.5) * float(np.sqrt(n * (n - 1.0))) / (n - 2)
