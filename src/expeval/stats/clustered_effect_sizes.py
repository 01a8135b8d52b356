"""Effect sizes of studies with institutions: the primary coefficient in units of the students' spread.

None of these looks at rows: they turn a coefficient with its error into other units. What is divided by is said by the
name: the sd of students within arms over all institutions (WWC), or of an unconditional mixed model (EEF).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from expeval.stats.effect_sizes import small_sample_factor
from expeval.stats.estimate import Estimate, finite, t_quantile


def clustering_factor(n: int, clusters: int, icc: float) -> float:
    """γ = 1 - 2(n̄ - 1)ρ/(N - 2): what the pooled within-arm variance lacks of the total one, where arms are clusters.

    With whole clusters in each arm, the squares about an arm's mean hold less than all of the variance between
    clusters. Arms and clusters are taken as of equal size (n̄ = N/J).

    Parameters
    ----------
    n, clusters
        Students N and clusters J.
    icc
        ρ, within arms.

    References
    ----------
    Hedges (2007), J. Educational and Behavioral Statistics 32:341; WWC (2022), Procedures and Standards
    Handbook 5.0, appendix E.
    """
    return 1.0 - 2.0 * (n / clusters - 1.0) * icc / (n - 2.0)


def clustered_df(n: int, clusters: int, icc: float) -> float:
    """h: degrees of freedom of the pooled within-arm variance when students of a cluster are alike.

    h = [(N - 2) - 2(n̄ - 1)ρ]²/{(N - 2)(1 - ρ)² + n̄(N - 2n̄)ρ² + 2(N - 2n̄)ρ(1 - ρ)}, n̄ = N/J: N - 2 where ρ = 0,
    J - 2 where ρ = 1 (0 where that leaves nothing).

    References
    ----------
    WWC (2022), Procedures and Standards Handbook 5.0, eq. E.21, p. 171.

    Examples
    --------
    >>> round(clustered_df(100, 20, 0.1), 1)
    94.4
    """
    size = n / clusters
    rest = n - 2.0 * size
    numerator = ((n - 2.0) - 2.0 * (size - 1.0) * icc) ** 2
    denominator = (n - 2.0) * (1.0 - icc) ** 2 + size * rest * icc**2 + 2.0 * rest * icc * (1.0 - icc)
    return numerator / denominator if denominator > 0.0 else 0.0


def hedges_g_clustered(
    coefficient: float | None,
    std_error: float | None,
    df: float | None,
    *,
    sd: float | None,
    icc: float | None,
    n: int,
    clusters: int,
    confidence: float,
) -> Estimate:
    """What Works Clearinghouse's g: coefficient over the pooled unadjusted within-arm sd, times √γ and J(h).

    std_error² = γ (std_error/S)² + g²/(2h): the coefficient's own error, which knows of clusters and covariates, and
    the sd's; without J², as Hedges et al. (2023) found by simulation. Interval: g ± t(df) std_error.

    Parameters
    ----------
    coefficient, std_error, df
        Of the primary row; ``None`` where it has none.
    sd
        S: the outcome's pooled sd within arms, students as they come, no covariate taken out.
    icc
        ρ: of the model with treatment only.
    n, clusters
        Students N and clusters J of the regression.
    confidence
        Of the interval.

    Returns
    -------
    Estimate
        No statistic and no p: the primary row tests the coefficient. Null: ``"primary-without-estimate"``,
        ``"no-spread"`` (sd zero or none), ``"no-icc"``, ``"no-df"`` (h not above 1, N not above 2); estimate alone:
        ``"primary-without-error"``.

    References
    ----------
    WWC (2022), Procedures and Standards Handbook 5.0, appendix E (J is its ω in exact gamma form: Hedges 1981, eq. 6e).
    WWC (2020), Supplement to the Procedures Handbook 4.1 (errors of coefficients). Hedges, Tipton, Zejnullahi & Diaz
    (2023), British J. Mathematical and Statistical Psychology 76:436.
    """
    if coefficient is None:
        return Estimate(reason="primary-without-estimate")
    if sd is None or not sd > 0.0:
        return Estimate(reason="no-spread")
    if icc is None:
        return Estimate(reason="no-icc")
    if n <= 2 or clusters < 2:
        return Estimate(reason="no-df")
    gamma = clustering_factor(n, clusters, icc)
    h = clustered_df(n, clusters, icc)
    if not (gamma > 0.0 and h > 1.0):
        return Estimate(reason="no-df")
    factor = math.sqrt(gamma) * small_sample_factor(h)
    estimate = finite(coefficient / sd * factor)
    if estimate is None:
        return Estimate(reason="not-computable")
    error_share = None if std_error is None else gamma * (std_error / sd) ** 2
    return _with_interval(estimate, error_share, 1.0 / (2.0 * h), df, confidence)


def hedges_g_eef(
    coefficient: float | None,
    std_error: float | None,
    df: float | None,
    *,
    total_sd: float | None,
    icc: float | None,
    sizes_experimental: Sequence[int],
    sizes_control: Sequence[int],
    confidence: float,
) -> Estimate:
    """Education Endowment Foundation's effect size: coefficient over the total sd of the model without regressors.

    No correction for small samples or clustering: the variances of a mixed model are nearly unbiased, and Hedges'
    factor belongs to the naive sd. std_error² = (std_error/σ)² + d² V, V the relative variance of the total variance
    over four: with n_j the clusters' sizes of an arm and N_a its students,
    V = [(N - 2)(1 - ρ)² + Aρ² + 2Bρ(1 - ρ)]/{2(N - 2)[(N - 2) - ρ(N - 2 - B)]},
    A = Σ_a [N_a² Σn_j² + (Σn_j²)² - 2N_a Σn_j³]/N_a², B = Σ_a (N_a² - Σn_j²)/N_a. Interval: d ± t(df) std_error.

    Parameters
    ----------
    coefficient, std_error, df
        Of the primary row; ``None`` where it has none.
    total_sd, icc
        σ = √(sum of the variances) and ρ of the unconditional model.
    sizes_experimental, sizes_control
        Students of the arm in each cluster that holds any: Σ over both arms is N. V is derived for clusters of one arm.

    Returns
    -------
    Estimate
        Null: ``"primary-without-estimate"``, ``"no-spread"``, ``"no-icc"``; estimate alone:
        ``"primary-without-error"``, ``"no-df"`` (an arm is one cluster).

    References
    ----------
    EEF (2022), Statistical analysis guidance (total unconditional variance). Hedges (2007), J. Educational and
    Behavioral Statistics 32:341 (V, unequal sizes; as the EEF's R package eefAnalytics has it).
    """
    if coefficient is None:
        return Estimate(reason="primary-without-estimate")
    if total_sd is None or not total_sd > 0.0:
        return Estimate(reason="no-spread")
    if icc is None:
        return Estimate(reason="no-icc")
    estimate = finite(coefficient / total_sd)
    if estimate is None:
        return Estimate(reason="not-computable")
    arms = [np.asarray(sizes, dtype=np.float64) for sizes in (sizes_experimental, sizes_control)]
    share = _relative_variance(arms, icc)
    if share is None:
        return Estimate(estimate=estimate, reason="no-df")
    error_share = None if std_error is None else (std_error / total_sd) ** 2
    return _with_interval(estimate, error_share, share, df, confidence)


def _with_interval(
    estimate: float, error_share: float | None, size_share: float, df: float | None, confidence: float
) -> Estimate:
    """Estimate ± t(df) √(error_share + estimate² size_share)."""
    if error_share is None or df is None or not (error_share > 0.0 and df > 0.0):
        return Estimate(estimate=estimate, reason="primary-without-error")
    error = math.sqrt(error_share + estimate**2 * size_share)
    margin = t_quantile(0.5 + confidence / 2.0, df) * error
    low, high = finite(estimate - margin), finite(estimate + margin)
    reason = "not-computable" if low is None or high is None else None
    return Estimate(estimate=estimate, std_error=finite(error), conf_low=low, conf_high=high, reason=reason)


def _relative_variance(arms: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.float64]]], icc: float) -> float | None:
    """V of :func:`hedges_g_eef`; ``None`` where an arm is one cluster or none."""
    if min(sizes.size for sizes in arms) < 2:
        return None
    N = float(sum(sizes.sum() for sizes in arms))
    A = B = 0.0
    for sizes in arms:
        total, squares, cubes = float(sizes.sum()), float((sizes**2).sum()), float((sizes**3).sum())
        A += (total**2 * squares + squares**2 - 2.0 * total * cubes) / total**2
        B += (total**2 - squares) / total
    numerator = (N - 2.0) * (1.0 - icc) ** 2 + A * icc**2 + 2.0 * B * icc * (1.0 - icc)
    return numerator / (2.0 * (N - 2.0) * ((N - 2.0) - icc * (N - 2.0 - B)))
