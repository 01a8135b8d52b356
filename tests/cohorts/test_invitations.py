"""A link is random, shown once, kept as a hash; one that does not hold says the same whatever it was."""

from __future__ import annotations

from datetime import timedelta

import pytest

from expeval.cohorts import invitations
from expeval.cohorts.invitations import NoSuchLink, follow, invite, links, revoke, still_holds
from expeval.store.records import now


def test_a_link_is_long_and_only_its_hash_is_kept(house) -> None:
    made = invite(house.store, house.study, "Anna", "School 7")
    assert len(made.token) >= 128 / 6
    house.store.close()
    assert made.token.encode() not in house.stored()
    link = follow(house.store, made.token)
    assert (link.role, link.institution, link.name, link.sender.institution) == (
        "teacher", "School 7", "Anna", "School 7",
    )  # fmt: skip
    assert link.sender.actor == f"invitation {made.number}"
    assert len({invite(house.store, house.study, "Anna", "School 7").token for _ in range(50)}) == 50


def test_unknown_expired_and_revoked_are_alike(house, monkeypatch: pytest.MonkeyPatch) -> None:
    revoked = invite(house.store, house.study, "Anna", "School 7")
    expired = invite(house.store, house.study, "Olga", "School 7", days=1)
    holds = invite(house.store, house.study, "Vera", "School 7", days=30)
    revoke(house.store, revoked.number)
    revoke(house.store, revoked.number)
    monkeypatch.setattr(invitations, "now", lambda: now() + timedelta(days=1, seconds=1))
    said = []
    for token in ("", "x" * 32, revoked.token, expired.token, holds.token[:-1], holds.token + "x", "\ud800"):
        with pytest.raises(NoSuchLink) as refused:
            follow(house.store, token)
        said.append((type(refused.value), refused.value.args))
    assert len(set(said)) == 1
    assert follow(house.store, holds.token).name == "Vera"
    assert still_holds(house.store, holds.number).name == "Vera"
    for number in (revoked.number, expired.number, 999):
        with pytest.raises(NoSuchLink):
            still_holds(house.store, number)


def test_that_a_link_was_opened_is_noted_once(house) -> None:
    made = invite(house.store, house.study, "Anna", "School 7")
    assert [link.opened for link in links(house.store)] == [None]
    first = follow(house.store, made.token)
    follow(house.store, made.token)
    (link,) = links(house.store)
    assert link.opened is not None
    assert first.number == link.number


def test_a_coordinator_has_no_institution_s_uploads(house) -> None:
    made = invite(house.store, house.study, "Head", None)
    link = follow(house.store, made.token)
    assert (link.role, link.institution) == ("coordinator", None)
    with pytest.raises(LookupError):
        _ = link.sender


@pytest.mark.parametrize(("name", "institution", "days"), [("", "S", 1), ("A", " ", 1), ("A", "S", 0), ("A", "S", 400)])
def test_what_makes_no_invitation_is_refused(house, name: str, institution: str, days: int) -> None:
    with pytest.raises(ValueError, match=r"empty|days"):
        invite(house.store, house.study, name, institution, days)
    assert links(house.store) == []


def test_a_link_that_nobody_has_can_t_be_revoked(house) -> None:
    with pytest.raises(LookupError):
        revoke(house.store, 1)


def test_names_are_kept_as_files_are_read(house) -> None:
    made = invite(house.store, house.study, "Anna\u00a0P.", " School\u00a0 7")
    assert (follow(house.store, made.token).institution, follow(house.store, made.token).name) == (
        "School 7",
        "Anna P.",
    )
    for name, institution in (("A\x1b[31m", "School 7"), ("Anna", "School\x07")):
        with pytest.raises(ValueError, match="can't be seen"):
            invite(house.store, house.study, name, institution)


@pytest.mark.parametrize("number", [-1, 0, 2**31, 10**20])
def test_a_number_that_no_link_has_is_told(house, number: int) -> None:
    with pytest.raises(LookupError, match="no invitation number"):
        revoke(house.store, number)
