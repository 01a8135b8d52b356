"""The teacher's way, from the link to the receipt, with a clean file and with a grade book that needs her."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from grade_books import CLEAN, GRADE_BOOK, HEAD, THEIRS, WITH_COHORTS, House
from visits import Form, Guest, Seen

from expeval.cohorts.invitations import invite, revoke
from expeval.cohorts.sender import Sender
from expeval.cohorts.withdrawal import erase_student
from expeval.scores.reading import read_scores


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def with_cohorts(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, WITH_COHORTS)
    yield made
    made.close()


def columns(form: Form, theirs: dict[str, str]) -> dict[str, str]:
    """The fields of the columns' page that say which is which."""
    names = {name.removeprefix("name-"): value for name, value in form.fields if name.startswith("name-")}
    return {f"column-{place}": f"is:{theirs[column]}" for place, column in names.items() if column in theirs}


def to_words(teacher: Guest) -> Seen:
    """The grade book up to the page of its words."""
    seen = teacher.choose(GRADE_BOOK, "журнал.csv")
    seen = teacher.send(seen, seen.forms[0], **columns(seen.forms[0], THEIRS))
    assert seen.path.endswith("/last-row")
    return teacher.send(seen, seen.forms[0], rows="totals")


def to_cells(teacher: Guest) -> Seen:
    seen = to_words(teacher)
    return teacher.send(seen, seen.forms[0])  # as they are suggested


def to_preview(teacher: Guest) -> Seen:
    seen = to_cells(teacher)
    form = seen.form("")
    return teacher.send(seen, form, **{"cell-0": "set:5", "cell-1": "48"})


def test_a_clean_file_in_three_steps(house: House) -> None:
    teacher = house.teacher()
    start = teacher.get("/")
    for words in ("School 7", "Marks of a course", "All other columns, names among them, are thrown away"):
        assert words in start.text
    seen = teacher.choose(CLEAN)
    assert "Which column is which?" in seen.text
    seen = teacher.send(seen, seen.forms[0])
    assert seen.path == "/draft/1/preview"
    assert "4 students of this file will count." in seen.text
    assert "Nothing of your institution counts yet." in seen.text
    seen = teacher.send(seen, seen.form("/confirm"))
    assert seen.path == "/receipt/1"
    assert "You are done, and may close this page." in seen.text
    assert read_scores(house.place.study).n == 4


def test_the_grade_book_is_mended_on_the_way(house: House) -> None:
    teacher = house.teacher(language="ru")
    seen = teacher.choose(GRADE_BOOK, "журнал.csv")
    assert "Журнал 7-х классов" in seen.text
    assert "Не найден: выберите" in seen.text
    assert "Наша догадка: проверьте" in seen.text
    seen = to_words(teacher)
    asked = [(name, value) for name, value in seen.forms[0].fields if name.startswith(("word", "meaning"))]
    assert asked == [
        ("word-0", "эксп."),
        ("meaning-0", "0"),
        ("word-1", "контр."),
        ("meaning-1", "1"),
        ("word-2", "5-"),
        ("meaning-2", "3"),
        ("word-3", "н/а"),
        ("meaning-3", "4"),
    ]
    seen = to_cells(teacher)
    assert seen.title.startswith("Ошибка: 2 ячейки")
    assert "В столбце «Оценка» может стоять только 2, 3, 4, 5. Сейчас там «55» (строка 5)." in seen.text
    assert "В столбце «Балл» допустимы числа 0 … 100. Сейчас там «480» (строка 4)." in seen.text
    seen = teacher.send(seen, seen.form(""), **{"cell-0": "set:5", "cell-1": "48"})
    assert seen.path.endswith("/preview")
    seen = teacher.send(seen, seen.form("/confirm"))
    assert "Приняты 4 обучающихся." in seen.text
    marks = read_scores(house.place.study).outcomes["Mark"].values.tolist()
    assert marks[:3] == [5, 4, 5]


def test_no_page_shows_names_or_the_students_codes(house: House) -> None:
    teacher = house.teacher()
    for step in (to_words, to_cells, to_preview):
        text = step(teacher).response.text
        for secret in ("Иванов", "Пётр", "и1", "и4", "ФИО"):
            assert secret not in text, (step, secret)
    stored = b"".join(path.read_bytes() for path in house.place.folder.glob("cohorts.db*") if path.suffix != ".key")
    assert "Иванов".encode() not in stored


def test_a_kind_of_fault_is_one_message_with_a_field_for_each_cell(house: House) -> None:
    teacher = house.teacher()
    rows = "".join(f"s{i},7A,new,{50 + i},4,1,m\n" for i in range(30)) + "t1,7B,old,3,3,3,f\n"
    seen = teacher.choose((HEAD + rows).encode())
    seen = teacher.send(seen, seen.forms[0])
    assert seen.response.text.count('class="fault"') == 1
    assert "30 cells need you" in seen.text
    assert len([name for name in seen.form("").names if name.startswith("row-")]) == 25
    assert "5 more cells of this kind" in seen.text
    given = {f"cell-{place}": "set:5" for place in range(25)}
    seen = teacher.send(seen, seen.form(""), **given)
    assert "25 cells were mended." in seen.text
    seen = teacher.send(seen, seen.form(""), **{f"cell-{place}": "set:" for place in range(5)})
    assert seen.path.endswith("/preview")


def test_a_cell_that_is_left_as_it_is_stays(house: House) -> None:
    teacher = house.teacher()
    seen = to_cells(teacher)
    seen = teacher.send(seen, seen.form(""))
    assert "No cell was changed" in seen.text
    seen = teacher.send(seen, seen.form(""), **{"cell-1": "48"})
    assert "1 cell was mended." in seen.text
    assert "Балл" not in "".join(seen.form("").data().values())


def test_a_word_that_is_left_open_is_asked_again(house: House) -> None:
    teacher = house.teacher()
    seen = to_words(teacher)
    seen = teacher.send(seen, seen.forms[0], **{"meaning-0": "", "meaning-3": "7"})
    assert "Say what “эксп.” stands for" in seen.text
    assert [value for name, value in seen.forms[0].fields if name.startswith("word-")] == ["эксп.", "н/а"]


def test_a_word_of_a_score_stands_for_nothing_or_a_number(house: House) -> None:
    teacher = house.teacher()
    seen = teacher.choose((HEAD + "a,7A,new,5,4,absent,m\nb,7B,old,4,4,full,m\nc,7B,old,4,4,3,m\n").encode())
    seen = teacher.send(seen, seen.forms[0])
    given = {"meaning-0": "missing", "meaning-1": "number", "number-1": "99,5"}
    seen = teacher.send(seen, seen.forms[0], **given)
    assert seen.path.endswith("/preview")
    teacher.send(seen, seen.form("/confirm"))
    assert read_scores(house.place.study).outcomes["Test"].values.tolist()[1:] == [99.5, 3]


def test_rows_below_may_be_students(house: House) -> None:
    teacher = house.teacher()
    seen = teacher.choose((HEAD + "a,7A,new,5,4,1,m\nb,7B,old,4,4,2,m\n,7B,old,3,3,3,f\n").encode())
    seen = teacher.send(seen, seen.forms[0])
    assert seen.path.endswith("/last-row")
    assert "Say whether" in teacher.send(seen, seen.forms[0]).text
    seen = teacher.send(seen, seen.forms[0], rows="students")
    assert seen.path.endswith("/cells")
    assert "We do not show students’ numbers" in seen.text
    seen = teacher.send(seen, seen.form(""), **{"cell-0": "c"})
    assert "3 students of this file will count." in seen.text


def test_one_column_is_chosen_once_and_all_that_must_be_are(house: House) -> None:
    teacher = house.teacher()
    seen = teacher.choose(GRADE_BOOK, "журнал.csv")
    seen = teacher.send(seen, seen.forms[0], **columns(seen.forms[0], {**THEIRS, "class": "Группа"}))
    assert seen.status == 400
    assert seen.title.startswith("Error: ")
    assert "this column was chosen already" in seen.text
    seen = teacher.send(seen, seen.forms[0], **columns(seen.forms[0], THEIRS))
    assert seen.path.startswith("/draft/")


def test_a_column_that_may_be_lacking_is_said_to_be_lacking(house: House) -> None:
    teacher = house.teacher()
    seen = teacher.choose(b"code,class,group,mark\na,7A,new,5\nb,7B,old,4\n")
    form = seen.forms[0]
    assert teacher.send(seen, form).status == 400  # nothing is lost because nobody looked
    open_ones = [name for name, value in form.fields if name.startswith("column-") and not value]
    seen = teacher.send(seen, form, **dict.fromkeys(open_ones, "absent"))
    assert "Your file does not have" in seen.text
    assert seen.path.endswith("/preview")


def test_the_sheet_is_chosen(house: House) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Journal"
    book.create_sheet("Notes").append(["what", "why"])
    book["Notes"].append(["x", "y"])
    for line in CLEAN.decode().splitlines():
        book["Journal"].append(line.split(","))
    written = io.BytesIO()
    book.save(written)
    teacher = house.teacher()
    seen = teacher.choose(written.getvalue(), "book.xlsx")
    assert "Which sheet holds the results?" in seen.text
    seen = teacher.send(seen, seen.forms[0], sheet="Journal")
    assert "Which column is which?" in seen.text
    assert teacher.send(seen, seen.forms[0]).path.endswith("/preview")


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.csv", "The file is empty."),
        (b"PK\x03\x04nothing", "a.xlsx", "We could not read the file"),
        (HEAD.encode(), "a.csv", "no row below"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01", "a.jpg", "We could not read the file"),
    ],
)
def test_a_file_that_is_none_is_told_in_words(house: House, data: bytes, name: str, words: str) -> None:
    teacher = house.teacher()
    seen = teacher.choose(data, name)
    if "Which column" in seen.text:
        seen = teacher.send(seen, seen.forms[0])
    assert words in seen.text
    assert "study.toml" not in seen.text
    assert "data." not in seen.text
    assert teacher.send(seen, seen.form("/drop")).path == "/"
    assert "You have begun" not in teacher.get("/").text


def test_the_same_file_again_changes_nothing(house: House) -> None:
    teacher = house.teacher()
    assert teacher.upload(CLEAN).path == "/receipt/1"
    seen = teacher.choose(CLEAN)
    assert "You have sent this very file before" in seen.text
    seen = teacher.send(seen, seen.forms[0])
    assert "Exactly this is accepted already." in seen.text
    seen = teacher.send(seen, seen.form("/confirm"))
    assert seen.path == "/receipt/1"
    assert "Nothing has changed" in seen.text


def test_a_later_file_replaces_the_earlier_one_and_who_is_gone_is_named(house: House) -> None:
    teacher = house.teacher()
    teacher.upload(CLEAN)
    later = CLEAN.replace(b"s4,", b"s5,").replace(b"s1,7A,new,5", b"s1,7A,new,4")
    seen = teacher.choose(later, "later.csv")
    seen = teacher.send(seen, seen.forms[0])
    for words in ("1 student is new", "1 student has changed", "1 student is not in this file any more"):
        assert words in seen.text
    assert "Row 5 of the earlier file, class 7B, control group" in re.sub(r"\s+", " ", seen.text).replace(" ,", ",")
    seen = teacher.send(seen, seen.form("/confirm"))
    assert "new: 1; changed: 1; gone: 1" in seen.text
    assert "This upload was replaced by a later one" in teacher.get("/receipt/1").text


def test_what_was_erased_since_is_told_beside_what_was_accepted(house: House) -> None:
    teacher = house.teacher()
    teacher.upload(CLEAN)
    place = house.place
    erase_student(place.store, place.pseudonyms, place.study, Sender("School 7"), "s1")
    told = "Since then 1 row was erased on request; it does not count any more."
    assert told in teacher.get("/receipt/1").text
    assert told in teacher.get("/uploads").text


def test_a_confirmation_that_is_repeated_is_the_same_receipt(house: House) -> None:
    teacher = house.teacher()
    seen = teacher.choose(CLEAN)
    seen = teacher.send(seen, seen.forms[0])
    again = [teacher.send(seen, seen.form("/confirm")) for _ in range(3)]
    assert {one.path for one in again} == {"/receipt/1"}
    assert teacher.get("/draft/1/preview").path == "/receipt/1"  # back, in a second tab
    assert teacher.get("/draft/1").path == "/receipt/1"
    secret = dict(seen.forms[0].fields)["form_token"]
    for step in ("words", "cells", "last-row", "decimal"):
        assert teacher.post(f"/draft/1/{step}", {"form_token": secret, "decimal": "comma"}).path == "/receipt/1"
    assert teacher.get("/uploads").text.count("counts") == 1


def test_what_a_colleague_confirmed_meanwhile_is_shown_first(house: House) -> None:
    anna, vera = house.teacher(), house.teacher()
    seen = anna.choose(CLEAN)
    seen = anna.send(seen, seen.forms[0])
    vera.upload(CLEAN.replace(b"s4,", b"s9,"), "vera.csv")
    again = anna.send(seen, seen.form("/confirm"))
    assert again.path.endswith("/preview")
    assert "changed after you opened this page, here or by a colleague" in again.text
    assert "1 student is not in this file any more" in again.text
    assert anna.send(again, again.form("/confirm")).path.startswith("/receipt/")


def test_two_teachers_at_once_see_their_own(house: House) -> None:
    anna, vera = house.teacher("School 7"), house.teacher("School 8")
    of_anna, of_vera = to_words(anna), to_words(vera)
    assert of_anna.path != of_vera.path
    assert vera.get(of_anna.path).status == 404
    assert anna.get(of_vera.path).status == 404


def test_she_leaves_and_comes_back_to_the_same_place(house: House) -> None:
    invited = invite(house.place.store, house.place.study, "Anna", "School 7")
    teacher = Guest(house.client)
    teacher.enter(f"/i/{invited.token}")
    place = to_words(teacher).path
    seen = teacher.get("/")
    teacher.post("/leave", {"form_token": dict(seen.forms[0].fields)["form_token"]})
    assert teacher.get("/").status == 403
    elsewhere = Guest(house.client)
    start = elsewhere.enter(f"/i/{invited.token}")
    assert "You have begun" in start.text
    assert elsewhere.get("/draft/1").path == place


def test_back_to_a_file_that_became_a_draft_goes_on_with_the_draft(house: House) -> None:
    teacher = house.teacher()
    seen = teacher.choose(CLEAN)
    draft = teacher.send(seen, seen.forms[0]).path
    assert teacher.get(seen.path).path == teacher.send(seen, seen.forms[0]).path == draft
    assert "not here any more" in house.teacher("School 8").get(seen.path).text


def test_a_draft_that_a_later_file_replaced_says_so(house: House) -> None:
    teacher = house.teacher()
    first = to_words(teacher)
    to_words(teacher)
    seen = teacher.get(first.path)
    assert seen.status == 409
    assert "replaced by a later file" in seen.text
    assert teacher.get("/receipt/2").path.startswith("/draft/2")  # not confirmed yet: no receipt, but the place
    assert teacher.get("/uploads/2/withdraw").path.startswith("/draft/2")


def test_an_upload_is_withdrawn_once_she_confirms(house: House) -> None:
    teacher = house.teacher()
    teacher.upload(CLEAN)
    seen = teacher.get("/uploads/1/withdraw")
    assert "Withdraw upload 1?" in seen.text
    assert "counts" in teacher.get("/uploads").text
    seen = teacher.send(seen, seen.forms[0])
    assert seen.path == "/uploads"
    assert "Upload 1 is withdrawn" in seen.text
    assert teacher.get("/uploads/1/withdraw").path == "/receipt/1"
    assert "This upload was withdrawn" in teacher.get("/receipt/1").text


def test_the_template_is_the_study_s(house: House) -> None:
    teacher = house.teacher(language="ru")
    answer = teacher.get("/template.xlsx").response
    assert answer.headers["content-disposition"].startswith("attachment")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert [cell.value for cell in book.worksheets[0][1]][:4] == ["code", "class", "group", "mark"]


def test_a_study_with_cohorts_asks_for_the_cohort(with_cohorts: House) -> None:
    teacher = with_cohorts.teacher()
    assert "Say which year" in teacher.choose(CLEAN).text
    start = teacher.get("/")
    assert "Choose a file first" in teacher.send(start, start.form("/send"), cohort="2026").text
    assert teacher.upload(CLEAN, cohort="2025").path == "/receipt/1"
    assert teacher.upload(CLEAN, cohort=" 2026 ").path == "/receipt/2"
    assert "Cohort\n2026" in teacher.get("/receipt/2").text
    assert read_scores(with_cohorts.place.study).n == 8


def test_the_link_carries_the_language_and_the_switch_keeps_it(house: House) -> None:
    teacher = Guest(house.client)
    seen = teacher.get(house.place.link("School 7") + "?lang=ru")
    assert "Ваша личная ссылка" in seen.text
    seen = teacher.send(seen, seen.forms[0])
    assert "Отправьте результаты обучающихся" in seen.text
    assert "Все отправки" in teacher.get("/uploads").text
    assert "All uploads" in teacher.get("/uploads?lang=en").text
    assert "All uploads" in teacher.get("/uploads").text
    assert 'lang="en"' in teacher.get("/uploads?lang=xx").response.text


def test_a_revoked_link_ends_its_session(house: House) -> None:
    invited = invite(house.place.store, house.place.study, "Anna", "School 7")
    teacher = Guest(house.client)
    teacher.enter(f"/i/{invited.token}")
    revoke(house.place.store, invited.number)
    assert teacher.get("/").status == 403
    assert teacher.get("/uploads").status == 403


def test_a_file_that_waited_too_long_is_asked_for_again(tmp_path: Path) -> None:
    house = House(tmp_path, waiting_seconds=0.0)
    try:
        teacher = house.teacher()
        seen = teacher.choose(CLEAN)
        assert "That file is not here any more" in seen.text
        assert list(tmp_path.glob("expeval-uploads-*")) == []
    finally:
        house.close()
