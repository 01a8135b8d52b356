"""Ordinary least squares, with classical and heteroscedasticity-robust errors of students.

The fit runs on :class:`~expeval.stats.moments.Moments`. The design's orthonormal form is Q = Z L, where Z are the
standardised columns and L the inverse of a Cholesky (or QR) factor of Z'Z; leverages, scores and sandwiches are
plain sums of squares in Q, so nothing downstream inverts a matrix again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from expeval.stats.estimate import Alternative, Estimate, finite, from_t
from expeval.stats.moments import FloatArray, Moments, Standardised

# Above this condition number of the standardised columns normal equations lose six digits: QR, if there are rows.
QR_FROM_CONDITION = 1e3
# A coefficient belongs to a row (or cluster) alone where its direction has more than this share in the row's.
CARRIED = 1e-6
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class LeastSquares:
    """A fitted linear model.

    Attributes
    ----------
    names
        The p terms.
    coefficients
        (p,) in the data's units.
    residual_sd
        s = √(RSS/df); ``None`` where ``df`` is not positive.
    n, df
        Rows; n - p - absorbed.
    perfect
        The fit leaves no residual beyond rounding (a constant outcome, say): no error can be estimated.
    condition
        Condition number of the standardised columns: from moments alone about 2 log10(condition) digits of the
        coefficients are lost, from rows (QR) half of them.
    directions, units
        (p, p), (p,): row k of the root of the bread, as a unit vector in the basis Q and its length with the
        outcome's unit: coefficient k is units[k] * directions[k]'Q'z, its classical error
        units[k] * (residual_sd / standardised.y_spread).
    standardised
        The scale on which ``root`` (L, p × p) and ``solution`` (b, p) stand.
    """

    names: tuple[str, ...]
    coefficients: FloatArray
    residual_sd: float | None
    n: int
    df: int
    perfect: bool
    condition: float
    directions: FloatArray
    units: FloatArray
    standardised: Standardised
    root: FloatArray
    solution: FloatArray

    @property
    def p(self) -> int:
        """Terms of the model (absorbed ones not counted)."""
        return len(self.names)

    @property
    def bread(self) -> FloatArray:
        """(X'X)⁻¹, (p, p), in the data's units."""
        scaled = (self.units / self.standardised.y_spread)[:, None] * self.directions
        return np.asarray(scaled @ scaled.T)

    @property
    def residual_sum_of_squares(self) -> float:
        """Σ e², in the outcome's unit squared."""
        return 0.0 if self.residual_sd is None else self.residual_sd * self.residual_sd * self.df

    def refusal(self) -> str | None:
        """Why no error of any coefficient can be estimated: ``"no-df"``, ``"no-spread"``, else ``None``."""
        if self.df <= 0:
            return "no-df"
        return "no-spread" if self.perfect else None

    def alone(self, index: int, reason: str) -> Estimate:
        """The coefficient without anything that speaks of its uncertainty."""
        return Estimate(estimate=finite(self.coefficients[index]), reason=reason)


@dataclass(frozen=True, slots=True)
class FittedRows:
    """The second pass over the rows, for what moments don't hold.

    Attributes
    ----------
    Q
        (n, p) rows of the design in an orthonormal basis.
    leverage
        (n,) diagonal of the hat matrix, absorbed intercepts included.
    residuals
        (n,) on the standardised scale of the outcome.
    """

    Q: FloatArray
    leverage: FloatArray
    residuals: FloatArray

    @property
    def carried(self) -> NDArray[np.bool_]:
        """(n,) rows with leverage 1: the fit goes through them whatever their outcome."""
        return np.asarray(1.0 - self.leverage < 1e-10)


def fit_least_squares(
    moments: Moments, X: FloatArray | None = None, y: FloatArray | None = None, absorbed: int = 0
) -> LeastSquares:
    """Fit y = Xβ + e by ordinary least squares.

    Parameters
    ----------
    moments
        Of [X, y]; the columns must be independent (:func:`~expeval.stats.independence.independent_columns`).
    X, y
        The rows (n, p) and (n,), if at hand: the coefficients are refined on them, the residual sum of squares
        is summed from residuals, and badly conditioned columns are solved by QR instead of normal equations.
        Without them 1 - R² below about 1e-13 can't be told from a perfect fit.
    absorbed
        Intercepts of groups that were taken out beforehand; they cost degrees of freedom.

    Raises
    ------
    ValueError
        Where a column is a linear combination of others.
    """
    scale = moments.standardised()
    gram, cross = scale.XX.sum(axis=0), scale.Xy.sum(axis=0)
    condition = _condition(gram)
    b: NDArray[np.floating[Any]]
    if X is None or y is None:
        L = _inverse_root(gram, condition)
        b = L @ (L.T @ cross)
        rss = max(float(scale.yy.sum() - b @ cross), 0.0)
        noise = 64.0 * EPS * float(scale.yy.sum())
    else:
        L, b, rss = _solve_rows(X, y, scale, gram, condition)
        resolution = 16.0 * EPS * (1.0 + scale.y_resolution + float(np.abs(b).sum()))
        noise = moments.total * resolution * resolution  # a power of floats would overflow with an error
    return _fitted(moments, scale, L, b, rss, rss <= noise, condition, absorbed)


def _fitted(
    moments: Moments,
    scale: Standardised,
    L: FloatArray,
    b: NDArray[np.floating[Any]],
    rss: float,
    perfect: bool,
    condition: float,
    absorbed: int,
) -> LeastSquares:
    df = moments.total - moments.p - absorbed
    T = scale.transform
    largest = np.abs(T).max(axis=1, initial=0.0)  # taken out before anything is squared: 1e-300 is a scale, too
    root = (T / largest[:, None]) @ L
    length = np.sqrt((root**2).sum(axis=1))
    return LeastSquares(
        names=moments.names,
        coefficients=scale.coefficients(b),
        residual_sd=float(np.sqrt(rss / df)) * scale.y_spread if df > 0 else None,
        n=moments.total,
        df=df,
        perfect=perfect,
        condition=condition,
        directions=root / length[:, None],
        units=length * largest * scale.y_spread,
        standardised=scale,
        root=L,
        solution=b.astype(np.float64),
    )


def _condition(gram: FloatArray) -> float:
    """Condition number of Z from Z'Z, infinite where that is singular to working precision."""
    if not gram.size:
        return 1.0
    values = np.linalg.eigvalsh(gram)
    return float(np.sqrt(values[-1] / values[0])) if values[0] > 0.0 else np.inf


def _inverse_root(gram: FloatArray, condition: float) -> FloatArray:
    """L with L L' = (Z'Z)⁻¹, upper triangular."""
    if not gram.size:
        return np.zeros_like(gram)
    if condition > 1e7:
        raise ValueError("columns are collinear: keep only those of independent_columns, or give the rows")
    upper = linalg.cholesky(gram, check_finite=False)
    return np.asarray(linalg.solve_triangular(upper, np.eye(gram.shape[0]), check_finite=False))


def _solve_rows(
    X: FloatArray, y: FloatArray, scale: Standardised, gram: FloatArray, condition: float
) -> tuple[FloatArray, NDArray[np.floating[Any]], float]:
    """L, coefficients and residual sum of squares on the standardised scale, from the rows."""
    Z, z = scale.rows(X, y)
    b: NDArray[np.floating[Any]]
    if condition > QR_FROM_CONDITION:
        L, first = _by_qr(Z, z)
        b = _refined(L, first, X, y, scale)
    else:
        L = _inverse_root(gram, condition)
        b = L @ (L.T @ (Z.T @ z))
        b = b + L @ (L.T @ (Z.T @ (z - Z @ b)))
    residuals = z - Z @ b.astype(np.float64)
    return L, b, float(residuals @ residuals)


def _by_qr(Z: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """L = R⁻¹ and coefficients, with one step of refinement."""
    Q, R = linalg.qr(Z, mode="economic", check_finite=False)
    pivots = np.abs(np.diag(R))
    if Z.shape[0] < Z.shape[1] or pivots.min() <= 1e-13 * pivots.max():
        raise ValueError("columns are collinear: keep only those of independent_columns")
    b = linalg.solve_triangular(R, Q.T @ z, check_finite=False)
    b = b + linalg.solve_triangular(R, Q.T @ (z - Z @ b), check_finite=False)
    return np.asarray(linalg.solve_triangular(R, np.eye(Z.shape[1]), check_finite=False)), np.asarray(b)


def _refined(
    L: FloatArray, b: FloatArray, X: FloatArray, y: FloatArray, scale: Standardised
) -> NDArray[np.floating[Any]]:
    """Refine badly conditioned coefficients with gradients in extended precision, as long as that converges.

    Standardising rounds every value, and a large residual rounds the gradient: both count once columns are nearly
    collinear (Björck 1996, Numerical Methods for Least Squares Problems, 2.9.3: corrected semi-normal equations).
    """
    Z = (X.astype(np.longdouble) - scale.centre) / scale.spread
    z = (y.astype(np.longdouble) - scale.y_centre) / scale.y_spread
    refined = b.astype(np.longdouble)
    before = np.inf
    for _ in range(5):
        step = L @ (L.T @ (Z.T @ (z - Z @ refined)))
        size = float(np.abs(step).max())
        if size >= 0.5 * before:
            break
        refined, before = refined + step, size
    return refined


def fitted_rows(
    fit: LeastSquares, X: FloatArray, y: FloatArray, absorbed_leverage: FloatArray | None = None
) -> FittedRows:
    """Leverage and residuals of every row, in one pass that all terms share.

    ``absorbed_leverage`` (n,): what absorbed intercepts add, 1/n_j of the row's group.
    """
    Z, z = fit.standardised.rows(X, y)
    Q = Z @ fit.root
    leverage = (Q**2).sum(axis=1)
    if absorbed_leverage is not None:
        leverage = leverage + absorbed_leverage
    return FittedRows(Q, np.minimum(leverage, 1.0), z - Z @ fit.solution)


def classical(fit: LeastSquares, index: int, confidence: float, alternative: Alternative = "two-sided") -> Estimate:
    """One coefficient with the textbook error s √[(X'X)⁻¹]_kk and t with ``fit.df`` degrees of freedom.

    Right where residuals are independent and of equal variance: not for students of one class.
    Null but for the estimate: ``"no-df"`` (as many terms as rows), ``"no-spread"`` (no residuals).
    """
    reason = fit.refusal()
    if reason is not None or fit.residual_sd is None:
        return fit.alone(index, reason or "no-df")
    error = fit.units[index] * (fit.residual_sd / fit.standardised.y_spread)
    return from_t(float(fit.coefficients[index]), float(error), fit.df, confidence, alternative)


def hc1(
    fit: LeastSquares, rows: FittedRows, index: int, confidence: float, alternative: Alternative = "two-sided"
) -> Estimate:
    """One coefficient with White's error times √(n/df): Stata's ``robust`` (MacKinnon & White 1985).

    Reasons for null as :func:`hc3`.
    """
    weighted = rows.residuals**2 * (fit.n / fit.df) if fit.df > 0 else rows.residuals
    return _sandwich(fit, rows, index, weighted, confidence, alternative)


def hc3(
    fit: LeastSquares, rows: FittedRows, index: int, confidence: float, alternative: Alternative = "two-sided"
) -> Estimate:
    """One coefficient with the error of nearly-jackknifed residuals e/(1 - h), t with n - p df.

    Right where students are independent and their spread may differ between arms.
    V = (X'X)⁻¹ X' diag[e²/(1 - h)²] X (X'X)⁻¹ (MacKinnon & White 1985, J. Econometrics 29:305; in this form
    Davidson & MacKinnon 1993; R's ``sandwich::vcovHC(type = "HC3")``).

    Null but for the estimate: ``"one-student"`` (one student alone carries the term: leverage 1, no residual
    speaks of it), ``"no-df"``, ``"no-spread"``.
    """
    # A row with leverage 1 has no residual; terms that it does not carry have no share in it either.
    left = np.where(rows.carried, 1.0, 1.0 - rows.leverage)
    weighted = np.where(rows.carried, 0.0, (rows.residuals / left) ** 2)
    return _sandwich(fit, rows, index, weighted, confidence, alternative)


def _sandwich(
    fit: LeastSquares,
    rows: FittedRows,
    index: int,
    weighted: FloatArray,
    confidence: float,
    alternative: Alternative,
) -> Estimate:
    """Error √Σ(a'q_i)² w_i, where a is the coefficient's direction in the basis of Q."""
    reason = fit.refusal()
    if reason is not None:
        return fit.alone(index, reason)
    share = rows.Q @ fit.directions[index]
    if np.abs(share[rows.carried]).max(initial=0.0) > CARRIED:
        return fit.alone(index, "one-student")
    error = fit.units[index] * np.sqrt(float(share**2 @ weighted))
    return from_t(float(fit.coefficients[index]), float(error), fit.df, confidence, alternative)


def standardised_residuals(fit: LeastSquares, rows: FittedRows) -> FloatArray:
    """e/(s √(1 - h)) of the rows whose leverage is below 1, in the rows' order.

    Empty where s does not exist or is zero.  (Cook & Weisberg 1982: internally studentised.)
    """
    if fit.refusal() is not None or fit.residual_sd is None:
        return np.zeros(0)
    free = ~rows.carried
    s = fit.residual_sd / fit.standardised.y_spread
    return np.asarray(rows.residuals[free] / (s * np.sqrt(1.0 - rows.leverage[free])))
