"""Ratios of time and peak memory on the same data in the same run: medians, warm, one BLAS thread."""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

HERE = Path(__file__).parent
REPETITIONS = 5
# Works shorter than this many seconds are repeated five times as often.
SHORT = 0.2
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")

Work = Callable[[], object]

# Loads the data, works once on a small piece (imports, compilers), then asks for the peak that the work adds.
# Linux counts the parent's peak in ru_maxrss of a child, so that there the peak of the program itself is read.
MEMORY = """
import importlib, pathlib, resource, sys
import numpy as np
from threadpoolctl import threadpool_limits

def peak():
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)

module, name, small, large = sys.argv[1:]
bench = importlib.import_module(module)
with threadpool_limits(1):
    bench.PEERS[name](dict(np.load(small)))()
    work = bench.PEERS[name](dict(np.load(large)))
    before = peak()
    work()
print(peak() - before)
"""


def installed(*packages: str) -> bool:
    """Whether the peers can be imported; says so where one can't."""
    missing = [package for package in packages if find_spec(package) is None]
    for package in missing:
        print(f"{package} is not installed: not compared")
    return not missing


def describe_machine(*packages: str) -> None:
    """Print processors, versions and load: without them a figure means nothing."""
    print(f"# {processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}")
    print(f"# {', '.join(f'{package} {_version(package)}' for package in ('numpy', 'scipy', *packages))}")
    print_load()


def print_load() -> None:
    """Print the other load beside which was measured (this process adds one)."""
    print(f"# load of the machine: {load()}", flush=True)


def load() -> str:
    """Load averages of 1, 5 and 15 minutes, where the system tells them."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def medians(works: Mapping[str, Work], repetitions: int = REPETITIONS) -> dict[str, float]:
    """Median seconds of each work, after a first run that is not counted; the works take turns."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    with threadpool_limits(1):
        # The first run imports and compiles, the second tells how long one takes.
        firsts = {name: min(_seconds(work), _seconds(work)) for name, work in works.items()}
        counts = {name: repetitions if first > SHORT else 5 * repetitions for name, first in firsts.items()}
        for turn in range(max(counts.values())):
            for name, work in works.items():
                if turn < counts[name]:
                    taken[name].append(_seconds(work))
    return {name: statistics.median(values) for name, values in taken.items()}


def peak_memory(module: str, name: str, small: Mapping[str, object], large: Mapping[str, object]) -> float:
    """Megabytes that a peer's work adds at its peak, in a process of its own.

    ``PEERS[name]`` of the module takes the data, a mapping of arrays, and returns the work.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("small.npz", "large.npz")]
        for path, data in zip(paths, (small, large), strict=True):
            np.savez(path, **data)  # type: ignore[arg-type]
        command = [sys.executable, "-W", "ignore", "-c", MEMORY, module, name, *map(str, paths)]
        done = subprocess.run(
            command, cwd=HERE, capture_output=True, text=True, check=True, env=os.environ | ONE_THREAD
        )
    return float(done.stdout.split()[-1]) / 1024.0


def print_ratios(
    label: str,
    taken: Mapping[str, float],
    against: Mapping[str, Sequence[str]],
    memory: Mapping[str, float] | None = None,
) -> None:
    """One line a work: its median, what it adds to memory, and how many times ours it takes (``against``)."""
    memory = memory or {}
    for name, value in taken.items():
        line = f"{label:<22} {name:<32} {1e3 * value:>10.2f} ms"
        line += f" {memory[name]:>7.1f} MB" if name in memory else " " * 11
        line += "".join(f"  {value / taken[ours]:>8.2f} x {ours}" for ours in against.get(name, ()) if ours in taken)
        print(line.rstrip(), flush=True)


@cache
def rscript() -> str | None:
    """Where Rscript is; says so where it isn't."""
    found = shutil.which("Rscript")
    if found is None:
        print("Rscript is not here: not compared with R")
    return found


def seconds_in_r(question: str, columns: Mapping[str, object], repetitions: int = REPETITIONS) -> dict[str, float]:
    """Medians that peers.R measures on the same rows, by the work's name; empty without R."""
    program = rscript()
    if program is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        table = np.column_stack([np.asarray(column, dtype=np.float64) for column in columns.values()])
        np.savetxt(path, table, "%.17g", ",", header=",".join(columns), comments="")
        command = [program, str(HERE / "peers.R"), question, str(path), str(repetitions)]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | ONE_THREAD)
    if done.returncode:
        print(f"R could not: {done.stderr.strip().splitlines()[-1:]}")
        return {}
    return {name: float(value) for name, value in (line.split("\t") for line in done.stdout.splitlines())}


def subprocess_seconds(commands: Mapping[str, Sequence[str]], repetitions: int = REPETITIONS) -> dict[str, float]:
    """Median seconds of whole commands."""
    return medians({name: partial(_run, command) for name, command in commands.items()}, repetitions)


def command_costs(command: Sequence[str], repetitions: int = REPETITIONS) -> tuple[float, float]:
    """Median processor seconds of a whole command and the megabytes that it holds at its peak (not on Windows).

    Processor time tells more than a clock does where other work keeps the machine busy.
    """
    # In a process of its own: the system tells the peak of all children together.
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, capture_output=True); "
    code += "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
    code += "print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
    works = [
        subprocess.run([sys.executable, "-c", code, *command], check=True, capture_output=True, text=True)
        for _ in range(repetitions)
    ]
    seconds, peaks = zip(*(map(float, work.stdout.split()) for work in works), strict=True)
    return statistics.median(seconds), max(peaks) / (2**20 if sys.platform == "darwin" else 2**10)


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _seconds(work: Work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
