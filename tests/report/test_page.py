"""The page: one file, no network, no script, everything escaped, the same bytes, nothing left unsaid."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from expeval.report.methods import CATALOGUE
from expeval.report.page import make_report
from expeval.report.sections import QUESTIONS
from expeval.report.tables import Column, table
from expeval.results import EstimateRow, Manifest, Results

Make = Callable[..., Results]
HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(1)> $x_1$ {{ 7 * 7 }}'


class Page(HTMLParser):
    """Elements, attributes, ids and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]


def page_of(results: Results, manifest: Manifest) -> Page:
    return Page(make_report(results, manifest).html)


def test_nothing_is_fetched_and_nothing_runs(make_results: Make, manifest: Manifest) -> None:
    html = make_report(make_results(), manifest).html
    page = Page(html)
    assert not {"script", "link", "iframe", "img", "object", "embed", "base"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "srcset", "xlink:href")]
    assert all(link.startswith("#") for link in page.values("href"))
    assert "default-src 'none'" in " ".join(page.values("content"))
    assert not re.search(r"@import|url\(\s*['\"]?(?!#)", html)
    assert set(re.findall(r"https?://[^\s\"'<]+", html)) <= {"http://www.w3.org/2000/svg"}


def test_the_ten_questions_in_order_each_with_its_section(make_results: Make, manifest: Manifest) -> None:
    page = page_of(make_results(), manifest)
    ids = page.values("id")
    positions = [ids.index(id_) for id_, _ in QUESTIONS]
    assert positions == sorted(positions)
    assert len(ids) == len(set(ids))
    missing = {link[1:] for link in page.values("href")} - set(ids)
    assert not missing


def test_hostile_words_are_text(make_results: Make, manifest: Manifest) -> None:
    results = make_results(
        title=HOSTILE,
        outcome={"name": HOSTILE},
        groups={"experimental": [HOSTILE], "control": ["'" + HOSTILE]},
        warnings=(("unknown", HOSTILE),),
    )
    page = page_of(results, manifest)
    assert not {"script", "img"} & set(page.tags)
    assert "49" not in page.text.split("What is the answer?")[0]
    assert HOSTILE in page.text
    assert not [name for name, _ in page.attributes if name == "onerror"]


def test_same_input_same_bytes_whenever_and_wherever_it_ran(make_results: Make, manifest: Manifest) -> None:
    later = replace(manifest, made={"time": "2031-01-01"}, platform={"system": "Plan 9"}, hashes=dict(manifest.hashes))
    first, second = make_report(make_results(), manifest), make_report(make_results(), later)
    assert first == second


@pytest.mark.parametrize("confidence", [0.9, 0.99])
def test_the_level_is_said_everywhere(make_results: Make, manifest: Manifest, confidence: float) -> None:
    text = page_of(make_results(inference={"confidence": confidence}), manifest).text
    assert f"{100 * confidence:g} %" in text
    assert not re.search("95.?%", text)


def empty(results: Results) -> Results:
    """The least that a run can find: nothing but its study and a primary row of nulls."""
    name = results.study["outcomes"][0]["name"]
    row = EstimateRow(name, "test", "welch", "difference", primary=True, note="an arm has no student with this value")
    tables = dict.fromkeys(("sources", "flow", "groups", "distributions", "residuals", "decisions", "warnings"), ())
    return replace(results, **tables, estimates=(row,))  # type: ignore[arg-type]


def test_a_run_that_found_nothing_has_a_page(make_results: Make, manifest: Manifest) -> None:
    page = page_of(empty(make_results()), manifest)
    assert "the question can't be answered from these data" in page.text


def test_no_null_is_shown_as_python(make_results: Make, manifest: Manifest) -> None:
    for results in (make_results(), empty(make_results())):
        text = page_of(results, manifest).text
        assert not re.search(r"\b(None|nan|NaN|inf|Undefined)\b", text)


def test_every_figure_has_words_and_numbers(make_results: Make, manifest: Manifest) -> None:
    report = make_report(make_results(), manifest)
    assert {figure.kind for figure in report.figures} == {"difference", "institutions", "agreement", "residuals"}
    for figure in report.figures:
        assert figure.alternative
        assert figure.rows
        assert report.html.count(f'id="figure-{figure.name}"') == 1
    text = Page(report.html).text
    assert all(figure.alternative in text for figure in report.figures)


def test_simulated_data_say_so_in_the_title(make_results: Make, manifest: Manifest) -> None:
    html = make_report(make_results(simulated=True), manifest).html
    assert "<h1>Small classes in kindergarten (simulated data)</h1>" in html
    assert "<title>Small classes in kindergarten (simulated data)</title>" in html


def test_no_jargon_before_the_sections(make_results: Make, manifest: Manifest) -> None:
    html = make_report(make_results(warnings=(("clustering-ignored", "ICC and CR2"),)), manifest).html
    first_screen = Page(html[html.index("<main>") : html.index('<section id="studied"')]).text
    assert not re.search("ICC|CR2|REML|Satterthwaite|intraclass|significan", first_screen)


def test_the_answer_stands_apart_by_weight_and_word(make_results: Make, manifest: Manifest) -> None:
    html = make_report(make_results(), manifest).html
    chosen = re.findall(
        r'<tr class="chosen"><th scope="row">Within institutions, CR2 <span class="mark">the answer', html
    )
    # Once among the methods of its outcome, once beside the other analyses of its question.
    assert len(chosen) == 2


def test_methods_say_reference_and_version(make_results: Make, manifest: Manifest) -> None:
    text = page_of(make_results(), manifest).text
    for method in ("welch", "hedges-g", "fixed-effects-cr2"):
        assert CATALOGUE[method].reference in text
    assert "numpy 2.4.0" in text
    assert "ab" * 32 in text


def test_small_cells_are_withheld_not_zero(make_results: Make, manifest: Manifest) -> None:
    html = make_report(make_results(), manifest).html
    assert re.search(r"a covariate is missing</th><td class=\"n\">withheld", html)


def test_numbers_stand_on_their_decimal_sign() -> None:
    cells = [
        row.cells[1] for row in table("t", [Column("a"), Column("b")], [("x", "5.67"), ("y", "78"), ("z", "–")]).rows
    ]
    assert cells == ["5.67", "78\u2008\u2007\u2007", "–"]


def test_columns_without_any_number_are_left_out() -> None:
    made = table("t", [Column("a"), Column("b"), Column("c")], [("x", "–", "1"), ("y", "–", "2")])
    assert [column.head for column in made.columns] == ["a", "c"]
