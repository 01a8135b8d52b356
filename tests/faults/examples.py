"""One bad study file for every fault code of study files; the key is the code.

An example is a change of a right study file: a function from its text to another text, or bytes that stand
for the whole file.  Faults of data have their examples in ``tests/scores`` (a module with a dict ``EXAMPLES``).
"""

from __future__ import annotations

RIGHT = """\
[study]
title = "Small classes"

[data]
files = ["scores.csv"]
student = "pupil"
institution = "school"

[groups]
column = "group"
experimental = ["small"]
control = ["regular"]
assigned = "institution"

[[outcomes]]
name = "Reading"
column = "reading"
kind = "score"
range = [0, 100]

[covariates]
student = ["gender"]

[inference]
seed = 1
"""


def changed(old: str, new: str) -> bytes:
    assert RIGHT.count(old) == 1, old
    return RIGHT.replace(old, new).encode()


def added(table: str, line: str) -> bytes:
    return changed(f"[{table}]\n", f"[{table}]\n{line}\n")


def ordinal(levels: str) -> bytes:
    return changed('kind = "score"\nrange = [0, 100]', f'kind = "ordinal"\nlevels = {levels}')


# code -> (the study file, the key that the fault names, the line that it names)
EXAMPLES: dict[str, tuple[bytes, str | None, int | None]] = {
    "study-not-utf8": (RIGHT.replace("Small", "Малые").encode("cp1251"), None, 2),
    "study-too-large": (b"".join(b"key%d = 1\n" % number for number in range(100_000)), None, None),
    "toml-syntax": (changed('files = ["scores.csv"]', 'files = ["scores.csv"'), None, 6),
    "unknown-key": (changed("institution =", "instituton ="), "data.instituton", 7),
    "missing-key": (changed('assigned = "institution"\n', ""), "groups.assigned", 9),
    "wrong-type": (added("groups", 'randomised = "yes"'), "groups.randomised", 10),
    "not-allowed": (changed('assigned = "institution"', 'assigned = "pupil"'), "groups.assigned", 13),
    "empty-text": (changed('title = "Small classes"', 'title = " "'), "study.title", 2),
    "not-yet": (added("inference", 'missing_data = "multiple-imputation"'), "inference.missing_data", 25),
    "control-character": (changed("Small classes", r"Small\u001b[31m classes"), "study.title", 2),
    "files-and-arms": (
        changed(
            'column = "group"\nexperimental = ["small"]\ncontrol = ["regular"]',
            'experimental = { files = ["e.csv"] }\ncontrol = { files = ["c.csv"] }',
        ),
        "data.files",
        5,
    ),
    "file-named-twice": (changed('["scores.csv"]', '["scores.csv", "scores.csv"]'), "data.files[2]", 5),
    "last-row-first": (added("data", "header_row = 4\nlast_row = 4"), "data.last_row", 6),
    "column-and-arms": (
        changed(
            'experimental = ["small"]\ncontrol = ["regular"]',
            'experimental = { files = ["e.csv"] }\ncontrol = { files = ["c.csv"] }',
        ).replace(b'files = ["scores.csv"]\n', b"", 1),
        "groups.column",
        9,
    ),
    "arms-unlike": (
        changed('column = "group"\nexperimental = ["small"]', 'experimental = { files = ["e.csv"] }').replace(
            b'files = ["scores.csv"]\n', b"", 1
        ),
        "groups.control",
        10,
    ),
    "beside-columns": (
        changed('column = "reading"', 'columns = { experimental = "E", control = "C" }')
        .replace(b'institution = "school"\n', b"")
        .replace(b'column = "group"\nexperimental = ["small"]\ncontrol = ["regular"]\n', b"")
        .replace(b'assigned = "institution"', b'assigned = "student"')
        .replace(b'student = ["gender"]\n', b""),
        "data.student",
        6,
    ),
    "value-in-both-arms": (changed('control = ["regular"]', 'control = ["regular", "small"]'), "groups.control", 12),
    "needs-key": (changed('institution = "school"\n', ""), "groups.assigned", 12),
    "name-twice": (
        RIGHT.encode() + b'\n[[outcomes]]\nname = "Reading"\ncolumn = "other"\nkind = "score"\n',
        "outcomes[2].name",
        28,
    ),
    "levels-of-score": (changed("range = [0, 100]", "levels = [2, 3]"), "outcomes[1].levels", 19),
    "levels-mixed": (ordinal('[2, "good"]'), "outcomes[1].levels", 19),
    "levels-count": (ordinal("[2]"), "outcomes[1].levels", 19),
    "levels-twice": (ordinal("[2, 3, 3]"), "outcomes[1].levels", 19),
    "levels-not-rising": (ordinal("[5, 4, 3]"), "outcomes[1].levels", 19),
    "range-empty": (changed("[0, 100]", "[100, 0]"), "outcomes[1].range", 19),
    "range-of-levels": (ordinal("[2, 3, 4, 5]\nrange = [3, 5]"), "outcomes[1].range", 20),
    "value-of-empty": (changed("[0, 100]", '[0, 100]\nvalues = { "" = 0 }'), 'outcomes[1].values.""', 20),
    "value-and-missing": (
        changed("range = [0, 100]", 'values = { "NA" = 0 }').replace(b"[data]\n", b'[data]\nmissing = ["NA"]\n'),
        "outcomes[1].values.NA",
        20,
    ),
    "reserved-name": (changed('["gender"]', '["gender", "treatment"]'), "covariates.student[2]", 22),
    "column-two-roles": (changed('["gender"]', '["reading"]'), "covariates.student[1]", 22),
    "named-twice": (RIGHT.encode() + b'\n[plan]\nlooks = [["2025"], ["2025"]]\n', "plan.looks[2]", 28),
    "no-such-covariate": (added("covariates", 'categories = ["district"]'), "covariates.categories[1]", 22),
}

# Codes whose example is no content: the test that makes it.
WITHOUT_CONTENT = {
    "study-missing": "test_there_is_no_such_file",
    "study-is-folder": "test_a_folder_is_no_study_file",
    "study-unreadable": "test_a_name_that_no_file_can_have",
}
