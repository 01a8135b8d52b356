"""The words of all pages in every language; a word that goes with a number has its forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from expeval.fault_codes import WORDINGS
from expeval.web import words_coordinator_english, words_coordinator_russian, words_english, words_russian

LANGUAGES: Mapping[str, str] = {"en": "English", "ru": "Русский"}
Texts = Mapping[str, str | tuple[str, ...]]


def _merged(*parts: Texts) -> Texts:
    merged: dict[str, str | tuple[str, ...]] = {}
    for part in parts:
        twice = merged.keys() & part.keys()
        if twice:
            raise ValueError(f"two texts of one key: {sorted(twice)}")
        merged.update(part)
    return merged


CATALOGUE: Mapping[str, Texts] = {
    "en": _merged(words_english.TEXTS, words_coordinator_english.TEXTS),
    "ru": _merged(words_russian.TEXTS, words_coordinator_russian.TEXTS),
}
_FORMS: Mapping[str, Callable[[int], int]] = {code: wording.form for code, wording in WORDINGS.items()}


def say(language: str, key: str, **fields: object) -> str:
    """A text of the catalogue with its fields; of one with forms the number ``n`` decides which."""
    text = CATALOGUE[language][key]
    if isinstance(text, tuple):
        number = fields["n"]
        assert isinstance(number, int)
        text = text[min(_FORMS[language](number), len(text) - 1)]
    return text.format(**fields)
