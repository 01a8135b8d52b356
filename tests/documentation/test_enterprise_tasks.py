"""The simulated study of tasks at partner companies: its files come out of its script, and expeval finds the truth."""

from __future__ import annotations

import csv
import html
import re
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import expeval
from expeval.report.figures.draw import draw_figures

FOLDER = Path(__file__).parents[2] / "analyses" / "enterprise-tasks"
MADE = ("students.csv", "institutions.csv", "truth.toml")


def rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="ascii", newline="") as file:
        yield from csv.DictReader(file)


@pytest.fixture(scope="module")
def truth() -> dict[str, dict[str, float]]:
    return tomllib.loads((FOLDER / "truth.toml").read_text(encoding="ascii"))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> expeval.Results:
    return expeval.run(FOLDER / "study.toml", out=tmp_path_factory.mktemp("reports") / "enterprise-tasks")


def test_the_script_gives_the_committed_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, FOLDER / "make_data.py", tmp_path], check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(MADE)
    for name in MADE:
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name


def test_the_network_is_the_one_described() -> None:
    kinds = Counter(row["kind"] for row in rows("institutions.csv"))
    assert kinds == {"university": 1, "school": 25, "college": 5}
    arms: dict[str, set[str]] = defaultdict(set)
    classes: Counter[tuple[str, str]] = Counter()
    for row in rows("students.csv"):
        arms[row["group"]].add(row["institution"])
        classes[row["institution"], row["class"]] += 1
    assert {arm: len(institutions) for arm, institutions in arms.items()} == {"enterprise tasks": 16, "as before": 15}
    assert not arms["enterprise tasks"] & arms["as before"]
    assert "university" in arms["enterprise tasks"]
    assert min(classes.values()) >= 15
    assert max(classes.values()) <= 30


def test_what_the_readme_tells_is_the_truth_written(truth: dict[str, dict[str, float]]) -> None:
    told = (FOLDER / "README.md").read_text(encoding="utf-8")
    for table, key, form in (
        ("score", "effect", "{:.2f}"),
        ("score", "difference_between_arms", "{:.2f}"),
        ("mark", "superiority", "{:.3f}"),
        ("mark", "superiority_alike", "{:.3f}"),
        ("mark", "superiority_between_arms", "{:.3f}"),
        ("pass", "effect", "{:.3f}"),
        ("pass", "difference_between_arms", "{:.3f}"),
    ):
        assert f"| {form.format(truth[table][key])} |" in told, (table, key)


@pytest.mark.parametrize(("outcome", "table"), [("Test", "score"), ("Pass", "pass")])
def test_the_answers_interval_holds_the_truth(
    results: expeval.Results, truth: dict[str, dict[str, float]], outcome: str, table: str
) -> None:
    row = results.primary(outcome)
    assert row.conf_low is not None
    assert row.conf_high is not None
    assert row.conf_low < truth[table]["effect"] < row.conf_high


def test_the_marks_answer_holds_the_truth(results: expeval.Results, truth: dict[str, dict[str, float]]) -> None:
    row = results.answer("Mark")
    assert (row.method, results.primary("Mark").method) == ("probability-of-superiority-mixed", "win-fraction-mixed")
    assert row.conf_low is not None
    assert row.conf_high is not None
    assert row.conf_low < truth["mark"]["superiority"] < row.conf_high


def test_the_page_says_what_expeval_finds(results: expeval.Results) -> None:
    told = (FOLDER / "README.md").read_text(encoding="utf-8")
    for outcome, form in (("Test", "{:.1f} ({:.1f} to {:.1f})"), ("Mark", "{:.3f} ({:.3f} to {:.3f})")):
        row = results.answer(outcome)
        assert form.format(row.estimate, row.conf_low, row.conf_high) in told, outcome


def test_students_as_they_sit_answer_another_question(
    results: expeval.Results, truth: dict[str, dict[str, float]]
) -> None:
    """Welch's interval, blind to institutions and pretest, leaves the effect out: what this study is there to show."""
    [welch] = [row for row in results.estimates if (row.outcome, row.analysis, row.method) == ("Test", "test", "welch")]
    assert welch.conf_low is not None
    assert welch.conf_low > truth["score"]["effect"]


def test_the_one_universitys_coefficient_has_no_error(results: expeval.Results) -> None:
    found = {row.method: row for row in results.estimates if row.outcome == "Test" and row.term == "kind[university]"}
    for method in ("ols-cr0", "ols-cr1", "ols-cr2", "ols-cr3"):
        assert found[method].estimate is not None, method
        assert found[method].std_error is None, method


def test_the_readmes_picture_is_what_a_run_draws(results: expeval.Results) -> None:
    drawn = next(figure for figure in draw_figures(results) if (figure.outcome, figure.kind) == ("Test", "difference"))
    kept = (FOLDER.parents[1] / "docs" / "pictures" / "enterprise-tasks.svg").read_text(encoding="utf-8")
    assert html.unescape(re.search(r"<desc[^>]*>(.*?)</desc>", kept, re.DOTALL)[1]) == drawn.alternative
