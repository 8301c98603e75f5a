"""What the breaker holds in a mailbox, by sort; and what a person decides about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, select

from syncd.crm import records
from syncd.crm.custom import kinds_of
from syncd.model.normal import normal
from syncd.model.record import Record
from syncd.outlook.port import Item, Mailbox, Sensitivity
from syncd.reconcile.breaker import Bounded
from syncd.reconcile.reasons import Reason
from syncd.sync import guard
from syncd.sync.guard import Which
from syncd.sync.mailboxes import MailboxProblem, MailboxRow
from syncd.sync.tables import held as table
from syncd.sync.tables import link, mailbox


@dataclass(frozen=True, slots=True)
class One:
    """One that is held: a record, or an item that is yet to be one, under its `subject`."""

    subject: str
    kind: str
    name: str
    reason: Reason | None
    cause: int | None = None  # of one change that is held in all mailboxes


@dataclass(frozen=True, slots=True)
class Held:
    """All of one sort that are held in one mailbox."""

    mailbox: str
    verb: Bounded
    since: datetime
    ones: Sequence[One]

    @property
    def reasons(self) -> Counter[Reason]:
        """Why, and of how many."""
        return Counter(each.reason for each in self.ones if each.reason is not None)

    @property
    def causes(self) -> list[int]:
        """The changes that are held in all mailboxes, and of which some of these are a share."""
        return sorted({each.cause for each in self.ones if each.cause is not None})


@dataclass(frozen=True, slots=True)
class Emptied:
    """One whose item was emptied in Outlook, and what the CRM holds of it."""

    subject: str
    item: str
    record: Record


def held_back(conn: Connection, row: MailboxRow) -> list[Held]:
    """What waits for a person in one mailbox, the most of one sort first."""
    by_verb: dict[Bounded, list[Row[Any]]] = {}
    for each in _undecided(conn, row.id):
        by_verb.setdefault(Bounded(each.verb), []).append(each)
    found = [
        Held(row.address, verb, min(r.at for r in rows), [_one(r) for r in rows])
        for verb, rows in by_verb.items()
    ]
    return sorted(found, key=lambda each: (-len(each.ones), each.verb.value))


def _undecided(conn: Connection, mailbox_id: int) -> list[Row[Any]]:
    mine = (table.c.mailbox_id == mailbox_id) & table.c.approved_at.is_(None)
    query = select(table).where(mine, table.c.discarded_at.is_(None))
    return list(conn.execute(query.order_by(table.c.name, table.c.subject)))


def _one(row: Row[Any]) -> One:
    reason = Reason(row.reason) if row.reason else None
    return One(row.subject, row.kind, row.name, reason, row.cause)


@dataclass(frozen=True, slots=True)
class Shares:
    """One change that is held in several mailboxes: how many of it, and in which."""

    cause: int
    count: int
    mailboxes: Sequence[str]


def shares(conn: Connection, cause: int) -> Shares:
    """What still waits for a person of one change, in all mailboxes together."""
    undecided = table.c.approved_at.is_(None) & table.c.discarded_at.is_(None)
    query = select(mailbox.c.address, table.c.subject).distinct()
    tied = query.join(mailbox, mailbox.c.id == table.c.mailbox_id)
    rows = conn.execute(tied.where(undecided, table.c.cause == cause)).all()
    return Shares(cause, len(rows), sorted({row.address for row in rows}))


def chosen(
    conn: Connection,
    row: MailboxRow,
    names: Iterable[str],
    verb: Bounded | None,
    cause: int | None = None,
) -> Which:
    """What is meant, by id or name, of one sort or change.

    Raises MailboxProblem where a name means nothing that is held, or several.
    """
    wanted = list(names)
    if not wanted:
        return Which(None, verb, cause)
    rows = [
        each
        for each in _undecided(conn, row.id)
        if verb in (None, each.verb) and cause in (None, each.cause)
    ]
    known = {each.subject: each.name for each in rows}
    return Which([_meant(row, known, each) for each in wanted], verb, cause)


def _meant(row: MailboxRow, known: Mapping[str, str], name: str) -> str:
    if name in known:
        return name
    found = [s for s, called in known.items() if called.casefold() == name.strip().casefold()]
    found = found or [s for s in known if len(name) >= 6 and s.startswith(name)]
    if len(found) == 1:
        return found[0]
    what = "is not held" if not found else f"may be any of {len(found)} that are held"
    raise MailboxProblem(
        f"{name!r} {what} in {row.address}", f"See the ids: syncd breaker list {row.address} --json"
    )


def approve(conn: Connection, row: MailboxRow, at: datetime, which: Which) -> int:
    """Let it go; how many records and items it is."""
    meant = _subjects(conn, row, which)
    guard.approve(conn, row.id, at, which)
    return len(meant)


@dataclass(frozen=True, slots=True)
class Discarded:
    """How many were decided against; and how many cannot be, for they are private (P7)."""

    done: int
    private: int


def discard(conn: Connection, row: MailboxRow, at: datetime, which: Which) -> Discarded:
    """Decide against it, but for what is private: that does not stay in the CRM (P7)."""
    meant = _subjects(conn, row, which)
    private = _subjects(conn, row, replace(which, verb=Bounded.WITHDRAW))
    guard.discard_held(conn, row.id, at, which)
    return Discarded(len(meant - private), len(meant & private))


NOTHING = Which([])


def sorts(conn: Connection, row: MailboxRow, which: Which) -> set[Bounded]:
    """The sorts that are meant."""
    return {Bounded(v) for v in conn.scalars(select(table.c.verb).where(which.where(row.id)))}


def _subjects(conn: Connection, row: MailboxRow, which: Which) -> set[str]:
    return set(conn.scalars(select(table.c.subject).where(which.where(row.id))))


def emptied(conn: Connection, mailbox_id: int, ones: Iterable[One]) -> list[Emptied]:
    """Of those that are held, the ones that an edit in Outlook has emptied."""
    found: list[Emptied] = []
    wanted = [each for each in ones if each.reason is Reason.EMPTIED]
    for kind in {each.kind for each in wanted}:
        ids = [each.subject for each in wanted if each.kind == kind]
        mine = (link.c.mailbox_id == mailbox_id) & (link.c.kind == kind) & link.c.crm_id.in_(ids)
        items = {row.crm_id: row.remote_id for row in conn.execute(select(link).where(mine))}
        held = records.read(conn, kinds_of(conn)[kind], items)
        found += [Emptied(each.id, items[each.id], each.record) for each in held.values()]
    return found


def emptied_fields(port: Mailbox, emptied: Iterable[Emptied]) -> dict[str, list[str]]:
    """By subject, the labels of the fields that are empty in Outlook, and not in the CRM.

    The items are read there and then; nothing of them is stored. Raises MailboxError.
    """
    found: dict[str, list[str]] = {}
    for kind, same in groupby(emptied, key=lambda each: each.record.kind):
        some = list(same)
        for each, item in zip(some, port.read(kind, [e.item for e in some]), strict=True):
            if not isinstance(item, Item):
                continue
            if item.head.sensitivity is not Sensitivity.NORMAL:
                continue  # its owner has hidden it since, and emptied nothing
            now, was = item.record.fields, each.record.fields
            found[each.subject] = [
                f.label
                for f in kind.fields
                if f.name in now and normal(f.type, was.get(f.name))
                and not normal(f.type, now[f.name])
            ]  # fmt: skip
    return found
