"""What every regression row of one outcome shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expeval.analysis.row import estimate_row
from expeval.analysis.said import Said
from expeval.analysis.sample import RegressionSample, count_both_arms
from expeval.analysis.test import number_note
from expeval.results import EstimateRow
from expeval.scores.table import IntArray
from expeval.stats.estimate import Alternative, Estimate
from expeval.stats.independence import independent_columns
from expeval.study.spec import Outcome, Study

TREATMENT = 1


@dataclass(frozen=True, slots=True)
class Setting:
    """One outcome, its complete students and what the study file says of inference."""

    outcome: Outcome
    sample: RegressionSample
    assigned: str
    confidence: float
    alternative: Alternative

    def row(
        self,
        method: str,
        term: str,
        estimate: Estimate,
        clusters: int | None,
        *,
        analysis: str = "regression",
        notes: tuple[str | None, ...] = (),
    ) -> EstimateRow:
        """A row of this outcome's regressions."""
        sample = self.sample
        numbers = "win-fraction" if method.startswith("win-fraction") else number_note(self.outcome)
        return estimate_row(
            self.outcome.name,
            analysis,
            method,
            term,
            estimate,
            n=sample.n,
            institutions=None if sample.institution is None else int(np.unique(sample.institution).size),
            clusters=clusters,
            notes=(*notes, numbers if analysis == "regression" else None),
        )

    def alternative_for(self, column: int) -> Alternative:
        """The study's alternative speaks of the treatment alone."""
        return self.alternative if column == TREATMENT else "two-sided"

    @property
    def one_arm(self) -> bool:
        """Whether an arm has no complete student: then nothing is estimated."""
        return bool(np.unique(self.sample.treatment).size < 2)

    @property
    def clusters(self) -> int | None:
        """Institutions (classes where only these are named) among the complete students."""
        return None if self.sample.cluster is None else int(np.unique(self.sample.cluster).size)


def setting_of(study: Study, outcome: Outcome, sample: RegressionSample) -> Setting:
    """The setting of an outcome."""
    return Setting(outcome, sample, study.groups.assigned, study.inference.confidence, study.inference.alternative)


def without_collinear(outcome: Outcome, sample: RegressionSample, said: Said) -> RegressionSample:
    """Drop, by name, each column that earlier ones determine: R's rule, in the study file's order."""
    told = dict.fromkeys(sample.constant, "it has one level alone among these students")
    if sample.n and np.unique(sample.treatment).size == 2:
        independent = independent_columns(sample.X)
        for column, earlier in independent.dropped.items():
            others = [sample.terms[e] for e in earlier if e > 0]
            told[sample.terms[column]] = (
                "it is a linear combination of " + ", ".join(others)
                if others
                else "it is constant among these students"
            )
        sample = sample.keep(list(independent.kept))
    for name, why in told.items():
        said.decide("covariates", f"dropped {name}", f"Collinear: {why}; the later term is dropped, as R does.")
        said.warn("covariate-dropped", f"{name} was dropped from the regressions: {why}.")
    return sample


def units_of_assignment(sample: RegressionSample, assigned: str) -> tuple[IntArray, IntArray | None] | str | None:
    """The units whose means are compared and the institutions inside which, a reason, or nothing where students were.

    Classes inside institutions that hold both arms are compared inside them; where no institution does, the
    institutions themselves are the units, even if students were assigned.
    """
    cluster = sample.cluster
    if cluster is None or (assigned == "student" and inside_institutions(sample)):
        return None
    inside = sample.institution if assigned == "class" else None
    if inside is not None and count_both_arms(inside, sample.treatment):
        return "no-class-column" if sample.class_ is None else (sample.class_, inside)
    return cluster, None


def warn_of_small_categories(setting: Setting, minimum_cell: int, said: Said) -> None:
    """A coefficient of very few students tells of them, and rests on them."""
    sample = setting.sample
    small = [
        term
        for column, term in enumerate(sample.terms)
        if term.endswith("]") and 0 < sample.X[:, column].sum() < minimum_cell
    ]
    if small:
        said.warn(
            "small-category",
            f"Fewer than {minimum_cell} students carry {', '.join(small)}: the coefficient tells of them and is hardly "
            "known; merge the level with another.",
        )


def inside_institutions(sample: RegressionSample) -> bool:
    """Whether students were compared inside institutions: there is one alone, or some hold both arms."""
    cluster = sample.cluster
    return cluster is None or np.unique(cluster).size < 2 or count_both_arms(cluster, sample.treatment) > 0
