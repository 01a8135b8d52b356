"""Both groups along one scale, one above it and one below: bars of shares, drawn from the results' bins."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from expeval.report.figures.canvas import (
    CONTROL,
    CONTROL_TEXT,
    EXPERIMENTAL,
    EXPERIMENTAL_EDGE,
    GREY,
    INK,
    SMALL,
    panel,
    write,
)
from expeval.report.figures.subject import ARMS, Subject, nice_ticks, one_line
from expeval.report.numbers import count, decimals_for, number
from expeval.results import GroupRow, Results

GAP = 0.26
FILL = {"experimental": EXPERIMENTAL, "control": CONTROL}
EDGES = {"experimental": EXPERIMENTAL_EDGE, "control": CONTROL_TEXT}
INKS = {"experimental": EXPERIMENTAL, "control": CONTROL_TEXT}
MOST_LABELLED = 8


@dataclass(frozen=True, slots=True)
class Half:
    """One group's bins.

    Attributes
    ----------
    lows, highs, counts
        The bins on the outcome's scale; equal ends are a level, a count of ``None`` was withheld.
    total
        Students of the group, or those of the known bins where the number was withheld.
    mean, decimals
        The group's mean where the scale has one to show, and its decimals.
    """

    arm: str
    name: str
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    counts: tuple[int | None, ...]
    n: int | None
    total: int
    mean: float | None
    decimals: int

    @property
    def levels(self) -> bool:
        """Whether the bins are levels."""
        return bool(self.lows) and self.lows == self.highs

    @property
    def shares(self) -> list[float | None]:
        """The share of the group in each bin."""
        return [None if n is None or not self.total else n / self.total for n in self.counts]

    def label(self) -> str:
        """The line that names the group: name, size, mean."""
        words = f"{one_line(self.name, 26)} · {_students(self.n)}"
        return words if self.mean is None else f"{words} · mean {number(self.mean, self.decimals)}"

    def words(self, subject: Subject) -> str:
        """The group in a sentence of the alternative text."""
        mean = "" if self.mean is None else f", mean {number(self.mean, self.decimals)}"
        known = [(share, i) for i, share in enumerate(self.shares) if share is not None]
        most = ""
        if known:
            share, i = max(known, key=lambda pair: (pair[0], -pair[1]))
            where = subject.levels.get(self.lows[i], number_plain(self.lows[i]))
            where = f"at {where}" if self.levels else f"from {where} to {number_plain(self.highs[i])}"
            most = f", most ({number(100 * share, 0)} %) {where}"
        return f"{self.name}: {_students(self.n)}{mean}{most}."

    def rows(self, subject: Subject) -> list[tuple[str, ...]]:
        """The group's numbers as rows of the figure's table."""
        rows = []
        for low, high, n, share in zip(self.lows, self.highs, self.counts, self.shares, strict=True):
            ends = [subject.levels.get(end, number_plain(end)) for end in (low, high)]
            percentage = "–" if share is None else f"{number(100 * share, 1)} %"
            rows.append((f"{self.name}: students", *ends, count(n), percentage))
        if self.mean is not None:
            rows.append((f"{self.name}: mean", "", "", number(self.mean, self.decimals), ""))
        return rows


def number_plain(value: float) -> str:
    """A value of the scale in its shortest form, as in 2 or 0.25."""
    text = f"{abs(value):.9g}"
    return ("−" if value < 0 else "") + text


def _students(n: int | None) -> str:
    return "number withheld" if n is None else f"{count(n)} student{'' if n == 1 else 's'}"


def halves(results: Results, subject: Subject) -> list[Half]:
    """Both groups, the experimental one first."""
    groups = {row.arm: row for row in results.groups if row.outcome == subject.outcome and row.moment == "outcome"}
    means = [row.mean for row in groups.values() if row.mean is not None]
    decimals = decimals_for(means[0] - means[1], means[0]) if len(means) == 2 else decimals_for(*means)
    return [_half(results, subject, arm, groups.get(arm), decimals) for arm in ARMS]


def _half(results: Results, subject: Subject, arm: str, group: GroupRow | None, decimals: int) -> Half:
    bins = [
        row for row in results.distributions if (row.outcome, row.arm, row.moment) == (subject.outcome, arm, "outcome")
    ]
    bins.sort(key=lambda row: row.low)
    n = None if group is None else group.n
    # The mean of a binary outcome is the bar itself, and levels that are words have none.
    worded = any(text != number_plain(code) for code, text in subject.levels.items())
    mean = None if group is None or subject.kind == "binary" or worded else group.mean
    return Half(
        arm=arm,
        name=subject.arms[arm],
        lows=tuple(row.low for row in bins),
        highs=tuple(row.high for row in bins),
        counts=tuple(row.n for row in bins),
        n=n,
        total=n if n else sum(row.n or 0 for row in bins),
        mean=mean,
        decimals=decimals,
    )


# ------------------------------------------------------------------------------------------------------ drawing


def draw_halves(picture: Picture, subject: Subject, sides: list[Half], box: tuple[float, float, float, float]) -> None:
    """Draw the groups into ``box`` (left, bottom, width, height in inches), names above and below it."""
    left, bottom, width, height = box
    tall = (height - GAP) / 2
    places = [bottom + tall + GAP, bottom]
    if not any(n for side in sides for n in side.counts):
        write(picture, left, bottom + height / 2, "No distribution can be shown", color=GREY, va="center")
    drawn = _placed(sides)
    low, high, bar = _range(drawn)
    top = max((value for side in drawn for value in _heights(side) if value is not None), default=1.0) or 1.0
    labelled = sum(side.levels for side in sides) > 0 and max(len(side.lows) for side in sides) <= MOST_LABELLED
    for side, named, place in zip(drawn, sides, places, strict=True):
        axes = panel(picture, left, place, width, tall)
        axes.set_xlim(low, high)
        axes.set_ylim(0, top * (1.42 if labelled else 1.2))
        axes.set_xticks([])
        axes.set_yticks([])
        if side.arm == "control":
            axes.invert_yaxis()
        axes.axhline(0, color=INK, linewidth=0.8, clip_on=False)
        _bars(axes, side, bar, top, labelled)
        _mean(axes, side)
        beyond = place + tall + 0.14 if side.arm == "experimental" else place - 0.18
        write(picture, left, beyond, named.label(), color=INKS[side.arm], weight="bold", size=SMALL, va="center")
    for share, text in _scale_labels(subject, sides):
        across = left + width * (share - low) / (high - low)
        write(picture, across, bottom + tall + GAP / 2, text, size=SMALL, color=GREY, ha="center", va="center")


def _ends(sides: list[Half]) -> tuple[float, float]:
    """Both ends of what the bins cover."""
    ends = [end for side in sides for end in (*side.lows, *side.highs)]
    return (min(ends), max(ends)) if ends else (0.0, 1.0)


def _share(value: float, sides: list[Half]) -> float:
    """Where a value stands between both ends of the bins, from 0 to 1; 0 where all bins are one value."""
    low, high = _ends(sides)
    return (value - low) / (high - low) if high > low else 0.0


def _placed(sides: list[Half]) -> list[Half]:
    """The groups with the bins on a scale from 0 to 1.

    matplotlib widens an axis that is narrow beside its numbers (1e9 and a spread of 1e-6), and computes with the
    squares of very large and very small ones.
    """

    def placed(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(_share(value, sides) for value in values)

    found = []
    for side in sides:
        mean = None if side.mean is None else _share(side.mean, sides)
        shown = mean if mean is not None and math.isfinite(mean) else None
        found.append(replace(side, lows=placed(side.lows), highs=placed(side.highs), mean=shown))
    return found


def _heights(side: Half) -> list[float | None]:
    """Shares of levels; shares per unit of the scale of bins, whose widths differ where they were merged."""
    widths = [1.0 if side.levels else high - low for low, high in zip(side.lows, side.highs, strict=True)]
    return [
        None if share is None or width <= 0 else share / width for share, width in zip(side.shares, widths, strict=True)
    ]


def _range(sides: list[Half]) -> tuple[float, float, float]:
    """Both ends of the scale, and the width of a level's bar."""
    ends = sorted({end for side in sides for end in (*side.lows, *side.highs)})
    if not ends:
        return 0.0, 1.0, 0.7
    span = ends[-1] - ends[0]
    if not all(side.levels for side in sides if side.lows):
        return ends[0] - 0.02 * span, ends[-1] + 0.02 * span, 0.02 * span
    gap = min((b - a for a, b in pairwise(ends)), default=1.0)
    bar = max(0.7 * gap, span / 60)
    return ends[0] - 0.75 * bar, ends[-1] + 0.75 * bar, bar


def _bars(axes: Axes, side: Half, bar: float, top: float, labelled: bool) -> None:
    for low, high, height, share in zip(side.lows, side.highs, _heights(side), side.shares, strict=True):
        if height is None:
            axes.plot([(low + high) / 2], [0.09 * top], "x", color=GREY, markersize=5)
            continue
        start, width = (low - bar / 2, bar) if side.levels else (low, high - low)
        axes.bar(
            [start], [height], width=width, align="edge", color=FILL[side.arm], edgecolor=EDGES[side.arm], linewidth=0.7
        )
        if labelled and share is not None:
            axes.annotate(
                f"{number(100 * share, 0)}\u00a0%",
                (low + _aside(side, low, bar), height),
                xytext=(0, 7 if side.arm == "experimental" else -7),
                textcoords="offset points",
                ha="center",
                va="center",
                size=SMALL,
                color=INK,
            )


def _aside(side: Half, level: float, bar: float) -> float:
    """How far a bar's label stands from its middle, so that the line of the mean does not cross it."""
    if side.mean is None or abs(side.mean - level) > 0.3 * bar:
        return 0.0
    return -0.27 * bar if side.mean > level else 0.27 * bar


def _mean(axes: Axes, side: Half) -> None:
    if side.mean is None:
        return
    end = axes.get_ylim()[1] if side.arm == "experimental" else axes.get_ylim()[0]
    axes.plot([side.mean] * 2, [0, 0.93 * end], color=INK, linewidth=1.0, linestyle=(0, (3, 2)))
    marker = "v" if side.arm == "experimental" else "^"
    axes.plot([side.mean], [0.94 * end], marker, color=INKS[side.arm], markersize=7)


def _scale_labels(subject: Subject, sides: list[Half]) -> list[tuple[float, str]]:
    """Places from 0 to 1 along the scale, and what stands there."""
    values = sorted({low for side in sides if side.levels for low in side.lows})
    if not values or (not subject.levels and len(values) > 12):
        return [(_share(value, sides), text) for value, text in _ticks(sides)]
    longest = max(4, int(47 / len(values)))
    texts = [one_line(subject.levels.get(value, number_plain(value)), longest) for value in values]
    return [(_share(value, sides), text) for value, text in zip(values, texts, strict=True)]


def _ticks(sides: list[Half]) -> list[tuple[float, str]]:
    """Round values along the scale; where their decimals can't tell them apart, in more digits."""
    low, high = _ends(sides)
    if not any(side.lows for side in sides) or low == high:
        return []
    found = nice_ticks(low, high, 5)
    if len({text for _, text in found}) < len(found):
        found = [(value, number_plain(value)) for value, _ in found]
    return found if len({text for _, text in found}) == len(found) else []
