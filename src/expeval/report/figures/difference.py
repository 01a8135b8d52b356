"""The figure of an outcome's answer: both groups' distributions, and the difference with its interval."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from expeval.report.figure import Figure
from expeval.report.figures.canvas import GREY, INK, LIGHT, SMALL, TEXT, WIDTH, canvas, panel, svg, write
from expeval.report.figures.distribution import Half, draw_halves, halves
from expeval.report.figures.subject import Effect, Subject, nice_ticks, one_line
from expeval.results import Results

HEIGHT = 3.7
HEADER = ("Shown", "From", "To", "Value", "Share of group")
_LEFT, _WIDE = 0.15, 4.15
_RIGHT = 4.75
_FOOT = 0.42


def difference_figure(results: Results, subject: Subject) -> Figure | None:
    """Left: shares of each group along the outcome's scale. Right: the primary estimate and its interval."""
    sides = halves(results, subject)
    title, finding = _title(subject), _finding(subject)
    alternative = " ".join([f"{subject.name}.", *(side.words(subject) for side in sides), finding])
    name = f"{subject.slug}-difference"
    with canvas(HEIGHT, name) as picture:
        draw_halves(picture, subject, sides, (_LEFT, _FOOT, _WIDE, HEIGHT - _FOOT - 0.64))
        write(picture, _LEFT, HEIGHT - 0.17, one_line(subject.name, 48), weight="bold", va="center")
        _draw_effect(picture, subject)
        drawn = svg(picture, name, title, alternative)
    rows = [row for side in sides for row in side.rows(subject)]
    return Figure(
        outcome=subject.outcome,
        kind="difference",
        name=name,
        svg=drawn,
        title=title,
        subtitle=_subtitle(subject, sides),
        alternative=alternative,
        header=HEADER,
        rows=(*rows, _effect_row(subject)),
    )


def _title(subject: Subject) -> str:
    effect, (experimental, control) = subject.effect, subject.arms.values()
    if effect.estimate is None:
        return f"{subject.name}: no difference could be estimated"
    if effect.low is not None and not effect.settled:
        return f"{subject.name}: {_open(subject)}"
    alone = ", adjusted" if effect.adjusted else ""
    alone += ", without an interval" if effect.low is None else ""
    if effect.scale == "pairs":
        return (
            f"{subject.name}: {experimental} ahead of {control} in {effect.shown(effect.estimate)} of 100 pairs, "
            f"ties half{alone}"
        )
    return f"{subject.name}: {experimental} {_amount(subject, effect.estimate)} than {control}{alone}"


def _open(subject: Subject) -> str:
    effect = subject.effect
    names = " against ".join(subject.arms.values())
    names += ", adjusted" if effect.adjusted else ""
    if effect.scale == "pairs":
        return (
            f"anything from {effect.shown(effect.low)} to {effect.shown(effect.high)} of 100 pairs in favour of "
            f"{subject.arms['experimental']}{', adjusted' if effect.adjusted else ''} (50: no difference)"
        )
    assert effect.low is not None
    assert effect.high is not None
    if effect.low < 0 < effect.high:
        lower = f"{effect.shown(-effect.low)} lower"
        return f"anything from {lower} to {_amount(subject, effect.high)}, {names}"
    return f"anything from {_amount(subject, effect.low)} to {_amount(subject, effect.high)}, {names}"


def _amount(subject: Subject, value: float) -> str:
    unit = "in log odds" if subject.effect.scale == "log-odds" else subject.unit
    return f"{subject.effect.shown(abs(value))} {unit} {'lower' if value < 0 else 'higher'}"


def _finding(subject: Subject) -> str:
    effect = subject.effect
    if effect.estimate is None:
        return f"The difference could not be estimated{_because(effect)}."
    words = f"{_axis_name(subject)}: {effect.shown(effect.estimate)}"
    if effect.low is None:
        return f"{words}, without an interval{_because(effect)}."
    null = "50" if effect.scale == "pairs" else "0"
    return (
        f"{words}, {subject.level} interval {effect.shown(effect.low)} to {effect.shown(effect.high)}; "
        f"{null} means no difference."
    )


def _because(effect: Effect) -> str:
    return f" ({effect.note})" if effect.note else ""


def _axis_name(subject: Subject) -> str:
    experimental, control = subject.arms.values()
    match subject.effect.scale:
        case "pairs":
            return f"Pairs of 100 in which {experimental} is ahead of {control}, ties half"
        case "shift":
            return f"Median difference of a pair, {experimental} − {control}, in {subject.unit}"
        case "log-odds":
            return f"Difference in log odds, {experimental} − {control}"
        case _:
            return f"Difference, {experimental} − {control}, in {subject.unit}"


def _subtitle(subject: Subject, sides: list[Half]) -> str:
    levels = any(side.levels for side in sides)
    # Named by their shapes: on a phone the two halves stand one below the other.
    groups = "Bars: the share of each group at each level." if levels else "Bars: both groups; areas are shares."
    groups += " Triangles: means." if any(side.mean is not None for side in sides) else ""
    groups += " ×: number withheld." if any(None in side.counts for side in sides) else ""
    if subject.effect.estimate is None:
        return groups
    if subject.effect.low is None:
        return f"{groups} Dot: {_primary(subject.effect)}, without an interval."
    return f"{groups} Dot and line: {_primary(subject.effect)} and its {subject.level} interval."


def _primary(effect: Effect) -> str:
    return "the primary estimate (adjusted)" if effect.adjusted else "the primary estimate"


def _effect_row(subject: Subject) -> tuple[str, ...]:
    effect = subject.effect
    low, high = ("" if v is None else effect.shown(v) for v in (effect.low, effect.high))
    return (f"{_axis_name(subject)} ({subject.level} interval)", low, high, effect.shown(effect.estimate), "")


# ------------------------------------------------------------------------------------------------- right panel


def _draw_effect(picture: Picture, subject: Subject) -> None:
    effect = subject.effect
    heading, detail = {
        "pairs": ("Who is ahead", "of 100 pairs"),
        "shift": ("Median difference", subject.unit),
        "log-odds": ("Difference", "log odds"),
    }.get(effect.scale, ("Difference", subject.unit))
    heading = f"{heading}, adjusted" if effect.adjusted else heading
    detail += "" if effect.low is None else f", {subject.level} interval"
    detail = detail.replace("percentage points, ", "% points, ")
    write(picture, _RIGHT, HEIGHT - 0.17, heading, weight="bold", va="center")
    write(picture, _RIGHT, HEIGHT - 0.37, detail, size=SMALL, color=GREY, va="center")
    axes = panel(picture, _RIGHT + 0.45, _FOOT, WIDTH - _RIGHT - 0.55, HEIGHT - _FOOT - 0.84)
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    if effect.estimate is None:
        axes.set_yticks([])
        axes.text(0, 0.5, "No estimate:\nthe page says why", color=GREY, va="center", transform=axes.transAxes)
        return
    _scale_of_difference(axes, effect)
    _point(axes, effect)
    _directions(picture, subject)


def _scale_of_difference(axes: Axes, effect: Effect) -> None:
    shown = [v for v in (effect.estimate, effect.low, effect.high, effect.null) if v is not None]
    low, high = min(shown), max(shown)
    span = (high - low) or max(abs(high), 1.0)
    axes.set_ylim(low - 0.12 * span, high + 0.12 * span)
    ticks = nice_ticks(low - 0.12 * span, high + 0.12 * span, 5, effect.null)
    axes.set_yticks([tick for tick, _ in ticks], [text for _, text in ticks])
    for tick, _ in ticks:
        axes.axhline(tick, color=LIGHT, linewidth=0.6, zorder=0)
    axes.axhline(effect.null, color=INK, linewidth=1.1, zorder=1)


def _point(axes: Axes, effect: Effect) -> None:
    assert effect.estimate is not None
    axes.plot([0.28], [effect.estimate], "o", color=INK, markersize=7, zorder=3)
    label = effect.shown(effect.estimate)
    look: dict[str, Any] = {"va": "center", "zorder": 4}
    if effect.low is None or effect.high is None:
        axes.text(0.4, effect.estimate, label, weight="bold", size=TEXT + 1, **look)
        bottom, top = axes.get_ylim()
        below = effect.estimate - 0.08 * (top - bottom)
        below = below if below > bottom + 0.12 * (top - bottom) else effect.estimate + 0.16 * (top - bottom)
        axes.text(0.4, below, "no interval:\nsee why", size=SMALL, color=GREY, **(look | {"va": "top"}))
        return
    axes.plot([0.28, 0.28], [effect.low, effect.high], color=INK, linewidth=2.0, solid_capstyle="butt", zorder=2)
    bottom, top = axes.get_ylim()
    room = 0.075 * (top - bottom)
    if min(effect.high - effect.estimate, effect.estimate - effect.low) < room:
        label = f"{label}\n{effect.shown(effect.low)} to {effect.shown(effect.high)}"
        axes.text(0.4, effect.estimate, label, weight="bold", size=SMALL, **look)
        return
    axes.text(0.4, effect.estimate, label, weight="bold", size=TEXT + 1, **look)
    for end in (effect.low, effect.high):
        axes.text(0.4, end, effect.shown(end), size=SMALL, **look)


def _directions(picture: Picture, subject: Subject) -> None:
    experimental, control = (one_line(arm, 18) for arm in subject.arms.values())
    write(picture, _RIGHT, HEIGHT - 0.62, f"↑ {experimental} higher", size=SMALL, color=GREY, va="center")
    write(picture, _RIGHT, 0.24, f"↓ {control} higher", size=SMALL, color=GREY, va="center")
