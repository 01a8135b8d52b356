"""Assumptions: normality within each arm, equality of spread.  Their estimators need nothing but two arrays."""

from __future__ import annotations

from expeval.analysis.row import estimate_row
from expeval.analysis.sample import TwoGroups
from expeval.results import EstimateRow
from expeval.stats.assumptions import brown_forsythe, shapiro_wilk


def assumption_rows(outcome: str, groups: TwoGroups) -> list[EstimateRow]:
    """Shapiro-Wilk an arm and Brown-Forsythe."""
    experimental, control = groups.experimental, groups.control
    n = groups.outcome.size
    return [
        estimate_row(
            outcome, "assumption", "shapiro-wilk", "experimental", shapiro_wilk(experimental), n=experimental.size
        ),
        estimate_row(outcome, "assumption", "shapiro-wilk", "control", shapiro_wilk(control), n=control.size),
        estimate_row(outcome, "assumption", "brown-forsythe", "groups", brown_forsythe(experimental, control), n=n),
    ]
