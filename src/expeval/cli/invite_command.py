"""``expeval invite``: a personal link for a teacher or a coordinator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from expeval.cli.cohorts_command import opened
from expeval.cli.ending import refuse, say
from expeval.cli.options import LanguageOption

ADDRESS = "http://127.0.0.1:8000"


def invite(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="The study file.", show_default=False)],
    institution: Annotated[
        str | None,
        typer.Option("--institution", metavar="NAME", help="The institution whose cohorts she may upload."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Whose link it is, as you know her.")
    ] = None,
    coordinator: Annotated[bool, typer.Option("--coordinator", help="A coordinator's link instead.")] = False,
    days: Annotated[int, typer.Option("--days", help="How long the link holds.")] = 30,
    address: Annotated[str, typer.Option("--address", metavar="URL", help="Where the pages are.")] = ADDRESS,
    revoke: Annotated[
        int | None, typer.Option("--revoke", metavar="NUMBER", help="Revoke a link instead of making one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    language: LanguageOption = None,
) -> None:
    """Make a personal link; it is shown once, and the store keeps only a hash of it."""
    del language  # chosen while the arguments were read
    if revoke is None and (name is None or (institution is None) != coordinator):
        words = "name whose link it is: --name, and --institution for a teacher or --coordinator for a coordinator."
        raise typer.Exit(refuse(words))
    with opened(study, create=True, as_json=as_json) as (plan, store):
        from expeval.cohorts.invitations import invite as make
        from expeval.cohorts.invitations import known_institution
        from expeval.cohorts.invitations import revoke as end
        from expeval.store.pseudonyms import open_pseudonyms

        if revoke is not None:
            end(store, revoke)
            say(f"Invitation {revoke} is revoked.")
            return
        open_pseudonyms(store, plan.path)  # the key lies there before anybody needs it
        if institution is not None:
            known_institution(plan, institution)
        made = make(store, plan, str(name), institution, days)
    link = f"{address.rstrip('/')}/i/{made.token}"
    if as_json:
        import json

        say(json.dumps({"invitation": made.number, "link": link, "expires": made.expires.isoformat()}, indent=1))
        return
    say(f"Invitation {made.number} for {name}, until {made.expires:%Y-%m-%d %H:%M} UTC:")
    say(link)
    say(f"It is shown this once. Revoke it with: expeval invite {study} --revoke {made.number}")
