"""What verify found: one verdict, and everything that it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from expeval.faults import Fault
from expeval.review.causes import Causes
from expeval.review.difference import Difference
from expeval.review.output import Edited

Verdict = Literal["same-bytes", "same-numbers", "noise", "different", "not-rerun"]


@dataclass(frozen=True, slots=True)
class Traced:
    """A difference and what made it: of ``data``, ``plan``, ``seed``, ``software``, ``edited``; empty: unknown."""

    difference: Difference
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer: one verdict, and everything that it rests on.

    Attributes
    ----------
    verdict
        ``same-bytes``; ``same-numbers``: another byte somewhere, every number equal; ``noise``; ``different``;
        ``not-rerun``: the study or its data have faults now, ``faults`` says which.
    compared
        How many numbers were compared.
    edited
        Files that were changed after the run.
    unequal
        Files that a new run writes differently.
    answers
        The sentences that answer the study, then and now, where they differ.
    primary
        Which rows of the estimates were the answers then.
    """

    title: str
    verdict: Verdict
    compared: int
    edited: tuple[Edited, ...]
    unequal: tuple[str, ...]
    causes: Causes
    differences: tuple[Traced, ...]
    made: str
    faults: tuple[Fault, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    primary: tuple[tuple[object, ...], ...] = ()

    @property
    def real(self) -> tuple[Traced, ...]:
        """What differs by more than noise, the rows of the answers first; nothing where the numbers are the same."""
        found = [traced for traced in self.differences if traced.difference.degree != "noise"]
        found = found if self.verdict == "different" else []
        return tuple(sorted(found, key=lambda traced: traced.difference.row not in self.primary))

    @property
    def same(self) -> bool:
        """Whether nothing but noise differs and nobody edited anything."""
        return self.verdict in ("same-bytes", "same-numbers", "noise") and not self.edited
