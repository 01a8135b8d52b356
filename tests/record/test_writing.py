"""A folder appears whole or not at all: after every failure ``out`` holds the old files or the new ones."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from expeval.record import writing
from expeval.record.writing import CannotWrite, change_file, settle, write_file, write_folder

NAMES = ("estimates.csv", "figures/forest.svg", "figures/outcome.svg", "manifest.json", "report.html", "results.json")


def made(tag: str) -> dict[str, str | bytes]:
    """The files of a run whose every file says ``tag``."""
    manifest = json.dumps({"schema": "expeval-manifest/1", "tag": tag})
    return {name: manifest if name == "manifest.json" else tag * 500 for name in NAMES}


def listing(folder: Path) -> dict[str, str | bytes]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(params=["exchange", "two renames"])
def out(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place to write, once with the atomic exchange and once as on a system that lacks it."""
    if request.param == "two renames":
        monkeypatch.setattr(writing, "_exchange", lambda one, other: False)
    return tmp_path / "reports" / "study"


def test_writes_files_and_makes_parents(out: Path) -> None:
    write_folder(out, made("a"))
    assert listing(out) == made("a")
    assert os.listdir(out.parent) == ["study"]


def test_replaces_an_earlier_run_as_a_whole(out: Path) -> None:
    write_folder(out, made("a") | {"figures/gone.svg": "<svg/>"})
    write_folder(out, made("b"))
    assert listing(out) == made("b")
    assert os.listdir(out.parent) == ["study"]


def test_an_empty_folder_is_filled(out: Path) -> None:
    out.mkdir(parents=True)
    write_folder(out, made("a"))
    assert listing(out) == made("a")


def test_text_is_utf_8_with_its_own_line_ends_and_bytes_stay(out: Path) -> None:
    write_folder(out, {"report.html": "оценка\n", "figures/a.svg": b"\xff\r\n"})
    assert (out / "report.html").read_bytes() == "оценка\n".encode()
    assert (out / "figures/a.svg").read_bytes() == b"\xff\r\n"


def test_a_link_stays_a_link(out: Path) -> None:
    target = out.parent / "elsewhere"
    write_folder(target, made("a"))
    out.symlink_to(target)
    write_folder(out, made("b"))
    assert out.is_symlink()
    assert listing(target) == made("b")


@pytest.mark.parametrize(
    ("stranger", "told"),
    [
        ("notes.txt", "notes.txt"),
        ("figures/drawn by hand.png", "drawn by hand.png"),
        ("mine/report.html", "mine"),
        ("figures/deep/a.svg", "figures/deep/a.svg"),
    ],
)
def test_refuses_a_folder_with_a_file_of_somebody_else(out: Path, stranger: str, told: str) -> None:
    write_folder(out, made("a"))
    (out / stranger).parent.mkdir(exist_ok=True)
    (out / stranger).write_text("do not lose me")
    before = listing(out)
    with pytest.raises(CannotWrite, match=told):
        write_folder(out, made("b"))
    assert listing(out) == before


def test_refuses_a_folder_that_no_run_made(out: Path) -> None:
    out.mkdir(parents=True)
    (out / "report.html").write_text("my thesis")
    with pytest.raises(CannotWrite, match=r"no expeval run wrote \(report\.html\)"):
        write_folder(out, made("a"))
    assert (out / "report.html").read_text() == "my thesis"


def test_refuses_a_file_in_its_place(out: Path) -> None:
    out.parent.mkdir()
    out.write_text("a file")
    with pytest.raises(CannotWrite, match="is a file"):
        write_folder(out, made("a"))
    with pytest.raises(CannotWrite, match="a file, not a folder"):
        write_folder(out / "below", made("a"))
    assert out.read_text() == "a file"


@pytest.mark.parametrize("name", ["../escaped.html", "/tmp/escaped.html", "figures/../../escaped.svg"])
def test_no_name_leads_out(out: Path, name: str) -> None:
    with pytest.raises(ValueError, match="leads out"):
        write_folder(out, {name: "x"})
    assert not out.exists()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "no space left"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "no permission"),
        (errno.EIO, "error"),
    ],
)
@pytest.mark.parametrize("at", range(1, len(NAMES) + 2))
def test_a_refusing_system_leaves_the_earlier_output(
    out: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str, at: int
) -> None:
    write_folder(out, made("a"))
    calls = iter(range(1, 1000))

    def failing(handle: int) -> None:
        if next(calls) == at:
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(CannotWrite, match=words) as told:
        write_folder(out, made("b"))
    assert str(told.value).count("\n") == 0
    assert listing(out) == made("a")
    assert os.listdir(out.parent) == ["study"]


def test_a_first_write_that_fails_leaves_no_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(CannotWrite):
        write_folder(tmp_path / "reports" / "deep" / "study", made("a"))
    assert os.listdir(tmp_path) == []


def test_an_interrupt_leaves_the_earlier_output(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(out, made("a"))

    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_folder(out, made("b"))
    assert listing(out) == made("a")
    assert os.listdir(out.parent) == ["study"]


def test_a_swap_that_was_cut_between_its_renames_is_undone(out: Path) -> None:
    write_folder(out, made("a"))
    out.rename(out.with_name(".study.expeval-old"))
    write_folder(out.with_name(".study.expeval-new"), made("b"))
    settle(out)
    assert listing(out) == made("a")
    assert os.listdir(out.parent) == ["study"]


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)], capture_output=True, text=True, timeout=60
    )


def test_limits_of_the_system_itself(tmp_path: Path) -> None:
    """The kernel refuses: a file too large, handles used up, a folder that may not be written."""
    out = tmp_path / "study"
    write_folder(out, made("a"))
    code = """
        import os, resource, signal, sys
        from pathlib import Path
        from expeval.record.writing import CannotWrite, write_folder
        import ctypes, fcntl
        out, limit = Path(sys.argv[1]), sys.argv[2]
        files = {"report.html": "x" * 100_000, "manifest.json": "{}"}
        if limit == "size":
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        elif limit == "handles":
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
        else:
            os.chmod(out.parent, 0o555)
            if os.getuid() == 0:
                os.setuid(65534)
        try:
            write_folder(out, files)
        except CannotWrite as told:
            print(told)
    """
    for limit, words in [
        ("size", "larger than the system allows"),
        ("handles", "too many"),
        ("right", "no permission"),
    ]:
        done = run_python(code, out, limit)
        assert words in done.stdout, done
        assert listing(out) == made("a")
    tmp_path.chmod(0o755)
    assert os.listdir(tmp_path) == ["study"]


def test_two_runs_into_one_folder_each_write_it_whole(tmp_path: Path) -> None:
    out = tmp_path / "study"
    code = WRITER.replace("while True", "for _ in range(15)")
    writers = [subprocess.Popen([sys.executable, "-c", code, str(out), "exchange", tag]) for tag in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert listing(out) in (made("a"), made("b"))
    assert os.listdir(tmp_path) == ["study"]


def test_a_run_that_waits_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.0)
    with writing._alone_in(tmp_path, tmp_path / "study"), pytest.raises(CannotWrite, match="another run"):
        write_folder(tmp_path / "study", made("a"))


WRITER = textwrap.dedent(
    """
    import json, sys
    from pathlib import Path
    from expeval.record import writing
    out, way, *tags = Path(sys.argv[1]), *sys.argv[2:]
    if way == "two renames":
        writing._exchange = lambda one, other: False
    names = ("estimates.csv", "figures/forest.svg", "figures/outcome.svg", "report.html", "results.json")
    while True:
        for tag in tags:
            manifest = json.dumps({"schema": "expeval-manifest/1", "tag": tag})
            writing.write_folder(out, {name: tag * 500 for name in names} | {"manifest.json": manifest})
    """
)


@pytest.mark.parametrize("way", ["exchange", "two renames"])
def test_killed_at_any_moment_it_holds_the_old_or_the_new(tmp_path: Path, way: str) -> None:
    out = tmp_path / "study"
    write_folder(out, made("a"))
    moments = random.Random(1)
    for _ in range(12):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(out), way, "a", "b"])
        time.sleep(0.08 + moments.random() * 0.25)
        writer.send_signal(signal.SIGKILL)
        writer.wait(10)
        if way == "exchange":  # never a moment without the whole folder
            assert listing(out) in (made("a"), made("b"))
        settle(out)
        assert listing(out) in (made("a"), made("b"))
        assert os.listdir(tmp_path) == ["study"]


# --- one file ------------------------------------------------------------------------------------------------


def test_a_file_takes_the_place_of_a_file_alone(tmp_path: Path) -> None:
    file, pipe, folder = tmp_path / "file", tmp_path / "pipe", tmp_path / "folder"
    write_file(file, "old")
    write_file(file, "new")
    assert file.read_text() == "new"
    os.mkfifo(pipe)
    folder.mkdir()
    for path, told in ((pipe, "a device or a pipe"), (folder, "a folder"), (Path("/dev/null"), "a device")):
        with pytest.raises(CannotWrite, match=told):
            write_file(path, "new")
        with pytest.raises(CannotWrite, match=told):
            change_file(path, lambda _: "new")
    assert pipe.is_fifo()
    assert Path("/dev/null").is_char_device()
