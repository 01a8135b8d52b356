"""Withdraw an upload, and erase one student: both on the record."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from expeval.cohorts.sender import NotReady, Sender, upload_of
from expeval.cohorts.upload import pseudonym_of
from expeval.store.open import Store
from expeval.store.pseudonyms import EVERY_COHORT, Pseudonyms
from expeval.store.records import find_institution, note
from expeval.store.schema import CONFIRMED, DRAFT, WITHDRAWN, Correction, Erasure, Upload, UploadRow
from expeval.study.spec import Study


@dataclass(frozen=True, slots=True)
class Erased:
    """Rows and uploads in which a student stood; the student is not taken again."""

    rows: int
    uploads: int


def withdraw(store: Store, sender: Sender, number: int) -> None:
    """Let an upload count no more; nothing is deleted, and the upload that it superseded does not come back.

    Raises :class:`NotReady` for an upload that does not count anyway, :class:`NoSuchUpload`.
    """
    with store.writing() as session:
        upload = upload_of(session, sender, number)
        if upload.state == WITHDRAWN:
            return
        if upload.state != CONFIRMED:
            raise NotReady(f"Upload {number} does not count: it is {upload.state}.")
        happened = note(session, "withdrawn", sender.actor, upload.institution_id, number)
        upload.state, upload.ended_event = WITHDRAWN, happened.number


def erase_student(
    store: Store, pseudonyms: Pseudonyms, study: Study, sender: Sender, identifier: str, cohort: str | None = None
) -> Erased:
    """Erase a student's data from all uploads of an institution, whatever their state.

    The rows stay, empty; the record says how many there were and when, not whose.  Files that name the student
    later have that row left out.  Backups that were made before are not reached.

    Parameters
    ----------
    identifier
        As the institution's files write it.
    cohort
        One cohort alone; all of the institution's without it.

    Raises
    ------
    LookupError
        Where no upload of the institution has the student; nothing is then noted.
    """
    with store.writing() as session:
        institution = find_institution(session, sender.institution)
        if institution is None:
            raise LookupError("There is no such institution in the store.")
        cohorts = set(session.scalars(select(Upload.cohort).where(Upload.institution_id == institution.id)))
        named = [
            pseudonym_of(study, pseudonyms, sender.institution, one, identifier)
            for one in sorted(cohorts)
            if cohort is None or one == cohort
        ]
        students = [student for student in named if student is not None]
        found = _rows_of(session, institution.id, frozenset(students))
        if not found:
            raise LookupError("No upload of this institution has that student.")
        erased = Erased(len(found), len({row.upload_number for row in found}))
        happened = note(
            session, "student-erased", sender.actor, institution.id, rows=erased.rows, uploads=erased.uploads
        )
        if cohort is None:
            always = pseudonym_of(study, pseudonyms, sender.institution, EVERY_COHORT, identifier)
            students += [always] if always is not None else []
        for student in students:
            key = (institution.id, pseudonyms.erased(student))
            if session.get(Erasure, key) is None:
                session.add(Erasure(institution_id=key[0], student_hash=key[1], event_number=happened.number))
        for row in found:
            session.execute(
                update(Correction)
                .where(Correction.upload_number == row.upload_number, Correction.row == row.row)
                .values(given={})
            )
            row.student, row.arm, row.class_label, row.cells = None, None, None, {}
            row.erased_event = happened.number
    store.tidy()
    return erased


def _rows_of(session: Session, institution: int, students: frozenset[str]) -> list[UploadRow]:
    """The rows of a student in all uploads, by what was mended last; nothing else keeps her pseudonym either."""
    uploads = select(Upload.number).where(Upload.institution_id == institution)
    rows = {
        (row.upload_number, row.row): row
        for row in session.scalars(
            select(UploadRow).where(UploadRow.student.in_(students), UploadRow.upload_number.in_(uploads))
        )
    }
    drafts = set(session.scalars(uploads.where(Upload.state == DRAFT)))
    mended: dict[tuple[int, int], str | None] = {}
    statement = select(Correction).where(Correction.upload_number.in_(uploads)).order_by(Correction.number)
    for correction in session.scalars(statement):
        student = correction.given.get("student")
        if "student" in correction.given and correction.upload_number in drafts:
            mended[correction.upload_number, correction.row] = student
        if student in students:
            correction.given = {}
    for place, student in mended.items():
        row = session.get(UploadRow, place)
        if row is not None and student in students:
            rows[place] = row
        elif place in rows:  # another student's, since it was mended
            rows.pop(place).student = None
    return list(rows.values())
