"""What is measured: the outcomes, of which kind each is, and its baseline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from expeval.faults import Fault
from expeval.proposal.draft import Planned
from expeval.proposal.guess import UNIQUE, Guess, baseline_of, outcome_columns, two_moments
from expeval.proposal.kinds import Kind, kind_of
from expeval.proposal.profile import FEW, Column
from expeval.proposal.settling import SAID, Work, listed
from expeval.proposal.words import arm_of_word


def settle_outcomes(work: Work) -> None:
    """Settle which columns are outcomes, with kinds and baselines."""
    draft, said = work.draft, work.said
    if draft.layout == "side-by-side":
        return
    baseline = work.column(said.baseline, "--baseline") if said.baseline is not None else None
    taken = work.taken | ({baseline} if baseline else set())
    work.chosen = SAID
    if said.outcomes:
        found = [work.column(name, "--outcome") for name in said.outcomes]
        names = [name for name in found if name is not None]
    else:
        names = _guessed_outcomes(work, taken)
    for name in names:
        kind = settle_kind(work, name)
        if kind is not None:
            draft.outcomes.append(Planned(name, name, kind, chosen=work.chosen))
    for outcome in draft.outcomes:
        if baseline is not None:
            outcome.baseline = Guess(baseline, True, SAID) if len(draft.outcomes) == 1 else None
        else:
            outcome.baseline = baseline_of(outcome.column, draft.columns, names, taken)
    if baseline is not None and len(draft.outcomes) > 1:
        same = baseline_of(names[0], draft.columns, names, taken)
        first = next((o for o in draft.outcomes if same and same.value == baseline), draft.outcomes[0])
        first.baseline = Guess(baseline, True, SAID)
        work.doubt(f"“{baseline}” is the baseline of “{first.name}” alone, as --baseline names one column")


def _guessed_outcomes(work: Work, taken: set[str]) -> list[str]:
    draft = work.draft
    names, sure, others = outcome_columns(draft.columns, taken)
    draft.possible_outcomes = others
    work.chosen = "sure: by its name" if sure else "NOT SURE: no other column of numbers is left"
    if work.asker is not None:
        choices = [*names, *others]
        if choices:
            work.chosen = SAID
            return work.asker.several("Which columns are outcomes (scores after the experiment)?", choices, names)
    if not names:
        allowed = others or [name for name in draft.columns if name not in taken]
        work.faults.append(Fault("outcome-unsaid", work.file, key="--outcome", allowed=", ".join(allowed)))
    elif not sure:
        work.doubt(f"the outcome is “{names[0]}”, as no other column of numbers is left; --outcome says another")
    elif others:
        work.doubt(f"no outcomes, by their names: {listed(others)}; --outcome says otherwise")
    if (pair := two_moments(names)) and work.said.baseline is None:
        work.doubt(f"“{pair[0]}” may be the baseline of “{pair[1]}”: if so, say --baseline and --outcome")
    return names


def settle_kind(work: Work, name: str, together: Sequence[str] = ()) -> Kind | None:
    """Of which kind an outcome is; ``together`` are its columns where the arms stand side by side."""
    draft = work.draft
    column = draft.columns[name]
    if len(together) > 1:
        column = _merged([draft.columns[one] for one in together])
    kind = kind_of(column)
    if kind is None and 2 <= column.distinct <= FEW and work.asker is not None and not column.is_numeric:
        kind = _ask_levels(work, column)
    if kind is None:
        few = column.distinct <= FEW and column.unique_share < UNIQUE
        shown = ", ".join(column.counts) if few else None
        work.faults.append(Fault("levels-unsaid", work.file, column=name, key="--outcome", allowed=shown))
        return None
    _tell_kind(work, name, kind)
    return kind


def _ask_levels(work: Work, column: Column) -> Kind:
    left = list(column.counts)
    order: list[str] = []
    while len(left) > 1:
        answer = _asked(work, f"“{column.name}”: which is the lowest level of those left?", left)
        order.append(answer)
        left.remove(answer)
    return Kind("binary" if len(order) == 1 else "ordinal", (*order, *left), True, SAID)


def _asked(work: Work, question: str, choices: list[str]) -> str:
    assert work.asker is not None
    return work.asker.one(question, choices, None)


def _tell_kind(work: Work, name: str, kind: Kind) -> None:
    if not kind.sure:
        work.doubt(f"“{name}” is {kind.kind} ({kind.why})")
    if kind.missing:
        work.doubt(f"“{name}”: no score is what these cells say: {listed(kind.missing)}")
    if kind.unclear:
        work.doubt(f"“{name}”: what stands there besides scores is for you to say: {listed(list(kind.unclear)[:FEW])}")
    if kind.sentinels:
        work.doubt(
            f"“{name}”: {listed(map(str, kind.sentinels))} may be a code for a missing score; data.missing says so"
        )


def _merged(columns: Sequence[Column]) -> Column:
    """Two columns that hold one outcome, as one."""
    first = columns[0]
    role = first.role if arm_of_word(first.name) is None else "outcome"
    numbers = np.concatenate([column.numbers for column in columns])
    merged = Column(first.name, role, first.codes, first.labels, numbers)
    for column in columns:
        merged.texts.update(column.texts)
        merged.others += column.others
    return merged
