"""Is a workbook safe to open?  Its archive is measured before any program that trusts it sees it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Container, Iterable, Iterator
from xml.parsers import expat

from expeval.faults import Fault

MAX_UNPACKED = 512 * 2**20  # bytes of all parts together
MAX_RATIO = 200  # unpacked to packed, of parts that unpack to more than RATIO_FROM
RATIO_FROM = 2 * 2**20
WHOLE_RATIO_FROM = 64 * 2**20
MAX_ENTRIES = 5_000
MAX_ROWS, MAX_COLUMNS = 2**20, 2**14  # no spreadsheet has more
MAX_CELLS = 30_000_000  # of the rectangle that holds all cells: readers keep it whole
MAX_DEPTH = 100_000  # of elements in elements: a parser keeps the names of all that are open
MAX_TOKEN = 4 * 2**20  # bytes of one tag: a parser begins anew with every piece of it
_CHUNK = 2**20
_XML = (".xml", ".rels")


class UnsafeWorkbook(Exception):
    """Why a workbook is not opened: a code word and the figure found."""

    def __init__(self, reason: str, found: str, allowed: str | None = None) -> None:
        self.reason = reason
        self.found = found
        self.allowed = allowed
        super().__init__(reason)

    def fault(self, file: str) -> Fault:
        """The same for the person who gave the file."""
        return Fault("workbook-unsafe", file, found=self.found, allowed=self.allowed, details={"why": self.reason})


def check_archive(
    archive: zipfile.ZipFile, data: bytes, max_ratio: int = MAX_RATIO, parsed: Container[str] | None = None
) -> None:
    """Raise :class:`UnsafeWorkbook` for a bomb, an archive inside the archive, or XML with declarations.

    The sizes that the archive declares are checked first, then every part is unpacked piece by piece, since
    a declared size may lie.

    Parameters
    ----------
    archive, data
        The archive and its bytes.
    max_ratio
        Unpacked to packed of all parts together.
    parsed
        The parts that will be parsed, where those are not all: the others may name a document type, as the macros
        that LibreOffice keeps beside a sheet do, but declare nothing either.
    """
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise UnsafeWorkbook("entries", str(len(entries)), str(MAX_ENTRIES))
    declared = sum(entry.file_size for entry in entries)
    _check_size(declared)
    for entry in entries:
        _check_ratio(entry, entry.file_size)
    if declared > WHOLE_RATIO_FROM:
        _refuse_ratio(declared, len(data), max_ratio)
    total = 0
    for entry in entries:
        total += _check_part(entry, data, total, parsed is None or entry.filename in parsed)


def _check_size(size: int) -> None:
    if size > MAX_UNPACKED:
        raise UnsafeWorkbook("unpacked", f"{size // 2**20} MB", f"{MAX_UNPACKED // 2**20} MB")


def _check_ratio(entry: zipfile.ZipInfo, size: int) -> None:
    if size > RATIO_FROM:
        _refuse_ratio(size, entry.compress_size, MAX_RATIO)


def _refuse_ratio(unpacked: int, packed: int, allowed: int) -> None:
    if unpacked > allowed * max(packed, 1):
        raise UnsafeWorkbook("ratio", f"{unpacked // max(packed, 1)} : 1", f"{allowed} : 1")


def _check_part(entry: zipfile.ZipInfo, data: bytes, before: int, parsed: bool) -> int:
    size, checksum = 0, 0

    def pieces() -> Iterator[bytes]:
        nonlocal size, checksum
        for chunk in unpack(entry, data):
            if not size and chunk.startswith(b"PK\x03\x04"):
                raise UnsafeWorkbook("nested", "an archive inside the workbook")
            size += len(chunk)
            checksum = zlib.crc32(chunk, checksum)
            _check_size(before + size)
            _check_ratio(entry, size)
            yield chunk

    if entry.filename.lower().endswith(_XML):
        check_xml(pieces(), may_name_its_type=not parsed)
    else:
        for _ in pieces():
            pass
    if size != entry.file_size:
        raise UnsafeWorkbook("size", "an archive that declares a wrong size")
    if checksum != entry.CRC:
        raise UnsafeWorkbook("damaged", "a damaged archive")
    return size


def check_xml(pieces: Iterable[bytes], may_name_its_type: bool = False) -> None:
    """Raise :class:`UnsafeWorkbook` for XML that is not whole, has declarations of its own or nests without end.

    Readers that follow may take damaged XML for a shorter sheet and say nothing.
    """

    opened = 0

    def refuse(*_: object) -> None:
        raise UnsafeWorkbook("declarations", "XML with its own declarations")

    def count(*_: object) -> None:
        nonlocal opened
        opened += 1

    parser = expat.ParserCreate(intern=None)
    if not may_name_its_type:
        parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    ended: list[str] = []
    parser.EndElementHandler = ended.append
    size = depth = 0
    for piece in pieces:
        if not size and b"\0" in piece[:4]:
            parser.StartElementHandler = count  # of wide letters no byte tells a tag
        elif parser.StartElementHandler is None:
            # Tags are counted where they begin, as a call for each would take longer than the parsing.
            opened = piece.count(b"<") - piece.count(b"</") - piece.count(b"<?")
        size += len(piece)
        _parse(parser, piece, False)
        depth = depth + opened - len(ended)
        opened = 0
        ended.clear()
        if depth > MAX_DEPTH or size - parser.CurrentByteIndex > MAX_TOKEN:
            raise UnsafeWorkbook("nesting", "XML of endless tags")
    _parse(parser, b"", True)


def _parse(parser: expat.XMLParserType, piece: bytes, last: bool) -> None:
    try:
        parser.Parse(piece, last)
    except (expat.ExpatError, ValueError, LookupError):  # the latter two of an encoding that is none
        raise UnsafeWorkbook("damaged", "a damaged workbook") from None


def walk_xml(
    pieces: Iterable[bytes],
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    characters: Callable[[str], None] | None = None,
    separator: str = " ",
) -> None:
    """Parse XML that :func:`check_xml` found harmless, in pieces large enough for its longest tag.

    ``start``, ``end`` and ``characters`` are called with what comes; ``separator`` stands between a name and its
    namespace.
    """
    parser = expat.ParserCreate(namespace_separator=separator, intern={})
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.buffer_text = True
    for piece in pieces:
        _parse(parser, piece, False)
    _parse(parser, b"", True)


def unpack(entry: zipfile.ZipInfo, data: bytes) -> Iterator[bytes]:
    """The content of an archive's part in pieces, whatever size the archive declares."""
    try:
        name, extra = struct.unpack_from("<HH", data, entry.header_offset + 26)
    except struct.error:
        raise UnsafeWorkbook("damaged", "a damaged archive") from None
    start = entry.header_offset + 30 + name + extra
    packed = memoryview(data)[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        yield from (bytes(packed[i : i + _CHUNK]) for i in range(0, len(packed), _CHUNK))
        return
    if entry.compress_type != zipfile.ZIP_DEFLATED or entry.flag_bits & 1:
        raise UnsafeWorkbook("compression", "parts that are encrypted or packed in an unusual way")
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for i in range(0, len(packed), _CHUNK):
            rest: bytes | memoryview = packed[i : i + _CHUNK]
            while chunk := engine.decompress(rest, _CHUNK):
                yield chunk
                rest = engine.unconsumed_tail
    except zlib.error:
        raise UnsafeWorkbook("damaged", "a damaged archive") from None


def read_part(archive: zipfile.ZipFile, name: str, data: bytes, limit: int = MAX_UNPACKED) -> bytes:
    """The content of one part; raises :class:`UnsafeWorkbook` where the archive lacks it or it is beyond a limit."""
    return b"".join(pieces_of(archive, name, data, limit))


def pieces_of(archive: zipfile.ZipFile, name: str, data: bytes, limit: int = MAX_UNPACKED) -> Iterator[bytes]:
    """The content of one part, piece by piece."""
    if name not in archive.NameToInfo:
        raise UnsafeWorkbook("damaged", "a damaged workbook")
    size = 0
    for piece in unpack(archive.getinfo(name), data):
        size += len(piece)
        if size > limit:
            raise UnsafeWorkbook("unpacked", f"more than {limit // 2**20} MB", f"{limit // 2**20} MB")
        yield piece


def open_archive(data: bytes) -> zipfile.ZipFile:
    """The archive of a workbook; raises :class:`UnsafeWorkbook` where it is damaged."""
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError):
        raise UnsafeWorkbook("damaged", "a damaged archive") from None
