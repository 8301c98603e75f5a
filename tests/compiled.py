"""Statements compiled once for all stores of a test process.

SQLAlchemy keeps what it has compiled with each engine, by the dialect that the engine made for
itself. A test has a store of its own, so that it would compile every statement anew: a third of all
that the tests do. The same statement for the same sort of database and the same driver compiles to
the same text, whichever engine asks.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache

SIZE = 5_000


class Shared(LRUCache[Any, Any]):
    """What was compiled, whoever it was compiled for."""

    def get(self, key: Any, default: Any = None) -> Any:
        """The statement, had it been compiled for any engine of its sort."""
        return super().get(_anybodys(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_anybodys(key), value)


def _anybodys(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *statement = key
    return (dialect.name, dialect.driver, *statement)


_COMPILED = Shared(SIZE)


def share() -> None:
    """Let every engine of this process find what any of them compiled."""
    event.listen(Engine, "engine_connect", _share)


def _share(conn: Connection) -> None:
    conn.engine._compiled_cache = _COMPILED
