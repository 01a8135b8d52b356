"""What expeval writes into the fields of faults, in Russian: an English phrase -> the Russian one.

A phrase that stands in no table (an error text of the system or of a library) is told as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from expeval.fault_codes.words_russian import form

_ARM = 'a value or a list of values of the group column, as in ["small"], or { files = ["experimental.xlsx"] }'
PHRASES: dict[str, str] = {
    # What may stand at a key.
    "a text that is not empty": "непустой текст",
    "a column's name as text": "название столбца, в кавычках",
    'a list of column names, as in ["gender", "lunch"]': 'список названий столбцов, например ["пол", "класс"]',
    "true or false, without quotation marks": "true или false, без кавычек",
    "a whole number, from 1, without quotation marks": "целое число от 1, без кавычек",
    "a sheet's name as text, or its number from 1": "имя листа в кавычках или его номер от 1",
    'an encoding\'s name, as "utf-8" or "cp1251"': 'имя кодировки, например "utf-8" или "cp1251"',
    'one character, as ";" or "\\t"': 'один знак, например ";" или "\\t"',
    "a list of names": "список имён",
    "a file's name as text": "имя файла, в кавычках",
    'a list of file names, as in ["scores.csv"]': 'список имён файлов, например ["scores.csv"]',
    'a list of texts or numbers, as in ["NA", "-99"]': 'список текстов или чисел, например ["н/а", "-99"]',
    "a value of the group column, as text or number": "значение столбца групп, текст или число",
    _ARM: 'значение или список значений столбца групп, например ["эксп"], или { files = ["эксп.xlsx"] }',
    "a list of whole numbers or texts, in rising order": "список целых чисел или текстов по возрастанию",
    "a list of two numbers, as in [0, 100]": "список из двух чисел, например [0, 100]",
    'a number, a level, or "missing"': 'число, уровень или "missing"',
    'a number or "missing"': 'число или "missing"',
    'a table, as in { "5-" = 5, "зач" = "missing" }': 'таблица, например { "5-" = 5, "зач" = "missing" }',
    'a table, as in { experimental = "ЭГ", control = "КГ" }': 'таблица, например { experimental = "ЭГ", control = '
    '"КГ" }',
    "a number above 0.5 and below 1; 95 % is 0.95": "число больше 0,5 и меньше 1; 95 % записывают как 0.95",
    "a whole number, 0 or above": "целое число, 0 или больше",
    "a whole number, from 1": "целое число от 1",
    'a list of cohort labels, as in ["2025", "2026"]': 'список потоков, например ["2025", "2026"]',
    'a list of lists of cohort labels, as in [["2025"], ["2025", "2026"]]': "список списков потоков, например "
    '[["2025"], ["2025", "2026"]]',
    "at least one table [[outcomes]]": "хотя бы одна таблица [[outcomes]]",
    "exactly two levels, [0-value, 1-value]": "ровно два уровня, [значение 0, значение 1]",
    "at least two levels": "хотя бы два уровня",
    # What a column is already.
    "a covariate": "ковариата",
    "the column of an outcome": "столбец показателя",
    "the baseline of an outcome": "исходный уровень показателя",
    "the column of the same outcome": "столбец того же показателя",
    "a column of the experimental arm": "столбец экспериментальной группы",
    "experimental": "экспериментальной",
    "control": "контрольной",
    "students": "обучающихся",
    "classes": "классы",
    "institutions": "организации",
    # What was found in the study file and its lock.
    "the name is no file name": "так файл называться не может",
    "a key of many parts": "ключ из множества частей",
    "a number of thousands of digits": "число из тысяч цифр",
    "tables nested too deeply": "слишком глубоко вложенные таблицы",
    "no valid JSON, or a key stands twice": "это не JSON, или какой-то ключ стоит дважды",
    "expeval lock did not write this file": "этот файл записала не команда expeval lock",
    # What was found in a file of data.
    "no permission": "нет права на чтение",
    "no regular file": "это не обычный файл",
    "it is damaged": "он повреждён",
    "it is damaged, or no file of this format": "он повреждён, или это файл другого формата",
    "the folder in which files wait was removed: start the pages anew.": "папка, в которой ждут файлы, удалена: "
    "запустите страницы заново.",
    "rows at its end are missing": "в конце не хватает строк",
    "binary data": "двоичные данные",
    "flat OpenDocument (.fods)": "OpenDocument одним файлом (.fods)",
    "binary workbook (.xlsb)": "двоичная книга (.xlsb)",
    "text document or slides (.docx, .pptx)": "текстовый документ или презентация (.docx, .pptx)",
    "old workbook (.xls)": "книга старого формата (.xls)",
    "workbook with a password": "книга с паролем",
    "spreadsheet with a password": "таблица с паролем",
    "ODS without a password": "ODS без пароля",
    "archive": "архив",
    "an archive inside the workbook": "внутри книги лежит архив",
    "an archive that declares a wrong size": "в архиве указан неверный размер",
    "a damaged archive": "архив повреждён",
    "a damaged workbook": "книга повреждена",
    "a page that ends inside a table": "страница обрывается внутри таблицы",
    "XML with its own declarations": "в XML есть собственные объявления",
    "XML of endless tags": "в XML бесконечные теги",
    "a table inside a table's cell": "таблица в ячейке таблицы",
    "a worksheet inside a worksheet": "лист внутри листа",
    "parts that are encrypted or packed in an unusual way": "части зашифрованы или упакованы необычным способом",
    "more columns than a spreadsheet has": "столбцов больше, чем бывает в таблице",
    "more rows than a spreadsheet has": "строк больше, чем бывает в таблице",
    "CSV, TSV, XLSX, ODS, HTML table, XML spreadsheet 2003, Parquet, SPSS (.sav, .zsav), Stata (.dta)": "CSV, TSV, "
    "XLSX, "
    "ODS, таблица HTML, таблица XML 2003, Parquet, SPSS (.sav, .zsav), Stata (.dta)",
    # What the system says.
    "Permission denied": "нет прав доступа",
    "Operation not permitted": "нет прав доступа",
    "No such file or directory": "такого файла нет",
    "Is a directory": "это папка",
    "Not a directory": "на пути к нему стоит не папка",
    "File name too long": "слишком длинное имя",
    "Input/output error": "диск или сеть не отдают данные",
    "Too many open files": "открыто слишком много файлов",
    "Too many levels of symbolic links": "ссылки ведут по кругу",
    "Cannot allocate memory": "не хватает памяти",
    "No space left on device": "на диске нет места",
    "Disk quota exceeded": "исчерпано место, отведённое на диске",
    "Read-only file system": "диск доступен только для чтения",
    "File exists": "такой файл уже есть",
    "File too large": "файл слишком велик",
    "Stale file handle": "файл пропал из сети",
    # What Python's reader of TOML says.
    "Invalid statement": "здесь должен стоять ключ или [таблица]",
    "Invalid value": "значение записано неверно",
    "Invalid date or datetime": "дата записана неверно",
    "Invalid initial character for a key part": "ключ не может начинаться с этого знака",
    "Invalid hex value": "код знака записан неверно",
    "Escaped character is not a Unicode scalar value": "такого знака в Юникоде нет",
    "Expected newline or end of document after a statement": "после значения должна начинаться новая строка",
    "Expected '=' after a key in a key/value pair": "после ключа должен стоять знак =",
    "Expected ']' at the end of a table declaration": "название таблицы нужно закрыть знаком ]",
    "Expected ']]' at the end of an array declaration": "название таблицы нужно закрыть знаками ]]",
    "Unclosed array": "список не закрыт знаком ]",
    "Unclosed inline table": "таблица не закрыта знаком }",
    "Unterminated string": "текст не закрыт кавычкой",
    "Unescaped '\\' in a string": "перед знаком \\ в тексте нужен ещё один \\",
    "Cannot overwrite a value": "такой ключ уже есть",
    # What the store says.
    "others are writing into it and did not end in time; try again": "в него пишут другие и не успели закончить; "
    "попробуйте ещё раз",
    "there is no space left on the disk; nothing was changed": "на диске нет места; ничего не изменено",
    "the disk did not take or give the data (full, at a limit, or damaged); nothing was changed": "диск не принял "
    "или не "
    "отдал данные (заполнен, исчерпан лимит или повреждён); ничего не изменено",
    "there is no permission to write there": "нет права на запись",
    "it can't be opened (no permission, or its folder is missing)": "его не открыть (нет права или нет папки)",
    "it is damaged; put its last backup in its place": "оно повреждено; верните на его место последнюю копию",
    "it is no store of expeval": "это не хранилище expeval",
    "it does not say its version": "в нём не указана его версия",
    "that is a folder, not a store": "это папка, а не хранилище",
    "the file is empty": "файл пуст",
    "there is no such file; it is made by the first invitation or by serve": "такого файла нет; его создаёт первое "
    "приглашение или serve",
    "it is not said where its key lies": "не сказано, где лежит его ключ",
    "there is not enough memory": "не хватает памяти",
    "the connection to the database was lost; nothing was changed": "связь с базой данных прервалась; ничего не "
    "изменено",
    "the database did not answer": "база данных не ответила",
}
_UNITS: dict[str, tuple[str, str, str]] = {
    "lines": ("строка", "строки", "строк"),
    "keys": ("ключ", "ключа", "ключей"),
    "brackets": ("скобка", "скобки", "скобок"),
    "levels": ("уровень", "уровня", "уровней"),
    "bits": ("бит", "бита", "бит"),
    "bytes": ("байт", "байта", "байт"),
    "MB": ("МБ", "МБ", "МБ"),
    "MB of memory": ("МБ памяти", "МБ памяти", "МБ памяти"),
    "rows": ("строка", "строки", "строк"),
    "columns": ("столбец", "столбца", "столбцов"),
    "sheets": ("лист", "листа", "листов"),
    "letters": ("знак", "знака", "знаков"),
    "letters in a cell": ("знак в ячейке", "знака в ячейке", "знаков в ячейке"),
    "cells": ("ячейка", "ячейки", "ячеек"),
    "cells that are read": ("читаемая ячейка", "читаемые ячейки", "читаемых ячеек"),
    "repeated or empty cells": (
        "повторённая или пустая ячейка",
        "повторённые или пустые ячейки",
        "повторённых или пустых ячеек",
    ),
    "seconds": ("секунда", "секунды", "секунд"),
}
_MORE: dict[str, str] = {
    "": "",
    "more than ": "больше ",
    "it takes more than ": "на чтение нужно больше ",
    "it needs more than ": "для чтения нужно больше ",
}
_COUNT = re.compile(f"({'|'.join(_MORE)})([0-9]+) ({'|'.join(sorted(_UNITS, key=len, reverse=True))})")


def _counted(found: re.Match[str]) -> str:
    more, number, unit = found.groups()
    forms = _UNITS[unit]
    # After "больше" stand the genitive forms: 61 секунды, 62 секунд.
    word = forms[form(int(number))] if not more else forms[2] if form(int(number)) else forms[1]
    return f"{_MORE[more]}{number} {word}"


def _choices(found: re.Match[str]) -> str:
    return found[0].replace(" or ", " или ").replace("(not yet)", "(ещё нет)")


def _store(found: re.Match[str]) -> str:
    return f"хранилище {found[1]}: {in_russian(found[2])}."


_PATTERNS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_COUNT, _counted),
    # "student", "class" or "institution"; data.class or data.institution
    (re.compile(r'("[^"]*"(?: \(not yet\))?,? (?:or )?)+"[^"]*"(?: \(not yet\))?'), _choices),
    (re.compile(r"[a-z_.]+ or [a-z_.]+"), _choices),
    (re.compile(r"([a-z_.]+) and ([a-z_.]+)"), r"\1 и \2"),
    (re.compile(r"[-0-9.]+ … [-0-9.]+"), lambda found: found[0].replace(".", ",")),
    (re.compile(r"([0-9]+) cells, the last of them at ([A-Z]*[0-9]+)"), r"ячеек: \1, последняя – \2"),
    (re.compile(r"a table (\[.*\])"), r"таблица \1"),
    (re.compile(r"one or more tables (\[.*\])"), r"одна или несколько таблиц \1"),
    (re.compile(r"a whole number from ([0-9]+) to ([0-9]+)"), r"целое число от \1 до \2"),
    (re.compile(r'a number in the range (.*), or "missing"'), r'число в диапазоне \1 или "missing"'),
    (re.compile(r'one of the levels (.*), or "missing"'), r'один из уровней \1 или "missing"'),
    (re.compile(r"a later version of expeval wrote it (\(.*\))"), r"его записала более новая версия expeval \1"),
    (
        re.compile(r"no process for its parser could be started \((.*)\)"),
        r"не запустить программу, которая его читает (\1)",
    ),
    (re.compile(r"(column|row) (.+) after (?:column|row) (.+)"), r"\2 после \3: порядок нарушен"),
    (re.compile(r"Expected (.+)"), r"не хватает \1"),
    (re.compile(r"(?:Found invalid|Illegal) character (.+)"), r"недопустимый знак \1"),
    (re.compile(r"Cannot declare (.+) twice"), r"таблица \1 уже есть"),
    (re.compile(r"Cannot (?:mutate immutable|redefine) namespace (.+)"), r"ключ \1 уже занят"),
    (re.compile(r"Duplicate inline table key (.+)"), r"ключ \1 стоит дважды"),
    (
        re.compile(r"the store (.+?): what this address needs is not installed \((.*)\)\."),
        r"хранилище \1: не установлено то, что нужно для этого адреса (\2).",
    ),
    (re.compile(r"the store's address is no database URL\."), "адрес хранилища – не адрес базы данных."),
    (
        re.compile(r"the store (.+) can't be made: (.+)\."),
        lambda found: f"хранилище {found[1]} не создать: {in_russian(found[2])}.",
    ),
    (
        re.compile(
            r"the store (.+) is of version (\S+), which a newer expeval wrote; this one reads up to version (\S+)\. .*"
        ),
        r"хранилище \1 имеет версию \2, её записал более новый expeval; этот читает до версии \3. Установите новый.",
    ),
    (
        re.compile(r"the store (.+) can't be copied before its migration: (.+)\."),
        lambda found: f"хранилище {found[1]} не скопировать перед новой версией: {in_russian(found[2])}.",
    ),
    (
        re.compile(r"the key (.+) can't be read or made: (.+)\."),
        lambda found: f"ключ {found[1]} не прочитать и не создать: {in_russian(found[2])}.",
    ),
    (re.compile(r"the key (.+) is not that of the store (.+)\."), r"ключ \1 не от хранилища \2."),
    (
        re.compile(r"others may read the key (.+); take that from them: (.+)\."),
        r"ключ \1 могут прочитать другие; закройте его: \2.",
    ),
    (
        re.compile(r"the key (.+) of the store (.+) is missing; put it back from your backup\. .*"),
        r"нет ключа \1 хранилища \2; верните его из копии: с другим ключом никого не узнать.",
    ),
    (
        re.compile(r"the key (.+) is damaged; put it back from your backup\."),
        r"ключ \1 повреждён; верните его из копии.",
    ),
    (re.compile(r"the store (.+?): (.+)\."), _store),
    (re.compile(r"(?:tab|\S)(?: (?:tab|\S))*"), lambda found: found[0].replace("tab", "табуляция")),
)


def in_russian(text: str) -> str:
    """A phrase of expeval in Russian."""
    if text in PHRASES:
        return PHRASES[text]
    for pattern, said in _PATTERNS:
        if found := pattern.fullmatch(text):
            return said(found) if callable(said) else found.expand(said)
    return text
