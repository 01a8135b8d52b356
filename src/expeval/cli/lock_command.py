"""``expeval lock``: fix the plan of an analysis, so that a report can say what left it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expeval.cli.ending import REFUSED, refuse, say
from expeval.cli.options import LanguageOption

if TYPE_CHECKING:
    from expeval.record.plan_lock import Locked


def lock(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="The study file.", show_default=False)],
    reason: Annotated[
        str | None,
        typer.Option("--reason", metavar="TEXT", help="Why a locked plan is amended.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    language: LanguageOption = None,
) -> None:
    """Lock the plan of STUDY.toml, before or after the data; later runs list every deviation from it."""
    del language  # chosen while the arguments were read
    from expeval.faults import Faults
    from expeval.record.plan_lock import CannotLock, lock_plan
    from expeval.study.reading import read_study

    try:
        locked = lock_plan(read_study(study), reason)
    except CannotLock as why:
        raise typer.Exit(refuse(str(why))) from None
    except Faults as faults:
        from expeval.cli.faults_shown import show_faults

        show_faults(faults, sys.stderr, as_json)
        raise typer.Exit(REFUSED) from None
    if as_json:
        import json

        say(json.dumps(_as_keys(locked), ensure_ascii=False, allow_nan=False, indent=1))
    else:
        say("\n".join(_in_words(locked)))


def _in_words(locked: Locked) -> list[str]:
    last, name = locked.last, locked.path.name
    what = "the plan" if last.number == 1 else f"amendment {last.number - 1}"
    if not locked.is_new:
        return [f"Nothing changed since {what} of {last.time}; {name} stays as it is."]
    lines = [f"Locked {what} in {locked.path}, {last.time}, {_data_then(locked)}."]
    lines += [f"{one.key}: {_shown(one.old)} → {_shown(one.new)}" for one in locked.amended]
    return [*lines, f"Hash: {last.hash}", "Give the hash to somebody else, to prove later when the plan was there."]


def _data_then(locked: Locked) -> str:
    """Whether the data were there: the files that may hold outcomes, by their hashes."""
    files = locked.last.students_files
    there = [file.file for file in files if file.sha256 is not None]
    if not there:
        return "before the data: none of its data files is there"
    if len(there) < len(files):
        return f"when a part of the data was there: {', '.join(there)}"
    return f"after the data: {', '.join(there)} {'is' if len(there) == 1 else 'are'} there"


def _shown(value: str | None) -> str:
    return "not set" if value is None else value


def _as_keys(locked: Locked) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "lock": locked.path.as_posix(),
        "new": locked.is_new,
        "entries": len(locked.chain),
        "before_data": locked.last.before_data,
        "amended": [asdict(one) for one in locked.amended],
        "entry": asdict(locked.last),
    }
