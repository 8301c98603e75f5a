"""What goes into one request together, and what has one of its own.

A request that fails as a whole does so for the server, or for one item in it: nobody knows which.
Time and again, it may well be the item. So those that were part of it are sent one by one then, and
one that fails alone is one bad item, which stops nobody else (P10).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from syncd.model.fields import Side
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.sync import journal
from syncd.sync.requests import Attempt
from syncd.sync.session import Session

IN_VAIN = 2  # writes in a row of one record, until it is sent alone
UNANSWERED = 3  # requests of single items in a row: more of them are likely no item's fault


def set_apart(conn: Connection, session: Session, attempts: Sequence[Attempt]) -> Sequence[Attempt]:
    """The attempts, with those marked that are to be sent alone."""
    failing = {each.task.crm_id for each in attempts if each.task.work.failed_before is not None}
    failing = journal.in_vain(conn, session, failing, IN_VAIN)
    return [replace(a, alone=True) if a.task.crm_id in failing else a for a in attempts]


def in_lots(session: Session, attempts: Sequence[Attempt]) -> Iterator[list[Attempt]]:
    """Attempts in order, in lots of which none is too many or too large for one request."""
    can = session.port.capabilities
    lot: list[Attempt] = []
    weight = 0
    for each in attempts:
        own = sum(len(str(value)) for value in each.task.decision.patch(Side.OUTLOOK).values())
        full = len(lot) == can.write_batch or weight + own > can.write_weight
        if lot and (full or each.alone or lot[-1].alone):
            yield lot
            lot, weight = [], 0
        lot.append(each)
        weight += own
    if lot:
        yield lot


def alone_at_fault(lot: Sequence[Attempt], error: MailboxError) -> Failure | None:
    """What a request of one item that was not answered says of that item; `None` if it says more.

    What was refused before any effect, as by a mailbox that is full, was refused for more than it.
    """
    if not lot[0].alone or error.sort is not Sort.IN_DOUBT or error.scope is not Scope.MAILBOX:
        return None
    return Failure(error.sort, error.code, error.message)
