"""``expeval run``: a study file to a report."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expeval.cli.ending import REFUSED, refuse, say
from expeval.cli.options import LanguageOption

if TYPE_CHECKING:
    from expeval.results import Results


class Engine(StrEnum):
    """Where the heavy computations run."""

    local = "local"
    dask = "dask"


def run(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="The study file.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where to write; reports/NAME/ unless given.", show_default=False),
    ] = None,
    engine: Annotated[Engine, typer.Option("--engine", help="Where the heavy computations run.")] = Engine.local,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    language: LanguageOption = None,
) -> None:
    """Read the scores that STUDY.toml names, analyse them and write the report."""
    del language  # chosen while the arguments were read; the report has that of the study file
    if engine is Engine.dask:
        raise typer.Exit(refuse("--engine dask is not there yet; --engine local gives the same numbers."))

    from expeval.cli.progress import step_shown
    from expeval.faults import Faults
    from expeval.run import default_folder
    from expeval.run import run as run_study

    folder = out if out is not None else default_folder(study)
    try:
        with step_shown() as progress:
            results = run_study(study, out=folder, engine=engine.value, progress=progress)
    except Faults as faults:
        from expeval.cli.faults_shown import show_faults

        show_faults(faults, sys.stderr, as_json)
        raise typer.Exit(REFUSED) from None
    say(_as_json(results, folder) if as_json else _in_words(results, folder))


def _in_words(results: Results, folder: Path) -> str:
    from expeval.run import answers

    return "\n".join([f"Report: {folder / 'report.html'}", *answers(results)])


def _as_json(results: Results, folder: Path) -> str:
    import json
    from dataclasses import asdict

    from expeval.run import answers

    answer = {
        "folder": folder.as_posix(),
        "report": (folder / "report.html").as_posix(),
        "answers": answers(results),
        "primary": [asdict(row) for row in results.estimates if row.primary],
        "told": [asdict(results.answer(row.outcome)) for row in results.estimates if row.primary],
    }
    return json.dumps(answer, ensure_ascii=False, allow_nan=False, indent=1)
