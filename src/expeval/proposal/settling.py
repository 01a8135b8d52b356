"""A study file while its questions are settled: what was said, what is guessed so far, what nobody has answered."""

from __future__ import annotations

from collections.abc import Iterable

from expeval.faults import Fault, nearest
from expeval.proposal.draft import Asker, Draft, Said
from expeval.proposal.guess import by_name
from expeval.proposal.looking import Looked
from expeval.proposal.profile import Column, profile
from expeval.proposal.tables import Arranged

SAID = "as you said"
NOT_SURE = "NOT SURE: "


class Work:
    """The questions in order: the answer to one leaves fewer choices for the next."""

    def __init__(self, said: Said, asker: Asker | None, tables: Arranged) -> None:
        self.said = said
        self.asker = asker
        self.faults: list[Fault] = []
        self.chosen = ""  # why the outcomes are the outcomes
        self.taken: set[str] = set()
        self.draft = Draft("column", [], {}, students=tables.students, institutions=tables.institutions)
        self.file = ", ".join(dict.fromkeys(table.written for table in tables.main))
        self.twice: set[str] = set()
        self.take(tables.main)
        if self.twice:
            self.doubt(
                f"several columns are called {listed(self.twice)}: each needs its own name before it can be used"
            )
        for table in (*tables.main, *tables.students, *tables.institutions):
            for key, why in table.keys.items():
                if key in ("header_row", "last_row", "hidden") and why != SAID:
                    value = getattr(table.settings, key)
                    self.doubt(f"{table_name(table)}: {key} = {value} ({why.removeprefix(NOT_SURE)})")
        if tables.unused:
            out = listed(table_name(table) for table in tables.unused)
            self.doubt(f"left out, as their columns are others, and no student or institution joins them: {out}")

    def take(self, main: list[Looked]) -> None:
        """Settle which tables hold the scores, and look at the columns that all of them have."""
        draft = self.draft
        draft.main = main
        names = [name for name in main[0].names if all(name in table.names for table in main)]
        self.twice = {name for table in main for name in table.twice}
        draft.columns = {name: profile(name, main) for name in names if name not in self.twice}
        for table in draft.students:
            draft.columns |= {name: profile(name, [table]) for name in table.names if name not in draft.columns}

    def doubt(self, words: str) -> None:
        """Tell that something is not sure."""
        self.draft.doubts.append(words)

    def column(self, wanted: str, flag: str) -> str | None:
        """A column that a flag names; a fault where no file has it."""
        found = by_name(self.draft.columns, wanted)
        if found is None:
            names = list(self.draft.columns)
            self.faults.append(
                Fault(
                    "option-no-column",
                    self.file,
                    key=flag,
                    found=wanted,
                    allowed=", ".join(names),
                    nearest=nearest(wanted, names),
                )
            )
        return found

    @property
    def in_main(self) -> dict[str, Column]:
        """The columns of the tables of scores themselves."""
        columns, main = self.draft.columns, self.draft.main
        return {name: column for name, column in columns.items() if all(name in table.names for table in main)}


def table_name(table: Looked) -> str:
    """A file, with its sheet where it was chosen."""
    return f"{table.written}, {table.settings.sheet}" if "sheet" in table.keys else table.written


def listed(names: Iterable[object]) -> str:
    """Names in quotation marks, one after the other."""
    return ", ".join(f"“{name}”" for name in names)
