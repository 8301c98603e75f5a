"""Withdrawing: its user made an item private, and the CRM gives back what came from it (P7).

Each group that this mailbox authored goes back to its last value of another origin, or empty; a
record that holds nothing from elsewhere goes. What another mailbox had of its own stays. Neither
the journal nor any other link keeps what was withdrawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from sqlalchemy import Column, Connection, Row, Table, select, true, update

from syncd.crm import records
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.stored import Stored
from syncd.model.fields import Side
from syncd.model.normal import group_digest
from syncd.model.record import Record, equal
from syncd.model.values import JsonValue, Value, from_json, to_json
from syncd.reconcile.decide import Verb
from syncd.reconcile.facts import Origin
from syncd.reconcile.images import GroupImage, Standing, differs, hashed
from syncd.reconcile.reasons import Reason
from syncd.sync.journal import withheld
from syncd.sync.links import image_from_json, image_to_json
from syncd.sync.session import Session
from syncd.sync.snapshots import Content, Snapshots, load
from syncd.sync.tables import conflict, link, mailbox, operation

_CRM_VERBS = (Verb.CREATE_RECORD.value, Verb.UPDATE_RECORD.value)
_ITEM_VERBS = (Verb.CREATE_ITEM.value, Verb.UPDATE_ITEM.value)

Authored = Mapping[str, list[JsonValue]]  # by field, what this mailbox ever wrote into it


def withdraw(conn: Connection, session: Session, crm_id: str, snapshots: Snapshots) -> None:
    """Take out of the CRM, and out of the journal, what this mailbox brought into one record.

    And into any that the same item was tracked as before. The snapshots that held it are referred
    to by nothing then; the run ends by deleting them.
    """
    snapshots.flush(conn)
    for each in _records_of(conn, session, crm_id):
        held = records.read(conn, session.stored, [each]).get(each)
        if held is not None:
            _withdraw(conn, session, held, snapshots)


def _records_of(conn: Connection, session: Session, crm_id: str) -> set[str]:
    """The record of an item, and those that it was tracked as before that."""
    here = select(link.c.remote_id).where(session.mine(link), link.c.crm_id == crm_id)
    mine = session.mine(operation) & operation.c.verb.in_(_CRM_VERBS)
    query = select(operation.c.crm_id).where(mine, operation.c.remote_id.in_(here))
    return {crm_id, *(each for each in conn.scalars(query) if each)}


def _withdraw(conn: Connection, session: Session, held: Stored, snapshots: Snapshots) -> None:
    history = _history(conn, session, held.id)
    contents = load(conn, {h for row in history for h in (row.before, row.after) if h})
    groups = {
        name
        for name, origin in held.origins.items()
        if origin.mailbox == session.mailbox.address and name in session.policy.kind.groups
    }
    others = _others(conn, session, held.id)
    theirs = _held_elsewhere(conn, session, held, groups, others)
    if theirs:
        records.reattribute(conn, session.stored, held.id, theirs)
    groups -= theirs.keys()
    authored = _authored(session, history, contents)
    _take_back(conn, session, held, groups, history, contents)
    now = records.read(conn, session.stored, [held.id])[held.id]
    _hash_open(conn, session, held.id, others, authored, snapshots)
    _scrub(conn, session, held.id, authored, snapshots)
    spared = frozenset(theirs)
    for row in others:
        _forget_images(conn, session, row, held, now, authored, spared, snapshots)
    snapshots.flush(conn)


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
    row: Row[tuple[object, ...]],
    before: Stored,
    now: Stored,
    authored: Authored,
    spared: frozenset[str],
    snapshots: Snapshots,
) -> None:
    """Let another mailbox's link know what was withdrawn by its hash alone.

    Where its item holds it, it goes with the next run, and nothing is kept of it on the way. Where
    the item holds something else, it is its user's: the CRM counts as unchanged there.
    """
    kind, key = session.policy.kind, session.installation.hash_key
    contents = load(conn, {str(row.crm_image), str(row.outlook_image)})
    crm = dict(image_from_json(kind, contents[str(row.crm_image)]))
    outlook = dict(image_from_json(kind, contents[str(row.outlook_image)]))
    marks = dict(cast("Mapping[str, list[str]]", row.marks))
    for name, group in kind.groups.items():
        if name in spared:
            continue
        there = _is_tainted(outlook.get(name), authored)
        if there and (image := outlook[name]).values is not None:
            outlook[name] = hashed(key, group, image.values)
            marks[name] = [Standing.UNSETTLED, Reason.MADE_PRIVATE]
        known, held, left = crm.get(name), *(r.record.group(group) or {} for r in (before, now))
        if known is not None and not there and not differs(key, group, known, held):
            crm[name] = hashed(key, group, left) if held != left else known
        elif known is not None and known.values is not None and _is_tainted(known, authored):
            crm[name] = hashed(key, group, known.values)
    images = {
        "crm_image": snapshots.add(image_to_json(crm)),
        "outlook_image": snapshots.add(image_to_json(outlook)),
    }
    conn.execute(update(link).where(link.c.id == row.id).values(**images, marks=marks))


def _is_tainted(image: GroupImage | None, authored: Authored) -> bool:
    """Whether an image holds anything that this mailbox authored; of a set, any element."""
    values = image.values if image is not None and image.values is not None else {}
    for name, value in values.items():
        wrote = authored.get(name, ())
        if isinstance(value, tuple):
            elements = {each for other in wrote if isinstance(other, list) for each in other}
            if elements & set(value):
                return True
        elif value is not None and to_json(value) in wrote:
            return True
    return False


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
    """By field, the last value that this mailbox did not write; empty where there is none.

    What it never wrote stays. A group that it never wrote into at all came to it from another
    mailbox that withdrew: all of that goes.
    """
    mine = [row for row in history if row.mailbox_id == session.mailbox.id]
    wrote = {n for row in mine for n in contents.get(row.after or "", {})}
    patch: dict[str, Value] = {}
    for name in groups:
        fields = session.policy.kind.groups[name].fields
        taken_over = wrote.isdisjoint(field.name for field in fields)
        for field in fields:
            now = to_json(held.record.fields.get(field.name))
            before = None if taken_over else _before(session, field.name, now, history, contents)
            if before != now:
                patch[field.name] = from_json(field.type, before)
    return patch


def _before(
    session: Session,
    field: str,
    now: object,
    history: list[Row[tuple[object, ...]]],
    contents: Mapping[str, Content],
) -> object:
    """What a field held before this mailbox wrote what it holds now."""
    value = now
    for row in history:
        after = contents.get(row.after or "", {})
        if field not in after or after[field] != value:
            continue
        if row.mailbox_id != session.mailbox.id:
            break
        value = contents.get(row.before or "", {}).get(field)
    return value


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
    closed = table.c.settled_at.is_not(None) if column is operation.c.after else true()
    hashes = set(conn.scalars(select(column).where(of_record, closed, column.is_not(None))))
    for each, content in load(conn, hashes).items():
        left = {n: v for n, v in content.items() if v not in authored.get(n, ())}
        if left != content:
            new = snapshots.add(left)
            old = update(table).where(of_record, closed, column == each)
            conn.execute(old.values({column: new}))


def _hash_open(
    conn: Connection,
    session: Session,
    crm_id: str,
    others: list[Row[tuple[object, ...]]],
    authored: Authored,
    snapshots: Snapshots,
) -> None:
    """Of a write that is not settled yet keep the hash: it tells what an item was made to hold."""
    kind, key = session.policy.kind, session.installation.hash_key
    unsettled = (operation.c.kind == kind.name) & (operation.c.crm_id == crm_id)
    query = select(operation).where(unsettled, operation.c.settled_at.is_(None))
    rows = [row for row in conn.execute(query) if row.after]
    sent = load(conn, {row.after for row in rows})
    images = load(conn, {str(row.outlook_image) for row in others})
    known = {r.mailbox_id: image_from_json(kind, images[str(r.outlook_image)]) for r in others}
    for row in rows:
        record = Record.from_json(kind, sent[row.after])
        after = dict(sent[row.after])
        for name, group in kind.groups.items():
            values = record.group(group) or {}
            if not _is_tainted(GroupImage(values), authored):
                continue
            image = known.get(row.mailbox_id, {}).get(name)
            before = image.values if image is not None and image.values is not None else {}
            digest = group_digest(key, group, {**before, **values})
            after = {n: v for n, v in after.items() if n not in values} | {withheld(name): digest}
        if after != sent[row.after]:
            new = snapshots.add(after)
            here = operation.c.key == row.key
            conn.execute(update(operation).where(here).values(after=new))
