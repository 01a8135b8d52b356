"""Which row is the answer: the decision table, first line that fits.

docs/explanation/primary-analysis.md has the table with its references.
"""

from __future__ import annotations

from dataclasses import dataclass

from expeval.analysis.design import Design
from expeval.analysis.said import Said
from expeval.study.spec import Study

# The cut-offs of the decision table: judgements in line with Leyrat et al. (2018), Int. J. Epidemiol. 47:321,
# and Kahan et al. (2016), Trials 17:438.
FEWEST_FOR_FIXED_EFFECTS = 6
FEWEST_FOR_MIXED, FEWEST_AN_ARM_FOR_MIXED = 10, 4
FEWEST_FOR_UNIT_MEANS, FEWEST_AN_ARM_FOR_UNIT_MEANS = 6, 3
FEWEST_CLASS_DEGREES = 4
FEWEST_FOR_SLOPE = 10

WIN_FRACTION = {
    "ols-hc3": "win-fraction-hc3",
    "ols-cr2": "win-fraction-cr2",
    "fixed-effects-cr2": "win-fraction-fixed-effects-cr2",
    "fixed-effects-hc3": "win-fraction-fixed-effects-hc3",
    "unit-means": "win-fraction-unit-means",
    "mixed-kenward-roger": "win-fraction-mixed",
    "mixed-random-slope": "win-fraction-mixed",
}


@dataclass(frozen=True, slots=True)
class Primary:
    """A row of ``estimates`` by analysis and method, and why it is the answer.

    ``at_zero`` is the method that takes its place where the model finds no variance between institutions.  That model
    contains the treatment, so the switch is blind to the difference.
    """

    analysis: str
    method: str
    because: str
    estimate_only: bool = False
    at_zero: str | None = None


def _regression(method: str, because: str, estimate_only: bool = False, at_zero: str | None = None) -> Primary:
    return Primary("regression", method, because, estimate_only, at_zero)


def choose_primary(study: Study, design: Design, test: str, said: Said) -> Primary:
    """The primary row of each ``model``."""
    model = study.inference.model
    if model == "auto":
        primary = _primary_by_design(design, test)
    elif model == "mixed":
        primary = _mixed(design)
    else:
        named = {"ols": "ols-cr2" if design.units_named else "ols-hc3", "fixed-effects": "fixed-effects-cr2"}
        primary = _regression(named[model], f'The study file asks for model = "{model}".')
    if primary.analysis == "regression" and design.kind == "ordinal":
        primary = Primary(
            "regression",
            WIN_FRACTION[primary.method],
            primary.because + " The outcome is ordinal: the regression is of win fractions, its coefficient 2P − 1.",
            primary.estimate_only,
            None if primary.at_zero is None else WIN_FRACTION[primary.at_zero],
        )
    units = design.units
    said.decide(
        "primary",
        primary.method if primary.at_zero is None else f"{primary.method}, else {primary.at_zero}",
        primary.because,
        assigned=design.assigned,
        institutions=units.institutions,
        institutions_experimental=units.experimental,
        institutions_control=units.control,
        institutions_with_both_arms=units.both_arms,
        classes=units.classes,
    )
    if primary.estimate_only:
        said.warn("too-few-units", _too_few(design))
    return primary


def _mixed(design: Design) -> Primary:
    asked = 'The study file asks for model = "mixed"'
    if design.units.both_arms >= FEWEST_FOR_SLOPE:
        because = (
            f"{asked}; at least {FEWEST_FOR_SLOPE} institutions hold both arms: the effect may differ between them."
        )
        return _regression("mixed-random-slope", because)
    return _regression("mixed-kenward-roger", f"{asked}.")


def _primary_by_design(design: Design, test: str) -> Primary:
    """The decision table: level of assignment, number of institutions, arms inside institutions."""
    both_arms = design.units.both_arms
    if design.assigned == "student":
        if not design.units_named or design.units.institutions <= 1:
            return _students_alone(design, test)
        if both_arms >= FEWEST_FOR_FIXED_EFFECTS:
            return _regression(
                "fixed-effects-cr2",
                f"Students were put into the groups inside institutions, and at least {FEWEST_FOR_FIXED_EFFECTS} "
                "institutions hold both arms: compared inside institutions, errors clustered on them.",
            )
        if both_arms >= 1:
            return _regression(
                "fixed-effects-hc3",
                "Students were put into the groups inside few institutions: compared inside them, and the answer holds "
                "for these institutions only.",
            )
    if design.assigned == "class" and design.institution_named:
        if both_arms >= FEWEST_FOR_FIXED_EFFECTS:
            return _regression(
                "fixed-effects-cr2",
                "Classes were put into the groups inside institutions: compared inside institutions, errors clustered "
                "on institutions.",
            )
        if both_arms >= 1:
            return _classes_in_few_institutions(design)
    return _institutions(design)


def _students_alone(design: Design, test: str) -> Primary:
    if design.baseline or design.covariates:
        return _regression(
            "ols-hc3",
            "Students of one place were put into the groups, with baseline or covariates: least squares, HC3 errors.",
        )
    return Primary(
        "test",
        test,
        "Students were put into the groups, without several institutions, baseline or covariates: the two-group test "
        "is the answer.",
    )


def _classes_in_few_institutions(design: Design) -> Primary:
    units = design.units
    if not design.class_named:
        return _regression(
            "fixed-effects-cr2",
            f"Classes were put into the groups inside fewer than {FEWEST_FOR_FIXED_EFFECTS} institutions, and the "
            "study names no class column: the estimate stands alone.",
            estimate_only=True,
        )
    if units.classes - units.institutions >= FEWEST_CLASS_DEGREES:
        return _regression(
            "unit-means",
            "Classes were put into the groups inside few institutions: class means with institution dummies; the "
            "answer holds for these institutions only.",
        )
    return _regression(
        "unit-means",
        "Too few classes inside too few institutions for any method: the estimate stands alone.",
        estimate_only=True,
    )


def _institutions(design: Design) -> Primary:
    units = design.units
    fewest = min(units.experimental, units.control)
    if units.institutions >= FEWEST_FOR_MIXED and fewest >= FEWEST_AN_ARM_FOR_MIXED:
        return _regression(
            "mixed-kenward-roger",
            f"Institutions were put into the groups, at least {FEWEST_FOR_MIXED} of them and at least "
            f"{FEWEST_AN_ARM_FOR_MIXED} an arm: a mixed model with Kenward–Roger's degrees of freedom. Where it finds "
            "no variance between institutions, their means take its place.",
            at_zero="unit-means",
        )
    if units.institutions >= FEWEST_FOR_UNIT_MEANS and fewest >= FEWEST_AN_ARM_FOR_UNIT_MEANS:
        return _regression(
            "unit-means",
            f"Institutions were put into the groups, fewer than {FEWEST_FOR_MIXED} of them or fewer than "
            f"{FEWEST_AN_ARM_FOR_MIXED} an arm: the means of the institutions, each counting once.",
        )
    return _regression(
        "unit-means",
        "Institutions were put into the groups and there are too few of them for any method: the estimate "
        "stands alone.",
        estimate_only=True,
    )


def _too_few(design: Design) -> str:
    units = design.units
    if units.experimental == 1 and units.control == 1 and units.both_arms == 0:
        return (
            "One institution an arm: no method can tell the new teaching from the institution it was tried in. The "
            "difference stands without p-value or interval."
        )
    what = "classes" if design.assigned == "class" and design.class_named else "institutions"
    return (
        f"Too few {what} ({units.experimental} with the experimental and {units.control} with the control arm): no "
        "method can tell the new teaching from the places it was tried in. The difference stands without p-value "
        "or interval."
    )
