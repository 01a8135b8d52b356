"""The later column goes, by name; large means are no collinearity."""

import numpy as np
import pytest

from expeval.stats.independence import independent_columns
from expeval.stats.moments import Moments

rng = np.random.default_rng(11)
N = 200
ONE, T, A, B = np.ones(N), rng.integers(0, 2, N).astype(float), rng.normal(50, 9, N), rng.normal(size=N)


def both(X, **kwargs):
    answer = independent_columns(X, **kwargs)
    assert independent_columns(Moments.from_rows(X, np.arange(N) % 7.0)) == answer
    return answer


def test_nothing_to_drop():
    found = both(np.column_stack([ONE, T, A, B]))
    assert found.kept == (0, 1, 2, 3)
    assert found.dropped == {}


def test_the_later_of_two_goes_and_knows_why():
    found = both(np.column_stack([ONE, T, A, A / 100.0, B, 3.0 * T - 2.0 * B + 7.0]))
    assert found.kept == (0, 1, 2, 4)
    assert found.dropped == {3: (2,), 5: (1, 4)}


def test_constants_repeat_the_intercept():
    found = both(np.column_stack([ONE, np.full(N, 0.1), T, np.zeros(N)]))
    assert found.kept == (0, 2)
    assert found.dropped == {1: (0,), 3: (0,)}


def test_all_dummies_of_a_category():
    level = np.arange(N) % 3
    found = both(np.column_stack([ONE, level == 0, level == 1, level == 2]).astype(float))
    assert found.dropped == {3: (1, 2)}


@pytest.mark.parametrize("level", [2e3, 1e6, 1e9])
def test_little_spread_on_a_large_mean_stays(level):
    """R's tolerance on uncentred columns would drop the last; two years are two years."""
    X = np.column_stack([ONE, level + T, level + np.round(A), level + np.round(A) + T])
    assert both(X).dropped == {3: (1, 2)}


def test_order_decides():
    assert both(np.column_stack([ONE, A, B, A + B])).dropped == {3: (1, 2)}
    assert both(np.column_stack([ONE, A + B, B, A])).dropped == {3: (1, 2)}


def test_scale_does_not_matter():
    X = np.column_stack([ONE, T * 1e-200, A * 1e200, B])
    assert independent_columns(X).dropped == {}


def test_more_columns_than_rows():
    X = np.column_stack([np.ones(4), rng.normal(size=(4, 6))])
    assert independent_columns(X).kept == (0, 1, 2, 3)
    assert independent_columns(X[:0]).kept == ()


def test_without_intercept():
    found = independent_columns(np.column_stack([T - T.mean(), np.zeros(N), A, 2.0 * A]))
    assert found.kept == (0, 2)
    assert found.dropped == {1: (), 3: (2,)}
