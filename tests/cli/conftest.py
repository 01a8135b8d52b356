"""A small study on disk: 12 schools of 8 students, half of the schools experimental."""

from __future__ import annotations

from pathlib import Path

import pytest

STUDY = """
[study]
title = "Reading aloud"
question = "Do pupils who are read to read better?"
simulated = true

[data]
files = ["scores.csv"]
student = "student"
institution = "school"

[groups]
column = "group"
experimental = ["aloud"]
control = ["usual"]
assigned = "institution"
randomised = true

[[outcomes]]
name = "Reading"
column = "reading"
kind = "score"
"""


def small_study(folder: Path) -> Path:
    """Write the study into ``folder``; the marks are arithmetic, none is drawn."""
    lines = ["student,school,group,reading"]
    for student in range(96):
        school = student // 8
        group = "aloud" if school % 2 else "usual"
        reading = 40 + (student * 37) % 23 + (school * 5) % 7 + (4 if group == "aloud" else 0)
        lines.append(f"p{student:03},school {school:02},{group},{reading}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scores.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder / "study.toml"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small study as a relative path, with the temporary folder as the working directory."""
    monkeypatch.chdir(tmp_path)
    return small_study(tmp_path / "aloud").relative_to(tmp_path)
