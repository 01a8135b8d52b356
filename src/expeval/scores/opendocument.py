"""OpenDocument spreadsheets (ODS): one pass over the sheets' own XML.

The libraries that read ODS leave out what matters here (hidden rows, error values, formulas that nobody computed),
and write repeats out before anyone can refuse them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence

from expeval.faults import Fault
from expeval.scores.cells import ErrorCell, FormulaCell, Value
from expeval.scores.grid import Grid, GridFile, choose_sheet
from expeval.scores.grid_writer import MAX_TEXT, GridWriter, SheetList
from expeval.scores.rich_text import BREAK, put_together
from expeval.scores.settings import Settings, Unreadable
from expeval.scores.workbook_safety import (
    UnsafeWorkbook,
    check_archive,
    open_archive,
    pieces_of,
    read_part,
    walk_xml,
)

_URN = "urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE, _TABLE, _TEXT, _STYLE, _DRAW = (
    f"{_URN}{name}:1.0 " for name in ("office", "table", "text", "style", "drawing")
)
_POSITION, _LINE_THROUGH = f"{_STYLE}text-position", f"{_STYLE}text-line-through-style"
_TYPE, _FORMULA = f"{_OFFICE}value-type", f"{_TABLE}formula"
_COLUMNS_REPEATED, _ROWS_REPEATED = f"{_TABLE}number-columns-repeated", f"{_TABLE}number-rows-repeated"
_COLUMNS_SPANNED, _ROWS_SPANNED = f"{_TABLE}number-columns-spanned", f"{_TABLE}number-rows-spanned"
_ERROR_TYPE = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 value-type"
# What stands in a sheet or a cell without being a value of it: notes, drawings, former values, values of other files.
_ASIDE = {
    f"{_OFFICE}annotation",
    f"{_OFFICE}forms",
    f"{_TABLE}shapes",
    f"{_TABLE}dde-links",
    f"{_TABLE}tracked-changes",
    f"{_TEXT}ruby-text",
}
_SPACES = 100  # of one element: no label needs more
_MANIFEST_LIMIT = 4 * 2**20

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_DURATION = re.compile(
    r"(-?)P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6}(?:[.,]\d{1,12})?)S)?)?", re.ASCII
)
_ERROR = re.compile(r"#[A-ZА-ЯЁ/0-9]+[!?]?|(?:Err|Ошибка|Ошб):\d+", re.IGNORECASE)


class OpenDocument(GridFile):
    """A spreadsheet whose archive was checked, with the one sheet that is read."""

    def __init__(self, data: bytes, settings: Settings, wanted: Sequence[str], file: str) -> None:
        try:
            archive = open_archive(data)
            # What a password protects is no XML: told before its parts are looked at.
            if b"encryption-data" in read_part(archive, "META-INF/manifest.xml", data, _MANIFEST_LIMIT):
                found = "spreadsheet with a password"
                raise Unreadable(Fault("format-unsupported", file, found=found, allowed="ODS without a password"))
            check_archive(archive, data, parsed=("content.xml",))
            grids = read_sheets(pieces_of(archive, "content.xml", data), settings)
        except UnsafeWorkbook as unsafe:
            raise Unreadable(unsafe.fault(file)) from None
        super().__init__(choose_sheet(grids, settings, wanted, file), settings, file)


def read_sheets(pieces: Iterable[bytes], settings: Settings) -> list[Grid]:
    """The sheets of a document's content; raises :class:`UnsafeWorkbook` for a damaged or an endless one."""
    walk = _Walk(settings)
    walk_xml(pieces, walk.start, walk.end, walk.characters)
    return walk.sheets.grids


class _Walk:
    """One pass over the elements: tables of rows of cells, each of which may stand for many."""

    def __init__(self, settings: Settings) -> None:
        self.sheets = SheetList(settings)
        self.writer: GridWriter | None = None  # of the table that is open
        self.hidden_styles: set[str] = set()
        self.apart_styles: set[str] = set()
        self.spans: list[bool] = []  # those that are open: whether the part stands apart
        self.style = ""
        self.aside = 0
        self.row: dict[str, str] = {}
        self.groups: list[bool] = []  # of rows, those that are open: whether the group is folded
        self.folded = 0  # groups that are open
        self.cell: dict[str, str] | None = None
        self.text: list[str] = []
        self.letters = 0
        self.inside = 0  # paragraphs that are open
        self.starts: dict[str, Callable[[dict[str, str]], None]] = {
            f"{_STYLE}style": self._start_style,
            f"{_STYLE}table-properties": self._start_properties,
            f"{_STYLE}text-properties": self._start_letters,
            f"{_TEXT}span": self._start_span,
            f"{_TABLE}table": self._start_table,
            f"{_TABLE}table-row-group": self._start_group,
            f"{_TABLE}table-row": self._start_row,
            f"{_TABLE}table-cell": self._start_cell,
            f"{_TABLE}covered-table-cell": self._start_cell,
            f"{_TEXT}p": self._start_paragraph,
            f"{_TEXT}h": self._start_paragraph,
            f"{_TEXT}s": self._space,
            f"{_TEXT}tab": self._tab,
            f"{_TEXT}line-break": self._tab,
        }
        self.ends: dict[str, Callable[[], None]] = {
            f"{_TABLE}table": self._end_table,
            f"{_TABLE}table-row-group": self._end_group,
            f"{_TABLE}table-row": self._end_row,
            f"{_TABLE}table-cell": self._end_cell,
            f"{_TABLE}covered-table-cell": self._end_cell,
            f"{_TEXT}p": self._end_paragraph,
            f"{_TEXT}h": self._end_paragraph,
            f"{_TEXT}span": self._end_span,
        }

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        begin = self.starts.get(tag)
        if begin is None:
            self.aside += tag in _ASIDE or tag.startswith(_DRAW)
        elif not self.aside:
            begin(attributes)

    def end(self, tag: str) -> None:
        """An element ends."""
        finish = self.ends.get(tag)
        if finish is None:
            self.aside -= tag in _ASIDE or tag.startswith(_DRAW)
        elif not self.aside:
            finish()

    def characters(self, text: str) -> None:
        """Text between tags; a cell's own stands in its paragraphs."""
        if self.inside and not self.aside:
            self._write(text)

    # ---------------------------------------------------------------------------------------- sheets and rows

    def _start_style(self, attributes: dict[str, str]) -> None:
        self.style = attributes.get(f"{_STYLE}name", "")

    def _start_properties(self, attributes: dict[str, str]) -> None:
        if attributes.get(f"{_TABLE}display") == "false":
            self.hidden_styles.add(self.style)

    def _start_letters(self, attributes: dict[str, str]) -> None:
        raised = attributes.get(_POSITION, "0%").split()[0] not in ("0%", "0")
        if raised or attributes.get(_LINE_THROUGH, "none") != "none":
            self.apart_styles.add(self.style)

    def _start_table(self, attributes: dict[str, str]) -> None:
        if self.writer is not None:
            raise UnsafeWorkbook("nesting", "a table inside a table's cell")
        visible = attributes.get(f"{_TABLE}style-name") not in self.hidden_styles
        self.writer = self.sheets.start(attributes.get(f"{_TABLE}name", ""), visible)

    def _end_table(self) -> None:
        self.writer = None

    def _start_group(self, attributes: dict[str, str]) -> None:
        self.groups.append(attributes.get(f"{_TABLE}display") == "false")
        self.folded += self.groups[-1]

    def _end_group(self) -> None:
        if self.groups:
            self.folded -= self.groups.pop()

    def _start_row(self, attributes: dict[str, str]) -> None:
        self.row = attributes

    def _end_row(self) -> None:
        if self.writer is not None:
            hidden = self.row.get(f"{_TABLE}visibility") in ("collapse", "filter") or self.folded > 0
            self.writer.end_row(_times(self.row, _ROWS_REPEATED), hidden)

    # ------------------------------------------------------------------------------------------------- cells

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self.cell = attributes
        self.text = []
        self.letters = 0

    def _end_cell(self) -> None:
        cell, self.cell = self.cell, None
        writer = self.writer
        if cell is None or writer is None:
            return
        times = _times(cell, _COLUMNS_REPEATED) if _COLUMNS_REPEATED in cell else 1
        if _TYPE not in cell and _FORMULA not in cell and not self.text:
            writer.skip_cells(times)
            return
        value = _value(cell, put_together("".join(self.text)))
        if _COLUMNS_SPANNED in cell or _ROWS_SPANNED in cell:
            writer.merge(_times(cell, _COLUMNS_SPANNED), _times(cell, _ROWS_SPANNED))
        if cell.get(_TYPE) == "percentage" and times == 1:
            writer.grid.percent.add((writer.row, writer.column))
        writer.add(value, times)

    def _start_paragraph(self, _: dict[str, str]) -> None:
        self.inside += 1
        if self.letters:
            self._write("\n")

    def _end_paragraph(self) -> None:
        self.inside -= 1

    def _start_span(self, attributes: dict[str, str]) -> None:
        self.spans.append(attributes.get(f"{_TEXT}style-name") in self.apart_styles)
        if self.inside and self.spans[-1]:
            self._write(BREAK)

    def _end_span(self) -> None:
        if self.spans and self.spans.pop() and self.inside:
            self._write(BREAK)

    def _space(self, attributes: dict[str, str]) -> None:
        if self.inside:
            self._write(" " * min(_times(attributes, f"{_TEXT}c"), _SPACES))

    def _tab(self, _: dict[str, str]) -> None:
        if self.inside:
            self._write(" ")

    def _write(self, text: str) -> None:
        if self.cell is not None:
            self.text.append(text)
            self.letters += len(text)
            if self.letters > MAX_TEXT:
                raise UnsafeWorkbook("extent", f"more than {MAX_TEXT} letters in a cell", f"{MAX_TEXT} letters")


def _times(attributes: dict[str, str], name: str) -> int:
    """How often something is repeated; once where nothing, or nonsense, is said."""
    text = attributes.get(name, "")
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _value(cell: dict[str, str], text: str) -> Value:
    """What a cell holds, from its type; its text is only what the program shows of it.

    A type with a value that can't be one makes the cell an error: its text might be another number.
    """
    kind = cell.get(_TYPE)
    formula = _FORMULA in cell
    if cell.get(_ERROR_TYPE) == "error" or (formula and _ERROR.fullmatch(text.strip())):
        return ErrorCell(text.strip())
    if formula and not text and kind != "string" and not _given(cell, kind):
        return FormulaCell()
    if kind in ("float", "percentage", "currency"):
        value = _given(cell, kind)
        return number_of(value) if value else text
    if kind == "date":
        return moment_of(_given(cell, kind)) or ErrorCell(text.strip())
    if kind == "time":
        span = _duration(_given(cell, kind))
        return ErrorCell(text.strip()) if span is None else span
    if kind == "boolean":
        return _given(cell, kind) == "true"
    return cell.get(f"{_OFFICE}string-value") or text


def _given(cell: dict[str, str], kind: str | None) -> str:
    name = f"{kind}-value" if kind in ("date", "time", "boolean", "string") else "value"
    return cell.get(_OFFICE + name, "").strip()


def number_of(text: str) -> Value:
    """The number that a file gives as a cell's value; an error cell where it is none."""
    return float(text) if _NUMBER.fullmatch(text) else ErrorCell(text)


def moment_of(text: str) -> dt.date | None:
    """The date, or date and time, that a file gives as a cell's value."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.time() != dt.time() else moment.date()


def _duration(text: str) -> dt.timedelta | None:
    found = _DURATION.fullmatch(text)
    if not found:
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups()[1:4])
    seconds = float((found[5] or "0").replace(",", "."))
    span = dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -span if found[1] else span
