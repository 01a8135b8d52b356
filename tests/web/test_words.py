"""Every text of the pages in every language, with the same fields; a teacher is told nothing of study files."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from expeval.fault_codes import CATALOGUE as FAULTS
from expeval.fault_codes import DATA_CODES, UPLOAD_CODES, WORDINGS
from expeval.faults import Fault
from expeval.web import words_english
from expeval.web.catalogue import CATALOGUE, LANGUAGES, say
from expeval.web.pages import TEMPLATES
from expeval.web.teacher_faults import told

# Faults of files of the study's own, which no file of a teacher has.
NEVER_HERS = frozenset(
    {
        "cohort-missing",
        "file-missing",
        "file-twice",
        "glob-empty",
        "glob-of-results",
        "institution-unnamed",
        "store-empty",
        "store-unreadable",
    }
)
OF_STUDY_FILES = re.compile(
    r"study file|study\.toml|файл\w* исследован|\b(data|outcomes|groups|covariates)\.|set_header"
)
RUSSIAN_NOT = re.compile(r"опытн|аутком|достоверн|сила эффекта|школ", re.IGNORECASE)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(set().union(*CATALOGUE.values())))
def test_a_text_has_the_same_fields_in_every_language(key: str) -> None:
    found = []
    for language in LANGUAGES:
        text = CATALOGUE[language][key]
        forms = text if isinstance(text, tuple) else (text,)
        assert all(form.strip() for form in forms)
        assert len({frozenset(fields(form)) for form in forms}) == 1
        found.append((isinstance(text, tuple), fields(forms[0])))
    assert found[0] == found[1]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_number_chooses_among_as_many_forms_as_the_language_has(language: str) -> None:
    count = 1 + max(WORDINGS[language].form(number) for number in range(200))
    assert {len(text) for text in CATALOGUE[language].values() if isinstance(text, tuple)} <= {1, count}


def test_forms_go_with_their_numbers() -> None:
    assert say("en", "cells-title", n=1) == "1 cell needs you"
    assert say("en", "cells-title", n=7) == "7 cells need you"
    assert [say("ru", "words-where", n=n, column="Оценка").split(", ")[1] for n in (1, 2, 5, 11, 21)] == [
        "1 раз",
        "2 раза",
        "5 раз",
        "11 раз",
        "21 раз",
    ]


def test_the_templates_have_no_words_of_their_own() -> None:
    for path in TEMPLATES.glob("*.html"):
        plain = re.sub(r"(?s)\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", " ", path.read_text(encoding="utf-8"))
        plain = re.sub(r'(?s)<[^>]*>|\b[\w-]+="[^"]*"', " ", plain)
        assert not re.search(r"[^\W\d_]{2,}", plain), (path.name, re.findall(r"[^\W\d_]{2,}", plain))


def test_every_key_that_a_template_names_is_there() -> None:
    for path in TEMPLATES.glob("*.html"):
        named = re.findall(r"\bt\(\"([^\"]+)\"(?!\s*~)", path.read_text(encoding="utf-8"))
        assert {key for key in named if key not in CATALOGUE["en"]} == set(), path.name


def test_every_text_is_used() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("teacher_*.html"))
    text += "".join(
        path.read_text(encoding="utf-8") for path in TEMPLATES.parent.glob("*.py") if "words" not in path.name
    )
    text += "".join(
        (TEMPLATES / f"{name}.html").read_text("utf-8") for name in ("base", "error", "link", "link_ended", "left")
    )
    starts = {*re.findall(r'["\']([a-z-]+-)["\'] ~', text), *re.findall(r'f"([a-z-]+-)\{', text), "columns-problem-"}
    unused = {
        key
        for key in words_english.TEXTS
        if f'"{key}"' not in text and not any(key.startswith(start) for start in starts)
    }
    assert unused == set()


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("code", sorted((DATA_CODES | UPLOAD_CODES) - NEVER_HERS))
def test_a_fault_is_told_to_a_teacher_without_a_word_of_study_files(code: str, language: str) -> None:
    own = CATALOGUE[language]
    known = FAULTS[language][code]
    parts = (own.get(f"fault-{code}-wrong", known.sentence), own.get(f"fault-{code}-mend", known.mend))
    for part in parts:
        assert not OF_STUDY_FILES.search(str(part)), part
    (said,) = told(
        [Fault(code, "f.csv", None, 3, "column_7", "D3", found="55", allowed="2, 3")], language, {"column_7": "Grade"}
    )
    assert said.wrong[0].isupper() or not said.wrong[0].isalpha()
    assert "column_7" not in said.wrong


def test_one_message_a_kind_with_the_cells_of_all() -> None:
    faults = [
        Fault("not-a-level", "f.xlsx", "A", row, "mark", f"D{row}", found="55", allowed="2, 3, 4, 5")
        for row in (17, 18)
    ]
    (said,) = told(faults, "en", {"mark": "Grade"})
    assert said.wrong == '“Grade” must be one of 2, 3, 4, 5. There is "55" (2 times: rows 17, 18, first cell D17).'
    assert said.faults == tuple(faults)


def test_russian_uses_the_words_of_the_field() -> None:
    for key, text in CATALOGUE["ru"].items():
        forms = text if isinstance(text, tuple) else (text,)
        assert not any(RUSSIAN_NOT.search(form) for form in forms), key


def test_words_are_kept_apart_from_the_code() -> None:
    cyrillic = re.compile("[а-яё]", re.IGNORECASE)
    allowed = {"catalogue.py", "teacher.py"}  # a language's own name, the name of a file to download
    for path in Path(words_english.__file__).parent.glob("*.py"):
        if "words_" not in path.name and path.name not in allowed:
            assert not cyrillic.search(path.read_text(encoding="utf-8")), path.name
