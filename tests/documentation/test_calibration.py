"""The page on false alarms and coverage: its script runs, its rates are rates, the rule in it is the program's."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "explanation" / "calibration.md"
RATE = re.compile(r"(?:\d)?\.\d{3}")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return imported("make_calibration")


def imported(name: str) -> ModuleType:
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(DOCS))


def tables(text: str) -> list[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    """Head and rows of every Markdown table."""
    found = []
    for block in re.findall(r"(?:^\|.*\|\n)+", text, re.M):
        head, _, *rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in block.splitlines()]
        found.append((head, rows))
    return found


@pytest.fixture(scope="module")
def tiny(script, tmp_path_factory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("calibration")
    script.main(["--runs", "2", "--every", "14", "--folder", str(folder)])
    return folder, (folder / script.PAGE).read_text(encoding="utf-8")


def test_the_script_gives_the_columns_of_the_page(script, tiny):
    heads = [head for head, _ in tables(tiny[1])]
    on_page = [head for head, _ in tables(PAGE.read_text(encoding="utf-8"))]
    assert len(heads) == len(on_page)
    # Few cells, few methods: no column stands in one alone that the page has not.
    assert [set(few) - set(all_) for few, all_ in zip(heads, on_page, strict=True)] == [set()] * len(heads)


def test_the_page_is_made_from_the_counts_beside_it(script):
    counts = PAGE.with_name(script.COUNTS)
    found = script.Found(script.read_counts(counts))
    assert set(found.kept) == set(script.cells())
    assert script.page(found, script.RUNS) == PAGE.read_text(encoding="utf-8"), "run: python docs/make_calibration.py"


def test_every_method_of_the_script_is_on_the_page(script):
    text = PAGE.read_text(encoding="utf-8")
    told = set(re.findall(r"`([^`\n]+)`", text))
    assert {name for name in script.METHODS if name.removeprefix(script.SUPERIORITY) not in told} == set()
    known = set(script.METHODS)
    for counts in script.read_counts(PAGE.with_name(script.COUNTS)).values():
        assert set(counts) <= known


def test_rates_lie_between_0_and_1(script):
    pages = tables(PAGE.read_text(encoding="utf-8"))
    rates = [float(rate) for _, rows in pages for row in rows for cell in row[1:] for rate in RATE.findall(cell)]
    assert len(rates) > 2000
    assert min(rates) >= 0.0
    assert max(rates) <= 1.0
    for counts in script.read_counts(PAGE.with_name(script.COUNTS)).values():
        for count in counts.values():
            assert 0 <= count.alarms <= count.answered <= count.runs
            assert 0 <= count.covered <= count.intervals <= count.answered


def test_what_was_counted_is_not_counted_again(script, tiny, monkeypatch):
    folder, text = tiny
    monkeypatch.setattr(script, "simulate", lambda cell, runs: pytest.fail("simulated again"))
    script.main(["--runs", "2", "--every", "14", "--folder", str(folder)])
    assert (folder / script.PAGE).read_text(encoding="utf-8") == text


def test_a_rate_is_marked_beyond_its_simulation_error_alone(script):
    assert [script.sign(alarms, 2000, 0.04, 0.06) for alarms in (100, 125, 150, 60, 75)] == ["", "", "▲", "▼", ""]
    assert script.sign(0, 10, 0.04, 0.06) == ""


def test_an_effect_moves_estimate_and_interval_alike(script):
    """Why the coverage of scores is one less the rate of false alarms."""
    studies, methods = imported("calibration_studies"), imported("calibration_methods")
    cells = [studies.Cell("institution", "score", effect, 4, 8, 0, "mixed", 0.1) for effect in ("none", "equal")]
    without, with_effect = (
        methods.Analysed(cell, studies.draw(cell, np.random.default_rng(3)), False, np.random.default_rng(4)).found
        for cell in cells
    )
    for name, estimate in without.items():
        moved = with_effect[name]
        for end in ("estimate", "conf_low", "conf_high"):
            assert getattr(moved, end) - getattr(estimate, end) == pytest.approx(studies.EFFECT, abs=1e-9), (name, end)


def test_the_truth_of_marks_is_that_of_their_shares(script):
    """Against a hundred thousand students an arm."""
    studies = imported("calibration_studies")
    assert studies.true_superiority(0.0) == pytest.approx(0.5, abs=1e-15)
    rng = np.random.default_rng(5)
    cuts = np.array([-1.2815515655446004, -0.12566134685507402, 0.8416212335729143])  # .10, .45, .80 of a normal
    marks = [np.searchsorted(cuts, move + rng.standard_normal(100_000)) for move in (0.0, studies.EFFECT)]
    shares = [np.bincount(mark, minlength=4) / 100_000 for mark in marks]
    by_pairs = sum(shares[1][e] * shares[0][c] * (1.0 if e > c else 0.5) for e in range(4) for c in range(e + 1))
    assert studies.true_superiority(studies.EFFECT) == pytest.approx(by_pairs, abs=0.004)
