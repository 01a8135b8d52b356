"""``expeval verify``: run somebody's analysis again, and say exactly what differs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expeval.cli.ending import NO, REFUSED, refuse, say
from expeval.cli.options import LanguageOption

if TYPE_CHECKING:
    from expeval.review.verification import Verification

PAGE = "verification.html"


def verify(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="What expeval run wrote, or a bundle.", show_default=False)
    ],
    page: Annotated[
        Path | None,
        typer.Option(
            "--page",
            metavar="FILE",
            help="Where the page goes; DIR/verification.html unless given.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    language: LanguageOption = None,
) -> None:
    """Run again what made DIR, and say what differs, row by row, and why."""
    del language  # chosen while the arguments were read
    from expeval.cli.progress import step_shown
    from expeval.review.output import CannotVerify
    from expeval.review.verify import verify as verify_folder

    try:
        with step_shown() as progress:
            found = verify_folder(folder, progress)
    except CannotVerify as reason:
        raise typer.Exit(refuse(str(reason))) from None
    place, problem = _write_page(found, folder, page)
    if as_json:
        import json

        say(json.dumps(_as_keys(found, place), ensure_ascii=False, allow_nan=False, indent=1))
    else:
        from expeval.review.words import lines

        say("\n".join(lines(found)))
        if found.faults:
            from expeval.cli.faults_shown import show_faults
            from expeval.faults import Faults

            show_faults(Faults(found.faults), sys.stdout, False)
        if place is not None:
            say(f"Page: {place}")
    if problem:
        refuse(problem)
    if problem and page is not None:
        raise typer.Exit(REFUSED)
    raise typer.Exit(0 if found.same else NO)


def _write_page(found: Verification, folder: Path, page: Path | None) -> tuple[Path | None, str]:
    """The page where it was asked for, else in the folder, else (read-only, a bundle) in the working directory."""
    from expeval.record.writing import CannotWrite, write_file
    from expeval.review.page import verification_page

    html = verification_page(found)
    places = [page] if page is not None else [*([folder / PAGE] if folder.is_dir() else []), Path(PAGE)]
    problem = ""
    for place in places:
        try:
            write_file(place, html)
        except CannotWrite as error:
            problem = str(error)
        else:
            return place, ""
    return None, problem


def _as_keys(found: Verification, page: Path | None) -> dict[str, Any]:
    from dataclasses import asdict

    from expeval.review.words import verdict

    content = asdict(found)
    content["faults"] = [asdict(fault) for fault in found.faults]
    return {
        "schema": "expeval-verification/1",
        "same": found.same,
        "sentence": verdict(found),
        **content,
        "page": None if page is None else page.as_posix(),
    }
