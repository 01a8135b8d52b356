"""The process of a run that the coordinator started: ``python -m expeval.web.run_process STUDY OUT FOLDER``.

It does what ``expeval run`` does and writes into FOLDER how far it is and how it ended, for whoever asks; it inherits
the lock of :mod:`expeval.web.runs` and holds it until it ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from expeval.web.catalogue import LANGUAGES
from expeval.web.runs import STATE, note, now_text

if TYPE_CHECKING:
    from expeval.faults import Fault

TOLD = 20  # faults; the rest is counted


class Stopped(BaseException):
    """The run was asked to end."""


def main(arguments: Sequence[str]) -> int:
    """Run, and say how it went."""
    study, out, folder = map(Path, arguments)
    with contextlib.suppress(OSError):
        os.nice(10)  # teachers who upload meanwhile come first
    facts = {**json.loads((folder / STATE).read_text(encoding="utf-8")), "process": os.getpid(), "steps": []}

    def say(words: str) -> None:
        facts["steps"].append(words)
        note(folder, facts)

    try:
        signal.signal(signal.SIGTERM, _stop)
        note(folder, facts)  # who knows the number may stop us
        ended = _ended(study, out, say)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    except Stopped:
        ended = {"state": "stopped"}
    note(folder, {**facts, **ended, "ended": now_text()})
    return 0 if ended["state"] == "done" else 1


def _ended(study: Path, out: Path, say: Any) -> Mapping[str, Any]:
    from expeval.faults import Faults
    from expeval.record.writing import CannotWrite
    from expeval.run import run

    try:
        run(study, out, progress=say)
    except Faults as faults:
        told = {language: [_told(fault, language) for fault in faults.faults[:TOLD]] for language in LANGUAGES}
        return {"state": "faulty", "told": told, "count": len(faults.faults)}
    except (CannotWrite, MemoryError) as error:
        # Where the folder is on this machine is nothing for a page.
        return _failed(str(error).replace(str(out), out.name) or type(error).__name__)
    except Exception as error:
        # Its text may quote a cell: its kind only.
        return _failed(type(error).__name__)
    return {"state": "done"}


def _failed(sentence: str) -> Mapping[str, Any]:
    return {"state": "failed", "told": {language: [sentence] for language in LANGUAGES}}


def _told(fault: Fault, language: str) -> str:
    """A fault in words; of a cell only where it is and what may stand there: what stands there may be a score."""
    from expeval.fault_codes import message

    told = message(fault, language)
    if fault.row is None:
        return str(told)
    return f"{told.place}: {told.mend}"


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
