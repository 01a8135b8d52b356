"""Results and manifest to one self-contained HTML file: no network, no script, the same bytes for the same input."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from expeval.report.figure import Figure
from expeval.report.figures.draw import draw_figures
from expeval.report.sections import make_sections
from expeval.report.sentences import answer, arm_name, facts, primary_outcomes, troubles
from expeval.results import Manifest, Results

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Report:
    """The page and the figures that are also written as files."""

    html: str
    figures: tuple[Figure, ...]


def make_report(results: Results, manifest: Manifest) -> Report:
    """Render the report; everything in it comes from the two arguments."""
    figures = draw_figures(results)
    by_outcome = _by_outcome(results, figures)
    answers = [
        {
            "outcome": name,
            "sentence": answer(results, name),
            "facts": facts(results, name),
            "figure": by_outcome.get(name, {}).get("difference"),
        }
        for name in primary_outcomes(results)
    ]
    html = (
        _environment()
        .get_template("report.html")
        .render(
            study=results.study["study"],
            language=results.study["report"].get("language", "en"),
            answers=answers,
            experimental=arm_name(results, "experimental"),
            control=arm_name(results, "control"),
            troubles=troubles(results),
            sections=make_sections(results, manifest, by_outcome),
            expeval=manifest.expeval,
            style=Markup((HERE / "styles" / "report.css").read_text(encoding="utf-8")),
        )
    )
    return Report(html, figures)


def _by_outcome(results: Results, figures: tuple[Figure, ...]) -> dict[str, dict[str, Figure]]:
    """outcome -> kind -> figure."""
    found: dict[str, dict[str, Figure]] = {}
    for figure in figures:
        found.setdefault(figure.outcome, {})[figure.kind] = figure
    return found


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = lambda figure: Markup(figure.svg)
    return environment
