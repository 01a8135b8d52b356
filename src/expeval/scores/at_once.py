"""Work on parts of a large table, on all processors at once: numpy lets other threads run while it computes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Other = TypeVar("Other")

LARGE = 2**23  # bytes of a file below which threads cost more than they gain


def each(work: Callable[[Item], Answer], items: Sequence[Item], size: int) -> list[Answer]:
    """``work`` of each item, in the items' order; some at once where the file of ``size`` bytes is large."""
    threads = min(len(items), _processors())
    if threads < 2 or size < LARGE:
        return [work(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def both(work: Callable[[], Answer], other: Callable[[], Other], size: int) -> tuple[Answer, Other]:
    """Two works' answers, at once where the file of ``size`` bytes is large."""
    if _processors() < 2 or size < LARGE:
        return work(), other()
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(other)
        return work(), beside.result()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
