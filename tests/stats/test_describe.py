"""The description of one arm: R's numbers, rational arithmetic, and what does not exist."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.stats.describe import describe

SCORES = st.lists(st.integers(-50, 50), min_size=1, max_size=30).map(lambda v: np.array(v, dtype=float))


@pytest.mark.parametrize("arm", ["experimental", "control"])
def test_r_s_numbers(by_r, arm) -> None:
    assert not by_r.differences("description", describe(getattr(by_r, arm)), arm)


def test_r_s_type_7_quartiles() -> None:
    # R: quantile(c(1, 2, 4, 8, 16), c(.25, .75), type = 7) is 2 and 8; of c(1, 2, 4, 8) 1.75 and 5.
    five, four = describe(np.array([16.0, 1.0, 8.0, 2.0, 4.0])), describe(np.array([8.0, 4.0, 2.0, 1.0]))
    assert (five.q25, five.median, five.q75) == (2.0, 4.0, 8.0)
    assert (four.q25, four.median, four.q75) == (1.75, 3.0, 5.0)


def test_skewness_by_hand() -> None:
    # 0, 0, 3: deviations -1, -1, 2; m2 = 2, m3 = 2; 2/2^1.5 x sqrt(6)/1 = sqrt(3)
    assert describe(np.array([0.0, 0.0, 3.0])).skewness == pytest.approx(math.sqrt(3.0), rel=1e-14)


@pytest.mark.parametrize(
    ("values", "nothing"),
    [
        ([], {"mean", "sd", "median", "q25", "q75", "min", "max", "skewness"}),
        ([0.1], {"sd", "skewness"}),
        ([1.0, 2.0], {"skewness"}),
        ([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], {"skewness"}),
    ],
)
def test_what_does_not_exist_is_none(values, nothing) -> None:
    found = describe(np.array(values, dtype=float))
    assert {name for name in found.__slots__ if getattr(found, name) is None} == nothing


def test_a_constant_arm_has_no_spread_whatever_its_digits() -> None:
    found = describe(np.full(7, 0.1))
    assert (found.mean, found.sd, found.min, found.max) == (0.1, 0.0, 0.1, 0.1)


@pytest.mark.parametrize("offset", [0, 10**6, 10**12])
def test_digits_where_the_mean_is_large_against_the_spread(offset) -> None:
    values = [Fraction(offset) + Fraction(k * k % 17, 8) for k in range(40)]
    mean = sum(values) / 40
    variance = sum((v - mean) ** 2 for v in values) / 39
    found = describe(np.array([float(v) for v in values]))
    assert found.mean == pytest.approx(float(mean), rel=1e-15)
    assert found.sd == pytest.approx(math.sqrt(variance), rel=1e-13)


@pytest.mark.parametrize("unit", [1e-300, 1e-200, 1e200, 1e300])
def test_neither_tiny_nor_huge_units_lose_the_spread(unit) -> None:
    plain, scaled = describe(np.array([1.0, 2.0, 4.0, 8.0])), describe(np.array([1.0, 2.0, 4.0, 8.0]) * unit)
    for name in ("mean", "sd", "median", "q25", "q75", "min", "max"):
        assert getattr(scaled, name) == pytest.approx(getattr(plain, name) * unit, rel=1e-14)
    assert scaled.skewness == pytest.approx(plain.skewness, rel=1e-13)


@settings(max_examples=40, deadline=None)
@given(SCORES, st.randoms(use_true_random=False))
def test_the_order_of_the_students_does_not_matter(values, random) -> None:
    shuffled = values.copy()
    random.shuffle(shuffled)
    a, b = describe(values), describe(shuffled)
    for name in a.__slots__:
        if getattr(a, name) is None:
            assert getattr(b, name) is None
        else:
            assert getattr(a, name) == pytest.approx(getattr(b, name), rel=1e-12, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(SCORES)
def test_mirrored_scores_mirror_the_description(values) -> None:
    a, b = describe(values), describe(-values)
    assert (a.min, a.max) == (-b.max, -b.min)
    assert (a.q25, a.median) == pytest.approx((-b.q75, -b.median), abs=1e-12)
    assert (a.sd is None) == (values.size == 1)
    if a.sd is not None:
        assert a.sd == pytest.approx(b.sd, rel=1e-12)
    if a.skewness is not None:
        assert a.skewness == pytest.approx(-b.skewness, rel=1e-9, abs=1e-9)
