"""Causes: one act in the CRM, or one change of the rules, that concerns very many items (P8).

Ten items in each of twenty mailboxes are two hundred, though no mailbox sees more than ten. So a
cause is counted once, over all mailboxes, when the first of them comes to it and before any of
them plans; over the limit, every mailbox's share of it is held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    func,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from syncd.crm.access import limits_reading
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


def of_rules(policy: str, before: str, now: str) -> str:
    """The key of a change of the rules that the mailboxes of a policy go by."""
    return _key(f"{policy} {before} {now}")


def _key(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Counting:
    """What counting takes: the entity, the distinct scopes of all mailboxes, the day, the limit.

    The scopes are asked for only where something may be large at all. Where not every user may read
    every record, only a record's owner is known to get it.
    """

    stored: StoredKind[Kind]
    scopes: Callable[[Connection], Sequence[Scoped]]
    today: date
    limit: int

    def large(self, conn: Connection, found: Iterable[Cause]) -> list[Cause]:
        """Which of these can be over the limit at all: without asking any scope.

        One that was judged before is among them, however little of it is seen here.
        """
        wanted = list(found)
        known: set[str] = set()
        for chunk in chunks(each.key for each in wanted):
            known.update(conn.scalars(select(table.c.key).where(table.c.key.in_(chunk))))
        held_by: Counter[str] = Counter()
        live = and_(link.c.kind == self.stored.kind.name, link.c.state == LinkState.LIVE)
        for chunk in chunks(each for cause in wanted for each in cause.ids):
            query = select(link.c.crm_id, func.count()).where(live, link.c.crm_id.in_(chunk))
            for crm_id, n in conn.execute(query.group_by(link.c.crm_id)):
                held_by[crm_id] += n
        return [
            each
            for each in wanted
            if each.key in known
            or len(each.ids) > self.limit
            or sum(held_by[i] for i in each.ids) > self.limit
        ]

    def judge(self, conn: Connection, cause: Cause, at: datetime) -> int | None:
        """The number of an act in the CRM that is held; `None` of one that is not.

        Counted by whoever comes to it first; a verdict stands until a person approves.
        """
        known = conn.execute(select(table).where(table.c.key == cause.key)).first()
        if known is None:
            known = self._put(conn, cause.key, self.scopes(conn), cause.ids, at)
        return _verdict(known)

    def judge_rules(self, conn: Connection, key: str, mailbox_id: int, at: datetime) -> int | None:
        """The same of a change of rules, for each mailbox that takes it.

        A mailbox that takes the same change once more, after it was taken back, begins a new round.
        """
        mine = [each for each in self.scopes(conn) if mailbox_id in each.mailbox_ids]
        # Locked, since who has taken it is added to: another mailbox may be at it now.
        this = select(table).where(table.c.key == key).with_for_update()
        known = conn.execute(this).first()
        if known is not None and mailbox_id in known.counts.get("taken", ()):
            conn.execute(delete(table).where(table.c.id == known.id))
            known = None
        if known is None:
            self._put(conn, key, mine, None, at)
        row = known or conn.execute(this).one()
        counts = {**row.counts, "taken": [*row.counts.get("taken", ()), mailbox_id]}
        conn.execute(update(table).where(table.c.id == row.id).values(counts=counts))
        return _verdict(row)

    def _put(
        self,
        conn: Connection,
        key: str,
        scopes: Sequence[Scoped],
        ids: Sequence[str] | None,
        at: datetime,
    ) -> Row[Any]:
        """Count it over all mailboxes, and write the verdict down. Another may be as quick."""
        limited = limits_reading(conn, self.stored.entity)
        counts: Counter[str] = Counter()
        for scoped in scopes:
            for these in [None] if ids is None else list(chunks(ids)):
                counts["leaving"] += conn.scalars(self._leaving(scoped, these)).one()
                entering = self._entering(scoped, these, limited=limited)
                counts["entering"] += conn.scalars(entering).one()
        over = [each.value for each in LEAVING if counts["leaving"] > self.limit]
        over += [each.value for each in ENTERING if counts["entering"] > self.limit]
        values = {"key": key, "counts": dict(counts), "held": over, "at": at}
        on_server = conn.dialect.name == "postgresql"
        new = (postgresql.insert if on_server else sqlite.insert)(table).values(**values)
        conn.execute(new.on_conflict_do_nothing(index_elements=["key"]))
        return conn.execute(select(table).where(table.c.key == key)).one()

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

    def _entering(self, scoped: Scoped, ids: Sequence[str] | None, *, limited: bool) -> Select[int]:
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
                own.owner_id == mailbox.c.user_id if limited else true(),
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


def _verdict(row: Row[Any]) -> int | None:
    return int(row.id) if row.held else None


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
