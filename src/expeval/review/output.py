"""What a run left in a folder: its manifest, its results, and which of its files somebody edited since."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from expeval.record.manifest import hash_file, relative
from expeval.results import seal_of
from expeval.scores.table import Source
from expeval.study.plan import lock_name
from expeval.study.spec import Study

MANIFEST = "manifest.json"
VERIFICATION = "verification.html"  # what verify itself may have left beside the report


class CannotVerify(Exception):
    """There is nothing to verify, or not what it needs; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Edited:
    """A file of the output that is not what the run wrote: ``changed``, ``gone``, or ``new`` (nobody's)."""

    file: str
    what: Literal["changed", "gone", "new"]


def read_output(place: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Manifest and results of a run, as they stand there now."""
    if not place.exists():
        raise CannotVerify(f"{place} is not there.")
    found = []
    for name in (MANIFEST, "results.json"):
        try:
            content = json.loads((place / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise CannotVerify(
                f"{place} holds no {name}: it is no output of expeval run, or not a whole one."
            ) from None
        except NotADirectoryError:
            raise CannotVerify(f"{place} is neither a folder that expeval run wrote nor a bundle.") from None
        except (ValueError, RecursionError):
            raise CannotVerify(f"{place / name} can't be read: it was edited, or cut off.") from None
        if not isinstance(content, dict) or not _is_ours(name, content):
            raise CannotVerify(f"{place / name} was not written by expeval run.")
        found.append(content)
    return found[0], found[1]


def _is_ours(name: str, content: Mapping[str, Any]) -> bool:
    schema = str(content.get("schema", ""))
    if name == MANIFEST:
        return schema.startswith("expeval-manifest/") and all(
            isinstance(content.get(key), kind)
            for key, kind in (
                ("study_file", str),
                ("hashes", dict),
                ("outputs", dict),
                ("versions", dict),
                ("made", dict),
            )
        )
    return schema.startswith("expeval-results/") and isinstance(content.get("study"), dict)


def edited_files(place: Path, manifest: Mapping[str, Any]) -> tuple[Edited, ...]:
    """Which files beside the manifest are not those that the run wrote, the manifest itself among them."""
    sealed = manifest["made"].get("seal") == seal_of(dict(manifest))
    there = {path.relative_to(place).as_posix(): path for path in sorted(place.rglob("*")) if path.is_file()}
    listed = {name: hash_file(there[name]) for name in manifest["outputs"] if name in there}
    strangers = [name for name in there if name not in (MANIFEST, VERIFICATION)]
    return beside_list(MANIFEST, sealed, manifest["outputs"], listed, strangers)


def beside_list(
    name_of_list: str, sealed: bool, listed: Mapping[str, str], hashes: Mapping[str, str], there: Iterable[str]
) -> tuple[Edited, ...]:
    """Files that are not as a list of hashes says, the list itself among them where its seal is broken.

    Parameters
    ----------
    listed
        File -> SHA-256 then.
    hashes
        File -> SHA-256 now, of the listed files that are there.
    there
        Every file that should be listed.
    """
    found = [] if sealed else [Edited(name_of_list, "changed")]
    for name, sha256 in sorted(listed.items()):
        if name not in hashes:
            found.append(Edited(name, "gone"))
        elif hashes[name] != sha256:
            found.append(Edited(name, "changed"))
    return (*found, *(Edited(name, "new") for name in there if name not in listed))


def stores_of(place: Path, manifest: Mapping[str, Any], results: Mapping[str, Any]) -> frozenset[str]:
    """The store of uploads, as the manifest names it: its hash is that of the rows that counted, not of a file."""
    folder = (place / str(manifest["study_file"])).parent
    stores = [row for row in results.get("sources") or () if isinstance(row, dict) and row.get("role") == "store"]
    return frozenset(relative(folder / str(row.get("file")), place) for row in stores)


def store_hashes(study: Study, sources: Iterable[Source], place: Path) -> dict[str, str]:
    """Of a store that was read now: its name in the manifest -> SHA-256 of the rows that count."""
    folder = study.path.absolute().parent
    return {
        relative(folder / source.file, place): source.sha256
        for source in sources
        if source.role == "store" and source.sha256 is not None
    }


def data_files(manifest: Mapping[str, Any]) -> list[str]:
    """The files of scores, students and institutions: what is hashed besides study file, locked plan, code and lock."""
    study_file = str(manifest["study_file"])
    own = {study_file, lock_name(study_file), "expeval/", "requirements.lock"}
    return [name for name in manifest["hashes"] if name not in own]
