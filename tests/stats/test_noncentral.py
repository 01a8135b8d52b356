"""Bounds of the noncentrality parameter: 40-digit integration, closed forms, scipy, theorems."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from expeval.stats.noncentral import noncentral_t_tails, noncentrality_bounds

# The roots in delta of P(T <= t) = 1 - alpha/2 and alpha/2, by mpmath 1.4.1 at 40 digits:
#   quad(chi_density(s; df) * ncdf(t s - delta), s), findroot(..., solver="anderson").
BY_MPMATH = [
    (0.5, 1, 0.95, -1.6366534579550367539, 2.4582420924195030783),
    (3.0, 1, 0.95, -0.92480085520291165215, 7.087937772944389715),
    (50.0, 1, 0.95, 1.5404898431632273318, 112.09254816656875911),
    (12.0, 2, 0.95, 1.6448923730222760431, 23.18554480241890252),
    (2.5, 3, 0.9, 0.079218015832932521976, 4.6635983021382595487),
    (40.0, 10, 0.95, 22.667233166440900613, 57.34783763033715066),
    (1.0, 18, 0.95, -1.000042011270784847, 2.973190710007243916),
    (5.5, 18, 0.95, 2.8083290504732735167, 8.1076078542245129605),
    (7.0, 18, 0.99, 3.0738673678679827307, 10.948049500097676397),
    (100.0, 200, 0.95, 90.003051215482888202, 109.97546780981025832),
    (2.0, 1000, 0.95, 0.037578528302599352202, 3.9614234878517738758),
]
DF = st.integers(1, 400)
T = st.floats(-60.0, 60.0)
# Nearer to zero scipy's noncentral t does not converge, and its Student's t is off in the tenth digit.
NOT_TINY = st.floats(0.01, 60.0)
CONFIDENCE = st.sampled_from([0.8, 0.9, 0.95, 0.99])


@pytest.mark.parametrize(("t", "df", "confidence", "low", "high"), BY_MPMATH)
def test_forty_digits(t, df, confidence, low, high) -> None:
    found = noncentrality_bounds(t, df, confidence)
    assert found[0] == pytest.approx(low, abs=1e-12 * (t - low))
    assert found[1] == pytest.approx(high, abs=1e-12 * (high - t))


@pytest.mark.parametrize("df", [1, 2, 7, 500, 10_000_000])
@pytest.mark.parametrize("confidence", [0.6, 0.95, 0.999999, math.nextafter(1.0, 0.0)])
def test_at_zero_the_bounds_are_normal_quantiles(df, confidence) -> None:
    # P(T <= 0) = Phi(-delta), whatever df.
    z = -special.ndtri((1.0 - confidence) / 2.0)
    assert noncentrality_bounds(0.0, df, confidence) == pytest.approx((-z, z), rel=1e-12)


@pytest.mark.parametrize("t", [1e15, 1e99, 1e101, 1e300])
@pytest.mark.parametrize("df", [1, 4, 60, 5000])
def test_far_out_the_bounds_are_chi_quantiles(t, df) -> None:
    # Z is nothing beside t S: P(T <= t) = P(S >= delta/t).
    low, high = noncentrality_bounds(t, df, 0.95)
    assert low / t == pytest.approx(math.sqrt(2.0 * special.gammaincinv(df / 2.0, 0.025) / df), rel=1e-12)
    assert high / t == pytest.approx(math.sqrt(2.0 * special.gammainccinv(df / 2.0, 0.025) / df), rel=1e-12)


@pytest.mark.parametrize("df", [1e9, 1e12, 1e15])
def test_with_endless_df_t_is_normal(df) -> None:
    z = -special.ndtri(0.025)
    assert noncentrality_bounds(2.0, df, 0.95) == pytest.approx((2.0 - z, 2.0 + z), abs=10.0 / df + 1e-12)


def test_the_largest_t() -> None:
    low, high = noncentrality_bounds(1.7e308, 4, 0.95)
    assert 0.0 < low < 1.7e308
    assert high == math.inf  # above the largest double


@pytest.mark.parametrize(
    ("t", "df"), [(math.nan, 5), (math.inf, 5), (-math.inf, 5), (1.0, 0), (1.0, 0.5), (1.0, math.nan), (1.0, math.inf)]
)
def test_what_has_no_bounds_is_none(t, df) -> None:
    assert noncentrality_bounds(t, df, 0.95) is None


@settings(max_examples=30, deadline=None)
@given(NOT_TINY, DF, CONFIDENCE)
def test_scipy_s_tails_at_the_bounds(t, df, confidence) -> None:
    from scipy.stats import nct

    low, high = noncentrality_bounds(t, df, confidence)
    assert nct.sf(t, df, low) == pytest.approx((1.0 - confidence) / 2.0, rel=1e-6)
    assert nct.cdf(t, df, high) == pytest.approx((1.0 - confidence) / 2.0, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(NOT_TINY, DF)
def test_without_noncentrality_it_is_student_s(t, df) -> None:
    below, above = noncentral_t_tails(t, df, 0.0)
    assert below == pytest.approx(special.stdtr(df, t), rel=1e-12)
    assert above == pytest.approx(special.stdtr(df, -t), rel=1e-11, abs=1e-30)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.0, 1e9))
def test_one_degree_of_freedom_is_cauchy_s(t) -> None:
    below, above = noncentral_t_tails(t, 1, 0.0)
    assert below == pytest.approx(0.5 + math.atan(t) / math.pi, rel=1e-12)
    assert above == pytest.approx(math.atan2(1.0, t) / math.pi, rel=1e-10)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.0, 60.0), DF, st.floats(-30.0, 90.0))
def test_the_tails_are_all_there_is(t, df, delta) -> None:
    assert sum(noncentral_t_tails(t, df, delta)) == pytest.approx(1.0, rel=1e-12)


@settings(max_examples=25, deadline=None)
@given(T, DF, CONFIDENCE)
def test_the_sign_mirrors_the_bounds(t, df, confidence) -> None:
    low, high = noncentrality_bounds(t, df, confidence)
    assert noncentrality_bounds(-t, df, confidence) == pytest.approx((-high, -low), rel=1e-12, abs=1e-13)
    assert low < high


@settings(max_examples=25, deadline=None)
@given(st.floats(-6.0, 6.0), DF, CONFIDENCE)
def test_zero_lies_inside_exactly_where_t_is_not_rejected(t, df, confidence) -> None:
    low, high = noncentrality_bounds(t, df, confidence)
    p = 2.0 * special.stdtr(df, -abs(t))
    if abs(p - (1.0 - confidence)) > 1e-9:
        assert (low <= 0.0 <= high) == (p > 1.0 - confidence)


@settings(max_examples=15, deadline=None)
@given(T, DF)
def test_more_confidence_is_wider(t, df) -> None:
    narrow, wide = noncentrality_bounds(t, df, 0.9), noncentrality_bounds(t, df, 0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
