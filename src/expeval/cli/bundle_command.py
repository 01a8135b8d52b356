"""``expeval bundle``: one archive that a reviewer can rerun elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from expeval.cli.ending import REFUSED, refuse, say
from expeval.cli.options import LanguageOption


def bundle(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What expeval run wrote.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The archive; NAME.bundle.zip unless given.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    language: LanguageOption = None,
) -> None:
    """Pack DIR with study, pseudonymised data and software, so that anybody can verify it."""
    del language  # chosen while the arguments were read
    from expeval.faults import Faults
    from expeval.review.bundle import CannotBundle
    from expeval.review.bundle import bundle as pack
    from expeval.review.output import CannotVerify

    try:
        packed = pack(folder, out)
    except (CannotBundle, CannotVerify) as reason:
        raise typer.Exit(refuse(str(reason))) from None
    except Faults as faults:
        from expeval.cli.faults_shown import show_faults

        show_faults(faults, sys.stderr, as_json)
        raise typer.Exit(REFUSED) from None
    if as_json:
        import json

        found = {"bundle": packed.path.as_posix(), "files": packed.files, "bytes": packed.size}
        say(json.dumps({**found, "pseudonyms": packed.pseudonyms}, ensure_ascii=False, indent=1))
        return
    say(f"Bundle: {packed.path} ({packed.files} files, {packed.size / 2**20:.1f} MB)")
    say(f"Pseudonyms stand in: {', '.join(packed.pseudonyms)}. Verify with: expeval verify {packed.path}")
