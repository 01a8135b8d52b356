"""What the pages need to know of the place where they are served."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Settings:
    """How the pages are served.

    Attributes
    ----------
    address
        Where people find the pages, as ``https://cohorts.example.org``.
    secret
        What sessions and forms are signed with; it stays in the installation.
    max_bytes
        Of one file that is uploaded.
    https
        Whether people come by HTTPS: cookies then never travel without it.
    reports
        The folder of the runs that a coordinator starts; ``None``: she can start none.
    upload_seconds
        How long a file may travel.
    waiting_seconds
        How long a file is held while its sheet and columns are chosen.
    language
        The language of who does not ask for one.
    """

    address: str
    secret: bytes = field(repr=False)
    max_bytes: int = 20 * MEGABYTE
    https: bool = False
    reports: Path | None = None
    upload_seconds: float = 300.0
    waiting_seconds: float = 3600.0
    language: str = "en"

    @property
    def hosts(self) -> list[str]:
        """The names under which the pages may be asked for."""
        host = (urlsplit(self.address).hostname or "").lower()
        names = sorted(LOOPBACK) if host in LOOPBACK else [host]
        return [f"[{name}]" if ":" in name else name for name in names] + [name for name in names if ":" in name]


def secret_from(key: bytes) -> bytes:
    """The secret of the sessions, from the installation's key: people stay known when the pages are started anew."""
    return hmac.new(key, b"sessions of the pages", hashlib.sha256).digest()
