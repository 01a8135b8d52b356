"""Verified in other environments, which are really made: older libraries, and an empty one with a bundle alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from made_study import Made

from expeval.review.bundle import bundle
from expeval.review.verify import verify

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "reports" / "published" / "star-kindergarten"


def installed(*arguments: str | Path, python: str | Path = sys.executable) -> None:
    """Install something, or skip the test where nothing can be had from anywhere."""
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode:
        pytest.skip(f"no packages to be had here: {done.stderr.strip().splitlines()[-1][:200]}")


def test_the_published_star_report_comes_out_the_same() -> None:
    found = verify(PUBLISHED)
    assert found.same, [traced.difference for traced in found.real[:5]]
    assert found.compared > 4000


@pytest.mark.slow
def test_an_older_pandas_is_said_first_and_gives_the_same(made: Made, tmp_path: Path) -> None:
    installed("--no-deps", "--target", tmp_path / "older", "pandas==2.3.3", "pytz")
    done = subprocess.run(
        [sys.executable, "-m", "expeval", "verify", str(made.out)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "older"), os.environ.get("PYTHONPATH", "")])},
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    first, second, *_ = done.stdout.splitlines()
    assert first == "The software is not that of then:"
    assert second.strip().startswith("pandas: ")
    assert second.endswith("→ 2.3.3")


@pytest.mark.slow
def test_a_bundle_verifies_in_an_empty_environment_made_from_its_own_lock(made: Made, tmp_path: Path) -> None:
    path = bundle(made.out, tmp_path / "b.zip").path
    for gone in (made.folder, made.out):
        shutil.rmtree(gone)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "unpacked")
    environment = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True, timeout=120)
    python = environment / "bin" / "python"
    installed("--require-hashes", "-r", tmp_path / "unpacked" / "requirements.lock", python=python)
    (wheel,) = (tmp_path / "unpacked" / "software").glob("*.whl")
    installed("--no-deps", wheel, python=python)
    alone = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "EXPEVAL_KEY_FILE")}
    done = subprocess.run(
        [environment / "bin" / "expeval", "verify", str(path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**alone, "HOME": str(tmp_path)},
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("Same")
