"""A study that names classes and no institutions is told of classes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_studies import schools

import expeval
from expeval.glossary import of_classes


@pytest.mark.parametrize("by_class", [True, False])
@pytest.mark.parametrize("classes", [2, 7, 14])
def test_no_sentence_speaks_of_institutions(tmp_path: Path, by_class: bool, classes: int):
    study = schools(institutions=classes, by_institution=by_class)
    rows = tuple({**row, "class": row["school"]} for row in study.rows)
    assigned = "class" if by_class else "student"
    replace(study, rows=rows, institution=False, assigned=assigned, inference={"draws": 99}).written(tmp_path)
    found = expeval.run(tmp_path / "study.toml", out=tmp_path / "out")
    told = [row.message for row in found.warnings] + [row.because for row in found.decisions]
    assert [words for words in told if "nstitution" in words] == []
    if by_class and classes == 7:
        assert "few-institutions-assigned" in {row.code for row in found.warnings}


def test_sentences_stay_whole():
    assert of_classes("An institution of an institution; institutions or classes.") == "A class of a class; classes."
