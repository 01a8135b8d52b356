"""Who delivered what, as the coordinator's table has it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from expeval.cohorts.history import Delivery, deliveries
from expeval.cohorts.invitations import Link, holds, links
from expeval.cohorts.naming import expected_cohorts
from expeval.store.open import Store
from expeval.study.spec import Study

Asked = Literal["opened", "not-opened", "not-invited"]


@dataclass(frozen=True, slots=True)
class Row:
    """An institution: whether it was asked, and its deliveries in the order of the table's cohorts."""

    institution: str
    asked: Asked
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class DeliveryTable:
    """All institutions that are expected or came by themselves.

    Attributes
    ----------
    cohorts
        The columns; one that is ``""`` where the study has one cohort.
    rows
        By institution.
    counts
        State of a delivery -> how many of the table's cells have it.
    unopened
        Links of teachers that hold and that nobody opened.
    """

    cohorts: tuple[str, ...]
    rows: tuple[Row, ...]
    counts: Counter[str]
    unopened: tuple[Link, ...]


def deliveries_of(store: Store, study: Study) -> DeliveryTable:
    """The table as it stands now."""
    found = deliveries(store, expected_cohorts(study))
    given = [link for link in links(store) if link.institution is not None]
    by_place = {(one.institution, one.cohort): one for one in found}
    cohorts = tuple(dict.fromkeys(one.cohort for one in found)) or expected_cohorts(study) or ("",)
    names = sorted({*(one.institution for one in found), *expected_institutions(study)})
    opened = {one.institution for one in found if one.opened}
    asked = {link.institution for link in given if holds(link)}
    rows = [
        Row(
            name,
            "opened" if name in opened else "not-opened" if name in asked else "not-invited",
            tuple(by_place.get((name, cohort)) or _missing(name, cohort) for cohort in cohorts),
        )
        for name in names
    ]
    counts = Counter(delivery.state for row in rows for delivery in row.deliveries)
    unopened = tuple(link for link in given if link.opened is None and holds(link))
    return DeliveryTable(cohorts, tuple(rows), counts, unopened)


def expected_institutions(study: Study) -> tuple[str, ...]:
    """The institutions of the study's own file, where it has one that can be read."""
    if not study.data.institutions:
        return ()
    from expeval.scores.institutions import read_institutions
    from expeval.scores.roles import missing_values

    table = read_institutions(study, missing_values(study), [])
    return () if table is None else tuple(table.records)


def _missing(institution: str, cohort: str) -> Delivery:
    return Delivery(institution, cohort, "missing", None, None, None, opened=False)
