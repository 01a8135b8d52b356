"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

from expeval.cli.language import Language, choose

LanguageOption = Annotated[
    Language | None,
    typer.Option(
        "--language",
        help="Language of messages; that of the locale unless given.",
        callback=choose,
        show_default=False,
    ),
]
