"""The main flow on one page: read, choose, estimate, protect, write.

Everything a run does stands here in the order in which the methods section of a paper would tell it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from expeval.analysis.adjustment import adjust_primary_p_values
from expeval.analysis.agreement import compare_answers
from expeval.analysis.assumption import assumption_rows
from expeval.analysis.choose import choose
from expeval.analysis.clustered_effect import clustered_effect_rows
from expeval.analysis.cohort import cohort_warnings
from expeval.analysis.description import distribution_rows, flow_rows, group_rows
from expeval.analysis.design import observe
from expeval.analysis.effect_size import baseline_rows, effect_size_rows
from expeval.analysis.feasibility import feasibility_rows
from expeval.analysis.institution import institution_rows, shrunken_rows, variance_rows
from expeval.analysis.mixed_model import fit_mixed_models, mixed_rows
from expeval.analysis.noticing import notices_of, warnings_from_data
from expeval.analysis.plan import compare_with_plan
from expeval.analysis.primary import mark_primary, settle
from expeval.analysis.regression import regression_rows
from expeval.analysis.resampling import resampling_rows
from expeval.analysis.residual import residual_rows
from expeval.analysis.said import Said
from expeval.analysis.sample import regression_sample, two_groups
from expeval.analysis.second_opinion import second_opinion
from expeval.analysis.setting import setting_of, warn_of_small_categories, without_collinear
from expeval.analysis.superiority import superiority_rows
from expeval.analysis.test import tests_disagree, two_group_test_rows
from expeval.disclosure import protect
from expeval.record.plan_lock import Locked, lock_plan, locked_plan
from expeval.record.writing import refuse_strangers
from expeval.results import Results, SourceRow
from expeval.scores.reading import read_scores
from expeval.scores.table import Scores
from expeval.study.plan import LockedPlan
from expeval.study.reading import read_study
from expeval.study.spec import Outcome, Study

if TYPE_CHECKING:
    from expeval.results import Manifest

Progress = Callable[[str], None]


def run(
    study_path: str | Path,
    out: str | Path | None = None,
    engine: str = "local",
    progress: Progress | None = None,
) -> Results:
    """Read a study, analyse it, write its report into a folder that appears whole or not at all.

    Parameters
    ----------
    study_path
        The study file.
    out
        The folder to write; default ``reports/NAME/`` in the working directory.
    engine
        ``"local"``; others are not built yet.
    progress
        Called with the words of each step.

    Returns
    -------
    Results
        The tables that the files were written from.

    Raises
    ------
    expeval.faults.Faults
        All faults of the study file, of the locked plan, or of all data files, at once.  Nothing is written then.
    expeval.record.writing.CannotWrite
        Where ``out`` holds anything that no run wrote (told before the work), or the system refuses.
    """
    if engine != "local":
        raise ValueError(f"engine {engine!r} is not built yet; allowed: 'local'")
    say = progress or (lambda words: None)
    with one_thread():
        folder = default_folder(study_path) if out is None else Path(out)
        say("Reading the study")
        study = read_study(Path(study_path))
        chain = locked_plan(study)
        refuse_strangers(folder)
        scores = read_scores(study)
        results = analyse(study, scores, say)
        results = beside_plan(results, study, chain, content_hashes(scores), cohorts_of(scores))
        say("Writing the report")
        write(study, scores, results, folder)
    return results


def default_folder(study_path: str | Path) -> Path:
    """``reports/NAME``: the name of a study.toml's own folder, else the study file's."""
    # Links are followed for neither: the user names the study by the path that was typed.
    own = Path(os.path.abspath(study_path))
    name = own.parent.name if own.name == "study.toml" else own.stem
    return Path("reports") / (name or "study")


def check(study_path: str | Path) -> tuple[Study, Scores]:
    """The first two steps of a run: the study file and the data, with every fault at once."""
    study = read_study(Path(study_path))
    locked_plan(study)
    return study, read_scores(study)


def lock(study_path: str | Path, reason: str | None = None) -> Locked:
    """Lock the plan of a study, or its amendment with the reason for it; see :mod:`expeval.record.plan_lock`."""
    return lock_plan(read_study(Path(study_path)), reason)


def analyse(study: Study, scores: Scores, say: Progress = lambda words: None) -> Results:
    """Scores to results: choose blindly, estimate everything, mark the answer, protect small cells."""
    outcomes = []
    for outcome in study.outcomes:
        say(f"Analysing {outcome.name}")
        outcomes.append(analyse_outcome(study, scores, outcome))
    results = Results(
        study=study.as_keys(),
        sources=tuple(_source_row(source) for source in scores.sources),
        flow=tuple(row for part in outcomes for row in part.flow),
        groups=tuple(row for part in outcomes for row in part.groups),
        distributions=tuple(row for part in outcomes for row in part.distributions),
        estimates=tuple(row for part in outcomes for row in part.estimates),
        residuals=tuple(row for part in outcomes for row in part.residuals),
        decisions=tuple(row for part in outcomes for row in part.decisions),
        warnings=(
            *notices_of(study, scores),
            *cohort_warnings(scores),
            *(row for part in outcomes for row in part.warnings),
        ),
    )
    results = replace(results, estimates=adjust_primary_p_values(study, results.estimates))
    return protect(results, study.report.minimum_cell)


def beside_plan(
    results: Results,
    study: Study,
    chain: Sequence[LockedPlan],
    hashes: Collection[str],
    cohorts: Collection[str] | None,
) -> Results:
    """Results with what they have to do with the locked plan, and which look at arriving cohorts they are.

    It comes after small cells are protected: what it counts are entries of a lock file, not students.
    """
    found = compare_with_plan(study, chain, hashes, cohorts)
    return replace(
        results,
        decisions=(*found.decisions, *results.decisions),
        warnings=(*found.warnings, *results.warnings),
        plan=found.rows,
    )


def cohorts_of(scores: Scores) -> tuple[str, ...] | None:
    """The cohorts in the data; ``None`` where the study names none."""
    return None if scores.cohort is None else scores.cohort.labels


def content_hashes(scores: Scores) -> frozenset[str]:
    """SHA-256 of every data file that was read."""
    return frozenset(source.sha256 for source in scores.sources if source.sha256 is not None)


def analyse_outcome(study: Study, scores: Scores, outcome: Outcome) -> Results:
    """One outcome: its samples, the plan made blindly, every estimate, the answer marked."""
    said = Said(outcome.name, classes_alone=study.classes_alone)
    groups = two_groups(scores, outcome)
    sample = regression_sample(scores, study, outcome)
    plan = choose(study, observe(study, scores, outcome, groups, sample))
    setting = setting_of(study, outcome, without_collinear(outcome, sample, said))

    assumptions = assumption_rows(outcome.name, groups)
    tests = two_group_test_rows(study, scores, outcome, groups)
    sizes = effect_size_rows(study, outcome, groups)
    warn_of_small_categories(setting, study.report.minimum_cell, said)
    mixed = fit_mixed_models(setting)
    plan = settle(plan, mixed, said)
    regression = [
        *regression_rows(setting),
        *mixed_rows(mixed, said),
        *resampling_rows(study, scores, setting),
    ]
    opinion, agreement, doubts = second_opinion(
        outcome.name,
        groups.experimental,
        groups.control,
        study.inference.confidence,
        study.inference.alternative,
        [*assumptions, *tests, *sizes],
    )
    estimates = [
        *assumptions,
        *tests,
        *sizes,
        *regression,
        *variance_rows(study, outcome, groups),
        *feasibility_rows(study, scores, mixed, regression),
        *institution_rows(study, scores, outcome, groups),
        *shrunken_rows(study, scores, mixed),
        *baseline_rows(study, scores, outcome, sample),
        *opinion,
    ]
    estimates = mark_primary(estimates, plan, setting)
    estimates += clustered_effect_rows(estimates, groups, mixed)
    estimates += superiority_rows(study, sample, estimates)
    compare_answers(estimates, plan, setting, said)
    return Results(
        study={},
        sources=(),
        flow=tuple(flow_rows(scores, study, outcome)),
        groups=tuple(group_rows(scores, outcome)),
        distributions=tuple(distribution_rows(study, scores, outcome, groups)),
        estimates=tuple(estimates),
        residuals=tuple(residual_rows(study, groups, setting, mixed, plan)),
        decisions=(*plan.decisions, *said.decisions, agreement),
        warnings=(
            *plan.warnings,
            *said.warnings,
            *warnings_from_data(scores, outcome, groups, estimates),
            *tests_disagree(outcome, plan.test, tests, 1.0 - study.inference.confidence),
            *doubts,
        ),
    )


def write(study: Study, scores: Scores, results: Results, out: Path) -> None:
    """The report and every table, in one folder that appears whole or not at all."""
    from expeval.record.fingerprint import make_fingerprint
    from expeval.record.key import installation_key
    from expeval.record.manifest import hashes_of, make_manifest
    from expeval.record.writing import write_folder

    fingerprint = make_fingerprint(scores, installation_key())
    manifest = make_manifest(study, scores.sources, results, out, fingerprint=fingerprint)
    files = outputs(results, manifest)
    write_folder(out, {**files, "manifest.json": manifest.sealed(hashes_of(files)).to_json()})


def outputs(results: Results, manifest: Manifest) -> dict[str, str]:
    """Every file of a run but the manifest, from the results and what made them alone."""
    from expeval.report.page import make_report

    report = make_report(results, manifest)
    files = {"report.html": report.html, "results.json": results.to_json(), "estimates.csv": results.to_csv()}
    return files | {f"figures/{figure.name}.svg": figure.svg for figure in report.figures}


def answers(results: Results) -> list[str]:
    """The answer in one sentence for each primary outcome."""
    from expeval.report.sentences import answer_sentences

    return answer_sentences(results)


def _source_row(source: object) -> SourceRow:
    kept = asdict(source)  # type: ignore[call-overload]
    kept.pop("sha256")
    return SourceRow(**kept)


def one_thread() -> AbstractContextManager[object]:
    """Algebra on summaries this small stalls when BLAS spreads it over threads."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits
