"""A study with a locked plan, and one way to spoil it for every fault of a locked plan; the key is the code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

STUDY = """\
[study]
title = "Small classes"

[data]
files = ["scores.csv"]
student = "pupil"
institution = "school"

[groups]
column = "group"
experimental = ["small"]
control = ["regular"]
assigned = "institution"

[[outcomes]]
name = "Reading"
column = "reading"
kind = "score"

[[outcomes]]
name = "Spelling"
column = "spelling"
kind = "score"
role = "secondary"

[inference]
test = "auto"
"""

REASON = '\n[[deviations]]\nkey = "inference.tset"\nreason = "Ties."\n'


def edit(path: Path, old: str, new: str) -> None:
    """Change what stands once in a file."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), encoding="utf-8")


def _cut(folder: Path) -> None:
    path = folder / "study.lock.json"
    lock = json.loads(path.read_text(encoding="utf-8"))
    lock["entries"].pop()
    path.write_text(json.dumps(lock), encoding="utf-8")


def _explained(folder: Path) -> None:
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(REASON)


def _without_lock(folder: Path) -> None:
    _explained(folder)
    (folder / "study.lock.json").unlink()


#: code -> how to spoil a folder with a study and a lock file of two entries; what the sentence says
EXAMPLES: dict[str, tuple[Callable[[Path], None], str]] = {
    "lock-unreadable": (lambda folder: (folder / "study.lock.json").write_bytes(b"\xff{"), "no valid JSON"),
    "lock-edited": (lambda folder: edit(folder / "study.lock.json", '"reason": "Ties."', '"reason": "T"'), "entry 2"),
    "lock-cut": (_cut, "after entry 1"),
    "no-such-deviation": (_explained, "study.toml, line 30"),
    "deviation-without-lock": (_without_lock, "no locked plan study.lock.json"),
}
