"""Clustered effect sizes against published values, the matrices behind the formulas, and the unclustered ones."""

import math

import numpy as np
import pytest
from scipy import stats

from expeval.stats.clustered_effect_sizes import (
    clustered_df,
    clustering_factor,
    hedges_g_clustered,
    hedges_g_eef,
)
from expeval.stats.effect_sizes import hedges_g, small_sample_factor

WWC = {"sd": 10.0, "icc": 0.2, "n": 200, "clusters": 10, "confidence": 0.95}
EEF = {
    "total_sd": 10.0,
    "icc": 0.2,
    "sizes_experimental": [20] * 5,
    "sizes_control": [20] * 5,
    "confidence": 0.95,
}


def squares_within_arms(sizes_by_arm, icc):
    """tr(AΣ) and tr(AΣAΣ): mean and half the variance of the squares about the arms' means, in units of σ²."""
    sizes = np.concatenate(sizes_by_arm)
    cluster = np.repeat(np.arange(sizes.size), sizes)
    arm = np.repeat(np.arange(2), [sum(part) for part in sizes_by_arm])
    same_arm = arm[:, None] == arm[None, :]
    A = np.eye(arm.size) - same_arm / same_arm.sum(axis=1)
    covariance = (1.0 - icc) * np.eye(arm.size) + icc * (cluster[:, None] == cluster[None, :])
    product = A @ covariance
    return np.trace(product), np.trace(product @ product)


def test_the_published_df():
    """VIVECampbell's documentation: df_h(N_total = 100, ICC = 0.1, avg_grp_size = 5) is 94.4."""
    assert round(clustered_df(100, 20, 0.1), 2) == 94.4


@pytest.mark.parametrize("icc", [0.0, 0.05, 0.2, 0.7, 1.0])
@pytest.mark.parametrize(("clusters", "size"), [(4, 3), (6, 10), (10, 7)])
def test_factor_and_df_are_the_moments_of_the_pooled_variance(clusters, size, icc):
    """γ = E(S²)/σ², h = 2 E(S²)²/Var(S²), from the covariance matrix of all students."""
    n = clusters * size
    mean, half_variance = squares_within_arms([[size] * (clusters // 2)] * 2, icc)
    assert clustering_factor(n, clusters, icc) == pytest.approx(mean / (n - 2), rel=1e-12)
    assert clustered_df(n, clusters, icc) == pytest.approx(mean**2 / half_variance, rel=1e-10)


def test_limits_of_the_df():
    assert clustered_df(240, 12, 0.0) == pytest.approx(238.0)
    assert clustered_df(240, 12, 1.0) == pytest.approx(10.0)


def test_by_hand():
    """N = 200, J = 10, ρ = .2: γ = 1 - 2·19·.2/198; h and J in closed form."""
    gamma = 1.0 - 7.6 / 198.0
    h = (198.0 - 7.6) ** 2 / (198.0 * 0.64 + 20.0 * 160.0 * 0.04 + 2.0 * 160.0 * 0.2 * 0.8)
    J = math.gamma(h / 2.0) / (math.sqrt(h / 2.0) * math.gamma((h - 1.0) / 2.0))
    got = hedges_g_clustered(4.0, 1.5, 8.0, **WWC)
    assert got.estimate == pytest.approx(0.4 * math.sqrt(gamma) * J, rel=1e-12)
    assert got.std_error == pytest.approx(math.sqrt(gamma * 0.15**2 + got.estimate**2 / (2.0 * h)), rel=1e-12)
    margin = stats.t.ppf(0.975, 8.0) * got.std_error
    assert got.conf_low == pytest.approx(got.estimate - margin, rel=1e-9)
    assert got.conf_high == pytest.approx(got.estimate + margin, rel=1e-9)
    assert (got.statistic, got.df, got.p_value, got.reason) == (None, None, None, None)


def test_without_alikeness_it_is_hedges_g():
    rng = np.random.default_rng(1)
    experimental, control = rng.normal(0.4, 1.0, 30), rng.normal(size=26)
    sd = math.sqrt((29 * experimental.var(ddof=1) + 25 * control.var(ddof=1)) / 54)
    got = hedges_g_clustered(
        experimental.mean() - control.mean(), None, None, sd=sd, icc=0.0, n=56, clusters=8, confidence=0.95
    )
    assert got.estimate == pytest.approx(hedges_g(experimental, control, 0.95).estimate, rel=1e-12)


def test_the_error_of_independent_students_is_the_textbook_one():
    """ρ = 0 and the error S √(1/n_E + 1/n_C): √(1/n_E + 1/n_C + g²/(2(N - 2)))."""
    root = math.sqrt(1 / 100 + 1 / 100)
    got = hedges_g_clustered(4.0, 10.0 * root, 198.0, **(WWC | {"icc": 0.0}))
    assert got.std_error == pytest.approx(math.sqrt(root**2 + got.estimate**2 / 396.0), rel=1e-12)
    eef = hedges_g_eef(4.0, 10.0 * root, 198.0, **(EEF | {"icc": 0.0}))
    assert eef.std_error == pytest.approx(math.sqrt(root**2 + 0.4**2 / 396.0), rel=1e-12)


@pytest.mark.parametrize("icc", [0.0, 0.15, 0.6])
@pytest.mark.parametrize("arms", [([5, 9, 2], [4, 4, 11, 3]), ([6, 6], [6, 6, 6])])
def test_eef_variance_with_unequal_sizes(arms, icc):
    """The sd's part is Var(S²)/(4 E(S²) σ²) of the pooled variance over (N - 2)/(N - 2): by matrices."""
    n = sum(map(sum, arms))
    mean, half_variance = squares_within_arms(arms, icc)
    got = hedges_g_eef(
        5.0, 2.0, 5.0, total_sd=10.0, icc=icc, sizes_experimental=arms[0], sizes_control=arms[1], confidence=0.9
    )
    part = 0.5**2 * half_variance / (2.0 * (n - 2) * mean)
    assert got.estimate == 0.5
    assert got.std_error == pytest.approx(math.sqrt(0.2**2 + part), rel=1e-10)
    assert got.conf_high == pytest.approx(0.5 + stats.t.ppf(0.95, 5.0) * got.std_error, rel=1e-9)


def test_sign_and_scale():
    one, turned = hedges_g_clustered(4.0, 1.5, 8.0, **WWC), hedges_g_clustered(-4.0, 1.5, 8.0, **WWC)
    assert turned.estimate == -one.estimate
    assert turned.std_error == one.std_error
    assert (turned.conf_low, turned.conf_high) == (-one.conf_high, -one.conf_low)
    stretched = hedges_g_clustered(4e6, 1.5e6, 8.0, **(WWC | {"sd": 1e7}))
    assert stretched.estimate == pytest.approx(one.estimate, rel=1e-14)
    assert stretched.std_error == pytest.approx(one.std_error, rel=1e-14)


def test_reasons():
    assert hedges_g_clustered(None, None, None, **WWC).reason == "primary-without-estimate"
    assert hedges_g_clustered(4.0, 1.0, 8.0, **(WWC | {"sd": 0.0})).reason == "no-spread"
    assert hedges_g_clustered(4.0, 1.0, 8.0, **(WWC | {"sd": None})).reason == "no-spread"
    assert hedges_g_clustered(4.0, 1.0, 8.0, **(WWC | {"icc": None})).reason == "no-icc"
    assert hedges_g_clustered(4.0, 1.0, 8.0, **(WWC | {"n": 2})).reason == "no-df"
    assert hedges_g_clustered(4.0, 1.0, 8.0, **(WWC | {"clusters": 2, "icc": 1.0})).reason == "no-df"
    assert hedges_g_clustered(1e300, 1.0, 8.0, **(WWC | {"sd": 1e-300})).reason == "not-computable"
    alone = hedges_g_clustered(4.0, None, None, **WWC)
    assert (alone.reason, alone.std_error, alone.conf_low) == ("primary-without-error", None, None)
    assert alone.estimate == hedges_g_clustered(4.0, 1.0, 8.0, **WWC).estimate
    assert hedges_g_eef(None, 1.0, 8.0, **EEF).reason == "primary-without-estimate"
    assert hedges_g_eef(4.0, 1.0, 8.0, **(EEF | {"total_sd": 0.0})).reason == "no-spread"
    assert hedges_g_eef(4.0, 1.0, 8.0, **(EEF | {"icc": None})).reason == "no-icc"
    assert hedges_g_eef(4.0, None, 8.0, **EEF).reason == "primary-without-error"
    one = hedges_g_eef(4.0, 1.0, 8.0, **(EEF | {"sizes_control": [100]}))
    assert (one.estimate, one.std_error, one.reason) == (0.4, None, "no-df")


def test_the_factor_never_exceeds_hedges_own():
    for icc in (0.0, 0.1, 0.5):
        assert hedges_g_clustered(10.0, None, None, **(WWC | {"icc": icc})).estimate <= small_sample_factor(198.0)
