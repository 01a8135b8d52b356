"""Let teachers upload at once and compare what is stored with what was sent.

    python uploads_at_once.py [TEACHERS [STUDENTS]]

Each goes her whole way, from the link to the receipt, at pages in a process of their own.  Anything that is lost or
mixed is an error; printed are the times from the first page to the receipt, and what the pages answered meanwhile to
somebody who only looks.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "web"))

import httpx
from test_load import check_all, upload_all


class Watcher:
    """Somebody who asks for a small page all the time."""

    def __init__(self) -> None:
        self.address = ""
        self.waits: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self, address: str) -> None:
        """Begin to look."""
        self.address = address
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        with httpx.Client(base_url=self.address, timeout=60) as client:
            while not self._stop.is_set():
                began = time.perf_counter()
                client.get("/i/nothing").raise_for_status()
                self.waits.append(time.perf_counter() - began)
                time.sleep(0.02)


def main() -> int:
    """Upload, compare, print."""
    teachers = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    students = int(sys.argv[2]) if len(sys.argv) > 2 else 25
    with tempfile.TemporaryDirectory() as folder:
        watcher, times = Watcher(), []
        began = time.perf_counter()
        receipts = upload_all(Path(folder), teachers, students, watcher.start, times.append)
        took = time.perf_counter() - began
        watcher.end()
        check_all(Path(folder), receipts, students)
        size = (Path(folder) / "cohorts.db").stat().st_size
    print(f"{teachers} teachers at once, {students} to {students + 6} students each: nothing lost, nothing mixed")
    print(f"all together: {took:.1f} s")
    print(f"from link to receipt: median {statistics.median(times):.1f} s, longest {max(times):.1f} s")
    waits = sorted(watcher.waits)
    print(f"a small page meanwhile: median {1000 * statistics.median(waits):.0f} ms, longest {1000 * waits[-1]:.0f} ms")
    print(f"store: {size / 2**20:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
