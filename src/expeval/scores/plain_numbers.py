"""Number columns of a text file: plainly written numbers are computed from their letters, all at once.

Plain is ``-12.345``: a sign, up to fifteen digits, one decimal sign.  Digits and a power of ten below 10**22 are whole
numbers that a double holds, so that their quotient is the double nearest to what is written (Clinger 1990).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from expeval.scores.cells import DistinctCells, NumericCells
from expeval.scores.numbers import LARGEST_WHOLE, is_too_large
from expeval.scores.same_values import CHUNK, Flags, chunks
from expeval.scores.spelling import tidy
from expeval.scores.table import FloatArray
from expeval.scores.text_cells import WORD, ColumnPlaces

MOST_DIGITS = 15
MOST_LETTERS = 3 * WORD
_ZERO, _PLUS, _MINUS = ord("0"), ord("+"), ord("-")
_TENS = 10.0 ** np.arange(MOST_DIGITS + 1)
# What else is a number without anything to mend: more digits, an exponent.
_FLOATS = {
    ".": re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII),
    ",": re.compile(r"[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?", re.ASCII),
}


@dataclass(frozen=True, slots=True)
class _Plain:
    """Numbers of the distinct cells (n,); ``odd`` (n,) is true where a cell is written in another way.

    ``fractions`` and ``thousands`` are true where the decimal sign stands in a cell: where it can be nothing else,
    and where it may as well set off a thousand.
    """

    values: FloatArray
    odd: Flags
    fractions: Flags
    thousands: Flags


def number_cells(
    column: ColumnPlaces, delimiter: str, decimal: str | None, missing: Sequence[str]
) -> NumericCells | DistinctCells:
    """A column as numbers where every filled cell is a number or stands for a missing value, else as texts.

    ``decimal`` is the sign that the study file names.  A decimal point is taken for one only where the delimiter
    leaves no doubt; any other sign keeps the texts that speak for it, for the file's sign to be settled.
    """
    codes, places = column.codes()
    first = column.at(places)
    absent = {tidy(text) for text in missing}

    @cache
    def texts() -> DistinctCells:
        return DistinctCells(codes, tuple(first.texts()))

    for sign in (decimal,) if decimal else (".", ","):
        read = _read_plain(first, ord(sign))
        if not _read_odd(read, first, sign, absent) or not _held(read.values):
            continue
        if decimal is not None or (sign == "." and delimiter == ","):
            return NumericCells(read.values[codes])
        examples = tuple(
            next(first.at(np.flatnonzero(flags)[:1]).texts())
            for flags in (read.fractions, read.thousands)
            if flags.any()
        )
        return NumericCells(read.values[codes], examples, texts)
    return texts()


def _held(values: FloatArray) -> bool:
    """Whether a double holds every number: infinite and huge ones are looked at as the text in the file."""
    return not bool((np.abs(values) > LARGEST_WHOLE).any())


def _read_odd(read: _Plain, first: ColumnPlaces, sign: str, absent: set[str]) -> bool:
    """Fill in the cells that are not plain; false where one of them is no number."""
    places = np.flatnonzero(read.odd)
    form = _FLOATS[sign]
    for place, text in zip(places.tolist(), first.at(places).texts(), strict=True):
        if form.fullmatch(text):
            read.values[place] = float(text.replace(",", "."))
            read.fractions[place] = sign in text  # what sets off a thousand is short, and plain
            if len(text) > MOST_DIGITS and is_too_large(text):
                return False
        elif tidy(text) not in absent:
            return False
    return True


def _read_plain(first: ColumnPlaces, sign: int) -> _Plain:
    size = first.starts.size
    read = _Plain(
        np.full(size, np.nan), np.ones(size, dtype=bool), np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    )
    for part in chunks(size, CHUNK):
        _read_part(first, part, sign, read)
    return read


def _read_part(first: ColumnPlaces, part: slice, sign: int, read: _Plain) -> None:
    lengths = first.lengths[part].astype(np.int64)
    size = lengths.size
    longest = min(int(lengths.max(initial=0)), MOST_LETTERS)
    words = np.stack([first.words(word, part) for word in range(-(-longest // WORD))] or [np.zeros(size, np.uint64)], 1)
    letters = np.ascontiguousarray(words).view(np.uint8).T
    whole = np.zeros(size, dtype=np.int64)
    digits, decimals, signs = (np.zeros(size, dtype=np.int8) for _ in range(3))
    strange = lengths > MOST_LETTERS
    for place in range(longest):
        letter = letters[place]
        live = lengths > place
        digit = letter - np.uint8(_ZERO)
        is_digit = live & (digit < 10)
        whole = np.where(is_digit, whole * 10 + digit, whole)
        digits += is_digit
        decimals += is_digit & (signs > 0)
        is_sign = live & (letter == sign)
        signs += is_sign
        other = live & ~is_digit & ~is_sign
        strange |= other & (letter != _PLUS) & (letter != _MINUS) if place == 0 else other
    empty = lengths == 0
    strange |= (digits == 0) | (signs > 1)
    # More digits than a whole number of a double holds: nothing but the conversion remains to be done.
    long = np.flatnonzero(~strange & (digits > MOST_DIGITS) & (signs == 1))
    strange |= digits > MOST_DIGITS
    values = whole / _TENS[np.clip(decimals, 0, MOST_DIGITS)]
    negative = letters[0] == _MINUS
    values = np.where(negative, -values, values)
    plain = ~strange & ~empty
    read.values[part] = np.where(plain, values, np.nan)
    read.odd[part] = strange & ~empty
    leading = letters[0] if longest else np.zeros(size, np.uint8)
    signed = (leading == _MINUS) | (leading == _PLUS)
    if long.size:
        places = long + part.start
        read.values[places] = [float(cell.replace(b",", b".")) for cell in first.at(places).cells()]
        read.odd[places] = False
        read.fractions[places] = True
    second = letters[1] if longest > 1 else leading
    before = digits - decimals
    thousand = (decimals == 3) & (before >= 1) & (before <= 3) & (np.where(signed, second, leading) != _ZERO)
    read.thousands[part] = plain & (signs == 1) & thousand
    read.fractions[part] |= plain & (signs == 1) & ~thousand
