"""Many teachers at once: nobody's upload is lost, and nobody's student gets among another's."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from visits import expected_rows, guest_at, marks, place_in, serving, stored_rows

from expeval.cohorts.confirmation import receipt
from expeval.cohorts.history import history
from expeval.cohorts.sender import Sender

TEACHERS = 50


def upload_all(
    folder: Path,
    teachers: int,
    students: int = 25,
    began: Callable[[str], None] = lambda address: None,
    took: Callable[[float], None] = lambda seconds: None,
) -> list[tuple[str, int]]:
    """Let every teacher go her whole way at once; gives each institution with the number of her receipt.

    ``began`` is told the address of the pages, ``took`` how long each way was.
    """
    place = place_in(folder, application=False)
    people = [(f"School {i}", f"s{i}", place.link(f"School {i}"), students + i % 7) for i in range(teachers)]
    place.store.close()
    with serving(folder) as (address, _):

        def whole_way(who: tuple[str, str, str, int]) -> tuple[str, int]:
            institution, tag, link, size = who
            start = time.perf_counter()
            with guest_at(address) as guest:
                guest.enter(link)
                seen = guest.upload(marks(tag, size), f"{tag}.csv")
            assert "/receipt/" in seen.path, (seen.status, seen.path, seen.text)
            assert str(size) in seen.text
            took(time.perf_counter() - start)
            return institution, int(seen.path.rpartition("/")[2])

        began(address)
        with ThreadPoolExecutor(teachers) as pool:
            return list(pool.map(whole_way, people))


def check_all(folder: Path, receipts: list[tuple[str, int]], students: int = 25) -> None:
    """Compare what is stored with what was sent, row by row."""
    place = place_in(folder, application=False)
    try:
        assert len({number for _, number in receipts}) == len(receipts)
        stored = stored_rows(place)
        assert set(stored) == {institution for institution, _ in receipts}
        for i, (institution, number) in enumerate(receipts):
            assert institution == f"School {i}"
            assert stored[institution] == expected_rows(place, institution, f"s{i}", students + i % 7)
            kept = receipt(place.store, Sender(institution), number)
            assert (kept.students, kept.file_name) == (students + i % 7, f"s{i}.csv")
        assert Counter(one.state for one in history(place.store)) == {"confirmed": len(receipts)}
    finally:
        place.store.close()


@pytest.mark.slow
def test_fifty_teachers_at_once_lose_and_mix_nothing(tmp_path: Path) -> None:
    receipts = upload_all(tmp_path, TEACHERS)
    check_all(tmp_path, receipts)
    log = (tmp_path / "serve.log").read_text(encoding="utf-8")
    assert "Traceback" not in log, log[-3000:]


@pytest.mark.slow
def test_two_people_of_one_institution_at_once_leave_one_upload_that_counts(tmp_path: Path) -> None:
    place = place_in(tmp_path, application=False)
    people = [(place.link("School 7"), f"s{i}") for i in range(8)]
    place.store.close()
    with serving(tmp_path) as (address, _):

        def whole_way(who: tuple[str, str]) -> str:
            link, tag = who
            with guest_at(address) as guest:
                guest.enter(link)
                seen = guest.upload(marks(tag, 12), f"{tag}.csv")
                assert "/receipt/" in seen.path, (seen.status, seen.path, seen.text)
                return tag

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(whole_way, people)) == [f"s{i}" for i in range(8)]
    place = place_in(tmp_path, application=False)
    found = history(place.store)
    assert Counter(one.state for one in found) == {"confirmed": 1, "superseded": 7}
    last = next(one for one in found if one.state == "confirmed")
    assert stored_rows(place) == {"School 7": expected_rows(place, "School 7", last.file_name.removesuffix(".csv"), 12)}
    place.store.close()


def test_who_guesses_links_behind_the_proxy_shuts_nobody_else_out(tmp_path: Path) -> None:
    place = place_in(tmp_path, application=False)
    link = place.link("School 7")
    place.store.close()
    with serving(tmp_path) as (address, _), guest_at(address) as guest:
        guesser = {"x-forwarded-for": "203.0.113.9"}
        seen = guest.get("/i/wrong")
        said = [guest.send(seen, seen.forms[0], headers=guesser).status for _ in range(30)]
        assert said[0] == 403
        assert said[-1] == 429
        assert guest.send(guest.get(link), guest.get(link).forms[0], headers=guesser).status == 429
        elsewhere = {"x-forwarded-for": "203.0.113.10"}
        assert guest.send(guest.get(link), guest.get(link).forms[0], headers=elsewhere).path == "/"
