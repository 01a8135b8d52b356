"""Mixed models with n x n matrices, as the articles write them: the independent second computation of the tests."""

from __future__ import annotations

import numpy as np
from scipy import optimize


def random_parts(X, institution, class_, slope):
    """G_r of V = φ_0 I + Σ φ_r G_r, in the order institution (intercept, covariance, slope), class."""
    same = (institution[:, None] == institution[None, :]).astype(float)
    parts = [np.eye(len(X)), same]
    if slope:
        t = X[:, 1]
        parts += [same * (t[:, None] + t[None, :]), same * np.outer(t, t)]
    if class_ is not None:
        parts.append((class_[:, None] == class_[None, :]).astype(float))
    return parts


def minus_two_log_likelihood(phi, X, y, parts):
    """REML with R's constant, of variances (not profiled)."""
    V = np.einsum("r,rij->ij", phi, np.array(parts))
    sign, log_V = np.linalg.slogdet(V)
    if sign <= 0:
        return np.inf
    VX = np.linalg.solve(V, X)
    gram = X.T @ VX
    b = np.linalg.solve(gram, VX.T @ y)
    e = y - X @ b
    n, p = X.shape
    return log_V + np.linalg.slogdet(gram)[1] + e @ np.linalg.solve(V, e) + (n - p) * np.log(2 * np.pi)


def phi_of(parameters, slope, classes):
    """φ of (θ, σ)."""
    *theta, sigma = parameters
    if slope:
        a, b, c = theta[:3]
        phi = [1.0, a * a, a * b, b * b + c * c]
    else:
        phi = [1.0, theta[0] ** 2]
    if classes:
        phi.append(theta[-1] ** 2)
    return np.array(phi) * sigma**2


def fit_by_rows(X, y, institution, class_=None, slope=False):
    """(θ, σ) by a general optimiser from several starts, and -log likelihood."""
    parts = np.array(random_parts(X, institution, class_, slope))
    classes = class_ is not None
    k = (3 if slope else 1) + classes
    scale = y.std()

    def target(parameters):
        return minus_two_log_likelihood(phi_of(parameters, slope, classes), X, y, parts)

    best = None
    for start in (0.3, 1.0, 0.02):
        first = np.append(np.full(k, start), scale)
        if slope:
            first[1] = 0.0
        found = optimize.minimize(target, first, method="Nelder-Mead", options={"maxiter": 1500, "fatol": 1e-11})
        if best is None or found.fun < best.fun:
            best = found
    return best.x, -0.5 * best.fun


def kenward_roger_by_rows(phi, X, y, parts, index):
    """Kenward & Roger (1997): adjusted error and df of one coefficient, from the whole of their formulas."""
    V = np.einsum("r,rij->ij", phi, np.array(parts))
    Vi = np.linalg.inv(V)
    Phi = np.linalg.inv(X.T @ Vi @ X)
    m = len(parts)
    P = [-X.T @ Vi @ G @ Vi @ X for G in parts]
    Q = [[X.T @ Vi @ G @ Vi @ F @ Vi @ X for F in parts] for G in parts]
    information = np.array(
        [
            [
                np.trace(Vi @ parts[r] @ Vi @ parts[s])
                - 2 * np.trace(Phi @ Q[r][s])
                + np.trace(Phi @ P[r] @ Phi @ P[s])
                for s in range(m)
            ]
            for r in range(m)
        ]
    )
    W = 2 * np.linalg.inv(information)
    U = sum(W[r, s] * (Q[r][s] - P[r] @ Phi @ P[s]) for r in range(m) for s in range(m))
    adjusted = Phi + 2 * Phi @ U @ Phi
    ell = np.eye(X.shape[1])[index]
    Theta = np.outer(ell, ell) / (ell @ Phi @ ell)
    TP = [Theta @ Phi @ P[r] @ Phi for r in range(m)]
    A1 = sum(W[r, s] * np.trace(TP[r]) * np.trace(TP[s]) for r in range(m) for s in range(m))
    A2 = sum(W[r, s] * np.trace(TP[r] @ TP[s]) for r in range(m) for s in range(m))
    q = 1
    B = (A1 + 6 * A2) / (2 * q)
    g = ((q + 1) * A1 - (q + 4) * A2) / ((q + 2) * A2)
    c1 = g / (3 * q + 2 * (1 - g))
    c2 = (q - g) / (3 * q + 2 * (1 - g))
    c3 = (q + 2 - g) / (3 * q + 2 * (1 - g))
    E = 1 / (1 - A2 / q)
    Var = (2 / q) * (1 + c1 * B) / ((1 - c2 * B) ** 2 * (1 - c3 * B))
    rho = Var / (2 * E**2)
    df = 4 + (q + 2) / (q * rho - 1)
    return float(np.sqrt(adjusted[index, index])), float(df)


def satterthwaite_by_rows(parameters, X, y, parts, slope, classes, index):
    """df = 2 f²/(g'Ag) with numerical derivatives (Richardson's extrapolation) of likelihood and variance."""

    def deviance(x):
        return minus_two_log_likelihood(phi_of(x, slope, classes), X, y, parts)

    def variance(x):
        V = np.einsum("r,rij->ij", phi_of(x, slope, classes), np.array(parts))
        return np.linalg.inv(X.T @ np.linalg.solve(V, X))[index, index]

    x = np.array(parameters)
    H = _hessian(deviance, x)
    g = _gradient(variance, x)
    return 2 * variance(x) ** 2 / (g @ np.linalg.solve(H / 2, g))


def _gradient(function, x):
    def at(h):
        return np.array([(function(x + h * e) - function(x - h * e)) / (2 * h) for e in np.eye(x.size) * np.abs(x)])

    return (4 * at(1e-4) - at(2e-4)) / 3 / np.abs(x)


def _hessian(function, x):
    unit = np.eye(x.size) * np.abs(x)

    def at(h):
        return np.array(
            [
                [
                    (
                        function(x + h * (a + b))
                        - function(x + h * (a - b))
                        - function(x - h * (a - b))
                        + function(x - h * (a + b))
                    )
                    / (4 * h * h)
                    for b in unit
                ]
                for a in unit
            ]
        )

    return (4 * at(1e-3) - at(2e-3)) / 3 / np.outer(np.abs(x), np.abs(x))
