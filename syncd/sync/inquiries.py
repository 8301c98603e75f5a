"""The questions that wait for a person, with what they are about; and what was said for good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Table, delete, exists, select

from syncd.crm import records
from syncd.crm.custom import kinds_of
from syncd.crm.stored import Stored
from syncd.model.fields import Field
from syncd.model.kinds import Kind
from syncd.model.normal import normal
from syncd.model.values import Value
from syncd.outlook.port import Item, Mailbox, Sensitivity
from syncd.reconcile.decide import Stand
from syncd.reconcile.reasons import Reason
from syncd.sync import by_hand, questions
from syncd.sync.accounting import QUESTIONS
from syncd.sync.questions import Answer
from syncd.sync.snapshots import chunks
from syncd.sync.tables import mailbox, noticed, observed
from syncd.sync.tables import question as table


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One question, or what was said to it. `about_item`: its subject is an item in Outlook.

    `candidates` are ids of the other side; the first of them goes by the number 1.
    """

    row: Row[Any]
    mailbox: str
    kind: Kind
    name: str
    about_item: bool
    waits: bool
    reason: Reason
    candidates: Sequence[str]
    answer: Answer | None

    @property
    def id(self) -> int:
        """Its number."""
        return int(self.row.id)

    @property
    def since(self) -> datetime:
        """When it was asked."""
        asked: datetime = self.row.asked_at
        return asked


def every(conn: Connection, mailbox_ids: Iterable[int]) -> list[Inquiry]:
    """What waits for an answer, and what was answered, in some mailboxes; what is stale is not."""
    return _load(conn, list(mailbox_ids))


def one(conn: Connection, number: int) -> Inquiry | None:
    """The question of this number, if its subject waits still or was left alone."""
    row = questions.one(conn, number)
    found = _load(conn, [row.mailbox_id], table.c.id == number) if row is not None else []
    return found[0] if found else None


def _load(
    conn: Connection, mailbox_ids: Sequence[int], *only: ColumnElement[bool]
) -> list[Inquiry]:
    query = select(table, mailbox.c.address).join(mailbox, mailbox.c.id == table.c.mailbox_id)
    stored = kinds_of(conn)
    mine = table.c.mailbox_id.in_(mailbox_ids) & table.c.kind.in_(list(stored))
    rows = list(conn.execute(query.where(mine, *only).order_by(table.c.id)))
    found: list[Inquiry] = []
    for kind in {row.kind for row in rows}:
        of_kind = [row for row in rows if row.kind == kind]
        subjects = {row.subject for row in of_kind}
        records_there = _waiting(conn, kind, mailbox_ids, subjects)
        items = _items(conn, kind, mailbox_ids, subjects)
        held = records.read(conn, stored[kind], subjects)
        for row in of_kind:
            at = (row.mailbox_id, row.subject)
            waits = at in records_there or (at in items and items[at].waits)
            lasting = row.answer in questions.LASTING and (at in items or row.subject in held)
            if waits or lasting:
                found.append(_inquiry(row, stored[kind].kind, held, items.get(at), waits=waits))
    return sorted(found, key=lambda each: each.id)


@dataclass(frozen=True, slots=True)
class _Item:
    name: str | None
    waits: bool


def _waiting(
    conn: Connection, kind: str, mailbox_ids: Sequence[int], subjects: Iterable[str]
) -> set[tuple[int, str]]:
    """The records among these that are asked about."""
    found: set[tuple[int, str]] = set()
    for chunk in chunks(subjects):
        query = select(noticed.c.mailbox_id, noticed.c.crm_id).where(
            noticed.c.mailbox_id.in_(mailbox_ids), noticed.c.kind == kind,
            noticed.c.crm_id.in_(chunk), noticed.c.reason.in_(QUESTIONS),
            noticed.c.stand == Stand.WAITING,
        )  # fmt: skip
        found.update((row.mailbox_id, row.crm_id) for row in conn.execute(query))
    return found


def _items(
    conn: Connection, kind: str, mailbox_ids: Sequence[int], subjects: Iterable[str]
) -> dict[tuple[int, str], _Item]:
    """The items among these, and which of them are asked about."""
    found: dict[tuple[int, str], _Item] = {}
    for chunk in chunks(subjects):
        query = select(observed).where(
            observed.c.mailbox_id.in_(mailbox_ids), observed.c.kind == kind,
            observed.c.remote_id.in_(chunk),
        )  # fmt: skip
        for row in conn.execute(query):
            waits = row.stand == Stand.WAITING and row.reason in QUESTIONS
            found[row.mailbox_id, row.remote_id] = _Item(row.name, waits)
    return found


def _inquiry(
    row: Row[Any],
    kind: Kind,
    held: Mapping[str, Stored],
    item: _Item | None,
    *,
    waits: bool,
) -> Inquiry:
    record = held.get(row.subject)
    name = (item.name or "") if item is not None else ""
    if record is not None:
        name = record.name
    return Inquiry(
        row,
        row.address,
        kind,
        name,
        item is not None,
        waits,
        Reason(row.reason),
        list(row.candidates),
        Answer(row.answer) if row.answer else None,
    )


# --- saying --------------------------------------------------------------------------------------


def answer(
    conn: Connection, asked: Inquiry, said: Answer, at: datetime, chosen: str | None = None
) -> None:
    """Note what a person said; what is stale of the same mailbox is forgotten."""
    questions.answer(conn, asked.row, said, at, chosen)
    _stir(conn, asked)
    mine = (table.c.mailbox_id == asked.row.mailbox_id) & table.c.answer.is_(None)
    conn.execute(
        delete(table).where(
            mine, ~_waits(noticed, noticed.c.crm_id), ~_waits(observed, observed.c.remote_id)
        )
    )


def _waits(seen: Table, subject: Column[str]) -> ColumnElement[bool]:
    """Whether the subject of a question is in a table as one that is asked about."""
    same = (seen.c.mailbox_id == table.c.mailbox_id) & (seen.c.kind == table.c.kind)
    asked = (seen.c.stand == Stand.WAITING) & seen.c.reason.in_(QUESTIONS)
    return exists().where(same, subject == table.c.subject, asked)


def ask_again(conn: Connection, asked: Inquiry) -> None:
    """Take an answer back: the next run decides about it, and asks if it must."""
    conn.execute(delete(table).where(table.c.id == asked.id))
    _stir(conn, asked)


def _stir(conn: Connection, asked: Inquiry) -> None:
    row = asked.row
    if asked.about_item:
        by_hand.look_again(conn, row.mailbox_id, row.kind, [row.subject])
    else:
        by_hand.notice(conn, row.mailbox_id, row.kind, [row.subject])


# --- looking -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """One of those that are compared: what it holds, or why it is not shown."""

    id: str
    name: str
    values: Mapping[str, Value]
    missing: str | None = None


def in_crm(conn: Connection, asked: Inquiry) -> list[Shown]:
    """Those of the CRM that are compared: the candidates of an item, or the subject alone."""
    ids = asked.candidates if asked.about_item else [asked.row.subject]
    held = records.read(conn, kinds_of(conn)[asked.row.kind], ids)
    found = []
    for each in ids:
        record = held.get(each)
        if record is None or record.deleted:
            found.append(Shown(each, "", {}, "it is not in the CRM any more"))
        else:
            fields = record.record.fields
            found.append(Shown(each, asked.kind.called(fields), fields))
    return found


def in_outlook(port: Mailbox, asked: Inquiry) -> list[Shown]:
    """Those of Outlook that are compared: the item that is asked about, or a record's candidates.

    They are read there and then; nothing of them is stored (P14). Raises MailboxError.
    """
    kind = asked.kind
    ids = [asked.row.subject] if asked.about_item else asked.candidates
    found = []
    for each, item in zip(ids, port.read(kind, list(ids)), strict=True):
        if not isinstance(item, Item):
            found.append(Shown(each, "", {}, "it is not in Outlook any more"))
        elif item.head.sensitivity is not Sensitivity.NORMAL:
            found.append(Shown(each, "", {}, "its owner has marked it private"))
        else:
            fields = item.record.fields
            found.append(Shown(each, kind.called(fields), fields))
    return found


def telling(kind: Kind, subject: Shown, others: Sequence[Shown]) -> list[tuple[Field, bool]]:
    """The fields that any of them holds; and of each, whether all hold the same."""
    there = [each for each in (subject, *others) if each.missing is None]
    rows = []
    for field in kind.fields:
        forms = [normal(field.type, each.values.get(field.name)) for each in there]
        if any(forms):
            rows.append((field, all(form == forms[0] for form in forms)))
    return rows
