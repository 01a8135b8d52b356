"""The table ``residuals``: percentiles of the primary model's standardised residuals."""

from __future__ import annotations

import numpy as np

from expeval.analysis.choose import Plan
from expeval.analysis.mixed_model import MixedModels
from expeval.analysis.regression import standardised_residuals_of
from expeval.analysis.sample import TwoGroups
from expeval.analysis.setting import Setting
from expeval.results import ResidualRow
from expeval.scores.table import FloatArray
from expeval.stats.describe import describe
from expeval.study.spec import Study

PROBABILITIES = tuple(k / 100 for k in range(1, 100))
# Fewer residuals than this would draw single units of the data.
FEWEST = 20


def residual_rows(
    study: Study, groups: TwoGroups, setting: Setting, mixed: MixedModels, plan: Plan
) -> list[ResidualRow]:
    """The 1 %, 2 %, ... 99 % points (type 7); no rows where the primary method has no residuals."""
    if plan.analysis != "regression":
        residuals = _two_group_residuals(groups, plan.method)
    elif "mixed" in plan.method:
        residuals = mixed.residuals(plan.method)
    else:
        residuals = standardised_residuals_of(setting, plan.method)
    if residuals.size < max(FEWEST, study.report.minimum_cell):
        return []
    values = np.quantile(residuals, PROBABILITIES)
    return [ResidualRow(setting.outcome.name, p, float(v)) for p, v in zip(PROBABILITIES, values, strict=True)]


def _two_group_residuals(groups: TwoGroups, method: str) -> FloatArray:
    """(y - mean of the arm) / (sd of the arm x sqrt(1 - 1/n)); a rank test has none."""
    if method in ("mann-whitney", "brunner-munzel"):
        return np.empty(0)
    parts = []
    for arm in (groups.experimental, groups.control):
        d = describe(arm)
        if d.mean is not None and d.sd:
            parts.append((arm - d.mean) / (d.sd * np.sqrt(1.0 - 1.0 / d.n)))
    return np.concatenate(parts) if parts else np.empty(0)
