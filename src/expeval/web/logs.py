"""The log: one JSON object a line, with what was asked for as a kind of page.  No names, tokens, addresses, values."""

from __future__ import annotations

import json
import logging
import secrets
import time
from datetime import UTC, datetime
from typing import TextIO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG = logging.getLogger("expeval.web")


class AsJson(logging.Formatter):
    """A record as a JSON object; of an exception its type and where it was raised, never what it says."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage() if record.name.startswith("expeval") else _first_line(record),
            **getattr(record, "facts", {}),
        }
        if record.exc_info is not None and record.exc_info[1] is not None:
            line |= _raised(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _first_line(record: logging.LogRecord) -> str:
    return record.getMessage().partition("\n")[0][:200]


def _raised(error: BaseException) -> dict[str, object]:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('/site-packages/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return {"error": type(error).__name__, "where": frames[-8:]}


def start_log(stream: TextIO, level: int = logging.INFO) -> None:
    """Write the log of the pages and of the server to a stream."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(AsJson())
    for name in ("expeval.web", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(level if name == "expeval.web" else logging.WARNING)


class Logged:
    """Log every request: which kind of page, by which invitation, how it ended and how long it took."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve and log."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        request = secrets.token_hex(4)
        scope.setdefault("state", {})["request"] = request

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            # The route's pattern, not the path: that may hold a token or what somebody made up.
            route = getattr(scope.get("route"), "path", None)
            visitor = scope["state"].get("visitor")
            facts = {
                "request": request,
                "method": scope["method"] if scope["method"] in ("GET", "HEAD", "POST") else "other",
                "page": route or "none",
                "status": status or "broken off",
                "milliseconds": round(1000 * (time.perf_counter() - began)),
            }
            if visitor is not None:
                facts["invitation"] = visitor.invitation
            LOG.info("request", extra={"facts": facts})
