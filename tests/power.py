"""A power cut, for either database: what was committed and is not on disk is gone.

SQLite's is a model: a copy is made of what is on disk. PostgreSQL's is real but for the disk: the
log that its server has not written yet goes with the server.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol

import psycopg
from sqlalchemy import Engine, text

from tests.postgres import Server


class Power(Protocol):
    """What a store's machine runs on."""

    def saved(self, engine: Engine) -> None:
        """All that was committed until now is on disk, as after a durable transaction."""
        ...

    def cut(self, engine: Engine) -> None:
        """It fails, and is there again: the database is what was on disk."""
        ...


@dataclass
class SqlitePower:
    """Of a database in a file."""

    _on_disk: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:"))

    def saved(self, engine: Engine) -> None:
        """A copy of all that is committed."""
        with closing(sqlite3.connect(str(engine.url.database))) as live:
            live.backup(self._on_disk)

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
    _writer: int = 0

    def __post_init__(self) -> None:
        self._hold()

    def saved(self, engine: Engine) -> None:
        """A durable transaction takes all before it along."""
        with engine.begin() as conn:
            conn.execute(text("SET LOCAL synchronous_commit = on"))
            conn.execute(text("SELECT pg_logical_emit_message(true, '', '')"))  # it writes

    def cut(self, engine: Engine) -> None:
        """All its processes end at once, and the server is started again."""
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
        with psycopg.connect(
            self.server.url.set(drivername="postgresql").render_as_string()
        ) as conn:
            while (found := conn.execute(asked).fetchone()) is None:
                pass  # it is about to start
        self._writer = int(found[0])
        os.kill(self._writer, signal.SIGSTOP)
