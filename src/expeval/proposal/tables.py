"""Which of several tables hold scores, and which are joined to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from expeval.proposal.guess import group_columns, student_column, unit_column
from expeval.proposal.looking import Looked
from expeval.proposal.profile import Column, profile
from expeval.proposal.words import arm_of_word
from expeval.scores.spelling import look_alike

ALIKE = 0.5  # share of their columns that files of one table have in common


@dataclass(slots=True)
class Arranged:
    """Tables of scores, further tables of students and of institutions, and those that fit nowhere."""

    main: list[Looked]
    students: list[Looked] = field(default_factory=list)
    institutions: list[Looked] = field(default_factory=list)
    unused: list[Looked] = field(default_factory=list)


def arrange(tables: Sequence[Looked]) -> Arranged:
    """Find out what each table is for."""
    stacks = _stacks(tables)
    first = max(stacks, key=_worth)
    found = Arranged(list(first))
    names = [name for name in first[0].names if all(name in table.names for table in first)]
    columns = {name: profile(name, first) for name in names}
    unit, student = unit_column(columns, "institution", set()), student_column(columns, set())
    arms = any(arm_of_table(table) for table in first)
    for table in (table for stack in stacks if stack is not first for table in stack):
        theirs = {name: profile(name, [table]) for name in table.names}
        if arms and arm_of_table(table):
            found.main.append(table)
        elif student is not None and student.value in theirs and theirs[student.value].unique_share > ALIKE:
            found.students.append(table)
        elif unit is not None and unit.value in theirs and theirs[unit.value].unique_share > ALIKE:
            found.institutions.append(table)
        else:
            found.unused.append(table)
    return found


def _stacks(tables: Sequence[Looked]) -> list[list[Looked]]:
    """Tables with the same columns, each set once."""
    stacks: list[list[Looked]] = []
    for table in tables:
        for stack in stacks:
            if _alike(stack[0].names, table.names) >= ALIKE:
                stack.append(table)
                break
        else:
            stacks.append([table])
    return stacks


def _alike(one: Sequence[str], other: Sequence[str]) -> float:
    a, b = ({look_alike(name) for name in names} for names in (one, other))
    return len(a & b) / len(a | b)


def _worth(stack: list[Looked]) -> tuple[int, int, int]:
    """How likely a stack holds the scores: it has groups, it has scores, it is long."""
    columns: dict[str, Column] = {name: profile(name, stack) for name in stack[0].names}
    groups = any(guess.sure for guess in group_columns(columns)) or any(arm_of_table(table) for table in stack)
    scores = sum(column.role in ("mark", "outcome") and column.is_numeric for column in columns.values())
    return int(groups) + min(scores, 1), scores, sum(table.rows for table in stack)


def arm_of_table(table: Looked) -> str | None:
    """The arm that a sheet or file is named for."""
    if isinstance(table.settings.sheet, str) and "sheet" in table.keys:
        return arm_of_word(table.settings.sheet)
    return arm_of_word(PurePath(table.written).stem)
