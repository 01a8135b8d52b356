"""The order of units comes from what their students hold: names and units of measurement can't move it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from expeval.scores.table import Categories, Numbers, Scores
from expeval.scores.unit_order import units_in_order


def table(n: int = 120) -> Scores:
    rng = np.random.default_rng(2)
    return Scores(
        arm=rng.integers(0, 2, n),
        outcomes={"test": Numbers(np.where(rng.random(n) < 0.1, np.nan, rng.normal(50, 10, n).round(1)))},
        baselines={},
        covariates={"gender": Categories(rng.integers(-1, 2, n), ("f", "m"))},
        institution=Categories(rng.integers(-1, 6, n), tuple("abcdef")),
        class_=Categories(rng.integers(0, 12, n), tuple(f"{i:02d}" for i in range(12))),
        strata=Categories(rng.integers(0, 2, n), ("north", "south")),
        left_out={},
        sources=(),
    )


def codes(scores: Scores) -> list[list[int]]:
    units = (scores.institution, scores.class_, scores.strata)
    return [column.codes.tolist() for column in units if column is not None]


def renamed(units: Categories | None, seed: int) -> Categories:
    assert units is not None
    order = np.random.default_rng(seed).permutation(len(units.labels))
    names = np.append(order, -1)
    return Categories(names[units.codes], tuple(f"№ {i}" for i in range(len(units.labels))))


def test_other_names_give_the_same_codes() -> None:
    scores = table()
    other = replace(
        scores,
        institution=renamed(scores.institution, 1),
        class_=renamed(scores.class_, 2),
        strata=renamed(scores.strata, 3),
    )
    assert codes(units_in_order(scores)) == codes(units_in_order(other))


def test_another_unit_of_measurement_gives_the_same_codes() -> None:
    scores = table()
    other = replace(scores, outcomes={"test": Numbers(2.0 * scores.outcomes["test"].values + 7.0)})
    assert codes(units_in_order(scores)) == codes(units_in_order(other))


def test_the_order_of_rows_moves_nothing() -> None:
    scores, order = table(), np.random.default_rng(4).permutation(120)

    def moved(column: Categories | None) -> Categories | None:
        return None if column is None else Categories(column.codes[order], column.labels)

    other = replace(
        scores,
        arm=scores.arm[order],
        outcomes={"test": Numbers(scores.outcomes["test"].values[order])},
        covariates={"gender": moved(scores.covariates["gender"])},  # type: ignore[arg-type, dict-item]
        institution=moved(scores.institution),
        class_=moved(scores.class_),
        strata=moved(scores.strata),
    )
    here = [np.array(column)[order].tolist() for column in codes(units_in_order(scores))]
    assert here == codes(units_in_order(other))


def test_every_student_keeps_the_unit() -> None:
    scores = table()
    ordered = units_in_order(scores)
    for before, after in ((scores.institution, ordered.institution), (scores.class_, ordered.class_)):
        assert before is not None
        assert after is not None
        labels = [[*column.labels, None] for column in (before, after)]
        assert [labels[0][k] for k in before.codes] == [labels[1][k] for k in after.codes]
