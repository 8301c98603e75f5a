"""The lease on a mailbox: the right to run it, which one process has at a time.

It is on the store's clock, with a fencing number that grows with each lease, and outlives the
deadline of a request: whoever lost it must not touch the mailbox any more.

The lease of a process of this machine that was killed is free at once. What that process had in
flight may still be carried out, on either side: a transaction of its own holds the mailbox's row
until it ends, and a request is in the journal, where recovery waits for grace before it calls a
write undone (P3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, or_, select, update

from syncd.sync import owners
from syncd.sync.mailboxes import MailboxProblem
from syncd.sync.tables import mailbox as table

LEASE = timedelta(minutes=3)  # outlives the deadline of one request; renewed with every write


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run one mailbox, until `until`. `fence` grows with each lease."""

    mailbox_id: int
    owner: str
    fence: int
    until: datetime


def acquire(conn: Connection, mailbox_id: int, now: datetime) -> Lease | None:
    """Take the lease of a mailbox; `None` while somebody else holds it who may be alive."""
    owner, mine = owners.new_owner(), table.c.id == mailbox_id
    free = or_(table.c.lease_until.is_(None), table.c.lease_until < now)
    take = update(table).values(lease_owner=owner, lease_until=now + LEASE, fence=table.c.fence + 1)
    taken = conn.execute(take.where(mine, free))
    if cast("CursorResult[Any]", taken).rowcount != 1:
        holder = conn.scalar(select(table.c.lease_owner).where(mine))
        if holder is None or not owners.is_dead(holder):
            return None
        taken = conn.execute(take.where(mine, table.c.lease_owner == holder))
        if cast("CursorResult[Any]", taken).rowcount != 1:
            return None
    fence = conn.execute(select(table.c.fence).where(table.c.id == mailbox_id)).scalar_one()
    return Lease(mailbox_id, owner, fence, now + LEASE)


def renew(conn: Connection, lease: Lease, now: datetime) -> Lease:
    """Prolong a lease. Raises LeaseLost when it was lost to somebody else.

    And when the store does not know how far it was prolonged last: a database that came back after
    a power cut has forgotten its last moments, and what this run remembers is ahead of it. To go on
    would move a cursor over observations that are not there any more: rather repeat than lose.
    """
    kept = conn.execute(
        update(table)
        .where(table.c.id == lease.mailbox_id, table.c.lease_owner == lease.owner)
        .where(table.c.fence == lease.fence, table.c.lease_until == lease.until)
        .values(lease_until=now + LEASE)
    )
    if cast("CursorResult[Any]", kept).rowcount != 1:
        check(conn, lease)
        raise StoreForgot
    return Lease(lease.mailbox_id, lease.owner, lease.fence, now + LEASE)


def check(conn: Connection, lease: Lease) -> None:
    """Raises LeaseLost when a lease is not held any more."""
    mine = (table.c.id == lease.mailbox_id) & (table.c.lease_owner == lease.owner)
    if conn.execute(select(table.c.id).where(mine, table.c.fence == lease.fence)).first() is None:
        raise LeaseLost


def held_by_the_dead(conn: Connection) -> bool:
    """Whether a process of this machine that was killed holds a lease still."""
    holders = select(table.c.lease_owner).where(table.c.lease_owner.is_not(None))
    return any(map(owners.is_dead, conn.scalars(holders)))


def free_the_dead(conn: Connection) -> None:
    """End the leases of processes of this machine that were killed: their mailboxes may run."""
    held = select(table.c.id, table.c.lease_owner).where(table.c.lease_owner.is_not(None))
    for row in conn.execute(held).all():
        if owners.is_dead(row.lease_owner):
            conn.execute(
                update(table)
                .where(table.c.id == row.id, table.c.lease_owner == row.lease_owner)
                .values(lease_owner=None, lease_until=None)
            )


class LeaseLost(MailboxProblem):
    """The mailbox was taken away from this process, which must not touch it any more."""

    def __init__(self) -> None:
        super().__init__(
            "another process runs this mailbox now, or its user wants it left alone",
            "See how it stands: syncd users list",
        )


class StoreForgot(LeaseLost):
    """The database lost what this run had committed last: a new run goes on from what it has."""

    def __init__(self) -> None:
        MailboxProblem.__init__(
            self,
            "the database was restarted and has lost the last moments of this run",
            "Nothing is to be done: the next run reads them again",
        )


def release(conn: Connection, lease: Lease) -> bool:
    """Give a lease back. Whether it was still held, and not lost to somebody else."""
    given = conn.execute(
        update(table)
        .where(table.c.id == lease.mailbox_id, table.c.lease_owner == lease.owner)
        .values(lease_owner=None, lease_until=None)
    )
    return cast("CursorResult[Any]", given).rowcount == 1
