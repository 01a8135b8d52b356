"""JSON Schema of study.toml, for editors that complete and check keys while they are typed."""

from __future__ import annotations

from typing import Any

from expeval.study.spec import Study

Schema = dict[str, Any]


def study_schema() -> Schema:
    """Give the JSON Schema (draft 2020-12) of a study file.

    It knows keys, types and choices; what keys must say together only ``expeval check`` knows.
    """
    schema = Study.model_json_schema(by_alias=True, mode="validation")
    schema["properties"].pop("path")
    _add_short_forms(schema["$defs"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "study.toml",
        "description": "A study that expeval evaluates.",
    }


def _add_short_forms(tables: dict[str, Schema]) -> None:
    """Say what the models make of short forms: a name for a file, one value for a list of one."""
    tables["FileEntry"] = {"anyOf": [{"type": "string", "pattern": "\\S"}, tables["FileEntry"]]}
    for table, keys in (("DataSection", ("files", "institutions", "students")), ("ArmFiles", ("files",))):
        for key in keys:
            _or_alone(tables[table]["properties"], key)
    for arm in ("experimental", "control"):
        _or_alone(tables["GroupsSection"]["properties"], arm)
    outcome = tables["Outcome"]["properties"]
    outcome["levels"]["description"] = "Required for an ordinal outcome; 0 and 1 where a binary one has none."


def _or_alone(properties: dict[str, Schema], key: str) -> None:
    """Let an item stand without its list."""
    declared = properties[key]
    forms = declared.pop("oneOf", None) or declared.pop("anyOf", None) or [_without_notes(declared)]
    items = [form["items"] for form in forms if form.get("type") == "array"]
    notes: Schema = {note: declared[note] for note in ("title", "default", "description") if note in declared}
    properties[key] = {"anyOf": [*forms, *items], **notes}


def _without_notes(declared: Schema) -> Schema:
    return {name: value for name, value in declared.items() if name not in ("title", "default", "description")}
