"""Does a column identify students?  Looked for before data leave the house, by its name and by what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from expeval.scores.table import Categories, Column, Scores

_NAMED = (
    ("names", r"\b(фио|фамилия|имя|отчество|surname|(first|last|full|student|pupil)[ _-]?name|name)\b"),
    ("e-mail addresses", r"(e-?mail|эл\w*[ _.-]?почта|\bпочта\b)"),
    ("telephone numbers", r"(\bphone|\btel\b|телефон|мобильн)"),
    ("dates of birth", r"(birth[ _-]?da|\bdob\b|дата[ _]рожд)"),
    ("addresses", r"(\baddress\b|\bадрес\b|\bstreet\b|\bулица\b)"),
    ("document numbers", r"(снилс|паспорт|passport|\binn\b|\bинн\b|ssn\b)"),
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_PHONE = re.compile(r"(\+\d|\b[78])[\s(.-]*\d{3}[\s).-]*\d{3}[\s.-]*\d{2}[\s.-]*\d{2}\b")
_DATE = re.compile(
    r"(0?[1-9]|[12]\d|3[01])[./-](0?[1-9]|1[0-2])[./-](19|20)\d\d|(19|20)\d\d-(0[1-9]|1[0-2])-([0-2]\d|3[01])"
)
_PATRONYMIC = re.compile(r"\b[А-ЯЁ][а-яё]+(вич|вна|ична|оглы|кызы)\b")
_TWO_WORDS = re.compile(r"[A-ZА-ЯЁ][a-zа-яё'’-]+(,? [A-ZА-ЯЁ]([a-zа-яё'’-]+|\.)){1,3}")


@dataclass(frozen=True, slots=True)
class Identifying:
    """A column that the study uses and that would tell who a student is."""

    column: str
    what: str


def identifying_columns(scores: Scores) -> list[Identifying]:
    """Covariates, strata and cohorts that hold names, addresses, numbers or dates of persons.

    Student, institution and class are not looked at: they are replaced by pseudonyms in any case.
    """
    found = []
    for name, column in _used(scores):
        what = _by_name(name) or _by_content(column, scores.n)
        if what is not None:
            found.append(Identifying(name, what))
    return found


def _used(scores: Scores) -> Iterator[tuple[str, Column]]:
    yield from scores.covariates.items()
    yield from ((column, numbers) for column, numbers in scores.baselines.values())
    if scores.strata is not None:
        yield "strata", scores.strata
    if scores.cohort is not None:
        yield "cohort", scores.cohort


def _by_name(name: str) -> str | None:
    return next((what for what, pattern in _NAMED if re.search(pattern, name.replace("_", " ").casefold())), None)


def _by_content(column: Column, students: int) -> str | None:
    if not isinstance(column, Categories):
        return _numbers(column.values[~np.isnan(column.values)])
    labels = column.labels
    if any(_EMAIL.search(label) for label in labels):
        return "e-mail addresses"
    if any(_PHONE.search(label) for label in labels):
        return "telephone numbers"
    if _most(labels, _DATE, whole=True) and len(labels) > 3:
        return "dates, perhaps of birth"
    if any(_PATRONYMIC.search(label) for label in labels):
        return "names"
    # Two words with capitals are a person, or a town: nearly every student another one is no town.
    if _most(labels, _TWO_WORDS, whole=True) and len(labels) > max(3, students // 3):
        return "names"
    return None


def _numbers(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str | None:
    """Ten and more digits are a telephone or a document; eight that are a day of the last hundred years, a birth."""
    if values.size == 0 or (values != np.floor(values)).any():
        return None
    if float(np.median(values)) >= 1e9:
        return "numbers of ten digits and more (telephones, documents)"
    month, day = values % 10_000 // 100, values % 100
    dates = (values > 19_000_000) & (values < 21_000_000) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    return "dates, perhaps of birth" if bool(dates.all()) else None


def _most(labels: Iterable[str], pattern: re.Pattern[str], whole: bool) -> bool:
    match = pattern.fullmatch if whole else pattern.search
    hits = [match(label.strip()) is not None for label in labels]
    return bool(hits) and 2 * sum(hits) > len(hits)
