"""English words of the faults of files of data: code -> (title, what is wrong, how to mend it).

The fields in braces are explained in :mod:`expeval.fault_codes`.
"""

from __future__ import annotations

_MISSING_CODE = "If it is a code for a missing value (as -99 or 999), declare it in data.missing."
_OR_VALUES = "outcomes.values says what else a cell may stand for."

DATA_TEXTS: dict[str, tuple[str, str, str]] = {
    # Files.
    "file-missing": (
        "No such file",
        "there is no such file.",
        "Check the name; it is relative to the study file's folder.",
    ),
    "file-is-folder": (
        "Folder instead of a file",
        "this is a folder, not a file.",
        'Name its files, as in "folder/*.csv".',
    ),
    "file-unreadable": (
        "File cannot be read",
        "the file can't be read: {found}.",
        "Check that it opens in its own program and that you may read it.",
    ),
    "glob-empty": (
        "Pattern without files",
        "no file matches this pattern{besides}.",
        "Check the pattern; it is relative to the study file's folder.",
    ),
    "glob-of-results": (
        "Pattern that matches results",
        "this pattern also matches files of a report or a bundle: {found}.",
        "Narrow the pattern, or name the files of data one by one.",
    ),
    "file-twice": (
        "File twice",
        "it holds the same as {quoted}, and without data.student nothing tells whether its students count already.",
        "Take the copy away, or name the files one by one; or name the column of identifiers in data.student.",
    ),
    "file-empty": ("Empty file", "the file is empty.", "Save the scores again, or leave the file out."),
    "header-only": ("Header only", "the file has column names but no row below them.", "Add the rows."),
    "format-unsupported": (
        "Format not read",
        "{found} is not read by this version.",
        "Open the file and save it as CSV or XLSX. Formats that are read: {allowed}.",
    ),
    "file-too-large": (
        "File beyond the limit",
        "the file has {found}, the limit is {allowed}.",
        "Leave out the columns that the study doesn't use, or split the file.",
    ),
    "workbook-unsafe": (
        "Workbook that may not be opened",
        "the workbook is not opened, because it is damaged or could exhaust the machine: {reason}.",
        "Open it in a spreadsheet program and save the sheet anew as XLSX or CSV.",
    ),
    "library-missing": (
        "Library that is not installed",
        "reading this file needs {found}, which is not installed.",
        "Install it with: {allowed}.",
    ),
    "file-changed": (
        "File changed while it was read",
        "the file changed while it was read.",
        "Close it in other programs and run again.",
    ),
    "store-unreadable": ("Store that cannot be read", "the uploads can't be read: {found}", ""),
    "store-empty": (
        "Store without uploads",
        "no upload in the store counts.",
        "Let the institutions upload their cohorts, or name files in data.files.",
    ),
    "letters-broken": (
        "Letters that are broken",
        "the text is in UTF-8, but for bytes that are no letter: {places}.",
        "Mend the words in these lines and save the file again; or set data.encoding, if the text is in another one.",
    ),
    # What a file leaves open: asked.
    "encoding-unclear": (
        "Encoding unclear",
        "the text's encoding is unclear{not_named}.",
        'Set data.encoding, as in encoding = "cp1251". {fits}',
    ),
    "delimiter-unclear": (
        "Delimiter unclear",
        "what separates the columns is unclear{signs}.",
        'Set data.delimiter, as in delimiter = ";".',
    ),
    "decimal-unclear": (
        "Decimal sign unclear",
        "the decimal sign is unclear: {cells}{beside}.",
        'Set data.decimal to "." or "," (the other sign then sets off thousands), or write all numbers alike.',
    ),
    "header-unclear": (
        "Header row unclear",
        "it is unclear which row holds the column names{header}.",
        "{set_header}",
    ),
    "sheet-unclear": (
        "Sheet unclear",
        "several sheets hold rows: {found}.",
        "Set data.sheet to the name or number of the one to read.",
    ),
    "sheet-missing": ("No such sheet", "there is no sheet {quoted}.", "Change data.sheet. {listed}"),
    "rows-below": (
        "Rows without a student",
        "no student identifier: {places}.",
        "If these are totals, notes or signatures below the students, set data.last_row to the last row that holds "
        "a student; remove such rows where they stand between students; otherwise fill in the identifier.",
    ),
    "rows-hidden": (
        "Hidden rows",
        "the sheet hides rows that hold something: {places}.",
        'Set data.hidden to "keep" if they count like the others, to "drop" to leave them out.',
    ),
    # Columns and rows.
    "column-missing": (
        "No such column",
        "there is no such column{named}.",
        "Change the name in the study file or in the file. {listed}{searched}",
    ),
    "column-twice": (
        "Column name twice",
        "more than one column has this name.",
        "Rename all but one of them in the file.",
    ),
    "column-empty": (
        "Column without a value",
        "no student has a value in this column{named}.",
        "Fill the column in, or take it out of the study file if the study does without it.",
    ),
    "column-nested": (
        "Column that is no plain column",
        "the column holds {found}, not one number, text or date a row.",
        "Write what the study needs of it as a column of numbers or texts.",
    ),
    "header-again": (
        "Second table below the first",
        "column names again, and not the header's in each column, so that other columns may begin there: {places}.",
        "Put each table in a file or a sheet of its own, or bring its columns under the header's names.",
    ),
    "row-length": (
        "Row that does not fit the header",
        "more cells than the {allowed} column names, a row that a line break cuts in two, or a quotation mark that is "
        "never closed: {places}.",
        "Put cells that hold the delimiter or a line break in quotation marks, or remove the surplus cells.",
    ),
    "row-too-large": (
        "Row beyond the limit",
        "a row has {found} or more, the limit is {allowed}: {places}.",
        "Look for line breaks that got lost, or for a quotation mark that is never closed.",
    ),
    # Cells.
    "not-a-number": (
        "No number",
        "no number: {cells}.",
        "Correct the cells. " + _MISSING_CODE + " " + _OR_VALUES,
    ),
    "not-finite": (
        "Infinite value",
        "not finite, or beyond ±1e300: {cells}.",
        "Correct the cells or leave them empty.",
    ),
    "outside-range": (
        "Outside the range",
        "outside the range {allowed}: {cells}.",
        "Correct the cells, or outcomes.range. " + _MISSING_CODE,
    ),
    "not-a-level": (
        "No level of the outcome",
        "none of the levels {allowed}: {cells}.",
        'Say in outcomes.values what each stands for, as in values = {{ "5-" = 5, "зач" = "missing" }}, or correct '
        "the cells. " + _MISSING_CODE,
    ),
    "label-or-code": (
        "Value label or code",
        "the study file's words fit the value labels of this column and its codes, and mean different values: {cells}.",
        "Take the value labels off the column or recode it, so that every word of the study file fits one value only.",
    ),
    "percent-mixed": (
        "Percentages among numbers",
        "percentages, which the file holds as shares of 1, among numbers larger than 1: {cells}.",
        "Format the column as numbers and type all of them alike, as in 85 or as in 0.85.",
    ),
    "date-in-cell": (
        "Date instead of a number",
        "a date where a number belongs: {cells}.",
        "The spreadsheet took a mark such as 4.05 as a date: format the column as text or number, then type the marks "
        "again.",
    ),
    "error-in-cell": (
        "Error value",
        "an error value of the spreadsheet: {cells}.",
        "Mend the formula, or leave the cell empty where the score is missing.",
    ),
    "formula-without-value": (
        "Formula without a value",
        "formulas whose values were never computed: {places}.",
        "Open the file in a spreadsheet program, let it recalculate, and save it.",
    ),
    "integer-too-large": (
        "Whole number beyond 2^53",
        "whole numbers too large to be exact (beyond 2^53): {cells}.",
        "Use a larger unit (thousands instead of ones); an identifier is no score.",
    ),
    "label-inexact": (
        "Identifier that lost digits",
        "long numbers (beyond 2^53, or shortened as 1.23E+15) of which the file has lost the last digits, so that "
        "different ones may look the same: {cells}.",
        "Format the column as text before the numbers are typed or imported, and save it again with all digits.",
    ),
    # Students, arms and institutions.
    "student-twice-same": (
        "Student twice, same values",
        "one student stands more than once with the same values: {places}.",
        'Remove the repeated rows, or set data.duplicates = "first" to keep the first of them.',
    ),
    "student-twice-different": (
        "Student twice, different values",
        "one student stands more than once with different values: {places}.",
        "Keep the right row of each student and remove the others (data.duplicates settles equal rows only).",
    ),
    "student-both-arms": (
        "Student in both arms",
        "one student stands in both arms: {places}.",
        "A student belongs to one arm: correct the group or the identifier in these rows.",
    ),
    "student-spelt-two-ways": (
        "Student written in two ways",
        "an identifier that differs from one in the files of scores only by case, leading zeros or letters that look "
        "alike: {places}.",
        "Write one student's identifier alike in both files.",
    ),
    "students-unmatched": (
        "Table of students that fits nobody",
        "of its {identifiers} of students none occurs in the files of scores, which hold {students}.",
        "Check that both files write the identifiers alike (leading zeros, capitals, spaces) and that {key} names the "
        "right file.",
    ),
    "column-differs": (
        "Column with different values in two files",
        "this column stands in two files, with different values of one student or institution: {places}.",
        "Correct one of them, or remove the column from the file where it does not belong.",
    ),
    "summary-rows": (
        "Totals among the students",
        "these rows seem to hold totals, means or sums, which would count as students: {places}.",
        "Set data.last_row to the last row that holds a student; remove such rows where they stand between students.",
    ),
    "unit-both-arms": (
        "Assigned unit in both arms",
        "in both arms, although groups.assigned says that whole units were put into the arms: {cells}.",
        "Correct the group in these rows, or groups.assigned.",
    ),
    "institution-unknown": (
        "Institution without a row",
        "the file of institutions has no row for: {cells}.",
        "Add the row, or correct the institution's name where it is misspelt.",
    ),
    "institution-unnamed": (
        "Row without an institution",
        "no institution is named: {places}.",
        "If these are totals, notes or signatures below the institutions, set last_row to the last row that holds an "
        "institution; otherwise fill in the institution.",
    ),
    "institution-twice": (
        "Institution twice",
        "the file of institutions has more than one row for: {cells}.",
        "Keep one row an institution.",
    ),
    "covariate-varies": (
        "Institution covariate that varies",
        "covariates.institution must be constant inside an institution, but this column varies in: {cells}.",
        "Correct the cells, or name the column in covariates.student.",
    ),
    "covariate-not-a-number": (
        "Text among a covariate's numbers",
        "no number, in a covariate that mostly holds numbers: {cells}.",
        "Correct the cells. " + _MISSING_CODE + " If the column is a category, name it in covariates.categories too.",
    ),
    "covariate-identifies": (
        "Covariate that tells students apart",
        "a category of {levels} for {filled}: it identifies students, or is no category, and its values would be "
        "published as terms of the regression.",
        "Remove it from the covariates. If it holds numbers, write all of them as numbers and leave it out of "
        "covariates.categories.",
    ),
    "strata-vary": (
        "Stratum that varies inside an assigned unit",
        "groups.strata must be constant inside each unit that was put into an arm, but this column varies in: {cells}.",
        "Correct the cells, or groups.strata and groups.assigned.",
    ),
    "strata-missing": (
        "Student without a stratum",
        "groups.strata says that units were put into the arms inside the values of this column, but it is empty in: "
        "{cells}.",
        "Fill in the stratum of these students, or remove groups.strata.",
    ),
    "cohort-missing": (
        "Student without a cohort",
        "data.cohort says that this column tells the cohorts apart, but it is empty in: {cells}.",
        "Fill in the cohort of these students, or remove data.cohort.",
    ),
    "arm-empty": (
        "Arm without rows",
        "no row belongs to the {arm} arm{wanted}. {holds}",
        "Correct {key} in the study file, or the data.",
    ),
    "no-outcome-at-all": (
        "No values of any outcome",
        "no student has a value of any outcome: {found}.",
        "Check the columns, data.missing and outcomes.values.",
    ),
}
