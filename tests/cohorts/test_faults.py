"""Faults that only an upload can have; and whose faults a teacher is told."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from expeval.cohorts.mending import mend
from expeval.fault_codes import UPLOAD_CODES, sentence

SPEC = importlib.util.spec_from_file_location("examples_of_uploads", Path(__file__).parent / "examples.py")
examples = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(examples)


@pytest.mark.parametrize("code", sorted(UPLOAD_CODES))
def test_a_fault_is_told_with_its_cell(house, code: str) -> None:
    example = examples.EXAMPLES[code]
    data = house.study.data.model_copy(update=example.data)
    house.study = house.study.model_copy(update={"data": data})
    seen = house.review(house.draft(example.csv.encode(), cohort="2026"))
    (fault,) = seen.faults
    assert fault.code == code
    assert {name: getattr(fault, name) for name in example.fields} == example.fields
    assert sentence(fault).startswith("marks.csv")
    assert seen.preview is None


def test_faults_of_the_methodologist_s_files_are_not_a_teacher_s(build) -> None:
    from_conftest = (Path(__file__).parent / "conftest.py").read_text(encoding="utf-8")
    text = from_conftest.split('STUDY = """\\\n')[1].split('"""')[0]
    text = text.replace('student = "code"', 'student = "code"\ninstitutions = "marks.csv"')
    text = text.replace('student = ["gender"]', 'student = ["gender"]\ninstitution = ["type"]')
    house = build(text)
    # The file of institutions has the name of the file that the teacher sends.
    (house.folder / "marks.csv").write_text("school,type\nSchool 8,lyceum\nSchool 9,\n", encoding="utf-8")
    seen = house.review(house.draft())
    assert seen.faults == ()
    assert [fault.code for fault in seen.elsewhere] == ["institution-unknown"]
    assert seen.preview is None
    (house.folder / "marks.csv").write_text("school,type\nSchool 7,lyceum\nSchool 9,gymnasium\n", encoding="utf-8")
    seen = house.review(seen.number)
    assert seen.elsewhere == ()
    assert not any("School 9" in notice.message for notice in seen.notices)
    assert seen.preview.students == 4


def test_a_group_that_is_not_that_of_the_institution_is_told_at_its_cell(build) -> None:
    from_conftest = (Path(__file__).parent / "conftest.py").read_text(encoding="utf-8")
    text = from_conftest.split('STUDY = """\\\n')[1].split('"""')[0]
    text = text.replace('student = "code"', 'student = "code"\ninstitutions = "schools.csv"')
    house = build(text.replace('assigned = "class"', 'assigned = "institution"'))
    (house.folder / "schools.csv").write_text("school,group\nSchool 7,new\n", encoding="utf-8")
    number = house.draft(b"code,class,group,mark,before,test,gender\na,7A,old,5,4,51,m\n")
    (fault,) = house.review(number).faults
    assert (fault.code, fault.file, fault.row, fault.column) == ("column-differs", "marks.csv", 2, "group")
    assert fault.details["elsewhere"] == [("schools.csv", 2)]
    assert house.review(number).elsewhere == ()
    mend(house.store, house.pseudonyms, house.study, house.sender, number, 2, "group", "new")
    assert house.confirm(number).by_arm == {"experimental": 1, "control": 0}


@pytest.mark.parametrize("what", ["review", "answer", "confirm", "receipt", "withdraw", "discard", "mend", "settle"])
def test_another_institution_s_number_is_as_good_as_none(house, what: str) -> None:
    from expeval.cohorts import confirmation, mending, upload, withdrawal
    from expeval.cohorts.sender import NoSuchUpload

    number = house.draft()
    stranger = house.other("School 8", invitation=None)
    stranger.draft()
    calls = {
        "review": lambda n: stranger.review(n),
        "answer": lambda n: stranger.answer(n, {"mark": {"x": 5}}),
        "confirm": lambda n: stranger.confirm(n),
        "receipt": lambda n: confirmation.receipt(stranger.store, stranger.sender, n),
        "withdraw": lambda n: withdrawal.withdraw(stranger.store, stranger.sender, n),
        "discard": lambda n: upload.discard(stranger.store, stranger.sender, n),
        "mend": lambda n: mending.mend(
            stranger.store, stranger.pseudonyms, stranger.study, stranger.sender, n, 2, "mark", "5"
        ),
        "settle": lambda n: mending.settle(stranger.store, stranger.sender, n, last_row=3),
    }
    said = []
    for asked in (number, 999):
        with pytest.raises(NoSuchUpload) as refused:
            calls[what](asked)
        said.append(str(refused.value).replace(str(asked), "N"))
    assert said[0] == said[1]
    assert house.review(number).preview.students == 4
