"""A study that another machine can rerun: one table with pseudonyms, and a study file that names it."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tomli_w

from expeval.review.causes import plan_changes
from expeval.scores.cells import number_text
from expeval.scores.table import Categories, Column, Scores
from expeval.study.spec import Outcome, Study

DATA = "data/scores.csv"
GROUP, STUDENT = "group", "student"
OTHER = "(another group)"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str


@dataclass(frozen=True, slots=True)
class BundledStudy:
    """The study file and the data of a bundle, and which keys of the study file were rewritten."""

    study: str
    data: str
    rewritten: tuple[str, ...]
    withheld: tuple[str, ...]


def bundled_study(study: Study, scores: Scores, key: bytes) -> BundledStudy:
    """Rewrite a study so that it runs from one table in which nobody is named.

    Parameters
    ----------
    study, scores
        As they were read.
    key
        Of this installation: pseudonyms are hashes keyed with it and the study's title.
    """
    hidden = _pseudonyms(key, study.study.title)
    table = _Table(study, scores, hidden)
    before = study.as_keys()
    after = _keys(study, table)
    return BundledStudy(
        study=_HEAD + tomli_w.dumps(after),
        data=table.text(),
        rewritten=tuple(change.name for change in plan_changes(before, Study.model_validate(after).as_keys())),
        withheld=tuple(sorted({*table.hidden})),
    )


_HEAD = "# The study of this bundle: the plan as it was, the data as one table with pseudonyms.\n"


def _without_empty(value: Any) -> Any:
    """What TOML can hold, and what was not said is not said again."""
    if isinstance(value, dict):
        return {key: _without_empty(part) for key, part in value.items() if part is not None and part not in ([], {})}
    return [_without_empty(part) for part in value] if isinstance(value, list) else value


def _keys(study: Study, table: _Table) -> dict[str, Any]:
    """The keys of the study file that are said, for one table."""
    keys = study.as_keys()
    old = keys["data"]
    keys["data"] = {
        "files": [{"path": DATA}],
        "student": STUDENT,
        "decimal": ".",
        "delimiter": ",",
        "encoding": "utf-8",
    }
    keys["data"] |= {name: old[name] for name in ("institution", "class", "cohort") if old.get(name) is not None}
    if table.repeats:
        keys["data"]["duplicates"] = "first"
    if study.groups.column is None:
        keys["groups"] |= {"column": GROUP, "experimental": ["experimental"], "control": ["control"]}
    for outcome, own in zip(keys["outcomes"], study.outcomes, strict=True):
        outcome.pop("columns", None)
        outcome["column"] = table.column_of(own)
        outcome.pop("values", None)  # what cells stood for is what stands there now
    said: dict[str, Any] = _without_empty(keys)
    return said


def _pseudonyms(key: bytes, title: str) -> Callable[[str, str], str]:
    """A keyed hash: who lacks the key can't try out names; another study has other ones."""

    def pseudonym(kind: str, label: str) -> str:
        text = f"{title}\0{kind}\0{label}".encode()
        return f"{kind[0]}{hashlib.blake2b(text, key=key, digest_size=6).hexdigest()}"

    return pseudonym


class _Table:
    """The rows that are written: students of both arms, then one for each row that was left out."""

    def __init__(self, study: Study, scores: Scores, pseudonym: Callable[[str, str], str]) -> None:
        self.study = study
        self.scores = scores
        self.pseudonym = pseudonym
        self.hidden: set[str] = set()
        self.repeats = sum(n for (_, reason), n in scores.left_out.items() if reason == "duplicate")
        self.group = study.groups.column or GROUP
        self.student = _free(STUDENT, {name for name, _ in self._columns()} | {study.data.institution or ""})
        self.hidden.add(self.student)

    def column_of(self, outcome: Outcome) -> str:
        """The column of an outcome; its name where the arms stood in two columns."""
        return getattr(outcome, "column", None) or outcome.name

    def text(self) -> str:
        """The table as CSV."""
        columns = dict(self._columns())
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([self.student, *map(_disarmed, columns)])
        names = [self.pseudonym("student", str(number)) for number in range(self.scores.n)]
        rows = [[name, *cells] for name, *cells in zip(names, *columns.values(), strict=True)]
        writer.writerows(rows)
        writer.writerows(self._left_out(rows, list(columns)))
        return out.getvalue()

    def _columns(self) -> Iterator[tuple[str, Sequence[Cell]]]:
        scores, study = self.scores, self.study
        arms = (_first(study.control_values, "control"), _first(study.experimental_values, "experimental"))
        yield self.group, [_disarmed(arms[arm]) for arm in scores.arm.tolist()]
        for outcome in study.outcomes:
            yield self.column_of(outcome), _outcome_cells(outcome, scores.outcomes[outcome.name].values)
        for outcome in study.outcomes:
            if outcome.name in scores.baselines:
                name, numbers = scores.baselines[outcome.name]
                yield name, _cells(numbers)
        for name, covariate in scores.covariates.items():
            yield name, _cells(covariate)
        if scores.cohort is not None:
            yield str(study.data.cohort), _cells(scores.cohort)
        yield from self._units()

    def _units(self) -> Iterator[tuple[str, Sequence[Cell]]]:
        scores, data = self.scores, self.study.data
        open_names = self.study.report.institutions == "name"
        units = (
            (data.institution, "institution", scores.institution, open_names),
            (data.class_, "class", scores.class_, False),
            (self.study.groups.strata, "strata", scores.strata, False),
        )
        for name, kind, column, is_open in units:
            if name is None or column is None or name == self.group:
                continue
            labels = column.labels
            if not is_open:
                self.hidden.add(name)
                labels = tuple(self.pseudonym(kind, label) for label in labels)
            yield name, _cells(Categories(column.codes, labels))

    def _left_out(self, rows: Sequence[Sequence[Cell]], names: Sequence[str]) -> Iterator[list[Cell]]:
        """Rows that belong to no arm, or stood there twice, so that the counts come out the same."""
        place = 1 + names.index(self.group)
        number = self.scores.n
        for (arm, reason), times in sorted(self.scores.left_out.items()):
            if reason == "duplicate":
                first = next(k for k, code in enumerate(self.scores.arm.tolist()) if code == (arm == "experimental"))
                yield from (list(rows[first]) for _ in range(times))
                continue
            for _ in range(times):
                row = [""] * (len(names) + 1)
                row[0] = self.pseudonym("student", str(number))
                row[place] = OTHER if reason == "other-group" else ""
                number += 1
                yield row


def _free(name: str, taken: set[str]) -> str:
    """A column name that the study does not use."""
    while name in taken:
        name += " id"
    return name


def _first(values: Sequence[str], otherwise: str) -> str:
    return values[0] if values else otherwise


def _outcome_cells(outcome: Outcome, values: np.ndarray[Any, Any]) -> list[Cell]:
    """Scores as they are, codes as the levels that they stand for."""
    if outcome.kind == "score":
        return [_number(value) for value in values.tolist()]
    texts = [str(level) for level in outcome.levels]
    if outcome.kind == "binary":
        codes: dict[float, str] = {float(k): text for k, text in enumerate(texts)}
    elif all(isinstance(level, (int, float)) for level in outcome.levels):
        codes = {float(level): text for level, text in zip(outcome.levels, texts, strict=True)}
    else:
        codes = {float(k): text for k, text in enumerate(texts, 1)}
    return ["" if value != value else _disarmed(codes[value]) for value in values.tolist()]


def _cells(column: Column) -> list[Cell]:
    if isinstance(column, Categories):
        return ["" if code < 0 else _disarmed(column.labels[code]) for code in column.codes.tolist()]
    return [_number(value) for value in column.values.tolist()]


def _number(value: float) -> Cell:
    return "" if value != value else number_text(value)


def _disarmed(text: str) -> str:
    """A text that a spreadsheet would take for a formula begins with a space, which no reader keeps."""
    return f" {text}" if text.startswith(_FORMULA) else text
