"""English words of what ``init`` asks where nobody answers: code -> (title, what is wrong, how to mend it)."""

from __future__ import annotations

PROPOSAL_TEXTS: dict[str, tuple[str, str, str]] = {
    "data-unsaid": (
        "No data file named",
        "it is not said which files hold the scores.",
        "Name them, as in {key} scores.csv; the flag may be given several times. {listed}",
    ),
    "study-exists": (
        "Study file that is there already",
        "this file is there already and stays as it is.",
        "Give {key} to replace it, or name another folder.",
    ),
    "encoding-unsaid": (
        "Encoding to be said",
        "the text's encoding is unclear.",
        "Say it with {key}, as in {key} cp1251. {fits}",
    ),
    "delimiter-unsaid": (
        "Delimiter to be said",
        "what separates the columns is unclear: {found}.",
        'Say it with {key}, as in {key} ";".',
    ),
    "sheet-unsaid": (
        "Sheet to be said",
        "it is unclear which sheet holds the scores.",
        "Name it with {key}, by its name or its number from 1. {listed}",
    ),
    "group-unsaid": (
        "Group column to be said",
        "it is unclear which column says who is in the experimental and who in the control group.",
        "Name it with {key} COLUMN; where each group has a file of its own, name that of the experimental one with "
        "--experimental FILE. {listed}",
    ),
    "arms-unsaid": (
        "Groups to be said",
        "it is unclear which values are the experimental and which the control group.",
        "Say it with {key} VALUE; of more than two values both groups must be named (--experimental, --control). "
        "{holds}",
    ),
    "assigned-unsaid": (
        "Assigned unit to be said",
        "the data do not show whose units were put into the groups.",
        "Say it with {key}: student, class or institution.",
    ),
    "unit-unsaid": (
        "Column of the assigned units to be said",
        "whole {found} were put into the groups, as --assigned says, but no column was found that holds them.",
        "Name it with {key} COLUMN. {listed}",
    ),
    "outcome-unsaid": (
        "Outcome to be said",
        "it is unclear which column holds the scores.",
        "Name it with {key} COLUMN; the flag may be given several times. {listed}",
    ),
    "levels-unsaid": (
        "Levels in no known order",
        "this column holds no numbers, and which of its values is higher is unclear.",
        "Write numbers in the column, or name another one with {key}. {holds}",
    ),
    "option-no-column": (
        "Flag that names no column",
        "{key} names {quoted}, which is no column of the data.",
        "{listed}",
    ),
    "option-no-value": (
        "Flag that names no value",
        "{key} names {quoted}, which this column does not hold.",
        "{holds}",
    ),
}
