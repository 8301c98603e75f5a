"""The breaker (P8): deletes, unlinks, moves, emptied fields, CRM writes and creations are bounded.

When one run would do more of one thing than the limits allow, all of those are held before the
first; they wait for a person, and the rest of the run goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum

from syncd.model.fields import SIDES, Side
from syncd.model.policy import Limits
from syncd.reconcile.decision import Decision, Verb


class Bounded(StrEnum):
    """What the breaker counts, each by itself."""

    DELETE = "delete"
    UNLINK = "unlink"
    MOVE = "move"
    EMPTY = "empty"
    CREATE = "create"
    CRM_WRITE = "crm-write"
    WITHDRAW = "withdraw"


BOUNDED: Mapping[Verb, Bounded] = {
    Verb.TRASH_ITEM: Bounded.DELETE,
    Verb.UNLINK: Bounded.UNLINK,
    Verb.MOVE_ITEM: Bounded.MOVE,
    Verb.CREATE_ITEM: Bounded.CREATE,
    Verb.CREATE_RECORD: Bounded.CREATE,
    Verb.UPDATE_RECORD: Bounded.CRM_WRITE,
    Verb.WITHDRAW: Bounded.WITHDRAW,
    Verb.DEACTIVATE_RECORD: Bounded.CRM_WRITE,
    Verb.DELETE_RECORD: Bounded.DELETE,
}


def bounded(decision: Decision) -> frozenset[Bounded]:
    """What of a decision the breaker counts. A withdrawal is one, whatever else it does (P7)."""
    if decision.withdraws:
        return frozenset({Bounded.WITHDRAW})
    counted = {BOUNDED[verb] for verb in decision.verbs if verb in BOUNDED}
    if any(None in decision.patch(side).values() for side in SIDES):
        counted.add(Bounded.EMPTY)
    return frozenset(counted)


def emptied(decision: Decision) -> int:
    """How many fields of the record an edit in Outlook empties: phones drop what they lack."""
    return sum(value is None for value in decision.patch(Side.CRM).values())


def tripped(
    decisions: Iterable[Decision],
    limits: Limits,
    live: int,
    executed: Mapping[Bounded, int],
    waiting: Mapping[Bounded, int],
    *,
    onboarding: bool = False,
) -> frozenset[Bounded]:
    """Which verbs exceed the limits.

    `live` is the number of live links; `executed` what the last 24 hours did without approval;
    `waiting` what is held already: what comes after it belongs to the same flood.
    Onboarding has its own limit: the person who approved it saw how much it creates.
    """
    counts = Counter(each for decision in decisions for each in bounded(decision))
    return frozenset(
        verb
        for verb, n in counts.items()
        if not (onboarding and verb in (Bounded.CREATE, Bounded.CRM_WRITE))
        and _over(verb, n + waiting.get(verb, 0), limits, live, executed.get(verb, 0))
    )


def _over(verb: Bounded, n: int, limits: Limits, live: int, executed: int) -> bool:
    if n > limits.most or n + executed > limits.daily:
        return True
    if verb is Bounded.CREATE:
        return False  # a share of what is there bounds losing, not gaining
    return (n > limits.some and n > limits.share * live) or (n >= limits.few and n >= live)
