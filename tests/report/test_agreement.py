"""The same question by other analyses: what stands beside an answer that counts pairs."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

from expeval.report.agreement import agreement_table
from expeval.report.before import before_table
from expeval.report.numbers import p_value
from expeval.report.subject import subjects
from expeval.results import Results
from expeval.run import analyse, check

REFERENCE = Path(__file__).parents[1] / "reference"


@functools.cache
def results_of(design: str) -> Results:
    return analyse(*check(REFERENCE / design / "study.toml"))


def test_what_compares_the_levels_numbers_lends_its_p_alone():
    marks = next(subject for subject in subjects(results_of("marks-simulated")) if subject.kind == "ordinal")
    table = agreement_table(marks)
    assert table is not None
    bootstrap = marks.one("regression", "wild-cluster-bootstrap", "treatment")
    assert bootstrap is not None
    (row,) = [row for row in table.rows if row.cells[0].startswith("Wild")]
    assert row.cells[1:4] == ("–", "–", "–")
    assert row.cells[4] == p_value(bootstrap.p_value)
    assert "not of pairs" in row.explained


def test_no_effect_is_called_detectable_where_nothing_gives_a_p():
    results = results_of("star-kindergarten")
    alone = [
        replace(row, p_value=None, conf_low=None, conf_high=None) if row.primary else row for row in results.estimates
    ]
    for estimates, shown in ((results.estimates, True), (tuple(alone), False)):
        table = before_table(subjects(replace(results, estimates=tuple(estimates))))
        assert table is not None
        assert any(row.cells[0] == "Smallest effect that would be found" for row in table.rows) == shown
