"""How a command ends: its exit status, and one sentence instead of a traceback.

0 done; 1 done, and the answer is no; 2 the request can't be served; 130 interrupted (Ctrl-C); 143 told to end
(SIGTERM, a closed terminal, or nobody reading the output any more).
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType

DONE, NO, REFUSED, INTERRUPTED, ENDED = 0, 1, 2, 130, 143


class Stopped(BaseException):
    """The process was asked to stop.  No ``Exception``, so that nothing on the way up takes it for a fault."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


def exit_status(command: Callable[[], object]) -> int:
    """Run a command to its end and give the status that the process should exit with."""
    asked_to_stop = _heed_signals()
    try:
        status = _status_of(command)
        say("", end="")  # what is still in the buffer must reach its reader, or be missed, here
        return status
    except Stopped as stop:
        return stop.status
    except Exception as error:  # the last place before the user: whatever it is, it is told in a sentence
        # A signal that lands inside a library's C code can come out as that library's own error.
        return asked_to_stop[0] if asked_to_stop else refuse(_sentence(error), error)


def say(text: str, end: str = "\n") -> None:
    """Print to standard output; a reader who has left ends the command without a word."""
    try:
        print(text, end=end, flush=True)
    except OSError as error:
        # Python flushes once more at its own end, and would give its own status: let it flush to nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise Stopped(ENDED) from None
        raise


def refuse(sentence: str, error: BaseException | None = None) -> int:
    """Say on standard error why the request can't be served, and give the status for it."""
    if error is not None and os.environ.get("EXPEVAL_DEBUG"):
        traceback.print_exception(error)
    try:
        print(f"expeval: {sentence}", file=sys.stderr, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    return REFUSED


def _status_of(command: Callable[[], object]) -> int:
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE
    return DONE


def _heed_signals() -> list[int]:
    """Let signals unwind the program, so that temporary files go; the list holds the status once one came."""
    came: list[int] = []
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that lacks a letter gets its escape, not a crash
            stream.reconfigure(errors="backslashreplace")
    for name, status in (("SIGINT", INTERRUPTED), ("SIGTERM", ENDED), ("SIGHUP", ENDED)):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stopper(came, status))
    return came


def _stopper(came: list[int], status: int) -> Callable[[int, FrameType | None], None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        came.append(status)
        raise Stopped(status)

    return stop


def _sentence(error: Exception) -> str:
    try:
        from expeval.cli.words import phrase, said
    except MemoryError:
        return "there is not enough memory for this."
    if isinstance(error, MemoryError):
        return said("memory")
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("expeval"):
        return said("package", error.name, error.name)
    if isinstance(error, OSError):
        if error.strerror is None:  # expeval's own, already a sentence
            return phrase(str(error))
        reason = phrase(error.strerror)
        return f"{error.filename}: {reason}." if error.filename else f"{reason}."
    # An exception's text may quote a cell of the data, and this sentence may be sent on: its kind and place only.
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "expeval" in frame.filename]
    place = f", {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    return said("bug", f"{type(error).__name__}{place}")
