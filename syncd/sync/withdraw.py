"""Withdrawing: its user made an item private, and the CRM gives back what came from it (P7).

Each group that this mailbox authored goes back to its last value of another origin, or empty; a
record that holds nothing from elsewhere goes. What another mailbox had of its own stays. Neither
the journal nor any other link keeps what was withdrawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from sqlalchemy import Column, Connection, Row, Table, select, update

from syncd.crm import records
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.stored import Stored
from syncd.model.fields import Side
from syncd.model.record import equal
from syncd.model.values import JsonValue, Value, from_json, to_json
from syncd.reconcile.decide import Verb
from syncd.reconcile.facts import Origin
from syncd.reconcile.images import Standing, hashed
from syncd.reconcile.reasons import Reason
from syncd.sync.links import image_from_json, image_to_json
from syncd.sync.session import Session
from syncd.sync.snapshots import Content, Snapshots, load
from syncd.sync.tables import conflict, link, mailbox, operation

_CRM_VERBS = (Verb.CREATE_RECORD.value, Verb.UPDATE_RECORD.value)
_ITEM_VERBS = (Verb.CREATE_ITEM.value, Verb.UPDATE_ITEM.value)

Authored = Mapping[str, list[JsonValue]]  # by field, what this mailbox ever wrote into it


def withdraw(conn: Connection, session: Session, crm_id: str, snapshots: Snapshots) -> None:
    """Take out of the CRM, and out of the journal, what this mailbox brought into one record.

    The snapshots that held it are referred to by nothing then; the run ends by deleting them.
    """
    held = records.read(conn, session.stored, [crm_id]).get(crm_id)
    if held is None:
        return
    snapshots.flush(conn)
    history = _history(conn, session, crm_id)
    contents = load(conn, {h for row in history for h in (row.before, row.after) if h})
    groups = {
        name
        for name, origin in held.origins.items()
        if origin.mailbox == session.mailbox.address and name in session.policy.kind.groups
    }
    others = _others(conn, session, crm_id)
    theirs = _held_elsewhere(conn, session, held, groups, others)
    if theirs:
        records.reattribute(conn, session.stored, crm_id, theirs)
    groups -= theirs.keys()
    _take_back(conn, session, held, groups, history, contents)
    authored = _authored(session, history, contents)
    _scrub(conn, session, crm_id, authored, snapshots)
    _forget_images(conn, session, others, groups, snapshots)


def _take_back(
    conn: Connection,
    session: Session,
    held: Stored,
    groups: set[str],
    history: list[Row[tuple[object, ...]]],
    contents: Mapping[str, Content],
) -> None:
    """Put the CRM's values back to what they were without this mailbox."""
    actor, at = Actor(ActorKind.UNDO, "withdraw"), session.clock()
    patch = _earlier(session, held, groups, history, contents)
    if held.deleted:
        if patch:
            records.overwrite_deleted(conn, session.stored, held.id, patch, actor)
        return
    left = held
    if patch:
        left = records.update(
            conn, session.stored, held.id, patch, expected=held.version, actor=actor, at=at
        )
    if _came_from_outlook(history) and not any(left.record.fields.values()):
        records.delete(conn, session.stored, held.id, actor, at)
        session.tally.crm["deleted"] += 1
    else:
        session.tally.crm["updated"] += left.version != held.version


def _others(conn: Connection, session: Session, crm_id: str) -> list[Row[tuple[object, ...]]]:
    """The links that other mailboxes have to the record, with their address."""
    elsewhere = (link.c.kind == session.policy.kind.name) & (link.c.crm_id == crm_id)
    query = select(link, mailbox.c.address).join(mailbox, mailbox.c.id == link.c.mailbox_id)
    return list(conn.execute(query.where(elsewhere, link.c.mailbox_id != session.mailbox.id)))


def _held_elsewhere(
    conn: Connection,
    session: Session,
    held: Stored,
    groups: set[str],
    others: list[Row[tuple[object, ...]]],
) -> dict[str, str]:
    """Of these groups, which another user's own item holds alike, and not because we wrote it."""
    found: dict[str, str] = {}
    kind = session.policy.kind
    own = [row for row in others if row.origin in (Origin.ADOPTED, Origin.TRACKED)]
    images = load(conn, {str(row.outlook_image) for row in own})
    for row in own:
        image = image_from_json(kind, images[str(row.outlook_image)])
        written = _written(conn, session, row.mailbox_id, held.id)
        for name in sorted(groups - found.keys()):
            group, known = kind.groups[name], image.get(name)
            values = held.record.group(group) or {}
            if known is None or known.values is None or not equal(group, known.values, values):
                continue
            if not any(to_json(v) in written.get(n, ()) for n, v in values.items() if v):
                found[name] = str(row.address)
    return found


def _written(
    conn: Connection, session: Session, mailbox_id: object, crm_id: str
) -> dict[str, list[object]]:
    """By field, what syncd ever wrote into the item that one mailbox has of a record."""
    of_record = (operation.c.kind == session.policy.kind.name) & (operation.c.crm_id == crm_id)
    mine = (operation.c.mailbox_id == mailbox_id) & operation.c.verb.in_(_ITEM_VERBS)
    hashes = conn.scalars(select(operation.c.after).where(of_record, mine))
    written: dict[str, list[object]] = {}
    for content in load(conn, {each for each in hashes if each}).values():
        for name, value in content.items():
            written.setdefault(name, []).append(value)
    return written


def _forget_images(
    conn: Connection,
    session: Session,
    others: list[Row[tuple[object, ...]]],
    groups: set[str],
    snapshots: Snapshots,
) -> None:
    """Let other links know what was withdrawn by its hash alone, and decide it without a trace."""
    kind, key = session.policy.kind, session.installation.hash_key
    hashes = {str(h) for row in others for h in (row.crm_image, row.outlook_image)}
    contents = load(conn, hashes)
    for row in others:
        images = (
            image_from_json(kind, contents[str(h)]) for h in (row.crm_image, row.outlook_image)
        )
        crm, outlook = (
            {
                name: hashed(key, kind.groups[name], each.values)
                if name in groups and each.values is not None
                else each
                for name, each in image.items()
            }
            for image in images
        )
        marks = cast("Mapping[str, list[str]]", row.marks)
        private = [Standing.UNSETTLED, Reason.MADE_PRIVATE]
        values = {
            "crm_image": snapshots.add(image_to_json(crm)),
            "outlook_image": snapshots.add(image_to_json(outlook)),
            "marks": {**marks, **dict.fromkeys(groups & outlook.keys(), private)},
        }
        conn.execute(update(link).where(link.c.id == row.id).values(**values))
    snapshots.flush(conn)


def _history(conn: Connection, session: Session, crm_id: str) -> list[Row[tuple[object, ...]]]:
    """What mailboxes wrote into the record, newest first."""
    of_record = (operation.c.kind == session.policy.kind.name) & (operation.c.crm_id == crm_id)
    query = select(operation).where(of_record, operation.c.verb.in_(_CRM_VERBS))
    return list(conn.execute(query.order_by(operation.c.at.desc())))


def _came_from_outlook(history: list[Row[tuple[object, ...]]]) -> bool:
    """Whether some mailbox made the record, and not the CRM's people."""
    return any(row.verb == Verb.CREATE_RECORD for row in history)


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
    session: Session, history: list[Row[tuple[object, ...]]], contents: Mapping[str, Content]
) -> Authored:
    """What this mailbox ever wrote, whatever became of it; but for what another one wrote, too."""
    mine: dict[str, list[JsonValue]] = {}
    theirs: dict[str, list[JsonValue]] = {}
    for row in history:
        here = row.mailbox_id == session.mailbox.id
        for name, value in contents.get(row.after or "", {}).items():
            if value is not None:
                (mine if here else theirs).setdefault(name, []).append(cast("JsonValue", value))
    return {
        name: [value for value in values if value not in theirs.get(name, ())]
        for name, values in mine.items()
    }


def _scrub(
    conn: Connection, session: Session, crm_id: str, authored: Authored, snapshots: Snapshots
) -> None:
    """Re-point every reference to a snapshot without what this mailbox authored."""
    _forget_overwritten(conn, session, crm_id, snapshots)
    for table, column in (
        (operation, operation.c.before),
        (operation, operation.c.after),
        (conflict, conflict.c.kept),
    ):
        _repoint(conn, session, crm_id, table, column, authored, snapshots)
    snapshots.flush(conn)


def _forget_overwritten(
    conn: Connection, session: Session, crm_id: str, snapshots: Snapshots
) -> None:
    """Values of the item that syncd overwrote were kept; they came from the item as well."""
    empty = snapshots.add({})
    snapshots.flush(conn)
    for table, column, theirs in (
        (operation, operation.c.before, operation.c.verb == Verb.UPDATE_ITEM),
        (conflict, conflict.c.kept, conflict.c.loser == Side.OUTLOOK),
    ):
        mine = session.mine(table) & (table.c.crm_id == crm_id) & theirs & column.is_not(None)
        conn.execute(update(table).where(mine).values({column: empty}))


def _repoint(
    conn: Connection,
    session: Session,
    crm_id: str,
    table: Table,
    column: Column[str],
    authored: Authored,
    snapshots: Snapshots,
) -> None:
    of_record = (table.c.kind == session.policy.kind.name) & (table.c.crm_id == crm_id)
    hashes = set(conn.scalars(select(column).where(of_record, column.is_not(None))))
    for each, content in load(conn, hashes).items():
        left = {n: v for n, v in content.items() if v not in authored.get(n, ())}
        if left != content:
            new = snapshots.add(left)
            conn.execute(update(table).where(of_record, column == each).values({column: new}))
