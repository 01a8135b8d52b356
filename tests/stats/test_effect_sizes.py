"""Standardised effects: R's numbers, closed forms, theorems, and what does not exist."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from expeval.stats.effect_sizes import (
    cohen_d,
    glass_delta,
    hedges_g,
    probability_of_superiority,
    rank_biserial,
    small_sample_factor,
)
from expeval.stats.estimate import Estimate
from expeval.stats.rank_tests import brunner_munzel
from expeval.stats.t_tests import student

MEANS = {"cohen-d": cohen_d, "hedges-g": hedges_g, "glass-delta": glass_delta}
RANKS = {"probability-of-superiority": probability_of_superiority, "rank-biserial": rank_biserial}
EFFECTS = MEANS | RANKS
every = pytest.mark.parametrize("effect", EFFECTS.values(), ids=list(EFFECTS))
of_means = pytest.mark.parametrize("effect", MEANS.values(), ids=list(MEANS))
of_ranks = pytest.mark.parametrize("effect", RANKS.values(), ids=list(RANKS))
ARM = st.lists(st.integers(0, 30), min_size=2, max_size=15).map(lambda v: np.array(v, dtype=float))
SPREAD = ARM.filter(lambda v: np.ptp(v) > 0)
LARGEST = 1.79e308


@pytest.mark.parametrize("method", EFFECTS)
def test_r_s_numbers(by_r, method) -> None:
    assert not by_r.differences(method, EFFECTS[method](by_r.experimental, by_r.control, by_r.confidence))


def test_r_has_rows_of_each(case_named) -> None:
    assert all(case_named("confidence-ninety").has(method, "conf_high") for method in EFFECTS)


# --------------------------------------------------------------------------------------------------------------- J


@pytest.mark.parametrize(
    ("df", "J"),
    [
        # By mpmath 1.4.1 at 40 digits: exp(loggamma(x/2) - loggamma((x - 1)/2))/sqrt(x/2)
        (3, 0.72360125455826765936),
        (10, 0.92274560805308710336),
        (99, 0.99240185111442286017),
        (100, 0.9924780549814448666),
        (101, 0.99255274548746187935),
        (102, 0.99262596727085485755),
        (1000, 0.99924978117971636752),
        (1_000_000, 0.99999924999978124993),
    ],
)
def test_j_to_forty_digits(df, J) -> None:
    assert small_sample_factor(df) == pytest.approx(J, rel=5e-14)


def test_j_in_closed_form() -> None:
    assert small_sample_factor(1) == 0.0
    assert small_sample_factor(2) == pytest.approx(1.0 / math.sqrt(math.pi), rel=1e-14)
    assert small_sample_factor(4) == pytest.approx(math.sqrt(2.0 / math.pi), rel=1e-14)


@settings(max_examples=50, deadline=None)
@given(st.one_of(st.integers(2, 250), st.integers(2, 10**9), st.floats(2.0, 200.0)))
def test_two_neighbouring_j_have_a_rational_square(df) -> None:
    # Gamma(x + 1) = x Gamma(x): J(m) J(m + 1) = (m - 1)/sqrt(m (m + 1)).
    product = small_sample_factor(df) * small_sample_factor(df + 1)
    assert product == pytest.approx((df - 1.0) / math.sqrt(df * (df + 1.0)), rel=1e-13)


# ------------------------------------------------------------------------------------------------- differences of means


def test_by_hand() -> None:
    # 5, 7, 9 against 1, 2, 3, 4, 5: difference 4; squares 8 and 10: pooled sd sqrt(18/6), the control arm's sqrt(10/4).
    experimental, control = np.array([5.0, 7.0, 9.0]), np.arange(1.0, 6.0)
    assert cohen_d(experimental, control, 0.95).estimate == pytest.approx(4.0 / math.sqrt(3.0), rel=1e-14)
    assert glass_delta(experimental, control, 0.95).estimate == pytest.approx(4.0 / math.sqrt(2.5), rel=1e-14)
    g = hedges_g(experimental, control, 0.95).estimate
    # J(6) = Gamma(3)/(sqrt 3 Gamma(5/2)) = 8/(3 sqrt(3 pi))
    assert g == pytest.approx(4.0 / math.sqrt(3.0) * 8.0 / (3.0 * math.sqrt(3.0 * math.pi)), rel=1e-13)


@settings(max_examples=30, deadline=None)
@given(SPREAD, ARM, st.sampled_from([0.8, 0.95, 0.99]))
def test_d_s_interval_excludes_zero_exactly_where_student_rejects(experimental, control, confidence) -> None:
    d, t = cohen_d(experimental, control, confidence), student(experimental, control, confidence)
    assert d.estimate == pytest.approx(t.statistic * math.sqrt(1 / experimental.size + 1 / control.size), rel=1e-12)
    if abs(t.p_value - (1.0 - confidence)) > 1e-9:
        assert (d.conf_low <= 0.0 <= d.conf_high) == (t.p_value > 1.0 - confidence)


@settings(max_examples=25, deadline=None)
@given(SPREAD, ARM)
def test_the_interval_s_ends_have_t_at_their_tails(experimental, control) -> None:
    # The definition, by scipy's noncentral t: P(T >= t; low) = P(T <= t; high) = 2.5 %.
    from scipy.stats import nct

    n_e, n_c = experimental.size, control.size
    found = cohen_d(experimental, control, 0.95)
    root = math.sqrt(1 / n_e + 1 / n_c)
    sign = -1.0 if found.estimate < 0.0 else 1.0
    t = abs(found.estimate) / root
    assume(t > 0.01)  # nearer to zero scipy's does not always converge
    low, high = sorted((sign * found.conf_low / root, sign * found.conf_high / root))
    assert nct.sf(t, n_e + n_c - 2, low) == pytest.approx(0.025, rel=1e-6)
    assert nct.cdf(t, n_e + n_c - 2, high) == pytest.approx(0.025, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(SPREAD, ARM)
def test_g_is_d_shrunk(experimental, control) -> None:
    d, g = cohen_d(experimental, control, 0.95), hedges_g(experimental, control, 0.95)
    J = small_sample_factor(experimental.size + control.size - 2)
    shrunk = (d.estimate * J, d.conf_low * J, d.conf_high * J)
    assert (g.estimate, g.conf_low, g.conf_high) == pytest.approx(shrunk, rel=1e-14)


@settings(max_examples=25, deadline=None)
@given(SPREAD, st.integers(-20, 20))
def test_with_one_spread_glass_s_delta_is_d(arm, shift) -> None:
    delta, d = glass_delta(arm + shift, arm, 0.95), cohen_d(arm + shift, arm, 0.95)
    assert delta.estimate == pytest.approx(d.estimate, rel=1e-12)
    assert delta.conf_high - delta.conf_low >= d.conf_high - d.conf_low - 1e-9  # on half the degrees of freedom


@of_means
@settings(max_examples=25, deadline=None)
@given(SPREAD, SPREAD, st.floats(0.01, 100.0), st.floats(-1e5, 1e5))
def test_unit_and_place_do_not_matter(effect, experimental, control, unit, place) -> None:
    plain = effect(experimental, control, 0.95)
    moved = effect(experimental * unit + place, control * unit + place, 0.95)
    for field in ("estimate", "conf_low", "conf_high"):
        assert getattr(moved, field) == pytest.approx(getattr(plain, field), rel=1e-6, abs=1e-6)


@of_means
@pytest.mark.parametrize("unit", [2.0**-900, 2.0**900])
@pytest.mark.parametrize("place", [0.0, 2.0**30])
def test_tiny_and_huge_units_and_large_offsets_are_exact(effect, unit, place) -> None:
    experimental, control = np.array([3.0, 5.0, 9.0]), np.array([1.0, 2.0, 2.0, 4.0])
    plain = effect(experimental, control, 0.95)
    moved = effect((experimental + place) * unit, (control + place) * unit, 0.95)
    for field in ("estimate", "conf_low", "conf_high"):
        assert getattr(moved, field) == pytest.approx(getattr(plain, field), rel=1e-13)


@of_means
@settings(max_examples=25, deadline=None)
@given(SPREAD, SPREAD)
def test_turning_the_scale_turns_the_effect(effect, experimental, control) -> None:
    plain, turned = effect(experimental, control, 0.95), effect(-experimental, -control, 0.95)
    assert turned.estimate == pytest.approx(-plain.estimate, rel=1e-12, abs=1e-14)
    assert turned.conf_low == pytest.approx(-plain.conf_high, rel=1e-9, abs=1e-11)


# ------------------------------------------------------------------------------------------------------------- ranks


def test_the_logit_interval_by_hand() -> None:
    # 2, 3 against 1, 2: 3.5 of 4 pairs; placements 3/4, 1 and 0, 1/4: variance (1/32 + 1/32)/2, so se sqrt(1/32), df 2;
    # t of 2 df at 0.9 one-sided: sqrt(32/9), from its closed form (2p - 1)/sqrt(2p(1 - p)).
    found = probability_of_superiority(np.array([2.0, 3.0]), np.array([1.0, 2.0]), 0.8)
    margin = (0.8 / math.sqrt(2 * 0.9 * 0.1)) * math.sqrt(1 / 32) / (7 / 64)
    assert found.estimate == 0.875
    assert found.std_error == pytest.approx(math.sqrt(1 / 32), rel=1e-14)
    assert math.log(found.conf_low / (1 - found.conf_low)) == pytest.approx(math.log(7) - margin, rel=1e-10)
    assert math.log(found.conf_high / (1 - found.conf_high)) == pytest.approx(math.log(7) + margin, rel=1e-10)


@settings(max_examples=30, deadline=None)
@given(ARM, ARM)
def test_cliff_s_delta_is_wins_less_losses(experimental, control) -> None:
    won = np.sign(experimental[:, None] - control[None, :]).mean()
    assert rank_biserial(experimental, control, 0.95).estimate == pytest.approx(float(won), abs=1e-14)


@of_ranks
@settings(max_examples=30, deadline=None)
@given(ARM, ARM, st.sampled_from([np.exp, np.cbrt, lambda v: v**3 + 1e6, lambda v: v * 1e-300, lambda v: v * 1e300]))
def test_rising_transforms_leave_ranks_alone(effect, experimental, control, rising) -> None:
    assert effect(rising(experimental), rising(control), 0.9) == effect(experimental, control, 0.9)


@settings(max_examples=30, deadline=None)
@given(ARM, ARM)
def test_the_interval_lies_between_zero_and_one_about_the_estimate(experimental, control) -> None:
    found, linear = (f(experimental, control, 0.95) for f in (probability_of_superiority, brunner_munzel))
    assert (found.estimate, found.std_error) == (linear.estimate, linear.std_error)
    if found.reason is None:
        assert 0.0 <= found.conf_low <= found.estimate <= found.conf_high <= 1.0


@settings(max_examples=30, deadline=None)
@given(ARM, ARM)
def test_swapping_the_arms_mirrors_ranks(experimental, control) -> None:
    there, back = rank_biserial(experimental, control, 0.9), rank_biserial(control, experimental, 0.9)
    assert there.reason == back.reason
    assert there.estimate == pytest.approx(-back.estimate, abs=1e-14)
    if there.conf_low is not None:
        assert there.conf_low == pytest.approx(-back.conf_high, abs=1e-9)


@every
@settings(max_examples=20, deadline=None)
@given(SPREAD, SPREAD, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(effect, experimental, control, random) -> None:
    shuffled = np.array(random.sample(control.tolist(), control.size))
    there, back = effect(experimental, shuffled, 0.9), effect(experimental, control, 0.9)
    assert there.reason == back.reason
    for field in ("estimate", "conf_low", "conf_high"):
        value = getattr(back, field)
        assert getattr(there, field) == (None if value is None else pytest.approx(value, rel=1e-9, abs=1e-9))


# ------------------------------------------------------------------------------------------------ what does not exist


@every
@pytest.mark.parametrize(("experimental", "control"), [([], [1.0, 2.0]), ([1.0, 2.0], []), ([], [])])
def test_an_empty_arm(effect, experimental, control) -> None:
    assert effect(np.array(experimental), np.array(control), 0.95) == Estimate(reason="empty-arm")


@pytest.mark.parametrize(
    ("effect", "experimental", "control", "estimate", "reason"),
    [
        (cohen_d, [5.0], [3.0], None, "no-df"),
        (hedges_g, [5.0], [3.0], None, "no-df"),
        (hedges_g, [5.0], [3.0, 4.0], None, "no-df"),  # J of one degree of freedom is zero
        (glass_delta, [5.0], [3.0], None, "arm-of-one"),
        (glass_delta, [5.0, 6.0], [3.0], None, "arm-of-one"),
        (glass_delta, [5.0], [1.0, 2.0, 3.0], 3.0, "arm-of-one"),
        (probability_of_superiority, [5.0], [3.0, 5.0], 0.75, "arm-of-one"),
        (rank_biserial, [5.0], [3.0, 5.0], 0.5, "arm-of-one"),
        (cohen_d, [0.3, 0.3, 0.3], [0.1, 0.1], None, "no-spread"),
        (hedges_g, [0.3, 0.3, 0.3], [0.1, 0.1], None, "no-spread"),
        (glass_delta, [1.0, 2.0, 4.0], [0.1, 0.1, 0.1], None, "no-spread"),
        (probability_of_superiority, [0.1, 0.1, 0.1], [0.1, 0.1], 0.5, "no-spread"),
        (rank_biserial, [0.1, 0.1, 0.1], [0.1, 0.1], 0.0, "no-spread"),
        (probability_of_superiority, [3.0, 4.0], [1.0, 2.0], 1.0, "separated"),
        (rank_biserial, [1.0, 2.0], [3.0, 4.0], -1.0, "separated"),
        # A spread above the largest double; over it any difference would be 0.
        (cohen_d, [LARGEST, -LARGEST], [-LARGEST, -LARGEST], None, "not-computable"),
        (hedges_g, [LARGEST, -LARGEST], [-LARGEST, -LARGEST], None, "not-computable"),
        (glass_delta, [LARGEST, LARGEST], [LARGEST, -LARGEST], None, "not-computable"),
        (glass_delta, [LARGEST], [LARGEST, -LARGEST], None, "not-computable"),
        # A difference, and an effect, above it.
        (cohen_d, [LARGEST, LARGEST], [-LARGEST, -1.78e308], None, "not-computable"),
        (glass_delta, [1e300, 1e300], [0.0, 1e-20], None, "not-computable"),
    ],
)
def test_what_does_not_exist_is_none(effect, experimental, control, estimate, reason) -> None:
    assert effect(np.array(experimental), np.array(control), 0.95) == Estimate(estimate=estimate, reason=reason)


def test_an_effect_whose_interval_is_above_the_largest_double() -> None:
    found = glass_delta(np.array([1e300, 1e300]), np.array([0.0, 1e-8]), 0.95)
    assert found == Estimate(estimate=found.estimate, conf_low=found.conf_low, reason="not-computable")
    assert found.estimate == pytest.approx(1e308 * math.sqrt(2.0), rel=1e-14)


def test_three_students_have_a_d() -> None:
    # 5 against 3, 4: sd sqrt(1/2), difference 3/2.
    found = cohen_d(np.array([5.0]), np.array([3.0, 4.0]), 0.95)
    assert found.estimate == pytest.approx(1.5 * math.sqrt(2.0), rel=1e-14)
    assert found.conf_low < 0.0 < found.conf_high


def test_a_constant_experimental_arm_is_no_obstacle() -> None:
    experimental, control = np.full(4, 0.1), np.array([1.0, 2.0, 3.0])
    assert all(effect(experimental, control, 0.95).reason is None for effect in MEANS.values())


@every
def test_the_highest_confidence_has_bounds(effect) -> None:
    rng = np.random.default_rng(2)
    found = effect(rng.normal(0.2, size=40), rng.normal(size=40), math.nextafter(1.0, 0.0))
    assert found.reason is None
    none = 0.5 if effect is probability_of_superiority else 0.0
    assert found.conf_low < none < found.conf_high
    if effect in RANKS.values():
        assert abs(found.conf_low) < 1.0 > found.conf_high  # t of 2^-54 is about 11, not infinite
