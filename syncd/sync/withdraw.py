"""Withdrawing: its user made an item private, and the CRM gives back what came from it (P7).

Each group that this mailbox authored goes back to its last value of another origin, or empty; a
record that holds nothing from elsewhere goes. The journal keeps nothing of what was withdrawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from sqlalchemy import Column, Connection, Row, Table, select, update

from syncd.crm import records
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.stored import Stored
from syncd.model.fields import Side
from syncd.model.values import JsonValue, Value, from_json, to_json
from syncd.reconcile.decide import Verb
from syncd.sync.session import Session
from syncd.sync.snapshots import Content, Snapshots, load
from syncd.sync.tables import conflict, link, operation

_CRM_VERBS = (Verb.CREATE_RECORD.value, Verb.UPDATE_RECORD.value)

Authored = Mapping[str, list[JsonValue]]  # by field, what this mailbox ever wrote into it


def withdraw(
    conn: Connection, session: Session, crm_id: str, snapshots: Snapshots
) -> frozenset[str]:
    """Take out of the CRM, and out of the journal, what this mailbox brought into one record.

    The snapshots that held it are returned: to be swept once the link has its new images.
    """
    held = records.read(conn, session.stored, [crm_id]).get(crm_id)
    if held is None or held.deleted:
        return frozenset()
    snapshots.flush(conn)
    history = _history(conn, session, crm_id)
    contents = load(conn, {h for row in history for h in (row.before, row.after) if h})
    groups = {
        name
        for name, origin in held.origins.items()
        if origin.mailbox == session.mailbox.address and name in session.policy.kind.groups
    }
    actor, at = Actor(ActorKind.UNDO, "withdraw"), session.clock()
    patch = _earlier(session, held, groups, history, contents)
    version = held.version
    if patch:
        held = records.update(
            conn, session.stored, crm_id, patch, expected=version, actor=actor, at=at
        )
    if _made_here(session, history) and not any(held.record.fields.values()):
        records.delete(conn, session.stored, crm_id, actor, at)
        session.tally.crm["deleted"] += 1
    else:
        session.tally.crm["updated"] += held.version != version
    authored = _authored(session, groups, history, contents)
    replaced = _scrub(conn, session, crm_id, authored, snapshots)
    here = (link.c.mailbox_id == session.mailbox.id) & (link.c.kind == session.policy.kind.name)
    images = select(link.c.crm_image, link.c.outlook_image).where(here, link.c.crm_id == crm_id)
    return frozenset(replaced | {h for row in conn.execute(images) for h in row})


def _history(conn: Connection, session: Session, crm_id: str) -> list[Row[tuple[object, ...]]]:
    """What mailboxes wrote into the record, newest first."""
    of_record = (operation.c.kind == session.policy.kind.name) & (operation.c.crm_id == crm_id)
    query = select(operation).where(of_record, operation.c.verb.in_(_CRM_VERBS))
    return list(conn.execute(query.order_by(operation.c.at.desc())))


def _made_here(session: Session, history: list[Row[tuple[object, ...]]]) -> bool:
    return any(
        row.verb == Verb.CREATE_RECORD and row.mailbox_id == session.mailbox.id for row in history
    )


def _earlier(
    session: Session,
    held: Stored,
    groups: set[str],
    history: list[Row[tuple[object, ...]]],
    contents: Mapping[str, Content],
) -> dict[str, Value]:
    """By field, the last value that this mailbox did not write; empty where there is none."""
    patch: dict[str, Value] = {}
    for field in session.policy.kind.fields:
        if field.group not in groups:
            continue
        value: object = to_json(held.record.fields.get(field.name))
        for row in history:
            after = contents.get(row.after or "", {})
            if field.name not in after or after[field.name] != value:
                continue
            if row.mailbox_id != session.mailbox.id:
                break
            value = contents.get(row.before or "", {}).get(field.name)
        else:
            untouched = value == to_json(held.record.fields.get(field.name))
            value = None if untouched else value
        patch[field.name] = from_json(field.type, value)
    return patch


def _authored(
    session: Session,
    groups: set[str],
    history: list[Row[tuple[object, ...]]],
    contents: Mapping[str, Content],
) -> Authored:
    fields = {f.name for f in session.policy.kind.fields if f.group in groups}
    authored: dict[str, list[JsonValue]] = {}
    for row in history:
        if row.mailbox_id == session.mailbox.id:
            for name, value in contents.get(row.after or "", {}).items():
                if name in fields and value is not None:
                    authored.setdefault(name, []).append(cast("JsonValue", value))
    return authored


def _scrub(
    conn: Connection, session: Session, crm_id: str, authored: Authored, snapshots: Snapshots
) -> set[str]:
    """Re-point every reference to a snapshot without what this mailbox authored."""
    old = _forget_overwritten(conn, session, crm_id, snapshots)
    for table, column in (
        (operation, operation.c.before),
        (operation, operation.c.after),
        (conflict, conflict.c.kept),
    ):
        old |= _repoint(conn, session, crm_id, table, column, authored, snapshots)
    snapshots.flush(conn)
    return old


def _forget_overwritten(
    conn: Connection, session: Session, crm_id: str, snapshots: Snapshots
) -> set[str]:
    """Values of the item that syncd overwrote were kept; they came from the item as well."""
    old: set[str] = set()
    empty = snapshots.add({})
    snapshots.flush(conn)
    for table, column, theirs in (
        (operation, operation.c.before, operation.c.verb == Verb.UPDATE_ITEM),
        (conflict, conflict.c.kept, conflict.c.loser == Side.OUTLOOK),
    ):
        mine = session.mine(table) & (table.c.crm_id == crm_id) & theirs & column.is_not(None)
        old.update(conn.scalars(select(column).where(mine)))
        conn.execute(update(table).where(mine).values({column: empty}))
    return old


def _repoint(
    conn: Connection,
    session: Session,
    crm_id: str,
    table: Table,
    column: Column[str],
    authored: Authored,
    snapshots: Snapshots,
) -> set[str]:
    of_record = (table.c.kind == session.policy.kind.name) & (table.c.crm_id == crm_id)
    hashes = set(conn.scalars(select(column).where(of_record, column.is_not(None))))
    replaced: set[str] = set()
    for each, content in load(conn, hashes).items():
        left = {n: v for n, v in content.items() if v not in authored.get(n, ())}
        if left != content:
            new = snapshots.add(left)
            conn.execute(update(table).where(of_record, column == each).values({column: new}))
            replaced.add(each)
    return replaced
