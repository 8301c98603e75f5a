"""Merging one field group: the literal table, then direction and conflict policy as a filter on it.

Written once over (this side, the other side): swapping the sides swaps the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cache

from syncd.model.fields import SIDES, Direction, Group, Side, Sphere
from syncd.model.normal import normal_group, text
from syncd.model.policy import ConflictPolicy
from syncd.model.record import difference, equal
from syncd.model.values import Value, is_empty
from syncd.reconcile.facts import Loser
from syncd.reconcile.images import AGREED, FROZEN, REMAPPED, GroupImage, Mark, Standing, differs
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
_ANSWERED = {Reason.ANSWERED_CRM: Side.CRM, Reason.ANSWERED_OUTLOOK: Side.OUTLOOK}
ANSWERED = tuple(_ANSWERED)  # a person has said
ASKED = (Reason.ASKED, *ANSWERED)  # a person must say, or has said


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
    """One group of one link. `now` is `None` for a side that was not read: it is as its image.

    `guarded`: Outlook holds more of it than is known here, and loses it if it is written.
    """

    group: Group
    direction: Direction
    images: Mapping[Side, GroupImage | None]
    now: Mapping[Side, Mapping[str, Value] | None]
    mark: Mark = AGREED
    writable: bool = True
    guarded: bool = False


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
    if facts.mark.reason is Reason.MADE_PRIVATE and not edited[Side.OUTLOOK]:
        # What Outlook holds here is what another user's private item had brought: it goes, whole,
        # and nothing of it is kept (P7). Where the rules let nothing be written, that waits.
        if why := blocked(facts, Side.CRM):
            return GroupOutcome(facts.group.name, why, facts.mark)
        return replace(carry(facts, Side.CRM, Reason.CRM_CHANGED), loser=None)
    if facts.mark == REMAPPED:
        return _remapped(facts, crm_edited=edited[Side.CRM])
    same = _equal(facts, edited)
    if facts.mark == FROZEN and not same:  # one whose rule changed is decided once by the new one
        return _frozen(facts)
    if facts.mark.reason in ASKED and not same:
        return _asked(facts, conflict, timing, answered=not any(edited.values()))
    verdict = MERGE[edited[Side.CRM], edited[Side.OUTLOOK], same]
    if verdict is Verdict.AGREED:
        return _agreed(facts.group.name, Reason.EQUAL)
    if verdict is Verdict.REST:
        return _rest(facts)
    if verdict is Verdict.CONFLICT:
        return _conflict(facts, conflict, timing)
    return _carried(facts, _CARRIED[verdict])


def regress(facts: GroupFacts, key: bytes) -> GroupOutcome | None:
    """One group of an item that is older than it was: the CRM's value is written once more.

    What Outlook holds is kept as a loser, for it may be somebody's after all (P1). A group that is
    apart stays so, but for one that the server holds in a form of its own. `None` where Outlook
    holds what was known, or where it is to be decided anyhow: it is merged like any other.
    """
    outlook, standing = Side.OUTLOOK, facts.mark.standing
    if standing is Standing.UNSETTLED:
        return None
    if not differs(key, facts.group, facts.images[outlook], facts.now[outlook]):
        return None
    if standing is Standing.APART and facts.mark.reason is not Reason.NOT_TAKEN:
        return GroupOutcome(facts.group.name, facts.mark.reason, facts.mark)
    if _equal(facts, dict.fromkeys(Side, True)):
        return _agreed(facts.group.name, Reason.EQUAL)
    return carry(facts, Side.CRM, Reason.REGRESS)


def value(facts: GroupFacts, side: Side) -> Mapping[str, Value]:
    """What a side holds now: as read, else as imaged; empty where that is a hash (`unread`)."""
    now, image = facts.now[side], facts.images[side]
    if now is not None:
        return now
    return image.values if image is not None and image.values is not None else {}


def _equal(facts: GroupFacts, edited: Mapping[Side, bool]) -> bool:
    if all(_is_known(facts, side) for side in Side):
        return equal(facts.group, value(facts, Side.CRM), value(facts, Side.OUTLOOK))
    return not any(edited.values()) and facts.mark.standing is Standing.AGREED


def unread(facts: GroupFacts, key: bytes) -> bool:
    """Whether a side must be read first: the other would overwrite what is known by its hash."""
    again = to_decide(facts.mark, writable=facts.writable)
    return any(
        not _is_known(facts, side)
        and (again or differs(key, facts.group, facts.images[side.other], facts.now[side.other]))
        for side in Side
    )


def to_decide(mark: Mark, *, writable: bool) -> bool:
    """Whether a group that differs is to be decided once, though neither side edits it.

    Its rule changed; or the record may be written by now, and could not be when it came apart.
    """
    barred = mark.standing is Standing.APART and mark.reason is Reason.NOT_WRITABLE
    return mark.standing is Standing.UNSETTLED or (barred and writable)


def _is_known(facts: GroupFacts, side: Side) -> bool:
    image = facts.images[side]
    if side is Side.OUTLOOK and facts.mark == REMAPPED:
        return facts.now[side] is not None
    return facts.now[side] is not None or (image is not None and image.values is not None)


def carry(facts: GroupFacts, side: Side, reason: Reason) -> GroupOutcome:
    """Write what `side` holds to the other, if the rules let it; else the group is apart."""
    if why := blocked(facts, side):
        return GroupOutcome(facts.group.name, why, Mark(Standing.APART, why))
    patch = difference(facts.group, value(facts, side), value(facts, side.other))
    if not patch:
        return _agreed(facts.group.name, reason)
    loser = _loser(facts, side.other, patch)
    return GroupOutcome(facts.group.name, reason, AGREED, {side.other: patch}, loser)


@cache
def _agreed(group: str, reason: Reason) -> GroupOutcome:
    """Nothing to write: the outcome of most groups, and one object for all of them."""
    return GroupOutcome(group, reason, AGREED)


def _loser(facts: GroupFacts, side: Side, patch: Mapping[str, Value]) -> Loser | None:
    """What a patch overwrites on a side, unless both sides had agreed on it (P1)."""
    held, image = value(facts, side), facts.images[side]
    if all(is_empty(held.get(name)) for name in patch):
        return None
    as_imaged = (
        image is not None and image.values is not None and equal(facts.group, image.values, held)
    )
    if facts.mark.standing is Standing.AGREED and as_imaged:
        return None
    return Loser(facts.group.name, side, held)


def enter(
    group: Group,
    values: Mapping[str, Value],
    side: Side,
    reason: Reason,
    direction: Direction,
    *,
    writable: bool,
) -> GroupOutcome:
    """Write what `side` holds to the other, as `carry` does, where nothing is there yet."""
    if direction is not Direction.TWO_WAY or not writable:
        why = _barred(direction, side, guarded=False, writable=writable)
        if why is not None:
            return GroupOutcome(group.name, why, Mark(Standing.APART, why))
    patch = difference(group, values, _NOTHING)
    if not patch:
        return _agreed(group.name, reason)
    return GroupOutcome(group.name, reason, AGREED, {side.other: patch})


_NOTHING: Mapping[str, Value] = {}


def blocked(facts: GroupFacts, side: Side) -> Reason | None:
    """Why what a side holds may not be carried to the other; `None` when it may."""
    return _barred(facts.direction, side, guarded=facts.guarded, writable=facts.writable)


def _barred(direction: Direction, side: Side, *, guarded: bool, writable: bool) -> Reason | None:
    if direction is Direction.NONE:
        return Reason.DIRECTION_NONE
    if not direction.speaks(side):
        return Reason.ONE_WAY
    if side is Side.CRM:
        return Reason.GUARDED if guarded else None
    return None if writable else Reason.NOT_WRITABLE


def _rest(facts: GroupFacts) -> GroupOutcome:
    """Neither was edited, yet they differ: apart for a known reason, or decided once."""
    if facts.mark.standing is Standing.UNSETTLED and facts.mark.reason is Reason.LEFT_SCOPE:
        return carry(facts, Side.CRM, Reason.IN_SCOPE_AGAIN)  # the half that had to wait
    if to_decide(facts.mark, writable=facts.writable):
        return adopt(facts, Reason.RULE_CHANGED)
    reason = facts.mark.reason if facts.mark.standing is Standing.APART else Reason.NOT_TAKEN
    return GroupOutcome(facts.group.name, reason, Mark(Standing.APART, reason))


def _carried(facts: GroupFacts, side: Side) -> GroupOutcome:
    """One side was edited. A set that is apart gets the edit, and keeps what else it holds."""
    if facts.group.is_set and facts.mark.standing is not Standing.AGREED and _two_way(facts):
        return _merge_set(facts)
    return carry(facts, side, _CHANGED[side])


def _two_way(facts: GroupFacts) -> bool:
    return all(blocked(facts, side) is None for side in Side)


def _conflict(facts: GroupFacts, policy: ConflictPolicy, timing: Timing) -> GroupOutcome:
    if all(facts.images[side] is None for side in Side):
        return adopt(facts, Reason.RULE_CHANGED)  # the map is new to this link
    open_to = [side for side in Side if blocked(facts, side) is None]
    if not open_to:
        return carry(facts, Side.CRM, Reason.BOTH_CHANGED)  # says why nobody may speak
    if len(open_to) == 1:
        return carry(facts, open_to[0], _RULED[open_to[0]])
    if facts.group.is_set:
        return _merge_set(facts)
    if policy is ConflictPolicy.ASK:
        return GroupOutcome(facts.group.name, Reason.ASKED, Mark(Standing.APART, Reason.ASKED))
    if policy is ConflictPolicy.LATEST and any(facts.images[side] is None for side in Side):
        return carry(facts, Side.CRM, Reason.LATEST_UNKNOWN)
    winner, reason = _winner(policy, timing)
    return carry(facts, winner, reason)


def _asked(
    facts: GroupFacts, policy: ConflictPolicy, timing: Timing, *, answered: bool
) -> GroupOutcome:
    """A conflict that a person was asked about. An answer is about the values that were shown.

    An answer to other values is none. Where no rule says to ask it was about what two keep undoing,
    which stays frozen; but of one side that alone may speak nobody is asked.
    """
    side = _ANSWERED.get(facts.mark.reason)
    if side is not None and answered:
        return carry(facts, side, facts.mark.reason)
    if side is not None and policy is not ConflictPolicy.ASK and _two_way(facts):
        return _frozen(facts)
    return _conflict(facts, policy, timing)


def _frozen(facts: GroupFacts) -> GroupOutcome:
    return GroupOutcome(facts.group.name, Reason.FROZEN, FROZEN)


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
    base = _imaged(facts, Side.CRM, name).keys() & _imaged(facts, Side.OUTLOOK, name).keys()
    here = {side: _elements(value(facts, side), name) for side in Side}
    both = here[Side.OUTLOOK] | here[Side.CRM]
    removed = {each for each in base if any(each not in here[side] for side in Side)}
    left = tuple(written for form, written in sorted(both.items()) if form not in removed)
    merged = {name: left or None}
    writes = {s: p for s in Side if (p := difference(facts.group, merged, value(facts, s)))}
    return GroupOutcome(facts.group.name, Reason.MERGED_SET, AGREED, writes)


def _imaged(facts: GroupFacts, side: Side, name: str) -> Mapping[str, str]:
    image = facts.images[side]
    return _elements(image.values, name) if image is not None and image.values is not None else {}


def _elements(values: Mapping[str, Value], name: str) -> dict[str, str]:
    """The elements of a set as they are written, by what they are compared by."""
    held = values.get(name)
    return {form: each for each in held if (form := text(each))} if isinstance(held, tuple) else {}


def adopt(facts: GroupFacts, reason: Reason = Reason.ADOPTED) -> GroupOutcome:
    """Decide one group of a pair that has no images to merge with (or whose rule changed).

    Equal is agreed. Personal groups stay apart until a side edits them, but where a changed rule
    lets one side alone speak. An empty CRM value takes Outlook's; where both are filled the CRM's
    is written and Outlook's kept. Where one side alone may speak it does, but an empty one does not
    blank what the other holds.
    """
    crm, outlook = value(facts, Side.CRM), value(facts, Side.OUTLOOK)
    if equal(facts.group, crm, outlook):
        return GroupOutcome(facts.group.name, Reason.EQUAL, AGREED)
    both_speak = facts.direction is Direction.TWO_WAY
    if facts.group.sphere is Sphere.PERSONAL and (reason is Reason.ADOPTED or both_speak):
        personal = Mark(Standing.APART, Reason.PERSONAL)
        return GroupOutcome(facts.group.name, Reason.PERSONAL, personal)
    wished = Side.CRM if _is_filled(facts, Side.CRM) else Side.OUTLOOK
    if blocked(facts, wished) and not blocked(facts, wished.other):
        # An empty side that alone may speak does not blank what the other holds.
        wished = wished.other if _is_filled(facts, wished.other) else wished
    return carry(facts, wished, reason)


def _remapped(facts: GroupFacts, *, crm_edited: bool) -> GroupOutcome:
    """Decide one group that goes with another Outlook property than before.

    What is filled on both sides and differs is apart until a side edits it: neither the address
    that a switch uncovers nor the CRM's is written over. An empty side is filled.
    """
    crm, outlook = (value(facts, side) for side in SIDES)
    if equal(facts.group, crm, outlook):
        return _agreed(facts.group.name, Reason.EQUAL)
    if crm_edited:
        return carry(facts, Side.CRM, Reason.CRM_CHANGED)
    filled = [side for side in SIDES if _is_filled(facts, side)]
    if len(filled) == len(SIDES) or facts.group.sphere is Sphere.PERSONAL:
        apart = Mark(Standing.APART, Reason.RULE_CHANGED)
        return GroupOutcome(facts.group.name, Reason.MAP_CHANGED, apart)
    return carry(facts, filled[0], Reason.MAP_CHANGED)


def _is_filled(facts: GroupFacts, side: Side) -> bool:
    return any(each is not None for each in normal_group(facts.group, value(facts, side)).values())
