"""Which columns of a design say something new: collinear ones are named, never inverted away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from expeval.stats.moments import CONSTANT, FloatArray, Moments

# From moments a column is known to about the root of the machine precision: 1e-8, and some for the way there.
MOMENTS_TOLERANCE = 1e-6
# Standardised coefficients below this are rounding: the column has no part in the combination.
NO_PART = 1e-6


@dataclass(frozen=True, slots=True)
class Independence:
    """The answer of :func:`independent_columns`.

    Attributes
    ----------
    kept
        Indices of the columns that stay, rising.
    dropped
        Index of each column that goes -> indices of the earlier kept columns that determine it: ``(0,)``, the
        intercept, for a constant one, ``()`` for a column of zeros in a design without intercept.
    """

    kept: tuple[int, ...]
    dropped: dict[int, tuple[int, ...]]


def independent_columns(design: FloatArray | Moments, tolerance: float = 1e-7) -> Independence:
    """Find the columns that are no linear combination of earlier ones (R's rule: the later column goes).

    A column is dropped where what earlier columns leave of it is less than ``tolerance`` of its length. The
    length is taken about the mean where column 0 is an intercept, so that a year (2021, 2022) or a large number
    with little spread is not mistaken for a constant, as it would be in R's ``lm``.

    Parameters
    ----------
    design
        The (n, p) rows, or the moments: these can tell columns apart down to 1e-6 only.
    tolerance
        As in R's ``lm`` (1e-7).

    References
    ----------
    Golub & Van Loan (2013), Matrix Computations, 5.2 and 5.5; R's ``dqrdc2`` (limited pivoting).
    """
    if isinstance(design, Moments):
        R, intercept = _triangle_of_moments(design)
        tolerance = max(tolerance, MOMENTS_TOLERANCE)
    else:
        R, intercept = _triangle_of_rows(np.asarray(design, dtype=np.float64))
    return _in_order(R, intercept, tolerance)


def _triangle_of_rows(X: FloatArray) -> tuple[FloatArray, bool]:
    """R of the QR decomposition of centred columns of length 1 (0 where constant); whether there is an intercept."""
    n, p = X.shape
    if n == 0 or p == 0:
        return np.zeros((0, p)), False
    intercept = bool((X[:, 0] == 1.0).all())
    Z = X / np.ldexp(1.0, np.frexp(np.abs(X).max(axis=0))[1] - 1)  # by powers of two: exact
    if intercept:
        for _ in range(2):  # the second time takes out the rounding of the first mean
            Z[:, 1:] -= Z[:, 1:].mean(axis=0)
    length = np.sqrt((Z**2).sum(axis=0))
    length[length <= CONSTANT * np.sqrt(n)] = np.inf
    # Unpivoted QR keeps all inner products of the columns; order and rank are decided on the small triangle.
    (R,) = linalg.qr(Z / length, mode="r", overwrite_a=True, check_finite=False)
    return np.asarray(R[: min(n, p)]), intercept


def _triangle_of_moments(moments: Moments) -> tuple[FloatArray, bool]:
    """As :func:`_triangle_of_rows`: a root of the correlation matrix."""
    gram = moments.standardised().XX.sum(axis=0) / max(moments.total, 1)
    if moments.intercept:
        gram[0, 1:] = gram[1:, 0] = 0.0
    values, vectors = np.linalg.eigh(gram)
    return np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T, moments.intercept


def _in_order(R: FloatArray, intercept: bool, tolerance: float) -> Independence:
    """Gram-Schmidt, twice for orthogonality, over columns of length 1 or 0."""
    p = R.shape[1]
    kept: list[int] = [0] if intercept else []
    dropped: dict[int, tuple[int, ...]] = {}
    basis = np.zeros((R.shape[0], 0))
    first = int(intercept)
    for k in range(first, p):
        column = R[:, k]
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)
        left = float(np.linalg.norm(rest))
        if left > tolerance:
            kept.append(k)
            basis = np.column_stack([basis, rest / left])
        else:
            dropped[k] = _determined_by(R, column, kept[first:]) or ((0,) if intercept else ())
    return Independence(tuple(kept), dropped)


def _determined_by(R: FloatArray, column: FloatArray, kept: list[int]) -> tuple[int, ...]:
    """Those of the kept columns whose combination the column is."""
    if not kept or not column.any():
        return ()
    share = np.linalg.lstsq(R[:, kept], column, rcond=None)[0]
    return tuple(k for k, c in zip(kept, share, strict=True) if abs(c) > NO_PART)
