"""An edit of an item whose record was merged into another one: it goes to the record that stays.

The item is the one side, the record that stays the other; what both go back to is what the item
last held. What the record that stays never held cannot have been edited there.
"""

from __future__ import annotations

from dataclasses import replace

from syncd.model.fields import Side
from syncd.model.record import equal
from syncd.model.values import Value, is_empty
from syncd.reconcile.decision import Case, Rules
from syncd.reconcile.facts import CrmFacts, Link, Loser
from syncd.reconcile.groups import edited_groups, group_facts, merge_groups
from syncd.reconcile.images import content, hashed
from syncd.reconcile.merge import GroupFacts, GroupOutcome, blocked, value
from syncd.reconcile.reasons import Reason


def into_survivor(case: Case, survivor: CrmFacts, rules: Rules) -> tuple[GroupOutcome, ...]:
    """What becomes of each group that the item of a merged record was edited in.

    Writes are to the record that stays, and to nothing else: its own item gets them as any item
    does. A value that is not taken there is kept as a loser (P1), unless the direction forbids
    Outlook to speak; nobody is asked, since nobody could see both values side by side.
    """
    handed = replace(case, crm=survivor, link=_as_known(case, survivor, rules))
    labels = rules.policy.kind.by_name[rules.policy.kind.labels].group
    edited = edited_groups(case, rules, Side.OUTLOOK) - {labels}
    known = group_facts(handed, rules)
    return tuple(
        _taken(facts, each)
        for facts, each in zip(known, merge_groups(handed, rules, known), strict=True)
        if each.group in edited
    )


def _as_known(case: Case, survivor: CrmFacts, rules: Rules) -> Link:
    """The tie, as if the record that stays had held what the item did, where it holds anything."""
    link, record = case.tied, survivor.record
    if record is None:
        raise ValueError("a record that stays is there")
    base = dict(link.images.get(Side.OUTLOOK, {}))
    for name, group in rules.policy.kind.groups.items():
        held = record.group(group)
        if held is not None and all(is_empty(each) for each in held.values()):
            base[name] = content(held)
    return replace(link, images={**link.images, Side.CRM: base}, marks={})


def _taken(facts: GroupFacts, outcome: GroupOutcome) -> GroupOutcome:
    """The half of an outcome that is the record's; without one, the edit is what lost."""
    patch = outcome.writes.get(Side.CRM)
    if patch is not None:
        return replace(outcome, writes={Side.CRM: patch})
    here, there = (value(facts, side) for side in (Side.OUTLOOK, Side.CRM))
    barred = blocked(facts, Side.OUTLOOK)
    silent = barred not in (None, Reason.NOT_WRITABLE)
    if silent or equal(facts.group, here, there) or all(is_empty(each) for each in here.values()):
        return replace(outcome, writes={}, loser=None)
    return replace(outcome, writes={}, loser=Loser(facts.group.name, Side.OUTLOOK, here))


def as_settled(case: Case, outcomes: tuple[GroupOutcome, ...], rules: Rules) -> Link:
    """The tie of the item once its edits are settled elsewhere: it is as it was last seen.

    The content of what flowed is kept, of anything else its hash (P14).
    """
    link, record = case.tied, case.item.record
    if record is None:
        return link
    flowed = {each.group for each in outcomes if each.writes}
    image = dict(link.images.get(Side.OUTLOOK, {}))
    for name in edited_groups(case, rules, Side.OUTLOOK):
        group = rules.policy.kind.groups[name]
        held = {**_imaged(link, name), **(record.group(group) or {})}
        image[name] = content(held) if name in flowed else hashed(rules.key, group, held)
    return replace(
        link,
        remote_version=case.item.version,
        images={**link.images, Side.OUTLOOK: image},
    )


def _imaged(link: Link, name: str) -> dict[str, Value]:
    image = link.images.get(Side.OUTLOOK, {}).get(name)
    return dict(image.values) if image is not None and image.values is not None else {}
