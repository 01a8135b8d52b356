"""Faults on the terminal: one mistake reads as one, nothing steers the terminal, JSON is JSON."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest

from expeval.cli.faults_shown import FILE_CODES, SHOWN, merge_alike, printable, show_faults
from expeval.fault_codes import DATA_CODES
from expeval.faults import Fault, Faults


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have another language."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def shown(faults: list[Fault], language: str | None = None) -> str:
    stream = io.StringIO()
    show_faults(Faults(faults), stream, language=language)
    return stream.getvalue()


def as_json(faults: list[Fault], language: str | None = None) -> list[dict[str, Any]]:
    stream = io.StringIO()
    show_faults(Faults(faults), stream, as_json=True, language=language)
    return json.loads(stream.getvalue())["faults"]


def cell(row: int, found: str, code: str = "not-a-number", **more: object) -> Fault:
    return Fault(code, "scores.csv", row=row, found=found, **{"column": "score", **more})  # type: ignore[arg-type]


def test_one_mistake_made_300_times_reads_as_one():
    text = shown([cell(row, "n/a") for row in range(2, 602, 2)])
    assert text.startswith("300 faults")
    assert text.count("\n") == 2
    assert '"n/a" (300 times: rows 2, 4, 6' in text
    assert "and 280 more" in text


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("code", sorted(DATA_CODES))
def test_one_mistake_of_any_kind_made_300_times_reads_as_one(code: str, language: str):
    text = shown([cell(row, "n/a", code) for row in range(2, 602, 2)], language)
    assert text.startswith("300 faults, " if language == "en" else "300 ошибок, ")
    assert text.count("\n") == 2
    assert len(text) < 1000


@pytest.mark.parametrize("code", sorted(FILE_CODES))
def test_one_mistake_in_300_files_reads_as_one(code: str):
    faults = [Fault(code, f"{number}.csv", column="score", key="data.files") for number in range(300)]
    text = shown(faults)
    assert text.count("\n") == 2
    assert "0.csv, 1.csv, 2.csv, 3.csv, 4.csv, and 295 more files" in text
    assert "и ещё 295 файлов" in shown(faults, "ru")
    (found,) = as_json(faults)
    assert found["count"] == 300
    assert [one["file"] for one in found["details"]["cells"]] == [f"{number}.csv" for number in range(SHOWN)]


def test_files_that_lack_different_columns_are_told_apart():
    faults = [Fault("column-missing", f"{name}.csv", column=name, key="data.class") for name in "ab"]
    assert len(merge_alike(faults)) == 2
    spelt = [Fault("file-missing", f"{name}.csv", found=f"{name}.csv", nearest=f"{name}1.csv") for name in "ab"]
    assert len(merge_alike(spelt)) == 2


def test_the_language_is_that_of_the_terminal_or_the_one_asked_for(monkeypatch: pytest.MonkeyPatch):
    fault = cell(2, "x")
    assert shown([fault]).startswith("1 fault;")
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    assert shown([fault]).startswith("1 ошибка; ничего не записано.\n- scores.csv, столбец «score»: не число: «x»")
    assert shown([fault], "en").startswith("1 fault;")
    assert "не число" in as_json([fault])[0]["message"]
    (one,) = as_json([fault], "en")
    assert {**one, "message": ""} == {**as_json([fault])[0], "message": ""}


@pytest.mark.parametrize(
    ("count", "head"), [(1, "1 ошибка;"), (2, "2 ошибки;"), (5, "5 ошибок;"), (11, "11 ошибок;"), (21, "21 ошибка;")]
)
def test_the_head_in_russian(count: int, head: str):
    assert shown([cell(2, "x", column=f"c{number}") for number in range(count)], "ru").startswith(head)


def test_values_of_one_column_are_told_together_with_their_rows():
    text = shown([cell(7, "-99"), cell(23, "999"), cell(31, "-99")])
    assert '"-99" (2 times: rows 7, 31); "999" (row 23)' in text


def test_pairs_of_rows_stay_pairs():
    faults = [Fault("student-twice-same", "scores.csv", row=first, rows=(first + 9,)) for first in (8, 12)]
    assert "rows 8 and 17; rows 12 and 21" in shown(faults)


def test_each_value_keeps_its_own_nearest_spelling():
    one, two = cell(2, "goood", "not-a-level", nearest="good"), cell(3, "badd", "not-a-level", nearest="bad")
    assert 'did you mean "good"?' in shown([one, two])
    assert 'did you mean "bad"?' in shown([one, two])
    assert shown([one]).count('Did you mean "good"?') == 1


def test_cells_that_were_only_counted_count():
    text = shown([cell(2, "x"), Fault("not-a-number", "scores.csv", column="score", details={"further": 41})])
    assert text.startswith("42 faults")
    assert "further cells: 41" in text


def test_keys_of_a_study_file_are_never_merged():
    faults = [Fault("unknown-key", "study.toml", row=row, key=f"data.k{row}", found=f"k{row}") for row in (3, 4)]
    assert len(merge_alike(faults)) == 2


def test_the_first_200_and_the_count_of_the_rest():
    faults = [Fault("unknown-key", "study.toml", row=row, key=f"k{row}", found=f"k{row}") for row in range(1, 351)]
    text = shown(faults)
    assert text.count("\n- ") == SHOWN
    assert text.rstrip().endswith("and 150 more.")
    objects = as_json(faults)
    assert len(objects) == SHOWN + 1
    assert objects[-1]["code"] == "more"
    assert objects[-1]["count"] == 150


def test_the_head_counts_faults_and_says_that_like_ones_are_told_together():
    assert shown([cell(2, "x")]).startswith("1 fault; nothing was written.\n")
    two = [cell(2, "x"), Fault("header-only", "b.csv")]
    assert shown(two).startswith("2 faults; nothing was written.\n")
    many = shown([cell(row, "x") for row in range(2, 18)])
    assert many.startswith("16 faults, told together where they are alike; nothing was written.\n")
    assert many.count("\n- ") == 1


def test_the_rest_counts_faults_not_bullets():
    kinds = [cell(row, "x", column=f"c{kind}") for kind in range(SHOWN + 2) for row in (2, 3, 4)]
    text = shown(kinds)
    assert text.startswith(f"{3 * SHOWN + 6} faults")
    assert text.rstrip().endswith("and 6 more.")
    assert as_json(kinds)[-1]["count"] == 6


def test_json_has_every_cell_of_like_faults_up_to_200():
    (found,) = as_json([cell(row, f"v{row}", cell=f"C{row}") for row in range(2, 161)])
    assert found["count"] == 159
    assert (found["row"], found["rows"]) == (2, list(range(3, 161)))
    cells = found["details"]["cells"]
    assert [(one["row"], one["cell"], one["found"]) for one in cells] == [
        (row, f"C{row}", f"v{row}") for row in range(2, 161)
    ]
    assert "further values: 139" in str(found["message"])
    (found,) = as_json([cell(row, "x") for row in range(2, 502)])
    assert (found["count"], len(found["rows"]), len(found["details"]["cells"])) == (500, SHOWN, SHOWN)


def test_json_tells_every_kind_however_often_the_first_one_is():
    faults = [*(cell(row, "x") for row in range(2, 502)), Fault("header-only", "b.csv")]
    assert [one["code"] for one in as_json(faults)] == ["not-a-number", "header-only"]


def test_json_has_the_rows_of_other_files_as_lists():
    faults = [
        Fault("student-twice-same", "a.csv", row=first, details={"elsewhere": [("b.csv", 9)]}, found="Petrov")
        for first in (2, 3)
    ]
    (found,) = as_json(faults)
    assert [one["elsewhere"] for one in found["details"]["cells"]] == [[["b.csv", 9]], [["b.csv", 9]]]
    assert "Petrov" not in json.dumps(found)


def test_json_has_the_fields_and_the_message():
    fault = Fault("not-a-level", "a.xlsx", "S", 3, "mark", "C3", found="зач", rows=(5,), details={"count": 2})
    (found,) = as_json([fault])
    assert (found["code"], found["file"], found["sheet"], found["row"]) == ("not-a-level", "a.xlsx", "S", 3)
    assert (found["column"], found["cell"], found["rows"], found["found"]) == ("mark", "C3", [5], "зач")
    assert "зач" in str(found["message"])


def test_a_students_identifier_is_in_neither_form():
    fault = Fault("student-both-arms", "a.csv", row=3, column="name", found="Petrov", rows=(9,))
    assert "Petrov" not in shown([fault])
    assert "Petrov" not in json.dumps(as_json([fault]), ensure_ascii=False)


@pytest.mark.parametrize("sign", ["\x1b", "\x07", "\r", "\n", "\x9b", "\u202e", "\u2066", "\u2028", "\udc80"])
def test_nothing_in_a_cell_steers_the_terminal(sign: str):
    fault = cell(2, f"a{sign}[2Jb", code="not-a-number")
    text = shown([fault])
    assert sign not in text.replace("\n- ", " ").rstrip("\n")
    assert text.isprintable() or set(filter(lambda letter: not letter.isprintable(), text)) == {"\n"}
    stream = io.StringIO()
    show_faults(Faults([fault]), stream, as_json=True)
    assert json.loads(stream.getvalue())["faults"][0]["found"] == f"a{sign}[2Jb"
    assert sign == "\n" or sign not in stream.getvalue()


def test_printable_leaves_text_of_any_language_alone():
    words = "Средний балл — №1, 得点, élève, 🙂"
    assert printable(words) == words


def test_a_terminal_gets_lines_of_its_width_without_broken_names(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    name = "a-very-long-column-name-that-would-not-fit-into-one-line-of-the-terminal"
    show_faults(Faults([Fault("column-missing", "scores.csv", column=name)]), stream)
    lines = stream.getvalue().splitlines()
    assert any(name in line for line in lines)
    assert all(len(line) <= 60 for line in lines if name not in line)


def drawn(faults: list[Fault], monkeypatch: pytest.MonkeyPatch, columns: int = 120, **more: str) -> str:
    for name, value in {"COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": "1", **more}.items():
        monkeypatch.setenv(name, value)
    stream = Terminal()
    show_faults(Faults(faults), stream)
    return re.sub("\x1b\\[[0-9;]*m", "", stream.getvalue())


def test_a_wide_terminal_gets_a_table(monkeypatch: pytest.MonkeyPatch):
    text = drawn([cell(2, "x [bold]"), Fault("file-empty", "b.csv")], monkeypatch)
    head, *lines = text.splitlines()
    assert head == "2 faults; nothing was written."
    assert {len(line) for line in lines} == {120}
    assert re.search("│ Where +│ What is wrong +│ What to do +│", text)
    assert re.search(r'│ scores.csv, column "score" +│ no number: "x \[bold\]" \(row 2\)\. +│ Correct the cells', text)
    assert re.search("│ b.csv +│ the file is empty", text)
    assert "│ Где " in drawn([cell(2, "x")], monkeypatch, LC_ALL="ru_RU.UTF-8")


def test_a_table_ends_after_200_with_the_count_of_the_rest(monkeypatch: pytest.MonkeyPatch):
    text = drawn([cell(2, "x", column=f"c{number}") for number in range(SHOWN + 7)], monkeypatch)
    assert text.count('column "c') == SHOWN
    assert text.rstrip().endswith("and 7 more.")


def test_no_table_where_it_would_break_a_name_or_the_terminal_draws_none(monkeypatch: pytest.MonkeyPatch):
    assert "│" not in drawn([cell(2, "x", column="c" * 60)], monkeypatch)
    assert "c" * 60 in drawn([cell(2, "x", column="c" * 60)], monkeypatch)
    assert "│" not in drawn([cell(2, "x")], monkeypatch, TERM="dumb")
    assert "│" not in drawn([cell(2, "x")], monkeypatch, columns=80)


def test_nothing_in_a_table_steers_the_terminal(monkeypatch: pytest.MonkeyPatch):
    text = drawn([cell(2, "a\x1b[2J\x07\u202eb", column="c\nd")], monkeypatch)
    assert set(filter(lambda letter: not letter.isprintable(), text)) == {"\n"}


@pytest.mark.parametrize("encoding", ["ascii", "cp1251", "utf-8", "utf-16"])
@pytest.mark.parametrize("as_json", [False, True])
def test_a_stream_of_any_encoding_can_be_written(encoding: str, as_json: bool):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    show_faults(Faults([cell(2, "зачёт 得 é \udc80")]), stream, as_json)
    stream.flush()
    text = raw.getvalue().decode(encoding)
    if as_json:
        assert json.loads(text)["faults"][0]["found"] == "зачёт 得 é \udc80"
