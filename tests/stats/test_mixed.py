"""Mixed models: R's numbers, closed forms, n x n matrices, statsmodels, and what must not matter."""

import numpy as np
import pytest
from mixed_by_rows import fit_by_rows, minus_two_log_likelihood, phi_of, random_parts
from mixed_studies import FIELD, KINDS, SETS, field, fitted, nested, parameters, pupils, reference
from scipy import special

from expeval.stats.mixed import fit_mixed
from expeval.stats.mixed_effects import institution_effects
from expeval.stats.mixed_icc import icc_interval
from expeval.stats.moments import Moments

# R


@pytest.mark.parametrize("name", SETS)
def test_variances_and_log_likelihood_are_r_s(name):
    for X, y, institution, class_, _, rows in reference(name):
        fits = {
            "mixed": fitted(X, y, institution, class_),
            "unconditional": fitted(X, y, institution, class_, columns=[0]),
            "within-arms": fitted(X, y, institution, class_, columns=[0, 1]),
        }
        if any(row["method"] == "mixed-random-slope" for row in rows):
            fits["mixed-random-slope"] = fitted(X, y, institution, class_, slope=True)
        compared = 0
        for row in rows:
            if row["analysis"] not in ("variance", "fit") or row["field"] != "estimate":
                continue
            fit, term, truth = fits[row["method"]], row["term"], float(row["value"])
            value = {"log-likelihood": fit.log_likelihood, "icc": fit.icc}.get(term, fit.variances.get(term))
            assert value == pytest.approx(truth, rel=float(row["rtol"])), (row["method"], term)
            compared += 1
        assert compared >= 5


@pytest.mark.parametrize("name", [name for name, case in FIELD.items() if case["rows"]])
def test_small_studies_that_go_wrong_elsewhere_are_r_s(name):
    X, y, institution, class_ = field(name)
    fits = {
        "mixed": fitted(X, y, institution, class_),
        "unconditional": fitted(X, y, institution, class_, columns=[0]),
        "within-arms": fitted(X, y, institution, class_, columns=[0, 1]),
    }
    for method, term, _, truth, rtol in FIELD[name]["rows"]:
        if method in fits:
            fit = fits[method]
            value = {"log-likelihood": fit.log_likelihood, "icc": fit.icc}.get(term, fit.variances.get(term))
            assert value == pytest.approx(truth, rel=rtol), (method, term)


def test_a_variance_at_zero_is_exactly_zero_and_the_coefficients_are_least_squares():
    X, y, institution, _ = field("boundary-with-school-covariate")
    fit = fitted(X, y, institution)
    assert fit.boundary == ("institution",)
    assert fit.variances["institution"] == 0.0
    assert fit.coefficients == pytest.approx(np.linalg.lstsq(X, y, rcond=None)[0], rel=1e-10)


# Closed forms


@pytest.mark.parametrize("seed", range(4))
def test_balanced_one_way_is_the_analysis_of_variance(seed):
    rng = np.random.default_rng(seed)
    J, n = 9, 7
    y = rng.normal(size=(J, n)) + 2.0 * rng.normal(size=(J, 1))
    fit = fitted(np.ones((J * n, 1)), y.ravel(), np.repeat(np.arange(J), n))
    msw = y.var(axis=1, ddof=1).mean()
    msb = n * y.mean(axis=1).var(ddof=1)
    assert fit.variances["residual"] == pytest.approx(msw, rel=1e-9)
    assert fit.variances["institution"] == pytest.approx((msb - msw) / n, rel=1e-9)
    assert fit.coefficients[0] == pytest.approx(y.mean(), rel=1e-12)
    assert np.sqrt(fit.covariance[0, 0]) == pytest.approx(np.sqrt(msb / (J * n)), rel=1e-9)
    # Searle, Casella & McCulloch (1992), eq. 3.127.
    interval = icc_interval(fit, 0.9)
    ratios = [msb / msw / special.fdtri(J - 1, J * (n - 1), q) for q in (0.95, 0.05)]
    assert interval.variant == "exact-f"
    assert interval.conf_low == pytest.approx(max((ratios[0] - 1) / (ratios[0] + n - 1), 0.0), rel=1e-7)
    assert interval.conf_high == pytest.approx((ratios[1] - 1) / (ratios[1] + n - 1), rel=1e-7)


def test_balanced_nested_is_the_analysis_of_variance():
    rng = np.random.default_rng(3)
    J, K, n = 6, 4, 5
    y = rng.normal(size=(J, K, n)) + 1.5 * rng.normal(size=(J, K, 1)) + 3.0 * rng.normal(size=(J, 1, 1))
    class_ = np.repeat(np.arange(J * K), n)
    fit = fitted(np.ones((y.size, 1)), y.ravel(), class_ // K, class_)
    residual = y.var(axis=2, ddof=1).mean()
    classes = n * y.mean(axis=2).var(axis=1, ddof=1).mean()
    institutions = K * n * y.mean(axis=(1, 2)).var(ddof=1)
    assert fit.variances["residual"] == pytest.approx(residual, rel=1e-9)
    assert fit.variances["class"] == pytest.approx((classes - residual) / n, rel=1e-9)
    assert fit.variances["institution"] == pytest.approx((institutions - classes) / (K * n), rel=1e-9)


def test_institutions_less_alike_than_chance_are_at_zero():
    y = np.tile([1.0, 2.0, 3.0, 4.0], 6) + np.repeat([0.0, 1e-3] * 3, 4)
    X = np.ones((24, 1))
    fit = fitted(X, y, np.repeat(np.arange(6), 4))
    assert fit.variances["institution"] == 0.0
    assert fit.icc == 0.0
    assert fit.variances["residual"] == pytest.approx(y.var(ddof=1), rel=1e-12)
    interval = icc_interval(fit, 0.95)
    assert interval.conf_low == 0.0
    assert 0.0 < interval.conf_high < 1.0
    assert interval.variant == "profile-likelihood"


# n x n matrices


@pytest.mark.parametrize(("classes", "slope"), KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_criterion_is_the_dense_one_and_at_its_minimum(classes, slope, seed):
    X, y, institution, class_ = pupils(seed)
    fit = fitted(X, y, institution, class_ if classes else None, slope)
    parts = random_parts(X, institution, class_ if classes else None, slope)

    def deviance(x):
        return minus_two_log_likelihood(phi_of(x, slope, classes), X, y, parts)

    x = parameters(fit)
    least = deviance(x)
    assert -2.0 * fit.log_likelihood == pytest.approx(least, abs=1e-9)
    rng = np.random.default_rng(seed)
    for size in (1e-3, 1e-2, 0.1, 0.5):
        for _ in range(6):
            assert deviance(x * (1.0 + size * rng.normal(size=x.size)) + size * rng.normal(size=x.size)) > least - 1e-9


@pytest.mark.parametrize(("classes", "slope"), KINDS)
def test_a_general_optimiser_finds_no_better(classes, slope):
    for seed in range(4):
        X, y, institution, class_ = pupils(seed, J=5, classes=2, sd=(0.5, 0.4, 0.4))
        fit = fitted(X, y, institution, class_ if classes else None, slope)
        _, reached = fit_by_rows(X, y, institution, class_ if classes else None, slope)
        assert fit.log_likelihood >= reached - 1e-8


@pytest.mark.parametrize(("classes", "slope"), KINDS)
def test_coefficients_and_predictions_are_henderson_s(classes, slope):
    X, y, institution, class_ = pupils(11)
    fit = fitted(X, y, institution, class_ if classes else None, slope)
    sigma2 = fit.variances["residual"]
    parts = random_parts(X, institution, class_ if classes else None, slope)
    V = np.einsum("r,rij->ij", phi_of(parameters(fit), slope, classes), np.array(parts))
    Vi = np.linalg.inv(V)
    Phi = np.linalg.inv(X.T @ Vi @ X)
    b = Phi @ X.T @ Vi @ y
    assert fit.coefficients == pytest.approx(b, rel=1e-7)
    assert fit.covariance == pytest.approx(Phi, rel=1e-6)
    effects = institution_effects(fit)
    assert effects.both_arms.all()
    Sigma = sigma2 * fit.optimum.level.Sigma
    for j in np.unique(institution):
        own = institution == j
        Z = np.where(own[:, None], X[:, : 2 if slope else 1], 0.0)
        share = Sigma @ Z.T @ Vi
        u = share @ (y - X @ b)
        C = Sigma - share @ Z @ Sigma
        at, mean = Z[own].mean(axis=0), X[own].mean(axis=0)
        k = mean - X.T @ share.T @ at
        assert effects.intercept[j] == pytest.approx(u[0], abs=1e-8)
        assert effects.intercept_std_error[j] == pytest.approx(np.sqrt(C[0, 0]), rel=1e-7)
        assert effects.mean[j] == pytest.approx(mean @ b + at @ u, rel=1e-9)
        assert effects.mean_std_error[j] == pytest.approx(np.sqrt(k @ Phi @ k + at @ C @ at), rel=1e-7)
        if slope:
            k = np.eye(3)[1] - X.T @ share[1]
            assert effects.slope[j] == pytest.approx(u[1], abs=1e-8)
            assert effects.slope_std_error[j] == pytest.approx(np.sqrt(C[1, 1]), rel=1e-6)
            assert effects.treatment[j] == pytest.approx(b[1] + u[1], rel=1e-7)
            assert effects.treatment_std_error[j] == pytest.approx(np.sqrt(k @ Phi @ k + C[1, 1]), rel=1e-6)


def test_statsmodels_reaches_no_higher():
    mixed = pytest.importorskip("statsmodels.regression.mixed_linear_model")
    import warnings

    X, y, institution, *_ = reference("london-schools")[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = mixed.MixedLM(y, X, institution).fit(reml=True)
    ours = fitted(X, y, institution)
    assert ours.log_likelihood >= theirs.llf - 1e-8
    assert ours.log_likelihood == pytest.approx(theirs.llf, abs=1e-3)


# What must not matter


@pytest.mark.parametrize(("classes", "slope"), KINDS)
def test_order_names_and_chunks_do_not_matter(classes, slope):
    X, y, institution, class_ = pupils(21)
    rng = np.random.default_rng(0)
    order, names = rng.permutation(y.size), rng.permutation(1000)[:8]
    other = class_ if classes else None
    one = fitted(X, y, institution, other, slope)
    two = fitted(X[order], y[order], names[institution][order], None if other is None else other[order], slope)
    of = nested(X, y, institution, other)[1]
    code = class_ if classes else institution
    halves = Moments.from_rows(X[::2], y[::2], code[::2]) + Moments.from_rows(X[1::2], y[1::2], code[1::2])
    three = fit_mixed(halves, of, classes=classes, slope=slope)
    for fit in (two, three):
        assert fit.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-11)
        assert fit.variances == pytest.approx(one.variances, rel=1e-6)
        assert fit.coefficients == pytest.approx(one.coefficients, rel=1e-7)
    back = institution_effects(two)
    where = np.searchsorted(back.institutions, names)
    assert back.mean[where] == pytest.approx(institution_effects(one).mean, rel=1e-8)


@pytest.mark.parametrize(("classes", "slope"), KINDS)
def test_scale_and_origin_do_not_matter(classes, slope):
    X, y, institution, class_ = pupils(22)
    other = class_ if classes else None
    moved = X * np.array([1.0, 1.0, 1e-3]) + np.array([0.0, 0.0, 1e6])
    one, two = fitted(X, y, institution, other, slope), fitted(moved, 5.0 * y + 1e6, institution, other, slope)
    for name, value in one.variances.items():
        assert two.variances[name] == pytest.approx(25.0 * value, rel=1e-5)
    assert two.coefficients[1] == pytest.approx(5.0 * one.coefficients[1], rel=1e-6)
    expected = one.log_likelihood - (y.size - 3) * np.log(5.0) - np.log(1e-3)
    assert two.log_likelihood == pytest.approx(expected, abs=1e-6)


def test_institutions_that_differ_a_millionfold():
    X, y, institution, _ = pupils(23, effect="between")
    y = y + 1e6 * np.random.default_rng(1).normal(size=8)[institution]
    fit = fitted(X, y, institution)
    assert fit.reason is None
    assert fit.icc == pytest.approx(1.0, abs=1e-9)
    inside = X[:, 2] - np.array([X[institution == j, 2].mean() for j in range(8)])[institution]
    assert fit.coefficients[2] == pytest.approx(inside @ y / (inside @ inside), rel=1e-4)


# Odd data: a reason, never an exception


def odd(name):
    X, y, institution, class_ = pupils(31)
    n = y.size
    between = (institution % 2).astype(float)
    if name == "one-cluster":
        return X, y, np.zeros(n, int), None, False
    if name == "one-cluster-an-arm":
        return np.column_stack([X[:, 0], between]), y, institution % 2, None, False
    if name == "saturated":
        levels = [(institution % 4 == k).astype(float) for k in (1, 2, 3)]
        return np.column_stack([X[:, 0], *levels]), y, institution % 4, None, False
    if name == "collinear":
        return np.column_stack([X, 2.0 * X[:, 2]]), y, institution, None, False
    if name == "no-spread":
        return X, np.full(n, 7.0), institution, class_, False
    if name == "no-spread-inside":
        return np.column_stack([X[:, 0], between]), institution.astype(float) ** 2, institution, None, False
    if name == "one-student-an-institution":
        return X, y, np.arange(n), None, False
    if name == "no-institution-with-both-arms":
        return np.column_stack([X[:, 0], between]), y, institution, None, True
    if name == "one-institution-with-both-arms":
        return np.column_stack([X[:, 0], np.where(institution == 0, X[:, 1], between)]), y, institution, class_, True
    if name == "no-df":
        return X[:3], y[:3], institution[:3], None, False
    raise AssertionError(name)


@pytest.mark.parametrize(
    "name",
    [
        "one-cluster",
        "one-cluster-an-arm",
        "saturated",
        "collinear",
        "no-spread",
        "no-spread-inside",
        "one-student-an-institution",
        "no-institution-with-both-arms",
        "one-institution-with-both-arms",
        "no-df",
    ],
)
def test_what_cannot_be_fitted_says_why(name):
    X, y, institution, class_, slope = odd(name)
    fit = fitted(X, y, institution, class_, slope)
    assert fit.reason == name
    assert (fit.covariance, fit.log_likelihood, fit.icc, fit.variances) == (None, None, None, {})
    assert institution_effects(fit) is None
    assert icc_interval(fit, 0.95).reason == name
    assert fit.variance("institution").reason == name
    if name not in ("collinear", "no-spread-inside", "no-df"):
        # The intercept of a covariate with mean 500 is known to fewer digits than the outcome.
        assert fit.coefficients == pytest.approx(np.linalg.lstsq(X, y, rcond=None)[0], rel=1e-7, abs=1e-7)


def test_one_school_an_arm_has_no_answer():
    X, y, institution, _ = field("one-school-per-arm")
    fit = fitted(X, y, institution)
    assert fit.reason == "one-cluster-an-arm"
    assert fit.coefficients[1] == pytest.approx(y[X[:, 1] == 1].mean() - y[X[:, 1] == 0].mean(), rel=1e-12)


def test_classes_that_say_nothing_new_are_left_out():
    X, y, institution, _ = pupils(33)
    plain = fitted(X, y, institution)
    for classes, why in ((institution, "one-class-an-institution"), (np.arange(y.size), "one-student-a-class")):
        fit = fitted(X, y, institution, classes)
        assert fit.omitted == {"class": why}
        assert fit.variance("class").reason == why
        assert fit.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)


def test_extreme_units_overflow_nothing():
    X, y, institution, class_ = pupils(34)
    plain = fitted(X, y, institution, class_)
    for unit in (1e-200, 1e200):
        fit = fitted(X, y * unit, institution, class_)
        assert fit.reason is None
        assert fit.icc == pytest.approx(plain.icc, rel=1e-6)
        assert fit.coefficients[1] / unit == pytest.approx(plain.coefficients[1], rel=1e-6)


@pytest.mark.parametrize("seed", range(40))
def test_noise_alone_gives_zeros_that_are_exact_and_minima(seed):
    """Without any true variance most fits are at a boundary; there the dense deviance rises in every direction."""
    X, y, institution, class_ = pupils(seed, sd=(0.0, 0.0, 0.0))
    for classes, slope in KINDS:
        fit = fitted(X, y, institution, class_ if classes else None, slope)
        x = parameters(fit)
        small = np.abs(x[x != 0.0])
        assert (small > 1e-4).all()
        parts = random_parts(X, institution, class_ if classes else None, slope)
        least = minus_two_log_likelihood(phi_of(x, slope, classes), X, y, parts)
        for step in np.vstack([np.eye(x.size), -np.eye(x.size)]) * 3e-2:
            moved = minus_two_log_likelihood(phi_of(x + step, slope, classes), X, y, parts)
            assert moved >= least - 1e-9


def test_interval_for_the_icc_keeps_its_promise():
    """Coverage of 90 % intervals over 400 draws: within three standard errors (1.5 points) of what is claimed."""
    rng = np.random.default_rng(20261124)
    sizes = rng.integers(2, 12, 14)
    institution = np.repeat(np.arange(14), sizes)
    X = np.column_stack([np.ones(institution.size), institution % 2, rng.normal(size=institution.size)])
    held = 0
    for _ in range(400):
        y = rng.normal(size=institution.size) + np.sqrt(0.25) * rng.normal(size=14)[institution]
        interval = icc_interval(fitted(X, y, institution), 0.9)
        held += interval.conf_low <= 0.2 <= interval.conf_high
    assert abs(held / 400 - 0.9) < 0.045
