"""Pages of a study, and a teacher whose link was followed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from grade_books import STUDY
from visits import Guest, Place, client_of, place_in


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = place_in(tmp_path, STUDY)
    yield made
    made.store.close()


@pytest.fixture
def client(place: Place) -> Iterator[httpx.Client]:
    with client_of(place) as client:
        yield client


@pytest.fixture
def teacher(place: Place, client: httpx.Client) -> Guest:
    guest = Guest(client)
    guest.enter(place.link("School 7"))
    return guest
