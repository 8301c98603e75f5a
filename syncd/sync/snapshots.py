"""Snapshots: content stored once under its hash. Images and journal values are references to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, cast

from sqlalchemy import Column, Connection, CursorResult, delete, select

from syncd.crm.database import insert_missing
from syncd.model.values import canonical
from syncd.sync.tables import conflict, link, operation, snapshot

Content = Mapping[str, object]

CHUNK = 500


class Snapshots:
    """Collects content of one transaction and stores what is new in one statement."""

    def __init__(self) -> None:
        self._pending: dict[str, str] = {}

    def add(self, content: Content) -> str:
        """The hash of some content, which is stored at the next `flush`."""
        text = canonical(content)
        digest = sha256(text.encode()).hexdigest()
        self._pending[digest] = text
        return digest

    def flush(self, conn: Connection) -> None:
        """Store what was added and is not there yet."""
        known = set(load_hashes(conn, self._pending))
        rows = [{"hash": h, "content": c} for h, c in self._pending.items() if h not in known]
        insert_missing(conn, snapshot, rows)
        self._pending.clear()


def load_hashes(conn: Connection, hashes: Iterable[str]) -> Iterable[str]:
    """Which of these hashes are stored."""
    for chunk in chunks(hashes):
        yield from conn.scalars(select(snapshot.c.hash).where(snapshot.c.hash.in_(chunk)))


def load(conn: Connection, hashes: Iterable[str]) -> dict[str, Content]:
    """The content stored under these hashes."""
    found: dict[str, Content] = {}
    for chunk in chunks(hashes):
        rows = conn.execute(select(snapshot).where(snapshot.c.hash.in_(chunk)))
        found.update({row.hash: cast(Content, json.loads(row.content)) for row in rows})
    return found


REFERENCES: tuple[Column[str], ...] = (
    link.c.crm_image,
    link.c.outlook_image,
    operation.c.before,
    operation.c.after,
    conflict.c.kept,
    conflict.c.other,
)


def collect(conn: Connection) -> int:
    """Delete the snapshots that nothing refers to any more, and return how many.

    A snapshot and the first reference to it are written in one transaction, so none is new here. In
    one that is alone: another could be about to refer to what it found.
    """
    unused = select(snapshot.c.hash).except_(
        *(select(each).where(each.is_not(None)) for each in REFERENCES)
    )
    gone = conn.execute(delete(snapshot).where(snapshot.c.hash.in_(unused)))
    return cast("CursorResult[Any]", gone).rowcount


def chunks(ids: Iterable[str]) -> Iterable[list[str]]:
    """Ids without repeats, in lists short enough for one IN."""
    unique = list(dict.fromkeys(ids))
    return (unique[at : at + CHUNK] for at in range(0, len(unique), CHUNK))
