"""For every fault of data a study folder that has it, and where it must be told.

``EXAMPLES[code]`` writes the files of a study into a folder and says what the fault must name.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import openpyxl
import pandas
import pyarrow
import pyarrow.parquet
import pyreadstat
from openpyxl.utils import get_column_letter

from expeval.store.open import open_store

STUDY = """\
[study]
title = "Small classes"

[data]
files = ["scores.csv"]
student = "student"
{data}

[groups]
column = "arm"
experimental = ["new"]
control = ["old"]
assigned = "{assigned}"

[[outcomes]]
name = "Score"
column = "score"
kind = "{kind}"
{outcome}

{more}
"""
HEAD = "student,arm,score\n"
ROWS = "s1,new,51\ns2,old,48\ns3,new,55\ns4,old,47\n"


class Example(NamedTuple):
    """What must be told of a study: exactly these codes, and the fields of the first fault of the code.

    ``lacking`` is a library that is not installed there.
    """

    codes: Sequence[str]
    fields: dict[str, Any]
    details: Mapping[str, Any] = MappingProxyType({})
    meanwhile: Callable[[], object] | None = None
    lacking: str | None = None


Builder = Callable[[Path], Example]
EXAMPLES: dict[str, Builder] = {}


def example(code: str) -> Callable[[Builder], Builder]:
    def register(builder: Builder) -> Builder:
        EXAMPLES[code] = builder
        return builder

    return register


def write_study(
    folder: Path,
    data: str = "",
    outcome: str = "",
    more: str = "",
    kind: str = "score",
    assigned: str = "student",
    files: str = '["scores.csv"]',
) -> None:
    text = STUDY.format(data=data, outcome=outcome, more=more, kind=kind, assigned=assigned)
    (folder / "study.toml").write_text(text.replace('["scores.csv"]', files), encoding="utf-8")


SIDE_BY_SIDE = """\
[study]
title = "Two columns"

[data]
files = ["scores.csv"]
{data}

[groups]
assigned = "student"

[[outcomes]]
name = "Score"
columns = {{ experimental = "E", control = "C" }}
kind = "{kind}"
{outcome}

{more}
"""


def write_side_by_side(
    folder: Path,
    data: str = "",
    outcome: str = "",
    more: str = "",
    kind: str = "score",
    files: str = '["scores.csv"]',
) -> None:
    text = SIDE_BY_SIDE.format(data=data, outcome=outcome, more=more, kind=kind)
    (folder / "study.toml").write_text(text.replace('["scores.csv"]', files), encoding="utf-8")


def write_csv(folder: Path, text: str = HEAD + ROWS, name: str = "scores.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def write_xlsx(folder: Path, sheets: dict[str, Iterable[Sequence[Any]]], name: str = "scores.xlsx") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, lines in sheets.items():
        sheet = book.create_sheet(title)
        for r, line in enumerate(lines, 1):
            for c, value in enumerate(line, 1):
                if value is not None:
                    cell = sheet[f"{get_column_letter(c)}{r}"]
                    cell.value = value
                    if isinstance(value, str) and value.startswith("#") and value.endswith(("!", "A")):
                        cell.data_type = "e"
    book.save(folder / name)
    return folder / name


def write_parquet(folder: Path, name: str = "scores.parquet", **columns: Any) -> Path:
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / name)
    return folder / name


def sheet_lines(changed: dict[str, Any] | None = None) -> list[list[Any]]:
    """Six rows of student, arm, score; ``changed``: cell -> value."""
    lines: list[list[Any]] = [["student", "arm", "score"]]
    lines += [[f"s{i}", "new" if i % 2 else "old", 40.0 + i] for i in range(1, 7)]
    for cell, value in (changed or {}).items():
        lines[int(cell[1:]) - 1]["ABC".index(cell[0])] = value
    return lines


def replace_part(path: Path, part: str, change: Callable[[bytes], bytes]) -> None:
    """Change one part of a workbook's archive."""
    with zipfile.ZipFile(path) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    parts[part] = change(parts.get(part, b""))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


# --- files ------------------------------------------------------------------------------------------------


@example("file-missing")
def file_missing(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, name="score.csv")
    return Example(["file-missing"], {"file": "scores.csv", "nearest": "score.csv"})


@example("file-is-folder")
def file_is_folder(folder: Path) -> Example:
    write_study(folder)
    (folder / "scores.csv").mkdir()
    return Example(["file-is-folder"], {"file": "scores.csv"})


@example("file-unreadable")
def file_unreadable(folder: Path) -> Example:
    write_study(folder)
    os.mkfifo(folder / "scores.csv")
    return Example(["file-unreadable"], {"file": "scores.csv"})


@example("glob-empty")
def glob_empty(folder: Path) -> Example:
    write_study(folder, files='["term-*.csv"]')
    write_csv(folder)
    return Example(["glob-empty"], {"file": "term-*.csv"})


@example("glob-of-results")
def glob_of_results(folder: Path) -> Example:
    write_study(folder, files='["**/*.csv"]')
    write_csv(folder)
    (folder / "reports" / "tables").mkdir(parents=True)
    for name in ("results.json", "manifest.json"):
        (folder / "reports" / name).write_text("{}")
    write_csv(folder / "reports" / "tables")
    return Example(["glob-of-results"], {"file": "**/*.csv", "found": "reports/tables/scores.csv"})


@example("file-twice")
def file_twice(folder: Path) -> Example:
    write_study(folder, files='["*.csv"]')
    study = folder / "study.toml"
    study.write_text(study.read_text(encoding="utf-8").replace('student = "student"\n', ""), encoding="utf-8")
    write_csv(folder)
    write_csv(folder, name="scores (1).csv")
    return Example(["file-twice"], {"file": "scores.csv", "found": "scores (1).csv"})


@example("file-empty")
def file_empty(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, "")
    return Example(["file-empty"], {"file": "scores.csv"})


@example("header-only")
def header_only(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, HEAD + "\n")
    return Example(["header-only"], {"file": "scores.csv", "row": 1})


@example("format-unsupported")
def format_unsupported(folder: Path) -> Example:
    write_study(folder)
    (folder / "scores.csv").write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    return Example(["format-unsupported"], {"file": "scores.csv", "found": "PDF"})


@example("file-too-large")
def file_too_large(folder: Path) -> Example:
    write_study(folder)
    with (folder / "scores.csv").open("wb") as file:
        file.truncate(2**30 + 1)  # sparse: takes no space
    return Example(["file-too-large"], {"file": "scores.csv", "allowed": "1024 MB"})


@example("row-too-large")
def row_too_large(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, HEAD + ROWS + "s5,new," + "5" * 2**22 + "\n")
    return Example(["row-too-large"], {"file": "scores.csv", "row": 6, "allowed": "4 MB"})


@example("workbook-unsafe")
def workbook_unsafe(folder: Path) -> Example:
    write_study(folder, files='["scores.xlsx"]')
    path = write_xlsx(folder, {"S": sheet_lines()})
    replace_part(path, "xl/media/big.bin", lambda _: b"\0" * 12 * 2**20)
    return Example(["workbook-unsafe"], {"file": "scores.xlsx"}, {"why": "ratio"})


@example("library-missing")
def library_missing(folder: Path) -> Example:
    write_study(folder, files='["scores.parquet"]')
    write_parquet(folder, student=["s1", "s2"], arm=["new", "old"], score=[1.0, 2.0])
    fields = {"file": "scores.parquet", "found": "pyarrow", "allowed": 'pip install "expeval[files]"'}
    return Example(["library-missing"], fields, lacking="pyarrow")


@example("file-changed")
def file_changed(folder: Path) -> Example:
    write_study(folder)
    path = write_csv(folder)
    return Example(
        ["file-changed"], {"file": "scores.csv"}, meanwhile=lambda: path.write_text(HEAD + ROWS + "s5,new,50\n")
    )


# --- what a file leaves open --------------------------------------------------------------------------------


@example("encoding-unclear")
def encoding_unclear(folder: Path) -> Example:
    # The study's words are ASCII, and "ж" and "м" in cp1251 are the letters "Ф" and "Л" in koi8-r.
    write_study(folder)
    write_csv(folder, "student,arm,score,sex\ns1,new,5,м\ns2,old,4,ж\n", encoding="cp1251")
    return Example(["encoding-unclear"], {"file": "scores.csv", "key": "data.encoding"})


@example("letters-broken")
def letters_broken(folder: Path) -> Example:
    write_study(folder)
    text = (HEAD + ROWS).encode() + "Петя,new,5\n".encode() + b"\xff\n"
    (folder / "scores.csv").write_bytes(text)
    return Example(["letters-broken"], {"file": "scores.csv", "row": 7, "key": "data.encoding"})


@example("delimiter-unclear")
def delimiter_unclear(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, "a;b,c\n1;2,3\n4;5,6\n")
    return Example(["delimiter-unclear"], {"file": "scores.csv", "key": "data.delimiter", "found": ", ;"})


@example("decimal-unclear")
def decimal_unclear(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, "student;arm;score\ns1;new;4,5\ns2;old;4.7\ns3;new;3,5\ns4;old;3,0\n")
    fields = {"file": "scores.csv", "row": 3, "column": "score", "found": "4.7", "key": "data.decimal"}
    return Example(["decimal-unclear"], fields)


@example("header-unclear")
def header_unclear(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, "Grade book of Mrs Smith\n\n" + HEAD + ROWS)
    return Example(["header-unclear"], {"row": 3, "key": "data.header_row"}, {"header_rows": (3,)})


@example("sheet-unclear")
def sheet_unclear(folder: Path) -> Example:
    write_study(folder, files='["scores.xlsx"]')
    write_xlsx(folder, {"9A": sheet_lines(), "9B": sheet_lines()})
    return Example(["sheet-unclear"], {"file": "scores.xlsx", "found": "9A, 9B", "key": "data.sheet"})


@example("sheet-missing")
def sheet_missing(folder: Path) -> Example:
    write_study(folder, data='sheet = "Mark"', files='["scores.xlsx"]')
    write_xlsx(folder, {"Marks": sheet_lines(), "Other": []})
    return Example(["sheet-missing"], {"found": "Mark", "nearest": "Marks", "allowed": "Marks, Other"})


@example("rows-below")
def rows_below(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, HEAD + ROWS + ",,\n,,50.25\n,mean,50\n")
    return Example(["rows-below"], {"row": 7, "rows": (8,), "key": "data.last_row", "found": None})


@example("rows-hidden")
def rows_hidden(folder: Path) -> Example:
    import openpyxl

    write_study(folder, files='["scores.xlsx"]')
    path = write_xlsx(folder, {"S": sheet_lines()})
    book = openpyxl.load_workbook(path)
    for row in (3, 4, 40):  # nothing stands in the last one
        book["S"].row_dimensions[row].hidden = True
    book.save(path)
    fields = {"file": "scores.xlsx", "sheet": "S", "row": 3, "rows": (4,), "key": "data.hidden", "found": None}
    return Example(["rows-hidden"], fields)


# --- columns and rows ---------------------------------------------------------------------------------------


@example("column-missing")
def column_missing(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, "student,arm,scores\ns1,new,4\ns2,old,5\n")
    fields = {"column": "score", "row": 1, "nearest": "scores", "key": "outcomes[1].column"}
    return Example(["column-missing"], fields)


@example("column-twice")
def column_twice(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, "student,arm,score,score\ns1,new,4,4\ns2,old,5,5\n")
    return Example(["column-twice"], {"column": "score", "row": 1, "found": "2"})


@example("column-nested")
def column_nested(folder: Path) -> Example:
    write_study(folder, files='["scores.parquet"]')
    write_parquet(folder, student=["s1", "s2"], arm=["new", "old"], score=[[1.0, 2.0], [3.0]])
    return Example(["column-nested"], {"file": "scores.parquet", "column": "score", "row": None})


@example("header-again")
def header_again(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, HEAD + ROWS + "\nstudent,arm,before\ns5,new,40\ns6,old,41\n")
    return Example(["header-again"], {"file": "scores.csv", "row": 7})


@example("row-length")
def row_length(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, HEAD + "s1,new,4,5\n" + ROWS.replace("s1", "s9"))
    return Example(["row-length"], {"row": 2, "found": "4", "allowed": "3"})


# --- cells --------------------------------------------------------------------------------------------------


@example("not-a-number")
def not_a_number(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, HEAD + ROWS + "s5,new,NA\n")
    return Example(["not-a-number"], {"row": 6, "column": "score", "found": "NA", "key": "outcomes[1].values"})


@example("not-finite")
def not_finite(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, HEAD + ROWS + "s5,new,-inf\n")
    return Example(["not-finite"], {"row": 6, "column": "score", "found": "-inf"})


@example("outside-range")
def outside_range(folder: Path) -> Example:
    write_study(folder, outcome="range = [0, 60]")
    write_csv(folder, HEAD + ROWS + "s5,new,-99\n")
    fields = {"row": 6, "column": "score", "found": "-99", "allowed": "0 … 60", "key": "outcomes[1].range"}
    return Example(["outside-range"], fields)


@example("not-a-level")
def not_a_level(folder: Path) -> Example:
    write_study(folder, outcome="levels = [2, 3, 4, 5]", kind="ordinal")
    write_csv(folder, HEAD + "s1,new,5\ns2,old,3.0\ns3,new,5-\ns4,old,2\n")
    fields = {"row": 4, "column": "score", "found": "5-", "allowed": "2, 3, 4, 5", "key": "outcomes[1].values"}
    return Example(["not-a-level"], fields)


@example("label-or-code")
def label_or_code(folder: Path) -> Example:
    write_study(folder, outcome="levels = [2, 3, 4, 5]", kind="ordinal", files='["scores.sav"]')
    frame = pandas.DataFrame({"student": ["s1", "s2", "s3"], "arm": ["new", "old", "new"], "score": [4.0, 2.0, 5.0]})
    marks = {1.0: "2", 2.0: "3", 3.0: "4", 5.0: "5"}
    pyreadstat.write_sav(frame, folder / "scores.sav", variable_value_labels={"score": marks})
    fields = {"file": "scores.sav", "column": "score", "row": 2, "cell": None, "found": "2 = 3"}
    return Example(["label-or-code"], fields)


@example("date-in-cell")
def date_in_cell(folder: Path) -> Example:
    write_study(folder, files='["scores.xlsx"]')
    write_xlsx(folder, {"S": sheet_lines({"C4": datetime(2026, 5, 4)})})
    return Example(["date-in-cell"], {"sheet": "S", "row": 4, "cell": "C4", "found": "2026-05-04"})


@example("error-in-cell")
def error_in_cell(folder: Path) -> Example:
    write_study(folder, files='["scores.xlsx"]')
    write_xlsx(folder, {"S": sheet_lines({"C5": "#DIV/0!"})})
    return Example(["error-in-cell"], {"sheet": "S", "row": 5, "cell": "C5", "found": "#DIV/0!"})


@example("formula-without-value")
def formula_without_value(folder: Path) -> Example:
    write_study(folder, files='["scores.xlsx"]')
    write_xlsx(folder, {"S": sheet_lines({"C6": "=1+1"})})
    return Example(["formula-without-value"], {"sheet": "S", "row": 6, "cell": "C6"})


@example("integer-too-large")
def integer_too_large(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, HEAD + ROWS + "s5,new,9007199254740993\n")
    return Example(["integer-too-large"], {"row": 6, "column": "score", "found": "9007199254740993"})


@example("percent-mixed")
def percent_mixed(folder: Path) -> Example:
    write_study(folder, files='["scores.xlsx"]')
    path = write_xlsx(folder, {"S": [["student", "arm", "score"], ["s1", "new", 51], ["s2", "old", 0.85]]})
    book = openpyxl.load_workbook(path)
    book["S"]["C3"].number_format = "0%"
    book.save(path)
    return Example(["percent-mixed"], {"row": 3, "column": "score", "cell": "C3", "found": "85 %"})


@example("label-inexact")
def label_inexact(folder: Path) -> Example:
    write_study(folder, files='["scores.xlsx"]')
    rows = [["student", "arm", "score"], ["s1", "new", 51], [12345678901234567, "old", 48]]
    write_xlsx(folder, {"S": rows})
    return Example(["label-inexact"], {"row": 3, "column": "student", "cell": "A3", "found": None})


# --- students, arms, institutions -----------------------------------------------------------------------------


@example("student-twice-same")
def student_twice_same(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, HEAD + ROWS + "s1,new,51.0\n")
    return Example(["student-twice-same"], {"row": 2, "rows": (6,), "key": "data.duplicates", "found": None})


@example("student-twice-different")
def student_twice_different(folder: Path) -> Example:
    write_study(folder, data='duplicates = "first"')
    write_csv(folder, HEAD + ROWS + "s1,new,52\n")
    return Example(["student-twice-different"], {"row": 2, "rows": (6,), "found": None})


@example("student-both-arms")
def student_both_arms(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, HEAD + ROWS + "s2,new,48\n")
    return Example(["student-both-arms"], {"row": 3, "rows": (6,), "found": None})


def _with_pretest(folder: Path, pretest: str, head: str = HEAD, rows: str = ROWS) -> None:
    write_study(folder, data='students = ["pretest.csv"]', outcome='baseline = "before"')
    write_csv(folder, head + rows)
    write_csv(folder, pretest, "pretest.csv")


@example("students-unmatched")
def students_unmatched(folder: Path) -> Example:
    _with_pretest(folder, "student,before\nt1,1\nt2,2\nt3,3\n")
    fields = {"file": "pretest.csv", "column": "student", "found": None, "key": "data.students"}
    return Example(["students-unmatched"], fields, {"identifiers": 3, "students": 4})


@example("student-spelt-two-ways")
def student_spelt_two_ways(folder: Path) -> Example:
    _with_pretest(folder, "student,before\ns1,1\ns02,2\ns3,3\ns4,3\n")
    fields = {"file": "pretest.csv", "column": "student", "row": 3, "found": None}
    return Example(["student-spelt-two-ways"], fields, {"elsewhere": [("scores.csv", 3)]})


@example("column-differs")
def column_differs(folder: Path) -> Example:
    rows = "s1,new,51,10\ns2,old,48,11\ns3,new,55,\n"
    _with_pretest(folder, "student,before\ns1,10.0\ns2,12\ns3,13\n", "student,arm,score,before\n", rows)
    fields = {"file": "pretest.csv", "column": "before", "row": 3, "found": None}
    return Example(["column-differs"], fields, {"elsewhere": [("scores.csv", 3)]})


@example("summary-rows")
def summary_rows(folder: Path) -> Example:
    write_side_by_side(folder)
    write_csv(folder, "E,C\n10,7\n11,8\n13,10\n12,\n,\n11.5,8.33\n")
    return Example(["summary-rows"], {"row": 7, "column": "E", "key": "data.last_row", "found": None})


@example("unit-both-arms")
def unit_both_arms(folder: Path) -> Example:
    write_study(folder, data='institution = "school"', assigned="institution")
    write_csv(folder, "student,school,arm,score\ns1,A,new,1\ns2,A,new,2\ns3,A,old,3\ns4,B,old,4\n")
    return Example(["unit-both-arms"], {"column": "school", "found": "A", "row": 4}, {"count": 1})


def _with_schools(folder: Path, schools: str) -> None:
    write_study(
        folder,
        data='institution = "school"\ninstitutions = "schools.csv"',
        more='[covariates]\ninstitution = ["kind"]',
    )
    write_csv(folder, "student,school,arm,score\ns1,A,new,1\ns2,B,new,2\ns3,A,old,3\ns4,B,old,4\n")
    write_csv(folder, schools, "schools.csv")


@example("institution-unknown")
def institution_unknown(folder: Path) -> Example:
    _with_schools(folder, "school,kind\nA,town\nC,town\n")
    return Example(["institution-unknown"], {"file": "schools.csv", "found": "B"}, {"students": 2})


@example("institution-twice")
def institution_twice(folder: Path) -> Example:
    _with_schools(folder, "school,kind\nA,town\nB,town\nA,village\n")
    return Example(["institution-twice"], {"file": "schools.csv", "row": 2, "rows": (4,), "found": "A"})


@example("institution-unnamed")
def institution_unnamed(folder: Path) -> Example:
    _with_schools(folder, "school,kind\nA,town\n,\n,town\nB,town\nTotal,\n,\n,J. Smith\n")
    fields = {"file": "schools.csv", "row": 4, "rows": (6, 8), "column": "school", "found": None}
    return Example(["institution-unnamed"], fields, {"entry": "data.institutions"})


@example("covariate-varies")
def covariate_varies(folder: Path) -> Example:
    write_study(folder, data='institution = "school"', more='[covariates]\ninstitution = ["kind"]')
    write_csv(
        folder,
        "student,school,arm,score,kind\ns1,A,new,1,town\ns2,B,new,2,town\ns3,A,old,3,village\ns4,B,old,4,town\n",
    )
    fields = {"column": "kind", "row": 2, "rows": (4,), "found": "town, village"}
    return Example(["covariate-varies"], fields, {"institution": "A"})


@example("covariate-not-a-number")
def covariate_not_a_number(folder: Path) -> Example:
    write_study(folder, more='[covariates]\nstudent = ["grade"]')
    write_csv(folder, "student,arm,score,grade\ns1,new,1,7\ns2,old,2,7b\ns3,new,3,8\ns4,old,4,8\n")
    fields = {"column": "grade", "row": 3, "found": "7b", "key": "covariates.categories"}
    return Example(["covariate-not-a-number"], fields)


@example("covariate-identifies")
def covariate_identifies(folder: Path) -> Example:
    write_study(folder, more='[covariates]\nstudent = ["name"]')
    rows = "".join(f"s{i},{'new' if i % 2 else 'old'},{i},s{i % 25}x\n" for i in range(30))
    write_csv(folder, "student,arm,score,name\n" + rows)
    fields = {"column": "name", "row": None, "found": None, "key": "covariates.student"}
    return Example(["covariate-identifies"], fields, {"levels": 25, "filled": 30})


def _with_strata(folder: Path, rows: str) -> None:
    write_study(folder, data='institution = "school"', assigned="institution")
    path = folder / "study.toml"
    path.write_text(path.read_text().replace("assigned =", 'strata = "district"\nassigned ='))
    write_csv(folder, "student,school,arm,score,district\n" + rows)


@example("strata-vary")
def strata_vary(folder: Path) -> Example:
    _with_strata(folder, "s1,A,new,1,north\ns2,B,old,2,north\ns3,A,new,3,south\ns4,B,old,4,north\n")
    fields = {"column": "district", "row": 2, "rows": (4,), "found": "north, south", "key": "groups.strata"}
    return Example(["strata-vary"], fields, {"institution": "A"})


@example("strata-missing")
def strata_missing(folder: Path) -> Example:
    _with_strata(folder, "s1,A,new,1,north\ns2,B,old,2,\ns3,A,new,3,north\ns4,C,other,4,\n")
    return Example(["strata-missing"], {"column": "district", "row": 3, "key": "groups.strata"})


@example("cohort-missing")
def cohort_missing(folder: Path) -> Example:
    write_study(folder, data='cohort = "year"')
    write_csv(folder, "student,arm,score,year\ns1,new,1,2025\ns2,old,2,\ns3,new,3,2026\ns4,other,4,\n")
    return Example(["cohort-missing"], {"column": "year", "row": 3, "key": "data.cohort"})


@example("column-empty")
def column_empty(folder: Path) -> Example:
    write_study(folder, data='institution = "school"')
    write_csv(folder, "student,school,arm,score\ns1,,new,1\ns2,,old,2\ns3,C,other,3\n")
    return Example(["column-empty"], {"column": "school", "row": None, "key": "data.institution"})


@example("arm-empty")
def arm_empty(folder: Path) -> Example:
    write_study(folder)
    write_csv(folder, "student,arm,score\ns1,new,1\ns2,Olde,2\n")
    fields = {"column": "arm", "found": "old", "allowed": "new, Olde", "key": "groups.control"}
    return Example(["arm-empty"], fields, {"arm": "control", "values": {"new": 1, "Olde": 1}})


@example("no-outcome-at-all")
def no_outcome_at_all(folder: Path) -> Example:
    write_study(folder, data='missing = ["н"]')
    write_csv(folder, HEAD + "s1,new,н\ns2,old,\n")
    return Example(["no-outcome-at-all"], {"file": "scores.csv", "found": "Score"})


def _with_store(folder: Path) -> None:
    write_study(folder)
    study = folder / "study.toml"
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace('files = ["scores.csv"]', 'store = "cohorts.db"'), encoding="utf-8")


@example("store-unreadable")
def store_unreadable(folder: Path) -> Example:
    _with_store(folder)
    return Example(["store-unreadable"], {"file": "cohorts.db", "key": "data.store"})


@example("store-empty")
def store_empty(folder: Path) -> Example:
    _with_store(folder)
    open_store(folder / "cohorts.db", create=True).close()
    return Example(["store-empty"], {"file": "cohorts.db", "key": "data.store"})


def is_root() -> bool:
    return os.geteuid() == 0
