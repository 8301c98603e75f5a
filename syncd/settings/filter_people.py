"""Me, my teams, and what was shared with me: as SQL, for one user or for a column of them.

A column is that of a table that the statement around the filter reads: so one statement asks for
all mailboxes at once. Every subquery here reads its own tables alone and leaves the rest to it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, or_, select

from syncd.crm.tables import share, team_member, user
from syncd.crm.users import key_of

Me = str | ColumnElement[str]


def closed(query: Select[Any], *own: FromClause) -> Select[Any]:
    """A subquery that reads its own tables; whatever else it names is the statement's around it."""
    return query.correlate_except(*own)


def colleagues(me: Me) -> Select[tuple[str]]:
    """The users who are in a team of mine. Not me, where I am in none."""
    mine, others = team_member.alias(), team_member.alias()
    query = select(others.c.user_id).where(others.c.team_id == mine.c.team_id, mine.c.user_id == me)
    return closed(query, mine, others)


def shared_with(me: Me, entity: str) -> Select[tuple[str]]:
    """The records of an entity that are shared with me or a team of mine."""
    shares, member = share.alias(), team_member.alias()
    teams = closed(select(member.c.team_id).where(member.c.user_id == me), member)
    query = select(shares.c.record_id).where(
        shares.c.entity == entity,
        or_(shares.c.principal_id == me, shares.c.principal_id.in_(teams)),
    )
    return closed(query, shares)


def user_of(address: str) -> ColumnElement[str]:
    """The id of the user with an address; null when there is none."""
    users = user.alias()
    query = select(users.c.id).where(users.c.address == key_of(address))
    return closed(query, users).scalar_subquery()
