"""Disclosure: studies are simulated student by student, protected, and then attacked.

The attacker is written anew here, cell by cell from the contract's sentences, and shares no code with the
package: it solves the published tables by rank (exact derivation) and by integer programming (what whole
numbers allow).
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from expeval.disclosure import protect
from expeval.disclosure.attack import Ledger, hide, pinned
from expeval.disclosure.bins import merge_small
from expeval.results import (
    TABLES,
    DecisionRow,
    DistributionRow,
    EstimateRow,
    FlowRow,
    GroupRow,
    ResidualRow,
    Results,
    SourceRow,
    WarningRow,
)

ARMS = ("experimental", "control")
FILE_REASONS = ("other-group", "no-group", "duplicate")
ORDER = (*FILE_REASONS, "no-outcome", "no-baseline", "no-covariate", "no-institution", "no-class")
SICK = "user-missing: ill"

# ------------------------------------------------------------------ simulated studies


def simulate(
    seed: int, user_missing_last: bool = True, outcomes: int = 2, size: int = 40, kind: str = "mixed"
) -> Results:
    """A consistent set of results, counted from simulated students."""
    rng = random.Random(seed)
    students = [_student(rng, outcomes) for _ in range(rng.randint(12, size))]
    flow, groups, distributions, estimates = [], [], [], []
    for k in range(outcomes):
        name, levels = f"outcome {k}", kind == "levels" or (kind == "mixed" and k == 0)
        for arm in (*ARMS, "other"):
            flow.append(_flow(name, k, arm, [s for s in students if s["arm"] == arm], user_missing_last))
        for arm in ARMS:
            mine = [s for s in students if s["arm"] == arm and not s["file"]]
            for moment in ("outcome", "baseline"):
                groups.append(_group(name, arm, moment, [s[moment, k] for s in mine]))
                distributions += _bins(name, arm, moment, [s[moment, k] for s in mine], levels)
        estimates += _estimates(name, k, students)
    sources = [
        SourceRow(f"{i}.csv", "scores", sum(s["source"] == i for s in students), None, None, None, None, 1, {})
        for i in sorted({s["source"] for s in students})
    ]
    decision = DecisionRow(
        "outcome 0", "test", "welch", "the scale", {"n_control": groups[2].n, "skewness": 0.5, "n_institutions": 2}
    )
    residuals = tuple(ResidualRow("outcome 0", p / 100, 0.0) for p in range(1, 100))
    return Results(
        {"groups": {"column": "group"}},
        tuple(sources),
        tuple(flow),
        tuple(groups),
        tuple(distributions),
        tuple(estimates),
        residuals,
        (decision,),
        (WarningRow(None, "few-institutions", "Few institutions."),),
    )


def _student(rng: random.Random, outcomes: int) -> dict[Any, Any]:
    arm = rng.choices((*ARMS, "other"), (10, 8, 1))[0]
    student: dict[Any, Any] = {
        "arm": arm,
        "source": rng.randint(0, 1),
        "institution": f"school {rng.choices(range(4), (6, 3, 2, 1))[0]}",
    }
    student["file"] = rng.choice(("other-group", "no-group")) if arm == "other" else "duplicate" * (rng.random() < 0.06)
    for k in range(outcomes):
        gone = rng.choices((None, "no-outcome", SICK), (20, 2, 1))[0]
        student["why", k] = gone
        student["outcome", k] = None if gone else rng.choices(range(5), (1, 3, 6, 6, 1))[0]
        student["baseline", k] = None if rng.random() < 0.08 else rng.choices(range(5), (3, 3, 6, 6, 1))[0]
        student["covariate", k] = rng.random() > 0.06
    return student


def _reason(student: dict[Any, Any], k: int, user_missing_last: bool) -> str | None:
    checks = [(student["file"], student["file"]), (student["why", k] == "no-outcome", "no-outcome")]
    later = [(student["baseline", k] is None, "no-baseline"), (not student["covariate", k], "no-covariate")]
    ill = [(student["why", k] == SICK, SICK)]
    return next((r for failed, r in checks + (later + ill if user_missing_last else ill + later) if failed), None)


def _flow(name: str, k: int, arm: str, students: list[dict[Any, Any]], user_missing_last: bool) -> FlowRow:
    reasons = Counter(_reason(s, k, user_missing_last) for s in students)
    left = {r: reasons[r] for r in (*ORDER, SICK)}
    analysed = sum(not s["file"] and s["outcome", k] is not None for s in students)
    return FlowRow(name, arm, len(students), left, analysed, reasons[None], 4, None)


def _group(name: str, arm: str, moment: str, values: list[int | None]) -> GroupRow:
    known = [v for v in values if v is not None]
    low, high = (min(known), max(known)) if known else (None, None)
    return GroupRow(name, arm, moment, len(known), len(values) - len(known), 4, 1.0, 1.0, 1.0, 1.0, 1.0, low, high, 0.1)


def _bins(name: str, arm: str, moment: str, values: list[int | None], levels: bool) -> list[DistributionRow]:
    found = Counter(v for v in values if v is not None)
    return [DistributionRow(name, arm, moment, float(v), float(v if levels else v + 1), found[v]) for v in range(5)]


def _estimates(name: str, k: int, students: list[dict[Any, Any]]) -> list[EstimateRow]:
    mine = [s for s in students if s["arm"] in ARMS and not s["file"]]
    tested = [s for s in mine if s["outcome", k] is not None]
    complete = [s for s in tested if _reason(s, k, True) is None]
    rows = [
        EstimateRow(
            name, "assumption", "shapiro-wilk", arm, statistic=0.9, p_value=0.1, n=sum(s["arm"] == arm for s in tested)
        )
        for arm in ARMS
    ]
    rows.append(
        EstimateRow(
            name, "test", "welch", "difference", 1.0, 0.5, 2.0, 20.0, 0.05, 0.05, 0.0, 2.0, len(tested), primary=True
        )
    )
    rows.append(
        EstimateRow(
            name, "regression", "ols-cr2", "treatment", 1.0, 0.5, 2.0, 3.0, 0.05, None, 0.0, 2.0, len(complete), 4, 4
        )
    )
    for method, whose in (("raw", tested), ("shrunken", complete)):
        sizes = Counter(s["institution"] for s in whose)
        rows += [
            EstimateRow(name, "institution", method, i, 1.0, 0.5, 2.0, n - 2.0, 0.1, n=n)
            for i, n in sorted(sizes.items())
        ]
    return rows


# ------------------------------------------------------------------ the attacker

Cell = tuple[str, ...]


def cells_of(results: Results) -> dict[Cell, int | None]:
    """Every count of students that the tables hold, each cell for itself."""
    cells: dict[Cell, int | None] = {}
    for i, source in enumerate(results.sources):
        cells["source", str(i)] = source.rows
    for f in results.flow:
        cells |= {("flow", f.outcome, f.arm, name): getattr(f, name) for name in ("read", "analysed", "complete")}
        cells |= {("flow", f.outcome, f.arm, reason): n for reason, n in f.left_out.items()}
    for g in results.groups:
        cells |= {("groups", g.outcome, g.arm, g.moment, name): getattr(g, name) for name in ("n", "missing")}
    for d in results.distributions:
        cells["bin", d.outcome, d.arm, d.moment, repr(d.low)] = d.n
    for e in results.estimates:
        cells["n", e.outcome, e.analysis, e.method, e.term] = e.n
    return cells


def identities_of(results: Results) -> list[dict[Cell, int]]:
    """What the contract says about the cells, as sums that are zero."""
    found: list[dict[Cell, int]] = []

    def zero(plus: list[Cell], minus: list[Cell]) -> None:
        found.append(dict.fromkeys(plus, 1) | dict.fromkeys(minus, -1))

    first = results.flow[0].outcome
    for f in results.flow:
        at = ("flow", f.outcome, f.arm)
        zero([(*at, "read")], [(*at, "complete"), *((*at, r) for r in f.left_out)])
        early = [r for r in f.left_out if r in FILE_REASONS or r == "no-outcome" or r.startswith("user-missing")]
        zero([(*at, "read")], [(*at, "analysed"), *((*at, r) for r in early)])
        if f.outcome != first:
            for name in ("read", *FILE_REASONS):
                zero([(*at, name)], [("flow", first, f.arm, name)])
    for g in results.groups:
        at, row = ("flow", g.outcome, g.arm), ("groups", g.outcome, g.arm, g.moment)
        zero([(*at, "read")], [(*row, "n"), (*row, "missing"), *((*at, r) for r in FILE_REASONS)])
        if g.moment == "outcome":
            zero([(*at, "analysed")], [(*row, "n")])
            zero([(*row, "n")], [("n", g.outcome, "assumption", "shapiro-wilk", g.arm)])
        elif (
            next(f for f in results.groups if (f.outcome, f.arm, f.moment) == (g.outcome, g.arm, "outcome")).missing
            == 0
        ):
            # Nobody lacks the outcome, so whoever lacks the baseline is left out for it.
            zero([(*row, "missing")], [(*at, "no-baseline")])
        bins = [d for d in results.distributions if (d.outcome, d.arm, d.moment) == (g.outcome, g.arm, g.moment)]
        zero([(*row, "n")], [("bin", d.outcome, d.arm, d.moment, repr(d.low)) for d in bins])
    for o in dict.fromkeys(f.outcome for f in results.flow):
        whole = {name: [("flow", o, arm, name) for arm in ARMS] for name in ("analysed", "complete")}
        zero(whole["analysed"], [("n", o, "test", "welch", "difference")])
        zero(whole["complete"], [("n", o, "regression", "ols-cr2", "treatment")])
        for method, name in (("raw", "analysed"), ("shrunken", "complete")):
            zero(
                whole[name],
                [("n", e.outcome, e.analysis, method, e.term) for e in results.find(o, "institution", method)],
            )
    zero(
        [("source", str(i)) for i in range(len(results.sources))],
        [("flow", first, arm, "read") for arm in (*ARMS, "other")],
    )
    return found


def system(identities: list[dict[Cell, int]], truth: dict[Cell, int], unknown: list[Cell]) -> tuple[Any, Any]:
    """Coefficients of the unknown cells and the known side, for the identities that hold in truth."""
    holding = [i for i in identities if sum(c * truth[cell] for cell, c in i.items()) == 0]
    columns = {cell: j for j, cell in enumerate(unknown)}
    matrix, right = np.zeros((len(holding), len(unknown))), np.zeros(len(holding))
    for r, identity in enumerate(holding):
        for cell, c in identity.items():
            if cell in columns:
                matrix[r, columns[cell]] += c
            else:
                right[r] -= c * truth[cell]
    return matrix, right


def derivable(matrix: Any) -> set[int]:
    """Columns whose value follows: adding the unit row does not raise the rank."""
    if not matrix.size:
        return set()
    # A column is determined where every vector of the null space is zero.
    _, s, v = np.linalg.svd(matrix)
    null = v[int((s > 1e-9).sum()) :]
    return {j for j in range(matrix.shape[1]) if np.abs(null[:, j]).max(initial=0.0) < 1e-9}


def bounds(matrix: Any, right: Any, least: Any, j: int) -> tuple[float, float]:
    """The least and greatest whole number that fits everything published."""
    ends = []
    for sign in (1.0, -1.0):
        goal = np.zeros(matrix.shape[1])
        goal[j] = sign
        limits = Bounds(least, np.full(goal.size, 1000.0))
        answer = milp(
            goal, integrality=np.ones(goal.size), bounds=limits, constraints=LinearConstraint(matrix, right, right)
        )
        assert answer.status == 0
        ends.append(round(sign * answer.fun))
    return ends[0], ends[1]


def worked_out(
    identities: list[dict[Cell, int]], truth: dict[Cell, int], unknown: list[Cell], asked: set[Cell] | None = None
) -> set[Cell]:
    """The unknown cells (of those asked for) that are determined, by rank or else by whole numbers."""
    matrix, right = system(identities, truth, unknown)
    exact = {unknown[j] for j in derivable(matrix)}
    # Zeros are published, except in the distribution of an arm with too few students.
    with_zeros = {cell[:4] for cell in unknown if truth[cell] == 0}
    least = np.array([float(cell[:4] not in with_zeros) for cell in unknown])
    for j, cell in enumerate(unknown):
        if cell not in exact and (asked is None or cell in asked):
            low, high = bounds(matrix, right, least, j)
            exact |= {cell} if low == high else set()
    return exact


def always_published(cell: Cell, n: int, k: int, part: bool) -> bool:
    """Zeros, and numbers analysed that are large enough."""
    fixed = cell[-1] in ("analysed", "n") or (cell[0] == "n" and not part)
    return n == 0 or (n >= k and fixed)


def attack(before: Results, after: Results, k: int) -> None:
    truth: dict[Cell, int] = {cell: n for cell, n in cells_of(before).items() if n is not None}
    published = cells_of(after)
    assert all(n is None or n == truth[cell] for cell, n in published.items())
    unknown = [cell for cell, n in published.items() if n is None]
    assert not any(n is not None and 0 < n < k for n in published.values())
    identities = identities_of(before)
    known = {cell for cell in worked_out(identities, truth, unknown) if truth[cell]}
    # What stays known must follow from the always published numbers alone, and the warning must say so.
    if known:
        widest = [c for c, n in truth.items() if not always_published(c, n, k, "institution" in c)]
        assert known <= worked_out(identities, truth, widest, known)
        assert "can still be worked out" in after.warnings[-1].message


# ------------------------------------------------------------------ properties


@settings(max_examples=50, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), k=st.integers(2, 10), last=st.booleans(), outcomes=st.integers(1, 2))
def test_nothing_withheld_can_be_worked_out(seed: int, k: int, last: bool, outcomes: int) -> None:
    # Merging moves bins, so the attack looks at what the merged bins hold.
    before = simulate(seed, last, outcomes, kind="levels")
    attack(before, protect(before, k), k)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), k=st.integers(2, 10))
def test_the_same_in_studies_of_some_size(seed: int, k: int) -> None:
    before = simulate(seed, size=400, outcomes=1)
    merged = replace(before, distributions=merge_small(before.distributions, k))
    attack(merged, protect(before, k), k)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 10))
def test_protecting_twice_is_protecting_once(seed: int, k: int) -> None:
    once = protect(simulate(seed), k)
    assert protect(once, k) == once
    assert protect(Results.from_dict(once.to_dict()), k) == once


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), k=st.integers(2, 10))
def test_order_and_rows_stay(seed: int, k: int) -> None:
    before, after = simulate(seed), protect(simulate(seed), k)
    assert [(f.outcome, f.arm, tuple(f.left_out)) for f in after.flow] == [
        (f.outcome, f.arm, tuple(f.left_out)) for f in before.flow
    ]
    names = ("outcome", "analysis", "method", "term", "primary")
    assert [[getattr(e, n) for n in names] for e in after.estimates] == [
        [getattr(e, n) for n in names] for e in before.estimates
    ]
    assert [s.file for s in after.sources] == [s.file for s in before.sources]
    lows = [(d.outcome, d.arm, d.moment, d.low) for d in after.distributions]
    assert lows == [key for key in ((d.outcome, d.arm, d.moment, d.low) for d in before.distributions) if key in lows]


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_minimum_cell_of_one_changes_nothing(seed: int) -> None:
    before = simulate(seed)
    assert protect(before, 1) is before


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), k=st.integers(2, 10))
def test_numbers_analysed_and_zeros_stay(seed: int, k: int) -> None:
    before, after = simulate(seed), protect(simulate(seed), k)
    for old, new in zip(before.flow, after.flow, strict=True):
        assert new.analysed == (None if 0 < old.analysed < k else old.analysed)
        assert new.complete in (old.complete, None)
        assert all(new.left_out[r] == 0 for r, n in old.left_out.items() if n == 0)
    for was, row in zip(before.estimates, after.estimates, strict=True):
        if was.analysis != "institution" and was.n is not None and was.n >= k:
            assert row == was


# ------------------------------------------------------------------ single cases


def study(**tables: Any) -> Results:
    empty: dict[str, Any] = dict.fromkeys(TABLES, ())
    return Results(study={"groups": {"column": "group"}}, **(empty | tables))


def flow(arm: str, complete: int, **left: int) -> FlowRow:
    reasons = {name.replace("_", "-"): n for name, n in left.items()}
    late = sum(n for r, n in reasons.items() if r in ("no-baseline", "no-covariate"))
    return FlowRow("o", arm, complete + sum(reasons.values()), reasons, complete + late, complete, None, None)


def group(arm: str, n: int, missing: int | None = 0) -> GroupRow:
    return GroupRow("o", arm, "outcome", n, missing, None, 3.0, 1.0, 3.0, 2.0, 4.0, 1.0, 5.0, 0.0)


def level(value: float, n: int | None) -> DistributionRow:
    return DistributionRow("o", "control", "outcome", value, value, n)


def source(rows: int, file: str = "a.csv", role: str = "scores") -> SourceRow:
    return SourceRow(file, role, rows, "utf-8", ",", ".", None, 1, {})


def test_three_without_an_outcome_take_missing_read_and_the_rows_of_the_file_with_them() -> None:
    # read 50 = 47 + 3, missing 3, file 90 = 50 + 40: each of these would give the three away.
    rows = (flow("experimental", 47, no_outcome=3, no_baseline=0), flow("control", 40, no_outcome=0, no_baseline=0))
    results = study(sources=(source(90),), flow=rows, groups=(group("experimental", 47, 3), group("control", 40)))
    after = protect(results, 5)
    assert after.flow[0] == replace(rows[0], read=None, left_out={"no-outcome": None, "no-baseline": 0})
    assert after.flow[1] == rows[1]
    assert after.groups[0] == replace(results.groups[0], missing=None)
    assert after.sources[0].rows is None
    assert [w.code for w in after.warnings] == ["suppressed"]
    assert "worked out" not in after.warnings[0].message


def test_two_reasons_in_place_of_one_keep_the_totals() -> None:
    # 3 + 12 = 15 missing: the twelve go, and read, missing and rows can stay.
    row = flow("experimental", 40, **{"no_outcome": 3, "user_missing: ill": 12})
    after = protect(study(sources=(source(55),), flow=(row,), groups=(group("experimental", 40, 15),)), 5)
    assert after.flow[0] == replace(row, left_out={"no-outcome": None, "user-missing: ill": None})
    assert after.groups[0].missing == 15
    assert after.sources[0].rows == 55


def test_an_arm_s_complete_students_go_before_anything_a_reader_needs() -> None:
    # 3 + 6 without baseline: the arms' complete students tell them, their sum is the regressions' n.
    rows = (flow("experimental", 41, no_outcome=0, no_baseline=3), flow("control", 40, no_outcome=7, no_baseline=6))
    regression = EstimateRow("o", "regression", "ols-cr2", "treatment", 1.0, 1.0, 1.0, 2.2, 0.4, n=81, primary=True)
    groups = (group("experimental", 44), group("control", 46, 7))
    after = protect(study(flow=rows, groups=groups, estimates=(regression,)), 5)
    assert after.flow[0] == replace(rows[0], complete=None, left_out={"no-outcome": 0, "no-baseline": None})
    assert after.flow[1] == replace(rows[1], complete=None, left_out={"no-outcome": 7, "no-baseline": None})
    assert after.estimates == (regression,)
    assert "worked out" not in after.warnings[0].message


def test_a_reason_that_follows_from_the_numbers_analysed_is_withheld_with_a_warning() -> None:
    # Tested 44 - in the regressions 41 = 3: no further count is sacrificed in vain.
    row = flow("experimental", 41, no_outcome=0, no_baseline=3)
    welch = EstimateRow("o", "test", "welch", "difference", 1.0, 1.0, 1.0, 2.2, 0.4, n=44)
    regression = EstimateRow("o", "regression", "ols-hc3", "treatment", 1.0, 1.0, 1.0, 2.2, 0.4, n=41, primary=True)
    other = flow("control", 0, no_outcome=0, no_baseline=0)
    results = study(flow=(row, other), groups=(group("experimental", 44), group("control", 0)))
    after = protect(replace(results, estimates=(welch, regression)), 5)
    assert after.flow[0] == replace(row, left_out={"no-outcome": 0, "no-baseline": None})
    assert "can still be worked out" in after.warnings[0].message
    assert not any(character in after.warnings[0].message for character in "346")


def test_whole_numbers_of_at_least_one_are_part_of_the_attack() -> None:
    # 1 + 1 of a published 2 is linearly free, and yet known; 1 + 2 is not.
    ledger = Ledger(
        values=[1, 1, 2, 30, 32], costs=[0, 0, 1, 2, 3], identities=[{2: 1, 0: -1, 1: -1}, {4: 1, 3: -1, 2: -1}]
    )
    assert pinned(ledger, {0, 1}) == {0, 1}
    assert hide(ledger, {0, 1}).counts == {0, 1, 2, 3}
    assert pinned(replace(ledger, values=[1, 2, 3, 30, 33]), {0, 1}) == set()


def test_an_arm_with_too_few_students_is_not_described() -> None:
    rows = (flow("experimental", 3, no_outcome=0), flow("control", 40, no_outcome=0))
    shapiro = EstimateRow("o", "assumption", "shapiro-wilk", "experimental", statistic=0.9, p_value=0.5, n=3)
    welch = EstimateRow("o", "test", "welch", "difference", 1.0, 1.0, 1.0, 2.2, 0.4, n=43, primary=True)
    bins = tuple(replace(level(v, n), arm="experimental") for v, n in ((1.0, 0), (2.0, 3)))
    results = study(
        flow=rows,
        groups=(group("experimental", 3), group("control", 40)),
        estimates=(shapiro, welch),
        distributions=bins,
    )
    after = protect(results, 5)
    few = asdict(after.groups[0])
    assert [name for name, v in few.items() if v is not None] == ["outcome", "arm", "moment", "missing", "note"]
    assert few["note"] == "withheld: fewer than 5 students"
    # The other arm's mean and the difference would be this arm's mean.
    assert (after.groups[1].n, after.groups[1].mean, after.groups[1].note) == (
        40,
        None,
        "withheld: the other arm has fewer than 5 students",
    )
    assert after.estimates[0] == replace(
        shapiro, statistic=None, p_value=None, n=None, note="withheld: fewer than 5 students"
    )
    assert after.estimates[1] == welch
    assert [d.n for d in after.distributions] == [None, None]
    assert "can still be worked out" in after.warnings[0].message


def test_a_small_institution_takes_the_next_smallest_number_with_it() -> None:
    rows = tuple(
        EstimateRow(
            "o", "institution", "raw", f"school {n}", 1.0, 0.5, 2.0, n - 2.0, 0.1, None, 0.0, 2.0, n, clusters=n
        )
        for n in (20, 3, 7)
    )
    arms = (flow("experimental", 15), flow("control", 15))
    after = protect(study(flow=arms, groups=(group("experimental", 15), group("control", 15)), estimates=rows), 5)
    assert after.estimates[0] == rows[0]
    assert after.estimates[1] == EstimateRow(
        "o", "institution", "raw", "school 3", note="withheld: fewer than 5 students"
    )
    # (conf_high - estimate)/std_error is the quantile of t with n - 2 df, and p tells df beside an interval.
    note = "n withheld: it would give away a smaller one"
    assert after.estimates[2] == EstimateRow(
        "o", "institution", "raw", "school 7", estimate=1.0, conf_low=0.0, conf_high=2.0, note=note
    )
    assert "worked out" not in after.warnings[0].message


def test_an_institution_without_a_row_cannot_be_subtracted_out() -> None:
    rows = tuple(EstimateRow("o", "institution", "raw", f"school {n}", 1.0, n=n) for n in (20, 7))
    arms = (flow("experimental", 15), flow("control", 15))
    after = protect(study(flow=arms, groups=(group("experimental", 15), group("control", 15)), estimates=rows), 5)
    assert [row.n for row in after.estimates] == [20, None]
    withheld = (*rows, EstimateRow("o", "institution", "raw", "school 3", note="withheld"))
    again = protect(study(flow=arms, groups=(group("experimental", 15), group("control", 15)), estimates=withheld), 5)
    assert [row.n for row in again.estimates] == [20, None, None]


def test_a_small_level_takes_another_level_and_the_warning_speaks_of_the_mean() -> None:
    bins = (level(2, 0), level(3, 30), level(4, 3), level(5, 9))
    after = protect(study(flow=(flow("control", 42),), groups=(group("control", 42),), distributions=bins), 5)
    assert [row.n for row in after.distributions] == [0, 30, None, None]
    assert "means" in after.warnings[0].message


def test_intervals_are_merged_until_each_holds_nobody_or_enough() -> None:
    counts = (10, 3, 0, 8, 0, 0, 1, 4)
    bins = tuple(DistributionRow("o", "control", "outcome", float(i), i + 1.0, n) for i, n in enumerate(counts))
    after = protect(study(flow=(flow("control", 26),), groups=(group("control", 26),), distributions=bins), 5)
    found = [(row.low, row.high, row.n) for row in after.distributions]
    assert found == [(0, 2, 13), (2, 3, 0), (3, 4, 8), (4, 5, 0), (5, 6, 0), (6, 8, 5)]
    assert after.warnings == ()


@given(st.lists(st.integers(0, 12), min_size=1, max_size=12), st.integers(2, 9))
@settings(derandomize=True)
def test_merging_keeps_every_student_and_every_point_of_the_axis(counts: list[int], k: int) -> None:
    bins = tuple(DistributionRow("o", "a", "outcome", float(i), i + 1.0, n) for i, n in enumerate(counts))
    merged = merge_small(bins, k)
    assert sum(row.n or 0 for row in merged) == sum(counts)
    assert (merged[0].low, merged[-1].high) == (0.0, float(len(counts)))
    assert all(left.high == right.low for left, right in itertools.pairwise(merged))
    assert all(row.n == 0 or (row.n or 0) >= k for row in merged) or sum(counts) < k


def test_figures_of_decisions_do_not_repeat_what_is_withheld() -> None:
    figures = {"n_control": 3, "n_institutions": 3, "skewness": 3.0, "missing": 3, "read": 50, "n": 47, "alpha": 0.05}
    decision = DecisionRow("o", "test", "welch", "why", figures)
    results = study(
        sources=(source(50),),
        flow=(flow("control", 47, no_outcome=3),),
        groups=(group("control", 47, 3),),
        decisions=(decision,),
    )
    found = protect(results, 5).decisions[0].figures
    assert found == figures | {"n_control": None, "missing": None, "read": None}


def test_a_small_file_takes_another_file_with_it_and_institution_files_stay() -> None:
    sources = (source(3, "a.csv"), source(20, "b.csv"), source(30, "c.csv"), source(3, "schools.csv", "institutions"))
    arms = (flow("experimental", 30), flow("control", 23))
    after = protect(study(sources=sources, flow=arms, groups=(group("experimental", 30), group("control", 23))), 5)
    assert [row.rows for row in after.sources] == [None, None, 30, 3]


def test_a_file_for_each_arm_is_the_arm() -> None:
    # The file of the experimental arm has as many rows as the arm: with read withheld it must go as well.
    arms = (flow("experimental", 47, no_outcome=3), flow("control", 40, no_outcome=0))
    results = study(
        sources=(source(50, "e.csv"), source(40, "c.csv")),
        flow=arms,
        groups=(group("experimental", 47, 3), group("control", 40)),
    )
    after = protect(replace(results, study={"groups": {}}), 5)
    assert [row.rows for row in after.sources] == [None, 40]


def test_residuals_of_too_few_students_go() -> None:
    row = EstimateRow("o", "regression", "ols", "treatment", 1.0, n=4, primary=True)
    results = study(estimates=(row,), residuals=(ResidualRow("o", 0.01, -1.0), ResidualRow("p", 0.01, -1.0)))
    after = protect(results, 5)
    assert [r.outcome for r in after.residuals] == ["p"]
    assert after.estimates[0].primary
    assert after.estimates[0].note == "withheld: fewer than 5 students"


@pytest.mark.parametrize("k", [5, 10])
def test_a_study_without_small_cells_is_left_alone(k: int) -> None:
    arms = (flow("experimental", 47, no_outcome=12), flow("control", 40, no_outcome=0))
    results = study(sources=(source(99),), flow=arms, groups=(group("experimental", 47, 12), group("control", 40)))
    assert protect(results, k) == results
