"""Discarding: what follows when a person does not want what the breaker held.

The side that did not start it wins, and nothing is removed on either: an item whose record went
stays where it is, a deletion in Outlook is made good, an edit is taken back and kept as a loser.
"""

from __future__ import annotations

from dataclasses import replace

from syncd.reconcile.actions import pair_anew, recreated, with_writes
from syncd.reconcile.decision import Case, Decision, Rules, Stand, Verb
from syncd.reconcile.facts import CrmPresence, ItemPresence, LinkState
from syncd.reconcile.groups import group_facts
from syncd.reconcile.images import Mark, Standing
from syncd.reconcile.leaving import resting
from syncd.reconcile.merge import GroupFacts, GroupOutcome, carry
from syncd.reconcile.reasons import Reason

_ITS_USERS_ACT = (
    Reason.OUTLOOK_DELETED,
    Reason.OUTLOOK_MOVED,
    Reason.RECORD_DELETED,
    Reason.RECORD_DEACTIVATED,
)
_ENDS = (Verb.UNLINK, Verb.MOVE_ITEM, Verb.TRASH_ITEM)


def may_discard(decision: Decision) -> bool:
    """Whether a person may decide against it: not against what is private (P7)."""
    return not decision.withdraws


def discard(decision: Decision, case: Case, rules: Rules, *, found: bool) -> Decision:
    """What is done in place of a decision that a person does not want.

    `found`: the item that its user took away is in a folder of theirs, and can be moved back.
    """
    verbs = set(decision.verbs)
    if verbs & {Verb.CREATE_ITEM, Verb.CREATE_RECORD}:
        return Decision(Reason.DISCARDED, Stand.EXCLUDED)
    if decision.reason is Reason.UNTRACKED:
        return _kept(case, rules)
    if decision.reason in _ITS_USERS_ACT and not rules.moves:
        return _made_again(case, rules)
    if decision.reason in _ITS_USERS_ACT:
        return _moved_back() if found else pair_anew(case, rules, Reason.PUT_BACK)
    if verbs.intersection(_ENDS):
        deleted = case.crm.presence is CrmPresence.DELETED
        state = LinkState.ORPHANED if deleted else LinkState.RELEASED
        return resting(Reason.DISCARDED, state, Verb.UNLINK)
    return _reversed(decision, case, rules)


def _kept(case: Case, rules: Rules) -> Decision:
    """In step as before, though its category is gone: that counts as settled from here on."""
    groups = tuple(
        GroupOutcome(each.group.name, Reason.DISCARDED, each.mark)
        for each in group_facts(case, rules)
        if each.group.name == rules.policy.kind.by_name[rules.policy.kind.labels].group
    )
    return Decision(Reason.DISCARDED, Stand.IN_STEP, groups=groups, link_state=LinkState.LIVE)


def _reversed(decision: Decision, case: Case, rules: Rules) -> Decision:
    """Each group goes the other way: what was to be overwritten overwrites."""
    facts = {each.group.name: each for each in group_facts(case, rules)}
    groups = tuple(_turned(facts[each.group], each) for each in decision.groups)
    turned = replace(decision, reason=Reason.DISCARDED, groups=groups)
    return with_writes(turned, *(v for v in decision.verbs if v is Verb.RESTORE_ITEM))


def _moved_back() -> Decision:
    """The very item, as it is by now: the next run reads what was edited in it."""
    return Decision(
        Reason.PUT_BACK,
        Stand.IN_STEP,
        (Verb.RESTORE_ITEM,),
        link_state=LinkState.LIVE,
    )


def _made_again(case: Case, rules: Rules) -> Decision:
    """Nothing can be moved: what was thrown away is made anew, what is elsewhere stays (P3)."""
    if case.item.presence is ItemPresence.DELETED:
        made = recreated(case, rules)
        if made.verbs:
            return made
    return resting(Reason.DISCARDED, LinkState.REMEMBERED, Verb.UNLINK)


def _turned(facts: GroupFacts, outcome: GroupOutcome) -> GroupOutcome:
    if facts.mark.reason is Reason.MADE_PRIVATE:
        return outcome  # what another user has taken back is not to be had any more (P7)
    if outcome.reason is Reason.MAP_CHANGED:  # nobody's edit: both sides keep what they hold
        apart = Mark(Standing.APART, Reason.RULE_CHANGED)
        return GroupOutcome(facts.group.name, Reason.DISCARDED, apart)
    if len(outcome.writes) != 1 or facts.group.is_set:
        return outcome
    (written,) = outcome.writes
    return carry(facts, written, Reason.DISCARDED)
