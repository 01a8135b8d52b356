"""``expeval run`` and ``expeval check`` as a shell sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import expeval
from expeval.run import default_folder


def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "expeval", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
    )


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_run_writes_the_report_and_says_where_and_what(study: Path) -> None:
    done = command("run", study)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    first, *answers = done.stdout.splitlines()
    assert first == "Report: reports/aloud/report.html"
    assert len(answers) == 1
    assert "Reading" in answers[0] or "reading" in answers[0]
    written = files_below(Path("reports/aloud"))
    assert {"report.html", "results.json", "estimates.csv", "manifest.json"} <= written
    assert any(name.startswith("figures/") and name.endswith(".svg") for name in written)
    assert os.listdir("reports") == ["aloud"]


def test_run_as_json_gives_the_primary_rows(study: Path) -> None:
    done = command("run", study, "--out", "here", "--json")
    answer = json.loads(done.stdout)
    assert answer["report"] == "here/report.html"
    results = json.loads(Path("here/results.json").read_text(encoding="utf-8"))
    assert answer["primary"] == [row for row in results["estimates"] if row["primary"]]
    assert len(answer["primary"]) == 1


def test_the_same_inputs_give_the_same_bytes_under_any_locale(study: Path) -> None:
    command("run", study, "--out", "out/one", LC_ALL="C", TZ="Asia/Kamchatka", PYTHONHASHSEED="1")
    command("run", study, "--out", "out/two", LC_ALL="C.UTF-8", TZ="UTC", PYTHONHASHSEED="2")
    names = files_below(Path("out/one"))
    assert {"report.html", "results.json", "estimates.csv"} < names
    assert names == files_below(Path("out/two"))
    for name in names - {"manifest.json"}:
        assert Path("out/one", name).read_bytes() == Path("out/two", name).read_bytes(), name
    one, two = (json.loads(Path("out", run, "manifest.json").read_text(encoding="utf-8")) for run in ("one", "two"))
    del one["made"], two["made"]
    assert one == two


def test_run_into_a_folder_of_somebody_else_is_refused_in_a_sentence(study: Path) -> None:
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("mine", encoding="utf-8")
    done = command("run", study, "--out", "mine")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "notes.txt" in done.stderr
    assert files_below(Path("mine")) == {"notes.txt"}


def test_faults_are_2_for_run_and_1_for_check(study: Path) -> None:
    study.write_text(study.read_text(encoding="utf-8").replace('"reading"', '"raeding"'), encoding="utf-8")
    ran = command("run", study)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "raeding" in ran.stderr
    assert "reading" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not Path("reports").exists()
    checked = command("check", study)
    assert (checked.returncode, checked.stderr) == (1, "")
    assert "raeding" in checked.stdout
    as_json = command("check", study, "--json")
    assert as_json.returncode == 1
    assert "raeding" in json.dumps(json.loads(as_json.stdout))


@pytest.mark.parametrize("verb", ["run", "check"])
@pytest.mark.parametrize("content", [None, b"[study\ntitle = 1", b"\xff\xfe\x00"])
def test_an_unreadable_study_file_is_2_for_both(tmp_path: Path, verb: str, content: bytes | None) -> None:
    path = tmp_path / "study.toml"
    if content is not None:
        path.write_bytes(content)
    done = command(verb, path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_check_tells_what_was_read(study: Path) -> None:
    done = command("check", study)
    assert (done.returncode, done.stderr) == (0, "")
    assert "No faults." in done.stdout
    assert "Reading, experimental: 48 students, 48 with the outcome" in done.stdout
    assert "Reading, control: 48 students, 48 with the outcome" in done.stdout
    found = json.loads(command("check", study, "--json").stdout)
    assert found["faults"] == []
    assert [row["students"] for row in found["outcomes"]] == [48, 48]
    assert not Path("reports").exists()


def test_dask_and_unknown_verbs_are_refused() -> None:
    for arguments in (
        ["run", "x.toml", "--engine", "dask"],
        ["run", "x.toml", "--engine", "spark"],
        ["serve"],
        ["run"],
    ):
        done = command(*arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert done.stderr


def test_version() -> None:
    assert command("--version").stdout == f"expeval {expeval.__version__}\n"


@pytest.mark.parametrize(
    ("typed", "folder"),
    [
        ("analyses/star/study.toml", "reports/star"),
        ("analyses/star/second.toml", "reports/second"),
        ("second.toml", "reports/second"),
        ("/study.toml", "reports/study"),
    ],
)
def test_the_default_folder_is_named_after_the_study(typed: str, folder: str) -> None:
    assert default_folder(Path(typed)) == Path(folder)


def test_a_study_toml_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kindergarten").mkdir()
    monkeypatch.chdir(tmp_path / "kindergarten")
    assert default_folder(Path("study.toml")) == Path("reports/kindergarten")
