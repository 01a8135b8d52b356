"""Files on their way: bodies that are too large or too slow end; a file waits, for a while, for its columns.

What waits lies in a folder that the process alone may read and that goes with it: until the columns are chosen it
still holds what isn't kept.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from expeval.cohorts.choices import Choices
from expeval.cohorts.looking import clean_name
from expeval.faults import Fault
from expeval.store.failures import CannotStore
from expeval.web.settings import MEGABYTE, Settings

SEND = "/send"  # the one page that takes files
FORM_BYTES = MEGABYTE  # of a body that is no file
FORM_SECONDS = 60.0
SILENT_SECONDS = 30.0  # without a byte
READ_ON = 4  # times the limit that is read and thrown away, so that the browser shows our answer
PIECE = 64 * 1024
FOLDER, LOCK = "expeval-uploads-", "lock"
CLEARING_SECONDS = 60.0
STARTING_SECONDS = 60.0  # in which a folder may not have its lock yet
MOST_WAITING = 3  # files of one invitation at a time


class Bounds:
    """End a body that is larger or slower than its page allows."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve with a bounded body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        file = scope["path"] == SEND
        most = self._settings.max_bytes + FORM_BYTES if file else FORM_BYTES
        until = time.monotonic() + (self._settings.upload_seconds if file else FORM_SECONDS)
        declared = Headers(scope=scope).get("content-length", "")
        endless = declared.isdecimal() and int(declared) > most * READ_ON
        received = 0
        ended = False

        async def bounded() -> Message:
            nonlocal received, ended
            if ended:  # the body is whole; what comes now is that the visitor has gone
                return await receive()
            if endless:
                raise HTTPException(413)
            while True:
                message = await self._piece(receive, until)
                received += len(message.get("body", b""))
                ended = message["type"] != "http.request" or not message.get("more_body", False)
                if received > most and (ended or not file or received > most * READ_ON):
                    raise HTTPException(413)
                if received <= most:
                    return message

        await self.app(scope, bounded, send)

    async def _piece(self, receive: Receive, until: float) -> Message:
        patience = min(SILENT_SECONDS, until - time.monotonic())
        with anyio.move_on_after(max(0.0, patience)):
            return await receive()
        raise HTTPException(408, headers={"Connection": "close"})


@dataclass(slots=True)
class Waiting:
    """A file that waits: ``choices`` are made about it until it becomes a draft; ``refused``: why it did not.

    ``unreadable``: nothing that could be chosen would help.
    """

    key: str
    invitation: int
    cohort: str
    name: str
    size: int
    path: Path
    since: float
    choices: Choices = field(default_factory=Choices)
    refused: tuple[Fault, ...] = ()
    unreadable: bool = False

    def content(self) -> bytes:
        """What was sent."""
        return self.path.read_bytes()


class WaitingRoom:
    """The files that wait, each for its own invitation alone."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._turn = threading.Lock()
        self._files: dict[str, Waiting] = {}
        self._drafts: dict[str, tuple[int, int, float]] = {}  # of files that became drafts: invitation, draft, when
        self._folder: Path | None = None

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """The folder, made and at the end removed with all that is in it."""
        with tempfile.TemporaryDirectory(prefix=FOLDER) as folder, _held(Path(folder)):
            self._folder = Path(folder)
            try:
                yield
            finally:
                self._files.clear()
                self._drafts.clear()
                self._folder = None

    def take(self, invitation: int, cohort: str, file: UploadFile, most: int) -> Waiting:
        """Let a file wait; raises ``HTTPException`` 413 for one beyond the limit."""
        assert self._folder is not None
        self.clear()
        key = secrets.token_urlsafe(16)
        path = self._folder / key
        size = 0
        try:
            with path.open("xb") as target:
                while piece := file.file.read(PIECE):
                    size += len(piece)
                    if size > most:
                        raise HTTPException(413)
                    target.write(piece)
        except FileNotFoundError:
            raise CannotStore("the folder in which files wait was removed: start the pages anew.") from None
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        waiting = Waiting(key, invitation, cohort, clean_name(file.filename or ""), size, path, time.monotonic())
        with self._turn:
            own = sorted(
                (one for one in self._files.values() if one.invitation == invitation), key=lambda one: one.since
            )
            for one in own[: max(0, len(own) - MOST_WAITING + 1)]:
                self._drop(one)
            self._files[key] = waiting
        return waiting

    def find(self, invitation: int, key: str) -> Waiting | None:
        """A file of an invitation; ``None`` for another's as for none."""
        self.clear()
        with self._turn:
            found = self._files.get(key)
        return found if found is not None and found.invitation == invitation else None

    def of(self, invitation: int) -> list[Waiting]:
        """The files of an invitation that wait, the latest first."""
        self.clear()
        with self._turn:
            own = [one for one in self._files.values() if one.invitation == invitation]
        return sorted(own, key=lambda one: -one.since)

    def became(self, waiting: Waiting, draft: int) -> None:
        """Remove a file that was kept as a draft; who comes back to its page is sent on to that."""
        with self._turn:
            self._drop(waiting)
            self._drafts[waiting.key] = (waiting.invitation, draft, time.monotonic())

    def draft_of(self, invitation: int, key: str) -> int | None:
        """The draft that a file of an invitation became; ``None`` for another's as for none."""
        with self._turn:
            whose, draft, _ = self._drafts.get(key, (None, None, 0.0))
        return draft if whose == invitation else None

    def drop(self, waiting: Waiting) -> None:
        """Remove a file."""
        with self._turn:
            self._drop(waiting)

    def clear(self) -> None:
        """Remove the files that waited for too long."""
        with self._turn:
            for one in list(self._files.values()):
                if time.monotonic() - one.since > self._seconds:
                    self._drop(one)
            for key, (_, _, since) in list(self._drafts.items()):
                if time.monotonic() - since > self._seconds:
                    del self._drafts[key]

    async def keep_clear(self) -> None:
        """Clear every minute, though nobody comes: what waits holds what isn't kept."""
        while True:
            await anyio.sleep(CLEARING_SECONDS)
            await run_in_threadpool(self.clear)
            self.touch()

    def touch(self) -> None:
        """Let the folder look used: what cleans temporary folders removes what nobody has used for days."""
        for path in () if self._folder is None else (self._folder, self._folder / LOCK):
            with contextlib.suppress(OSError):
                os.utime(path)

    def _drop(self, waiting: Waiting) -> None:
        self._files.pop(waiting.key, None)
        with contextlib.suppress(OSError):
            waiting.path.unlink(missing_ok=True)


def left_behind() -> None:
    """Remove the folders of processes that were killed: those whose lock nobody holds any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime < STARTING_SECONDS:
                continue
            with _held(folder):
                shutil.rmtree(folder)


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a folder's lock, which ends with the process; raises ``OSError`` where another process holds it."""
    try:
        import fcntl
    except ImportError:  # systems that don't have it keep open files from being removed
        with (folder / LOCK).open("ab"):
            yield
        return
    with (folder / LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
