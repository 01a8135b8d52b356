"""Everything that the report says in sentences: made from intervals, not from p-values.

All of the report's prose that depends on a result stands here, so that it can be translated in one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from expeval.report.numbers import MINUS, count, decimals_for, degrees, number, p_words, percent
from expeval.results import EstimateRow, Results

# Differences smaller than this, in standard deviations, are called alike where the whole interval lies inside.
ALIKE = 0.25


@dataclass(frozen=True, slots=True)
class Asked:
    """One outcome as the sentences need it."""

    results: Results
    name: str

    @property
    def keys(self) -> dict[str, Any]:
        """The outcome's table of the study file."""
        return next(o for o in self.results.study["outcomes"] if o["name"] == self.name)

    @property
    def kind(self) -> str:
        """score, ordinal or binary."""
        return str(self.keys["kind"])

    @property
    def row(self) -> EstimateRow:
        """The row that is the answer."""
        return self.results.primary(self.name)

    @property
    def randomised(self) -> bool:
        """Whether "raised" may be said."""
        return bool(self.results.study["groups"].get("randomised"))

    @property
    def level(self) -> str:
        """The confidence level in words."""
        return percent(self.results.study["inference"]["confidence"])

    @property
    def scale(self) -> Scale:
        """How the answer's estimate is shown."""
        if self.row.method.startswith("win-fraction"):
            return Scale(1.0, "", "more often higher than lower, as a share of all pairs", 0.0)
        if self.row.method == "brunner-munzel" or (self.kind == "ordinal" and self.row.method == "permutation"):
            return Scale(1.0, "", "probability of scoring higher, ties half", 0.5)
        if self.kind == "binary":
            return Scale(100.0, "percentage points", "difference of shares", 0.0)
        return Scale(1.0, "points", "difference of means", 0.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """Factor from the row to the page, unit, what is measured, and the value that means no difference."""

    factor: float
    unit: str
    what: str
    null: float


def arm_name(results: Results, arm: str) -> str:
    """The study's own label of an arm, or the arm's word where the arm has files of its own."""
    labels = results.study["groups"][arm]
    if isinstance(labels, dict):
        return arm
    return " / ".join(str(value) for value in labels)


def arms(results: Results) -> tuple[str, str]:
    """Both labels in quotation marks."""
    return f"“{arm_name(results, 'experimental')}”", f"“{arm_name(results, 'control')}”"


def primary_outcomes(results: Results) -> list[str]:
    """Names of the primary outcomes, or of all where none is."""
    names = [o["name"] for o in results.study["outcomes"] if o.get("role", "primary") == "primary"]
    return names or [o["name"] for o in results.study["outcomes"]]


def answer_sentences(results: Results) -> list[str]:
    """The answer in one sentence for each primary outcome."""
    return [f"{name}: {answer(results, name)}" for name in primary_outcomes(results)]


def answer(results: Results, outcome: str) -> str:
    """The answer for one outcome: clear, open, shown alike, or why there is none."""
    asked = Asked(results, outcome)
    row = asked.row
    if row.estimate is None:
        return f"The question can’t be answered with these data: {row.note or 'the estimate could not be computed'}."
    if row.conf_low is None or row.conf_high is None:
        return _without_interval(asked)
    scale = asked.scale
    low, high = row.conf_low - scale.null, row.conf_high - scale.null
    if low > 0 or high < 0:
        return _clear(asked)
    if _shown_alike(asked):
        return (
            f"Any difference is smaller than {ALIKE} of a standard deviation ({_interval(asked)}; {who(results, row)})."
        )
    return _open(asked)


def _clear(asked: Asked) -> str:
    row, scale = asked.row, asked.scale
    assert row.estimate is not None
    experimental, control = arms(asked.results)
    up = row.estimate > scale.null
    brackets = f"({_interval(asked)}; {who(asked.results, row)})"
    if asked.kind == "ordinal":
        share = row.estimate if scale.null else (row.estimate + 1.0) / 2.0
        return (
            f"A student of {experimental} scored higher than one of {control} with probability "
            f"{number(share, 2)}, ties counted half {brackets}."
        )
    size = number(abs(row.estimate) * scale.factor, _decimals(asked))
    if asked.randomised:
        verb = "raised" if up else "lowered"
        return f"Being in {experimental} rather than {control} {verb} the result by {size} {scale.unit} {brackets}."
    where = "higher" if up else "lower"
    return f"Students of {experimental} scored {size} {scale.unit} {where} than students of {control} {brackets}."


def _open(asked: Asked) -> str:
    row, scale = asked.row, asked.scale
    if asked.kind == "ordinal":
        low, high = _shares(asked)
        return (
            f"The data are compatible with a probability of scoring higher anywhere from {number(low, 2)} to "
            f"{number(high, 2)} (0.50 means no difference); they don’t settle the question "
            f"({asked.level} interval; {who(asked.results, row)})."
        )
    assert row.conf_low is not None
    assert row.conf_high is not None
    decimals = _decimals(asked)
    low_words = f"{number(-row.conf_low * scale.factor, decimals)} {scale.unit} lower"
    high_words = f"{number(row.conf_high * scale.factor, decimals)} {scale.unit} higher"
    return (
        f"The data are compatible with anything from {low_words} to {high_words}; they don’t settle the question "
        f"({asked.level} interval; {who(asked.results, row)})."
    )


def _without_interval(asked: Asked) -> str:
    row, scale = asked.row, asked.scale
    assert row.estimate is not None
    size = number((row.estimate - scale.null) * scale.factor, _decimals(asked))
    unit = f" {scale.unit}" if scale.unit else ""
    codes = {w.code for w in asked.results.warnings if w.outcome == asked.name}
    if "too-few-units" in codes:
        return (
            "With so few institutions in each group no method can tell the new teaching from the institutions it was "
            f"tried in. The difference found is {size}{unit} ({who(asked.results, row)}); how far to trust it can’t be "
            "said."
        )
    return f"The difference found is {size}{unit} ({who(asked.results, row)}); it has no interval: {row.note}."


def _shown_alike(asked: Asked) -> bool:
    """Only where the answer is a two-group test: then the interval of Hedges' g is the answer's own."""
    if asked.row.analysis != "test" or asked.kind == "ordinal":
        return False
    found = asked.results.find(asked.name, "effect-size", "hedges-g")
    if not found or found[0].conf_low is None or found[0].conf_high is None:
        return False
    return found[0].conf_low > -ALIKE and found[0].conf_high < ALIKE


def _decimals(asked: Asked) -> int:
    row, factor = asked.row, asked.scale.factor
    if asked.kind == "ordinal":
        return 2
    assert row.estimate is not None
    # An estimate near zero would ask for digits that its error makes meaningless.
    size = max(abs(row.estimate), row.std_error or 0.0)
    return decimals_for(size * factor)


def _shares(asked: Asked) -> tuple[float, float]:
    """The interval of an ordinal answer as probabilities of scoring higher."""
    row = asked.row
    assert row.conf_low is not None
    assert row.conf_high is not None
    if asked.scale.null:
        return row.conf_low, row.conf_high
    return (row.conf_low + 1.0) / 2.0, (row.conf_high + 1.0) / 2.0


def interval_words(asked: Asked) -> str:
    """The interval's ends on the page's scale: "3.3 to 10"."""
    row, scale = asked.row, asked.scale
    if row.conf_low is None or row.conf_high is None:
        return "no interval"
    if asked.kind == "ordinal":
        low, high = _shares(asked)
        return f"{number(low, 2)} to {number(high, 2)}"
    decimals = _decimals(asked)
    return f"{number(row.conf_low * scale.factor, decimals)} to {number(row.conf_high * scale.factor, decimals)}"


def _interval(asked: Asked) -> str:
    return f"{asked.level} interval {interval_words(asked)}"


def who(results: Results, row: EstimateRow) -> str:
    """n with its unit: "3 736 students in 79 institutions"."""
    words = f"{count(row.n)} students"
    if row.institutions:
        words += f" in {count(row.institutions)} institution{'s' if row.institutions != 1 else ''}"
    return words


def facts(results: Results, outcome: str) -> list[tuple[str, str]]:
    """Three facts, each a number and its words: difference, effect size, how sure."""
    asked = Asked(results, outcome)
    row, scale = asked.row, asked.scale
    if row.estimate is None:
        return []
    if asked.kind == "ordinal":
        share = row.estimate if scale.null else (row.estimate + 1.0) / 2.0
        first = (number(share, 2), "probability that a student of the experimental group scores higher, ties half")
    else:
        sign = "+" if row.estimate > 0 else ""
        first = (sign + number(row.estimate * scale.factor, _decimals(asked)), f"{scale.unit}, experimental − control")
    told = [first]
    found = results.find(outcome, "effect-size", "rank-biserial" if asked.kind == "ordinal" else "hedges-g")
    if found and found[0].estimate is not None:
        words = (
            "of all pairs: more often higher than lower"
            if asked.kind == "ordinal"
            else "of a standard deviation (before adjustment)"
        )
        told.append((number(found[0].estimate, 2), words))
    if row.conf_low is not None:
        told.append((interval_words(asked), f"where the true value may lie ({asked.level} interval)"))
    return told


# ------------------------------------------------------------------------------------ what could make it wrong

# code -> (plain words for the first screen, section where it is explained).  Worst first.
TROUBLES: dict[str, tuple[str, str]] = {
    "simulated": ("The data are simulated: nobody was taught or tested.", "who"),
    "too-few-units": (
        "There are too few institutions to tell the teaching from the institutions it was tried in.",
        "why",
    ),
    "empty-arm": ("One group has no results: nothing can be compared.", "who"),
    "constant": ("All students have the same result: nothing can be compared.", "found"),
    "baseline-far-apart": (
        "The groups were far apart before the experiment; adjustment can’t be trusted to mend it.",
        "before",
    ),
    "not-randomised-no-baseline": (
        "The groups were not formed by chance and the study names no baseline: they may have differed from the start.",
        "who",
    ),
    "not-randomised": (
        "The groups were not formed by chance: what brought students into them may explain part of the difference.",
        "who",
    ),
    "baseline-differs": ("The groups differed a little before the experiment; the answer adjusts for it.", "before"),
    "unequal-loss": ("Results are missing more often in one group: those who are missing may differ.", "who"),
    "no-institution-both-arms": (
        "No institution has both groups: institutions and teaching are hard to tell apart.",
        "everywhere",
    ),
    "students-and-units-differ": (
        "The answer depends on whether each student or each institution counts once: size may matter.",
        "another",
    ),
    "tests-disagree": ("Another defensible test would answer differently.", "another"),
    "few-institutions-assigned": ("Few institutions took part: only large differences could have been shown.", "why"),
    "few-institutions": (
        "Few institutions have both groups: the answer holds for these institutions only.",
        "everywhere",
    ),
    "one-institution": ("All students belong to one institution: the answer holds for it alone.", "who"),
    "many-institution-terms": (
        "More is adjusted for at the level of institutions than so few of them can carry.",
        "why",
    ),
    "second-opinion-differs": ("Another library computes a different number from the same rows.", "check"),
    "skewed-small": ("The results are lopsided and a group is small: read the permutation test too.", "found"),
    "few-ordinal": ("A group has fewer than ten students: the test is only approximately right.", "found"),
    "separated": ("The groups’ results do not overlap at all.", "found"),
    "no-spread": ("In one group all results are the same.", "found"),
    "stand-in": ("The method named for this design comes with a later version; a simpler one stands in for it.", "why"),
    "covariate-dropped": ("A covariate repeats others and was left out.", "why"),
    "normality-large-n": ("With so many students a test of normality rejects almost anything.", "why"),
    "clustering-ignored": (
        "Students of one institution resemble each other: the answer allows for it, the simple tests below don’t.",
        "found",
    ),
    "suppressed": ("Counts so small that they could point to a student are withheld.", "who"),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """A line of "What could make this wrong"."""

    words: str
    section: str
    outcomes: tuple[str, ...]


def troubles(results: Results, most: int = 6) -> list[Trouble]:
    """Three to six lines in plain words, worst first; the full list stands further below."""
    by_code: dict[str, list[str]] = {}
    for warning in results.warnings:
        by_code.setdefault(warning.code, []).append(warning.outcome or "")
    order = list(TROUBLES)
    known = sorted((code for code in by_code if code in TROUBLES), key=order.index)
    everywhere = len(results.study["outcomes"])
    lines = []
    for code in known[:most]:
        names = tuple(dict.fromkeys(name for name in by_code[code] if name))
        lines.append(Trouble(*TROUBLES[code], () if len(names) in (0, everywhere) else names))
    return lines


# ------------------------------------------------------------------------------------------- ready to paste


def apa_sentences(results: Results, outcome: str) -> list[str]:
    """Sentences in APA style for the descriptions, the chosen test, the effect size, the primary row."""
    asked = Asked(results, outcome)
    told = _described(results, outcome)
    test = next((d.choice for d in results.decisions if d.outcome == outcome and d.step == "test"), None)
    for row in results.find(outcome, "test", test) if test else []:
        told += _tested(row, results, outcome)
    if asked.row.analysis == "regression":
        told += _regressed(asked)
    return told


def _described(results: Results, outcome: str) -> list[str]:
    parts = []
    for group in results.groups:
        if group.outcome == outcome and group.moment == "outcome" and group.mean is not None:
            decimals = decimals_for(group.sd or group.mean) + 1
            sd = "" if group.sd is None else f", SD = {number(group.sd, decimals)}"
            name = arm_name(results, group.arm)
            parts.append(f"{name} (n = {count(group.n)}, M = {number(group.mean, decimals)}{sd})")
    return [f"{outcome} was compared between {' and '.join(parts)}."] if len(parts) == 2 else []


NAMED = {
    "student": "Student’s t test",
    "welch": "Welch’s t test",
    "mann-whitney": "a Mann–Whitney test",
    "brunner-munzel": "a Brunner–Munzel test",
    "permutation": "a permutation test",
}


def _tested(row: EstimateRow, results: Results, outcome: str) -> list[str]:
    if row.p_value is None:
        return []
    if row.method == "mann-whitney":
        statistic = f"U = {number(row.statistic, 1)}"
    elif row.df is not None:
        statistic = f"t({degrees(row.df)}) = {number(row.statistic, 2)}"
    else:
        statistic = f"t = {number(row.statistic, 2)}"
    size = ""
    ordinal = row.method in ("brunner-munzel", "mann-whitney")
    found = results.find(outcome, "effect-size", "probability-of-superiority" if ordinal else "hedges-g")
    if found and found[0].estimate is not None:
        name = "P(superiority)" if ordinal else "Hedges’ g"
        size = f", {name} = {number(found[0].estimate, 2)}"
        if found[0].conf_low is not None:
            level = percent(results.study["inference"]["confidence"])
            size += f", {level} CI [{number(found[0].conf_low, 2)}, {number(found[0].conf_high, 2)}]"
    unaware = " This test ignores that students sit in institutions." if row.note and "ignores" in row.note else ""
    return [f"Tested with {NAMED[row.method]}, {statistic}, {p_words(row.p_value)}{size}.{unaware}"]


def _regressed(asked: Asked) -> list[str]:
    from expeval.report.methods import label

    row, scale = asked.row, asked.scale
    if row.estimate is None:
        return []
    decimals = decimals_for(max(abs(row.estimate), row.std_error or 0.0) * scale.factor)
    words = f"The primary analysis ({label(row.method)}; {who(asked.results, row)}) estimated b = "
    words += number(row.estimate * scale.factor, decimals) + (f" {scale.unit}" if scale.unit else "")
    if row.std_error is not None:
        words += f", SE = {number(row.std_error * scale.factor, decimals)}"
    if row.statistic is not None:
        words += f", t({degrees(row.df)}) = {number(row.statistic, 2)}, {p_words(row.p_value)}"
    if row.conf_low is not None and row.conf_high is not None:
        low, high = row.conf_low * scale.factor, row.conf_high * scale.factor
        words += f", {asked.level} CI [{number(low, decimals)}, {number(high, decimals)}]"
    if row.p_adjusted is not None and row.p_adjusted != row.p_value:
        words += f"; adjusted for several outcomes {p_words(row.p_adjusted)}"
    return [words + "."]


def difference_sign() -> str:
    """How all differences are taken."""
    return f"experimental {MINUS} control"
