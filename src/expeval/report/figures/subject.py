"""What the figures of one outcome speak of: its names, its scale, and the row that is the answer."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from expeval.report.numbers import number, percent
from expeval.report.subject import Scale
from expeval.report.subject import Subject as OutcomeOfPage
from expeval.results import EstimateRow, Results

ARMS = ("experimental", "control")


@dataclass(frozen=True, slots=True)
class Subject:
    """One outcome as the figures name it.

    Attributes
    ----------
    slug
        ASCII letters, digits and hyphens, unique in the report.
    name
        The outcome's name, on one line.
    arms
        The names of both groups, by arm.
    kind, levels
        Score, ordinal or binary; the levels' labels by their code.
    level
        The intervals' level: "95 %".
    effect
        The answer and how it reads.
    """

    slug: str
    outcome: str
    name: str
    arms: dict[str, str]
    kind: str
    levels: dict[float, str]
    level: str
    effect: Effect

    @property
    def factor(self) -> float:
        """What values are multiplied by to be shown: a share is shown in per cent."""
        return 100.0 if self.kind == "binary" else 1.0

    @property
    def unit(self) -> str:
        """The unit of a difference of the outcome."""
        return "percentage points" if self.kind == "binary" else "points"


@dataclass(frozen=True, slots=True)
class Effect:
    """The answer's numbers as they are shown, and what their axis is.

    Attributes
    ----------
    estimate, low, high
        On the axis's scale.
    null
        The value of no difference on that scale.
    decimals
        The decimals of all three numbers, the same as in the page's sentences.
    scale
        ``"difference"`` (of means or shares), ``"shift"`` (Hodges-Lehmann), ``"pairs"`` (of 100, in which the
        student of the experimental arm is ahead, ties half) or ``"log-odds"``.
    note
        What the row says of itself, such as why it has no interval.
    adjusted
        Whether it is another difference than that of the means beside it.
    """

    estimate: float | None
    low: float | None
    high: float | None
    null: float
    decimals: int
    scale: str
    note: str | None
    adjusted: bool = False

    def shown(self, value: float | None) -> str:
        """A number of this effect, with the effect's decimals."""
        return number(value, self.decimals)

    @property
    def settled(self) -> bool:
        """Whether the whole interval lies on one side of no difference."""
        if self.low is None or self.high is None:
            return False
        return self.low > self.null or self.high < self.null


def subjects(results: Results) -> list[Subject]:
    """The outcomes in the study file's order."""
    outcomes = results.study["outcomes"]
    slugs = _slugs([str(outcome["name"]) for outcome in outcomes])
    arms = {arm: _arm_name(results.study["groups"], arm) for arm in ARMS}
    level = percent(float(results.study["inference"]["confidence"]))
    return [
        Subject(
            slug=slug,
            outcome=outcome["name"],
            name=one_line(outcome["name"]),
            arms=arms,
            kind=outcome["kind"],
            levels=_levels(outcome),
            level=level,
            effect=_effect(results, outcome),
        )
        for slug, outcome in zip(slugs, outcomes, strict=True)
    ]


def one_line(text: object, longest: int = 200) -> str:
    """Text on one line, without characters that XML forbids, cut in its middle where it is too long."""
    allowed = "".join(c if c.isprintable() else " " for c in str(text))
    line = " ".join(allowed.split())
    if len(line) <= longest:
        return line
    tail = (longest - 1) // 3
    return line[: longest - 1 - tail].rstrip() + "…" + line[-tail:].lstrip()


def distinct_lines(texts: Sequence[str], longest: int) -> list[str]:
    """Texts on one line each, cut so that those that differ only in what would be cut keep that."""
    whole = [one_line(text, 1000) for text in texts]
    short = [one_line(text, longest) for text in whole]
    for line in {line for line in short if short.count(line) > 1}:
        alike = [i for i, other in enumerate(short) if other == line]
        shared = _shared_start([whole[i] for i in alike])
        head = longest // 3
        if shared <= head:
            continue
        for i in alike:
            rest = whole[i][max(shared - 2, head) :][: longest - head - 1]
            short[i] = f"{whole[i][:head].rstrip()}…{rest.strip()}"
    return short


def _shared_start(texts: Sequence[str]) -> int:
    """How many characters all texts begin with alike."""
    columns = zip(*texts, strict=False)
    return next((i for i, letters in enumerate(columns) if len(set(letters)) > 1), min(map(len, texts)))


def scale_text(values: Sequence[float]) -> list[str]:
    """Evenly spaced values of a scale, with as many decimals as tell them apart."""
    steps = [abs(b - a) for a, b in pairwise(values) if b != a]
    step = min(steps, default=1.0)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    while places < 9 and any(abs(value - round(value, places)) > step / 100 for value in values):
        places += 1
    return [number(value, places) for value in values]


def _slugs(names: Sequence[str]) -> list[str]:
    taken: list[str] = []
    for position, name in enumerate(names, start=1):
        slug = "-".join(re.findall("[a-z0-9]+", name.lower()))
        # A name that is not ASCII would lose letters, one like a number's form could meet another's number.
        plain = name.isascii() and 0 < len(slug) <= 40 and not re.fullmatch(r"outcome-\d+", slug)
        taken.append(slug if plain and slug not in taken else f"outcome-{position}")
    return taken


def _arm_name(groups: dict[str, Any], arm: str) -> str:
    labels = groups[arm]
    if isinstance(labels, str):
        return one_line(labels)
    if isinstance(labels, (list, tuple)) and all(isinstance(label, (str, int, float)) for label in labels):
        return one_line(" / ".join(str(label) for label in labels)) or arm
    return arm


def _levels(outcome: dict[str, Any]) -> dict[float, str]:
    """Labels by code: numbers are their own codes, texts are numbered (from 0 where binary, else from 1)."""
    levels = outcome.get("levels") or ()
    texts = [one_line(level) for level in levels]
    numeric = outcome["kind"] != "binary" and all(_is_number(text) for text in texts)
    first = 0 if outcome["kind"] == "binary" else 1
    codes = [float(text) for text in texts] if numeric else [float(first + i) for i in range(len(texts))]
    return dict(zip(codes, texts, strict=True))


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?", text) is not None


def _effect(results: Results, outcome: dict[str, Any]) -> Effect:
    own = OutcomeOfPage(results, outcome)
    row = own.primary
    if row is None:
        return Effect(None, None, None, 0.0, 1, "difference", None)
    page = own.scale
    estimate, low, high = (
        None if value is None else page.shown(value) for value in (row.estimate, row.conf_low, row.conf_high)
    )
    if low is None or high is None:
        low = high = None
    return Effect(
        estimate, low, high, page.null, page.decimals, _scale(row, page), row.note, own.is_adjusted(row.method)
    )


def _scale(row: EstimateRow, page: Scale) -> str:
    if page.code == "pairs":
        return "pairs"
    if row.method == "mann-whitney":
        return "shift"
    return "log-odds" if row.method.startswith(("logit", "proportional-odds")) else "difference"


def nice_ticks(low: float, high: float, most: int, null: float | None = None) -> list[tuple[float, str]]:
    """A few round values between two ends with their texts; ``null`` is one of them where given."""
    from matplotlib.ticker import MaxNLocator

    base = null or 0.0
    found = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(low - base, high - base)
    values = [float(value) + base for value in found if low <= value + base <= high]
    return list(zip(values, scale_text(values), strict=True))
