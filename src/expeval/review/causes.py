"""What may have made results differ: the plan, the data, the software, each old and new."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from expeval.review.data_changes import TableChange

SEED = "inference.seed"


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is another one now: its name, what it was, what it is; ``None`` where there is none."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file of the study that has another content now, or is gone."""

    file: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Causes:
    """Everything that is not as it was when the results were made.

    Attributes
    ----------
    plan
        Keys of the study file with another value, the seed aside.
    seed
        The seed, where it is another one.
    files
        Data files with another content; ``table`` says which rows and columns, ``None`` where that can't be told.
    software
        Packages, Python, expeval's own code and the platform.
    """

    plan: tuple[Change, ...]
    seed: Change | None
    files: tuple[FileChange, ...]
    table: TableChange | None
    software: tuple[Change, ...]

    @property
    def data(self) -> bool:
        """Whether the table that is analysed is another one, as far as anybody can tell."""
        return bool(self.files) and (self.table is None or not self.table.same)

    @property
    def names(self) -> tuple[str, ...]:
        """The causes that there are."""
        there = {"data": self.data, "plan": self.plan, "seed": self.seed, "software": self.software}
        return tuple(name for name, found in there.items() if found)


def plan_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Every key of the study that differs; an outcome is known by its name, wherever it stands in the file."""
    before, after = dict(_flat(old)), dict(_flat(new))
    return tuple(
        Change(key, before.get(key), after.get(key))
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    )


def software_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """What two manifests say of packages, expeval's code and the platform."""
    found = [_change("expeval", old.get("expeval"), new.get("expeval"))]
    for key in ("versions", "platform"):
        before, after = old.get(key) or {}, new.get(key) or {}
        found += [_change(name, before.get(name), after.get(name)) for name in dict.fromkeys((*before, *after))]
    hashes = [(manifest.get("hashes") or {}).get("expeval/") for manifest in (old, new)]
    found.append(_change("expeval's code (hash)", *(value and str(value)[:12] for value in hashes)))
    return tuple(change for change in found if change.old != change.new)


def _change(name: str, old: object, new: object) -> Change:
    return Change(name, None if old is None else str(old), None if new is None else str(new))


def _flat(keys: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, str]]:
    for key, value in keys.items():
        name = f"{start}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        elif key == "outcomes" and isinstance(value, list):
            for outcome in value:
                yield from _flat(outcome, f"outcomes[{outcome.get('name')}].")
        else:
            yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
