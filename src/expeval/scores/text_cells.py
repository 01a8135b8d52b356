"""The cells of one column of a text file, as places in its bytes, to distinct texts or to numbers.

No text is made of a cell before it is known to be the first of its kind: a million identifiers stay bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from expeval.scores.cells import DistinctCells
from expeval.scores.same_values import Flags, Words, chunks, number_values, random_multiplier
from expeval.scores.table import IntArray

Letters = NDArray[np.uint8]
WORD, BITS = 8, 8  # letters that are compared at once; bits of a letter
LONG = 64  # letters beyond which a cell is compared by Python
MANY = 10_000  # texts beyond which they are made when they are asked for
_PAD = 0xFF  # stands in no UTF-8
_SPACE = ord(" ")
_PADS = np.array([2**64 - 2 ** (BITS * k) for k in range(WORD + 1)], dtype=np.uint64)

# Letters of labels that need no tidying and are part of no error value, no 63.0 and no date: ASCII letters and
# digits, - and _, and the Cyrillic block from U+0400 to U+047F, which has no letter that NFC would change.
_PLAIN = np.zeros(256, dtype=bool)
_PLAIN[[*b"-_0123456789", *range(ord("A"), ord("Z") + 1), *range(ord("a"), ord("z") + 1)]] = True
_PLAIN[[0xD0, 0xD1, *range(0x80, 0xC0), _PAD]] = True


class FileLetters:
    """The bytes of a text file (UTF-8), and the eight letters at any place as one number."""

    def __init__(self, data: bytes) -> None:
        padded = data if len(data) >= WORD else data.ljust(WORD, b"\n")
        self.size = len(data)
        self.data = data
        self.letters: Letters = np.frombuffer(padded, dtype=np.uint8)
        self._last = len(padded) - WORD
        self._windows: Words = np.ndarray((self._last + 1,), "<u8", padded, strides=(1,))

    def words(self, starts: IntArray, lengths: IntArray) -> Words:
        """(n,) up to eight letters from each place, filled up with a byte that no text has; no length is negative."""
        if starts.size and int(starts.max()) > self._last:
            beyond = np.maximum(starts - self._last, 0)
            found = self._windows[starts - beyond] >> (beyond * BITS).astype(np.uint64)
        else:
            found = self._windows[starts]
        words: Words = found | _PADS[np.minimum(lengths, WORD)]
        return words

    def text(self, start: int, length: int) -> str:
        """The text of a cell; a quotation mark inside a quoted cell stands there twice."""
        return _text(self.data[start : start + length])


def _text(cell: bytes) -> str:
    return cell.decode("utf-8", "surrogatepass").replace('""', '"')


@dataclass(frozen=True, slots=True)
class ColumnPlaces:
    """Where each cell of a column begins and how many bytes it has: (n,) each, without the marks around it."""

    file: FileLetters
    starts: NDArray[np.uint32]
    lengths: NDArray[np.uint32]

    def at(self, places: IntArray | slice) -> ColumnPlaces:
        """The cells at some places."""
        return ColumnPlaces(self.file, self.starts[places], self.lengths[places])

    def words(self, word: int, places: IntArray | slice) -> Words:
        """The letters of some cells from the ``word``-th group of eight on."""
        starts = self.starts[places].astype(np.int64)
        lengths = self.lengths[places].astype(np.int64)
        if not word:
            return self.file.words(starts, lengths)
        # Where a cell ends before the word its end is looked at, and found empty.
        before = np.minimum(lengths, word * WORD)
        return self.file.words(starts + before, lengths - before)

    def texts(self) -> Iterator[str]:
        """The cells' texts."""
        return (self.file.text(start, length) for start, length in self._pairs())

    def cells(self) -> Iterator[bytes]:
        """The cells as they stand in the file."""
        return (self.file.data[start : start + length] for start, length in self._pairs())

    def _pairs(self) -> Iterator[tuple[int, int]]:
        return zip(self.starts.tolist(), self.lengths.tolist(), strict=True)

    @property
    def longest(self) -> int:
        """The length of the longest cell."""
        return int(self.lengths.max(initial=0))

    def codes(self) -> tuple[IntArray, IntArray]:
        """(n,) codes of the distinct cells in the order of their first places, and these places."""
        return self.codes_of(self.keys())

    def codes_of(self, keys: Words) -> tuple[IntArray, IntArray]:
        """The same, from the cells' :meth:`keys`."""
        return number_values(keys, None if self.longest <= WORD else self._same)

    def keys(self) -> Words:
        """(n,) a number for each cell: its letters where they are eight at most, else mixed from them."""
        keys = np.empty(self.starts.size, dtype=np.uint64)
        one_word = self.longest <= WORD
        multiplier = random_multiplier()
        for part in chunks(keys.size):
            words = self.words(0, part)
            if not one_word:
                self._mix_further(words, part, multiplier)
            keys[part] = words
        return keys

    def _mix_further(self, words: Words, part: slice, multiplier: np.uint64) -> None:
        lengths = self.lengths[part]
        for word in range(1, -(-min(int(lengths.max()), LONG) // WORD)):
            longer = np.flatnonzero(lengths > word * WORD)
            mixed = words[longer] * multiplier
            words[longer] = (mixed ^ (mixed >> np.uint64(32))) + self.words(word, longer + part.start)
        for place in np.flatnonzero(lengths > LONG).tolist():
            words[place] ^= np.uint64(hash(self._tail(part.start + place)) % 2**64)

    def _tail(self, place: int) -> bytes:
        start = int(self.starts[place])
        return self.file.data[start + LONG : start + int(self.lengths[place])]

    def _same(self, places: IntArray, others: IntArray) -> Flags:
        """Whether cells are equal letter by letter."""
        lengths = self.lengths[places]
        equal: Flags = lengths == self.lengths[others]
        for word in range(-(-min(int(lengths.max(initial=0)), LONG) // WORD)):
            longer = np.flatnonzero(equal & (lengths > word * WORD))
            equal[longer] = self.words(word, places[longer]) == self.words(word, others[longer])
        for k in np.flatnonzero(equal & (lengths > LONG)).tolist():
            equal[k] = self._tail(int(places[k])) == self._tail(int(others[k]))
        return equal


class ManyTexts(Sequence[str]):
    """Distinct texts of a column as their letters (n, words); each is made when it is asked for."""

    def __init__(self, column: ColumnPlaces, words: Words | None = None) -> None:
        """``words`` (n,) are the texts' letters where none has more than eight, if they are at hand."""
        if words is not None:
            self._words = words.reshape(-1, 1)
            return
        width = max(1, -(-column.longest // WORD))
        self._words = np.empty((column.starts.size, width), dtype=np.uint64)
        for part in chunks(column.starts.size):
            for word in range(width):
                self._words[part, word] = column.words(word, part)

    @cached_property
    def plain(self) -> bool:
        """Whether each is a label as it stands: letters and digits that need no tidying, spaces one by one inside."""
        letters = self._words.view(np.uint8)
        return all(_are_plain(letters[part]) for part in chunks(len(self)))

    def __len__(self) -> int:
        return int(self._words.shape[0])

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...

    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            return tuple(self[k] for k in range(*index.indices(len(self))))
        return _text(self._words[index].tobytes().rstrip(b"\xff"))

    def __iter__(self) -> Iterator[str]:
        size = WORD * self._words.shape[1]
        for part in chunks(len(self)):
            letters = self._words[part].tobytes()
            for k in range(0, len(letters), size):
                yield _text(letters[k : k + size].rstrip(b"\xff"))

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """The place of a text; raises ``ValueError`` where it is not there."""
        found = np.flatnonzero(self._equal(value))
        if start == 0 and stop is None and found.size:
            return int(found[0])
        raise ValueError(value)

    def __contains__(self, value: object) -> bool:
        return bool(self._equal(value).any())

    def _equal(self, value: object) -> Flags:
        equal = np.zeros(len(self), dtype=bool)
        if isinstance(value, str):
            letters = value.replace('"', '""').encode("utf-8", "surrogatepass")
            if len(letters) <= WORD * self._words.shape[1]:
                padded = letters.ljust(WORD * self._words.shape[1], b"\xff")
                equal = (self._words == np.frombuffer(padded, dtype="<u8")).all(axis=1)
        return equal


def _are_plain(letters: Letters) -> bool:
    plain = _PLAIN[letters]
    if plain.all():
        return True
    spaces = letters == _SPACE
    if not (plain | spaces).all() or spaces[:, 0].any() or spaces[:, -1].any():
        return False
    following = letters[:, 1:]
    return not (spaces[:, :-1] & ((following == _SPACE) | (following == _PAD))).any()


def distinct_texts(column: ColumnPlaces, may_be_many: bool) -> DistinctCells:
    """A column's distinct texts; of very many short ones only the letters, where ``may_be_many``."""
    keys = column.keys()
    codes, places = column.codes_of(keys)
    first = column.at(places)
    if may_be_many and places.size > MANY and column.longest <= LONG:
        # Keys of up to eight letters are these letters.
        return DistinctCells(codes, ManyTexts(first, keys[places] if column.longest <= WORD else None))
    return DistinctCells(codes, tuple(first.texts()))
