"""The order of units: by what their students hold, never by their names.

Sums and random draws go through institutions one after the other.  In an order of names the last digit of a sum, and
every drawn p-value, would change with the names: a bundle, in which institutions have pseudonyms, could not give the
numbers of the original.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from expeval.scores.same_values import chunks, distinct_numbers
from expeval.scores.table import Categories, Column, Scores

Words = NDArray[np.uint64]


def units_in_order(scores: Scores) -> Scores:
    """The same table with institutions, classes and strata in an order that their students' rows give."""
    if scores.institution is None and scores.class_ is None and scores.strata is None:
        return scores
    rows = _row_words(scores)
    strata = _ordered(scores.strata, rows)
    class_ = _ordered(scores.class_, _with(rows, strata))
    # An institution is told from another of the same rows by how they sit in its classes.
    institution = _ordered(scores.institution, _with(_with(rows, strata), class_))
    class_ = _ordered(class_, _with(_with(rows, strata), institution))
    return replace(scores, institution=institution, class_=class_, strata=strata)


def _row_words(scores: Scores) -> Words:
    """(n,) a number for each row's arm, outcomes, baselines, covariates and cohort, whatever its place in the file."""
    columns: list[Column] = [*scores.outcomes.values(), *(numbers for _, numbers in scores.baselines.values())]
    columns += scores.covariates.values()
    columns += [scores.cohort] if scores.cohort is not None else []
    words = _mixed(scores.arm.astype(np.uint64))
    for column in columns:
        words = _mixed(words ^ _words(column))
    return words


def _words(column: Column) -> Words:
    if isinstance(column, Categories):
        labels = [int.from_bytes(blake2b(label.encode(), digest_size=8).digest(), "little") for label in column.labels]
        return np.array([*labels, 0], dtype=np.uint64)[column.codes]
    # Ranks, so that another unit of measurement gives the same order; what is missing comes last.
    return distinct_numbers(column.values)[0].astype(np.uint64)


def _with(rows: Words, units: Categories | None) -> Words:
    """A row's number with the sum of its unit's rows: what it stands among."""
    if units is None:
        return rows
    return _mixed(rows ^ _mixed(np.append(_sums(rows, units), np.uint64(0))[units.codes]))


def _sums(rows: Words, units: Categories) -> Words:
    """(units,) the sum of each unit's numbers, modulo 2**64: the order of its rows does not matter."""
    sums = np.zeros(len(units.labels), dtype=np.uint64)
    known = units.codes >= 0
    np.add.at(sums, units.codes[known], rows[known])
    return sums


def _ordered(units: Categories | None, rows: Words) -> Categories | None:
    if units is None:
        return None
    order = np.argsort(_sums(rows, units), kind="stable")  # units that hold the same stay in the order of their names
    place = np.empty(len(order) + 1, dtype=np.int64)
    place[order], place[-1] = np.arange(len(order)), -1
    return Categories(place[units.codes], tuple(units.labels[int(k)] for k in order))


def _mixed(words: Words) -> Words:
    """Steele, Lea & Flood 2014 (SplitMix64): every bit of a number moves half of the bits of its image."""
    mixed = np.empty_like(words)
    for part in chunks(words.size):
        z = words[part] + np.uint64(0x9E3779B97F4A7C15)
        z ^= z >> np.uint64(30)
        z *= np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(27)
        z *= np.uint64(0x94D049BB133111EB)
        mixed[part] = z ^ (z >> np.uint64(31))
    return mixed
