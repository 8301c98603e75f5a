"""The words that the naive statement is written in: a combination, and what is expected of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from syncd.model.fields import Direction, Side
from syncd.model.policy import Copies, CrmDelete, OutlookDelete, ScopeExit
from syncd.reconcile.decision import Stand, Verb
from syncd.reconcile.facts import CrmPresence, ItemPresence, LinkState, Origin
from syncd.reconcile.reasons import Reason
from tests.unit.reconcile import naive_groups as groups

CRM, OUTLOOK = Side.CRM, Side.OUTLOOK
NO_LINK = "none"
GONE = (ItemPresence.DELETED, ItemPresence.MOVED)
AT_REST = frozenset(set(LinkState) - {LinkState.LIVE})
SERIAL_WAS, SERIAL_CRM, SERIAL_OUTLOOK, BRAND_WAS, BRAND_OUTLOOK = "a1", "a2", "a3", "Acme", "Apex"


@dataclass(frozen=True)
class Situation:
    """One combination: what is so, and what the policy says. `there`: there is an item at all."""

    crm: CrmPresence
    crm_edited: bool
    item: ItemPresence
    item_edit: str  # "", "brand" or "serial"
    link: str  # a state of a link, or `NO_LINK`
    origin: Origin
    aside: bool
    tracked_before: bool
    tracked: bool
    private: bool
    writable: bool
    readable: bool
    owned: bool
    direction: Direction
    on_exit: ScopeExit  # what the policy says for this origin
    on_crm_delete: CrmDelete
    on_outlook_delete: OutlookDelete
    copies: Copies
    pushes: bool
    creates: bool
    there: bool = True
    moves: bool = True  # items can be put into another folder


@dataclass(frozen=True)
class Expected:
    """What a careful person expects.

    `does` is what is written, `may` what may be written besides. `states` are the states that the
    link may end in (`None`: there is none, or it is not touched). `carries` is by group the side
    whose value goes to the other; `kept` are the groups of which a value is kept as a loser, and
    `or_kept` those of which it may be: it is in the item still.
    """

    does: frozenset[Verb]
    stand: frozenset[Stand]
    states: frozenset[LinkState | None]
    reasons: frozenset[Reason]
    may: frozenset[Verb] = frozenset()
    carries: dict[str, Side] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    or_kept: frozenset[str] = frozenset()


ANY_STATE: frozenset[LinkState | None] = frozenset({None, *LinkState})
MERGES = frozenset(
    {
        Reason.EQUAL,
        Reason.CRM_CHANGED,
        Reason.OUTLOOK_CHANGED,
        Reason.BOTH_CHANGED,
        Reason.CONFLICT_CRM,
        Reason.CONFLICT_OUTLOOK,
        Reason.LATEST_CRM,
        Reason.LATEST_OUTLOOK,
        Reason.LATEST_UNKNOWN,
        Reason.LATEST_ESTIMATED,
        Reason.ONE_WAY,
        Reason.DIRECTION_NONE,
        Reason.NOT_WRITABLE,
    }
)


def now(s: Situation) -> dict[str, tuple[str, str]]:
    """What the CRM and Outlook hold, by group."""
    serial = SERIAL_OUTLOOK if s.item_edit == "serial" else SERIAL_WAS
    return {
        "serial": (SERIAL_CRM if s.crm_edited else SERIAL_WAS, serial),
        "title": (BRAND_WAS, BRAND_OUTLOOK if s.item_edit == "brand" else BRAND_WAS),
    }


def group(s: Situation, name: str) -> groups.Group:
    """A group of the gadget. Nobody knows who edited it later, so that the CRM wins."""
    was = SERIAL_WAS if name == "serial" else BRAND_WAS
    direction = ruled(s)
    return groups.Group((was, was), now(s)[name], direction=direction, writable=s.writable)


def edited_in_outlook(s: Situation) -> list[str]:
    """The groups that its user edited."""
    return {"": [], "brand": ["title"], "serial": ["serial"]}[s.item_edit]


def ruled(s: Situation) -> Direction:
    """The direction; "no active filter pushes nothing"."""
    if s.pushes:
        return s.direction
    return Direction.TO_CRM if outlook_speaks(s) else Direction.NONE


def is_marked(s: Situation) -> bool:
    """Whether the item carries our category for what left scope: where nothing can be moved."""
    return s.aside and not s.moves and s.item is ItemPresence.PRESENT


def crm_speaks(s: Situation) -> bool:
    """Whether anything may go to Outlook."""
    return s.pushes and s.direction in (Direction.TWO_WAY, Direction.TO_OUTLOOK)


def crm_may_remove(s: Situation) -> bool:
    """Whether the direction lets the CRM move or delete an item.

    A missing filter pushes nothing, and is not what made a record leave: something else did, so
    the policy holds.
    """
    return s.direction in (Direction.TWO_WAY, Direction.TO_OUTLOOK)


def outlook_speaks(s: Situation) -> bool:
    """Whether anything may go to the CRM."""
    return s.direction in (Direction.TWO_WAY, Direction.TO_CRM)


def waits(why: Reason) -> Expected:
    """Nothing is done, nothing follows."""
    stands = frozenset({Stand.WAITING})
    return Expected(frozenset(), stands, ANY_STATE, frozenset({why}))


def left_alone(
    why: set[Reason] | frozenset[Reason],
    states: frozenset[LinkState | None] = frozenset({None}),
    *,
    waiting: bool = False,
    may: frozenset[Verb] = frozenset(),
) -> Expected:
    """Nothing is written; it is counted as excluded, for a reason that is so."""
    stand = {Stand.EXCLUDED} | ({Stand.WAITING} if waiting else set())
    return Expected(frozenset(), frozenset(stand), states, frozenset(why), may)


def rests(
    state: LinkState, reasons: set[Reason], verb: Verb | None = None, *, optional: bool = False
) -> Expected:
    """The link goes to rest."""
    verbs = frozenset({verb} if verb else set())
    return Expected(
        frozenset() if optional else verbs,
        frozenset({Stand.EXCLUDED}),
        frozenset({state}),
        frozenset(reasons),
        may=verbs if optional else frozenset(),
    )
