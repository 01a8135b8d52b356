"""Rank tests count scores of a scale instead of sorting them: the same answers as by sorting and by all pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from expeval.stats import rank_tests
from expeval.stats.rank_tests import brunner_munzel, mann_whitney

SCORES = st.one_of(
    st.lists(st.integers(2, 5).map(float), min_size=2, max_size=30),
    st.lists(st.integers(-40, 60).map(float), min_size=2, max_size=30),
    st.lists(st.integers(0, 20).map(lambda x: x / 2.0), min_size=2, max_size=30),
    st.lists(st.integers(0, 9).map(lambda x: x + 0.1), min_size=2, max_size=30),
    st.lists(st.sampled_from([-1.0, -1e-20, 0.0, 1e-20, 7.0, 7.000000000000001, 40.0]), min_size=2, max_size=9),
    st.lists(st.sampled_from([1e17, 1e17 + 16.0, 1e17 + 32.0]), min_size=2, max_size=9),
).map(np.array)


def by_hand(arms):
    experimental, control = arms
    levels = np.unique(np.concatenate(arms))
    return levels.tolist(), *([int((arm == level).sum()) for level in levels] for arm in (experimental, control))


@settings(max_examples=200, deadline=None)
@given(SCORES, SCORES, st.sampled_from([1, 5, 16384]), st.sampled_from([0, 16]))
def test_counts(experimental, control, chunk, few_steps):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rank_tests, "CHUNK", chunk)
        patch.setattr(rank_tests, "FEW_STEPS", few_steps)
        found = rank_tests._counted(experimental, control)
    assert (found.levels.tolist(), found.experimental.tolist(), found.control.tolist()) == by_hand(
        (experimental, control)
    )


@settings(max_examples=100, deadline=None)
@given(SCORES, SCORES)
def test_shift_and_interval_are_order_statistics_of_all_differences(experimental, control):
    differences = np.sort((experimental[:, None] - control[None, :]).ravel())
    at = rank_tests._Differences(rank_tests._counted(experimental, control))
    assert [at(k) for k in range(1, differences.size + 1)] == differences.tolist()


@pytest.mark.parametrize(("low", "high"), [(2, 5), (0, 100), (0, 5000)])
@pytest.mark.parametrize("step", [1.0, 0.5])
def test_many_students_against_scipy(low, high, step):
    rng = np.random.default_rng(high)
    arms = [np.clip(np.rint(rng.normal(0.55 * high + shift, 0.2 * high, 20_000)), low, high) * step for shift in (1, 0)]
    ours, peer = mann_whitney(*arms, 0.95), stats.mannwhitneyu(*arms, method="asymptotic")
    assert ours.statistic == peer.statistic
    assert ours.p_value == pytest.approx(peer.pvalue, rel=1e-10)
    ours, peer = brunner_munzel(*arms, 0.95), stats.brunnermunzel(*arms)
    assert ours.p_value == pytest.approx(peer.pvalue, rel=1e-10)
    assert ours.statistic == pytest.approx(-peer.statistic, rel=1e-10)
