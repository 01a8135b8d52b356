"""One run of the study at a time, in a process of its own, and the report that the last one left.

Nothing about a run is kept in the server: the run's process holds a lock and writes its own state, so that a server
that stops, or starts again, takes nothing along and finds all of it.  The lock ends with the process, however that
ends, and a state that says *running* under a free lock is a run that was cut off.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from expeval.record.writing import MANIFEST, CannotWrite, taken, write_file

State = Literal["never", "running", "done", "faulty", "failed", "stopped", "cut-off"]
SERVED = {
    "report.html": "text/html; charset=utf-8",
    "results.json": "application/json",
    "estimates.csv": "text/csv; charset=utf-8",
    MANIFEST: "application/json",
}
STATE, LOCK, LOG = "run.json", "run.lock", "run.log"
UNTIL_BUSY = 0.3  # seconds after which a lock is a run's, not that of somebody who looks
UNTIL_KILLED = 5.0  # seconds that a run has to end by itself once it is asked to


class CannotRun(OSError):
    """A run can't be started; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Run:
    """The last run, as it stands.

    Attributes
    ----------
    state
        ``faulty``: the study or its data have faults (``told`` names them); ``failed``: anything else went wrong
        (``told`` has the sentence); ``cut-off``: its process was gone before it could say how it ended.
    started, ended, by
        When, and the number of the invitation that started it.
    steps
        The words of the steps so far.
    told
        Language -> messages.
    count
        How many faults there are; ``told`` may name fewer.
    """

    state: State
    started: datetime | None = None
    ended: datetime | None = None
    by: int | None = None
    steps: tuple[str, ...] = ()
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    count: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """A finished report: when it was made, and the hashes of what it was made from."""

    made: datetime
    hashes: Mapping[str, str]
    outputs: frozenset[str]

    def holds(self, sha256: str) -> bool:
        """Whether it was made from a content of this hash."""
        return sha256 in self.hashes.values()


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of one study.

    Attributes
    ----------
    study
        The study file.
    place
        The folder of the report.  What is known of the run lies beside it: the folder itself holds a run's own
        files and nothing else.
    """

    study: Path
    place: Path

    @property
    def folder(self) -> Path:
        """Where the state, the lock and the log of the run lie."""
        return self.place.with_name(f".{self.place.name}.run")

    def last(self) -> Run:
        """The last run, or the one that goes on."""
        busy = self._busy()
        known = self._known()
        if known is None:
            return Run("running" if busy else "never")
        state = known.get("state", "running")
        if state == "running" and not busy:
            # It may have ended between the two looks: what it wrote last was written before its lock went.
            state = (self._known() or known).get("state", "running")
            known = self._known() or known
        return Run(
            state="cut-off" if state == "running" and not busy else state,
            started=_moment(known.get("started")),
            ended=_moment(known.get("ended")),
            by=known.get("by"),
            steps=tuple(known.get("steps", ())),
            told={language: tuple(told) for language, told in known.get("told", {}).items()},
            count=int(known.get("count", 0)),
        )

    def start(self, by: int | None = None) -> bool:
        """Start a run; ``False`` where one goes on.  Raises :class:`CannotRun`."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._locked(wait=UNTIL_BUSY) as lock:
                if lock is None:
                    return False
                begin(self.folder, by)
                with (self.folder / LOG).open("wb") as log:
                    process = subprocess.Popen(
                        [
                            *(sys.executable, "-m", "expeval.web.run_process"),
                            *(str(self.study.absolute()), str(self.place.absolute()), str(self.folder.absolute())),
                        ],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,  # what ends the server, Ctrl-C for one, does not end the run
                        pass_fds=[lock],
                    )
        except (OSError, CannotWrite) as error:
            raise CannotRun(f"The run can't be started: {error.strerror or error}.") from error
        threading.Thread(target=process.wait, daemon=True).start()
        return True

    def stop(self) -> bool:
        """Ask the run to end, and end it; ``False`` where none goes on.  The report of before stays."""
        until = time.monotonic() + UNTIL_KILLED
        while not isinstance(number := (self._known() or {}).get("process"), int):
            if not self._busy() or time.monotonic() > until:
                return False
            time.sleep(0.05)  # it has begun and not said its number yet
        # While the lock is held the number can be no other process's.
        if not self._busy():
            return False
        for sent, patience in ((signal.SIGTERM, UNTIL_KILLED), (signal.SIGKILL, UNTIL_KILLED)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(number, sent)
            until = time.monotonic() + patience
            while self._busy() and time.monotonic() < until:
                time.sleep(0.05)
            if not self._busy():
                break
        return True

    def report(self) -> Report | None:
        """What made the report that lies there; ``None`` where there is none, or a part of it is missing."""
        try:
            manifest = json.loads((self.place / MANIFEST).read_text(encoding="utf-8"))
            made = _moment(manifest["made"]["time"])
            hashes, outputs = dict(manifest["hashes"]), frozenset(manifest["outputs"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if made is None or "report.html" not in outputs or not (self.place / "report.html").is_file():
            return None
        return Report(made, hashes, outputs)

    def read(self, name: str) -> bytes | None:
        """A file of the finished report; ``None`` for every name that is none of it."""
        found = self.report()
        if name not in SERVED or found is None or (name != MANIFEST and name not in found.outputs):
            return None
        path = self.place / name
        try:
            return None if path.is_symlink() else path.read_bytes()
        except OSError:
            return None

    def _busy(self) -> bool:
        # Shared, so that two who only look don't take each other for a run.
        with contextlib.suppress(FileNotFoundError), self._locked(shared=True) as lock:
            return lock is None
        return False

    @contextlib.contextmanager
    def _locked(self, shared: bool = False, wait: float = 0.0) -> Iterator[int | None]:
        """The lock, as a handle that a process may inherit and that then holds it; ``None`` where a run has it."""
        try:
            import fcntl
        except ImportError:
            raise CannotRun("Runs can't be started from the page on this system; use expeval run.") from None
        flags = os.O_RDWR | os.O_CREAT if self.folder.is_dir() else os.O_RDWR
        handle = os.open(self.folder / LOCK, flags, 0o600)
        try:
            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            yield handle if taken(lambda: fcntl.flock(handle, kind | fcntl.LOCK_NB), wait) else None
        finally:
            os.close(handle)

    def _known(self) -> dict[str, Any] | None:
        try:
            known = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return known if isinstance(known, dict) else None


def begin(folder: Path, by: int | None) -> None:
    """Note that a run starts."""
    note(folder, {"state": "running", "started": now_text(), "by": by})


def note(folder: Path, facts: Mapping[str, Any]) -> None:
    """Put the state of a run on the disk: all of it, or what stood there before."""
    write_file(folder / STATE, json.dumps(facts, ensure_ascii=False))


def now_text() -> str:
    """The time as the state of a run has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo is not None else found.replace(tzinfo=UTC)
