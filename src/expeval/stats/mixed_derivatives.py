"""Derivatives of the REML criterion in the variance components, from the same blocks as the criterion itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expeval.stats.mixed_criterion import Level, times
from expeval.stats.mixed_design import MixedDesign
from expeval.stats.moments import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Derivatives:
    """Sums over institutions in the whitened basis E = [Z L, z - Zb] of :attr:`Level.whitening`.

    Component 0 is the identity (residual), then those of ``gamma``; G_r are their matrices.

    Attributes
    ----------
    first
        (m + 1, p + 1, p + 1): E'V⁻¹G_rV⁻¹E.
    second
        (m + 1, m + 1, p + 1, p + 1): E'V⁻¹G_rV⁻¹G_sV⁻¹E, its symmetric part.
    trace, trace_of_product
        tr V⁻¹G_r; tr V⁻¹G_rV⁻¹G_s.
    """

    first: FloatArray
    second: FloatArray
    trace: FloatArray
    trace_of_product: FloatArray

    @property
    def projected_trace(self) -> FloatArray:
        """(m + 1,): tr PG_r."""
        return np.asarray(self.trace - np.einsum("rkk->r", self.first[:, :-1, :-1]))

    @property
    def projected_trace_of_product(self) -> FloatArray:
        """(m + 1, m + 1): tr PG_rPG_s."""
        X = self.first[:, :-1, :-1]
        return np.asarray(self.trace_of_product - 2.0 * np.einsum("rskk->rs", self.second[:, :, :-1, :-1]) + _inner(X))

    @property
    def residual_form(self) -> FloatArray:
        """(m + 1,): y'PG_rPy."""
        return self.first[:, -1, -1]

    @property
    def residual_form_of_product(self) -> FloatArray:
        """(m + 1, m + 1): y'PG_rPG_sPy."""
        across = self.first[:, :-1, -1]
        return np.asarray(self.second[:, :, -1, -1] - across @ across.T)


def derivatives(design: MixedDesign, level: Level) -> Derivatives:
    """First and second derivatives' ingredients at ``level``; the identity follows from V = I + Σ γ_r G_r."""
    N = level.whitening
    width = design.p + 1
    H = level.H
    beta = level.geometry.beta @ N
    R = times(H, beta)
    pairs = [(0, 0), (0, 1), (1, 1)] if design.slope else [(0, 0)]
    m = len(pairs) + int(design.classes)
    first, second = np.zeros((m + 1, width, width)), np.zeros((m + 1, m + 1, width, width))
    trace, products = np.zeros(m + 1), np.zeros((m + 1, m + 1))
    E = [_selected(R, *pair) for pair in pairs]
    EH = [_selected(H, *pair) for pair in pairs]
    for r, ER in enumerate(E, start=1):
        first[r] = R.reshape(-1, width).T @ ER.reshape(-1, width)
        trace[r] = np.einsum("jaa->", EH[r - 1])
        HER = times(H, ER).reshape(-1, width)
        for s in range(1, r + 1):
            second[r, s] = second[s, r] = _symmetric(E[s - 1].reshape(-1, width).T @ HER)
            products[r, s] = products[s, r] = np.einsum("jab,jba->", EH[r - 1], EH[s - 1])
    if design.classes:
        _add_classes(design, level, beta, R, N, E, pairs, (first, second, trace, products))
    _add_identity(design, level, (first, second, trace, products))
    return Derivatives(first, second, trace, products)


Sums = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


def _add_classes(
    design: MixedDesign,
    level: Level,
    beta: FloatArray,
    R: FloatArray,
    N: FloatArray,
    E: list[FloatArray],
    pairs: list[tuple[int, int]],
    sums: Sums,
) -> None:
    """The class's component: r_c = 1_c'V⁻¹E and 1_c'V⁻¹1_d = δ_cd w_c - w_c w_d b_c'C b_d."""
    first, second, trace, products = sums
    w, own, C, K = level.geometry.weights, design.institution, level.conditional, level.kept
    b = np.ones((w.size, 1))
    if design.slope:
        b = np.column_stack([b, design.treatment(design.mean)])
    kept = np.matmul(np.swapaxes(K, 1, 2), beta)
    r = w[:, None] * (design.mean @ N - _at_own(b, (beta - kept), own))
    wb = w[:, None] * b
    Y = np.stack([np.add.reduceat(column[:, None] * r, design.starts) for column in wb.T], axis=1)
    F = np.add.reduceat(wb[:, :, None] * wb[:, None, :], design.starts)
    CF = np.matmul(C, F)
    width = r.shape[1]
    first[-1] = r.T @ r
    CY = np.matmul(C, Y)
    second[-1, -1] = _symmetric(r.T @ (w[:, None] * r) - Y.reshape(-1, width).T @ CY.reshape(-1, width))
    trace[-1] = w.sum() - np.einsum("jaa->", CF)
    own_C = np.einsum("ca,cab,cb->c", b, C[own], b)
    products[-1, -1] = (w**2).sum() - 2.0 * (w**3 @ own_C) + np.einsum("jab,jba->", CF, CF)
    KY = np.matmul(K, Y).reshape(-1, width)
    KFK = np.matmul(np.matmul(K, F), np.swapaxes(K, 1, 2))
    for s, pair in enumerate(pairs, start=1):
        second[s, -1] = second[-1, s] = _symmetric(E[s - 1].reshape(-1, width).T @ KY)
        products[s, -1] = products[-1, s] = np.einsum("jaa->", _selected(KFK, *pair))


def _add_identity(design: MixedDesign, level: Level, sums: Sums) -> None:
    """G_0 = I = V - Σ γ_r G_r in every sum."""
    first, second, trace, products = sums
    gamma, p = level.gamma, design.p
    whole = np.eye(p + 1)
    whole[p, p] = level.residual_sum
    first[0] = whole - np.einsum("r,rkl->kl", gamma, first[1:])
    trace[0] = design.n - gamma @ trace[1:]
    for r in range(1, gamma.size + 1):
        second[0, r] = second[r, 0] = first[r] - np.einsum("s,skl->kl", gamma, second[1:, r])
        products[0, r] = products[r, 0] = trace[r] - gamma @ products[1:, r]
    second[0, 0] = first[0] - np.einsum("s,skl->kl", gamma, second[1:, 0])
    products[0, 0] = trace[0] - gamma @ products[1:, 0]


def _at_own(b: FloatArray, of_institution: FloatArray, own: IntArray) -> FloatArray:
    """b_c' times the (q, k) of the class's institution."""
    total = b[:, :1] * of_institution[own, 0]
    for a in range(1, b.shape[1]):
        total += b[:, a : a + 1] * of_institution[own, a]
    return np.asarray(total)


def _selected(rows: FloatArray, a: int, b: int) -> FloatArray:
    """E_r times (J, q, ...): E_r is e_a e_a' or e_a e_b' + e_b e_a'."""
    if rows.shape[1] == 1:
        return rows
    chosen = np.zeros_like(rows)
    chosen[:, a] = rows[:, b]
    chosen[:, b] = rows[:, a]
    return chosen


def _symmetric(matrix: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (matrix + matrix.T))


def _inner(X: FloatArray) -> NDArray[np.float64]:
    """tr X_r X_s of symmetric matrices (m, p, p)."""
    flat = X.reshape(X.shape[0], -1)
    return np.asarray(flat @ flat.T)


def profile_derivatives(design: MixedDesign, level: Level, sums: Derivatives) -> tuple[FloatArray, FloatArray]:
    """Gradient (m,) and Hessian (m, m) of the profiled deviance in γ."""
    df, rest = design.n - design.p, level.residual_sum
    form = sums.residual_form[1:] / rest
    gradient = sums.projected_trace[1:] - df * form
    hessian = (
        -sums.projected_trace_of_product[1:, 1:]
        + 2.0 * df * sums.residual_form_of_product[1:, 1:] / rest
        - df * np.outer(form, form)
    )
    return gradient, hessian
