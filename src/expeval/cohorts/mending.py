"""What a teacher says and mends while her file is a draft: words, cells, where the students end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from expeval.cohorts.choices import MISSING, NEITHER, Choices
from expeval.cohorts.sender import NotReady, Sender, upload_of
from expeval.cohorts.upload import is_erased, pseudonym_of
from expeval.store.open import Store
from expeval.store.pseudonyms import Pseudonyms
from expeval.store.records import now
from expeval.store.schema import DRAFT, Correction, Institution, Upload, UploadRow
from expeval.study.spec import Scalar, Study

LONGEST_CELL = 1000


def settle(
    store: Store, sender: Sender, number: int, last_row: int | None = None, decimal: Literal[".", ","] | None = None
) -> None:
    """Say which row holds the last student, or which sign is the decimal one; all other choices need the file again."""
    if last_row is not None and last_row < 1:
        raise ValueError("rows are counted from 1")
    with store.writing() as session:
        upload = _draft(session, sender, number)
        choices = Choices.from_json(upload.choices)
        upload.choices = replace(
            choices, last_row=last_row or choices.last_row, decimal=decimal or choices.decimal
        ).as_json()


def answer(store: Store, study: Study, sender: Sender, number: int, words: Mapping[str, Mapping[str, Scalar]]) -> None:
    """Say what words stand for: the study's column -> the file's word -> its meaning.  ``ValueError``: not allowed."""
    for column, meanings in words.items():
        for meaning in meanings.values():
            _check_meaning(study, column, meaning)
    with store.writing() as session:
        upload = _draft(session, sender, number)
        choices = Choices.from_json(upload.choices)
        kept = {column: {**choices.words.get(column, {}), **meanings} for column, meanings in words.items()}
        upload.choices = replace(choices, words={**choices.words, **kept}).as_json()


def ask_again(store: Store, sender: Sender, number: int) -> None:
    """Forget what the words of a draft stand for: they are asked again."""
    with store.writing() as session:
        upload = _draft(session, sender, number)
        upload.choices = replace(Choices.from_json(upload.choices), words={}).as_json()


def _check_meaning(study: Study, column: str, meaning: Scalar) -> None:
    if column == study.groups.column:
        allowed = meaning in ("experimental", "control", NEITHER)
    else:
        outcome = next((one for one in study.outcomes if one.column == column), None)
        levels = outcome.levels if outcome is not None else ()
        number = isinstance(meaning, (int, float)) and not isinstance(meaning, bool)
        allowed = outcome is not None and (meaning == MISSING or (meaning in levels if levels else number))
    if not allowed:
        raise ValueError(f"{column}: {meaning!r} is no meaning that the study allows")


def mend(
    store: Store, pseudonyms: Pseudonyms, study: Study, sender: Sender, number: int, row: int, column: str, text: str
) -> None:
    """Put a text into one cell of a draft, as if it stood in the file; an identifier becomes a pseudonym at once."""
    with store.writing() as session:
        _mend(session, pseudonyms, study, sender, number, (row, column, text))


def mend_several(
    store: Store,
    pseudonyms: Pseudonyms,
    study: Study,
    sender: Sender,
    number: int,
    cells: Iterable[tuple[int, str, str]],
) -> tuple[int, int]:
    """Mend cells (row, column, text) in one transaction; gives how many were, and how many were refused."""
    mended = refused = 0
    with store.writing() as session:
        for cell in cells:
            try:
                _mend(session, pseudonyms, study, sender, number, cell)
                mended += 1
            except NotReady:
                raise
            except ValueError:  # too long, no such cell, or a student whose data were erased
                refused += 1
    return mended, refused


def _mend(
    session: Session, pseudonyms: Pseudonyms, study: Study, sender: Sender, number: int, cell: tuple[int, str, str]
) -> None:
    row, column, text = cell
    text = text.strip()
    if len(text) > LONGEST_CELL:
        raise ValueError("the text is too long for a cell")
    upload = _draft(session, sender, number)
    if session.get(UploadRow, (number, row)) is None or column not in upload.sheet["columns"]:
        raise ValueError("there is no such cell")
    given: dict[str, Any]
    if column == study.data.student:
        student = pseudonym_of(study, pseudonyms, sender.institution, upload.cohort, text) if text else None
        if student and is_erased(session, study, pseudonyms, sender, upload, text):
            raise ValueError("the data of that student were erased and are not taken again")
        given = {"student": student}
    else:
        given = {"cell": text or None}
    session.add(Correction(upload_number=number, row=row, column=column, given=given, made=now()))


def open_drafts(store: Store, sender: Sender) -> list[int]:
    """The sender's own drafts, the latest first: where she left off."""
    with store.reading() as session:
        statement = (
            select(Upload.number)
            .join(Institution, Institution.id == Upload.institution_id)
            .where(
                Institution.name == sender.institution,
                Upload.state == DRAFT,
                Upload.invitation_number.is_(None)
                if sender.invitation is None
                else Upload.invitation_number == sender.invitation,
            )
            .order_by(Upload.number.desc())
        )
        return list(session.scalars(statement))


def _draft(session: Session, sender: Sender, number: int) -> Upload:
    upload = upload_of(session, sender, number)
    if upload.state != DRAFT:
        raise NotReady(f"Upload {number} is no draft any more.")
    return upload
