"""A draft as the text of a study file, with comments on what was guessed; and the file, whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from expeval.proposal.draft import Draft, Planned
from expeval.proposal.guess import Guess
from expeval.proposal.kinds import Kind, Level
from expeval.proposal.looking import Looked
from expeval.proposal.profile import FEW

FILE_KEYS = ("encoding", "delimiter", "decimal", "sheet", "header_row", "last_row", "hidden")
SHOWN = 12
MOST_COHORTS = 12
HEAD = """\
# Proposed by `expeval init`. Comments say what each line rests on: "sure", or "NOT SURE" where you should look.
# Then: expeval check study.toml
"""


def study_text(draft: Draft) -> str:
    """The study file's text."""
    parts = [HEAD + "\n".join(_study(draft)), "\n".join(_data(draft)), "\n".join(_groups(draft))]
    parts += ["\n".join(_outcome(draft, outcome)) for outcome in draft.outcomes]
    parts += ["\n".join(rest)] if (rest := _covariates(draft)) else []
    return "\n\n".join(parts) + "\n"


def _study(draft: Draft) -> list[str]:
    return [
        "",
        "[study]",
        f"title = {toml(draft.title)}",
        '# question = "Do students taught in the new way score higher?"',
    ]


# --- [data] -------------------------------------------------------------------------------------------------


def _data(draft: Draft) -> list[str]:
    lines = ["[data]"]
    common = _common(draft.main)
    if draft.layout != "files":
        lines.append(f"files = {_entries(draft.main, common)}")
    for key, value in common.items():
        lines.append(f"{key} = {toml(value)}{_comment(draft.main[0].keys[key])}")
    for name, tables in (("students", draft.students), ("institutions", draft.institutions)):
        if tables:
            what = "one row a student" if name == "students" else "one row an institution"
            lines.append(f"{name} = {_entries(tables, {})}{_comment(f'sure: {what}, joined by the column below')}")
    for key, guess in (("student", draft.student), ("institution", draft.institution), ("class", draft.class_)):
        lines += _identifier(draft, key, guess)
    lines += _cohort(draft)
    if draft.missing:
        words = ", ".join(map(toml, draft.missing))
        lines.append(
            f"missing = [{words}]{_comment('NOT SURE: cells of outcomes that seem to say that there is no score')}"
        )
    sentinels = [number for outcome in draft.outcomes for number in outcome.kind.sentinels]
    if sentinels:
        numbers = ", ".join(str(number) for number in dict.fromkeys(sentinels))
        where = "missing" if not draft.missing else "in missing"
        lines.append(_note(f"{where} = [{numbers}] if these numbers stand for a missing score"))
    return lines


def _common(tables: Sequence[Looked]) -> dict[str, object]:
    """Keys that hold alike for all files."""
    first = tables[0]
    return {
        key: _setting(first, key)
        for key in FILE_KEYS
        if key in first.keys
        and all(key in table.keys and _setting(table, key) == _setting(first, key) for table in tables)
        and (key != "last_row" or len(tables) == 1)
    }


def _setting(table: Looked, key: str) -> object:
    value: object = getattr(table.settings, key)
    return list(value) if isinstance(value, tuple) else value


def _entries(tables: Sequence[Looked], common: dict[str, object]) -> str:
    entries = []
    for table in tables:
        own = {key: _setting(table, key) for key in FILE_KEYS if key in table.keys and key not in common}
        if own:
            rest = "".join(f", {key} = {toml(value)}" for key, value in own.items())
            entries.append(f"{{ path = {toml(table.written)}{rest} }}")
        else:
            entries.append(toml(table.written))
    text = ", ".join(entries)
    return f"[{text}]" if len(text) < 90 else "[\n    " + ",\n    ".join(entries) + ",\n]"


def _identifier(draft: Draft, key: str, guess: Guess | None) -> list[str]:
    if draft.layout == "side-by-side":
        return []
    if guess is None:
        what = {"student": "tells students apart", "institution": "says the institution", "class": "says the class"}[
            key
        ]
        return [_note(f"{key} = …  no column was found that {what}; the study does without")]
    line = f"{key} = {toml(guess.value)}{_comment(_words(guess))}"
    names = guess.value in draft.columns and draft.columns[guess.value].role == "person" and key == "student"
    more = "these look like names: reports hold pseudonyms only, but numbers are better in the data"
    return [line, *([_note(more)] if names else [])]


def _cohort(draft: Draft) -> list[str]:
    """A column that may tell cohorts apart is named for whoever has several: it never is the study's by a guess."""
    if draft.layout == "side-by-side":
        return []
    found = [
        column
        for name in draft.unused
        if (column := draft.columns[name]).role == "cohort" and 1 < column.distinct <= MOST_COHORTS
    ]
    return [_note(f"cohort = {toml(column.name)}  if it says with which cohort a student came") for column in found[:1]]


# --- [groups] -----------------------------------------------------------------------------------------------


def _groups(draft: Draft) -> list[str]:
    lines = ["[groups]"]
    if draft.group is not None:
        lines.append(f"column = {toml(draft.group.value)}{_comment(_words(draft.group))}")
        for arm, values in (("experimental", draft.arms.experimental), ("control", draft.arms.control)):
            lines.append(f"{arm} = [{', '.join(map(_value, values))}]")
        if draft.arms.left_out:
            left = draft.arms.left_out
            told = ": " + ", ".join(map(shown, left)) if len(left) <= FEW else f": {len(left)} values"
            lines.append(_note(f"rows with other values are left out, and counted{told}"))
    common = _common(draft.main)
    for arm, tables in draft.arm_tables.items():
        lines.append(f"{arm} = {{ files = {_one_line(_entries(tables, common))} }}")
    lines.append(f'assigned = "{draft.assigned.value}"{_comment(_words(draft.assigned))}')
    lines.append(_note("assigned: whose units were put into the groups: student | class | institution"))
    why = (
        "as you said"
        if draft.randomised is not None
        else "NOT SURE: nothing says it; true if the groups were made by lot"
    )
    lines.append(f"randomised = {str(bool(draft.randomised)).lower()}{_comment(why)}")
    return lines


def _one_line(text: str) -> str:
    return text.replace("[\n    ", "[").replace(",\n]", "]").replace(",\n    ", ", ")


# --- [[outcomes]] -------------------------------------------------------------------------------------------


def _outcome(draft: Draft, outcome: Planned) -> list[str]:
    kind = outcome.kind
    lines = ["[[outcomes]]", f"name = {toml(outcome.name)}"]
    if outcome.sides:
        experimental, control = map(toml, outcome.sides)
        lines.append(f"columns = {{ experimental = {experimental}, control = {control} }}")
    else:
        lines.append(f"column = {toml(outcome.column)}{_comment(outcome.chosen)}")
    sure = "sure" if kind.sure else "NOT SURE"
    lines.append(f'kind = "{kind.kind}"{_comment(f"{sure}: {kind.why}; kinds are score | ordinal | binary")}')
    if kind.levels:
        order = "[0-value, 1-value]" if kind.kind == "binary" else "in rising order"
        lines.append(f"levels = [{', '.join(map(toml, kind.levels))}]{_comment(order)}")
    else:
        lines.append(_note("range = [0, 100]   the lowest and highest possible score: finds slips of the pen"))
    if outcome.baseline:
        lines.append(f"baseline = {toml(outcome.baseline.value)}{_comment(_words(outcome.baseline))}")
    values: dict[str, Level] = dict(kind.values)
    values |= dict.fromkeys(draft.missing_of(outcome), "missing")
    if values:
        lines.append(f"values = {_values(values)}")
    if kind.unclear:
        lines += _unclear(kind, values)
    return lines


def _unclear(kind: Kind, values: dict[str, Level]) -> list[str]:
    proposed = {text: level if level is not None else "missing" for text, level in list(kind.unclear.items())[:SHOWN]}
    more = f" (and {len(kind.unclear) - SHOWN} further)" if len(kind.unclear) > SHOWN else ""
    return [
        _note(f"NOT SURE: cells that are no score{more}. Say what each stands for, and take away the first #:"),
        _note(f"values = {_values({**values, **proposed})}"),
    ]


def _values(values: dict[str, Level]) -> str:
    return "{ " + ", ".join(f"{toml(text)} = {toml(level)}" for text, level in values.items()) + " }"


def _covariates(draft: Draft) -> list[str]:
    unused = [name for name in draft.unused if name not in draft.covariates]
    lines = []
    if draft.covariates:
        names = ", ".join(map(toml, draft.covariates))
        lines += [
            _note("Adjust for what students brought along? Decide it before you see results; then take away the #:"),
            _note("[covariates]"),
            _note(f"student = [{names}]"),
        ]
    if draft.possible_outcomes and (rest := [name for name in draft.possible_outcomes if name in unused]):
        lines.append(_note(f"Columns that may be outcomes, too: {_listed(rest)}"))
        unused = [name for name in unused if name not in rest]
    if unused:
        lines.append(_note(f"Columns that the study does not use: {_listed(unused)}"))
    return lines


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(f"“{shown(name)}”" for name in names[:SHOWN]) + more


# --- words --------------------------------------------------------------------------------------------------


def _words(guess: Guess) -> str:
    also = f"; it may also be {_listed(guess.others)}" if guess.others and guess.why != "as you said" else ""
    if guess.why == "as you said":
        return guess.why
    return f"{'sure' if guess.sure else 'NOT SURE'}: {guess.why}{also}"


def _comment(words: str) -> str:
    return f"  # {shown(words, 300)}" if words else ""


def _note(words: str) -> str:
    return f"# {shown(words, 1000)}"


def shown(text: str, longest: int = 80) -> str:
    """Text on one line of a comment: nothing that steers a terminal, and no end."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def _value(text: str) -> str:
    """A value of the group column: a whole number as a number."""
    whole = text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0")) and len(text) < 10
    return text if whole else toml(text)


def toml(value: object) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    return '"' + "".join(map(_escaped, str(value))) + '"'


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return "\\" + sign
    if sign.isprintable():
        return sign
    return f"\\u{ord(sign):04X}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08X}"


@contextlib.contextmanager
def folder_made(folder: Path) -> Iterator[None]:
    """Make a folder, and take it away again where what happens inside fails."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for parent in missing:
            with contextlib.suppress(OSError):  # there by now for another's use, or never made
                parent.rmdir()
        raise


def write_whole(path: Path, text: str, replace: bool) -> None:
    """Write a file that appears whole or not at all.

    Raises
    ------
    FileExistsError
        Where something is there already and may not be replaced.
    OSError
        Where the system refuses; nothing is left behind.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(new, path)
        else:
            _move_beside(new, path)
    finally:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)


def _move_beside(new: Path, path: Path) -> None:
    """Give the new file its name, unless somebody has taken it meanwhile."""
    try:
        os.link(new, path)
    except FileExistsError:
        raise
    except OSError as error:  # a disk without links
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EACCES, errno.EINVAL):
            raise
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        os.rename(new, path)
