"""The studies that the tests of mixed models share: the reference sets, small odd ones by R, and simulated pupils."""

from __future__ import annotations

import functools
import json
import tomllib
from pathlib import Path

import numpy as np
import pandas

from expeval.stats.mixed import fit_mixed
from expeval.stats.moments import Moments

HERE = Path(__file__).parent
REFERENCE = HERE.parent / "reference"
SETS = ("star-kindergarten", "london-schools", "achievement-awards", "marks-simulated")
FIELD = {
    case["name"]: case
    for case in json.loads((HERE.parent / "stats" / "mixed_by_r.json").read_text(encoding="utf-8"))["cases"]
}
KINDS = [(False, False), (True, False), (False, True), (True, True)]


@functools.cache
def reference(name):
    """Of each outcome: X, y, institution, class, terms, and R's rows.

    Complete cases; text columns in treatment coding, the first level in code-point order as reference.
    """
    study = tomllib.loads((REFERENCE / name / "study.toml").read_text(encoding="utf-8"))
    table = pandas.read_csv(REFERENCE / name / study["data"]["files"][0])
    rows = pandas.read_csv(REFERENCE / name / "expected.csv").to_dict("records")
    groups = study["groups"]
    arms = table[groups["column"]].isin(groups["experimental"] + groups["control"])
    covariates = study["covariates"].get("student", []) + study["covariates"].get("institution", [])
    units = [study["data"][unit] for unit in ("institution", "class") if unit in study["data"]]
    found = []
    for outcome in study["outcomes"]:
        baseline = [outcome["baseline"]] if "baseline" in outcome else []
        used = list(dict.fromkeys([*baseline, *covariates]))
        complete = table[arms].dropna(subset=[outcome["column"], *used, *units])
        columns = [("(Intercept)", np.ones(len(complete)))]
        columns.append(("treatment", complete[groups["column"]].isin(groups["experimental"])))
        for column in used:
            values = complete[column]
            if values.dtype.kind in "if":
                columns.append((column, values))
            else:
                columns += [(f"{column}[{level}]", values == level) for level in sorted(set(values))[1:]]
        X = np.column_stack([np.asarray(values, dtype=float) for _, values in columns])
        codes = [pandas.factorize(complete[unit])[0] for unit in units] + [None]
        own = [row for row in rows if row["outcome"] == outcome["name"]]
        found.append((X, np.asarray(complete[outcome["column"]], float), *codes[:2], [c for c, _ in columns], own))
    return found


def field(name):
    case = FIELD[name]
    columns = np.array(case["columns"])
    X = np.column_stack([np.ones(columns.shape[1]), columns.T])
    classes = None if case["class"] is None else np.array(case["class"])
    return X, np.array(case["outcome"]), np.array(case["institution"]), classes


def nested(X, y, institution, class_):
    """Moments by (institution, class), and the institution of each."""
    if class_ is None:
        return Moments.from_rows(X, y, institution), None
    pairs, code = np.unique(np.column_stack([institution, class_]), axis=0, return_inverse=True)
    return Moments.from_rows(X, y, code.ravel()), pairs[:, 0]


def fitted(X, y, institution, class_=None, slope=False, columns=None):
    moments, of = nested(X, y, institution, class_)
    if columns is not None:
        moments = moments.select(columns)
    return fit_mixed(moments, of, classes=class_ is not None, slope=slope)


def pupils(seed, J=8, classes=3, sd=(1.0, 0.7, 0.8), effect="inside"):
    """Unequal classes; a covariate with a large mean; sds of institution, class, slope (residual 1)."""
    rng = np.random.default_rng(seed)
    class_ = np.repeat(np.arange(J * classes), rng.integers(2, 6, J * classes))
    institution = class_ // classes
    n = class_.size
    t = (rng.integers(0, 2, n) if effect == "inside" else institution % 2).astype(float)
    x = rng.normal(500.0, 3.0, n) + rng.normal(size=J)[institution]
    u, v, w = rng.normal(size=(3, J * classes))
    y = 10.0 + t + 0.1 * x + sd[0] * u[institution] + sd[1] * v[class_] + sd[2] * t * w[institution]
    return np.column_stack([np.ones(n), t, x]), y + rng.normal(size=n), institution, class_


def parameters(fit):
    return np.append(fit.optimum.level.theta, np.sqrt(fit.variances["residual"]))
