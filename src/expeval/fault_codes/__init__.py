"""The catalogue of faults: code -> title, sentence, how to mend it; and the sentence of one fault.

A message is for the person who must mend the file: what was found, what is allowed, what to do.  No template
shows a student's identifier: students are told by their rows.  Words of a further language are a further entry
of :data:`CATALOGUE` with the same codes.

Fields of a template
--------------------
``{key} {found} {allowed}``
    The fault's own; in faults of data ``{found}`` is quoted.
``{cells}``
    What was found and where: ``"1055" (row 6); "сдал" (rows 11, 15)``.
``{places}``
    Only where: ``rows 8, 21; rows 12, 30``.
``{limit} {listed} {holds} {fits} {not_named} {wanted} {beside} {header}``
    Part-sentences that are empty where the fault does not have what they say; see :func:`_facts`.
``{NAME}``
    A value of the fault's ``details``.

What a fault does not have is left empty, never an error: a message with a gap is better than none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from expeval.fault_codes.english import DATA_TEXTS, STUDY_TEXTS

Subject = Literal["study", "data"]
SHOWN_VALUES = 20
SHOWN_ROWS = 20
_LONGEST = 120

# What these faults found may be a student's identifier, which no message may show.
NAMELESS = frozenset({"student-twice-same", "student-twice-different", "student-both-arms", "rows-below"})
# Here `nearest` is no spelling that was meant: the cell of the other form, the header row that is likely.
_NO_SPELLING = frozenset({"decimal-unclear", "header-unclear"})


class Told(Protocol):
    """What the catalogue reads of a fault (:class:`expeval.faults.Fault`; that module stands above this one)."""

    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def file(self) -> str | None: ...  # noqa: D102
    @property
    def sheet(self) -> str | None: ...  # noqa: D102
    @property
    def row(self) -> int | None: ...  # noqa: D102
    @property
    def column(self) -> str | None: ...  # noqa: D102
    @property
    def cell(self) -> str | None: ...  # noqa: D102
    @property
    def key(self) -> str | None: ...  # noqa: D102
    @property
    def found(self) -> str | None: ...  # noqa: D102
    @property
    def allowed(self) -> str | None: ...  # noqa: D102
    @property
    def nearest(self) -> str | None: ...  # noqa: D102
    @property
    def rows(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def details(self) -> dict[str, Any]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class FaultText:
    """One code in one language: ``sentence`` says what is wrong, ``mend`` what to do about it."""

    subject: Subject
    title: str
    sentence: str
    mend: str


def _entries(subject: Subject, texts: Mapping[str, tuple[str, str, str]]) -> dict[str, FaultText]:
    return {code: FaultText(subject, *words) for code, words in texts.items()}


CATALOGUE: dict[str, dict[str, FaultText]] = {
    "en": {**_entries("study", STUDY_TEXTS), **_entries("data", DATA_TEXTS)},
}
STUDY_CODES = frozenset(STUDY_TEXTS)
DATA_CODES = frozenset(DATA_TEXTS)


def sentence(fault: Told, language: str = "en") -> str:
    """Say a fault: where it is, what was found, what is allowed, how to mend it.

    Parameters
    ----------
    fault
        The fault; ``details["like"]`` may hold further faults that differ in place and ``found`` alone and
        are told with it.
    language
        A key of :data:`CATALOGUE`.

    Raises
    ------
    KeyError
        Where the catalogue lacks the code or the language.
    """
    text = CATALOGUE[language][fault.code]
    facts = _Facts(_facts(fault, text.subject))
    words = [text.sentence.format_map(facts), _did_you_mean(fault), text.mend.format_map(facts)]
    return f"{_place(fault, text.subject)}: " + " ".join(word for word in words if word)


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def _facts(fault: Told, subject: Subject) -> dict[str, str]:
    known = {name: _cut(str(value)) for name, value in fault.details.items() if name != "like"}
    nameless = fault.code in NAMELESS
    quoted, allowed = _quoted(fault.found or ""), _cut(fault.allowed or "", 400)
    return known | {
        "key": fault.key or "",
        "found": "" if nameless else _cut(fault.found or ""),
        "quoted": "" if nameless else quoted,
        "allowed": allowed,
        "cells": _places(fault) if nameless else _cells(fault),
        "places": _places(fault),
        "limit": f", the limit is {allowed}" if allowed else "",
        "listed": f"There are: {allowed}." if allowed else "",
        "holds": f"The column holds: {allowed}." if allowed else "",
        "fits": f"It may be one of: {allowed}." if allowed else "",
        "not_named": f"; it is not {quoted}" if fault.found else "",
        "wanted": f", {quoted}" if fault.found else "",
        "beside": f", beside {_quoted(fault.nearest)}" if fault.nearest else "",
        "header": _header(fault),
    }


def _header(fault: Told) -> str:
    """Which row may hold the column names, and what to do about it."""
    rows = fault.details.get("header_rows")
    if rows == ():
        return f"data.header_row names row {fault.row}, which is empty. Set it to the row that holds the column names."
    if rows is not None and len(rows) > 1:
        return (
            f"the column names seem to stand in the rows {' and '.join(map(str, rows))} together. Write them into "
            "one row, without merged cells, and set data.header_row to it."
        )
    if fault.row is None:
        return "it is unclear which row holds the column names. Set data.header_row to its number."
    return (
        f"it is unclear which row holds the column names; row {fault.row} may be it. "
        f"Set data.header_row to its number, as in header_row = {fault.row}."
    )


def _place(fault: Told, subject: Subject) -> str:
    """The head of a message: file and line, or file, sheet and column."""
    parts = [_cut(fault.file)] if fault.file else [fault.key] if fault.key else []
    if subject == "study":
        parts += [f"line {fault.row}"] if fault.row else []
    else:
        parts += [f"sheet {_quoted(fault.sheet)}"] if fault.sheet else []
        parts += [f"column {_quoted(fault.column)}"] if fault.column else []
    return ", ".join(parts) or "input"


def _did_you_mean(fault: Told) -> str:
    meant = fault.nearest is not None and fault.code not in _NO_SPELLING
    return f"Did you mean {_quoted(fault.nearest or '')}?" if meant else ""


def _like(fault: Told) -> tuple[Told, ...]:
    return (fault, *fault.details.get("like", ()))


def _cells(fault: Told) -> str:
    """Each value that was found, with its count and its rows."""
    by_value: dict[str | None, list[Told]] = {}
    for one in _like(fault):
        if "further" not in one.details:
            by_value.setdefault(one.details.get("institution", one.found), []).append(one)
    told = [_value_and_places(value, ones) for value, ones in list(by_value.items())[:SHOWN_VALUES]]
    told += [f"{count} more cells"] if (count := further(fault)) else []
    return "; ".join(told) + _and_more(len(by_value) - SHOWN_VALUES, "values", "value")


def further(fault: Told) -> int:
    """How many faults like this one were counted and not listed."""
    counts = [one.details.get("further", 0) for one in _like(fault)]
    return sum(count for count in counts if isinstance(count, int))


def _value_and_places(value: str | None, ones: list[Told]) -> str:
    rows = sorted({row for one in ones for row in _rows(one)})
    counts = [one.details.get("count") for one in ones]
    count = sum(
        number if isinstance(number, int) else len(_rows(one)) for number, one in zip(counts, ones, strict=True)
    )
    cell = next((one.cell for one in ones if one.cell), None)
    cell_text = f", {'cell' if len(rows) < 2 else 'first cell'} {cell}" if cell else ""
    where = _rows_text(rows) + cell_text + "".join(_elsewhere(one) for one in ones[:SHOWN_VALUES])
    if value is None:
        return where
    students = ones[0].details.get("students")
    often = f"{count} times" if count > 1 else f"{students} students" if students else ""
    inside = ": ".join(part for part in (often, where) if part)
    return _quoted(value) + (f" ({inside})" if inside else "")


def _places(fault: Told) -> str:
    """Where each of the faults is, without what was found there."""
    ones = [one for one in _like(fault) if _rows(one)]
    if all(not one.rows and "elsewhere" not in one.details for one in ones):
        return _rows_text(sorted({row for one in ones for row in _rows(one)}))
    told = [_rows_text(_rows(one), " and ") + _elsewhere(one) for one in ones[:SHOWN_VALUES]]
    return "; ".join(told) + _and_more(len(ones) - SHOWN_VALUES, "such places", "such place")


def _elsewhere(fault: Told) -> str:
    """Rows of the same fault in other files: ``details["elsewhere"]`` holds (file, row)."""
    others = fault.details.get("elsewhere", ())
    return "".join(f" and {_cut(str(file))}, row {row}" for file, row in others[:SHOWN_ROWS])


def _rows(fault: Told) -> list[int]:
    return sorted({*([fault.row] if fault.row is not None else []), *fault.rows})


def _rows_text(rows: list[int], join: str = ", ") -> str:
    """``row 6``, ``rows 8, 21``, ``rows 2 to 26``; only the first where there are many."""
    if not rows:
        return ""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][-1] + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    # Two neighbours are two rows; from three on a run reads better as its ends.
    words = [w for run in runs for w in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(row) for row in run])]
    text = (join if len(words) == 2 else ", ").join(words[:SHOWN_ROWS])
    return ("row " if len(rows) == 1 else "rows ") + text + _and_more(len(words) - SHOWN_ROWS)


def _and_more(count: int, many: str = "", one: str = "") -> str:
    return f" and {count} more {one if count == 1 else many}".rstrip() if count > 0 else ""


def _quoted(text: str) -> str:
    return f'"{_cut(text)}"'


def _cut(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def titles(language: str = "en") -> Iterable[tuple[str, FaultText]]:
    """All codes with their words, for the documentation."""
    return CATALOGUE[language].items()
