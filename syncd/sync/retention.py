"""For how long the past is kept: what is older than the journal's time is deleted.

Never what is open: an operation that is not settled, a conflict that waits for a person. And never
what a promise still needs, however old:

- of a record that something came into out of a mailbox, whatever was written: it says whose a value
  is, and an item that is marked private later takes back just that (P7);
- a creation that was given up as lost: the item may turn up yet, and is known by its key (P3).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Engine, delete, exists, or_, select

from syncd.crm import database
from syncd.crm.tables import crm_change
from syncd.reconcile.decide import Verb
from syncd.sync.conflicts import OPEN
from syncd.sync.journal import Status
from syncd.sync.snapshots import chunks
from syncd.sync.tables import cause, conflict, held, noticed, operation, run
from syncd.sync.traces import CRM_VERBS


def forget_old(engine: Engine, before: datetime) -> Mapping[str, int]:
    """Delete what was done before this; how many rows of which table.

    Reads whole tables. Deletes in short transactions: others write in between.
    """
    return {
        "operations": _delete(engine, operation.c.key, _settled(before) & ~_needed()),
        "conflicts": _delete(engine, conflict.c.id, _decided(before)),
        "causes": _delete(engine, cause.c.id, _judged(before)),
        "runs": _delete(engine, run.c.id, _over(before)),  # last: the others refer to it
    }


def _settled(before: datetime) -> ColumnElement[bool]:
    return operation.c.settled_at < before


def _needed() -> ColumnElement[bool]:
    came_in = operation.alias()
    theirs = select(came_in.c.crm_id).where(
        came_in.c.verb.in_(CRM_VERBS), came_in.c.crm_id.is_not(None)
    )
    # What came into a record that was merged is with the one that took its place.
    took = select(crm_change.c.merged_into).where(crm_change.c.merged_into.is_not(None))
    mentioned = operation.c.crm_id.in_(theirs) | operation.c.crm_id.in_(took)
    lost = (operation.c.status == Status.LOST) & (operation.c.verb == Verb.CREATE_ITEM)
    return or_(operation.c.crm_id.is_not(None) & mentioned, lost)


def _decided(before: datetime) -> ColumnElement[bool]:
    return (conflict.c.at < before) & (conflict.c.state != OPEN)


def _judged(before: datetime) -> ColumnElement[bool]:
    """What was counted over all mailboxes, and of which nothing waits any more."""
    waits = exists().where(held.c.cause == cause.c.id) | exists().where(
        noticed.c.cause == cause.c.id
    )
    return (cause.c.at < before) & ~waits


def _over(before: datetime) -> ColumnElement[bool]:
    """Runs that are over, and of which nothing else is kept."""
    mentioned = or_(
        exists().where(operation.c.run_id == run.c.id),
        run.c.id.in_(select(conflict.c.run_id)),  # of these there are few, and no index
    )
    return (run.c.started < before) & run.c.outcome.is_not(None) & ~mentioned


def _delete(engine: Engine, key: Column[Any], old: ColumnElement[bool]) -> int:
    with database.read(engine) as conn:
        keys = conn.scalars(select(key).where(old)).all()
    for chunk in chunks(keys):
        with database.write(engine) as conn:
            conn.execute(delete(key.table).where(key.in_(chunk)))
    return len(keys)
