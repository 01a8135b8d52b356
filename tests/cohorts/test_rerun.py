"""A study with a store is verified, bundled and locked like one with files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import expeval
from expeval.cohorts.export import export
from expeval.record.plan_lock import lock_plan
from expeval.review.bundle import CannotBundle, bundle
from expeval.review.verification import Verification
from expeval.review.verify import verify
from expeval.store.snapshot import take_snapshot
from expeval.study.reading import read_study

HEAD = "code,class,group,mark,before,test,gender\n"


def rows(*marks: int) -> bytes:
    lines = [
        f"p{k},7{'A' if k % 2 else 'B'},{'new' if k % 2 else 'old'},{mark},{3 + k % 2},{50 + k},{'mf'[k % 3 == 0]}\n"
        for k, mark in enumerate(marks)
    ]
    return (HEAD + "".join(lines)).encode()


@pytest.fixture
def out(house, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six schools' uploads, run once."""
    monkeypatch.setenv("EXPEVAL_KEY_FILE", str(tmp_path / "key"))
    for school in range(6):
        house.other(f"School {school}").send(rows(5, 4, 3, 4, 2, 5, 3, 4, 3, 5, 4, 2))
    expeval.run(house.study.path, out=tmp_path / "out")
    return tmp_path / "out"


def test_the_same_uploads_give_the_same_bytes(out: Path) -> None:
    assert verify(out).verdict == "same-bytes"


def test_a_later_upload_is_a_change_of_the_data_in_its_rows(house, out: Path) -> None:
    house.other("School 2").send(rows(5, 4, 3, 4, 2, 5, 3, 4, 3, 5, 4, 5))
    found: Verification = verify(out)
    assert found.verdict == "different"
    assert {traced.causes for traced in found.real} == {("data",)}
    assert [change.file for change in found.causes.files] == ["../cohorts.db"]
    assert found.causes.table is not None
    (changed,) = found.causes.table.rows
    # As in what `cohorts export` writes: a row of names, twelve students a school.
    assert (changed.kind, changed.row, changed.columns) == ("changed", 2 + 2 * 12 + 11, ("Mark",))
    text, _ = export(house.store, house.study)
    assert text.splitlines()[changed.row - 1].split(",")[text.splitlines()[0].split(",").index("mark")] == "5"
    with pytest.raises(CannotBundle, match=r"\.\./cohorts\.db is not what"):
        bundle(out, out.parent / "b.zip")


def test_a_store_that_is_gone_is_told(house, out: Path) -> None:
    house.store.close()
    (out.parent / "cohorts.db").unlink()
    found = verify(out)
    assert (found.verdict, [fault.code for fault in found.faults]) == ("not-rerun", ["store-unreadable"])


def test_a_bundle_needs_no_store(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bundle(out, out.parent / "b.zip").path
    monkeypatch.setenv("EXPEVAL_KEY_FILE", str(out.parent / "another key"))
    assert verify(path).verdict == "same-bytes"


def test_a_plan_knows_whether_uploads_were_there(house, out: Path) -> None:
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    sha256 = take_snapshot(house.store).sha256
    assert manifest["hashes"]["../cohorts.db"] == sha256
    entry = lock_plan(read_study(house.study.path)).last
    assert [(file.file, file.role, file.sha256) for file in entry.data] == [("cohorts.db", "store", sha256)]
    assert entry.data_then({sha256}) == "same"


def test_a_plan_before_any_upload_is_before_the_data(house) -> None:
    assert lock_plan(read_study(house.study.path)).last.before_data
