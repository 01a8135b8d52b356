"""The lock file beside a study file: the plan and its amendments, each holding the hash of the one before.

The chain shows that an entry was edited, or that one is missing.  It can't show that somebody wrote all of it anew: who
wants to prove when a plan was there gives the last hash to somebody else (a registry, a mail, a commit).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import expeval
from expeval.faults import Fault, Faults, nearest
from expeval.record.manifest import hash_file, moment
from expeval.record.writing import change_file
from expeval.results import hash_of_json
from expeval.scores.opening import find_files
from expeval.scores.settings import Unreadable
from expeval.study.plan import LockedFile, LockedPlan, PlanDifference, lock_path, plan_differences, plan_of
from expeval.study.positions import find_lines, line_of
from expeval.study.spec import Study

SCHEMA = "expeval-lock/1"
MAX_BYTES = 20_000_000
_NOT_THERE = ("file-missing", "glob-empty")
_KINDS: dict[str, tuple[type, ...]] = {
    "number": (int,),
    "time": (str,),
    "expeval": (str,),
    "data": (list,),
    "plan": (dict,),
    "reason": (str, type(None)),
    "previous": (str, type(None)),
    "hash": (str,),
}


class CannotLock(Exception):
    """Why nothing was locked, in one sentence."""


@dataclass(frozen=True, slots=True)
class Locked:
    """What :func:`lock_plan` did: the chain as it stands now, whether its last entry is new, what it amends."""

    path: Path
    chain: tuple[LockedPlan, ...]
    is_new: bool
    amended: tuple[PlanDifference, ...]

    @property
    def last(self) -> LockedPlan:
        """The plan that holds from now on."""
        return self.chain[-1]


# ------------------------------------------------------------------------------------------------------------ locking


def lock_plan(study: Study, reason: str | None = None) -> Locked:
    """Write the plan of a study into its lock file, or the amendment of it.

    Parameters
    ----------
    study
        The study as read; its ``path`` says where the lock file stands.
    reason
        Why the plan is amended; a first plan needs none.

    Raises
    ------
    CannotLock
        Where an amendment has no reason.
    expeval.faults.Faults
        Where the lock file was edited or can't be read.
    expeval.record.writing.CannotWrite
        Where the system refuses.  The lock file then holds what it held.
    """
    path = lock_path(study.path)
    said = " ".join(reason.split()) if reason is not None else None
    if said is not None and (not said or not said.isprintable()):
        raise CannotLock("--reason is empty or holds control characters; say in words why the plan is amended.")
    done: list[Locked] = []

    def change(content: bytes | None) -> str | None:
        chain = () if content is None else _chain_of(content, path)
        plan = plan_of(study)
        amended = tuple(plan_differences(chain[-1].plan, plan)) if chain else ()
        if chain and not amended:
            done.append(Locked(path, chain, False, ()))
            return None
        if chain and said is None:
            keys = ", ".join(difference.key for difference in amended)
            raise CannotLock(
                f"{study.path.name} differs from the plan locked in {path.name} in {keys}; "
                "say why with --reason TEXT, and it is locked as an amendment."
            )
        entry = _entry(study, plan, said, chain)
        done.append(Locked(path, (*chain, entry), True, amended))
        return _written((*chain, entry))

    change_file(path, change)
    return done[0]


def _entry(study: Study, plan: dict[str, Any], reason: str | None, chain: Sequence[LockedPlan]) -> LockedPlan:
    content: dict[str, Any] = {
        "number": len(chain) + 1,
        "time": moment().isoformat(timespec="seconds"),
        "expeval": expeval.__version__,
        "data": [asdict(file) for file in files_of(study)],
        "plan": plan,
        "reason": reason,
        "previous": chain[-1].hash if chain else None,
    }
    return _read_entry({**content, "hash": hash_of_json(content)})


def files_of(study: Study) -> list[LockedFile]:
    """Every file that a study names with the hash of its content, ``None`` where it is not there."""
    named = [("scores", entry.path) for _, entry in study.score_files]
    named += [("students", entry.path) for entry in study.data.students]
    named += [("institutions", entry.path) for entry in study.data.institutions]
    found: dict[tuple[str, str], LockedFile] = {}
    for role, name in named:
        try:
            files = find_files(study.folder, name)
        except Unreadable as unreadable:
            if any(fault.code not in _NOT_THERE for fault in unreadable.faults):
                raise CannotLock(_hidden(name)) from None
            found[role, name] = LockedFile(_shown(name), role, None)
            continue
        for file in files:
            found.setdefault((role, file.name), LockedFile(_shown(file.name), role, _hash_of(file.path)))
    if study.data.store is not None:
        found["store", ""] = LockedFile(*_store_of(study))
    return list(found.values())


def _store_of(study: Study) -> tuple[str, str, str | None]:
    """The store of uploads with the hash of the rows that count in it, ``None`` where none does."""
    from expeval.scores.accepted import accepted_hash, name_of_store

    name = name_of_store(study)
    try:
        return _shown(name), "store", accepted_hash(study)
    except (OSError, ValueError, ModuleNotFoundError):  # also what the store says in its own words
        raise CannotLock(_hidden(name)) from None


def _hash_of(path: Path) -> str:
    try:
        if path.is_file():
            return hash_file(path)
    except OSError:
        pass
    raise CannotLock(_hidden(path.name))


def _hidden(name: str) -> str:
    # Whether the data were there is what a lock must not be wrong about.
    return f"whether {name} is there, and what it holds, can't be seen; nothing was locked."


def _shown(name: str) -> str:
    """A path as the study file has it; of an absolute or a climbing one the name: the folders are nobody's business."""
    path = Path(name)
    return path.name if path.is_absolute() or name.startswith(("/", "\\")) else name


# ------------------------------------------------------------------------------------------------------------ reading


def locked_plan(study: Study) -> tuple[LockedPlan, ...]:
    """The plan of a study and its amendments; empty where none was locked.

    Raises
    ------
    Faults
        Where the lock file was edited or can't be read, or the study file explains a deviation that is none.
    """
    chain = read_lock(study.path)
    keys = explained_keys(chain, study)
    lines = find_lines(_text_of(study.path)) if study.deviations else {}
    faults = [
        Fault(
            "no-such-deviation" if chain else "deviation-without-lock",
            file=study.path.name,
            row=line_of(("deviations", place, "key"), lines),
            key=f"deviations[{place + 1}].key",
            found=deviation.key,
            allowed=", ".join(keys) or None,
            nearest=nearest(deviation.key, keys),
            details={"lock": lock_path(study.path).name},
        )
        for place, deviation in enumerate(study.deviations)
        if deviation.key not in keys
    ]
    if faults:
        raise Faults(faults)
    return chain


def explained_keys(chain: Sequence[LockedPlan], study: Study) -> list[str]:
    """The keys that a study may give a reason for: those that leave the locked plan, or the first one."""
    used = plan_of(study)
    compared = (*chain[-1:], *chain[:1])
    return list(dict.fromkeys(one.key for entry in compared for one in plan_differences(entry.plan, used)))


def read_lock(study_file: Path) -> tuple[LockedPlan, ...]:
    """The entries of the lock file beside a study file, checked; empty where there is none."""
    path = lock_path(study_file)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise Faults([_unreadable(path, error.strerror or type(error).__name__)]) from None
    return _chain_of(content, path)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return ""


def _unreadable(path: Path, found: str) -> Fault:
    return Fault("lock-unreadable", file=path.name, found=found)


def _chain_of(content: bytes, path: Path) -> tuple[LockedPlan, ...]:
    if len(content) > MAX_BYTES:
        raise Faults([_unreadable(path, f"more than {MAX_BYTES} bytes")])
    try:
        lock = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_each_key_once)
    except (ValueError, RecursionError):
        raise Faults([_unreadable(path, "no valid JSON, or a key stands twice")]) from None
    schema = lock.get("schema") if isinstance(lock, dict) else None
    if not isinstance(schema, str) or not schema.startswith("expeval-lock/"):
        raise Faults([_unreadable(path, "expeval lock did not write this file")])
    if schema != SCHEMA:
        raise Faults([_unreadable(path, f"a later version of expeval wrote it ({schema[:40]})")])
    entries = lock.get("entries")
    if set(lock) != {"schema", "entries", "last"} or not isinstance(entries, list) or not entries:
        raise Faults([Fault("lock-edited", file=path.name, details={"entry": 1})])
    chain: list[LockedPlan] = []
    for number, entry in enumerate(entries, start=1):
        if not _fits(entry, number, chain[-1].hash if chain else None):
            raise Faults([Fault("lock-edited", file=path.name, details={"entry": number})])
        chain.append(_read_entry(entry))
    if lock["last"] != chain[-1].hash:
        raise Faults([Fault("lock-cut", file=path.name, details={"entry": len(chain)})])
    return tuple(chain)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An editor shows both of two equal keys, a reader sees the last one only: then it is no file of ours."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _fits(entry: Any, number: int, previous: str | None) -> bool:
    """Whether an entry has the form that :func:`lock_plan` writes, its own hash and that of the one before."""
    if not isinstance(entry, dict) or set(entry) != set(_KINDS):
        return False
    if not all(isinstance(entry[key], kinds) for key, kinds in _KINDS.items()):
        return False
    names = {field.name for field in fields(LockedFile)}
    if not all(isinstance(file, dict) and set(file) == names for file in entry["data"]):
        return False
    if not _is_plan(entry["plan"]) or not _is_time(entry["time"]):
        return False
    if entry["number"] != number or entry["previous"] != previous:
        return False
    return bool(entry["hash"] == hash_of_json({key: value for key, value in entry.items() if key != "hash"}))


def _is_plan(plan: dict[str, Any]) -> bool:
    tables = [content for table, content in plan.items() if table != "outcomes"]
    outcomes = plan.get("outcomes", [])
    return (
        all(isinstance(content, dict) for content in tables)
        and isinstance(outcomes, list)
        and all(isinstance(own, dict) and isinstance(own.get("name"), str) for own in outcomes)
    )


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _read_entry(entry: dict[str, Any]) -> LockedPlan:
    return LockedPlan(**{**entry, "data": tuple(LockedFile(**file) for file in entry["data"])})


def _written(chain: Iterable[LockedPlan]) -> str:
    entries = [asdict(entry) for entry in chain]
    lock = {"schema": SCHEMA, "entries": entries, "last": entries[-1]["hash"]}
    return json.dumps(lock, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
