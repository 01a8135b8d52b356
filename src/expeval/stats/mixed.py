"""Linear mixed models by REML: institutions, classes nested in them, and effects that differ between institutions.

Four models: a random intercept of the institution; of the institution and of the class in it; an intercept and a slope
of the treatment, correlated, of the institution; and that with a class intercept.  The fit reads per-cluster moments
only, so that a million students cost no more than their institutions do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from expeval.stats.estimate import Estimate, finite
from expeval.stats.mixed_design import MixedDesign, mixed_design, treatment_products
from expeval.stats.mixed_search import Optimum, at_zero, search
from expeval.stats.moments import FloatArray, IntArray, Moments

EPS = float(np.finfo(np.float64).eps)
# Standardised columns with a larger condition number are collinear to what moments can tell.
COLLINEAR = 1e7
# A component whose expected information has less than this share of its own is not identified.
UNIDENTIFIED = 1e-9


@dataclass(frozen=True, slots=True)
class MixedFit:
    """A fitted mixed model, or the reason why there is none.

    Attributes
    ----------
    names
        The p terms.
    n, institutions, classes
        Rows; institutions; classes (``None`` without a class intercept).
    reason
        Why the model can't be fitted; ``None`` where it is.  ``coefficients`` are then those of least squares (what
        the data say without any error), or ``None`` where these would mislead, and all else is ``None`` or empty.
    coefficients, covariance
        (p,), (p, p): in the data's units; the covariance takes the variances as known.
    variances
        By name, in the outcome's unit squared: ``institution``, ``class``, ``residual``, and with a slope
        ``treatment`` (its variance between institutions) and ``intercept-slope`` (its covariance with the
        intercept).  ``institution`` is the variance of the intercept, that is between control students.
    log_likelihood
        REML, with R's constant: lme4's ``logLik(fit, REML = TRUE)``.
    boundary
        Components that are estimated at exactly zero; ``"correlation"``: intercept and slope are correlated by ±1.
    omitted
        A component that these data can't tell from another, and why: the class where each institution has one
        (``"one-class-an-institution"``) or each class one student (``"one-student-a-class"``).
    design, optimum
        What degrees of freedom and predictions are computed from; ``None`` where ``reason`` is given.
    """

    names: tuple[str, ...]
    n: int
    institutions: int
    classes: int | None
    reason: str | None
    coefficients: FloatArray | None
    covariance: FloatArray | None
    variances: dict[str, float]
    log_likelihood: float | None
    boundary: tuple[str, ...]
    omitted: dict[str, str]
    institution_codes: IntArray
    design: MixedDesign | None
    optimum: Optimum | None

    @property
    def icc(self) -> float | None:
        """Institution over institution + class + residual; ``None`` with a slope, where it differs between arms."""
        if self.optimum is None or "treatment" in self.variances:
            return None
        gamma = self.optimum.level.gamma
        return float(gamma[0] / (1.0 + gamma.sum()))

    def variance(self, name: str) -> Estimate:
        """One variance, or the reason why it isn't estimated."""
        if name in self.variances:
            return Estimate(estimate=finite(self.variances[name]))
        return Estimate(reason=self.reason or self.omitted.get(name, "not-computable"))

    def alone(self, index: int, reason: str) -> Estimate:
        """The coefficient without anything that speaks of its uncertainty."""
        estimate = None if self.coefficients is None else finite(self.coefficients[index])
        return Estimate(estimate=estimate, reason=reason)


def fit_mixed(
    moments: Moments, institution_of_cluster: IntArray | None = None, *, classes: bool, slope: bool
) -> MixedFit:
    """Fit y = Xβ + u_institution (+ treatment × slope_institution) (+ u_class) + e by restricted maximum likelihood.

    Parameters
    ----------
    moments
        Of [X, y] by class where ``classes``, else by class or institution. Column 0 of X must be the intercept and,
        with ``slope``, column 1 the treatment; any further columns, or none.
    institution_of_cluster
        (K,) the institution's code of each of ``moments.clusters``; ``None``: these are the institutions.
    classes
        A random intercept of every cluster inside its institution.
    slope
        A random slope of the treatment, correlated with the intercept.

    Returns
    -------
    MixedFit
        A variance estimated at zero is an ordinary result (``boundary``).  ``reason`` where there is none:
        ``"collinear"``; ``"no-df"`` (no more rows than terms, or none left inside institutions); ``"no-spread"``
        (the terms fit perfectly); ``"one-cluster"``; ``"one-cluster-an-arm"`` (two institutions, the treatment
        constant in each), ``"saturated"`` (as many institution-level terms as institutions);
        ``"one-student-an-institution"``; ``"no-institution-with-both-arms"``,
        ``"one-institution-with-both-arms"`` (slope); ``"no-spread-inside"`` (no residual inside the finest clusters,
        so that the likelihood has no maximum); ``"not-identified"`` (two components that these data can't tell
        apart).

    Raises
    ------
    ValueError
        Where column 0 is no intercept, or a slope is asked for without a treatment column.

    References
    ----------
    Patterson & Thompson (1971), Biometrika 58:545. Bates, Mächler, Bolker & Walker (2015), J. Statistical Software
    67(1), doi 10.18637/jss.v067.i01.
    """
    if not moments.intercept or (slope and moments.p < 2):
        raise ValueError("column 0 must be the intercept and, with a slope, column 1 the treatment")
    institution = (
        moments.clusters if institution_of_cluster is None else np.asarray(institution_of_cluster, dtype=np.int64)
    )
    coarse = moments if institution_of_cluster is None else moments.coarsen(institution)
    J, K = coarse.clusters.size, moments.clusters.size
    omitted: dict[str, str] = {}
    if classes and K == J:
        omitted["class"] = "one-class-an-institution"
    elif classes and moments.total == K:
        omitted["class"] = "one-student-a-class"
    nested = classes and not omitted
    finest, of_finest = (moments, institution) if nested else (coarse, coarse.clusters)
    shape = _Shape(moments.names, moments.total, J, K if nested else None, omitted, coarse.clusters)
    reason = _refused_at_sight(coarse)
    if reason == "collinear":
        return shape.refused(reason, None)
    design = mixed_design(finest, of_finest, nested, slope)
    if reason is None:
        reason = _refused(design, coarse)
    if reason is not None:
        return shape.refused(reason, None if reason == "no-spread-inside" else _least_squares(design))
    try:
        zero = at_zero(design)
        if not _identified(zero):
            return shape.refused("not-identified", _least_squares(design))
        return shape.fitted(design, search(design, zero))
    except linalg.LinAlgError:
        return shape.refused("not-computable", _least_squares(design))


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a fit and a refusal share."""

    names: tuple[str, ...]
    n: int
    institutions: int
    classes: int | None
    omitted: dict[str, str]
    codes: IntArray

    def refused(self, reason: str, coefficients: FloatArray | None) -> MixedFit:
        return MixedFit(
            names=self.names,
            n=self.n,
            institutions=self.institutions,
            classes=self.classes,
            reason=reason,
            coefficients=coefficients,
            covariance=None,
            variances={},
            log_likelihood=None,
            boundary=(),
            omitted=self.omitted,
            institution_codes=self.codes,
            design=None,
            optimum=None,
        )

    def fitted(self, design: MixedDesign, optimum: Optimum) -> MixedFit:
        scale, level = design.standardised, optimum.level
        p, df = design.p, design.n - design.p
        b = linalg.solve_triangular(level.root[:p, :p], level.root[:p, p], check_finite=False)
        sigma = scale.y_spread * float(np.sqrt(level.residual_sum / df))
        with np.errstate(over="ignore", invalid="ignore"):  # beyond 1e308 it is no number; estimates make that None
            root = sigma * (scale.transform @ level.whitening[:p, :p])
            covariance = root @ root.T
            variances = {
                name: float(np.float64(sigma) * (sigma * value))
                for name, value in _relative_variances(design, level.gamma).items()
            }
        deviance = level.deviance + 2.0 * float(np.log(scale.spread).sum()) + 2.0 * df * float(np.log(scale.y_spread))
        return MixedFit(
            names=self.names,
            n=self.n,
            institutions=self.institutions,
            classes=self.classes,
            reason=None,
            coefficients=scale.coefficients(b),
            covariance=covariance,
            variances=variances,
            log_likelihood=-0.5 * deviance,
            boundary=_boundary(design, level.theta, level.gamma),
            omitted=self.omitted,
            institution_codes=self.codes,
            design=design,
            optimum=optimum,
        )


def _relative_variances(design: MixedDesign, gamma: FloatArray) -> dict[str, float]:
    found = {"institution": float(gamma[0])}
    if design.slope:
        found |= {"treatment": float(gamma[2]), "intercept-slope": float(gamma[1])}
    if design.classes:
        found["class"] = float(gamma[-1])
    return found | {"residual": 1.0}


def _boundary(design: MixedDesign, theta: FloatArray, gamma: FloatArray) -> tuple[str, ...]:
    at_zero = [] if gamma[0] > 0.0 else ["institution"]
    if design.slope and gamma[2] == 0.0:
        at_zero.append("treatment")
    elif design.slope and gamma[0] > 0.0 and theta[2] == 0.0:
        at_zero.append("correlation")
    if design.classes and theta[-1] == 0.0:
        at_zero.append("class")
    return tuple(at_zero)


def _refused_at_sight(institutions: Moments) -> str | None:
    """What counts alone say."""
    if institutions.total <= institutions.p:
        return "no-df"
    gram = institutions.standardised().XX.sum(axis=0)
    values = np.linalg.eigvalsh(gram)
    if not values[0] > values[-1] / COLLINEAR**2:
        return "collinear"
    return "one-cluster" if institutions.clusters.size < 2 else None


def _least_squares(design: MixedDesign) -> FloatArray | None:
    """The coefficients with every variance component at zero; ``None`` where the columns are no basis."""
    flat = design.mean.T @ (design.sizes[:, None] * design.mean) + design.inside
    p = design.p
    values, vectors = np.linalg.eigh(flat[:p, :p])
    if not values[0] > values[-1] / COLLINEAR**2:
        return None
    return design.standardised.coefficients(vectors @ ((vectors.T @ flat[:p, p]) / values))


def _refused(design: MixedDesign, institutions: Moments) -> str | None:
    """Whether there is a residual, inside and outside institutions, and every component is identified."""
    flat = design.mean.T @ (design.sizes[:, None] * design.mean) + design.inside
    noise = 64.0 * EPS * max(float(flat[-1, -1]), 1e-300)
    if _left_over(flat) <= noise:
        return "no-spread"
    level = ~institutions.varies_within()
    J = design.institutions
    if int(level.sum()) >= J:
        return "one-cluster-an-arm" if J == 2 and design.p > 1 and bool(level[1]) else "saturated"
    if design.n == J:
        return "one-student-an-institution"
    if design.slope:
        holding = _holding_both_arms(design)
        if holding < 2:
            return "one-institution-with-both-arms" if holding else "no-institution-with-both-arms"
    if _left_over(design.inside) <= noise:
        inside = np.linalg.matrix_rank(design.inside[:-1, :-1], tol=1e-9 * design.n, hermitian=True)
        return "no-df" if design.n - design.sizes.size - inside <= 0 else "no-spread-inside"
    return None


def _left_over(products: FloatArray) -> float:
    """The outcome's sum of squares that the columns leave, which may be collinear here."""
    values, vectors = np.linalg.eigh(products[:-1, :-1])
    kept = values > 1e-12 * max(float(values[-1]), 1e-300)
    along = vectors[:, kept].T @ products[:-1, -1]
    return float(products[-1, -1] - (along**2 / values[kept]).sum())


def _holding_both_arms(design: MixedDesign) -> int:
    d = np.add.reduceat(design.sizes, design.starts)
    middle = np.add.reduceat(design.sizes[:, None] * design.mean, design.starts) / d[:, None]
    row = treatment_products(design, design.sizes, middle)
    return int((row[:, 1] > 1e-9 * design.standardised.spread[1]).sum())


def _identified(zero: Optimum) -> bool:
    """Whether the expected information of the components, at V = I, has full rank."""
    information = zero.sums.projected_trace_of_product
    own = np.diag(information)
    if not (own > UNIDENTIFIED * np.diag(zero.sums.trace_of_product)).all():
        return False
    scaled = information / np.sqrt(np.outer(own, own))
    return bool(np.linalg.eigvalsh(scaled)[0] > UNIDENTIFIED)
