"""Are the primary model's residuals normal enough?  Their percentiles against the normal distribution's."""

from __future__ import annotations

from statistics import NormalDist

from expeval.report.figure import Figure
from expeval.report.figures.canvas import EXPERIMENTAL, GREY, INK, LIGHT, SMALL, canvas, panel, svg, write
from expeval.report.figures.subject import Subject, nice_ticks
from expeval.report.numbers import number
from expeval.results import ResidualRow, Results

HEIGHT = 3.7
_GUIDE = (
    ("What to look for", True),
    ("On the line: as normal as the", False),
    ("textbook’s case.", False),
    ("Both ends bent away from the", False),
    ("line: more (or fewer) extreme", False),
    ("results than normal.", False),
    ("A bow: lopsided results.", False),
    ("With many students neither", False),
    ("changes the answer much;", False),
    ("with few, read the permutation", False),
    ("test beside it.", False),
)


def residuals_figure(results: Results, subject: Subject) -> Figure | None:
    """A quantile-quantile plot: 99 percentiles, no student's residual."""
    rows = sorted((row for row in results.residuals if row.outcome == subject.outcome), key=lambda r: r.probability)
    rows = [row for row in rows if 0.0 < row.probability < 1.0]
    if not rows:
        return None
    normal = [NormalDist().inv_cdf(row.probability) for row in rows]
    farthest, gap = max(
        zip(rows, (row.value - z for row, z in zip(rows, normal, strict=True)), strict=True),
        key=lambda pair: abs(pair[1]),
    )
    name = f"{subject.slug}-residuals"
    title = (
        f"{subject.name}: residuals at most {number(abs(gap), 1)} standard deviations off the normal line "
        f"({_percentile(farthest)} percentile)"
    )
    alternative = (
        f"{title}. 1st, 50th and 99th percentile of the standardised residuals: "
        f"{', '.join(number(_at(rows, p), 2) for p in (0.01, 0.5, 0.99))}; normal: −2.33, 0.00, 2.33."
    )
    with canvas(HEIGHT, name) as picture:
        low, high = min(*normal, *(row.value for row in rows)), max(*normal, *(row.value for row in rows))
        low, high = low - 0.05 * (high - low), high + 0.05 * (high - low)
        axes = panel(picture, 0.55, 0.55, 3.7, HEIGHT - 0.95)
        across = (min(normal) - 0.15, max(normal) + 0.15)
        axes.set_xlim(*across)
        axes.set_ylim(low, high)
        for place, ticks in ((axes.set_xticks, nice_ticks(*across, 5)), (axes.set_yticks, nice_ticks(low, high, 5))):
            place([tick for tick, _ in ticks], [text for _, text in ticks])
        axes.grid(color=LIGHT, linewidth=0.5)
        axes.set_axisbelow(True)
        axes.plot(across, across, color=INK, linewidth=1.0)
        axes.plot(normal, [row.value for row in rows], "o", color=EXPERIMENTAL, markersize=3.2, markeredgewidth=0)
        write(
            picture, 0.15, HEIGHT - 0.16, "Standardised residuals, percentiles", weight="bold", size=SMALL, va="center"
        )
        write(picture, 4.25, 0.13, "Normal distribution, percentiles", color=GREY, size=SMALL, ha="right", va="center")
        for line, (text, bold) in enumerate(_GUIDE):
            y = HEIGHT - 0.55 - 0.2 * line
            look = {"weight": "bold", "color": INK} if bold else {"color": GREY}
            write(picture, 4.65, y, text, size=SMALL, va="center", **look)
        drawn = svg(picture, name, title, alternative)
    return Figure(
        outcome=subject.outcome,
        kind="residuals",
        name=name,
        svg=drawn,
        title=title,
        subtitle="Percentiles 1 to 99 of the primary model’s standardised residuals; line: the normal distribution.",
        alternative=alternative,
        header=("Percentile", "Normal quantile", "Standardised residual"),
        rows=tuple(
            (number(100 * row.probability, 0), number(z, 2), number(row.value, 2))
            for row, z in zip(rows, normal, strict=True)
        ),
    )


def _percentile(row: ResidualRow) -> str:
    place = round(100 * row.probability)
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


def _at(rows: list[ResidualRow], probability: float) -> float:
    return min(rows, key=lambda row: abs(row.probability - probability)).value
