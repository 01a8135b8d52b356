"""``init`` on workbooks that hide the sheet of the scores: asked, with the sheets that there are."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from expeval.faults import Faults
from expeval.scores.settings import Settings

HEAD = ("Код", "Группа", "Балл")
SCORES = [HEAD, *((i, ("эксп", "контр")[i % 2], 3.5 * i) for i in range(1, 9))]
TITLES = {
    "two lines": [("Отчёт школы",), ("за 2025 год",)],
    "one line": [("Отчёт школы",)],
    "nothing": [],
    "a table of its own": [("Отчёт", "школы", "№ 5"), ("Директор", "И. И. Иванов", "тел. 5")],
}


def hide(path: Path, *names: str) -> None:
    book = openpyxl.load_workbook(path)
    for name in names:
        book[name].sheet_state = "hidden"
    book.save(path)


@pytest.mark.parametrize("title", TITLES)
def test_a_hidden_sheet_of_scores_is_asked_about(title, init, scripted):
    init.workbook("a.xlsx", Титул=TITLES[title], Данные=SCORES, Ещё=[])
    hide(init.folder / "a.xlsx", "Данные", "Ещё")
    with pytest.raises(Faults) as raised:
        init("a.xlsx")
    (fault,) = raised.value
    assert (fault.code, fault.key) == ("sheet-unsaid", "--sheet")
    assert str(fault.allowed).split(", ") in (["Титул", "Данные"], ["Данные"])
    study = init("a.xlsx", asker=scripted("Данные", *[None] * 20))
    assert study.data.sheet == "Данные"
    assert init.proposal.faults == ()
    assert "the workbook hides this sheet" in init.proposal.text
    assert init("a.xlsx", settings=Settings(sheet="Данные")).data.student == "Код"


def test_hidden_sheets_beside_visible_scores_are_no_question(init):
    init.workbook("a.xlsx", Данные=SCORES, Старые=SCORES)
    hide(init.folder / "a.xlsx", "Старые")
    assert init("a.xlsx").data.sheet is None
    assert init.proposal.faults == ()


def test_hidden_sheets_without_scores_are_no_question(init):
    init.workbook("a.xlsx", Титул=TITLES["two lines"], Списки=[("Предмет",), ("физика",), ("химия",)])
    hide(init.folder / "a.xlsx", "Списки")
    with pytest.raises(Faults) as raised:
        init("a.xlsx")
    assert "sheet-unsaid" not in {fault.code for fault in raised.value}


def test_a_text_file_has_no_hidden_sheets(init):
    init.write("a.csv", "x,y\n1,2\n3,4\n")
    with pytest.raises(Faults) as raised:
        init("a.csv")
    assert "sheet-unsaid" not in {fault.code for fault in raised.value}
