"""The same question by several methods: where the answers part, and why."""

from __future__ import annotations

from collections.abc import Sequence

from expeval.analysis.choose import Plan
from expeval.analysis.row import p_words
from expeval.analysis.said import Said
from expeval.analysis.setting import Setting
from expeval.results import EstimateRow

# A cluster this many times its equal share of the treatment's coefficient makes CR2 too sure (31 institutions, one of
# 600 students among 50 to 100: false alarms .062 to .069).
GIANT = 4.0


def compare_answers(rows: Sequence[EstimateRow], plan: Plan, setting: Setting, said: Said) -> None:
    """Warn where students and units differ, where one institution outweighs the others, where bootstrap and t part."""
    by = {row.method: row for row in rows if row.term == "treatment" and row.analysis == "regression"}
    _weighting(by, setting, said)
    _giant(rows, setting, said)
    _bootstrap(by, plan, setting, said)


def _weighting(by: dict[str, EstimateRow], setting: Setting, said: Said) -> None:
    """The average student (ols-cr2) and the average institution (unit-means) may differ where size matters."""
    ordinal = setting.outcome.kind == "ordinal"
    students = by.get("win-fraction-cr2" if ordinal else "ols-cr2")
    units = by.get("win-fraction-unit-means" if ordinal else "unit-means")
    if students is None or units is None:
        return
    if students.estimate is None or students.std_error is None or units.estimate is None:
        return
    if abs(students.estimate - units.estimate) > students.std_error:
        said.warn(
            "students-and-units-differ",
            f"Per average student the difference is {students.estimate:.3g}, per average unit of assignment "
            f"{units.estimate:.3g}: they differ by more than one standard error, so the effect may depend on the size "
            "of institutions (Kahan et al. 2023).",
        )


def _giant(rows: Sequence[EstimateRow], setting: Setting, said: Said) -> None:
    leverage = next((row.estimate for row in rows if row.term == "largest-leverage"), None)
    clusters = setting.clusters or 0
    if leverage is not None and clusters and leverage > GIANT / clusters:
        said.warn(
            "giant-institution",
            f"One institution carries {leverage:.0%} of the treatment's coefficient, {leverage * clusters:.1f} times "
            "its equal share: errors of ols-cr2 and p-values of the wild bootstrap lean on it; unit-means counts it "
            "once.",
        )


def _bootstrap(by: dict[str, EstimateRow], plan: Plan, setting: Setting, said: Said) -> None:
    """Another method for grouped students that would answer differently at the study's alpha."""
    answer = by.get(plan.method)
    if answer is None or answer.p_value is None:
        return
    alpha = 1.0 - setting.confidence
    ordinal = setting.outcome.kind == "ordinal"
    rivals = (
        () if ordinal else ("wild-cluster-bootstrap", "randomisation", "ols-cr2", "unit-means", "mixed-kenward-roger")
    )
    others = [
        f"{name} ({p_words(row.p_value)})"
        for name in rivals
        if name != plan.method
        and (row := by.get(name)) is not None
        and row.p_value is not None
        and (row.p_value < alpha) != (answer.p_value < alpha)
    ]
    if others:
        said.warn(
            "analyses-disagree",
            f"{plan.method} gives {p_words(answer.p_value)}; at alpha = {alpha:.3g} another analysis that knows of the "
            f"institutions would answer differently: {', '.join(others)}.",
        )
