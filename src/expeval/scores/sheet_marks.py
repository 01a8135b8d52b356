"""What a workbook's XML says that its values don't: errors, formulas without value, hidden rows, the extent."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
import zipfile
from dataclasses import dataclass, field
from xml.parsers import expat

from expeval.scores.workbook_safety import MAX_CELLS, UnsafeWorkbook, read_part, walk_xml

_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_ROW_ATTRIBUTE = re.compile(rb"""<(?:\w+:)?row\b[^>]*?\br=["'](\d+)["'][^>]*(?<!/)>""")
_COLUMN_ATTRIBUTE = re.compile(rb"""<(?:\w+:)?c\b[^>]*?\br=["']([A-Z]{1,3})\d+["'][^>]*(?<!/)>""")
_WORTH_A_LOOK = re.compile(rb"""<(?:\w+:)?f[\s/>]|\bt=["']e["']|\bhidden=""")
_SLICE = 4 * 2**20
_LONGEST_TAG = 500
MAX_EMPTY = 5_000_000  # of the rectangle, however few cells there are
CELLS_FOR_ONE = 30  # of the rectangle for each cell that is there
_PLAN_LIMIT = 2**20  # bytes of the parts that list the sheets
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(slots=True)
class SheetMarks:
    """Cells as (row, column) from 0: errors with their text, formulas nobody computed; hidden rows from 0."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)


def column_number(letters: str) -> int:
    """Position of a column from its letters: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def sheet_parts(archive: zipfile.ZipFile, data: bytes) -> dict[str, str]:
    """Sheet name -> the archive's part that holds it, in the workbook's order."""
    names = set(archive.namelist())
    try:
        book = ElementTree.fromstring(read_part(archive, "xl/workbook.xml", data, _PLAN_LIMIT))
        relations = ElementTree.fromstring(read_part(archive, "xl/_rels/workbook.xml.rels", data, _PLAN_LIMIT))
    except ElementTree.ParseError:
        raise UnsafeWorkbook("damaged", "a damaged workbook") from None
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    parts = {}
    for sheet in book.iter():
        if sheet.tag.endswith("}sheet"):
            target = targets.get(sheet.get(_RELATION), "").lstrip("/")
            part = target if target in names else f"xl/{target}"
            if part in names and part.endswith(".xml"):
                parts[sheet.get("name", "")] = part
    return parts


def check_extent(xml: bytes) -> None:
    """Raise :class:`UnsafeWorkbook` where few far cells would make a reader keep a vast empty rectangle."""
    last, widest, cells = 0, 0, 0
    for start in range(0, len(xml), _SLICE):
        piece = xml[start : start + _SLICE + _LONGEST_TAG]  # a tag that the slice ends within is looked at twice
        rows = max(map(int, _ROW_ATTRIBUTE.findall(piece)), default=0)
        letters = _COLUMN_ATTRIBUTE.findall(piece)
        cells += len(letters)
        widest = max([widest, *(column_number(column.decode()) + 1 for column in set(letters))])
        last = max(last, rows)
    if last * widest > min(MAX_CELLS, max(MAX_EMPTY, CELLS_FOR_ONE * cells)):
        raise UnsafeWorkbook("extent", f"{cells} cells far apart, over {last} rows and {widest} columns")


def sheet_marks(xml: bytes) -> SheetMarks:
    """The marks of a sheet; its XML is only parsed where it holds any."""
    if not _WORTH_A_LOOK.search(xml):
        return SheetMarks()
    walk = _Walk()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = walk.start
    parser.EndElementHandler = walk.end
    parser.CharacterDataHandler = walk.text
    parser.buffer_text = True
    walk_xml(parser, (xml[i : i + _SLICE] for i in range(0, len(xml), _SLICE)))
    return walk.marks


class _Walk:
    """One pass over a sheet's elements; rows and cells without an address follow the one before."""

    def __init__(self) -> None:
        self.marks = SheetMarks()
        self.row = self.column = -1
        self.kind: str | None = None
        self.formula = self.has_value = self.inside_value = False
        self.value = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if name == "row":
            self.row = int(attributes["r"]) - 1 if attributes.get("r", "").isdigit() else self.row + 1
            self.column = -1
            if attributes.get("hidden") in ("1", "true"):
                self.marks.hidden.add(self.row)
        elif name == "c":
            place = _CELL.fullmatch(attributes.get("r", ""))
            self.column = column_number(place[1]) if place else self.column + 1
            self.kind = attributes.get("t")
            self.formula = self.has_value = False
            self.value = ""
        elif name == "f":
            self.formula = True
        elif name == "v":
            self.has_value = self.inside_value = True

    def text(self, text: str) -> None:
        if self.inside_value:
            self.value += text

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        if name == "v":
            self.inside_value = False
        elif name == "c" and self.kind == "e":
            self.marks.errors[self.row, self.column] = self.value
        # A computed text may be empty; a computed number never is.
        elif name == "c" and self.formula and not self.value and not (self.kind == "str" and self.has_value):
            self.marks.formulas.add((self.row, self.column))
