"""Personal links: random, shown once, kept as a hash, expiring and revocable."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select

from expeval.cohorts.sender import Sender
from expeval.faults import nearest
from expeval.scores.institutions import read_institutions
from expeval.scores.roles import missing_values
from expeval.scores.spelling import tidy
from expeval.store.open import Store
from expeval.store.records import institution_of, note, now, the_study
from expeval.store.schema import Institution, Invitation
from expeval.study.spec import Study

TOKEN_BYTES = 24  # 192 bits: nobody guesses one
DAYS = 30
LONGEST_DAYS = 366
LARGEST = 2**31  # no link has a number beyond; databases know no larger ones
Role = Literal["teacher", "coordinator"]

_NOBODY = hashlib.sha256(b"no invitation").hexdigest()


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation; ``token`` is here and nowhere else."""

    number: int
    token: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """An invitation without its token: whose it is, what it is for, how it fares."""

    number: int
    role: Role
    institution: str | None
    name: str
    made: datetime
    expires: datetime
    revoked: datetime | None
    opened: datetime | None

    @property
    def sender(self) -> Sender:
        """Who acts with it, for the use cases of a teacher."""
        if self.institution is None:
            raise LookupError("A coordinator's link is for no institution.")
        return Sender(self.institution, self.number)


class NoSuchLink(LookupError):
    """The link does not hold: the same whether it never was, expired or was revoked."""

    def __init__(self) -> None:
        super().__init__("This link does not hold.")


def invite(
    store: Store, study: Study, name: str, institution: str | None, days: int = DAYS, actor: str = "command"
) -> Invited:
    """Make a link for a person: a teacher of an institution, or a coordinator where it is ``None``."""
    # As labels in files are read: a name pasted with other spaces is the same institution.
    name = tidy(name)
    institution = None if institution is None else tidy(institution)
    if not name or institution == "":
        raise ValueError("a name is empty")
    if not name.isprintable() or not (institution or "").isprintable():
        raise ValueError("a name holds signs that can't be seen")
    if not 1 <= days <= LONGEST_DAYS:
        raise ValueError(f"a link holds from 1 to {LONGEST_DAYS} days")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    role: Role = "coordinator" if institution is None else "teacher"
    with store.writing() as session:
        the_study(session, study.study.title)
        unit = None if institution is None else institution_of(session, study.study.title, institution).id
        made = now()
        invitation = Invitation(
            institution_id=unit,
            role=role,
            name=name,
            token_hash=_hash(token),
            made=made,
            expires=made + timedelta(days=days),
        )
        session.add(invitation)
        session.flush()
        note(session, "invited", actor, unit, invitation=invitation.number, role=role)
        return Invited(invitation.number, token, invitation.expires)


def known_institution(study: Study, name: str) -> None:
    """Raise ``LookupError`` for an institution that the study's file of institutions, where there is one, lacks."""
    if not study.data.institutions:
        return
    table = read_institutions(study, missing_values(study), [])
    if table is not None and table.complete and tidy(name) not in table.records:
        near = nearest(name, table.records)
        meant = f" Did you mean {near}?" if near is not None else ""
        raise LookupError(f"The study's file of institutions has no row for {name}.{meant}")


def follow(store: Store, token: str) -> Link:
    """The invitation of a token; raises :class:`NoSuchLink` alike for an unknown, an expired and a revoked one."""
    hashed = _hash(token)
    with store.reading() as session:
        statement = (
            select(Invitation, Institution.name)
            .outerjoin(Institution, Institution.id == Invitation.institution_id)
            .where(Invitation.token_hash == hashed)
        )
        found = session.execute(statement).first()
        # The same steps for every token: what differs is only known at the end.
        same = hmac.compare_digest(_NOBODY if found is None else found[0].token_hash, hashed)
        if found is None or not (same and holds(found[0])):
            raise NoSuchLink
        link = _link(*found)
    if link.opened is None:
        _opened(store, link.number)
    return link


def holds(link: Link | Invitation) -> bool:
    """Whether a link could be followed now."""
    return link.revoked is None and link.expires > now()


def still_holds(store: Store, number: int) -> Link:
    """The invitation of a session that followed its link before; raises :class:`NoSuchLink`."""
    with store.reading() as session:
        invitation = session.get(Invitation, number)
        if invitation is None or not holds(invitation):
            raise NoSuchLink
        unit = None if invitation.institution_id is None else session.get_one(Institution, invitation.institution_id)
        return _link(invitation, None if unit is None else unit.name)


def _opened(store: Store, number: int) -> None:
    with store.writing() as session:
        invitation = session.get_one(Invitation, number)
        if invitation.opened is None:
            invitation.opened = now()
            note(session, "link-opened", f"invitation {number}", invitation.institution_id)


def revoke(store: Store, number: int, actor: str = "command") -> None:
    """Let a link hold no more; raises ``LookupError`` where there is no such number."""
    with store.writing() as session:
        invitation = session.get(Invitation, number) if 0 < number < LARGEST else None
        if invitation is None:
            raise LookupError(f"There is no invitation number {number}.")
        if invitation.revoked is None:
            invitation.revoked = now()
            note(session, "revoked", actor, invitation.institution_id, invitation=number)


def links(store: Store) -> list[Link]:
    """All invitations, in order."""
    with store.reading() as session:
        statement = (
            select(Invitation, Institution.name)
            .outerjoin(Institution, Institution.id == Invitation.institution_id)
            .order_by(Invitation.number)
        )
        return [_link(*found) for found in session.execute(statement)]


def _link(invitation: Invitation, institution: str | None) -> Link:
    return Link(
        number=invitation.number,
        role="coordinator" if invitation.role == "coordinator" else "teacher",
        institution=institution,
        name=invitation.name,
        made=invitation.made,
        expires=invitation.expires,
        revoked=invitation.revoked,
        opened=invitation.opened,
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
