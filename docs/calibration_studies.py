"""Simulated studies with a known truth (for ``make_calibration.py``)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri

from expeval.scores.table import FloatArray, IntArray

SEED = 20250

# Of a student's score with variance 1.
EFFECT = 0.3
# Standard deviation of the effect between institutions, where it differs between them.
EFFECT_SPREAD = 0.2
# Variance between the classes of an institution, where classes are assigned.
CLASS_VARIANCE = 0.1
# Shares of marks 2, 3 and 4 without an effect; the rest have a 5.
MARKS = (0.10, 0.35, 0.35)

Assigned = Literal["institution", "student", "class"]
Sizes = Literal["equal", "mixed", "one of 600"]
Effect = Literal["none", "equal", "differs"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of study: ``experimental`` + ``control`` institutions, or ``control`` = 0 and both arms in each.

    ``classes``: of each arm in an institution, where classes are assigned.
    """

    assigned: Assigned
    kind: Literal["score", "ordinal"]
    effect: Effect
    experimental: int
    control: int
    classes: int
    sizes: Sizes
    icc: float

    @property
    def institutions(self) -> int:
        """J."""
        return self.experimental + self.control

    @property
    def arms(self) -> str:
        """Institutions, as the tables tell them."""
        return f"{self.experimental} + {self.control}" if self.control else str(self.institutions)


ICC, THREE = (0.0, 0.05, 0.1, 0.2, 0.3), (0.0, 0.1, 0.3)
SIZES: tuple[Sizes, ...] = ("equal", "mixed", "one of 600")
# Institutions an arm; the fewer are the experimental ones.  2 + 4, 4 + 6: at the rule's cut-offs, fewer correlations.
ARMS = ((3, 3), (3, 5), (4, 4), (4, 8), (6, 6), (8, 23), (15, 16))
AT_CUT_OFFS = ((2, 4), (4, 6))
INSIDE: tuple[int, ...] = (4, 8, 20)


def cells() -> list[Cell]:
    """Every cell, the most important first."""
    both = sorted(ARMS + AT_CUT_OFFS, key=lambda arms: (sum(arms), -arms[0]))
    found = [
        Cell("institution", "score", "none", *arms, 0, sizes, icc)
        for arms in both
        for sizes in SIZES
        for icc in (ICC if arms in ARMS else THREE)
    ]
    found += [Cell("institution", "ordinal", "none", *arms, 0, sizes, icc) for arms in both for sizes in SIZES
              for icc in THREE]  # fmt: skip
    students = [(j, sizes) for j in INSIDE for sizes in SIZES]
    found += [Cell("student", "score", "none", j, 0, 0, sizes, icc) for j, sizes in students for icc in (0.0, 0.2)]
    found += [Cell("student", "score", "differs", j, 0, 0, sizes, 0.2) for j, sizes in students]
    found += [Cell("class", "score", "none", j, 0, classes, "equal", icc)
              for j in INSIDE for classes in (1, 2) for icc in (0.0, 0.2)]  # fmt: skip
    found += [Cell("institution", "ordinal", "equal", *arms, 0, sizes, 0.1) for arms in both for sizes in SIZES]
    found += [Cell("institution", "score", "differs", *arms, 0, sizes, 0.1) for arms in both for sizes in SIZES]
    found += [Cell("student", "ordinal", effect, j, 0, 0, sizes, 0.2)
              for effect in ("none", "equal") for j, sizes in students]  # fmt: skip
    return found


def runs_of(cell: Cell, runs: int) -> int:
    """All runs for false alarms of scores with institutions assigned, at the correlations of all tables; else half."""
    main = (cell.assigned, cell.kind, cell.effect) == ("institution", "score", "none") and cell.icc in THREE
    return runs if main else max(1, runs // 2)


# ------------------------------------------------------------------------------------------------- one study


@dataclass(frozen=True, slots=True)
class Drawn:
    """One simulated study: (n,) outcome, 0/1 treatment, institution, class; the truth, and that of these places."""

    outcome: FloatArray
    treatment: FloatArray
    institution: IntArray
    class_: IntArray | None
    truth: float
    truth_here: float

    @property
    def columns(self) -> FloatArray:
        """(n, 2): intercept and treatment."""
        return np.column_stack([np.ones(self.treatment.size), self.treatment])


def draw(cell: Cell, rng: np.random.Generator) -> Drawn:
    """Students with a score of variance 1, of which ``icc`` lies between institutions."""
    J = cell.institutions
    sizes = _sizes(cell, rng)
    institution = np.repeat(np.arange(J), sizes)
    class_ = None
    if cell.assigned == "class":
        class_ = np.repeat(np.arange(2 * cell.classes * J), sizes[0] // (2 * cell.classes))
        treatment = (class_ % 2).astype(np.float64)
    elif cell.assigned == "student":
        # Half of each institution; one more in either arm where their number is odd.
        place = np.arange(institution.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        treatment = ((place + np.repeat(rng.integers(0, 2, J), sizes)) % 2).astype(np.float64)
    else:
        treatment = (institution < cell.experimental).astype(np.float64)
    inside = CLASS_VARIANCE if class_ is not None else 0.0
    score = math.sqrt(1.0 - cell.icc - inside) * rng.standard_normal(institution.size)
    score += math.sqrt(cell.icc) * rng.standard_normal(J)[institution]
    if class_ is not None:
        score += math.sqrt(inside) * rng.standard_normal(class_[-1] + 1)[class_]
    effects = np.full(J, 0.0 if cell.effect == "none" else EFFECT)
    if cell.effect == "differs":
        effects += EFFECT_SPREAD * rng.standard_normal(J)
    score += effects[institution] * treatment
    # Weights of the regression with institution intercepts: n share (1 - share) of each institution.
    share = np.bincount(institution, treatment, J) / sizes
    weights = sizes * share * (1.0 - share)
    here = float(effects @ weights / weights.sum()) if weights.sum() > 0.0 else math.nan
    if cell.kind == "score":
        return Drawn(score, treatment, institution, class_, EFFECT if cell.effect != "none" else 0.0, here)
    truth = true_superiority(0.0 if cell.effect == "none" else EFFECT)
    return Drawn(2.0 + np.searchsorted(_cuts(), score), treatment, institution, class_, truth, truth)


def _sizes(cell: Cell, rng: np.random.Generator) -> IntArray:
    J = cell.institutions
    if cell.assigned == "class":
        return np.full(J, 40 * cell.classes)
    if cell.sizes == "equal":
        return np.full(J, 30)
    if cell.sizes == "mixed":
        return rng.integers(10, 61, J)
    sizes = rng.integers(50, 101, J)
    sizes[0] = 600  # in the experimental arm, which has the fewer institutions
    return sizes


def _cuts() -> FloatArray:
    return np.asarray(ndtri(np.cumsum(MARKS)))


def true_superiority(effect: float) -> float:
    """P(E > C) + ½ P(E = C) of marks whose score is ``effect`` higher."""
    control, experimental = (
        np.diff(ndtr(np.concatenate([[-np.inf], _cuts() - move, [np.inf]]))) for move in (0, effect)
    )
    below = np.cumsum(control) - control
    return float(experimental @ (below + 0.5 * control))
