"""The catalogue of faults: code -> title, sentence, how to mend it; and the sentence of one fault.

A message is for the person who must mend the file: what was found, what is allowed, what to do.  No template
shows a student's identifier: students are told by their rows.  A further language has the modules that English has
(texts of each subject, words) and one line in each table below.

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
``{limit} {listed} {holds} {fits} {permitted} {add} {possible} {named} {not_named} {wanted} {beside} {header}``
    Part-sentences from the language's table of words, empty where the fault does not have what they say.
``{searched}``
    In how many rows the column names were looked for, where the file goes on below.
``{besides}``
    What a pattern matches that holds no data.
``{signs}``
    Which delimiters may be meant.
``{set_header}``
    How to set ``data.header_row``.
``{reason}``
    Why a workbook is not opened.
``{NAME}``
    A value of the fault's ``details``, with its word where the language's table of counted words has the name.

Details that the parts read: ``count`` (how often a value was found), ``students`` (how many it concerns),
``further`` (how many more cells were counted and not listed), ``elsewhere`` (rows in other files, as (file, row)),
``institution`` (named instead of the value found), ``header_rows``, ``entry`` (the key of study.toml whose entries
have this file's settings), ``like`` (faults told together with this one).
What a fault does not have is left empty, never an error: a message with a gap is better than none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from expeval.fault_codes import (
    data_english,
    data_russian,
    lock_english,
    lock_russian,
    phrases_russian,
    proposal_english,
    proposal_russian,
    study_english,
    study_russian,
    upload_english,
    upload_russian,
    words_english,
    words_russian,
)
from expeval.fault_codes.wording import NAMELESS, OWN_PARTS, Told, Wording, further

__all__ = [
    "CATALOGUE",
    "DATA_CODES",
    "LOCK_CODES",
    "NAMELESS",
    "PROPOSAL_CODES",
    "STUDY_CODES",
    "UPLOAD_CODES",
    "FaultText",
    "Message",
    "Told",
    "further",
    "message",
    "sentence",
    "titles",
]

Subject = Literal["study", "lock", "data", "proposal", "upload"]


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
        **_entries("study", study_english.STUDY_TEXTS),
        **_entries("lock", lock_english.LOCK_TEXTS),
        **_entries("data", data_english.DATA_TEXTS),
        **_entries("proposal", proposal_english.PROPOSAL_TEXTS),
        **_entries("upload", upload_english.UPLOAD_TEXTS),
    },
    "ru": {
        **_entries("study", study_russian.STUDY_TEXTS),
        **_entries("lock", lock_russian.LOCK_TEXTS),
        **_entries("data", data_russian.DATA_TEXTS),
        **_entries("proposal", proposal_russian.PROPOSAL_TEXTS),
        **_entries("upload", upload_russian.UPLOAD_TEXTS),
    },
}
WORDINGS: dict[str, Wording] = {
    "en": Wording(words_english.WORDS, words_english.COUNTED, words_english.form),
    "ru": Wording(
        words_russian.WORDS, words_russian.COUNTED, words_russian.form, ("«", "»"), phrases_russian.in_russian
    ),
}
STUDY_CODES = frozenset(study_english.STUDY_TEXTS)
LOCK_CODES = frozenset(lock_english.LOCK_TEXTS)
DATA_CODES = frozenset(data_english.DATA_TEXTS)
PROPOSAL_CODES = frozenset(proposal_english.PROPOSAL_TEXTS)
UPLOAD_CODES = frozenset(upload_english.UPLOAD_TEXTS)


@dataclass(frozen=True, slots=True)
class Message:
    """A fault in words: where it is, what is wrong there, what to do about it."""

    place: str
    wrong: str
    mend: str

    def __str__(self) -> str:
        return f"{self.place}: " + " ".join(part for part in (self.wrong, self.mend) if part)


def message(fault: Told, language: str = "en") -> Message:
    """Put a fault into words.

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
    mend = (wording.did_you_mean(fault), text.mend.format_map(facts), wording.own_entry(fault))
    return Message(
        wording.place_of_key(fault) if text.subject in ("study", "lock") else wording.place_of_data(fault),
        text.sentence.format_map(facts).strip(),
        " ".join(part.strip() for part in mend if part.strip()),
    )


def sentence(fault: Told, language: str = "en") -> str:
    """Say a fault in one piece, as :func:`message` does in three."""
    return str(message(fault, language))


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def titles(language: str = "en") -> Iterator[tuple[str, FaultText]]:
    """All codes with their words, for the documentation: part-sentences are spelled out around their fields."""
    wording = WORDINGS[language]
    parts = wording.parts("{allowed}", wording.quoted("{found}"), "{key}", wording.quoted("{nearest}"))
    parts |= {"signs": wording.say("signs", "{found}"), "set_header": wording.say("set-header", 4)}
    facts = _Fields(parts | dict.fromkeys(OWN_PARTS, ""))
    for code, text in CATALOGUE[language].items():
        sentence, mend = (template.format_map(facts) for template in (text.sentence, text.mend))
        yield code, FaultText(text.subject, text.title, sentence, mend)


class _Fields(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"
