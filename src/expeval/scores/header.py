"""Which row holds the column names, and where the study's columns stand in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from expeval.faults import Fault, nearest
from expeval.scores.settings import Preview, Settings, Unreadable
from expeval.scores.spelling import Lookup, find_columns, tidy

SEARCHED_ROWS = 30
SHOWN_NAMES = 30


@dataclass(frozen=True, slots=True)
class Header:
    """The header's (last) row, its names, and the study's columns in it; row 0 where the format names the columns.

    ``searched`` is how many rows were looked at, where the file goes on below them and nobody named the row.
    """

    row: int
    names: tuple[str, ...]
    lookup: Lookup
    searched: int | None = None


def locate_header(preview: Preview, settings: Settings, wanted: Sequence[str], file: str) -> Header:
    """The header: the row that the study file names, else the first row that holds something.

    Raises :class:`Unreadable` where a later row fits the study's columns better (titles above the header),
    or completes them (a header of two lines): which row is meant is then asked, not guessed.
    """
    if preview.named:
        names = preview.records[0][1]
        return Header(0, tuple(names), find_columns(names, wanted))
    if settings.header_row is not None:
        return _named_header(preview, settings.header_row, wanted, file)
    filled = [(row, cells) for row, cells in preview.records if any(tidy(cell) for cell in cells)]
    if not filled:
        raise Unreadable(Fault("file-empty", file))
    row, names = filled[0]
    searched = SEARCHED_ROWS if preview.last_row > SEARCHED_ROWS else None
    header = Header(row, tuple(names), find_columns(names, wanted), searched)
    for later, cells in filled[1:]:
        if later > SEARCHED_ROWS:
            break
        _check_better(header, later, find_columns(cells, wanted), file)
    if header.lookup.missing and len(filled) > 1:
        _check_joined(header, *filled[1], wanted, file)
    return header


def _check_joined(header: Header, later: int, cells: Sequence[str], wanted: Sequence[str], file: str) -> None:
    """Ask where names that the header lacks stand in it and the row below together, as "math" above "score" does."""
    upper = list(header.names) + [""] * (len(cells) - len(header.names))
    spread = [upper[max((k for k in range(i + 1) if tidy(upper[k])), default=i)] for i in range(len(upper))]
    lower = [*cells, *[""] * (len(upper) - len(cells))]
    for names in (upper, spread):
        joined = find_columns([tidy(f"{a} {b}") for a, b in zip(names, lower, strict=True)], wanted)
        if not joined.missing or joined.found > header.lookup.found:
            raise Unreadable(_unclear(header, later, (header.row, later), file))


def _check_better(header: Header, later: int, lookup: Lookup, file: str) -> None:
    lacking = header.lookup.missing
    completes = bool(lacking) and not set(lacking) & set(lookup.missing)
    if lacking and (completes or lookup.found > header.lookup.found):
        two_lines = completes and lookup.found < header.lookup.found + len(lacking)
        rows = (header.row, later) if two_lines else (later,)
        raise Unreadable(_unclear(header, later, rows, file))


def _unclear(header: Header, later: int, rows: tuple[int, ...], file: str) -> Fault:
    return Fault(
        "header-unclear",
        file,
        row=later,
        key="data.header_row",
        found=", ".join(header.lookup.missing),
        nearest=str(list(rows)) if len(rows) > 1 else str(later),
        details={"header_rows": rows, "first_row": header.row},
    )


def _named_header(preview: Preview, rows: int | tuple[int, int], wanted: Sequence[str], file: str) -> Header:
    by_row = dict(preview.records)
    numbers = rows if isinstance(rows, tuple) else (rows,)
    absent = [row for row in numbers if not any(tidy(cell) for cell in by_row.get(row, []))]
    if absent:
        fault = Fault(
            "header-unclear",
            file,
            row=absent[0],
            key="data.header_row",
            found=str(absent[0]),
            details={"header_rows": (), "last_row": preview.last_row},
        )
        raise Unreadable(fault)
    lines = [by_row[row] for row in numbers]
    width = max(map(len, lines))
    padded = [line + [""] * (width - len(line)) for line in lines]
    names = [tidy(" ".join(parts)) for parts in zip(*padded, strict=True)]
    return Header(numbers[-1], tuple(names), find_columns(names, wanted))


def column_faults(
    header: Header, keys: Mapping[str, str], known: Mapping[str, str], file: str, sheet: str | None
) -> list[Fault]:
    """Columns that the header lacks or has twice.

    ``keys`` names the study file's key of each column that must stand there, ``known`` of each that may.
    """
    names = [tidy(name) for name in header.names if tidy(name)]
    faults = [
        Fault("column-twice", file, sheet, header.row or None, name, key=known.get(name), found=str(times))
        for name, times in header.lookup.twice.items()
    ]
    # Where hardly anything fits the row may be no header, and its cells may be a student's.
    listed = ", ".join(names[:SHOWN_NAMES]) if header.lookup.found * 2 >= len(keys) else None
    lacking = {name: nearest(name, names) for name in header.lookup.missing if name in keys}
    near = listed is not None or None not in lacking.values()
    for name, similar in lacking.items():
        fault = Fault("column-missing", file, sheet, header.row or None, name, key=keys[name], allowed=listed)
        if listed is None and header.searched is not None:
            fault.details["searched"] = header.searched
        faults.append(replace(fault, nearest=similar if near else None))
    return faults
