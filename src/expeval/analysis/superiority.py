"""Who is ahead, for ordinal outcomes: every regression of win fractions told as P with its own error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from expeval.analysis.sample import RegressionSample
from expeval.results import EstimateRow
from expeval.stats.estimate import Estimate
from expeval.stats.ordinal import adjusted_superiority, win_fractions
from expeval.study.spec import Study

WIN_FRACTION = "win-fraction-"
SUPERIORITY = "probability-of-superiority-"


def superiority_rows(study: Study, sample: RegressionSample, rows: Sequence[EstimateRow]) -> list[EstimateRow]:
    """``probability-of-superiority-METHOD`` of each ``win-fraction-METHOD`` row, and the primary one's once more.

    The primary one's is also called ``probability-of-superiority-clustered`` (``-adjusted`` where the study names no
    institution and no class).
    """
    wins = [row for row in rows if row.method.startswith(WIN_FRACTION)]
    if not wins:
        return []
    treated = sample.treatment == 1
    unadjusted = 0.5
    if treated.any() and not treated.all():
        unadjusted = float(win_fractions(sample.outcome, treated.astype(np.float64))[treated].mean())
    found = []
    for row in wins:
        told = _as_probability(study, row, unadjusted)
        found.append(replace(told, method=SUPERIORITY + row.method.removeprefix(WIN_FRACTION)))
        if row.primary:
            last = "adjusted" if sample.cluster is None else "clustered"
            found.append(replace(told, method=SUPERIORITY + last))
    return found


def _as_probability(study: Study, row: EstimateRow, unadjusted: float) -> EstimateRow:
    regression = Estimate(row.estimate, row.std_error, row.statistic, row.df)
    inference = study.inference
    estimate = adjusted_superiority(regression, unadjusted, inference.confidence, inference.alternative)
    return replace(
        row,
        analysis="effect-size",
        term="difference",
        estimate=estimate.estimate,
        std_error=estimate.std_error,
        statistic=estimate.statistic,
        df=estimate.df,
        p_value=estimate.p_value,
        conf_low=estimate.conf_low,
        conf_high=estimate.conf_high,
        primary=False,
        note=row.note if estimate.p_value is None else None,
    )
