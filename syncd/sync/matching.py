"""Matching records without a link to items without one, in memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from syncd.crm import records
from syncd.outlook.errors import Sort
from syncd.outlook.port import Item, Stamp
from syncd.reconcile.facts import LinkState
from syncd.reconcile.match import Matches, match, match_hashes
from syncd.reconcile.reasons import Reason
from syncd.sync import links
from syncd.sync.loading import Facts, read_items
from syncd.sync.questions import Answer
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
    if not loose or not _any_carrier(session):
        return Matches({}, {})
    hashes = {
        each: match_hashes(kind, session.installation.hash_key, v) for each, v in loose.items()
    }
    with session.read() as conn:
        nominated = _carriers(conn, session, {h for each in hashes.values() for h in each})
        linked = links.versions(conn, session.key, nominated)
        orphaned = {each for each, (_, state) in linked.items() if state == LinkState.ORPHANED}
        here, stamped = _here(conn, session, nominated)
        known = links.by_crm(conn, session.key, {each.crm_id for each in stamped.values()})
    # An item whose stamp no link here knows is another installation's, or a lost record's; one
    # whose stamp is that of a linked item is a copy of it, and free to be somebody else.
    mine = session.installation.name
    strange = {i for i, s in stamped.items() if s.installation != mine or s.crm_id not in known}
    bound = frozenset((strange - linked.keys()) | (orphaned & here))
    candidates = sorted((here - linked.keys()) | bound)
    read_items(session, facts, candidates)
    items: dict[str, Mapping[str, Any]] = {}
    for remote_id in candidates:
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
        owned = links.by_remote(conn, session.key, linked.keys() - orphaned)
        taken = records.read(conn, session.stored, (each.crm_id for each in owned.values()))
    return match(kind, loose, items, [each.record.fields for each in taken.values()], bound)


def as_answered(session: Session, facts: Facts, matches: Matches) -> Matches:
    """The matches, with what a person said in their place."""
    said = {c: a for c, a in facts.answers.items() if c in facts.noticed and c not in facts.links}
    chosen = {c: a.chosen for c, a in said.items() if a.answer is Answer.LINK and a.chosen}
    read_items(session, facts, chosen.values())
    taken = _taken(session, facts, chosen)
    pairs = {
        crm_id: remote_id
        for crm_id, remote_id in chosen.items()
        if isinstance(found := facts.items[remote_id], Item)
        and not session.private(found.head)
        and remote_id not in taken
    }
    new = {crm_id for crm_id, each in said.items() if each.answer is Answer.CREATE}
    decided = pairs.keys() | new
    if not decided:
        return matches
    left = {c: i for c, i in matches.pairs.items() if c not in new and i not in pairs.values()}
    doubtful = {c: ids for c, ids in matches.doubtful.items() if c not in decided}
    return Matches({**left, **pairs}, doubtful, matches.bound - decided)


def _taken(session: Session, facts: Facts, chosen: Mapping[str, str]) -> set[str]:
    """Chosen items that cannot be a record's own: they are another's, or several were said to be.

    Whose answer it was is asked again (P3).
    """
    if not chosen:
        return set()
    times = Counter(chosen.values())
    stamps = {
        remote_id: found.head.stamp.crm_id
        for remote_id in times
        if isinstance(found := facts.items[remote_id], Item)
        and found.head.stamp is not None
        and found.head.stamp.installation == session.installation.name
    }
    with session.read() as conn:
        tied = links.by_crm(conn, session.key, stamps.values())
        states = links.versions(conn, session.key, times)
    named = {i for i, crm_id in stamps.items() if (t := tied.get(crm_id)) and _is_live(t.state)}
    linked = {remote_id for remote_id, (_, state) in states.items() if _is_live(state)}
    return named | linked | {remote_id for remote_id, n in times.items() if n > 1}


def _is_live(state: str) -> bool:
    return state == LinkState.LIVE


def _any_carrier(session: Session) -> bool:
    """Whether anything in the mailbox could be anybody: in an empty one no value is hashed."""
    query = select(match_value.c.remote_id).where(session.mine(match_value)).limit(1)
    with session.read() as conn:
        return conn.execute(query).first() is not None


def _carriers(conn: Connection, session: Session, hashes: Iterable[str]) -> Mapping[str, set[str]]:
    """The items that carry any of these, each with those it carries."""
    found: dict[str, set[str]] = defaultdict(set)
    for chunk in chunks(hashes):
        mine = session.mine(match_value) & match_value.c.hash.in_(chunk)
        for row in conn.execute(select(match_value.c.remote_id, match_value.c.hash).where(mine)):
            found[row.remote_id].add(row.hash)
    return found


def _here(
    conn: Connection, session: Session, ids: Iterable[str]
) -> tuple[set[str], dict[str, Stamp]]:
    """Which of these items may be matched at all, by what they are and not by why they wait.

    They are there, of the kind, and not private. And the stamps of those that bear one.
    """
    here: set[str] = set()
    stamped: dict[str, Stamp] = {}
    for chunk in chunks(ids):
        other = observed.c.reason.in_((Reason.OTHER_CLASS, Reason.PRIVATE))
        mine = session.mine(observed) & observed.c.remote_id.in_(chunk) & ~other
        query = select(observed.c.remote_id, observed.c.stamp_link, observed.c.stamp_key)
        for row in conn.execute(query.where(mine, observed.c.missing_since.is_(None))):
            here.add(row.remote_id)
            stamp = Stamp.parse(row.stamp_link, row.stamp_key)
            if stamp is not None:
                stamped[row.remote_id] = stamp
    return here, stamped
