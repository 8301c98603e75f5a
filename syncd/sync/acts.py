"""Tracking by command: an act on one item, beside categories and folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from syncd.outlook.port import Head
from syncd.sync.snapshots import chunks
from syncd.sync.tables import act as table


@dataclass(frozen=True)
class Acts:
    """The acts in one mailbox: whether an item is tracked, by its id and by its record's."""

    by_item: Mapping[str, bool] = field(default_factory=dict)
    by_record: Mapping[str, bool] = field(default_factory=dict)

    def of(self, head: Head, *, copy: bool = False) -> bool | None:
        """What was said of an item; `None` when nothing was.

        Its id changes when it is moved, what its stamp says does not. Of a `copy`, which bears the
        stamp of the item that is meant, nothing was said but by its own id (P14).
        """
        said = self.by_item.get(head.id)
        if said is None and head.stamp is not None and not copy:
            return self.by_record.get(head.stamp.crm_id)
        return said


def load(conn: Connection, mailbox_id: int, kind: str) -> Acts:
    """The acts in one mailbox."""
    rows = list(conn.execute(select(table).where(_mine(mailbox_id, kind))))
    return Acts(
        {row.remote_id: row.tracked for row in rows},
        {row.crm_id: row.tracked for row in rows if row.crm_id},
    )


def put(
    conn: Connection,
    mailbox_id: int,
    kind: str,
    remote_id: str,
    crm_id: str | None,
    at: datetime,
    *,
    tracked: bool,
) -> None:
    """Say that an item is tracked, or not any more."""
    same = table.c.remote_id == remote_id
    if crm_id is not None:
        same |= table.c.crm_id == crm_id
    conn.execute(delete(table).where(_mine(mailbox_id, kind), same))
    values = {"remote_id": remote_id, "crm_id": crm_id, "tracked": tracked, "at": at}
    conn.execute(insert(table).values(mailbox_id=mailbox_id, kind=kind, **values))


def follow(conn: Connection, mailbox_id: int, kind: str, tied: Mapping[str, str]) -> None:
    """Items with an act on them are tied to records now: record ids by item id."""
    for remote_id, crm_id in tied.items():
        mine = _mine(mailbox_id, kind) & (table.c.remote_id == remote_id)
        conn.execute(update(table).where(mine).values(crm_id=crm_id))


def drop(conn: Connection, mailbox_id: int, kind: str, crm_ids: Iterable[str]) -> None:
    """These acts were carried out: what its user does from here on counts."""
    for chunk in chunks(crm_ids):
        conn.execute(delete(table).where(_mine(mailbox_id, kind), table.c.crm_id.in_(chunk)))


def _mine(mailbox_id: int, kind: str) -> ColumnElement[bool]:
    return (table.c.mailbox_id == mailbox_id) & (table.c.kind == kind)
