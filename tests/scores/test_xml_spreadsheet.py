"""XML spreadsheets as Excel 2003 writes them: what they hold and hide, and what is refused."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from pathlib import Path

import pytest
from examples import write_study

from expeval.faults import Faults
from expeval.scores.cells import ErrorCell, FormulaCell
from expeval.scores.reading import read_scores
from expeval.scores.settings import Request, Settings, Unreadable
from expeval.scores.xml_spreadsheet import XmlSpreadsheet
from expeval.study.reading import read_study

COLUMNS = ("student", "arm", "score")
NAMES = (
    'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel" xmlns:h="http://www.w3.org/TR/REC-html40"'
)
HIDDEN = "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>"
ROWS = [["student", "arm", "score"], ["а", "new", 4.5], ["б", "old", 3], ["в", "new", 5], ["г", "old", 2]]


def cell(value: object) -> str:
    if isinstance(value, str):
        return value if value.startswith("<Cell") else f'<Cell><Data ss:Type="String">{value}</Data></Cell>'
    return f'<Cell><Data ss:Type="Number">{value}</Data></Cell>'


def row(cells: list[object], attributes: str = "") -> str:
    return f"<Row {attributes}>{''.join(map(cell, cells))}</Row>"


def sheet(rows: list[object], name: str = "Лист1", options: str = "") -> str:
    lines = "".join(line if isinstance(line, str) else row(line) for line in rows)  # type: ignore[arg-type]
    return f'<Worksheet ss:Name="{name}"><Table>{lines}</Table>{options}</Worksheet>'


def book(*sheets: str, encoding: str = "utf-8", declaration: str = "") -> bytes:
    head = f"<?xml version='1.0' encoding='{encoding}'?><?mso-application progid='Excel.Sheet'?>{declaration}"
    return f"{head}<Workbook {NAMES}>{''.join(sheets)}</Workbook>".encode(encoding)


def opened(*sheets: str, **settings: object) -> XmlSpreadsheet:
    return XmlSpreadsheet(book(*sheets), Settings(**settings), COLUMNS, "scores.xls")  # type: ignore[arg-type]


def refusal(data: bytes) -> tuple[str, dict[str, object]]:
    with pytest.raises(Unreadable) as raised:
        XmlSpreadsheet(data, Settings(), COLUMNS, "scores.xls")
    return raised.value.faults[0].code, raised.value.faults[0].details


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1251", "utf-16"])
@pytest.mark.parametrize("before", [b"", b"\r\n\r\n "])
def test_a_study_of_it(encoding: str, before: bytes, tmp_path: Path) -> None:
    if before and encoding == "utf-16":
        pytest.skip("a byte order mark stands first")
    write_study(tmp_path, files='["scores.xls"]')
    (tmp_path / "scores.xls").write_bytes(before + book(sheet(ROWS), encoding=encoding))  # type: ignore[arg-type]
    assert read_scores(read_study(tmp_path / "study.toml")).outcomes["Score"].values.tolist() == [4.5, 3, 5, 2]


def test_a_wrong_cell_is_named_by_its_address(tmp_path: Path) -> None:
    write_study(tmp_path, files='["scores.xls"]')
    (tmp_path / "scores.xls").write_bytes(book(sheet([*ROWS, row(["д", "new", "зач"], 'ss:Index="17"')])))
    with pytest.raises(Faults) as raised:
        read_scores(read_study(tmp_path / "study.toml"))
    assert [(fault.code, fault.cell, fault.sheet) for fault in raised.value] == [("not-a-number", "C17", "Лист1")]


def test_types_of_cells() -> None:
    cells = [
        '<Cell><Data ss:Type="DateTime">2026-05-04T00:00:00.000</Data></Cell>',
        '<Cell><Data ss:Type="Boolean">1</Data></Cell>',
        '<Cell ss:Formula="=1/0"><Data ss:Type="Error">#DIV/0!</Data></Cell>',
        '<Cell ss:Formula="=RC[-1]"/>',
        '<Cell ss:Formula="=R1C1"><Data ss:Type="Number">7</Data></Cell>',
        '<Cell><ss:Data ss:Type="String"><h:B>bold</h:B> plain</ss:Data>'
        '<Comment><ss:Data ss:Type="String">a note</ss:Data></Comment></Cell>',
        '<Cell><Data ss:Type="Number">1_0</Data></Cell>',
        '<Cell ss:Index="10"><Data ss:Type="String">x</Data></Cell>',
    ]
    values = [dt.date(2026, 5, 4), True, ErrorCell("#DIV/0!"), FormulaCell(), 7.0, "bold plain", ErrorCell("1_0")]
    assert opened(sheet([cells])).grid.rows == [[*values, "", "", "x"]]


def test_rows_by_number_and_hidden_ones() -> None:
    rows = [ROWS[0], row(ROWS[1], 'ss:Index="4" ss:Hidden="1" ss:Span="1"'), ROWS[2], ROWS[3]]
    file = opened(sheet(rows))  # type: ignore[arg-type]
    assert [len(line) for line in file.grid.rows] == [3, 0, 0, 3, 3, 3]
    assert file.grid.hidden == {3, 4}
    found, _ = opened(sheet(rows), hidden="drop").read(Request(1, 3, {"score": 2}, (), ()))  # type: ignore[arg-type]
    assert (found.rows.tolist(), found.mended) == ([6], {"blank rows": 2, "hidden rows left out": 2})


def test_which_sheet() -> None:
    sheets = (sheet(ROWS, "7А"), sheet(ROWS, "7Б"), sheet(ROWS, "старое", HIDDEN))  # type: ignore[arg-type]
    assert refusal(book(*sheets))[0] == "sheet-unclear"
    assert opened(*sheets, sheet="7Б").grid.name == "7Б"
    assert opened(*sheets, sheet=3).grid.name == "старое"
    assert opened(sheets[0], sheets[2]).grid.name == "7А"


def test_a_merged_header() -> None:
    over = [
        '<Cell ss:MergeDown="1"><Data ss:Type="String">Код</Data></Cell>',
        '<Cell ss:MergeAcross="1"><Data ss:Type="String">Балл</Data></Cell>',
        "Группа",
    ]
    below = ['<Cell ss:Index="2"><Data ss:Type="String">до</Data></Cell>', "после"]
    records = dict(opened(sheet([over, below]), header_row=(1, 2)).preview().records)
    assert records == {1: ["Код", "Балл", "Балл", "Группа"], 2: ["", "до", "после"]}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (book(sheet(ROWS), declaration="<!DOCTYPE x [<!ENTITY a 'b'>]>"), "declarations"),  # type: ignore[arg-type]
        (book(sheet(ROWS), declaration="<!DOCTYPE x SYSTEM 'file:///etc/passwd'>"), "declarations"),  # type: ignore[arg-type]
        (book(sheet(ROWS))[:-30], "damaged"),  # type: ignore[arg-type]
        (book(sheet([row(["x"], 'ss:Index="3"'), row(["x"], 'ss:Index="2"')])), "damaged"),
        (book(sheet([row(["x"], 'ss:Index="-1"')])), "damaged"),
        (book(sheet([row(["x"], 'ss:Index="9999999"')])), "damaged"),
        (book(sheet([['<Cell ss:Index="99999"><Data ss:Type="Number">1</Data></Cell>']])), "extent"),
        (book(*(sheet([row(["x"], 'ss:Index="1048576"')], str(i)) for i in range(20))), "extent"),
        (book("<a>" * 500_000), "nesting"),
        (book("<a " + " ".join(f"a{i}='1'" for i in range(600_000)) + "/>"), "nesting"),
    ],
)
def test_what_is_refused(data: bytes, why: str) -> None:
    assert refusal(data) == ("workbook-unsafe", {"why": why})


def test_damage_is_told_and_nothing_else() -> None:
    whole = book(sheet(ROWS), sheet([["x"]], "2"))  # type: ignore[arg-type]
    chance = random.Random(1)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)) :]
        with contextlib.suppress(Unreadable):
            XmlSpreadsheet(bytes(data), Settings(), COLUMNS, "scores.xls")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("4<h:Sup>1</h:Sup>", "4 1"), ("<h:S>3</h:S>5", "3 5"), ("<h:B>4</h:B>1", "41"), ("H<h:Sub>2</h:Sub>O", "H2O")],
)
def test_a_footnote_s_number_is_no_digit_of_a_mark(text: str, shown: str) -> None:
    rows = [["student", "arm", "score"], ["а", "new", f'<Cell><Data ss:Type="String">{text}</Data></Cell>']]
    assert opened(sheet(rows)).grid.rows[1][2] == shown


def test_a_row_of_no_height_is_hidden(tmp_path: Path) -> None:
    write_study(tmp_path, files='["scores.xml"]')
    lines = [*ROWS[:2], row(ROWS[2], 'ss:Height="0"'), row(ROWS[3], 'ss:AutoFitHeight="0" ss:Height="12.75"'), ROWS[4]]
    (tmp_path / "scores.xml").write_text(
        f'<?xml version="1.0"?><Workbook {NAMES}>{sheet(lines)}</Workbook>', encoding="utf-8"
    )
    with pytest.raises(Faults) as raised:
        read_scores(read_study(tmp_path / "study.toml"))
    assert [(fault.code, fault.row, fault.rows) for fault in raised.value] == [("rows-hidden", 3, ())]
