"""The groups of one case: the facts of each, which were edited, and how they merge."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from syncd.model.fields import SIDES, Side
from syncd.model.values import Value
from syncd.reconcile.decision import Case, Rules
from syncd.reconcile.images import AGREED, REMAPPED, completed, differs
from syncd.reconcile.merge import GroupFacts, GroupOutcome, Timing, enter, merge, regress
from syncd.reconcile.reasons import Reason


def group_facts(case: Case, rules: Rules) -> tuple[GroupFacts, ...]:
    """The facts of each group. What was not observed of a group is as its image has it."""
    images = case.link.images if case.link else {}
    marks = case.link.marks if case.link else {}
    records = {Side.CRM: case.crm.record, Side.OUTLOOK: case.item.record}
    sides = [(side, images.get(side, {}), records[side]) for side in SIDES]
    more = case.item.guarded
    facts = []
    for name, group in rules.policy.kind.groups.items():
        known = {side: image.get(name) for side, image, _ in sides}
        now: dict[Side, Mapping[str, Value] | None] = {
            side: completed(group, known[side], held.group(group) if held else None)
            for side, _, held in sides
        }
        guarded = bool(more) and any(field.name in more for field in group.fields)
        if guarded and case.item.record is not None and known[Side.OUTLOOK] is None:
            # It was read, and holds nothing that could be known: reading it again is no use.
            now[Side.OUTLOOK] = now[Side.OUTLOOK] or {}
        facts.append(
            GroupFacts(
                group=group,
                direction=rules.policy.in_force[name],
                images=known,
                now=now,
                mark=marks.get(name, AGREED),
                writable=case.crm.writable,
                guarded=guarded,
            )
        )
    return tuple(facts)


def entered(case: Case, rules: Rules, side: Side, reason: Reason) -> tuple[GroupOutcome, ...]:
    """All groups of what is on one side only, written to the other."""
    record = case.crm.record if side is Side.CRM else case.item.record
    values = record.fields if record is not None else {}
    directions, writable = rules.policy.in_force, case.crm.writable
    return tuple(
        enter(group, values, side, reason, directions[name], writable=writable)
        for name, group in rules.policy.kind.groups.items()
    )


def edited_groups(case: Case, rules: Rules, side: Side) -> frozenset[str]:
    """The groups that a side was edited in since its image."""
    record = case.crm.record if side is Side.CRM else case.item.record
    if case.link is None or record is None:
        return frozenset()
    images, marks = case.link.images.get(side, {}), case.link.marks
    edited = set()
    for name, group in rules.policy.kind.groups.items():
        if side is Side.OUTLOOK and marks.get(name) == REMAPPED:
            continue  # that another property holds something else is nobody's edit
        image = images.get(name)
        if differs(rules.key, group, image, completed(group, image, record.group(group))):
            edited.add(name)
    return frozenset(edited)


def merge_groups(
    case: Case, rules: Rules, facts: tuple[GroupFacts, ...]
) -> tuple[GroupOutcome, ...]:
    """What to do about each group of a link that has images."""
    if regressed(case, rules):
        return tuple(regress(each, rules.key) or _merged(case, rules, each, ()) for each in facts)
    edited = edited_groups(case, rules, Side.OUTLOOK)
    return tuple(_merged(case, rules, each, edited) for each in facts)


def _merged(case: Case, rules: Rules, facts: GroupFacts, edited: Collection[str]) -> GroupOutcome:
    timing = Timing(
        crm=case.crm.origins.get(facts.group.name),
        outlook=case.item.modified,
        clock_sound=rules.clock_sound,
        others_changed=any(name != facts.group.name for name in edited),
    )
    return merge(facts, rules.policy.conflict_of(facts.group), timing, rules.key)


_TOLERANCE = timedelta(minutes=1)


def regressed(case: Case, rules: Rules) -> bool:
    """Whether an item is older than it was known to be: restored, and not edited.

    Only while the server's clock is right, as it was when that was noted. What was noted is not
    believed where it lies in the future of that clock: what is older now may well be an edit.
    """
    known = case.link.remote_modified if case.link is not None else None
    now = case.item.modified
    if case.link is None or known is None or now is None or case.item.record is None:
        return False
    if not rules.clock_sound:
        return False
    if case.item.version == case.link.remote_version or now >= known - _TOLERANCE:
        return False
    return rules.server_time is not None and known <= rules.server_time + _TOLERANCE
