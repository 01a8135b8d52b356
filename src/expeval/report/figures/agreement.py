"""Would another analysis say the same?  A dot and an interval an analysis, the answer set apart."""

from __future__ import annotations

from matplotlib.axes import Axes

from expeval.report.agreement import compared, short_name
from expeval.report.figure import Figure
from expeval.report.figures.canvas import EXPERIMENTAL, GREY, INK, LIGHT, SMALL, TEXT, canvas, panel, svg, write
from expeval.report.figures.subject import Subject, nice_ticks
from expeval.report.numbers import p_words
from expeval.report.subject import Scale
from expeval.report.subject import subjects as outcomes
from expeval.results import EstimateRow, Results

# Narrower than the others, so that a telephone shows it whole.
WIDTH = 4.4
_LEFT, _PITCH, _TOP, _BOTTOM = 1.62, 0.27, 0.34, 0.34


def agreement_figure(results: Results, subject: Subject) -> Figure | None:
    """The analyses of one question on the axis of the answer; ``None`` where there is but one."""
    outcome = next(one for one in outcomes(results) if one.name == subject.outcome)
    rows, scale, primary = compared(outcome).rows, outcome.scale, outcome.primary
    if len(rows) < 2 or primary is None:
        return None
    title, alternative = _title(subject, rows, scale), _alternative(subject, rows, scale, primary)
    name = f"{subject.slug}-agreement"
    height = _TOP + _BOTTOM + _PITCH * len(rows)
    with canvas(height, name, WIDTH) as picture:
        detail = {"pairs": "Pairs of 100, ties half"}.get(scale.code, f"Difference in {subject.unit}")
        write(picture, _LEFT, height - 0.13, detail, size=SMALL, color=GREY, va="center")
        axes = panel(picture, _LEFT, _BOTTOM, WIDTH - _LEFT - 0.1, _PITCH * len(rows))
        _draw(axes, rows, scale, primary)
        drawn = svg(picture, name, title, alternative)
    return Figure(
        outcome=subject.outcome,
        kind="agreement",
        name=name,
        svg=drawn,
        title=title,
        subtitle=_subtitle(subject, rows),
        alternative=alternative,
        header=("Analysis", "Estimate", "Interval from", "to", "p"),
        rows=tuple(
            (
                short_name(row) + (" (the answer)" if row is primary else ""),
                scale.text(row.estimate),
                scale.text(row.conf_low),
                scale.text(row.conf_high),
                p_words(row.p_value),
            )
            for row in rows
        ),
    )


def _title(subject: Subject, rows: tuple[EstimateRow, ...], scale: Scale) -> str:
    values = [row.estimate for row in rows if row.estimate is not None]
    low, high = scale.text(min(values)), scale.text(max(values))
    unit = "of 100 pairs" if scale.code == "pairs" else subject.unit
    if low == high:
        return f"{subject.name}: {len(rows)} analyses all find {low} {unit}"
    return f"{subject.name}: {len(rows)} analyses find from {low} to {high} {unit}"


def _subtitle(subject: Subject, rows: tuple[EstimateRow, ...]) -> str:
    words = f"Estimates with {subject.level} intervals; blue and large: the answer."
    if any(row.conf_low is None for row in rows):
        words += " Hollow: gives a p-value, no interval."
    return words


def _alternative(subject: Subject, rows: tuple[EstimateRow, ...], scale: Scale, primary: EstimateRow) -> str:
    said = []
    for row in rows:
        ends = f", interval {scale.interval(row)}" if row.conf_low is not None else f", {p_words(row.p_value)}"
        mark = " (the answer)" if row is primary else ""
        said.append(f"{short_name(row)}{mark} {scale.text(row.estimate)}{ends}")
    return f"{subject.name}: {'; '.join(said)}."


def _draw(axes: Axes, rows: tuple[EstimateRow, ...], scale: Scale, primary: EstimateRow) -> None:
    every = [value for row in rows for value in (row.estimate, row.conf_low, row.conf_high) if value is not None]
    shown = [scale.null, *(scale.shown(value) for value in every)]
    low, high = min(shown), max(shown)
    span = (high - low) or 1.0
    low, high = low - 0.05 * span, high + 0.05 * span
    axes.set_xlim(low, high)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    ticks = nice_ticks(low, high, 5, scale.null)
    axes.set_xticks([tick for tick, _ in ticks], [text for _, text in ticks])
    for tick, _ in ticks:
        axes.axvline(tick, color=LIGHT, linewidth=0.5, zorder=0)
    axes.axvline(scale.null, color=INK, linewidth=1.0, zorder=1)
    axes.set_yticks(range(len(rows)), [short_name(row) for row in rows])
    axes.tick_params(axis="y", labelcolor=INK, labelsize=SMALL, pad=4)
    for place, row in enumerate(rows):
        chosen = row is primary
        if chosen:
            label = axes.get_yticklabels()[place]
            label.set_fontweight("bold")
            label.set_fontsize(TEXT)
        colour = EXPERIMENTAL if chosen else INK
        if row.conf_low is not None and row.conf_high is not None:
            ends = [scale.shown(row.conf_low), scale.shown(row.conf_high)]
            axes.plot(ends, [place, place], color=colour, linewidth=2.2 if chosen else 1.0, zorder=2)
        axes.plot(
            [scale.shown(row.estimate or 0.0)],
            [place],
            "o",
            color=colour if row.conf_low is not None else "white",
            markeredgecolor=colour,
            markeredgewidth=1.0,
            markersize=7 if chosen else 4.5,
            zorder=3,
        )
