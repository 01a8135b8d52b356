"""Small acts that every use case shares: the study and its institutions, and the record of what happened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from expeval.store.schema import Event, Institution, StudyRecord


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def the_study(session: Session, title: str) -> StudyRecord:
    """The study of the store, noted with its first use."""
    found = session.scalars(select(StudyRecord).order_by(StudyRecord.id)).first()
    if found is None:
        found = StudyRecord(title=title, opened=now())
        session.add(found)
        session.flush()
    return found


def institution_of(session: Session, title: str, name: str) -> Institution:
    """An institution by its name, noted with its first use."""
    study = the_study(session, title)
    found = find_institution(session, name)
    if found is None:
        found = Institution(study_id=study.id, name=name)
        session.add(found)
        session.flush()
    return found


def find_institution(session: Session, name: str) -> Institution | None:
    """An institution by its name."""
    return session.scalars(select(Institution).where(Institution.name == name)).first()


def note(
    session: Session,
    kind: str,
    actor: str,
    institution: int | None = None,
    upload: int | None = None,
    **details: Any,
) -> Event:
    """Add to the record; ``details`` must hold nothing about a person."""
    happened = Event(
        time=now(), kind=kind, actor=actor, institution_id=institution, upload_number=upload, details=details
    )
    session.add(happened)
    session.flush()
    return happened
