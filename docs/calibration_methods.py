"""What each method says of a simulated study, and how often it is wrong (for ``make_calibration.py``).

The estimators are called directly, because a whole run computes much that is not asked here.  The program's own rule
is asked of the program: :class:`Rule`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from calibration_studies import SEED, Cell, Drawn, draw

from expeval.analysis.choose import Plan, choose
from expeval.analysis.design import observe
from expeval.analysis.mixed_model import MixedModels, fit_mixed_models, mixed_rows
from expeval.analysis.primary import mark_primary, settle
from expeval.analysis.regression import regression_rows
from expeval.analysis.said import Said
from expeval.analysis.sample import regression_sample, two_groups
from expeval.analysis.setting import Setting, setting_of, without_collinear
from expeval.analysis.superiority import superiority_rows
from expeval.results import EstimateRow
from expeval.scores.table import Categories, FloatArray, IntArray, Numbers, Scores
from expeval.stats.cluster_robust import Kind, cluster_leverage, cluster_robust_term
from expeval.stats.estimate import Estimate
from expeval.stats.fixed_effects import fixed_effects
from expeval.stats.least_squares import fit_least_squares, fitted_rows, hc3
from expeval.stats.mixed import MixedFit, fit_mixed
from expeval.stats.mixed_df import kenward_roger, satterthwaite
from expeval.stats.moments import Moments
from expeval.stats.ordinal import adjusted_superiority, win_fractions
from expeval.stats.randomisation import randomise_students, randomise_units
from expeval.stats.t_tests import welch
from expeval.stats.unit_means import unit_means
from expeval.stats.wild_bootstrap import wild_cluster_bootstrap
from expeval.study.spec import Study

# Methods that take most of the time have a quarter of the runs; the program's own path is replayed in a few.
SLOW = ("wild-cluster-bootstrap", "randomisation", "mixed-random-slope")
SLOW_SHARE = 4
REPLAYED = 3
DRAWS = 999
CONFIDENCE, LEVEL = 0.95, 0.05
TREATMENT = 1
SUPERIORITY = "probability-of-superiority-"


@dataclass(slots=True)
class Count:
    """How one method fared in one cell.

    ``answered``: runs with a p-value; ``intervals``: with an interval; ``chosen``: runs in which ``auto`` took it.
    """

    method: str
    runs: int = 0
    answered: int = 0
    alarms: int = 0
    intervals: int = 0
    covered: int = 0
    chosen: int = 0

    def add(self, found: Estimate, truth: float) -> None:
        """One study more."""
        self.runs += 1
        if found.p_value is None:
            return
        self.answered += 1
        self.alarms += found.p_value <= LEVEL
        if self.method == "randomisation":
            return
        # The bootstrap's interval may have no end on a side.
        low = -math.inf if found.conf_low is None else found.conf_low
        high = math.inf if found.conf_high is None else found.conf_high
        self.intervals += 1
        self.covered += low <= truth <= high


class Analysed:
    """The estimates of one study by the program's estimators, and what the rule needs to settle."""

    def __init__(self, cell: Cell, study: Drawn, slow: bool, rng: np.random.Generator) -> None:
        self.intercept: MixedFit | None = None
        self.wins: MixedFit | None = None
        self.found: dict[str, Estimate] = {}
        if cell.kind == "score":
            self._scores(cell, study)
            if slow:
                self._slow(cell, study, rng)
        else:
            self._marks(cell, study)

    def _scores(self, cell: Cell, study: Drawn) -> None:
        X, y, found = study.columns, study.outcome, self.found
        moments = Moments.from_rows(X, y, study.institution)
        fit = fit_least_squares(moments, X, y)
        leverage = cluster_leverage(fit, moments)
        treated = study.treatment == 1.0
        found["welch"] = welch(y[treated], y[~treated], CONFIDENCE)
        kinds: tuple[Kind, ...] = ("cr1", "cr2", "cr3") if cell.assigned == "institution" else ("cr2",)
        for kind in kinds:
            found[f"ols-{kind}"] = cluster_robust_term(fit, leverage, kind, TREATMENT, CONFIDENCE)
        found |= _inside(cell, study, y)
        self.intercept = _mixed(study, y, moments, slope=False)
        found["mixed-satterthwaite"] = satterthwaite(self.intercept, TREATMENT, CONFIDENCE)
        found["mixed-kenward-roger"] = kenward_roger(self.intercept, TREATMENT, CONFIDENCE)

    def _slow(self, cell: Cell, study: Drawn, rng: np.random.Generator) -> None:
        X, y = study.columns, study.outcome
        moments = Moments.from_rows(X, y, study.institution)
        if cell.assigned != "institution":
            slope = _mixed(study, y, moments, slope=True)
            self.found["mixed-random-slope"] = satterthwaite(slope, TREATMENT, CONFIDENCE)
        if cell.assigned == "institution":
            fit = fit_least_squares(moments, X, y)
            self.found["wild-cluster-bootstrap"] = wild_cluster_bootstrap(
                fit, moments, CONFIDENCE, draws=DRAWS, rng=rng
            )
            drawn = randomise_units(y, study.treatment, study.institution, strata=None, draws=DRAWS, rng=rng)
            self.found["randomisation"] = drawn.estimate
        elif study.class_ is not None:
            drawn = randomise_units(
                y,
                study.treatment,
                study.class_,
                strata=study.institution,
                draws=DRAWS,
                rng=rng,
                institution=study.institution,
            )
            self.found["randomisation"] = drawn.estimate
        elif cell.institutions <= 8 and cell.sizes != "one of 600":  # a pass over the students a division: slow
            drawn = randomise_students(X[:, 1:], y, study.institution, strata=study.institution, draws=DRAWS, rng=rng)
            self.found["randomisation"] = drawn.estimate

    def _marks(self, cell: Cell, study: Drawn) -> None:
        X, treated = study.columns, study.treatment == 1.0
        wins = win_fractions(study.outcome, study.treatment)
        moments = Moments.from_rows(X, wins, study.institution)
        fit = fit_least_squares(moments, X, wins)
        self.wins = _mixed(study, wins, moments, slope=False)
        regressions = {
            "hc3": hc3(fit, fitted_rows(fit, X, wins), TREATMENT, CONFIDENCE),
            "cr2": cluster_robust_term(fit, cluster_leverage(fit, moments), "cr2", TREATMENT, CONFIDENCE),
            **_inside(cell, study, wins),
            "mixed": kenward_roger(self.wins, TREATMENT, CONFIDENCE),
        }
        unadjusted = float(wins[treated].mean())
        for method, regression in regressions.items():
            self.found[SUPERIORITY + method] = adjusted_superiority(regression, unadjusted, CONFIDENCE)


def _inside(cell: Cell, study: Drawn, y: FloatArray) -> dict[str, Estimate]:
    """Unit means, and institution intercepts where institutions hold both arms."""
    found = {}
    treatment = study.treatment
    if cell.assigned != "institution":
        columns = treatment[:, None]
        found["fixed-effects-cr2"] = fixed_effects(columns, y, study.institution, "cr2", CONFIDENCE).estimate
        found["fixed-effects-hc3"] = fixed_effects(columns, y, study.institution, "hc3", CONFIDENCE).estimate
    if cell.assigned == "institution":
        found["unit-means"] = unit_means(y, treatment, study.institution, CONFIDENCE).estimate
    elif study.class_ is not None:
        means = unit_means(y, treatment, study.class_, CONFIDENCE, institution=study.institution)
        found["unit-means"] = means.estimate
    return found


def _mixed(study: Drawn, y: FloatArray, moments: Moments, slope: bool) -> MixedFit:
    if study.class_ is None:
        return fit_mixed(moments, None, classes=False, slope=slope)
    first = np.unique(study.class_, return_index=True)[1]
    by_class = Moments.from_rows(study.columns, y, study.class_)
    return fit_mixed(by_class, study.institution[first], classes=True, slope=slope)


# --------------------------------------------------------------------------------------- the program's own rule


class Rule:
    """``model = "auto"`` in one cell: chosen by the program before any outcome, settled by it in every run."""

    def __init__(self, cell: Cell, first: Drawn) -> None:
        self.cell = cell
        self.study = study_of(cell)
        scores = scores_of(first)
        outcome = self.study.outcomes[0]
        groups, sample = two_groups(scores, outcome), regression_sample(scores, self.study, outcome)
        # The design holds nothing of the difference, so that one plan serves all runs; replays see to it.
        self.plan: Plan = choose(self.study, observe(self.study, scores, outcome, groups, sample))
        self.setting: Setting = setting_of(self.study, outcome, sample)

    def method(self, analysed: Analysed) -> str:
        """The row that is the answer, by the name of its estimate."""
        mixed = MixedModels(self.setting, intercept=analysed.intercept, wins=analysed.wins)
        settled = settle(self.plan, mixed, Said("score")).method
        return settled.replace("win-fraction-", SUPERIORITY)

    def answer(self, analysed: Analysed) -> Estimate:
        """The answer; no p where the estimate stands alone."""
        found = analysed.found[self.method(analysed)]
        return found.alone("too-few-units") if self.plan.estimate_only else found

    def replay(self, study: Drawn, answer: Estimate) -> None:
        """The same study through every step of a run that leads to its answer; refuse another one."""
        row = answer_of(self.study, scores_of(study))
        for name in ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high"):
            here, there = getattr(answer, name), getattr(row, name)
            if (here is None) != (there is None) or (here is not None and not math.isclose(here, there, rel_tol=1e-6)):
                raise ArithmeticError(f"{self.cell}: {name} is {there} by a run, {here} by this script")


def answer_of(study: Study, scores: Scores) -> EstimateRow:
    """The row that a run tells, by its own steps (:func:`expeval.run.analyse_outcome`)."""
    outcome = study.outcomes[0]
    said = Said(outcome.name)
    groups, sample = two_groups(scores, outcome), regression_sample(scores, study, outcome)
    plan = choose(study, observe(study, scores, outcome, groups, sample))
    setting = setting_of(study, outcome, without_collinear(outcome, sample, said))
    mixed = fit_mixed_models(setting)
    plan = settle(plan, mixed, said)
    rows = mark_primary([*regression_rows(setting), *mixed_rows(mixed, said)], plan, setting)
    if outcome.kind == "ordinal":
        rows = superiority_rows(study, sample, rows)
        return next(row for row in rows if row.method == f"{SUPERIORITY}clustered")
    return next(row for row in rows if row.primary)


def study_of(cell: Cell) -> Study:
    """The study file of a cell."""
    outcome: dict[str, object] = {"name": "score", "column": "score", "kind": cell.kind}
    if cell.kind == "ordinal":
        outcome["levels"] = [2, 3, 4, 5]
    data = {"files": ["data.csv"], "student": "student", "institution": "school"}
    if cell.assigned == "class":
        data["class"] = "class"
    return Study.model_validate(
        {
            "study": {"title": "Calibration", "simulated": True},
            "data": data,
            "groups": {
                "column": "group",
                "experimental": ["new"],
                "control": ["old"],
                "assigned": cell.assigned,
                "randomised": True,
            },
            "outcomes": [outcome],
            "inference": {"draws": DRAWS, "confidence": CONFIDENCE},
        }
    )


def scores_of(study: Drawn) -> Scores:
    """The study as if it had been read from a file."""
    return Scores(
        arm=study.treatment.astype(np.int64),
        outcomes={"score": Numbers(study.outcome)},
        baselines={},
        covariates={},
        institution=_categories(study.institution),
        class_=None if study.class_ is None else _categories(study.class_),
        strata=None,
        left_out={},
        sources=(),
    )


def _categories(codes: IntArray) -> Categories:
    return Categories(codes, tuple(f"{code:04d}" for code in range(int(codes.max()) + 1)))


def simulate(cell: Cell, runs: int) -> list[Count]:
    """All runs of a cell, from a seed of its own."""
    rng = np.random.default_rng([SEED, *repr(cell).encode()])
    counts: dict[str, Count] = {}
    rule: Rule | None = None
    for run in range(runs):
        study = draw(cell, rng)
        rule = rule or Rule(cell, study)
        analysed = Analysed(cell, study, run < max(1, runs // SLOW_SHARE), rng)
        auto, method = rule.answer(analysed), rule.method(analysed)
        if run < REPLAYED:
            rule.replay(study, auto)
        for name, estimate in (*analysed.found.items(), ("auto", auto)):
            count = counts.setdefault(name, Count(name))
            here = (method if name == "auto" else name) == "fixed-effects-hc3"
            count.add(estimate, study.truth_here if here else study.truth)
        counts[method].chosen += 1
    return list(counts.values())
