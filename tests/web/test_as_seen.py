"""What is confirmed is what was shown; a cohort has one name; no page says what is not so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from grade_books import CLEAN, STUDY, WITH_COHORTS, House

from expeval.cohorts.history import history
from expeval.store.snapshot import take_snapshot


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def with_cohorts(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, WITH_COHORTS)
    yield made
    made.close()


def test_what_another_tab_changed_is_shown_before_it_is_confirmed(house: House) -> None:
    teacher = house.teacher()
    seen = teacher.choose(CLEAN)
    seen = teacher.send(seen, seen.forms[0])
    form = seen.form("/confirm")
    cell = {"row-0": "2", "column-0": "mark", "cell-0": "set:2"}
    teacher.post("/draft/1/cells", {"form_token": form.data()["form_token"], **cell})
    again = teacher.send(seen, form)
    assert again.path == "/draft/1/preview"
    assert "Something was changed" in again.text
    assert not take_snapshot(house.place.store).rows
    assert teacher.send(again, again.form("/confirm")).path == "/receipt/1"


def test_a_confirmation_that_says_of_nothing_is_no_confirmation(house: House) -> None:
    teacher = house.teacher()
    seen = teacher.choose(CLEAN)
    seen = teacher.send(seen, seen.forms[0])
    assert teacher.send(seen, seen.form("/confirm"), content="").path == "/draft/1/preview"
    assert not take_snapshot(house.place.store).rows


@pytest.mark.parametrize("typed", ["2025 / 26", "２０２５/26", " 2025/26\u200b", "2025/26\x07"])
def test_a_cohort_that_is_spelt_otherwise_is_the_same(with_cohorts: House, typed: str) -> None:
    teacher = with_cohorts.teacher()
    teacher.upload(CLEAN, cohort="2025/26")
    with_cohorts.teacher("School 8").upload(CLEAN, cohort=typed)
    assert {one.cohort for one in history(with_cohorts.place.store)} == {"2025/26"}


def test_a_new_cohort_names_those_that_there_are(with_cohorts: House) -> None:
    teacher = with_cohorts.teacher()
    teacher.upload(CLEAN, cohort="2025")
    with_cohorts.teacher("School 8").upload(CLEAN, cohort="autumn")
    seen = teacher.choose(CLEAN, cohort="year 2025")
    seen = teacher.send(seen, seen.forms[0])
    assert "Nothing of your institution counts for “year 2025” yet. Accepted already: 2025." in seen.text
    assert "autumn" not in teacher.get("/").response.text


def test_an_upload_that_counts_is_not_said_to_be_withdrawn(house: House) -> None:
    teacher = house.teacher()
    teacher.upload(CLEAN)
    assert "is withdrawn" not in teacher.get("/uploads?withdrawn=1").text
    assert "is withdrawn" not in teacher.get("/uploads?withdrawn=<b>1</b>").text
    seen = teacher.get("/uploads/1/withdraw")
    assert "Upload 1 is withdrawn" in teacher.send(seen, seen.forms[0]).text


def test_the_switch_of_languages_leads_to_no_other_site(house: House) -> None:
    seen = house.teacher().get(f"{house.client.base_url}//elsewhere.example/x")
    assert seen.status == 404
    assert 'href="/elsewhere.example/x?lang=ru"' in seen.response.text
    assert 'href="//' not in seen.response.text


def test_a_baseline_of_two_outcomes_is_of_both(tmp_path: Path) -> None:
    house = House(tmp_path, STUDY.replace('role = "secondary"', 'role = "secondary"\nbaseline = "before"'))
    assert "Mark, Test: before the experiment" in house.teacher().get("/").text
    house.close()
