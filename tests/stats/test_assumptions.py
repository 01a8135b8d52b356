"""Shapiro-Wilk and Brown-Forsythe: R's numbers, statsmodels' F, and what does not exist."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.stats.assumptions import brown_forsythe, shapiro_wilk

ARM = st.lists(st.integers(0, 20), min_size=2, max_size=20).map(lambda v: np.array(v, dtype=float))


@pytest.mark.parametrize("arm", ["experimental", "control"])
def test_shapiro_wilk_is_r_s(by_r, arm) -> None:
    assert not by_r.differences("shapiro-wilk", shapiro_wilk(getattr(by_r, arm)), arm)


def test_brown_forsythe_is_r_s(by_r) -> None:
    assert not by_r.differences("brown-forsythe", brown_forsythe(by_r.experimental, by_r.control), "groups")


def test_shapiro_wilk_of_three_in_closed_form() -> None:
    # With n = 3, W = (x3 - x1)^2/2 / sum of squares; 1, 2, 4: 4.5/(14/3).  Royston (1995): p = 6/pi (asin(sqrt W) -
    # asin(sqrt 3/4)).
    found = shapiro_wilk(np.array([4.0, 1.0, 2.0]))
    W = 4.5 / (14.0 / 3.0)
    assert found.statistic == pytest.approx(W, rel=1e-12)
    assert found.p_value == pytest.approx(6 / np.pi * (np.arcsin(np.sqrt(W)) - np.arcsin(np.sqrt(0.75))), rel=1e-8)


@pytest.mark.parametrize("n", [0, 1, 2, 5001])
def test_shapiro_wilk_outside_its_range(n) -> None:
    found = shapiro_wilk(np.arange(n, dtype=float))
    assert (found.statistic, found.p_value, found.reason) == (None, None, "n-outside-3-5000")


def test_shapiro_wilk_at_the_ends_of_its_range() -> None:
    assert shapiro_wilk(np.array([1.0, 2.0, 4.0])).p_value is not None
    assert shapiro_wilk(np.random.default_rng(1).normal(size=5000)).p_value is not None


def test_shapiro_wilk_of_equal_scores() -> None:
    assert shapiro_wilk(np.full(9, 0.1)).reason == "no-spread"


@settings(max_examples=30, deadline=None)
@given(ARM.filter(lambda v: v.size >= 3 and np.ptp(v) > 0), st.floats(0.01, 100.0), st.floats(-1e6, 1e6))
def test_shapiro_wilk_does_not_know_place_and_unit(values, unit, place) -> None:
    plain, moved = shapiro_wilk(values), shapiro_wilk(values * unit + place)
    assert moved.statistic == pytest.approx(plain.statistic, rel=1e-5)


def test_brown_forsythe_by_hand() -> None:
    # Deviations from the medians 2 and 5: (1, 0, 1) and (4, 0, 4); means 2/3 and 8/3, squares within 2/3 + 32/3 = 34/3;
    # F = (3/2 x 4)/((34/3)/4) = 36/17
    found = brown_forsythe(np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 9.0]))
    assert found.statistic == pytest.approx(36.0 / 17.0, rel=1e-14)
    assert found.df == 4.0


def test_brown_forsythe_keeps_the_digits_of_a_small_spread_on_a_large_mean() -> None:
    arms = np.array([1.0, 2.0, 4.0, 9.0]), np.array([1.0, 3.0, 8.0, 20.0])
    far = [arm * 2.0**-10 + 1e9 for arm in arms]
    assert brown_forsythe(*far).statistic == pytest.approx(brown_forsythe(*arms).statistic, rel=1e-12)


@pytest.mark.parametrize(
    ("experimental", "control", "reason"),
    [
        ([], [1.0, 2.0], "empty-arm"),
        ([0.1, 0.1, 0.1], [0.3, 0.3], "no-spread"),
        ([0.0, 4.0], [1.0, 2.0], "no-spread"),  # each arm has one deviation: nothing is left within
    ],
)
def test_brown_forsythe_without_an_error_is_null(experimental, control, reason) -> None:
    found = brown_forsythe(np.array(experimental), np.array(control))
    assert (found.statistic, found.p_value, found.reason) == (None, None, reason)


def test_brown_forsythe_of_one_constant_arm_exists() -> None:
    found = brown_forsythe(np.full(6, 0.1), np.array([1.0, 2.0, 4.0, 8.0]))
    assert found.statistic is not None
    assert found.reason is None


@settings(max_examples=30, deadline=None)
@given(ARM, ARM)
def test_the_arms_may_be_swapped(experimental, control) -> None:
    there, back = brown_forsythe(experimental, control), brown_forsythe(control, experimental)
    assert there.reason == back.reason
    if there.statistic is not None:
        assert there.statistic == pytest.approx(back.statistic, rel=1e-9, abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(ARM.filter(lambda v: v.size > 3), ARM.filter(lambda v: v.size > 3))
def test_scipy_agrees(experimental, control) -> None:
    from scipy.stats import levene

    found = brown_forsythe(experimental, control)
    if found.statistic is not None:
        theirs = levene(experimental, control, center="median")
        assert found.statistic == pytest.approx(float(theirs.statistic), rel=1e-9, abs=1e-12)
        assert found.p_value == pytest.approx(float(theirs.pvalue), rel=1e-9)
