"""What a design can show before anyone looks at a score: smallest p, smallest detectable effect, weight of clusters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from expeval.stats.divisions import smallest_p_value
from expeval.stats.estimate import Alternative, t_quantile
from expeval.stats.least_squares import LeastSquares
from expeval.stats.moments import Moments
from expeval.stats.wild_bootstrap import ENUMERATE_UP_TO


def smallest_permutation_p(arms: Sequence[tuple[int, int]], alternative: Alternative = "two-sided") -> float:
    """Smallest p of an exact permutation test that divides units as they were assigned.

    One division of all is the observed one; two-sided its mirror image counts as well, where it is a division (every
    stratum with both arms has as many units in each).

    Parameters
    ----------
    arms
        Experimental and control units of each stratum; without strata one pair.

    Examples
    --------
    Three schools an arm can't reach .05; in three strata of two, not even .10:

    >>> smallest_permutation_p([(3, 3)]), smallest_permutation_p([(1, 1), (1, 1), (1, 1)])
    (0.1, 0.25)
    """
    return smallest_p_value(arms, alternative)


def smallest_wild_bootstrap_p(clusters: int, draws: int, alternative: Alternative = "two-sided") -> float:
    """Smallest p of the wild cluster bootstrap with Rademacher weights: 1/2^(G - 1), drawn 1/(draws + 1).

    Of 2^G vectors of signs the observed one and its mirror image give the observed \\|t\\|; one-sided one of them.

    >>> smallest_wild_bootstrap_p(6, 9999), smallest_wild_bootstrap_p(40, 9999)
    (0.03125, 0.0001)
    """
    if clusters > ENUMERATE_UP_TO:
        return 1.0 / (draws + 1)
    return math.ldexp(1.0, (1 if alternative == "two-sided" else 0) - clusters)


@dataclass(frozen=True, slots=True)
class DetectableEffect:
    """The smallest effect that a design finds with the power asked for.

    Attributes
    ----------
    effect, std_error
        In standard deviations of the outcome (total, within arms); ``None`` where there are no degrees of freedom.
    df
        Degrees of freedom of its t; 0 or less: nothing can be detected.
    """

    effect: float | None
    std_error: float | None
    df: int


def detectable_with_clusters_assigned(
    icc: float,
    clusters: int,
    students_a_cluster: float,
    share: float = 0.5,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    cluster_covariates: int = 0,
    explained_between: float = 0.0,
    explained_within: float = 0.0,
) -> DetectableEffect:
    """Institutions (or classes, institutions disregarded) put into the arms: t with J - 2 - covariates.

    std_error² = ρ(1 - R²_b)/(P(1 - P)J) + (1 - ρ)(1 - R²_w)/(P(1 - P)J n); effect = (t_{1-α/2} + t_power) std_error.

    Parameters
    ----------
    icc
        ρ, within arms.
    clusters, students_a_cluster
        J in both arms together, and n a cluster (the harmonic mean, where they differ).
    share
        P: share of the clusters that is experimental.
    cluster_covariates
        Covariates at the clusters' level; each costs a degree of freedom.
    explained_between, explained_within
        R² of the covariates between and within clusters.

    References
    ----------
    Dong & Maynard (2013), J. Research on Educational Effectiveness 6:24, model 3.1 (CRA2_2r); PowerUpR's
    ``mdes.cra2r2``.

    Examples
    --------
    PowerUpR's own example, ``mdes.cra2r2(rho2 = .17, n = 15, J = 20)``:

    >>> round(detectable_with_clusters_assigned(0.17, 20, 15).effect, 3)
    0.629
    """
    spread = share * (1.0 - share) * clusters
    variance = icc * (1.0 - explained_between) + (1.0 - icc) * (1.0 - explained_within) / students_a_cluster
    return _detectable(variance, spread, clusters - 2 - cluster_covariates, power, alpha, alternative)


def detectable_with_students_assigned(
    icc: float,
    institutions: int,
    students_an_institution: float,
    share: float = 0.5,
    *,
    effect_variation: float | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    covariates: int = 0,
    explained_within: float = 0.0,
) -> DetectableEffect:
    """Students put into the arms inside institutions (blocks), one effect estimated for all.

    "These institutions only" (``effect_variation`` ``None``): std_error² = (1 - ρ)(1 - R²)/(P(1 - P)J n), df
    J n - J - 1 - covariates, those of the regression with institution dummies; ρ is what these explain. "Institutions
    like these": ρω/J more, ω the variance of the effect over that of institutions, and df J - 1.

    Parameters
    ----------
    icc
        ρ, within arms.
    institutions, students_an_institution
        J, and n in both arms together.
    share
        P: share of the students that is experimental.
    effect_variation
        ω, or ``None``.
    covariates
        Covariates of students; not counted where ``effect_variation`` is given.

    References
    ----------
    Dong & Maynard (2013), models 2.1 (BIRA2_1c) and 2.3 (BIRA2_1r); PowerUpR's ``mdes.bira2c1`` (whose R² holds what
    the blocks explain), ``mdes.bira2r1``.

    Examples
    --------
    ``mdes.bira2r1(rho2 = .17, omega2 = .50, n = 15, J = 20)``:

    >>> round(detectable_with_students_assigned(0.17, 20, 15, effect_variation=0.5).effect, 3)
    0.366
    """
    within = share * (1.0 - share) * institutions * students_an_institution
    variance = (1.0 - icc) * (1.0 - explained_within)
    if effect_variation is None:
        df = round(institutions * students_an_institution) - institutions - 1 - covariates
        return _detectable(variance, within, df, power, alpha, alternative)
    variance += icc * effect_variation * within / institutions
    return _detectable(variance, within, institutions - 1, power, alpha, alternative)


def detectable_with_classes_assigned(
    icc_class: float,
    institutions: int,
    classes_an_institution: float,
    students_a_class: float,
    share: float = 0.5,
    *,
    icc_institution: float = 0.0,
    effect_variation: float | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    class_covariates: int = 0,
    explained_between: float = 0.0,
    explained_within: float = 0.0,
) -> DetectableEffect:
    """Classes put into the arms inside institutions (blocks), one effect estimated for all.

    "These institutions only" (``effect_variation`` ``None``): std_error² = [ρ_c(1 - R²_b) + (1 - ρ_c - ρ_i)
    (1 - R²_w)/n]/(P(1 - P)J K), df K J - K - 1 - covariates, with K institutions of J classes: the df of ``unit-means``
    (model 4.1 spends K - 1 more, on an effect an institution). "Institutions like these": ρ_i ω/K more, df K - 1.

    Parameters
    ----------
    icc_class, icc_institution
        Shares ρ_c and ρ_i of the total variance between classes of an institution, and between institutions.
    institutions, classes_an_institution, students_a_class
        K, J in both arms together, n.
    share
        P: share of the classes that is experimental.
    effect_variation
        ω: variance of the effect over that of institutions, or ``None``.
    class_covariates
        Covariates of classes; not counted where ``effect_variation`` is given.

    References
    ----------
    Dong & Maynard (2013), models 4.1 (BCRA3_2f) and 4.2 (BCRA3_2r); PowerUpR's ``mdes.bcra3f2``, ``mdes.bcra3r2``.

    Examples
    --------
    ``mdes.bcra3f2(rho2 = .10, n = 20, J = 44, K = 5)``:

    >>> round(detectable_with_classes_assigned(0.1, 5, 44, 20).effect, 3)
    0.145
    """
    spread = share * (1.0 - share) * institutions * classes_an_institution
    residual = 1.0 - icc_class - icc_institution
    variance = icc_class * (1.0 - explained_between) + residual * (1.0 - explained_within) / students_a_class
    if effect_variation is None:
        df = round(institutions * classes_an_institution) - institutions - 1 - class_covariates
        return _detectable(variance, spread, df, power, alpha, alternative)
    variance += icc_institution * effect_variation * spread / institutions
    return _detectable(variance, spread, institutions - 1, power, alpha, alternative)


def _detectable(
    variance: float, spread: float, df: int, power: float, alpha: float, alternative: Alternative
) -> DetectableEffect:
    """(t of the level + t of the power) √(variance/spread)."""
    if df < 1 or not spread > 0.0:
        return DetectableEffect(None, None, df)
    std_error = float(np.sqrt(variance / spread))
    tail = alpha / 2.0 if alternative == "two-sided" else alpha
    effect = (t_quantile(1.0 - tail, df) + t_quantile(power, df)) * std_error
    return DetectableEffect(effect, std_error, df)


@dataclass(frozen=True, slots=True)
class ClusterWeights:
    """How evenly the evidence is spread over clusters.

    Attributes
    ----------
    clusters, experimental, control
        J, and the clusters that hold students of each arm.
    largest_share
        Largest share of all students in one cluster.
    largest_leverage
        Largest share of one cluster in the treatment's coefficient: a'Q_j'Q_j a, the partial leverage; 1/J where
        all count the same.
    effective_clusters
        G*, between 1 and J: with as many clusters of equal weight the variance estimate would be as uncertain.
        ``None`` where errors that are one number a cluster cancel in the coefficient (treatment inside institutions).
    """

    clusters: int
    experimental: int
    control: int
    largest_share: float
    largest_leverage: float
    effective_clusters: float | None


def cluster_weights(fit: LeastSquares, clusters: Moments, treatment: int = 1, rho: float = 1.0) -> ClusterWeights:
    """Sizes, leverages and the effective number of clusters of the treatment's coefficient, from moments alone.

    G* = J/(1 + Γ) = (Σγ_j)²/Σγ_j² with γ_j = M_k X_j' Ω_j X_j M_k', M_k the treatment's row of (X'X)⁻¹ and Ω_j the
    errors' correlation: rho between any two students of a cluster. rho = 1 is the worst case, and the article's
    feasible G*A. Where G* is much below J, t with J - 1 degrees of freedom rejects too often.

    Parameters
    ----------
    fit, clusters
        The model, and the moments by cluster of its rows.
    rho
        Correlation of errors inside a cluster, 0 to 1.

    References
    ----------
    Carter, Schnepel & Steigerwald (2017), Review of Economics and Statistics 99:698, doi 10.1162/REST_a_00639.
    MacKinnon, Nielsen & Webb (2023), J. Econometrics 232:272 (partial leverage).
    """
    scale = clusters.standardised(like=fit.standardised)
    direction = fit.root @ fit.directions[treatment]
    leverage = np.einsum("p,jpq,q->j", direction, scale.XX, direction)
    # Sum of the standardised rows of a cluster: n_j times its mean; the intercept's column is 1.
    off = (clusters.mean * clusters.scale)[:, :-1]  # centres first: their difference costs no digits
    rows = (off + (clusters.centre[:-1] - scale.centre)) / scale.spread
    rows[:, scale.constant] = 0.0
    total = (clusters.n[:, None] * rows) @ direction
    gamma = rho * total**2 + (1.0 - rho) * leverage
    share = clusters.centre[treatment] + off[:, treatment]
    squares = float(gamma @ gamma)
    # Treatment that varies inside institutions alone: Σ of a cluster's rows is rounding.
    none = float(gamma.sum()) <= 1e-12 * float((clusters.n * leverage).sum())
    return ClusterWeights(
        clusters=int(clusters.n.size),
        experimental=int((share > 1e-9).sum()),
        control=int((share < 1.0 - 1e-9).sum()),
        largest_share=float(clusters.n.max() / clusters.n.sum()),
        largest_leverage=float(leverage.max()),
        effective_clusters=None if none else float(gamma.sum()) ** 2 / squares,
    )
