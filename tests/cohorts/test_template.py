"""The template: filled in as it asks it is accepted as it is; nothing in it or in an export runs."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest

from expeval.cohorts.disarmed import disarmed
from expeval.cohorts.export import export
from expeval.cohorts.template import template
from expeval.scores.reading import examine_scores


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_filled_template_needs_no_question(house, language: str) -> None:
    book = opened(template(house.study, language))
    sheet = book.active
    head = [cell.value for cell in sheet[1]]
    assert head[:3] == ["code", "class", "group"]
    assert set(head) == {"code", "class", "group", "mark", "before", "test", "gender"}
    values = {"code": "a", "class": "7A", "group": "new", "mark": 5, "before": 4, "test": 50, "gender": "f"}
    for row, change in enumerate([{}, {"code": "b", "class": "7B", "group": "old"}], 2):
        for column, name in enumerate(head, 1):
            sheet.cell(row, column).value = {**values, **change}[name]
    written = io.BytesIO()
    book.save(written)
    receipt = house.send(written.getvalue(), "template.xlsx")
    assert receipt.by_arm == {"experimental": 1, "control": 1}


def test_an_empty_template_is_told(house) -> None:
    from expeval.faults import Faults

    with pytest.raises(Faults) as raised:
        house.draft(template(house.study), "template.xlsx")
    assert [fault.code for fault in raised.value] == ["header-only"]


def test_the_lists_hold_what_the_study_allows(house) -> None:
    book = opened(template(house.study))
    sheet, lists = book.worksheets
    assert lists.sheet_state == "hidden"
    rules = {str(rule.sqref).split("2:")[0]: rule for rule in sheet.data_validations.dataValidation}
    letters = {cell.value: cell.column_letter for cell in sheet[1]}
    found = {}
    for name in ("group", "mark"):
        rule = rules[letters[name]]
        assert rule.type == "list"
        column = rule.formula1.split("$")[1]
        found[name] = [cell.value for cell in lists[column] if cell.value is not None]
    assert found == {"group": ["new", "old"], "mark": [2, 3, 4, 5]}
    test = rules[letters["test"]]
    assert (test.type, test.formula1, test.formula2) == ("decimal", "0", "100")


ARMED = ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", " =1", "＝1"]


def test_a_study_of_formulas_makes_a_template_of_texts(build) -> None:
    text = """
[study]
title = "=1"
[data]
store = "cohorts.db"
student = "=cmd|' /C calc'!A0"
[groups]
column = "@group"
experimental = ["=HYPERLINK(\\"http://evil\\")"]
control = ["+old"]
assigned = "student"
[[outcomes]]
name = "x"
column = "-mark"
kind = "ordinal"
levels = ["=low", "@high"]
"""
    house = build(text)
    for sheet in opened(template(house.study)).worksheets:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    head = "=cmd|' /C calc'!A0,@group,-mark\n"
    data = head + 'a,"=HYPERLINK(""http://evil"")",=low\n=b,+old,@high\n'
    house.send(data.encode())
    rows = list(csv.reader(io.StringIO(export(house.store, house.study)[0])))
    assert len(rows) == 3
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("text", ARMED)
def test_a_text_that_would_run_is_disarmed(text: str) -> None:
    assert disarmed(text) == f"'{text}"


@pytest.mark.parametrize("value", ["5-", "a=b", "отл", -1.5, 3, "", "x@y"])
def test_what_would_not_run_stays(value: object) -> None:
    assert disarmed(value) == value


def test_an_export_has_the_rows_that_a_run_names(house) -> None:
    house.other("School 9").send()
    data = b"code,class,group,mark,before,test,gender\nx,7A,new,5,-1,-0.5,m\n"
    house.study = house.study.model_copy(
        update={"outcomes": tuple(one.model_copy(update={"range": None}) for one in house.study.outcomes)}
    )
    house.other("School 8").send(data)
    text, snapshot = export(house.store, house.study)
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == [
        "school",
        "cohort",
        "upload",
        "row",
        "code",
        "group",
        "class",
        "before",
        "gender",
        "mark",
        "test",
    ]
    assert [row[0] for row in rows[1:]] == ["School 8"] + ["School 9"] * 4
    assert rows[1][7:] == ["-1", "m", "5", "-0.5"]
    assert rows[1][4] == house.pseudonyms.student("School 8", "", "x")
    # A fault of the store names the row as the export has it.
    narrow = house.study.outcomes[1].model_copy(update={"range": (0.0, 55.0)})
    study = house.study.model_copy(update={"outcomes": (house.study.outcomes[0], narrow)})
    told = [(fault.code, fault.row, fault.found) for fault in examine_scores(study).faults]
    assert told == [("outside-range", 2, "-0.5"), ("outside-range", 6, "60")]
    assert [rows[row - 1][10] for _, row, _ in told] == ["-0.5", "60"]
    assert len(snapshot.rows) == 5
