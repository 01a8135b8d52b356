"""Moments: what linear models need of the rows, per cluster, in a form that adds.

A row is ``[X, y]``.  For each cluster :class:`Moments` keeps the number of rows, the mean of every column and
the cross-products *about that mean*.  From these follow n_j, X_j'X_j, X_j'y_j and y_j'y_j about any centre.

Why not raw cross-products: sum(x^2) of a column with mean 500 and spread 1 spends five of sixteen digits on the
mean, and the next step subtracts it again.  Here nothing is squared before the mean is out: columns are first
moved by a centre (the mean of all rows) and divided by a power of two (exact), then taken about the cluster's own
mean.  Two sets are merged by the update of Chan, Golub & LeVeque (1983, The American Statistician 37:242,
eq. 1.5), which squares differences of means only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# A column whose spread is below this share of its values is constant: what is left is the rounding of its mean.
CONSTANT = 1e-14
# Rows that are worked on at a time: their columns stay in the processor's cache.
CHUNK = 16384
# The centre is told to this many bits of the largest deviation from it.
CENTRE_BITS = 20


@dataclass(frozen=True, slots=True)
class Standardised:
    """Cross-products of standardised columns: z = (x - centre)/spread, of the outcome likewise.

    With an intercept, ``centre`` is the mean of all rows and ``spread`` the standard deviation (divisor N), so
    that the sum of ``XX`` is N times a correlation matrix, bordered by the intercept (which stays 1).  Without
    an intercept centring would change the model: ``centre`` is 0 and ``spread`` the root mean square.

    Attributes
    ----------
    n
        (J,) rows of each cluster.
    XX, Xy, yy
        (J, p, p), (J, p), (J,): Z_j'Z_j, Z_j'z_j and z_j'z_j of the standardised columns.
    centre, spread
        (p,) of the regressors, in their own units.
    y_centre, y_spread
        Of the outcome.
    y_resolution
        Largest value of the outcome over its spread: rounding of the data is this times 2^-53.
    intercept
        Whether column 0 is the constant 1.
    constant
        (p,) true for columns (other than the intercept) that do not vary; their products are exact zeros.

    Notes
    -----
    A model on standardised columns gives b with covariance V; in the data's units these are
    ``coefficients(b)`` and y_spread² T V T' with T = ``transform``.  log|X'X| = log|Z'Z| + 2 Σ log(spread), and
    a log-likelihood of N rows falls by N log(y_spread) on the way back (REML: N - p).
    """

    n: FloatArray
    XX: FloatArray
    Xy: FloatArray
    yy: FloatArray
    centre: FloatArray
    spread: FloatArray
    y_centre: float
    y_spread: float
    y_resolution: float
    intercept: bool
    constant: NDArray[np.bool_]

    @property
    def transform(self) -> FloatArray:
        """T (p, p), from coefficients of standardised columns to those of the data (outcome's unit apart)."""
        T = np.diag(1.0 / self.spread)
        if self.intercept:
            T[0, 1:] = -self.centre[1:] / self.spread[1:]
        return T

    def coefficients(self, b: NDArray[np.floating[Any]]) -> FloatArray:
        """Coefficients (p,) in the data's units of the standardised ones.

        In extended precision where the machine has it: an intercept far from the data is a small difference of
        large numbers.
        """
        beta = np.asarray(b, dtype=np.longdouble) * np.longdouble(self.y_spread) / self.spread
        if self.intercept:
            beta[0] += np.longdouble(self.y_centre) - (self.centre[1:] * beta[1:]).sum()
        with np.errstate(over="ignore"):  # beyond 1e308 it is no number; estimates turn that into None
            return beta.astype(np.float64)

    def rows(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The rows (n, p) and outcomes (n,) on the standardised scale."""
        Z = (X - self.centre) / self.spread
        Z[:, self.constant] = 0.0
        return Z, (y - self.y_centre) / self.y_spread


@dataclass(frozen=True, slots=True)
class Moments:
    """Per-cluster moments of [X, y]; everything linear is computed from these without the rows.

    Attributes
    ----------
    names
        Names of the p columns of X.
    clusters
        (J,) the clusters' codes, rising.
    n
        (J,) rows of each cluster.
    centre, scale
        (p + 1,) of the columns and, last, the outcome: stored values are u = (x - centre)/scale.  ``scale`` is a
        power of two; without an intercept ``centre`` is 0.
    mean
        (J, p + 1) cluster means of u.
    within
        (J, p + 1, p + 1) cross-products of u about the cluster's mean.
    intercept
        Whether column 0 of X is the constant 1.

    Examples
    --------
    Half plus half is the whole:

    >>> X = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0], [1.0, 3.0]])
    >>> y, cluster = np.array([1.0, 2.0, 2.0, 3.0]), np.array([7, 7, 9, 9])
    >>> halves = Moments.from_rows(X[::2], y[::2], cluster[::2]) + Moments.from_rows(X[1::2], y[1::2], cluster[1::2])
    >>> halves.n.tolist(), halves.clusters.tolist()
    ([2.0, 2.0], [7, 9])
    """

    names: tuple[str, ...]
    clusters: IntArray
    n: FloatArray
    centre: FloatArray
    scale: FloatArray
    mean: FloatArray
    within: FloatArray
    intercept: bool

    @classmethod
    def from_rows(
        cls, X: FloatArray, y: FloatArray, cluster: IntArray | None = None, names: Sequence[str] | None = None
    ) -> Moments:
        """Moments of rows, in one pass and in any order of the rows.

        Parameters
        ----------
        X
            (n, p) regressors; where there is an intercept it is column 0.
        y
            (n,) outcome.
        cluster
            (n,) codes, any integers >= 0; ``None``: all rows are one cluster.
        names
            Names of the columns of X (``x0``, ``x1``, ... unless given).

        Raises
        ------
        ValueError
            For shapes that don't fit, values that are not finite, and negative codes.
        """
        X = np.asarray(X, dtype=np.float64)
        y = np.asarray(y, dtype=np.float64)
        codes = np.zeros(y.size, dtype=np.int64) if cluster is None else np.asarray(cluster, dtype=np.int64)
        if not y.shape == codes.shape == X.shape[:1]:
            raise ValueError(f"rows differ: X has {X.shape[:1]}, y {y.shape}, cluster {codes.shape}")
        clusters, of_row, counts = _dense_codes(codes)
        centre, scale, intercept = _centre_and_scale(X, y)
        J, q, k = clusters.size, centre.size, int(intercept)  # the constant 1 needs no pass
        mean, within = np.ones((J, q)), np.zeros((J, q, q))
        mean[:, k:], within[:, k:, k:] = _means_and_products(X, y, of_row, counts, centre[k:], scale[k:])
        return cls(
            names=tuple(names) if names is not None else tuple(f"x{k}" for k in range(X.shape[1])),
            clusters=clusters,
            n=counts,
            centre=centre,
            scale=scale,
            mean=mean,
            within=within,
            intercept=intercept,
        )

    def __post_init__(self) -> None:
        if len(self.names) + 1 != self.centre.size or len(set(self.names)) != len(self.names):
            raise ValueError(f"{self.centre.size - 1} columns need as many different names, got {self.names!r}")

    @property
    def p(self) -> int:
        """Columns of X."""
        return len(self.names)

    @property
    def total(self) -> int:
        """Rows of all clusters together."""
        return int(self.n.sum())

    def __add__(self, other: Moments) -> Moments:
        """Moments of both sets of rows; clusters with the same code become one."""
        if self.names != other.names:
            raise ValueError(f"columns differ: {self.names!r} and {other.names!r}")
        intercept = self.intercept and other.intercept
        centre = self.centre if intercept else np.zeros_like(self.centre)
        scale = np.maximum(self.scale, other.scale)
        one, two = (part._moved(centre, scale, intercept) for part in (self, other))
        clusters, of_part = np.unique(np.concatenate([one.clusters, two.clusters]), return_inverse=True)
        n, mean, within = _pooled(
            np.concatenate([one.n, two.n]),
            np.concatenate([one.mean, two.mean]),
            np.concatenate([one.within, two.within]),
            of_part,
            clusters.size,
        )
        return replace(one, clusters=clusters, n=n, mean=mean, within=within)

    def coarsen(self, groups: IntArray) -> Moments:
        """Moments of coarser clusters: classes become institutions.

        ``groups`` (J,) holds the coarser code of each of ``clusters``.
        """
        clusters, of_part = np.unique(np.asarray(groups, dtype=np.int64), return_inverse=True)
        n, mean, within = _pooled(self.n, self.mean, self.within, of_part, clusters.size)
        return replace(self, clusters=clusters, n=n, mean=mean, within=within)

    def drop(self, columns: Iterable[str | int]) -> Moments:
        """Moments without some columns of X, by name or index."""
        gone = {self.names.index(c) if isinstance(c, str) else range(self.p)[c] for c in columns}
        return self.select([k for k in range(self.p) if k not in gone])

    def select(self, columns: Sequence[int]) -> Moments:
        """Moments of some columns of X, in the order given by their indices."""
        keep = np.array([*columns, self.p], dtype=np.intp)
        part = replace(
            self,
            names=tuple(self.names[k] for k in columns),
            centre=self.centre[keep],
            scale=self.scale[keep],
            mean=self.mean[:, keep],
            within=self.within[:, keep[:, None], keep[None, :]],
        )
        if self.intercept and not (len(columns) and columns[0] == 0):
            return part._moved(np.zeros_like(part.centre), part.scale, intercept=False)
        return part

    def varies_within(self) -> NDArray[np.bool_]:
        """(p,) whether a column of X takes different values inside some cluster."""
        spread = np.sqrt(np.einsum("jkk->k", self.within)[:-1] / max(self.total, 1))
        return np.asarray(spread > 10.0 * CONSTANT)

    def standardised(self, like: Standardised | None = None) -> Standardised:
        """Cross-products of standardised columns; ``like``: with the centre and spread of an earlier answer."""
        if like is None:
            middle, spread, constant = self._middle_and_spread()
        else:
            middle = (np.append(like.centre, like.y_centre) - self.centre) / self.scale
            spread = np.append(like.spread, like.y_spread) / self.scale
            constant = np.append(like.constant, False)
        # The centre as a double, and what is subtracted here exactly that: rows() will subtract it, too.
        centre, width = self.centre + middle * self.scale, spread * self.scale
        middle = (centre - self.centre) / self.scale
        off = (self.mean - middle) / spread
        off[:, constant] = 0.0
        products = self.within / (spread[:, None] * spread[None, :]) + np.einsum("j,jk,jl->jkl", self.n, off, off)
        products[:, constant, :] = 0.0
        products[:, :, constant] = 0.0
        largest = abs(centre[-1]) + self.scale[-1] if self.total else 0.0
        return Standardised(
            n=self.n,
            XX=products[:, :-1, :-1],
            Xy=products[:, :-1, -1],
            yy=products[:, -1, -1],
            centre=centre[:-1],
            spread=width[:-1],
            y_centre=float(centre[-1]),
            y_spread=float(width[-1]),
            y_resolution=float(largest / width[-1]),
            intercept=self.intercept,
            constant=constant[:-1],
        )

    def _middle_and_spread(self) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """Centre and spread of u, and which columns (the outcome last) are constant."""
        N = max(self.total, 1)
        middle = self.n @ self.mean / N if self.intercept else np.zeros(self.p + 1)
        off = self.mean - middle
        spread = np.sqrt((np.einsum("jkk->k", self.within) + self.n @ off**2) / N)
        size = np.maximum(np.abs(self.centre / self.scale), 1.0) if self.intercept else np.ones(self.p + 1)
        constant = spread <= CONSTANT * size
        spread[constant] = 1.0
        if self.intercept:
            middle[0], spread[0], constant[0] = -self.centre[0] / self.scale[0], 1.0 / self.scale[0], False
        return middle, spread, constant

    def _moved(self, centre: FloatArray, scale: FloatArray, intercept: bool) -> Moments:
        """The same moments told with another centre and scale."""
        ratio = self.scale / scale
        return replace(
            self,
            centre=centre,
            scale=scale,
            mean=self.mean * ratio + (self.centre - centre) / scale,
            within=self.within * (ratio[:, None] * ratio[None, :]),
            intercept=intercept,
        )


def _dense_codes(codes: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Distinct codes, the index of each row's code among them, and the rows of each."""
    if codes.size and codes.min() < 0:
        raise ValueError("cluster codes must not be negative")
    if codes.size and codes.max() > 4 * codes.size + 1000:  # sparse codes: counting would waste memory
        clusters, of_row, counts = np.unique(codes, return_inverse=True, return_counts=True)
        return clusters, of_row.astype(np.int64), counts.astype(np.float64)
    counts = np.bincount(codes)
    clusters = np.flatnonzero(counts)
    place = np.cumsum(counts > 0) - 1
    of_row = codes if clusters.size == counts.size else place[codes]
    return clusters.astype(np.int64), of_row, counts[clusters].astype(np.float64)


def _centre_and_scale(X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, bool]:
    """Centre (0 without an intercept), the power of two that brings the largest deviation near 1, and the intercept."""
    q, n = X.shape[1] + 1, y.size
    if n == 0:
        return np.zeros(q), np.ones(q), False
    low, high, middle = np.full(q, np.inf), np.full(q, -np.inf), np.zeros(q)
    for rows in _chunks(n):
        columns = _columns(X, y, rows, q)
        low, high = np.minimum(low, columns.min(axis=1)), np.maximum(high, columns.max(axis=1))
        # Divided before it is summed: 1e300 is a number that a file may hold.
        columns /= n
        with np.errstate(invalid="ignore"):  # inf - inf, which is refused below
            middle += columns.sum(axis=1)
    if not (np.isfinite(low) & np.isfinite(high)).all():
        raise ValueError("X and y must be finite")
    intercept = q > 1 and bool(low[0] == high[0] == 1.0)
    centre = np.clip(middle, low, high) if intercept else np.zeros(q)
    if intercept:
        centre[0] = 0.0
    with np.errstate(over="ignore"):
        largest = np.maximum(high - centre, centre - low)
    if not np.isfinite(largest).all():
        raise ValueError("values are too large to subtract from each other")
    scale = np.where(largest > 0.0, np.ldexp(1.0, np.frexp(largest)[1] - 1), 1.0)
    # A centre of few bits, so that whole numbers less the centre are exact.
    unit = scale * 2.0**-CENTRE_BITS
    coarse = (largest > 0.0) & (unit > 0.0)  # near 1e-308 there are no smaller numbers
    centre[coarse] = np.rint(centre[coarse] / unit[coarse]) * unit[coarse]
    return centre, scale, intercept


def _means_and_products(
    X: FloatArray, y: FloatArray, of_row: IntArray, counts: FloatArray, centre: FloatArray, scale: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Means (J, q) and cross-products about them (J, q, q) of u = (column - centre)/scale of the last q columns.

    In pieces: the rows of a cluster in a chunk that the processor's cache holds. Rows that are not in the clusters'
    order are met in it.
    """
    q, J, n = centre.size, counts.size, of_row.size
    order = None if (of_row[1:] >= of_row[:-1]).all() else _stable_order(of_row, J)
    first_rows = np.concatenate([[0], np.cumsum(counts[:-1])]).astype(np.int64) if J else np.zeros(0, dtype=np.int64)
    starts = np.union1d(first_rows, np.arange(0, n, CHUNK))
    size = np.diff(starts, append=n)
    mean, within = np.zeros((q, starts.size)), np.zeros((q, q, starts.size))
    for rows in _chunks(n):
        columns = _columns(X, y, rows if order is None else order[rows], q)
        columns -= centre[:, None]
        columns /= scale[:, None]
        pieces = slice(*np.searchsorted(starts, (rows.start, rows.stop)))
        _piecewise(columns, starts[pieces] - rows.start, size[pieces], mean[:, pieces], within[:, :, pieces])
    return _pooled(
        size.astype(np.float64),
        np.ascontiguousarray(mean.T),
        np.ascontiguousarray(np.moveaxis(within, 2, 0)),
        np.searchsorted(first_rows, starts, side="right") - 1,
        J,
    )[1:]


def _piecewise(u: FloatArray, starts: IntArray, size: IntArray, mean: FloatArray, within: FloatArray) -> None:
    """Fill mean (q, m) and within (q, q, m) of the m pieces of columns u (q, rows), which are moved."""
    mean[:] = np.add.reduceat(u, starts, axis=1) / size
    u -= np.repeat(mean, size, axis=1)
    # Rounding left something of the mean: it is added there, and taken from the products (Chan et al. 1983, eq. 1.7).
    rest = np.add.reduceat(u, starts, axis=1) / size
    mean += rest
    moving = [k for k in range(u.shape[0]) if u[k].any()]
    for place, k in enumerate(moving):
        for m in moving[place:]:
            products = np.add.reduceat(u[k] * u[m], starts) - size * rest[k] * rest[m]
            within[k, m] = within[m, k] = np.maximum(products, 0.0) if k == m else products


def _chunks(n: int) -> Iterator[slice]:
    return (slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK))


def _columns(X: FloatArray, y: FloatArray, rows: slice | NDArray[np.intp], q: int) -> FloatArray:
    """(q, m) the last q - 1 columns of X and y, of some rows: a copy."""
    part, last = (X[rows], y[rows]) if isinstance(rows, slice) else (X.take(rows, axis=0), y.take(rows))
    columns = np.empty((q, last.size))
    columns[:-1], columns[-1] = part.T[X.shape[1] + 1 - q :], last
    return columns


def _stable_order(of_row: IntArray, J: int) -> NDArray[np.intp]:
    """Rows by cluster, else as they stand; numbers of two bytes are sorted by counting."""
    return np.argsort(of_row.astype(np.uint16) if J <= 2**16 else of_row, kind="stable")


def _pooled(
    n: FloatArray, mean: FloatArray, within: FloatArray, of_part: NDArray[np.intp], groups: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Merge parts into groups: within = Σ within_i + Σ n_i (m_i - m)(m_i - m)' (Chan, Golub & LeVeque 1983)."""
    order = np.argsort(of_part, kind="stable")
    starts = np.searchsorted(of_part[order], np.arange(groups))
    if groups == 0:
        return n, mean, within
    total = np.add.reduceat(n[order], starts)
    middle = np.add.reduceat((n[:, None] * mean)[order], starts) / total[:, None]
    off = mean - middle[of_part]
    parts = within + np.einsum("j,jk,jl->jkl", n, off, off)
    return total, middle, np.add.reduceat(parts[order], starts)
