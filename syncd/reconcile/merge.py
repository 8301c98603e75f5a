"""Merging one field group: the literal table, then direction and conflict policy as a filter on it.

Written once over (this side, the other side): swapping the sides swaps the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from syncd.model.fields import Direction, Group, Side, Sphere
from syncd.model.policy import ConflictPolicy
from syncd.model.record import difference, equal
from syncd.model.values import Value
from syncd.reconcile.facts import Loser
from syncd.reconcile.images import AGREED, GroupImage, Mark, Standing, differs
from syncd.reconcile.reasons import Reason


class Verdict(StrEnum):
    """What the table says before any rule is applied."""

    AGREED = "agreed"
    REST = "rest"
    CARRY_CRM = "carry the CRM's"
    CARRY_OUTLOOK = "carry Outlook's"
    CONFLICT = "conflict"


# (CRM edited, Outlook edited, equal now) -> verdict
MERGE: Mapping[tuple[bool, bool, bool], Verdict] = {
    (False, False, True): Verdict.AGREED,
    (False, False, False): Verdict.REST,
    (True, False, True): Verdict.AGREED,
    (True, False, False): Verdict.CARRY_CRM,
    (False, True, True): Verdict.AGREED,
    (False, True, False): Verdict.CARRY_OUTLOOK,
    (True, True, True): Verdict.AGREED,
    (True, True, False): Verdict.CONFLICT,
}

_CARRIED = {Verdict.CARRY_CRM: Side.CRM, Verdict.CARRY_OUTLOOK: Side.OUTLOOK}
_CHANGED = {Side.CRM: Reason.CRM_CHANGED, Side.OUTLOOK: Reason.OUTLOOK_CHANGED}
_RULED = {Side.CRM: Reason.CONFLICT_CRM, Side.OUTLOOK: Reason.CONFLICT_OUTLOOK}


@dataclass(frozen=True, slots=True)
class Timing:
    """What `latest` may compare: never a clock of ours.

    `crm` is when the CRM's value was authored; `outlook` the item's last-modified time, an upper
    bound; `clock_sound` whether the server's clock is known to be right within a minute.
    """

    crm: datetime | None = None
    outlook: datetime | None = None
    clock_sound: bool = True
    others_changed: bool = False


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """One group of one link. `now` is `None` for a side that was not read: it is as its image."""

    group: Group
    direction: Direction
    images: Mapping[Side, GroupImage | None]
    now: Mapping[Side, Mapping[str, Value] | None]
    mark: Mark = AGREED
    writable: bool = True


@dataclass(frozen=True, slots=True)
class GroupOutcome:
    """What to do about one group: patches by side, the mark it will have, what is overwritten."""

    group: str
    reason: Reason
    mark: Mark
    writes: Mapping[Side, Mapping[str, Value]] = field(default_factory=dict)
    loser: Loser | None = None


def merge(facts: GroupFacts, conflict: ConflictPolicy, timing: Timing, key: bytes) -> GroupOutcome:
    """Decide one group of a link that has images."""
    edited = {s: differs(key, facts.group, facts.images[s], facts.now[s]) for s in Side}
    verdict = MERGE[edited[Side.CRM], edited[Side.OUTLOOK], _equal(facts, edited)]
    if verdict is Verdict.AGREED:
        return GroupOutcome(facts.group.name, Reason.EQUAL, AGREED)
    if verdict is Verdict.REST:
        return _rest(facts)
    if verdict is Verdict.CONFLICT:
        return _conflict(facts, conflict, timing)
    side = _CARRIED[verdict]
    return carry(facts, side, _CHANGED[side])


def value(facts: GroupFacts, side: Side) -> Mapping[str, Value]:
    """What a side holds now: as read, else as imaged; empty where only a hash is kept."""
    now, image = facts.now[side], facts.images[side]
    if now is not None:
        return now
    return image.values if image is not None and image.values is not None else {}


def _equal(facts: GroupFacts, edited: Mapping[Side, bool]) -> bool:
    known = all(
        facts.now[s] is not None or ((i := facts.images[s]) is not None and i.values is not None)
        for s in Side
    )
    if known:
        return equal(facts.group, value(facts, Side.CRM), value(facts, Side.OUTLOOK))
    return not any(edited.values()) and facts.mark.standing is Standing.AGREED


def carry(facts: GroupFacts, side: Side, reason: Reason) -> GroupOutcome:
    """Write what `side` holds to the other, if the rules let it; else the group is apart."""
    if blocked := _blocked(facts, side):
        return GroupOutcome(facts.group.name, blocked, Mark(Standing.APART, blocked))
    source, target = value(facts, side), value(facts, side.other)
    overwritten = any(target.get(f.name) for f in facts.group.fields)
    agreed = facts.mark.standing is Standing.AGREED and not differs_from_image(facts, side.other)
    loser = Loser(facts.group.name, side.other, target) if overwritten and not agreed else None
    patch = difference(facts.group, source, target)
    return GroupOutcome(
        facts.group.name, reason, AGREED, {side.other: patch} if patch else {}, loser
    )


def differs_from_image(facts: GroupFacts, side: Side) -> bool:
    """Whether a side's values were read and are not those of its (content) image."""
    now, image = facts.now[side], facts.images[side]
    if now is None:
        return False
    return image is None or image.values is None or not equal(facts.group, image.values, now)


def _blocked(facts: GroupFacts, side: Side) -> Reason | None:
    if facts.direction is Direction.NONE:
        return Reason.DIRECTION_NONE
    if not facts.direction.speaks(side):
        return Reason.ONE_WAY
    return Reason.NOT_WRITABLE if side is Side.OUTLOOK and not facts.writable else None


def _rest(facts: GroupFacts) -> GroupOutcome:
    """Neither was edited, yet they differ: apart for a known reason, or decided once."""
    if facts.mark.standing is Standing.UNSETTLED:
        return adopt(facts, Reason.RULE_CHANGED)
    reason = facts.mark.reason if facts.mark.standing is Standing.APART else Reason.NOT_TAKEN
    return GroupOutcome(facts.group.name, reason, Mark(Standing.APART, reason))


def _conflict(facts: GroupFacts, policy: ConflictPolicy, timing: Timing) -> GroupOutcome:
    open_to = [side for side in Side if _blocked(facts, side) is None]
    if not open_to:
        return carry(facts, Side.CRM, Reason.BOTH_CHANGED)  # says why nobody may speak
    if len(open_to) == 1:
        return carry(facts, open_to[0], Reason.ONE_WAY)
    if facts.group.is_set:
        return _merge_set(facts)
    winner, reason = _winner(policy, timing)
    return carry(facts, winner, reason)


def _winner(policy: ConflictPolicy, timing: Timing) -> tuple[Side, Reason]:
    if policy is not ConflictPolicy.LATEST:
        side = Side.CRM if policy is ConflictPolicy.CRM else Side.OUTLOOK
        return side, _RULED[side]
    if timing.crm is None or timing.outlook is None or not timing.clock_sound:
        return Side.CRM, Reason.LATEST_UNKNOWN
    if timing.outlook <= timing.crm:  # a tie goes to the CRM
        return Side.CRM, Reason.LATEST_CRM
    # Exchange stamps items, not fields: with other groups edited the time may be theirs.
    estimated = timing.others_changed
    return Side.OUTLOOK, Reason.LATEST_ESTIMATED if estimated else Reason.LATEST_OUTLOOK


def _merge_set(facts: GroupFacts) -> GroupOutcome:
    """Three-way by element: what either side added is in, what either side removed is out."""
    name = facts.group.fields[0].name
    base = set(_names(facts.images[Side.CRM], name)) & set(_names(facts.images[Side.OUTLOOK], name))
    here = {side: set(_elements(value(facts, side), name)) for side in Side}
    both = here[Side.CRM] | here[Side.OUTLOOK]
    removed = {each for each in base if any(each not in here[side] for side in Side)}
    merged = {name: tuple(sorted(both - removed)) or None}
    writes = {s: p for s in Side if (p := difference(facts.group, merged, value(facts, s)))}
    return GroupOutcome(facts.group.name, Reason.MERGED_SET, AGREED, writes)


def _names(image: GroupImage | None, name: str) -> tuple[str, ...]:
    return _elements(image.values, name) if image is not None and image.values is not None else ()


def _elements(values: Mapping[str, Value], name: str) -> tuple[str, ...]:
    held = values.get(name)
    return held if isinstance(held, tuple) else ()


def adopt(facts: GroupFacts, reason: Reason = Reason.ADOPTED) -> GroupOutcome:
    """Decide one group of a pair that has no images to merge with (or whose rule changed).

    Equal is agreed; an empty CRM value takes Outlook's for business groups; where both are filled
    the CRM's is written and Outlook's kept; personal groups stay apart until a side edits them.
    """
    crm, outlook = value(facts, Side.CRM), value(facts, Side.OUTLOOK)
    if equal(facts.group, crm, outlook):
        return GroupOutcome(facts.group.name, Reason.EQUAL, AGREED)
    if facts.group.sphere is Sphere.PERSONAL and reason is Reason.ADOPTED:
        return GroupOutcome(
            facts.group.name, Reason.PERSONAL, Mark(Standing.APART, Reason.PERSONAL)
        )
    crm_filled = any(crm.get(f.name) for f in facts.group.fields)
    wished = Side.CRM if crm_filled else Side.OUTLOOK
    if _blocked(facts, wished) and not _blocked(facts, wished.other):
        speaker_filled = any(value(facts, wished.other).get(f.name) for f in facts.group.fields)
        # An empty side that alone may speak does not blank what the other holds.
        wished = wished.other if speaker_filled else wished
    return carry(facts, wished, reason)
