"""``expeval init``: a study file proposed from data files, by asking or by flags."""

from __future__ import annotations

import glob
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expeval.cli.ending import REFUSED, say
from expeval.cli.options import LanguageOption

if TYPE_CHECKING:
    from expeval.faults import Fault
    from expeval.proposal.draft import Asker
    from expeval.proposal.propose import Proposal
    from expeval.scores.opening import FoundFile

NAME = "study.toml"


class AssignedUnit(StrEnum):
    """Whose units were put into the groups."""

    student = "student"
    class_ = "class"
    institution = "institution"


class DecimalSign(StrEnum):
    """What stands before the decimals."""

    point = "."
    comma = ","


class HiddenRows(StrEnum):
    """What happens to rows that a spreadsheet hides."""

    keep = "keep"
    drop = "drop"


def _column(flag: str, words: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(flag, metavar="COLUMN", help=words, show_default=False)
    return option


def init(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[DIR] [FILE ...]",
            help="Where study.toml is written, and data files; beside the first of them unless DIR is given.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="FILE", help="A data file or a pattern; repeatable.", show_default=False),
    ] = None,
    group: Annotated[str | None, _column("--group", "Who is in which group.")] = None,
    experimental: Annotated[
        list[str] | None,
        typer.Option(
            "--experimental",
            metavar="VALUE",
            help="The experimental group: a value of the group column, a file or sheet, or a column; repeatable.",
            show_default=False,
        ),
    ] = None,
    control: Annotated[
        list[str] | None,
        typer.Option("--control", metavar="VALUE", help="The control group, likewise; repeatable.", show_default=False),
    ] = None,
    assigned: Annotated[
        AssignedUnit | None,
        typer.Option("--assigned", help="Whose units were put into the groups.", show_default=False),
    ] = None,
    randomised: Annotated[
        bool | None,
        typer.Option("--randomised/--not-randomised", help="Whether by lot.", show_default=False),
    ] = None,
    outcome: Annotated[list[str] | None, _column("--outcome", "An outcome; repeatable.")] = None,
    baseline: Annotated[str | None, _column("--baseline", "The same skill before the experiment.")] = None,
    student: Annotated[str | None, _column("--student", "Tells students apart.")] = None,
    school_class: Annotated[str | None, _column("--class", "Who sits in which class.")] = None,
    institution: Annotated[str | None, _column("--institution", "Who is in which institution.")] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="The study's title.")] = None,
    sheet: Annotated[
        str | None, typer.Option("--sheet", metavar="SHEET", help="The sheet to read: its name, or its number from 1.")
    ] = None,
    header_row: Annotated[
        int | None, typer.Option("--header-row", metavar="ROW", min=1, help="The row with the column names.")
    ] = None,
    last_row: Annotated[
        int | None, typer.Option("--last-row", metavar="ROW", min=1, help="The last row that holds a student.")
    ] = None,
    hidden: Annotated[
        HiddenRows | None,
        typer.Option("--hidden", help="Whether rows that a spreadsheet hides count.", show_default=False),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", metavar="NAME", help="Of text files, as cp1251.")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option("--delimiter", metavar="SIGN", help="What separates columns.")
    ] = None,
    decimal: Annotated[
        DecimalSign | None, typer.Option("--decimal", help="The decimal sign.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a study.toml that is there.")] = False,
    language: LanguageOption = None,
) -> None:
    """Propose DIR/study.toml from data files: ask what can't be seen, and say what is not sure."""
    del language  # chosen while the arguments were read
    from expeval.faults import Faults

    folder, data = _places(paths or [], data or [])
    try:
        from expeval.proposal.draft import Said
        from expeval.proposal.propose import propose
        from expeval.proposal.write import folder_made
        from expeval.scores.settings import Settings

        _refuse_existing(folder, force)
        asker = _asker()
        said = Said(
            experimental=tuple(experimental or ()),
            control=tuple(control or ()),
            group=group,
            outcomes=tuple(outcome or ()),
            institution=institution,
            class_=school_class,
            student=student,
            baseline=baseline,
            assigned=assigned.value if assigned else None,
            randomised=randomised,
            title=title,
        )
        settings = Settings(
            encoding=encoding,
            delimiter=_one_sign(delimiter),
            decimal=decimal.value if decimal else None,
            sheet=int(sheet) if sheet is not None and sheet.isdecimal() else sheet,
            header_row=header_row,
            last_row=last_row,
            hidden=hidden.value if hidden else None,
        )
        if not data:  # an arm in a file of its own is named by its flag
            data = [name for name in (*said.experimental, *said.control) if Path(name).is_file()]
        files = _files(data, folder, asker)
        with folder_made(folder):
            proposal = propose(files, folder, said, settings, asker)
            _write(folder / NAME, proposal.text, force)
    except Faults as faults:
        from expeval.cli.faults_shown import show_faults

        show_faults(faults, sys.stderr)
        raise typer.Exit(REFUSED) from None
    say("\n".join(_in_words(folder / NAME, proposal)))


def _places(paths: Sequence[Path], data: Sequence[str]) -> tuple[Path, list[str]]:
    """The folder of study.toml and the data files: files may be named with ``--data`` or without."""
    from expeval.proposal.propose import SUFFIXES

    # A name that a file of data would have is no new folder: it is told as missing.
    files = [
        str(path)
        for path in paths
        if path.is_file() or (not path.is_dir() and (path.suffix.lower() in SUFFIXES or glob.has_magic(str(path))))
    ]
    folders = [path for path in paths if str(path) not in files]
    if len(folders) > 1:
        raise typer.BadParameter("one folder at most", param_hint="[DIR]")
    return folders[0] if folders else Path(files[0]).parent if files else Path(), [*files, *data]


def _one_sign(delimiter: str | None) -> str | None:
    sign = {"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter)
    if sign is not None and (len(sign) != 1 or sign in "\"'\r\n"):
        raise typer.BadParameter("one sign, as ';', or tab", param_hint="--delimiter")
    return sign


def _refuse_existing(folder: Path, force: bool) -> None:
    from expeval.faults import Fault, Faults

    if (folder / NAME).exists() and not force:
        raise Faults([Fault("study-exists", (folder / NAME).as_posix(), key="--force")])


def _write(path: Path, text: str, force: bool) -> None:
    from expeval.faults import Fault, Faults
    from expeval.proposal.write import write_whole

    try:
        write_whole(path, text, replace=force)
    except FileExistsError:  # somebody was faster
        raise Faults([Fault("study-exists", path.as_posix(), key="--force")]) from None


def _files(data: Sequence[str], folder: Path, asker: Asker | None) -> list[FoundFile]:
    """The files that were named; else those of the folder: one alone, those named for the groups, or asked."""
    from expeval.faults import Fault, Faults
    from expeval.proposal.propose import arms_in_names, data_files, find_data

    if data:
        return find_data(data, folder)
    there = data_files(folder)
    names = there if len(there) == 1 or arms_in_names(there) else []
    if not names and there and asker is not None:
        names = asker.several("Which files hold the scores?", there, there)
    if not names:
        shown = ", ".join(there[:30]) or None
        raise Faults([Fault("data-unsaid", (folder.as_posix()), key="--data", allowed=shown)])
    return find_data([str(folder / name) for name in names], folder)


def _asker() -> Asker | None:
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    from expeval.cli.questions import Terminal

    return Terminal()


def _in_words(path: Path, proposal: Proposal) -> list[str]:
    """What was written, what is not sure, what check will ask; the next step."""
    from expeval.cli.faults_shown import printable

    lines = [f"{path.as_posix()} was written, from {', '.join(proposal.files)}."]
    if proposal.doubts:
        lines += ["Not sure:", *(f"- {doubt}" for doubt in proposal.doubts)]
    if proposal.faults:
        lines += ["What check will still ask, as nothing here settles it:", *_told(proposal.faults)]
    lines.append(f"Next: look at its comments, then  expeval check {path.as_posix()}")
    return [printable(line) for line in lines]


def _told(faults: Sequence[Fault]) -> list[str]:
    from expeval.cli.faults_shown import merge_alike
    from expeval.cli.language import spoken
    from expeval.cli.words import said
    from expeval.fault_codes import sentence

    merged = merge_alike(faults)
    more = [f"- {said('more', len(merged) - 20)}"] if len(merged) > 20 else []
    return [f"- {sentence(fault, spoken())}" for fault in merged[:20]] + more
