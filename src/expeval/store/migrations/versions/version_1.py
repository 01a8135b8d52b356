"""Version 1: the first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None

_NEVER_DELETED = ("event", "upload", "erasure")


def upgrade() -> None:
    """Make the tables of an empty store."""
    op.create_table("meta", sa.Column("name", sa.String, primary_key=True), _text("value"))
    op.create_table("study", _id("id"), _text("title"), _time("opened"))
    op.create_table(
        "institution",
        _id("id"),
        _number("study_id", "study.id"),
        _text("name"),
        sa.UniqueConstraint("study_id", "name", name="one_institution_a_name"),
    )
    op.create_table(
        "invitation",
        _id("number"),
        _number("institution_id", "institution.id", nullable=True),
        _text("role"),
        _text("name"),
        sa.Column("token_hash", sa.String, nullable=False, unique=True),
        _time("made"),
        _time("expires"),
        _time("revoked", nullable=True),
        _time("opened", nullable=True),
    )
    op.create_table(
        "event",
        _id("number"),
        _time("time"),
        _text("kind"),
        _text("actor"),
        _number("institution_id", "institution.id", nullable=True),
        sa.Column("upload_number", sa.Integer, nullable=True),
        _json("details"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "upload",
        _id("number"),
        _number("institution_id", "institution.id"),
        _text("cohort"),
        _number("invitation_number", "invitation.number", nullable=True),
        _text("file_name"),
        _text("file_hash"),
        _text("content_hash", nullable=True),
        _text("state"),
        _time("made"),
        _time("confirmed", nullable=True),
        _json("choices"),
        _json("sheet"),
        _json("counts"),
        _number("supersedes", "upload.number", nullable=True),
        _number("same_as", "upload.number", nullable=True),
        _number("confirmed_event", "event.number", nullable=True),
        _number("ended_event", "event.number", nullable=True),
    )
    op.create_index("ix_upload_institution_id", "upload", ["institution_id"])
    confirmed = sa.text("state = 'confirmed'")
    op.create_index(
        "one_confirmed_upload",
        "upload",
        ["institution_id", "cohort"],
        unique=True,
        sqlite_where=confirmed,
        postgresql_where=confirmed,
    )
    op.create_table(
        "upload_row",
        sa.Column("upload_number", sa.Integer, sa.ForeignKey("upload.number"), primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True),
        _text("student", nullable=True),
        _text("arm", nullable=True),
        _text("class_label", nullable=True),
        _json("cells"),
        _number("erased_event", "event.number", nullable=True),
    )
    op.create_index("ix_upload_row_student", "upload_row", ["student"])
    op.create_table(
        "correction",
        _id("number"),
        _number("upload_number", "upload.number"),
        sa.Column("row", sa.Integer, nullable=False),
        _text("column"),
        _json("given"),
        _time("made"),
    )
    op.create_index("ix_correction_upload_number", "correction", ["upload_number"])
    op.create_table(
        "mapping",
        sa.Column("institution_id", sa.Integer, sa.ForeignKey("institution.id"), primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("column", sa.String, primary_key=True),
        sa.Column("found", sa.String, primary_key=True),
        _json("meaning"),
        _number("upload_number", "upload.number"),
    )
    op.create_table(
        "erasure",
        sa.Column("institution_id", sa.Integer, sa.ForeignKey("institution.id"), primary_key=True),
        sa.Column("student_hash", sa.String, primary_key=True),
        _number("event_number", "event.number"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _guard()
    op.execute("INSERT INTO meta (name, value) VALUES ('version', '1')")


def _guard() -> None:
    """The database itself refuses to delete what is on the record, and to change an event."""
    for table in _NEVER_DELETED:
        op.execute(
            f"CREATE TRIGGER {table}_is_kept BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
        )
    op.execute(
        "CREATE TRIGGER event_stays BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'event is only added to'); END"
    )


def _id(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, primary_key=True)


def _number(name: str, of: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, sa.ForeignKey(of), nullable=nullable)


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=nullable)


def _time(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime, nullable=nullable)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON, nullable=False)
