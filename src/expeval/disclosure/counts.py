"""The counts of students in a set of results, where each stands, and how they hang together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from expeval.disclosure.attack import Ledger
from expeval.disclosure.bins import Family, families, is_levels
from expeval.results import EstimateRow, FlowRow, Results

# What is dearer stands later; a reader misses an arm's complete students (their sum is the regressions' n) less than
# a reason or a level, and these less than how many were read.
COMPLETE, DETAIL, MISSING, SOURCE, READ = 0, 1, 2, 3, 4

# Reasons that belong to the file, not to an outcome: the same number under every outcome.
OF_THE_FILE = ("other-group", "no-group", "duplicate")

# Analyses that split the students of an outcome into parts, one row a part.
IN_PARTS = ("institution", "moderator", "cohort")


class Place(NamedTuple):
    """A cell of the results; ``reason`` names the entry where the cell is ``left_out``."""

    table: str
    row: int
    field: str
    reason: str = ""


@dataclass(slots=True)
class Counts:
    """Every count of students: a number that stands in several cells is one count."""

    ledger: Ledger = field(default_factory=Ledger)
    places: list[list[Place]] = field(default_factory=list)
    numbers: dict[Hashable, int] = field(default_factory=dict)

    def add(self, key: Hashable, value: int | None, cost: int | None, place: Place | None = None) -> int:
        """Enter a cell; cells under one key are one count as long as they agree."""
        if key in self.numbers:
            known = self.ledger.values[self.numbers[key]]
            if None not in (known, value) and known != value:
                key = (key, place)
        if key not in self.numbers:
            self.numbers[key] = len(self.places)
            self.places.append([])
            self.ledger.values.append(None)
            self.ledger.costs.append(cost)
        number = self.numbers[key]
        if value is not None:
            self.ledger.values[number] = value
        if place is not None:
            self.places[number].append(place)
        return number

    def tie(self, whole: Iterable[int], parts: Iterable[int]) -> None:
        """State that ``whole`` and ``parts`` add up to the same, unless the numbers say otherwise.

        An identity that does not hold in these results helps no attacker, so it is left out: a student may,
        for instance, lack the baseline *and* have a user-missing outcome.
        """
        identity: dict[int, int] = {}
        for sign, members in ((1, whole), (-1, parts)):
            for number in members:
                identity[number] = identity.get(number, 0) + sign
        values = [self.ledger.values[number] for number in identity]
        total = sum(c * v for c, v in zip(identity.values(), values, strict=True) if v is not None)
        if None in values or total == 0:
            self.ledger.identities.append(identity)

    def value(self, key: Hashable) -> int | None:
        """The value under a key, ``None`` where unknown."""
        return self.ledger.values[self.numbers[key]] if key in self.numbers else None

    def small(self, minimum_cell: int) -> set[int]:
        """Counts that may not be known: below the threshold and not zero, or withheld by their maker."""
        return {i for i, v in enumerate(self.ledger.values) if v is None or 0 < v < minimum_cell}


def take_counts(results: Results) -> Counts:
    """Collect the counts of ``results`` and the identities of the contract between them."""
    counts = Counts()
    for i, row in enumerate(results.flow):
        _add_flow(counts, i, row)
    _add_groups(counts, results)
    _add_sources(counts, results)
    for family in families(results.distributions):
        _add_levels(counts, results, family)
    _add_totals(counts, results)
    _add_parts(counts, results)
    return counts


def _add_flow(counts: Counts, i: int, row: FlowRow) -> None:
    """read = complete + all left out; read = analysed + those left out before or for want of an outcome."""
    read = counts.add(("read", row.arm), row.read, READ, Place("flow", i, "read"))
    left: dict[str, int] = {}
    for reason, value in row.left_out.items():
        key = ("left", row.arm, reason) if reason in OF_THE_FILE else ("left", row.arm, reason, row.outcome)
        left[reason] = counts.add(key, value, DETAIL, Place("flow", i, "left_out", reason))
    unanalysed = [n for reason, n in left.items() if reason in (*OF_THE_FILE, "no-outcome") or _of_user(reason)]
    for name, without in (("analysed", unanalysed), ("complete", list(left.values()))):
        value = getattr(row, name)
        # In neither arm nobody is analysed, whether that is written as 0 or left empty.
        # Only the arms' sum of complete students stands elsewhere (n of the regressions), so an arm's may be withheld.
        cost = COMPLETE if name == "complete" and row.arm != "other" else None
        number = counts.add(
            (name, row.arm, row.outcome), 0 if row.arm == "other" else value, cost, Place("flow", i, name)
        )
        counts.tie([read], [number, *without])


def _of_user(reason: str) -> bool:
    return reason.startswith("user-missing")


def _add_groups(counts: Counts, results: Results) -> None:
    """n + missing = the arm's students, which is read less what belongs to no student of the arm."""
    for i, row in enumerate(results.groups):
        of_outcome = row.moment == "outcome"
        key = ("analysed", row.arm, row.outcome) if of_outcome else ("described", row.arm, row.outcome, row.moment)
        n = counts.add(key, row.n, None, Place("groups", i, "n"))
        place = Place("groups", i, "missing")
        missing = counts.add(("missing", row.arm, row.outcome, row.moment), row.missing, MISSING, place)
        if ("read", row.arm) not in counts.numbers:
            continue
        keys = [("left", row.arm, reason) for reason in OF_THE_FILE]
        nobody = [counts.numbers[key] for key in keys if key in counts.numbers]
        counts.tie([counts.numbers["read", row.arm]], [n, missing, *nobody])
        unmatched = ("left", row.arm, "no-baseline", row.outcome)
        whole = counts.value(("missing", row.arm, row.outcome, "outcome")) == 0
        if not of_outcome and whole and unmatched in counts.numbers:
            # With every outcome there, "no-baseline" and the baseline's missing are the same students.
            counts.tie([missing], [counts.numbers[unmatched]])


def _add_sources(counts: Counts, results: Results) -> None:
    """The rows of the score files together are the rows read, over all arms; files of one arm are its rows."""
    files: list[int] = []
    for i, row in enumerate(results.sources):
        place = Place("sources", i, "rows")
        if row.role in ("scores", "store"):
            files.append(counts.add(("rows", i), row.rows, SOURCE, place))
        elif row.role == "students":
            counts.add(("rows", i), row.rows, None, place)
    read = {arm: counts.numbers["read", arm] for arm in dict.fromkeys(row.arm for row in results.flow)}
    if not files or not read:
        return
    counts.tie(files, read.values())
    groups = results.study.get("groups")
    if isinstance(groups, dict) and "column" in groups:
        return
    # An arm in files of its own, or in a column of its own: the file's rows speak of that arm alone.
    parts = (
        [[n] for n in files] + [files[:i] for i in range(2, len(files))] + [files[i:] for i in range(1, len(files) - 1)]
    )
    for part in parts:
        values = [counts.ledger.values[n] for n in part]
        for number in read.values():
            if None not in values and sum(v or 0 for v in values) == counts.ledger.values[number]:
                counts.tie(part, [number])


def _add_levels(counts: Counts, results: Results, family: Family) -> None:
    """The levels of an arm together are the arm's n; intervals need no entry, none of them is small."""
    if not is_levels(results.distributions, family):
        return
    outcome, arm, moment = family.key
    levels = [
        counts.add(("level", i), results.distributions[i].n, DETAIL, Place("distributions", i, "n"))
        for i in family.rows
    ]
    key = ("analysed", arm, outcome) if moment == "outcome" else ("described", arm, outcome, moment)
    if key in counts.numbers:
        counts.tie([counts.numbers[key]], levels)


def _add_totals(counts: Counts, results: Results) -> None:
    """``n`` of a row of estimates: both arms' analysed or complete students, or one arm's."""
    for i, row in enumerate(results.estimates):
        if row.n is None or part_of(row) is not None:
            continue
        number = counts.add(("n", row.outcome, row.n), row.n, None, Place("estimates", i, "n"))
        for whole in _wholes(counts, row.outcome):
            counts.tie([number], whole)
        one = counts.numbers.get(("analysed", row.term, row.outcome))
        if one is not None:
            counts.tie([number], [one])


def _wholes(counts: Counts, outcome: str) -> list[list[int]]:
    keys = [[(name, arm, outcome) for arm in ("experimental", "control")] for name in ("analysed", "complete")]
    return [[counts.numbers[key] for key in pair] for pair in keys if all(key in counts.numbers for key in pair)]


def part_of(row: EstimateRow) -> tuple[str, str, str, str] | None:
    """The family of rows whose students add up to an outcome's students, or ``None`` for a row of all of them."""
    if row.analysis not in IN_PARTS:
        return None
    if row.analysis == "institution":
        return (row.outcome, row.analysis, row.method, "")
    stem, bracket, _ = row.term.partition("[")
    return (row.outcome, row.analysis, row.method, stem) if bracket else None


def _add_parts(counts: Counts, results: Results) -> None:
    """Institutions, levels of a moderator, cohorts: their n add up, and one left over can be subtracted out."""
    together: dict[tuple[str, str, str, str], list[int]] = {}
    for i, row in enumerate(results.estimates):
        family = part_of(row)
        if family is not None:
            together.setdefault(family, []).append(i)
    for family, rows in together.items():
        sizes = [results.estimates[i].n for i in rows]
        # Two methods on the same students have the same n in each part; on fewer students they need not.
        students = family[2] if None in sizes else sum(n or 0 for n in sizes)
        parts = [
            counts.add(("part", family[:2], row.term, students), row.n, DETAIL, Place("estimates", i, "n"))
            for i, row in ((i, results.estimates[i]) for i in rows)
        ]
        _tie_parts(counts, family, list(dict.fromkeys(parts)))


def _tie_parts(counts: Counts, family: tuple[str, str, str, str], parts: list[int]) -> None:
    wholes = _wholes(counts, family[0])
    rests = [_rest(counts, whole, parts) for whole in wholes]
    if None in rests:
        # Withheld by their maker: which whole they belong to is unknown, and of no matter for what can be derived.
        for whole in wholes[:1]:
            counts.tie(whole, parts)
        return
    fitting = [(rest, whole) for whole, rest in zip(wholes, rests, strict=True) if rest is not None and rest >= 0]
    if not fitting:
        return
    # The parts are of the analysed or of the complete students: of those whom they exhaust, or nearly so.
    rest, whole = min(fitting)
    # Students of parts that have no row are a count that is published by subtraction.
    others = [counts.add(("rest", *family), rest, None)] if rest else []
    counts.tie(whole, [*parts, *others])


def _rest(counts: Counts, whole: list[int], parts: list[int]) -> int | None:
    whole_values, part_values = ([counts.ledger.values[n] for n in numbers] for numbers in (whole, parts))
    if None in whole_values or None in part_values:
        return None
    return sum(v or 0 for v in whole_values) - sum(v or 0 for v in part_values)
