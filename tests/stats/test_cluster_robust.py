"""CR0 to CR3: theorems, a dense n × n implementation of the article, and R's numbers on STAR."""

from pathlib import Path

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from expeval.stats.cluster_robust import cluster_leverage, cluster_robust
from expeval.stats.least_squares import fit_least_squares, fitted_rows, hc3
from expeval.stats.moments import Moments

STAR = Path(__file__).parents[2] / "data" / "star" / "kindergarten.csv"
SEEDS = st.integers(0, 10**6)
KINDS = ("cr0", "cr1", "cr2", "cr3")


def study(seed, n=70, clusters=9):
    """Unequal clusters, treatment by cluster, a covariate with a large mean."""
    rng = np.random.default_rng(seed)
    cluster = np.concatenate([np.repeat(np.arange(clusters), 3), rng.integers(0, clusters, n - 3 * clusters)])
    X = np.column_stack([np.ones(n), cluster % 2, rng.normal(500.0, 3.0, n)]).astype(float)
    return X, rng.normal(size=n) + rng.normal(size=clusters)[cluster] + X[:, 2], cluster


def estimates(X, y, cluster, kind, confidence=0.95, **kwargs):
    moments = Moments.from_rows(X, y, cluster)
    return cluster_robust(fit_least_squares(moments, X, y), moments, kind, confidence, **kwargs)


def dense(X, y, cluster, kind):
    """Std errors and df with n × n matrices, as Bell & McCaffrey (2002) write them; identity working model."""
    n = y.size
    X = np.column_stack([X[:, 0], *(X[:, 1:] - X[:, 1:].mean(axis=0)).T])  # slopes only are compared
    M = np.linalg.inv(X.T @ X)
    rest = np.eye(n) - X @ M @ X.T
    e = rest @ y
    codes = np.unique(cluster)
    meat, P = np.zeros_like(M), []
    for j in codes:
        own = np.flatnonzero(cluster == j)
        values, vectors = np.linalg.eigh(rest[np.ix_(own, own)])
        power = {"cr0": 0.0, "cr1": 0.0, "cr2": -0.5, "cr3": -1.0}[kind]
        keep = values > 1e-10
        root = np.where(keep, np.where(keep, values, 1.0) ** power, 0.0) if power else np.ones_like(values)
        A = vectors * root @ vectors.T
        s = X[own].T @ A @ e[own]
        meat += np.outer(s, s)
        P.append(rest[:, own] @ A @ X[own] @ M)
    J = codes.size
    V = M @ meat @ M * (J / (J - 1) if kind == "cr1" else 1.0)
    df = []
    for k in range(X.shape[1]):
        B = np.array([p[:, k] for p in P])
        B = B @ B.T
        df.append(np.trace(B) ** 2 / np.trace(B @ B) if kind in ("cr2", "cr3") else J - 1.0)
    return np.sqrt(np.diag(V)), np.array(df)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=SEEDS)
@settings(max_examples=8, deadline=None)
def test_moments_give_what_rows_give(kind, seed):
    X, y, cluster = study(seed)
    errors, df = dense(X, y, cluster, kind)
    got = estimates(X, y, cluster, kind)
    for k in (1, 2):
        assert got[k].std_error == pytest.approx(errors[k], rel=1e-8)
        assert got[k].df == pytest.approx(df[k], rel=1e-8)


@given(seed=SEEDS)
@settings(max_examples=8, deadline=None)
def test_order_and_names_of_clusters_do_not_matter(seed):
    X, y, cluster = study(seed)
    rng = np.random.default_rng(seed)
    order, names = rng.permutation(y.size), rng.permutation(1000)[:9]
    for kind in KINDS:
        for one, two in zip(
            estimates(X, y, cluster, kind), estimates(X[order], y[order], names[cluster][order], kind), strict=True
        ):
            assert two.std_error == pytest.approx(one.std_error, rel=1e-9)
            assert two.df == pytest.approx(one.df, rel=1e-9)


@given(seed=SEEDS)
@settings(max_examples=8, deadline=None)
def test_scale_and_origin_of_columns_do_not_matter(seed):
    X, y, cluster = study(seed)
    moved = X * np.array([1.0, 1.0, 1e-3]) + np.array([0.0, 0.0, 77.0])
    for kind in KINDS:
        one, two = estimates(X, y, cluster, kind), estimates(moved, 5.0 * y - 3.0, cluster, kind)
        assert two[1].statistic == pytest.approx(one[1].statistic, rel=1e-8)
        assert two[2].statistic == pytest.approx(one[2].statistic, rel=1e-8)
        assert two[2].df == pytest.approx(one[2].df, rel=1e-8)


@given(seed=SEEDS)
@settings(max_examples=8, deadline=None)
def test_cr3_is_the_jackknife(seed):
    X, y, cluster = study(seed)
    whole = np.linalg.lstsq(X, y, rcond=None)[0]
    left_out = [np.linalg.lstsq(X[cluster != j], y[cluster != j], rcond=None)[0] for j in range(9)]
    errors = np.sqrt(((np.array(left_out) - whole) ** 2).sum(axis=0))
    for k, estimate in enumerate(estimates(X, y, cluster, "cr3")):
        assert estimate.std_error == pytest.approx(errors[k], rel=1e-6)


def test_cr2_is_unbiased_under_its_working_model():
    """V = y'By; under independent errors of variance 1, E(V) = tr B, the sum of V over unit vectors."""
    X, y, cluster = study(5, n=40)
    unit = [estimates(X, row, cluster, "cr2") for row in np.eye(y.size)]
    bread = fit_least_squares(Moments.from_rows(X, y), X, y).bread
    for k in range(3):
        expected = sum(row[k].std_error ** 2 for row in unit)
        assert expected == pytest.approx(bread[k, k], rel=1e-8)


def test_clusters_of_one_give_hc():
    X, y, _ = study(6)
    each = np.arange(y.size)
    Z = X - np.array([0.0, 0.0, 500.0])
    M = np.linalg.inv(Z.T @ Z)
    h = np.einsum("ij,jk,ik->i", Z, M, Z)
    e = y - Z @ (M @ Z.T @ y)
    for kind, weight in (("cr0", e**2), ("cr2", e**2 / (1.0 - h))):
        error = np.sqrt((M @ (Z.T * weight) @ Z @ M)[1, 1])
        assert estimates(X, y, each, kind)[1].std_error == pytest.approx(error, rel=1e-9)
    fit = fit_least_squares(Moments.from_rows(X, y), X, y)
    jackknife = hc3(fit, fitted_rows(fit, X, y), 1, 0.95)
    assert estimates(X, y, each, "cr3")[1].std_error == pytest.approx(jackknife.std_error, rel=1e-9)


def test_two_groups_of_single_students_are_welch():
    """CR2's error is Welch's; its df are Imbens & Kolesár's (2016), which do not look at the outcome."""
    rng = np.random.default_rng(7)
    n1, n0 = 9, 21
    X = np.column_stack([np.ones(n1 + n0), np.repeat([1.0, 0.0], [n1, n0])])
    y = rng.normal(size=n1 + n0) * np.repeat([4.0, 1.0], [n1, n0])
    got = estimates(X, y, np.arange(n1 + n0), "cr2")[1]
    welch = stats.ttest_ind(y[:n1], y[n1:], equal_var=False)
    assert got.statistic == pytest.approx(welch.statistic, rel=1e-10)
    df = (n0 + n1) ** 2 * (n0 - 1) * (n1 - 1) / (n1**2 * (n1 - 1) + n0**2 * (n0 - 1))
    assert got.df == pytest.approx(df, rel=1e-9)


def test_equal_clusters_assigned_half_and_half_are_a_t_test_of_means():
    """Balanced clusters, nothing but the treatment: CR2 is Student's t of the cluster means, df J - 2."""
    rng = np.random.default_rng(8)
    cluster = np.repeat(np.arange(10), 6)
    X = np.column_stack([np.ones(60), cluster < 5]).astype(float)
    y = rng.normal(size=60) + rng.normal(size=10)[cluster]
    means = y.reshape(10, 6).mean(axis=1)
    student = stats.ttest_ind(means[:5], means[5:])
    got = estimates(X, y, cluster, "cr2")[1]
    assert got.statistic == pytest.approx(student.statistic, rel=1e-10)
    assert got.df == pytest.approx(8.0, rel=1e-10)
    assert got.p_value == pytest.approx(student.pvalue, rel=1e-9)


def test_alternative_is_the_treatment_s():
    X, y, cluster = study(9)
    two, up = estimates(X, y, cluster, "cr2"), estimates(X, y, cluster, "cr2", alternative="greater")
    assert up[2] == two[2]
    assert up[1].p_value == pytest.approx(
        two[1].p_value / 2 if two[1].statistic > 0 else 1 - two[1].p_value / 2, rel=1e-12
    )
    assert (up[1].conf_low, up[1].conf_high) == (two[1].conf_low, two[1].conf_high)


def test_a_term_that_one_cluster_carries():
    X, y, cluster = study(10)
    X = np.column_stack([X, (cluster == 4) * (np.arange(y.size) % 2), cluster == 3])
    for kind in ("cr0", "cr1", "cr2"):
        got = estimates(X, y, cluster, kind)
        reasons = [e.reason for e in got]
        assert reasons == [None, None, None, "one-institution-carries-it", "one-institution-carries-it"]
        assert got[3].estimate is not None
        assert got[3].std_error is None
    assert [e.reason for e in estimates(X, y, cluster, "cr3")] == ["one-institution-carries-it"] * 5
    # The same answer by leaving clusters out: which coefficients stop being determined?
    Z = X / np.sqrt((X**2).sum(axis=0))
    lost = set()
    for j in range(9):
        _, d, v = np.linalg.svd(Z[cluster != j], full_matrices=True)
        null = v[d < 1e-9 * d[0]]
        lost |= set(np.flatnonzero((np.abs(null) > 1e-7).any(axis=0)).tolist())
    moments = Moments.from_rows(X, y, cluster)
    carried = cluster_leverage(fit_least_squares(moments, X, y), moments).carried
    assert set(np.flatnonzero(carried).tolist()) == lost


def test_one_cluster_an_arm():
    rng = np.random.default_rng(12)
    cluster = np.repeat([0, 1], 15)
    X = np.column_stack([np.ones(30), cluster, rng.normal(size=30)]).astype(float)
    y = rng.normal(size=30)
    for kind in KINDS:
        got = estimates(X, y, cluster, kind)
        assert [e.reason for e in got[:2]] == ["one-cluster-an-arm"] * 2
        assert got[1].estimate is not None
        assert got[1].p_value is None
    assert estimates(X, y, cluster, "cr2")[2].std_error is not None
    assert estimates(X, y, cluster, "cr3")[2].reason == "one-cluster-an-arm"


def test_saturated():
    """Three clusters, three cluster-level columns: nothing is left to tell the clusters' chance from."""
    rng = np.random.default_rng(13)
    cluster = np.repeat([0, 1, 2], 12)
    X = np.column_stack([np.ones(36), cluster == 0, np.array([3.0, 5.0, 9.0])[cluster], rng.normal(size=36)])
    got = estimates(X, rng.normal(size=36), cluster, "cr2")
    assert [e.reason for e in got] == ["saturated", "saturated", "saturated", None]


def test_one_cluster_and_no_residuals():
    X, y, cluster = study(14)
    assert [e.reason for e in estimates(X, y, np.zeros_like(cluster), "cr2")] == ["one-cluster"] * 3
    flat = estimates(X, np.full(y.size, 3.3), cluster, "cr2")
    assert [e.reason for e in flat] == ["no-spread"] * 3
    assert [e.reason for e in estimates(X[[0, 3, 6]], y[[0, 3, 6]], np.arange(3), "cr1")] == ["no-df"] * 3


def test_scores_that_cancel_are_no_spread():
    """All clusters have exactly their arm's mean: a standard error of 1e-17 is rounding."""
    cluster = np.repeat(np.arange(6), 4)
    X = np.column_stack([np.ones(24), cluster % 2]).astype(float)
    y = 10.0 + 0.1 * X[:, 1] + np.tile([0.1, -0.1, 0.3, -0.3], 6)
    assert estimates(X, y, cluster, "cr2")[1].reason == "no-spread"


# clubSandwich 0.5.8: coef_test(lm(reading ~ treatment + gender + lunch + school_type), vcov, cluster = school,
# test = "Satterthwaite", "naive-t" for CR0 and CR1), term treatment: SE, df, p.
R_ESTIMATE = 5.638827956066
R_ON_STAR = {
    "cr0": (1.75322039713108, 78.0, 0.00189123170756887),
    "cr1": (1.76442319736217, 78.0, 0.0020134363048485),
    "cr2": (1.78254660256513, 69.2859588087693, 0.00231599257482244),
    "cr3": (1.81364784133044, 68.9694058629925, 0.00272678676224477),
}


@pytest.mark.parametrize("kind", KINDS)
def test_r_on_star(kind):
    star = pandas.read_csv(STAR)
    star = star[star.group.isin(["small", "regular"]) & star.reading.notna() & star.lunch.notna()]
    columns = [np.ones(len(star)), star.group == "small", star.gender == "male", star.lunch == "non-free"]
    columns += [star.school_type == level for level in ("rural", "suburban", "urban")]
    got = estimates(np.column_stack(columns).astype(float), star.reading.to_numpy(), star.school.to_numpy(), kind)[1]
    assert got.estimate == pytest.approx(R_ESTIMATE, rel=1e-8)
    for value, expected in zip((got.std_error, got.df, got.p_value), R_ON_STAR[kind], strict=True):
        assert value == pytest.approx(expected, rel=1e-6)
