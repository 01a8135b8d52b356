"""Results rewritten without the counts that are withheld, and without what describes too few students."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from expeval.disclosure.bins import small_families
from expeval.disclosure.counts import Place, part_of
from expeval.results import DecisionRow, DistributionRow, EstimateRow, FlowRow, GroupRow, Results, SourceRow

DESCRIPTIVE = ("mean", "sd", "median", "q25", "q75", "min", "max", "skewness")
INFERENTIAL = ("estimate", "std_error", "statistic", "df", "p_value", "p_adjusted", "conf_low", "conf_high")
# What tells the n of a row of independent students, beside n itself.
TELLING_N = ("n", "std_error", "statistic", "df", "p_value", "p_adjusted", "clusters")

# Figures of decisions that count students, besides those that begin with "n_".
COUNT_FIGURES = frozenset({"n", "read", "analysed", "complete", "missing", "duplicates", "students", "smallest_arm"})
# ... and what begins with "n_" and counts something else.
OTHER_UNITS = (
    "institution",
    "class",
    "cluster",
    "unit",
    "strat",
    "level",
    "distinct",
    "draw",
    "outcome",
    "cohort",
    "bin",
)


def withhold(results: Results, hidden: frozenset[Place], copies: Mapping[str | None, set[int]], k: int) -> Results:
    """Set the ``hidden`` cells to ``None``, and what rests on fewer than ``k`` students with them.

    ``copies`` holds, by outcome, the numbers that stood in hidden cells: a figure of a decision that repeats
    one is withheld too (under ``None``: those of every outcome).
    """
    small_arms = {(row.outcome, row.arm, row.moment) for row in results.groups if is_small(row.n, k)}
    # Difference plus the other arm's mean is the small arm's mean: of one student, the student's score.
    both_arms = {outcome for outcome, _, _ in small_arms}
    few_complete = {row.outcome for row in results.estimates if row.analysis == "regression" and is_small(row.n, k)}
    return replace(
        results,
        sources=tuple(_source(row, Place("sources", i, "rows") in hidden) for i, row in enumerate(results.sources)),
        flow=tuple(_flow(row, i, hidden) for i, row in enumerate(results.flow)),
        groups=tuple(_group(row, i, hidden, both_arms, k) for i, row in enumerate(results.groups)),
        distributions=_distributions(results.distributions, small_arms, hidden, k),
        estimates=tuple(
            _intercept(_estimate(row, i, hidden, small_arms, k), both_arms, k)
            for i, row in enumerate(results.estimates)
        ),
        residuals=tuple(row for row in results.residuals if row.outcome not in few_complete),
        decisions=tuple(_decision(row, copies.get(row.outcome, set()), k) for row in results.decisions),
    )


def is_small(value: object, k: int) -> bool:
    """Whether a value is a count of somebody, but of fewer than ``k``."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value == int(value) and 0 < value < k


def _blank(row: Any, names: Iterable[str], **more: Any) -> Any:
    return replace(row, **dict.fromkeys(names), **more)


def _source(row: SourceRow, hide: bool) -> SourceRow:
    blank: SourceRow = _blank(row, ["rows"] if hide else [])
    return blank


def _flow(row: FlowRow, i: int, hidden: frozenset[Place]) -> FlowRow:
    left_out = {r: None if Place("flow", i, "left_out", r) in hidden else n for r, n in row.left_out.items()}
    names = [name for name in ("read", "analysed", "complete") if Place("flow", i, name) in hidden]
    blank: FlowRow = _blank(row, names, left_out=left_out)
    return blank


def _intercept(row: EstimateRow, outcomes: set[str], k: int) -> EstimateRow:
    if row.term != "(Intercept)" or row.outcome not in outcomes or row.estimate is None:
        return row
    blank: EstimateRow = _blank(row, INFERENTIAL, note=_too_few(k))
    return blank


def _group(row: GroupRow, i: int, hidden: frozenset[Place], outcomes: set[str], k: int) -> GroupRow:
    names = [name for name in ("n", "missing") if Place("groups", i, name) in hidden]
    more: dict[str, Any] = {}
    if row.outcome in outcomes:
        names += [*DESCRIPTIVE]
        more["note"] = _too_few(k) if is_small(row.n, k) else f"withheld: the other arm has fewer than {k} students"
    blank: GroupRow = _blank(row, names, **more)
    return blank


def _too_few(k: int) -> str:
    return f"withheld: fewer than {k} students"


def _distributions(
    rows: tuple[DistributionRow, ...], small_arms: set[tuple[str, str, str]], hidden: frozenset[Place], k: int
) -> tuple[DistributionRow, ...]:
    # In a distribution of too few students the zeros go too: they would show where the few are.
    whole = {i for family in small_families(rows, k) for i in family.rows}
    return tuple(
        replace(row, n=None)
        if i in whole or (row.outcome, row.arm, row.moment) in small_arms or Place("distributions", i, "n") in hidden
        else row
        for i, row in enumerate(rows)
    )


def _estimate(
    row: EstimateRow, i: int, hidden: frozenset[Place], small_arms: set[tuple[str, str, str]], k: int
) -> EstimateRow:
    few = is_small(row.n, k) or (row.analysis == "assumption" and (row.outcome, row.term, "outcome") in small_arms)
    if few:
        return replace(_all_null(row), note=_too_few(k))
    if part_of(row) is not None and row.n is not None and Place("estimates", i, "n") in hidden:
        # df is nearly n, and follows from the interval with std_error or with p: only the interval stays.
        note = "n withheld: it would give away a smaller one"
        blank: EstimateRow = _blank(row, TELLING_N, note=f"{row.note}; {note}" if row.note else note)
        return blank
    return row


def _all_null(row: EstimateRow) -> EstimateRow:
    blank: EstimateRow = _blank(row, (*INFERENTIAL, "n", "clusters"))
    return blank


def _decision(row: DecisionRow, copies: set[int], k: int) -> DecisionRow:
    figures = {
        name: None if counts_students(name) and (is_small(value, k) or value in copies) else value
        for name, value in row.figures.items()
    }
    return replace(row, figures=figures)


def counts_students(name: str) -> bool:
    """Whether a figure of a decision is a count of students, by its name."""
    return name in COUNT_FIGURES or (name.startswith("n_") and not any(unit in name for unit in OTHER_UNITS))
