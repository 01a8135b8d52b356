"""What the design can show, whatever the scores say: smallest p, smallest detectable effect, weight of institutions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from expeval.analysis.mixed_model import MixedModels
from expeval.analysis.sample import count_both_arms, permuted_units
from expeval.analysis.setting import TREATMENT, Setting
from expeval.results import EstimateRow
from expeval.scores.table import Scores
from expeval.stats.divisions import assignment_of
from expeval.stats.estimate import Estimate
from expeval.stats.feasibility import (
    DetectableEffect,
    cluster_weights,
    detectable_with_classes_assigned,
    detectable_with_clusters_assigned,
    detectable_with_students_assigned,
    smallest_permutation_p,
    smallest_wild_bootstrap_p,
)
from expeval.stats.least_squares import fit_least_squares
from expeval.stats.moments import Moments
from expeval.study.spec import Study


def feasibility_rows(
    study: Study, scores: Scores, mixed: MixedModels, regression: Sequence[EstimateRow]
) -> list[EstimateRow]:
    """One row a quantity; nothing where the study names neither institution nor class, or an arm is empty.

    ``regression`` tells whether there is a wild bootstrap at all: of one that there is not, no p is the smallest.
    """
    setting = mixed.setting
    if setting.sample.cluster is None or setting.one_arm:
        return []
    found = {
        "smallest-p-permutation": _smallest_permutation_p(study, scores, setting),
        "smallest-p-wild-bootstrap": _smallest_wild_bootstrap_p(study, setting, regression),
        "detectable-effect": _detectable(study, mixed),
        **_weights(setting),
    }
    return [
        setting.row("design", term, estimate, setting.clusters, analysis="feasibility")
        for term, estimate in found.items()
    ]


def _smallest_wild_bootstrap_p(study: Study, setting: Setting, regression: Sequence[EstimateRow]) -> Estimate:
    if not any(row.method == "wild-cluster-bootstrap" and row.p_value is not None for row in regression):
        return Estimate(reason="no-bootstrap")
    clusters, draws = setting.clusters or 0, study.inference.draws
    return Estimate(estimate=smallest_wild_bootstrap_p(clusters, draws, setting.alternative))


def _smallest_permutation_p(study: Study, scores: Scores, setting: Setting) -> Estimate:
    permuted = permuted_units(study, scores, setting.sample)
    if isinstance(permuted, str):
        return Estimate(reason=permuted)
    units, strata = permuted
    assignment = assignment_of(setting.sample.treatment == 1, strata, units)
    smallest = smallest_permutation_p(assignment.arms, setting.alternative)
    # Where there are too many divisions to list, they are drawn.
    return Estimate(estimate=max(smallest, 1.0 / (study.inference.draws + 1)))


def _detectable(study: Study, mixed: MixedModels) -> Estimate:
    """In standard deviations, power .8 at the study's alpha, intraclass correlation as observed within arms."""
    setting, fit = mixed.setting, mixed.within_arms
    if fit is None or fit.icc is None:
        return Estimate(reason="no-icc")
    found = _by_assignment(setting, fit.icc, fit.variances, 1.0 - study.inference.confidence)
    if found.effect is None:
        return Estimate(reason="no-df")
    return Estimate(estimate=found.effect, std_error=found.std_error, df=float(found.df))


def _by_assignment(setting: Setting, icc: float, variances: dict[str, float], alpha: float) -> DetectableEffect:
    sample = setting.sample
    assert sample.cluster is not None
    at_unit_level = int(sample.institution_level.sum()) + (sample.baseline is not None)
    both_arms = count_both_arms(sample.cluster, sample.treatment)
    institutions = int(np.unique(sample.cluster).size)
    alternative = setting.alternative
    if setting.assigned == "class" and sample.institution is not None and both_arms and sample.class_ is not None:
        classes = np.unique(sample.class_).size
        total = sum(variances.values())
        return detectable_with_classes_assigned(
            variances.get("class", 0.0) / total if total > 0.0 else 0.0,
            institutions,
            classes / institutions,
            _harmonic_mean(sample.class_),
            _share(sample.class_, sample.treatment),
            icc_institution=icc,
            alpha=alpha,
            alternative=alternative,
            class_covariates=int(sample.baseline is not None),
        )
    if setting.assigned == "student" and both_arms:
        return detectable_with_students_assigned(
            icc,
            institutions,
            sample.n / institutions,
            float(sample.treatment.mean()),
            effect_variation=None,
            alpha=alpha,
            alternative=alternative,
            covariates=len(sample.terms) - 2 - int(sample.institution_level.sum()),
        )
    return detectable_with_clusters_assigned(
        icc,
        institutions,
        _harmonic_mean(sample.cluster),
        _share(sample.cluster, sample.treatment),
        alpha=alpha,
        alternative=alternative,
        cluster_covariates=at_unit_level,
    )


def _harmonic_mean(codes: np.ndarray) -> float:
    sizes = np.unique(codes, return_counts=True)[1]
    return float(sizes.size / (1.0 / sizes).sum())


def _share(codes: np.ndarray, treatment: np.ndarray) -> float:
    """Share of the units that hold the experimental arm."""
    units = np.unique(codes).size
    return float(np.unique(codes[treatment == 1]).size / units)


def _weights(setting: Setting) -> dict[str, Estimate]:
    sample = setting.sample
    moments = Moments.from_rows(sample.X, sample.outcome, sample.cluster)
    fit = fit_least_squares(moments, sample.X, sample.outcome)
    if refusal := fit.refusal():
        return {term: Estimate(reason=refusal) for term in ("largest-share", "largest-leverage", "effective-clusters")}
    weights = cluster_weights(fit, moments, TREATMENT)
    return {
        "largest-share": Estimate(estimate=weights.largest_share),
        "largest-leverage": Estimate(estimate=weights.largest_leverage),
        "effective-clusters": Estimate(
            estimate=weights.effective_clusters,
            reason=None if weights.effective_clusters is not None else "treatment-inside-institutions",
        ),
    }
