"""How labels and column names are compared: spaces, Unicode forms, letters that only look alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

# Cyrillic capitals whose shape is that of a Latin capital; compared in capitals, where more letters coincide.
_LATIN_SHAPES = str.maketrans("АВЕЁКМНОРСТУХІЈЅ", "ABEEKMHOPCTYXIJS")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_WHITE = re.compile(r"\s+")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def tidy(text: str) -> str:
    """Text as it is compared: NFC, every run of white space one space, none at the ends, nothing invisible."""
    if text.isascii() and (text.isalnum() or (text.isprintable() and " " not in text)):
        return text
    return _WHITE.sub(" ", unicodedata.normalize("NFC", text).translate(_INVISIBLE)).strip()


def look_alike(text: str) -> str:
    """What is left of a text once case, ё/е and Latin/Cyrillic look-alikes no longer count."""
    if text.isascii():
        return tidy(text).upper()
    return tidy(text).casefold().upper().translate(_LATIN_SHAPES)


def loosened(identifier: str) -> str:
    """An identifier without case, look-alike letters and leading zeros: 007 and 7, Ёлкин and Елкин."""
    return _LEADING_ZEROS.sub("", look_alike(identifier))


@dataclass(slots=True)
class Lookup:
    """Where the wanted columns stand in a header.

    Attributes
    ----------
    positions
        wanted name -> position of the column, from 0.
    mended
        wanted name -> the name as the file spells it, where only look-alikes differ.
    missing
        Wanted names that the header lacks (or has twice in look-alike spelling only).
    twice
        wanted name -> how often it stands there, where that is more than once.
    """

    positions: dict[str, int] = field(default_factory=dict)
    mended: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    twice: dict[str, int] = field(default_factory=dict)

    @property
    def found(self) -> int:
        """How many of the wanted names stand there in some spelling."""
        return len(self.positions) + len(self.twice)


def find_columns(header: Sequence[str], wanted: Sequence[str]) -> Lookup:
    """Find the wanted columns in a header: exact spelling first, then look-alikes where only one fits."""
    names = [tidy(name) for name in header]
    lookup = Lookup()
    exact = {tidy(name) for name in wanted}
    places_of: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        places_of.setdefault(name, []).append(i)
    shapes: list[str | None] | None = None
    for want in dict.fromkeys(wanted):
        places = places_of.get(tidy(want), [])
        if len(places) > 1:
            lookup.twice[want] = len(places)
        if places:
            lookup.positions[want] = places[0]
            continue
        if shapes is None:
            shapes = [None if name in exact else look_alike(name) for name in names]
        shape = look_alike(want)
        alike = [i for i, other in enumerate(shapes) if other == shape]
        if len(alike) == 1:
            lookup.positions[want] = alike[0]
            lookup.mended[want] = names[alike[0]]
        else:
            lookup.missing.append(want)
    for want in lookup.twice:
        del lookup.positions[want]
    return lookup
