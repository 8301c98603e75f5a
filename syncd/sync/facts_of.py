"""What the CRM says of a record, and Outlook of an item, as the facts that are decided from."""

from __future__ import annotations

from syncd.outlook.port import Item
from syncd.reconcile.facts import (
    CrmFacts,
    CrmPresence,
    ItemFacts,
    ItemPresence,
    Link,
    LinkState,
)
from syncd.sync.loading import Facts, is_act
from syncd.sync.session import Session


def crm_facts(
    session: Session, facts: Facts, crm_id: str, *, pinned: bool | None = None
) -> CrmFacts:
    """What the CRM says.

    Tracking (`pinned`) keeps a record in scope whatever the filter says, but for one that is
    deactivated, or that its user may not read any more. Where its item was not read, what was known
    of it counts (`None`). Of one that a filter may let in or keep out which is not understood any
    more nothing is known.
    """
    held, link = facts.held.get(crm_id), facts.links.get(crm_id)
    if held is None:
        return CrmFacts(CrmPresence.DELETED)
    owned = held.owner_id == session.mailbox.user_id
    if held.deleted:
        return CrmFacts(CrmPresence.DELETED, version=held.version, owned=owned)
    if pinned is None:
        pinned = link is not None and link.tracked and is_act(session, link)
    pinned = pinned and facts.may_pin(crm_id)
    if (pinned and session.blind) or (not pinned and crm_id in facts.unsure):
        return CrmFacts(CrmPresence.UNKNOWN, version=held.version, owned=owned)
    inside = pinned or crm_id in facts.members
    presence = CrmPresence.IN_SCOPE if inside else CrmPresence.OUT_OF_SCOPE
    origins = {group: origin.at for group, origin in held.origins.items()}
    return CrmFacts(
        presence,
        held.record,
        held.version,
        origins,
        writable=crm_id in facts.writable,
        readable=crm_id in facts.readable,
        owned=owned,
    )


def crm_beside(session: Session, facts: Facts, link: Link, item: ItemFacts) -> CrmFacts:
    """What the CRM says of the record of an item that was read.

    The act of tracking pins it anew, and taken back it pins it no more, whatever the link says; but
    that a copy is not tracked says nothing of the item that it is a copy of.
    """
    unsaid = None if link.state is LinkState.COPY else False
    act = (item.tracked and is_act(session, link)) or unsaid
    return crm_facts(session, facts, link.crm_id, pinned=act)


def item_facts(
    session: Session, found: Item, crm_id: str | None = None, *, copy: bool = False
) -> ItemFacts:
    """What Outlook holds of an item; stamped is one that says it belongs to just this record."""
    head, stamp = found.head, found.head.stamp
    ours = stamp is not None and stamp.installation == session.installation.name
    return ItemFacts(
        ItemPresence.PRESENT,
        head.id,
        head.version,
        None if session.private(head) else found.record,
        head.modified,
        private=session.private(head),
        tracked=session.tracked(head, copy=copy),
        stamped=ours and stamp is not None and crm_id in (None, stamp.crm_id),
        guarded=found.guarded,
    )
