"""How long does a wild cluster bootstrap take? python benchmarks/wild_bootstrap.py [rows:institutions ...]"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from students import Arrays, students
from timing import Work, describe_machine, installed, medians, peak_memory, print_load, print_ratios

from expeval.stats.least_squares import fit_least_squares
from expeval.stats.moments import Moments
from expeval.stats.wild_bootstrap import wild_cluster_bootstrap

SIZES = ((10**3, 31), (10**4, 100))
DRAWS = 9_999


def expeval(*, whole: bool) -> Callable[[Arrays], Work]:
    """p and interval; ``whole``: from the rows, else from moments that were made before."""

    def prepare(data: Arrays) -> Work:
        made = None if whole else Moments.from_rows(data["X"], data["y"], data["cluster"])

        def work() -> object:
            moments = made or Moments.from_rows(data["X"], data["y"], data["cluster"])
            fit = fit_least_squares(moments)
            return wild_cluster_bootstrap(fit, moments, 0.95, draws=DRAWS, rng=np.random.default_rng(1))

        return work

    return prepare


def pyfixest(data: Arrays) -> Work:
    """p of a model that is fitted already; no interval."""
    import pandas
    import pyfixest as pf

    frame = pandas.DataFrame(data["X"][:, 1:], columns=["treatment", "pretest", "age"])
    frame["y"], frame["cluster"] = data["y"], data["cluster"]
    fit = pf.feols("y ~ treatment + pretest + age", frame, vcov={"CRV1": "cluster"})
    return lambda: fit.wildboottest(reps=DRAWS, cluster="cluster", param="treatment", seed=1)


def wildboottest(data: Arrays) -> Work:
    """p on arrays, as its own documentation calls it; no interval."""
    import pandas
    import statsmodels.api as sm
    from wildboottest import wildboottest as package

    names = ["intercept", "treatment", "pretest", "age"]
    model = sm.OLS(pandas.Series(data["y"], name="y"), pandas.DataFrame(data["X"], columns=names))
    cluster = pandas.Series(data["cluster"])
    return lambda: package.wildboottest(
        model, B=DRAWS, cluster=cluster, param="treatment", seed=1, parallel=False, show=False
    )


PEERS: dict[str, Callable[[Arrays], Work]] = {
    "expeval p + interval": expeval(whole=True),
    "expeval p + interval, moments made": expeval(whole=False),
    "pyfixest p": pyfixest,
    "wildboottest p": wildboottest,
}
OURS = ("expeval p + interval", "expeval p + interval, moments made")
AGAINST = {"pyfixest p": OURS, "wildboottest p": OURS}


def p_value(found: object) -> float:
    """The p-value of an answer, whoever gave it."""
    if hasattr(found, "p_value"):
        return float(found.p_value)
    # A series of pyfixest, a table of one row of wildboottest.
    table = found.to_dict()  # type: ignore[attr-defined]
    return float(table["Pr(>|t|)"]) if "Pr(>|t|)" in table else float(next(iter(table["p-value"].values())))


def main(sizes: list[tuple[int, int]]) -> None:
    """Ratios, and everyone's p, which differ by chance."""
    describe_machine("pyfixest", "wildboottest")
    chosen = [*OURS]
    if installed("wildboottest"):
        chosen += ["pyfixest p"] if installed("pyfixest") else []  # it calls wildboottest
        chosen += ["wildboottest p"] if installed("statsmodels") else []
    for n, institutions in sizes:
        data = students(n, institutions, ordered=True)
        works = {name: PEERS[name](data) for name in chosen}
        small = students(200, 14, ordered=True)
        memory = {name: peak_memory("wild_bootstrap", name, small, data) for name in chosen}
        print_ratios(f"{n:.0e}:{institutions}, {DRAWS}", medians(works), AGAINST, memory)
        print("p: " + ", ".join(f"{name} {p_value(work()):.4f}" for name, work in works.items()))
    print_load()


if __name__ == "__main__":
    main([(int(float(n)), int(J)) for n, J in (size.split(":") for size in sys.argv[1:])] or list(SIZES))
