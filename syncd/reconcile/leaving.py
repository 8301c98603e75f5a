"""How a tie ends: deleted in Outlook, out of scope, deleted in the CRM, untracked, made private.

Leaving is not deletion. What a policy may decide about it is decided here, and nowhere else.
"""

from __future__ import annotations

from dataclasses import replace

from syncd.model.fields import Side
from syncd.model.policy import CrmDelete, OutlookDelete, ScopeExit
from syncd.reconcile.decision import Action, Case, Decision, Rules, Stand, Verb
from syncd.reconcile.facts import CrmPresence, ItemPresence, LinkState, Loser, Origin
from syncd.reconcile.groups import edited_groups, group_facts, merge_groups
from syncd.reconcile.images import AGREED, Mark, Standing
from syncd.reconcile.merge import GroupFacts, GroupOutcome, blocked, value
from syncd.reconcile.reasons import Reason


def resting(action: Action, reason: Reason, state: LinkState, *verbs: Verb) -> Decision:
    """A decision after which the link is at rest, and its item nobody's but its user's."""
    return Decision(action, reason, Stand.EXCLUDED, verbs, link_state=state)


def wait(case: Case) -> Decision:
    """Nothing follows from what is not known (P5)."""
    unknown = case.crm.presence is CrmPresence.UNKNOWN
    reason = Reason.UNKNOWN_CRM if unknown else Reason.UNKNOWN_OUTLOOK
    return Decision(Action.WAIT, reason, Stand.WAITING)


def gone(case: Case) -> Reason:
    """Why an item is not in its folder any more."""
    deleted = case.item.presence is ItemPresence.DELETED
    return Reason.OUTLOOK_DELETED if deleted else Reason.OUTLOOK_MOVED


def remember(case: Case, rules: Rules) -> Decision:
    """The delete policy. By default the CRM is untouched, and the deletion is respected.

    What was merely moved away is no deletion, whatever the policy; nor does one reach further than
    its user's rights, or than the direction lets Outlook speak.
    """
    policy, crm = rules.policy, case.crm
    reason = gone(case)
    verbs: tuple[Verb, ...] = (Verb.UNLINK,)
    if reason is Reason.OUTLOOK_DELETED and crm.writable and policy.direction.speaks(Side.OUTLOOK):
        if policy.on_outlook_delete is OutlookDelete.DEACTIVATE:
            reason, verbs = Reason.RECORD_DEACTIVATED, (Verb.DEACTIVATE_RECORD, Verb.UNLINK)
        elif policy.on_outlook_delete is OutlookDelete.DELETE_IF_OWNER and crm.owned:
            reason, verbs = Reason.RECORD_DELETED, (Verb.DELETE_RECORD, Verb.UNLINK)
    return resting(Action.REMEMBER, reason, LinkState.REMEMBERED, *verbs)


EXITS = {
    ScopeExit.ARCHIVE: Verb.MOVE_ITEM,
    ScopeExit.RELEASE: Verb.UNLINK,
    ScopeExit.KEEP_UPDATING: Verb.UNLINK,  # where its user may not read the record any more
    ScopeExit.DELETE: Verb.TRASH_ITEM,
}


def exit_scope(case: Case, rules: Rules) -> Decision:
    """Leaving scope is not deletion: by default what syncd made is put aside, the own stays."""
    verb = EXITS[exit_policy(case, rules)] if _may_remove(rules) else Verb.UNLINK
    leaving = resting(Action.EXIT, Reason.LEFT_SCOPE, LinkState.RELEASED, verb)
    return replace(leaving, aside=verb is not Verb.UNLINK)


def _may_remove(rules: Rules) -> bool:
    """Whether what happens in the CRM may move or delete anything in Outlook."""
    return rules.policy.direction.speaks(Side.CRM)


def exit_policy(case: Case, rules: Rules) -> ScopeExit:
    """What the policy says of an item whose record left scope, by how it came about."""
    exits, origin = rules.policy.on_scope_exit, case.tied.origin
    return {
        Origin.CREATED: exits.created,
        Origin.ADOPTED: exits.adopted,
        Origin.TRACKED: exits.tracked,
    }[origin]


def take_and_exit(case: Case, rules: Rules) -> Decision:
    """The user's last edit still goes to the CRM; nothing more goes to Outlook.

    What its user may no longer write is kept as a loser; so is what is not taken of an item that
    goes. Any other group keeps its images, to be decided when the record comes back into scope.
    """
    leaving = exit_scope(case, rules)
    taken, known, barred = [], group_facts(case, rules), Reason.NOT_WRITABLE
    groups, edited = merge_groups(case, rules, known), edited_groups(case, rules, Side.OUTLOOK)
    equal = {each.group for each in groups if each.reason is Reason.EQUAL}
    for facts, each in zip(known, groups, strict=True):
        if Side.CRM in each.writes:
            half = Side.OUTLOOK in each.writes
            mark = Mark(Standing.UNSETTLED, Reason.LEFT_SCOPE) if half else each.mark
            taken.append(replace(each, mark=mark, writes={Side.CRM: each.writes[Side.CRM]}))
        elif each.group in edited - equal and (
            Verb.TRASH_ITEM in leaving.verbs or blocked(facts, Side.OUTLOOK) is barred
        ):
            reason = barred if blocked(facts, Side.OUTLOOK) is barred else each.reason
            taken.append(GroupOutcome(each.group, reason, each.mark, loser=_lost(facts)))
    taking = (Verb.UPDATE_RECORD,) if any(each.writes for each in taken) else ()
    return replace(
        leaving, action=Action.TAKE_AND_EXIT, verbs=(*taking, *leaving.verbs), groups=tuple(taken)
    )


def _lost(facts: GroupFacts) -> Loser:
    return Loser(facts.group.name, Side.OUTLOOK, value(facts, Side.OUTLOOK))


def unmake(case: Case, rules: Rules) -> Decision:
    """The record was deleted in the CRM: the item goes or is kept, as the policy says."""
    goes = {
        CrmDelete.DELETE_CREATED: case.tied.origin is Origin.CREATED,
        CrmDelete.DELETE_IF_NOT_OWNER: not case.crm.owned,
        CrmDelete.DELETE: True,
        CrmDelete.RELEASE: False,
    }[rules.policy.on_crm_delete]
    if not goes or not _may_remove(rules):
        return keep(case, rules)
    return resting(Action.UNMAKE, Reason.CRM_DELETED, LinkState.ORPHANED, Verb.TRASH_ITEM)


def keep(case: Case, rules: Rules) -> Decision:
    """The user's item stays, with its stamp; the category that put it into the CRM comes off.

    An edit that comes too late for the CRM is kept as a loser, too.
    """
    kind = rules.policy.kind
    if case.item.record is None and case.tied.tracked:
        return wait(case)  # whether the category is there is not known
    edited = edited_groups(case, rules, Side.OUTLOOK)
    label_group = kind.by_name[kind.labels].group
    late = [
        GroupOutcome(
            facts.group.name,
            Reason.CRM_DELETED,
            Mark(Standing.APART, Reason.CRM_DELETED),
            loser=_lost(facts),
        )
        for facts in group_facts(case, rules)
        if facts.group.name in edited - {label_group} and blocked(facts, Side.OUTLOOK) is None
    ]
    kept = replace(
        resting(Action.KEEP, Reason.CRM_DELETED, LinkState.ORPHANED, Verb.UNLINK),
        groups=tuple(late),
    )
    return without_category(kept, case, rules)


def without_category(resting: Decision, case: Case, rules: Rules) -> Decision:
    """A decision to let an item rest, which also takes the category of tracking off it."""
    kind, category = rules.policy.kind, rules.policy.track_category
    labels = case.item.record.fields.get(kind.labels) if case.item.record else None
    if not isinstance(labels, tuple):
        return resting
    left = tuple(each for each in labels if each.casefold() != category.casefold())
    if left == labels:
        return resting
    writes = {Side.OUTLOOK: {kind.labels: left or None}}
    off = GroupOutcome(kind.by_name[kind.labels].group, resting.reason, AGREED, writes)
    return replace(resting, groups=(*resting.groups, off), verbs=(Verb.UPDATE_ITEM, *resting.verbs))


def withdraw(case: Case, rules: Rules) -> Decision:
    """Its user made it private: the CRM gives back what came from this mailbox (P7)."""
    del rules
    live = case.tied.state is LinkState.LIVE
    gone = case.item.presence in (ItemPresence.DELETED, ItemPresence.MOVED)
    rests = LinkState.REMEMBERED if gone else LinkState.RELEASED
    state, verbs = (rests, (Verb.UNLINK,)) if live else (case.tied.state, ())
    return resting(Action.WITHDRAW, Reason.MADE_PRIVATE, state, Verb.WITHDRAW, *verbs)
