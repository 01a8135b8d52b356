"""What may stand at a key of study.toml, in words, read off the types in :mod:`expeval.study.spec`."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from expeval.faults import nearest
from expeval.study import spec
from expeval.study.not_yet import is_not_yet
from expeval.study.positions import KeyPath, plain_key

TABLES: dict[str, type[spec.Table]] = {
    "": spec.Study,
    "study": spec.StudySection,
    "data": spec.DataSection,
    "data.files": spec.FileEntry,
    "data.institutions": spec.FileEntry,
    "data.students": spec.FileEntry,
    "groups": spec.GroupsSection,
    "groups.experimental": spec.ArmFiles,
    "groups.control": spec.ArmFiles,
    "groups.experimental.files": spec.FileEntry,
    "groups.control.files": spec.FileEntry,
    "outcomes": spec.Outcome,
    "outcomes.columns": spec.ArmColumns,
    "covariates": spec.Covariates,
    "inference": spec.Inference,
    "plan": spec.PlanSection,
    "deviations": spec.Deviation,
    "report": spec.Report,
}
_LISTS_OF_TABLES = ("outcomes", "deviations")


def allowed_keys(table: str) -> tuple[str, ...]:
    """Keys that a table may hold; ``table`` without places in lists, ``""`` for the whole file."""
    names = (field.alias or name for name, field in TABLES[table].model_fields.items())
    return tuple(name for name in names if (table, name) != ("", "path"))


def nearest_key(key: str, table: str) -> str | None:
    """The key meant by an unknown one: of its own table, else of another one, then with its table's name."""
    if len(key) > 80:
        return None
    if own := nearest(key, allowed_keys(table)):
        return own
    for other in ("study", "data", "groups", "outcomes", "covariates", "inference", "plan", "report"):
        if key in allowed_keys(other):
            return f"{other}.{key}"
    return None


def allowed_words(path: KeyPath) -> str | None:
    """Say what may stand at a path; ``None`` where the path leads to no known key."""
    found = _field(plain_key(path))
    if found is None:
        return None
    key, field = found
    if key in TABLES and "." not in key:
        return f"one or more tables [[{key}]]" if key in _LISTS_OF_TABLES else f"a table [{key}]"
    inside_list = plain_key(path) != key or isinstance(path[-1], int)
    words = _words_inside(field.annotation) if inside_list else None
    return words or _own_words(field) or _choice_words(key, field.annotation)


def choices(path: KeyPath) -> tuple[str, ...]:
    """The texts that may stand at a path, where there is a fixed list of them."""
    found = _field(plain_key(path))
    return _literals(found[1].annotation) if found else ()


def _field(key: str) -> tuple[str, FieldInfo] | None:
    """The declared field at a key or at the nearest key that holds it."""
    while key:
        table, _, name = key.rpartition(".")
        fields = (
            {field.alias or own: field for own, field in TABLES[table].model_fields.items()} if table in TABLES else {}
        )
        if name in fields:
            return key, fields[name]
        key = table
    return None


def _own_words(field: FieldInfo) -> str | None:
    marks = [mark.words for mark in field.metadata if isinstance(mark, spec.Allowed)]
    return (marks[0] if marks else _words_of(field.annotation)) or None


def _words_of(annotation: Any) -> str | None:
    if get_origin(annotation) is Annotated:
        marks = [mark.words for mark in get_args(annotation)[1:] if isinstance(mark, spec.Allowed)]
        return marks[0] if marks else _words_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return next((words for part in get_args(annotation) if (words := _words_of(part))), None)
    return None


def _words_inside(annotation: Any) -> str | None:
    """Words of an item where the field is a list, of a value where it is a table of values."""
    parts = get_args(annotation)
    if get_origin(annotation) in (tuple, dict):
        return next((words for part in reversed(parts) if (words := _words_of(part))), None)
    if get_origin(annotation) is Annotated:
        return _words_inside(parts[0])
    return next((words for part in parts if (words := _words_inside(part))), None)


def _choice_words(key: str, annotation: Any) -> str | None:
    words = [f'"{text}"' + (" (not yet)" if is_not_yet(key, text) else "") for text in _literals(annotation)]
    return ", ".join(words[:-1]) + f" or {words[-1]}" if words else None


def _literals(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(text for part in get_args(annotation) for text in _literals(part))
