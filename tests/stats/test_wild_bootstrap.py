"""The wild cluster bootstrap against R, against refits of every vector over the rows, and against its own theorems."""

import csv
import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.analysis.sample import regression_sample
from expeval.run import check
from expeval.stats import wild_bootstrap
from expeval.stats.cluster_robust import cluster_leverage, cluster_robust
from expeval.stats.independence import independent_columns
from expeval.stats.least_squares import fit_least_squares
from expeval.stats.moments import Moments
from expeval.stats.wild_bootstrap import wild_cluster_bootstrap

TESTS = Path(__file__).parents[1]


def rows_of_r():
    found = {}
    for path in sorted([*TESTS.glob("reference/*/expected.csv"), *TESTS.glob("field/*/expected.csv")]):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["method"] == "wild-cluster-bootstrap":
                    found.setdefault((path.parent, row["outcome"]), []).append(row)
    return found


R = rows_of_r()


def bootstrap(X, y, cluster, confidence=0.95, seed=1, draws=999, **more):
    moments = Moments.from_rows(X, y, cluster)
    fit = fit_least_squares(moments, X, y)
    return wild_cluster_bootstrap(fit, moments, confidence, draws=draws, rng=np.random.default_rng(seed), **more)


def study(seed, G=7, n=60, inside=False, effect=0.5):
    rng = np.random.default_rng(seed)
    cluster = np.concatenate([np.repeat(np.arange(G), 3), rng.integers(0, G, n)])
    treatment = rng.integers(0, 2, cluster.size) if inside else cluster % 2
    level = rng.normal(size=G)[cluster]
    X = np.column_stack([np.ones(cluster.size), treatment, rng.normal(500.0, 3.0, cluster.size), level])
    y = effect * treatment + 0.6 * rng.normal(size=G)[cluster] + 0.3 * X[:, 2] + rng.normal(size=cluster.size)
    return X.astype(float), y, cluster


def t_cr1(X, y, cluster):
    bread = np.linalg.inv(X.T @ X)
    b = bread @ X.T @ y
    e = y - X @ b
    scores = np.array([X[cluster == j].T @ e[cluster == j] for j in np.unique(cluster)])
    G = scores.shape[0]
    return b[1] / np.sqrt(G / (G - 1) * (bread @ scores.T @ scores @ bread)[1, 1])


def refits(X, y, cluster, vectors, null=0.0):
    """t of y - null·treatment, and of every vector's y*, each from a regression on the rows."""
    X = np.column_stack([X[:, :2], (X[:, 2:] - X[:, 2:].mean(axis=0)) / X[:, 2:].std(axis=0)])
    y = y - null * X[:, 1]
    other = np.delete(X, 1, axis=1)
    fitted = other @ np.linalg.lstsq(other, y, rcond=None)[0]
    code = np.unique(cluster, return_inverse=True)[1]
    return t_cr1(X, y, cluster), np.array([t_cr1(X, fitted + (y - fitted) * w[code], cluster) for w in vectors])


def share(t, stars, alternative="two-sided"):
    if alternative == "less":
        t, stars = -t, -stars
    elif alternative == "two-sided":
        t, stars = abs(t), abs(stars)
    return np.mean(stars >= t - 1e-9 * abs(t))


def every_vector(G):
    return np.array(list(itertools.product([-1.0, 1.0], repeat=G)))


@pytest.mark.parametrize(("folder", "outcome"), R, ids=[f"{folder.name}-{outcome}" for folder, outcome in R])
def test_r(folder, outcome):
    plan, scores = check(folder / "study.toml")
    sample = regression_sample(scores, plan, next(o for o in plan.outcomes if o.name == outcome))
    sample = sample.keep(list(independent_columns(sample.X).kept))
    got = bootstrap(sample.X, sample.outcome, sample.cluster, plan.inference.confidence)
    for row in R[folder, outcome]:
        assert getattr(got, row["field"]) == pytest.approx(float(row["value"]), rel=float(row["rtol"])), row
    assert got.variant == "signs-enumerated"


def test_r_has_rows_of_it():
    assert R


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_every_vector_refitted_over_the_rows(seed, inside, alternative):
    X, y, cluster = study(seed, inside=inside)
    t, stars = refits(X, y, cluster, every_vector(7))
    got = bootstrap(X, y, cluster, alternative=alternative)
    assert got.statistic == pytest.approx(t, rel=1e-9)
    assert got.p_value == share(t, stars, alternative)
    assert got.p_value * 2**7 == int(got.p_value * 2**7)


@pytest.mark.parametrize("seed", range(3))
def test_drawn_vectors_refitted_over_the_rows(seed):
    X, y, cluster = study(seed, G=15, n=200)
    vectors = np.concatenate(list(wild_bootstrap._drawn(15, 300, np.random.default_rng(seed))))
    assert set(np.unique(vectors)) == {-1.0, 1.0}
    t, stars = refits(X, y, cluster, vectors)
    got = bootstrap(X, y, cluster, seed=seed, draws=300)
    assert got.p_value == pytest.approx((300 * share(t, stars) + 1) / 301, rel=1e-12)
    assert got.variant == "signs-drawn"


def test_drawn_agrees_with_enumerated(monkeypatch):
    X, y, cluster = study(2, G=12, n=300)
    exact = bootstrap(X, y, cluster)
    monkeypatch.setattr(wild_bootstrap, "ENUMERATE_UP_TO", 5)
    drawn = bootstrap(X, y, cluster, draws=40_000)
    error = np.sqrt(exact.p_value * (1.0 - exact.p_value) / 40_000)
    assert abs(drawn.p_value - exact.p_value) < 4.0 * error + 1e-4
    assert drawn.conf_low == pytest.approx(exact.conf_low, abs=0.05 * exact.std_error)
    assert drawn.conf_high == pytest.approx(exact.conf_high, abs=0.05 * exact.std_error)


def test_the_expansion_is_the_shares():
    X, y, cluster = study(3, G=30, n=400)
    moments = Moments.from_rows(X, y, cluster)
    fit = fit_least_squares(moments, X, y)
    scores = wild_bootstrap._scores(fit, cluster_leverage(fit, moments), 1)
    signs = next(wild_bootstrap._drawn(30, 500, np.random.default_rng(1)))
    one, two = wild_bootstrap._by_shares(scores, signs), wild_bootstrap._by_expansion(scores, signs)
    for name in ("n0", "n1", "v0", "v1", "v2"):
        a, b = getattr(one, name), getattr(two, name)
        np.testing.assert_allclose(b, a, atol=1e-12 * np.abs(a).max(), err_msg=name)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize("seed", range(3))
def test_the_interval_is_what_the_test_does_not_reject(seed, confidence):
    X, y, cluster = study(seed, G=9, n=80, inside=seed == 1)
    got = bootstrap(X, y, cluster, confidence, alternative="less")
    vectors, alpha, step = every_vector(9), 1.0 - confidence, 1e-7 * got.std_error
    for bound, outwards in ((got.conf_low, -1.0), (got.conf_high, 1.0)):
        assert share(*refits(X, y, cluster, vectors, bound - outwards * step)) > alpha
        assert share(*refits(X, y, cluster, vectors, bound + outwards * step)) <= alpha
    assert got.conf_low < got.estimate < got.conf_high


@given(st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_order_labels_and_scale_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    X, y, cluster = study(seed, G=8)
    one = bootstrap(X, y, cluster)
    order, labels = rng.permutation(y.size), rng.permutation(40)[:8]
    stretched = X * np.array([1.0, 1.0, 1e-3, 40.0]) + np.array([0.0, 0.0, 7.0, -3.0])
    two = bootstrap(stretched[order], (1e4 * y - 1e3)[order], labels[cluster][order])
    assert two.p_value == one.p_value
    assert two.statistic == pytest.approx(one.statistic, rel=1e-8)
    assert two.conf_low == pytest.approx(1e4 * one.conf_low, rel=1e-6)
    assert two.conf_high == pytest.approx(1e4 * one.conf_high, rel=1e-6)


@pytest.mark.parametrize("G", [8, 14])
def test_exchanged_arms_turn_the_sign(G):
    X, y, cluster = study(5, G=G)
    exchanged = X.copy()
    exchanged[:, 1] = 1.0 - X[:, 1]
    one, two = bootstrap(X, y, cluster), bootstrap(exchanged, y, cluster)
    assert two.p_value == one.p_value
    assert two.statistic == pytest.approx(-one.statistic, rel=1e-9)
    assert (two.conf_low, two.conf_high) == pytest.approx((-one.conf_high, -one.conf_low), rel=1e-8)
    greater = bootstrap(X, y, cluster, alternative="greater").p_value
    assert bootstrap(exchanged, y, cluster, alternative="less").p_value == greater


@pytest.mark.parametrize("effect", [1e2, 1e5, 1e8])
def test_the_strongest_effect_reaches_the_smallest_p(effect):
    """The observed vector and its mirror alone, ties within 1e-9 though Σ c² cancels."""
    X, y, cluster = study(1, G=8, effect=effect)
    X = X[:, :3]
    t, stars = refits(X, y, cluster, every_vector(8))
    assert bootstrap(X, y, cluster).p_value >= 2 / 2**8
    if effect < 1e6:
        assert bootstrap(X, y, cluster).p_value == share(t, stars)
    X, y, cluster = study(1, G=20, effect=effect)
    assert bootstrap(X, y, cluster, draws=99).p_value == 0.01


def test_estimate_error_and_statistic_are_those_of_cr1():
    X, y, cluster = study(4)
    moments = Moments.from_rows(X, y, cluster)
    cr1 = cluster_robust(fit_least_squares(moments, X, y), moments, "cr1", 0.95)[1]
    got = bootstrap(X, y, cluster)
    assert (got.estimate, got.std_error, got.statistic) == (cr1.estimate, cr1.std_error, cr1.statistic)
    assert got.df is None


def test_one_seed_one_answer():
    X, y, cluster = study(6, G=25, n=300)
    assert bootstrap(X, y, cluster, seed=3) == bootstrap(X, y, cluster, seed=3)
    assert bootstrap(X, y, cluster, seed=3).p_value != bootstrap(X, y, cluster, seed=4).p_value


def test_reasons():
    X, y, cluster = study(7)
    X = X[:, :3]
    two = cluster < 2
    assert bootstrap(X[two], y[two], cluster[two]).reason == "one-cluster-an-arm"
    assert bootstrap(X[two], y[two], cluster[two]).estimate is not None
    assert bootstrap(X, y, np.zeros_like(cluster)).reason == "one-cluster"
    assert bootstrap(X, np.full(y.size, 3.0), cluster).reason == "no-spread"
    alone = X.copy()
    alone[:, 1] = cluster == 3
    got = bootstrap(alone, y, cluster)
    assert (got.reason, got.p_value) == ("one-institution-carries-it", None)
    alone[:, 1] = (cluster == 3) | (cluster == 4)
    few = bootstrap(alone, y, cluster)
    assert few.reason == "few-treated-clusters"
    assert few.p_value is not None
    alone[:, 1] = 1.0 - alone[:, 1]
    assert bootstrap(alone, y, cluster).reason == "few-treated-clusters"


def test_too_few_vectors_for_an_interval():
    X, y, cluster = study(8, G=6)
    X = X[:, :2]
    few = bootstrap(X, y, cluster, 0.99)
    assert (few.conf_low, few.conf_high, few.reason) == (None, None, "interval-unbounded")
    assert few.p_value is not None
