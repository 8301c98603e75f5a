"""What of the store an actor sees: records by whose they are, and of these the fields they may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from sqlalchemy import ColumnElement, Connection, true

from syncd.crm import records
from syncd.crm.access import Access
from syncd.crm.feed import Actor
from syncd.crm.stored import Stored, StoredKind
from syncd.model.kinds import Schema


@dataclass(frozen=True)
class Sight:
    """What one actor sees. Who is no user of the CRM sees everything."""

    conn: Connection
    access: Access | None

    @classmethod
    def of(cls, conn: Connection, actor: Actor) -> Self:
        """The sight of an actor, by the rules as they stand."""
        return cls(conn, Access.of(conn, actor.user_id) if actor.user_id else None)

    def where(self, stored: StoredKind[Schema]) -> ColumnElement[bool]:
        """The condition over `stored.table` of the records that are seen."""
        return true() if self.access is None else self.access.readable(stored)

    def among(self, stored: StoredKind[Schema], ids: Iterable[str]) -> set[str]:
        """Which of these are ids of live records that are seen."""
        return records.members_among(self.conn, stored, self.where(stored), ids)

    def shown(self, stored: StoredKind[Schema], found: Iterable[Stored]) -> list[Stored]:
        """These records, without the fields that are not seen."""
        hidden = self.access.unreadable_fields(stored.entity) if self.access else frozenset()
        if not hidden:
            return list(found)
        return [each.without(hidden) for each in found]
