"""The primary coefficient in units of the students' spread, for studies with institutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from expeval.analysis.mixed_model import MixedModels
from expeval.analysis.sample import TwoGroups
from expeval.results import EstimateRow
from expeval.stats.clustered_effect_sizes import hedges_g_clustered, hedges_g_eef
from expeval.stats.estimate import Estimate
from expeval.stats.t_tests import pooled_sd


def clustered_effect_rows(rows: Sequence[EstimateRow], groups: TwoGroups, mixed: MixedModels) -> list[EstimateRow]:
    """``hedges-g-clustered`` (What Works Clearinghouse) and ``hedges-g-eef``; null for ordinal outcomes."""
    setting, sample = mixed.setting, mixed.setting.sample
    if sample.cluster is None:
        return []
    primary = next(row for row in rows if row.primary)
    estimates = dict.fromkeys(("hedges-g-clustered", "hedges-g-eef"), Estimate(reason="ordinal-has-no-sd"))
    if setting.outcome.kind != "ordinal":
        of_primary = (primary.estimate, primary.std_error, primary.df)
        within = mixed.within_arms
        estimates["hedges-g-clustered"] = hedges_g_clustered(
            *of_primary,
            sd=_within_arms_sd(groups),
            icc=None if within is None else within.icc,
            n=sample.n,
            clusters=setting.clusters or 0,
            confidence=setting.confidence,
        )
        total = mixed.unconditional
        estimates["hedges-g-eef"] = hedges_g_eef(
            *of_primary,
            total_sd=None if total is None or not total.variances else float(np.sqrt(sum(total.variances.values()))),
            icc=None if total is None else total.icc,
            sizes_experimental=_sizes(mixed, 1),
            sizes_control=_sizes(mixed, 0),
            confidence=setting.confidence,
        )
    return [
        replace(
            setting.row(method, "difference", estimate, setting.clusters, analysis="effect-size"),
            note=_note(setting.row(method, "difference", estimate, None).note, estimate, primary),
        )
        for method, estimate in estimates.items()
    ]


def _note(note: str | None, estimate: Estimate, primary: EstimateRow) -> str | None:
    """Where the primary row has no error, its own reason says more than that it has none."""
    return primary.note if estimate.reason == "primary-without-error" and primary.note else note


def _within_arms_sd(groups: TwoGroups) -> float | None:
    arms = (groups.experimental, groups.control)
    if min(arm.size for arm in arms) == 0 or groups.outcome.size < 3:
        return None
    return pooled_sd(*arms)


def _sizes(mixed: MixedModels, arm: int) -> list[int]:
    sample = mixed.setting.sample
    assert sample.cluster is not None
    return [int(n) for n in np.unique(sample.cluster[sample.treatment == arm], return_counts=True)[1]]
