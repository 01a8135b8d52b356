"""Several cohorts in one study: what their coming one after the other can hide."""

from __future__ import annotations

import numpy as np

from expeval.results import WarningRow
from expeval.scores.table import Scores


def cohort_warnings(scores: Scores) -> list[WarningRow]:
    """Arms that no cohort has together: then the groups differ in their years as well as in their teaching."""
    cohort = scores.cohort
    if cohort is None or np.unique(cohort.codes).size < 2 or np.unique(scores.arm).size < 2:
        return []
    arms = [np.unique(scores.arm[cohort.codes == code]).size for code in np.unique(cohort.codes)]
    if max(arms) == 1:
        words = (
            "No cohort holds both arms: the difference between the groups is also one between their cohorts, and no "
            "analysis can tell the two apart."
        )
        return [WarningRow(None, "arms-in-different-cohorts", words)]
    if min(arms) == 1:
        words = (
            "Some cohorts hold one arm alone: they say nothing of the difference, and help only to know how far the "
            "covariates matter."
        )
        return [WarningRow(None, "cohorts-with-one-arm", words)]
    return []
