"""Intraclass correlation and Moulton's factor: regressions by dummies, covariance matrices, published numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.stats.intraclass import anova_icc, moulton_factor


def _students(draw, nested: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = draw(st.integers(6, 24))
    cluster = np.array(draw(st.lists(st.integers(0, 5), min_size=n, max_size=n)))
    arm = cluster % 2 if nested else np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    outcome = np.array(draw(st.lists(st.integers(0, 20), min_size=n, max_size=n)), dtype=float)
    return outcome, arm, cluster


STUDENTS = st.booleans().flatmap(lambda nested: st.composite(lambda draw: _students(draw, nested))())
NESTED = st.composite(lambda draw: _students(draw, True))()


def _dummies(codes) -> np.ndarray:
    return (np.asarray(codes)[:, None] == np.unique(codes)).astype(float)


def _residual_maker(*columns) -> tuple[np.ndarray, int]:
    X = np.column_stack(columns)
    return np.eye(len(X)) - X @ np.linalg.pinv(X), int(np.linalg.matrix_rank(X))


def _henderson_3(outcome, arm, cluster) -> float | None:
    """Method 3 from projections: E(y'My) of either is a sum of traces, solved for the two variances."""
    A, Z = _dummies(arm), _dummies(cluster)
    of_arms, arm_rank = _residual_maker(A)
    of_both, rank = _residual_maker(A, Z)
    n = len(outcome)
    if rank in (arm_rank, n):
        return None
    y = outcome - outcome.mean()
    within = float(y @ of_both @ y) / (n - rank)
    between = (float(y @ of_arms @ y) - float(y @ of_both @ y) - (rank - arm_rank) * within) / np.trace(
        Z.T @ of_arms @ Z
    )
    between = max(between, 0.0)
    return None if y @ of_arms @ y < 1e-9 else float(between / (between + within))


# --------------------------------------------------------------------------------------------------- the correlation


def test_six_targets_and_four_judges() -> None:
    # Shrout & Fleiss (1979), Psychological Bulletin 86:420, table 2: MSB 11.24, MSW 6.26, ICC(1, 1) = .17.
    judged = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float
    )
    icc = anova_icc(judged.ravel(), np.zeros(24, int), np.repeat(np.arange(6), 4))
    assert icc == pytest.approx(0.17, abs=0.005)
    msb, msw = 4 * judged.mean(axis=1).var(ddof=1), judged.var(axis=1, ddof=1).mean()
    assert (msb, msw) == pytest.approx((11.24, 6.26), abs=0.005)
    assert icc == pytest.approx((msb - msw) / (msb + 3 * msw), rel=1e-12)


def test_clusters_inside_arms_by_hand() -> None:
    # Arm 1: (1, 3), (5, 7, 9); arm 0: (2, 4), (4, 6).  Squares inside 2 + 8 + 2 + 2 = 14 on 5 df; between, inside the
    # arms, 2 x 3^2 + 3 x 2^2 = 30 and 4 x 1 = 4, on 2 df; n0 = (9 - 13/5 - 8/4)/2 = 2.2.
    outcome = np.array([1.0, 3.0, 5.0, 7.0, 9.0, 2.0, 4.0, 4.0, 6.0])
    icc = anova_icc(outcome, np.repeat([1, 0], [5, 4]), np.repeat([0, 1, 2, 3], [2, 3, 2, 2]))
    assert icc == pytest.approx((17.0 - 2.8) / (17.0 + 1.2 * 2.8), rel=1e-13)


@settings(max_examples=60, deadline=None)
@given(STUDENTS)
def test_it_is_henderson_s_method_3(students) -> None:
    found, truth = anova_icc(*students), _henderson_3(*students)
    assert found == (None if truth is None else pytest.approx(truth, rel=1e-9, abs=1e-9))


def test_in_the_mean_over_many_studies_it_is_the_correlation() -> None:
    # Eight clusters of 2 to 9, some in both arms; variances 1 and 3.  Both mean squares are unbiased, the ratio nearly.
    rng = np.random.default_rng(11)
    cluster = np.repeat(np.arange(40), np.tile([2, 3, 4, 5, 6, 7, 8, 9], 5))
    arm = np.where(cluster % 4 == 0, rng.integers(0, 2, cluster.size), cluster % 2)
    found = [
        anova_icc(
            rng.normal(size=40)[cluster] + math.sqrt(3.0) * rng.normal(size=cluster.size) + 5.0 * arm, arm, cluster
        )
        for _ in range(300)
    ]
    assert np.mean(found) == pytest.approx(0.25, abs=0.02)  # standard error about 0.005


def test_clusters_that_are_alike_inside() -> None:
    outcome = np.array([0.1, 0.1, 0.1, 0.7, 0.7, 0.3, 0.3, 0.9, 0.9])
    icc = anova_icc(outcome, np.repeat([1, 0], [5, 4]), np.repeat([0, 1, 2, 3], [3, 2, 2, 2]))
    assert icc == pytest.approx(1.0, rel=1e-14)
    assert icc <= 1.0


@pytest.mark.parametrize(
    ("outcome", "arm", "cluster"),
    [
        ([1.0, 9.0, 1.0, 9.0, 1.0, 9.0], [0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 2, 2]),
        ([0.0, 0.0, 0.0, 1.0, 0.0, 0.0], [0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 2]),  # MSB 0, n0 1: no negative total
    ],
)
def test_clusters_more_unlike_than_chance_are_zero(outcome, arm, cluster) -> None:
    assert anova_icc(np.array(outcome), np.array(arm), np.array(cluster)) == 0.0


@pytest.mark.parametrize(
    ("outcome", "arm", "cluster"),
    [
        ([], [], []),
        ([1.0], [0], [0]),
        ([1.0, 2.0, 5.0, 7.0], [0, 0, 1, 1], [3, 3, 3, 3]),  # one cluster
        ([1.0, 2.0, 5.0, 7.0], [0, 0, 1, 1], [0, 1, 2, 3]),  # nobody to compare with
        ([1.0, 2.0, 5.0, 7.0], [0, 0, 1, 1], [0, 0, 1, 1]),  # clusters are the arms
        ([1.0, 2.0, 5.0, 7.0], [0, 1, 0, 1], [0, 0, 1, 2]),  # the arms use up what is inside
        ([0.1, 0.1, 0.1, 0.3, 0.3, 0.3], [0, 0, 0, 1, 1, 1], [0, 0, 1, 2, 2, 3]),  # equal inside the arms
        ([0.1] * 6, [0, 0, 0, 1, 1, 1], [0, 0, 1, 2, 2, 3]),
    ],
)
def test_without_clusters_to_compare_it_is_none(outcome, arm, cluster) -> None:
    assert anova_icc(np.array(outcome), np.array(arm, dtype=int), np.array(cluster, dtype=int)) is None


@settings(max_examples=30, deadline=None)
@given(STUDENTS, st.sampled_from([2.0**-1000, 0.3, 1e300]), st.sampled_from([0.0, 0.1, -1e6, 2.0**26]))
def test_unit_and_place_do_not_matter(students, unit, place) -> None:
    outcome, arm, cluster = students
    plain, moved = anova_icc(outcome, arm, cluster), anova_icc((outcome + place) * unit, arm, cluster)
    if plain is not None:  # where there is none, the rounding of 0.3 may make one
        assert moved == pytest.approx(plain, abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(STUDENTS, st.integers(-50, 50), st.randoms(use_true_random=False))
def test_neither_names_nor_order_nor_the_arms_difference_matter(students, effect, random) -> None:
    outcome, arm, cluster = students
    order = np.array(random.sample(range(outcome.size), outcome.size))
    plain = anova_icc(outcome, arm, cluster)
    moved = anova_icc((outcome + effect * arm)[order], 1 - arm[order], 70 - 3 * cluster[order])
    assert moved == (None if plain is None else pytest.approx(plain, rel=1e-9, abs=1e-9))


# ---------------------------------------------------------------------------------------------------- Moulton's factor


def _variance_ratio(icc, treatment, cluster) -> float:
    """Variance of the difference of means under exchangeable clusters over that of independent students."""
    weights = np.where(treatment == 1, 1.0 / treatment.sum(), -1.0 / (1 - treatment).sum())
    alike = cluster[:, None] == cluster[None, :]
    covariance = np.where(np.eye(len(cluster)) == 1.0, 1.0, icc * alike)
    return float(weights @ covariance @ weights / (weights @ weights))


@settings(max_examples=60, deadline=None)
@given(STUDENTS.filter(lambda s: 0 < s[1].sum() < s[1].size), st.floats(0.0, 1.0))
def test_it_is_the_ratio_of_the_variances(students, icc) -> None:
    _, treatment, cluster = students
    truth = max(_variance_ratio(icc, treatment, cluster), 1.0 / treatment.size)
    assert moulton_factor(icc, treatment, cluster) == pytest.approx(truth, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 30), st.integers(1, 6), st.integers(1, 6), st.floats(0.0, 1.0))
def test_equal_clusters_assigned_as_wholes(size, e, c, icc) -> None:
    treatment, cluster = np.repeat([1, 0], [e * size, c * size]), np.repeat(np.arange(e + c), size)
    assert moulton_factor(icc, treatment, cluster) == pytest.approx(1.0 + (size - 1) * icc, rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 15), st.integers(1, 8), st.floats(0.0, 0.99))
def test_both_arms_in_equal_shares_gain(half, clusters, icc) -> None:
    treatment, cluster = np.tile([1, 0], half * clusters), np.repeat(np.arange(clusters), 2 * half)
    expected = max(1.0 - icc, 1.0 / treatment.size)
    assert moulton_factor(icc, treatment, cluster) == pytest.approx(expected, rel=1e-9)


def test_at_full_correlation_the_factor_is_not_zero() -> None:
    assert moulton_factor(1.0, np.tile([1, 0], 6), np.repeat([0, 1, 2], 4)) == 1.0 / 12.0


@pytest.mark.parametrize(
    ("treatment", "cluster"),
    [([1, 0, 1, 0], [0, 1, 2, 3]), ([1, 1, 1, 1], [0, 0, 1, 1]), ([0, 0, 0], [0, 0, 1])],
)
def test_without_clusters_of_two_or_a_second_arm_it_is_one(treatment, cluster) -> None:
    assert moulton_factor(0.4, np.array(treatment), np.array(cluster)) == 1.0


@settings(max_examples=20, deadline=None)
@given(NESTED.filter(lambda s: 0 < s[1].sum() < s[1].size))
def test_without_correlation_and_with_more_of_it(students) -> None:
    _, treatment, cluster = students
    factors = [moulton_factor(icc, treatment, cluster) for icc in (0.0, 0.1, 0.2, 0.9)]
    assert factors[0] == 1.0
    assert factors == sorted(factors)
