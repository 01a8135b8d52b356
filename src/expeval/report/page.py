"""Results and manifest to one HTML file and its figures: no network, no script, the same bytes every time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from expeval.report.figure import Figure
from expeval.report.figures.draw import draw_figures
from expeval.report.sections import page_view
from expeval.results import Manifest, Results

HERE = Path(__file__).parent
STYLE = HERE / "styles" / "report.css"


@dataclass(frozen=True, slots=True)
class Report:
    """The page and the pictures that are also written as files."""

    html: str
    figures: tuple[Figure, ...]


def make_report(results: Results, manifest: Manifest) -> Report:
    """The report of a run, from its results and what made them alone.

    Parameters
    ----------
    results
        Every number of the page is a cell of these tables.
    manifest
        Versions, hashes, seed and command, for the reader who wants to check.

    Returns
    -------
    Report
        One HTML file with everything in it, and its figures.
    """
    figures = draw_figures(results)
    drawn: dict[str, dict[str, Figure]] = {}
    for figure in figures:
        drawn.setdefault(figure.outcome, {})[figure.kind] = figure
    style = Markup(STYLE.read_text(encoding="utf-8"))
    page = environment().get_template("report.html")
    return Report(page.render(page=page_view(results, manifest, drawn), style=style), figures)


@cache
def environment(*folders: Path) -> Environment:
    """Templates of the report, and of further folders whose pages are built of the same parts."""
    found = Environment(
        loader=FileSystemLoader([*folders, HERE / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The only markup that is not escaped: a figure's own, in which every text is escaped already.
    found.filters["drawn"] = lambda figure: Markup(figure.svg)
    return found
