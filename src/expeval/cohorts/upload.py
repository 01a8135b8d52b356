"""Keep a file that was sent as a draft: the columns that the study uses, the students as pseudonyms, nothing else."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from expeval.cohorts import remembered
from expeval.cohorts.choices import Choices
from expeval.cohorts.columns import Match, unmatched
from expeval.cohorts.invitations import holds
from expeval.cohorts.looking import MOST_ROWS, clean_name, open_upload
from expeval.cohorts.sender import Sender, upload_of
from expeval.faults import Fault, Faults
from expeval.scores.alike import alike_students
from expeval.scores.arms import totals_beside
from expeval.scores.cells import (
    Cells,
    DistinctCells,
    ErrorCell,
    FormulaCell,
    NumericCells,
    Sheet,
    Value,
    distinct,
    gather,
)
from expeval.scores.kept_cells import as_json
from expeval.scores.numbers import LARGEST_WHOLE
from expeval.scores.roles import missing_values, student_columns
from expeval.scores.settings import Request, Unreadable
from expeval.scores.table import Notice
from expeval.scores.typed import read_labels_column
from expeval.store.open import Store
from expeval.store.pseudonyms import EVERY_COHORT, Pseudonyms
from expeval.store.records import institution_of, note, now
from expeval.store.schema import DISCARDED, DRAFT, Correction, Erasure, Invitation, Upload, UploadRow
from expeval.study.spec import Study

ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file's used columns, as the file has them, under the study's names."""

    sheet: Sheet
    choices: Choices
    matches: tuple[Match, ...]


def keep_draft(
    store: Store,
    pseudonyms: Pseudonyms,
    study: Study,
    sender: Sender,
    cohort: str,
    data: bytes,
    name: str,
    choices: Choices | None = None,
) -> int:
    """Keep a file as the sender's draft of a cohort, in place of an earlier draft of hers.

    Parameters
    ----------
    cohort
        The cohort's label, ``""`` where the study has one cohort.
    data, name, choices
        The file and what was chosen about it; every column of the study is matched or may be lacking.

    Returns
    -------
    int
        The upload's number.

    Raises
    ------
    Faults
        Where the file can't be read, or a column is not chosen.  Nothing is then kept.
    CannotStore
        Where the store can't be written.
    """
    with store.reading() as session:
        known = remembered.columns_in(session, sender)
    read = read_file(study, data, name, choices or Choices(), known)
    with store.writing() as session:
        institution = institution_of(session, study.study.title, sender.institution)
        for earlier in _drafts(session, institution.id, cohort, sender.invitation):
            _discard(session, earlier, sender.actor)
        upload = Upload(
            institution_id=institution.id,
            cohort=cohort,
            invitation_number=sender.invitation,
            file_name=read.sheet.file,
            file_hash=hashlib.sha256(data).hexdigest(),
            state=DRAFT,
            made=now(),
            choices=read.choices.as_json(),
            sheet=_facts(study, read),
            counts={},
        )
        session.add(upload)
        session.flush()
        rows, erased = _rows(
            study, read.sheet, pseudonyms, (sender.institution, cohort), _erased(session, institution.id)
        )
        upload.counts = {"erased": erased} if erased else {}
        for start in range(0, len(rows), ROWS_AT_ONCE):
            session.execute(
                insert(UploadRow),
                [{"upload_number": upload.number, **row} for row in rows[start : start + ROWS_AT_ONCE]],
            )
        note(session, "draft-kept", sender.actor, institution.id, upload.number, rows=len(rows))
        return upload.number


def discard(store: Store, sender: Sender, number: int) -> None:
    """Drop a draft's rows; that there was one stays on the record.  Nothing happens to what is no draft."""
    with store.writing() as session:
        upload = upload_of(session, sender, number)
        if upload.state == DRAFT:
            _discard(session, upload, sender.actor)


def discard_unreachable(store: Store) -> int:
    """Drop the drafts of links that hold no more, which nobody could go on with; gives how many there were."""
    with store.reading() as session:
        if not any(_unreachable(session)):
            return 0
    with store.writing() as session:
        drafts = _unreachable(session)
        for upload in drafts:
            _discard(session, upload, "upkeep")
        return len(drafts)


def _unreachable(session: Session) -> list[Upload]:
    statement = select(Upload, Invitation).join(Invitation, Invitation.number == Upload.invitation_number)
    found = session.execute(statement.where(Upload.state == DRAFT).order_by(Upload.number))
    return [upload for upload, invitation in found if not holds(invitation)]


def read_file(study: Study, data: bytes, name: str, choices: Choices, known: Mapping[str, str]) -> FileRead:
    """Read the used columns of a file; raises :class:`Faults`."""
    shown = clean_name(name)
    try:
        opened = open_upload(study, data, shown, choices, known)
        header = opened.header
        lacking = unmatched(opened.matches, header.names, shown, None, header.row)
        if lacking:
            raise Faults(lacking)
        places = {tidied: place for place, tidied in reversed(list(enumerate(header.names)))}
        taken = [match for match in opened.matches if match.theirs is not None and match.how != "perhaps"]
        twice = _named_twice(taken, header.names, shown, header.row)
        if twice:
            raise Faults(twice)
        positions = {match.column: places[str(match.theirs)] for match in taken}
        numeric = tuple(name for name in _numeric(study) if name in positions)
        missing = tuple(study.missing)
        sheet, faults = opened.file.read(Request(header.row, len(header.names), positions, numeric, missing))
    except Unreadable as unreadable:
        raise Faults(unreadable.faults) from None
    if faults:
        raise Faults(faults)
    if not sheet.rows.size:
        raise Faults([Fault("header-only", shown, sheet.sheet, header.row or None)])
    if sheet.rows.size > MOST_ROWS:
        raise Faults([Fault("file-too-large", shown, found=f"{sheet.rows.size} rows", allowed=f"{MOST_ROWS} rows")])
    sheet.columns = {column: _spelled(cells) for column, cells in sheet.columns.items()}
    return FileRead(sheet, replace(opened.choices, sheet=sheet.sheet or choices.sheet), opened.matches)


def _named_twice(taken: Sequence[Match], names: Sequence[str], file: str, row: int) -> list[Fault]:
    """A fault for every column whose name another one has too: which of them is meant nobody could say by it."""
    times = Counter(names)
    return [
        Fault("column-twice", file, None, row or None, match.theirs, key=match.key, found=str(times[match.theirs]))
        for match in taken
        if match.theirs is not None and times[match.theirs] > 1
    ]


def _numeric(study: Study) -> Sequence[str]:
    return student_columns(study).numeric


def _spelled(cells: Cells) -> DistinctCells:
    """Cells as the file spells them: what the decimal sign is, is asked where it is unclear."""
    return cells.texts() if isinstance(cells, NumericCells) and cells.texts is not None else distinct(cells)


def _facts(study: Study, read: FileRead) -> dict[str, Any]:
    """What was detected in the file, and its names of the study's columns."""
    sheet = read.sheet
    return {
        "encoding": sheet.encoding,
        "delimiter": sheet.delimiter,
        "sheet": sheet.sheet,
        "header_row": sheet.header_row,
        "letters": sheet.letters,
        "mended": sheet.mended,
        "hidden_rows": sheet.hidden_rows,
        "notices": [[notice.code, notice.message] for notice in _notices(study, sheet)],
        "begins": _begins(study, sheet),
        "columns": sorted(sheet.columns),
        "names": {match.column: match.theirs for match in read.matches if match.column in sheet.columns},
        "lacking": sorted(match.column for match in read.matches if match.column not in sheet.columns),
    }


def _notices(study: Study, sheet: Sheet) -> list[Notice]:
    """What the reader noticed, and what only identifiers show, which are not kept."""
    name = study.data.student
    if name is None or name not in sheet.columns:
        return sheet.notices
    labels = read_labels_column(sheet, name, missing_values(study), by_code=True)
    return [*sheet.notices, *alike_students([sheet], [labels], study.report.minimum_cell)]


def _begins(study: Study, sheet: Sheet) -> list[tuple[int, bool]]:
    """The last rows, each with whether it begins with a word for totals; what else begins it may be a name."""
    if study.data.student is not None or not sheet.begins:
        return []
    faults = totals_beside(sheet, np.ones(sheet.rows.size, dtype=bool))
    found = {row for fault in faults for row in (fault.row, *fault.rows)}
    rows = [int(sheet.rows[record]) for record in sorted(sheet.begins)]
    return [(row, row in found) for row in rows]


def _erased(session: Session, institution: int) -> frozenset[str]:
    return frozenset(session.scalars(select(Erasure.student_hash).where(Erasure.institution_id == institution)))


def _rows(
    study: Study, sheet: Sheet, pseudonyms: Pseudonyms, unit: tuple[str, str], erased: frozenset[str]
) -> tuple[list[dict[str, Any]], int]:
    """The rows as they are kept; those of students whose data were erased are left out, and counted."""
    name = study.data.student
    students, marks = _students(study, sheet, pseudonyms, unit)
    kept_columns: dict[str, tuple[list[int], list[Any]]] = {}
    for column, cells in sheet.columns.items():
        if column != name:
            known = distinct(cells)
            kept_columns[column] = (known.codes.tolist(), [as_json(value) for value in known.values])
    rows, left_out = [], 0
    gone = _gone(study, sheet, pseudonyms, unit[0], students, erased)
    for record, row in enumerate(sheet.rows.tolist()):
        student = students[record]
        if gone[record]:
            left_out += 1
            continue
        every = {column: values[codes[record]] for column, (codes, values) in kept_columns.items()}
        held = {column: value for column, value in every.items() if value is not None}
        if marks[record] is not None:
            held[str(name)] = marks[record]
        rows.append({"row": row, "student": student, "cells": held})
    return rows, left_out


def _gone(
    study: Study,
    sheet: Sheet,
    pseudonyms: Pseudonyms,
    institution: str,
    students: Sequence[str | None],
    erased: frozenset[str],
) -> list[bool]:
    """Whether each record is of a student whose data were erased, in this cohort or for good."""
    if not erased:
        return [False] * len(students)
    always, _ = _students(study, sheet, pseudonyms, (institution, EVERY_COHORT))
    known = {student: pseudonyms.erased(student) in erased for student in {*students, *always} if student is not None}
    return [
        known.get(one or "", False) or known.get(other or "", False)
        for one, other in zip(students, always, strict=True)
    ]


def _students(
    study: Study, sheet: Sheet, pseudonyms: Pseudonyms, unit: tuple[str, str]
) -> tuple[list[str | None], list[Any]]:
    """Each record's pseudonym, and what is wrong with its identifier where something is; never what it says."""
    name, size = study.data.student, sheet.rows.size
    if name is None or name not in sheet.columns:
        return [None] * size, [None] * size
    labels = read_labels_column(sheet, name, missing_values(study), by_code=True)
    by_label = [pseudonyms.student(*unit, label) for label in labels.labels]
    students: list[str | None] = [by_label[code] if code >= 0 else None for code in labels.codes.tolist()]
    marks: list[Any] = [None] * size
    for fault, records in labels.faulty.items():
        for record in records.tolist():
            marks[record] = as_json(_mark(fault))
    return students, marks


def _mark(fault: str) -> Value:
    """A cell with the same fault that says nothing of what stood there."""
    marks: dict[str, Value] = {
        "date-in-cell": dt.date(2000, 1, 1),
        "formula-without-value": FormulaCell(),
        "label-inexact": 2.0 * LARGEST_WHOLE,
    }
    return marks.get(fault, ErrorCell("#N/A"))


def is_erased(
    session: Session, study: Study, pseudonyms: Pseudonyms, sender: Sender, upload: Upload, identifier: str
) -> bool:
    """Whether an identifier, as a person writes it, is of a student whose data were erased."""
    named = [
        pseudonym_of(study, pseudonyms, sender.institution, cohort, identifier)
        for cohort in (upload.cohort, EVERY_COHORT)
    ]
    erased = _erased(session, upload.institution_id)
    return any(pseudonyms.erased(student) in erased for student in named if student is not None)


def pseudonym_of(study: Study, pseudonyms: Pseudonyms, institution: str, cohort: str, identifier: str) -> str | None:
    """The pseudonym of an identifier as a person writes it; ``None`` where it stands for a missing value."""
    sheet = Sheet("", np.ones(1, dtype=np.int64), {str(study.data.student): gather([identifier])})
    return _students(study, sheet, pseudonyms, (institution, cohort))[0][0]


def _drafts(session: Session, institution: int, cohort: str, invitation: int | None) -> list[Upload]:
    statement = select(Upload).where(
        Upload.institution_id == institution,
        Upload.cohort == cohort,
        Upload.state == DRAFT,
        Upload.invitation_number.is_(None) if invitation is None else Upload.invitation_number == invitation,
    )
    return list(session.scalars(statement))


def _discard(session: Session, upload: Upload, actor: str) -> None:
    drop_rows(session, upload)
    happened = note(session, "draft-discarded", actor, upload.institution_id, upload.number)
    upload.state, upload.ended_event = DISCARDED, happened.number


def drop_rows(session: Session, upload: Upload) -> None:
    """Drop the rows of a draft: it was never accepted, and what isn't accepted isn't kept."""
    session.execute(delete(UploadRow).where(UploadRow.upload_number == upload.number))
    session.execute(delete(Correction).where(Correction.upload_number == upload.number))
    upload.choices = {**upload.choices, "words": {}}  # of a column that was a wrong one they may be anything, names too
