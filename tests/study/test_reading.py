"""Reading study.toml: what is read, and that every fault is told at once, quickly, in the file's own words."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expeval.faults import Fault, Faults
from expeval.study.positions import find_lines
from expeval.study.reading import read_study, study_from_keys

RIGHT: dict[str, Any] = {
    "study": {"title": "Small classes"},
    "data": {"files": ["scores.csv"], "student": "pupil", "institution": "school"},
    "groups": {"column": "group", "experimental": ["small"], "control": ["regular"], "assigned": "institution"},
    "outcomes": [{"name": "Reading", "column": "reading", "kind": "score"}],
}

# As it arrives from a person in a hurry: misspelt, wrong-typed, unknown.
SLIPS = """\
[study]
title = "Many slips"
stage = "contrl"

[data]
files = ["data.csv"]
student = "student"
instituton = "school"
header_row = "1"

[groups]
column = "arm"
experimantal = ["new"]
control = ["old"]
assigned = "pupil"
randomised = "yes"

[[outcomes]]
name = "Score"
column = "score"
kind = "scores"
range = [0, "100"]

[inferense]
test = "auto"

[report]
language = "de"
minimum_cell = 5
"""


def with_keys(**changes: Any) -> dict[str, Any]:
    """The right study with the keys of some tables changed; a value of None removes a key."""
    keys: dict[str, Any] = json.loads(json.dumps(RIGHT))
    for place, value in changes.items():
        table, _, key = place.partition("__")
        holder = keys.setdefault(table, {}) if table != "outcome" else keys["outcomes"][0]
        if value is None:
            del holder[key]
        else:
            holder[key] = value
    return keys


def faults_of(keys: dict[str, Any]) -> list[Fault]:
    try:
        study_from_keys(keys, Path("study.toml"))
    except Faults as faults:
        return list(faults)
    return []


def told(**changes: Any) -> list[tuple[str, str | None]]:
    return [(fault.code, fault.key) for fault in faults_of(with_keys(**changes))]


def write(folder: Path, text: str | bytes, name: str = "study.toml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def unusable(path: Path) -> Fault:
    with pytest.raises(Faults) as raised:
        read_study(path)
    assert not raised.value.usable
    (fault,) = raised.value.faults
    return fault


# --- what is read ---------------------------------------------------------------------------------------


def test_a_small_study_gets_the_contract_defaults():
    study = study_from_keys(RIGHT, Path("folder/study.toml"))
    assert study.folder == Path("folder")
    assert (study.experimental_values, study.control_values) == (("small",), ("regular",))
    assert not study.groups.randomised
    assert study.data.duplicates == "refuse"
    assert study.outcomes[0].role == "primary"
    inference = study.inference
    assert (inference.model, inference.test, inference.confidence) == ("auto", "auto", 0.95)
    assert (inference.alternative, inference.multiplicity, inference.draws) == ("two-sided", "holm", 9999)
    assert (study.report.language, study.report.institutions, study.report.minimum_cell) == ("en", "pseudonym", 5)


def test_results_name_no_folder_of_the_machine():
    keys = with_keys(data__files=["/home/somebody/scores.csv", "C:\\data\\more.csv", "near/by.csv"])
    written = study_from_keys(keys, Path("study.toml")).as_keys()
    assert "somebody" not in str(written)
    assert [entry if isinstance(entry, str) else entry["path"] for entry in written["data"]["files"]] == [
        "scores.csv",
        "more.csv",
        "near/by.csv",
    ]


def test_group_values_may_be_one_value_or_numbers():
    keys = with_keys(groups__experimental=1, groups__control=[0, 2.0, "none"])
    study = study_from_keys(keys, Path("study.toml"))
    assert study.experimental_values == ("1",)
    assert study.control_values == ("0", "2", "none")


def test_an_entry_of_files_takes_what_data_says_where_it_says_nothing():
    entry = {"path": "school07.xlsx", "sheet": 2, "last_row": 31}
    keys = with_keys(data__files=[entry, "*.csv"], data__sheet="A", data__decimal=",")
    (arm, first), (_, second) = study_from_keys(keys, Path("study.toml")).score_files
    assert arm is None
    assert (first.path, first.sheet, first.last_row, first.decimal) == ("school07.xlsx", 2, 31, ",")
    assert (second.path, second.sheet, second.last_row, second.decimal) == ("*.csv", "A", None, ",")


def test_what_data_says_does_not_hold_for_the_institution_file():
    study = study_from_keys(with_keys(data__institutions="schools.csv", data__decimal=","), Path("study.toml"))
    assert study.data.institutions[0].path == "schools.csv"
    assert study.data.institutions[0].decimal is None


def test_arms_may_have_files_of_their_own():
    keys = with_keys(
        data__files=None,
        groups__column=None,
        groups__experimental={"files": ["e.xlsx"]},
        groups__control={"files": ["c.csv", {"path": "d.csv", "delimiter": ";"}]},
    )
    study = study_from_keys(keys, Path("study.toml"))
    assert [(arm, entry.path, entry.delimiter) for arm, entry in study.score_files] == [
        ("experimental", "e.xlsx", None),
        ("control", "c.csv", None),
        ("control", "d.csv", ";"),
    ]
    assert study.experimental_values == ()


def test_the_data_table_may_be_left_out_where_the_arms_have_files():
    keys = with_keys(
        groups__column=None,
        groups__experimental={"files": ["e.csv"]},
        groups__control={"files": ["c.csv"]},
        groups__assigned="student",
    )
    del keys["data"]
    assert faults_of(keys) == []


def test_missing_codes_may_be_numbers():
    assert study_from_keys(with_keys(data__missing=[-99, "NA"]), Path("study.toml")).missing == ("-99", "NA")


def test_a_binary_outcome_without_levels_is_0_and_1():
    assert study_from_keys(with_keys(outcome__kind="binary"), Path("study.toml")).outcomes[0].levels == (0, 1)


def test_class_alone_is_enough_where_classes_were_assigned():
    assert told(groups__assigned="class") == []  # institution is given
    assert told(groups__assigned="class", data__institution=None, data__class="form") == []


def test_what_is_read_can_be_written_and_read_again():
    keys = with_keys(outcome__values={"5-": 5, "зач": "missing"}, outcome__range=[0, 10], data__missing=["н/а"])
    study = study_from_keys(keys, Path("study.toml"))
    again = study_from_keys(
        json.loads(json.dumps(study.as_keys() | {"outcomes": keys["outcomes"]})), Path("study.toml")
    )
    assert again == study


def test_windows_editors_may_have_saved_it(tmp_path: Path):
    text = SLIPS.split("[inferense]")[0].replace("contrl", "control").replace("instituton", "institution")
    text = text.replace('"1"', "1").replace("experimantal", "experimental").replace("pupil", "student")
    text = text.replace('"yes"', "true").replace("scores", "score").replace('"100"', "100")
    study = read_study(write(tmp_path, b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()))
    assert study.study.stage == "control"


# --- all faults at once -----------------------------------------------------------------------------------


def test_every_slip_is_told_at_once_with_its_line_and_the_right_spelling(tmp_path: Path):
    with pytest.raises(Faults) as raised:
        read_study(write(tmp_path, SLIPS))
    assert [(fault.row, fault.code, fault.key, fault.nearest) for fault in raised.value] == [
        (3, "not-allowed", "study.stage", "control"),
        (8, "unknown-key", "data.instituton", "institution"),
        (9, "wrong-type", "data.header_row", None),
        (13, "unknown-key", "groups.experimantal", "experimental"),
        (15, "not-allowed", "groups.assigned", None),
        (16, "wrong-type", "groups.randomised", None),
        (21, "not-allowed", "outcomes[1].kind", "score"),
        (22, "wrong-type", "outcomes[1].range[2]", None),
        (24, "unknown-key", "inferense", "inference"),
        (28, "not-allowed", "report.language", None),
    ]
    assert {fault.file for fault in raised.value} == {"study.toml"}


def test_a_key_of_another_table_is_found_there():
    (fault,) = faults_of(with_keys(study__institution="school"))
    assert (fault.code, fault.key, fault.nearest) == ("unknown-key", "study.institution", "data.institution")


def test_a_key_above_all_tables_is_found_in_its_table():
    (fault,) = faults_of({**RIGHT, "title": "x"})
    assert (fault.key, fault.nearest) == ("title", "study.title")


@pytest.mark.parametrize("key", ["path", "class_"])
def test_names_of_the_code_are_no_keys(key: str):
    assert [fault.code for fault in faults_of({**RIGHT, key: "x"})] == ["unknown-key"]
    if key == "class_":
        assert told(data__class_="x") == [("unknown-key", "data.class_")]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"data__files": None}, "data.files"),
        ({"data__files": []}, "data.files"),
        ({"study__title": None}, "study.title"),
        ({"groups__column": None}, "groups.column"),
        ({"groups__experimental": None}, "groups.experimental"),
        ({"groups__assigned": None}, "groups.assigned"),
        ({"outcome__name": None}, "outcomes[1].name"),
        ({"outcome__column": None}, "outcomes[1].column"),
        ({"outcome__kind": None}, "outcomes[1].kind"),
        ({"outcome__kind": "ordinal"}, "outcomes[1].levels"),
    ],
)
def test_required_keys(changes: dict[str, Any], key: str):
    assert told(**changes) == [("missing-key", key)]


def test_an_empty_file_lacks_everything():
    assert {(fault.code, fault.key) for fault in faults_of({})} == {
        ("missing-key", "study"),
        ("missing-key", "data.files"),
        ("missing-key", "groups"),
        ("missing-key", "outcomes"),
    }
    assert [fault.key for fault in faults_of({**RIGHT, "outcomes": []})] == ["outcomes"]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"study__simulated": "yes"}, "study.simulated"),
        ({"study__simulated": 1}, "study.simulated"),
        ({"study__title": 5}, "study.title"),
        ({"study__authors": "A. Author"}, "study.authors"),
        ({"study__authors": ["A", 5]}, "study.authors[2]"),
        ({"data__files": 5}, "data.files"),
        ({"data__files": ["a.csv", 5]}, "data.files[2]"),
        ({"data__files": [{"path": "a.csv", "sheet": True}]}, "data.files[1].sheet"),
        ({"data__header_row": True}, "data.header_row"),
        ({"data__header_row": 4.0}, "data.header_row"),
        ({"data__missing": "NA"}, "data.missing"),
        ({"data__missing": [True]}, "data.missing[1]"),
        ({"groups__experimental": True}, "groups.experimental"),
        ({"groups__assigned": 1}, "groups.assigned"),
        ({"outcome__kind": "ordinal", "outcome__levels": [2, 3.5]}, "outcomes[1].levels[2]"),
        ({"outcome__kind": "ordinal", "outcome__levels": [True, False]}, "outcomes[1].levels[1]"),
        ({"outcome__range": "0-100"}, "outcomes[1].range"),
        ({"outcome__range": [True, 3]}, "outcomes[1].range[1]"),
        ({"outcome__values": ["5-"]}, "outcomes[1].values"),
        ({"outcome__values": {"5-": True}}, "outcomes[1].values.5-"),
        ({"inference__confidence": "0.95"}, "inference.confidence"),
        ({"inference__draws": 99.0}, "inference.draws"),
        ({"inference__seed": True}, "inference.seed"),
        ({"covariates__student": "gender"}, "covariates.student"),
    ],
)
def test_wrong_types_are_never_taken_for_right_ones(changes: dict[str, Any], key: str):
    faults = faults_of(with_keys(**changes))
    assert ("wrong-type", key) in {(fault.code, fault.key) for fault in faults}
    assert all(fault.code == "wrong-type" and fault.allowed for fault in faults)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"inference__confidence": 95}, "inference.confidence"),
        ({"inference__confidence": 0.5}, "inference.confidence"),
        ({"inference__confidence": 1.0}, "inference.confidence"),
        ({"inference__confidence": float("nan")}, "inference.confidence"),
        ({"inference__draws": 0}, "inference.draws"),
        ({"inference__draws": 10_000_001}, "inference.draws"),
        ({"inference__seed": -1}, "inference.seed"),
        ({"inference__seed": 2**64}, "inference.seed"),
        ({"report__minimum_cell": 0}, "report.minimum_cell"),
        ({"data__header_row": 0}, "data.header_row"),
        ({"data__sheet": 0}, "data.sheet"),
        ({"data__decimal": ";"}, "data.decimal"),
        ({"data__delimiter": ";;"}, "data.delimiter"),
        ({"data__delimiter": ""}, "data.delimiter"),
        ({"data__encoding": "cp9999"}, "data.encoding"),
        ({"data__encoding": "rot13"}, "data.encoding"),
        ({"data__encoding": "../x"}, "data.encoding"),
        ({"groups__experimental": []}, "groups.experimental"),
        ({"outcome__range": [0]}, "outcomes[1].range"),
        ({"outcome__range": [0, 1, 2]}, "outcomes[1].range"),
        ({"outcome__range": [0, float("inf")]}, "outcomes[1].range[2]"),
        ({"outcome__values": {"зач": "pass"}}, 'outcomes[1].values."зач"'),
        ({"outcome__values": {"max": 11}, "outcome__range": [0, 10]}, "outcomes[1].values.max"),
        (
            {"outcome__kind": "ordinal", "outcome__levels": [2, 3], "outcome__values": {"5-": 5}},
            "outcomes[1].values.5-",
        ),
    ],
)
def test_values_outside_what_is_allowed(changes: dict[str, Any], key: str):
    faults = faults_of(with_keys(**changes))
    assert [(fault.code, fault.key) for fault in faults] == [("not-allowed", key)]
    assert faults[0].allowed


def test_the_nearest_encoding_is_told():
    assert faults_of(with_keys(data__encoding="cp12511"))[0].nearest == "cp1251"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"covariates__student": ["(Intercept)"]}, ("reserved-name", "covariates.student[1]")),
        ({"outcome__baseline": "treatment"}, ("reserved-name", "outcomes[1].baseline")),
        ({"covariates__student": ["x", "x"]}, ("column-two-roles", "covariates.student[2]")),
        (
            {"covariates__student": ["x"], "covariates__institution": ["x"]},
            ("column-two-roles", "covariates.institution[1]"),
        ),
        (
            {"covariates__student": ["pre"], "outcome__baseline": "pre"},
            ("column-two-roles", "covariates.student[1]"),
        ),
        ({"outcome__baseline": "reading"}, ("column-two-roles", "outcomes[1].baseline")),
        ({"covariates__student": ["group"]}, ("column-two-roles", "covariates.student[1]")),
        ({"outcome__column": "group"}, ("column-two-roles", "outcomes[1].column")),
        ({"data__class": "school"}, ("column-two-roles", "data.class")),
        ({"groups__assigned": "institution", "data__institution": None}, ("needs-key", "groups.assigned")),
        ({"groups__assigned": "class", "data__institution": None}, ("needs-key", "groups.assigned")),
        (
            {"inference__model": "fixed-effects", "data__institution": None, "groups__assigned": "student"},
            ("needs-key", "inference.model"),
        ),
        (
            {"data__institutions": "s.csv", "data__institution": None, "groups__assigned": "student"},
            ("needs-key", "data.institutions"),
        ),
        (
            {"data__students": "s.csv", "data__student": None},
            ("needs-key", "data.students"),
        ),
        ({"outcome__kind": "binary", "outcome__levels": [0, 1, 2]}, ("levels-count", "outcomes[1].levels")),
        ({"groups__control": [1], "groups__experimental": ["1"]}, ("value-in-both-arms", "groups.control")),
    ],
)
def test_keys_that_do_not_fit_each_other(changes: dict[str, Any], found: tuple[str, str]):
    assert told(**changes) == [found]


def test_two_sheets_of_one_workbook_are_two_entries():
    assert told(data__files=[{"path": "a.xlsx", "sheet": 1}, {"path": "a.xlsx", "sheet": 2}]) == []
    assert told(data__files=[{"path": "a.xlsx", "sheet": 1}, {"path": "a.xlsx", "sheet": 1}]) == [
        ("file-named-twice", "data.files[2]")
    ]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"covariates__moderators": ["gender"]}, "covariates.moderators"),
        ({"inference__missing_data": "multiple-imputation"}, "inference.missing_data"),
        ({"report__language": "ru"}, "report.language"),
    ],
)
def test_what_comes_later_is_refused_and_what_works_is_named(changes: dict[str, Any], key: str):
    faults = faults_of(with_keys(**changes))
    assert [(fault.code, fault.key) for fault in faults] == [("not-yet", key)]
    assert faults[0].allowed


def test_columns_of_the_arms_that_are_empty_have_their_own_faults():
    assert set(told(outcome__columns={})) == {
        ("missing-key", "outcomes[1].columns.experimental"),
        ("missing-key", "outcomes[1].columns.control"),
    }


def test_a_deviation_is_explained_once():
    keys = {**RIGHT, "deviations": [{"key": "inference.test", "reason": why} for why in ("ties", "few students")]}
    assert [(fault.code, fault.key) for fault in faults_of(keys)] == [("named-twice", "deviations[2].key")]


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        ([], ("not-allowed", "plan.looks")),
        ([["2025"], []], ("not-allowed", "plan.looks[2]")),
        (["2025"], ("wrong-type", "plan.looks[1]")),
        ([["2026"], ["2025", 2025]], ("named-twice", "plan.looks[2][2]")),
        ([["2025", "2026"], ["2026", "2025"]], ("named-twice", "plan.looks[2]")),
        ([[True]], ("wrong-type", "plan.looks[1][1]")),
    ],
)
def test_looks_are_sets_of_cohorts_each_planned_once(looks: Any, told: tuple[str, str]):
    faults = faults_of({**RIGHT, "plan": {"looks": looks}})
    assert [(fault.code, fault.key) for fault in faults] == [told]
    assert told[0] == "named-twice" or faults[0].allowed


def test_planned_looks_are_read():
    study = study_from_keys({**RIGHT, "plan": {"looks": [["2025"], ["2025", "2026"]]}}, Path("study.toml"))
    assert study.plan is not None
    assert study.plan.looks == (("2025",), ("2025", "2026"))


def test_tables_written_as_something_else():
    for name, value in (("groups", [RIGHT["groups"]]), ("outcomes", RIGHT["outcomes"][0]), ("data", "scores.csv")):
        faults = faults_of({**RIGHT, name: value})
        assert ("wrong-type", name) in {(fault.code, fault.key) for fault in faults}, name


# --- files that are no study ------------------------------------------------------------------------------


def test_there_is_no_such_file(tmp_path: Path):
    write(tmp_path, SLIPS)
    fault = unusable(tmp_path / "studi.toml")
    assert (fault.code, fault.nearest) == ("study-missing", "study.toml")
    assert unusable(tmp_path / "nowhere" / "study.toml").code == "study-missing"


def test_a_folder_is_no_study_file(tmp_path: Path):
    assert unusable(tmp_path).code == "study-is-folder"


@pytest.mark.parametrize("name", ["a\0b.toml", "x" * 5000])
def test_a_name_that_no_file_can_have(name: str, tmp_path: Path):
    assert unusable(tmp_path / name).code == "study-unreadable"


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('[study]\ntitle = "a\n', 2),
        ('[study]\ntitle = "a"\ntitle = "b"\n', 3),
        ("[study]\n[study]\n", 2),
        ("[study\n", 1),
        ("title: x\n", 1),
    ],
)
def test_toml_faults_have_their_line(text: str, row: int, tmp_path: Path):
    fault = unusable(write(tmp_path, text))
    assert (fault.code, fault.row) == ("toml-syntax", row)


@pytest.mark.parametrize(
    "content",
    [
        b"# " + b"x" * 1_000_000,
        b"".join(b"key%d = 1\n" % number for number in range(100_000)),
        b"keys = { " + b", ".join(b"k%d = 1" % number for number in range(90_000)) + b" }",
        b"a" + b".a" * 400_000 + b" = 1",
        b"a" + b" . a" * 200_000 + b" = 1",
        b"".join(b"[t%d]\n" % number for number in range(100_000)),
        b"a = " + b"[" * 10_000,
        b"a = " + b"[" * 10_000 + b"]" * 10_000,
        b"a = " + b"{a = " * 4_000,
        b"a = " + b"[" * 20 + b"]" * 20,
        b"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1",
        b"a = " + b"9" * 5_000,
    ],
    ids=[
        "bytes", "keys", "inline keys", "dotted", "dotted with spaces", "tables", "open lists", "lists",
        "inline tables", "twenty lists", "eighteen levels", "digits",
    ],
)  # fmt: skip
def test_a_file_made_to_be_slow_is_refused_quickly(content: bytes, tmp_path: Path):
    start = time.perf_counter()
    assert unusable(write(tmp_path, content[:1_100_000])).code in ("study-too-large", "toml-syntax")
    assert time.perf_counter() - start < 5


def test_many_unknown_keys_are_told_quickly(tmp_path: Path):
    start = time.process_time()
    with pytest.raises(Faults) as raised:
        read_study(write(tmp_path, "".join(f"key{number} = 1\n" for number in range(4_000))))
    assert len(raised.value.faults) > 4_000
    assert time.process_time() - start < 20


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
).filter(lambda value: value is not None)
PLACES = st.sampled_from(
    [("study",), ("data",), ("groups",), ("outcomes",), ("covariates",), ("inference",), ("report",), ("outcomes", 0)]
    + [("data", key) for key in ("files", "institutions", "missing", "header_row", "last_row", "sheet", "encoding")]
    + [("groups", key) for key in ("column", "experimental", "control", "assigned")]
    + [("outcomes", 0, key) for key in ("name", "column", "kind", "levels", "range", "values", "baseline", "columns")]
    + [("covariates", key) for key in ("student", "institution", "categories", "moderators")]
)


@settings(max_examples=300, deadline=None)
@given(place=PLACES, value=VALUES)
def test_any_value_anywhere_gives_a_study_or_faults(place: tuple[Any, ...], value: Any):
    keys = with_keys(covariates__student=["gender"], inference__seed=1, report__minimum_cell=1)
    holder: Any = keys
    for part in place[:-1]:
        holder = holder[part]
    holder[place[-1]] = value
    for fault in faults_of(keys):
        assert fault.key
        assert fault.file == "study.toml"


# --- lines ------------------------------------------------------------------------------------------------


def test_lines_of_keys():
    text = '''# title = "no"
[study]
title = """
[data]
files = 1
"""
"question" = "x"

[[outcomes]]
name = "a"
[outcomes.values]
"5-" = 5
[[outcomes]]
name = "b"
values."5+" = 5
'''
    lines = find_lines(text)
    assert lines["study", "title"] == 3
    assert ("data",) not in lines
    assert lines["study", "question"] == 7
    assert lines["outcomes", 0, "name"] == 10
    assert lines["outcomes", 0, "values", "5-"] == 12
    assert lines["outcomes", 1] == 13
    assert lines["outcomes", 1, "name"] == 14
    assert lines["outcomes", 1, "values", "5+"] == 15


def test_the_types_of_the_study_file_cost_no_numpy():
    code = "import sys, expeval.study.reading; print({'numpy', 'pandas', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
