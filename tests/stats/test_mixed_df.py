"""Satterthwaite and Kenward-Roger: R's rows, the t test on means, and the articles' formulas with n x n matrices."""

import mixed_by_rows
import numpy as np
import pytest
from mixed_by_rows import kenward_roger_by_rows, phi_of, random_parts, satterthwaite_by_rows
from mixed_studies import FIELD, KINDS, SETS, field, fitted, parameters, pupils, reference

from expeval.stats.mixed_df import kenward_roger, satterthwaite
from expeval.stats.mixed_effects import institution_effects
from expeval.stats.mixed_icc import icc_interval
from expeval.stats.t_tests import student

METHODS = {"mixed-satterthwaite": satterthwaite, "mixed-kenward-roger": kenward_roger}


def differences(rows, terms, estimate_of):
    """What of R's rows is not met, by the rule of the reference sets."""
    errors = {(method, term): value for method, term, field, value, _ in rows if field == "std_error"}
    wrong = []
    for method, term, quantity, truth, rtol in rows:
        value = getattr(estimate_of(method, terms.index(term)), quantity)
        tolerance = rtol * max(abs(truth), errors[method, term]) + 1e-12
        if quantity == "p_value":
            tolerance = max(100.0 * rtol * abs(truth), 1e-9)
        if value is None or not abs(value - truth) <= tolerance:
            wrong.append((method, term, quantity, value, truth))
    return wrong


@pytest.mark.parametrize("name", SETS)
def test_every_coefficient_is_r_s(name):
    for X, y, institution, class_, terms, rows in reference(name):
        fit = fitted(X, y, institution, class_)
        slope = fitted(X, y, institution, class_, slope=True)
        own = [
            [row["method"], row["term"], row["field"], float(row["value"]), float(row["rtol"])]
            for row in rows
            if row["analysis"] == "regression"
            and (row["method"] in METHODS or row["method"] == "mixed-random-slope")
            and row["field"] != "primary"
        ]
        assert len(own) >= 56

        def estimate_of(method, k, fit=fit, slope=slope):
            if method == "mixed-random-slope":
                return satterthwaite(slope, k, 0.95)
            return METHODS[method](fit, k, 0.95)

        assert differences(own, terms, estimate_of) == []


@pytest.mark.parametrize("name", [name for name, case in FIELD.items() if case["rows"]])
def test_small_studies_that_go_wrong_elsewhere_are_r_s(name):
    """Among them a variance at zero: Kenward-Roger keeps the institutions in its df, Satterthwaite has n - p."""
    X, y, institution, class_ = field(name)
    case = FIELD[name]
    fit = fitted(X, y, institution, class_)
    rows = [row for row in case["rows"] if row[0] in METHODS]
    assert rows
    assert differences(rows, case["terms"], lambda method, k: METHODS[method](fit, k, case["confidence"])) == []


def test_all_variances_at_zero_leave_n_minus_p():
    X, y, institution, _ = field("boundary-with-school-covariate")
    estimate = satterthwaite(fitted(X, y, institution), 1, 0.95)
    assert estimate.df == pytest.approx(y.size - 3, rel=1e-10)
    assert estimate.variant == "zero-variance"


@pytest.mark.parametrize("seed", range(5))
def test_balanced_comparison_of_institutions_is_the_t_test_on_their_means(seed):
    """Where the variance is positive; Kenward-Roger's df are J - 2 then, and Satterthwaite's the same."""
    rng = np.random.default_rng(seed)
    J, n = 10, 6
    institution = np.repeat(np.arange(J), n)
    treatment = (institution < 5).astype(float)
    y = rng.normal(size=J * n) + 2.0 * rng.normal(size=J)[institution] + treatment
    fit = fitted(np.column_stack([np.ones(J * n), treatment]), y, institution)
    assert not fit.boundary
    means = y.reshape(J, n).mean(axis=1)
    truth = student(means[:5], means[5:], 0.95)
    for method in (kenward_roger, satterthwaite):
        estimate = method(fit, 1, 0.95)
        assert estimate.df == pytest.approx(J - 2, rel=1e-7)
        for quantity in ("estimate", "std_error", "statistic", "conf_low", "conf_high"):
            assert getattr(estimate, quantity) == pytest.approx(getattr(truth, quantity), rel=1e-8)
        assert estimate.p_value == pytest.approx(truth.p_value, rel=1e-6)


@pytest.mark.parametrize(("classes", "slope"), KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_kenward_and_roger_s_formulas_with_dense_matrices(classes, slope, seed):
    """In full, for any number of numerator df: at one they reduce to 2/A1 and scale 1. Boundary fits included."""
    X, y, institution, class_ = pupils(seed, sd=(0.6, 0.5, 0.5))
    fit = fitted(X, y, institution, class_ if classes else None, slope)
    parts = random_parts(X, institution, class_ if classes else None, slope)
    phi = phi_of(parameters(fit), slope, classes)
    for k in (1, 2):
        error, df = kenward_roger_by_rows(phi, X, y, parts, k)
        estimate = kenward_roger(fit, k, 0.95)
        assert estimate.std_error == pytest.approx(error, rel=1e-7)
        assert estimate.df == pytest.approx(df, rel=1e-6)


@pytest.mark.parametrize(("classes", "slope"), KINDS)
def test_satterthwaite_with_numerical_derivatives_of_the_dense_likelihood(classes, slope):
    compared = 0
    for seed in range(8):
        X, y, institution, class_ = pupils(seed)
        fit = fitted(X, y, institution, class_ if classes else None, slope)
        if fit.boundary:
            continue
        parts = random_parts(X, institution, class_ if classes else None, slope)
        for k in (1, 2):
            df = satterthwaite_by_rows(parameters(fit), X, y, parts, slope, classes, k)
            assert satterthwaite(fit, k, 0.95).df == pytest.approx(df, rel=2e-5)
            compared += 1
    assert compared >= 4


def test_satterthwaite_drops_a_correlation_of_one(monkeypatch):
    """θ₂₂ = 0: the information of the other three, by numerical derivatives with θ₂₂ held there."""
    compared = 0
    for seed in range(12):
        X, y, institution, _ = pupils(seed, sd=(1.0, 0.0, 0.5))
        fit = fitted(X, y, institution, slope=True)
        if fit.boundary != ("correlation",):
            continue
        a, b, c, sigma = parameters(fit)
        assert c == 0.0
        parts = random_parts(X, institution, None, True)
        monkeypatch.setattr(mixed_by_rows, "phi_of", lambda x, *_: phi_of(np.insert(x, 2, 0.0), True, False))
        df = mixed_by_rows.satterthwaite_by_rows([a, b, sigma], X, y, parts, True, False, 1)
        assert satterthwaite(fit, 1, 0.95).df == pytest.approx(df, rel=2e-5)
        compared += 1
    assert compared >= 2


@pytest.mark.parametrize(("classes", "slope"), KINDS)
def test_units_and_order_do_not_matter(classes, slope):
    X, y, institution, class_ = pupils(22)
    other = class_ if classes else None
    order = np.random.default_rng(0).permutation(y.size)
    moved = X * np.array([1.0, 1.0, 1e-3]) + np.array([0.0, 0.0, 1e6])
    one = fitted(X, y, institution, other, slope)
    two = fitted(moved[order], 5.0 * y[order] + 1e6, institution[order], None if other is None else other[order], slope)
    for method in METHODS.values():
        for k in (1, 2):
            before, after = method(one, k, 0.95), method(two, k, 0.95)
            assert after.statistic == pytest.approx(before.statistic, rel=1e-6)
            assert after.df == pytest.approx(before.df, rel=1e-5)


def test_the_alternative_and_the_confidence_are_heard():
    X, y, institution, _ = pupils(5)
    fit = fitted(X, y, institution)
    for method in METHODS.values():
        both, greater, less = (method(fit, 1, 0.9, side) for side in ("two-sided", "greater", "less"))
        assert greater.p_value + less.p_value == pytest.approx(1.0)
        assert min(greater.p_value, less.p_value) == pytest.approx(both.p_value / 2.0)
        assert (greater.conf_low, less.conf_high) == (both.conf_low, both.conf_high)
        wider = method(fit, 1, 0.99)
        assert wider.conf_low < both.conf_low < both.conf_high < wider.conf_high


def test_a_refused_model_keeps_its_estimate_and_says_why():
    X, y, institution, _ = field("one-school-per-arm")
    fit = fitted(X, y, institution)
    for method in METHODS.values():
        estimate = method(fit, 1, 0.95)
        assert estimate.reason == "one-cluster-an-arm"
        assert estimate.estimate == pytest.approx(fit.coefficients[1])
        assert (estimate.std_error, estimate.df, estimate.p_value, estimate.conf_low) == (None, None, None, None)


def test_extreme_units_give_the_same_t():
    X, y, institution, class_ = pupils(34)
    plain = fitted(X, y, institution, class_)
    for unit in (1e-200, 1e200):
        fit = fitted(X, y * unit, institution, class_)
        for method in METHODS.values():
            assert method(fit, 1, 0.95).statistic == pytest.approx(method(plain, 1, 0.95).statistic, rel=1e-6)
            assert method(fit, 1, 0.95).df == pytest.approx(method(plain, 1, 0.95).df, rel=1e-5)


@pytest.mark.parametrize("start", range(0, 300, 50))
def test_small_random_data_raise_nothing_and_give_numbers_or_reasons(start):
    for seed in range(start, start + 50):
        rng = np.random.default_rng(seed)
        n, J = int(rng.integers(2, 40)), int(rng.integers(1, 8))
        institution = rng.integers(0, J, n)
        class_ = institution * 3 + rng.integers(0, 3, n)
        columns = [np.ones(n), rng.integers(0, 2, n) if rng.random() < 0.5 else institution % 2]
        if rng.random() < 0.5:
            columns.append(rng.normal(size=n) * 10.0 ** rng.integers(-5, 6) + rng.choice([0.0, 1e6]))
        if rng.random() < 0.3:
            columns.append(institution % 3 == 0)
        if rng.random() < 0.2:
            columns.append(np.eye(n)[0])
        X = np.column_stack(columns).astype(float)
        y = rng.choice([0.0, 1.0, 10.0]) * rng.normal(size=J)[institution]
        y = y + rng.choice([0.0, 1.0, 1e-9], p=[0.1, 0.8, 0.1]) * rng.normal(size=n) + rng.choice([0.0, 1e6])
        for classes, slope in KINDS:
            fit = fitted(X, y, institution, class_ if classes else None, slope)
            interval = icc_interval(fit, 0.95)
            assert interval.reason is not None or interval.conf_low <= interval.estimate <= interval.conf_high
            assert (institution_effects(fit) is None) == (fit.reason is not None)
            for method in METHODS.values():
                for k in range(X.shape[1]):
                    estimate = method(fit, k, 0.95)
                    assert estimate.reason is not None or estimate.df > 0.0
