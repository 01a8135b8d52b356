"""Where a key of study.toml stands, and how keys and values are written in a message."""

from __future__ import annotations

import json
import re
from typing import Any

KeyPath = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_LONGEST = 80


def shown_key(path: KeyPath) -> str:
    """Write a path as people do: ``outcomes[2].range``, places in lists counted from 1."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part + 1}]"
        else:
            name = part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            words += f".{_clipped(name)}" if words else _clipped(name)
    return words


def plain_key(path: KeyPath) -> str:
    """Write a path without places in lists: ``outcomes.range``."""
    return ".".join(part for part in path if isinstance(part, str))


def shown_value(value: Any) -> str:
    """Write a value as TOML does, cut where it is long."""
    return _clipped(_toml(value))


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value[: 2 * _LONGEST], ensure_ascii=False)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(part) for part in value[:_LONGEST]) + "]"
    if isinstance(value, dict):
        pairs = list(value.items())[:_LONGEST]
        return "{ " + ", ".join(f"{shown_key((key,))} = {_toml(part)}" for key, part in pairs) + " }" if pairs else "{}"
    return str(value)


def _clipped(words: str) -> str:
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


def find_lines(text: str) -> dict[KeyPath, int]:
    """Line (from 1) of every table and key that starts a line of a TOML text.

    A scanner of lines, not a parser: keys inside inline tables are not found, :func:`line_of` then gives
    the line of the key that holds them.
    """
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    inside: str | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        if inside is None:
            table = _enter(line, number, table, counts, lines)
        if inside is not None or not line.lstrip().startswith("#"):
            inside = _string_left_open(line, inside)
    return lines


def _enter(line: str, number: int, table: KeyPath, counts: dict[KeyPath, int], lines: dict[KeyPath, int]) -> KeyPath:
    """Record what a line declares; give the table in which the next line stands."""
    stripped = line.lstrip()
    if stripped.startswith("["):
        double = stripped.startswith("[[")
        names, rest = _names(stripped[2 if double else 1 :])
        if not names or not rest.startswith("]"):
            return table
        table = _resolved(names, counts)
        if double:
            lines.setdefault(table, number)
            counts[table] = counts.get(table, 0) + 1
            table = (*table, counts[table] - 1)
        lines.setdefault(table, number)
        return table
    names, rest = _names(stripped)
    if names and rest.startswith("="):
        for length in range(1, len(names) + 1):
            lines.setdefault((*table, *names[:length]), number)
    return table


def _resolved(names: list[str], counts: dict[KeyPath, int]) -> KeyPath:
    """Names of a header as a path: an array of tables on the way means its latest table."""
    path: KeyPath = ()
    for position, name in enumerate(names):
        path = (*path, name)
        if path in counts and position < len(names) - 1:
            path = (*path, counts[path] - 1)
    return path


def _names(text: str) -> tuple[list[str], str]:
    names: list[str] = []
    place = 0
    while match := _PART.match(text, place):
        quoted, literal, bare = match.groups()
        names.append(quoted if quoted is not None else literal if literal is not None else bare)
        place = match.end()
        if text[place : place + 1] != ".":
            break
        place += 1
    return names, text[place:]


def _string_left_open(line: str, inside: str | None) -> str | None:
    """Which kind of multi-line string is open at the end of a line."""
    for mark in re.findall(r'"""|\'\'\'', line):
        if inside is None:
            inside = mark
        elif inside == mark:
            inside = None
    return inside


def line_of(path: KeyPath, lines: dict[KeyPath, int]) -> int | None:
    """Line of a key, or of the nearest key or table that holds it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None
