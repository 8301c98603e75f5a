"""A power cut, for either database: what was committed and is not on disk is gone.

SQLite's is a model: a copy is made of what is on disk. PostgreSQL's is real but for the disk: the
log that its server has not written yet goes with the server.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Protocol

import psycopg
from sqlalchemy import Engine, text

from tests.postgres import START_SECONDS, Server


class Power(Protocol):
    """What a store's machine runs on."""

    def flushed(self, engine: Engine) -> None:
        """All that was committed until now is on disk: somebody was told that it is saved."""
        ...

    def durable(self, engine: Engine) -> None:
        """A durable transaction was committed: what is on disk now, where that is but a model."""
        ...

    def cut(self, engine: Engine) -> None:
        """It fails, and is there again: the database is what was on disk."""
        ...


@dataclass
class SqlitePower:
    """Of a database in a file."""

    _on_disk: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:"))

    def flushed(self, engine: Engine) -> None:
        """A copy of all that is committed."""
        with closing(sqlite3.connect(str(engine.url.database))) as live:
            live.backup(self._on_disk)

    durable = flushed  # it takes all before it along

    def cut(self, engine: Engine) -> None:
        """The last copy is all there is."""
        with closing(sqlite3.connect(str(engine.url.database))) as live:
            self._on_disk.backup(live)


# What writes the log by itself, now and then, would save what nobody waited for: none of it may.
UNWRITTEN = {
    "bgwriter_lru_maxpages": "0",
    "wal_buffers": "16MB",
    "checkpoint_timeout": "1d",
    "restart_after_crash": "off",
}


@dataclass
class PostgresPower:
    """Of a server of our own, begun with `UNWRITTEN`: the process that writes its log is held."""

    server: Server
    lost: int = 0  # bytes of its log, in all cuts
    _writer: int = 0

    def __post_init__(self) -> None:
        self._hold()

    def flushed(self, engine: Engine) -> None:
        """A transaction that is waited for takes all before it along."""
        with engine.begin() as conn:
            conn.execute(text("SET LOCAL synchronous_commit = on"))
            conn.execute(text("SELECT pg_logical_emit_message(true, '', '')"))  # it writes

    def durable(self, engine: Engine) -> None:
        """The server has seen to that by itself, or it was not durable."""

    def cut(self, engine: Engine) -> None:
        """All its processes end at once, and the server is started again."""
        with self._connect() as conn:
            asked = "SELECT pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn()"
            self.lost += int((conn.execute(asked).fetchone() or (0,))[0])
        os.kill(self._writer, signal.SIGKILL)
        self.server.stop()
        engine.dispose()  # its connections led to the one that is gone
        self.server.start()
        self._hold()

    def let_go(self) -> None:
        """It is a server like any other again, which can be stopped."""
        os.kill(self._writer, signal.SIGCONT)

    def _hold(self) -> None:
        asked = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"
        until = time.monotonic() + START_SECONDS
        with self._connect() as conn:
            while (found := conn.execute(asked).fetchone()) is None:  # it is about to start
                assert time.monotonic() < until, "nobody writes its log"
                time.sleep(0.02)
        self._writer = int(found[0])
        os.kill(self._writer, signal.SIGSTOP)

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.server.url.render_as_string(), autocommit=True)
