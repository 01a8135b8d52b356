"""Which of a teacher's columns is suggested for which of the study's, and what she is not asked for."""

from __future__ import annotations

import pytest

from expeval.cohorts.columns import columns_of, match_columns

STUDY = """\
[study]
title = "Tasks"

[data]
store = "cohorts.db"
institutions = "schools.csv"
student = "student"
institution = "institution"
class = "class"

[groups]
column = "group"
experimental = ["new"]
control = ["old"]
assigned = "institution"

[[outcomes]]
name = "Test"
column = "score"
kind = "score"
baseline = "pretest"

[[outcomes]]
name = "Оценка"
column = "mark"
kind = "ordinal"
levels = [2, 3, 4, 5]
role = "secondary"

[covariates]
student = ["gender"]
institution = ["kind"]
"""


@pytest.fixture
def house(build, tmp_path):
    (tmp_path / "schools.csv").write_text("institution,kind\nA,school\nB,college\n", encoding="utf-8")
    return build(STUDY)


def suggested(house, *names: str) -> dict[str, str | None]:
    return {match.column: match.theirs for match in match_columns(house.study, columns_of(house.study), names, {}, {})}


def test_what_the_institution_file_holds_is_not_asked_for(house) -> None:
    assert "kind" not in suggested(house, "student", "kind")


@pytest.mark.parametrize(
    "names",
    [
        ("Name", "Code", "Class", "Group", "Sex", "Before", "Test", "Оценка за год"),
        ("ФИО", "Шифр", "Класс", "Группа", "Пол", "Входной контроль", "Test (итог)", "Оценка"),
    ],
)
def test_names_that_mean_the_same_are_suggested(house, names: tuple[str, ...]) -> None:
    _, code, class_, group, sex, before, test, mark = names
    expected = {"student": code, "class": class_, "group": group, "gender": sex}
    expected |= {"pretest": before, "score": test, "mark": mark}
    assert suggested(house, *names) == expected | {"institution": None}


def test_a_name_that_is_only_spelt_alike_is_not(house) -> None:
    """Code is one letter from score, Test five from pretest."""
    found = suggested(house, "Code", "Tests")
    assert (found["score"], found["pretest"]) == (None, None)


def test_a_misspelt_name_is(house) -> None:
    assert suggested(house, "sudent", "scoer", "gendre")["score"] == "scoer"
