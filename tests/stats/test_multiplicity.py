"""Adjusted p-values: R's numbers, the definitions by hand, theorems."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.stats.multiplicity import adjust

# R 4.2.2: p.adjust(p, "holm"), "hochberg", "BH".
P = [0.001, 0.0149, 0.02, 0.04, 0.041, 0.2, 0.5, 0.5001]
BY_R = {
    "holm": [0.008, 0.1043, 0.12, 0.2, 0.2, 0.6, 1, 1],
    "hochberg": [0.008, 0.1043, 0.12, 0.164, 0.164, 0.5001, 0.5001, 0.5001],
    "benjamini-hochberg": [
        0.008,
        0.0533333333333333,
        0.0533333333333333,
        0.0656,
        0.0656,
        0.266666666666667,
        0.5001,
        0.5001,
    ],
    "none": P,
}
every = pytest.mark.parametrize("method", BY_R)
FAMILY = st.lists(st.one_of(st.floats(0.0, 1.0), st.sampled_from([0.0, 0.01, 0.05, 1.0, 1e-300])), max_size=7)


@every
def test_r_s_numbers(method) -> None:
    assert adjust(P, method) == pytest.approx(BY_R[method], rel=1e-14)


def test_benjamini_and_hochberg_s_example() -> None:
    # Benjamini & Hochberg (1995), sec. 4.1: of fifteen p-values of the thrombolysis trial Bonferroni's and Hochberg's
    # procedures reject three at 0.05, theirs four.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    p += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    rejected = {method: sum(value <= 0.05 for value in adjust(p, method)) for method in BY_R}
    assert rejected == {"holm": 3, "hochberg": 3, "benjamini-hochberg": 4, "none": 9}


@settings(max_examples=40, deadline=None)
@given(FAMILY)
def test_holm_closes_bonferroni(p) -> None:
    # Closure (Marcus, Peritz & Gabriel 1976): the largest Bonferroni p of all intersections that hold the hypothesis.
    together = [c for size in range(1, len(p) + 1) for c in combinations(range(len(p)), size)]
    truth = [max(min(1.0, len(c) * min(p[j] for j in c)) for c in together if i in c) for i in range(len(p))]
    assert adjust(p, "holm") == pytest.approx(truth, rel=1e-14)


@settings(max_examples=40, deadline=None)
@given(FAMILY)
def test_the_step_up_procedures_by_their_definitions(p) -> None:
    # Adjusted: the smallest bound over all p at least as large (Wright 1992).
    m, ordered = len(p), sorted(p)
    hochberg = [min((m - j) * q for j, q in enumerate(ordered) if q >= own) for own in p]
    benjamini = [min(1.0, min(m * q / (j + 1) for j, q in enumerate(ordered) if q >= own)) for own in p]
    assert adjust(p, "hochberg") == pytest.approx([min(1.0, q) for q in hochberg], rel=1e-14)
    assert adjust(p, "benjamini-hochberg") == pytest.approx(benjamini, rel=1e-14)


@every
def test_what_has_no_p_leaves_the_family(method) -> None:
    padded = [None, *P[:3], None, *P[3:], None]
    found = adjust(padded, method)
    assert [found[i] for i in (0, 4, -1)] == [None, None, None]
    assert [value for value in found if value is not None] == adjust(P, method)


@every
@pytest.mark.parametrize("p_values", [[], [None], [None, None], [0.03], [None, 0.03]])
def test_a_family_of_one_or_none_is_left_alone(method, p_values) -> None:
    assert adjust(p_values, method) == p_values


@every
@settings(max_examples=40, deadline=None)
@given(FAMILY)
def test_never_below_p_nor_above_one_and_in_its_order(method, p) -> None:
    found = adjust(p, method)
    assert all(own <= value <= 1.0 for own, value in zip(p, found, strict=True))
    assert all(found[i] <= found[j] for i in range(len(p)) for j in range(len(p)) if p[i] <= p[j])
    assert all(type(value) is float for value in found)


@every
@settings(max_examples=40, deadline=None)
@given(FAMILY, st.randoms(use_true_random=False))
def test_the_order_of_outcomes_does_not_matter(method, p, random) -> None:
    order = random.sample(range(len(p)), len(p))
    assert adjust([p[i] for i in order], method) == [adjust(p, method)[i] for i in order]


@settings(max_examples=40, deadline=None)
@given(FAMILY)
def test_holm_is_the_most_cautious(p) -> None:
    holm, hochberg, benjamini = (adjust(p, method) for method in ("holm", "hochberg", "benjamini-hochberg"))
    for h, u, b in zip(holm, hochberg, benjamini, strict=True):
        assert h >= u * (1 - 1e-15) >= b * (1 - 1e-14)
