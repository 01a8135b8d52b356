"""Which language the terminal speaks.  What expeval writes into files never depends on it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextvars import ContextVar
from enum import StrEnum


class Language(StrEnum):
    """A language of messages."""

    en = "en"
    ru = "ru"


_CHOSEN: ContextVar[Language | None] = ContextVar("language of the terminal", default=None)


def choose(language: Language | None) -> Language | None:
    """Speak a language from now on; ``None``: that of the environment."""
    _CHOSEN.set(language)
    return language


def spoken() -> str:
    """The language that was chosen, else that of the environment."""
    return _CHOSEN.get() or language_of(os.environ)


def language_of(environment: Mapping[str, str]) -> str:
    """The first of LC_ALL, LC_MESSAGES and LANG that says something decides, as in every program; else English."""
    said = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), "")
    name = said.casefold().partition(".")[0].partition("@")[0].partition("_")[0]
    return name if name in Language.__members__ else Language.en
