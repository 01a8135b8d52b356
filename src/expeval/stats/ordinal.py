"""Ordinal outcomes as win fractions."""

from __future__ import annotations

import numpy as np

from expeval.stats.moments import FloatArray


def win_fractions(y: FloatArray, treatment: FloatArray) -> FloatArray:
    """Each student's share of the other arm that is lower, plus half the ties.

    Regressed on the treatment alone, the coefficient is 2θ - 1, θ = P(E > C) + ½ P(E = C): a linear model of win
    fractions adjusts θ for covariates and clusters (PMC12478089 for mixed models).

    Parameters
    ----------
    y
        (n,) outcomes; only their order matters.
    treatment
        (n,) 1 experimental, 0 control; both arms must be there.

    Examples
    --------
    >>> win_fractions(np.array([3.0, 5.0, 2.0, 3.0]), np.array([1, 1, 0, 0])).tolist()
    [0.75, 1.0, 0.0, 0.25]
    """
    experimental = np.asarray(treatment) == 1
    if not experimental.any() or experimental.all():
        raise ValueError("win fractions compare two arms")
    fractions = np.empty(y.size)
    for own in (experimental, ~experimental):
        other = np.sort(y[~own])
        below = np.searchsorted(other, y[own], side="left")
        not_above = np.searchsorted(other, y[own], side="right")
        fractions[own] = (below + not_above) / (2.0 * other.size)
    return fractions
