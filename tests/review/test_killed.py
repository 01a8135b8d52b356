"""Killed at any moment: the old output or the new one is there, whole, and the next command runs."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from made_study import Made

Seen = str | None

RUN = [sys.executable, "-m", "expeval"]


def content(path: Path) -> Seen:
    """A hash of a file, or of all files of a folder but what names the time; ``None`` where nothing is there."""
    if not path.exists():
        return None
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + (b"" if file.name == "manifest.json" else file.read_bytes()))
    return digest.hexdigest()


def kill_at_random(command: list[str], out: Path, times: int, seed: int) -> set[Seen]:
    """Run a command many times, kill it somewhere in each, and collect what was left; then let it end once."""
    begun = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    lasts = time.monotonic() - begun
    chance, seen = random.Random(seed), set()
    for _ in range(times):
        # The moment of writing is short and at the end: half of the blows fall there.
        part = chance.uniform(0.85, 1.0) if chance.random() < 0.5 else chance.random()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(lasts * part)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        seen.add(content(out))
    subprocess.run(command, check=True, capture_output=True)
    seen.add(content(out))
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["run", "bundle"])
def test_old_or_new_never_half(verb: str, made: Made, tmp_path: Path) -> None:
    out = tmp_path / "again" if verb == "run" else tmp_path / "b.zip"
    source = made.study if verb == "run" else made.out
    command = [*RUN, verb, str(source), "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    whole = content(out)
    seen = kill_at_random(command, out, 6, 1)
    assert seen == {whole}
    assert [path.name for path in tmp_path.iterdir() if "expeval-" in path.name] == []


@pytest.mark.parametrize("place", ["readonly", "file"])
def test_what_can_t_be_written_is_said_in_a_sentence(place: str, made: Made, tmp_path: Path) -> None:
    out = Path("/proc/b.zip") if place == "readonly" else made.data / "b.zip"
    done = subprocess.run([*RUN, "bundle", str(made.out), "--out", str(out)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("expeval: ")
    assert done.stderr.count("\n") == 1


def limited(command: list[str], size: int) -> subprocess.CompletedProcess[str]:
    """A command that may write no file beyond a size: what a full disk looks like to it."""
    import resource

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    preexec: Callable[[], None] = limit
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=preexec)


def test_a_full_disk_leaves_the_old_archive(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "b.zip"
    command = [*RUN, "bundle", str(made.out), "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    old = content(out)
    done = limited(command, 100_000)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert content(out) == old
    assert [path.name for path in tmp_path.iterdir() if "expeval-" in path.name] == []
