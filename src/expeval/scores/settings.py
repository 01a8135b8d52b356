"""What passes between the reading of a study's files and the reader of one file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from expeval.faults import Fault
from expeval.scores.cells import Sheet


@dataclass(frozen=True, slots=True)
class Settings:
    """What the study file says about one file; ``None`` where it leaves that to be found.

    ``words`` are texts besides the column names that the file should hold: in its right encoding it does.
    """

    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    sheet: str | int | None = None
    header_row: int | tuple[int, int] | None = None
    last_row: int | None = None
    hidden: str | None = None
    words: tuple[str, ...] = ()

    @property
    def last_header_row(self) -> int | None:
        """The lower row of the header, where the study file names it."""
        return self.header_row[-1] if isinstance(self.header_row, tuple) else self.header_row


@dataclass(frozen=True, slots=True)
class Preview:
    """The first records of a file with their rows, as texts, and the file's last row.

    ``named``: the format itself names the columns, in the one record that is shown; that is no row of the file.
    """

    records: Sequence[tuple[int, list[str]]]
    last_row: int
    named: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """Which columns to read below which header.

    Attributes
    ----------
    header_row, width
        The (last) row of the header and how many columns it has.
    positions
        name -> position of the column, from 0.
    numeric
        The names whose cells may be numbers; a reader may hand these over as numbers where all of them are.
    missing
        Texts that stand for a missing value, for readers that look for numbers themselves.
    """

    header_row: int
    width: int
    positions: dict[str, int]
    numeric: tuple[str, ...]
    missing: tuple[str, ...]


class OpenFile(Protocol):
    """A file whose format is known: shows its first rows, then reads the columns that are asked for."""

    def preview(self) -> Preview:
        """The first records, for the search of the header."""

    def read(self, request: Request) -> tuple[Sheet, list[Fault]]:
        """The columns asked for and the faults of the rows."""


#: content, settings, the study's column names, the name for messages -> the open file; raises `Unreadable`
Reader = Callable[[bytes, Settings, Sequence[str], str], OpenFile]


class Unreadable(Exception):
    """A file that can't be read at all, with the faults that say why."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__(faults[0].code)
