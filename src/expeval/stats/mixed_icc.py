"""An interval for the intraclass correlation of a mixed model, sound close to zero."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import linalg, special

from expeval.stats.estimate import Estimate, finite, z_quantile
from expeval.stats.mixed import MixedFit
from expeval.stats.mixed_criterion import Level, evaluate
from expeval.stats.mixed_design import MixedDesign

# Searches stop here: an institution share of 1 - 1e-9 is told from 1 by no data.
LARGEST = 1.0 - 1e-9


def icc_interval(fit: MixedFit, confidence: float) -> Estimate:
    """Intraclass correlation with an interval that keeps to [0, 1) and needs no standard error.

    With institutions alone (``variant`` ``"exact-f"``): for the true ratio γ of the variances

        [(y'P(γ)y - SSE)/r] / [SSE/f] ~ F(r, f),

    SSE being the residual sum of squares within institutions, f its degrees of freedom and r the institutions' once
    the terms are taken out; it falls in γ, and the γ where it meets the F quantiles are the limits.  Exact for normal
    scores, any sizes and any covariates; with equal sizes and no covariates it is Searle's closed form.

    With classes, or where the exact interval is zero alone (institutions differ by less than chance would make them):
    REML profile likelihood (``"profile-likelihood"``), all ρ whose profiled deviance is within the χ²(1) quantile.

    Returns
    -------
    Estimate
        Without ``std_error``, ``statistic`` and p.  Null with ``fit.reason``, or ``"icc-differs-by-arm"`` for a model
        with a slope, where it is no single number.

    References
    ----------
    Wald (1947), Annals of Mathematical Statistics 18:586. Seely & El-Bassiouni (1983), Annals of Statistics 11:197.
    Harville & Fenech (1985), Biometrics 41:137, sec. 3. Searle, Casella & McCulloch (1992), Variance Components,
    eq. 3.127 (balanced); Bates et al. (2015), sec. 5 (profile).
    """
    if fit.reason is not None or fit.design is None or fit.optimum is None:
        return Estimate(reason=fit.reason or "not-computable")
    icc = fit.icc
    if icc is None:
        return Estimate(reason="icc-differs-by-arm")
    if not fit.design.classes:
        low, high = _exact(fit.design, confidence)
        if high > 0.0:
            return Estimate(estimate=finite(icc), conf_low=low, conf_high=high, variant="exact-f")
    low, high = _profile(fit.design, fit.optimum.level, icc, confidence)
    return Estimate(estimate=finite(icc), conf_low=low, conf_high=high, variant="profile-likelihood")


def _exact(design: MixedDesign, confidence: float) -> tuple[float, float]:
    inside = design.inside
    values, vectors = np.linalg.eigh(inside[:-1, :-1])
    kept = values > 1e-12 * design.n
    along = vectors[:, kept].T @ inside[:-1, -1]
    squares = float(inside[-1, -1] - (along**2 / values[kept]).sum())
    r = design.institutions + int(kept.sum()) - design.p
    f = design.n - design.institutions - int(kept.sum())

    def statistic(icc: float) -> float:
        theta = np.array([np.sqrt(icc / (1.0 - icc))])
        return (evaluate(design, theta).residual_sum - squares) / r / (squares / f)

    tail = 0.5 - confidence / 2.0
    upper, lower = float(special.fdtri(r, f, 1.0 - tail)), float(special.fdtri(r, f, tail))
    return _crossing(statistic, upper, 0.0), _crossing(statistic, lower, 0.0)


def _crossing(falling: Callable[[float], float], at: float, start: float) -> float:
    """Where a falling function meets a value: ``start`` where it is below from the start."""
    from scipy import optimize

    if falling(start) <= at:
        return start
    if falling(LARGEST) >= at:
        return 1.0
    return float(optimize.brentq(lambda x: falling(x) - at, start, LARGEST, xtol=1e-10))


def _profile(design: MixedDesign, level: Level, icc: float, confidence: float) -> tuple[float, float]:
    theta_class = float(level.theta[-1]) if design.classes else 0.0
    limit = level.deviance + z_quantile(0.5 + confidence / 2.0) ** 2

    def deviance(share: float) -> float:
        return _profiled(design, min(max(share, 0.0), LARGEST), theta_class)

    low = 0.0 if deviance(0.0) <= limit else icc - _crossing(lambda x: -deviance(icc - x), -limit, 0.0)
    high = icc + _crossing(lambda x: -deviance(icc + x), -limit, 0.0)
    return max(low, 0.0), min(high, 1.0)


def _profiled(design: MixedDesign, icc: float, theta_class: float) -> float:
    """The deviance at an intraclass correlation, at its least over the class's variance (``theta_class`` at best)."""
    from scipy import optimize

    def at(class_: float) -> float:
        ratio = icc / (1.0 - icc)
        theta = [np.sqrt(ratio * (1.0 + class_**2)), class_] if design.classes else [np.sqrt(ratio)]
        try:
            return evaluate(design, np.array(theta)).deviance
        except linalg.LinAlgError:
            return np.inf

    if not design.classes:
        return at(0.0)
    highest = max(3.0 * theta_class, 1.0)
    found = optimize.minimize_scalar(at, bounds=(0.0, highest), method="bounded", options={"xatol": 1e-5 * highest})
    return float(min(found.fun, at(0.0)))
