"""The accepted rows as CSV, in the order in which a run reads them."""

from __future__ import annotations

import csv
import io
from typing import Any

from expeval.cohorts.disarmed import disarmed
from expeval.scores.accepted import group_word
from expeval.scores.cells import number_text, shown
from expeval.scores.kept_cells import from_json
from expeval.store.open import Store
from expeval.store.snapshot import AcceptedRow, Snapshot, take_snapshot
from expeval.study.spec import Study


def export(store: Store, study: Study, event: int | None = None) -> tuple[str, Snapshot]:
    """The rows that count as CSV text (comma, UTF-8, a row of names), and the snapshot that they are.

    Row ``n`` of the text is what a message about the store calls row ``n``.  Students are pseudonyms.  Texts that a
    spreadsheet program would take for formulas begin with an apostrophe.
    """
    snapshot = take_snapshot(store, event)
    data = study.data
    own = {data.student, data.institution, data.cohort, data.class_, study.groups.column}
    cells = sorted(column for column in snapshot.columns if column not in own)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = [
        data.institution or "institution",
        data.cohort or "cohort",
        "upload",
        "row",
        data.student or "student",
        str(study.groups.column),
        data.class_ or "class",
    ]
    writer.writerow([disarmed(name) for name in (*head, *cells)])
    for row in snapshot.rows:
        writer.writerow([disarmed(value) for value in (*_own(study, row), *(_cell(row.cells.get(c)) for c in cells))])
    return text.getvalue(), snapshot


def _own(study: Study, row: AcceptedRow) -> list[Any]:
    group = shown(group_word(study, row.arm, row.cells))
    return [row.institution, row.cohort, row.upload, row.row, row.student, group, row.class_label]


def _cell(kept: Any) -> Any:
    if isinstance(kept, (int, float)) and not isinstance(kept, bool):
        return _Number(number_text(float(kept)))
    return shown(from_json(kept))


class _Number:
    """A number's text, which is no formula though it may begin with a minus."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text
