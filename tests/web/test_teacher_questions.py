"""What a file leaves open, and what is wrong with it in ways of its own, is asked and mended on the pages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from grade_books import CLEAN, HEAD, STUDY, WITH_COHORTS, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("data", "given", "asked"),
    [
        (HEAD.encode() + b"\xff\xfe\x00", {"encoding": "cp1251"}, "We can’t tell how the letters"),
        ((HEAD + "a,7A,new,5,4,1,m\nb,7B,old,4,4,2,f\n").replace(",", "\a").encode(), {"delimiter": "comma"}, ""),
    ],
)
def test_what_a_file_leaves_open_is_asked_in_her_words(
    house: House, data: bytes, given: dict[str, str], asked: str
) -> None:
    teacher = house.teacher()
    seen = teacher.choose(data)
    assert asked in seen.text
    settings = [form for form in seen.forms if dict(form.fields).get("step") == "settings"]
    assert settings
    assert teacher.send(seen, settings[0], **given).status == 200
    assert teacher.send(seen, settings[0], **dict.fromkeys(given, "odd"), row="0").status == 200


def test_the_row_of_the_names_is_chosen(house: House) -> None:
    teacher = house.teacher()
    data = b"code,class,group,mark,before,test,gender\n" + CLEAN
    seen = teacher.choose(data)
    form = next(form for form in seen.forms if dict(form.fields).get("step") == "settings")
    seen = teacher.send(seen, form, row="2")
    assert "Row 1, above the column names" in seen.text
    seen = teacher.send(seen, seen.forms[0])
    assert "4 students of this file will count." in seen.text


def test_the_decimal_sign_is_asked_once(house: House) -> None:
    teacher = house.teacher()
    seen = teacher.choose((HEAD + 'a,7A,new,5,4,"1,5",m\nb,7B,old,4,4,2.5,f\n').encode())
    seen = teacher.send(seen, seen.forms[0])
    assert "We can’t tell whether the comma or the point" in seen.text
    seen = teacher.send(seen, seen.form("/decimal"), decimal="odd")
    assert "No cell was changed" in seen.text
    seen = teacher.send(seen, seen.form("/decimal"), decimal="comma")
    assert seen.status == 200


def test_what_only_the_coordinator_can_mend_is_said_so(tmp_path: Path) -> None:
    text = STUDY.replace('store = "cohorts.db"', 'store = "cohorts.db"\ninstitutions = "schools.csv"')
    text = text.replace('student = ["gender"]', 'student = ["gender"]\ninstitution = ["size"]')
    (tmp_path / "schools.csv").write_text("school,size\nSchool 8,10\nSchool 9,20\n")
    house = House(tmp_path, text)
    try:
        teacher = house.teacher()
        seen = teacher.choose(CLEAN)
        seen = teacher.send(seen, seen.forms[0])
        assert "The coordinator must mend something first" in seen.text
        assert "schools.csv" in seen.text
        assert "School 7" in seen.text
        with (tmp_path / "schools.csv").open("a") as schools:
            schools.write("School 7,30\n")
        assert teacher.get("/draft/1").path.endswith("/preview")
    finally:
        house.close()


def test_a_class_in_both_groups_is_mended_in_the_group(house: House) -> None:
    teacher = house.teacher()
    seen = teacher.choose((HEAD + "a,7A,new,5,4,1,m\nb,7A,new,4,4,2,f\nc,7A,old,4,4,2,f\nd,7B,old,3,3,3,f\n").encode())
    seen = teacher.send(seen, seen.forms[0])
    assert "A class belongs to one group as a whole" in seen.text
    columns_asked = {value for name, value in seen.form("").fields if name.startswith("column-")}
    assert columns_asked == {"group"}
    places = [name for name in seen.form("").data() if name.startswith("cell-")]
    seen = teacher.send(seen, seen.form(""), **dict.fromkeys(places, "set:new"))
    assert seen.path.endswith("/preview")


def test_a_student_twice_is_mended_without_being_shown(house: House) -> None:
    teacher = house.teacher()
    rows = "secretcode,7A,new,5,4,1,m\nsecretcode,7A,new,4,4,2,f\nd,7B,old,3,3,3,f\n"
    seen = teacher.choose((HEAD + rows).encode())
    seen = teacher.send(seen, seen.forms[0])
    assert "One student stands there more than once, with different values: rows 2, 3." in seen.text
    assert "secretcode" not in seen.response.text
    seen = teacher.send(seen, seen.form(""), **{"cell-1": "another"})
    assert "3 students of this file will count." in seen.text


def test_a_study_without_students_codes(tmp_path: Path) -> None:
    house = House(tmp_path, STUDY.replace('student = "code"\n', ""))
    try:
        teacher = house.teacher()
        assert teacher.upload(CLEAN).path == "/receipt/1"
        seen = teacher.choose(CLEAN.replace(b"s4,7B,old,5", b"s4,7B,old,4"))
        seen = teacher.send(seen, seen.forms[0])
        assert "1 student is new" in seen.text
        assert "1 student is not in this file any more" in seen.text
    finally:
        house.close()


def test_words_that_were_said_wrongly_are_said_again(house: House) -> None:
    teacher = house.teacher()
    seen = teacher.choose(CLEAN.replace(b",new,", b",exp,").replace(b",old,", b",usual,"))
    seen = teacher.send(seen, seen.forms[0])
    seen = teacher.send(seen, seen.forms[0], **{"meaning-0": "2", "meaning-1": "2"})
    # Nobody is in either group: told once, as nothing of a cell, with the way back.
    assert seen.text.count("No row belongs to the experimental or the control group.") == 2  # in the summary, and below
    assert "cells need you" not in seen.text
    seen = teacher.send(seen, seen.form("/words/again"))
    assert "What do these words stand for?" in seen.text
    seen = teacher.send(seen, seen.forms[0], **{"meaning-0": "0", "meaning-1": "1"})
    assert "4 students of this file will count." in seen.text
    assert any(form.action.endswith("/words/again") for form in seen.forms)


def test_simulated_data_are_said_to_be_on_every_page(tmp_path: Path) -> None:
    house = House(
        tmp_path, STUDY.replace('title = "Marks of a course"', 'title = "Marks of a course"\nsimulated = true')
    )
    try:
        teacher = house.teacher()
        for path in ("/", "/uploads", "/nowhere"):
            assert "simulated data" in teacher.get(path).response.text
    finally:
        house.close()


def _with_hidden_rows() -> bytes:
    """The clean file as a workbook that hides the rows 3 and 4."""
    book = openpyxl.Workbook()
    for line in CLEAN.decode().splitlines():
        book.active.append([float(cell) if cell.replace(".", "").isdecimal() else cell for cell in line.split(",")])
    for row in (3, 4, 9):
        book.active.row_dimensions[row].hidden = True
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("choice", "count", "noted"),
    [("keep", 4, "They count like the others, as you said"), ("drop", 2, "Hidden rows that were left out: 2")],
)
def test_whether_hidden_rows_count_is_asked(house: House, choice: str, count: int, noted: str) -> None:
    teacher = house.teacher()
    seen = teacher.choose(_with_hidden_rows(), "book.xlsx")
    assert "Do hidden rows count?" in seen.text
    assert "something stands: rows 3, 4." in seen.text
    form = next(form for form in seen.forms if dict(form.fields).get("step") == "settings")
    assert "Do hidden rows count?" in teacher.send(seen, form, hidden="odd").text
    seen = teacher.send(seen, form, hidden=choice)
    assert "Which column is which?" in seen.text
    seen = teacher.send(seen, seen.forms[0])
    assert f"{count} students of this file will count." in seen.text
    assert noted in seen.text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (_with_hidden_rows()[:3000], "it is damaged, or far larger inside than it looks"),
        (b"%PDF-1.7 ...", "This kind of file is not read here: PDF."),
    ],
)
def test_a_file_that_cannot_be_read_is_no_file_to_go_on_with(house: House, data: bytes, said: str) -> None:
    teacher = house.teacher()
    assert said in teacher.choose(data, "book.xlsx").text
    assert "book.xlsx: we could not read it" in teacher.get("/").text
    assert "See why" in teacher.get("/").text


@pytest.mark.parametrize("rows", ["School 9,secret\nSchool 8,12\nSchool 11,40\n", "School 9,77\nSchool 9,88\n"])
def test_what_stands_there_of_other_institutions_is_not_shown(tmp_path: Path, rows: str) -> None:
    text = STUDY.replace('store = "cohorts.db"', 'store = "cohorts.db"\ninstitutions = "schools.csv"')
    text = text.replace('student = ["gender"]', 'student = ["gender"]\ninstitution = ["size"]')
    (tmp_path / "schools.csv").write_text("school,size\nSchool 7,300\n" + rows)
    house = House(tmp_path, text)
    try:
        teacher = house.teacher()
        seen = teacher.choose(CLEAN)
        seen = teacher.send(seen, seen.forms[0])
        assert "The coordinator must mend something first" in seen.text
        assert "schools.csv" in seen.text
        assert "row" in seen.text
        for other in ("School 9", "School 8", "secret", "77", "88"):
            assert other not in seen.response.text
    finally:
        house.close()


@pytest.mark.parametrize(
    ("text", "cohort", "column", "other", "own"),
    [(WITH_COHORTS, "2026", "year", "2025", "2026"), (STUDY, None, "school", "School 9", "School 7")],
)
def test_a_row_of_another_cohort_or_institution_is_shown_as_it_is_and_mended(
    tmp_path: Path, text: str, cohort: str | None, column: str, other: str, own: str
) -> None:
    head, *rows = CLEAN.decode().splitlines()
    lines = [f"{head},{column}", *(f"{row},{other if i == 1 else own}" for i, row in enumerate(rows)), ""]
    house = House(tmp_path, text)
    try:
        teacher = house.teacher()
        seen = teacher.choose("\n".join(lines).encode(), cohort=cohort)
        seen = teacher.send(seen, seen.forms[0])
        assert f"There is: {other}" in seen.text
        seen = teacher.send(seen, seen.form(""), **{"cell-0": own})
        assert "4 students of this file will count" in seen.text
        assert "/receipt/" in teacher.send(seen, seen.form("/confirm")).path
    finally:
        house.close()


def test_a_column_whose_name_stands_there_twice_is_not_taken_for_the_first(house: House) -> None:
    teacher = house.teacher()
    twice = CLEAN.replace(HEAD.encode(), HEAD.replace("before", "mark").encode())
    seen = teacher.choose(twice)
    fields = seen.forms[0].fields
    absent = {name.replace("name-", "column-"): "absent" for name, value in fields if value == "before"}
    seen = teacher.send(seen, seen.forms[0], **absent)
    assert "More than one column of your file is named “mark”" in seen.text
    assert [form.action for form in seen.forms] == [f"{seen.path}/drop"]


def test_totals_are_asked_about_though_a_word_stands_in_the_students_column(house: House) -> None:
    teacher = house.teacher()
    seen = teacher.choose(CLEAN + b",,,4.2,,,\nTotal,4,,17,,,\nSigned,,,1 June,,,\n")
    seen = teacher.send(seen, seen.forms[0])
    assert seen.path.endswith("/last-row")
    assert "Below row 5" in seen.text
    seen = teacher.send(seen, seen.forms[0], rows="totals")
    assert "4 students of this file will count" in seen.text
    assert "Rows below the last student that were left out, as you said: 3" in seen.text
    assert "Left out" not in seen.text


def test_that_only_one_sheet_is_read_is_said(house: House) -> None:
    book = openpyxl.Workbook()
    for sheet in (book.worksheets[0], book.create_sheet("7B")):
        for line in CLEAN.decode().splitlines():
            sheet.append(line.split(","))
    file = io.BytesIO()
    book.save(file)
    seen = house.teacher().choose(file.getvalue(), "classes.xlsx")
    assert "Only one sheet is read" in seen.text


WITHOUT_CODES = """\
[study]
title = "Marks"
[data]
store = "cohorts.db"
institution = "school"
{more}
[groups]
column = "group"
experimental = ["new"]
control = ["old"]
assigned = "{assigned}"
[[outcomes]]
name = "Test"
column = "test"
kind = "score"
"""
TESTS = "Anna,51\nIvan,48\nYana,3\nPyotr,60\nOlga,7\n"


@pytest.mark.parametrize("below", ["Total,33.8\n", "Total,33.8\n,\nSigned by the head,\n"])
def test_totals_whose_word_stands_in_a_column_that_is_not_kept_are_asked_about(tmp_path: Path, below: str) -> None:
    text = WITHOUT_CODES.format(more='institutions = "schools.csv"', assigned="institution")
    (tmp_path / "schools.csv").write_text("school,group\nSchool 7,new\nSchool 8,old\n", encoding="utf-8")
    house = House(tmp_path, text)
    try:
        teacher = house.teacher()
        seen = teacher.choose(f"name,test\n{TESTS}{below}".encode())
        seen = teacher.send(seen, seen.forms[0])
        assert seen.path.endswith("/last-row")
        assert "Below row 6" in seen.text
        assert b"Pyotr" not in b"".join(path.read_bytes() for path in tmp_path.glob("cohorts.db*"))
        assert "5 students of this file will count." in teacher.send(seen, seen.forms[0], rows="totals").text
    finally:
        house.close()


def test_totals_whose_word_stands_in_the_class_s_column_are_asked_about(tmp_path: Path) -> None:
    house = House(tmp_path, WITHOUT_CODES.format(more='class = "class"', assigned="student"))
    try:
        teacher = house.teacher()
        seen = teacher.choose(b"class,group,test\n7A,new,51\n7A,old,48\n7B,new,3\n7B,old,60\nTotal,new,33.8\n")
        seen = teacher.send(seen, seen.forms[0])
        assert seen.path.endswith("/last-row")
        assert "4 students of this file will count." in teacher.send(seen, seen.forms[0], rows="totals").text
    finally:
        house.close()


def _with_looks(kind: str) -> bytes:
    """The clean file as a workbook whose look says something: tests as percentages, a class merged over its rows."""
    book = openpyxl.Workbook()
    for line in CLEAN.decode().splitlines():
        book.active.append([float(cell) if cell.replace(".", "").isdecimal() else cell for cell in line.split(",")])
    if kind == "percentages":
        for row in (2, 3, 5):
            cell = book.active.cell(row, 6)
            cell.value, cell.number_format = float(str(cell.value)) / 100, "0.0%"
    else:
        book.active.merge_cells("B2:B3")
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("kind", "english", "russian"),
    [
        ("percentages", "count as shares of one: 85 % is 0.85", "учтены как доли единицы: 85 % – это 0,85"),
        ("merged", "was read as the cell of each of them", "прочитана как ячейка каждой из них"),
    ],
)
def test_what_the_reader_noticed_is_told_in_the_preview(house: House, kind: str, english: str, russian: str) -> None:
    teacher = house.teacher()
    seen = teacher.choose(_with_looks(kind), "book.xlsx")
    seen = teacher.send(seen, seen.forms[0])
    assert "4 students of this file will count." in seen.text
    assert english in seen.text
    assert russian in teacher.get(f"{seen.path}?lang=ru").text


def test_identifiers_that_are_the_same_to_the_eye_are_told(house: House) -> None:
    teacher = house.teacher()
    seen = teacher.choose(CLEAN.replace(b"s2,", b"S1,"))
    seen = teacher.send(seen, seen.forms[0])
    assert "Students whose identifiers differ only in capitals" in seen.text
    assert "marks.csv" in seen.text
    assert "S1" not in seen.response.text


def test_a_cell_of_two_lines_that_is_left_as_it_is_is_not_mended(house: House) -> None:
    teacher = house.teacher()
    seen = teacher.choose(CLEAN.replace(b"51.5", b'"480\n"').replace(b"48,", b"490,"))
    seen = teacher.send(seen, seen.forms[0])
    form = seen.form("")
    # A browser sends a field without ends of lines, a hidden one with those of another kind.
    fields = {
        name: value.replace("\n", "") if name.startswith("cell-") else value.replace("\n", "\r\n")
        for name, value in form.fields
    }
    assert "No cell was changed" in teacher.send(seen, form, **fields).text
    assert "1 cell was mended" in teacher.send(seen, form, **fields | {"cell-1": "49"}).text
