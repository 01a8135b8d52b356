"""Runs in processes of their own: one at a time, known to whoever asks, whatever happens to the server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from expeval.web.runs import LOCK, STATE, CannotRun, Run, Runs, begin

STUDY = """\
[study]
title = "Reading aloud"
[data]
files = ["scores.csv"]
[groups]
column = "group"
experimental = ["aloud"]
control = ["usual"]
assigned = "student"
[[outcomes]]
name = "Reading"
column = "reading"
kind = "score"
"""
PATIENCE = 120.0

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="locks that a process inherits")


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    rows = [f"{'aloud' if i % 2 else 'usual'},{50 + i * 7 % 23}" for i in range(30)]
    (tmp_path / "scores.csv").write_text("group,reading\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return Runs(tmp_path / "study.toml", tmp_path / "reports" / "pages")


def ended(runs: Runs) -> Run:
    until = time.monotonic() + PATIENCE
    while (run := runs.last()).state == "running":
        assert time.monotonic() < until, run
        time.sleep(0.05)
    return run


def process_of(runs: Runs) -> int:
    until = time.monotonic() + PATIENCE
    while "process" not in (known := json.loads((runs.folder / STATE).read_text(encoding="utf-8"))):
        assert time.monotonic() < until
        time.sleep(0.02)
    return int(known["process"])


def test_before_the_first_run_there_is_nothing_and_looking_makes_nothing(runs: Runs) -> None:
    assert runs.last() == Run("never")
    assert runs.report() is None
    assert runs.read("report.html") is None
    assert not runs.stop()
    assert not runs.place.parent.exists()


@pytest.mark.slow
def test_a_run_ends_with_a_report_and_only_its_files_are_read(runs: Runs, tmp_path: Path) -> None:
    assert runs.start(by=3)
    assert not runs.start(by=4)
    run = ended(runs)
    assert (run.state, run.by) == ("done", 3), (runs.folder / "run.log").read_text(encoding="utf-8")
    assert run.steps == ("Reading the study", "Analysing Reading", "Writing the report")
    report = runs.report()
    assert report is not None
    assert run.started is not None
    assert abs((report.made - run.started).total_seconds()) < PATIENCE
    page = runs.read("report.html")
    assert page is not None
    assert b"Reading aloud" in page
    assert runs.read("manifest.json") is not None
    (runs.place / "strange.html").write_text("strange", encoding="utf-8")
    for name in (
        "strange.html",
        "../study.toml",
        "figures",
        "",
        ".",
        "run.json",
        "/etc/passwd",
        "report.html\0",
        "x" * 5000,
    ):
        assert runs.read(name) is None
    # A link out of the folder is followed for nobody.
    (runs.place / "estimates.csv").unlink()
    (runs.place / "estimates.csv").symlink_to(tmp_path / "scores.csv")
    assert runs.read("estimates.csv") is None


def test_a_study_with_faults_is_told_without_what_stands_in_cells(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text("group,reading\naloud,secret-mark\nusual,5\n", encoding="utf-8")
    assert runs.start()
    run = ended(runs)
    assert run.state == "faulty"
    assert run.count == len(run.told["en"]) == len(run.told["ru"]) > 0
    assert "secret-mark" not in str(run)
    assert run.told["en"] != run.told["ru"]
    assert runs.report() is None


def test_a_folder_that_holds_strangers_is_told(runs: Runs) -> None:
    runs.place.mkdir(parents=True)
    (runs.place / "mine.txt").write_text("mine", encoding="utf-8")
    assert runs.start()
    run = ended(runs)
    assert run.state == "failed"
    assert "mine.txt" in run.told["en"][0]
    assert str(runs.place.parent) not in run.told["en"][0]
    assert (runs.place / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_a_killed_run_is_one_that_was_cut_off_and_the_next_one_starts(runs: Runs) -> None:
    assert runs.start()
    os.kill(process_of(runs), signal.SIGKILL)
    assert ended(runs).state == "cut-off"
    assert runs.start()
    assert runs.stop()
    assert runs.last().state == "stopped"
    assert not runs.stop()


def test_of_many_who_start_at_once_one_does_and_who_looks_is_in_nobody_s_way(runs: Runs) -> None:
    with ThreadPoolExecutor(20) as pool:
        looking = [pool.submit(runs.last) for _ in range(50)]
        started = [pool.submit(runs.start) for _ in range(10)]
        assert sum(one.result() for one in started) == 1
        assert {one.result().state for one in looking} <= {"never", "running"}
    assert runs.stop()


def test_a_run_outlives_the_server_that_started_it(runs: Runs) -> None:
    started = f"""
from pathlib import Path
from expeval.web.runs import Runs
assert Runs(Path({str(runs.study)!r}), Path({str(runs.place)!r})).start()
"""
    subprocess.run([sys.executable, "-c", started], check=True, timeout=PATIENCE)
    assert runs.last().state == "running"
    assert not runs.start()
    assert runs.stop()


def test_a_state_that_nobody_can_read_is_no_run(runs: Runs) -> None:
    runs.folder.mkdir(parents=True)
    (runs.folder / LOCK).touch()
    for text in ("", "[]", "{", "\0"):
        (runs.folder / STATE).write_text(text, encoding="utf-8")
        assert runs.last().state == "never"
    begin(runs.folder, 1)
    assert runs.last().state == "cut-off"


def test_where_nothing_can_be_written_a_run_is_refused_in_a_sentence(runs: Runs) -> None:
    runs.place.parent.write_text("a file", encoding="utf-8")
    with pytest.raises(CannotRun, match="can't be started"):
        runs.start()
