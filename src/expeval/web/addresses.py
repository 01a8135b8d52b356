"""Numbers in addresses and forms: as long as an upload's or a link's can be, so that no other reaches a page."""

from __future__ import annotations

from starlette.convertors import IntegerConvertor, register_url_convertor


class ShortNumber(IntegerConvertor):
    """A whole number of at most nine digits: longer ones are no number of ours, and some are too long for Python."""

    regex = "[0-9]{1,9}"


def short_numbers() -> None:
    """Let ``{number:int}`` in the routes made from now on be a short number."""
    register_url_convertor("int", ShortNumber())


def short_number(text: str) -> int | None:
    """The short number that a field of a form says; ``None`` for every other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
