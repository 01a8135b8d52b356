"""OpenDocument spreadsheets (ODS): one pass over the sheet's own XML.

The libraries that read ODS leave out what matters here: hidden rows, error values, formulas that nobody computed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import re
from collections.abc import Sequence
from xml.parsers import expat

from expeval.faults import Fault
from expeval.scores.cells import ErrorCell, FormulaCell, Value
from expeval.scores.grid import Grid, GridFile, choose_sheet
from expeval.scores.settings import Settings, Unreadable
from expeval.scores.workbook_safety import MAX_CELLS, UnsafeWorkbook, check_archive, open_archive, read_part

_DURATION = re.compile(r"-?P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})(?:[.,]\d+)?S)?)?")
_ERROR = re.compile(r"#[A-ZА-Я/0-9]+[!?]?|Err:\d+|Ошибка:\d+", re.IGNORECASE)
_ROWS = 2**20  # a spreadsheet has no more


class OpenDocument(GridFile):
    """A spreadsheet whose archive was checked, with the one sheet that is read."""

    def __init__(self, data: bytes, settings: Settings, wanted: Sequence[str], file: str) -> None:
        try:
            archive = open_archive(data)
            check_archive(archive, data)
            if b"encryption-data" in read_part(archive, "META-INF/manifest.xml", data):
                found = "spreadsheet with a password"
                raise Unreadable(Fault("format-unsupported", file, found=found, allowed="ODS without a password"))
            grids = read_sheets(read_part(archive, "content.xml", data))
        except UnsafeWorkbook as unsafe:
            raise Unreadable(unsafe.fault(file)) from None
        super().__init__(choose_sheet(grids, settings, wanted, file), settings, file)


def read_sheets(xml: bytes) -> list[Grid]:
    """The sheets of a document's content; raises :class:`UnsafeWorkbook` for a damaged or an endless one."""
    walk = _Walk()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = walk.start
    parser.EndElementHandler = walk.end
    parser.CharacterDataHandler = walk.characters
    parser.buffer_text = True
    try:
        parser.ParseFile(io.BytesIO(xml))
    except expat.ExpatError:
        raise UnsafeWorkbook("damaged", "a damaged spreadsheet") from None
    return walk.grids


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


class _Walk:
    """One pass over the elements: tables of rows of cells, each of which may stand for many."""

    def __init__(self) -> None:
        self.grids: list[Grid] = []
        self.hidden_styles: set[str] = set()
        self.style = ""
        self.cells = 0  # kept so far, in all sheets
        self.tables = 0  # a table may stand inside a cell of another
        self.aside = 0  # inside an annotation or a drawing: no text of the cell
        self.row: list[Value] | None = None
        self.row_times = 1
        self.row_hidden = False
        self.empty_rows = 0  # not written until a row with something comes
        self.empty_cells = 0
        self.attributes: dict[str, str] | None = None
        self.lines: list[str] = []

    # ---------------------------------------------------------------------------------------------- elements

    def start(self, tag: str, given: dict[str, str]) -> None:
        """An element begins."""
        name = _local(tag)
        attributes = {_local(key): value for key, value in given.items()}
        if name == "style":
            self.style = attributes.get("name", "")
        elif name == "table-properties" and attributes.get("display") == "false":
            self.hidden_styles.add(self.style)
        elif name == "table":
            self.tables += 1
            if self.tables == 1:
                visible = attributes.get("style-name", "") not in self.hidden_styles
                self.grids.append(Grid(attributes.get("name", ""), [], visible=visible))
                self.empty_rows = 0
        elif self.tables != 1:
            return
        elif name == "table-row":
            self.row = []
            self.row_times = _times(attributes, "number-rows-repeated")
            self.row_hidden = attributes.get("visibility") in ("collapse", "filter")
            self.empty_cells = 0
        elif name in ("table-cell", "covered-table-cell"):
            self.attributes = attributes
            self.lines = []
        elif name in ("annotation", "frame", "g", "shapes", "tracked-changes"):
            self.aside += 1
        elif self.attributes is not None and not self.aside:
            self._start_text(name, attributes)

    def _start_text(self, name: str, attributes: dict[str, str]) -> None:
        if name in ("p", "h"):
            self.lines.append("")
        elif name == "s":
            self._write(" " * min(_times(attributes, "c"), 1000))
        elif name in ("tab", "line-break"):
            self._write(" ")

    def end(self, tag: str) -> None:
        """An element ends."""
        name = _local(tag)
        if name == "table":
            self.tables -= 1
        elif self.tables != 1:
            return
        elif name in ("annotation", "frame", "g", "shapes", "tracked-changes"):
            self.aside -= 1
        elif name in ("table-cell", "covered-table-cell") and self.row is not None and self.attributes is not None:
            self._end_cell(self.row, self.attributes)
            self.attributes = None
        elif name == "table-row" and self.row is not None:
            self._end_row(self.grids[-1], self.row)
            self.row = None

    def characters(self, text: str) -> None:
        """Text between tags; a cell's own stands in its paragraphs."""
        if self.attributes is not None and not self.aside and self.tables == 1:
            self._write(text)

    def _write(self, text: str) -> None:
        if self.lines:
            self.lines[-1] += text

    # ------------------------------------------------------------------------------------------- rows and cells

    def _end_cell(self, row: list[Value], attributes: dict[str, str]) -> None:
        value = _value(attributes, "\n".join(self.lines))
        times = _times(attributes, "number-columns-repeated")
        right, down = _times(attributes, "number-columns-spanned"), _times(attributes, "number-rows-spanned")
        if isinstance(value, str) and not value.strip():
            self.empty_cells += times
            return
        if right > 1 or down > 1:
            top, left = len(self.grids[-1].rows) + self.empty_rows, len(row) + self.empty_cells
            self.grids[-1].merged.append(((top, left), (top + down - 1, left + right - 1)))
        self._count(self.empty_cells + times)
        row += [""] * self.empty_cells + [value] * times
        self.empty_cells = 0

    def _end_row(self, grid: Grid, row: list[Value]) -> None:
        if self.row_hidden and (row or self.row_times < _ROWS):
            first = len(grid.rows) + self.empty_rows
            grid.hidden.update(range(first, min(first + self.row_times, _ROWS)))
        if not row:
            self.empty_rows += self.row_times
            return
        if len(grid.rows) + self.empty_rows + self.row_times > _ROWS:
            raise UnsafeWorkbook("extent", "more rows than a spreadsheet has", f"{_ROWS} rows")
        self._count(self.empty_rows + len(row) * (self.row_times - 1))
        grid.rows += [[] for _ in range(self.empty_rows)]
        grid.rows += [list(row) for _ in range(self.row_times)]
        self.empty_rows = 0

    def _count(self, more: int) -> None:
        self.cells += more
        if self.cells > MAX_CELLS:
            raise UnsafeWorkbook("extent", f"more than {MAX_CELLS} cells", f"{MAX_CELLS} cells")


def _times(attributes: dict[str, str], name: str) -> int:
    """How often something is repeated; once where nothing, or nonsense, is said."""
    text = attributes.get(name, "")
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _value(attributes: dict[str, str], text: str) -> Value:
    """What a cell holds, from its type; its text is only what the program shows of it."""
    kind = attributes.get("value-type")
    if "formula" in attributes and _ERROR.fullmatch(text.strip()):
        return ErrorCell(text.strip())
    if kind in ("float", "percentage", "currency"):
        with contextlib.suppress(ValueError):
            return float(attributes.get("value", ""))
    elif kind == "date":
        with contextlib.suppress(ValueError):
            moment = dt.datetime.fromisoformat(attributes.get("date-value", ""))
            return moment if moment.time() != dt.time() else moment.date()
    elif kind == "time":
        found = _DURATION.fullmatch(attributes.get("time-value", ""))
        if found:
            days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
            return dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    elif kind == "boolean":
        return attributes.get("boolean-value") == "true"
    elif kind is None and "formula" in attributes and not text:
        return FormulaCell()
    return attributes.get("string-value") or text if kind == "string" else text
