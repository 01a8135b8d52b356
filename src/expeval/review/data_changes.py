"""Which rows and columns of the data are other ones now, told without any of the data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from expeval.record.fingerprint import (
    CELL_BYTES,
    ROW_BYTES,
    Digests,
    cell_digests,
    columns_of,
    digests,
    row_digests,
    unpacked,
    words_of,
)
from expeval.record.key import key_name
from expeval.scores.table import Places, Scores

Kind = Literal["changed", "gone", "new"]
MOST_PAIRS = 40_000  # of old and new rows that are compared cell by cell


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that is not what it was: where it stands (``gone``: stood), and which columns differ, where known."""

    kind: Kind
    file: str
    row: int
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableChange:
    """What changed in the table as read: rows in the order of the file, columns that came or went."""

    rows: tuple[RowChange, ...]
    columns_gone: tuple[str, ...] = ()
    columns_new: tuple[str, ...] = ()
    reordered: bool = False

    @property
    def same(self) -> bool:
        """Whether the table is the same but for the order of its rows."""
        return not (self.rows or self.columns_gone or self.columns_new)


def table_change(fingerprint: Mapping[str, Any] | None, scores: Scores, key: bytes | None) -> TableChange | None:
    """Compare a table with the hashes of an older one.

    Parameters
    ----------
    fingerprint
        As :func:`expeval.record.fingerprint.make_fingerprint` made it then.
    scores
        The table of now.
    key
        This installation's key.

    Returns
    -------
    TableChange or None
        ``None`` where the hashes are of another key, or not there, or not readable: nothing can be told then.
    """
    if not fingerprint or key is None or fingerprint.get("key") != key_name(key) or scores.places is None:
        return None
    try:
        return _compared(fingerprint, scores, scores.places, key)
    except (KeyError, TypeError, ValueError, IndexError):  # edited by hand
        return None


def _compared(old: Mapping[str, Any], scores: Scores, places: Places, key: bytes) -> TableChange:
    names = list(columns_of(scores))
    kept = [name for name in old["columns"] if name in names]
    gone = tuple(name for name in old["columns"] if name not in names)
    new = tuple(name for name in names if name not in old["columns"])
    if gone or new:  # the hash of a row holds all its columns
        return TableChange((), gone, new)
    table = words_of(scores, key)[:, [names.index(name) for name in kept]]
    before, now = digests(old["rows"], ROW_BYTES), row_digests(table, key)
    lost, fresh = _unmatched(before, now)
    cells = _Cells(old.get("cells") or {}, kept, table, key)
    pairs = _paired(lost, fresh, cells)
    paired, met = {a for a, _, _ in pairs}, {b for _, b, _ in pairs}
    files, rows = [old["files"][k] for k in unpacked(old["file"])], unpacked(old["row"])
    changes = [
        RowChange("changed", places.files[int(places.file[b])], int(places.row[b]), columns) for _, b, columns in pairs
    ]
    changes += [RowChange("gone", files[a], int(rows[a])) for a in lost if a not in paired]
    changes += [RowChange("new", places.files[int(places.file[b])], int(places.row[b])) for b in fresh if b not in met]
    moved = not changes and bool((before != now).any())
    return TableChange(tuple(sorted(changes, key=lambda c: (c.file, c.row, c.kind))), reordered=moved)


def _unmatched(before: Digests, now: Digests) -> tuple[list[int], list[int]]:
    """Positions of rows whose hash the other table lacks, each repeated row counted."""
    waiting: dict[bytes, list[int]] = defaultdict(list)
    for a in range(len(before) - 1, -1, -1):
        waiting[before[a].tobytes()].append(a)
    fresh = []
    for b in range(len(now)):
        same = waiting.get(now[b].tobytes())
        if same:
            same.pop()
        else:
            fresh.append(b)
    return sorted(a for left in waiting.values() for a in left), fresh


@dataclass(frozen=True, slots=True)
class _Cells:
    """The hashes of the older table's cells, and the cells of now."""

    hashed: Mapping[str, str]
    names: Sequence[str]
    table: NDArray[np.uint64]
    key: bytes

    @property
    def known(self) -> bool:
        """Whether cells were hashed at all; in a large table they are not."""
        return all(name in self.hashed for name in self.names)

    def differ(self, a: int, fresh: Sequence[int]) -> NDArray[np.bool_]:
        """(fresh, columns) where rows of now differ from an older row."""
        number = np.full(len(fresh), a)
        found = []
        for k, name in enumerate(self.names):
            before = digests(self.hashed[name], CELL_BYTES)[a]
            found.append((cell_digests(self.table[list(fresh), k], number, name, self.key) != before).any(axis=1))
        return np.column_stack(found)


def _paired(lost: Sequence[int], fresh: Sequence[int], cells: _Cells) -> list[tuple[int, int, tuple[str, ...]]]:
    """Which row of now is which older one with a few other cells, and what these are.

    Of the rows that are left over, the one that shares the most cells (more than half of them) is the same student;
    of several, the nearest.
    """
    if len(lost) * len(fresh) > MOST_PAIRS or not cells.known:
        return [(a, b, ()) for a, b in zip(lost, fresh, strict=True)] if len(lost) == len(fresh) else []
    found: list[tuple[int, int, tuple[str, ...]]] = []
    free = list(fresh)
    for a in lost:
        if not free:
            break
        differ = cells.differ(a, free)
        best = min(range(len(free)), key=lambda k: (int(differ[k].sum()), abs(free[k] - a)))
        if 2 * int(differ[best].sum()) < len(cells.names) or len(cells.names) == 1:
            columns = tuple(name for name, other in zip(cells.names, differ[best], strict=True) if other)
            found.append((a, free.pop(best), columns))
    return found
