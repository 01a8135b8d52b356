"""How long do rank tests of discrete scores take? python benchmarks/rank_tests.py [students]"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from timing import Work, describe_machine, installed, medians, print_load, print_ratios

from expeval.stats.rank_tests import brunner_munzel, mann_whitney

Arrays = dict[str, np.ndarray]

SIZES = (10**3, 10**5)


def scores(n: int, kind: str, seed: int = 20261124) -> Arrays:
    """Two arms of n/2: marks 2-5, or whole points 0-100."""
    rng = np.random.default_rng(seed)
    arms = {}
    for arm, shift in (("experimental", 0.1), ("control", 0.0)):
        z = rng.normal(shift, 1.0, n // 2)
        arms[arm] = np.clip(np.rint(3.6 + 0.8 * z), 2, 5) if kind == "marks" else np.clip(np.rint(55 + 15 * z), 0, 100)
    return arms


def scipy(test: str) -> Callable[[Arrays], Work]:
    """The test's p; no shift, no interval."""

    def prepare(data: Arrays) -> Work:
        from scipy import stats

        one, other = data["experimental"], data["control"]
        if test == "mann-whitney":
            return lambda: stats.mannwhitneyu(one, other, method="asymptotic")
        return lambda: stats.brunnermunzel(one, other)

    return prepare


PEERS: dict[str, Callable[[Arrays], Work]] = {
    "expeval Mann-Whitney + shift": lambda data: lambda: mann_whitney(data["experimental"], data["control"], 0.95),
    "scipy Mann-Whitney": scipy("mann-whitney"),
    "expeval Brunner-Munzel": lambda data: lambda: brunner_munzel(data["experimental"], data["control"], 0.95),
    "scipy Brunner-Munzel": scipy("brunner-munzel"),
}
AGAINST = {
    "scipy Mann-Whitney": ("expeval Mann-Whitney + shift",),
    "scipy Brunner-Munzel": ("expeval Brunner-Munzel",),
}


def main(sizes: list[int]) -> None:
    """Ratios, and whether the p-values agree."""
    describe_machine()
    installed("scipy")
    for n in sizes:
        for kind in ("marks", "points"):
            data = scores(n, kind)
            works = {name: prepare(data) for name, prepare in PEERS.items()}
            print_ratios(f"{n:.0e} {kind}", medians(works), AGAINST)
            for peer, (ours,) in AGAINST.items():
                gap = abs(works[ours]().p_value / works[peer]().pvalue - 1.0)  # type: ignore[attr-defined]
                print(f"{n:.0e} {kind}: p of {ours} and {peer} differ by {gap:.1e}")
    print_load()


if __name__ == "__main__":
    main([int(float(n)) for n in sys.argv[1:]] or list(SIZES))
