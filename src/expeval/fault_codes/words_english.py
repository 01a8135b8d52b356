"""English part-sentences of the faults, and the forms that go with a number."""

from __future__ import annotations

WORDS: dict[str, str] = {
    # Places and counts.
    "input": "input",
    "line": "line {}",
    "sheet": "sheet {}",
    "column": "column {}",
    "row": "row {}",
    "rows": "rows {}",
    "to": "{} to {}",
    "and": " and ",
    "and-more": " and {} more",
    "cell": ", cell {}",
    "first-cell": ", first cell {}",
    "elsewhere": " and {}, row {}",
    # Part-sentences.
    "did-you-mean": "Did you mean {}?",
    "meant": "did you mean {}?",
    "own-entry": 'For this file set it in its entry in {}: {{ path = "{}", {} = … }}.',
    "limit": ", the limit is {}",
    "listed": "There are: {}.",
    "searched": "The names were looked for in the first {} rows; if they stand further below, set header_row to "
    "their row, in [data] or in the file's own entry.",
    "besides": " besides {}, which holds no data",
    "truth": 'Cells that are true or false are named "TRUE" and "FALSE", in quotation marks; words of a text file as '
    "they stand there.",
    "holds": "The column holds: {}.",
    "fits": "It may be one of: {}.",
    "permitted": "Allowed is {}.",
    "add": "Add it: {}.",
    "possible": "Keys that may stand there: {}.",
    "named": "; {} of the study file names it",
    "not_named": "; it is not {}",
    "wanted": ", which the study file calls {}",
    "beside": ", while the file also holds {}",
    "signs": "; it may be {}",
    "or": " or ",
    "header-empty": "; row {}, which data.header_row names, is empty",
    "header-of-two": "; they seem to stand in the rows {} together",
    "header-perhaps": "; row {} may be it",
    "set-header": "Set data.header_row to its number, as in header_row = {}; names that stand in two rows take "
    "both, as in "
    "header_row = [4, 5].",
    "set-header-of-two": "Set data.header_row to both, as in header_row = [{}], or write the names into one row, "
    "without "
    "merged cells.",
    "unsafe": "{}{}",
    "unsafe-entries": "its archive has {} parts{}",
    "unsafe-unpacked": "unpacked it takes {}{}",
    "unsafe-ratio": "the ratio of unpacked to packed is {}{}",
}

COUNTED: dict[str, tuple[str, ...]] = {
    "times": ("{} time", "{} times"),
    "students": ("{} student", "{} students"),
    "identifiers": ("{} identifier", "{} identifiers"),
    "levels": ("{} different value", "{} different values"),
    "filled": ("{} student", "{} students"),
    "more-values": ("further values: {}",),
    "more-places": ("further such places: {}",),
    "more-cells": ("further cells: {}",),
    "more-files": ("and {} more file", "and {} more files"),
}


def form(number: int) -> int:
    """Which form goes with a number."""
    return 0 if number == 1 else 1
