"""Standardised effect sizes of the two groups, with their intervals."""

from __future__ import annotations

from expeval.analysis.row import estimate_row
from expeval.analysis.sample import RegressionSample, TwoGroups
from expeval.analysis.test import number_note
from expeval.results import EstimateRow
from expeval.scores.table import Scores
from expeval.stats.effect_sizes import cohen_d, glass_delta, hedges_g, probability_of_superiority, rank_biserial
from expeval.stats.estimate import Estimate
from expeval.study.spec import Outcome, Study

EFFECT_SIZES = {
    "cohen-d": cohen_d,
    "hedges-g": hedges_g,
    "glass-delta": glass_delta,
    "probability-of-superiority": probability_of_superiority,
    "rank-biserial": rank_biserial,
}


def effect_size_rows(study: Study, outcome: Outcome, groups: TwoGroups) -> list[EstimateRow]:
    """Cohen's d, Hedges' g, Glass's delta, probability of superiority, rank-biserial correlation."""
    return [
        estimate_row(
            outcome.name,
            "effect-size",
            method,
            "difference",
            effect_size(groups.experimental, groups.control, study.inference.confidence),
            n=groups.outcome.size,
            institutions=groups.institutions,
            clusters=groups.outcome.size,
            notes=("ignores-units" if groups.cluster is not None else None, number_note(outcome, method)),
        )
        for method, effect_size in EFFECT_SIZES.items()
    ]


def baseline_rows(study: Study, scores: Scores, outcome: Outcome, sample: RegressionSample) -> list[EstimateRow]:
    """Hedges' g of the baseline between the arms, among the students of the regressions."""
    if outcome.name not in scores.baselines:
        return []
    baseline = scores.baselines[outcome.name][1].values[sample.rows]
    arms = [baseline[scores.arm[sample.rows] == arm] for arm in (1, 0)]
    estimate = (
        hedges_g(arms[0], arms[1], study.inference.confidence)
        if all(a.size for a in arms)
        else Estimate(reason="empty-arm")
    )
    return [estimate_row(outcome.name, "baseline", "hedges-g", "difference", estimate, n=sample.n)]
