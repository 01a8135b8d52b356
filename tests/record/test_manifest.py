"""The manifest tells what made the results, and nothing of who or where."""

from __future__ import annotations

import getpass
import hashlib
import json
import platform
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

from expeval.record.manifest import hash_code, make_manifest, relative
from expeval.results import FlowRow, Manifest, Results
from expeval.scores.table import Source


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Any]:
    folder = tmp_path / "analyses" / "reading"
    folder.mkdir(parents=True)
    (tmp_path / "data").mkdir()
    (folder / "study.toml").write_text("[study]\n")
    (tmp_path / "data" / "scores.csv").write_bytes(b"student,score\r\n1,5\r\n")
    flow = (
        FlowRow("Reading", "experimental", 10, {"no-outcome": None}, 8, 8, 2, None),
        FlowRow("Reading", "control", 12, {"no-outcome": 7, "duplicate": 0}, 5, 5, 2, None),
    )
    return {
        "study": SimpleNamespace(path=folder / "study.toml", inference=SimpleNamespace(seed=7)),
        "sources": [Source(file="../../data/scores.csv", role="scores", rows=1)],
        "results": Results({}, (), flow, (), (), (), (), (), ()),
        "out": tmp_path / "reports" / "reading",
    }


def test_hashes_are_those_of_the_bytes_and_paths_start_from_the_folder(inputs: dict[str, Any]) -> None:
    manifest = make_manifest(**inputs)
    assert manifest.study_file == "../../analyses/reading/study.toml"
    assert manifest.command == "expeval run ../../analyses/reading/study.toml"
    assert manifest.hashes["../../analyses/reading/study.toml"] == hashlib.sha256(b"[study]\n").hexdigest()
    expected = hashlib.sha256(b"student,score\r\n1,5\r\n").hexdigest()
    assert manifest.hashes["../../data/scores.csv"] == expected
    assert manifest.hashes["expeval/"] == hash_code()


def test_a_hash_taken_while_reading_is_kept(inputs: dict[str, Any]) -> None:
    inputs["sources"] = [Source(file="../../data/scores.csv", role="scores", rows=1, sha256="f" * 64)]
    assert make_manifest(**inputs).hashes["../../data/scores.csv"] == "f" * 64


def test_seed_versions_and_counts(inputs: dict[str, Any]) -> None:
    manifest = make_manifest(**inputs)
    assert manifest.seed == 7
    assert manifest.versions["python"] == platform.python_version()
    assert manifest.versions["numpy"] == numpy.__version__
    assert manifest.threads >= 1
    assert manifest.left_out == {
        "Reading, experimental: no-outcome": None,
        "Reading, control: no-outcome": 7,
        "Reading, control: duplicate": 0,
    }


def test_two_runs_differ_in_made_alone(inputs: dict[str, Any], tmp_path: Path) -> None:
    first = json.loads(make_manifest(**inputs, started=datetime(2026, 1, 1, tzinfo=UTC)).to_json())
    inputs["out"] = tmp_path / "reports" / "again"
    second = json.loads(make_manifest(**inputs, started=datetime(2026, 1, 2, tzinfo=UTC)).to_json())
    assert first.pop("made") != second.pop("made")
    assert first == second


def test_source_date_epoch_is_the_time(inputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert make_manifest(**inputs).made["time"] == "1970-01-02T00:00:00+00:00"


def test_no_absolute_path_no_host_no_user(inputs: dict[str, Any], tmp_path: Path) -> None:
    text = make_manifest(**inputs).to_json()
    assert str(tmp_path) not in text
    held = json.loads(text)
    assert set(held) == set(Manifest.__dataclass_fields__)
    said = " ".join([*held["hashes"], held["command"], *map(str, held["platform"].values()), *held["made"].values()])
    assert platform.node() not in said.split()
    assert f"/{getpass.getuser()}/" not in said


@pytest.mark.parametrize(
    ("path", "start", "expected"),
    [
        ("/home/a/study.toml", "/home/a/reports/x", "../../study.toml"),
        ("/home/a/study.toml", "/home/a", "study.toml"),
        ("/home/a/private/study.toml", "/mnt/out", "study.toml"),
        ("/home/a/private/study.toml", "/", "study.toml"),
    ],
)
def test_paths_never_climb_to_the_root(path: str, start: str, expected: str) -> None:
    assert relative(Path(path), Path(start)) == expected
