"""Arms in files of their own, several files an arm, and files whose entries say how they are read."""

from __future__ import annotations

from pathlib import Path

import examples
import numpy as np
import pytest

from expeval.faults import Faults
from expeval.scores.reading import read_scores
from expeval.scores.table import Scores
from expeval.study.reading import read_study

write_csv, write_xlsx = examples.write_csv, examples.write_xlsx

STUDY = """\
[study]
title = "A file an arm"

[data]
student = "id"
{data}

[groups]
experimental = {{ files = {experimental} }}
control = {{ files = {control} }}
assigned = "student"

[[outcomes]]
name = "Score"
column = "score"
kind = "score"
"""


def write_arms(folder: Path, experimental: str, control: str = '["control.csv"]', data: str = "") -> None:
    text = STUDY.format(experimental=experimental, control=control, data=data)
    (folder / "study.toml").write_text(text, encoding="utf-8")


def read(folder: Path) -> Scores:
    return read_scores(read_study(folder / "study.toml"))


def arms(scores: Scores) -> tuple[list[float | None], list[float | None]]:
    values = [None if np.isnan(value) else float(value) for value in scores.outcomes["Score"].values]
    pairs = list(zip(scores.arm.tolist(), values, strict=True))
    return [value for arm, value in pairs if arm == 1], [value for arm, value in pairs if arm == 0]


def test_several_files_an_arm_with_columns_in_another_order_case_and_dialect(tmp_path: Path) -> None:
    write_arms(tmp_path, '["e/*.csv", "more.xlsx"]', '"control.csv"')
    (tmp_path / "e").mkdir()
    write_csv(tmp_path, "id,score,note\na,1.5,\nb,2,x\n", "e/1.csv")
    write_csv(tmp_path, "Score;Id\n2,5;c\n", "e/2.csv")
    write_xlsx(tmp_path, {"S": [[None, "score ", "ID"], [1, 3.5, "d"]]}, "more.xlsx")
    write_csv(tmp_path, "SCORE\tid\n4,5\te\n5\tf\n", "control.csv")
    scores = read(tmp_path)
    assert arms(scores) == ([1.5, 2, 2.5, 3.5], [4.5, 5])
    assert [source.decimal for source in scores.sources] == [".", ",", None, ","]
    assert {notice.code for notice in scores.notices} == {"column-look-alike"}


def test_a_student_in_files_of_both_arms_and_twice_in_files_of_one(tmp_path: Path) -> None:
    write_arms(tmp_path, '["e1.csv", "e2.csv"]', data='duplicates = "first"')
    write_csv(tmp_path, "id,score\na,1\nb,2\n", "e1.csv")
    write_csv(tmp_path, "score,id\n2.0,b\n3,c\n", "e2.csv")
    write_csv(tmp_path, "id,score\nd,1\ne,2\n", "control.csv")
    scores = read(tmp_path)
    assert arms(scores) == ([1, 2, 3], [1, 2])
    assert scores.left_out == {("experimental", "duplicate"): 1}
    write_csv(tmp_path, "id,score\nd,1\nc,3\n", "control.csv")
    with pytest.raises(Faults) as raised:
        read(tmp_path)
    (fault,) = raised.value
    assert (fault.code, fault.file, fault.details["elsewhere"]) == ("student-both-arms", "e2.csv", [("control.csv", 3)])


@pytest.mark.parametrize("arm", ["experimental", "control"])
@pytest.mark.parametrize(
    ("entry", "content"),
    [
        ('encoding = "cp1251"', "id,score\nЖук,1\nЁж,2\n".encode("cp1251")),
        ('delimiter = "|"', "id|score\nЖук|1\nЁж|2\n".encode()),
        ('decimal = "."', "id;score\nЖук;1.000\nЁж;2\n".encode()),
        ("header_row = 3", "Title,\n,\nid,score\nЖук,1\nЁж,2\n".encode()),
        ("header_row = [1, 2]", "id,\n,score\nЖук,1\nЁж,2\n".encode()),
        ("last_row = 3", "id,score\nЖук,1\nЁж,2\n,99\n".encode()),
    ],
)
def test_every_key_of_an_entry_holds_for_its_file_alone(arm: str, entry: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_bytes(content)
    write_csv(tmp_path, "id,score\na,8\nb,9\n", "other.csv")
    files = [f'[{{ path = "own.csv", {entry} }}]', '["other.csv"]']
    write_arms(tmp_path, *(files if arm == "experimental" else files[::-1]))
    found = arms(read(tmp_path))
    assert found == (([1, 2], [8, 9]) if arm == "experimental" else ([8, 9], [1, 2]))


@pytest.mark.parametrize(("sheet", "hidden"), [('"Two"', "keep"), ("2", "drop")])
def test_sheet_and_hidden_rows_of_an_entry_go_before_those_of_data(sheet: str, hidden: str, tmp_path: Path) -> None:
    one, two = [["id", "score"], ["a", 8], ["b", 9]], [["id", "score"], ["c", 1], ["d", 2], ["e", 3]]
    for name in ("e.xlsx", "c.xlsx"):
        path = write_xlsx(tmp_path, {"One": one, "Two": two}, name)
        book = examples.openpyxl.load_workbook(path)
        book["Two"].row_dimensions[4].hidden = True
        book.save(path)
    entry = f'[{{ path = "e.xlsx", sheet = {sheet}, hidden = "{hidden}" }}]'
    write_arms(tmp_path, entry, '["c.xlsx"]', 'sheet = "One"\nhidden = "drop"')
    assert arms(read(tmp_path)) == ([1, 2, 3] if hidden == "keep" else [1, 2], [8, 9])


def test_a_last_row_above_the_header_is_told_of_every_kind_of_entry(tmp_path: Path) -> None:
    entry = '{ path = "x.csv", header_row = 4, last_row = 3 }'
    write_arms(tmp_path, f"[{entry}]", f"[{entry.replace('x.csv', 'y.csv')}]", f"students = {entry}")
    with pytest.raises(Faults) as raised:
        read(tmp_path)
    assert [(fault.code, fault.key) for fault in raised.value] == [
        ("last-row-first", "data.students.last_row"),
        ("last-row-first", "groups.experimental.files[1].last_row"),
        ("last-row-first", "groups.control.files[1].last_row"),
    ]
