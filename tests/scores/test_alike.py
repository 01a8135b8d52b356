"""Labels that are the same to the eye stay apart and are noticed: institutions, classes, students."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from examples import write_csv, write_study

from expeval.fault_codes.notices_russian import notice_in_russian
from expeval.scores.alike import MOST_LABELS, alike_institutions, alike_students
from expeval.scores.cells import Sheet
from expeval.scores.checking import every_row
from expeval.scores.reading import read_scores
from expeval.scores.table import Categories, Notice
from expeval.scores.typed import LabelColumn
from expeval.study.reading import read_study

LATIN = "Шкoла 1"  # with a Latin o


def write(folder: Path, schools: list[str], rooms: list[str] | None = None, more: str = "") -> None:
    write_study(folder, data='institution = "school"\nclass = "room"', more=more)
    rooms = rooms or ["1"] * len(schools)
    rows = zip(schools, rooms, strict=True)
    text = "".join(f"s{i},{school},{room},{('new', 'old')[i % 2]},{i}\n" for i, (school, room) in enumerate(rows))
    write_csv(folder, "student,school,room,arm,score\n" + text)


def notices(folder: Path) -> dict[str, str]:
    scores = read_scores(read_study(folder / "study.toml"))
    return {notice.code: notice.message for notice in scores.notices if notice.code.endswith("s-look-alike")}


@pytest.mark.parametrize(
    "other", [LATIN, "школа 1", "ШКОЛА 1", "Школа  1", "Школа1", "Школа 01", "Шкóла 1", "Школа １", "Школа 2"]
)
def test_institutions_that_look_alike_are_noticed_and_stay_apart(other: str, tmp_path: Path) -> None:
    write(tmp_path, ["Школа 1", "Лицей", other, "Школа 1", "Лицей"])
    scores = read_scores(read_study(tmp_path / "study.toml"))
    assert scores.institution is not None
    alike = other in (LATIN, "школа 1", "ШКОЛА 1", "Школа1", "Школа 01", "Школа １")
    one = other == "Школа  1"  # runs of spaces are mended
    assert len(scores.institution.labels) == (2 if one else 3)
    assert (notices(tmp_path).keys() == {"institutions-look-alike"}) is alike


def test_institutions_are_named_where_the_report_names_them(tmp_path: Path) -> None:
    schools = ["Школа 1", "Лицей", LATIN, "лицей", "Школа 1"]
    write(tmp_path, schools)
    told = notices(tmp_path)["institutions-look-alike"]
    assert told.endswith("first rows of each: scores.csv: 2, 4; scores.csv: 3, 5.")
    assert "Школа" not in told
    write(tmp_path, schools, more='[report]\ninstitutions = "name"')
    told = notices(tmp_path)["institutions-look-alike"]
    assert f"“Школа 1” (scores.csv: 2), “{LATIN}” (scores.csv: 4); “Лицей” (scores.csv: 3)" in told
    russian = notice_in_russian("institutions-look-alike", told)
    assert russian.startswith("Организации, названия которых отличаются")
    assert russian.endswith("«Лицей» (scores.csv: 3), «лицей» (scores.csv: 5).")


def test_classes_look_alike_inside_one_institution(tmp_path: Path) -> None:
    write(tmp_path, ["A", "A", "B", "B"], ["7А", "7Б", "7A", "7а"])  # Cyrillic and Latin
    assert notices(tmp_path)["classes-look-alike"].endswith("first rows of each: scores.csv: 4, 5.")
    write(tmp_path, ["A", "A", "B", "B"], ["7А", "7Б", "7A", "7Б"])
    assert notices(tmp_path) == {}
    assert "считаются разными" in notice_in_russian("classes-look-alike", _told_of_classes(tmp_path))


def _told_of_classes(folder: Path) -> str:
    write(folder, ["A", "A"], ["7А", "7а"])
    return notices(folder)["classes-look-alike"]


def test_labels_in_two_files_name_both(tmp_path: Path) -> None:
    write_study(tmp_path, data='institution = "school"', files='["a.csv", "b.csv"]')
    write_csv(tmp_path, "student,school,arm,score\ns1,School 1,new,1\ns2,Other,old,2\nPupil,Other,old,2\n", "a.csv")
    write_csv(tmp_path, "student,school,arm,score\ns3,school 1,new,1\npupil,Other,old,2\n", "b.csv")
    told = notices(tmp_path)
    assert told["institutions-look-alike"].endswith("first rows of each: a.csv: 2, b.csv: 2.")
    assert told["students-look-alike"].endswith("(fewer than 5); the first of them: a.csv: 4, b.csv: 3.")
    assert "upil" not in told["students-look-alike"]
    assert notice_in_russian("students-look-alike", told["students-look-alike"]).endswith(
        "считаются разными (менее 5); первые из них: a.csv: 4, b.csv: 3."
    )


def test_many_students_are_counted() -> None:
    names = [name for i in range(4) for name in (f"Ёлкин {i}", f"Елкин {i}")]
    (notice,) = _of_students(names)
    assert "count as different ones (8); the first of them: a.csv: 2, 3." in notice.message


def test_identifiers_that_differ_otherwise_are_no_matter() -> None:
    assert _of_students(["007", "7", "a-1", "a1", "б1", "6 1", "x", "y"]) == []


def _of_students(names: list[str]) -> list[Notice]:
    sheet = Sheet("a.csv", np.arange(len(names)) + 2, {})
    return alike_students([sheet], [LabelColumn(np.arange(len(names)), names)], 5)


def test_groups_are_told_up_to_a_few() -> None:
    labels = tuple(name for i in range(9) for name in (f"School {i}", f"SCHOOL {i}"))
    sheet = Sheet("a.csv", np.arange(len(labels)) + 2, {})
    (notice,) = alike_institutions(Categories(np.arange(len(labels)), labels), every_row([sheet]), named=False)
    assert notice.message.endswith("a.csv: 2, 3; a.csv: 4, 5; a.csv: 6, 7; a.csv: 8, 9; a.csv: 10, 11; ….")


def test_a_million_identifiers_take_no_time() -> None:
    names = [f"S{i}" for i in range(MOST_LABELS + 1)]
    start = time.perf_counter()
    assert _of_students([*names, "s1"]) == []
    assert time.perf_counter() - start < 0.5
