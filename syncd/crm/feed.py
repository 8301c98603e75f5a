"""The change feed: what changed in the store, numbered in commit order.

A reader that has seen number n never meets a smaller one later; gaps are allowed. So numbers are
drawn last thing before the commit, one writer at a time: a transaction collects its changes, and
`database.write` publishes them. Within its own transaction a writer does not see them in the feed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from syncd.crm import postgres
from syncd.crm.tables import crm_change

_COLLECTED = "syncd_changes"  # the execution option that holds what a transaction has changed


class ActorKind(StrEnum):
    """Who may change the store."""

    USER = "user"
    MAILBOX = "mailbox"
    IMPORT = "import"
    API = "api"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changed a record: `Actor(ActorKind.MAILBOX, "ann@contoso.com")`.

    `user_id` is the user of the CRM on whose behalf it is done, and whose rights therefore bound
    it; none for the organisation itself.
    """

    kind: ActorKind
    name: str
    user_id: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.name}"

    @property
    def mailbox(self) -> str | None:
        """The address of the mailbox that a value came from; `None` when it came from nowhere."""
        return self.name if self.kind is ActorKind.MAILBOX else None


class Verb(StrEnum):
    """What was done to a record."""

    CREATE = "create"
    UPDATE = "update"
    ASSIGN = "assign"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    DELETE = "delete"
    MERGE = "merge"  # it went, and another record took its place
    SHARE = "share"  # who may see it
    TOUCH = "touch"  # nothing in it, but something that whose mailbox it is in may depend on


@dataclass(frozen=True, slots=True)
class Entry:
    """A change on its way into the feed, where it gets its number."""

    kind: str
    id: str
    verb: Verb
    fields: tuple[str, ...]
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `fields` are logical names: `firstname`, `ownerid`, `statecode`.

    A `create` speaks for the whole record, and names the fields that it came with.
    """

    number: int
    kind: str
    id: str
    fields: tuple[str, ...]
    verb: Verb
    actor: Actor
    at: datetime
    merged_into: str | None


def append(conn: Connection, entries: Iterable[Entry], *, actor: Actor, at: datetime) -> None:
    """Collect entries, in this order, in the transaction of the change itself."""
    collected: list[dict[str, object]] = conn.get_execution_options()[_COLLECTED]
    collected += [
        {
            "kind": entry.kind,
            "record_id": entry.id,
            "verb": entry.verb.value,
            "changed_fields": list(entry.fields),
            "actor_kind": actor.kind.value,
            "actor_name": actor.name,
            "at": at,
            "merged_into": entry.merged_into,
        }
        for entry in entries
    ]


def collecting() -> dict[str, Any]:
    """The execution options of a connection that is opened for one transaction.

    They are its own, and not those of what is beneath it in a pool: what is rolled back is gone.
    """
    return {_COLLECTED: []}


def publish(conn: Connection) -> None:
    """Number what the transaction has collected. Nothing but the commit may follow."""
    collected: list[dict[str, object]] = conn.get_execution_options()[_COLLECTED]
    if not collected:
        return
    if conn.dialect.name == "postgresql":  # on SQLite the writer is alone
        postgres.lock_feed(conn)
    conn.execute(insert(crm_change), collected)


def latest(conn: Connection) -> int:
    """The number of the latest change; 0 when nothing has changed yet."""
    return conn.execute(select(func.max(crm_change.c.number))).scalar_one() or 0


def since(
    conn: Connection, number: int, limit: int | None = None, *, kind: str | None = None
) -> list[Change]:
    """The changes after `number`, in commit order: of one kind or of all, at most `limit`."""
    table = crm_change
    query = select(table).where(table.c.number > number).order_by(table.c.number).limit(limit)
    if kind is not None:
        query = query.where(table.c.kind == kind)
    return [_change(row) for row in conn.execute(query)]


def touched(conn: Connection, number: int, kind: str) -> frozenset[str]:
    """The records of a kind that changed after `number`, and those that others became."""
    table = crm_change
    query = select(table.c.record_id, table.c.merged_into)
    rows = conn.execute(query.where(table.c.number > number, table.c.kind == kind).distinct())
    return frozenset(each for row in rows for each in row if each)


def together(conn: Connection, change: Change) -> list[Change]:
    """The changes of one kind that were made with this one: by its actor, at its time.

    Those next to it in the feed, however many: a transaction publishes all of its own at once.
    """
    found: list[Change] = []
    for forward in (False, True):
        at = change.number
        while True:
            beside = _beside(conn, change, at, forward=forward)
            found += beside
            if len(beside) < _AT_ONCE:
                break
            at = beside[-1].number
    return sorted({c.number: c for c in [change, *found]}.values(), key=lambda c: c.number)


_AT_ONCE = 1_000


def _beside(conn: Connection, change: Change, at: int, *, forward: bool) -> list[Change]:
    number = crm_change.c.number
    query = select(crm_change).where(number > at if forward else number < at)
    query = query.order_by(number if forward else number.desc()).limit(_AT_ONCE)
    rows = (_change(row) for row in conn.execute(query))
    same = takewhile(lambda each: (each.at, each.actor) == (change.at, change.actor), rows)
    return [each for each in same if each.kind == change.kind]


def about(conn: Connection, kind: str, record_id: str) -> list[Change]:
    """The changes of one record, the oldest first."""
    mine = (crm_change.c.kind == kind) & (crm_change.c.record_id == record_id)
    query = select(crm_change).where(mine).order_by(crm_change.c.number)
    return [_change(row) for row in conn.execute(query)]


def _change(row: Row[tuple[object, ...]]) -> Change:
    return Change(
        number=row.number,
        kind=row.kind,
        id=row.record_id,
        fields=tuple(row.changed_fields),
        verb=Verb(row.verb),
        actor=Actor(ActorKind(row.actor_kind), row.actor_name),
        at=row.at,
        merged_into=row.merged_into,
    )
