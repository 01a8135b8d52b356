"""A run sees the rows of one moment; who delivered first does not matter; without the libraries it says so."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from expeval.cohorts.history import events
from expeval.cohorts.withdrawal import withdraw
from expeval.scores.reading import read_scores
from expeval.store.snapshot import read_snapshot, take_snapshot

HEAD = "code,class,group,mark,before,test,gender\n"
STUDY_WITHOUT_INSTITUTION = """\
[study]
title = "Marks"
[data]
store = "cohorts.db"
student = "code"
class = "class"
[groups]
column = "group"
experimental = ["new"]
control = ["old"]
assigned = "class"
[[outcomes]]
name = "Mark"
column = "mark"
kind = "ordinal"
levels = [2, 3, 4, 5]
"""


def file(mark: int) -> bytes:
    return f"{HEAD}a,7A,new,{mark},4,1,m\nb,7B,old,4,3,1,m\n".encode()


def test_the_order_of_delivery_changes_no_byte(house) -> None:
    for name in ("School 3", "School 1", "School 2"):
        house.other(name).send(file(5))
    first = take_snapshot(house.store)
    for upload in first.uploads:
        owner = next(row.institution for row in first.rows if row.upload == upload)
        withdraw(house.store, house.other(owner).sender, upload)
    assert take_snapshot(house.store).sha256 != first.sha256
    for name in ("School 1", "School 2", "School 3"):
        house.other(name).send(file(5))
    second = take_snapshot(house.store)
    assert second.sha256 == first.sha256
    assert [(row.institution, row.row, row.cells) for row in second.rows] == [
        (row.institution, row.row, row.cells) for row in first.rows
    ]


def test_a_class_label_of_two_institutions_is_two_classes_where_no_column_says_so(build) -> None:
    house = build(STUDY_WITHOUT_INSTITUTION)
    house.send(file(5))
    assert set(read_scores(house.study).class_.labels) == {"7A", "7B"}
    house.other("School 8").send(file(4))
    labels = read_scores(house.study).class_.labels
    assert set(labels) == {"School 7 / 7A", "School 7 / 7B", "School 8 / 7A", "School 8 / 7B"}


def test_every_row_of_a_run_is_of_one_moment(house) -> None:
    house.send(file(2))
    with house.store.reading() as session:
        before = read_snapshot(session)
        house.send(file(5))
        house.other("School 8").send(file(3))
        again = read_snapshot(session)
    assert (again.rows, again.sha256, again.event) == (before.rows, before.sha256, before.event)
    assert len(take_snapshot(house.store).rows) == 4


def test_every_earlier_moment_can_be_read_again(house) -> None:
    seen = []
    for step in (lambda: house.send(file(2)), lambda: house.other("S").send(file(3)), lambda: house.send(file(5))):
        step()
        seen.append(take_snapshot(house.store))
    withdraw(house.store, house.sender, 3)
    for snapshot in seen:
        again = take_snapshot(house.store, snapshot.event)
        assert (again.rows, again.sha256, again.uploads) == (snapshot.rows, snapshot.sha256, snapshot.uploads)
    assert [one.kind for one in events(house.store)].count("confirmed") == 3


def test_the_source_of_a_run_is_the_store_with_the_rows_hash(house) -> None:
    house.send(file(2))
    (source,) = read_scores(house.study).sources
    assert (source.role, source.sha256) == ("store", take_snapshot(house.store).sha256)


def test_files_beside_the_store_are_read_too(house) -> None:
    house.send(file(2))
    (house.folder / "more.csv").write_text(
        "code,class,group,mark,before,test,gender,school\nx,1A,new,3,3,1,f,School 9\n", encoding="utf-8"
    )
    study = house.folder / "study.toml"
    study.write_text(
        study.read_text(encoding="utf-8").replace("[data]\n", '[data]\nfiles = ["more.csv"]\n'), encoding="utf-8"
    )
    from expeval.study.reading import read_study

    scores = read_scores(read_study(study))
    assert [source.role for source in scores.sources] == ["store", "scores"]
    assert scores.outcomes["Mark"].values.tolist() == [2, 4, 3]


def test_without_the_libraries_of_the_store_it_says_what_to_install(house) -> None:
    code = textwrap.dedent(f"""
        import sys
        sys.modules["sqlalchemy"] = None
        from expeval.faults import Faults
        from expeval.scores.reading import read_scores
        from expeval.study.reading import read_study
        try:
            read_scores(read_study({str(house.folder / "study.toml")!r}))
        except Faults as faults:
            print([(fault.code, fault.file, fault.allowed) for fault in faults])
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == str([("library-missing", "cohorts.db", 'pip install "expeval[serve]"')]), done.stderr
