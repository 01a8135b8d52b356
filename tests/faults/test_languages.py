"""Every message in every language: nothing left out, plural forms, one alphabet a word, no English inside Russian."""

from __future__ import annotations

import ast
import importlib.util
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import expeval
from expeval.fault_codes import (
    CATALOGUE,
    WORDINGS,
    message,
    notices_russian,
    phrases_russian,
    sentence,
    words_english,
    words_russian,
)
from expeval.fault_codes.wording import OWN_FIELDS
from expeval.faults import Fault, Faults
from expeval.scores.reading import read_scores
from expeval.study.allowed import TABLES, allowed_words
from expeval.study.reading import read_study

TESTS = Path(__file__).parent.parent
SOURCE = Path(expeval.__file__).parent
LANGUAGES = sorted(CATALOGUE)


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"told_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


studies = load(TESTS / "faults" / "examples.py")
scores = load(TESTS / "scores" / "examples.py")


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


# --- the tables ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(CATALOGUE["en"]))
def test_russian_says_in_each_part_what_english_says(code: str):
    english, russian = CATALOGUE["en"][code], CATALOGUE["ru"][code]
    assert english.subject == russian.subject
    assert fields(russian.sentence) == fields(english.sentence)
    assert fields(russian.mend) == fields(english.mend)
    assert not fields(russian.title)
    assert bool(russian.mend) == bool(english.mend)


def test_the_tables_of_words_have_the_same_words():
    assert set(CATALOGUE["ru"]) == set(CATALOGUE["en"])
    assert set(words_russian.COUNTED) == set(words_english.COUNTED)
    assert {len(forms) for forms in words_russian.COUNTED.values()} == {3}
    assert set(words_russian.WORDS) == set(words_english.WORDS)


def russian_texts() -> Iterator[str]:
    for text in CATALOGUE["ru"].values():
        yield from (text.title, text.sentence, text.mend)
    yield from words_russian.WORDS.values()
    for forms in words_russian.COUNTED.values():
        yield from forms
    yield from phrases_russian.PHRASES.values()
    yield from (russian for _, russian in notices_russian.NOTICES.values())
    words = load(SOURCE / "cli" / "words.py").WORDS["ru"]
    for word in words.values():
        yield from (word,) if isinstance(word, str) else word


@pytest.mark.parametrize("text", sorted(set(russian_texts())))
def test_no_word_mixes_alphabets(text: str):
    # A letter from the other alphabet looks the same and is found by no search.
    assert not re.search("[a-z][а-яё]|[а-яё][a-z]", re.sub(r"\\.", " ", text), re.IGNORECASE)


@pytest.mark.parametrize("text", sorted(set(russian_texts())))
def test_quotation_marks_are_those_of_the_language(text: str):
    # Straight ones stand around what is written into the study file, never around Russian words of a sentence.
    assert not re.search("[“”„'`]", text)
    assert text.count("«") == text.count("»")
    assert " - " not in text


# --- plural forms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "word", "told"),
    [
        ("en", "times", {1: "1 time", 2: "2 times", 5: "5 times", 11: "11 times", 21: "21 times"}),
        ("ru", "times", {1: "1 раз", 2: "2 раза", 5: "5 раз", 11: "11 раз", 21: "21 раз", 112: "112 раз"}),
        ("ru", "more-cells", {1: "ещё 1 ячейка", 2: "ещё 2 ячейки", 5: "ещё 5 ячеек", 11: "ещё 11 ячеек"}),
        ("ru", "more-cells", {21: "ещё 21 ячейка", 104: "ещё 104 ячейки", 114: "ещё 114 ячеек"}),
        ("ru", "students", {1: "1 обучающийся", 2: "2 обучающихся", 21: "21 обучающийся", 0: "0 обучающихся"}),
        ("ru", "filled", {1: "1 обучающегося", 30: "30 обучающихся", 31: "31 обучающегося"}),
    ],
)
def test_a_number_has_its_form(language: str, word: str, told: dict[int, str]):
    assert {number: WORDINGS[language].count(word, number) for number in told} == told


@pytest.mark.parametrize(
    ("english", "russian"),
    [
        ("1 lines", "1 строка"),
        ("2 lines", "2 строки"),
        ("5 lines", "5 строк"),
        ("11 lines", "11 строк"),
        ("21 lines", "21 строка"),
        ("more than 61 rows", "больше 61 строки"),
        ("more than 62 rows", "больше 62 строк"),
        ("it takes more than 60 seconds", "на чтение нужно больше 60 секунд"),
        ("0.5 … 4.5", "0,5 … 4,5"),
        ('"en" or "ru" (not yet)', '"en" или "ru" (ещё нет)'),
        ("tab ;", "табуляция ;"),
        ("something that nobody foresaw", "something that nobody foresaw"),
    ],
)
def test_what_expeval_writes_into_a_field_is_told_in_russian(english: str, russian: str):
    assert phrases_russian.in_russian(english) == russian


# --- no English inside Russian -------------------------------------------------------------------------------

NAMES = {"ascii", "csv", "tsv", "xlsx", "ods", "html", "xml", "json", "pdf", "parquet", "spss", "stata", "sav", "zsav"}
NAMES |= {"dta", "opendocument", "fods", "xlsb", "xls", "expeval", "lock", "true", "false", "missing", "sqlalchemy"}
NAMES |= {
    "pyreadstat",
    "pyarrow",
    "alembic",
    "chmod",
    "serve",
    "data",
    "class",
    "institution",
    "student",
    "covariates",
    "groups",
    "column",
}


def english_in(text: str) -> list[str]:
    plain = re.sub(r'"[^"]*"|\[[^\]]*\]|\{[^}]*\}', " ", text)
    return [word for word in re.findall("[A-Za-z]{3,}", plain) if word.casefold() not in NAMES]


def own_phrases() -> Iterator[str]:
    """What the source writes into the fields that no user fills; a figure where a value is put in."""
    named = {"Fault", "_unusable"}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.func, (ast.Name, ast.Attribute)):
                continue
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            texts: list[ast.expr] = []
            if called in named and isinstance(node.args[0], ast.Constant):
                own = OWN_FIELDS.get(str(node.args[0].value), ())
                texts = [keyword.value for keyword in node.keywords if keyword.arg in own]
            elif called in ("UnsafeWorkbook", "_unreadable"):
                texts = node.args[1:]
            elif called in ("CannotStore", "Busy"):
                texts = node.args
            yield from filter(None, map(constant, texts))


def constant(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return None


def test_no_phrase_of_the_source_stays_english():
    phrases = set(own_phrases())
    assert len(phrases) > 30
    told = {phrase: phrases_russian.in_russian(phrase) for phrase in phrases}
    assert {phrase: said for phrase, said in told.items() if english_in(said)} == {}


def test_what_may_stand_at_a_key_is_told_in_russian():
    found = set()
    for table, section in TABLES.items():
        for name, field in section.model_fields.items():
            key = field.alias or name
            path = tuple(f"{table}.{key}".lstrip(".").split("."))
            found |= {allowed_words(path), allowed_words((*path, 0)), allowed_words((*path, "x"))}
    told = {words: phrases_russian.in_russian(words) for words in found if words}
    assert len(told) > 30
    assert {words: said for words, said in told.items() if english_in(said)} == {}


@pytest.mark.parametrize(
    "text", ["[study", "a = ", 'a = "x', "a = [1", "a = 1 b", "[a]\n[a]", "a = {b = 1", "a = 1\na = 2"]
)
def test_faults_of_toml_are_told_in_russian(text: str, tmp_path: Path):
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Faults) as raised:
        read_study(path)
    (fault,) = raised.value
    assert fault.code == "toml-syntax"
    assert english_in(phrases_russian.in_russian(str(fault.found))) == []


# --- whole messages ------------------------------------------------------------------------------------------


def check_told(fault: Fault) -> None:
    for language in LANGUAGES:
        said = sentence(fault, language)
        assert "None" not in said
        assert not re.search(r"[{]\w*[}]|  |\.\.(?!\.)| [.,;](?!\w)|: [.;]", said.replace("/../", "")), said
        told = message(fault, language)
        assert said.startswith(f"{told.place}: {told.wrong}")
        assert said.endswith(told.mend)
        assert told.wrong.endswith((".", fault.details.get("line", ".")))
    russian = sentence(fault, "ru")
    assert re.search("[а-яё]{3}", russian)
    # All Latin words are the user's own, or stand in the Russian texts on purpose.
    texts = CATALOGUE["ru"][fault.code]
    given = [fault.file, fault.sheet, fault.column, fault.key, fault.nearest, texts.sentence, texts.mend]
    given += [getattr(fault, name) for name in ("found", "allowed") if name not in OWN_FIELDS.get(fault.code, ())]
    given += [str(value) for name, value in fault.details.items() if name not in OWN_FIELDS.get(fault.code, ())]
    known = set(re.findall("[A-Za-z]+", " ".join(map(str, filter(None, given)))))
    known |= set(re.findall("[A-Za-z]+", " ".join(words_russian.WORDS.values())))
    known |= set(re.findall("[A-Za-z]+", "".join(map(str, (fault.found, fault.cell)))))
    assert [word for word in english_in(russian) if word not in known] == []


@pytest.mark.parametrize("code", sorted(studies.EXAMPLES))
def test_an_example_of_a_study_file_is_told_in_every_language(code: str, tmp_path: Path):
    path = tmp_path / "study.toml"
    path.write_bytes(studies.EXAMPLES[code][0])
    with pytest.raises(Faults) as raised:
        read_study(path)
    for fault in raised.value:
        check_told(fault)


@pytest.mark.parametrize("code", sorted(scores.EXAMPLES))
def test_an_example_of_data_is_told_in_every_language(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    example = scores.EXAMPLES[code](tmp_path)
    if example.meanwhile is not None:
        pytest.skip("changes the file while it is read; its fault has no fields")
    if example.lacking is not None:
        monkeypatch.setitem(sys.modules, example.lacking, None)
    with pytest.raises(Faults) as raised:
        read_scores(read_study(tmp_path / "study.toml"))
    for fault in raised.value:
        check_told(fault)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", sorted(CATALOGUE["en"]))
def test_a_bare_fault_makes_a_sentence_in_every_language(code: str, language: str):
    said = sentence(Fault(code), language)
    assert "None" not in said
    assert not re.search(r"\{\w*\}", said)


def test_one_message_in_full():
    fault = Fault("not-a-level", "a.xlsx", "9А", 7, "Оценка", "C7", found="зачот", allowed="зач, незач", nearest="зач")
    assert sentence(fault, "ru") == (
        "a.xlsx, лист «9А», столбец «Оценка»: таких уровней нет (допустимы зач, незач): «зачот» (строка 7, ячейка C7). "
        "Возможно, имелось в виду «зач». Укажите в outcomes.values, что каждое значение означает, например "
        'values = { "5-" = 5, "зач" = "missing" }, или исправьте ячейки. Если это код пропуска (например -99 или 999), '
        "назовите его в data.missing."
    )


def test_what_a_user_wrote_is_never_translated():
    fault = Fault("not-a-number", "it is damaged", column="no permission", row=2, found="binary data")
    said = sentence(fault, "ru")
    assert said.startswith("it is damaged, столбец «no permission»")
    assert "«binary data»" in said


# --- notices -------------------------------------------------------------------------------------------------


def notice_codes() -> set[str]:
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                called = getattr(node.func, "id", getattr(node.func, "attr", None))
                found |= {str(node.args[0].value)} if called in ("Notice", "notice") else set()
    return found


def test_every_notice_has_its_russian_sentence():
    assert notice_codes() == set(notices_russian.NOTICES)


@pytest.mark.parametrize(
    ("code", "english", "russian"),
    [
        (
            "column-look-alike",
            "a.csv: the column “Зачет” was read as “Зачёт” of the study file.",
            "a.csv: столбец «Зачет» прочитан как «Зачёт» из файла исследования.",
        ),
        (
            "percentages",
            "a.xlsx: cells shown as percentages were read as shares of 1: “score”.",
            "a.xlsx: ячейки с процентами прочитаны как доли единицы: «score».",
        ),
        (
            "short-rows",
            "a.csv: rows with fewer cells than the header, as row 7, were read as if empty cells followed.",
            "a.csv: строки, в которых ячеек меньше, чем в заголовке (например, строка 7), прочитаны так, будто дальше "
            "идут пустые ячейки.",
        ),
        (
            "students-without-row",
            "b.csv: fewer than 5 students of the two arms have no row there; the cells that it would give them are "
            "missing.",
            "b.csv: не для всех обучающихся двух групп там есть строка (нет для: менее 5); ячейки, которые она дала "
            "бы, – "
            "пропуски.",
        ),
        ("column-look-alike", "Some later wording.", "Some later wording."),
        ("some-later-code", "A sentence.", "A sentence."),
    ],
)
def test_a_notice_in_russian(code: str, english: str, russian: str):
    assert notices_russian.notice_in_russian(code, english) == russian
