"""Further tables of one row a student: every column comes from the file that holds it, nothing is lost silently."""

from __future__ import annotations

import tempfile
from pathlib import Path

import examples
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import expeval
from expeval.fault_codes import sentence
from expeval.faults import Fault, Faults
from expeval.scores.joining import choose, explained
from expeval.scores.reading import read_scores
from expeval.scores.students import loosened
from expeval.scores.table import Categories, Column, Numbers, Scores
from expeval.study.reading import read_study

write_csv, write_study, write_xlsx, HEAD, ROWS = (
    examples.write_csv,
    examples.write_study,
    examples.write_xlsx,
    examples.HEAD,
    examples.ROWS,
)
BASELINE = 'baseline = "before"'
STUDENTS = 'students = ["pretest.csv"]'


def read(folder: Path) -> Scores:
    return read_scores(read_study(folder / "study.toml"))


def faults_of(folder: Path) -> list[Fault]:
    with pytest.raises(Faults) as raised:
        read(folder)
    return list(raised.value)


def numbers(column: Column | tuple[str, Numbers]) -> list[float | None]:
    column = column[1] if isinstance(column, tuple) else column
    assert isinstance(column, Numbers)
    return [None if np.isnan(value) else float(value) for value in column.values]


def labels(column: Column | None) -> list[str | None]:
    assert isinstance(column, Categories)
    return [column.labels[code] if code >= 0 else None for code in column.codes]


def test_a_baseline_is_joined_and_what_does_not_match_is_counted(tmp_path: Path) -> None:
    write_study(tmp_path, data=STUDENTS, outcome=BASELINE, more="[report]\nminimum_cell = 1")
    write_csv(tmp_path, HEAD + ROWS + "s5,third,1\n")
    write_csv(tmp_path, "before;student\n1,5;s3\n2;s1\nx;nobody\n3;s5\n4;t\n", "pretest.csv")
    scores = read(tmp_path)
    assert numbers(scores.baselines["Score"]) == [2, None, 1.5, None]
    assert numbers(scores.outcomes["Score"]) == [51, 48, 55, 47]
    source = scores.sources[1]
    assert (source.file, source.role, source.rows, source.decimal) == ("pretest.csv", "students", 5, ",")
    assert source.mended["rows without a student in the scores"] == 2
    told = {notice.code: notice.message for notice in scores.notices}
    assert set(told) == {"rows-without-student", "students-without-row"}
    assert "2 rows" in told["rows-without-student"]
    assert "2 students" in told["students-without-row"]


def test_few_students_without_a_row_are_not_counted_in_words(tmp_path: Path) -> None:
    write_study(tmp_path, data=STUDENTS, outcome=BASELINE)
    write_csv(tmp_path)
    write_csv(tmp_path, "student,before\ns1,1\ns2,2\ns4,3\n", "pretest.csv")
    (notice,) = read(tmp_path).notices
    assert notice.code == "students-without-row"
    assert "fewer than 5" in notice.message


def test_every_column_may_stand_elsewhere(tmp_path: Path) -> None:
    write_study(
        tmp_path,
        data='students = ["roster.csv", "tests.csv"]\ninstitution = "school"\nclass = "room"',
        outcome=BASELINE,
        more='[covariates]\nstudent = ["sex"]\ninstitution = ["kind"]',
    )
    path = tmp_path / "study.toml"
    path.write_text(path.read_text().replace("assigned =", 'strata = "district"\nassigned ='))
    write_csv(tmp_path, "student,score\na,1\nb,2\nc,3\nd,4\n")
    roster = "student,arm,school,room,sex,kind,district\n"
    roster += "d,old,B,1,m,town,N\nc,third,B,1,f,town,N\nb,new,A,2,f,village,S\na,old,A,1,m,village,S\ne,,,,,,\n"
    write_csv(tmp_path, roster, "roster.csv")
    write_csv(tmp_path, "student,before\nb,7\nd,8\na,9\n", "tests.csv")
    scores = read(tmp_path)
    assert scores.arm.tolist() == [0, 1, 0]
    assert scores.left_out == {("other", "other-group"): 1}
    assert numbers(scores.outcomes["Score"]) == [1, 2, 4]
    assert numbers(scores.baselines["Score"]) == [9, 7, 8]
    assert labels(scores.institution) == ["A", "A", "B"]
    assert labels(scores.class_) == ["A / 1", "A / 2", "B / 1"]
    assert labels(scores.strata) == ["S", "S", "N"]
    assert {name: labels(column) for name, column in scores.covariates.items()} == {
        "sex": ["m", "f", "m"],
        "kind": ["village", "village", "town"],
    }


def test_a_student_without_a_row_in_the_table_that_holds_the_groups_is_in_no_group(tmp_path: Path) -> None:
    write_study(tmp_path, data='students = "roster.csv"')
    write_csv(tmp_path, "student,score\na,1\nb,2\nc,3\n")
    write_csv(tmp_path, "student,arm\na,new\nb,old\n", "roster.csv")
    scores = read(tmp_path)
    assert scores.arm.tolist() == [1, 0]
    assert scores.left_out == {("other", "no-group"): 1}


def test_files_that_hold_the_same_columns_are_parts_of_one_table(tmp_path: Path) -> None:
    write_study(tmp_path, data='students = ["pre-*.csv"]', outcome=BASELINE)
    write_csv(tmp_path)
    write_csv(tmp_path, "student,before\ns1,1\ns2,2\n", "pre-a.csv")
    write_csv(tmp_path, "BEFORE;student\n1,5;s4\n2;s3\n", "pre-b.csv")
    scores = read(tmp_path)
    assert numbers(scores.baselines["Score"]) == [1, 2, 2, 1.5]
    assert [source.role for source in scores.sources] == ["scores", "students", "students"]
    assert [notice.code for notice in scores.notices] == ["column-look-alike"]


def test_one_identifier_is_one_student_as_number_and_as_text(tmp_path: Path) -> None:
    write_study(tmp_path, data='students = ["pretest.xlsx"]', outcome=BASELINE)
    write_csv(tmp_path, "student,arm,score\n7,new,1\n008,old,2\n 9 ,old,3\n")
    write_xlsx(tmp_path, {"S": [["student", "before"], [7, 1], ["008", 2], ["9.0", 3]]}, "pretest.xlsx")
    assert numbers(read(tmp_path).baselines["Score"]) == [1, 2, 3]


def test_leading_zeros_that_a_spreadsheet_dropped_are_told(tmp_path: Path) -> None:
    write_study(tmp_path, data='students = ["pretest.xlsx"]', outcome=BASELINE)
    write_csv(tmp_path, "student,arm,score\n007,new,1\n008,old,2\n19,old,3\n")
    write_xlsx(tmp_path, {"S": [["student", "before"], [7, 1], [8, 2], [19, 3]]}, "pretest.xlsx")
    faults = faults_of(tmp_path)
    assert [(fault.code, fault.row, fault.cell) for fault in faults] == [
        ("student-spelt-two-ways", 2, "A2"),
        ("student-spelt-two-ways", 3, "A3"),
    ]
    assert "pretest.xlsx" in sentence(faults[0])
    assert "scores.csv, row 2" in sentence(faults[0])


def test_two_students_who_differ_in_zeros_are_two_students_where_both_files_have_them(tmp_path: Path) -> None:
    write_study(tmp_path, data=STUDENTS, outcome=BASELINE)
    write_csv(tmp_path, "student,arm,score\n007,new,1\n7,old,2\n")
    write_csv(tmp_path, "student,before\n7,1\n007,2\n07,3\n", "pretest.csv")
    assert numbers(read(tmp_path).baselines["Score"]) == [2, 1]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("007", "7", True),
        ("7А-03", "7a-3", True),
        ("Пётр", "ПЕТР", True),
        ("100", "1", False),
        ("1.05", "1.5", True),
        ("10", "1", False),
        ("a0", "a", False),
    ],
)
def test_what_is_easily_overlooked(one: str, other: str, alike: bool) -> None:
    assert (loosened(one) == loosened(other)) is alike


def test_identifiers_that_mostly_do_not_match_are_a_warning(tmp_path: Path) -> None:
    write_study(tmp_path, data=STUDENTS, outcome=BASELINE)
    write_csv(tmp_path)
    write_csv(tmp_path, "student,before\ns1,1\nt,2\nu,3\nv,4\n", "pretest.csv")
    assert [notice.code for notice in read(tmp_path).notices] == [
        "rows-without-student",
        "students-mostly-unmatched",
        "students-without-row",
    ]


def test_each_file_must_match_somebody(tmp_path: Path) -> None:
    write_study(tmp_path, data='students = ["a.csv", "b.csv"]', outcome=BASELINE)
    write_csv(tmp_path)
    write_csv(tmp_path, "student,before\ns1,1\ns2,2\ns3,2\ns4,2\n", "a.csv")
    write_csv(tmp_path, "student,before\nx,1\n", "b.csv")
    assert [(fault.code, fault.file) for fault in faults_of(tmp_path)] == [("students-unmatched", "b.csv")]


def test_a_student_twice_is_refused_with_both_rows(tmp_path: Path) -> None:
    write_study(tmp_path, data=STUDENTS, outcome=BASELINE)
    write_csv(tmp_path)
    write_csv(tmp_path, "student,before\ns1,1\ns2,2\ns1,1.0\ns2,3\nt,1\nt,2\n", "pretest.csv")
    found = [(fault.code, fault.file, fault.row, fault.rows) for fault in faults_of(tmp_path)]
    assert found == [
        ("student-twice-same", "pretest.csv", 2, (4,)),
        ("student-twice-different", "pretest.csv", 3, (5,)),
    ]


def test_the_first_of_equal_rows_counts_where_the_study_says_so(tmp_path: Path) -> None:
    write_study(tmp_path, data='students = ["a.csv", "b.csv"]\nduplicates = "first"', outcome=BASELINE)
    write_csv(tmp_path, HEAD + ROWS + "s3,new,55\n")
    write_csv(tmp_path, "student,before\ns1,1\ns2,2\ns1,1.0\n", "a.csv")
    write_csv(tmp_path, "student,before\ns2,2\ns3,4\ns4,5\n", "b.csv")
    scores = read(tmp_path)
    assert numbers(scores.baselines["Score"]) == [1, 2, 4, 5]
    assert scores.left_out == {("experimental", "duplicate"): 1}
    assert [source.mended.get("repeated rows left out") for source in scores.sources] == [None, 1, 1]


def test_different_rows_are_refused_even_then_and_of_two_files_both_are_named(tmp_path: Path) -> None:
    write_study(tmp_path, data='students = ["a.csv", "b.csv"]\nduplicates = "first"', outcome=BASELINE)
    write_csv(tmp_path)
    write_csv(tmp_path, "student,before\ns1,1\ns2,2\n", "a.csv")
    write_csv(tmp_path, "student,before\ns2,3\ns3,4\ns4,5\n", "b.csv")
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.file, fault.row) == ("student-twice-different", "a.csv", 3)
    assert fault.details["elsewhere"] == [("b.csv", 2)]


def test_a_student_twice_in_the_scores_with_other_scores_is_no_repetition_after_joining(tmp_path: Path) -> None:
    write_study(tmp_path, data=STUDENTS + '\nduplicates = "first"', outcome=BASELINE)
    write_csv(tmp_path, HEAD + ROWS + "s1,new,1\n")
    write_csv(tmp_path, "student,before\ns1,1\n", "pretest.csv")
    assert [fault.code for fault in faults_of(tmp_path)] == ["student-twice-different"]


def test_a_column_in_two_files_fills_what_is_empty_and_must_agree(tmp_path: Path) -> None:
    write_study(tmp_path, data='students = ["a.csv", "b.csv"]\ninstitution = "school"', outcome=BASELINE)
    write_csv(tmp_path, "student,arm,score,school\ns1,new,1,A\ns2,old,2,\ns3,new,3,B\n")
    write_csv(tmp_path, "student,school,before\ns1,A,1\ns2,B,2\ns3,,3\n", "a.csv")
    write_csv(tmp_path, "student,school\ns3,B\ns1, A\n", "b.csv")
    assert labels(read(tmp_path).institution) == ["A", "B", "B"]
    write_csv(tmp_path, "student,school\ns3,C\ns2,A\ns1, A\n", "b.csv")
    assert [(fault.code, fault.file, fault.row, fault.details["elsewhere"]) for fault in faults_of(tmp_path)] == [
        ("column-differs", "b.csv", 3, [("a.csv", 3)]),
        ("column-differs", "b.csv", 2, [("scores.csv", 4)]),
    ]


def test_groups_in_two_files_must_agree(tmp_path: Path) -> None:
    write_study(tmp_path, data='students = "roster.csv"')
    write_csv(tmp_path, HEAD + "s1,new,1\ns2,old,2\ns3,,3\ns4,old,5\n")
    roster = "student,arm\ns1,new\ns2,old\ns3,new\ns4,old\n"
    write_csv(tmp_path, roster, "roster.csv")
    assert read(tmp_path).arm.tolist() == [1, 0, 1, 0]
    write_csv(tmp_path, roster.replace("s2,old", "s2,new"), "roster.csv")
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.file, fault.row, fault.column) == ("column-differs", "roster.csv", 3, "arm")
    assert fault.details["elsewhere"] == [("scores.csv", 3)]
    write_csv(tmp_path, roster + "s2,new\n", "roster.csv")
    assert "student-both-arms" in [fault.code for fault in faults_of(tmp_path)]


def test_faulty_cells_are_told_of_their_own_file_and_only_of_students_of_the_arms(tmp_path: Path) -> None:
    write_study(tmp_path, data='students = "pretest.xlsx"', outcome=BASELINE)
    write_csv(tmp_path, HEAD + ROWS + "s5,third,1\n")
    lines = [["student", "before"], ["s5", "x"], ["s1", "y"], ["t", "z"], ["s2", 3]]
    write_xlsx(tmp_path, {"S": lines}, "pretest.xlsx")
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.file, fault.cell, fault.found) == ("not-a-number", "pretest.xlsx", "B3", "y")


def test_checks_of_units_name_the_file_that_holds_them(tmp_path: Path) -> None:
    write_study(tmp_path, data='students = "roster.csv"\ninstitution = "school"', assigned="institution")
    path = tmp_path / "study.toml"
    path.write_text(path.read_text().replace("assigned =", 'strata = "district"\nassigned ='))
    write_csv(tmp_path, HEAD + ROWS)
    write_csv(tmp_path, "student,school,district\ns4,B,N\ns3,A,N\ns2,A,N\ns1,A,S\n", "roster.csv")
    assert {(fault.code, fault.file, fault.row, fault.rows) for fault in faults_of(tmp_path)} == {
        ("unit-both-arms", "roster.csv", 4, ()),
        ("strata-vary", "roster.csv", 5, (4,)),
    }


def test_a_student_without_a_row_in_the_table_of_strata_is_told(tmp_path: Path) -> None:
    write_study(tmp_path, data='students = "roster.csv"')
    path = tmp_path / "study.toml"
    path.write_text(path.read_text().replace("assigned =", 'strata = "district"\nassigned ='))
    write_csv(tmp_path)
    write_csv(tmp_path, "student,district\ns4,N\ns3,N\ns2,S\n", "roster.csv")
    assert [(fault.code, fault.file, fault.row) for fault in faults_of(tmp_path)] == [
        ("strata-missing", "scores.csv", 2)
    ]


def test_a_column_of_units_that_a_further_table_leaves_empty_is_told_of_it(tmp_path: Path) -> None:
    write_study(tmp_path, data='students = "roster.csv"\ninstitution = "school"')
    write_csv(tmp_path)
    write_csv(tmp_path, "student,school\ns4,\ns3,\ns2,\n", "roster.csv")
    assert [(fault.code, fault.file) for fault in faults_of(tmp_path)] == [("column-empty", "roster.csv")]


def test_groups_of_institutions_by_way_of_a_further_table(tmp_path: Path) -> None:
    data = 'students = "roster.csv"\ninstitution = "school"\ninstitutions = "schools.csv"'
    write_study(tmp_path, data=data, assigned="institution")
    write_csv(tmp_path, "student,score\ns1,1\ns2,2\ns3,3\ns4,4\n")
    write_csv(tmp_path, "student,school\ns4,A\ns3,B\ns2,A\ns1,B\n", "roster.csv")
    write_csv(tmp_path, "school,arm\nA,new\nB,old\n", "schools.csv")
    scores = read(tmp_path)
    assert scores.arm.tolist() == [0, 1, 0, 1]
    assert "groups-of-institutions" in [notice.code for notice in scores.notices]
    write_csv(tmp_path, "school,arm\nA,new\n", "schools.csv")
    (fault,) = [fault for fault in faults_of(tmp_path) if fault.code == "institution-unknown"]
    assert (fault.found, fault.details["students"]) == ("B", 2)
    write_csv(tmp_path, "school,arm\nA,new\nB,old\n", "schools.csv")
    write_csv(tmp_path, "student,school\ns4,\ns3,\n", "roster.csv")
    assert "column-empty" in [fault.code for fault in faults_of(tmp_path)]


def test_a_column_that_no_file_holds_is_told_where_it_was_meant(tmp_path: Path) -> None:
    write_study(tmp_path, data=STUDENTS, outcome=BASELINE)
    write_csv(tmp_path)
    write_csv(tmp_path, "student,befor\ns1,1\ns2,2\ns3,3\ns4,3\n", "pretest.csv")
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.file, fault.nearest, fault.key) == (
        "column-missing",
        "pretest.csv",
        "befor",
        "outcomes[1].baseline",
    )


def test_an_unreadable_further_table_may_have_held_a_column(tmp_path: Path) -> None:
    write_study(tmp_path, data=STUDENTS, outcome=BASELINE)
    write_csv(tmp_path)
    assert [(fault.code, fault.file) for fault in faults_of(tmp_path)] == [("file-missing", "pretest.csv")]


def test_a_further_table_needs_the_students(tmp_path: Path) -> None:
    write_study(tmp_path, data=STUDENTS, outcome=BASELINE)
    write_csv(tmp_path)
    write_csv(tmp_path, "pupil,before\ns1,1\n", "pretest.csv")
    assert [(fault.code, fault.file, fault.key) for fault in faults_of(tmp_path)] == [
        ("column-missing", "pretest.csv", "data.student")
    ]


def test_what_a_further_table_asks_for_stands_in_its_own_entry(tmp_path: Path) -> None:
    write_study(tmp_path, data='last_row = 5\nstudents = "pretest.csv"', outcome=BASELINE)
    write_csv(tmp_path)
    write_csv(tmp_path, "Pretest\n\nstudent,before\ns1,1\ns2,2\ns3,3\ns4,3\n,9\n", "pretest.csv")
    (fault,) = faults_of(tmp_path)
    assert fault.code == "header-unclear"
    assert 'its entry in data.students: { path = "pretest.csv", header_row = … }' in sentence(fault)
    entry = '{ path = "pretest.csv", header_row = 3 }'
    write_study(tmp_path, data=f"last_row = 5\nstudents = [{entry}]", outcome=BASELINE)
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.row) == ("rows-below", 8)
    assert 'its entry in data.students: { path = "pretest.csv", last_row = … }' in sentence(fault)
    entry = '{ path = "pretest.csv", header_row = 3, last_row = 7 }'
    write_study(tmp_path, data=f"last_row = 5\nstudents = [{entry}]", outcome=BASELINE)
    assert numbers(read(tmp_path).baselines["Score"]) == [1, 2, 3, 3]


@pytest.mark.parametrize("key", ["students", "institutions"])
@pytest.mark.parametrize(
    ("entry", "content"),
    [
        ('encoding = "cp1251"', "id,before\nЖук,1\nЁж,2\n".encode("cp1251")),
        ('delimiter = "|"', "id|before\nЖук|1\nЁж|2\n".encode()),
        ('decimal = ","', 'id;before\nЖук;"1,000"\nЁж;"2,0"\n'.encode()),
        ('delimiter = ";", decimal = "."', "id;before\nЖук;1.000\nЁж;2\n".encode()),
        ("header_row = 3", "Titles,1\n,\nid,before\nЖук,1\nЁж,2\n".encode()),
        ("header_row = [1, 2]", "id,\n,before\nЖук,1\nЁж,2\n".encode()),
        ("last_row = 3", "id,before\nЖук,1\nЁж,2\n,99\n".encode()),
    ],
)
def test_every_key_of_an_entry_holds_for_its_file(key: str, entry: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_bytes(content)
    values = _values_of_entry(tmp_path, key, f'{{ path = "more.csv", {entry} }}')
    assert values == [1, 2]


@pytest.mark.parametrize("key", ["students", "institutions"])
@pytest.mark.parametrize("sheet", ['"Two"', "2"])
def test_the_sheet_and_hidden_rows_of_an_entry(key: str, sheet: str, tmp_path: Path) -> None:
    lines = [["id", "before"], ["Жук", 1], ["Ёж", 2], ["Лис", 3]]
    path = write_xlsx(tmp_path, {"One": [["id", "before"], ["Жук", 5], ["Ёж", 6]], "Two": lines}, "more.xlsx")
    book = examples.openpyxl.load_workbook(path)
    book["Two"].row_dimensions[4].hidden = True
    book.save(path)
    entry = f'{{ path = "more.xlsx", sheet = {sheet}, hidden = "drop" }}'
    assert _values_of_entry(tmp_path, key, entry) == [1, 2]


def _values_of_entry(folder: Path, key: str, entry: str) -> list[float | None]:
    """The column `before` of two students, from a file of students or of institutions that bears their names."""
    if key == "students":
        write_study(folder, data=f"students = [{entry}]", outcome=BASELINE)
    else:
        more = '[covariates]\ninstitution = ["before"]'
        write_study(folder, data=f'institution = "id"\ninstitutions = [{entry}]', more=more)
    path = folder / "study.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('student = "student"', ""), encoding="utf-8")
    if key == "students":
        path.write_text(path.read_text(encoding="utf-8").replace("[data]", '[data]\nstudent = "id"'), encoding="utf-8")
    write_csv(folder, "id,arm,score\nЖук,new,51\nЁж,old,48\n")
    scores = read(folder)
    return numbers(scores.baselines["Score"] if key == "students" else scores.covariates["before"])


@pytest.mark.parametrize("key", ["students", "institutions"])
def test_missing_values_hold_for_every_file(key: str, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text("id,before\nЖук,н\nЁж,-99\n", encoding="utf-8")
    if key == "students":
        write_study(tmp_path, data='missing = ["н", -99]\nstudents = ["more.csv"]', outcome=BASELINE)
    else:
        more = '[covariates]\ninstitution = ["before"]'
        data = 'missing = ["н", -99]\ninstitution = "student"\ninstitutions = ["more.csv"]'
        write_study(tmp_path, data=data, more=more)
    path = tmp_path / "study.toml"
    text = path.read_text(encoding="utf-8").replace(
        'student = "student"\n', 'student = "id"\n' if key == "students" else ""
    )
    path.write_text(text.replace('institution = "student"', 'institution = "id"'), encoding="utf-8")
    write_csv(tmp_path, "id,arm,score\nЖук,new,51\nЁж,old,48\n")
    scores = read(tmp_path)
    column = scores.baselines["Score"] if key == "students" else scores.covariates["before"]
    assert numbers(column) == [None, None]


COLUMNS = ("arm", "score", "before", "school", "room", "sex", "points", "district")
CELLS = {
    "arm": ["new", "old", "third", ""],
    "score": ["1", "2.5", "3", ""],
    "before": ["4", "5", ""],
    "school": ["A", "B", "C"],
    "room": ["1", "2", ""],
    "sex": ["f", "m", ""],
    "points": ["1", "2", "3.5", ""],
    "district": ["N", "S"],
}


@st.composite
def splits(draw: st.DrawFn) -> tuple[list[dict[str, str]], list[list[str]], list[list[int]], int]:
    """A table; which columns stand in the scores and in one or two further tables; orders of rows; strangers."""
    n = draw(st.integers(4, 12))
    table = [{"student": f"u{i}", **{name: draw(st.sampled_from(CELLS[name])) for name in COLUMNS}} for i in range(n)]
    table[0]["arm"], table[1]["arm"] = "new", "old"
    place = {name: draw(st.integers(0, 2)) for name in COLUMNS}
    place["points"] = 0  # one column stays in the scores
    columns = [[name for name in COLUMNS if place[name] == i] for i in range(3)]
    orders = [draw(st.permutations(range(n))) for _ in range(3)]
    return table, columns, [list(order) for order in orders], draw(st.integers(0, 3))


def _write_split(folder: Path, split: tuple[list[dict[str, str]], list[list[str]], list[list[int]], int]) -> None:
    table, columns, orders, strangers = split
    names = [f"table{i}.csv" for i in (1, 2) if columns[i]]
    write_study(
        folder,
        data=f'students = {names}\ninstitution = "school"\nclass = "room"'.replace("'", '"'),
        outcome=BASELINE,
        more='[covariates]\nstudent = ["sex", "points"]',
    )
    path = folder / "study.toml"
    path.write_text(path.read_text().replace("assigned =", 'strata = "district"\nassigned ='))
    for i, name in enumerate(["scores.csv", "table1.csv", "table2.csv"]):
        order = range(len(table)) if i == 0 else orders[i]
        lines = [",".join(["student", *columns[i]])]
        lines += [",".join(table[row][column] for column in ("student", *columns[i])) for row in order]
        lines += [",".join([f"t{k}", *(CELLS[column][0] for column in columns[i])]) for k in range(strangers) if i]
        write_csv(folder, "\n".join(lines) + "\n", name)


def _seen(folder: Path) -> object:
    try:
        scores = read(folder)
    except Faults as faults:
        return sorted({fault.code for fault in faults})
    columns = {**scores.outcomes, **dict(scores.baselines.values()), **scores.covariates}
    told = {
        name: numbers(column) if isinstance(column, Numbers) else labels(column) for name, column in columns.items()
    }
    units = [
        (labels(unit), unit.labels if unit else None) for unit in (scores.institution, scores.class_, scores.strata)
    ]
    return scores.arm.tolist(), told, units, scores.left_out


@settings(max_examples=60, deadline=None)
@given(split=splits())
def test_a_split_table_is_read_as_the_whole_one(
    split: tuple[list[dict[str, str]], list[list[str]], list[list[int]], int],
) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        table, _, orders, _ = split
        _write_split(Path(one), (table, [list(COLUMNS), [], []], orders, 0))
        _write_split(Path(two), split)
        assert _seen(Path(one)) == _seen(Path(two))


def test_a_split_table_gives_the_results_of_the_whole_one(tmp_path: Path) -> None:
    generator = np.random.default_rng(7)
    rows = []
    for i in range(120):
        school, arm = "ABCDEF"[i % 6], "new" if generator.random() < 0.5 else "old"
        before = generator.normal(50, 10)
        score = before + 5 * (arm == "new") + "ABCDEF".index(school) + generator.normal(0, 5)
        rows.append((f"u{i}", arm, f"{score:.2f}", f"{before:.2f}", school, "fm"[int(generator.integers(2))]))
    keys = {"outcome": BASELINE, "more": '[covariates]\nstudent = ["sex"]'}
    results = []
    for name in ("whole", "split"):
        folder = tmp_path / name
        folder.mkdir()
        further = '\nstudents = ["roster.csv"]' if name == "split" else ""
        write_study(folder, data=f'institution = "school"{further}', **keys)
        if name == "whole":
            write_csv(folder, "student,arm,score,before,school,sex\n" + "".join(",".join(row) + "\n" for row in rows))
        else:
            write_csv(folder, HEAD + "".join(",".join(row[:3]) + "\n" for row in rows))
            mixed = [rows[i] for i in generator.permutation(len(rows))]
            text = "".join(",".join((row[0], *row[3:])) + "\n" for row in mixed)
            write_csv(folder, "student,before,school,sex\n" + text, "roster.csv")
        results.append(expeval.run(folder / "study.toml", out=folder / "out"))
    whole, split = results
    assert split.estimates == whole.estimates
    assert split.groups == whole.groups
    assert split.flow == whole.flow


def test_the_institution_file_and_the_students_rows_must_agree(tmp_path: Path) -> None:
    data = 'institution = "school"\ninstitutions = "schools.csv"'
    write_study(tmp_path, data=data, more='[covariates]\ninstitution = ["size"]', assigned="institution")
    scores = "student,school,arm,score,size\na,A,new,1,500\nb,B,old,2,410\nc,A,new,1,\nd,B,old,3,410.0\n"
    write_csv(tmp_path, scores)
    write_csv(tmp_path, "school,size,arm\nA,500,new\nB,410,old\n", "schools.csv")
    assert numbers(read(tmp_path).covariates["size"]) == [500, 410, 500, 410]
    write_csv(tmp_path, "school,size,arm\nA,500,new\nB,401,new\n", "schools.csv")
    found = [(fault.code, fault.file, fault.row, fault.column, fault.details) for fault in faults_of(tmp_path)]
    assert found == [
        ("column-differs", "schools.csv", 3, "arm", {"elsewhere": [("scores.csv", 3)]}),
        ("column-differs", "schools.csv", 3, "size", {"elsewhere": [("scores.csv", 3)]}),
    ]


@settings(max_examples=150, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.text(alphabet='student,before;\n\t"s1234 \u00a0.xЁ', max_size=80).map(str.encode),
        st.lists(
            st.tuples(st.sampled_from(["s1", "s2", "S1", "s01", "", "t"]), st.text("1.x,", max_size=3)), max_size=8
        ).map(lambda rows: ("student;before\n" + "".join(f"{a};{b}\n" for a, b in rows)).encode()),
    ),
    column=st.sampled_from(["before", "arm", "school"]),
)
def test_any_further_table_is_read_or_has_faults(content: bytes, column: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_study(folder, data='students = "x.csv"\ninstitution = "school"', outcome=BASELINE)
        write_csv(folder, "student,arm,score,school,before\n" + "s1,new,1,A,2\ns2,old,1,B,3\ns3,old,2,A,\n")
        (folder / "x.csv").write_bytes(content.replace(b"before", column.encode()))
        faults: list[Fault] = []
        try:
            read(folder)
        except Faults as raised:
            faults += raised
        assert all(sentence(fault) for fault in faults)


def test_a_reason_for_a_missing_value_is_kept_whichever_file_gives_it() -> None:
    none = np.full(3, np.nan)
    own = Numbers(none, Categories(np.array([0, -1, -1]), ("absent", "ill")))
    theirs = Numbers(none, Categories(np.array([-1, 1, -1]), ("absent", "ill")))
    chosen = choose(own.missing & (~theirs.missing | (explained(theirs) & ~explained(own))), theirs, own)
    assert chosen.reasons is not None
    assert chosen.reasons.codes.tolist() == [0, 1, -1]
