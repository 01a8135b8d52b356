"""Cells that are true or false: named by the texts TRUE and FALSE, and study.toml says so where it is told ``true``."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import write_csv, write_parquet, write_study, write_xlsx

from expeval.fault_codes import sentence
from expeval.faults import Fault, Faults
from expeval.scores.reading import read_scores
from expeval.study.reading import read_study

TRUTHS = [True, False, True, False]


def name_arms(folder: Path, experimental: str, control: str) -> None:
    text = (folder / "study.toml").read_text(encoding="utf-8")
    text = text.replace('experimental = ["new"]', f"experimental = {experimental}")
    (folder / "study.toml").write_text(text.replace('control = ["old"]', f"control = {control}"), encoding="utf-8")


def study_faults(folder: Path) -> list[Fault]:
    with pytest.raises(Faults) as raised:
        read_study(folder / "study.toml")
    return list(raised.value)


@pytest.mark.parametrize("name", ["scores.xlsx", "scores.parquet"])
def test_groups_and_levels_of_truth_values(name: str, tmp_path: Path) -> None:
    students = ["a", "b", "c", "d"]
    write_study(tmp_path, files=f'["{name}"]', kind="binary", outcome='levels = ["FALSE", "TRUE"]')
    name_arms(tmp_path, '["TRUE"]', '["FALSE"]')
    if name == "scores.xlsx":
        rows = [[student, truth, truth] for student, truth in zip(students, TRUTHS, strict=True)]
        write_xlsx(tmp_path, {"S": [["student", "arm", "score"], *rows]})
    else:
        write_parquet(tmp_path, student=students, arm=TRUTHS, score=TRUTHS)
    scores = read_scores(read_study(tmp_path / "study.toml"))
    assert scores.arm.tolist() == [1, 0, 1, 0]
    assert scores.outcomes["Score"].values.tolist() == [1, 0, 1, 0]


def test_words_of_a_text_file_count_as_they_stand(tmp_path: Path) -> None:
    write_study(tmp_path)
    name_arms(tmp_path, '["True"]', '["False"]')
    write_csv(tmp_path, "student,arm,score\na,True,1\nb,False,2\n")
    assert read_scores(read_study(tmp_path / "study.toml")).arm.tolist() == [1, 0]


def test_true_without_quotation_marks_says_what_to_write(tmp_path: Path) -> None:
    write_study(tmp_path, data="missing = [true]", kind="binary", outcome="levels = [false, true]")
    name_arms(tmp_path, "[true]", "false")
    found = study_faults(tmp_path)
    keys = ["data.missing[1]", "groups.experimental[1]", "groups.control"]
    assert [fault.key for fault in found] == [*keys, "outcomes[1].levels[1]", "outcomes[1].levels[2]"]
    for fault in found:
        assert 'are named "TRUE" and "FALSE", in quotation marks' in sentence(fault)
        assert 'называют "TRUE" и "FALSE", в кавычках' in sentence(fault, "ru")


def test_other_keys_and_values_say_nothing_of_truth(tmp_path: Path) -> None:
    write_study(tmp_path, data="class = true\nmissing = [1979-05-27]")
    for fault in study_faults(tmp_path):
        assert fault.code == "wrong-type"
        assert "TRUE" not in sentence(fault)
