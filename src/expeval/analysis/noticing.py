"""What a careful methodologist would say about these data, beyond the design."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from expeval.analysis.sample import TwoGroups
from expeval.results import EstimateRow, WarningRow
from expeval.scores.table import Scores
from expeval.study.spec import Outcome, Study

# What Works Clearinghouse, Standards Handbook 4.1: baseline differences up to 0.05 are alike, up to 0.25 need
# adjustment, above 0.25 can't be mended by it.
ALIKE, ADJUSTABLE = 0.05, 0.25
# A difference between the arms' shares without the outcome that readers should look at (percentage points).
UNEQUAL_LOSS = 0.05


def notices_of(study: Study, scores: Scores) -> list[WarningRow]:
    """What was mended while reading, and that simulated data are simulated."""
    rows = [WarningRow(None, notice.code, notice.message) for notice in scores.notices]
    if study.study.simulated:
        rows.insert(
            0, WarningRow(None, "simulated", "The data of this study are simulated: nobody was taught or tested.")
        )
    return rows


def warnings_from_data(
    scores: Scores, outcome: Outcome, groups: TwoGroups, rows: Sequence[EstimateRow]
) -> list[WarningRow]:
    """No spread, no overlap, students lost, groups unlike at the baseline."""
    said = [
        *_spread(groups),
        *_loss(scores, outcome),
        *_baseline(outcome, rows),
    ]
    return [WarningRow(outcome.name, code, message) for code, message in said]


def _spread(groups: TwoGroups) -> list[tuple[str, str]]:
    experimental, control = groups.experimental, groups.control
    if not experimental.size or not control.size:
        return [("empty-arm", "An arm has no student with this outcome: nothing can be compared.")]
    flat = [np.ptp(arm) == 0 for arm in (experimental, control)]
    if all(flat) and experimental[0] == control[0]:
        return [("constant", "The outcome is constant: all students have the same value, so no test exists.")]
    said = []
    if any(flat):
        which = " and ".join(arm for arm, no in zip(("experimental", "control"), flat, strict=True) if no)
        said.append(
            ("no-spread", f"All students of the {which} arm have the same value (no spread): what needs a spread there "
             "is null.")
        )  # fmt: skip
    if experimental.min() > control.max() or experimental.max() < control.min():
        said.append(
            ("separated", "The arms do not overlap (completely separated): the rank variance is zero; read the "
             "permutation p.")
        )  # fmt: skip
    return said


def _loss(scores: Scores, outcome: Outcome) -> list[tuple[str, str]]:
    missing = scores.outcomes[outcome.name].missing
    arms = [missing[scores.arm == arm] for arm in (1, 0)]
    shares = [float(arm.mean()) if arm.size else 0.0 for arm in arms]
    if abs(shares[0] - shares[1]) <= UNEQUAL_LOSS:
        return []
    # No share is told: it would give a count away that the flow may have to withhold.
    more = "experimental" if shares[0] > shares[1] else "control"
    return [
        (
            "unequal-loss",
            f"The outcome is missing clearly more often in the {more} arm (by more than {UNEQUAL_LOSS:.0%} of its "
            "students): those who are missing may differ from those who stayed.",
        )
    ]


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _baseline(outcome: Outcome, rows: Sequence[EstimateRow]) -> list[tuple[str, str]]:
    found = [row.estimate for row in rows if row.analysis == "baseline" and row.estimate is not None]
    if not found or abs(found[0]) <= ALIKE:
        return []
    words = f"Before the experiment the arms differed by {_signed(found[0])} of a standard deviation"
    if abs(found[0]) <= ADJUSTABLE:
        return [("baseline-differs", f"{words}; the regressions adjust for it.")]
    return [("baseline-far-apart", f"{words}: more than adjustment can be trusted to mend (0.25).")]
