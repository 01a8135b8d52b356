"""The accepted uploads of a store as one more table of scores: ``[data] store``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from expeval.faults import Fault, nearest
from expeval.scores.cells import Cells, Sheet, Value, gather
from expeval.scores.kept_cells import from_json
from expeval.scores.opening import FoundFile
from expeval.scores.roles import Columns
from expeval.scores.settings import Settings
from expeval.scores.spelling import tidy
from expeval.scores.tables import Listed, Table
from expeval.study.spec import Study

if TYPE_CHECKING:
    from expeval.store.snapshot import AcceptedRow, Snapshot

FIRST_ROW = 2  # rows are counted as in what `expeval cohorts export` writes: a row of names, then the students


def place_of_store(study: Study) -> str | Path:
    """Where the store of a study is: a database URL, or a path relative to the study file."""
    named = str(study.data.store)
    return named if "://" in named else study.folder / named


def name_of_store(study: Study) -> str:
    """What messages and results call the store; of a database's address nothing is told: it may hold a password."""
    place = place_of_store(study)
    return Path(os.path.relpath(place, study.folder)).as_posix() if isinstance(place, Path) else "store"


def accepted_hash(study: Study) -> str | None:
    """SHA-256 of the rows that count in the store, as ``sources`` have it; ``None`` without a store or such rows.

    Raises
    ------
    expeval.store.failures.CannotStore
        Where the store can't be read.
    """
    place = place_of_store(study)
    if isinstance(place, Path) and not place.exists():
        return None
    snapshot = _snapshot(place)
    return snapshot.sha256 if snapshot.rows else None


def _snapshot(place: str | Path) -> Snapshot:
    from expeval.store.open import open_store
    from expeval.store.snapshot import take_snapshot

    store = open_store(place)
    try:
        return take_snapshot(store)
    finally:
        store.close()


def read_accepted(study: Study, columns: Columns, faults: list[Fault]) -> Table | None:
    """The accepted rows, as of one moment; ``None`` where they can't be read or there are none, which is told."""
    place, name = place_of_store(study), name_of_store(study)
    try:
        from expeval.store.failures import CannotStore
    except ModuleNotFoundError:
        # The libraries of the store come with an extra of their own.
        found, allowed = "sqlalchemy and alembic", 'pip install "expeval[serve]"'
        faults.append(Fault("library-missing", name, found=found, allowed=allowed))
        return None
    try:
        snapshot = _snapshot(place)
    except CannotStore as reason:
        faults.append(Fault("store-unreadable", name, key="data.store", found=str(reason)))
        return None
    if not snapshot.rows:
        if not study.score_files:
            faults.append(Fault("store-empty", name, key="data.store"))
        return None
    held = snapshot.columns | _always_held(study)
    getters = _getters(study, several=len({row.institution for row in snapshot.rows}) > 1)
    found_columns: dict[str, Cells] = {}
    for column in columns.wanted:
        if column in held:
            cell = getters.get(column) or _kept_cell(column)
            found_columns[column] = gather(cell(row) for row in snapshot.rows)
    rows = np.arange(len(snapshot.rows), dtype=np.int64) + FIRST_ROW
    sheet = Sheet(name, rows, found_columns, sha256=snapshot.sha256)
    faults += _lacking(columns, held, name)
    file = FoundFile(place if isinstance(place, Path) else study.folder, name)
    return Table(Listed(file, Settings(), role="store"), sheet, tuple(map(tidy, sorted(held))))


def _always_held(study: Study) -> frozenset[str]:
    """Columns that every upload has, whether or not its file had them."""
    named = (study.data.student, study.data.institution, study.data.cohort)
    return frozenset(name for name in named if name is not None)


def _getters(study: Study, several: bool) -> dict[str | None, Callable[[AcceptedRow], Value]]:
    """How the columns that say who and where are made of an accepted row; ``several``: they are of institutions."""
    data = study.data
    # Without an institution column nothing else would tell 7A of one institution from 7A of another.
    with_institution = several and data.institution is None
    return {
        data.student: lambda row: row.student or "",
        data.institution: lambda row: row.institution,
        data.cohort: lambda row: row.cohort,
        data.class_: lambda row: _class_label(row, with_institution),
        study.groups.column: lambda row: group_word(study, row.arm, row.cells),
    }


def _class_label(row: AcceptedRow, with_institution: bool) -> str:
    if not row.class_label:
        return ""
    return f"{row.institution} / {row.class_label}" if with_institution else row.class_label


def _kept_cell(column: str) -> Callable[[AcceptedRow], Value]:
    return lambda row: from_json(row.cells.get(column))


def group_word(study: Study, arm: str, cells: Mapping[str, Any]) -> Value:
    """What the group column of an accepted row holds: the study's word for its arm, or the word that is neither's."""
    words = {"experimental": study.experimental_values, "control": study.control_values}.get(arm)
    if words:
        return words[0]
    return from_json(cells.get(str(study.groups.column))) if arm == "other" else ""


def _lacking(columns: Columns, held: Iterable[str], name: str) -> list[Fault]:
    names = sorted(held)
    return [
        Fault("column-missing", name, column=column, key=key, nearest=nearest(column, names), allowed=", ".join(names))
        for column, key in columns.keys.items()
        if column not in names
    ]
