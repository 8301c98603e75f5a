"""Withdrawing: its user made an item private, and the CRM gives back what came from it (P7).

Each group that this mailbox authored goes back to its last value of another origin, or empty; a
record that holds nothing from elsewhere goes. What another mailbox had of its own stays.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from syncd.crm import records
from syncd.crm.feed import Actor, ActorKind
from syncd.model.record import equal
from syncd.model.values import Value, from_json, to_json
from syncd.reconcile.decide import Verb
from syncd.reconcile.facts import Origin
from syncd.sync.forget import forget
from syncd.sync.links import image_from_json
from syncd.sync.session import Session
from syncd.sync.snapshots import Snapshots, load
from syncd.sync.tables import link, operation
from syncd.sync.traces import CRM_VERBS, Traces

_ITEM_VERBS = (Verb.CREATE_ITEM.value, Verb.UPDATE_ITEM.value)


def withdraw(conn: Connection, session: Session, crm_id: str, snapshots: Snapshots) -> None:
    """Take out of the CRM, and out of the journal, what this mailbox brought into one record.

    And into any that the same item was tracked as before. The snapshots that held it are referred
    to by nothing then; the run ends by deleting them.
    """
    snapshots.flush(conn)
    ids = _records_of(conn, session, crm_id)
    for held in records.read(conn, session.stored, sorted(ids)).values():
        traces = Traces.of(conn, session, held)
        groups = {
            name
            for name, origin in held.origins.items()
            if origin.mailbox == session.mailbox.address and name in session.policy.kind.groups
        }
        theirs = _held_elsewhere(traces, groups)
        if theirs:
            records.reattribute(conn, session.stored, held.id, theirs)
        _take_back(traces, groups - theirs.keys())
        now = records.read(conn, session.stored, [held.id])[held.id]
        forget(traces, now, frozenset(theirs), snapshots)


def _records_of(conn: Connection, session: Session, crm_id: str) -> set[str]:
    """The record of an item, and those that it was tracked as before that."""
    here = select(link.c.remote_id).where(session.mine(link), link.c.crm_id == crm_id)
    mine = session.mine(operation) & operation.c.verb.in_(CRM_VERBS)
    query = select(operation.c.crm_id).where(mine, operation.c.remote_id.in_(here))
    return {crm_id, *(each for each in conn.scalars(query) if each)}


def _held_elsewhere(traces: Traces, groups: set[str]) -> dict[str, str]:
    """Of these groups, which another user's own item holds alike, and not because we wrote it.

    By group the address of that mailbox.
    """
    found: dict[str, str] = {}
    kind = traces.session.policy.kind
    own = [row for row in traces.others if row.origin in (Origin.ADOPTED, Origin.TRACKED)]
    images = load(traces.conn, {row.outlook_image for row in own})
    for row in own:
        image = image_from_json(kind, images[row.outlook_image])
        written = _written(traces, row.mailbox_id)
        for name in sorted(groups - found.keys()):
            group, known = kind.groups[name], image.get(name)
            values = traces.held.record.group(group) or {}
            if known is None or known.values is None or not equal(group, known.values, values):
                continue
            if not any(to_json(v) in written.get(n, ()) for n, v in values.items() if v):
                found[name] = row.address
    return found


def _written(traces: Traces, mailbox_id: int) -> dict[str, list[object]]:
    """By field, what syncd ever wrote into the item that one mailbox has of the record."""
    kind = traces.session.policy.kind.name
    of_record = (operation.c.kind == kind) & (operation.c.crm_id == traces.held.id)
    theirs = (operation.c.mailbox_id == mailbox_id) & operation.c.verb.in_(_ITEM_VERBS)
    hashes = traces.conn.scalars(select(operation.c.after).where(of_record, theirs))
    written: dict[str, list[object]] = {}
    for content in load(traces.conn, {each for each in hashes if each}).values():
        for name, value in content.items():
            written.setdefault(name, []).append(value)
    return written


def _take_back(traces: Traces, groups: set[str]) -> None:
    """Put the CRM's values back to what they were without this mailbox."""
    conn, session, held = traces.conn, traces.session, traces.held
    actor, at = Actor(ActorKind.UNDO, "withdraw"), session.clock()
    patch = _earlier(traces, groups)
    if held.deleted:
        if patch:
            records.overwrite_deleted(conn, session.stored, held.id, patch, actor)
        return
    left = held
    if patch:
        left = records.update(
            conn, session.stored, held.id, patch, expected=held.version, actor=actor, at=at
        )
    from_outlook = any(row.verb == Verb.CREATE_RECORD for row in traces.history)
    if from_outlook and not any(left.record.fields.values()):
        records.delete(conn, session.stored, held.id, actor, at)
        session.tally.crm["deleted"] += 1
    else:
        session.tally.crm["updated"] += left.version != held.version


def _earlier(traces: Traces, groups: set[str]) -> dict[str, Value]:
    """By field, the last value that this mailbox did not write; empty where there is none.

    What it never wrote stays. A group that it never wrote into at all came to it from another
    mailbox that withdrew: all of that goes.
    """
    wrote = {n for row in traces.history if traces.is_ours(row) for n in traces.after(row)}
    patch: dict[str, Value] = {}
    for name in groups:
        fields = traces.session.policy.kind.groups[name].fields
        taken_over = wrote.isdisjoint(field.name for field in fields)
        for field in fields:
            now = to_json(traces.held.record.fields.get(field.name))
            before = None if taken_over else _before(traces, field.name, now)
            if before != now:
                patch[field.name] = from_json(field.type, before)
    return patch


def _before(traces: Traces, field: str, now: object) -> object:
    """What a field held before this mailbox wrote what it holds now."""
    value = now
    for row in traces.history:
        after = traces.after(row)
        if field not in after or after[field] != value:
            continue
        if not traces.is_ours(row):
            break
        value = traces.before(row).get(field)
    return value
