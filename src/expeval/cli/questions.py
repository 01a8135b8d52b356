"""Questions on a terminal: numbered choices with a proposed answer, by number or by name."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from expeval.cli.faults_shown import printable

MOST_CHOICES = 40


class Terminal:
    """Somebody who sits at the terminal."""

    def one(self, question: str, choices: Sequence[str], proposed: str | None) -> str:
        """One of the choices; Enter takes the proposed one."""
        self._show(question, choices)
        default = str(choices.index(proposed) + 1) if proposed in choices else None
        while True:
            answer = str(typer.prompt("  number", default=default)).strip()
            if (chosen := _choice(answer, choices)) is not None:
                return chosen
            typer.echo(f"  a number from 1 to {len(choices)}, or a name of the list")

    def several(self, question: str, choices: Sequence[str], proposed: Sequence[str]) -> list[str]:
        """Some of the choices, separated by commas."""
        self._show(question, choices)
        default = ", ".join(str(choices.index(one) + 1) for one in proposed if one in choices) or None
        while True:
            answer = str(typer.prompt("  numbers, separated by commas", default=default))
            found = [_choice(part.strip(), choices) for part in answer.split(",")]
            if None not in found:
                return list(dict.fromkeys(one for one in found if one is not None))
            typer.echo(f"  numbers from 1 to {len(choices)}, as in 1, 3")

    def yes(self, question: str, proposed: bool) -> bool:
        """Yes or no."""
        return bool(typer.confirm(printable(question), default=proposed))

    def _show(self, question: str, choices: Sequence[str]) -> None:
        typer.echo(printable(question))
        for number, choice in enumerate(choices[:MOST_CHOICES], 1):
            typer.echo(f"  {number:>2}  {printable(choice)}")
        if len(choices) > MOST_CHOICES:
            typer.echo(f"      and {len(choices) - MOST_CHOICES} more: write the name")


def _choice(answer: str, choices: Sequence[str]) -> str | None:
    if answer in choices and not (answer.isdecimal() and 1 <= int(answer) <= len(choices)):
        return answer
    if answer.isdecimal() and 1 <= int(answer) <= len(choices):
        return choices[int(answer) - 1]
    alike = [choice for choice in choices if choice.casefold() == answer.casefold()]
    return alike[0] if len(alike) == 1 else None
