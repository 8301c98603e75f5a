"""One write of a batch failed, alone: what that means for its item, and how often it is tried."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from syncd.model.fields import Side
from syncd.model.values import to_json
from syncd.outlook.errors import Failure, Sort
from syncd.reconcile.decide import Stand
from syncd.reconcile.reasons import Reason
from syncd.sync import accounting, journal
from syncd.sync.journal import Status
from syncd.sync.outage import concerns_more, wait_out
from syncd.sync.requests import Attempt
from syncd.sync.session import Session
from syncd.sync.settling import TRIES, Settling, gap_after, postpone, refuse
from syncd.sync.snapshots import load
from syncd.sync.tables import operation
from syncd.sync.work import Work

LIVELOCK = 3  # refusals in a row of one and the same write
DOUBTS = 3  # of one item in a row, each settled as not done


def failed(settling: Settling, attempt: Attempt, failure: Failure, outage: Collection[str]) -> None:
    """One item of the batch failed, alone; those that an `outage` struck do not count it."""
    conn, session, work = settling.conn, settling.session, attempt.task.work
    in_doubt = failure.sort is Sort.IN_DOUBT
    status = Status.IN_DOUBT if in_doubt else Status.FAILED
    journal.conclude(conn, session, status, [(attempt.key, None, failure.code)])
    if work.subject in outage or concerns_more(failure) or failure.sort is Sort.NOT_TRIED:
        wait_out(conn, session, work, failure)
    elif in_doubt:
        # One item that a server fails at each time is no outage: it is set aside like any other.
        _again(conn, session, work, failure, Reason.IN_DOUBT, DOUBTS)
    elif failure.sort in (Sort.INVALID, Sort.DENIED):
        refuse(conn, session, work, Reason.REFUSED, failure.code)
    elif failure.sort is Sort.PRECONDITION:
        _edited_meanwhile(conn, session, attempt, failure)
    elif failure.sort is Sort.THROTTLED:
        postpone(conn, session, work, Stand.WAITING, Reason.RETRY, error=failure.code)
    else:
        # Gone, for one: the next reading tells where to. An item that is there and fails all the
        # same is set aside in the end.
        _again(conn, session, work, failure, Reason.RETRY, TRIES)


def _again(
    conn: Connection, session: Session, work: Work, failure: Failure, why: Reason, most: int
) -> None:
    """It is tried once more, and set aside after so many tries."""
    tried = accounting.attempts(conn, session, work.remote_id, work.crm_id) + 1
    if tried >= most:
        refuse(conn, session, work, Reason.REFUSED, failure.code)
    else:
        postpone(conn, session, work, Stand.WAITING, why, error=failure.code)
        accounting.count_attempt(conn, session, work, tried)
        session.tally.failed += 1


def _edited_meanwhile(
    conn: Connection, session: Session, attempt: Attempt, failure: Failure
) -> None:
    """A refused precondition is no error: it is observed and decided again.

    Refused again and again with nothing different to write it is a livelock, and waits longer each
    time. Somebody who goes on editing is none: what is to be written is another thing then.
    """
    work = attempt.task.work
    tried = accounting.attempts(conn, session, work.remote_id, work.crm_id) + 1
    refusals = _refusals(conn, session, attempt, 2)
    if attempt.task.decision.patch(Side.CRM) or len({row[1:] for row in refusals}) > 1:
        tried = 1  # it has brought something new into the CRM, or is to be written otherwise
    if tried >= LIVELOCK:
        refuse(conn, session, work, Reason.LIVELOCK, failure.code)
    else:
        postpone(conn, session, work, Stand.WAITING, Reason.EDITED_MEANWHILE)
        accounting.count_attempt(conn, session, work, tried)


def waits_out(conn: Connection, session: Session, attempt: Attempt) -> bool:
    """Whether a write that was refused so often in the same form waits, though its item is new.

    That its version has moved once more is what a livelock is made of, and no reason to try.
    """
    task, work = attempt.task, attempt.task.work
    refusals = _refusals(conn, session, attempt, LIVELOCK)
    same = len(refusals) == LIVELOCK and len({row[1:] for row in refusals}) == 1
    if not same or task.decision.patch(Side.CRM):
        return False
    wanted = {name: to_json(value) for name, value in task.decision.patch(Side.OUTLOOK).items()}
    (after,) = {row.after for row in refusals}
    if load(conn, [after] if after else []).get(after, {}) != wanted:
        return False
    if session.clock() - refusals[0].at >= gap_after(work.tried, work.subject):
        return False
    postpone(
        conn, session, work, Stand.WAITING, Reason.LIVELOCK, error=work.failed_before,
        attempts=work.tried,
    )  # fmt: skip
    return True


def _refusals(
    conn: Connection, session: Session, attempt: Attempt, most: int
) -> Sequence[Row[Any, Any, Any, Any]]:
    """The last writes to this item that were refused: when, and what in place of what."""
    columns = (operation.c.at, operation.c.verb, operation.c.before, operation.c.after)
    mine = session.mine(operation) & (operation.c.crm_id == attempt.task.crm_id)
    refused = operation.c.status == Status.FAILED
    query = select(*columns).where(mine, refused).order_by(operation.c.at.desc()).limit(most)
    return conn.execute(query).all()
