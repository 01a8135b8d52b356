"""Which two-group test is marked: the rules ``auto`` and ``classical``, or the study file's word.

docs/explanation/choosing-the-test.md says why, with references and known faults.
"""

from __future__ import annotations

from expeval.analysis.design import Design
from expeval.analysis.said import Said
from expeval.study.spec import Study


def choose_test(study: Study, design: Design, said: Said) -> str:
    """The method of the decision ``test``."""
    asked = study.inference.test
    if asked == "auto":
        test = _test_by_kind(design, said)
    elif asked == "classical":
        test = _test_by_habit(design, 1.0 - study.inference.confidence, said)
    else:
        test = asked
        said.decide(
            "test",
            test,
            "The study file names this test.",
            n_experimental=design.n_experimental,
            n_control=design.n_control,
        )
    return test


def _test_by_kind(design: Design, said: Said) -> str:
    """Rule ``auto``: the kind of the outcome fixes the question, the shape of the data never does."""
    sizes = {"n_experimental": design.n_experimental, "n_control": design.n_control}
    if design.kind == "ordinal":
        said.decide(
            "test",
            "brunner-munzel",
            "An ordinal outcome asks whether a student of the experimental arm scores higher than one of the "
            "control arm; Brunner–Munzel answers it with ties and without equal spread (rule auto).",
            **sizes,
        )
        if design.smallest_arm < 10:
            said.warn(
                "few-ordinal",
                "An arm has fewer than 10 students: the Brunner–Munzel approximation is a little "
                "liberal there; the permutation p stands beside it.",
            )
        return "brunner-munzel"
    share = "difference of shares" if design.kind == "binary" else "difference of means"
    said.decide(
        "test",
        "welch",
        f"The outcome asks for a {share}; Welch's test needs neither equal spread nor a pretest of its assumptions "
        "(rule auto: Rasch, Kubinger & Moder 2011; Delacre, Lakens & Leys 2017).",
        skewness_within_arms=design.skewness,
        **sizes,
    )
    if design.kind == "score" and design.skewness is not None and abs(design.skewness) > 1 and design.smallest_arm < 30:
        said.warn(
            "skewed-small",
            "The scores are skewed within the arms and an arm has fewer than 30 students: read the "
            "permutation p beside Welch's.",
        )
    return "welch"


def _test_by_habit(design: Design, alpha: float, said: Said) -> str:
    """Rule ``classical``: Shapiro–Wilk in both arms and Brown–Forsythe, then Student, Welch or Mann–Whitney."""
    if design.kind == "ordinal":
        said.decide(
            "test", "mann-whitney", "An ordinal outcome, by the field's habit without pretests (rule classical)."
        )
        return "mann-whitney"
    shapes = [p for p in (design.shapiro_experimental, design.shapiro_control) if p is not None]
    figures = {
        "shapiro_wilk_experimental_p": design.shapiro_experimental,
        "shapiro_wilk_control_p": design.shapiro_control,
        "brown_forsythe_p": design.brown_forsythe,
        "alpha": alpha,
    }
    if any(p < alpha for p in shapes):
        test, because = "mann-whitney", "Shapiro–Wilk rejects normality in at least one arm"
        if max(design.n_experimental, design.n_control) >= 300:
            said.warn(
                "normality-large-n",
                "With this many students Shapiro–Wilk rejects normality of almost anything; "
                "the rule classical then leaves the difference of means for Mann–Whitney without need.",
            )
    elif design.brown_forsythe is not None and design.brown_forsythe < alpha:
        test, because = "welch", "normality is not rejected, Brown–Forsythe rejects equal spread"
    else:
        test, because = "student", "neither normality nor equal spread is rejected"
    said.decide(
        "test",
        test,
        f"Rule classical: {because}. Choosing a test by pretests on the same data alters its "
        "error rates (Rochon, Gondan & Kieser 2012).",
        **figures,
    )
    return test
