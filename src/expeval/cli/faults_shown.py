"""Faults on the terminal: plain paragraphs that read at any width, or JSON."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import textwrap
from collections.abc import Iterable
from typing import Any, TextIO

from expeval.fault_codes import NAMELESS, STUDY_CODES, Told, further, sentence
from expeval.fault_codes.wording import like, rows_of
from expeval.faults import Fault, Faults

SHOWN = 200

# Steers a terminal or turns the reading direction, or is half a character that no encoding can write.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def show_faults(faults: Faults, stream: TextIO, as_json: bool = False, language: str = "en") -> None:
    """Write all faults to a stream.

    Parameters
    ----------
    faults
        What was raised.  Faults that differ in place and value alone are told together, so that one mistake made
        300 times reads as one: text shows its first 20 cells, JSON its first 200.  Both end after the first 200
        of what is told with the count of the rest.
    stream
        Where to; lines are broken only where the stream is a terminal.
    as_json
        An object with the list ``faults``: objects with the fault's fields, its ``sentence`` and ``count``, the
        number of faults that it tells.  Where it tells several, ``rows`` has the further rows of all and
        ``details.cells`` the place and value of each.  Where there are more than 200, the last has the code ``more``
        and their ``count``.
    language
        A language of the catalogue.
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    # In JSON an encoding's own escapes (\xe9) would be no JSON.
    text = _json_text(faults, language, "utf" not in encoding) if as_json else _plain_text(faults, stream, language)
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def _plain_text(faults: Faults, stream: TextIO, language: str) -> str:
    merged = merge_alike(faults.faults)
    told = [_paragraph(printable(sentence(fault, language)), stream) for fault in merged[:SHOWN]]
    if rest := sum(map(_count, merged[SHOWN:])):
        told.append(f"  and {rest} more.")
    count = sum(map(_count, merged))
    alike = ", told together where they are alike" if count > len(merged) else ""
    return f"{count} fault{'s' if count != 1 else ''}{alike}; nothing was written.\n" + "\n".join(told) + "\n"


def _count(fault: Fault) -> int:
    """How many faults are told with this one, itself and those that were only counted among them."""
    return sum(1 for one in like(fault) if "further" not in one.details) + further(fault)


def _paragraph(words: str, stream: TextIO) -> str:
    if not stream.isatty():
        return f"- {words}"
    width = max(40, shutil.get_terminal_size().columns)
    lines = textwrap.wrap(words, width - 2, break_long_words=False, break_on_hyphens=False)
    return "- " + "\n  ".join(lines)


def merge_alike(faults: Iterable[Fault]) -> list[Fault]:
    """One fault for all that differ only in row, cell and found value; the others are in ``details["like"]``."""
    groups: dict[Any, list[Fault]] = {}
    for fault in faults:
        groups.setdefault(_likeness(fault), []).append(fault)
    return [
        dataclasses.replace(first, details={**first.details, "like": tuple(rest)}) if rest else first
        for first, *rest in groups.values()
    ]


def _likeness(fault: Fault) -> tuple[object, ...]:
    place = (fault.code, fault.file, fault.sheet, fault.column, fault.key)
    # Each key of a study file is a mistake of its own; of data, what a cell holds does not make another one.
    return (*place, fault.found, fault.row) if fault.code in STUDY_CODES else place


def _json_text(faults: Faults, language: str, ascii_only: bool) -> str:
    merged = merge_alike(faults.faults)
    objects: list[dict[str, Any]] = [_as_object(fault, language) for fault in merged[:SHOWN]]
    if rest := sum(map(_count, merged[SHOWN:])):
        objects.append({"code": "more", "count": rest, "sentence": f"and {rest} more"})
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
    return {**fields, "count": _count(fault), "sentence": printable(sentence(fault, language))}


def _as_cell(fault: Told, nameless: bool) -> dict[str, Any]:
    """What tells one of several like faults from the others."""
    place = {"row": fault.row, "rows": list(fault.rows)[:SHOWN], "cell": fault.cell}
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
