"""A study as far as it is settled: what the flags said, what was guessed, what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from expeval.proposal.guess import Arms, Guess
from expeval.proposal.kinds import Kind
from expeval.proposal.looking import Looked
from expeval.proposal.profile import Column

Layout = Literal["column", "files", "side-by-side"]
UNITS = ("student", "class", "institution")


class Asker(Protocol):
    """Somebody at a terminal who answers questions; each has a proposed answer where there is one."""

    def one(self, question: str, choices: Sequence[str], proposed: str | None) -> str:
        """One of the choices."""

    def several(self, question: str, choices: Sequence[str], proposed: Sequence[str]) -> list[str]:
        """Some of the choices, at least one."""

    def yes(self, question: str, proposed: bool) -> bool:
        """Yes or no."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the flags say; ``None`` or empty where they say nothing.

    ``experimental`` and ``control`` are values of the group column, or files, or columns that stand side by side.
    """

    experimental: tuple[str, ...] = ()
    control: tuple[str, ...] = ()
    group: str | None = None
    outcomes: tuple[str, ...] = ()
    institution: str | None = None
    class_: str | None = None
    student: str | None = None
    baseline: str | None = None
    assigned: str | None = None
    randomised: bool | None = None
    title: str | None = None
    sheet: str | int | None = None


@dataclass(slots=True)
class Planned:
    """An outcome: its column, or its two columns (experimental, control) side by side; ``chosen`` says why."""

    name: str
    column: str
    kind: Kind
    sides: tuple[str, str] | None = None
    chosen: str = ""
    baseline: Guess | None = None


@dataclass(slots=True)
class Draft:
    """Everything that the study file will say.

    Attributes
    ----------
    main
        Tables of scores; in layout "files" those of ``arm_tables`` alone.
    students, institutions
        Further tables, joined on the student and on the institution column.
    columns
        The columns that every table of scores has, and those of further tables of students.
    doubts
        What is not sure, for the terminal.
    """

    layout: Layout
    main: list[Looked]
    columns: dict[str, Column]
    arm_tables: dict[str, list[Looked]] = field(default_factory=dict)
    students: list[Looked] = field(default_factory=list)
    institutions: list[Looked] = field(default_factory=list)
    student: Guess | None = None
    institution: Guess | None = None
    class_: Guess | None = None
    group: Guess | None = None
    arms: Arms = field(default_factory=Arms)
    assigned: Guess = field(default_factory=lambda: Guess("student", False, ""))
    randomised: bool | None = None
    outcomes: list[Planned] = field(default_factory=list)
    possible_outcomes: list[str] = field(default_factory=list)
    covariates: list[str] = field(default_factory=list)
    title: str = ""
    doubts: list[str] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """Words for a missing score that no label of a unit or group is."""
        labels = {label for name in self.label_columns for label in self.columns[name].labels}
        return [word for word in self._missing_words() if word not in labels]

    def missing_of(self, outcome: Planned) -> list[str]:
        """Words for a missing score of one outcome that are a label elsewhere: they count in this outcome alone."""
        return [word for word in outcome.kind.missing if word not in self.missing]

    def _missing_words(self) -> list[str]:
        return list(dict.fromkeys(word for outcome in self.outcomes for word in outcome.kind.missing))

    @property
    def label_columns(self) -> list[str]:
        """Columns whose cells are labels."""
        guesses = (self.student, self.institution, self.class_, self.group)
        return [guess.value for guess in guesses if guess is not None and guess.value in self.columns]

    @property
    def used(self) -> list[str]:
        """Every column that the study file names."""
        names = self.label_columns
        for outcome in self.outcomes:
            names += [*(outcome.sides or (outcome.column,))]
            names += [outcome.baseline.value] if outcome.baseline else []
        return list(dict.fromkeys(names))

    @property
    def unused(self) -> list[str]:
        """Columns that it doesn't name."""
        return [name for name in self.columns if name not in self.used]
