"""The answer is made from the interval, in the words of the study's design."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from expeval.report.apa import apa_sentences
from expeval.report.sentences import Answer, answer, answer_sentences, facts
from expeval.report.subject import subjects
from expeval.report.trust import MOST_SHOWN, doubts
from expeval.results import EstimateRow, Results

Make = Callable[..., Results]
MakeRow = Callable[..., EstimateRow]


def answer_of(results: Results) -> Answer:
    return answer(subjects(results)[0])


def test_clear_and_randomised(make_results: Make) -> None:
    found = answer_of(make_results())
    assert found.pattern == "clear"
    assert found.lead == (
        "The new teaching (“small”) raised Reading by 6.7 points compared with the control group “regular” "
        "(95 % interval 3.3 to 10.1; 3\u202f736 students in 79 institutions)."
    )
    assert "0.18 of a standard deviation" in found.more[0]
    assert found.more[1] == "Students are compared with others of the same institution, holding gender constant."


def test_lowered(make_results: Make, make_primary: MakeRow) -> None:
    found = answer_of(make_results(make_primary(estimate=-6.7024, conf_low=-10.097, conf_high=-3.308)))
    assert "lowered Reading by 6.7 points" in found.lead
    assert "interval 3.3 to 10.1" in found.lead


def test_not_randomised_never_raises(make_results: Make) -> None:
    found = answer_of(make_results(groups={"randomised": False}))
    assert found.lead.startswith(
        "Students of the experimental group “small” scored higher in Reading than the control group “regular”, by 6.7 "
    )
    assert "raised" not in found.text


def test_open_from_the_interval_whatever_p_says(make_results: Make, make_primary: MakeRow) -> None:
    row = make_primary(estimate=2.1, std_error=4.3, conf_low=-6.5, conf_high=10.6, p_value=0.001)
    found = answer_of(make_results(row))
    assert found.pattern == "open"
    assert "anything from 6.5 points lower to 10.6 points higher" in found.lead
    assert "they don't settle the question" in found.lead
    assert "effect" not in found.lead
    assert "significant" not in found.text


def test_an_end_on_no_difference_is_open(make_results: Make, make_primary: MakeRow) -> None:
    assert answer_of(make_results(make_primary(conf_low=0.0))).pattern == "open"


@pytest.mark.parametrize(("high", "pattern"), [(7.7, "alike"), (7.8, "open")])
def test_alike_only_where_the_whole_interval_is_inside_the_band(
    make_results: Make, make_primary: MakeRow, high: float, pattern: str
) -> None:
    # The smaller sd is 30.936: a quarter of it is 7.734.
    found = answer_of(make_results(make_primary(estimate=1.0, conf_low=-5.7, conf_high=high)))
    assert found.pattern == pattern
    assert ("smaller than 0.25 of a standard deviation" in found.lead) == (pattern == "alike")


def test_too_few_units_has_no_p_and_no_interval(make_results: Make, make_primary: MakeRow) -> None:
    alone = {"std_error": None, "statistic": None, "df": None, "p_value": None, "p_adjusted": None}
    row = make_primary(method="unit-means", conf_low=None, conf_high=None, **alone)
    counts = {"institutions_experimental": 2, "institutions_control": 2}
    found = answer_of(
        make_results(row, groups={"assigned": "institution"}, warnings=(("too-few-units", "few"),), decisions=counts)
    )
    assert found.pattern == "cannot"
    assert found.lead == (
        "Reading: with 2 institutions in each group no method can tell the new teaching from the institutions it was "
        "tried in."
    )
    assert "stands without interval or p-value" in found.text
    assert "p =" not in found.text


def test_nothing_could_be_computed(make_results: Make, make_primary: MakeRow) -> None:
    nulls = ("estimate", "std_error", "statistic", "df", "p_value", "p_adjusted", "conf_low", "conf_high")
    results = make_results(make_primary(**dict.fromkeys(nulls), note="all values are equal"))
    assert answer_of(results).lead == (
        "Reading: the question can't be answered from these data (all values are equal)."
    )
    assert facts(subjects(results)[0]) == ()


def test_no_interval_but_a_p(make_results: Make, make_primary: MakeRow) -> None:
    row = make_primary(analysis="test", method="permutation", term="difference", conf_low=None, conf_high=None)
    found = answer_of(make_results(row))
    assert found.pattern == "no-interval"
    assert "this method gives no interval, p < .001" in found.lead.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("method", "numbers"),
    [
        ("probability-of-superiority-unit-means", (0.6551, 0.5512, 0.7597)),
        ("brunner-munzel", (0.65525, 0.55085, 0.7597)),
    ],
)
def test_ordinal_outcomes_speak_of_pairs(
    make_results: Make, make_primary: MakeRow, method: str, numbers: tuple[float, float, float]
) -> None:
    estimate, low, high = numbers
    row = make_primary(method=method, estimate=estimate, std_error=0.09, conf_low=low, conf_high=high)
    found = answer_of(make_results(row, outcome={"kind": "ordinal", "levels": [2, 3, 4, 5]}))
    assert "in 66 of 100 pairs (95 % interval 55 to 76" in found.lead
    assert "50 of 100 would be no difference" in found.text


def test_binary_outcomes_speak_of_percentage_points(make_results: Make, make_primary: MakeRow) -> None:
    row = make_primary(method="unit-means", estimate=0.0702, std_error=0.0618, conf_low=-0.055, conf_high=0.1954)
    found = answer_of(make_results(row, outcome={"kind": "binary", "levels": [0, 1]}))
    assert "5.5 percentage points lower to 19.5 percentage points higher" in found.lead


def test_the_level_of_confidence_is_the_studys(make_results: Make) -> None:
    results = make_results(inference={"confidence": 0.9})
    said = [answer_of(results).text, *(s for _, s in apa_sentences(subjects(results)[0]))]
    said += [fact.words for fact in facts(subjects(results)[0])]
    assert any("90 %" in text for text in said)
    assert not any("95" in text for text in said)


def test_withheld_n_is_said(make_results: Make, make_primary: MakeRow) -> None:
    assert "None" not in answer_of(make_results(make_primary(n=None))).text


@pytest.mark.parametrize("groups", [{"experimental": {"files": ["a"]}, "control": {"files": ["b"]}}, {}])
def test_arms_without_a_label_keep_their_role(make_results: Make, groups: dict[str, Any]) -> None:
    lead = answer_of(make_results(groups=groups)).lead
    assert lead.startswith("The new teaching raised" if groups else "The new teaching (“small”) raised")


def test_answer_sentences_are_one_a_primary_outcome(make_results: Make) -> None:
    results = make_results()
    second = {**results.study["outcomes"][0], "name": "Spelling", "role": "secondary"}
    results.study["outcomes"].append(second)
    assert len(answer_sentences(results)) == 1


def test_apa(make_results: Make) -> None:
    said = dict(apa_sentences(subjects(make_results())[0]))
    assert said["Welch's t"].replace("\u00a0", " ").replace("\u202f", " ") == (
        "Reading (Welch's t): t(3 610.06) = 5.58, p < .001, mean difference 5.8, 95 % CI [3.8, 7.9]."
    )
    assert "b = 6.7, SE = 1.70, t(68.94) = 3.94" in said["Answer"]


def test_doubts_come_worst_first_once_and_in_plain_words(make_results: Make) -> None:
    warnings = (
        ("a-code-of-tomorrow", "Something new."),
        ("clustering-ignored", "at an intraclass correlation of 0.1"),
        ("not-randomised-no-baseline", "They may have differed before."),
        ("not-randomised-no-baseline", "They may have differed before."),
    )
    found = doubts(make_results(warnings=warnings))
    words = [doubt.words for doubt in found]
    assert words[0] == "They may have differed before."
    assert words.count(words[0]) == 1
    assert words.index("Something new.") < len(words) - 1
    assert not any("intraclass" in text for text in words)
    assert len(found[:MOST_SHOWN]) <= 6
