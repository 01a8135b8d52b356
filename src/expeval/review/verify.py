"""Run somebody's analysis again and say whether the same comes out, and if not, what made it differ.

The steps: read what the run left; see whether anybody edited it; run again from the manifest; compare byte by byte,
then number by number; where numbers differ, put one changed thing back at a time (the plan, the seed) and see which
numbers return: what returns with it was made by it.  Data and software of then are not here to be put back; what is
left over is theirs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from expeval.faults import Fault, Faults
from expeval.record.key import installation_key
from expeval.record.manifest import hash_file, hashes_of, make_manifest
from expeval.results import Results, seal_of
from expeval.review.causes import SEED, Causes, Change, FileChange, plan_changes, software_changes
from expeval.review.data_changes import table_change
from expeval.review.difference import KEYS, Difference, differences, worst
from expeval.run import analyse, answers, one_thread, outputs
from expeval.scores.reading import read_scores
from expeval.scores.table import Scores
from expeval.study.reading import read_study
from expeval.study.spec import Study

MANIFEST = "manifest.json"
VERIFICATION = "verification.html"  # what this command itself may have left beside the report
Verdict = Literal["same-bytes", "same-numbers", "noise", "different", "not-rerun"]
Progress = Callable[[str], None]


class CannotVerify(Exception):
    """There is nothing to verify, or not what it needs; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Edited:
    """A file of the output that is not what the run wrote: ``changed``, ``gone``, or ``new`` (nobody's)."""

    file: str
    what: Literal["changed", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Traced:
    """A difference and what made it: of ``data``, ``plan``, ``seed``, ``software``, ``edited``; empty: unknown."""

    difference: Difference
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer: one verdict, and everything that it rests on.

    Attributes
    ----------
    verdict
        ``same-bytes``; ``same-numbers``: another byte somewhere, every number equal; ``noise``; ``different``;
        ``not-rerun``: the study or its data have faults now, ``faults`` says which.
    compared
        How many numbers were compared.
    edited
        Files that were changed after the run.
    unequal
        Files that a new run writes differently.
    answers
        The sentences that answer the study, then and now, where they differ.
    primary
        Which rows of the estimates were the answers then.
    """

    title: str
    verdict: Verdict
    compared: int
    edited: tuple[Edited, ...]
    unequal: tuple[str, ...]
    causes: Causes
    differences: tuple[Traced, ...]
    made: str
    faults: tuple[Fault, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    primary: tuple[tuple[object, ...], ...] = ()

    @property
    def real(self) -> tuple[Traced, ...]:
        """What differs by more than noise, the rows of the answers first; nothing where the numbers are the same."""
        found = [traced for traced in self.differences if traced.difference.degree != "noise"]
        found = found if self.verdict == "different" else []
        return tuple(sorted(found, key=lambda traced: traced.difference.row not in self.primary))

    @property
    def same(self) -> bool:
        """Whether nothing but noise differs and nobody edited anything."""
        return self.verdict in ("same-bytes", "same-numbers", "noise") and not self.edited


def verify(folder: str | Path, progress: Progress | None = None) -> Verification:
    """Run again what made a folder, and compare.

    Parameters
    ----------
    folder
        What ``expeval run`` wrote, beside the study that it was made from.
    progress
        Called with the words of each step.

    Raises
    ------
    CannotVerify
        Where there is no manifest, or the study file or a data file that it names is not there.
    """
    say = progress or (lambda words: None)
    place = Path(folder)
    say("Reading what was found")
    manifest, results = read_output(place)
    study_file = place / str(manifest["study_file"])
    if not study_file.is_file():
        raise CannotVerify(
            f"the study file {manifest['study_file']}, from which {place} was made, is not there; "
            "put the folder back to where the run wrote it, or ask for a bundle."
        )
    edited = edited_files(place, manifest)
    with one_thread():
        return _verified(place, study_file, manifest, results, edited, say)


def read_output(place: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Manifest and results of a run, as they stand there now."""
    if not place.exists():
        raise CannotVerify(f"{place} is not there.")
    found = []
    for name in (MANIFEST, "results.json"):
        try:
            content = json.loads((place / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise CannotVerify(
                f"{place} holds no {name}: it is no output of expeval run, or not a whole one."
            ) from None
        except NotADirectoryError:
            raise CannotVerify(f"{place} is neither a folder that expeval run wrote nor a bundle.") from None
        except (ValueError, RecursionError):
            raise CannotVerify(f"{place / name} can't be read: it was edited, or cut off.") from None
        if not isinstance(content, dict) or not _is_ours(name, content):
            raise CannotVerify(f"{place / name} was not written by expeval run.")
        found.append(content)
    return found[0], found[1]


def _is_ours(name: str, content: Mapping[str, Any]) -> bool:
    schema = str(content.get("schema", ""))
    if name == MANIFEST:
        return schema.startswith("expeval-manifest/") and all(
            isinstance(content.get(key), kind)
            for key, kind in (
                ("study_file", str),
                ("hashes", dict),
                ("outputs", dict),
                ("versions", dict),
                ("made", dict),
            )
        )
    return schema.startswith("expeval-results/") and isinstance(content.get("study"), dict)


def edited_files(place: Path, manifest: Mapping[str, Any]) -> tuple[Edited, ...]:
    """Which files beside the manifest are not those that the run wrote, the manifest itself among them."""
    found = [] if manifest["made"].get("seal") == seal_of(dict(manifest)) else [Edited(MANIFEST, "changed")]
    for name, sha256 in sorted(manifest["outputs"].items()):
        path = place / name
        if not path.is_file():
            found.append(Edited(name, "gone"))
        elif hash_file(path) != sha256:
            found.append(Edited(name, "changed"))
    ours = {MANIFEST, VERIFICATION, *manifest["outputs"]}
    there = (path.relative_to(place).as_posix() for path in sorted(place.rglob("*")) if path.is_file())
    return (*found, *(Edited(name, "new") for name in there if name not in ours))


def _verified(
    place: Path,
    study_file: Path,
    manifest: Mapping[str, Any],
    old: Mapping[str, Any],
    edited: tuple[Edited, ...],
    say: Progress,
) -> Verification:
    _require_data(place, manifest)
    title = str((old["study"].get("study") or {}).get("title", ""))
    made = str(manifest["made"].get("time", ""))
    files = _changed_files(place, manifest)
    try:
        study = read_study(study_file)
    except Faults as faults:
        causes = Causes((), None, files, None, ())
        return Verification(title, "not-rerun", 0, edited, (), causes, (), made, faults.faults)
    plan, seed = _plan(old["study"], study)
    try:
        scores = read_scores(study)
    except Faults as faults:
        causes = Causes(plan, seed, files, None, ())
        return Verification(title, "not-rerun", 0, edited, (), causes, (), made, faults.faults)
    results = analyse(study, scores, say)
    now = make_manifest(study, scores.sources, results, place)
    causes = Causes(
        plan=plan,
        seed=seed,
        files=files,
        table=table_change(manifest["made"].get("table"), scores, installation_key()),
        software=software_changes(manifest, {**_as_keys(now), "hashes": now.hashes}),
    )
    new = json.loads(results.to_json())
    found = differences(old, new)
    say("Comparing")
    traced = _traced(found, old, new, study, scores, causes, bool(edited), say)
    # The page tells when software changed; it is made anew with the manifest of now.
    written = hashes_of(outputs(results, now))
    unequal = tuple(
        name
        for name in dict.fromkeys((*manifest["outputs"], *written))
        if manifest["outputs"].get(name) != written.get(name)
    )
    # How a file was read is told, but two files that hold the same table give the same numbers.
    degree = worst(difference for difference in found if difference.table != "sources")
    verdict: Verdict = "different" if degree == "different" else "noise" if degree else "same-bytes"
    if verdict == "same-bytes" and unequal:
        verdict = "same-numbers"
    said = _answers(old, results)
    chosen = tuple(tuple(row.get(key) for key in KEYS["estimates"]) for row in old["estimates"] if row.get("primary"))
    return Verification(
        title, verdict, _numbers(old), edited, unequal, causes, traced, made, answers=said, primary=chosen
    )


def _answers(old: Mapping[str, Any], results: Results) -> tuple[tuple[str, str], ...]:
    """The answers in words, then and now; nothing where results were edited so that they can't be read."""
    try:
        before = answers(Results.from_dict(dict(old)))
    except (KeyError, TypeError, ValueError, StopIteration, AttributeError):
        return ()
    now = answers(results)
    both = zip_longest(before, now, fillvalue="")
    return tuple((one, other) for one, other in both if one != other)


def _require_data(place: Path, manifest: Mapping[str, Any]) -> None:
    gone = [name for name in _data_files(manifest) if not (place / name).is_file()]
    if gone:
        raise CannotVerify(
            f"of the data from which it was made, {', '.join(gone)} {'is' if len(gone) == 1 else 'are'} not there."
        )


def _data_files(manifest: Mapping[str, Any]) -> list[str]:
    """The files of scores, students and institutions: what is hashed besides study file, code and lock."""
    own = {str(manifest["study_file"]), "expeval/", "requirements.lock"}
    return [name for name in manifest["hashes"] if name not in own]


def _changed_files(place: Path, manifest: Mapping[str, Any]) -> tuple[FileChange, ...]:
    hashes = manifest["hashes"]
    return tuple(FileChange(name) for name in _data_files(manifest) if hash_file(place / name) != hashes[name])


def _plan(old: Mapping[str, Any], study: Study) -> tuple[tuple[Change, ...], Change | None]:
    changes = plan_changes(old, json.loads(json.dumps(study.as_keys())))
    seed = next((change for change in changes if change.name == SEED), None)
    return tuple(change for change in changes if change is not seed), seed


def _as_keys(manifest: Any) -> dict[str, Any]:
    return {"expeval": manifest.expeval, "versions": manifest.versions, "platform": manifest.platform}


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
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    study: Study,
    scores: Scores,
    causes: Causes,
    edited: bool,
    say: Progress,
) -> tuple[Traced, ...]:
    """Each difference with its causes, by putting one changed thing back at a time."""
    real = [difference for difference in found if difference.degree != "noise"]
    back = {name: None for name in ("plan", "seed") if name in causes.names} if real else {}
    rest: tuple[str, ...] = tuple(name for name in ("data", "software") if name in causes.names)
    rest = rest or (("edited",) if edited else ())
    moved: dict[str, set[Any]] = {}
    for name in back:
        say(f"Running again with the {name} of then")
        variant = _with_put_back(old, study, scores, {name})
        # What changes when this one thing is put back was made by it.
        moved[name] = {d.place for d in differences(variant, new) if d.degree != "noise"} if variant else set()
    left = {difference.place for difference in real}
    if back:
        variant = _with_put_back(old, study, scores, set(back))
        if variant is not None:
            left = {d.place for d in differences(old, variant) if d.degree != "noise"}
    traced = []
    for difference in found:
        if difference.degree == "noise":
            own: tuple[str, ...] = tuple(name for name in ("software",) if name in causes.names)
        else:
            own = tuple(name for name in back if difference.place in moved[name])
            own += rest if difference.place in left else ()
            # Two things that only together make a difference: neither moves it alone.
            own = own or tuple(back)
        traced.append(Traced(difference, own))
    return tuple(traced)


def _with_put_back(old: Mapping[str, Any], study: Study, scores: Scores, names: set[str]) -> dict[str, Any] | None:
    """The results of now with plan or seed as they were; ``None`` where the data of now don't allow that."""
    keys = json.loads(json.dumps(study.as_keys()))
    if "plan" in names:
        keys = {**json.loads(json.dumps(old["study"])), "inference": {**old["study"].get("inference", {})}}
        keys["inference"]["seed"] = study.inference.seed
    if "seed" in names:
        keys["inference"]["seed"] = old["study"].get("inference", {}).get("seed", study.inference.seed)
    try:
        before = Study.model_validate({**keys, "path": study.path})
        needs_reading = {"plan"} & names
        results: Results = analyse(before, read_scores(before) if needs_reading else scores)
    except (Faults, ValueError):
        return None
    content: dict[str, Any] = json.loads(results.to_json())
    return content
