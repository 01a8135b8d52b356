"""Text that a spreadsheet program would run as a formula, made plain text (CSV; in XLSX a cell has a type)."""

from __future__ import annotations

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def disarmed(value: object) -> object:
    """A value for a cell of CSV: a text that begins like a formula gets an apostrophe before it; numbers stay."""
    if not isinstance(value, str):
        return "" if value is None else value
    plain = value.replace("\0", "")
    # Full-width signs are signs to some programs.
    return f"'{plain}" if plain.lstrip(" ").startswith((*_STARTS, "＝", "＋", "－", "＠")) else plain
