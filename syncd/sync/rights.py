"""What a mailbox's user has a right to in the CRM, as the sync obeys it.

Looked up once per run. What the user may not read is not pushed, what the user may not write is
not pulled, and neither is ever blanked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection

from syncd.crm import records
from syncd.crm.access import Access, Level
from syncd.crm.stored import Stored, StoredKind
from syncd.model.fields import Direction
from syncd.model.kinds import Kind
from syncd.model.policy import KindPolicy


@dataclass(frozen=True)
class Rights:
    """The rights of one user in the records of one kind."""

    access: Access
    stored: StoredKind[Kind]

    @property
    def limited(self) -> bool:
        """Whether any rule speaks of this kind."""
        return not self.access.unlimited(self.stored.entity)

    def within(self, where: ColumnElement[bool]) -> ColumnElement[bool]:
        """A condition over the records, and that the user may read them."""
        return where & self.access.readable(self.stored) if self._reads_some else where

    @property
    def _reads_some(self) -> bool:
        return self.access.read_level(self.stored.entity) is not Level.ORGANISATION

    def readable_among(self, conn: Connection, ids: Iterable[str]) -> frozenset[str]:
        """Which of these records the user may read."""
        if not self._reads_some:
            return frozenset(ids)
        readable = self.access.readable(self.stored)
        return frozenset(records.members_among(conn, self.stored, readable, ids))

    def writable_among(self, conn: Connection, held: Mapping[str, Stored]) -> frozenset[str]:
        """Which of these records can be written at all, and by this user."""
        owners = {each: found.owner_id for each, found in held.items() if found.active}
        return self.access.writable_among(conn, self.stored.entity, owners)

    def narrowed(self, policy: KindPolicy) -> KindPolicy:
        """The policy as far as the rights reach.

        A group is as free as its least free field: it merges as one. What may be written and not
        read stays out, too: nobody replaces what they cannot see.
        """
        if not self.limited:
            return policy
        entity = self.stored.entity
        hidden, locked = (
            self.access.unreadable_fields(entity), self.access.unwritable_fields(entity),
        )  # fmt: skip
        access = {}
        for name, group in policy.kind.groups.items():
            columns = {each for field in group.fields for each in (field.name, *field.crm)}
            if columns & hidden:
                access[name] = Direction.NONE
            elif columns & locked:
                access[name] = Direction.TO_OUTLOOK
        creates = self.access.may_create(entity, self.access.user_id)
        return replace(policy, access=access, creates=creates)
