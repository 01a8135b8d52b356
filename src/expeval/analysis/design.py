"""What the chooser may see of an outcome: sizes, ties, spread within the arms, units.  Never a difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expeval.analysis.sample import RegressionSample, TwoGroups, count_both_arms, permuted_units
from expeval.scores.table import Scores
from expeval.stats.assumptions import brown_forsythe, shapiro_wilk
from expeval.stats.describe import describe
from expeval.stats.divisions import assignment_of
from expeval.stats.feasibility import smallest_permutation_p
from expeval.study.spec import Outcome, Study


@dataclass(frozen=True, slots=True)
class Units:
    """Institutions (or classes, where only classes are given) and classes among the regression rows."""

    institutions: int = 0
    experimental: int = 0
    control: int = 0
    both_arms: int = 0
    classes: int = 0


@dataclass(frozen=True, slots=True)
class Design:
    """What the chooser may see of one outcome.  No mean, no difference between the arms."""

    outcome: str
    kind: str
    assigned: str
    randomised: bool
    n_experimental: int
    n_control: int
    ties: bool
    skewness: float | None
    shapiro_experimental: float | None
    shapiro_control: float | None
    brown_forsythe: float | None
    units_named: bool
    institution_named: bool
    class_named: bool
    baseline: bool
    covariates: bool
    institution_terms: int
    units: Units
    smallest_p: float | None = None

    @property
    def clusters_assigned(self) -> bool:
        """Whether whole institutions were put into the groups, or whole classes where no institution is named."""
        return self.assigned == "institution" or (self.assigned == "class" and not self.institution_named)

    @property
    def smallest_arm(self) -> int:
        """Students in the smaller arm."""
        return min(self.n_experimental, self.n_control)


def observe(study: Study, scores: Scores, outcome: Outcome, groups: TwoGroups, sample: RegressionSample) -> Design:
    """What may be known before the difference: sizes, ties, shape within arms, units in arms."""
    arms = (groups.experimental, groups.control)
    centred = np.concatenate([arm - arm.mean() if arm.size else arm for arm in arms])
    tested = [shapiro_wilk(arm).p_value for arm in arms]
    return Design(
        outcome=outcome.name,
        kind=outcome.kind,
        assigned=study.groups.assigned,
        randomised=study.groups.randomised,
        n_experimental=arms[0].size,
        n_control=arms[1].size,
        ties=np.unique(groups.outcome).size < groups.outcome.size,
        skewness=describe(centred).skewness if centred.size else None,
        shapiro_experimental=tested[0],
        shapiro_control=tested[1],
        brown_forsythe=brown_forsythe(*arms).p_value,
        units_named=sample.cluster is not None,
        institution_named=sample.institution is not None,
        class_named=sample.class_ is not None,
        baseline=sample.baseline is not None,
        covariates=len(sample.terms) > 2 + (sample.baseline is not None),
        institution_terms=int(sample.institution_level.sum()) + (sample.baseline is not None),
        units=count_units(sample),
        smallest_p=smallest_attainable_p(study, scores, sample),
    )


def smallest_attainable_p(study: Study, scores: Scores, sample: RegressionSample) -> float | None:
    """The smallest p that dividing the units anew can reach, whatever the scores; ``None`` where it can't be done."""
    if sample.n == 0 or np.unique(sample.treatment).size < 2:
        return None
    permuted = permuted_units(study, scores, sample)
    if isinstance(permuted, str):
        return None
    units, strata = permuted
    assignment = assignment_of(sample.treatment == 1, strata, units)
    return smallest_permutation_p(assignment.arms, study.inference.alternative)


def count_units(sample: RegressionSample) -> Units:
    """Institutions in each arm, in both, and classes."""
    cluster = sample.cluster
    if cluster is None:
        return Units()
    experimental = np.unique(cluster[sample.treatment == 1])
    control = np.unique(cluster[sample.treatment == 0])
    return Units(
        institutions=int(np.union1d(experimental, control).size),
        experimental=int(experimental.size),
        control=int(control.size),
        both_arms=count_both_arms(cluster, sample.treatment),
        classes=0 if sample.class_ is None else int(np.unique(sample.class_).size),
    )
