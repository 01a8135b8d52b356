"""Which of a file's columns is which of the study's: by name, as last time, or perhaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from expeval.faults import Fault, nearest
from expeval.proposal.words import role_of, words_of
from expeval.scores.institutions import InstitutionTable, read_institutions
from expeval.scores.roles import Columns, missing_values, student_columns
from expeval.scores.spelling import find_columns, tidy
from expeval.study.spec import Study

How = Literal["chosen", "same", "remembered", "perhaps", "none"]
# What a file's column may be called by for each key of the study file, the likeliest first.
_ROLES = {
    "data.student": ("student", "person"),
    "data.class": ("class",),
    "data.cohort": ("cohort",),
    "groups.column": ("group",),
}


class CannotServe(ValueError):
    """A study whose scores can't be uploaded, with the reason in one sentence."""


@dataclass(frozen=True, slots=True)
class Match:
    """One of the study's columns and the file's column that it is.

    Attributes
    ----------
    column, key
        The study's column, and the key of study.toml that names it.
    theirs
        The file's column; ``None`` where none is found or the file does not have it.
    how
        ``chosen`` by the teacher (``theirs`` is ``None``: not there), the ``same`` name but for look-alikes,
        ``remembered`` from the last confirmed upload, ``perhaps``: a suggestion that has to be chosen, ``none``.
    may_lack
        Whether "we don't have this" is an answer.
    """

    column: str
    key: str
    theirs: str | None
    how: How
    may_lack: bool

    @property
    def settled(self) -> bool:
        """Whether nothing has to be asked."""
        return self.how in ("chosen", "same", "remembered") or (self.how == "none" and self.may_lack)


def check_served(study: Study) -> None:
    """Raise :class:`CannotServe` for a study whose scores can't come by uploads."""
    if study.side_by_side or study.groups.column is None:
        raise CannotServe(
            "uploads need one row a student and a group column: groups.column with the values of both arms."
        )
    if study.data.students:
        raise CannotServe(
            "data.students can't be joined with uploads, whose students are pseudonyms: let the column stand in the "
            "files that are uploaded, as outcomes.baseline or a covariate."
        )


def upload_columns(study: Study, institutions: InstitutionTable | None = None) -> Columns:
    """The columns of a file that is uploaded."""

    def elsewhere(name: str) -> bool:
        whole = study.groups.assigned == "institution" and name == study.groups.column
        return whole and institutions is not None and institutions.may_hold_groups(name)

    columns = student_columns(study, elsewhere)
    held = institutions.covariates if institutions is not None else ()
    # What the institution file says of an institution nobody is asked for.
    asked = tuple(name for name in columns.optional if name not in held)
    return replace(columns, optional=asked, numeric=tuple(name for name in columns.numeric if name not in held))


def columns_of(study: Study) -> Columns:
    """The same, with the institution file read to know what stands there."""
    return upload_columns(study, read_institutions(study, missing_values(study), []))


def known_beforehand(study: Study) -> frozenset[str]:
    """Columns that the link says, and that a file need not have."""
    return frozenset(name for name in (study.data.institution, study.data.cohort) if name is not None)


def may_lack(study: Study, column: str, key: str) -> bool:
    """Whether an upload may do without a column: its cells are then missing values."""
    if column in known_beforehand(study) or key == "covariates.student" or key.endswith(".baseline"):
        return True
    if key == "data.class":
        return study.groups.assigned != "class" and study.data.institution is not None
    secondary = [outcome.column for outcome in study.outcomes if outcome.role == "secondary"]
    return column in secondary


def match_columns(
    study: Study,
    columns: Columns,
    names: Sequence[str],
    chosen: Mapping[str, str | None],
    remembered: Mapping[str, str],
) -> list[Match]:
    """Match every column of the study; of the file's columns each stands for one at most."""
    known = dict(columns.known)
    if study.data.cohort is not None:
        known.setdefault(study.data.cohort, "data.cohort")
    tidied = {tidy(name): name for name in reversed(names) if tidy(name)}
    lookup = find_columns(names, list(known))
    found: dict[str, tuple[str | None, How]] = {}
    for column in known:
        if column in chosen and (chosen[column] is None or tidy(str(chosen[column])) in tidied):
            theirs = chosen[column]
            found[column] = (None if theirs is None else tidied[tidy(theirs)], "chosen")
        elif column in lookup.positions:
            found[column] = (names[lookup.positions[column]], "same")
        elif tidy(remembered.get(column, "")) in tidied:
            found[column] = (tidied[tidy(remembered[column])], "remembered")
    found = _each_once(found)
    for column, key in known.items():
        if column not in found:
            free = [name for name in tidied.values() if name not in {theirs for theirs, _ in found.values()}]
            theirs = _perhaps(study, column, key, free)
            found[column] = (theirs, "perhaps" if theirs is not None else "none")
    optional = set(columns.optional) | set(columns.elsewhere) | ({columns.group} if columns.group else set())
    return [
        Match(column, key, *found[column], may_lack=column in optional or may_lack(study, column, key))
        for column, key in known.items()
    ]


def _each_once(found: Mapping[str, tuple[str | None, How]]) -> dict[str, tuple[str | None, How]]:
    """What was chosen goes before what is the same, and that before what is remembered."""
    kept: dict[str, tuple[str | None, How]] = {}
    taken: set[str] = set()
    for how in ("chosen", "same", "remembered"):
        for column, (theirs, way) in found.items():
            if way == how and (theirs is None or theirs not in taken):
                kept[column] = (theirs, way)
                taken.update([theirs] if theirs is not None else [])
    return kept


def _perhaps(study: Study, column: str, key: str, free: Sequence[str]) -> str | None:
    """The one column that an outcome's name, the words of the study's column, its role or its spelling points to."""
    for words in (_outcome_words(study, column, key), set(words_of(column))):
        holding = [name for name in free if words and words <= set(words_of(name))]
        if len(holding) == 1:
            return holding[0]
    own = "baseline" if key.endswith(".baseline") else role_of(column)
    for role in _ROLES.get(key, (own,) if own in _TOLD_BY_NAME else ()):
        alike = [name for name in free if role_of(name) == role]
        if len(alike) == 1:
            return alike[0]
    # A name that is spelt alike and says something else is another column: Code is no score.
    spelt = [tidy(name) for name in free if role_of(name) in (None, own) or own is None]
    return nearest(column, spelt)


_TOLD_BY_NAME = ("baseline", "gender", "mark")


def _outcome_words(study: Study, column: str, key: str) -> set[str]:
    """The words of the outcome's own name, where it has this column."""
    names = [outcome.name for outcome in study.outcomes if outcome.column == column and key.endswith(".column")]
    return set(words_of(names[0])) if names else set()


def unmatched(matches: Sequence[Match], names: Sequence[str], file: str, sheet: str | None, row: int) -> list[Fault]:
    """A fault for every column that has to be chosen first."""
    allowed = ", ".join(tidy(name) for name in names if tidy(name))
    return [
        Fault("column-missing", file, sheet, row or None, match.column, key=match.key, allowed=allowed)
        if match.theirs is None
        else Fault(
            "column-missing",
            file,
            sheet,
            row or None,
            match.column,
            key=match.key,
            nearest=match.theirs,
            allowed=allowed,
        )
        for match in matches
        if not match.settled and not (match.how == "perhaps" and match.may_lack)
    ]
