"""What a command is doing just now, in one line on the terminal; silent where nobody watches."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def step_shown() -> Iterator[Callable[[str], None] | None]:
    """Give a function that shows a step's words on standard error, or ``None`` where that is no terminal."""
    if not (sys.stderr and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status("") as status:
        yield lambda words: status.update(escape(words))
