"""The theorems: what must not change, what must flip, what must be null and say why."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_studies import Cell, SmallStudy, by_key, schools

from expeval.results import EstimateRow, Results

DESIGNS = {
    "inside schools": schools(),
    "by school": schools(by_institution=True),
    "classes inside schools": replace(schools(classes=True), assigned="class"),
    "marks by school": schools(by_institution=True, marks=True),
    "marks inside few schools": schools(institutions=4, marks=True),
    "no schools": replace(schools(institutions=3), institution=False, institution_covariates=()),
    "no schools, no covariates": replace(
        schools(institutions=3), institution=False, institution_covariates=(), student_covariates=()
    ),
}
NUMBERS = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
DRAWN = {"permutation", "randomisation", "wild-cluster-bootstrap"}


def designs() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("study", DESIGNS.values(), ids=list(DESIGNS))


def is_strict(results: Results) -> None:
    """Strict JSON, one primary row, a reason wherever a method's own number is null."""
    results.to_json()
    assert sum(row.primary for row in results.estimates) == 1
    for row in results.estimates:
        if row.estimate is None and row.statistic is None and row.analysis != "second-opinion":
            assert row.note, row
        assert all(math.isfinite(v) for v in asdict(row).values() if isinstance(v, float))


@designs()
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 1000))
def test_order_of_rows_does_not_matter(study: SmallStudy, seed: int) -> None:
    one, other = by_key(study.results()), by_key(study.shuffled(seed).results())
    assert one.keys() == other.keys()
    for key, row in one.items():
        if row.method in DRAWN:
            continue
        for name in NUMBERS:
            assert close(getattr(row, name), getattr(other[key], name)), (key, name)


@designs()
def test_swapping_the_arms_flips_the_sign(study: SmallStudy) -> None:
    one, other = by_key(study.results()), by_key(study.swapped().results())
    for (analysis, method, term), row in one.items():
        twin = other[(analysis, method, term)]
        if (
            term not in ("difference", "treatment")
            or row.estimate is None
            or analysis in ("second-opinion", "variance")
        ):
            continue
        if method == "glass-delta":  # its unit is the control arm's spread
            continue
        about = 1.0 if is_theta(study, method) else 0.0
        assert close(row.estimate, about - twin.estimate), (method, term)  # type: ignore[operator]
        assert close(row.p_value, twin.p_value) or method in DRAWN, (method, term)
        if row.conf_low is not None and twin.conf_high is not None:
            assert close(row.conf_low, about - twin.conf_high), (method, term)


def is_theta(study: SmallStudy, method: str) -> bool:
    """Whether a row is P(E > C) + P(E = C)/2, whose mirror image is one minus it."""
    if method == "permutation":
        return study.kind == "ordinal"
    return method.startswith(("brunner-munzel", "probability-of-superiority"))


@pytest.mark.parametrize("name", ["inside schools", "by school", "classes inside schools", "no schools"])
@settings(max_examples=3, deadline=None)
@given(factor=st.sampled_from([0.25, 2.0, 1024.0]), shift=st.sampled_from([0.0, -64.0, 4096.0]))
def test_a_change_of_scale_rescales_estimates_alone(name: str, factor: float, shift: float) -> None:
    study = DESIGNS[name]
    one, other = by_key(study.results()), by_key(study.rescaled(factor, shift).results())
    for (analysis, method, term), row in one.items():
        twin = other[(analysis, method, term)]
        if term == "(Intercept)":  # it moves with the shift
            continue
        assert close(row.p_value, twin.p_value, 1e-6), (method, term)
        if analysis in ("test", "regression") and term in ("difference", "treatment") and method != "brunner-munzel":
            assert close(scaled(row.estimate, factor), twin.estimate, 1e-6), (method, term)
            assert close(scaled(row.std_error, factor), twin.std_error, 1e-6), (method, term)
        if analysis == "effect-size" or method == "brunner-munzel":
            assert close(row.estimate, twin.estimate, 1e-6), (method, term)
        if method in ("mann-whitney", "welch"):
            assert close(row.statistic, twin.statistic, 1e-6), (method, term)


@designs()
def test_renamed_schools_change_nothing(study: SmallStudy) -> None:
    renamed = replace(study, rows=tuple({**row, "school": f"№ {hash_of(row['school'])}"} for row in study.rows))
    one, other = study.results(), renamed.results()
    rows = by_key(other)
    for key, row in by_key(one).items():
        if key[0] != "institution":
            assert row == rows[key], key  # to the last bit, what is drawn at random too


def test_class_labels_that_repeat_in_every_school_are_different_classes() -> None:
    study = replace(schools(classes=True), assigned="class")
    apart = replace(study, rows=tuple({**row, "class": f"{row['school']}/{row['class']}"} for row in study.rows))
    assert by_key(study.results())["regression", "unit-means", "treatment"] == replace(
        by_key(apart.results())["regression", "unit-means", "treatment"]
    )
    assert {flow.classes for flow in study.results().flow} == {8}


@designs()
def test_a_constant_outcome_is_null_with_a_reason(study: SmallStudy) -> None:
    results = study.with_scores([4] * len(study.rows)).results()
    is_strict(results)
    for row in results.estimates:
        if row.analysis in ("test", "regression"):
            assert row.p_value is None, row
            assert row.note
    assert "constant" in {warning.code for warning in results.warnings}


@designs()
def test_an_outcome_that_nobody_has_is_null_with_a_reason(study: SmallStudy) -> None:
    scores: list[str | float | int] = [""] * len(study.rows)
    scores[0] = 4
    results = study.with_scores(scores).results()
    is_strict(results)
    assert all(row.p_value is None for row in results.estimates if row.analysis in ("test", "regression"))


@designs()
def test_an_arm_of_one_student(study: SmallStudy) -> None:
    first = next(i for i, row in enumerate(study.rows) if row["group"] == "new")
    rows = tuple(row for i, row in enumerate(study.rows) if row["group"] == "old" or i == first)
    results = replace(study, rows=rows).results()
    is_strict(results)
    assert by_key(results)["test", "welch", "difference"].p_value is None


def test_one_institution() -> None:
    study = schools(institutions=1, students=20)
    results = study.results()
    is_strict(results)
    rows = by_key(results)
    for method in ("ols-cr0", "ols-cr1", "ols-cr2", "ols-cr3", "fixed-effects-cr2"):
        assert rows["regression", method, "treatment"].p_value is None
        assert rows["regression", method, "treatment"].note
    assert primary(results).method == "ols-hc3"


def test_one_institution_an_arm() -> None:
    results = schools(institutions=2, students=20, by_institution=True).results()
    is_strict(results)
    rows = by_key(results)
    for method in ("ols-cr0", "ols-cr1", "ols-cr2", "ols-cr3", "unit-means"):
        assert rows["regression", method, "treatment"].p_value is None
        assert rows["regression", method, "treatment"].estimate is not None
    assert rows["test", "permutation", "difference"].p_value is None
    assert primary(results).p_value is None
    assert "too-few-units" in {warning.code for warning in results.warnings}


def test_an_institution_with_one_arm_only() -> None:
    study = schools()
    rows = tuple(r for r in study.rows if not (r["school"] == "school 0" and r["group"] == "new"))
    results = replace(study, rows=rows).results()
    is_strict(results)
    assert primary(results).method == "fixed-effects-cr2"
    assert primary(results).p_value is not None


def test_collinear_covariates_are_dropped_by_name() -> None:
    study = schools()
    rows = tuple({**row, "months": 12 * float(row["age"]), "one": 1} for row in study.rows)
    results = replace(study, rows=rows, student_covariates=("age", "months", "one", "gender")).results()
    is_strict(results)
    dropped = {d.choice for d in results.decisions if d.step == "covariates"}
    assert dropped == {"dropped months", "dropped one"}
    without = study.results()
    for key, row in by_key(without).items():
        assert close(row.estimate, by_key(results)[key].estimate, 1e-7), key


def test_the_arms_do_not_overlap() -> None:
    study = DESIGNS["no schools, no covariates"]
    apart = [float(r["score"]) + (1000 if r["group"] == "new" else 0) for r in study.rows]
    results = study.with_scores(apart).results()
    is_strict(results)
    rows = by_key(results)
    assert rows["test", "brunner-munzel", "difference"].p_value is None
    assert rows["test", "brunner-munzel", "difference"].estimate == 1.0
    permutation = rows["test", "permutation", "difference"].p_value
    assert permutation is not None
    assert permutation > 0


@designs()
def test_two_runs_give_the_same_tables(study: SmallStudy) -> None:
    assert study.results().to_json() == study.results().to_json()


@designs()
def test_results_read_back_from_json(study: SmallStudy) -> None:
    import json

    results = study.results()
    assert Results.from_dict(json.loads(results.to_json())).to_json() == results.to_json()


@designs()
def test_the_alternative_changes_p_values_alone(study: SmallStudy) -> None:
    two_sided = by_key(study.results())
    greater = by_key(replace(study, inference={"alternative": "greater"}).results())
    for key, row in two_sided.items():
        if row.analysis in ("second-opinion", "feasibility"):  # the smallest p that can be is a p, too
            continue
        twin = greater[key]
        assert (row.estimate, row.conf_low, row.conf_high) == (twin.estimate, twin.conf_low, twin.conf_high), key
        if key[2] not in ("difference", "treatment"):
            assert row.p_value == twin.p_value, key


def primary(results: Results) -> EstimateRow:
    return results.primary("score")


def scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def close(one: float | None, other: float | None, relative: float = 1e-8) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=relative, abs_tol=1e-10)


def hash_of(name: object) -> int:
    return (int(str(name).split()[-1]) * 37 + 11) % 101


def without_age_in(group: str) -> tuple[dict[str, Cell], ...]:
    """Ages of one arm alone: a covariate that leaves nobody of the other in the regressions."""
    return tuple({**row, "age": "" if row["group"] == group else row["age"]} for row in schools().rows)


NOBODY_INSIDE = {
    "students assigned, no school holds both arms": replace(schools(by_institution=True), assigned="student"),
    "the same in twelve schools": replace(schools(institutions=12, by_institution=True), assigned="student"),
    "the same with marks": replace(schools(by_institution=True, marks=True), assigned="student", kind="ordinal"),
    "no baseline in an arm": replace(schools(), rows=without_age_in("new")),
}


@pytest.mark.parametrize("study", [*DESIGNS.values(), *NOBODY_INSIDE.values()], ids=[*DESIGNS, *NOBODY_INSIDE])
@pytest.mark.parametrize("model", ["auto", "ols", "mixed"])
def test_what_is_told_is_what_the_primary_row_found(study: SmallStudy, model: str) -> None:
    """The told row is the primary one itself; of win fractions the same regression, half the coefficient's distance."""
    if model == "mixed" and not study.institution:
        pytest.skip("needs institutions")
    results = replace(study, inference={"model": model}).results()
    is_strict(results)
    row, told = results.primary("score"), results.answer("score")
    if not row.method.startswith("win-fraction"):
        assert told is row
        assert row.term in ("treatment", "difference")
    elif row.std_error is not None:
        assert (told.std_error, told.df) == (row.std_error, row.df)
    adjusted = [r for r in results.estimates if r.p_adjusted is not None]
    assert adjusted in ([], [row])
    assert not adjusted or row.p_adjusted == pytest.approx(told.p_value)
