"""Is a workbook safe to open?  Its archive is measured before any program that trusts it sees it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from xml.parsers import expat

from expeval.faults import Fault

MAX_UNPACKED = 512 * 2**20  # bytes of all parts together
MAX_RATIO = 200  # unpacked to packed, of parts that unpack to more than RATIO_FROM
RATIO_FROM = 10 * 2**20
MAX_ENTRIES = 5_000
MAX_CELLS = 30_000_000  # of the rectangle that holds all cells: readers keep it whole
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


def check_archive(archive: zipfile.ZipFile, data: bytes) -> None:
    """Raise :class:`UnsafeWorkbook` for a bomb, an archive inside the archive, or XML with declarations.

    The sizes that the archive declares are checked first, then every part is unpacked piece by piece, since
    a declared size may lie.
    """
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise UnsafeWorkbook("entries", str(len(entries)), str(MAX_ENTRIES))
    _check_size(sum(entry.file_size for entry in entries))
    for entry in entries:
        _check_ratio(entry, entry.file_size)
    total = 0
    for entry in entries:
        total += _check_part(entry, data, total)


def _check_size(size: int) -> None:
    if size > MAX_UNPACKED:
        raise UnsafeWorkbook("unpacked", f"{size // 2**20} MB", f"{MAX_UNPACKED // 2**20} MB")


def _check_ratio(entry: zipfile.ZipInfo, size: int) -> None:
    if size > RATIO_FROM and size > MAX_RATIO * max(entry.compress_size, 1):
        raise UnsafeWorkbook("ratio", f"{size // max(entry.compress_size, 1)} : 1", f"{MAX_RATIO} : 1")


def _check_part(entry: zipfile.ZipInfo, data: bytes, before: int) -> int:
    size, checksum, first = 0, 0, True
    parser = _strict_parser() if entry.filename.lower().endswith(_XML) else None
    for chunk in unpack(entry, data):
        if first and chunk.startswith(b"PK\x03\x04"):
            raise UnsafeWorkbook("nested", "an archive inside the workbook")
        first = False
        size += len(chunk)
        checksum = zlib.crc32(chunk, checksum)
        _check_size(before + size)
        _check_ratio(entry, size)
        _parse(parser, chunk, False)
    _parse(parser, b"", True)
    if size != entry.file_size:
        raise UnsafeWorkbook("size", "an archive that declares a wrong size")
    if checksum != entry.CRC:
        raise UnsafeWorkbook("damaged", "a damaged archive")
    return size


def _strict_parser() -> expat.XMLParserType:
    """A parser that only looks whether XML is whole, and stops at the first declaration of its own."""

    def refuse(*_: object) -> None:
        raise UnsafeWorkbook("declarations", "XML with its own declarations")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser


def _parse(parser: expat.XMLParserType | None, chunk: bytes, last: bool) -> None:
    """Readers that follow may take damaged XML for a shorter sheet and say nothing."""
    if parser is None:
        return
    try:
        parser.Parse(chunk, last)
    except expat.ExpatError:
        raise UnsafeWorkbook("damaged", "a damaged workbook") from None


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
        rest: bytes | memoryview = packed
        while chunk := engine.decompress(rest, _CHUNK):
            yield chunk
            rest = engine.unconsumed_tail
    except zlib.error:
        raise UnsafeWorkbook("damaged", "a damaged archive") from None


def read_part(archive: zipfile.ZipFile, name: str, data: bytes) -> bytes:
    """The content of one part; raises :class:`UnsafeWorkbook` where the archive lacks it."""
    try:
        return b"".join(unpack(archive.getinfo(name), data))
    except KeyError:
        raise UnsafeWorkbook("damaged", "a damaged workbook") from None


def open_archive(data: bytes) -> zipfile.ZipFile:
    """The archive of a workbook; raises :class:`UnsafeWorkbook` where it is damaged."""
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError):
        raise UnsafeWorkbook("damaged", "a damaged archive") from None
