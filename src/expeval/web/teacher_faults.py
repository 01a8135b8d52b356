"""What is wrong, in a teacher's words: one message a kind, her own names of the columns, nothing of study files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from expeval.fault_codes import WORDINGS, message
from expeval.faults import Fault
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
    groups: dict[tuple[object, ...], list[Fault]] = {}
    for fault in faults:
        # Of both groups that nobody is in the sentence is the same.
        key = None if fault.code == "arm-empty" else fault.key
        groups.setdefault((fault.code, fault.file, fault.sheet, fault.column, key), []).append(fault)
    return [_told(ones, language, names or {}) for ones in groups.values()]


def _told(ones: list[Fault], language: str, names: Mapping[str, str]) -> Told:
    first, *rest = ones
    theirs = names.get(first.column or "", first.column)
    one = replace(first, column=theirs, details={**first.details, **({"like": tuple(rest)} if rest else {})})
    said = message(one, language)
    facts = WORDINGS[language].facts(one) | {"column": theirs or ""}
    own = {part: f"fault-{first.code}-{part}" for part in ("wrong", "mend")}
    wrong, mend = (
        say(language, own[part], **_Facts(facts)) if own[part] in CATALOGUE[language] else text
        for part, text in (("wrong", said.wrong), ("mend", said.mend))
    )
    return Told(first.code, said.place, _sentence(wrong), _sentence(mend), tuple(ones))


class _Facts(dict[str, str]):
    """Facts of a fault under the names of the catalogue's fields; what it does not have is empty."""

    def __init__(self, facts: Mapping[str, str]) -> None:
        fields = ("column", "allowed", "cells", "places", "listed", "quoted", "found", "fits")
        super().__init__({name: facts.get(name, "") for name in fields})


def _sentence(text: str) -> str:
    """A sentence that begins a paragraph."""
    plain = text.strip()
    return plain[:1].upper() + plain[1:]
