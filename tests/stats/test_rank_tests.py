"""Mann-Whitney, Hodges-Lehmann, Brunner-Munzel: R's numbers, enumeration, scipy, theorems, what does not exist."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from expeval.stats import rank_tests
from expeval.stats.estimate import Estimate
from expeval.stats.rank_tests import brunner_munzel, mann_whitney, placements

TESTS = {"mann-whitney": mann_whitney, "brunner-munzel": brunner_munzel}
both = pytest.mark.parametrize("test", TESTS.values(), ids=list(TESTS))
ARM = st.lists(st.integers(-9, 9), min_size=2, max_size=12).map(lambda v: np.array(v, dtype=float))
# Two arms without a tie.
DISTINCT = st.lists(st.integers(-99, 99), min_size=4, max_size=9, unique=True).flatmap(
    lambda v: st.integers(1, len(v) - 1).map(lambda n: (np.array(v[:n], dtype=float), np.array(v[n:], dtype=float)))
)


def _pairs_won(experimental, control) -> float:
    """U by its definition: one for each pair won, a half for each drawn."""
    return float(sum((e > c) + 0.5 * (e == c) for e in experimental for c in control))


def _distribution(n_e: int, n_c: int) -> list[Fraction]:
    """P(U = 0), P(U = 1), ... from all ways to choose the experimental ranks."""
    counts = [0] * (n_e * n_c + 1)
    for ranks in combinations(range(n_e + n_c), n_e):
        counts[sum(ranks) - n_e * (n_e - 1) // 2] += 1
    return [Fraction(count, sum(counts)) for count in counts]


# ------------------------------------------------------------------------------------------------- Mann-Whitney


@pytest.mark.parametrize("method", TESTS)
def test_r_s_numbers(by_r, method) -> None:
    if by_r.name != "nist-silver":  # R has no rank rows of it
        assert by_r.has(method, "estimate")
    assert not by_r.differences(method, TESTS[method](by_r.experimental, by_r.control, by_r.confidence))


def test_permeability_of_the_membrane() -> None:
    # Hollander & Wolfe (1973), p. 69, the example of R's wilcox.test: W = 35, one-sided p = 0.1272, shift 0.305.
    term = np.array([0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
    early = np.array([1.15, 0.88, 0.90, 0.74, 1.21])
    found = mann_whitney(term, early, 0.95, "greater")
    assert (found.statistic, found.variant) == (35.0, "exact")
    assert found.estimate == pytest.approx(0.305, rel=1e-12)
    assert found.p_value == pytest.approx(0.1272, abs=5e-5)


@settings(max_examples=30, deadline=None)
@given(DISTINCT)
def test_without_ties_p_is_that_of_all_divisions(arms) -> None:
    found = {a: mann_whitney(*arms, 0.95, a) for a in ("two-sided", "greater", "less")}
    U, chances = _pairs_won(*arms), _distribution(arms[0].size, arms[1].size)
    at_least, at_most = sum(chances[int(U) :]), sum(chances[: int(U) + 1])
    assert all(one.statistic == U and one.variant == "exact" for one in found.values())
    assert found["greater"].p_value == pytest.approx(float(at_least), rel=1e-13)
    assert found["less"].p_value == pytest.approx(float(at_most), rel=1e-13)
    assert found["two-sided"].p_value == pytest.approx(float(min(1, 2 * min(at_least, at_most))), rel=1e-13)


def test_the_smallest_exact_p_keeps_its_digits() -> None:
    # 49 students above 49: one division in C(98, 49), about 4e-29.
    found = mann_whitney(np.arange(49.0) + 100.0, np.arange(49.0), 0.95, "greater")
    assert found.p_value == pytest.approx(1 / math.comb(98, 49), rel=1e-12, abs=0.0)


@pytest.mark.parametrize(("n", "variant"), [(49, "exact"), (50, "asymptotic")])
def test_r_s_rule_for_the_exact_p(n, variant) -> None:
    from scipy.stats import mannwhitneyu

    scores = np.random.default_rng(4).normal(size=n + 7)
    found = mann_whitney(scores[:n], scores[n:], 0.95)
    assert found.variant == variant
    assert found.p_value == pytest.approx(mannwhitneyu(scores[:n], scores[n:], method=variant).pvalue, rel=1e-11)
    scores[0] = scores[-1]  # one tie
    assert mann_whitney(scores[:n], scores[n:], 0.95).variant == "asymptotic"


@settings(max_examples=30, deadline=None)
@given(ARM, ARM, st.sampled_from(["two-sided", "greater", "less"]))
def test_with_ties_scipy_agrees(experimental, control, alternative) -> None:
    from scipy.stats import mannwhitneyu

    found = mann_whitney(experimental, control, 0.95, alternative)
    assert found.statistic == _pairs_won(experimental, control)
    if found.variant == "asymptotic":
        theirs = mannwhitneyu(experimental, control, alternative=alternative, method="asymptotic")
        assert found.p_value == pytest.approx(float(theirs.pvalue), rel=1e-10)


def test_tied_p_by_hand() -> None:
    # 2, 3, 3 against 1, 2, 3: U = 3/2 + 5/2 + 5/2, ties of two and of three; variance 9/12 (7 - 30/30) = 4.5,
    # z = (6.5 - 4.5 - 0.5)/sqrt 4.5 = 1/sqrt 2, p = erfc(1/2).
    found = mann_whitney(np.array([2.0, 3.0, 3.0]), np.array([1.0, 2.0, 3.0]), 0.95)
    assert found.statistic == 6.5
    assert found.p_value == pytest.approx(math.erfc(0.5), rel=1e-14)


def test_a_small_asymptotic_p_keeps_its_digits() -> None:
    # 100 above 100: z = (5000 - 1/2)/sqrt(10^4 x 201/12).
    found = mann_whitney(np.arange(100.0) + 100.0, np.arange(100.0), 0.95)
    assert found.p_value == pytest.approx(math.erfc(4999.5 / math.sqrt(167500.0) / math.sqrt(2.0)), rel=1e-10, abs=0.0)


# ----------------------------------------------------------------------------------------------- Hodges-Lehmann


def _by_all_pairs(experimental, control, confidence, variant) -> tuple[float, float, float]:
    """Median and bounds from the sorted list of all differences, k as the contract has it."""
    n_e, n_c = experimental.size, control.size
    differences = np.sort((experimental[:, None] - control[None, :]).ravel())
    if variant == "exact":
        below, k = Fraction(0), -1
        while float(below) < (1.0 - confidence) / 2.0:  # the alpha/2 quantile of U
            k += 1
            below += _distribution(n_e, n_c)[k]
    else:
        from scipy.stats import norm

        spread = math.sqrt(n_e * n_c * (n_e + n_c + 1) / 12.0)
        k = math.floor(n_e * n_c / 2.0 - norm.ppf(0.5 + confidence / 2.0) * spread)
    k = max(k, 1)
    return float(np.median(differences)), float(differences[k - 1]), float(differences[differences.size - k])


@pytest.mark.parametrize("few_pairs", [0, 5, 200_000])
@settings(max_examples=25, deadline=None)
@given(ARM, ARM, st.sampled_from([0.6, 0.9, 0.95, 0.99]))
def test_shift_and_interval_are_those_of_all_pairs(few_pairs, experimental, control, confidence) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rank_tests, "FEW_PAIRS", few_pairs)  # narrows where it would sort
        found = mann_whitney(experimental, control, confidence)
    if found.reason is None and found.variant == "asymptotic":
        truth = _by_all_pairs(experimental, control, confidence, found.variant)
        assert (found.estimate, found.conf_low, found.conf_high) == truth


@settings(max_examples=20, deadline=None)
@given(DISTINCT, st.sampled_from([0.6, 0.9, 0.95, 0.99]))
def test_the_exact_interval_is_that_of_all_pairs(arms, confidence) -> None:
    found = mann_whitney(*arms, confidence)
    assert (found.estimate, found.conf_low, found.conf_high) == _by_all_pairs(*arms, confidence, "exact")


WIDE = st.lists(
    st.one_of(st.floats(-1e9, 1e9), st.sampled_from([0.0, 0.1, 0.3, -1e-300, 1e-300, 1e300, -1e300])),
    min_size=1,
    max_size=5,
).map(np.array)


@settings(max_examples=20, deadline=None)
@given(WIDE, WIDE)
@example(np.array([0.3, 0.1, 0.2]), np.array([0.1, 0.2, 0.3]))  # differences equal but for their rounding
def test_narrowing_finds_the_same_difference_as_sorting(experimental, control) -> None:
    differences = np.sort((experimental[:, None] - control[None, :]).ravel())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rank_tests, "FEW_PAIRS", 0)
        at = rank_tests._Differences(rank_tests._counted(experimental, control))
        assert [at(k) for k in range(1, differences.size + 1)] == differences.tolist()


def test_the_shift_of_many_students_with_an_outlier_is_exact() -> None:
    rng = np.random.default_rng(8)
    experimental, control = rng.normal(0.3, size=900), rng.normal(size=701)
    experimental[0], control[0] = 1e300, -1e300
    found = mann_whitney(experimental, control, 0.95)
    truth = _by_all_pairs(experimental, control, 0.95, "asymptotic")
    assert (found.estimate, found.conf_low, found.conf_high) == truth


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-99, 99), min_size=10, max_size=10, unique=True), st.integers(-99, 99))
def test_the_interval_holds_the_shifts_that_are_not_rejected(scores, shift) -> None:
    # Five and five, so that 0.95 can be reached; a shift by a half makes no tie.
    experimental, control = np.array(scores[:5], dtype=float), np.array(scores[5:], dtype=float)
    found = mann_whitney(experimental, control, 0.95)
    rejected = mann_whitney(experimental - (shift + 0.5), control, 0.95).p_value < 0.05
    assert rejected == (not found.conf_low <= shift + 0.5 <= found.conf_high)


def test_the_highest_confidence_takes_all_differences() -> None:
    experimental, control = np.arange(60.0), np.arange(60.0)
    found = mann_whitney(experimental, control, math.nextafter(1.0, 0.0))
    # z of 2^-54 is 8.29: k = floor(1800 - 8.29 sqrt(3600 x 121/12)) = 220
    differences = np.sort(np.subtract.outer(experimental, control).ravel())
    assert (found.conf_low, found.conf_high) == (differences[219], differences[-220])
    tiny = mann_whitney(np.array([1.0, 4.0]), np.array([2.0, 3.0]), math.nextafter(1.0, 0.0))
    assert (tiny.conf_low, tiny.conf_high) == (-2.0, 2.0)


# ----------------------------------------------------------------------------------------------- Brunner-Munzel


def test_pain_scores_of_brunner_and_munzel() -> None:
    # Brunner & Munzel (2000): pain on the third day after surgery under the treatments Y and N (Lumley 1996); R's
    # lawstat::brunner.munzel.test prints 3.1375, df 17.683, p 0.005786, 0.788961, (0.5952169, 0.9827052).
    treated = np.array([1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1], dtype=float)
    untreated = np.array([3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4], dtype=float)
    found = brunner_munzel(untreated, treated, 0.95)
    assert (found.statistic, found.df) == pytest.approx((3.1375, 17.683), abs=5e-4)
    assert (found.estimate, found.p_value) == pytest.approx((0.788961, 0.005786), abs=5e-7)
    assert (found.conf_low, found.conf_high) == pytest.approx((0.5952169, 0.9827052), abs=5e-8)


@settings(max_examples=30, deadline=None)
@given(ARM, ARM)
def test_scipy_agrees(experimental, control) -> None:
    from scipy.stats import brunnermunzel

    found = brunner_munzel(experimental, control, 0.95)
    assert found.estimate == pytest.approx(_pairs_won(experimental, control) / (experimental.size * control.size))
    if found.reason is None:
        theirs = brunnermunzel(control, experimental)  # positive where its second sample is higher
        assert found.statistic == pytest.approx(float(theirs.statistic), rel=1e-9, abs=1e-12)
        assert found.p_value == pytest.approx(float(theirs.pvalue), rel=1e-8)


def test_placements_by_hand() -> None:
    assert placements(np.array([2.0, 5.0, 0.0]), np.array([2.0, 1.0, 2.0, 3.0])).tolist() == [0.5, 1.0, 0.0]


def test_one_sided_brunner_munzel(case_named) -> None:
    # R's two-sided p of sleep halved; the experimental arm is higher.
    sleep = case_named("sleep")
    greater, less = (brunner_munzel(sleep.experimental, sleep.control, 0.95, a) for a in ("greater", "less"))
    assert greater.p_value == pytest.approx(0.0468159546758199 / 2, rel=1e-8)
    assert greater.p_value + less.p_value == pytest.approx(1.0, rel=1e-14)


def test_balance_is_exactly_one_half() -> None:
    found = brunner_munzel(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0]), 0.95)
    assert (found.estimate, found.statistic, found.p_value) == (0.5, 0.0, 1.0)


def test_a_constant_arm_inside_the_other() -> None:
    # 2, 2 inside 1, 2, 3, 4: all of the error is the control arm's, placements 0, 1/2, 1, 1 -> sd^2 = 11/48, df 3.
    found = brunner_munzel(np.array([2.0, 2.0]), np.array([1.0, 2.0, 3.0, 4.0]), 0.95)
    assert (found.estimate, found.df) == pytest.approx((0.375, 3.0), rel=1e-14)
    assert found.std_error == pytest.approx(math.sqrt(11.0 / 48.0 / 4.0), rel=1e-14)


# ------------------------------------------------------------------------------------------ what does not exist


@both
@pytest.mark.parametrize(("experimental", "control"), [([], [1.0, 2.0]), ([1.0, 2.0], []), ([], [])])
def test_an_empty_arm(test, experimental, control) -> None:
    assert test(np.array(experimental), np.array(control), 0.95) == Estimate(reason="empty-arm")


def test_equal_scores() -> None:
    same = np.full(4, 0.1)
    assert mann_whitney(same, same[:2], 0.95) == Estimate(estimate=0.0, statistic=4.0, reason="all-equal")
    assert brunner_munzel(same, same[:2], 0.95) == Estimate(estimate=0.5, reason="no-spread")


def test_separated_arms() -> None:
    low, high = np.array([1.0, 2.0, 2.0]), np.array([3.0, 4.0])
    assert brunner_munzel(high, low, 0.95) == Estimate(estimate=1.0, reason="separated")
    assert brunner_munzel(low, high, 0.95) == Estimate(estimate=0.0, reason="separated")
    assert mann_whitney(high, low, 0.95).statistic == 6.0
    assert mann_whitney(high, low, 0.95).reason is None


def test_one_student_an_arm() -> None:
    five, three = np.array([5.0]), np.array([3.0])
    # Of the two divisions both are as extreme.
    assert mann_whitney(five, three, 0.95) == Estimate(2.0, None, 1.0, None, 1.0, 2.0, 2.0, variant="exact")
    assert brunner_munzel(five, three, 0.95) == Estimate(estimate=1.0, reason="arm-of-one")
    assert brunner_munzel(five, np.array([5.0, 3.0, 9.0]), 0.95) == Estimate(estimate=0.5, reason="arm-of-one")


def test_a_shift_above_the_largest_double_is_null() -> None:
    found = mann_whitney(np.array([1.5e308, 1.6e308]), np.array([-1.5e308, -1.6e308]), 0.95)
    assert (found.estimate, found.conf_low, found.conf_high) == (None, None, None)
    assert (found.statistic, found.reason) == (4.0, "not-computable")
    assert found.p_value == pytest.approx(1.0 / 3.0, rel=1e-14)


def test_a_shift_near_the_largest_double_is_not() -> None:
    found = mann_whitney(np.array([8e307, 7e307]), np.array([-8e307, -7e307]), 0.95)
    assert found.estimate == pytest.approx(1.5e308, rel=1e-15)
    assert found.reason is None


# ----------------------------------------------------------------------------------------------------- theorems


@both
@settings(max_examples=25, deadline=None)
@given(ARM, ARM, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(test, experimental, control, random) -> None:
    shuffled = np.array(random.sample(experimental.tolist(), experimental.size))
    there, back = test(shuffled, control, 0.9), test(experimental, control, 0.9)
    assert (there.estimate, there.reason) == (back.estimate, back.reason)
    if back.p_value is not None:
        assert there.p_value == pytest.approx(back.p_value, rel=1e-12)


@both
@settings(max_examples=25, deadline=None)
@given(ARM, ARM)
def test_swapping_the_arms_mirrors(test, experimental, control) -> None:
    there, back = test(experimental, control, 0.9, "greater"), test(control, experimental, 0.9, "less")
    middle = 0.0 if test is mann_whitney else 1.0
    assert there.reason == back.reason
    assert there.estimate == pytest.approx(middle - back.estimate, abs=1e-12)
    if there.p_value is not None:
        assert there.p_value == pytest.approx(back.p_value, rel=1e-9)
        assert there.conf_low == pytest.approx(middle - back.conf_high, rel=1e-9, abs=1e-12)


@both
@settings(max_examples=25, deadline=None)
@given(ARM, ARM, st.sampled_from([np.exp, np.cbrt, lambda v: v**3 + 1e6, lambda v: v * 1e-300, lambda v: v * 1e300]))
def test_rising_transforms_leave_u_and_p_alone(test, experimental, control, rising) -> None:
    plain, moved = test(experimental, control, 0.9), test(rising(experimental), rising(control), 0.9)
    assert (moved.statistic, moved.p_value, moved.reason) == (plain.statistic, plain.p_value, plain.reason)
    if test is brunner_munzel:
        assert moved == plain


@settings(max_examples=25, deadline=None)
@given(ARM, ARM, st.sampled_from([2.0**-900, 0.25, 8.0, 2.0**900]), st.integers(-(2**30), 2**30))
def test_the_shift_follows_unit_and_place(experimental, control, unit, place) -> None:
    plain = mann_whitney(experimental, control, 0.9)
    moved = mann_whitney((experimental + place) * unit, (control + place) * unit, 0.9)
    for field in ("estimate", "conf_low", "conf_high"):
        value = getattr(plain, field)
        assert getattr(moved, field) == (None if value is None else value * unit)


@settings(max_examples=25, deadline=None)
@given(ARM, ARM)
def test_u_over_the_pairs_is_brunner_munzel_s_probability(experimental, control) -> None:
    U = mann_whitney(experimental, control, 0.95).statistic
    assert brunner_munzel(experimental, control, 0.95).estimate == U / (experimental.size * control.size)
