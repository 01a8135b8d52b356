"""The locked plan: what it holds, that no entry is lost or edited unseen, that it is written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from lock_examples import EXAMPLES, STUDY, edit

from expeval.fault_codes import sentence
from expeval.faults import Faults
from expeval.record.manifest import hash_file
from expeval.record.plan_lock import CannotLock, Locked, lock_plan, locked_plan, read_lock
from expeval.record.writing import CannotWrite
from expeval.results import hash_of_json
from expeval.study.plan import lock_name
from expeval.study.reading import read_study


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def lock(study: Path, reason: str | None = None) -> Locked:
    return lock_plan(read_study(study), reason)


def lock_of(study: Path) -> Path:
    return study.with_name("study.lock.json")


def content(study: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lock_of(study).read_text(encoding="utf-8"))
    return found


def amended(study: Path) -> Path:
    """A plan and one amendment."""
    lock(study)
    edit(study, 'test = "auto"', 'test = "welch"')
    lock(study, "Ties.")
    return study


# ------------------------------------------------------------------------------------------------------- what it holds


def test_the_plan_stands_beside_the_study_file(study: Path) -> None:
    locked = lock(study)
    assert locked.is_new
    assert set(os.listdir(study.parent)) == {"study.toml", "study.lock.json"}
    assert [lock_name(name) for name in ("a/b.toml", "../study.toml", "my.plan.toml")] == [
        "a/b.lock.json",
        "../study.lock.json",
        "my.plan.lock.json",
    ]
    entry = content(study)["entries"][0]
    assert entry["plan"]["inference"]["test"] == "auto"
    assert entry["plan"]["outcomes"][1] == {
        "name": "Spelling",
        "column": "spelling",
        "kind": "score",
        "role": "secondary",
    }
    assert "study" not in entry["plan"]
    assert "report" not in entry["plan"]


def test_the_time_is_utc_and_that_of_source_date_epoch(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764115200")
    monkeypatch.setenv("TZ", "Asia/Kamchatka")
    assert lock(study).last.time == "2025-11-26T00:00:00+00:00"


def test_the_hash_is_that_of_the_entry_as_anybody_can_compute_it(study: Path) -> None:
    first, second = content(amended(study))["entries"]
    for entry in (first, second):
        bare = {key: value for key, value in entry.items() if key != "hash"}
        text = json.dumps(bare, sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == entry["hash"]
    assert first["previous"] is None
    assert second["previous"] == first["hash"]
    assert content(study)["last"] == second["hash"]


def test_before_and_after_the_data_are_told_by_their_hashes(study: Path) -> None:
    assert lock(study).last.before_data
    assert content(study)["entries"][0]["data"] == [{"file": "scores.csv", "role": "scores", "sha256": None}]
    scores = study.with_name("scores.csv")
    scores.write_text("pupil\n1\n", encoding="utf-8")
    edit(study, 'test = "auto"', 'test = "welch"')
    last = lock(study, "Ties.").last
    assert not last.before_data
    assert last.data[0].sha256 == hash_file(scores)
    assert last.data_then({hash_file(scores)}) == "same"
    assert last.data_then({"0" * 64}) == "other"
    assert read_lock(study)[0].data_then({hash_file(scores)}) == "before"


def test_globs_tables_of_students_and_of_institutions(study: Path) -> None:
    edit(
        study,
        'files = ["scores.csv"]',
        'files = ["scores/*.csv"]\ninstitutions = "schools.csv"\nstudents = "/far/away/pretest.xlsx"',
    )
    study.with_name("schools.csv").write_text("school\n", encoding="utf-8")
    last = lock(study).last
    names = [(file.file, file.role, file.sha256 is None) for file in last.data]
    assert names == [
        ("scores/*.csv", "scores", True),
        ("pretest.xlsx", "students", True),
        ("schools.csv", "institutions", False),
    ]
    assert last.before_data, "a list of schools holds no outcome"
    study.with_name("scores").mkdir()
    for name in ("a.csv", "b.csv"):
        study.with_name("scores").joinpath(name).write_text(name, encoding="utf-8")
    edit(study, 'test = "auto"', 'test = "welch"')
    last = lock(study, "Ties.").last
    assert [file.file for file in last.data][:2] == ["scores/a.csv", "scores/b.csv"]
    assert last.data_then(()) == "some"


def test_data_that_are_there_but_can_not_be_seen_are_not_taken_for_missing(study: Path) -> None:
    os.mkfifo(study.with_name("scores.csv"))
    with pytest.raises(CannotLock, match=r"whether scores\.csv is there"):
        lock(study)
    assert not lock_of(study).exists()


# --------------------------------------------------------------------------------------------------------- amendments


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('title = "Small classes"', 'title = "Smaller classes"\nauthors = ["A"]\nquestion = "Why?"'),
        ('files = ["scores.csv"]', 'files = ["elsewhere/scores.csv"]\nencoding = "cp1251"\ndecimal = ","'),
        ('experimental = ["small"]', 'experimental = "small"'),
        ('test = "auto"', 'test = "auto"\nseed = 1\nconfidence = 0.950'),
        ('test = "auto"', 'test = "auto"\n\n[report]\nminimum_cell = 10'),
        ('name = "Spelling"', 'values = {}\nname = "Spelling"'),
    ],
)
def test_what_shapes_no_analysis_is_no_amendment(study: Path, old: str, new: str) -> None:
    lock(study)
    before = lock_of(study).read_bytes()
    edit(study, old, new)
    locked = lock(study)
    assert not locked.is_new
    assert locked.amended == ()
    assert lock_of(study).read_bytes() == before


def test_an_amendment_needs_a_reason_and_names_what_changed(study: Path) -> None:
    lock(study)
    edit(study, 'test = "auto"', 'test = "welch"')
    before = lock_of(study).read_bytes()
    with pytest.raises(CannotLock, match=r"in inference\.test; say why"):
        lock(study)
    for reason in ("", "  ", "red \x1b[31m"):
        with pytest.raises(CannotLock, match="--reason is empty"):
            lock(study, reason)
    assert lock_of(study).read_bytes() == before
    locked = lock(study, " The marks\nhave ties. ")
    assert locked.last.reason == "The marks have ties."
    assert [(one.key, one.old, one.new) for one in locked.amended] == [("inference.test", "auto", "welch")]


def test_no_entry_is_ever_lost(study: Path) -> None:
    lock(study)
    tests = ["welch", "student", "welch", "permutation"]
    last = "auto"
    kept = [content(study)["entries"][0]]
    for number, test in enumerate(tests):
        edit(study, f'test = "{last}"', f'test = "{test}"')
        lock(study, f"Reason {number}.")
        assert content(study)["entries"][:-1] == kept
        kept, last = content(study)["entries"], test
    assert [entry.reason for entry in read_lock(study)] == [None, *(f"Reason {number}." for number in range(4))]


# ----------------------------------------------------------------------------------------------------- edited by hand


@pytest.mark.parametrize("code", EXAMPLES)
def test_a_spoiled_lock_is_a_fault_that_says_where(study: Path, code: str) -> None:
    spoil, words = EXAMPLES[code]
    spoil(amended(study).parent)
    with pytest.raises(Faults) as raised:
        locked_plan(read_study(study))
    assert [fault.code for fault in raised.value] == [code]
    assert words in sentence(raised.value.faults[0])
    if code.startswith("lock-"):
        before = lock_of(study).read_bytes()
        edit(study, 'test = "welch"', 'test = "student"')
        with pytest.raises(Faults):
            lock(study, "Another.")
        assert lock_of(study).read_bytes() == before


def test_a_misspelt_key_of_a_deviation_is_understood(study: Path) -> None:
    spoil, _ = EXAMPLES["no-such-deviation"]
    spoil(amended(study).parent)
    with pytest.raises(Faults) as raised:
        locked_plan(read_study(study))
    assert raised.value.faults[0].nearest == "inference.test"


def test_any_edit_of_any_entry_is_seen(study: Path) -> None:
    """Every value of both entries is another one, one at a time; and entries change places, go, come twice."""
    amended(study)
    whole = content(study)
    spoiled: list[Any] = []

    def walk(value: Any, put: Any) -> None:
        if isinstance(value, dict):
            for key in value:
                walk(value[key], lambda new, key=key, value=value: value.__setitem__(key, new))
        elif isinstance(value, list):
            for place in range(len(value)):
                walk(value[place], lambda new, place=place, value=value: value.__setitem__(place, new))
        else:
            put("edited" if value != "edited" else "again")
            spoiled.append(json.dumps(whole))
            put(value)

    walk(whole["entries"], None)
    first, second = whole["entries"]
    for entries in ([second, first], [second], [first, first], [first, second, second], [], [first, {}], [3]):
        spoiled.append(json.dumps({**whole, "entries": entries}))
    spoiled.append(json.dumps({**whole, "further": 1}))
    assert len(spoiled) > 60
    for text in spoiled:
        lock_of(study).write_text(text, encoding="utf-8")
        with pytest.raises(Faults):
            read_lock(study)
    lock_of(study).write_text(json.dumps(whole), encoding="utf-8")
    assert len(read_lock(study)) == 2, "line ends and indents are no edit"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"schema": "expeval-results/1"}',
        '{"schema": "expeval-lock/2", "entries": []}',
        '{"schema": "expeval-lock/1"}',
        '{"schema": "expeval-lock/1", "schema": "expeval-lock/1"}',
        '{"schema": 1}',
        "[" * 200_000,
        '{"a": 1' + "0" * 5000 + "}",
    ],
)
def test_what_is_no_lock_file_is_told(study: Path, text: str) -> None:
    lock_of(study).write_text(text, encoding="utf-8")
    with pytest.raises(Faults) as raised:
        read_lock(study)
    assert len(raised.value.faults) == 1
    assert "None" not in sentence(raised.value.faults[0])


def test_a_chain_that_fits_but_holds_no_plan(study: Path) -> None:
    lock(study)
    whole = content(study)
    for plan in ({"outcomes": 3}, {"outcomes": [{}]}, {"inference": []}):
        entry = {key: value for key, value in whole["entries"][0].items() if key != "hash"} | {"plan": plan}
        entry["hash"] = hash_of_json(entry)
        text = json.dumps({**whole, "entries": [entry], "last": entry["hash"]})
        lock_of(study).write_text(text, encoding="utf-8")
        with pytest.raises(Faults) as raised:
            read_lock(study)
        assert raised.value.faults[0].code == "lock-edited"


# ---------------------------------------------------------------------------------------------- whole or not at all


@pytest.mark.parametrize(
    ("code", "words"),
    [(errno.ENOSPC, "no space left"), (errno.EROFS, "read-only"), (errno.EACCES, "no permission")],
)
def test_a_refusing_system_leaves_the_lock_as_it_was(
    study: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    amended(study)
    before = lock_of(study).read_bytes()
    edit(study, 'test = "welch"', 'test = "student"')

    def failing(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(CannotWrite, match=words) as told:
        lock(study, "Another.")
    assert "\n" not in str(told.value)
    assert lock_of(study).read_bytes() == before
    assert {path.name for path in study.parent.iterdir()} == {"study.toml", "study.lock.json"}


def test_a_folder_that_may_not_be_written(study: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    code = """
        import os, sys
        from pathlib import Path
        from expeval.record.plan_lock import lock_plan
        from expeval.record.writing import CannotWrite
        from expeval.study.reading import read_study
        study = Path(sys.argv[1])
        other = Path(sys.argv[2]) / "study.toml"
        other.write_bytes(study.read_bytes())
        lock_plan(read_study(other))  # whatever loads late is loaded before the right to read it is gone
        os.chmod(study.parent, 0o555)
        if os.getuid() == 0:
            os.setuid(65534)
        try:
            lock_plan(read_study(study))
        except CannotWrite as told:
            print(told)
    """
    for above in study.parents:
        if above.name.startswith(("pytest", "popen")) or above == study.parent.parent or above == study.parent:
            above.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(study), str(tmp_path_factory.mktemp("other"))],
        capture_output=True,
        text=True,
        timeout=60,
    )
    study.parent.chmod(0o755)
    assert "no permission to write there" in done.stdout, done
    assert not lock_of(study).exists()


WRITER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from expeval.record.plan_lock import lock_plan
    from expeval.study.reading import read_study
    study, start, many = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for seed in range(start, start + many):
        read = read_study(study)
        inference = read.inference.model_copy(update={"seed": seed})
        lock_plan(read.model_copy(update={"inference": inference}), "Another seed.")
    """
)


def writer(study: Path, start: int, many: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(study), str(start), str(many)])


def test_killed_at_any_moment_every_entry_of_before_is_there(study: Path) -> None:
    lock(study)
    kept = list(read_lock(study))
    moments = random.Random(1)
    for turn in range(10):
        before = lock_of(study).stat().st_ino
        process = writer(study, 1000 * (turn + 1), 1000)
        until = time.monotonic() + 60
        while lock_of(study).stat().st_ino == before and time.monotonic() < until:
            time.sleep(0.001)  # until it writes: a kill while Python loads shows nothing
        time.sleep(moments.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        chain = read_lock(study)
        assert list(chain[: len(kept)]) == kept
        kept = list(chain)
    assert len(kept) > 10
    lock(study, "The last one.")
    assert {path.name for path in study.parent.iterdir()} == {"study.toml", "study.lock.json"}


def test_two_that_lock_at_once_lose_nothing(study: Path) -> None:
    lock(study)
    both = [writer(study, start, 15) for start in (1000, 2000)]
    assert [process.wait(60) for process in both] == [0, 0]
    seeds = [entry.plan["inference"]["seed"] for entry in read_lock(study)]
    assert sorted(seeds) == [1, *range(1000, 1015), *range(2000, 2015)]
