"""Make the simulated study of teaching with tasks at partner companies, and the truth that was put into it.

    python make_data.py            writes students.csv, institutions.csv and truth.toml beside this file
    python make_data.py FOLDER     writes them there

The files come out with the same bytes each time and on each platform: random numbers are the raw 64-bit words of
PCG64 (a stream that numpy promises not to change), made normal by the standard library's quantile function, and
everything written is a whole number or has one decimal.  README.md says what is simulated.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

DATA_SEED = 20260901
TRUTH_SEED = 20260902
PAIRS = 200  # of simulated populations, each with its mirror image, for the truth

SCHOOLS, COLLEGES = 25, 5
SCHOOLS_EXPERIMENTAL, COLLEGES_EXPERIMENTAL = 12, 3  # the places that the companies had
UNIVERSITY_STUDENTS = 600
SMALLEST, LARGEST = 40, 110  # students of a school or a college
REGIONS = ("centre", "north", "south")

EFFECT = {"score": 4.0, "mark": 0.6, "pass": 0.5}  # of the experimental teaching: points, log odds, log odds
SLOPE = 0.6  # points of the test a point of the pretest
GIRLS = 1.0  # points of the test, after the pretest
KIND = {"school": 0.0, "college": -1.5, "university": 1.5}  # the same
STAGE = {"basic": 0.0, "upper": 0.5, "tertiary": 1.0}  # the same
CENTRE = 55.0  # points of the test: a boy in a school's basic stage with the pretest at 50, taught as before
INSTITUTION_SD, CLASS_SD, STUDENT_SD = 3.6, 2.5, 9.4  # of the test, after all of these

PRETEST_CENTRE, PRETEST_INSTITUTION_SD, PRETEST_CLASS_SD, PRETEST_STUDENT_SD = 48.0, 3.0, 2.0, 12.5
PRETEST_KIND = {"school": 0.0, "college": -2.0, "university": 2.0}
PRETEST_EQUIPMENT = 1.0  # points of the pretest a point of equipment

POINTS_PER_LOG_ODDS = {"mark": 7.0, "pass": 10.0}  # what the pretest, gender, kind and stage are divided by
MARKS_BELOW = (-2.3, 0.1, 2.3)  # the latent mark below which it is a 2, a 3, a 4
PASS_CENTRE = 0.9
LATENT_INSTITUTION_SD, LATENT_CLASS_SD = 0.7, 0.5  # of mark and pass, in log odds
SHARED = 0.6  # correlation of the mark's and pass's own effects and residuals with the test's

LEFT, ABSENT, NOT_DEFENDED, NO_PRETEST = 0.03, 0.035, 0.02, 0.025  # shares at a pretest of 50 (no pretest: everywhere)
LOSS_SLOPE = -0.05  # log odds of a missing outcome a point of the pretest

NORMAL = NormalDist()
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Draws:
    """Uniform and normal numbers out of PCG64's raw words; ``mirrored`` gives 1 - u for each u."""

    def __init__(self, seed: int | Sequence[int], mirrored: bool = False) -> None:
        self._words = np.random.PCG64(seed)
        self._mirrored = mirrored

    def uniform(self, n: int) -> Floats:
        """Numbers inside (0, 1), symmetric about a half: the middles of 2^52 cells."""
        cells = (self._words.random_raw(n) >> np.uint64(12)).astype(np.float64)
        u: Floats = (cells + 0.5) * 2.0**-52
        return 1.0 - u if self._mirrored else u

    def normal(self, n: int) -> Floats:
        """Standard normal numbers by inversion."""
        return np.array([NORMAL.inv_cdf(u) for u in self.uniform(n)])

    def integer(self, low: int, high: int, n: int) -> Integers:
        """Whole numbers from low to high, both included."""
        return low + np.floor(self.uniform(n) * (high - low + 1)).astype(np.int64)


@dataclass(frozen=True)
class Institution:
    """One university, school or vocational college, as it came into the network."""

    name: str
    kind: str
    stage: str
    region: str
    equipment: float
    experimental: bool
    classes: tuple[int, ...]  # students of each


def make_institutions(draws: Draws) -> list[Institution]:
    """The university, 25 schools and 5 colleges; of those that volunteer most, the better equipped are more."""
    kinds = ["university"] + ["school"] * SCHOOLS + ["college"] * COLLEGES
    n = len(kinds)
    sizes = [UNIVERSITY_STUDENTS, *draws.integer(SMALLEST, LARGEST, n - 1).tolist()]
    equipment = np.round(np.clip(5.5 + 1.5 * draws.normal(n), 1.0, 10.0), 1)
    keenness = (equipment - 5.5) / 1.5 + 1.5 * draws.normal(n)
    regions = draws.integer(0, len(REGIONS) - 1, n)
    upper = draws.uniform(n)
    experimental = {0}
    for first, count, places in ((1, SCHOOLS, SCHOOLS_EXPERIMENTAL), (1 + SCHOOLS, COLLEGES, COLLEGES_EXPERIMENTAL)):
        keenest_first = sorted(range(first, first + count), key=lambda i: -keenness[i])
        experimental.update(keenest_first[:places])
    numbers = dict.fromkeys(kinds, 0)
    institutions = []
    for i, kind in enumerate(kinds):
        numbers[kind] += 1
        later = kind == "university" or (numbers[kind] % 2 == 0 if kind == "college" else bool(upper[i] < 0.5))
        stages = ("basic", "upper") if kind == "school" else ("upper", "tertiary")
        name = kind if kind == "university" else f"{kind}-{numbers[kind]:02d}"
        region, classes = REGIONS[regions[i]], divided(sizes[i], draws)
        institutions.append(
            Institution(name, kind, stages[later], region, float(equipment[i]), i in experimental, classes)
        )
    return institutions


def divided(students: int, draws: Draws) -> tuple[int, ...]:
    """The sizes, 15 to 30, of the classes that the students sit in."""
    count = math.ceil(students / 25)
    sizes = [students // count + (k < students % count) for k in range(count)]
    for k, moved in enumerate(draws.integer(0, 4, count // 2).tolist()):
        moved = min(moved, sizes[2 * k + 1] - 15, 30 - sizes[2 * k])
        sizes[2 * k] += moved
        sizes[2 * k + 1] -= moved
    return tuple(sizes)


@dataclass(frozen=True)
class Students:
    """One population: arrays of a row a student, with what each would have reached in either arm."""

    institution: Integers  # index into the institutions
    class_label: list[str]
    experimental: NDArray[np.bool_]
    girl: NDArray[np.bool_]
    pretest: Integers
    outcomes: dict[tuple[str, bool], Integers]  # by outcome and arm
    twin_mark: Integers  # the mark as before of another student, alike in all covariates, in another institution
    has_pretest: NDArray[np.bool_]
    has: dict[str, NDArray[np.bool_]]  # by outcome


def make_students(institutions: list[Institution], draws: Draws) -> Students:
    """Draw a population into the institutions: pretest, then outcomes given the pretest, then what is lost."""
    sizes = [size for institution in institutions for size in institution.classes]
    holder = [i for i, institution in enumerate(institutions) for _ in institution.classes]
    classroom = np.repeat(np.arange(len(sizes)), sizes)
    at = np.array(holder)[classroom]
    n = len(at)

    def each(values: list[float]) -> Floats:
        return np.array(values)[at]

    def nested(institution_sd: float, class_sd: float, z: tuple[Floats, Floats]) -> Floats:
        return institution_sd * z[0][at] + class_sd * z[1][classroom]

    def units() -> tuple[Floats, Floats]:
        return draws.normal(len(institutions)), draws.normal(len(sizes))

    girl = draws.uniform(n) < 0.5
    pretest_mean = each([PRETEST_KIND[i.kind] + PRETEST_EQUIPMENT * (i.equipment - 5.5) for i in institutions])
    pretest_units = nested(PRETEST_INSTITUTION_SD, PRETEST_CLASS_SD, units())
    pretest = whole_points(PRETEST_CENTRE + pretest_mean + pretest_units + PRETEST_STUDENT_SD * draws.normal(n))

    # What is expected of a student is a function of the columns in the files: adjusting for them is enough.
    expected = SLOPE * (pretest - 50) + GIRLS * girl + each([KIND[i.kind] + STAGE[i.stage] for i in institutions])
    score_units, own = units(), draws.normal(n)
    score = CENTRE + expected + nested(INSTITUTION_SD, CLASS_SD, score_units) + STUDENT_SD * own
    latent = {}
    for name in ("mark", "pass"):
        z = [SHARED * a + 0.8 * b for a, b in zip((*score_units, own), (*units(), draws.normal(n)), strict=True)]
        noise = nested(LATENT_INSTITUTION_SD, LATENT_CLASS_SD, (z[0], z[1])) + logistic(z[2])
        latent[name] = expected / POINTS_PER_LOG_ODDS[name] + noise
    twin_sd = math.hypot(LATENT_INSTITUTION_SD, LATENT_CLASS_SD)
    twin = expected / POINTS_PER_LOG_ODDS["mark"] + twin_sd * draws.normal(n) + logistic(draws.normal(n))

    outcomes: dict[tuple[str, bool], Integers] = {}
    for arm in (False, True):
        outcomes["score", arm] = whole_points(score + arm * EFFECT["score"])
        outcomes["mark", arm] = marks(latent["mark"] + arm * EFFECT["mark"])
        outcomes["pass", arm] = (PASS_CENTRE + latent["pass"] + arm * EFFECT["pass"] > 0).astype(np.int64)

    def stays(share: float, slope: float) -> NDArray[np.bool_]:
        log_odds = math.log(share / (1 - share)) + slope * (pretest - 50)
        return np.asarray(draws.uniform(n) >= 1.0 / (1.0 + np.exp(-log_odds)))

    finished = stays(LEFT, LOSS_SLOPE)
    has = {"score": finished & stays(ABSENT, LOSS_SLOPE), "mark": finished}
    has["pass"] = finished & stays(NOT_DEFENDED, LOSS_SLOPE)
    labels = [label for i in institutions for label in class_labels(i)]
    return Students(
        institution=at,
        class_label=[labels[k] for k in classroom],
        experimental=np.array([i.experimental for i in institutions])[at],
        girl=girl,
        pretest=pretest,
        outcomes=outcomes,
        twin_mark=marks(twin),
        has_pretest=stays(NO_PRETEST, 0.0),
        has=has,
    )


def class_labels(institution: Institution) -> list[str]:
    """9A, 9B, ... as everywhere: a label says nothing without its institution."""
    count = len(institution.classes)
    if institution.kind == "school":
        return [f"{9 if institution.stage == 'basic' else 10}{'ABCDEF'[k]}" for k in range(count)]
    return [f"group {k + 1}" for k in range(count)]


def whole_points(values: Floats) -> Integers:
    """A test's points: whole, from 0 to 100."""
    return np.clip(np.floor(values + 0.5), 0, 100).astype(np.int64)


def marks(latent: Floats) -> Integers:
    """Marks 2 to 5, cut from a latent mark."""
    return 2 + np.searchsorted(np.array(MARKS_BELOW), latent, side="right").astype(np.int64)


def logistic(z: Floats) -> Floats:
    """Standard logistic numbers with the ranks of standard normal ones."""
    lower = np.array([NORMAL.cdf(-abs(x)) for x in z])
    return np.copysign(np.log1p(-lower) - np.log(lower), z)


class Truth:
    """Counts over simulated populations of what expeval estimates."""

    def __init__(self) -> None:
        self.students = 0
        self.gained = {"score": 0, "pass": 0}
        self.alike = 0.0
        self.same = {arm: np.zeros(4, dtype=np.int64) for arm in (False, True)}  # marks of all, in either arm
        self.formed = {arm: np.zeros(4, dtype=np.int64) for arm in (False, True)}  # marks of those in the arm
        self.totals = {(name, arm): 0 for name in ("score", "pass") for arm in (False, True)}
        self.sizes = {False: 0, True: 0}

    def add(self, students: Students) -> None:
        """Count one population in: everyone, before anything is lost."""
        self.students += len(students.pretest)
        reached = students.outcomes
        for name in self.gained:
            self.gained[name] += int((reached[name, True] - reached[name, False]).sum())
        higher, equal = reached["mark", True] > students.twin_mark, reached["mark", True] == students.twin_mark
        self.alike += int(higher.sum()) + int(equal.sum()) / 2
        for arm in (False, True):
            inside = students.experimental == arm
            self.sizes[arm] += int(inside.sum())
            self.same[arm] += np.bincount(reached["mark", arm] - 2, minlength=4)
            self.formed[arm] += np.bincount(reached["mark", arm][inside] - 2, minlength=4)
            for name in ("score", "pass"):
                self.totals[name, arm] += int(reached[name, arm][inside].sum())

    def effect(self, name: str) -> float:
        """Mean over all students of what they reach taught experimentally minus taught as before."""
        return self.gained[name] / self.students

    def between_arms(self, name: str) -> float:
        """Difference of the arms' means as the arms were formed."""
        return self.totals[name, True] / self.sizes[True] - self.totals[name, False] / self.sizes[False]


def superiority(experimental: Integers, control: Integers) -> float:
    """P(E > C) + P(E = C)/2 of two counts of the same levels."""
    lower = np.concatenate([[0], np.cumsum(control)[:-1]])
    twice = sum(int(e) * int(2 * below + equal) for e, below, equal in zip(experimental, lower, control, strict=True))
    return twice / (2 * int(experimental.sum()) * int(control.sum()))


def write_truth(truth: Truth, path: Path) -> None:
    """The values that the estimates aim at."""
    total = INSTITUTION_SD**2 + CLASS_SD**2 + STUDENT_SD**2
    lines = [
        "# The truth behind students.csv and institutions.csv, written by make_data.py.  What is not a parameter is",
        f"# the mean of {2 * PAIRS} simulated populations of the same institutions, nobody missing; its simulation",
        "# error is about 0.0005 (probabilities, shares) and 0.001 (points).",
        "# All differences are experimental - control.",
        "",
        "[score]",
        f"effect = {truth.effect('score'):.2f}  # points, mean over all students; every student gains this much",
        f"difference_between_arms = {truth.between_arms('score'):.2f}  # points, as the arms were formed",
        f"pretest = {SLOPE:.2f}  # points a point of the pretest",
        f"institution_variance = {INSTITUTION_SD**2:.2f}",
        f"class_variance = {CLASS_SD**2:.2f}",
        f"residual_variance = {STUDENT_SD**2 + 1 / 12:.2f}  # with 1/12 for rounding to whole points",
        f"institution_icc = {INSTITUTION_SD**2 / total:.3f}  # after pretest, gender, kind and stage",
        f"class_icc = {CLASS_SD**2 / total:.3f}  # the same",
        "",
        "[mark]  # P = P(E > C) + P(E = C)/2",
        f"superiority = {superiority(truth.same[True], truth.same[False]):.3f}"
        "  # two students drawn from all students, one taught experimentally, the other as before",
        f"superiority_alike = {truth.alike / truth.students:.3f}"
        "  # two students alike in pretest, gender, kind and stage, of different institutions",
        f"superiority_between_arms = {superiority(truth.formed[True], truth.formed[False]):.3f}"
        "  # as the arms were formed",
        f"log_odds = {EFFECT['mark']:.2f}  # proportional odds, inside an institution and class",
        f"latent_institution_variance = {LATENT_INSTITUTION_SD**2:.2f}",
        f"latent_class_variance = {LATENT_CLASS_SD**2:.2f}",
        "",
        "[pass]",
        f"effect = {truth.effect('pass'):.3f}  # difference of shares, mean over all students",
        f"difference_between_arms = {truth.between_arms('pass'):.3f}  # difference of shares, as the arms were formed",
        f"log_odds = {EFFECT['pass']:.2f}  # inside an institution and class",
        f"latent_institution_variance = {LATENT_INSTITUTION_SD**2:.2f}",
        f"latent_class_variance = {LATENT_CLASS_SD**2:.2f}",
    ]
    path.write_bytes(("\n".join(lines) + "\n").encode("ascii"))


def write_rows(path: Path, header: list[str], rows: list[list[str]]) -> None:
    """A CSV with line feeds."""
    with path.open("w", encoding="ascii", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def write_data(institutions: list[Institution], students: Students, folder: Path) -> None:
    """The two files that the study reads."""
    write_rows(
        folder / "institutions.csv",
        ["institution", "kind", "stage", "region", "equipment"],
        [[i.name, i.kind, i.stage, i.region, f"{i.equipment:.1f}"] for i in institutions],
    )
    arms = {True: "enterprise tasks", False: "as before"}
    rows = []
    for row, at in enumerate(students.institution):
        arm = bool(students.experimental[row])
        scores = [
            str(students.outcomes[name, arm][row]) if students.has[name][row] else ""
            for name in ("score", "mark", "pass")
        ]
        pretest = str(students.pretest[row]) if students.has_pretest[row] else ""
        gender = "female" if students.girl[row] else "male"
        place = [institutions[at].name, students.class_label[row], arms[arm]]
        rows.append([f"S{row + 1:04d}", *place, gender, pretest, *scores])
    write_rows(
        folder / "students.csv",
        ["student", "institution", "class", "group", "gender", "pretest", "score", "mark", "pass"],
        rows,
    )


def main(folder: Path) -> None:
    """Write the three files into a folder."""
    draws = Draws(DATA_SEED)
    institutions = make_institutions(draws)
    write_data(institutions, make_students(institutions, draws), folder)
    truth = Truth()
    for pair in range(PAIRS):
        for mirrored in (False, True):
            truth.add(make_students(institutions, Draws([TRUTH_SEED, pair], mirrored)))
    write_truth(truth, folder / "truth.toml")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
