"""Simulate how often each method is wrong, and write the page: python docs/make_calibration.py (from a checkout).

All cells with 2,000 runs take about 40 minutes of one processor.  What is counted stands in ``calibration.csv`` beside
the page, is written cell by cell, and is not simulated again: stop it at any time, and start it again.  ``--fresh``
counts anew.  The studies themselves: ``calibration_studies.py``.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
import textwrap
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from calibration_methods import DRAWS, LEVEL, SUPERIORITY, Count, simulate
from calibration_studies import (
    CLASS_VARIANCE,
    EFFECT,
    EFFECT_SPREAD,
    Assigned,
    Cell,
    Effect,
    Sizes,
    cells,
    runs_of,
    true_superiority,
)

FOLDER = Path(__file__).parent / "explanation"
PAGE, COUNTS = "calibration.md", "calibration.csv"
RUNS = 2000

# ------------------------------------------------------------------------------------------------- what is kept

COLUMNS = [*(field.name for field in fields(Cell)), *(field.name for field in fields(Count))]
Kept = dict[Cell, dict[str, Count]]


def read_counts(path: Path) -> Kept:
    """The cells that were simulated before."""
    kept: Kept = {}
    if not path.exists():
        return kept
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cell = Cell(
                assigned=row["assigned"],  # type: ignore[arg-type]
                kind=row["kind"],  # type: ignore[arg-type]
                effect=row["effect"],  # type: ignore[arg-type]
                experimental=int(row["experimental"]),
                control=int(row["control"]),
                classes=int(row["classes"]),
                sizes=row["sizes"],  # type: ignore[arg-type]
                icc=float(row["icc"]),
            )
            numbers = {field.name: int(row[field.name]) for field in fields(Count) if field.name != "method"}
            kept.setdefault(cell, {})[row["method"]] = Count(row["method"], **numbers)
    return kept


def write_counts(path: Path, kept: Kept) -> None:
    """All cells, in the order of :func:`cells`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for cell in cells():
            for count in kept.get(cell, {}).values():
                writer.writerow([getattr(part, field.name) for part in (cell, count) for field in fields(part)])


def simulate_missing(path: Path, wanted: Sequence[Cell], runs: int, processes: int) -> Kept:
    """Simulate what is not in the file with so many runs, and keep each cell as soon as it is there."""
    kept = read_counts(path)
    missing = [cell for cell in wanted if kept.get(cell, {}).get("auto", Count("auto")).runs < runs_of(cell, runs)]
    for cell, counts in _simulated(missing, runs, processes):
        kept[cell] = {count.method: count for count in counts}
        write_counts(path, kept)
        print(cell.assigned, cell.kind, cell.effect, cell.arms, cell.sizes, cell.icc, file=sys.stderr, flush=True)
    return kept


def _simulated(missing: Sequence[Cell], runs: int, processes: int) -> Iterable[tuple[Cell, list[Count]]]:
    if processes == 1:
        yield from ((cell, simulate(cell, runs_of(cell, runs))) for cell in missing)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from zip(missing, pool.map(simulate, missing, [runs_of(cell, runs) for cell in missing]), strict=True)


# --------------------------------------------------------------------------------------------------- the page

MADE = "<!-- made by docs/make_calibration.py from calibration.csv: do not edit -->"
# A rate is marked where it lies outside this range by more than twice its simulation error.
HOLDS = (0.04, 0.06)
ABOVE, BELOW, NOTHING = "▲", "▼", "–"

SCORES = (
    "auto",
    "unit-means",
    "mixed-kenward-roger",
    "mixed-satterthwaite",
    "ols-cr2",
    "ols-cr3",
    "ols-cr1",
    "welch",
    "wild-cluster-bootstrap",
    "randomisation",
)
MARKED = tuple(
    name if name == "auto" else SUPERIORITY + name
    for name in ("auto", "unit-means", "mixed", "cr2", "fixed-effects-cr2", "fixed-effects-hc3", "hc3")
)
INSIDE_SCORES = (
    "auto",
    "fixed-effects-cr2",
    "fixed-effects-hc3",
    "unit-means",
    "mixed-random-slope",
    "mixed-kenward-roger",
    "mixed-satterthwaite",
    "ols-cr2",
    "welch",
    "randomisation",
)
METHODS = tuple(dict.fromkeys((*SCORES, *INSIDE_SCORES, *MARKED)))


def sign(successes: int, runs: int, low: float, high: float) -> str:
    """Whether a rate lies outside a range by more than chance."""
    rate = successes / runs
    for edge, beyond, mark in ((high, rate - high, ABOVE), (low, low - rate, BELOW)):
        if beyond > 2.0 * math.sqrt(max(rate * (1.0 - rate), edge * (1.0 - edge)) / runs):
            return mark
    return ""


def told(rate: float) -> str:
    """Write .052, as the field does."""
    return f"{rate:.3f}".removeprefix("0")


def alarms_of(count: Count | None) -> str:
    """False alarms per study."""
    if count is None or not count.answered:
        return NOTHING
    return told(count.alarms / count.answered) + sign(count.alarms, count.answered, *HOLDS)


def coverage_of(count: Count | None) -> str:
    """Share of the intervals that hold the truth."""
    if count is None or not count.intervals:
        return NOTHING
    low, high = (1.0 - rate for rate in reversed(HOLDS))
    return told(count.covered / count.intervals) + sign(count.covered, count.intervals, low, high)


class Found:
    """The counts, asked by what the cells have in common."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept

    def cells(self, assigned: Assigned, kind: str, effect: Effect) -> list[Cell]:
        """The simulated cells of a table."""
        wanted = (assigned, kind, effect)
        return [cell for cell in cells() if cell in self.kept and (cell.assigned, cell.kind, cell.effect) == wanted]

    def counts(self, method: str, among: Iterable[Cell]) -> list[Count]:
        """Of a method, where it answered."""
        found = [self.kept[cell].get(method) for cell in among]
        return [count for count in found if count is not None and count.answered]

    def span(self, method: str, among: Iterable[Cell]) -> str:
        """Smallest and largest rate of false alarms."""
        return _span([count.alarms / count.answered for count in self.counts(method, among)])

    def pooled(self, method: str, among: Iterable[Cell]) -> str:
        """The rate of false alarms over all studies of all cells."""
        counts = self.counts(method, among)
        return told(sum(count.alarms for count in counts) / sum(count.answered for count in counts))

    def span_of_coverage(self, method: str, among: Iterable[Cell]) -> str:
        """Smallest and largest coverage."""
        return _span([count.covered / count.intervals for count in self.counts(method, among)])

    def marked(self, method: str, among: Iterable[Cell]) -> str:
        """``3 ▲ 1 ▼``: cells that are marked."""
        signs = [sign(count.alarms, count.answered, *HOLDS) for count in self.counts(method, among)]
        return " ".join(f"{signs.count(mark)} {mark}" for mark in (ABOVE, BELOW) if mark in signs)


def _span(rates: Sequence[float]) -> str:
    if not rates:
        return NOTHING
    low, high = told(min(rates)), told(max(rates))
    return low if low == high else f"{low}–{high}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ("---",) * len(head), *rows])


def _place(cell: Cell) -> tuple[str, ...]:
    """The first columns of a cell's row."""
    last = str(cell.classes) if cell.assigned == "class" else cell.sizes
    return cell.arms, last, f"{cell.icc:g}"


PLACE = ("institutions", "sizes", "ICC")
PLACE_OF_CLASSES = ("institutions", "classes an arm", "ICC")


def rates(found: Found, among: Sequence[Cell], methods: Sequence[str], coverage: bool = False) -> str:
    """A row a cell, a column a method that any cell has."""
    shown = [name for name in methods if any(name in found.kept[cell] for cell in among)]
    if coverage:
        shown.remove("randomisation") if "randomisation" in shown else None
    place = PLACE_OF_CLASSES if among and among[0].assigned == "class" else PLACE
    rate = coverage_of if coverage else alarms_of
    head = [*place, *(f"`{name.removeprefix(SUPERIORITY)}`" for name in shown)]
    return table(head, [[*_place(cell), *(rate(found.kept[cell].get(name)) for name in shown)] for cell in among])


CONDITIONS: dict[str, tuple[bool, tuple[Sizes, ...]]] = {
    "arms alike, sizes equal or mixed": (True, ("equal", "mixed")),
    "arms unlike, sizes equal or mixed": (False, ("equal", "mixed")),
    "arms alike, one of 600": (True, ("one of 600",)),
    "arms unlike, one of 600": (False, ("one of 600",)),
}


def alike(cell: Cell) -> bool:
    """Whether both arms have as many institutions, but for one."""
    return abs(cell.experimental - cell.control) <= 1


def summary(found: Found, among: Sequence[Cell], methods: Sequence[str]) -> str:
    """Smallest and largest rate of each method under each condition, and how many cells are marked."""
    rows = []
    for method in methods:
        if not found.counts(method, among):
            continue
        row = [f"`{method}`"]
        for balanced, sizes in CONDITIONS.values():
            here = [cell for cell in among if alike(cell) == balanced and cell.sizes in sizes]
            row.append(" ".join(filter(None, [found.span(method, here), found.marked(method, here)])))
        rows.append(row)
    return table(("method", *CONDITIONS), rows)


INSIDE_STUDENTS = """Each institution holds both arms, half of its students in each. With 4 institutions `auto` is
`fixed-effects-hc3`, whose answer holds for these institutions only."""

INSIDE_CLASSES = f"""Classes of 20 students, with a variance of {CLASS_VARIANCE:g} between the classes of an
institution. Every institution holds the same number of classes in both arms."""

COVERAGE = f"""For scores an effect that is the same everywhere moves estimate and interval alike, by arithmetic:
coverage is one less the rate of false alarms above. It is told here where the effect differs between institutions, as
it mostly does: the truth is its average of {EFFECT:g} over all institutions that might have been there; for
`fixed-effects-hc3`, and for `auto` where that is its row, the average of the institutions that are."""


LEARNED = (
    """*The rule holds its level.* Over all {cells} cells in which `auto` gives a p-value, its rate is marked as too
    high in {above}; some are marked by chance alone. Where institutions are assigned and differ (ICC above 0) it finds
    {auto} for scores, {auto_all} over all of these studies together, and {marks} for marks, {marks_all} together: with
    3 to 5 institutions in an arm a little too often, as means of so few ranks are not quite normal. No rule was
    changed: read a p-value of marks near .05 in so small a study as not clear.""",
    """*A test that ignores the institutions is worthless here.* `welch`: {welch} where institutions were assigned and
    differ, {welch_without} where none is large.""",
    """*CR2 is not enough beside a giant.* With one institution of 600 `ols-cr2` finds {cr2}, CR1 {cr1}, the wild
    bootstrap {wild}; `auto`, by means of the units and the mixed model, {auto_giant}. CR3 errs on the safe side there:
    {cr3}.""",
    """*Too careful where institutions do not differ at all.* With an ICC of 0 Kenward–Roger's mixed model hardly ever
    finds anything in small studies, and `auto` finds {alone} beside a giant in studies of more than 8 institutions.
    Schools without any such likeness are rare (Hedges & Hedberg 2007, doi 10.3102/0162373707299706: about .1 to .25);
    power is lost there, the level is not.""",
    """*3 + 3 institutions can't be dealt anew to significance.* `randomisation` is .000 there: of 20 divisions none has
    a two-sided p below .10. With 2 institutions in an arm `auto` tells the estimate alone; the columns beside it show
    why: CR2 strays to both sides of .05.""",
    """*An effect that differs between institutions breaks the plain mixed model.* Where students were assigned inside
    institutions, its 95 % interval holds {mixed} of the time the average effect; that of `auto` {auto_inside}. That is
    why the rule answers such designs within institutions.""",
)


def learned(found: Found) -> str:
    """What the tables say, with their figures."""
    scores, marks = (found.cells("institution", kind, "none") for kind in ("score", "ordinal"))
    students, classes = (found.cells(assigned, "score", "none") for assigned in ("student", "class"))
    every = [*scores, *marks, *students, *classes, *found.cells("student", "ordinal", "none")]
    spread = [cell for cell in scores if cell.icc > 0.0]
    giant = [cell for cell in spread if cell.sizes == "one of 600"]
    alike_giant = [cell for cell in scores if cell.icc == 0.0 and cell.sizes == "one of 600"]
    differs = found.cells("student", "score", "differs")
    answers = found.counts("auto", every)
    figures = {
        "cells": len(answers),
        "above": [sign(count.alarms, count.answered, *HOLDS) for count in answers].count(ABOVE),
        "auto": found.span("auto", spread),
        "auto_all": found.pooled("auto", spread),
        "marks": found.span("auto", [cell for cell in marks if cell.icc > 0.0]),
        "marks_all": found.pooled("auto", [cell for cell in marks if cell.icc > 0.0]),
        "welch": found.span("welch", spread),
        "welch_without": found.span("welch", [cell for cell in spread if cell not in giant]),
        "cr2": found.span("ols-cr2", giant),
        "cr1": found.span("ols-cr1", giant),
        "cr3": found.span("ols-cr3", giant),
        "wild": found.span("wild-cluster-bootstrap", giant),
        "auto_giant": found.span("auto", giant),
        "alone": found.span("auto", [cell for cell in alike_giant if cell.experimental + cell.control > 8]),
        "mixed": found.span_of_coverage("mixed-kenward-roger", differs),
        "auto_inside": found.span_of_coverage("auto", differs),
    }
    said = (" ".join(text.format(**figures).split()) for text in LEARNED)
    bullets = (textwrap.fill(text, 118, initial_indent="- ", subsequent_indent="  ") for text in said)
    return "\n".join(("## What is learned", "", *bullets))


HEAD = f"""# What holds its level

{MADE}

A method with a level of .05 should find a difference in 5 of 100 studies in which there is none, and its 95 %
interval should hold the truth 95 times. Below stands how often they do, in simulated studies with few institutions,
unlike arms, and one institution much larger than the others; `auto` is the row that expeval itself would tell as the
answer, chosen and settled by the program."""

READING = f"""## How to read the tables

Rates are told as .052. {ABOVE} stands behind a rate above .06, and {BELOW} behind one below .04, by more than twice the
simulation error (coverage: above .96, below .94). The simulation error of a rate of .05 is {{error:.4f}} with
{{runs:,}} runs, {{half:.4f}} with {{halved:,}}. "3 + 5" are 3 institutions with the experimental and 5 with the control
arm. "{NOTHING}": no p-value, or no interval (`randomisation` has none); `auto` has none with 2 institutions in an arm,
where the program tells the estimate alone.

- *Students.* A score has variance 1, of which the intraclass correlation (ICC) lies between institutions, normal.
  *Marks* 2 to 5 are cut from such a score, with shares of .10, .35, .35 and .20; what is estimated is P of
  `probability-of-superiority-…`.
- *Sizes.* Equal: 30 students an institution. Mixed: 10 to 60, drawn anew for each study. One of 600: among institutions
  of 50 to 100, in the experimental arm, which has the fewer institutions – the hardest place.
- *Effects.* None; {EFFECT:g} in all institutions (marks: P = {true_superiority(EFFECT):.3f}); or differing between
  them, {EFFECT:g} on average with a standard deviation of {EFFECT_SPREAD:g}.
- *Runs.* {{runs:,}} a cell for scores with institutions assigned at an ICC of 0, .1 and .3, {{halved:,}} elsewhere,
  a quarter of these for `wild-cluster-bootstrap` and `randomisation` ({DRAWS} draws where they are not enumerated) and
  for `mixed-random-slope`. The first studies of every cell also went through every step of a run: its answer is that
  of `auto` here to six digits."""


def page(found: Found, runs: int) -> str:
    """The whole page."""
    level = LEVEL * (1.0 - LEVEL)
    halved = max(1, runs // 2)
    reading = READING.format(runs=runs, halved=halved, error=math.sqrt(level / runs), half=math.sqrt(level / halved))
    scores = found.cells("institution", "score", "none")
    marks = found.cells("institution", "ordinal", "none")
    students = found.cells("student", "score", "none")
    parts = [
        HEAD,
        learned(found),
        reading,
        "## Institutions assigned: smallest and largest rate of false alarms",
        "Over all sizes of study and ICCs, and how many cells are marked.",
        summary(found, scores, SCORES),
        "Marks:",
        summary(found, marks, MARKED),
        "## False alarms, institutions assigned, scores",
        rates(found, scores, SCORES),
        "## False alarms, institutions assigned, marks",
        rates(found, marks, MARKED),
        "## False alarms, students assigned inside institutions",
        INSIDE_STUDENTS,
        rates(found, students, INSIDE_SCORES),
        "Marks:",
        rates(found, found.cells("student", "ordinal", "none"), MARKED),
        "## False alarms, classes assigned inside institutions",
        INSIDE_CLASSES,
        rates(found, found.cells("class", "score", "none"), INSIDE_SCORES),
        "## Coverage of 95 % intervals",
        COVERAGE,
        "Institutions assigned, scores, the effect differs between institutions:",
        rates(found, found.cells("institution", "score", "differs"), SCORES, coverage=True),
        "Institutions assigned, marks, one effect:",
        rates(found, found.cells("institution", "ordinal", "equal"), MARKED, coverage=True),
        "Students assigned, scores, the effect differs between institutions:",
        rates(found, found.cells("student", "score", "differs"), INSIDE_SCORES, coverage=True),
        "Students assigned, marks, one effect:",
        rates(found, found.cells("student", "ordinal", "equal"), MARKED, coverage=True),
    ]
    return "\n\n".join(parts) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate what is missing, write counts and page."""
    parser = argparse.ArgumentParser(description="Simulate false alarms and coverage, and write the page.")
    parser.add_argument("--runs", type=int, default=RUNS, help="studies a cell (default: %(default)s)")
    parser.add_argument("--processes", type=int, default=1, help="processes at a time (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where page and counts are written")
    parser.add_argument("--every", type=int, default=1, help="every so-many-th cell alone, to try the script")
    parser.add_argument("--fresh", action="store_true", help="forget the counts that are there")
    asked = parser.parse_args(arguments)
    counts = asked.folder / COUNTS
    if asked.fresh:
        counts.unlink(missing_ok=True)
    kept = simulate_missing(counts, cells()[:: asked.every], asked.runs, asked.processes)
    (asked.folder / PAGE).write_text(page(Found(kept), asked.runs), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
