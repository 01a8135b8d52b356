"""The arms side by side in two columns: every cell a student, the empty end of the shorter one nobody."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import examples
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import expeval
from expeval.fault_codes import sentence
from expeval.faults import Fault, Faults
from expeval.scores.reading import read_scores
from expeval.scores.table import Scores
from expeval.study.reading import read_study, study_from_keys

write_csv, write_study, write_xlsx = examples.write_csv, examples.write_study, examples.write_xlsx
write_side_by_side = examples.write_side_by_side


def read(folder: Path) -> Scores:
    return read_scores(read_study(folder / "study.toml"))


def faults_of(folder: Path) -> list[Fault]:
    with pytest.raises(Faults) as raised:
        read(folder)
    return list(raised.value)


def arms(scores: Scores, outcome: str = "Score") -> tuple[list[float | None], list[float | None]]:
    """The experimental and the control arm's values in the rows' order."""
    values = [None if np.isnan(value) else float(value) for value in scores.outcomes[outcome].values]
    pairs = list(zip(scores.arm.tolist(), values, strict=True))
    return [value for arm, value in pairs if arm == 1], [value for arm, value in pairs if arm == 0]


def test_each_cell_is_a_student_and_the_empty_end_is_nobody(tmp_path: Path) -> None:
    write_side_by_side(tmp_path)
    write_csv(tmp_path, "№,E,C\n1,10,7\n2,,8\n3,13,\n4,12,9\n5,11,\n6,,\n")
    scores = read(tmp_path)
    assert arms(scores) == ([10, None, 13, 12, 11], [7, 8, None, 9])
    assert scores.left_out == {}
    assert (scores.institution, scores.class_, scores.covariates) == (None, None, {})
    (source,) = scores.sources
    assert (source.file, source.role) == ("scores.csv", "scores")


def test_the_control_arm_may_be_the_longer_one(tmp_path: Path) -> None:
    write_side_by_side(tmp_path)
    write_csv(tmp_path, "C;E\n1,5;2\n3;4,5\n5;\n6;\n")
    assert arms(read(tmp_path)) == ([2, 4.5], [1.5, 3, 5, 6])


@pytest.mark.parametrize("workbook", [True, False])
def test_a_word_for_missing_is_a_student_without_a_score_even_at_the_end(workbook: bool, tmp_path: Path) -> None:
    lines = [["E", "C"], [10, 7], [12, 8], ["н", 9], [11, -99], ["NA", ""]]
    files = '["scores.xlsx"]' if workbook else '["scores.csv"]'
    write_side_by_side(tmp_path, data='missing = ["н", "NA", -99]', files=files)
    if workbook:
        write_xlsx(tmp_path, {"S": lines})
    else:
        write_csv(tmp_path, "".join(",".join(map(str, line)) + "\n" for line in lines))
    assert arms(read(tmp_path)) == ([10, 12, None, 11, None], [7, 8, 9, None])


def test_several_outcomes_have_pairs_of_their_own_and_a_row_is_a_student_of_each_arm(tmp_path: Path) -> None:
    more = '[[outcomes]]\nname = "Mark"\ncolumns = { experimental = "E2", control = "C2" }\nkind = "ordinal"\n'
    write_side_by_side(tmp_path, more=more + 'levels = [2, 3, 4, 5]\nvalues = { "5-" = 5 }')
    write_csv(tmp_path, "E,C,E2,C2\n10,7,5-,4\n11,8,4,2\n12,,3,3\n13,,,\n")
    scores = read(tmp_path)
    assert arms(scores) == ([10, 11, 12, 13], [7, 8, None])
    assert arms(scores, "Mark") == ([5, 4, 3, None], [4, 2, 3])


def test_several_files_one_below_the_other(tmp_path: Path) -> None:
    write_side_by_side(tmp_path, files='["part-*.csv", { path = "c.csv", header_row = 2, last_row = 4 }]')
    write_csv(tmp_path, "E,C\n1,2\n3,\n", "part-a.csv")
    write_csv(tmp_path, "c,e\n4,5\n6,\n", "part-b.csv")
    write_csv(tmp_path, "Form 3,\nE,C\n7,8\n,9\n7,8.5\n", "c.csv")
    scores = read(tmp_path)
    assert arms(scores) == ([1, 3, 5, 7], [2, 4, 6, 8, 9])
    assert [(source.file, source.rows) for source in scores.sources] == [
        ("part-a.csv", 2),
        ("part-b.csv", 2),
        ("c.csv", 2),
    ]
    assert scores.places is not None
    assert scores.places.row.tolist() == [2, 3, 2, 2, 2, 3, 3, 3, 4]


def test_cells_are_told_with_the_column_of_their_arm(tmp_path: Path) -> None:
    write_side_by_side(tmp_path, outcome="range = [0, 20]", files='["scores.xlsx"]')
    write_xlsx(tmp_path, {"S": [["№", "E", "C"], [1, 10, "x"], [2, 21, 4], [3, 3, None]]})
    assert [(fault.code, fault.column, fault.cell, fault.found) for fault in faults_of(tmp_path)] == [
        ("outside-range", "E", "B3", "21"),
        ("not-a-number", "C", "C2", "x"),
    ]


def test_a_pair_that_a_file_lacks_is_told_with_its_key(tmp_path: Path) -> None:
    write_side_by_side(tmp_path)
    write_csv(tmp_path, "E,D\n1,2\n3,4\n")
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.column, fault.key) == ("column-missing", "C", "outcomes[1].columns.control")


@pytest.mark.parametrize(
    ("text", "arm", "column"), [("E,C\n1,\n2,\n", "control", "C"), ("E,C\n,1\n,3\n", "experimental", "E")]
)
def test_an_empty_column_is_an_empty_arm(text: str, arm: str, column: str, tmp_path: Path) -> None:
    write_side_by_side(tmp_path)
    write_csv(tmp_path, text)
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.column, fault.key) == ("arm-empty", column, f"outcomes[1].columns.{arm}")
    assert f"no row belongs to the {arm} arm" in sentence(fault)


def test_means_below_the_columns_are_asked_about_and_last_row_settles_it(tmp_path: Path) -> None:
    text = "E,C\n10,7\n11,8\n13,10\n12,\n11.50,8.33\n46,25\n"
    write_side_by_side(tmp_path)
    write_csv(tmp_path, text)
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.row, fault.rows, fault.key) == ("summary-rows", 6, (7,), "data.last_row")
    write_side_by_side(tmp_path, data="last_row = 5")
    assert arms(read(tmp_path)) == ([10, 11, 13, 12], [7, 8, 10])


def test_sums_are_asked_about_and_scores_that_only_equal_a_rounded_mean_are_scores(tmp_path: Path) -> None:
    write_side_by_side(tmp_path)
    write_csv(tmp_path, "E,C\n10,7\n11,8\n13,10\n12,\n46,25\n")
    assert [(fault.code, fault.row) for fault in faults_of(tmp_path)] == [("summary-rows", 6)]
    write_csv(tmp_path, "E,C\n10,7\n11,8\n13,10\n12,9\n12,8\n")
    assert arms(read(tmp_path)) == ([10, 11, 13, 12, 12], [7, 8, 10, 9, 8])


@settings(max_examples=40, deadline=None)
@given(
    experimental=st.lists(st.integers(0, 20), min_size=2, max_size=12),
    control=st.lists(st.integers(0, 20), min_size=2, max_size=12),
    workbook=st.booleans(),
)
def test_two_columns_hold_what_one_row_a_student_would(
    experimental: list[int], control: list[int], workbook: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        last = f"last_row = {max(len(experimental), len(control)) + 1}"
        write_side_by_side(folder, data=last, files='["scores.xlsx"]' if workbook else '["scores.csv"]')
        lines: list[list[Any]] = [["E", "C"]]
        for i in range(max(len(experimental), len(control))):
            lines.append([column[i] if i < len(column) else None for column in (experimental, control)])
        if workbook:
            write_xlsx(folder, {"S": lines})
        else:
            write_csv(folder, "".join(",".join("" if c is None else str(c) for c in line) + "\n" for line in lines))
        assert arms(read(folder)) == (experimental, control)


def test_the_results_are_those_of_one_row_a_student(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    experimental = [round(float(x), 2) for x in generator.normal(12, 3, 24)]
    control = [round(float(x), 2) for x in generator.normal(10, 3, 19)]
    for name in ("two", "one"):
        (tmp_path / name).mkdir()
    write_side_by_side(tmp_path / "two")
    cells = [f"{x},{control[i] if i < len(control) else ''}\n" for i, x in enumerate(experimental)]
    write_csv(tmp_path / "two", "E,C\n" + "".join(cells))
    write_study(tmp_path / "one")
    rows = [f"s{i},new,{x}\n" for i, x in enumerate(experimental)] + [f"k{i},old,{x}\n" for i, x in enumerate(control)]
    write_csv(tmp_path / "one", examples.HEAD + "".join(rows))
    two, one = (expeval.run(tmp_path / name / "study.toml", out=tmp_path / name / "out") for name in ("two", "one"))
    assert two.estimates == one.estimates
    assert two.groups == one.groups
    assert two.flow == one.flow


# --- the study file -----------------------------------------------------------------------------------------

KEYS: dict[str, Any] = {
    "study": {"title": "Two columns"},
    "data": {"files": ["a.xlsx"]},
    "groups": {"assigned": "student"},
    "outcomes": [{"name": "Score", "columns": {"experimental": "E", "control": "C"}, "kind": "score"}],
}


def told(**changes: Any) -> list[tuple[str, str | None]]:
    keys = {name: dict(value) if isinstance(value, dict) else [dict(p) for p in value] for name, value in KEYS.items()}
    for place, value in changes.items():
        table, _, key = place.partition("__")
        holder = keys["outcomes"][0] if table == "outcome" else keys.setdefault(table, {})
        holder[key] = value
    try:
        study_from_keys(keys, Path("study.toml"))
    except Faults as faults:
        return [(fault.code, fault.key) for fault in faults]
    return []


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"data__student": "id"}, "data.student"),
        ({"data__institution": "school"}, "data.institution"),
        ({"data__class": "room"}, "data.class"),
        ({"data__institutions": ["schools.csv"]}, "data.institutions"),
        ({"data__students": ["pretest.csv"]}, "data.students"),
        ({"groups__column": "arm"}, "groups.column"),
        ({"groups__experimental": ["new"]}, "groups.experimental"),
        ({"groups__control": ["old"]}, "groups.control"),
        ({"groups__strata": "district"}, "groups.strata"),
        ({"groups__assigned": "institution"}, "groups.assigned"),
        ({"groups__assigned": "class"}, "groups.assigned"),
        ({"covariates__student": ["sex"]}, "covariates.student"),
        ({"covariates__institution": ["kind"]}, "covariates.institution"),
        ({"inference__model": "mixed"}, "inference.model"),
        ({"inference__model": "fixed-effects"}, "inference.model"),
        ({"outcome__baseline": "before"}, "outcomes[1].baseline"),
        ({"outcome__column": "score"}, "outcomes[1].column"),
    ],
)
def test_what_needs_one_row_a_student_is_refused_with_its_key(changes: dict[str, Any], key: str) -> None:
    assert told(**changes) == [("beside-columns", key)]


def test_an_arm_in_files_of_its_own_has_no_columns_side_by_side() -> None:
    assert ("beside-columns", "groups.experimental") in told(groups__experimental={"files": ["e.csv"]})


def test_keys_that_go_with_two_columns() -> None:
    assert told() == []
    assert told(outcome__range=[0, 20], outcome__values={"н": "missing"}, data__missing=["-"], data__last_row=9) == []
    assert told(inference__model="ols", groups__randomised=True, data__duplicates="first") == []


def test_outcomes_have_one_form() -> None:
    other = {"name": "Other", "kind": "score"}
    first = KEYS["outcomes"][0]
    for outcome, fault in (
        ({**other, "column": "x"}, ("beside-columns", "outcomes[2].column")),
        (other, ("missing-key", "outcomes[2].columns")),
        (
            {**other, "columns": {"experimental": "C", "control": "D"}},
            ("column-two-roles", "outcomes[1].columns.control"),
        ),
        ({**other, "columns": {"experimental": "F"}}, ("missing-key", "outcomes[2].columns.control")),
    ):
        with pytest.raises(Faults) as raised:
            study_from_keys({**KEYS, "outcomes": [first, outcome]}, Path("study.toml"))
        assert [(found.code, found.key) for found in raised.value] == [fault]
    assert told(outcome__columns={"experimental": "E", "control": "E"}) == [
        ("column-two-roles", "outcomes[1].columns.control")
    ]


def test_an_outcome_without_any_column_and_groups_without_arms_are_told() -> None:
    keys = {**KEYS, "outcomes": [{"name": "Score", "kind": "score"}]}
    with pytest.raises(Faults) as raised:
        study_from_keys(keys, Path("study.toml"))
    assert sorted((fault.code, fault.key) for fault in raised.value) == [
        ("missing-key", "groups.column"),
        ("missing-key", "groups.control"),
        ("missing-key", "groups.experimental"),
        ("missing-key", "outcomes[1].column"),
    ]


def test_a_word_for_means_in_another_column_is_asked_about_whatever_the_means_are(tmp_path: Path) -> None:
    write_side_by_side(tmp_path)
    write_csv(tmp_path, "№,E,C\n1,10,7\n2,11,8\n3,13,10\n4,12,\nСреднее,11,8\n")
    assert [(fault.code, fault.row) for fault in faults_of(tmp_path)] == [("summary-rows", 6)]
