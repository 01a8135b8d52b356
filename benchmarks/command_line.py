"""Does the command line keep anyone waiting? python benchmarks/command_line.py"""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path

from students import students
from timing import describe_machine, installed, print_load, print_ratios, subprocess_seconds

ROOT = Path(__file__).parents[1]
STAR = ROOT / "analyses" / "star-kindergarten" / "study.toml"

NOTHING = """import typer
app = typer.Typer()

@app.command()
def work(name: str, count: int = 1) -> None:
    "Do nothing."

@app.command()
def rest() -> None:
    "Do nothing, too."

app()
"""
STUDY = """[study]
title = "Two thousand students"

[data]
files = ["data.csv"]
student = "student"
institution = "school"

[groups]
column = "arm"
experimental = ["new"]
control = ["old"]
assigned = "institution"
randomised = true

[[outcomes]]
name = "score"
column = "score"
kind = "score"
"""
PYTHON = (sys.executable, "-W", "ignore")
EXPEVAL = (*PYTHON, "-m", "expeval")


def write_study(folder: Path) -> Path:
    """A study of 2,000 rows."""
    data = students(2_000, 40, ordered=True)
    with (folder / "data.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "school", "arm", "score"])
        for k, (treatment, school, y) in enumerate(zip(data["X"][:, 1], data["cluster"], data["y"], strict=True)):
            writer.writerow([f"s{k}", f"school {school:.0f}", "new" if treatment else "old", round(20 * y, 1)])
    path = folder / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def main() -> None:
    """Whole processes: help, check of 2,000 rows, run on STAR, each against what a user might import instead."""
    describe_machine("typer", "pandas", "pydantic", "seaborn", "statsmodels", "pingouin")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        nothing = folder / "nothing.py"
        nothing.write_text(NOTHING, encoding="utf-8")
        study = write_study(folder)
        questions = {
            "help": {"expeval --help": (*EXPEVAL, "--help"), "typer doing nothing": (*PYTHON, str(nothing), "--help")},
            "check, 2,000 rows": {
                "expeval check": (*EXPEVAL, "check", str(study)),
                "import pandas, pydantic": (*PYTHON, "-c", "import pandas, pydantic"),
            },
        }
        if STAR.exists() and installed("seaborn", "statsmodels", "pingouin"):
            questions["run, STAR"] = {
                "expeval run": (*EXPEVAL, "run", str(STAR), "--out", str(folder / "report")),
                "import the three": (*PYTHON, "-c", "import seaborn, statsmodels.api, pingouin"),
            }
        for question, commands in questions.items():
            ours, peer = commands
            taken = subprocess_seconds(commands)
            print_ratios(question, taken, {})
            print(f"{question}: {ours} takes {taken[ours] / taken[peer]:.2f} times as long as {peer}")
    print_load()


if __name__ == "__main__":
    main()
