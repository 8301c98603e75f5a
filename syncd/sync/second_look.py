"""The second look at items without a link that could not be found when they were to be read.

An item that was listed and is not there when it is read may be gone, or a server is wrong for a
moment. Ten minutes on it is read once more: it is there, and decided about like any other, or it is
no item any more (P9). Where one that is linked is, is confirmed with more care (`locate`).
"""

from __future__ import annotations

from sqlalchemy import select, update

from syncd.outlook.errors import Failure, Sort
from syncd.sync import accounting
from syncd.sync.loading import Facts, read_items
from syncd.sync.session import SECOND_LOOK, Session
from syncd.sync.snapshots import chunks
from syncd.sync.tables import observed


def take(session: Session, facts: Facts) -> None:
    """Read those again whose time has come; what is gone is forgotten, all else is present.

    One that cannot be read is not gone: as a present one that cannot, it is tried with growing gaps
    and set aside (P10), and gone once two looks in a row say so (P5).
    """
    latest = session.clock() - SECOND_LOOK
    due = [
        remote_id
        for remote_id, row in facts.seen.items()
        if row.missing_since is not None
        and row.missing_since <= latest
        and remote_id not in facts.by_remote
    ]
    if not due:
        return
    present = (each for each, row in facts.seen.items() if row.missing_since is None)
    read_items(session, facts, [*present, *due])
    gone = [each for each in due if _is_gone(facts, each)]
    there = [each for each in due if each not in gone]
    with session.write() as conn:
        accounting.drop_observed(conn, session, gone)
        accounting.drop_held(conn, session, gone)
        for each in gone:
            del facts.seen[each]
        for chunk in chunks(there):
            mine = session.mine(observed) & observed.c.remote_id.in_(chunk)
            conn.execute(update(observed).where(mine).values(missing_since=None))
            facts.seen.update(
                {row.remote_id: row for row in conn.execute(select(observed).where(mine))}
            )


def _is_gone(facts: Facts, remote_id: str) -> bool:
    """Whether it is no more, or in another folder than is served by now."""
    found = facts.items[remote_id]
    if isinstance(found, Failure):
        return found.sort is Sort.GONE
    return found.head.folder not in (None, facts.state.folder_id)
