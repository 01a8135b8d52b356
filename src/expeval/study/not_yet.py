"""Keys and values of study.toml whose feature comes with a later version.

They are a fault, never accepted and ignored.  A version that builds one deletes its line here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from expeval.faults import Fault
from expeval.study.positions import KeyPath, plain_key, shown_value

Test = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class NotYet:
    """A key (without positions in lists), the values it concerns, and what works in this version."""

    key: str
    concerns: Test
    instead: str


def _asks_for_something(value: Any) -> bool:
    return value not in ([], {})


def _is(wanted: str) -> Test:
    return lambda value: value == wanted


NOT_YET: tuple[NotYet, ...] = (
    NotYet("covariates.moderators", _asks_for_something, "covariates.student and covariates.institution"),
    NotYet("inference.missing_data", _is("multiple-imputation"), '"complete-case"'),
    NotYet("report.language", _is("ru"), '"en"'),
)


def is_not_yet(key: str, value: Any) -> bool:
    """Whether the value at a key (without positions in lists) comes with a later version."""
    return any(entry.key == key and entry.concerns(value) for entry in NOT_YET)


def not_yet_faults(keys: dict[str, Any]) -> Iterator[tuple[KeyPath, Fault]]:
    """Every key of the study that this version cannot serve, with its path."""
    for path, value in _walk(keys, ()):
        for entry in NOT_YET:
            if entry.key == plain_key(path) and isinstance(path[-1], str) and entry.concerns(value):
                yield path, Fault("not-yet", found=shown_value(value), allowed=entry.instead)


def _walk(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if path:
        yield path, value
    parts: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from _walk(part, (*path, key))
