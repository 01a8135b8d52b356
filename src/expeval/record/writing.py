"""A folder that appears whole or not at all, and never takes the place of anything that expeval did not write.

The new files are written and synced in a hidden sibling, which then changes places with the old folder in one
step.  The sibling's name is fixed, so whatever a killed run leaves behind is found and tidied by the next.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

MANIFEST = "manifest.json"
MANIFEST_SCHEMA = "expeval-manifest/"
WRITTEN_BY_RUN = ("report.html", "results.json", "estimates.csv", MANIFEST, "figures/*.svg", "verification.html")
PATIENCE = 60.0  # seconds that a run waits for another that writes beside it

_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
_HERE = -100  # AT_FDCWD: paths are relative to the working directory

_SENTENCES = {
    errno.ENOSPC: "there is no space left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file would be larger than the system allows",
    errno.EACCES: "there is no permission to write there",
    errno.EPERM: "there is no permission to write there",
    errno.EROFS: "that disk is read-only",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
    errno.EBUSY: "the folder is in use by the system and can't be replaced (choose a folder inside it)",
    errno.ENOTDIR: "a part of that path is a file, not a folder",
    errno.EEXIST: "a part of that path is a file, not a folder",
    errno.ENAMETOOLONG: "that name is too long",
}


class CannotWrite(OSError):
    """A folder can't be written; the message is one sentence, the earlier output is untouched."""


def write_folder(out: Path, files: Mapping[str, str | bytes]) -> None:
    """Write ``files`` so that ``out`` holds all of them or what it held before.

    Parameters
    ----------
    out
        The folder.  Missing parents are made.  A folder of an earlier run is replaced as a whole.
    files
        Relative POSIX path to content; text is written as UTF-8 with the line ends that it has.

    Raises
    ------
    CannotWrite
        Where ``out`` holds anything that no run wrote, another run holds the place for a minute, or the
        system refuses (space, permission, read-only disk).  Nothing is left behind.
    """
    for name in files:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise ValueError(f"{name!r} leads out of the folder")
    place = Path(os.path.realpath(out))
    missing: list[Path] = []
    with _in_a_sentence(out):
        try:
            missing += [parent for parent in place.parents if not parent.exists()]
            place.parent.mkdir(parents=True, exist_ok=True)
            with _alone_in(place.parent, out):
                _replace(place, out, files)
        except OSError:
            for parent in missing:
                with contextlib.suppress(OSError):  # there by now for another's use, or never made
                    parent.rmdir()
            raise


def write_file(path: Path, content: str | bytes) -> None:
    """Write one file so that it holds all of ``content`` or what it held before; raises :class:`CannotWrite`."""
    place = Path(os.path.realpath(path))
    with _in_a_sentence(path), _alone_in(place.parent, path):
        _refuse_what_is_no_file(place, path)
        _write_over(place, content)


def change_file(path: Path, change: Callable[[bytes | None], str | bytes | None]) -> None:
    """Write what ``change`` makes of a file's content, with nobody else between reading and writing.

    Parameters
    ----------
    path
        The file; its folder must be there.
    change
        Gets the content, ``None`` where there is no file, and gives the new one; ``None`` leaves all as it is.

    Raises
    ------
    CannotWrite
        Where the system refuses to read or write.  The file then holds what it held.
    """
    place = Path(os.path.realpath(path))
    with _in_a_sentence(path), _alone_in(place.parent, path):
        _refuse_what_is_no_file(place, path)
        _new(place).unlink(missing_ok=True)  # of a command that was killed
        content = change(place.read_bytes() if place.exists() else None)
        if content is not None:
            _write_over(place, content)


def _refuse_what_is_no_file(place: Path, path: Path) -> None:
    # A file takes the place of what is there: of a device, too, where an administrator names one.
    if place.exists() and not place.is_file():
        what = "a folder" if place.is_dir() else "a device or a pipe"
        raise CannotWrite(f"{path} can't be written: it is {what}, not a file.")


@contextlib.contextmanager
def _in_a_sentence(path: Path, verb: str = "written") -> Iterator[None]:
    """What the system refuses, said as a :class:`CannotWrite`."""
    try:
        yield
    except CannotWrite:
        raise
    except OSError as error:
        reason = _SENTENCES.get(error.errno or 0, error.strerror or type(error).__name__)
        raise CannotWrite(f"{path} can't be {verb}: {reason}.") from error


def _write_over(place: Path, content: str | bytes) -> None:
    """One file in place of the old one; the caller holds its folder."""
    draft = _new(place)
    try:
        _write_synced(draft, content)
        draft.replace(place)
        _sync(place.parent)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def _write_synced(path: Path, content: str | bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content.encode("utf-8") if isinstance(content, str) else content)
        stream.flush()
        os.fsync(stream.fileno())


def _replace(place: Path, out: Path, files: Mapping[str, str | bytes]) -> None:
    _settle(place)
    _refuse_strangers(place, out, files)
    try:
        _write_beside(_new(place), files)
        _swap(_new(place), place)
        _sync(place.parent)
    finally:
        _settle(place)


def refuse_strangers(out: Path) -> None:
    """Raise :class:`CannotWrite` where ``out`` holds what no run wrote: told before the work, not after it."""
    with _in_a_sentence(out, "read"):
        _refuse_strangers(Path(os.path.realpath(out)), out, {})


def settle(out: Path) -> None:
    """Undo or finish what a killed run left beside ``out``; does nothing where there is nothing to do."""
    place = Path(os.path.realpath(out))
    if _new(place).exists() or _old(place).exists():
        with _alone_in(place.parent, out):
            _settle(place)


def _new(place: Path) -> Path:
    return place.with_name(f".{place.name}.expeval-new")


def _old(place: Path) -> Path:
    return place.with_name(f".{place.name}.expeval-old")


def _settle(place: Path) -> None:
    # Only a swap by two renames, cut between them, leaves no folder in place: then the old one goes back.
    if _old(place).exists() and not place.exists():
        _old(place).rename(place)
    for leftover in (_old(place), _new(place)):
        shutil.rmtree(leftover, ignore_errors=True)


def _write_beside(folder: Path, files: Mapping[str, str | bytes]) -> None:
    folder.mkdir()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_synced(path, content)
    for inner in {(folder / name).parent for name in files} | {folder}:
        _sync(inner)


def _swap(new: Path, place: Path) -> None:
    if not place.exists():
        new.rename(place)
    elif not _exchange(new, place):
        place.rename(_old(place))
        new.rename(place)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; false where the system has no such call."""
    import ctypes

    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # another system, or a C library without it
        return False
    if renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):  # the file system has no exchange
        return False
    raise OSError(code, os.strerror(code), str(other))


def _refuse_strangers(place: Path, out: Path, files: Mapping[str, str | bytes]) -> None:
    """A folder is replaced only where every file in it is a run's own."""
    if not place.exists():
        return
    if not place.is_dir():
        raise CannotWrite(f"{out} is a file; choose another folder.")
    strangers = _strangers(place, files)
    if strangers:
        shown = ", ".join(strangers[:5]) + (f" and {len(strangers) - 5} more" if len(strangers) > 5 else "")
        raise CannotWrite(
            f"{out} holds files that no expeval run wrote ({shown}); choose another folder or move them away."
        )


def _strangers(place: Path, files: Mapping[str, str | bytes]) -> list[str]:
    held = sorted(path.name for path in place.iterdir())
    if not held:
        return []
    if not _made_by_run(place):
        return held
    ours = {PurePosixPath(name).parts[0] for name in (*WRITTEN_BY_RUN, *files)}
    # Only folders of our own are looked into: somebody may have named a home folder.
    inside = [path for name in held if name in ours for path in (place / name).rglob("*")]
    unknown = [path.relative_to(place).as_posix() for path in inside if not _plain_folder(path)]
    loose = [name for name in held if not _plain_folder(place / name)]
    foreign = [name for name in held if name not in ours]
    return sorted({*foreign, *(name for name in (*unknown, *loose) if not _is_ours(name, files))})


def _plain_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _is_ours(name: str, files: Mapping[str, str | bytes]) -> bool:
    return name in files or any(PurePosixPath(name).match(pattern) for pattern in _patterns_of_depth(name))


def _patterns_of_depth(name: str) -> list[str]:
    # PurePath.match compares from the right: "mine/report.html" must not pass as "report.html".
    return [pattern for pattern in WRITTEN_BY_RUN if pattern.count("/") == name.count("/")]


def _made_by_run(place: Path) -> bool:
    try:
        manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return isinstance(manifest, dict) and str(manifest.get("schema", "")).startswith(MANIFEST_SCHEMA)


@contextlib.contextmanager
def _alone_in(parent: Path, out: Path) -> Iterator[None]:
    """Hold the parent folder: its lock leaves no file behind and ends with the process, however that ends."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system: the swap alone must do
        yield
        return
    handle = os.open(parent, os.O_RDONLY)
    try:
        if not taken(lambda: fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB), PATIENCE):
            raise CannotWrite(f"{out} can't be written: another run has been writing beside it.")
        yield
    finally:
        os.close(handle)


def taken(take: Callable[[], None], patience: float) -> bool:
    """Take a lock that does not wait itself, trying again for some seconds; ``False``: another has it still."""
    until = time.monotonic() + patience
    while True:
        try:
            take()
            return True
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)


def _sync(folder: Path) -> None:
    # A rename survives a power cut only once its folder is on the disk; not every system lets a folder be opened.
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
