"""Start the upload pages on simulated data: python demo.py [PORT]

Every institution but one has delivered; for that one there is a personal link, and a grade book as a teacher would
send it, with a title above the columns, words that the study does not know and a mark that there is not.
"""

from __future__ import annotations

import csv
import io
import socket
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import openpyxl

from expeval.cohorts.confirmation import confirm
from expeval.cohorts.history import history
from expeval.cohorts.invitations import invite
from expeval.cohorts.sender import Sender
from expeval.cohorts.upload import keep_draft
from expeval.store.open import open_store
from expeval.store.pseudonyms import open_pseudonyms
from expeval.study.reading import read_study

HERE = Path(__file__).resolve().parent
STUDENTS = HERE.parent / "enterprise-tasks" / "students.csv"
PLACE = HERE.parents[1] / "reports" / "enterprise-uploads-store"
LATE = "school-07"  # has not delivered yet
OURS = {"student": "Code", "class": "Class", "group": "Group", "gender": "Sex", "pretest": "Before", "score": "Test"}
WORDS = {"enterprise tasks": "partner", "as before": "usual"}

Row = dict[str, str]


def main() -> None:
    """Fill the store once, make links, serve."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else _free_port()
    PLACE.mkdir(parents=True, exist_ok=True)
    by_institution = _rows()
    book = PLACE / f"{LATE}.xlsx"
    _grade_book(by_institution[LATE], book)
    study = read_study(HERE / "study.toml")
    store = open_store(PLACE / "cohorts.db", create=True)
    pseudonyms = open_pseudonyms(store, study.path)
    if not history(store):
        for name, rows in by_institution.items():
            if name != LATE:
                sender = Sender(name)
                confirm(store, study, sender, keep_draft(store, pseudonyms, study, sender, "", _csv(rows), "marks.csv"))
    address = f"http://127.0.0.1:{port}"
    teacher = invite(store, study, "Anna", LATE).token
    coordinator = invite(store, study, "Boris", None).token
    store.close()
    print(f"A teacher of {LATE}:   {address}/i/{teacher}")
    print(f"The coordinator:        {address}/i/{coordinator}")
    print(f"A grade book to send:   {book.relative_to(Path.cwd()) if book.is_relative_to(Path.cwd()) else book}")
    print("Ctrl-C ends it.", flush=True)
    command = [sys.executable, "-m", "expeval", "serve", str(HERE / "study.toml"), "--port", str(port)]
    command += ["--reports", str(PLACE / "reports")]
    try:
        sys.exit(subprocess.run(command).returncode)
    except KeyboardInterrupt:
        sys.exit(0)


def _free_port() -> int:
    """8000, or any that is free."""
    for port in (8000, 0):
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(one.getsockname()[1])
    raise SystemExit("no port is free")


def _rows() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    with STUDENTS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["institution"]].append(row)
    return dict(found)


def _csv(rows: list[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _grade_book(rows: list[Row], path: Path) -> None:
    """The institution's rows as its secretary keeps them: other names and words, one mark too many."""
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = datetime(2026, 9, 1, tzinfo=UTC).replace(tzinfo=None)
    sheet = book.worksheets[0]
    sheet.title = "Year 2026"
    sheet.append([f"{LATE}: results of the year"])
    sheet.append([])
    sheet.append(["Name", *OURS.values(), "Mark"])
    for number, row in enumerate(rows):
        mark = {4: "5-", 9: "55"}.get(number, row["mark"])
        values = [WORDS.get(row[name], row[name]) for name in OURS]
        cells = [int(value) if value.isdigit() else value or None for value in (*values, mark)]
        sheet.append([f"Student {number + 1}", *cells])
    book.save(path)


if __name__ == "__main__":
    main()
