"""What makes ``init`` ask, one example a code: files in a folder, flags, and words of the message."""

from __future__ import annotations

from pathlib import Path

ROWS = "student,group,score\ns1,new,5.5\ns2,old,4\ns3,new,6\ns4,old,7\n"


def text(name: str, content: str, encoding: str = "utf-8"):
    return lambda folder: (folder / name).write_bytes(content.encode(encoding))


def two_sheets(folder: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for name in ("9А", "9Б"):
        sheet = book.create_sheet(name)
        for row in (("Код", "Группа", "Балл"), (1, "эксп", 5), (2, "контр", 7), (3, "эксп", 9)):
            sheet.append(row)
    book.remove(book.worksheets[0])
    book.save(folder / "parallel.xlsx")


#: pairs of classes of one school: four classes by chance in pure pairs is likely, so nobody can see what was assigned
FEW_UNITS = "school,class,group,score\n" + "".join(
    f"{school},{school}{letter},{group},{score}\n"
    for school, group in (("A", "эксп"), ("B", "контр"))
    for letter in "xy"
    for score in range(10, 16)
)

# code -> (what makes the files, the flags, what the message says)
EXAMPLES = {
    "data-unsaid": (lambda folder: None, [], ["--data"]),
    "study-exists": (text("study.toml", "mine"), ["--data", "x.csv"], ["study.toml", "--force"]),
    "encoding-unsaid": (
        text("a.csv", "x,y\nцех,1\nбег,2\n", "cp1251"), ["--data", "a.csv"], ["--encoding", "cp1251"]
    ),
    "delimiter-unsaid": (
        text("a.csv", "a;b|c;d|e\n1;2|3;4|5\n1;2|3;4|5\n"), ["--data", "a.csv"], ["--delimiter", "; |"]
    ),
    "sheet-unsaid": (two_sheets, ["--data", "parallel.xlsx"], ["--sheet", "9А, 9Б"]),
    "group-unsaid": (text("a.csv", "student,score\ns1,5\ns2,6\n"), ["--data", "a.csv"], ["--group", "student, score"]),
    "arms-unsaid": (text("a.csv", ROWS), ["--data", "a.csv"], ["--experimental", "new (2), old (2)", '"group"']),
    "assigned-unsaid": (text("a.csv", FEW_UNITS), ["--data", "a.csv"], ["--assigned", "student, class"]),
    "unit-unsaid": (
        text("a.csv", ROWS),
        ["--data", "a.csv", "--experimental", "new", "--assigned", "class"],
        ["--class", "whole classes"],
    ),
    "outcome-unsaid": (
        text("a.csv", "student,group,u,v\ns1,эксп,5,1.5\ns2,контр,6,2\ns3,эксп,9,4\n"),
        ["--data", "a.csv"],
        ["--outcome", "u, v"],
    ),
    "levels-unsaid": (
        text("a.csv", "student,group,result\ns1,эксп,so\ns2,контр,la\ns3,эксп,so\n"), ["--data", "a.csv"], ["so, la"]
    ),
    "option-no-column": (
        text("a.csv", ROWS),
        ["--data", "a.csv", "--experimental", "new", "--outcome", "skore"],
        ["--outcome", '"skore"', '"score"'],
    ),
    "option-no-value": (
        text("a.csv", ROWS), ["--data", "a.csv", "--experimental", "newer"], ["--experimental", '"newer"', "new, old"]
    ),
}  # fmt: skip
