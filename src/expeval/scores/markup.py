"""HTML to tags and texts, in time that grows with its length alone.

The parsers that Python and its libraries bring take minutes for a megabyte of tags that never end, or stop at the
first oddity and leave out the rows below.  This one follows the tokens of the HTML standard (WHATWG, section 13.2.5):
what is no tag is text, and every tag ends at its ``>``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

_NAME = re.compile(r"/?[A-Za-z][^\s/>]*")
# The end of a tag, or an attribute with its value if it has one.  A quote without its partner is looked for once only:
# the standard lets it run to the end of the page, which would swallow rows, so it is taken for a letter.
_ATTRIBUTE = re.compile(r"""[\s/]*(?:>|([^\s/>][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?)""")
_RAW = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style", "title", "textarea")}
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9A-Fa-f]{9,};?")  # stands for no character


class Tag(NamedTuple):
    """A tag that opens or closes, its name in small letters, with the attributes that were asked for."""

    name: str
    opens: bool
    attributes: dict[str, str]


def tokens(text: str, wanted: Collection[str]) -> Iterator[Tag | str]:
    """The tags and texts of a page in their order; comments, scripts and styles are neither."""
    place = 0
    while place < len(text):
        begin = text.find("<", place)
        if begin < 0:
            yield plain(text[place:])
            return
        name = _NAME.match(text, begin + 1)
        if name is None and text[begin + 1 : begin + 2] not in ("!", "?", "/"):
            yield plain(text[place : begin + 1])  # a sign, as in "a < b"
            place = begin + 1
            continue
        if begin > place:
            yield plain(text[place:begin])
        if name is None:
            place = _after_remark(text, begin)
            continue
        tag, place, closed = _tag(text, name, wanted)
        if tag is None:
            return
        yield tag
        if tag.opens and tag.name in _RAW and not closed:
            end = _RAW[tag.name].search(text, place)
            if tag.name == "textarea":
                yield plain(text[place : end.start() if end else len(text)])
            place = end.start() if end else len(text)


def plain(text: str) -> str:
    """Text with its references (``&nbsp;``, ``&#1103;``) replaced."""
    return html.unescape(_LONG_REFERENCE.sub("\ufffd", text)) if "&" in text else text


def _after_remark(text: str, begin: int) -> int:
    """Where a comment, a declaration or an instruction ends."""
    mark = "-->" if text.startswith("<!--", begin) else ">"
    end = text.find(mark, begin + 2)
    return len(text) if end < 0 else end + len(mark)


def _tag(text: str, name: re.Match[str], wanted: Collection[str]) -> tuple[Tag | None, int, bool]:
    """A tag, the place after it, and whether it closes itself (``<script/>``); no tag where the page ends within it."""
    word = name[0]
    tag = Tag(word.lstrip("/").lower(), word[0] != "/", {})
    place = name.end()
    if text.startswith(">", place):
        return tag, place + 1, False
    while attribute := _ATTRIBUTE.match(text, place):
        place = attribute.end()
        if attribute[1] is None:
            return tag, place, text[place - 2] == "/"
        if (key := attribute[1].lower()) in wanted and key not in tag.attributes:
            value = next((part for part in attribute.groups()[1:] if part is not None), "")
            tag.attributes[key] = plain(value)
    return None, place, False
