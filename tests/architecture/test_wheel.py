"""What is in the wheel, and that it works without the checkout."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True, timeout=120
    )
    (path,) = folder.glob("*.whl")
    return path


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        (license_file,) = [name for name in archive.namelist() if name.endswith("/licenses/LICENSE")]
        assert b"BSD 3-Clause" in archive.read(license_file)
    held = {
        path.relative_to(SOURCE).as_posix()
        for path in (SOURCE / "expeval").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == held
    assert "expeval/py.typed" in names


@pytest.mark.slow
def test_the_wheel_runs_a_study_in_an_environment_of_its_own(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True, timeout=60)
    python = environment / "bin" / "python"
    install = ["install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", wheel]
    subprocess.run([sys.executable, "-m", "pip", "--python", python, *install], check=True, timeout=120)
    # The locked libraries are lent by the environment of the tests.  A path in a .pth file is not searched for
    # further .pth files, so the checkout's own expeval does not come with them.
    (site,) = (environment / "lib").glob("python*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    where = subprocess.run([python, "-c", "import expeval; print(expeval.__file__)"], capture_output=True, text=True)
    assert Path(where.stdout.strip()).is_relative_to(environment), where

    write_study(tmp_path / "study")
    ran = subprocess.run(
        [environment / "bin" / "expeval", "run", "study/study.toml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "reports" / "study" / "report.html").stat().st_size > 1000


def write_study(folder: Path) -> None:
    """Sixteen schools of five pupils each."""
    folder.mkdir()
    rows = [f"p{i},s{i // 5},{'new' if i // 5 % 2 else 'old'},{50 + i * 31 % 17 + i // 5 % 3}" for i in range(80)]
    (folder / "scores.csv").write_text("\n".join(["student,school,group,score", *rows]) + "\n", encoding="utf-8")
    (folder / "study.toml").write_text(
        """
        [study]
        title = "From the wheel"
        [data]
        files = ["scores.csv"]
        student = "student"
        institution = "school"
        [groups]
        column = "group"
        experimental = "new"
        control = "old"
        assigned = "institution"
        [[outcomes]]
        name = "Score"
        column = "score"
        kind = "score"
        """,
        encoding="utf-8",
    )
