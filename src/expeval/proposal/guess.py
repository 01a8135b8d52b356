"""What can be guessed from the columns of a table: roles by name and content, the arms, who was assigned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from expeval.proposal.profile import FEW, Column
from expeval.proposal.words import CONTROL, EXPERIMENTAL, arm_of_word, subject_of, words_of
from expeval.scores.table import IntArray

Columns = Mapping[str, Column]

MOST_ARMS = 8  # different values of a group column
UNIQUE = 0.9  # share of identifiers that stand once, where the column is one (the rest are faults that check tells)
BY_CHANCE = 0.05  # so unlikely must the arms' pattern be by chance, for the assigned unit to be guessed


@dataclass(frozen=True, slots=True)
class Guess:
    """A guessed value, how sure it is, on which grounds, and what else it may be."""

    value: str
    sure: bool
    why: str
    others: tuple[str, ...] = ()


@dataclass(slots=True)
class Arms:
    """Which values of the group column are which arm; empty where no word says so."""

    experimental: list[str] = field(default_factory=list)
    control: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def group_columns(columns: Columns) -> list[Guess]:
    """Columns that may say who belongs to which group, the likeliest first; sure where only one can be meant."""
    ranked = sorted(
        ((rank, place, name) for place, (name, column) in enumerate(columns.items()) if (rank := _group_rank(column)))
    )
    guesses = []
    for rank, _, name in ranked:
        why = {1: "its values are words for the two groups", 2: "its name says so", 3: "it has few values"}[rank]
        others = tuple(other for _, _, other in ranked if other != name)
        alone = sum(other == rank for other, _, _ in ranked) == 1
        guesses.append(Guess(name, alone and rank < 3, why, others))
    return guesses


def _group_rank(column: Column) -> int | None:
    if not 2 <= column.distinct <= MOST_ARMS or column.unique_share > UNIQUE:
        return None
    arms = arms_of(column)
    if arms.experimental and arms.control:
        return 1
    if column.is_numeric and arm_of_word(column.name) is not None and not set(column.levels) <= {0.0, 1.0, 2.0}:
        return None  # scores of one arm, in a column named for it
    if column.role == "group" or arms.control:
        return 2
    # Of other columns only those that are nothing else by name, and that don't look like marks.
    small = column.distinct <= 3 and column.role in (None, "about")
    return 3 if small and (not column.is_numeric or set(column.levels) <= {0.0, 1.0, 2.0}) else None


def arms_of(column: Column) -> Arms:
    """The arms by strong words ("эксп", "experimental", "ЭГ", ``treatment = 1``); nothing is guessed without one."""
    values = list(column.counts)
    named = {value: arm_of_word(value) for value in values}
    arms = Arms(
        [value for value in values if named[value] == "experimental"],
        [value for value in values if named[value] == "control"],
        [value for value in values if named[value] is None],
    )
    if not arms.experimental and not arms.control and set(values) == {"0", "1"}:
        arm = arm_of_word(column.name)
        if arm is not None:
            yes, no = (["1"], ["0"]) if arm == "experimental" else (["0"], ["1"])
            return Arms(yes, no)
    if len(values) == 2 and len(arms.left_out) == 1:
        # Of two groups one is named by a strong word: the other one is the other arm.
        if arms.control and not arms.experimental:
            return Arms(arms.left_out, arms.control)
        if arms.experimental and not arms.control:
            return Arms(arms.experimental, arms.left_out)
    return arms


def side_by_side(columns: Columns) -> list[tuple[str, str]]:
    """Pairs of columns (experimental, control) that hold the scores of the two arms side by side."""
    halves: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for name, column in columns.items():
        if (arm := arm_of_word(name)) is not None and column.is_numeric:
            rest = tuple(
                word
                for word in words_of(name)
                if not EXPERIMENTAL.fit((word,))
                and not CONTROL.fit((word,))
                and word not in ("группа", "group", "класс")
            )
            halves.setdefault(rest, {}).setdefault(arm, []).append(name)
    pairs = []
    for half in halves.values():
        if all(len(half.get(arm, ())) == 1 for arm in ("experimental", "control")):
            pair = half["experimental"][0], half["control"][0]
            if not all(set(columns[name].levels) <= {0.0, 1.0} for name in pair):  # two indicators of one group
                pairs.append(pair)
    return pairs


def student_column(columns: Columns, taken: set[str]) -> Guess | None:
    """The column that tells students apart; a column of names only where there is nothing better."""
    free = [column for name, column in columns.items() if name not in taken]
    ids = [column for column in free if _tells_apart(column)]
    coded = [column.name for column in ids if column.role == "student"]
    persons = [column.name for column in ids if column.role == "person"]
    # A running number and a code: the code is what other files know.
    coded.sort(key=_is_running_number)
    if coded:
        repeat = columns[coded[0]].unique_share < 1
        why = "by its name, but some values repeat" if repeat else "by its name, and no value repeats"
        return Guess(coded[0], not repeat, why, tuple(coded[1:] + persons))
    twice = [column.name for column in free if column.role == "student" and _repeats(column)]
    if len(twice) == 1 and not persons:
        return Guess(twice[0], False, "by its name, but many values repeat")
    if persons:
        return Guess(persons[0], False, "names, as nothing else tells students apart", tuple(persons[1:]))
    unnamed = [
        column.name for column in ids if column.role is None and column.unique_share == 1 and _like_codes(column)
    ]
    if len(unnamed) == 1:
        return Guess(unnamed[0], False, "no value repeats", ())
    return None


def _is_running_number(name: str) -> bool:
    return words_of(name)[:1] in (("№",), ("номер",), ("n",))


def _repeats(column: Column) -> bool:
    """Whether a column of identifiers has students more than once: check then tells which rows."""
    return column.filled > 1 and column.distinct >= column.filled / 2 and not _is_running_number(column.name)


def _tells_apart(column: Column) -> bool:
    return column.filled > 1 and column.unique_share >= UNIQUE


def _like_codes(column: Column) -> bool:
    """Whether values may be identifiers: texts of one word, or whole numbers that run on from each other."""
    if column.is_numeric:
        levels = column.levels
        return column.is_whole and len(levels) > 2 and levels[0] >= 0 and levels[-1] - levels[0] == len(levels) - 1
    return all(len(label.split()) == 1 for label in column.labels)


def unit_column(columns: Columns, role: str, taken: set[str]) -> Guess | None:
    """The column of institutions or classes."""
    found = []
    for name, column in columns.items():
        labels = column.distinct
        rows = max(1, int(np.count_nonzero(column.codes >= 0)))
        if name not in taken and column.role == role and 2 <= labels <= rows / 2:
            found.append(name)
    if not found:
        return None
    column = columns[found[0]]
    # A bare number may be the year of study.
    year = role == "class" and all(label.isdigit() and int(label) <= 12 for label in column.labels)
    why = "by its name; its values may be years of study, not classes" if year else "by its name"
    return Guess(found[0], len(found) == 1 and not year, why, tuple(found[1:]))


def outcome_columns(columns: Columns, taken: set[str]) -> tuple[list[str], bool, list[str]]:
    """The outcomes, whether they are sure, and other columns that may be one."""
    free = {name: column for name, column in columns.items() if name not in taken and _may_be_outcome(column)}
    named = [name for name, column in free.items() if outcome_role(column) in ("mark", "outcome")]
    unnamed = [name for name, column in free.items() if outcome_role(column) is None]
    rest = [name for name in free if name not in named]
    if named:
        return named, True, rest
    return (unnamed, False, []) if len(unnamed) == 1 else ([], False, rest)


def outcome_role(column: Column) -> str | None:
    """The role of a column that is not the group column, whatever its name says of groups."""
    if column.role == "group":
        return "outcome"  # "Контрольная": a test paper
    return column.role


def _may_be_outcome(column: Column) -> bool:
    if column.role in ("baseline", "student", "person", "institution", "class", "gender", "cohort", "covariate"):
        return False
    if column.others > 1 and column.role in ("mark", "outcome"):
        return True  # dates, errors or formulas: check tells
    if column.role == "about" or column.distinct < 2:
        return False
    if column.is_numeric:
        return True
    return column.role in ("mark", "outcome") and column.distinct <= FEW


def baseline_of(outcome: str, columns: Columns, outcomes: Sequence[str], taken: set[str]) -> Guess | None:
    """The same skill before the experiment: the same name at an earlier moment, or the only earlier score."""
    early = [
        name
        for name, column in columns.items()
        if name not in taken and name not in outcomes and column.role == "baseline" and column.is_numeric
    ]
    same = [name for name in early if subject_of(name) == subject_of(outcome) and _share_a_word(name, outcome)]
    if len(same) == 1:
        return Guess(same[0], True, "the same name at an earlier moment", tuple(n for n in early if n not in same))
    if len(early) == 1 and len(outcomes) == 1:
        return Guess(early[0], True, "the only score from before the experiment")
    return None


def _share_a_word(one: str, other: str) -> bool:
    """Whether two names have a word in common: "Test before" and "Test after" are one skill, "Before" is any."""
    return not {*words_of(one)}.isdisjoint(words_of(other))


def assigned_unit(arm: IntArray, institution: IntArray | None, school_class: IntArray | None) -> Guess | None:
    """Whose units were put into the groups, where the pattern of the arms leaves no other choice.

    Parameters
    ----------
    arm
        (n,) 1 experimental, 0 control, others left out.
    institution, school_class
        (n,) codes, -1 where missing; classes are those of their institution already.

    Returns
    -------
    Guess or None
        ``None`` where two units are plausible.  It is sure where a smaller unit would show this pattern by chance
        in less than one of twenty experiments.
    """
    kept = arm >= 0
    students = np.arange(arm.size, dtype=np.int64)
    levels = [("institution", institution), ("class", school_class)]
    units = [(name, codes) for name, codes in levels if codes is not None and np.unique(codes[kept]).size > 1]
    for i, (name, codes) in enumerate(units):
        if not _is_constant(arm[kept], codes[kept]):
            continue
        below = units[i + 1][1] if i + 1 < len(units) else students
        if np.unique(below[kept]).size == np.unique(codes[kept]).size:  # one class an institution
            below = students
        sure = _chance(arm[kept], codes[kept], below[kept]) < BY_CHANCE
        return Guess(name, True, f"every {name} is in one group only") if sure else None
    if units:
        smallest = units[-1][0]
        unseen = "; if classes were assigned, say which column holds them" if smallest == "institution" else ""
        return Guess("student", not unseen, f"both groups occur in one {smallest}{unseen}")
    return Guess("student", False, "no column says who sits in which class or institution")


def _is_constant(arm: IntArray, unit: IntArray) -> bool:
    pairs = np.unique(np.stack([unit, arm]), axis=1)
    return bool(pairs.shape[1] == np.unique(unit).size)


def _chance(arm: IntArray, unit: IntArray, below: IntArray) -> float:
    """How likely all the smaller units of every unit land in one arm, if the smaller units were assigned."""
    _, first = np.unique(below, return_index=True)
    sizes = np.unique(unit[first], return_counts=True)[1]
    share = min(max(float(np.mean(arm[first])), 1e-9), 1 - 1e-9)
    return math.exp(math.fsum(math.log(share**n + (1 - share) ** n or 1e-300) for n in sizes.tolist()))


def two_moments(names: Sequence[str]) -> tuple[str, str] | None:
    """Two columns that differ in the numbers 1 and 2 alone: perhaps one skill at two moments."""
    by_rest: dict[tuple[str, ...], dict[str, str]] = {}
    for name in names:
        *rest, last = words_of(name) or ("",)
        first, *others = words_of(name) or ("",)
        for number, subject in ((last, tuple(rest)), (first, tuple(others))):
            if number in ("1", "2"):
                by_rest.setdefault(subject, {})[number] = name
    pairs = [(pair["1"], pair["2"]) for pair in by_rest.values() if len(pair) == 2]
    return pairs[0] if len(pairs) == 1 else None


def is_unused_role(column: Column) -> bool:
    """Whether a column may be a covariate: something about the student, not a remark."""
    return column.role in ("gender", "covariate") and column.distinct >= 2 and column.unique_share < UNIQUE


def by_name(columns: Columns, wanted: str) -> str | None:
    """A column as the files spell it, whatever the case in which it was asked for."""
    if wanted in columns:
        return wanted
    alike = [name for name in columns if words_of(name) == words_of(wanted)]
    return alike[0] if len(alike) == 1 else None
