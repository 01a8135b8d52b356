"""English words of the faults of a study file: code -> (title, what is wrong, how to mend it).

The fields in braces are explained in :mod:`expeval.fault_codes`.
"""

from __future__ import annotations

STUDY_TEXTS: dict[str, tuple[str, str, str]] = {
    # The file itself.
    "study-missing": ("No study file", "there is no such study file.", "Check the name and the folder."),
    "study-is-folder": (
        "The study file is a folder",
        "this is a folder, not a study file.",
        "Name the file in it, usually study.toml.",
    ),
    "study-unreadable": ("Study file cannot be read", "the study file can't be read: {found}.", ""),
    "study-not-utf8": (
        "Study file is not UTF-8",
        "the text is not UTF-8.",
        "Save the study file with the encoding UTF-8; data files may have any encoding.",
    ),
    "study-too-large": (
        "Study file is beyond the limits",
        "the study file is beyond what is read: it has {found}, the limit is {allowed}.",
        "A study file describes the data; scores belong into files of their own.",
    ),
    "toml-syntax": (
        "No valid TOML",
        "not valid TOML at position {position} of the line: {found} (the line reads: {line}).",
        "Texts stand in quotation marks, lists in [brackets], each key once in its table.",
    ),
    # Single keys.
    "unknown-key": (
        "Unknown key",
        "there is no key {key}.",
        "{possible}",
    ),
    "missing-key": ("Missing key", "{key} is missing.", "{add}"),
    "wrong-type": (
        "Value of the wrong type",
        "{key} is {found}, which is of the wrong type.",
        "{permitted} {truth}",
    ),
    "not-allowed": ("Value that is not allowed", "{key} is {found}, which may not stand there.", "{permitted}"),
    "empty-text": ("Empty text", "{key} is {found}, an empty text.", "{permitted}"),
    "not-yet": (
        "Not in this version",
        "{key} = {found} is not in this version of expeval; it comes with a later one.",
        "What works now: {allowed}.",
    ),
    "control-character": (
        "Control character",
        "{key} holds a control character: {found}.",
        "Type the text anew; only printing characters, tabs and line ends are allowed.",
    ),
    # Keys that must fit each other.
    "files-and-arms": (
        "Files named twice over",
        "{key} is {found}, but the arms have files of their own in [groups].",
        "Keep one of the two: data.files with groups.column, or files in groups.experimental and groups.control.",
    ),
    "file-named-twice": (
        "File named twice",
        "{key} names {found} again: its students would count twice.",
        "Name each file, or each sheet of a workbook, once.",
    ),
    "last-row-first": (
        "Last row above the data",
        "{key} is {found}, but the row with the column names is {header_row}.",
        "data.last_row is the last row that holds a student, counted from 1 at the top of the file.",
    ),
    "column-and-arms": (
        "Group column beside files of the arms",
        "{key} is {found}, but the arms have files of their own.",
        "Remove groups.column, or give groups.experimental and groups.control as values of that column.",
    ),
    "arms-unlike": (
        "Arms given in two ways",
        "{key} is {found}, but groups.{arm} has files of its own.",
        "Give both arms as files, or both as values of groups.column.",
    ),
    "beside-columns": (
        "Key that arms side by side can't have",
        "{key} is {found}, but the outcomes have the arms side by side in two columns: a row there holds two students.",
        "Remove it; to use it, write one row a student, with the group in a column of its own.",
    ),
    "value-in-both-arms": (
        "Value in both arms",
        "the value {found} stands in groups.experimental and in groups.control.",
        "A value of the group column belongs to one arm.",
    ),
    "needs-key": (
        "Key that needs another",
        "{key} is {found}, which needs {allowed}.",
        "Name that column in [data], or change {key}.",
    ),
    "name-twice": (
        "Outcome name twice",
        "{key} is {found}, the name of an earlier outcome.",
        "Give each outcome a name of its own.",
    ),
    "levels-of-score": (
        "Levels of a score",
        "{key} is {found}, but a score has no levels.",
        'Remove it, or say kind = "ordinal" or kind = "binary".',
    ),
    "levels-mixed": (
        "Levels of two types",
        "{key} is {found}: whole numbers and texts mixed.",
        "Give all levels as whole numbers or all as texts; outcomes.values maps what cells hold to levels.",
    ),
    "levels-count": ("Too few or too many levels", "{key} is {found}.", "{permitted}"),
    "levels-twice": ("Level twice", "{key} is {found}: a level stands there twice.", "Name each level once."),
    "levels-not-rising": (
        "Levels out of order",
        "{key} is {found}, which is not in rising order.",
        "Give the lowest level first: {allowed}.",
    ),
    "range-empty": (
        "Empty range",
        "{key} is {found}: its first number is not below its second.",
        "Give the lowest and the highest possible score, as in [0, 100].",
    ),
    "range-of-levels": (
        "Range that excludes a level",
        "{key} is {found}, but there are levels that don't lie in it.",
        "Remove the range: of an outcome with levels only the levels are allowed.",
    ),
    "value-of-empty": (
        "Value for the empty cell",
        "{key} says that an empty cell is {found}.",
        "An empty cell is always a missing value; remove the line.",
    ),
    "value-and-missing": (
        "Value that is missing too",
        "{key} is {found}, but data.missing says that such a cell is missing.",
        "Keep one of the two.",
    ),
    "reserved-name": (
        "Reserved column name",
        "{key} names {found}, a name that the regressions use themselves.",
        "Rename the column in the data file.",
    ),
    "column-two-roles": (
        "Column in two roles",
        "{key} names {found}, which is already {role}.",
        "Use a column for one thing only.",
    ),
    "no-such-covariate": (
        "Category that is no covariate",
        "{key} names {found}, which is no covariate.",
        "Name it in covariates.student or covariates.institution too, or remove it here.",
    ),
    "named-twice": ("Named twice", "{key} is {found}, which stands there already.", "Name it once."),
}
