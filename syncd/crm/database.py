"""Opening the database, and its two kinds of transaction: `read` and `write`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from syncd.crm.errors import DatabaseProblem

BUSY_SECONDS = 30  # how long a writer waits for the one before it

_MODE = "syncd_mode"  # execution option: what a transaction is begun for
_READ, _DURABLE = "read", "durable"


def utcnow() -> datetime:
    """The time by this machine's clock."""
    return datetime.now(UTC)


def open_database(url: str, *, create: bool = True) -> Engine:
    """Open the store at `url`, such as `sqlite:////var/lib/syncd/syncd.db`.

    A database that does not exist is created empty, readable by its owner only; see
    `migration.upgrade`. Raises DatabaseProblem: with `create=False` when there is none.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseProblem(
            f"{url!r} is not the address of a database",
            "Write it as sqlite:////absolute/path/to/syncd.db",
        ) from error
    if parsed.get_backend_name() != "sqlite":
        raise DatabaseProblem(
            f"This version of syncd keeps no store in {parsed.get_backend_name()}",
            "Use SQLite: sqlite:////absolute/path/to/syncd.db",
        )
    if parsed.database and parsed.database != ":memory:":
        _provide(Path(parsed.database), create=create)
    engine = create_engine(
        parsed,
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,  # an error that is logged names no person
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the store, and in which nothing can be written."""
    with engine.connect().execution_options(**{_MODE: _READ}) as conn, conn.begin():
        yield conn


@contextmanager
def write(engine: Engine, *, durable: bool = False, alone: bool = False) -> Iterator[Connection]:
    """A writing transaction; it is the only one from its first moment to its commit.

    `durable`: on disk before this returns, even if the machine loses power in that moment.
    """
    del alone
    options = {_MODE: _DURABLE} if durable else {}
    with engine.connect().execution_options(**options) as conn, conn.begin():
        yield conn


def _provide(path: Path, *, create: bool) -> None:
    if path.exists():
        return
    if not create:
        raise DatabaseProblem(f"There is no database at {path}", "Check the path")
    if not path.parent.is_dir():
        raise DatabaseProblem(
            f"There is no folder {path.parent} for the database",
            f"Correct the path, or make the folder: mkdir -p {path.parent}",
        )
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise DatabaseProblem(
            f"The database {path} cannot be created: {error.strerror}",
            "Name another path, or allow this user to write there",
        ) from error


def _prepare(dbapi: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """Set up a new connection. Transactions are begun here and not by the driver."""
    del entry
    dbapi.isolation_level = None
    # SQLite's own knows ASCII alone; with this one MÜLLER is found as müller, as on PostgreSQL.
    dbapi.create_function("lower", 1, _lower, deterministic=True)
    cursor = dbapi.cursor()
    for pragma in ("journal_mode = WAL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _begin(conn: Connection) -> None:
    """Begin as what the connection was opened for: a writer, unless it says otherwise.

    A writer that began as a reader would fail instead of wait when another one was quicker.
    """
    mode = conn.get_execution_options().get(_MODE)
    safety = "FULL" if mode == _DURABLE else "NORMAL"
    conn.exec_driver_sql(f"PRAGMA synchronous = {safety}")
    conn.exec_driver_sql(f"PRAGMA query_only = {'ON' if mode == _READ else 'OFF'}")
    conn.exec_driver_sql("BEGIN" if mode == _READ else "BEGIN IMMEDIATE")
