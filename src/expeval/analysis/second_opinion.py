"""The two-group statistics once more, from the rows, by other libraries: where they agree with ours."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expeval.analysis.peers import Arms, Peer, UnansweredError, peers
from expeval.results import DecisionRow, EstimateRow, WarningRow
from expeval.stats.estimate import Alternative, finite

FloatArray = NDArray[np.float64]

FIELDS = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")

TOLERANCE = 1e-6
"""Relative: the libraries compute in double precision by other routes; more apart is another method."""

TOLERANCES: dict[str, float] = {
    # Royston's algorithm has several published sets of coefficients: R and scipy part at the eighth digit of W,
    # and a far tail of p magnifies that.
    "shapiro-wilk": 1e-4,
}

ROUNDING = 1e-9
"""A field near zero is compared on the row's own scale (its error or interval), not relative to itself."""

# What a library raises on data without spread, of one student, or empty.
DEGENERATE = (AssertionError, ArithmeticError, IndexError, RuntimeError, ValueError)


# How many roundings of the largest score a library may leave in what it computes from deviations.
LOST = 64.0
# The square of this is about the largest double.
SQUARES = 1e150


@dataclass(frozen=True, slots=True)
class _Comparison:
    differences: dict[str, float]
    tolerance: float

    @property
    def apart(self) -> dict[str, float]:
        return {name: gap for name, gap in self.differences.items() if gap > self.tolerance}

    @property
    def largest(self) -> float | None:
        return max(self.differences.values(), default=None)


def second_opinion(
    outcome: str,
    experimental: FloatArray,
    control: FloatArray,
    confidence: float,
    alternative: Alternative,
    own: Sequence[EstimateRow],
) -> tuple[list[EstimateRow], DecisionRow, list[WarningRow]]:
    """Ask other libraries for every two-group statistic and say where they agree with our rows.

    Right for catching a slip in our arithmetic or a variant that differs unnoticed.  It does not show that the
    method suits the data: all of these ignore that students sit in classes.

    Parameters
    ----------
    outcome
        The outcome's name, written into the rows.
    experimental, control : array (n_E,), (n_C,)
        The arms' values, in the outcome's unit, without missing values.
    confidence
        Level of the two-sided intervals, in (0, 1).
    alternative
        Direction of the p-values.
    own
        Our rows of this outcome; those of other methods are passed over.

    Returns
    -------
    rows
        Analysis ``second-opinion``, method ``LIBRARY-METHOD``, the term of our row.  A field that the library
        doesn't give at full precision, or that isn't finite, is ``None``.  ``note`` holds the agreement.
    decision
        Step ``second-opinion``, choice ``agrees``, ``differs`` or ``not-compared``; figures ``compared`` and
        ``agree`` (fields), ``largest_relative_difference``.
    warnings
        ``second-opinion-differs`` where a field differs by more than its tolerance.

    Notes
    -----
    Two numbers agree where \\|a - b\\| <= tolerance x max(\\|a\\|, \\|b\\|, floor); the floor keeps a difference
    of means that is zero up to rounding from counting as a disagreement.  Hedges' g is compared after the
    factor by which the approximate correction 1 - 3/(4 df - 1) of both libraries differs from the exact gamma
    form (Hedges 1981, Journal of Educational Statistics 6(2)).
    """
    arms = Arms(
        np.asarray(experimental, dtype=np.float64), np.asarray(control, dtype=np.float64), confidence, alternative
    )
    ours = {(row.analysis, row.method, row.term): row for row in own if row.outcome == outcome}
    rows: list[EstimateRow] = []
    comparisons: list[tuple[str, _Comparison]] = []
    for peer in peers(arms):
        values, failure = _asked(peer, arms)
        comparison = _compared(values, ours.get((peer.analysis, peer.method, peer.term)), peer, arms)
        row = _row(outcome, peer, arms, values, failure or _agreement(comparison, peer, arms))
        rows.append(row)
        comparisons.append((row.method, comparison))
    return rows, _decision(outcome, comparisons), _warnings(outcome, comparisons)


def _asked(peer: Peer, arms: Arms) -> tuple[dict[str, float | None], str | None]:
    """The library's answer, and the sentence where it has none; its warnings stay inside."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            answer = peer.ask(arms)
            values = {name: finite(value) for name, value in answer.items()}
    except UnansweredError as error:
        return {}, str(error)
    except DEGENERATE as error:
        return {}, f"{peer.library} gives nothing for this data ({type(error).__name__})"
    if all(value is None for value in values.values()):
        return values, f"{peer.library} gives no finite number for this data"
    return values, None


def _row(outcome: str, peer: Peer, arms: Arms, values: dict[str, float | None], note: str) -> EstimateRow:
    sizes = {"experimental": arms.sizes[0], "control": arms.sizes[1]}
    return EstimateRow(
        outcome=outcome,
        analysis="second-opinion",
        method=f"{peer.library}-{peer.method}",
        term=peer.term,
        n=sizes.get(peer.term, sum(arms.sizes)),
        note="; ".join(part for part in (note, peer.remark) if part),
        **values,  # type: ignore[arg-type]  # keys are FIELDS
    )


def _compared(values: dict[str, float | None], own: EstimateRow | None, peer: Peer, arms: Arms) -> _Comparison:
    tolerance = max(TOLERANCES.get(peer.method, TOLERANCE), _lost_by_others(arms, own))
    if own is None or tolerance > 1.0:
        return _Comparison({}, tolerance)
    factor = _approximate_over_exact(arms) if peer.approximate_factor else 1.0
    differences = {}
    for name, theirs in values.items():
        value = getattr(own, name)
        if theirs is not None and value is not None and factor is not None:
            # The floor is `ROUNDING` of the scale once the tolerance is multiplied in.
            floor = ROUNDING / tolerance * _scale(own, name)
            largest = max(abs(theirs), abs(value * factor), floor)
            differences[name] = abs(theirs - value * factor) / largest if largest > 0.0 else 0.0
    return _Comparison(differences, tolerance)


def _lost_by_others(arms: Arms, own: EstimateRow | None) -> float:
    """What arithmetic that does not centre first may lose, relatively: the largest score in units of the spread.

    A p-value in the tail moves 1 + t^2 times as much as t.
    """
    spread = max((float(np.ptp(arm)) for arm in (arms.experimental, arms.control) if arm.size), default=0.0)
    largest = max((float(np.abs(arm).max()) for arm in (arms.experimental, arms.control) if arm.size), default=0.0)
    if spread == 0.0:
        return 0.0
    if not (largest < SQUARES and spread > 1.0 / SQUARES):  # their squares overflow, or vanish
        return float("inf")
    statistic = own.statistic if own is not None and own.statistic is not None else 0.0
    tail = 1.0 + min(statistic * statistic, 1e3) if own is not None and own.method in ("student", "welch") else 1.0
    return float(LOST * np.finfo(np.float64).eps * largest / spread * tail)


def _scale(own: EstimateRow, name: str) -> float:
    if name == "statistic":
        return 1.0
    if name in ("estimate", "conf_low", "conf_high"):
        if own.std_error is not None:
            return own.std_error
        return own.conf_high - own.conf_low if own.conf_low is not None and own.conf_high is not None else 0.0
    return 0.0


def _approximate_over_exact(arms: Arms) -> float | None:
    """(1 - 3/(4 df - 1)) / J(df); ``None`` where J does not exist (df below 2)."""
    from scipy import special

    df = sum(arms.sizes) - 2
    if df < 2:
        return None
    exact = math.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2) - math.log(df / 2) / 2)
    return (1.0 - 3.0 / (4.0 * df - 1.0)) / exact


def _agreement(comparison: _Comparison, peer: Peer, arms: Arms) -> str:
    if comparison.largest is None:
        if comparison.tolerance > 1.0:
            return "not compared: scores out of the range, or too large against their spread, for its arithmetic"
        return "not compared: ours is null"
    if comparison.apart:
        gaps = ", ".join(f"{name} by {gap:.1e}" for name, gap in comparison.apart.items())
        return f"differs from ours, relatively: {gaps}; tolerance {comparison.tolerance:.0e}"
    # Digits below 1e-12 are rounding and differ from machine to machine: not worth a claim.
    said = 10.0 ** math.ceil(math.log10(max(comparison.largest, 1e-12)) - 1e-9)
    words = f"agrees with ours to {said:.0e}"
    factor = _approximate_over_exact(arms) if peer.approximate_factor else None
    if factor is None:
        return words
    return f"{words} once its approximate factor 1 - 3/(4 df - 1) is taken out ({factor - 1.0:+.1e} of the exact J)"


def _decision(outcome: str, comparisons: list[tuple[str, _Comparison]]) -> DecisionRow:
    compared = sum(len(comparison.differences) for _, comparison in comparisons)
    apart = sum(len(comparison.apart) for _, comparison in comparisons)
    if not compared:
        choice, because = "not-compared", "no quantity of the two-group rows exists both here and in another library"
    elif apart:
        choice, because = "differs", "some quantities differ from another library's by more than their tolerance"
    else:
        choice = "agrees"
        because = (
            "pingouin, statsmodels and scipy give the same quantities from the rows (the permutation test and the "
            "Hodges–Lehmann shift have no counterpart there)"
        )
    figures: dict[str, float | int | str | None] = {
        "compared": compared,
        "agree": compared - apart,
        "largest_relative_difference": max(
            (c.largest for _, c in comparisons if c.largest is not None),
            default=None,
        ),
    }
    return DecisionRow(outcome, "second-opinion", choice, because, figures)


def _warnings(outcome: str, comparisons: list[tuple[str, _Comparison]]) -> list[WarningRow]:
    apart = [f"{method} ({', '.join(comparison.apart)})" for method, comparison in comparisons if comparison.apart]
    if not apart:
        return []
    message = (
        f"Another library disagrees and the difference is not explained: {'; '.join(apart)}. "
        "Do not rely on these numbers before it is."
    )
    return [WarningRow(outcome, "second-opinion-differs", message)]
