"""The REML criterion of nested random effects and its derivatives, from per-cluster moments.

Rows are U = [Z, z]: standardised columns and outcome (:class:`~expeval.stats.moments.Standardised`). Their covariance
is σ² V, and V is made of institutions:

    V_j = I + γ_c Σ_c 1_c 1_c' + B_j Σ B_j',   B_j = [1] or [1, treatment] in the data's unit.

With M = (I + γ_c Σ 1_c 1_c')⁻¹ let D_j = B_j'M B_j and β_j the least-squares coefficients of U on B_j under M. Then

    U_j'V_j⁻¹U_j = W_j + β_j'H_j β_j,   H_j = (I + D_j Σ)⁻¹ D_j,   B_j'V_j⁻¹U_j = H_j β_j,

W_j being what B_j leaves of U. Every matrix here is at most 2 × 2 an institution, sums of squares are added and never
subtracted, and columns 0 and 1 of Z are B, so nothing but Moments is needed.

References
----------
Bates, Mächler, Bolker & Walker (2015), J. Statistical Software 67(1), doi 10.18637/jss.v067.i01 (θ, eq. 4; REML
criterion, eq. 41). Searle, Casella & McCulloch (1992), Variance Components, ch. 6 (derivatives, eq. 6.64-6.69).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from expeval.stats.mixed_design import Geometry, MixedDesign, geometry
from expeval.stats.moments import FloatArray


@dataclass(frozen=True, slots=True)
class Level:
    """The criterion at one θ, with what its derivatives need.

    Attributes
    ----------
    theta, gamma, Sigma
        Relative Cholesky factors; coefficients of the components of V; (q, q) relative covariance.
    deviance
        -2 log REML likelihood with σ profiled out, on the standardised scale.
    root
        (p + 1, p + 1) upper triangular: U'V⁻¹U = root'root.
    geometry
        Of the institutions at this variance of the classes.
    determinant, H
        (J,) |I + D_jΣ|; (J, q, q) H_j.
    """

    theta: FloatArray
    gamma: FloatArray
    Sigma: FloatArray
    deviance: float
    root: FloatArray
    geometry: Geometry
    determinant: FloatArray
    H: FloatArray

    @property
    def residual_sum(self) -> float:
        """y'Py on the standardised scale: (n - p) σ²."""
        return float(self.root[-1, -1] ** 2)

    @property
    def whitening(self) -> FloatArray:
        """N (p + 1, p + 1): U N = [Z L, z - Zb] with (Z L)'V⁻¹(Z L) = I."""
        p = self.root.shape[0] - 1
        N = np.eye(p + 1)
        N[:p, :p] = linalg.lapack.dtrtri(self.root[:p, :p])[0]
        N[:p, p] = -N[:p, :p] @ self.root[:p, p]
        return N

    @property
    def conditional(self) -> FloatArray:
        """C_j (J, q, q) = Σ(I + D_jΣ)⁻¹: the conditional covariance of the effects over σ²."""
        over = 1.0 / self.determinant[:, None, None]
        if self.H.shape[1] == 1:
            return np.asarray(self.Sigma * over)
        det_Sigma = (self.theta[0] * self.theta[2]) ** 2
        return np.asarray((self.Sigma + det_Sigma * _adjugate(self.geometry.products)) * over)

    @property
    def kept(self) -> FloatArray:
        """K_j (J, q, q) = (I + D_jΣ)⁻¹: what shrinking leaves."""
        over = 1.0 / self.determinant[:, None, None]
        if self.H.shape[1] == 1:
            return np.asarray(over)
        DS = self.geometry.products @ self.Sigma
        return np.asarray(((1.0 + np.einsum("jaa->j", DS))[:, None, None] * np.eye(2) - DS) * over)


def components(theta: FloatArray, slope: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
    """γ of θ with its first (m, k) and second (m, k, k) derivatives; Σ = ΛΛ', Λ lower triangular."""
    k = theta.size
    first, second = np.zeros((k, k)), np.zeros((k, k, k))
    gamma = theta**2
    diagonal = np.arange(k)
    first[diagonal, diagonal] = 2.0 * theta
    second[diagonal, diagonal, diagonal] = 2.0
    if slope:
        a, b, c = theta[:3]
        gamma[:3] = a * a, a * b, b * b + c * c
        first[:3, :3] = [[2.0 * a, 0.0, 0.0], [b, a, 0.0], [0.0, 2.0 * b, 2.0 * c]]
        second[1] = 0.0
        second[1, 0, 1] = second[1, 1, 0] = 1.0
        second[2, 1, 1] = 2.0
    return gamma, first, second


def evaluate(design: MixedDesign, theta: FloatArray) -> Level:
    """The criterion at θ.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where the columns are collinear or the outcome is fitted perfectly.
    """
    gamma, _, _ = components(theta, design.slope)
    gamma_class = float(gamma[-1]) if design.classes else 0.0
    place = geometry(design, gamma_class)
    if design.slope:
        Sigma = np.array([[gamma[0], gamma[1]], [gamma[1], gamma[2]]])
        determinant, H = _two_effects(place, theta, Sigma)
    else:
        Sigma = gamma[:1].reshape(1, 1)
        determinant = 1.0 + place.d * gamma[0]
        H = (place.d / determinant)[:, None, None]
    gram = place.left + place.beta.reshape(-1, design.p + 1).T @ times(H, place.beta).reshape(-1, design.p + 1)
    root = linalg.cholesky(0.5 * (gram + gram.T), check_finite=False)
    log_determinant = float(np.log(determinant).sum())
    if gamma_class > 0.0:
        log_determinant += float(np.log1p(design.sizes * gamma_class).sum())
    df = design.n - design.p
    deviance = (
        log_determinant
        + 2.0 * float(np.log(np.diag(root)[:-1]).sum())
        + df * (1.0 + float(np.log(2.0 * np.pi * root[-1, -1] ** 2 / df)))
    )
    return Level(theta, gamma, Sigma, deviance, root, place, determinant, H)


def _two_effects(place: Geometry, theta: FloatArray, Sigma: FloatArray) -> tuple[FloatArray, FloatArray]:
    """|I + DΣ| and H = [D + |D| adj Σ]/|I + DΣ|, of sums of positive terms."""
    a, b, c = theta[:3]
    along = (a + place.t * b) ** 2 + (place.t * c) ** 2
    det_D = place.d * place.squares
    determinant = 1.0 + place.d * along + place.squares * (b * b + c * c) + det_D * (a * c) ** 2
    H = place.products + det_D[:, None, None] * _adjugate(Sigma[None])
    return determinant, H / determinant[:, None, None]


def _adjugate(matrix: FloatArray) -> FloatArray:
    """Of matrices (..., 2, 2)."""
    return np.asarray(matrix[..., ::-1, ::-1] * np.array([[1.0, -1.0], [-1.0, 1.0]]))


def times(blocks: FloatArray, rows: FloatArray) -> FloatArray:
    """Products (J, q, k) of symmetric (J, q, q) and (J, q, k)."""
    if blocks.shape[1] == 1:
        return np.asarray(blocks * rows)
    return np.asarray(np.matmul(blocks, rows))
