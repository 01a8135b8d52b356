"""The study's columns as a teacher reads them, and her columns beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData

from expeval.cohorts.columns import Match, columns_of, known_beforehand, match_columns
from expeval.scores.roles import Columns
from expeval.scores.spelling import tidy
from expeval.study.spec import Study

ABSENT, IS = "absent", "is:"  # "we don't have this", and what stands before a column's name in a form


@dataclass(frozen=True, slots=True)
class Named:
    """A column of the study: ``role`` is a key of the words that say what stands there, ``about`` what it is of."""

    column: str
    role: str
    about: str
    may_lack: bool


def _roles(study: Study) -> dict[str, tuple[str, str]]:
    roles: dict[str, tuple[str, str]] = {}
    for outcome in study.outcomes:
        if outcome.baseline is not None:
            of = [one.name for one in study.outcomes if one.baseline == outcome.baseline]
            roles[outcome.baseline] = ("baseline", ", ".join(of))
        roles[str(outcome.column)] = ("outcome", outcome.name)
    for name, role in ((study.data.student, "student"), (study.data.class_, "class"), (study.groups.column, "group")):
        if name is not None:
            roles[name] = (role, "")
    return roles


def named(study: Study, match: Match) -> Named:
    """A column of the study with what it is."""
    role, about = _roles(study).get(match.column, ("other", match.column))
    return Named(match.column, role, about, match.may_lack)


def _needless(study: Study, columns: Columns) -> frozenset[str]:
    """Columns that the link says, or that stand in the study's own file of institutions."""
    elsewhere = set(columns.known) - set(columns.keys) if study.data.institutions else set()
    return known_beforehand(study) | elsewhere


def columns_named(study: Study) -> list[Named]:
    """The columns that a file should have."""
    columns = columns_of(study)
    matches = match_columns(study, columns, (), {}, {})
    needless = _needless(study, columns)
    return _first([named(study, match) for match in matches if match.column not in needless])


_ORDER = ("student", "class", "group", "baseline", "outcome", "other")


def _first(columns: list[Named]) -> list[Named]:
    """Who and where first."""
    return sorted(columns, key=lambda one: _ORDER.index(one.role))


def asked(study: Study, matches: tuple[Match, ...]) -> list[tuple[Named, Match]]:
    """The columns that a teacher is shown: those that need not be in her file only where they are."""
    needless = _needless(study, columns_of(study))
    shown = {match.column: match for match in matches if match.column not in needless or match.theirs is not None}
    return [(one, shown[one.column]) for one in _first([named(study, match) for match in shown.values()])]


def chosen_columns(
    shown: Sequence[tuple[Named, Match]], names: tuple[str, ...], form: FormData
) -> tuple[dict[str, str | None], dict[str, str]]:
    """What was chosen, and for each column that is not settled by it the key of the words that say why."""
    held = {tidy(name): name for name in names}
    columns: dict[str, str | None] = {}
    wrong: dict[str, str] = {}
    for place, (one, match) in enumerate(shown):
        given = str(form.get(f"column-{place}", ""))
        if str(form.get(f"name-{place}", "")) != one.column:
            wrong[one.column] = "columns-problem-choose"
        elif given == ABSENT and match.may_lack:
            columns[one.column] = None
        elif given.startswith(IS) and tidy(given.removeprefix(IS)) in held:
            columns[one.column] = held[tidy(given.removeprefix(IS))]
        else:
            wrong[one.column] = "columns-problem-choose"
    return columns, wrong | _twice(columns)


def _twice(columns: Mapping[str, str | None]) -> dict[str, str]:
    taken: dict[str, str] = {}
    wrong = {}
    for column, theirs in columns.items():
        if theirs is not None and taken.setdefault(theirs, column) != column:
            wrong[column] = "columns-problem-twice"
    return wrong
