"""Text files as bytes: the same records, cells and numbers as Python's csv module and float() find, within limits."""

from __future__ import annotations

import csv
import io
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.scores import at_once, text_records
from expeval.scores.cells import DistinctCells, NumericCells, Value
from expeval.scores.delimited import DelimitedFile
from expeval.scores.header import Header, locate_header
from expeval.scores.same_values import CHUNK, distinct_codes, distinct_numbers, number_values
from expeval.scores.settings import Request, Settings, Unreadable
from expeval.scores.text_cells import MANY, ManyTexts

WANTED = ("student", "arm", "score")
NO_INK = ' \t\n"\u00a0'
LETTERS = st.sampled_from(
    ['"', '"', "\n", "\r", ",", ",", ";", "\t", "|", " ", "a", "é", "ж", "1", ".", "\u00a0", "\0", '""']
)


def read(
    data: bytes, width: int, numeric: tuple[str, ...] = (), **keys: str
) -> tuple[DelimitedFile, dict[str, list[Value]]]:
    """All columns below a header in the first row, as c0, c1, ..."""
    file = DelimitedFile(data, Settings(**keys), (), "scores.csv")  # type: ignore[arg-type]
    names = {f"c{k}": k for k in range(width)}
    sheet, _ = file.read(Request(file.first_line, width, names, numeric, ()))
    return file, {name: [cells.value(k) for k in range(sheet.rows.size)] for name, cells in sheet.columns.items()}


def header_of(data: bytes) -> Header:
    file = DelimitedFile(data, Settings(), WANTED, "scores.csv")
    return locate_header(file.preview(), Settings(), WANTED, "scores.csv")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(LETTERS, max_size=60),
    st.sampled_from([",", ";", "\t", "|", "ж"]),
    st.sampled_from([1, 2, 3, 7, text_records.BLOCK]),
    st.sampled_from([0, at_once.LARGE]),
)
def test_records_and_cells_are_those_of_the_csv_module(
    letters: list[str], delimiter: str, block: int, large: int
) -> None:
    """Whatever the blocks that a file is looked at in, one after the other or several at once."""
    text = "h0,h1\n" + "".join(letters)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter)
    expected, line = [], 1
    for cells in reader:
        expected.append((line, cells))
        line = reader.line_num + 1
    width = 1 + max(len(cells) for _, cells in expected)
    if "\0" in text:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_records, "BLOCK", block)
        patch.setattr(at_once, "LARGE", large)
        file, columns = read(text.encode(), width, delimiter=delimiter)
    records = file.records
    shown = [(int(records.lines[k]), records.cells(k)) for k in range(records.count)]
    assert shown == expected
    no_ink = NO_INK + delimiter
    # Cells of the rows that are not blank; which are, only spaces and quotation marks can make open.
    found = [list(row) for row in zip(*columns.values(), strict=True)]
    rows = [cells + [""] * (width - len(cells)) for _, cells in expected[1:]]
    assert [row for row in found if any(cell.strip(no_ink) for cell in row)] == [
        row for row in rows if any(cell.strip(no_ink) for cell in row)
    ]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.booleans(), st.sampled_from([None, "utf-8", "utf-16", "cp1251", "utf-7"]))
def test_any_bytes_are_read_or_refused(data: bytes, headed: bool, encoding: str | None) -> None:
    try:
        file = DelimitedFile(b"student,arm,score\n" * headed + data, Settings(encoding=encoding), WANTED, "scores.csv")
        header = locate_header(file.preview(), Settings(), WANTED, "scores.csv")
        request = Request(header.row, len(header.names), header.lookup.positions, ("score",), ("NA",))
        sheet, _ = file.read(request)
    except Unreadable:
        return
    assert all(cells.value(k) is not None for cells in sheet.columns.values() for k in range(sheet.rows.size))


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15).map(repr),
    st.decimals(-(10**6), 10**6, places=3).map(str),
    st.integers(-(2**53), 2**53).map(str),
    st.sampled_from(["+5", "-0", "-0.0", ".5", "5.", "1e-320", "0.1", "123456789012345", "12345678901234.5", "00012"]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(NUMBERS | st.just(""), min_size=1, max_size=40), st.sampled_from([".", ","]))
def test_numbers_are_those_that_float_reads(texts: list[str], sign: str) -> None:
    data = "h0;h1\n" + "".join(f"a;{text.replace('.', sign)}\n" for text in texts)
    file = DelimitedFile(data.encode(), Settings(), (), "scores.csv")
    sheet, _ = file.read(Request(1, 2, {"x": 1}, ("x",), ()))
    cells = sheet.columns["x"]
    assert isinstance(cells, NumericCells)
    expected = np.array([float(text) if text else np.nan for text in texts])
    np.testing.assert_array_equal(cells.numbers, expected)
    assert np.array_equal(np.signbit(cells.numbers), np.signbit(expected))


@pytest.mark.parametrize(
    "cell",
    ["5 ", " 5", "1_000", "0x10", "inf", "nan", "1e400", "9007199254740993", "5-", "--5", "+", "1.2.3", "１", "−4"],
)
@pytest.mark.parametrize("others", [["1", "2"], ["1.5", ""]])
def test_what_is_not_plainly_a_number_stays_a_text(cell: str, others: list[str]) -> None:
    # 9007199254740993 is no double: read as one it would be 9007199254740992, with an empty cell or without.
    data = "h0,h1\n" + "".join(f"a,{text}\n" for text in [*others, cell])
    _, columns = read(data.encode(), 2, ("c1",))
    assert columns["c1"] == [*others, cell]


def test_a_line_of_a_hundred_megabytes_is_refused_with_its_row() -> None:
    for data in (b"a" * 10**8, b"ab," * (10**8 // 3), b'a,b\n1,2\n3,"' + b"x,y\n" * (10**8 // 4)):
        with pytest.raises(Unreadable) as refused:
            DelimitedFile(data, Settings(), ("a", "b"), "scores.csv")
        assert [fault.code for fault in refused.value.faults] == ["row-too-large"]
        assert refused.value.faults[0].row == (3 if b"\n" in data else 1)


def test_a_file_of_nothing_but_the_delimiters_name_is_empty() -> None:
    for data in (b"sep=;", b"sep=;\n", b"\xef\xbb\xbfsep=,", "\u00a0\n \n".encode()):
        with pytest.raises(Unreadable) as refused:
            header_of(data)
        assert [fault.code for fault in refused.value.faults] == ["file-empty"]


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("name", ["{}", "s{:05d}", "Иванов Иван {}", "a-rather-long-identifier-{}", "x" * 70 + "{}"])
def test_very_many_texts_are_the_same_texts(name: str, quoted: bool) -> None:
    generator = random.Random(1)
    names = [name.format(k) for k in range(MANY + 500)]
    column = [generator.choice(names) for _ in range(3 * MANY)] + names + ["", "twice", "twice"]
    generator.shuffle(column)
    mark = '"' if quoted else ""
    data = "h0,h1\n" + "".join(f"{mark}{text}{mark},1\n" for text in column)
    file = DelimitedFile(data.encode(), Settings(), (), "scores.csv")
    sheet, _ = file.read(Request(1, 2, {"x": 0}, (), ()))
    cells = sheet.columns["x"]
    assert isinstance(cells, DistinctCells)
    first = list(dict.fromkeys(column))
    assert list(cells.values) == first
    assert [first[code] for code in cells.codes.tolist()] == column
    assert isinstance(cells.values, ManyTexts) == (len(name) < 64)
    if isinstance(cells.values, ManyTexts):
        assert cells.values.plain
        assert (cells.values[0], cells.values[-1], cells.values[2:4]) == (first[0], first[-1], tuple(first[2:4]))
        assert (cells.values.index("twice"), "twice" in cells.values) == (first.index("twice"), True)
        assert "thrice" not in cells.values
        assert "y" * 80 not in cells.values


@pytest.mark.parametrize("text", [" a", "a ", "a  b", "63.0", "\u200b", "и\u0306", "#N/A", 'a"b'])
def test_texts_that_need_tidying_are_not_plain(text: str) -> None:
    lines = "".join(f"s{k},1\n" for k in range(MANY + 1))
    data = f'h0,h1\n{lines}"{text.replace(chr(34), 2 * chr(34))}",1\n'
    file = DelimitedFile(data.encode(), Settings(), (), "scores.csv")
    values = file.read(Request(1, 2, {"x": 0}, (), ()))[0].columns["x"].values  # type: ignore[union-attr]
    assert isinstance(values, ManyTexts)
    assert not values.plain
    assert values[-1] == text


@pytest.mark.parametrize(("size", "different"), [(0, 1), (1, 1), (50, 7), (3 * CHUNK, 5), (3 * CHUNK, 10**9)])
def test_values_are_numbered_as_unique_does(size: int, different: int) -> None:
    values = np.random.default_rng(2).integers(0, different, size)
    distinct, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    for spread in (0, 24, 32):
        codes, places = number_values(values.astype(np.uint64) << np.uint64(spread))
        assert places.tolist() == np.sort(first).tolist()
        np.testing.assert_array_equal(values[places][codes], values)
    for codes, found in (distinct_codes(values), distinct_numbers(values.astype(float))):
        np.testing.assert_array_equal(codes, inverse)
        np.testing.assert_array_equal(found, distinct)


def test_missing_numbers_are_one_and_last() -> None:
    codes, found = distinct_numbers(np.array([np.nan, 2.0, -0.0, 0.0, -np.nan]))
    assert codes.tolist() == [2, 1, 0, 0, 2]
    np.testing.assert_array_equal(found, [0, 2, np.nan])


def test_work_at_once_answers_in_order_and_fails_as_one_after_the_other_does() -> None:
    for size in (0, at_once.LARGE):
        assert at_once.each(lambda k: k * k, range(40), size) == [k * k for k in range(40)]
        assert at_once.both(lambda: 1, lambda: "a", size) == (1, "a")
        with pytest.raises(ZeroDivisionError):
            at_once.each(lambda k: 1 // (k - 3), range(5), size)
        with pytest.raises(ZeroDivisionError):
            at_once.both(lambda: 1 // 0, lambda: "a", size)
