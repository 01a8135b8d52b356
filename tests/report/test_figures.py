"""The figures: one picture a question, drawn from the results alone, with its words and its numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Any
from xml.etree import ElementTree

import pytest

from expeval.report.figure import Figure
from expeval.report.figures.draw import draw_figures
from expeval.results import DistributionRow, EstimateRow, GroupRow, ResidualRow, Results
from expeval.run import analyse, check

STUDIES = Path(__file__).parents[1] / "reference"
DESIGNS = ("star-kindergarten", "marks-simulated", "achievement-awards", "sleep", "london-schools", "nist-silver")
HOSTILE = "<script>alert('1')</script> \"$x_1$\" & ]]> \x00 url(#a) 'DejaVu Sans'"
SVG = "{http://www.w3.org/2000/svg}"


@cache
def results_of(design: str) -> Results:
    return analyse(*check(str(STUDIES / design / "study.toml")))


@cache
def figures_of(design: str) -> tuple[Figure, ...]:
    return draw_figures(results_of(design))


def only(figures: tuple[Figure, ...], kind: str, position: int = 0) -> Figure:
    return [figure for figure in figures if figure.kind == kind][position]


def texts(figure: Figure) -> list[str]:
    """What stands in the picture."""
    return ["".join(element.itertext()) for element in ElementTree.fromstring(figure.svg).iter(f"{SVG}text")]


def small_study(name: str = "Reading", arms: tuple[Any, Any] = (["new"], ["old"]), **primary: Any) -> Results:
    """Ten students an arm, shares 20, 30, 50 % against 50, 30, 20 % on the levels 1, 2, 3."""
    row = {"estimate": 0.6, "std_error": 0.3, "conf_low": 0.1, "conf_high": 1.1, "method": "welch", **primary}
    bins = {"experimental": (2, 3, 5), "control": (5, 3, 2)}
    return Results(
        study={
            "groups": {"experimental": arms[0], "control": arms[1], "randomised": True},
            "outcomes": [{"name": name, "kind": "score", "levels": []}],
            "inference": {"confidence": 0.9},
        },
        sources=(),
        flow=(),
        groups=tuple(
            GroupRow(name, arm, "outcome", 10, 0, None, mean, 0.8, 2.0, 1.0, 3.0, 1.0, 3.0, 0.0)
            for arm, mean in (("experimental", 2.3), ("control", 1.7))
        ),
        distributions=tuple(
            DistributionRow(name, arm, "outcome", float(level), float(level), n)
            for arm, counts in bins.items()
            for level, n in enumerate(counts, start=1)
        ),
        estimates=(EstimateRow(name, "test", term="difference", n=20, primary=True, **row),),
        residuals=tuple(ResidualRow(name, i / 100, NormalDist().inv_cdf(i / 100)) for i in range(1, 100)),
        decisions=(),
        warnings=(),
    )


def with_institutions(results: Results, terms: list[str], **row: Any) -> Results:
    rows = tuple(
        EstimateRow(
            results.study["outcomes"][0]["name"],
            "institution",
            "raw",
            term,
            **{
                "estimate": 0.5, "std_error": 0.2, "statistic": 2.5, "p_value": 0.02,
                "conf_low": 0.1, "conf_high": 0.9, "n": 10 + i, **row,
            },
        )
        for i, term in enumerate(terms)
    )  # fmt: skip
    return replace(results, estimates=results.estimates + rows)


# ---------------------------------------------------------------------------------------------------- every design


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_draws_the_same_bytes_twice(design: str) -> None:
    assert draw_figures(results_of(design)) == figures_of(design)


@pytest.mark.parametrize(
    ("design", "kinds"),
    [
        ("star-kindergarten", {"difference": 2, "institutions": 2, "agreement": 2, "residuals": 2}),
        ("achievement-awards", {"difference": 1, "institutions": 1, "agreement": 1, "residuals": 1}),
        ("sleep", {"difference": 1, "agreement": 1, "residuals": 1}),
    ],
)
def test_what_there_is_nothing_for_is_not_drawn(design: str, kinds: dict[str, int]) -> None:
    assert Counter(figure.kind for figure in figures_of(design)) == kinds


@pytest.mark.parametrize("design", DESIGNS)
def test_names_and_ids_are_unique_and_every_reference_leads_somewhere(design: str) -> None:
    figures = figures_of(design)
    assert len({figure.name for figure in figures}) == len(figures)
    ids: list[str] = []
    for figure in figures:
        root = ElementTree.fromstring(figure.svg)
        own = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
        values = [value for element in root.iter() for value in element.attrib.values()]
        led_to = {
            found for value in values for found in re.findall(r"url\(#([^)]*)\)|^#(.*)", value) for found in found
        }
        assert led_to - {""} <= set(own)
        assert set(root.attrib["aria-labelledby"].split()) <= set(own)
        ids += own
    assert max(Counter(ids).values()) == 1


@pytest.mark.parametrize("design", DESIGNS)
def test_a_picture_can_stand_inside_a_page(design: str) -> None:
    for figure in figures_of(design):
        root = ElementTree.fromstring(figure.svg)
        assert figure.svg.startswith("<svg ")
        assert root.attrib["role"] == "img"
        assert {"viewBox", "width", "height"} <= set(root.attrib)
        assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
        assert not {element.tag for element in root.iter()} & {f"{SVG}style", f"{SVG}script", f"{SVG}metadata"}
        assert "xlink" not in figure.svg


@pytest.mark.parametrize("design", DESIGNS)
def test_words_and_numbers_stand_beside_every_picture(design: str) -> None:
    for figure in figures_of(design):
        assert figure.title
        assert figure.subtitle
        assert re.search(r"\d", figure.alternative)
        assert figure.rows
        assert {len(row) for row in figure.rows} == {len(figure.header)}
        assert "nan" not in figure.svg.lower().replace("nance", "")


def test_the_answer_in_the_picture_is_the_primary_row() -> None:
    # 6.697, 3.307 to 10.087 in the results: the digits of the page's sentences.
    figure = only(figures_of("star-kindergarten"), "difference")
    row = results_of("star-kindergarten").primary(figure.outcome)
    assert [f"{value:.1f}" for value in (row.estimate, row.conf_low, row.conf_high)] == ["6.7", "3.3", "10.1"]
    assert figure.title == f"{figure.outcome}: small 6.7 points higher than regular, adjusted"
    assert "6.7, 95 % interval 3.3 to 10.1" in figure.alternative
    assert {"6.7", "3.3", "10.1", "0"} <= set(texts(figure))


# ------------------------------------------------------------------------------------------------- the difference


def test_shares_are_of_each_group_and_not_of_both() -> None:
    results = small_study()
    tenfold = tuple(replace(row, n=(row.n or 0) * 10) if row.arm == "control" else row for row in results.distributions)
    groups = tuple(replace(row, n=100) if row.arm == "control" else row for row in results.groups)
    figure = only(draw_figures(replace(results, distributions=tenfold, groups=groups)), "difference")
    shares = {row[0]: [r[4] for r in figure.rows if r[0] == row[0]] for row in figure.rows}
    assert shares["new: students"] == ["20.0 %", "30.0 %", "50.0 %"]
    assert shares["old: students"] == ["50.0 %", "30.0 %", "20.0 %"]


def test_bars_of_merged_bins_are_as_high_as_their_density() -> None:
    # 10 students in a bin of width 1 and 10 in one of width 4: heights as 4 to 1.
    results = small_study()
    bins = tuple(
        DistributionRow("Reading", arm, "outcome", low, high, 10)
        for arm in ("experimental", "control")
        for low, high in ((0.0, 1.0), (1.0, 5.0))
    )
    groups = tuple(replace(row, n=20) for row in results.groups)
    figure = only(draw_figures(replace(results, distributions=bins, groups=groups)), "difference")
    root = ElementTree.fromstring(figure.svg)
    bars = [e.attrib["d"] for e in root.iter(f"{SVG}path") if "fill: #0072b2" in e.attrib.get("style", "")]
    heights = []
    for path in (bar for bar in bars if bar.count("L") >= 3):
        ups = [float(y) for _, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]
        heights.append(max(ups) - min(ups))
    assert heights[0] / heights[1] == pytest.approx(4.0, rel=1e-3)


@pytest.mark.parametrize(
    ("primary", "title"),
    [
        ({}, "Reading: new 0.60 points higher than old"),
        ({"estimate": -0.6, "conf_low": -1.1, "conf_high": -0.1}, "Reading: new 0.60 points lower than old"),
        ({"conf_low": -0.1}, "Reading: anything from 0.10 lower to 1.10 points higher, new against old"),
        (
            {"conf_low": None, "conf_high": None, "note": "too few"},
            "Reading: new 0.60 points higher than old, without an interval",
        ),
        (
            {"estimate": None, "std_error": None, "conf_low": None, "conf_high": None},
            "Reading: no difference could be estimated",
        ),
    ],
)
def test_the_title_says_what_is_seen(primary: dict[str, Any], title: str) -> None:
    assert only(draw_figures(small_study(**primary)), "difference").title == title


def test_an_estimate_without_interval_stands_alone_and_says_so() -> None:
    figure = only(draw_figures(small_study(conf_low=None, conf_high=None, note="one school an arm")), "difference")
    assert "one school an arm" in figure.alternative
    assert any("no interval" in text for text in texts(figure))
    assert "interval" not in figure.subtitle.replace("without an interval", "")


@pytest.mark.parametrize(
    ("method", "row"),
    [
        ("probability-of-superiority-cr2", {"estimate": 0.7, "conf_low": 0.6, "conf_high": 0.8}),
        ("brunner-munzel", {"estimate": 0.7, "conf_low": 0.6, "conf_high": 0.8}),
    ],
)
def test_ordinal_answers_are_shown_in_pairs_of_a_hundred(method: str, row: dict[str, float]) -> None:
    figure = only(draw_figures(small_study(method=method, **row)), "difference")
    assert "70, 90 % interval 60 to 80; 50 means no difference" in figure.alternative
    assert "50" in texts(figure)


def test_shares_of_a_binary_outcome_differ_by_percentage_points() -> None:
    figure = only(figures_of("achievement-awards"), "difference")
    # mixed-kenward-roger, R: 0.0880, -0.0401 to 0.2162
    assert "in percentage points: 8.8, 95 % interval −4.0 to 21.6" in figure.alternative
    assert {"73\u00a0%", "27\u00a0%", "78\u00a0%", "22\u00a0%"} <= set(texts(figure))


def withheld_bin(results: Results) -> Results:
    first, *rest = results.distributions
    return replace(results, distributions=(replace(first, n=None), *rest))


def withheld_all(results: Results) -> Results:
    return replace(
        results,
        distributions=tuple(replace(row, n=None) for row in results.distributions),
        groups=tuple(replace(row, n=None, mean=None) for row in results.groups),
    )


def nothing(results: Results) -> Results:
    return replace(results, distributions=(), groups=(), residuals=())


@pytest.mark.parametrize("change", [withheld_bin, withheld_all, nothing])
def test_withheld_and_missing_numbers_are_drawn_without_a_word_of_complaint(
    change: Callable[[Results], Results],
) -> None:
    figure = only(draw_figures(change(small_study())), "difference")
    if change is withheld_bin:
        assert figure.rows[0] == ("new: students", "1", "1", "withheld", "–")
        assert "withheld" in figure.subtitle
    else:
        assert "No distribution can be shown" in texts(figure)


def test_one_value_alone_is_drawn() -> None:
    results = small_study(estimate=0.0, std_error=None, conf_low=None, conf_high=None)
    ones = tuple(replace(row, low=3.0, high=3.0, n=10) for row in results.distributions[::3])
    assert only(draw_figures(replace(results, distributions=ones)), "difference").rows


# ------------------------------------------------------------------------------------------------ the institutions


def test_institutions_stand_by_name_and_those_without_numbers_are_counted() -> None:
    results = with_institutions(small_study(), ["C", "A", "B"])
    *rows, last = results.estimates
    results = replace(results, estimates=(*rows, replace(last, estimate=None, statistic=None)))
    figure = only(draw_figures(results), "institutions")
    assert [row[0] for row in figure.rows] == ["A", "C"]
    assert "Not drawn: 1 institution " in figure.subtitle
    assert figure.title.startswith("Reading: the intervals of 2 of 2 institutions hold the overall difference of 0.60")


def test_means_of_institutions_are_not_compared_with_a_difference() -> None:
    results = with_institutions(small_study(), ["A", "B"], statistic=None, p_value=None)
    figure = only(draw_figures(results), "institutions")
    assert figure.header[2] == "Mean"
    assert not any("overall" in text for text in texts(figure))


@pytest.mark.parametrize("many", [1, 45, 46, 100, 250])
def test_many_institutions_all_have_their_line(many: int) -> None:
    names = [f"School {i:03d}" for i in range(many)]
    figure = only(draw_figures(with_institutions(small_study(), names)), "institutions")
    assert set(names) <= set(texts(figure))
    assert len(figure.rows) == many


def test_long_names_of_schools_keep_what_tells_them_apart() -> None:
    names = [f"МБОУ «Средняя общеобразовательная школа № {i} имени А. С. Пушкина»" for i in range(1, 31)]
    shown = texts(only(draw_figures(with_institutions(small_study(), names)), "institutions"))
    cut = [text for text in shown if text.startswith("МБОУ")]
    assert len(set(cut)) == len(names)
    assert max(map(len, cut)) <= 30


# ---------------------------------------------------------------------------------------------------- names and slugs


def test_hostile_names_are_text() -> None:
    results = with_institutions(small_study(HOSTILE, ([HOSTILE], [HOSTILE])), [HOSTILE, "=cmd|' /C calc'!A0"])
    for figure in draw_figures(results):
        root = ElementTree.fromstring(figure.svg)
        assert not list(root.iter(f"{SVG}script"))
        assert "<script" not in figure.svg
        assert "\x00" not in figure.svg + figure.title + figure.alternative
    shown = "".join(text for figure in draw_figures(results) for text in texts(figure))
    assert "<script>" in shown
    assert "$x_1$" in only(draw_figures(results), "difference").alternative


@pytest.mark.parametrize(
    "name", ["Русский язык", "数学", "العربية", "עברית", "../../etc/passwd", "", "a" * 300, "$\\frac{"]
)
def test_every_name_gives_a_file_name(name: str) -> None:
    figures = draw_figures(small_study(name, (["новая"], ["東京"])))
    for figure in figures:
        assert re.fullmatch(r"[a-z0-9-]{1,60}", figure.name)
    assert only(figures, "difference").outcome == name


def test_outcomes_of_like_names_have_files_of_their_own() -> None:
    names = ["Outcome 2", "Чтение", "Reading!", "reading?", "outcome-4"]
    results = small_study(names[0])
    outcomes = [{"name": name, "kind": "score", "levels": []} for name in names]
    results = replace(results, study={**results.study, "outcomes": outcomes})
    found = [figure.name for figure in draw_figures(results) if figure.kind == "difference"]
    assert found == [f"{slug}-difference" for slug in ("outcome-1", "outcome-2", "reading", "outcome-4", "outcome-5")]


def test_groups_of_several_labels_and_of_files_have_a_name() -> None:
    figure = only(draw_figures(small_study(arms=(["a", "b"], {"files": ["x.csv"]}))), "difference")
    assert figure.title == "Reading: a / b 0.60 points higher than control"


# ------------------------------------------------------------------------------------------------------ the residuals


def test_normal_residuals_lie_on_the_line() -> None:
    figure = only(draw_figures(small_study()), "residuals")
    assert figure.title.startswith("Reading: residuals at most 0.0 standard deviations off the normal line")
    assert all(row[1] == row[2] for row in figure.rows)
    assert len(figure.rows) == 99
