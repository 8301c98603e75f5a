"""What a person says by hand, noted where the next run of the mailbox looks.

Only while nobody runs the mailbox: a run that is under way would write over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from syncd.sync import leases, mailboxes
from syncd.sync.mailboxes import MailboxProblem, MailboxRow
from syncd.sync.snapshots import chunks
from syncd.sync.tables import noticed, observed


@contextmanager
def alone_with(conn: Connection, row: MailboxRow, at: datetime) -> Iterator[None]:
    """Be the only one at a mailbox within this transaction; it is due once that is done.

    Raises MailboxProblem while somebody runs it.
    """
    lease = leases.acquire(conn, row.id, at)
    if lease is None:
        raise MailboxProblem(
            f"{row.address} is being synced just now", "Type it again in a moment."
        )
    yield
    leases.release(conn, lease)
    mailboxes.make_due(conn, [row.id], at)


def notice(conn: Connection, mailbox_id: int, kind: str, crm_ids: Iterable[str]) -> None:
    """Let the next run decide about these records."""
    for chunk in chunks(crm_ids):
        mine = (noticed.c.mailbox_id == mailbox_id) & (noticed.c.kind == kind)
        mine &= noticed.c.crm_id.in_(chunk)
        known = set(conn.scalars(select(noticed.c.crm_id).where(mine)))
        conn.execute(update(noticed).where(mine).values(retry_at=None))
        new = [
            {"mailbox_id": mailbox_id, "kind": kind, "crm_id": each}
            for each in chunk
            if each not in known
        ]
        if new:
            conn.execute(insert(noticed), new)


def look_again(conn: Connection, mailbox_id: int, kind: str, remote_ids: Iterable[str]) -> None:
    """Let the next run decide about these items; where they stand until then is left as it is."""
    for chunk in chunks(remote_ids):
        mine = (observed.c.mailbox_id == mailbox_id) & (observed.c.kind == kind)
        conn.execute(
            update(observed)
            .where(mine, observed.c.remote_id.in_(chunk))
            .values(unsettled=True, retry_at=None)
        )
