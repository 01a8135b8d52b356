"""What a draft would change: its students by class and arm, and against the last upload new, changed and gone."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from expeval.store.snapshot import canonical

ARMS = ("experimental", "control")


@dataclass(frozen=True, slots=True)
class StudentRow:
    """A row as accepted: ``arm`` is ``experimental``, ``control``, ``other`` or ``none``."""

    row: int
    student: str | None
    arm: str
    class_label: str | None
    cells: Mapping[str, Any]

    @property
    def content(self) -> bytes:
        """All that counts about it, wherever it stands in its file."""
        return canonical([self.student, self.arm, self.class_label, self.cells])


@dataclass(frozen=True, slots=True)
class Changed:
    """A student whose row is another one than before: the rows in both files, and the study's columns that differ."""

    row: int
    row_before: int
    class_label: str | None
    arm: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gone:
    """A student of the last upload who is in this file no more: where the earlier file had her."""

    row_before: int
    class_label: str | None
    arm: str


@dataclass(frozen=True, slots=True)
class Count:
    """Students of a class in an arm."""

    class_label: str | None
    arm: str
    students: int


@dataclass(frozen=True, slots=True)
class Difference:
    """New rows, changed and gone students; of a study without identifiers nobody is known to have changed."""

    new: tuple[int, ...]
    changed: tuple[Changed, ...]
    gone: tuple[Gone, ...]

    @property
    def nothing(self) -> bool:
        """Whether all is as it was."""
        return not (self.new or self.changed or self.gone)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be accepted.

    Attributes
    ----------
    against
        The number of the confirmed upload of this institution and cohort; 0: there is none.
    students
        How many, of the two arms.
    counts
        By class and arm, classes in order.
    left_out
        Rows that count in neither arm, by reason: ``other-group``, ``no-group``, ``erased``.
    difference
        Against that upload.
    content_hash
        Of what would be accepted; the same for the same students and values.
    same
        Whether exactly this is accepted already, so that nothing would change.
    """

    against: int
    students: int
    counts: tuple[Count, ...]
    left_out: Mapping[str, int]
    difference: Difference
    content_hash: str
    same: bool = False


def compare(before: Sequence[StudentRow], after: Sequence[StudentRow]) -> Difference:
    """What changed between two uploads, by students; rows of neither arm count as not there."""
    old, new = ([row for row in rows if row.arm in ARMS] for rows in (before, after))
    if any(row.student is None for row in (*old, *new)):
        return _compare_rows(old, new)
    was, now = _by_student(old), _by_student(new)
    changed = [
        Changed(row.row, was[student].row, row.class_label, row.arm, _columns(was[student], row))
        for student, row in now.items()
        if student in was and was[student].content != row.content
    ]
    return Difference(
        new=tuple(row.row for student, row in now.items() if student not in was),
        changed=tuple(changed),
        gone=tuple(Gone(row.row, row.class_label, row.arm) for student, row in was.items() if student not in now),
    )


def _by_student(rows: Iterable[StudentRow]) -> dict[str | None, StudentRow]:
    """The first row of each student."""
    found: dict[str | None, StudentRow] = {}
    for row in rows:
        found.setdefault(row.student, row)
    return found


def _columns(before: StudentRow, after: StudentRow) -> tuple[str, ...]:
    names = sorted({*before.cells, *after.cells})
    differing = [name for name in names if _spelt(before.cells.get(name)) != _spelt(after.cells.get(name))]
    own = [("class", before.class_label, after.class_label), ("arm", before.arm, after.arm)]
    return (*(name for name, old, new in own if old != new), *differing)


def _spelt(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _compare_rows(before: Sequence[StudentRow], after: Sequence[StudentRow]) -> Difference:
    """Without identifiers: rows that the other file does not have, counted as often as they occur."""
    return Difference(
        new=tuple(row.row for row in _beyond(after, before)),
        changed=(),
        gone=tuple(Gone(row.row, row.class_label, row.arm) for row in _beyond(before, after)),
    )


def _beyond(rows: Sequence[StudentRow], others: Sequence[StudentRow]) -> list[StudentRow]:
    left = Counter(row.content for row in others)
    found = []
    for row in rows:
        if left[row.content]:
            left[row.content] -= 1
        else:
            found.append(row)
    return found


def content_hash(rows: Iterable[StudentRow]) -> str:
    """SHA-256 of what is accepted, in whatever order the file has it."""
    return hashlib.sha256(b"\n".join(sorted(row.content for row in rows))).hexdigest()


def preview_of(
    rows: Sequence[StudentRow], before: Sequence[StudentRow], against: int, left_out: Mapping[str, int]
) -> Preview:
    """What would be accepted, against what is."""
    reasons = {"other": "other-group", "none": "no-group"}
    counted = Counter(reasons[row.arm] for row in rows if row.arm in reasons)
    of_arms = [row for row in rows if row.arm in ARMS]
    students = of_arms if any(row.student is None for row in of_arms) else list(_by_student(of_arms).values())
    counts = Counter((row.class_label, row.arm) for row in students)
    order = sorted(counts, key=lambda key: (key[0] is None, key[0] or "", ARMS.index(key[1])))
    accepted = content_hash(rows)
    return Preview(
        against=against,
        students=len(students),
        counts=tuple(Count(label, arm, counts[label, arm]) for label, arm in order),
        left_out={**counted, **{reason: count for reason, count in left_out.items() if count}},
        difference=compare(before, rows),
        content_hash=accepted,
        same=against > 0 and content_hash(before) == accepted,
    )
