"""What a text file leaves open: encoding, delimiter, decimal sign; found from its content or asked for."""

from __future__ import annotations

import codecs
import contextlib
import csv
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from expeval.scores.numbers import shape
from expeval.scores.spelling import find_columns, look_alike

DELIMITERS = (",", ";", "\t", "|")
SAMPLE = 200_000  # characters that the detection looks at
SAMPLE_RECORDS = 40
MOST_BROKEN = 20  # places that are told, of a text in UTF-8 with bytes that are no letter
LEAST_WHOLE = 3  # letters beyond ASCII for each of them
PIECE = 2**20  # bytes that are decoded at once

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins with the mark of utf-16-le
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CYRILLIC = ("cp1251", "koi8-r", "mac-cyrillic", "cp866")
_CANDIDATES = (*CYRILLIC, "cp1252")
_BROKEN = re.compile("[\udc80-\udcff]")  # a byte that is no letter, as "surrogateescape" decodes it
_NON_ASCII_WORD = re.compile(r"[^\s,;|\"'.:()/<>=+\-_\d]*[^\x00-\x7f][^\s,;|\"'.:()/<>=+\-_\d]*")
# A no-break space that a cell begins with, and the word after it.
_INDENTED = re.compile(r"(?<![^;,|\"\t\r\n])\u00a0[^\s,;|\"'.:()/<>=+\-_\d]+")
# Ў is half a vowel: it stands after a vowel and never before one.
_SHORT_U = re.compile("ў[аеёиіоуыэюя]", re.IGNORECASE)
# Shares of the letters а, б, в ... я in Russian text, per thousand (Russian National Corpus; ё counted with е).
_SHARES = (80, 16, 45, 17, 30, 85, 9, 16, 74, 12, 35, 44, 32, 67, 110, 28, 47, 55, 63, 26, 3, 10, 5, 14, 7, 4, 0.4)
_LOG_SHARE: dict[str, float] = {
    letter: math.log(share / 1000) for letter, share in zip("абвгдежзийклмнопрстуфхцчшщъ", _SHARES, strict=True)
} | {letter: math.log(share / 1000) for letter, share in {"ы": 19, "ь": 17, "э": 3, "ю": 6, "я": 20}.items()}
_NO_LETTER = -9.0  # of a sign inside a word
_STRANGER = -14.0  # of a letter that Russian lacks: one in a million
ENOUGH = math.log(1000)  # how much likelier one encoding must be before the other is no longer asked about

_ORDINARY_SIGNS = set("«»„“”–—№…€§°±×’‘·\u00a0")
_QUOTES = {"«": "»", "“": "”", "„": "“”", "‘": "’"}  # what opens: what may close it
_BOX_OR_CONTROL = re.compile(r"[\x80-\x9f\u2500-\u25ff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text in UTF-8 and the encoding it was in; ``unclear`` names the encodings that fit equally well."""

    data: bytes
    encoding: str
    marked: bool = False
    unclear: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The whole text."""
        return self.data.decode("utf-8", "surrogatepass")

    def begins(self, letters: int) -> str:
        """The text's first letters."""
        return self.data[: 4 * letters].decode("utf-8", "ignore")[:letters]


def decode(data: bytes, encoding: str | None, wanted: Sequence[str]) -> Decoded | None:
    """Decode a text file, ``None`` where the encoding that was named doesn't fit.

    Without a name: the byte order mark, else UTF-8 if the bytes are valid, else the Cyrillic or Western
    encoding in which the columns of the study exist and the words look like words.
    """
    marked = any(data.startswith(mark) for mark, _ in _MARKS)
    if encoding is not None:
        return _decode_as(data, encoding, marked)
    for mark, name in _MARKS:
        if data.startswith(mark):
            decoded = _decode_as(data, name, marked)
            return decoded if decoded is None or name == "utf-8" else Decoded(decoded.data, name[:-3], marked)
    unmarked = _unmarked_utf16(data)
    if unmarked is not None:
        return unmarked
    return _decode_as(data, "utf-8", marked) or _decode_legacy(data, wanted)


def broken_lines(data: bytes, decoded: Decoded | None, named: str | None) -> list[int]:
    """The lines in which UTF-8 is broken by single bytes, where a text is in UTF-8 for the rest of it.

    ``decoded`` is what :func:`decode` made of it, with the encoding that was ``named``: letter by letter such a text
    also is one of an encoding with a byte a letter, but none that anybody wrote.
    """
    if (named or "utf-8").lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
        return []
    if decoded is not None and decoded.encoding not in _CANDIDATES:
        return []
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    ending = "\n" if b"\n" in data else "\r"
    lines: list[int] = []
    line, beyond, broken = 1, 0, 0  # letters beyond ASCII, broken ones among them
    for start in range(0, len(data), PIECE):
        text = decoder.decode(data[start : start + PIECE], start + PIECE >= len(data))
        if not text.isascii():
            beyond += len(text) - len(text.encode("ascii", "ignore"))
            found = [] if _is_whole(text) else [place.start() for place in _BROKEN.finditer(text)]
            broken += len(found)
            lines += [line + text.count(ending, 0, place) for place in found[: MOST_BROKEN - len(lines)]]
        line += text.count(ending)
        if len(lines) >= MOST_BROKEN and beyond < (LEAST_WHOLE + 1) * broken:
            return []
    return sorted(set(lines)) if broken and beyond >= (LEAST_WHOLE + 1) * broken else []


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _decode_as(data: bytes, encoding: str, marked: bool) -> Decoded | None:
    try:
        name = codecs.lookup(encoding).name
        if name in ("utf-8", "ascii"):
            _check(data, name)
            return Decoded(data.removeprefix(_MARKS[0][0]), encoding, marked)
        return Decoded(_in_utf8(data, encoding).removeprefix(_MARKS[0][0]), encoding, marked)
    except (LookupError, ValueError):
        return None


def _check(data: bytes, encoding: str) -> None:
    """Raise ``UnicodeDecodeError`` where bytes are not valid, without a text of the whole file."""
    if not data.isascii():
        decoder = codecs.getincrementaldecoder(encoding)()
        for start in range(0, len(data), PIECE):
            decoder.decode(data[start : start + PIECE], start + PIECE >= len(data))


def _in_utf8(data: bytes, encoding: str) -> bytes:
    decoder = codecs.getincrementaldecoder(encoding)()
    pieces = (decoder.decode(data[at : at + PIECE], at + PIECE >= len(data)) for at in range(0, len(data), PIECE))
    return b"".join(piece.encode("utf-8", "surrogatepass") for piece in pieces)


def _unmarked_utf16(data: bytes) -> Decoded | None:
    """UTF-16 without its mark: every other byte of ASCII text is zero, of what stands between cells at the least."""
    head = data[:2000]
    if len(head) < 4 or b"\0" not in head:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) < len(head) // 50 or min(even, odd) > max(even, odd) // 10:
        return None
    decoded = _decode_as(data, "utf-16-le" if odd > even else "utf-16-be", False)
    begins = decoded.begins(500) if decoded is not None else ""
    readable = all(sign.isprintable() or sign in "\t\r\n" for sign in begins)
    return decoded if readable and any(sign in begins for sign in ("\n", "\r", *DELIMITERS)) else None


def _decode_legacy(data: bytes, wanted: Sequence[str]) -> Decoded | None:
    """One of the encodings with a byte a letter; the letters that occur tell which of them can be meant at all."""
    occurring = bytes(letter for letter in range(128, 256) if letter in data)
    letters = {name: decoded.text for name in _CANDIDATES if (decoded := _decode_as(occurring, name, False))}
    if not letters:
        return None
    samples = {name: data[:SAMPLE].decode(name) for name in letters}
    named = {name: _holds(sample, wanted) for name, sample in samples.items()}
    best = [name for name in letters if named[name] == max(named.values())]
    strange = {name: strangeness(samples[name], name in CYRILLIC) for name in best}
    best = [name for name in best if strange[name] == min(strange.values())]
    unlike = {name: unlikeliness(samples[name]) for name in best}
    best = [name for name in best if unlike[name] == min(unlike.values())]
    if len(best) > 1 and set(best) <= set(CYRILLIC):
        likely = {name: likelihood(samples[name]) for name in best}
        best = [name for name in best if likely[name] > max(likely.values()) - ENOUGH]
    unclear = tuple(name for name in best if letters[name] != letters[best[0]])
    return Decoded(_in_utf8(data, best[0]), best[0], unclear=(best[0], *unclear) if unclear else ())


def _holds(sample: str, wanted: Sequence[str]) -> int:
    """How many of the study's words with letters beyond ASCII a text holds, look-alike letters aside."""
    folded = look_alike(sample)
    return sum(look_alike(want) in folded for want in wanted if not want.isascii())


def strangeness(sample: str, cyrillic: bool) -> float:
    """Share of the different non-ASCII words that no language spells so: 0 in the right encoding."""
    words = set(_NON_ASCII_WORD.findall(sample))
    return sum(_strange(word, cyrillic) for word in words) / len(words) if words else 0.0


def likelihood(sample: str) -> float:
    """Log-likelihood of the different Russian words of a text, letter by letter; capitals alone are rarer."""
    words: set[str] = set(_NON_ASCII_WORD.findall(sample))
    letters = "".join(words).lower().replace("ё", "е")
    capitals = sum(len(word) > 1 and word.isupper() for word in words)
    shares = (_LOG_SHARE.get(letter, _STRANGER if letter.isalpha() else _NO_LETTER) for letter in letters)
    return math.fsum(shares) - 2.3 * capitals


def unlikeliness(sample: str) -> float:
    """Share of the different non-ASCII words that nobody writes so, although their letters are those of a language.

    In the wrong encoding capitals become quotation marks and dashes ("«ина" for "Зина"), small letters become
    signs ("мужска€") or spaces that cells begin with.
    """
    words = set(_NON_ASCII_WORD.findall(sample))
    indented = set(_INDENTED.findall(sample))
    opened = tuple(sign for sign, closing in _QUOTES.items() if not any(other in sample for other in closing))
    odd = sum(word in indented or word.startswith(opened) or not _is_written(word) for word in words)
    return odd / len(words) if words else 0.0


def _is_written(word: str) -> bool:
    """Whether signs stand where they do in a text, and letters have one of the three forms of case."""
    bare = word.lstrip("«“„‘\u00a0").rstrip("»”“’…\u00a0")
    if not any(letter.isalpha() for letter in bare):
        return bool(bare)  # a dash or № may stand alone, a quotation mark does not
    parts = re.split("[’‘\u00a0–—·]", bare)
    return all(part.isalpha() and part in (part.lower(), part.upper(), part.capitalize()) for part in parts) and not (
        _SHORT_U.search(word)
    )


def _strange(word: str, cyrillic: bool) -> bool:
    if _BOX_OR_CONTROL.search(word):
        return True
    letters = [letter for letter in word if letter.isalpha()]
    if any(not (letter.isalpha() or letter.isascii() or letter in _ORDINARY_SIGNS) for letter in word):
        return True
    # A capital after a small letter inside a word: koi8-r read as cp1251 swaps the case of every letter.
    if any(a.islower() and b.isupper() for a, b in pairwise(word)):
        return True
    foreign = [not letter.isascii() for letter in letters]
    if cyrillic:
        unusual = any(not ("а" <= letter.lower() <= "я" or letter.lower() in "ёіїєґў") for letter in letters)
        return unusual or not all(foreign)
    # Western words have single letters with accents between plain ones.
    return (all(foreign) and bool(foreign)) or any(a and b for a, b in pairwise(foreign))


@dataclass(frozen=True, slots=True)
class Delimited:
    """The delimiter of a text, and those that fit as well."""

    delimiter: str
    unclear: tuple[str, ...] = ()


def detect_delimiter(text: str, wanted: Sequence[str]) -> Delimited:
    """The delimiter under which the study's columns exist and the records have one length."""
    sample = text[:SAMPLE]
    scores = {delimiter: _fit(sample, delimiter, wanted) for delimiter in DELIMITERS}
    best = max(scores.values())
    fits = [delimiter for delimiter in DELIMITERS if scores[delimiter] == best]
    if best[1] == 0:
        # The names stand in one line all the same: what separates them is none of the signs that are tried.
        lines = sample.splitlines()[:SAMPLE_RECORDS]
        asked = len(wanted) > 1 and any(all(want in line for want in wanted) for line in lines)
        return Delimited(",", ("",) if asked else ())
    return Delimited(fits[0], tuple(fits) if len(fits) > 1 else ())


def names_found(sample: str, delimiter: str, wanted: Sequence[str]) -> int:
    """How many wanted columns a record holds, where a sign separates the cells."""
    return _fit(sample, delimiter, wanted)[0]


def _fit(sample: str, delimiter: str, wanted: Sequence[str]) -> tuple[int, float]:
    """How many wanted columns a record holds, and how alike the records' lengths are (0: one column)."""
    records = sample_records(sample, delimiter)
    found = max((find_columns(record, wanted).found for record in records[:30]), default=0)
    lengths = Counter(len(record) for record in records if any(cell.strip() for cell in record))
    length, times = max(lengths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
    return found, times / lengths.total() if length > 1 else 0.0


def sample_records(sample: str, delimiter: str) -> list[list[str]]:
    """The first records of a text, the last one left out where the sample may have cut it."""
    records: list[list[str]] = []
    # A field beyond the module's limit ends the sample: what came before it is enough.
    with contextlib.suppress(csv.Error):
        records.extend(islice(csv.reader(sample.splitlines(keepends=True), delimiter=delimiter), SAMPLE_RECORDS))
    return records[:-1] if len(sample) >= SAMPLE and 1 < len(records) < SAMPLE_RECORDS else records


@dataclass(frozen=True, slots=True)
class DecimalSign:
    """The decimal sign of a file; ``asked`` are the texts that leave it open, ``against`` one that contradicts them."""

    sign: str | None
    asked: frozenset[str] = frozenset()
    against: str | None = None


def detect_decimal(texts: Iterable[str], point_seen: bool, delimiter: str | None) -> DecimalSign:
    """The decimal sign that the number columns of a file prove.

    ``texts`` are the distinct text cells of its number columns, ``point_seen`` says that a column of plain
    numbers already holds decimal points.  Asked: both signs in one file, and 1.234 or 1,234 where nothing
    else says whether the sign sets off a thousand.
    """
    forms: dict[str, list[str]] = {}
    for text in texts:
        if (form := shape(text)) not in (None, "whole"):
            forms.setdefault(str(form), []).append(text)
    commas = forms.get("comma", []) + forms.get("grouped-by-point", [])
    points = forms.get("point", []) + forms.get("grouped-by-comma", [])
    if commas and (points or point_seen):
        fewer, more = (points, commas) if points and len(points) <= len(commas) else (commas, points)
        return DecimalSign(None, frozenset(fewer), more[0] if more else None)
    if commas or points or point_seen:
        sign = "," if commas else "."
        return _thousands(sign, forms, next(iter(commas or points), None))
    return _nothing_proved(forms, delimiter)


def _thousands(sign: str, forms: dict[str, list[str]], example: str | None) -> DecimalSign:
    other, grouped = ("point", "grouped-by-point") if sign == "," else ("comma", "grouped-by-comma")
    maybe = forms.get(f"{other}-thousand", [])
    if maybe and not forms.get(grouped):
        return DecimalSign(sign, frozenset(maybe), example)
    return DecimalSign(sign)


def _nothing_proved(forms: dict[str, list[str]], delimiter: str | None) -> DecimalSign:
    """Only 1.234 or 1,234: the delimiter tells what the program that wrote the file uses."""
    points, commas = forms.get("point-thousand", []), forms.get("comma-thousand", [])
    if not points and not commas:
        return DecimalSign(None)
    if commas and not points and delimiter == ";":
        return DecimalSign(",")
    if points and not commas and delimiter == ",":
        return DecimalSign(".")
    return DecimalSign(None, frozenset(points + commas))
