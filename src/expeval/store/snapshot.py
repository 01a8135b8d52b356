"""All accepted rows at one moment, in an order that does not depend on who delivered first, and their hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from expeval.store.open import Store
from expeval.store.schema import CONFIRMED, Event, Institution, Upload, UploadRow


@dataclass(frozen=True, slots=True)
class AcceptedRow:
    """A student as accepted: ``arm`` is ``experimental``, ``control``, ``other`` or ``none``; ``cells`` by column."""

    institution: str
    cohort: str
    upload: int
    row: int
    student: str | None
    arm: str
    class_label: str | None
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The accepted rows of one moment.

    Attributes
    ----------
    rows
        By institution, cohort and row of the file.
    sha256
        Of the rows; the same rows have the same hash in whatever order they were delivered.
    event
        The last event that it knows: ``take_snapshot(store, event)`` gives the same rows later, unless a student's
        data were erased meanwhile.
    uploads
        The numbers of the uploads that count.
    columns
        The study's columns that the uploads' files held.
    """

    rows: tuple[AcceptedRow, ...]
    sha256: str
    event: int
    uploads: tuple[int, ...]
    columns: frozenset[str]


def take_snapshot(store: Store, event: int | None = None) -> Snapshot:
    """All rows that count now, or that counted right after an event."""
    with store.reading() as session:
        return read_snapshot(session, event)


def read_snapshot(session: Session, event: int | None = None) -> Snapshot:
    """The same inside a transaction."""
    last = session.scalar(select(func.max(Event.number))) or 0
    counts = _counting(event)
    statement = (
        select(
            Institution.name,
            Upload.cohort,
            Upload.number,
            UploadRow.row,
            UploadRow.student,
            UploadRow.arm,
            UploadRow.class_label,
            UploadRow.cells,
        )
        .join(Upload, Upload.number == UploadRow.upload_number)
        .join(Institution, Institution.id == Upload.institution_id)
        .where(counts, UploadRow.erased_event.is_(None))
    )
    rows = [
        AcceptedRow(name, cohort, number, row, student, arm or "none", label, cells)
        for name, cohort, number, row, student, arm, label, cells in session.execute(statement)
    ]
    # Sorted here, because databases order letters in ways of their own.
    rows.sort(key=lambda row: (row.institution, row.cohort, row.row))
    uploads = session.execute(select(Upload.number, Upload.sheet).where(counts).order_by(Upload.number)).all()
    columns = frozenset(column for _, sheet in uploads for column in sheet.get("columns", ()))
    numbers = tuple(number for number, _ in uploads)
    return Snapshot(tuple(rows), hash_of_rows(rows), last if event is None else event, numbers, columns)


def _counting(event: int | None) -> ColumnElement[bool]:
    if event is None:
        return Upload.state == CONFIRMED
    ended = or_(Upload.ended_event.is_(None), Upload.ended_event > event)
    return and_(Upload.confirmed_event <= event, ended)


def hash_of_rows(rows: Iterable[AcceptedRow]) -> str:
    """SHA-256 over the rows; numbers of uploads, which depend on who came first, do not count."""
    digest = hashlib.sha256()
    for row in rows:
        facts = [row.institution, row.cohort, row.row, row.student, row.arm, row.class_label, row.cells]
        digest.update(canonical(facts) + b"\n")
    return digest.hexdigest()


def canonical(value: Any) -> bytes:
    """JSON with one spelling for one value."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "surrogatepass")
