"""What a study's files become: columns, arms, what was left out, what was mended."""

from __future__ import annotations

import contextlib
import hashlib
import io
import zipfile
from pathlib import Path

import examples
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expeval.fault_codes import sentence
from expeval.faults import Fault, Faults
from expeval.scores.reading import read_scores
from expeval.scores.table import Categories, Numbers, Scores
from expeval.study.reading import read_study

write_csv, write_study, write_xlsx = examples.write_csv, examples.write_study, examples.write_xlsx


def read(folder: Path) -> Scores:
    return read_scores(read_study(folder / "study.toml"))


def read_with(folder: Path, **keys: object) -> Scores:
    """Read with keys of [data] that the loader knows before study.toml may hold them."""
    study = read_study(folder / "study.toml")
    return read_scores(study.model_copy(update={"data": study.data.model_copy(update=keys)}))


def codes(folder: Path) -> list[str]:
    with pytest.raises(Faults) as raised:
        read(folder)
    return [fault.code for fault in raised.value]


def faults_of(folder: Path) -> list[Fault]:
    with pytest.raises(Faults) as raised:
        read(folder)
    return list(raised.value)


def labels(column: Categories | None) -> list[str | None]:
    assert column is not None
    return [column.labels[code] if code >= 0 else None for code in column.codes]


def values(scores: Scores, outcome: str = "Score") -> list[float | None]:
    return [None if np.isnan(value) else value for value in scores.outcomes[outcome].values]


def test_rows_of_the_arms_in_the_files_order_and_the_rest_counted(tmp_path: Path) -> None:
    write_study(tmp_path)
    write_csv(tmp_path, "student,arm,score\na,new,1\nb,third,x\nc,old,\nd,,inf\ne, new ,5\n")
    scores = read(tmp_path)
    assert scores.arm.tolist() == [1, 0, 1]
    assert values(scores) == [1, None, 5]
    assert scores.left_out == {("other", "other-group"): 1, ("other", "no-group"): 1}
    assert scores.sources[0].mended == {"spaces in labels": 1}


def test_the_source_says_what_was_found(tmp_path: Path) -> None:
    write_study(tmp_path)
    path = write_csv(tmp_path, "student;arm;score\nГлеб;new;1,5\nВера;old;2\n", encoding="cp1251")
    (source,) = read(tmp_path).sources
    assert (source.file, source.role, source.rows) == ("scores.csv", "scores", 2)
    assert (source.encoding, source.delimiter, source.decimal, source.header_row) == ("cp1251", ";", ",", 1)
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_numbers_and_texts_as_groups_compare_as_text(tmp_path: Path) -> None:
    write_study(tmp_path, files='["scores.xlsx"]')
    text = (tmp_path / "study.toml").read_text().replace('["new"]', "[1]").replace('["old"]', '["2", "3"]')
    (tmp_path / "study.toml").write_text(text)
    lines = [["student", "arm", "score"], ["a", 1, 5], ["b", "1", 5], ["c", 2.0, 5], ["d", " 3 ", 5], ["e", 4, 5]]
    write_xlsx(tmp_path, {"S": lines})
    assert read(tmp_path).arm.tolist() == [1, 1, 0, 0]


def test_missing_values_are_those_that_the_study_names(tmp_path: Path) -> None:
    write_study(tmp_path, data='missing = ["NA", "-99", 999]')
    write_csv(tmp_path, "student,arm,score\na,new,NA\nb,old,-99.0\nc,new, NA \nd,old,999\ne,new,1\nf,old,\n")
    assert values(read(tmp_path)) == [None, None, None, None, 1, None]


def test_plain_numbers_lose_their_missing_code_too(tmp_path: Path) -> None:
    write_study(tmp_path, data='missing = ["-99"]')
    write_csv(tmp_path, "student,arm,score\na,new,-99\nb,old,1.5\n")
    assert values(read(tmp_path)) == [None, 1.5]


def test_numbers_are_read_exactly(tmp_path: Path) -> None:
    exact = [0.1, 1 / 3, 107.8681079, 1e-300, 1e300, 9007199254740991.0, -0.1 - 0.2]
    rows = "".join(f"s{i},{'new' if i % 2 else 'old'},{value!r}\n" for i, value in enumerate(exact))
    write_study(tmp_path)
    write_csv(tmp_path, "student,arm,score\n" + rows)
    assert values(read(tmp_path)) == exact
    write_csv(tmp_path, ("student;arm;score\n" + rows.replace(",", ";")).replace(".", ","))
    assert values(read(tmp_path)) == exact


@pytest.mark.parametrize("decimal", [".", ","])
def test_the_study_settles_the_decimal_sign(decimal: str, tmp_path: Path) -> None:
    write_study(tmp_path, data=f'decimal = "{decimal}"')
    write_csv(tmp_path, "student;arm;score\na;new;1.234\nb;old;1,234\nc;new;4.5\nd;old;4,5\n")
    expected = [1.234, 1234, 4.5, 4.5] if decimal == "." else [1234, 1.234, 4.5, 4.5]
    assert values(read(tmp_path)) == expected


def test_levels_and_what_stands_for_them(tmp_path: Path) -> None:
    write_study(
        tmp_path,
        kind="ordinal",
        outcome='levels = [2, 3, 4, 5]\nvalues = { "5-" = 5, "отл" = 5, "зач" = "missing" }\nbaseline = "before"',
    )
    write_csv(tmp_path, "student,arm,score,before\na,new,5-,отл\nb,old,4.0,3\nc,new, 3 ,5-\nd,old,зач,зач\ne,old,2,\n")
    scores = read(tmp_path)
    assert values(scores) == [5, 4, 3, None, 2]
    name, before = scores.baselines["Score"]
    assert name == "before"
    np.testing.assert_array_equal(before.values, [5, 3, 5, np.nan, np.nan])


def test_text_levels_are_numbered_and_binary_is_0_and_1(tmp_path: Path) -> None:
    write_study(tmp_path, kind="ordinal", outcome='levels = ["low", "mid", "high"]')
    write_csv(tmp_path, "student,arm,score\na,new,high\nb,old,low\nc,old,mid \n")
    assert values(read(tmp_path)) == [3, 1, 2]
    write_study(tmp_path, kind="binary", outcome='levels = ["no", "yes"]')
    write_csv(tmp_path, "student,arm,score\na,new,yes\nb,old,no\n")
    assert values(read(tmp_path)) == [1, 0]
    write_study(tmp_path, kind="binary", outcome="levels = [5, 2]")
    write_csv(tmp_path, "student,arm,score\na,new,2\nb,old,5\n")
    assert values(read(tmp_path)) == [1, 0]


def test_true_and_false_are_texts(tmp_path: Path) -> None:
    write_study(tmp_path, kind="binary", outcome='levels = ["False", "True"]')
    write_csv(tmp_path, "student,arm,score\na,new,True\nb,old,False\n")
    assert values(read(tmp_path)) == [1, 0]


COVARIATES = '[covariates]\nstudent = ["age", "sex", "district"]\ncategories = ["district"]'


def test_covariates_are_numbers_or_categories(tmp_path: Path) -> None:
    write_study(tmp_path, more=COVARIATES)
    head = "student,arm,score,age,sex,district\n"
    write_csv(tmp_path, head + "a,new,1,7,m,10\nb,old,2,7.5,f,9\nc,old,2,,,10\nd,new,3,8,ж,10.0\n")
    covariates = read(tmp_path).covariates
    assert list(covariates) == ["age", "sex", "district"]
    assert isinstance(covariates["age"], Numbers)
    np.testing.assert_array_equal(covariates["age"].values, [7, 7.5, np.nan, 8])
    assert isinstance(covariates["sex"], Categories)
    assert covariates["sex"].labels == ("f", "m", "ж")
    assert labels(covariates["sex"]) == ["m", "f", None, "ж"]
    assert isinstance(covariates["district"], Categories)
    assert labels(covariates["district"]) == ["10", "9", "10", "10"]


def test_numbers_that_are_categories_keep_their_zeros(tmp_path: Path) -> None:
    write_study(tmp_path, more=COVARIATES)
    head = "student,arm,score,age,sex,district\n"
    write_csv(tmp_path, head + "a,new,1,7,m,07\nb,old,2,7,f,7\nc,old,2,7,m,7.0\nd,new,3,8,f,\n")
    assert labels(read(tmp_path).covariates["district"]) == ["07", "7", "7", None]


def test_a_few_texts_among_numbers_are_faults_not_a_category(tmp_path: Path) -> None:
    write_study(tmp_path, more='[covariates]\nstudent = ["age"]')
    write_csv(tmp_path, "student,arm,score,age\na,new,1,7\nb,old,2,eight\nc,old,2,9\n")
    assert codes(tmp_path) == ["covariate-not-a-number"]


def test_the_advice_for_a_covariate_is_one_that_covariates_have(tmp_path: Path) -> None:
    write_study(tmp_path, more='[covariates]\nstudent = ["age"]')
    write_csv(tmp_path, "student,arm,score,age\na,new,1,7\nb,old,2,7b\nc,old,2,9\n")
    with pytest.raises(Faults) as raised:
        read(tmp_path)
    words = sentence(raised.value.faults[0])
    assert "covariates.categories" in words
    assert "outcomes" not in words
    write_study(tmp_path, more='[covariates]\nstudent = ["age"]\ncategories = ["age"]')
    assert labels(read(tmp_path).covariates["age"]) == ["7", "7b", "9"]  # type: ignore[arg-type]


def test_only_labels_that_occur_in_the_arms_are_labels(tmp_path: Path) -> None:
    write_study(tmp_path, data='institution = "school"')
    write_csv(tmp_path, "student,school,arm,score\na,B,new,1\nb,Z,other,2\nc,63.0,old,2\nd,63,old,3\n")
    institution = read(tmp_path).institution
    assert institution is not None
    assert sorted(institution.labels) == ["63", "B"]
    assert labels(institution) == ["B", "63", "63"]


def test_a_class_is_a_class_of_its_institution(tmp_path: Path) -> None:
    write_study(tmp_path, data='institution = "school"\nclass = "room"')
    write_csv(
        tmp_path, "student,school,room,arm,score\na,B,7A,new,1\nb,A,7A,old,2\nc,B,7B,old,2\nd,,7A,new,2\ne,A,,old,2\n"
    )
    scores = read(tmp_path)
    assert labels(scores.class_) == ["B / 7A", "A / 7A", "B / 7B", None, None]
    assert scores.class_ is not None
    assert sorted(scores.class_.labels) == ["A / 7A", "B / 7A", "B / 7B"]
    assert [notice.code for notice in scores.notices] == ["class-labels-repeat"]


def test_institutions_join_by_label(tmp_path: Path) -> None:
    write_study(
        tmp_path,
        data='institution = "school"\ninstitutions = "schools.csv"',
        more='[covariates]\ninstitution = ["size", "kind", "town"]',
    )
    write_csv(tmp_path, "student,school,arm,score,town\na,2,new,1,x\nb,1,old,2,y\nc,1.0,old,2,y\nd,,new,1,x\n")
    write_csv(tmp_path, "school;kind;size\n1;лицей;1 200,5\n2;школа;300\n3;школа;10\n", "schools.csv", "cp1251")
    scores = read(tmp_path)
    size, kind, town = scores.covariates.values()
    assert isinstance(size, Numbers)
    np.testing.assert_array_equal(size.values, [300, 1200.5, 1200.5, np.nan])
    assert labels(kind) == ["школа", "лицей", "лицей", None]  # type: ignore[arg-type]
    assert labels(town) == ["x", "y", "y", "x"]  # type: ignore[arg-type]
    assert [(source.role, source.rows) for source in scores.sources] == [("scores", 4), ("institutions", 3)]
    assert [notice.code for notice in scores.notices] == ["institutions-unused"]


def test_an_arm_a_file(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(
        '[study]\ntitle = "t"\n[data]\nstudent = "student"\n[groups]\nexperimental = { files = ["e-*.csv"] }\n'
        'control = { files = ["k.csv"] }\nassigned = "student"\n'
        '[[outcomes]]\nname = "Score"\ncolumn = "score"\nkind = "score"\n'
    )
    write_csv(tmp_path, "student,score\na,1\n", "e-2.csv")
    write_csv(tmp_path, "score;student\n2;b\n", "e-1.csv")
    write_csv(tmp_path, "student,score\nc,3,5\nd,4\n".replace(",3,5", ",3"), "k.csv")
    scores = read(tmp_path)
    assert (scores.arm.tolist(), values(scores)) == ([1, 1, 0, 0], [2, 1, 3, 4])
    assert [source.file for source in scores.sources] == ["e-1.csv", "e-2.csv", "k.csv"]


def test_the_first_of_equal_rows_is_kept_and_the_rest_counted(tmp_path: Path) -> None:
    write_study(tmp_path, data='duplicates = "first"')
    write_csv(tmp_path, examples.HEAD + examples.ROWS + "s1,new,51\ns4,old,47.0\ns1,new,51\n")
    scores = read(tmp_path)
    assert scores.n == 4
    assert scores.left_out == {("experimental", "duplicate"): 2, ("control", "duplicate"): 1}


def test_a_students_second_row_in_no_arm_is_no_repetition(tmp_path: Path) -> None:
    write_study(tmp_path)
    write_csv(tmp_path, examples.HEAD + examples.ROWS + "s1,third,7\n")
    assert read(tmp_path).left_out == {("other", "other-group"): 1}


def test_look_alike_columns_are_taken_and_told(tmp_path: Path) -> None:
    write_study(tmp_path)
    text = (
        (tmp_path / "study.toml").read_text().replace('"arm"', '"Зачёт"').replace('column = "score"', 'column = "Код"')
    )
    (tmp_path / "study.toml").write_text(text)
    write_csv(tmp_path, "STUDENT,зачет,Koд\na,new,1\nb,old,2\n")
    scores = read(tmp_path)
    assert values(scores) == [1, 2]
    assert [notice.code for notice in scores.notices] == ["column-look-alike"] * 3
    assert scores.sources[0].mended == {"column names": 3}


def test_two_look_alikes_are_not_chosen_from(tmp_path: Path) -> None:
    write_study(tmp_path)
    write_csv(tmp_path, "student,arm,Score,SCORE\na,new,1,2\nb,old,2,3\n")
    assert codes(tmp_path) == ["column-missing"]


def test_spaces_in_column_names_do_not_count(tmp_path: Path) -> None:
    write_study(tmp_path)
    write_csv(tmp_path, 'student,\u00a0arm ,"score\n"\na,new,1\nb,old,2\n')
    scores = read(tmp_path)
    assert (values(scores), scores.notices) == ([1, 2], ())


def test_a_group_that_only_looks_like_an_arm_is_told(tmp_path: Path) -> None:
    write_study(tmp_path)
    write_csv(tmp_path, examples.HEAD + examples.ROWS + "s5,New,5\n")
    scores = read(tmp_path)
    assert scores.left_out == {("other", "other-group"): 1}
    assert [notice.code for notice in scores.notices] == ["group-look-alike"]


def test_a_name_with_glob_signs_is_first_a_name(tmp_path: Path) -> None:
    write_study(tmp_path, files='["scores[1].csv"]')
    write_csv(tmp_path, name="scores[1].csv")
    assert read(tmp_path).n == 4


def test_files_lie_where_the_study_says(tmp_path: Path) -> None:
    (tmp_path / "studies").mkdir()
    write_study(tmp_path / "studies", files='["../data/scores.csv"]')
    (tmp_path / "data").mkdir()
    write_csv(tmp_path / "data")
    assert read(tmp_path / "studies").sources[0].file == "../data/scores.csv"


@pytest.mark.parametrize("name", ["..", "/", "a\\u0000b", "//server/share", "x" * 5000])
def test_names_that_are_no_files(name: str, tmp_path: Path) -> None:
    write_study(tmp_path)
    text = (tmp_path / "study.toml").read_text().replace("scores.csv", name)
    (tmp_path / "study.toml").write_text(text)
    with pytest.raises(Faults):
        read(tmp_path)


# --- strata, empty columns, identifiers as covariates -----------------------------------------------------------


def write_strata(folder: Path, rows: str, assigned: str, data: str = 'institution = "school"') -> None:
    write_study(folder, data=data, assigned=assigned)
    text = (folder / "study.toml").read_text().replace("assigned =", 'strata = "district"\nassigned =')
    (folder / "study.toml").write_text(text)
    write_csv(folder, "student,school,room,arm,score,district\n" + rows)


def test_strata_may_vary_where_students_were_assigned(tmp_path: Path) -> None:
    write_strata(tmp_path, "a,A,1,new,1,x\nb,A,1,old,2,y\nc,A,1,new,2,y\nd,A,1,old,2,x\n", "student")
    assert labels(read(tmp_path).strata) == ["x", "y", "y", "x"]


def test_strata_are_constant_inside_an_assigned_class_and_may_vary_inside_its_institution(tmp_path: Path) -> None:
    data = 'institution = "school"\nclass = "room"'
    write_strata(tmp_path, "a,A,1,new,1,x\nb,A,2,old,2,y\nc,B,1,new,2,y\n", "class", data)
    assert labels(read(tmp_path).strata) == ["x", "y", "y"]
    write_strata(tmp_path, "a,A,1,new,1,x\nb,A,1,new,2,y\nc,B,1,old,2,y\n", "class", data)
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.row, fault.rows, fault.details["institution"]) == ("strata-vary", 2, (3,), "A / 1")


def test_the_cells_of_a_workbook_are_named(tmp_path: Path) -> None:
    write_strata(tmp_path, "", "institution")
    text = (tmp_path / "study.toml").read_text().replace("scores.csv", "scores.xlsx")
    (tmp_path / "study.toml").write_text(text)
    head = ["student", "school", "arm", "score", "district"]
    write_xlsx(
        tmp_path, {"S": [head, ["a", "A", "new", 1, "x"], ["b", "A", "new", 1, "y"], ["c", "B", "old", 1, None]]}
    )
    assert [(fault.code, fault.cell) for fault in faults_of(tmp_path)] == [
        ("strata-missing", "E4"),
        ("strata-vary", "E2"),
    ]


def test_strata_that_nobody_has_are_one_fault(tmp_path: Path) -> None:
    write_strata(tmp_path, "a,A,1,new,1,\nb,B,1,old,2,\nc,C,1,other,2,x\n", "institution")
    assert [(fault.code, fault.key, fault.column) for fault in faults_of(tmp_path)] == [
        ("column-empty", "groups.strata", "district")
    ]


def test_an_empty_class_column_matters_where_the_class_is_the_unit(tmp_path: Path) -> None:
    rows = "student,school,room,arm,score\na,A,,new,1\nb,B,,old,2\n"
    for data, assigned, told in (
        ('institution = "school"\nclass = "room"', "student", []),
        ('institution = "school"\nclass = "room"', "class", ["data.class"]),
        ('class = "room"', "student", ["data.class"]),
    ):
        write_study(tmp_path, data=data, assigned=assigned)
        write_csv(tmp_path, rows)
        if told:
            assert [(fault.code, fault.key) for fault in faults_of(tmp_path)] == [("column-empty", key) for key in told]
        else:
            assert read(tmp_path).n == 2


def test_an_institution_column_that_one_file_fills_is_not_empty(tmp_path: Path) -> None:
    write_study(tmp_path, data='institution = "school"', files='["a.csv", "b.csv"]')
    write_csv(tmp_path, "student,school,arm,score\na,,new,1\nb,,old,2\n", "a.csv")
    write_csv(tmp_path, "student,school,arm,score\nc,A,new,1\nd,A,old,2\n", "b.csv")
    assert read(tmp_path).n == 4


def write_covariate(folder: Path, values: list[str], covariates: str, head: str = "extra") -> None:
    write_study(folder, data='institution = "school"', more=f"[covariates]\n{covariates}")
    rows = "".join(f"a{i},A{i % 4},{'new' if i % 3 else 'old'},{i},{value}\n" for i, value in enumerate(values))
    write_csv(folder, f"student,school,arm,score,{head}\n" + rows)


@pytest.mark.parametrize(
    ("levels", "students", "empty", "refused"),
    [(20, 24, 0, False), (21, 42, 0, False), (21, 41, 0, True), (30, 30, 90, True), (60, 500, 0, False)],
)
def test_a_category_of_mostly_different_values_is_refused(
    levels: int, students: int, empty: int, refused: bool, tmp_path: Path
) -> None:
    values = [f"Petrov{i % levels}" for i in range(students)] + [""] * empty
    write_covariate(tmp_path, values, 'student = ["extra"]')
    if refused:
        (fault,) = faults_of(tmp_path)
        assert (fault.code, fault.key, fault.details) == (
            "covariate-identifies",
            "covariates.student",
            {"levels": levels, "filled": students},
        )
        assert "Petrov" not in sentence(fault) + repr(fault)
    else:
        assert read(tmp_path).n == students + empty


def test_numbers_declared_as_categories_may_identify_too_and_numbers_never_do(tmp_path: Path) -> None:
    values = [str(1000 + i) for i in range(40)]
    write_covariate(tmp_path, values, 'student = ["extra"]\ncategories = ["extra"]')
    assert codes(tmp_path) == ["covariate-identifies"]
    write_covariate(tmp_path, values, 'student = ["extra"]')
    assert read(tmp_path).n == 40


def test_an_identifier_as_institution_covariate_is_not_shown_as_one_that_varies(tmp_path: Path) -> None:
    write_covariate(tmp_path, [f"Petrov{i}" for i in range(40)], 'institution = ["extra"]')
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.key) == ("covariate-identifies", "covariates.institution")


# --- the groups of institutions ---------------------------------------------------------------------------------


def write_assigned_schools(folder: Path, schools: str, scores: str | None = None, more: str = "") -> None:
    write_study(folder, data='institution = "school"\ninstitutions = "schools.csv"', assigned="institution", more=more)
    write_csv(folder, scores or "student,school,score\na,1,5\nb,2.0,6\nc,1,7\nd,3,8\ne,4,9\nf,,1\n")
    write_csv(folder, schools, "schools.csv")


SCHOOLS = "school;arm;kind\n1;new;x\n2;old;y\n3;third;x\n4;;x\n"


def test_the_group_column_may_stand_in_the_file_of_institutions(tmp_path: Path) -> None:
    write_assigned_schools(tmp_path, SCHOOLS, more='[covariates]\ninstitution = ["kind"]')
    scores = read(tmp_path)
    assert scores.arm.tolist() == [1, 0, 1]
    assert values(scores) == [5, 6, 7]
    assert labels(scores.covariates["kind"]) == ["x", "y", "x"]  # type: ignore[arg-type]
    assert scores.left_out == {("other", "other-group"): 1, ("other", "no-group"): 2}
    notices = {notice.code: notice.message for notice in scores.notices}
    assert notices["groups-of-institutions"].startswith("schools.csv: the groups were read from the column “arm”")


def test_both_places_of_the_group_column_give_the_same_scores(tmp_path: Path) -> None:
    write_assigned_schools(tmp_path, SCHOOLS)
    joined = read(tmp_path)
    write_assigned_schools(
        tmp_path,
        "school,kind\n1,x\n2,y\n3,x\n4,x\n",
        "student,school,score,arm\na,1,5,new\nb,2.0,6,old\nc,1,7,new\nd,3,8,third\ne,4,9,\nf,,1,\n",
    )
    alone = read(tmp_path)
    assert (joined.arm.tolist(), joined.left_out) == (alone.arm.tolist(), alone.left_out)
    assert values(joined) == values(alone)
    assert labels(joined.institution) == labels(alone.institution)


def test_an_institution_without_a_group_row_is_told_over_all_files(tmp_path: Path) -> None:
    write_assigned_schools(tmp_path, "school,arm\n1,new\n2,old\n")
    text = (tmp_path / "study.toml").read_text().replace('"scores.csv"', '"scores.csv", "more.csv"')
    (tmp_path / "study.toml").write_text(text)
    write_csv(tmp_path, "student,school,score\ng,3,5\nh,1,6\n", "more.csv")
    found = [(fault.code, fault.file, fault.found, fault.details) for fault in faults_of(tmp_path)]
    assert found == [
        ("institution-unknown", "schools.csv", "3", {"students": 2}),
        ("institution-unknown", "schools.csv", "4", {"students": 1}),
    ]


def test_a_group_column_that_no_file_holds_is_missing_from_the_scores(tmp_path: Path) -> None:
    write_assigned_schools(tmp_path, "school,kind\n1,x\n2,y\n3,x\n4,x\n")
    assert [(fault.code, fault.file, fault.key) for fault in faults_of(tmp_path)] == [
        ("column-missing", "scores.csv", "groups.column")
    ]


def test_a_group_column_of_institutions_is_no_place_for_assigned_students(tmp_path: Path) -> None:
    write_assigned_schools(tmp_path, SCHOOLS)
    text = (tmp_path / "study.toml").read_text().replace('assigned = "institution"', 'assigned = "student"')
    (tmp_path / "study.toml").write_text(text)
    assert codes(tmp_path) == ["column-missing"]


def test_an_arm_that_no_institution_is_in_names_the_file_of_institutions(tmp_path: Path) -> None:
    write_assigned_schools(tmp_path, SCHOOLS.replace("old", "oldd"))
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.file, fault.column) == ("arm-empty", "schools.csv", "arm")
    assert fault.details["values"] == {"new": 2, "oldd": 1, "third": 1}


def test_groups_of_institutions_need_the_students_institutions(tmp_path: Path) -> None:
    write_assigned_schools(tmp_path, SCHOOLS, "student,school,score\na,,5\nb,,6\n")
    assert [(fault.code, fault.file, fault.key) for fault in faults_of(tmp_path)] == [
        ("column-empty", "scores.csv", "data.institution")
    ]


def test_an_unreadable_file_of_institutions_may_have_held_the_groups(tmp_path: Path) -> None:
    write_assigned_schools(tmp_path, "")
    assert [(fault.code, fault.file) for fault in faults_of(tmp_path)] == [("file-empty", "schools.csv")]


# --- workbooks ----------------------------------------------------------------------------------------------


def test_a_sheet_header_and_last_row_that_the_study_names(tmp_path: Path) -> None:
    write_study(tmp_path, data="sheet = 2\nheader_row = 3\nlast_row = 5", files='["scores.xlsx"]')
    lines = [["Class 7"], [], ["student", "arm", "score"], ["a", "new", 1], ["b", "old", 2], ["mean", None, 1.5]]
    write_xlsx(tmp_path, {"First": [["nothing"]], "Second": lines})
    scores = read(tmp_path)
    assert values(scores) == [1, 2]
    assert (scores.sources[0].sheet, scores.sources[0].header_row) == ("Second", 3)


@pytest.mark.parametrize(
    "second",
    [
        [["student", "arm", "score"]],
        [["Class 7"]],
        [[], ["Class 7"], [], ["student", "arm", "score"], [" ", None, ""]],
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_sheet_without_rows_below_its_header_is_no_second_sheet(
    second: list[list[str]], first: bool, tmp_path: Path
) -> None:
    write_study(tmp_path, files='["scores.xlsx"]')
    sheets = {"Empty": second, "Full": examples.sheet_lines()}
    write_xlsx(tmp_path, sheets if first else dict(reversed(sheets.items())))
    scores = read(tmp_path)
    assert (scores.n, scores.sources[0].sheet) == (6, "Full")


def test_sheets_without_any_row_are_told_by_the_first(tmp_path: Path) -> None:
    write_study(tmp_path, files='["scores.xlsx"]')
    write_xlsx(tmp_path, {"A": [["student", "arm", "score"]], "B": [["student", "arm", "score"]]})
    assert [(fault.code, fault.sheet) for fault in faults_of(tmp_path)] == [("header-only", "A")]


def test_rows_of_formulas_without_value_are_rows(tmp_path: Path) -> None:
    write_study(tmp_path, files='["scores.xlsx"]')
    write_xlsx(tmp_path, {"A": examples.sheet_lines(), "B": [["student", "arm", "score"], ["=A!A2", "=A!B2", "=A!C2"]]})
    assert codes(tmp_path) == ["sheet-unclear"]


def test_a_header_of_two_rows_with_merged_cells(tmp_path: Path) -> None:
    import openpyxl

    write_study(tmp_path, files='["scores.xlsx"]')
    text = (tmp_path / "study.toml").read_text().replace('column = "score"', 'column = "Test after"', 1)
    (tmp_path / "study.toml").write_text(text)
    lines = [["student", "arm", "Test", None], [None, None, "before", "after"], ["a", "new", 1, 5], ["b", "old", 2, 6]]
    path = write_xlsx(tmp_path, {"S": lines})
    book = openpyxl.load_workbook(path)
    book["S"].merge_cells("C1:D1")
    book.save(path)
    assert values(read_with(tmp_path, header_row=(1, 2))) == [5, 6]


def test_a_two_line_header_is_asked_about(tmp_path: Path) -> None:
    write_study(tmp_path, files='["scores.xlsx"]')
    write_xlsx(tmp_path, {"S": [["student", "arm", "Test"], [None, None, "score"], ["a", "new", 1], ["b", "old", 2]]})
    with pytest.raises(Faults) as raised:
        read(tmp_path)
    (fault,) = raised.value
    assert (fault.code, fault.row, fault.details["header_rows"]) == ("header-unclear", 2, (1, 2))


def test_names_that_stand_in_two_rows_together_are_asked_about(tmp_path: Path) -> None:
    write_study(tmp_path, files='["scores.xlsx"]')
    text = (tmp_path / "study.toml").read_text().replace('column = "score"', 'column = "Test after"', 1)
    (tmp_path / "study.toml").write_text(text)
    lines = [["student", "arm", "Test", None], [None, None, "before", "after"], ["a", "new", 1, 5], ["b", "old", 2, 6]]
    write_xlsx(tmp_path, {"S": lines})
    with pytest.raises(Faults) as raised:
        read(tmp_path)
    (fault,) = raised.value
    assert (fault.code, fault.row, fault.details["header_rows"]) == ("header-unclear", 2, (1, 2))


def test_a_name_that_stands_twice_in_the_second_row_is_asked_about(tmp_path: Path) -> None:
    write_study(tmp_path, files='["scores.xlsx"]')
    lines = [["student", "arm", "Maths", "Art"], [None, None, "score", "score"], ["a", "new", 1, 5], ["b", "old", 2, 6]]
    write_xlsx(tmp_path, {"S": lines})
    assert codes(tmp_path) == ["header-unclear"]


@pytest.mark.parametrize("identifier", ["1,23457E+16", "1.23E+15"])
def test_identifiers_that_a_spreadsheet_shortened_are_told(tmp_path: Path, identifier: str) -> None:
    write_study(tmp_path)
    write_csv(tmp_path, f"student;arm;score\n{identifier};new;5\nb;old;6\nc;new;7\n")
    with pytest.raises(Faults) as raised:
        read(tmp_path)
    (fault,) = raised.value
    assert (fault.code, fault.row, fault.column, fault.found) == ("label-inexact", 2, "student", None)


def test_a_cell_that_swallowed_rows_is_told_without_them(tmp_path: Path) -> None:
    write_study(tmp_path)
    write_csv(tmp_path, 'student,arm,score\na,new,"5\nb,old,6\nc,new,7"\nd,old,8\n')
    with pytest.raises(Faults) as raised:
        read(tmp_path)
    assert {fault.code for fault in raised.value} == {"row-length", "not-a-number"}
    assert [fault.found for fault in raised.value if fault.code == "not-a-number"] == ["5 …"]


def test_the_visible_sheet_is_read_and_hidden_rows_as_the_study_says(tmp_path: Path) -> None:
    import openpyxl

    path = write_xlsx(tmp_path, {"List": [["x"]], "S": examples.sheet_lines()})
    book = openpyxl.load_workbook(path)
    book["List"].sheet_state = "hidden"
    book["S"].row_dimensions[3].hidden = True
    book.save(path)
    write_study(tmp_path, files='["scores.xlsx"]')
    with pytest.raises(Faults) as raised:
        read(tmp_path)
    assert [fault.code for fault in raised.value] == ["rows-hidden"]
    scores = read_with(tmp_path, hidden="keep")
    assert scores.n == 6
    assert [notice.code for notice in scores.notices] == ["hidden-rows"]
    scores = read_with(tmp_path, hidden="drop")
    assert values(scores) == [41, 43, 44, 45, 46]
    assert scores.sources[0].mended == {"hidden rows left out": 1}


def test_numbers_stored_as_text_are_numbers(tmp_path: Path) -> None:
    write_study(tmp_path, files='["scores.xlsx"]')
    write_xlsx(tmp_path, {"S": examples.sheet_lines({"C2": "41", "C3": "42,5", "C4": " 43", "C5": "４４"})})
    scores = read(tmp_path)
    assert values(scores) == [41, 42.5, 43, 44, 45, 46]
    assert scores.sources[0].mended == {
        "numbers stored as text": 2,
        "spaces around numbers": 1,
        "full-width digits": 1,
    }


def test_errors_and_formulas_of_columns_that_are_not_used_do_not_matter(tmp_path: Path) -> None:
    write_study(tmp_path, files='["scores.xlsx"]')
    lines = [[*line, "=A1" if i else "note"] for i, line in enumerate(examples.sheet_lines())]
    write_xlsx(tmp_path, {"S": lines})
    assert read(tmp_path).n == 6


def test_a_file_is_what_it_holds_whatever_its_name(tmp_path: Path) -> None:
    write_study(tmp_path, files='["a.csv", "b.xlsx"]')
    write_xlsx(tmp_path, {"S": examples.sheet_lines()}, "a.csv")
    write_csv(tmp_path, "student;arm;score\nx;new;1\ny;old;2\n", "b.xlsx")
    assert read(tmp_path).n == 8


def test_entries_with_settings_of_their_own(tmp_path: Path) -> None:
    write_study(
        tmp_path, files='[{ path = "scores.xlsx", sheet = "A" }, { path = "scores.xlsx", sheet = "B", header_row = 2 }]'
    )
    below = [["title"], ["student", "arm", "score"], ["x", "new", 1], ["y", "old", 2]]
    write_xlsx(tmp_path, {"A": examples.sheet_lines(), "B": below})
    scores = read(tmp_path)
    assert scores.n == 8
    assert [source.sheet for source in scores.sources] == ["A", "B"]


def _archive(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "<xml/>")
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (
            b"<?xml version='1.0'?><office:document xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0'>",
            "flat OpenDocument (.fods)",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old workbook (.xls)"),
        (b"\x1f\x8b\x08\0", "archive"),
        (_archive("[Content_Types].xml", "word/document.xml"), "text document or slides (.docx, .pptx)"),
        (_archive("scores.csv"), "archive"),
        (b"\x01\x02\0\x03" * 50, "binary data"),
    ],
)
def test_formats_that_are_not_read_are_named(content: bytes, found: str, tmp_path: Path) -> None:
    write_study(tmp_path)
    (tmp_path / "scores.csv").write_bytes(content)
    with pytest.raises(Faults) as raised:
        read(tmp_path)
    assert [(fault.code, fault.found) for fault in raised.value] == [("format-unsupported", found)]


@pytest.mark.parametrize("size", [200, 1000, 3000])
def test_a_workbook_that_was_cut_off_is_damaged_and_no_archive(size: int, tmp_path: Path) -> None:
    write_study(tmp_path, files='["scores.xlsx"]')
    path = write_xlsx(tmp_path, {"A": examples.sheet_lines()})
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(Faults) as raised:
        read(tmp_path)
    assert [fault.code for fault in raised.value] == ["workbook-unsafe"]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=300)
    | st.text(alphabet='ab,;\t"\n\r 1.5newoldé№\0', max_size=200).map(
        lambda text: ("student,arm,score\n" + text).encode()
    )
)
def test_any_content_is_read_or_has_faults(content: bytes, tmp_path: Path) -> None:
    write_study(tmp_path)
    (tmp_path / "scores.csv").write_bytes(content)
    with contextlib.suppress(Faults):
        assert read(tmp_path).n > 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), stored=st.booleans())
def test_any_damaged_workbook_is_read_or_has_faults(place: float, byte: int, stored: bool, tmp_path: Path) -> None:
    write_study(tmp_path, files='["scores.xlsx"]')
    path = write_xlsx(tmp_path, {"S": examples.sheet_lines()})
    if stored:
        examples.replace_part(
            path,
            "xl/worksheets/sheet1.xml",
            lambda xml: xml[: int(place * len(xml))] + bytes([byte]) + xml[int(place * len(xml)) + 1 :],
        )
    else:
        data = bytearray(path.read_bytes())
        data[int(place * len(data))] = byte
        path.write_bytes(data)
    with contextlib.suppress(Faults):
        assert read(tmp_path).n > 0
