"""A study that was run, in a folder of its own, beside a key of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from made_study import Made
from small_studies import schools

import expeval


@pytest.fixture(autouse=True)
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key of this test's own, so that nothing is left in anybody's home."""
    place = tmp_path / "key"
    monkeypatch.setenv("EXPEVAL_KEY_FILE", str(place))
    return place


@pytest.fixture
def made(tmp_path: Path, key: Path) -> Made:
    """Fourteen schools, by school assigned, run once."""
    folder = tmp_path / "study"
    folder.mkdir()
    study = schools(institutions=14, by_institution=True)
    replace(study, inference={"draws": 99}).written(folder)
    expeval.run(folder / "study.toml", out=tmp_path / "out")
    return Made(folder, tmp_path / "out")
