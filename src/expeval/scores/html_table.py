"""HTML tables, which electronic grade books export under the name .xls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser

from expeval.faults import Fault
from expeval.scores.cells import Value
from expeval.scores.dialect import decode
from expeval.scores.grid import Grid, GridFile, choose_sheet
from expeval.scores.settings import Settings, Unreadable
from expeval.scores.spelling import tidy

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]{2,30})", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_MOST_SPAN = 1000
_WIDEST = 16_384  # columns; no spreadsheet has more
_MOST_CELLS = 5_000_000
_MOST_TABLES = 1000
_NO_TEXT = {"script", "style", "head", "title", "template", "noscript"}
_ENDS_TEXT = {"br", "p", "div", "li"}


class HtmlTables(GridFile):
    """A page with one table, or one that holds the study's columns."""

    addressed = False

    def __init__(self, data: bytes, settings: Settings, wanted: Sequence[str], file: str) -> None:
        text, encoding = self._decode(data, settings, wanted, file)
        grids = read_tables(text, file)
        super().__init__(choose_sheet(grids, settings, wanted, file, holding=True), settings, file)
        self.encoding = encoding

    @staticmethod
    def _decode(data: bytes, settings: Settings, wanted: Sequence[str], file: str) -> tuple[str, str]:
        declared = _CHARSET.search(data[:4096])
        name = settings.encoding or (declared[1].decode("ascii").lower() if declared else None)
        words = (*wanted, *settings.words)
        decoded = decode(data, name, words)
        if decoded is None and settings.encoding is None:
            decoded = decode(data, None, words)  # what the page declares is not what it is
        if decoded is None or decoded.unclear:
            fits = ", ".join(decoded.unclear) if decoded else None
            fault = Fault("encoding-unclear", file, key="data.encoding", found=settings.encoding, allowed=fits)
            raise Unreadable(fault)
        return decoded.text, decoded.encoding


def read_tables(text: str, file: str) -> list[Grid]:
    """The tables of a page, in its order, an inner one after the one that holds it; named by their numbers."""
    walk = _Walk()
    try:
        walk.feed(text)
        walk.close()
    except _TooLarge:
        allowed = f"{_MOST_CELLS} cells, {_WIDEST} columns, {_MOST_TABLES} tables"
        raise Unreadable(
            Fault("workbook-unsafe", file, found="a table without end", allowed=allowed, details={"why": "extent"})
        ) from None
    except (ValueError, AssertionError, RecursionError):  # the library's own end for markup that is none
        raise Unreadable(Fault("file-unreadable", file, found="a damaged HTML page")) from None
    return [Grid(str(number), rows, hidden) for number, (rows, hidden) in enumerate(walk.tables, 1)]


class _TooLarge(Exception):
    """More cells than a reader may keep."""


class _Count:
    """Cells of the whole page so far."""

    def __init__(self) -> None:
        self.kept = 0

    def add(self, cells: int, width: int) -> None:
        self.kept += cells
        if self.kept > _MOST_CELLS or width > _WIDEST:
            raise _TooLarge


class _Table:
    """A table while it is read: its rows, and cells of rows above that reach down."""

    def __init__(self, rows: list[list[Value]], hidden: set[int], cells: _Count) -> None:
        self.cells = cells
        self.rows = rows
        self.hidden = hidden
        self.reaching: dict[int, tuple[int, str]] = {}  # column -> rows that are left, text
        self.text: list[str] | None = None
        self.span = (1, 1)

    def start_row(self, hidden: bool) -> None:
        self.end_cell()
        self.end_row()
        self.rows.append([])
        if hidden:
            self.hidden.add(len(self.rows) - 1)
        self._fill()

    def end_row(self) -> None:
        self.end_cell()
        if self.rows and self.reaching:
            for column in sorted(self.reaching):
                if column >= len(self.rows[-1]):
                    self.rows[-1] += [""] * (column - len(self.rows[-1]))
                    self._fill()

    def start_cell(self, right: int, down: int) -> None:
        self.end_cell()
        if not self.rows:
            self.rows.append([])
        self.text, self.span = [], (right, down)

    def end_cell(self) -> None:
        if self.text is None:
            return
        text, (right, down) = tidy("".join(self.text)), self.span
        self.text = None
        self.cells.add(right, len(self.rows[-1]) + right)
        for _ in range(right):
            if down > 1:
                self.reaching[len(self.rows[-1])] = (down - 1, text)
            self.rows[-1].append(text)
        self._fill()

    def _fill(self) -> None:
        """A cell that reaches down from a row above stands in this one, too."""
        row = self.rows[-1]
        while len(row) in self.reaching:
            left, text = self.reaching[len(row)]
            if (last := left - 1) > 0:
                self.reaching[len(row)] = (last, text)
            else:
                del self.reaching[len(row)]
            self.cells.add(1, len(row))
            row.append(text)


class _Walk(HTMLParser):
    """One pass over a page; tags that are never closed close where the next one begins."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[tuple[list[list[Value]], set[int]]] = []
        self.open: list[_Table] = []
        self.silent = 0
        self.cells = _Count()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that opens."""
        if tag in _NO_TEXT:
            self.silent += 1
        elif tag == "table":
            self._start_table()
        elif not self.open:
            return
        elif tag == "tr":
            self.open[-1].start_row(_HIDDEN.search(dict(attrs).get("style") or "") is not None)
        elif tag in ("td", "th"):
            given = dict(attrs)
            right, down = _span(given.get("colspan")), _span(given.get("rowspan"))
            self.open[-1].start_cell(right, down)
        elif tag in _ENDS_TEXT and self.open[-1].text is not None:
            self.open[-1].text.append(" ")

    def _start_table(self) -> None:
        rows: list[list[Value]] = []
        hidden: set[int] = set()
        if len(self.tables) >= _MOST_TABLES:
            raise _TooLarge
        self.tables.append((rows, hidden))
        self.open.append(_Table(rows, hidden, self.cells))

    def handle_endtag(self, tag: str) -> None:
        """A tag that closes."""
        if tag in _NO_TEXT:
            self.silent = max(0, self.silent - 1)
        elif not self.open:
            return
        elif tag in ("td", "th"):
            self.open[-1].end_cell()
        elif tag in ("tr", "thead", "tbody", "tfoot"):
            self.open[-1].end_row()
        elif tag == "table":
            self.open.pop().end_row()

    def handle_data(self, data: str) -> None:
        """Text: of the innermost cell that is open."""
        if self.open and self.open[-1].text is not None and not self.silent:
            self.open[-1].text.append(data)

    def close(self) -> None:
        """The end of the page ends whatever is open."""
        super().close()
        while self.open:
            self.open.pop().end_row()


def _span(text: str | None) -> int:
    return min(max(int(text), 1), _MOST_SPAN) if text and text.isascii() and text.isdigit() and len(text) < 6 else 1
