"""SPSS and Stata: labels, declared missing values with their reasons, dates, long texts, encodings, damage."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from examples import write_csv, write_study

from expeval.analysis.description import flow_rows, group_rows
from expeval.analysis.sample import regression_sample
from expeval.faults import Fault, Faults
from expeval.scores.cells import LabelledCell, MissingCell, Sheet, Value
from expeval.scores.labelled import LabelledFile, date_of
from expeval.scores.reading import read_scores
from expeval.scores.settings import Request, Settings, Unreadable
from expeval.scores.table import Categories, Numbers, Scores
from expeval.study.reading import read_study

NAN = float("nan")
STATA = (8, 10, 12, 13, 14, 15)
Frame = Mapping[str, Any]


def sav(path: Path, columns: Frame, **how: Any) -> Path:
    pyreadstat.write_sav(pd.DataFrame(columns), path, **how)
    return path


def dta(path: Path, columns: Frame, version: int = 15, **how: Any) -> Path:
    pyreadstat.write_dta(pd.DataFrame(columns), path, version=version, **how)
    return path


def opened(path: Path, *names: str, data: bytes | None = None, settings: Settings | None = None) -> Sheet:
    form = "stata" if path.suffix == ".dta" else "spss"
    file = LabelledFile(form, data or path.read_bytes(), settings or Settings(), names, path.name)
    header = file.preview().records[0][1]
    sheet, faults = file.read(Request(0, len(header), {name: header.index(name) for name in names}, (), ()))
    assert not faults
    return sheet


def values(sheet: Sheet, name: str) -> list[Value]:
    return [sheet.columns[name].value(i) for i in range(sheet.rows.size)]


def study(folder: Path, name: str = "scores.sav", **how: Any) -> Scores:
    write_study(folder, files=f'["{name}"]', **how)
    return read_scores(read_study(folder / "study.toml"))


def faults_of(folder: Path, name: str = "scores.sav", **how: Any) -> list[Fault]:
    with pytest.raises(Faults) as raised:
        study(folder, name, **how)
    return list(raised.value)


def labels(column: object) -> list[str | None]:
    assert isinstance(column, Categories)
    return [column.labels[code] if code >= 0 else None for code in column.codes]


BASIC = {"student": ["a", "b", "c", "d"], "arm": [1.0, 2.0, 1.0, 2.0], "score": [5.0, 6.0, 7.0, 8.0]}
ARMS = {1: "new", 2: "old", 3: "gone"}


# --- what a cell becomes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{"compress": True}, {"row_compress": True}, {}])
def test_spss_in_every_compression(tmp_path: Path, how: dict[str, Any]) -> None:
    columns = {"text": ["ж" * 300, "", "b", "c"], "x": [1.0, NAN, 98.0, 2.5], "y": [1.0, 2.0, 3.0, NAN]}
    path = sav(
        tmp_path / "a.sav",
        columns,
        missing_ranges={"x": [{"lo": 90, "hi": 99}]},
        variable_value_labels={"x": {98: "ill"}, "y": {1: "boy", 2: "girl"}},
        **how,
    )
    sheet = opened(path, "text", "x", "y")
    assert values(sheet, "text") == ["ж" * 300, "", "b", "c"]
    assert values(sheet, "x") == [1.0, "", MissingCell("ill", 98.0), 2.5]
    assert values(sheet, "y") == [LabelledCell("boy", 1.0), LabelledCell("girl", 2.0), 3.0, ""]
    assert (sheet.rows.tolist(), sheet.encoding, sheet.header_row) == ([1, 2, 3, 4], "utf-8", None)


def test_open_ranges_and_single_values_are_missing(tmp_path: Path) -> None:
    lowest, highest = -1.7976931348623157e308, 1.7976931348623157e308
    x = [-5.0, -1.0, 0.0, 97.0, 99.0]
    for ranges, missing in (([{"lo": lowest, "hi": -1}], [0, 1]), ([{"lo": 90, "hi": highest}, -1], [1, 3, 4])):
        sheet = opened(sav(tmp_path / "a.sav", {"x": x}, missing_ranges={"x": ranges}), "x")
        assert [i for i, value in enumerate(values(sheet, "x")) if isinstance(value, MissingCell)] == missing


def test_texts_are_declared_missing_too(tmp_path: Path) -> None:
    how = {"missing_ranges": {"t": ["NA"]}, "variable_value_labels": {"t": {"m": "male", "NA": "no answer"}}}
    sheet = opened(sav(tmp_path / "a.sav", {"t": ["m", "NA", "f", ""]}, **how), "t")
    assert values(sheet, "t") == [LabelledCell("male", "m"), MissingCell("no answer", "NA"), "f", ""]


@pytest.mark.parametrize("version", STATA)
def test_stata_of_every_version(tmp_path: Path, version: int) -> None:
    x = pd.Series([1.0, None, "a", "z", 2.5], dtype=object)
    path = dta(
        tmp_path / "a.dta",
        {"id": ["p", "q", "r", "s", ""], "x": x, "k": [1, 2, 1, 2, 1]},
        version,
        missing_user_values={"x": ["a", "z"]},
        variable_value_labels={"x": {"a": "ill"}, "k": {1: "boy", 2: "girl"}},
    )
    sheet = opened(path, "id", "x", "k")
    assert values(sheet, "id") == ["p", "q", "r", "s", ""]
    assert values(sheet, "x") == [1.0, "", MissingCell("ill", ".a"), MissingCell(None, ".z"), 2.5]
    assert values(sheet, "k")[:2] == [LabelledCell("boy", 1.0), LabelledCell("girl", 2.0)]


def test_what_pandas_writes_for_stata(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "kind": pd.Categorical(["town", "village", None]),
            "small": np.array([1, 2, 3], dtype=np.int8),
            "single": np.array([0.5, NAN, 0.25], dtype=np.float32),
            "essay": ["long " * 1000, "", "ж"],
            "when": pd.to_datetime(["2026-05-04", None, "2026-05-05"]),
        }
    )
    frame.to_stata(tmp_path / "a.dta", version=118, convert_strl=["essay"], write_index=False)
    sheet = opened(tmp_path / "a.dta", *frame.columns)
    assert values(sheet, "kind") == [LabelledCell("town", 0.0), LabelledCell("village", 1.0), ""]
    assert values(sheet, "small") == [1.0, 2.0, 3.0]
    assert values(sheet, "single") == [0.5, "", 0.25]
    assert values(sheet, "essay") == ["long " * 1000, "", "ж"]
    assert values(sheet, "when") == [dt.datetime(2026, 5, 4), "", dt.datetime(2026, 5, 5)]


def test_labels_of_long_texts(tmp_path: Path) -> None:
    columns = {"t": ["a long name of a school", "b"]}
    path = sav(tmp_path / "a.sav", columns, variable_value_labels={"t": {"a long name of a school": "№ 5"}})
    assert values(opened(path, "t"), "t") == [LabelledCell("№ 5", "a long name of a school"), "b"]


def test_dates_and_times_are_dates_and_times(tmp_path: Path) -> None:
    days, moments = [dt.date(2026, 5, 4), None], [dt.datetime(2026, 5, 4, 10, 30), None]
    columns = {"day": pd.Series(days, dtype=object), "moment": pd.Series(pd.to_datetime(moments))}
    for path in (sav(tmp_path / "a.sav", columns), dta(tmp_path / "a.dta", columns)):
        sheet = opened(path, "day", "moment")
        assert values(sheet, "day") == [dt.datetime(2026, 5, 4), ""]
        assert values(sheet, "moment") == [dt.datetime(2026, 5, 4, 10, 30), ""]


@pytest.mark.parametrize(
    ("form", "display", "number", "expected"),
    [
        ("stata", "%tm", 796.0, dt.date(2026, 5, 1)),
        ("stata", "%tq", -1.0, dt.date(1959, 10, 1)),
        ("stata", "%th", 1.0, dt.date(1960, 7, 1)),
        ("stata", "%tw", 53.0, dt.date(1961, 1, 8)),
        ("stata", "%-td", 0.0, dt.datetime(1960, 1, 1)),
        ("stata", "%tdD_m_Y", 1.0, dt.datetime(1960, 1, 2)),
        ("stata", "%td", 1e12, "date 1000000000000"),
        ("spss", "TIME8", 90.0, dt.timedelta(seconds=90)),
        ("spss", "EDATE10", 0.0, dt.datetime(1582, 10, 14)),
    ],
)
def test_formats_of_dates(form: str, display: str, number: float, expected: Value) -> None:
    read = date_of(form, display)
    assert read is not None
    assert read(number) == expected


@pytest.mark.parametrize(
    ("form", "display"), [("stata", "%9.0g"), ("stata", "%ty"), ("spss", "F8.2"), ("spss", "WKDAY3")]
)
def test_formats_of_numbers(form: str, display: str) -> None:
    assert date_of(form, display) is None


# --- encodings ------------------------------------------------------------------------------------------------


def undeclared(path: Path, encoding: str) -> bytes:
    """A file of Stata 12, which says nothing of its encoding, with Cyrillic texts of this one."""
    columns = {"id": ["aaaaaaaaa", "b"], "x": [1, 2]}
    data = dta(path, columns, 12, variable_value_labels={"x": {1: "kkkkkkkk", 2: "zzz"}}).read_bytes()
    for plain, text in ((b"aaaaaaaaa", "Иванченко"), (b"kkkkkkkk", "контроль")):
        assert plain in data
        data = data.replace(plain, text.encode(encoding))
    return data


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
def test_an_encoding_that_a_file_leaves_open_is_found_or_named(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.dta"
    data = undeclared(path, encoding)
    for settings in (Settings(words=("контроль",)), Settings(encoding=encoding)):
        sheet = opened(path, "id", "x", data=data, settings=settings)
        assert values(sheet, "id") == ["Иванченко", "b"]
        assert values(sheet, "x") == [LabelledCell("контроль", 1.0), LabelledCell("zzz", 2.0)]
        assert sheet.encoding == encoding


def test_an_encoding_that_does_not_fit_is_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "a.dta"
    with pytest.raises(Unreadable) as raised:
        opened(path, "id", "x", data=undeclared(path, "koi8-r"), settings=Settings(encoding="utf-8"))
    assert (raised.value.faults[0].code, raised.value.faults[0].key) == ("encoding-unclear", "data.encoding")


def test_an_encoding_that_the_file_declares_counts(tmp_path: Path) -> None:
    data = sav(tmp_path / "a.sav", {"t": ["aaa"]}).read_bytes()
    data = data.replace(b"\x05\0\0\0UTF-8", b"\x05\0\0\0ascii").replace(b"aaa", "жук".encode("cp1251"))
    with pytest.raises(Unreadable) as raised:
        opened(tmp_path / "a.sav", "t", data=data)
    assert raised.value.faults[0].code == "encoding-unclear"
    assert values(opened(tmp_path / "a.sav", "t", data=data, settings=Settings(encoding="cp1251")), "t") == ["жук"]
    right = sav(tmp_path / "b.sav", {"t": ["жук"]})
    assert values(opened(right, "t", settings=Settings(encoding="cp1251")), "t") == ["жук"]


# --- arms, names and categories ---------------------------------------------------------------------------------


@pytest.mark.parametrize("experimental", ["new", "1"])
def test_arms_are_named_by_label_or_code(tmp_path: Path, experimental: str) -> None:
    sav(
        tmp_path / "scores.sav",
        BASIC,
        variable_value_labels={"arm": {**ARMS, 1: "new" if experimental == "new" else "E"}},
    )
    write_study(tmp_path, files='["scores.sav"]')
    path = tmp_path / "study.toml"
    path.write_text(path.read_text().replace('["new"]', f'["{experimental}"]'))
    assert read_scores(read_study(path)).arm.tolist() == [1, 0, 1, 0]


def test_a_word_that_is_a_label_and_a_code_is_asked_about(tmp_path: Path) -> None:
    arm = {1: "old", 2: "new"}
    sav(tmp_path / "scores.sav", BASIC, variable_value_labels={"arm": arm})
    write_study(tmp_path, files='["scores.sav"]')
    path = tmp_path / "study.toml"
    path.write_text(path.read_text().replace('["new"]', '["1"]'))
    with pytest.raises(Faults) as raised:
        read_scores(read_study(path))
    assert {(fault.code, fault.column) for fault in raised.value} >= {("label-or-code", "arm")}


def test_two_values_with_one_label_stay_two(tmp_path: Path) -> None:
    columns = BASIC | {"school": [1.0, 1.0, 17.0, 17.0]}
    sav(
        tmp_path / "scores.sav", columns, variable_value_labels={"arm": ARMS, "school": {1: "School 5", 17: "School 5"}}
    )
    scores = study(tmp_path, data='institution = "school"')
    assert labels(scores.institution) == ["School 5 (1)", "School 5 (1)", "School 5 (17)", "School 5 (17)"]
    assert "labels-repeat" in {notice.code for notice in scores.notices}


def test_students_are_known_by_their_codes(tmp_path: Path) -> None:
    columns = BASIC | {"student": [1.0, 2.0, 3.0, 4.0]}
    sav(tmp_path / "scores.sav", columns, variable_value_labels={"arm": ARMS, "student": {1: "Eve", 2: "Eve"}})
    write_csv(tmp_path, "student,before\n1,10\n2,11\n3,12\n4,13\n", "pretest.csv")
    scores = study(tmp_path, data='students = ["pretest.csv"]', outcome='baseline = "before"')
    assert scores.baselines["Score"][1].values.tolist() == [10, 11, 12, 13]


def test_a_covariate_whose_values_all_have_labels_is_a_category(tmp_path: Path) -> None:
    columns = BASIC | {"sex": [1.0, 2.0, 2.0, NAN], "age": [97.0, 11.0, 12.0, 13.0]}
    value_labels = {"arm": ARMS, "sex": {1: "boy", 2: "girl"}, "age": {97: "no answer"}}
    sav(tmp_path / "scores.sav", columns, variable_value_labels=value_labels)
    scores = study(tmp_path, more='[covariates]\nstudent = ["sex", "age"]')
    assert labels(scores.covariates["sex"]) == ["boy", "girl", "girl", None]
    age = scores.covariates["age"]
    assert isinstance(age, Numbers)
    assert age.values.tolist() == [97, 11, 12, 13]
    (told,) = [notice.message for notice in scores.notices if notice.code == "labelled-numbers"]
    assert "97 = no answer" in told


# --- scores, levels and what is missing ---------------------------------------------------------------------------


def test_a_label_does_not_change_a_score(tmp_path: Path) -> None:
    sav(tmp_path / "scores.sav", BASIC, variable_value_labels={"arm": ARMS, "score": {5: "50", 8: "top"}})
    scores = study(tmp_path)
    assert scores.outcomes["Score"].values.tolist() == [5, 6, 7, 8]
    (told,) = [notice.message for notice in scores.notices if notice.code == "labelled-numbers"]
    assert "5 = 50, 8 = top" in told


@pytest.mark.parametrize("word", ["top", "8"])
def test_study_toml_says_what_a_labelled_value_stands_for(tmp_path: Path, word: str) -> None:
    sav(tmp_path / "scores.sav", BASIC, variable_value_labels={"arm": ARMS, "score": {8: "top"}})
    assert study(tmp_path, outcome=f'values = {{ "{word}" = 9 }}').outcomes["Score"].values.tolist() == [5, 6, 7, 9]
    missing = study(tmp_path, data=f'missing = ["{word}"]').outcomes["Score"]
    assert missing.missing.tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("kind", "levels", "expected"),
    [
        ("binary", '["no", "yes"]', [0, 1, 1, 0]),
        ("binary", "[1, 2]", [0, 1, 1, 0]),
        ("ordinal", '["no", "yes", "very"]', [1, 2, 2, 1]),
        ("ordinal", "[1, 2, 3]", [1, 2, 2, 1]),
    ],
)
def test_levels_are_named_by_label_or_code(tmp_path: Path, kind: str, levels: str, expected: list[float]) -> None:
    columns = BASIC | {"score": [1.0, 2.0, 2.0, 1.0]}
    sav(tmp_path / "scores.sav", columns, variable_value_labels={"arm": ARMS, "score": {1: "no", 2: "yes"}})
    found = study(tmp_path, kind=kind, outcome=f"levels = {levels}").outcomes["Score"].values
    assert found.tolist() == expected


def test_marks_with_shifted_codes_are_asked_about_in_every_cell(tmp_path: Path) -> None:
    columns = BASIC | {"score": [1.0, 2.0, 3.0, 4.0]}
    marks = {1: "2", 2: "3", 3: "4", 4: "5"}
    sav(tmp_path / "scores.sav", columns, variable_value_labels={"arm": ARMS, "score": marks})
    found = faults_of(tmp_path, kind="ordinal", outcome="levels = [2, 3, 4, 5]")
    assert [(fault.code, fault.row) for fault in found] == [("label-or-code", row) for row in (1, 2, 3, 4)]


def test_a_labelled_value_outside_the_range_is_told_with_its_label(tmp_path: Path) -> None:
    columns = BASIC | {"score": [5.0, 97.0, 7.0, 8.0]}
    sav(tmp_path / "scores.sav", columns, variable_value_labels={"arm": ARMS, "score": {97: "refused"}})
    (fault,) = faults_of(tmp_path, outcome="range = [0, 60]")
    assert (fault.code, fault.row, fault.found) == ("outside-range", 2, "97 = refused")


def declared(folder: Path) -> Scores:
    columns = {
        "student": [f"p{i}" for i in range(10)],
        "arm": [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 3.0],
        "score": [5.0, 98.0, 98.0, 99.0, NAN, 6.0, 7.0, 97.0, NAN, 5.0],
        "before": [1.0, 2.0, NAN, 4.0, 5.0, 6.0, 99.0, 8.0, NAN, 1.0],
    }
    sav(
        folder / "scores.sav",
        columns,
        missing_ranges={"score": [{"lo": 97, "hi": 99}], "before": [99]},
        variable_value_labels={"arm": ARMS, "score": {98: "ill", 99: "refused"}},
    )
    return study(folder, outcome='range = [0, 60]\nbaseline = "before"')


def test_declared_missing_values_are_counted_by_their_reason(tmp_path: Path) -> None:
    scores = declared(tmp_path)
    spec = read_study(tmp_path / "study.toml")
    experimental, control, other = flow_rows(scores, spec, spec.outcomes[0])
    # A row counts under the first reason that applies: p2 is ill, and has no baseline.
    assert experimental.left_out == {
        "no-outcome": 1,
        "no-baseline": 1,
        "user-missing: ill": 1,
        "user-missing: refused": 1,
    }
    assert control.left_out == {"no-outcome": 1, "no-baseline": 1, "user-missing: 97": 1}
    assert other.left_out == {"other-group": 1}
    assert [(row.read, row.analysed, row.complete) for row in (experimental, control)] == [(5, 1, 1), (4, 2, 1)]
    assert [(row.n, row.missing) for row in group_rows(scores, spec.outcomes[0])[:2]] == [(1, 4), (2, 2)]
    assert regression_sample(scores, spec, spec.outcomes[0]).rows.tolist() == [0, 5]


def test_no_count_of_declared_missing_values_is_given_away(tmp_path: Path) -> None:
    scores = declared(tmp_path)
    assert scores.sources[0].mended == {}
    (told,) = [notice.message for notice in scores.notices if notice.code == "user-missing"]
    assert told == "scores.sav: values that the file declares missing count as missing in: “score”, “before”."


def test_rows_that_are_missing_for_different_reasons_are_different(tmp_path: Path) -> None:
    columns = {"student": ["a", "b", "c", "c"], "arm": [1.0, 2.0, 1.0, 1.0], "score": [5.0, 6.0, 98.0, 99.0]}
    how = {"missing_ranges": {"score": [98, 99]}, "variable_value_labels": {"arm": ARMS}}
    sav(tmp_path / "scores.sav", columns, **how)
    assert [fault.code for fault in faults_of(tmp_path, data='duplicates = "first"')] == ["student-twice-different"]
    sav(tmp_path / "scores.sav", columns | {"score": [5.0, 6.0, 98.0, 98.0]}, **how)
    assert study(tmp_path, data='duplicates = "first"').left_out == {("experimental", "duplicate"): 1}


def test_reasons_of_several_files_are_one_list(tmp_path: Path) -> None:
    score = pd.Series([5.0, "b", 7.0, 8.0], dtype=object)
    dta(
        tmp_path / "a.dta",
        BASIC | {"score": score},
        missing_user_values={"score": ["b"]},
        variable_value_labels={"arm": ARMS},
    )
    columns = BASIC | {"student": ["e", "f", "g", "h"], "score": [98.0, 6.0, 7.0, 8.0]}
    sav(tmp_path / "b.sav", columns, missing_ranges={"score": [98]}, variable_value_labels={"arm": ARMS})
    write_csv(tmp_path, "student,arm,score\ni,new,\n", "c.csv")
    write_study(tmp_path, files='["a.dta", "b.sav", "c.csv"]')
    scores = read_scores(read_study(tmp_path / "study.toml"))
    assert labels(scores.user_missing["Score"]) == [None, ".b", None, None, "98", None, None, None, None]
    assert np.flatnonzero(scores.outcomes["Score"].missing).tolist() == [1, 4, 8]


def test_a_level_that_is_declared_missing_is_missing(tmp_path: Path) -> None:
    columns = BASIC | {"score": [1.0, 2.0, 9.0, 1.0]}
    how = {
        "missing_ranges": {"score": [9]},
        "variable_value_labels": {"arm": ARMS, "score": {1: "no", 2: "yes", 9: "n/a"}},
    }
    sav(tmp_path / "scores.sav", columns, **how)
    scores = study(tmp_path, kind="binary", outcome='levels = ["no", "yes"]')
    assert labels(scores.user_missing["Score"]) == [None, None, "n/a", None]


def test_a_group_that_is_declared_missing_is_no_group(tmp_path: Path) -> None:
    columns = BASIC | {"arm": [1.0, 2.0, 9.0, 9.0]}
    sav(tmp_path / "scores.sav", columns, missing_ranges={"arm": [9]}, variable_value_labels={"arm": {**ARMS, 9: "?"}})
    assert study(tmp_path).left_out == {("other", "no-group"): 2}


def test_a_row_without_a_student_is_told_by_its_record(tmp_path: Path) -> None:
    sav(tmp_path / "scores.sav", BASIC | {"student": ["a", "b", "c", ""]}, variable_value_labels={"arm": ARMS})
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.row) == ("rows-below", 4)
    assert study(tmp_path, data="last_row = 3").n == 3


def test_an_infinite_score_is_a_fault(tmp_path: Path) -> None:
    sav(tmp_path / "scores.sav", BASIC | {"score": [5.0, 6.0, float("inf"), 8.0]}, variable_value_labels={"arm": ARMS})
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.row, fault.column) == ("not-finite", 3, "score")


def test_columns_that_are_not_there_are_told_alone(tmp_path: Path) -> None:
    sav(tmp_path / "scores.sav", {"other": [1.0]})
    found = [(fault.code, fault.column, fault.row) for fault in faults_of(tmp_path)]
    assert found == [("column-missing", name, None) for name in ("score", "student", "arm")]


# --- damage ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.sav", "a.zsav", "a.dta"])
def test_damaged_files_are_read_or_refused(tmp_path: Path, name: str) -> None:
    draw = random.Random(name)
    columns = BASIC | {"text": ["x" * 300, "y", "z", ""]}
    if name.endswith("dta"):
        path = dta(tmp_path / name, columns, variable_value_labels={"arm": ARMS})
    else:
        path = sav(tmp_path / name, columns, compress=name.endswith("zsav"), variable_value_labels={"arm": ARMS})
    whole = path.read_bytes()
    for keep in (5, len(whole) // 2):
        with pytest.raises(Unreadable) as raised:
            opened(path, "arm", "score", data=whole[:keep])
        assert raised.value.faults[0].code == "file-unreadable"
    for _ in range(8):
        damaged = bytearray(whole)
        place = draw.randrange(len(damaged) - 4)
        damaged[place : place + 4] = draw.choice([b"\xff\xff\xff\x7f", b"\0\0\0\0", b"abcd"])
        with contextlib.suppress(Unreadable, ValueError):  # ValueError: a column has another name now
            sheet = opened(path, "arm", "score", data=bytes(damaged))
            assert len(values(sheet, "score")) == sheet.rows.size


@pytest.mark.parametrize("claimed", [3, 10**6, 2**31 - 1])
def test_a_file_that_claims_more_rows_than_it_has_is_refused(tmp_path: Path, claimed: int) -> None:
    data = bytearray(sav(tmp_path / "a.sav", {"x": [1.0, 2.0]}).read_bytes())
    data[80:84] = claimed.to_bytes(4, "little")
    with pytest.raises(Unreadable) as raised:
        opened(tmp_path / "a.sav", "x", data=bytes(data))
    assert raised.value.faults[0].code in {"file-unreadable", "file-too-large"}
