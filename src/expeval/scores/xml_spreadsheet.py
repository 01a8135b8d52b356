"""XML spreadsheets as Excel 2003 writes them (SpreadsheetML), which grade books export under the name .xls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from expeval.scores.cells import ErrorCell, FormulaCell, Value
from expeval.scores.grid import Grid, GridFile, choose_sheet
from expeval.scores.grid_writer import MAX_TEXT, GridWriter, SheetList
from expeval.scores.opendocument import moment_of, number_of
from expeval.scores.rich_text import BREAK, put_together
from expeval.scores.settings import Settings, Unreadable
from expeval.scores.sheet_marks import NO_HEIGHT
from expeval.scores.workbook_safety import MAX_ROWS, UnsafeWorkbook, check_xml, walk_xml

_SHEET = "urn:schemas-microsoft-com:office:spreadsheet "
_EXCEL = "urn:schemas-microsoft-com:office:excel "
_ASIDE = (f"{_SHEET}Comment", f"{_SHEET}PhoneticText", f"{_EXCEL}PhoneticText")
_APART = {f"http://www.w3.org/TR/REC-html40 {name}" for name in ("Sup", "Sub", "S")}
_PIECE = 2**20
_BEFORE = re.compile(rb"[ \t\r\n]+(?=<)")  # servers leave an empty line above


class XmlSpreadsheet(GridFile):
    """A spreadsheet of plain XML, with the one sheet that is read."""

    def __init__(self, data: bytes, settings: Settings, wanted: Sequence[str], file: str) -> None:
        before = _BEFORE.match(data)
        first = before.end() if before else 0
        try:
            check_xml(_pieces(data, first))
            grids = read_sheets(_pieces(data, first), settings)
        except UnsafeWorkbook as unsafe:
            raise Unreadable(unsafe.fault(file)) from None
        super().__init__(choose_sheet(grids, settings, wanted, file), settings, file)


def _pieces(data: bytes, first: int) -> Iterator[bytes]:
    return (data[i : i + _PIECE] for i in range(first, len(data), _PIECE))


def read_sheets(pieces: Iterator[bytes], settings: Settings) -> list[Grid]:
    """The sheets of XML that was checked; raises :class:`UnsafeWorkbook` for an endless one."""
    walk = _Walk(settings)
    walk_xml(pieces, walk.start, walk.end, walk.characters)
    return walk.sheets.grids


class _Walk:
    """One pass over worksheets of rows of cells; those without a number follow the one before."""

    def __init__(self, settings: Settings) -> None:
        self.sheets = SheetList(settings)
        self.writer: GridWriter | None = None  # of the worksheet that is open
        self.row: dict[str, str] = {}
        self.hidden_until = 0  # the row below the last that is hidden with one above
        self.cell: dict[str, str] | None = None
        self.kind: str | None = None
        self.text: list[str] = []
        self.letters = 0
        self.aside = 0
        self.inside = ""  # the element whose text counts

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        name = tag.removeprefix(_SHEET)
        if tag in _ASIDE:
            self.aside += 1
        elif tag in _APART and self.inside:
            self.text.append(BREAK)
        elif self.aside:
            return
        elif name == "Worksheet":
            if self.writer is not None:
                raise UnsafeWorkbook("nesting", "a worksheet inside a worksheet")
            self.writer = self.sheets.start(_get(attributes, "Name"))
            self.hidden_until = 0
        elif self.writer is None:
            return
        elif name == "Row":
            self._start_row(self.writer, attributes)
        elif name == "Cell":
            self._start_cell(self.writer, attributes)
        elif name == "Data" and self.cell is not None:
            self.kind, self.inside = _get(attributes, "Type"), tag
        elif tag == f"{_EXCEL}Visible":
            self.text, self.inside = [], tag

    def _start_row(self, writer: GridWriter, attributes: dict[str, str]) -> None:
        self.row = attributes
        index = _whole(attributes, "Index")
        if index is not None and (index <= writer.row or index > MAX_ROWS):
            raise UnsafeWorkbook("damaged", f"row {index} after row {writer.row}")
        writer.skip_rows((index or writer.row + 1) - 1 - writer.row)
        if _get(attributes, "Hidden") == "1" or NO_HEIGHT.fullmatch(_get(attributes, "Height") or "1"):
            self.hidden_until = writer.row + 1 + (_whole(attributes, "Span") or 0)

    def _start_cell(self, writer: GridWriter, attributes: dict[str, str]) -> None:
        index = _whole(attributes, "Index")
        if index is not None and index <= writer.column:
            raise UnsafeWorkbook("damaged", f"column {index} after column {writer.column}")
        writer.skip_cells((index or writer.column + 1) - 1 - writer.column)
        self.cell, self.kind, self.text, self.letters = attributes, None, [], 0

    def end(self, tag: str) -> None:
        """An element ends."""
        name = tag.removeprefix(_SHEET)
        if tag in _ASIDE:
            self.aside -= 1
        elif tag in _APART and self.inside:
            self.text.append(BREAK)
        elif self.aside or self.writer is None:
            return
        elif tag == self.inside:
            self.inside = ""
            if tag == f"{_EXCEL}Visible":
                self.writer.grid.visible = "Hidden" not in "".join(self.text)
        elif name == "Cell" and self.cell is not None:
            self._end_cell(self.writer, self.cell)
            self.cell = None
        elif name == "Row":
            self.writer.end_row(hidden=self.writer.row < self.hidden_until)
        elif name == "Worksheet":
            self.writer = None

    def _end_cell(self, writer: GridWriter, cell: dict[str, str]) -> None:
        right, down = _whole(cell, "MergeAcross") or 0, _whole(cell, "MergeDown") or 0
        writer.merge(right + 1, down + 1)
        writer.add(_value(cell, self.kind, put_together("".join(self.text))))
        writer.skip_cells(right)

    def characters(self, text: str) -> None:
        """Text between tags: of a cell where it stands in its data."""
        if self.inside and not self.aside:
            self.text.append(text)
            self.letters += len(text)
            if self.letters > MAX_TEXT:
                raise UnsafeWorkbook("extent", f"more than {MAX_TEXT} letters in a cell", f"{MAX_TEXT} letters")


def _get(attributes: dict[str, str], name: str) -> str | None:
    return attributes.get(_SHEET + name, attributes.get(name))


def _whole(attributes: dict[str, str], name: str) -> int | None:
    """A row, a column or a number of them; raises :class:`UnsafeWorkbook` for nonsense, which would shift cells."""
    text = _get(attributes, name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise UnsafeWorkbook("damaged", f"{name} = {text[:20]}")
    return int(text)


def _value(cell: dict[str, str], kind: str | None, text: str) -> Value:
    if kind is None:
        return FormulaCell() if _get(cell, "Formula") else ""
    if kind == "Error":
        return ErrorCell(text.strip())
    if kind == "Number":
        return number_of(text.strip())
    if kind == "DateTime":
        return moment_of(text.strip()) or ErrorCell(text.strip())
    return text.strip() == "1" if kind == "Boolean" else text
