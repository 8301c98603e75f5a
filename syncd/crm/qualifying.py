"""The end of a lead: it becomes a contact, an account, an opportunity, or nothing.

All of it is one transaction of the caller's: it is done whole, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select, true

from syncd.crm import duplicates, lifecycle, records
from syncd.crm.access import Access
from syncd.crm.consequences import relink
from syncd.crm.contacts import CONTACTS
from syncd.crm.entities import ACCOUNTS, ACTIVITY_KINDS, LEADS, OPPORTUNITIES
from syncd.crm.errors import DuplicatesFound, NoSuchRecord, NotOpen, RuleBroken
from syncd.crm.feed import Actor
from syncd.crm.rows import live, rows_of
from syncd.crm.seeing import Sight
from syncd.crm.stored import Stored, StoredKind, columns_of
from syncd.crm.tables import activity, opportunity
from syncd.model.kinds import Schema
from syncd.model.likeness import as_account
from syncd.model.qualification import (
    FROM_ACCOUNT,
    FROM_CONTACT,
    TO_ACCOUNT,
    TO_CONTACT,
    TO_OPPORTUNITY,
    OnDuplicate,
)
from syncd.model.states import OPEN
from syncd.model.values import Value


@dataclass(frozen=True, slots=True)
class Qualification:
    """What a lead becomes: by three switches. `contact_id` and `account_id` are existing ones."""

    contact: bool = True
    account: bool = True
    opportunity: bool = True
    contact_id: str | None = None
    account_id: str | None = None
    duplicates: OnDuplicate = OnDuplicate.ASK


@dataclass(frozen=True, slots=True)
class Qualified:
    """What a lead became. `adopted` are the entities of which an existing one was taken."""

    lead: Stored
    contact: Stored | None
    account: Stored | None
    opportunity: Stored | None
    adopted: frozenset[str]


def qualify(
    conn: Connection,
    lead_id: str,
    how: Qualification,
    actor: Actor,
    at: datetime,
    *,
    region: str | None = None,
    expected: int | None = None,
) -> Qualified:
    """Qualify an open lead.

    Raises NotOpen, DuplicatesFound (asked), RuleBroken, NoSuchRecord, StaleRecord, NotAllowed;
    nothing is written then.
    """
    lead = _open_lead(conn, lead_id, expected)
    doing = _Qualifying(conn, lead, how, actor, at, region)
    account = doing.account()
    contact = doing.contact(account)
    if account and contact:
        account, contact = doing.tie(account, contact)
    won = doing.opportunity(account, contact) if how.opportunity else None
    became = {
        "parentaccountid": account,
        "parentcontactid": contact,
        "qualifyingopportunityid": won,
    }
    links = {name: made.id for name, made in became.items() if made is not None}
    records.update(conn, LEADS, lead.id, links, expected=None, actor=actor, at=at)
    if won is not None:
        _move_activities(conn, lead.id, f"opportunity:{won.id}", actor, at)
    done = lifecycle.set_status(conn, LEADS, lead.id, "qualified", actor, at)
    return Qualified(done, contact, account, won, frozenset(doing.adopted))


def disqualify(
    conn: Connection,
    lead_id: str,
    reason: str,
    actor: Actor,
    at: datetime,
    *,
    expected: int | None = None,
) -> Stored:
    """End an open lead without a sale: it stays, with everything, for later campaigns.

    `reason` is a status reason: "lost", "cannot contact", "no longer interested", "canceled".
    Raises NotOpen, RuleBroken (an opportunity came of it), NoSuchRecord, StaleRecord, NotAllowed.
    """
    lead = _open_lead(conn, lead_id, expected)
    if reason not in LEADS.states.by_name["disqualified"].reasons:
        known = ", ".join(LEADS.states.by_name["disqualified"].reasons)
        raise RuleBroken(f"a lead is disqualified as one of: {known}")
    of_lead = OPPORTUNITIES.alive & (opportunity.c.originatingleadid == lead.id)
    if conn.execute(select(opportunity.c.id).where(of_lead)).first():
        raise RuleBroken("an opportunity has come of this lead: lose that one instead")
    return lifecycle.set_status(conn, LEADS, lead.id, reason, actor, at)


def prefilled(sight: Sight, values: Mapping[str, Value]) -> dict[str, Value]:
    """The values of a new lead, with what is seen of the contact and account that it names."""
    filled = dict(values)
    for field, stored, taken in (
        ("parentcontactid", CONTACTS, FROM_CONTACT),
        ("parentaccountid", ACCOUNTS, FROM_ACCOUNT),
    ):
        seen = sight.among(stored, [str(values.get(field))])
        for found in sight.shown(stored, records.read(sight.conn, stored, seen).values()):
            known = found.record.fields
            filled |= {to: known[of] for of, to in taken.items() if filled.get(to) is None}
    return filled


def _open_lead(conn: Connection, lead_id: str, expected: int | None) -> Stored:
    row = live(LEADS, rows_of(conn, LEADS, [lead_id], lock=True), lead_id, expected)
    lead = LEADS.stored(row)
    if lead.statecode != OPEN:
        raise NotOpen("lead", lead.id, lead.statecode)
    return lead


@dataclass
class _Qualifying:
    """One lead on its way."""

    conn: Connection
    lead: Stored
    how: Qualification
    actor: Actor
    at: datetime
    region: str | None

    def __post_init__(self) -> None:
        self.adopted: set[str] = set()
        self.access = Access.of(self.conn, self.actor.user_id) if self.actor.user_id else None

    def account(self) -> Stored | None:
        """The account: the one that is named, else the one that is there, else a new one.

        None is sought or made without its switch, nor of a consumer, who names no company.
        """
        named = self.how.account_id or self.lead.record.fields["parentaccountid"]
        values = self._mapped(TO_ACCOUNT)
        if not named and not (self.how.account and values.get("name")):
            return None
        seen = as_account(self.lead.record.fields)
        return self._existing(ACCOUNTS, named, seen) or self._create(ACCOUNTS, values)

    def contact(self, account: Stored | None) -> Stored | None:
        """The contact, in the same way; a new one belongs to the account."""
        named = self.how.contact_id or self.lead.record.fields["parentcontactid"]
        if not named and not self.how.contact:
            return None
        found = self._existing(CONTACTS, named, self.lead.record.fields)
        if found:
            return found
        parent = {"parentcustomerid": account.id} if account else {}
        return self._create(CONTACTS, {**self._mapped(TO_CONTACT), **parent})

    def tie(self, account: Stored, contact: Stored) -> tuple[Stored, Stored]:
        """Where they are not tied yet: the account as the contact's, the contact as its primary."""
        if contact.extras["parentcustomerid"] is None and contact.active:
            contact = self._update(CONTACTS, contact, {"parentcustomerid": account.id})
        own = contact.extras["parentcustomerid"] == account.id
        if own and account.record.fields["primarycontactid"] is None and account.active:
            account = self._update(ACCOUNTS, account, {"primarycontactid": contact.id})
        return account, contact

    def opportunity(self, account: Stored | None, contact: Stored | None) -> Stored:
        """A new opportunity of theirs, or the open one from before the lead was reactivated."""
        named = self.lead.record.fields["qualifyingopportunityid"]
        before = self._alive(OPPORTUNITIES, str(named)) if named else None
        if before and before.active:
            self.adopted.add(OPPORTUNITIES.entity)
            return before
        customer = account or contact
        if customer is None:
            raise RuleBroken("an opportunity has a customer: let the lead become a contact, too")
        entity = ACCOUNTS.entity if account else CONTACTS.entity
        links: dict[str, Value] = {"customerid": f"{entity}:{customer.id}"}
        if contact:
            links["parentcontactid"] = contact.id
        return self._create(OPPORTUNITIES, {**self._mapped(TO_OPPORTUNITY), **links})

    def _mapped(self, names: Mapping[str, str]) -> dict[str, Value]:
        values = self.lead.record.fields
        return {target: values[source] for source, target in names.items() if values.get(source)}

    def _existing(
        self, stored: StoredKind[Schema], named: Value, seen: Mapping[str, Value]
    ) -> Stored | None:
        """The existing record that is meant, if one is. Raises DuplicatesFound when asked."""
        readable = self.access.readable(stored) if self.access else true()
        if named:
            if not records.members_among(self.conn, stored, readable, [str(named)]):
                raise NoSuchRecord(stored.entity, str(named))
            self.adopted.add(stored.entity)
            return self._alive(stored, str(named))
        if self.how.duplicates is OnDuplicate.IGNORE:
            return None
        sight = Sight(self.conn, self.access)
        found = [
            replace(each, record=sight.shown(stored, [each.record])[0])
            for each in duplicates.find(self.conn, stored, seen, self.region, where=readable)
            if each.record.active
        ]
        if not found:
            return None
        certain = [each for each in found if each.certain]
        if self.how.duplicates is OnDuplicate.ASK or len(certain) != 1:
            raise DuplicatesFound(stored.entity, found)
        self.adopted.add(stored.entity)
        return certain[0].record

    def _alive(self, stored: StoredKind[Schema], record_id: str) -> Stored:
        return stored.stored(
            live(stored, rows_of(self.conn, stored, [record_id], lock=True), record_id, None)
        )

    def _create(self, stored: StoredKind[Schema], values: Mapping[str, Value]) -> Stored:
        return records.create(
            self.conn, stored, {**values, "originatingleadid": self.lead.id},
            owner_id=self.lead.owner_id, actor=self.actor, at=self.at,
        )  # fmt: skip

    def _update(
        self, stored: StoredKind[Schema], held: Stored, patch: Mapping[str, Value]
    ) -> Stored:
        """A link that follows from qualifying: the actor need not own what is linked to."""
        actor = replace(self.actor, user_id=None)
        return records.update(
            self.conn, stored, held.id, patch, expected=None, actor=actor, at=self.at
        )


def _move_activities(
    conn: Connection, lead_id: str, target: str, actor: Actor, at: datetime
) -> None:
    """The open activities of a lead are about its opportunity from now on."""
    for stored in ACTIVITY_KINDS:
        open_ones = stored.alive & activity.c.statecode.in_(sorted(stored.states.editable))
        query = select(activity.c.id).where(open_ones, activity.c.regarding_lead_id == lead_id)
        rows = rows_of(conn, stored, list(conn.scalars(query)), lock=True)
        columns = columns_of(stored.kind, {"regardingobjectid": target})
        relink(conn, stored, list(rows.values()), columns, actor, at)
