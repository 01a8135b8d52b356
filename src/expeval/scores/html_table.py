"""HTML tables, which electronic grade books export under the name .xls."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence

from expeval.faults import Fault
from expeval.scores.cells import Value
from expeval.scores.dialect import Decoded, broken_lines, decode
from expeval.scores.grid import Grid, GridFile, choose_sheet
from expeval.scores.grid_writer import GridWriter, SheetList
from expeval.scores.markup import Tag, tokens
from expeval.scores.numbers import Kind, read_text
from expeval.scores.rich_text import BREAK, told_apart
from expeval.scores.settings import Settings, Unreadable
from expeval.scores.spelling import tidy
from expeval.scores.workbook_safety import UnsafeWorkbook

_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:\-]{2,30})|"
    rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_:\-]{2,30})",
    re.IGNORECASE,
)
# Western ones are no evidence: programs write them without a thought, and every byte is a letter of theirs.
_TRUSTED = re.compile(r"utf-8|cp125[0134578]|koi8-[rut]|cp(866|855|949|950|932)|mac-.*|gb.*|big5|euc.*")
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*collapse)", re.IGNORECASE)
_ATTRIBUTES = ("colspan", "rowspan", "style", "hidden", "value", "type", "selected", "x:num", "sdval")
_MOST_RIGHT, _MOST_DOWN = 1000, 65_534  # spans, as browsers limit them
_NO_TEXT = {"script", "style", "title", "template"}
_GROUPS = {"thead", "tbody", "tfoot"}
_SHAPING = {"table", "tr", "td", "th", *_GROUPS}
_VOID = {"br", "hr", "img", "input", "wbr", "col", "area", "embed", "link", "meta", "source", "track"}
_APART = {"br", "p", "div", "li", "ul", "ol", "dl", "dt", "dd", "hr", "pre", "h1", "h2", "h3", "h4", "h5", "h6"}
# A mark that was struck out, or a footnote's number, is no digit of the mark beside it.
_APART |= {"s", "strike", "del", "sup", "sub"}
_EXACT = re.compile(r"-?\d{1,17}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?", re.ASCII)


class HtmlTables(GridFile):
    """A page with one table, or one that holds the study's columns."""

    addressed = False

    def __init__(self, data: bytes, settings: Settings, wanted: Sequence[str], file: str) -> None:
        decoded = _decode(data, settings, wanted)
        if lines := broken_lines(data, decoded, settings.encoding):
            raise Unreadable(Fault("letters-broken", file, row=lines[0], rows=tuple(lines[1:]), key="data.encoding"))
        if decoded is None or decoded.unclear:
            fits = ", ".join(decoded.unclear) if decoded else None
            fault = Fault("encoding-unclear", file, key="data.encoding", found=settings.encoding, allowed=fits)
            raise Unreadable(fault)
        try:
            grids = read_tables(decoded.text, settings)
        except UnsafeWorkbook as unsafe:
            raise Unreadable(unsafe.fault(file)) from None
        super().__init__(choose_sheet(grids, settings, wanted, file, holding=True), settings, file)
        self.encoding = decoded.encoding


def _decode(data: bytes, settings: Settings, wanted: Sequence[str]) -> Decoded | None:
    """The text: as study.toml says, as its first bytes or its letters prove, as the page says, else as it is found."""
    words = (*wanted, *settings.words)
    if settings.encoding is not None:
        return decode(data, settings.encoding, words)
    if not data.startswith(_MARKS):
        # UTF-8 with letters beyond ASCII is never met by chance, whatever a server says of the page.
        unicode = None if data.isascii() else decode(data, "utf-8", words)
        said = _said(data) if unicode is None else None
        decoded = unicode or (decode(data, said, words) if said else None)
        if decoded is not None and "\0" not in decoded.text[:100]:
            return decoded
    return decode(data, None, words)


def _said(data: bytes) -> str | None:
    """The encoding that a page says it has, where that is worth something."""
    found = _CHARSET.search(data[:4096])
    if found is None:
        return None
    name = (found[1] or found[2]).decode("ascii").lower().removeprefix("x-")
    try:
        name = codecs.lookup(name).name
    except LookupError:
        return None
    return name if _TRUSTED.fullmatch(name) else None


def read_tables(text: str, settings: Settings) -> list[Grid]:
    """The tables of a page, in its order, an inner one after the one that holds it; named by their numbers.

    Raises :class:`~expeval.scores.workbook_safety.UnsafeWorkbook` where they have no end.
    """
    walk = _Walk(settings)
    for token in tokens(text, _ATTRIBUTES):
        if isinstance(token, str):
            walk.text(token)
        elif token.opens:
            walk.start(token)
        else:
            walk.end(token.name)
    if walk.open:
        # Half of a page looks like a shorter table.
        raise UnsafeWorkbook("damaged", "a page that ends inside a table")
    return walk.sheets.grids


class _Table:
    """A table while it is read, with the cells of rows above that reach down."""

    def __init__(self, writer: GridWriter) -> None:
        self.writer = writer
        self.down: dict[int, int] = {}  # column -> the row below the cell that covers it
        self.in_row = self.hidden = False
        self.cell: list[str] | None = None
        self.attributes: Mapping[str, str] = {}

    def start_row(self, attributes: Mapping[str, str]) -> None:
        self.end_row()
        self.in_row, self.hidden = True, _is_hidden(attributes)

    def end_row(self) -> None:
        self.end_cell()
        if self.in_row:
            self.writer.end_row(hidden=self.hidden)
        self.in_row = self.hidden = False

    def end_group(self) -> None:
        self.end_row()
        self.down.clear()

    def start_cell(self, attributes: Mapping[str, str]) -> None:
        self.end_cell()
        self.in_row = True
        self.cell, self.attributes = [], attributes

    def end_cell(self) -> None:
        if self.cell is None:
            return
        parts = [part for piece in "".join(self.cell).split(BREAK) if (part := tidy(piece))]
        value = _value(told_apart(parts) if len(parts) > 1 else "".join(parts), self.attributes)
        self.cell = None
        writer = self.writer
        column, row = writer.column, writer.row
        while self.down.get(column, 0) > row:
            column += 1
        writer.cover(column - writer.column)
        right = _span(self.attributes.get("colspan"), _MOST_RIGHT)
        down = _span(self.attributes.get("rowspan"), _MOST_DOWN)
        writer.merge(right, down)
        first = writer.column
        writer.add(value)
        writer.skip_cells(right - 1)
        if down > 1:
            writer.count(right)
            self.down |= dict.fromkeys(range(first, first + right), writer.row + down)


class _Walk:
    """One pass over a page; tags that are never closed close where the next one begins."""

    def __init__(self, settings: Settings) -> None:
        self.sheets = SheetList(settings)
        self.open: list[_Table] = []
        self.silent: str | None = None  # the element whose text is none
        self.unseen = ""  # the hidden element inside a cell, and how deep its namesakes are inside it
        self.depth = 0
        self.choosing = self.chosen = False  # inside a list to choose from, and in its entry that is chosen

    def start(self, tag: Tag) -> None:
        """A tag that opens."""
        if tag.name in _NO_TEXT:
            self.silent = self.silent or tag.name
        elif tag.name == "table":
            if self.open:
                self._apart(self.open[-1])
            self.open.append(_Table(self.sheets.start(visible=not _is_hidden(tag.attributes))))
        elif self.open:
            self._start_inside(self.open[-1], tag)

    def _start_inside(self, table: _Table, tag: Tag) -> None:
        if tag.name in _SHAPING:
            self.unseen = ""
        elif self.unseen:
            self.depth += tag.name == self.unseen
        elif table.cell is not None and tag.name not in _VOID and _is_hidden(tag.attributes):
            self.unseen, self.depth = tag.name, 1
        if tag.name == "tr":
            table.start_row(tag.attributes)
        elif tag.name in ("td", "th"):
            table.start_cell(tag.attributes)
        elif tag.name in _GROUPS:
            table.end_group()
        elif tag.name in _APART:
            self._apart(table)
        elif tag.name == "select":
            self.choosing, self.chosen = True, False
        elif tag.name == "option":
            self.chosen = "selected" in tag.attributes
        elif tag.name == "input" and table.cell is not None and _shows_its_value(tag.attributes):
            table.cell.append(f"{BREAK}{tag.attributes.get('value', '')}{BREAK}")

    def end(self, name: str) -> None:
        """A tag that closes."""
        if name in _SHAPING:
            self.unseen = ""
        elif name == self.unseen:
            self.depth -= 1
            self.unseen = self.unseen if self.depth else ""
        if name == self.silent:
            self.silent = None
        elif name == "select":
            self.choosing = False
        elif not self.open:
            return
        elif name in ("td", "th"):
            self.open[-1].end_cell()
        elif name == "tr":
            self.open[-1].end_row()
        elif name in _GROUPS:
            self.open[-1].end_group()
        elif name == "table":
            self.open.pop().end_row()
        elif name in _APART:
            self._apart(self.open[-1])

    @staticmethod
    def _apart(table: _Table) -> None:
        if table.cell is not None:
            table.cell.append(BREAK)

    def text(self, text: str) -> None:
        """Text: of the innermost cell that is open."""
        if self.open and self.silent is None and not self.unseen and (self.chosen or not self.choosing):
            cell = self.open[-1].cell
            if cell is not None:
                cell.append(text)


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    return "hidden" in attributes or _HIDDEN.search(attributes.get("style", "")) is not None


def _shows_its_value(attributes: Mapping[str, str]) -> bool:
    return attributes.get("type", "text").lower() in ("text", "number", "") and not _is_hidden(attributes)


def _span(text: str | None, most: int) -> int:
    """Columns or rows that a cell covers; a row span of 0 reaches to the end of its group."""
    if text is None or not (text.isascii() and text.isdigit()):
        return 1
    number = int(text) if len(text) < 7 else most
    return min(number, most) if number or most == _MOST_RIGHT else most


def _value(text: str, attributes: Mapping[str, str]) -> Value:
    """A cell's text, or the number that a spreadsheet program says it rounded to show that text."""
    exact = attributes.get("x:num") or attributes.get("sdval")
    if not exact or not _EXACT.fullmatch(exact):
        return text
    shown = read_text(text, None)
    decimals = len(re.split("[.,]", text)[-1]) if re.search("[.,]", text) else 0
    rounded = shown.kind is Kind.NUMBER and abs(shown.number - float(exact)) <= 0.5000001 * 10.0**-decimals
    return float(exact) if rounded else text
