"""Ordinal outcomes as win fractions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from expeval.stats.estimate import Alternative, Estimate, finite, from_t
from expeval.stats.moments import FloatArray


def win_fractions(y: FloatArray, treatment: FloatArray) -> FloatArray:
    """Each student's share of the other arm that is lower, plus half the ties.

    Regressed on the treatment alone, the coefficient is 2θ - 1, θ = P(E > C) + ½ P(E = C), and its standard error that
    of θ itself: the arms' mean win fractions are θ and 1 - θ, so that what moves one moves the other as far.
    :func:`adjusted_superiority` makes an estimate of θ from such a regression.

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


def adjusted_superiority(
    regression: Estimate, unadjusted: float, confidence: float, alternative: Alternative = "two-sided"
) -> Estimate:
    """θ = P(E > C) + ½ P(E = C), adjusted for covariates and clusters by a regression of win fractions.

    Parameters
    ----------
    regression
        Of the treatment term of a linear model of win fractions (least squares or mixed), with its error and df.
    unadjusted
        θ of the same students without any adjustment: the mean win fraction of the experimental arm.
    confidence, alternative
        Level of the interval, which is two-sided always and kept inside [0, 1]; what p is asked (about ½).

    Returns
    -------
    Estimate
        θ = b + 1 - θ₀ with the regression's own error and df; the estimate alone, with the regression's reason, where
        that has no error.

    Notes
    -----
    Take V = 2W - (2θ₀ - 1) treatment instead of the win fraction W.  Its regression is that of W, doubled, with the
    treatment's coefficient moved: 2b - (2θ₀ - 1).  Without covariates this is 2θ₀ - 1 with twice W's error, and with
    HC2 errors exactly Brunner and Munzel's.  With covariates it takes off the whole of what the arms' difference in a
    covariate explains; b alone takes off half, because a student's W is measured against the other arm, which that
    difference moves the other way.  Where arms are alike in the covariates, θ and (1 + b)/2 estimate the same.

    References
    ----------
    Zou (2021), Statistics in Medicine 40, and Davies Smith, Jairath & Zou (2025), PMC12478089: regression of win
    fractions, whose coefficient's error is taken as that of θ.  Brunner & Munzel (2000), eq. 4-6.
    """
    if regression.estimate is None:
        return Estimate(reason=regression.reason)
    theta = regression.estimate + 1.0 - unadjusted
    if regression.std_error is None or regression.df is None:
        return Estimate(estimate=finite(theta), reason=regression.reason)
    found = from_t(theta, regression.std_error, regression.df, confidence, alternative, null=0.5)
    if found.conf_low is None or found.conf_high is None:
        return found
    return replace(found, conf_low=max(found.conf_low, 0.0), conf_high=min(found.conf_high, 1.0))
