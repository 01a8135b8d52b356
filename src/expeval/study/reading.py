"""From study.toml to a :class:`~expeval.study.spec.Study`, or to every fault of the file at once."""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from expeval.faults import Fault, Faults, nearest
from expeval.study.allowed import TABLES, allowed_keys, allowed_words, choices, nearest_key
from expeval.study.not_yet import not_yet_faults
from expeval.study.positions import KeyPath, find_lines, line_of, plain_key, shown_key, shown_value
from expeval.study.rules import RULES, Finding
from expeval.study.spec import Study

MAX_BYTES = 1_000_000
MAX_KEYS = 5_000
MAX_LINES = 20_000
MAX_DEPTH = 12

# tomllib's time grows with the square of the parts of one dotted key: refused before it is parsed.
_LONG_KEY = re.compile(r"""(?:[\w"'-]{1,80}[ \t]*\.[ \t]*){40}""")
_AT_LINE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
# Line feed, carriage return and tab are text; the other control characters steer terminals.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_OUT_OF_BOUNDS = (
    "not-allowed",
    "literal_error",
    "greater_than",
    "greater_than_equal",
    "less_than",
    "less_than_equal",
    "finite_number",
    "too_short",
    "too_long",
)


def read_study(path: str | os.PathLike[str]) -> Study:
    """Read a study file.

    Parameters
    ----------
    path
        The file, usually ``study.toml``.

    Raises
    ------
    Faults
        All faults of the file.  ``usable`` is false where the file could not be read as TOML at all
        (codes ``study-unreadable``, ``study-too-large``, ``toml-syntax``).
    """
    place = Path(path)
    text = _text_of(place)
    keys = _keys_of(text, place)
    return study_from_keys(keys, place, find_lines(text))


def study_from_keys(keys: dict[str, Any], path: Path, lines: Mapping[KeyPath, int] | None = None) -> Study:
    """Make a study of keys that are read already; ``lines`` says where each key stands in the file.

    Raises
    ------
    Faults
        As :func:`read_study`.
    """
    findings = [*_shape_faults(keys), *_control_characters(keys, ()), *not_yet_faults(keys)]
    for rule in RULES:
        findings += rule(keys)
    faults = _placed(_told_once(findings), path, dict(lines or {}))
    if faults:
        raise Faults(faults)
    return Study.model_validate({**keys, "path": path})


def _unusable(code: str, path: Path, **facts: Any) -> Faults:
    return Faults([Fault(code, file=path.name or str(path), **facts)], usable=False)


def _text_of(path: Path) -> str:
    """The file's text; a byte order mark, as Windows' editor writes it, is dropped."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _unusable("study-missing", path, nearest=_neighbour(path)) from None
    except IsADirectoryError:
        raise _unusable("study-is-folder", path) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise _unusable("study-unreadable", path, found=reason or "the name is no file name") from None
    if len(content) > MAX_BYTES:
        raise _unusable("study-too-large", path, found=f"more than {MAX_BYTES} bytes", allowed=f"{MAX_BYTES} bytes")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unusable("study-not-utf8", path, row=line) from None


def _neighbour(path: Path) -> str | None:
    try:
        names = sorted(entry.name for entry in os.scandir(path.parent) if entry.name.endswith(".toml"))
    except (OSError, ValueError):
        return None
    return nearest(path.name, names[:1000])


def _keys_of(text: str, path: Path) -> dict[str, Any]:
    for found, count, limit in (
        ("lines", text.count("\n"), MAX_LINES),
        ("keys", text.count("="), MAX_KEYS),
        ("brackets", text.count("[") + text.count("{"), MAX_LINES),
    ):
        if count > limit:
            raise _unusable("study-too-large", path, found=f"{count} {found}", allowed=f"{limit} {found}")
    if long_key := _LONG_KEY.search(text):
        row = text.count("\n", 0, long_key.start()) + 1
        raise _unusable("study-too-large", path, row=row, found="a key of many parts", allowed=f"{MAX_DEPTH} levels")
    try:
        keys = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_fault(str(error), text, path) from None
    except RecursionError:
        keys = None
    except ValueError:
        # Python refuses to read integers of more than 4,300 digits.
        raise _unusable("study-too-large", path, found="a number of thousands of digits", allowed="64 bits") from None
    if keys is None or _is_deeper(keys, MAX_DEPTH):
        raise _unusable("study-too-large", path, found="tables nested too deeply", allowed=f"{MAX_DEPTH} levels")
    return keys


def _syntax_fault(message: str, text: str, path: Path) -> Faults:
    at = _AT_LINE.search(message)
    words = _AT_LINE.sub("", message)
    lines = text.split("\n")
    row, column = (int(at[1]), int(at[2])) if at and at[1] else (len(lines), len(lines[-1]) + 1)
    # tomllib names the end of a key that stands twice, which is the line after it where that line is short.
    shown = lines[row - 1].strip() if row <= len(lines) else ""
    return _unusable("toml-syntax", path, row=row, found=words, details={"position": column, "line": shown[:80]})


def _is_deeper(value: Any, depth: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return parts is not None and (depth == 0 or any(_is_deeper(part, depth - 1) for part in parts))


def _shape_faults(keys: dict[str, Any]) -> Iterator[Finding]:
    """Unknown and missing keys, wrong types, values outside the choices."""
    if "path" in keys:  # a field of Study, but no key of the file
        yield ("path",), _unknown(("path",))
        keys = {name: value for name, value in keys.items() if name != "path"}
    try:
        Study.model_validate(keys)
    except ValidationError as error:
        kinds: dict[KeyPath, list[Any]] = {}
        for problem in error.errors(include_url=False):
            kinds.setdefault(_path_of(problem, keys), []).append(problem)
        for path, problems in kinds.items():
            # A list refused as one type of a union and examined as the other has the finer fault below it.
            if not any(len(other) > len(path) and other[: len(path)] == path for other in kinds):
                yield path, _shape_fault(path, problems, keys)


def _path_of(problem: Any, keys: dict[str, Any]) -> KeyPath:
    """Pydantic's place without its own marks (branches of unions): only what stands in the file."""
    path: KeyPath = ()
    value: Any = keys
    for part in problem["loc"]:
        inside = (isinstance(value, dict) and isinstance(part, str) and part in value) or (
            isinstance(value, list) and isinstance(part, int) and part < len(value)
        )
        if inside:
            path, value = (*path, part), value[part]
    last = problem["loc"][-1]
    if problem["type"] == "missing" and isinstance(last, str) and isinstance(value, dict):
        path = (*path, last)
    return path


def _shape_fault(path: KeyPath, problems: list[Any], keys: dict[str, Any]) -> Fault:
    kinds = {problem["type"] for problem in problems}
    value = _value_at(path, keys)
    if "extra_forbidden" in kinds:
        return _unknown(path)
    if kinds == {"missing"} and value is None:
        return Fault("missing-key", allowed=allowed_words(path))
    found, allowed = shown_value(value), allowed_words(path)
    if "string_pattern_mismatch" in kinds:
        return Fault("empty-text", found=found, allowed=allowed)
    near = nearest(value, choices(path)) if isinstance(value, str) and len(value) <= 80 else None
    given = next((problem["ctx"]["nearest"] for problem in problems if "nearest" in problem.get("ctx", {})), None)
    bounds = kinds & {*_OUT_OF_BOUNDS, "missing"}
    textless = "literal_error" in kinds and not isinstance(value, str)
    code = "not-allowed" if bounds and not textless else "wrong-type"
    return Fault(code, found=found, allowed=allowed, nearest=near or given)


def _unknown(path: KeyPath) -> Fault:
    table, key = plain_key(path[:-1]), str(path[-1])
    allowed = ", ".join(allowed_keys(table)) if table in TABLES else None
    return Fault(
        "unknown-key", found=key[:80], allowed=allowed, nearest=nearest_key(key, table) if table in TABLES else None
    )


def _value_at(path: KeyPath, keys: Any) -> Any:
    value = keys
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _control_characters(value: Any, path: KeyPath) -> Iterator[Finding]:
    if isinstance(value, str) and _CONTROL.search(value):
        yield path, Fault("control-character", found=shown_value(value))
    parts: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        if isinstance(key, str) and _CONTROL.search(key):
            yield (*path, key), Fault("control-character", found=shown_value(key))
        yield from _control_characters(part, (*path, key))


def _told_once(findings: list[Finding]) -> Iterator[Finding]:
    """Leave out what another fault tells already: a missing key that is there, but misspelt."""
    meant: set[KeyPath] = {
        (*path[:-1], fault.nearest) for path, fault in findings if fault.code == "unknown-key" and fault.nearest
    }
    not_yet = {path for path, fault in findings if fault.code == "not-yet"}
    told: set[tuple[KeyPath, str]] = set()
    for path, fault in findings:
        misspelt = (fault.code == "missing-key" and path in meant) or (
            fault.code == "needs-key" and any(plain_key(key) in (fault.allowed or "").split() for key in meant)
        )
        inside_not_yet = fault.code != "not-yet" and any(path[: len(above)] == above for above in not_yet)
        if not (misspelt or inside_not_yet or (path, fault.code) in told):
            told.add((path, fault.code))
            yield path, fault


def _placed(findings: Iterable[Finding], path: Path, lines: dict[KeyPath, int]) -> list[Fault]:
    """Faults with the file, the key as it is written and its line, in the order of the file."""
    placed = [
        dataclasses.replace(fault, file=path.name, row=line_of(key, lines), key=shown_key(key))
        for key, fault in findings
    ]
    return sorted(placed, key=lambda fault: fault.row or 0)
