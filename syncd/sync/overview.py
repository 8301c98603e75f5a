"""What is known of mailboxes and past runs, for status and history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, func, null, select

from syncd.crm import records
from syncd.crm.custom import kinds_of
from syncd.crm.database import utcnow
from syncd.outlook.port import Backend
from syncd.reconcile.claim import Finding
from syncd.reconcile.decide import Stand
from syncd.reconcile.reasons import Reason
from syncd.sync import alerts, claims, mailboxes
from syncd.sync.accounting import QUESTIONS
from syncd.sync.conflicts import OPEN
from syncd.sync.mailboxes import MailboxRow
from syncd.sync.snapshots import Content, load
from syncd.sync.tables import (
    conflict,
    held,
    link,
    mailbox,
    noticed,
    observed,
    operation,
    run,
)


@dataclass(frozen=True, slots=True)
class Overview:
    """One mailbox: its counters over all kinds, and by reason how many cases wait for what.

    `approved` of those that are held were let go, and are carried out by the next run. `alerts` is
    how many of these are open. `used` is the share of what Graph lets be asked of one mailbox in
    ten minutes, by the runs that ended in them; `None` on another backend.
    """

    row: MailboxRow
    counters: Counter[str]
    waits: Counter[Reason]
    approved: int = 0
    alerts: int = 0
    used: float | None = None
    claim: Finding | None = None  # why nothing is written: the folder is not ours to serve


def overviews(
    conn: Connection, addresses: Sequence[str] = (), now: datetime | None = None
) -> list[Overview]:
    """The named mailboxes, or all, as of `now`. Raises MailboxProblem when one is not served."""
    rows = [mailboxes.get(conn, each) for each in addresses] or mailboxes.every(conn)
    open_ = alerts.counted(conn)
    over_graph = [row.id for row in rows if row.backend is Backend.GRAPH]
    asked = _asked(conn, over_graph, now or utcnow()) if over_graph else {}
    return [
        Overview(
            row,
            mailboxes.counters(conn, row.id),
            _waits(conn, row.id),
            _approved(conn, row.id),
            open_.get(row.id, 0),
            asked.get(row.id, 0) / GRAPH_LIMIT if row.backend is Backend.GRAPH else None,
            claims.standing(conn, row.id),
        )
        for row in rows
    ]


GRAPH_LIMIT, GRAPH_WINDOW = 10_000, timedelta(minutes=10)
_LONGEST_RUN = timedelta(hours=1)


def _asked(conn: Connection, mailbox_ids: Sequence[int], now: datetime) -> dict[int, int]:
    """How much was asked of mailboxes lately; each part of a batch counts."""
    since = now - GRAPH_WINDOW
    sent = func.coalesce(run.c.requests, 0) + func.coalesce(run.c.subrequests, 0)
    lately = (run.c.started >= since - _LONGEST_RUN) & (run.c.ended >= since)
    query = select(run.c.mailbox_id, func.sum(sent)).where(
        run.c.mailbox_id.in_(mailbox_ids), lately
    )
    return {row[0]: int(row[1]) for row in conn.execute(query.group_by(run.c.mailbox_id))}


def _waits(conn: Connection, mailbox_id: int) -> Counter[Reason]:
    found: Counter[Reason] = Counter()
    for table in (observed, noticed):
        waiting = table.c.stand.in_([Stand.WAITING.value, Stand.QUARANTINED.value])
        query = select(table.c.reason, func.count()).where(
            table.c.mailbox_id == mailbox_id, waiting
        )
        for reason, n in conn.execute(query.group_by(table.c.reason)):
            found[Reason(reason)] += n
    return found


def _approved(conn: Connection, mailbox_id: int) -> int:
    """How many held cases a person has approved; the next run carries them out."""
    let_go = (held.c.mailbox_id == mailbox_id) & held.c.approved_at.is_not(None)
    query = select(func.count(func.distinct(held.c.subject))).where(let_go)
    return int(conn.execute(query).scalar_one())


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for a person: what is held, doubtful, or refused by the server.

    `verb` is what the breaker counts it as (`delete`, …), `None` unless it is held.
    """

    mailbox: str
    name: str
    stand: Stand
    reason: Reason
    verb: str | None = None
    error: str | None = None
    since: datetime | None = None
    why: Reason | None = None  # what is held would be done


def waiting(conn: Connection, row: MailboxRow) -> list[Waiting]:
    """What waits for a person in one mailbox, by name: held operations first, then the rest."""
    undecided = held.c.approved_at.is_(None) & held.c.discarded_at.is_(None)
    query = select(held).where(held.c.mailbox_id == row.id, undecided)
    found = [
        Waiting(
            row.address,
            each.name,
            Stand.WAITING,
            Reason.HELD,
            each.verb,
            since=each.at,
            why=Reason(each.reason) if each.reason else None,
        )
        for each in conn.execute(query)
    ]
    found.sort(key=lambda each: (each.verb or "", each.name))
    others: list[Waiting] = []
    for kind, stored in kinds_of(conn).items():
        cases = _undecided(conn, row.id, kind)
        called = records.read(conn, stored, {each.crm_id for each in cases if each.crm_id})
        for each in cases:
            record = called.get(each.crm_id or "")
            name = each.name or (stored.kind.called(record.record.fields) if record else "")
            stand, reason = Stand(each.stand), Reason(each.reason)
            others.append(Waiting(row.address, name, stand, reason, error=each.error))
    return found + sorted(others, key=lambda each: (each.stand, each.reason, each.name))


_FOR_SOMEBODY = (*QUESTIONS, Reason.ONLY_BY_HAND)


def _undecided(conn: Connection, mailbox_id: int, kind: str) -> list[Row[Any]]:
    """What somebody is to answer or bring back, and what was set aside.

    The CRM id, the item's name, stand, reason, error.
    """
    tied = (link.c.mailbox_id == observed.c.mailbox_id) & (link.c.kind == observed.c.kind)
    items = select(link.c.crm_id, observed.c.name, *_stands(observed)).select_from(
        observed.outerjoin(link, tied & (link.c.remote_id == observed.c.remote_id))
    )
    bare = select(noticed.c.crm_id, null().label("name"), *_stands(noticed))
    found: list[Row[Any]] = []
    for table, query in ((observed, items), (noticed, bare)):
        mine = (table.c.mailbox_id == mailbox_id) & (table.c.kind == kind)
        asked = table.c.reason.in_(_FOR_SOMEBODY) & (table.c.stand == Stand.WAITING)
        aside = table.c.stand == Stand.QUARANTINED
        found.extend(conn.execute(query.where(mine, asked | aside)))
    return found


def _stands(table: Table) -> tuple[Column[Any], ...]:
    return table.c.stand, table.c.reason, table.c.error


def runs(conn: Connection, address: str | None, limit: int) -> list[Row[Any]]:
    """Past runs, latest first, with the address of their mailbox, which may be removed since."""
    query = select(run, mailbox.c.address).join(mailbox, mailbox.c.id == run.c.mailbox_id)
    if address is not None:
        row = mailboxes.find(conn, address) or mailboxes.get(conn, address)
        query = query.where(mailbox.c.id == row.id)
    return list(conn.execute(query.order_by(run.c.started.desc()).limit(limit)))


def one_run(conn: Connection, run_id: str) -> Row[Any] | None:
    """The run whose id begins with this, if there is just one."""
    query = select(run, mailbox.c.address).join(mailbox, mailbox.c.id == run.c.mailbox_id)
    begins = run.c.id.startswith(run_id.lower(), autoescape=True)
    found = list(conn.execute(query.where(begins).limit(2)))
    return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that a run replaced without its having been agreed: kept, with its reason."""

    crm_id: str
    side: str
    values: Mapping[str, str]  # by label
    reason: Reason


def kept(conn: Connection, run_id: str) -> list[Kept]:
    """The values that one run replaced and kept aside."""
    rows = list(
        conn.execute(
            select(conflict)
            .where(conflict.c.run_id == run_id, conflict.c.state != OPEN)
            .order_by(conflict.c.id)
        )
    )
    contents = load(conn, {row.kept for row in rows})
    return [
        Kept(
            row.crm_id, row.loser, _labelled(conn, row.kind, contents[row.kept]), Reason(row.reason)
        )
        for row in rows
    ]


def _labelled(conn: Connection, kind: str, values: Content) -> dict[str, str]:
    fields = kinds_of(conn)[kind].kind.by_name
    return {
        fields[name].label: ", ".join(held) if isinstance(held, list) else str(held)
        for name, held in values.items()
        if held is not None and name in fields
    }


def names(conn: Connection, rows: Iterable[Row[Any]]) -> dict[str, str]:
    """What the records of some operations are called, by CRM id."""
    ids: dict[str, set[str]] = {}
    for row in rows:
        if row.crm_id:
            ids.setdefault(row.kind, set()).add(row.crm_id)
    stored = kinds_of(conn)
    return {
        each.id: stored[kind].kind.called(each.record.fields)
        for kind, wanted in ids.items()
        for each in records.read(conn, stored[kind], wanted).values()
    }


def written(conn: Connection, rows: Iterable[Row[Any]]) -> dict[str, list[str]]:
    """The labels of the fields that some operations write, by their keys."""
    found, stored = list(rows), kinds_of(conn)
    contents = load(conn, {row.after for row in found if row.after})
    return {
        row.key: [
            fields[name].label
            for name in contents.get(row.after or "", {})
            if name in (fields := stored[row.kind].kind.by_name)
        ]
        for row in found
    }


def operations(conn: Connection, run_id: str) -> list[Row[Any]]:
    """What one run did, in order."""
    query = select(operation).where(operation.c.run_id == run_id)
    return list(conn.execute(query.order_by(operation.c.at, operation.c.key)))
