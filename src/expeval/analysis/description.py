"""The tables ``groups``, ``flow`` and ``distributions``: who was studied, and what their scores look like."""

from __future__ import annotations

import math

import numpy as np

from expeval.analysis.sample import TwoGroups, missing_by_reason
from expeval.glossary import note
from expeval.results import DistributionRow, FlowRow, GroupRow
from expeval.scores.table import Categories, FloatArray, Scores
from expeval.stats.describe import describe
from expeval.study.spec import Outcome, Study

ARMS = {"experimental": 1, "control": 0}
MOST_LEVELS = 15
MOST_BINS = 30


def group_rows(scores: Scores, outcome: Outcome) -> list[GroupRow]:
    """The description of both arms: the outcome, and the baseline where there is one."""
    moments = {"outcome": scores.outcomes[outcome.name].values}
    if outcome.name in scores.baselines:
        moments["baseline"] = scores.baselines[outcome.name][1].values
    return [
        _group_row(scores, outcome.name, arm, code, moment, values)
        for moment, values in moments.items()
        for arm, code in ARMS.items()
    ]


def _group_row(scores: Scores, outcome: str, arm: str, code: int, moment: str, values: FloatArray) -> GroupRow:
    here = scores.arm == code
    present = here & ~np.isnan(values)
    d = describe(values[present])
    spread = d.max is not None and d.max == d.min
    return GroupRow(
        outcome=outcome,
        arm=arm,
        moment=moment,
        n=d.n,
        missing=int(here.sum()) - d.n,
        institutions=_count(scores.institution, present),
        mean=d.mean,
        sd=d.sd,
        median=d.median,
        q25=d.q25,
        q75=d.q75,
        min=d.min,
        max=d.max,
        skewness=d.skewness,
        note=note("empty-arm" if d.n == 0 else "no-spread" if spread and d.n > 1 else None),
    )


def flow_rows(scores: Scores, study: Study, outcome: Outcome) -> list[FlowRow]:
    """From rows read to rows analysed; each row left out once, under the first reason that applies."""
    rows = []
    reasons = missing_by_reason(scores, study, outcome)
    for arm in ("experimental", "control", "other"):
        before = {reason: count for (side, reason), count in scores.left_out.items() if side == arm and count}
        if arm == "other":
            read = sum(before.values())
            if read:
                rows.append(FlowRow(outcome.name, arm, read, dict(before), 0, 0, None, None))
            continue
        left = scores.arm == ARMS[arm]
        read = int(left.sum()) + sum(before.values())
        left_out: dict[str, int | None] = dict(before)
        analysed = np.zeros_like(left)
        for reason, missing in reasons:
            if count := int((left & missing).sum()):
                left_out[reason] = count
            left = left & ~missing
            if reason == "no-outcome":
                analysed = left & ~scores.outcomes[outcome.name].missing  # what is declared missing comes last
        rows.append(
            FlowRow(
                outcome=outcome.name,
                arm=arm,
                read=read,
                left_out=left_out,
                analysed=int(analysed.sum()),
                complete=int(left.sum()),
                institutions=_count(scores.institution, analysed),
                classes=_count(scores.class_, analysed),
            )
        )
    return rows


def _count(column: Categories | None, rows: np.ndarray) -> int | None:
    if column is None:
        return None
    codes = column.codes[rows]
    return int(np.unique(codes[codes >= 0]).size)


def distribution_rows(study: Study, scores: Scores, outcome: Outcome, groups: TwoGroups) -> list[DistributionRow]:
    """Bins of both arms (levels, where few) for the figures; end bins hold at least ``minimum_cell``."""
    rows = _binned(study, outcome, "outcome", groups.experimental, groups.control)
    if outcome.name in scores.baselines:
        values = scores.baselines[outcome.name][1].values
        present = ~np.isnan(values)
        arms = [values[present & (scores.arm == code)] for code in ARMS.values()]
        rows += _binned(study, outcome, "baseline", *arms)
    return rows


def _binned(
    study: Study, outcome: Outcome, moment: str, experimental: FloatArray, control: FloatArray
) -> list[DistributionRow]:
    pooled = np.concatenate([experimental, control])
    if pooled.size == 0:
        return []
    levels, counts_of_levels = np.unique(pooled, return_counts=True)
    # The few scores of few students are no levels: each would be somebody's, and an arm without it would say whose.
    shared = outcome.kind != "score" or levels.size == 1 or counts_of_levels.min() >= study.report.minimum_cell
    as_levels = levels.size <= MOST_LEVELS and shared
    rows = []
    for arm, values in zip(ARMS, (experimental, control), strict=True):
        if as_levels:
            bins = [(float(level), float(level), int((values == level).sum())) for level in levels]
        else:
            edges = _edges(levels)
            counts = np.histogram(values, edges)[0]
            bins = [(float(a), float(b), int(n)) for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)]
            bins = _merge_ends(bins, study.report.minimum_cell)
        rows += [DistributionRow(outcome.name, arm, moment, low, high, n) for low, high, n in bins]
    return rows


def _edges(levels: FloatArray) -> FloatArray:
    """Round edges over the range: a width of 1, 2, 2.5 or 5 times a power of ten, at most MOST_BINS bins."""
    low, high = float(levels[0]), float(levels[-1])
    raw = (high - low) / MOST_BINS
    power = 10.0 ** math.floor(math.log10(raw))
    width = next((power * step for step in (1.0, 2.0, 2.5, 5.0, 10.0) if power * step >= raw), 0.0)
    if not width:  # a spread of so few of the smallest numbers that no power of ten divides it
        return np.unique(np.linspace(low, high, 11))
    first = math.floor(low / width)
    last = math.floor(high / width) + 1
    edges = np.arange(first, last + 1) * width
    if np.unique(edges).size < edges.size or edges.size > MOST_BINS + 3:  # a spread below the values' precision
        return np.linspace(low, high, 11)
    return np.asarray(edges)


def _merge_ends(bins: list[tuple[float, float, int]], minimum: int) -> list[tuple[float, float, int]]:
    """Drop empty end bins, then merge end bins until both hold at least ``minimum``."""
    while bins and bins[0][2] == 0:
        bins = bins[1:]
    while bins and bins[-1][2] == 0:
        bins = bins[:-1]
    while len(bins) > 1 and bins[0][2] < minimum:
        bins = [(bins[0][0], bins[1][1], bins[0][2] + bins[1][2]), *bins[2:]]
    while len(bins) > 1 and bins[-1][2] < minimum:
        bins = [*bins[:-2], (bins[-2][0], bins[-1][1], bins[-2][2] + bins[-1][2])]
    return bins
