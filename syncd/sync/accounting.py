"""Everything is accounted for (P9): where each item stands, and the counters that move with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Connection,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    true,
    update,
)

from syncd.reconcile.decide import Stand
from syncd.reconcile.reasons import Reason
from syncd.sync.session import Session
from syncd.sync.snapshots import chunks
from syncd.sync.tables import conflict, held, match_value, noticed, observed
from syncd.sync.work import Work

COUNTED_REASONS = (Reason.HELD,)

QUESTIONS = (Reason.DOUBTFUL_MATCH, Reason.BOUND_MATCH, Reason.LINKED_HERE)

# What waits for a person is not read again each cycle; an edit, or time, brings it back.
PARKED = (
    Reason.HELD,
    Reason.FIRST_CONTACT,
    *QUESTIONS,
    Reason.ONLY_BY_HAND,
    Reason.ORPHAN_STAMP,
    Reason.UNKNOWN_CRM,
)


UNLISTED = 0  # the generation of an item that no listing has shown yet


@dataclass(frozen=True, slots=True)
class Sighted:
    """One item as a page or a write leaves it."""

    remote_id: str
    version: str
    stand: Stand
    reason: Reason
    stamp_link: str | None = None
    stamp_key: str | None = None
    unsettled: bool = False
    missing_since: datetime | None = None
    unlisted: bool = False  # we put it there, and no listing has shown it yet


def put_observed(
    conn: Connection, session: Session, rows: Sequence[Sighted], generation: int
) -> None:
    """Insert or replace what is known of these items."""
    if not rows:
        return
    ids = [row.remote_id for row in rows]
    before = _stands(conn, session, observed, ids)
    for chunk in chunks(ids):
        conn.execute(
            delete(observed).where(session.mine(observed), observed.c.remote_id.in_(chunk))
        )
    values = [
        {
            "mailbox_id": session.mailbox.id,
            "kind": session.policy.kind.name,
            "remote_id": row.remote_id,
            "version": row.version,
            "generation": UNLISTED if row.unlisted else generation,
            "unsettled": row.unsettled,
            "stand": row.stand.value,
            "reason": row.reason.value,
            "stamp_link": row.stamp_link,
            "stamp_key": row.stamp_key,
            "missing_since": row.missing_since,
            "attempts": before[row.remote_id][2]
            if row.unsettled and row.remote_id in before
            else 0,
        }
        for row in rows
    ]
    conn.execute(insert(observed), values)
    _count(conn, session, before.values(), [(row.stand, row.reason) for row in rows])


def drop_observed(conn: Connection, session: Session, ids: Iterable[str]) -> None:
    """Forget items that are no longer in the folder."""
    wanted = list(ids)
    before = _stands(conn, session, observed, wanted)
    for chunk in chunks(wanted):
        conn.execute(
            delete(observed).where(session.mine(observed), observed.c.remote_id.in_(chunk))
        )
        gone = match_value.c.remote_id.in_(chunk)
        conn.execute(delete(match_value).where(session.mine(match_value), gone))
    _count(conn, session, before.values(), [])


def set_observed(
    conn: Connection,
    session: Session,
    remote_id: str,
    stand: Stand,
    reason: Reason,
    *,
    unsettled: bool,
    **columns: object,
) -> bool:
    """Move one item to another stand; whether it is one that is accounted for."""
    before = _stands(conn, session, observed, [remote_id])
    if not before:
        return False
    values = {"stand": stand.value, "reason": reason.value, "unsettled": unsettled, **columns}
    mine = (session.mine(observed), observed.c.remote_id == remote_id)
    conn.execute(update(observed).where(*mine).values(**values))
    _count(conn, session, before.values(), [(stand, reason)])
    return True


def notice(conn: Connection, session: Session, ids: Iterable[str]) -> None:
    """Note CRM records to be decided about; what is noted already keeps its tries."""
    wanted = set(ids)
    known = waiting_among(conn, session, wanted)
    values = [
        {"mailbox_id": session.mailbox.id, "kind": session.policy.kind.name, "crm_id": each}
        for each in sorted(wanted - known)
    ]
    if values:
        conn.execute(insert(noticed), values)
    again = [{"which": each} for each in sorted(wanted & known)]
    if again:
        mine = (session.mine(noticed), noticed.c.crm_id == bindparam("which"))
        conn.execute(update(noticed).where(*mine).values(retry_at=None), again)


def waiting_among(conn: Connection, session: Session, ids: Iterable[str]) -> set[str]:
    """Which of these CRM records are noted already, and not decided about yet."""
    found: set[str] = set()
    for chunk in chunks(ids):
        where = (session.mine(noticed), noticed.c.crm_id.in_(chunk))
        found.update(conn.scalars(select(noticed.c.crm_id).where(*where)))
    return found


def set_noticed(
    conn: Connection,
    session: Session,
    crm_id: str,
    stand: Stand | None,
    reason: Reason,
    **columns: object,
) -> None:
    """Let a record without an item wait, or be set aside."""
    before = _stands(conn, session, noticed, [crm_id])
    values = {"stand": stand.value if stand else None, "reason": reason.value, **columns}
    mine = (session.mine(noticed), noticed.c.crm_id == crm_id)
    conn.execute(update(noticed).where(*mine).values(**values))
    _count(conn, session, before.values(), [(stand, reason)] if stand else [])


def wait_as_items(conn: Connection, session: Session, ids: Iterable[str]) -> None:
    """Of these records in doubt an item has shown: it is that which waits, once (P9)."""
    doubt = session.mine(noticed) & (noticed.c.reason == Reason.IN_DOUBT)
    doubt &= noticed.c.stand == Stand.WAITING
    for chunk in chunks(ids):
        mine = doubt & noticed.c.crm_id.in_(chunk)
        shown = conn.scalars(update(noticed).where(mine).values(stand=None).returning(literal(1)))
        _count(conn, session, [(Stand.WAITING, Reason.IN_DOUBT, 0) for _ in shown], [])


def drop_noticed(conn: Connection, session: Session, ids: Iterable[str]) -> None:
    """These records were decided about."""
    wanted = list(ids)
    before = _stands(conn, session, noticed, wanted)
    for chunk in chunks(wanted):
        conn.execute(delete(noticed).where(session.mine(noticed), noticed.c.crm_id.in_(chunk)))
    _count(conn, session, before.values(), [])


def drop_held(conn: Connection, session: Session, subjects: Iterable[str]) -> None:
    """These records and items were decided about, or are no more: nothing of theirs is held."""
    for chunk in chunks(subjects):
        conn.execute(delete(held).where(session.mine(held), held.c.subject.in_(chunk)))


def attempts(conn: Connection, session: Session, remote_id: str | None, crm_id: str | None) -> int:
    """How often a case was tried so far."""
    table, column, each = (
        (observed, observed.c.remote_id, remote_id)
        if remote_id is not None
        else (noticed, noticed.c.crm_id, crm_id)
    )
    query = select(table.c.attempts).where(session.mine(table), column == each)
    return conn.execute(query).scalar() or 0


# What waits, by the index of what is not settled: the rest of a mailbox is not gone through.
_UNDECIDED = ((observed, observed.c.unsettled), (noticed, true()))


def waits_for(conn: Connection, session: Session, reasons: Sequence[Reason]) -> Counter[str]:
    """How many wait for each of these reasons. Asked only while something waits at all."""
    found: Counter[str] = Counter()
    if not session.state(conn).counters.get("waiting"):
        return found
    for table, undecided in _UNDECIDED:
        waits = undecided & (table.c.stand == Stand.WAITING) & table.c.reason.in_(reasons)
        query = select(table.c.reason, func.count()).where(session.mine(table), waits)
        for reason, n in conn.execute(query.group_by(table.c.reason)):
            found[reason] += n
    return found


def wake(conn: Connection, session: Session, reasons: Sequence[Reason]) -> None:
    """Look again at what waits for these reasons. Asked only while something waits at all."""
    if not session.state(conn).counters.get("waiting"):
        return
    for table, undecided in _UNDECIDED:
        mine = session.mine(table) & undecided & table.c.reason.in_(reasons)
        conn.execute(update(table).where(mine).values(retry_at=None))


def recount(conn: Connection, session: Session) -> Counter[str]:
    """The counters, counted afresh from the rows: what the audit compares with."""
    counters: Counter[str] = Counter()
    for table in (observed, noticed):
        query = select(table.c.stand, table.c.reason, func.count()).where(session.mine(table))
        for stand, reason, n in conn.execute(query.group_by(table.c.stand, table.c.reason)):
            for name in _names(stand, reason):
                counters[name] += n
    if disputed := open_conflicts(conn, session):
        counters["conflicts"] = disputed
    return counters


def open_conflicts(conn: Connection, session: Session) -> int:
    """How many conflicts wait for a person."""
    mine = session.mine(conflict) & (conflict.c.state == "open")
    return conn.execute(select(func.count()).select_from(conflict).where(mine)).scalar_one()


_Stood = tuple[str, str, int]


def _stands(
    conn: Connection, session: Session, table: Table, ids: Iterable[str]
) -> Mapping[str, _Stood]:
    column = table.c.remote_id if table is observed else table.c.crm_id
    found: dict[str, _Stood] = {}
    for chunk in chunks(ids):
        query = select(column, table.c.stand, table.c.reason, table.c.attempts)
        where = (session.mine(table), column.in_(chunk), table.c.stand.is_not(None))
        for each, stand, reason, attempts in conn.execute(query.where(*where)):
            found[each] = (stand, reason, attempts)
    return found


def _names(stand: str | None, reason: str | None) -> Iterable[str]:
    if stand is not None:
        yield stand.replace("-", "_")
        if stand == Stand.WAITING and reason in COUNTED_REASONS:
            yield reason


def _count(
    conn: Connection,
    session: Session,
    before: Iterable[_Stood],
    after: Iterable[tuple[Stand, Reason]],
) -> None:
    """Move the counters, in the transaction that moves the items."""
    moved: Counter[str] = Counter()
    for stand, reason, _ in before:
        moved.subtract(_names(stand, reason))
    for now_stand, now_reason in after:
        moved.update(_names(now_stand, now_reason))
    if not any(moved.values()):
        return
    counters = Counter(session.state(conn).counters)
    counters.update(moved)
    session.set_state(conn, counters=dict(counters))


def count_attempt(conn: Connection, session: Session, work: Work, tried: int) -> None:
    """Note how often a case was tried by now."""
    table, column, each = (
        (observed, observed.c.remote_id, work.remote_id)
        if work.remote_id is not None
        else (noticed, noticed.c.crm_id, work.crm_id)
    )
    mine = session.mine(table) & (column == each)
    conn.execute(update(table).where(mine).values(attempts=tried))
