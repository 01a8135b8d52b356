"""One outcome as the report speaks of it: its rows, the words for its arms, the scale of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from expeval.glossary import of_classes
from expeval.report.numbers import MINUS, decimals_for, number
from expeval.results import DistributionRow, EstimateRow, FlowRow, GroupRow, ResidualRow, Results

SUPERIORITY = "probability-of-superiority"
WIN_FRACTION = "win-fraction-"


@dataclass(frozen=True, slots=True)
class Scale:
    """How the answer of an outcome is shown: ``shown = shift + factor x value``, with fixed decimals.

    Attributes
    ----------
    code
        ``points``, ``percentage-points``, or ``pairs`` (out of 100 pairs of one student of each arm, those in
        which the one of the experimental arm is ahead, ties counted half).
    null
        The shown value that means no difference.
    """

    code: str
    factor: float
    shift: float
    null: float
    decimals: int

    def shown(self, value: float) -> float:
        """The value on the scale that the reader sees."""
        return self.shift + self.factor * value

    def text(self, value: float | None) -> str:
        """The value as it stands everywhere in the page."""
        return "–" if value is None else number(self.shown(value), self.decimals)

    def size(self, value: float) -> str:
        """The size without its sign, for words that carry the direction."""
        return self.text(value).removeprefix(MINUS)

    def interval(self, row: EstimateRow) -> str:
        """Both ends in words: "2.5 to 9.3"."""
        return f"{self.text(row.conf_low)} to {self.text(row.conf_high)}"

    def beyond(self, row: EstimateRow) -> int:
        """1 where the whole interval lies above no difference, -1 where below, else 0."""
        if row.conf_low is None or row.conf_high is None:
            return 0
        if self.shown(row.conf_low) > self.null:
            return 1
        return -1 if self.shown(row.conf_high) < self.null else 0


@dataclass(frozen=True, slots=True)
class Subject:
    """One outcome of the results, read by the names that the report needs."""

    results: Results
    outcome: dict[str, Any]

    @property
    def name(self) -> str:
        """The outcome's name in the study file."""
        return str(self.outcome["name"])

    @property
    def kind(self) -> str:
        """score, ordinal or binary."""
        return str(self.outcome["kind"])

    @property
    def is_primary(self) -> bool:
        """Whether the outcome is one that the study was made for."""
        return bool(self.outcome.get("role", "primary") == "primary")

    @property
    def confidence(self) -> float:
        """The level of all intervals."""
        return float(self.results.study.get("inference", {}).get("confidence", 0.95))

    def of_clusters(self, words: str) -> str:
        """Words on institutions, said of classes where the study names these alone."""
        return of_classes(words) if classes_alone(self.results) else words

    @property
    def randomised(self) -> bool:
        """Whether chance put units into the groups."""
        return bool(self.results.study["groups"].get("randomised", False))

    @property
    def assigned(self) -> str:
        """Whose units were put into the groups."""
        return str(self.results.study["groups"].get("assigned", "student"))

    def held_constant(self, method: str) -> tuple[str, ...]:
        """The columns that a regression holds constant, baseline first; those that were dropped are not among them."""
        covariates = self.results.study.get("covariates", {})
        # Students' covariates have no place among means of units; what is the same for a whole institution cancels
        # inside it.
        student = () if "unit-means" in method else covariates.get("student", ())
        institution = () if "fixed-effects" in method else covariates.get("institution", ())
        cohort = () if "unit-means" in method or not self.results.study.get("data", {}).get("cohort") else ("cohort",)
        named = [str(name) for name in (self.outcome.get("baseline"), *cohort, *student, *institution) if name]
        terms = {row.term for row in self.rows("regression") if row.method == "ols"}
        kept = {name for name in named if any(term == name or term.startswith(f"{name}[") for term in terms)}
        return tuple(name for name in dict.fromkeys(named) if name in kept)

    def is_adjusted(self, method: str) -> bool:
        """Whether a row's difference is another one than that of the two groups' plain means."""
        return "fixed-effects" in method or bool(self.held_constant(method))

    @property
    def primary(self) -> EstimateRow | None:
        """The row that tells the answer."""
        named = any(row.outcome == self.name and row.primary for row in self.results.estimates)
        return self.results.answer(self.name) if named else None

    @property
    def scale(self) -> Scale:
        """The scale of the answer, decimals by its standard error (two significant digits of it, at most)."""
        return scale_of(self.primary, self.kind)

    def label(self, arm: str) -> str | None:
        """The study's own word for an arm; ``None`` where the arm has files or columns of its own."""
        columns = self.outcome.get("columns")
        if columns:
            return str(columns[arm])
        values = self.results.study["groups"].get(arm)
        if isinstance(values, list | tuple):
            return ", ".join(_plain(value) for value in values)
        return None

    def level(self, value: float) -> str:
        """A level's label: the study's word where levels are texts, else the number."""
        levels = self.outcome.get("levels") or []
        if any(isinstance(level, str) for level in levels):
            first = 0 if self.kind == "binary" else 1
            position = round(value) - first
            return str(levels[position]) if 0 <= position < len(levels) else number(value, 0)
        return _plain(value)

    @property
    def places(self) -> int:
        """Decimals of values in the outcome's own unit (means, quartiles): one more than its sd needs."""
        sds = [row.sd for row in self.groups() if row.sd]
        return min(decimals_for(min(sds)) + (1 if min(sds) < 100 else 0), 6) if sds else 1

    def rows(self, *analyses: str, term: str | None = None) -> list[EstimateRow]:
        """The estimates of some analyses, in order."""
        return [
            row
            for row in self.results.estimates
            if row.outcome == self.name and row.analysis in analyses and term in (None, row.term)
        ]

    def one(self, analysis: str, method: str, term: str | None = None) -> EstimateRow | None:
        """The first estimate of a method, or ``None``."""
        return next(iter(self.results.find(self.name, analysis, method, term)), None)

    def groups(self, moment: str = "outcome") -> list[GroupRow]:
        """The description of both arms."""
        return [row for row in self.results.groups if row.outcome == self.name and row.moment == moment]

    def group(self, arm: str, moment: str = "outcome") -> GroupRow | None:
        """The description of one arm."""
        return next((row for row in self.groups(moment) if row.arm == arm), None)

    def bins(self, arm: str, moment: str = "outcome") -> list[DistributionRow]:
        """The distribution of one arm, lowest bin first."""
        return [
            row
            for row in self.results.distributions
            if row.outcome == self.name and row.arm == arm and row.moment == moment
        ]

    def flow(self) -> list[FlowRow]:
        """From rows read to rows analysed."""
        return [row for row in self.results.flow if row.outcome == self.name]

    def residuals(self) -> list[ResidualRow]:
        """Percentiles of the standardised residuals, lowest first."""
        return [row for row in self.results.residuals if row.outcome == self.name]

    def figure_of(self, step: str, name: str) -> float | int | str | None:
        """A figure that a decision rests on."""
        for decision in self.results.decisions:
            if decision.outcome == self.name and decision.step == step and name in decision.figures:
                return decision.figures[name]
        return None

    def warned(self, code: str) -> bool:
        """Whether this outcome, or the study, carries a warning."""
        return any(row.code == code and row.outcome in (None, self.name) for row in self.results.warnings)


def classes_alone(results: Results) -> bool:
    """Whether classes are named and no institutions."""
    data = results.study.get("data", {})
    return bool(data.get("class")) and not data.get("institution")


def subjects(results: Results) -> tuple[Subject, ...]:
    """Every outcome, primary ones first, otherwise in the study file's order."""
    every = [Subject(results, outcome) for outcome in results.study["outcomes"]]
    return tuple(sorted(every, key=lambda subject: not subject.is_primary))


def scale_of(row: EstimateRow | None, kind: str) -> Scale:
    """The scale that a row of an outcome is shown on."""
    method = "" if row is None else row.method
    if method == "brunner-munzel" or method.startswith(SUPERIORITY) or (kind == "ordinal" and method == "permutation"):
        code, factor, shift, null = "pairs", 100.0, 0.0, 50.0
    elif method.startswith(WIN_FRACTION):
        code, factor, shift, null = "pairs", 50.0, 50.0, 50.0
    elif kind == "binary":
        code, factor, shift, null = "percentage-points", 100.0, 0.0, 0.0
    else:
        code, factor, shift, null = "points", 1.0, 0.0, 0.0
    if code == "pairs":
        return Scale(code, factor, shift, null, _pair_decimals(row, factor, shift))
    error = None if row is None else row.std_error or _half_width(row) or row.estimate
    decimals = 1 if error is None else decimals_for(factor * error)
    return Scale(code, factor, shift, null, min(decimals, 1) if factor != 1.0 else decimals)


def _pair_decimals(row: EstimateRow | None, factor: float, shift: float) -> int:
    """Whole pairs, unless an end of the interval would then read as no difference and isn't."""
    ends = [] if row is None else [shift + factor * end for end in (row.conf_low, row.conf_high) if end is not None]
    return 1 if any(round(end) == 50 and end != 50.0 for end in ends) else 0


def _half_width(row: EstimateRow) -> float | None:
    if row.conf_low is None or row.conf_high is None:
        return None
    return (row.conf_high - row.conf_low) / 4.0


def _plain(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value)).replace("-", MINUS)
    return str(value)
