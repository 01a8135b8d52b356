"""Simulated students in institutions, the same for every peer of a benchmark."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.float64]]


def students(n: int, institutions: int, *, ordered: bool, inside: bool = False, seed: int = 20261124) -> Arrays:
    """X (n, 4): intercept, treatment, pretest, age; y (n,); cluster (n,).

    Institutions of unequal size, ICC 0.2. Treatment is assigned to institutions, or ``inside`` them to students.
    """
    rng = np.random.default_rng(seed)
    share = rng.gamma(4.0, size=institutions)
    # Every institution has four students at least.
    rest = rng.choice(institutions, size=n - 4 * institutions, p=share / share.sum())
    cluster = np.concatenate([np.repeat(np.arange(institutions), 4), rest])
    cluster = np.sort(cluster) if ordered else rng.permutation(cluster)
    treatment = rng.integers(0, 2, n) if inside else (np.arange(institutions) % 2)[cluster]
    pretest, age = rng.normal(50.0, 10.0, n), rng.normal(10.0, 0.5, n)
    effect = rng.normal(0.0, 0.5, institutions)[cluster]
    y = 0.2 * treatment + 0.05 * pretest + effect + rng.normal(size=n)
    X = np.column_stack([np.ones(n), treatment, pretest, age]).astype(np.float64)
    return {"X": X, "y": y, "cluster": cluster}
