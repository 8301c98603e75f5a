"""Counting what a store is asked: statements, rows that come back, and SQLite's own steps."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

STEPS = 10  # SQLite's instructions are counted by tens

# What begins a transaction; all the rest is a statement.
_FRAME = ("PRAGMA", "BEGIN")


@dataclass
class Asked:
    """What a store was asked. `steps` are instructions of SQLite's machine: a scan shows there.

    `durable` are commits that were on disk when they returned: each is one fsync of the log, and
    the others are none before a checkpoint.

    A statement for many rows (executemany) is one statement.
    """

    statements: int = 0
    transactions: int = 0
    durable: int = 0
    rows: int = 0
    steps: int = 0
    by_text: Counter[str] = field(default_factory=Counter)


@contextmanager
def counted(engine: Engine) -> Iterator[Asked]:
    """Count all that is asked of a SQLite store."""
    asked, full = Asked(), False

    def statement(_conn: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        nonlocal full
        if text.startswith("PRAGMA synchronous"):
            full = text.endswith("FULL")
        if text.startswith("BEGIN"):
            asked.transactions += 1
            asked.durable += full
        if not text.startswith(_FRAME):
            asked.statements += 1
            asked.by_text[" ".join(text.split())[:120]] += 1

    def row(_cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> tuple[Any, ...]:
        asked.rows += 1
        return values

    def step() -> int:
        asked.steps += STEPS
        return 0

    def connected(dbapi: Any, _entry: Any) -> None:
        dbapi.row_factory = row
        dbapi.set_progress_handler(step, STEPS)

    engine.dispose()  # what was open is not counted
    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "connect", connected)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "connect", connected)
        engine.dispose()
