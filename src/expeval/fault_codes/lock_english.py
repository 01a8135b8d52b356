"""English words of faults of a locked plan: code -> (title, what is wrong, how to mend it)."""

from __future__ import annotations

_BACK = "Put it back as expeval lock wrote it, for instance from the version control or a bundle. "
_AMEND = "A plan is changed in the study file, and then amended with: expeval lock --reason."

LOCK_TEXTS: dict[str, tuple[str, str, str]] = {
    "lock-unreadable": (
        "Lock file that can't be read",
        "the locked plan can't be read: {found}.",
        _BACK.strip(),
    ),
    "lock-edited": (
        "Locked plan that was edited",
        "entry {entry} is not as it was locked: its hash does not fit.",
        _BACK + _AMEND,
    ),
    "lock-cut": (
        "Locked plan with entries missing",
        "entries are missing after entry {entry}: the last hash is another one.",
        _BACK + _AMEND,
    ),
    "no-such-deviation": (
        "Reason for a deviation that is none",
        "{key} gives a reason for {quoted}, which does not deviate from the locked plan ({lock}).",
        "Name a key that differs, or remove the entry. {listed}",
    ),
    "deviation-without-lock": (
        "Reason for a deviation without a locked plan",
        "{key} gives a reason for {quoted}, but there is no locked plan {lock} beside the study file.",
        "Put the lock file back beside the study file, or remove the entry.",
    ),
}
