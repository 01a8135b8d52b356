"""The rules of selection: every line of the decision table, and that the chooser cannot peek."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from small_studies import schools

from expeval.analysis.choose import Plan, choose
from expeval.analysis.design import Design, Units, smallest_attainable_p
from expeval.analysis.sample import regression_sample
from expeval.run import check
from expeval.scores.table import Categories
from expeval.study.spec import Study

DESIGN = Design(
    outcome="Test",
    kind="score",
    assigned="student",
    randomised=True,
    n_experimental=40,
    n_control=40,
    ties=False,
    skewness=0.2,
    shapiro_experimental=0.4,
    shapiro_control=0.3,
    brown_forsythe=0.5,
    units_named=False,
    institution_named=False,
    class_named=False,
    baseline=False,
    covariates=False,
    institution_terms=0,
    units=Units(),
)


def study(**inference: object) -> Study:
    return Study.model_validate(
        {
            "study": {"title": "T"},
            "data": {"files": ["a.csv"], "institution": "school"},
            "groups": {"column": "g", "experimental": ["e"], "control": ["c"], "assigned": "student"},
            "outcomes": [{"name": "Test", "column": "t", "kind": "score"}],
            "inference": inference,
        }
    )


def planned(inference: dict[str, object] | None = None, **design: object) -> Plan:
    return choose(study(**(inference or {})), replace(DESIGN, **design))  # type: ignore[arg-type]


def institutions(experimental: int, control: int, both: int = 0, classes: int = 0) -> dict[str, object]:
    """Units: so many institutions in each arm, ``both`` of them in both."""
    return {
        "units_named": True,
        "institution_named": True,
        "class_named": classes > 0,
        "units": Units(experimental + control - both, experimental, control, both, classes),
    }


TABLE = [
    # students were put into the groups
    ("student", {}, "welch", False, None),
    ("student", {"kind": "binary"}, "welch", False, None),
    ("student", {"kind": "ordinal"}, "brunner-munzel", False, None),
    ("student", {"baseline": True}, "ols-hc3", False, None),
    ("student", {"covariates": True, "kind": "ordinal"}, "win-fraction-hc3", False, None),
    ("student", institutions(1, 1, 1), "welch", False, None),
    ("student", institutions(6, 6, 6), "fixed-effects-cr2", False, None),
    ("student", {**institutions(6, 6, 6), "kind": "ordinal"}, "win-fraction-fixed-effects-cr2", False, None),
    ("student", institutions(7, 7, 5), "fixed-effects-hc3", False, None),
    ("student", {**institutions(3, 3, 1), "kind": "ordinal"}, "win-fraction-fixed-effects-hc3", False, None),
    ("student", institutions(5, 5, 0), "mixed-kenward-roger", False, "unit-means"),
    # classes were
    ("class", institutions(6, 6, 6, 12), "fixed-effects-cr2", False, None),
    ("class", institutions(5, 5, 5, 10), "unit-means", False, None),
    ("class", institutions(4, 4, 4, 8), "unit-means", False, None),
    ("class", institutions(3, 3, 3, 6), "unit-means", True, None),
    ("class", institutions(5, 5, 5), "fixed-effects-cr2", True, None),
    ("class", institutions(6, 6, 0, 24), "mixed-kenward-roger", False, "unit-means"),
    # institutions were
    ("institution", institutions(5, 5), "mixed-kenward-roger", False, "unit-means"),
    ("institution", {**institutions(5, 5), "kind": "ordinal"}, "win-fraction-mixed", False, "win-fraction-unit-means"),
    ("institution", institutions(4, 6), "mixed-kenward-roger", False, "unit-means"),
    ("institution", institutions(3, 8), "unit-means", False, None),
    ("institution", institutions(3, 3), "unit-means", False, None),
    ("institution", {**institutions(3, 3), "kind": "ordinal"}, "win-fraction-unit-means", False, None),
    ("institution", institutions(2, 2), "unit-means", True, None),
    ("institution", institutions(1, 30), "unit-means", True, None),
    ("institution", institutions(1, 1), "unit-means", True, None),
]


@pytest.mark.parametrize(("assigned", "design", "method", "estimate_only", "at_zero"), TABLE)
def test_each_line_of_the_decision_table(
    assigned: str, design: dict[str, object], method: str, estimate_only: bool, at_zero: str | None
) -> None:
    plan = planned(assigned=assigned, **design)
    assert (plan.method, plan.estimate_only, plan.at_zero) == (method, estimate_only, at_zero)
    assert plan.analysis == ("test" if method in ("welch", "brunner-munzel") else "regression")
    assert ("too-few-units" in codes(plan)) == estimate_only
    assert [d.step for d in plan.decisions] == ["test", "primary"]
    assert all(d.because and d.choice for d in plan.decisions)


@pytest.mark.parametrize(
    ("model", "named", "kind", "method"),
    [
        ("ols", True, "score", "ols-cr2"),
        ("ols", False, "score", "ols-hc3"),
        ("ols", True, "ordinal", "win-fraction-cr2"),
        ("ols", False, "ordinal", "win-fraction-hc3"),
        ("fixed-effects", True, "binary", "fixed-effects-cr2"),
        ("fixed-effects", True, "ordinal", "win-fraction-fixed-effects-cr2"),
        ("mixed", True, "score", "mixed-kenward-roger"),
        ("mixed", True, "ordinal", "win-fraction-mixed"),
    ],
)
def test_the_study_file_may_name_the_model(model: str, named: bool, kind: str, method: str) -> None:
    plan = planned({"model": model}, kind=kind, **(institutions(8, 8) if named else {}))
    assert (plan.analysis, plan.method) == ("regression", method)


@pytest.mark.parametrize(
    ("design", "test"),
    [
        ({}, "student"),
        ({"shapiro_control": 0.049}, "mann-whitney"),
        ({"shapiro_experimental": 0.001, "brown_forsythe": 0.001}, "mann-whitney"),
        ({"brown_forsythe": 0.049}, "welch"),
        ({"shapiro_experimental": None, "shapiro_control": None, "brown_forsythe": None}, "student"),
        ({"kind": "ordinal"}, "mann-whitney"),
    ],
)
def test_the_classical_rule_pretests(design: dict[str, object], test: str) -> None:
    assert planned({"test": "classical"}, **design).test == test


def test_the_classical_rule_uses_the_study_s_alpha() -> None:
    assert planned({"test": "classical", "confidence": 0.9}, shapiro_control=0.07).test == "mann-whitney"


def test_a_large_study_is_told_what_the_classical_rule_does_to_it() -> None:
    plan = planned({"test": "classical"}, n_control=2006, shapiro_control=1e-26)
    assert "normality-large-n" in codes(plan)


@pytest.mark.parametrize("test", ["student", "welch", "mann-whitney", "brunner-munzel", "permutation"])
def test_a_named_test_is_taken_and_is_the_answer_where_a_two_group_test_is(test: str) -> None:
    plan = planned({"test": test})
    assert (plan.test, plan.analysis, plan.method) == (test, "test", test)


def test_a_named_test_never_carries_the_answer_of_grouped_students() -> None:
    assert planned({"test": "welch"}, **institutions(8, 8, 8)).method == "fixed-effects-cr2"


def test_shape_changes_no_test_but_warns() -> None:
    plan = planned(skewness=1.4, n_experimental=29)
    assert plan.test == "welch"
    assert "skewed-small" in codes(plan)
    assert "skewed-small" not in codes(planned(skewness=1.4, n_experimental=30))
    assert "few-ordinal" in codes(planned(kind="ordinal", n_control=9))


@pytest.mark.parametrize(
    ("design", "code"),
    [
        (institutions(8, 8, 8), "clustering-ignored"),
        ({"randomised": False}, "not-randomised-no-baseline"),
        ({"randomised": False, "baseline": True}, "not-randomised"),
        (institutions(1, 1, 1), "one-institution"),
        (institutions(3, 3, 2), "few-institutions"),
        (institutions(8, 8, 0), "no-institution-both-arms"),
        ({**institutions(3, 3), "assigned": "institution", "smallest_p": 0.1}, "few-institutions-assigned"),
        ({**institutions(3, 3), "assigned": "institution", "institution_terms": 2}, "many-institution-terms"),
    ],
)
def test_the_design_s_troubles_are_told(design: dict[str, object], code: str) -> None:
    assert code in codes(planned(**design))


def test_three_and_three_institutions_cannot_go_below_a_tenth(tmp_path: Path) -> None:
    """2 of 20 divisions are as extreme as can be; of three pairs of institutions 2 of 8."""
    written, scores = check(schools(institutions=6, by_institution=True).written(tmp_path))
    sample = regression_sample(scores, written, written.outcomes[0])
    assert smallest_attainable_p(written, scores, sample) == pytest.approx(0.1)
    assert scores.institution is not None
    numbers = np.array([int(label.split()[-1]) for label in scores.institution.labels])  # "school 0" …
    pairs = Categories(numbers[scores.institution.codes] // 2, ("a", "b", "c"))
    assert smallest_attainable_p(written, replace(scores, strata=pairs), sample) == pytest.approx(0.25)


def test_the_chooser_is_blind() -> None:
    """A Design has no field that could hold a mean or a difference of the arms."""
    names = {field.name for field in fields(Design)} | {field.name for field in fields(Units)}
    assert names.isdisjoint({"mean", "difference", "estimate", "p_value", "mean_experimental", "mean_control"})


def codes(plan: Plan) -> set[str]:
    return {warning.code for warning in plan.warnings}
