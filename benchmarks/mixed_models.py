"""How long do mixed models with degrees of freedom take? python benchmarks/mixed_models.py [rows:institutions ...]"""

from __future__ import annotations

import sys
from collections.abc import Callable

from students import Arrays, students
from timing import Work, describe_machine, installed, medians, peak_memory, print_load, print_ratios, seconds_in_r

from expeval.stats.mixed import fit_mixed
from expeval.stats.mixed_df import kenward_roger, satterthwaite
from expeval.stats.moments import Moments

SIZES = ((10**3, 31), (10**4, 100), (10**5, 1000), (10**6, 1000))
# Kenward-Roger in R takes half a minute here, and far more above.
LARGEST_FOR_R = 10**5


def expeval(df: str | None, *, whole: bool, slope: bool = False) -> Callable[[Arrays], Work]:
    """REML of a random intercept (and slope) of the institution, then degrees of freedom of every coefficient."""
    tests = {"satterthwaite": satterthwaite, "kenward-roger": kenward_roger}

    def prepare(data: Arrays) -> Work:
        made = None if whole else Moments.from_rows(data["X"], data["y"], data["cluster"])

        def work() -> object:
            moments = made or Moments.from_rows(data["X"], data["y"], data["cluster"])
            fit = fit_mixed(moments, classes=False, slope=slope)
            return [tests[df](fit, k, 0.95) for k in range(len(fit.names))] if df else fit

        return work

    return prepare


def statsmodels(data: Arrays) -> Work:
    """MixedLM by REML with its default optimiser; its p are of z."""
    import statsmodels.api as sm

    return lambda: sm.MixedLM(data["y"], data["X"], groups=data["cluster"]).fit(reml=True)


PEERS: dict[str, Callable[[Arrays], Work]] = {
    "expeval REML": expeval(None, whole=True),
    "expeval REML, moments made": expeval(None, whole=False),
    "expeval REML + Satterthwaite": expeval("satterthwaite", whole=True),
    "expeval REML + Kenward-Roger": expeval("kenward-roger", whole=True),
    "expeval random slope + KR": expeval("kenward-roger", whole=True, slope=True),
    "statsmodels MixedLM": statsmodels,
}
AGAINST = {
    "statsmodels MixedLM": ("expeval REML", "expeval REML, moments made"),
    "lme4 REML": ("expeval REML", "expeval REML, moments made"),
    "lmerTest REML + Satterthwaite": ("expeval REML + Satterthwaite",),
    "pbkrtest REML + Kenward-Roger": ("expeval REML + Kenward-Roger",),
}
REMEMBERED = ("expeval REML + Kenward-Roger", "statsmodels MixedLM")


def main(sizes: list[tuple[int, int]]) -> None:
    """Ratios at every size, and how far statsmodels is from the optimum."""
    describe_machine("statsmodels")
    chosen = [name for name in PEERS if name.startswith("expeval")]
    chosen += ["statsmodels MixedLM"] if installed("statsmodels") else []
    small = students(10**3, 31, ordered=True)
    for n, institutions in sizes:
        data = students(n, institutions, ordered=True)
        # A slope of the treatment between institutions needs both arms inside them.
        inside = students(n, institutions, ordered=True, inside=True)
        works = {name: PEERS[name](inside if "slope" in name else data) for name in chosen}
        memory = {name: peak_memory("mixed_models", name, small, data) for name in REMEMBERED if name in chosen}
        taken = medians(works)
        if n <= LARGEST_FOR_R:
            names = ("intercept", "treatment", "pretest", "age")
            columns = {name: data["X"][:, k] for k, name in enumerate(names)}
            taken |= seconds_in_r("mixed-models", columns | {"y": data["y"], "cluster": data["cluster"]})
        print_ratios(f"{n:.0e}:{institutions}", taken, AGAINST, memory)
        if "statsmodels MixedLM" in works:
            ours, theirs = works["expeval REML"](), works["statsmodels MixedLM"]()
            gap = ours.log_likelihood - theirs.llf  # type: ignore[attr-defined]
            print(f"{n:.0e}:{institutions} REML log-likelihood of expeval less that of statsmodels: {gap:+.2e}")
    print_load()


if __name__ == "__main__":
    main([(int(float(n)), int(J)) for n, J in (size.split(":") for size in sys.argv[1:])] or list(SIZES))
