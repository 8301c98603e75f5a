"""What is known of mailboxes and past runs, for status and history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from syncd.crm import records
from syncd.crm.records import STORED
from syncd.reconcile.decide import Stand
from syncd.reconcile.reasons import SENTENCES, Reason
from syncd.sync import mailboxes
from syncd.sync.mailboxes import MailboxRow
from syncd.sync.report import display
from syncd.sync.snapshots import Content, load
from syncd.sync.tables import conflict, mailbox, mailbox_kind, noticed, observed, operation, run


@dataclass(frozen=True, slots=True)
class Overview:
    """One mailbox: its counters over all kinds, and by sentence how many cases wait for what."""

    row: MailboxRow
    counters: Counter[str]
    waits: Counter[str]


def overviews(conn: Connection, addresses: Sequence[str] = ()) -> list[Overview]:
    """The named mailboxes, or all. Raises MailboxProblem when one is not served."""
    rows = [mailboxes.get(conn, each) for each in addresses] or mailboxes.every(conn)
    return [Overview(row, _counters(conn, row.id), _waits(conn, row.id)) for row in rows]


def _counters(conn: Connection, mailbox_id: int) -> Counter[str]:
    total: Counter[str] = Counter()
    query = select(mailbox_kind.c.counters).where(mailbox_kind.c.mailbox_id == mailbox_id)
    for counters in conn.scalars(query):
        total.update(counters)
    return total


def _waits(conn: Connection, mailbox_id: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for table in (observed, noticed):
        waiting = table.c.stand.in_([Stand.WAITING.value, Stand.QUARANTINED.value])
        query = select(table.c.reason, func.count()).where(
            table.c.mailbox_id == mailbox_id, waiting
        )
        for reason, n in conn.execute(query.group_by(table.c.reason)):
            found[SENTENCES[Reason(reason)]] += n
    return found


def runs(conn: Connection, address: str | None, limit: int) -> list[Row[Any]]:
    """Past runs, latest first, with the address of their mailbox."""
    query = select(run, mailbox.c.address).join(mailbox, mailbox.c.id == run.c.mailbox_id)
    if address is not None:
        query = query.where(mailbox.c.id == mailboxes.get(conn, address).id)
    return list(conn.execute(query.order_by(run.c.started.desc()).limit(limit)))


def one_run(conn: Connection, run_id: str) -> Row[Any] | None:
    """The run whose id begins with this, if there is just one."""
    query = select(run, mailbox.c.address).join(mailbox, mailbox.c.id == run.c.mailbox_id)
    found = list(conn.execute(query.where(run.c.id.startswith(run_id, autoescape=True)).limit(2)))
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
    rows = list(conn.execute(select(conflict).where(conflict.c.run_id == run_id)))
    contents = load(conn, {row.kept for row in rows})
    return [
        Kept(row.crm_id, row.loser, _labelled(row.kind, contents[row.kept]), Reason(row.reason))
        for row in rows
    ]


def _labelled(kind: str, values: Content) -> dict[str, str]:
    fields = STORED[kind].kind.by_name
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
    return {
        each.id: display(STORED[kind].kind, each.record)
        for kind, wanted in ids.items()
        for each in records.read(conn, STORED[kind], wanted).values()
    }


def operations(conn: Connection, run_id: str) -> list[Row[Any]]:
    """What one run did, in order."""
    query = select(operation).where(operation.c.run_id == run_id)
    return list(conn.execute(query.order_by(operation.c.at, operation.c.key)))
