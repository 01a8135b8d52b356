"""Files that a parser written in C reads: parsed in a process of its own, within limits of time and memory."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from expeval.faults import Fault
from expeval.scores.settings import Unreadable

PROGRAM = Path(__file__).with_name("foreign_program.py")
LIBRARIES = {"spss": "pyreadstat", "stata": "pyreadstat", "parquet": "pyarrow"}
EXTRA = 'pip install "expeval[files]"'
MEMORY = 2 * 2**30  # bytes besides what the file itself takes
SECONDS = 60.0  # and one more for every BYTES_A_SECOND of the file
BYTES_A_SECOND = 4 * 2**20
MOST_CELLS = 10**8

#: what the program says -> what a message says was found
_FOUND = {
    "damaged": "it is damaged, or no file of this format",
    "memory": f"it needs more than {MEMORY // 2**20} MB of memory",
}


class ForeignFile:
    """A file in the hands of the program that parses it."""

    def __init__(self, form: str, data: bytes, file: str, **job: object) -> None:
        self.file = file
        if not _installed(LIBRARIES[form]):
            raise Unreadable(self._lacking(LIBRARIES[form]))
        self.seconds = SECONDS + len(data) / BYTES_A_SECOND
        try:
            self.process = _start()
        except OSError as error:
            found = f"no process for its parser could be started ({error.strerror})"
            raise Unreadable(Fault("file-unreadable", file, found=found)) from None
        # The program also ends by itself once nobody holds the other end of its input.
        self.stop = weakref.finalize(self, _stop, self.process)
        limits = {"memory": MEMORY + 8 * len(data), "seconds": int(self.seconds), "cells": MOST_CELLS}
        question = {"format": form, "bytes": len(data), **limits, **job}
        self.about, _ = self._ask(json.dumps(question).encode() + b"\n", data)

    def read(self, columns: Sequence[str]) -> tuple[list[dict[str, Any]], list[bytes]]:
        """The columns asked for: what each is, and two blocks or one of its cells."""
        try:
            answer, blocks = self._ask(json.dumps({"columns": list(columns)}).encode() + b"\n")
        finally:
            self.stop()
        return answer["columns"], blocks

    def _ask(self, *question: bytes) -> tuple[dict[str, Any], list[bytes]]:
        late = threading.Event()
        timer = threading.Timer(self.seconds, self._end, [late])
        timer.daemon = True
        timer.start()
        try:
            answer, blocks = self._exchange(question)
        except (OSError, ValueError, KeyError, TypeError):  # it has ended, or what it says is no answer
            self.stop()
            found = f"it takes more than {self.seconds:.0f} seconds" if late.is_set() else _FOUND["damaged"]
            raise Unreadable(Fault("file-unreadable", self.file, found=found)) from None
        finally:
            timer.cancel()
        if "error" in answer:
            self.stop()
            raise Unreadable(self._fault(answer))
        return answer, blocks

    def _end(self, late: threading.Event) -> None:
        late.set()
        self.process.kill()

    def _exchange(self, question: Sequence[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        for part in question:
            self.process.stdin.write(part)
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        blocks = [self.process.stdout.read(length) for length in answer["blocks"]]
        if [len(block) for block in blocks] != answer["blocks"]:
            raise ValueError
        return answer, blocks

    def _fault(self, answer: dict[str, Any]) -> Fault:
        kind, text = answer["error"], answer.get("text")
        if kind == "library":
            return self._lacking(str(text))
        if kind == "encoding":
            return Fault("encoding-unclear", self.file, key="data.encoding", found=text or None)
        if kind == "too-large":
            return Fault("file-too-large", self.file, found=f"{text} rows", allowed=f"{MOST_CELLS} cells that are read")
        return Fault("file-unreadable", self.file, found=_FOUND.get(kind, _FOUND["damaged"]))

    def _lacking(self, library: str) -> Fault:
        return Fault("library-missing", self.file, found=library, allowed=EXTRA)


def _installed(library: str) -> bool:
    try:
        return importlib.util.find_spec(library) is not None
    except ValueError:  # its entry among the modules says that it isn't there
        return False


def _start() -> subprocess.Popen[bytes]:
    alone = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    # -P: the folder of the program holds modules whose names the standard library has, too.
    return subprocess.Popen(
        [sys.executable, "-P", str(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **alone, "MALLOC_ARENA_MAX": "2"},
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if pipe is not None:
                pipe.close()
    process.wait()
