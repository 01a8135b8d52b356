"""Archives with the same bytes for the same content, and their unpacking when somebody else made them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

MAX_ENTRIES = 5_000
MAX_UNPACKED = 2**31  # bytes of all files together
MAX_RATIO = 500
_TIME = (1980, 1, 1, 0, 0, 0)  # the first one that the format knows
_CHUNK = 2**20


class UnsafeArchive(Exception):
    """An archive that is not unpacked; the message says why, as the end of a sentence."""


def packed(files: Mapping[str, bytes]) -> bytes:
    """A ZIP archive of files, in the order of their names, without times and owners."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, files[name])
    return out.getvalue()


def unpacked(path: Path) -> dict[str, bytes]:
    """The files of an archive by name, kept in memory: nothing in it decides where anything is written.

    Raises
    ------
    UnsafeArchive
        For names that lead out of the archive, links, two files of one name, a bomb, and what is no archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _contents(archive)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError, zipfile.LargeZipFile):
        raise UnsafeArchive("it is no archive, or a damaged one") from None
    except OSError as error:
        if error.filename is None:  # the library's own word for damage
            raise UnsafeArchive("it is no archive, or a damaged one") from None
        raise


def _contents(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise UnsafeArchive(f"it holds {len(entries)} files, at most {MAX_ENTRIES} are unpacked")
    files: dict[str, bytes] = {}
    left = MAX_UNPACKED
    for entry in entries:
        if entry.is_dir():
            continue
        _check_name(entry)
        if entry.filename in files:
            raise UnsafeArchive(f"it holds {entry.filename!r} twice")
        files[entry.filename] = _content(archive, entry, left)
        left -= len(files[entry.filename])
    return files


def _check_name(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    parts = PurePosixPath(name).parts
    if name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in parts or name != name.strip():
        raise UnsafeArchive(f"a name in it leads out of it: {name!r}")
    kind = entry.external_attr >> 28
    if kind == 0o12:
        raise UnsafeArchive(f"{name!r} is a link")
    if kind not in (0, 0o10):
        raise UnsafeArchive(f"{name!r} is no plain file")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    """One file, read piece by piece: the size that an archive declares may be a lie."""
    most = min(left, max(10 * _CHUNK, MAX_RATIO * entry.compress_size))
    pieces = []
    with archive.open(entry) as stream:
        while piece := stream.read(_CHUNK):
            most -= len(piece)
            if most < 0:
                raise UnsafeArchive(f"{entry.filename!r} unpacks to far more than it takes")
            pieces.append(piece)
    return b"".join(pieces)
