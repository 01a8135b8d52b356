"""Which way imports may go, and what they cost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("dask", "jinja2", "matplotlib", "numpy", "openpyxl", "pandas", "pydantic", "scipy", "seaborn", "statsmodels")
MAIN = """
import sys
from expeval.cli.app import main
sys.argv = {}
try:
    main()
except SystemExit as end:
    assert end.code == 0, end.code
"""


def loaded_after(code: str) -> set[str]:
    """The heavy packages that are loaded once ``code`` has run in a process of its own."""
    report = f"import sys; print('loaded', *[name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, timeout=60)
    last = done.stderr.splitlines()[-1].split()
    assert last[0] == "loaded", done.stderr
    return set(last[1:])


@pytest.mark.parametrize(
    "code",
    [
        "import expeval; dir(expeval)",
        "import expeval.cli",
        "from expeval.cli.app import application; application()",
        MAIN.format(["expeval", "--help"]),
    ],
)
def test_the_command_line_starts_without_the_heavy_packages(code: str) -> None:
    assert loaded_after(code) == set()


@pytest.mark.parametrize("arguments", [["run", "--help"], ["check", "--help"], ["--version"]])
def test_the_help_of_a_verb_too(arguments: list[str]) -> None:
    # typer itself turns the values of options into types by pydantic, where that is installed.
    assert loaded_after(MAIN.format(["expeval", *arguments])) <= {"pydantic"}


def test_statistics_load_numpy_and_scipy_alone() -> None:
    assert loaded_after("import expeval.stats.estimate") <= {"numpy", "scipy"}


def test_the_public_name_run_stays_a_function() -> None:
    code = (
        "import expeval, expeval.run, sys; from expeval.run import answers\n"
        "assert callable(expeval.run) and callable(answers)\n"
        "assert expeval.run is sys.modules['expeval.run'].run\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_there() -> None:
    import expeval

    for name in expeval.__all__:
        assert getattr(expeval, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = expeval.nothing  # type: ignore[attr-defined]


def test_imports_go_one_way(tmp_path: Path) -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
