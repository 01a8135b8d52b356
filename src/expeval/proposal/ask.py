"""From tables to a draft: each question once, by a flag, a guess or somebody at the terminal; else it is a fault."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import numpy as np

from expeval.faults import Fault, Faults
from expeval.proposal.draft import UNITS, Asker, Draft, Said
from expeval.proposal.groups_settled import settle_groups
from expeval.proposal.guess import Guess, assigned_unit, is_unused_role, student_column, unit_column
from expeval.proposal.looking import Looked
from expeval.proposal.outcomes_settled import settle_outcomes
from expeval.proposal.settling import SAID, Work, listed, table_name
from expeval.proposal.tables import arrange
from expeval.scores.table import IntArray

PLURAL = {"student": "students", "class": "classes", "institution": "institutions"}


def settle(tables: Sequence[Looked], said: Said, asker: Asker | None) -> Draft:
    """Settle every question of a study file.

    Parameters
    ----------
    tables
        The tables of all data files.
    said
        The flags, which go before every guess.
    asker
        Somebody who answers; ``None`` where nobody does.

    Raises
    ------
    Faults
        With every question that nobody has answered, each naming its flag.
    """
    work = Work(said, asker, arrange(tables))
    draft = _run(work)
    if work.faults:
        raise Faults(work.faults)
    return draft


def _run(work: Work) -> Draft:
    draft = work.draft
    settle_groups(work)
    _identifiers(work)
    _joins(work)
    _assigned(work)
    settle_outcomes(work)
    if work.faults:
        # Among columns of one name may be the one that was not found.
        work.faults += [Fault("column-twice", work.file, column=name) for name in sorted(work.twice)]
        return draft
    draft.randomised = _randomised(work)
    draft.covariates = [
        name
        for name in draft.unused
        if is_unused_role(draft.columns[name]) and all(name in table.names for table in draft.main)
    ]
    first = draft.outcomes[0].name if draft.outcomes else PurePath(draft.main[0].written).stem
    draft.title = work.said.title or f"{first}: experimental and control group"
    return draft


def _identifiers(work: Work) -> None:
    draft, said = work.draft, work.said
    if draft.layout == "side-by-side":
        return
    for attribute, flag, wanted in (
        ("student", "--student", said.student),
        ("institution", "--institution", said.institution),
        ("class_", "--class", said.class_),
    ):
        if wanted is not None:
            name = work.column(wanted, flag)
            guess = Guess(name, True, SAID) if name else None
        elif attribute == "student":
            named = {*said.outcomes, said.institution or "", said.class_ or "", said.baseline or ""}
            guess = student_column(work.in_main, work.taken | named)
        else:
            named = {*said.outcomes, said.baseline or ""}
            guess = unit_column(draft.columns, attribute.rstrip("_"), work.taken | named)
        setattr(draft, attribute, guess)
        if guess is not None:
            work.taken.add(guess.value)
            if not guess.sure:
                work.doubt(f"{attribute.rstrip('_')} is the column “{guess.value}” ({guess.why})")


def _joins(work: Work) -> None:
    """Leave out further tables that no identifier joins after all."""
    draft = work.draft
    for guess, tables in ((draft.student, draft.students), (draft.institution, draft.institutions)):
        for table in list(tables):
            if guess is None or guess.value not in table.names:
                tables.remove(table)
                work.doubt(f"left out, as no column joins it to the scores: {listed([table_name(table)])}")


def _assigned(work: Work) -> None:
    draft, said = work.draft, work.said
    guess: Guess | None = None
    if draft.layout == "side-by-side":
        guess = Guess("student", True, "arms side by side can be analysed in no other way")
    elif draft.group is not None and draft.group.value not in draft.columns:
        guess = Guess("institution", True, "the groups stand in the table of institutions")
    elif (arm := _arm_codes(work)) is not None:
        guess = assigned_unit(arm, *_units(work))
    if said.assigned is not None:
        draft.assigned = Guess(said.assigned, True, SAID)
        units = {"institution": draft.institution, "class": draft.class_ or draft.institution, "student": True}
        if draft.layout != "side-by-side" and not units[said.assigned]:
            names = ", ".join(name for name in draft.columns if name not in work.taken)
            flag = f"--{said.assigned}"
            work.faults.append(Fault("unit-unsaid", work.file, key=flag, found=PLURAL[said.assigned], allowed=names))
        return
    if work.asker is not None and draft.layout != "side-by-side":
        known = {"student": True, "class": draft.class_, "institution": draft.institution}
        possible = [unit for unit in UNITS if known[unit]]
        proposed = guess.value if guess else possible[-1]
        answer = work.asker.one("Who was put into the groups?", possible, proposed)
        why = guess.why if guess and guess.value == answer else SAID
        draft.assigned = Guess(answer, True, why)
    elif guess is None:
        found = draft.institution or draft.class_
        if draft.group is not None or draft.layout == "files":
            work.faults.append(
                Fault(
                    "assigned-unsaid",
                    work.file,
                    column=found.value if found else None,
                    key="--assigned",
                    allowed=", ".join(UNITS),
                )
            )
    else:
        draft.assigned = guess
        if not guess.sure:
            work.doubt(f"put into the groups were, it seems, {PLURAL[guess.value]}: {guess.why} (--assigned)")


def _arm_codes(work: Work) -> IntArray | None:
    """(n,) 1 experimental, 0 control, -1 neither, of the rows of the main tables."""
    draft = work.draft
    if draft.layout == "files":
        sizes = [(table, table in draft.arm_tables["experimental"]) for table in draft.main]
        return np.concatenate([np.full(table.rows, int(arm), dtype=np.int64) for table, arm in sizes])
    if draft.group is None or draft.group.value not in work.in_main:
        return None
    column = draft.columns[draft.group.value]
    if not draft.arms.experimental or not draft.arms.control:
        return np.minimum(column.codes, 1)  # which is which is asked; the pattern is the same either way
    by_label = [
        1 if label in draft.arms.experimental else 0 if label in draft.arms.control else -1 for label in column.labels
    ]
    return np.array([*by_label, -1], dtype=np.int64)[column.codes]


def _units(work: Work) -> tuple[IntArray | None, IntArray | None]:
    draft = work.draft
    main = work.in_main
    codes = [
        main[guess.value].codes if guess is not None and guess.value in main else None
        for guess in (draft.institution, draft.class_)
    ]
    institution, school_class = codes
    if institution is not None and school_class is not None:
        school_class = institution * (int(school_class.max(initial=0)) + 2) + school_class
    return institution, school_class


def _randomised(work: Work) -> bool | None:
    if work.said.randomised is None and work.asker is not None:
        unit = PLURAL[work.draft.assigned.value]
        return work.asker.yes(f"Were the {unit} put into the groups at random (by lot)?", False)
    if work.said.randomised is None:
        work.doubt("nothing says that the groups were made at random: randomised = false; --randomised says so")
    return work.said.randomised
