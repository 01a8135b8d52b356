"""Who is in which group: a column, files of their own, or columns side by side; which arm is which is never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from expeval.faults import Fault, nearest
from expeval.proposal.draft import Planned, Said
from expeval.proposal.guess import UNIQUE, Arms, Guess, arms_of, group_columns, side_by_side
from expeval.proposal.looking import Looked
from expeval.proposal.outcomes_settled import settle_kind
from expeval.proposal.profile import FEW, Column, profile, same_label
from expeval.proposal.settling import SAID, Work, listed, table_name
from expeval.proposal.tables import arm_of_table

NOBODY = "none of them"


def settle_groups(work: Work) -> None:
    """Settle the layout, the group column and which of its values are which arm."""
    draft, said = work.draft, work.said
    if said.group is None and (_arm_files(work) or _side_by_side(work)):
        return
    group = _group_column(work)
    if group is None:
        return
    draft.group = group
    work.taken.add(group.value)
    _arms(work, _group_profile(work, group.value))


def _group_profile(work: Work, name: str) -> Column:
    if name in work.draft.columns:
        return work.draft.columns[name]
    return profile(name, [table for table in work.draft.institutions if name in table.names])


def _arm_files(work: Work) -> bool:
    """An arm in files of its own: by what the flags or their names say."""
    draft, said = work.draft, work.said
    arms: dict[str, list[Looked]] = {"experimental": [], "control": []}
    named = {table.written: _arm_said(table, said) for table in draft.main}
    by_flags = any(named.values())
    if not by_flags:
        if any(guess.sure for guess in group_columns(draft.columns)):
            return False
        named = {table.written: None for table in draft.main}
    for table in draft.main:
        arm = _arm_said(table, said) if by_flags else arm_of_table(table)
        if arm is not None:
            arms[arm].append(table)
    if not by_flags and (not all(arms.values()) or len([*arms["experimental"], *arms["control"]]) < len(draft.main)):
        return _ask_arm_file(work)
    if by_flags and bool(arms["experimental"]) != bool(arms["control"]) and len(draft.main) == 2:
        given = next(arm for arm, found in arms.items() if found)
        other = "control" if given == "experimental" else "experimental"
        arms[other] = [table for table in draft.main if table not in arms[given]]
    if not all(arms.values()):
        return False
    draft.layout, draft.arm_tables = "files", arms
    kept = [*arms["experimental"], *arms["control"]]
    if len(kept) < len(draft.main):
        out = [table.written for table in draft.main if table not in kept]
        work.doubt(f"left out, as nothing says which group they are: {listed(out)}")
        work.take(kept)
    if not by_flags:
        work.doubt(
            "each group has files of its own: experimental is "
            + listed(table_name(table) for table in arms["experimental"])
            + " (by their names)"
        )
    return True


def _ask_arm_file(work: Work) -> bool:
    """Of two files or sheets without a group column: which one holds the experimental group."""
    draft = work.draft
    if work.asker is None or len(draft.main) != 2 or group_columns(draft.columns):
        return False
    names = [table_name(table) for table in draft.main]
    answer = work.asker.one("Which of them holds the experimental group?", [*names, NOBODY], None)
    if answer == NOBODY:
        return False
    chosen = draft.main[names.index(answer)]
    other = next(table for table in draft.main if table is not chosen)
    draft.layout, draft.arm_tables = "files", {"experimental": [chosen], "control": [other]}
    return True


def _side_by_side(work: Work) -> bool:
    draft, said = work.draft, work.said
    pairs = [
        (experimental, control)
        for experimental, control in zip(said.experimental, said.control, strict=False)
        if experimental in draft.columns and control in draft.columns
    ]
    if not pairs and not said.outcomes and not any(guess.sure for guess in group_columns(draft.columns)):
        pairs = side_by_side(draft.columns)
        if pairs:
            shown = listed(f"{one} | {other}" for one, other in pairs)
            work.doubt(f"the groups seem to stand side by side, a column each: {shown}")
    if not pairs:
        return False
    draft.layout = "side-by-side"
    for experimental, control in pairs:
        kind = settle_kind(work, experimental, (experimental, control))
        if kind is not None:
            name = experimental if len(pairs) > 1 else "Score"
            draft.outcomes.append(Planned(name, experimental, kind, (experimental, control)))
    return True


def _group_column(work: Work) -> Guess | None:
    draft = work.draft
    if work.said.group is not None:
        if work.said.group not in draft.columns and any(work.said.group in table.names for table in draft.institutions):
            return Guess(work.said.group, True, SAID)
        name = work.column(work.said.group, "--group")
        return Guess(name, True, SAID) if name else None
    elsewhere = {*work.said.outcomes, work.said.baseline, work.said.student}
    columns = {name: column for name, column in draft.columns.items() if name not in elsewhere}
    found = group_columns(columns)
    if not found:
        found = group_columns({name: profile(name, [table]) for table in draft.institutions for name in table.names})
    if work.asker is not None:
        names = [guess.value for guess in found] or [
            name for name, column in draft.columns.items() if 2 <= column.distinct <= FEW
        ]
        if names:
            answer = work.asker.one("Which column says who is in which group?", names, names[0] if found else None)
            return next((guess for guess in found if guess.value == answer), Guess(answer, True, SAID))
    elif found and found[0].sure:
        return found[0]
    one = [column for column in draft.columns.values() if column.role == "group" and column.distinct == 1]
    if not found and len(one) == 1:
        shown = ", ".join(one[0].counts)
        work.faults.append(Fault("arms-unsaid", work.file, column=one[0].name, key="--experimental", allowed=shown))
        return None
    names = [guess.value for guess in found] or list(draft.columns)
    work.faults.append(Fault("group-unsaid", work.file, key="--group", allowed=", ".join(names)))
    return None


def _arms(work: Work, column: Column) -> None:
    """Which values are which arm: said, named by a strong word, or asked; never guessed."""
    values = list(column.counts)
    arms = arms_of(column)
    experimental = _values(work, column, work.said.experimental, "--experimental")
    control = _values(work, column, work.said.control, "--control")
    if work.faults and (work.said.experimental or work.said.control) and not (experimental or control):
        return
    experimental = experimental or [value for value in arms.experimental if value not in control]
    control = control or [value for value in arms.control if value not in experimental]
    if work.asker is not None and not work.said.experimental and 0 < len(values) <= FEW:
        proposed = experimental[0] if experimental else None
        answer = work.asker.one(f"Which value of “{column.name}” is the experimental group?", values, proposed)
        if answer not in experimental:
            experimental, control = [answer], [value for value in control if value != answer]
    rest = [value for value in values if value not in experimental]
    if experimental and not control and len(rest) == 1:
        control = rest
    if control and not experimental and len(values) == 2:
        experimental = [value for value in values if value not in control]
    if experimental and not control and work.asker is not None and len(rest) <= FEW and rest:
        control = [work.asker.one("Which value is the control group?", rest, None)]
    left = [value for value in values if value not in experimental and value not in control]
    if not experimental or not control:
        shown = ", ".join(f"{value} ({count})" for value, count in column.counts.items())
        few = shown if len(values) <= FEW and column.unique_share < UNIQUE else None
        lacking = "--control" if experimental else "--experimental"
        work.faults.append(Fault("arms-unsaid", work.file, column=column.name, key=lacking, allowed=few))
    work.draft.arms = Arms(experimental, control, left)
    if len(experimental) > 1 or len(control) > 1:
        work.doubt(f"several values of “{column.name}” count as one group: {listed(experimental + control)}")
    if left and len(left) <= FEW:
        work.doubt(f"rows with these values of “{column.name}” are in neither group: {listed(left)}")


def _values(work: Work, column: Column, wanted: Sequence[str], flag: str) -> list[str]:
    """Values that a flag names, as the file spells them."""
    values = list(column.counts)
    found = []
    for value in wanted:
        same = [label for label in values if same_label(label, value)] or [
            label for label in values if label.casefold() == value.casefold()
        ]
        found += same[:1]
        if not same:
            few = len(values) <= FEW and column.unique_share < UNIQUE  # of more they may be names
            allowed = ", ".join(values) if few else None
            work.faults.append(
                Fault(
                    "option-no-value",
                    work.file,
                    column=column.name,
                    key=flag,
                    found=value,
                    allowed=allowed,
                    nearest=nearest(value, values) if allowed else None,
                )
            )
    return found


def _arm_said(table: Looked, said: Said) -> str | None:
    names = {table.written, PurePath(table.written).name, PurePath(table.written).stem, str(table.settings.sheet)}
    for arm, wanted in (("experimental", said.experimental), ("control", said.control)):
        if any(name in names or PurePath(name).as_posix() == table.written for name in wanted):
            return arm
    return None
