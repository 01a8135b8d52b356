"""The tables of one outcome: description, differences, probabilities, effect sizes, coefficients, checks."""

from __future__ import annotations

from expeval.report.apa import difference_scale, statistic
from expeval.report.methods import name_of
from expeval.report.numbers import count, decimals_for, degrees, number, p_value, p_words, percent
from expeval.report.sentences import short_label
from expeval.report.subject import SUPERIORITY, WIN_FRACTION, Subject, scale_of
from expeval.report.tables import Column, Row, Table, table
from expeval.results import EstimateRow, GroupRow

CHOSEN = "the answer"


def description_table(subject: Subject, moment: str = "outcome") -> Table | None:
    """Both arms: numbers, means, quartiles."""
    groups = subject.groups(moment)
    if not groups:
        return None
    columns = [Column("Group", numeric=False), Column("Students"), Column("No score"), Column("Institutions")]
    columns += [Column(head) for head in ("Mean", "SD", "Median", "Lower quartile", "Upper quartile", "Least", "Most")]
    columns += [Column("Skewness")]
    notes = tuple(dict.fromkeys(f"{short_label(subject, g.arm)}: {g.note}." for g in groups if g.note))
    what = subject.name if moment == "outcome" else str(subject.outcome.get("baseline", "Baseline"))
    caption = f"{what}: description of both groups" + (", before the experiment" if moment != "outcome" else "")
    return table(caption, columns, [_description(subject, group) for group in groups], notes)


def _description(subject: Subject, group: GroupRow) -> tuple[str, ...]:
    institutions = "–" if group.institutions is None else count(group.institutions)
    values = (group.mean, group.sd, group.median, group.q25, group.q75, group.min, group.max)
    return (
        short_label(subject, group.arm),
        count(group.n),
        count(group.missing),
        institutions,
        *(number(value, subject.places) for value in values),
        number(group.skewness, 2),
    )


def difference_table(subject: Subject) -> Table | None:
    """The answer and the two-group tests, in the outcome's own unit."""
    tests = [row for row in subject.rows("test") if scale_of(row, subject.kind).code != "pairs"]
    primary = subject.primary
    models = [primary] if primary is not None and primary.analysis == "regression" and _in_own_unit(primary) else []
    if not tests and not models:
        return None
    factor, decimals = difference_scale(subject)
    rows = [_estimate(subject, row, factor, decimals) for row in models]
    rows += _under("Two-group tests", [_estimate(subject, row, factor, decimals) for row in tests])
    caption = f"{subject.name}: the difference, experimental − control"
    return table(caption, _estimate_columns(subject, _unit(subject)), rows, _notes([*models, *tests], subject))


def regression_table(subject: Subject) -> Table | None:
    """The difference by every regression and every kind of error."""
    models = [row for row in subject.rows("regression", term="treatment") if _in_own_unit(row)]
    if len(models) < 2:
        return None
    factor, decimals = difference_scale(subject)
    rows = [_estimate(subject, row, factor, decimals) for row in models]
    caption = f"{subject.name}: the difference by every regression"
    return table(caption, _estimate_columns(subject, _unit(subject)), rows, _notes(models, subject))


def probability_table(subject: Subject) -> Table | None:
    """Estimates that speak of who is ahead: P(E > C) + ½ P(E = C), and regressions of win fractions."""
    tests = [row for row in subject.rows("test") if scale_of(row, subject.kind).code == "pairs"]
    sizes = [row for row in subject.rows("effect-size") if row.method.startswith(SUPERIORITY)]
    # The primary regression stands under its own name; its second name is for programs.
    adjusted = [row for row in sizes if not row.method.endswith((SUPERIORITY, "-clustered", "-adjusted"))]
    plain = [*tests, *(row for row in sizes if row.method == SUPERIORITY)]
    twice = [row for row in subject.rows("effect-size") if row.method == "rank-biserial"]
    if not plain and not adjusted and not twice:
        return None
    body = _under("P of the groups as they are", [_estimate(subject, row, 1.0, 3) for row in plain])
    body += _under("P by regressions of win fractions", [_estimate(subject, row, 1.0, 3) for row in adjusted])
    body += _under("2 P − 1", [_estimate(subject, row, 1.0, 3) for row in twice])
    notes = (
        "P = P(E > C) + ½ P(E = C): how often the experimental group's student is ahead, ties half; .5 is no "
        "difference. 2 P − 1 has its no difference at 0.",
    )
    caption = f"{subject.name}: who is ahead, in pairs of one student of each group"
    return table(caption, _estimate_columns(subject, ""), body, notes + _notes([*plain, *adjusted, *twice], subject))


_DIVIDED_BY = {
    "hedges-g-clustered": ("of the answer", "within the groups"),
    "hedges-g-eef": ("of the answer", "of all students"),
    "cohen-d": ("of plain means", "within the groups"),
    "hedges-g": ("of plain means", "within the groups"),
    "glass-delta": ("of plain means", "in the control group"),
}


def effect_size_table(subject: Subject) -> Table | None:
    """Standardised differences, those of the answer first, with what they divide by."""
    rows = [row for row in subject.rows("effect-size") if not row.method.startswith((SUPERIORITY, "rank-biserial"))]
    rows = [row for row in rows if row.estimate is not None or not row.method.startswith("hedges-g-")] or rows
    rows.sort(key=lambda row: not row.method.startswith("hedges-g-"))
    if not rows:
        return None
    level = f"{percent(subject.confidence)} interval"
    columns = [Column("Effect size", numeric=False), Column("Estimate", "standard deviations")]
    columns += [Column("Low", level), Column("High", level), Column("Students")]
    columns += [Column("Difference", numeric=False), Column("Over the spread", numeric=False)]
    body = [
        (
            name_of(r.method),
            *(number(value, 2) for value in (r.estimate, r.conf_low, r.conf_high)),
            count(r.n),
            *_DIVIDED_BY.get(r.method, ("–", "–")),
        )
        for r in rows
    ]
    return table(f"{subject.name}: standardised differences", columns, body, _notes(rows, subject))


def coefficient_table(subject: Subject, method: str | None = None) -> Table | None:
    """All terms of a regression: the primary one where it has covariates, else least squares beside it."""
    chosen = _regression_with_terms(subject) if method is None else method
    rows = [row for row in subject.rows("regression") if row.method == chosen]
    if chosen is None or len(rows) < 2:
        return None
    factor, _ = difference_scale(subject) if _in_own_unit(rows[0]) else (1.0, 3)
    body = []
    for row in rows:
        decimals = decimals_for(factor * row.std_error) if row.std_error else 2
        cells = _estimate(subject, row, factor, decimals).cells
        body.append(Row((row.term, *cells[1:]), row.primary, CHOSEN if row.primary else ""))
    columns = [Column("Term", numeric=False), *_estimate_columns(subject, "")[1:]]
    notes = ("A category's terms are named column[level] and compare with its first level.",)
    return table(f"{subject.name}: all terms of “{name_of(chosen)}”", columns, body, notes + _notes(rows, subject))


def _regression_with_terms(subject: Subject) -> str | None:
    by: dict[str, int] = {}
    for row in subject.rows("regression"):
        by[row.method] = by.get(row.method, 0) + 1
    primary = subject.primary
    preferred = [primary.method] if primary is not None else []
    if primary is not None and primary.method.startswith("mixed"):
        preferred.append("mixed-kenward-roger")
    for method in (*preferred, "ols-cr2", "ols-hc3", "ols"):
        if by.get(method, 0) > 1:
            return method
    return None


def assumption_table(subject: Subject) -> Table | None:
    """Shapiro-Wilk in both arms, Brown-Forsythe across them."""
    rows = subject.rows("assumption")
    if not rows:
        return None
    columns = [Column("Check", numeric=False), Column("Group", numeric=False), Column("Statistic"), Column("df")]
    columns += [Column("p"), Column("Students")]
    body = [
        (
            name_of(r.method),
            short_label(subject, r.term) if r.term in ("experimental", "control") else "both",
            number(r.statistic, 3),
            degrees(r.df),
            p_value(r.p_value),
            count(r.n),
        )
        for r in rows
    ]
    notes = (
        "With many students these reject almost anything; with few they see almost nothing. No answer hangs on them.",
    )
    return table(f"{subject.name}: normality and equal spread", columns, body, notes + _notes(rows, subject))


def variance_table(subject: Subject) -> Table | None:
    """How alike students of one institution are: variances, their shares, and what they cost; each explained."""
    rows = subject.rows("variance")
    if not rows:
        return None
    known = [row for row in rows if row.estimate is not None]
    mixed = [row for row in known if row.method in ("mixed", "mixed-random-slope")]
    level = f"{percent(subject.confidence)} interval"
    columns = [Column("Quantity", numeric=False), Column("Estimate"), Column("Low", level), Column("High", level)]
    columns += [Column("What it is", numeric=False)]
    factor = difference_scale(subject)[0] ** 2
    places = decimals_for(min((factor * (row.estimate or 0.0) for row in mixed if row.estimate), default=1.0))
    body = []
    for method, heading in (("mixed", "Variances"), ("mixed-random-slope", "Variances where the effect differs too")):
        part = [
            (
                _COMPONENTS.get(row.term, (row.term, ""))[0],
                number(factor * (row.estimate or 0.0), places),
                "",
                "",
                _COMPONENTS.get(row.term, ("", ""))[1],
            )
            for row in mixed
            if row.method == method
        ]
        body += _under(f"{heading}, in {_unit(subject)} squared", [Row(cells) for cells in part])
    shares = [_share(row) for row in known if row not in mixed]
    body += _under("How alike students of one institution are, and what that costs", [Row(cells) for cells in shares])
    caption = f"{subject.name}: how much institutions and students differ"
    return table(caption, columns, body, _notes(rows, subject))


_COMPONENTS = {
    "institution": ("Between institutions", "how far institutions lie apart, of the same group and covariates"),
    "class": ("Between classes", "how far classes lie apart, inside one institution where institutions are named"),
    "residual": ("Between students", "how far students of one place lie apart"),
    "treatment": ("Of the effect", "how far the effect of one institution lies from another's"),
}
_SHARES = {
    ("within-arms", "icc"): ("Intraclass correlation (ICC) within the groups", "to plan the next study with", 3),
    ("unconditional", "icc"): ("The same, groups set aside", "share of all variance between institutions", 3),
    ("anova", "icc"): ("The same by analysis of variance", "within the groups, all students with a score", 3),
    ("anova", "design-effect"): (
        "Design effect",
        "how many times more students a plain comparison of the groups needs than if they were unrelated",
        2,
    ),
    ("anova", "effective-n"): ("Effective number of students", "unrelated students that would tell as much", 0),
}


def _share(row: EstimateRow) -> tuple[str, ...]:
    name, meaning, places = _SHARES.get((row.method, row.term), (f"{row.term} ({name_of(row.method)})", "", 3))
    return (name, *(number(value, places) for value in (row.estimate, row.conf_low, row.conf_high)), meaning)


def _unit(subject: Subject) -> str:
    return "percentage points" if subject.kind == "binary" else "points"


def _in_own_unit(row: EstimateRow) -> bool:
    return not row.method.startswith((WIN_FRACTION, "logit", "proportional"))


def _under(heading: str, rows: list[Row]) -> list[Row]:
    return [Row((heading,), section=True), *rows] if rows else []


def _estimate_columns(subject: Subject, unit: str) -> list[Column]:
    level = f"{percent(subject.confidence)} interval"
    return [
        Column("Method", numeric=False),
        Column("Estimate", unit),
        Column("Low", level),
        Column("High", level),
        Column("SE"),
        Column("Statistic"),
        Column("df"),
        Column("p"),
        Column("Students"),
        Column("Units"),
    ]


def _estimate(subject: Subject, row: EstimateRow, factor: float, decimals: int) -> Row:
    values = [None if v is None else factor * v for v in (row.estimate, row.conf_low, row.conf_high)]
    error = None if row.std_error is None else factor * row.std_error
    cells = (
        name_of(row.method),
        *(number(value, decimals) for value in values),
        number(error, decimals + 1),
        statistic(row),
        degrees(row.df),
        p_value(row.p_value),
        count(row.n),
        "–" if row.clusters is None else count(row.clusters),
    )
    chosen = row is subject.primary
    return Row(cells, chosen, CHOSEN if chosen else "")


def _notes(rows: list[EstimateRow], subject: Subject) -> tuple[str, ...]:
    """Every note once, with the methods that it belongs to; a note of all rows names none."""
    by: dict[str, list[str]] = {}
    for row in rows:
        for part in (row.note or "").split("; "):
            if part:
                by.setdefault(part, []).append(name_of(row.method))
    methods = {name_of(row.method) for row in rows}
    said = []
    for note, names in by.items():
        unique = list(dict.fromkeys(names))
        head = "All rows" if len(unique) == len(methods) and len(methods) > 1 else ", ".join(unique)
        said.append(f"{head}: {note}.")
    primary = next((row for row in subject.results.estimates if row.outcome == subject.name and row.primary), None)
    if primary is not None and primary.p_adjusted is not None and any(row is subject.primary for row in rows):
        said.append(_adjusted_p(primary, subject))
    alternative = subject.results.study.get("inference", {}).get("alternative", "two-sided")
    if alternative != "two-sided" and any(row.p_value is not None for row in rows):
        said.append(f"p-values of the difference are one-sided ({alternative}); intervals are two-sided.")
    return tuple(said)


def _adjusted_p(row: EstimateRow, subject: Subject) -> str:
    method = str(subject.results.study.get("inference", {}).get("multiplicity", "holm"))
    return f"{name_of(row.method)}: {p_words(row.p_adjusted)} adjusted for all primary outcomes ({name_of(method)})."
