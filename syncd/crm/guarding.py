"""What stands before every write of a record.

Its state, what it must have, what it may point to, and what the user who writes may do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self, TypeVar, cast

from sqlalchemy import Connection, select

from syncd.crm.access import Access
from syncd.crm.errors import (
    InvalidValue,
    MissingValue,
    NoSuchRecord,
    NotAllowed,
    ReadOnly,
    RecordError,
    a_record,
)
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.rows import chunks
from syncd.crm.stored import Row, StoredKind
from syncd.crm.tables import metadata
from syncd.model.entities import LASTING
from syncd.model.kinds import Schema
from syncd.model.states import State
from syncd.model.values import Value

K = TypeVar("K", str, int)


def demand_editable(stored: StoredKind[Schema], row: Row, actor: Actor) -> None:
    """Raise ReadOnly of a closed record. Undo passes: what is withdrawn goes there, too (P7)."""
    state = cast(str, row["statecode"])
    if state not in stored.states.editable and actor.kind is not ActorKind.UNDO:
        way_back = any(
            each in stored.states.editable for each in stored.states.by_name[state].leads_to
        )
        raise ReadOnly(stored.entity, cast(str, row["id"]), state, way_back=way_back)


def state_of(stored: StoredKind[Schema], status: str) -> State:
    """The state that a status reason belongs to. Raises InvalidValue on a reason there is not."""
    found = stored.states.of_reason(status)
    if found is None:
        known = ", ".join(reason for each in stored.states.states for reason in each.reasons)
        raise InvalidValue("statuscode", f"{status!r} is none of {known}")
    return found


def demand_complete(stored: StoredKind[Schema], values: Mapping[str, Value]) -> None:
    """Raise MissingValue when a required field would be empty; InvalidValue of a wrong order."""
    for field in stored.kind.fields:
        if field.required and values.get(field.name) is None:
            raise MissingValue(stored.entity, field.name, field.label)
    start, end = LASTING.get(stored.entity, ("", ""))
    begins, ends = values.get(start), values.get(end)
    if isinstance(begins, datetime) and isinstance(ends, datetime) and ends < begins:
        raise InvalidValue(end, f"{a_record(stored.entity)} does not end before it starts")


@dataclass(frozen=True)
class Guard:
    """What a batch of writes of one actor is held against."""

    conn: Connection
    stored: StoredKind[Schema]
    access: Access | None
    writable: frozenset[str]
    sight: Access | None = None

    @classmethod
    def of(
        cls, conn: Connection, stored: StoredKind[Schema], actor: Actor, rows: Iterable[Row] = ()
    ) -> Self:
        """The guard of a batch over these rows; an actor who is no user of the CRM may do all."""
        access = Access.of(conn, actor.user_id) if actor.user_id else None
        if access is None or access.unlimited(stored.entity):
            return cls(conn, stored, None, frozenset(), access)
        owners = {cast(str, row["id"]): cast(str, row["owner_id"]) for row in rows}
        writable = access.writable_among(conn, stored.entity, owners)
        return cls(conn, stored, access, writable, access)

    def demand_create(self, owner_id: str, fields: Iterable[str]) -> None:
        """Raise NotAllowed when the actor may not create such a record."""
        if self.access is None:
            return
        if not self.access.may_create(self.stored.entity, owner_id):
            raise NotAllowed(self.stored.entity, "create", None)
        self._demand_fields(fields)

    def demand_update(self, record_id: str, fields: Iterable[str]) -> None:
        """Raise NotAllowed when the actor may not write the record, or one of these fields."""
        if self.access is None:
            return
        if record_id not in self.writable:
            raise NotAllowed(self.stored.entity, "change", record_id)
        self._demand_fields(fields)

    def _demand_fields(self, fields: Iterable[str]) -> None:
        if self.access is None:
            return
        for name in fields:
            if name in self.access.unwritable_fields(self.stored.entity):
                raise NotAllowed(self.stored.entity, f"write {name} of", None)

    def unpointed(self, rows: Mapping[K, tuple[Row, Collection[str]]]) -> dict[K, RecordError]:
        """Of rows with their changed columns, those that would point to no live record.

        What the actor may not read is not there, for them.
        """
        wanted: dict[str, set[str]] = {}
        for row, changed in rows.values():
            for column, entity in self.stored.pointers.items():
                if column in changed and row[column] is not None:
                    wanted.setdefault(entity, set()).add(cast(str, row[column]))
        alive = {e: alive_among(self.conn, e, ids, self.sight) for e, ids in wanted.items()}
        refused: dict[K, RecordError] = {}
        for key, (row, changed) in rows.items():
            for column, entity in self.stored.pointers.items():
                target = row[column] if column in changed else None
                if target is not None and target not in alive[entity]:
                    refused[key] = NoSuchRecord(entity, cast(str, target))
        return refused


def alive_among(
    conn: Connection, entity: str, ids: Iterable[str], sight: Access | None = None
) -> set[str]:
    """Which of these are ids of live records that are seen, by all or with this access."""
    table = metadata.tables[entity]
    found: set[str] = set()
    for chunk in chunks(ids):
        query = select(table.c.id).where(table.c.id.in_(chunk))
        if "deleted_at" in table.c:
            query = query.where(table.c.deleted_at.is_(None))
        if sight is not None and "owner_id" in table.c:
            query = query.where(sight.readable_in(table))
        found.update(conn.scalars(query))
    return found
