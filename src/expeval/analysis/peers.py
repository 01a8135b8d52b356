"""What pingouin, statsmodels and scipy say about two groups, asked so that they answer our question.

What each can and cannot say was read in its source (pingouin 0.7, statsmodels 0.15, scipy 1.17):

* pingouin computes t, U, Shapiro–Wilk and Levene through scipy.  It is independent of our arithmetic, not of
  scipy's.  It rounds 95 % intervals to two decimals unless told not to, takes Welch's test wherever the arms
  differ in size unless told not to, gives |d| in its t test, turns a second arm of one student into a one-sample
  test without a word, and has no Glass's delta.
* statsmodels' t tests, its analysis of variance of absolute deviations and its rank comparison are its own.
* The Hodges–Lehmann shift and the permutation p have no peer in any of the three.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expeval.stats.estimate import Alternative

FloatArray = NDArray[np.float64]

MOST_PAIRS = 5_000_000
"""pingouin.mwu holds the table of all pairs (17 bytes each) in memory: above this it isn't asked."""


class UnansweredError(ValueError):
    """The library would answer another question than ours; the message says which."""


@dataclass(frozen=True, slots=True)
class Arms:
    """The values of both arms, the level of the intervals and the direction of the p-values."""

    experimental: FloatArray
    control: FloatArray
    confidence: float
    alternative: Alternative

    @property
    def sizes(self) -> tuple[int, int]:
        """Students in the experimental and in the control arm."""
        return self.experimental.size, self.control.size

    @property
    def pairs(self) -> int:
        """Pairs of one student from each arm."""
        return self.experimental.size * self.control.size

    @property
    def larger(self) -> str:
        """The alternative in statsmodels' words."""
        return {"greater": "larger", "less": "smaller"}.get(self.alternative, self.alternative)


Answer = dict[str, float]


@dataclass(frozen=True, slots=True)
class Peer:
    """One library's answer to one of our rows.

    ``ask`` returns only the fields that the library gives at full precision, under the names of our columns;
    it may raise what the library raises on degenerate data, or :class:`UnansweredError` with the sentence.
    ``approximate_factor``: the library corrects Cohen's d by 1 - 3/(4 df - 1) instead of the exact J.
    """

    library: str
    analysis: str
    method: str
    term: str
    ask: Callable[[Arms], Answer]
    remark: str | None = None
    approximate_factor: bool = False


def peers(arms: Arms) -> Iterator[Peer]:
    """Who is asked what, in the order of the rows."""
    for term in ("experimental", "control"):
        yield Peer("pingouin", "assumption", "shapiro-wilk", term, _pingouin_shapiro(term), "scipy's algorithm")
    yield Peer("pingouin", "assumption", "brown-forsythe", "groups", _pingouin_brown_forsythe, "scipy's algorithm")
    yield Peer("statsmodels", "assumption", "brown-forsythe", "groups", _statsmodels_brown_forsythe)
    for method, welch in (("student", False), ("welch", True)):
        yield Peer("pingouin", "test", method, "difference", _pingouin_t(welch))
        yield Peer("statsmodels", "test", method, "difference", _statsmodels_t(welch))
    no_shift = "no library gives the Hodges–Lehmann shift and its interval"
    if arms.pairs <= MOST_PAIRS:
        yield Peer("pingouin", "test", "mann-whitney", "difference", _pingouin_mann_whitney, no_shift)
    else:
        yield Peer("scipy", "test", "mann-whitney", "difference", _scipy_mann_whitney, no_shift)
    yield Peer("statsmodels", "test", "brunner-munzel", "difference", _statsmodels_brunner_munzel)
    yield from _effect_size_peers(arms)


def _effect_size_peers(arms: Arms) -> Iterator[Peer]:
    def peer(library: str, method: str, ask: Callable[[Arms], Answer], **more: Any) -> Peer:
        return Peer(library, "effect-size", method, "difference", ask, **more)

    bounds = "bounds: roots of scipy's noncentral t"
    yield peer("pingouin", "cohen-d", _pingouin_effect_size("cohen"))
    yield peer("scipy", "cohen-d", _scipy_cohen_bounds, remark=bounds)
    yield peer("pingouin", "hedges-g", _pingouin_effect_size("hedges"), approximate_factor=True)
    yield peer("statsmodels", "hedges-g", _statsmodels_hedges, approximate_factor=True)
    yield peer("scipy", "glass-delta", _scipy_glass, remark=bounds)
    yield peer("pingouin", "probability-of-superiority", _pingouin_effect_size("cles"))
    yield peer("statsmodels", "probability-of-superiority", _statsmodels_superiority)
    if arms.pairs <= MOST_PAIRS:
        yield peer("pingouin", "rank-biserial", _pingouin_rank_biserial)
    yield peer("statsmodels", "rank-biserial", _statsmodels_rank_biserial)


@contextmanager
def _unrounded() -> Iterator[Any]:
    """Pingouin without its rounding of columns, put back afterwards."""
    import pingouin

    before = dict(pingouin.options)
    for key in before:
        if key.startswith("round"):
            pingouin.options[key] = None
    try:
        yield pingouin
    finally:
        pingouin.options.clear()
        pingouin.options.update(before)


def _pingouin_shapiro(term: str) -> Callable[[Arms], Answer]:
    def ask(arms: Arms) -> Answer:
        values = arms.experimental if term == "experimental" else arms.control
        if values.size > 5000:
            raise UnansweredError("not asked: above 5,000 students scipy's p is not accurate")
        with _unrounded() as pingouin:
            table = pingouin.normality(values)
        return {"statistic": table["W"].iloc[0], "p_value": table["pval"].iloc[0]}

    return ask


def _pingouin_brown_forsythe(arms: Arms) -> Answer:
    with _unrounded() as pingouin:
        table = pingouin.homoscedasticity([arms.experimental, arms.control], center="median")
    return {"statistic": table["W"].iloc[0], "p_value": table["pval"].iloc[0]}


def _statsmodels_brown_forsythe(arms: Arms) -> Answer:
    from statsmodels.stats.oneway import test_scale_oneway

    # method="equal" is the 1974 test; its default "bf" is the other test of the same two authors.
    result = test_scale_oneway((arms.experimental, arms.control), method="equal", center="median", transform="abs")
    return {"statistic": result.statistic, "p_value": result.pvalue}


def _pingouin_t(welch: bool) -> Callable[[Arms], Answer]:
    def ask(arms: Arms) -> Answer:
        _refuse_arm_of_one(arms)
        x, y = arms.experimental, arms.control
        with _unrounded() as pingouin:
            # Its one-sided tests have one-sided intervals; ours are two-sided always.
            table = pingouin.ttest(x, y, correction=welch, confidence=arms.confidence)
            tail = pingouin.ttest(x, y, correction=welch, alternative=arms.alternative)
        # The column's name changes with the level, so the interval is found by its place among the names.
        interval = table[next(name for name in table.columns if name.startswith("CI"))].iloc[0]
        return {
            "statistic": table["T"].iloc[0],
            "df": table["dof"].iloc[0],
            "p_value": tail["p_val"].iloc[0],
            "conf_low": interval[0],
            "conf_high": interval[1],
        }

    return ask


def _statsmodels_t(welch: bool) -> Callable[[Arms], Answer]:
    def ask(arms: Arms) -> Answer:
        from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

        both = CompareMeans(DescrStatsW(arms.experimental), DescrStatsW(arms.control))
        spread = "unequal" if welch else "pooled"
        statistic, p_value, df = both.ttest_ind(alternative=arms.larger, usevar=spread)
        low, high = both.tconfint_diff(alpha=1.0 - arms.confidence, usevar=spread)
        return {
            "estimate": both.d1.mean - both.d2.mean,
            "std_error": both.std_meandiff_separatevar if welch else both.std_meandiff_pooledvar,
            "statistic": statistic,
            "df": df,
            "p_value": p_value,
            "conf_low": low,
            "conf_high": high,
        }

    return ask


def _mann_whitney_method(arms: Arms) -> str:
    """R's rule; scipy's "auto" is asymptotic once both arms exceed 8."""
    both = np.concatenate([arms.experimental, arms.control])
    return "exact" if max(arms.sizes) < 50 and np.unique(both).size == both.size else "asymptotic"


def _pingouin_mann_whitney(arms: Arms) -> Answer:
    with _unrounded() as pingouin:
        table = pingouin.mwu(
            arms.experimental, arms.control, alternative=arms.alternative, method=_mann_whitney_method(arms)
        )
    return {"statistic": table["U_val"].iloc[0], "p_value": table["p_val"].iloc[0]}


def _scipy_mann_whitney(arms: Arms) -> Answer:
    from scipy.stats import mannwhitneyu

    result = mannwhitneyu(
        arms.experimental, arms.control, alternative=arms.alternative, method=_mann_whitney_method(arms)
    )
    return {"statistic": result.statistic, "p_value": result.pvalue}


def _statsmodels_ranks(arms: Arms) -> Any:
    from statsmodels.stats.nonparametric import rank_compare_2indep

    return rank_compare_2indep(arms.experimental, arms.control, use_t=True)


def _statsmodels_brunner_munzel(arms: Arms) -> Answer:
    ranks = _statsmodels_ranks(arms)
    test = ranks.test_prob_superior(value=0.5, alternative=arms.larger)
    low, high = ranks.conf_int(alpha=1.0 - arms.confidence)
    return {
        "estimate": ranks.prob1,
        "std_error": math.sqrt(ranks.var_prob),
        "statistic": test.statistic,
        "df": ranks.df,
        "p_value": test.pvalue,
        "conf_low": low,
        "conf_high": high,
    }


def _statsmodels_superiority(arms: Arms) -> Answer:
    ranks = _statsmodels_ranks(arms)
    return {"estimate": ranks.prob1, "std_error": math.sqrt(ranks.var_prob)}


def _statsmodels_rank_biserial(arms: Arms) -> Answer:
    ranks = _statsmodels_ranks(arms)
    return {"estimate": ranks.somersd1, "std_error": 2.0 * math.sqrt(ranks.var_prob)}


def _pingouin_rank_biserial(arms: Arms) -> Answer:
    with _unrounded() as pingouin:
        return {"estimate": pingouin.mwu(arms.experimental, arms.control, method="asymptotic")["RBC"].iloc[0]}


def _pingouin_effect_size(kind: str) -> Callable[[Arms], Answer]:
    def ask(arms: Arms) -> Answer:
        if kind != "cles":
            _refuse_arm_of_one(arms)
        with _unrounded() as pingouin:
            return {"estimate": pingouin.compute_effsize(arms.experimental, arms.control, eftype=kind)}

    return ask


def _statsmodels_hedges(arms: Arms) -> Answer:
    from statsmodels.stats.meta_analysis import effectsize_smd

    described = [(values.mean(), values.std(ddof=1), values.size) for values in (arms.experimental, arms.control)]
    estimate, _ = effectsize_smd(*described[0], *described[1])
    return {"estimate": estimate}


def _scipy_cohen_bounds(arms: Arms) -> Answer:
    from scipy.stats import ttest_ind

    result = ttest_ind(arms.experimental, arms.control, equal_var=True)
    scale = math.sqrt(1.0 / arms.sizes[0] + 1.0 / arms.sizes[1])
    low, high = _noncentrality_bounds(float(result.statistic), float(result.df), arms.confidence)
    return {"conf_low": low * scale, "conf_high": high * scale}


def _scipy_glass(arms: Arms) -> Answer:
    from scipy.stats import describe

    ours, theirs = describe(arms.experimental), describe(arms.control)
    estimate = float((ours.mean - theirs.mean) / np.sqrt(theirs.variance))
    scale = math.sqrt(1.0 / theirs.nobs + ours.variance / (ours.nobs * theirs.variance))
    low, high = _noncentrality_bounds(estimate / scale, theirs.nobs - 1.0, arms.confidence)
    return {"estimate": estimate, "conf_low": low * scale, "conf_high": high * scale}


def _noncentrality_bounds(statistic: float, df: float, confidence: float) -> tuple[float, float]:
    """Noncentralities under which the statistic is the upper and the lower quantile (Steiger & Fouladi 1997)."""
    from scipy.optimize import brentq
    from scipy.stats import nct

    if not (math.isfinite(statistic) and df > 0.0):
        raise UnansweredError("scipy gives nothing for this data (no finite t)")
    tail = (1.0 - confidence) / 2.0

    def bound(probability: float, direction: float) -> float:
        def miss(noncentrality: float) -> float:
            return float(nct.cdf(statistic, df, noncentrality)) - probability

        # Stepwise outwards: scipy's noncentral t is NaN far from the statistic.
        width = 1.0
        while miss(statistic + direction * width) * direction > 0.0 and width < 1e9:
            width *= 1.5
        ends = sorted((statistic, statistic + direction * width))
        return float(brentq(miss, *ends, xtol=1e-13, rtol=1e-14))

    return bound(1.0 - tail, -1.0), bound(tail, 1.0)


def _refuse_arm_of_one(arms: Arms) -> None:
    if min(arms.sizes) < 2:
        raise UnansweredError("not asked: pingouin takes an arm of one student for a one-sample test")
