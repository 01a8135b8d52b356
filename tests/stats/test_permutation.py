"""The permutation test against every division in exact fractions; level, invariances, what does not exist."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.stats import permutation
from expeval.stats.estimate import Estimate
from expeval.stats.permutation import permutation_test
from expeval.stats.rank_tests import brunner_munzel
from expeval.stats.t_tests import welch

TESTS = {"welch": welch, "brunner-munzel": brunner_munzel}
both = pytest.mark.parametrize("statistic", TESTS)
ALTERNATIVES = ["two-sided", "greater", "less"]


def _p(outcome, treatment, statistic, *, strata=None, units=None, alternative="two-sided", **more) -> Estimate:
    rng = more.pop("rng", np.random.default_rng(7))
    return permutation_test(
        np.asarray(outcome, dtype=float),
        np.asarray(treatment),
        statistic=statistic,
        strata=None if strata is None else np.asarray(strata),
        units=None if units is None else np.asarray(units),
        draws=more.pop("draws", 99),
        rng=rng,
        alternative=alternative,
        **more,
    )


# ---------------------------------------------------------------------------------------- the truth, without rounding


def _squared_error(scores: list[Fraction]) -> Fraction:
    if len(scores) == 1:
        return Fraction(0)
    mean = sum(scores) / len(scores)
    return sum((score - mean) ** 2 for score in scores) / (len(scores) - 1) / len(scores)


def _placements(arm: list[Fraction], other: list[Fraction]) -> list[Fraction]:
    return [sum(Fraction((a > b) * 2 + (a == b), 2) for b in other) / len(other) for a in arm]


def _signed_square(experimental: list[Fraction], control: list[Fraction], statistic: str) -> Fraction | float:
    """t times its own size, which orders divisions as t does and needs no root."""
    null = Fraction(0)
    if statistic == "brunner-munzel":
        experimental, control = _placements(experimental, control), _placements(control, experimental)
        null = Fraction(1, 2)
        difference = sum(experimental) / len(experimental) - null
    else:
        difference = sum(experimental) / len(experimental) - sum(control) / len(control)
    variance = _squared_error(experimental) + _squared_error(control)
    if difference == 0:
        return Fraction(0)
    return abs(difference) * difference / variance if variance else math.copysign(math.inf, difference)


def _by_every_division(outcome, treatment, statistic, strata, units, alternative) -> tuple[float, int]:
    """p and the number of divisions."""
    scores = [Fraction(y) for y in outcome]
    members = {unit: [i for i, u in enumerate(units) if u == unit] for unit in sorted(set(units))}
    blocks: dict[int, list[int]] = {}
    for unit, students in members.items():
        blocks.setdefault(strata[students[0]], []).append(unit)
    treated = {unit for unit, students in members.items() if treatment[students[0]]}
    choices = [combinations(block, len(treated.intersection(block))) for block in blocks.values()]

    def t(experimental_units) -> Fraction | float:
        inside = {i for unit in experimental_units for i in members[unit]}
        arms = [[y for i, y in enumerate(scores) if (i in inside) == arm] for arm in (True, False)]
        return _signed_square(*arms, statistic)

    every = [t({unit for part in division for unit in part}) for division in product(*choices)]
    own = t(treated)
    extreme = {
        "greater": sum(value >= own for value in every),
        "less": sum(value <= own for value in every),
        "two-sided": sum(abs(value) >= abs(own) for value in every),
    }[alternative]
    return extreme / len(every), len(every)


@st.composite
def _designs(draw):
    """Outcome, treatment, strata and units of a few students; arms, strata and sizes as they fall."""
    sizes = draw(st.lists(st.integers(1, 2), min_size=3, max_size=6))
    names = draw(st.permutations(range(-3, 9)))[: len(sizes)]
    arms = [1, 0, *(draw(st.integers(0, 1)) for _ in sizes[2:])]
    strata = [draw(st.sampled_from([5, -2])) for _ in sizes]
    outcome = [draw(st.integers(0, 5)) for _ in range(sum(sizes))]
    return outcome, np.repeat(arms, sizes).tolist(), np.repeat(strata, sizes).tolist(), np.repeat(names, sizes).tolist()


DESIGNS = _designs()
STUDENTS = st.lists(st.integers(0, 6), min_size=4, max_size=8).flatmap(
    lambda y: st.tuples(st.just(y), st.integers(1, len(y) - 1).map(lambda n: [1] * n + [0] * (len(y) - n)))
)


@both
@settings(max_examples=40, deadline=None)
@given(DESIGNS, st.sampled_from(ALTERNATIVES))
def test_p_is_that_of_every_division_of_the_units_inside_strata(statistic, design, alternative) -> None:
    outcome, treatment, strata, units = design
    found = _p(outcome, treatment, statistic, strata=strata, units=units, alternative=alternative)
    truth, divisions = _by_every_division(outcome, treatment, statistic, strata, units, alternative)
    if len(set(outcome)) == 1:
        assert (found.p_value, found.reason) == (None, "all-equal")
    elif divisions == 1:
        assert (found.p_value, found.reason) == (None, "one-division")
    else:
        assert (found.p_value, found.variant) == (pytest.approx(truth, rel=1e-14), "enumerated")


@both
@settings(max_examples=25, deadline=None)
@given(STUDENTS, st.sampled_from(ALTERNATIVES))
def test_p_is_that_of_every_division_of_the_students(statistic, students, alternative) -> None:
    outcome, treatment = students
    found = _p(outcome, treatment, statistic, alternative=alternative)
    everywhere, each = [0] * len(outcome), list(range(len(outcome)))
    if found.reason != "all-equal":
        truth, _ = _by_every_division(outcome, treatment, statistic, everywhere, each, alternative)
        assert found.p_value == pytest.approx(truth, rel=1e-14)


def test_scipy_agrees() -> None:
    from scipy import stats

    rng = np.random.default_rng(3)
    experimental, control = rng.normal(0.7, 2.0, size=6), rng.normal(size=5)
    outcome, treatment = np.concatenate([experimental, control]), np.repeat([1, 0], [6, 5])

    def t(e, c, axis):
        return stats.ttest_ind(e, c, equal_var=False, axis=axis).statistic

    for alternative in ("greater", "less"):
        theirs = stats.permutation_test((experimental, control), t, alternative=alternative, vectorized=True)
        assert _p(outcome, treatment, "welch", alternative=alternative).p_value == pytest.approx(theirs.pvalue)


def test_many_divisions_of_large_units_by_all_of_them() -> None:
    # 12,870 divisions of 16 units of 30 students: more than one chunk.  Truth: Welch's t from its textbook formula.
    rng = np.random.default_rng(9)
    units = np.repeat(np.arange(16), 30)
    treatment = (units % 2 == 0).astype(int)
    outcome = rng.normal(size=16)[units] + rng.normal(size=480) + 0.5 * treatment
    found = _p(outcome, treatment, "welch", units=units)

    mean, square = (outcome.reshape(16, 30) ** power for power in (1, 2))
    all_divisions = np.array(list(combinations(range(16), 8)))
    of_arm = np.zeros((len(all_divisions), 16))
    np.put_along_axis(of_arm, all_divisions, 1.0, axis=1)

    def welch_s(chosen):
        m = chosen @ mean.sum(axis=1) / 240
        return m, (chosen @ square.sum(axis=1) - 240 * m**2) / 239 / 240

    (m_e, v_e), (m_c, v_c) = welch_s(of_arm), welch_s(1.0 - of_arm)
    t = np.abs((m_e - m_c) / np.sqrt(v_e + v_c))
    own = abs(welch(outcome[treatment == 1], outcome[treatment == 0], 0.95).statistic)
    assert found.p_value == pytest.approx(float((t >= own * (1 - 1e-9)).mean()), rel=1e-14)
    assert found.variant == "enumerated"


@both
def test_separated_arms_are_the_most_extreme(statistic) -> None:
    # 1 of C(7, 3) divisions one-sided; two-sided for ranks, its opposite too.
    outcome, treatment = [1.0, 2.0, 3.0, 10.0, 11.0, 12.0, 14.0], [1, 1, 1, 0, 0, 0, 0]
    assert _p(outcome, treatment, statistic, alternative="less").p_value == pytest.approx(1 / 35, rel=1e-14)
    if statistic == "brunner-munzel":
        assert _p(outcome, treatment, statistic).p_value == pytest.approx(2 / 35, rel=1e-14)


@both
@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=6, max_size=6).filter(lambda y: len(set(y)) > 1))
def test_it_holds_its_level_exactly(statistic, outcome) -> None:
    # Each of the 20 divisions of six students as the one that was drawn: P(p <= a) <= a for every a.
    p = []
    for chosen in combinations(range(6), 3):
        treatment = [int(i in chosen) for i in range(6)]
        p.append(_p(outcome, treatment, statistic).p_value)
    assert all(np.mean(np.array(p) <= a + 1e-12) <= a + 1e-12 for a in p)


# ----------------------------------------------------------------------------------------------------- drawn divisions


@both
def test_drawn_divisions_come_near_all_of_them(statistic) -> None:
    rng = np.random.default_rng(5)
    strata, treatment = np.repeat([0, 1, 2], 4), np.tile([1, 1, 0, 0], 3)
    # Far apart strata: divisions across them would hide the difference.
    outcome = 100.0 * strata + 1.5 * treatment + rng.normal(size=12)
    exact = _p(outcome, treatment, statistic, strata=strata).p_value
    drawn = _p(outcome, treatment, statistic, strata=strata, draws=8000, enumerate_up_to=0)
    assert drawn.variant == "drawn"
    assert drawn.p_value == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 8000) + 1 / 8001)
    everywhere = _p(outcome, treatment, statistic).p_value
    assert exact < 0.1 < 0.3 < everywhere


@both
@pytest.mark.parametrize("in_strata", [False, True])
def test_students_alike_are_drawn_as_counts(statistic, in_strata, monkeypatch) -> None:
    """By cells of equal scores as student by student: the same divisions are as likely, here against all of them."""
    rng = np.random.default_rng(8)
    treatment = np.tile([1, 1, 0, 1], 3)
    outcome = rng.integers(2, 6, 12) + treatment
    strata = np.repeat([0, 1, 2], 4) if in_strata else None
    exact = _p(outcome.astype(float), treatment, statistic, strata=strata).p_value
    monkeypatch.setattr(permutation, "STUDENTS_A_CELL", 0)
    drawn = _p(outcome.astype(float), treatment, statistic, strata=strata, draws=8000, enumerate_up_to=0)
    assert drawn.variant == "drawn"
    assert drawn.p_value == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 8000) + 1 / 8001)


@both
def test_drawn_p_counts_the_observed_division(statistic) -> None:
    # No division of 40 + 40 that is drawn comes near: (0 + 1)/(199 + 1).
    outcome, treatment = np.arange(80.0), np.repeat([0, 1], 40)
    assert _p(outcome, treatment, statistic, draws=199).p_value == 1 / 200
    assert _p(outcome, treatment, statistic, draws=199, alternative="less").p_value == 1.0


@both
def test_the_seed_makes_p(statistic) -> None:
    rng = np.random.default_rng(1)
    outcome, treatment = rng.normal(size=60), rng.permutation(np.repeat([0, 1], 30))
    first, again, other = (
        _p(outcome, treatment, statistic, draws=500, rng=np.random.default_rng(seed)).p_value for seed in (1, 1, 2)
    )
    assert first == again != other
    assert (first * 501) == pytest.approx(round(first * 501), abs=1e-9)


@both
def test_where_the_list_ends_draws_begin(statistic) -> None:
    outcome, treatment = [1.0, 2.0, 3.0, 4.0, 5.0, 7.0], [1, 0, 1, 0, 1, 0]
    assert _p(outcome, treatment, statistic, enumerate_up_to=20).variant == "enumerated"  # C(6, 3)
    assert _p(outcome, treatment, statistic, enumerate_up_to=19).variant == "drawn"


# ----------------------------------------------------------------------------------- what the row says, and nulls


@both
def test_estimate_and_statistic_are_the_test_s_own(by_r, statistic) -> None:
    outcome = np.concatenate([by_r.experimental, by_r.control])
    treatment = np.repeat([1, 0], [by_r.experimental.size, by_r.control.size])
    found = _p(outcome, treatment, statistic)
    own = TESTS[statistic](by_r.experimental, by_r.control, by_r.confidence)
    assert (found.estimate, found.statistic, found.reason) == (own.estimate, own.statistic, own.reason)
    assert found.p_value is not None


@both
@pytest.mark.parametrize("treatment", [[], [1, 1, 1], [0, 0, 0]])
def test_an_empty_arm(statistic, treatment) -> None:
    assert _p([1.0, 2.0, 3.0][: len(treatment)], treatment, statistic) == Estimate(reason="empty-arm")


@both
def test_equal_scores(statistic) -> None:
    found = _p([0.1] * 5, [1, 1, 0, 0, 0], statistic)
    assert found == Estimate(estimate=0.0 if statistic == "welch" else 0.5, reason="all-equal")


@both
@pytest.mark.parametrize(
    ("strata", "units"),
    [
        ([0, 0, 1, 1, 1], None),  # each stratum has one arm
        ([0, 0, 1, 1, 1], [4, 4, 7, 8, 8]),
    ],
)
def test_one_division(statistic, strata, units) -> None:
    found = _p([1.0, 4.0, 2.0, 3.0, 6.0], [1, 1, 0, 0, 0], statistic, strata=strata, units=units)
    assert (found.p_value, found.variant, found.reason) == (None, None, "one-division")
    assert found.estimate is not None


@both
def test_one_unit_an_arm_has_two_divisions(statistic) -> None:
    found = _p([1.0, 4.0, 2.0, 9.0, 6.0], [1, 1, 0, 0, 0], statistic, units=[3, 3, 1, 1, 1])
    assert (found.p_value, found.variant) == (1.0, "enumerated")


def test_a_statistic_that_is_infinite_has_a_p() -> None:
    # Constant in both arms: of the ten divisions this one alone has no spread.
    found = _p([3.0, 3.0, 1.0, 1.0, 1.0], [1, 1, 0, 0, 0], "welch")
    assert found == Estimate(2.0, p_value=0.1, reason="no-spread", variant="enumerated")
    # Separated ranks: this division and its opposite.
    ranks = _p([5.0, 4.0, 1.0, 2.0, 3.0], [1, 1, 0, 0, 0], "brunner-munzel")
    assert ranks == Estimate(1.0, p_value=0.2, reason="separated", variant="enumerated")


@both
def test_an_arm_of_one_adds_no_variance(statistic) -> None:
    outcome, treatment = [5.0, 1.0, 2.0, 4.0], [1, 0, 0, 0]
    found = _p(outcome, treatment, statistic, alternative="greater")
    assert (found.statistic, found.reason, found.p_value) == (None, "arm-of-one", 0.25)


# ------------------------------------------------------------------------------------------------------------- theorems


@both
@settings(max_examples=20, deadline=None)
@given(DESIGNS, st.randoms(use_true_random=False))
def test_neither_order_nor_names_matter(statistic, design, random) -> None:
    outcome, treatment, strata, units = (np.array(column) for column in design)
    order = np.array(random.sample(range(outcome.size), outcome.size))
    plain = _p(outcome, treatment, statistic, strata=strata, units=units)
    moved = _p(outcome[order], treatment[order], statistic, strata=-strata[order], units=50 - 2 * units[order])
    assert (moved.p_value, moved.reason) == (plain.p_value, plain.reason)


@both
@settings(max_examples=20, deadline=None)
@given(DESIGNS)
def test_swapping_the_arms_mirrors(statistic, design) -> None:
    outcome, treatment, strata, units = (np.array(column) for column in design)
    for there, back in zip(ALTERNATIVES, ["two-sided", "less", "greater"], strict=True):
        plain = _p(outcome, treatment, statistic, strata=strata, units=units, alternative=there)
        swapped = _p(outcome, 1 - treatment, statistic, strata=strata, units=units, alternative=back)
        assert (swapped.p_value, swapped.reason) == (plain.p_value, plain.reason)


@both
@settings(max_examples=25, deadline=None)
@given(DESIGNS, st.sampled_from([2.0**-1000, 1e-300, 0.1, 1e300]), st.sampled_from([0.0, 0.3, -1e6, 2.0**26]))
def test_unit_and_place_do_not_matter(statistic, design, unit, place) -> None:
    outcome, treatment, strata, units = (np.array(column) for column in design)
    plain = _p(outcome, treatment, statistic, strata=strata, units=units)
    moved = _p((outcome + place) * unit, treatment, statistic, strata=strata, units=units)
    assert (moved.p_value, moved.variant) == (plain.p_value, plain.variant)


@settings(max_examples=25, deadline=None)
@given(DESIGNS, st.sampled_from([np.exp, np.cbrt, lambda v: v**3 * 1e290]))
def test_rising_transforms_leave_ranks_alone(design, rising) -> None:
    outcome, treatment, strata, units = (np.array(column, dtype=float) for column in design)
    plain = _p(outcome, treatment, "brunner-munzel", strata=strata, units=units)
    assert _p(rising(outcome), treatment, "brunner-munzel", strata=strata, units=units) == plain


def test_an_outlier_hides_no_tie() -> None:
    # 1e6 beside 0 to 3: the variance from sums has lost the digits of the small scores, p has not.
    outcome, treatment = [1e6, 1.0, 2.0, 2.0, 3.0, 0.0, 1.0, 2.0], [1, 1, 1, 1, 0, 0, 0, 0]
    for alternative in ALTERNATIVES:
        truth, _ = _by_every_division(outcome, treatment, "welch", [0] * 8, list(range(8)), alternative)
        assert _p(outcome, treatment, "welch", alternative=alternative).p_value == pytest.approx(truth, rel=1e-14)


def test_a_difference_above_the_largest_double_has_a_p() -> None:
    found = _p([1.6e308, 1.7e308, -1.6e308, -1.7e308], [1, 1, 0, 0], "welch")
    assert (found.estimate, found.reason) == (None, "not-computable")
    assert found.p_value == pytest.approx(2 / 6, rel=1e-14)
