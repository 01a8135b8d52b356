"""All figures of a report, in the order in which the page shows them."""

from __future__ import annotations

from expeval.report.figure import Figure
from expeval.report.figures.agreement import agreement_figure
from expeval.report.figures.difference import difference_figure
from expeval.report.figures.institutions import institutions_figure
from expeval.report.figures.residuals import residuals_figure
from expeval.report.figures.subject import subjects
from expeval.results import Results


def draw_figures(results: Results) -> tuple[Figure, ...]:
    """Draw every figure that the results have something for.

    Returns
    -------
    tuple of Figure
        By outcome in the study file's order: difference, institutions, agreement, residuals.
    """
    kinds = (difference_figure, institutions_figure, agreement_figure, residuals_figure)
    drawn = (draw(results, subject) for subject in subjects(results) for draw in kinds)
    return tuple(figure for figure in drawn if figure is not None)
