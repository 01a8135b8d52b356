"""Write the page on numerical accuracy: python docs/make_accuracy.py (a few seconds, from a checkout)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "nist"))

import nist_problems as nist  # noqa: E402 (NIST's data stand with the tests, not in the package)

from expeval.stats.describe import describe  # noqa: E402
from expeval.stats.intraclass import anova_icc  # noqa: E402
from expeval.stats.least_squares import classical, fit_least_squares  # noqa: E402
from expeval.stats.mixed import fit_mixed  # noqa: E402
from expeval.stats.moments import Moments  # noqa: E402

MADE = "<!-- made by docs/make_accuracy.py: do not edit -->"
PAGE = ROOT / "docs" / "explanation" / "numerical-accuracy.md"

HEAD = f"""# Numerical accuracy

{MADE}

The US National Institute of Standards and Technology publishes problems that are hard to compute, with answers of 15
digits (Statistical Reference Datasets, StRD). Below stands how many digits expeval gets right: the log relative error
−log₁₀(|value − certified|/|certified|) of the least correct value, at most 15, cut to a decimal.

Two columns say what could be reached. *Doubles hold*: exact rational arithmetic on the numbers as a computer stores
them; more digits than these are luck. *Householder*: the algorithm of R's `lm` (QR of the columns as they are),
replayed with LAPACK beside expeval; *R's lm* is what R 4.2.2 itself was measured at, on the sets where that was done.
The last digit or two of all of them differ between processors."""

REGRESSION = """## Linear regression

`fit_least_squares` centres and scales before anything is squared. With the rows at hand it solves well-conditioned
columns by Cholesky and refines on the rows; from a condition number of 1,000 (of the standardised columns) on it takes
Householder's QR, with refinement in extended precision where the machine has that. From moments alone, without the
rows, normal equations are all there is, and about 2 log₁₀(condition number) digits are lost."""

REGRESSION_NOTE = """Where moments lose digits:

- *wampler1*–*wampler5*, powers 1 to 5 of 0 … 20: from moments alone 6 to 9 digits remain. With rows QR takes over.
- *filip*, powers 1 to 10 of −9 … −3: the columns can't be told apart from moments, and the fit is refused as collinear.
  With rows 7.6 digits, which is what the doubles hold: rounding x¹⁰ to a double has cost the rest, in any program.

On *wampler2* R has half a digit more than expeval, and more than the doubles hold. A study's regressions are
fitted with the rows at hand. Mixed models run on moments alone: columns as alike as the powers of one covariate up to
the fifth cost them half of their digits, columns as alike as *filip*'s are refused."""

ANOVA = """## One-way analysis of variance

F by the regression on indicators of the treatments (from the residual sums of squares with and without them), F from
the moments by treatment, and two answers that follow from the certified F because these designs are balanced: the
intraclass correlation (F − 1)/(F − 1 + n), by the analysis of variance and by REML (the random intercept of a mixed
model)."""

ANOVA_NOTE = """*smls04*–*smls09* have 7 and 13 constant leading digits: 10¹² + 0.4 as a double is off by up to 6·10⁻⁵,
so that the doubles of the last three hold 4 digits of F. Every F of expeval is that of the doubles to 12 digits and
more. Householder's QR of the columns as they are carries the leading digits into effects and residuals, and loses up
to three digits of what the doubles hold. (*sirstv*: its 13.4 digits are more than the doubles hold.)"""

SAMPLE = """## One sample

Mean and standard deviation of an arm's description."""


def regressions() -> list[tuple[str, ...]]:
    """Digits of coefficients and of their classical errors."""
    rows = []
    for name in nist.REGRESSIONS:
        case = nist.regression(name)
        moments = Moments.from_rows(case.X, case.y)
        fit = fit_least_squares(moments, case.X, case.y)
        errors = [classical(fit, k, 0.95).std_error for k in range(fit.p)]
        try:
            alone = shown(nist.least_digits(fit_least_squares(moments).coefficients, case.coefficients))
        except ValueError:
            alone = "refused"
        rows.append(
            (
                name,
                shown(nist.least_digits(nist.exact_coefficients(case.X, case.y), case.coefficients)),
                shown(nist.least_digits(fit.coefficients, case.coefficients)),
                # A perfect fit has no error: expeval says so instead of giving one.
                "no residual" if case.residual_sd == 0.0 else shown(nist.least_digits(errors, case.errors)),
                alone,
                str(nist.LM.get(name, "–")),
                shown(nist.least_digits(nist.by_householder(case.X, case.y), case.coefficients)),
            )
        )
    return rows


def analyses_of_variance() -> list[tuple[str, ...]]:
    """Digits of F and of the intraclass correlation."""
    rows = []
    for name in nist.ANOVAS:
        case = nist.anova(name)
        size = case.y.size / (case.df_between + 1)
        icc = (case.f - 1.0) / (case.f - 1.0 + size)
        by_treatment = Moments.from_rows(np.ones((case.y.size, 1)), case.y, case.treatment)
        reml = fit_mixed(by_treatment, classes=False, slope=False).icc
        rows.append(
            (
                name,
                shown(nist.digits(nist.exact_f(case.y, case.treatment), case.f)),
                shown(nist.digits(f_by_regression(case), case.f)),
                shown(nist.digits(f_by_moments(case), case.f)),
                shown(nist.digits(anova_icc(case.y, np.zeros(case.y.size, dtype=np.int64), case.treatment), icc)),
                shown(nist.digits(reml, icc)),
                shown(nist.digits(nist.f_by_householder(case.y, case.treatment), case.f)),
            )
        )
    return rows


def f_by_regression(case: nist.Anova) -> float:
    """F of the treatments' indicators, from residual sums of squares with and without them."""
    X = nist.dummies(case.treatment)
    moments = Moments.from_rows(X, case.y)
    full = fit_least_squares(moments, X, case.y).residual_sum_of_squares
    mean_only = fit_least_squares(moments.select([0]), X[:, :1], case.y).residual_sum_of_squares
    return ((mean_only - full) / case.df_between) / (full / case.df_within)


def f_by_moments(case: nist.Anova) -> float:
    """F from means and cross-products by treatment."""
    moments = Moments.from_rows(np.ones((case.y.size, 1)), case.y, case.treatment)
    mean = moments.mean[:, -1]
    off = mean - moments.n @ mean / moments.total
    between, within = float(moments.n @ off**2), float(moments.within[:, -1, -1].sum())
    return (between / case.df_between) / (within / case.df_within)


def samples() -> list[tuple[str, ...]]:
    """Digits of mean and standard deviation."""
    rows = []
    for name in nist.SAMPLES:
        y, mean, sd = nist.sample(name)
        found = describe(y)
        rows.append((name, shown(nist.digits(found.mean, mean)), shown(nist.digits(found.sd, sd))))
    return rows


def shown(digits: float) -> str:
    """Cut, not rounded: a digit that is not there is not claimed."""
    return f"{int(digits * 10.0) / 10.0:.1f}"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ("---",) * len(head), *rows])


TABLES: dict[tuple[str, ...], Callable[[], list[tuple[str, ...]]]] = {
    ("set", "doubles hold", "with rows", "their errors", "moments alone", "R's lm", "Householder"): regressions,
    (
        "set",
        "doubles hold",
        "F by regression",
        "F from moments",
        "ICC",
        "ICC by REML",
        "Householder",
    ): analyses_of_variance,
    ("set", "mean", "standard deviation"): samples,
}


def page() -> str:
    """The whole page."""
    linear, anova, one = (table(head, make()) for head, make in TABLES.items())
    parts = [HEAD, REGRESSION, linear, REGRESSION_NOTE, ANOVA, anova, ANOVA_NOTE, SAMPLE, one]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
