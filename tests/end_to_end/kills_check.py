"""What speaks against the end: looked at by bare clients and plain SQL, against the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Engine, select, union

from syncd.crm import database
from syncd.crm.tables import contact
from syncd.sync.tables import (
    alert,
    conflict,
    held,
    mailbox,
    noticed,
    observed,
    operation,
    question,
    snapshot,
)
from tests.end_to_end.kills_boxes import COMPARED, KEY, Box, Seen
from tests.end_to_end.kills_edits import CRM, OUTLOOK, Ledger

Crm = Mapping[str, Sequence[Mapping[str, str]]]  # by key: one record, unless something is wrong
Mailboxes = Mapping[str, Sequence[Seen]]


def faults(engine: Engine, boxes: Mapping[str, Box], ledger: Ledger) -> list[str]:
    """All that speaks against it; nothing does when all of it held."""
    outlook = {address: box.read() for address, box in boxes.items()}
    crm = _records(engine)
    return [
        *_once(crm, outlook, ledger),
        *_trash(boxes),
        *_equal(crm, outlook, ledger),
        *_nothing_lost(engine, crm, ledger),
        *_apart(crm, outlook, ledger),
        *by_hand(engine),
    ]


def versions(boxes: Mapping[str, Box]) -> Mapping[str, Mapping[str, str]]:
    """The change key of every item, by mailbox: nobody wrote where it is as it was."""
    return {
        address: {each.id: each.version for each in box.read()} for address, box in boxes.items()
    }


def _records(engine: Engine) -> Crm:
    columns = [contact.c[name] for name in (KEY, *COMPARED)]
    found: dict[str, list[Mapping[str, str]]] = {}
    with database.read(engine) as conn:
        for row in conn.execute(select(*columns).where(contact.c.deleted_at.is_(None))):
            found.setdefault(row._mapping[KEY], []).append(dict(row._mapping))
    return found


def _once(crm: Crm, outlook: Mailboxes, ledger: Ledger) -> Iterator[str]:
    """Nobody is there twice, and nobody is missing (P1, P3)."""
    for key in sorted(crm.keys() | ledger.owners.keys()):
        if (number := len(crm.get(key, ()))) != (key in ledger.owners):
            yield f"{key}: {number} times in the CRM"
    for address, items in outlook.items():
        wanted = {key for key, owner in ledger.owners.items() if owner == address}
        wanted |= ledger.apart.get(address, {}).keys()
        times = Counter(each.key for each in items)
        for key in sorted(wanted | times.keys()):
            if times[key] != (key in wanted):
                yield f"{key}: {times[key]} times in {address}"


def _trash(boxes: Mapping[str, Box]) -> Iterator[str]:
    """Nobody deleted anything: not even a double was made that had to be cleared away."""
    for address, box in boxes.items():
        yield from (f"{each.key}: in Deleted Items of {address}" for each in box.read(trash=True))


def _equal(crm: Crm, outlook: Mailboxes, ledger: Ledger) -> Iterator[str]:
    """Both sides say the same (P2), and what nobody edited is as it was."""
    for address, items in outlook.items():
        for item in items:
            if ledger.owners.get(item.key) != address:
                continue
            for record in crm.get(item.key, ()):
                for name in COMPARED:
                    here, there = item.values.get(name), record.get(name)
                    if here != there:
                        yield f"{item.key}, {name}: {there!r} in the CRM, {here!r} in {address}"
    for key, first in ledger.first.items():
        for record in crm.get(key, ()):
            for name in COMPARED:
                if not ledger.of(key, name) and record.get(name) != first[name]:
                    yield f"{key}, {name}: nobody edited it, and it is {record.get(name)!r}"


def _nothing_lost(engine: Engine, crm: Crm, ledger: Ledger) -> Iterator[str]:
    """The last edit of each side is in force, or it lost to one of the other and is kept (P1)."""
    last: dict[tuple[str, str], dict[str, str]] = {}
    for each in ledger.edits:
        last.setdefault((each.key, each.field), {})[each.side] = each.value
    kept = _kept(engine)
    for (key, name), by_side in last.items():
        holds = {record.get(name) for record in crm.get(key, ())}
        if not holds <= set(by_side.values()):
            yield f"{key}, {name}: {holds}, and the last edits were {by_side}"
        for side in (CRM, OUTLOOK):
            value = by_side.get(side)
            if value is not None and value not in holds and value not in kept:
                yield f"{key}, {name}: {value!r} of {side} is lost"


def _kept(engine: Engine) -> str:
    """All that the journal can give back."""
    kept = union(
        select(operation.c.before), select(operation.c.after), select(conflict.c.kept)
    ).subquery()
    with database.read(engine) as conn:
        rows = conn.execute(select(snapshot.c.content).where(snapshot.c.hash.in_(select(kept))))
        return "\n".join(f"{row.content}" for row in rows)


def _apart(crm: Crm, outlook: Mailboxes, ledger: Ledger) -> Iterator[str]:
    """What a rep keeps to themselves is untouched, and unknown to the CRM (P7, P14)."""
    for address, own in ledger.apart.items():
        items = {each.id: each for each in outlook[address]}
        for key, before in own.items():
            if items.get(before.id) != before:
                yield f"{key}: was touched in {address}"
            if key in crm:
                yield f"{key}: is in the CRM"


def by_hand(engine: Engine) -> Iterator[str]:
    """What waits for a person, or is not done: nothing does (P9, P10)."""
    waits = observed.c.stand.in_(["waiting", "quarantined"])
    looked_for = {
        "mailboxes that are not live": (mailbox, mailbox.c.state != "live"),
        "mailboxes that fail": (mailbox, mailbox.c.failures > 0),
        "operations held": (held, held.c.kind.is_not(None)),
        "questions": (question, question.c.answered_at.is_(None)),
        "open conflicts": (conflict, conflict.c.state == "open"),
        "open operations": (operation, operation.c.settled_at.is_(None)),
        "items that wait": (observed, waits),
        "records that wait": (noticed, noticed.c.stand.in_(["waiting", "quarantined"])),
        "alerts": (alert, alert.c.over_at.is_(None) & (alert.c.level != "info")),
    }
    with database.read(engine) as conn:
        for what, (table, where) in looked_for.items():
            found = conn.execute(select(table).where(where)).all()
            if found:
                yield f"{len(found)} {what}, such as {found[0]}"
