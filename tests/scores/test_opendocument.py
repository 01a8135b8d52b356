"""OpenDocument spreadsheets: what they hold and hide, and what is refused before it does harm."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from ods import HEAD, cell, row, sheet, write_ods

from expeval.scores.cells import ErrorCell, FormulaCell, distinct
from expeval.scores.opendocument import OpenDocument
from expeval.scores.settings import Request, Settings, Unreadable

COLUMNS = ("student", "arm", "score")
ENCRYPTED = ("format-unsupported", "spreadsheet with a password")
ENDLESS = "more than 2000000 repeated or empty cells"
ROWS = [["student", "arm", "score"], ["a", "new", 1], ["b", "old", 2.5], ["c", "new", 3]]


def opened(folder: Path, *sheets: str, **settings: object) -> OpenDocument:
    data = write_ods(folder, *sheets).read_bytes()
    return OpenDocument(data, Settings(**settings), COLUMNS, "scores.ods")  # type: ignore[arg-type]


def cells_of(rows: list[object], folder: Path) -> list[list[object]]:
    return opened(folder, sheet(rows)).grid.rows  # type: ignore[arg-type, return-value]


def refusal(folder: Path, *sheets: str, **settings: object) -> tuple[str, str | None]:
    with pytest.raises(Unreadable) as raised:
        opened(folder, *sheets, **settings)
    return raised.value.faults[0].code, raised.value.faults[0].found


def typed(kind: str, **attributes: str) -> str:
    given = " ".join(f'office:{key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f'<table:table-cell office:value-type="{kind}" {given}><text:p>shown</text:p></table:table-cell>'


def test_rows_and_addresses(tmp_path: Path) -> None:
    file = opened(tmp_path, sheet([["Журнал"], [], *ROWS]), header_row=3)
    found, faults = file.read(Request(3, 3, {"score": 2, "arm": 1}, ("score",), ()))
    assert faults == []
    assert found.rows.tolist() == [4, 5, 6]
    assert [distinct(found.columns["score"]).value(i) for i in range(3)] == [1.0, 2.5, 3.0]
    assert found.fault("not-a-number", 1, "score").cell == "C5"
    assert found.sheet == "Лист1"


def test_types_of_cells(tmp_path: Path) -> None:
    values = [
        typed("float", value="4.5"),
        typed("percentage", value="0.25"),
        typed("currency", value="100"),
        typed("date", date_value="2026-05-04"),
        typed("date", date_value="2026-05-04T10:30:00"),
        typed("time", time_value="PT01H30M05S"),
        typed("boolean", boolean_value="true"),
        typed("string", string_value="текст"),
        typed("float", value="oops"),
    ]
    assert cells_of([values], tmp_path) == [
        [
            4.5,
            0.25,
            100.0,
            dt.date(2026, 5, 4),
            dt.datetime(2026, 5, 4, 10, 30),
            dt.timedelta(hours=1, minutes=30, seconds=5),
            True,
            "текст",
            ErrorCell("oops"),
        ]
    ]


def test_values_that_are_none_are_errors_whatever_text_stands_there(tmp_path: Path) -> None:
    """A program shows "04.05" of a date: its text read in place of its value would be another number."""
    values = [
        typed("date", date_value="2026-13-45"),
        typed("time", time_value="1:30"),
        typed("float", value="1_000"),
        typed("float", value="NaN"),
        typed("time", time_value="-PT0H01M01.5S"),
        typed("float"),
    ]
    errors = [ErrorCell("shown"), ErrorCell("shown"), ErrorCell("1_000"), ErrorCell("NaN")]
    assert cells_of([values], tmp_path) == [[*errors, dt.timedelta(seconds=-61.5), "shown"]]


def test_errors_and_formulas(tmp_path: Path) -> None:
    formula = 'table:formula="of:=1/0"'
    values = [
        f'<table:table-cell {formula} office:value-type="string" office:string-value="" calcext:value-type="error">'
        "<text:p>#DIV/0!</text:p></table:table-cell>",
        cell(0).replace("<table:table-cell", f"<table:table-cell {formula}").replace(">0<", ">Err:502<"),
        f"<table:table-cell {formula}/>",
        f'<table:table-cell {formula} office:value-type="float"/>',
        f'<table:table-cell {formula} office:value-type="string" office:string-value=""/>',
        '<table:table-cell office:value-type="string" calcext:value-type="error">'
        "<text:p>#Н/Д</text:p></table:table-cell>",
        cell(7).replace("<table:table-cell", f"<table:table-cell {formula}"),
    ]
    assert cells_of([["x", *values]], tmp_path) == [
        ["x", ErrorCell("#DIV/0!"), ErrorCell("Err:502"), FormulaCell(), FormulaCell(), "", ErrorCell("#Н/Д"), 7.0]
    ]


def test_texts_as_a_reader_sees_them(tmp_path: Path) -> None:
    cell = (
        "<table:table-cell office:value-type='string'><office:annotation><text:p>a note</text:p></office:annotation>"
        "<text:p>two<text:s text:c='3'/>words<text:tab/>and<text:span> a span</text:span></text:p>"
        "<text:p>below</text:p><draw:frame><text:p>a picture</text:p></draw:frame></table:table-cell>"
    )
    assert cells_of([[cell]], tmp_path) == [["two   words and a span\nbelow"]]


def test_repeats_stand_for_as_many_cells_and_rows(tmp_path: Path) -> None:
    twice = '<table:table-cell table:number-columns-repeated="2" office:value-type="float" office:value="5"/>'
    gap = '<table:table-cell table:number-columns-repeated="3"/>'
    again = row(["z"], 'table:number-rows-repeated="2"')
    blank = row([], 'table:number-rows-repeated="2"')
    assert cells_of([[twice, gap, "x"], blank, again], tmp_path) == [
        [5.0, 5.0, "", "", "", "x"],
        [],
        [],
        ["z"],
        ["z"],
    ]


def test_a_million_empty_rows_cost_nothing(tmp_path: Path) -> None:
    tail = [row(['<table:table-cell table:number-columns-repeated="16384"/>'], 'table:number-rows-repeated="1048570"')]
    assert len(cells_of([*ROWS, *tail], tmp_path)) == 4


@pytest.mark.parametrize(
    "rows",
    [
        [row(["x"] * 40, 'table:number-rows-repeated="1048000"')],
        [row(["x"], 'table:number-rows-repeated="999999999"')],
        [['<table:table-cell table:number-columns-repeated="999999999" office:value-type="float" office:value="5"/>']],
        [row([], 'table:number-rows-repeated="999999999"'), ["x"]],
        [["<table:table-cell office:value-type='string'><text:p>%s</text:p></table:table-cell>" % ("ab" * 600_000)]],
        [row(["x"], " ".join(f'a{i}="1"' for i in range(600_000)))],
        ["<text:p>" * 500_000],
        ["<table:table table:name='x'>"],
    ],
)
def test_an_endless_sheet_is_refused_fast_and_small(rows: list[object], tmp_path: Path) -> None:
    begun = time.process_time()
    tracemalloc.start()
    assert refusal(tmp_path, sheet(rows))[0] == "workbook-unsafe"  # type: ignore[arg-type]
    assert tracemalloc.get_traced_memory()[1] < 200_000_000
    tracemalloc.stop()
    assert time.process_time() - begun < 2


def test_gaps_of_many_sheets_are_counted_together(tmp_path: Path) -> None:
    far = [row([], 'table:number-rows-repeated="1048575"'), ["x"]]
    assert refusal(tmp_path, *(sheet(far, str(i)) for i in range(5))) == ("workbook-unsafe", ENDLESS)
    assert len(opened(tmp_path, *(sheet(far, str(i)) for i in range(5)), sheet=3).grid.rows) == 2**20


def test_hidden_rows_at_the_end_cost_nothing(tmp_path: Path) -> None:
    tail = [row([], 'table:number-rows-repeated="1048000" table:visibility="collapse"')]
    assert opened(tmp_path, sheet([*ROWS, *tail])).grid.hidden == set()


def test_hidden_rows_are_read_or_left_out_as_asked(tmp_path: Path) -> None:
    rows = [*ROWS[:2], row(ROWS[2], 'table:visibility="collapse"'), row(ROWS[3], 'table:visibility="filter"')]
    request = Request(1, 3, {"score": 2}, (), ())
    kept, _ = opened(tmp_path, sheet(rows)).read(request)
    assert (kept.rows.tolist(), kept.hidden_rows) == ([2, 3, 4], 2)
    dropped, _ = opened(tmp_path, sheet(rows), hidden="drop").read(request)
    assert (dropped.rows.tolist(), dropped.mended) == ([2], {"hidden rows left out": 2})


def test_which_sheet(tmp_path: Path) -> None:
    sheets = (sheet(ROWS, "7А"), sheet(ROWS, "7Б"), sheet(ROWS, "старое", "ta2"))
    assert refusal(tmp_path, *sheets) == ("sheet-unclear", "7А, 7Б")
    assert refusal(tmp_path, *sheets, sheet="7В") == ("sheet-missing", "7В")
    assert opened(tmp_path, *sheets, sheet=2).grid.name == "7Б"
    assert opened(tmp_path, *sheets, sheet="старое").grid.name == "старое"
    assert opened(tmp_path, sheets[0], sheets[2]).grid.name == "7А"


def test_a_merged_cell_of_a_header_stands_above_all_its_columns(tmp_path: Path) -> None:
    wide = cell("Балл").replace("<table:table-cell", '<table:table-cell table:number-columns-spanned="2"')
    file = opened(
        tmp_path, sheet([["Код", wide, "<table:covered-table-cell/>"], ["", "до", "после"]]), header_row=(1, 2)
    )
    assert dict(file.preview().records)[1] == ["Код", "Балл", "Балл"]


def test_what_programs_keep_beside_the_sheets_is_no_sheet(tmp_path: Path) -> None:
    other = sheet([["x"], ["y"]], "other file")
    link = f"<table:dde-links><table:dde-link>{other}</table:dde-link></table:dde-links>"
    deleted = f"<table:deletion><table:table-cell>{row(['x'])}</table:table-cell></table:deletion>"
    changes = f"<table:tracked-changes>{deleted}</table:tracked-changes>"
    file = opened(tmp_path, changes, sheet(ROWS), link)
    assert len(file.grid.rows) == 4


def test_macros_are_left_alone_and_declare_nothing(tmp_path: Path) -> None:
    """LibreOffice names a document type in the parts of its macros; they are not read."""
    path = write_ods(tmp_path, sheet(ROWS))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("Basic/script-lc.xml", '<!DOCTYPE a PUBLIC "-//OpenOffice.org//DTD" "libraries.dtd"><a/>')
    assert len(OpenDocument(path.read_bytes(), Settings(), COLUMNS, "scores.ods").grid.rows) == 4
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("Basic/other.xml", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a/>')
    with pytest.raises(Unreadable) as raised:
        OpenDocument(path.read_bytes(), Settings(), COLUMNS, "scores.ods")
    assert raised.value.faults[0].details == {"why": "declarations"}


def test_a_password(tmp_path: Path) -> None:
    """What it protects is no XML any more."""
    path = write_ods(tmp_path, manifest="<manifest:encryption-data/>", head="\x01\x02not xml")
    with pytest.raises(Unreadable) as raised:
        OpenDocument(path.read_bytes(), Settings(), COLUMNS, "scores.ods")
    assert (raised.value.faults[0].code, raised.value.faults[0].found) == ENCRYPTED


def test_what_is_not_opened(tmp_path: Path) -> None:
    entities = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    for head in (HEAD.replace("<office:document-content", f"{entities}<office:document-content", 1), HEAD + "<broken"):
        data = write_ods(tmp_path, sheet(ROWS), head=head).read_bytes()
        with pytest.raises(Unreadable) as raised:
            OpenDocument(data, Settings(), COLUMNS, "scores.ods")
        assert raised.value.faults[0].code == "workbook-unsafe"


def test_damage_is_told_and_nothing_else(tmp_path: Path) -> None:
    """Bytes flipped, pieces cut out: refused with words, or read; never another exception."""
    whole = write_ods(tmp_path, sheet(ROWS), sheet([["x"]], "2")).read_bytes()
    chance = random.Random(1)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)) :]
        with contextlib.suppress(Unreadable):
            OpenDocument(bytes(data), Settings(), COLUMNS, "scores.ods")


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ('text-position="super 58%"', "4 1"),
        ('text-line-through-style="solid"', "4 1"),
        ('text-position="0% 100%"', "41"),
    ],
)
def test_a_footnote_s_number_is_no_digit_of_a_mark(tmp_path: Path, style: str, shown: str) -> None:
    named = f'<style:style style:name="T1" style:family="text"><style:text-properties style:{style}/></style:style>'
    mark = '<text:p>4<text:span text:style-name="T1">1</text:span></text:p>'
    table = sheet([["a", f'<table:table-cell office:value-type="string">{mark}</table:table-cell>']])
    head = HEAD.replace("</office:automatic-styles>", f"{named}</office:automatic-styles>")
    data = write_ods(tmp_path, table, head=head).read_bytes()
    assert OpenDocument(data, Settings(), COLUMNS, "scores.ods").grid.rows == [["a", shown]]


def test_rows_of_a_folded_group_are_hidden(tmp_path: Path) -> None:
    lines = [row([f"a{i}", i]) for i in range(6)]
    folded = ['<table:table-row-group table:display="false">', *lines[2:4], "</table:table-row-group>"]
    group = ["<table:table-row-group>", lines[1], *folded, lines[4], "</table:table-row-group>"]
    assert opened(tmp_path, sheet([lines[0], *group, lines[5]])).grid.hidden == {2, 3}
