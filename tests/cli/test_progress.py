"""The line that tells what a command is doing: on a terminal, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

CODE = """
from expeval.cli.progress import step_shown
with step_shown() as show:
    if show is None:
        print("nobody watches")
    else:
        show("Reading [the] study")
        import time; time.sleep(0.3)
"""


def test_silent_where_standard_error_is_no_terminal() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == ("nobody watches\n", "")


def test_words_are_shown_as_they_are_on_a_terminal() -> None:
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
    child = subprocess.Popen([sys.executable, "-c", CODE], stdout=subprocess.PIPE, stderr=theirs, env=environment)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux: the other end has gone
            break
        if not part:
            break
        shown += part
    os.close(ours)
    out, _ = child.communicate(timeout=30)
    assert child.returncode == 0
    assert out == b""
    assert "Reading [the] study" in shown.decode()
