"""``expeval lock`` as a shell sees it, and what runs then say of the plan."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import expeval
from expeval.run import check
from expeval.run import lock as lock_study


def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "expeval", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
    )


def add(study: Path, text: str) -> None:
    with study.open("a", encoding="utf-8") as file:
        file.write(text)


def results(folder: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(folder, "results.json").read_text(encoding="utf-8"))
    return found


def words(folder: str) -> str:
    """The text of a report's page."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            found.append(data)

    Reader().feed(Path(folder, "report.html").read_text(encoding="utf-8"))
    return " ".join(" ".join(found).split())


def test_lock_says_when_and_whether_the_data_were_there(study: Path) -> None:
    scores = study.with_name("scores.csv")
    scores.rename("scores.csv")
    done = command("lock", study, SOURCE_DATE_EPOCH="1764115200")
    assert (done.returncode, done.stderr) == (0, "")
    first = done.stdout.splitlines()[0]
    assert first.startswith("Locked the plan in aloud/study.lock.json, 2025-11-26T00:00:00+00:00, before the data")
    again = command("lock", study)
    assert again.returncode == 0
    assert again.stdout.startswith("Nothing changed since the plan of 2025-11-26T00:00:00+00:00")
    Path("scores.csv").rename(scores)
    add(study, '\n[inference]\ntest = "welch"\n')
    refused = command("lock", study)
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1
    assert "inference.test" in refused.stderr
    assert "--reason" in refused.stderr
    amended = command("lock", study, "--reason", "Ties.", "--json")
    answer = json.loads(amended.stdout)
    assert answer["amended"] == [{"outcome": None, "key": "inference.test", "old": "auto", "new": "welch"}]
    assert (answer["new"], answer["entries"], answer["before_data"]) == (True, 2, False)
    assert answer["entry"]["reason"] == "Ties."


def test_a_faulty_study_is_not_locked(study: Path) -> None:
    add(study, "\n[inferense]\n")
    done = command("lock", study)
    assert done.returncode == 2
    assert "inferense" in done.stderr
    assert not study.with_name("study.lock.json").exists()


def test_without_a_lock_a_run_says_nothing_of_a_plan(study: Path) -> None:
    expeval.run(study, out="out")
    found = results("out")
    assert "plan" not in found
    assert "plan" not in found["study"]
    assert [row for row in found["decisions"] if row["step"] == "plan"] == []
    assert "planned" not in Path("out/report.html").read_text(encoding="utf-8").lower().replace("unplanned", "")


def test_a_run_that_keeps_to_the_plan(study: Path) -> None:
    scores = study.with_name("scores.csv")
    scores.rename("scores.csv")
    lock_study(study)
    Path("scores.csv").rename(scores)
    expeval.run(study, out="out")
    assert "plan" not in results("out")
    said = words("out")
    assert "Was it planned?" in said
    assert "before any data file was there. Nothing deviates from it." in said
    assert "Reading: planned in the plan, locked before any data file was there." in said
    assert "Eleven questions" in said
    assert "../aloud/study.lock.json" in json.loads(Path("out/manifest.json").read_text(encoding="utf-8"))["hashes"]


def test_a_run_that_leaves_the_plan_lists_it_key_by_key(study: Path) -> None:
    lock_study(study)
    add(
        study,
        '\n[[outcomes]]\nname = "School"\ncolumn = "extra"\nkind = "score"\n'
        "\n[inference]\nseed = 3\nconfidence = 0.9\n"
        '\n[[deviations]]\nkey = "inference.confidence"\nreason = "The council asked for it."\n',
    )
    scores = study.with_name("scores.csv")
    head, *rows = scores.read_text(encoding="utf-8").splitlines()
    lines = [f"{head},extra", *(f"{row},{(5 * place) % 13}" for place, row in enumerate(rows))]
    scores.write_text("\n".join(lines) + "\n", encoding="utf-8")
    expeval.run(study, out="out")
    found = results("out")
    assert [(row["key"], row["planned"], row["used"], row["reason"]) for row in found["plan"]] == [
        ("inference.confidence", "0.95", "0.9", "The council asked for it."),
        ("inference.seed", "1", "3", None),
        ("outcomes[School]", None, "extra", None),
    ]
    choices = {row["outcome"]: row["choice"] for row in found["decisions"] if row["step"] == "plan"}
    assert choices == {None: "locked", "Reading": "planned-after-data", "School": "exploratory"}
    codes = {row["code"] for row in found["warnings"]}
    assert {"deviation-without-reason", "plan-after-data", "outcome-not-planned"} <= codes
    said = words("out")
    assert "In 3 points this analysis deviates from it." in said
    assert "The council asked for it." in said
    assert "no reason given" in said
    assert "when data files were there already, with another content than now" in said
    assert "School: exploratory not in the locked plan." in said


def test_results_with_a_plan_are_read_back(study: Path) -> None:
    lock_study(study)
    add(study, "\n[inference]\nseed = 3\n")
    made = expeval.run(study, out="out")
    from expeval.results import Results

    assert Results.from_dict(results("out")) == made
    assert made.to_frame("plan").key.tolist() == ["inference.seed"]


@pytest.mark.parametrize("verb", ["run", "check"])
def test_a_lock_edited_by_hand_stops_a_run_and_names_the_entry(study: Path, verb: str) -> None:
    lock_study(study)
    path = study.with_name("study.lock.json")
    path.write_text(path.read_text(encoding="utf-8").replace('"auto"', '"ols"', 1), encoding="utf-8")
    done = command(verb, study)
    assert done.returncode == {"run": 2, "check": 1}[verb]
    assert "study.lock.json: entry 1 is not as it was locked" in done.stdout + done.stderr
    assert not Path("reports").exists()


def test_a_reason_for_what_does_not_deviate_is_a_fault(study: Path) -> None:
    lock_study(study)
    add(study, '\n[[deviations]]\nkey = "inference.test"\nreason = "Ties."\n')
    with pytest.raises(expeval.Faults) as raised:
        check(study)
    assert [(fault.code, fault.key) for fault in raised.value] == [("no-such-deviation", "deviations[1].key")]


def test_a_plan_in_markup_stays_text(study: Path) -> None:
    add(study, "\n[inference]\nseed = 2\n")
    lock_study(study)
    text = study.read_text(encoding="utf-8").replace("seed = 2", "seed = 3")
    evil = "<script>alert(1)</script>"
    study.write_text(f'{text}\n[[deviations]]\nkey = "inference.seed"\nreason = "{evil}"\n', encoding="utf-8")
    expeval.run(study, out="out")
    assert evil not in Path("out/report.html").read_text(encoding="utf-8")
