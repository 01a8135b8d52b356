"""Files that people have, each from nothing but its data to a study file that passes check."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from expeval.faults import Faults
from expeval.scores.reading import read_scores
from expeval.scores.settings import Settings

ROOT = Path(__file__).parents[2]


def values_of(path: Path):
    """What a study file says of the data, its words aside."""
    keys = tomllib.loads(path.read_text(encoding="utf-8"))
    return keys["groups"], {k: v for k, v in keys["data"].items() if k not in ("files",)}, keys["outcomes"]


REFERENCE = {
    "achievement-awards": {"randomised": True},
    "london-schools": {"group": "type", "experimental": ("Sngl",)},
    "marks-simulated": {},
    "nist-silver": {"group": "instrument", "experimental": ("one",), "randomised": True},
    "sleep": {"experimental": ("drug2",), "randomised": True},
}


@pytest.mark.parametrize("name", REFERENCE)
def test_the_reference_studies_are_proposed_as_they_were_written(init, name: str):
    folder = ROOT / "tests" / "reference" / name
    (init.folder / "data.csv").write_bytes((folder / "data.csv").read_bytes())
    init("data.csv", **REFERENCE[name])
    assert init.proposal.faults == ()
    groups, data, outcomes = values_of(init.folder / "study.toml")
    wanted_groups, wanted_data, wanted_outcomes = values_of(folder / "study.toml")
    assert groups == {"randomised": False, **wanted_groups}
    assert data == wanted_data
    kept = [{key: value for key, value in outcome.items() if key != "baseline"} for outcome in outcomes]
    assert kept == wanted_outcomes


def test_star_asks_for_the_arms_alone(init):
    (init.folder / "star.csv").write_bytes((ROOT / "data" / "star" / "kindergarten.csv").read_bytes())
    with pytest.raises(Faults) as raised:
        init("star.csv")
    assert [fault.code for fault in raised.value] == ["arms-unsaid"]
    study = init("star.csv", experimental=("small",), control=("regular",), randomised=True)
    assert init.proposal.faults == ()
    assert [outcome.column for outcome in study.outcomes] == ["reading", "math"]
    assert (study.data.student, study.data.institution, study.groups.assigned) == ("student", "school", "student")
    assert "regular+aide" in init.proposal.text


# --- workbooks ---------------------------------------------------------------------------------------------

HEAD = ("№", "ФИО", "Класс", "Группа", "Входной контроль", "Оценка")


def grade_book(marks=None):
    rows = [("МБОУ «Лицей № 7»",), ("Ведомость", None, "2025"), (), HEAD]
    number = 0
    for label, group in (("7А", "эксп."), ("7Б", "контр."), ("7В", "эксп."), ("7Г", "контр.")):
        for pupil in range(9):
            number += 1
            mark = (marks or {}).get(number, 2 + (number * 7) % 4)
            rows.append((number, f"Пупкин Имя{number}", label, group, 10 + (pupil * 5) % 13, mark))
    return rows


def test_a_russian_grade_book_with_title_and_signature(init):
    below = [(), (None, "Средний балл", None, None, 15.2, 3.6), (None, "Учитель: ______ Н. П. Оляпкина")]
    init.workbook("журнал.xlsx", Журнал=grade_book() + below)
    study = init("журнал.xlsx")
    assert init.proposal.faults == ()
    data, groups, (outcome,) = study.data, study.groups, study.outcomes
    assert (data.header_row, data.last_row, data.student, data.class_) == (4, 40, "№", "Класс")
    assert (groups.column, groups.experimental, groups.control) == ("Группа", ("эксп.",), ("контр.",))
    assert groups.assigned == "class"
    assert (outcome.kind, outcome.levels, outcome.baseline) == ("ordinal", (2, 3, 4, 5), "Входной контроль")
    scores = read_scores(study)
    assert scores.arm.size == 36


def test_the_same_test_before_is_the_baseline_of_one_outcome_of_several(init):
    rows = [("Код", "Группа", "Тест до", "Тест после", "Отметка")]
    rows += [(i, ("эксп", "контр")[i % 2], f"{40 + i % 9},5", 50.5 + i % 11, 2 + i % 4) for i in range(40)]
    init.workbook("журнал.xlsx", Лист=rows)
    study = init("журнал.xlsx")
    assert [(one.column, one.baseline) for one in study.outcomes] == [("Тест после", "Тест до"), ("Отметка", None)]


def test_no_name_of_a_student_is_ever_said(init):
    init.workbook("журнал.xlsx", Журнал=grade_book())
    init("журнал.xlsx")
    said = init.proposal.text + "".join(init.proposal.doubts)
    assert "Пупкин" not in said
    assert "Имя7" not in said


def test_names_are_identifiers_only_where_nothing_better_is_there(init):
    init.workbook("журнал.xlsx", Журнал=[row[1:] for row in grade_book()])
    assert init("журнал.xlsx").data.student == "ФИО"
    assert "pseudonyms" in init.proposal.text


def test_a_row_below_without_words_is_found_by_check(init):
    init.workbook("журнал.xlsx", Журнал=[*grade_book(), (None, None, None, "эксп.", 15, 4)])
    study = init("журнал.xlsx")
    assert study.data.last_row == 40
    assert init.proposal.faults == ()
    assert any("the last row is left out, as it holds no student" in doubt for doubt in init.proposal.doubts)


def test_a_pupil_called_like_a_total_stays(init):
    init.write("a.csv", "name,group,score\nAnn,control,5\nBob,experimental,6\nCid,control,7\nMax,experimental,8\n")
    study = init("a.csv")
    assert study.data.last_row is None
    assert read_scores(study).arm.size == 4


def test_cells_that_are_no_mark_are_missing_words_or_left_to_the_teacher(init):
    init.workbook("журнал.xlsx", Журнал=grade_book({3: "н", 4: "отл", 7: "5-", 8: "зач"}))
    study = init("журнал.xlsx")
    assert study.missing == ("н",)
    assert study.outcomes[0].values == {"отл": 5}
    assert {fault.code for fault in init.proposal.faults} == {"not-a-level"}
    assert sorted(str(fault.found) for fault in init.proposal.faults) == ["5-", "зач"]
    # What is proposed for them stands there as a comment: taking away the sign settles it.
    lines = init.proposal.text.splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("# values"))
    lines[place] = lines[place].removeprefix("# ")
    lines.remove('values = { "отл" = 5 }')
    values = tomllib.loads("\n".join(lines))["outcomes"][0]["values"]
    assert values == {"отл": 5, "5-": 5, "зач": "missing"}


def test_a_missing_word_that_is_a_class_stays_a_class(init):
    rows = ["class,group,score"]
    rows += [f"{'бв'[i % 2]},{'эксп' if i % 4 < 2 else 'контр'},{'б' if i == 5 else 10 + i}" for i in range(24)]
    init.write("a.csv", "\n".join(rows))
    study = init("a.csv")
    assert study.missing == ()
    assert study.outcomes[0].values == {"б": "missing"}
    assert set(read_scores(study).class_.labels) == {"б", "в"}


def test_a_header_of_two_lines(init):
    rows = [("Код", "Группа", "Тест", None), (None, None, "вход", "выход")]
    rows += [(100 + i, ("эксп", "контр")[i % 2], 5 + i % 7, 6 + i % 9) for i in range(20)]
    init.workbook("a.xlsx", Лист1=rows)
    init.workbook("b.xlsx", Лист1=rows)
    import openpyxl

    book = openpyxl.load_workbook(init.folder / "a.xlsx")
    book.active.merge_cells("C1:D1")
    book.save(init.folder / "a.xlsx")
    study = init("a.xlsx")
    assert study.data.header_row == (1, 2)
    assert (study.outcomes[0].column, study.outcomes[0].baseline) == ("Тест выход", "Тест вход")
    assert init.proposal.faults == ()


def test_a_sheet_an_arm(init):
    rows = [("Код", "Балл"), *((i, 10 + i % 5) for i in range(8))]
    other = [("Код", "Балл"), *((100 + i, 9 + i % 5) for i in range(7))]
    init.workbook("b.xlsx", ЭГ=rows, КГ=other)
    study = init("b.xlsx")
    arms = [(arm, entry.path, entry.sheet) for arm, entry in study.score_files]
    assert arms == [("experimental", "b.xlsx", "ЭГ"), ("control", "b.xlsx", "КГ")]
    assert init.proposal.faults == ()


def test_of_several_sheets_the_one_with_groups(init):
    rows = [("Код", "Группа", "Балл"), *((i, ("эксп", "контр")[i % 2], 10 + i % 5) for i in range(8))]
    init.workbook("b.xlsx", Заметки=[("что", "когда"), ("сбор", "май"), ("ввод", "июнь")], Данные=rows)
    assert init("b.xlsx").data.sheet == "Данные"
    assert init.proposal.faults == ()


# --- several files -----------------------------------------------------------------------------------------


def test_two_files_for_two_arms(init):
    init.write("experimental.csv", "Код;Балл\n1;4,5\n2;3,5\n3;5\n")
    init.write("control.csv", "Балл;Код\n4,5;11\n2,5;12\n", "cp1251")
    study = init("experimental.csv", "control.csv")
    assert [(arm, entry.path) for arm, entry in study.score_files] == [
        ("experimental", "experimental.csv"),
        ("control", "control.csv"),
    ]
    assert init.proposal.faults == ()
    assert study.data.student == "Код"


def test_two_files_whose_names_say_nothing_are_asked_about(init, scripted):
    for name, first in (("a.csv", 1), ("b.csv", 50)):
        init.write(name, "code,score\n" + "".join(f"{first + i},{10 + i}\n" for i in range(5)))
    with pytest.raises(Faults) as raised:
        init("a.csv", "b.csv")
    assert [fault.code for fault in raised.value] == ["group-unsaid"]
    study = init("a.csv", "b.csv", experimental=("b.csv",))
    assert [(arm, entry.path) for arm, entry in study.score_files] == [("experimental", "b.csv"), ("control", "a.csv")]
    study = init("a.csv", "b.csv", asker=scripted("b.csv", None, None, None))
    assert [arm for arm, _ in study.score_files] == ["experimental", "control"]


def test_running_numbers_that_begin_again_are_no_identifier(init):
    for name, least in (("эксп.csv", 10), ("контр.csv", 12)):
        init.write(name, "№,Балл\n" + "".join(f"{i},{least + i}\n" for i in range(1, 6)))
    study = init("эксп.csv", "контр.csv")
    assert study.data.student is None
    assert init.proposal.faults == ()


def test_tables_to_be_joined(init):
    pupils = [f"s{i},{'ABCD'[i // 6]},{'эксп' if i % 2 else 'контр'},{20 + i}" for i in range(24)]
    init.write("after.csv", "\n".join(["pupil,school,group,after", *pupils]))
    init.write("before.csv", "\n".join(["pupil,before", *(f"s{i},{10 + i % 9}" for i in range(24))]))
    init.write("schools.csv", "school,kind\nA,town\nB,town\nC,village\nD,village\n")
    study = init("schools.csv", "before.csv", "after.csv")
    assert [entry.path for entry in study.data.files] == ["after.csv"]
    assert [entry.path for entry in study.data.students] == ["before.csv"]
    assert [entry.path for entry in study.data.institutions] == ["schools.csv"]
    assert study.outcomes[0].baseline == "before"
    assert init.proposal.faults == ()


def test_groups_in_the_table_of_institutions(init):
    init.write("pupils.csv", "pupil,school,score\n" + "".join(f"s{i},{'ABCD'[i // 6]},{20 + i}\n" for i in range(24)))
    init.write("schools.csv", "school,group\nA,эксп\nB,контр\nC,эксп\nD,контр\n")
    study = init("pupils.csv", "schools.csv")
    assert (study.groups.column, study.groups.assigned) == ("group", "institution")
    assert init.proposal.faults == ()


def test_files_that_differ_in_their_header(init):
    rows = "Код,Группа,Балл\n" + "".join(f"{i},{'эксп' if i % 2 else 'контр'},{i}\n" for i in range(1, 9))
    init.write("a.csv", rows)
    init.write("b.csv", "Школа № 5,,\n\n" + rows.replace("\n", "\n1", 8).rstrip("1"))
    study = init("a.csv", "b.csv")
    assert [entry.header_row for entry in study.data.files] == [None, 3]
    assert init.proposal.faults == ()


# --- columns -----------------------------------------------------------------------------------------------


def test_arms_side_by_side(init):
    rows = [("№", "ЭГ", "КГ"), *((i, 10 + i % 4, 9 + i % 5 if i < 12 else None) for i in range(1, 16))]
    init.workbook("a.xlsx", Лист1=rows)
    (outcome,) = init("a.xlsx").outcomes
    assert (outcome.columns.experimental, outcome.columns.control) == ("ЭГ", "КГ")
    assert init.proposal.faults == ()


def test_an_indicator_of_treatment(init):
    init.write("a.csv", "id,treatment,score\n" + "".join(f"{i},{i % 2},{10 + i % 7}\n" for i in range(20)))
    groups = init("a.csv").groups
    assert (groups.column, groups.experimental, groups.control) == ("treatment", (1,), (0,))


def test_one_of_two_groups_with_a_strong_word_names_the_other(init):
    init.write("a.csv", "id,arm,score\n" + "".join(f"{i},{('new', 'control')[i % 2]},{i % 7}\n" for i in range(20)))
    assert init("a.csv").groups.experimental == ("new",)


def test_weak_words_are_never_guessed(init):
    init.write("a.csv", "id,group,score\n" + "".join(f"{i},{i % 2 + 1},{10 + i % 7}\n" for i in range(20)))
    with pytest.raises(Faults) as raised:
        init("a.csv")
    assert [fault.code for fault in raised.value] == ["arms-unsaid"]
    assert init("a.csv", experimental=("2",)).groups.control == (1,)


def test_all_open_questions_at_once(init):
    init.write("a.csv", "id,group,u,v\n" + "".join(f"{i},{i % 2},{i * 1.5},{i * 2.5}\n" for i in range(20)))
    with pytest.raises(Faults) as raised:
        init("a.csv")
    assert [fault.code for fault in raised.value] == ["arms-unsaid", "outcome-unsaid"]


@pytest.mark.parametrize(
    ("cells", "kind", "levels"),
    [
        (["2", "3", "4", "5"], "ordinal", (2, 3, 4, 5)),
        (["3", "4", "5"], "ordinal", (2, 3, 4, 5)),
        (["0", "1"], "binary", (0, 1)),
        (["сдал", "не сдал"], "binary", ("не сдал", "сдал")),
        (["низкий", "высокий", "средний"], "ordinal", ("низкий", "средний", "высокий")),
        (["отл", "хор", "неуд"], "ordinal", (2, 3, 4, 5)),
        (["4,5", "3,25", "4"], "score", ()),
        (["10", "90", "55", "61"], "score", ()),
    ],
)
def test_kinds(init, cells: list[str], kind: str, levels: tuple):
    rows = [f"{i};{('эксп', 'контр')[i // 2 % 2]};{cells[i % len(cells)]}" for i in range(24)]
    init.write("a.csv", "\n".join(["id;группа;результат", *rows]))
    (outcome,) = init("a.csv").outcomes
    assert (outcome.kind, outcome.levels) == (kind, levels)
    assert init.proposal.faults == ()


def test_a_number_that_stands_for_missing_is_told_and_not_decided(init):
    rows = [f"{i},{('эксп', 'контр')[i % 2]},{-99 if i == 3 else i % 30}" for i in range(40)]
    init.write("a.csv", "\n".join(["id,group,score", *rows]))
    study = init("a.csv")
    assert study.missing == ()
    assert "missing = [-99]" in init.proposal.text
    assert any("-99" in doubt for doubt in init.proposal.doubts)


def test_flags_go_before_guesses(init):
    rows = [f"{i},{'AB'[i % 2]},{('эксп', 'контр')[i // 2 % 2]},{i % 9},{i % 5}" for i in range(24)]
    init.write("a.csv", "\n".join(["id,c,group,score,other", *rows]))
    study = init("a.csv", outcomes=("other",), class_="c", assigned="student", randomised=True, title="T", student="id")
    assert [outcome.column for outcome in study.outcomes] == ["other"]
    assert (study.data.class_, study.groups.randomised, study.study.title) == ("c", True, "T")


def test_what_a_flag_says_of_the_file_stands_in_the_study_file(init):
    init.write("a.csv", "мусор\nгруппа;балл\nэксп;1.234\nконтр;2.345\nэксп;3.456\n", "cp1251")
    study = init("a.csv", settings=Settings(encoding="cp1251", decimal=".", header_row=2))
    assert (study.data.encoding, study.data.decimal, study.data.header_row) == ("cp1251", ".", 2)
    assert init.proposal.faults == ()


def test_what_check_will_still_ask_is_told(init):
    init.write("a.csv", "id;группа;балл\n1;эксп;4,15\n2;контр;4.15\n3;эксп;3,5\n4;контр;4,5\n")
    init("a.csv")
    assert {fault.code for fault in init.proposal.faults} == {"decimal-unclear"}


def test_columns_of_one_name_are_told_where_the_outcome_was_not_found(init):
    init.write("a.csv", "id,группа,Балл,Балл\n1,эксп,4,5\n2,контр,4,6\n3,эксп,3,7\n")
    with pytest.raises(Faults) as raised:
        init("a.csv")
    assert [fault.code for fault in raised.value] == ["outcome-unsaid", "column-twice"]


def test_an_html_table_called_xls(init):
    rows = "".join(f"<tr><td>{i}<td>{('эксп', 'контр')[i % 2]}<td>{i % 4},5" for i in range(12))
    init.write("export.xls", f"<html><table><tr><th>Код<th>Группа<th>Балл{rows}</table></html>")
    assert init("export.xls").outcomes[0].column == "Балл"
    assert init.proposal.faults == ()


def test_an_spss_file_with_value_labels_and_missing_values(init):
    pyreadstat = pytest.importorskip("pyreadstat")
    import pandas

    frame = pandas.DataFrame(
        {"id": range(1, 25), "arm": [1, 2] * 12, "school": [1] * 12 + [2] * 12, "read": [99, *range(20, 43)]}
    )
    labels = {"arm": {1: "эксперимент", 2: "контроль"}, "read": {99: "не писал"}}
    pyreadstat.write_sav(
        frame, init.folder / "a.sav", variable_value_labels=labels, missing_ranges={"read": [{"lo": 99, "hi": 99}]}
    )
    study = init("a.sav")
    assert init.proposal.faults == ()
    assert (study.groups.experimental, study.groups.control) == (("эксперимент",), ("контроль",))
    assert (study.data.institution, study.outcomes[0].column) == ("school", "read")
    assert int(read_scores(study).outcomes["read"].missing.sum()) == 1
    assert "99" not in init.proposal.text


def test_parquet(init):
    pytest.importorskip("pyarrow")
    import pandas

    frame = pandas.DataFrame(
        {"id": range(20), "arm": ["treatment", "control"] * 10, "score": [i / 3 for i in range(20)]}
    )
    frame.to_parquet(init.folder / "a.parquet")
    assert init("a.parquet").groups.experimental == ("treatment",)
    assert init.proposal.faults == ()


# --- at a terminal -----------------------------------------------------------------------------------------


def test_five_questions_each_with_a_proposed_answer(init, scripted):
    init.workbook("журнал.xlsx", Журнал=grade_book())
    asker = scripted(None, None, None, None, True)
    study = init("журнал.xlsx", asker=asker)
    assert len(asker.asked) == 5
    assert study.groups.randomised is True
    assert init.proposal.faults == ()


def test_answers_go_before_guesses(init, scripted):
    rows = [f"{i},{'AB'[i % 2]},{('small', 'big')[i // 2 % 2]},{i % 9},{i % 7}" for i in range(24)]
    init.write("a.csv", "\n".join(["id,class,size,score,other", *rows]))
    asker = scripted("size", "small", "class", ["other"], False)
    study = init("a.csv", asker=asker)
    assert (study.groups.column, study.groups.experimental, study.groups.control) == ("size", ("small",), ("big",))
    assert study.groups.assigned == "class"
    assert [outcome.column for outcome in study.outcomes] == ["other"]


def test_levels_in_an_order_that_nobody_knows_are_asked(init, scripted):
    rows = [f"{i},{('эксп', 'контр')[i // 3 % 2]},{('so', 'la', 'mi')[i % 3]}" for i in range(24)]
    init.write("a.csv", "\n".join(["id,group,result", *rows]))
    study = init("a.csv", asker=scripted(None, None, None, None, "mi", "la", False))
    assert study.outcomes[0].levels == ("mi", "la", "so")
