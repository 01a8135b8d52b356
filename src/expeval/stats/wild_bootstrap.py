"""Wild cluster bootstrap of the treatment's coefficient, from what each cluster contributes: rows are never touched.

In the basis Q = Z L of the design (see :mod:`~expeval.stats.cluster_robust`) let a be the treatment's direction,
r_j = Q_j'e_j the unrestricted score of cluster j and g_j = Q_j'Q_j a. The residuals under a coefficient of β₀ are
u_j = e_j + τ Q_j a with τ = (β̂ - β₀)/unit, so that their scores q_j = r_j + τ g_j are linear in β₀. A vector w of
signs gives, with z = Σ_j w_j q_j, the coefficient a'z and the shares c_j = w_j a'q_j - g_j'z of its error:
t* = a'z/√[J/(J - 1) Σ_j c_j²]. Numerator and Σ c_j² are polynomials in τ: one pass over the vectors serves the test of
zero and, for the interval, of every other value.

References
----------
Cameron, Gelbach & Miller (2008), Review of Economics and Statistics 90:414. Roodman, MacKinnon, Nielsen & Webb (2019),
Stata J. 19:4, doi 10.1177/1536867X19830877 (the fast algorithm). MacKinnon (2023), Econometrics and Statistics 26:52,
doi 10.1016/j.ecosta.2021.11.009.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from expeval.stats.cluster_robust import ClusterLeverage, cluster_leverage, cluster_robust
from expeval.stats.estimate import Alternative, Estimate, finite
from expeval.stats.least_squares import LeastSquares
from expeval.stats.moments import FloatArray, Moments

# All 2^G vectors up to this many clusters.
ENUMERATE_UP_TO = 12
# |t*| >= |t| counts ties within this relative distance.
TIES = 1e-9
# Clusters of an arm below which the test fails (MacKinnon & Webb 2017).
FEW_TREATED = 3
# Doubles held at a time: what the second cache holds.
CHUNK = 250_000
# Below this share of the shares' squares, Σ c² from its expansion has lost digits that TIES needs.
LOST_DIGITS = 1e-5
# t* with an error below this share of the scores is rounding.
NOTHING = 1e-24


@dataclass(frozen=True, slots=True)
class _Scores:
    """What the clusters contribute, in units of the standardised coefficient.

    Attributes
    ----------
    r, g
        (J, p): unrestricted scores; Q_j'Q_j a.
    a
        (p,) direction of the treatment.
    observed
        τ under a coefficient of zero: the coefficient itself.
    """

    r: FloatArray
    g: FloatArray
    a: FloatArray
    observed: float

    @property
    def clusters(self) -> int:
        """J."""
        return int(self.r.shape[0])


@dataclass(frozen=True, slots=True)
class _Vectors:
    """Polynomials in τ of every vector of signs: t*² = (J - 1)/J (n0 + τ n1)²/(v0 + 2 τ v1 + τ² v2)."""

    n0: FloatArray
    n1: FloatArray
    v0: FloatArray
    v1: FloatArray
    v2: FloatArray


def wild_cluster_bootstrap(
    fit: LeastSquares,
    clusters: Moments,
    confidence: float,
    *,
    draws: int,
    rng: np.random.Generator,
    alternative: Alternative = "two-sided",
    treatment: int = 1,
    leverage: ClusterLeverage | None = None,
) -> Estimate:
    """Test the treatment's coefficient with clusters whose restricted residuals change sign as wholes.

    The null is imposed: y* = Xβ̃ + w_j ũ_j, β̃ and ũ of the model without the treatment, w_j = ±1 with equal chances
    (Rademacher); the statistic is the t of ``ols-cr1``, in y as in y*. All 2^G vectors where G <= 12: p is the share
    with \\|t*\\| >= \\|t\\| (ties within 1e-9 relative count), the observed vector and its mirror among them, so never
    below 1/2^(G - 1). Else ``draws`` random vectors and p = (b + 1)/(draws + 1). The interval holds the values of the
    coefficient that the same vectors do not reject at 1 - ``confidence``, two-sided: found from the estimate outwards,
    to where p first falls to 1 - ``confidence``.

    Nearer to its level than t(G - 1) where clusters are many enough and alike. With few clusters in an arm, or one much
    larger than all others, it hardly ever rejects: read ``unit-means`` and ``ols-cr2``.

    Parameters
    ----------
    fit
        The model, with its treatment column ``treatment``.
    clusters
        The moments by cluster of the rows that ``fit`` was made of.
    confidence
        Of the interval, 0.95 say.
    draws
        Vectors drawn where there are more than 12 clusters.
    rng
        Where they are drawn from; not used where they are listed.
    alternative
        Changes p alone: greater: t* >= t.
    leverage
        :func:`~expeval.stats.cluster_robust.cluster_leverage` of the same, to share its work.

    Returns
    -------
    Estimate
        ``estimate``, ``std_error`` and ``statistic`` are those of ``ols-cr1``; no df. Variant ``"signs-enumerated"`` or
        ``"signs-drawn"``. Where ``ols-cr1`` has no t, the estimate stands alone with its reason. With all numbers:
        ``"few-treated-clusters"`` (fewer than three clusters hold students of an arm; told before the next). Interval
        null: ``"interval-unbounded"`` (a value 1e6 errors away is not rejected: too few vectors).

    References
    ----------
    MacKinnon & Webb (2017), J. Applied Econometrics 32:233 (few treated clusters); the module's.
    """
    if leverage is None:
        leverage = cluster_leverage(fit, clusters)
    found = cluster_robust(fit, leverage, "cr1", confidence, alternative, treatment)[treatment]
    if found.statistic is None or found.estimate is None:
        return found
    scores = _scores(fit, leverage, treatment)
    listed = scores.clusters <= ENUMERATE_UP_TO
    signs = _listed(scores.clusters) if listed else _drawn(scores.clusters, draws, rng)
    vectors, t = _all_vectors(scores, signs, exact=listed)
    observed = float(_statistics(scores, np.ones((1, scores.clusters)), scores.observed)[0])
    if listed:
        # No sign changed, and all: |t*| is |t|, also where t is so large that rounding tells them apart.
        t[0], t[-1] = -observed, observed
    extra = 0 if listed else 1
    p_value = (_extreme(t, observed, alternative) + extra) / (t.size + extra)
    low, high = (_bound(vectors, scores, side, confidence, extra) for side in (-1.0, 1.0))
    unit = float(fit.units[treatment])
    bounded = low is not None and high is not None
    few = _smaller_arm(clusters, treatment) < FEW_TREATED
    return replace(
        found,
        df=None,
        p_value=p_value,
        conf_low=finite(found.estimate + low * unit) if low is not None else None,
        conf_high=finite(found.estimate + high * unit) if high is not None else None,
        reason="few-treated-clusters" if few else None if bounded else "interval-unbounded",
        variant="signs-enumerated" if listed else "signs-drawn",
    )


def _scores(fit: LeastSquares, leverage: ClusterLeverage, treatment: int) -> _Scores:
    a = fit.directions[treatment]
    turn = leverage.vectors
    return _Scores(
        r=np.einsum("jpq,jq->jp", turn, leverage.scores),
        g=np.einsum("jpq,jq->jp", turn, leverage.eigenvalues * (a @ turn)),
        a=a,
        observed=float(fit.coefficients[treatment] / fit.units[treatment]),
    )


def _smaller_arm(clusters: Moments, treatment: int) -> int:
    """Clusters that hold students of an arm, of the arm with fewer."""
    share = clusters.centre[treatment] + clusters.scale[treatment] * clusters.mean[:, treatment]
    return int(min((share > 1e-9).sum(), (share < 1.0 - 1e-9).sum()))


# ------------------------------------------------------------------------------------------------ the vectors


def _listed(clusters: int) -> Iterator[FloatArray]:
    """All 2^G vectors of signs, in one chunk."""
    bits = (np.arange(2**clusters)[:, None] >> np.arange(clusters)) & 1
    yield 2.0 * bits.astype(np.float64) - 1.0


def _drawn(clusters: int, draws: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Random vectors of signs, in chunks; a bit a sign."""
    size = max(1, CHUNK // clusters)
    for done in range(0, draws, size):
        m = min(size, draws - done)
        octets = rng.integers(0, 256, size=(m, -(-clusters // 8)), dtype=np.uint8)
        signs = np.unpackbits(octets, axis=1, count=clusters).astype(np.float64)
        signs *= 2.0
        signs -= 1.0
        yield signs


def _all_vectors(scores: _Scores, signs: Iterator[FloatArray], exact: bool) -> tuple[_Vectors, FloatArray]:
    """Polynomials of all vectors, and their t* under a coefficient of zero."""
    parts, statistics = [], []
    for w in signs:
        part = _by_shares(scores, w) if exact else _by_expansion(scores, w)
        parts.append(part)
        statistics.append(_statistics(scores, w, scores.observed) if exact else _quick(scores, w, part))
    columns = [np.concatenate(column) for column in zip(*(_columns(part) for part in parts), strict=True)]
    return _Vectors(*columns), np.concatenate(statistics)


def _columns(part: _Vectors) -> tuple[FloatArray, ...]:
    return part.n0, part.n1, part.v0, part.v1, part.v2


def _by_shares(scores: _Scores, w: FloatArray) -> _Vectors:
    """The polynomials from every cluster's share: no digit lost, O(G) a vector and column."""
    z_r, z_g = w @ scores.r, w @ scores.g
    c_r = w * (scores.r @ scores.a) - z_r @ scores.g.T
    c_g = w * (scores.g @ scores.a) - z_g @ scores.g.T
    return _Vectors(
        n0=z_r @ scores.a,
        n1=z_g @ scores.a,
        v0=np.einsum("mj,mj->m", c_r, c_r),
        v1=np.einsum("mj,mj->m", c_r, c_g),
        v2=np.einsum("mj,mj->m", c_g, c_g),
    )


def _by_expansion(scores: _Scores, w: FloatArray) -> _Vectors:
    """The polynomials from one matrix product: Σ c c = Σ s s - 2 z'Σ w s g + z'Σ g g' z, as w² = 1."""
    r, g, a = scores.r, scores.g, scores.a
    s_r, s_g = r @ a, g @ a
    p = a.size
    products = w @ np.hstack([r, g, s_r[:, None] * g, s_g[:, None] * g])
    z_r, z_g, h_r, h_g = (products[:, k * p : (k + 1) * p] for k in range(4))
    K = g.T @ g
    K_r, K_g = z_r @ K, z_g @ K
    dot = "mp,mp->m"
    return _Vectors(
        n0=z_r @ a,
        n1=z_g @ a,
        v0=float(s_r @ s_r) + np.einsum(dot, z_r, K_r - 2.0 * h_r),
        v1=float(s_r @ s_g) + np.einsum(dot, z_r, K_g - h_g) - np.einsum(dot, z_g, h_r),
        v2=float(s_g @ s_g) + np.einsum(dot, z_g, K_g - 2.0 * h_g),
    )


def _quick(scores: _Scores, w: FloatArray, part: _Vectors) -> FloatArray:
    """t* under a coefficient of zero from the polynomials; from the shares where those lost digits."""
    τ = scores.observed
    variance = part.v0 + τ * (2.0 * part.v1 + τ * part.v2)
    s = (scores.r + τ * scores.g) @ scores.a
    doubtful = np.flatnonzero(variance < LOST_DIGITS * float(s @ s))
    factor = scores.clusters / (scores.clusters - 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (part.n0 + τ * part.n1) / np.sqrt(factor * variance)
    if doubtful.size:
        t[doubtful] = _statistics(scores, w[doubtful], τ)
    return np.asarray(t)


def _statistics(scores: _Scores, w: FloatArray, τ: float) -> FloatArray:
    """t* from the shares; infinite where they vanish, zero where the coefficient does too."""
    q = scores.r + τ * scores.g
    s = q @ scores.a
    z = w @ q
    shares = w * s - z @ scores.g.T
    numerator, squares = z @ scores.a, np.einsum("mj,mj->m", shares, shares)
    size = float(s @ s)
    none = squares <= NOTHING * size
    squares = np.where(none, 1.0, squares)
    t = numerator / np.sqrt(squares * scores.clusters / (scores.clusters - 1.0))
    certain = np.where(np.abs(numerator) <= np.sqrt(NOTHING * size), 0.0, np.copysign(np.inf, numerator))
    return np.asarray(np.where(none, certain, t))


def _extreme(t: FloatArray, observed: float, alternative: Alternative) -> int:
    if alternative == "two-sided":
        t, observed = np.abs(t), abs(observed)
    elif alternative == "less":
        t, observed = -t, -observed
    return int((t >= observed - TIES * abs(observed)).sum())


# ----------------------------------------------------------------------------------------------- the interval


def _bound(vectors: _Vectors, scores: _Scores, side: float, confidence: float, extra: int) -> float | None:
    """Distance from the estimate, in units, at which p first falls to 1 - confidence; ``None``: not within 1e6 errors.

    p is a step function: the bound is met to 1e-12 of itself, on the side where p is still above.
    """
    s = scores.r @ scores.a
    squares = float(s @ s)
    allowed = (1.0 - confidence) * (vectors.n0.size + extra) * (1.0 + TIES) - extra

    def rejected(τ: float) -> bool:
        variance = vectors.v0 + τ * (2.0 * vectors.v1 + τ * vectors.v2)
        numerator = vectors.n0 + τ * vectors.n1
        extreme = numerator * numerator * (squares * (1.0 + 2.0 * TIES)) >= (τ * τ) * variance
        return int(np.count_nonzero(extreme)) <= allowed

    # The value β̂ + δ is tested with τ = -δ.
    error = float(np.sqrt(squares))
    inside, outside = 0.0, 2.0 * error
    while not rejected(-side * outside):
        inside, outside = outside, 2.0 * outside
        if outside > 1e6 * error:
            return None
    while outside - inside > 1e-12 * outside:
        middle = 0.5 * (inside + outside)
        if rejected(-side * middle):
            outside = middle
        else:
            inside = middle
    return side * inside
