"""Unit means: closed forms, dummies spelled out, and what cannot be told."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from expeval.stats.unit_means import unit_means


def institutions(seed=1, J=10):
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(J), rng.integers(3, 30, J))
    treatment = (unit % 2).astype(float)
    y = rng.normal(size=unit.size) + rng.normal(size=J)[unit] + 0.5 * treatment
    return rng, unit, treatment, y


def means(values, unit):
    return np.array([values[unit == j].mean() for j in np.unique(unit)])


def test_alone_it_is_student_on_the_means():
    _, unit, treatment, y = institutions()
    arm, ybar = means(treatment, unit), means(y, unit)
    student = stats.ttest_ind(ybar[arm == 1], ybar[arm == 0])
    got = unit_means(y, treatment, unit, 0.95)
    assert got.estimate.statistic == pytest.approx(student.statistic, rel=1e-10)
    assert got.estimate.p_value == pytest.approx(student.pvalue, rel=1e-10)
    assert got.estimate.df == 8
    assert (got.units, got.experimental, got.control) == (10, 5, 5)
    less = stats.ttest_ind(ybar[arm == 1], ybar[arm == 0], alternative="less").pvalue
    assert unit_means(y, treatment, unit, 0.95, "less").estimate.p_value == pytest.approx(less, rel=1e-10)


def test_covariates_and_baseline_as_in_statsmodels():
    rng, unit, treatment, y = institutions(2, J=14)
    size = rng.normal(400.0, 90.0, 14)[unit]
    baseline = rng.normal(size=unit.size) + y
    X = np.column_stack([np.ones(14), means(treatment, unit), means(size, unit), means(baseline, unit)])
    peer = sm.OLS(means(y, unit), X).fit()
    names = ["size", "again", "flat"]
    columns = np.column_stack([size, size / 10.0, np.full(unit.size, 0.1)])
    got = unit_means(y, treatment, unit, 0.9, institution_covariates=columns, covariate_names=names, baseline=baseline)
    assert got.estimate.estimate == pytest.approx(peer.params[1], rel=1e-9)
    assert got.estimate.std_error == pytest.approx(peer.bse[1], rel=1e-9)
    np.testing.assert_allclose([got.estimate.conf_low, got.estimate.conf_high], peer.conf_int(0.1)[1], rtol=1e-9)
    assert got.dropped == {"again": ("size",), "flat": ("(Intercept)",)}
    assert got.terms == ("treatment", "size", "baseline")
    np.testing.assert_allclose(got.residuals, peer.get_influence().resid_studentized_internal, rtol=1e-8)


def test_classes_inside_institutions_are_dummies_spelled_out():
    rng = np.random.default_rng(3)
    label = np.repeat(np.arange(15), rng.integers(4, 12, 15))
    institution, treatment = label // 3, (label % 3 > 0).astype(float)
    baseline = rng.normal(size=label.size)
    y = rng.normal(size=label.size) + 5.0 * institution + baseline
    dummies = [(means(institution, label) == j).astype(float) for j in range(5)]
    X = np.column_stack([means(treatment, label), means(baseline, label), *dummies])
    peer = sm.OLS(means(y, label), X).fit()
    got = unit_means(y, treatment, label, 0.95, institution=institution, baseline=baseline)
    assert got.estimate.estimate == pytest.approx(peer.params[0], rel=1e-9)
    assert got.estimate.std_error == pytest.approx(peer.bse[0], rel=1e-9)
    assert got.estimate.df == 15 - 5 - 2
    assert got.terms == ("treatment", "baseline")
    np.testing.assert_allclose(got.residuals, peer.get_influence().resid_studentized_internal, rtol=1e-7)


def test_order_and_labels_do_not_matter():
    rng, unit, treatment, y = institutions(4)
    order, labels = rng.permutation(unit.size), rng.permutation(50)[:10]
    one = unit_means(y, treatment, unit, 0.95).estimate
    two = unit_means(y[order], treatment[order], labels[unit][order], 0.95).estimate
    assert two.statistic == pytest.approx(one.statistic, rel=1e-10)


@pytest.mark.parametrize("inside", [False, True])
def test_a_small_spread_on_a_large_mean_keeps_its_digits(inside):
    rng = np.random.default_rng(7)
    unit = np.repeat(np.arange(12), 7)
    treatment = (unit % 2).astype(float)
    y, baseline = np.round(rng.normal(50.0, 5.0, (2, unit.size)) * 1024.0) / 1024.0
    more = {"institution": unit // 4} if inside else {}
    near = unit_means(y, treatment, unit, 0.95, baseline=baseline, **more).estimate
    far = unit_means(y + 2.0**42, treatment, unit, 0.95, baseline=baseline - 2.0**42, **more).estimate
    assert far.estimate == pytest.approx(near.estimate, rel=1e-10)
    assert far.std_error == pytest.approx(near.std_error, rel=1e-10)


def test_reasons():
    _, unit, treatment, y = institutions(5)
    pair = unit_means(y, (unit > 4).astype(float), (unit > 4).astype(np.int64), 0.95)
    assert pair.estimate.reason == "one-cluster-an-arm"
    assert pair.estimate.estimate is not None
    assert pair.estimate.p_value is None
    assert unit_means(y, np.ones_like(y), unit, 0.95).estimate.reason == "one-arm"
    assert unit_means(np.full(y.size, 0.1), treatment, unit, 0.95).estimate.reason == "no-spread"
    three = unit < 3
    covariate = np.array([4.0, 7.0, 9.0])[unit[three]][:, None]
    full = unit_means(y[three], treatment[three], unit[three], 0.95, institution_covariates=covariate)
    assert full.estimate.reason == "saturated"
    assert full.residuals.size == 0
    apart = unit_means(y, treatment, unit, 0.95, institution=unit % 2)
    assert apart.estimate.reason == "no-institution-with-both-arms"
    both = unit_means(y[unit < 4], treatment[unit < 4], unit[unit < 4], 0.95, institution=unit[unit < 4] // 2)
    assert both.estimate.df == 1
    one = unit_means(y[three], treatment[three], unit[three], 0.95, institution=np.minimum(unit[three], 1) * 0)
    assert one.estimate.df == 1
    two = unit < 2
    assert unit_means(y[two], treatment[two], unit[two], 0.95).estimate.reason == "one-cluster-an-arm"
    empty = unit_means(y[:0], treatment[:0], unit[:0], 0.95)
    assert empty.estimate.reason == "one-arm"
