"""A draft looked through: what has to be said or mended first, or what would be accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from expeval.cohorts import remembered
from expeval.cohorts.accepting import accepted_rows
from expeval.cohorts.choices import Choices
from expeval.cohorts.draft import OWN, study_of_upload, table_of_draft
from expeval.cohorts.preview import Preview, StudentRow, preview_of
from expeval.cohorts.sender import NotReady, Sender, upload_of
from expeval.cohorts.words import Word, open_words
from expeval.faults import Fault
from expeval.scores.arms import CONTROL, EXPERIMENTAL
from expeval.scores.cells import Sheet, Value, distinct, shown
from expeval.scores.reading import examine_scores
from expeval.scores.spelling import tidy
from expeval.scores.table import Notice
from expeval.store.open import Store
from expeval.store.schema import CONFIRMED, DRAFT, Upload, UploadRow
from expeval.study.spec import Study

# What a notice of the reading may tell a teacher; others speak of other institutions, or of the methodologist's files.
_HERS = frozenset(
    {
        "column-look-alike",
        "hidden-rows",
        "group-look-alike",
        "classes-look-alike",
        "students-look-alike",
        "merged-cells",
        "short-rows",
        "percentages",
        "user-missing",
        "nan-missing",
        "labelled-numbers",
    }
)


@dataclass(frozen=True, slots=True)
class Review:
    """A draft and what is to be done about it.

    Attributes
    ----------
    number, file_name, institution, cohort, made
        The draft.
    names
        The study's columns and the file's names of them; ``lacking`` are those that the file does not have.
    words
        Words to be explained first.
    faults
        What has to be mended, in the file or (a fault with a row and a column of ``sheet``) on the page.
    elsewhere
        Faults of files that are not the teacher's, for the coordinator; nothing can be confirmed before.
    sheet
        The draft's cells, for the table around a fault; those of ``student_column`` are pseudonyms.
    last_row
        The row that probably holds the last student, where totals or signatures seem to stand below it: to be asked
        before the words, some of which may stand there.
    mended, notices
        What was mended, with counts, and what she should know.
    preview
        What would be accepted, once nothing has to be said or mended; ``rows`` are its rows.
    """

    number: int
    file_name: str
    institution: str
    cohort: str
    made: datetime
    choices: Choices
    names: Mapping[str, str]
    lacking: tuple[str, ...]
    words: tuple[Word, ...]
    faults: tuple[Fault, ...]
    elsewhere: tuple[Fault, ...]
    sheet: Sheet
    mended: Mapping[str, int]
    notices: tuple[Notice, ...]
    preview: Preview | None
    rows: tuple[StudentRow, ...] = ()
    student_column: str | None = None
    last_row: int | None = None

    @property
    def ready(self) -> bool:
        """Whether it can be confirmed."""
        return self.preview is not None

    def lines(self, first: int, last: int) -> list[tuple[int, dict[str, Value]]]:
        """The rows from ``first`` to ``last`` as the file counts, with the cells of every column but the student's."""
        records = [record for record, row in enumerate(self.sheet.rows.tolist()) if first <= row <= last]
        names = [name for name in self.names if name in self.sheet.columns and name != self.student_column]
        return [
            (int(self.sheet.rows[record]), {name: self.sheet.columns[name].value(record) for name in names})
            for record in records
        ]


def review(store: Store, study: Study, sender: Sender, number: int) -> Review:
    """Look a draft through; raises :class:`NotReady` for an upload that is no draft, :class:`NoSuchUpload`."""
    with store.reading() as session:
        return review_in(session, study, sender, upload_of(session, sender, number))


def review_in(session: Session, study: Study, sender: Sender, upload: Upload) -> Review:
    """The same inside a transaction."""
    if upload.state != DRAFT:
        raise NotReady(f"Upload {upload.number} is no draft any more.")
    choices = Choices.from_json(upload.choices)
    known = study_of_upload(study, choices)
    table, faults, own_cells = table_of_draft(session, study, upload, sender.institution, choices)
    examined = examine_scores(known, [table])
    words = open_words(study, table.sheet, choices, remembered.words_in(session, sender))
    told = [*faults, *examined.faults]
    arm = examined.assembly.memberships[0].arm if examined.assembly is not None else None
    some = arm is not None and bool(((arm == EXPERIMENTAL) | (arm == CONTROL)).any())
    group = str(study.groups.column)
    # One institution may hold one arm; and a word that is not explained yet may be an arm's.
    if some or any(word.column == group for word in words):
        told = [fault for fault in told if fault.code != "arm-empty"]
    asked = {(word.column, word.text) for word in words}
    told = [fault for fault in told if (_word_column(study, fault), tidy(fault.found or "")) not in asked]
    told = [_at_her_cell(fault) for fault in told]
    own = tuple(replace(fault, file=upload.file_name) for fault in told if fault.file == OWN)
    elsewhere = tuple(fault for fault in told if fault.file != OWN)
    rows: tuple[StudentRow, ...] = ()
    preview = None
    mended, notices = dict(table.sheet.mended), list(table.sheet.notices)
    notices += examined.assembly.notices if examined.assembly is not None else []
    if not words and not told and arm is not None:
        rows = tuple(accepted_rows(study, table.sheet, arm, choices))
        against = confirmed_upload(session, upload)
        before = rows_of(session, against) if against is not None else []
        left_out = {"erased": upload.counts.get("erased", 0) + _erased(session, upload)}
        preview = preview_of(rows, before, against.number if against is not None else 0, left_out)
    table.sheet.file = upload.file_name
    table.sheet.columns |= own_cells  # she is shown, and mends, what stands in her file
    return Review(
        number=upload.number,
        file_name=upload.file_name,
        institution=sender.institution,
        cohort=upload.cohort,
        made=upload.made,
        choices=choices,
        names=dict(upload.sheet["names"]),
        lacking=tuple(upload.sheet["lacking"]),
        words=tuple(words),
        faults=own,
        elsewhere=elsewhere,
        sheet=table.sheet,
        mended=mended,
        notices=tuple(
            replace(notice, message=notice.message.replace(OWN, upload.file_name))
            for notice in notices
            if notice.code in _HERS
        ),
        preview=preview,
        rows=rows,
        student_column=study.data.student,
        last_row=_last_row(own, table.sheet, group, upload.sheet["columns"]),
    )


def _at_her_cell(fault: Fault) -> Fault:
    """What differs between a file of the study and hers, at her cell: there it can be seen and mended."""
    others = list(fault.details.get("elsewhere", ()))
    hers = [row for file, row in others if file == OWN]
    if fault.file == OWN or not hers:
        return fault
    elsewhere = [(fault.file, fault.row), *(place for place in others if place[0] != OWN)]
    details = {**fault.details, "elsewhere": elsewhere}
    return replace(fault, file=OWN, sheet=None, row=hers[0], rows=tuple(hers[1:]), cell=None, details=details)


def _erased(session: Session, upload: Upload) -> int:
    """How many rows of a draft were erased since it was kept."""
    statement = select(func.count()).where(
        UploadRow.upload_number == upload.number, UploadRow.erased_event.is_not(None)
    )
    return session.scalar(statement) or 0


def _last_row(faults: Sequence[Fault], sheet: Sheet, group: str, own: Sequence[str]) -> int | None:
    """The row above totals and rows without a student or a group, where they are the last ones; ``own``: its columns.

    Some are without a student, or told as totals.
    """
    told = [fault for fault in faults if fault.code in ("rows-below", "summary-rows") and fault.row is not None]
    below = {row for fault in told for row in (fault.row or 0, *fault.rows)}
    rows = sheet.rows.tolist()
    # A word like "total" may stand in the students' column: such a row has no group.  Below totals stand signatures,
    # of which nothing may stand in the study's columns.
    columns = [group] if group in sheet.columns else own
    filled = set().union(*(_filled_rows(sheet, column) for column in columns))
    students = [row for row in rows if row not in below and row in filled]
    return int(students[-1]) if below and students and students[-1] < min(below) else None


def _filled_rows(sheet: Sheet, column: str) -> set[int]:
    """The rows that have anything in a column."""
    cells = distinct(sheet.columns[column])
    filled = np.array([bool(shown(value).strip()) for value in cells.values], dtype=bool)
    return {int(row) for row in sheet.rows[filled[cells.codes]]}


def _word_column(study: Study, fault: Fault) -> str | None:
    """The column under which a word of a fault's cell is explained."""
    outcome = next((one for one in study.outcomes if one.baseline == fault.column), None)
    return outcome.column if outcome is not None else fault.column


def confirmed_upload(session: Session, upload: Upload) -> Upload | None:
    """The upload of the same institution and cohort that counts now."""
    return session.scalars(
        select(Upload).where(
            Upload.institution_id == upload.institution_id, Upload.cohort == upload.cohort, Upload.state == CONFIRMED
        )
    ).first()


def rows_of(session: Session, upload: Upload) -> list[StudentRow]:
    """The accepted rows of an upload, without those that were erased."""
    statement = (
        select(UploadRow.row, UploadRow.student, UploadRow.arm, UploadRow.class_label, UploadRow.cells)
        .where(UploadRow.upload_number == upload.number, UploadRow.erased_event.is_(None))
        .order_by(UploadRow.row)
    )
    return [
        StudentRow(row, student, arm or "none", label, cells)
        for row, student, arm, label, cells in session.execute(statement)
    ]
