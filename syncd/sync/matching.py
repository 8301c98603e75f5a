"""Matching records without a link to items without one, in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from syncd.crm import records
from syncd.outlook.errors import Sort
from syncd.outlook.port import Item
from syncd.reconcile.match import Matches, match, match_hashes
from syncd.reconcile.reasons import Reason
from syncd.sync import links
from syncd.sync.loading import Facts, read_items
from syncd.sync.session import Session
from syncd.sync.snapshots import chunks
from syncd.sync.tables import match_value, observed


def match_loose(session: Session, facts: Facts) -> Matches:
    """Match records without a link to items without one, after reading those again."""
    kind = session.policy.kind
    loose = {
        each: facts.held[each].record.fields
        for each in facts.noticed
        if each in facts.members and each not in facts.links and each not in facts.stamped
    }
    if not loose:
        return Matches({}, {})
    hashes = {
        each: match_hashes(kind, session.installation.hash_key, v) for each, v in loose.items()
    }
    with session.read() as conn:
        nominated = _carriers(conn, session, {h for each in hashes.values() for h in each})
        linked = links.versions(conn, session.key, nominated)
        free = _free(conn, session, nominated) - linked.keys()
    read_items(session, facts, sorted(free))
    items: dict[str, Mapping[str, Any]] = {}
    for remote_id in sorted(free):
        found = facts.items[remote_id]
        if isinstance(found, Item):
            if not session.private(found.head):
                items[remote_id] = found.record.fields
        elif found.sort is not Sort.GONE:
            # Who it is cannot be told now: nobody whom it may be is created beside it (P3, P5).
            by = nominated[remote_id]
            facts.unreadable.update(
                {each: found for each, own in hashes.items() if not own.isdisjoint(by)}
            )
    with session.read() as conn:
        owned = links.by_remote(conn, session.key, linked)
        taken = records.read(conn, session.stored, (each.crm_id for each in owned.values()))
    return match(kind, loose, items, [each.record.fields for each in taken.values()])


def _carriers(conn: Connection, session: Session, hashes: Iterable[str]) -> Mapping[str, set[str]]:
    """The items that carry any of these, each with those it carries."""
    found: dict[str, set[str]] = defaultdict(set)
    for chunk in chunks(hashes):
        mine = session.mine(match_value) & match_value.c.hash.in_(chunk)
        for row in conn.execute(select(match_value.c.remote_id, match_value.c.hash).where(mine)):
            found[row.remote_id].add(row.hash)
    return found


def _free(conn: Connection, session: Session, ids: Iterable[str]) -> set[str]:
    """Which of these items are free to be matched, by what they are and not by why they wait.

    They are there, bear no stamp, and are of the kind.
    """
    found: set[str] = set()
    for chunk in chunks(ids):
        free = observed.c.stamp_link.is_(None) & observed.c.missing_since.is_(None)
        other = observed.c.reason.in_((Reason.OTHER_CLASS, Reason.PRIVATE))
        mine = session.mine(observed) & observed.c.remote_id.in_(chunk) & free & ~other
        found.update(conn.scalars(select(observed.c.remote_id).where(mine)))
    return found
