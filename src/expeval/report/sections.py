"""The sections of the report, in the order of the reader's questions; each a small value made from results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from expeval.report.figure import Figure
from expeval.report.methods import EXPLAINED, LABELS, REFERENCES, label
from expeval.report.numbers import count, decimals_for, number, percent
from expeval.report.sentences import Asked, apa_sentences, arm_name, interval_words, primary_outcomes
from expeval.report.tables import Row, Table, estimate_table, size_table
from expeval.results import EstimateRow, GroupRow, Manifest, Results


@dataclass(frozen=True, slots=True)
class Fold:
    """A part that can be folded away, one an outcome."""

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    quotes: tuple[str, ...] = ()
    items: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A question, its anchor, and what answers it."""

    anchor: str
    question: str
    lead: str = ""
    tables: tuple[Table, ...] = ()
    folds: tuple[Fold, ...] = ()
    items: tuple[tuple[str, str], ...] = ()


def make_sections(results: Results, manifest: Manifest, figures: dict[str, dict[str, Figure]]) -> list[Section]:
    """Sections 3 to 10; a section without content is left out."""
    makers: tuple[Callable[[], Section | None], ...] = (
        lambda: _who(results),
        lambda: _before(results),
        lambda: _found(results, figures),
        lambda: _everywhere(results, figures),
        lambda: _another(results),
        lambda: _why(results),
        lambda: _check(results, manifest),
        lambda: _cite(results),
    )
    return [section for make in makers if (section := make()) is not None]


def outcomes(results: Results) -> list[str]:
    """All outcomes, the primary ones first."""
    names = [o["name"] for o in results.study["outcomes"]]
    first = [name for name in primary_outcomes(results) if name in names]
    return first + [name for name in names if name not in first]


# --------------------------------------------------------------------------------------- 3 who was studied

REASONS = {
    "other-group": "in another group",
    "no-group": "no group given",
    "duplicate": "second row of a student",
    "no-outcome": "no result",
    "no-baseline": "no baseline",
    "no-covariate": "a covariate is missing",
    "no-institution": "no institution given",
    "no-class": "no class given",
}
ARM_WORDS = {"experimental": "Experimental", "control": "Control", "other": "Neither group"}


def _who(results: Results) -> Section:
    tables = [_flow_table(results, name) for name in outcomes(results)]
    tables += [_group_table(results, outcomes(results))]
    groups = results.study["groups"]
    lead = (
        f"The experimental group is “{arm_name(results, 'experimental')}”, the control group "
        f"“{arm_name(results, 'control')}”. {groups['assigned'].capitalize()}s were put into the groups"
        f"{' at random' if groups.get('randomised') else ', not at random'}. “Analysed” students have the result; "
        "“complete” ones have everything that the regressions need. Each row that was left out counts once, under the "
        "first reason that applies."
    )
    return Section("who", "Who was studied?", lead.replace("Classs", "Classes"), tuple(tables))


def _flow_table(results: Results, outcome: str) -> Table:
    rows = [row for row in results.flow if row.outcome == outcome]
    reasons = [r for r in REASONS if any(r in row.left_out for row in rows)]
    reasons += [r for r in dict.fromkeys(k for row in rows for k in row.left_out) if r not in REASONS]
    header = [
        "Group",
        "Read",
        *(REASONS.get(r, r).capitalize() for r in reasons),
        "Analysed",
        "Complete",
        "Institutions",
    ]
    classes = any(row.classes is not None for row in rows)
    lines = []
    for row in rows:
        left = [count(row.left_out.get(r, 0)) for r in reasons]
        cells = [ARM_WORDS[row.arm], count(row.read), *left, count(row.analysed), count(row.complete)]
        cells.append("–" if row.institutions is None else count(row.institutions))
        if classes:
            cells.append("–" if row.classes is None else count(row.classes))
        lines.append(Row(tuple(cells)))
    return Table(
        f"From rows read to students analysed: {outcome}",
        (*header, "Classes") if classes else tuple(header),
        tuple(lines),
    )


def _group_table(results: Results, names: list[str], moment: str = "outcome") -> Table:
    rows = [g for name in names for g in results.groups if g.outcome == name and g.moment == moment]
    header = ("Outcome", "Group", "n", "Missing", "Mean", "SD", "Median", "Quartiles", "Range", "Skewness")
    return Table(
        "Results before any analysis" if moment == "outcome" else "Baseline",
        header,
        tuple(Row(_group_cells(results, g), note=g.note) for g in rows),
        2,
    )


def _group_cells(results: Results, g: GroupRow) -> tuple[str, ...]:
    decimals = decimals_for(g.sd or g.mean) + 1
    plain = decimals_for(g.sd or g.mean)
    return (
        g.outcome,
        arm_name(results, g.arm),
        count(g.n),
        count(g.missing),
        number(g.mean, decimals),
        number(g.sd, decimals),
        number(g.median, plain),
        f"{number(g.q25, plain)} to {number(g.q75, plain)}" if g.q25 is not None else "–",
        f"{number(g.min, plain)} to {number(g.max, plain)}" if g.min is not None else "–",
        number(g.skewness, 2),
    )


# ---------------------------------------------------------------------------- 4 were the groups alike before


def _before(results: Results) -> Section | None:
    names = [g.outcome for g in results.groups if g.moment == "baseline"]
    if not names:
        return None
    names = list(dict.fromkeys(names))
    rows = [row for name in names for row in results.find(name, "baseline")]
    level = percent(results.study["inference"]["confidence"])
    lines = tuple(
        Row((row.outcome, number(row.estimate, 2), _interval(row, 2), count(row.n)), note=row.note) for row in rows
    )
    differences = Table(
        "How far apart the groups were (Hedges’ g)", ("Outcome", "Difference", f"{level} interval", "n"), lines,
        notes=("What Works Clearinghouse: up to 0.05 alike; up to 0.25 only with adjustment; above that not.",),
    )  # fmt: skip
    lead = "The same skill before the experiment. “Not significantly different” is no evidence of being alike; the size is."
    return Section(
        "before", "Were the groups alike before?", lead, (_group_table(results, names, "baseline"), differences)
    )


# ------------------------------------------------------------------------------------------- 5 what was found


def _found(results: Results, figures: dict[str, dict[str, Figure]]) -> Section:
    folds = tuple(_found_fold(results, name, figures.get(name, {})) for name in outcomes(results))
    lead = (
        "All differences are experimental − control. The chosen test and the primary analysis are set in bold; the "
        "others are shown for comparison, not to choose from."
    )
    return Section("found", "What was found, outcome by outcome?", lead, folds=folds)


def _found_fold(results: Results, name: str, figures: dict[str, Figure]) -> Fold:
    asked = Asked(results, name)
    level, factor = asked.level, 100.0 if asked.kind == "binary" else 1.0
    unit = "percentage points" if asked.kind == "binary" else ""
    chosen = next((d.choice for d in results.decisions if d.outcome == name and d.step == "test"), None)
    assumptions = [
        Row((label(r.method), r.term, number(r.statistic, 3), _p(r), count(r.n)), note=r.note)
        for r in results.find(name, "assumption")
    ]
    regressions = results.find(name, "regression")
    treatment = [r for r in regressions if r.term == "treatment"]
    covariates = [r for r in regressions if r.method in ("ols-cr2", "ols-hc3") and r.term != "treatment"]
    if any(r.method == "ols-cr2" for r in covariates):
        covariates = [r for r in covariates if r.method == "ols-cr2"]
    tables = [
        estimate_table("Two-group tests", results.find(name, "test"), level, factor=factor, unit=unit, chosen=chosen,
                       notes=_test_notes(results, name)),
        size_table("Effect sizes", results.find(name, "effect-size"), level),
        estimate_table("Regressions: the effect of the teaching", treatment, level, factor=factor, unit=unit,
                       notes=tuple(f"{word}: {words}." for word, words in EXPLAINED.items()
                                   if any(word.lower() in label(r.method).lower() for r in treatment))),
    ]  # fmt: skip
    if len(covariates) > 1:
        tables.append(
            estimate_table("Regressions: intercept and covariates", covariates, level, term=True, factor=factor)
        )
    tables.append(
        Table("Assumptions", ("Test", "Of", "Statistic", "p", "n"), tuple(assumptions), 2,
              ("Described, not used to choose the test, unless the study asks for the classical rule.",))
    )  # fmt: skip
    return Fold(name, tables=tuple(tables), figures=_figures(figures, "difference", "residuals"))


def _test_notes(results: Results, name: str) -> tuple[str, ...]:
    rows = {r.term: r for r in results.find(name, "variance", "anova")}
    if "icc" not in rows or rows["icc"].estimate is None:
        return ()
    effect, effective = rows["design-effect"], rows["effective-n"]
    return (
        f"Intraclass correlation (how alike students of one institution are): {number(rows['icc'].estimate, 2)}. "
        f"Design effect of the comparison (how much a simple test’s variance is off): {number(effect.estimate, 2)}. The "
        f"{count(rows['icc'].n)} students are worth {number(effective.estimate, 0)} independent ones here.",
    )


def _figures(figures: dict[str, Figure], *kinds: str) -> tuple[Figure, ...]:
    return tuple(figures[kind] for kind in kinds if kind in figures)


# -------------------------------------------------------------------------------- 6 is it the same everywhere


def _everywhere(results: Results, figures: dict[str, dict[str, Figure]]) -> Section | None:
    level = percent(results.study["inference"]["confidence"])
    folds = []
    for name in outcomes(results):
        rows = results.find(name, "institution", "raw")
        if not rows:
            continue
        lines = tuple(
            Row((row.term, number(row.estimate), _interval(row), count(row.n)), note=row.note) for row in rows
        )
        table = Table(
            "Institution by institution", ("Institution", "Difference or mean", f"{level} interval", "n"), lines
        )
        drawn = _figures(figures.get(name, {}), "institutions")
        folds.append(Fold(name, tables=() if drawn else (table,), figures=drawn))
    if not folds:
        return None
    lead = (
        "The difference inside each institution that holds both groups, else its mean. Small institutions vary more by "
        "chance: this is no ranking. Institutions with too few students in a group are not shown."
    )
    return Section("everywhere", "Is it the same everywhere?", lead, folds=tuple(folds))


# ----------------------------------------------------------------------- 7 would another analysis say the same

WHY_DIFFERENT = {
    "welch": "compares all students, as if they were independent",
    "mann-whitney": "compares ranks: the median of all pairwise differences",
    "brunner-munzel": "compares ranks: the probability of scoring higher, 0.5 means no difference",
    "ols": "adjusts for the covariates, as if students were independent",
    "ols-hc3": "adjusts for the covariates, as if students were independent",
    "ols-cr2": "the average student, across institutions; errors know the institutions",
    "fixed-effects-cr2": "compares inside institutions only; speaks of institutions like these",
    "fixed-effects-hc3": "compares inside institutions only; speaks of these institutions",
    "unit-means": "the average unit of assignment: each counts once, whatever its size",
    "win-fraction-hc3": "ranks, adjusted for the covariates, as if students were independent",
    "win-fraction-cr2": "ranks, the average student; errors know the institutions",
    "win-fraction-fixed-effects-cr2": "ranks, inside institutions only",
    "win-fraction-fixed-effects-hc3": "ranks, inside these institutions only",
    "win-fraction-unit-means": "ranks, each unit of assignment counts once",
}


def _another(results: Results) -> Section:
    level = percent(results.study["inference"]["confidence"])
    folds = []
    for name in outcomes(results):
        factor = 100.0 if Asked(results, name).kind == "binary" else 1.0
        rows = [
            row
            for row in (*results.find(name, "test"), *results.find(name, "regression"))
            if row.method in WHY_DIFFERENT and row.term in ("difference", "treatment") and row.estimate is not None
        ]
        lines = tuple(
            Row((label(r.method), WHY_DIFFERENT[r.method], *_on_scale(r, factor), _p(r)), r.primary) for r in rows
        )
        header = ("Analysis", "What it asks", "Estimate", f"{level} interval", "p")
        messages = [w.message for w in results.warnings if w.outcome == name and w.code in _DISAGREE]
        folds.append(Fold(name, tuple(messages), (Table("The same question, asked otherwise", header, lines, 2),)))
    lead = (
        "The primary analysis was fixed by the design, before the difference was looked at. The others ask nearly that."
    )
    return Section("another", "Would another analysis say the same?", lead, folds=tuple(folds))


_DISAGREE = ("tests-disagree", "students-and-units-differ")


def _on_scale(row: EstimateRow, factor: float) -> tuple[str, str]:
    if row.method == "brunner-munzel":
        return number(row.estimate, 2), _interval(row, 2)
    if row.estimate is None:
        return "–", "–"
    decimals = decimals_for(max(abs(row.estimate), row.std_error or 0.0) * factor)
    return number(row.estimate * factor, decimals), _interval(row, decimals, factor)


# --------------------------------------------------------------------------------------------- 8 why this test


def _why(results: Results) -> Section:
    folds = []
    for name in [None, *outcomes(results)]:
        decisions = [d for d in results.decisions if d.outcome == name]
        items = []
        for d in decisions:
            figures = ", ".join(f"{k.replace('_', ' ')} {_figure(v)}" for k, v in d.figures.items() if v is not None)
            choice = LABELS.get(d.choice, d.choice)
            items.append(
                (f"{d.step.replace('-', ' ').capitalize()}: {choice}", d.because + (f" ({figures})" if figures else ""))
            )
        warnings = tuple((f"Warning: {w.code}", w.message) for w in results.warnings if w.outcome == name)
        if items or warnings:
            folds.append(Fold(name or "Whole study", items=(*items, *warnings)))
    lead = (
        "Every choice that the program made, in order, with its reason and the figures it rests on; then every warning."
    )
    return Section("why", "Why this test?", lead, folds=tuple(folds))


def _figure(value: float | int | str) -> str:
    if isinstance(value, float):
        return f"{value:.2g}" if abs(value) < 1e-3 and value else number(value)
    return count(value) if isinstance(value, int) else value


# ----------------------------------------------------------------------------------------------- 9 can I check


def _check(results: Results, manifest: Manifest) -> Section:
    inference = results.study["inference"]
    used = [m for m in dict.fromkeys(row.method for row in results.estimates) if m in REFERENCES]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(manifest.versions.items()))
    items = [
        ("Run again", manifest.command),
        ("Made by", f"expeval {manifest.expeval}; {versions}"),
        ("Seed and draws", f"{inference['seed']}; {count(inference['draws'])} draws; {manifest.threads} thread(s)"),
        ("Confidence", f"{percent(inference['confidence'])}; alternative {inference['alternative']}; "
         f"several outcomes: {inference['multiplicity']}"),
        *((f"SHA-256 of {name}", digest) for name, digest in manifest.hashes.items()),
    ]  # fmt: skip
    methods = Table(
        "Methods and where their formulas stand",
        ("Method", "Reference"),
        tuple(Row((label(m), REFERENCES[m])) for m in used),
        2,
        ("Computed by expeval on summaries (numpy, scipy.special); the second opinion below by the libraries named.",),
    )
    folds = [Fold(name, tables=(_second_opinion(results, name),)) for name in outcomes(results)]
    lead = (
        "Every number of this page is a row of estimates.csv and results.json beside it, at full precision. The "
        "two-group statistics were computed a second time from the rows, by other libraries."
    )
    return Section("check", "Can I check it?", lead, (_source_table(results), methods), tuple(folds), tuple(items))


def _source_table(results: Results) -> Table:
    rows = []
    for s in results.sources:
        signs = {",": "comma", ".": "point", "\t": "tab", ";": "semicolon", "|": "bar"}
        mended = ", ".join(f"{what.replace('-', ' ')} ({count(n)})" for what, n in s.mended.items()) or "nothing"
        decimal = "–" if s.decimal is None else f"decimal {signs.get(s.decimal, s.decimal)}"
        delimiter = "–" if s.delimiter is None else signs.get(s.delimiter, s.delimiter)
        rows.append(Row((s.file, s.role, mended, s.encoding or "–", delimiter, decimal, s.sheet or "–",
                         count(s.header_row) if s.header_row else "–", count(s.rows))))  # fmt: skip
    header = ("File", "Role", "Mended", "Encoding", "Delimiter", "Decimal sign", "Sheet", "Header row", "Rows")
    return Table("Files, and what was detected in them", header, tuple(rows), 7)


def _second_opinion(results: Results, name: str) -> Table:
    rows = [
        Row((label(r.method), r.term, number(r.estimate, 4), number(r.statistic, 4), _p(r), r.note or ""))
        for r in results.find(name, "second-opinion")
    ]
    header = ("Library and method", "Of", "Estimate", "Statistic", "p", "Agreement with ours")
    decision = [d.because for d in results.decisions if d.outcome == name and d.step == "second-opinion"]
    return Table("Second opinion", header, tuple(rows), 2, tuple(decision))


# ------------------------------------------------------------------------------------------- 10 how do I cite


def _cite(results: Results) -> Section:
    folds = tuple(Fold(name, quotes=tuple(apa_sentences(results, name))) for name in outcomes(results))
    return Section(
        "cite", "How do I cite a number?", "Sentences to paste; the tables are in estimates.csv.", folds=folds
    )


def _p(row: EstimateRow) -> str:
    from expeval.report.numbers import p_value

    return p_value(row.p_value)


def _interval(row: EstimateRow, decimals: int | None = None, factor: float = 1.0) -> str:
    if row.conf_low is None or row.conf_high is None:
        return "–"
    places = decimals_for(row.estimate or row.conf_high) if decimals is None else decimals
    return f"{number(row.conf_low * factor, places)} to {number(row.conf_high * factor, places)}"


__all__ = ["Fold", "Section", "interval_words", "make_sections", "outcomes"]
