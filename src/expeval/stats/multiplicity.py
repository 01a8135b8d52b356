"""Several confirmatory outcomes: adjusted p-values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

Method = Literal["holm", "benjamini-hochberg", "hochberg", "none"]


def adjust(p_values: Sequence[float | None], method: Method) -> list[float | None]:
    """Adjusted p-values in the order given; what has no p-value has none adjusted and is not counted.

    As R's ``p.adjust``.

    References
    ----------
    Holm (1979), Scand. J. Statistics 6:65; Hochberg (1988), Biometrika 75:800; Benjamini & Hochberg (1995),
    J. R. Statistical Society B 57:289.
    """
    known = [i for i, p in enumerate(p_values) if p is not None]
    p = np.array([p_values[i] for i in known], dtype=np.float64)
    adjusted: list[float | None] = [None] * len(p_values)
    for i, value in zip(known, _ADJUST[method](p), strict=True):
        adjusted[i] = float(min(value, 1.0))
    return adjusted


def _holm(p: np.ndarray) -> np.ndarray:
    order = np.argsort(p, kind="stable")
    factors = p.size - np.arange(p.size)
    return _back(np.maximum.accumulate(p[order] * factors), order)


def _hochberg(p: np.ndarray) -> np.ndarray:
    order = np.argsort(-p, kind="stable")
    return _back(np.minimum.accumulate(p[order] * np.arange(1, p.size + 1)), order)


def _benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    order = np.argsort(-p, kind="stable")
    return _back(np.minimum.accumulate(p[order] * (p.size / np.arange(p.size, 0, -1))), order)


def _none(p: np.ndarray) -> np.ndarray:
    return p


def _back(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    out = np.empty_like(values)
    out[order] = values
    return out


_ADJUST = {"holm": _holm, "hochberg": _hochberg, "benjamini-hochberg": _benjamini_hochberg, "none": _none}
