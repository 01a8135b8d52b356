"""What was mended or noticed while reading, in Russian: code -> the English sentence, the Russian one.

Numbers of a sentence stand so that no word depends on them.
"""

from __future__ import annotations

import re

NOTICES: dict[str, tuple[str, str]] = {
    "column-look-alike": (
        r"(.+): the column “(.+)” was read as “(.+)” of the study file\.",
        r"\1: столбец «\2» прочитан как «\3» из файла исследования.",
    ),
    "group-look-alike": (
        r"Rows of the group “(.+)” were left out: it only looks like “(.+)”\.",
        r"Строки группы «\1» исключены из анализа: она лишь похожа на «\2».",
    ),
    "hidden-rows": (
        r"(.+): (\d+) hidden rows? (?:was|were) read as well; (\S+) = \"drop\" leaves them out\.",
        r'\1: прочитаны и скрытые строки (\2); \3 = "drop" исключает их.',
    ),
    "merged-cells": (
        r"(.+): a cell merged over several rows was read as each row's in: (.+)\.",
        r"\1: объединённая ячейка нескольких строк прочитана как ячейка каждой из них в: \2.",
    ),
    "short-rows": (
        r"(.+): rows with fewer cells than the header, as row (\d+), were read as if empty cells followed\.",
        r"\1: строки, в которых ячеек меньше, чем в заголовке (например, строка \2), прочитаны так, будто дальше идут "
        r"пустые ячейки.",
    ),
    "percentages": (
        r"(.+): cells shown as percentages were read as shares of 1: (.+)\.",
        r"\1: ячейки с процентами прочитаны как доли единицы: \2.",
    ),
    "user-missing": (
        r"(.+): values that the file declares missing count as missing in: (.+)\.",
        r"\1: значения, которые сам файл называет пропусками, считаются пропусками в: \2.",
    ),
    "nan-missing": (r"(.+): NaN was read as a missing value in: (.+)\.", r"\1: NaN прочитано как пропуск в: \2."),
    "students-in-several-cohorts": (
        r"Some students stand in more than one cohort, a row each: rows of one student depend on each other, which "
        r"only analyses by institution or class allow for\.",
        r"Некоторые обучающиеся есть в нескольких потоках, по строке в каждом: строки одного обучающегося зависят друг "
        r"от друга, что учитывают только анализы по организациям или классам.",
    ),
    "labels-repeat": (
        r"(.+): in the column “(.+)” different values have the same label; they stay apart\.",
        r"\1: в столбце «\2» у разных значений одинаковые метки; значения остались разными.",
    ),
    "labelled-numbers": (
        r"(.+): in the column “(.+)” values with a label count as the numbers that they are \((.+)\)\. "
        r"If any stands for a missing value, declare it in data\.missing \((.+)\)\.",
        r"\1: в столбце «\2» значения с метками считаются числами (\3). Если какое-то из них означает пропуск, "
        r"назовите "
        r"его в data.missing (\4).",
    ),
    "students-without-row": (
        r"(.+): (fewer than )?(\d+) students? of the two arms (?:has|have) no row there; the cells that it would give "
        r"them are missing\.",
        r"\1: не для всех обучающихся двух групп там есть строка (нет для: \2\3); ячейки, которые она дала бы, – "
        r"пропуски.",
    ),
    "rows-without-student": (
        r"(.+): (\d+) rows? (?:has|have) no student in the files of scores and (?:was|were) left out\.",
        r"\1: обучающихся из некоторых строк нет в файлах с баллами; эти строки исключены (\2).",
    ),
    "students-mostly-unmatched": (
        r"(.+): most of its student identifiers do not occur in the files of scores\. "
        r"Check that both write the identifiers alike\.",
        r"\1: большинство идентификаторов обучающихся не встречается в файлах с баллами. Проверьте, что они записаны "
        r"одинаково.",
    ),
    "groups-of-institutions": (
        r"(.+): the groups were read from the column “(.+)” of the institution file\.",
        r"\1: группы прочитаны из столбца «\2» файла организаций.",
    ),
    "institutions-unused": (
        r"(.+): (\d+) institutions? (?:has|have) no student in this study\.",
        r"\1: в этом исследовании нет обучающихся некоторых организаций (\2).",
    ),
    "class-labels-repeat": (
        r"(\d+) class labels? stands? in more than one institution; each is a class of its own there\.",
        r"Одинаковые названия классов (\1) есть в разных организациях; в каждой это свой класс.",
    ),
    "institutions-look-alike": (
        r"Institutions whose labels differ only in capitals, spaces, leading zeros or letters that look alike count as "
        r"different ones; first rows of each: (.+)\.",
        r"Организации, названия которых отличаются только регистром, пробелами, ведущими нулями или похожими буквами, "
        r"считаются разными; первые строки каждой: \1.",
    ),
    "classes-look-alike": (
        r"Classes whose labels differ only in capitals, spaces, leading zeros or letters that look alike count as "
        r"different ones; first rows of each: (.+)\.",
        r"Классы, названия которых отличаются только регистром, пробелами, ведущими нулями или похожими буквами, "
        r"считаются разными; первые строки каждого: \1.",
    ),
    "students-look-alike": (
        r"Students whose identifiers differ only in capitals, spaces or letters that look alike count as different "
        r"ones \((.+)\); the first of them: (.+)\.",
        r"Обучающиеся, идентификаторы которых отличаются только регистром, пробелами или похожими буквами, считаются "
        r"разными (\1); первые из них: \2.",
    ),
}

# Sentences that quote the file's own names inside what is taken over as it is.
_QUOTING = {
    "merged-cells",
    "percentages",
    "user-missing",
    "nan-missing",
    "institutions-look-alike",
    "classes-look-alike",
}


def notice_in_russian(code: str, message: str) -> str:
    """The sentence of a notice in Russian; as it is where none is known."""
    if code not in NOTICES:
        return message
    english, russian = NOTICES[code]
    found = re.fullmatch(english, message, re.DOTALL)
    if found is None:
        return message
    said = found.expand(russian).replace("fewer than ", "менее ")
    return said.replace("“", "«").replace("”", "»") if code in _QUOTING else said
