"""From an estimator's answer to a row of ``estimates``."""

from __future__ import annotations

from expeval.glossary import note
from expeval.results import EstimateRow
from expeval.stats.estimate import Estimate


def estimate_row(
    outcome: str,
    analysis: str,
    method: str,
    term: str,
    estimate: Estimate,
    *,
    n: int | None = None,
    institutions: int | None = None,
    clusters: int | None = None,
    notes: tuple[str | None, ...] = (),
) -> EstimateRow:
    """A row in the contract's columns; reason, variant and further note codes become its note."""
    return EstimateRow(
        outcome=outcome,
        analysis=analysis,
        method=method,
        term=term,
        estimate=estimate.estimate,
        std_error=estimate.std_error,
        statistic=estimate.statistic,
        df=estimate.df,
        p_value=estimate.p_value,
        conf_low=estimate.conf_low,
        conf_high=estimate.conf_high,
        n=n,
        institutions=institutions,
        clusters=clusters,
        note=note(estimate.reason, estimate.variant, *notes),
    )


def p_words(p_value: float) -> str:
    """A p-value in APA style: "p = .032", "p < .001"."""
    return "p < .001" if p_value < 0.001 else f"p = {p_value:.3f}".replace("0.", ".", 1)
