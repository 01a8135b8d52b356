"""A data file as init looks at it: every sheet that holds a table, its header, the end of its students."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from expeval.faults import Fault
from expeval.proposal.words import BELOW, words_of
from expeval.scores.cells import NumericCells, Sheet, distinct, shown
from expeval.scores.grid import GridFile
from expeval.scores.header import locate_header
from expeval.scores.numbers import Kind, read_text
from expeval.scores.opening import FoundFile, open_file, read_bytes
from expeval.scores.settings import OpenFile, Preview, Request, Settings, Unreadable
from expeval.scores.spelling import tidy

MOST_SHEETS = 60
LEAST_SHARE = 0.7  # of the columns that the header of a table must name
END = 15  # rows at the end among which totals and signatures are looked for
MOST_CODES = 50  # different whole numbers of a column that may be labels


@dataclass(slots=True)
class Looked:
    """One table of a file.

    Attributes
    ----------
    written
        The name as study.toml writes it.
    settings
        What must be known to read it; of these ``keys`` are those that study.toml must say, each with the reason.
    names
        Its column names in order, the first of each spelling; ``twice`` are those that stand there more than once.
    profiles
        What was found out about its columns, once.
    """

    file: FoundFile
    written: str
    settings: Settings
    sheet: Sheet
    names: list[str]
    twice: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    profiles: dict[Any, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows stand below the header."""
        return int(self.sheet.rows.size)

    def set(self, key: str, value: Any, why: str) -> None:
        """Settle what the file leaves open."""
        self.settings = dataclasses.replace(self.settings, **{key: value})
        self.keys[key] = why


def look(file: FoundFile, written: str, settings: Settings) -> list[Looked]:
    """The tables of a file, one a sheet; raises :class:`Unreadable` where nothing can be read without a question."""
    data = read_bytes(file)
    try:
        opened = open_file(file, data, settings, ())
    except Unreadable as unreadable:
        if unreadable.faults[0].code != "sheet-unclear":
            raise
    else:
        if settings.sheet is not None or not isinstance(opened, GridFile) or opened.addressed:
            return [_look(file, written, data, settings, opened)]
    found = _sheets(file, written, data, settings)
    if not found:
        raise Unreadable(Fault("file-empty", file.name))
    if len(found) > 1:
        for table in found:
            table.keys["sheet"] = f"the file has {len(found)} sheets with rows"
    else:
        found[0].settings = dataclasses.replace(found[0].settings, sheet=settings.sheet)
    return found


def look_hidden(file: FoundFile, written: str, settings: Settings) -> list[Looked]:
    """The tables on sheets that a workbook hides; none where the file is no workbook, or its sheet is named."""
    if settings.sheet is not None:
        return []
    found = _sheets(file, written, read_bytes(file), settings, visible=False)
    for table in found:
        table.keys["sheet"] = "the workbook hides this sheet"
    return found


def _sheets(file: FoundFile, written: str, data: bytes, settings: Settings, visible: bool = True) -> list[Looked]:
    found: list[Looked] = []
    for number in range(1, MOST_SHEETS + 1):
        one = dataclasses.replace(settings, sheet=number)
        try:
            opened = open_file(file, data, one, ())
        except Unreadable as unreadable:
            if unreadable.faults[0].code == "sheet-missing":
                break
            continue
        if not isinstance(opened, GridFile):
            break
        if opened.grid.visible is visible:
            named = opened.grid.name if opened.addressed and opened.grid.name else number
            try:
                table = _look(file, written, data, one, opened)
            except Unreadable:
                continue  # nothing but a title or a header
            table.settings = dataclasses.replace(table.settings, sheet=named)
            found.append(table)
    return found


def _look(file: FoundFile, written: str, data: bytes, settings: Settings, opened: OpenFile) -> Looked:
    """One table, its header where it looks like one."""
    preview = opened.preview()
    keys: dict[str, str] = {}
    if not preview.named and settings.header_row is None:
        rows, first = find_header(preview)
        if not rows:
            raise Unreadable(Fault("file-empty", file.name))
        settings = dataclasses.replace(settings, header_row=rows if len(rows) == 2 else rows[0])
        if len(rows) == 2:
            keys["header_row"] = "the column names seem to stand in two rows, joined by a space"
            opened = open_file(file, data, settings, ())
        elif rows[0] != first:
            keys["header_row"] = "the rows above it look like titles"
    header = locate_header(opened.preview(), settings, (), file.name)
    places: dict[str, int] = {}
    twice: list[str] = []
    for place, name in enumerate(map(tidy, header.names)):
        if name and name in places:
            twice.append(name)
        elif name:
            places[name] = place
    sheet = _read(opened, header.row, len(header.names), places)
    if not sheet.rows.size:
        raise Unreadable(Fault("header-only", file.name, sheet.sheet, header.row or None))
    names = list(places)
    table = Looked(file, written, settings, sheet, names, list(dict.fromkeys(twice)), keys)
    if settings.last_row is None and (last := find_last_row(table)) is not None:
        below = table.rows - int(np.searchsorted(sheet.rows, last, side="right"))
        table.set("last_row", last, f"NOT SURE: below it are totals, notes or signatures, it seems (rows: {below})")
        opened = open_file(file, data, table.settings, ())
        table.sheet = _read(opened, header.row, len(header.names), places)
    if settings.hidden is None and (count := table.sheet.hidden_rows):
        table.set("hidden", "keep", f'NOT SURE: hidden rows ({count}) are read; "drop" leaves them out')
    return table


def _read(opened: OpenFile, row: int, width: int, places: dict[str, int]) -> Sheet:
    """All columns; whole numbers that may be labels ("01") as the file writes them.

    A format that names its columns (row 0) has types, and is read once.
    """
    sheet, _ = opened.read(Request(row, width, places, tuple(places), ()))
    codes = {
        name: places[name]
        for name, cells in sheet.columns.items()
        if row and isinstance(cells, NumericCells) and np.unique(cells.numbers).size <= MOST_CODES
    }
    if codes:
        again, _ = opened.read(Request(row, width, codes, (), ()))
        sheet.columns.update(again.columns)
    return sheet


def find_header(preview: Preview) -> tuple[tuple[int, ...], int]:
    """The row, or the two rows, that hold the column names, and the first row that holds anything."""
    records = [(row, [tidy(cell) for cell in cells]) for row, cells in preview.records]
    records = [(row, cells) for row, cells in records if any(cells)]
    if not records:
        return (), 0
    filled = [sum(map(bool, cells)) for _, cells in records]
    typical = float(np.median(filled[len(filled) // 2 :]))
    for i, (row, cells) in enumerate(records[:-1]):
        below, next_cells = records[i + 1]
        if below == row + 1 and i + 2 < len(records) and _are_two_lines(cells, next_cells, typical):
            return (row, below), records[0][0]
        if filled[i] >= max(1.0, LEAST_SHARE * typical) and _are_names(cells):
            return (row,), records[0][0]
    wide = [row for (row, _), n in zip(records, filled, strict=True) if n >= LEAST_SHARE * typical]
    return ((wide or [records[0][0]])[0],), records[0][0]


def _are_names(cells: list[str]) -> bool:
    numbers = sum(_is_number(cell) for cell in cells if cell)
    return numbers * 3 <= sum(map(bool, cells))


def _is_number(text: str) -> bool:
    return read_text(text, None).kind is not Kind.TEXT


def _are_two_lines(upper: list[str], lower: list[str], typical: float) -> bool:
    """Whether the lower row names the columns that the upper one leaves blank, and holds no student."""
    width = max(len(upper), len(lower))
    upper, lower = ([*cells, *[""] * (width - len(cells))] for cells in (upper, lower))
    if sum(map(bool, upper)) < 2 or any(_is_number(cell) for cell in (*upper, *lower) if cell):
        return False
    both = sum(bool(a or b) for a, b in zip(upper, lower, strict=True))
    added = sum(bool(b and not a) for a, b in zip(upper, lower, strict=True))
    left = sum(bool(a and not b) for a, b in zip(upper, lower, strict=True))
    return added > 0 and left > 0 and both >= LEAST_SHARE * typical


def find_last_row(table: Looked) -> int | None:
    """The last row that holds a student, where the rows below it are totals or signatures; else ``None``."""
    sheet, size = table.sheet, table.rows
    start = max(2, size - END)
    if size < 4 or start >= size:
        return None
    texts = [_texts(table, name) for name in table.names]
    filled = np.sum([column != "" for column in texts], axis=0)
    typical = float(np.median(filled))
    for i in range(start, size):
        cells = [str(column[i]) for column in texts if column[i]]
        gap = int(sheet.rows[i]) - int(sheet.rows[i - 1]) > 1
        fewer = filled[i] <= 0.8 * typical
        told = any(BELOW.fit(words_of(cell)) for cell in cells)
        alone = gap and filled[i] <= 0.5 * typical and bool((filled[i:] <= 0.5 * typical).all())
        if (told and fewer) or alone:
            return int(sheet.rows[i - 1])
    return None


def _texts(table: Looked, name: str) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    cells = distinct(table.sheet.columns[name])
    # An error value or a formula is no empty cell, whatever it shows.
    shows = [tidy(shown(value)) if isinstance(value, str) else shown(value) or "?" for value in cells.values]
    return np.array(shows, dtype=object)[cells.codes]


def relative(path: Path, folder: Path) -> str:
    """A file's name as study.toml in a folder writes it."""
    import os

    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()
