"""NIST's problems, the correct digits of an answer, and what could be reached: exact arithmetic, R's algorithm."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

HERE = Path(__file__).parent
LINEAR = HERE.parent / "stats" / "nist_linear"

REGRESSIONS = ("norris", "pontius", "noint1", "noint2", "filip", "longley", *(f"wampler{i}" for i in range(1, 6)))
SAMPLES = ("lew", "lottery", "mavro", "michelso", "numacc1", "numacc2", "numacc3", "numacc4")
ANOVAS = ("sirstv", "atmwtag", *(f"smls0{i}" for i in range(1, 10)))
# Powers of x that are the regressors; elsewhere the file's columns are.
POWERS = {"pontius": 2, "filip": 10} | {f"wampler{i}": 5 for i in range(1, 6)}
# Correct digits of the least correct coefficient of R 4.2.2's lm; elsewhere it reaches 12 or more.
LM = {
    "filip": 7.2,
    "longley": 12.9,
    "wampler1": 9.8,
    "wampler2": 13.6,
    "wampler3": 9.3,
    "wampler4": 7.5,
    "wampler5": 5.5,
}
# NIST prints 15 digits.
PRINTED = 15.0


@dataclass(frozen=True)
class Regression:
    """X (n, p), y (n,), and the certified coefficients (p,), their errors (p,) and residual standard deviation."""

    name: str
    X: FloatArray
    y: FloatArray
    coefficients: FloatArray
    errors: FloatArray
    residual_sd: float

    @property
    def intercept(self) -> bool:
        """Whether column 0 is the constant 1."""
        return not self.name.startswith("noint")


@dataclass(frozen=True)
class Anova:
    """y (n,) and its treatment (n,), with the certified sums of squares, degrees of freedom and F."""

    name: str
    y: FloatArray
    treatment: IntArray
    ss_between: float
    ss_within: float
    df_between: int
    df_within: int
    f: float


def digits(value: float | None, certified: float) -> float:
    """Correct digits: the log relative error, at most the 15 that are printed, 0 where nothing was computed."""
    if value is None:
        return 0.0
    if value == certified:
        return PRINTED
    error = abs(value - certified) / (abs(certified) if certified else 1.0)
    return float(min(PRINTED, max(0.0, -math.log10(error))))


def least_digits(values: Any, certified: Any) -> float:
    """Correct digits of the least correct of several."""
    return min(digits(float(v), float(c)) for v, c in zip(values, certified, strict=True))


def regression(name: str) -> Regression:
    """A linear regression problem."""
    data = np.genfromtxt(LINEAR / f"{name}.csv", delimiter=",", names=True)
    columns = [data[column] for column in data.dtype.names[1:]]
    if name in POWERS:
        columns = [columns[0] ** k for k in range(1, POWERS[name] + 1)]
    if not name.startswith("noint"):
        columns = [np.ones(data.size), *columns]
    rows = _certified(LINEAR / "certified.csv", name)
    terms = [row for row in rows if row["quantity"].startswith("B")]
    return Regression(
        name,
        np.column_stack(columns),
        data["y"],
        np.array([float(row["certified"]) for row in terms]),
        np.array([float(row["standard_deviation"]) for row in terms]),
        next(float(row["certified"]) for row in rows if row["quantity"] == "residual_sd"),
    )


def sample(name: str) -> tuple[FloatArray, float, float]:
    """A one-sample problem: values, certified mean, certified standard deviation."""
    rows = {row["quantity"]: float(row["certified"]) for row in _certified(HERE / "certified.csv", name)}
    return np.loadtxt(HERE / f"{name}.csv", skiprows=1), rows["mean"], rows["sd"]


def anova(name: str) -> Anova:
    """An analysis of variance, from its file or its rule."""
    rows = {row["quantity"]: float(row["certified"]) for row in _certified(HERE / "certified.csv", name)}
    if name.startswith("smls"):
        treatment, y = _simon_and_lesage(int(name[-1]))
    else:
        table = np.loadtxt(HERE / f"{name}.csv", delimiter=",", skiprows=1)
        treatment, y = table[:, 0].astype(np.int64), table[:, 1]
    between, within = int(rows.pop("df_between")), int(rows.pop("df_within"))
    return Anova(name, y, treatment, df_between=between, df_within=within, **rows)


def _simon_and_lesage(number: int) -> tuple[IntArray, FloatArray]:
    """The set's values, read from decimals as a program reads them from NIST's file."""
    whole = (1, 10**6, 10**12)[(number - 1) // 3]
    size = (21, 201, 2001)[(number - 1) % 3]
    tenths = [4, 3, 5, 3, 5, 3, 5, 3, 5]
    y = [float(f"{whole}.{first + (0 if i == 0 else -1 if i % 2 else 1)}") for first in tenths for i in range(size)]
    return np.repeat(np.arange(1, 10), size), np.array(y)


def _certified(path: Path, name: str) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["set"] == name]


# ------------------------------------------------------------------------------------------ what the doubles hold


def exact_coefficients(X: FloatArray, y: FloatArray) -> list[float]:
    """Coefficients by exact rational arithmetic on the doubles: the most that any program can reach."""
    A = [[Fraction(float(value)) for value in row] for row in X]
    b = [Fraction(float(value)) for value in y]
    p = X.shape[1]
    system = [
        [sum(row[k] * row[m] for row in A) for m in range(p)] + [sum(row[k] * v for row, v in zip(A, b, strict=True))]
        for k in range(p)
    ]
    for k in range(p):
        system[k] = [value / system[k][k] for value in system[k]]
        for m in range(p):
            if m != k:
                system[m] = [a - system[m][k] * c for a, c in zip(system[m], system[k], strict=True)]
    return [float(row[p]) for row in system]


def exact_f(y: FloatArray, treatment: IntArray) -> float:
    """F by exact rational arithmetic on the doubles."""
    parts = [[Fraction(float(v)) for v in y[treatment == code]] for code in np.unique(treatment)]
    means = [sum(part) / len(part) for part in parts]
    grand = sum(sum(part) for part in parts) / y.size
    between = sum(len(part) * (mean - grand) ** 2 for part, mean in zip(parts, means, strict=True))
    within = sum((v - mean) ** 2 for part, mean in zip(parts, means, strict=True) for v in part)
    return float((between / (len(parts) - 1)) / (within / (y.size - len(parts))))


# ------------------------------------------------------------------------------------------ the algorithm of R's lm


def by_householder(X: FloatArray, y: FloatArray) -> FloatArray:
    """Coefficients as R's lm finds them: Householder's QR of the columns as they are."""
    Q, R = linalg.qr(X, mode="economic")
    return np.asarray(linalg.solve_triangular(R, Q.T @ y))


def f_by_householder(y: FloatArray, treatment: IntArray) -> float:
    """F as R's anova(lm(y ~ factor)) finds it: squares of the effects Q'y, treatment contrasts."""
    X = dummies(treatment)
    Q, _ = linalg.qr(X, mode="economic")
    effects = Q.T @ y
    residuals = y - Q @ effects
    k = X.shape[1] - 1
    return float((effects[1:] @ effects[1:] / k) / (residuals @ residuals / (y.size - k - 1)))


def dummies(treatment: IntArray) -> FloatArray:
    """(n, k) the intercept and an indicator of every treatment but the first."""
    codes = np.unique(treatment)
    return np.column_stack([np.ones(treatment.size), *(treatment == code for code in codes[1:])]).astype(np.float64)
