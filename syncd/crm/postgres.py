"""The store on PostgreSQL: for more than one machine. Its writers run beside each other.

Each of them takes an advisory lock first thing, which all share; one that must be alone takes it
for itself, and is then the only writer, as every writer is on SQLite.
"""

from __future__ import annotations

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from syncd.crm.errors import DatabaseProblem, ServerUnreachable
from syncd.crm.transaction import BEGUN, BUSY_SECONDS, Begun, begun_as

LIKE = "postgresql://user@host/syncd"

# Advisory locks are named by two numbers: ours, which spells "sync", and which one it is.
_OURS = 0x73796E63
_WRITERS, _FEED = 1, 2

_LOCK_NOT_AVAILABLE = "55P03"  # its SQLSTATE: the text is in the server's language

# Whoever lost its connection, or stopped in the middle of a transaction, lets the others go on.
_LIBPQ = {
    "client_encoding": "utf8",
    "connect_timeout": "10",
    "tcp_user_timeout": "30000",
    "application_name": "syncd",
}
_SESSION = {
    "TimeZone": "UTC",
    "lock_timeout": f"{BUSY_SECONDS}s",
    "idle_in_transaction_session_timeout": "5min",
    # A plan that was made while a table was empty would read it through when it is full.
    "plan_cache_mode": "force_custom_plan",
}


def open_server(url: URL, *, password: str | None, connections: int) -> Engine:
    """The store in a database of a server, of which it keeps so many connections.

    Raises DatabaseProblem when it cannot be reached, or is none that text can be kept in.
    """
    if password is not None:
        url = url.set(password=password)
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={
            **{name: value for name, value in _LIBPQ.items() if name not in url.query},
            # A statement prepared before another machine's upgrade would fail ever after it.
            "prepare_threshold": None,
        },
        isolation_level="READ COMMITTED",
        pool_size=connections,
        pool_pre_ping=True,  # the server may have been restarted since
        hide_parameters=True,  # an error that is logged names no person
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "handle_error", _keep_values_out)
    try:
        _look_at(engine)
    except OperationalError as error:
        engine.dispose()
        raise _refused(f"{error.orig}", url) from None  # no further: libpq's URL has the password
    except DatabaseProblem:
        engine.dispose()
        raise
    return engine


def _prepare(dbapi: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """Set up a new connection."""
    del entry
    settings = ", ".join(f"set_config('{name}', '{to}', false)" for name, to in _SESSION.items())
    cursor = dbapi.cursor()
    cursor.execute(f"SELECT {settings}")
    cursor.close()
    dbapi.commit()


def _begin(conn: Connection) -> None:
    """Begin a writer; a reader needs nothing but what its connection was opened for.

    What must be durable is, as the server understands it; of the rest a crash of the server may
    lose the last moments, in order, which recovery is for. Just so it is on SQLite.
    """
    begun = begun_as(conn)
    if not begun.writes:
        return
    lock = "pg_advisory_xact_lock" if begun.alone else "pg_advisory_xact_lock_shared"
    safety = "'off'"
    if begun.durable:
        safety = "coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on')"
    conn.exec_driver_sql(
        f"SELECT set_config('synchronous_commit', {safety}, true), {lock}({_OURS}, {_WRITERS})"
    )


def _keep_values_out(context: ExceptionContext) -> None:
    """Leave the first line of an error alone: in its details PostgreSQL quotes people's values."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (one_line(f"{error.args[0]}"), *error.args[1:])


def lock_feed(conn: Connection) -> None:
    """Wait until no other writer is between its feed numbers and its commit."""
    conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_OURS}, {_FEED})")


def _look_at(engine: Engine) -> None:
    with engine.connect().execution_options(**{BEGUN: Begun(writes=False)}) as conn:
        query = "SELECT current_setting('server_encoding'), lower('Ä') = 'ä'"
        encoding, has_letters = conn.execute(text(query)).one()
    if encoding != "UTF8" or not has_letters:
        name = engine.url.database
        raise DatabaseProblem(
            f"The database {name} does not keep text as Unicode: encoding {encoding}",
            f"Make one that does: createdb --template template0 --encoding UTF8 "
            f"--locale C.UTF-8 {name}",
        )


def _refused(said: str, url: URL) -> DatabaseProblem:
    """Why there is no connection, in words that help. libpq's text is all that tells."""
    name, who = url.database or "", url.username or "this user"
    where = url.query.get("host") or url.host or "this machine"
    words = {
        "password authentication failed": (
            f"PostgreSQL refuses the password of {who}",
            "Correct what password_file or password_env in [store] leads to",
        ),
        "no password supplied": (
            f"PostgreSQL asks for a password of {who}, and there is none",
            "Name a password_file or password_env in [store], or keep it in libpq's own ~/.pgpass",
        ),
        f'database "{name}" does not exist': (
            f"There is no database {name} on {where}",
            f"Make it: createdb --template template0 --encoding UTF8 --owner {who} {name}",
        ),
        "role ": (
            f"PostgreSQL on {where} does not let {who} in",
            f"Name another user in the url of [store], or make this one: createuser {who}",
        ),
        **dict.fromkeys(
            ("pg_hba.conf", "authentication failed"),
            (
                f"PostgreSQL on {where} does not let {who} in",
                "Allow it in the server's pg_hba.conf, or ask for TLS: ?sslmode=require",
            ),
        ),
    }
    for part, (what, todo) in words.items():
        if part in said:
            return DatabaseProblem(what, todo)
    return ServerUnreachable(
        f"PostgreSQL on {where} cannot be reached: {one_line(said)}",
        "See that it runs and takes connections: pg_isready; or correct the url of [store]",
    )


def is_lock_timeout(error: BaseException | None) -> bool:
    """Whether a statement has waited for another transaction as long as it may."""
    return getattr(error, "sqlstate", None) == _LOCK_NOT_AVAILABLE


def one_line(said: str) -> str:
    """The first line of what libpq says: the others are where, and what it tried besides."""
    first = said.strip().partition("\n")[0].rstrip(".")
    return first or "it does not say why"
