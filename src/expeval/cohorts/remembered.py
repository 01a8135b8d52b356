"""What an institution chose in its last confirmed uploads, so that nobody has to choose it again."""

from __future__ import annotations

from collections.abc import Mapping as Table

from sqlalchemy import select
from sqlalchemy.orm import Session

from expeval.cohorts.choices import Choices
from expeval.cohorts.sender import Sender
from expeval.store.open import Store
from expeval.store.schema import Institution, Mapping, Upload
from expeval.study.spec import Scalar

COLUMN, WORD = "column", "word"


def columns(store: Store, sender: Sender) -> dict[str, str]:
    """The study's column -> the institution's name of it."""
    with store.reading() as session:
        return columns_in(session, sender)


def columns_in(session: Session, sender: Sender) -> dict[str, str]:
    """The same inside a transaction."""
    return {row.column: row.found for row in _rows(session, sender, COLUMN)}


def words_in(session: Session, sender: Sender) -> dict[str, dict[str, Scalar]]:
    """The study's column -> the institution's word -> what it stands for."""
    found: dict[str, dict[str, Scalar]] = {}
    for row in _rows(session, sender, WORD):
        found.setdefault(row.column, {})[row.found] = row.meaning["value"]
    return found


def remember(session: Session, upload: Upload, choices: Choices, names: Table[str, str]) -> None:
    """Keep what was chosen for a confirmed upload; ``names``: the study's columns and the file's."""
    for column, theirs in names.items():
        for row in session.scalars(
            select(Mapping).where(
                Mapping.institution_id == upload.institution_id, Mapping.kind == COLUMN, Mapping.column == column
            )
        ):
            session.delete(row)
        session.flush()
        _keep(session, upload, COLUMN, column, theirs, {})
    for column, words in choices.words.items():
        for word, meaning in words.items():
            _keep(session, upload, WORD, column, word, {"value": meaning})


def _keep(session: Session, upload: Upload, kind: str, column: str, found: str, meaning: dict[str, Scalar]) -> None:
    key = {"institution_id": upload.institution_id, "kind": kind, "column": column, "found": found}
    row = session.get(Mapping, key)
    if row is None:
        session.add(Mapping(**key, meaning=meaning, upload_number=upload.number))
    else:
        row.meaning, row.upload_number = meaning, upload.number


def _rows(session: Session, sender: Sender, kind: str) -> list[Mapping]:
    statement = (
        select(Mapping)
        .join(Institution, Institution.id == Mapping.institution_id)
        .where(Institution.name == sender.institution, Mapping.kind == kind)
    )
    return list(session.scalars(statement))
