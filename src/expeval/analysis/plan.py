"""What was done beside what was planned: key by key, outcome by outcome, and whether a look at the data was planned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from expeval.glossary import listed
from expeval.results import DecisionRow, PlanRow, WarningRow
from expeval.study.plan import (
    LockedPlan,
    Plan,
    matched_outcomes,
    plan_differences,
    plan_of,
)
from expeval.study.spec import Study

STEP, LOOK = "plan", "look"
_DATA = {
    "before": "before any data file was there",
    "some": "when some of the data files were there",
    "same": "when the data analysed here were there",
    "other": "when data files were there, with another content than now",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rows that say how a run keeps to its locked plan.

    Attributes
    ----------
    rows
        The keys that deviate from the plan or were amended.
    decisions
        One an entry of the lock file (``locked``, ``amended``), then one an outcome (``planned``,
        ``planned-after-data``, ``changed``, ``exploratory``), then which look at arriving cohorts it is.
    warnings
        Deviations without a reason, planned outcomes that are missing, unplanned ones, a plan after the data.
    """

    rows: tuple[PlanRow, ...]
    decisions: tuple[DecisionRow, ...]
    warnings: tuple[WarningRow, ...]


def compare_with_plan(
    study: Study, chain: Sequence[LockedPlan], hashes: Collection[str], cohorts: Collection[str] | None = None
) -> Comparison:
    """Compare a study with its locked plan: the latest amendment, and the first.  Without a plan: its look alone.

    Parameters
    ----------
    study
        The study as it is run; its ``deviations`` give reasons.
    chain
        The locked plan and its amendments; may be empty.
    hashes
        SHA-256 of the data files that are analysed.
    cohorts
        The labels of the cohorts in the data, ``None`` where the study names none.
    """
    looks, look_warnings = _look_rows(study, chain, cohorts)
    if not chain:
        return Comparison((), looks, look_warnings)
    used = plan_of(study)
    rows = _rows(chain, used, {deviation.key: deviation.reason for deviation in study.deviations})
    entries = [_entry_decision(entry, hashes) for entry in chain]
    labels = [_label(outcome, other, chain, rows, hashes) for other, outcome in _outcomes(chain, used)]
    warnings = (*_warnings(study, chain, hashes, rows, labels), *look_warnings)
    return Comparison(tuple(rows), (*entries, *labels, *looks), warnings)


def _rows(chain: Sequence[LockedPlan], used: Plan, reasons: Mapping[str, str]) -> list[PlanRow]:
    since_latest = {one.key: one for one in plan_differences(chain[-1].plan, used)}
    since_first = {one.key: one for one in plan_differences(chain[0].plan, used)}
    rows = []
    for key, one in {**since_first, **since_latest}.items():
        deviates = key in since_latest
        first = since_first[key].old if key in since_first else one.new
        planned = one.old if deviates else one.new
        reason = reasons.get(key) if deviates else reasons.get(key) or _amended_because(chain, key)
        rows.append(PlanRow(one.outcome, key, "deviates" if deviates else "amended", first, planned, one.new, reason))
    return sorted(rows, key=lambda row: row.status != "deviates")


def _amended_because(chain: Sequence[LockedPlan], key: str) -> str | None:
    said = [
        later.reason
        for earlier, later in pairwise(chain)
        if later.reason and any(one.key == key for one in plan_differences(earlier.plan, later.plan))
    ]
    return "; ".join(dict.fromkeys(said)) or None


def _entry_decision(entry: LockedPlan, hashes: Collection[str]) -> DecisionRow:
    data = entry.data_then(hashes)
    because = f"{'The plan was locked' if entry.number == 1 else 'It was amended'} {_DATA[data]}"
    because += f": {entry.reason}" if entry.reason else ""
    figures: dict[str, float | int | str | None] = {"entry": entry.number, "time": entry.time, "data": data}
    figures |= {"reason": entry.reason, "expeval": entry.expeval, "hash": entry.hash}
    return DecisionRow(None, STEP, "locked" if entry.number == 1 else "amended", because, figures)


# ----------------------------------------------------------------------------------------------------- the outcomes


def _outcomes(chain: Sequence[LockedPlan], used: Plan) -> Iterator[tuple[Plan | None, Plan]]:
    """The outcomes of the study, each with itself in the latest plan."""
    for planned, outcome in matched_outcomes(chain[-1].plan, used):
        if outcome is not None:
            yield planned, outcome


def _label(
    outcome: Plan,
    planned: Plan | None,
    chain: Sequence[LockedPlan],
    rows: Iterable[PlanRow],
    hashes: Collection[str],
) -> DecisionRow:
    name = str(outcome["name"])
    if planned is None:
        return DecisionRow(name, STEP, "exploratory", "This outcome is not in the locked plan")
    since = _planned_since(planned, chain)
    data = since.data_then(hashes)
    where = "the plan" if since.number == 1 else f"the plan since its amendment {since.number - 1}"
    because = f"This outcome is in {where}, locked {_DATA[data]}"
    changed = [row for row in rows if row.status == "deviates" and row.outcome == name]
    if changed:
        because += "; not as planned: " + ", ".join(map(_change, changed))
    choice = "changed" if changed else "planned" if data == "before" else "planned-after-data"
    return DecisionRow(name, STEP, choice, because, {"entry": since.number, "data": data})


def _planned_since(planned: Plan, chain: Sequence[LockedPlan]) -> LockedPlan:
    """The entry from which on the outcome has always been in the plan."""
    since, own = chain[-1], planned
    for entry in reversed(chain[:-1]):
        partner = next((old for old, new in matched_outcomes(entry.plan, {"outcomes": [own]}) if new is own), None)
        if partner is None:
            break
        since, own = entry, partner
    return since


def _change(row: PlanRow) -> str:
    key = row.key.rpartition("].")[2]
    return f"{key} ({'not set' if row.planned is None else row.planned} in the plan)"


# ----------------------------------------------------------------------------------------------------- the warnings


def _warnings(
    study: Study,
    chain: Sequence[LockedPlan],
    hashes: Collection[str],
    rows: Sequence[PlanRow],
    labels: Sequence[DecisionRow],
) -> Iterator[WarningRow]:
    kept = {outcome.name for outcome in study.outcomes}
    for row in rows:
        if row.status == "deviates" and row.outcome is not None and row.outcome not in kept:
            words = f"The outcome {row.outcome} was planned and is not in this study."
            yield WarningRow(None, "planned-outcome-missing", words)
    unexplained = [row.key for row in rows if row.status == "deviates" and row.reason is None]
    if unexplained:
        words = f"The study leaves its locked plan in {', '.join(unexplained)}, and gives no reason."
        yield WarningRow(None, "deviation-without-reason", words)
    roles = {outcome.name: outcome.role for outcome in study.outcomes}
    for label in labels:
        if label.choice == "exploratory" and label.outcome is not None and roles[label.outcome] == "primary":
            words = "This outcome is not in the locked plan: what it shows is exploratory."
            yield WarningRow(label.outcome, "outcome-not-planned", words)
    if (data := chain[0].data_then(hashes)) != "before":
        yield WarningRow(None, "plan-after-data", f"The plan was locked {_DATA[data]}: it may follow what they show.")
    elif any(not entry.before_data for entry in chain):
        words = "The plan was amended when data were there: the amendment may follow what they show."
        yield WarningRow(None, "plan-amended-after-data", words)


# ------------------------------------------------------------------------------------------------------- the looks


@dataclass(frozen=True, slots=True)
class Look:
    """Whether a look at the data was planned.

    Attributes
    ----------
    status
        ``planned``; ``unplanned``; ``none-planned``: the plan names no looks, so that any is unplanned.
    number, planned
        Which of how many planned looks it is, from 1; ``None`` where it is none of them.
    """

    status: Literal["planned", "unplanned", "none-planned"]
    number: int | None
    planned: int


def find_look(looks: Sequence[Collection[str]], cohorts: Iterable[str]) -> Look:
    """Tell from the cohorts in the data whether this look at them was planned.

    A look is the set of cohorts that the data hold: neither their order nor how often they occur matters, and one
    cohort more or less makes it another look.

    Parameters
    ----------
    looks
        The planned looks in order, each with the labels of its cohorts: ``plan.looks`` as text.
    cohorts
        The labels of the cohorts in the data, as text.

    Examples
    --------
    >>> looks = (("2025",), ("2025", "2026"))
    >>> find_look(looks, ["2026", "2025", "2025"])
    Look(status='planned', number=2, planned=2)
    >>> find_look(looks, ["2026"]).status
    'unplanned'
    """
    if not looks:
        return Look("none-planned", None, 0)
    there = frozenset(cohorts)
    number = next((place for place, look in enumerate(looks, start=1) if frozenset(look) == there), None)
    return Look("unplanned" if number is None else "planned", number, len(looks))


def _look_rows(
    study: Study, chain: Sequence[LockedPlan], cohorts: Collection[str] | None
) -> tuple[tuple[DecisionRow, ...], tuple[WarningRow, ...]]:
    """Which look at arriving cohorts this is, and what follows for its p-values."""
    looks = chain[-1].plan.get("plan", {}).get("looks", []) if chain else []
    if cohorts is None:
        if not looks:
            return (), ()
        words = "The plan names looks at arriving cohorts, but the study names no column of cohorts (data.cohort)."
        return (), (WarningRow(None, "look-unknown", words),)
    if not looks and len(cohorts) < 2:
        return (), ()
    look = find_look(looks, cohorts)
    held = f"The data hold the cohort{'s' if len(cohorts) > 1 else ''} {listed(tuple(cohorts))}"
    code, said = _look_said(look, 1.0 - study.inference.confidence)
    figures: dict[str, float | int | str | None] = {"cohorts": ", ".join(cohorts)}
    figures |= {"number": look.number, "planned": look.planned}
    because = f"{held}: {said[0]}"
    warnings = (WarningRow(None, code, f"{because}. {said[1]}"),) if code else ()
    return (DecisionRow(None, LOOK, look.status, because, figures),), warnings


def _look_said(look: Look, alpha: float) -> tuple[str | None, tuple[str, str]]:
    """The warning's code, if any; which look it is, and what that means."""
    if look.status == "planned":
        which = f"look {look.number} of {look.planned} that the plan names"
        if look.planned == 1:
            return None, (which, "")
        return "planned-looks", (
            which,
            f"Each p-value is that of one look: over {look.planned} looks, chance alone has up to {look.planned} times "
            f"the risk. Judged at {alpha / look.planned:.3g} instead of {alpha:.3g}, all looks together keep "
            f"{alpha:.3g} (Bonferroni).",
        )
    if look.status == "unplanned":
        return "look-not-planned", (
            f"none of the {look.planned} looks that the plan names",
            "The p-values do not allow for looking at the data whenever a cohort arrives, and no correction repairs "
            "that.",
        )
    return "look-not-planned", (
        "no locked plan names looks at them",
        "If the data were analysed before all of them were there, the p-values are too small, and no correction "
        "repairs that.",
    )
