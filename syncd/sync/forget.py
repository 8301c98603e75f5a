"""Forgetting what was withdrawn, wherever it is referred to (P7).

The journal and the kept losers lose it; a write that is not settled yet, and the links of other
mailboxes, know it by its keyed hash alone: enough to tell that an item holds just that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Row, Table, select, true, update

from syncd.crm.stored import Stored
from syncd.model.fields import Group, Side
from syncd.model.normal import group_digest
from syncd.model.record import Record, equal
from syncd.model.values import Value
from syncd.reconcile.decide import Verb
from syncd.reconcile.facts import Origin
from syncd.reconcile.images import GroupImage, Standing, differs, hashed
from syncd.reconcile.reasons import Reason
from syncd.sync.journal import withheld
from syncd.sync.links import image_from_json, image_to_json
from syncd.sync.snapshots import Snapshots, load
from syncd.sync.tables import conflict, link, operation
from syncd.sync.traces import Traces


def forget(traces: Traces, now: Stored, spared: frozenset[str], snapshots: Snapshots) -> None:
    """Re-point every reference to a snapshot without what the mailbox authored.

    `now` is the record after it was withdrawn; `spared` are groups that stay as another's own.
    """
    _hash_open(traces, snapshots)
    _forget_overwritten(traces, snapshots)
    groups = traces.session.policy.kind.groups
    stays = frozenset(field.name for name in spared for field in groups[name].fields)
    _repoint(traces, operation, operation.c.before, stays, snapshots)
    _repoint(traces, operation, operation.c.after, stays, snapshots)
    _repoint(traces, conflict, conflict.c.kept, stays, snapshots)
    _repoint(traces, conflict, conflict.c.other, stays, snapshots)
    for row in traces.others:
        _forget_images(traces, row, now, spared, snapshots)
    snapshots.flush(traces.conn)


def _forget_overwritten(traces: Traces, snapshots: Snapshots) -> None:
    """Values of the item that syncd overwrote were kept; they came from the item as well."""
    empty = snapshots.add({})
    snapshots.flush(traces.conn)
    for table, column, theirs in (
        (operation, operation.c.before, operation.c.verb == Verb.UPDATE_ITEM),
        (conflict, conflict.c.kept, conflict.c.loser == Side.OUTLOOK),
    ):
        mine = traces.session.mine(table) & (table.c.crm_id == traces.held.id)
        kept = update(table).where(mine, theirs, column.is_not(None))
        traces.conn.execute(kept.values({column: empty}))


def _repoint(
    traces: Traces,
    table: Table,
    column: Column[str],
    stays: frozenset[str],
    snapshots: Snapshots,
) -> None:
    kind = traces.session.policy.kind.name
    of_record = (table.c.kind == kind) & (table.c.crm_id == traces.held.id)
    closed = table.c.settled_at.is_not(None) if column is operation.c.after else true()
    query = select(column).where(of_record, closed, column.is_not(None))
    for each, content in load(traces.conn, set(traces.conn.scalars(query))).items():
        kept = {n: v if n in stays else traces.without(n, v) for n, v in content.items()}
        left = {n: v for n, v in kept.items() if v is not None or content[n] is None}
        if left != content:
            here = update(table).where(of_record, closed, column == each)
            traces.conn.execute(here.values({column: snapshots.add(left)}))


def _hash_open(traces: Traces, snapshots: Snapshots) -> None:
    """Of writes that are not settled keep the hash of what they made their item hold."""
    conn, session = traces.conn, traces.session
    kind, key = session.policy.kind, session.installation.hash_key
    of_record = (operation.c.kind == kind.name) & (operation.c.crm_id == traces.held.id)
    query = select(operation).where(of_record, operation.c.settled_at.is_(None))
    rows = [row for row in conn.execute(query) if row.after]
    sent = load(conn, {row.after for row in rows})
    images = load(conn, {row.outlook_image for row in traces.others})
    known = {r.mailbox_id: image_from_json(kind, images[r.outlook_image]) for r in traces.others}
    for row in rows:
        record, after = Record.from_json(kind, sent[row.after]), dict(sent[row.after])
        for name, group in kind.groups.items():
            values = record.group(group) or {}
            if traces.left_in(values):
                image = known.get(row.mailbox_id, {}).get(name)
                before = image.values if image is not None and image.values is not None else {}
                digest = group_digest(key, group, {**before, **values})
                left = {n: v for n, v in after.items() if n not in values}
                after = {**left, withheld(name): digest}
        if after != sent[row.after]:
            here = update(operation).where(operation.c.key == row.key)
            conn.execute(here.values(after=snapshots.add(after)))


def _there(
    traces: Traces,
    row: Row[Any],
    group: Group,
    theirs: GroupImage | None,
    held: Mapping[str, Value],
) -> Mapping[str, Value] | None:
    """What another item was known to hold of what is withdrawn, if anything.

    Of one that its own user had made private before there is a hash alone: it tells as well. One
    that was adopted may have held the same of itself.
    """
    if theirs is None:
        return None
    if theirs.values is not None:
        return theirs.values if traces.left_in(theirs.values) else None
    same = theirs.digest == group_digest(traces.session.installation.hash_key, group, held)
    return held if same and row.origin != Origin.ADOPTED and traces.left_in(held) else None


def _forget_images(
    traces: Traces, row: Row[Any], now: Stored, spared: frozenset[str], snapshots: Snapshots
) -> None:
    """Let another mailbox's link know what was withdrawn by its hash alone.

    Where its item holds it, it goes with the next run, and nothing is kept of it on the way. Where
    the item holds something else, it is its user's: the CRM counts as unchanged there.
    """
    kind, key = traces.session.policy.kind, traces.session.installation.hash_key
    contents = load(traces.conn, {row.crm_image, row.outlook_image})
    crm = dict(image_from_json(kind, contents[row.crm_image]))
    outlook = dict(image_from_json(kind, contents[row.outlook_image]))
    marks = dict(row.marks)
    for name, group in kind.groups.items():
        if name in spared:
            continue
        theirs, known = outlook.get(name), crm.get(name)
        held, left = (each.record.group(group) or {} for each in (traces.held, now))
        there = _there(traces, row, group, theirs, held)
        if there is not None:
            if equal(group, there, left):
                continue  # the CRM keeps it: it is somebody else's, too
            outlook[name] = hashed(key, group, there)
            marks[name] = [Standing.UNSETTLED, Reason.MADE_PRIVATE]
        if known is None:
            continue
        if there is None and held != left and not differs(key, group, known, held):
            crm[name] = hashed(key, group, left)
        elif known.values is not None and traces.left_in(known.values):
            crm[name] = hashed(key, group, known.values)
    images = {
        "crm_image": snapshots.add(image_to_json(crm)),
        "outlook_image": snapshots.add(image_to_json(outlook)),
    }
    here = update(link).where(link.c.id == row.id)
    traces.conn.execute(here.values(**images, marks=marks))
