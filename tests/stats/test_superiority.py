"""P from a regression of win fractions: Brunner and Munzel's numbers, closed forms, invariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.stats.estimate import Estimate
from expeval.stats.least_squares import fit_least_squares, fitted_rows, hc3
from expeval.stats.moments import Moments
from expeval.stats.ordinal import adjusted_superiority, win_fractions
from expeval.stats.rank_tests import brunner_munzel

MARKS = st.lists(st.integers(2, 5), min_size=3, max_size=25)


def test_without_covariates_it_is_brunner_and_munzel_s(by_r) -> None:
    """HC2 of two means is the variance of each arm over n: their placement variances (2000, eq. 4-6)."""
    if not by_r.has("brunner-munzel", "std_error"):
        pytest.skip("no such row")
    y = np.concatenate([by_r.experimental, by_r.control])
    treatment = np.repeat([1.0, 0.0], [by_r.experimental.size, by_r.control.size])
    wins = win_fractions(y, treatment)
    treated = treatment == 1
    b = wins[treated].mean() - wins[~treated].mean()
    hc2 = np.sqrt(sum(wins[arm].var(ddof=1) / arm.sum() for arm in (treated, ~treated)))
    df = 30.0
    found = adjusted_superiority(Estimate(b, hc2, b / hc2, df), wins[treated].mean(), by_r.confidence)
    theirs = brunner_munzel(by_r.experimental, by_r.control, by_r.confidence, "two-sided")
    assert found.estimate == pytest.approx(theirs.estimate, rel=1e-12)
    assert found.std_error == pytest.approx(theirs.std_error, rel=1e-12)
    assert found.statistic == pytest.approx(theirs.statistic, rel=1e-9)


def test_a_covariate_that_explains_the_arms_takes_off_all_of_it() -> None:
    """Two arms alike but for a covariate that moves the outcome: P is 1/2 once it is held."""
    rng = np.random.default_rng(5)
    n = 40_000
    treatment = np.repeat([1.0, 0.0], n)
    x = rng.uniform(-1, 1, 2 * n) + 0.1 * treatment
    y = 0.3 * x + rng.uniform(-1, 1, 2 * n)  # linear in distribution functions, but for the ends
    wins = win_fractions(y, treatment)
    X = np.column_stack([np.ones(2 * n), treatment, x])
    fit = fit_least_squares(Moments.from_rows(X, wins), X, wins)
    regression = hc3(fit, fitted_rows(fit, X, wins), 1, 0.95)
    raw = float(wins[treatment == 1].mean())
    found = adjusted_superiority(regression, raw, 0.95)
    assert abs(found.estimate - 0.5) < 3 * found.std_error
    half_way = (1 + regression.estimate) / 2
    assert half_way - 0.5 == pytest.approx((raw - 0.5) / 2, abs=3 * found.std_error)


@settings(max_examples=30, deadline=None)
@given(MARKS, MARKS)
def test_swapping_the_arms_mirrors_it(experimental, control) -> None:
    y = np.array(experimental + control, dtype=float)
    treatment = np.repeat([1.0, 0.0], [len(experimental), len(control)])
    both = []
    for arm in (treatment, 1.0 - treatment):
        wins = win_fractions(y, arm)
        raw = float(wins[arm == 1].mean())
        both.append(adjusted_superiority(Estimate(2 * raw - 1, 0.1, None, 9.0), raw, 0.9))
    assert both[0].estimate == pytest.approx(1 - both[1].estimate, abs=1e-12)
    assert both[0].p_value == pytest.approx(both[1].p_value, rel=1e-9)
    assert both[0].conf_low == pytest.approx(1 - both[1].conf_high, abs=1e-12)


def test_the_interval_stays_inside_what_a_probability_can_be() -> None:
    found = adjusted_superiority(Estimate(0.9, 0.2, 4.5, 5.0), 0.95, 0.95)
    assert 0.0 <= found.conf_low < found.conf_high == 1.0


def test_without_an_error_the_estimate_stands_alone() -> None:
    found = adjusted_superiority(Estimate(0.4, reason="saturated"), 0.7, 0.95)
    assert (found.estimate, found.std_error, found.p_value, found.reason) == (
        pytest.approx(0.7),
        None,
        None,
        "saturated",
    )
    assert adjusted_superiority(Estimate(reason="no-units"), 0.5, 0.95) == Estimate(reason="no-units")
