"""Every line of the table that names the primary analysis, from rows to the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from small_studies import Cell, SmallStudy, by_key

from expeval.results import Results

ESTIMATE_ALONE = "the estimate alone"


@dataclass(frozen=True)
class Line:
    """A design that a line of the table is about, and what the table names."""

    says: str
    assigned: str
    primary: str
    inside: int = 0  # institutions that hold both arms
    experimental: int = 0  # institutions of the experimental arm alone
    control: int = 0
    classes: int = 0  # an institution
    institution: bool = True
    kind: str = "score"
    covariate: bool = False
    baseline: bool = False
    alike: bool = False  # institutions that do not differ at all
    alone: bool = False  # the estimate alone

    def study(self) -> SmallStudy:
        """Rows of this design, twelve students an institution."""
        rng = np.random.default_rng(20)
        arms = ["both"] * self.inside + ["new"] * self.experimental + ["old"] * self.control
        rows = [row for j, arm in enumerate(arms) for row in self._institution(rng, j, arm)]
        return SmallStudy(
            rows=tuple(rows),
            assigned=self.assigned,
            institution=self.institution,
            kind=self.kind,
            student_covariates=("age",) if self.covariate else (),
            baseline="before" if self.baseline else None,
        )

    def _institution(self, rng: np.random.Generator, j: int, arm: str) -> list[dict[str, Cell]]:
        level = (-1) ** j * 0.01 if self.alike else rng.normal(0.0, 6.0)
        classes = rng.normal(0.0, 3.0, max(self.classes, 1))
        # Where institutions don't differ, the scores of each have the same mean by construction.
        noise = rng.normal(0.0, 8.0, 12)
        noise -= noise.mean() if self.alike else 0.0
        rows = []
        for i in range(12):
            of_class = i % max(self.classes, 1)
            new = arm == "new" or (arm == "both" and (of_class if self.assigned == "class" else i) % 2 == 1)
            score = 50.0 + level + (classes[of_class] if self.classes else 0.0) + noise[i] + 2.0 * new
            row: dict[str, Cell] = {
                "student": f"{j}-{i}",
                "school": f"school {j}",
                "group": "new" if new else "old",
                "score": self._told(score),
                "age": round(float(rng.normal(10.0, 0.5)), 2),
                "before": round(float(rng.normal(40.0, 5.0)), 1),
            }
            if self.classes:
                row["class"] = "abcdef"[of_class]
            rows.append(row)
        return rows

    def _told(self, score: float) -> Cell:
        if self.kind == "binary":
            return int(score > 50.0)
        return int(np.clip(round(3.5 + (score - 50.0) / 8.0), 2, 5)) if self.kind == "ordinal" else round(score, 1)


FREE = {"institution": False, "inside": 3}
TABLE = [
    Line("students, no units", "student", "welch", **FREE),
    Line("students, no units, shares", "student", "welch", kind="binary", **FREE),
    Line("students, no units, marks", "student", "brunner-munzel", kind="ordinal", **FREE),
    Line("students, no units, a covariate", "student", "ols-hc3", covariate=True, **FREE),
    Line("students, no units, a baseline", "student", "ols-hc3", baseline=True, **FREE),
    Line(
        "students, no units, marks, a covariate", "student", "win-fraction-hc3", kind="ordinal", covariate=True, **FREE
    ),
    Line("students of one institution", "student", "welch", inside=1),
    Line("students of one institution, a covariate", "student", "ols-hc3", inside=1, covariate=True),
    Line("students in six institutions", "student", "fixed-effects-cr2", inside=6),
    Line("students in six institutions, marks", "student", "win-fraction-fixed-effects-cr2", inside=6, kind="ordinal"),
    Line("students in five institutions", "student", "fixed-effects-hc3", inside=5),
    Line("students in five and more", "student", "fixed-effects-hc3", inside=5, experimental=2, control=2),
    Line(
        "students in one and more, marks",
        "student",
        "win-fraction-fixed-effects-hc3",
        inside=1,
        control=2,
        kind="ordinal",
    ),
    Line("students, no institution holds both", "student", "mixed-kenward-roger", experimental=5, control=5),
    Line("students, no institution of few holds both", "student", "unit-means", experimental=3, control=3),
    Line("classes in six institutions", "class", "fixed-effects-cr2", inside=6, classes=2),
    Line(
        "classes in six institutions, marks",
        "class",
        "win-fraction-fixed-effects-cr2",
        inside=6,
        classes=2,
        kind="ordinal",
    ),
    Line("classes in five institutions", "class", "unit-means", inside=5, classes=2),
    Line("classes in two institutions", "class", "unit-means", inside=2, classes=4),
    Line("too few classes", "class", "unit-means", inside=3, classes=2, alone=True),
    Line("classes, no institution holds both", "class", "mixed-kenward-roger", experimental=6, control=6, classes=2),
    Line("ten institutions", "institution", "mixed-kenward-roger", experimental=4, control=6),
    Line("ten institutions with classes", "institution", "mixed-kenward-roger", experimental=5, control=5, classes=2),
    Line("ten institutions, shares", "institution", "mixed-kenward-roger", experimental=5, control=5, kind="binary"),
    Line("ten institutions, marks", "institution", "win-fraction-mixed", experimental=5, control=5, kind="ordinal"),
    Line("ten institutions that don't differ", "institution", "unit-means", experimental=5, control=5, alike=True),
    Line("ten institutions, three an arm", "institution", "unit-means", experimental=3, control=8),
    Line("six institutions", "institution", "unit-means", experimental=3, control=3),
    Line(
        "six institutions, marks", "institution", "win-fraction-unit-means", experimental=3, control=3, kind="ordinal"
    ),
    Line("two and two institutions", "institution", "unit-means", experimental=2, control=2, alone=True),
    Line("one and thirty institutions", "institution", "unit-means", experimental=1, control=30, alone=True),
    Line("an institution an arm", "institution", "unit-means", experimental=1, control=1, alone=True),
]


@pytest.mark.parametrize("line", TABLE, ids=[line.says for line in TABLE])
def test_the_line_s_row_is_the_answer(line: Line) -> None:
    results = line.study().results()
    row = results.primary("score")
    assert row.method == line.primary
    assert row.estimate is not None
    if line.alone:
        assert (row.std_error, row.df, row.p_value, row.conf_low, row.conf_high) == (None,) * 5
        assert row.note
    else:
        assert None not in (row.std_error, row.df, row.p_value, row.conf_low, row.conf_high)
        assert row.conf_low < row.estimate < row.conf_high  # type: ignore[operator]
    decision = next(d for d in results.decisions if d.step == "primary")
    assert decision.because
    assert decision.figures["assigned"] == line.assigned
    assert ("too-few-units" in {warning.code for warning in results.warnings}) == line.alone


@pytest.mark.parametrize(
    ("units", "smallest"),
    [((3, 3), 2 / 20), ((4, 4), 2 / 70), ((3, 8), 1 / 165)],
)
def test_the_smallest_p_of_dealing_whole_institutions_is_that_of_counting(
    units: tuple[int, int], smallest: float
) -> None:
    """Two of C(6, 3) divisions are as extreme as the most extreme one; with unequal arms it has no mirror image."""
    line = Line("", "institution", "unit-means", experimental=units[0], control=units[1])
    row = by_key(line.study().results())["feasibility", "design", "smallest-p-permutation"]
    assert row.estimate == pytest.approx(smallest, rel=1e-12)


def same(one: Results, other: Results, without: frozenset[str] = frozenset()) -> None:
    """The same numbers to rounding, in rows that draw nothing at random."""
    theirs = by_key(other)
    for key, row in by_key(one).items():
        if key[1] in ("permutation", "randomisation", "wild-cluster-bootstrap") or key[2] in without:
            continue
        for name in ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high"):
            value, twin = getattr(row, name), getattr(theirs[key], name)
            assert value == twin or value == pytest.approx(twin, rel=2e-6, abs=1e-9), (key, name)


@pytest.mark.parametrize("line", [TABLE[8], TABLE[15], TABLE[21], TABLE[22]], ids=lambda line: line.says)
def test_a_covariate_given_twice_changes_nothing(line: Line) -> None:
    """Mixed models, sandwiches and means alike drop the second by name; nothing is inverted that can't be."""
    study = replace(line, covariate=True).study()
    twice = tuple({**row, "again": row["age"], "days": 365.0 * float(row["age"]) + 3.0} for row in study.rows)
    doubled = replace(study, rows=twice, student_covariates=("age", "again", "days"))
    results = doubled.results()
    same(study.results(), results)
    assert {d.choice for d in results.decisions if d.step == "covariates"} == {"dropped again", "dropped days"}


@pytest.mark.parametrize("line", [TABLE[15], TABLE[21], TABLE[22]], ids=lambda line: line.says)
def test_labels_of_classes_and_institutions_are_names_only(line: Line) -> None:
    study = line.study()
    order = np.random.default_rng(4).permutation(40)
    renamed = []
    for row in study.rows:
        of_school = int(order[int(str(row["school"]).split()[-1])])
        new: dict[str, Cell] = {**row, "school": f"№ {of_school}"}
        if "class" in row:
            new["class"] = f"{of_school}, класс {'zyxwvu'['abcdef'.index(str(row['class']))]}"
        renamed.append(new)
    one = replace(study, inference={}).results()
    other = replace(study, rows=tuple(renamed)).results()
    strip = [
        replace(results, estimates=tuple(row for row in results.estimates if row.analysis != "institution"))
        for results in (one, other)
    ]
    same(*strip)


@pytest.mark.parametrize("line", [TABLE[8], TABLE[22]], ids=lambda line: line.says)
def test_rows_split_over_files_are_the_same_rows(line: Line, tmp_path) -> None:  # type: ignore[no-untyped-def]
    import expeval

    study = line.study()
    whole = study.written(tmp_path / "whole") if (tmp_path / "whole").mkdir() is None else None
    (tmp_path / "parts").mkdir()
    parts = study.written(tmp_path / "parts")
    lines = (tmp_path / "parts" / "data.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    for k in range(3):
        (tmp_path / "parts" / f"part{k}.csv").write_text("".join([lines[0], *lines[1 + k :: 3]]), encoding="utf-8")
    parts.write_text(parts.read_text(encoding="utf-8").replace('"data.csv"', '"part*.csv"'), encoding="utf-8")
    assert whole is not None
    same(expeval.run(whole), expeval.run(parts))
