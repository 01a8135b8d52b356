"""Numbers in the addresses of pages: as long as an upload's or a link's can be, so that no other reaches a page."""

from __future__ import annotations

from starlette.convertors import IntegerConvertor, register_url_convertor


class ShortNumber(IntegerConvertor):
    """A whole number of at most nine digits: longer ones are no number of ours, and some are too long for Python."""

    regex = "[0-9]{1,9}"


def short_numbers() -> None:
    """Let ``{number:int}`` in the routes made from now on be a short number."""
    register_url_convertor("int", ShortNumber())
