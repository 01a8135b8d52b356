"""Who uploads, and for which institution: what every use case is given, so that nobody reaches another's uploads."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from expeval.store.schema import Institution, Upload


@dataclass(frozen=True, slots=True)
class Sender:
    """The institution whose uploads are meant, and who acts: an invitation, or a command where there is none."""

    institution: str
    invitation: int | None = None

    @property
    def actor(self) -> str:
        """As the record names who acts."""
        return "command" if self.invitation is None else f"invitation {self.invitation}"


class NoSuchUpload(LookupError):
    """The institution has no upload of that number; the same for another institution's as for none at all."""

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no upload number {number}.")


class NotReady(ValueError):
    """A draft that can't be confirmed yet, or an upload that is no draft any more."""


def upload_of(session: Session, sender: Sender, number: int) -> Upload:
    """An upload of the sender's institution; raises :class:`NoSuchUpload`."""
    found = session.scalars(
        select(Upload)
        .join(Institution, Institution.id == Upload.institution_id)
        .where(Upload.number == number, Institution.name == sender.institution)
        .with_for_update(of=Upload)
    ).first()
    if found is None:
        raise NoSuchUpload(number)
    return found
