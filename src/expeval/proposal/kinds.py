"""Of which kind an outcome is: points, levels in rising order, or yes and no; and which cells are no score."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from expeval.proposal.profile import FEW, Column
from expeval.proposal.words import is_mark_word, is_missing_word, ordered_levels

Level = int | str

_HALF_MARK = re.compile(r"([1-5])\s?[+\-−–]")
SENTINELS = frozenset({-9.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0})
MOST_LEVELS = 12
MOSTLY = 0.9  # share of marks from 2 to 5 among which another number is a slip of the pen
FEW_POINTS = 7  # so few different whole numbers may be levels


@dataclass(slots=True)
class Kind:
    """The kind of an outcome with its levels.

    Attributes
    ----------
    missing
        Texts that say that there is no score.
    values
        Texts whose level is plain ("отл").
    unclear
        Texts that only the teacher can place, with the level that is likeliest or ``None``.
    sentinels
        Numbers that look like codes for a missing score.
    """

    kind: str
    levels: tuple[Level, ...] = ()
    sure: bool = True
    why: str = ""
    missing: list[str] = field(default_factory=list)
    values: dict[str, Level] = field(default_factory=dict)
    unclear: dict[str, Level | None] = field(default_factory=dict)
    sentinels: list[int] = field(default_factory=list)


def kind_of(column: Column) -> Kind | None:
    """The kind of a column of scores; ``None`` where its words are in no order that is known."""
    missing = [text for text in column.texts if is_missing_word(text)]
    words = [text for text in column.texts if text not in missing]
    kind = _of_numbers(column, words) if column.is_numeric else _of_words(column, words)
    if kind is None and column.others > 1 and not words:
        kind = Kind("score", (), False, "no cell could be read; check tells why")
    if kind is not None:
        kind.missing = missing
    return kind


def _of_words(column: Column, words: list[str]) -> Kind | None:
    if not 2 <= len(words) <= FEW:
        return None
    if all(is_mark_word(word) for word in words):
        return Kind("ordinal", (2, 3, 4, 5), True, "words of the scale from 2 to 5", values=_marks(words))
    levels = ordered_levels(words)
    if levels is not None and not column.levels:
        kind = "binary" if len(levels) == 2 else "ordinal"
        return Kind(kind, tuple(levels), True, "words in an order that is known")
    return None


def _marks(words: list[str]) -> dict[str, Level]:
    return {word: mark for word in words if (mark := is_mark_word(word)) is not None}


def _of_numbers(column: Column, words: list[str]) -> Kind:
    sentinels = _sentinels(column.levels)
    levels = [number for number in column.levels if number not in sentinels]
    kind = _by_levels(levels, column.role)
    if column.role == "mark" and kind.levels != (2, 3, 4, 5) and _mostly_marks(column):
        kind = Kind(
            "ordinal", (2, 3, 4, 5), False, "marks from 2 to 5; a few cells hold another number, as check tells"
        )
    kind.sentinels = [int(number) for number in sentinels]
    for word in words:
        mark = is_mark_word(word)
        half = _HALF_MARK.fullmatch(word)
        if mark is not None and mark in kind.levels:
            kind.values[word] = mark
        else:
            level = int(half[1]) if half else None
            kind.unclear[word] = level if level in kind.levels or (kind.kind == "score" and level) else None
    return kind


def _mostly_marks(column: Column) -> bool:
    known = column.numbers[~np.isnan(column.numbers)]
    return bool(np.mean(np.isin(known, (2, 3, 4, 5))) >= MOSTLY)


def _by_levels(levels: list[float], role: str | None) -> Kind:
    whole = all(number.is_integer() for number in levels)
    if not whole or not levels:
        return Kind("score", why="numbers with decimals" if levels else "")
    low, high = int(levels[0]), int(levels[-1])
    if set(levels) == {0.0, 1.0}:
        return Kind("binary", (0, 1), True, "nothing but 0 and 1")
    if len(levels) >= 2 and low >= 2 and high <= 5:
        sure = role == "mark" or len(levels) > 2
        return Kind("ordinal", (2, 3, 4, 5), sure, "marks from 2 to 5")
    if role == "mark" and low >= 1 and high <= 5:
        return Kind("ordinal", (1, 2, 3, 4, 5), True, "marks from 1 to 5")
    if role == "mark" and low >= 0 and high - low < MOST_LEVELS:
        return Kind(
            "ordinal", tuple(range(low, high + 1)), False, f"marks; the levels are those between {low} and {high}"
        )
    if len(levels) <= FEW_POINTS and len(levels) > 1 and high - low < MOST_LEVELS:
        return Kind(
            "score", (), False, f"points; if the whole numbers {low} to {high} are marks, they are levels: ordinal"
        )
    return Kind("score", (), True, "points")


def _sentinels(levels: list[float]) -> list[float]:
    """Numbers far beyond all others, by which programs write "no answer"."""
    others = [number for number in levels if number not in SENTINELS]
    if not others:
        return []
    low, high = others[0], others[-1]
    far = high + 2 * max(high - low, 1.0)
    return [number for number in levels if number in SENTINELS and (number < 0 <= low or number > far)]
