"""Teams of users: what rights are given to, and records shared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Connection, CursorResult, delete, insert, select

from syncd.crm.checking import MAX_KEYED, checked_text
from syncd.crm.errors import InvalidValue, NoSuchTeam, TeamExists
from syncd.crm.tables import team, team_member, user
from syncd.model.normal import text


@dataclass(frozen=True, slots=True)
class Team:
    """One team. `members` are the addresses of its users, in order."""

    id: str
    name: str
    members: tuple[str, ...]


def add(conn: Connection, name: str) -> Team:
    """Make a team. Raises TeamExists, InvalidValue."""
    folded = text(checked_text("name", name, MAX_KEYED) or "")
    if folded is None:
        raise InvalidValue("name", "a team has a name")
    if conn.execute(select(team.c.id).where(team.c.name == folded)).first():
        raise TeamExists(folded)
    made = Team(str(uuid4()), folded, ())
    conn.execute(insert(team).values(id=made.id, name=made.name))
    return made


def every(conn: Connection) -> list[Team]:
    """All teams, by name."""
    members: dict[str, list[str]] = {}
    query = select(team_member.c.team_id, user.c.address).join(
        user, user.c.id == team_member.c.user_id
    )
    for row in conn.execute(query.order_by(user.c.address)):
        members.setdefault(row.team_id, []).append(row.address)
    rows = conn.execute(select(team).order_by(team.c.name))
    return [Team(row.id, row.name, tuple(members.get(row.id, ()))) for row in rows]


def get(conn: Connection, name: str) -> Team:
    """The team of this name or id. Raises NoSuchTeam."""
    for each in every(conn):
        if name == each.id or text(name) == each.name:
            return each
    raise NoSuchTeam(name)


def put_in(conn: Connection, team_id: str, user_id: str) -> bool:
    """Make a user a member; whether they were none before."""
    mine = (team_member.c.team_id == team_id) & (team_member.c.user_id == user_id)
    if conn.execute(select(team_member).where(mine)).first():
        return False
    conn.execute(insert(team_member).values(team_id=team_id, user_id=user_id))
    return True


def take_out(conn: Connection, team_id: str, user_id: str) -> bool:
    """Make a user no member any more; whether they were one."""
    mine = (team_member.c.team_id == team_id) & (team_member.c.user_id == user_id)
    gone = conn.execute(delete(team_member).where(mine))
    return cast("CursorResult[Any]", gone).rowcount > 0
