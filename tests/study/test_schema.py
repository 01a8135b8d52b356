"""The JSON Schema accepts what is read and refuses what is refused for one key alone."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest

from expeval.study.schema import study_schema

SCHEMA = study_schema()

RIGHT = """\
[study]
title = "Small classes"
authors = ["A. Author"]
[data]
files = ["a.csv", { path = "b.xlsx", sheet = 2, last_row = 31 }]
institutions = "schools.csv"
student = "pupil"
institution = "school"
class = "form"
missing = ["NA", -99]
header_row = 4
[groups]
column = "group"
experimental = "small"
control = ["regular", 0]
assigned = "class"
[[outcomes]]
name = "Mark"
column = "mark"
kind = "ordinal"
levels = [2, 3, 4, 5]
values = { "5-" = 5, "зач" = "missing" }
[inference]
confidence = 0.9
"""

ARM_FILES = """\
[study]
title = "Two files"
[groups]
experimental = { files = ["e.csv"] }
control = { files = [{ path = "c.csv", delimiter = ";" }] }
assigned = "student"
[[outcomes]]
name = "Score"
column = "score"
kind = "score"
range = [0, 100]
"""

SIDE_BY_SIDE = """\
[study]
title = "Two columns"
[data]
files = "table2.xlsx"
[groups]
assigned = "student"
[[outcomes]]
name = "Score"
columns = { experimental = "EG", control = "CG" }
kind = "score"
"""


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """The part of JSON Schema that the study's schema uses, written from the standard and not from pydantic."""
    known = {"$defs", "$ref", "$schema", "additionalProperties", "anyOf", "default", "description", "enum", "items"}
    known |= {"exclusiveMaximum", "exclusiveMinimum", "maxItems", "maximum", "minItems", "minimum", "oneOf", "pattern"}
    known |= {"prefixItems", "properties", "required", "title", "type"}
    assert set(schema) <= known, set(schema) - known
    if "$ref" in schema:
        return fits(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")])
    if "anyOf" in schema and not any(fits(value, form) for form in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(fits(value, form) for form in schema["oneOf"]) != 1:
        return False
    return fits_type(value, schema) and fits_bounds(value, schema) and fits_parts(value, schema)


def fits_type(value: Any, schema: dict[str, Any]) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    types = {
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": number and float(value).is_integer(),
        "number": number,
        "null": value is None,
        "array": isinstance(value, list),
        "object": isinstance(value, dict),
    }
    return types[schema["type"]] if "type" in schema else True


def fits_bounds(value: Any, schema: dict[str, Any]) -> bool:
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, str) and "pattern" in schema:
        return re.search(schema["pattern"], value) is not None
    if isinstance(value, (int, float)):
        return (
            schema.get("minimum", value) <= value <= schema.get("maximum", value)
            and ("exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"])
            and ("exclusiveMaximum" not in schema or value < schema["exclusiveMaximum"])
        )
    return True


def fits_parts(value: Any, schema: dict[str, Any]) -> bool:
    if isinstance(value, list):
        first = schema.get("prefixItems", [])
        length = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
        pairs = [*zip(value, first, strict=False), *((part, schema.get("items", {})) for part in value[len(first) :])]
        return length and all(fits(part, form) for part, form in pairs)
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", {})
        if not set(schema.get("required", [])) <= set(value) or (others is False and set(value) - set(properties)):
            return False
        return all(fits(part, properties.get(key, others)) for key, part in value.items())
    return True


@pytest.mark.parametrize("text", [RIGHT, ARM_FILES, SIDE_BY_SIDE], ids=["column", "arm files", "side by side"])
def test_a_right_study_fits(text: str):
    assert fits(tomllib.loads(text), SCHEMA)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('title = "Small classes"\n', ""),
        ('title = "Small', 'titel = "Small'),
        ('institution = "school"', 'instituton = "school"'),
        ("header_row = 4", 'header_row = "4"'),
        ("header_row = 4", "header_row = 0"),
        ('assigned = "class"', 'assigned = "pupil"'),
        ('kind = "ordinal"', 'kind = "marks"'),
        ("confidence = 0.9", "confidence = 90"),
        ("[inference]", "[inferense]"),
        ("levels = [2, 3, 4, 5]", "levels = [2, 3.5]"),
    ],
)
def test_a_slip_does_not_fit(old: str, new: str):
    assert RIGHT.count(old) == 1
    assert not fits(tomllib.loads(RIGHT.replace(old, new)), SCHEMA)


def test_it_is_json_and_knows_no_key_of_the_code():
    text = json.dumps(SCHEMA)
    assert '"path": {"default"' not in text
    assert "class_" not in text
    assert set(SCHEMA["required"]) == {"study", "groups", "outcomes"}
