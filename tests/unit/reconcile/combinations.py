"""Every combination that the rules of existence speak of, in the engine's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cache
from itertools import product
from random import Random
from typing import Any

from syncd.model.fields import Direction, Side
from syncd.model.policy import Copies, CrmDelete, ExitPolicy, KindPolicy, OutlookDelete, ScopeExit
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
from syncd.reconcile.images import Image
from tests.toy import GADGET
from tests.unit.reconcile.naive_words import (
    BRAND_OUTLOOK,
    GONE,
    NO_LINK,
    SERIAL_CRM,
    SERIAL_OUTLOOK,
    Situation,
    is_marked,
)
from tests.unit.reconcile.situations import BASE, KEY, NOON, imaged

CRM, OUTLOOK = Side.CRM, Side.OUTLOOK
YES_NO = (True, False)
FILED = (ItemPresence.ARCHIVED, ItemPresence.FORMER)
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
    "moves": YES_NO,
}
USUAL: dict[str, Any] = {
    "crm": CrmPresence.IN_SCOPE, "crm_edited": False, "item": ItemPresence.PRESENT,
    "item_edit": "", "link": LinkState.LIVE, "origin": Origin.CREATED, "aside": False,
    "tracked_before": False, "tracked": False, "private": False, "writable": True,
    "readable": True, "owned": True, "direction": Direction.TWO_WAY, "on_exit": ScopeExit.ARCHIVE,
    "on_crm_delete": CrmDelete.DELETE_CREATED, "on_outlook_delete": OutlookDelete.REMEMBER,
    "copies": Copies.IGNORE, "pushes": True, "creates": True, "there": True,
    "moves": True,
}  # fmt: skip
assert list(AXES) == list(USUAL) == [each.name for each in fields(Situation)]


def can_be(s: Situation) -> bool:
    """Whether there is such a combination: what is not there is not edited, and the like."""
    absent = s.item in GONE or s.item is ItemPresence.UNKNOWN or not s.there
    if absent and (s.item_edit or s.tracked):
        return False
    if s.crm_edited and s.crm in (CrmPresence.DELETED, CrmPresence.UNKNOWN):
        return False
    thrown = s.item not in FILED and not s.moves
    wanted = s.link == LinkState.REMEMBERED and thrown  # a person asked for it
    if s.aside and s.link != LinkState.RELEASED and not wanted:
        return False
    if s.link != NO_LINK:
        return s.there
    if s.crm is CrmPresence.DELETED or s.tracked_before or s.item in FILED:
        return False
    if s.crm is CrmPresence.OUT_OF_SCOPE and (s.crm_edited or not s.there):
        return False
    return not (s.private and not s.there)


def case_of(s: Situation) -> tuple[Case, Rules]:
    """The combination in the engine's words."""
    known = s.crm in (CrmPresence.IN_SCOPE, CrmPresence.OUT_OF_SCOPE)
    known = known and (s.link != NO_LINK or s.crm is CrmPresence.IN_SCOPE)
    record = BASE.patched({"serial": SERIAL_CRM} if s.crm_edited else {}) if known else None
    crm = CrmFacts(s.crm, record, 1, writable=s.writable, readable=s.readable, owned=s.owned)
    marked = (GADGET.archive_category,) if is_marked(s) else ()
    labels = (*(CATEGORY if s.tracked else ()), *marked) or None
    seen = BASE.patched({**ITEM_EDITS[s.item_edit], "labels": labels})
    here = s.item in (ItemPresence.PRESENT, *FILED) and s.there
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
        images = {CRM: _imaged(None), OUTLOOK: _imaged(CATEGORY if s.tracked_before else None)}
        state, tracked = LinkState(s.link), s.tracked_before
        link = Link("c1", s.origin, state, "i1", "v1", 1, images, {}, tracked, s.aside)
    exits = (s.origin.value, s.on_exit)
    says = (s.on_crm_delete, s.on_outlook_delete, s.copies, s.pushes, s.creates)
    return Case(crm, item, link), _ruled(s.moves, s.direction, exits, *says)


# There are few of either, and tens of thousands of combinations.
@cache
def _imaged(labels: tuple[str, ...] | None) -> Image:
    return imaged(BASE.patched({"labels": labels}))


@cache
def _ruled(moves: bool, direction: Direction, exits: tuple[str, ScopeExit], *says: Any) -> Rules:
    on_crm_delete, on_outlook_delete, copies, pushes, creates = says
    policy = KindPolicy(
        GADGET,
        direction,
        on_scope_exit=ExitPolicy(**dict([exits])),
        on_crm_delete=on_crm_delete,
        on_outlook_delete=on_outlook_delete,
        copies=copies,
        pushes=pushes,
        creates=creates,
    )
    return Rules(policy, KEY, moves=moves)


def every(**axes: Iterable[Any]) -> Iterator[Situation]:
    """All combinations of these axes; the others are as usual."""
    for values in product(*axes.values()):
        s = Situation(**{**USUAL, **dict(zip(axes, values, strict=True))})
        if can_be(s):
            yield s


def some(number: int) -> Iterator[Situation]:
    """So many of all combinations of all axes, always the same ones."""
    dice = Random(4)  # noqa: S311 - always the same ones
    while number:
        s = Situation(**{name: dice.choice(values) for name, values in AXES.items()})
        if can_be(s):
            number -= 1
            yield s


LIVE, RELEASED = LinkState.LIVE, LinkState.RELEASED
IN_SCOPE, OUT, DELETED = (
    CrmPresence.IN_SCOPE,
    CrmPresence.OUT_OF_SCOPE,
    CrmPresence.DELETED,
)
PRESENT = ItemPresence.PRESENT
WORDS = {"item_edit": tuple(ITEM_EDITS), "origin": tuple(Origin), "direction": tuple(Direction)}
TRACKED = {"tracked_before": YES_NO, "tracked": YES_NO}
# Where every combination of what may matter is gone through. What may not is in `some`.
CORNERS: dict[str, dict[str, Iterable[Any]]] = {
    "the table, by the usual policy": {
        **{name: AXES[name] for name in list(AXES)[:10]},
        "there": YES_NO,
    },
    "left scope": {
        "crm": (OUT,), "crm_edited": YES_NO, **WORDS, **TRACKED, "on_exit": tuple(ScopeExit),
        "writable": YES_NO, "readable": YES_NO,
    },
    "deleted in the CRM": {
        "crm": (DELETED,), **WORDS, **TRACKED, "on_crm_delete": tuple(CrmDelete),
        "owned": YES_NO, "writable": YES_NO,
    },
    "gone from Outlook": {
        "crm": tuple(CrmPresence), "item": GONE, "crm_edited": YES_NO,
        "origin": tuple(Origin), "direction": tuple(Direction), "owned": YES_NO,
        "on_outlook_delete": tuple(OutlookDelete), "on_exit": tuple(ScopeExit),
        "writable": YES_NO,
    },
    "in scope": {
        "crm_edited": YES_NO, **WORDS, **TRACKED, "writable": YES_NO, "pushes": YES_NO,
    },
    "at rest": {
        "crm": tuple(CrmPresence), "item": tuple(ItemPresence), "link": (RELEASED,
        LinkState.REMEMBERED), "aside": YES_NO, **WORDS, **TRACKED, "pushes": YES_NO,
    },
    "another one": {
        "crm": tuple(CrmPresence), "item": tuple(ItemPresence), "link": (LinkState.ORPHANED,
        LinkState.COPY), **WORDS, **TRACKED, "origin": (Origin.CREATED,), "creates": YES_NO,
        "copies": tuple(Copies),
    },
    "no link": {
        "link": (NO_LINK,), "crm": tuple(CrmPresence), "crm_edited": YES_NO, **WORDS,
        "tracked": YES_NO, "private": YES_NO, "writable": YES_NO, "pushes": YES_NO,
        "creates": YES_NO, "there": YES_NO, "origin": (Origin.CREATED,),
    },
    "where nothing can be moved": {
        "moves": (False,), "crm": tuple(CrmPresence), "crm_edited": YES_NO,
        "item": tuple(ItemPresence), "link": (LIVE, RELEASED, LinkState.REMEMBERED),
        "aside": YES_NO, "item_edit": tuple(ITEM_EDITS), **TRACKED,
    },
}  # fmt: skip
SAMPLE = 5_000


@dataclass(frozen=True)
class Decided:
    """A combination, and what the engine decides."""

    situation: Situation
    case: Case
    rules: Rules
    decision: Decision
