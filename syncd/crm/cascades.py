"""What goes along when a record is assigned, shared or deleted: `model.relations` put to work.

An account takes its contacts with it, and these stand in people's Outlook: whoever does it is
told first how many records go along (`taken_along`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import cast

from sqlalchemy import Connection, select

from syncd.crm import lifecycle, parties
from syncd.crm.consequences import relink
from syncd.crm.entities import ENTITIES
from syncd.crm.errors import NotAllowed
from syncd.crm.feed import Actor
from syncd.crm.guarding import Guard
from syncd.crm.rows import CHUNK, chunks, rows_of
from syncd.crm.stored import Row, Stored, StoredKind
from syncd.model.kinds import Schema
from syncd.model.relations import Cascade, Relation, pointing_at


class Deed(Enum):
    """What is done to a record, and may be done to those that belong to it."""

    ASSIGN = "assign"
    SHARE = "share"
    DELETE = "delete"

    def of(self, relation: Relation) -> Cascade:
        """What a relation says of it."""
        found: Cascade = getattr(relation, self.value)
        return found


Taken = Mapping[str, Collection[str]]  # entity → ids


def taken_along(conn: Connection, stored: StoredKind[Schema], record_id: str, deed: Deed) -> Taken:
    """The other records to which the same is done, by entity."""
    found: dict[str, set[str]] = {stored.entity: {record_id}}
    level = {stored.entity: {record_id}}
    while level:
        below: dict[str, set[str]] = {}
        for entity, ids in level.items():
            for relation in pointing_at(entity):
                if deed.of(relation) in (Cascade.ALL, Cascade.OPEN):
                    fresh = {
                        cast(str, row["id"])
                        for row in _holding(conn, relation, ids)
                        if deed.of(relation) is Cascade.ALL or _is_open(relation, row)
                    } - found.get(relation.entity, set())
                    if fresh:
                        below.setdefault(relation.entity, set()).update(fresh)
                        found.setdefault(relation.entity, set()).update(fresh)
        level = below
    found[stored.entity].discard(record_id)
    return {entity: sorted(ids) for entity, ids in found.items() if ids}


def assign(
    conn: Connection,
    stored: StoredKind[Schema],
    record_id: str,
    owner_id: str,
    actor: Actor,
    at: datetime,
    *,
    expected: int | None = None,
) -> Stored:
    """Give a record, and what goes along, to another owner.

    Raises NoSuchOwner, NoSuchRecord, StaleRecord, NotAllowed.
    """
    along = taken_along(conn, stored, record_id, Deed.ASSIGN)
    demand_along(conn, along, actor)
    made = lifecycle.assign(conn, stored, record_id, owner_id, actor, at, expected=expected)
    for entity, ids in along.items():
        lifecycle.assign_many(conn, ENTITIES[entity], ids, owner_id, actor, at)
    return made


def delete(
    conn: Connection,
    stored: StoredKind[Schema],
    record_id: str,
    actor: Actor,
    at: datetime,
    *,
    expected: int | None = None,
) -> Stored:
    """Delete a record and what goes along; what only points to any of them loses the reference.

    Activities that somebody took part in keep their address and name. Raises NoSuchRecord,
    StaleRecord, NotAllowed.
    """
    along = taken_along(conn, stored, record_id, Deed.DELETE)
    demand_along(conn, along, actor)
    made = lifecycle.delete(conn, stored, record_id, actor, at, expected=expected)
    gone = {**along, stored.entity: [record_id, *along.get(stored.entity, ())]}
    for entity, ids in along.items():
        lifecycle.delete_many(conn, ENTITIES[entity], ids, actor, at)
    for entity, ids in gone.items():
        unlink(conn, entity, ids, actor, at)
        parties.let_go(conn, entity, ids, actor, at)
    return made


def demand_along(conn: Connection, along: Taken, actor: Actor) -> None:
    """Raise NotAllowed unless the actor may change all that goes along: some of it is no way."""
    for entity, ids in along.items():
        stored = ENTITIES[entity]
        for some in chunks(ids):
            rows = rows_of(conn, stored, some)
            guard = Guard.of(conn, stored, actor, rows.values())
            if guard.access is not None and not guard.writable.issuperset(rows):
                raise NotAllowed(entity, "take along", None)  # which one: it may be hidden


def unlink(conn: Connection, target: str, ids: Collection[str], actor: Actor, at: datetime) -> None:
    """Empty every reference to these records that live ones still hold."""
    for relation in pointing_at(target):
        stored = ENTITIES[relation.entity]
        emptied = {column_of(stored, relation): None}
        for rows in _in_turn(_holding(conn, relation, ids, lock=True)):
            relink(conn, stored, rows, emptied, actor, at)


def column_of(stored: StoredKind[Schema], relation: Relation) -> str:
    """The column in which a relation is held."""
    field = stored.kind.by_name.get(relation.field)
    if field is None:  # an extra is held in the column of its name
        return relation.field
    return field.crm[field.refers.index(relation.target)]


def _holding(
    conn: Connection, relation: Relation, ids: Iterable[str], *, lock: bool = False
) -> list[Row]:
    """The live records that point to any of these."""
    stored = ENTITIES[relation.entity]
    column = stored.table.c[column_of(stored, relation)]
    found: list[Row] = []
    for chunk in chunks(ids):
        query = select(stored.table.c.id).where(stored.alive, column.in_(chunk))
        query = query.order_by(stored.table.c.id)
        found.extend(rows_of(conn, stored, list(conn.scalars(query)), lock=lock).values())
    return found


def _is_open(relation: Relation, row: Row) -> bool:
    return row["statecode"] in ENTITIES[relation.entity].states.editable


def _in_turn(rows: list[Row]) -> Iterator[list[Row]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))
