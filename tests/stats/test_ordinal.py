"""Win fractions: the definition spelled out, and theta."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from expeval.stats.least_squares import fit_least_squares
from expeval.stats.moments import Moments
from expeval.stats.ordinal import win_fractions

MARKS = st.lists(st.integers(2, 5), min_size=1, max_size=12)


@given(MARKS, MARKS)
@settings(max_examples=40, deadline=None)
def test_the_definition(experimental, control):
    y = np.array([*experimental, *control], dtype=float)
    treatment = np.repeat([1.0, 0.0], [len(experimental), len(control)])
    got = win_fractions(y, treatment)
    for place, mark in enumerate(y):
        others = y[treatment != treatment[place]]
        assert got[place] == pytest.approx(np.mean(mark > others) + np.mean(mark == others) / 2.0, abs=1e-14)


@given(MARKS, MARKS)
@settings(max_examples=20, deadline=None)
def test_the_coefficient_is_two_theta_minus_one(experimental, control):
    y = np.array([*experimental, *control], dtype=float)
    treatment = np.repeat([1.0, 0.0], [len(experimental), len(control)])
    u = stats.mannwhitneyu(experimental, control, method="asymptotic").statistic if len(set(y)) > 1 else None
    theta = 0.5 if u is None else u / (len(experimental) * len(control))
    wins = win_fractions(y, treatment)
    fit = fit_least_squares(Moments.from_rows(np.column_stack([np.ones(y.size), treatment]), wins))
    assert fit.coefficients[1] == pytest.approx(2.0 * theta - 1.0, abs=1e-12)


def test_only_order_matters():
    rng = np.random.default_rng(1)
    y, treatment = rng.integers(2, 6, 50).astype(float), rng.integers(0, 2, 50)
    np.testing.assert_array_equal(win_fractions(y, treatment), win_fractions(np.exp(y), treatment))


def test_one_arm_has_nobody_to_beat():
    with pytest.raises(ValueError, match="two arms"):
        win_fractions(np.array([1.0, 2.0]), np.array([1, 1]))
