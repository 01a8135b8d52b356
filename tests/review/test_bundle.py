"""A bundle gives the same numbers elsewhere, names nobody, and can't be edited unseen."""

from __future__ import annotations

import csv
import io
import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from made_study import Cells, Made
from small_studies import SmallStudy, schools

import expeval
from expeval.faults import Faults
from expeval.review.archive import UnsafeArchive, packed, unpacked
from expeval.review.bundle import CannotBundle, Identifies, bundle
from expeval.review.output import CannotVerify
from expeval.review.verify import verify

DESIGNS = {
    "inside schools": schools(),
    "by school": schools(institutions=14, by_institution=True),
    "classes": replace(schools(classes=True), assigned="class"),
    "marks": schools(marks=True),
    "no schools": replace(schools(institutions=3), institution=False, institution_covariates=()),
    "formulas": replace(
        schools(), rows=tuple({**row, "kind": "=cmd()" if row["kind"] == "town" else "@x"} for row in schools().rows)
    ),
}


def ran(study: SmallStudy, folder: Path) -> Path:
    (folder / "study").mkdir()
    expeval.run(replace(study, inference={"draws": 99}).written(folder / "study"), out=folder / "out")
    return folder / "out"


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(unpacked(path)["data/scores.csv"].decode())))


@pytest.mark.parametrize("study", DESIGNS.values(), ids=list(DESIGNS))
def test_the_same_numbers_to_the_last_bit(study: SmallStudy, tmp_path: Path) -> None:
    packed_study = bundle(ran(study, tmp_path), tmp_path / "b.zip")
    shutil.rmtree(tmp_path / "study")
    shutil.rmtree(tmp_path / "out")
    found = verify(packed_study.path)
    assert (found.verdict, found.edited, found.causes.names) == ("same-bytes", (), ())


def test_nobody_is_named(made: Made, tmp_path: Path) -> None:
    made.study.write_text(made.study.read_text("utf-8").replace('institutions = "name"', ""), "utf-8")
    expeval.run(made.study, out=made.out)
    path = bundle(made.out, tmp_path / "b.zip").path
    rows = table(path)
    assert not any(row["school"].startswith("school") for row in rows)
    assert len({row["student"] for row in rows}) == len(rows)
    assert "school 3" not in "".join(content.decode("utf-8", "ignore") for content in unpacked(path).values())


def test_columns_that_the_study_does_not_use_stay_at_home(made: Made, tmp_path: Path) -> None:
    def edit(rows: Cells) -> Cells:
        return [{**row, "phone": "+7 912 345 67 89", "Имя": "Иванова Анна Петровна"} for row in rows]

    made.change(edit)
    expeval.run(made.study, out=made.out)
    text = unpacked(bundle(made.out, tmp_path / "b.zip").path)["data/scores.csv"].decode()
    assert "912" not in text.split("\n")[0]
    assert "Иванова" not in text


def test_another_key_gives_other_pseudonyms(made: Made, tmp_path: Path, key: Path) -> None:
    one = table(bundle(made.out, tmp_path / "one.zip").path)
    key.unlink()
    other = table(bundle(made.out, tmp_path / "other.zip").path)
    assert {row["student"] for row in one}.isdisjoint({row["student"] for row in other})


def test_two_bundles_are_the_same_bytes(made: Made, tmp_path: Path) -> None:
    one, other = (bundle(made.out, tmp_path / name).path.read_bytes() for name in ("one.zip", "other.zip"))
    assert one == other


def test_rows_of_no_arm_and_rows_that_stood_twice_are_counted_the_same(tmp_path: Path) -> None:
    rows = [*schools().rows, *schools().rows[:3]]
    rows += [{**row, "student": f"x{k}", "group": "third" if k % 2 else ""} for k, row in enumerate(rows[:7])]
    (tmp_path / "study").mkdir()
    study = replace(schools(), rows=tuple(rows)).written(tmp_path / "study")
    study.write_text(study.read_text("utf-8").replace("[data]", '[data]\nduplicates = "first"'), "utf-8")
    results = expeval.run(study, out=tmp_path / "out")
    assert {reason for row in results.flow for reason in row.left_out} >= {"other-group", "no-group", "duplicate"}
    assert verify(bundle(tmp_path / "out", tmp_path / "b.zip").path).verdict == "same-bytes"


Edit = Callable[[dict[str, bytes]], None]


def swapped(name: str, old: bytes, new: bytes) -> Edit:
    def edit(files: dict[str, bytes]) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return edit


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("results/results.json", b'"n": 70', b'"n": 71'),
        ("results/report.html", b"school", b"School"),
        ("results/manifest.json", b'"seed": 7', b'"seed": 8'),
        ("results/estimates.csv", b"welch", b"Welch"),
        ("data/scores.csv", b",f,", b",m,"),
        ("study.toml", b"confidence = 0.95", b"confidence = 0.90"),
        ("requirements.lock", b"numpy", b"numPy"),
        ("README.md", b"Two commands", b"Three commands"),
        ("bundle.json", b'"expeval": "0', b'"expeval": "1'),
    ],
)
def test_an_edit_names_its_file(name: str, old: bytes, new: bytes, made: Made, tmp_path: Path) -> None:
    path = bundle(made.out, tmp_path / "b.zip").path
    files = unpacked(path)
    swapped(name, old, new)(files)
    path.write_bytes(packed(files))
    found = verify(path)
    assert not found.same
    assert name in {file.file for file in found.edited}


def test_edited_data_and_an_edited_plan_are_the_causes(made: Made, tmp_path: Path) -> None:
    path = bundle(made.out, tmp_path / "b.zip").path
    files = unpacked(path)
    rows = files["data/scores.csv"].decode().split("\n")
    del rows[20]
    files["data/scores.csv"] = "\n".join(rows).encode()
    swapped("study.toml", b"confidence = 0.95", b"confidence = 0.90")(files)
    path.write_bytes(packed(files))
    found = verify(path)
    assert (found.verdict, found.causes.names) == ("different", ("data", "plan"))
    causes = {traced.difference.place: traced.causes for traced in found.real}
    assert causes["estimates", ("score", "test", "welch", "difference"), "estimate"] == ("data",)
    assert causes["estimates", ("score", "test", "welch", "difference"), "conf_high"] == ("plan", "data")


def test_a_forged_number_with_forged_hashes_is_found_by_the_rerun(made: Made, tmp_path: Path) -> None:
    path = bundle(made.out, tmp_path / "b.zip").path
    files = unpacked(path)
    results = json.loads(files["results/results.json"])
    row = next(row for row in results["estimates"] if row["method"] == "welch")
    row["estimate"] += 1.0
    files["results/results.json"] = json.dumps(results).encode()
    del files["bundle.json"]
    path.write_bytes(packed({**files, "bundle.json": unpacked(path)["bundle.json"]}))
    found = verify(path)
    assert ("estimates", ("score", "test", "welch", "difference"), "estimate") in {
        traced.difference.place for traced in found.real
    }


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("gender", lambda k: f"pupil{k % 9}@school.ru", "e-mail"),
        ("gender", lambda k: f"+7 (912) 345-67-{k % 9}0", "telephone"),
        ("gender", lambda k: ("Иванов Пётр Ильич", "Петрова Анна Львовна")[k % 2], "names"),
        ("age", lambda k: 20140500 + k % 28 + 1, "birth"),
        ("age", lambda k: 79123456700 + k % 9, "digits"),
    ],
)
def test_what_would_identify_a_student_is_named_and_not_packed(
    column: str, value: Callable[[int], object], what: str, tmp_path: Path
) -> None:
    rows = tuple({**row, column: value(k)} for k, row in enumerate(schools().rows))  # type: ignore[dict-item]
    out = ran(replace(schools(), rows=rows), tmp_path)
    with pytest.raises(Identifies, match=column) as raised:
        bundle(out, tmp_path / "b.zip")
    assert what in str(raised.value)
    assert not (tmp_path / "b.zip").exists()


def test_a_column_called_after_a_person_s_name_is_refused(tmp_path: Path) -> None:
    rows = tuple({**row, "first_name": "ab"[k % 2]} for k, row in enumerate(schools().rows))
    out = ran(replace(schools(), rows=rows, student_covariates=("first_name",)), tmp_path)
    with pytest.raises(Identifies, match="first_name"):
        bundle(out, tmp_path / "b.zip")


def test_what_was_changed_since_the_run_is_not_packed(made: Made, tmp_path: Path) -> None:
    made.change(lambda rows: rows[1:])
    with pytest.raises(CannotBundle, match=r"data\.csv"):
        bundle(made.out, tmp_path / "b.zip")
    expeval.run(made.study, out=made.out)
    (made.out / "report.html").write_text("mine", encoding="utf-8")
    with pytest.raises(CannotBundle, match=r"report\.html"):
        bundle(made.out, tmp_path / "b.zip")
    made.study.write_text("oops", encoding="utf-8")
    with pytest.raises((CannotBundle, Faults)):
        bundle(made.out, tmp_path / "b.zip")


# ------------------------------------------------------------------------------------- archives made to harm


def archive(path: Path, entries: list[tuple[zipfile.ZipInfo, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for entry, content in entries:
            file.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return path


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "entries",
    [
        [(zipfile.ZipInfo("../../outside"), b"x")],
        [(zipfile.ZipInfo("/etc/passwd"), b"x")],
        [(zipfile.ZipInfo("data/..\\..\\x"), b"x")],
        [(zipfile.ZipInfo("C:x"), b"x")],
        [(link("study.toml"), b"/etc/passwd")],
        [(zipfile.ZipInfo("a"), b"x"), (zipfile.ZipInfo("a"), b"y")],
        [(zipfile.ZipInfo("bomb"), b"\0" * 60_000_000)],
        [(zipfile.ZipInfo(f"f{k}"), b"") for k in range(5001)],
    ],
    ids=["traversal", "absolute", "backslash", "drive", "link", "twice", "bomb", "many"],
)
def test_an_archive_made_to_harm_is_not_unpacked(entries: list[tuple[zipfile.ZipInfo, bytes]], tmp_path: Path) -> None:
    path = archive(tmp_path / "b.zip", entries)
    with pytest.raises(UnsafeArchive):
        unpacked(path)
    with pytest.raises(CannotVerify):
        verify(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive", packed({}), packed({"bundle.json": b"{"})])
def test_what_is_no_bundle(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(content)
    with pytest.raises(CannotVerify):
        verify(tmp_path / "b.zip")


def test_declared_reasons_of_missing_outcomes_are_no_difference(
    tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle's table has no SPSS labels: who was left out is counted all the same."""
    scores = pd.DataFrame(
        {
            "pupil": [f"p{k}" for k in range(60)],
            "group": ["new", "old"] * 30,
            "score": [998.0, 999.0, *np.linspace(40, 60, 58)],
        }
    )
    labels = {"score": {998: "refused", 999: "ill"}}
    pyreadstat.write_sav(
        scores, tmp_path / "scores.sav", missing_ranges={"score": [998, 999]}, variable_value_labels=labels
    )
    study = replace(schools(), institution=False, student_covariates=(), institution_covariates=())
    (tmp_path / "study").mkdir()
    study.written(tmp_path / "study")
    text = (tmp_path / "study" / "study.toml").read_text(encoding="utf-8")
    text = text.replace('"data.csv"', '"../scores.sav"').replace('"student"', '"pupil"', 1)
    (tmp_path / "study" / "study.toml").write_text(text, encoding="utf-8")
    found = expeval.run(tmp_path / "study" / "study.toml", out=tmp_path / "out")
    assert {reason for row in found.flow for reason in row.left_out} == {"user-missing: refused", "user-missing: ill"}
    path = bundle(tmp_path / "out", tmp_path / "b.zip").path
    monkeypatch.setenv("EXPEVAL_KEY_FILE", str(tmp_path / "another key"))
    assert verify(path).verdict == "same-bytes"
