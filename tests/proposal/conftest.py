"""``init`` in this process: flags as on the command line, answers as at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from expeval.proposal.draft import Said
from expeval.proposal.propose import Proposal, find_data, propose
from expeval.scores.settings import Settings
from expeval.study.reading import read_study
from expeval.study.spec import Study


class Scripted:
    """Answers in order; ``None`` takes what is proposed."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def _next(self, question: str, proposed: object) -> object:
        self.asked.append(question)
        answer = self.answers.pop(0)
        assert answer is not None or proposed is not None, question
        return proposed if answer is None else answer

    def one(self, question: str, choices: Sequence[str], proposed: str | None) -> str:
        answer = self._next(question, proposed)
        assert answer in choices, (question, choices)
        return str(answer)

    def several(self, question: str, choices: Sequence[str], proposed: Sequence[str]) -> list[str]:
        answer = self._next(question, proposed or None)
        assert set(answer) <= set(choices), (question, choices)
        return list(answer)

    def yes(self, question: str, proposed: bool) -> bool:
        return bool(self._next(question, proposed))


class Init:
    """Proposals in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.proposal: Proposal

    def __call__(self, *names: str, asker: Scripted | None = None, settings: Settings | None = None, **said) -> Study:
        files = find_data([str(self.folder / name) for name in names], self.folder)
        self.proposal = propose(files, self.folder, Said(**said), settings or Settings(), asker)
        path = self.folder / "study.toml"
        path.write_text(self.proposal.text, encoding="utf-8")
        return read_study(path)

    def write(self, name: str, text: str, encoding: str = "utf-8") -> None:
        (self.folder / name).write_bytes(text.encode(encoding))

    def workbook(self, name: str, **sheets: Sequence[Sequence[object]]) -> None:
        import openpyxl

        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(self.folder / name)


@pytest.fixture
def init(tmp_path: Path) -> Init:
    return Init(tmp_path)


@pytest.fixture
def scripted() -> Callable[..., Scripted]:
    return Scripted
