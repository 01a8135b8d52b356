"""Where decisions and warnings are collected while they are made."""

from __future__ import annotations

from dataclasses import dataclass, field

from expeval.glossary import of_classes
from expeval.results import DecisionRow, WarningRow


@dataclass(slots=True)
class Said:
    """The decisions and warnings of one outcome, collected as they are made.

    Where a study names classes and no institutions (``classes_alone``), what is written of institutions is said of
    classes.
    """

    outcome: str
    classes_alone: bool = False
    decisions: list[DecisionRow] = field(default_factory=list)
    warnings: list[WarningRow] = field(default_factory=list)

    def decide(self, step: str, choice: str, because: str, **figures: float | int | str | None) -> None:
        """Note a choice, its reason and figures."""
        self.decisions.append(DecisionRow(self.outcome, step, choice, self._words(because), dict(figures)))

    def warn(self, code: str, message: str) -> None:
        """Note a warning."""
        self.warnings.append(WarningRow(self.outcome, code, self._words(message)))

    def _words(self, text: str) -> str:
        return of_classes(text) if self.classes_alone else text
