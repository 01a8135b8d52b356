"""One file of the study to one sheet of raw cells: opened, its header found, its columns read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from expeval.faults import Fault
from expeval.scores.at_once import both
from expeval.scores.cells import Sheet
from expeval.scores.header import column_faults, locate_header
from expeval.scores.opening import FoundFile, check_unchanged, digest, find_files, open_file, read_bytes
from expeval.scores.roles import Columns
from expeval.scores.settings import Request, Settings, Unreadable
from expeval.scores.spelling import tidy
from expeval.scores.table import Notice
from expeval.study.spec import FileEntry, Study


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
    faults += row_faults
    if not sheet.rows.size:
        raise Unreadable(Fault("header-only", file, sheet.sheet, header.row or None))
    return Table(listed, sheet, names)


def same_files(tables: Sequence[Table]) -> list[Fault]:
    """Files that are copies of one another: where nobody names the students, each of them would count twice."""
    first: dict[tuple[str, str | None], Sheet] = {}
    faults = []
    for sheet in (table.sheet for table in tables if table.sheet.sha256):
        known = first.setdefault((sheet.sha256, sheet.sheet), sheet)
        if known is not sheet:
            faults.append(Fault("file-twice", sheet.file, sheet.sheet, found=known.file))
    return faults


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
    rows = "1 hidden row was" if sheet.hidden_rows == 1 else f"{sheet.hidden_rows} hidden rows were"
    words = f'{sheet.file}: {rows} read as well; {key} = "drop" leaves them out.'
    return [Notice("hidden-rows", words)]
