"""Situations to decide about, in a few words: a link, what the CRM says, what Outlook says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from syncd.model.fields import Side
from syncd.model.record import Record
from syncd.model.values import Value
from syncd.reconcile.decide import Case, Decision, Rules
from syncd.reconcile.facts import (
    CrmFacts,
    CrmPresence,
    ItemFacts,
    ItemPresence,
    Link,
    LinkState,
    Origin,
)
from syncd.reconcile.images import Image, Mark, content, hashed
from syncd.reconcile.merge import GroupFacts, GroupOutcome, value
from tests.toy import GADGET, gadget, policy

KEY = b"a key of this installation"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
BASE = gadget(brand="Acme", model="One", serial="a1", hint="in the drawer", parts=("bolt", "nut"))
RULES = Rules(policy(), KEY)
CRM_EDIT, OUTLOOK_EDIT = {"serial": "a2"}, {"brand": "Apex"}

IN_SCOPE, OUT, DELETED, UNKNOWN = (
    CrmPresence.IN_SCOPE,
    CrmPresence.OUT_OF_SCOPE,
    CrmPresence.DELETED,
    CrmPresence.UNKNOWN,
)


def imaged(record: Record, *, hashes: bool = False) -> Image:
    """A record as an image, by content or by hashes only."""
    image = {}
    for name, group in GADGET.groups.items():
        values = record.group(group)
        if values is not None:
            image[name] = hashed(KEY, group, values) if hashes else content(values)
    return image


def link(
    crm: Record = BASE,
    outlook: Record | None = None,
    *,
    origin: Origin = Origin.CREATED,
    state: LinkState = LinkState.LIVE,
    marks: Mapping[str, Mark] | None = None,
    tracked: bool = False,
    hashes: bool = False,
    aside: bool = True,
) -> Link:
    """A link whose two sides were last known to hold these."""
    images = {
        Side.CRM: imaged(crm, hashes=hashes),
        Side.OUTLOOK: imaged(outlook or crm, hashes=hashes),
    }
    aside = aside and state is LinkState.RELEASED and origin is Origin.CREATED
    return Link("c1", origin, state, "i1", "v1", 1, images, marks or {}, tracked, aside)


def crm(
    record: Record | None = BASE, presence: CrmPresence = IN_SCOPE, *, writable: bool = True
) -> CrmFacts:
    """What the CRM says."""
    return CrmFacts(presence, record, 1, writable=writable)


def item(
    record: Record | None = BASE,
    presence: ItemPresence = ItemPresence.PRESENT,
    *,
    private: bool = False,
    tracked: bool = False,
    stamped: bool = True,
) -> ItemFacts:
    """What Outlook says."""
    return ItemFacts(presence, "i1", "v1", record, NOON, private, tracked, stamped)


def case(crm_facts: CrmFacts, item_facts: ItemFacts, tie: Link | None = None) -> Case:
    """One thing to decide."""
    return Case(crm_facts, item_facts, tie)


def told(decision: Decision) -> str:
    """A decision as the tables here write it."""
    verbs = " ".join(decision.verbs)
    state = decision.link_state or ""
    return f"{verbs} | {decision.stand} | {state} | {decision.reason}"


def after(before: GroupFacts, outcome: GroupOutcome) -> dict[Side, dict[str, Value]]:
    """What both sides hold once an outcome is carried out."""
    return {side: {**value(before, side), **outcome.writes.get(side, {})} for side in Side}
