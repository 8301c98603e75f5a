"""A sign-in that was refused is tried once more, by one mailbox, at growing intervals.

Refusals pass: a server that starts, a controller that lags, a secret that somebody renewed. A
thousand tries lock the account, and one now and then does not. So of all mailboxes that were
suspended for one reason a single one goes first, as any due mailbox does; the others wait for how
its run ends.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, Connection, and_, select, update

from syncd.sync.account import Account
from syncd.sync.due import Served, may_run
from syncd.sync.mailboxes import MailboxRow, MailboxState, goes_on
from syncd.sync.tables import mailbox as table

FIRST_GAP = timedelta(minutes=15)  # as long as accounts count wrong passwords, mostly
LONGEST_GAP = timedelta(days=1)

_log = structlog.get_logger("syncd")

_SUSPENDED = table.c.state == MailboxState.SUSPENDED.value


def gap(refused: int) -> timedelta:
    """Until the next try, after so many before this one that were refused, too."""
    doubled: timedelta = FIRST_GAP * 2 ** min(refused, 10)
    return min(doubled, LONGEST_GAP)


def of(account: Account, row: MailboxRow) -> str:
    """Whose sign-in it is that a mailbox goes with: the account's, or its own."""
    return " ".join(sorted(account.servers)) if account.is_shared_by(row) else str(row.id)


def put_off(conn: Connection, row: MailboxRow, whose: str, now: datetime) -> None:
    """A mailbox was suspended, for its sign-in was refused: it is tried again after a while.

    And so are all that were suspended with it, now or before: one try is enough for all of them.
    """
    theirs = (table.c.probe_of == whose) | (table.c.id == row.id)
    values = {"probe_of": whose, "probes": row.probes + 1, "probe_at": now + gap(row.probes)}
    conn.execute(update(table).where(_SUSPENDED, theirs).values(**values))


def begin(conn: Connection, now: datetime, served: Served) -> None:
    """Let one mailbox, if the time has come for any, go on as if somebody had resumed it."""
    query = select(table.c.id, table.c.probe_of).where(_may_begin(now, served))
    one = conn.execute(query.order_by(table.c.probe_at, table.c.id).limit(1)).one_or_none()
    if one is None:
        return
    # The others wait for what comes of it; should that never be told, one of them goes next.
    with_it = and_(_SUSPENDED, table.c.probe_of == one.probe_of)
    conn.execute(update(table).where(with_it).values(probe_at=now + FIRST_GAP))
    values = {**goes_on(now), "probe_at": None}
    conn.execute(update(table).where(_SUSPENDED, table.c.id == one.id).values(**values))
    _log.info("a refused sign-in is tried once more", mailbox=one.id)


def waiting(conn: Connection, now: datetime, served: Served) -> bool:
    """Whether the time has come for any."""
    query = select(table.c.id).where(_may_begin(now, served)).limit(1)
    return conn.scalar(query) is not None


def passed(conn: Connection, row: MailboxRow, now: datetime) -> None:
    """The sign-in of a mailbox is taken: who was suspended with it goes on, too."""
    if row.probe_of is None:
        return
    theirs = table.c.probe_of == row.probe_of
    values = {**goes_on(now), "failures": 0}
    conn.execute(update(table).where(_SUSPENDED, theirs).values(**values))
    conn.execute(update(table).where(theirs).values(probe_of=None, probes=0, probe_at=None))


def _may_begin(now: datetime, served: Served) -> ColumnElement[bool]:
    return and_(_SUSPENDED, table.c.probe_at <= now, may_run(now, served))
