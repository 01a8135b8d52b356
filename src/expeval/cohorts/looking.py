"""A first look at a file that was sent: its sheets, its header, whose columns are whose.  Nothing is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from expeval.cohorts.choices import Choices
from expeval.cohorts.columns import Match, check_served, columns_of, match_columns
from expeval.faults import Fault, Faults
from expeval.proposal.looking import find_header
from expeval.scores.grid import GridFile
from expeval.scores.header import Header, locate_header
from expeval.scores.opening import FoundFile, open_file
from expeval.scores.roles import Columns
from expeval.scores.settings import OpenFile, Preview, Settings, Unreadable
from expeval.scores.spelling import tidy
from expeval.study.spec import Study

MAX_BYTES = 20 * 2**20  # of one file that is uploaded
MOST_ROWS = 50_000  # of it: more students than an institution has, and a small file may say that it has millions
MOST_SHEETS = 60
SEARCHED_ROWS = 30
LONGEST_NAME = 120

# Control characters, marks that turn the reading direction, halves of characters.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file looks like before anything of it is kept.

    Attributes
    ----------
    file_name
        As it is shown and stored; never used as a path.
    sheets
        Names of the sheets among which one has to be chosen; empty where the question does not arise.
    choices
        The choices so far, with the header row that was found.
    names
        The file's column names; empty while a sheet has to be chosen.
    matches
        The study's columns, each with the file's.
    titles
        The texts above the header, row by row, as the page shows them.
    hidden
        Rows that the sheet hides and of which nobody has said whether they count.
    """

    file_name: str
    choices: Choices
    sheets: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    matches: tuple[Match, ...] = ()
    titles: tuple[tuple[int, tuple[str, ...]], ...] = ()
    hidden: tuple[int, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether the columns can be read without a question."""
        asked = self.sheets or self.hidden
        return not asked and bool(self.matches) and all(match.settled for match in self.matches)


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file with its header."""

    file: OpenFile
    header: Header
    choices: Choices
    matches: tuple[Match, ...]
    preview: Preview


def look(
    study: Study, data: bytes, name: str, choices: Choices | None = None, remembered: Mapping[str, str] | None = None
) -> Looked:
    """Look at a file.

    Parameters
    ----------
    study
        The study file as read.
    data, name
        The file's content and the name that it was sent with.
    choices
        What was chosen so far.
    remembered
        The study's column -> the institution's name of it (:func:`expeval.cohorts.remembered.columns`).

    Raises
    ------
    Faults
        Where the file can't be read, or leaves something open that a key of ``choices`` settles.
    """
    chosen = choices or Choices()
    shown = clean_name(name)
    try:
        opened = open_upload(study, data, shown, chosen, remembered or {})
    except Unreadable as unreadable:
        if chosen.sheet is None and unreadable.faults[0].code == "sheet-unclear":
            sheets = _sheets(study, data, shown, chosen)
            if len(sheets) > 1:
                return Looked(shown, chosen, sheets)
        raise Faults(unreadable.faults) from None
    above = opened.header.row if not isinstance(opened.choices.header_row, tuple) else opened.choices.header_row[0]
    titles = [(row, tuple(filter(None, map(tidy, cells)))) for row, cells in opened.preview.records if row < above]
    return Looked(
        shown,
        opened.choices,
        names=tuple(filter(None, map(tidy, opened.header.names))),
        matches=opened.matches,
        titles=tuple((row, cells) for row, cells in titles if cells),
        hidden=tuple(opened.file.hidden_rows(opened.header.row)) if isinstance(opened.file, GridFile) else (),
    )


def open_upload(study: Study, data: bytes, name: str, choices: Choices, remembered: Mapping[str, str]) -> Opened:
    """Open a file with its reader and find its header; raises :class:`Unreadable`."""
    check_served(study)
    if len(data) > MAX_BYTES:
        found, allowed = f"{len(data) / 2**20:.0f} MB", f"{MAX_BYTES // 2**20} MB"
        raise Unreadable(Fault("file-too-large", name, found=found, allowed=allowed))
    if not data:
        raise Unreadable(Fault("file-empty", name))
    columns = columns_of(study)
    theirs = {known for known in (*choices.columns.values(), *remembered.values()) if known}
    wanted = tuple(dict.fromkeys((*columns.wanted, *sorted(theirs))))
    file = FoundFile(Path(name), name)
    opened = open_file(file, data, choices.settings(study), wanted)
    preview = opened.preview()
    if not preview.named and choices.header_row is None:
        row = _header_row(study, columns, preview, choices, remembered, name)
        choices = replace(choices, header_row=row)
        if isinstance(row, tuple):
            opened = open_file(file, data, choices.settings(study), wanted)
            preview = opened.preview()
    header = locate_header(preview, choices.settings(study), (), name)
    matches = match_columns(study, columns, header.names, choices.columns, remembered)
    return Opened(opened, header, choices, tuple(matches), preview)


def _header_row(
    study: Study,
    columns: Columns,
    preview: Preview,
    choices: Choices,
    remembered: Mapping[str, str],
    file: str,
) -> int | tuple[int, int]:
    """The row, or two rows, that name the most of the study's columns; the first of them."""
    filled = [row for row, cells in preview.records if any(map(tidy, cells)) and row <= SEARCHED_ROWS]
    if not filled:
        raise Unreadable(Fault("file-empty", file))
    likely, _ = find_header(preview)
    rows: list[int | tuple[int, int]] = [*filled]
    rows += [(likely[0], likely[1])] if len(likely) == 2 else []

    def settled(row: int | tuple[int, int]) -> int:
        names = locate_header(preview, Settings(header_row=row), (), file).names
        matches = match_columns(study, columns, names, choices.columns, remembered)
        return sum(match.theirs is not None and match.how != "perhaps" for match in matches)

    counts = {row: settled(row) for row in rows}
    best = max(rows, key=lambda row: counts[row])
    if counts[best]:
        return best
    return (likely[0], likely[1]) if len(likely) == 2 else likely[0]


def _sheets(study: Study, data: bytes, name: str, choices: Choices) -> tuple[str, ...]:
    """The names of the visible sheets that hold anything."""
    found = []
    for number in range(1, MOST_SHEETS + 1):
        try:
            opened = open_file(FoundFile(Path(name), name), data, replace(choices, sheet=number).settings(study), ())
        except Unreadable as unreadable:
            if unreadable.faults[0].code == "sheet-missing":
                break
            continue
        if isinstance(opened, GridFile) and opened.grid.visible and opened.grid.rows:
            found.append(opened.grid.name or str(number))
    return tuple(found)


def clean_name(name: str) -> str:
    """A file's name as it is shown: its last part, without what could steer a terminal or a page's direction."""
    last = re.split(r"[/\\]", name)[-1]
    plain = tidy(_UNPRINTABLE.sub("", last))
    if len(plain) > LONGEST_NAME:
        stem, dot, suffix = plain.rpartition(".")
        keep = LONGEST_NAME - len(suffix) - 2
        plain = f"{stem[:keep]}…{dot}{suffix}" if dot and len(suffix) < 10 else plain[: LONGEST_NAME - 1] + "…"
    return plain if plain.strip(". ") else "file"
