"""Pseudonyms: the same student the same, nobody's without the key, and the key in nobody's hands."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expeval.store.failures import CannotStore
from expeval.store.open import Store, open_store
from expeval.store.pseudonyms import Pseudonyms, key_place, open_pseudonyms

PARTS = st.tuples(st.text(), st.text(), st.text())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "cohorts.db", create=True)
    yield opened
    opened.close()


@given(one=PARTS, other=PARTS)
def test_two_students_share_a_pseudonym_only_if_all_is_the_same(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    pseudonyms = Pseudonyms(b"k" * 32)
    assert (pseudonyms.student(*one) == pseudonyms.student(*other)) == (one == other)
    assert pseudonyms.student(*one) != Pseudonyms(b"l" * 32).student(*one)


def test_a_pseudonym_is_hmac_sha256_of_what_is_written() -> None:
    import hashlib
    import hmac

    text = '["student", "Школа 7", "2026", "Иванов"]'.encode()
    expected = hmac.new(b"k" * 32, text, hashlib.sha256).hexdigest()[:32]
    assert Pseudonyms(b"k" * 32).student("Школа 7", "2026", "Иванов") == expected


def test_the_key_lies_beside_the_store_and_not_in_it(store: Store) -> None:
    pseudonyms = open_pseudonyms(store)
    key = key_place(store)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_bytes() == pseudonyms.key
    assert open_pseudonyms(store) == pseudonyms
    assert pseudonyms.key.hex() not in repr(pseudonyms)
    for path in key.parent.glob("cohorts.db*"):
        if path != key:
            assert pseudonyms.key not in path.read_bytes()


def test_a_lost_key_is_not_replaced(store: Store) -> None:
    open_pseudonyms(store)
    key_place(store).unlink()
    with pytest.raises(CannotStore, match="is missing; put it back"):
        open_pseudonyms(store)
    assert not key_place(store).exists()


def test_another_store_s_key_is_refused(store: Store) -> None:
    open_pseudonyms(store)
    key_place(store).write_bytes(os.urandom(32))
    with pytest.raises(CannotStore, match="is not that of the store"):
        open_pseudonyms(store)


def test_a_key_that_others_may_read_is_refused(store: Store) -> None:
    open_pseudonyms(store)
    key_place(store).chmod(0o644)
    with pytest.raises(CannotStore, match="others may read"):
        open_pseudonyms(store)


def test_a_damaged_key_is_refused(store: Store) -> None:
    open_pseudonyms(store)
    key_place(store).write_bytes(b"short")
    with pytest.raises(CannotStore, match="damaged"):
        open_pseudonyms(store)
