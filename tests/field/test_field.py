"""Small studies that people have stumbled over with other tools: what must happen, and R's numbers."""

from __future__ import annotations

import csv
import functools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from expeval.fault_codes import sentence
from expeval.faults import Faults
from expeval.record.manifest import make_manifest
from expeval.report.page import make_report
from expeval.results import Results
from expeval.run import analyse, check

HERE = Path(__file__).parent
CASES = sorted(folder.name for folder in HERE.iterdir() if (folder / "expect.json").exists())
READ = [name for name in CASES if (HERE / name / "expected.csv").exists()]


def expect(name: str) -> dict[str, Any]:
    return dict(json.loads((HERE / name / "expect.json").read_text(encoding="utf-8")))


@functools.cache
def results(name: str) -> Results:
    return analyse(*check(HERE / name / "study.toml"))


def page(name: str) -> str:
    study, scores = check(HERE / name / "study.toml")
    made = make_report(results(name), make_manifest(study, scores.sources, results(name)))
    return re.sub(r"<[^>]*>", " ", made.html)


def rows(name: str) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {(r.outcome, r.analysis, r.method, r.term): r for r in results(name).estimates}
    found |= {(g.outcome, "groups", "description", g.arm): g for g in results(name).groups if g.moment == "outcome"}
    return found


@pytest.mark.parametrize("name", READ)
def test_the_numbers(name: str) -> None:
    found = rows(name)
    with (HERE / name / "expected.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))
    keys = [(row["outcome"], row["analysis"], row["method"], row["term"]) for row in expected]
    errors = {k: float(row["value"]) for k, row in zip(keys, expected, strict=True) if row["field"] == "std_error"}
    wrong = []
    for key, row in zip(keys, expected, strict=True):
        value, truth, rtol = getattr(found.get(key), row["field"], None), float(row["value"]), float(row["rtol"])
        allowed = rtol * max(abs(truth), errors.get(key, 0.0)) + 1e-12
        if row["field"] == "p_value":
            allowed = max(100 * rtol * abs(truth), 1e-9)
        if value is None or not abs(value - truth) <= allowed:
            wrong.append(f"{' / '.join(key)} {row['field']}: ours {value!r}, expected {truth!r} ({row['source']})")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", READ)
def test_what_does_not_exist_is_null_and_says_why(name: str) -> None:
    for *key, field in expect(name).get("null", []):
        row = rows(name)[tuple(key)]
        assert getattr(row, field) is None, (key, field)
        assert row.note, key
    for *key, field in expect(name).get("positive", []):
        assert getattr(rows(name)[tuple(key)], field) > 0


@pytest.mark.parametrize("name", READ)
def test_it_is_said(name: str) -> None:
    everything = results(name).to_json() + page(name)
    for patterns in expect(name).get("says", []):
        assert any(re.search(pattern, everything, re.IGNORECASE) for pattern in patterns), patterns


@pytest.mark.parametrize("name", [name for name in CASES if name not in READ])
def test_what_is_refused_is_refused_with_its_cells(name: str) -> None:
    with pytest.raises(Faults) as caught:
        check(HERE / name / "study.toml")
    said = "\n".join(sentence(fault) for fault in caught.value)
    for patterns in expect(name)["says"]:
        assert any(re.search(pattern, said, re.IGNORECASE) for pattern in patterns), patterns
