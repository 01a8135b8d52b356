"""What is wrong, in a teacher's words: one message a kind, her own names of the columns, nothing of study files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from expeval.fault_codes import WORDINGS, message
from expeval.faults import Fault, alike, as_one
from expeval.web.catalogue import CATALOGUE, say


@dataclass(frozen=True, slots=True)
class Told:
    """A message: where, what is wrong, what to do about it; and the faults that it tells."""

    code: str
    place: str
    wrong: str
    mend: str
    faults: tuple[Fault, ...]


def told(faults: Iterable[Fault], language: str, names: Mapping[str, str] | None = None) -> list[Told]:
    """The messages of faults, alike ones together; ``names``: the study's columns and the file's."""
    return [_told(ones, language, names or {}) for ones in alike(faults, _likeness)]


def _likeness(fault: Fault) -> tuple[object, ...]:
    # Of both groups that nobody is in the sentence is the same.
    key = None if fault.code == "arm-empty" else fault.key
    return (fault.code, fault.file, fault.sheet, fault.column, key)


def _told(ones: tuple[Fault, ...], language: str, names: Mapping[str, str]) -> Told:
    fault = as_one(ones)
    theirs = names.get(fault.column or "", fault.column)
    one = replace(fault, column=theirs)
    said = message(one, language)
    facts = WORDINGS[language].facts(one) | {"column": theirs or ""}
    own = {part: f"fault-{fault.code}-{part}" for part in ("wrong", "mend")}
    wrong, mend = (
        say(language, own[part], **_Facts(facts)) if own[part] in CATALOGUE[language] else text
        for part, text in (("wrong", said.wrong), ("mend", said.mend))
    )
    return Told(fault.code, said.place, _sentence(wrong), _sentence(mend), ones)


class _Facts(dict[str, str]):
    """Facts of a fault under the names of the catalogue's fields; what it does not have is empty."""

    def __init__(self, facts: Mapping[str, str]) -> None:
        fields = ("column", "allowed", "cells", "places", "listed", "quoted", "found", "fits")
        super().__init__({name: facts.get(name, "") for name in fields})


def _sentence(text: str) -> str:
    """A sentence that begins a paragraph."""
    plain = text.strip()
    return plain[:1].upper() + plain[1:]
