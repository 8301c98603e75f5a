"""The journal: every write is committed with its key before it is tried, and settled after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from syncd.model.values import to_json
from syncd.outlook.errors import Sort
from syncd.reconcile.decide import Verb
from syncd.reconcile.facts import Loser
from syncd.reconcile.reasons import Reason
from syncd.sync.session import Session
from syncd.sync.snapshots import Content, Snapshots, chunks, load
from syncd.sync.tables import conflict, operation


class Status(StrEnum):
    """How far an operation has come. `INTENDED` and `IN_DOUBT` are open."""

    INTENDED = "intended"
    IN_DOUBT = "in-doubt"
    DONE = "done"
    FAILED = "failed"  # refused, and known not to have happened
    LOST = "lost"  # was in doubt, looked for and not found: never happened


TO_OUTLOOK = (
    Verb.CREATE_ITEM, Verb.UPDATE_ITEM, Verb.MOVE_ITEM, Verb.TRASH_ITEM, Verb.RESTORE_ITEM,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Intent:
    """One write about to be tried. `before` and `after` are field values of the written side."""

    key: str
    verb: Verb
    reason: Reason
    crm_id: str | None
    remote_id: str | None
    before: Content
    after: Content
    precondition: str | None = None
    counted: bool = True  # against the day's limit; what a person approved is not
    remark: str | None = None  # for an admin, beside the reason


def withheld(group: str) -> str:
    """Under which name an open operation keeps the hash of a group that was withdrawn since."""
    return f"~{group}"


def intend(
    conn: Connection,
    session: Session,
    intents: Sequence[Intent],
    snapshots: Snapshots,
    *,
    status: Status = Status.INTENDED,
) -> None:
    """Write intents down; for a write that leaves this machine in a durable transaction."""
    if not intents:
        return
    at = session.clock()
    settled = at if status is Status.DONE else None
    cursor = session.state(conn).cursor
    rows = [
        {
            **session.ours,
            "key": each.key,
            "run_id": session.run_id,
            "crm_id": each.crm_id,
            "remote_id": each.remote_id,
            "verb": each.verb.value,
            "reason": each.reason.value,
            "before": snapshots.add(each.before) if each.before else None,
            "after": snapshots.add(each.after) if each.after else None,
            "precondition": each.precondition,
            "cursor": cursor,
            "counted": each.counted,
            "error": each.remark,
            "status": status.value,
            "at": at,
            "settled_at": settled,
        }
        for each in intents
    ]
    conn.execute(insert(operation), rows)


def withdrawn_meanwhile(conn: Connection, keys: Iterable[str]) -> dict[str, set[str]]:
    """By key, the groups of open operations that another user has withdrawn since (P7)."""
    hashes: dict[str, str] = {}
    for chunk in chunks(keys):
        query = select(operation.c.key, operation.c.after).where(operation.c.key.in_(chunk))
        hashes.update({row.key: row.after for row in conn.execute(query) if row.after})
    contents = load(conn, hashes.values())
    marker = withheld("")
    found = {
        key: {name.removeprefix(marker) for name in contents[each] if name.startswith(marker)}
        for key, each in hashes.items()
    }
    return {key: groups for key, groups in found.items() if groups}


def conclude(
    conn: Connection,
    session: Session,
    status: Status,
    results: Iterable[tuple[str, str | None, str | None]],
) -> None:
    """Move operations on: (key, remote id now, error).

    One in doubt is of now: its request may have been sent long after it was journalled, and grace
    counts from when it went unanswered. Counted from before, a request that is still on its way
    would be given up for lost, and be repeated (P3).
    """
    at = None if status in (Status.INTENDED, Status.IN_DOUBT) else session.clock()
    rows = [
        {"which": key, "remote": remote_id, "why": error, "at_": at}
        for key, remote_id, error in results
    ]
    if rows:
        conn.execute(
            update(operation)
            .where(operation.c.key == bindparam("which"))
            .values(
                status=status.value,
                remote_id=func.coalesce(bindparam("remote"), operation.c.remote_id),
                error=bindparam("why"),
                settled_at=bindparam("at_"),
                **({"at": session.clock()} if status is Status.IN_DOUBT else {}),
            ),
            rows,
        )
    if status in (Status.FAILED, Status.LOST):  # nothing was overwritten
        for chunk in chunks(str(row["which"]) for row in rows):
            conn.execute(delete(conflict).where(conflict.c.operation_key.in_(chunk)))


def start_now(conn: Connection, session: Session, keys: Iterable[str]) -> None:
    """The request with these is about to be sent: grace counts from now."""
    for chunk in chunks(keys):
        conn.execute(update(operation).where(operation.c.key.in_(chunk)).values(at=session.clock()))


_UNDONE = (Status.FAILED, Status.LOST, Status.IN_DOUBT)


def in_vain(conn: Connection, session: Session, crm_ids: Iterable[str], times: int) -> set[str]:
    """Of these records, those of which the last so many writes to Outlook came to nothing."""
    undone: Counter[str] = Counter()
    ended: set[str] = set()
    for chunk in chunks(crm_ids):
        mine = session.mine(operation) & operation.c.crm_id.in_(chunk)
        tried = mine & operation.c.verb.in_(TO_OUTLOOK) & operation.c.settled_at.is_not(None)
        sent = func.coalesce(operation.c.error, "") != Sort.NOT_TRIED.value
        query = select(operation.c.crm_id, operation.c.status).where(tried, sent)
        for row in conn.execute(query.order_by(operation.c.at.desc())):
            if row.status not in _UNDONE:
                ended.add(row.crm_id)
            elif row.crm_id not in ended:
                undone[row.crm_id] += 1
    return {each for each, count in undone.items() if count >= times}


def unsettled(conn: Connection, session: Session) -> list[Row[Any]]:
    """Operations that were tried and whose outcome is not known, oldest first."""
    query = select(operation).where(session.mine(operation), operation.c.settled_at.is_(None))
    # Sorted here: for an order SQLite would go through every operation there ever was.
    return sorted(conn.execute(query), key=lambda row: row.at)


def executed(conn: Connection, session: Session) -> dict[str, int]:
    """How many counted operations the last day carried out, by verb."""
    since = session.clock() - timedelta(days=1)
    recent = (operation.c.at > since) & (operation.c.status == Status.DONE) & operation.c.counted
    counted = select(operation.c.verb, func.count().label("n"))
    query = counted.where(session.mine(operation), recent)
    return {row.verb: row.n for row in conn.execute(query.group_by(operation.c.verb))}


def keep_losers(
    conn: Connection,
    session: Session,
    losers: Sequence[tuple[str, Loser, Reason]],
    snapshots: Snapshots,
    *,
    key: str | None = None,
) -> None:
    """Keep values that are about to be overwritten without having been agreed (P1).

    `key` is that of the operation which may yet turn out not to have happened.
    """
    rows = [
        {
            **session.ours,
            "run_id": session.run_id,
            "crm_id": crm_id,
            "field_group": loser.group,
            "loser": loser.side.value,
            "operation_key": key,
            "kept": snapshots.add({name: to_json(v) for name, v in loser.values.items()}),
            "reason": reason.value,
            "at": session.clock(),
        }
        for crm_id, loser, reason in losers
    ]
    if rows:
        conn.execute(insert(conflict), rows)
