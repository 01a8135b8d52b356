"""The plan of a study: every key is decided, and two plans differ in what shapes an analysis alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from expeval.study.allowed import TABLES, allowed_keys
from expeval.study.plan import NOT_PLANNED, PLANNED, plan_differences, plan_of
from expeval.study.reading import study_from_keys

KEYS: dict[str, Any] = {
    "study": {"title": "Small classes"},
    "data": {"files": ["scores.csv"], "student": "pupil", "institution": "school"},
    "groups": {"column": "group", "experimental": ["small"], "control": ["regular"], "assigned": "institution"},
    "outcomes": [
        {"name": "Reading", "column": "reading", "kind": "score"},
        {"name": "Grade", "column": "grade", "kind": "ordinal", "levels": [2, 3, 4, 5], "role": "secondary"},
    ],
    "covariates": {"student": ["gender", "lunch"]},
}


def plan(**changes: Any) -> dict[str, Any]:
    """The plan of KEYS with some keys changed: ``data__missing=["NA"]``, ``grade__kind="score"``."""
    keys = json.loads(json.dumps(KEYS))
    for name, value in changes.items():
        table, _, key = name.partition("__")
        if table in ("reading", "grade"):
            keys["outcomes"][table == "grade"][key] = value
        elif key:
            keys.setdefault(table, {})[key] = value
        else:
            keys[table] = value
    return plan_of(study_from_keys(keys, Path("study.toml")))


def told(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    return [(one.key, one.old, one.new) for one in plan_differences(old, new)]


def test_every_key_of_the_study_file_is_decided():
    tables = [table for table in TABLES if table and table.count(".") == 0]
    keys = {f"{table}.{key}" for table in tables for key in allowed_keys(table)}
    assert keys == set(PLANNED) | set(NOT_PLANNED)
    assert not set(PLANNED) & set(NOT_PLANNED)
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "lock-the-plan.md").read_text(encoding="utf-8")
    belongs, other = page.split("## What belongs to the plan")[1].split("is no part of it")
    assert [key for key in PLANNED if f"{key.split('.')[1]}`" not in belongs] == []
    assert [key for key in NOT_PLANNED if f"{key.split('.')[1]}`" not in other and "deviations" not in key] == []


@pytest.mark.parametrize(
    ("change", "key", "old", "new"),
    [
        ({"data__missing": ["NA"]}, "data.missing", None, '["NA"]'),
        ({"data__duplicates": "first"}, "data.duplicates", "refuse", "first"),
        ({"data__last_row": 31}, "data.last_row", None, "31"),
        ({"data__files": [{"path": "scores.csv", "sheet": "A"}]}, "data.files", None, '[{"sheet": "A"}]'),
        ({"groups__randomised": True}, "groups.randomised", "false", "true"),
        ({"groups__control": ["regular", "aide"]}, "groups.control", '["regular"]', '["aide", "regular"]'),
        ({"reading__range": [0, 80]}, "outcomes[Reading].range", None, "[0, 80]"),
        ({"reading__values": {"x": "missing"}}, "outcomes[Reading].values", None, '{"x": "missing"}'),
        ({"grade__levels": [1, 2, 3, 4, 5]}, "outcomes[Grade].levels", "[2, 3, 4, 5]", "[1, 2, 3, 4, 5]"),
        ({"grade__role": "primary"}, "outcomes[Grade].role", "secondary", "primary"),
        ({"covariates__student": ["lunch"]}, "covariates.student", '["gender", "lunch"]', '["lunch"]'),
        ({"inference__seed": 2}, "inference.seed", "1", "2"),
        ({"plan__looks": [["2026", 2025]]}, "plan.looks", None, '[["2025", "2026"]]'),
    ],
)
def test_a_key_that_shapes_the_analysis(change: dict[str, Any], key: str, old: str | None, new: str):
    assert told(plan(), plan(**change)) == [(key, old, new)]
    assert told(plan(**change), plan()) == [(key, new, old)]


@pytest.mark.parametrize(
    "change",
    [
        {"data__files": ["elsewhere/*.csv"]},
        {"data__encoding": "cp1251"},
        {"groups__experimental": "small"},
        {"covariates__student": ["lunch", "gender"]},
        {"outcomes": list(reversed(KEYS["outcomes"]))},
        {"study__simulated": True},
        {"report__institutions": "name"},
        {"inference__test": "auto", "inference__confidence": 0.95},
    ],
)
def test_a_key_that_shapes_no_analysis(change: dict[str, Any]):
    assert told(plan(), plan(**change)) == []


def test_the_order_of_levels_is_planned():
    rising, falling = plan(grade__levels=["low", "high"]), plan(grade__levels=["high", "low"])
    assert told(rising, falling) == [("outcomes[Grade].levels", '["low", "high"]', '["high", "low"]')]


def test_numbers_and_texts_of_cells_are_one():
    assert told(plan(groups__experimental=[1]), plan(groups__experimental=["1"])) == []
    assert told(plan(reading__range=[0, 80]), plan(reading__range=[0.0, 80.0])) == []


def test_an_arm_with_files_of_its_own():
    groups = {"experimental": {"files": ["e.csv"]}, "control": {"files": ["c.csv"]}, "assigned": "institution"}
    data = {"student": "pupil", "institution": "school"}
    files = plan(groups=groups, data=data)
    moved = plan(groups={**groups, "control": {"files": ["elsewhere/c.csv"]}}, data=data)
    assert told(files, moved) == []
    cut = plan(groups={**groups, "control": {"files": [{"path": "c.csv", "last_row": 9}]}}, data=data)
    assert told(files, cut) == [("groups.control", "files of its own", '{"files": [{"last_row": 9}]}')]
    assert ("groups.control", '["regular"]', "files of its own") in told(plan(), files)


def test_outcomes_that_come_and_go_are_one_difference_each():
    essay = {"name": "Essay", "column": "essay", "kind": "score"}
    found = told(plan(), plan(outcomes=[KEYS["outcomes"][0], essay]))
    assert found == [("outcomes[Essay]", None, "essay"), ("outcomes[Grade]", "grade", None)]


def test_an_outcome_under_another_name_is_the_same():
    renamed = {**KEYS["outcomes"][0], "name": "Reading aloud", "role": "secondary"}
    found = told(plan(), plan(outcomes=[renamed, KEYS["outcomes"][1]]))
    assert found == [
        ("outcomes[Reading aloud].name", "Reading", "Reading aloud"),
        ("outcomes[Reading aloud].role", "primary", "secondary"),
    ]


def test_names_that_changed_places_are_two_other_columns():
    reading, grade = KEYS["outcomes"]
    found = told(plan(), plan(outcomes=[{**reading, "name": "Grade"}, {**grade, "name": "Reading"}]))
    assert ("outcomes[Grade].column", "grade", "reading") in found
    assert ("outcomes[Reading].column", "reading", "grade") in found


def test_a_key_of_a_later_version_at_its_default_is_no_difference():
    before = plan()
    for table, key in (("data", "duplicates"), ("inference", "draws"), ("groups", "randomised")):
        del before[table][key]
    del before["outcomes"][0]["role"]
    assert told(before, plan()) == []
    assert told(before, plan(inference__draws=99)) == [("inference.draws", "9999", "99")]


def test_a_plan_is_the_same_when_it_was_written_and_read():
    looks = plan(plan__looks=[["2025"]], reading__values={"x": 1.5}, data__missing=[-99, "NA"])
    assert json.loads(json.dumps(looks)) == looks
