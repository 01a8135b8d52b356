"""A draft as a table that the study's own checks read: its cells, what was mended in them, what the words stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from expeval.cohorts.choices import Choices
from expeval.faults import Fault
from expeval.scores.cells import Cells, Sheet, distinct, gather, shown
from expeval.scores.kept_cells import from_json
from expeval.scores.numbers import Kind, read_text
from expeval.scores.opening import FoundFile
from expeval.scores.roles import missing_values, outcome_levels
from expeval.scores.spelling import look_alike, tidy
from expeval.scores.table import Notice
from expeval.scores.tables import Listed, Table
from expeval.scores.typed import label_of
from expeval.store.schema import Correction, Upload, UploadRow
from expeval.study.spec import Outcome, Study

SHOWN_FAULTS = 1000
TOTAL = "total"
OWN = "\0upload"  # the draft's file while it is checked: no file of the study can have that name


def study_of_upload(study: Study, choices: Choices) -> Study:
    """The study as it reads one upload: no files of its own, and the teacher's words beside the study's."""
    groups = choices.words.get(str(study.groups.column), {})
    arms = {
        arm: (*getattr(study.groups, arm), *(word for word, meaning in groups.items() if meaning == arm))
        for arm in ("experimental", "control")
    }
    outcomes = tuple(
        outcome.model_copy(update={"values": {**_words_of_columns(study, outcome, choices), **outcome.values}})
        for outcome in study.outcomes
    )
    return study.model_copy(
        update={
            "data": study.data.model_copy(update={"files": (), "store": None}),
            "groups": study.groups.model_copy(update=arms),
            "outcomes": outcomes,
        }
    )


def table_of_draft(
    session: Session, study: Study, upload: Upload, institution: str, choices: Choices
) -> tuple[Table, list[Fault], dict[str, Cells]]:
    """The draft's rows with their corrections; faults of rows that say another institution or cohort than the link.

    The table has what the link says in the columns of these two; what stands in the file comes beside it.
    """
    facts = upload.sheet
    statement = select(UploadRow).where(UploadRow.upload_number == upload.number, UploadRow.erased_event.is_(None))
    every = session.scalars(statement.order_by(UploadRow.row)).all()
    rows = [row for row in every if choices.last_row is None or row.row <= choices.last_row]
    students = [row.student for row in rows]
    cells = [dict(row.cells) for row in rows]
    mended = _correct(session, study, upload, [row.row for row in rows], students, cells)
    sheet = Sheet(
        OWN,
        np.array([row.row for row in rows], dtype=np.int64),
        {},
        encoding=facts["encoding"],
        delimiter=facts["delimiter"],
        sheet=facts["sheet"],
        header_row=facts["header_row"],
        letters=dict(facts["letters"]),
        mended=dict(facts["mended"]),
        hidden_rows=facts["hidden_rows"],
        sha256=upload.file_hash,
        notices=[Notice(code, message) for code, message in facts.get("notices", ())],
        begins=_begins(facts.get("begins", ()), [row.row for row in rows]),
    )
    sheet.mend("cells on the page", mended)
    sheet.mend("rows below the last student", len(every) - len(rows))
    for column in (*facts["columns"], *facts["lacking"]):
        sheet.columns[column] = gather(from_json(one.get(column)) for one in cells)
    name = study.data.student
    if name is not None and name in facts["columns"]:
        sheet.columns[name] = gather(
            student or from_json(one.get(name)) for student, one in zip(students, cells, strict=True)
        )
    constants = (
        (study.data.institution, institution, "other-institution"),
        (study.data.cohort, upload.cohort, "other-cohort"),
    )
    faults: list[Fault] = []
    own: dict[str, Cells] = {}
    for column, label, code in constants:
        if column is not None:
            own |= {column: sheet.columns[column]} if column in facts["columns"] else {}
            faults += _other(sheet, study, column, label, code) if column in facts["columns"] else []
            sheet.columns[column] = gather([label] * len(rows))
    for column in set(sheet.columns) & _elsewhere(study, facts["columns"]):
        del sheet.columns[column]
    file = FoundFile(Path("upload"), OWN)
    table = Table(Listed(file, choices.settings(study)), sheet, tuple(sheet.columns))
    return table, faults, own


def _begins(kept: Sequence[tuple[int, bool]], rows: Sequence[int]) -> dict[int, str]:
    """What the last rows begin with, as far as it is kept: that it is a word for totals."""
    records = {row: record for record, row in enumerate(rows)}
    return {records[row]: TOTAL if total else "" for row, total in kept if row in records}


def _elsewhere(study: Study, held: Sequence[str]) -> set[str]:
    """Columns that the file does not have and that stand in the institution file, where the study names one."""
    if not study.data.institutions:
        return set()
    named = {str(study.groups.column), *study.covariates.institution} - set(held)
    return {name for name in named if name not in (study.data.institution, study.data.cohort)}


def _correct(
    session: Session,
    study: Study,
    upload: Upload,
    rows: Sequence[int],
    students: list[str | None],
    cells: list[dict[str, Any]],
) -> int:
    """Put what was mended on the page into its cells; gives the number of cells."""
    statement = select(Correction).where(Correction.upload_number == upload.number).order_by(Correction.number)
    given = {(one.row, one.column): one.given for one in session.scalars(statement)}
    place = {row: record for record, row in enumerate(rows)}
    for (row, column), correction in given.items():
        record = place.get(row)
        if record is None:
            continue
        if column == study.data.student:
            students[record] = correction["student"]
            cells[record].pop(column, None)
        else:
            cells[record][column] = correction["cell"]
    return sum(row in place for row, _ in given)


def _other(sheet: Sheet, study: Study, column: str, label: str, code: str) -> list[Fault]:
    """Rows that name another institution or cohort than the link is for."""
    cells = distinct(sheet.columns[column])
    missing = missing_values(study)
    other = [
        bool(text := label_of(value)) and text not in missing.texts and look_alike(text) != look_alike(label)
        for value in cells.values
    ]
    records = np.flatnonzero(np.array(other, dtype=bool)[cells.codes])[:SHOWN_FAULTS].tolist()
    return [sheet.fault(code, record, column, found=shown(cells.value(record)), allowed=label) for record in records]


def outcomes_of(study: Study, column: str) -> list[Outcome]:
    """The outcomes for which a column is read."""
    return [outcome for outcome in study.outcomes if column in (outcome.column, outcome.baseline)]


def _words_of_columns(study: Study, outcome: Outcome, choices: Choices) -> dict[str, Any]:
    """The words in an outcome's columns: the teacher's answers about it, then what those of the same column mean."""
    columns = [column for column in (outcome.column, outcome.baseline) if column is not None]
    words = dict(choices.words.get(str(outcome.column), {}))
    for column in columns:
        words = {**column_words(study, column, choices), **words}
    return words


def column_words(study: Study, column: str, choices: Choices) -> dict[str, Any]:
    """What the words of a column stand for, for whichever outcomes it is read: as the study says, then the teacher."""
    words: dict[str, Any] = {}
    for outcome in outcomes_of(study, column):
        levels = outcome_levels(outcome)
        texts = {**{tidy(str(level)): level for level in outcome.levels if levels}, **outcome.values}
        own = {tidy(text): meaning for text, meaning in texts.items()}
        words |= {text: own[text] for text in own if text not in words and read_text(text, None).kind is Kind.TEXT}
    for outcome in outcomes_of(study, column):
        words = {**outcome_words(outcome, choices), **words}
    return words


def outcome_words(outcome: Outcome, choices: Choices) -> Mapping[str, Any]:
    """The teacher's words of an outcome, as the readers compare texts."""
    return {tidy(word): meaning for word, meaning in choices.words.get(str(outcome.column), {}).items()}
