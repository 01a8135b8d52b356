"""Every column, method, reason and variant that leaves the program, defined once.

Rows, CSV, documentation and tests read these tables: a name that is not here may not be written.
"""

from __future__ import annotations

from collections.abc import Sequence

COLUMNS: dict[str, str] = {
    "outcome": "The outcome's name in the study file.",
    "analysis": "The kind of analysis: assumption, test, effect-size, regression, variance, institution, ...",
    "method": "The method within the analysis; see METHODS.",
    "term": "What is estimated: difference, treatment, a covariate, an institution, ...",
    "estimate": "The estimate, in the outcome's unit unless the method says otherwise; experimental - control.",
    "std_error": "Standard error of the estimate.",
    "statistic": "Test statistic.",
    "df": "Degrees of freedom of the statistic.",
    "p_value": "p-value under the study's alternative (rows difference and treatment), else two-sided.",
    "p_adjusted": "p-value of the primary row adjusted within its domain of primary outcomes.",
    "conf_low": "Lower end of the two-sided interval at the study's confidence.",
    "conf_high": "Upper end of the two-sided interval at the study's confidence.",
    "n": "Students behind the row, both arms together (one arm where the row describes one).",
    "institutions": "Institutions behind the row.",
    "clusters": "Independent units of the row: students, institutions, classes.",
    "primary": "True on the one row an outcome that is the answer.",
    "note": "Which variant was computed, or why a quantity is null.",
    "arm": "experimental, control, or other: rows of neither arm.",
    "moment": "outcome, or baseline: the same skill before the experiment.",
    "missing": "Students of the arm without the value.",
    "mean": "Arithmetic mean.",
    "sd": "Standard deviation with n - 1.",
    "median": "Median.",
    "q25": "Lower quartile, R's type 7.",
    "q75": "Upper quartile, R's type 7.",
    "min": "Smallest value.",
    "max": "Largest value.",
    "skewness": "Adjusted Fisher-Pearson skewness m3/m2^1.5 x sqrt(n(n-1))/(n-2).",
    "read": "Rows read for the arm.",
    "left_out": "Reason -> number of rows left out, each row under the first reason that applies.",
    "analysed": "Students who have the outcome.",
    "complete": "Students who enter the regressions.",
    "classes": "Classes, counted as (institution, class).",
    "low": "Lower end of a bin, or the level.",
    "high": "Upper end of a bin, or the level.",
    "probability": "Probability of the percentile.",
    "value": "Standardised residual at that percentile.",
    "step": "The choice that was made: test, primary, covariates, ...",
    "choice": "What was chosen.",
    "because": "The reason, with the rule it follows.",
    "figures": "The figures that the choice rests on.",
    "code": "The warning's code.",
    "message": "The warning in words.",
    "file": "The file, relative to the study file.",
    "role": "What the file gives: scores, students, institutions.",
    "rows": "Data rows read from the file.",
    "encoding": "Text encoding detected or declared.",
    "delimiter": "Delimiter detected or declared.",
    "decimal": "Decimal sign detected or declared.",
    "sheet": "The sheet read.",
    "header_row": "The row with the column names, from 1.",
    "mended": "What was mended while reading -> how often.",
    "key": "The key of study.toml that is not as it was locked; of an outcome outcomes[NAME].key.",
    "status": "deviates: not as in the locked plan; amended: as in its latest amendment, not as locked first.",
    "first": "The key's value in the plan as it was locked first.",
    "planned": "The key's value in the latest amendment of the plan.",
    "used": "The key's value in this run.",
    "reason": "Why, as the study file says ([[deviations]]), or the amendment.",
}

METHODS: dict[str, str] = {
    "shapiro-wilk": "Shapiro–Wilk test of normality within one arm (Royston 1995).",
    "brown-forsythe": "Equality of spread: analysis of variance of absolute deviations from the medians "
    "(Brown & Forsythe 1974).",
    "student": "Student's t test, equal variances assumed (Student 1908).",
    "welch": "Welch's t test, unequal variances (Welch 1947).",
    "mann-whitney": "Mann–Whitney U of the experimental arm (Mann & Whitney 1947) with the Hodges–Lehmann shift.",
    "brunner-munzel": "Brunner–Munzel test of P(E > C) + P(E = C)/2 = 1/2 (Brunner & Munzel 2000).",
    "permutation": "Permutation test of the studentised difference at the level of assignment (Janssen 1997).",
    "cohen-d": "Difference of means over the pooled standard deviation, noncentral-t interval.",
    "hedges-g": "Cohen's d times the exact small-sample factor J (Hedges 1981).",
    "glass-delta": "Difference of means over the control arm's standard deviation (Glass 1976).",
    "probability-of-superiority": "P(E > C) + P(E = C)/2, interval on the logit scale.",
    "probability-of-superiority-clustered": "The primary regression of win fractions told as P, with its own error "
    "and df.",
    "probability-of-superiority-adjusted": "The same where students sit in no institutions or classes.",
    "probability-of-superiority-hc3": "win-fraction-hc3 told as P = P(E > C) + P(E = C)/2, with P's error (Zou 2021).",
    "probability-of-superiority-cr2": "win-fraction-cr2 told as P.",
    "probability-of-superiority-fixed-effects-cr2": "win-fraction-fixed-effects-cr2 told as P.",
    "probability-of-superiority-fixed-effects-hc3": "win-fraction-fixed-effects-hc3 told as P.",
    "probability-of-superiority-unit-means": "win-fraction-unit-means told as P.",
    "rank-biserial": "Rank-biserial correlation, Cliff's delta: 2 P - 1.",
    "ols": "Least squares with classical standard errors.",
    "ols-hc3": "Least squares with HC3 standard errors (MacKinnon & White 1985).",
    "ols-cr0": "Least squares with cluster-robust standard errors CR0 (Liang & Zeger 1986), df J - 1.",
    "ols-cr1": "As CR0 with the factor J/(J - 1), df J - 1.",
    "ols-cr2": "Least squares with bias-reduced cluster-robust errors CR2 and Satterthwaite df "
    "(Bell & McCaffrey 2002; Pustejovsky & Tipton 2018).",
    "ols-cr3": "Least squares with cluster-jackknife errors CR3 and Satterthwaite df.",
    "fixed-effects-cr2": "Least squares within institutions (institution dummies), CR2 and Satterthwaite df.",
    "fixed-effects-hc3": "Least squares within institutions (institution dummies), HC3 errors.",
    "unit-means": "Least squares on the unweighted means of the units of assignment, Student's t.",
    "mixed-satterthwaite": "Linear mixed model by REML, random intercept of institution (and class); Satterthwaite df "
    "(Kuznetsova, Brockhoff & Christensen 2017).",
    "mixed-kenward-roger": "The same with Kenward–Roger errors and df (Kenward & Roger 1997).",
    "mixed-random-slope": "The same with a random slope of the treatment, correlated; Satterthwaite df.",
    "mixed": "Log-likelihood (REML) and variances of the random-intercept model.",
    "unconditional": "Intraclass correlation of the model without any regressor.",
    "within-arms": "Intraclass correlation of the model with the treatment alone.",
    "wild-cluster-bootstrap": "Wild cluster bootstrap of the t of ols-cr1, null imposed, Rademacher signs (Cameron, "
    "Gelbach & Miller 2008).",
    "randomisation": "Randomisation inference at the level of assignment: the t of unit-means (students: of "
    "fixed-effects-hc3) over all divisions, or drawn ones.",
    "hedges-g-clustered": "Primary coefficient over the pooled within-arm sd, corrected for clusters and small samples "
    "(What Works Clearinghouse 2022, eq. E.21).",
    "hedges-g-eef": "Primary coefficient over the total sd of the unconditional mixed model (Education Endowment "
    "Foundation 2022).",
    "design": "What the design can show: smallest attainable p, smallest detectable effect, weight of institutions.",
    "shrunken": "What the mixed model predicts for one institution: its difference, else (one arm) its mean.",
    "win-fraction-mixed": "Mixed model of win fractions, Kenward–Roger.",
    "probability-of-superiority-mixed": "win-fraction-mixed told as P.",
    "win-fraction-hc3": "Regression of each student's win fraction (share of the other arm that is lower, "
    "ties half), HC3 errors; the coefficient is 2P − 1.",
    "win-fraction-cr2": "Regression of win fractions, CR2 and Satterthwaite df.",
    "win-fraction-fixed-effects-cr2": "Regression of win fractions within institutions, CR2 and Satterthwaite df.",
    "win-fraction-fixed-effects-hc3": "Regression of win fractions within institutions, HC3 errors.",
    "win-fraction-unit-means": "Unit means of win fractions.",
    "anova": "One-way analysis of variance estimator within arms (Donner & Koval 1980); "
    "design effect of the comparison by Moulton (1986).",
    "raw": "Difference of means inside one institution (Welch), or its mean where it holds one arm.",
}

NOTES: dict[str, str] = {
    "no-spread": "no spread inside the arms: the standard error is zero",
    "all-equal": "all values are equal (constant): no test exists",
    "n-outside-3-5000": "defined for 3 to 5,000 students in an arm",
    "arm-of-one": "an arm of one student has no variance",
    "empty-arm": "an arm has no student with this value",
    "one-arm": "an arm has no unit",
    "separated": "the arms do not overlap (completely separated): the rank variance is zero",
    "one-student": "one student alone carries this coefficient (leverage 1): its error can't be estimated",
    "one-institution-carries-it": "one institution alone carries a coefficient: without it the term can't be "
    "estimated, and a sandwich sees no error there",
    "one-cluster-an-arm": "one institution an arm: the teaching can't be told apart from the institution it was "
    "tried in, no institution-level error exists",
    "one-cluster": "one institution alone: no variation between institutions to estimate an error from",
    "saturated": "as many institution-level terms as institutions: nothing is left to estimate an error from",
    "no-df": "no degrees of freedom are left",
    "not-computable": "could not be computed for this data",
    "no-institution-with-both-arms": "no institution holds both arms: nothing can be compared inside institutions",
    "one-institution-with-both-arms": "fewer than two institutions hold both arms: no variation between them",
    "no-class-column": "classes were assigned, but the study names no class column",
    "too-few-units": "too few institutions for any method: the estimate stands alone",
    "one-division": "there is only one way to divide the units into the groups",
    "not-randomised": "the groups were not randomised: a permutation p has no basis in the design",
    "no-units": "no student is complete in outcome, baseline and covariates in both arms",
    "signs-enumerated": "all vectors of signs enumerated",
    "signs-drawn": "vectors of signs drawn at random, p = (b + 1)/(draws + 1)",
    "few-treated-clusters": "fewer than three clusters hold students of an arm: this bootstrap is known to fail there",
    "interval-unbounded": "too few vectors of signs to reject even far values: there is no interval",
    "no-icc": "the intraclass correlation could not be estimated",
    "primary-without-estimate": "the primary row has no estimate",
    "primary-without-error": "the primary row has no standard error: the effect size stands alone",
    "ordinal-has-no-sd": "an ordinal outcome has no standard deviation: see probability-of-superiority-clustered",
    "treatment-inside-institutions": "the treatment varies inside institutions: they don't weigh as wholes",
    "zero-variance": "no variance between institutions or classes (boundary): df = n - p",
    "boundary-institution": "the variance of institutions is estimated at zero (boundary)",
    "boundary-class": "the variance of classes is estimated at zero (boundary)",
    "boundary-treatment": "the variance of the treatment's slope is estimated at zero (boundary)",
    "boundary-correlation": "intercept and slope are estimated as perfectly correlated (boundary)",
    "one-class-an-institution": "each institution has one class: the class can't be told from it",
    "one-student-a-class": "each class has one student: the class can't be told from the student",
    "one-student-an-institution": "each institution has one student: no variance inside institutions",
    "no-spread-inside": "nothing varies inside the finest clusters: the likelihood has no maximum",
    "not-identified": "two variance components can't be told apart in these data",
    "icc-differs-by-arm": "with a random slope the intraclass correlation differs between the arms",
    "exact-f": "interval: exact, from the F distribution",
    "profile-likelihood": "interval: REML profile likelihood",
    "prediction": "interval of the prediction, the variances taken as known",
    "small-cell": "withheld: too few students",
    "collinear": "a linear combination of earlier terms",
    "exact": "exact distribution of U, no ties",
    "asymptotic": "asymptotic (normal approximation) with tie and continuity correction",
    "enumerated": "all divisions enumerated: exact",
    "enumerated-not-randomised": "all divisions enumerated; the groups were not randomised, so this is no exact test",
    "drawn": "divisions drawn at random, p = (b + 1)/(draws + 1)",
    "binary-as-number": "the binary outcome is taken as 0/1: differences are differences of shares",
    "ordinal-as-number": "the ordinal outcome is taken as the level's number",
    "ordinal-as-rank": "the ordinal outcome's levels are taken as 1 ... k",
    "win-fraction": "coefficient 2P − 1, P = P(E > C) + P(E = C)/2, but the std_error is that of P: statistic, p and "
    "interval are the plain regression's and not valid; read effect-size, probability-of-superiority-clustered",
    "no-bootstrap": "the wild bootstrap has no p-value here",
    "ignores-units": "ignores that students sit in institutions or classes",
}


def note(*codes: str | None) -> str | None:
    """The sentences of some codes joined, or ``None`` where there is none."""
    words = [NOTES[code] for code in dict.fromkeys(code for code in codes if code)]
    return "; ".join(words) if words else None


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them: a, b and c."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


_OF_CLASSES = (
    ("institutions or classes", "classes"),
    ("institution or class", "class"),
    ("institutions, classes", "classes"),
    ("an institution", "a class"),
    ("An institution", "A class"),
    ("institutions", "classes"),
    ("Institutions", "Classes"),
    ("institution", "class"),
    ("Institution", "Class"),
)


def of_classes(sentence: str) -> str:
    """A sentence of institutions, said of classes: they are the clusters where a study names no institutions."""
    for words, other in _OF_CLASSES:
        sentence = sentence.replace(words, other)
    return sentence
