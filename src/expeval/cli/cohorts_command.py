"""``expeval cohorts``: what was uploaded and accepted, and what is done about it from the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expeval.cli.ending import REFUSED, refuse, say
from expeval.cli.options import LanguageOption

if TYPE_CHECKING:
    from expeval.cohorts.history import Uploaded
    from expeval.store.open import Store
    from expeval.study.spec import Study

cohorts = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Institution = Annotated[
    str, typer.Option("--institution", metavar="NAME", help="The institution's name.", show_default=False)
]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The upload's number.", show_default=False)]


@cohorts.callback()
def of_study(
    context: typer.Context,
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="The study file.", show_default=False)],
    language: LanguageOption = None,
) -> None:
    """List, show, export, withdraw the uploads of STUDY.toml's store; erase a student's data."""
    del language  # chosen while the arguments were read
    context.obj = study


@contextmanager
def opened(path: Path, create: bool = False, as_json: bool = False) -> Iterator[tuple[Study, Store]]:
    """The study and its store; what can't be served ends the command with its sentence."""
    try:
        from expeval.store.failures import CannotStore
        from expeval.store.open import open_store
    except ModuleNotFoundError as missing:
        words = f'the store needs {missing.name}, which is not installed; install it with: pip install "expeval[serve]"'
        raise typer.Exit(refuse(words)) from None
    from expeval.faults import Faults
    from expeval.scores.accepted import place_of_store
    from expeval.study.reading import read_study

    try:
        study = read_study(path)
        if study.data.store is None:
            raise typer.Exit(refuse(f'{path}: there is no store; name one in [data], as in store = "cohorts.db".'))
        store = open_store(place_of_store(study), create)
        try:
            yield study, store
        finally:
            store.close()
    except Faults as faults:
        from expeval.cli.faults_shown import show_faults

        show_faults(faults, sys.stderr, as_json)
        raise typer.Exit(REFUSED) from None
    except (CannotStore, LookupError, ValueError) as reason:
        raise typer.Exit(refuse(str(reason))) from None


@cohorts.command("list")
def list_uploads(
    context: typer.Context,
    drafts: Annotated[bool, typer.Option("--all", help="Discarded drafts too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the uploads, the latest first."""
    with opened(context.obj, as_json=as_json) as (_, store):
        from expeval.cohorts.history import history

        found = history(store, discarded=drafts)
    if as_json:
        say(_json({"uploads": [asdict(one) for one in found]}))
    else:
        say("\n".join(map(_line, found)) if found else "No uploads.")


@cohorts.command("show")
def show(context: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Show one upload: what its receipt says, and what happened to it."""
    with opened(context.obj, as_json=as_json) as (_, store):
        from expeval.cohorts.history import events, history
        from expeval.cohorts.sender import NoSuchUpload

        found = next((one for one in history(store, discarded=True) if one.number == number), None)
        if found is None:
            raise NoSuchUpload(number)
        record = [one for one in events(store) if one.upload == number]
    if as_json:
        say(_json({**asdict(found), "events": [asdict(one) for one in record]}))
        return
    lines = [_line(found)]
    lines += [f"content: {found.content_hash}"] if found.content_hash else []
    lines += [f"{_time(one.time)} {one.kind}, {one.actor}" for one in record]
    say("\n".join(lines))


@cohorts.command("export")
def export_rows(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to; standard output unless given.", show_default=False),
    ] = None,
) -> None:
    """Write the rows that count as CSV; students are pseudonyms, formulas are disarmed."""
    with opened(context.obj) as (study, store):
        from expeval.cohorts.export import export

        text, snapshot = export(store, study)
    if out is None:
        say(text, end="")
        return
    from expeval.record.writing import write_file

    write_file(out, text)
    say(f"{len(snapshot.rows)} rows of {len(snapshot.uploads)} uploads: {out}")
    say(f"Hash of the rows: {snapshot.sha256}")


@cohorts.command("withdraw")
def withdraw_upload(context: typer.Context, number: Number) -> None:
    """Let an upload count no more.  Nothing is deleted."""
    with opened(context.obj) as (_, store):
        from expeval.cohorts.history import history
        from expeval.cohorts.sender import NoSuchUpload, Sender
        from expeval.cohorts.withdrawal import withdraw

        found = next((one for one in history(store) if one.number == number), None)
        if found is None:
            raise NoSuchUpload(number)
        withdraw(store, Sender(found.institution), number)
    say(f"Upload {number} of {found.institution} is withdrawn and counts no more; it stays on the record.")


@cohorts.command("erase")
def erase(
    context: typer.Context,
    institution: Institution,
    student: Annotated[
        str,
        typer.Option(
            "--student", metavar="ID", help="As the institution's files write it; - reads it from standard input."
        ),
    ] = "-",
    cohort: Annotated[
        str | None, typer.Option("--cohort", metavar="NAME", help="One cohort; all unless given.", show_default=False)
    ] = None,
) -> None:
    """Erase one student's data from all uploads of an institution, on the record."""
    identifier = sys.stdin.readline().strip() if student == "-" else student
    with opened(context.obj) as (study, store):
        from expeval.cohorts.sender import Sender
        from expeval.cohorts.withdrawal import erase_student
        from expeval.store.pseudonyms import open_pseudonyms

        pseudonyms = open_pseudonyms(store, study.path)
        erased = erase_student(store, pseudonyms, study, Sender(institution), identifier, cohort)
    where = institution if cohort is None else f"{institution} for {cohort}"
    say(f"Erased: rows {erased.rows}, uploads {erased.uploads}. The student is not taken again from {where}.")
    say("Backups of the store that were made before still hold the rows.")


def _line(one: Uploaded) -> str:
    cohort = f", {one.cohort}" if one.cohort else ""
    counts = f", students: {one.students}" if one.students is not None else ""
    counts += f", rows erased since: {one.erased}" if one.erased else ""
    return f"{one.number}. {one.institution}{cohort}: {one.state}, {_time(one.confirmed or one.made)}{counts}"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1, default=_as_text)


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
