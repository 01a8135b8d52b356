"""Sheets as people leave them: merged cells, hidden and empty sheets, totals and signatures below the students."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import examples
import numpy as np
import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.workbook import Workbook

from expeval.fault_codes import sentence
from expeval.faults import Fault, Faults
from expeval.scores.reading import read_scores
from expeval.scores.table import Scores
from expeval.study.reading import read_study

HEAD = ["student", "arm", "score"]


def read(folder: Path) -> Scores:
    return read_scores(read_study(folder / "study.toml"))


def fault_of(folder: Path) -> Fault:
    with pytest.raises(Faults) as raised:
        read(folder)
    (fault,) = raised.value
    return fault


def changed(folder: Path) -> tuple[Path, Workbook]:
    """The workbook of a study, to be changed and saved again."""
    path = folder / "scores.xlsx"
    return path, openpyxl.load_workbook(path)


def test_a_cell_merged_over_several_rows_is_the_cell_of_each(tmp_path: Path) -> None:
    examples.write_study(tmp_path, files='["scores.xlsx"]')
    arms = ["new", None, None, "old", None, None]
    lines = [HEAD, *([f"s{i}", arm, 40 + i] for i, arm in enumerate(arms))]
    examples.write_xlsx(tmp_path, {"S": lines})
    path, book = changed(tmp_path)
    book["S"].merge_cells("B2:B4")
    book["S"].merge_cells("B5:B7")
    book.save(path)
    scores = read(tmp_path)
    assert scores.arm.tolist() == [1, 1, 1, 0, 0, 0]
    assert scores.left_out == {}
    (notice,) = scores.notices
    assert (notice.code, "“arm”" in notice.message) == ("merged-cells", True)


def test_a_page_s_cell_that_spans_rows_is_the_cell_of_each(tmp_path: Path) -> None:
    examples.write_study(tmp_path, files='["scores.xls"]')
    arms = ["<td rowspan=2>new", "", "<td rowspan=2>old", ""]
    rows = [f"<tr><td>s{i}{arm}<td>{i}" for i, arm in enumerate(arms)]
    page = f"<table><tr><th>student<th>arm<th>score{''.join(rows)}</table>"
    (tmp_path / "scores.xls").write_text(page, encoding="utf-8")
    assert read(tmp_path).arm.tolist() == [1, 1, 0, 0]


def test_what_is_merged_with_the_header_is_no_cell_of_a_student(tmp_path: Path) -> None:
    examples.write_study(tmp_path, files='["scores.xlsx"]')
    lines = [HEAD, [None, None, "of 50"], ["a", "new", 1], ["b", "old", 2]]
    examples.write_xlsx(tmp_path, {"S": lines})
    path, book = changed(tmp_path)
    book["S"].merge_cells("A1:A2")
    book["S"].merge_cells("B1:B2")
    book.save(path)
    fault = fault_of(tmp_path)
    assert (fault.code, fault.row) == ("rows-below", 2)


def test_merged_ranges_that_overlap_end(tmp_path: Path) -> None:
    examples.write_study(tmp_path, files='["scores.xlsx"]')
    examples.write_xlsx(tmp_path, {"S": examples.sheet_lines()})
    ranges = b"".join(b'<mergeCell ref="B%d:B1000000"/>' % row for row in range(2, 5000))
    merged = b'</sheetData><mergeCells count="4998">' + ranges + b"</mergeCells>"
    path = tmp_path / "scores.xlsx"
    examples.replace_part(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", merged))
    assert read(tmp_path).n == 6


@pytest.mark.parametrize("visible", [[["see the other sheet"]], []])
def test_a_hidden_sheet_that_may_hold_the_students_is_asked_about(visible: list[list[str]], tmp_path: Path) -> None:
    examples.write_study(tmp_path, files='["scores.xlsx"]')
    examples.write_xlsx(tmp_path, {"Note": visible, "Marks": examples.sheet_lines()})
    path, book = changed(tmp_path)
    book["Marks"].sheet_state = "hidden"
    book.save(path)
    fault = fault_of(tmp_path)
    assert (fault.code, fault.key) == ("sheet-unclear", "data.sheet")
    assert "Marks" in sentence(fault)


def test_a_named_sheet_that_is_empty_is_named(tmp_path: Path) -> None:
    examples.write_study(tmp_path, files='["scores.xlsx"]', data='sheet = "B"')
    examples.write_xlsx(tmp_path, {"A": examples.sheet_lines(), "B": []})
    fault = fault_of(tmp_path)
    assert (fault.code, fault.sheet) == ("file-empty", "B")


def test_half_a_workbook_is_damaged(tmp_path: Path) -> None:
    examples.write_study(tmp_path, files='["scores.xlsx"]')
    path = examples.write_xlsx(tmp_path, {"A": examples.sheet_lines()})
    path.write_bytes(path.read_bytes()[:-400])
    assert fault_of(tmp_path).code == "workbook-unsafe"


@pytest.mark.parametrize("word", ["Итого", "ВСЕГО:", "Средний балл", "Ср. балл", "Total", "mean "])
@pytest.mark.parametrize("arm", ["", "new"])
def test_totals_in_the_column_of_identifiers_are_no_students(word: str, arm: str, tmp_path: Path) -> None:
    examples.write_study(tmp_path)
    examples.write_csv(tmp_path, examples.HEAD + examples.ROWS + f"{word},{arm},50\nTeacher: N. N.,,\n")
    fault = fault_of(tmp_path)
    assert (fault.code, fault.row, fault.rows, fault.key) == ("rows-below", 6, (7,), "data.last_row")


def test_identifiers_that_only_begin_like_totals_are_students(tmp_path: Path) -> None:
    examples.write_study(tmp_path)
    examples.write_csv(tmp_path, examples.HEAD + examples.ROWS + "Meaney,new,1\nВсегоров,old,2\nsum1,new,3\n")
    assert read(tmp_path).n == 7


def test_rows_without_identifiers_do_not_empty_the_arms_too(tmp_path: Path) -> None:
    examples.write_study(tmp_path)
    examples.write_csv(tmp_path, "student,arm,score\n,new,1\n,old,2\n,new,3\n")
    assert fault_of(tmp_path).code == "rows-below"


def test_a_file_name_may_be_spelt_in_two_unicode_forms(tmp_path: Path) -> None:
    examples.write_study(tmp_path, files='["\u0439.csv"]')
    examples.write_csv(tmp_path, name="\u0438\u0306.csv")
    assert read(tmp_path).n == 4


def test_what_may_be_a_student_s_cell_is_no_near_name(tmp_path: Path) -> None:
    examples.write_study(tmp_path)
    (tmp_path / "scores.csv").write_text('[{"student":"s7","arm":"new","score":1},{"student":"s9"}]', encoding="utf-8")
    with pytest.raises(Faults) as raised:
        read(tmp_path)
    assert not any("s7" in sentence(fault) or "s9" in sentence(fault) for fault in raised.value)


def test_numbers_of_thousands_of_digits_and_beyond_1e300_are_told(tmp_path: Path) -> None:
    examples.write_study(tmp_path)
    examples.write_csv(
        tmp_path, f"student,arm,score\na,new,{'9' * 5000}\nb,old,-1e308\nc,new,{'0' * 5000}7\nd,old,1e300\n"
    )
    with pytest.raises(Faults) as raised:
        read(tmp_path)
    assert [(fault.code, fault.row) for fault in raised.value] == [("integer-too-large", 2), ("not-finite", 3)]
    examples.write_csv(tmp_path, f"student,arm,score\nc,new,{'0' * 5000}7\nd,old,1e300\n")
    np.testing.assert_array_equal(read(tmp_path).outcomes["Score"].values, [7.0, 1e300])


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("font", [{"vertAlign": "superscript"}, {"vertAlign": "subscript"}, {"strike": True}])
def test_a_footnote_s_number_is_no_digit_of_a_mark(tmp_path: Path, font: dict[str, object], shared: bool) -> None:
    examples.write_study(tmp_path, files='["scores.xlsx"]')
    mark = CellRichText("4", TextBlock(InlineFont(**font), "1"))
    examples.write_xlsx(
        tmp_path, {"S": [HEAD, ["s1", "new", 4], ["s2", "old", mark], ["s3", "new", 3], ["s4", "old", 5]]}
    )
    if shared:
        share_texts(tmp_path / "scores.xlsx")
    fault = fault_of(tmp_path)
    assert (fault.code, fault.cell, fault.found) == ("not-a-number", "C3", "4 1")


def test_raised_letters_of_words_and_plain_parts_of_numbers_stay(tmp_path: Path) -> None:
    examples.write_study(tmp_path, files='["scores.xlsx"]', outcome='domain = "H2O"')
    bold = CellRichText("4", TextBlock(InlineFont(b=True), "1"))
    raised = CellRichText("sco", TextBlock(InlineFont(vertAlign="superscript"), "re"))
    rows = [["student", "arm", raised], ["s1", "new", 4], ["s2", "old", bold], ["s3", "new", 3], ["s4", "old", 5]]
    examples.write_xlsx(tmp_path, {"S": rows})
    assert read(tmp_path).outcomes["Score"].values.tolist() == [4, 41, 3, 5]


def share_texts(path: Path) -> None:
    """Move the texts of cells into the list that Excel keeps them in."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    texts: list[str] = []

    def share(cell: re.Match[str]) -> str:
        texts.append(f"<si>{cell[2]}</si>")
        return f'{cell[1]} t="s"><v>{len(texts) - 1}</v></c>'

    sheet = "xl/worksheets/sheet1.xml"
    texts += re.findall("<si>.*?</si>", parts.get("xl/sharedStrings.xml", ""), re.DOTALL)
    parts[sheet] = re.sub(r'(<c r="[A-Z]+\d+") t="inlineStr"><is>(.*?)</is></c>', share, parts[sheet])
    parts["xl/sharedStrings.xml"] = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + "".join(texts) + "</sst>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)


@pytest.mark.parametrize("form", ["0%", "0.00%", '0.0" of"%', "0 %;[Red]-0 %"])
def test_percentages_are_told_and_not_mixed_with_numbers(tmp_path: Path, form: str) -> None:
    examples.write_study(tmp_path, files='["scores.xlsx"]')
    scores: list[object] = [0.85, 0.4, "0.5", 1, None]
    lines = [HEAD, *([f"s{i}", "new" if i % 2 else "old", score] for i, score in enumerate(scores))]
    examples.write_xlsx(tmp_path, {"S": lines})
    path, book = changed(tmp_path)
    for row in (2, 3):
        book["S"].cell(row, 3).number_format = form
        book["S"].cell(row, 1).number_format = form
    book.save(path)
    scores_read = read(tmp_path)
    assert scores_read.outcomes["Score"].values.tolist()[:4] == [0.85, 0.4, 0.5, 1]
    assert [notice.code for notice in scores_read.notices] == ["percentages"]
    book["S"]["C5"] = 85
    book.save(path)
    with pytest.raises(Faults) as raised:
        read(tmp_path)
    assert [(fault.code, fault.cell, fault.found) for fault in raised.value] == [
        ("percent-mixed", "C2", "85 %"),
        ("percent-mixed", "C3", "40 %"),
    ]


@pytest.mark.parametrize("form", ['0.0" %"', "0\\%", '0"% верно"', "[$%-419]0"])
def test_a_sign_that_is_only_shown_behind_a_number_makes_no_percentage_of_it(tmp_path: Path, form: str) -> None:
    examples.write_study(tmp_path, files='["scores.xlsx"]')
    lines = [HEAD, *([f"s{i}", "new" if i % 2 else "old", 40 + i] for i in range(4))]
    examples.write_xlsx(tmp_path, {"S": lines})
    path, book = changed(tmp_path)
    book["S"]["C2"].number_format = form
    book.save(path)
    scores = read(tmp_path)
    assert (scores.outcomes["Score"].values.tolist(), scores.notices) == ([40, 41, 42, 43], ())


@pytest.mark.parametrize("height", ["0", "0.0"])
def test_a_row_of_no_height_is_hidden(tmp_path: Path, height: str) -> None:
    examples.write_study(tmp_path, files='["scores.xlsx"]')
    lines = [HEAD, *([f"s{i}", "new" if i % 2 else "old", 40 + i] for i in range(4))]
    path = examples.write_xlsx(tmp_path, {"S": lines})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace('<row r="3"', f'<row r="3" ht="{height}" customHeight="1"')
    parts[sheet] = parts[sheet].replace('<row r="4"', '<row r="4" ht="0.75" customHeight="1"')
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    fault = fault_of(tmp_path)
    assert (fault.code, fault.row, fault.rows) == ("rows-hidden", 3, ())


# --- a second table below the first ---------------------------------------------------------------------------


@pytest.mark.parametrize("names", [["student", "arm", "before"], ["student", "score", "arm"], ["Код", "arm", "before"]])
def test_another_table_below_is_not_read_as_more_students(tmp_path: Path, names: list[str]) -> None:
    examples.write_study(tmp_path, files='["scores.xlsx"]')
    rows = [[f"s{i}", "new" if i % 2 else "old", 40 + i] for i in range(8)]
    examples.write_xlsx(tmp_path, {"S": [HEAD, *rows[:4], [], names, *rows[4:]]})
    fault = fault_of(tmp_path)
    assert (fault.code, fault.sheet, fault.row) == ("header-again", "S", 7)


def test_a_header_that_every_page_repeats_is_no_student(tmp_path: Path) -> None:
    examples.write_study(tmp_path, files='["scores.xlsx"]')
    rows = [[f"s{i}", "new" if i % 2 else "old", 40 + i] for i in range(8)]
    examples.write_xlsx(tmp_path, {"S": [HEAD, *rows[:4], HEAD, *rows[4:], HEAD]})
    scores = read(tmp_path)
    assert (scores.n, scores.left_out) == (8, {("other", "other-group"): 2})


def test_a_student_whose_cell_is_a_column_s_name_is_a_student(tmp_path: Path) -> None:
    examples.write_study(tmp_path, data='class = "room"')
    examples.write_csv(tmp_path, "student,room,arm,score\narm,A,new,1\nb,arm,old,2\nc,room,new,3\nd,B,old,4\n")
    assert read(tmp_path).n == 4


def test_a_column_may_be_called_as_an_arm_is(tmp_path: Path) -> None:
    examples.write_study(tmp_path, outcome='values = { absent = "missing" }')
    study = tmp_path / "study.toml"
    study.write_text(study.read_text(encoding="utf-8").replace('column = "arm"', 'column = "new"'), encoding="utf-8")
    examples.write_csv(tmp_path, "student,new,score\na,new,1\nb,old,2\nc,new,absent\nd,old,4\n")
    assert read(tmp_path).n == 4
