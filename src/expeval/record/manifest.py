"""The manifest: what made a set of results, so that somebody else can make them again.

Nothing in it tells who ran the program or where: no user, no host, no absolute path.  Two runs of the same inputs
differ in ``made`` alone.
"""

from __future__ import annotations

import hashlib
import locale
import os
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import expeval
from expeval.results import FlowRow, Manifest
from expeval.study.plan import lock_path

if TYPE_CHECKING:
    from expeval.results import Results
    from expeval.scores.table import Source
    from expeval.study.spec import Study

CODE = "expeval/"
LOCK = "requirements.lock"
PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "pingouin",
    "matplotlib",
    "pydantic",
    "jinja2",
    "openpyxl",
    "python-calamine",
)


def make_manifest(
    study: Study,
    sources: Iterable[Source],
    results: Results,
    out: Path | None = None,
    started: datetime | None = None,
    fingerprint: dict[str, Any] | None = None,
) -> Manifest:
    """Describe what made ``results``.

    Parameters
    ----------
    study
        The study as read; its ``path`` is hashed, its seed is recorded.
    sources
        The files that were read; hashed here where reading has not done it.
    results
        What goes out, small cells already suppressed: the counts of left-out rows are taken from here.
    out
        The folder that the results are written into.  Paths are relative to it, without it to the study's folder.
    started
        When the run began; now unless given.  ``SOURCE_DATE_EPOCH`` overrides both.
    fingerprint
        The table that was read, in hashes keyed with this installation's key: it stands in ``made``, because
        another installation has another key.
    """
    folder = study.path.absolute().parent
    start = folder if out is None else out.absolute()
    study_file = relative(study.path, start)
    hashes = {study_file: hash_file(study.path), CODE: hash_code()}
    for source in sources:
        path = folder / source.file
        hashes[relative(path, start)] = source.sha256 or hash_file(path)
    made: dict[str, Any] = {
        "time": moment(started).isoformat(timespec="seconds"),
        "locale": locale.setlocale(locale.LC_CTYPE),
    }
    if fingerprint is not None:
        made["table"] = fingerprint
    plan = lock_path(study.path)
    if plan.is_file():
        hashes[relative(plan, start)] = hash_file(plan)
    lock = lock_file()
    if lock is not None:
        hashes[LOCK] = hash_file(lock)
    return Manifest(
        expeval=expeval.__version__,
        command=f"expeval run {study_file}",
        study_file=study_file,
        hashes=hashes,
        versions=versions(),
        platform={"system": platform.system(), "machine": platform.machine(), "blas": _blas()[0]},
        seed=study.inference.seed,
        threads=_blas()[1],
        left_out=left_out(results.flow),
        made=made,
    )


def relative(path: Path, start: Path) -> str:
    """``path`` as seen from ``start``, in POSIX form; the bare name where the two share nothing but the root.

    A relative path that climbs to the root and down again would tell as much of this machine as an absolute one.
    """
    own, seen_from = Path(os.path.abspath(path)), Path(os.path.abspath(start))
    if own.drive != seen_from.drive or os.path.commonpath([own, seen_from]) == own.anchor:
        return own.name
    return Path(os.path.relpath(own, seen_from)).as_posix()


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hashes_of(files: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 of texts as they are written (UTF-8), by file name."""
    return {name: hashlib.sha256(text.encode("utf-8")).hexdigest() for name, text in sorted(files.items())}


def hash_code() -> str:
    """SHA-256 over the names and contents of every file of the package that runs."""
    root = Path(expeval.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*"), key=lambda path: path.relative_to(root).as_posix()):
        if path.is_file() and path.suffix not in (".pyc", ".pyo"):
            digest.update(f"{path.relative_to(root).as_posix()}\0{hash_file(path)}\n".encode())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """The versions of Python and of the libraries that numbers and figures come from."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def left_out(flow: Iterable[FlowRow]) -> dict[str, int | None]:
    """``"outcome, arm: reason"`` to the rows left out; ``None`` where the count is suppressed."""
    return {f"{row.outcome}, {row.arm}: {reason}": n for row in flow for reason, n in row.left_out.items()}


def lock_file() -> Path | None:
    """The lock file of the checkout that runs; ``None`` where expeval was installed from a wheel."""
    # src/expeval/ lies two folders below the lock in a checkout; a wheel has none.
    lock = Path(expeval.__file__).parents[2] / LOCK
    return lock if lock.is_file() else None


def _blas() -> tuple[str, int]:
    """The linear algebra libraries that are loaded, and the threads that they may use now."""
    from threadpoolctl import threadpool_info

    # numpy and scipy may bring one each, and nothing orders them.
    pools = sorted(
        (f"{pool.get('internal_api')} {pool.get('version')}", int(pool["num_threads"]))
        for pool in threadpool_info()
        if pool.get("user_api") == "blas"
    )
    return (", ".join(dict.fromkeys(name for name, _ in pools)), pools[0][1]) if pools else ("unknown", 1)


def moment(started: datetime | None = None) -> datetime:
    """``SOURCE_DATE_EPOCH`` where it is set, else ``started``, else now; in UTC."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdecimal():
        return datetime.fromtimestamp(int(epoch), UTC)
    return (started or datetime.now(UTC)).astimezone(UTC)
