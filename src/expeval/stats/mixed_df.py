"""Degrees of freedom of a coefficient of a mixed model: Satterthwaite and Kenward-Roger."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from expeval.stats.estimate import Alternative, Estimate, from_t
from expeval.stats.mixed import MixedFit
from expeval.stats.mixed_criterion import Level, components
from expeval.stats.mixed_derivatives import Derivatives
from expeval.stats.mixed_design import MixedDesign
from expeval.stats.moments import FloatArray


def satterthwaite(
    fit: MixedFit, term_index: int, confidence: float, alternative: Alternative = "two-sided"
) -> Estimate:
    """One coefficient with its model-based error and df = 2 f²/(g'A g), as R's lmerTest.

    f = Var(β̂_k) as a function of the relative Cholesky factors θ and σ, g its gradient, A the inverse of the observed
    REML information in (θ, σ).  A θ estimated at zero drops out (f is stationary there); with all at zero df = n - p
    and ``variant`` is ``"zero-variance"``: the institutions then don't count, which may be too sure; Kenward-Roger's
    df keep them.

    Null but for the estimate where the model is (``fit.reason``), and ``"not-computable"`` where the observed
    information is not positive definite.

    References
    ----------
    Fai & Cornelius (1996), J. Statistical Computation and Simulation 54:363. Kuznetsova, Brockhoff & Christensen
    (2017), J. Statistical Software 82(13), doi 10.18637/jss.v082.i13.
    """
    if fit.reason is not None or fit.design is None or fit.optimum is None:
        return fit.alone(term_index, fit.reason or "not-computable")
    design, level, sums = fit.design, fit.optimum.level, fit.optimum.sums
    free = level.theta != 0.0
    if design.slope:
        free[1] = level.theta[0] != 0.0
    information, jacobian = _observed_information(design, level, sums)
    keep = np.append(np.flatnonzero(free), level.theta.size)
    direction, length = _direction(design, level, term_index)
    gradient = jacobian[:, keep].T @ _forms(sums, direction)
    try:
        half = linalg.cholesky(information[np.ix_(keep, keep)], lower=True, check_finite=False)
    except linalg.LinAlgError:
        return fit.alone(term_index, "not-computable")
    scaled = linalg.solve_triangular(half, gradient, lower=True, check_finite=False)
    variant = None if free.any() else "zero-variance"
    return _from_t(fit, term_index, length, 2.0 / float(scaled @ scaled), confidence, alternative, variant)


def kenward_roger(
    fit: MixedFit, term_index: int, confidence: float, alternative: Alternative = "two-sided"
) -> Estimate:
    """One coefficient with Kenward & Roger's adjusted error and degrees of freedom, as R's pbkrtest.

    Φ_A = Φ + 2Φ[Σ_rs W_rs(Q_rs - P_rΦP_s)]Φ, W the inverse of the expected information of all variance components,
    those estimated at zero included, so that the institutions count even where their variance is zero.  For one
    coefficient the scale is 1 and df = 2/A₁, A₁ = Σ_rs W_rs (l'ΦP_rΦl)(l'ΦP_sΦl)/(l'Φl)² (eq. 5-9 with one numerator
    df).

    Null but for the estimate where the model is (``fit.reason``), and ``"not-computable"`` where the expected
    information is singular at the estimates or the adjustment takes all of the variance (a handful of institutions).

    References
    ----------
    Kenward & Roger (1997), Biometrics 53:983. Halekoh & Højsgaard (2014), J. Statistical Software 59(9), doi
    10.18637/jss.v059.i09.
    """
    if fit.reason is not None or fit.design is None or fit.optimum is None:
        return fit.alone(term_index, fit.reason or "not-computable")
    design, level, sums = fit.design, fit.optimum.level, fit.optimum.sums
    W = _expected_covariance(sums)
    if W is None:
        return fit.alone(term_index, "not-computable")
    p = design.p
    direction, length = _direction(design, level, term_index)
    forms = _forms(sums, direction)
    spread = float(forms @ W @ forms)
    P = sums.first[:, :p, :p]
    Pd = P @ direction
    correction = float((W * (direction @ sums.second[:, :, :p, :p] @ direction - Pd @ Pd.T)).sum())
    if not (spread > 0.0 and 1.0 + 2.0 * correction > 0.0):
        return fit.alone(term_index, "not-computable")
    error = length * float(np.sqrt(1.0 + 2.0 * correction))
    return _from_t(fit, term_index, error, 2.0 / spread, confidence, alternative, None)


def _from_t(
    fit: MixedFit,
    index: int,
    error: float,
    df: float,
    confidence: float,
    alternative: Alternative,
    variant: str | None,
) -> Estimate:
    assert fit.coefficients is not None
    return from_t(float(fit.coefficients[index]), error, df, confidence, alternative, variant=variant)


def _direction(design: MixedDesign, level: Level, index: int) -> tuple[FloatArray, float]:
    """l'L as a unit vector (p,) in the whitened basis, where Φ = I, and the coefficient's model-based error."""
    p, scale = design.p, design.standardised
    row = scale.transform[index]
    largest = float(np.abs(row).max())  # taken out before anything is squared: 1e-300 is a scale, too
    direction = (row / largest) @ level.whitening[:p, :p]
    length = float(np.sqrt(direction @ direction))
    sigma = float(np.sqrt(level.residual_sum / (design.n - p)))
    return np.asarray(direction / length), length * largest * sigma * scale.y_spread


def _forms(sums: Derivatives, direction: FloatArray) -> FloatArray:
    """l'ΦX'V⁻¹G_rV⁻¹XΦl (m + 1,): the derivatives of l'Φl in the coefficients of V."""
    return np.asarray(direction @ sums.first[:, :-1, :-1] @ direction)


def _expected_covariance(sums: Derivatives) -> FloatArray | None:
    """W: inverse of ½ tr PG_rPG_s (m + 1, m + 1), σ = 1."""
    information = 0.5 * sums.projected_trace_of_product
    if not (np.diag(information) > 0.0).all():
        return None
    own = np.sqrt(np.diag(information))
    scaled = information / np.outer(own, own)
    try:
        factor = linalg.cho_factor(scaled, check_finite=False)
    except linalg.LinAlgError:
        return None
    inverse = linalg.cho_solve(factor, np.eye(own.size), check_finite=False)
    return np.asarray(inverse / np.outer(own, own))


def _observed_information(design: MixedDesign, level: Level, sums: Derivatives) -> tuple[FloatArray, FloatArray]:
    """Half the Hessian of -2 log REML likelihood in (θ, σ) at σ̂ = 1, and the Jacobian of the components in them.

    The outcome is divided by σ̂, so that y'Py = n - p and every form in y by σ̂².
    """
    variance = level.residual_sum / (design.n - design.p)
    gradient = sums.projected_trace - sums.residual_form / variance
    hessian = -sums.projected_trace_of_product + 2.0 * sums.residual_form_of_product / variance
    gamma, first, second = components(level.theta, design.slope)
    k = level.theta.size
    jacobian = np.zeros((k + 1, k + 1))  # rows: residual, then the components; columns: θ, then σ
    jacobian[0, k] = 2.0
    jacobian[1:, :k] = first
    jacobian[1:, k] = 2.0 * gamma
    curvature = np.zeros((k + 1, k + 1, k + 1))
    curvature[0, k, k] = 2.0
    curvature[1:, :k, :k] = second
    curvature[1:, :k, k] = curvature[1:, k, :k] = 2.0 * first
    curvature[1:, k, k] = 2.0 * gamma
    whole = jacobian.T @ hessian @ jacobian + np.einsum("r,rkl->kl", gradient, curvature)
    return 0.5 * whole, jacobian
