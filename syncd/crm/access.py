"""Who may read or change what. The sync obeys it as every other program does.

A rule says of an entity, for everybody or for a team, whose records may be read and whose may be
changed: nobody's, one's own, those of one's teams, all of the organisation's. The most generous
rule of a user's teams holds, else that for everybody, else all may do everything. A rule for one
field can only take away: the field is there for those who may read it, and no more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Self

from sqlalchemy import ColumnElement, Connection, Table, delete, false, insert, or_, select, true

from syncd.crm.rows import chunks
from syncd.crm.stored import StoredKind
from syncd.crm.tables import access_rule, share, team_member
from syncd.model.kinds import Schema


class Level(IntEnum):
    """Whose records: each level takes in those before it."""

    NONE = 0
    OWN = 1  # and what was shared
    TEAM = 2
    ORGANISATION = 3


LEVELS: Mapping[str, Level] = {level.name.lower(): level for level in Level}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `field` is empty for the whole record, `team_id` for everybody."""

    entity: str
    read: Level
    write: Level
    field: str | None = None
    team_id: str | None = None


@dataclass(frozen=True)
class Access:
    """What one user may do, by entity and by field. `colleagues` includes the user."""

    user_id: str
    teams: frozenset[str]
    colleagues: frozenset[str]
    levels: Mapping[str, tuple[Level, Level]]
    fields: Mapping[tuple[str, str], tuple[Level, Level]]

    @classmethod
    def of(cls, conn: Connection, user_id: str) -> Self:
        """The access of a user, by the rules as they stand."""
        rules = every(conn)
        if not rules:
            return cls(user_id, frozenset(), frozenset({user_id}), {}, {})
        mine = select(team_member.c.team_id).where(team_member.c.user_id == user_id)
        members = select(team_member).where(team_member.c.team_id.in_(mine))
        rows = conn.execute(members).all()
        teams = frozenset(row.team_id for row in rows)
        levels: dict[tuple[str, str | None], tuple[Level, Level]] = {}
        for own in (False, True):  # the team's rules replace those of everybody
            found: dict[tuple[str, str | None], tuple[Level, Level]] = {}
            for rule in rules:
                if (rule.team_id in teams) if own else (rule.team_id is None):
                    key = (rule.entity, rule.field)
                    read, write = found.get(key, (Level.NONE, Level.NONE))
                    found[key] = (max(read, rule.read), max(write, rule.write))
            levels |= found
        return cls(
            user_id,
            teams,
            frozenset({user_id, *(row.user_id for row in rows)}),
            {entity: level for (entity, field), level in levels.items() if field is None},
            {(e, field): level for (e, field), level in levels.items() if field is not None},
        )

    def read_level(self, entity: str) -> Level:
        """Whose records of an entity may be read."""
        return self.levels.get(entity, _ALL)[0]

    def write_level(self, entity: str) -> Level:
        """Whose records of an entity may be changed: never more than may be read."""
        read, write = self.levels.get(entity, _ALL)
        return min(read, write)

    def unlimited(self, entity: str) -> bool:
        """Whether no rule says anything of an entity."""
        return entity not in self.levels and not any(e == entity for e, _ in self.fields)

    def digest(self, entity: str) -> str:
        """What is equal as long as the user may do the same; empty while no rule says anything."""
        if self.unlimited(entity):
            return ""
        levels = self.levels.get(entity, _ALL)
        # Who else is in a team matters only to who may see what is theirs.
        teams = sorted(self.teams) if min(levels) < Level.ORGANISATION else []
        colleagues = sorted(self.colleagues) if Level.TEAM in levels else []
        fields = sorted((f, *pair) for (of, f), pair in self.fields.items() if of == entity)
        said = json.dumps([levels, fields, teams, colleagues])
        return sha256(said.encode()).hexdigest()

    def unreadable_fields(self, entity: str) -> frozenset[str]:
        """The fields that the user may not read."""
        return self._without(entity, 0)

    def unwritable_fields(self, entity: str) -> frozenset[str]:
        """The fields that the user may not change: those that are not seen are not, either."""
        return self._without(entity, 1) | self._without(entity, 0)

    def _without(self, entity: str, which: int) -> frozenset[str]:
        return frozenset(
            field
            for (of, field), levels in self.fields.items()
            if of == entity and levels[which] is Level.NONE
        )

    def may_create(self, entity: str, owner_id: str) -> bool:
        """Whether a record for this owner may be created."""
        return self._reaches(self.write_level(entity), owner_id)

    def _reaches(self, level: Level, owner_id: str) -> bool:
        if level is Level.TEAM:
            return owner_id in self.colleagues
        return level is Level.ORGANISATION or (level is Level.OWN and owner_id == self.user_id)

    def readable(self, stored: StoredKind[Schema]) -> ColumnElement[bool]:
        """The condition over `stored.table` of what may be read."""
        return self.readable_in(stored.table, stored.entity)

    def readable_in(self, table: Table, entity: str | None = None) -> ColumnElement[bool]:
        """The same over the table of an entity, which mostly bears its name."""
        of = entity or table.name
        return self._condition(of, table, self.read_level(of), to_write=False)

    def writable(self, stored: StoredKind[Schema]) -> ColumnElement[bool]:
        """The condition over `stored.table` of what may be changed."""
        return self._condition(
            stored.entity, stored.table, self.write_level(stored.entity), to_write=True
        )

    def writable_among(
        self, conn: Connection, entity: str, owners: Mapping[str, str]
    ) -> frozenset[str]:
        """Which of these records, each given with its owner, may be changed."""
        level = self.write_level(entity)
        mine = {each for each, owner in owners.items() if self._reaches(level, owner)}
        if level is not Level.NONE:
            mine |= self._shared(conn, entity, owners.keys() - mine)
        return frozenset(mine)

    def _shared(self, conn: Connection, entity: str, ids: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for chunk in chunks(ids):
            query = select(share.c.record_id).where(
                share.c.entity == entity,
                share.c.record_id.in_(chunk),
                share.c.principal_id.in_([self.user_id, *self.teams]),
                share.c.may_write,
            )
            found.update(conn.scalars(query))
        return found

    def _condition(
        self, entity: str, table: Table, level: Level, *, to_write: bool
    ) -> ColumnElement[bool]:
        if level is Level.ORGANISATION:
            return true()
        if level is Level.NONE:
            return false()
        owners = sorted(self.colleagues) if level is Level.TEAM else [self.user_id]
        shared = select(share.c.record_id).where(
            share.c.entity == entity,
            share.c.principal_id.in_([self.user_id, *sorted(self.teams)]),
        )
        if to_write:
            shared = shared.where(share.c.may_write)
        return or_(table.c.owner_id.in_(owners), table.c.id.in_(shared))


_ALL = (Level.ORGANISATION, Level.ORGANISATION)


def every(conn: Connection) -> list[Rule]:
    """All rules, by entity and field."""
    rows = conn.execute(select(access_rule).order_by(access_rule.c.entity, access_rule.c.id))
    return [
        Rule(row.entity, LEVELS[row.read], LEVELS[row.write], row.field, row.team_id)
        for row in rows
    ]


def limits_reading(conn: Connection, entity: str) -> bool:
    """Whether there may be users who may not read every record of an entity."""
    return any(
        each.entity == entity and each.field is None and each.read is not Level.ORGANISATION
        for each in every(conn)
    )


def put(conn: Connection, rule: Rule) -> None:
    """Set a rule, in the place of the one for the same entity, field and team."""
    clear(conn, rule.entity, rule.field, rule.team_id)
    conn.execute(
        insert(access_rule).values(
            entity=rule.entity,
            field=rule.field,
            team_id=rule.team_id,
            read=rule.read.name.lower(),
            write=rule.write.name.lower(),
        )
    )


def clear(conn: Connection, entity: str, field: str | None, team_id: str | None) -> int:
    """Remove a rule, and return how many there were."""
    table = access_rule
    gone = conn.execute(
        delete(table).where(
            table.c.entity == entity,
            table.c.field.is_not_distinct_from(field),
            table.c.team_id.is_not_distinct_from(team_id),
        )
    )
    return gone.rowcount
