"""Values with labels (1 = "boy"), as SPSS and Stata have them: which of the two is meant, and where that is unclear.

In a column of names the label is the name, in a column of numbers the code is the number.  Where study.toml names a
value, it may write either; a word that is the label of one value and the code of another is asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np

from expeval.scores.cells import LabelledCell, Sheet, Value, plain_text, told
from expeval.scores.numbers import Kind, read_text, read_value
from expeval.scores.text_cells import ManyTexts

UNCLEAR = "label-or-code"
SHOWN_LABELS = 5


def has_labels(values: Iterable[Value]) -> bool:
    """Whether any of the values has a label."""
    return not isinstance(values, ManyTexts) and any(isinstance(value, LabelledCell) for value in values)


def numeric_label(value: Value) -> bool:
    """Whether a value's label is itself a number, and another one than its code."""
    if not isinstance(value, LabelledCell):
        return False
    label, code = read_text(value.label, "."), read_value(value.code, ".")
    return label.kind is Kind.NUMBER and label.number != code.number


def label_texts(
    sheet: Sheet, name: str, values: Sequence[Value], label_of: Callable[[Value], str], named: Sequence[Collection[str]]
) -> tuple[list[str], set[int]]:
    """The label of each distinct value, and the places of values that study.toml may or may not mean.

    A value that study.toml names by its code alone has the code for a label; two values with one label, which
    study.toml does not name, stay two: each has its code behind the label.
    """
    texts = [label_of(value) for value in values]
    codes = {i: label_of(value.code) for i, value in enumerate(values) if isinstance(value, LabelledCell)}
    if not codes:
        return texts, set()
    words = [{label_of(word) for word in group} for group in named]
    unclear = _unclear_words(texts, codes, words)
    taken: dict[str, int] = {}
    for text in texts:
        taken[text] = taken.get(text, 0) + 1
    repeated = False
    for i, code in codes.items():
        label = texts[i]
        if any(label in group for group in words):
            continue
        if any(code in group for group in words):
            texts[i] = code
        elif taken[label] > 1:
            texts[i], repeated = f"{label} ({code})", True
    if repeated and not named:
        sheet.notice("labels-repeat", f"in the column “{name}” different values have the same label; they stay apart.")
    return texts, unclear


def _unclear_words(texts: Sequence[str], codes: dict[int, str], words: Sequence[Collection[str]]) -> set[int]:
    unclear: set[int] = set()
    for i, code in codes.items():
        by_label = {k for k, group in enumerate(words) if texts[i] in group}
        by_code = {k for k, group in enumerate(words) if code in group}
        if by_label and by_code and by_label != by_code:
            unclear.add(i)
    for word in {word for group in words for word in group}:
        of_label = {i for i, text in enumerate(texts) if text == word}
        of_code = {i for i, code in codes.items() if code == word} - of_label
        if of_label and of_code:
            unclear |= of_label | of_code
    return unclear


def unclear_levels(values: Sequence[Value], level: Callable[[Value], float | None]) -> set[Value]:
    """Values of which some are a level by a label that is a number, and others are the same level by their code.

    ``level`` is what a plain value is, ``None`` where it is no level.
    """
    by_label: dict[float, set[Value]] = {}
    by_code: dict[float, set[Value]] = {}
    for value in values:
        plain: Value = value.code if isinstance(value, LabelledCell) else value
        if (number := level(plain)) is not None and not np.isnan(number):
            by_code.setdefault(number, set()).add(value)
        if isinstance(value, LabelledCell) and numeric_label(value) and (number := level(value.label)) is not None:
            by_label.setdefault(number, set()).add(value)
    unclear: set[Value] = set()
    for number, labelled in by_label.items():
        if others := by_code.get(number, set()) - labelled:
            unclear |= labelled | others
    return unclear


def tell_labelled_numbers(
    sheet: Sheet, name: str, values: Sequence[Value], number_of: Callable[[Value], float]
) -> None:
    """Notice labels beside plain numbers (97 = "no answer"): such a value counts as the number that it is."""
    if not has_labels(values):
        return
    pairs = [(value, number_of(value)) for value in values]
    labelled = [value for value, number in pairs if isinstance(value, LabelledCell) and not np.isnan(number)]
    plain = any(not isinstance(value, LabelledCell) and not np.isnan(number) for value, number in pairs)
    suspicious = [value for value in labelled if plain or numeric_label(value)]
    # What study.toml gives another number is settled.
    suspicious = [value for value in suspicious if read_value(value.code, ".").number == number_of(value)]
    if not suspicious:
        return
    found = ", ".join(told(value)[:60] for value in suspicious[:SHOWN_LABELS])
    more = ", …" if len(suspicious) > SHOWN_LABELS else ""
    codes = ", ".join(plain_text(value.code) for value in suspicious[:SHOWN_LABELS])
    sheet.notice(
        "labelled-numbers",
        f"in the column “{name}” values with a label count as the numbers that they are ({found}{more}). "
        f"If any stands for a missing value, declare it in data.missing ({codes}).",
    )
