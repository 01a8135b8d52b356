"""Why the store can't be used, in one sentence: what a database's error means to the person who waits."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

_SENTENCES = {
    "SQLITE_BUSY": "others are writing into it and did not end in time; try again",
    "SQLITE_LOCKED": "others are writing into it and did not end in time; try again",
    "SQLITE_FULL": "there is no space left on the disk; nothing was changed",
    "SQLITE_IOERR": "the disk did not take or give the data (full, at a limit, or damaged); nothing was changed",
    "SQLITE_READONLY": "there is no permission to write there",
    "SQLITE_CANTOPEN": "it can't be opened (no permission, or its folder is missing)",
    "SQLITE_CORRUPT": "it is damaged; put its last backup in its place",
    "SQLITE_NOTADB": "it is no store of expeval",
    "SQLITE_NOMEM": "there is not enough memory",
}


class CannotStore(OSError):
    """The store can't be used; the message is one sentence, and nothing was changed."""


class Busy(CannotStore):
    """Others wrote for longer than anybody should wait; the same call may be made again."""


@contextlib.contextmanager
def told(name: str) -> Iterator[None]:
    """Turn errors of the database into :class:`CannotStore`."""
    try:
        yield
    except (OperationalError, InterfaceError, DBAPIError) as error:
        reason = reason_of(error)
        if reason is None:
            raise
        kind = Busy if _code(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) else CannotStore
        raise kind(f"the store {name}: {reason}.") from error


def reason_of(error: DBAPIError) -> str | None:
    """What happened, where it is nobody's mistake in the program."""
    code = _code(error)
    for start, sentence in _SENTENCES.items():
        if code.startswith(start):
            return sentence
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return "the connection to the database was lost; nothing was changed"
    return None if code or not isinstance(error, OperationalError) else "the database did not answer"


def _code(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlite_errorname", ""))
