"""Write the reference pages that are made from the code: python docs/make_reference.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from expeval.fault_codes import FaultText, titles
from expeval.glossary import COLUMNS, METHODS, NOTES

MADE = "<!-- made by docs/make_reference.py: do not edit -->"

FAULTS_HEAD = """All faults of an input are told at once, each with file, row and column, what was found, what is
allowed and what to do. `run` ends with status 2 and writes nothing; `check` ends with status 1. Words in braces are
filled in: `{key}` the key of the study file, `{found}` what stands there, `{allowed}` what may, `{cells}` and
`{places}` where. No message shows a student's identifier."""

SUBJECTS = (
    ("study", "In the study file"),
    ("lock", "In the locked plan"),
    ("data", "In the data"),
    ("proposal", "Asked by `init`"),
    ("upload", "In an upload"),
)


def faults() -> str:
    """Every code with its title, sentence and way to mend it."""
    parts = ["# Faults", MADE, FAULTS_HEAD]
    for subject, heading in SUBJECTS:
        rows = [(f"`{code}`", *_words(text)) for code, text in titles() if text.subject == subject]
        parts += [f"## {heading}", table(("code", "fault", "what is said"), rows)]
    return "\n\n".join(parts) + "\n"


def _words(text: FaultText) -> tuple[str, str]:
    return text.title, f"{text.sentence} {text.mend}".strip()


def vocabulary() -> str:
    """Columns, methods and sentences of notes."""
    parts = [
        "# Vocabulary of the results",
        MADE,
        "## Columns",
        table(("column", "meaning"), [(f"`{name}`", meaning) for name, meaning in COLUMNS.items()]),
        "## Methods",
        table(("method", "meaning"), [(f"`{name}`", meaning) for name, meaning in METHODS.items()]),
        "## Notes",
        "What stands in `note`: the variant that was computed, or why a quantity is null.",
        "\n".join(f"- {sentence}" for sentence in NOTES.values()),
    ]
    return "\n\n".join(parts) + "\n"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table; a bar in a cell is escaped, and so are signs that Markdown would take for HTML."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


PAGES: dict[str, Callable[[], str]] = {"faults.md": faults, "vocabulary.md": vocabulary}


if __name__ == "__main__":
    for name, make in PAGES.items():
        (Path(__file__).parent / "reference" / name).write_text(make(), encoding="utf-8", newline="\n")
