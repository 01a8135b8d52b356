"""A run from the study file to the written folder."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from small_studies import SmallStudy, schools

import expeval
from expeval.faults import Faults
from expeval.glossary import COLUMNS, METHODS
from expeval.report.page import make_report
from expeval.results import Manifest, Results


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return schools().written(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def out(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports") / "first"
    expeval.run(study, folder)
    return folder


def test_a_run_writes_everything_the_contract_names(out: Path) -> None:
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert {"report.html", "results.json", "estimates.csv", "manifest.json"} <= names
    assert any(name.startswith("figures/") and name.endswith(".svg") for name in names)


def test_two_runs_give_the_same_bytes(study: Path, out: Path) -> None:
    again = out.parent / "second"
    expeval.run(study, again)
    for path in sorted(out.rglob("*")):
        if path.is_file() and path.name != "manifest.json":
            assert path.read_bytes() == (again / path.relative_to(out)).read_bytes(), path.name
    one, two = (json.loads((folder / "manifest.json").read_text()) for folder in (out, again))
    for manifest in (one, two):
        manifest.pop("made")
        manifest["command"] = manifest["command"].replace("second", "first")
    assert one == two


def test_the_report_and_figures_are_made_from_results_and_manifest_alone(out: Path) -> None:
    results = Results.from_dict(json.loads((out / "results.json").read_text(encoding="utf-8")))
    manifest = Manifest(**json.loads((out / "manifest.json").read_text(encoding="utf-8")))
    report = make_report(results, manifest)
    assert report.html == (out / "report.html").read_text(encoding="utf-8")
    for figure in report.figures:
        assert figure.svg == (out / "figures" / f"{figure.name}.svg").read_text(encoding="utf-8")


def test_the_csv_is_the_table_of_the_json(out: Path) -> None:
    rows = json.loads((out / "results.json").read_text(encoding="utf-8"))["estimates"]
    with (out / "estimates.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == len(rows)
    for line, row in zip(table, rows, strict=True):
        assert list(line) == list(row)
        assert line["estimate"] == ("" if row["estimate"] is None else repr(row["estimate"]))


def test_every_name_that_leaves_is_in_the_glossary(out: Path) -> None:
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    for table in ("sources", "flow", "groups", "distributions", "estimates", "residuals", "decisions", "warnings"):
        assert all(set(row) <= set(COLUMNS) for row in results[table]), table
    own = {row["method"] for row in results["estimates"] if row["analysis"] != "second-opinion"}
    assert own <= set(METHODS)


def test_no_student_is_in_any_output(study: Path, out: Path) -> None:
    with (study.parent / "data.csv").open(encoding="utf-8", newline="") as file:
        identifiers = [f'"{row["student"]}"' for row in csv.DictReader(file)]
    text = (out / "results.json").read_text(encoding="utf-8")
    assert not [name for name in identifiers if name in text]


def test_a_refused_study_writes_nothing(tmp_path: Path) -> None:
    path = schools().with_scores(["many"] * len(schools().rows)).written(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(Faults):
        expeval.run(path, tmp_path / "out")
    assert sorted(tmp_path.iterdir()) == before


def test_an_engine_that_is_not_built_is_refused(study: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="local"):
        expeval.run(study, tmp_path / "out", engine="dask")


def test_markup_and_formulas_in_names_are_text(tmp_path: Path) -> None:
    evil, formula = "<script>alert(1)</script>", '=HYPERLINK("http://x")'
    rows = tuple({**row, "group": evil if row["group"] == "new" else formula} for row in schools().rows)
    study = SmallStudy(rows=rows, experimental=evil, control=formula)
    expeval.run(study.written(tmp_path), tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    for figure in (tmp_path / "out" / "figures").iterdir():
        assert "<script" not in figure.read_text(encoding="utf-8")
    with (tmp_path / "out" / "estimates.csv").open(encoding="utf-8", newline="") as file:
        assert not [cell for row in csv.reader(file) for cell in row if cell.startswith(("=", "@"))]
