"""What the two sides disagree about, and what a person says to it.

An answer is a mark that the next run carries out, and only if neither side was edited since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from syncd.crm import lifecycle, records
from syncd.crm.custom import kinds_of
from syncd.crm.feed import Actor
from syncd.crm.stored import Stored
from syncd.model.fields import Group, Side
from syncd.model.kinds import Kind
from syncd.model.values import Value, from_json, is_empty, to_json
from syncd.reconcile.decide import Verb
from syncd.reconcile.images import Standing
from syncd.reconcile.reasons import Reason
from syncd.sync import by_hand
from syncd.sync.conflicts import ASKS, KEPT, OPEN, RESOLVED
from syncd.sync.journal import Status
from syncd.sync.mailboxes import MailboxProblem
from syncd.sync.snapshots import Content, Snapshots, load
from syncd.sync.tables import conflict as table
from syncd.sync.tables import link, mailbox, operation
from syncd.sync.writers import beside

ANSWERS = {Reason.ANSWERED_CRM: Side.CRM, Reason.ANSWERED_OUTLOOK: Side.OUTLOOK}
_SAID = {side: reason for reason, side in ANSWERS.items()}


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One field group of one record in one mailbox.

    `held` is what each side held when it was asked. Of one that is not open, it is the value that
    was replaced, by its side; `now` is what the CRM holds today.
    """

    id: int
    mailbox_id: int
    mailbox: str
    kind: str
    crm_id: str
    name: str
    group: Group
    state: str
    reason: Reason
    at: datetime
    run_id: str
    held: Mapping[Side, Content]
    now: Content
    writer: str | None = None  # of one that is frozen: who writes it in the CRM

    @property
    def answered(self) -> Side | None:
        """Which side a person said counts; the next run carries it out."""
        return ANSWERS.get(self.reason) if self.state == OPEN else None


class Outdated(MailboxProblem):
    """What was answered is not asked any more, or not like this."""


def every(
    conn: Connection, mailbox_ids: Iterable[int] | None = None, *, closed: bool = False
) -> list[Disagreement]:
    """What is asked, in all mailboxes or some; with `closed` the values that were replaced, too."""
    where: list[ColumnElement[bool]] = [] if closed else [table.c.state == OPEN]
    if mailbox_ids is not None:
        where.append(table.c.mailbox_id.in_(list(mailbox_ids)))
    return _load(conn, *where)


def some(conn: Connection, ids: Iterable[int]) -> list[Disagreement]:
    """Those of these numbers that there are."""
    return _load(conn, table.c.id.in_(list(ids)))


def _load(conn: Connection, *where: ColumnElement[bool]) -> list[Disagreement]:
    query = select(table, mailbox.c.address).join(mailbox, mailbox.c.id == table.c.mailbox_id)
    rows = list(conn.execute(query.where(*where).order_by(table.c.id)))
    contents = load(conn, {h for row in rows for h in (row.kept, row.other) if h})
    ids: dict[str, set[str]] = {}
    for row in rows:
        ids.setdefault(row.kind, set()).add(row.crm_id)
    stored = kinds_of(conn)
    held = {k: records.read(conn, stored[k], wanted) for k, wanted in ids.items() if k in stored}
    return [
        _with_writer(
            conn,
            _disagreement(
                row, stored[row.kind].kind, group, contents, held[row.kind].get(row.crm_id)
            ),
        )
        for row in rows
        if row.kind in held and (group := stored[row.kind].kind.groups.get(row.field_group))
    ]


def _disagreement(
    row: Row[Any], kind: Kind, group: Group, contents: Mapping[str, Content], record: Stored | None
) -> Disagreement:
    sides = {Side(row.loser): contents.get(row.kept, {})}
    if row.other is not None:
        sides[Side(row.loser).other] = contents.get(row.other, {})
    fields = record.record.fields if record is not None else {}
    return Disagreement(
        row.id,
        row.mailbox_id,
        row.address,
        row.kind,
        row.crm_id,
        kind.called(fields),
        group,
        row.state,
        Reason(row.reason),
        row.at,
        row.run_id,
        sides,
        {f.name: to_json(fields.get(f.name)) for f in group.fields},
    )


def _with_writer(conn: Connection, each: Disagreement) -> Disagreement:
    """Of what two keep undoing, with who is the one in the CRM."""
    if each.state != OPEN or each.reason is not Reason.FROZEN:
        return each
    fields = [field.name for field in each.group.fields]
    return replace(each, writer=beside(conn, each.kind, each.crm_id, fields, each.mailbox))


def answer(conn: Connection, asked: Disagreement, side: Side) -> None:
    """Say which side counts. Raises Outdated when it is not asked any more."""
    reason = _SAID[side]
    row = _asked(conn, asked)
    marks = {**row.marks, asked.group.name: [Standing.UNSETTLED.value, reason.value]}
    conn.execute(update(link).where(link.c.id == row.id).values(marks=marks))
    conn.execute(update(table).where(table.c.id == asked.id).values(reason=reason.value))
    by_hand.notice(conn, asked.mailbox_id, asked.kind, [asked.crm_id])


def answer_with(
    conn: Connection,
    asked: Disagreement,
    values: Mapping[str, Value],
    actor: Actor,
    at: datetime,
) -> None:
    """Say a value of one's own: an edit of the CRM record, which then counts.

    What the CRM held is kept like any value that loses. Raises Outdated, and what the CRM refuses.
    """
    row = _asked(conn, asked)
    stored = kinds_of(conn)[asked.kind]
    before = records.read(conn, stored, [asked.crm_id])[asked.crm_id]
    shown = _values(asked.group, asked.held.get(Side.CRM, {}))
    if {f.name: before.record.fields.get(f.name) for f in asked.group.fields} != shown:
        raise Outdated(
            f"{asked.name or asked.crm_id} was edited in the CRM since it was asked",
            f"Look at it as it is now: syncd sync {asked.mailbox}",
        )
    made = records.update(
        conn, stored, asked.crm_id, values, expected=before.version, actor=actor, at=at
    )
    now = {f.name: to_json(made.record.fields.get(f.name)) for f in asked.group.fields}
    snapshots = Snapshots()
    if any(shown.values()):
        _keep(conn, asked, asked.held.get(Side.CRM, {}), snapshots, at)
    # The CRM is taken to have held it when it was asked: so the answer is about what is there.
    image = load(conn, [row.crm_image])[row.crm_image]
    known = {**image, asked.group.name: {n: v for n, v in now.items() if v is not None}}
    conn.execute(update(link).where(link.c.id == row.id).values(crm_image=snapshots.add(known)))
    held = {"other": snapshots.add(now)}
    conn.execute(update(table).where(table.c.id == asked.id).values(**held))
    snapshots.flush(conn)
    answer(conn, asked, Side.CRM)


def _keep(
    conn: Connection, asked: Disagreement, value: Content, snapshots: Snapshots, at: datetime
) -> None:
    """Keep what a person replaces in the CRM: it can be restored in turn (P1)."""
    conn.execute(
        insert(table).values(
            run_id=asked.run_id,
            mailbox_id=asked.mailbox_id,
            kind=asked.kind,
            crm_id=asked.crm_id,
            field_group=asked.group.name,
            loser=Side.CRM.value,
            kept=snapshots.add(value),
            reason=Reason.ANSWERED_CRM.value,
            at=at,
            state=KEPT,
        )
    )


def restore(conn: Connection, kept: Disagreement, actor: Actor, at: datetime) -> bool:
    """Write a replaced value back into the CRM, from where it travels like any edit.

    What it replaces is kept in its place. Whether there was anything to do. Raises Outdated, also
    when privacy has withdrawn the value since (P13), and what the CRM refuses.
    """
    if kept.state != KEPT:
        raise Outdated(
            f"{kept.id} is not a value that was kept", "See them: syncd conflicts list --all"
        )
    (side,) = kept.held
    patch = _values(kept.group, kept.held[side])
    if all(map(is_empty, patch.values())):  # what is empty is never kept: it was forgotten (P7)
        raise Outdated(
            f"The owner of {kept.mailbox} made it private; nothing is left to bring back",
            "See what was kept: syncd conflicts list --all",
        )
    stored = kinds_of(conn)[kept.kind]
    before = records.read(conn, stored, [kept.crm_id]).get(kept.crm_id)
    if before is None or before.deleted:
        raise Outdated(
            f"{kept.name or kept.crm_id} is deleted in the CRM",
            "Its value is shown, and stays kept.",
        )
    made = records.update(
        conn, stored, kept.crm_id, patch, expected=before.version, actor=actor, at=at
    )
    changed = made.version != before.version
    snapshots = Snapshots()
    if changed and any(kept.now.values()):
        _keep(conn, kept, kept.now, snapshots, at)
    if changed and side is Side.OUTLOOK:
        lifecycle.reattribute(conn, stored, kept.crm_id, {kept.group.name: kept.mailbox})
        _journal(conn, kept, before, made, snapshots, at)
    snapshots.flush(conn)
    conn.execute(update(table).where(table.c.id == kept.id).values(state=RESOLVED))
    return changed


def _journal(
    conn: Connection,
    kept: Disagreement,
    before: Stored,
    made: Stored,
    snapshots: Snapshots,
    at: datetime,
) -> None:
    """Write down that a value of Outlook's came into the CRM by a person's word.

    It is its mailbox's, as if that had won: made private, the item takes it along (P7).
    """
    was, now = (
        {f.name: to_json(each.record.fields.get(f.name)) for f in kept.group.fields}
        for each in (before, made)
    )
    written = {
        "key": str(uuid4()),
        "run_id": kept.run_id,
        "mailbox_id": kept.mailbox_id,
        "kind": kept.kind,
        "crm_id": kept.crm_id,
        "verb": Verb.UPDATE_RECORD.value,
        "reason": Reason.ANSWERED_OUTLOOK.value,
        "before": snapshots.add(was),
        "after": snapshots.add(now),
        "precondition": str(before.version),
        "counted": False,
        "status": Status.DONE.value,
        "at": at,
        "settled_at": at,
    }
    conn.execute(insert(operation).values(written))


def _values(group: Group, content: Content) -> dict[str, Value]:
    return {f.name: from_json(f.type, content.get(f.name)) for f in group.fields}


def _asked(conn: Connection, asked: Disagreement) -> Row[Any]:
    """The tie that a question is about. Raises Outdated when it is not asked of it any more."""
    mine = (link.c.mailbox_id == asked.mailbox_id) & (link.c.kind == asked.kind)
    row = conn.execute(select(link).where(mine, link.c.crm_id == asked.crm_id)).one_or_none()
    said: Sequence[str] = row.marks.get(asked.group.name, ("", "")) if row is not None else ("", "")
    if row is None or asked.state != OPEN or said[1] not in (*ASKS, *ANSWERS):
        raise Outdated(f"{asked.id} is not asked any more", "See what is: syncd conflicts list")
    return row
