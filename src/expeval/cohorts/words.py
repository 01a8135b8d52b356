"""A teacher's words that the study does not know, each with its count and what it may stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from expeval.cohorts.choices import MISSING, NEITHER, Choices
from expeval.cohorts.draft import column_words
from expeval.faults import nearest
from expeval.proposal.words import arm_of_word, is_mark_word, is_missing_word
from expeval.scores.arms import OTHER_GROUP, arm_of
from expeval.scores.cells import Sheet, distinct, shown, texts_of
from expeval.scores.numbers import Kind, read_value
from expeval.scores.roles import missing_values, outcome_levels
from expeval.scores.spelling import look_alike, tidy
from expeval.scores.typed import read_labels_column
from expeval.study.spec import Outcome, Scalar, Study

SHOWN_WORDS = 100


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a file that the study does not know.

    Attributes
    ----------
    column
        The study's column under which the answer is kept (of a baseline: its outcome's).
    text, count
        The word as the file has it, and in how many rows.
    allowed
        What it may stand for; empty where any number may stand there.
    suggestion
        What it probably stands for, to be confirmed; ``remembered`` from the last confirmed upload.
    """

    column: str
    text: str
    count: int
    allowed: tuple[Scalar, ...]
    suggestion: Scalar | None = None
    remembered: bool = False


def open_words(
    study: Study, sheet: Sheet, choices: Choices, remembered: Mapping[str, Mapping[str, Scalar]]
) -> list[Word]:
    """The words that nobody has said the meaning of yet; ``study`` is the study file's own."""
    found = _group_words(study, sheet, choices, remembered.get(str(study.groups.column), {}))
    asked: dict[str, set[str]] = {}  # one cell has one meaning, for whichever outcomes its column is read
    for outcome in study.outcomes:
        found += _outcome_words(study, sheet, outcome, choices, remembered.get(str(outcome.column), {}), asked)
    return found


def _group_words(study: Study, sheet: Sheet, choices: Choices, before: Mapping[str, Scalar]) -> list[Word]:
    column = str(study.groups.column)
    if column not in sheet.columns:
        return []
    labels = read_labels_column(sheet, column, missing_values(study), (study.experimental_values, study.control_values))
    answered = {tidy(word) for word in choices.words.get(column, {})}
    counts = dict.fromkeys(labels.labels, 0)
    for code in labels.codes.tolist():
        if code >= 0:
            counts[labels.labels[code]] += 1
    allowed = ("experimental", "control", NEITHER)
    unknown = [
        label
        for label, count in counts.items()
        if count and arm_of(study, label) == OTHER_GROUP and label not in answered
    ]
    return [
        Word(column, label, counts[label], allowed, before.get(label, _arm(study, label)), label in before)
        for label in unknown[:SHOWN_WORDS]
    ]


def _arm(study: Study, label: str) -> str | None:
    """The arm that a word is probably meant for: a look-alike of the study's own, else a word everybody knows."""
    arms = {"experimental": study.experimental_values, "control": study.control_values}
    for arm, values in arms.items():
        if look_alike(label) in {look_alike(value) for value in values}:
            return arm
    return arm_of_word(label)


def _outcome_words(
    study: Study,
    sheet: Sheet,
    outcome: Outcome,
    choices: Choices,
    before: Mapping[str, Scalar],
    asked: dict[str, set[str]],
) -> list[Word]:
    """The words of an outcome's columns but those that another outcome of the column asks about, or asked."""
    known = {tidy(text) for text in outcome.values} | missing_values(study).texts
    levels = outcome_levels(outcome)
    known |= set(levels.by_text) if levels else set()
    counts: dict[str, int] = {}
    for column in (outcome.column, outcome.baseline):
        if column is None or column not in sheet.columns:
            continue
        cells = distinct(sheet.columns[column])
        answered = known.union(column_words(study, column, choices))
        others = asked.get(column, set())
        own = set()
        for value, count in zip(cells.values, cells.counts().tolist(), strict=True):
            text = tidy(shown(value))
            if (
                text not in others
                and read_value(value, sheet.decimal).kind is Kind.TEXT
                and not answered.intersection(map(tidy, texts_of(value)))
            ):
                counts[text] = counts.get(text, 0) + count
                own.add(text)
        asked[column] = others | own
    allowed: tuple[Scalar, ...] = (*outcome.levels, MISSING) if outcome.levels else ()
    words = [(text, count) for text, count in counts.items() if count and text][:SHOWN_WORDS]
    return [
        Word(str(outcome.column), text, count, allowed, before.get(text, _meant(outcome, text)), text in before)
        for text, count in words
    ]


def _meant(outcome: Outcome, text: str) -> Scalar | None:
    """What a word of an outcome probably stands for: a missing score, a mark with a sign, a mark in words."""
    if is_missing_word(text):
        return MISSING
    levels: Sequence[Scalar] = outcome.levels
    by_text = {str(level): level for level in levels}
    plain = text.rstrip("+-−–— .").strip()
    if plain in by_text:
        return by_text[plain]
    mark = is_mark_word(text)
    if mark is not None and str(mark) in by_text:
        return by_text[str(mark)]
    near = nearest(text, [level for level in by_text if not level.lstrip("-").isdecimal()])
    return by_text[near] if near is not None else None
