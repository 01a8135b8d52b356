"""What each method is called and where its formula stands, for the report's tables and its methods section."""

from __future__ import annotations

LABELS: dict[str, str] = {
    "shapiro-wilk": "Shapiro–Wilk",
    "brown-forsythe": "Brown–Forsythe",
    "student": "Student’s t",
    "welch": "Welch’s t",
    "mann-whitney": "Mann–Whitney U",
    "brunner-munzel": "Brunner–Munzel",
    "permutation": "Permutation",
    "cohen-d": "Cohen’s d",
    "hedges-g": "Hedges’ g",
    "glass-delta": "Glass’s Δ",
    "probability-of-superiority": "Probability of superiority",
    "rank-biserial": "Rank-biserial correlation",
    "ols": "Least squares, classical errors",
    "ols-hc3": "Least squares, HC3 errors",
    "ols-cr0": "Least squares, CR0 errors",
    "ols-cr1": "Least squares, CR1 errors",
    "ols-cr2": "Least squares, CR2 errors",
    "ols-cr3": "Least squares, CR3 errors",
    "fixed-effects-cr2": "Inside institutions, CR2 errors",
    "fixed-effects-hc3": "Inside institutions, HC3 errors",
    "unit-means": "Means of the units of assignment",
    "win-fraction-hc3": "Win fractions, HC3 errors",
    "win-fraction-cr2": "Win fractions, CR2 errors",
    "win-fraction-fixed-effects-cr2": "Win fractions inside institutions, CR2 errors",
    "win-fraction-fixed-effects-hc3": "Win fractions inside institutions, HC3 errors",
    "win-fraction-unit-means": "Win fractions, means of the units of assignment",
    "anova": "Analysis of variance",
    "raw": "Difference inside the institution",
}

REFERENCES: dict[str, str] = {
    "shapiro-wilk": "Royston (1995), Applied Statistics 44:547, algorithm AS R94.",
    "brown-forsythe": "Brown & Forsythe (1974), J. American Statistical Association 69:364.",
    "student": "Student (1908), Biometrika 6:1.",
    "welch": "Welch (1947), Biometrika 34:28.",
    "mann-whitney": "Mann & Whitney (1947), Annals of Mathematical Statistics 18:50; Hodges & Lehmann (1963), 34:598.",
    "brunner-munzel": "Brunner & Munzel (2000), Biometrical Journal 42:17, eq. 1–6.",
    "permutation": "Janssen (1997), Statistics & Probability Letters 36:9; p drawn: Phipson & Smyth (2010).",
    "cohen-d": "Cohen (1988); interval by the noncentral t: Steiger & Fouladi (1997).",
    "hedges-g": "Hedges (1981), J. Educational Statistics 6:107, eq. 6e (exact gamma form).",
    "glass-delta": "Glass (1976), Educational Researcher 5:3.",
    "probability-of-superiority": "Brunner & Munzel (2000); interval on the logit scale.",
    "rank-biserial": "Cliff (1993), Psychological Bulletin 114:494.",
    "ols": "Least squares with textbook errors.",
    "ols-hc3": "MacKinnon & White (1985), J. Econometrics 29:305.",
    "ols-cr0": "Liang & Zeger (1986), Biometrika 73:13.",
    "ols-cr1": "As CR0, times J/(J − 1).",
    "ols-cr2": "Bell & McCaffrey (2002), Survey Methodology 28:169; Pustejovsky & Tipton (2018), "
    "J. Business & Economic Statistics 36:672, doi 10.1080/07350015.2016.1247004.",
    "ols-cr3": "Bell & McCaffrey (2002); Satterthwaite df as Pustejovsky & Tipton (2018).",
    "fixed-effects-cr2": "Pustejovsky & Tipton (2018), theorem 2: CR2 with absorbed institution intercepts.",
    "fixed-effects-hc3": "MacKinnon & White (1985), leverages with the institution intercepts.",
    "unit-means": "Donner & Klar (2000), Design and Analysis of Cluster Randomization Trials.",
    "win-fraction-hc3": "Regression of win fractions (placements); Brunner & Munzel (2000) for the estimand.",
    "win-fraction-cr2": "As above, with CR2 errors.",
    "win-fraction-fixed-effects-cr2": "As above, inside institutions.",
    "win-fraction-fixed-effects-hc3": "As above, inside institutions, HC3 errors.",
    "win-fraction-unit-means": "As above, on the means of the units of assignment.",
    "anova": "Donner & Koval (1980), Biometrics 36:19; design effect: Moulton (1986), J. Econometrics 32:385.",
    "raw": "Welch (1947) inside each institution.",
}

# Words a reader may not know, explained once where they first stand.
EXPLAINED: dict[str, str] = {
    "HC3": "errors that stay right where the arms’ spreads differ",
    "CR2": "errors that know that students of one institution resemble each other, corrected for few institutions",
    "win fraction": "the share of the other group that a student scores above, ties counted half",
}


def label(method: str) -> str:
    """A method's name in the report; "pingouin-welch" reads "pingouin: Welch's t"."""
    for library in ("pingouin", "statsmodels", "scipy"):
        if method.startswith(library + "-"):
            return f"{library}: {label(method.removeprefix(library + '-'))}"
    return LABELS.get(method, method)
