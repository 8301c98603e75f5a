"""The CRM as programs use it: one method for one business action, one transaction each.

    crm = Crm(engine, Actor(ActorKind.API, "website"))
    lead = crm.create("lead", {"subject": "100 laptops", "firstname": "Robert", …}, owner=ann.id)
    sale = crm.qualify(lead.id)

Entities go by name: "lead", "account", "contact", "opportunity", "task", "phone_call",
"appointment", "email", "note". What is refused is a `CrmError`, and nothing of it was written.
`expected` is the version that the caller saw; `None` takes any. What only looks is in
`syncd.crm.reading`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Self, cast

from sqlalchemy import Connection

from syncd.crm import (
    activities,
    cascades,
    closing,
    database,
    duplicates,
    lifecycle,
    merging,
    qualifying,
    records,
    sharing,
)
from syncd.crm.contacts import CONTACTS
from syncd.crm.entities import ACCOUNTS, ACTIVITY_KINDS, LEADS, OPPORTUNITIES
from syncd.crm.errors import DuplicatesFound, NoSuchEntity, RuleBroken
from syncd.crm.parties import Party
from syncd.crm.qualifying import Qualification, Qualified
from syncd.crm.reading import Reading
from syncd.crm.stored import Stored, StoredKind
from syncd.model.kinds import Schema
from syncd.model.states import INACTIVE, LOST, WON
from syncd.model.values import Value


class Crm(Reading):
    """The CRM, on behalf of `actor`."""

    @contextmanager
    def together(self) -> Iterator[Self]:
        """The CRM for several acts in one transaction: all of them are written, or none."""
        with database.write(self.engine, durable=True, alone=True) as conn:
            yield replace(self, within=conn)

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
        stored = self._stored(entity)
        _demand_plain(stored, status)
        with self._write(alone=unless_like) as (conn, at):
            given = qualifying.prefilled(self._sight(conn), values) if stored is LEADS else values
            if unless_like:
                self._refuse_duplicates(conn, stored, self._as_shown(conn, stored, given))
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
        parties: Iterable[Party] | None = None,
        status: str | None = None,
    ) -> Stored:
        """Change fields of an open or active record; `None` empties one.

        `parties` says anew who takes part in an activity; `status` as in `set_status`.
        """
        stored = self._stored(entity)
        _demand_plain(stored, status)
        with self._write(alone=stored is ACCOUNTS) as (conn, at):
            made = records.update(
                conn, stored, record, patch, expected=expected, actor=self.actor, at=at
            )
            if parties is not None:
                activities.set_parties(conn, _activity(entity), record, parties, self.actor, at)
            if status is not None:
                lifecycle.set_status(conn, stored, record, status, self.actor, at)
            once = parties is None and status is None
            return made if once else records.read(conn, stored, [record])[record]

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
        stored = self._stored(entity)
        _demand_plain(stored, status)
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
                conn, self._stored(entity), record, owner, self.actor, at, expected=expected
            )

    def delete(self, entity: str, record: str, *, expected: int | None = None) -> Stored:
        """Delete a record, and what cannot be without it (`taken_along`)."""
        with self._write(alone=True) as (conn, at):
            return cascades.delete(
                conn, self._stored(entity), record, self.actor, at, expected=expected
            )

    def merge(self, entity: str, survivor: str, loser: str) -> Stored:
        """Make one of two leads, accounts or contacts; the survivor keeps what hung on either."""
        with self._write(alone=True) as (conn, at):
            return merging.merge(conn, self._stored(entity), survivor, loser, self.actor, at)

    def share(self, entity: str, record: str, principal: str, *, may_write: bool = False) -> None:
        """Let a user or a team (by id) read a record, or change it, and what belongs to it."""
        with self._write(alone=True) as (conn, at):
            sharing.share(conn, self._stored(entity), record, principal, may_write, self.actor, at)

    def unshare(self, entity: str, record: str, principal: str) -> bool:
        """Take that back; whether there was anything to take back."""
        with self._write(alone=True) as (conn, at):
            return sharing.unshare(conn, self._stored(entity), record, principal, self.actor, at)

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

    # --- within --------------------------------------------------------------------------------

    @contextmanager
    def _write(self, *, alone: bool = False) -> Iterator[tuple[Connection, datetime]]:
        if self.within is not None:
            yield self.within, self.clock()
            return
        # Durable: whoever made the change is told that it is saved, and will not make it again.
        with database.write(self.engine, durable=True, alone=alone) as conn:
            yield conn, self.clock()

    @staticmethod
    def _as_shown(
        conn: Connection, stored: StoredKind[Schema], values: Mapping[str, Value]
    ) -> Mapping[str, Value]:
        """Values with the company that a contact would show: the name of its account."""
        parent = values.get("parentcustomerid")
        if stored.entity != CONTACTS.entity or not parent:
            return values
        account = records.read(conn, ACCOUNTS, [str(parent)]).get(str(parent))
        return {**values, "companyname": account.name if account else None}

    def _refuse_duplicates(
        self, conn: Connection, stored: StoredKind[Schema], values: Mapping[str, Value]
    ) -> None:
        sight = self._sight(conn)
        found = duplicates.find(conn, stored, values, self.region, where=sight.where(stored))
        if found:
            shown = [replace(f, record=sight.shown(stored, [f.record])[0]) for f in found]
            raise DuplicatesFound(stored.entity, shown)

    def _set_active(
        self,
        entity: str,
        record_id: str,
        expected: int | None,
        *,
        active: bool,
    ) -> Stored:
        stored = self._stored(entity)
        if not active and INACTIVE not in stored.states.by_name:
            raise RuleBroken(f"{entity}: this is closed by what comes of it, not deactivated")
        # Alone: what is just being written under an account is touched, too.
        with self._write(alone=stored is ACCOUNTS) as (conn, at):
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
            return closing.close(
                conn, opportunity, state, reason, value, self.actor, at, expected=expected
            )


def _activity(entity: str) -> StoredKind[Schema]:
    found = next((each for each in ACTIVITY_KINDS if each.entity == entity), None)
    if found is None:
        raise NoSuchEntity(entity, [each.entity for each in ACTIVITY_KINDS])
    return cast("StoredKind[Schema]", found)


def _demand_plain(stored: StoredKind[Schema], status: str | None) -> None:
    """Raise RuleBroken of a status reason that a record comes to by a method of its own."""
    wanted = stored.states.of_reason(status) if status else None
    if stored in (LEADS, OPPORTUNITIES) and wanted is not None and not wanted.editable:
        raise RuleBroken(f"{stored.entity}: qualify, disqualify, win or lose it instead")
