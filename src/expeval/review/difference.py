"""Two sets of results beside each other: every number that is another one, and whether that is only noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Degree = Literal["noise", "different", "gone", "new"]
Row = Mapping[str, Any]
Value = float | int | str | bool | None

NOISE = 1e-9  # relative; what other processors and library versions do to sums
#: Methods that end in a search or an approximation: the digits they promise (docs/explanation/numerical-accuracy.md).
BOUNDS: tuple[tuple[str, float], ...] = (
    ("shapiro-wilk", 1e-6),
    ("mixed", 1e-6),
    ("win-fraction-mixed", 1e-6),
    ("probability-of-superiority-mixed", 1e-6),
    ("hedges-g-clustered", 1e-6),
    ("hedges-g-eef", 1e-6),
    ("unconditional", 1e-6),
    ("within-arms", 1e-6),
    ("shrunken", 1e-6),
    ("cohen-d", 1e-7),
    ("hedges-g", 1e-7),
    ("glass-delta", 1e-7),
    ("wild-cluster-bootstrap", 1e-7),
)
PRIMARY_BOUND = 1e-6  # of residuals and feasibility, which may rest on a mixed model

#: table -> the fields that say which row it is
KEYS: dict[str, tuple[str, ...]] = {
    "sources": ("file", "role"),
    "flow": ("outcome", "arm"),
    "groups": ("outcome", "arm", "moment"),
    "distributions": ("outcome", "arm", "moment", "low", "high"),
    "estimates": ("outcome", "analysis", "method", "term"),
    "residuals": ("outcome", "probability"),
    "decisions": ("outcome", "step", "choice"),
    "warnings": ("outcome", "code"),
    "plan": ("outcome", "key"),
}
TEXTS = {"because", "message", "figures"}  # words and figures about numbers that are compared themselves


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell of the tables that is not what it was.

    Attributes
    ----------
    table, row
        Where: the table of results.json and what identifies the row in it.
    field
        The column; empty where the whole row is ``gone`` or ``new``.
    old, new
        What stood there, and what stands there now.
    degree
        ``noise``: within the rounding of the method; ``different``; ``gone``, ``new``: the row.
    """

    table: str
    row: tuple[Value, ...]
    field: str
    old: Value
    new: Value
    degree: Degree

    @property
    def relative(self) -> float | None:
        """Difference over the larger of the two; ``None`` for what is no number."""
        if not _number(self.old) or not _number(self.new):
            return None
        old, new = float(self.old), float(self.new)  # type: ignore[arg-type]
        largest = max(abs(old), abs(new))
        return abs(new - old) / largest if largest else 0.0

    @property
    def place(self) -> tuple[str, tuple[Value, ...], str]:
        """What identifies the cell."""
        return self.table, self.row, self.field


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """Every cell of two results (the content of results.json) that differs, in the order of the tables.

    Institutions go by pseudonyms that any changed score deals anew: their rows are compared by what they hold, and
    the names are no difference.
    """
    found: list[Difference] = []
    for table, keys in KEYS.items():
        before, after = list(old.get(table) or ()), list(new.get(table) or ())
        if table == "estimates":
            before, after = _matched_institutions(before, after)
        found += _table(table, keys, before, after)
    return found


def worst(found: Iterable[Difference]) -> Degree | None:
    """``None`` where nothing differs, ``noise`` where only that, else ``different``."""
    degrees = {difference.degree for difference in found}
    return None if not degrees else "noise" if degrees == {"noise"} else "different"


def _table(table: str, keys: Sequence[str], before: Sequence[Row], after: Sequence[Row]) -> Iterator[Difference]:
    old, new = _index(keys, before), _index(keys, after)
    for row, values in old.items():
        if row not in new:
            yield Difference(table, row, "", _told(values), None, "gone")
            continue
        yield from _cells(table, keys, row, values, new[row])
    for row, values in new.items():
        if row not in old:
            yield Difference(table, row, "", None, _told(values), "new")


def _index(keys: Sequence[str], rows: Iterable[Row]) -> dict[tuple[Value, ...], Row]:
    found: dict[tuple[Value, ...], Row] = {}
    for row in rows:
        name = tuple(row.get(key) for key in keys)
        times = 1
        place = name
        while place in found:  # two warnings of one code
            times += 1
            place = (*name, times)
        found[place] = row
    return found


def _cells(table: str, keys: Sequence[str], name: tuple[Value, ...], old: Row, new: Row) -> Iterator[Difference]:
    for field in dict.fromkeys((*old, *new)):
        if field in keys or field in TEXTS:
            continue
        before, after = old.get(field), new.get(field)
        if isinstance(before, dict) or isinstance(after, dict):  # left_out, mended
            inner = (before or {}), (after or {})
            for reason in dict.fromkeys((*inner[0], *inner[1])):
                one, other = inner[0].get(reason), inner[1].get(reason)
                if one != other:
                    yield Difference(table, name, f"{field}: {reason}", one, other, "different")
        elif before != after:
            small = _noise(table, field, old, new)
            yield Difference(table, name, field, before, after, "noise" if small else "different")


def _noise(table: str, field: str, old: Row, new: Row) -> bool:
    """Whether a difference is within the rounding of what computed it."""
    before, after = old.get(field), new.get(field)
    if not _number(before) or not _number(after) or (isinstance(before, int) and isinstance(after, int)):
        return False
    distance, size = abs(float(after) - float(before)), max(abs(float(before)), abs(float(after)))  # type: ignore[arg-type]
    bound = _bound(table, old)
    if field in ("p_value", "p_adjusted"):
        # A p-value magnifies the rounding of its statistic: d log p is about t² d log t.
        statistic = old.get("statistic")
        return distance <= size * bound * (1.0 + (float(statistic) ** 2 if _number(statistic) else 0.0)) + 1e-15  # type: ignore[arg-type]
    # A difference near zero is as exact as its standard error, a standardised residual as one.
    scale = old.get("std_error") if field in ("estimate", "conf_low", "conf_high") else None
    size = max(size, abs(float(scale)) if _number(scale) else 0.0, 1.0 if table == "residuals" else 0.0)  # type: ignore[arg-type]
    return distance <= bound * size


def _bound(table: str, row: Row) -> float:
    if table == "residuals" or row.get("analysis") == "feasibility":
        return PRIMARY_BOUND
    method = str(row.get("method", ""))
    for start, bound in BOUNDS:
        if method.startswith(start) or method.endswith(f"-{start}"):
            return bound
    return NOISE


def _matched_institutions(before: Sequence[Row], after: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Give both sides' institutions common numbers: those that hold the same first, the others in order of size."""
    old, new = list(before), list(after)
    names = {row["term"] for row in old if row["analysis"] == "institution"}
    if names != {row["term"] for row in new if row["analysis"] == "institution"} or not names:
        return old, new
    held = [_held(rows) for rows in (old, new)]
    if held[0] == held[1]:
        return old, new
    free = dict(held[1])
    pairs: dict[str, str] = {}
    for name, content in sorted(held[0].items()):
        same = next((other for other, its in free.items() if its == content), None)
        if same is not None:
            pairs[same] = name
            del free[same]
    rest = sorted(name for name in names if name not in pairs.values())
    pairs |= dict(zip(sorted(free, key=_by_size(held[1])), sorted(rest, key=_by_size(held[0])), strict=True))
    return old, [{**row, "term": pairs[row["term"]]} if row["analysis"] == "institution" else row for row in new]


def _held(rows: Iterable[Row]) -> dict[str, tuple[Value, ...]]:
    """What each institution's raw rows hold, to the digits that are no noise."""
    found: dict[str, list[Value]] = {}
    for row in rows:
        if row["analysis"] == "institution":
            values = found.setdefault(row["term"], [])
            if row["method"] == "raw":
                values += [row["outcome"], row.get("n"), _rounded(row.get("estimate"))]
    return {name: tuple(values) for name, values in found.items()}


def _by_size(held: Mapping[str, tuple[Value, ...]]) -> Callable[[str], tuple[str, ...]]:
    return lambda name: tuple(map(str, held[name]))


def _rounded(value: Value) -> Value:
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _told(row: Row) -> Value:
    """The number that a whole row is about."""
    for field in ("estimate", "n", "value", "rows", "choice", "code"):
        if row.get(field) is not None:
            value: Value = row[field]
            return value
    return None
