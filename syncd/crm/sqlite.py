"""The store in a file, on SQLite: for one machine. Its writers are alone, one after the other."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from syncd.crm.errors import DatabaseProblem
from syncd.crm.transaction import BUSY_SECONDS, begun_as

_FILE = "syncd_file"  # in what is noted of a connection


def open_file(url: URL, *, create: bool) -> Engine:
    """The store in a file. Raises DatabaseProblem."""
    if url.database and url.database != ":memory:":
        _provide(Path(url.database), create=create)
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,  # an error that is logged names no person
    )
    event.listen(engine, "do_connect", _require_file)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "handle_error", _name_what_is_broken)
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
    dbapi.isolation_level = None
    entry.info[_FILE] = _file_of(dbapi)
    # SQLite's own knows ASCII alone; with this one MÜLLER is found as müller, as on PostgreSQL.
    dbapi.create_function("lower", 1, _lower, deterministic=True)
    cursor = dbapi.cursor()
    for pragma in ("journal_mode = WAL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _require_file(
    dialect: Dialect, entry: ConnectionPoolEntry, where: list[Any], how: dict[str, Any]
) -> None:
    """Open what is there. SQLite would make an empty file where there is none any more."""
    del dialect, entry, how
    path = f"{where[0]}"
    if path and path != ":memory:" and not path.startswith("file:") and not Path(path).exists():
        raise sqlite3.OperationalError("the file of the database is gone")


def _file_of(dbapi: DBAPIConnection) -> tuple[str, tuple[int, int]] | None:
    """The file that a connection has open: by its name, and by which one that was."""
    cursor = dbapi.cursor()
    cursor.execute("PRAGMA database_list")
    path = next((f"{row[2]}" for row in cursor.fetchall() if row[1] == "main"), "")
    cursor.close()
    return (path, _identity(path)) if path else None


def _identity(path: str) -> tuple[int, int]:
    try:
        found = Path(path).stat()
    except FileNotFoundError:
        return (0, 0)
    return found.st_dev, found.st_ino


def _require_same_file(conn: Connection) -> None:
    """Write into no file that was taken away, or replaced by another one.

    What is written there is nowhere once this process ends: intents would be lost, and not the
    requests that they announce (P3). The next connection opens what is there now.
    """
    opened = conn.connection.info.get(_FILE)
    if opened is None or _identity(opened[0]) == opened[1]:
        return
    conn.invalidate()
    said = sqlite3.OperationalError("the file of the database was replaced, or taken away")
    raise OperationalError(None, None, said, hide_parameters=True)


def _name_what_is_broken(context: ExceptionContext) -> None:
    """Tell of a file that is damaged, or none of SQLite's, as of any other that cannot be used."""
    said = context.original_exception
    if type(said) is sqlite3.DatabaseError:
        raise OperationalError(context.statement, None, said, hide_parameters=True) from said


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _begin(conn: Connection) -> None:
    """Begin as what the connection was opened for: a writer, unless it says otherwise.

    A writer that began as a reader would fail instead of wait when another one was quicker.
    """
    begun = begun_as(conn)
    if begun.writes:
        _require_same_file(conn)
    conn.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if begun.durable else 'NORMAL'}")
    conn.exec_driver_sql(f"PRAGMA query_only = {'OFF' if begun.writes else 'ON'}")
    conn.exec_driver_sql("BEGIN IMMEDIATE" if begun.writes else "BEGIN")
