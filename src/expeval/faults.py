"""Faults: what is wrong with an input, said for the person who must mend it, all of them at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one kind; ``code`` names its entry in :mod:`expeval.fault_codes`.

    Attributes
    ----------
    file, sheet, row, column, cell
        Where: rows as the spreadsheet or editor counts them (from 1; in SPSS, Stata and Parquet, whose column names
        are no row, the records from 1), ``column`` the column's name,
        ``cell`` as ``"D17"`` where the file has cells.  ``rows`` lists the further rows of one fault.
    key
        The key of study.toml that is wrong, or that settles the question (``"data.header_row"``).
    found, allowed, nearest
        What stands there, what may stand there, the nearest right spelling.
    details
        Further values that the code's sentence uses; must never hold a student's name.
    """

    code: str
    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    cell: str | None = None
    key: str | None = None
    found: str | None = None
    allowed: str | None = None
    nearest: str | None = None
    rows: tuple[int, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


class Faults(Exception):
    """All faults of an input, raised once.

    ``usable`` is false where not even a list of faults could be made (an unreadable study file): then
    ``check`` exits 2 as every other command does.
    """

    def __init__(self, faults: Iterable[Fault], usable: bool = True) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        self.usable = usable
        super().__init__(f"{len(self.faults)} faults")

    def __iter__(self) -> Iterator[Fault]:
        return iter(self.faults)


def alike(faults: Iterable[Fault], likeness: Callable[[Fault], Hashable]) -> list[tuple[Fault, ...]]:
    """Faults of the same likeness together, in the order of the first of each."""
    groups: dict[Hashable, list[Fault]] = {}
    for fault in faults:
        groups.setdefault(likeness(fault), []).append(fault)
    return [tuple(group) for group in groups.values()]


def as_one(faults: tuple[Fault, ...]) -> Fault:
    """The first of some faults that are told as one; the others are in its ``details["like"]``."""
    first, *rest = faults
    return replace(first, details={**first.details, "like": tuple(rest)}) if rest else first


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed spelling nearest to ``word`` (case, ё/е and small slips aside), or ``None``."""
    choices = list(dict.fromkeys(allowed))
    plain = {_plain(choice): choice for choice in reversed(choices)}
    found = difflib.get_close_matches(_plain(word), list(plain), n=1, cutoff=0.6)
    return plain[found[0]] if found else None


def _plain(word: str) -> str:
    return word.casefold().replace("ё", "е").strip()
