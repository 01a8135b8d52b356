"""The catalogue of faults: every code has an example, every sentence says what it must."""

from __future__ import annotations

import ast
import importlib.util
import re
import string
from pathlib import Path
from types import ModuleType

import pytest

import expeval
from expeval.fault_codes import (
    CATALOGUE,
    DATA_CODES,
    LOCK_CODES,
    PROPOSAL_CODES,
    STUDY_CODES,
    UPLOAD_CODES,
    WORDINGS,
    sentence,
    titles,
)
from expeval.faults import Fault, Faults
from expeval.study.reading import read_study

HERE = Path(__file__).parent
SOURCE = Path(expeval.__file__).parent


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"examples_of_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


examples = load(HERE / "examples.py")


def test_every_study_code_has_an_example():
    assert set(examples.EXAMPLES) | set(examples.WITHOUT_CONTENT) == STUDY_CODES
    tests = (HERE.parent / "study" / "test_reading.py").read_text(encoding="utf-8")
    assert all(f"def {name}(" in tests for name in examples.WITHOUT_CONTENT.values())


def test_every_data_code_has_an_example():
    folder = HERE.parent / "scores"
    registry = folder / "examples.py"
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    if not text:
        pytest.skip("the tests of the loader are not there")
    named = set(load(registry).EXAMPLES) if registry.exists() else {code for code in DATA_CODES if f'"{code}"' in text}
    assert named >= DATA_CODES


def test_every_code_of_init_has_an_example():
    assert set(load(HERE.parent / "proposal" / "examples.py").EXAMPLES) == PROPOSAL_CODES


def test_every_code_of_an_upload_has_an_example():
    assert set(load(HERE.parent / "cohorts" / "examples.py").EXAMPLES) == UPLOAD_CODES


def test_every_code_of_a_locked_plan_has_an_example():
    assert set(load(HERE.parent / "record" / "lock_examples.py").EXAMPLES) == LOCK_CODES


@pytest.mark.parametrize("code", sorted(examples.EXAMPLES))
def test_an_example_is_told_with_its_key_and_line(code: str, tmp_path: Path):
    content, key, line = examples.EXAMPLES[code]
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(Faults) as raised:
        read_study(path)
    assert [fault.code for fault in raised.value] == [code]
    fault = raised.value.faults[0]
    assert (fault.key, fault.row) == (key, line)
    words = sentence(fault)
    assert words.startswith("study.toml")
    assert line is None or f"line {line}" in words
    assert key is None or key.replace('"', "") in words.replace('"', "")
    assert raised.value.usable is (key is not None)


def test_the_right_study_has_no_fault(tmp_path: Path):
    path = tmp_path / "study.toml"
    path.write_text(examples.RIGHT, encoding="utf-8")
    assert read_study(path).outcomes[0].range == (0, 100)


def codes_in_the_source() -> set[str]:
    """First arguments of Fault(...), .fault(...), .row_fault(...) and of this module's like."""
    names = {"Fault", "fault", "row_fault", "_unusable"}
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                called = getattr(node.func, "id", getattr(node.func, "attr", None))
                found |= {node.args[0].value} if called in names else set()
    return found


def test_every_code_that_the_source_raises_is_in_the_catalogue():
    assert len(codes_in_the_source()) > 40
    assert codes_in_the_source() <= STUDY_CODES | LOCK_CODES | DATA_CODES | PROPOSAL_CODES | UPLOAD_CODES


@pytest.mark.parametrize("language", CATALOGUE)
def test_a_language_has_every_code_with_the_same_fields(language: str):
    def fields(template: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(template) if name}

    assert set(CATALOGUE[language]) == set(CATALOGUE["en"])
    for code, text in CATALOGUE[language].items():
        english = CATALOGUE["en"][code]
        assert fields(text.sentence + text.mend) == fields(english.sentence + english.mend)
    words, english_words = WORDINGS[language].words, WORDINGS["en"].words
    assert {word: words[word].count("{") for word in words} == {word: t.count("{") for word, t in english_words.items()}


@pytest.mark.parametrize("code", sorted(CATALOGUE["en"]))
def test_a_bare_fault_still_makes_a_sentence(code: str):
    words = sentence(Fault(code))
    assert "{" not in words.replace('values = { "5-" = 5, "зач" = "missing" }', "")
    assert "None" not in words


@pytest.mark.parametrize("code", sorted(DATA_CODES))
def test_students_are_told_by_rows_alone(code: str):
    name = "Petrov"
    fault = Fault(code, "scores.csv", "Sheet1", row=8, column="score", rows=(21,), found=name, details={"count": 2})
    words = sentence(fault)
    assert words.startswith("scores.csv")
    if code.startswith("student-") or code == "rows-below":
        assert name not in words
        assert re.search(r"rows 8(,| and) 21", words)


@pytest.mark.parametrize("code", ["outside-range", "not-a-number", "not-a-level"])
def test_a_code_for_missing_that_nobody_declared_is_thought_of(code: str):
    words = sentence(Fault(code, "data.csv", row=7, column="posttest", found="-99", allowed="0 to 60"))
    assert '"-99" (row 7)' in words
    assert "data.missing" in words


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("encoding-unclear", "data.encoding"),
        ("delimiter-unclear", "data.delimiter"),
        ("decimal-unclear", "data.decimal"),
        ("header-unclear", "data.header_row"),
        ("sheet-unclear", "data.sheet"),
        ("rows-below", "data.last_row"),
        ("rows-hidden", "data.hidden"),
        ("student-twice-same", "data.duplicates"),
        ("not-a-level", "outcomes.values"),
    ],
)
def test_a_question_names_the_key_that_settles_it(code: str, key: str):
    assert key in sentence(Fault(code, "data.csv", row=2))


def test_equal_neighbours_read_as_a_run():
    fault = Fault("formula-without-value", "book.xlsx", "S", 2, "total", rows=tuple(range(3, 27)))
    assert "rows 2 to 26" in sentence(fault)
    assert "rows 2, 3, 9" in sentence(Fault("not-finite", "d.csv", row=2, rows=(9, 3), found="inf"))


def test_rows_in_other_files_are_named():
    fault = Fault("student-twice-same", "a.csv", row=12, details={"elsewhere": [("b.csv", 30)]})
    assert "row 12 and b.csv, row 30" in sentence(fault)


def test_long_texts_are_cut():
    assert len(sentence(Fault("not-a-number", "d.csv", row=2, found="x" * 10**6))) < 600


@pytest.mark.parametrize("language", CATALOGUE)
def test_the_documentation_spells_part_sentences_out(language: str):
    told = dict(titles(language))
    assert list(told) == list(CATALOGUE[language])
    names = {"key", "found", "allowed", "quoted", "nearest", "cells", "places", "header", "reason"}
    names |= {
        "position",
        "line",
        "role",
        "arm",
        "header_row",
        "entry",
        "lock",
        "levels",
        "filled",
        "identifiers",
        "students",
    }
    for text in told.values():
        fields = {
            name
            for _, name, _, _ in string.Formatter().parse(re.sub(r"values = \{.*?\}", "", text.sentence + text.mend))
        }
        assert {name for name in fields if name} <= names
    assert told["unknown-key"].mend == WORDINGS[language].say("possible", "{allowed}")
