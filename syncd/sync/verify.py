"""Everything of a mailbox read at once, on both sides, and held against what is kept of it.

It changes nothing: neither side, nor what is kept of their items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from syncd.crm import feed, records
from syncd.crm.stored import Stored
from syncd.model.fields import Side
from syncd.model.kinds import Kind
from syncd.model.policy import ScopeExit
from syncd.model.record import equal
from syncd.outlook.errors import Sort
from syncd.outlook.port import Head, Item, Page
from syncd.reconcile.decide import Stand
from syncd.reconcile.divergence import Divergence, of_item, record_differs
from syncd.reconcile.facts import CrmPresence, Link, LinkState
from syncd.reconcile.images import Standing
from syncd.reconcile.leaving import exit_of
from syncd.reconcile.reasons import Reason
from syncd.sync import accounting, claims, links, observe, questions, remembering
from syncd.sync.facts_of import crm_facts, item_facts
from syncd.sync.loading import Facts, ask_scope, read_items
from syncd.sync.report import Outcome, RunReport
from syncd.sync.session import Session
from syncd.sync.tables import mailbox_kind, noticed, observed

WAITING = "waiting"  # has a reason, and is no divergence; nor is it in step
NEVER_SYNCED = "never-synced"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not in step. `sort` is a stable code; `name` is empty where unknown."""

    sort: str
    name: str
    id: str

    @property
    def waits(self) -> bool:
        """Whether it has its reason, and is nothing to put right."""
        return self.sort == WAITING

    def to_json(self) -> dict[str, str]:
        """The finding for programs."""
        return {"sort": self.sort, "name": self.name, "id": self.id}


def verify(session: Session, *, report: RunReport, findings: list[Finding]) -> None:
    """Add what is not in step to `findings`. Raises MailboxError when it cannot be read."""
    state = _state(session)
    if state is None or state.folder_id is None:
        findings.append(Finding(NEVER_SYNCED, "", ""))
        return
    whose = claims.look(session).finding
    if whose in claims.HOLDS:  # of a mailbox of another day everything differs, and says nothing
        findings.append(Finding(whose.value, "", ""))
        report.claim = whose
        return
    heads = _listed(session, state.folder_id)
    with session.read() as conn:
        session.know_acts(conn)
        known = links.by_crm(conn, session.key, links.crm_ids(conn, session.key))
    live = {crm_id: each for crm_id, each in known.items() if each.state is LinkState.LIVE}
    facts = Facts(state, set())
    read_items(session, facts, (each.remote_id for each in live.values()))
    # After the items, for the same reason as below.
    stirred = _stirred(session, state) if state.cursor is not None else frozenset(heads)
    with session.read() as conn:
        facts.links = live
        kept = _kept(conn, session, known, observe.changed_groups(state.rules, session.rules_text))
        facts.held.update(kept.held)
        ask_scope(conn, session, facts, live)
        # After the records: what has changed until they were read is then among it.
        told = feed.touched(conn, state.crm_cursor, session.policy.kind.name)
        findings += _of_links(session, kept, facts, heads, told, stirred)
        findings += _of_records(conn, session, kept, told)
        findings += _of_items(kept, heads, stirred)
        findings += _of_counters(conn, session)
    report.outcome = Outcome.OK


def _state(session: Session) -> Row[Any] | None:
    with session.read() as conn:
        return conn.execute(select(mailbox_kind).where(session.mine(mailbox_kind))).first()


def _listed(session: Session, folder: str) -> dict[str, Head]:
    """The whole folder."""
    heads: dict[str, Head] = {}
    for page in _pages(session, folder, None):
        heads.update((head.id, head) for head in page.seen)
        for gone in page.removed:
            heads.pop(gone, None)
    return heads


def _stirred(session: Session, state: Row[Any]) -> frozenset[str]:
    """The items that changed since the last run, and wait for the next one."""
    pages = _pages(session, state.folder_id, state.cursor)
    return frozenset(i for page in pages for i in (*(each.id for each in page.seen), *page.removed))


def _pages(session: Session, folder: str, cursor: str | None) -> Iterator[Page]:
    """What changed since a cursor; the one that is kept stays where it is."""
    last = False
    while not last:
        session.check_stop()
        page = session.port.changes(session.policy.kind, folder, cursor)
        yield page
        cursor, last = page.cursor, page.last


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of a mailbox, beside what was just read of it."""

    links: Mapping[str, Link]  # by CRM id
    rows: Mapping[str, Row[Any]]  # of items, by remote id
    waits: frozenset[str]  # records, by id
    members: frozenset[str]
    held: Mapping[str, Stored]
    changed: frozenset[str]  # groups whose rules are others than those that were last in force

    def called(self, kind: Kind, crm_id: str) -> str:
        """What a record is called, as far as it is known, and still there."""
        held = self.held.get(crm_id)
        return "" if held is None or held.deleted else kind.called(held.record.fields)


def _kept(
    conn: Connection, session: Session, known: Mapping[str, Link], changed: frozenset[str]
) -> _Kept:
    rows = conn.execute(select(observed).where(session.mine(observed)))
    waits = conn.scalars(select(noticed.c.crm_id).where(session.mine(noticed)))
    members = frozenset(records.members(conn, session.stored, session.where))
    held = records.read(conn, session.stored, members | known.keys())
    return _Kept(
        known, {each.remote_id: each for each in rows}, frozenset(waits), members, held, changed
    )


def _of_links(
    session: Session,
    kept: _Kept,
    facts: Facts,
    heads: Mapping[str, Head],
    told: frozenset[str],
    stirred: frozenset[str],
) -> Iterator[Finding]:
    """Every link points both ways, and both sides hold what it says.

    A record that the feed has `told` of since the last run waits for the next one; so does an item
    that is `stirred` since.
    """
    kind = session.policy.kind
    for crm_id, link in kept.links.items():
        row, name = kept.rows.get(link.remote_id), kept.called(kind, crm_id)
        if crm_id in kept.waits or (row is not None and row.unsettled):
            yield Finding(WAITING, name, crm_id)
        elif link.state is LinkState.LIVE and not _is_left_alone(row):
            wrong = list(_of_link(session, facts, link, heads))
            if wrong and link.remote_id in stirred:
                wrong = [WAITING]
            for sort in wrong:
                yield Finding(sort, name, crm_id)
            why = _of_record(session, kept, facts, link)
            if why is None and not wrong:
                why = _apart(session, kept, facts, link)
            if why is not None:
                yield Finding(WAITING if crm_id in told else why, name, crm_id)


def _of_record(session: Session, kept: _Kept, facts: Facts, link: Link) -> str | None:
    stored = kept.held.get(link.crm_id)
    if stored is None or stored.deleted:
        return Divergence.RECORD_GONE
    if _has_left(session, facts, link):
        return "record-left"
    key, kind = session.installation.hash_key, session.policy.kind
    return Divergence.RECORD_DIFFERS if record_differs(key, kind, link, stored.record) else None


def _of_records(
    conn: Connection, session: Session, kept: _Kept, told: frozenset[str]
) -> Iterator[Finding]:
    """Records that belong here and have no link: each has its reason."""
    lacking = kept.members - kept.links.keys()
    said = questions.answered(conn, session)
    entered = {each: kept.held[each].record.fields for each in lacking - kept.waits}
    thrown = remembering.among(conn, session, entered)
    may_come = session.policy.direction.speaks(Side.CRM)
    for crm_id in sorted(lacking):
        if crm_id in said and said[crm_id].left_alone(str(kept.held[crm_id].version)):
            continue  # as somebody said of it
        if crm_id in kept.waits:
            yield Finding(WAITING, kept.called(session.policy.kind, crm_id), crm_id)
        elif may_come and crm_id not in thrown:
            sort = WAITING if crm_id in told else "record-unaccounted"
            yield Finding(sort, kept.called(session.policy.kind, crm_id), crm_id)


def _of_counters(conn: Connection, session: Session) -> Iterator[Finding]:
    counters = {name: n for name, n in session.state(conn).counters.items() if n}
    if counters != dict(accounting.recount(conn, session)):
        yield Finding("miscounted", "", "")


def _has_left(session: Session, facts: Facts, link: Link) -> bool:
    """Whether a record belongs in the mailbox no more, and no rule keeps its item in step."""
    if not session.policy.direction.speaks(Side.CRM):
        return False
    said = crm_facts(session, facts, link.crm_id)
    stays = exit_of(session.policy, link.origin) is ScopeExit.KEEP_UPDATING and said.readable
    return said.presence is CrmPresence.OUT_OF_SCOPE and not stays


def _is_left_alone(row: Row[Any] | None) -> bool:
    """Whether somebody said to leave it alone, however it stands, until it is edited."""
    return row is not None and row.stand == Stand.EXCLUDED and row.reason == Reason.IGNORED


def _of_link(
    session: Session, facts: Facts, link: Link, heads: Mapping[str, Head]
) -> Iterator[str]:
    found = facts.items[link.remote_id]
    if not isinstance(found, Item):
        yield Divergence.ITEM_GONE if found.sort is Sort.GONE else "unreadable"
        return
    if link.remote_id not in heads:
        yield "item-elsewhere"
    item = item_facts(session, found, link.crm_id)
    sort = of_item(session.installation.hash_key, session.policy.kind, link, item)
    if sort is not None:
        yield sort


def _apart(session: Session, kept: _Kept, facts: Facts, link: Link) -> str | None:
    """What is wrong where a group is not the same on both sides, and no rule lets it be.

    One whose rule has changed waits to be decided by the new one.
    """
    found = facts.items[link.remote_id]
    if not isinstance(found, Item) or session.private(found.head):
        return None
    sort, fields = None, kept.held[link.crm_id].record.fields
    for name, group in session.policy.kind.groups.items():
        seen, mark = found.record.group(group), link.marks.get(name)
        if seen is None or len(seen) != len(group.fields):
            continue
        if equal(group, {each.name: fields.get(each.name) for each in group.fields}, seen):
            continue
        if name in kept.changed or (mark and mark.standing is Standing.UNSETTLED):
            sort = WAITING
        elif mark is None or mark.standing is Standing.AGREED:
            return "groups-differ"
        elif mark.reason in _FOR_A_PERSON:
            sort = WAITING
    return sort


_FOR_A_PERSON = (Reason.ASKED, Reason.FROZEN)  # no rule keeps these apart


# What may bear the stamp of another item; where its record does not belong here none is the one.
_BESIDE = (Reason.COPY, Reason.PRIVATE, Reason.AT_REST)


def _of_items(kept: _Kept, heads: Mapping[str, Head], stirred: frozenset[str]) -> Iterator[Finding]:
    """Items without a link: each has its reason; no two bear one stamp but known copies."""
    linked = {each.remote_id for each in kept.links.values()}
    stamps = Counter(head.stamp.link for head in heads.values() if head.stamp)
    for head in heads.values():
        if head.id in linked:
            continue
        row = kept.rows.get(head.id)
        stand, reason = getattr(row, "stand", None), getattr(row, "reason", "")
        if row is None:
            yield Finding(WAITING if head.id in stirred else "item-unaccounted", "", head.id)
        elif stand in (Stand.WAITING, Stand.QUARANTINED):
            yield Finding(WAITING, "", head.id)
        elif stand == Stand.IN_STEP:
            yield Finding("item-without-link", "", head.id)
        elif head.stamp and stamps[head.stamp.link] > 1 and reason not in _BESIDE:
            yield Finding("stamped-twice", "", head.id)
