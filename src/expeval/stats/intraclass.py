"""How alike the students of one cluster are, and what that costs a comparison."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from expeval.stats.describe import FloatArray, power_of_two

IntArray = NDArray[np.int64]


def anova_icc(outcome: FloatArray, arm: IntArray, cluster: IntArray) -> float | None:
    """Intraclass correlation within arms: the analysis of variance estimator, not below 0.

    Unbiased variance components without any distribution assumed; with few clusters it is wide of the mark, and
    says nothing of how wide.

    Parameters
    ----------
    outcome
        (n,) scores without missing values.
    arm
        (n,) codes of the arms (0/1).
    cluster
        (n,) codes of the clusters; a cluster may lie in one arm or in both.

    Returns
    -------
    float or None
        Between 0 and 1; ``None`` where no cluster has students to compare, where clusters are no more than the arms
        explain, or where nothing varies within arms.

    Notes
    -----
    rho = (MSB - MSW)/(MSB + (n0 - 1) MSW), and 0 where MSB is below MSW.  MSW is the mean square inside clusters once
    the arms are taken out, MSB that of clusters over and above the arms, n0 = (N - sum_j sum_a n_ja^2/N_a)/df_B, n_ja
    being the students of cluster j in arm a.  Where each cluster lies in one arm, df_B = J - 2 and this is Donner &
    Klar's estimator (n0 = (N - sum_a sum_j n_j^2/N_a)/(J - 2)); where clusters hold both arms, df_B = J - 1, and it is
    Henderson's method 3 for outcome = arm + cluster.

    References
    ----------
    Donner & Koval (1980), Biometrics 36:19; Donner & Klar (2000), Design and Analysis of Cluster Randomization
    Trials, ch. 1; Searle, Casella & McCulloch (1992), Variance Components, sec. 5.5 (method 3).

    Examples
    --------
    Two clusters of two, no second arm: MSB = 2 (2.5^2 + 2.5^2) = 25, MSW = 0.5, so 24.5/25.5.

    >>> round(anova_icc(np.array([1.0, 2.0, 6.0, 7.0]), np.zeros(4, int), np.array([0, 0, 1, 1])), 6)
    0.960784
    """
    arms, arm = np.unique(arm, return_inverse=True)
    clusters, cluster = np.unique(cluster, return_inverse=True)
    N, A, J = outcome.size, arms.size, clusters.size
    if J < 2:
        return None
    scaled = outcome / power_of_two(outcome)
    y = _within(scaled - scaled[0], arm)
    n_ja = np.bincount(cluster * A + arm, minlength=J * A).reshape(J, A).astype(np.float64)
    explained, arm_df = _explained_inside(y, arm, cluster, n_ja)
    inside = _within(y, cluster)
    squares_within = float(inside @ inside) - explained
    squares_between = float(y @ y) - squares_within
    df_within = N - J - arm_df
    df_between = N - A - df_within
    if df_between < 1 or df_within < 1:
        return None
    msb, msw = squares_between / df_between, max(squares_within, 0.0) / df_within
    n0 = (N - float((n_ja**2 / n_ja.sum(axis=0)).sum())) / df_between
    variance_between = max(msb - msw, 0.0) / n0
    total = variance_between + msw
    if not total > 1e-30 * float(np.abs(scaled).max()) ** 2:  # equal scores, but for rounding
        return None
    return variance_between / total


def _explained_inside(y: FloatArray, arm: IntArray, cluster: IntArray, n_ja: FloatArray) -> tuple[float, int]:
    """Squares and degrees of freedom that the arms explain inside clusters (none where each lies in one arm)."""
    indicators = np.eye(n_ja.shape[1])[arm][:, 1:]
    inside = np.column_stack([_within(column, cluster) for column in indicators.T]) if indicators.size else indicators
    if not ((n_ja > 0.0).sum(axis=1) > 1).any():
        return 0.0, 0
    coefficients, _, rank, _ = np.linalg.lstsq(inside, _within(y, cluster), rcond=None)
    fitted = inside @ coefficients
    return float(fitted @ fitted), int(rank)


def _within(values: FloatArray, group: IntArray) -> FloatArray:
    """Deviations from the means of the groups."""
    means = np.bincount(group, values) / np.bincount(group)
    return np.asarray(values - means[group])


def moulton_factor(icc: float, treatment: IntArray, cluster: IntArray) -> float:
    """Design effect of the difference between the arms: by how much clusters inflate its variance.

    The variance of the difference of means over the variance that students of independent scores would give.

    Parameters
    ----------
    icc
        Intraclass correlation of the outcome within arms.
    treatment, cluster
        (n,) 0/1, and the clusters' codes.

    Returns
    -------
    float
        1 + (n_w - 1) rho where clusters of one size n_w were assigned as wholes, 1 - rho where each holds both arms in
        equal shares, 1 without clusters of two.  Never below 1 - rho; at rho = 1 not below 1/N, so that N over it
        stays finite.

    Notes
    -----
    1 + (n_w - 1) rho_x rho with n_w = sum_j n_j^2/N and the intraclass correlation of the treatment,
    rho_x = sum_j sum_{i != k} (x_ij - x)(x_kj - x)/(V(x) sum_j n_j(n_j - 1)).

    References
    ----------
    Moulton (1986), J. Econometrics 32:385; Angrist & Pischke (2009), Mostly Harmless Econometrics, eq. 8.2.5-8.2.6.

    Examples
    --------
    Four classes of 3, two an arm: 1 + 2 x 0.1.

    >>> round(moulton_factor(0.1, np.repeat([1, 0], 6), np.repeat([0, 1, 2, 3], 3)), 12)
    1.2
    """
    _, codes = np.unique(cluster, return_inverse=True)
    sizes = np.bincount(codes).astype(np.float64)
    x = treatment - treatment.mean()
    variance = float((x**2).mean())
    pairs = float((sizes * (sizes - 1.0)).sum())
    if variance == 0.0 or pairs == 0.0:
        return 1.0
    sums, squares = np.bincount(codes, x), np.bincount(codes, x**2)
    rho_x = float((sums**2 - squares).sum()) / (variance * pairs)
    n_w = float((sizes**2).sum()) / sizes.sum()
    return float(max(1.0 + (n_w - 1.0) * rho_x * icc, 1.0 / treatment.size))
