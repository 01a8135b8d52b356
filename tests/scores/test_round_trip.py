"""A clean table, written as people write it, is read back as it was; a fault is told at the very cell that has it."""

from __future__ import annotations

import csv
import html
import io
import math
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ods import sheet, write_ods

from expeval.faults import Faults
from expeval.scores.reading import read_scores
from expeval.scores.table import Scores
from expeval.study.reading import read_study

STUDY = """\
[study]
title = "Туда и обратно"

[data]
files = ["{file}"]
student = "Код"
institution = "Школа"
missing = ["н/а"]
{keys}

[groups]
column = "Группа"
experimental = ["опыт"]
control = ["контроль"]
assigned = "student"

[[outcomes]]
name = "Балл"
column = "Балл"
kind = "score"
range = [0, 5000]

[[outcomes]]
name = "Оценка"
column = "Оценка"
kind = "ordinal"
levels = [2, 3, 4, 5]
"""
COLUMNS = ("Код", "Школа", "Группа", "Балл", "Оценка")
SCHOOLS = ("Лицей 1", "Гимназия имени Пушкина", "Школа 7, корпус Б", "Колледж связи")
Row = dict[str, str | float | None]


@dataclass(frozen=True)
class Written:
    """A file of a study: its name, the keys that it needs, how rows are counted in it, whether cells are text."""

    file: str
    keys: str = ""
    first: int = 2
    step: int = 1


def clean(chance: random.Random, students: int) -> list[Row]:
    """Students with a code, a school, a group, a score with decimals, and a mark."""
    return [
        {
            "Код": f"у{k:03d}",
            "Школа": chance.choice(SCHOOLS),
            "Группа": "опыт" if k % 2 else "контроль",
            "Балл": None if chance.random() < 0.1 else round(chance.uniform(1000.5, 4000.4), 2),
            "Оценка": None if chance.random() < 0.1 else float(chance.randint(2, 5)),
        }
        for k in range(students)
    ]


def number(value: float, decimal: str = ".", thousands: str = "") -> str:
    """A number as text: 1 234,5."""
    if value.is_integer():
        return str(int(value))
    whole, _, part = repr(value).partition(".")
    grouped = f"{whole[:-3]}{thousands}{whole[-3:]}" if len(whole) > 3 else whole
    return f"{grouped}{decimal}{part}"


def spaced(chance: random.Random, text: str) -> str:
    """Spaces that nobody sees."""
    return chance.choice(("", " ", "\u00a0")) + text + chance.choice(("", " ", "  ")) if chance.random() < 0.3 else text


def text_of(chance: random.Random, value: str | float | None, decimal: str, thousands: str) -> str:
    """A cell as text, with mess of the kinds that are mended."""
    if value is None:
        return chance.choice(("", "н/а", " "))
    return spaced(chance, number(value, decimal, thousands) if isinstance(value, float) else value)


def order(chance: random.Random) -> list[str]:
    """The columns in another order, others between them."""
    columns = [*COLUMNS, "Примечание", "Телефон"]
    chance.shuffle(columns)
    return columns


def grid(chance: random.Random, rows: list[Row], decimal: str, thousands: str, columns: list[str]) -> list[list[str]]:
    """Header and rows as texts."""
    return [columns, *([text_of(chance, row.get(name), decimal, thousands) for name in columns] for row in rows)]


def delimited(chance: random.Random, rows: list[Row], folder: Path) -> Written:
    """Text in some dialect and encoding."""
    delimiter = chance.choice((",", ";", "\t", "|"))
    decimal = chance.choice((".", ","))
    encoding = chance.choice(("utf-8", "utf-8-sig", "utf-16", "cp1251", "koi8-r"))
    thousands = "" if encoding == "koi8-r" else chance.choice(("", "\u00a0"))
    cells = grid(chance, rows, decimal, thousands, order(chance))
    if encoding == "koi8-r":  # it has its own place for a no-break space, and cp1251 another
        cells = [[cell.replace("\u00a0", " ") for cell in line] for line in cells]
    out = io.StringIO()
    quoting = chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=chance.choice(("\n", "\r\n")))
    writer.writerows(cells)
    blanks = chance.choice(("", "\n", "\n\n"))
    (folder / "данные.csv").write_bytes((out.getvalue() + blanks).encode(encoding))
    return Written("данные.csv")


def workbook(chance: random.Random, rows: list[Row], folder: Path) -> Written:
    """A workbook with numbers, some of them as text, a title above and a total below."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    titles, totals = chance.randint(0, 2), chance.random() < 0.5
    for k in range(titles):
        page.append([f"Ведомость, часть {k + 1}"])
    columns = order(chance)
    page.append(columns)
    for row in rows:
        as_text = chance.random() < 0.2
        page.append([cell_of(chance, row.get(name), as_text) for name in columns])
    keys = f"header_row = {titles + 1}"
    if totals:
        page.append(["Среднее", "", "", 4.2])
        keys += f"\nlast_row = {titles + 1 + len(rows)}"
    book.save(folder / "книга.xlsx")
    return Written("книга.xlsx", keys, titles + 2)


def cell_of(chance: random.Random, value: str | float | None, as_text: bool) -> str | float | None:
    """A cell of a spreadsheet: a number, or the same as text."""
    if isinstance(value, float):
        return text_of(chance, value, ",", "\u00a0") if as_text else value
    return value if value is None else spaced(chance, value)


def opendocument(chance: random.Random, rows: list[Row], folder: Path) -> Written:
    """The same as OpenDocument."""
    columns = order(chance)
    lines = [[cell_of(chance, row.get(name), chance.random() < 0.1) or "" for name in columns] for row in rows]
    write_ods(folder, sheet([columns, *lines]), name="книга.ods")
    return Written("книга.ods")


def page(chance: random.Random, rows: list[Row], folder: Path) -> Written:
    """What a grade book exports under the name .xls."""
    encoding = chance.choice(("utf-8", "windows-1251"))
    cells = grid(chance, rows, ",", "", order(chance))
    lines = ("".join(f"<td>{html.escape(cell) or '&nbsp;'}</td>" for cell in line) for line in cells)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    text = f'<html><head><meta charset="{encoding}"></head><body><h1>Журнал</h1><table>{body}</table></body></html>'
    (folder / "журнал.xls").write_bytes(text.encode(encoding))
    return Written("журнал.xls")


def frame(rows: list[Row]) -> pandas.DataFrame:
    """The rows as pandas has them."""
    return pandas.DataFrame(rows, columns=list(COLUMNS)).astype({"Балл": float, "Оценка": float})


def parquet(chance: random.Random, rows: list[Row], folder: Path) -> Written:
    """As pandas and others write it."""
    table = frame(rows)
    if chance.random() < 0.5:
        table["Группа"] = table["Группа"].astype("category")
    table.to_parquet(folder / "данные.parquet")
    return Written("данные.parquet", first=1)


def spss(chance: random.Random, rows: list[Row], folder: Path) -> Written:
    """SPSS, the groups as numbers with labels."""
    import pyreadstat

    table = frame(rows)
    labels = {1.0: "опыт", 2.0: "контроль"}
    table["Группа"] = table["Группа"].map({label: code for code, label in labels.items()})
    pyreadstat.write_sav(table, folder / "данные.sav", variable_value_labels={"Группа": labels})
    return Written("данные.sav", first=1)


def stata(chance: random.Random, rows: list[Row], folder: Path) -> Written:
    """Stata, version 14 or 15, in which names may be Cyrillic."""
    frame(rows).to_stata(folder / "данные.dta", write_index=False, version=chance.choice((118, 119)))
    return Written("данные.dta", first=1)


WRITERS: dict[str, Callable[[random.Random, list[Row], Path], Written]] = {
    "delimited": delimited,
    "workbook": workbook,
    "opendocument": opendocument,
    "page": page,
    "parquet": parquet,
    "spss": spss,
    "stata": stata,
}


def read(folder: Path, written: Written) -> Scores:
    (folder / "study.toml").write_text(STUDY.format(file=written.file, keys=written.keys), encoding="utf-8")
    return read_scores(read_study(folder / "study.toml"))


def same(found: list[float], wanted: list[float | None]) -> bool:
    return [None if math.isnan(value) else value for value in found] == wanted


@pytest.mark.parametrize("form", WRITERS)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_clean_table_comes_back(form: str, seed: int) -> None:
    chance = random.Random(seed)
    rows = clean(chance, chance.randint(8, 40))
    with tempfile.TemporaryDirectory() as folder:
        scores = read(Path(folder), WRITERS[form](chance, rows, Path(folder)))
    assert scores.arm.tolist() == [int(row["Группа"] == "опыт") for row in rows]
    assert same(scores.outcomes["Балл"].values.tolist(), [row["Балл"] for row in rows])  # type: ignore[misc]
    assert same(scores.outcomes["Оценка"].values.tolist(), [row["Оценка"] for row in rows])  # type: ignore[misc]
    assert scores.institution is not None
    assert [scores.institution.labels[code] for code in scores.institution.codes] == [row["Школа"] for row in rows]


FAULTS: dict[str, tuple[str, str | float]] = {
    "not-a-number": ("Балл", "болел"),
    "outside-range": ("Балл", 9000.25),
    "not-a-level": ("Оценка", 7.0),
    "error-in-cell": ("Балл", "#DIV/0!"),
}


@pytest.mark.parametrize("code", FAULTS)
@pytest.mark.parametrize("form", ["delimited", "workbook", "opendocument", "page", "parquet", "spss", "stata"])
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_fault_is_told_at_its_cell(form: str, code: str, seed: int) -> None:
    column, value = FAULTS[code]
    if form in ("parquet", "spss", "stata") and isinstance(value, str):
        return  # a column of numbers holds no text
    chance = random.Random(seed)
    rows = clean(chance, chance.randint(8, 40))
    wrong = chance.randrange(len(rows))
    rows[wrong][column] = value
    with tempfile.TemporaryDirectory() as folder:
        written = WRITERS[form](chance, rows, Path(folder))
        with pytest.raises(Faults) as raised:
            read(Path(folder), written)
    (fault,) = raised.value.faults
    assert (fault.code, fault.column, fault.row) == (code, column, written.first + wrong)
    assert fault.file == written.file
