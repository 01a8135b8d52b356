"""Faults on the terminal: one mistake reads as one, nothing steers the terminal, JSON is JSON."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from expeval.cli.faults_shown import SHOWN, merge_alike, printable, show_faults
from expeval.faults import Fault, Faults


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(faults: list[Fault]) -> str:
    stream = io.StringIO()
    show_faults(Faults(faults), stream)
    return stream.getvalue()


def as_json(faults: list[Fault]) -> list[dict[str, Any]]:
    stream = io.StringIO()
    show_faults(Faults(faults), stream, as_json=True)
    return json.loads(stream.getvalue())["faults"]


def cell(row: int, found: str, code: str = "not-a-number", **more: object) -> Fault:
    return Fault(code, "scores.csv", row=row, found=found, **{"column": "score", **more})  # type: ignore[arg-type]


def test_one_mistake_made_300_times_reads_as_one():
    text = shown([cell(row, "n/a") for row in range(2, 602, 2)])
    assert text.startswith("300 faults")
    assert text.count("\n") == 2
    assert '"n/a" (300 times: rows 2, 4, 6' in text
    assert "and 280 more" in text


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
    assert "further values: 139" in str(found["sentence"])
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


def test_json_has_the_fields_and_the_sentence():
    fault = Fault("not-a-level", "a.xlsx", "S", 3, "mark", "C3", found="зач", rows=(5,), details={"count": 2})
    (found,) = as_json([fault])
    assert (found["code"], found["file"], found["sheet"], found["row"]) == ("not-a-level", "a.xlsx", "S", 3)
    assert (found["column"], found["cell"], found["rows"], found["found"]) == ("mark", "C3", [5], "зач")
    assert "зач" in str(found["sentence"])


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
