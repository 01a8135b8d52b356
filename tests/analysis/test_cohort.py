"""Several cohorts in one study: who is one student, what the regressions adjust for, what is divided anew."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

import expeval
from expeval.faults import Faults
from expeval.results import EstimateRow, Results
from expeval.run import analyse, check, lock, run

STUDY = """\
[study]
title = "Two years of small classes"

[data]
files = ["scores.csv"]
student = "pupil"
{data}

[groups]
column = "group"
experimental = ["small"]
control = ["regular"]
assigned = "{assigned}"
randomised = true

[[outcomes]]
name = "Reading"
column = "reading"
kind = "score"

{more}
"""
COHORT = 'cohort = "year"'


def write(folder: Path, rows: pd.DataFrame, data: str = COHORT, assigned: str = "student", more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    rows.to_csv(folder / "scores.csv", index=False)
    study = folder / "study.toml"
    study.write_text(STUDY.format(data=data, assigned=assigned, more=more), encoding="utf-8")
    return study


def results(study: Path) -> Results:
    return analyse(*check(study))


def pupils(n: int = 240, seed: int = 5) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    year = random.choice([2024, 2025, 2026], n)
    small = random.random(n) < np.where(year == 2024, 0.3, 0.6)
    school = random.integers(0, 8, n)
    reading = 50 + 4 * (year - 2024) + 2 * small + random.normal(size=8)[school] * 3 + random.normal(size=n) * 5
    arms = np.where(small, "small", "regular")
    return pd.DataFrame(
        {"pupil": [f"p{k}" for k in range(n)], "school": school, "group": arms, "year": year, "reading": reading}
    )


def regression(found: Results, method: str) -> dict[str, EstimateRow]:
    return {row.term: row for row in found.estimates if row.analysis == "regression" and row.method == method}


def test_indicators_of_cohorts_enter_least_squares_as_in_statsmodels(tmp_path: Path):
    rows = pupils()
    found = results(write(tmp_path / "study", rows))
    peer = smf.ols("reading ~ small + C(year)", rows.assign(small=(rows["group"] == "small") * 1)).fit(cov_type="HC3")
    own = regression(found, "ols-hc3")
    assert set(own) == {"(Intercept)", "treatment", "cohort[2025]", "cohort[2026]"}
    names = {"treatment": "small", "cohort[2025]": "C(year)[T.2025]", "cohort[2026]": "C(year)[T.2026]"}
    for term, name in names.items():
        assert own[term].estimate == pytest.approx(peer.params[name], rel=1e-10)
        assert own[term].std_error == pytest.approx(peer.bse[name], rel=1e-10)


@pytest.mark.parametrize("assigned", ["student", "institution"])
def test_a_cohort_does_what_a_category_among_the_covariates_would(tmp_path: Path, assigned: str):
    rows = pupils()
    if assigned == "institution":
        rows["group"] = np.where(rows["school"] % 2, "small", "regular")
    place = 'institution = "school"'
    own = results(write(tmp_path / "own", rows, f"{COHORT}\n{place}", assigned))
    covariate = '[covariates]\nstudent = ["year"]\ncategories = ["year"]'
    same = results(write(tmp_path / "same", rows, place, assigned, covariate))
    # Means of institutions take no covariate of students, and what is divided anew stays inside cohorts.
    methods = {row.method for row in own.estimates if row.analysis == "regression"} - {"randomisation"}
    assert {"ols-cr2", "fixed-effects-cr2", "mixed-kenward-roger"} <= methods
    for method in methods:
        one, other = regression(own, method), regression(same, method)
        assert [term.replace("cohort[", "year[") for term in one] == list(other)
        for mine, theirs in zip(one.values(), other.values(), strict=True):
            for column in ("estimate", "std_error", "df", "p_value"):
                expected = getattr(theirs, column)
                assert getattr(mine, column) == (expected if expected is None else pytest.approx(expected, rel=1e-9))


def test_one_cohort_alone_has_no_indicator(tmp_path: Path):
    rows = pupils().assign(year=2025)
    found, plain = results(write(tmp_path / "one", rows)), results(write(tmp_path / "none", rows, ""))
    assert [row for row in found.estimates if "cohort" in row.term] == []
    assert found.estimates == plain.estimates


def test_a_student_is_unique_within_a_cohort(tmp_path: Path):
    rows = pd.DataFrame(
        {
            "pupil": ["a", "a", "b", "b", "c", "d"],
            "group": ["small", "small", "regular", "small", "regular", "small"],
            "year": [2024, 2025, 2024, 2025, 2024, 2024],
            "reading": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        }
    )
    study = write(tmp_path / "study", rows)
    _, scores = check(study)
    assert scores.n == 6
    assert [notice.code for notice in scores.notices] == ["students-in-several-cohorts"]
    write(tmp_path / "study", pd.concat([rows, rows.iloc[[1]]]))
    with pytest.raises(Faults) as raised:
        check(study)
    assert [(fault.code, fault.row, fault.rows) for fault in raised.value] == [("student-twice-same", 3, (8,))]


def test_students_are_divided_anew_inside_their_cohorts(tmp_path: Path):
    """Exact: every division of each cohort's own students, by enumeration."""
    rows = pd.DataFrame(
        {
            "pupil": list("abcdefgh"),
            "group": ["small", "small", "regular", "regular", "small", "regular", "regular", "regular"],
            "year": [2024] * 4 + [2025] * 4,
            "reading": [7.0, 5.0, 4.0, 5.5, 9.0, 6.0, 8.0, 6.5],
        }
    )
    found = results(write(tmp_path / "study", rows))
    permutation = next(row for row in found.estimates if row.method == "permutation")
    scores = rows["reading"].to_numpy()
    differences = []
    for first in itertools.combinations(range(4), 2):
        for second in range(4, 8):
            small = np.isin(np.arange(8), [*first, second])
            differences.append(scores[small].mean() - scores[~small].mean())
    observed = (
        scores[(rows["group"] == "small").to_numpy()].mean() - scores[(rows["group"] != "small").to_numpy()].mean()
    )
    share = np.mean(np.abs(differences) >= abs(observed) - 1e-12)
    assert permutation.p_value == pytest.approx(share)


@pytest.mark.parametrize(
    ("small_years", "code"),
    [((2026,), "arms-in-different-cohorts"), ((2025, 2026), "cohorts-with-one-arm"), ((2024, 2025, 2026), None)],
)
def test_cohorts_that_hold_one_arm_alone_are_told(tmp_path: Path, small_years: tuple[int, ...], code: str | None):
    rows = pupils()
    if code == "arms-in-different-cohorts":
        rows["group"] = np.where(rows["year"].isin(small_years), "small", "regular")
    else:
        rows.loc[~rows["year"].isin(small_years), "group"] = "regular"
    found = {warning.code for warning in results(write(tmp_path / "study", rows)).warnings}
    assert found & {"arms-in-different-cohorts", "cohorts-with-one-arm"} == ({code} if code else set())


@pytest.mark.parametrize(
    ("looks", "locked", "expected"),
    [
        ("[[2024, 2025], [2024, 2025, 2026]]", True, ("planned", "planned-looks")),
        ("[[2024, 2025, 2026]]", True, ("planned", None)),
        ("[[2024], [2024, 2025]]", True, ("unplanned", "look-not-planned")),
        ("", True, ("none-planned", "look-not-planned")),
        ("", False, ("none-planned", "look-not-planned")),
        ("[[2024, 2025, 2026]]", False, ("none-planned", "look-not-planned")),  # what is not locked is no plan
    ],
)
def test_a_report_says_which_look_it_is(tmp_path: Path, looks: str, locked: bool, expected: tuple[str, str | None]):
    study = write(tmp_path / "study", pupils(), more=f"[plan]\nlooks = {looks}" if looks else "")
    if locked:
        lock(study)
    found = run(study, tmp_path / "out")
    status, code = expected
    assert [row.choice for row in found.decisions if row.step == "look"] == [status]
    told = [row for row in found.warnings if row.code in ("planned-looks", "look-not-planned")]
    assert [row.code for row in told] == ([code] if code else [])
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "The data hold the cohorts 2024, 2025 and 2026" in report


def test_planned_looks_without_a_column_of_cohorts_are_told(tmp_path: Path):
    study = write(tmp_path / "study", pupils(), "", more="[plan]\nlooks = [[2024], [2024, 2025]]")
    lock(study)
    found = expeval.run(study, tmp_path / "out")
    assert "look-unknown" in {row.code for row in found.warnings}
