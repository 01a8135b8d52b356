"""What the command line itself says, in each language.  Faults have their own catalogue."""

from __future__ import annotations

from expeval.cli.language import spoken
from expeval.fault_codes import WORDINGS
from expeval.fault_codes.notices_russian import notice_in_russian

# Several forms: those that go with a number, as the language's wording chooses among them.
WORDS: dict[str, dict[str, str | tuple[str, ...]]] = {
    "en": {
        # The list of faults.
        "faults": ("{} fault", "{} faults"),
        "alike": ", told together where they are alike",
        "nothing-written": "; nothing was written.",
        "more": "and {} more",
        "where": "Where",
        "wrong": "What is wrong",
        "mend": "What to do",
        # What check has read.
        "no-faults": "No faults.",
        "students": ("{} student", "{} students"),
        "with-outcome": "{} with the outcome",
        "rows": ("{} row", "{} rows"),
        "left-out": "left out",
        "mended": "mended {}",
        "note": "note",
        "\t": "tab",
        # How a command ends.
        "memory": "there is not enough memory for this.",
        "package": "the Python package {} is missing; install it with: pip install {}",
        "bug": "this should not have happened and is a fault in expeval ({}); "
        "set EXPEVAL_DEBUG=1 and run again to see the details.",
    },
    "ru": {
        "faults": ("{} ошибка", "{} ошибки", "{} ошибок"),
        "alike": ", одинаковые собраны вместе",
        "nothing-written": "; ничего не записано.",
        "more": "и ещё {}",
        "where": "Где",
        "wrong": "Что не так",
        "mend": "Что сделать",
        "no-faults": "Ошибок нет.",
        "students": ("{} обучающийся", "{} обучающихся", "{} обучающихся"),
        "with-outcome": "показатель есть у {}",
        "rows": ("{} строка", "{} строки", "{} строк"),
        "left-out": "исключено из анализа",
        "mended": "исправлено: {}",
        "note": "замечание",
        "memory": "для этого не хватает памяти.",
        "package": "нет пакета Python {}; установите его: pip install {}",
        "bug": "такого не должно было случиться, это ошибка в expeval ({}); "
        "задайте EXPEVAL_DEBUG=1 и запустите ещё раз, чтобы увидеть подробности.",
        # What results call by an English word.
        "\t": "табуляция",
        "experimental": "экспериментальная группа",
        "control": "контрольная группа",
        "other": "остальные",
        "other-group": "другая группа",
        "no-group": "группа не указана",
        "duplicate": "повтор",
        "encoding": "кодировка",
        "delimiter": "разделитель",
        "decimal": "десятичный знак",
        "sheet": "лист",
        "header_row": "строка заголовка",
        "byte order mark": "метка порядка байтов",
        "blank rows": "пустые строки",
        "hidden rows left out": "скрытые строки исключены",
        "repeated rows left out": "повторы исключены",
        "rows without a student in the scores": "строки тех, кого нет в файлах с баллами",
        "column names": "названия столбцов",
        "numbers stored as text": "числа, записанные текстом",
        "spaces in labels": "пробелы в названиях",
        "spaces around numbers": "пробелы около чисел",
        "thousands separators": "знаки тысяч",
        "full-width digits": "цифры во всю ширину",
        "decimal signs": "десятичные знаки",
    },
}


def said(word: str, *values: object, language: str | None = None) -> str:
    """A sentence of the table in the language of the terminal; a number among several forms comes first."""
    tongue = language or spoken()
    forms = WORDS[tongue][word]
    if isinstance(forms, str):
        return forms.format(*values)
    number = values[0]
    assert isinstance(number, int)
    return forms[WORDINGS[tongue].form(number)].format(*values)


def named(word: str, language: str | None = None) -> str:
    """What the results call by an English word, in the language of the terminal."""
    name = WORDS[language or spoken()].get(word)
    return name if isinstance(name, str) else word.replace("_", " ")


def phrase(text: str) -> str:
    """What the system says, in the language of the terminal where it is known there."""
    return WORDINGS[spoken()].phrase(text)


def notice(code: str, sentence: str) -> str:
    """A notice in the language of the terminal."""
    return notice_in_russian(code, sentence) if spoken() == "ru" else sentence


def in_marks(text: str) -> str:
    """Text in the quotation marks of the language; a tab has a name."""
    return WORDINGS[spoken()].quoted(named(text) if text == "\t" else text)
