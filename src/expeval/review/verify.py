"""Run somebody's analysis again and say whether the same comes out, and if not, what made it differ.

The steps: read what the run left; see whether anybody edited it; run again from the manifest; compare byte by byte,
then number by number; where numbers differ, put one changed thing back at a time (the plan, the seed) and see which
numbers return: what returns with it was made by it.  Data and software of then are not here to be put back; what is
left over is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from expeval.faults import Faults
from expeval.record.key import installation_key
from expeval.record.manifest import hash_file, hashes_of, make_manifest
from expeval.record.plan_lock import locked_plan, read_lock
from expeval.results import Manifest, Results
from expeval.review.bundle import RESULTS, unpacked_bundle
from expeval.review.bundled_study import DATA
from expeval.review.causes import SEED, Causes, Change, FileChange, plan_changes, software_changes
from expeval.review.data_changes import table_change
from expeval.review.difference import KEYS, Difference, differences, worst
from expeval.review.of_files import without_files
from expeval.review.output import (
    CannotVerify,
    Edited,
    data_files,
    edited_files,
    read_output,
    store_hashes,
    stores_of,
)
from expeval.review.verification import Traced, Verdict, Verification
from expeval.run import analyse, answers, beside_plan, cohorts_of, content_hashes, one_thread, outputs
from expeval.scores.reading import read_scores
from expeval.scores.table import Scores
from expeval.study.plan import LockedPlan, lock_name
from expeval.study.reading import read_study
from expeval.study.spec import Study

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Output:
    """What is verified: the folder of the results, the study that it is rerun from, and what was edited.

    ``rewritten``: keys of the study file that a bundle rewrites (``bundled``): they are no change of the plan.
    """

    place: Path
    study_file: Path
    manifest: Mapping[str, Any]
    results: Mapping[str, Any]
    edited: tuple[Edited, ...]
    rewritten: frozenset[str] = frozenset()
    bundled: bool = False

    @property
    def title(self) -> str:
        return str((self.results["study"].get("study") or {}).get("title", ""))

    @property
    def made(self) -> str:
        return str(self.manifest["made"].get("time", ""))


def verify(path: str | Path, progress: Progress | None = None) -> Verification:
    """Run again what made a folder or a bundle, and compare.

    Parameters
    ----------
    path
        What ``expeval run`` wrote, beside the study that it was made from; or what ``expeval bundle`` packed.
    progress
        Called with the words of each step.

    Raises
    ------
    expeval.review.output.CannotVerify
        Where there is no manifest, or the study file or a data file that it names is not there.
    """
    say = progress or (lambda words: None)
    place = Path(path)
    say("Reading what was found")
    with one_thread():
        if place.is_file():
            with unpacked_bundle(place) as unpacked:
                manifest, results = read_output(unpacked.results)
                edited = _told_once(unpacked.edited, edited_files(unpacked.results, manifest))
                return _verified(
                    _Output(unpacked.results, unpacked.study, manifest, results, edited, unpacked.rewritten, True), say
                )
        manifest, results = read_output(place)
        study_file = place / str(manifest["study_file"])
        if not study_file.is_file():
            raise CannotVerify(
                f"the study file {manifest['study_file']}, from which {place} was made, is not there; "
                "put the folder back to where the run wrote it, or ask for a bundle."
            )
        _require_data(place, manifest, results)
        return _verified(_Output(place, study_file, manifest, results, edited_files(place, manifest)), say)


def _told_once(bundle: tuple[Edited, ...], folder: tuple[Edited, ...]) -> tuple[Edited, ...]:
    """What is wrong by the bundle's list and by the manifest in it, each file once, under its name in the bundle."""
    found = {file.file: file for file in bundle}
    for file in folder:
        name = f"{RESULTS}/{file.file}"
        found.setdefault(name, Edited(name, file.what))
    return tuple(found.values())


def _verified(output: _Output, say: Progress) -> Verification:
    old = output.results
    files = _changed_files(output)
    try:
        study = read_study(output.study_file)
    except Faults as faults:
        return _not_rerun(output, Causes((), None, files, None, ()), faults)
    plan, seed = _plan(output, study)
    try:
        scores = read_scores(study)
        locked = _locked(output, study, scores)
    except Faults as faults:
        return _not_rerun(output, Causes(plan, seed, files, None, ()), faults)
    files += _changed(output, store_hashes(study, scores.sources, output.place))
    results = locked.beside(analyse(study, scores, say))
    now = make_manifest(study, scores.sources, results, output.place)
    table = None if output.bundled else table_change(output.manifest["made"].get("table"), scores, installation_key())
    software = software_changes(output.manifest, asdict(now))
    causes = Causes(plan, seed, files, table, software)
    new = results.to_dict()
    found = differences(old, new)
    if output.bundled:
        found = without_files(found, old, new)
    say("Comparing")
    traced = _traced(found, output, new, study, scores, causes, locked, say)
    unequal = _unequal(output, results, now)
    # How a file was read is told, but two files that hold the same table give the same numbers.
    degree = worst(difference for difference in found if difference.table != "sources")
    verdict: Verdict = "different" if degree == "different" else "noise" if degree else "same-bytes"
    if verdict == "same-bytes" and unequal:
        verdict = "same-numbers"
    chosen = tuple(tuple(row.get(key) for key in KEYS["estimates"]) for row in old["estimates"] if row.get("primary"))
    return Verification(
        output.title,
        verdict,
        _numbers(old),
        output.edited,
        unequal,
        causes,
        traced,
        output.made,
        answers=_answers(old, results),
        primary=chosen,
    )


def _not_rerun(output: _Output, causes: Causes, faults: Faults) -> Verification:
    return Verification(
        output.title, "not-rerun", 0, output.edited, (), causes, (), output.made, faults=tuple(faults.faults)
    )


def _unequal(output: _Output, results: Results, now: Manifest) -> tuple[str, ...]:
    """Files that would be written with other bytes.

    A bundle's pages tell of the files of the original: they are made again from the results and the manifest in it.
    """
    if output.bundled:
        try:
            told = {field.name: output.manifest[field.name] for field in fields(Manifest)}
            written = hashes_of(outputs(Results.from_dict(dict(output.results)), Manifest(**told)))
        except (KeyError, TypeError, ValueError, StopIteration, AttributeError):  # edited by hand
            return tuple(output.manifest["outputs"])
    else:
        written = hashes_of(outputs(results, now))
    kept = output.manifest["outputs"]
    return tuple(name for name in dict.fromkeys((*kept, *written)) if kept.get(name) != written.get(name))


def _answers(old: Mapping[str, Any], results: Results) -> tuple[tuple[str, str], ...]:
    """The answers in words, then and now; nothing where results were edited so that they can't be read."""
    try:
        before = answers(Results.from_dict(dict(old)))
    except (KeyError, TypeError, ValueError, StopIteration, AttributeError):
        return ()
    now = answers(results)
    both = zip_longest(before, now, fillvalue="")
    return tuple((one, other) for one, other in both if one != other)


def _require_data(place: Path, manifest: Mapping[str, Any], results: Mapping[str, Any]) -> None:
    stores = stores_of(place, manifest, results)
    gone = [name for name in data_files(manifest) if name not in stores and not (place / name).is_file()]
    if gone:
        raise CannotVerify(
            f"of the data from which it was made, {', '.join(gone)} {'is' if len(gone) == 1 else 'are'} not there."
        )


def _changed_files(output: _Output) -> tuple[FileChange, ...]:
    """Data files with another content than then; of a store only who reads it knows what it holds."""
    if output.bundled:
        return tuple(FileChange(DATA) for file in output.edited if file.file == DATA)
    stores = stores_of(output.place, output.manifest, output.results)
    names = [name for name in data_files(output.manifest) if name not in stores]
    return _changed(output, {name: hash_file(output.place / name) for name in names})


def _changed(output: _Output, hashes: Mapping[str, str]) -> tuple[FileChange, ...]:
    """Of data with these hashes now, those that had others then."""
    then = output.manifest["hashes"]
    return tuple(FileChange(name) for name, sha256 in hashes.items() if sha256 != then.get(name))


@dataclass(frozen=True, slots=True)
class _Locked:
    """The locked plan of what is verified, the study that is compared with it, hashes and cohorts of its data."""

    study: Study
    chain: tuple[LockedPlan, ...]
    hashes: frozenset[str]
    cohorts: tuple[str, ...] | None

    def beside(self, results: Results) -> Results:
        """The results with what they have to do with the plan."""
        return beside_plan(results, self.study, self.chain, self.hashes, self.cohorts)

    def of(self, study: Study, bundled: bool) -> _Locked:
        """The same plan beside another study; a bundle's study file can't be compared with it."""
        return self if bundled else replace(self, study=study)


def _locked(output: _Output, study: Study, scores: Scores) -> _Locked:
    """Read the locked plan.

    A bundle rewrites keys of the study file and has other data files: there the keys that the results tell, and the
    hashes that the manifest tells, are compared with the plan.
    """
    if not output.bundled:
        return _Locked(study, locked_plan(study), content_hashes(scores), cohorts_of(scores))
    try:
        told = Study.model_validate({**output.results["study"], "path": study.path})
    except ValueError:  # edited by hand
        told = study
    hashes = frozenset(map(str, output.manifest["hashes"].values()))
    return _Locked(told, read_lock(study.path), hashes, cohorts_of(scores))


def _plan(output: _Output, study: Study) -> tuple[tuple[Change, ...], Change | None]:
    changes = plan_changes(output.results["study"], study.as_keys())
    changes = tuple(change for change in changes if change.name not in output.rewritten)
    changes += _lock_change(output)
    seed = next((change for change in changes if change.name == SEED), None)
    return tuple(change for change in changes if change is not seed), seed


def _lock_change(output: _Output) -> tuple[Change, ...]:
    """The locked plan, where it is another one than that of the run; a bundle tells it by its own list."""
    if output.bundled:
        return ()
    name = lock_name(str(output.manifest["study_file"]))
    path = output.place / name
    old, new = output.manifest["hashes"].get(name), hash_file(path) if path.is_file() else None
    return () if old == new else (Change(name, old and str(old)[:12], new and new[:12]),)


def _numbers(results: Mapping[str, Any]) -> int:
    """How many numbers the tables hold."""

    def count(value: Any) -> int:
        if isinstance(value, dict):
            return sum(count(part) for part in value.values())
        if isinstance(value, list):
            return sum(count(part) for part in value)
        return isinstance(value, (int, float)) and not isinstance(value, bool)

    return sum(count(results.get(table)) for table in ("flow", "groups", "distributions", "estimates", "residuals"))


# ------------------------------------------------------------------------------------------- what made them differ


def _traced(
    found: Iterable[Difference],
    output: _Output,
    new: Mapping[str, Any],
    study: Study,
    scores: Scores,
    causes: Causes,
    locked: _Locked,
    say: Progress,
) -> tuple[Traced, ...]:
    """Each difference with its causes, by putting one changed thing back at a time."""
    real = [difference for difference in found if difference.degree != "noise"]
    back = tuple(name for name in ("plan", "seed") if name in causes.names) if real else ()
    rest: tuple[str, ...] = tuple(name for name in ("data", "software") if name in causes.names)
    rest = rest or (("edited",) if output.edited else ())
    moved: dict[str, set[Any]] = {}
    variant: dict[str, Any] | None = None
    for name in back:
        say(f"Running again with the {name} of then")
        variant = _with_put_back(output, study, scores, causes, locked, {name})
        # What changes when this one thing is put back was made by it.
        moved[name] = {d.place for d in differences(variant, new) if d.degree != "noise"} if variant else set()
    left = {difference.place for difference in real}
    if len(back) > 1:  # of one thing all is put back already
        variant = _with_put_back(output, study, scores, causes, locked, set(back))
    if variant is not None:
        left = {d.place for d in differences(output.results, variant) if d.degree != "noise"}
    traced = []
    for difference in found:
        if difference.degree == "noise":
            own: tuple[str, ...] = ("software",) if causes.software else ()
        else:
            own = tuple(name for name in back if difference.place in moved[name])
            own += rest if difference.place in left else ()
            # Two things that only together make a difference: neither moves it alone.
            own = own or back
        traced.append(Traced(difference, own))
    return tuple(traced)


def _with_put_back(
    output: _Output, study: Study, scores: Scores, causes: Causes, locked: _Locked, names: set[str]
) -> dict[str, Any] | None:
    """The results of now with plan or seed as they were; ``None`` where the data of now don't allow that."""
    keys = study.as_keys()
    old = output.results["study"]
    if "plan" in names:
        _put_back(keys, old, {change.name for change in causes.plan}, output.rewritten)
    if "seed" in names:
        keys["inference"]["seed"] = old.get("inference", {}).get("seed", study.inference.seed)
    try:
        before = Study.model_validate({**keys, "path": study.path})
        results = analyse(before, read_scores(before) if "plan" in names else scores)
        return locked.of(before, output.bundled).beside(results).to_dict()
    except (Faults, ValueError):
        return None


def _put_back(keys: dict[str, Any], old: Mapping[str, Any], changed: set[str], rewritten: frozenset[str]) -> None:
    """Give the keys that changed their old values; what a bundle rewrote stays."""
    for table, content in old.items():
        if not isinstance(content, dict):
            continue
        here = keys.setdefault(table, {})
        for key in {*content, *here}:
            if any(name == f"{table}.{key}" or name.startswith(f"{table}.{key}.") for name in changed):
                here.pop(key, None)
                if key in content:
                    here[key] = content[key]
    if any(name.startswith("outcomes[") for name in changed):
        now = {outcome["name"]: outcome for outcome in keys["outcomes"]}
        keys["outcomes"] = [_outcome(outcome, now.get(outcome["name"], {}), rewritten) for outcome in old["outcomes"]]


def _outcome(old: dict[str, Any], now: Mapping[str, Any], rewritten: frozenset[str]) -> dict[str, Any]:
    name = f"outcomes[{old['name']}]."
    kept = {key: value for key, value in old.items() if f"{name}{key}" not in rewritten and key != "columns"}
    return kept | {key: value for key, value in now.items() if f"{name}{key}" in rewritten}
