"""What the files of the original say and the one table of a bundle cannot: no difference between their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from expeval.review.difference import KEYS, Difference

DECLARED = "user-missing: "  # the reason of a missing outcome that SPSS and Stata files declare, in front of its label


def without_files(found: Sequence[Difference], old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """The differences that a bundle's own table can have.

    Left out are what is said of the files themselves, and why outcomes are missing where the original's files declared
    it: in the bundle such a cell is empty.  How many students were left out must be the same all the same.
    """
    recounted = _recounted(old, new)
    return [one for one in found if not _of_files(one) and not (one.row in recounted and _is_reason(one))]


def _of_files(difference: Difference) -> bool:
    return difference.table == "sources" or (difference.table == "warnings" and difference.row[0] is None)


def _is_reason(difference: Difference) -> bool:
    return difference.table == "flow" and difference.field.startswith("left_out: ")


def _recounted(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[tuple[Any, ...]]:
    """Rows of ``flow`` with declared reasons then, and as many students left out now."""
    now = {_name(row): row.get("left_out") or {} for row in new.get("flow") or ()}
    rows = {_name(row): row.get("left_out") or {} for row in old.get("flow") or ()}
    return {
        name
        for name, reasons in rows.items()
        if any(str(reason).startswith(DECLARED) for reason in reasons) and _alike(reasons, now.get(name, {}))
    }


def _name(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(key) for key in KEYS["flow"])


def _alike(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    counts = [*old.values(), *new.values()]
    return any(not isinstance(count, int) for count in counts) or sum(old.values()) == sum(new.values())
