"""Whose turn it is: which mailboxes are due to be synced or audited, and that nobody runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from syncd.model.policy import Consent
from syncd.settings.policies import MailboxPolicy
from syncd.sync.mailboxes import SERVED, MailboxState
from syncd.sync.tables import mailbox as table


@dataclass(frozen=True, slots=True)
class Served:
    """The policies under which mailboxes run, by name; `asking` are those that ask their users."""

    policies: Sequence[str]
    asking: Sequence[str]

    @classmethod
    def of(cls, policies: Iterable[MailboxPolicy]) -> Served:
        """Those that name a kind of record: mailboxes of another would be due for ever."""
        served = [each for each in policies if each.kinds]
        asking = [each.name for each in served if each.consent is Consent.USER]
        return cls([each.name for each in served], asking)


def due(conn: Connection, now: datetime, served: Served, limit: int) -> list[str]:
    """The addresses of mailboxes that are served and due, longest waiting first.

    One that somebody runs is not among them, nor one whose user has not agreed and is to.
    """
    ready = and_(table.c.state.in_(SERVED), table.c.due <= now)
    query = select(table.c.address).where(ready, may_run(now, served))
    return list(conn.scalars(query.order_by(table.c.due).limit(limit)))


def audits_due(conn: Connection, now: datetime, served: Served, limit: int) -> list[str]:
    """As `due`, whose audit is: only live ones, and none that is due to be synced itself."""
    ready = and_(
        table.c.state == MailboxState.LIVE.value,
        table.c.failures == 0,
        table.c.due > now,
        or_(table.c.audit_due.is_(None), table.c.audit_due <= now),
    )
    query = select(table.c.address).where(ready, may_run(now, served))
    # Databases differ in where they put what is empty: who was never audited comes first.
    first = (table.c.audit_due.nulls_first(), table.c.id)
    return list(conn.scalars(query.order_by(*first).limit(limit)))


def may_run(now: datetime, served: Served) -> ColumnElement[bool]:
    """Whether a mailbox may be run: its policy is served, its user agrees, nobody runs it now."""
    free = or_(table.c.lease_until.is_(None), table.c.lease_until < now)
    agreed = or_(table.c.consented_at.is_not(None), table.c.policy.not_in(served.asking))
    return and_(free, agreed, table.c.policy.in_(served.policies))


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
