"""The way of a file: look, draft, words, faults, preview, receipt; and a run reads what was accepted."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from expeval.cohorts.choices import Choices
from expeval.cohorts.columns import CannotServe
from expeval.cohorts.confirmation import same_file
from expeval.cohorts.history import history
from expeval.cohorts.looking import MAX_BYTES, MOST_ROWS, clean_name, look
from expeval.cohorts.mending import mend, open_drafts, settle
from expeval.cohorts.preview import Count
from expeval.cohorts.sender import NotReady, Sender
from expeval.faults import Faults
from expeval.scores.reading import read_scores
from expeval.scores.table import Categories, Numbers, Scores
from expeval.study.reading import read_study

REFERENCE = Path(__file__).parents[1] / "reference"
RUSSIAN = """\
Журнал 7-х классов;;;;;;
Шифр;ФИО;Класс;Группа;Оценка;До;Балл;Пол
и1;Иванов Иван;7А;эксп.;5-;4;51,5;м
и2;Петров Пётр;7А;эксп.;4;3;48;м
и3;Сидорова Анна;7Б;контр.;55;3;;ж
и4;Козлова Яна;7Б;контр.;н/а;3;60;ж
;Итого;;;4,2;;;
"""


def book(rows: list[list[object]], **sheets: list[list[object]]) -> bytes:
    made = openpyxl.Workbook()
    made.active.title = "Marks"
    for name, content in {"Marks": rows, **sheets}.items():
        sheet = made["Marks"] if name == "Marks" else made.create_sheet(name)
        for row in content:
            sheet.append(row)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def test_a_clean_file_is_accepted_in_three_steps(house) -> None:
    number = house.draft()
    seen = house.review(number)
    assert (seen.words, seen.faults, seen.elsewhere) == ((), (), ())
    assert seen.preview.students == 4
    assert seen.preview.counts == (Count("7A", "experimental", 2), Count("7B", "control", 2))
    receipt = house.confirm(number, seen.preview.against)
    assert (receipt.number, receipt.students, receipt.new, receipt.gone) == (number, 4, 4, 0)
    assert receipt.by_arm == {"experimental": 2, "control": 2}
    scores = read_scores(house.study)
    assert scores.outcomes["Mark"].values.tolist() == [5, 4, 3, 5]
    assert np.isnan(scores.baselines["Mark"][1].values[3])
    assert scores.outcomes["Test"].values.tolist()[:2] == [51.5, 48]
    assert scores.class_.labels == ("School 7 / 7A", "School 7 / 7B")
    (source,) = scores.sources
    assert (source.file, source.role, source.rows) == ("cohorts.db", "store", 4)


def test_a_grade_book_is_mended_on_the_way(house) -> None:
    data = RUSSIAN.encode("cp1251")
    looked = look(house.study, data, r"C:\Users\anna\журнал.csv")
    assert looked.file_name == "журнал.csv"
    chosen = {
        "code": "Шифр", "class": "Класс", "group": "Группа", "mark": "Оценка", "before": "До", "test": "Балл",
        "gender": "Пол",
    }  # fmt: skip
    looked = look(house.study, data, "журнал.csv", Choices(columns=chosen))
    assert looked.settled
    assert looked.choices.header_row == 2
    assert looked.titles == ((1, ("Журнал 7-х классов",)),)
    number = house.draft(data, "журнал.csv", Choices(columns=chosen))
    seen = house.review(number)
    asked = {(word.column, word.text): (word.count, word.suggestion) for word in seen.words}
    assert asked == {
        ("group", "эксп."): (2, "experimental"),
        ("group", "контр."): (2, "control"),
        ("mark", "5-"): (1, 5),
        ("mark", "н/а"): (1, "missing"),
    }
    house.answer(
        number,
        {"group": {"эксп.": "experimental", "контр.": "control"}, "mark": {"5-": 5, "н/а": "missing"}},
    )
    seen = house.review(number)
    assert {(fault.code, fault.row, fault.column) for fault in seen.faults} == {
        ("rows-below", 7, "code"),
        ("not-a-level", 5, "mark"),
    }
    assert seen.last_row == 6
    settle(house.store, house.sender, number, last_row=seen.last_row)
    mend(house.store, house.pseudonyms, house.study, house.sender, number, 5, "mark", "5")
    seen = house.review(number)
    assert (seen.words, seen.faults) == ((), ())
    assert seen.mended["cells on the page"] == 1
    house.confirm(number)
    scores = read_scores(house.study)
    assert np.array_equal(scores.outcomes["Mark"].values, [5, 4, 5, np.nan], equal_nan=True)
    assert scores.outcomes["Test"].values[0] == 51.5
    # The next file of the same kind is matched and explained as the last one was.
    again = house.draft(data, "журнал.csv")
    assert all(word.remembered for word in house.review(again).words)


def test_where_a_word_is_explained_a_baseline_has_it_too(house) -> None:
    number = house.draft(b"code,class,group,mark,before,test,gender\na,7A,new,5-,4-,1,m\nb,7B,old,4,3,1,m\n")
    assert [(word.column, word.text) for word in house.review(number).words] == [("mark", "5-"), ("mark", "4-")]
    house.answer(number, {"mark": {"5-": 5, "4-": 4}})
    house.confirm(number)
    assert read_scores(house.study).baselines["Mark"][1].values.tolist() == [4, 3]


def test_a_word_of_a_baseline_of_two_outcomes_is_asked_once_and_means_one_thing(house) -> None:
    text = house.study.path.read_text(encoding="utf-8")
    house.study.path.write_text(text.replace('"secondary"', '"secondary"\nbaseline = "before"'), encoding="utf-8")
    house = replace(house, study=read_study(house.study.path))
    rows = ["code,class,group,mark,before,test,gender", "a,7A,new,5,3-,60,m", "b,7B,old,3-,4,absent,f"]
    number = house.draft("\n".join(rows).encode())
    assert [(word.column, word.text, word.count) for word in house.review(number).words] == [
        ("mark", "3-", 2),
        ("test", "absent", 1),
    ]
    house.answer(number, {"mark": {"3-": 3}, "test": {"absent": "missing"}})
    house.confirm(number)
    scores = read_scores(house.study)
    assert [column.values.tolist() for _, column in scores.baselines.values()] == [[3, 4], [3, 4]]
    assert shown(scores.outcomes["Test"]) == [60, None]


def test_what_the_study_explains_for_one_outcome_of_a_column_holds_for_the_other(house) -> None:
    text = house.study.path.read_text(encoding="utf-8")
    changed = text.replace('"secondary"', '"secondary"\nbaseline = "before"\nvalues = { "absent" = "missing" }')
    house.study.path.write_text(changed, encoding="utf-8")
    house = replace(house, study=read_study(house.study.path))
    rows = ["code,class,group,mark,before,test,gender", "a,7A,new,5,absent,60,m", "b,7B,old,absent,top,absent,f"]
    number = house.draft("\n".join(rows).encode())
    assert [(word.column, word.text, word.count) for word in house.review(number).words] == [("mark", "absent", 1)]
    house.answer(number, {"mark": {"absent": 2}})
    house.confirm(number)
    scores = read_scores(house.study)
    assert [shown(column) for _, column in scores.baselines.values()] == [[None, 5], [None, 5]]
    assert [shown(column) for column in scores.outcomes.values()] == [[5, 2], [60, None]]


def test_a_word_that_is_neither_arm_s_is_left_out_and_counted(house) -> None:
    number = house.draft(b"code,class,group,mark,before,test,gender\na,7A,new,5,4,1,m\nb,7C,guest,4,3,1,m\n")
    house.answer(number, {"group": {"guest": "neither"}})
    assert house.review(number).preview.left_out == {"other-group": 1}
    receipt = house.confirm(number)
    assert (receipt.students, receipt.left_out) == (1, {"other-group": 1})
    other = house.other("School 8")
    other.send()
    assert read_scores(house.study).left_out == {("other", "other-group"): 1}


@pytest.mark.parametrize(
    "words", [{"group": {"x": "both"}}, {"mark": {"x": 6}}, {"mark": {"x": True}}, {"gender": {"x": 1}}]
)
def test_a_meaning_that_the_study_does_not_have_is_refused(house, words) -> None:
    number = house.draft()
    with pytest.raises(ValueError, match="no meaning"):
        house.answer(number, words)


def test_the_sheet_is_asked_for_and_the_header_found_in_it(house) -> None:
    rows = [[], ["Class journal"], HEAD_CELLS, ["a", "7A", "new", 5, 4, 1, "m"], ["b", "7B", "old", 4, 4, 2, "f"]]
    data = book(rows, Notes=[["what", "why"], ["x", "y"]])
    looked = look(house.study, data, "marks.xlsx")
    assert looked.sheets == ("Marks", "Notes")
    chosen = look(house.study, data, "marks.xlsx", Choices(sheet="Marks"))
    assert chosen.settled
    assert chosen.choices.header_row == 3
    number = house.draft(data, "marks.xlsx", chosen.choices)
    assert house.review(number).preview.students == 2


HEAD_CELLS = ["code", "class", "group", "mark", "before", "test", "gender"]


def test_names_in_two_rows_are_found_and_asked_about(house) -> None:
    rows = [
        ["code", "class", "group", "Diagnosis", None, "test", "gender"],
        [None, None, None, "before", "mark", None, None],
        ["a", "7A", "new", 5, 4, 1, "m"],
        ["b", "7B", "old", 4, 4, 2, "f"],
        ["c", "7B", "old", 4, 4, 2, "f"],
    ]
    data = book(rows)
    looked = look(house.study, data, "marks.xlsx")
    assert looked.choices.header_row == (1, 2)
    perhaps = {match.column: match.theirs for match in looked.matches if match.how == "perhaps"}
    assert perhaps == {"before": "Diagnosis before"}
    chosen = Choices(columns={"before": "Diagnosis before", "mark": "mark"})
    assert look(house.study, data, "marks.xlsx", chosen).settled
    assert house.send(data, "marks.xlsx", chosen).students == 3
    # Next time nothing is asked.
    assert house.review(house.draft(data, "marks.xlsx")).preview.same


def test_a_fault_is_told_at_the_teacher_s_cell(house) -> None:
    data = book([HEAD_CELLS, ["a", "7A", "new", 55, 4, 1, "m"], ["b", "7B", "old", 4, 4, 200, "f"]])
    seen = house.review(house.draft(data, "marks.xlsx"))
    told = {(fault.code, fault.file, fault.sheet, fault.row, fault.cell, fault.found) for fault in seen.faults}
    assert told == {
        ("not-a-level", "marks.xlsx", "Marks", 2, "D2", "55"),
        ("outside-range", "marks.xlsx", "Marks", 3, "F3", "200"),
    }
    cells = {"class": "7A", "group": "new", "mark": 55.0, "before": 4.0, "test": 1.0, "gender": "m"}
    assert seen.lines(1, 2) == [(2, cells)]
    with pytest.raises(NotReady):
        house.confirm(seen.number)


def test_dates_and_errors_stay_what_they_are_in_a_draft(house) -> None:
    import datetime as dt

    data = book([HEAD_CELLS, ["a", "7A", "new", dt.date(2026, 5, 4), 4, 1, "m"], ["b", "7B", "old", 4, "#N/A", 2, "f"]])
    seen = house.review(house.draft(data, "marks.xlsx"))
    assert {(fault.code, fault.cell) for fault in seen.faults} == {("date-in-cell", "D2"), ("error-in-cell", "E3")}


def test_a_code_that_lost_digits_is_told_and_not_kept(house) -> None:
    data = book([HEAD_CELLS, [12345678901234567, "7A", "new", 5, 4, 1, "m"], ["b", "7B", "old", 4, 3, 2, "f"]])
    seen = house.review(house.draft(data, "marks.xlsx"))
    assert [(fault.code, fault.cell, fault.found) for fault in seen.faults] == [("label-inexact", "A2", None)]


def test_a_column_that_may_be_lacking_is_and_one_that_must_be_there_is_told(house) -> None:
    number = house.draft(b"code,class,group,mark\na,7A,new,5\nb,7B,old,4\n", choices=Choices(columns={"gender": None}))
    seen = house.review(number)
    assert set(seen.lacking) == {"before", "gender", "school", "test"}
    assert seen.preview.students == 2
    with pytest.raises(Faults) as raised:
        house.draft(b"code,class,Group of students,mark\na,7A,new,5\n")
    assert [(fault.code, fault.column) for fault in raised.value] == [("column-missing", "group")]


def test_one_institution_may_hold_one_arm(house) -> None:
    number = house.draft(b"code,class,group,mark,before,test,gender\na,7A,new,5,4,1,m\n")
    assert house.review(number).preview.students == 1


def test_a_file_without_either_arm_is_told(house) -> None:
    number = house.draft(b"code,class,group,mark,before,test,gender\na,7A,guest,5,4,1,m\n")
    house.answer(number, {"group": {"guest": "neither"}})
    assert {fault.code for fault in house.review(number).faults} == {"arm-empty"}


def test_list_numbers_of_two_institutions_are_different_students(house) -> None:
    house.send()
    house.other("School 8").send()
    assert read_scores(house.study).n == 8


def test_where_she_left_off(house) -> None:
    first = house.draft()
    assert open_drafts(house.store, house.sender) == [first]
    second = house.draft()
    assert open_drafts(house.store, house.sender) == [second]
    assert open_drafts(house.store, Sender("School 8")) == []
    with pytest.raises(NotReady):
        house.review(first)


def test_the_same_file_is_known_before_anything_is_kept(house) -> None:
    data = b"code,class,group,mark,before,test,gender\na,7A,new,5,4,1,m\n"
    receipt = house.send(data)
    assert same_file(house.store, house.sender, "", data) == receipt
    assert same_file(house.store, house.sender, "2026", data) is None
    assert same_file(house.store, house.sender, "", data + b"\n") is None
    assert same_file(house.store, Sender("School 8"), "", data) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        (r"\\server\share\a.xlsx", "a.xlsx"),
        ("a\0b\r\nc.csv", "abc.csv"),
        ("\u202egpj.exe", "gpj.exe"),
        ("..", "file"),
        ("", "file"),
        ("x" * 500 + ".xlsx", "x" * 114 + "…" + ".xlsx"),
        ("<script>.csv", "<script>.csv"),
    ],
)
def test_a_file_s_name_is_never_a_path(name: str, shown: str) -> None:
    assert clean_name(name) == shown


def test_a_file_above_the_limit_is_refused_unread(house) -> None:
    with pytest.raises(Faults) as raised:
        look(house.study, b"x" * (MAX_BYTES + 1), "a.csv")
    assert [fault.code for fault in raised.value] == ["file-too-large"]


def test_a_file_of_more_rows_than_an_institution_has_students_is_refused(house) -> None:
    row = b"a,7A,new,5,4,1,m\n"
    with pytest.raises(Faults) as raised:
        house.draft(b"code,class,group,mark,before,test,gender\n" + row * (MOST_ROWS + 1))
    (fault,) = raised.value
    assert (fault.code, fault.found, fault.allowed) == ("file-too-large", f"{MOST_ROWS + 1} rows", f"{MOST_ROWS} rows")
    assert history(house.store, discarded=True) == []


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04nothing", b"%PDF-1.7", b"\0" * 100, b"code\n", b"\xff\xfe"])
def test_a_file_that_is_none_is_told_and_nothing_is_kept(house, data: bytes) -> None:
    with pytest.raises(Faults):
        house.draft(data)
    assert open_drafts(house.store, house.sender) == []


STUDY_OF_ARMS = """\
[study]
title = "Side by side"
[data]
store = "cohorts.db"
[groups]
assigned = "student"
[[outcomes]]
name = "Mark"
kind = "score"
columns = { experimental = "E", control = "C" }
"""


def test_a_study_that_uploads_can_t_serve_says_why(build) -> None:
    house = build(STUDY_OF_ARMS)
    with pytest.raises(CannotServe, match="one row a student"):
        house.draft(b"E,C\n1,2\n")


@pytest.mark.parametrize("name", ["marks-simulated", "achievement-awards", "london-schools"])
def test_uploads_by_institution_are_read_as_the_one_file_was(name: str, build) -> None:
    folder = REFERENCE / name
    whole = read_scores(read_study(folder / "study.toml"))
    text = (folder / "study.toml").read_text(encoding="utf-8")
    house = build(text.replace('files = ["data.csv"]', 'store = "cohorts.db"'))
    by_institution = defaultdict(list)
    with (folder / "data.csv").open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        for row in reader:
            by_institution[row[house.study.data.institution]].append(row)
    columns = [column for column in reader.fieldnames if column != house.study.data.institution]
    # In any order: who delivers first must not matter.
    for institution, rows in sorted(by_institution.items(), reverse=True):
        written = io.StringIO()
        writer = csv.DictWriter(written, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        number = house.other(institution).draft(written.getvalue().encode(), "data.csv")
        house.other(institution).answer(number, _neither(house.other(institution).review(number)))
        house.other(institution).confirm(number)
    stored = read_scores(house.study)
    assert lines(stored) == lines(whole)
    assert stored.left_out == whole.left_out


def _neither(seen) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for word in seen.words:
        found.setdefault(word.column, {})[word.text] = "neither"
    return found


def lines(scores: Scores) -> list[str]:
    """Every student's values, in an order of their own."""
    named = {"arm": scores.arm.tolist(), **{name: shown(column) for name, column in scores.covariates.items()}}
    named |= {f"outcome {name}": shown(column) for name, column in scores.outcomes.items()}
    named |= {f"baseline {name}": shown(column) for name, (_, column) in scores.baselines.items()}
    for name, units in (("institution", scores.institution), ("class", scores.class_)):
        named |= {name: shown(units)} if units is not None else {}
    return sorted(repr(row) for row in zip(*named.values(), strict=True))


def shown(column: Numbers | Categories) -> list[object]:
    if isinstance(column, Categories):
        return [column.labels[code] if code >= 0 else None for code in column.codes.tolist()]
    return [None if value != value else value for value in column.values.tolist()]
