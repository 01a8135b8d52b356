"""A locked plan goes with what was run: verify reads it, a bundle holds it, and an edit of it is found."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from made_study import Made

import expeval
from expeval.review.bundle import CannotBundle, bundle
from expeval.review.verify import verify
from expeval.run import lock


@pytest.fixture
def locked(made: Made) -> Made:
    """A plan, a deviation with its reason, and the run of it."""
    lock(made.study)
    made.set("confidence", "0.9")
    with made.study.open("a", encoding="utf-8") as file:
        file.write('\n[[deviations]]\nkey = "inference.confidence"\nreason = "The council asked for it."\n')
    expeval.run(made.study, out=made.out)
    return made


def lock_file(made: Made) -> Path:
    return made.folder / "study.lock.json"


def test_the_same_plan_gives_the_same_bytes(locked: Made) -> None:
    assert verify(locked.out).verdict == "same-bytes"


def test_an_amendment_after_the_run_is_a_change_of_the_plan(locked: Made) -> None:
    text = locked.study.read_text(encoding="utf-8")
    locked.study.write_text(text[: text.index("\n[[deviations]]")], encoding="utf-8")
    lock(locked.study, "The council asked for it.")
    locked.study.write_text(text, encoding="utf-8")
    found = verify(locked.out)
    assert found.verdict == "different"
    assert [change.name for change in found.causes.plan] == ["../study/study.lock.json"]
    assert {traced.causes for traced in found.real} == {("plan",)}
    assert {traced.difference.table for traced in found.real} <= {"plan", "decisions", "warnings"}
    with pytest.raises(CannotBundle, match=r"study\.lock\.json is not what"):
        bundle(locked.out, locked.folder / "b.zip")


def test_a_lock_that_was_edited_is_named(locked: Made) -> None:
    path = lock_file(locked)
    path.write_text(path.read_text(encoding="utf-8").replace('"auto"', '"ols"', 1), encoding="utf-8")
    found = verify(locked.out)
    assert (found.verdict, [fault.code for fault in found.faults]) == ("not-rerun", ["lock-edited"])


def test_a_bundle_holds_the_plan_and_verifies_elsewhere(
    locked: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bundle(locked.out, tmp_path / "b.zip").path
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("study.lock.json")) == json.loads(lock_file(locked).read_bytes())
        assert "study.lock.json" in archive.read("README.md").decode()
    monkeypatch.setenv("EXPEVAL_KEY_FILE", str(tmp_path / "another key"))
    found = verify(path)
    assert found.verdict == "same-bytes", found
    assert found.edited == ()


def test_an_edited_plan_in_a_bundle_is_named(locked: Made, tmp_path: Path) -> None:
    path = bundle(locked.out, tmp_path / "b.zip").path
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["study.lock.json"] = files["study.lock.json"].replace(b'"auto"', b'"ols"', 1)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    found = verify(path)
    assert "study.lock.json" in {file.file for file in found.edited}
    assert not found.same
