"""Confirm a draft, once and for all, and the receipt for it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from expeval.cohorts.preview import ARMS, Preview
from expeval.cohorts.remembered import remember
from expeval.cohorts.reviewing import Review, confirmed_upload, review_in
from expeval.cohorts.sender import NotReady, Sender, upload_of
from expeval.cohorts.upload import ROWS_AT_ONCE, drop_rows
from expeval.store.open import Store
from expeval.store.records import note, now
from expeval.store.schema import (
    CONFIRMED,
    DISCARDED,
    DRAFT,
    SUPERSEDED,
    Institution,
    StudyRecord,
    Upload,
    UploadRow,
)
from expeval.study.spec import Study


class Outdated(ValueError):
    """What would be accepted, or what counts, is no longer what was shown; ``against`` counts now (0: none does)."""

    def __init__(self, against: int) -> None:
        self.against = against
        super().__init__("The draft, or the upload that counts now, was changed since you saw what would be accepted.")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was accepted; the same every time it is asked for.

    Attributes
    ----------
    number, study, institution, cohort, time
        The upload and when it was accepted (UTC).
    file_name, file_hash, content_hash
        The file, SHA-256 of its bytes, and of what was accepted of it.
    students, by_arm, left_out
        Counts of students; rows that count in neither arm, by reason.
    new, changed, gone
        Students against the upload that counted before, whose number is ``supersedes`` (``None``: there was none).
    """

    number: int
    study: str
    institution: str
    cohort: str
    file_name: str
    file_hash: str
    content_hash: str
    time: datetime
    students: int
    by_arm: Mapping[str, int]
    left_out: Mapping[str, int]
    new: int
    changed: int
    gone: int
    supersedes: int | None


def confirm(
    store: Store, study: Study, sender: Sender, number: int, seen: int | None = None, content: str | None = None
) -> Receipt:
    """Accept a draft.

    One transaction: the upload that counted before is superseded and this one counts, or nothing has changed.
    Repeated, it gives the same receipt; what is accepted already changes nothing and gives the earlier receipt.
    Of two at a time one waits.

    Parameters
    ----------
    seen, content
        ``against`` and ``content_hash`` of the preview that was shown; ``None``: it doesn't matter.

    Raises
    ------
    NotReady
        Where something has to be said or mended first, or the draft was discarded.
    Outdated
        Where another upload counts now than the one that the preview was against, or the draft was changed since.
    NoSuchUpload, CannotStore
    """
    with store.writing() as session:
        upload = upload_of(session, sender, number)
        # Databases other than SQLite let two write at a time: they wait for each other at the institution.
        session.get_one(Institution, upload.institution_id, with_for_update=True)
        if upload.state != DRAFT:
            return _receipt(session, upload)
        found = review_in(session, study, sender, upload)
        if found.preview is None:
            raise NotReady(f"Upload {number} can't be confirmed before everything in it is said and mended.")
        earlier = confirmed_upload(session, upload)
        if earlier is not None and found.preview.same:
            _same_again(session, upload, earlier, sender)
            return _receipt(session, earlier)
        if seen not in (None, found.preview.against) or content not in (None, found.preview.content_hash):
            raise Outdated(found.preview.against)
        _accept(session, upload, earlier, found, found.preview, sender)
        return _receipt(session, upload)


def _same_again(session: Session, upload: Upload, earlier: Upload, sender: Sender) -> None:
    drop_rows(session, upload)
    happened = note(session, "same-again", sender.actor, upload.institution_id, upload.number, same_as=earlier.number)
    upload.state, upload.same_as, upload.ended_event = DISCARDED, earlier.number, happened.number


def _accept(
    session: Session, upload: Upload, earlier: Upload | None, found: Review, preview: Preview, sender: Sender
) -> None:
    counts = _counts(preview)
    happened = note(session, "confirmed", sender.actor, upload.institution_id, upload.number, **counts)
    if earlier is not None:
        earlier.state, earlier.ended_event = SUPERSEDED, happened.number
        session.flush()  # two never count at the same time, not even inside the transaction
    session.execute(delete(UploadRow).where(UploadRow.upload_number == upload.number, UploadRow.erased_event.is_(None)))
    rows = [
        {
            "upload_number": upload.number,
            "row": row.row,
            "student": row.student,
            "arm": row.arm,
            "class_label": row.class_label,
            "cells": row.cells,
        }
        for row in found.rows
    ]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        session.execute(insert(UploadRow), rows[start : start + ROWS_AT_ONCE])
    upload.state, upload.confirmed, upload.confirmed_event = CONFIRMED, now(), happened.number
    upload.content_hash, upload.counts = preview.content_hash, counts
    upload.supersedes = earlier.number if earlier is not None else None
    remember(session, upload, found.choices, found.names)
    session.flush()


def _counts(preview: Preview) -> dict[str, Any]:
    by_arm: Counter[str] = Counter()
    for count in preview.counts:
        by_arm[count.arm] += count.students
    return {
        "students": preview.students,
        "by_arm": {arm: by_arm[arm] for arm in ARMS},
        "left_out": dict(preview.left_out),
        "new": len(preview.difference.new),
        "changed": len(preview.difference.changed),
        "gone": len(preview.difference.gone),
    }


def receipt(store: Store, sender: Sender, number: int) -> Receipt:
    """The receipt of an upload that was confirmed; raises :class:`NotReady`, :class:`NoSuchUpload`."""
    with store.reading() as session:
        return _receipt(session, upload_of(session, sender, number))


def same_file(store: Store, sender: Sender, cohort: str, data: bytes) -> Receipt | None:
    """The receipt of the upload that counts now, where it was made from a file of the same bytes."""
    with store.reading() as session:
        upload = session.scalars(
            select(Upload)
            .join(Institution, Institution.id == Upload.institution_id)
            .where(
                Institution.name == sender.institution,
                Upload.cohort == cohort,
                Upload.state == CONFIRMED,
                Upload.file_hash == hashlib.sha256(data).hexdigest(),
            )
        ).first()
        return None if upload is None else _receipt(session, upload)


def _receipt(session: Session, upload: Upload) -> Receipt:
    if upload.same_as is not None:
        upload = session.get_one(Upload, upload.same_as)
    if upload.state == DISCARDED:
        raise NotReady(f"Upload {upload.number} was replaced by a later file, or dropped, before it was confirmed.")
    if upload.confirmed is None or upload.content_hash is None:
        raise NotReady(f"Upload {upload.number} was not confirmed.")
    institution = session.get_one(Institution, upload.institution_id)
    counts = upload.counts
    return Receipt(
        number=upload.number,
        study=session.get_one(StudyRecord, institution.study_id).title,
        institution=institution.name,
        cohort=upload.cohort,
        file_name=upload.file_name,
        file_hash=upload.file_hash,
        content_hash=upload.content_hash,
        time=upload.confirmed,
        students=counts["students"],
        by_arm=counts["by_arm"],
        left_out=counts["left_out"],
        new=counts["new"],
        changed=counts["changed"],
        gone=counts["gone"],
        supersedes=upload.supersedes,
    )
