"""The program that parses files of SPSS, Stata and Parquet, run by :mod:`expeval.scores.foreign` as its own process.

A damaged file can make a parser written in C end its process, or take all the memory that a machine has; here it ends
or exhausts only this process.  The program knows nothing of expeval, so that it starts quickly.

Standard input: a line of JSON (format, encoding, bytes, limits), the file's bytes, then at most one line of JSON with
the columns to read.  Standard output: a message for each, a line of JSON with the length of the numbers that follow.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, BinaryIO

SAMPLE_ROWS = 1000
SAMPLE_LETTERS = 200_000
EXACT = 2**53
Message = tuple[dict[str, Any], list[bytes]]


def main() -> None:
    """Answer one question about names, and at most one about columns."""
    # What a library prints must not stand among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    job = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read(job["bytes"])
    _limit(job["memory"], job["seconds"])
    try:
        reader = READERS[job["format"]](data, job)
        _answer(answers, reader.describe)
        if line := sys.stdin.buffer.readline():
            request = json.loads(line)
            _answer(answers, lambda: reader.read(request["columns"]))
    except ImportError as error:
        _send(answers, {"error": "library", "text": str(error.name)}, [])


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY or most > memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, most))


def _answer(answers: BinaryIO, work: Callable[[], Message]) -> None:
    try:
        header, blocks = work()
    except ImportError:
        raise
    except MemoryError:
        header, blocks = {"error": "memory"}, []
    except Refused as refused:
        header, blocks = {"error": refused.kind, "text": refused.text}, []
    except Exception as error:  # whatever a parser makes of a damaged file
        kind = "memory" if "allocate" in str(error) or "malloc" in str(error) else "damaged"
        header, blocks = {"error": kind, "text": str(error)[:200]}, []
    _send(answers, header, blocks)


def _send(answers: BinaryIO, header: dict[str, Any], blocks: list[bytes]) -> None:
    header["blocks"] = [len(block) for block in blocks]
    answers.write(json.dumps(header).encode() + b"\n")
    for block in blocks:
        answers.write(block)
    answers.flush()


class Refused(Exception):
    """A file that is whole and is not read all the same."""

    def __init__(self, kind: str, text: str) -> None:
        self.kind, self.text = kind, text
        super().__init__(text)


class LabelledReader:
    """SPSS and Stata, by pyreadstat."""

    def __init__(self, data: bytes, job: dict[str, Any]) -> None:
        import pyreadstat

        self.parse = {"spss": pyreadstat.read_sav, "stata": pyreadstat.read_dta}[job["format"]]
        self.data = data
        self.encoding = job.get("encoding")
        self.sample = bool(job.get("sample"))
        self.cells = job["cells"]
        self.rows = 0

    def _parse(self, **how: Any) -> tuple[dict[str, list[Any]], Any]:
        try:
            columns, about = self.parse(
                io.BytesIO(self.data),
                encoding=self.encoding,
                user_missing=True,
                disable_datetime_conversion=True,
                output_format="dict",
                **how,
            )
        except Exception as error:
            # Its own exceptions tell an encoding that does not fit only by their words.
            if isinstance(error, UnicodeDecodeError) or "requested encoding" in str(error) or "character" in str(error):
                raise Refused("encoding", self.encoding or "") from None
            raise
        return dict(columns), about

    def describe(self) -> Message:
        """Names, how many rows, the encoding; with ``sample`` texts of the first rows and labels."""
        _, about = self._parse(metadataonly=True)
        self.rows = about.number_rows or 0
        header = {"names": list(about.column_names), "rows": about.number_rows, "encoding": about.file_encoding}
        if self.sample:
            columns, about = self._parse(row_limit=SAMPLE_ROWS)
            labels = [label for named in about.value_labels.values() for label in named.values()]
            texts = [cell for column in columns.values() for cell in column if isinstance(cell, str)]
            texts = [*about.column_names, *labels, *(label or "" for label in about.column_labels), *texts]
            header["sample"] = "\n".join(dict.fromkeys(texts))[:SAMPLE_LETTERS]
        return header, []

    def read(self, names: list[str]) -> Message:
        """Columns, each as numbers or as distinct texts with codes; labels and what is declared missing."""
        if self.rows * len(names) > self.cells:
            raise Refused("too-large", str(self.rows))
        if not names:
            return {"columns": []}, []
        columns, about = self._parse(usecols=names)
        described, blocks = [], []
        for name in names:
            cells = columns.pop(name)
            header: dict[str, Any] = {
                "format": about.original_variable_types.get(name),
                "labels": [
                    [_plain(value), label] for value, label in about.variable_value_labels.get(name, {}).items()
                ],
                "missing": [[_plain(r["lo"]), _plain(r["hi"])] for r in about.missing_ranges.get(name, [])],
            }
            if about.readstat_variable_types.get(name) == "string":
                packed = _distinct("" if cell is None else cell for cell in cells)
            else:
                packed = _numbers(cells)
            described.append(header | packed[0])
            blocks += packed[1]
        return {"columns": described, "encoding": about.file_encoding}, blocks


def _plain(value: Any) -> Any:
    """A value as JSON has it; a letter stands for Stata's extended missing value of that letter."""
    return value if isinstance(value, str) or value is None else float(value)


def _distinct(cells: Iterable[str]) -> Message:
    import numpy as np

    index: dict[str, int] = {}
    codes = np.array([index.setdefault(cell, len(index)) for cell in cells], dtype=np.int32)
    return {"kind": "texts", "values": list(index)}, [codes.tobytes()]


def _numbers(cells: list[Any]) -> Message:
    """Numbers (NaN: missing) and, where there are letters among them, one byte a cell with the letter."""
    import numpy as np

    tagged = [i for i, cell in enumerate(cells) if isinstance(cell, str)]
    tags = np.zeros(len(cells) if tagged else 0, dtype=np.uint8)
    for i in tagged:
        tags[i], cells[i] = ord(cells[i]), None
    numbers = np.array(cells, dtype=np.float64)
    return {"kind": "numbers"}, [numbers.tobytes(), tags.tobytes()]


class ParquetReader:
    """Parquet, by pyarrow; one column after the other, so that memory holds one of them."""

    def __init__(self, data: bytes, job: dict[str, Any]) -> None:
        self.arrow: Any = import_module("pyarrow")
        self.compute: Any = import_module("pyarrow.compute")
        self.parquet: Any = import_module("pyarrow.parquet")
        self.arrow.set_cpu_count(1)
        self.cells = job["cells"]
        self.buffer = self.arrow.py_buffer(data)
        self.file: Any = None

    def describe(self) -> Message:
        """Names and how many rows."""
        self.file = self.parquet.ParquetFile(self.buffer, pre_buffer=False)
        rows = self.file.metadata.num_rows
        if not 0 <= rows <= self.cells:
            raise Refused("too-large", str(rows))
        return {"names": list(self.file.schema_arrow.names), "rows": rows}, []

    def read(self, names: list[str]) -> Message:
        """Columns, each as numbers, dates or distinct texts with codes; one of lists or records is refused."""
        rows = self.file.metadata.num_rows
        if rows * len(names) > self.cells:
            raise Refused("too-large", str(rows))
        described, blocks = [], []
        for name in names:
            header, content = self._column(name, rows)
            described.append(header)
            blocks += content
        return {"columns": described}, blocks

    def _column(self, name: str, rows: int) -> Message:
        kind = self.file.schema_arrow.field(name).type
        if self.arrow.types.is_nested(kind) or isinstance(kind, self.arrow.BaseExtensionType):
            return {"kind": "refused", "type": str(kind)[:80]}, []
        column = self.file.read(columns=[name], use_threads=False, use_pandas_metadata=False).column(name)
        if len(column) != rows:
            raise Refused("damaged", f"{len(column)} of {rows} rows")
        if self.arrow.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        return self._cells(column)

    def _cells(self, column: Any) -> Message:
        types, kind = self.arrow.types, column.type
        if types.is_null(kind):
            column, kind = column.cast(self.arrow.float64()), self.arrow.float64()
        if types.is_boolean(kind):
            return self._texts(column.cast(self.arrow.int8()).cast(self.arrow.string()), "truths")
        if types.is_floating(kind):
            return self._floats(column.cast(self.arrow.float64()))
        if types.is_integer(kind) or types.is_decimal(kind):
            limits = self.compute.min_max(column).as_py()
            exact = all(limit is None or abs(limit) <= EXACT for limit in limits.values())
            if exact and types.is_integer(kind):
                return self._floats(column.cast(self.arrow.float64()))
            if exact:
                return self._decimals(column)
            return self._texts(column.cast(self.arrow.string()), "texts")
        if types.is_temporal(kind):
            return self._dates(column)
        if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
            try:
                column = column.cast(self.arrow.large_binary()).cast(self.arrow.large_string())
            except self.arrow.ArrowInvalid:
                return {"kind": "refused", "type": str(kind)}, []
        elif not (types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)):
            return {"kind": "refused", "type": str(kind)[:80]}, []
        return self._texts(column.cast(self.arrow.large_string()), "texts")

    def _floats(self, column: Any) -> Message:
        import numpy as np

        nan = bool(self.compute.any(self.compute.is_nan(column), min_count=0).as_py())
        numbers = np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
        return {"kind": "numbers", "nan": nan}, [numbers.tobytes(), b""]

    def _decimals(self, column: Any) -> Message:
        """Decimal numbers by their digits: pyarrow's own cast is off by a last place."""
        import numpy as np

        header, (codes,) = self._texts(column.cast(self.arrow.string()), "texts")
        values = np.array([float(text) if text else np.nan for text in header["values"]], dtype=np.float64)
        return {"kind": "numbers", "nan": False}, [values[np.frombuffer(codes, dtype=np.int32)].tobytes(), b""]

    def _texts(self, column: Any, kind: str) -> Message:
        import numpy as np

        encoded = column.combine_chunks().dictionary_encode()
        if hasattr(encoded, "unify_dictionaries"):
            encoded = encoded.unify_dictionaries().combine_chunks()
        # A row whose text has no valid UTF-8 ends here, as damaged.
        values = [text or "" for text in encoded.dictionary.to_pylist()]
        values += [] if "" in values else [""]
        codes = encoded.indices.fill_null(values.index("")).to_numpy(zero_copy_only=False).astype(np.int32)
        return {"kind": kind, "values": values}, [codes.tobytes()]

    def _dates(self, column: Any) -> Message:
        """Dates and times as ISO text, a length of time as its text."""
        if self.arrow.types.is_duration(column.type):
            column = column.cast(self.arrow.int64())
        elif self.arrow.types.is_timestamp(column.type):  # no names of time zones: they may not be installed
            column = column.cast(self.arrow.timestamp(column.type.unit))
        return self._texts(column.cast(self.arrow.string()), "dates")


READERS: dict[str, Any] = {"spss": LabelledReader, "stata": LabelledReader, "parquet": ParquetReader}

if __name__ == "__main__":
    main()
