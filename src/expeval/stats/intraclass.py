"""How alike the students of one cluster are, and what that costs a comparison."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from expeval.stats.describe import FloatArray

IntArray = NDArray[np.int64]


def anova_icc(outcome: FloatArray, arm: IntArray, cluster: IntArray) -> float | None:
    """Intraclass correlation within arms: the analysis of variance estimator, not below 0.

    The arms' means are taken out first; then rho = (MSB - MSW)/(MSB + (n0 - 1) MSW), with
    n0 = (N - sum n_j^2/N)/(J - 1) and J - 1 - (arms - 1) degrees of freedom between clusters where clusters
    belong to one arm each.  ``None`` where clusters or students are too few, or nothing varies.

    References
    ----------
    Donner & Koval (1980), Biometrics 36:19; Donner & Klar (2000), sec. 1.3.
    """
    distinct, codes = np.unique(cluster, return_inverse=True)
    sizes = np.bincount(codes)
    N, J = outcome.size, distinct.size
    residual = outcome - outcome.mean()
    for value in np.unique(arm):
        residual[arm == value] -= residual[arm == value].mean()
    both = any(np.unique(arm[codes == j]).size > 1 for j in range(J)) if J <= 10_000 else True
    df_between = J - 1 if both else J - np.unique(arm).size
    df_within = N - J
    if df_between < 1 or df_within < 1:
        return None
    means = np.bincount(codes, residual) / sizes
    between = float((sizes * means**2).sum()) / df_between
    within = float(((residual - means[codes]) ** 2).sum()) / df_within
    n0 = (N - float((sizes**2).sum()) / N) / (J - 1)
    total = between + (n0 - 1.0) * within
    if not total > 0.0:
        return None
    return float(min(max((between - within) / total, 0.0), 1.0))


def moulton_factor(icc: float, treatment: IntArray, cluster: IntArray) -> float:
    """Design effect of the difference between the arms: by how much clusters inflate its variance.

    1 + (sum n_j^2/N - 1) rho_x rho with rho_x = sum_j sum_{i != k} (x_ij - x)(x_kj - x) / (V(x) sum_j n_j(n_j - 1)),
    the correlation of the treatment inside clusters: 1 where whole clusters were assigned, about 0 or below
    where arms stand side by side inside clusters.  Not below 1/N.

    References
    ----------
    Moulton (1986), J. Econometrics 32:385; Angrist & Pischke (2009), eq. 8.2.5.
    """
    _, codes = np.unique(cluster, return_inverse=True)
    sizes = np.bincount(codes).astype(np.float64)
    x = treatment - treatment.mean()
    variance = float((x**2).mean())
    pairs = float((sizes * (sizes - 1.0)).sum())
    if variance == 0.0 or pairs == 0.0:
        return 1.0
    sums, squares = np.bincount(codes, x), np.bincount(codes, x**2)
    within = float((sums**2 - squares).sum()) / (variance * pairs)
    n_w = float((sizes**2).sum()) / sizes.sum()
    return float(max(1.0 + (n_w - 1.0) * within * icc, 1.0 / treatment.size))
