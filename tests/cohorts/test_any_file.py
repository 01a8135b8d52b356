"""Whatever is sent and typed: a list of faults or a review, never another exception, and nothing half kept."""

from __future__ import annotations

import contextlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expeval.cohorts.choices import Choices
from expeval.cohorts.looking import look
from expeval.cohorts.mending import mend, open_drafts, settle
from expeval.faults import Faults
from expeval.scores.reading import examine_scores

HEAD = "code,class,group,mark,before,test,gender"
CELLS = st.one_of(
    st.sampled_from(
        ["new", "old", "5", "4,5", "4.5", "1.234", "top", "n/a", "", "=1+1", "7A", "04.05", "#N/A", "-", "inf"]
    ),
    st.text(max_size=6),
)
ROWS = st.lists(st.lists(CELLS, min_size=5, max_size=8), min_size=1, max_size=6)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(data=st.binary(max_size=300))
def test_any_bytes(house, data: bytes) -> None:
    for content in (data, HEAD.encode() + b"\n" + data):
        with contextlib.suppress(Faults):
            house.review(house.draft(content))


@FEW
@given(rows=ROWS, typed=CELLS, column=st.sampled_from(HEAD.split(",")))
def test_any_cells_and_any_mending(house, rows: list[list[str]], typed: str, column: str) -> None:
    lines = [";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    data = "\n".join([HEAD.replace(",", ";"), *lines]).encode("utf-8", "surrogatepass")
    try:
        number = house.draft(data)
    except Faults:
        return
    seen = house.review(number)
    mend(house.store, house.pseudonyms, house.study, house.sender, number, int(seen.sheet.rows[0]), column, typed)
    settle(house.store, house.sender, number, decimal=",")
    words: dict[str, dict[str, str | int | float]] = {}
    seen = house.review(number)
    for word in seen.words:
        default = "neither" if word.column == "group" else "missing"
        words.setdefault(word.column, {})[word.text] = word.suggestion if word.suggestion is not None else default
    house.answer(number, words)
    seen = house.review(number)
    assert seen.words == ()
    assert (seen.preview is not None) == (not seen.faults and not seen.elsewhere)
    if seen.preview is not None:
        before = seen.preview
        receipt = house.confirm(number, before.against)
        assert receipt.students == before.students
        # What was accepted is accepted again by every later run; one institution may hold one arm.
        again = examine_scores(house.study)
        assert {fault.code for fault in again.faults} <= {"arm-empty"}
        assert again.joined.arm.size == sum(row.arm in ("experimental", "control") for row in seen.rows)


@FEW
@given(
    name=st.text(max_size=30),
    columns=st.dictionaries(st.sampled_from(HEAD.split(",")), st.none() | st.text(max_size=5)),
)
def test_any_name_and_any_choice(house, name: str, columns: dict[str, str | None]) -> None:
    data = (HEAD + "\na,7A,new,5,4,1,m\n").encode()
    try:
        looked = look(house.study, data, name, Choices(columns=columns))
        assert "/" not in looked.file_name
        number = house.draft(data, name, Choices(columns=columns))
    except Faults:
        return
    house.review(number)
    assert open_drafts(house.store, house.sender) == [number]
