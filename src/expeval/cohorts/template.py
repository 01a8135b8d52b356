"""An empty workbook made from the study: its columns, and lists of what may stand in them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from expeval.cohorts.columns import check_served, columns_of, known_beforehand, may_lack
from expeval.scores.spelling import tidy
from expeval.study.spec import Outcome, Study

ROWS = 1000  # that the lists are laid on
LONGEST_PROMPT, LONGEST_TITLE = 255, 32  # what Excel takes


@dataclass(frozen=True, slots=True)
class TemplateWords:
    """The template's words in one language."""

    sheet: str
    lists: str
    choose: str
    number: str
    between: str
    student: str
    wrong: str


WORDS = {
    "en": TemplateWords(
        "Students",
        "Lists",
        "One of: {}",
        "A number. Leave the cell empty where there is none.",
        "A number from {} to {}. Leave the cell empty where there is none.",
        "A code or list number, one row a student. No names are needed.",
        "This may not stand here.",
    ),
    "ru": TemplateWords(
        "Обучающиеся",
        "Списки",
        "Одно из: {}",
        "Число. Если его нет, оставьте ячейку пустой.",
        "Число от {} до {}. Если его нет, оставьте ячейку пустой.",
        "Код или номер по списку, одна строка на обучающегося. Имена не нужны.",
        "Такого значения здесь быть не может.",
    ),
}


def template(study: Study, language: str = "en") -> bytes:
    """An XLSX file to fill in; nothing in it is a formula but the references of its lists.

    Columns that the link says (institution, cohort) are not in it, institution covariates only where no file of
    institutions has them.
    """
    check_served(study)
    words = WORDS[language]
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = words.sheet
    lists = book.create_sheet(words.lists)
    lists.sheet_state = "hidden"
    columns = columns_of(study)
    optional = set() if not study.data.institutions else set(columns.optional)
    names = [name for name in columns.wanted if name not in known_beforehand(study) and name not in optional]
    for place, name in enumerate(_in_order(study, names), 1):
        letter = get_column_letter(place)
        head = sheet.cell(1, place)
        _write_text(head, tidy(name))
        head.font = Font(bold=not may_lack(study, name, columns.known.get(name, "")))
        head.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[letter].width = max(12, min(40, len(name) + 4))
        rule = _rule(study, name, lists, place, words)
        if rule is not None:
            rule.prompt = str(rule.prompt)[:LONGEST_PROMPT]
            rule.promptTitle = tidy(name)[:LONGEST_TITLE]
            rule.error = words.wrong
            rule.showErrorMessage = rule.showInputMessage = True
            sheet.add_data_validation(rule)
            rule.add(f"{letter}2:{letter}{ROWS}")
    sheet.freeze_panes = "A2"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _write_text(cell: Any, text: str) -> None:
    """A text in a cell of type text: whatever it begins with, it is no formula."""
    cell.value = text
    cell.data_type = "s"


def _rule(study: Study, name: str, lists: Any, place: int, words: TemplateWords) -> DataValidation | None:
    """What may stand in a column; a list of values stands in the same column of the hidden sheet."""
    allowed = _allowed(study, name)
    if allowed:
        for row, value in enumerate(allowed, 1):
            if isinstance(value, str):
                _write_text(lists.cell(row, place), value)
            else:
                lists.cell(row, place).value = value
        letter = get_column_letter(place)
        rule = DataValidation(
            "list", formula1=f"'{words.lists}'!${letter}$1:${letter}${len(allowed)}", allow_blank=True
        )
        rule.prompt = words.choose.format(", ".join(map(str, allowed)))
        return rule
    if name == study.data.student:
        rule = DataValidation("textLength", operator="greaterThanOrEqual", formula1="1", allow_blank=False)
        rule.prompt = words.student
        return rule
    outcome = _outcome(study, name)
    if outcome is None:
        return None
    # The range is the outcome's; its baseline may be any number.
    return _number(outcome.range if name == outcome.column else None, words)


def _in_order(study: Study, names: Sequence[str]) -> list[str]:
    """Who and where first."""
    first = [name for name in (study.data.student, study.data.class_, study.groups.column) if name in names]
    return list(dict.fromkeys([*(name for name in first if name is not None), *names]))


def _outcome(study: Study, name: str) -> Outcome | None:
    return next((one for one in study.outcomes if name in (one.column, one.baseline)), None)


def _allowed(study: Study, name: str) -> list[str | int]:
    """What may stand in a column, where that is a list."""
    if name == study.groups.column:
        return [*study.experimental_values, *study.control_values]
    outcome = next((one for one in study.outcomes if one.column == name), None)
    return list(outcome.levels) if outcome is not None else []


def _number(allowed: tuple[float, float] | None, words: TemplateWords) -> DataValidation:
    low, high = (f"{bound:g}" for bound in allowed or (-1e15, 1e15))
    rule = DataValidation("decimal", operator="between", formula1=low, formula2=high, allow_blank=True)
    rule.prompt = words.number if allowed is None else words.between.format(low, high)
    return rule
