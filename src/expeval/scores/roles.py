"""Which columns a study needs, from which key of study.toml, and what they may hold."""

from __future__ import annotations

from dataclasses import dataclass

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
        Covariates that may stand here or in another file.
    numeric
        Columns whose cells may be nothing but numbers.
    group
        The group column, where it may stand here or in another file.
    """

    keys: dict[str, str]
    optional: tuple[str, ...]
    numeric: tuple[str, ...]
    group: str | None = None

    @property
    def wanted(self) -> tuple[str, ...]:
        """All columns, required ones first."""
        return tuple(dict.fromkeys((*self.keys, *self.optional, *((self.group,) if self.group else ()))))


def student_columns(study: Study, groups_of_institutions: bool = False) -> Columns:
    """The columns of a file of scores; institution covariates may stand in a file of their own.

    So may the group column (``groups_of_institutions``): the file of institutions holds it.
    """
    data, groups = study.data, study.groups
    labels = {
        data.student: "data.student",
        data.institution: "data.institution",
        data.class_: "data.class",
        None if groups_of_institutions else groups.column: "groups.column",
        groups.strata: "groups.strata",
    }
    keys = {name: key for name, key in labels.items() if name is not None}
    numbers: dict[str, str] = {}
    for outcome in study.outcomes:
        numbers.setdefault(outcome.column, outcome_key(study, outcome, "column"))
        if outcome.baseline is not None:
            numbers.setdefault(outcome.baseline, outcome_key(study, outcome, "baseline"))
    for name in study.covariates.student:
        numbers.setdefault(name, "covariates.student")
    optional = tuple(name for name in study.covariates.institution if name not in keys and name not in numbers)
    numeric = tuple(name for name in (*numbers, *optional) if name not in keys)
    return Columns({**numbers, **keys}, optional, numeric, groups.column if groups_of_institutions else None)


def outcome_key(study: Study, outcome: Outcome, key: str) -> str:
    """A key of an outcome as messages name it: ``outcomes[2].column``."""
    return f"outcomes[{study.outcomes.index(outcome) + 1}].{key}"


def group_words(study: Study) -> tuple[str, ...]:
    """Texts that the cells of a file of scores should hold."""
    levels = (str(level) for outcome in study.outcomes for level in outcome.levels)
    return (*study.experimental_values, *study.control_values, *levels)


def institution_columns(study: Study) -> Columns:
    """The columns of an institution file."""
    keys = {study.data.institution: "data.institution"} if study.data.institution is not None else {}
    optional = tuple(name for name in study.covariates.institution if name not in keys)
    assigned = study.groups.column if study.groups.assigned == "institution" else None
    return Columns(keys, optional, optional, assigned)


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
