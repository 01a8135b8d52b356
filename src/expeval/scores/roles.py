"""Which columns a study needs, from which key of study.toml, and what they may hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from expeval.scores.spelling import tidy
from expeval.scores.typed import MISSING, Levels, MissingValues
from expeval.study.spec import Outcome, Study


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one kind of file.

    Attributes
    ----------
    keys
        column -> the key of study.toml that names it; every one of them must be there.
    optional
        Institution covariates that may stand here or in another file.
    numeric
        Columns whose cells may be nothing but numbers.
    group
        The group column, where it may stand here or in another file.
    elsewhere
        column -> key, of other columns that may stand here or in another file.
    """

    keys: dict[str, str]
    optional: tuple[str, ...]
    numeric: tuple[str, ...]
    group: str | None = None
    elsewhere: dict[str, str] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, str]:
        """column -> the key of study.toml that names it, whether or not it must stand here."""
        group = {self.group: "groups.column"} if self.group else {}
        return {**dict.fromkeys(self.optional, "covariates.institution"), **group, **self.elsewhere, **self.keys}

    @property
    def wanted(self) -> tuple[str, ...]:
        """All columns, required ones first."""
        group = (self.group,) if self.group else ()
        return tuple(dict.fromkeys((*self.keys, *self.optional, *group, *self.elsewhere)))


def student_columns(study: Study, elsewhere: Callable[[str], bool] = lambda name: False) -> Columns:
    """The columns of a file of scores; institution covariates may stand in a file of their own.

    So may what stands ``elsewhere``: in further tables of students, or the group column in that of institutions.
    """
    if study.side_by_side:
        return side_by_side_columns(study)
    data, groups = study.data, study.groups
    labels = {
        data.student: "data.student",
        data.institution: "data.institution",
        data.class_: "data.class",
        data.cohort: "data.cohort",
        groups.column: "groups.column",
        groups.strata: "groups.strata",
    }
    keys = {name: key for name, key in labels.items() if name is not None}
    numbers: dict[str, str] = {}
    for outcome in study.outcomes:
        numbers.setdefault(str(outcome.column), outcome_key(study, outcome, "column"))
        if outcome.baseline is not None:
            numbers.setdefault(outcome.baseline, outcome_key(study, outcome, "baseline"))
    for name in study.covariates.student:
        numbers.setdefault(name, "covariates.student")
    optional = tuple(name for name in study.covariates.institution if name not in keys and name not in numbers)
    # Of a column of numbers 07 and 7 are one number; as categories they are two, however the file stores them.
    labelled = {*keys, *study.covariates.categories}
    numeric = tuple(name for name in (*numbers, *optional) if name not in labelled)
    named = {**numbers, **keys}
    moved = {name: key for name, key in named.items() if name != data.student and elsewhere(name)}
    here = {name: key for name, key in named.items() if name not in moved}
    return Columns(here, optional, numeric, elsewhere=moved)


def further_columns(study: Study) -> Columns:
    """The columns of a further table of students: the identifier, and whatever else it holds."""
    return student_columns(study, lambda name: True)


def side_by_side_columns(study: Study) -> Columns:
    """The columns of a file with the arms side by side."""
    keys: dict[str, str] = {}
    for outcome in study.outcomes:
        for arm in ("experimental", "control"):
            keys.setdefault(outcome.column_of(arm), outcome_key(study, outcome, f"columns.{arm}"))
    return Columns(keys, (), tuple(keys))


def outcome_key(study: Study, outcome: Outcome, key: str) -> str:
    """A key of an outcome as messages name it: ``outcomes[2].column``."""
    return f"outcomes[{study.outcomes.index(outcome) + 1}].{key}"


def group_words(study: Study) -> tuple[str, ...]:
    """Texts that the cells of a file of scores should hold."""
    levels = (str(level) for outcome in study.outcomes for level in outcome.levels)
    return (*study.experimental_values, *study.control_values, *levels)


def outcome_texts(study: Study) -> frozenset[str]:
    """Texts that study.toml gives a meaning of their own in cells of outcomes."""
    return frozenset(tidy(text) for outcome in study.outcomes for text in outcome.values)


def institution_columns(study: Study) -> Columns:
    """The columns of an institution file."""
    keys = {study.data.institution: "data.institution"} if study.data.institution is not None else {}
    optional = tuple(name for name in study.covariates.institution if name not in keys)
    assigned = study.groups.column if study.groups.assigned == "institution" else None
    numeric = tuple(name for name in optional if name not in study.covariates.categories)
    return Columns(keys, optional, numeric, assigned)


def missing_values(study: Study) -> MissingValues:
    """What stands for a missing value in this study."""
    return MissingValues.of(study.missing)


def outcome_levels(outcome: Outcome) -> Levels | None:
    """The levels of an ordinal or binary outcome, ``None`` for a score."""
    if outcome.kind == "score":
        return None
    return Levels.of(outcome.levels, binary=outcome.kind == "binary")


def as_numbers(stands: dict[str, str | float]) -> dict[str, float]:
    """What texts stand for where only numbers can: "missing" is NaN, other texts are left out."""
    return {
        text: float("nan") if target == MISSING else float(target)
        for text, target in stands.items()
        if target == MISSING or isinstance(target, (int, float))
    }
