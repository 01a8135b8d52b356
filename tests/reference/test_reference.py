"""Every number that R gives for the reference sets, compared field by field."""

from __future__ import annotations

import csv
import functools
from collections import defaultdict
from pathlib import Path

import pytest

from expeval.results import Results
from expeval.run import analyse, check

HERE = Path(__file__).parent
SETS = sorted(folder.name for folder in HERE.iterdir() if (folder / "expected.csv").exists())

# Methods of R's rows that expeval does not have yet.
LATER = {
    "logit-cr2",
    "logit-mixed",
    "average-marginal-effect",
    "proportional-odds",
}

Key = tuple[str, str, str, str]


@functools.cache
def results(name: str) -> Results:
    study, scores = check(HERE / name / "study.toml")
    return analyse(study, scores)


@functools.cache
def expected(name: str) -> dict[str, list[dict[str, str]]]:
    with (HERE / name / "expected.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    by_method = defaultdict(list)
    for row in rows:
        by_method[row["method"]].append(row)
    return dict(by_method)


def ours(name: str) -> dict[Key, object]:
    found: dict[Key, object] = {
        (row.outcome, row.analysis, row.method, row.term): row for row in results(name).estimates
    }
    for group in results(name).groups:
        if group.moment == "outcome":
            found[(group.outcome, "groups", "description", group.arm)] = group
    return found


CASES = [(name, method) for name in SETS for method in expected(name) if method not in LATER]


@pytest.mark.parametrize(("name", "method"), CASES, ids=[f"{name}-{method}" for name, method in CASES])
def test_every_field_of_every_row_is_r_s(name: str, method: str) -> None:
    rows = expected(name)[method]
    found = ours(name)
    errors = {key_of(row): float(row["value"]) for row in rows if row["field"] == "std_error"}
    wrong = []
    for row in rows:
        value = getattr(found.get(key_of(row)), row["field"], None)
        truth = float(row["value"])
        if value is None or not abs(value - truth) <= tolerance(row, truth, errors):
            wrong.append(f"{' / '.join(key_of(row))} {row['field']}: ours {value!r}, R's {truth!r} ({row['source']})")
    assert not wrong, "\n".join(wrong)


def test_each_later_method_is_one_that_r_has() -> None:
    assert {method for name in SETS for method in expected(name)} >= LATER


def test_no_method_is_both_written_and_called_later() -> None:
    written = {row.method for name in SETS for row in results(name).estimates}
    assert not written & LATER


def key_of(row: dict[str, str]) -> Key:
    return row["outcome"], row["analysis"], row["method"], row["term"]


def tolerance(row: dict[str, str], truth: float, errors: dict[Key, float]) -> float:
    rtol = float(row["rtol"])
    if row["field"] == "p_value":
        return max(100 * rtol * abs(truth), 1e-9)
    return rtol * max(abs(truth), errors.get(key_of(row), 0.0)) + 1e-12
