"""How long does a permutation test take? python benchmarks/permutation.py [students]"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from timing import Work, describe_machine, medians, peak_memory, print_load, print_ratios

from expeval.stats.permutation import Statistic, permutation_test

Arrays = dict[str, np.ndarray]

SIZES = (10**3, 10**4)
DRAWS = 9_999
# Divisions that scipy holds at a time: fewer are slower, more leave the processor's cache.
BATCH = 25


def scores(n: int, seed: int = 20261124) -> Arrays:
    """Points 0-100 of n students, half of them in each arm."""
    rng = np.random.default_rng(seed)
    treatment = rng.permutation(np.arange(n) % 2)
    return {"outcome": np.clip(np.rint(rng.normal(55.0 + treatment, 15.0)), 0, 100), "treatment": treatment}


def expeval(statistic: Statistic) -> Callable[[Arrays], Work]:
    """The whole test, draws included."""

    def prepare(data: Arrays) -> Work:
        return lambda: permutation_test(
            data["outcome"],
            data["treatment"],
            statistic=statistic,
            strata=None,
            units=None,
            draws=DRAWS,
            rng=np.random.default_rng(1),
        )

    return prepare


def scipy(statistic: Callable[..., np.ndarray]) -> Callable[[Arrays], Work]:
    """permutation_test with a statistic that takes many divisions at a time."""

    def prepare(data: Arrays) -> Work:
        from scipy import stats

        arms = tuple(data["outcome"][data["treatment"] == arm] for arm in (1, 0))
        return lambda: stats.permutation_test(
            arms, statistic, vectorized=True, n_resamples=DRAWS, batch=BATCH, rng=np.random.default_rng(1)
        )

    return prepare


def welch(one: np.ndarray, other: np.ndarray, axis: int = -1) -> np.ndarray:
    """Welch's t."""
    difference = one.mean(axis=axis) - other.mean(axis=axis)
    variance = one.var(axis=axis, ddof=1) / one.shape[axis] + other.var(axis=axis, ddof=1) / other.shape[axis]
    return np.asarray(difference / np.sqrt(variance))


def mean_difference(one: np.ndarray, other: np.ndarray, axis: int = -1) -> np.ndarray:
    """The difference of means: the cheapest that scipy can be asked."""
    return np.asarray(one.mean(axis=axis) - other.mean(axis=axis))


PEERS: dict[str, Callable[[Arrays], Work]] = {
    "expeval Welch": expeval("welch"),
    "expeval Brunner-Munzel": expeval("brunner-munzel"),
    "scipy Welch": scipy(welch),
    "scipy mean difference": scipy(mean_difference),
}
AGAINST = {"scipy Welch": ("expeval Welch",), "scipy mean difference": ("expeval Welch",)}


def main(sizes: list[int]) -> None:
    """Ratios, and both p-values, which differ by chance."""
    describe_machine()
    for n in sizes:
        data = scores(n)
        works = {name: prepare(data) for name, prepare in PEERS.items()}
        memory = {name: peak_memory("permutation", name, scores(100), data) for name in PEERS}
        print_ratios(f"{n:.0e}, {DRAWS} draws", medians(works), AGAINST, memory)
        one, other = works["expeval Welch"](), works["scipy Welch"]()
        print(f"{n:.0e}: p {one.p_value:.4f} and {other.pvalue:.4f}")  # type: ignore[attr-defined]
    print_load()


if __name__ == "__main__":
    main([int(float(n)) for n in sys.argv[1:]] or list(SIZES))
