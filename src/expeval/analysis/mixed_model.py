"""Mixed models of one outcome: their regressions, variances, and what they predict for each institution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expeval.analysis.said import Said
from expeval.analysis.setting import TREATMENT, Setting
from expeval.results import EstimateRow
from expeval.scores.table import FloatArray, IntArray
from expeval.stats.estimate import Estimate, z_quantile
from expeval.stats.mixed import MixedFit, fit_mixed
from expeval.stats.mixed_df import kenward_roger, satterthwaite
from expeval.stats.mixed_effects import institution_effects
from expeval.stats.mixed_icc import icc_interval
from expeval.stats.moments import Moments
from expeval.stats.ordinal import win_fractions

# Below this relative standard deviation the institutions' variance counts as zero (decision table, last words).
ZERO_THETA = 1e-4
# From this ratio of errors on, the random intercept alone is said to be too sure.
OVERCONFIDENT = 1.25
BOUNDARY = {
    "institution": "boundary-institution",
    "class": "boundary-class",
    "treatment": "boundary-treatment",
    "correlation": "boundary-correlation",
}


@dataclass(frozen=True, slots=True)
class MixedModels:
    """The fitted models of one outcome; all ``None`` where the study names neither institution nor class.

    Attributes
    ----------
    intercept
        Random intercept of the institution, and of the class where one is named.
    slope
        The same with a random slope of the treatment.
    wins
        ``intercept`` on win fractions; ordinal outcomes alone.
    unconditional, within_arms
        Without any regressor, and with the treatment alone.
    """

    setting: Setting
    intercept: MixedFit | None = None
    slope: MixedFit | None = None
    wins: MixedFit | None = None
    unconditional: MixedFit | None = None
    within_arms: MixedFit | None = None

    def at_zero(self, method: str) -> bool:
        """Whether the model behind a row finds no variance between institutions."""
        fit = self._behind(method)
        if fit is None or fit.reason is not None:
            return False
        return fit.variances["institution"] < ZERO_THETA**2 * fit.variances["residual"]

    def residuals(self, method: str) -> FloatArray:
        """(n,) outcome less fixed part and institution's effect, over their root mean square; empty without a model."""
        fit = self._behind(method)
        effects = None if fit is None else institution_effects(fit)
        if fit is None or fit.coefficients is None or effects is None:
            return np.empty(0)
        sample = self.setting.sample
        assert sample.cluster is not None
        outcome = win_fractions(sample.outcome, sample.X[:, TREATMENT]) if fit is self.wins else sample.outcome
        place = np.searchsorted(effects.institutions, sample.cluster)
        left = outcome - sample.X @ fit.coefficients - effects.intercept[place]
        if effects.slope is not None:
            left = left - effects.slope[place] * sample.X[:, TREATMENT]
        spread = float(np.sqrt((left**2).mean()))
        return np.asarray(left / spread) if spread > 0.0 else np.empty(0)

    def predicted(self, institution: int, *, difference: bool) -> Estimate:
        """The difference of the arms inside an institution (random slope), or its mean (random intercept)."""
        fit = self.slope if difference else self.intercept
        effects = None if fit is None else institution_effects(fit)
        if fit is None or effects is None:
            return Estimate(reason="no-units" if fit is None else fit.reason or "not-computable")
        values = effects.treatment if difference else effects.mean
        errors = effects.treatment_std_error if difference else effects.mean_std_error
        if values is None or errors is None:
            return Estimate(reason="not-computable")
        place = int(np.searchsorted(effects.institutions, institution))
        value, error = float(values[place]), float(errors[place])
        margin = z_quantile(0.5 + self.setting.confidence / 2.0) * error
        return Estimate(
            estimate=value, std_error=error, conf_low=value - margin, conf_high=value + margin, variant="prediction"
        )

    def _behind(self, method: str) -> MixedFit | None:
        if method == "win-fraction-mixed":
            return self.wins
        return self.slope if method == "mixed-random-slope" else self.intercept


def fit_mixed_models(setting: Setting) -> MixedModels:
    """Fit every mixed model of an outcome by REML on its per-class (per-institution) moments."""
    sample = setting.sample
    if sample.cluster is None or setting.one_arm:
        return MixedModels(setting)
    finest, institution = _clusters(setting)
    classes = institution is not None
    moments = Moments.from_rows(sample.X, sample.outcome, finest, sample.terms)
    wins = None
    if setting.outcome.kind == "ordinal":
        of_wins = Moments.from_rows(sample.X, win_fractions(sample.outcome, sample.X[:, TREATMENT]), finest)
        wins = fit_mixed(of_wins, institution, classes=classes, slope=False)
    return MixedModels(
        setting=setting,
        intercept=fit_mixed(moments, institution, classes=classes, slope=False),
        slope=fit_mixed(moments, institution, classes=classes, slope=True),
        wins=wins,
        unconditional=fit_mixed(moments.select([0]), institution, classes=classes, slope=False),
        within_arms=fit_mixed(moments.select([0, TREATMENT]), institution, classes=classes, slope=False),
    )


def _clusters(setting: Setting) -> tuple[IntArray, IntArray | None]:
    """(n,) codes of the finest clusters, and the institution of each where classes lie inside institutions."""
    sample = setting.sample
    assert sample.cluster is not None
    if sample.institution is None or sample.class_ is None:
        return sample.cluster, None
    classes, first = np.unique(sample.class_, return_index=True)
    assert classes.size
    return sample.class_, sample.institution[first]


def mixed_rows(mixed: MixedModels, said: Said) -> list[EstimateRow]:
    """Regressions with Satterthwaite's and Kenward–Roger's df, log-likelihood, variances, intraclass correlations."""
    setting = mixed.setting
    if setting.sample.cluster is None:
        return []
    if mixed.intercept is None or mixed.slope is None:
        return _nothing(setting)
    rows = _coefficient_rows(setting, mixed.intercept)
    estimate = satterthwaite(mixed.slope, TREATMENT, setting.confidence, setting.alternative)
    rows.append(setting.row("mixed-random-slope", "treatment", estimate, setting.clusters, notes=_notes(mixed.slope)))
    if mixed.wins is not None:
        estimate = kenward_roger(mixed.wins, TREATMENT, setting.confidence, setting.alternative)
        rows.append(
            setting.row("win-fraction-mixed", "treatment", estimate, setting.clusters, notes=_notes(mixed.wins))
        )
    rows.append(_fit_row(setting, mixed.intercept))
    rows += _variance_rows(setting, mixed)
    _tell(mixed, said)
    return rows


def _coefficient_rows(setting: Setting, fit: MixedFit) -> list[EstimateRow]:
    rows = []
    for method, degrees in (("mixed-satterthwaite", satterthwaite), ("mixed-kenward-roger", kenward_roger)):
        for column, term in enumerate(setting.sample.terms):
            estimate = degrees(fit, column, setting.confidence, setting.alternative_for(column))
            rows.append(setting.row(method, term, estimate, setting.clusters, notes=_notes(fit)))
    return rows


def _notes(fit: MixedFit) -> tuple[str | None, ...]:
    """Components at zero, and those that these data can't tell from others."""
    return (*(BOUNDARY[name] for name in fit.boundary), *fit.omitted.values())


def _fit_row(setting: Setting, fit: MixedFit) -> EstimateRow:
    estimate = Estimate(estimate=fit.log_likelihood, reason=fit.reason)
    return setting.row("mixed", "log-likelihood", estimate, setting.clusters, analysis="fit", notes=_notes(fit))


def _variance_rows(setting: Setting, mixed: MixedModels) -> list[EstimateRow]:
    assert mixed.intercept is not None
    assert mixed.slope is not None
    assert mixed.unconditional is not None
    assert mixed.within_arms is not None
    clusters = setting.clusters
    unit = "class" if setting.sample.institution is None else "institution"
    inside = ["class"] if setting.sample.institution is not None and setting.sample.class_ is not None else []
    rows = []
    for method, fit, terms in (
        ("mixed", mixed.intercept, ["institution", *inside, "residual"]),
        ("mixed-random-slope", mixed.slope, ["institution", *inside, "residual", "treatment"]),
    ):
        for name in terms:
            term = unit if name == "institution" else name
            at_zero = (BOUNDARY[name],) if name in fit.boundary else ()
            rows.append(setting.row(method, term, fit.variance(name), clusters, analysis="variance", notes=at_zero))
    for method, fit in (("unconditional", mixed.unconditional), ("within-arms", mixed.within_arms)):
        estimate = icc_interval(fit, setting.confidence)
        rows.append(setting.row(method, "icc", estimate, clusters, analysis="variance", notes=_notes(fit)))
    return rows


def _nothing(setting: Setting) -> list[EstimateRow]:
    """Every row keeps its place where an arm has no complete student."""
    empty = Estimate(reason="no-units")
    rows = [
        setting.row(method, term, empty, None)
        for method in ("mixed-satterthwaite", "mixed-kenward-roger")
        for term in setting.sample.terms
    ]
    single = ["mixed-random-slope", *(["win-fraction-mixed"] if setting.outcome.kind == "ordinal" else [])]
    rows += [setting.row(method, "treatment", empty, None) for method in single]
    rows.append(setting.row("mixed", "log-likelihood", empty, None, analysis="fit"))
    unit = "class" if setting.sample.institution is None else "institution"
    for method, terms in (("mixed", (unit, "residual")), ("mixed-random-slope", (unit, "residual", "treatment"))):
        rows += [setting.row(method, term, empty, None, analysis="variance") for term in terms]
    for method in ("unconditional", "within-arms"):
        rows.append(setting.row(method, "icc", empty, None, analysis="variance"))
    return rows


def _tell(mixed: MixedModels, said: Said) -> None:
    """Variances at zero, and a random intercept that is surer than a random slope allows."""
    fit, slope = mixed.intercept, mixed.slope
    assert fit is not None
    assert slope is not None
    at_zero = [name for name in ("institution", "class") if name in fit.boundary]
    if at_zero:
        what = " and ".join(f"{name}s" if name == "institution" else "classes" for name in at_zero)
        said.warn(
            "zero-variance",
            f"The variance between {what} is estimated at zero (a boundary fit, an ordinary result): they differ by no "
            "more than chance would make them. Satterthwaite's degrees of freedom then forget them, "
            "Kenward–Roger's do not.",
        )
    if fit.covariance is None or slope.covariance is None or mixed.setting.sample.class_ is not None:
        return
    errors = [float(np.sqrt(model.covariance[TREATMENT, TREATMENT])) for model in (fit, slope)]  # type: ignore[index]
    if errors[1] > OVERCONFIDENT * errors[0]:
        said.warn(
            "intercept-alone-overconfident",
            f"The random intercept of the institution alone gives a standard error of {errors[0]:.3g}, with a random "
            f"slope of the treatment it is {errors[1]:.3g}: students of one class share a teacher (the data name no "
            "class), or the effect differs between institutions. Without classes the two can't be told apart; the "
            "smaller error is too small either way.",
        )
