"""Parquet: the columns that the study needs, by pyarrow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np

from expeval.faults import Fault
from expeval.scores.cells import Cells, DistinctCells, NumericCells, Sheet, Value
from expeval.scores.foreign import ForeignFile
from expeval.scores.numbers import LARGEST_WHOLE
from expeval.scores.settings import Preview, Request, Settings, Unreadable
from expeval.scores.table import FloatArray, IntArray


class ParquetFile:
    """A Parquet file; rows are its records, counted from 1."""

    def __init__(self, data: bytes, settings: Settings, wanted: Sequence[str], file: str) -> None:
        self.file = file
        self.settings = settings
        self.parsed = ForeignFile("parquet", data, file)
        self.names = [str(name) for name in self.parsed.about["names"]]
        self.rows = int(self.parsed.about["rows"])

    def preview(self) -> Preview:
        """The names of the columns."""
        return Preview([(0, self.names)], 0, named=True)

    def read(self, request: Request) -> tuple[Sheet, list[Fault]]:
        """The columns asked for; a column of lists, records or bytes is a fault, and NaN is missing."""
        places = list(dict.fromkeys(request.positions.values()))
        described, blocks = self.parsed.read([self.names[place] for place in places])
        size = self.rows if self.settings.last_row is None else min(self.rows, self.settings.last_row)
        by_place = dict(zip(places, described, strict=False))
        faults = [
            Fault("column-nested", self.file, column=name, found=str(by_place[place].get("type")))
            for name, place in request.positions.items()
            if by_place.get(place, {}).get("kind") == "refused"
        ]
        try:
            cells = dict(zip(places, self._columns(described, blocks, size), strict=True))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, StopIteration):
            raise Unreadable(Fault("file-unreadable", self.file, found="it is damaged")) from None
        sheet = Sheet(
            self.file,
            rows=np.arange(1, size + 1, dtype=np.int64),
            columns={name: cells[place] for name, place in request.positions.items()},
        )
        if nan := [name for name, place in request.positions.items() if by_place[place].get("nan")]:
            named = ", ".join(f"“{name}”" for name in nan)
            sheet.notice("nan-missing", f"NaN was read as a missing value in: {named}.")
        return sheet, faults

    def _columns(self, described: Sequence[dict[str, Any]], blocks: Sequence[bytes], size: int) -> list[Cells]:
        left = iter(blocks)
        cells: list[Cells] = []
        for column in described:
            if column["kind"] == "refused":
                cells.append(DistinctCells(np.zeros(size, dtype=np.int64), ("",)))
            elif column["kind"] == "numbers":
                numbers = np.frombuffer(next(left), dtype=np.float64)
                next(left)
                cells.append(_numbers(_whole(numbers, self.rows)[:size]))
            else:
                codes = _whole(np.frombuffer(next(left), dtype=np.int32), self.rows)[:size].astype(np.int64)
                cells.append(_distinct(codes, [_value(column["kind"], text) for text in column["values"]]))
        return cells


def _whole(block: np.ndarray[Any, Any], rows: int) -> np.ndarray[Any, Any]:
    if block.size != rows:
        raise ValueError(block.size)
    return block


def _numbers(numbers: FloatArray) -> Cells:
    plain = NumericCells(numbers.copy())
    # Infinite and huge numbers are faults of their cells.
    return plain if bool((np.abs(numbers[~np.isnan(numbers)]) <= LARGEST_WHOLE).all()) else plain.distinct()


def _distinct(codes: IntArray, values: list[Value]) -> DistinctCells:
    if codes.size and not 0 <= int(codes.min()) <= int(codes.max()) < len(values):
        raise ValueError
    return DistinctCells(codes, tuple(values))


def _value(kind: str, text: str) -> Value:
    if not text or kind == "texts":
        return text
    if kind == "truths":
        return text == "1"
    for read in (dt.datetime.fromisoformat, dt.time.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    return f"date {text}"
