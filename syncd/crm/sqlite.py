"""The store in a file, on SQLite: for one machine. Its writers are alone, one after the other."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from syncd.crm.errors import DatabaseProblem
from syncd.crm.transaction import BUSY_SECONDS, begun_as


def open_file(url: URL, *, create: bool) -> Engine:
    """The store in a file. Raises DatabaseProblem."""
    if url.database and url.database != ":memory:":
        _provide(Path(url.database), create=create)
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,  # an error that is logged names no person
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


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
    begun = begun_as(conn)
    conn.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if begun.durable else 'NORMAL'}")
    conn.exec_driver_sql(f"PRAGMA query_only = {'OFF' if begun.writes else 'ON'}")
    conn.exec_driver_sql("BEGIN IMMEDIATE" if begun.writes else "BEGIN")
