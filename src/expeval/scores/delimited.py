"""CSV, TSV and their kin: text with a delimiter, read by pandas, with the editor's row numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas
from numpy.typing import NDArray

from expeval.faults import Fault
from expeval.scores.cells import FAULTS_A_COLUMN, Cells, DistinctCells, NumericCells, Sheet, gather
from expeval.scores.dialect import decode, detect_delimiter
from expeval.scores.numbers import LARGEST_WHOLE
from expeval.scores.settings import Preview, Request, Settings, Unreadable
from expeval.scores.table import IntArray

PREVIEW_RECORDS = 40
_NEWLINE, _QUOTE = 10, 34


class DelimitedFile:
    """A text file taken apart into records; the cells are read only for the columns that are asked for."""

    def __init__(self, data: bytes, settings: Settings, wanted: Sequence[str], file: str) -> None:
        self.file = file
        self.settings = settings
        self.mended: dict[str, int] = {}
        text = self._decode(data, wanted)
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.first_line = 1
        self.delimiter, text = self._delimiter(text, wanted)
        self.data = text.encode("utf-8", "surrogatepass")
        self.records = _Records(self.data, self.delimiter, self.first_line)

    def _decode(self, data: bytes, wanted: Sequence[str]) -> str:
        decoded = decode(data, self.settings.encoding, (*wanted, *self.settings.words))
        if decoded is None or decoded.unclear:
            named = self.settings.encoding
            fits = ", ".join(decoded.unclear) if decoded else None
            raise Unreadable(Fault("encoding-unclear", self.file, key="data.encoding", found=named, allowed=fits))
        if "\0" in decoded.text[:2000]:
            raise Unreadable(Fault("format-unsupported", self.file, found="binary data", allowed="CSV, TSV, XLSX"))
        if not decoded.text.strip():
            raise Unreadable(Fault("file-empty", self.file))
        self.encoding = decoded.encoding
        if decoded.marked and decoded.encoding == "utf-8":
            self.mended["byte order mark"] = 1
        return decoded.text

    def _delimiter(self, text: str, wanted: Sequence[str]) -> tuple[str, str]:
        # Excel's own first line "sep=;" names the delimiter and is no record.
        head, _, rest = text.partition("\n")
        if head.strip().strip('"').startswith("sep=") and len(head.strip().strip('"')) == 5:
            self.first_line = 2
            return self.settings.delimiter or head.strip().strip('"')[4], rest
        if self.settings.delimiter is not None:
            return self.settings.delimiter, text
        found = detect_delimiter(text, wanted)
        if found.unclear:
            shown = " ".join("tab" if sign == "\t" else sign for sign in found.unclear)
            raise Unreadable(Fault("delimiter-unclear", self.file, key="data.delimiter", found=shown))
        return found.delimiter, text

    def preview(self) -> Preview:
        """The first records with their rows."""
        records = self.records
        shown = range(min(PREVIEW_RECORDS, records.count))
        wanted_row = self.settings.last_header_row
        if wanted_row is not None and wanted_row > int(records.lines[shown[-1]]):
            shown = range(min(records.count, int(np.searchsorted(records.lines, wanted_row)) + 1))
        return Preview([(int(records.lines[i]), records.cells(i)) for i in shown], records.last_line)

    def read(self, request: Request) -> tuple[Sheet, list[Fault]]:
        """The columns asked for, from the records below the header."""
        records = self.records
        start = int(np.searchsorted(records.lines, request.header_row, side="right"))
        last = self.settings.last_row
        stop = records.count if last is None else int(np.searchsorted(records.lines, last, side="right"))
        kept = np.zeros(records.count, dtype=bool)
        kept[start:stop] = ~records.blank[start:stop]
        faults = self._surplus(kept, request.width)
        sheet = Sheet(
            self.file,
            rows=records.lines[kept],
            columns=self._cells(start, stop, kept[start:stop], request),
            encoding=self.encoding,
            delimiter=self.delimiter,
            header_row=request.header_row,
            mended=dict(self.mended),
        )
        sheet.mend("blank rows", int(records.blank[:stop].sum()))
        return sheet, faults

    def _surplus(self, kept: NDArray[np.bool_], width: int) -> list[Fault]:
        """Rows with more cells than the header, empty ones at their end aside.

        Rows with fewer cells are whole: programs leave out the delimiters after a row's last value.
        """
        longer = np.flatnonzero(kept & (self.records.lengths > width)).tolist()
        wrong = [i for i in longer if any(cell.strip() for cell in self.records.cells(i)[width:])]
        rows = [(int(self.records.lines[i]), str(self.records.lengths[i])) for i in wrong]
        if self.records.unclosed_quote is not None:
            rows.append((self.records.unclosed_quote, '"'))
        faults = [
            Fault("row-length", self.file, row=row, found=found, allowed=str(width))
            for row, found in rows[:FAULTS_A_COLUMN]
        ]
        if len(rows) > FAULTS_A_COLUMN:
            further = {"further": len(rows) - FAULTS_A_COLUMN}
            faults.append(Fault("row-length", self.file, allowed=str(width), details=further))
        return faults

    def _cells(self, start: int, stop: int, kept: NDArray[np.bool_], request: Request) -> dict[str, Cells]:
        if start >= stop or not kept.any():
            return {name: gather([]) for name in request.positions}
        if self.records.irregular:
            return self._cells_one_by_one(start, stop, kept, request)
        block = self.data[self.records.starts[start] : self.records.starts[stop]]
        # Where all rows are shorter than the header, its last columns are empty.
        width = int(self.records.lengths[start:stop].max())
        places = {name: place for name, place in request.positions.items() if place < width}
        # A column is left to pandas' own number parser only where a point can be nothing but a decimal sign.
        fast = self.settings.decimal == "." or (self.settings.decimal is None and self.delimiter != ";")
        numeric = [places[name] for name in request.numeric if name in places] if fast else []
        frame = _parse(block, self.delimiter, width, sorted(set(places.values())), numeric, request.missing)
        again = sorted({place for place in numeric if not _settled(frame[place])})
        if again:
            frame[again] = _parse(block, self.delimiter, width, again, [], ())
        empty = gather([""] * int(np.count_nonzero(kept)))
        return {name: _column(frame[places[name]], kept) if name in places else empty for name in request.positions}

    def _cells_one_by_one(self, start: int, stop: int, kept: NDArray[np.bool_], request: Request) -> dict[str, Cells]:
        rows = [self.records.cells(start + i) for i in np.flatnonzero(kept).tolist()]
        return {
            name: gather(row[place] if place < len(row) else "" for row in rows)
            for name, place in request.positions.items()
        }


def _parse(
    block: bytes, delimiter: str, width: int, positions: list[int], numeric: list[int], missing: Sequence[str]
) -> pandas.DataFrame:
    options: dict[str, Any] = {
        "names": list(range(width)),
        "usecols": positions,
        "dtype": {place: str for place in positions if place not in numeric},
        "na_values": {place: ["", *missing] for place in numeric},
        "keep_default_na": False,
        "skip_blank_lines": False,
        "low_memory": False,
    }
    frame: pandas.DataFrame = pandas.read_csv(
        io.BytesIO(block), sep=delimiter, header=None, encoding_errors="surrogatepass", **options
    )
    return frame


def _settled(column: pandas.Series[Any]) -> bool:
    """Whether pandas' types kept everything: plain text, or numbers that a double holds."""
    if column.dtype.kind == "i":
        return bool(column.between(-LARGEST_WHOLE, LARGEST_WHOLE).all())
    if column.dtype.kind == "f":
        # Infinite and huge numbers are looked at as the text that the file holds.
        return bool((column.abs().fillna(0) <= LARGEST_WHOLE).all())
    return isinstance(column.dtype, pandas.StringDtype)


def _column(column: pandas.Series[Any], kept: NDArray[np.bool_]) -> Cells:
    if column.dtype.kind in "if":
        return NumericCells(column.to_numpy(dtype=np.float64)[kept])
    codes, values = pandas.factorize(column.to_numpy(dtype=object)[kept])
    empty = codes < 0
    texts: list[str] = values.tolist()
    if empty.any():
        codes = np.where(empty, len(texts), codes)
        texts.append("")
    return DistinctCells(codes.astype(np.int64), tuple(texts))


class _Records:
    """Where the records of a text begin, on which line, and with how many cells."""

    def __init__(self, data: bytes, delimiter: str, first_line: int) -> None:
        self.data = data
        self.delimiter = delimiter
        self.first_line = first_line
        self.unclosed_quote: int | None = None
        letters = np.frombuffer(data, dtype=np.uint8)
        self.newlines: IntArray = np.flatnonzero(letters == _NEWLINE)
        self.quotes: IntArray = np.flatnonzero(letters == _QUOTE)
        self.irregular = delimiter.encode()[1:] != b"" or not self._regular(letters)
        self._one_by_one: list[list[str]] = []
        if self.irregular:
            self._read_one_by_one()
        else:
            self._measure(letters)

    @property
    def count(self) -> int:
        return int(self.lines.size)

    @cached_property
    def last_line(self) -> int:
        return int(self.lines[-1]) if self.count else 0

    def cells(self, record: int) -> list[str]:
        """The cells of one record."""
        if self.irregular:
            return self._one_by_one[record]
        text = self.data[self.starts[record] : self.starts[record + 1]].decode("utf-8", "surrogatepass")
        limit = csv.field_size_limit(max(len(text) + 1, csv.field_size_limit()))
        try:
            return next(csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter), [])
        finally:
            csv.field_size_limit(limit)

    def _regular(self, letters: NDArray[np.uint8]) -> bool:
        """Whether every quotation mark opens or closes a cell, so that counting them tells what is inside."""
        quotes = self.quotes
        if not quotes.size:
            return True
        if quotes.size % 2:
            return False
        edge = np.zeros(256, dtype=bool)
        edge[[_NEWLINE, _QUOTE, ord(self.delimiter)]] = True
        around = np.concatenate([[_NEWLINE], letters, [_NEWLINE]])
        return bool(edge[around[quotes[::2]]].all() and edge[around[quotes[1::2] + 2]].all())

    def _measure(self, letters: NDArray[np.uint8]) -> None:
        ends = self._outside(self.newlines)
        if not ends.size or ends[-1] != letters.size - 1:
            ends = np.append(ends, letters.size)
        self.starts = np.append(0, ends + 1)
        self.starts[-1] = min(int(self.starts[-1]), letters.size)
        self.lines = np.searchsorted(self.newlines, self.starts[:-1]).astype(np.int64) + self.first_line
        delimiters = self._outside(np.flatnonzero(letters == ord(self.delimiter)))
        self.lengths = np.diff(np.searchsorted(delimiters, self.starts)) + 1
        inked = np.ones(256, dtype=np.uint8)
        inked[[_NEWLINE, _QUOTE, ord(self.delimiter), ord(" "), ord("\t")]] = 0
        self.blank = np.maximum.reduceat(inked[letters], self.starts[:-1]) == 0

    def _outside(self, places: IntArray) -> IntArray:
        """Those of the places that stand outside quotation marks."""
        return places if not self.quotes.size else places[np.searchsorted(self.quotes, places) % 2 == 0]

    def _read_one_by_one(self) -> None:
        """Stray quotation marks: the csv module's reading, slower, decides what is inside."""
        text = self.data.decode("utf-8", "surrogatepass")
        limit = csv.field_size_limit(max(len(text) + 1, csv.field_size_limit()))
        lines = []
        try:
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter)
            line = self.first_line
            for cells in reader:
                self._one_by_one.append(cells)
                lines.append(line)
                line = reader.line_num + self.first_line
        finally:
            csv.field_size_limit(limit)
        self.lines = np.array(lines, dtype=np.int64)
        self.lengths = np.array([len(cells) for cells in self._one_by_one], dtype=np.int64)
        self.blank = np.array([not any(cell.strip() for cell in cells) for cells in self._one_by_one], dtype=bool)
        if self.quotes.size % 2 and self._one_by_one and "\n" in (self._one_by_one[-1] or [""])[-1]:
            self.unclosed_quote = lines[-1]
