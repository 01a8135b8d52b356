"""What could make the answer wrong, in plain words, worst first, each with the section that says more."""

from __future__ import annotations

from dataclasses import dataclass

from expeval.glossary import listed, of_classes
from expeval.report.numbers import count, number
from expeval.report.subject import Subject, classes_alone, subjects
from expeval.results import Results, WarningRow

MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason to doubt the answer.

    Attributes
    ----------
    section
        The id of the section that says more.
    rank
        The lower, the worse.
    """

    words: str
    section: str
    rank: int


@dataclass(frozen=True, slots=True)
class _Kind:
    rank: int
    section: str
    plain: str | None = None  # instead of the warning's own message, where that is too technical for the head


# Codes from worst to least; what is not here comes after all of them, with its own message.
_KINDS: dict[str, _Kind] = {
    "simulated": _Kind(0, "check"),
    "second-opinion-differs": _Kind(1, "agree"),
    "empty-arm": _Kind(2, "studied"),
    "too-few-units": _Kind(3, "why"),
    "constant": _Kind(4, "found"),
    "baseline-far-apart": _Kind(5, "alike"),
    "planned-outcome-missing": _Kind(5, "planned"),
    "outcome-not-planned": _Kind(6, "planned"),
    "deviation-without-reason": _Kind(
        7, "planned", "Some of what was done otherwise than planned has no reason given."
    ),
    "plan-after-data": _Kind(12, "planned"),
    "plan-amended-after-data": _Kind(13, "planned"),
    "not-randomised-no-baseline": _Kind(6, "alike"),
    "arms-in-different-cohorts": _Kind(4, "warnings"),
    "look-not-planned": _Kind(7, "warnings"),
    "planned-looks": _Kind(13, "planned"),
    "look-unknown": _Kind(14, "planned"),
    "cohorts-with-one-arm": _Kind(22, "warnings"),
    "students-in-several-cohorts": _Kind(29, "warnings"),
    "unequal-loss": _Kind(7, "studied"),
    "not-randomised": _Kind(8, "alike"),
    "few-institutions-assigned": _Kind(9, "before"),
    "no-institution-both-arms": _Kind(10, "why"),
    "few-institutions": _Kind(11, "same"),
    "one-institution": _Kind(12, "same"),
    "many-institution-terms": _Kind(13, "why"),
    "analyses-disagree": _Kind(
        14,
        "agree",
        "Another analysis that allows for the institutions too gives a different verdict; both stand in one table.",
    ),
    "giant-institution": _Kind(
        14, "agree", "One institution weighs far more than the others: what happened there can move the answer."
    ),
    "students-and-units-differ": _Kind(
        14,
        "agree",
        "Counting every student alike gives another size of the difference than counting every institution or class "
        "alike: it may depend on how large they are.",
    ),
    "baseline-differs": _Kind(
        15, "alike", "Before the experiment the groups were not quite alike; the answer is adjusted for that."
    ),
    "group-look-alike": _Kind(12, "studied"),
    "institutions-look-alike": _Kind(13, "studied"),
    "classes-look-alike": _Kind(13, "studied"),
    "students-look-alike": _Kind(13, "studied"),
    "tests-disagree": _Kind(
        16,
        "found",
        "Another test that could have been used gives a different verdict; both stand in the table of results.",
    ),
    "no-spread": _Kind(17, "found"),
    "separated": _Kind(18, "found"),
    "skewed-small": _Kind(19, "found"),
    "few-ordinal": _Kind(20, "found"),
    "normality-large-n": _Kind(23, "why"),
    "covariate-dropped": _Kind(24, "why"),
    "intercept-alone-overconfident": _Kind(
        25,
        "agree",
        "The effect may differ between institutions, or between teachers: the data don't say which class a student "
        "sat in, so that the two can't be told apart.",
    ),
    "small-category": _Kind(26, "found", "Some categories that the answer is adjusted for hold very few students."),
    "zero-variance": _Kind(
        27,
        "agree",
        "Between institutions or classes the scores differ no more than chance would make them; an analysis that "
        "takes that for certain is too sure of itself.",
    ),
    "clustering-ignored": _Kind(
        40,
        "found",
        "Students of one institution resemble each other. The answer allows for that; the simple comparisons of the "
        "two groups further down do not.",
    ),
    "column-look-alike": _Kind(50, "check"),
    "hidden-rows": _Kind(50, "check"),
    "merged-cells": _Kind(50, "check"),
    "percentages": _Kind(50, "check"),
    "short-rows": _Kind(50, "check"),
    "groups-of-institutions": _Kind(50, "check"),
    "institutions-unused": _Kind(50, "check"),
    "class-labels-repeat": _Kind(50, "check"),
    "suppressed": _Kind(60, "studied", "Some small counts are withheld, so that nobody can be recognised."),
}
_UNKNOWN = 30
# The same warning says something else where the answer itself is concerned, or is not.
_INTERCEPT_IS_THE_ANSWER = _Kind(
    4,
    "agree",
    "The answer may be too sure of itself: students of one class share a teacher, or the effect differs between "
    "institutions, and its model knows neither.",
)
_GIANT_COUNTS_ONCE = _Kind(
    28, "agree", "One institution carries far more weight than the others; the answer counts it once, like every other."
)
_TESTS_ARE_NOT_THE_ANSWER = _Kind(
    35, "found", "The simple comparisons of the two groups don't agree with each other; the answer is none of them."
)
_LOST, _NO_CLASSES = 21, 25


def doubts(results: Results) -> tuple[Doubt, ...]:
    """Every doubt once, worst first; those that name an outcome say which, where there are several."""
    found: dict[tuple[str, str, int], list[str]] = {}
    for row in results.warnings:
        kind = _kind(results, row)
        found.setdefault((kind.plain or row.message, kind.section, kind.rank), []).extend(_of(row))
    for doubt in (*_from_the_flow(results), *_from_the_design(results)):
        found.setdefault((doubt.words, doubt.section, doubt.rank), [])
    outcomes = len(results.study["outcomes"])
    said = of_classes if classes_alone(results) else str
    every = [
        Doubt(_told(said(words), names, outcomes), section, rank) for (words, section, rank), names in found.items()
    ]
    return tuple(sorted(every, key=lambda doubt: doubt.rank))


def _kind(results: Results, row: WarningRow) -> _Kind:
    kind = _KINDS.get(row.code, _Kind(_UNKNOWN, "warnings"))
    if row.outcome is None:
        return kind
    primary = next((r for r in results.estimates if r.outcome == row.outcome and r.primary), None)
    if primary is None:
        return kind
    if row.code == "intercept-alone-overconfident" and primary.method in ("mixed-kenward-roger", "win-fraction-mixed"):
        return _INTERCEPT_IS_THE_ANSWER
    if row.code == "giant-institution" and "unit-means" in primary.method:
        return _GIANT_COUNTS_ONCE
    if row.code == "tests-disagree" and primary.analysis != "test":
        return _TESTS_ARE_NOT_THE_ANSWER
    return kind


def _of(row: WarningRow) -> list[str]:
    return [] if row.outcome is None else [row.outcome]


def _told(words: str, names: list[str], outcomes: int) -> str:
    named = list(dict.fromkeys(names))
    return words if not named or len(named) == outcomes else f"{listed(named)}: {words}"


def _from_the_flow(results: Results) -> list[Doubt]:
    """How many students of the two groups have no score: said whether or not the groups lost alike."""
    lost = [words for words in map(_lost, subjects(results)) if words]
    if not lost:
        return []
    return [Doubt(f"Some students have no score and could not be counted: {'; '.join(lost)}.", "studied", _LOST)]


def _lost(subject: Subject) -> str:
    missing = [group.missing for group in subject.groups()]
    sizes = [group.n for group in subject.groups()]
    if subject.warned("unequal-loss") or any(n is None for n in (*missing, *sizes)):
        return ""
    lost, every = sum(n or 0 for n in missing), sum(n or 0 for n in (*missing, *sizes))
    if not lost:
        return ""
    share = 100 * lost / every
    return f"{count(lost)} of {count(every)} in {subject.name} ({number(share, 0 if share >= 9.5 else 1)}\u00a0%)"


def _from_the_design(results: Results) -> list[Doubt]:
    data, groups = results.study.get("data", {}), results.study["groups"]
    if groups.get("assigned") != "student" or not data.get("institution") or data.get("class"):
        return []
    if any(row.code == "intercept-alone-overconfident" for row in results.warnings):
        return []  # it says the same, and more
    return [
        Doubt(
            "The data don't say which class a student sat in. Students of one class share a teacher, so a few good or "
            "weak teachers could look like an effect of the teaching.",
            "same",
            _NO_CLASSES,
        )
    ]
