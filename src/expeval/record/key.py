"""The key of this installation: what hashes of personal data are keyed with, so that nobody can guess marks back.

A hash of a mark without a key says the mark: there are four of them to try.  The key is made once, stays on this
machine, readable by its owner alone, and is in no output; two machines have two keys.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

KEY_BYTES = 32
PLACE = "EXPEVAL_KEY_FILE"


def key_file() -> Path | None:
    """Where the key lies: ``EXPEVAL_KEY_FILE``, else ``expeval/key`` among the user's data; ``None`` without a home."""
    named = os.environ.get(PLACE)
    if named:
        return Path(named)
    try:
        folder = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    except RuntimeError:  # no home anywhere
        return None
    return Path(folder) / "expeval" / "key"


def installation_key() -> bytes | None:
    """The key, made where there is none; ``None`` where it can be neither read nor kept."""
    path = key_file()
    if path is None:
        return None
    try:
        return _kept(path) or _made(path)
    except OSError:
        return None


def key_name(key: bytes) -> str:
    """A name of the key by which two outputs can tell whether they share it; says nothing about the key."""
    return hashlib.blake2b(b"name of the key", key=key, digest_size=8).hexdigest()


def _kept(path: Path) -> bytes | None:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    return key if len(key) == KEY_BYTES else None


def _made(path: Path) -> bytes | None:
    """A new key, whole or not at all; of two processes that make one at a time, the first one's holds."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
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
    return _kept(path)
