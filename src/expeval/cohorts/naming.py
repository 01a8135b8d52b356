"""What a cohort is called: typed by hand each time, and the same cohort for all."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from sqlalchemy import select

from expeval.scores.spelling import look_alike, tidy
from expeval.store.open import Store
from expeval.store.schema import CONFIRMED, Upload
from expeval.study.spec import Study

LONGEST_COHORT = 60


def expected_cohorts(study: Study) -> tuple[str, ...]:
    """The cohorts that the study's plan names, in its order."""
    looks: Iterable[Iterable[object]] = study.plan.looks if study.plan is not None else ()
    return tuple(dict.fromkeys(str(cohort) for look in looks for cohort in look))


def cohort_named(store: Store, study: Study, typed: str) -> str:
    """A cohort's label as the plan or an upload that counts spells it; as it was typed where none is like it.

    Two spellings of one cohort would be two cohorts, and every student in both would count twice.
    """
    label = tidy("".join(letter if letter.isprintable() else " " for letter in typed))[:LONGEST_COHORT].strip()
    with store.reading() as session:
        accepted = session.scalars(select(Upload.cohort).where(Upload.state == CONFIRMED).order_by(Upload.number)).all()
    known = dict.fromkeys((*expected_cohorts(study), *accepted))
    if label in known:
        return label
    return next((one for one in known if _shape(one) == _shape(label)), label)


def _shape(label: str) -> str:
    """What is left once full-width digits, all spaces and kinds of dashes don't count either."""
    plain = look_alike(unicodedata.normalize("NFKC", label))
    return "".join("-" if unicodedata.category(letter) == "Pd" else letter for letter in plain if letter != " ")
