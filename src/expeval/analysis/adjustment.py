"""Several primary outcomes: their p-values adjusted within a domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from expeval.results import EstimateRow, answer_of
from expeval.stats.multiplicity import adjust
from expeval.study.spec import Study


def adjust_primary_p_values(study: Study, rows: Sequence[EstimateRow]) -> tuple[EstimateRow, ...]:
    """``p_adjusted`` on the primary rows of primary outcomes; null p-values leave the family.

    Where the answer is told by another row than the primary one (win fractions), that row's p is the one adjusted.
    """
    families: dict[str | None, list[str]] = {}
    for outcome in study.outcomes:
        if outcome.role == "primary":
            families.setdefault(outcome.domain, []).append(outcome.name)
    answer = {row.outcome: answer_of(rows, row).p_value for row in rows if row.primary}
    adjusted: dict[str, float | None] = {}
    for names in families.values():
        adjusted |= zip(names, adjust([answer.get(name) for name in names], study.inference.multiplicity), strict=True)
    return tuple(
        replace(row, p_adjusted=adjusted[row.outcome]) if row.primary and row.outcome in adjusted else row
        for row in rows
    )
