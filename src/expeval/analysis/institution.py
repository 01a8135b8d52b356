"""Institution by institution, and how alike the students of one institution are."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from expeval.analysis.mixed_model import MixedModels
from expeval.analysis.row import estimate_row
from expeval.analysis.sample import TwoGroups
from expeval.results import EstimateRow
from expeval.scores.table import Scores
from expeval.stats.describe import describe
from expeval.stats.estimate import Estimate, from_t
from expeval.stats.intraclass import anova_icc, moulton_factor
from expeval.stats.t_tests import welch
from expeval.study.spec import Outcome, Study


def institution_rows(study: Study, scores: Scores, outcome: Outcome, groups: TwoGroups) -> list[EstimateRow]:
    """The raw difference inside each institution that holds both arms, else its mean.

    Institutions with fewer than ``minimum_cell`` students in an arm keep their row, without numbers.
    """
    if scores.institution is None or groups.institution is None:
        return []
    names = institution_names(study, scores)
    rows = []
    for code in np.unique(groups.institution[groups.institution >= 0]):
        here = groups.institution == code
        arms = [groups.outcome[here & (groups.treatment == arm)] for arm in (1, 0)]
        arms = [arm for arm in arms if arm.size]
        estimate = _inside(arms, study.inference.confidence, study.report.minimum_cell)
        rows.append(
            estimate_row(
                outcome.name,
                "institution",
                "raw",
                names[code],
                estimate,
                n=int(here.sum()),
                institutions=1,
                clusters=None,
            )
        )
    return sorted(rows, key=lambda row: row.term)


def shrunken_rows(study: Study, scores: Scores, mixed: MixedModels) -> list[EstimateRow]:
    """What the mixed model predicts for each institution: its difference where it holds both arms, else its mean.

    The interval is that of the prediction, variances taken as known; small institutions as in :func:`institution_rows`.
    """
    setting, sample = mixed.setting, mixed.setting.sample
    if scores.institution is None or sample.institution is None or mixed.intercept is None:
        return []
    names = institution_names(study, scores)
    rows = []
    for code in np.unique(sample.institution):
        here = sample.institution == code
        arms = [int((sample.treatment[here] == arm).sum()) for arm in (1, 0)]
        small = any(0 < n < study.report.minimum_cell for n in arms)
        estimate = Estimate(reason="small-cell") if small else mixed.predicted(int(code), difference=all(arms))
        row = setting.row("shrunken", names[code], estimate, None, analysis="institution")
        rows.append(replace(row, n=int(here.sum()), institutions=1))
    return sorted(rows, key=lambda row: row.term)


def _inside(arms: list[np.ndarray], confidence: float, minimum_cell: int) -> Estimate:
    if any(arm.size < minimum_cell for arm in arms):
        return Estimate(reason="small-cell")
    if len(arms) == 2:
        return welch(arms[0], arms[1], confidence, "two-sided")
    d = describe(arms[0])
    if d.mean is None or d.sd is None:
        return Estimate(estimate=d.mean, reason="arm-of-one")
    interval = from_t(d.mean, d.sd / d.n**0.5, d.n - 1, confidence)
    # A mean has an interval; a test of the mean against zero would answer no question.
    return replace(interval, statistic=None, p_value=None)


def institution_names(study: Study, scores: Scores) -> list[str]:
    """The labels as the report may show them: as they are, or numbered in an order that tells nothing.

    The order comes from a hash of all students' scores, and of the institution's own: who lacks them can't find it,
    and no name goes into it, so that a copy of the data with other names gives the same numbers.
    """
    assert scores.institution is not None
    labels = scores.institution.labels
    if study.report.institutions == "name":
        return list(labels)
    key = _secret(scores)
    # Institutions have their places from what their students hold, not from their names.
    order = sorted(range(len(labels)), key=lambda i: hashlib.sha256(key + str(i).encode()).digest())
    width = max(2, len(str(len(labels))))
    names = [""] * len(labels)
    for position, i in enumerate(order, start=1):
        names[i] = f"Institution {position:0{width}d}"
    return names


def _secret(scores: Scores) -> bytes:
    """A hash of every student's scores, whatever the order of the rows and the names; it is in no output."""
    assert scores.institution is not None
    columns = [numbers.values for numbers in scores.outcomes.values()]
    columns += [scores.arm.astype(np.float64), scores.institution.codes.astype(np.float64)]
    rows = np.column_stack(columns)[np.lexsort(columns)]
    return hashlib.sha256(b"expeval pseudonyms" + np.ascontiguousarray(rows + 0.0).tobytes()).digest()


def variance_rows(study: Study, outcome: Outcome, groups: TwoGroups) -> list[EstimateRow]:
    """Intraclass correlation within arms, design effect of the comparison, effective sample size."""
    cluster = groups.cluster
    if cluster is None or np.unique(cluster).size < 2:
        return []
    known = cluster >= 0
    outcomes, treatment, cluster = groups.outcome[known], groups.treatment[known], cluster[known]
    icc = anova_icc(outcomes, treatment, cluster)
    n, clusters = int(outcomes.size), int(np.unique(cluster).size)
    if icc is None:
        estimates = dict.fromkeys(("icc", "design-effect", "effective-n"), Estimate(reason="not-computable"))
    else:
        effect = moulton_factor(icc, treatment, cluster)
        estimates = {
            "icc": Estimate(estimate=icc),
            "design-effect": Estimate(estimate=effect),
            "effective-n": Estimate(estimate=n / effect),
        }
    institutions = None if groups.institution is None else clusters
    return [
        estimate_row(
            outcome.name, "variance", "anova", term, estimate, n=n, institutions=institutions, clusters=clusters
        )
        for term, estimate in estimates.items()
    ]
