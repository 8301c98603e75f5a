"""Giving a database to one test after the other, empty each time.

To make a database from a template and to drop it costs the server a quarter of a second, to delete
what a test wrote a thousandth of that. What a test has done something else to is not used again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection, sql

LARGEST = 3_000_000  # bytes of its tables: what was deleted still lies about

# Whoever made, altered or analysed anything left another number here; nothing but `KEPT` has rows.
_SHAPE = """
    SELECT (SELECT sum(xmin::text::bigint) FROM pg_class),
           (SELECT sum(xmin::text::bigint) FROM pg_attribute),
           (SELECT sum(xmin::text::bigint) FROM pg_proc),
           (SELECT sum(xmin::text::bigint) FROM pg_trigger),
           (SELECT sum(xmin::text::bigint) FROM pg_constraint),
           (SELECT sum(xmin::text::bigint) FROM pg_namespace),
           (SELECT sum(xmin::text::bigint) FROM pg_statistic),
           (SELECT sum(xmin::text::bigint) FROM alembic_version)
"""
KEPT = "alembic_version"
_TABLES = """
    SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> %s
"""
_SIZE = """
    SELECT sum(pg_relation_size(oid)) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
_LEAVE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_COUNT_ANEW = "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"


@dataclass(frozen=True)
class Emptying:
    """How the databases of one template are emptied."""

    shape: tuple[Any, ...]
    tables: tuple[str, ...]

    @classmethod
    def of(cls, dsn: str) -> Emptying:
        """By the look of a new one, at this address."""
        with psycopg.connect(dsn, autocommit=True) as conn:
            found = conn.execute(_TABLES, [KEPT]).fetchall()
            return cls(_shape(conn), tuple(sorted(str(name) for (name,) in found)))

    def empty(self, dsn: str) -> bool:
        """Whether the database at this address is as good as new now."""
        try:
            with psycopg.connect(dsn, autocommit=True) as conn:
                conn.execute(_LEAVE)
                if _shape(conn) != self.shape or _size(conn) > LARGEST:
                    return False
                conn.execute("SET session_replication_role = replica")  # no trigger has a say
                conn.execute("SET lock_timeout = '5s'")
                conn.execute(self._delete())
                conn.execute(_COUNT_ANEW)
        except psycopg.Error:
            return False
        return True

    def _delete(self) -> sql.Composed:
        each = sql.SQL("DELETE FROM {}")
        return sql.SQL(";").join(each.format(sql.Identifier(name)) for name in self.tables)


def _shape(conn: Connection[Any]) -> tuple[Any, ...]:
    return tuple(conn.execute(_SHAPE).fetchone() or ())


def _size(conn: Connection[Any]) -> int:
    (size,) = conn.execute(_SIZE).fetchone() or (0,)
    return int(size)
