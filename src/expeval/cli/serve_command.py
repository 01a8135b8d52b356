"""``expeval serve``: the pages where teachers upload their cohorts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from expeval.cli.cohorts_command import opened
from expeval.cli.ending import refuse, say
from expeval.cli.language import spoken
from expeval.cli.options import LanguageOption


def serve(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="The study file.", show_default=False)],
    host: Annotated[
        str, typer.Option("--host", help="Where to listen; any other than this computer needs --address too.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = 8000,
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="URL",
            help="Where people find the pages, as https://cohorts.example.org.",
            show_default=False,
        ),
    ] = None,
    reports: Annotated[
        Path | None,
        typer.Option(
            "--reports",
            metavar="DIR",
            help="Where the coordinator's runs go; reports/pages beside STUDY.toml.",
            show_default=False,
        ),
    ] = None,
    language: LanguageOption = None,
) -> None:
    """Serve the upload pages of STUDY.toml until Ctrl-C."""
    del language  # chosen while the arguments were read
    if address is not None:
        _check(address)
    with opened(study, create=True) as (plan, store):
        from expeval.store.pseudonyms import open_pseudonyms
        from expeval.web.application import make_application
        from expeval.web.logs import start_log
        from expeval.web.server import is_loopback, listen
        from expeval.web.server import serve as serve_pages
        from expeval.web.settings import Settings, secret_from

        if address is None and not is_loopback(host):
            raise typer.Exit(refuse("say where people find the pages: --address https://…, beside --host."))
        pseudonyms = open_pseudonyms(store, plan.path)
        store.check_writing()  # told now, not to every teacher who confirms
        try:
            listener = listen(host, port)
        except OSError as error:
            raise typer.Exit(refuse(f"{host}:{port}: {error.strerror or error}.")) from None
        with listener:
            name = f"[{host}]" if ":" in host else host
            place = (address or f"http://{name}:{listener.getsockname()[1]}").rstrip("/")
            settings = Settings(
                address=place,
                secret=secret_from(pseudonyms.key),
                https=place.startswith("https://"),
                reports=reports or plan.path.parent / "reports" / "pages",
                language=spoken(),
            )
            application = make_application(plan, store, pseudonyms, settings)
            start_log(sys.stderr)
            say(f"The pages of {plan.study.title}: {place}")
            say(f"Personal links: expeval invite {study} --institution … --name … --address {place}")
            if not settings.https and not is_loopback(urlsplit(place).hostname or ""):
                say(
                    "Without https:// all that is sent can be read on its way: put a proxy with a certificate in front."
                )
            say("Stop with Ctrl-C.")
            serve_pages(application, listener)


def _check(address: str) -> None:
    """End the command for an address that no browser could ask for."""
    try:
        parts = urlsplit(address)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.path in ("", "/")
        fits = fits and not (parts.query or parts.fragment or parts.username) and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits:
        raise typer.Exit(refuse(f"{address}: the address of the pages is https://NAME or http://NAME:PORT, no more."))
