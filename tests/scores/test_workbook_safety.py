"""Workbooks that could harm are refused before anything that trusts them sees them."""

from __future__ import annotations

import datetime as dt
import time
import tracemalloc
import zipfile
from pathlib import Path

import examples
import pytest

from expeval.scores.grid import column_letters
from expeval.scores.settings import Settings, Unreadable
from expeval.scores.sheet_marks import column_number
from expeval.scores.spreadsheet import Workbook
from expeval.scores.workbook_safety import UnsafeWorkbook, check_xml

SHEET = "xl/worksheets/sheet1.xml"


def why(path: Path) -> str:
    with pytest.raises(Unreadable) as refused:
        Workbook(path.read_bytes(), Settings(), (), "scores.xlsx")
    assert refused.value.faults[0].code == "workbook-unsafe"
    return str(refused.value.faults[0].details["why"])


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return examples.write_xlsx(tmp_path, {"S": examples.sheet_lines()})


def test_a_right_workbook_is_read(book: Path) -> None:
    assert len(Workbook(book.read_bytes(), Settings(), (), "scores.xlsx").grid.rows) == 7


def test_a_bomb_is_refused_fast_and_small(book: Path) -> None:
    examples.replace_part(book, SHEET, lambda xml: xml.replace(b"</sheetData>", b" " * 60_000_000 + b"</sheetData>"))
    data = book.read_bytes()
    tracemalloc.start()
    begun = time.perf_counter()
    with pytest.raises(Unreadable):
        Workbook(data, Settings(), (), "scores.xlsx")
    assert time.perf_counter() - begun < 2
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()
    assert why(book) == "ratio"


def test_a_declared_size_that_lies(book: Path) -> None:
    examples.replace_part(book, "xl/media/a.txt", lambda _: b"A" * 20_000_000)
    data = bytearray(book.read_bytes())
    size = (20_000_000).to_bytes(4, "little")
    assert data.count(size) >= 1
    book.write_bytes(bytes(data).replace(size, (1000).to_bytes(4, "little")))
    assert why(book) in ("ratio", "size")


def test_an_archive_inside(book: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a", "a")
    examples.replace_part(book, "xl/embeddings/a.bin", lambda _: inner.read_bytes())
    assert why(book) == "nested"


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE x [<!ENTITY % e SYSTEM "http://example.invalid/">%e;]>',
    ],
)
def test_xml_with_declarations(book: Path, declaration: str) -> None:
    examples.replace_part(book, SHEET, lambda xml: declaration.encode() + xml)
    assert why(book) == "declarations"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "extent"),
        (b'<row r="9"><c r="XFD1048576"><v>1</v></c></row>', "extent"),  # readers believe the cell, not its row
        (b'<row r="9"><c s="1" r = "XFD1048576"><v>1</v></c></row>', "extent"),
        (b'<row r="9"><c xmlns:x="u" x:r="A9" r="XFD1048576"><v>1</v></c></row>', "extent"),
        (b'<row r="9"><c r="&#88;FD1048576"><v>1</v></c></row>', "extent"),
        (b'<row r="1048576"><c><v>1</v></c><c r="AB1048576"><v>1</v></c></row>', "extent"),
        (b'<row r="9"><c r="A9999999"><v>1</v></c></row>', "extent"),
        (b'<row r="9"><c r="ABCDEFG9"><v>1</v></c></row>', "damaged"),
        (b'<row r="99999999"><c><v>1</v></c></row>', "damaged"),
    ],
)
def test_a_cell_at_the_far_end(book: Path, row: bytes, reason: str) -> None:
    examples.replace_part(book, SHEET, lambda xml: xml.replace(b"</sheetData>", row + b"</sheetData>"))
    assert why(book) == reason


def test_far_cells_that_hold_nothing_do_not_matter(book: Path) -> None:
    far = b'<row r="9" ht="5"><c r="XFD9" s="0"/></row><row r="1048576" ht="5"/></sheetData>'
    examples.replace_part(book, SHEET, lambda xml: xml.replace(b"</sheetData>", far))
    assert len(Workbook(book.read_bytes(), Settings(), (), "scores.xlsx").grid.rows) == 7


def test_a_merged_range_without_end_is_no_header(book: Path) -> None:
    for place in (b"A1:ABCDEF1", b"C1:A1"):
        merged = b'</sheetData><mergeCells count="1"><mergeCell ref="%s"/></mergeCells>' % place
        examples.replace_part(book, SHEET, lambda xml, merged=merged: xml.replace(b"</sheetData>", merged))
        file = Workbook(book.read_bytes(), Settings(header_row=(1, 2)), (), "scores.xlsx")
        assert file.preview().records[0][1] == ["student", "arm", "score"]


@pytest.mark.parametrize("number", ["1e300", "-1e10", "inf", "0x10"])
def test_a_duration_that_can_be_none(number: str, tmp_path: Path) -> None:
    path = examples.write_xlsx(tmp_path, {"S": [["student"], [dt.timedelta(hours=30)]]})
    examples.replace_part(path, SHEET, lambda xml: xml.replace(b"<v>1.25</v>", b"<v>%s</v>" % number.encode()))
    with pytest.raises(Unreadable) as refused:
        Workbook(path.read_bytes(), Settings(), (), "scores.xlsx")
    assert refused.value.faults[0].code == "file-unreadable"


def test_a_part_that_packs_too_well_for_its_sort(book: Path) -> None:
    """Each part within its bounds, all together beyond what cells with addresses pack to."""
    line = b"".join(b"<!-- %d %s -->" % (i, b"x" * 180) for i in range(100_000))
    with zipfile.ZipFile(book, "a", zipfile.ZIP_DEFLATED) as archive:
        for i in range(4):
            archive.writestr(f"xl/extra{i}.xml", b"<a>" + line + b"</a>")
    assert 50 * book.stat().st_size < 4 * len(line) < 200 * book.stat().st_size
    assert why(book) == "ratio"


@pytest.mark.parametrize(
    "inside",
    [b"<a>" * 500_000, b"<a %s/>" % b" ".join(b"a%d='1'" % i for i in range(600_000)), "<м>".encode() * 500_000],
)
def test_tags_without_end(book: Path, inside: bytes) -> None:
    examples.replace_part(book, SHEET, lambda xml: xml.replace(b"</sheetData>", inside + b"</sheetData>"))
    begun = time.perf_counter()
    assert why(book) in ("nesting", "ratio", "damaged")
    assert time.perf_counter() - begun < 2


def test_wide_letters_are_no_tags() -> None:
    """м is 3C 04 in UTF-16, which looks like the beginning of a tag."""
    check_xml(
        ["<?xml version='1.0' encoding='utf-16'?><a>".encode("utf-16"), ("м" * 200_000 + "</a>").encode("utf-16-le")]
    )
    with pytest.raises(UnsafeWorkbook):
        check_xml(["<a>".encode("utf-16"), *[("<a>" * 60_000).encode("utf-16-le")] * 2])


def test_damaged_xml_is_no_shorter_sheet(book: Path) -> None:
    examples.replace_part(book, SHEET, lambda xml: xml.replace(b"</row>", b"</wor>", 1))
    assert why(book) == "damaged"


def test_a_truncated_archive(book: Path) -> None:
    book.write_bytes(book.read_bytes()[:-200])
    assert why(book) == "damaged"


def test_too_many_parts(book: Path) -> None:
    with zipfile.ZipFile(book, "a") as archive:
        for i in range(5001):
            archive.writestr(f"x/{i}", "")
    assert why(book) == "entries"


def test_letters_of_columns() -> None:
    assert [column_letters(i) for i in (0, 25, 26, 701, 702, 16383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    assert all(column_number(column_letters(i)) == i for i in range(0, 17000, 7))
