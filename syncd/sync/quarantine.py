"""What is set aside, what is on its way there, and what people say about it.

An item is on its way while it fails alone: it is tried again after growing gaps, and set aside
after so many tries. What is said is noted while nobody runs the mailbox; the counters move in the
same transaction (P9).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    delete,
    func,
    null,
    or_,
    select,
    update,
)

from syncd.crm import records
from syncd.crm.custom import kinds_of
from syncd.crm.records import Stored
from syncd.reconcile.decide import Stand
from syncd.reconcile.reasons import Reason
from syncd.sync import by_hand, questions
from syncd.sync.mailboxes import MailboxRow
from syncd.sync.questions import Answer
from syncd.sync.tables import link, mailbox_kind, noticed, observed, operation, question


class State(StrEnum):
    """How far it has come."""

    ASIDE = "set-aside"
    FAILING = "failing"  # tried, and not often enough yet to be set aside
    IGNORED = "ignored"  # a person said to leave it alone


@dataclass(frozen=True, slots=True)
class Case:
    """One item, or one record without an item.

    `id` is what it can be named by: that of its record, or a short one of its item. `name` is empty
    for what its user did not put into the CRM (P14). `since` is when its writes began to fail,
    where it was a write.
    """

    mailbox: str
    kind: str
    id: str
    name: str
    state: State
    reason: Reason
    error: str | None
    tries: int
    since: datetime | None
    next_try: datetime | None
    remote_id: str | None
    crm_id: str | None
    crm_version: int | None
    remote_version: str

    @property
    def side(self) -> str:
        """Where it is that it is about: an item in Outlook, or a record that has none there."""
        return "outlook" if self.remote_id else "crm"


def short_id(remote_id: str) -> str:
    """What an item without a record is named by: its own id is too long to type."""
    return f"item-{blake2b(remote_id.encode(), digest_size=4).hexdigest()}"


def every(conn: Connection, row: MailboxRow, *, ignored: bool = False) -> list[Case]:
    """What is set aside in a mailbox or on its way there, worst first, then by name.

    With `ignored` what a person said to leave alone, too.
    """
    found: list[Case] = []
    for kind, stored in kinds_of(conn).items():
        rows = [*_items(conn, row.id, kind, ignored=ignored), *_records(conn, row.id, kind)]
        left = _left_alone(conn, row.id, kind) if ignored else []
        held = records.read(conn, stored, {each.crm_id for each in (*rows, *left) if each.crm_id})
        rows += [each for each in left if _holds_still(each, held.get(each.crm_id))]
        since = _first_failures(conn, row.id, kind, held)
        for each in rows:
            record = held.get(each.crm_id or "")
            name = stored.kind.called(record.record.fields) if record else each.name or ""
            found.append(
                Case(
                    row.address,
                    kind,
                    each.crm_id or short_id(each.remote_id),
                    name,
                    _state(each),
                    Reason(each.reason),
                    each.error,
                    each.attempts,
                    since.get(each.crm_id or ""),
                    each.retry_at,
                    each.remote_id,
                    each.crm_id,
                    record.version if record else None,
                    each.version or "",
                )
            )
    order = list(State)
    return sorted(found, key=lambda each: (order.index(each.state), each.name.casefold(), each.id))


def retry(conn: Connection, row: MailboxRow, cases: Iterable[Case]) -> None:
    """Let the next run try these again, as if it were for the first time."""
    for each in cases:
        if each.state is State.IGNORED:
            subjects = [each.crm_id or "", each.remote_id or ""]
            mine = _mine(question, row.id, each.kind) & question.c.subject.in_(subjects)
            conn.execute(delete(question).where(mine, question.c.answer == Answer.IGNORE.value))
            if each.remote_id is None and each.crm_id is not None:
                by_hand.notice(conn, row.id, each.kind, [each.crm_id])
                continue
        # Where it stands until then is left as it is: it has not been tried yet.
        again = {"attempts": 0, "retry_at": None}
        if each.remote_id is not None:
            _set(conn, observed, row.id, each, {**again, "unsettled": True})
        if each.crm_id is not None:
            _set(conn, noticed, row.id, each, again)


def ignore(conn: Connection, row: MailboxRow, cases: Iterable[Case], at: datetime) -> None:
    """Leave these alone until somebody edits them, on either side."""
    for each in cases:
        moved: Counter[str] = Counter()
        if each.remote_id is not None:
            moved[_counter(Stand.EXCLUDED)] += 1
            moved.subtract(_stood(conn, observed, row.id, each))
            left = {
                "stand": Stand.EXCLUDED.value, "reason": Reason.IGNORED.value,
                "unsettled": False, "attempts": 0, "retry_at": None,
            }  # fmt: skip
            _set(conn, observed, row.id, each, left)
        if each.crm_id is not None:
            moved.subtract(_stood(conn, noticed, row.id, each))
            gone = _mine(noticed, row.id, each.kind) & (noticed.c.crm_id == each.crm_id)
            conn.execute(delete(noticed).where(gone))
        if each.remote_id is None or each.crm_id is None:
            # A record without an item, or an item without a record: with nothing else to say how
            # it stands, a daily look at all that belongs here would take it up again.
            subject, version = each.crm_id, f"{each.crm_version}"
            if subject is None:
                subject, version = each.remote_id or "", each.remote_version
            questions.leave_alone(
                conn, row.id, each.kind, subject, version, at, reason=Reason.REFUSED
            )
        _move(conn, row.id, each.kind, moved)


# --- the rows ------------------------------------------------------------------------------------


def _items(conn: Connection, mailbox_id: int, kind: str, *, ignored: bool) -> list[Row[Any]]:
    tied = (link.c.mailbox_id == observed.c.mailbox_id) & (link.c.kind == observed.c.kind)
    joined = observed.outerjoin(link, tied & (link.c.remote_id == observed.c.remote_id))
    wanted: ColumnElement[bool] = observed.c.unsettled & _troubled(observed)
    if ignored:
        left = (observed.c.stand == Stand.EXCLUDED.value) & (observed.c.reason == Reason.IGNORED)
        wanted = or_(wanted, left & observed.c.error.is_not(None))
    query = select(*_common(observed), observed.c.remote_id, link.c.crm_id, observed.c.name,
                   observed.c.version).select_from(joined)  # fmt: skip
    return list(conn.execute(query.where(_mine(observed, mailbox_id, kind), wanted)))


def _records(conn: Connection, mailbox_id: int, kind: str) -> list[Row[Any]]:
    query = select(
        *_common(noticed), null().label("remote_id"), noticed.c.crm_id, null().label("name"),
        null().label("version"),
    )  # fmt: skip
    # One that has an item here is accounted for, and told, by that.
    bare = noticed.c.stand.is_not(None)
    mine = _mine(noticed, mailbox_id, kind)
    return list(conn.execute(query.where(mine, bare, _troubled(noticed))))


def _left_alone(conn: Connection, mailbox_id: int, kind: str) -> list[Row[Any]]:
    """Records without an item: nothing but what was said is known of them."""
    own = select(observed.c.remote_id).where(_mine(observed, mailbox_id, kind))
    query = select(
        null().label("stand"), question.c.reason, null().label("error"),
        (question.c.id * 0).label("attempts"), null().label("retry_at"),
        null().label("remote_id"), question.c.subject.label("crm_id"), null().label("name"),
        question.c.version,
    )  # fmt: skip
    said = and_(
        question.c.answer == Answer.IGNORE.value,
        question.c.reason == Reason.REFUSED.value,
        question.c.subject.not_in(own),
    )
    return list(conn.execute(query.where(_mine(question, mailbox_id, kind), said)))


def _holds_still(said: Row[Any], now: Stored | None) -> bool:
    """Whether a record is as it was when that was said of it: an edit takes it up again."""
    return now is not None and not now.deleted and said.version == str(now.version)


def _troubled(table: Table) -> ColumnElement[bool]:
    failing = (table.c.attempts > 0) & (table.c.stand == Stand.WAITING.value)
    return or_(table.c.stand == Stand.QUARANTINED.value, failing & table.c.error.is_not(None))


def _common(table: Table) -> tuple[Column[Any], ...]:
    return table.c.stand, table.c.reason, table.c.error, table.c.attempts, table.c.retry_at


def _state(row: Row[Any]) -> State:
    if row.stand == Stand.QUARANTINED:
        return State.ASIDE
    return State.FAILING if row.stand == Stand.WAITING else State.IGNORED


def _first_failures(
    conn: Connection, mailbox_id: int, kind: str, crm_ids: Iterable[str]
) -> dict[str, datetime]:
    """When the writes of these records began to fail: the first that did since one was done."""
    wanted = sorted(crm_ids)
    mine = _mine(operation, mailbox_id, kind) & operation.c.crm_id.in_(wanted)
    last_done = (
        select(operation.c.crm_id, func.max(operation.c.at).label("at"))
        .where(mine, operation.c.status == "done")
        .group_by(operation.c.crm_id)
        .subquery()
    )
    since = or_(last_done.c.at.is_(None), operation.c.at > last_done.c.at)
    undone = operation.c.status != "done"
    joined = operation.outerjoin(last_done, last_done.c.crm_id == operation.c.crm_id)
    query = (
        select(operation.c.crm_id, func.min(operation.c.at).label("at"))
        .select_from(joined)
        .where(mine, undone, since)
        .group_by(operation.c.crm_id)
    )
    return {row.crm_id: row.at for row in conn.execute(query)} if wanted else {}


def _mine(table: Table, mailbox_id: int, kind: str) -> ColumnElement[bool]:
    of_mailbox: ColumnElement[bool] = table.c.mailbox_id == mailbox_id
    return of_mailbox & (table.c.kind == kind)


def _which(table: Table, mailbox_id: int, case: Case) -> ColumnElement[bool]:
    mine = _mine(table, mailbox_id, case.kind)
    if table is observed:
        return mine & (observed.c.remote_id == case.remote_id)
    return mine & (noticed.c.crm_id == case.crm_id)


def _set(
    conn: Connection, table: Table, mailbox_id: int, case: Case, values: dict[str, Any]
) -> None:
    conn.execute(update(table).where(_which(table, mailbox_id, case)).values(**values))


def _stood(conn: Connection, table: Table, mailbox_id: int, case: Case) -> Counter[str]:
    """What a row counts as now."""
    query = select(table.c.stand).where(_which(table, mailbox_id, case))
    return Counter(_counter(Stand(each)) for each in conn.scalars(query) if each is not None)


def _counter(stand: Stand) -> str:
    return stand.value.replace("-", "_")


def _move(conn: Connection, mailbox_id: int, kind: str, moved: Counter[str]) -> None:
    mine = _mine(mailbox_kind, mailbox_id, kind)
    counters = Counter(conn.execute(select(mailbox_kind.c.counters).where(mine)).scalar_one())
    counters.update(moved)
    conn.execute(update(mailbox_kind).where(mine).values(counters=dict(counters)))
