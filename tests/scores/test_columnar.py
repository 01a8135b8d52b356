"""Parquet: what becomes of each type of column, what is refused, and how little is read."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import random
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from examples import write_study

from expeval.fault_codes import sentence
from expeval.faults import Fault, Faults
from expeval.scores import foreign
from expeval.scores.cells import DistinctCells, Sheet
from expeval.scores.columnar import ParquetFile
from expeval.scores.reading import read_scores
from expeval.scores.settings import Request, Settings, Unreadable
from expeval.scores.table import Categories, Numbers, Scores
from expeval.study.reading import read_study


def parquet(columns: Any, **how: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), file, **how)
    return file.getvalue()


def opened(data: bytes, *names: str, settings: Settings | None = None) -> tuple[Sheet, list[Fault]]:
    file = ParquetFile(data, settings or Settings(), names, "scores.parquet")
    preview = file.preview()
    header = preview.records[0][1]
    assert preview.named
    return file.read(Request(0, len(header), {name: header.index(name) for name in names}, (), ()))


def values(array: pa.Array | list[Any], **how: Any) -> list[Any]:
    sheet, faults = opened(parquet({"x": array}, **how), "x")
    assert not faults
    return [sheet.columns["x"].value(i) for i in range(len(array))]


def study(folder: Path, columns: Any, **how: Any) -> Scores:
    write_study(folder, files='["scores.parquet"]', **how)
    (folder / "scores.parquet").write_bytes(parquet(columns))
    return read_scores(read_study(folder / "study.toml"))


def faults_of(folder: Path, columns: Any, **how: Any) -> list[Fault]:
    with pytest.raises(Faults) as raised:
        study(folder, columns, **how)
    return list(raised.value)


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
def test_every_compression_is_read(compression: str) -> None:
    assert values(["a", None, "b", ""], compression=compression) == ["a", "", "b", ""]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([1, None, -3], pa.int8()), [1.0, "", -3.0]),
        (pa.array([1, None, 3], pa.uint64()), [1.0, "", 3.0]),
        (pa.array([1.5, None, float("nan")], pa.float64()), [1.5, "", ""]),
        (pa.array([1.5, None, 0.25], pa.float32()), [1.5, "", 0.25]),
        (pa.array([np.float16(1.5), None], pa.float16()), [1.5, ""]),
        (pa.array([True, None, False]), [True, "", False]),
        (pa.array(["5", None, "5"]).dictionary_encode(), ["5", "", "5"]),
        (pa.array([5, None, 4]).dictionary_encode(), [5.0, "", 4.0]),
        (pa.array(["я", None], pa.large_string()), ["я", ""]),
        (pa.array(["я", None], pa.string_view()), ["я", ""]),
        (pa.array(["я".encode(), None], pa.binary()), ["я", ""]),
        (pa.nulls(2), ["", ""]),
        (pa.array([dt.date(2026, 5, 4), None]), [dt.datetime(2026, 5, 4), ""]),
        (pa.array([dt.datetime(2026, 5, 4, 10), None]), [dt.datetime(2026, 5, 4, 10), ""]),
        (pa.array([dt.datetime(2026, 5, 4, 10)], pa.timestamp("ns", "Europe/Moscow")), [dt.datetime(2026, 5, 4, 10)]),
        (pa.array([dt.time(10, 30), None]), [dt.time(10, 30), ""]),
    ],
)
def test_cells_by_type(array: pa.Array, expected: list[Any]) -> None:
    found = values(array)
    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))


def test_decimals_are_right_to_their_last_digit() -> None:
    draw = random.Random(3)
    numbers = [Decimal(draw.randrange(10**15)).scaleb(-6) for _ in range(2000)]
    assert values(pa.array(numbers, pa.decimal128(18, 6))) == [float(str(number)) for number in numbers]


def test_whole_numbers_beyond_a_double_are_refused_as_scores_and_kept_as_names(tmp_path: Path) -> None:
    large = 2**53 + 1
    columns = {"student": [large, large + 1, large + 2], "arm": ["new", "old", "new"], "score": [1, 2, 3]}
    assert study(tmp_path, columns).n == 3
    (fault,) = faults_of(tmp_path, columns | {"score": [1, large, 3]})
    assert (fault.code, fault.row, fault.column, fault.found) == ("integer-too-large", 2, "score", str(large))


def test_nan_is_missing_and_told_and_infinity_a_fault_of_its_row(tmp_path: Path) -> None:
    columns = {"student": ["a", "b", "c", "d"], "arm": ["new", "old"] * 2, "score": [1.0, float("nan"), 3.0, 4.0]}
    scores = study(tmp_path, columns)
    assert np.isnan(scores.outcomes["Score"].values).tolist() == [False, True, False, False]
    assert [notice.message for notice in scores.notices if notice.code == "nan-missing"] == [
        "scores.parquet: NaN was read as a missing value in: “score”."
    ]
    (fault,) = faults_of(tmp_path, columns | {"score": [1.0, float("nan"), 3.0, -float("inf")]})
    assert (fault.code, fault.row, fault.cell, fault.found) == ("not-finite", 4, None, "-inf")
    assert "row 4" in sentence(fault)


def test_a_dictionary_column_is_a_category(tmp_path: Path) -> None:
    columns = {
        "student": ["a", "b", "c", "d"],
        "arm": pa.array(["new", "old"] * 2).dictionary_encode(),
        "score": [1.0, 2.0, 3.0, 4.0],
        "kind": pa.array(["x", None, "y", "x"]).dictionary_encode(),
    }
    scores = study(tmp_path, columns, more='[covariates]\nstudent = ["kind"]')
    kind = scores.covariates["kind"]
    assert isinstance(kind, Categories)
    assert (kind.codes.tolist(), kind.labels) == ([0, -1, 1, 0], ("x", "y"))


def test_a_date_among_the_scores_is_a_fault(tmp_path: Path) -> None:
    days = [dt.date(2026, 5, 4), None, None]
    (fault,) = faults_of(tmp_path, {"student": ["a", "b", "c"], "arm": ["new", "old", "new"], "score": days})
    assert (fault.code, fault.row, fault.found) == ("date-in-cell", 1, "2026-05-04")


@pytest.mark.parametrize(
    "nested",
    [
        pa.array([[1], [2], [3]]),
        pa.array([{"a": 1}, {"a": 2}, {"a": 3}]),
        pa.array([[("a", 1)], [], []], pa.map_(pa.string(), pa.int64())),
        pa.array([b"\xff", b"\xfe", b"a"]),
    ],
)
def test_a_column_that_holds_no_plain_values_is_refused_where_it_is_needed(tmp_path: Path, nested: pa.Array) -> None:
    columns = {"student": ["a", "b", "c"], "arm": ["new", "old", "new"], "score": [1.0, 2.0, 3.0], "more": nested}
    assert study(tmp_path, columns).n == 3
    fault = faults_of(tmp_path, columns | {"score": nested})[0]
    assert (fault.code, fault.column) == ("column-nested", "score")


def test_the_rows_of_settings_count_records() -> None:
    data = parquet({"x": ["a", "b", "c"]})
    sheet, _ = opened(data, "x", settings=Settings(last_row=2, header_row=4))
    assert (sheet.rows.tolist(), sheet.header_row) == ([1, 2], None)


def test_a_missing_column_names_no_row(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, {"student": ["a", "b"], "arm": ["new", "old"], "scores": [1.0, 2.0]})
    assert (fault.code, fault.row, fault.nearest) == ("column-missing", None, "scores")


def test_a_column_name_twice_is_refused(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["a", "b"])] * 4, names=["student", "arm", "score", "score"])
    assert {(f.code, f.column) for f in faults_of(tmp_path, table)} >= {("column-twice", "score")}


def test_names_with_a_point_are_names() -> None:
    sheet, _ = opened(parquet({"a": [1.0], "a.b": [2.0]}), "a", "a.b")
    assert [sheet.columns[name].value(0) for name in ("a", "a.b")] == [1.0, 2.0]


def test_no_rows_are_told(tmp_path: Path) -> None:
    empty = {"student": pa.array([], pa.string()), "arm": pa.array([], pa.string()), "score": pa.array([], pa.int8())}
    (fault,) = faults_of(tmp_path, empty)
    assert (fault.code, fault.row) == ("header-only", None)


def test_of_five_thousand_columns_only_those_needed_are_read() -> None:
    wide = parquet({f"c{i}": np.arange(400.0) for i in range(5000)})
    started = time.perf_counter()
    sheet, _ = opened(wide, "c1", "c4999")
    assert set(sheet.columns) == {"c1", "c4999"}
    assert time.perf_counter() - started < 10


def test_many_row_groups_are_one_column() -> None:
    texts = [f"t{i % 37}" for i in range(5000)]
    assert values(texts, row_group_size=100) == texts
    assert values(pa.array(texts).dictionary_encode(), row_group_size=100) == texts


def refusal(data: bytes) -> Fault:
    with pytest.raises(Unreadable) as raised:
        opened(data, "x")
    return raised.value.faults[0]


@pytest.mark.parametrize("keep", [4, 8, 40, -1, -9])
def test_a_truncated_file_is_told(keep: int) -> None:
    fault = refusal(parquet({"x": [1.0, 2.0]})[:keep])
    assert (fault.code, fault.file) == ("file-unreadable", "scores.parquet")
    assert "damaged" in sentence(fault)


def test_more_cells_than_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "MOST_CELLS", 10)
    assert refusal(parquet({"x": [1.0] * 11})).code == "file-too-large"


def test_a_bomb_is_refused_within_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "MEMORY", 400 * 2**20)
    text = pa.array([b"\0" * 2**27], pa.binary())
    data = parquet(
        {"x": pa.chunked_array([text] * 4)}, compression="zstd", use_dictionary=False, write_statistics=False
    )
    assert len(data) < 2**20
    assert refusal(data).code == "file-unreadable"


def test_a_parser_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    endless = tmp_path / "endless.py"
    endless.write_text("import sys\nsys.stdin.buffer.readline()\nwhile True: pass\n")
    monkeypatch.setattr(foreign, "PROGRAM", endless)
    monkeypatch.setattr(foreign, "SECONDS", 0.5)
    fault = refusal(parquet({"x": [1.0]}))
    assert fault.code == "file-unreadable"
    assert "seconds" in str(fault.found)


def test_a_parser_that_crashes_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    crashing = tmp_path / "crashing.py"
    crashing.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setattr(foreign, "PROGRAM", crashing)
    assert refusal(parquet({"x": [1.0]})).code == "file-unreadable"


def test_flipped_bytes_are_read_or_refused() -> None:
    draw = random.Random(11)
    data = parquet({"x": ["a", "b", None] * 20, "y": np.arange(60.0)})
    for _ in range(12):
        damaged = bytearray(data)
        for _ in range(3):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        with contextlib.suppress(Unreadable, ValueError):  # ValueError: the column's name is another one now
            sheet, _ = opened(bytes(damaged), "x")
            column = sheet.columns["x"]
            assert isinstance(column, DistinctCells)
            assert sheet.rows.size == column.codes.size


def test_one_parquet_file_and_a_text_file_are_one_table(tmp_path: Path) -> None:
    write_study(tmp_path, files='["a.parquet", "b.csv"]')
    (tmp_path / "a.parquet").write_bytes(parquet({"student": [1, 2], "arm": ["new", "old"], "score": [1.0, 2.5]}))
    (tmp_path / "b.csv").write_text("student,arm,score\n3,new,4\n4,old,5.5\n")
    scores = read_scores(read_study(tmp_path / "study.toml"))
    assert isinstance(scores.outcomes["Score"], Numbers)
    assert scores.outcomes["Score"].values.tolist() == [1.0, 2.5, 4.0, 5.5]
