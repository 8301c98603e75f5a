"""All that the CRM keeps: each entity with its table. What is true of one is data here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from syncd.crm.contacts import CONTACTS
from syncd.crm.hierarchy import disassemble_accounts
from syncd.crm.stored import StoredKind, plain
from syncd.crm.tables import account, activity, lead, note, opportunity
from syncd.model.entities import (
    ACCOUNT,
    ACTIVITIES,
    LEAD,
    NOTE_ENTITY,
    OPPORTUNITY,
)
from syncd.model.kinds import Entity, Schema

ACCOUNTS = plain(
    ACCOUNT, account, states=ACCOUNT.states, disassemble=disassemble_accounts, keyed=True
)
LEADS = plain(LEAD, lead, states=LEAD.states, keyed=True)
OPPORTUNITIES = plain(OPPORTUNITY, opportunity, states=OPPORTUNITY.states)
NOTES = plain(NOTE_ENTITY, note, states=NOTE_ENTITY.states)


def _activity(sort: Entity) -> StoredKind[Entity]:
    return plain(sort, activity, states=sort.states, constants={"kind": sort.name})


TASKS, PHONE_CALLS, APPOINTMENTS, MAILS = map(_activity, ACTIVITIES)
ACTIVITY_KINDS: tuple[StoredKind[Entity], ...] = (TASKS, PHONE_CALLS, APPOINTMENTS, MAILS)

ENTITIES: Mapping[str, StoredKind[Schema]] = MappingProxyType(
    {
        each.entity: each
        for each in (
            LEADS, ACCOUNTS, CONTACTS, OPPORTUNITIES, TASKS, PHONE_CALLS, APPOINTMENTS, MAILS,
            NOTES,
        )
    }
)  # fmt: skip
