"""Moments: theorems about merging, and digits on columns whose mean is large against their spread."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.stats.moments import Moments

SEEDS = st.integers(0, 10**6)


def study(seed, n=60, clusters=7):
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, clusters, n)
    X = np.column_stack([np.ones(n), cluster % 2, rng.normal(500.0, 3.0, n), rng.integers(0, 3, n)])
    return X, rng.normal(50.0, 9.0, n) + X[:, 2], cluster


def same(one, two, rtol=1e-12):
    a, b = one.standardised(), two.standardised(like=one.standardised())
    assert one.names == two.names
    np.testing.assert_array_equal(one.clusters, two.clusters)
    np.testing.assert_array_equal(one.n, two.n)
    for left, right in ((a.XX, b.XX), (a.Xy, b.Xy), (a.yy, b.yy)):
        np.testing.assert_allclose(left, right, rtol=rtol, atol=rtol * one.total)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_half_plus_half_is_the_whole(seed):
    X, y, cluster = study(seed)
    half = np.random.default_rng(seed).permutation(y.size) < y.size // 2
    parts = [Moments.from_rows(X[part], y[part], cluster[part]) for part in (half, ~half)]
    same(Moments.from_rows(X, y, cluster), parts[0] + parts[1])


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_the_order_of_rows_does_not_matter(seed):
    X, y, cluster = study(seed)
    order = np.random.default_rng(seed).permutation(y.size)
    same(Moments.from_rows(X, y, cluster), Moments.from_rows(X[order], y[order], cluster[order]))


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_classes_add_up_to_institutions(seed):
    X, y, cluster = study(seed)
    classes = Moments.from_rows(X, y, cluster)
    same(Moments.from_rows(X, y, cluster // 2), classes.coarsen(classes.clusters // 2))


def test_dropping_is_not_having_had():
    X, y, cluster = study(1)
    names = ["(Intercept)", "treatment", "score", "level"]
    whole = Moments.from_rows(X, y, cluster, names)
    same(Moments.from_rows(X[:, [0, 1, 3]], y, cluster, ["(Intercept)", "treatment", "level"]), whole.drop(["score"]))
    same(whole.drop([2]), whole.drop(["score"]))
    same(Moments.from_rows(X[:, [2, 3]], y, cluster, ["score", "level"]), whole.drop([0, 1]), rtol=1e-9)


def test_cross_products_are_those_of_the_rows():
    X, y, cluster = study(2)
    moments = Moments.from_rows(X, y, cluster)
    scale = moments.standardised()
    Z, z = scale.rows(X, y)
    for place, code in enumerate(moments.clusters):
        mine = cluster == code
        np.testing.assert_allclose(scale.XX[place], Z[mine].T @ Z[mine], atol=1e-11)
        np.testing.assert_allclose(scale.Xy[place], Z[mine].T @ z[mine], atol=1e-11)
        np.testing.assert_allclose(scale.yy[place], z[mine] @ z[mine], atol=1e-11)
    np.testing.assert_allclose(np.diag(scale.XX.sum(axis=0)), y.size, rtol=1e-12)


def test_sparse_codes_are_codes():
    X, y, cluster = study(3)
    sparse = Moments.from_rows(X, y, cluster * 10**12)
    np.testing.assert_array_equal(sparse.clusters, np.unique(cluster) * 10**12)
    same(Moments.from_rows(X, y, cluster), sparse.coarsen(sparse.clusters // 10**12))


@pytest.mark.parametrize("level", [1e6, 1e9, 1e12])
def test_a_large_mean_costs_no_digits(level):
    """NIST's smls rule (large, stiff means): deviations of 0.1 on up to 1e12, against exact rational arithmetic."""
    y = np.array([level + 0.4] + [level + 0.3, level + 0.5] * 10)
    exact = [Fraction(v) for v in y.tolist()]
    mean = sum(exact) / len(exact)
    spread = float(sum((v - mean) ** 2 for v in exact) / len(exact)) ** 0.5
    scale = Moments.from_rows(np.ones((21, 1)), y).standardised()
    assert scale.y_spread == pytest.approx(spread, rel=1e-12)


def test_large_means_survive_merging():
    rng = np.random.default_rng(4)
    y = 1e9 + rng.normal(size=100)
    X = np.column_stack([np.ones(100), 1e9 + rng.normal(size=100)])
    cluster = rng.integers(0, 5, 100)
    merged = Moments.from_rows(X[:50], y[:50], cluster[:50]) + Moments.from_rows(X[50:], y[50:], cluster[50:])
    same(Moments.from_rows(X, y, cluster), merged, rtol=1e-9)


def test_huge_and_tiny_values_neither_overflow_nor_vanish():
    X, y, cluster = study(5)
    plain = Moments.from_rows(X, y, cluster).standardised()
    for factor in (1e300, 1e-300):
        scale = Moments.from_rows(X, y * factor, cluster).standardised()
        np.testing.assert_allclose(scale.Xy, plain.Xy, rtol=1e-9, atol=1e-11)
        assert scale.y_spread == pytest.approx(plain.y_spread * factor, rel=1e-12)


def test_what_varies_inside_clusters():
    X, y, cluster = study(6)
    X = np.column_stack([X, 0.1 * (cluster + 1)])
    assert Moments.from_rows(X, y, cluster).varies_within().tolist() == [False, False, True, True, False]


def test_nothing_is_a_set_of_rows_too():
    X, y, cluster = study(7)
    none = Moments.from_rows(X[:0], y[:0], cluster[:0])
    assert none.total == 0
    assert none.clusters.size == 0


def test_refuses_what_has_no_moments():
    X, y, cluster = study(8)
    with pytest.raises(ValueError, match="finite"):
        Moments.from_rows(X, np.where(y > y.mean(), np.nan, y), cluster)
    with pytest.raises(ValueError, match="negative"):
        Moments.from_rows(X, y, cluster - 3)
    with pytest.raises(ValueError, match="different names"):
        Moments.from_rows(X, y, cluster, ["a", "a", "b", "c"])
    with pytest.raises(ValueError, match="columns differ"):
        Moments.from_rows(X, y, cluster) + Moments.from_rows(X[:, :2], y, cluster)
