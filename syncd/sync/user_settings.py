"""What users set for themselves, as the store keeps it: by mailbox, a value for each dotted key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from syncd.crm.tables import utc
from syncd.sync.tables import setting as table


def of(conn: Connection, mailbox_id: int) -> Mapping[str, object]:
    """What is set for one mailbox, for `policy_for`."""
    query = select(table.c.key, table.c.value).where(table.c.mailbox_id == mailbox_id)
    return {row.key: row.value for row in conn.execute(query)}


def put(conn: Connection, mailbox_id: int, key: str, value: object, at: datetime) -> None:
    """Set a value, in place of the one that is there. Whether it may be is asked before."""
    remove(conn, mailbox_id, key)
    conn.execute(insert(table).values(mailbox_id=mailbox_id, key=key, value=value, at=utc(at)))


def remove(conn: Connection, mailbox_id: int, key: str) -> None:
    """Take a value away, if there is one."""
    conn.execute(delete(table).where(table.c.mailbox_id == mailbox_id, table.c.key == key))
