"""What the rows of a study are once they are read: typed columns, and the count of everything left out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A numeric column: shape (n,), NaN where the cell is missing.

    ``reasons`` (n,) is why, where the file declares values missing; absent where it declares none.
    """

    values: FloatArray
    reasons: Categories | None = None

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(n,) true where the cell is missing."""
        return np.isnan(self.values)

    def at(self, places: IntArray) -> Numbers:
        """The cells at some places; -1 is a missing cell."""
        reasons = self.reasons.at(places) if self.reasons is not None else None
        return Numbers(np.append(self.values, np.nan)[places], reasons)


@dataclass(frozen=True, slots=True)
class Categories:
    """A categorical column: ``codes`` (n,) index into ``labels``, -1 where the cell is missing.

    Labels stand in code-point order; those of units (institution, class, strata) in an order that the students'
    rows give (:mod:`expeval.scores.unit_order`).
    """

    codes: IntArray
    labels: tuple[str, ...]

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(n,) true where the cell is missing."""
        return np.asarray(self.codes < 0)

    def at(self, places: IntArray) -> Categories:
        """The cells at some places; -1 is a missing cell."""
        return Categories(np.append(self.codes, -1)[places], self.labels)


Column = Numbers | Categories


def number_of(count: int, one: str, many: str) -> str:
    """How many there are, in words of a notice: "1 row was", "2 rows were"."""
    return f"{count} {one if count == 1 else many}"


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read, and what was detected in it (a row of ``sources`` in results.json)."""

    file: str
    role: str
    rows: int
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    mended: dict[str, int] = field(default_factory=dict)
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that was mended or noticed while reading, told in the report; never a student's name."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Places:
    """Where each student of a table stands: ``file`` (n,) indexes ``files``, ``row`` (n,) as the file counts."""

    files: tuple[str, ...]
    file: IntArray
    row: IntArray


@dataclass(frozen=True, slots=True)
class Scores:
    """The students of both arms, one row a student, in the files' order.

    Attributes
    ----------
    arm
        (n,) 1 experimental, 0 control.  Rows of neither arm and second rows of a student are not here:
        ``left_out`` counts them as ``(arm, reason) -> count`` with arm ``"experimental"``, ``"control"``
        or ``"other"`` and reasons ``"other-group"``, ``"no-group"``, ``"duplicate"``.
    outcomes
        outcome name -> Numbers: scores as they are, binary 0/1, ordinal the level's number or 1...k.
    user_missing
        outcome name -> Categories: the user's reason for a missing outcome, or absent.
    baselines
        outcome name -> (column name, Numbers).
    covariates
        column name -> Column, student covariates first, then institution covariates, in the study's order.
    cohort
        Categories, a label for everybody, or ``None`` where the study names no cohorts.
    institution, class_, strata
        Categories, or ``None`` where the study names none.  ``class_`` is a class within its institution
        ("school / class"), so that one label in two institutions is two classes.
    sources, notices
        What was read and what was mended.
    places
        Where each student stands, for the review of what changed; never in a result.
    """

    arm: IntArray
    outcomes: dict[str, Numbers]
    baselines: dict[str, tuple[str, Numbers]]
    covariates: dict[str, Column]
    institution: Categories | None
    class_: Categories | None
    strata: Categories | None
    left_out: dict[tuple[str, str], int]
    sources: tuple[Source, ...]
    notices: tuple[Notice, ...] = ()
    user_missing: dict[str, Categories] = field(default_factory=dict)
    places: Places | None = None
    cohort: Categories | None = None

    @property
    def n(self) -> int:
        """Students of both arms."""
        return int(self.arm.size)
