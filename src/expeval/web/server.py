"""Serve the pages: one process, bounded in connections and patience, that ends with what is in flight ended."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import Counter
from typing import Any, ClassVar

import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from expeval.web.settings import LOOPBACK

MOST_CONNECTIONS = 500
MOST_OF_ONE = 100  # connections of one address; a proxy on this computer, which is one, has limits itself
MOST_HEADERS = 32 * 1024  # bytes of a request's head
HEAD_SECONDS = 10.0  # in which a request's head must have come
IDLE_SECONDS = 15  # between two requests of one connection
GRACE_SECONDS = 30  # for what is in flight when the pages are stopped


class PatientProtocol(H11Protocol):
    """HTTP that closes a connection whose request does not begin, or whose head does not end, in time."""

    _open: ClassVar[Counter[str]] = Counter()
    _watch: asyncio.TimerHandle | None = None
    _last: Any = None
    _peer = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Watch it from now on, or close it where its address has too many."""
        super().connection_made(transport)
        self._peer = self.client[0] if self.client is not None else ""
        self._open[self._peer] += 1
        if self._open[self._peer] > MOST_OF_ONE and not is_loopback(self._peer):
            transport.abort()
            return
        self._later()

    def connection_lost(self, exc: Exception | None) -> None:
        """Watch it no more."""
        if self._watch is not None:
            self._watch.cancel()
        self._open[self._peer] -= 1
        if not self._open[self._peer]:
            del self._open[self._peer]
        super().connection_lost(exc)

    def _later(self) -> None:
        self._watch = self.loop.call_later(HEAD_SECONDS, self._look)

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        waits = self.cycle is None or self.cycle.response_complete
        # Idle between requests has a limit of its own; a head that was begun and does not end has this one.
        stuck = waits and self.cycle is self._last and self.conn.their_state in (h11.IDLE, h11.ERROR)
        if stuck and (self.cycle is None or self.conn.trailing_data[0]):
            self.transport.close()
            return
        self._last = self.cycle
        self._later()


def is_loopback(host: str) -> bool:
    """Whether nobody but this computer reaches a host."""
    try:
        return host in LOOPBACK or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """A socket that waits for visitors; raises ``OSError`` where the port is taken or not allowed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=256)


def serve(application: Starlette, listener: socket.socket) -> None:
    """Serve until a signal asks to stop: nobody new is let in, what is in flight ends or is rolled back."""
    config = uvicorn.Config(
        application,
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        access_log=False,  # addresses of links hold tokens; the application's own log does without them
        log_config=None,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=MOST_HEADERS,
    )
    uvicorn.Server(config).run(sockets=[listener])
