"""Moments are made in pieces that fit the cache: wherever a piece ends and however rows lie, the sums are the same."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.stats import moments
from expeval.stats.moments import Moments


def rows(n, J, seed=3):
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, J, n)
    X = np.column_stack([np.ones(n), cluster % 2, rng.normal(500.0, 3.0, n)])
    return X, np.round(X[:, 2] + rng.normal(size=n), 2), cluster


def told(made):
    """Sum, mean and cross-products of every cluster in the data's units, whatever centre was chosen."""
    mean = made.centre + made.scale * made.mean
    return made.clusters, made.n, mean, made.within * (made.scale[:, None] * made.scale[None, :])


def exactly(columns, cluster):
    """Means and cross-products about them by rational arithmetic on the doubles."""
    means, products = [], []
    for code in np.unique(cluster):
        part = [[Fraction(float(v)) for v in row] for row in columns[cluster == code]]
        middle = [sum(column) / len(part) for column in zip(*part, strict=True)]
        off = [[v - m for v, m in zip(row, middle, strict=True)] for row in part]
        q = range(len(middle))
        means.append([float(m) for m in middle])
        products.append([[float(sum(row[k] * row[m] for row in off)) for m in q] for k in q])
    return np.array(means), np.array(products)


@pytest.mark.parametrize("chunk", [1, 7, 64, 10_000])
@pytest.mark.parametrize("ordered", [True, False])
def test_pieces_against_rational_arithmetic(monkeypatch, chunk, ordered):
    monkeypatch.setattr(moments, "CHUNK", chunk)
    X, y, cluster = rows(200, 6)
    if ordered:
        order = np.argsort(cluster, kind="stable")
        X, y, cluster = X[order], y[order], cluster[order]
    clusters, n, mean, within = told(Moments.from_rows(X, y, cluster))
    exact_mean, exact_within = exactly(np.column_stack([X, y]), cluster)
    assert clusters.tolist() == np.unique(cluster).tolist()
    assert n.tolist() == np.bincount(cluster).tolist()
    np.testing.assert_allclose(mean, exact_mean, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(within, exact_within, rtol=1e-12, atol=1e-10)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=40), st.integers(1, 9), st.booleans())
def test_any_order_and_any_piece(codes, chunk, intercept):
    cluster = np.array(codes)
    x = np.sin(np.arange(cluster.size)) + 1000.0
    X, y = np.column_stack([np.ones(x.size), x])[:, 0 if intercept else 1 :], np.cos(7.0 * x)
    whole = told(Moments.from_rows(X, y, cluster))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moments, "CHUNK", chunk)
        for one, other in zip(whole, told(Moments.from_rows(X[::-1], y[::-1], cluster[::-1])), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-9)


def test_more_clusters_than_two_bytes_count():
    n = 2**17
    cluster = np.random.default_rng(5).permutation(np.arange(n) // 2 + 7)
    y = cluster + 0.25
    made = Moments.from_rows(np.ones((n, 1)), y, cluster)
    assert made.clusters.size == n // 2
    np.testing.assert_allclose(told(made)[2][:, 1], made.clusters + 0.25, rtol=1e-14)
    assert float(made.within[:, 1, 1].max()) <= 1e-24


def test_a_level_of_the_cluster_is_not_seen_to_vary():
    X, y, cluster = rows(5000, 3)
    X[:, 1] = np.array([0.1, 1.0 / 3.0, 0.7])[cluster]
    assert Moments.from_rows(X, y, cluster).varies_within().tolist() == [False, False, True]


def test_whole_numbers_less_their_centre_are_exact():
    x = np.arange(21.0)
    X = np.column_stack([np.ones(21), x**5])
    made = Moments.from_rows(X, x)
    u = (X[:, 1] - made.centre[1]) / made.scale[1]
    truth = [(Fraction(int(v) ** 5) - Fraction(float(made.centre[1]))) / Fraction(float(made.scale[1])) for v in x]
    assert [Fraction(float(v)) for v in u] == truth


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_no_gap_passes(bad):
    X, y, cluster = rows(50, 3)
    for column in (X[:, 2], y):
        kept = column[49]
        column[49] = bad
        with pytest.raises(ValueError, match="finite"):
            Moments.from_rows(X, y, cluster)
        column[49] = kept
    X[3, 2], X[4, 2] = np.inf, -np.inf
    with pytest.raises(ValueError, match="finite"):
        Moments.from_rows(X, y, cluster)


def test_no_rows():
    for cluster in (None, np.zeros(0, dtype=int)):
        made = Moments.from_rows(np.ones((0, 2)), np.zeros(0), cluster)
        assert (made.total, made.clusters.size, made.within.shape) == (0, 0, (0, 3, 3))


def test_shapes_that_do_not_fit():
    X, y, cluster = rows(50, 3)
    with pytest.raises(ValueError, match="rows differ"):
        Moments.from_rows(X, y, cluster[:-1])
    with pytest.raises(ValueError, match="rows differ"):
        Moments.from_rows(X[:-1], y, cluster)
