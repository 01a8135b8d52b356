"""Faults on the terminal: a table where it is wide enough, plain paragraphs that read at any width, or JSON."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from expeval.cli.language import spoken
from expeval.cli.words import said
from expeval.fault_codes import NAMELESS, STUDY_CODES, Message, Told, further, message
from expeval.fault_codes.wording import like, rows_of
from expeval.faults import Fault, Faults, alike, as_one

SHOWN = 200
TABLE_FROM = 100  # columns of the terminal

# What is wrong with a file as a whole.
FILE_CODES = frozenset(
    {
        *(
            "file-missing",
            "file-is-folder",
            "file-unreadable",
            "glob-empty",
            "file-empty",
            "header-only",
            "file-changed",
        ),
        *("format-unsupported", "library-missing", "encoding-unclear", "delimiter-unclear", "header-unclear"),
        *("sheet-unclear", "sheet-missing", "column-missing", "column-twice", "column-empty"),
    }
)

# Steers a terminal or turns the reading direction, or is half a character that no encoding can write.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def show_faults(faults: Faults, stream: TextIO, as_json: bool = False, language: str | None = None) -> None:
    """Write all faults to a stream.

    Parameters
    ----------
    faults
        What was raised.  Faults that differ in place and value alone are told together, so that one mistake made
        300 times reads as one: text shows its first 20 cells, JSON its first 200.  Both end after the first 200
        of what is told with the count of the rest.
    stream
        Where to; a table is drawn and lines are broken only where the stream is a terminal.
    as_json
        An object with the list ``faults``: objects with the fault's fields, its ``message`` and ``count``, the
        number of faults that it tells.  Where it tells several, ``rows`` has the further rows of all and
        ``details.cells`` the place and value of each.  Where there are more than 200, the last has the code ``more``
        and their ``count``.
    language
        A language of the catalogue; ``None``: that of the terminal.
    """
    language = language or spoken()
    encoding = getattr(stream, "encoding", None) or "utf-8"
    # In JSON an encoding's own escapes (\xe9) would be no JSON.
    text = _json_text(faults, language, "utf" not in encoding) if as_json else _plain_text(faults, stream, language)
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def _plain_text(faults: Faults, stream: TextIO, language: str) -> str:
    merged = merge_alike(faults.faults)
    told = [message(fault, language) for fault in merged[:SHOWN]]
    count = sum(map(_count, merged))
    head = said("faults", count, language=language)
    head += said("alike", language=language) if count > len(merged) else ""
    parts = [head + said("nothing-written", language=language), _told(told, stream, language)]
    if rest := sum(map(_count, merged[SHOWN:])):
        parts.append(f"  {said('more', rest, language=language)}.")
    return "\n".join(parts) + "\n"


def _told(told: Sequence[Message], stream: TextIO, language: str) -> str:
    if not stream.isatty():
        return "\n".join(f"- {printable(str(one))}" for one in told)
    width = shutil.get_terminal_size().columns
    table = _table(told, stream, width, language) if width >= TABLE_FROM else None
    return table or "\n".join(_paragraph(printable(str(one)), width) for one in told)


def _table(told: Sequence[Message], stream: TextIO, width: int, language: str) -> str | None:
    """A table of three columns; ``None`` where a name would be broken, or the terminal draws none."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, width=width, emoji=False, highlight=False)
    rows = [tuple(map(printable, (one.place, one.wrong, one.mend))) for one in told]
    room = width - 10  # besides the lines and their margins
    widths = (room // 4, room - room // 4 - room // 3, room // 3)
    longest = [max((len(word) for row in rows for word in row[i].split()), default=0) for i in range(3)]
    if console.is_dumb_terminal or any(word > room for word, room in zip(longest, widths, strict=True)):
        return None
    table = Table(box=box.SQUARE, show_lines=True, header_style="bold")
    for word, room in zip(("where", "wrong", "mend"), widths, strict=True):
        table.add_column(said(word, language=language), width=room, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    with console.capture() as drawn:
        console.print(table)
    return drawn.get().rstrip("\n")


def _count(fault: Fault) -> int:
    """How many faults are told with this one, itself and those that were only counted among them."""
    return sum(1 for one in like(fault) if "further" not in one.details) + further(fault)


def _paragraph(words: str, width: int) -> str:
    lines = textwrap.wrap(words, max(40, width) - 2, break_long_words=False, break_on_hyphens=False)
    return "- " + "\n  ".join(lines)


def merge_alike(faults: Iterable[Fault]) -> list[Fault]:
    """One fault for all that differ only in row, cell and found value; the others are in ``details["like"]``.

    What is wrong with whole files is one fault too, where nothing but the file differs.
    """
    one_kind = map(as_one, alike(faults, _likeness))
    return [as_one(ones) for ones in alike(one_kind, _likeness_of_files)]


def _likeness(fault: Fault) -> tuple[object, ...]:
    place = (fault.code, fault.file, fault.sheet, fault.column, fault.key)
    # Each key of a study file is a mistake of its own; of data, what a cell holds does not make another one.
    return (*place, fault.found, fault.row) if fault.code in STUDY_CODES else place


def _likeness_of_files(fault: Fault) -> tuple[object, ...]:
    if fault.code not in FILE_CODES or "like" in fault.details:
        return (id(fault),)
    # A name that fits no file is told as the place, and the row of a header that is found is not told.
    found = None if fault.found == fault.file else fault.found
    row = None if fault.column else fault.row
    same = (fault.code, fault.sheet, fault.column, fault.key, found, fault.allowed, fault.nearest, row)
    return (*same, repr(sorted(fault.details.items())))


def _json_text(faults: Faults, language: str, ascii_only: bool) -> str:
    merged = merge_alike(faults.faults)
    objects: list[dict[str, Any]] = [_as_object(fault, language) for fault in merged[:SHOWN]]
    if rest := sum(map(_count, merged[SHOWN:])):
        objects.append({"code": "more", "count": rest, "message": said("more", rest, language=language)})
    text = json.dumps({"faults": objects}, ensure_ascii=ascii_only, allow_nan=False, indent=1)
    # Outside of strings JSON has none of these but its own line ends: the result is the same JSON.
    return "\n".join(_UNPRINTABLE.sub(_json_escape, line) for line in text.split("\n")) + "\n"


def _as_object(fault: Fault, language: str) -> dict[str, Any]:
    fields = {name: getattr(fault, name) for name in Fault.__slots__}
    nameless = fault.code in NAMELESS
    if nameless:
        fields["found"] = None
    ones = like(fault)
    further_rows = (*fault.rows, *(row for one in ones[1:] for row in rows_of(one)))
    fields["rows"] = list(dict.fromkeys(further_rows))[:SHOWN]
    fields["details"] = {name: _plain(value) for name, value in fault.details.items() if name != "like"}
    if len(ones) > 1:
        cells = [one for one in ones if "further" not in one.details][:SHOWN]
        fields["details"]["cells"] = [_as_cell(one, nameless) for one in cells]
    return {**fields, "count": _count(fault), "message": printable(str(message(fault, language)))}


def _as_cell(fault: Told, nameless: bool) -> dict[str, Any]:
    """What tells one of several like faults from the others."""
    place = {
        "file": fault.file,
        "sheet": fault.sheet,
        "row": fault.row,
        "rows": list(fault.rows)[:SHOWN],
        "cell": fault.cell,
    }
    return {**place, "found": None if nameless else fault.found, "nearest": fault.nearest} | {
        name: _plain(fault.details[name]) for name in fault.details if name not in ("like", "further")
    }


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value[:SHOWN]]
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _json_escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def printable(text: str) -> str:
    """Text that cannot steer a terminal: what is no printing character shows as its escape."""
    return _UNPRINTABLE.sub(lambda match: repr(match[0])[1:-1] if ord(match[0]) < 0x100 else _json_escape(match), text)
