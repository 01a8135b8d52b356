"""A study with a store in a folder of its own, and a teacher who sends files to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from expeval.cohorts.choices import Choices
from expeval.cohorts.confirmation import Receipt, confirm
from expeval.cohorts.mending import answer
from expeval.cohorts.reviewing import Review, review
from expeval.cohorts.sender import Sender
from expeval.cohorts.upload import keep_draft
from expeval.store.open import Store, open_store
from expeval.store.pseudonyms import Pseudonyms, open_pseudonyms
from expeval.study.reading import read_study
from expeval.study.spec import Study

STUDY = """\
[study]
title = "Marks"

[data]
store = "cohorts.db"
student = "code"
institution = "school"
class = "class"
missing = ["n/a"]

[groups]
column = "group"
experimental = ["new"]
control = ["old"]
assigned = "class"

[[outcomes]]
name = "Mark"
column = "mark"
kind = "ordinal"
levels = [2, 3, 4, 5]
values = { "top" = 5 }
baseline = "before"

[[outcomes]]
name = "Test"
column = "test"
kind = "score"
range = [0, 100]
role = "secondary"

[covariates]
student = ["gender"]
"""
HEAD = "code,class,group,mark,before,test,gender\n"
ROWS = """\
Ivanov,7A,new,5,4,51.5,m
Petrov,7A,new,4,3,48,m
Sidorova,7B,old,3,3,,f
Kozlova,7B,old,top,n/a,60,f
"""
CSV = (HEAD + ROWS).encode()


@dataclass
class House:
    """A study, its store, and what a teacher does with it."""

    folder: Path
    study: Study
    store: Store
    pseudonyms: Pseudonyms
    sender: Sender = field(default_factory=lambda: Sender("School 7"))

    def draft(
        self, data: bytes = CSV, name: str = "marks.csv", choices: Choices | None = None, cohort: str = ""
    ) -> int:
        return keep_draft(self.store, self.pseudonyms, self.study, self.sender, cohort, data, name, choices)

    def review(self, number: int) -> Review:
        return review(self.store, self.study, self.sender, number)

    def confirm(self, number: int, seen: int | None = None) -> Receipt:
        return confirm(self.store, self.study, self.sender, number, seen)

    def answer(self, number: int, words: Mapping[str, Mapping[str, str | int | float]]) -> None:
        answer(self.store, self.study, self.sender, number, words)

    def send(self, data: bytes = CSV, name: str = "marks.csv", choices: Choices | None = None) -> Receipt:
        return self.confirm(self.draft(data, name, choices))

    def other(self, institution: str, invitation: int | None = None) -> House:
        return House(self.folder, self.study, self.store, self.pseudonyms, Sender(institution, invitation))

    def stored(self) -> bytes:
        """Every byte that lies on the disk for the store, its key aside."""
        paths = sorted(self.folder.glob("cohorts.db*"))
        return b"".join(path.read_bytes() for path in paths if path.suffix != ".key")


def house_of(folder: Path, text: str = STUDY) -> House:
    (folder / "study.toml").write_text(text, encoding="utf-8")
    study = read_study(folder / "study.toml")
    store = open_store(folder / "cohorts.db", create=True)
    return House(folder, study, store, open_pseudonyms(store))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = house_of(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def build(tmp_path: Path) -> Iterator[type]:
    """Make a house with another study; its store is closed at the end."""
    houses: list[House] = []

    def make(text: str) -> House:
        houses.append(house_of(tmp_path, text))
        return houses[-1]

    yield make  # type: ignore[misc]
    for one in houses:
        one.store.close()
