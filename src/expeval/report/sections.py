"""The report's ten sections as values, in the order of the reader's questions; templates do the markup."""

from __future__ import annotations

from dataclasses import dataclass

from expeval.report import outcome_tables
from expeval.report.agreement import agreement_table, agreement_words, difference_words
from expeval.report.apa import apa_sentences
from expeval.report.before import before_table
from expeval.report.figure import Figure
from expeval.report.methods import Method, method_of, name_of
from expeval.report.numbers import count, number, percent, plain
from expeval.report.planned import QUESTION as PLANNED_QUESTION
from expeval.report.planned import STEP as PLAN_STEP
from expeval.report.planned import PlannedView, outcome_label, planned_view
from expeval.report.sentences import Answer, Fact, answer, facts, short_label
from expeval.report.subject import Subject, subjects
from expeval.report.tables import Column, Row, Table, table
from expeval.report.trust import MOST_SHOWN, Doubt, doubts
from expeval.results import DecisionRow, EstimateRow, Manifest, Results

QUESTIONS: tuple[tuple[str, str], ...] = (
    ("answer", "What is the answer?"),
    ("trust", "How far can I trust it?"),
    ("studied", "Who was studied?"),
    ("alike", "Were the groups alike before?"),
    ("found", "What was found, outcome by outcome?"),
    ("same", "Is it the same everywhere?"),
    ("agree", "Would another analysis say the same?"),
    ("why", "Why this test?"),
    ("check", "Can I check it?"),
    ("cite", "How do I cite a number?"),
)
STAGES = {"ascertaining": "ascertaining stage", "formative": "formative stage", "control": "control stage"}
REASONS = {
    "other-group": "belong to neither group",
    "no-group": "no group given",
    "duplicate": "second row of the same student",
    "no-outcome": "no score",
    "no-baseline": "no baseline",
    "no-covariate": "a covariate is missing",
    "no-institution": "no institution given",
    "no-class": "no class given",
}
BEFORE = ("other-group", "no-group", "duplicate", "no-outcome")
QUANTITIES = (("statistic", "statistic"), ("estimate", "estimate"), ("conf_low", "low end"), ("p_value", "p"))
KINDS = {"score": "score", "ordinal": "ordered levels", "binary": "yes or no"}


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """Everything that the page says of one outcome."""

    name: str
    kind: str
    primary: bool
    answer: Answer
    facts: tuple[Fact, ...]
    figures: dict[str, Figure]
    flow: Table | None
    baseline: tuple[Table, ...]
    tables: tuple[Table, ...]
    more_tables: tuple[Table, ...]
    checks: tuple[Table, ...]
    institutions_note: str
    agreement: str
    analyses: Table | None
    differences: tuple[str, ...]
    second_opinion: Table | None
    decisions: tuple[DecisionView, ...]
    apa: tuple[tuple[str, str], ...]
    planned: str = ""


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A choice with its reason and the figures it rests on."""

    step: str
    choice: str
    because: str
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageView:
    """The page as values."""

    title: str
    question: str
    authors: str
    labels: tuple[str, ...]
    simulated: bool
    confidence: str
    outcomes: tuple[OutcomeView, ...]
    before: Table | None
    doubts: tuple[Doubt, ...]
    more_doubts: tuple[Doubt, ...]
    warnings: tuple[tuple[str, str], ...]
    decisions: tuple[DecisionView, ...]
    methods: tuple[tuple[Method, str], ...]
    sources: Table | None
    made: Table
    hashes: Table
    command: str
    planned: PlannedView | None = None
    language: str = "en"
    questions: tuple[tuple[str, str], ...] = QUESTIONS


def page_view(results: Results, manifest: Manifest, drawn: dict[str, dict[str, Figure]]) -> PageView:
    """The whole page as values; ``drawn`` holds the figures by outcome and kind."""
    study = results.study["study"]
    simulated = bool(study.get("simulated", False))
    every = doubts(results)
    planned = planned_view(results)
    return PageView(
        title=str(study["title"]) + (" (simulated data)" if simulated else ""),
        question=str(study.get("question") or ""),
        authors=", ".join(str(name) for name in study.get("authors") or ()),
        labels=_labels(results, manifest, planned),
        simulated=simulated,
        confidence=percent(subjects(results)[0].confidence),
        outcomes=tuple(_outcome(subject, drawn.get(subject.name, {})) for subject in subjects(results)),
        before=before_table(subjects(results)),
        doubts=every[:MOST_SHOWN],
        more_doubts=every[MOST_SHOWN:],
        warnings=tuple((row.outcome or "", row.message) for row in results.warnings),
        decisions=tuple(_decision(row) for row in results.decisions if row.outcome is None and row.step != PLAN_STEP),
        methods=_methods(results, manifest),
        sources=_sources(results),
        made=_made(results, manifest),
        hashes=_hashes(manifest),
        command=manifest.command,
        planned=planned,
        questions=QUESTIONS if planned is None else (*QUESTIONS[:2], PLANNED_QUESTION, *QUESTIONS[2:]),
    )


def _labels(results: Results, manifest: Manifest, planned: PlannedView | None) -> tuple[str, ...]:
    study, groups = results.study["study"], results.study["groups"]
    unit = {"student": "students", "class": "classes", "institution": "institutions"}.get(str(groups.get("assigned")))
    chance = "put into the groups by chance" if groups.get("randomised") else "put into the groups, not by chance"
    return tuple(
        label
        for label in (
            "simulated data" if study.get("simulated") else "",
            STAGES.get(str(study.get("stage")), ""),
            f"{unit} {chance}" if unit else "",
            planned.label if planned else "",
            f"expeval {manifest.expeval}",
        )
        if label
    )


def _outcome(subject: Subject, figures: dict[str, Figure]) -> OutcomeView:
    told, other = _answer_first(subject)
    made = (outcome_tables.description_table(subject), told, outcome_tables.effect_size_table(subject))
    more = (other, outcome_tables.regression_table(subject), outcome_tables.coefficient_table(subject))
    checks = (outcome_tables.assumption_table(subject), outcome_tables.variance_table(subject))
    return OutcomeView(
        name=subject.name,
        kind=KINDS.get(subject.kind, subject.kind),
        primary=subject.is_primary,
        answer=answer(subject),
        facts=facts(subject),
        figures=figures,
        flow=_flow(subject),
        baseline=_baseline(subject),
        tables=tuple(made_ for made_ in made if made_ is not None),
        more_tables=tuple(made_ for made_ in more if made_ is not None),
        checks=tuple(check for check in checks if check is not None),
        institutions_note=_institutions_note(subject),
        agreement=agreement_words(subject),
        analyses=agreement_table(subject),
        differences=difference_words(subject),
        second_opinion=_second_opinion(subject),
        decisions=tuple(_decision(row) for row in _choices(subject)),
        apa=apa_sentences(subject),
        planned=outcome_label(subject.results, subject.name),
    )


def _choices(subject: Subject) -> list[DecisionRow]:
    return [row for row in subject.results.decisions if row.outcome == subject.name and row.step != PLAN_STEP]


def _answer_first(subject: Subject) -> tuple[Table | None, Table | None]:
    """The table that holds the answer, then the other one."""
    difference, probability = outcome_tables.difference_table(subject), outcome_tables.probability_table(subject)
    both = (probability, difference) if subject.scale.code == "pairs" else (difference, probability)
    return both if both[0] is not None else (both[1], both[0])


def _flow(subject: Subject) -> Table | None:
    """From rows read to rows analysed, one column an arm, one line a reason."""
    rows = subject.flow()
    if not rows:
        return None
    heads = {"experimental": short_label(subject, "experimental"), "control": short_label(subject, "control")}
    columns = [Column("", numeric=False), *(Column(heads.get(row.arm, "neither group")) for row in rows)]
    order = list(REASONS)
    reasons = list(dict.fromkeys(reason for row in rows for reason in row.left_out))
    reasons.sort(key=lambda reason: order.index(reason) if reason in order else len(order))
    early = [reason for reason in reasons if reason in BEFORE or reason.startswith("user-missing")]
    late = [reason for reason in reasons if reason not in early]

    def lost(reason: str) -> Row:
        cells = ["" if reason not in row.left_out else count(row.left_out[reason]) for row in rows]
        words = REASONS.get(reason, reason.replace("user-missing: ", "missing: "))
        return Row((f"− {words}", *cells))

    body = [Row(("Rows read", *(count(row.read) for row in rows)), chosen=True), *map(lost, early)]
    arms = [row.arm != "other" for row in rows]
    body.append(_line(f"= have a {subject.name} score", [count(row.analysed) for row in rows], arms, True))
    body += map(lost, late)
    body.append(_line("= enter the regressions", [count(row.complete) for row in rows], arms, True))
    for what in ("institutions", "classes"):
        numbers = [getattr(row, what) for row in rows]
        if any(numbers):
            body.append(_line(f"in {what}", ["" if n is None else count(n) for n in numbers], arms, False))
    return table(f"{subject.name}: from rows read to students analysed", columns, body)


def _line(words: str, cells: list[str], arms: list[bool], strong: bool) -> Row:
    return Row((words, *(cell if arm else "" for cell, arm in zip(cells, arms, strict=True))), chosen=strong)


def _baseline(subject: Subject) -> tuple[Table, ...]:
    found = [outcome_tables.description_table(subject, "baseline")]
    rows = subject.rows("baseline")
    if rows:
        level = f"{percent(subject.confidence)} interval"
        columns = [Column("Measure", numeric=False), Column("Estimate", "standard deviations"), Column("Low", level)]
        columns += [Column("High", level), Column("Students")]
        body = [
            (name_of(r.method), number(r.estimate, 2), number(r.conf_low, 2), number(r.conf_high, 2), count(r.n))
            for r in rows
        ]
        notes = (
            "Up to 0.05 counts as alike, up to 0.25 needs adjustment, beyond it adjustment can't be trusted to mend it "
            "(What Works Clearinghouse, Standards Handbook 4.1).",
        )
        found.append(table(f"{subject.name}: difference before the experiment", columns, body, notes))
    return tuple(made for made in found if made is not None)


def _institutions_note(subject: Subject) -> str:
    rows = [row for row in subject.rows("institution") if row.method == "raw"]
    withheld = sum(row.estimate is None for row in rows)
    if not rows:
        return "No institutions are named in this study."
    fewest = subject.results.study.get("report", {}).get("minimum_cell", 5)
    pseudonyms = subject.results.study.get("report", {}).get("institutions", "pseudonym") == "pseudonym"
    said = ["Names are pseudonyms in an order that tells nothing."] if pseudonyms else []
    if withheld:
        said.append(f"{withheld} of {len(rows)} institutions have fewer than {fewest} students in a group: no numbers.")
    return " ".join(said)


def _second_opinion(subject: Subject) -> Table | None:
    """The same statistic here and from another library: its first quantity that both have."""
    rows = subject.rows("second-opinion")
    if not rows:
        return None
    columns = [Column("Method", numeric=False), Column("Library", numeric=False), Column("Quantity", numeric=False)]
    columns += [Column(head, numeric=False) for head in ("expeval", "The library", "Agreement")]
    body = []
    for row in rows:
        library, _, method = row.method.partition("-")
        same = subject.results.find(subject.name, _analysis_of(subject, method), method, row.term)
        own = same[0] if same else None
        field_, ours, theirs = _compared(own, row)
        name = name_of(method) + ("" if row.term == "difference" else f", {row.term}")
        body.append((name, library, field_, ours, theirs, row.note or ""))
    notes = ("pingouin rounds or builds on scipy in places; the last column says what was compared and how closely.",)
    return table(f"{subject.name}: the two-group statistics by other libraries", columns, body, notes)


def _analysis_of(subject: Subject, method: str) -> str:
    found = (r.analysis for r in subject.results.estimates if r.outcome == subject.name and r.method == method)
    return next((analysis for analysis in found if analysis not in ("second-opinion", "baseline")), "test")


def _compared(own: EstimateRow | None, other: EstimateRow) -> tuple[str, str, str]:
    for name, words in QUANTITIES:
        theirs = getattr(other, name)
        ours = None if own is None else getattr(own, name)
        if theirs is not None:
            return words, "–" if ours is None else _six(ours), _six(theirs)
    return "–", "–", "–"


def _six(value: float) -> str:
    text = f"{value:.6g}"
    return number(value, len(text.partition(".")[2])) if "e" not in text else text


def _decision(row: DecisionRow) -> DecisionView:
    steps = {"test": "Two-group test", "primary": "The answer", "second-opinion": "Second opinion"}
    figures = tuple(f"{_figure_name(name)}: {_figure(value)}" for name, value in row.figures.items())
    because = row.because if row.because.endswith(".") else f"{row.because}."
    step = steps.get(row.step, row.step.capitalize())
    return DecisionView(step, _choice(row.choice), because[:1].upper() + because[1:], figures)


def _choice(choice: str) -> str:
    """The method chosen; "A, else B" where B takes its place if A finds no variance between institutions."""
    first, *others = (name_of(method) for method in choice.split(", else "))
    return "; else ".join((first, *others))


def _figure_name(name: str) -> str:
    return (
        name.replace("_", " ")
        .replace("n experimental", "students experimental")
        .replace("n control", "students control")
    )


def _figure(value: float | int | str | None) -> str:
    if value is None:
        return "withheld"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or float(value).is_integer():
        return count(int(value))
    return plain(float(f"{value:.3g}")) if abs(value) >= 1e-4 else "< .0001"


def _methods(results: Results, manifest: Manifest) -> tuple[tuple[Method, str], ...]:
    used = ["description", *(row.method for row in results.estimates if row.analysis != "second-opinion")]
    adjustment = results.study.get("inference", {}).get("multiplicity")
    if any(row.p_adjusted is not None for row in results.estimates) and adjustment:
        used.append(str(adjustment))
    versions = {"expeval": manifest.expeval, **manifest.versions}
    found = []
    for known in dict.fromkeys(map(method_of, used)):
        if known is not None:
            found.append((known, ", ".join(f"{p} {versions[p]}" for p in known.packages if p in versions)))
    return tuple(found)


def _sources(results: Results) -> Table | None:
    if not results.sources:
        return None
    columns = [Column("File", numeric=False), Column("Holds", numeric=False), Column("Rows")]
    columns += [
        Column(head, numeric=False) for head in ("Encoding", "Delimiter", "Decimal sign", "Sheet", "Header row")
    ]
    columns += [Column("Mended", numeric=False)]
    body = [
        (
            row.file,
            row.role,
            count(row.rows),
            row.encoding or "–",
            {"\t": "tab", None: "–"}.get(row.delimiter, row.delimiter or "–"),
            row.decimal or "–",
            row.sheet or "–",
            "–" if row.header_row is None else str(row.header_row),
            "; ".join(f"{what}: {times}" for what, times in row.mended.items()) or "–",
        )
        for row in results.sources
    ]
    return table("What was read", columns, body)


def _made(results: Results, manifest: Manifest) -> Table:
    draws = results.study.get("inference", {}).get("draws")
    rows = [("expeval", manifest.expeval), *sorted(manifest.versions.items()), ("seed", str(manifest.seed))]
    rows += [("draws", count(draws))] if isinstance(draws, int) else []
    # Time, place and platform of the run stay in manifest.json: the page is the same wherever it is made.
    return table("Versions and seed", [Column("What", numeric=False), Column("Is", numeric=False)], rows)


def _hashes(manifest: Manifest) -> Table:
    columns = [Column("File", numeric=False), Column("SHA-256", numeric=False)]
    return table("Hashes of what went in", columns, sorted(manifest.hashes.items()))
