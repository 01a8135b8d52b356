"""Cohorts go with what was run: into a bundle, and into what verify says of changed cells."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_study import Cells, Made

import expeval
from expeval.review.bundle import bundle
from expeval.review.verify import verify


@pytest.fixture
def of_two_years(made: Made) -> Made:
    made.change(lambda rows: [{**row, "year": str(2024 + k % 2)} for k, row in enumerate(rows)])
    text = made.study.read_text(encoding="utf-8")
    made.study.write_text(text.replace("[data]\n", '[data]\ncohort = "year"\n'), encoding="utf-8")
    found = expeval.run(made.study, out=made.out)
    assert "cohort[2025]" in {row.term for row in found.estimates}
    return made


def test_a_bundle_holds_the_cohorts(of_two_years: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bundle(of_two_years.out, tmp_path / "b.zip").path
    monkeypatch.setenv("EXPEVAL_KEY_FILE", str(tmp_path / "another key"))
    assert verify(path).verdict == "same-bytes"


def test_another_cohort_of_a_student_is_found(of_two_years: Made) -> None:
    def moved(rows: Cells) -> Cells:
        rows[3]["year"] = "2024" if rows[3]["year"] == "2025" else "2025"
        return rows

    of_two_years.change(moved)
    found = verify(of_two_years.out)
    assert found.verdict == "different"
    assert {traced.causes for traced in found.real} == {("data",)}
    assert found.causes.table is not None
    assert [(row.kind, row.row, row.columns) for row in found.causes.table.rows] == [("changed", 5, ("cohort",))]
