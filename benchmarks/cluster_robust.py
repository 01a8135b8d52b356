"""How long do cluster-robust errors take? python benchmarks/cluster_robust.py [rows:institutions ...]"""

from __future__ import annotations

import sys
from collections.abc import Callable

from students import Arrays, students
from timing import Work, describe_machine, installed, medians, peak_memory, print_load, print_ratios, seconds_in_r

from expeval.stats.cluster_robust import Kind, cluster_robust
from expeval.stats.least_squares import fit_least_squares
from expeval.stats.moments import Moments

SIZES = ((10**3, 31), (10**4, 100), (10**5, 1000), (10**6, 1000), (10**6, 10_000))
# R is asked up to this many rows.
LARGEST_FOR_R = 10**5
# pyfixest's CRV3 fits once for every institution: 36 s a call at a million rows in 10,000.
MOST_FOR_CRV3 = 1000


def expeval(kind: Kind, *, whole: bool) -> Callable[[Arrays], Work]:
    """All terms with error, df and interval; ``whole``: from the rows, else from moments that were made before."""

    def prepare(data: Arrays) -> Work:
        made = None if whole else Moments.from_rows(data["X"], data["y"], data["cluster"])

        def work() -> object:
            moments = made or Moments.from_rows(data["X"], data["y"], data["cluster"])
            return cluster_robust(fit_least_squares(moments), moments, kind, 0.95)

        return work

    return prepare


def expeval_refined(data: Arrays) -> Work:
    """The same as a study's run has it: coefficients refined on the rows in a second pass."""

    def work() -> object:
        moments = Moments.from_rows(data["X"], data["y"], data["cluster"])
        return cluster_robust(fit_least_squares(moments, data["X"], data["y"]), moments, "cr1", 0.95)

    return work


def statsmodels(data: Arrays) -> Work:
    """OLS with cov_type cluster, which is CR1 with another factor."""
    import statsmodels.api as sm

    groups = {"groups": data["cluster"]}
    return lambda: sm.OLS(data["y"], data["X"]).fit(cov_type="cluster", cov_kwds=groups, use_t=True).bse


def pyfixest(kind: str) -> Callable[[Arrays], Work]:
    """Feols on a data frame that exists already."""

    def prepare(data: Arrays) -> Work:
        import pandas
        import pyfixest

        names = ("treatment", "pretest", "age")
        frame = pandas.DataFrame({name: data["X"][:, k + 1] for k, name in enumerate(names)})
        frame["y"], frame["cluster"] = data["y"], data["cluster"]
        formula, vcov = "y ~ treatment + pretest + age", {kind: "cluster"}
        return lambda: pyfixest.feols(formula, frame, vcov=vcov, copy_data=False, store_data=False).se()

    return prepare


OURS = {
    "expeval CR1": expeval("cr1", whole=True),
    "expeval CR1, moments made": expeval("cr1", whole=False),
    "expeval CR1, refined on rows": expeval_refined,
    "expeval CR2 + df": expeval("cr2", whole=True),
    "expeval CR2 + df, moments made": expeval("cr2", whole=False),
    "expeval CR3 + df": expeval("cr3", whole=True),
    "expeval CR3 + df, moments made": expeval("cr3", whole=False),
}
PEERS: dict[str, Callable[[Arrays], Work]] = {
    **OURS,
    "statsmodels CR1": statsmodels,
    "pyfixest CRV1": pyfixest("CRV1"),
    "pyfixest CRV3": pyfixest("CRV3"),
}
# Which of ours answers the same question.
AGAINST = {
    "statsmodels CR1": ("expeval CR1", "expeval CR1, moments made"),
    "pyfixest CRV1": ("expeval CR1", "expeval CR1, moments made"),
    "pyfixest CRV3": ("expeval CR3 + df", "expeval CR3 + df, moments made"),
    "estimatr CR2 + df": ("expeval CR2 + df", "expeval CR2 + df, moments made"),
    "clubSandwich CR2 + df": ("expeval CR2 + df", "expeval CR2 + df, moments made"),
}
# Whose peak memory is asked for at the largest sizes.
REMEMBERED = ("expeval CR1", "expeval CR3 + df", "statsmodels CR1", "pyfixest CRV1", "pyfixest CRV3")


def main(sizes: list[tuple[int, int]]) -> None:
    """Ratios at every size, rows by institution and in random order."""
    describe_machine("statsmodels", "pyfixest")
    chosen = [name for name in PEERS if name.startswith("expeval")]
    chosen += ["statsmodels CR1"] if installed("statsmodels") else []
    chosen += ["pyfixest CRV1", "pyfixest CRV3"] if installed("pyfixest") else []
    small = students(10**3, 31, ordered=True)
    for n, institutions in sizes:
        for ordered in (True, False):
            data = students(n, institutions, ordered=ordered)
            asked = [name for name in chosen if name != "pyfixest CRV3" or institutions <= MOST_FOR_CRV3]
            taken = medians({name: PEERS[name](data) for name in asked})
            memory = {}
            if n >= 10**5:
                memory = {
                    name: peak_memory("cluster_robust", name, small, data) for name in REMEMBERED if name in asked
                }
            if n <= LARGEST_FOR_R:
                names = ("intercept", "treatment", "pretest", "age")
                columns = {name: data["X"][:, k] for k, name in enumerate(names)}
                taken |= seconds_in_r("cluster-robust", columns | {"y": data["y"], "cluster": data["cluster"]})
            label = f"{n:.0e}:{institutions} {'sorted' if ordered else 'unsorted'}"
            print_ratios(label, taken, AGAINST, memory)
    print_load()


if __name__ == "__main__":
    main([(int(float(n)), int(J)) for n, J in (size.split(":") for size in sys.argv[1:])] or list(SIZES))
