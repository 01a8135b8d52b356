"""The methods' names, what each does in one sentence, where its formula stands, and what computed it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Method:
    """One method as a reviewer wants to know it."""

    name: str
    does: str
    reference: str
    packages: tuple[str, ...] = ("expeval", "numpy", "scipy")


_CR = "Liang & Zeger 1986, Biometrika 73(1), doi 10.1093/biomet/73.1.13"
_CR2 = (
    "Bell & McCaffrey 2002, Survey Methodology 28(2); Pustejovsky & Tipton 2018, J. Bus. Econ. Stat. 36(4), "
    "doi 10.1080/07350015.2016.1247004"
)
_HC3 = "MacKinnon & White 1985, J. Econometrics 29(3), doi 10.1016/0304-4076(85)90158-7"
_BM = "Brunner & Munzel 2000, Biometrical Journal 42(1)"
_WIN = f"win fractions: {_BM}; regressed as in Zou 2021, Stat. Med. 40, and PMC12478089"
_G = "Hedges 1981, J. Educ. Stat. 6(2), doi 10.3102/10769986006002107"
_UNIT = "Kahan et al. 2023, Int. J. Epidemiol. 52(1), doi 10.1093/ije/dyac131"
_NONCENTRAL = "intervals: Steiger & Fouladi 1997 (noncentral t)"

CATALOGUE: dict[str, Method] = {
    "description": Method(
        "Description",
        "Mean, standard deviation with n − 1, quartiles of type 7, adjusted skewness.",
        "Hyndman & Fan 1996, Am. Stat. 50(4), doi 10.1080/00031305.1996.10473566; Joanes & Gill 1998",
    ),
    "shapiro-wilk": Method(
        "Shapiro–Wilk",
        "Asks whether the scores of one group could come from a normal distribution.",
        "Shapiro & Wilk 1965, Biometrika 52, doi 10.1093/biomet/52.3-4.591; Royston 1995, Appl. Stat. 44(4), AS R94",
    ),
    "brown-forsythe": Method(
        "Brown–Forsythe",
        "Asks whether the two groups are spread alike (Levene's test about the medians).",
        "Brown & Forsythe 1974, JASA 69(346), doi 10.1080/01621459.1974.10482955",
    ),
    "student": Method(
        "Student's t",
        "Compares two means, taking the spread of both groups to be equal.",
        "Student 1908, Biometrika 6(1), doi 10.1093/biomet/6.1.1",
    ),
    "welch": Method(
        "Welch's t",
        "Compares two means without taking the spread of the groups to be equal.",
        "Welch 1947, Biometrika 34(1–2), doi 10.1093/biomet/34.1-2.28",
    ),
    "mann-whitney": Method(
        "Mann–Whitney U",
        "Compares ranks; the difference is the median of all pairwise differences (Hodges–Lehmann).",
        "Mann & Whitney 1947, doi 10.1214/aoms/1177730491; Hodges & Lehmann 1963, doi 10.1214/aoms/1177704172",
    ),
    "brunner-munzel": Method(
        "Brunner–Munzel",
        "Estimates P(E > C) + ½ P(E = C): how often a student of the experimental group is ahead of one of the "
        "control group; ties and unequal spread allowed.",
        _BM,
    ),
    "permutation": Method(
        "Permutation test",
        "Divides the units into the groups anew, many times or in every possible way, and counts how often the "
        "studentised difference is at least as large.",
        "Janssen 1997, Stat. Prob. Letters 36(1), doi 10.1016/S0167-7152(97)00043-6; Phipson & Smyth 2010",
    ),
    "cohen-d": Method(
        "Cohen's d", "Difference of means over the pooled standard deviation.", f"Cohen 1988; {_NONCENTRAL}"
    ),
    "hedges-g": Method(
        "Hedges' g", "Cohen's d times the exact small-sample factor J.", f"{_G}, eq. 4–6; {_NONCENTRAL}"
    ),
    "glass-delta": Method(
        "Glass's Δ",
        "Difference of means over the control group's standard deviation.",
        "Glass 1976, Educ. Researcher 5(10), doi 10.3102/0013189X005010003",
    ),
    "probability-of-superiority": Method(
        "Probability of superiority",
        "Brunner–Munzel's probability as an effect size, interval on the logit scale.",
        _BM,
    ),
    "rank-biserial": Method(
        "Rank-biserial correlation",
        "Twice the probability of superiority minus one (Cliff's delta).",
        "Cliff 1993, Psych. Bull. 114(3), doi 10.1037/0033-2909.114.3.494",
    ),
    "ols": Method(
        "Least squares",
        "Regression that takes all students to be independent and equally spread.",
        "Computed from cross-products by institution",
    ),
    "ols-hc3": Method(
        "Least squares, HC3", "Regression with errors that allow for unequal spread, not for institutions.", _HC3
    ),
    "ols-cr0": Method(
        "Least squares, CR0", "Regression with errors that allow for institutions; J − 1 degrees of freedom.", _CR
    ),
    "ols-cr1": Method("Least squares, CR1", "As CR0, with the factor J/(J − 1).", _CR),
    "ols-cr2": Method(
        "Least squares, CR2",
        "Regression whose errors allow for institutions, corrected for few of them, with Satterthwaite's degrees of "
        "freedom. Each student counts once.",
        _CR2,
    ),
    "ols-cr3": Method("Least squares, CR3", "As CR2, by leaving out one institution after the other (cautious).", _CR2),
    "fixed-effects-cr2": Method(
        "Within institutions, CR2",
        "Regression that compares students inside the same institution; errors as CR2.",
        f"{_CR2}; absorbed institution effects",
    ),
    "fixed-effects-hc3": Method(
        "Within institutions, HC3",
        "Regression that compares students inside the same institution; errors as HC3.",
        _HC3,
    ),
    "unit-means": Method(
        "Means of the units",
        "Each institution (or class) that was assigned counts once, by its mean.",
        _UNIT,
    ),
    "probability-of-superiority-hc3": Method(
        "Win fractions, HC3",
        "P from a regression of each student's share of the other group that is lower (ties half), with P's own error.",
        f"{_WIN}; {_HC3}",
    ),
    "probability-of-superiority-cr2": Method("Win fractions, CR2", "The same, errors as CR2.", f"{_WIN}; {_CR2}"),
    "probability-of-superiority-fixed-effects-cr2": Method(
        "Win fractions within institutions, CR2",
        "The same, compared inside institutions, errors as CR2.",
        f"{_WIN}; {_CR2}",
    ),
    "probability-of-superiority-fixed-effects-hc3": Method(
        "Win fractions within institutions, HC3",
        "The same, compared inside institutions, errors as HC3.",
        f"{_WIN}; {_HC3}",
    ),
    "probability-of-superiority-unit-means": Method(
        "Win fractions, means of the units",
        "The same; each institution (or class) that was assigned counts once, by its mean win fraction.",
        f"{_WIN}; {_UNIT}",
    ),
    "anova": Method(
        "Analysis of variance",
        "How alike students of one institution are within their group, and what that costs in precision.",
        "Donner & Koval 1980, Biometrics 36(1), doi 10.2307/2530491; Moulton 1986, J. Econometrics 32(3), "
        "doi 10.1016/0304-4076(86)90021-7",
    ),
    "raw": Method(
        "Institution by institution",
        "The difference of means inside an institution that holds both groups (Welch), else its mean.",
        "Welch 1947, Biometrika 34(1–2), doi 10.1093/biomet/34.1-2.28",
    ),
    "holm": Method(
        "Holm",
        "Adjusts the p-values of several primary outcomes so that one false alarm among them stays rare.",
        "Holm 1979, Scand. J. Stat. 6(2), 65–70",
        ("expeval",),
    ),
    "hochberg": Method(
        "Hochberg",
        "Adjusts the p-values of several primary outcomes, stepping up.",
        "Hochberg 1988, Biometrika 75(4), doi 10.1093/biomet/75.4.800",
        ("expeval",),
    ),
    "benjamini-hochberg": Method(
        "Benjamini–Hochberg",
        "Adjusts the p-values of several primary outcomes for their false discovery rate.",
        "Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57(1), doi 10.1111/j.2517-6161.1995.tb02031.x",
        ("expeval",),
    ),
}


def name_of(method: str) -> str:
    """The method's name for tables; an unknown one keeps its code."""
    # A regression of win fractions and what it says of P are one method to a reader.
    known = CATALOGUE.get(method.replace("win-fraction-", "probability-of-superiority-", 1))
    return method if known is None else known.name
