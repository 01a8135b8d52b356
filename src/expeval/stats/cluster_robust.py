"""Cluster-robust errors CR0 to CR3 of least squares, from moments alone, with Satterthwaite degrees of freedom.

Everything happens in the basis Q = Z L (Q'Q = I) of the design. Cluster j enters with G_j = Q_j'Q_j and its score
s_j = Q_j'e_j. A function f of the hat block H_j = Q_j Q_j' that acts on the rows turns into the same function of
the p × p matrix G_j: Q_j' f(I - H_j) = f(I - G_j) Q_j'. One batch of p × p eigenproblems G_j = U diag(λ) U' serves
every kind of error, the degrees of freedom and the search for terms that one cluster alone carries.

References
----------
Bell & McCaffrey (2002), Survey Methodology 28(2):169. Pustejovsky & Tipton (2018), J. Business & Economic
Statistics 36:672, doi 10.1080/07350015.2016.1247004. R's clubSandwich computes the same from rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from expeval.stats.estimate import Alternative, Estimate, from_t
from expeval.stats.least_squares import CARRIED, LeastSquares
from expeval.stats.moments import FloatArray, Moments

Kind = Literal["cr0", "cr1", "cr2", "cr3"]

# 1 - λ below this: without the cluster the design has lost a column.
LOST = 1e-10
# Errors below this share of the classical one are rounding: the scores of all clusters cancel.
NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class ClusterLeverage:
    """What each cluster contributes, in the design's orthonormal basis.

    Attributes
    ----------
    clusters
        J.
    eigenvalues, vectors
        (J, p), (J, p, p): G_j = U diag(λ) U', λ in [0, 1].
    scores
        (J, p): U'Q_j'e_j, on the standardised scale of the outcome.
    carried
        (p,) terms that can't be estimated once some cluster is left out.
    cluster_level
        (p,) columns that are constant inside every cluster.
    """

    clusters: int
    eigenvalues: FloatArray
    vectors: FloatArray
    scores: FloatArray
    carried: NDArray[np.bool_]
    cluster_level: NDArray[np.bool_]


def cluster_leverage(fit: LeastSquares, moments: Moments) -> ClusterLeverage:
    """Eigenvalues, scores and carried terms of the clusters of ``moments`` (of the rows that ``fit`` was made of)."""
    parts = moments.standardised(like=fit.standardised)
    L = fit.root
    G = np.matmul(np.matmul(L.T, parts.XX), L)
    eigenvalues, vectors = np.linalg.eigh(G)
    eigenvalues = np.clip(eigenvalues, 0.0, 1.0)
    scores = (parts.Xy - parts.XX @ fit.solution) @ L
    return ClusterLeverage(
        clusters=moments.clusters.size,
        eigenvalues=eigenvalues,
        vectors=vectors,
        scores=_turn(vectors, scores),
        carried=_carried(fit, eigenvalues, vectors),
        cluster_level=~moments.varies_within(),
    )


def cluster_robust(
    fit: LeastSquares,
    clusters: Moments | ClusterLeverage,
    kind: Kind,
    confidence: float,
    alternative: Alternative = "two-sided",
    treatment: int = 1,
) -> list[Estimate]:
    """Estimate of every term with an error that allows any dependence inside clusters.

    V = M [Σ_j X_j' A_j e_j e_j' A_j' X_j] M, M = (X'X)⁻¹, with A_j the identity (cr0), the identity and V times
    J/(J - 1) (cr1), the symmetric square root of the Moore-Penrose inverse of (I - H)_jj (cr2: unbiased where
    errors are independent and of equal variance) or that inverse itself (cr3: the jackknife, somewhat too wide).
    cr0 and cr1: t with J - 1 degrees of freedom; cr2 and cr3: Satterthwaite's under the identity as working
    model. With few or unequal clusters cr2 is the one to read.

    Parameters
    ----------
    fit, clusters
        The model, and the moments by cluster (or :func:`cluster_leverage` of them, to share its work).
    alternative
        Of the term with index ``treatment``; all others are two-sided.

    Returns
    -------
    list of Estimate
        One a term. Null but for the estimate, in this order of precedence:
        ``"no-df"``, ``"no-spread"`` (no residuals), ``"one-cluster"`` (all terms);
        ``"one-cluster-an-arm"``, ``"saturated"`` (as many cluster-level columns, the intercept among them, as
        clusters: the cluster-level terms), ``"one-institution-carries-it"`` (left out, a cluster takes the term
        with it: its scores cancel and a sandwich sees no error). Where any of the last three holds for a term,
        cr3 is null for all terms, with that reason.
    """
    reason = fit.refusal()
    if isinstance(clusters, Moments):
        clusters = cluster_leverage(fit, clusters)
    if reason is None and clusters.clusters < 2:
        reason = "one-cluster"
    if reason is not None:
        return [fit.alone(k, reason) for k in range(fit.p)]
    refused = _refused_terms(fit, clusters, kind, treatment)
    return [
        fit.alone(k, refused[k])
        if k in refused
        else _estimate(fit, clusters, kind, k, confidence, alternative if k == treatment else "two-sided")
        for k in range(fit.p)
    ]


def cluster_robust_term(
    fit: LeastSquares,
    clusters: ClusterLeverage,
    kind: Kind,
    index: int,
    confidence: float,
    alternative: Alternative = "two-sided",
) -> Estimate:
    """One term of :func:`cluster_robust`, where the others are not wanted (absorbed fixed effects)."""
    reason = fit.refusal() or ("one-cluster" if clusters.clusters < 2 else None)
    if reason is None and (clusters.carried.any() if kind == "cr3" else clusters.carried[index]):
        reason = "one-institution-carries-it"
    if reason is not None:
        return fit.alone(index, reason)
    return _estimate(fit, clusters, kind, index, confidence, alternative)


def satterthwaite_df(clusters: ClusterLeverage, direction: FloatArray, kind: Kind) -> float:
    """Degrees of freedom 2 E(V)²/Var(V) of the variance of a contrast, under independent errors of equal variance.

    With p_j = (I - H)_j' A_j X_j M c and B_jk = p_j'p_k: (tr B)²/tr(B B) (Bell & McCaffrey 2002; Pustejovsky &
    Tipton 2018). In the basis Q, B = diag(d) - g g' with g_j = f(I - G_j) G_j a and
    d_j = a' f(I - G_j)² G_j a, so that no J × J matrix is made: O(J p²).

    ``direction`` (p,): the contrast as a unit vector in the basis Q (``fit.directions``). 0 where B vanishes.
    """
    λ, f = clusters.eigenvalues, _adjustment(clusters.eigenvalues, kind)
    w = direction @ clusters.vectors
    fw = f * w
    d = (fw**2 * λ).sum(axis=1)
    g_squared = ((fw * λ) ** 2).sum(axis=1)
    g = np.einsum("jpq,jq->jp", clusters.vectors, fw * λ)
    trace = float((fw**2 * λ * (1.0 - λ)).sum())
    trace_of_square = float(d @ d - 2.0 * (d @ g_squared) + ((g.T @ g) ** 2).sum())
    return trace**2 / trace_of_square if trace_of_square > 0.0 else 0.0


def _estimate(
    fit: LeastSquares,
    clusters: ClusterLeverage,
    kind: Kind,
    index: int,
    confidence: float,
    alternative: Alternative,
) -> Estimate:
    a = fit.directions[index]
    shares = ((a @ clusters.vectors) * _adjustment(clusters.eigenvalues, kind) * clusters.scores).sum(axis=1)
    J = clusters.clusters
    factor = J / (J - 1.0) if kind == "cr1" else 1.0
    length = float(np.sqrt(factor * (shares @ shares)))
    classical = (fit.residual_sd or 0.0) / fit.standardised.y_spread
    if length <= NOTHING * classical:
        return fit.alone(index, "no-spread")
    df = J - 1.0 if kind in ("cr0", "cr1") else satterthwaite_df(clusters, a, kind)
    return from_t(float(fit.coefficients[index]), float(fit.units[index]) * length, df, confidence, alternative)


def _adjustment(eigenvalues: FloatArray, kind: Kind) -> FloatArray:
    """f(1 - λ) of the kind; 0 where 1 - λ vanishes (Moore-Penrose)."""
    if kind in ("cr0", "cr1"):
        return np.ones_like(eigenvalues)
    left = 1.0 - eigenvalues
    lost = left < LOST
    left = np.where(lost, 1.0, left)
    return np.where(lost, 0.0, 1.0 / np.sqrt(left) if kind == "cr2" else 1.0 / left)


def _carried(fit: LeastSquares, eigenvalues: FloatArray, vectors: FloatArray) -> NDArray[np.bool_]:
    """Terms with a share in a direction u that is lost without some cluster: (I - G_j) u = 0."""
    cluster, column = np.nonzero(1.0 - eigenvalues < LOST)
    lost = vectors[cluster, :, column]
    return np.asarray((np.abs(lost @ fit.directions.T) > CARRIED).any(axis=0))


def _refused_terms(fit: LeastSquares, clusters: ClusterLeverage, kind: Kind, treatment: int) -> dict[int, str]:
    """Terms without an error, and why."""
    refused: dict[int, str] = {int(k): "one-institution-carries-it" for k in np.flatnonzero(clusters.carried)}
    level = clusters.cluster_level
    at_level = treatment < fit.p and bool(level[treatment])
    if int(level.sum()) >= clusters.clusters:
        reason = "one-cluster-an-arm" if clusters.clusters == 2 and at_level else "saturated"
        refused.update({int(k): reason for k in np.flatnonzero(level)})
    if kind == "cr3" and refused:
        for first in ("one-cluster-an-arm", "saturated", "one-institution-carries-it"):
            if first in refused.values():
                return dict.fromkeys(range(fit.p), first)
    return refused


def _turn(vectors: FloatArray, scores: FloatArray) -> FloatArray:
    """U_j's_j for every cluster."""
    return np.asarray(np.einsum("jpq,jp->jq", vectors, scores))
