"""The second opinion agrees with R's rows, sees a wrong row, and survives data on which libraries fail."""

from __future__ import annotations

import csv
import math
import warnings
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from expeval.analysis import peers
from expeval.analysis.row import estimate_row
from expeval.analysis.second_opinion import FIELDS, second_opinion
from expeval.results import EstimateRow
from expeval.stats.t_tests import student, welch

HERE = Path(__file__).parent / "second_opinion"
SETS = ("sleep", "marks")


def read_arms(name: str) -> tuple[np.ndarray, np.ndarray]:
    with (HERE / f"{name}.csv").open(encoding="utf-8") as file:
        rows = [(row["arm"], float(row["value"])) for row in csv.DictReader(file)]
    return tuple(np.array([value for arm, value in rows if arm == side]) for side in ("experimental", "control"))


def read_r(name: str) -> list[EstimateRow]:
    cells: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    with (HERE / f"{name}-r.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            cells[row["analysis"], row["method"], row["term"]][row["field"]] = float(row["value"])
    return [
        EstimateRow("y", *key, **{field: value for field, value in values.items() if field in FIELDS})
        for key, values in cells.items()
    ]


def opinion(name: str, own: list[EstimateRow] | None = None, alternative: str = "two-sided"):
    return second_opinion("y", *read_arms(name), 0.95, alternative, read_r(name) if own is None else own)


@pytest.mark.parametrize("name", SETS)
def test_every_library_agrees_with_r(name):
    rows, decision, found = opinion(name)
    assert decision.choice == "agrees"
    assert decision.figures["agree"] == decision.figures["compared"]
    assert found == []
    for row in rows:
        assert row.note.startswith("agrees with ours to"), (row.method, row.note)


@pytest.mark.parametrize("name", SETS)
def test_every_two_group_statistic_has_a_peer_and_every_field_a_partner(name):
    rows, decision, _ = opinion(name)
    peers_of = {(row.method.split("-", 1)[1], row.term) for row in rows}
    assert peers_of == {(row.method, row.term) for row in read_r(name)}
    given = sum(getattr(row, field) is not None for row in rows for field in FIELDS)
    # R's t tests give every field; brown-forsythe and shapiro-wilk statistic and p. The rest follows.
    assert decision.figures["compared"] == given


@pytest.mark.parametrize("name", SETS)
def test_the_numbers_are_r_s_to_the_stated_tolerance(name):
    """The same comparison without the module's own machinery; Hedges' factor is the one stated exception."""
    r = {(row.method, row.term): row for row in read_r(name)}
    rows, _, _ = opinion(name)
    for row in rows:
        method = row.method.split("-", 1)[1]
        if method == "hedges-g":
            continue
        for field in FIELDS:
            value = getattr(row, field)
            if value is not None:
                tolerance = 1e-4 if method == "shapiro-wilk" else 1e-6
                assert value == pytest.approx(getattr(r[method, row.term], field), rel=tolerance), (row.method, field)


def test_seven_constant_leading_digits_cost_no_agreement():
    """Against exact rational arithmetic on NIST's decimal data; the libraries keep eight digits of the difference."""
    rows, decision, _ = opinion("silver")
    assert decision.choice == "agrees"
    assert decision.figures["compared"] >= 9
    compared = {row.method for row in rows if row.note.startswith("agrees")}
    assert compared >= {"statsmodels-student", "pingouin-student", "statsmodels-welch", "pingouin-cohen-d"}


def test_hedges_g_of_both_libraries_uses_the_approximate_factor():
    rows, _, _ = opinion("sleep")
    d = 0.83218108134954  # effectsize::cohens_d
    for row in rows:
        if row.method.endswith("hedges-g"):
            assert row.estimate == pytest.approx(d * (1 - 3 / (4 * 18 - 1)), rel=1e-12)
            assert "approximate factor" in row.note


def test_pingouin_s_interval_is_not_rounded_and_its_options_stay():
    import pingouin

    before = dict(pingouin.options)
    rows, _, _ = opinion("sleep")
    welch = next(row for row in rows if row.method == "pingouin-welch")
    assert welch.conf_low == pytest.approx(-0.20548323071171, rel=1e-8)  # t.test
    assert dict(pingouin.options) == before
    assert before["round.column.CI95"] == 2


def test_student_stays_student_where_arms_differ_in_size():
    rows, _, _ = opinion("marks")
    sizes = [values.size for values in read_arms("marks")]
    assert sizes[0] != sizes[1]
    student = next(row for row in rows if row.method == "pingouin-student")
    assert student.df == sum(sizes) - 2


# R 4.2.2, sleep: t.test(x, y, alternative = ...)$p.value is half or its complement of the two-sided one
# (t = 1.86 > 0); the same holds for Brunner and Munzel's t.
@pytest.mark.parametrize(("alternative", "turn"), [("greater", lambda p: p / 2), ("less", lambda p: 1 - p / 2)])
def test_one_sided_p_values_keep_two_sided_intervals(alternative, turn):
    own = [
        replace(row, p_value=turn(row.p_value))
        for row in read_r("sleep")
        if row.method in ("student", "welch", "brunner-munzel")
    ]
    rows, decision, _ = opinion("sleep", own, alternative)
    assert decision.choice == "agrees"
    for row in rows:
        if row.method in ("pingouin-student", "statsmodels-student"):
            assert row.conf_low == pytest.approx(-0.203874032287599, rel=1e-8)
            assert row.conf_high == pytest.approx(3.3638740322876, rel=1e-8)


def test_the_sign_turns_with_the_arms():
    experimental, control = read_arms("sleep")
    rows, _, _ = second_opinion("y", experimental, control, 0.95, "two-sided", [])
    turned, _, _ = second_opinion("y", control, experimental, 0.95, "two-sided", [])
    for row, other in zip(rows, turned, strict=True):
        if row.method.endswith(("student", "welch", "cohen-d", "hedges-g", "rank-biserial")):
            for field in ("estimate", "statistic"):
                if getattr(row, field) is not None:
                    assert getattr(row, field) == pytest.approx(-getattr(other, field), rel=1e-12)
        if row.method.endswith("superiority") or row.method == "statsmodels-brunner-munzel":
            assert row.estimate == pytest.approx(1 - other.estimate, rel=1e-12)


@pytest.mark.parametrize(
    ("method", "field"),
    [("welch", "p_value"), ("student", "df"), ("mann-whitney", "p_value"), ("cohen-d", "conf_low")],
)
def test_a_wrong_number_of_ours_is_seen(method, field):
    own = [
        replace(row, **{field: getattr(row, field) * 1.00001}) if row.method == method else row
        for row in read_r("sleep")
    ]
    rows, decision, found = opinion("sleep", own)
    assert decision.choice == "differs"
    assert decision.figures["agree"] < decision.figures["compared"]
    assert decision.figures["largest_relative_difference"] == pytest.approx(1e-5, rel=1e-3)
    assert [warning.code for warning in found] == ["second-opinion-differs"]
    assert method in found[0].message
    assert any("differs from ours" in row.note for row in rows if row.method.endswith(method))


def test_mann_whitney_follows_the_rule_of_exactness():
    """Without ties and below 50 exact, whatever scipy's "auto" would take: R's wilcox.test(1:12, 1:12 + .5)."""
    x, y = np.arange(12.0), np.arange(12.0) + 0.5
    rows, _, _ = second_opinion("y", x, y, 0.95, "two-sided", [])
    row = next(row for row in rows if row.method == "pingouin-mann-whitney")
    assert row.statistic == 66.0
    assert row.p_value == pytest.approx(exact_two_sided(66, 12, 12), rel=1e-12)


def exact_two_sided(u: int, n: int, m: int) -> float:
    """Count every division by the recursion of Mann and Whitney (1947)."""
    counts = {(0, k): np.array([1.0]) for k in range(m + 1)} | {(k, 0): np.array([1.0]) for k in range(n + 1)}
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            total = np.zeros(i * j + 1)
            total[j:] += counts[i - 1, j]
            total[: i * (j - 1) + 1] += counts[i, j - 1]
            counts[i, j] = total
    counted = counts[n, m]
    return min(1.0, 2.0 * min(counted[: u + 1].sum(), counted[u:].sum()) / math.comb(n + m, n))


def test_a_zero_difference_is_no_disagreement():
    """Rounding leaves 4e-16 in one library and 0 in the other: compared on the row's scale."""
    x, y = np.array([0.1, 0.2, 0.3, 0.7]), np.array([0.7, 0.3, 0.2, 0.1])
    own = [EstimateRow("y", "test", "welch", "difference", estimate=1e-16, std_error=0.186, statistic=5e-16)]
    own = [replace(row, std_error=math.sqrt(x.var(ddof=1) / 2)) for row in own]
    _, decision, found = second_opinion("y", x, y, 0.95, "two-sided", own)
    assert decision.choice == "agrees"
    assert found == []


DEGENERATE = {
    "constant arm": ([2.0, 3.0, 4.0, 5.0], [3.0, 3.0, 3.0, 3.0]),
    "both constant": ([4.0, 4.0, 4.0], [3.0, 3.0, 3.0]),
    "all equal": ([4.0, 4.0, 4.0], [4.0, 4.0, 4.0]),
    "separated": ([10.0, 11.0, 12.5, 13.0], [1.0, 2.0, 3.5, 4.0]),
    "arm of one": ([1.0, 2.0, 3.0], [2.5]),
    "other arm of one": ([2.5], [1.0, 2.0, 3.0]),
    "one and one": ([1.0], [2.0]),
    "three students": ([1.0, 2.0], [4.0]),
    "empty arm": ([1.0, 2.0], []),
    "nobody": ([], []),
    "huge": ([1e300, 2e300, 3e300], [1e300, 5e300, 2e300]),
    "tiny spread": ([1e9 + 1e-3, 1e9, 1e9 + 2e-3], [1e9, 1e9 + 1e-3, 1e9 + 5e-3]),
}


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_data_give_rows_and_no_warning(case, alternative):
    x, y = (np.array(values) for values in DEGENERATE[case])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows, decision, found = second_opinion("y", x, y, 0.95, alternative, [])
    assert decision.choice == "not-compared"
    assert decision.figures == {"compared": 0, "agree": 0, "largest_relative_difference": None}
    assert found == []
    for row in rows:
        assert row.note
        for field in FIELDS:
            value = getattr(row, field)
            assert value is None or (type(value) is float and math.isfinite(value)), (row.method, field)


def test_an_arm_of_one_is_no_one_sample_test():
    rows, _, _ = second_opinion("y", np.array([1.0, 2.0, 4.0]), np.array([2.5]), 0.95, "two-sided", [])
    for method in ("pingouin-student", "pingouin-welch", "pingouin-cohen-d"):
        row = next(row for row in rows if row.method == method)
        assert row.statistic is row.p_value is row.estimate is None
        assert "one-sample" in row.note


def test_separated_arms_have_no_brunner_munzel():
    x, y = (np.array(values) for values in DEGENERATE["separated"])
    rows, _, _ = second_opinion("y", x, y, 0.95, "two-sided", [])
    row = next(row for row in rows if row.method == "statsmodels-brunner-munzel")
    assert row.estimate == 1.0
    assert row.statistic is row.df is row.p_value is None


def test_many_pairs_are_not_put_into_a_table(monkeypatch):
    whole, _, _ = opinion("marks")
    monkeypatch.setattr(peers, "MOST_PAIRS", 100)
    rows, decision, _ = opinion("marks")
    methods = {row.method for row in rows}
    assert "scipy-mann-whitney" in methods
    assert not methods & {"pingouin-mann-whitney", "pingouin-rank-biserial"}
    assert decision.choice == "agrees"
    by_pingouin = next(row for row in whole if row.method == "pingouin-mann-whitney")
    by_scipy = next(row for row in rows if row.method == "scipy-mann-whitney")
    assert by_scipy.p_value == by_pingouin.p_value


def test_above_5000_students_shapiro_wilk_is_not_asked():
    x = np.arange(5001.0)
    answer = peers.Arms(x, x[:3], 0.95, "two-sided")
    asked = next(iter(peers.peers(answer)))
    with pytest.raises(peers.UnansweredError):
        asked.ask(answer)


def test_other_outcomes_rows_are_not_compared():
    own = [replace(row, outcome="other") for row in read_r("sleep")]
    _, decision, _ = opinion("sleep", own)
    assert decision.choice == "not-compared"


@pytest.mark.parametrize(("place", "unit"), [(1e9, 1e-5), (0.0, 1e300), (0.0, 1e-300)])
def test_what_others_lose_is_no_disagreement(place: float, unit: float) -> None:
    """The same scores in another place and unit: our rows stand, a library that loses their digits is no witness."""
    rng = np.random.default_rng(3)
    e, c = (place + unit * np.round(rng.normal(m, 1, 40), 3) for m in (0.4, 0.0))
    own = [
        estimate_row("o", "test", name, "difference", test(e, c, 0.95, "two-sided"))
        for name, test in (("student", student), ("welch", welch))
    ]
    _, decision, warned = second_opinion("o", e, c, 0.95, "two-sided", own)
    assert decision.choice in ("agrees", "not-compared")
    assert not warned
