"""From the names in the study file to open files: globs, formats by content, hashes before and after."""

from __future__ import annotations

import glob
import hashlib
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from expeval.faults import Fault, nearest
from expeval.scores.settings import OpenFile, Reader, Settings, Unreadable

MAX_BYTES = 2**30  # of one file of scores
COMPARED_BYTES = 2**20  # at once, when a file is looked at again
SHOWN_FILES = 5
_OF_STUDIES = (".toml", ".lock.json")  # what a glob may match beside data: study files and their locked plans
_OF_RESULTS = ("results.json", "bundle.json")
READABLE = "CSV, TSV, XLSX, ODS, HTML table, XML spreadsheet 2003, Parquet, SPSS (.sav, .zsav), Stata (.dta)"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that the study names: where it is, and its name relative to the study file."""

    path: Path
    name: str


#: format -> its reader, as module and name: most studies need one of them, and it loads when it is needed.  A format
#: without a reader is refused with the words below, which name it.
READERS: dict[str, tuple[str, str]] = {
    "text": ("delimited", "DelimitedFile"),
    "workbook": ("spreadsheet", "Workbook"),
    "ods": ("opendocument", "OpenDocument"),
    "html": ("html_table", "HtmlTables"),
    "xml-spreadsheet": ("xml_spreadsheet", "XmlSpreadsheet"),
    "parquet": ("columnar", "ParquetFile"),
    "spss": ("labelled", "open_spss"),
    "stata": ("labelled", "open_stata"),
}
NOT_YET = {
    "flat-ods": "flat OpenDocument (.fods)",
    "xlsb": "binary workbook (.xlsb)",
    "xls": "old workbook (.xls)",
    "encrypted": "workbook with a password",
    "pdf": "PDF",
    "archive": "archive",
    "document": "text document or slides (.docx, .pptx)",
}


def find_files(folder: Path, pattern: str) -> list[FoundFile]:
    """The files that a name or glob of the study file stands for, sorted; raises :class:`Unreadable`."""
    path = folder / pattern
    try:
        if path.is_dir():
            raise Unreadable(Fault("file-is-folder", pattern, found=pattern))
        if path.exists():
            return [FoundFile(path, _relative(path, folder))]
        if any(sign in pattern for sign in "*?["):
            return _matches(folder, pattern)
        names = sorted(other.name for other in path.parent.iterdir() if other.is_file())
        # Some systems write й as и and its breve: the same name to whoever reads it.
        same = [name for name in names if _composed(name) == _composed(path.name)]
        if len(same) == 1:
            return [FoundFile(path.with_name(same[0]), _relative(path.with_name(same[0]), folder))]
        near = nearest(path.name, names)
    except PermissionError:
        raise Unreadable(Fault("file-unreadable", pattern, found="no permission")) from None
    except (OSError, ValueError):  # the folder is missing too, or the name can't be one
        near = None
    raise Unreadable(Fault("file-missing", pattern, found=pattern, nearest=near))


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _matches(folder: Path, pattern: str) -> list[FoundFile]:
    names = sorted(glob.glob(os.path.join(glob.escape(str(folder)), pattern), recursive=True))
    # "~$name.xlsx" is what Excel leaves beside a workbook that is open.
    found = [Path(name) for name in names if not os.path.isdir(name) and not os.path.basename(name).startswith("~$")]
    paths = [path for path in found if not path.name.lower().endswith(_OF_STUDIES)]
    if not paths:
        besides = ", ".join(_relative(path, folder) for path in found[:SHOWN_FILES])
        raise Unreadable(Fault("glob-empty", pattern, found=pattern, details={"besides": besides or None}))
    if written := [path for path in paths if _was_written(path, folder)]:
        # Students of a bundle have other identifiers than the same students in the data: they would count twice.
        shown = [_relative(path, folder) for path in written[:SHOWN_FILES]]
        more = ["…"] if len(written) > SHOWN_FILES else []
        raise Unreadable(Fault("glob-of-results", pattern, found=", ".join([*shown, *more])))
    return [FoundFile(path, _relative(path, folder)) for path in paths]


def _was_written(path: Path, folder: Path) -> bool:
    """Whether a file stands in a report or in an unpacked bundle, which the study's own folder may be."""
    here = Path(os.path.abspath(folder))
    for place in Path(os.path.abspath(path)).parents:
        if place == here or place in here.parents:
            return False
        if (place / "manifest.json").is_file() and any((place / name).is_file() for name in _OF_RESULTS):
            return True
    return False


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def read_bytes(file: FoundFile) -> bytes:
    """A file's content; raises :class:`Unreadable` where it is too large, empty or not to be read."""
    try:
        if not file.path.is_file():
            raise Unreadable(Fault("file-unreadable", file.name, found="no regular file"))
        size = file.path.stat().st_size
        if size > MAX_BYTES:
            found, allowed = f"{size / 2**20:.0f} MB", f"{MAX_BYTES // 2**20} MB"
            raise Unreadable(Fault("file-too-large", file.name, found=found, allowed=allowed))
        data = file.path.read_bytes()
    except PermissionError:
        raise Unreadable(Fault("file-unreadable", file.name, found="no permission")) from None
    except OSError as error:
        raise Unreadable(Fault("file-unreadable", file.name, found=error.strerror)) from None
    if not data:
        raise Unreadable(Fault("file-empty", file.name))
    return data


def digest(data: bytes) -> str:
    """SHA-256 of a file's content."""
    return hashlib.sha256(data).hexdigest()


def check_unchanged(file: FoundFile, data: bytes) -> list[Fault]:
    """A fault where the file is no longer what was read, byte by byte."""
    try:
        with file.path.open("rb") as now:
            at, same = 0, True
            while same and (piece := now.read(COMPARED_BYTES)):
                same = data.startswith(piece, at)
                at += len(piece)
            same = same and at == len(data)
    except OSError:
        same = False
    return [] if same else [Fault("file-changed", file.name)]


def open_file(file: FoundFile, data: bytes, settings: Settings, wanted: Sequence[str]) -> OpenFile:
    """Open a file with the reader that its content asks for, whatever its name says."""
    form = sniff(data, file.path.suffix.lower())
    if form not in READERS:
        raise Unreadable(Fault("format-unsupported", file.name, found=NOT_YET[form], allowed=READABLE))
    return reader_of(form)(data, settings, wanted, file.name)


def reader_of(form: str) -> Reader:
    """The reader of a format."""
    module, name = READERS[form]
    reader: Reader = getattr(import_module(f"expeval.scores.{module}"), name)
    return reader


def sniff(data: bytes, suffix: str) -> str:
    """The format of a file's content: a key of :data:`READERS` or :data:`NOT_YET`."""
    head = data[:4096]
    if head.startswith(b"PK\x03\x04"):
        return _sniff_archive(data)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "encrypted" if "EncryptedPackage".encode("utf-16-le") in data else "xls"
    marks = {b"PAR1": "parquet", b"$FL2": "spss", b"$FL3": "spss", b"<stata_dta>": "stata", b"%PDF": "pdf"}
    marks |= {b"\x1f\x8b": "archive", b"7z\xbc\xaf": "archive", b"Rar!": "archive"}
    for mark, form in marks.items():
        if head.startswith(mark):
            return form
    # Stata up to version 12: release (102 to 115), order of bytes, and a 1.
    if len(head) > 2 and 102 <= head[0] <= 115 and head[1] in (1, 2) and head[2] == 1:
        return "stata"
    return _sniff_markup(head)


_TAGS = ("<html", "<!doctype html", "<table", "<meta", "<head", "<body", "<style", "<div", "<center")


def _sniff_markup(head: bytes) -> str:
    """HTML by its first tag, in any encoding that Excel and grade books write; XML spreadsheets by their names."""
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16" if wide else "latin-1", "ignore").lower()
    start = text.lstrip("ï»¿\ufeff \t\r\n")
    while start.startswith("<!--") and "-->" in start:
        start = start.partition("-->")[2].lstrip()
    if start.startswith(("<?xml", "<office:document", "<workbook")):
        if "urn:schemas-microsoft-com:office:spreadsheet" in start:
            return "xml-spreadsheet"
        if "opendocument:xmlns:office" in start:
            return "flat-ods"
        start = start.partition("?>")[2].lstrip()
    return "html" if start.startswith(_TAGS) else "text"


_OF_OFFICE = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"word/", b"ppt/")


def _sniff_archive(data: bytes) -> str:
    # Names stand in clear in an archive's directory at its end; the readers check the archive itself.
    directory = data[max(0, len(data) - 2**20) :]
    if b"xl/workbook.bin" in directory:
        return "xlsb"
    if b"xl/workbook.xml" in directory:
        return "workbook"
    if b"opendocument.spreadsheet" in data[:200]:
        return "ods"
    # Without its end, where the directory stands, a workbook is told to be damaged.
    if b"xl/worksheets/" in data:
        return "workbook"
    if data.startswith(_OF_OFFICE, 30):  # the name of its first member
        return "document" if b"word/" in data or b"ppt/" in data else "workbook"
    return "archive"
