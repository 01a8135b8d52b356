"""Tables of who was studied: flow, groups, distributions, institutions under other names."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_studies import schools

from expeval.analysis.description import distribution_rows, flow_rows, group_rows
from expeval.analysis.institution import institution_names, institution_rows, variance_rows
from expeval.analysis.sample import regression_sample, two_groups
from expeval.run import check
from expeval.scores.table import Numbers, Scores
from expeval.study.spec import Study

Loaded = tuple[Study, Scores]


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    return check(schools().written(tmp_path))


def with_minimum(study: Study, minimum_cell: int) -> Study:
    return study.model_copy(update={"report": study.report.model_copy(update={"minimum_cell": minimum_cell})})


def test_each_row_is_left_out_once_under_the_first_reason(loaded: Loaded) -> None:
    study, scores = loaded
    values = scores.outcomes["score"].values.copy()
    age = scores.covariates["age"]
    assert isinstance(age, Numbers)
    covariate = age.values.copy()
    experimental = np.flatnonzero(scores.arm == 1)
    values[experimental[:3]] = np.nan
    covariate[experimental[2:6]] = np.nan  # one of them has no outcome either
    scores = replace(
        scores,
        outcomes={"score": Numbers(values)},
        covariates={**scores.covariates, "age": Numbers(covariate)},
        left_out={("experimental", "duplicate"): 2, ("other", "other-group"): 7, ("other", "no-group"): 1},
    )
    flow = {row.arm: row for row in flow_rows(scores, study, study.outcomes[0])}
    assert flow["experimental"].left_out == {"duplicate": 2, "no-outcome": 3, "no-covariate": 3}
    assert flow["experimental"].read == 42
    assert flow["experimental"].analysed == 37
    assert flow["experimental"].complete == 34
    assert flow["other"].read == 8
    for row in flow.values():
        assert row.read == (row.complete or 0) + sum(n or 0 for n in row.left_out.values())
    assert regression_sample(scores, study, study.outcomes[0]).n == 34 + (flow["control"].complete or 0)


def test_groups_describe_both_arms(loaded: Loaded) -> None:
    study, scores = loaded
    rows = {row.arm: row for row in group_rows(scores, study.outcomes[0])}
    values = scores.outcomes["score"].values[scores.arm == 1]
    assert rows["experimental"].n == 40
    assert rows["experimental"].mean == pytest.approx(values.mean(), rel=1e-12)
    assert rows["experimental"].sd == pytest.approx(values.std(ddof=1), rel=1e-12)
    assert rows["experimental"].institutions == 8


def test_end_bins_hold_the_smallest_cell(loaded: Loaded) -> None:
    study, scores = loaded
    groups = two_groups(scores, study.outcomes[0])
    for minimum in (1, 5, 12):
        rows = distribution_rows(with_minimum(study, minimum), scores, study.outcomes[0], groups)
        for arm in ("experimental", "control"):
            counts = [row.n for row in rows if row.arm == arm]
            assert sum(n or 0 for n in counts) == 40
            assert min(counts[0] or 0, counts[-1] or 0) >= minimum


def test_bins_cover_every_score_and_do_not_overlap(loaded: Loaded) -> None:
    study, scores = loaded
    groups = two_groups(scores, study.outcomes[0])
    rows = [row for row in distribution_rows(study, scores, study.outcomes[0], groups) if row.arm == "control"]
    assert rows[0].low <= groups.control.min()
    assert rows[-1].high >= groups.control.max()
    assert all(one.high == two.low for one, two in itertools.pairwise(rows))


def test_few_values_are_levels(tmp_path: Path) -> None:
    study, scores = check(schools(marks=True).written(tmp_path))
    rows = distribution_rows(study, scores, study.outcomes[0], two_groups(scores, study.outcomes[0]))
    assert {row.low for row in rows} <= {2.0, 3.0, 4.0, 5.0}
    assert all(row.low == row.high for row in rows)


def test_pseudonyms_do_not_follow_the_labels(loaded: Loaded) -> None:
    study, scores = loaded
    hidden = study.model_copy(update={"report": study.report.model_copy(update={"institutions": "pseudonym"})})
    assert scores.institution is not None
    names = institution_names(hidden, scores)
    assert len(set(names)) == len(scores.institution.labels) > 3
    assert names != sorted(names)
    assert not set(names) & set(scores.institution.labels)
    assert institution_names(study, scores) == list(scores.institution.labels)


def test_pseudonyms_can_not_be_found_by_trying_names(loaded: Loaded) -> None:
    """One student's other score changes the order: who knows labels, title and seed alone can't make it."""
    study, scores = loaded
    hidden = study.model_copy(update={"report": study.report.model_copy(update={"institutions": "pseudonym"})})
    orders = {tuple(institution_names(hidden, scores))}
    name, numbers = next(iter(scores.outcomes.items()))
    for k in range(5):
        values = numbers.values.copy()
        values[k] += 0.125
        orders.add(tuple(institution_names(hidden, replace(scores, outcomes={name: Numbers(values)}))))
    assert len(orders) > 3


def test_small_institutions_keep_their_row_without_numbers(loaded: Loaded) -> None:
    study, scores = loaded
    groups = two_groups(scores, study.outcomes[0])
    rows = institution_rows(with_minimum(study, 6), scores, study.outcomes[0], groups)
    assert len(rows) == 8
    assert all(row.estimate is None and row.note for row in rows)
    assert all(row.estimate is not None for row in institution_rows(study, scores, study.outcomes[0], groups))


def test_the_design_effect_stands_beside_the_two_group_tests(tmp_path: Path) -> None:
    study, scores = check(schools(by_institution=True).written(tmp_path))
    rows = {r.term: r for r in variance_rows(study, study.outcomes[0], two_groups(scores, study.outcomes[0]))}
    icc, effect, effective = (rows[t].estimate for t in ("icc", "design-effect", "effective-n"))
    assert icc is not None
    assert effect == pytest.approx(1 + 9 * icc, rel=1e-9)  # eight whole institutions of ten
    assert effective == pytest.approx(80 / (1 + 9 * icc), rel=1e-9)
