"""The catalogue of faults: code -> title, sentence, how to mend it; and the sentence of one fault.

A message is for the person who must mend the file: what was found, what is allowed, what to do.  No template
shows a student's identifier: students are told by their rows.  A further language is a further module like
:mod:`expeval.fault_codes.english` and two lines here.

Fields of a template
--------------------
``{key} {found} {allowed}``
    The fault's own.
``{quoted}``
    What was found, in quotation marks.
``{cells}``
    What was found and where: ``"1055" (row 6); "сдал" (rows 11, 15)``.
``{places}``
    Only where: ``rows 8 and 21; rows 12 and 30``.
``{limit} {listed} {holds} {fits} {not_named} {wanted} {beside} {header}``
    Part-sentences from the language's table of words, empty where the fault does not have what they say.
``{NAME}``
    A value of the fault's ``details``.

Details that the parts read: ``count`` (how often a value was found), ``students`` (how many it concerns),
``further`` (how many more cells were counted and not listed), ``elsewhere`` (rows in other files, as (file, row)),
``institution`` (named instead of the value found), ``header_rows``, ``entry`` (the key of study.toml whose entries
have this file's settings), ``like`` (faults told together with this one).
What a fault does not have is left empty, never an error: a message with a gap is better than none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from expeval.fault_codes import english, lock_english, proposal_english
from expeval.fault_codes.wording import NAMELESS, Told, Wording, further

__all__ = [
    "CATALOGUE",
    "DATA_CODES",
    "LOCK_CODES",
    "NAMELESS",
    "PROPOSAL_CODES",
    "STUDY_CODES",
    "FaultText",
    "Told",
    "further",
    "sentence",
    "titles",
]

Subject = Literal["study", "lock", "data", "proposal"]


@dataclass(frozen=True, slots=True)
class FaultText:
    """One code in one language: ``sentence`` says what is wrong, ``mend`` what to do about it."""

    subject: Subject
    title: str
    sentence: str
    mend: str


def _entries(subject: Subject, texts: Mapping[str, tuple[str, str, str]]) -> dict[str, FaultText]:
    return {code: FaultText(subject, *words) for code, words in texts.items()}


CATALOGUE: dict[str, dict[str, FaultText]] = {
    "en": {
        **_entries("study", english.STUDY_TEXTS),
        **_entries("lock", lock_english.LOCK_TEXTS),
        **_entries("data", english.DATA_TEXTS),
        **_entries("proposal", proposal_english.PROPOSAL_TEXTS),
    },
}
WORDINGS: dict[str, Wording] = {"en": Wording(english.WORDS)}
STUDY_CODES = frozenset(english.STUDY_TEXTS)
LOCK_CODES = frozenset(lock_english.LOCK_TEXTS)
DATA_CODES = frozenset(english.DATA_TEXTS)
PROPOSAL_CODES = frozenset(proposal_english.PROPOSAL_TEXTS)


def sentence(fault: Told, language: str = "en") -> str:
    """Say a fault: where it is, what was found, what is allowed, how to mend it.

    Parameters
    ----------
    fault
        The fault; ``details["like"]`` may hold further faults that differ in place and ``found`` alone and
        are told with it.
    language
        A key of :data:`CATALOGUE`.

    Raises
    ------
    KeyError
        Where the catalogue lacks the code or the language.
    """
    text, wording = CATALOGUE[language][fault.code], WORDINGS[language]
    facts = _Facts(wording.facts(fault))
    place = wording.place_of_key(fault) if text.subject in ("study", "lock") else wording.place_of_data(fault)
    words = (
        text.sentence.format_map(facts),
        wording.did_you_mean(fault),
        text.mend.format_map(facts),
        wording.own_entry(fault),
    )
    return f"{place}: " + " ".join(word.strip() for word in words if word.strip())


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def titles(language: str = "en") -> Iterable[tuple[str, FaultText]]:
    """All codes with their words, for the documentation."""
    return CATALOGUE[language].items()
