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
_REML = "Patterson & Thompson 1971, Biometrika 58(3), doi 10.1093/biomet/58.3.545"
_SATTERTHWAITE = f"{_REML}; Kuznetsova, Brockhoff & Christensen 2017, J. Stat. Softw. 82(13), doi 10.18637/jss.v082.i13"
_KENWARD_ROGER = f"{_REML}; Kenward & Roger 1997, Biometrics 53(3), doi 10.2307/2533558"
_WWC = "What Works Clearinghouse 2022, Procedures and Standards Handbook 5.0, appendix E"
_ICC = "Harville & Fenech 1985, Biometrics 41(1), doi 10.2307/2530650 (exact; with classes the profile likelihood)"
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
    "probability-of-superiority-clustered": Method(
        "Probability of superiority, the answer's",
        "The regression of win fractions that is the answer, told as P, with its own error.",
        _WIN,
    ),
    "probability-of-superiority-adjusted": Method(
        "Probability of superiority, the answer's",
        "The regression of win fractions that is the answer, told as P, where no institutions are named.",
        _WIN,
    ),
    "hedges-g-clustered": Method(
        "Hedges' g of the answer",
        "The answer's difference over the spread of students within the groups, corrected for institutions and for "
        "small samples.",
        f"{_WWC}, eq. E.21",
    ),
    "hedges-g-eef": Method(
        "Effect size of the answer over the total spread",
        "The answer's difference over the spread of all students, between and within institutions, groups set aside.",
        "Education Endowment Foundation 2022, Statistical analysis guidance",
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
    "mixed-satterthwaite": Method(
        "Mixed model, Satterthwaite",
        "Regression in which institutions (and classes inside them) differ in level by chance; Satterthwaite's degrees "
        "of freedom.",
        _SATTERTHWAITE,
    ),
    "mixed-kenward-roger": Method(
        "Mixed model, Kenward–Roger",
        "The same model; its errors and degrees of freedom also allow for how uncertainly few institutions show how "
        "much they differ.",
        _KENWARD_ROGER,
    ),
    "mixed-random-slope": Method(
        "Mixed model, random slope",
        "The same model, in which the effect of the teaching differs between institutions too.",
        _SATTERTHWAITE,
    ),
    "wild-cluster-bootstrap": Method(
        "Wild cluster bootstrap",
        "Takes the difference to be zero, turns what is left over of whole institutions by random signs, and counts "
        "how often so large a t comes out.",
        "Cameron, Gelbach & Miller 2008, Rev. Econ. Stat. 90(3), doi 10.1162/rest.90.3.414",
    ),
    "randomisation": Method(
        "Randomisation",
        "Deals the groups anew as they were dealt, and counts how often so large a t comes out: assumes nothing but "
        "the assignment.",
        "Fisher 1935, The Design of Experiments; Young 2019, Q. J. Econ. 134(2), doi 10.1093/qje/qjy029",
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
    "probability-of-superiority-mixed": Method(
        "Win fractions, mixed model",
        "The same in a mixed model with Kenward–Roger's errors and degrees of freedom.",
        f"{_WIN}; {_KENWARD_ROGER}",
    ),
    "mixed": Method(
        "Variances of the mixed model",
        "How much institutions, classes and students differ, by restricted maximum likelihood.",
        _REML,
    ),
    "unconditional": Method(
        "Intraclass correlation, all students",
        "The share of all variance that lies between institutions, in a model without groups or covariates.",
        f"{_REML}; interval: {_ICC}",
    ),
    "within-arms": Method(
        "Intraclass correlation within the groups",
        "The same with the groups alone in the model: the one to plan the next study with.",
        f"{_REML}; interval: {_ICC}",
    ),
    "design": Method(
        "What the design can show",
        "Smallest p, smallest effect that is found in 8 of 10 such studies, weight of the institutions; computed "
        "without a look at the difference.",
        "Dong & Maynard 2013, J. Res. Educ. Effectiveness 6(1), doi 10.1080/19345747.2012.673143; Carter, Schnepel & "
        "Steigerwald 2017, Rev. Econ. Stat. 99(4), doi 10.1162/REST_a_00639",
    ),
    "shrunken": Method(
        "Institution by institution, drawn together",
        "What the mixed model predicts for an institution: its own result, drawn towards what all institutions say, "
        "a small one further.",
        "Henderson 1975, Biometrics 31(2), doi 10.2307/2529430",
    ),
    "anova": Method(
        "Analysis of variance",
        "How alike students of one institution are within their group, and what that costs in precision.",
        "Donner & Koval 1980, Biometrics 36(1), doi 10.2307/2530491; Moulton 1986, J. Econometrics 32(3), "
        "doi 10.1016/0304-4076(86)90021-7",
    ),
    "raw": Method(
        "Institution by institution, as observed",
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


def method_of(code: str) -> Method | None:
    """The catalogue's entry; a regression of win fractions and what it says of P are one method to a reader."""
    return CATALOGUE.get(code.replace("win-fraction-", "probability-of-superiority-", 1))


def name_of(code: str) -> str:
    """The method's name for tables; an unknown one keeps its code."""
    known = method_of(code)
    return code if known is None else known.name
