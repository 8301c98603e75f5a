"""Withdrawing: its user made an item private, and the CRM gives back what came from it (P7).

Each group that this mailbox authored goes back to its last value of another origin, or empty; a
record that holds nothing from elsewhere goes. What another mailbox had of its own stays.
"""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import Connection, select

from syncd.crm import cascades, lifecycle, records
from syncd.crm.cascades import Deed
from syncd.crm.feed import Actor, ActorKind
from syncd.model.record import equal
from syncd.model.values import Value, from_json, is_empty, to_json
from syncd.reconcile.decide import Verb
from syncd.reconcile.facts import Origin
from syncd.sync.forget import forget
from syncd.sync.links import image_from_json
from syncd.sync.session import Session
from syncd.sync.snapshots import Snapshots, load
from syncd.sync.tables import operation
from syncd.sync.traces import Traces, merged_into
from syncd.sync.unmapped import knowing_all

_ITEM_VERBS = (Verb.CREATE_ITEM.value, Verb.UPDATE_ITEM.value)


def withdraw(conn: Connection, session: Session, crm_id: str, snapshots: Snapshots) -> None:
    """Take out of the CRM, and out of the journal, what this mailbox brought into one record.

    And into any that the same item was tracked as before. The snapshots that held it are referred
    to by nothing then; the run ends by deleting them.
    """
    snapshots.flush(conn)
    ids = _records_of(conn, session, crm_id)
    session = knowing_all(conn, session, ids)
    known = records.read(conn, session.stored, sorted(ids)).values()
    # A survivor before what was merged into it: the journal of that one says what came from here.
    for held in sorted(known, key=lambda each: each.deleted):
        traces = Traces.of(conn, session, held, crm_id)
        groups = {
            name
            for name, origin in held.origins.items()
            if origin.mailbox == session.mailbox.address and name in session.policy.kind.groups
        }
        theirs = _held_elsewhere(traces, groups)
        if theirs:
            lifecycle.reattribute(conn, session.stored, held.id, theirs)
        _take_back(traces, frozenset(theirs))
        now = records.read(conn, session.stored, [held.id])[held.id]
        forget(traces, now, frozenset(theirs), snapshots)


def _records_of(conn: Connection, session: Session, crm_id: str) -> set[str]:
    """The record of an item, those it was tracked as before, and those merged with any of them."""
    found: set[str] = set()
    following: list[str] = [crm_id]
    while following:
        each = following.pop()
        if each in found:
            continue
        found.add(each)
        made = session.mine(operation) & (operation.c.verb == Verb.CREATE_RECORD)
        query = select(operation.c.precondition).where(made, operation.c.crm_id == each)
        following += [before for before in conn.scalars(query) if before]
        following += merged_into(conn, session.stored, each)
        held = records.read(conn, session.stored, [each])
        following += [found.merged_into for found in held.values() if found.merged_into]
    return found


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
            ours = (traces.forms(n, to_json(v)) & written.get(n, set()) for n, v in values.items())
            if not any(ours):
                found[name] = row.address
    return found


def _written(traces: Traces, mailbox_id: int) -> dict[str, set[str]]:
    """By field the forms of what syncd ever wrote into the item that one mailbox has of it."""
    kind = traces.session.policy.kind.name
    of_record = (operation.c.kind == kind) & (operation.c.crm_id == traces.held.id)
    theirs = (operation.c.mailbox_id == mailbox_id) & operation.c.verb.in_(_ITEM_VERBS)
    hashes = traces.conn.scalars(select(operation.c.after).where(of_record, theirs))
    written: dict[str, set[str]] = {}
    for content in load(traces.conn, {each for each in hashes if each}).values():
        for name, value in content.items():
            written.setdefault(name, set()).update(traces.forms(name, value))
    return written


def _take_back(traces: Traces, spared: frozenset[str]) -> None:
    """Put the CRM's values back to what they were without this mailbox."""
    conn, session, held = traces.conn, traces.session, traces.held
    actor, at = Actor(ActorKind.UNDO, "withdraw"), session.clock()
    patch = _earlier(traces, spared)
    if held.deleted:
        if patch:
            lifecycle.overwrite_deleted(conn, session.stored, held.id, patch, actor)
        return
    left = held
    if patch:
        left = records.update(
            conn, session.stored, held.id, patch, expected=held.version, actor=actor, at=at
        )
    made = (row for row in traces.history if row.crm_id == held.id)
    from_outlook = any(row.verb == Verb.CREATE_RECORD for row in made)
    nothing_left = from_outlook and all(map(is_empty, left.record.fields.values()))
    if nothing_left and not cascades.taken_along(conn, session.stored, held.id, Deed.DELETE):
        # Alone as it is: what merely points to it lets go; nobody's own work goes with it.
        cascades.delete(conn, session.stored, held.id, actor, at)
        session.tally.crm["deleted"] += 1
    else:
        session.tally.crm["updated"] += left.version != held.version


def _earlier(traces: Traces, spared: frozenset[str]) -> dict[str, Value]:
    """By field, the last value that this mailbox did not write; empty where there is none.

    Whoever wrote into the same group since: it goes by what each field holds. Of a set the elements
    go that this mailbox had added.
    """
    patch: dict[str, Value] = {}
    for field in traces.session.policy.kind.fields:
        now = to_json(traces.held.record.fields.get(field.name))
        if now is None or field.group in spared:
            continue
        is_set = isinstance(now, list)
        before = traces.without(field.name, now) if is_set else _before(traces, field.name, now)
        if before != now:
            patch[field.name] = None
            with suppress(ValueError):  # of another type than the custom field was then
                patch[field.name] = from_json(field.type, before)
    return patch


def _before(traces: Traces, field: str, now: object) -> object:
    """What a field held before this mailbox wrote what it holds now."""
    value, known = now, True
    for row in traces.history:
        before = traces.before(row)
        if known:
            written = traces.forms(field, traces.after(row).get(field))
            if not written or written != traces.forms(field, value):
                continue
            if not traces.is_ours(row, field):
                break
        # What another withdrawal took out of the journal is sought further back.
        known = field in before or row.verb == Verb.CREATE_RECORD
        value = before.get(field)
    return value
