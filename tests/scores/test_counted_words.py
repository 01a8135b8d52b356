"""One of a thing is told as one, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import write_csv, write_study

from expeval.fault_codes.notices_russian import notice_in_russian
from expeval.scores.reading import read_scores
from expeval.study.reading import read_study


def notices(folder: Path) -> dict[str, str]:
    return {notice.code: notice.message for notice in read_scores(read_study(folder / "study.toml")).notices}


def in_russian(code: str, message: str) -> str:
    said = notice_in_russian(code, message)
    assert said != message
    return said


@pytest.mark.parametrize(
    ("unused", "told"), [(1, "1 institution has no student"), (2, "2 institutions have no student")]
)
def test_institutions_without_students(unused: int, told: str, tmp_path: Path) -> None:
    write_study(
        tmp_path,
        data='institution = "school"\ninstitutions = "schools.csv"',
        more='[covariates]\ninstitution = ["kind"]',
    )
    write_csv(tmp_path, "student,school,arm,score\na,A,new,1\nb,B,old,2\n")
    further = "".join(f"X{i},town\n" for i in range(unused))
    write_csv(tmp_path, "school,kind\nA,town\nB,town\n" + further, "schools.csv")
    said = notices(tmp_path)["institutions-unused"]
    assert told in said
    assert f"({unused})" in in_russian("institutions-unused", said)


@pytest.mark.parametrize(
    ("strangers", "told"), [(1, "1 row has no student in the files of scores and was left out"), (2, "2 rows have no")]
)
def test_rows_of_nobody(strangers: int, told: str, tmp_path: Path) -> None:
    write_study(tmp_path, data='students = ["pretest.csv"]', outcome='baseline = "before"')
    write_csv(tmp_path, "student,arm,score\na,new,1\nb,old,2\nc,new,4\n")
    further = "".join(f"x{i},1\n" for i in range(strangers))
    write_csv(tmp_path, "student,before\na,1\nb,2\nc,3\n" + further, "pretest.csv")
    said = notices(tmp_path)["rows-without-student"]
    assert told in said
    assert f"({strangers})" in in_russian("rows-without-student", said)


@pytest.mark.parametrize(("rooms", "told"), [("7A", "1 class label stands in"), ("7A 7B", "2 class labels stand in")])
def test_class_labels_in_several_institutions(rooms: str, told: str, tmp_path: Path) -> None:
    write_study(tmp_path, data='institution = "school"\nclass = "room"')
    rows = [(school, room) for school in "AB" for room in rooms.split()]
    text = "".join(f"s{i},{school},{room},{('new', 'old')[i % 2]},{i}\n" for i, (school, room) in enumerate(rows * 2))
    write_csv(tmp_path, "student,school,room,arm,score\n" + text.replace("new,0", "old,0"))
    said = notices(tmp_path)["class-labels-repeat"]
    assert told in said
    in_russian("class-labels-repeat", said)
