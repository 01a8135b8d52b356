"""kill -9 while teachers upload, and a disk that is full: what has a receipt is there, all else is whole or absent."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select
from visits import Guest, Place, Seen, expected_rows, guest_at, marks, place_in, serving, stored_rows

from expeval.cohorts.confirmation import receipt
from expeval.cohorts.history import history
from expeval.cohorts.sender import Sender
from expeval.store.schema import CONFIRMED, DISCARDED, DRAFT, SUPERSEDED, UploadRow

TEACHERS = 6


@dataclass
class Teacher:
    """Somebody who uploads one file after the other; ``shown``: the receipts that she saw, with the file's size."""

    institution: str
    tag: str
    link: str
    shown: list[tuple[int, int]] = field(default_factory=list)
    sent: int = 0
    broken: list[str] = field(default_factory=list)

    def upload(self, address: str, stop: threading.Event, rng: random.Random) -> None:
        """Upload until the line breaks."""
        with contextlib.suppress(httpx.TransportError), guest_at(address) as guest:
            guest.enter(self.link)
            while not stop.is_set():
                students = rng.randrange(5, 400)
                self.sent += 1
                seen = guest.upload(marks(self.tag, students), f"{students}.csv")
                if "/receipt/" not in seen.path or seen.status != 200:
                    self.broken.append(f"{seen.status} {seen.path}")
                    return
                self.shown.append((int(seen.path.rpartition("/")[2]), students))


@dataclass
class Count:
    """What was seen over all kills."""

    kills: int = 0
    sent: int = 0
    shown: int = 0
    unseen: int = 0  # confirmed, and the line broke before the receipt was shown
    drafts: int = 0


def killed(folder: Path, kills: int, seed: int = 1, most: float = 2.0) -> Count:
    """Kill the pages at random moments while teachers upload, and look at all that is left each time."""
    rng = random.Random(seed)
    place = place_in(folder, application=False)
    teachers = [Teacher(f"School {i}", f"s{i}", place.link(f"School {i}")) for i in range(TEACHERS)]
    count = Count()
    for turn in range(kills):
        shown = sum(len(one.shown) for one in teachers)
        stop = threading.Event()
        with serving(folder) as (address, process):
            threads = [
                threading.Thread(target=one.upload, args=(address, stop, random.Random(rng.random())))
                for one in teachers
            ]
            for thread in threads:
                thread.start()
            until = time.monotonic() + 30
            # Every other time when a receipt was shown: a slow machine would else be killed before any was.
            while turn % 2 and sum(len(one.shown) for one in teachers) == shown and time.monotonic() < until:
                time.sleep(0.02)
            time.sleep(rng.uniform(0.0 if turn % 2 else 0.1, most))
            process.kill()
            stop.set()
            for thread in threads:
                thread.join()
        count.kills += 1
        look(place, teachers, count)
        assert not [one.broken for one in teachers if one.broken], [one.broken for one in teachers]
    # Afterwards everybody goes on where she was.
    with serving(folder) as (address, _):
        for one in teachers:
            with guest_at(address) as guest:
                guest.enter(one.link)
                assert "/receipt/" in guest.upload(marks(one.tag, 7), "7.csv").path
    stored = stored_rows(place)
    for one in teachers:
        assert stored[one.institution] == expected_rows(place, one.institution, one.tag, 7)
    count.sent = sum(one.sent for one in teachers)
    count.shown = sum(len(one.shown) for one in teachers)
    place.store.close()
    return count


def look(place: Place, teachers: list[Teacher], count: Count) -> None:
    """Every receipt that was shown is there, every upload is whole, and what counts is what was sent last."""
    connection = sqlite3.connect(place.folder / "cohorts.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    with place.store.reading() as session:
        rows = dict(
            session.execute(select(UploadRow.upload_number, func.count()).group_by(UploadRow.upload_number)).all()
        )
    stored = stored_rows(place)
    unseen = drafts = 0
    for one in teachers:
        uploads = {upload.number: upload for upload in history(place.store, Sender(one.institution), discarded=True)}
        for number, students in one.shown:
            kept = receipt(place.store, Sender(one.institution), number)
            assert (kept.students, kept.file_name) == (students, f"{students}.csv")
            assert uploads[number].state in (CONFIRMED, SUPERSEDED)
        seen = {number for number, _ in one.shown}
        for upload in uploads.values():
            students = int(upload.file_name.removesuffix(".csv"))
            assert rows.get(upload.number, 0) == (0 if upload.state == DISCARDED else students), upload
            unseen += upload.state in (CONFIRMED, SUPERSEDED) and upload.number not in seen
            drafts += upload.state == DRAFT
        counting = [upload for upload in uploads.values() if upload.state == CONFIRMED]
        assert len(counting) <= 1
        if counting:
            size = int(counting[0].file_name.removesuffix(".csv"))
            assert stored[one.institution] == expected_rows(place, one.institution, one.tag, size)
            assert counting[0].number >= max(seen, default=0)
        else:
            assert one.institution not in stored
    count.unseen, count.drafts = unseen, drafts


@pytest.mark.slow
def test_what_has_a_receipt_survives_kill_9_and_all_else_is_whole(tmp_path: Path) -> None:
    count = killed(tmp_path, kills=4)
    assert count.shown > 0, count


@pytest.mark.slow
@pytest.mark.parametrize("room", [0, 20_000, 120_000, 400_000])
def test_a_full_disk_is_told_and_nothing_is_broken(tmp_path: Path, room: int) -> None:
    place = place_in(tmp_path, application=False)
    link = place.link("School 7")
    with serving(tmp_path) as (address, _), guest_at(address) as guest:
        guest.enter(link)
        first = guest.upload(marks("s1", 10), "10.csv")
        assert "/receipt/" in first.path
    place.store.close()
    size = (tmp_path / "cohorts.db").stat().st_size
    # No file may grow beyond this: what a disk without space does, to one process.
    with (
        serving(tmp_path, str(max(size, (tmp_path / "serve.log").stat().st_size + 4096) + room)) as served,
        guest_at(served[0]) as guest,
    ):
        seen = guest.enter(link)
        if seen.status == 200:
            seen = large(guest, first)
        assert seen.status in (503, 507), (seen.status, seen.path, seen.text)
        assert seen.text
        # What only reads is served on.
        assert guest.get("/health").status == 200
        assert guest.get(first.path).status in (200, 403)
    place = place_in(tmp_path, application=False)
    assert stored_rows(place)["School 7"] == expected_rows(place, "School 7", "s1", 10)
    assert "Traceback" not in (tmp_path / "serve.log").read_text(encoding="utf-8")
    place.store.close()
    # With space again all goes on.
    with serving(tmp_path) as (address, _), guest_at(address) as guest:
        guest.enter(link)
        assert "/receipt/" in guest.upload(marks("s1", 12), "12.csv").path


def large(guest: Guest, first: Seen) -> Seen:
    """Upload what there is no space for."""
    assert guest.get(first.path).status == 200
    return guest.upload(marks("s2", 15_000), "15000.csv")


@pytest.mark.slow
def test_a_stop_lets_an_upload_in_flight_end_and_nobody_new_in(tmp_path: Path) -> None:
    place = place_in(tmp_path, application=False)
    link = place.link("School 7")
    with serving(tmp_path) as (address, process), guest_at(address) as guest:
        guest.enter(link)
        form = next(one for one in guest.get("/").forms if one.file is not None)
        whole = httpx.Request(
            "POST", f"{address}{form.action}", data=form.data(), files={str(form.file): ("7.csv", marks("s1", 7))}
        )
        body = whole.read()

        def in_two_parts() -> Iterator[bytes]:
            yield body[: len(body) // 2]
            process.terminate()
            time.sleep(1.0)
            with pytest.raises(httpx.TransportError):
                httpx.get(f"{address}/health", timeout=5)
            yield body[len(body) // 2 :]

        seen = guest.ask(
            "POST",
            form.action,
            follow=False,
            content=in_two_parts(),
            headers={
                "content-type": whole.headers["content-type"],
                "content-length": str(len(body)),
                "origin": address,
                "sec-fetch-site": "same-origin",
            },
        )
        assert seen.status == 303
        assert process.wait(timeout=30) in (0, -15)
    assert "Traceback" not in (tmp_path / "serve.log").read_text(encoding="utf-8")
    place.store.close()
    # What had not become a draft is not kept; she begins again by the same link.
    with serving(tmp_path) as (address, _), guest_at(address) as guest:
        guest.enter(link)
        assert "/receipt/" in guest.upload(marks("s1", 7), "7.csv").path


@pytest.mark.slow
def test_a_stop_among_uploads_leaves_all_whole(tmp_path: Path) -> None:
    place = place_in(tmp_path, application=False)
    teachers = [Teacher(f"School {i}", f"s{i}", place.link(f"School {i}")) for i in range(TEACHERS)]
    stop = threading.Event()
    with serving(tmp_path) as (address, process):
        threads = [
            threading.Thread(target=one.upload, args=(address, stop, random.Random(i)))
            for i, one in enumerate(teachers)
        ]
        for thread in threads:
            thread.start()
        time.sleep(2.5)
        process.terminate()
        assert process.wait(timeout=40) in (0, -15)
        stop.set()
        for thread in threads:
            thread.join()
    look(place, teachers, Count())
    assert sum(len(one.shown) for one in teachers)
    assert not [one.broken for one in teachers if one.broken]
    assert "Traceback" not in (tmp_path / "serve.log").read_text(encoding="utf-8")
    place.store.close()
