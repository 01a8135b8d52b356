"""The two-group tests: all of them always, one of them marked by the decision ``test``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from expeval.analysis.row import estimate_row, p_words
from expeval.analysis.sample import TwoGroups, permuted_units
from expeval.results import EstimateRow, WarningRow
from expeval.scores.table import Scores
from expeval.stats.estimate import Estimate
from expeval.stats.permutation import permutation_test
from expeval.stats.rank_tests import brunner_munzel, mann_whitney
from expeval.stats.t_tests import student, welch
from expeval.study.spec import Outcome, Study

NAMES = {
    "student": "Student's t",
    "welch": "Welch's t",
    "mann-whitney": "Mann–Whitney",
    "brunner-munzel": "Brunner–Munzel",
    "permutation": "the permutation test",
}


def two_group_test_rows(study: Study, scores: Scores, outcome: Outcome, groups: TwoGroups) -> list[EstimateRow]:
    """Student, Welch, Mann–Whitney, Brunner–Munzel and the permutation test on every student with the outcome."""
    confidence, alternative = study.inference.confidence, study.inference.alternative
    experimental, control = groups.experimental, groups.control
    estimates = {
        "student": student(experimental, control, confidence, alternative),
        "welch": welch(experimental, control, confidence, alternative),
        "mann-whitney": mann_whitney(experimental, control, confidence, alternative),
        "brunner-munzel": brunner_munzel(experimental, control, confidence, alternative),
        "permutation": permutation_estimate(study, scores, outcome, groups),
    }
    ignores = "ignores-units" if groups.cluster is not None else None
    return [
        estimate_row(
            outcome.name,
            "test",
            method,
            "difference",
            estimate,
            n=groups.outcome.size,
            institutions=groups.institutions,
            clusters=groups.outcome.size if method != "permutation" else _permuted_units(study, scores, groups),
            notes=(None if method == "permutation" else ignores, number_note(outcome, method)),
        )
        for method, estimate in estimates.items()
    ]


# What these say depends on the order of the levels alone.  (An ordinal outcome's permutation test is Brunner–Munzel's.)
RANKS_ALONE = ("brunner-munzel", "probability-of-superiority", "rank-biserial")


def number_note(outcome: Outcome, method: str = "") -> str | None:
    """How a binary or ordinal outcome became a number, for a method that needs numbers."""
    if outcome.kind == "binary":
        return "binary-as-number"
    if outcome.kind == "ordinal" and method not in (*RANKS_ALONE, "permutation"):
        return "ordinal-as-number" if _levels_are_numbers(outcome) else "ordinal-as-rank"
    return None


def _levels_are_numbers(outcome: Outcome) -> bool:
    return all(isinstance(level, int | float) for level in outcome.levels or ())


def permutation_estimate(study: Study, scores: Scores, outcome: Outcome, groups: TwoGroups) -> Estimate:
    """Permutes at the level of assignment, inside strata and inside institutions where assignment was."""
    groups = groups.known(groups.institution, groups.class_ if study.groups.assigned == "class" else None)
    if 0 in (groups.experimental.size, groups.control.size):
        return Estimate(reason="empty-arm")
    # The order of the rows in the file must not matter to what is drawn.
    groups = groups.sorted()
    permuted = permuted_units(study, scores, groups)
    if isinstance(permuted, str):
        return Estimate(reason=permuted)
    units, strata = permuted
    estimate = permutation_test(
        groups.outcome,
        groups.treatment,
        statistic="brunner-munzel" if outcome.kind == "ordinal" else "welch",
        strata=strata,
        units=units,
        draws=study.inference.draws,
        rng=np.random.default_rng([study.inference.seed, *outcome.name.encode()]),
        alternative=study.inference.alternative,
    )
    if estimate.variant == "enumerated" and not study.groups.randomised:
        estimate = replace(estimate, variant="enumerated-not-randomised")
    return estimate


def _permuted_units(study: Study, scores: Scores, groups: TwoGroups) -> int | None:
    permuted = permuted_units(study, scores, groups)
    if isinstance(permuted, str):
        return None
    return groups.outcome.size if permuted[0] is None else int(np.unique(permuted[0]).size)


def tests_disagree(outcome: Outcome, chosen: str, rows: list[EstimateRow], alpha: float) -> list[WarningRow]:
    """A warning where another admissible test would answer differently at the study's alpha."""
    answers = {row.method: row.p_value for row in rows if row.p_value is not None}
    admissible = ("mann-whitney", "brunner-munzel", "permutation") if outcome.kind == "ordinal" else tuple(NAMES)
    if chosen not in answers:
        return []
    clear = answers[chosen] < alpha
    others = [name for name in admissible if name in answers and (answers[name] < alpha) != clear]
    if not others:
        return []
    words = ", ".join(f"{NAMES[name]} ({p_words(answers[name])})" for name in others)
    return [
        WarningRow(
            outcome.name,
            "tests-disagree",
            f"{NAMES[chosen][0].upper()}{NAMES[chosen][1:]} gives {p_words(answers[chosen])}; at alpha = {alpha:.3g} "
            f"another admissible test would answer differently: {words}.",
        )
    ]
