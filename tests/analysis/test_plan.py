"""What was done beside what was planned, and which looks at the data were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expeval.analysis.plan import Comparison, compare_with_plan, find_look
from expeval.study.plan import LockedFile, LockedPlan, plan_of
from expeval.study.reading import study_from_keys
from expeval.study.spec import Study

OUTCOMES: dict[str, dict[str, Any]] = {
    "Reading": {"name": "Reading", "column": "reading", "kind": "score"},
    "Spelling": {"name": "Spelling", "column": "spelling", "kind": "score", "role": "secondary"},
    "Essay": {"name": "Essay", "column": "essay", "kind": "score"},
}
NOW = "a" * 64


def study(*names: str, **tables: Any) -> Study:
    keys: dict[str, Any] = {
        "study": {"title": "Small classes"},
        "data": {"files": ["scores.csv"]},
        "groups": {"column": "group", "experimental": ["small"], "control": ["regular"], "assigned": "student"},
        "outcomes": [dict(OUTCOMES[name]) for name in names or ("Reading", "Spelling")],
        **tables,
    }
    return study_from_keys(keys, Path("study.toml"))


def locked(*entries: tuple[Study, str | None, str | None]) -> list[LockedPlan]:
    """Entries of (study, hash of the data then, reason)."""
    return [
        LockedPlan(
            number,
            f"2026-0{number}-01T00:00:00+00:00",
            "0.1.0",
            (LockedFile("scores.csv", "scores", sha256),),
            json.loads(json.dumps(plan_of(entry))),
            reason,
            None,
            str(number),
        )
        for number, (entry, sha256, reason) in enumerate(entries, start=1)
    ]


def labels(found: Comparison) -> dict[str | None, str]:
    return {row.outcome: row.choice for row in found.decisions if row.outcome is not None}


def codes(found: Comparison) -> list[tuple[str | None, str]]:
    return [(row.outcome, row.code) for row in found.warnings]


def test_a_study_that_keeps_to_its_plan():
    found = compare_with_plan(study(), locked((study(), None, None)), {NOW})
    assert found.rows == ()
    assert found.warnings == ()
    assert labels(found) == {"Reading": "planned", "Spelling": "planned"}
    assert [(row.step, row.choice, row.figures["data"]) for row in found.decisions[:1]] == [
        ("plan", "locked", "before")
    ]


def test_every_deviation_has_its_reason_or_none():
    deviations = [{"key": "inference.test", "reason": "Ties."}]
    done = study("Reading", "Essay", inference={"test": "welch", "seed": 2}, deviations=deviations)
    found = compare_with_plan(done, locked((study(), None, None)), {NOW})
    assert [(row.key, row.status, row.planned, row.used, row.reason) for row in found.rows] == [
        ("inference.test", "deviates", "auto", "welch", "Ties."),
        ("inference.seed", "deviates", "1", "2", None),
        ("outcomes[Essay]", "deviates", None, "essay", None),
        ("outcomes[Spelling]", "deviates", "spelling", None, None),
    ]
    assert labels(found) == {"Reading": "planned", "Essay": "exploratory"}
    assert codes(found) == [
        (None, "planned-outcome-missing"),
        (None, "deviation-without-reason"),
        ("Essay", "outcome-not-planned"),
    ]
    assert "inference.seed, outcomes[Essay], outcomes[Spelling]" in found.warnings[1].message
    assert "inference.test" not in found.warnings[1].message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"role": "primary"}, "role (secondary in the plan)"),
        ({"column": "dictation"}, "column (spelling in the plan)"),
        ({"kind": "binary"}, "kind (score in the plan), levels (not set in the plan)"),
    ],
)
def test_a_planned_outcome_that_is_another_one_now_says_so(change: dict[str, Any], words: str):
    done = study(outcomes=[OUTCOMES["Reading"], {**OUTCOMES["Spelling"], **change}])
    found = compare_with_plan(done, locked((study(), None, None)), {NOW})
    assert labels(found) == {"Reading": "planned", "Spelling": "changed"}
    because = next(row.because for row in found.decisions if row.outcome == "Spelling")
    assert because.endswith(f"not as planned: {words}")


@pytest.mark.parametrize(("then", "data"), [(None, "before"), (NOW, "same"), ("b" * 64, "other")])
def test_a_plan_after_the_data_is_told(then: str | None, data: str):
    found = compare_with_plan(study(), locked((study(), then, None)), {NOW})
    assert found.decisions[0].figures["data"] == data
    after = "planned" if then is None else "planned-after-data"
    assert labels(found) == {"Reading": after, "Spelling": after}
    assert codes(found) == ([] if then is None else [(None, "plan-after-data")])


def test_an_amendment_is_no_deviation_but_the_first_plan_is_told():
    other = study(inference={"test": "welch"})
    found = compare_with_plan(other, locked((study(), None, None), (other, NOW, "Ties.")), {NOW})
    assert [(row.key, row.status, row.first, row.planned, row.used, row.reason) for row in found.rows] == [
        ("inference.test", "amended", "auto", "welch", "welch", "Ties.")
    ]
    assert codes(found) == [(None, "plan-amended-after-data")]
    assert [(row.choice, row.figures["reason"]) for row in found.decisions[:2]] == [
        ("locked", None),
        ("amended", "Ties."),
    ]


def test_a_deviation_from_the_amendment_tells_the_first_plan_too():
    amended, done = study(inference={"test": "welch"}), study(inference={"test": "student"})
    found = compare_with_plan(done, locked((study(), None, None), (amended, None, "Ties.")), {NOW})
    row = found.rows[0]
    assert (row.first, row.planned, row.used, row.reason) == ("auto", "welch", "student", None)


def test_back_to_the_first_plan_deviates_from_the_amendment():
    amended = study(inference={"test": "welch"})
    found = compare_with_plan(study(), locked((study(), None, None), (amended, None, "Ties.")), {NOW})
    row = found.rows[0]
    assert (row.status, row.first, row.planned, row.used) == ("deviates", "auto", "welch", "auto")


def test_an_outcome_is_planned_since_the_entry_that_brought_it_for_good():
    with_essay, without = study("Reading", "Essay"), study("Reading")
    chain = locked((with_essay, None, None), (without, None, "No time."), (with_essay, NOW, "There was time."))
    found = compare_with_plan(with_essay, chain, {NOW})
    assert labels(found) == {"Reading": "planned", "Essay": "planned-after-data"}
    figures = {row.outcome: row.figures.get("entry") for row in found.decisions}
    assert (figures["Reading"], figures["Essay"]) == (1, 3)


def test_a_renamed_outcome_stays_planned():
    done = study(outcomes=[{**OUTCOMES["Reading"], "name": "Reading aloud"}, OUTCOMES["Spelling"]])
    found = compare_with_plan(done, locked((study(), None, None), (done, NOW, "Clearer.")), {NOW})
    assert labels(found) == {"Reading aloud": "planned", "Spelling": "planned"}


LOOKS = (("2025",), ("2025", "2026"))


@pytest.mark.parametrize(
    ("cohorts", "status", "number"),
    [
        (["2025"], "planned", 1),
        (["2026", "2025", "2026"], "planned", 2),
        (["2026"], "unplanned", None),
        (["2025", "2026", "2027"], "unplanned", None),
        ([], "unplanned", None),
    ],
)
def test_a_look_is_the_set_of_its_cohorts(cohorts: list[str], status: str, number: int | None):
    look = find_look(LOOKS, cohorts)
    assert (look.status, look.number, look.planned) == (status, number, 2)


def test_without_planned_looks_none_is_planned():
    assert find_look((), ["2025"]).status == "none-planned"


@given(
    st.lists(st.sets(st.sampled_from("abcd"), min_size=1), min_size=1, unique_by=frozenset),
    st.lists(st.sampled_from("abcd")),
)
def test_a_look_is_planned_exactly_where_its_set_is_named(looks: list[set[str]], cohorts: list[str]):
    look = find_look(looks, cohorts)
    assert (look.status == "planned") == (set(cohorts) in looks)
    assert look.number is None or looks[look.number - 1] == set(cohorts)
