"""Was it planned?  What the locked plan says of this analysis, in a reader's words; nothing without a locked plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from expeval.report.numbers import count
from expeval.report.tables import Column, Row, Table, table
from expeval.results import DecisionRow, PlanRow, Results
from expeval.study.plan import PLANNED

STEP = "plan"
QUESTION = ("planned", "Was it planned?")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DATA = {
    "before": "before any data file was there",
    "some": "when some of the data files were there already",
    "same": "when the data analysed here were there already",
    "other": "when data files were there already, with another content than now",
}
_DATA_SHORT = {"before": "not there", "some": "partly there", "same": "there", "other": "there, other content"}
_LABELS = {
    "planned": "planned",
    "planned-after-data": "planned after the data were there",
    "changed": "planned, done otherwise",
    "exploratory": "exploratory",
}


@dataclass(frozen=True, slots=True)
class PlannedView:
    """The section as values: sentences, what was done otherwise, each outcome, and the lock file's entries."""

    said: tuple[str, ...]
    outcomes: tuple[tuple[str, str, str], ...]
    deviations: Table | None
    amended: Table | None
    entries: Table
    label: str


def planned_view(results: Results) -> PlannedView | None:
    """The section of a study with a locked plan; ``None`` where none was locked."""
    entries = [row for row in results.decisions if row.step == STEP and row.outcome is None]
    if not entries:
        return None
    deviations = [row for row in results.plan if row.status == "deviates"]
    amended = [row for row in results.plan if row.status != "deviates"]
    return PlannedView(
        said=(*_said(entries, deviations), *_look(results)),
        outcomes=tuple(_outcome(row) for row in results.decisions if row.step == STEP and row.outcome is not None),
        deviations=_deviations(deviations),
        amended=_amended(amended),
        entries=_entries(entries),
        label=_label(entries, deviations),
    )


def outcome_label(results: Results, outcome: str) -> str:
    """``planned``, ``exploratory``, ... of one outcome; empty without a locked plan."""
    found = (row.choice for row in results.decisions if row.step == STEP and row.outcome == outcome)
    return next((_LABELS.get(choice, choice) for choice in found), "")


def _said(entries: list[DecisionRow], deviations: list[PlanRow]) -> tuple[str, ...]:
    first, *later = entries
    said = [f"The plan was locked on {_moment(first)}, {_data(first)}."]
    if later:
        times = "once" if len(later) == 1 else f"{len(later)} times, last"
        said.append(f"It was amended {times} on {_moment(later[-1])}, {_data(later[-1])}.")
    if not deviations:
        said.append("Nothing deviates from it.")
    elif len(deviations) == 1:
        said.append("In one point this analysis deviates from it.")
    else:
        said.append(f"In {count(len(deviations))} points this analysis deviates from it.")
    return tuple(said)


def _look(results: Results) -> tuple[str, ...]:
    return tuple(f"{row.because}." for row in results.decisions if row.step == "look")


def _outcome(row: DecisionRow) -> tuple[str, str, str]:
    because = row.because.removeprefix("This outcome is ")
    return str(row.outcome), _LABELS.get(row.choice, row.choice), because


def _deviations(rows: list[PlanRow]) -> Table | None:
    if not rows:
        return None
    columns = [Column(head, numeric=False) for head in ("", "Planned first", "Planned", "Done", "Reason")]
    body = [
        Row(
            (
                _name(row),
                "" if row.first == row.planned else _value(row, row.first),
                _value(row, row.planned),
                _value(row, row.used),
                row.reason or "no reason given",
            ),
            explained=row.key,
        )
        for row in rows
    ]
    return table("What was done otherwise than planned", columns, body)


def _amended(rows: list[PlanRow]) -> Table | None:
    if not rows:
        return None
    columns = [Column(head, numeric=False) for head in ("", "Planned first", "Amended, and done", "Reason")]
    body = [
        Row(
            (_name(row), _value(row, row.first), _value(row, row.used), row.reason or "no reason given"),
            explained=row.key,
        )
        for row in rows
    ]
    return table("What was done as the amended plan says, not as the first one", columns, body)


def _entries(entries: list[DecisionRow]) -> Table:
    columns = [Column(head, numeric=False) for head in ("", "Time (UTC)", "Data", "Reason", "Locked by")]
    body = [
        (
            _entry_name(row),
            f"{_moment(row)}, {_time(row):%H:%M:%S}",
            _DATA_SHORT.get(str(row.figures["data"]), str(row.figures["data"])),
            str(row.figures["reason"] or "–"),
            f"expeval {row.figures['expeval']}",
        )
        for row in entries
    ]
    notes = (
        "The time is that of the computer on which the plan was locked. Each hash covers the entry and the hash before "
        "it; that it was there at that time only somebody can confirm to whom the hash was given then.",
        *(f"SHA-256, {_entry_name(row)}: {row.figures['hash']}" for row in entries),
    )
    return table("The locked plan and its amendments", columns, body, notes)


def _entry_name(row: DecisionRow) -> str:
    return "The plan" if row.choice == "locked" else f"Amendment {int(row.figures['entry'] or 0) - 1}"


def _label(entries: list[DecisionRow], deviations: list[PlanRow]) -> str:
    when = "before the data" if entries[0].figures["data"] == "before" else "after the data were there"
    points = "" if not deviations else f", {len(deviations)} deviation{'s' if len(deviations) > 1 else ''}"
    return f"planned {when}{points}"


def _name(row: PlanRow) -> str:
    """What the key decides, of which outcome."""
    if row.outcome is None:
        return PLANNED.get(row.key, row.key)
    table_, _, key = row.key.rpartition("].")
    if not table_:
        what = "an outcome that was not planned" if row.planned is None else "an outcome that was planned"
        what = "an outcome" if row.status != "deviates" else what
    else:
        what = "its name" if key == "name" else PLANNED.get(f"outcomes.{key}", key)
    return f"{row.outcome}: {what}"


def _value(row: PlanRow, value: str | None) -> str:
    if value is not None:
        return {"true": "yes", "false": "no"}.get(value, value)
    return "no such outcome" if row.key.endswith("]") else "not set"


def _data(row: DecisionRow) -> str:
    return _DATA.get(str(row.figures["data"]), str(row.figures["data"]))


def _time(row: DecisionRow) -> datetime:
    return datetime.fromisoformat(str(row.figures["time"])).astimezone(UTC)


def _moment(row: DecisionRow) -> str:
    time = _time(row)
    return f"{time.day} {_MONTHS[time.month - 1]} {time.year}"
