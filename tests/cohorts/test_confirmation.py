"""A confirmation holds as a whole, once, whoever else confirms and whatever breaks."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from expeval.cohorts.confirmation import Outdated, Receipt, receipt
from expeval.cohorts.history import deliveries, events, history
from expeval.cohorts.invitations import invite
from expeval.cohorts.preview import Changed, Gone
from expeval.cohorts.sender import NotReady
from expeval.cohorts.withdrawal import withdraw
from expeval.store.open import open_store
from expeval.store.snapshot import take_snapshot

HEAD = "code,class,group,mark,before,test,gender\n"
FIRST = (HEAD + "a,7A,new,5,4,1,m\nb,7B,old,4,3,1,m\nc,7B,old,4,3,1,f\n").encode()
LATER = (HEAD + "d,7A,new,3,3,1,f\nc,7B,old,5,3,1,f\na,7A,new,5,4,1,m\n").encode()


def test_repeated_it_is_the_same_receipt(house) -> None:
    number = house.draft()
    first = house.confirm(number)
    assert house.confirm(number) == first
    assert receipt(house.store, house.sender, number) == first
    house.send(LATER)
    assert house.confirm(number) == first
    withdraw(house.store, house.sender, number + 1)
    assert house.confirm(number) == first


def test_the_same_file_twice_changes_nothing(house) -> None:
    first = house.send(FIRST)
    before = take_snapshot(house.store)
    again = house.draft(FIRST)
    assert house.review(again).preview.same
    assert house.confirm(again) == first
    assert house.confirm(again) == first
    # So is the same content in another order and another format.
    header, *rows = FIRST.decode().splitlines()
    shuffled = "\r\n".join([header, *reversed(rows)]).replace(",", ";").encode("utf-16")
    assert house.send(shuffled, "other.txt") == first
    after = take_snapshot(house.store)
    assert (after.rows, after.sha256, after.uploads) == (before.rows, before.sha256, before.uploads)
    assert [one.state for one in history(house.store)] == ["confirmed"]
    assert [one.state for one in history(house.store, discarded=True)] == ["discarded", "discarded", "confirmed"]


def test_a_later_file_supersedes_the_earlier_and_says_what_changes(house) -> None:
    first = house.send(FIRST)
    number = house.draft(LATER)
    seen = house.review(number).preview
    assert seen.against == first.number
    assert seen.difference.new == (2,)
    assert seen.difference.changed == (Changed(3, 4, "7B", "control", ("mark",)),)
    assert seen.difference.gone == (Gone(3, "7B", "control"),)
    second = house.confirm(number, seen.against)
    assert (second.new, second.changed, second.gone, second.supersedes) == (1, 1, 1, first.number)
    assert {one.number: one.state for one in history(house.store)} == {1: "superseded", 2: "confirmed"}
    snapshot = take_snapshot(house.store)
    assert snapshot.uploads == (2,)
    # Nothing is lost: right after its event the first upload is what counted.
    (confirmed,) = [one.number for one in events(house.store) if one.kind == "confirmed" and one.upload == 1]
    assert [row.upload for row in take_snapshot(house.store, confirmed).rows] == [1, 1, 1]


def test_cohorts_stand_beside_each_other(house) -> None:
    for cohort in ("2025", "2026"):
        house.confirm(house.draft(FIRST, cohort=cohort))
    assert len(take_snapshot(house.store).rows) == 6
    students = {row.student for row in take_snapshot(house.store).rows}
    assert len(students) == 6


def test_a_preview_that_is_no_longer_true_is_told(house) -> None:
    number = house.draft(LATER)
    seen = house.review(number).preview.against
    assert seen == 0
    first = house.confirm(number, seen)
    stale = house.draft(FIRST)
    withdraw(house.store, house.sender, first.number)
    with pytest.raises(Outdated) as told:
        house.confirm(stale, first.number)
    assert told.value.against == 0
    assert house.confirm(stale, told.value.against).supersedes is None


def test_a_later_file_of_the_same_teacher_takes_the_place_of_her_draft(house) -> None:
    first = house.draft(FIRST)
    second = house.draft(LATER)
    with pytest.raises(NotReady, match="replaced"):
        house.confirm(first)
    assert house.confirm(second).number == second
    with house.store.reading() as session:
        assert session.execute(text("SELECT count(*) FROM upload_row WHERE upload_number = 1")).scalar() == 0


def test_a_withdrawn_upload_counts_no_more_and_stays(house) -> None:
    first = house.send(FIRST)
    second = house.send(LATER)
    withdraw(house.store, house.sender, second.number)
    withdraw(house.store, house.sender, second.number)
    assert take_snapshot(house.store).rows == ()
    with pytest.raises(NotReady, match="superseded"):
        withdraw(house.store, house.sender, first.number)
    assert [event.kind for event in events(house.store)].count("withdrawn") == 1
    with house.store.reading() as session:
        assert session.execute(text("SELECT count(*) FROM upload_row")).scalar() == 6
    # After it the same file may be sent anew.
    assert house.send(LATER).number == 3


def test_who_delivered_and_who_is_missing(house) -> None:
    house.confirm(house.draft(FIRST, cohort="2025"))
    house.draft(LATER, cohort="2026")
    other = house.other("School 8")
    other.draft(FIRST, cohort="2025")
    table = {(one.institution, one.cohort): (one.state, one.students) for one in deliveries(house.store, ("2027",))}
    assert table == {
        ("School 7", "2025"): ("delivered", 3),
        ("School 7", "2026"): ("being-mended", None),
        ("School 7", "2027"): ("missing", None),
        ("School 8", "2025"): ("being-mended", None),
        ("School 8", "2026"): ("missing", None),
        ("School 8", "2027"): ("missing", None),
    }


def test_the_record_says_nothing_of_students(house) -> None:
    house.send(FIRST)
    house.send(LATER)
    for event in events(house.store):
        assert set(event.details) <= {
            "rows", "students", "by_arm", "left_out", "new", "changed", "gone", "same_as",
        }  # fmt: skip


WORKER = """
import sys
from pathlib import Path
from expeval.cohorts.confirmation import confirm
from expeval.cohorts.sender import Sender
from expeval.cohorts.upload import keep_draft
from expeval.store.open import open_store
from expeval.store.pseudonyms import open_pseudonyms
from expeval.study.reading import read_study

folder, name = Path(sys.argv[1]), sys.argv[2]
study = read_study(folder / "study.toml")
store = open_store(folder / "cohorts.db")
pseudonyms = open_pseudonyms(store)
HEAD = "code,class,group,mark,before,test,gender\\n"


def file(students, mark):
    rows = (f"{name}-{i},7{'AB'[i % 2]},{'new' if i % 2 else 'old'},{mark},4,1,m\\n" for i in range(students))
    return (HEAD + "".join(rows)).encode()


def send(institution, cohort, students, mark=5, invitation=None):
    sender = Sender(institution, invitation)
    number = keep_draft(store, pseudonyms, study, sender, cohort, file(students, mark), "a.csv")
    return confirm(store, study, sender, number)
"""


def start(folder: Path, name: str, code: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER + textwrap.dedent(code), str(folder), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_who_confirm_the_same_class_wait_for_each_other(house) -> None:
    code = """
        for mark in (2, 3, 4, 5, 2, 3):
            print(send("School 7", "2026", 20, mark, int(name)).number, flush=True)
    """
    teachers = [invite(house.store, house.study, name, "School 7").number for name in ("Anna", "Olga")]
    running = [start(house.folder, str(number), code) for number in teachers]
    said = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    numbers = [int(line) for out, _ in said for line in out.split()]
    assert len(set(numbers)) == 12
    found = {one.number: one for one in history(house.store)}
    assert sorted(found) == sorted(numbers)
    assert [one.state for one in found.values()].count("confirmed") == 1
    # Each superseded exactly one: the confirmations stand in a row.
    chain = [one.supersedes for one in found.values()]
    assert len(set(chain)) == 12
    (counts,) = [one for one in found.values() if one.state == "confirmed"]
    rows = take_snapshot(house.store).rows
    assert {row.upload for row in rows} == {counts.number}
    assert len(rows) == 20


def test_fifty_at_once_lose_and_mix_nothing(house) -> None:
    def send(k: int) -> Receipt:
        mine = house.other(f"School {k}")
        rows = (
            f"{i},7{'AB'[(i + k) % 2]},{'new' if (i + k) % 2 else 'old'},{2 + i % 4},{3 + k % 3},{k},m\n"
            for i in range(20 + k)
        )
        return mine.send((HEAD + "".join(rows)).encode())

    with ThreadPoolExecutor(50) as pool:
        receipts = list(pool.map(send, range(50)))
    assert [one.students for one in receipts] == [20 + k for k in range(50)]
    found = {one.number: one for one in history(house.store)}
    assert {one.number: (one.institution, one.content_hash) for one in receipts} == {
        number: (one.institution, one.content_hash) for number, one in found.items()
    }
    rows = take_snapshot(house.store).rows
    assert len(rows) == sum(20 + k for k in range(50))
    assert all(row.cells["test"] == float(row.institution.removeprefix("School ")) for row in rows)
    # Alone, each institution's content is the same.
    assert send(7).number == receipts[7].number


def test_two_who_confirm_one_draft_get_one_receipt(house) -> None:
    number = house.draft(FIRST)
    code = f"""
        print(confirm(store, study, Sender("School 7"), {number}))
    """
    running = [start(house.folder, name, code) for name in ("one", "two", "three")]
    said = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(set(said)) == 1
    assert [event.kind for event in events(house.store)].count("confirmed") == 1


@pytest.mark.slow
def test_killed_in_the_middle_every_receipt_holds_and_nothing_is_half(house) -> None:
    code = """
        for i in range(1000):
            receipt = send(f"{name} {i}", "2026", 40 + i % 7)
            print(receipt.number, receipt.content_hash, receipt.students, flush=True)
    """
    rng = random.Random(7)
    shown: dict[int, tuple[str, int]] = {}
    killed = 0
    while len(shown) < 30 or killed < 8:
        process = start(house.folder, f"School {killed}", code)
        lines = [process.stdout.readline()]
        time.sleep(rng.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        lines += process.communicate(timeout=60)[0].splitlines()
        assert process.returncode == -signal.SIGKILL
        killed += 1
        for line in filter(str.strip, lines):
            number, content, students = line.split()
            shown[int(number)] = (content, int(students))
        house.store.close()
        store = open_store(house.folder / "cohorts.db")
        with store.reading() as session:
            assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        store.close()
    found = {one.number: one for one in history(house.store, discarded=True)}
    for number, (content, students) in shown.items():
        assert (found[number].state, found[number].content_hash, found[number].students) == (
            "confirmed",
            content,
            students,
        )
    by_upload: dict[int, int] = {}
    for row in take_snapshot(house.store).rows:
        by_upload[row.upload] = by_upload.get(row.upload, 0) + 1
    confirmed = [one for one in found.values() if one.state == "confirmed"]
    assert by_upload == {one.number: one.students for one in confirmed}
    # Killed between the commit and the print, an upload is there whole without a receipt shown: once a kill at most.
    assert len(confirmed) - len(shown) <= killed
    # An upload that was not confirmed is a draft, whole, of which nothing counts.
    assert {one.state for one in found.values()} <= {"confirmed", "draft"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of a process are POSIX")
def test_on_a_full_disk_an_upload_is_refused_and_nothing_breaks(house) -> None:
    first = house.send(FIRST)
    house.store.close()
    before = take_snapshot(house.store)
    house.store.close()
    code = """
        import resource
        from expeval.store.failures import CannotStore
        size = (folder / "cohorts.db").stat().st_size + 30_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        try:
            print(send("School 7", "", 3000))
        except CannotStore as told:
            print("told:", told)
        print(send.__name__)
    """
    process = start(house.folder, "x", code)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out.startswith("told: the store cohorts.db: ")
    assert "nothing was changed" in out
    after = take_snapshot(house.store)
    assert (after.rows, after.sha256) == (before.rows, before.sha256)
    assert house.confirm(first.number) == first
    assert house.send(LATER).supersedes == first.number
