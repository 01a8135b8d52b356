"""NIST's certified values: no fewer correct digits than R's lm, or all that the doubles hold."""

import importlib.util
import re
from pathlib import Path

import nist_problems as nist
import numpy as np
import pytest

from expeval.stats.describe import describe
from expeval.stats.intraclass import anova_icc
from expeval.stats.least_squares import QR_FROM_CONDITION, fit_least_squares
from expeval.stats.mixed import fit_mixed
from expeval.stats.moments import Moments
from expeval.stats.t_tests import student

DOCS = Path(__file__).parents[2] / "docs"


def make_accuracy():
    spec = importlib.util.spec_from_file_location("make_accuracy", DOCS / "make_accuracy.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ------------------------------------------------------------------------------------------------- regression


@pytest.mark.parametrize("name", nist.REGRESSIONS)
def test_regression_has_the_digits_of_lm(name):
    case = nist.regression(name)
    fit = fit_least_squares(Moments.from_rows(case.X, case.y), case.X, case.y)
    held = nist.least_digits(nist.exact_coefficients(case.X, case.y), case.coefficients)
    householder = nist.least_digits(nist.by_householder(case.X, case.y), case.coefficients)
    # More digits than the doubles hold are luck (wampler2).
    wanted = min(nist.LM.get(name, householder - 0.3), held - 0.1)
    assert nist.least_digits(fit.coefficients, case.coefficients) >= wanted


@pytest.mark.parametrize("name", nist.REGRESSIONS)
def test_residuals_and_r_squared(name):
    case = nist.regression(name)
    fit = fit_least_squares(Moments.from_rows(case.X, case.y), case.X, case.y)
    if case.residual_sd == 0.0:
        assert fit.perfect
        return
    wanted = min(nist.LM.get(name, 12.0), 12.0)
    assert nist.digits(fit.residual_sd, case.residual_sd) >= wanted
    rows = nist._certified(nist.LINEAR / "certified.csv", name)
    r_squared = next(float(row["certified"]) for row in rows if row["quantity"] == "r_squared")
    # NIST's R squared is about zero where there is no intercept.
    off = case.y - case.y.mean() if case.intercept else case.y
    assert nist.digits(1.0 - fit.residual_sum_of_squares / float(off @ off), r_squared) >= wanted


@pytest.mark.parametrize("name", ["filip", *(f"wampler{i}" for i in range(1, 6))])
def test_qr_on_rows_takes_over_where_moments_lose_digits(name):
    case = nist.regression(name)
    moments = Moments.from_rows(case.X, case.y)
    fit = fit_least_squares(moments, case.X, case.y)
    assert fit.condition > QR_FROM_CONDITION
    if name == "filip":
        with pytest.raises(ValueError, match="collinear"):
            fit_least_squares(moments)
        return
    reached = nist.least_digits(fit.coefficients, case.coefficients)
    alone = nist.least_digits(fit_least_squares(moments).coefficients, case.coefficients)
    # Normal equations stay below R's lm here, but for wampler5, where R's QR loses digits to the large residuals.
    assert reached > alone
    assert alone < nist.LM[name] or name == "wampler5"


# ------------------------------------------------------------------------------------------------------- ANOVA


@pytest.mark.parametrize("name", nist.ANOVAS)
@pytest.mark.parametrize("way", ["f_by_regression", "f_by_moments"])
def test_f(name, way):
    case = nist.anova(name)
    f = getattr(make_accuracy(), way)(case)
    exact = nist.exact_f(case.y, case.treatment)
    held, householder = nist.digits(exact, case.f), nist.digits(nist.f_by_householder(case.y, case.treatment), case.f)
    assert nist.digits(f, case.f) >= min(householder, held, 13.0) - 0.1
    # Far more than the decimals allow: what is lost, reading them as doubles has lost.
    assert f == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("name", nist.ANOVAS)
def test_intraclass_correlation_follows_from_f(name):
    case = nist.anova(name)
    size = case.y.size / (case.df_between + 1)
    f = nist.exact_f(case.y, case.treatment)
    icc = (f - 1.0) / (f - 1.0 + size)
    assert anova_icc(case.y, np.zeros(case.y.size, dtype=np.int64), case.treatment) == pytest.approx(icc, rel=1e-12)
    # Balanced: REML's variances are those of the analysis of variance (Searle, Casella & McCulloch 1992, section 4.9).
    by_treatment = Moments.from_rows(np.ones((case.y.size, 1)), case.y, case.treatment)
    fit = fit_mixed(by_treatment, classes=False, slope=False)
    assert fit.icc == pytest.approx(icc, rel=1e-9)
    residual = case.ss_within / case.df_within
    assert nist.digits(fit.variances["residual"], residual) >= min(9.0, nist.digits(f, case.f) - 0.5)


@pytest.mark.parametrize("name", nist.ANOVAS)
def test_sums_of_squares_and_degrees_of_freedom(name):
    case = nist.anova(name)
    X = nist.dummies(case.treatment)
    moments = Moments.from_rows(X, case.y)
    fit = fit_least_squares(moments, X, case.y)
    assert (fit.df, fit.p - 1) == (case.df_within, case.df_between)
    held = nist.digits(nist.exact_f(case.y, case.treatment), case.f)
    between = fit_least_squares(moments.select([0]), X[:, :1], case.y).residual_sum_of_squares
    between -= fit.residual_sum_of_squares
    for found, certified in ((fit.residual_sum_of_squares, case.ss_within), (between, case.ss_between)):
        assert nist.digits(found, certified) >= min(held, 13.0) - 1.0


def test_f_of_two_treatments_is_the_square_of_t():
    case = nist.anova("atmwtag")
    t = student(case.y[case.treatment == 1], case.y[case.treatment == 2], 0.95).statistic
    assert nist.digits(t**2, case.f) >= nist.digits(nist.exact_f(case.y, case.treatment), case.f) - 0.1


# -------------------------------------------------------------------------------------------------- one sample


@pytest.mark.parametrize("name", nist.SAMPLES)
def test_mean_and_standard_deviation(name):
    y, mean, sd = nist.sample(name)
    found = describe(y)
    # numacc3 and numacc4 (7 and 8 leading digits) as doubles hold 9.4 and 8.2 digits of the standard deviation.
    assert nist.digits(found.mean, mean) >= 14.5
    assert nist.digits(found.sd, sd) >= {"numacc3": 9.4, "numacc4": 8.2}.get(name, 13.0)


# ------------------------------------------------------------------------------------------------ what is written


def test_the_page_promises_no_more_than_is_computed():
    """A digit of slack: processors differ."""
    page = (DOCS / "explanation" / "numerical-accuracy.md").read_text(encoding="utf-8")
    written = {row[0]: row for row in (re.findall(r"[^|]+", line) for line in page.splitlines()) if len(row) > 2}
    written = {name.strip(): [cell.strip() for cell in row] for name, row in written.items()}
    for head, make in make_accuracy().TABLES.items():
        for row in make():
            stated = written[row[0]]
            assert len(stated) == len(head)
            for promised, found in zip(stated, row, strict=True):
                if re.fullmatch(r"\d+\.\d", promised):
                    assert float(found) >= float(promised) - 1.0, (row[0], promised, found)
                else:
                    assert promised == found
