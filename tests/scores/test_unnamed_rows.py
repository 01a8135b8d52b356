"""Rows that name no institution, totals where nobody names students: asked about, never dropped or counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import write_csv, write_parquet, write_study, write_xlsx

from expeval.fault_codes import sentence
from expeval.faults import Fault, Faults
from expeval.scores.reading import read_scores
from expeval.scores.table import Scores
from expeval.study.reading import read_study


def read(folder: Path) -> Scores:
    return read_scores(read_study(folder / "study.toml"))


def faults(folder: Path) -> list[Fault]:
    with pytest.raises(Faults) as raised:
        read(folder)
    return list(raised.value)


def write_schools(folder: Path, entry: str = '"schools.csv"') -> None:
    data = f'institution = "school"\ninstitutions = [{entry}]'
    write_study(folder, data=data, more='[covariates]\ninstitution = ["kind"]')
    write_csv(folder, "student,school,arm,score\na,A,new,1\nb,B,new,2\nc,A,old,3\nd,B,old,4\n")


# --- the file of institutions -----------------------------------------------------------------------------------


def test_a_row_without_institution_is_asked_about(tmp_path: Path) -> None:
    write_schools(tmp_path)
    write_csv(tmp_path, "school,kind,head\nA,town,\n,town,\n,,Smith\nB,town,\n", "schools.csv")
    (fault,) = faults(tmp_path)
    assert (fault.code, fault.file, fault.row, fault.rows) == ("institution-unnamed", "schools.csv", 3, (4,))
    said = sentence(fault)
    assert "rows 3 and 4" in said or "rows 3, 4" in said
    assert '{ path = "schools.csv", last_row = … }' in said


def test_what_stands_for_a_missing_value_names_no_institution(tmp_path: Path) -> None:
    write_schools(tmp_path)
    text = (tmp_path / "study.toml").read_text()
    (tmp_path / "study.toml").write_text(text.replace("[data]\n", '[data]\nmissing = ["-"]\n'))
    write_csv(tmp_path, "school,kind\nA,town\n-,town\nB,town\n", "schools.csv")
    assert [(fault.code, fault.row) for fault in faults(tmp_path)] == [("institution-unnamed", 3)]


def test_totals_below_the_institutions_are_asked_about_and_last_row_settles_it(tmp_path: Path) -> None:
    write_schools(tmp_path)
    write_csv(tmp_path, "school,kind\nA,town\nB,town\nИтого,2\n", "schools.csv")
    assert [(fault.code, fault.row) for fault in faults(tmp_path)] == [("institution-unnamed", 4)]
    write_schools(tmp_path, '{ path = "schools.csv", last_row = 3 }')
    assert read(tmp_path).n == 4


def test_a_faulty_cell_is_told_as_such_alone(tmp_path: Path) -> None:
    write_schools(tmp_path)
    write_csv(tmp_path, "school,kind\nA,town\n#N/A,town\nB,town\n", "schools.csv")
    assert [(fault.code, fault.row) for fault in faults(tmp_path)] == [("error-in-cell", 3)]


def test_blank_rows_are_counted(tmp_path: Path) -> None:
    write_schools(tmp_path)
    write_csv(tmp_path, "school,kind,head\nA,town,x\n,,\n ,,\nB,town,\n,,\n", "schools.csv")
    assert read(tmp_path).sources[-1].mended["blank rows"] == 3


def test_blank_records_of_a_parquet_file_are_counted(tmp_path: Path) -> None:
    write_schools(tmp_path, '"schools.parquet"')
    write_parquet(tmp_path, "schools.parquet", school=["A", None, "B"], kind=["town", None, "town"])
    assert read(tmp_path).sources[-1].mended == {"blank rows": 1}
    write_parquet(tmp_path, "schools.parquet", school=["A", None, "B"], kind=[1.5, None, 2.5], other=[1, 2, 3])
    assert read(tmp_path).sources[-1].mended == {"blank rows": 1}
    write_parquet(tmp_path, "schools.parquet", school=["A", None, "B"], kind=["town", "town", "town"])
    assert [(fault.code, fault.row) for fault in faults(tmp_path)] == [("institution-unnamed", 2)]


@pytest.mark.parametrize(
    ("students", "schools", "meant"),
    [
        (["Лицей 1", "Школа 2"], ["Лицей 1", "Шкoла 2"], "Шкoла 2"),  # a Latin letter
        (["Лицей 1", "школа 2"], ["Лицей 1", "Школа 2", "Школа 3"], "Школа 2"),
        (["7", "9"], ["007", "9"], "007"),
        (["Лицей 1", "Гимназия №2"], ["Лицей 1", "Гимназия № 2"], "Гимназия № 2"),
        (["1052", "1054"], ["1052", "1053"], None),  # another number is another institution
        (["Лицей 1", "Лицей 2"], ["Лицей 1"], None),  # it has students of its own
    ],
)
def test_an_unknown_institution_may_be_one_that_is_spelt_otherwise(
    students: list[str], schools: list[str], meant: str | None, tmp_path: Path
) -> None:
    write_schools(tmp_path)
    rows = "".join(f"s{i}{name},{name},{arm},{i}\n" for i, arm in enumerate(["new", "old"]) for name in students)
    write_csv(tmp_path, "student,school,arm,score\n" + rows)
    write_csv(tmp_path, "school,kind\n" + "".join(f"{name},town\n" for name in schools), "schools.csv")
    (fault,) = faults(tmp_path)
    assert (fault.code, fault.nearest) == ("institution-unknown", meant)
    if meant:
        assert f'Did you mean "{meant}"?' in sentence(fault)
        assert f"Возможно, имелось в виду «{meant}»." in sentence(fault, "ru")


# --- totals where nobody names students -------------------------------------------------------------------------


def write_without_students(folder: Path, rows: str, data: str = "") -> None:
    write_study(folder, data=f'institution = "school"\nclass = "room"\n{data}')
    text = (folder / "study.toml").read_text().replace('student = "student"\n', "")
    (folder / "study.toml").write_text(text)
    write_csv(folder, "school,room,arm,score\nA,7А,new,5\nB,7А,old,4\nA,7Б,new,3\n" + rows)


@pytest.mark.parametrize(
    "row", ["Итого,,,4\n", "A,Средний балл,new,4\n", "A,7Б,Всего,4\n", ",TOTAL:,,12\n,,,\n,Smith,,\n"]
)
def test_totals_are_asked_about_where_nobody_names_students(row: str, tmp_path: Path) -> None:
    write_without_students(tmp_path, row)
    found = [fault for fault in faults(tmp_path) if fault.code == "summary-rows"]
    assert [(fault.row, fault.key) for fault in found] == [(5, "data.last_row")]


def test_a_last_row_settles_whether_they_are_totals(tmp_path: Path) -> None:
    write_without_students(tmp_path, "Итого,7А,new,4\n", "last_row = 4")
    assert read(tmp_path).n == 3
    write_without_students(tmp_path, "Итого,7А,new,4\n", "last_row = 5")
    assert read(tmp_path).n == 4


def test_a_class_is_no_total(tmp_path: Path) -> None:
    write_without_students(tmp_path, "Summit,7А,new,4\nТоталь,Итоговый,old,4\n")
    assert read(tmp_path).n == 5


def test_totals_in_a_workbook_name_their_row(tmp_path: Path) -> None:
    write_without_students(tmp_path, "")
    text = (tmp_path / "study.toml").read_text().replace("scores.csv", "scores.xlsx")
    (tmp_path / "study.toml").write_text(text)
    lines = [["school", "room", "arm", "score"], ["A", "7А", "new", 5], ["B", "7А", "old", 4], ["Итого", None, None, 9]]
    write_xlsx(tmp_path, {"S": lines})
    (fault,) = faults(tmp_path)
    assert (fault.code, fault.sheet, fault.row, fault.column) == ("summary-rows", "S", 4, "school")


# --- names below the rows that are searched ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["scores.csv", "scores.xlsx"])
def test_a_header_below_the_rows_that_are_searched(name: str, tmp_path: Path) -> None:
    above = [[f"note {i}", "", ""] for i in range(32)]
    lines = [["student", "arm", "score"], ["a", "new", 5], ["b", "old", 4]]
    write_study(tmp_path, files=f'["{name}"]')
    if name == "scores.csv":
        write_csv(tmp_path, "".join(",".join(map(str, line)) + "\n" for line in [*above, *lines]))
    else:
        write_xlsx(tmp_path, {"S": [*above, *lines]})
    found = faults(tmp_path)
    assert {fault.code for fault in found} == {"column-missing"}
    assert all(
        "in the first 30 rows; if they stand further below, set header_row" in sentence(fault) for fault in found
    )
    assert all("(их 30); если они стоят ниже" in sentence(fault, "ru") for fault in found)
    write_study(tmp_path, data="header_row = 33", files=f'["{name}"]')
    assert read(tmp_path).n == 2


def test_nothing_is_said_of_rows_where_the_header_is_known_or_all_were_searched(tmp_path: Path) -> None:
    write_study(tmp_path)
    write_csv(tmp_path, "student,arm,scores\n" + "a,new,5\n" * 40)  # two of three names: this is the header
    assert "searched" not in faults(tmp_path)[0].details
    write_csv(tmp_path, "x,y,z\na,new,5\n")
    assert "searched" not in faults(tmp_path)[0].details


# --- totals between the students, signatures below them ---------------------------------------------------------

STUDENTS = [f"s{i},{'new' if i % 2 else 'old'},{40 + i}\n" for i in range(80)]


@pytest.mark.parametrize(
    "word", ["Итого", "ИТОГО 7А", "Среднее по классу:", "Средний балл 10 «Б» класса", "Class average", "Total for 7B"]
)
def test_totals_of_a_class_between_the_students_are_asked_about(tmp_path: Path, word: str) -> None:
    write_study(tmp_path)
    rows = [*STUDENTS[:20], f"{word},new,44.5\n", *STUDENTS[20:]]
    write_csv(tmp_path, "student,arm,score\n" + "".join(rows))
    (fault,) = faults(tmp_path)
    assert (fault.code, fault.row, fault.rows) == ("rows-below", 22, ())
    assert "between students" in sentence(fault)


@pytest.mark.parametrize("name", ["Sumarokov", "Итоговский", "Max", "Mean7", "Учителев", "Datee", "Всеволод"])
def test_a_name_that_begins_like_a_total_is_a_student(tmp_path: Path, name: str) -> None:
    write_study(tmp_path)
    write_csv(
        tmp_path, "student,arm,score\n" + "".join([*STUDENTS[:20], f"{name},new,44.5\n", *STUDENTS[20:], "z,new,4\n"])
    )
    assert read(tmp_path).n == 82


def test_totals_that_belong_to_no_arm_are_left_out_and_counted(tmp_path: Path) -> None:
    write_study(tmp_path)
    write_csv(tmp_path, "student,arm,score\n" + "".join([*STUDENTS[:20], "Итого 7А,,44.5\n", *STUDENTS[20:]]))
    scores = read(tmp_path)
    assert (scores.n, scores.left_out) == (80, {("other", "no-group"): 1})


def test_totals_are_found_among_more_students_than_are_looked_at_one_by_one(tmp_path: Path) -> None:
    write_study(tmp_path)
    rows = [f"s{i},{'new' if i % 2 else 'old'},{i % 50}\n" for i in range(20_000)]
    write_csv(tmp_path, "student,arm,score\n" + "".join([*rows[:9000], "Итого,new,900\n", *rows[9000:]]))
    assert [(fault.code, fault.row) for fault in faults(tmp_path)] == [("rows-below", 9002)]


@pytest.mark.parametrize("words", ["Учитель: Иванова А. А.", "Дата 12.05.2026", "Teacher: Smith", "Signature ____"])
def test_a_signature_in_an_arm_s_own_file_is_no_student(tmp_path: Path, words: str) -> None:
    write_study(tmp_path)
    study = tmp_path / "study.toml"
    text = study.read_text(encoding="utf-8").replace('files = ["scores.csv"]\n', "").replace('column = "arm"\n', "")
    arms = {"experimental": "new", "control": "old"}
    for arm, name in arms.items():
        text = text.replace(f'{arm} = ["{name}"]', f'{arm} = {{ files = ["{name}.csv"] }}')
        rows = "".join(f"{name}{i},{i}\n" for i in range(8))
        write_csv(tmp_path, f"student,score\n{rows}\n{words if arm == 'control' else ''},\n", f"{name}.csv")
    study.write_text(text, encoding="utf-8")
    assert [(fault.code, fault.file, fault.row) for fault in faults(tmp_path)] == [("rows-below", "old.csv", 11)]


# --- a file twice, where nobody names the students --------------------------------------------------------------


def test_copies_of_a_file_are_told_where_nobody_names_the_students(tmp_path: Path) -> None:
    write_study(tmp_path, files='["*.csv"]')
    for name in ("scores.csv", "copy.csv"):
        write_csv(tmp_path, "arm,score\nnew,1\nold,2\nnew,3\nold,4\n", name)
    study = tmp_path / "study.toml"
    study.write_text(study.read_text(encoding="utf-8").replace('student = "student"\n', ""), encoding="utf-8")
    (fault,) = faults(tmp_path)
    assert (fault.code, fault.file, fault.found) == ("file-twice", "scores.csv", "copy.csv")


def write_scores_again(folder: Path, rows: int) -> list[list[object]]:
    """A study without identifiers of students, and rows for two of its files."""
    write_study(folder, files='["scores.csv", "again.*"]')
    study = folder / "study.toml"
    study.write_text(study.read_text(encoding="utf-8").replace('student = "student"\n', ""), encoding="utf-8")
    return [["new" if i % 2 else "old", 40 + 1.5 * (i * 7 % 11)] for i in range(rows)]


def test_a_copy_in_another_format_is_told_by_what_it_holds(tmp_path: Path) -> None:
    lines = write_scores_again(tmp_path, 12)
    text = "".join(f"{arm};{str(score).replace('.', ',')}\r\n" for arm, score in lines)
    write_csv(tmp_path, f"arm;score\r\n{text}", encoding="cp1251")
    write_xlsx(
        tmp_path, {"S": [["№", "score", "arm"], *([i, line[1], line[0]] for i, line in enumerate(lines))]}, "again.xlsx"
    )
    (fault,) = faults(tmp_path)
    assert (fault.code, fault.file, fault.sheet, fault.found) == ("file-twice", "again.xlsx", "S", "scores.csv")


def test_files_that_differ_in_one_score_or_have_few_rows_are_no_copies(tmp_path: Path) -> None:
    lines = write_scores_again(tmp_path, 12)
    text = "arm,score\n" + "".join(f"{arm},{score}\n" for arm, score in lines)
    write_csv(tmp_path, text)
    write_csv(tmp_path, text.replace("55.0", "54.0", 1), "again.csv")
    assert read(tmp_path).n == 24
    few = "".join(text.splitlines(keepends=True)[:8])
    write_csv(tmp_path, few)
    write_csv(tmp_path, few.replace("\n", "\r\n"), "again.csv")
    assert read(tmp_path).n == 14


def test_students_who_nearly_all_have_the_same_score_are_no_copies(tmp_path: Path) -> None:
    write_scores_again(tmp_path, 0)
    text = "arm,score\n" + "old,5\n" * 15 + "new,4\n"
    write_csv(tmp_path, text)
    write_csv(tmp_path, text, "again.csv")
    assert read(tmp_path).n == 32
    write_csv(tmp_path, text + "new,3\n")
    write_csv(tmp_path, text + "new,3\n", "again.csv")
    assert [fault.code for fault in faults(tmp_path)] == ["file-twice"]


def test_the_files_of_two_arms_are_no_copies_of_one_another(tmp_path: Path) -> None:
    write_arms(tmp_path, "name,score", "")
    assert (tmp_path / "new.csv").read_bytes() == (tmp_path / "old.csv").read_bytes()
    assert read(tmp_path).n == 18


# --- totals beside the study's columns --------------------------------------------------------------------------


def write_arms(folder: Path, head: str, last: str, more: str = "") -> None:
    """An arm in each of two files, without identifiers; ``last`` is the last row of the control arm's."""
    write_study(folder, more=more)
    study = folder / "study.toml"
    text = study.read_text(encoding="utf-8").replace('files = ["scores.csv"]\nstudent = "student"\n', "")
    text = text.replace('column = "arm"\n', "")
    for arm, name in {"experimental": "new", "control": "old"}.items():
        text = text.replace(f'{arm} = ["{name}"]', f'{arm} = {{ files = ["{name}.csv"] }}')
        rows = "".join(f"p{i},{3 + i % 3}\n" for i in range(9))
        write_csv(folder, f"{head}\n{rows}{last if arm == 'control' else ''}", f"{name}.csv")
    study.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("last", ["Среднее,4\n", "Итого:,36\n", "Mean,4.0\n", ",36\n", "Средний балл по классу,4\n"])
def test_totals_in_a_column_that_the_study_does_not_use(tmp_path: Path, last: str) -> None:
    write_arms(tmp_path, "name,score", last)
    (fault,) = faults(tmp_path)
    assert (fault.code, fault.file, fault.row, fault.key) == ("summary-rows", "old.csv", 11, "data.last_row")


def test_a_mean_without_a_word_is_known_by_its_decimals(tmp_path: Path) -> None:
    write_arms(tmp_path, "name,score", "q,5\nr,3\ns,4\nt,5\n,4.08\n")
    (fault,) = faults(tmp_path)
    assert (fault.code, fault.file, fault.row, fault.rows) == ("summary-rows", "old.csv", 15, ())


@pytest.mark.parametrize("last", ["Сидоров,4\n", ",4\n", "q,3\n", "Итоговский,5\n"])
def test_a_score_that_equals_the_mean_is_a_score(tmp_path: Path, last: str) -> None:
    write_arms(tmp_path, "name,score", last)
    assert read(tmp_path).n == 19


def test_totals_of_an_arm_with_the_arm_s_name(tmp_path: Path) -> None:
    write_scores_again(tmp_path, 0)
    rows = "".join(f"p{i},{'new' if i % 2 else 'old'},{i}\n" for i in range(20))
    write_csv(tmp_path, f"name,arm,score\n{rows}Среднее,new,10.5\nСреднее,old,9.5\n")
    study = tmp_path / "study.toml"
    study.write_text(study.read_text(encoding="utf-8").replace(', "again.*"', ""), encoding="utf-8")
    (fault,) = faults(tmp_path)
    assert (fault.code, fault.row, fault.rows) == ("summary-rows", 22, (23,))


def test_a_category_that_is_a_word_for_means_too_is_no_total(tmp_path: Path) -> None:
    write_scores_again(tmp_path, 0)
    study = tmp_path / "study.toml"
    study.write_text(study.read_text(encoding="utf-8").replace(', "again.*"', ""), encoding="utf-8")
    rows = "".join(f"{'среднее' if i % 3 else 'высшее'},{'new' if i % 2 else 'old'},{i}\n" for i in range(40))
    write_csv(tmp_path, f"образование,arm,score\n{rows}")
    assert read(tmp_path).n == 40


def test_scores_that_add_up_are_scores_where_a_name_stands_beside_them(tmp_path: Path) -> None:
    write_arms(tmp_path, "name,score", "q,36\n")
    assert read(tmp_path).n == 19
