"""The same in every institution?  Their differences (or means) with intervals, by name and never by result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from expeval.report.figure import Figure
from expeval.report.figures.canvas import EXPERIMENTAL, GREY, INK, LIGHT, PALE, SMALL, WIDTH, canvas, panel, svg, write
from expeval.report.figures.subject import Subject, distinct_lines, nice_ticks, one_line
from expeval.report.numbers import count, decimals_for, number
from expeval.results import EstimateRow, Results

MOST_IN_ONE_COLUMN = 45
MOST_IN_TWO_COLUMNS = 110
_PITCH = 0.185
_TOP, _BOTTOM = 0.5, 0.34


@dataclass(frozen=True, slots=True)
class Forest:
    """The rows that are drawn, and how they read.

    Attributes
    ----------
    differences
        Whether the rows are differences inside institutions; else means of institutions with one group.
    overall
        The primary estimate where it is on the rows' scale.
    left_out
        Rows without numbers, and rows of the other sort.
    shrunken
        What the mixed model predicts, by institution; empty where there is no such model.
    """

    rows: tuple[EstimateRow, ...]
    shrunken: dict[str, EstimateRow]
    differences: bool
    overall: float | None
    null: float | None
    factor: float
    decimals: int
    left_out: int

    def shown(self, value: float | None) -> str:
        """A value of the forest, with the forest's decimals."""
        return number(None if value is None else value * self.factor, self.decimals)

    @property
    def trims(self) -> bool:
        """Whether an interval beyond the axis goes on: a share's ends at 0 and 100 %."""
        return self.differences or self.factor == 1.0

    @property
    def around(self) -> int:
        """How many intervals (the shrunken ones, where there are any) hold the overall estimate."""
        return sum(
            row.conf_low is not None
            and row.conf_high is not None
            and self.overall is not None
            and row.conf_low <= self.overall / self.factor <= row.conf_high
            for row in map(self.solid, self.rows)
        )

    def solid(self, row: EstimateRow) -> EstimateRow:
        """The row that the eye is to follow: the shrunken one where there is one."""
        return self.shrunken.get(row.term, row)

    @property
    def drawn(self) -> tuple[EstimateRow, ...]:
        """Every row with a place on the axis."""
        return (*self.rows, *self.shrunken.values())


def institutions_figure(results: Results, subject: Subject) -> Figure | None:
    """A line an institution: estimate and interval, fainter and smaller where fewer students stand behind it."""
    forest = _forest(results, subject)
    if forest is None:
        return None
    name, title = f"{subject.slug}-institutions", _title(subject, forest)
    subtitle = _subtitle(subject, forest)
    alternative = _alternative(subject, forest)
    drawn = _picture(subject, forest, name, title, alternative)
    return Figure(
        outcome=subject.outcome,
        kind="institutions",
        name=name,
        svg=drawn,
        title=title,
        subtitle=subtitle,
        alternative=alternative,
        header=_header(subject, forest),
        rows=tuple(_numbers(forest, row) for row in forest.rows),
    )


def _header(subject: Subject, forest: Forest) -> tuple[str, ...]:
    header = ("Institution", "Students", _heading(subject, forest), "Interval from", "to")
    return (*header, "Drawn together", "Interval from", "to") if forest.shrunken else header


def _numbers(forest: Forest, row: EstimateRow) -> tuple[str, ...]:
    cells = [one_line(row.term), count(row.n), *map(forest.shown, (row.estimate, row.conf_low, row.conf_high))]
    if forest.shrunken:
        drawn = forest.shrunken.get(row.term)
        values = (None, None, None) if drawn is None else (drawn.estimate, drawn.conf_low, drawn.conf_high)
        cells += map(forest.shown, values)
    return tuple(cells)


def _forest(results: Results, subject: Subject) -> Forest | None:
    every = sorted(results.find(subject.outcome, "institution", "raw"), key=lambda row: row.term)
    known = [row for row in every if row.estimate is not None]
    # A difference has a test of zero; a mean has an interval and no statistic. Without either it could be both.
    differences = [row for row in known if row.statistic is not None]
    means = [row for row in known if row.statistic is None and row.std_error is not None]
    rows = differences or means or known
    if not rows:
        return None
    effect = subject.effect
    comparable = bool(differences) and effect.scale in ("difference", "shift")
    sizes = sorted((row.std_error or 0.0) * subject.factor for row in rows)
    return Forest(
        rows=tuple(rows),
        shrunken=_shrunken(results, subject, rows, bool(differences)),
        differences=bool(differences),
        overall=effect.estimate if comparable else None,
        null=0.0 if differences else None,
        factor=subject.factor,
        decimals=effect.decimals if comparable else decimals_for(sizes[len(sizes) // 2]),
        left_out=len(every) - len(rows),
    )


def _shrunken(
    results: Results, subject: Subject, rows: Sequence[EstimateRow], differences: bool
) -> dict[str, EstimateRow]:
    raw = {row.term: row.estimate or 0.0 for row in rows}
    means = [row.mean for row in results.groups if row.outcome == subject.outcome and row.moment == "outcome"]
    level = sum(mean or 0.0 for mean in means) / len(means) if means else 0.0
    found = {}
    for row in results.find(subject.outcome, "institution", "shrunken"):
        if row.estimate is None or row.term not in raw:
            continue
        # Where only one arm of an institution is complete, the model has its mean beside a raw difference.
        if differences and abs(row.estimate - raw[row.term]) > abs(row.estimate - level):
            continue
        found[row.term] = row
    return found


def _title(subject: Subject, forest: Forest) -> str:
    number_of = len(forest.rows)
    if forest.overall is not None:
        return (
            f"{subject.name}: the intervals of {forest.around} of {number_of} institutions hold the overall "
            f"difference of {subject.effect.shown(forest.overall)} {subject.unit}"
        )
    low, high = _ends(forest)
    what = "differences inside" if forest.differences else "means of"
    return f"{subject.name}: {what} {_institutions(number_of)}, from {low} to {high}"


def _institutions(number_of: int) -> str:
    return f"{number_of} institution{'' if number_of == 1 else 's'}"


def _ends(forest: Forest) -> tuple[str, str]:
    values = [forest.solid(row).estimate or 0.0 for row in forest.rows]
    return forest.shown(min(values)), forest.shown(max(values))


def _heading(subject: Subject, forest: Forest) -> str:
    percent = subject.kind == "binary"
    if forest.differences:
        return f"Difference in {subject.unit}"
    return f"Share of {one_line(subject.levels.get(1.0, '1'), 20)}, %" if percent else "Mean"


def _subtitle(subject: Subject, forest: Forest) -> str:
    experimental, control = subject.arms.values()
    what = (
        f"Difference inside each institution, {experimental} − {control}, unadjusted"
        if forest.differences
        else "Mean of each institution, which holds one group only"
    )
    words = f"{what}, with its {subject.level} interval; in order of names, fainter where fewer students."
    if forest.shrunken:
        words = (
            f"{what} (grey, hollow), and the same drawn towards what all institutions say, the smaller the further "
            f"(solid), {subject.level} intervals; in order of names."
        )
    if forest.overall is not None:
        words += " Dashed: the primary estimate."
    if forest.left_out:
        reason = "too few students, or only one group" if forest.differences else "too few students"
        words += f" Not drawn: {_institutions(forest.left_out)} ({reason})."
    return words


def _alternative(subject: Subject, forest: Forest) -> str:
    low, high = _ends(forest)
    what = f"differences in {subject.unit}" if forest.differences else "means"
    words = f"{subject.name}: {what} of {_institutions(len(forest.rows))} range from {low} to {high}."
    if forest.overall is not None:
        words += (
            f" The {subject.level} intervals of {forest.around} hold the overall difference of "
            f"{subject.effect.shown(forest.overall)}."
        )
    return words + (f" {_institutions(forest.left_out)} not drawn." if forest.left_out else "")


# ------------------------------------------------------------------------------------------------------ drawing


def _picture(subject: Subject, forest: Forest, name: str, title: str, alternative: str) -> str:
    """The forest in one column like a list, in two or three where that would be a page of scrolling."""
    number_of = len(forest.rows)
    columns = 1 if number_of <= MOST_IN_ONE_COLUMN else 2 if number_of <= MOST_IN_TWO_COLUMNS else 3
    longest = max(math.ceil(number_of / columns), 4)
    labels = distinct_lines([row.term for row in forest.rows], (30, 17, 14)[columns - 1])
    room = 0.12 + 0.082 * max(map(len, labels), default=0)
    wide = WIDTH / columns
    height = _TOP + _BOTTOM + _PITCH * longest
    with canvas(height, name) as picture:
        write(picture, 0.12, height - 0.13, _heading(subject, forest), size=SMALL, weight="bold", va="center")
        if forest.shrunken:
            _key(picture, height)
        for column in range(columns):
            here = slice(column * longest, (column + 1) * longest)
            axes = panel(picture, column * wide + room, _BOTTOM, wide - room - 0.2, _PITCH * longest)
            most = max(2, min(7, int((wide - room) / 0.5)))
            _draw(axes, forest, forest.rows[here], labels[here], longest, most)
            _top_label(axes, subject, forest, wide - room - 0.2)
        return svg(picture, name, title, alternative)


def _draw(
    axes: Axes, forest: Forest, part: Sequence[EstimateRow], names: Sequence[str], longest: int, most: int
) -> None:
    low, high = _range(forest)
    axes.set_xlim(low, high)
    axes.set_ylim(longest - 0.4, -0.6)
    for tick, _ in (ticks := nice_ticks(low, high, most, forest.null)):
        axes.axvline(tick, color=LIGHT, linewidth=0.5, zorder=0)
    axes.set_xticks([tick for tick, _ in ticks], [text for _, text in ticks])
    axes.set_yticks(range(len(part)), names)
    axes.tick_params(axis="y", labelcolor=INK, labelsize=SMALL, pad=4)
    if forest.null is not None:
        axes.axvline(forest.null, color=INK, linewidth=1.0, zorder=1)
    if forest.overall is not None:
        axes.axvline(forest.overall, color=EXPERIMENTAL, linewidth=1.2, linestyle=(0, (4, 2)), zorder=1)
    most_students = max((row.n or 0 for row in forest.rows), default=0)
    for place, row in enumerate(part):
        _line(axes, forest, row, place, math.sqrt((row.n or 0) / most_students) if most_students else 1.0)


def _key(picture: Picture, height: float) -> None:
    """Hollow and solid, said beside the heading."""
    write(
        picture,
        WIDTH - 0.2,
        height - 0.13,
        "□ as observed   ■ drawn together",
        size=SMALL,
        color=GREY,
        ha="right",
        va="center",
    )


def _line(axes: Axes, forest: Forest, row: EstimateRow, place: int, weight: float) -> None:
    shrunken = forest.shrunken.get(row.term)
    strength = 0.4 + 0.6 * weight
    if shrunken is None:
        _mark(axes, forest, row, place, {"color": INK, "alpha": strength, "linewidth": 0.7 + 0.8 * weight}, INK, weight)
        return
    _mark(axes, forest, row, place - 0.14, {"color": PALE, "linewidth": 0.8}, "white", weight, GREY)
    look = {"color": INK, "alpha": 0.6 + 0.4 * weight, "linewidth": 0.8 + 0.8 * weight}
    _mark(axes, forest, shrunken, place + 0.14, look, INK, weight)


def _mark(
    axes: Axes,
    forest: Forest,
    row: EstimateRow,
    place: float,
    line: dict[str, Any],
    fill: str,
    weight: float,
    edge: str | None = None,
) -> None:
    assert row.estimate is not None
    arrow = {"color": line["color"], "alpha": line.get("alpha"), "markersize": 4, "clip_on": False}
    if row.conf_low is not None and row.conf_high is not None:
        ends = [row.conf_low * forest.factor, row.conf_high * forest.factor]
        axes.plot(ends, [place, place], zorder=2, **line)
        low, high = axes.get_xlim()
        if ends[0] < low and forest.trims:
            axes.plot([low], [place], "<", **arrow)
        if ends[1] > high and forest.trims:
            axes.plot([high], [place], ">", **arrow)
    axes.plot(
        [row.estimate * forest.factor],
        [place],
        "s",
        color=fill,
        alpha=line.get("alpha"),
        markersize=2.5 + (1.0 if edge else 3.0 if not forest.shrunken else 1.8) * weight,
        markeredgewidth=0 if edge is None else 0.7,
        markeredgecolor=edge or fill,
        zorder=3,
    )


def _range(forest: Forest) -> tuple[float, float]:
    """The ends of the axis: all estimates, all intervals, zero; a few far longer intervals end in an arrow."""
    factor = forest.factor
    lows = sorted(row.conf_low * factor for row in forest.drawn if row.conf_low is not None)
    highs = sorted(row.conf_high * factor for row in forest.drawn if row.conf_high is not None)
    spare = len(lows) // 40
    values = [row.estimate * factor for row in forest.drawn if row.estimate is not None]
    inner = values + lows[spare:] + highs[: len(highs) - spare]
    outer = values + lows + highs
    values = outer if max(outer) - min(outer) < 1.5 * (max(inner) - min(inner)) else inner
    values += [value for value in (forest.null, forest.overall) if value is not None]
    low, high = min(values), max(values)
    span = (high - low) or max(abs(high), 1.0)
    low, high = low - 0.04 * span, high + 0.04 * span
    if forest.trims:
        return low, high
    return max(low, -1.0), min(high, 101.0)  # a share has no values beyond 0 and 100 %; its interval may


def _top_label(axes: Axes, subject: Subject, forest: Forest, wide: float) -> None:
    if forest.overall is None:
        return
    low, high = axes.get_xlim()
    words = f"overall {subject.effect.shown(forest.overall)}"
    # On the right of its line where it ends inside the picture, else on the left.
    right = (high - forest.overall) / (high - low) * wide + 0.15 > 0.08 * len(words)
    axes.annotate(
        words,
        (forest.overall, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(3 if right else -3, 5),
        textcoords="offset points",
        ha="left" if right else "right",
        va="bottom",
        color=EXPERIMENTAL,
        size=SMALL,
    )
