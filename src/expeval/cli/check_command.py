"""``expeval check``: the checks of ``expeval run``, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expeval.cli.ending import NO, REFUSED, say
from expeval.cli.options import LanguageOption

if TYPE_CHECKING:
    from expeval.scores.table import Scores

ARMS = ((1, "experimental"), (0, "control"))


def check(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="The study file.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    language: LanguageOption = None,
) -> None:
    """Check STUDY.toml and the scores that it names, and say what was read."""
    del language  # chosen while the arguments were read
    from expeval.faults import Faults
    from expeval.record.plan_lock import locked_plan
    from expeval.scores.reading import read_scores
    from expeval.study.reading import read_study

    try:
        plan = read_study(study)
        locked_plan(plan)
        scores = read_scores(plan, in_order=False)
    except Faults as faults:
        from expeval.cli.faults_shown import show_faults

        # A list of faults is check's answer; that not even a list could be made is told where errors are told.
        show_faults(faults, sys.stdout if faults.usable else sys.stderr, as_json)
        raise typer.Exit(NO if faults.usable else REFUSED) from None
    found = what_was_read(scores)
    if as_json:
        import json

        say(json.dumps(found, ensure_ascii=False, allow_nan=False, indent=1))
    else:
        say("\n".join(_in_words(found)))


def what_was_read(scores: Scores) -> dict[str, Any]:
    """Students by arm and outcome, what was left out, what was detected and mended; no student's row."""
    return {
        "faults": [],
        "outcomes": [
            {
                "outcome": name,
                "arm": word,
                "students": int((scores.arm == arm).sum()),
                "with_outcome": int(((scores.arm == arm) & ~numbers.missing).sum()),
            }
            for name, numbers in scores.outcomes.items()
            for arm, word in ARMS
        ],
        "left_out": [{"arm": arm, "reason": reason, "rows": n} for (arm, reason), n in scores.left_out.items() if n],
        "sources": [
            {"file": source.file, "role": source.role, "rows": source.rows, "detected": _detected(source)}
            | {"mended": source.mended}
            for source in scores.sources
        ],
        "notices": [{"code": notice.code, "message": notice.message} for notice in scores.notices],
    }


def _detected(source: Any) -> dict[str, Any]:
    names = ("encoding", "delimiter", "decimal", "sheet", "header_row")
    return {name: getattr(source, name) for name in names if getattr(source, name) is not None}


def _in_words(found: dict[str, Any]) -> list[str]:
    from expeval.cli.faults_shown import printable
    from expeval.cli.words import in_marks, named, notice, said

    lines = [said("no-faults")]
    lines += [
        f"{row['outcome']}, {named(row['arm'])}: {said('students', row['students'])}, "
        + said("with-outcome", row["with_outcome"])
        for row in found["outcomes"]
    ]
    lines += [
        f"{said('left-out')}, {named(row['arm'])}, {named(row['reason'])}: {said('rows', row['rows'])}"
        for row in found["left_out"]
    ]
    for source in found["sources"]:
        detected = "".join(
            f", {named(name)} {in_marks(value) if isinstance(value, str) else value}"
            for name, value in source["detected"].items()
        )
        lines.append(f"{source['file']}: {said('rows', source['rows'])}{detected}")
        lines += [f"{source['file']}: {said('mended', named(what))} ({n})" for what, n in source["mended"].items()]
    lines += [f"{said('note')}: {notice(one['code'], one['message'])}" for one in found["notices"]]
    return [printable(line) for line in lines]
