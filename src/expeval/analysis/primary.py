"""The one row that is the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from expeval.analysis.choose import Plan
from expeval.glossary import NOTES
from expeval.results import EstimateRow


def mark_primary(rows: Sequence[EstimateRow], plan: Plan) -> list[EstimateRow]:
    """Mark the planned row; where the design allows no error, its estimate stands alone.

    Raises
    ------
    LookupError
        If no row, or more than one, is the planned one: a result without its answer may not leave.
    """
    marked = [_marked(row, plan) if _is_planned(row, plan) else row for row in rows]
    if sum(row.primary for row in marked) != 1:
        raise LookupError(f"no single row {plan.analysis} / {plan.method}")
    return marked


def _is_planned(row: EstimateRow, plan: Plan) -> bool:
    return (row.analysis, row.method) == (plan.analysis, plan.method) and row.term in ("treatment", "difference")


def _marked(row: EstimateRow, plan: Plan) -> EstimateRow:
    if not plan.estimate_only:
        return replace(row, primary=True)
    return EstimateRow(
        outcome=row.outcome,
        analysis=row.analysis,
        method=row.method,
        term=row.term,
        estimate=row.estimate,
        n=row.n,
        institutions=row.institutions,
        clusters=row.clusters,
        primary=True,
        note="; ".join(filter(None, [NOTES["too-few-units"], row.note])),
    )
