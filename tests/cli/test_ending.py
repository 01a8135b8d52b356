"""How a command ends: statuses and sentences as the contract of the command line has them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

PRELUDE = "import sys, time\nfrom expeval.cli.ending import exit_status, say\n"


def end_of(body: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``command`` as the function ``body`` defines it, in a process of its own."""
    code = PRELUDE + textwrap.dedent(body) + "\nsys.exit(exit_status(command))"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, env=os.environ | environment
    )


def test_done_is_0() -> None:
    done = end_of("def command(): say('done')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


@pytest.mark.parametrize("status", [0, 1, 2])
def test_the_status_of_a_verb_is_kept(status: int) -> None:
    assert end_of(f"def command(): sys.exit({status})").returncode == status


def test_a_bug_is_one_sentence_without_what_the_data_held() -> None:
    done = end_of("def command(): raise KeyError('Ivan Petrov')")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "KeyError" in done.stderr
    assert "EXPEVAL_DEBUG=1" in done.stderr
    assert "Ivan" not in done.stderr


def test_details_of_a_bug_on_request() -> None:
    done = end_of("def command(): raise KeyError('detail')", EXPEVAL_DEBUG="1")
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "detail" in done.stderr


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        ("OSError(28, 'No space left on device', 'reports/x')", "expeval: reports/x: No space left on device.\n"),
        ("MemoryError()", "expeval: there is not enough memory for this.\n"),
        ("ModuleNotFoundError('x', name='dask')", "pip install dask"),
    ],
)
def test_what_the_system_refuses_is_one_sentence(raised: str, words: str) -> None:
    done = end_of(f"def command(): raise {raised}")
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_module_of_our_own_that_is_missing_is_a_bug() -> None:
    assert "pip install" not in end_of("def command(): raise ModuleNotFoundError('x', name='expeval.x')").stderr


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
@pytest.mark.parametrize(
    "body",
    [
        "def command(): print('on', flush=True); time.sleep(30)",
        # A library that turns everything into an error of its own must not hide that a signal came.
        """
        def command():
            print('on', flush=True)
            try:
                time.sleep(30)
            except BaseException:
                raise ImportError('numpy failed')
        """,
    ],
)
def test_a_signal_ends_it_within_a_second_and_quietly(number: int, status: int, body: str) -> None:
    # Whoever started the tests under nohup ignores the signal, and a child would inherit that.
    heard = f"import signal; signal.signal({number}, signal.SIG_DFL)\n" if number == signal.SIGHUP else ""
    code = heard + PRELUDE + textwrap.dedent(body) + "\nsys.exit(exit_status(command))"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.readline()
    sent = time.monotonic()
    child.send_signal(number)
    _, errors = child.communicate(timeout=20)
    assert (child.returncode, errors) == (status, "")
    assert time.monotonic() - sent < 5.0  # within a second where nothing else runs


def test_an_ignored_signal_stays_ignored() -> None:
    body = """
        import os, signal
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
        def command():
            os.kill(os.getpid(), signal.SIGHUP)
            say('still here')
    """
    assert end_of(body).stdout == "still here\n"


def test_a_reader_who_has_left_ends_it_quietly() -> None:
    code = PRELUDE + "def command():\n while True: say('x' * 1000)\nsys.exit(exit_status(command))"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.read(10)
    child.stdout.close()
    assert child.wait(20) == 143
    assert child.stderr.read() == b""
    child.stderr.close()


@pytest.mark.parametrize("unbuffered", ["", "1"])  # a buffer that could not be flushed is tried again at the end
def test_a_full_disk_under_standard_output_is_told(unbuffered: str) -> None:
    code = PRELUDE + "def command(): say('x')\nsys.exit(exit_status(command))"
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, env=environment
        )
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


def test_a_terminal_without_the_letters_gets_escapes() -> None:
    done = end_of("def command(): say('оценка')", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.startswith("\\u043e")
