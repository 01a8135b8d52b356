"""New, changed, gone: for any two uploads each student is exactly one of them, or as before."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from expeval.cohorts.preview import StudentRow, compare, content_hash, preview_of

MARKS = st.sampled_from([None, 2.0, 3.0, 4.0, 5.0, "top"])
CONTENTS = st.tuples(st.sampled_from(["experimental", "control"]), st.sampled_from(["7A", "7B", None]), MARKS)
UPLOADS = st.dictionaries(st.sampled_from("abcdefgh"), CONTENTS)


def rows_of(upload: dict[str, tuple[str, str | None, object]], order: list[str] | None = None) -> list[StudentRow]:
    return [
        StudentRow(place, student, arm, label, {} if mark is None else {"mark": mark})
        for place, student in enumerate(order or list(upload), 2)
        for arm, label, mark in [upload[student]]
    ]


@given(before=UPLOADS, after=UPLOADS)
def test_every_student_is_new_changed_gone_or_as_before(before, after) -> None:
    found = compare(rows_of(before), rows_of(after))
    at = dict(enumerate(after, 2))
    was = dict(enumerate(before, 2))
    assert {at[row] for row in found.new} == set(after) - set(before)
    assert {was[one.row_before] for one in found.gone} == set(before) - set(after)
    changed = {student for student in set(before) & set(after) if before[student] != after[student]}
    assert {at[one.row] for one in found.changed} == changed
    for one in found.changed:
        old, new = before[was[one.row_before]], after[at[one.row]]
        names = {name for name, a, b in zip(("arm", "class", "mark"), old, new, strict=True) if a != b}
        assert set(one.columns) == names
    assert len(found.new) + len(before) - len(found.gone) == len(after)


@given(before=UPLOADS, after=UPLOADS)
def test_backwards_new_is_gone_and_gone_is_new(before, after) -> None:
    there, back = compare(rows_of(before), rows_of(after)), compare(rows_of(after), rows_of(before))
    assert set(there.new) == {one.row_before for one in back.gone}
    assert {one.row_before for one in there.gone} == set(back.new)
    assert {(one.row, one.row_before) for one in there.changed} == {(one.row_before, one.row) for one in back.changed}


@given(upload=UPLOADS, data=st.data())
def test_the_order_of_the_rows_does_not_matter(upload, data) -> None:
    order = data.draw(st.permutations(list(upload)))
    shuffled = rows_of(upload, order) if upload else []
    assert compare(rows_of(upload), shuffled).nothing
    assert content_hash(rows_of(upload)) == content_hash(shuffled)


@given(one=UPLOADS, other=UPLOADS)
def test_two_contents_share_a_hash_only_if_nothing_differs(one, other) -> None:
    same = content_hash(rows_of(one)) == content_hash(rows_of(other))
    assert same == compare(rows_of(one), rows_of(other)).nothing == (one == other)
    assert preview_of(rows_of(other), rows_of(one), 1, {}).same == same


@given(before=st.lists(CONTENTS), after=st.lists(CONTENTS))
def test_without_identifiers_rows_are_counted(before, after) -> None:
    def rows(contents):
        return [
            StudentRow(i, None, arm, label, {} if mark is None else {"mark": mark})
            for i, (arm, label, mark) in enumerate(contents, 2)
        ]

    found = compare(rows(before), rows(after))
    old, new = Counter(before), Counter(after)
    assert Counter(after[row - 2] for row in found.new) == new - old
    assert Counter(before[one.row_before - 2] for one in found.gone) == old - new
    assert found.changed == ()


@given(upload=UPLOADS)
def test_the_counts_add_up_to_the_students(upload) -> None:
    seen = preview_of(rows_of(upload), [], 0, {})
    assert sum(count.students for count in seen.counts) == seen.students == len(upload)
    assert {(count.class_label, count.arm): count.students for count in seen.counts} == Counter(
        (label, arm) for arm, label, _ in upload.values()
    )
