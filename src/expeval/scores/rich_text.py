"""Cells of a spreadsheet whose parts look different: a raised footnote's number is no digit of the mark beside it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence

from expeval.scores.numbers import shape
from expeval.scores.workbook_safety import read_part, walk_xml

#: around a part that stands apart, in a text that is put together; no XML can hold it
BREAK = "\x1e"
_STRINGS = "xl/sharedStrings.xml"
LONGEST = 100
_SLICE = 4 * 2**20
#: what marks a part that is raised, lowered or struck out
MARKS = (b"vertAlign", b"<strike", b":strike")


class RichText:
    """The parts of one text, put together as they are told: those that stand apart with spaces around them."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A text begins."""
        self.letters = ""
        self.apart = self.inside = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """A tag opens, inside a text."""
        if name == "r":
            self.apart = False
        elif name == "vertAlign":
            self.apart = self.apart or attributes.get("val") in ("superscript", "subscript")
        elif name == "strike":
            self.apart = self.apart or attributes.get("val", "1") not in ("0", "false")
        elif name == "t":
            self.inside = True

    def text(self, text: str) -> None:
        """Letters."""
        if self.inside and len(self.letters) <= LONGEST:  # what is longer is no number
            part = text[: LONGEST + 1]
            self.letters += f"{BREAK}{part}{BREAK}" if self.apart else part

    def end(self, name: str) -> None:
        """A tag closes."""
        if name == "t":
            self.inside = False
        elif name == "r":
            self.apart = False

    @property
    def told_apart(self) -> str | None:
        """The text with its parts apart, where they would make up a number that nobody wrote."""
        whole = self.letters.replace(BREAK, "")
        text = put_together(self.letters)
        return None if text == whole or len(whole) > LONGEST else text


def put_together(text: str) -> str:
    """A text without its breaks; apart where its parts would make up a number that nobody wrote: 4 and 1 as 41."""
    whole = text.replace(BREAK, "")
    if BREAK not in text or len(whole) > LONGEST or shape(whole) is None:
        return whole
    parts = [part for piece in text.split(BREAK) if (part := piece.strip())]
    return told_apart(parts) if len(parts) > 1 else whole


def told_apart(parts: Sequence[str]) -> str:
    """Parts of a text that are no number together: not 4 and 100 as 4 100, either."""
    text = " ".join(parts)
    return text if shape(text) is None else " / ".join(parts)


def shared_texts_apart(archive: zipfile.ZipFile, data: bytes) -> dict[int, str]:
    """The workbook's shared texts that must be told apart, by their numbers."""
    if _STRINGS not in archive.namelist():
        return {}
    xml = read_part(archive, _STRINGS, data)
    if not any(mark in xml for mark in MARKS):
        return {}
    walk = _Strings()
    walk_xml(_slices(xml), walk.start, walk.end, walk.rich.text, separator="}")
    return walk.found


def _slices(xml: bytes) -> Iterator[bytes]:
    return (xml[i : i + _SLICE] for i in range(0, len(xml), _SLICE))


class _Strings:
    def __init__(self) -> None:
        self.rich = RichText()
        self.found: dict[int, str] = {}
        self.number = -1
        self.phonetic = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if name == "si":
            self.number += 1
            self.rich.begin()
        elif name == "rPh":
            self.phonetic = True
        elif not self.phonetic:
            self.rich.start(name, attributes)

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        self.rich.end(name)
        if name == "rPh":
            self.phonetic = False
        elif name == "si" and (text := self.rich.told_apart) is not None:
            self.found[self.number] = text
