"""Where the records of a text file begin and end, on which lines, and where the cells of some columns stand."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from expeval.scores.at_once import each
from expeval.scores.same_values import Flags
from expeval.scores.table import IntArray
from expeval.scores.text_cells import ColumnPlaces, FileLetters, Letters

BLOCK = 2**18  # bytes that are looked at at once
MAX_RECORD = 2**22  # bytes of one record: five thousand columns fit, a file without line breaks does not
_NEWLINE, _QUOTE = 10, 34
_SEPARATOR = "\x1f"  # ASCII's own unit separator, in place of a delimiter of several bytes


@dataclass(frozen=True, slots=True)
class Located:
    """How many cells each record has, whether it is blank, and where the cells of each column asked for stand."""

    lengths: IntArray
    blank: Flags
    columns: dict[int, ColumnPlaces]


@dataclass(frozen=True, slots=True)
class _LineBreaks:
    """The line breaks of a block that end a record: where they are, which of all its line breaks, of how many."""

    ends: IntArray
    numbers: IntArray | None = None
    count: int = 0


class RecordTooLong(Exception):
    """A record beyond the limit: the line on which it begins, its size in bytes or at least the limit."""

    def __init__(self, line: int, size: int) -> None:
        super().__init__(line, size)
        self.line = line
        self.size = size


class Records:
    """The records of a text: ``starts`` and ``ends`` (n,) are their first letter and their line break.

    Attributes
    ----------
    lines
        (n,) the line of the file on which each begins.
    unclosed_quote
        The line of a record whose quotation mark is never closed.
    """

    def __init__(self, data: bytes, delimiter: str, first_line: int) -> None:
        self.unclosed_quote: int | None = None
        self.first_line = first_line
        self._take(data, delimiter)
        if len(delimiter.encode("utf-8", "surrogatepass")) > 1 or not self._find():
            written, unclosed = _written_again(data, delimiter, first_line)
            self._take(written, delimiter if delimiter.isascii() else _SEPARATOR)
            self._find()
            if unclosed and self.count:
                self.unclosed_quote = int(self.lines[-1])
        sizes = self.ends - self.starts
        if int(sizes.max(initial=0)) > MAX_RECORD:
            longest = int(sizes.argmax())
            raise RecordTooLong(int(self.lines[longest]), int(sizes[longest]))

    def _take(self, data: bytes, delimiter: str) -> None:
        self.delimiter = delimiter
        self.file = FileLetters(data)
        self.letters: Letters = self.file.letters[: len(data)]
        self.quoted = b'"' in data

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.starts.size)

    @property
    def lines_of_last(self) -> int:
        """How many lines of the file the last one has."""
        return 1 + self.file.data.count(b"\n", int(self.starts[-1]), int(self.ends[-1])) if self.count else 0

    @property
    def last_line(self) -> int:
        """The line of the last one, 0 where there is none."""
        return int(self.lines[-1]) if self.count else 0

    def cells(self, record: int) -> list[str]:
        """The cells of one record."""
        text = self.file.data[self.starts[record] : self.ends[record] + 1].decode("utf-8", "surrogatepass")
        with _fields_of(len(text)):
            return next(csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter), [])

    def _find(self) -> bool:
        """Find the records; false where a quotation mark neither opens nor closes a cell."""
        blocks = range(0, self.letters.size, BLOCK)
        # A block begins inside a cell where an odd number of quotation marks stand before it.
        marks = each(self._marks_of, blocks, self.letters.size) if self.quoted else [0 for _ in blocks]
        before = np.cumsum([0, *marks])
        begun = [(block, bool(odd)) for block, odd in zip(blocks, before % 2, strict=False)]
        found = each(self._line_breaks, begun, self.letters.size)
        if any(block is None for block in found):
            return False
        parts = [block for block in found if block is not None]
        self.ends = np.concatenate([np.zeros(0, dtype=np.int64), *(part.ends for part in parts)])
        if not self.quoted:
            self.lines = np.arange(self.ends.size + 1, dtype=np.int64)
        else:
            firsts = np.cumsum([0, *(part.count for part in parts)])
            numbers = [part.numbers + first + 1 for part, first in zip(parts, firsts, strict=False)]
            self.lines = np.concatenate([[0], *numbers]).astype(np.int64)
        self.lines += self.first_line
        self.starts = np.append(0, self.ends + 1)
        if self.starts[-1] < self.letters.size:
            self.ends = np.append(self.ends, self.letters.size)
        self.starts, self.lines = self.starts[: self.ends.size], self.lines[: self.ends.size]
        return not before[-1] % 2

    def _marks_of(self, block: int) -> int:
        return int(np.count_nonzero(self.letters[block : block + BLOCK] == _QUOTE))

    def _line_breaks(self, begun: tuple[int, bool]) -> _LineBreaks | None:
        """The line breaks that end a record in a block, which may begin inside a cell; ``None``: not regular."""
        block, inside = begun
        letters = self.letters[block : block + BLOCK]
        if not self.quoted:
            places = np.flatnonzero(letters == _NEWLINE)
            return _LineBreaks(places + block)
        places = np.flatnonzero((letters == _NEWLINE) | (letters == _QUOTE))
        is_quote = letters[places] == _QUOTE
        if not self._regular(places[is_quote] + block, inside):
            return None
        line_breaks = np.flatnonzero(~is_quote)
        outside = np.flatnonzero(_outside(line_breaks, inside))
        return _LineBreaks(places[line_breaks[outside]] + block, outside, line_breaks.size)

    def _regular(self, marks: IntArray, inside: bool) -> bool:
        """Whether each quotation mark of a block opens or closes a cell, so that counting them tells what is inside."""
        opening, closing = marks[int(inside) :: 2], marks[1 - int(inside) :: 2]
        if closing.size and closing[-1] == self.letters.size - 1:
            closing = closing[:-1]
        before = self.letters[opening - 1]
        if opening.size and opening[0] == 0:
            before = before[1:]
        return self._edges(before) and self._edges(self.letters[closing + 1])

    def _edges(self, letters: Letters) -> bool:
        """Whether all the letters may stand beside a cell's quotation marks."""
        edge = (letters == ord(self.delimiter)) | (letters == _NEWLINE) | (letters == _QUOTE)
        return bool(edge.all())

    def locate(self, columns: Sequence[int], stop: int) -> Located:
        """The cells of some columns of the records before ``stop``, which is at least one."""
        located = Located(
            np.zeros(stop, dtype=np.int64),
            np.zeros(stop, dtype=bool),
            {
                column: ColumnPlaces(self.file, np.zeros(stop, dtype=np.uint32), np.zeros(stop, dtype=np.uint32))
                for column in columns
            },
        )
        # Each block fills its own stretch of the arrays.
        each(lambda block: self._locate_in(*block, located), list(self._blocks(stop)), self.letters.size)
        return located

    def _blocks(self, stop: int) -> Iterator[tuple[int, int]]:
        first = 0
        while first < stop:
            last = int(np.searchsorted(self.starts, self.starts[first] + BLOCK))
            last = min(max(last, first + 1), stop)
            yield first, last
            first = last

    def _locate_in(self, first: int, last: int, located: Located) -> None:
        offset = int(self.starts[first])
        starts, ends = self.starts[first:last] - offset, self.ends[first:last] - offset
        letters = self.letters[offset : offset + int(ends[-1]) + 1]
        located.blank[first:last] = self._blank(letters, starts, ends)
        stops = self._stops(letters, int(ends[-1]))
        width = stops.size // starts.size
        whole = stops.size == width * starts.size and bool((stops[width - 1 :: width] == ends).all())
        if whole:
            located.lengths[first:last] = width
        else:
            final = np.searchsorted(stops, ends)
            located.lengths[first:last] = np.diff(final, prepend=-1)
        for column, places in located.columns.items():
            if whole and column < width:
                begin = stops[column - 1 :: width] + 1 if column else starts
                end = stops[column::width]
            else:
                begin, end = _cells_of(column, starts, stops, located.lengths[first:last])
            if self.quoted and letters.size:
                marked = (end - begin > 1) & (letters[np.minimum(begin, letters.size - 1)] == _QUOTE)
                begin, end = begin + marked, end - marked
            places.starts[first:last] = begin + offset
            places.lengths[first:last] = end - begin

    def _stops(self, letters: Letters, end: int) -> IntArray:
        """Where the cells of a block end, at a delimiter or a line break outside quotation marks."""
        stops = (letters == ord(self.delimiter)) | (letters == _NEWLINE)
        if self.quoted:
            stops |= letters == _QUOTE
        places = np.flatnonzero(stops)
        if self.quoted:
            others = np.flatnonzero(letters[places] != _QUOTE)
            outside = _outside(others)
            places = places[others if outside.all() else others[outside]]
        return places if end < letters.size else np.append(places, end)

    def _blank(self, letters: Letters, starts: IntArray, ends: IntArray) -> Flags:
        """Records of nothing but delimiters, quotation marks and spaces (the no-break space among them)."""
        inked = np.ones(256, dtype=np.uint8)
        inked[[_NEWLINE, _QUOTE, ord(self.delimiter), *" \t\u00a0".encode()]] = 0
        second = np.minimum(np.minimum(starts + 1, ends), letters.size - 1)
        blank: Flags = (inked[letters[starts]] | inked[letters[second]]) == 0
        # A record that begins so is looked at to its end.
        return np.maximum.reduceat(inked[letters], starts) == 0 if blank.any() else blank


def _outside(others: IntArray, inside: bool = False) -> Flags:
    """Which places are outside quotation marks; ``others`` are their numbers among all places, those of marks too."""
    # Among the places before it, those that are not in ``others`` are marks; counted modulo 256.
    marks = others.astype(np.uint8) - np.arange(others.size, dtype=np.uint32).astype(np.uint8)
    outside: Flags = (marks & np.uint8(1)) == np.uint8(inside)
    return outside


def _cells_of(column: int, starts: IntArray, stops: IntArray, lengths: IntArray) -> tuple[IntArray, IntArray]:
    """Begin and end of a column's cells where records have different lengths; empty where a record has no such cell."""
    firsts = np.cumsum(lengths) - lengths
    there = lengths > column
    place = np.where(there, firsts + column, 0)
    begin = np.where(there & (column > 0), stops[place - 1] + 1, starts)
    return begin, np.where(there, stops[place], begin)


@contextlib.contextmanager
def _fields_of(letters: int) -> Iterator[None]:
    """The csv module's limit for a field, raised for a text of so many letters and put back."""
    before = csv.field_size_limit(max(letters + 1, csv.field_size_limit()))
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _written_again(data: bytes, delimiter: str, first_line: int) -> tuple[bytes, bool]:
    """The same records with every quotation mark in its place, and whether the last one's is never closed.

    Stray marks: the csv module's reading decides what is inside a cell.
    """
    source = io.TextIOWrapper(io.BytesIO(data), "utf-8", "surrogatepass", newline="\n")
    target = io.BytesIO()
    output = io.TextIOWrapper(target, "utf-8", "surrogatepass", newline="\n")
    last: list[str] = []

    def records() -> Iterator[list[str]]:
        nonlocal last
        reader = csv.reader(source, delimiter=delimiter)
        line = first_line
        try:
            for record in reader:
                last = record
                yield record
                line = reader.line_num + first_line
        except csv.Error:
            raise RecordTooLong(line, MAX_RECORD) from None

    with _fields_of(MAX_RECORD):
        writer = csv.writer(output, delimiter=delimiter if delimiter.isascii() else _SEPARATOR, lineterminator="\n")
        writer.writerows(records())
    output.flush()
    unclosed = bool(data.count(b'"') % 2) and "\n" in (last or [""])[-1]
    return target.getvalue(), unclosed
