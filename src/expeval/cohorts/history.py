"""All uploads of an institution, and who delivered what: nothing of it is about a student."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from expeval.cohorts.sender import Sender
from expeval.store.open import Store
from expeval.store.schema import CONFIRMED, DISCARDED, DRAFT, Erasure, Event, Institution, Invitation, Upload, UploadRow


@dataclass(frozen=True, slots=True)
class Uploaded:
    """An upload in the history; ``ended`` is when it was superseded, withdrawn or discarded.

    ``students`` and ``by_arm`` are what was accepted; ``erased`` are the rows of it that were erased since.
    """

    number: int
    institution: str
    cohort: str
    file_name: str
    state: str
    made: datetime
    confirmed: datetime | None
    ended: datetime | None
    students: int | None
    by_arm: Mapping[str, int]
    supersedes: int | None
    content_hash: str | None
    erased: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """An institution and a cohort: ``state`` is ``delivered``, ``being-mended`` or ``missing``.

    ``students`` are those that were accepted; ``erased`` are the rows that were erased since.
    """

    institution: str
    cohort: str
    state: str
    students: int | None
    time: datetime | None
    upload: int | None
    opened: bool
    erased: int = 0


@dataclass(frozen=True, slots=True)
class Happened:
    """An entry of the record."""

    number: int
    time: datetime
    kind: str
    actor: str
    institution: str | None
    upload: int | None
    details: Mapping[str, Any]


def history(store: Store, sender: Sender | None = None, discarded: bool = False) -> list[Uploaded]:
    """The uploads of an institution, of all without ``sender``, the latest first; discarded drafts where asked for."""
    with store.reading() as session:
        statement = (
            select(Upload, Institution.name, Event.time)
            .join(Institution, Institution.id == Upload.institution_id)
            .outerjoin(Event, Event.number == Upload.ended_event)
            .order_by(Upload.number.desc())
        )
        if sender is not None:
            statement = statement.where(Institution.name == sender.institution)
        if not discarded:
            statement = statement.where(Upload.state != DISCARDED)
        erased = _erased(session)
        return [
            _uploaded(upload, name, ended, erased.get(upload.number, 0))
            for upload, name, ended in session.execute(statement)
        ]


def _erased(session: Session) -> dict[int, int]:
    """How many rows of each upload were erased since it was accepted."""
    if session.scalar(select(Erasure.event_number).limit(1)) is None:
        return {}  # as nearly always: no need to go through all rows
    statement = (
        select(UploadRow.upload_number, func.count())
        .join(Upload, Upload.number == UploadRow.upload_number)
        .where(UploadRow.erased_event > Upload.confirmed_event)
        .group_by(UploadRow.upload_number)
    )
    return {number: count for number, count in session.execute(statement)}  # noqa: C416 – a row is no tuple


def _uploaded(upload: Upload, name: str, ended: datetime | None, erased: int) -> Uploaded:
    return Uploaded(
        number=upload.number,
        institution=name,
        cohort=upload.cohort,
        file_name=upload.file_name,
        state=upload.state,
        made=upload.made,
        confirmed=upload.confirmed,
        ended=ended if upload.ended_event is not None else None,
        students=upload.counts.get("students"),
        by_arm=upload.counts.get("by_arm", {}),
        supersedes=upload.supersedes,
        content_hash=upload.content_hash,
        erased=erased,
    )


def deliveries(store: Store, cohorts: tuple[str, ...] = ()) -> list[Delivery]:
    """Every institution that was invited or delivered, with every cohort: what is there, what is missing.

    ``cohorts`` are those that are expected, besides those that were delivered.
    """
    with store.reading() as session:
        names = sorted(session.scalars(select(Institution.name)))
        opened, erased = _opened(session), _erased(session)
        statement = (
            select(Institution.name, Upload)
            .join(Upload, Upload.institution_id == Institution.id)
            .where(Upload.state.in_([CONFIRMED, DRAFT]))
            .order_by(Upload.number)
        )
        latest: dict[tuple[str, str], Upload] = {}
        for name, upload in session.execute(statement):
            known = latest.get((name, upload.cohort))
            if known is None or known.state != CONFIRMED or upload.state == CONFIRMED:
                latest[name, upload.cohort] = upload
        every = sorted({*cohorts, *(cohort for _, cohort in latest)}) or [""]
        return [
            _delivery(name, cohort, latest.get((name, cohort)), name in opened, erased)
            for name in names
            for cohort in every
        ]


def _opened(session: Session) -> set[str]:
    statement = (
        select(Institution.name)
        .join(Invitation, Invitation.institution_id == Institution.id)
        .where(Invitation.opened.is_not(None))
    )
    return set(session.scalars(statement))


def _delivery(name: str, cohort: str, upload: Upload | None, opened: bool, erased: Mapping[int, int]) -> Delivery:
    if upload is None:
        return Delivery(name, cohort, "missing", None, None, None, opened)
    if upload.state == DRAFT:
        return Delivery(name, cohort, "being-mended", None, upload.made, upload.number, opened)
    return Delivery(
        name,
        cohort,
        "delivered",
        upload.counts["students"],
        upload.confirmed,
        upload.number,
        opened,
        erased.get(upload.number, 0),
    )


def events(store: Store) -> list[Happened]:
    """The record, the latest last."""
    with store.reading() as session:
        statement = (
            select(Event, Institution.name)
            .outerjoin(Institution, Institution.id == Event.institution_id)
            .order_by(Event.number)
        )
        return [
            Happened(one.number, one.time, one.kind, one.actor, name, one.upload_number, one.details)
            for one, name in session.execute(statement)
        ]
