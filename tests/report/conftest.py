"""A small set of results in the contract's shape, made by hand: STAR's numbers, and changes to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from expeval.results import (
    DecisionRow,
    DistributionRow,
    EstimateRow,
    FlowRow,
    GroupRow,
    Manifest,
    ResidualRow,
    Results,
    SourceRow,
    WarningRow,
)

MakeResults = Callable[..., Results]


def study(**groups: Any) -> dict[str, Any]:
    return {
        "study": {"title": "Small classes in kindergarten", "question": "Do small classes help?", "simulated": False},
        "data": {"institution": "school"},
        "groups": {
            "experimental": ["small"],
            "control": ["regular"],
            "assigned": "student",
            "randomised": True,
            **groups,
        },
        "outcomes": [{"name": "Reading", "column": "reading", "kind": "score", "role": "primary", "levels": []}],
        "covariates": {"student": ["gender"], "institution": ["school_type"]},
        "inference": {"confidence": 0.95, "alternative": "two-sided", "multiplicity": "holm", "draws": 9999},
        "report": {"language": "en", "institutions": "pseudonym", "minimum_cell": 5},
    }


def primary(**changes: Any) -> EstimateRow:
    """The primary row of STAR's reading, tests/reference/star-kindergarten (R 4.5, clubSandwich)."""
    row = EstimateRow(
        outcome="Reading",
        analysis="regression",
        method="fixed-effects-cr2",
        term="treatment",
        estimate=6.7024,
        std_error=1.7014,
        statistic=3.939,
        df=68.94,
        p_value=0.00019,
        p_adjusted=0.00019,
        conf_low=3.308,
        conf_high=10.097,
        n=3736,
        institutions=79,
        clusters=79,
        primary=True,
    )
    return replace(row, **changes)


def results(
    answer: EstimateRow | None = None,
    groups: dict[str, Any] | None = None,
    outcome: dict[str, Any] | None = None,
    title: str | None = None,
    inference: dict[str, Any] | None = None,
    warnings: tuple[tuple[str, str], ...] = (),
    decisions: dict[str, Any] | None = None,
    simulated: bool = False,
) -> Results:
    keys = study(**(groups or {}))
    keys["outcomes"][0] |= outcome or {}
    keys["inference"] |= inference or {}
    keys["study"] |= {"simulated": simulated} | ({"title": title} if title else {})
    name = keys["outcomes"][0]["name"]
    row = replace(answer or primary(), outcome=name)
    welch = EstimateRow(
        name, "test", "welch", "difference", 5.8151, 1.0413, 5.5843, 3610.0598, 2.5e-8, None, 3.7735, 7.8568, 3745, 79
    )
    g = EstimateRow(name, "effect-size", "hedges-g", "difference", 0.1836, conf_low=0.1192, conf_high=0.2479, n=3745)
    gender = replace(welch, analysis="regression", method="ols", term="gender[male]", estimate=-7.0)
    peer = replace(welch, analysis="second-opinion", method="statsmodels-welch", note="agrees with ours to 1e-12")
    inside = EstimateRow(name, "institution", "raw", "Institution 01", 4.2, 6.1, 0.69, 40.1, 0.5, None, -8, 16, 45, 1)
    figures = {"institutions_experimental": 79, "institutions_control": 79, "institutions_with_both_arms": 79}
    return Results(
        study=keys,
        sources=(SourceRow("scores.csv", "scores", 6325, "utf-8", ",", None, None, 1, {}),),
        flow=(
            FlowRow(name, "experimental", 1900, {"no-outcome": 161, "no-covariate": None}, 1739, None, 79, None),
            FlowRow(name, "control", 2194, {"no-outcome": 188}, 2006, 2002, 79, None),
            FlowRow(name, "other", 2231, {"other-group": 2231}, 0, 0, None, None),
        ),
        groups=(
            GroupRow(name, "experimental", "outcome", 1739, 161, 79, 440.547, 32.497, 436, 418, 458, 370, 627, 1.3),
            GroupRow(name, "control", "outcome", 2006, 188, 79, 434.732, 30.936, 431, 413, 451, 315, 627, 1.09),
        ),
        distributions=tuple(
            DistributionRow(name, arm, "outcome", low, low + 50, n)
            for arm in ("experimental", "control")
            for low, n in ((350.0, 20), (400.0, 900), (450.0, None), (500.0, 9))
        ),
        estimates=(welch, g, row, gender, inside, peer),
        residuals=tuple(ResidualRow(name, p / 100, (p - 50) / 25) for p in range(1, 100)),
        decisions=(DecisionRow(name, "primary", row.method, "because", {**figures, **(decisions or {})}),),
        warnings=tuple(WarningRow(name, code, message) for code, message in warnings),
    )


@pytest.fixture(name="make_results")
def _make_results() -> MakeResults:
    return results


@pytest.fixture(name="make_primary")
def _make_primary() -> Callable[..., EstimateRow]:
    return primary


@pytest.fixture
def manifest() -> Manifest:
    return Manifest(
        expeval="0.1.0",
        command="expeval run study.toml",
        study_file="study.toml",
        hashes={"study.toml": "ab" * 32},
        versions={"python": "3.11.2", "numpy": "2.4.0", "scipy": "1.17.0"},
        platform={"system": "Linux"},
        seed=1,
        threads=1,
        left_out={},
        made={"time": "2026-11-25T03:00:00+00:00"},
    )
