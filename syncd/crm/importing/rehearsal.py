"""A store to try an import on: what it does there is what it would do, and is gone afterwards."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from sqlalchemy import Engine

from syncd.crm.custom import declare, declared
from syncd.crm.database import open_database, read


@contextmanager
def copied(engine: Engine) -> Iterator[Engine]:
    """A copy of a SQLite store in a temporary folder: nobody else waits while it is used."""
    with tempfile.TemporaryDirectory(prefix="syncd-preview-") as folder:  # for its owner alone
        path = Path(folder) / "store.db"
        with read(engine) as conn:
            source = cast(sqlite3.Connection, conn.connection.dbapi_connection)
            copy = sqlite3.connect(path)
            source.backup(copy)
            copy.close()
        other = open_database(f"sqlite:///{path}", create=False)
        declare(other, declared(engine))
        try:
            yield other
        finally:
            other.dispose()
