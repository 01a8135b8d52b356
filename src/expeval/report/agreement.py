"""The same question by several analyses, side by side, and a sentence on each difference that has a known reason."""

from __future__ import annotations

from dataclasses import dataclass

from expeval.report.methods import name_of
from expeval.report.numbers import count, degrees, number, p_value, p_words, percent
from expeval.report.subject import SUPERIORITY, Scale, Subject
from expeval.report.tables import Column, Row, Table, table
from expeval.results import EstimateRow

# In the order of the reader's question: models of the institutions, then each counting rule, then what assumes least.
_GROUPED = (
    "mixed-kenward-roger",
    "mixed-random-slope",
    "ols-cr2",
    "fixed-effects-cr2",
    "unit-means",
    "wild-cluster-bootstrap",
    "randomisation",
)
_OF_LEVELS = ("wild-cluster-bootstrap", "randomisation")
_PAIRS = ("mixed", "cr2", "fixed-effects-cr2", "unit-means")
_ALONE = ("welch", "student", "ols-hc3", "permutation", "randomisation")
_ALONE_PAIRS = ("brunner-munzel", "permutation", f"{SUPERIORITY}-hc3")
_SHORT = {
    "mixed-kenward-roger": "Mixed model",
    "mixed-satterthwaite": "Mixed model",
    "mixed-random-slope": "Random slope",
    "ols-cr2": "Students alike, CR2",
    "fixed-effects-cr2": "Within, CR2",
    "fixed-effects-hc3": "Within, HC3",
    "unit-means": "Means of units",
    "wild-cluster-bootstrap": "Wild bootstrap",
    "randomisation": "Randomisation",
    "ols-hc3": "Least squares, HC3",
    f"{SUPERIORITY}-mixed": "Mixed model",
    f"{SUPERIORITY}-cr2": "Students alike, CR2",
    f"{SUPERIORITY}-hc3": "Regression, HC3",
    f"{SUPERIORITY}-fixed-effects-cr2": "Within, CR2",
    f"{SUPERIORITY}-fixed-effects-hc3": "Within, HC3",
    f"{SUPERIORITY}-unit-means": "Means of units",
    "permutation": "Permutation",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """The analyses of one question.

    Attributes
    ----------
    rows
        Those that gave a number, the answer among them.
    impossible
        Those that this design rules out.
    of_levels
        Those that compare the mean of the levels' numbers where the answer counts pairs: their p alone goes with it.
    """

    rows: tuple[EstimateRow, ...]
    impossible: tuple[EstimateRow, ...]
    of_levels: tuple[EstimateRow, ...] = ()


def compared(subject: Subject) -> Compared:
    """The analyses that ask what the answer asks, and know of institutions where there are any."""
    primary = subject.primary
    found: list[EstimateRow] = []
    for analysis, method, term in _wanted(subject):
        row = subject.one(analysis, method, term)
        if row is not None:
            found.append(row)
    if primary is not None and primary not in found:
        found.insert(0, primary)
    told = [row for row in found if row.estimate is not None and _tells(row, primary)]
    levels = [
        row
        for method in (_OF_LEVELS if subject.scale.code == "pairs" else ())
        if (row := subject.one("regression", method, "treatment")) is not None and row.p_value is not None
    ]
    return Compared(tuple(told), tuple(row for row in found if row not in told), tuple(levels))


def _tells(row: EstimateRow, primary: EstimateRow | None) -> bool:
    return row is primary or row.p_value is not None or row.conf_low is not None


def _wanted(subject: Subject) -> list[tuple[str, str, str]]:
    pairs = subject.scale.code == "pairs"
    grouped = subject.one("feasibility", "design", "largest-share") is not None or any(
        row.method == "ols-cr2" for row in subject.rows("regression")
    )
    if pairs and grouped:
        return [("effect-size", f"{SUPERIORITY}-{method}", "difference") for method in _PAIRS]
    if pairs:
        return [("effect-size" if m.startswith(SUPERIORITY) else "test", m, "difference") for m in _ALONE_PAIRS]
    if grouped:
        return [("regression", method, "treatment") for method in _GROUPED]
    tests = ("welch", "student", "permutation")
    return [("test", m, "difference") if m in tests else ("regression", m, "treatment") for m in _ALONE]


def short_name(row: EstimateRow) -> str:
    """A method's name in a narrow figure."""
    return _SHORT.get(row.method, name_of(row.method))


def agreement_table(subject: Subject) -> Table | None:
    """Estimate, interval, p, degrees of freedom and independent units of each analysis; the answer set apart."""
    both = compared(subject)
    if len(both.rows) < 2:
        return None
    scale = subject.scale
    units = {"pairs": "of 100 pairs", "percentage-points": "percentage points"}.get(scale.code, "points")
    level = f"{percent(subject.confidence)} interval"
    columns = [
        Column("Analysis", numeric=False),
        Column("Estimate", units),
        Column("Low", level),
        Column("High", level),
    ]
    columns += [Column("p"), Column("df"), Column("Units")]
    body = [
        Row(
            (
                name_of(row.method),
                scale.text(row.estimate),
                scale.text(row.conf_low),
                scale.text(row.conf_high),
                p_value(row.p_value),
                degrees(row.df),
                "–" if row.clusters is None else count(row.clusters),
            ),
            chosen=row is subject.primary,
            mark="the answer" if row is subject.primary else "",
            explained=subject.of_clusters(_counts(subject, row)),
        )
        for row in both.rows
    ]
    body += [
        Row(
            (name_of(row.method), "–", "–", "–", p_value(row.p_value), "–", count(row.clusters)),
            explained="of the mean of the levels' numbers, not of pairs: p alone",
        )
        for row in both.of_levels
    ]
    return table(f"{subject.name}: the same question by other analyses", columns, body, _impossible(both))


def _counts(subject: Subject, row: EstimateRow) -> str:
    """What an analysis takes institutions for, in a few words."""
    units = {"class": "class", "institution": "institution"}.get(subject.assigned, "unit")
    method = row.method.removeprefix(f"{SUPERIORITY}-")
    return {
        "mixed-kenward-roger": "institutions differ in level",
        "mixed": "institutions differ in level",
        "mixed-random-slope": "institutions differ in level and in effect",
        "ols-cr2": "every student counts alike",
        "cr2": "every student counts alike",
        "fixed-effects-cr2": "compared inside institutions",
        "fixed-effects-hc3": "compared inside institutions, which are taken as given",
        "unit-means": f"every {units} counts alike",
        "wild-cluster-bootstrap": "every student counts alike, whole institutions turned by random signs",
        "randomisation": "the groups dealt anew as they were dealt",
    }.get(method, "")


def _impossible(both: Compared) -> tuple[str, ...]:
    by: dict[str, list[str]] = {}
    for row in both.impossible:
        reason = (row.note or "").split("; ")[0] or "not computed"
        by.setdefault(reason, []).append(name_of(row.method))
    return tuple(f"Not possible here: {', '.join(names)} ({reason})." for reason, names in by.items())


def agreement_words(subject: Subject) -> str:
    """How the other analyses compare with the answer: direction and interval, counted."""
    primary, scale = subject.primary, subject.scale
    if primary is None or primary.estimate is None:
        return ""
    others = [row for row in compared(subject).rows if row is not primary]
    if not others:
        return "No other analysis of this outcome that allows for its design estimates the same quantity."
    side = scale.shown(primary.estimate) > scale.null
    same = sum((scale.shown(row.estimate or 0.0) > scale.null) == side for row in others)
    level = percent(subject.confidence)
    clear, known = sum(bool(scale.beyond(row)) for row in others), sum(row.conf_low is not None for row in others)
    words = f"{_of(same, len(others), 'points', 'point')} the same way as the answer"
    if not known:
        return f"{words}."
    own = bool(scale.beyond(primary))
    if primary.conf_low is None:
        end = "; the answer has none"
    elif own == bool(clear) and clear in (0, known):
        end = ", and so does the answer's" if own else ", nor does the answer's"
    else:
        end = f"; the answer's {'does' if own else 'does not'}"
    return f"{words}; {_intervals(clear, known, level)} clear of no difference{end}."


def _of(some: int, every: int, one: str, many: str) -> str:
    if every == 1:
        return f"The one other analysis {one if some else f'does not {many}'}"
    if some == every:
        return f"{'Both' if every == 2 else f'All {every}'} other analyses {many}"
    return f"{some or 'None'} of {every} other analyses {many if some > 1 else one}"


def _intervals(clear: int, known: int, level: str) -> str:
    if known == 1:
        return f"its {level} interval {'stays' if clear else 'does not stay'}"
    if clear == known:
        return f"their {level} intervals stay"
    if not clear:
        return f"no {level} interval of theirs stays"
    return f"{clear} of their {known} {level} intervals {'stays' if clear == 1 else 'stay'}"


def difference_words(subject: Subject) -> tuple[str, ...]:
    """One sentence on each difference that a warning of this outcome explains, on the scale of the answer."""
    codes = {row.code for row in subject.results.warnings if row.outcome == subject.name}
    told = {
        "analyses-disagree": _verdicts,
        "students-and-units-differ": _weighting,
        "intercept-alone-overconfident": _intercept,
        "giant-institution": _giant,
        "zero-variance": _at_zero,
    }
    words = (tell(subject) for code, tell in told.items() if code in codes)
    return tuple(subject.of_clusters(sentence) for sentence in words if sentence)


def _verdicts(subject: Subject) -> str:
    alpha, primary = 1.0 - subject.confidence, subject.primary
    if primary is None or primary.p_value is None:
        return ""
    others = [
        f"{name_of(row.method)} ({p_words(row.p_value)})"
        for row in compared(subject).rows
        if row.p_value is not None and (row.p_value < alpha) != (primary.p_value < alpha)
    ]
    if not others:
        return ""
    side = "above" if primary.p_value < alpha else "below"
    return (
        f"The answer has {p_words(primary.p_value)}; on the other side of {p_value(alpha)}, {side} it: "
        f"{', '.join(others)}. Read the intervals: near that line a small change of method moves a verdict, not what "
        "was found."
    )


def _weighting(subject: Subject) -> str:
    scale = subject.scale
    students, units = _student_and_unit(subject)
    if students is None or units is None:
        return ""
    unit = subject.assigned if subject.assigned in ("class", "institution") else "unit"
    return (
        f"Counting every student alike gives {scale.text(students.estimate)}, counting every {unit} alike "
        f"{scale.text(units.estimate)}{_unit(scale)}: the effect may depend on how large the {unit} is (Kahan et al. "
        "2023)."
    )


def _student_and_unit(subject: Subject) -> tuple[EstimateRow | None, EstimateRow | None]:
    if subject.scale.code == "pairs":
        first, second = (subject.one("effect-size", f"{SUPERIORITY}-{method}") for method in ("cr2", "unit-means"))
        return first, second
    first, second = (subject.one("regression", method, "treatment") for method in ("ols-cr2", "unit-means"))
    return first, second


def _unit(scale: Scale) -> str:
    return {"pairs": " of 100 pairs", "percentage-points": " percentage points"}.get(scale.code, " points")


def _intercept(subject: Subject) -> str:
    factor, decimals = (1.0, 2) if subject.scale.code == "pairs" else (subject.scale.factor, subject.scale.decimals + 1)
    alone, slope = (
        subject.one("regression", method, "treatment") for method in ("mixed-kenward-roger", "mixed-random-slope")
    )
    if alone is None or slope is None or alone.std_error is None or slope.std_error is None:
        return ""
    errors = [number(factor * error, decimals) for error in (alone.std_error, slope.std_error)]
    return (
        f"The mixed model is surer than the others (standard error {errors[0]}, with a random slope {errors[1]}): it "
        "takes the effect to be the same everywhere and students of one class to share no teacher. At least one of "
        "the two is not so; without class names in the data they can't be told apart."
    )


def _giant(subject: Subject) -> str:
    row = subject.one("feasibility", "design", "largest-leverage")
    if row is None or row.estimate is None:
        return ""
    return (
        f"One institution carries {number(100.0 * row.estimate, 0)} % of the weight in the difference: analyses that "
        "count every student alike lean on it, means of the units count it once."
    )


def _at_zero(subject: Subject) -> str:
    return (
        "The mixed model estimates a variance between institutions or classes at zero, an ordinary result. "
        "Kenward–Roger's degrees of freedom still count them; Satterthwaite's do not, and are left out here."
    )
