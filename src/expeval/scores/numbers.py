"""Text cells to numbers: decimal comma or point, thousands, full-width digits, minus signs."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from enum import IntEnum

from expeval.scores.cells import DATES, ErrorCell, FormulaCell, LabelledCell, MissingCell, Value

LARGEST_WHOLE = 2**53  # beyond it not every whole number is a double
LARGEST = 1e300  # beyond it sums and differences of scores are no doubles any more

_TRANSLATED = str.maketrans("０１２３４５６７８９．，－＋−‒–\u00a0\u202f\u2009\u2007", "0123456789.,-+---    ")
# Signs without a shape, which come along with numbers that were copied from a page: they are no part of a number.
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")
_SPACED = re.compile(r"[+-]?\d{1,3}(?: \d{3})+(?:[.,]\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_INFINITE = re.compile(r"[+-]?(?:inf|infinity|∞|бесконечность)", re.IGNORECASE)
_ERROR = re.compile(r"#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!|ДЕЛ/0!|Н/Д|ИМЯ\?|ПУСТО!|ЧИСЛО!|ССЫЛКА!|ЗНАЧ!)")
_DATE = re.compile(r"(?:\d{1,2}[./]\d{1,2}[./](?:\d\d){1,2}|\d{4}-\d\d-\d\d)(?:[ T]\d\d:\d\d(?::\d\d)?)?", re.ASCII)
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|янв|фев|мар|апр|май|июн|июл|авг|сен|окт|ноя|дек)"
# What a spreadsheet shows, and saves as text, where it took 4.05 as a day of May: 4-May, 04.май, May-04.
_NAMED_DATE = re.compile(rf"\d{{1,2}}[-.]{_MONTH}|{_MONTH}[-.]\d{{2}}", re.ASCII)

# The shapes of a number with one or more signs in it; "3" where the sign may as well set off a thousand.
_SHAPES = {
    "point-thousand": r"[+-]?[1-9]\d{0,2}\.\d{3}",
    "comma-thousand": r"[+-]?[1-9]\d{0,2},\d{3}",
    "point": r"[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?",
    "comma": r"[+-]?(?:\d+,\d*|,\d+)(?:[eE][+-]?\d+)?",
    "grouped-by-point": r"[+-]?\d{1,3}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})",
    "grouped-by-comma": r"[+-]?\d{1,3}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})",
    "whole": r"[+-]?\d+(?:[eE][+-]?\d+)?",
}
# All of them in one look; the first that fits counts.
_SHAPE = re.compile("|".join(f"({pattern})" for pattern in _SHAPES.values()), re.ASCII)
_SHAPE_NAMES = ("", *_SHAPES)
#: which decimal sign a shape proves, where it proves one
PROVES = {"point": ".", "comma": ",", "grouped-by-point": ",", "grouped-by-comma": "."}


class Kind(IntEnum):
    """What a cell holds."""

    EMPTY = 0
    NUMBER = 1
    TEXT = 2
    DATE = 3
    ERROR = 4
    FORMULA = 5
    TOO_LARGE = 6
    NOT_FINITE = 7


#: the fault of a cell where a number must stand
FAULTS = {
    Kind.TEXT: "not-a-number",
    Kind.DATE: "date-in-cell",
    Kind.ERROR: "error-in-cell",
    Kind.FORMULA: "formula-without-value",
    Kind.TOO_LARGE: "integer-too-large",
    Kind.NOT_FINITE: "not-finite",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A cell's kind, its number (NaN where it is none) and what was mended to read it."""

    kind: Kind
    number: float = math.nan
    mended: str | None = None


def shape(text: str) -> str | None:
    """Which form of number a text has, ``None`` where it has none."""
    return _form(_unspaced(_translated(_visible(text))))


def _form(plain: str) -> str | None:
    found = _SHAPE.fullmatch(plain)
    return None if found is None else _SHAPE_NAMES[found.lastindex or 0]


def read_value(value: Value, decimal: str | None) -> Reading:
    """What a cell's value is; ``decimal`` is the file's decimal sign (``None``: either)."""
    if isinstance(value, str):
        return read_text(value, decimal)
    if isinstance(value, LabelledCell):
        return read_value(value.code, decimal)
    if isinstance(value, MissingCell):
        return Reading(Kind.EMPTY)
    if isinstance(value, bool):
        return Reading(Kind.TEXT)
    if isinstance(value, float):
        if not abs(value) <= LARGEST:
            return Reading(Kind.NOT_FINITE)
        # A spreadsheet keeps fifteen digits: a whole number beyond 2**53 is no longer the one that was typed.
        too_large = LARGEST_WHOLE < abs(value) < 1e21 and value.is_integer()
        return Reading(Kind.TOO_LARGE) if too_large else Reading(Kind.NUMBER, value)
    if isinstance(value, ErrorCell):
        return Reading(Kind.ERROR)
    if isinstance(value, FormulaCell):
        return Reading(Kind.FORMULA)
    return Reading(Kind.DATE if isinstance(value, DATES) else Kind.TEXT)


def read_text(text: str, decimal: str | None) -> Reading:
    """What a text cell is.

    >>> read_text("1\u202f234,5", ",").number
    1234.5
    >>> read_text("1.234", ",").number, read_text("1.234", ".").number
    (1234.0, 1.234)
    >>> read_text("5-", None).kind.name
    'TEXT'
    """
    bare = _visible(text)
    if not bare:
        return Reading(Kind.EMPTY)
    translated = _translated(bare)
    plain = _unspaced(translated)
    form = _form(plain)
    if form is None:
        return Reading(_kind_of_word(bare))
    pointed = _point(plain, form, decimal)
    if is_too_large(pointed.partition(".")[0]):
        return Reading(Kind.TOO_LARGE)
    number = float(pointed)
    if not abs(number) <= LARGEST:
        return Reading(Kind.NOT_FINITE)
    return Reading(Kind.NUMBER, number, _mended(text, bare, translated, plain, form, decimal))


def is_too_large(plain: str) -> bool:
    """Whether a text is a whole number that no double may hold exactly, however many digits it has."""
    if not _WHOLE.fullmatch(plain):
        return False
    digits = plain.lstrip("+-").lstrip("0")
    return len(digits) > len(str(LARGEST_WHOLE)) or int(digits or "0") > LARGEST_WHOLE


def _translated(bare: str) -> str:
    return bare if bare.isascii() else bare.translate(_TRANSLATED).strip()


def _visible(text: str) -> str:
    """A text without the signs that have no shape, and without the spaces around it."""
    return text.strip() if text.isascii() else _INVISIBLE.sub("", text).strip()


def _unspaced(text: str) -> str:
    return text.replace(" ", "") if " " in text and _SPACED.fullmatch(text) else text


def _kind_of_word(bare: str) -> Kind:
    if _INFINITE.fullmatch(bare):
        return Kind.NOT_FINITE
    if _ERROR.fullmatch(bare):
        return Kind.ERROR
    dated = _NAMED_DATE.fullmatch(bare.lower()) or (_DATE.fullmatch(bare) and _is_date(bare))
    return Kind.DATE if dated else Kind.TEXT


def _is_date(text: str) -> bool:
    parts = [int(part) for part in re.split(r"[ T]", text)[0].replace("/", ".").replace("-", ".").split(".")]
    year, month, day = parts if parts[0] > 31 else parts[::-1]
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def _point(plain: str, form: str, decimal: str | None) -> str:
    """The number with a decimal point and without thousands."""
    if form == "grouped-by-point" or (form == "point-thousand" and decimal == ","):
        return plain.replace(".", "").replace(",", ".")
    if form == "grouped-by-comma" or (form == "comma-thousand" and decimal == "."):
        return plain.replace(",", "")
    return plain.replace(",", ".")


def _mended(text: str, bare: str, translated: str, plain: str, form: str, decimal: str | None) -> str | None:
    thousand = {"point-thousand": ",", "comma-thousand": "."}.get(form)
    if plain != translated or form.startswith("grouped") or thousand == (decimal or "none"):
        return "thousands separators"
    if not bare.isascii() and any("０" <= letter <= "９" for letter in bare):
        return "full-width digits"
    if decimal and PROVES.get(form, decimal) != decimal:
        return "decimal signs"
    return "spaces around numbers" if text != bare else None
