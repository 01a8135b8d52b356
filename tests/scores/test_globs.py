"""What a glob may match beside data: the study file, its lock, what a run wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import HEAD, ROWS, write_csv, write_study

from expeval.fault_codes import sentence
from expeval.faults import Fault
from expeval.scores.opening import find_files
from expeval.scores.settings import Unreadable


def names(folder: Path, pattern: str) -> list[str]:
    return [file.name for file in find_files(folder, pattern)]


def fault(folder: Path, pattern: str) -> Fault:
    with pytest.raises(Unreadable) as raised:
        find_files(folder, pattern)
    (found,) = raised.value.faults
    return found


def write_results(folder: Path, name: str = "results.json") -> None:
    folder.mkdir(parents=True)
    for file in (name, "manifest.json"):
        (folder / file).write_text("{}")
    write_csv(folder)


def test_study_files_and_their_locks_are_no_data(tmp_path: Path) -> None:
    write_study(tmp_path)
    write_csv(tmp_path)
    (tmp_path / "study.lock.json").write_text("{}")
    (tmp_path / "Other.TOML").write_text("")
    assert names(tmp_path, "*") == ["scores.csv"]
    assert names(tmp_path, "s*") == ["scores.csv"]


def test_a_glob_that_leaves_nothing_says_what_it_matches(tmp_path: Path) -> None:
    write_study(tmp_path)
    found = fault(tmp_path, "st*")
    assert found.code == "glob-empty"
    assert "no file matches this pattern besides study.toml, which holds no data." in sentence(found)
    assert "кроме study.toml, где данных нет." in sentence(found, "ru")
    assert "no file matches this pattern." in sentence(fault(tmp_path, "x*"))


def test_a_plain_name_is_what_it_is(tmp_path: Path) -> None:
    write_study(tmp_path)
    write_results(tmp_path / "reports")
    assert names(tmp_path, "study.toml") == ["study.toml"]
    assert names(tmp_path, "reports/scores.csv") == ["reports/scores.csv"]


@pytest.mark.parametrize("name", ["results.json", "bundle.json"])
def test_files_that_were_written_are_no_data_of_a_glob(name: str, tmp_path: Path) -> None:
    write_csv(tmp_path, HEAD + ROWS)
    write_results(tmp_path / "reports" / "small", name)
    found = fault(tmp_path, "**/*.csv")
    assert (found.code, found.found) == ("glob-of-results", "reports/small/scores.csv")
    assert names(tmp_path, "*.csv") == ["scores.csv"]
    assert fault(tmp_path / "reports", "../*/*/*.csv").code == "glob-of-results"


def test_an_unpacked_bundle_may_be_the_study_s_own_folder(tmp_path: Path) -> None:
    write_results(tmp_path / "bundle", "bundle.json")
    (tmp_path / "bundle" / "data").mkdir()
    write_csv(tmp_path / "bundle" / "data")
    assert names(tmp_path / "bundle", "**/*.csv") == ["data/scores.csv", "scores.csv"]
    assert names(tmp_path / "bundle" / "data", "../*.csv") == ["../scores.csv"]


def test_other_json_files_are_no_sign_of_results(tmp_path: Path) -> None:
    write_results(tmp_path / "term", "other.json")
    assert names(tmp_path, "*/*.csv") == ["term/scores.csv"]
