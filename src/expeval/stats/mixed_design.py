"""Clusters, institutions and random effects of a mixed model, as sums that the criterion is built from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from expeval.stats.moments import FloatArray, IntArray, Moments, Standardised

# Sums of squares of the treatment inside an institution below this share of its rows are rounding.
ONE_ARM = 1e-12


@dataclass(frozen=True, slots=True)
class MixedDesign:
    """The finest clusters in the order of their institutions, and which random effects there are.

    Attributes
    ----------
    n, p
        Rows; columns of X.
    sizes, mean
        (K,), (K, p + 1): rows and means of U of the finest clusters.
    inside
        (p + 1, p + 1): cross-products of U inside these clusters, all together.
    treatment_inside
        (K, p + 1): treatment's row of them, in the treatment's unit.
    institution, starts
        (K,) index of the institution; (J,) its first cluster.
    classes, slope
        Whether classes have an intercept, and institutions a slope of the treatment.
    standardised
        The scale of U.
    fixed
        The geometry, where it is the same at every θ: without classes.
    """

    n: int
    p: int
    sizes: FloatArray
    mean: FloatArray
    inside: FloatArray
    treatment_inside: FloatArray
    institution: IntArray
    starts: IntArray
    classes: bool
    slope: bool
    standardised: Standardised
    fixed: Geometry | None

    @property
    def institutions(self) -> int:
        """J."""
        return int(self.starts.size)

    @property
    def parameters(self) -> int:
        """Relative Cholesky factors: [θ] or [θ₁₁, θ₂₁, θ₂₂] of the institution, then the class's."""
        return (3 if self.slope else 1) + int(self.classes)

    def treatment(self, mean: FloatArray) -> FloatArray:
        """The treatment's means in its own unit, of means of U (..., p + 1)."""
        return np.asarray(self.standardised.centre[1] + self.standardised.spread[1] * mean[..., 1])


@dataclass(frozen=True, slots=True)
class Geometry:
    """Institutions under the classes' metric M: what does not depend on Σ.

    Attributes
    ----------
    weights
        (K,) w_c = n_c/(1 + n_c γ_c) of the finest clusters.
    d, t, squares
        (J,) Σw; the treatment's weighted mean; its weighted sum of squares about that, 0 where one arm alone is.
    beta
        (J, q, p + 1) coefficients of U on B_j.
    left
        (p + 1, p + 1): Σ_j W_j.
    """

    weights: FloatArray
    d: FloatArray
    t: FloatArray
    squares: FloatArray
    beta: FloatArray
    left: FloatArray

    @property
    def products(self) -> FloatArray:
        """D_j (J, q, q) = B_j'M B_j."""
        if self.beta.shape[1] == 1:
            return self.d[:, None, None]
        D = np.empty((self.d.size, 2, 2))
        D[:, 0, 0] = self.d
        D[:, 0, 1] = D[:, 1, 0] = self.d * self.t
        D[:, 1, 1] = self.d * self.t**2 + self.squares
        return D


def mixed_design(moments: Moments, institution: IntArray, classes: bool, slope: bool) -> MixedDesign:
    """Bring the moments of the finest clusters into the order of their institutions, on the standardised scale.

    ``institution`` (K,) holds the institution's code of each cluster. Without ``classes`` the clusters must be the
    institutions.
    """
    scale = moments.standardised()
    spread = np.append(scale.spread, scale.y_spread) / moments.scale
    middle = (np.append(scale.centre, scale.y_centre) - moments.centre) / moments.scale
    constant = np.append(scale.constant, False)
    order = np.argsort(institution, kind="stable")
    codes, index = np.unique(institution[order], return_inverse=True)
    mean = (moments.mean[order] - middle) / spread
    within = moments.within / (spread[:, None] * spread[None, :])
    mean[:, constant] = 0.0
    within[:, constant, :] = 0.0
    within[:, :, constant] = 0.0
    row = within[order, 1, :] * scale.spread[1] if moments.p > 1 else np.zeros_like(mean)
    design = MixedDesign(
        n=moments.total,
        p=moments.p,
        sizes=moments.n[order],
        mean=mean,
        inside=within.sum(axis=0),
        treatment_inside=row,
        institution=index.astype(np.int64),
        starts=np.searchsorted(index, np.arange(codes.size)).astype(np.int64),
        classes=classes,
        slope=slope,
        standardised=scale,
        fixed=None,
    )
    return design if classes else replace(design, fixed=geometry(design, 0.0))


def geometry(design: MixedDesign, gamma_class: float) -> Geometry:
    """The institutions' geometry at a relative variance of the classes."""
    if design.fixed is not None:
        return design.fixed
    weights = design.sizes / (1.0 + design.sizes * gamma_class)
    d, middle, left = _about_institutions(design, weights)
    if not design.slope:
        return Geometry(weights, d, np.zeros_like(d), np.zeros_like(d), middle[:, None, :], left)
    row = treatment_products(design, weights, middle)
    spread = design.standardised.spread[1]
    squares = row[:, 1] * spread
    both = squares > ONE_ARM * d * spread**2
    squares = np.where(both, squares, 0.0)
    slope = np.where(both[:, None], row / np.where(both, squares, 1.0)[:, None], 0.0)
    t = design.treatment(middle)
    beta = np.empty((d.size, 2, middle.shape[1]))
    beta[:, 0] = middle - t[:, None] * slope
    beta[:, 1] = slope
    return Geometry(weights, d, t, squares, beta, left - (squares[:, None] * slope).T @ slope)


def _about_institutions(design: MixedDesign, weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Σw and the weighted means of U of every institution, and the cross-products about these means."""
    if not design.classes:
        return weights, design.mean, design.inside
    d = np.add.reduceat(weights, design.starts)
    middle = np.add.reduceat(weights[:, None] * design.mean, design.starts) / d[:, None]
    off = design.mean - middle[design.institution]
    return d, middle, design.inside + off.T @ (weights[:, None] * off)


def treatment_products(design: MixedDesign, weights: FloatArray, middle: FloatArray) -> FloatArray:
    """(J, p + 1): cross-products of the treatment, in its unit, with U about the institution's weighted mean."""
    if not design.classes:
        return design.treatment_inside
    off = design.mean - middle[design.institution]
    between = (weights * off[:, 1] * design.standardised.spread[1])[:, None] * off
    return np.asarray(np.add.reduceat(design.treatment_inside + between, design.starts))
