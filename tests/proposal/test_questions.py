"""``expeval init`` as a shell and a terminal see it: questions, flags, what is written and what never is."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expeval.fault_codes import PROPOSAL_CODES
from expeval.proposal.write import shown, toml, write_whole

spec = importlib.util.spec_from_file_location("examples_of_init", Path(__file__).with_name("examples.py"))
examples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(examples)

DATA = "student,class,group,score\n" + "".join(
    f"s{i},{'ab'[i // 10 % 2]},{('эксп', 'контр')[i % 2]},{20 + i * 7 % 13}\n" for i in range(40)
)


def init(folder: Path, *arguments: object, stdin: object = subprocess.DEVNULL) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "expeval", "init", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=stdin,
    )


@pytest.mark.parametrize("code", sorted(PROPOSAL_CODES))
def test_what_nobody_said_names_its_flag_and_writes_nothing(code: str, tmp_path: Path):
    make, flags, words = examples.EXAMPLES[code]
    make(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    done = init(tmp_path, *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert "1 fault; nothing was written." in done.stderr
    assert [word for word in words if word not in done.stderr] == []
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_files_are_named_without_an_option(tmp_path: Path):
    (tmp_path / "pilot").mkdir()
    for arm, better in (("experimental", 3), ("control", 0)):
        rows = "".join(f"{arm[0]}{i},{'ab'[i % 2]},{20 + better + i % 7}\n" for i in range(12))
        (tmp_path / "pilot" / f"{arm}.csv").write_text("student,class,score\n" + rows, encoding="utf-8")
    done = init(tmp_path, "pilot/experimental.csv", "pilot/control.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "pilot" / "study.toml").exists()
    assert init(tmp_path, "pilot/*.csv", "elsewhere").returncode == 0
    assert "../pilot/control.csv" in (tmp_path / "elsewhere" / "study.toml").read_text(encoding="utf-8")
    missing = init(tmp_path, "new", "pilot/controls.csv")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "control.csv" in missing.stderr
    assert "one folder at most" in init(tmp_path, "one", "two").stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "pilot"]


def test_the_only_file_of_the_folder_is_taken(tmp_path: Path):
    (tmp_path / "scores.csv").write_text(DATA, encoding="utf-8")
    done = init(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("study.toml was written, from scores.csv.\n")
    assert "Not sure:\n- nothing says that the groups were made at random" in done.stdout
    assert done.stdout.endswith("expeval check study.toml\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.csv", "study.toml"]


def test_a_folder_that_is_not_there_is_made_and_names_lead_to_the_data(tmp_path: Path):
    (tmp_path / "scores.csv").write_text(DATA, encoding="utf-8")
    done = init(tmp_path, "new/study", "--data", "scores.csv")
    assert done.returncode == 0, done.stderr
    assert "check will still ask" not in done.stdout
    keys = tomllib.loads((tmp_path / "new" / "study" / "study.toml").read_text(encoding="utf-8"))
    assert keys["data"]["files"] == ["../../scores.csv"]


def test_a_folder_that_was_made_in_vain_is_taken_away(tmp_path: Path):
    (tmp_path / "scores.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert init(tmp_path, "new/study", "--data", "scores.csv").returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]


def test_a_data_file_may_stand_in_place_of_the_folder(tmp_path: Path):
    (tmp_path / "scores.csv").write_text(DATA, encoding="utf-8")
    assert init(tmp_path, "scores.csv").returncode == 0
    assert (tmp_path / "study.toml").exists()


def test_files_named_for_the_arms_need_no_flag(tmp_path: Path):
    for name in ("experimental.csv", "control.csv"):
        (tmp_path / name).write_text("code,score\n" + "".join(f"{name[0]}{i},{i * 3 % 7}\n" for i in range(9)))
    done = init(tmp_path)
    assert done.returncode == 0, done.stderr
    keys = tomllib.loads((tmp_path / "study.toml").read_text(encoding="utf-8"))
    assert keys["groups"]["experimental"] == {"files": ["experimental.csv"]}


def test_the_files_of_the_arms_may_be_named_by_the_arms(tmp_path: Path):
    for name in ("7a.csv", "7b.csv", "other.csv"):
        (tmp_path / name).write_text("code,score\n" + "".join(f"{name}{i},{i * 3 % 7}\n" for i in range(9)))
    done = init(tmp_path, "--experimental", "7b.csv", "--control", "7a.csv")
    assert done.returncode == 0, done.stderr
    keys = tomllib.loads((tmp_path / "study.toml").read_text(encoding="utf-8"))
    assert keys["groups"]["control"] == {"files": ["7a.csv"]}


def test_a_study_file_is_replaced_only_by_force(tmp_path: Path):
    (tmp_path / "scores.csv").write_text(DATA, encoding="utf-8")
    (tmp_path / "study.toml").write_text("mine", encoding="utf-8")
    assert init(tmp_path).returncode == 2
    assert (tmp_path / "study.toml").read_text(encoding="utf-8") == "mine"
    assert init(tmp_path, "--force").returncode == 0
    assert "[groups]" in (tmp_path / "study.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "flags", [["--assigned", "pupil"], ["--decimal", ";"], ["--delimiter", "ab"], ["--header-row", "0"]]
)
def test_flags_out_of_bounds_are_refused(flags: list[str], tmp_path: Path):
    (tmp_path / "scores.csv").write_text(DATA, encoding="utf-8")
    done = init(tmp_path, *flags)
    assert done.returncode == 2
    assert flags[0] in done.stderr
    assert not (tmp_path / "study.toml").exists()


def test_nothing_but_text_comes_out_of_names_and_values(tmp_path: Path):
    evil = '"x\n[study]\n=HYPERLINK(""a"")\x1b[31m"'
    groups = ("a # b", 'к""н')
    rows = "".join(f'{i},"{groups[i % 2]}",{i % 9}\n' for i in range(20))
    (tmp_path / "a.csv").write_text(f"id,{evil},score\n{rows}", encoding="utf-8")
    done = init(tmp_path, "--group", 'x [study] =HYPERLINK("a")\x1b[31m', "--experimental", "a # b")
    assert "\x1b" not in done.stdout + done.stderr
    if done.returncode == 0:
        text = (tmp_path / "study.toml").read_text(encoding="utf-8")
        assert "\x1b" not in text
        assert tomllib.loads(text)["groups"]["experimental"] == ["a # b"]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_toml(text: str):
    assert tomllib.loads(f"key = {toml(text)}  # {shown(text)}\n[table]\n") == {"key": text, "table": {}}


def test_a_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "study.toml"
    monkeypatch.setattr(os, "fsync", lambda number: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new", replace=False)
    assert list(tmp_path.iterdir()) == []
    path.write_text("old", encoding="utf-8")
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new", replace=True)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_appeared_meanwhile_stays(tmp_path: Path):
    path = tmp_path / "study.toml"
    path.write_text("other", encoding="utf-8")
    with pytest.raises(FileExistsError):
        write_whole(path, "new", replace=False)
    assert path.read_text(encoding="utf-8") == "other"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals here")
def test_at_a_terminal_enter_takes_what_is_proposed(tmp_path: Path):
    (tmp_path / "scores.csv").write_text(DATA, encoding="utf-8")
    mine, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "expeval", "init"], cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.write(mine, b"\n\n\n9\n1\ny\n")  # group, arm, assigned, outcomes (once out of the list), by lot
    said = b""
    try:
        while chunk := os.read(mine, 4096):
            said += chunk
    except OSError:  # the other end is closed
        pass
    assert process.wait(60) == 0, said.decode()
    os.close(mine)
    text = said.decode()
    assert "Which column says who is in which group?" in text
    assert "numbers from 1 to 1" in text
    assert tomllib.loads((tmp_path / "study.toml").read_text(encoding="utf-8"))["groups"]["randomised"] is True
