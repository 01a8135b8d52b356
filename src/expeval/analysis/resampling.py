"""Resampling inference for grouped students: the wild cluster bootstrap and randomisation inference."""

from __future__ import annotations

import numpy as np

from expeval.analysis.sample import permuted_units
from expeval.analysis.setting import TREATMENT, Setting, units_of_assignment
from expeval.results import EstimateRow
from expeval.scores.table import Scores
from expeval.stats.estimate import Estimate
from expeval.stats.least_squares import fit_least_squares
from expeval.stats.moments import Moments
from expeval.stats.randomisation import Randomisation, randomise_students, randomise_units
from expeval.stats.wild_bootstrap import wild_cluster_bootstrap
from expeval.study.spec import Study


def resampling_rows(study: Study, scores: Scores, setting: Setting) -> list[EstimateRow]:
    """``wild-cluster-bootstrap`` where units are named, and ``randomisation``, always (null where not randomised)."""
    rows = []
    if setting.sample.cluster is not None:
        estimate = Estimate(reason="no-units") if setting.one_arm else _wild_bootstrap(study, setting)
        rows.append(setting.row("wild-cluster-bootstrap", "treatment", estimate, setting.clusters))
    found = _randomisation(study, scores, setting)
    if isinstance(found, str):
        return [*rows, setting.row("randomisation", "treatment", Estimate(reason=found), None)]
    return [*rows, setting.row("randomisation", "treatment", found.estimate, found.units)]


def _wild_bootstrap(study: Study, setting: Setting) -> Estimate:
    sample = setting.sample
    moments = Moments.from_rows(sample.X, sample.outcome, sample.cluster)
    return wild_cluster_bootstrap(
        fit_least_squares(moments, sample.X, sample.outcome),
        moments,
        setting.confidence,
        draws=study.inference.draws,
        rng=_random(study, setting, "wild-cluster-bootstrap"),
        alternative=setting.alternative,
        treatment=TREATMENT,
    )


def _randomisation(study: Study, scores: Scores, setting: Setting) -> Randomisation | str:
    if not study.groups.randomised:
        return "not-randomised"
    if setting.one_arm:
        return "no-units"
    sample = setting.sample.sorted()  # the order of the rows in the file must not matter to what is drawn
    permuted = permuted_units(study, scores, sample)
    if isinstance(permuted, str):
        return permuted
    units, strata = permuted
    random = _random(study, setting, "randomisation")
    if units is None:
        institution = np.zeros(sample.n, dtype=np.int64) if sample.cluster is None else sample.cluster
        return randomise_students(
            sample.X[:, 1:],
            sample.outcome,
            institution,
            strata=strata,
            draws=study.inference.draws,
            rng=random,
            alternative=setting.alternative,
        )
    compared = units_of_assignment(sample, setting.assigned)
    inside = compared[1] if isinstance(compared, tuple) else None
    return randomise_units(
        sample.outcome,
        sample.X[:, TREATMENT],
        units,
        strata=strata,
        draws=study.inference.draws,
        rng=random,
        alternative=setting.alternative,
        institution=inside,
        institution_covariates=sample.X[:, sample.institution_level],
        baseline=None if sample.baseline is None else sample.X[:, sample.baseline],
    )


def _random(study: Study, setting: Setting, method: str) -> np.random.Generator:
    """A stream of its own for each outcome and method, whatever else is computed."""
    return np.random.default_rng([study.inference.seed, *f"{setting.outcome.name}\x00{method}".encode()])
