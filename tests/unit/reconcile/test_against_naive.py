"""The engine against the naive statement of its rules: every combination, and what never happens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import product
from random import Random
from typing import Any

from syncd.model.fields import Direction, Side
from syncd.model.policy import Copies, CrmDelete, ExitPolicy, KindPolicy, OutlookDelete, ScopeExit
from syncd.reconcile.decide import Case, Decision, Rules, Verb, decide
from syncd.reconcile.facts import (
    CrmFacts,
    CrmPresence,
    ItemFacts,
    ItemPresence,
    Link,
    LinkState,
    Origin,
)
from tests.toy import GADGET
from tests.unit.reconcile.naive import (
    BRAND_OUTLOOK,
    GONE,
    NO_LINK,
    SERIAL_CRM,
    SERIAL_OUTLOOK,
    Expected,
    Situation,
    expected,
)
from tests.unit.reconcile.situations import BASE, KEY, NOON, imaged

CRM, OUTLOOK = Side.CRM, Side.OUTLOOK
YES_NO = (True, False)
CATEGORY = ("CRM",)
ITEM_EDITS = {"": {}, "brand": {"brand": BRAND_OUTLOOK}, "serial": {"serial": SERIAL_OUTLOOK}}

AXES: dict[str, tuple[Any, ...]] = {
    "crm": tuple(CrmPresence),
    "crm_edited": YES_NO,
    "item": tuple(ItemPresence),
    "item_edit": tuple(ITEM_EDITS),
    "link": (NO_LINK, *LinkState),
    "origin": tuple(Origin),
    "aside": YES_NO,
    "tracked_before": YES_NO,
    "tracked": YES_NO,
    "private": YES_NO,
    "writable": YES_NO,
    "readable": YES_NO,
    "owned": YES_NO,
    "direction": tuple(Direction),
    "on_exit": tuple(ScopeExit),
    "on_crm_delete": tuple(CrmDelete),
    "on_outlook_delete": tuple(OutlookDelete),
    "copies": tuple(Copies),
    "pushes": YES_NO,
    "creates": YES_NO,
    "there": YES_NO,
}
USUAL: dict[str, Any] = {
    "crm": CrmPresence.IN_SCOPE, "crm_edited": False, "item": ItemPresence.PRESENT,
    "item_edit": "", "link": LinkState.LIVE, "origin": Origin.CREATED, "aside": False,
    "tracked_before": False, "tracked": False, "private": False, "writable": True,
    "readable": True, "owned": True, "direction": Direction.TWO_WAY, "on_exit": ScopeExit.ARCHIVE,
    "on_crm_delete": CrmDelete.DELETE_CREATED, "on_outlook_delete": OutlookDelete.REMEMBER,
    "copies": Copies.IGNORE, "pushes": True, "creates": True, "there": True,
}  # fmt: skip
assert list(AXES) == list(USUAL) == [each.name for each in fields(Situation)]


def can_be(s: Situation) -> bool:
    """Whether there is such a combination: what is not there is not edited, and the like."""
    absent = s.item in GONE or s.item is ItemPresence.UNKNOWN or not s.there
    if absent and (s.item_edit or s.tracked):
        return False
    if s.crm_edited and s.crm in (CrmPresence.DELETED, CrmPresence.UNKNOWN):
        return False
    if s.aside and s.link != LinkState.RELEASED:
        return False
    if s.link != NO_LINK:
        return s.there
    if s.crm is CrmPresence.DELETED or s.tracked_before or s.item is ItemPresence.ARCHIVED:
        return False
    if s.crm is CrmPresence.OUT_OF_SCOPE and (s.crm_edited or not s.there):
        return False
    return not (s.private and not s.there)


def case_of(s: Situation) -> tuple[Case, Rules]:
    """The combination in the engine's words."""
    known = s.crm in (CrmPresence.IN_SCOPE, CrmPresence.OUT_OF_SCOPE)
    known = known and (s.link != NO_LINK or s.crm is CrmPresence.IN_SCOPE)
    record = BASE.patched({"serial": SERIAL_CRM} if s.crm_edited else {}) if known else None
    crm = CrmFacts(
        s.crm, record, 1, writable=s.writable, readable=s.readable, owned=s.owned
    )
    seen = BASE.patched({**ITEM_EDITS[s.item_edit], "labels": CATEGORY if s.tracked else None})
    here = s.item in (ItemPresence.PRESENT, ItemPresence.ARCHIVED) and s.there
    item = ItemFacts(
        s.item,
        "i1" if s.there else "",
        "v1" if s.there else "",
        seen if here and not s.private else None,
        NOON,
        private=s.private,
        tracked=s.tracked,
    )
    link = None
    if s.link != NO_LINK:
        held = BASE.patched({"labels": CATEGORY if s.tracked_before else None})
        images = {CRM: imaged(BASE), OUTLOOK: imaged(held)}
        state, tracked = LinkState(s.link), s.tracked_before
        link = Link("c1", s.origin, state, "i1", "v1", 1, images, {}, tracked, s.aside)
    policy = KindPolicy(
        GADGET,
        s.direction,
        on_scope_exit=ExitPolicy(**{s.origin.value: s.on_exit}),
        on_crm_delete=s.on_crm_delete,
        on_outlook_delete=s.on_outlook_delete,
        copies=s.copies,
        pushes=s.pushes,
        creates=s.creates,
    )
    return Case(crm, item, link), Rules(policy, KEY)


def every(**axes: Iterable[Any]) -> Iterator[Situation]:
    """All combinations of these axes; the others are as usual."""
    for values in product(*axes.values()):
        s = Situation(**{**USUAL, **dict(zip(axes, values, strict=True))})
        if can_be(s):
            yield s


def some(number: int) -> Iterator[Situation]:
    """So many of all combinations of all axes, always the same ones."""
    dice = Random(4)
    while number:
        s = Situation(**{name: dice.choice(values) for name, values in AXES.items()})
        if can_be(s):
            number -= 1
            yield s


def disagreements(s: Situation, decision: Decision, told: Expected) -> list[str]:
    """Where the engine does something else than the naive statement says."""
    wrong = []
    verbs = frozenset(decision.verbs)
    if not told.does <= verbs <= told.does | told.may:
        wrong.append(f"verbs {sorted(verbs)} for {sorted(told.does)} (+{sorted(told.may)})")
    if decision.stand not in told.stand:
        wrong.append(f"stand {decision.stand} for {sorted(told.stand)}")
    if decision.link_state not in told.states:
        wrong.append(f"state {decision.link_state} for {sorted(map(str, told.states))}")
    if decision.reason not in told.reasons:
        wrong.append(f"reason {decision.reason} for {sorted(told.reasons)}")
    made = {Verb.CREATE_ITEM, Verb.CREATE_RECORD} & verbs
    carries = {
        each.group: side.other
        for each in decision.groups
        for side in each.writes
        if each.group != "labels" and not made
    }
    if carries != told.carries:
        wrong.append(f"carries {carries} for {told.carries}")
    kept = {each.group for each in decision.groups if each.loser} - {"labels"}
    if kept != told.kept:
        wrong.append(f"kept {kept} for {set(told.kept)}")
    return wrong
