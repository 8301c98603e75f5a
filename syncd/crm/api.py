"""The CRM as programs use it: one method for one business action, one transaction each.

    crm = Crm(engine, Actor(ActorKind.API, "website"))
    lead = crm.create("lead", {"subject": "100 laptops", "firstname": "Robert", …}, owner=ann.id)
    sale = crm.qualify(lead.id)

Entities go by name: "lead", "account", "contact", "opportunity", "task", "phone_call",
"appointment", "email", "note". What is refused is a `CrmError`, and nothing of it was written.
`expected` is the version that the caller saw; `None` takes any.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import cast

from sqlalchemy import Connection, Engine

from syncd.crm import (
    activities,
    cascades,
    database,
    duplicates,
    feed,
    lifecycle,
    lookup,
    merging,
    parties,
    qualifying,
    records,
    sharing,
)
from syncd.crm.cascades import Deed
from syncd.crm.duplicates import Found, Pair
from syncd.crm.entities import ACCOUNTS, ACTIVITY_KINDS, ENTITIES, LEADS, OPPORTUNITIES
from syncd.crm.errors import DuplicatesFound, NoSuchEntity, NoSuchRecord, NotOpen, RuleBroken
from syncd.crm.feed import Actor, Change
from syncd.crm.parties import Party
from syncd.crm.qualifying import Qualification, Qualified
from syncd.crm.rows import live, rows_of
from syncd.crm.seeing import Sight
from syncd.crm.sharing import Share
from syncd.crm.stored import Stored, StoredKind
from syncd.crm.tree import Branch, tree_of
from syncd.model.kinds import Schema
from syncd.model.states import INACTIVE, LOST, OPEN, WON
from syncd.model.values import Value


@dataclass(frozen=True)
class Crm:
    """The CRM, on behalf of `actor`. `region`: the country of phone numbers without its code."""

    engine: Engine
    actor: Actor
    region: str | None = None
    clock: Callable[[], datetime] = field(default=database.utcnow)

    # --- any record ---------------------------------------------------------------------------

    def create(
        self,
        entity: str,
        values: Mapping[str, Value],
        *,
        owner: str,
        parties: Iterable[Party] = (),
        status: str | None = None,
        unless_like: bool = False,
    ) -> Stored:
        """Create a record for the user with the id `owner`.

        `parties` are for activities. `unless_like` refuses what is probably there already
        (DuplicatesFound): of two people who enter the same person at once, one is told so.
        """
        stored = _stored(entity)
        with self._write(alone=unless_like) as (conn, at):
            given = qualifying.prefilled(self._sight(conn), values) if stored is LEADS else values
            if unless_like:
                self._refuse_duplicates(conn, stored, given)
            if stored in ACTIVITY_KINDS:
                return activities.create(
                    conn, stored, given, parties,
                    owner_id=owner, actor=self.actor, at=at, status=status,
                )  # fmt: skip
            return records.create(
                conn, stored, given, owner_id=owner, actor=self.actor, at=at, status=status
            )

    def edit(
        self,
        entity: str,
        record: str,
        patch: Mapping[str, Value],
        *,
        expected: int | None = None,
    ) -> Stored:
        """Change fields of an open or active record; `None` empties one."""
        stored = _stored(entity)
        with self._write(alone=stored is ACCOUNTS) as (conn, at):
            return records.update(
                conn, stored, record, patch, expected=expected, actor=self.actor, at=at
            )

    def get(self, entity: str, record: str) -> Stored:
        """A live record that may be read. Raises NoSuchRecord."""
        stored = _stored(entity)
        with self._read() as conn:
            found, sight = records.read(conn, stored, [record]).get(record), self._sight(conn)
            if found is None or found.deleted or not sight.among(stored, [record]):
                deleted = found is not None and found.deleted
                raise NoSuchRecord(entity, record, deleted=deleted)
            return sight.shown(stored, [found])[0]

    def find(self, entity: str, reference: str) -> list[Stored]:
        """What a person may mean by an id, its beginning, a name, an address: at most a handful."""
        stored = _stored(entity)
        with self._read() as conn:
            found, sight = lookup.referred(conn, stored, reference), self._sight(conn)
            seen = sight.among(stored, [each.id for each in found])
            return sight.shown(stored, [each for each in found if each.id in seen])

    def search(
        self,
        entity: str,
        *,
        text: str | None = None,
        owner: str | None = None,
        state: str | None = None,
        limit: int | None = None,
    ) -> tuple[int, list[Stored]]:
        """How many live records there are, and the first of them by name."""
        stored = _stored(entity)
        with self._read() as conn:
            sight = self._sight(conn)
            total, found = lookup.listed(
                conn, stored, where=[sight.where(stored)],
                owner_id=owner, state=state, search=text, limit=limit,
            )  # fmt: skip
            return total, sight.shown(stored, found)

    def set_status(
        self,
        entity: str,
        record: str,
        status: str,
        *,
        expected: int | None = None,
    ) -> Stored:
        """Bring a record to a status reason within its state, or to the state it belongs to.

        A lead is qualified and an opportunity closed by methods of their own.
        """
        stored = _stored(entity)
        wanted = stored.states.of_reason(status)
        if stored in (LEADS, OPPORTUNITIES) and wanted is not None and not wanted.editable:
            raise RuleBroken(f"{entity}: qualify, disqualify, win or lose it instead")
        with self._write() as (conn, at):
            return lifecycle.set_status(
                conn, stored, record, status, self.actor, at, expected=expected
            )

    def deactivate(self, entity: str, record: str, *, expected: int | None = None) -> Stored:
        """Put an account, a contact or a note out of use. It is read-only then."""
        return self._set_active(entity, record, expected, active=False)

    def reactivate(self, entity: str, record: str, *, expected: int | None = None) -> Stored:
        """Take a record into use again: also a lead or an opportunity that was closed."""
        return self._set_active(entity, record, expected, active=True)

    def taken_along(self, entity: str, record: str, deed: Deed) -> Mapping[str, Collection[str]]:
        """The other records, by entity, to which the same would be done: ask before you do it."""
        with self._read() as conn:
            return cascades.taken_along(conn, _stored(entity), record, deed)

    def assign(
        self,
        entity: str,
        record: str,
        owner: str,
        *,
        expected: int | None = None,
    ) -> Stored:
        """Give a record to another user, and what belongs to it (`taken_along`)."""
        with self._write(alone=True) as (conn, at):
            return cascades.assign(
                conn, _stored(entity), record, owner, self.actor, at, expected=expected
            )

    def delete(self, entity: str, record: str, *, expected: int | None = None) -> Stored:
        """Delete a record, and what cannot be without it (`taken_along`)."""
        with self._write(alone=True) as (conn, at):
            return cascades.delete(conn, _stored(entity), record, self.actor, at, expected=expected)

    def merge(self, entity: str, survivor: str, loser: str) -> Stored:
        """Make one of two leads, accounts or contacts; the survivor keeps what hung on either."""
        with self._write(alone=True) as (conn, at):
            return merging.merge(conn, _stored(entity), survivor, loser, self.actor, at)

    def share(self, entity: str, record: str, principal: str, *, may_write: bool = False) -> None:
        """Let a user or a team (by id) read a record, or change it, and what belongs to it."""
        with self._write(alone=True) as (conn, at):
            sharing.share(conn, _stored(entity), record, principal, may_write, self.actor, at)

    def unshare(self, entity: str, record: str, principal: str) -> bool:
        """Take that back; whether there was anything to take back."""
        with self._write(alone=True) as (conn, at):
            return sharing.unshare(conn, _stored(entity), record, principal, self.actor, at)

    def shares(self, entity: str, record: str) -> list[Share]:
        """Whom a record is shared with."""
        with self._read() as conn:
            return sharing.shares_of(conn, entity, record)

    # --- the sales process ---------------------------------------------------------------------

    def qualify(
        self, lead: str, how: Qualification | None = None, *, expected: int | None = None
    ) -> Qualified:
        """Turn a lead into a contact, an account and an opportunity, whole or not at all."""
        with self._write(alone=True) as (conn, at):
            return qualifying.qualify(
                conn, lead, how or Qualification(), self.actor, at,
                region=self.region, expected=expected,
            )  # fmt: skip

    def disqualify(self, lead: str, reason: str, *, expected: int | None = None) -> Stored:
        """End a lead without a sale; it stays searchable, with everything."""
        with self._write() as (conn, at):
            return qualifying.disqualify(conn, lead, reason, self.actor, at, expected=expected)

    def win(
        self,
        opportunity: str,
        *,
        value: Decimal | None = None,
        expected: int | None = None,
    ) -> Stored:
        """Close an opportunity as won, today, at what it was estimated at if no value is given."""
        return self._close(opportunity, WON, None, value, expected)

    def lose(
        self, opportunity: str, *, reason: str | None = None, expected: int | None = None
    ) -> Stored:
        """Close an opportunity as lost: "canceled" or "out sold"."""
        return self._close(opportunity, LOST, reason, None, expected)

    def complete(
        self,
        entity: str,
        record: str,
        *,
        status: str | None = None,
        expected: int | None = None,
    ) -> Stored:
        """Finish an activity, for good."""
        with self._write() as (conn, at):
            return activities.complete(
                conn, _activity(entity), record, self.actor, at, status=status, expected=expected
            )

    def cancel(self, entity: str, record: str, *, expected: int | None = None) -> Stored:
        """Call an activity off, for good."""
        with self._write() as (conn, at):
            return activities.cancel(
                conn, _activity(entity), record, self.actor, at, expected=expected
            )

    def set_parties(self, entity: str, record: str, taking_part: Iterable[Party]) -> None:
        """Say anew who takes part in an activity."""
        with self._write() as (conn, at):
            activities.set_parties(conn, _activity(entity), record, taking_part, self.actor, at)

    def parties(self, found: Sequence[Stored]) -> Mapping[str, list[Party]]:
        """Who takes part in these activities, by their ids; owner and regarding included."""
        with self._read() as conn:
            return parties.of(conn, found)

    def tree(self, account: str) -> Branch:
        """An account with its contacts and the accounts below it."""
        with self._read() as conn:
            return tree_of(conn, account)

    # --- duplicates, the feed ------------------------------------------------------------------

    def like(self, entity: str, values: Mapping[str, Value]) -> list[Found]:
        """The records that are like these values, the likest first, each with its reasons."""
        stored = _stored(entity)
        with self._read() as conn:
            where = self._sight(conn).where(stored)
            return duplicates.find(conn, stored, values, self.region, where=where)

    def duplicates(self, entity: str) -> list[Pair]:
        """All pairs that are alike, the likest first."""
        stored = _stored(entity)
        with self._read() as conn:
            where = self._sight(conn).where(stored)
            found = list(duplicates.pairs(conn, stored, self.region, where=where))
        return sorted(found, key=lambda p: (-p.score, p.one.id, p.two.id))

    def changes(self, since: int, limit: int | None = None) -> list[Change]:
        """The feed after a number, in the order of commits."""
        with self._read() as conn:
            return feed.since(conn, since, limit)

    # --- within --------------------------------------------------------------------------------

    @contextmanager
    def _write(self, *, alone: bool = False) -> Iterator[tuple[Connection, datetime]]:
        with database.write(self.engine, alone=alone) as conn:
            yield conn, self.clock()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with database.read(self.engine) as conn:
            yield conn

    def _sight(self, conn: Connection) -> Sight:
        return Sight.of(conn, self.actor)

    def _refuse_duplicates(
        self, conn: Connection, stored: StoredKind[Schema], values: Mapping[str, Value]
    ) -> None:
        where = self._sight(conn).where(stored)
        found = duplicates.find(conn, stored, values, self.region, where=where)
        if found:
            raise DuplicatesFound(stored.entity, found)

    def _set_active(
        self,
        entity: str,
        record_id: str,
        expected: int | None,
        *,
        active: bool,
    ) -> Stored:
        stored = _stored(entity)
        if not active and INACTIVE not in stored.states.by_name:
            raise RuleBroken(f"{entity}: this is closed by what comes of it, not deactivated")
        with self._write() as (conn, at):
            return lifecycle.set_active(
                conn, stored, record_id, active, self.actor, at, expected=expected
            )

    def _close(
        self,
        opportunity: str,
        state: str,
        reason: str | None,
        value: Decimal | None,
        expected: int | None,
    ) -> Stored:
        with self._write() as (conn, at):
            rows = rows_of(conn, OPPORTUNITIES, [opportunity], lock=True)
            found = OPPORTUNITIES.stored(live(OPPORTUNITIES, rows, opportunity, expected))
            if found.statecode != OPEN:
                raise NotOpen("opportunity", opportunity, found.statecode)
            status = reason or OPPORTUNITIES.states.by_name[state].default
            if status not in OPPORTUNITIES.states.by_name[state].reasons:
                known = ", ".join(OPPORTUNITIES.states.by_name[state].reasons)
                raise RuleBroken(f"an opportunity is {state} as one of: {known}")
            closing: dict[str, Value] = {"actualclosedate": at.date()}
            if state == WON:
                estimated = found.record.fields["estimatedvalue"]
                closing["actualvalue"] = estimated if value is None else value
            records.update(
                conn, OPPORTUNITIES, opportunity, closing,
                expected=None, actor=self.actor, at=at,
            )  # fmt: skip
            return lifecycle.set_status(conn, OPPORTUNITIES, opportunity, status, self.actor, at)


def _stored(entity: str) -> StoredKind[Schema]:
    found = ENTITIES.get(entity)
    if found is None:
        raise NoSuchEntity(entity, list(ENTITIES))
    return found


def _activity(entity: str) -> StoredKind[Schema]:
    found = next((each for each in ACTIVITY_KINDS if each.entity == entity), None)
    if found is None:
        raise NoSuchEntity(entity, [each.entity for each in ACTIVITY_KINDS])
    return cast("StoredKind[Schema]", found)
