"""What a workbook's XML says that its values don't: errors, formulas without value, hidden rows, the extent."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from expeval.scores import rich_text
from expeval.scores.grid import column_letters
from expeval.scores.workbook_safety import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, UnsafeWorkbook, read_part, walk_xml

_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})", re.ASCII)
_ANY_CELL = re.compile(rb"<(?:[^<>\s/:!?]*:)?c[\s/>]")
_PREFIXED = re.compile(rb":c[\s/>]")
_ENDS_OF_A_NAME = (b" ", b"\t", b"\r", b"\n", b"/", b">")
_USUAL_CELL = re.compile(rb"""<c r="([A-Z]{1,3})(\d{1,7})\"""")
# Groups are empty for a cell that holds nothing: readers leave it out.
_FILLED_CELL = re.compile(rb"""<(?:\w+:)?c r=["'](?:[A-Z]{1,3}\d{1,7}["'][^<>]*/>|([A-Z]{1,3})(\d{1,7})["'][^<>]*>)""")
NO_HEIGHT = re.compile(r"0+(?:\.0*)?", re.ASCII)
_WORTH_A_LOOK = re.compile(rb"""<(?:\w+:)?f[\s/>]|\bt=["']e["']|\bhidden=|\bht=["']0+(?:\.0*)?["']""")
# What a format shows as it stands: quoted or escaped text, a colour or a currency in brackets.
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.', re.DOTALL)
_STYLED = re.compile(rb"""\bs=["'](\d+)["']""")
_SLICE = 4 * 2**20
MAX_EMPTY = 3_000_000  # of the rectangle, however few cells there are
FOR_A_CELL = 30  # of the rectangle, for each cell that is there
_PLAN_LIMIT = 2**20  # bytes of the parts that list the sheets
_STYLES, _STYLES_LIMIT = "xl/styles.xml", 16 * 2**20
_PERCENT_FORMATS = ("9", "10")  # 0% and 0.00%, which are in no list
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(slots=True)
class SheetMarks:
    """Cells as (row, column) from 0: errors with their text, formulas nobody computed, texts whose parts stand apart,
    cells shown as percentages; hidden rows from 0.
    """

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)
    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    percent: set[tuple[int, int]] = field(default_factory=set)


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
    extent = None if b"\0" in xml[:4] else _extent(xml, _USUAL_CELL, _count_usual)
    if extent is None or _is_vast(*extent):
        extent = None if b"\0" in xml[:4] else _extent(xml, _FILLED_CELL, _count_any)
    last, widest, cells = extent or _walked_extent(xml)
    if _is_vast(last, widest, cells):
        raise UnsafeWorkbook("extent", f"{cells} cells, the last of them at {column_letters(widest - 1)}{last}")


def _is_vast(last: int, widest: int, cells: int) -> bool:
    vast = last * widest > min(MAX_CELLS, max(MAX_EMPTY, FOR_A_CELL * cells))
    return vast or last > MAX_ROWS or widest > MAX_COLUMNS


def _extent(xml: bytes, written: re.Pattern[bytes], count: Callable[[bytes], int]) -> tuple[int, int, int] | None:
    """Last row, last column, number of cells; ``None`` where a cell isn't written as the pattern says.

    Readers take an address from wherever XML allows it to stand: only parsing tells that of any other cell.
    """
    last = widest = cells = 0
    for piece in _slices(xml):
        found = written.findall(piece)
        if len(found) < count(piece):
            return None
        letters = {column for column, _ in found if column}
        rows = {row for _, row in found if row}
        widest = max([widest, *(column_number(column.decode()) + 1 for column in letters)])
        last = max([last, *map(int, rows)])
        cells += len(found)
    return last, widest, cells


def _count_usual(xml: bytes) -> int:
    """Cells, each with a tag of no namespace; one more where there may be others."""
    return sum(xml.count(b"<c" + end) for end in _ENDS_OF_A_NAME) + (_PREFIXED.search(xml) is not None)


def _count_any(xml: bytes) -> int:
    return len(_ANY_CELL.findall(xml))


def _slices(xml: bytes) -> Iterator[bytes]:
    """The XML in pieces that end with a tag."""
    start = 0
    while start < len(xml):
        end = xml.rfind(b">", start, start + _SLICE) + 1 or len(xml)
        yield xml[start:end]
        start = end


def _even_slices(xml: bytes) -> Iterator[bytes]:
    return (xml[i : i + _SLICE] for i in range(0, len(xml), _SLICE))


def _walked_extent(xml: bytes) -> tuple[int, int, int]:
    walk = _Extent()
    walk_xml(_even_slices(xml), walk.start, separator="}")
    return walk.last, walk.widest, walk.cells


class _Extent:
    """One pass over a sheet's rows and cells for the last of them."""

    def __init__(self) -> None:
        self.last = self.widest = self.cells = 0
        self.row = self.column = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        place = attributes.get("r")
        if name == "row":
            if place is not None and not (place.isascii() and place.isdigit() and len(place) < 8):
                raise UnsafeWorkbook("damaged", "a damaged workbook")
            self.row = self.row + 1 if place is None else int(place)
            self.column = 0
        elif name == "c":
            self.cells += 1
            found = None if place is None else _CELL.fullmatch(place)
            if place is not None and found is None:
                raise UnsafeWorkbook("damaged", "a damaged workbook")
            self.column = self.column + 1 if found is None else column_number(found[1]) + 1
            self.row = self.row if found is None else int(found[2])
            self.last, self.widest = max(self.last, self.row), max(self.widest, self.column)


def percent_styles(archive: zipfile.ZipFile, data: bytes) -> frozenset[str]:
    """The numbers of the cell styles that show 0.85 as 85 %."""
    if _STYLES not in archive.namelist():
        return frozenset()
    xml = read_part(archive, _STYLES, data, _STYLES_LIMIT)
    formats = {*_PERCENT_FORMATS}
    styles: list[str] = []  # the format of each
    inside = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        name = tag.rpartition("}")[2]
        if name == "cellXfs":
            inside = True
        elif name == "xf" and inside:
            styles.append(attributes.get("numFmtId", ""))
        elif name == "numFmt" and "%" in _LITERAL.sub("", attributes.get("formatCode", "")):
            formats.add(attributes.get("numFmtId", ""))

    def end(tag: str) -> None:
        nonlocal inside
        inside = inside and tag.rpartition("}")[2] != "cellXfs"

    walk_xml(_even_slices(xml), start, end, separator="}")
    return frozenset(str(i) for i, number in enumerate(styles) if number in formats)


def sheet_marks(
    xml: bytes, apart: Mapping[int, str] | None = None, percent: frozenset[str] = frozenset()
) -> SheetMarks:
    """The marks of a sheet; its XML is only parsed where it holds any.

    ``apart`` are shared texts whose parts stand apart (:mod:`expeval.scores.rich_text`), by their numbers;
    ``percent`` are the styles of percentages.
    """
    marked = _WORTH_A_LOOK.search(xml) or any(mark in xml for mark in rich_text.MARKS)
    if not apart and not marked and not _uses_any(percent, xml):
        return SheetMarks()
    walk = _Walk(apart or {}, percent)
    walk_xml(_even_slices(xml), walk.start, walk.end, walk.text, separator="}")
    return walk.marks


def _uses_any(styles: frozenset[str], xml: bytes) -> bool:
    return bool(styles) and any(found[1].decode() in styles for found in _STYLED.finditer(xml))


class _Walk:
    """One pass over a sheet's elements; rows and cells without an address follow the one before."""

    def __init__(self, apart: Mapping[int, str], percent: frozenset[str]) -> None:
        self.marks = SheetMarks()
        self.percent = percent
        self.apart = apart
        self.rich = rich_text.RichText()
        self.row = self.column = -1
        self.kind: str | None = None
        self.formula = self.has_value = self.inside_value = False
        self.value = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if name == "row":
            self.row = int(attributes["r"]) - 1 if attributes.get("r", "").isdigit() else self.row + 1
            self.column = -1
            # A row of no height is as hidden as one that says so.
            if attributes.get("hidden") in ("1", "true") or NO_HEIGHT.fullmatch(attributes.get("ht", "1")):
                self.marks.hidden.add(self.row)
        elif name == "c":
            place = _CELL.fullmatch(attributes.get("r", ""))
            self.column = column_number(place[1]) if place else self.column + 1
            self.kind = attributes.get("t")
            if attributes.get("s") in self.percent:
                self.marks.percent.add((self.row, self.column))
            self.formula = self.has_value = False
            self.value = ""
            self.rich.begin()
        elif name == "f":
            self.formula = True
        elif name == "v":
            self.has_value = self.inside_value = True
        elif self.kind == "inlineStr":
            self.rich.start(name, attributes)

    def text(self, text: str) -> None:
        if self.inside_value:
            self.value += text
        else:
            self.rich.text(text)

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        if name == "v":
            self.inside_value = False
        elif name in ("t", "r"):
            self.rich.end(name)
        elif name == "c" and self.kind == "inlineStr":
            if (text := self.rich.told_apart) is not None:
                self.marks.texts[self.row, self.column] = text
        elif name == "c" and self.kind == "s":
            if self.value.isdigit() and (text := self.apart.get(int(self.value))) is not None:
                self.marks.texts[self.row, self.column] = text
        elif name == "c" and self.kind == "e":
            self.marks.errors[self.row, self.column] = self.value
        # A computed text may be empty; a computed number never is.
        elif name == "c" and self.formula and not self.value and not (self.kind == "str" and self.has_value):
            self.marks.formulas.add((self.row, self.column))
