"""What is wrong with a file, in the words of a teacher, in English; what is not here is said as everywhere else.

Fields: ``column`` is her name of the column, ``allowed``, ``cells``, ``places`` and the rest as in
:mod:`expeval.fault_codes`.
"""

from __future__ import annotations

_EMPTY = " Where there is no result, leave the cell empty."
_ASK = "Ask the coordinator of the study."

FAULT_TEXTS: dict[str, str | tuple[str, ...]] = {
    "fault-not-a-level-wrong": "“{column}” must be one of {allowed}. There is {cells}.",
    "fault-not-a-level-mend": "Choose the right one." + _EMPTY,
    "fault-not-a-number-wrong": "“{column}” must be a number. There is {cells}.",
    "fault-not-a-number-mend": "Type the right number." + _EMPTY,
    "fault-outside-range-wrong": "“{column}” must be within {allowed}. There is {cells}.",
    "fault-outside-range-mend": "Type the right number." + _EMPTY,
    "fault-not-finite-wrong": "“{column}” must be a usual number. There is {cells}.",
    "fault-not-finite-mend": "Type the right number." + _EMPTY,
    "fault-date-in-cell-wrong": "“{column}” holds a date where a number belongs: {cells}.",
    "fault-date-in-cell-mend": "The spreadsheet took something like 4.05 for a date. Type the number as it was meant."
    + _EMPTY,
    "fault-error-in-cell-wrong": "“{column}” holds an error of the spreadsheet: {cells}.",
    "fault-error-in-cell-mend": "Type the right value." + _EMPTY,
    "fault-formula-without-value-wrong": "“{column}” holds formulas without a result: {places}.",
    "fault-formula-without-value-mend": "Open the file in your spreadsheet, save it, and send it again; or type the "
    "values.",
    "fault-integer-too-large-mend": "Type the right number; a student’s code belongs into another column.",
    "fault-label-or-code-wrong": "What stands in “{column}” can be read in two ways: {cells}.",
    "fault-label-or-code-mend": _ASK,
    "fault-rows-below-wrong": "The student’s number or code is missing: {places}.",
    "fault-rows-below-mend": "Type it. If the row is no student, remove it in your file and send the file again.",
    "fault-rows-hidden-wrong": "Your sheet hides rows in which something stands: {places}.",
    "fault-rows-hidden-mend": "A filter may have hidden them, or somebody did. Look at them in your spreadsheet.",
    "fault-student-twice-same-wrong": "One student stands there more than once, with the same values: {places}.",
    "fault-student-twice-same-mend": "If these are different students, correct the number of one of them. If not, "
    "remove the repeated row in your file and send the file again.",
    "fault-student-twice-different-wrong": "One student stands there more than once, with different values: {places}.",
    "fault-student-twice-different-mend": "If these are different students, correct the number of one of them. If "
    "not, keep the right row in your file, remove the other one, and send the file again.",
    "fault-student-both-arms-wrong": "One student stands in both groups: {places}.",
    "fault-student-both-arms-mend": "A student belongs to one group. Choose the right one.",
    "fault-unit-both-arms-wrong": "A class belongs to one group as a whole, but this one stands in both: {cells}.",
    "fault-unit-both-arms-mend": "Choose the right group in these rows.",
    "fault-summary-rows-wrong": "The last rows seem to hold means or totals: {places}.",
    "fault-summary-rows-mend": "Remove them in your file and send it again.",
    "fault-column-missing-wrong": "A column that the study needs was not found: “{column}”.",
    "fault-column-missing-mend": "Choose your column, or add it to your file.",
    "fault-column-twice-mend": "Give each column in your file a name of its own, and send it again.",
    "fault-column-empty-wrong": "No student has a value in “{column}”.",
    "fault-column-empty-mend": "Fill the column in, or send the right file.",
    "fault-encoding-unclear-wrong": "We can’t tell how the letters in this file are saved.",
    "fault-encoding-unclear-mend": "Choose below, or open the file in your spreadsheet and save it as XLSX.",
    "fault-delimiter-unclear-wrong": "We can’t tell what stands between the columns.",
    "fault-delimiter-unclear-mend": "Choose below, or open the file in your spreadsheet and save it as XLSX.",
    "fault-decimal-unclear-wrong": "We can’t tell whether the comma or the point stands before the decimals: {cells}.",
    "fault-decimal-unclear-mend": "Say which one it is, once for the whole file.",
    "fault-header-unclear-wrong": "We can’t tell which row holds the column names.",
    "fault-header-unclear-mend": "Type the number of that row.",
    "fault-sheet-unclear-wrong": "Several sheets hold rows: {found}.",
    "fault-sheet-unclear-mend": "Leave the one with the results, and send the file again.",
    "fault-sheet-missing-wrong": "There is no sheet {quoted}.",
    "fault-sheet-missing-mend": "Send the file again and choose another sheet.",
    "fault-library-missing-wrong": "This kind of file is not read here.",
    "fault-library-missing-mend": "Open it in your spreadsheet, save it as XLSX or CSV, and send it again.",
    "fault-format-unsupported-wrong": "This kind of file is not read here: {found}.",
    "fault-format-unsupported-mend": "Open it in its own program, save it as XLSX or CSV, and send that.",
    "fault-workbook-unsafe-wrong": "This file was not opened: it is damaged, or far larger inside than it looks.",
    "fault-workbook-unsafe-mend": "Open it in your spreadsheet, save it anew as XLSX, and send that.",
    "fault-file-empty-wrong": "The file is empty.",
    "fault-file-empty-mend": "Check that you chose the right file, and that it was saved.",
    "fault-file-unreadable-mend": "Check that it opens in its own program. Save it as XLSX or CSV and send it again.",
    "fault-file-too-large-mend": "Leave only the rows of your own students in it, and the columns that are asked for.",
    "fault-arm-empty-wrong": "No row belongs to the experimental or the control group.",
    "fault-arm-empty-mend": "Check that you chose the right column for the group, and what its words stand for.",
    "fault-no-outcome-at-all-wrong": "No student has a single result.",
    "fault-no-outcome-at-all-mend": "Check that you sent the right file and chose the right columns.",
    "fault-covariate-not-a-number-wrong": "“{column}” mostly holds numbers, but there is also {cells}.",
    "fault-covariate-not-a-number-mend": "Type the right number." + _EMPTY,
    "fault-covariate-identifies-wrong": "“{column}” has so many different values that it could tell who a student is.",
    "fault-covariate-identifies-mend": "Check that you chose the right column. If you did, ask the coordinator.",
    "fault-covariate-varies-wrong": "“{column}” must be the same in the whole institution, but differs: {cells}.",
    "fault-covariate-varies-mend": "Correct the cells.",
    "fault-strata-vary-wrong": "“{column}” must be the same inside a class, but differs: {cells}.",
    "fault-strata-vary-mend": "Correct the cells.",
    "fault-strata-missing-wrong": "“{column}” may not be empty: {cells}.",
    "fault-strata-missing-mend": "Fill it in.",
}
