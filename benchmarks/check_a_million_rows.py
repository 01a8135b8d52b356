"""How long does `expeval check` take on many rows? python benchmarks/check_a_million_rows.py [1e6 ...]"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from timing import (
    command_costs,
    describe_machine,
    installed,
    medians,
    print_load,
    print_ratios,
    subprocess_seconds,
)

from expeval.scores.reading import read_scores
from expeval.study.reading import read_study

COLUMNS = ("student", "institution", "class", "group", "score", "points", "prior", "sex")
#: dialect -> delimiter, decimal sign, the mark around a text
DIALECTS = {"commas": (",", ".", ""), "semicolons": (";", ",", ""), "quoted": (",", ".", '"')}
STUDY = """[study]
title = "Many students"

[data]
files = ["data.csv"]
student = "student"
institution = "institution"
class = "class"

[groups]
column = "group"
experimental = ["new"]
control = ["old"]
assigned = "institution"
randomised = true

[[outcomes]]
name = "Score"
column = "score"
kind = "score"

[[outcomes]]
name = "Points"
column = "points"
kind = "score"

[covariates]
student = ["prior", "sex"]
"""
PYTHON = (sys.executable, "-W", "ignore")
MISSING = 0.03


def write_study(folder: Path, rows: int, dialect: str) -> Path:
    """A study of eight columns; some of the scores and covariates are missing."""
    delimiter, decimal, mark = DIALECTS[dialect]
    generator = np.random.default_rng(1)
    institution = generator.integers(0, max(rows // 1000, 2), rows)
    division = generator.integers(0, 8, rows)
    texts = [
        [f"s{k:07d}" for k in range(rows)],
        [f"school {k}" for k in institution.tolist()],
        [f"{5 + k // 2}{'AB'[k % 2]}" for k in division.tolist()],
        [("old", "new")[k % 2] for k in institution.tolist()],
        _filled([f"{x:.1f}".replace(".", decimal) for x in generator.normal(50, 10, rows).tolist()], generator),
        _filled([str(x) for x in generator.integers(0, 101, rows).tolist()], generator),
        _filled([f"{x:.2f}".replace(".", decimal) for x in generator.normal(100, 15, rows).tolist()], generator),
        _filled([("girl", "boy")[k] for k in generator.integers(0, 2, rows).tolist()], generator),
    ]
    words = {0, 1, 2, 3, 7}
    marked = [[f"{mark}{cell}{mark}" for cell in column] if k in words else column for k, column in enumerate(texts)]
    with (folder / "data.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(delimiter.join(COLUMNS) + "\n")
        file.writelines(delimiter.join(cells) + "\n" for cells in zip(*marked, strict=True))
    path = folder / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def _filled(cells: list[str], generator: np.random.Generator) -> list[str]:
    """The cells, three in a hundred of them empty."""
    return ["" if gone else cell for cell, gone in zip(cells, generator.random(len(cells)) < MISSING, strict=True)]


def compare(rows: int, dialect: str) -> None:
    """One file: whole processes, then the work alone; and what the processes need at their peak."""
    import pandas

    delimiter, decimal, _ = DIALECTS[dialect]
    with tempfile.TemporaryDirectory() as name:
        study = write_study(Path(name), rows, dialect)
        data = study.with_name("data.csv")
        read = f"import pandas; pandas.read_csv({str(data)!r}, sep={delimiter!r}, decimal={decimal!r})"
        commands = {
            "expeval check": (*PYTHON, "-m", "expeval", "check", str(study)),
            "pandas.read_csv": (*PYTHON, "-c", read),
        }
        label = f"{dialect}, {rows:.0e} rows"
        costs = {command: command_costs(words) for command, words in commands.items()}
        memory = {command: peak for command, (_, peak) in costs.items()}
        taken = subprocess_seconds(commands)
        print_ratios(f"{label}, process", taken, {"expeval check": ["pandas.read_csv"]}, memory)
        works = {
            "expeval.read_scores": lambda: read_scores(read_study(study)),
            "pandas.read_csv": lambda: pandas.read_csv(data, sep=delimiter, decimal=decimal),
        }
        print_ratios(f"{label}, work", medians(works), {"expeval.read_scores": ["pandas.read_csv"]})
        ours, peer = (costs[command][0] for command in commands)
        size = data.stat().st_size / 2**20
        print(f"{label}: check takes {ours / peer:.2f} times the processor time, {ours:.2f} s to {peer:.2f} s")
        print(f"{label}: the file has {size:.0f} MB, check needs {memory['expeval check'] / size:.1f} times as much")


def main() -> None:
    """Each dialect on files of the sizes asked for."""
    describe_machine("pandas", "pyarrow")
    if installed("pandas"):
        for size in sys.argv[1:] or ["1e6"]:
            for dialect in DIALECTS:
                compare(int(float(size)), dialect)
    print_load()


if __name__ == "__main__":
    main()
