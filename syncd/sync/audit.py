"""The audit: links looked at again, some at a time, on both sides, whatever was told of them.

It writes to neither side. What is not as it was left is noted as if its side had told of it, so
that the next ordinary run decides by the ordinary rules: confirmed (P5) and bounded (P8).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import Connection, Row, select, update

from syncd.crm import feed, records
from syncd.outlook.errors import Sort
from syncd.outlook.port import Item
from syncd.reconcile.decide import Stand
from syncd.reconcile.divergence import Divergence, of_item, record_differs
from syncd.reconcile.facts import Link, LinkState
from syncd.reconcile.reasons import Reason
from syncd.sync import accounting, alerts, claims, links, observe
from syncd.sync.accounting import Sighted
from syncd.sync.facts_of import item_facts
from syncd.sync.first_contact import ContactState
from syncd.sync.loading import Facts, read_items
from syncd.sync.report import Outcome, RunReport
from syncd.sync.session import Session
from syncd.sync.snapshots import chunks
from syncd.sync.tables import link as link_table
from syncd.sync.tables import observed, operation

CAUSE = "audit"

_LOG = structlog.get_logger("syncd")


def audit(session: Session, *, report: RunReport, items: int) -> None:
    """Audit the next `items` links of a kind.

    ceil(items / read batch) requests, one for what changed, and one for whose the folder is.
    Raises MailboxError, Stopped.
    """
    report.audited = report.audited or 0
    state = session.ensure_state()
    settled = state.contact_state == ContactState.DONE and state.folder == session.policy.folder
    if state.folder_id is not None and settled and state.former_id is None:
        try:
            # Of a mailbox of another day everything differs, and says nothing.
            claims.check(session)
        except claims.NotOurs as not_ours:
            report.claim = not_ours.finding
        else:
            report.audited += _look(session, report, state, items)
    with session.write() as conn:
        report.miscounted += _recount(conn, session)
        report.counters.update(session.state(conn).counters)
        found = {alerts.Code.MISCOUNTED: report.miscounted}
        if report.claim is None:
            found[alerts.Code.DIVERGENCE] = report.divergence
        alerts.after_audit(conn, session.mailbox, found, session.clock())
    report.outcome = Outcome.OK


def _look(session: Session, report: RunReport, state: Row[Any], items: int) -> int:
    """How many links were looked at."""
    with session.read() as conn:
        session.know_acts(conn)
        numbers, chosen = _next(conn, session, state.audited, items)
    facts = Facts(state, set())
    read_items(session, facts, (each.remote_id for each in chosen))
    # After reading: an edit until then has been told by now, or was silent.
    observe.outlook(session)
    observe.crm(session)
    with session.write() as conn:
        report.divergence += _compare(conn, session, chosen, facts)
        session.set_state(conn, audited=numbers[-1] if len(numbers) == items else 0)
    return len(chosen)


def _next(
    conn: Connection, session: Session, after: int, items: int
) -> tuple[list[int], list[Link]]:
    """The next live links, in the order in which they were made."""
    query = select(link_table.c.id, link_table.c.crm_id).where(
        session.key.where(), link_table.c.state == LinkState.LIVE, link_table.c.id > after
    )
    rows = conn.execute(query.order_by(link_table.c.id).limit(items)).all()
    found = links.by_crm(conn, session.key, (row.crm_id for row in rows))
    return [row.id for row in rows], list(found.values())


def _compare(
    conn: Connection, session: Session, chosen: Sequence[Link], facts: Facts
) -> Counter[str]:
    """Compare what was read with what was settled, and note what is not the same."""
    # First of all: an edit that is committed in the midst of this is then in the feed, which
    # `_known` looks at, where a database shows each statement what was committed before it.
    held = records.read(conn, session.stored, (each.crm_id for each in chosen))
    known = _known(conn, session, chosen)
    now = links.by_crm(conn, session.key, (each.crm_id for each in chosen))
    same = [each for each in chosen if now.get(each.crm_id) == each and each.crm_id not in known]
    key, kind, found = session.installation.hash_key, session.policy.kind, Counter[str]()
    for each in same:
        sort = _of_item(conn, session, each, facts)
        stored = held.get(each.crm_id)
        if stored is None or stored.deleted:
            crm_sort: Divergence | None = Divergence.RECORD_GONE
        else:
            differs = record_differs(key, kind, each, stored.record)
            crm_sort = Divergence.RECORD_DIFFERS if differs else None
        if crm_sort is not None:
            accounting.notice(conn, session, [each.crm_id])
        found.update(one.value for one in (sort, crm_sort) if one is not None)
        if sort or crm_sort:
            _LOG.warning(
                "divergence", record=each.crm_id, outlook=sort and sort.value,
                crm=crm_sort and crm_sort.value,
            )  # fmt: skip
    return found


def _known(conn: Connection, session: Session, chosen: Sequence[Link]) -> set[str]:
    """Records of which it is known that they are not in step: told, waiting, or in doubt.

    And what somebody said to leave alone: that is over with an edit, and not with an audit.
    """
    ids = [each.crm_id for each in chosen]
    known = accounting.waiting_among(conn, session, ids)
    by_item = {each.remote_id: each.crm_id for each in chosen}
    left_alone = (observed.c.stand == Stand.EXCLUDED) & (observed.c.reason == Reason.IGNORED)
    for chunk in chunks(by_item):
        rows = select(observed.c.remote_id).where(
            session.mine(observed),
            observed.c.unsettled | left_alone,
            observed.c.remote_id.in_(chunk),
        )
        known.update(by_item[each] for each in conn.scalars(rows))
    open_ = select(operation.c.crm_id).where(
        session.mine(operation), operation.c.settled_at.is_(None), operation.c.crm_id.is_not(None)
    )
    known.update(each for each in conn.scalars(open_) if each)
    # Changed since the feed was read.
    late = feed.touched(conn, session.state(conn).crm_cursor, session.policy.kind.name)
    return known | late


def _of_item(conn: Connection, session: Session, link: Link, facts: Facts) -> Divergence | None:
    found = facts.items[link.remote_id]
    if not isinstance(found, Item):
        if found.sort is not Sort.GONE:
            return None  # what cannot be read is not gone (P5); the next audit sees it again
        _note(conn, session, link, link.remote_version, gone=True)
        return Divergence.ITEM_GONE
    item = item_facts(session, found, link.crm_id)
    sort = of_item(session.installation.hash_key, session.policy.kind, link, item)
    if sort is not None:
        _note(conn, session, link, found.head.version, gone=False)
    elif found.head.version != link.remote_version and item.tracked == link.tracked:
        # Moved for nothing: the content is the same, so it is the version that was settled.
        mine = session.key.where() & (link_table.c.crm_id == link.crm_id)
        conn.execute(update(link_table).where(mine).values(remote_version=found.head.version))
        seen = session.mine(observed) & (observed.c.remote_id == link.remote_id)
        conn.execute(update(observed).where(seen).values(version=found.head.version))
    return sort


def _note(conn: Connection, session: Session, link: Link, version: str, *, gone: bool) -> None:
    """As if its side had told of it: the ordinary rules find out what it means."""
    since = session.clock() if gone else None
    reason = Reason.SECOND_LOOK if gone else Reason.RETRY
    there = accounting.set_observed(
        conn, session, link.remote_id, Stand.WAITING, reason, unsettled=True, missing_since=since
    )
    if not there:
        row = Sighted(
            link.remote_id, version, Stand.WAITING, reason, unsettled=True, missing_since=since
        )
        accounting.put_observed(conn, session, [row], session.state(conn).generation)


def _recount(conn: Connection, session: Session) -> Counter[str]:
    """Count afresh (P9), set right what was wrong, and tell by how much."""
    kept = {name: n for name, n in session.state(conn).counters.items() if n}
    counted = dict(accounting.recount(conn, session))
    if kept == counted:
        return Counter()
    _LOG.error("miscounted", kept=kept, counted=counted)
    session.set_state(conn, counters=counted)
    names = kept.keys() | counted.keys()
    return Counter({n: d for n in names if (d := abs(kept.get(n, 0) - counted.get(n, 0)))})
