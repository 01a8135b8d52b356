"""The store: made once whoever comes first, migrated after a backup, never half, refused in one sentence."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from expeval.store import open as opening
from expeval.store.failures import Busy, CannotStore
from expeval.store.open import MIGRATIONS, Store, open_store
from expeval.store.records import institution_of, note
from expeval.store.schema import VERSION, Base, Event

HERE = Path(__file__).parent
SECOND = """
from alembic import op
import sqlalchemy as sa
revision, down_revision, branch_labels, depends_on = "2", "1", None, None
def upgrade():
    op.add_column("institution", sa.Column("town", sa.String, nullable=True))
    {between}
    op.execute("UPDATE meta SET value = '2' WHERE name = 'version'")
"""


def dump(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def version_of(path: Path) -> str:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()[0])


def fill(store: Store) -> None:
    with store.writing() as session:
        institution = institution_of(session, "A study", "School 7")
        note(session, "invited", "command", institution.id)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "cohorts.db"


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """Migrations with a second version."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "version_2.py").write_text(SECOND.format(between="pass"))
    return folder


def test_a_new_store_is_its_owner_s_alone_and_waits_for_nobody_who_reads(place: Path) -> None:
    store = open_store(place, create=True)
    fill(store)
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.parent.iterdir()} == {0o600}
    with store.engine.connect() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "secure_delete")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "secure_delete": 1}
    with store.writing() as session:
        session.add(Event(time=opening.datetime.now(opening.UTC), kind="x", actor="y", details={}))
        session.flush()
        with store.reading() as other:
            assert other.query(Event).count() == 1
    store.close()


def test_the_migrations_make_the_tables_that_the_program_knows(place: Path) -> None:
    store = open_store(place, create=True)
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    store.close()
    assert version_of(place) == str(VERSION)


def test_what_is_on_the_record_is_neither_deleted_nor_changed(place: Path) -> None:
    store = open_store(place, create=True)
    fill(store)
    for statement in ("DELETE FROM event", "UPDATE event SET kind = 'other'"):
        with pytest.raises(DBAPIError, match="only added to"), store.writing() as session:
            session.execute(text(statement))
    store.close()


def test_a_version_1_store_of_old_is_migrated_to_what_this_version_makes(place: Path, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(place)) as connection:
        connection.executescript((HERE / "version_1.sql").read_text(encoding="utf-8"))
    store = open_store(place)
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    with store.reading() as session:
        assert session.query(Event).count() == 1
    store.close()
    assert version_of(place) == str(VERSION)


def test_a_migration_is_made_after_a_backup(place: Path, later: Path) -> None:
    store = open_store(place, create=True)
    fill(store)
    store.close()
    before = dump(place)
    open_store(place, migrations=later).close()
    (backup,) = place.parent.glob("cohorts.db.version-1.*.backup")
    assert dump(backup) == before
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert version_of(place) == "2"
    assert any('"School 7"' in line or "'School 7'" in line for line in dump(place))
    open_store(place, migrations=later).close()
    assert len(list(place.parent.glob("*.backup"))) == 1


def test_a_migration_that_is_killed_leaves_the_old_store(place: Path, later: Path) -> None:
    store = open_store(place, create=True)
    fill(store)
    store.close()
    before = dump(place)
    script = later / "versions" / "version_2.py"
    script.write_text(SECOND.format(between="import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))
    code = f"from pathlib import Path; from expeval.store.open import open_store; folder = Path({str(later)!r})"
    code += f"; open_store({str(place)!r}, migrations=folder)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert dump(place) == before
    script.write_text(SECOND.format(between="pass"))
    open_store(place, migrations=later).close()
    assert version_of(place) == "2"


def test_a_migration_that_fails_leaves_the_old_store(place: Path, later: Path) -> None:
    store = open_store(place, create=True)
    fill(store)
    store.close()
    before = dump(place)
    (later / "versions" / "version_2.py").write_text(SECOND.format(between="raise RuntimeError('no')"))
    with pytest.raises(RuntimeError, match="no"):
        open_store(place, migrations=later)
    assert dump(place) == before


def test_a_newer_store_is_refused_by_its_version_and_stays(place: Path, later: Path) -> None:
    open_store(place, create=True, migrations=later).close()
    before = dump(place)
    with pytest.raises(CannotStore, match=r"cohorts\.db is of version 2.*up to version 1"):
        open_store(place)
    assert dump(place) == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        (b"", "the file is empty"),
        (b"student,arm,score\n" * 100, "it is no store of expeval"),
    ],
)
def test_what_is_no_store_is_refused_in_one_sentence(place: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(CannotStore, match=said):
        open_store(place)
    assert (place.read_bytes() if place.exists() else None) == content


def test_another_program_s_database_is_refused_and_stays(place: Path) -> None:
    with contextlib.closing(sqlite3.connect(place)) as connection:
        connection.execute("CREATE TABLE mine (x)")
        connection.commit()
    with pytest.raises(CannotStore, match="no store of expeval"):
        open_store(place, create=True)
    assert dump(place) == ["BEGIN TRANSACTION;", "CREATE TABLE mine (x);", "COMMIT;"]


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStore, match="folder"):
        open_store(tmp_path, create=True)


def test_an_address_shows_no_password() -> None:
    with pytest.raises(CannotStore) as refused:
        open_store("postgresql+nobody://me:secret@host/db")
    assert "secret" not in str(refused.value)


def test_many_who_come_first_make_one_store(place: Path) -> None:
    code = textwrap.dedent(f"""
        from expeval.store.open import open_store
        from expeval.store.pseudonyms import open_pseudonyms
        from expeval.store.records import institution_of
        store = open_store({str(place)!r}, create=True)
        print(open_pseudonyms(store).name)
        with store.writing() as session:
            institution_of(session, "A study", "School 7")
    """)
    running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(6)]
    said = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0] * 6
    assert len(set(said)) == 1
    store = open_store(place)
    with store.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM institution")).scalar() == 1
        assert connection.execute(text("SELECT count(*) FROM study")).scalar() == 1
    store.close()


def test_who_waits_too_long_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "PATIENCE", 0.1)
    store = open_store(place, create=True)
    other = open_store(place)
    for waiting in (store, other):  # another thread, another process
        with store.writing(), pytest.raises(Busy, match="others are writing"), waiting.writing():
            pass
    fill(store)
    fill(other)
    other.close()
    store.close()


def test_a_store_that_can_only_be_read_says_so_before_anybody_needs_it(place: Path) -> None:
    store = open_store(place, create=True)
    with contextlib.closing(store):
        before = dump(place)
        store.check_writing()
        event.listen(store.engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only = ON"))
        store.engine.dispose()
        with pytest.raises(CannotStore, match="no permission to write"):
            store.check_writing()
    assert dump(place) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of a process are POSIX")
def test_a_full_disk_is_told_and_breaks_nothing(place: Path) -> None:
    store = open_store(place, create=True)
    fill(store)
    store.close()
    before = dump(place)
    code = textwrap.dedent(f"""
        import resource
        from expeval.store.failures import CannotStore
        from expeval.store.open import open_store
        from expeval.store.records import note
        store = open_store({str(place)!r})
        size = {place.stat().st_size} + 20_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        try:
            with store.writing() as session:
                for _ in range(100):
                    note(session, "x" * 10_000, "y")
        except CannotStore as told:
            print(told)
        with store.reading() as session:  # it still reads
            from expeval.store.schema import Event
            print(session.query(Event).count())
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    said = done.stdout.splitlines()
    assert "nothing was changed" in said[0], done
    assert said[1] == "1"
    assert dump(place) == before
