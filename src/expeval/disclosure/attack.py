"""What an attacker can work out from published counts, and which further counts must go to stop it.

The attacker knows every published count, every identity between counts, and that a withheld count is a whole
number of at least one (zeros are published).  A withheld count is *pinned* if only one value fits all that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

Row = dict[int, Fraction]


@dataclass(slots=True)
class Ledger:
    """Counts by number, and the identities between them.

    Attributes
    ----------
    values
        The true counts; ``None`` where not even the maker of the results published one.
    costs
        How dear it is to withhold a count that is not small itself; ``None``: never.
    identities
        Each ``{count: coefficient}``, and the coefficients times the counts add up to zero.
    """

    values: list[int | None] = field(default_factory=list)
    costs: list[int | None] = field(default_factory=list)
    identities: list[dict[int, int]] = field(default_factory=list)

    def candidates(self) -> set[int]:
        """Counts that may be withheld for the sake of others: never a zero, which hides nobody."""
        return {
            i for i, (value, cost) in enumerate(zip(self.values, self.costs, strict=True)) if value and cost is not None
        }


@dataclass(frozen=True, slots=True)
class Hidden:
    """The counts to withhold, and those among them that no withholding can keep from being worked out."""

    counts: frozenset[int]
    told: frozenset[int]


def hide(ledger: Ledger, small: set[int]) -> Hidden:
    """Choose what must be withheld beside ``small`` so that no withheld count is pinned.

    Complementary suppression by a greedy rule: the derivation that pins a count loses its cheapest published
    count, until nothing is pinned; then whatever turned out to be needless is published again, dearest first.
    Counts that are pinned even with every candidate withheld are returned in ``told`` and cost no others.

    Notes
    -----
    Finding the cheapest pattern is NP-hard (Kelly, Golden and Assad 1992); the greedy pattern is safe, and not
    always the smallest.  Arithmetic is exact (rational).

    References
    ----------
    Fischetti, M. and Salazar, J. J. (2001). Solving the cell suppression problem on tabular data with linear
    constraints. Management Science 47(7), 1008-1027.
    Hundepool, A. et al. (2012). Statistical Disclosure Control, chapter 4. Wiley.
    """
    if not small:
        return Hidden(frozenset(), frozenset())
    candidates = ledger.candidates() - small
    told = pinned(ledger, small | candidates)
    candidates -= told
    hidden = set(small)
    while open_ := sorted(pinned(ledger, hidden) - told):
        found = _breaking(ledger, hidden, candidates - hidden, open_[0])
        if found is None:
            told |= {open_[0]}
        else:
            hidden.add(found)
    for count in sorted(hidden - small, key=lambda i: _price(ledger, i), reverse=True):
        if not pinned(ledger, hidden - {count}) - told:
            hidden.discard(count)
    return Hidden(frozenset(hidden), frozenset(told & small))


def pinned(ledger: Ledger, hidden: set[int]) -> set[int]:
    """The hidden counts for which only one whole number fits everything published."""
    solved = _solve(ledger.identities, hidden)
    determined = {pivot for pivot, row in solved.items() if not any(i in hidden for i in row if i != pivot)}
    doubtful = hidden - determined - _loose(ledger, hidden, solved)
    if any(ledger.values[i] is None for i in hidden):
        # Counts that nobody knows here: what whole numbers allow cannot be told, what follows exactly can.
        return determined
    return determined | {i for i in doubtful if not _can_move(ledger, hidden, i)}


def _solve(identities: list[dict[int, int]], hidden: set[int]) -> dict[int, Row]:
    """Gauss-Jordan elimination with pivots among the hidden counts only; what is public rides along."""
    solved: dict[int, Row] = {}
    for identity in identities:
        row = {i: Fraction(coefficient) for i, coefficient in identity.items() if coefficient}
        for pivot in [i for i in row if i in solved]:
            _subtract(row, solved[pivot], row[pivot])
        pivot = min((i for i in row if i in hidden), default=-1)
        if pivot < 0:
            continue
        scale = row[pivot]
        row = {i: coefficient / scale for i, coefficient in row.items()}
        for other in solved.values():
            if pivot in other:
                _subtract(other, row, other[pivot])
        solved[pivot] = row
    return solved


def _subtract(row: Row, other: Row, factor: Fraction) -> None:
    for i, coefficient in other.items():
        left = row.get(i, Fraction(0)) - factor * coefficient
        if left:
            row[i] = left
        else:
            row.pop(i, None)


def _directions(hidden: set[int], solved: dict[int, Row]) -> Iterator[dict[int, int]]:
    """Whole-number steps that keep every identity: one a hidden count that is free to choose."""
    vectors: dict[int, Row] = {i: {i: Fraction(1)} for i in sorted(hidden) if i not in solved}
    for pivot, row in solved.items():
        for i, coefficient in row.items():
            if i in vectors:
                vectors[i][pivot] = -coefficient
    for vector in vectors.values():
        scale = lcm(*(step.denominator for step in vector.values()))
        yield {i: int(step * scale) for i, step in vector.items()}


def _loose(ledger: Ledger, hidden: set[int], solved: dict[int, Row]) -> set[int]:
    """Hidden counts that differ in another table which fits as well: a witness, found without a search."""
    loose: set[int] = set()
    for vector in _directions(hidden, solved):
        for sign in (1, -1):
            after = [(ledger.values[i], sign * step) for i, step in vector.items()]
            if all(value is None or value + step >= 1 for value, step in after):
                loose |= vector.keys()
                break
    return loose


def _can_move(ledger: Ledger, hidden: set[int], count: int) -> bool:
    """Whether some other table of whole numbers fits, by integer programming: slow, exact, seldom needed."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    columns = {i: j for j, i in enumerate(sorted(hidden))}
    rows = [identity for identity in ledger.identities if any(i in columns for i in identity)]
    matrix, right = np.zeros((len(rows), len(columns))), np.zeros(len(rows))
    for r, identity in enumerate(rows):
        for i, coefficient in identity.items():
            if i in columns:
                matrix[r, columns[i]] = coefficient
            else:
                right[r] -= coefficient * (ledger.values[i] or 0)
    truth = ledger.values[count] or 0
    for low, high in ((1, truth - 1), (truth + 1, np.inf)):
        if high < low:
            continue
        lower, upper = np.ones(len(columns)), np.full(len(columns), np.inf)
        lower[columns[count]], upper[columns[count]] = low, high
        found = milp(
            np.zeros(len(columns)),
            integrality=np.ones(len(columns)),
            bounds=Bounds(lower, upper),
            constraints=LinearConstraint(matrix, right, right),
        )
        if found.status == 0:
            return True
    return False


def _breaking(ledger: Ledger, hidden: set[int], candidates: set[int], count: int) -> int | None:
    """The cheapest published count on which the derivation of ``count`` rests."""
    solved = _solve(ledger.identities, hidden)
    near = {i for row in solved.values() if count in row for i in row} & candidates
    # Pinned by whole numbers alone, the derivation may run through equations that do not hold the count itself.
    wide = {i for row in solved.values() for i in row} & candidates
    return min(near or wide, key=lambda i: _price(ledger, i), default=None)


def _price(ledger: Ledger, count: int) -> tuple[int, int, int]:
    return (ledger.costs[count] or 0, ledger.values[count] or 0, count)
