"""Bins of a distribution that hold nobody or enough students."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from expeval.results import DistributionRow


@dataclass(frozen=True, slots=True)
class Family:
    """The bins of one outcome, arm and moment: their row numbers in order."""

    key: tuple[str, str, str]
    rows: tuple[int, ...]


def families(rows: Sequence[DistributionRow]) -> list[Family]:
    """The rows by outcome, arm and moment, first come first."""
    together: dict[tuple[str, str, str], list[int]] = {}
    for i, row in enumerate(rows):
        together.setdefault((row.outcome, row.arm, row.moment), []).append(i)
    return [Family(key, tuple(numbers)) for key, numbers in together.items()]


def is_levels(rows: Sequence[DistributionRow], family: Family) -> bool:
    """Whether every bin is a level: levels cannot be merged, an interval can."""
    return all(rows[i].low == rows[i].high for i in family.rows)


def merge_small(rows: Sequence[DistributionRow], minimum_cell: int) -> tuple[DistributionRow, ...]:
    """Merge neighbouring intervals until each holds nobody or at least ``minimum_cell`` students.

    The order of the rows is kept; a merged bin stands where its first bin stood.  Levels, and distributions
    with fewer students than that in all, are returned as they are.
    """
    merged: dict[int, DistributionRow] = {}
    for family in families(rows):
        bins = [rows[i] for i in family.rows]
        # A merged bin takes the first place of its bins: with equal numbers of rows nothing moves.
        starts = list(family.rows)
        if not is_levels(rows, family) and _can_merge(bins, minimum_cell):
            while (i := _smallest(bins, minimum_cell)) is not None:
                left = _partner(bins, i)
                bins[left : left + 2] = [_union(bins[left], bins[left + 1])]
                del starts[left + 1]
        merged |= dict(zip(starts, bins, strict=True))
    return tuple(merged[i] for i in sorted(merged))


def _can_merge(bins: Sequence[DistributionRow], minimum_cell: int) -> bool:
    return all(row.n is not None for row in bins) and sum(row.n or 0 for row in bins) >= minimum_cell


def _smallest(bins: Sequence[DistributionRow], minimum_cell: int) -> int | None:
    small = [(row.n, i) for i, row in enumerate(bins) if row.n is not None and 0 < row.n < minimum_cell]
    return min(small)[1] if small else None


def _partner(bins: Sequence[DistributionRow], i: int) -> int:
    """The left one of the two bins to merge: with the smaller neighbour that holds anybody, else either."""
    neighbours = [j for j in (i - 1, i + 1) if 0 <= j < len(bins)]
    best = min(neighbours, key=lambda j: (not bins[j].n, bins[j].n or 0, j))
    return min(i, best)


def _union(left: DistributionRow, right: DistributionRow) -> DistributionRow:
    return replace(
        left, high=max(left.high, right.high), low=min(left.low, right.low), n=(left.n or 0) + (right.n or 0)
    )


def small_families(rows: Sequence[DistributionRow], minimum_cell: int) -> Iterator[Family]:
    """Distributions of somebody, but of fewer than ``minimum_cell`` students: their zeros would show where."""
    for family in families(rows):
        numbers = [rows[i].n for i in family.rows]
        if None not in numbers and 0 < sum(n or 0 for n in numbers) < minimum_cell:
            yield family
