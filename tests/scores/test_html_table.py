"""HTML tables called .xls: what grade books export, and markup that is none."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from examples import write_study
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.scores.html_table import HtmlTables, read_tables
from expeval.scores.opening import sniff
from expeval.scores.reading import read_scores
from expeval.scores.settings import Settings, Unreadable
from expeval.study.reading import read_study

COLUMNS = ("student", "arm", "score")
PAGE = """<html><head><meta charset="{charset}"><style>td {{}}</style></head><body>
<h1>Журнал</h1><table><tr><th>student</th><th>arm</th><th>score</th></tr>
<tr><td>а</td><td>new</td><td>4,5</td></tr><tr><td>б</td><td>old</td><td>3,25&nbsp;</td></tr></table></body></html>"""


def tables(text: str) -> list[list[list[object]]]:
    return [grid.rows for grid in read_tables(text, "x.xls")]  # type: ignore[misc]


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
    wrong = f"<meta charset=utf-8>{page}".encode("cp1251")
    assert HtmlTables(wrong, Settings(), words, "x.xls").encoding == "cp1251"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("<table><tr><td>a<td>b<tr><td>c</table>", [["a", "b"], ["c"]]),
        ("<table><tr><td colspan=2>a</td><td>b</td></tr></table>", [["a", "a", "b"]]),
        ("<table><tr><td rowspan=3>a<td>b<tr><td>c<tr><td>d</table>", [["a", "b"], ["a", "c"], ["a", "d"]]),
        ("<table><tr><td>a<td rowspan=2>b<tr><td>c</table>", [["a", "b"], ["c", "b"]]),
        ("<table><tr><td>a<br>b&nbsp;&amp;&#1103;<script>no</script></td></tr></table>", [["a b &я"]]),
        ("<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>", [["a"], ["1"]]),
        ("<table><tr><td>a</td></tr>", [["a"]]),
        ("<table><!-- <tr><td>no</td></tr> --><tr><td>&lt;script&gt;</td></tr></table>", [["<script>"]]),
        ("<table></table>", []),
    ],
)
def test_rows_as_a_browser_shows_them(text: str, rows: list[list[str]]) -> None:
    assert tables(text) == [rows]


def test_a_table_in_a_cell_is_a_table_of_its_own() -> None:
    text = "<table><tr><td>out<table><tr><td>in</td></tr></table>side</td><td>b</td></tr></table>"
    assert tables(text) == [[["outside", "b"]], [["in"]]]


def test_hidden_rows() -> None:
    text = "<table><tr><td>a</td></tr><tr style='display: none'><td>b</td></tr></table>"
    assert read_tables(text, "x.xls")[0].hidden == {1}


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
    ],
)
def test_markup_made_to_be_slow_is_not(text: str) -> None:
    begun = time.process_time()
    with contextlib.suppress(Unreadable):
        read_tables(text, "x.xls")
    assert time.process_time() - begun < 5


OPENING = ("<table>", "<tr>", "<td>", "<td rowspan=2>", "<th colspan=3>", "<tr style=display:none>", "<script>")
CLOSING = ("</table>", "</tr>", "</td>", "</script>", "-->", "]]>", "'", '"')
ODD = ("x", "&amp;", "<", "<!--", "<![CDATA[", "<?x", "\0", "<td", "&#99999999;", "<!")
MARKUP = st.sampled_from((*OPENING, *CLOSING, *ODD))


@settings(max_examples=300, deadline=None)
@given(st.lists(MARKUP, max_size=40).map("".join))
def test_any_markup_is_read_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(Unreadable):
        for grid in read_tables(text, "x.xls"):
            assert all(isinstance(cell, str) for row in grid.rows for cell in row)
