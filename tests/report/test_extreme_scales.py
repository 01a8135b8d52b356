"""The figure of both groups holds for any finite scores: tiny, huge, constant, a tiny spread on a large mean."""

from __future__ import annotations

import math
import random
import re
import warnings
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from expeval.report.figures.canvas import canvas
from expeval.report.figures.distribution import draw_halves, halves
from expeval.report.figures.draw import draw_figures
from expeval.report.figures.subject import subjects
from expeval.results import DistributionRow, GroupRow, Results
from expeval.run import analyse, check

STUDY = """\
[study]
title = "Scales"
[data]
files = ["scores.csv"]
student = "student"
[groups]
column = "arm"
experimental = ["new"]
control = ["old"]
assigned = "student"
[[outcomes]]
name = "Score"
column = "score"
kind = "score"
[report]
minimum_cell = 1
"""
NOISE = random.Random(1)
SCORES = {
    "one that is almost zero": [1e-320 if i == 3 else 0.0 for i in range(40)],
    "all almost zero": [1e-320 * (1 + i % 7) for i in range(40)],
    "many almost zero": [1e-315 * i for i in range(40)],
    "tiny": [1e-200 * i for i in range(40)],
    "both ends": [1e300 * (-1) ** i for i in range(40)],
    "up to the end": [1e300 * i / 40 for i in range(40)],
    "all sizes": [[1e-320, 1e300, 0.5, -3.0][i // 2 % 4] for i in range(40)],
    "constant": [5.0] * 40,
    "constant and huge": [1e300] * 40,
    "constant and almost zero": [1e-320] * 40,
    "noise on a large mean": [1e9 + 1e-6 * NOISE.gauss(0, 1) for _ in range(40)],
    "neighbours": [1 + 2.0**-52 * i for i in range(40)],
}


@pytest.fixture
def results(request: pytest.FixtureRequest, tmp_path: Path) -> Results:
    scores = SCORES[request.param]
    rows = "".join(f"s{i},{('new', 'old')[i % 2]},{score!r}\n" for i, score in enumerate(scores))
    (tmp_path / "scores.csv").write_text("student,arm,score\n" + rows)
    (tmp_path / "study.toml").write_text(STUDY)
    return analyse(*check(str(tmp_path / "study.toml")))


@pytest.mark.parametrize("results", SCORES, indirect=True)
def test_every_figure_holds(results: Results) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures = draw_figures(results)
    for figure in figures:
        said = " ".join("".join(part.itertext()) for part in ElementTree.fromstring(figure.svg).iter())
        assert not re.search(r"\b(nan|inf)\b", figure.svg + said, re.IGNORECASE)


@pytest.mark.parametrize("results", SCORES, indirect=True)
def test_bars_have_their_share_of_the_scale(results: Results) -> None:
    (subject,) = subjects(results)
    sides = halves(results, subject)
    with canvas(4.0, "figure") as picture:
        draw_halves(picture, subject, sides, (0.5, 0.5, 5.0, 3.0))
    assert {side.label() for side in sides} <= {text.get_text() for text in picture.texts}
    ends = [end for side in sides for end in (*side.lows, *side.highs)]
    low, span = min(ends), max(ends) - min(ends)
    for axes, side in zip(picture.axes, sides, strict=True):
        bars = axes.patches
        assert len(bars) == len(side.lows)
        left, right = axes.get_xlim()
        for bar, start, end in zip(bars, side.lows, side.highs, strict=True):
            assert left <= bar.get_x() < bar.get_x() + bar.get_width() <= right
            assert bar.get_width() >= 0.9 * (end - start) / span if span else True
            middle = (start - low) / span + (end - start) / span / 2 if span else 0.0
            assert math.isclose(bar.get_x() + bar.get_width() / 2, middle, abs_tol=1e-9)


def bins_of(ends: list[tuple[float, float]], mean: float) -> Results:
    """Both groups on the same bins, five students in each."""
    arms = ("experimental", "control")
    group = GroupRow("Score", "", "outcome", 5 * len(ends), 0, None, mean, 0.0, 0.0, mean, mean, mean, mean, 0.0)
    return Results(
        study={
            "groups": {"experimental": ["new"], "control": ["old"], "randomised": True},
            "outcomes": [{"name": "Score", "kind": "score", "levels": []}],
            "inference": {"confidence": 0.9},
        },
        sources=(),
        flow=(),
        groups=tuple(replace(group, arm=arm) for arm in arms),
        distributions=tuple(
            DistributionRow("Score", arm, "outcome", low, high, 5) for arm in arms for low, high in ends
        ),
        estimates=(),
        residuals=(),
        decisions=(),
        warnings=(),
    )


@pytest.mark.parametrize(
    ("ends", "mean"),
    [
        ([(1e300, 1e300)], 1e300),
        ([(0.0, 1e-320), (1e-320, 2e-320)], 1e300),  # most bins withheld: the mean is far away
        ([(-1e300, 0.0), (0.0, 1e300)], 1e-320),
        ([(1e9, 1e9 + 1e-6), (1e9 + 1e-6, 1e9 + 2e-6)], 1e9),
        ([], 1e300),
    ],
)
def test_bins_of_any_size_are_drawn(ends: list[tuple[float, float]], mean: float) -> None:
    for figure in draw_figures(bins_of(ends, mean)):
        assert not re.search(r"\b(nan|inf)\b", figure.svg, re.IGNORECASE)
