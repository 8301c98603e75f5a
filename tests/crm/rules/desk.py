"""Where the rules are tried: a CRM, two users, and short ways to make and to look at records."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select, update

from syncd.crm import feed, records
from syncd.crm.api import Crm
from syncd.crm.database import read, write
from syncd.crm.entities import ENTITIES
from syncd.crm.errors import NoSuchRecord
from syncd.crm.feed import Actor, ActorKind, Change, Verb
from syncd.crm.parties import Party
from syncd.crm.stored import Stored
from syncd.crm.users import User
from syncd.model.values import Value
from tests.crm.conftest import BY_UNDO, LATER
from tests.crm.rules.law import SMALLEST


@dataclass(frozen=True)
class Desk:
    """A CRM at work, and two of its users; Ann owns what nobody else is named for."""

    crm: Crm
    ann: User
    bob: User

    def make(
        self,
        entity: str,
        owner: Any = None,  # a user
        status: Any = None,  # Any, so that the values of a table can be spread over the rest
        parties: Any = (),
        **values: Value,
    ) -> Stored:
        """A record with what is required of it, and these values."""
        given = {**self.smallest(entity, values), **values}
        if status is not None and entity in ("lead", "opportunity"):
            # As an import brings it: nobody enters a sale that is over.
            with write(self.crm.engine) as conn:
                return records.create(
                    conn, ENTITIES[entity], given, owner_id=(owner or self.ann).id,
                    actor=self.crm.actor, at=self.crm.clock(), status=status,
                )  # fmt: skip
        return self.crm.create(
            entity, given, owner=(owner or self.ann).id, status=status, parties=parties
        )

    def smallest(self, entity: str, given: Collection[str] = ()) -> dict[str, Value]:
        """What a record must have; for an opportunity that includes whose it is."""
        least = dict(SMALLEST[entity])
        if entity == "opportunity" and "customerid" not in given:
            customer = self.crm.create("account", {"name": "Customer"}, owner=self.ann.id)
            least["customerid"] = f"account:{customer.id}"
        return least

    def now(self, held: Stored) -> Stored:
        """The record as it stands, deleted or not."""
        return self.now_of(held.record.kind.name, held.id)

    def now_of(self, entity: str, record: str) -> Stored:
        """The record with this id as it stands, deleted or not."""
        with read(self.crm.engine) as conn:
            return records.read(conn, ENTITIES[entity], [record])[record]

    def value(self, held: Stored, name: str) -> Value:
        """A field or extra of a record as it stands."""
        return self.now(held).values[name]

    def by(self, user: User) -> Crm:
        """The CRM in the hands of a user, whose rights bound it."""
        actor = Actor(ActorKind.USER, user.address, user.id)
        return Crm(self.crm.engine, actor, clock=self.crm.clock)

    def undoing(self) -> Crm:
        """The CRM in the hands of who takes things back."""
        return Crm(self.crm.engine, BY_UNDO, clock=lambda: LATER)

    def latest(self) -> int:
        """The number of the latest line of the feed."""
        with read(self.crm.engine) as conn:
            return feed.latest(conn)

    def lines(self, held: Stored, since: int = 0) -> list[Change]:
        """The lines of the feed about one record."""
        return [each for each in self.crm.changes(since) if each.id == held.id]

    def verbs(self, since: int, *helds: Stored) -> list[list[Verb]]:
        """What the feed says was done to each of these records."""
        return [[line.verb for line in self.lines(each, since)] for each in helds]

    def overwrite(self, held: Stored, **columns: object) -> None:
        """Set columns of a row by SQL, behind everybody's back."""
        table = ENTITIES[held.record.kind.name].table
        with write(self.crm.engine) as conn:
            conn.execute(update(table).where(table.c.id == held.id).values(columns))

    def insert(self, entity: str, **columns: object) -> str:
        """Put a row into a table by SQL: as a record is stored, but for these columns."""
        stored = ENTITIES[entity]
        made = self.make(entity)
        with write(self.crm.engine) as conn:
            row = conn.execute(select(stored.table).where(stored.table.c.id == made.id)).mappings()
            copy = {**row.one(), "id": str(uuid4()), **columns}
            conn.execute(insert(stored.table).values(copy))
        return str(copy["id"])

    def parties_of(self, held: Stored) -> list[Party]:
        """Who takes part in an activity, but for its owner and what it is regarding."""
        found = self.crm.parties([self.now(held)])[held.id]
        return [each for each in found if each.role not in ("owner", "regarding")]

    def gone(self, held: Stored) -> bool:
        """Whether a record is no longer to be had."""
        try:
            self.crm.get(held.record.kind.name, held.id)
        except NoSuchRecord:
            return True
        return False
