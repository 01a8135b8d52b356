"""Which analysis is the answer: a list of decisions made before anything is fitted.

``choose`` is handed a :class:`expeval.analysis.design.Design`, which holds sizes, ties and spread *within* the
arms and nothing of the difference between them: it cannot peek.
"""

from __future__ import annotations

from dataclasses import dataclass

from expeval.analysis.choose_primary import (
    FEWEST_FOR_FIXED_EFFECTS,
    FEWEST_FOR_MIXED,
    FEWEST_FOR_UNIT_MEANS,
    choose_primary,
)
from expeval.analysis.choose_test import choose_test
from expeval.analysis.design import Design
from expeval.analysis.said import Said
from expeval.results import DecisionRow, WarningRow
from expeval.study.spec import Study


@dataclass(frozen=True, slots=True)
class Plan:
    """The chosen two-group test and primary row of one outcome, with the decisions and warnings behind them."""

    test: str
    analysis: str
    method: str
    estimate_only: bool = False
    at_zero: str | None = None
    decisions: tuple[DecisionRow, ...] = ()
    warnings: tuple[WarningRow, ...] = ()


def choose(study: Study, design: Design) -> Plan:
    """The two-group test and the primary row, each with its reason and figures."""
    said = Said(design.outcome, classes_alone=study.classes_alone)
    test = choose_test(study, design, said)
    primary = choose_primary(study, design, test, said)
    _warn_of_the_design(design, said)
    return Plan(
        test=test,
        analysis=primary.analysis,
        method=primary.method,
        estimate_only=primary.estimate_only,
        at_zero=primary.at_zero,
        decisions=tuple(said.decisions),
        warnings=tuple(said.warnings),
    )


def _warn_of_the_design(design: Design, said: Said) -> None:
    units = design.units
    if design.units_named:
        inside = design.assigned == "student" and units.both_arms > 0
        said.warn(
            "clustering-ignored",
            "Students sit in institutions: the two-group tests ignore it. Where each institution holds both arms they "
            "are mostly too careful, where classes share a teacher too easily satisfied; the answer is never theirs."
            if inside and units.institutions > 1
            else "Students sit in institutions or classes: the two-group tests ignore it and find "
            "differences too easily (at an intraclass correlation of 0.1 with 25 a class, 29 times in 100 where "
            "there is none). The answer is taken from a regression that knows the institutions.",
        )
    if not design.randomised:
        if design.baseline:
            said.warn(
                "not-randomised",
                "The groups were not randomised: what made students belong to them may explain part "
                "of the difference, in spite of the baseline.",
            )
        else:
            said.warn(
                "not-randomised-no-baseline",
                "The groups were not randomised and there is no baseline: they may have "
                "differed before the experiment.",
            )
    if design.assigned == "student" and units.institutions == 1:
        said.warn("one-institution", "All students belong to one institution: the answer holds for it alone.")
    if design.assigned != "institution" and 1 <= units.both_arms < FEWEST_FOR_FIXED_EFFECTS and units.institutions > 1:
        said.warn("few-institutions", "Few institutions hold both arms: the answer holds for these institutions only.")
    if design.assigned == "student" and units.institutions > 1 and units.both_arms == 0:
        said.warn(
            "no-institution-both-arms",
            "Students were assigned, but no institution holds both arms: institutions and "
            "teaching can't be told apart inside them; analysed as if institutions had been assigned.",
        )
    if design.clusters_assigned and FEWEST_FOR_UNIT_MEANS <= units.institutions < FEWEST_FOR_MIXED:
        _warn_of_few_institutions(design, said)


def _warn_of_few_institutions(design: Design, said: Said) -> None:
    units = design.units
    if design.smallest_p is not None:
        said.warn(
            "few-institutions-assigned",
            f"{units.institutions} institutions were assigned: the smallest p that a permutation of them can reach is "
            f"{design.smallest_p:.2g}.",
        )
    if design.institution_terms > 1:
        said.warn(
            "many-institution-terms",
            "More than one covariate stands at the level of so few institutions: little is left to estimate the error "
            "from.",
        )
