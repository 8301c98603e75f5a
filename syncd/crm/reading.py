"""The CRM as programs read it: each method one look at the store, bounded to what may be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine

from syncd.crm import cascades, database, duplicates, feed, lookup, parties, records, sharing
from syncd.crm.access import Level
from syncd.crm.cascades import Deed
from syncd.crm.contacts import CONTACTS
from syncd.crm.custom import stored_of
from syncd.crm.duplicates import Found, Pair
from syncd.crm.entities import ACCOUNTS, ENTITIES
from syncd.crm.errors import NoSuchRecord
from syncd.crm.feed import Actor, Change
from syncd.crm.parties import Party
from syncd.crm.seeing import Sight
from syncd.crm.sharing import Share
from syncd.crm.stored import Stored, StoredKind
from syncd.crm.tree import Branch, tree_of
from syncd.model.kinds import Schema
from syncd.model.values import Value


@dataclass(frozen=True)
class Reading:
    """The CRM, on behalf of `actor`. `region`: the country of phone numbers without its code."""

    engine: Engine
    actor: Actor
    region: str | None = None
    clock: Callable[[], datetime] = field(default=database.utcnow)
    within: Connection | None = field(default=None, repr=False)  # the transaction of `together`

    def get(self, entity: str, record: str) -> Stored:
        """A live record that may be read. Raises NoSuchRecord."""
        stored = self._stored(entity)
        with self._read() as conn:
            found, sight = records.read(conn, stored, [record]).get(record), self._sight(conn)
            if found is None or found.deleted or not sight.among(stored, [record]):
                deleted = found is not None and found.deleted
                raise NoSuchRecord(entity, record, deleted=deleted)
            return sight.shown(stored, [found])[0]

    def find(self, entity: str, reference: str) -> list[Stored]:
        """What a person may mean by an id, its beginning, a name, an address: at most a handful."""
        stored = self._stored(entity)
        with self._read() as conn:
            sight = self._sight(conn)
            found = lookup.referred(conn, stored, reference, where=[sight.where(stored)])
            return sight.shown(stored, found)

    def search(
        self,
        entity: str,
        *,
        text: str | None = None,
        owner: str | None = None,
        state: str | None = None,
        pointing: Mapping[str, str] | None = None,
        where: ColumnElement[bool] | None = None,
        limit: int | None = None,
    ) -> tuple[int, list[Stored]]:
        """How many live records there are, and the first of them by name.

        `pointing` are the references that they hold: `{"regardingobjectid": "lead:ID"}`. `where`
        is a condition over the table of the entity.
        """
        stored = self._stored(entity)
        with self._read() as conn:
            sight = self._sight(conn)
            bounds = [sight.where(stored), lookup.pointing(stored, pointing or {})]
            total, found = lookup.listed(
                conn, stored,
                where=bounds if where is None else [*bounds, where],
                owner_id=owner, state=state, search=text, limit=limit,
            )  # fmt: skip
            return total, sight.shown(stored, found)

    def names(self, references: Iterable[str]) -> Mapping[str, str]:
        """What records are called, by `contact:ID`: of those that may be read, deleted or not."""
        wanted: dict[str, list[str]] = {}
        for each in references:
            entity, _, record = each.partition(":")
            wanted.setdefault(entity, []).append(record)
        called: dict[str, str] = {}
        with self._read() as conn:
            for entity, ids in wanted.items():
                stored = self._stored(entity)
                sight = self._sight(conn)
                found = records.visible(conn, stored, sight.where(stored), ids)
                shown = sight.shown(stored, found)
                called |= {f"{entity}:{each.id}": each.name for each in shown}
        return called

    def seen(self, found: Stored) -> Stored:
        """A record that a write returned, without the fields that its user may not read."""
        with self._read() as conn:
            return self._sight(conn).shown(self._stored(found.record.kind.name), [found])[0]

    def taken_along(self, entity: str, record: str, deed: Deed) -> Mapping[str, Collection[str]]:
        """The other records, by entity, to which the same would be done: ask before you do it."""
        stored = self._stored(entity)
        with self._read() as conn:
            self._demand(conn, stored, record)
            return cascades.taken_along(conn, stored, record, deed)

    def shares(self, entity: str, record: str) -> list[Share]:
        """Whom a record is shared with."""
        with self._read() as conn:
            self._demand(conn, self._stored(entity), record)
            return sharing.shares_of(conn, entity, record)

    def parties(self, found: Sequence[Stored]) -> Mapping[str, list[Party]]:
        """Who takes part in these activities, by their ids; owner and regarding included."""
        with self._read() as conn:
            seen = [each for each in found if self._sees(conn, each)]
            return parties.of(conn, seen)

    def tree(self, account: str) -> Branch:
        """An account with its contacts and the accounts below it, as far as they may be read."""
        with self._read() as conn:
            sight = self._sight(conn)
            found = tree_of(
                conn, account, accounts=sight.where(ACCOUNTS), contacts=sight.where(CONTACTS)
            )
            return _shown(sight, found)

    def like(self, entity: str, values: Mapping[str, Value]) -> list[Found]:
        """The records that are like these values, the likest first, each with its reasons."""
        stored = self._stored(entity)
        with self._read() as conn:
            sight = self._sight(conn)
            found = duplicates.find(conn, stored, values, self.region, where=sight.where(stored))
            return [replace(f, record=sight.shown(stored, [f.record])[0]) for f in found]

    def duplicates(self, entity: str) -> list[Pair]:
        """All pairs that are alike, the likest first."""
        stored = self._stored(entity)
        with self._read() as conn:
            sight = self._sight(conn)
            found = [
                replace(
                    pair,
                    one=sight.shown(stored, [pair.one])[0],
                    two=sight.shown(stored, [pair.two])[0],
                )
                for pair in duplicates.pairs(conn, stored, self.region, where=sight.where(stored))
            ]
        return sorted(found, key=lambda p: (-p.score, p.one.id, p.two.id))

    def changes(self, since: int, limit: int | None = None) -> list[Change]:
        """The feed after a number, in the order of commits: of what may be read."""
        with self._read() as conn:
            found = feed.since(conn, since, limit)
            if self.actor.user_id is None:
                return found
            sight, seen = self._sight(conn), set[tuple[str, str]]()
            for kind in {each.kind for each in found} & ENTITIES.keys():
                stored, ids = ENTITIES[kind], [e.id for e in found if e.kind == kind]
                visible = records.visible(conn, stored, sight.where(stored), ids)
                seen |= {(kind, each.id) for each in visible}
            return [each for each in found if (each.kind, each.id) in seen]

    def history(self, entity: str, record: str) -> list[Change]:
        """The lines of the feed about one record, deleted or not, the oldest first."""
        stored = self._stored(entity)
        with self._read() as conn:
            if not records.visible(conn, stored, self._sight(conn).where(stored), [record]):
                raise NoSuchRecord(entity, record)
            return feed.about(conn, entity, record)

    def hidden_among(self, asked: Iterable[tuple[str, str]], entity: str) -> list[str]:
        """Which of these fields, each (entity, field), records of `entity` cannot be chosen by.

        What a user may not read they may not ask for, or the answer would tell it. Of records of
        another entity that is any field, unless all of them may be read.
        """
        with self._read() as conn:
            access = self._sight(conn).access
        if access is None:
            return []
        return sorted(
            field if other == entity else f"{other}.{field}"
            for other, field in asked
            if field in access.unreadable_fields(other)
            or (other != entity and access.read_level(other) is not Level.ORGANISATION)
        )

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        if self.within is not None:
            yield self.within
            return
        with database.read(self.engine) as conn:
            yield conn

    def _demand(self, conn: Connection, stored: StoredKind[Schema], record: str) -> None:
        """Raise NoSuchRecord of what is not there, or may not be read."""
        if not self._sight(conn).among(stored, [record]):
            raise NoSuchRecord(stored.entity, record)

    def _sees(self, conn: Connection, found: Stored) -> bool:
        if self.actor.user_id is None:
            return True
        stored = self._stored(found.record.kind.name)
        return bool(records.visible(conn, stored, self._sight(conn).where(stored), [found.id]))

    def _stored(self, entity: str) -> StoredKind[Schema]:
        """How an entity is kept. Raises NoSuchEntity."""
        return stored_of(self.engine, entity)

    def _sight(self, conn: Connection) -> Sight:
        return Sight.of(conn, self.actor)


def _shown(sight: Sight, branch: Branch) -> Branch:
    return Branch(
        sight.shown(ACCOUNTS, [branch.account])[0],
        tuple(sight.shown(CONTACTS, branch.contacts)),
        tuple(_shown(sight, each) for each in branch.below),
    )
