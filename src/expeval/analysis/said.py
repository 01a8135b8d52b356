"""Where decisions and warnings are collected while they are made."""

from __future__ import annotations

from dataclasses import dataclass, field

from expeval.results import DecisionRow, WarningRow


@dataclass(slots=True)
class Said:
    """The decisions and warnings of one outcome, collected as they are made."""

    outcome: str
    decisions: list[DecisionRow] = field(default_factory=list)
    warnings: list[WarningRow] = field(default_factory=list)

    def decide(self, step: str, choice: str, because: str, **figures: float | int | str | None) -> None:
        """Note a choice, its reason and figures."""
        self.decisions.append(DecisionRow(self.outcome, step, choice, because, dict(figures)))

    def warn(self, code: str, message: str) -> None:
        """Note a warning."""
        self.warnings.append(WarningRow(self.outcome, code, message))
