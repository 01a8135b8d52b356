"""Which places of a column hold the same value: found by tables of slots, in the order of first places, unsorted.

Sorting a million values costs more than reading them from the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from expeval.scores.table import FloatArray, IntArray

Words = NDArray[np.uint64]
Flags = NDArray[np.bool_]
AnyArray = TypeVar("AnyArray", FloatArray, IntArray)
Same = Callable[[IntArray, IntArray], Flags]

CHUNK = 2**15  # places whose arrays stay in the processor's cache
FIRST_BITS, MOST_BITS = 16, 23  # of the tables


def chunks(size: int, step: int = CHUNK) -> Iterator[slice]:
    """Consecutive slices of an axis."""
    return (slice(start, min(start + step, size)) for start in range(0, size, step))


def number_values(words: Words, same: Same | None = None) -> tuple[IntArray, IntArray]:
    """Codes (n,) of the distinct values in the order of their first places, and these places.

    ``words`` (n,) are equal where values are; ``same`` tells of places with equal words whether their values are
    equal too (``None``: always).  The answer is exact whatever the words are.
    """
    numbering = _Numbering(words, same)
    # Most columns have few values, and all of them near their beginning.
    if words.size > CHUNK:
        numbering.one_round(CHUNK, FIRST_BITS)
        if same is None and 2 * numbering.places.size > CHUNK and _ascending_letters(words):
            return np.arange(words.size, dtype=np.int64), np.arange(words.size, dtype=np.int64)
    while (left := numbering.left()) > 0:
        numbering.one_round(left, min(max(left.bit_length() + 1, 8), MOST_BITS))
    return numbering.in_order()


def _ascending_letters(words: Words) -> bool:
    """Whether each word comes after the one before it, as identifiers often do: then all are different."""
    in_order = words.astype("<u8").view(">u8")
    return all(bool((in_order[p][1:] > in_order[p][:-1]).all()) for p in chunks(words.size)) and bool(
        (in_order[CHUNK::CHUNK] > in_order[CHUNK - 1 : -1 : CHUNK]).all()
    )


class _Numbering:
    """Values that have a number so far: in each round every slot of a table takes one value."""

    def __init__(self, words: Words, same: Same | None) -> None:
        self.words = words
        self.same = same
        self.codes = np.empty(words.size, dtype=np.int64)
        self.places = np.zeros(0, dtype=np.int64)
        self.unsettled: IntArray | None = None  # all of them

    def left(self) -> int:
        """How many places have no code yet."""
        return self.words.size if self.unsettled is None else self.unsettled.size

    def one_round(self, looked_at: int, bits: int) -> None:
        """Number the values of the first places that are left, one a slot, and settle all places that hold them."""
        multiplier, shift = random_multiplier(), np.uint64(64 - bits)

        def slots(words: Words) -> IntArray:
            mixed = words ^ (words >> np.uint64(32))
            mixed *= multiplier
            mixed >>= shift
            return mixed.view(np.int64)

        first = np.zeros(2**bits, dtype=np.int32)
        for part in reversed(list(chunks(looked_at))):
            # Of several places the one that is written last, the first one, stays.
            first[slots(self._words(part))[::-1]] = np.arange(part.stop - 1, part.start - 1, -1)
        new = [
            np.flatnonzero(first[slots(self._words(part))] == np.arange(part.start, part.stop)) + part.start
            for part in chunks(looked_at)
        ]
        places = self._places(np.concatenate(new))
        words = self.words[places]
        holders = slots(words)
        first[:] = -1
        first[holders] = np.arange(self.places.size, self.places.size + places.size)
        held = np.zeros(2**bits, dtype=np.uint64)
        held[holders] = words
        self.places = np.concatenate([self.places, places])
        self._settle(slots, first, held)

    def _settle(self, slots: Callable[[Words], IntArray], codes_of: IntArray, held: Words) -> None:
        rest = []
        for part in chunks(self.left()):
            words = self._words(part)
            slot = slots(words)
            codes = codes_of[slot]
            equal = (held[slot] == words) & (codes >= 0)
            if self.same is not None:
                places = self._places(np.flatnonzero(equal) + part.start)
                equal[equal] = self.same(places, self.places[codes[equal]])
            if self.unsettled is None:
                self.codes[part] = codes
            else:
                self.codes[self.unsettled[part]] = codes
            if not equal.all():
                rest.append(self._places(np.flatnonzero(~equal) + part.start))
        self.unsettled = np.concatenate([np.zeros(0, dtype=np.int64), *rest])

    def in_order(self) -> tuple[IntArray, IntArray]:
        """The codes in the order of the values' first places."""
        order = np.argsort(self.places, kind="stable")
        if bool((np.diff(order) > 0).all()):
            return self.codes, self.places
        rank = np.empty(order.size, dtype=np.int64)
        rank[order] = np.arange(order.size)
        return rank[self.codes], self.places[order]

    def _words(self, part: slice) -> Words:
        return self.words[part] if self.unsettled is None else self.words[self.unsettled[part]]

    def _places(self, left: IntArray) -> IntArray:
        return left if self.unsettled is None else self.unsettled[left]


def distinct_codes(codes: IntArray) -> tuple[IntArray, IntArray]:
    """Codes (n,) into the distinct whole numbers, which stand in ascending order."""
    lowest = int(codes.min(initial=0))
    span = int(codes.max(initial=0)) - lowest + 1
    if span <= 4 * codes.size + 1000:
        there = np.zeros(span, dtype=bool)
        there[codes - lowest] = True
        return (np.cumsum(there) - 1)[codes - lowest], np.flatnonzero(there) + lowest
    recoded, places = number_values(codes.astype(np.int64).view(np.uint64))
    return _ascending(recoded, codes[places])


def distinct_numbers(numbers: FloatArray) -> tuple[IntArray, FloatArray]:
    """Codes (n,) into the distinct numbers, which stand in ascending order; all NaN are one, the last."""
    plain = numbers + 0.0  # one zero
    plain[np.isnan(plain)] = np.nan
    codes, places = number_values(plain.view(np.uint64))
    return _ascending(codes, plain[places])


def _ascending(codes: IntArray, values: AnyArray) -> tuple[IntArray, AnyArray]:
    order = np.argsort(values, kind="stable")
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    return rank[codes], values[order]


def random_multiplier() -> np.uint64:
    """An odd number that nobody who writes a file can know: no file can make all its values share a slot."""
    return np.uint64(int.from_bytes(os.urandom(8), "little") | 1)
