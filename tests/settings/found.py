"""What a filter finds: for one user, and for all of them in one statement."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, select

from syncd.crm.records import members
from syncd.crm.tables import user
from syncd.settings.filters import Filter


def found(conn: Connection, filter_: Filter, me: str, today: date) -> list[str]:
    """The ids of the records, in order: equal for one user alone and for all users at once."""
    stored = filter_.stored
    alone = members(conn, stored, filter_.where(me, today=today))
    everybody = user.alias("mailbox")
    query = (
        select(stored.table.c.id)
        .select_from(stored.source)
        .join(everybody, filter_.where(everybody.c.id, today=today))
        .where(stored.alive, everybody.c.id == me)
    )
    assert list(conn.scalars(query.order_by(stored.table.c.id))) == alone
    return alone
