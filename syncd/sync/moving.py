"""A mailbox that is reached by another protocol than before: its items have other ids there.

Everything that is kept under an id goes on under the new one, in one transaction after all that is
to be read, so that a crash in between repeats it. Nothing is written to the mailbox. An item that
was not found keeps its link under an id that nothing has: it is missing, to be confirmed like any
other (P5), and a listing that shows it finds it by its stamp (P3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Column, Connection, Table, bindparam, delete, insert, select, update

from syncd.crm.stored import StoredKind
from syncd.model.kinds import Kind
from syncd.reconcile.decide import Stand
from syncd.reconcile.facts import LinkState
from syncd.reconcile.reasons import Reason
from syncd.sync import accounting, new_ids
from syncd.sync.accounting import Sighted
from syncd.sync.links import unknown
from syncd.sync.mailboxes import MailboxRow
from syncd.sync.new_ids import Kept, NewIds, is_item
from syncd.sync.report import Outcome, RunReport
from syncd.sync.session import Session
from syncd.sync.snapshots import chunks
from syncd.sync.tables import act, held, link, mailbox, match_value, observed, operation, question
from syncd.sync.tables import run as run_table

log = structlog.get_logger("syncd")


def follow(session: Session, kinds: Mapping[str, StoredKind[Kind]]) -> MailboxRow:
    """Let what is kept of a mailbox go by the ids of the backend that it is reached by now.

    The mailbox as it is then. Raises MailboxError where that cannot be read to the end; then
    nothing has changed.
    """
    row, backend = session.mailbox, session.port.backend
    if row.backend in (None, backend):
        return row
    begun = session.clock()
    with session.read() as conn:
        every = new_ids.kept(conn, session, [each.kind for each in kinds.values()])
    found = new_ids.find(session, row.backend or backend, every)
    new_ids.prove_same(session, every, found)
    counts: Counter[str] = Counter()
    # All that is to be read before the new ids, which may be lost: then it is read again, by the
    # old ones. Nothing was written to the mailbox under the new ones before.
    with session.write() as conn:
        for each, new in zip(every, found, strict=True):
            counts += new.counts
            counts += _rename(conn, _of_kind(session, each.kind), each, new)
        conn.execute(update(mailbox).where(mailbox.c.id == row.id).values(backend=backend.value))
        _note(conn, session, begun, counts)
    log.info("mailbox moved", backend=backend.value, **counts)
    return replace(row, backend=backend)


def _of_kind(session: Session, kind: Kind) -> Session:
    """Enough of a session to account for what is kept of another kind."""
    return replace(session, policy=replace(session.policy, kind=kind))


def _note(conn: Connection, session: Session, begun: datetime, counts: Counter[str]) -> None:
    """The move is a run of its own in the journal; its requests count with the one it precedes."""
    made = RunReport(session.mailbox.address, session.new_key().hex[:12])
    conn.execute(
        insert(run_table).values(
            id=made.run, mailbox_id=session.mailbox.id,
            cause=f"moved-to-{session.port.backend.value}", started=begun, ended=session.clock(),
            outcome=Outcome.OK.value, counts={**made.counts(), "ids": dict(counts)}, requests=0,
        )
    )  # fmt: skip


def _rename(conn: Connection, session: Session, each: Kept, new: NewIds) -> Counter[str]:
    """Everything of one kind; how many items are unknown now, and how many were let go."""
    linked = {row.remote_id for row in each.links}
    missing = {old: unknown(old) for old in linked - new.items.keys()}
    names = {**new.items, **missing}
    strange = [old for old in each.seen if old not in names]
    _drop(conn, session, observed, observed.c.remote_id, strange)
    gone = [old for old in each.seen if old not in new.items]
    _drop(conn, session, match_value, match_value.c.remote_id, gone)
    for table in (link, observed, match_value):
        _put(conn, session, table, table.c.remote_id, names)
    _rename_operations(conn, session, names)
    _rename_acts(conn, session, names)
    _rename_held(conn, session, new.items)
    _rename_questions(conn, session, new.items)
    # Whatever a cursor was a cursor of: all of it is listed, and compared.
    session.set_state(
        conn, folder_id=new.folder_id, archive_id=new.archive_id, former_id=new.former_id,
        cursor=None, listing=False,
    )  # fmt: skip
    _look_for(conn, session, each, missing)
    session.set_state(conn, counters=dict(accounting.recount(conn, session)))
    accounting.wake(conn, session, (Reason.ONLY_BY_HAND,))  # here it may be moved
    return Counter(unknown=len(missing), dropped=len(strange))


def _look_for(conn: Connection, session: Session, each: Kept, missing: Mapping[str, str]) -> None:
    """Links whose item was not found: it is missing, and looked for once more before it counts."""
    now = session.clock()
    seen = [name for old, name in missing.items() if old in each.seen]
    for chunk in chunks(seen):
        mine = session.mine(observed) & observed.c.remote_id.in_(chunk)
        unsure = {
            "stand": Stand.WAITING.value, "reason": Reason.SECOND_LOOK.value, "unsettled": True,
        }  # fmt: skip
        conn.execute(update(observed).where(mine).values(**unsure))
        since = {"missing_since": now, "retry_at": None}
        conn.execute(update(observed).where(mine, observed.c.missing_since.is_(None)).values(since))
    unseen = [
        Sighted(
            missing[row.remote_id], row.remote_version, Stand.WAITING, Reason.SECOND_LOOK,
            unsettled=True, missing_since=now,
        )
        for row in each.links
        if row.remote_id in missing
        and row.remote_id not in each.seen
        and row.state == LinkState.LIVE
    ]  # fmt: skip
    accounting.put_observed(conn, session, unseen, each.state.generation)


def _rename_operations(conn: Connection, session: Session, names: Mapping[str, str]) -> None:
    """In the whole journal. What is in doubt was to be sought from a cursor that means nothing."""
    query = select(operation.c.key, operation.c.remote_id).where(
        session.mine(operation), operation.c.remote_id.is_not(None)
    )
    rows = [
        {"which": row.key, "new": names[row.remote_id]}
        for row in conn.execute(query)
        if row.remote_id in names
    ]
    if rows:
        conn.execute(
            update(operation)
            .where(operation.c.key == bindparam("which"))
            .values(remote_id=bindparam("new")),
            rows,
        )
    open_ones = session.mine(operation) & operation.c.settled_at.is_(None)
    conn.execute(update(operation).where(open_ones).values(cursor=None))


def _rename_acts(conn: Connection, session: Session, names: Mapping[str, str]) -> None:
    """What was said of an item that is tied goes by its record; of a lost one, nothing is left."""
    query = select(act.c.remote_id, act.c.crm_id).where(session.mine(act))
    rows = [row for row in conn.execute(query) if row.remote_id not in names]
    lost = [row.remote_id for row in rows if row.crm_id is None]
    _drop(conn, session, act, act.c.remote_id, lost)
    tied = {row.remote_id: unknown(row.remote_id) for row in rows if row.crm_id is not None}
    _put(conn, session, act, act.c.remote_id, {**names, **tied})


def _rename_held(conn: Connection, session: Session, items: Mapping[str, str]) -> None:
    """What is held of an item, and approved; of a lost one it is decided anew."""
    subjects = conn.scalars(select(held.c.subject).where(session.mine(held)))
    lost = [each for each in subjects if is_item(each) and each not in items]
    _drop(conn, session, held, held.c.subject, lost)
    _put(conn, session, held, held.c.subject, items)


def _rename_questions(conn: Connection, session: Session, items: Mapping[str, str]) -> None:
    """What was asked and answered of an item; of a lost one it is asked anew."""
    for row in conn.execute(select(question).where(session.mine(question))).all():
        this = question.c.id == row.id
        if is_item(row.subject) and row.subject not in items:
            conn.execute(delete(question).where(this))
            continue
        values: dict[str, object] = {
            "subject": items.get(row.subject, row.subject),
            "candidates": [items.get(each, each) for each in row.candidates if _known(each, items)],
            "chosen": items.get(row.chosen, row.chosen),
        }
        if row.chosen is not None and not _known(row.chosen, items):
            values |= dict.fromkeys(("answer", "chosen", "answered_at"))
        conn.execute(update(question).where(this).values(**values))


def _known(subject: str, items: Mapping[str, str]) -> bool:
    return subject in items or not is_item(subject)


def _put(
    conn: Connection,
    session: Session,
    table: Table,
    column: Column[Any],
    names: Mapping[str, str],
) -> None:
    """Other ids in one column."""
    rows = [{"old": old, "new": new} for old, new in names.items() if old != new]
    if rows:
        same = session.mine(table) & (column == bindparam("old"))
        conn.execute(update(table).where(same).values({column: bindparam("new")}), rows)


def _drop(
    conn: Connection, session: Session, table: Table, column: Column[Any], ids: Iterable[str]
) -> None:
    for chunk in chunks(ids):
        conn.execute(delete(table).where(session.mine(table), column.in_(chunk)))
