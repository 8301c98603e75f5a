"""Loading what one gathering decides from: rows, links, records, and items read on demand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, or_, select, true

from syncd.crm import records
from syncd.crm.stored import Stored
from syncd.model.kinds import Kind
from syncd.model.policy import Track
from syncd.model.values import Value
from syncd.outlook.errors import Failure, Sort
from syncd.outlook.port import Item, Stamp
from syncd.reconcile.facts import Link, LinkState, Origin
from syncd.reconcile.reasons import Reason
from syncd.sync import links, questions, remembering
from syncd.sync.accounting import PARKED
from syncd.sync.halving import read
from syncd.sync.questions import Answered
from syncd.sync.session import Session, batches
from syncd.sync.snapshots import chunks
from syncd.sync.tables import noticed, observed
from syncd.sync.throttling import stop_if_throttled


@dataclass
class Facts:
    """What was loaded for one gathering."""

    state: Row[Any]
    noticed: set[str]
    seen: dict[str, Row[Any]] = field(default_factory=dict)  # by remote id
    links: dict[str, Link] = field(default_factory=dict)  # by CRM id
    by_remote: dict[str, Link] = field(default_factory=dict)
    held: dict[str, Stored] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    readable: frozenset[str] = frozenset()  # by its user; so is what is writable, and in use
    writable: frozenset[str] = frozenset()
    barred: frozenset[str] = frozenset()  # by a filter that excludes
    unsure: frozenset[str] = frozenset()  # of which cannot be said whether they belong
    items: dict[str, Item | Failure] = field(default_factory=dict)
    stamped: set[str] = field(default_factory=set)
    unreadable: dict[str, Failure] = field(default_factory=dict)  # by CRM id: who may be its item
    looked: set[str] = field(default_factory=set)  # by CRM id: sought in vain, ten minutes ago
    causes: dict[str, int] = field(default_factory=dict)  # by CRM id
    thrown: frozenset[str] = frozenset()  # new records of people whom its user threw away
    answers: dict[str, Answered] = field(default_factory=dict)  # by CRM id or remote id
    failed: dict[str, str] = field(default_factory=dict)  # by the same, of what it failed before
    tried: dict[str, int] = field(default_factory=dict)  # by the same, how often in vain

    def may_pin(self, crm_id: str) -> bool:
        """Whether tracking keeps a record in scope: in use, and its user may read it."""
        held = self.held.get(crm_id)
        there = held is not None and held.active and not held.deleted
        return there and crm_id in self.readable and crm_id not in self.barred

    def entered(self) -> dict[str, Mapping[str, Value]]:
        """What is in scope and has no link yet: what each holds, by CRM id."""
        new = (self.noticed & self.members & self.held.keys()) - self.links.keys()
        return {each: self.held[each].record.fields for each in new}

    def called(self, kind: Kind, ids: Iterable[str]) -> tuple[str, ...]:
        """What these items are called, as far as they were read."""
        found = (self.items.get(each) for each in ids)
        return tuple(kind.called(i.record.fields) for i in found if isinstance(i, Item))


def stirred(session: Session) -> bool:
    """Whether there is anything to decide now, beside what waits for a person."""
    with session.read() as conn:
        for table, more in ((observed, observed.c.unsettled), (noticed, true())):
            query = select(table.c.kind).where(session.mine(table), more, _ready(session, table))
            if conn.execute(query.limit(1)).first():
                return True
    return False


def load(conn: Connection, session: Session, in_doubt: frozenset[str], *, parked: bool) -> Facts:
    """What is to be decided now, of no record with a write in doubt.

    `parked` takes in what waits for a person, too.
    """
    ready = _ready(session, noticed, parked=parked)
    rows = list(conn.execute(select(noticed).where(session.mine(noticed), ready)))
    facts = Facts(session.state(conn), {row.crm_id for row in rows})
    facts.causes = {row.crm_id: row.cause for row in rows if row.cause is not None}
    facts.looked = {
        row.crm_id
        for row in rows
        if row.reason == Reason.SECOND_LOOK and row.retry_at and row.retry_at <= session.clock()
    }
    _load_seen(conn, session, facts, parked=parked)
    facts.failed = {row.crm_id: row.error for row in rows if row.error}
    facts.failed |= {each: row.error for each, row in facts.seen.items() if row.error}
    facts.tried = {row.crm_id: row.attempts for row in rows if row.attempts}
    facts.tried |= {each: row.attempts for each, row in facts.seen.items() if row.attempts}
    facts.by_remote = links.by_remote(conn, session.key, facts.seen)
    for remote_id, row in list(facts.seen.items()):
        link, stamp = facts.by_remote.get(remote_id), stamp_of(row)
        if (link and link.crm_id in in_doubt) or (stamp and stamp.crm_id in in_doubt):
            del facts.seen[remote_id]
    facts.noticed -= in_doubt
    stamps = (stamp_of(row) for row in facts.seen.values())
    facts.stamped = {stamp.crm_id for stamp in stamps if stamp}
    wanted = facts.noticed | facts.stamped | {each.crm_id for each in facts.by_remote.values()}
    facts.links = links.by_crm(conn, session.key, wanted)
    facts.held = records.read(conn, session.stored, wanted)
    ask_scope(conn, session, facts, wanted)
    facts.writable = session.rights.writable_among(conn, facts.held)
    _load_returned(conn, session, facts)
    if facts.noticed or facts.seen:
        session.know_acts(conn)
        facts.answers = questions.answered(conn, session)
    facts.thrown = remembering.among(conn, session, facts.entered())
    return facts


def ask_scope(conn: Connection, session: Session, facts: Facts, wanted: Iterable[str]) -> None:
    """Which of these records belong in the mailbox, and of which that may be said."""
    ids = list(wanted)
    facts.members = records.members_among(conn, session.stored, session.where, ids)
    facts.readable = session.rights.readable_among(conn, ids)
    if session.excluded is not None:
        barred = records.members_among(conn, session.stored, session.excluded, ids)
        facts.barred = frozenset(barred)
    if session.unsure is not None:
        unsure = records.members_among(conn, session.stored, session.unsure, ids)
        facts.unsure = frozenset(unsure)


def _load_returned(conn: Connection, session: Session, facts: Facts) -> None:
    """Items that rest in the folder and whose record may be in scope again: decided with it."""
    noticed_links = (link for each, link in facts.links.items() if each in facts.noticed)
    resting = {
        each.remote_id: each
        for each in noticed_links
        if each.state in (LinkState.RELEASED, LinkState.REMEMBERED)
        and each.remote_id not in facts.by_remote
        and (each.crm_id in facts.members or (each.tracked and facts.may_pin(each.crm_id)))
    }
    here = session.mine(observed) & observed.c.missing_since.is_(None)
    for chunk in chunks(resting):
        for row in conn.execute(select(observed).where(here, observed.c.remote_id.in_(chunk))):
            facts.seen[row.remote_id] = row
            facts.by_remote[row.remote_id] = resting[row.remote_id]


def _load_seen(conn: Connection, session: Session, facts: Facts, *, parked: bool) -> None:
    """Items to be decided about, and those that a noticed record concerns.

    An edit that waits is decided together with the CRM's; and an item that bears the stamp of a
    record without a link is its item, whatever became of the link (P3).
    """
    ready = observed.c.unsettled & _ready(session, observed, parked=parked)
    rows = select(observed).where(session.mine(observed))
    facts.seen = {row.remote_id: row for row in conn.execute(rows.where(ready))}
    known = links.by_crm(conn, session.key, facts.noticed)
    linked = [each.remote_id for each in known.values()]
    stamps = [stamp_text(session, each) for each in facts.noticed - known.keys()]
    here = observed.c.missing_since.is_(None)
    for column, more, values in (
        (observed.c.remote_id, observed.c.unsettled, linked),
        (observed.c.stamp_link, here, stamps),
    ):
        for chunk in chunks(values):
            for row in conn.execute(rows.where(more, column.in_(chunk))):
                facts.seen[row.remote_id] = row


def _ready(session: Session, table: Table, *, parked: bool = False) -> ColumnElement[bool]:
    ready = or_(table.c.retry_at.is_(None), table.c.retry_at <= session.clock())
    return or_(ready, table.c.reason.in_(PARKED)) if parked else ready


def is_act(session: Session, link: Link) -> bool:
    """Whether an item counts as tracked by an act on itself, and not for the folder it lies in."""
    return link.origin is Origin.TRACKED or session.policy.track is Track.CATEGORY


def stamp_of(row: Row[Any]) -> Stamp | None:
    """The stamp that an item was seen with."""
    return Stamp.parse(row.stamp_link, row.stamp_key)


def stamp_text(session: Session, crm_id: str) -> str:
    """The part of its stamp that says whose item it is."""
    return Stamp(session.installation.name, session.policy.kind.name, crm_id, "").link


def read_items(session: Session, facts: Facts, ids: Iterable[str]) -> None:
    """Read the items with these ids that were not read yet."""
    fresh = [each for each in dict.fromkeys(ids) if each not in facts.items]
    wanted = [each for each in fresh if not links.is_unknown(each)]
    for each in set(fresh).difference(wanted):
        facts.items[each] = Failure(Sort.GONE, "UnknownId", "its id is not known")
    done = 0
    for some in batches(wanted, session.port.capabilities.read_batch):
        session.check_held()
        found = read(session, some)
        stop_if_throttled(found.values())
        facts.items.update({i: _in_place(session, facts, each) for i, each in found.items()})
        done += len(some)
        session.progress(f"{session.mailbox.address}: reading", done, len(wanted))


def _in_place(session: Session, facts: Facts, found: Item | Failure) -> Item | Failure:
    """What was read, if it is in a folder of ours.

    Where ids survive moves an item that was thrown away, or moved, can still be read by its id: it
    is gone all the same, as where a move gives it another one.
    """
    if isinstance(found, Failure) or not session.port.capabilities.ids_survive_moves:
        return found
    ours = (facts.state.folder_id, facts.state.archive_id, facts.state.former_id)
    if found.head.folder in (None, *ours):
        return found
    return Failure(Sort.GONE, "Elsewhere", "the item is in another folder by now")
