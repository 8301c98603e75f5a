"""Causes: one act in the CRM, or one change of the rules, that concerns very many items (P8).

Ten items in each of twenty mailboxes are two hundred, though no mailbox sees more than ten. So a
cause is counted once, over all mailboxes, when the first of them comes to it and before any of
them plans; over the limit, every mailbox's share of it is held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, select, true, update

from syncd.crm.feed import Change
from syncd.crm.stored import StoredKind
from syncd.model.kinds import Kind
from syncd.reconcile.breaker import Bounded
from syncd.reconcile.facts import LinkState
from syncd.sync.scoping import Scoped
from syncd.sync.snapshots import chunks
from syncd.sync.tables import cause as table
from syncd.sync.tables import held, link, mailbox, mailbox_kind, noticed

LEAVING = (Bounded.MOVE, Bounded.UNLINK, Bounded.DELETE)
ENTERING = (Bounded.CREATE,)


@dataclass(frozen=True, slots=True)
class Cause:
    """Records that one transaction changed. `key` names it."""

    key: str
    ids: tuple[str, ...]


def of_feed(changes: Sequence[Change]) -> Iterator[Cause]:
    """What changed together: by one actor, at one time, one after the other."""
    for (at, actor), group in groupby(changes, key=lambda each: (each.at, str(each.actor))):
        ids = tuple(dict.fromkeys(each.id for each in group))
        yield Cause(_key(f"{at.isoformat()} {actor}"), ids)


def of_rules(policy: str, rules: str) -> str:
    """The key of a change of the rules that the mailboxes of a policy go by."""
    return _key(f"{policy} {rules}")


def _key(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Counting:
    """What counting takes: the entity, the distinct scopes of all mailboxes, the day, the limit.

    `limited`: not every user may read every record, so that only a record's owner is known to get
    it.
    """

    stored: StoredKind[Kind]
    scopes: Sequence[Scoped]
    today: date
    limit: int
    limited: bool

    def of(self, mailbox_id: int) -> Counting:
        """The same for the one scope of a mailbox."""
        return replace(self, scopes=[s for s in self.scopes if mailbox_id in s.mailbox_ids])

    def large(self, conn: Connection, found: Iterable[Cause]) -> list[Cause]:
        """Which of these can be over the limit at all: without asking any scope."""
        wanted = list(found)
        held_by: Counter[str] = Counter()
        live = and_(link.c.kind == self.stored.kind.name, link.c.state == LinkState.LIVE)
        for chunk in chunks(each for cause in wanted for each in cause.ids):
            query = select(link.c.crm_id, func.count()).where(live, link.c.crm_id.in_(chunk))
            for crm_id, n in conn.execute(query.group_by(link.c.crm_id)):
                held_by[crm_id] += n
        return [
            each
            for each in wanted
            if len(each.ids) > self.limit or sum(held_by[i] for i in each.ids) > self.limit
        ]

    def judge(
        self, conn: Connection, key: str, ids: Sequence[str] | None, at: datetime
    ) -> int | None:
        """The number of a cause that is held; `None` of one that is not.

        `ids` are the records that it changed; `None` of one that may concern any. Counted by
        whoever comes to it first; a verdict stands until a person approves.
        """
        known = conn.execute(select(table.c.id, table.c.held).where(table.c.key == key)).first()
        if known is not None:
            return known.id if known.held else None
        counts: Counter[str] = Counter()
        for scoped in self.scopes:
            for these in [None] if ids is None else list(chunks(ids)):
                counts["leaving"] += conn.scalars(self._leaving(scoped, these)).one()
                counts["entering"] += conn.scalars(self._entering(scoped, these)).one()
        over = [each.value for each in LEAVING if counts["leaving"] > self.limit]
        over += [each.value for each in ENTERING if counts["entering"] > self.limit]
        values = {"key": key, "counts": dict(counts), "held": over, "at": at}
        made = conn.execute(insert(table).values(**values))
        (number,) = made.inserted_primary_key or (None,)
        return number if over else None

    def _leaving(self, scoped: Scoped, ids: Sequence[str] | None) -> Select[int]:
        inside = (
            select(self.stored.table.c.id)
            .select_from(self.stored.source)
            .where(self.stored.table.c.id == link.c.crm_id, self._possible(scoped))
            .correlate(link, mailbox)
        )
        return (
            select(func.count())
            .select_from(link.join(mailbox, mailbox.c.id == link.c.mailbox_id))
            .where(
                link.c.kind == self.stored.kind.name,
                link.c.state == LinkState.LIVE,
                link.c.tracked.is_(False),
                self._served(scoped),
                link.c.crm_id.in_(ids) if ids is not None else true(),
                ~inside.exists(),
            )
        )

    def _entering(self, scoped: Scoped, ids: Sequence[str] | None) -> Select[int]:
        own = self.stored.table.c
        known = (
            select(link.c.id)
            .where(link.c.mailbox_id == mailbox.c.id, link.c.kind == self.stored.kind.name)
            .where(link.c.crm_id == own.id)
            .correlate(mailbox, self.stored.table)
        )
        return (
            select(func.count())
            .select_from(mailbox.join(self.stored.source, true()))
            .where(
                self._served(scoped),
                own.id.in_(ids) if ids is not None else true(),
                own.owner_id == mailbox.c.user_id if self.limited else true(),
                self._inside(scoped),
                ~known.exists(),
            )
        )

    def _inside(self, scoped: Scoped) -> ColumnElement[bool]:
        return and_(self.stored.alive, scoped.scope.where(mailbox.c.user_id, self.today))

    def _possible(self, scoped: Scoped) -> ColumnElement[bool]:
        return and_(self.stored.alive, scoped.scope.possible(mailbox.c.user_id, self.today))

    def _served(self, scoped: Scoped) -> ColumnElement[bool]:
        """Those of the scope's mailboxes whose first sync is done: the others ask by themselves."""
        kind = mailbox_kind.c.kind == self.stored.kind.name
        done = select(mailbox_kind.c.mailbox_id).where(kind, mailbox_kind.c.contact_state == "done")
        return mailbox.c.id.in_(scoped.mailbox_ids) & mailbox.c.id.in_(done)


def mark(conn: Connection, mailbox_id: int, kind: str, ids: Iterable[str], number: int) -> None:
    """Note of records that are to be decided about that they come of a cause that is held."""
    for chunk in chunks(ids):
        mine = (noticed.c.mailbox_id == mailbox_id) & (noticed.c.kind == kind)
        these = mine & noticed.c.crm_id.in_(chunk)
        conn.execute(update(noticed).where(these).values(cause=number))


def held_by(conn: Connection, numbers: Iterable[int]) -> Mapping[int, frozenset[Bounded]]:
    """What is held of these causes."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    rows = conn.execute(select(table.c.id, table.c.held).where(table.c.id.in_(wanted)))
    return {row.id: frozenset(Bounded(each) for each in row.held) for row in rows}


def of_mailbox(conn: Connection, mailbox_id: int) -> dict[int, Any]:
    """The causes of what is held in a mailbox, by number."""
    numbers = select(held.c.cause).where(held.c.mailbox_id == mailbox_id, held.c.cause.is_not(None))
    return {row.id: row for row in conn.execute(select(table).where(table.c.id.in_(numbers)))}


def approve(conn: Connection, number: int, at: datetime) -> list[int]:
    """Let a cause go, in all mailboxes; those in which some of it was held."""
    conn.execute(update(table).where(table.c.id == number).values(held=[]))
    waits = held.c.cause == number
    concerned = list(conn.scalars(select(held.c.mailbox_id).where(waits).distinct()))
    conn.execute(update(held).where(waits, held.c.approved_at.is_(None)).values(approved_at=at))
    return concerned
