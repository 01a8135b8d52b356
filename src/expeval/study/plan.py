"""The plan: what of study.toml shapes the analysis, and how two plans differ.

Every key of study.toml is decided here, once: it is part of the plan, or it is not, and why.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from expeval.study.allowed import TABLES
from expeval.study.spec import Study, text_of

Plan = Mapping[str, Any]

#: key -> what it decides, in a reader's words
PLANNED: dict[str, str] = {
    "data.student": "who counts as one student",
    "data.institution": "which institution a student belongs to",
    "data.class": "which class a student belongs to",
    "data.cohort": "which cohort a student belongs to",
    "data.missing": "which values count as missing",
    "data.duplicates": "what happens to a student's second row",
    "data.sheet": "which sheet is read",
    "data.last_row": "the last row that counts as a student",
    "data.hidden": "whether hidden rows count",
    "groups.column": "which column says the group",
    "groups.experimental": "who is in the experimental group",
    "groups.control": "who is in the control group",
    "groups.assigned": "whose units were put into the groups",
    "groups.randomised": "whether chance formed the groups",
    "groups.strata": "inside what the groups were formed",
    "outcomes.column": "which measurement it is",
    "outcomes.columns": "which measurements they are",
    "outcomes.kind": "what kind of measurement it is",
    "outcomes.role": "primary or secondary",
    "outcomes.levels": "its levels and their order",
    "outcomes.range": "which values are possible",
    "outcomes.baseline": "the measurement before the experiment",
    "outcomes.values": "what a cell stands for",
    "outcomes.domain": "which outcomes share the correction for multiplicity",
    "covariates.student": "what of the students is adjusted for",
    "covariates.institution": "what of the institutions is adjusted for",
    "covariates.categories": "which numbers are categories",
    "covariates.moderators": "by what the effect may differ",
    "inference.model": "which regression is the answer",
    "inference.test": "which two-group test is the test",
    "inference.confidence": "the level of the intervals",
    "inference.alternative": "one-sided or two-sided",
    "inference.multiplicity": "the correction for several outcomes",
    "inference.missing_data": "what happens to students without a value",
    "inference.draws": "how many divisions are drawn",
    "inference.seed": "what is drawn",
    "plan.looks": "after which cohorts the data are looked at",
}
_PLACE = "where the data are; what is in them is told by their hashes"
_FORM = "how the file is written; it decides how characters are read, not who or what is analysed"
_WORDS = "words of the report"
#: key -> why it is no part of the plan
NOT_PLANNED: dict[str, str] = {
    "study.title": _WORDS,
    "study.question": _WORDS,
    "study.authors": _WORDS,
    "study.stage": _WORDS,
    "study.simulated": "said in every output; a plan may be tried on simulated data",
    "data.files": _PLACE,
    "data.store": _PLACE,
    "data.institutions": _PLACE,
    "data.students": _PLACE,
    "data.encoding": _FORM,
    "data.delimiter": _FORM,
    "data.decimal": _FORM,
    "data.header_row": _FORM,
    "outcomes.name": "a name; an outcome with the same columns under another name is the same, and told as renamed",
    "deviations.key": "says what leaves the plan",
    "deviations.reason": "says why",
    "report.language": _WORDS,
    "report.institutions": "how institutions are shown",
    "report.minimum_cell": "which counts are shown",
}
# Where the order of a list says nothing.
_UNORDERED = ("data.missing", "groups.experimental", "groups.control", *(k for k in PLANNED if k.startswith("cov")))
_OF_A_FILE = ("sheet", "last_row", "hidden")
_FILES = ("files", "students", "institutions")
OWN_FILES = "files of its own"


def lock_name(study_file: str) -> str:
    """The name of the lock file beside a study file: ``study.lock.json`` beside ``study.toml``."""
    path = PurePosixPath(study_file)
    return str(path.with_name(f"{path.stem}.lock.json"))


def lock_path(study_file: Path) -> Path:
    """The same of a path on this machine."""
    return study_file.with_name(f"{study_file.stem}.lock.json")


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A data file when a plan was locked: its hash, ``None`` where it was not there."""

    file: str
    role: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class LockedPlan:
    """An entry of a lock file: the plan, or an amendment of it.

    Attributes
    ----------
    number
        From 1; 1 is the plan, the others are amendments.
    time
        When it was locked, by the clock of the computer that did (UTC).
    expeval
        The version that locked it, whose rules ``auto`` stands for.
    data
        The files that the study named then.
    reason
        Why the plan was amended.
    previous, hash
        SHA-256 of the entry before, and of this one without ``hash``.
    """

    number: int
    time: str
    expeval: str
    data: tuple[LockedFile, ...]
    plan: Plan
    reason: str | None
    previous: str | None
    hash: str

    @property
    def students_files(self) -> tuple[LockedFile, ...]:
        """The files that may hold outcomes; a table of institutions holds none."""
        return tuple(file for file in self.data if file.role != "institutions")

    @property
    def before_data(self) -> bool:
        """Whether no file that may hold outcomes was there."""
        return all(file.sha256 is None for file in self.students_files)

    def data_then(self, hashes: Iterable[str]) -> str:
        """What was there when it was locked, told by the hashes of the files that are analysed now.

        ``before``: no file; ``some``: not all of them; ``same``: all, with the content of now; ``other``: all, with
        another content.
        """
        there = [file.sha256 for file in self.students_files if file.sha256 is not None]
        if not there:
            return "before"
        if len(there) < len(self.students_files):
            return "some"
        return "same" if set(there) <= set(hashes) else "other"


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """A key that differs between two plans; values as text, ``None`` where the key is not set.

    The key of an outcome that is in one plan only is ``outcomes[NAME]``, its value the outcome's columns.
    """

    outcome: str | None
    key: str
    old: str | None
    new: str | None


# ------------------------------------------------------------------------------------------------- the plan of a study


def plan_of(study: Study) -> dict[str, Any]:
    """What of a study shapes the analysis, as plain values under the keys of study.toml; defaults are written out."""
    keys = study.as_keys()
    plan: dict[str, Any] = {table: _planned_keys(table, keys.get(table) or {}) for table in ("data", "groups")}
    plan["data"] |= {name: kept for name in _FILES if (kept := _choices_of_files(keys["data"].get(name)))}
    for arm in ("experimental", "control"):
        choice = keys["groups"].get(arm)
        if isinstance(choice, dict):
            kept = _choices_of_files(choice["files"])
            plan["groups"][arm] = {"files": kept} if kept else OWN_FILES
    plan["outcomes"] = [{"name": own["name"], **_planned_keys("outcomes", own)} for own in keys["outcomes"]]
    plan |= {table: _planned_keys(table, keys.get(table) or {}) for table in ("covariates", "inference", "plan")}
    return {table: content for table, content in plan.items() if content}


def _planned_keys(table: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in keys.items():
        key = f"{table}.{name}"
        if key in PLANNED and value not in (None, [], {}):
            found[name] = _looks(value) if key == "plan.looks" else _tidy(value, key in _UNORDERED)
    return found


def _choices_of_files(entries: Any) -> list[dict[str, Any]]:
    """Which rows and sheets single files give; where the files are is no part of the plan."""
    chosen = ({key: entry[key] for key in _OF_A_FILE if key in entry} for entry in entries or ())
    return [choice for choice in chosen if choice]


def _looks(looks: list[list[Any]]) -> list[list[str]]:
    return [sorted(text_of(label) for label in look) for look in looks]


def _tidy(value: Any, unordered: bool) -> Any:
    """One spelling for what is one thing: 1 and 1.0, and a list whose order says nothing."""
    if unordered and isinstance(value, list):
        return sorted(text_of(part) for part in value)
    if isinstance(value, list):
        return [_tidy(part, False) for part in value]
    if isinstance(value, dict):
        return {key: _tidy(part, False) for key, part in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


# ------------------------------------------------------------------------------------------------- two plans


def plan_differences(old: Plan, new: Plan) -> list[PlanDifference]:
    """Every key in which two plans differ, outcome by outcome, in the order of the tables.

    A key that the older plan does not know, because a later version brought it, differs only where it is not at its
    default.
    """
    found = []
    for table in ("data", "groups", "covariates", "inference", "plan"):
        found += [
            PlanDifference(None, f"{table}.{name}", before, after)
            for name, before, after in _changed(table, old.get(table) or {}, new.get(table) or {})
        ]
    for before_, after_ in matched_outcomes(old, new):
        found += _outcome_differences(before_, after_)
    return found


def matched_outcomes(old: Plan, new: Plan) -> list[tuple[Plan | None, Plan | None]]:
    """The outcomes of two plans in pairs: of one name, else of the same columns; ``None`` where there is no other."""
    left = {outcome["name"]: outcome for outcome in old.get("outcomes") or ()}
    right = list(new.get("outcomes") or ())
    partners: dict[str, Plan] = {own["name"]: left.pop(own["name"]) for own in right if own["name"] in left}
    for own in right:
        same = next((name for name, other in left.items() if columns_of(other) == columns_of(own)), None)
        if own["name"] not in partners and same is not None:
            partners[own["name"]] = left.pop(same)
    pairs: list[tuple[Plan | None, Plan | None]] = [(partners.get(own["name"]), own) for own in right]
    return pairs + [(outcome, None) for outcome in left.values()]


def columns_of(outcome: Plan) -> str:
    """The column of an outcome, or both where the arms stand side by side."""
    columns = outcome.get("columns")
    return ", ".join(map(str, columns.values())) if isinstance(columns, dict) else str(outcome.get("column"))


def _outcome_differences(old: Plan | None, new: Plan | None) -> Iterator[PlanDifference]:
    if old is None or new is None:
        name = (new or old or {})["name"]
        values = [None if own is None else columns_of(own) for own in (old, new)]
        yield PlanDifference(name, f"outcomes[{name}]", *values)
        return
    name = new["name"]
    if old["name"] != name:
        yield PlanDifference(name, f"outcomes[{name}].name", old["name"], name)
    bare = ({key: value for key, value in own.items() if key != "name"} for own in (old, new))
    for key, before, after in _changed("outcomes", *bare):
        yield PlanDifference(name, f"outcomes[{name}].{key}", before, after)


def _changed(table: str, old: Plan, new: Plan) -> Iterator[tuple[str, str | None, str | None]]:
    for key in dict.fromkeys((*old, *new)):
        default = _defaults().get(f"{table}.{key}")
        before, after = old.get(key, default), new.get(key, default)
        if before != after:
            yield key, value_text(before), value_text(after)


def value_text(value: Any) -> str | None:
    """A value of a plan as text; a text is itself, without quotation marks."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@cache
def _defaults() -> dict[str, Any]:
    found = {}
    for key in PLANNED:
        table, _, name = key.rpartition(".")
        fields = {field.alias or own: field for own, field in TABLES[table].model_fields.items()}
        default = fields[name].get_default()
        if not fields[name].is_required() and default not in (None, (), {}):
            found[key] = _tidy(default, False)
    return found
