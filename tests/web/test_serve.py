"""``expeval serve``: starts, tells where, refuses what is unsafe, ends with what is in flight ended."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from grade_books import CLEAN, STUDY
from starlette.datastructures import UploadFile
from uvicorn.server import ServerState
from visits import Guest, await_pages, free_port, place_in

from expeval.cohorts.history import history
from expeval.store.failures import CannotStore
from expeval.web.server import MOST_OF_ONE, PatientProtocol
from expeval.web.settings import Settings
from expeval.web.uploads import WaitingRoom, left_behind

# The command alone, as `expeval serve` runs it.
COMMAND = """
import sys, typer
from expeval.cli.ending import exit_status
from expeval.cli.serve_command import serve
app = typer.Typer(pretty_exceptions_enable=False)
app.command()(serve)
sys.exit(exit_status(lambda: app()))
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", COMMAND, *arguments]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path


@contextlib.contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    port = free_port()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command(str(folder / "study.toml"), "--port", str(port), *options),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        await_pages(address)
        yield address, process
    finally:
        process.kill()
        process.communicate()


def guest(address: str, stack: contextlib.ExitStack) -> Guest:
    return Guest(stack.enter_context(httpx.Client(base_url=address, timeout=60)))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--host", "0.0.0.0"), "--address"),
        (("--address", "cohorts.example.org"), "the address of the pages"),
        (("--address", "https://a.example/under/a/path"), "the address of the pages"),
        (("--address", "https://a.example:99999"), "the address of the pages"),
        (("--host", "203.0.113.1", "--address", "https://a.example"), "203.0.113.1"),
    ],
)
def test_what_cannot_be_served_is_refused(folder: Path, options: tuple[str, ...], told: str) -> None:
    done = subprocess.run(
        command(str(folder / "study.toml"), "--port", "0", *options), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_told(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            command(str(folder / "study.toml"), "--port", port), capture_output=True, text=True, timeout=60
        )
    assert (done.returncode, port in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "text",
    [
        STUDY.replace('store = "cohorts.db"', 'files = ["a.csv"]'),
        STUDY.replace('class = "class"', 'class = "class"\nstudents = ["pretest.csv"]'),
    ],
)
def test_a_study_that_cannot_be_uploaded_to_is_told(folder: Path, text: str) -> None:
    (folder / "study.toml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        command(str(folder / "study.toml"), "--port", "0"), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_stop_lets_an_upload_in_flight_end(folder: Path) -> None:
    with contextlib.ExitStack() as stack, started(folder) as (address, process):
        place = place_in(folder, STUDY, application=False)
        teacher = guest(address, stack)
        teacher.enter(place.link("School 7"))
        seen = teacher.get("/")
        secret = dict(seen.form("/send").fields)["form_token"]
        answers: list[int] = []

        def trickle() -> Iterator[bytes]:
            yield b'--x\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n' + secret.encode() + b"\r\n"
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
            for line in CLEAN.splitlines(keepends=True):
                time.sleep(0.4)
                yield line
            yield b"\r\n--x--\r\n"

        def send() -> None:
            headers = {"content-type": "multipart/form-data; boundary=x", "origin": address}
            answers.append(teacher.client.post("/send", content=trickle(), headers=headers).status_code)

        sending = threading.Thread(target=send)
        sending.start()
        time.sleep(0.8)
        process.send_signal(signal.SIGTERM)
        sending.join(30)
        assert answers == [303]
        out, _ = process.communicate(timeout=30)
        assert process.returncode == 143
        assert f"The pages of Marks of a course: {address}" in out
        assert history(place.store) == []
        log = (folder / "log").read_text()
        assert secret not in log
        assert '"event": "stopped"' in log
        assert "/i/{token}" in log
        place.store.close()


def test_a_session_outlives_a_start_of_the_pages(folder: Path) -> None:
    with contextlib.ExitStack() as stack, started(folder) as (address, _):
        place = place_in(folder, STUDY, application=False)
        teacher = guest(address, stack)
        assert teacher.enter(place.link("School 7")).status == 200
        kept = teacher.cookies
        place.store.close()
    with contextlib.ExitStack() as stack, started(folder) as (address, _):
        teacher = guest(address, stack)
        teacher.cookies = kept
        assert teacher.get("/").status == 200


@pytest.mark.slow
@pytest.mark.parametrize("head", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_a_head_that_does_not_end_is_not_waited_for(folder: Path, head: bytes) -> None:
    with started(folder) as (address, _):
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=40) as slow:
            slow.sendall(head)
            assert httpx.get(f"{address}/health").status_code == 200  # others don't notice
            assert slow.recv(100) == b""
        assert time.monotonic() - began < 25


class Wire(asyncio.Transport):
    """A connection from an address, without a network."""

    def __init__(self, peer: str) -> None:
        super().__init__({"peername": (peer, 1), "sockname": ("192.0.2.1", 80)})
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        pass

    def is_closing(self) -> bool:
        return self.aborted


def test_one_address_leaves_room_for_others() -> None:
    async def connect() -> list[int]:
        config = uvicorn.Config(lambda: None, log_config=None)
        counts = []
        for peer in ("203.0.113.5", "203.0.113.6", "127.0.0.1", "203.0.113.5"):
            made = []
            for _ in range(MOST_OF_ONE + 5):
                protocol, wire = PatientProtocol(config, ServerState(), {}), Wire(peer)
                protocol.connection_made(wire)
                made.append((protocol, wire))
            counts.append(sum(wire.aborted for _, wire in made))
            for protocol, _ in made:
                protocol.connection_lost(None)
        return counts

    assert asyncio.run(connect()) == [5, 5, 0, 5]


@pytest.mark.parametrize(
    ("address", "hosts"),
    [
        ("http://127.0.0.1:8000", {"127.0.0.1", "localhost"}),
        ("https://Cohorts.example.org", {"cohorts.example.org"}),
    ],
)
def test_only_the_names_of_the_pages_are_answered(address: str, hosts: set[str]) -> None:
    names = Settings(address, b"").hosts
    assert hosts <= set(names)
    assert not re.search("evil", " ".join(names))


def test_what_a_killed_process_left_is_removed_by_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("expeval.web.uploads.tempfile.tempdir", str(tmp_path))
    left, starting = tmp_path / "expeval-uploads-left", tmp_path / "expeval-uploads-starting"
    for folder in (left, starting):
        folder.mkdir()
        (folder / "file").write_bytes(b"x")
    os.utime(left, (0, 0))
    with WaitingRoom(10).opened():
        held = next(path for path in tmp_path.iterdir() if path not in (left, starting))
        os.utime(held, (0, 0))
        left_behind()
        assert (left.exists(), starting.exists(), held.exists()) == (False, True, True)
    assert not held.exists()


def test_the_folder_of_waiting_files_is_kept_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cleans temporary folders takes those that nobody has used for days."""
    monkeypatch.setattr("expeval.web.uploads.tempfile.tempdir", str(tmp_path))
    room = WaitingRoom(10)
    with room.opened():
        held = next(tmp_path.iterdir())
        for path in (held, held / "lock"):
            os.utime(path, (0, 0))
        room.touch()
        assert min(path.stat().st_mtime for path in (held, held / "lock")) > 1e9
        shutil.rmtree(held)
        with pytest.raises(CannotStore, match="start the pages anew"):
            room.take(1, "", UploadFile(io.BytesIO(b"x"), filename="x.csv"), 10)
