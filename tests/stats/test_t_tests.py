"""Student and Welch: R's and NIST's numbers, theorems, and what does not exist."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.stats.estimate import Estimate
from expeval.stats.t_tests import student, welch

TESTS = {"student": student, "welch": welch}
both = pytest.mark.parametrize("test", TESTS.values(), ids=list(TESTS))
ARM = st.lists(st.integers(0, 30), min_size=2, max_size=20).map(lambda v: np.array(v, dtype=float))
SPREAD = ARM.filter(lambda v: np.ptp(v) > 0)


@pytest.mark.parametrize("method", TESTS)
def test_r_s_numbers(by_r, method) -> None:
    assert not by_r.differences(method, TESTS[method](by_r.experimental, by_r.control, by_r.confidence, "two-sided"))


def test_nist_certifies_the_square_of_t(case_named) -> None:
    # NIST/ITL StRD AtmWtAg: F = 15.9467335677930 with 1 and 46 df, seven constant leading digits.
    silver = case_named("nist-silver")
    found = student(silver.experimental, silver.control, 0.95, "two-sided")
    assert found.statistic**2 == pytest.approx(15.9467335677930, rel=1e-8)


def test_one_sided_p_of_sleep(case_named) -> None:
    # R: t.test(extra ~ group, sleep, alternative = "less")$p.value is 0.0396970700935936: half of the two-sided p.
    sleep = case_named("sleep")
    greater = welch(sleep.experimental, sleep.control, 0.95, "greater")
    less = welch(sleep.experimental, sleep.control, 0.95, "less")
    assert greater.p_value == pytest.approx(0.0793941401873582 / 2, rel=1e-12)
    assert greater.p_value + less.p_value == pytest.approx(1.0, rel=1e-14)
    assert (greater.conf_low, greater.conf_high) == (less.conf_low, less.conf_high)


def test_a_small_p_keeps_its_digits() -> None:
    # Ten and ten, 1000 apart: t = 700 or so with 18 df; Student's tail is about t^-18, far below 1e-16.
    low = np.arange(10.0)
    found = student(low + 1000.0, low, 0.95, "two-sided")
    assert 0.0 < found.p_value < 1e-30
    assert found.p_value == pytest.approx(2 * student(low + 1000.0, low, 0.95, "greater").p_value, rel=1e-12)


@both
@pytest.mark.parametrize(
    ("experimental", "control", "estimate", "reason"),
    [
        ([], [1.0, 2.0], None, "empty-arm"),
        ([1.0, 2.0], [], None, "empty-arm"),
        ([0.3, 0.3, 0.3], [0.1, 0.1], 0.2, "no-spread"),
        ([0.1, 0.1, 0.1], [0.1, 0.1], 0.0, "no-spread"),
    ],
)
def test_what_does_not_exist_is_none(test, experimental, control, estimate, reason) -> None:
    found = test(np.array(experimental), np.array(control), 0.95, "two-sided")
    assert found == Estimate(estimate=found.estimate, reason=reason)
    assert found.estimate == (None if estimate is None else pytest.approx(estimate, rel=1e-14))


@both
def test_one_student_an_arm(test) -> None:
    found = test(np.array([5.0]), np.array([3.0]), 0.95, "two-sided")
    assert found.estimate == 2.0
    assert (found.std_error, found.p_value, found.reason) == (None, None, "no-df" if test is student else "arm-of-one")


def test_one_student_against_an_arm_with_spread() -> None:
    # Student: 5 against 1, 2, 3; sd 1, error sqrt(1 + 1/3), df 2.  Welch needs the one student's own variance.
    found = student(np.array([5.0]), np.array([1.0, 2.0, 3.0]), 0.95, "two-sided")
    assert found.statistic == pytest.approx(3.0 / math.sqrt(4.0 / 3.0), rel=1e-14)
    assert found.df == 2.0
    assert welch(np.array([5.0]), np.array([1.0, 2.0, 3.0]), 0.95, "two-sided") == Estimate(3.0, reason="arm-of-one")


@both
def test_one_constant_arm_is_no_obstacle(test) -> None:
    found = test(np.full(4, 0.1), np.array([1.0, 2.0, 3.0]), 0.95, "two-sided")
    assert found.reason is None
    if test is welch:  # all of the error is the other arm's, and so are the degrees of freedom
        assert (found.df, found.std_error) == pytest.approx((2.0, math.sqrt(1.0 / 3.0)), rel=1e-14)


@both
@settings(max_examples=30, deadline=None)
@given(SPREAD, ARM)
def test_swapping_the_arms_flips_the_sign(test, experimental, control) -> None:
    there, back = (test(*arms, 0.9, "two-sided") for arms in ((experimental, control), (control, experimental)))
    assert there.estimate == pytest.approx(-back.estimate, abs=1e-12)
    assert there.p_value == pytest.approx(back.p_value, rel=1e-9)
    assert there.conf_low == pytest.approx(-back.conf_high, rel=1e-9, abs=1e-9)


@both
@settings(max_examples=30, deadline=None)
@given(SPREAD, ARM, st.floats(0.01, 100.0), st.floats(-1e4, 1e4))
def test_unit_and_place_do_not_change_p(test, experimental, control, unit, place) -> None:
    plain = test(experimental, control, 0.95, "greater")
    moved = test(experimental * unit + place, control * unit + place, 0.95, "greater")
    assert moved.p_value == pytest.approx(plain.p_value, rel=1e-6, abs=1e-12)
    assert moved.estimate == pytest.approx(plain.estimate * unit, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("unit", [1e-300, 1e300])
@both
def test_neither_tiny_nor_huge_units_change_t(test, unit) -> None:
    experimental, control = np.array([3.0, 5.0, 9.0]), np.array([1.0, 2.0, 2.0, 4.0])
    plain = test(experimental, control, 0.95, "two-sided")
    scaled = test(experimental * unit, control * unit, 0.95, "two-sided")
    assert (scaled.statistic, scaled.df) == pytest.approx((plain.statistic, plain.df), rel=1e-13)


@both
@settings(max_examples=30, deadline=None)
@given(SPREAD, ARM, st.floats(0.5, 0.999))
def test_the_interval_excludes_zero_exactly_where_p_is_below_alpha(test, experimental, control, confidence) -> None:
    found = test(experimental, control, confidence, "two-sided")
    outside = not found.conf_low <= 0.0 <= found.conf_high
    if abs(found.p_value - (1.0 - confidence)) > 1e-9:
        assert outside == (found.p_value < 1.0 - confidence)


@settings(max_examples=30, deadline=None)
@given(SPREAD, st.floats(-10.0, 10.0))
def test_with_equal_sizes_and_spreads_welch_is_student(arm, shift) -> None:
    s, w = student(arm + shift, arm, 0.95, "two-sided"), welch(arm + shift, arm, 0.95, "two-sided")
    assert (w.std_error, w.df) == pytest.approx((s.std_error, s.df), rel=1e-9)
