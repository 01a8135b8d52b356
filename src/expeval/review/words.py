"""What a verification found, in sentences and lines: for the terminal and the page alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from expeval.report.numbers import count
from expeval.review.causes import Causes, Change
from expeval.review.data_changes import RowChange, TableChange
from expeval.review.difference import Difference, Value
from expeval.review.output import Edited
from expeval.review.verification import Traced, Verification

MOST_ROWS = 40  # rows of the data or of the tables that a terminal lists
CAUSES = {
    "data": "data",
    "plan": "plan",
    "seed": "seed",
    "software": "software",
    "edited": "the files were edited",
}
KINDS = {"changed": "changed", "gone": "no longer analysed", "new": "not analysed then"}
EITHER = "Data and software of then are not here to be put back: what is left to them may be either's."
EDITED = {"changed": "was changed after the run", "gone": "is gone", "new": "is not from the run"}


def verdict(found: Verification) -> str:
    """The answer in one line."""
    numbers = count(found.compared)
    real = found.real
    if found.verdict == "not-rerun":
        return "Can't be rerun: the study or its data have faults that they did not have then."
    if found.verdict == "different":
        causes = [CAUSES[name] for name in CAUSES if any(name in traced.causes for traced in real)]
        because = f"because of: {', '.join(causes)}" if causes else "for no reason that can be traced"
        return f"Different: {count(len(real))} of {numbers} values, {because}."
    if found.edited:
        return f"Edited: a new run gives the same, but {_edited(found.edited)}."
    if found.verdict == "noise":
        return f"Same within numerical noise: {numbers} numbers, {_largest(found.differences)}."
    if found.verdict == "same-numbers":
        return f"Same numbers: all {numbers} are equal; {', '.join(found.unequal)} would be written with other bytes."
    return f"Same: all {numbers} numbers are equal, and every file comes out byte for byte."


def _edited(edited: Sequence[Edited]) -> str:
    return ", ".join(f"{file.file} {EDITED[file.what]}" for file in edited)


def _largest(differences: Iterable[Traced]) -> str:
    known = [(one.difference.relative, one.difference) for one in differences if one.difference.relative is not None]
    if not known:
        return "no number differs"
    relative, where = max(known, key=lambda pair: pair[0])
    return f"the largest relative difference is {relative:.1e} ({place(where)})"


def place(difference: Difference) -> str:
    """Which cell of the tables: its row's names, then the column."""
    names = [str(name) for name in difference.row if name is not None]
    field = difference.field or {"gone": "row gone", "new": "row new"}.get(difference.degree, "row")
    return ", ".join([*([] if difference.table == "estimates" else [difference.table]), *names, field])


def shown(value: Value) -> str:
    """A value at the precision that tells two apart."""
    if value is None:
        return "none"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def software_lines(causes: Causes) -> list[str]:
    """Packages that are others now."""
    return [f"{change.name}: {_from_to(change)}" for change in causes.software]


def plan_lines(causes: Causes) -> list[str]:
    """Keys of the study file with another value, the seed with them."""
    changes = [*causes.plan, *([causes.seed] if causes.seed else [])]
    return [f"{change.name}: {_from_to(change)}" for change in changes]


def data_lines(causes: Causes, read: bool = True) -> list[str]:
    """Which files, rows and columns; never what stands in them."""
    if not causes.files:
        return []
    names = ", ".join(change.file for change in causes.files)
    verb = "has" if len(causes.files) == 1 else "have"
    head = f"{names}: {verb} another content than then"
    table = causes.table
    if table is None and not read:
        return [f"{head}."]
    if table is None:
        return [f"{head}; which rows can't be told here (the hashes of rows are keyed by another installation)."]
    if table.same:
        words = "its rows stand in another order" if table.reordered else "the table that is read from it is the same"
        return [f"{head}, but {words}."]
    return [f"{head}.", *row_lines(table)]


def row_lines(table: TableChange) -> list[str]:
    """Each changed row: its place, and the columns that differ."""
    lines = [f"column {name}: no longer there" for name in table.columns_gone]
    lines += [f"column {name}: not there then" for name in table.columns_new]
    lines += [_row(change) for change in table.rows[:MOST_ROWS]]
    if len(table.rows) > MOST_ROWS:
        lines.append(f"and {len(table.rows) - MOST_ROWS} further rows")
    return lines


def _row(change: RowChange) -> str:
    columns = f" ({', '.join(change.columns)})" if change.columns else ""
    was = " then" if change.kind == "gone" else ""
    return f"{change.file}, row {change.row}{was}: {KINDS[change.kind]}{columns}"


def lines(found: Verification) -> list[str]:
    """Everything for a terminal: software first, the verdict, what changed, number by number."""
    told = []
    if software := software_lines(found.causes):
        told += ["The software is not that of then:", *_indented(software)]
    told.append(verdict(found))
    for then, now in found.answers:
        told += _indented([f"then: {then or 'no such outcome'}", f"now:  {now or 'no such outcome'}"])
    if found.edited:
        told += ["Files beside the manifest:", *_indented(f"{file.file} {EDITED[file.what]}" for file in found.edited)]
    for head, part in (
        ("Data:", data_lines(found.causes, found.verdict != "not-rerun")),
        ("Plan:", plan_lines(found.causes)),
    ):
        told += [head, *_indented(part)] if part else []
    if {"data", "software"} <= set(found.causes.names) and found.real:
        told.append(EITHER)
    real = found.real
    if real:
        told += ["What differs (then → now):", *_indented(_cell(traced) for traced in real[:MOST_ROWS])]
    if len(real) > MOST_ROWS:
        told.append(f"  and {len(real) - MOST_ROWS} more: verification.html and --json have all")
    return told


def _cell(traced: Traced) -> str:
    difference = traced.difference
    because = f"  [{', '.join(traced.causes)}]" if traced.causes else ""
    return f"{place(difference)}: {shown(difference.old)} → {shown(difference.new)}{because}"


def _from_to(change: Change) -> str:
    return f"{change.old or 'none'} → {change.new or 'none'}"


def _indented(texts: Iterable[str]) -> list[str]:
    return [f"  {text}" for text in texts]
