"""One archive that a reviewer can rerun elsewhere: study, data with pseudonyms, results, software, two commands."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import expeval
from expeval.record.key import installation_key
from expeval.record.manifest import hash_file, lock_file
from expeval.record.writing import write_file
from expeval.results import hash_of_json
from expeval.review.archive import UnsafeArchive, packed, unpacked
from expeval.review.bundled_study import DATA, bundled_study
from expeval.review.output import (
    CannotVerify,
    Edited,
    beside_list,
    data_files,
    edited_files,
    read_output,
    store_hashes,
    stores_of,
)
from expeval.review.personal import Identifying, identifying_columns
from expeval.review.wheel import wheel_files, wheel_name
from expeval.scores.reading import read_scores
from expeval.study.plan import lock_name, lock_path
from expeval.study.reading import read_study

SCHEMA = "expeval-bundle/1"
ABOUT, STUDY, RESULTS, LOCK, README = "bundle.json", "study.toml", "results", "requirements.lock", "README.md"


class CannotBundle(Exception):
    """Why nothing was packed, in one sentence."""


class Identifies(CannotBundle):
    """Columns that would tell who a student is."""

    def __init__(self, columns: list[Identifying]) -> None:
        self.columns = columns
        told = "; ".join(f"{found.column} ({found.what})" for found in columns)
        super().__init__(
            f"not packed: a column of the data that the study uses would identify students: {told}. "
            "Leave it out of the study, or put a category in its place, and run again."
        )


@dataclass(frozen=True, slots=True)
class Bundle:
    """An archive that was written: where, and the columns in which pseudonyms stand."""

    path: Path
    files: int
    size: int
    pseudonyms: tuple[str, ...]


def bundle(folder: str | Path, out: str | Path | None = None) -> Bundle:
    """Pack what a run wrote with all that it takes to run it again.

    Parameters
    ----------
    folder
        What ``expeval run`` wrote, beside the study that it was made from.
    out
        The archive; ``NAME.bundle.zip`` in the working directory unless given, NAME the folder's.

    Raises
    ------
    CannotBundle
        Where files were edited after the run, study or data are not those of the run, or a column would identify
        students (:class:`Identifies`).
    expeval.review.output.CannotVerify
        Where there is no output of a run, or its study file is not there.
    expeval.faults.Faults
        Where the study can't be read any more.
    """
    place = Path(folder)
    manifest, results = read_output(place)
    study_file = place / str(manifest["study_file"])
    _require_unchanged(place, study_file, manifest, stores_of(place, manifest, results))
    study = read_study(study_file)
    scores = read_scores(study)
    _require_same(store_hashes(study, scores.sources, place), manifest, place)
    if found := identifying_columns(scores):
        raise Identifies(found)
    key = installation_key()
    if key is None:
        raise CannotBundle(
            "there is no key for pseudonyms: no home folder can be written to. Name a file for it in EXPEVAL_KEY_FILE."
        )
    packed_study = bundled_study(study, scores, key)
    files = {STUDY: packed_study.study.encode(), DATA: packed_study.data.encode()}
    files |= {f"{RESULTS}/{name}": (place / name).read_bytes() for name in ("manifest.json", *manifest["outputs"])}
    plan = lock_path(study_file)
    if lock_name(str(manifest["study_file"])) in manifest["hashes"]:
        files[lock_name(STUDY)] = plan.read_bytes()
    files |= _software(manifest)
    files[README] = _readme(study.study.title, packed_study.withheld, lock_name(STUDY) in files).encode()
    about = {
        "schema": SCHEMA,
        "expeval": expeval.__version__,
        "rewritten": packed_study.rewritten,
        "pseudonyms": packed_study.withheld,
        "files": _hashes(files),
    }
    files[ABOUT] = _sealed(about)
    path = Path(out) if out is not None else Path(f"{place.resolve().name}.bundle.zip")
    content = packed(files)
    write_file(path, content)
    return Bundle(path, len(files), len(content), packed_study.withheld)


def _require_unchanged(place: Path, study_file: Path, manifest: dict[str, Any], stores: frozenset[str]) -> None:
    edited = [file.file for file in edited_files(place, manifest) if file.what != "new"]
    if edited:
        raise CannotBundle(f"{', '.join(edited)} in {place} was changed after the run; run again first.")
    if not study_file.is_file():
        raise CannotVerify(f"the study file {manifest['study_file']}, from which {place} was made, is not there.")
    hashes = manifest["hashes"]
    plan = lock_name(str(manifest["study_file"]))
    # Of a plan that was locked after the run the report does not tell.
    names = [str(manifest["study_file"]), *(name for name in data_files(manifest) if name not in stores)]
    names += [plan] if plan in hashes or (place / plan).is_file() else []
    _require_same(
        {name: hash_file(place / name) if (place / name).is_file() else "" for name in names}, manifest, place
    )


def _require_same(hashes: dict[str, str], manifest: dict[str, Any], place: Path) -> None:
    changed = [name for name, sha256 in hashes.items() if sha256 != manifest["hashes"].get(name)]
    if changed:
        raise CannotBundle(f"{', '.join(changed)} is not what {place} was made from; run again first.")


def _software(manifest: dict[str, Any]) -> dict[str, bytes]:
    """Lock file and expeval itself; without a checkout the versions that ran, which is all that is known."""
    lock = lock_file()
    files = {f"software/{wheel_name()}": packed(wheel_files())}
    if lock is not None:
        return files | {LOCK: lock.read_bytes()}
    versions = {name: version for name, version in manifest["versions"].items() if name != "python"}
    return files | {LOCK: "".join(f"{name}=={version}\n" for name, version in sorted(versions.items())).encode()}


def _sealed(about: dict[str, Any]) -> bytes:
    return (
        json.dumps({**about, "seal": hash_of_json(about)}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    ).encode()


def _readme(title: str, pseudonyms: tuple[str, ...], locked: bool) -> str:
    hashes = " --require-hashes" if lock_file() is not None else ""
    columns = ", ".join(f"`{name}`" for name in pseudonyms)
    plan = f"- `{lock_name(STUDY)}`: the plan as it was locked, with every amendment\n" if locked else ""
    return f"""# {title}

A study that was evaluated with expeval {expeval.__version__}, packed so that anybody can run it again.

Two commands, on a machine with Python 3.11 or newer (BUNDLE.zip is this archive, DIR where it was unpacked):

```
python3 -m venv env && env/bin/pip install{hashes} -r DIR/{LOCK} \\
    && env/bin/pip install --no-deps DIR/software/{wheel_name()}
env/bin/expeval verify BUNDLE.zip
```

The second one answers in a line whether the same comes out, then number by number.

- `{RESULTS}/report.html`: the report; `{RESULTS}/results.json` and `{RESULTS}/estimates.csv`: every number of it
- `{STUDY}`, `{DATA}`: the study file and the data. In {columns} stand pseudonyms: hashes whose key has stayed where
  the bundle was made. Columns that the study does not use are left out, and so are the reasons for which SPSS and
  Stata files declare a value missing
{plan}- `{LOCK}`, `software/`: the versions that made the results, and expeval itself
- `{ABOUT}`: a hash of every file here

The data are about persons although nobody is named: treat them as such.
"""


# ------------------------------------------------------------------------------------------------ unpacking


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A bundle in a folder of its own that goes away, and what is wrong with its files."""

    results: Path
    study: Path
    rewritten: frozenset[str]
    edited: tuple[Edited, ...]


@contextmanager
def unpacked_bundle(path: Path) -> Iterator[Unpacked]:
    """Unpack a bundle for as long as it is verified; raises :class:`CannotVerify` for what is no bundle."""
    try:
        files = unpacked(path)
    except UnsafeArchive as reason:
        raise CannotVerify(f"{path} is not unpacked: {reason}.") from None
    about = _about(path, files)
    edited = _edited(files, about)
    with tempfile.TemporaryDirectory(prefix="expeval-") as folder:
        place = Path(folder)
        for name, content in files.items():
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        yield Unpacked(place / RESULTS, place / STUDY, frozenset(about["rewritten"]), edited)


def _about(path: Path, files: dict[str, bytes]) -> dict[str, Any]:
    try:
        about = json.loads(files[ABOUT])
        known = about["schema"] == SCHEMA and isinstance(about["files"], dict) and isinstance(about["rewritten"], list)
    except (KeyError, ValueError, TypeError, RecursionError):
        known, about = False, {}
    if not known or STUDY not in files or DATA not in files:
        raise CannotVerify(f"{path} is no bundle: it holds no {ABOUT}, {STUDY} or {DATA} that expeval bundle wrote.")
    return dict(about)


def _edited(files: dict[str, bytes], about: dict[str, Any]) -> tuple[Edited, ...]:
    sealed = about.get("seal") == hash_of_json({key: value for key, value in about.items() if key != "seal"})
    hashes = _hashes({name: content for name, content in files.items() if name in about["files"]})
    return beside_list(ABOUT, sealed, about["files"], hashes, [name for name in sorted(files) if name != ABOUT])


def _hashes(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
