"""The one row that is the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from expeval.analysis.choose import Plan
from expeval.analysis.mixed_model import MixedModels
from expeval.analysis.said import Said
from expeval.analysis.setting import Setting
from expeval.glossary import NOTES
from expeval.results import EstimateRow
from expeval.stats.estimate import Estimate


def settle(plan: Plan, mixed: MixedModels, said: Said) -> Plan:
    """The plan with its method settled, where the zero of the institutions' variance decides between two."""
    if plan.at_zero is None:
        return plan
    if mixed.at_zero(plan.method):
        because = "The mixed model finds no variance between institutions: as planned, their means take its place."
        said.decide("primary", plan.at_zero, because)
        return replace(plan, method=plan.at_zero, at_zero=None)
    said.decide("primary", plan.method, "The mixed model finds variance between institutions: it is the answer.")
    return replace(plan, at_zero=None)


def mark_primary(rows: Sequence[EstimateRow], plan: Plan, setting: Setting) -> list[EstimateRow]:
    """Mark the planned row; where the design allows no error, its estimate stands alone.

    Where nobody is left in an arm, no plan has its data: then the planned row stands without numbers.

    Raises
    ------
    LookupError
        If no row, or more than one, is the planned one: a result without its answer may not leave.
    """
    marked = [_marked(row, plan) if _is_planned(row, plan) else row for row in rows]
    if setting.one_arm and not any(row.primary for row in marked):
        row = setting.row(plan.method, "treatment", Estimate(reason="no-units"), None, analysis=plan.analysis)
        return [*marked, replace(row, primary=True)]
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
