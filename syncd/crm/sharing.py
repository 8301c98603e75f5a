"""Sharing: an owner lets another user, or a team, see a record, or change it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, delete, insert, select

from syncd.crm import cascades, feed
from syncd.crm.cascades import Deed
from syncd.crm.errors import NoSuchPrincipal
from syncd.crm.feed import Actor, Entry, Verb
from syncd.crm.guarding import Guard
from syncd.crm.rows import chunks, live, rows_of
from syncd.crm.stored import StoredKind
from syncd.crm.tables import share as table
from syncd.crm.tables import team, user, utc
from syncd.model.kinds import Schema


@dataclass(frozen=True, slots=True)
class Share:
    """Who else may see a record: a user's or a team's id; `may_write`: and change it."""

    principal_id: str
    may_write: bool


def share(
    conn: Connection,
    stored: StoredKind[Schema],
    id: str,  # noqa: A002 - the name that callers read
    principal_id: str,
    may_write: bool,  # noqa: FBT001 - this is what is set
    actor: Actor,
    at: datetime,
) -> None:
    """Let a user or a team see, or change, a record and what goes along with it.

    Raises NoSuchPrincipal, NoSuchRecord, NotAllowed.
    """
    _demand(conn, stored, id, actor)
    found = any(
        conn.execute(select(each.c.id).where(each.c.id == principal_id)).first()
        for each in (user, team)
    )
    if not found:
        raise NoSuchPrincipal(principal_id)
    for entity, ids in _all_of(conn, stored, id, actor).items():
        before = _held(conn, entity, ids, principal_id)
        # What goes along keeps what it was given by itself.
        after = {each: may_write or (each != id and before.get(each, False)) for each in ids}
        turned = [each for each in ids if before.get(each) is not after[each]]
        _remove(conn, entity, turned, principal_id)
        rows = [
            {"entity": entity, "record_id": each, "principal_id": principal_id,
             "may_write": after[each]}
            for each in turned
        ]  # fmt: skip
        if rows:
            conn.execute(insert(table), rows)
        _tell(conn, entity, turned, actor, at)


def unshare(
    conn: Connection,
    stored: StoredKind[Schema],
    id: str,  # noqa: A002 - the name that callers read
    principal_id: str,
    actor: Actor,
    at: datetime,
) -> bool:
    """Take that back; whether there was anything to take back. Raises NoSuchRecord, NotAllowed."""
    _demand(conn, stored, id, actor)
    gone = 0
    for entity, ids in _all_of(conn, stored, id, actor).items():
        removed = _remove(conn, entity, ids, principal_id)
        gone += removed
        if removed:
            _tell(conn, entity, ids, actor, at)
    return gone > 0


def hand_over(
    conn: Connection, entity: str, loser: str, survivor: str, actor: Actor, at: datetime
) -> None:
    """Whoever sees the one of two records sees the other, and may do what they may with either."""
    before = {each.principal_id: each.may_write for each in shares_of(conn, entity, survivor)}
    more = [
        each
        for each in shares_of(conn, entity, loser)
        if each.principal_id not in before or (each.may_write and not before[each.principal_id])
    ]
    for each in more:
        _remove(conn, entity, [survivor], each.principal_id)
        conn.execute(
            insert(table).values(
                entity=entity,
                record_id=survivor,
                principal_id=each.principal_id,
                may_write=each.may_write,
            )
        )
    _tell(conn, entity, [survivor] if more else [], actor, at)


def shares_of(conn: Connection, entity: str, record_id: str) -> list[Share]:
    """Whom a record is shared with."""
    query = select(table).where(table.c.entity == entity, table.c.record_id == record_id)
    rows = conn.execute(query.order_by(table.c.principal_id))
    return [Share(row.principal_id, row.may_write) for row in rows]


def _demand(conn: Connection, stored: StoredKind[Schema], record_id: str, actor: Actor) -> None:
    row = live(stored, rows_of(conn, stored, [record_id], lock=True), record_id, None)
    Guard.of(conn, stored, actor, [row]).demand_update(record_id, ())


def _held(conn: Connection, entity: str, ids: Iterable[str], principal_id: str) -> dict[str, bool]:
    """Of these the ones that are shared with somebody, and whether to be changed."""
    found: dict[str, bool] = {}
    for chunk in chunks(ids):
        query = select(table.c.record_id, table.c.may_write).where(
            table.c.entity == entity,
            table.c.record_id.in_(chunk),
            table.c.principal_id == principal_id,
        )
        found.update({row.record_id: row.may_write for row in conn.execute(query)})
    return found


def _all_of(
    conn: Connection, stored: StoredKind[Schema], record_id: str, actor: Actor
) -> dict[str, list[str]]:
    along = cascades.taken_along(conn, stored, record_id, Deed.SHARE)
    cascades.demand_along(conn, along, actor)
    found = {entity: list(ids) for entity, ids in along.items()}
    found.setdefault(stored.entity, []).append(record_id)
    return found


def _remove(conn: Connection, entity: str, ids: Iterable[str], principal_id: str) -> int:
    gone = 0
    for chunk in chunks(ids):
        result = conn.execute(
            delete(table).where(
                table.c.entity == entity,
                table.c.record_id.in_(chunk),
                table.c.principal_id == principal_id,
            )
        )
        gone += cast("CursorResult[Any]", result).rowcount
    return gone


def _tell(conn: Connection, entity: str, ids: Iterable[str], actor: Actor, at: datetime) -> None:
    """Whose mailbox these are in may change; nothing in them does."""
    entries = [Entry(entity, each, Verb.SHARE, ()) for each in ids]
    feed.append(conn, entries, actor=actor, at=utc(at))
