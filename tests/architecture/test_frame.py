"""The lock, the Makefile and the house rules that a tool can hold."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]+")


def locked_names() -> set[str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return {line.split("==")[0] for line in lines if "==" in line}


def test_the_lock_holds_every_package_that_pyproject_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {PLAIN_NAME.match(line)[0].lower().replace("_", "-") for line in wanted}  # type: ignore[index]
    assert names - locked_names() == set()


def test_every_locked_package_has_a_hash_and_nothing_has_an_address() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for block in re.split(r"\n(?=[a-z])", text):
        assert "--hash=sha256:" in block, block[:60]
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash)|^\s*-[a-z]|@", text, re.MULTILINE)


def test_module_names_tell_what_is_inside() -> None:
    telling_nothing = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "core"}
    found = [path for path in (ROOT / "src").rglob("*.py") if path.stem in telling_nothing]
    assert found == []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text("", encoding="utf-8")
    return tmp_path


def fake_python(folder: Path, body: str) -> Path:
    path = folder / "fake-python"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_make_says_which_package_is_missing(checkout: Path) -> None:
    python = fake_python(checkout, 'case "$2" in *ensurepip*) exit 1;; esac')
    done = subprocess.run(
        ["make", f"PYTHON={python}", "demo"], cwd=checkout, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 2
    assert "install the package python3.11-venv" in done.stderr
    assert not (checkout / ".venv").exists()


def test_make_says_that_python_is_missing(checkout: Path) -> None:
    done = subprocess.run(
        ["make", "PYTHON=no-such-python", "test"], cwd=checkout, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 2
    assert "install Python 3.11" in done.stderr
    assert not (checkout / ".venv").exists()


def test_make_installs_once_whatever_the_order(checkout: Path) -> None:
    """Two targets side by side, then again: the environment is made once, and again only for a new lock."""
    work = """
        echo "$*" >> log
        [ "$2" = venv ] || exit 0
        mkdir -p .venv/bin
        for tool in python expeval; do cp "$0" .venv/bin/$tool; done
    """
    python = fake_python(checkout, work)
    log = checkout / "log"

    def make(*targets: str) -> int:
        done = subprocess.run(
            ["make", "-j4", f"PYTHON={python}", *targets], cwd=checkout, capture_output=True, timeout=30
        )
        return done.returncode

    assert make("demo", "fast") == 0
    assert log.read_text().count("--require-hashes") == 1
    assert make("fast") == 0
    assert log.read_text().count("--require-hashes") == 1
    assert log.read_text().count("--no-build-isolation") == 1
    stamp = (checkout / ".venv" / ".from-lock").stat().st_mtime
    os.utime(checkout / "requirements.lock", (stamp + 5, stamp + 5))
    assert make("demo") == 0
    assert log.read_text().count("--require-hashes") == 2
    assert log.read_text().count(" venv .venv") == 1
