"""For every fault that only an upload can have: a study's change, a file that has it, and where it must be told."""

from __future__ import annotations

from typing import Any, NamedTuple


class Example(NamedTuple):
    """``data`` are changes of the study's ``[data]``; ``fields`` those of the first fault."""

    data: dict[str, Any]
    csv: str
    fields: dict[str, Any]


HEAD = "code,class,group,mark,before,test,gender"
EXAMPLES = {
    "other-institution": Example(
        {},
        f"{HEAD},school\na,7A,new,5,4,1,m,school 7\nb,7B,old,4,3,1,m,School 8\nc,7B,old,4,3,1,m,\n",
        {"row": 3, "column": "school", "found": "School 8", "allowed": "School 7"},
    ),
    "other-cohort": Example(
        {"cohort": "year"},
        f"{HEAD},year\na,7A,new,5,4,1,m,2026\nb,7B,old,4,3,1,m,2025\n",
        {"row": 3, "column": "year", "found": "2025", "allowed": "2026"},
    ),
}
