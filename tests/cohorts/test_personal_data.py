"""Who a student is never reaches the store; what was erased is gone from its bytes and does not come back."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest

from expeval.cohorts import invitations
from expeval.cohorts.choices import Choices
from expeval.cohorts.history import deliveries, events, history
from expeval.cohorts.invitations import invite, revoke
from expeval.cohorts.mending import mend
from expeval.cohorts.sender import NotReady
from expeval.cohorts.upload import discard_unreachable
from expeval.cohorts.withdrawal import Erased, erase_student
from expeval.store.records import now
from expeval.store.snapshot import take_snapshot

NAMES = ["Ivanov-Qwerty", "Петрова-Йцукен", "777123456", "Zürcher"]
FULL = ["Иван Секретный", "Анна Тайная", "Хильда Скрытая", "Олег Неведомый"]
HEAD = ["code", "full name", "telephone", "class", "group", "mark", "before", "test", "gender"]


def csv_of(marks: list[object] | None = None) -> bytes:
    rows = [
        f"{name};{full};+7 999 {i}{i}{i}-12-34;7{'AB'[i % 2]};{'new' if i % 2 else 'old'};{mark};4;1{i};m"
        for i, (name, full, mark) in enumerate(zip(NAMES, FULL, marks or [5, 4, 3, 2], strict=True))
    ]
    return ("\n".join([";".join(HEAD), *rows]) + "\n").encode()


def book_of(marks: list[object]) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(HEAD)
    for line in csv_of(marks).decode().splitlines()[1:]:
        cells = line.split(";")
        book.active.append([int(cell) if cell.isdecimal() else cell for cell in cells])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def spellings(text: str) -> list[bytes]:
    return [text.encode(coding) for coding in ("utf-8", "utf-16-le", "cp1251") if _fits(text, coding)] + [
        text.encode("unicode_escape"),
        text.casefold().encode(),
    ]


def _fits(text: str, coding: str) -> bool:
    try:
        text.encode(coding)
    except UnicodeEncodeError:
        return False
    return True


def assert_nobody(stored: bytes, words: list[str]) -> None:
    for word in words:
        assert not any(spelling in stored for spelling in spellings(word)), word


SECRET = [*NAMES, *FULL, "+7 999", "full name", "telephone"]


def test_no_identifier_and_no_unused_column_is_anywhere_in_the_store(house) -> None:
    house.draft(csv_of([5, 4, 3, 55]))
    assert_nobody(house.stored(), SECRET)
    number = house.draft(csv_of([5, "x", 3, 55]))
    house.answer(number, {"mark": {"x": "missing"}})
    mend(house.store, house.pseudonyms, house.study, house.sender, number, 5, "mark", "5")
    mend(house.store, house.pseudonyms, house.study, house.sender, number, 5, "code", "Secret-Fixed")
    seen = house.review(number)
    assert_nobody(repr((seen.sheet, seen.rows, seen.preview, seen.faults, seen.choices)).encode(), SECRET[:-2])
    house.confirm(number)
    house.send(book_of([5, 4, 3, 2]), "book.xlsx")
    assert_nobody(house.stored(), [*SECRET, "Secret-Fixed"])
    house.store.close()
    assert_nobody(house.stored(), [*SECRET, "Secret-Fixed"])
    assert b"School 7" in house.stored()


@pytest.mark.parametrize("identifier", ["2026-05-04", "04.05.2011", "#N/A"])
def test_an_identifier_that_can_t_be_one_is_told_and_not_kept(house, identifier: str) -> None:
    data = f"code,class,group,mark,before,test,gender\n{identifier},7A,new,5,4,1,m\nb,7B,old,4,4,1,m\n".encode()
    seen = house.review(house.draft(data))
    if identifier == "#N/A":
        assert [(fault.code, fault.found) for fault in seen.faults] == [("error-in-cell", None)]
    else:
        assert seen.faults == ()
        assert identifier.encode() not in house.stored()


def test_numbers_and_texts_of_one_identifier_are_one_student(house) -> None:
    house.send(csv_of())
    seen = house.review(house.draft(book_of([5, 4, 3, 2]), "book.xlsx")).preview
    assert seen.same


def test_an_erased_student_is_gone_from_the_bytes_and_does_not_come_back(house) -> None:
    house.send(csv_of())
    house.send(csv_of([5, 4, 4, 2]))
    house.draft(csv_of([5, 4, 5, 2]))
    student = house.pseudonyms.student("School 7", "", NAMES[2])
    assert student.encode() in house.stored()
    erased = erase_student(house.store, house.pseudonyms, house.study, house.sender, NAMES[2])
    assert (erased.rows, erased.uploads) == (3, 3)
    assert student.encode() not in house.stored()
    assert len(take_snapshot(house.store).rows) == 3
    (event,) = [one for one in events(house.store) if one.kind == "student-erased"]
    assert event.details == {"rows": 3, "uploads": 3}
    assert [(one.students, one.erased) for one in history(house.store) if one.confirmed] == [(4, 1), (4, 1)]
    assert [(one.students, one.erased) for one in deliveries(house.store)] == [(4, 1)]
    # The same file again: she is left out, which is counted, and nothing else changes.
    seen = house.review(house.draft(csv_of([5, 4, 4, 2]))).preview
    assert seen.left_out == {"erased": 1}
    assert seen.same
    number = house.draft(csv_of([2, 2, 2, 2]))
    with pytest.raises(ValueError, match="erased"):
        mend(house.store, house.pseudonyms, house.study, house.sender, number, 2, "code", NAMES[2])
    assert house.confirm(number).students == 3
    assert student.encode() not in house.stored()


def test_a_student_is_not_taken_again_in_a_cohort_that_comes_later(house) -> None:
    house.confirm(house.draft(csv_of(), cohort="2025"))
    erase_student(house.store, house.pseudonyms, house.study, house.sender, NAMES[2])
    number = house.draft(csv_of(), cohort="2026")
    assert house.review(number).preview.left_out == {"erased": 1}
    with pytest.raises(ValueError, match="erased"):
        mend(house.store, house.pseudonyms, house.study, house.sender, number, 2, "code", NAMES[2])
    assert house.confirm(number).students == 3
    # Another institution's student of the same identifier is another student.
    other = house.other("School 8")
    assert other.confirm(other.draft(csv_of(), cohort="2026")).students == 4


def test_a_student_who_is_erased_from_one_cohort_is_taken_in_others(house) -> None:
    for cohort in ("2025", "2026"):
        house.confirm(house.draft(csv_of(), cohort=cohort))
    erased = erase_student(house.store, house.pseudonyms, house.study, house.sender, NAMES[2], "2025")
    assert erased.rows == 1
    assert house.confirm(house.draft(csv_of([2, 2, 2, 2]), cohort="2026")).students == 4
    assert house.confirm(house.draft(csv_of([2, 2, 2, 2]), cohort="2025")).students == 3


def test_a_wrong_column_leaves_no_words_behind(house) -> None:
    number = house.draft(csv_of(), choices=Choices(columns={"group": "full name"}))
    house.answer(number, {"group": {FULL[0]: "experimental"}})
    assert FULL[0].encode("unicode_escape") in house.stored()
    house.draft(csv_of())
    house.store.tidy()
    assert_nobody(house.stored(), FULL)


def test_drafts_of_links_that_hold_no_more_are_dropped(house, monkeypatch: pytest.MonkeyPatch) -> None:
    revoked, expired, holding = (
        house.other("School 7", invite(house.store, house.study, "Anna", "School 7", days).number) for days in (9, 1, 2)
    )
    kept, others = house.draft(), [one.draft(csv_of()) for one in (revoked, expired, holding)]
    assert discard_unreachable(house.store) == 0
    revoke(house.store, int(revoked.sender.invitation))
    monkeypatch.setattr(invitations, "now", lambda: now() + timedelta(days=1, seconds=1))
    assert [discard_unreachable(house.store), discard_unreachable(house.store)] == [2, 0]
    for number in others[:2]:
        with pytest.raises(NotReady):
            house.review(number)
    assert house.review(kept).number == kept
    assert holding.review(others[2]).number == others[2]


def test_a_student_who_was_mended_into_a_row_is_erased_too(house) -> None:
    number = house.draft(csv_of())
    mend(house.store, house.pseudonyms, house.study, house.sender, number, 2, "code", "Mended")
    student = house.pseudonyms.student("School 7", "", "Mended")
    assert student.encode() in house.stored()
    assert erase_student(house.store, house.pseudonyms, house.study, house.sender, "Mended").rows == 1
    assert student.encode() not in house.stored()
    assert house.confirm(number).students == 3


def test_a_row_that_was_mended_to_be_another_student_s_stays(house) -> None:
    def erase(name: str) -> Erased:
        return erase_student(house.store, house.pseudonyms, house.study, house.sender, name)

    number = house.draft(csv_of())
    for name in (NAMES[2], "another"):
        mend(house.store, house.pseudonyms, house.study, house.sender, number, 2, "code", name)
    assert erase(NAMES[2]).rows == 1  # her own row alone
    assert house.review(number).preview.students == 3
    mend(house.store, house.pseudonyms, house.study, house.sender, number, 3, "code", "third")
    mend(house.store, house.pseudonyms, house.study, house.sender, number, 3, "code", NAMES[1])
    house.confirm(number)
    with pytest.raises(LookupError):
        erase("third")
    assert len(take_snapshot(house.store).rows) == 3
    assert erase(NAMES[1]).rows == 1
    assert house.pseudonyms.student("School 7", "", NAMES[2]).encode() not in house.stored()


def test_what_was_erased_before_a_draft_was_accepted_is_not_erased_since(house) -> None:
    number = house.draft(csv_of())
    erase_student(house.store, house.pseudonyms, house.study, house.sender, NAMES[2])
    assert house.review(number).preview.left_out == {"erased": 1}
    found = house.confirm(number)
    assert (found.students, found.left_out) == (3, {"erased": 1})
    assert [(one.students, one.erased) for one in history(house.store)] == [(3, 0)]
    assert [(one.students, one.erased) for one in deliveries(house.store)] == [(3, 0)]


def test_nobody_is_erased_who_is_not_there(house) -> None:
    house.send(csv_of())
    for sender, identifier in (
        (house.sender, "nobody"),
        (house.other("School 8").sender, NAMES[0]),
        (house.sender, ""),
    ):
        with pytest.raises(LookupError):
            erase_student(house.store, house.pseudonyms, house.study, sender, identifier)
    assert not [one for one in events(house.store) if one.kind == "student-erased"]


def test_a_message_shows_no_student(house) -> None:
    from expeval.fault_codes import sentence

    data = b"code,class,group,mark,before,test,gender\nsecret,7A,new,5,4,1,m\nsecret,7B,old,4,4,1,m\n,7B,old,4,4,1,m\n"
    seen = house.review(house.draft(data))
    assert {fault.code for fault in seen.faults} == {"student-both-arms", "rows-below"}
    student = house.pseudonyms.student("School 7", "", "secret")
    for fault in seen.faults:
        assert "secret" not in sentence(fault) + repr(fault)
        assert student not in sentence(fault)
    assert "code" not in dict(seen.lines(2, 4)[0][1])
