"""Sentences in APA style (7th edition), ready to paste; every number as it stands in the tables."""

from __future__ import annotations

from expeval.report.methods import name_of
from expeval.report.numbers import count, degrees, number, p_words, percent
from expeval.report.sentences import short_label
from expeval.report.subject import SUPERIORITY, Subject, scale_of
from expeval.results import EstimateRow


def apa_sentences(subject: Subject) -> tuple[tuple[str, str], ...]:
    """What the sentence is about, and the sentence, for one outcome: groups, answer, two-group tests, sizes."""
    found = [("Description", _groups(subject))]
    primary = subject.primary
    if primary is not None and primary.analysis == "regression":
        found.append(("Answer", _regression(subject, primary)))
    if primary is not None and primary.method.startswith(SUPERIORITY):
        found.append(("Answer", _rank_probability(subject, primary)))
    for row in subject.rows("test"):
        found.append((f"Answer ({name_of(row.method)})" if row.primary else name_of(row.method), _test(subject, row)))
    found.append(("Effect sizes", _sizes(subject)))
    return tuple((title, sentence) for title, sentence in found if sentence)


def _ci(subject: Subject, low: str, high: str) -> str:
    return f"{percent(subject.confidence)} CI [{low}, {high}]"


def _groups(subject: Subject) -> str:
    parts = []
    for group in subject.groups():
        if group.mean is None:
            continue
        sd = f", SD = {number(group.sd, subject.places)}" if group.sd is not None else ""
        size = "" if group.n is None else f", n = {count(group.n)}"
        parts.append(f"{short_label(subject, group.arm)} (M = {number(group.mean, subject.places)}{sd}{size})")
    return f"{subject.name}: {'; '.join(parts)}." if parts else ""


def _tested(subject: Subject, row: EstimateRow, letter: str = "t") -> str:
    """Statistic with its degrees of freedom and p: "t(3 610.06) = 5.58, p < .001"."""
    if row.p_value is None:
        return ""
    p = f"{p_words(row.p_value)}{_sided(subject)}"
    if row.method == "permutation":  # its statistic is another test's
        return p
    if row.statistic is None:
        return ""
    df = "" if row.df is None else f"({degrees(row.df)})"
    return f"{letter}{df} = {statistic(row)}, {p}"


def _sided(subject: Subject) -> str:
    """A one-sided p says so where it is copied from."""
    alternative = subject.results.study.get("inference", {}).get("alternative", "two-sided")
    return "" if alternative == "two-sided" else " (one-sided)"


def statistic(row: EstimateRow) -> str:
    """A statistic with two decimals; a rank sum whole or with a half."""
    if row.statistic is not None and row.method == "mann-whitney":
        return number(row.statistic, 0 if float(row.statistic).is_integer() else 1)
    return number(row.statistic, 2)


def _test(subject: Subject, row: EstimateRow) -> str:
    if row.p_value is None and row.estimate is None:
        return ""
    scale = scale_of(row, subject.kind)
    if scale.code == "pairs":
        return _rank_probability(subject, row)
    decimals = _difference_decimals(subject)
    shift = "Hodges–Lehmann shift" if row.method == "mann-whitney" else "mean difference"
    parts = [
        _tested(subject, row, "U" if row.method == "mann-whitney" else "t"),
        f"{shift} {_value(subject, row.estimate, decimals)}{_percentage_points(subject)}"
        if row.estimate is not None
        else "",
        _difference_ci(subject, row, decimals),
    ]
    return _joined(f"{subject.name} ({name_of(row.method)})", parts)


def _rank_probability(subject: Subject, row: EstimateRow) -> str:
    parts = [
        _tested(subject, row),
        f"P(E > C) + ½ P(E = C) = {number(row.estimate, 3)}" if row.estimate is not None else "",
    ]
    if row.conf_low is not None:
        parts.append(_ci(subject, number(row.conf_low, 3), number(row.conf_high, 3)))
    if row.method.startswith(SUPERIORITY) and row.n is not None:
        parts.append(f"N = {count(row.n)} students")
        parts.append(f"{count(row.institutions)} institutions" if row.institutions else "")
    return _joined(f"{subject.name} ({name_of(row.method)})", parts)


def _regression(subject: Subject, row: EstimateRow) -> str:
    if row.estimate is None:
        return ""
    decimals = _difference_decimals(subject)
    value, low, high = (_value(subject, x, decimals) for x in (row.estimate, row.conf_low, row.conf_high))
    error = _value(subject, row.std_error, decimals + 1)
    parts = [
        f"b = {value}{_percentage_points(subject)}",
        f"SE = {error}" if row.std_error is not None else "",
        _tested(subject, row),
        _ci(subject, low, high) if row.conf_low is not None else "",
        f"N = {count(row.n)} students" if row.n is not None else "",
        f"{count(row.institutions)} institutions" if row.institutions else "",
    ]
    return _joined(f"{subject.name} ({name_of(row.method)})", parts)


def _sizes(subject: Subject) -> str:
    parts = []
    for row in subject.rows("effect-size"):
        if row.estimate is None or row.method.startswith(f"{SUPERIORITY}-"):
            continue
        ends = "" if row.conf_low is None else f", {_ci(subject, number(row.conf_low, 2), number(row.conf_high, 2))}"
        parts.append(f"{name_of(row.method)} = {number(row.estimate, 2)}{ends}")
    return f"{subject.name}: {'; '.join(parts)}." if parts else ""


def _difference_decimals(subject: Subject) -> int:
    return difference_scale(subject)[1]


def difference_scale(subject: Subject) -> tuple[float, int]:
    """Factor and decimals of differences in the outcome's own unit (percentage points where binary)."""
    if subject.scale.code != "pairs":
        return subject.scale.factor, subject.scale.decimals
    scale = scale_of(subject.one("test", "welch"), subject.kind)
    return scale.factor, scale.decimals


def _percentage_points(subject: Subject) -> str:
    return " percentage points" if subject.kind == "binary" else ""


def _value(subject: Subject, value: float | None, decimals: int) -> str:
    return number(None if value is None else value * difference_scale(subject)[0], decimals)


def _difference_ci(subject: Subject, row: EstimateRow, decimals: int) -> str:
    if row.conf_low is None:
        return ""
    return _ci(subject, _value(subject, row.conf_low, decimals), _value(subject, row.conf_high, decimals))


def _joined(head: str, parts: list[str]) -> str:
    said = [part for part in parts if part]
    return f"{head}: {', '.join(said)}." if said else ""
