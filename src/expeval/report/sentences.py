"""Every sentence of the report that speaks of the answer, made from intervals and never from p-values.

All words stand here, in :mod:`expeval.report.trust` and in :mod:`expeval.report.apa`, so that they can be
translated in one place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from expeval.glossary import listed
from expeval.report.numbers import count, number, p_words, percent
from expeval.report.subject import SUPERIORITY, Scale, Subject, subjects

if TYPE_CHECKING:
    from expeval.results import EstimateRow, Results

# A quarter of a standard deviation: below it the What Works Clearinghouse (Handbook 2.0, appendix E) called no
# difference substantively important.
ALIKE = 0.25
UNITS = {"points": ("point", "points"), "percentage-points": ("percentage point", "percentage points")}
PAIRS = (
    "A pair is one student of each group, a tie counts as half; 50 of 100 would be no difference between the groups."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found for one outcome.

    Attributes
    ----------
    pattern
        ``clear``, ``open``, ``alike``, ``no-interval``, ``cannot`` (too few units), ``nothing`` (no estimate).
    lead
        The sentence for large type.
    more
        What a careful reader needs beside it.
    """

    pattern: str
    lead: str
    more: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Everything as one paragraph."""
        return " ".join((self.lead, *self.more))


@dataclass(frozen=True, slots=True)
class Fact:
    """A number with its unit, and words that say what it is."""

    number: str
    unit: str
    words: str


def answer_sentences(results: Results) -> list[str]:
    """The answer in one sentence for each primary outcome."""
    every = subjects(results)
    return [answer(subject).lead for subject in [s for s in every if s.is_primary] or every]


def answer(subject: Subject) -> Answer:
    """The answer for one outcome, by the pattern that its interval fits."""
    row = subject.primary
    if row is None or row.estimate is None:
        return _nothing(subject, row)
    if row.conf_low is None or row.conf_high is None:
        return _no_interval(subject, row) if row.p_value is not None else _cannot(subject, row)
    more = (*_effect(subject, row), *_adjusted(subject, row))
    if subject.scale.beyond(row):
        return Answer("clear", _clear(subject, row), more)
    if _within_band(subject, row):
        return Answer("alike", _alike(subject, row), _adjusted(subject, row))
    return Answer("open", _open(subject, row), _pairs(subject) + _adjusted(subject, row))


def group_words(subject: Subject, arm: str) -> str:
    """An arm in a sentence: the experimental group “small”."""
    label = subject.label(arm)
    return f"the {arm} group" + (f" “{label}”" if label else "")


def short_label(subject: Subject, arm: str) -> str:
    """An arm in a table or figure: the study's word, with the role where it says something else."""
    label = subject.label(arm)
    return f"{label} ({arm})" if label and label.casefold() != arm else arm.capitalize()


def unit_words(subject: Subject, shown: str = "") -> str:
    """The unit of the answer, in the number that fits."""
    one, many = UNITS.get(subject.scale.code, ("of 100 pairs", "of 100 pairs"))
    return one if shown in ("1", "1.0") else many


def size_words(n: int | None, institutions: int | None, fewest: int = 5) -> str:
    """How many students in how many institutions."""
    students = f"fewer than {fewest} students" if n is None else f"{count(n)} student{'' if n == 1 else 's'}"
    if not institutions:
        return students
    return f"{students} in {count(institutions)} institution{'' if institutions == 1 else 's'}"


def facts(subject: Subject) -> tuple[Fact, ...]:
    """Difference in the outcome's own unit, effect size, and how sure: numbers with words."""
    row = subject.primary
    if row is None or row.estimate is None:
        return ()
    scale = subject.scale
    found = [_difference_fact(subject, row), _effect_fact(subject)]
    if row.conf_low is not None:
        words = f"{percent(subject.confidence)} interval: the values that the data are compatible with"
        found.append(Fact(scale.interval(row), unit_words(subject), words))
    else:
        found.append(Fact("none", "no interval", "how sure it is can't be said with this method and these data"))
    return tuple(fact for fact in found if fact is not None)


def _difference_fact(subject: Subject, row: EstimateRow) -> Fact:
    scale, estimate = subject.scale, row.estimate or 0.0
    if scale.code == "pairs":
        words = f"a student of {group_words(subject, 'experimental')} is ahead of one of the control group"
        return Fact(scale.text(estimate), "of 100 pairs", words)
    side = "higher" if estimate > 0 else "lower" if estimate < 0 else "no higher and no lower"
    size = scale.size(estimate)
    return Fact(size, unit_words(subject, size), f"{side} in {group_words(subject, 'experimental')}")


def _effect_fact(subject: Subject) -> Fact | None:
    if subject.kind == "ordinal":
        row = subject.one("effect-size", "rank-biserial")
        if row is None or row.estimate is None:
            return None
        return Fact(number(row.estimate, 2), "effect size", "as observed, from −1 (always behind) to 1 (always ahead)")
    if subject.kind == "binary":
        shares = [subject.group(arm) for arm in ("experimental", "control")]
        if any(group is None or group.mean is None for group in shares):
            return None
        text = " against ".join(number(100 * (group.mean or 0.0), 1) for group in shares if group)
        return Fact(text, "per cent", f"share of “{subject.level(1.0)}” in the two groups, as observed")
    row = _standardised(subject)
    if row is None or row.estimate is None:
        return None
    words = "effect size: the plain difference between the groups' means over the spread of students' scores"
    primary = subject.primary
    if row.method != "hedges-g" and primary is not None:
        adjusted = subject.is_adjusted(primary.method)
        words = f"effect size: {'this adjusted' if adjusted else 'this'} difference over the spread of students' scores"
    return Fact(number(row.estimate, 2), "standard deviations", words)


def _standardised(subject: Subject) -> EstimateRow | None:
    for method in ("hedges-g-clustered", "hedges-g"):
        row = subject.one("effect-size", method)
        if row is not None and row.estimate is not None:
            return row
    return None


def _n(subject: Subject, row: EstimateRow) -> str:
    return size_words(row.n, row.institutions, _fewest(subject))


def _fewest(subject: Subject) -> int:
    return int(subject.results.study.get("report", {}).get("minimum_cell", 5))


def _in_brackets(subject: Subject, row: EstimateRow) -> str:
    """The interval in the direction that the sentence has already said: "lower by 4 (1 to 7)"."""
    scale = subject.scale
    ends = scale.interval(row)
    if scale.code != "pairs" and scale.beyond(row) < 0:
        ends = f"{scale.size(row.conf_high or 0.0)} to {scale.size(row.conf_low or 0.0)}"
    return f"({percent(subject.confidence)} interval {ends}; {_n(subject, row)})"


def _measure(subject: Subject) -> str:
    """The outcome as the object of "raised": a share where it is binary."""
    if subject.kind == "binary" and subject.scale.code == "percentage-points":
        return f"the share of “{subject.level(1.0)}” in {subject.name}"
    return subject.name


def _clear(subject: Subject, row: EstimateRow) -> str:
    up = subject.scale.beyond(row) > 0
    control = group_words(subject, "control")
    if subject.randomised:
        label = subject.label("experimental")
        new = "The new teaching" + (f" (“{label}”)" if label else "")
        said = f"{new} {'raised' if up else 'lowered'} {_measure(subject)}"
    else:
        experimental = group_words(subject, "experimental")
        if subject.kind == "binary":
            said = f"In {experimental} {_measure(subject)} was {'higher' if up else 'lower'}"
        else:
            said = f"Students of {experimental} scored {'higher' if up else 'lower'} in {subject.name}"
    if subject.scale.code == "pairs":
        than = f" compared with {control}" if subject.randomised else f" than {control}"
        share = subject.scale.text(row.estimate)
        ahead = f"a student of the first is ahead of one of the second in {share} of 100 pairs"
        return f"{said}{than}: {ahead} {_in_brackets(subject, row)}."
    size = subject.scale.size(row.estimate or 0.0)
    by = f"by {size} {unit_words(subject, size)}"
    joined = f"{said} {by} compared with {control}" if subject.randomised else f"{said} than {control}, {by}"
    return f"{joined} {_in_brackets(subject, row)}."


def _span(subject: Subject, row: EstimateRow) -> str:
    scale = subject.scale
    row = _possible(scale, row)
    if scale.code == "pairs":
        return f"{scale.interval(row)} of 100 pairs in which the student of the experimental group is ahead"
    low, high = (scale.size(end or 0.0) for end in (row.conf_low, row.conf_high))
    return f"{low} {unit_words(subject, low)} lower to {high} {unit_words(subject, high)} higher"


def _possible(scale: Scale, row: EstimateRow) -> EstimateRow:
    """The part of an interval that can be: of 100 pairs not more than 100, of a share not more than all of it."""
    ends = {"pairs": (0.0, 100.0), "percentage-points": (-100.0, 100.0)}.get(scale.code)
    if ends is None or row.conf_low is None or row.conf_high is None:
        return row
    low, high = ((end - scale.shift) / scale.factor for end in ends)
    return replace(row, conf_low=max(low, row.conf_low), conf_high=min(high, row.conf_high))


def _open(subject: Subject, row: EstimateRow) -> str:
    where = "" if subject.scale.code == "pairs" else f" in {group_words(subject, 'experimental')}"
    return (
        f"{subject.name}: the data are compatible with anything from {_span(subject, row)}{where}; they don't settle "
        f"the question ({percent(subject.confidence)} interval; {_n(subject, row)})."
    )


def _alike(subject: Subject, row: EstimateRow) -> str:
    return (
        f"{subject.name}: any difference between {group_words(subject, 'experimental')} and "
        f"{group_words(subject, 'control')} is smaller than {number(ALIKE, 2)} of a standard deviation "
        f"({percent(subject.confidence)} interval from {_span(subject, row)}; {_n(subject, row)})."
    )


def _within_band(subject: Subject, row: EstimateRow) -> bool:
    """Whether the whole interval lies within a quarter of the smaller arm's standard deviation."""
    sds = [group.sd for group in subject.groups()]
    if subject.scale.code == "pairs" or len(sds) != 2 or row.conf_low is None or row.conf_high is None:
        return False
    band = ALIKE * min(sd or 0.0 for sd in sds)
    return -band < row.conf_low and row.conf_high < band


def _no_interval(subject: Subject, row: EstimateRow) -> Answer:
    size = subject.scale.size(row.estimate or 0.0)
    if subject.scale.code == "pairs":
        found = f"a student of the experimental group is ahead of one of the control group in {size} of 100 pairs"
    else:
        side = "higher" if (row.estimate or 0.0) > 0 else "lower"
        found = f"{group_words(subject, 'experimental')} scored {size} {unit_words(subject, size)} {side}"
    lead = f"{subject.name}: {found} ({_n(subject, row)}; this method gives no interval, {p_words(row.p_value)})."
    return Answer("no-interval", lead, _pairs(subject))


def _cannot(subject: Subject, row: EstimateRow) -> Answer:
    scale, estimate = subject.scale, row.estimate or 0.0
    if scale.code == "pairs":
        observed = f"the student of the experimental group is ahead in {scale.text(estimate)} of 100 pairs"
    else:
        size = scale.size(estimate)
        side = "higher" if estimate > 0 else "lower"
        observed = f"the experimental group is {size} {unit_words(subject, size)} {side}"
    alone = f"As observed, {observed} ({_n(subject, row)}); that number stands without interval or p-value."
    return Answer("cannot", f"{subject.name}: {_why_not(subject, row)}", (alone, *_pairs(subject)))


def _why_not(subject: Subject, row: EstimateRow) -> str:
    if not subject.warned("too-few-units"):
        return f"the question can't be answered from these data ({_reason(row) or 'no error of the estimate exists'})."
    unit = "class" if subject.assigned == "class" else "institution"
    experimental, control = (subject.figure_of("primary", f"institutions_{arm}") for arm in ("experimental", "control"))
    many = f"{unit}{'es' if unit == 'class' else 's'}"
    if unit == "class" or experimental is None or control is None:
        with_units = f"with so few {many}"
    elif experimental == control:
        with_units = f"with {'one' if control == 1 else control} {unit if control == 1 else many} in each group"
    else:
        with_units = f"with {experimental} {many} in the experimental and {control} in the control group"
    return f"{with_units} no method can tell the new teaching from the {many} it was tried in."


def _reason(row: EstimateRow) -> str:
    """Why a number is missing: the first part of a note, what follows says how outcomes became numbers."""
    return (row.note or "").split("; ")[0]


def _nothing(subject: Subject, row: EstimateRow | None) -> Answer:
    why = f" ({_reason(row)})" if row is not None and _reason(row) else ""
    return Answer("nothing", f"{subject.name}: the question can't be answered from these data{why}.")


def _effect(subject: Subject, row: EstimateRow) -> tuple[str, ...]:
    if subject.scale.code == "pairs":
        return _pairs(subject)
    size = _standardised(subject)
    if subject.kind != "score" or size is None or size.estimate is None:
        return ()
    of = f"{number(abs(size.estimate), 2)} of a standard deviation"
    plain = row.analysis == "test" or size.method != "hedges-g"
    if plain:
        return (f"That is {of}.",)
    side = "higher" if size.estimate > 0 else "lower"
    return (f"As observed, without any adjustment, the experimental group's mean is {of} {side}.",)


def _pairs(subject: Subject) -> tuple[str, ...]:
    return (PAIRS,) if subject.scale.code == "pairs" else ()


def _adjusted(subject: Subject, row: EstimateRow) -> tuple[str, ...]:
    if row.analysis != "regression" and not row.method.startswith(f"{SUPERIORITY}-"):
        return ()
    names = listed(subject.held_constant(row.method))
    if "fixed-effects" in row.method:
        held = f", holding {names} constant" if names else ""
        return (subject.of_clusters("Students are compared with others of the same institution") + f"{held}.",)
    return (f"Adjusted for {names}.",) if names else ()
