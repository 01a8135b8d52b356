"""Randomisation test of the treatment's coefficient: the arms are drawn anew as they were drawn, the scores stay.

What was assigned is what is permuted: students, classes or institutions, inside the strata (and institutions) inside
which they were put into the arms. The statistic is the t of the analysis that goes with the assignment, recomputed for
every division. By Frisch & Waugh (1933) only the treatment column changes: outcome and covariates are taken out of
each other once, and a division costs a few inner products (HC3: one pass over the students).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from expeval.stats.division_statistics import t_of_students, t_of_unit_means
from expeval.stats.divisions import (
    Assignment,
    Evaluate,
    assignment_of,
    number_of_divisions,
    share_as_extreme,
    smallest_p_value,
)
from expeval.stats.estimate import Alternative, Estimate
from expeval.stats.fixed_effects import fixed_effects
from expeval.stats.moments import FloatArray, IntArray
from expeval.stats.unit_means import unit_means


@dataclass(frozen=True, slots=True)
class Randomisation:
    """What a randomisation test found.

    Attributes
    ----------
    estimate
        Coefficient and t of the observed division, p; no error, df or interval.
    units, experimental
        Units that were permuted, and those in the experimental arm.
    divisions
        Divisions there are; ``None``: more than were enumerated.
    smallest_p_value
        The smallest p that this design can give, whatever the scores (``None`` where there is no p).
    """

    estimate: Estimate
    units: int
    experimental: int
    divisions: int | None
    smallest_p_value: float | None


def randomise_students(
    X: FloatArray,
    y: FloatArray,
    institution: IntArray,
    *,
    strata: IntArray | None,
    draws: int,
    rng: np.random.Generator,
    alternative: Alternative = "two-sided",
    enumerate_up_to: int = 20_000,
    treatment_index: int = 0,
) -> Randomisation:
    """Test the effect of a treatment that students were put into; statistic: the t of ``fixed-effects-hc3``.

    Exact for the hypothesis that no student's score depends on the arm, where students were drawn as it divides them;
    studentised, so that in large samples it also tests a zero mean effect.

    Parameters
    ----------
    X, y, institution
        As for :func:`~expeval.stats.fixed_effects.fixed_effects`: (n, p) treatment and covariates, (n,), (n,) codes.
        Where there is one institution, or none was named, all codes are equal.
    strata
        (n,) codes inside which students were put into the arms, institutions (combined with declared strata) where
        they were; ``None``: among all students.
    draws
        Divisions drawn where there are more than ``enumerate_up_to``.
    rng
        Where the divisions are drawn from.
    alternative
        Changes p alone.

    Returns
    -------
    Randomisation
        p is the share of all divisions with \\|t*\\| >= \\|t\\|, the observed one among them (variant
        ``"enumerated"``), or (b + 1)/(draws + 1) (``"drawn"``). A division in which the statistic does not exist has
        an infinite one, with its coefficient's sign: p is never too small for it. p null: ``"all-equal"`` (nothing
        varies inside institutions beyond the covariates), ``"one-division"``, and the reasons of
        ``fixed-effects-hc3`` other than ``"no-spread"`` (a perfect fit: t is infinite, p stands).

    References
    ----------
    Janssen (1997), Statistics & Probability Letters 36:9; Wu & Ding (2021), J. American Statistical Association
    116:1898 (studentised, robust error). Phipson & Smyth (2010), Statist. Appl. Genetics Mol. Biol. 9:39. Freedman &
    Lane (1983), J. Business & Economic Statistics 1:292 is another scheme: here the arms are permuted, not residuals.
    """
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    observed = fixed_effects(X, y, institution, "hc3", 0.95, treatment_index=treatment_index).estimate
    treated = X[:, treatment_index] == 1.0
    assignment = assignment_of(treated, strata, None)
    return _tested(
        observed,
        assignment,
        lambda: t_of_students(X, y, institution, treatment_index, assignment),
        draws,
        rng,
        alternative,
        enumerate_up_to,
    )


def randomise_units(
    y: FloatArray,
    treatment: FloatArray,
    unit: IntArray,
    *,
    strata: IntArray | None,
    draws: int,
    rng: np.random.Generator,
    alternative: Alternative = "two-sided",
    enumerate_up_to: int = 20_000,
    institution: IntArray | None = None,
    institution_covariates: FloatArray | None = None,
    baseline: FloatArray | None = None,
) -> Randomisation:
    """Test the effect of a treatment that classes or institutions were put into; statistic: the t of ``unit-means``.

    Parameters
    ----------
    y, treatment, unit, institution, institution_covariates, baseline
        As for :func:`~expeval.stats.unit_means.unit_means`.
    strata
        (n,) codes inside which units were put into the arms (institutions, where classes were inside them); constant
        inside a unit. ``None``: among all units.
    draws, rng, alternative, enumerate_up_to
        As for :func:`randomise_students`.

    Returns
    -------
    Randomisation
        As :func:`randomise_students`, with the reasons of ``unit-means``.

    References
    ----------
    Gail, Mark, Carroll, Green & Pee (1996), Statistics in Medicine 15:1069 (group-randomised trials); Small, Ten Have
    & Rosenbaum (2008), J. American Statistical Association 103:271.

    Examples
    --------
    Six institutions of one student each, three an arm: of 20 divisions the observed one and its mirror are extreme.

    >>> found = randomise_units(np.array([5.0, 6.0, 7.0, 1.0, 2.0, 3.0]), np.array([1.0, 1, 1, 0, 0, 0]), np.arange(6),
    ...                         strata=None, draws=999, rng=np.random.default_rng(1))
    >>> found.estimate.p_value, found.divisions, found.smallest_p_value
    (0.1, 20, 0.1)
    """
    y, treatment = np.asarray(y, dtype=np.float64), np.asarray(treatment, dtype=np.float64)
    observed = unit_means(
        y,
        treatment,
        unit,
        0.95,
        institution=institution,
        institution_covariates=institution_covariates,
        baseline=baseline,
    ).estimate
    by_student = assignment_of(treatment == 1.0, strata, np.asarray(unit))
    assignment = Assignment(np.arange(by_student.treated.size), by_student.treated, by_student.blocks)
    return _tested(
        observed,
        assignment,
        lambda: t_of_unit_means(y, unit, institution, institution_covariates, baseline, assignment),
        draws,
        rng,
        alternative,
        enumerate_up_to,
    )


def _tested(
    observed: Estimate,
    assignment: Assignment,
    statistic: Callable[[], Evaluate | None],
    draws: int,
    rng: np.random.Generator,
    alternative: Alternative,
    enumerate_up_to: int,
) -> Randomisation:
    """p of the observed division, or why there is none; ``statistic`` gives ``None`` where no scores vary."""
    divisions = number_of_divisions(assignment.arms, enumerate_up_to)
    units, experimental = int(assignment.treated.size), int(assignment.treated.sum())
    perfect = observed.reason == "no-spread"

    def answer(p_value: float | None, reason: str | None, variant: str | None = None) -> Randomisation:
        estimate = Estimate(observed.estimate, None, observed.statistic, None, p_value, reason=reason, variant=variant)
        smallest = None
        if p_value is not None:
            smallest = smallest_p_value(assignment.arms, alternative)
            smallest = smallest if variant == "enumerated" else max(smallest, 1.0 / (draws + 1))
        return Randomisation(estimate, units, experimental, divisions, smallest)

    if observed.statistic is None and not perfect:
        return answer(None, observed.reason)
    if divisions == 1:
        return answer(None, "one-division")
    evaluate = statistic()
    if evaluate is None:
        return answer(None, "all-equal")
    p_value, how = share_as_extreme(evaluate, assignment, draws, rng, alternative, enumerate_up_to)
    return answer(p_value, observed.reason, how)
