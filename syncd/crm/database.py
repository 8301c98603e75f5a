"""Opening the database, and its two kinds of transaction: `read` and `write`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, Table, make_url
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)

from syncd.crm import feed, postgres, sqlite
from syncd.crm.errors import DatabaseProblem
from syncd.crm.transaction import BEGUN, BUSY_SECONDS, Begun

__all__ = [
    "BUSY_SECONDS", "UNUSABLE", "beside_others", "cause_of", "insert_missing", "open_database",
    "read", "utcnow", "write",
]  # fmt: skip

SQLITE, POSTGRESQL = "sqlite", "postgresql"  # as SQLAlchemy calls them

# One state from the first look to the last, and refused by the server itself to change any of it.
_READ_ON_POSTGRESQL = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def utcnow() -> datetime:
    """The time by this machine's clock."""
    return datetime.now(UTC)


def open_database(
    url: str, *, password: str | None = None, create: bool = True, connections: int = 5
) -> Engine:
    """Open the store at `url`: `sqlite:////var/lib/syncd/syncd.db`, `postgresql://ann@db1/syncd`.

    A file that does not exist is created empty, readable by its owner only, unless `create` is
    false; a database on a server is there already. See `migration.upgrade`. `connections` to a
    server are kept. Raises DatabaseProblem; its text has no password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None  # not quoted: it may hold a password
    if parsed is None:
        raise DatabaseProblem("This is not the address of a database", _write_it())
    backend = parsed.get_backend_name()
    if backend == SQLITE:
        return sqlite.open_file(parsed, create=create)
    if backend == POSTGRESQL:
        return postgres.open_server(parsed, password=password, connections=connections)
    raise DatabaseProblem(f"This version of syncd keeps no store in {backend}", _write_it())


def _write_it() -> str:
    return f"Write it as sqlite:////absolute/path/to/syncd.db, or as {postgres.LIKE}"


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the store, and in which nothing can be written."""
    options = _READ_ON_POSTGRESQL if engine.dialect.name == POSTGRESQL else {}
    begun = {BEGUN: Begun(writes=False), **options}
    with engine.connect().execution_options(**begun) as conn, conn.begin():
        yield conn


@contextmanager
def write(engine: Engine, *, durable: bool = False, alone: bool = False) -> Iterator[Connection]:
    """A writing transaction, whose changes enter the feed as its last act.

    `durable`: on disk before this returns, even if the machine loses power in that moment. `alone`:
    the only writer from its first moment to its commit, so that what it has looked up stays so. On
    SQLite every writer is; on PostgreSQL the others wait, which is for what is rare. There, any
    other sees with each statement what was committed before it.
    """
    options = {BEGUN: Begun(writes=True, durable=durable, alone=alone), **feed.collecting()}
    with engine.connect().execution_options(**options) as conn, conn.begin():
        yield conn
        feed.publish(conn)


def beside_others(conn: Connection) -> bool:
    """Whether other writers may be at work during a writing transaction."""
    return conn.dialect.name == POSTGRESQL


def insert_missing(conn: Connection, table: Table, rows: Iterable[Mapping[str, object]]) -> None:
    """Insert rows, but for those whose key is there: another writer may just have inserted it.

    Of several rows the order is always the same, or two writers could wait for each other.
    """
    wanted = [dict(row) for row in rows]
    if not wanted:
        return
    key = [column.name for column in table.primary_key]
    ordered = sorted(wanted, key=lambda row: [str(row[name]) for name in key])
    if conn.dialect.name == SQLITE:
        conn.execute(sqlite_insert(table).on_conflict_do_nothing(), ordered)
        return
    from sqlalchemy.dialects import postgresql  # slow to import, and nothing for a file

    conn.execute(postgresql.insert(table).on_conflict_do_nothing(), ordered)


# What the database says when it is broken, full, locked, or not ours. A table that is missing, or
# may not be touched, is the first to SQLite and the second to PostgreSQL; one that is read-only, or
# whose pages are broken, is the third to PostgreSQL. The fourth is a connection that was lost.
UNUSABLE = (OperationalError, ProgrammingError, InternalError, InterfaceError)


def cause_of(error: DBAPIError) -> str:
    """What the database says is the matter, in a line."""
    if postgres.is_lock_timeout(error.orig):
        return f"another process has kept it busy for {BUSY_SECONDS} seconds"
    return postgres.one_line(f"{error.orig}")
