"""Absorbed intercepts must equal dummies, leverage included."""

from pathlib import Path

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.stats.cluster_robust import cluster_robust
from expeval.stats.fixed_effects import fixed_effects
from expeval.stats.least_squares import fit_least_squares, fitted_rows, hc3, standardised_residuals
from expeval.stats.moments import Moments

STAR = Path(__file__).parents[2] / "data" / "star" / "kindergarten.csv"


def study(seed, n=90, institutions=8):
    rng = np.random.default_rng(seed)
    institution = np.concatenate([np.repeat(np.arange(institutions), 4), rng.integers(0, institutions, n)])
    treatment = rng.integers(0, 2, institution.size)
    treatment[: 4 * institutions] = np.tile([0, 1, 0, 1], institutions)
    X = np.column_stack([treatment, rng.normal(500.0, 3.0, institution.size), rng.integers(0, 2, institution.size)])
    y = rng.normal(size=institution.size) + 3.0 * rng.normal(size=institutions)[institution] + X[:, 1]
    return X.astype(float), y, institution


def with_dummies(X, y, institution):
    codes = np.unique(institution)
    full = np.column_stack([np.ones(y.size), X, *[(institution == j).astype(float) for j in codes[1:]]])
    moments = Moments.from_rows(full, y, institution)
    return full, moments, fit_least_squares(moments, full, y)


@given(st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_hc3_equals_dummies(seed):
    X, y, institution = study(seed)
    full, _, fit = with_dummies(X, y, institution)
    rows = fitted_rows(fit, full, y)
    expected, got = hc3(fit, rows, 1, 0.95), fixed_effects(X, y, institution, "hc3", 0.95)
    assert got.estimate.estimate == pytest.approx(expected.estimate, rel=1e-8)
    assert got.estimate.std_error == pytest.approx(expected.std_error, rel=1e-8)
    assert got.estimate.df == expected.df
    np.testing.assert_allclose(got.residuals, standardised_residuals(fit, rows), atol=1e-8)


def dense_cr2(full, y, institution):
    """Error and df of the treatment's CR2 with dummies in an n × n hat matrix (Pustejovsky & Tipton 2018)."""
    Q, _ = np.linalg.qr(full)
    rest = np.eye(y.size) - Q @ Q.T
    a = np.linalg.pinv(full)[1]
    e, shares, P = rest @ y, [], []
    for j in np.unique(institution):
        own = np.flatnonzero(institution == j)
        values, vectors = np.linalg.eigh(rest[np.ix_(own, own)])
        keep = values > 1e-10
        A = vectors * np.where(keep, np.where(keep, values, 1.0) ** -0.5, 0.0) @ vectors.T
        shares.append(a[own] @ A @ e[own])
        P.append(rest[:, own] @ A @ a[own])
    B = np.array(P) @ np.array(P).T
    return np.sqrt(np.sum(np.square(shares))), np.trace(B) ** 2 / np.trace(B @ B)


@given(st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_cr2_equals_dummies(seed):
    X, y, institution = study(seed)
    full, _, _ = with_dummies(X, y, institution)
    error, df = dense_cr2(full, y, institution)
    got = fixed_effects(X, y, institution, "cr2", 0.95).estimate
    assert got.std_error == pytest.approx(error, rel=1e-7)
    assert got.df == pytest.approx(df, rel=1e-7)


def test_institution_means_do_not_matter():
    X, y, institution = study(1)
    shift = np.random.default_rng(2).normal(size=8)[institution] * 1e4
    for kind in ("cr2", "hc3"):
        one, two = (fixed_effects(X, outcome, institution, kind, 0.95).estimate for outcome in (y, y + shift))
        assert two.std_error == pytest.approx(one.std_error, rel=1e-7)
        assert two.estimate == pytest.approx(one.estimate, rel=1e-7)


def test_what_does_not_vary_inside_is_dropped_and_named():
    X, y, institution = study(3)
    level = 0.1 * (institution % 3)
    wide = np.column_stack([X[:, :2], level, X[:, 1] / 7.0 + level, X[:, 2]])
    got = fixed_effects(wide, y, institution, "cr2", 0.95)
    assert got.dropped == {2: (), 3: (1,)}
    assert got.estimate.std_error == pytest.approx(
        fixed_effects(X, y, institution, "cr2", 0.95).estimate.std_error, rel=1e-9
    )


def test_too_few_institutions_with_both_arms():
    X, y, institution = study(4)
    by_institution = X.copy()
    by_institution[:, 0] = institution % 2
    for kind in ("cr2", "hc3"):
        none = fixed_effects(by_institution, y, institution, kind, 0.95)
        assert none.both_arms == 0
        assert none.estimate.reason == "no-institution-with-both-arms"
        assert none.estimate.estimate is None
    one_mixed = by_institution.copy()
    one_mixed[institution == 0, 0] = X[institution == 0, 0]
    cr2 = fixed_effects(one_mixed, y, institution, "cr2", 0.95)
    assert cr2.both_arms == 1
    assert cr2.estimate.reason == "one-institution-with-both-arms"
    assert cr2.estimate.std_error is None
    assert cr2.estimate.estimate is not None
    assert fixed_effects(one_mixed, y, institution, "hc3", 0.95).estimate.std_error is not None


def test_an_institution_of_one_student_says_nothing():
    X, y, institution = study(5)
    more = (np.vstack([X, [1.0, 444.0, 1.0]]), np.append(y, 1234.5), np.append(institution, 99))
    for kind in ("cr2", "hc3"):
        one, two = (fixed_effects(*rows, kind, 0.95).estimate for rows in ((X, y, institution), more))
        assert two.std_error == pytest.approx(one.std_error, rel=1e-9)
        assert two.df == pytest.approx(one.df, rel=1e-9)


def test_nothing_left():
    X = np.array([[1.0], [0.0], [1.0], [0.0]])
    flat = fixed_effects(X, np.full(4, 0.3), np.array([0, 0, 1, 1]), "hc3", 0.95)
    assert flat.estimate.reason == "no-spread"
    short = fixed_effects(X[:2], np.array([1.0, 3.0]), np.array([0, 0]), "hc3", 0.95)
    assert short.estimate.reason == "no-df"
    assert short.estimate.estimate == pytest.approx(-2.0)
    empty = fixed_effects(X[:0], np.zeros(0), np.zeros(0, dtype=np.int64), "cr2", 0.95)
    assert empty.estimate.reason == "no-institution-with-both-arms"


def test_agrees_with_least_squares_on_dummies_by_cluster_too():
    """Estimates of the term by CR1 and CR0 with dummies stand beside: the coefficient is one and the same."""
    X, y, institution = study(6)
    _, moments, fit = with_dummies(X, y, institution)
    got = fixed_effects(X, y, institution, "cr2", 0.95).estimate
    assert cluster_robust(fit, moments, "cr0", 0.95)[1].estimate == pytest.approx(got.estimate, rel=1e-8)


def kindergarten():
    star = pandas.read_csv(STAR)
    star = star[star.group.isin(["small", "regular"]) & star.reading.notna() & star.lunch.notna()]
    X = np.column_stack([star.group == "small", star.gender == "male", star.lunch == "non-free"]).astype(float)
    return X, star.reading.to_numpy(), star.school.to_numpy()


# R 4.2.2 on lm(reading ~ treatment + gender + lunch + factor(school)): clubSandwich 0.5.8 coef_test CR2, Satterthwaite;
# sandwich::vcovHC HC3. SE, df, p.
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("cr2", (1.69928648405876, 68.9374269596398, 0.000191879961650782)),
        ("hc3", (0.953304365034109, 3654.0, 2.53591795369247e-12)),
    ],
)
def test_r_on_star(kind, expected):
    got = fixed_effects(*kindergarten(), kind, 0.95).estimate
    assert got.estimate == pytest.approx(6.69728080919971, rel=1e-9)
    for value, r in zip((got.std_error, got.df, got.p_value), expected, strict=True):
        assert value == pytest.approx(r, rel=1e-6)


def test_stock_and_watson_table_13_2():
    """Stock & Watson (2007), Table 13.2 (3): small class 15.93 with teacher's experience and school fixed effects."""
    star = pandas.read_csv(STAR)
    y = star.reading + star.math
    use = y.notna() & star.experience.notna()
    X = np.column_stack([star.group == "small", star.group == "regular+aide", star.experience])[use.to_numpy()]
    got = fixed_effects(X.astype(float), y[use].to_numpy(), star.school[use].to_numpy(), "hc3", 0.95)
    assert round(got.estimate.estimate, 2) == 15.93
    assert (got.n, got.institutions) == (5766, 79)
