"""What a message says of one fault besides its template: the place, the values found, the rows.

All words come from a language's tables (:mod:`expeval.fault_codes.words_english`), so that a further language is
further tables: part-sentences, forms that go with a number, and what expeval itself writes into a fault's fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

SHOWN_VALUES = 20
SHOWN_ROWS = 20
SHOWN_FILES = 5
_LONGEST = 120
_LONGEST_LIST = 400

# What these faults found may be a student's identifier, which no message may show.
NAMELESS = frozenset(
    {"student-twice-same", "student-twice-different", "student-both-arms", "student-spelt-two-ways", "rows-below"}
)
# Here `nearest` is no spelling that was meant: the cell of the other form, the header row that is likely.
_NO_SPELLING = frozenset({"decimal-unclear", "header-unclear"})

# Part-sentences that few faults of their code have: of details of the same name, and of truth values.
OWN_PARTS = ("searched", "besides", "truth")
# Keys that name what cells hold, where true and false are texts.
_OF_CELLS = re.compile(r"groups\.(experimental|control)\b|data\.missing\b|outcomes\[\d+\]\.(levels|values)\b")

_OF_ALLOWED = ("limit", "listed", "holds", "fits", "permitted", "add", "possible")

# Fields that expeval fills with words of its own; all others are the user's, and no language touches them.
OWN_FIELDS: dict[str, tuple[str, ...]] = {
    "study-unreadable": ("found",),
    "study-too-large": ("found", "allowed"),
    "toml-syntax": ("found",),
    "missing-key": ("allowed",),
    "wrong-type": ("allowed",),
    "not-allowed": ("allowed",),
    "empty-text": ("allowed",),
    "not-yet": ("allowed",),
    "needs-key": ("allowed",),
    "levels-count": ("allowed",),
    "column-two-roles": ("role",),
    "lock-unreadable": ("found",),
    "file-unreadable": ("found",),
    "format-unsupported": ("found", "allowed"),
    "file-too-large": ("found", "allowed"),
    "workbook-unsafe": ("found", "allowed"),
    "row-too-large": ("found", "allowed"),
    "library-missing": ("found",),
    "store-unreadable": ("found",),
    "delimiter-unclear": ("found",),
    "delimiter-unsaid": ("found",),
    "outside-range": ("allowed",),
    "arm-empty": ("arm",),
    "unit-unsaid": ("found",),
}


class Told(Protocol):
    """What the catalogue reads of a fault (:class:`expeval.faults.Fault`; that module stands above this one)."""

    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def file(self) -> str | None: ...  # noqa: D102
    @property
    def sheet(self) -> str | None: ...  # noqa: D102
    @property
    def row(self) -> int | None: ...  # noqa: D102
    @property
    def column(self) -> str | None: ...  # noqa: D102
    @property
    def cell(self) -> str | None: ...  # noqa: D102
    @property
    def key(self) -> str | None: ...  # noqa: D102
    @property
    def found(self) -> str | None: ...  # noqa: D102
    @property
    def allowed(self) -> str | None: ...  # noqa: D102
    @property
    def nearest(self) -> str | None: ...  # noqa: D102
    @property
    def rows(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def details(self) -> dict[str, Any]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Wording:
    """Says the parts of a message in one language.

    Attributes
    ----------
    words
        Part-sentences; ``{}`` are filled in.
    counted
        Forms of words that go with a number, as :attr:`form` chooses among them.  A key that is the name of a fault's
        detail says that detail with its word.
    form
        Number -> which of the forms.
    marks
        Quotation marks, opening and closing.
    phrase
        Says in this language what expeval wrote into a field (:data:`OWN_FIELDS`).
    """

    words: Mapping[str, str]
    counted: Mapping[str, Sequence[str]]
    form: Callable[[int], int]
    marks: tuple[str, str] = ('"', '"')
    phrase: Callable[[str], str] = str

    def say(self, word: str, *values: object) -> str:
        """Fill a template of the table."""
        return self.words[word].format(*values)

    def count(self, word: str, number: int) -> str:
        """A number with its word: ``1 time``, ``3 times``."""
        forms = self.counted[word]
        return forms[min(self.form(number), len(forms) - 1)].format(number)

    def quoted(self, text: str) -> str:
        """Text in quotation marks, cut where it is long."""
        return cut(text).join(self.marks)

    def place_of_key(self, fault: Told) -> str:
        """Head of a message on a study file: file and line."""
        parts = [cut(fault.file or fault.key or self.words["input"])]
        parts += [self.say("line", fault.row)] if fault.row else []
        return ", ".join(parts)

    def place_of_data(self, fault: Told) -> str:
        """Head of a message on data: file or files, sheet and column."""
        files = list(dict.fromkeys(cut(one.file) for one in like(fault) if one.file))
        parts = files[:SHOWN_FILES] or [cut(fault.key or self.words["input"])]
        parts += [self.count("more-files", rest)] if (rest := len(files) - SHOWN_FILES) > 0 else []
        parts += [self.say("sheet", self.quoted(fault.sheet))] if fault.sheet else []
        parts += [self.say("column", self.quoted(fault.column))] if fault.column else []
        return ", ".join(parts)

    def did_you_mean(self, fault: Told) -> str:
        """Say the nearest spelling; where faults with different ones are told together, each value has its own."""
        alike = {one.nearest for one in like(fault)}
        meant = fault.nearest if len(alike) == 1 and fault.code not in _NO_SPELLING else None
        return self.say("did-you-mean", self.quoted(meant)) if meant is not None else ""

    def own_entry(self, fault: Told) -> str:
        """Say where a key stands that does not hold for this file as ``[data]`` has it."""
        entry = fault.details.get("entry")
        name = (fault.key or "").removeprefix("data.")
        return self.say("own-entry", entry, cut(fault.file or ""), name) if entry and name else ""

    def facts(self, fault: Told) -> dict[str, str]:
        """Fields of the templates; what the fault does not have is an empty text."""
        nameless = fault.code in NAMELESS
        found = "" if nameless else self._own(fault, "found", fault.found or "", _LONGEST)
        allowed = self._own(fault, "allowed", fault.allowed or "", _LONGEST_LIST)
        known = {
            name: self._detail(fault, name, value)
            for name, value in fault.details.items()
            if name != "like" and value is not None
        }
        known |= {"key": fault.key or "", "found": found, "quoted": self.quoted(found), "allowed": allowed}
        near = self.quoted(fault.nearest) if fault.nearest else ""
        known |= self.parts(allowed, self.quoted(found) if found else "", fault.key or "", near)
        for word in OWN_PARTS:
            value = fault.details.get(word)
            known[word] = self.say(word, cut(str(value))) if value else ""
        if fault.found in ("true", "false") and _OF_CELLS.match(fault.key or ""):
            known["truth"] = self.say("truth")
        known["signs"] = self.signs(found)
        known["places"] = self.places(fault)
        known["cells"] = known["places"] if nameless else self.cells(fault)
        known["header"] = self.header(fault)
        known["set_header"] = self.set_header(fault)
        reason = f"unsafe-{fault.details.get('why')}"
        known["reason"] = self.say(reason if reason in self.words else "unsafe", found, known["limit"])
        return known

    def parts(self, allowed: str, quoted: str, key: str, nearest: str) -> dict[str, str]:
        """Part-sentences about what may stand there, what stands there, the key and the nearest; empty without it."""
        said = {word: self.say(word, allowed) if allowed else "" for word in _OF_ALLOWED}
        said |= {word: self.say(word, quoted) if quoted else "" for word in ("not_named", "wanted")}
        said["named"] = self.say("named", key) if key else ""
        said["beside"] = self.say("beside", nearest) if nearest else ""
        return said

    def _own(self, fault: Told, name: str, text: str, longest: int) -> str:
        return cut(self.phrase(text) if text and name in OWN_FIELDS.get(fault.code, ()) else text, longest)

    def _detail(self, fault: Told, name: str, value: object) -> str:
        if isinstance(value, int) and name in self.counted:
            return self.count(name, value)
        return self._own(fault, name, str(value), _LONGEST)

    def signs(self, found: str) -> str:
        """Which of several signs may be meant; they are found with spaces between them."""
        signs = [self.quoted(sign) if len(sign) == 1 else sign for sign in found.split()]
        return self.say("signs", self.words["or"].join(signs)) if signs else ""

    def header(self, fault: Told) -> str:
        """Which row may hold the column names."""
        rows = fault.details.get("header_rows")
        if rows == ():
            return self.say("header-empty", fault.row)
        if rows is not None and len(rows) > 1:
            return self.say("header-of-two", self.words["and"].join(map(str, rows)))
        return self.say("header-perhaps", fault.row) if fault.row is not None else ""

    def set_header(self, fault: Told) -> str:
        """How to name the row or the rows, with the likely ones as the example."""
        rows = fault.details.get("header_rows") or ()
        if len(rows) > 1:
            return self.say("set-header-of-two", ", ".join(map(str, rows)))
        return self.say("set-header", rows[0] if rows else 4)

    def cells(self, fault: Told) -> str:
        """Each value that was found, with its count and its rows."""
        by_value: dict[str | None, list[Told]] = {}
        for one in like(fault):
            if "further" not in one.details:
                by_value.setdefault(one.details.get("institution", one.found), []).append(one)
        hints = len({one.nearest for one in like(fault)}) > 1 and fault.code not in _NO_SPELLING
        told = [self._value(value, ones, hints) for value, ones in list(by_value.items())[:SHOWN_VALUES]]
        told += [self.count("more-values", rest)] if (rest := len(by_value) - SHOWN_VALUES) > 0 else []
        told += [self.count("more-cells", count)] if (count := further(fault)) else []
        return "; ".join(told)

    def _value(self, value: str | None, ones: list[Told], hints: bool) -> str:
        rows = sorted({row for one in ones for row in rows_of(one)})
        where = self.rows(rows) + self._cell(ones, len(rows)) + "".join(map(self._elsewhere, ones[:SHOWN_VALUES]))
        if value is None:
            return where
        # An institution is named with what was found in it, all others with how often they were found.
        said = cut(ones[0].found or "") if "institution" in ones[0].details else self._how_often(ones)
        inside = ": ".join(part for part in (said, where) if part)
        if hints and ones[0].nearest:
            inside = "; ".join(part for part in (inside, self.say("meant", self.quoted(ones[0].nearest))) if part)
        return self.quoted(value) + (f" ({inside})" if inside else "")

    def _how_often(self, ones: list[Told]) -> str:
        counts = [one.details.get("count") for one in ones]
        count = sum(
            number if isinstance(number, int) else len(rows_of(one)) for number, one in zip(counts, ones, strict=True)
        )
        students = ones[0].details.get("students")
        return self.count("times", count) if count > 1 else self.count("students", students) if students else ""

    def _cell(self, ones: list[Told], rows: int) -> str:
        cell = next((one.cell for one in ones if one.cell), None)
        return self.say("cell" if rows < 2 else "first-cell", cell) if cell else ""

    def places(self, fault: Told) -> str:
        """Where each of the faults is, without what was found there."""
        ones = [one for one in like(fault) if rows_of(one)]
        if all(not one.rows and "elsewhere" not in one.details for one in ones):
            told = [self.rows(sorted({row for one in ones for row in rows_of(one)}))] if ones else []
        else:
            told = [self.rows(rows_of(one), self.words["and"]) + self._elsewhere(one) for one in ones[:SHOWN_VALUES]]
            told += [self.count("more-places", rest)] if (rest := len(ones) - SHOWN_VALUES) > 0 else []
        told += [self.count("more-cells", count)] if (count := further(fault)) else []
        return "; ".join(told)

    def _elsewhere(self, fault: Told) -> str:
        """Rows of the same fault in other files: ``details["elsewhere"]`` holds (file, row)."""
        others = fault.details.get("elsewhere", ())
        return "".join(self.say("elsewhere", cut(str(file)), row) for file, row in others[:SHOWN_ROWS])

    def rows(self, rows: list[int], join: str = ", ") -> str:
        """``row 6``, ``rows 8, 21``, ``rows 2 to 26``; only the first where there are many."""
        if not rows:
            return ""
        runs: list[list[int]] = []
        for row in rows:
            if runs and row == runs[-1][-1] + 1:
                runs[-1].append(row)
            else:
                runs.append([row])
        told = [self._run(run) for run in runs[:SHOWN_ROWS]]
        text = (join if len(told) == 2 else ", ").join(told)
        rest = sum(map(len, runs[SHOWN_ROWS:]))
        return self.say("row" if len(rows) == 1 else "rows", text) + (self.say("and-more", rest) if rest else "")

    def _run(self, run: list[int]) -> str:
        # Two neighbours are two rows; from three on a run reads better as its ends.
        return self.say("to", run[0], run[-1]) if len(run) > 2 else ", ".join(map(str, run))


def like(fault: Told) -> tuple[Told, ...]:
    """Give the fault and those that are told with it."""
    return (fault, *fault.details.get("like", ()))


def further(fault: Told) -> int:
    """How many faults like this one were counted and not listed."""
    counts = [one.details.get("further", 0) for one in like(fault)]
    return sum(count for count in counts if isinstance(count, int))


def rows_of(fault: Told) -> list[int]:
    """All rows of one fault, in order."""
    return sorted({*([fault.row] if fault.row is not None else []), *fault.rows})


def cut(text: str, longest: int = _LONGEST) -> str:
    """Text of at most ``longest`` characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
