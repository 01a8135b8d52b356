"""Whatever was changed is found and named, whatever was not comes out the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from made_study import Cells, Made
from typer.testing import CliRunner

from expeval.cli.app import application
from expeval.results import seal_of
from expeval.review.output import CannotVerify
from expeval.review.page import verification_page
from expeval.review.verification import Verification
from expeval.review.verify import verify
from expeval.review.words import lines


def said(found: Verification) -> str:
    return "\n".join(lines(found))


def row(rows: Cells, number: int) -> dict[str, str]:
    """A row as an editor counts it, the header being the first."""
    return rows[number - 2]


def test_nothing_changed(made: Made) -> None:
    found = verify(made.out)
    assert (found.verdict, found.same, found.differences, found.edited) == ("same-bytes", True, (), ())
    assert found.compared > 1000


def test_another_mark(made: Made) -> None:
    def edit(rows: Cells) -> Cells:
        row(rows, 18)["score"] = "77.7"
        return rows

    made.change(edit)
    found = verify(made.out)
    assert (found.verdict, found.same, found.causes.names) == ("different", False, ("data",))
    assert found.causes.table is not None
    assert [(c.kind, c.row, c.columns) for c in found.causes.table.rows] == [("changed", 18, ("score",))]
    assert {traced.causes for traced in found.real} == {("data",)}
    assert "77.7" not in said(found) + verification_page(found).replace("77.7%", "")


def test_a_swapped_label(made: Made) -> None:
    def edit(rows: Cells) -> Cells:
        row(rows, 40)["gender"] = "f" if row(rows, 40)["gender"] == "m" else "m"
        return rows

    made.change(edit)
    found = verify(made.out)
    assert found.causes.table is not None
    assert [(c.kind, c.row, c.columns) for c in found.causes.table.rows] == [("changed", 40, ("gender",))]


def test_a_school_in_the_other_arm(made: Made) -> None:
    def edit(rows: Cells) -> Cells:
        for one in rows:
            if one["school"] == "school 3":
                one["group"] = "old"
        return rows

    made.change(edit)
    found = verify(made.out)
    assert found.causes.table is not None
    assert [c.row for c in found.causes.table.rows] == list(range(32, 42))
    assert {c.columns for c in found.causes.table.rows} == {("[groups] column",)}


@pytest.mark.parametrize("number", [2, 60, 141])
def test_a_student_less(made: Made, number: int) -> None:
    made.change(lambda rows: [one for k, one in enumerate(rows, 2) if k != number])
    found = verify(made.out)
    assert found.causes.table is not None
    assert [(c.kind, c.row) for c in found.causes.table.rows] == [("gone", number)]


def test_a_student_more(made: Made) -> None:
    made.change(lambda rows: [*rows[:30], {**rows[29], "student": "new", "score": "61.5"}, *rows[30:]])
    found = verify(made.out)
    assert found.causes.table is not None
    assert [(c.kind, c.row) for c in found.causes.table.rows] == [("new", 32)]


def test_rows_in_another_order_are_the_same_students(made: Made) -> None:
    made.change(lambda rows: [*rows[60:], *rows[:60]])
    found = verify(made.out)
    assert found.causes.table is not None
    assert found.causes.table.reordered
    assert found.verdict in ("same-bytes", "same-numbers", "noise")
    assert "another order" in said(found)


def test_the_same_table_in_other_bytes(made: Made) -> None:
    made.data.write_bytes(made.data.read_bytes().replace(b"\r\n", b"\n") + b"\n\n")
    found = verify(made.out)
    assert found.same
    assert found.causes.names == ()
    assert "the table that is read from it is the same" in said(found)


@pytest.mark.parametrize(
    ("key", "value", "cause"),
    [("confidence", "0.9", "plan"), ("test", '"classical"', "plan"), ("model", '"ols"', "plan"), ("seed", "8", "seed")],
)
def test_another_plan_or_seed(made: Made, key: str, value: str, cause: str) -> None:
    made.set(key, value)
    found = verify(made.out)
    assert found.verdict == "different"
    assert found.causes.names == (cause,)
    assert {traced.causes for traced in found.real} == {(cause,)}
    assert f"inference.{key}: " in said(found)


def test_two_at_once_are_told_apart(made: Made) -> None:
    def edit(rows: Cells) -> Cells:
        row(rows, 18)["score"] = "77.7"
        return [one for k, one in enumerate(rows, 2) if k != 100]

    made.change(edit)
    made.set("confidence", "0.9")
    found = verify(made.out)
    assert found.causes.names == ("data", "plan")
    assert found.causes.table is not None
    assert [(c.kind, c.row, c.columns) for c in found.causes.table.rows] == [
        ("changed", 18, ("score",)),
        ("gone", 100, ()),
    ]
    by_place = {traced.difference.place: traced.causes for traced in found.real}
    of_welch = {place[2]: causes for place, causes in by_place.items() if place[1][1:3] == ("test", "welch")}
    assert of_welch["estimate"] == ("data",)
    assert of_welch["conf_low"] == ("plan", "data")


def test_plan_and_seed_are_told_apart(made: Made) -> None:
    made.set("confidence", "0.9")
    made.set("seed", "8")
    found = verify(made.out)
    assert found.causes.names == ("plan", "seed")
    causes = {traced.difference.place: traced.causes for traced in found.real}
    assert causes["estimates", ("score", "test", "welch", "difference"), "conf_low"] == ("plan",)
    drawn = {traced.causes for traced in found.real if traced.difference.row[2:3] == ("wild-cluster-bootstrap",)}
    assert drawn <= {("plan",), ("seed",), ("plan", "seed")}


def test_other_software_is_said_first_and_the_numbers_are_compared(made: Made) -> None:
    edit_manifest(made.out, lambda manifest: manifest["versions"].update(pandas="2.2.0"))
    found = verify(made.out)
    assert found.verdict in ("same-numbers", "same-bytes")
    assert said(found).startswith("The software is not that of then:\n  pandas: 2.2.0 → ")


def edit_manifest(out: Path, edit) -> None:  # type: ignore[no-untyped-def]
    """Edit a manifest as somebody would who knows of the seal."""
    path = out / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    edit(manifest)
    manifest["made"]["seal"] = seal_of(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize("name", ["report.html", "results.json", "estimates.csv", "manifest.json", "figures"])
def test_an_edited_byte_is_found_in_the_file_that_holds_it(made: Made, name: str) -> None:
    path = next((made.out / "figures").glob("*.svg")) if name == "figures" else made.out / name
    content = path.read_text(encoding="utf-8")
    edits = {"manifest.json": ('"seed": 7', '"seed": 9'), "results.json": ('"n": 70', '"n": 71')}
    old, new = edits.get(name, ("1", "2"))
    assert old in content
    path.write_text(content.replace(old, new, 1), encoding="utf-8")
    found = verify(made.out)
    assert not found.same
    assert [edited.file for edited in found.edited] == [path.relative_to(made.out).as_posix()]
    assert path.name in said(found)


def test_edited_results_without_any_other_cause_say_so(made: Made) -> None:
    path = made.out / "results.json"
    results = json.loads(path.read_text(encoding="utf-8"))
    results["estimates"][0]["statistic"] = 0.123
    path.write_text(json.dumps(results), encoding="utf-8")
    found = verify(made.out)
    assert {traced.causes for traced in found.real} == {("edited",)}


def test_files_that_are_gone_or_nobody_s(made: Made) -> None:
    (made.out / "estimates.csv").unlink()
    (made.out / "notes.txt").write_text("mine", encoding="utf-8")
    assert {(one.file, one.what) for one in verify(made.out).edited} == {
        ("estimates.csv", "gone"),
        ("notes.txt", "new"),
    }


def test_without_the_key_no_row_is_told(made: Made, key: Path) -> None:
    made.change(lambda rows: rows[1:])
    key.unlink()
    found = verify(made.out)
    assert found.causes.table is None
    assert "keyed by another installation" in said(found)
    assert {traced.causes for traced in found.real} == {("data",)}


def test_data_that_have_faults_now(made: Made) -> None:
    def edit(rows: Cells) -> Cells:
        row(rows, 18)["score"] = "oops"
        return rows

    made.change(edit)
    found = verify(made.out)
    assert (found.verdict, found.same, [fault.code for fault in found.faults]) == ("not-rerun", False, ["not-a-number"])


@pytest.mark.parametrize("gone", ["study.toml", "data.csv"])
def test_what_is_not_there_is_named(made: Made, gone: str) -> None:
    (made.folder / gone).unlink()
    with pytest.raises(CannotVerify, match=gone):
        verify(made.out)


def test_what_is_no_output_of_a_run(tmp_path: Path, made: Made) -> None:
    for place in (tmp_path / "nowhere", made.folder, made.data):
        with pytest.raises(CannotVerify):
            verify(place)
    for content in ("{", "[]", '{"schema": "expeval-manifest/1"}', "[" * 100_000):
        (made.out / "manifest.json").write_text(content, encoding="utf-8")
        with pytest.raises(CannotVerify):
            verify(made.out)


def test_the_command(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = CliRunner()
    done = runner.invoke(application(), ["verify", str(made.out)])
    assert done.exit_code == 0, done.output
    assert (made.out / "verification.html").is_file()
    made.set("confidence", "0.9")
    done = runner.invoke(application(), ["verify", str(made.out), "--json"])
    assert done.exit_code == 1
    answer = json.loads(done.stdout)
    assert (answer["schema"], answer["verdict"], answer["same"]) == ("expeval-verification/1", "different", False)
    assert answer["causes"]["plan"] == [{"name": "inference.confidence", "old": "0.95", "new": "0.9"}]
    shutil.rmtree(made.out)
    assert runner.invoke(application(), ["verify", str(made.out)]).exit_code == 2


def test_the_page_escapes_what_it_shows(made: Made) -> None:
    made.study.write_text(
        made.study.read_text(encoding="utf-8").replace('"A small study"', "'<script>alert(1)</script>'"), "utf-8"
    )
    html = verification_page(verify(made.out))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
