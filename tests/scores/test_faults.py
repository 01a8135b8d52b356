"""Every fault of data is told once, alone, with its place; several at once are all told."""

from __future__ import annotations

import sys
from pathlib import Path

import examples
import pytest

from expeval.fault_codes import DATA_CODES, sentence
from expeval.faults import Fault, Faults
from expeval.scores import tables
from expeval.scores.opening import FoundFile
from expeval.scores.reading import read_scores
from expeval.study.reading import read_study


def faults_of(folder: Path) -> list[Fault]:
    with pytest.raises(Faults) as raised:
        read_scores(read_study(folder / "study.toml"))
    return list(raised.value)


def test_every_code_has_an_example() -> None:
    assert set(examples.EXAMPLES) == DATA_CODES


@pytest.mark.parametrize("code", sorted(examples.EXAMPLES))
def test_a_fault_is_told_with_its_place(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = examples.EXAMPLES[code](tmp_path)
    if example.lacking is not None:
        monkeypatch.setitem(sys.modules, example.lacking, None)
    if example.meanwhile is not None:
        unchanged = tables.check_unchanged

        def check(file: FoundFile, sha256: str) -> list[Fault]:
            example.meanwhile()
            return unchanged(file, sha256)

        monkeypatch.setattr(tables, "check_unchanged", check)
    found = faults_of(tmp_path)
    assert [fault.code for fault in found] == list(example.codes)
    fault = next(fault for fault in found if fault.code == code)
    assert {name: getattr(fault, name) for name in example.fields} == example.fields
    assert {name: fault.details.get(name) for name in example.details} == example.details
    assert str(tmp_path) not in sentence(fault)
    assert fault.file is not None


@pytest.mark.parametrize("code", sorted(examples.EXAMPLES))
def test_no_fault_shows_a_student(code: str, tmp_path: Path) -> None:
    example = examples.EXAMPLES[code](tmp_path)
    if example.meanwhile is None and example.lacking is None:
        for fault in faults_of(tmp_path):
            said = sentence(fault) + repr(fault)
            assert not any(f"'s{i}'" in said or f'"s{i}"' in said or f"s{i}," in said for i in range(1, 10))


def test_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    examples.write_study(
        tmp_path,
        data='institution = "school"\ninstitutions = "schools.csv"',
        outcome="range = [0, 60]",
        more='[covariates]\ninstitution = ["kind"]',
        files='["a.csv", "b.csv", "none.csv", "empty.csv"]',
    )
    head = "student,school,arm,score\n"
    examples.write_csv(tmp_path, head + "s1,A,new,61\ns2,B,old,x\ns3,C,new,5\n", "a.csv")
    examples.write_csv(tmp_path, head.replace("arm", "arms") + "s1,A,new,inf\n", "b.csv")
    examples.write_csv(tmp_path, "", "empty.csv")
    examples.write_csv(tmp_path, "school,kind\nA,town\nA,town\nB,town\n", "schools.csv")
    found = {(fault.code, fault.file, fault.row) for fault in faults_of(tmp_path)}
    assert found >= {
        ("outside-range", "a.csv", 2),
        ("not-a-number", "a.csv", 3),
        ("column-missing", "b.csv", 1),
        ("not-finite", "b.csv", 2),
        ("file-missing", "none.csv", None),
        ("file-empty", "empty.csv", None),
        ("institution-twice", "schools.csv", 2),
        ("institution-unknown", "schools.csv", None),
    }


def test_a_student_in_two_files_is_told_with_both(tmp_path: Path) -> None:
    examples.write_study(tmp_path, files='["a.csv", "b.csv"]')
    examples.write_csv(tmp_path, examples.HEAD + examples.ROWS, "a.csv")
    examples.write_csv(tmp_path, examples.HEAD + "s9,new,4\ns2,old,48\n", "b.csv")
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.file, fault.row, fault.rows) == ("student-twice-same", "a.csv", 3, ())
    assert fault.details["elsewhere"] == [("b.csv", 3)]


def test_a_column_with_two_roles_is_told_once(tmp_path: Path) -> None:
    more = '[[outcomes]]\nname = "Again"\ncolumn = "score"\nkind = "score"\nbaseline = "before"\n'
    examples.write_study(tmp_path, outcome='baseline = "before"', more=more)
    examples.write_csv(tmp_path, "student,arm,score,before\na,new,x,y\nb,old,1,2\nc,new,1,2\n")
    assert sorted((fault.column, fault.row) for fault in faults_of(tmp_path)) == [("before", 2), ("score", 2)]


def test_an_institution_covariate_twice_in_the_header(tmp_path: Path) -> None:
    examples.write_study(tmp_path, data='institution = "school"', more='[covariates]\ninstitution = ["kind"]')
    examples.write_csv(tmp_path, "student,school,arm,score,kind,kind\na,A,new,1,x,x\nb,B,old,2,y,y\n")
    assert [(fault.code, fault.column) for fault in faults_of(tmp_path)] == [("column-twice", "kind")]


def test_covariates_of_classes_without_institutions(tmp_path: Path) -> None:
    examples.write_study(tmp_path, data='class = "room"', more='[covariates]\ninstitution = ["kind"]')
    examples.write_csv(tmp_path, "student,room,arm,score,kind\na,A,new,1,x\nb,B,old,2,y\nc,B,old,2,x\n")
    assert [(fault.code, fault.rows) for fault in faults_of(tmp_path)] == [("covariate-varies", (4,))]


def test_many_faulty_cells_are_counted_not_listed(tmp_path: Path) -> None:
    examples.write_study(tmp_path)
    rows = "".join(f"x{i},{'new' if i % 2 else 'old'},{'bad' if i % 3 else i}\n" for i in range(3000))
    examples.write_csv(tmp_path, examples.HEAD + rows)
    found = faults_of(tmp_path)
    assert len(found) == 1001
    assert found[-1].details["further"] == 1000
    assert {fault.code for fault in found} == {"not-a-number"}


@pytest.mark.skipif(examples.is_root(), reason="root may read everything")
def test_no_permission_is_told(tmp_path: Path) -> None:
    examples.write_study(tmp_path)
    examples.write_csv(tmp_path).chmod(0)
    (fault,) = faults_of(tmp_path)
    assert (fault.code, fault.found) == ("file-unreadable", "no permission")
