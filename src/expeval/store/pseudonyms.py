"""Students become keyed hashes before anything is stored; the key lies beside the store and never in it.

Without the key nobody can try identifiers until one fits; with it the same student of a cohort keeps the same
pseudonym, so that a later upload can be compared.  Identifiers need to be unique inside one institution and cohort
only: list numbers of two schools are different students.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from expeval.store.failures import CannotStore
from expeval.store.open import Store
from expeval.store.schema import Meta

KEY_BYTES = 32
LETTERS = 32  # of a pseudonym: 128 bits
EVERY_COHORT = "\0every cohort"  # by which a student is known in cohorts that nobody has uploaded yet; no label has it


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """The key of a store; it is in no output and in no ``repr``."""

    key: bytes = field(repr=False)

    def student(self, institution: str, cohort: str, identifier: str) -> str:
        """A student's pseudonym, from the identifier as the study reads it."""
        return self._hash("student", institution, cohort, identifier)

    def erased(self, pseudonym: str) -> str:
        """By which a student whose data were erased is known again, without keeping the pseudonym."""
        return self._hash("erased", pseudonym)

    @property
    def name(self) -> str:
        """By which the store knows its key; says nothing about it."""
        return self._hash("name of the key")

    def _hash(self, *parts: str) -> str:
        # A list in JSON, because the parts one after the other could be cut elsewhere.
        text = json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return hmac.new(self.key, text, hashlib.sha256).hexdigest()[:LETTERS]


def key_place(store: Store, beside: Path | None = None) -> Path:
    """Where the key lies: beside the store, for a database elsewhere beside ``beside`` (the study file)."""
    if store.path is not None:
        return store.path.with_name(f"{store.path.name}.key")
    if beside is None:
        raise CannotStore(f"the store {store.name}: it is not said where its key lies.")
    return beside.with_name(f"{beside.stem}.store.key")


def open_pseudonyms(store: Store, beside: Path | None = None) -> Pseudonyms:
    """The store's pseudonyms; the key is made with the store's first use.

    Raises
    ------
    CannotStore
        Where the key is missing although the store was used with one, is another store's, or others may read it.
    """
    path = key_place(store, beside)
    with store.reading() as session:
        known = session.get(Meta, "key") is not None
    try:
        key = _kept(path)
        if key is None and not known:
            key = _made(path)
    except OSError as error:
        if isinstance(error, CannotStore):
            raise
        raise CannotStore(f"the key {path.name} can't be read or made: {error.strerror}.") from None
    if key is None:
        raise CannotStore(
            f"the key {path.name} of the store {store.name} is missing; put it back from your backup. "
            "With another key nobody would be recognised."
        )
    pseudonyms = Pseudonyms(key)
    if known:
        with store.reading() as session:
            _check(session, pseudonyms, path, store)
        return pseudonyms
    with store.writing() as session:
        if session.get(Meta, "key") is None:
            session.add(Meta(name="key", value=pseudonyms.name))
        else:
            _check(session, pseudonyms, path, store)
    return pseudonyms


def _check(session: Session, pseudonyms: Pseudonyms, path: Path, store: Store) -> None:
    known = session.get_one(Meta, "key").value
    if not hmac.compare_digest(known, pseudonyms.name):
        raise CannotStore(f"the key {path.name} is not that of the store {store.name}.")


def _kept(path: Path) -> bytes | None:
    try:
        with path.open("rb") as stream:
            if os.name == "posix" and stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
                raise CannotStore(f"others may read the key {path.name}; take that from them: chmod 600 {path.name}.")
            key = stream.read()
    except FileNotFoundError:
        return None
    if len(key) != KEY_BYTES:
        raise CannotStore(f"the key {path.name} is damaged; put it back from your backup.")
    return key


def _made(path: Path) -> bytes | None:
    """A new key, whole or not at all; of two processes that make one at a time, the first one's holds."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(secrets.token_bytes(KEY_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return _kept(path)
