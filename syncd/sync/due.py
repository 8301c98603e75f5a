"""Whose turn it is: which mailboxes are due to be synced or audited, and that nobody runs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from syncd.sync.mailboxes import SERVED, MailboxState
from syncd.sync.tables import mailbox as table


def due(
    conn: Connection, now: datetime, policies: Iterable[str], asking: Iterable[str], limit: int
) -> list[str]:
    """The addresses of mailboxes under one of these policies that are due, longest waiting first.

    One that somebody runs is not among them; nor, under the policies that are `asking` for it, one
    whose user has not agreed.
    """
    ready = and_(table.c.state.in_(SERVED), table.c.due <= now)
    query = select(table.c.address).where(ready, may_run(now, policies, asking))
    return list(conn.scalars(query.order_by(table.c.due).limit(limit)))


def audits_due(
    conn: Connection, now: datetime, policies: Iterable[str], asking: Iterable[str], limit: int
) -> list[str]:
    """As `due`, whose audit is: only live ones, and none that is due to be synced itself."""
    ready = and_(
        table.c.state == MailboxState.LIVE.value,
        table.c.failures == 0,
        table.c.due > now,
        or_(table.c.audit_due.is_(None), table.c.audit_due <= now),
    )
    query = select(table.c.address).where(ready, may_run(now, policies, asking))
    # Databases differ in where they put what is empty: who was never audited comes first.
    first = (table.c.audit_due.nulls_first(), table.c.id)
    return list(conn.scalars(query.order_by(*first).limit(limit)))


def may_run(now: datetime, policies: Iterable[str], asking: Iterable[str]) -> ColumnElement[bool]:
    """Whether a mailbox may be run: its policy is served, its user agrees, nobody runs it now."""
    free = or_(table.c.lease_until.is_(None), table.c.lease_until < now)
    agreed = or_(table.c.consented_at.is_not(None), table.c.policy.not_in(sorted(asking)))
    return and_(free, agreed, table.c.policy.in_(sorted(policies)))


def put_off(conn: Connection, mailbox_id: int, now: datetime, until: datetime) -> None:
    """Let a mailbox that is due wait until then."""
    ready = (table.c.id == mailbox_id) & (table.c.due <= now)
    conn.execute(update(table).where(ready).values(due=until))


def audit_again(conn: Connection, mailbox_id: int, at: datetime) -> None:
    """Let the next audit of a mailbox be due then."""
    conn.execute(update(table).where(table.c.id == mailbox_id).values(audit_due=at))


def bring_forward(conn: Connection, policy: str, at: datetime) -> None:
    """Let no sound mailbox of a policy wait longer than until `at`."""
    late = (table.c.policy == policy) & (table.c.failures == 0) & (table.c.due > at)
    conn.execute(update(table).where(late).values(due=at))


def bring_audits_forward(conn: Connection, at: datetime) -> None:
    """Let no mailbox wait longer than until `at` for its audit."""
    conn.execute(update(table).where(table.c.audit_due > at).values(audit_due=at))
