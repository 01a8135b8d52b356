"""Small generated studies, written to disk and read back as a user's would be."""

from __future__ import annotations

import csv
import functools
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from expeval.results import EstimateRow, Results
from expeval.run import analyse, check

Cell = str | float | int


@dataclass(frozen=True)
class SmallStudy:
    """Rows of one CSV file and the keys of its study file."""

    rows: tuple[Mapping[str, Cell], ...]
    assigned: str = "student"
    randomised: bool = True
    institution: bool = True
    kind: str = "score"
    student_covariates: tuple[str, ...] = ()
    institution_covariates: tuple[str, ...] = ()
    baseline: str | None = None
    inference: Mapping[str, object] = field(default_factory=dict)
    experimental: str = "new"
    control: str = "old"

    def results(self) -> Results:
        """Write, read, analyse."""
        with tempfile.TemporaryDirectory() as folder:
            return analyse(*check(self.written(Path(folder))))

    def written(self, folder: Path) -> Path:
        """The study file, beside its data."""
        columns = list(self.rows[0])
        with (folder / "data.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(self.rows)
        (folder / "study.toml").write_text(as_toml(self._keys()), encoding="utf-8")
        return folder / "study.toml"

    def _keys(self) -> dict[str, object]:
        outcome: dict[str, object] = {"name": "score", "column": "score", "kind": self.kind}
        if self.kind == "ordinal":
            outcome["levels"] = [2, 3, 4, 5]
        if self.baseline:
            outcome["baseline"] = self.baseline
        data: dict[str, object] = {"files": ["data.csv"], "student": "student"}
        if self.institution:
            data["institution"] = "school"
        if "class" in self.rows[0]:
            data["class"] = "class"
        return {
            "study": {"title": "A small study"},
            "data": data,
            "groups": {
                "column": "group",
                "experimental": [self.experimental],
                "control": [self.control],
                "assigned": self.assigned,
                "randomised": self.randomised,
            },
            "outcomes": [outcome],
            "covariates": {
                "student": list(self.student_covariates),
                "institution": list(self.institution_covariates),
            },
            "inference": {"draws": 199, "seed": 7, **self.inference},
            "report": {"minimum_cell": 1, "institutions": "name"},
        }

    def shuffled(self, seed: int) -> SmallStudy:
        order = np.random.default_rng(seed).permutation(len(self.rows))
        return replace(self, rows=tuple(self.rows[i] for i in order))

    def swapped(self) -> SmallStudy:
        return replace(self, experimental=self.control, control=self.experimental)

    def rescaled(self, factor: float, shift: float) -> SmallStudy:
        return self.with_scores([factor * float(row["score"]) + shift for row in self.rows])

    def with_scores(self, scores: Sequence[Cell]) -> SmallStudy:
        return replace(self, rows=tuple({**row, "score": s} for row, s in zip(self.rows, scores, strict=True)))


@functools.cache
def schools(
    institutions: int = 8,
    students: int = 10,
    seed: int = 3,
    by_institution: bool = False,
    classes: bool = False,
    marks: bool = False,
) -> SmallStudy:
    """Students in schools; arms inside schools, or school by school."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Cell]] = []
    for j in range(institutions):
        level = rng.normal(0, 3)
        for i in range(students):
            new = j % 2 if by_institution else i % 2
            ability = rng.normal(50 + level, 8)
            row: dict[str, Cell] = {
                "student": f"{j}-{i}",
                "school": f"school {j}",
                "group": "new" if new else "old",
                "score": round(ability + 2 * new + rng.normal(0, 5), 1),
                "age": round(rng.normal(10, 0.5), 2),
                "gender": ("f", "m")[int(rng.integers(2))],
                "kind": ("town", "village")[j // 2 % 2],
            }
            if classes:
                row["class"] = ("a", "b")[new] if not by_institution else ("a", "b")[i % 2]
            if marks:
                row["score"] = int(np.clip(round(2 + (float(row["score"]) - 40) / 7), 2, 5))
            rows.append(row)
    return SmallStudy(
        rows=tuple(rows),
        assigned="institution" if by_institution else "student",
        kind="ordinal" if marks else "score",
        student_covariates=("age", "gender"),
        institution_covariates=("kind",),
    )


def as_toml(tables: Mapping[str, object]) -> str:
    """Tables of plain values as TOML: JSON's strings, numbers, truth values and lists are TOML's too."""
    lines = []
    for name, content in tables.items():
        many = isinstance(content, list)
        for table in content if isinstance(content, list) else [content]:
            lines.append(f"[[{name}]]" if many else f"[{name}]")
            lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in dict(table).items()]
    return "\n".join(lines) + "\n"


def by_key(results: Results) -> dict[tuple[str, str, str], EstimateRow]:
    """Rows by analysis, method and term."""
    return {(row.analysis, row.method, row.term): row for row in results.estimates}
