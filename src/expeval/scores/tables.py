"""One file of the study to one sheet of raw cells: opened, its header found, its columns read."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from expeval.faults import Fault
from expeval.scores.at_once import both
from expeval.scores.cells import Cells, DistinctCells, NumericCells, Sheet, Value, distinct, number_text
from expeval.scores.header import Header, column_faults, locate_header
from expeval.scores.numbers import Kind, read_value
from expeval.scores.opening import FoundFile, check_unchanged, digest, find_files, open_file, read_bytes
from expeval.scores.roles import Columns
from expeval.scores.settings import Request, Settings, Unreadable
from expeval.scores.spelling import tidy
from expeval.scores.table import IntArray, Notice, number_of
from expeval.scores.text_cells import ManyTexts
from expeval.scores.typed import label_of
from expeval.study.spec import FileEntry, Study

# In how many orders the rows of a file can stand, for one with the same bytes, or the same rows, to be its copy.
FEW_ORDERS, MANY_ORDERS = math.log(20), math.log(1e6)


@dataclass(frozen=True, slots=True)
class Listed:
    """A file to read: where it is, what study.toml says about it, the arm whose file it is, its role as a source."""

    file: FoundFile
    settings: Settings
    arm: str | None = None
    role: str = "scores"


@dataclass(slots=True)
class Table:
    """A file that was read, with the names that its header holds."""

    listed: Listed
    sheet: Sheet
    names: tuple[str, ...]


def list_files(
    study: Study, entries: Sequence[tuple[str | None, FileEntry]], faults: list[Fault], words: Sequence[str] = ()
) -> list[Listed]:
    """The files that entries of study.toml stand for; what is missing is added to ``faults``."""
    # Two sheets of one workbook are two entries; a file that a name and a glob both mean is one.
    listed: dict[tuple[str, str | int | None, str | None], Listed] = {}
    for arm, entry in entries:
        try:
            for file in find_files(study.folder, entry.path):
                listed.setdefault(
                    (str(file.path.resolve()), entry.sheet, arm), Listed(file, settings_of(entry, words), arm)
                )
        except Unreadable as unreadable:
            faults += unreadable.faults
    return list(listed.values())


def settings_of(entry: FileEntry, words: Sequence[str]) -> Settings:
    """What study.toml says about a file."""
    return Settings(
        encoding=entry.encoding,
        delimiter=entry.delimiter,
        decimal=entry.decimal,
        sheet=entry.sheet,
        header_row=entry.header_row,
        last_row=entry.last_row,
        hidden=entry.hidden,
        words=tuple(words),
    )


def read_table(
    listed: Listed, columns: Columns, missing: Sequence[str], faults: list[Fault], entry: str | None = None
) -> Table | None:
    """Read a file's columns; ``None`` where it can't be read, with the reason added to ``faults``.

    ``entry`` is the key that names the file where nothing of ``[data]`` holds for it: what a fault asks for must
    then stand in the file's own entry.
    """
    before = len(faults)
    try:
        data = read_bytes(listed.file)
        table, sha256 = both(lambda: _read(listed, data, columns, missing, faults), lambda: digest(data), len(data))
    except Unreadable as unreadable:
        faults += unreadable.faults
        return None
    finally:
        name_entry(faults[before:], entry)
    table.sheet.sha256 = sha256
    faults += check_unchanged(listed.file, data)
    return table


def name_entry(faults: Sequence[Fault], entry: str | None) -> None:
    """Tell in faults that name a key of ``[data]`` that it must stand in the file's own entry."""
    for fault in faults:
        if entry is not None and fault.key is not None and fault.key.removeprefix("data.") in FileEntry.model_fields:
            fault.details["entry"] = entry


def _read(listed: Listed, data: bytes, columns: Columns, missing: Sequence[str], faults: list[Fault]) -> Table:
    file = listed.file.name
    opened = open_file(listed.file, data, listed.settings, columns.wanted)
    header = locate_header(opened.preview(), listed.settings, columns.wanted, file)
    names = tuple(tidy(name) for name in header.names)
    request = Request(
        header_row=header.row,
        width=len(header.names),
        positions=header.lookup.positions,
        numeric=tuple(name for name in columns.numeric if name in header.lookup.positions),
        missing=tuple(missing),
    )
    sheet, row_faults = opened.read(request)
    sheet.spellings = header.lookup.mended
    sheet.mend("column names", len(header.lookup.mended))
    faults += column_faults(header, columns.keys, columns.known, file, sheet.sheet)
    faults += row_faults + second_tables(sheet, header, request.numeric, listed.settings.words)
    if not sheet.rows.size:
        raise Unreadable(Fault("header-only", file, sheet.sheet, header.row or None))
    return Table(listed, sheet, names)


def second_tables(sheet: Sheet, header: Header, numeric: Sequence[str], words: Sequence[str] = ()) -> list[Fault]:
    """Rows of column names other than the header's: below them the study's columns hold something else.

    Such a row has two names of columns, or one in its own column and a word in one of numbers.  A row that repeats
    the header, as that of a printed page, is none of them: it belongs to neither arm.  ``words`` are those of arms
    and levels, which cells hold whatever the columns are called.
    """
    names = {name: tidy(header.names[place]) for name, place in header.lookup.positions.items()}
    every = {tidy(name) for name in header.names} - {"", *map(tidy, words)}
    named = np.zeros(sheet.rows.size, dtype=np.int64)
    for name in names:
        # Of very many values, which identifiers are, only the study's names are looked for one by one.
        cells = sheet.columns[name]
        many = isinstance(cells, DistinctCells) and isinstance(cells.values, ManyTexts)
        named[_holding(cells, every.intersection(names.values()) if many else every)] += 1
    records = np.flatnonzero(named)
    own = {name: set(_holding(sheet.columns[name], {text}).tolist()) for name, text in names.items() if records.size}
    differing = []
    for record in records.tolist():
        others = [name for name in names if record not in own[name] and sheet.columns[name].value(record) != ""]
        word = any(_is_word(sheet, name, record) for name in others if name in numeric)
        if others and (named[record] > 1 or (word and len(others) < len(names))):
            differing.append(record)
    return [sheet.row_fault("header-again", differing)] if differing else []


def _is_word(sheet: Sheet, name: str, record: int) -> bool:
    return read_value(sheet.columns[name].value(record), None).kind is Kind.TEXT


def _holding(cells: Cells, texts: Set[str]) -> IntArray:
    """The records that hold one of some texts."""
    if isinstance(cells, NumericCells):
        return np.zeros(0, dtype=np.int64)
    if isinstance(cells.values, ManyTexts):
        codes = [cells.values.index(text) for text in texts if text in cells.values]
    else:
        codes = [i for i, value in enumerate(cells.values) if isinstance(value, str) and tidy(value) in texts]
    return np.flatnonzero(np.isin(cells.codes, codes)).astype(np.int64) if codes else np.zeros(0, dtype=np.int64)


def same_files(tables: Sequence[Table]) -> list[Fault]:
    """Files of one arm that are copies of one another: where nobody names the students, each of them would count twice.

    Saved once more, or in another format, a copy has other bytes: it is one by what the study's columns hold.  Files
    of few students, or of students who nearly all have the same score, may hold the same without being copies.
    """
    sheets = [(table.listed.arm, table.sheet) for table in tables if table.sheet.sha256]
    sizes = [(arm, tuple(sorted(sheet.columns)), sheet.rows.size) for arm, sheet in sheets]
    first: dict[object, Sheet] = {}
    faults = []
    for (arm, sheet), size in zip(sheets, sizes, strict=True):
        if sizes.count(size) == 1:
            continue
        rows = _rows(sheet)
        known = first.setdefault((arm, sheet.sha256, sheet.sheet), sheet) if _orders(rows) >= FEW_ORDERS else sheet
        if known is sheet and _orders(rows) >= MANY_ORDERS:
            known = first.setdefault((size, digest("\x1e".join(rows).encode("utf-8", "surrogatepass"))), sheet)
        if known is not sheet:
            faults.append(Fault("file-twice", sheet.file, sheet.sheet, found=known.file))
    return faults


def _orders(rows: Sequence[str]) -> float:
    """In how many orders these rows can stand, a logarithm: files that hold the same rows have the same by chance."""
    return math.lgamma(len(rows) + 1) - sum(math.lgamma(times + 1) for times in Counter(rows).values())


def _rows(sheet: Sheet) -> list[str]:
    """What the columns hold row by row, the same for the same numbers and labels in whatever format."""
    columns = []
    for name in sorted(sheet.columns):
        cells = distinct(sheet.columns[name])
        values = [_plain(value, sheet.decimal) for value in cells.values]
        columns.append([values[code] for code in cells.codes.tolist()])
    return ["\x1f".join(row) for row in zip(*columns, strict=True)]


def _plain(value: Value, decimal: str | None) -> str:
    reading = read_value(value, decimal)
    return number_text(reading.number) if reading.kind is Kind.NUMBER else label_of(value)


def spelling_notices(sheet: Sheet) -> list[Notice]:
    """Column names that were taken for the study's although they only look like them."""
    return [
        Notice("column-look-alike", f"{sheet.file}: the column “{found}” was read as “{wanted}” of the study file.")
        for wanted, found in sheet.spellings.items()
    ]


def hidden_notice(sheet: Sheet, key: str = "data.hidden") -> list[Notice]:
    """Rows that a spreadsheet hides and that were read all the same."""
    if not sheet.hidden_rows:
        return []
    rows = number_of(sheet.hidden_rows, "hidden row was", "hidden rows were")
    words = f'{sheet.file}: {rows} read as well; {key} = "drop" leaves them out.'
    return [Notice("hidden-rows", words)]
