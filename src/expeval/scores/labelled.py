"""SPSS (.sav, .zsav) and Stata (.dta): values with labels, values that are declared missing, dates, encodings."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from expeval.faults import Fault
from expeval.scores.cells import (
    Cells,
    DistinctCells,
    LabelledCell,
    MissingCell,
    NumericCells,
    Sheet,
    Value,
    number_text,
)
from expeval.scores.dialect import decode
from expeval.scores.foreign import ForeignFile
from expeval.scores.numbers import LARGEST_WHOLE
from expeval.scores.settings import Preview, Request, Settings, Unreadable
from expeval.scores.spelling import tidy
from expeval.scores.table import FloatArray, IntArray

BYTE_FOR_BYTE = "ISO-8859-1"  # every byte is a letter of it: what was read so can be decoded anew
_SPSS_ENCODING = re.compile(rb"\x07\0\0\0\x14\0\0\0\x01\0\0\0|\0\0\0\x07\0\0\0\x14\0\0\0\x01")
_SPSS_DAYS = re.compile(r"(?:A|E|J|S)?DATE\d|MOYR|QYR|WKYR|DATETIME|YMDHMS")
_SPSS_TIMES = re.compile(r"D?TIME|MTIME")
_SPSS_EPOCH, _STATA_EPOCH = dt.datetime(1582, 10, 14), dt.datetime(1960, 1, 1)
#: months in a unit of Stata's dates
_STATA_MONTHS = {"m": 1, "q": 3, "h": 6}


class LabelledFile:
    """A file of SPSS or Stata; rows are its records, counted from 1."""

    def __init__(self, form: str, data: bytes, settings: Settings, wanted: Sequence[str], file: str) -> None:
        self.form = form
        self.file = file
        self.settings = settings
        self.words = (*wanted, *settings.words)
        self.data = data
        self.encoding: str | None = None
        self.recode = not declares_encoding(form, data)
        try:
            self._open()
        except Unreadable as unreadable:
            self._open_otherwise(unreadable)

    def _open(self) -> None:
        job = {"encoding": BYTE_FOR_BYTE, "sample": True} if self.recode else {}
        self.parsed = ForeignFile(self.form, self.data, self.file, **job)
        about = self.parsed.about
        self.names = [str(name) for name in about["names"]]
        if not self.recode:
            self.encoding = str(about["encoding"]).lower() if about.get("encoding") else "utf-8"
            return
        self.encoding = self.settings.encoding
        if self.encoding is None and not about["sample"].isascii():
            self.encoding = self._find_encoding(about["sample"])

    def _open_otherwise(self, unreadable: Unreadable) -> None:
        """Where the file's texts are not in the encoding that it declares, study.toml may say in which."""
        if unreadable.faults[0].code != "encoding-unclear" or self.recode or self.settings.encoding is None:
            raise unreadable
        self.recode = True
        self._open()

    def _find_encoding(self, text: str) -> str:
        decoded = decode(text.encode(BYTE_FOR_BYTE), None, self.words)
        if decoded is None or decoded.unclear:
            fits = ", ".join(decoded.unclear) if decoded else None
            raise Unreadable(Fault("encoding-unclear", self.file, key="data.encoding", allowed=fits))
        return decoded.encoding

    def _text(self, text: str) -> str:
        """A text of the file in its right encoding."""
        if not self.recode or text.isascii():
            return text
        if self.encoding is None:  # no letter beyond ASCII so far
            self.encoding = self._find_encoding(text)
        try:
            return text.encode(BYTE_FOR_BYTE).decode(self.encoding)
        except (UnicodeError, LookupError):
            raise Unreadable(
                Fault("encoding-unclear", self.file, key="data.encoding", found=self.settings.encoding)
            ) from None

    def preview(self) -> Preview:
        """The names of the columns."""
        return Preview([(0, [self._text(name) for name in self.names])], 0, named=True)

    def read(self, request: Request) -> tuple[Sheet, list[Fault]]:
        """The columns asked for; ``last_row`` counts records."""
        places = list(dict.fromkeys(request.positions.values()))
        try:
            columns, blocks = self.parsed.read([self.names[place] for place in places])
        except Unreadable as unreadable:
            self._open_otherwise(unreadable)
            columns, blocks = self.parsed.read([self.names[place] for place in places])
        try:
            cells = self._columns(columns, blocks)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError):
            raise Unreadable(Fault("file-unreadable", self.file, found="it is damaged")) from None
        # Without any column of the study its faults are told, and the rows don't matter.
        size = min((_size(column) for column in cells), default=max(1, int(self.parsed.about["rows"] or 0)))
        if cells and self.form == "spss" and claimed_rows(self.data) not in (None, size):
            raise Unreadable(Fault("file-unreadable", self.file, found="rows at its end are missing"))
        kept = slice(0, size if self.settings.last_row is None else min(size, self.settings.last_row))
        by_place = {place: _cut(column, kept) for place, column in zip(places, cells, strict=True)}
        sheet = Sheet(
            self.file,
            rows=np.arange(1, size + 1, dtype=np.int64)[kept],
            columns={name: by_place[place] for name, place in request.positions.items()},
            encoding=self.encoding,
        )
        declared = [name for name, column in sheet.columns.items() if _has_declared(column)]
        if declared:
            named = ", ".join(f"“{name}”" for name in declared)
            sheet.notice("user-missing", f"values that the file declares missing count as missing in: {named}.")
        return sheet, []

    def _columns(self, columns: Sequence[dict[str, Any]], blocks: Sequence[bytes]) -> list[Cells]:
        left = iter(blocks)
        cells: list[Cells] = []
        for column in columns:
            labels = {_key(value): tidy(self._text(str(label))) for value, label in column["labels"]}
            labels = {value: label for value, label in labels.items() if label}
            if column["kind"] == "texts":
                codes: IntArray = np.frombuffer(next(left), dtype=np.int32).astype(np.int64)
                cells.append(self._texts(column, codes, labels))
            else:
                numbers = np.frombuffer(next(left), dtype=np.float64)
                cells.append(self._numbers(column, numbers, np.frombuffer(next(left), dtype=np.uint8), labels))
        return cells

    def _texts(self, column: dict[str, Any], codes: IntArray, labels: dict[str | float, str]) -> DistinctCells:
        """Texts; trailing spaces only fill SPSS' fixed width."""
        ranges = [(str(low).rstrip(), str(high).rstrip()) for low, high in column["missing"]]
        by_text = {str(value).rstrip(): label for value, label in labels.items()}
        values: list[Value] = []
        for raw in column["values"]:
            text, label = self._text(str(raw)), by_text.get(str(raw).rstrip())
            if raw.strip() and any(low <= raw.rstrip() <= high for low, high in ranges):
                values.append(MissingCell(label, text.strip()))
            else:
                values.append(LabelledCell(label, text.strip()) if label else text)
        if codes.size and int(codes.max(initial=0)) >= len(values):
            raise ValueError
        return DistinctCells(codes, tuple(values))

    def _numbers(
        self, column: dict[str, Any], numbers: FloatArray, tags: np.ndarray[Any, Any], labels: dict[str | float, str]
    ) -> Cells:
        """Numbers, with what their labels, ranges and formats make of them."""
        as_date = date_of(self.form, str(column.get("format") or ""))
        ranges = [(_bound(low, -np.inf), _bound(high, np.inf)) for low, high in column["missing"]]
        if not (labels or ranges or as_date or tags.size) and bool(
            (np.abs(numbers[~np.isnan(numbers)]) <= LARGEST_WHOLE).all()
        ):
            return NumericCells(numbers.copy())
        distinct, codes = np.unique(numbers, return_inverse=True)
        values: list[Value] = []
        for number in distinct.tolist():
            label = labels.get(number)
            if number != number:
                values.append("")
            elif any(low <= number <= high for low, high in ranges):
                values.append(MissingCell(label, number))
            elif label:
                values.append(LabelledCell(label, number))
            else:
                values.append(as_date(number) if as_date else number)
        codes = codes.reshape(-1).astype(np.int64)
        if tags.size:
            for tag in np.unique(tags[tags > 0]).tolist():
                letter = chr(tag)
                codes[tags == tag] = len(values)
                values.append(MissingCell(labels.get(letter), f".{letter}"))
        return DistinctCells(codes, tuple(values))


def declares_encoding(form: str, data: bytes) -> bool:
    """Whether a file says which encoding its texts have: SPSS in a record of its own, Stata from version 14 on."""
    if form == "stata":
        release = re.match(rb"<stata_dta><header><release>(\d{3})</release>", data)
        return release is not None and int(release[1]) >= 118
    if data[:4] == b"$FL3" or _SPSS_ENCODING.search(data[: 2**22]):
        return True
    # An older file names a code page; 2 and 3 only say that a letter is a byte.
    found = re.search(rb"\x07\0\0\0\x03\0\0\0\x04\0\0\0\x08\0\0\0", data[: 2**22])
    page = int.from_bytes(data[found.end() + 28 : found.end() + 32], "little") if found else 0
    return page > 4


def claimed_rows(data: bytes) -> int | None:
    """How many rows a file of SPSS says that it has, ``None`` where it doesn't say."""
    rows = int.from_bytes(data[80:84], "little" if data[64:65] in (b"\2", b"\3") else "big", signed=True)
    return rows if rows >= 0 else None


def date_of(form: str, display: str) -> Callable[[float], Value] | None:
    """How the numbers of a column that is displayed as a date or time are to be read, ``None`` for numbers."""
    if form == "spss":
        if _SPSS_TIMES.match(display):
            return lambda number: _moment(lambda: dt.timedelta(seconds=number), number)
        if _SPSS_DAYS.match(display):
            return lambda number: _moment(lambda: _SPSS_EPOCH + dt.timedelta(seconds=number), number)
        return None
    unit = re.match(r"%-?t?([dcCwmqh])", display) if display.startswith(("%t", "%-t", "%d", "%-d")) else None
    if unit is None:
        return None
    scale = unit[1]
    if scale in "cC":
        return lambda number: _moment(lambda: _STATA_EPOCH + dt.timedelta(milliseconds=number), number)
    if scale == "d":
        return lambda number: _moment(lambda: _STATA_EPOCH + dt.timedelta(days=number), number)
    if scale == "w":
        return lambda number: _moment(
            lambda: dt.date(1960 + int(number // 52), 1, 1) + dt.timedelta(days=7 * int(number % 52)), number
        )
    months = _STATA_MONTHS[scale]
    return lambda number: _moment(lambda: _month(int(number) * months), number)


def _month(months: int) -> dt.date:
    return dt.date(1960 + months // 12, months % 12 + 1, 1)


def _moment(read: Callable[[], Value], number: float) -> Value:
    """A date, or its number as a text where no calendar has it."""
    try:
        return read()
    except (OverflowError, ValueError):
        return f"date {number_text(number)}"


def _key(value: object) -> str | float:
    return value if isinstance(value, str) else float(value)  # type: ignore[arg-type]


def _bound(value: object, open_end: float) -> float:
    """A bound of a range of missing values; SPSS' LOWEST and HIGHEST are open."""
    number = open_end if value is None else float(value)  # type: ignore[arg-type]
    return open_end if number != number or abs(number) >= 1.7e308 else number


def _size(cells: Cells) -> int:
    return int(cells.numbers.size if isinstance(cells, NumericCells) else cells.codes.size)


def _cut(cells: Cells, kept: slice) -> Cells:
    if isinstance(cells, NumericCells):
        return NumericCells(cells.numbers[kept])
    return DistinctCells(cells.codes[kept], cells.values)


def _has_declared(cells: Cells) -> bool:
    if isinstance(cells, NumericCells):
        return False
    declared = np.array([isinstance(value, MissingCell) for value in cells.values], dtype=bool)
    return bool(declared[cells.codes].any())


def open_spss(data: bytes, settings: Settings, wanted: Sequence[str], file: str) -> LabelledFile:
    """Open a file of SPSS."""
    return LabelledFile("spss", data, settings, wanted, file)


def open_stata(data: bytes, settings: Settings, wanted: Sequence[str], file: str) -> LabelledFile:
    """Open a file of Stata."""
    return LabelledFile("stata", data, settings, wanted, file)
