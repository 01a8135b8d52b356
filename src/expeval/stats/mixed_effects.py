"""What a mixed model predicts for each institution: shrunken towards what all institutions say together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expeval.stats.mixed import MixedFit
from expeval.stats.mixed_design import ONE_ARM, MixedDesign, treatment_products
from expeval.stats.moments import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class InstitutionEffects:
    """Best linear unbiased predictions, in the outcome's unit.

    Attributes
    ----------
    institutions
        (J,) codes, rising.
    both_arms
        (J,) whether the treatment varies inside the institution.
    intercept, intercept_std_error
        (J,) deviation of the institution from what its columns predict, with the conditional standard error of
        lme4's ``condVar``: it takes the coefficients and the variances as known.
    mean, mean_std_error
        (J,) the institution's mean outcome at its own columns' means, shrunken.  The error is that of the prediction:
        it counts the coefficients' uncertainty, but takes the variances as known.  Class effects are averaged out.
    slope, slope_std_error
        (J,) deviation of the institution's treatment effect from the average one, and its conditional error;
        ``None`` without a slope.
    treatment, treatment_std_error
        (J,) the institution's treatment effect, average and deviation together, and the error of that prediction
        (coefficients' uncertainty counted, variances as known); ``None`` without a slope.  Where an institution
        holds one arm alone it rests on the intercept's correlation with the slope only.
    """

    institutions: IntArray
    both_arms: NDArray[np.bool_]
    intercept: FloatArray
    intercept_std_error: FloatArray
    mean: FloatArray
    mean_std_error: FloatArray
    slope: FloatArray | None = None
    slope_std_error: FloatArray | None = None
    treatment: FloatArray | None = None
    treatment_std_error: FloatArray | None = None


def institution_effects(fit: MixedFit) -> InstitutionEffects | None:
    """Predicted effects of the institutions; ``None`` where the model can't be fitted (``fit.reason``).

    û_j = Σ B_j'V_j⁻¹(y_j - X_j β̂); conditional variance σ²(Σ - ΣB_j'V_j⁻¹B_jΣ); error of a prediction
    k'β̂ + c'û_j: σ²[(k - X_j'V_j⁻¹B_jΣc)'Φ(k - X_j'V_j⁻¹B_jΣc) + c'(Σ - ΣB_j'V_j⁻¹B_jΣ)c].

    References
    ----------
    Henderson (1975), Biometrics 31:423. Robinson (1991), Statistical Science 6:15, eq. 5.3 (error of prediction).
    """
    if fit.design is None or fit.optimum is None or fit.coefficients is None:
        return None
    design, level = fit.design, fit.optimum.level
    p, scale = design.p, design.standardised
    unit = scale.y_spread
    sigma = unit * float(np.sqrt(level.residual_sum / (design.n - p)))
    N = level.whitening
    R = np.matmul(level.H, level.geometry.beta @ N)  # B_j'V_j⁻¹[Z L, z - Zb]
    shares = np.matmul(level.Sigma, R[:, :, :p])  # (ΣB_j'V_j⁻¹Z L): (J, q, p)
    u = R[:, :, p] @ level.Sigma
    C = level.conditional
    middle, both = _means(design)
    at = np.ones((middle.shape[0], u.shape[1]))
    if design.slope:
        at[:, 1] = design.treatment(middle)
    known = middle[:, :p] @ N[:p, :p]
    b = -N[:p, p]
    effects = InstitutionEffects(
        institutions=fit.institution_codes,
        both_arms=both,
        intercept=unit * u[:, 0],
        intercept_std_error=sigma * _root(C[:, 0, 0]),
        mean=scale.y_centre + unit * (middle[:, :p] @ b + (at * u).sum(axis=1)),
        mean_std_error=sigma * _prediction(known, shares, C, at),
    )
    if not design.slope:
        return effects
    towards = np.zeros_like(at)
    towards[:, 1] = 1.0
    average = np.broadcast_to(scale.transform[1] @ N[:p, :p], known.shape)
    return InstitutionEffects(
        institutions=effects.institutions,
        both_arms=effects.both_arms,
        intercept=effects.intercept,
        intercept_std_error=effects.intercept_std_error,
        mean=effects.mean,
        mean_std_error=effects.mean_std_error,
        slope=unit * u[:, 1],
        slope_std_error=sigma * _root(C[:, 1, 1]),
        treatment=fit.coefficients[1] + unit * u[:, 1],
        treatment_std_error=sigma * _prediction(average, shares, C, towards),
    )


def _prediction(known: FloatArray, shares: FloatArray, C: FloatArray, at: FloatArray) -> FloatArray:
    """Error of k'β̂ + c'û, σ apart; ``known`` is k in the whitened basis, where Φ = I."""
    k = known - np.einsum("ja,jap->jp", at, shares)
    return _root((k**2).sum(axis=1) + np.einsum("ja,jab,jb->j", at, C, at))


def _root(variance: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def _means(design: MixedDesign) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Means of U over the institution's rows, and whether its treatment varies."""
    n = np.add.reduceat(design.sizes, design.starts)
    middle = np.add.reduceat(design.sizes[:, None] * design.mean, design.starts) / n[:, None]
    if design.p < 2:
        return middle, np.zeros(n.size, dtype=bool)
    row = treatment_products(design, design.sizes, middle)
    return middle, np.asarray(row[:, 1] > ONE_ARM * n * design.standardised.spread[1])
