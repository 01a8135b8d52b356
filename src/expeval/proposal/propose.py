"""From data files to the text of a study file, and what `check` will still ask of it."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from expeval.faults import Fault, Faults
from expeval.proposal.ask import settle
from expeval.proposal.draft import Asker, Draft, Said
from expeval.proposal.guess import group_columns
from expeval.proposal.looking import Looked, look, look_hidden, relative
from expeval.proposal.profile import profile
from expeval.proposal.tables import arm_of_table
from expeval.proposal.words import arm_of_word
from expeval.proposal.write import FILE_KEYS, study_text
from expeval.scores.opening import FoundFile, find_files
from expeval.scores.reading import read_scores
from expeval.scores.settings import Settings, Unreadable
from expeval.study.reading import study_from_keys

SUFFIXES = (
    ".csv", ".tsv", ".tab", ".xlsx", ".xlsm", ".xls", ".ods", ".html", ".htm", ".parquet", ".sav", ".zsav", ".dta"
)  # fmt: skip
ALL = "all of them"
# What a file leaves open: the code of the reader -> the code and the flag of init.
_OPEN = {
    "encoding-unclear": ("encoding-unsaid", "--encoding"),
    "delimiter-unclear": ("delimiter-unsaid", "--delimiter"),
    "sheet-unclear": ("sheet-unsaid", "--sheet"),
    "sheet-missing": ("sheet-unsaid", "--sheet"),
}
_ROUNDS = 4


@dataclass(slots=True)
class Proposal:
    """A study file that is not yet written.

    Attributes
    ----------
    doubts
        What is not sure, in sentences.
    faults
        What ``check`` would tell of the study file and its data.
    """

    text: str
    doubts: list[str]
    faults: tuple[Fault, ...] = ()
    files: list[str] = field(default_factory=list)


def propose(files: Sequence[FoundFile], folder: Path, said: Said, settings: Settings, asker: Asker | None) -> Proposal:
    """Propose a study file.

    Parameters
    ----------
    files
        The data files, their names relative to ``folder``.
    folder
        Where the study file will stand.
    said, settings
        What flags say of the study, and of the files.
    asker
        Somebody who answers questions; ``None`` where nobody does.

    Raises
    ------
    Faults
        With what can't be read, and every question that nobody has answered.
    """
    tables = _tables(files, said, settings, asker)
    draft = settle(tables, said, asker)
    return _checked(draft, folder)


def find_data(names: Sequence[str], folder: Path) -> list[FoundFile]:
    """The files that ``--data`` names, seen from the working directory, else from the study's folder."""
    found: dict[Path, FoundFile] = {}
    faults: list[Fault] = []
    for name in names:
        try:
            files = find_files(Path(), name)
        except Unreadable as unreadable:
            try:
                files = find_files(folder, name)
            except Unreadable:
                faults += unreadable.faults
                continue
        for file in files:
            found.setdefault(file.path.resolve(), FoundFile(file.path, relative(file.path, folder)))
    if faults:
        raise Faults(faults)
    return list(found.values())


def data_files(folder: Path) -> list[str]:
    """Names of the files in a folder that may hold scores."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    return [
        entry.name
        for entry in entries
        if entry.suffix.lower() in SUFFIXES and not entry.name.startswith(("~$", ".")) and entry.is_file()
    ]


def arms_in_names(names: Sequence[str]) -> bool:
    """Whether every file is named for an arm, and both arms are there."""
    arms = [arm_of_word(PurePath(name).stem) for name in names]
    return len(names) >= 2 and None not in arms and len(set(arms)) == 2


def _tables(files: Sequence[FoundFile], said: Said, settings: Settings, asker: Asker | None) -> list[Looked]:
    given = {key: "as you said" for key in FILE_KEYS if getattr(settings, key) is not None}
    tables: list[Looked] = []
    faults: list[Fault] = []
    for file in files:
        try:
            chosen = _look(file, said, settings, asker)
        except Unreadable as unreadable:
            faults += map(_with_flag, unreadable.faults)
            continue
        for table in chosen:
            table.keys.update({key: why for key, why in given.items() if key not in table.keys})
        tables += chosen
    if faults:
        raise Faults(faults)
    return tables


def _look(file: FoundFile, said: Said, settings: Settings, asker: Asker | None) -> list[Looked]:
    """The tables of a file that hold scores; those of hidden sheets where the visible ones don't look like scores."""
    found: list[Looked] = []
    refused: Unreadable | None = None
    try:
        found = look(file, file.name, settings)
    except Unreadable as unreadable:
        if unreadable.faults[0].code not in ("file-empty", "header-only"):
            raise
        refused = unreadable
    if not any(map(_has_group, found)) and (hidden := look_hidden(file, file.name, settings)):
        better = any(map(_has_group, hidden)) or (any(map(_has_scores, hidden)) and not any(map(_has_scores, found)))
        if better:
            return _ask_for_sheet(file, [*found, *hidden], asker)
    if refused is not None:
        raise refused
    return found if len(found) == 1 else _choose_sheets(file, found, said, asker)


def _with_flag(fault: Fault) -> Fault:
    """The fault of a reader, which names a key of study.toml, with init's flag instead."""
    if fault.code not in _OPEN:
        return fault
    code, flag = _OPEN[fault.code]
    allowed = fault.allowed if fault.code != "sheet-unclear" else fault.found
    found = fault.found if fault.code in ("delimiter-unclear", "sheet-missing") else None
    return dataclasses.replace(fault, code=code, key=flag, allowed=allowed, found=found)


def _choose_sheets(file: FoundFile, found: list[Looked], said: Said, asker: Asker | None) -> list[Looked]:
    """Which of several sheets hold scores: those named for the arms, the only one with groups, or asked."""
    arms = [
        table
        for table in found
        if arm_of_table(table) or str(table.settings.sheet) in (*said.experimental, *said.control)
    ]
    if len(arms) >= 2:
        return arms
    grouped = [table for table in found if _has_group(table)]
    if len(grouped) == 1:
        return grouped
    return _ask_for_sheet(file, found, asker)


def _ask_for_sheet(file: FoundFile, found: list[Looked], asker: Asker | None) -> list[Looked]:
    names = [str(table.settings.sheet if table.settings.sheet is not None else table.sheet.sheet) for table in found]
    if asker is not None:
        answer = asker.one(f"Which sheet of {file.name} holds the scores?", [*names, ALL], names[0])
        return found if answer == ALL else [found[names.index(answer)]]
    raise Unreadable(Fault("sheet-unsaid", file.name, key="--sheet", allowed=", ".join(names)))


def _has_scores(table: Looked) -> bool:
    return any(profile(name, [table]).role in ("mark", "outcome") for name in table.names)


def _has_group(table: Looked) -> bool:
    columns = {name: profile(name, [table]) for name in table.names}
    return _has_scores(table) and any(guess.sure for guess in group_columns(columns))


def _checked(draft: Draft, folder: Path) -> Proposal:
    """The text, checked as ``check`` would; rows below the students that it finds are left out, and told."""
    files = list(dict.fromkeys(table.written for table in draft.main))
    faults: tuple[Fault, ...] = ()
    for _ in range(_ROUNDS):
        text = study_text(draft)
        try:
            read_scores(study_from_keys(tomllib.loads(text), folder / "study.toml"))
        except Faults as found:
            faults = found.faults
        else:
            faults = ()
            break
        if not _cut_below(draft, faults):
            break
    return Proposal(text, draft.doubts, faults, files)


def _cut_below(draft: Draft, faults: Sequence[Fault]) -> bool:
    """Set ``last_row`` where rows without a student are the last of their table."""
    cut = False
    for fault in faults:
        if fault.code not in ("rows-below", "summary-rows") or fault.row is None:
            continue
        for table in draft.main:
            rows = table.sheet.rows.tolist()
            wrong = [fault.row, *fault.rows]
            same = table.written == fault.file and (fault.sheet is None or table.sheet.sheet == fault.sheet)
            if not same or "last_row" in table.keys or rows[-len(wrong) :] != wrong or len(wrong) * 2 > len(rows):
                continue
            why = "the rows below it hold no student, it seems"
            table.set("last_row", int(rows[-len(wrong) - 1]), f"NOT SURE: {why}")
            last = (
                "row is left out, as it holds" if len(wrong) == 1 else f"{len(wrong)} rows are left out, as they hold"
            )
            draft.doubts.append(f"{table.written}: the last {last} no student")
            cut = True
    return cut
