"""What a design can show: PowerUpR's own examples, the tests themselves at their extremes, and closed forms."""

import numpy as np
import pytest
from scipy import stats

from expeval.stats.feasibility import (
    cluster_weights,
    detectable_with_classes_assigned,
    detectable_with_clusters_assigned,
    detectable_with_students_assigned,
    smallest_permutation_p,
    smallest_wild_bootstrap_p,
)
from expeval.stats.least_squares import fit_least_squares
from expeval.stats.moments import Moments
from expeval.stats.randomisation import randomise_units
from expeval.stats.wild_bootstrap import wild_cluster_bootstrap


def test_known_smallest_p():
    assert smallest_permutation_p([(3, 3)]) == 0.1
    assert smallest_permutation_p([(4, 4)]) == pytest.approx(2 / 70)
    assert smallest_permutation_p([(2, 4)]) == pytest.approx(1 / 15)
    assert smallest_permutation_p([(1, 1)] * 6) == 2 / 2**6
    assert smallest_permutation_p([(2, 2), (1, 2)]) == pytest.approx(1 / 18)
    assert smallest_permutation_p([(2, 2), (3, 0)]) == pytest.approx(2 / 6)
    assert smallest_permutation_p([(3, 3)], "greater") == 0.05
    assert smallest_permutation_p([(3, 0)]) == 1.0
    assert smallest_wild_bootstrap_p(6, 9999) == 1 / 32
    assert smallest_wild_bootstrap_p(6, 9999, "less") == 1 / 64
    assert smallest_wild_bootstrap_p(13, 9999) == 1e-4


def test_of_many_units_it_does_not_overflow():
    assert 0.0 <= smallest_permutation_p([(10_000, 10_000)] * 50) < 1e-300
    assert smallest_permutation_p([(20, 20)]) == pytest.approx(2 / 137846528820, rel=1e-12)
    assert smallest_permutation_p([(25, 25)]) == pytest.approx(2 / 126410606437752, rel=1e-9)


@pytest.mark.parametrize("arms", [[(3, 3)], [(2, 4)], [(2, 2), (1, 2)], [(2, 1), (2, 1), (1, 1)]])
def test_the_strongest_effect_reaches_the_smallest_permutation_p(arms):
    treatment = np.concatenate([[1.0] * e + [0.0] * c for e, c in arms])
    stratum = np.repeat(np.arange(len(arms)), [e + c for e, c in arms])
    y = treatment + 1e-3 * np.random.default_rng(1).normal(size=treatment.size)
    got = randomise_units(
        y, treatment, np.arange(y.size), strata=stratum, draws=9, rng=np.random.default_rng(1)
    ).estimate
    assert got.p_value == pytest.approx(smallest_permutation_p(arms), rel=1e-12)


@pytest.mark.parametrize("G", [6, 9])
def test_the_strongest_effect_reaches_the_smallest_wild_bootstrap_p(G):
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(G), 8)
    X = np.column_stack([np.ones(cluster.size), rng.integers(0, 2, cluster.size)]).astype(float)
    y = 50.0 * X[:, 1] + rng.normal(size=cluster.size)
    moments = Moments.from_rows(X, y, cluster)
    got = wild_cluster_bootstrap(fit_least_squares(moments, X, y), moments, 0.95, draws=99, rng=rng)
    assert got.p_value == smallest_wild_bootstrap_p(G, 99)


# PowerUpR's documented examples and what it prints for them, to three decimals: effect, standard error, df.
@pytest.mark.parametrize(
    ("got", "effect", "std_error", "df"),
    [
        (detectable_with_clusters_assigned(0.17, 20, 15), 0.629, 0.212, 18),  # mdes.cra2r2
        (detectable_with_students_assigned(0.0, 20, 15), 0.325, 0.115, 279),  # mdes.bira2c1
        (detectable_with_students_assigned(0.17, 20, 15, effect_variation=0.5), 0.366, 0.124, 19),  # mdes.bira2r1
        # mdes.bcra3f2 has 210 degrees of freedom, one effect an institution; the rest is the same.
        (detectable_with_classes_assigned(0.1, 5, 44, 20), 0.145, 0.051, 214),
        (
            detectable_with_classes_assigned(0.1, 24, 6, 10, icc_institution=0.13, effect_variation=0.4),
            0.246,
            0.084,
            23,
        ),  # mdes.bcra3r2
    ],
)
def test_power_up_r(got, effect, std_error, df):
    assert round(got.effect, 3) == effect
    assert round(got.std_error, 3) == std_error
    assert got.df == df


def test_covariates_and_sides():
    plain = detectable_with_clusters_assigned(0.2, 20, 25)
    adjusted = detectable_with_clusters_assigned(
        0.2, 20, 25, cluster_covariates=1, explained_between=0.5, explained_within=0.5
    )
    assert adjusted.std_error == pytest.approx(plain.std_error * np.sqrt(0.5), rel=1e-12)
    assert adjusted.df == 17
    one_sided = detectable_with_clusters_assigned(0.2, 20, 25, alternative="greater")
    multiplier = stats.t.ppf(0.95, 18) + stats.t.ppf(0.8, 18)
    assert one_sided.effect == pytest.approx(multiplier * plain.std_error, rel=1e-10)


def test_unequal_shares_need_more():
    assert (
        detectable_with_clusters_assigned(0.2, 20, 25, 0.2).effect
        > detectable_with_clusters_assigned(0.2, 20, 25).effect
    )


def test_no_degrees_of_freedom():
    nothing = detectable_with_clusters_assigned(0.2, 2, 25)
    assert (nothing.effect, nothing.std_error, nothing.df) == (None, None, 0)
    assert detectable_with_classes_assigned(0.1, 1, 2, 20).effect is None
    assert detectable_with_clusters_assigned(0.2, 20, 25, 0.0).effect is None


def weights(X, cluster, **more):
    y = np.random.default_rng(1).normal(size=cluster.size)
    moments = Moments.from_rows(X, y, cluster)
    return cluster_weights(fit_least_squares(moments, X, y), moments, **more)


def brute_force(X, cluster, rho):
    """γ_j from rows, with the errors' correlation matrix written out (Carter, Schnepel & Steigerwald 2017)."""
    row = np.linalg.inv(X.T @ X)[1]
    gammas, shares = [], []
    for j in np.unique(cluster):
        own = X[cluster == j]
        correlation = np.full((own.shape[0], own.shape[0]), rho)
        np.fill_diagonal(correlation, 1.0)
        gammas.append(row @ own.T @ correlation @ own @ row)
        shares.append(row @ own.T @ own @ row / np.linalg.inv(X.T @ X)[1, 1])
    gammas = np.array(gammas)
    return gammas.size / (1.0 + np.mean((gammas / gammas.mean() - 1.0) ** 2)), max(shares)


@pytest.mark.parametrize("rho", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_weights_by_rows(seed, rho):
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, 9, 150)
    X = np.column_stack([np.ones(150), cluster % 2, rng.normal(50.0, 3.0, 150), rng.normal(size=9)[cluster]])
    got = weights(X.astype(float), cluster, rho=rho)
    effective, leverage = brute_force(X, cluster, rho)
    assert got.effective_clusters == pytest.approx(effective, rel=1e-8)
    assert got.largest_leverage == pytest.approx(leverage, rel=1e-8)
    assert got.largest_share == np.bincount(cluster).max() / 150
    assert (got.clusters, got.experimental, got.control) == (9, 4, 5)


@pytest.mark.parametrize(("experimental", "control"), [(5, 5), (1, 9), (2, 10)])
def test_equal_clusters_in_closed_form(experimental, control):
    """γ is 1/G_a² in an arm of G_a clusters: G* = (1/G_E + 1/G_C)²/(1/G_E³ + 1/G_C³)."""
    cluster = np.repeat(np.arange(experimental + control), 6)
    X = np.column_stack([np.ones(cluster.size), cluster < experimental]).astype(float)
    got = weights(X, cluster)
    closed = (1 / experimental + 1 / control) ** 2 / (1 / experimental**3 + 1 / control**3)
    assert got.effective_clusters == pytest.approx(closed, rel=1e-10)
    total = experimental + control
    assert got.largest_leverage == pytest.approx(max(control / experimental, experimental / control) / total, rel=1e-10)


def test_scale_and_order_do_not_matter():
    rng = np.random.default_rng(4)
    cluster = rng.integers(0, 7, 80)
    X = np.column_stack([np.ones(80), cluster > 3, rng.normal(size=80)]).astype(float)
    one, order = weights(X, cluster), rng.permutation(80)
    two = weights((X * np.array([1.0, 1.0, 1e5]) + np.array([0.0, 0.0, 3.0]))[order], cluster[order] + 5)
    assert two.effective_clusters == pytest.approx(one.effective_clusters, rel=1e-8)
    assert two.largest_leverage == pytest.approx(one.largest_leverage, rel=1e-8)


def test_treatment_balanced_inside_every_institution():
    """An error that all students of an institution share cancels: no number of clusters can be told."""
    cluster = np.repeat(np.arange(6), 4)
    X = np.column_stack([np.ones(24), np.tile([0.0, 1.0], 12)])
    got = weights(X, cluster)
    assert got.effective_clusters is None
    assert (got.experimental, got.control) == (6, 6)
    assert got.largest_leverage == pytest.approx(1 / 6)
