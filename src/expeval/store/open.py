"""Open the store: one SQLite file beside the study, or a database elsewhere; old ones are migrated after a backup.

SQLite: write-ahead log (who reads doesn't wait), every commit on the disk before it returns, foreign keys, deleted
content overwritten.  Writing transactions begin *immediate*: two that write wait for each other, neither fails.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, delete, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session

from expeval.store.failures import Busy, CannotStore, told
from expeval.store.schema import VERSION, Meta

PATIENCE = 30.0  # seconds that a transaction waits for another one
MIGRATIONS = Path(__file__).parent / "migrations"
_WRITING = "expeval_writing"


@dataclass(frozen=True, slots=True)
class Store:
    """An open store.

    Attributes
    ----------
    engine
        The database.
    name
        As messages name it: a file's name, a database's address without password.
    path
        The SQLite file, ``None`` for other databases.
    """

    engine: Engine
    name: str
    path: Path | None
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one state of the store, whatever others confirm meanwhile."""
        options = {} if self.path else {"isolation_level": "REPEATABLE READ"}
        with told(self.name), Session(self.engine.execution_options(**options)) as session, session.begin():
            yield session

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction of its own: all of it is kept at the end, or nothing."""
        writing = self.engine.execution_options(**{_WRITING: True})
        with self._alone(), told(self.name), Session(writing) as session, session.begin():
            session.connection()  # the transaction begins here and now, not with its first statement
            yield session

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait for the other threads here: SQLite lets whoever asks at the right moment in, and others starve."""
        if self.path is None:
            yield
            return
        if not self._turn.acquire(timeout=PATIENCE):
            raise Busy(f"the store {self.name}: others are writing into it and did not end in time; try again.")
        try:
            yield
        finally:
            self._turn.release()

    def check_writing(self) -> None:
        """Raise :class:`CannotStore` where the store can only be read."""
        with self.writing() as session:
            session.execute(delete(Meta).where(Meta.name == ""))  # nothing has that name; it needs the right to write

    def tidy(self) -> None:
        """Let nothing of what was overwritten stay in the write-ahead log, once those who read it have ended."""
        if self.path is None:
            return
        until = time.monotonic() + PATIENCE
        with told(self.name), self.engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            while raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] and time.monotonic() < until:
                time.sleep(0.05)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_store(place: str | Path, create: bool = False, migrations: Path = MIGRATIONS) -> Store:
    """Open a store, migrating an older one.

    Parameters
    ----------
    place
        A path, or a database URL.
    create
        Whether to make the store where there is none.
    migrations
        The folder of the migrations.

    Raises
    ------
    CannotStore
        Where there is none, it was written by a newer expeval, or the system refuses.
    """
    url = isinstance(place, str) and "://" in place
    path = None if url else Path(place)
    name = _address(str(place)) if path is None else path.name
    if path is not None:
        _make_file(path, name, create)
    try:
        engine = create_engine(str(place), pool_pre_ping=True) if path is None else _sqlite(path)
    except (ModuleNotFoundError, NoSuchModuleError) as missing:
        raise CannotStore(f"the store {name}: what this address needs is not installed ({missing}).") from None
    store = Store(engine, name, path)
    try:
        with told(name):
            _bring_up(store, create, migrations)
    except BaseException:
        store.close()
        raise
    return store


def _address(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except (ArgumentError, NoSuchModuleError):
        raise CannotStore("the store's address is no database URL.") from None


def _make_file(path: Path, name: str, create: bool) -> None:
    """An empty file that its owner alone may read, where there is none."""
    if path.is_dir():
        raise CannotStore(f"the store {name}: that is a folder, not a store.")
    if path.exists():
        return
    if not create:
        raise CannotStore(f"the store {name}: there is no such file; it is made by the first invitation or by serve.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError as error:
        raise CannotStore(f"the store {name} can't be made: {error.strerror}.") from None


def _sqlite(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path.absolute()}", connect_args={"timeout": PATIENCE})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, with the statement that we say
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get(_WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _write_ahead(store: Store) -> None:
    """Switch to the write-ahead log, which the file remembers.

    Only once it is known to be a store: the switch writes into the file.  It fails, instead of waiting, while others
    do the same.
    """
    if store.path is None:
        return
    until = time.monotonic() + PATIENCE
    with store.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        while True:
            try:
                raw.execute("PRAGMA journal_mode = WAL").fetchall()
                return
            except sqlite3.OperationalError as error:
                busy = str(getattr(error, "sqlite_errorname", "")).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
                if not busy or time.monotonic() > until:
                    raise CannotStore(f"the store {store.name}: {error}.") from error
            time.sleep(0.02)


def _bring_up(store: Store, create: bool, migrations: Path) -> None:
    """Refuse a newer store, migrate an older one, make the tables of an empty one."""
    newest = _newest(migrations)
    with store.engine.connect() as connection:
        found = _version(connection, store.name)
    if found > newest:
        raise _newer(store.name, found, newest)
    if found == 0 and not create:
        raise CannotStore(f"the store {store.name}: the file is empty.")
    _write_ahead(store)
    if found == newest:
        return
    writing = store.engine.execution_options(**{_WRITING: True})
    with writing.connect() as connection, connection.begin():
        # Another process may have done it, or more, while this one waited for its turn.
        found = _version(connection, store.name)
        if found > newest:
            raise _newer(store.name, found, newest)
        if 0 < found < newest and store.path is not None:
            back_up(store.path, found)
        if found < newest:
            _migrate(connection, migrations)


def _newer(name: str, found: int, newest: int) -> CannotStore:
    return CannotStore(
        f"the store {name} is of version {found}, which a newer expeval wrote; this one reads up to version {newest}. "
        "Update expeval."
    )


def _newest(migrations: Path) -> int:
    if migrations == MIGRATIONS:
        return VERSION
    return max(int(path.stem.removeprefix("version_")) for path in (migrations / "versions").glob("version_*.py"))


def _version(connection: Connection, name: str) -> int:
    """The version of the tables; 0 where there are none."""
    tables = inspect(connection).get_table_names()
    if "meta" not in tables:
        if tables:
            raise CannotStore(f"the store {name}: it is no store of expeval.")
        return 0
    found = connection.execute(text("SELECT value FROM meta WHERE name = 'version'")).scalar()
    if found is None or not str(found).isdecimal():
        raise CannotStore(f"the store {name}: it does not say its version.")
    return int(found)


def _migrate(connection: Connection, migrations: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def back_up(path: Path, version: int) -> Path:
    """Copy a SQLite store beside itself, whole or not at all; gives the copy's path."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    place = path.with_name(f"{path.name}.version-{version}.{moment}.backup")
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with (
            contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
            contextlib.closing(sqlite3.connect(draft)) as target,
        ):
            source.backup(target)
        with draft.open("rb+") as stream:
            os.fsync(stream.fileno())
        draft.replace(place)
    except (OSError, sqlite3.Error) as error:
        draft.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or str(error)
        raise CannotStore(f"the store {path.name} can't be copied before its migration: {reason}.") from error
    return place
