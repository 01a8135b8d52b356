"""Tables of the store.

Nothing that was accepted is ever deleted: an upload that is superseded or withdrawn stays and says by which event
it ended, and the events are only added to.  What identifies a person never gets here: students are keyed hashes
(:mod:`expeval.store.pseudonyms`), of an invitation there is a hash of its token.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from sqlalchemy import JSON, DateTime, ForeignKey, Index, String, TypeDecorator, UniqueConstraint, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

VERSION = 1  # of the tables; each migration raises it by one

State = Literal["draft", "confirmed", "superseded", "withdrawn", "discarded"]
DRAFT: State = "draft"
CONFIRMED: State = "confirmed"
SUPERSEDED: State = "superseded"
WITHDRAWN: State = "withdrawn"
DISCARDED: State = "discarded"

_CONFIRMED_ONLY = text("state = 'confirmed'")


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; databases without time zones keep it without one."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Keep a moment as UTC."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give a moment with its time zone."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """What all tables share."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Moment, dict[str, Any]: JSON, str: String}


class Meta(Base):
    """Facts about the store itself: ``version``, ``written_by``, ``key`` (the name of its key of pseudonyms)."""

    __tablename__ = "meta"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class StudyRecord(Base):
    """The study that the uploads are for."""

    __tablename__ = "study"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    opened: Mapped[datetime]


class Institution(Base):
    """An institution that was invited or delivered; its name is the label of the institution column."""

    __tablename__ = "institution"
    __table_args__ = (UniqueConstraint("study_id", "name", name="one_institution_a_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    name: Mapped[str]


class Invitation(Base):
    """A personal link: a hash of its token, whose it is, until when it holds.  Coordinators have no institution."""

    __tablename__ = "invitation"

    number: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))
    role: Mapped[str]
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    made: Mapped[datetime]
    expires: Mapped[datetime]
    revoked: Mapped[datetime | None]
    opened: Mapped[datetime | None]


class Upload(Base):
    """A file that was uploaded.

    ``choices`` are the teacher's (sheet, columns, words), ``sheet`` what was detected in the file, ``counts`` what
    the receipt says.  ``confirmed_event`` and ``ended_event`` are the events between which its rows count.
    ``same_as`` is the upload that was there already where a draft brought nothing new.
    """

    __tablename__ = "upload"
    __table_args__ = (
        # Whatever a program does wrong, two uploads of one institution and cohort never count at the same time.
        Index(
            "one_confirmed_upload",
            "institution_id",
            "cohort",
            unique=True,
            sqlite_where=_CONFIRMED_ONLY,
            postgresql_where=_CONFIRMED_ONLY,
        ),
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    cohort: Mapped[str]
    invitation_number: Mapped[int | None] = mapped_column(ForeignKey("invitation.number"))
    file_name: Mapped[str]
    file_hash: Mapped[str]
    content_hash: Mapped[str | None]
    state: Mapped[str]
    made: Mapped[datetime]
    confirmed: Mapped[datetime | None]
    choices: Mapped[dict[str, Any]]
    sheet: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]]
    supersedes: Mapped[int | None] = mapped_column(ForeignKey("upload.number"))
    same_as: Mapped[int | None] = mapped_column(ForeignKey("upload.number"))
    confirmed_event: Mapped[int | None] = mapped_column(ForeignKey("event.number"))
    ended_event: Mapped[int | None] = mapped_column(ForeignKey("event.number"))


class UploadRow(Base):
    """A student's row of an upload; ``cells`` are the columns that the study uses, as JSON values.

    Of a draft ``cells`` are as the file has them and ``arm`` is empty; of what was confirmed they are as the study
    reads them.  ``erased_event``: the row of a student whose data were erased; nothing but its number is left.
    """

    __tablename__ = "upload_row"

    upload_number: Mapped[int] = mapped_column(ForeignKey("upload.number"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)
    student: Mapped[str | None] = mapped_column(index=True)
    arm: Mapped[str | None]
    class_label: Mapped[str | None]
    cells: Mapped[dict[str, Any]]
    erased_event: Mapped[int | None] = mapped_column(ForeignKey("event.number"))


class Correction(Base):
    """A cell that was mended on the page; of several of one cell the last one holds."""

    __tablename__ = "correction"

    number: Mapped[int] = mapped_column(primary_key=True)
    upload_number: Mapped[int] = mapped_column(ForeignKey("upload.number"), index=True)
    row: Mapped[int]
    column: Mapped[str]
    given: Mapped[dict[str, Any]]
    made: Mapped[datetime]


class Mapping(Base):
    """What an institution chose in its last confirmed upload: a column's name there, what a word stands for."""

    __tablename__ = "mapping"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)  # column | word
    column: Mapped[str] = mapped_column(primary_key=True)
    found: Mapped[str] = mapped_column(primary_key=True)
    meaning: Mapped[dict[str, Any]]
    upload_number: Mapped[int] = mapped_column(ForeignKey("upload.number"))


class Erasure(Base):
    """A student whose data were erased and are not taken again: a hash of the pseudonym."""

    __tablename__ = "erasure"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    student_hash: Mapped[str] = mapped_column(primary_key=True)
    event_number: Mapped[int] = mapped_column(ForeignKey("event.number"))


class Event(Base):
    """Something that happened, without personal data; only added to."""

    __tablename__ = "event"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(primary_key=True)
    time: Mapped[datetime]
    kind: Mapped[str]
    actor: Mapped[str]
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))
    upload_number: Mapped[int | None]
    details: Mapped[dict[str, Any]]
