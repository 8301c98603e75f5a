"""What can happen to the store while syncd is at work: real errors of the databases themselves.

Each begins with one writing transaction of a run, strikes it and all that come after, and lasts
until it is healed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy import Connection, Engine, event

from syncd.crm import postgres, sqlite
from syncd.crm.transaction import begun_as
from syncd.sync.tables import link, mailbox, mailbox_kind, noticed, observed, operation, run

_WAIT = 20  # milliseconds that a writer waits for another one here


@dataclass
class Trouble:
    """A store in trouble from its `at`th writing transaction on. `struck`: how many met it.

    `before` and `after` are done around the beginning of each transaction that it strikes, `begin`
    once, at the first.
    """

    engine: Engine
    at: int
    begin: Callable[[], None] = lambda: None
    before: Callable[[], None] = lambda: None
    after: Callable[[Connection], None] = lambda _: None
    begun: Callable[[], None] = lambda: None  # whoever wants to know of it
    writers: int = 0
    struck: int = 0
    _ours: set[int] = field(default_factory=set)

    def before_begin(self, conn: Connection) -> None:
        """A transaction is about to begin."""
        if not begun_as(conn).writes:
            return
        self.writers += 1
        if self.writers < self.at:
            return
        self.struck += 1
        if self.struck == 1:
            self.begun()
            self.begin()
        self.before()

    def after_begin(self, conn: Connection) -> None:
        """A transaction has begun."""
        if begun_as(conn).writes and self.struck:
            self.after(conn)


@contextmanager
def lasting(trouble: Trouble) -> Iterator[Trouble]:
    """Meanwhile the store is in trouble."""
    begins = sqlite._begin if trouble.engine.dialect.name == "sqlite" else postgres._begin
    around = (trouble.before_begin, begins, trouble.after_begin)
    event.remove(trouble.engine, "begin", begins)  # there is no other way to come before it
    for each in around:
        event.listen(trouble.engine, "begin", each)
    try:
        yield trouble
    finally:
        event.remove(trouble.engine, "begin", trouble.before_begin)
        event.remove(trouble.engine, "begin", trouble.after_begin)


Make = Callable[[Engine, int], "Iterator[Trouble]"]


# --- SQLite --------------------------------------------------------------------------------------


@contextmanager
def locked(engine: Engine, at: int) -> Iterator[Trouble]:
    """Another process writes, and does not end."""
    event.listen(engine, "checkout", _impatient)
    with closing(sqlite3.connect(_file(engine), isolation_level=None)) as other:
        trouble = Trouble(engine, at, begin=lambda: _execute(other, "BEGIN IMMEDIATE"))
        with lasting(trouble):
            yield trouble
        if trouble.struck:
            other.execute("ROLLBACK")
    event.remove(engine, "checkout", _impatient)


@contextmanager
def read_only(engine: Engine, at: int) -> Iterator[Trouble]:
    """Nothing can be written."""
    with lasting(Trouble(engine, at, after=lambda c: _driver(c, "PRAGMA query_only = ON"))) as it:
        yield it


@contextmanager
def full(engine: Engine, at: int) -> Iterator[Trouble]:
    """The disk has no room for another page."""

    def fill(conn: Connection) -> None:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        _driver(conn, f"PRAGMA max_page_count = {pages}")

    with lasting(Trouble(engine, at, after=fill)) as trouble:
        yield trouble
    engine.dispose()  # the limit is the connection's


@contextmanager
def gone(engine: Engine, at: int) -> Iterator[Trouble]:
    """The file is taken away, and is put back."""
    file = Path(_file(engine))
    aside = file.with_suffix(".aside")
    with lasting(Trouble(engine, at, begin=lambda: _rename(file, aside))) as trouble:
        yield trouble
    if aside.exists():
        assert not file.exists()  # nobody has made an empty one
        aside.rename(file)


@contextmanager
def replaced(engine: Engine, at: int) -> Iterator[Trouble]:
    """Another file is put in its place, and the right one is put back."""
    file = Path(_file(engine))
    aside = file.parent / "aside"

    def replace() -> None:
        aside.mkdir()
        for each in _files(file):  # what is not yet in the file itself goes with it
            each.rename(aside / each.name)
        with closing(sqlite3.connect(file)) as other:
            other.execute("CREATE TABLE other (id INTEGER)")

    with lasting(Trouble(engine, at, begin=replace)) as trouble:
        yield trouble
    if aside.exists():
        engine.dispose()
        for each in _files(file):
            each.unlink()
        for each in list(aside.iterdir()):
            each.rename(file.parent / each.name)
        aside.rmdir()


def _files(file: Path) -> list[Path]:
    return [each for each in (file, Path(f"{file}-wal"), Path(f"{file}-shm")) if each.exists()]


def _impatient(dbapi: sqlite3.Connection, *_: object) -> None:
    dbapi.execute(f"PRAGMA busy_timeout = {_WAIT}")


def _execute(conn: sqlite3.Connection, statement: str) -> None:
    conn.execute(statement)


def _driver(conn: Connection, statement: str) -> None:
    conn.exec_driver_sql(statement)


def _rename(file: Path, to: Path) -> None:
    file.rename(to)


def _file(engine: Engine) -> str:
    return str(engine.url.database)


# --- PostgreSQL ----------------------------------------------------------------------------------

_WRITTEN = [t.name for t in (mailbox, mailbox_kind, noticed, observed, operation, link, run)]


@contextmanager
def pg_locked(engine: Engine, at: int) -> Iterator[Trouble]:
    """Another writer that must be alone does not end."""
    event.listen(engine, "checkout", _pg_impatient)
    with _beside(engine) as other:
        hold = "SELECT pg_advisory_lock(1937337955, 1)"  # as syncd.crm.postgres takes it
        trouble = Trouble(engine, at, begin=lambda: _pg(other, hold))
        with lasting(trouble):
            yield trouble
    event.remove(engine, "checkout", _pg_impatient)
    engine.dispose()


@contextmanager
def pg_read_only(engine: Engine, at: int) -> Iterator[Trouble]:
    """The server takes no writes: it is a standby by now, or its disk is full."""
    with lasting(Trouble(engine, at, after=lambda c: _driver(c, "SET TRANSACTION READ ONLY"))) as t:
        yield t


@contextmanager
def pg_lost(engine: Engine, at: int) -> Iterator[Trouble]:
    """The server ends each connection that wants to write."""
    with _beside(engine) as other:

        def end(conn: Connection) -> None:
            pid = conn.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            _pg(other, f"SELECT pg_terminate_backend({pid}, 5000)")

        with lasting(Trouble(engine, at, after=end)) as trouble:
            yield trouble


@contextmanager
def pg_full(engine: Engine, at: int) -> Iterator[Trouble]:
    """The disk is full: what would be written is refused as the server refuses it then."""
    raising = """
        CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'could not extend file: No space left on device'
                USING ERRCODE = '53100';
        END $$"""

    def fill() -> None:
        with _beside(engine) as other:
            _pg(other, raising)
            for each in _WRITTEN:
                _pg(
                    other,
                    f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {each} "
                    "FOR EACH STATEMENT EXECUTE FUNCTION disk_full()",
                )

    with lasting(Trouble(engine, at, begin=fill)) as trouble:
        yield trouble
    with _beside(engine) as other:
        _pg(other, "DROP FUNCTION IF EXISTS disk_full CASCADE")


def _pg_impatient(dbapi: psycopg.Connection, *_: object) -> None:
    dbapi.execute(f"SET lock_timeout = {_WAIT}")
    dbapi.commit()


@contextmanager
def _beside(engine: Engine) -> Iterator[psycopg.Connection]:
    dsn = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as conn:
        yield conn


def _pg(conn: psycopg.Connection, statement: str) -> None:
    conn.execute(statement.encode())


ON_SQLITE = (locked, read_only, full, gone, replaced)
ON_POSTGRESQL = (pg_locked, pg_read_only, pg_lost, pg_full)
