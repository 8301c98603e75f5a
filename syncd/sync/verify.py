"""Everything of a mailbox read at once, on both sides, and held against what is kept of it.

It changes nothing: neither side, nor what is kept of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from syncd.crm import records
from syncd.model.record import equal
from syncd.model.values import Value
from syncd.outlook.errors import Sort
from syncd.outlook.port import Head, Item
from syncd.reconcile.decide import Stand
from syncd.reconcile.divergence import Divergence, of_item, record_differs
from syncd.reconcile.facts import Link, LinkState
from syncd.reconcile.images import Standing
from syncd.reconcile.reasons import Reason
from syncd.sync import accounting, links, questions
from syncd.sync.facts_of import item_facts
from syncd.sync.loading import Facts, read_items
from syncd.sync.report import Outcome, RunReport
from syncd.sync.session import Session
from syncd.sync.tables import noticed, observed

WAITING = "waiting"  # has a reason, and is no divergence; nor is it in step


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not in step. `sort` is a stable code; `name` is empty where unknown."""

    sort: str
    name: str
    id: str

    def to_json(self) -> dict[str, str]:
        """The finding for programs."""
        return {"sort": self.sort, "name": self.name, "id": self.id}


def verify(session: Session, *, report: RunReport, findings: list[Finding]) -> None:
    """Add what is not in step to `findings`. Raises MailboxError when it cannot be read."""
    state = session.ensure_state()
    if state.folder_id is None:
        findings.append(Finding("never-synced", "", ""))
        return
    heads = _listed(session, state.folder_id)
    with session.read() as conn:
        session.know_acts(conn)
        known = links.by_crm(conn, session.key, links.crm_ids(conn, session.key))
    live = {crm_id: each for crm_id, each in known.items() if each.state is LinkState.LIVE}
    facts = Facts(state, set())
    read_items(session, facts, (each.remote_id for each in live.values()))
    with session.read() as conn:
        findings += _findings(conn, session, facts, known, heads)
    report.outcome = Outcome.OK


def _listed(session: Session, folder: str) -> dict[str, Head]:
    """The whole folder; the cursor that is kept stays where it is."""
    heads: dict[str, Head] = {}
    cursor, last = None, False
    while not last:
        session.check_stop()
        page = session.port.changes(session.policy.kind, folder, cursor)
        heads.update((head.id, head) for head in page.seen)
        for gone in page.removed:
            heads.pop(gone, None)
        cursor, last = page.cursor, page.last
    return heads


def _findings(
    conn: Connection,
    session: Session,
    facts: Facts,
    known: dict[str, Link],
    heads: dict[str, Head],
) -> Iterator[Finding]:
    rows = {row.remote_id: row for row in conn.execute(
        select(observed).where(session.mine(observed))
    )}  # fmt: skip
    waits = {row.crm_id for row in conn.execute(select(noticed).where(session.mine(noticed)))}
    members = set(records.members(conn, session.stored, session.where))
    held = records.read(conn, session.stored, members | known.keys())
    said = questions.answered(conn, session)
    kind, key = session.policy.kind, session.installation.hash_key

    def called(crm_id: str) -> str:
        return kind.called(held[crm_id].record.fields) if crm_id in held else ""

    for crm_id, link in known.items():
        row = rows.get(link.remote_id)
        if crm_id in waits or (row is not None and row.unsettled):
            yield Finding(WAITING, called(crm_id), crm_id)
        elif link.state is LinkState.LIVE and not _is_left_alone(row):
            wrong = list(_of_link(session, facts, link, heads))
            for sort in wrong:
                yield Finding(sort, called(crm_id), crm_id)
            stored = held.get(crm_id)
            if stored is None or stored.deleted:
                yield Finding(Divergence.RECORD_GONE, "", crm_id)
            elif record_differs(key, kind, link, stored.record):
                yield Finding(Divergence.RECORD_DIFFERS, called(crm_id), crm_id)
            elif not wrong and not _agree(session, facts, link, stored.record.fields):
                yield Finding("groups-differ", called(crm_id), crm_id)
    for crm_id in sorted(members - known.keys()):
        if crm_id in said and said[crm_id].left_alone(str(held[crm_id].version)):
            continue  # as somebody said of it
        yield Finding(WAITING if crm_id in waits else "record-unaccounted", called(crm_id), crm_id)
    yield from _of_items(known, heads, rows)
    counters = {name: n for name, n in session.state(conn).counters.items() if n}
    if counters != dict(accounting.recount(conn, session)):
        yield Finding("miscounted", "", "")


def _is_left_alone(row: Row[Any] | None) -> bool:
    """Whether somebody said to leave it alone, however it stands, until it is edited."""
    return row is not None and row.stand == Stand.EXCLUDED and row.reason == Reason.IGNORED


def _of_link(session: Session, facts: Facts, link: Link, heads: dict[str, Head]) -> Iterator[str]:
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


def _agree(session: Session, facts: Facts, link: Link, fields: Mapping[str, Value]) -> bool:
    """Whether every group that counts as agreed is the same on both sides."""
    found = facts.items[link.remote_id]
    if not isinstance(found, Item) or session.private(found.head):
        return True
    for name, group in session.policy.kind.groups.items():
        mark = link.marks.get(name)
        seen = found.record.group(group)
        if seen is None or len(seen) != len(group.fields):
            continue
        if mark is not None and mark.standing is Standing.APART:
            continue
        if not equal(group, {each.name: fields.get(each.name) for each in group.fields}, seen):
            return False
    return True


def _of_items(
    known: dict[str, Link], heads: dict[str, Head], rows: Mapping[str, Row[Any]]
) -> Iterator[Finding]:
    """Items without a link: each has its reason; no two bear one stamp but known copies."""
    linked = {each.remote_id for each in known.values()}
    stamps = Counter(head.stamp.link for head in heads.values() if head.stamp)
    for head in heads.values():
        if head.id in linked:
            continue
        row = rows.get(head.id)
        stand, reason = getattr(row, "stand", None), getattr(row, "reason", "")
        if row is None:
            yield Finding("item-unaccounted", "", head.id)
        elif stand in (Stand.WAITING, Stand.QUARANTINED):
            yield Finding(WAITING, "", head.id)
        elif stand == Stand.IN_STEP:
            yield Finding("item-without-link", "", head.id)
        elif head.stamp and stamps[head.stamp.link] > 1 and reason != "copy":
            yield Finding("stamped-twice", "", head.id)
