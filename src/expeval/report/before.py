"""What a study of this design can show at all, said before its result: one table, a column an outcome."""

from __future__ import annotations

from expeval.report.numbers import degrees, number, p_value
from expeval.report.subject import Subject
from expeval.report.tables import Column, Row, Table, table
from expeval.results import EstimateRow


def unit_of(subject: Subject) -> str:
    """What a row of the data sits in: institution, or class where no institution is named."""
    return "institution" if subject.results.study.get("data", {}).get("institution") else "class"


def plural(unit: str) -> str:
    """Institutions, classes, students."""
    return f"{unit}es" if unit.endswith("s") else f"{unit}s"


def before_table(every: tuple[Subject, ...]) -> Table | None:
    """The feasibility rows of all outcomes, each quantity explained once; ``None`` where none was computed."""
    known = [subject for subject in every if subject.rows("feasibility")]
    if not known:
        return None
    unit = unit_of(known[0])
    units = plural(unit)
    body = [
        _row(
            f"{units.capitalize()} in the answer",
            f"students of one {unit} share teachers, rooms and a past",
            [_units(subject) for subject in known],
        ),
        _row(
            "Degrees of freedom",
            "how many independent pieces of information the answer's uncertainty is judged by",
            ["–" if s.primary is None else degrees(s.primary.df) for s in known],
        ),
        _row(
            "Smallest effect that would be found",
            f"in standard deviations; found in 8 of 10 such studies, at the likeness of students of one {unit} seen "
            f"here{_same_effect(known[0])}",
            [number(_found(subject), 2) for subject in known],
        ),
        _row(
            "Smallest p by dealing the groups anew",
            "no difference, however large, can give a smaller one",
            [p_value(_value(subject, "smallest-p-permutation")) for subject in known],
        ),
        *_bootstrap(known, units),
        _row(
            f"Largest {unit}",
            "its share of the students",
            [_share(_value(subject, "largest-share")) for subject in known],
        ),
        _row(
            f"Heaviest {unit}",
            "its share of the weight in the difference",
            [_share(_value(subject, "largest-leverage")) for subject in known],
        ),
        _row(
            f"Effective number of {units}",
            "as many of equal weight would tell as much about the uncertainty",
            [number(_value(subject, "effective-clusters"), 0) for subject in known],
        ),
    ]
    shown = [row for row in body if any(cell not in ("", "–") for cell in row.cells[1:])]
    # Quantities of different kinds stand under each other: there is no decimal sign to stand on.
    names = [Column(subject.name if len(known) > 1 else "", numeric=False) for subject in known]
    return table("Computed without a look at the difference", [Column("", numeric=False), *names], shown, _said(known))


def _bootstrap(known: list[Subject], units: str) -> list[Row]:
    """Only where it is coarse enough to matter."""
    values = [_value(subject, "smallest-p-wild-bootstrap") for subject in known]
    if not any(value is not None and value >= 0.001 for value in values):
        return []
    words = f"which turns whole {units} by random signs"
    return [_row("Smallest p by the wild bootstrap", words, [p_value(value) for value in values])]


def _row(head: str, explained: str, cells: list[str]) -> Row:
    return Row((head, *cells), explained=explained)


def _feasible(subject: Subject, term: str) -> EstimateRow | None:
    return subject.one("feasibility", "design", term)


def _value(subject: Subject, term: str) -> float | None:
    row = _feasible(subject, term)
    return None if row is None else row.estimate


def _found(subject: Subject) -> float | None:
    """The smallest effect that would be found; none where no method gives a p-value."""
    return None if _stands_alone(subject) else _value(subject, "detectable-effect")


def _stands_alone(subject: Subject) -> bool:
    primary = subject.primary
    return primary is not None and primary.estimate is not None and primary.p_value is None and primary.conf_low is None


def _units(subject: Subject) -> str:
    row = next((row for row in subject.rows("feasibility") if row.clusters is not None), None)
    return "–" if row is None else number(row.clusters, 0)


def _share(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{number(100.0 * value, 0 if value >= 0.0995 else 1)}\u00a0%"


def _same_effect(subject: Subject) -> str:
    """Where students were divided inside institutions the figure takes the effect to be the same in all of them."""
    if subject.assigned != "student":
        return ""
    if subject.warned("intercept-alone-overconfident"):
        return ", if the effect were the same everywhere, which it does not seem to be: larger ones only"
    return ", if the effect is the same everywhere; larger ones only, if it is not"


def _said(known: list[Subject]) -> tuple[str, ...]:
    """Plain words where no difference, however large, could reach the study's alpha."""
    by: dict[str, list[str]] = {}
    for subject in known:
        if words := _out_of_reach(subject):
            by.setdefault(words, []).append(subject.name)
    return tuple(words if len(names) == len(known) else f"{', '.join(names)}: {words}" for words, names in by.items())


def _out_of_reach(subject: Subject) -> str:
    alpha = 1.0 - subject.confidence
    permutation = _value(subject, "smallest-p-permutation")
    bootstrap = _value(subject, "smallest-p-wild-bootstrap")
    if _stands_alone(subject):
        return f"Nothing can reach p < {p_value(alpha)} here: no method gives a p-value that can be trusted."
    coarse = [value for value in (permutation, bootstrap) if value is not None and value >= alpha - 1e-12]
    if permutation is None or permutation < alpha - 1e-12:
        return ""
    words = (
        f"However large the difference, dealing the groups anew can't reach p < {p_value(alpha)} with so few "
        f"{plural(subject.assigned)}"
    )
    words += ", nor can the wild bootstrap" if len(coarse) == 2 else ""
    return f"{words}. A smaller p rests on assumptions about the scores that so few can't check."
