"""Columns of several files joined into one: outcomes, baselines, covariates, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expeval.faults import Fault
from expeval.scores.cells import Sheet, number_text
from expeval.scores.roles import as_numbers, outcome_levels
from expeval.scores.same_values import distinct_codes
from expeval.scores.spelling import tidy
from expeval.scores.table import Categories, Column, IntArray, Numbers
from expeval.scores.typed import (
    Levels,
    MissingValues,
    NumberColumn,
    cell_faults,
    read_labels_column,
    read_levels_column,
    read_scores_column,
    text_share,
)
from expeval.study.spec import Outcome

_OF_COVARIATES = {"not-a-number": "covariate-not-a-number"}
_COVARIATE_KEYS = {"covariate-not-a-number": "covariates.categories"}


@dataclass(frozen=True, slots=True)
class Part:
    """A sheet and those of its records that count."""

    sheet: Sheet
    kept: NDArray[np.bool_]

    @property
    def size(self) -> int:
        """How many records count."""
        return int(np.count_nonzero(self.kept))


def outcome_column(
    parts: Sequence[Part], outcome: Outcome, key: str, missing: MissingValues, faults: list[Fault]
) -> Numbers:
    """An outcome as numbers: scores as they are, levels as their codes; ``key`` is its table in study.toml."""
    keys = {"not-a-level": f"{key}.values", "not-a-number": f"{key}.values", "outside-range": f"{key}.range"}
    stands = {tidy(text): target for text, target in outcome.values.items()}
    levels = outcome_levels(outcome)
    pieces = []
    for part in parts:
        if outcome.column not in part.sheet.columns:
            pieces.append(Numbers(np.full(part.size, np.nan)))
            continue
        if levels is None:
            column = read_scores_column(part.sheet, outcome.column, missing, as_numbers(stands))
            _check_range(column, outcome.range)
        else:
            column = read_levels_column(part.sheet, outcome.column, missing, levels, stands)
        faults += cell_faults(
            part.sheet,
            outcome.column,
            column.faulty,
            part.kept,
            keys=keys,
            allowed=_allowed(outcome, levels),
            choices=tuple(levels.by_text) if levels else (),
        )
        everyone = Numbers(column.values, column.reasons)
        pieces.append(everyone if part.kept.all() else everyone.at(np.flatnonzero(part.kept)))
    return merge_numbers(pieces)


def merge_numbers(pieces: Sequence[Numbers]) -> Numbers:
    """Numbers of several files one below the other, with the reasons of those that are declared missing."""
    if len(pieces) == 1 and pieces[0].reasons is None:
        return pieces[0]
    values = np.concatenate([np.zeros(0), *(piece.values for piece in pieces)])
    if all(piece.reasons is None for piece in pieces):
        return Numbers(values)
    none = [np.full(piece.values.size, -1, dtype=np.int64) for piece in pieces]
    reasons = merge_labels(
        [
            (none[i], ()) if piece.reasons is None else (piece.reasons.codes, piece.reasons.labels)
            for i, piece in enumerate(pieces)
        ]
    )
    return Numbers(values, reasons)


def _check_range(column: NumberColumn, allowed: tuple[float, float] | None) -> None:
    if allowed is None:
        return
    outside = (column.values < allowed[0]) | (column.values > allowed[1])
    if outside.any():
        column.faulty["outside-range"] = np.flatnonzero(outside).astype(np.int64)
        column.values[outside] = np.nan


def _allowed(outcome: Outcome, levels: Levels | None) -> dict[str, str]:
    if levels is not None:
        return {"not-a-level": ", ".join(levels.shown)}
    if outcome.range is not None:
        return {"outside-range": " … ".join(number_text(float(bound)) for bound in outcome.range)}
    return {}


def baseline_column(parts: Sequence[Part], outcome: Outcome, missing: MissingValues, faults: list[Fault]) -> Numbers:
    """The baseline of an outcome: numbers, or what the outcome's own levels and values stand for."""
    stands = {tidy(text): target for text, target in outcome.values.items()}
    levels = outcome_levels(outcome)
    by_text: dict[str, float] = dict(levels.by_text) if levels else {}
    meanings = {**by_text, **as_numbers(stands)}
    meanings |= {text: by_text[tidy(str(target))] for text, target in stands.items() if tidy(str(target)) in by_text}
    return _numbers(parts, str(outcome.baseline), missing, meanings, faults)


def _numbers(
    parts: Sequence[Part],
    name: str,
    missing: MissingValues,
    stands: Mapping[str, float],
    faults: list[Fault],
    covariate: bool = False,
) -> Numbers:
    pieces = []
    for part in parts:
        if name not in part.sheet.columns:
            pieces.append(np.full(part.size, np.nan))
            continue
        column = read_scores_column(part.sheet, name, missing, stands)
        # outcomes.values says nothing of covariates: a text among their numbers has advice of its own.
        faulty = {_OF_COVARIATES.get(code, code) if covariate else code: at for code, at in column.faulty.items()}
        faults += cell_faults(part.sheet, name, faulty, part.kept, keys=_COVARIATE_KEYS)
        pieces.append(column.values[part.kept])
    return Numbers(np.concatenate(pieces))


def covariate_column(
    parts: Sequence[Part],
    name: str,
    missing: MissingValues,
    category: bool,
    faults: list[Fault],
) -> Column:
    """A covariate: categories where the study says so or most cells are text, else numbers."""
    shares = [
        text_share(part.sheet.columns[name], part.sheet.decimal, missing, part.kept)
        for part in parts
        if name in part.sheet.columns
    ]
    texts, numbers = (sum(counts) for counts in zip((0, 0), *shares, strict=True))
    if category or texts > numbers:
        return label_column(parts, name, missing, faults)
    return _numbers(parts, name, missing, {}, faults, covariate=True)


def label_column(parts: Sequence[Part], name: str, missing: MissingValues, faults: list[Fault]) -> Categories:
    """A column of labels over all files; the labels are those that occur, in code-point order."""
    pieces: list[tuple[IntArray, Sequence[str]]] = []
    for part in parts:
        if name not in part.sheet.columns:
            pieces.append((np.full(part.size, -1, dtype=np.int64), []))
            continue
        column = read_labels_column(part.sheet, name, missing)
        faults += cell_faults(part.sheet, name, column.faulty, part.kept)
        pieces.append((column.codes[part.kept], column.labels))
    return merge_labels(pieces)


def merge_labels(pieces: Sequence[tuple[IntArray, Sequence[str]]]) -> Categories:
    """Codes of several files on one list of labels."""
    used: set[str] = set()
    for codes, labels in pieces:
        there = np.zeros(len(labels) + 1, dtype=bool)
        there[codes] = True  # -1 is the place behind the labels
        used.update(labels[code] for code in np.flatnonzero(there[:-1]).tolist())
    order = sorted(used)
    if len(pieces) == 1 and order == list(pieces[0][1]):
        return Categories(pieces[0][0], tuple(order))
    place = {label: i for i, label in enumerate(order)}
    recoded = [np.array([*(place.get(label, -1) for label in labels), -1], dtype=np.int64)[c] for c, labels in pieces]
    return Categories(np.concatenate([*recoded, np.zeros(0, dtype=np.int64)]), tuple(order))


def classes_in_institutions(institution: Categories | None, labels: Categories) -> Categories:
    """A class is identified by (institution, class): "7А" in two institutions is two classes."""
    if institution is None:
        return labels
    codes = np.where(
        (institution.codes < 0) | (labels.codes < 0), -1, institution.codes * max(len(labels.labels), 1) + labels.codes
    )
    recoded, pairs = distinct_codes(codes)
    width = max(len(labels.labels), 1)
    names = [
        f"{institution.labels[pair // width]} / {labels.labels[pair % width]}" if pair >= 0 else ""
        for pair in pairs.tolist()
    ]
    order = sorted(range(len(names)), key=lambda i: (pairs[i] >= 0, names[i]))
    absent = int(bool(pairs.size) and pairs[0] < 0)
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names)) - absent
    return Categories(rank[recoded], tuple(names[i] for i in order[absent:]))
