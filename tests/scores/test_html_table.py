"""HTML tables called .xls: what grade books export, and markup that is none."""

from __future__ import annotations

import contextlib
import time
import tracemalloc
from pathlib import Path

import pytest
from examples import write_study
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.scores.html_table import HtmlTables, read_tables
from expeval.scores.opening import sniff
from expeval.scores.reading import read_scores
from expeval.scores.settings import Settings, Unreadable
from expeval.scores.workbook_safety import UnsafeWorkbook
from expeval.study.reading import read_study

COLUMNS = ("student", "arm", "score")
PAGE = """<html><head><meta charset="{charset}"><style>td {{}}</style></head><body>
<h1>Журнал</h1><table><tr><th>student</th><th>arm</th><th>score</th></tr>
<tr><td>а</td><td>new</td><td>4,5</td></tr><tr><td>б</td><td>old</td><td>3,25&nbsp;</td></tr></table></body></html>"""


def tables(text: str) -> list[list[list[object]]]:
    return [grid.rows for grid in read_tables(text, Settings())]  # type: ignore[misc]


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "koi8-r", "utf-16"])
def test_the_page_says_its_encoding(charset: str, tmp_path: Path) -> None:
    write_study(tmp_path, files='["scores.xls"]')
    (tmp_path / "scores.xls").write_bytes(PAGE.format(charset=charset).encode(charset))
    scores = read_scores(read_study(tmp_path / "study.toml"))
    assert scores.outcomes["Score"].values.tolist() == [4.5, 3.25]
    assert scores.sources[0].encoding in (charset, "cp1251")


def test_a_page_that_says_nothing_or_the_wrong_thing_is_found_out() -> None:
    words = ("Код", "Группа")
    page = "<table><tr><td>Код</td><td>Группа</td></tr><tr><td>Иванов</td><td>опыт</td></tr></table>"
    assert HtmlTables(page.encode("cp1251"), Settings(), words, "x.xls").encoding == "cp1251"
    for said in ("utf-8", "iso-8859-1", "utf-16", "windows-1252", "hex", "idna", "punycode", "nonsense"):
        wrong = f"<meta charset={said}>{page}".encode("cp1251")
        assert HtmlTables(wrong, Settings(), words, "x.xls").encoding == "cp1251"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        wrong = f"<meta charset=windows-1251>{page}".encode(encoding)
        assert HtmlTables(wrong, Settings(), words, "x.xls").grid.rows[0] == ["Код", "Группа"]


ROWSPAN_TO_THE_END = [["a", "b"], ["c", "", "d"], ["e", "f"]]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("<table><tr><td>a<td>b<tr><td>c</table>", [["a", "b"], ["c"]]),
        ("<table><tr><td colspan=2>a</td><td>b</td></tr></table>", [["a", "", "b"]]),
        ("<table><tr><td rowspan=3>a<td>b<tr><td>c<tr><td>d</table>", [["a", "b"], ["", "c"], ["", "d"]]),
        ("<table><tr><td>a<td rowspan=0>b<tr><td>c<td>d<tbody><tr><td>e<td>f</table>", ROWSPAN_TO_THE_END),
        ("<table><tr><td rowspan=2 colspan=2>a<td>b<tr><td>c</table>", [["a", "", "b"], ["", "", "c"]]),
        ("<table><tr><td>a<br>b&nbsp;&amp;&#1103;<script>no</script></td></tr></table>", [["a b &я"]]),
        ("<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>", [["a"], ["1"]]),
        ("<table><!-- <tr><td>no</td></tr> --><tr><td>&lt;script&gt;</td></tr></table>", [["<script>"]]),
        ("<table><tr><td>1 < 2</td><td title='>\"'>b</td><td nowrap/></tr></table>", [["1 < 2", "b"]]),
        ("<table><![if x]><tr><td>a</td><![endif]><?php no?></tr></table>", [["a"]]),
        (
            "<TABLE><TR><TD>4<SUP>1</SUP></TD><TD><s>3</s>5</TD><TD><b>4</b><i>5</i></TD></TABLE>",
            [["4 1", "3 5", "45"]],
        ),
        ("<table><tr><td><input value=5><input type=hidden value=9></td></tr></table>", [["5"]]),
        ("<table><tr><td><select><option>2<option selected>5<option>4</select></td><td>x</table>", [["5", "x"]]),
        ("<table><tr><td>4<br>100</td><td><div>5</div>6</td></tr></table>", [["4 / 100", "5 6"]]),
        ("<table><tr><td><i style='display:none'>05<i>1</i>2</i>47</td><td>x</td></tr></table>", [["47", "x"]]),
        ("<table><tr><td><i hidden>05</td><td>4</td></tr></table>", [["", "4"]]),
        ("<table><tr><td>&#99999999999999999999;</td></tr></table>", [["\ufffd"]]),
        ("<table><tr></tr><tr><td>a</td></tr><tr></tr></table>", [[], ["a"]]),
        ("<table></table>", []),
    ],
)
def test_rows_as_a_browser_shows_them(text: str, rows: list[list[str]]) -> None:
    assert tables(text) == [rows]


def test_a_table_in_a_cell_is_a_table_of_its_own() -> None:
    text = "<table><tr><td>out<table><tr><td>in</td></tr></table>side</td><td>b</td></tr></table>"
    assert tables(text) == [[["out side", "b"]], [["in"]]]


def test_hidden_rows() -> None:
    text = "<table><tr><td>a</td></tr><tr style='display: none'><td>b</td></tr><tr hidden><td>c</td></tr></table>"
    assert read_tables(text, Settings())[0].hidden == {1, 2}


def test_a_page_that_ends_inside_a_table_is_no_shorter_table() -> None:
    for end in range(PAGE.index("<table>") + 7, PAGE.index("</table>")):
        with pytest.raises(Unreadable) as raised:
            HtmlTables(PAGE[:end].encode(), Settings(), COLUMNS, "x.xls")
        assert raised.value.faults[0].details == {"why": "damaged"}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<td x:num="4.6">5</td>', 4.6),
        ('<td sdval="4.25" sdnum="1049;">4,3</td>', 4.25),
        ("<td x:num>4,5</td>", "4,5"),
        ('<td x:num="1234.4">1 234</td>', 1234.4),
        ('<td x:num="45050">04.05.2023</td>', "04.05.2023"),  # a date is no number
        ('<td x:num="0.45">45%</td>', "45%"),
        ('<td x:num="1_0">10</td>', "10"),
        ('<td x:num="7">5</td>', "5"),
    ],
)
def test_the_number_behind_a_rounded_text(cell: str, value: object) -> None:
    assert tables(f"<table><tr>{cell}</tr></table>") == [[[value]]]


def test_a_header_of_two_lines() -> None:
    text = (
        "<table><tr><th rowspan=2>student<th rowspan=2>arm<th colspan=2>score<tr><th>before<th>after"
        "<tr><td>a<td>new<td>1<td>2</table>"
    )
    file = HtmlTables(text.encode(), Settings(header_row=(1, 2)), COLUMNS, "x.xls")
    assert file.preview().records[:2] == [
        (1, ["student", "arm", "score", "score"]),
        (2, ["", "", "before", "after"]),
    ]


def test_the_table_that_holds_the_columns_is_read_and_two_are_asked_about() -> None:
    frame = "<table><tr><td>school</td></tr></table>"
    own = "<table><tr><td>student</td><td>arm</td><td>score</td></tr><tr><td>a</td><td>new</td><td>1</td></tr></table>"
    assert HtmlTables((frame + own + frame).encode(), Settings(), COLUMNS, "x.xls").grid.name == "2"
    with pytest.raises(Unreadable) as raised:
        HtmlTables((own + own).encode(), Settings(), COLUMNS, "x.xls")
    assert (raised.value.faults[0].code, raised.value.faults[0].found) == ("sheet-unclear", "1, 2")
    assert HtmlTables((own + own).encode(), Settings(sheet=2), COLUMNS, "x.xls").grid.name == "2"


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (b"<html><table>", "html"),
        (b"\xef\xbb\xbf\r\n <TABLE border=1>", "html"),
        ("\ufeff<html>".encode("utf-16-le"), "html"),
        (b"<!-- made by --><!DOCTYPE html>", "html"),
        (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'>", "html"),
        (
            b"<?xml version='1.0'?><?mso-application?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'>",
            "xml-spreadsheet",
        ),
        (b"<?xml?><office:document xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0'>", "flat-ods"),
        (b"a,b\n<html>", "text"),
        ("имя;балл".encode("utf-16"), "text"),
    ],
)
def test_what_a_file_is_by_its_beginning(head: bytes, form: str) -> None:
    assert sniff(head, ".xls") == form


@pytest.mark.parametrize(
    "text",
    [
        "<table>" * 5000,
        "<table><tr>" + "<td colspan=1000>x" * 40_000,
        "<table>" + "<tr><td rowspan=1000 colspan=1000>x" * 200,
        "<table><tr><td>" + "<b>" * 100_000,
        "<table><tr><td>" + "&#x41" * 100_000,
        "<table " + "a=b " * 100_000,
        "<table><tr>" + "<td rowspan=65000 colspan=1000>" * 10_000,
        "<table><tr>" + "<td rowspan=65000>" * 16_000 + "<tr><td>" * 10_000,
        *(
            piece * 300_000
            for piece in ("<!", "<!--", "</", "<a ", "<a b='", "<?", "<![CDATA[", "<meta ", "&#", "<a =")
        ),
        *(f"<{name}>" + f"</{name[:-1]}" * 100_000 for name in ("script", "textarea", "title")),
        "<table><tr><td>&#" + "9" * 1_000_000,
    ],
)
def test_markup_made_to_be_slow_is_not(text: str) -> None:
    begun = time.process_time()
    with contextlib.suppress(UnsafeWorkbook):
        read_tables(text, Settings())
    assert time.process_time() - begun < 5
    tracemalloc.start()
    with contextlib.suppress(UnsafeWorkbook):
        read_tables(text, Settings())
    assert tracemalloc.get_traced_memory()[1] < 150_000_000
    tracemalloc.stop()


OPENING = ("<table>", "<tr>", "<td>", "<td rowspan=2>", "<th colspan=3>", "<tr style=display:none>", "<script>")
CLOSING = ("</table>", "</tr>", "</td>", "</script>", "-->", "]]>", "'", '"')
ODD = ("x", "&amp;", "<", "<!--", "<![CDATA[", "<?x", "\0", "<td", "&#99999999;", "<!")
MARKUP = st.sampled_from((*OPENING, *CLOSING, *ODD))


@settings(max_examples=300, deadline=None)
@given(st.lists(MARKUP, max_size=40).map("".join))
def test_any_markup_is_read_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(UnsafeWorkbook):
        for grid in read_tables(text, Settings()):
            assert all(isinstance(cell, str) for row in grid.rows for cell in row)
