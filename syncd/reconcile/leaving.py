"""How a tie ends: deleted in Outlook, out of scope, deleted in the CRM, untracked, made private.

Leaving is not deletion. What a policy may decide about it is decided here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from syncd.model.fields import Side
from syncd.model.policy import CrmDelete, KindPolicy, OutlookDelete, ScopeExit
from syncd.model.record import difference, equal
from syncd.model.values import Value, is_empty
from syncd.reconcile.decision import Case, Decision, Rules, Stand, Verb
from syncd.reconcile.facts import CrmPresence, ItemPresence, LinkState, Loser, Origin
from syncd.reconcile.groups import edited_groups, group_facts, merge_groups
from syncd.reconcile.images import AGREED, Mark, Standing
from syncd.reconcile.merge import ASKED, GroupFacts, GroupOutcome, blocked, value
from syncd.reconcile.reasons import Reason


def resting(reason: Reason, state: LinkState, *verbs: Verb) -> Decision:
    """A decision after which the link is at rest, and its item nobody's but its user's."""
    return Decision(reason, Stand.EXCLUDED, verbs, link_state=state)


def wait(case: Case) -> Decision:
    """Nothing follows from what is not known (P5)."""
    unknown = case.crm.presence is CrmPresence.UNKNOWN
    reason = Reason.UNKNOWN_CRM if unknown else Reason.UNKNOWN_OUTLOOK
    return Decision(reason, Stand.WAITING)


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
    return resting(reason, LinkState.REMEMBERED, *verbs)


EXITS = {
    ScopeExit.ARCHIVE: Verb.MOVE_ITEM,
    ScopeExit.RELEASE: Verb.UNLINK,
    ScopeExit.KEEP_UPDATING: Verb.UNLINK,  # where its user may not read the record any more
    ScopeExit.DELETE: Verb.TRASH_ITEM,
}


def exit_scope(case: Case, rules: Rules) -> Decision:
    """Leaving scope is not deletion: by default what syncd made is put aside, the own stays."""
    verb = EXITS[exit_policy(case, rules)] if _may_remove(rules) else Verb.UNLINK
    if verb is Verb.MOVE_ITEM and not rules.moves:
        return _aside_in_place(case, rules)
    leaving = resting(Reason.LEFT_SCOPE, LinkState.RELEASED, verb)
    groups = _undecided(case, rules) if verb is Verb.TRASH_ITEM else ()
    return replace(leaving, aside=verb is not Verb.UNLINK, groups=groups)


def _aside_in_place(case: Case, rules: Rules) -> Decision:
    """Where nothing can be moved, a category says that the item is not kept in step any more.

    One that its user put there already is theirs: it is not taken off again (P11).
    """
    if case.item.record is None:
        return wait(case)  # which categories it has is not known
    leaving = resting(Reason.LEFT_SCOPE, LinkState.RELEASED, Verb.UNLINK)
    labels = _labels(case, rules)
    if _has(labels, rules.policy.kind.archive_category):
        return leaving
    marked = (*labels, rules.policy.kind.archive_category)
    return replace(_relabelled(leaving, marked, rules), aside=True)


def _may_remove(rules: Rules) -> bool:
    """Whether what happens in the CRM may move or delete anything in Outlook."""
    return rules.policy.direction.speaks(Side.CRM)


def exit_policy(case: Case, rules: Rules) -> ScopeExit:
    """What the policy says of an item whose record left scope, by how it came about."""
    return exit_of(rules.policy, case.tied.origin)


def exit_of(policy: KindPolicy, origin: Origin) -> ScopeExit:
    """What the policy says of items that came about so."""
    exits = policy.on_scope_exit
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
    ours = {each.group for each in leaving.groups if each.writes}  # categories, which no CRM takes
    taken = [each for each in taken if each.group not in ours]
    twice = {each.group for each in taken}
    groups = (*taken, *(each for each in leaving.groups if each.group not in twice))
    return replace(leaving, verbs=(*taking, *leaving.verbs), groups=groups)


def given_back(leaving: Decision, case: Case, rules: Rules) -> Decision:
    """What another user's private item had brought into this one goes before it is let go (P7).

    How the tie ends is decided once that is done, for both in one would not outlive a crash in
    between. What its own user has edited since is theirs.
    """
    ends = leaving.link_state not in (None, LinkState.LIVE)
    if not ends or case.link is None or case.link.state is not LinkState.LIVE:
        return leaving
    if case.item.private or case.item.presence not in _WITHIN_REACH:
        return leaving
    edited = edited_groups(case, rules, Side.OUTLOOK)
    patches = {
        facts.group.name: _taken_back(facts, case)
        for facts in group_facts(case, rules)
        if facts.mark.reason is Reason.MADE_PRIVATE
        and facts.group.name not in edited
        and blocked(facts, Side.CRM) is None
    }
    if patches and case.item.record is None:
        return wait(case)  # what it holds of that is not known
    groups = tuple(
        GroupOutcome(name, Reason.MADE_PRIVATE, AGREED, {Side.OUTLOOK: patch})
        for name, patch in patches.items()
        if patch
    )
    if not groups:
        return leaving
    first = Decision(Reason.CRM_CHANGED, Stand.IN_STEP, (Verb.UPDATE_ITEM,), groups)
    return replace(first, link_state=LinkState.LIVE)


_WITHIN_REACH = (ItemPresence.PRESENT, ItemPresence.FORMER)


def _taken_back(facts: GroupFacts, case: Case) -> Mapping[str, Value]:
    nothing: Mapping[str, Value] = {field.name: None for field in facts.group.fields}
    left = value(facts, Side.CRM) if case.crm.record is not None else nothing
    return difference(facts.group, left, value(facts, Side.OUTLOOK))


def _lost(facts: GroupFacts) -> Loser:
    return Loser(facts.group.name, Side.OUTLOOK, value(facts, Side.OUTLOOK))


def _undecided(case: Case, rules: Rules) -> tuple[GroupOutcome, ...]:
    """What waits for a person and goes with its item: kept, for the CRM does not hold it (P1)."""
    return tuple(
        GroupOutcome(facts.group.name, facts.mark.reason, facts.mark, loser=_lost(facts))
        for facts in group_facts(case, rules)
        if facts.mark.reason in (*ASKED, Reason.FROZEN)
        and not all(map(is_empty, value(facts, Side.OUTLOOK).values()))
        and not equal(facts.group, *(value(facts, side) for side in Side))
    )


def unmake(case: Case, rules: Rules) -> Decision:
    """The record was deleted in the CRM: the item goes or is kept, as the policy says."""
    may_go = {
        CrmDelete.DELETE_CREATED: case.tied.origin is Origin.CREATED,
        CrmDelete.DELETE_IF_NOT_OWNER: not case.crm.owned,
        CrmDelete.DELETE: True,
        CrmDelete.RELEASE: False,
    }[rules.policy.on_crm_delete]
    if not may_go or not _may_remove(rules):
        return keep(case, rules)
    goes = resting(Reason.CRM_DELETED, LinkState.ORPHANED, Verb.TRASH_ITEM)
    return replace(goes, groups=_undecided(case, rules))


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
        resting(Reason.CRM_DELETED, LinkState.ORPHANED, Verb.UNLINK),
        groups=tuple(late),
    )
    return without_category(kept, case, rules)


def without_category(resting: Decision, case: Case, rules: Rules) -> Decision:
    """A decision to let an item rest, which also takes the category of tracking off it."""
    labels, category = _labels(case, rules), rules.policy.track_category
    if not _has(labels, category):
        return resting
    return _relabelled(resting, without(labels, category), rules)


def _labels(case: Case, rules: Rules) -> tuple[str, ...]:
    """The categories of an item, as far as it was read."""
    record = case.item.record
    held = record.fields.get(rules.policy.kind.labels) if record is not None else None
    return held if isinstance(held, tuple) else ()


def _has(labels: Iterable[str], category: str) -> bool:
    return any(each.casefold() == category.casefold() for each in labels)


def without(labels: Iterable[str], category: str) -> tuple[str, ...]:
    """Categories but one: to Outlook they are the same whatever their case."""
    return tuple(each for each in labels if each.casefold() != category.casefold())


def _relabelled(resting: Decision, labels: tuple[str, ...], rules: Rules) -> Decision:
    """A decision to let an item rest, which also gives it these categories."""
    kind = rules.policy.kind
    writes = {Side.OUTLOOK: {kind.labels: labels or None}}
    now = GroupOutcome(kind.by_name[kind.labels].group, resting.reason, AGREED, writes)
    return replace(resting, groups=(*resting.groups, now), verbs=(Verb.UPDATE_ITEM, *resting.verbs))


def taken_up(
    case: Case, rules: Rules, groups: tuple[GroupOutcome, ...]
) -> tuple[GroupOutcome, ...]:
    """What an item is to hold that is kept in step again: without our category for what was not.

    Where the item lies in the folder it was marked in its place; in our own folder it was not, and
    a category of that name is its user's.
    """
    kind, category = rules.policy.kind, rules.policy.kind.archive_category
    marked = _has(_labels(case, rules), category)
    if not (case.tied.aside and case.item.presence is ItemPresence.PRESENT and marked):
        return groups
    name = kind.by_name[kind.labels].group
    return tuple(_unmarked(case, rules, each) if each.group == name else each for each in groups)


def _unmarked(case: Case, rules: Rules, outcome: GroupOutcome) -> GroupOutcome:
    kind = rules.policy.kind
    held = outcome.writes.get(Side.OUTLOOK, {}).get(kind.labels, _labels(case, rules))
    # Where it was the only one, none are left: nothing that the breaker counts as emptied.
    left = without(held, kind.archive_category) if isinstance(held, tuple) else ()
    writes = {**outcome.writes, Side.OUTLOOK: {kind.labels: left}}
    return replace(outcome, writes=writes)


def withdraw(case: Case, rules: Rules) -> Decision:
    """Its user made it private: the CRM gives back what came from this mailbox (P7)."""
    del rules
    live = case.tied.state is LinkState.LIVE
    gone = case.item.presence in (ItemPresence.DELETED, ItemPresence.MOVED)
    rests = LinkState.REMEMBERED if gone else LinkState.RELEASED
    state, verbs = (rests, (Verb.UNLINK,)) if live else (case.tied.state, ())
    return resting(Reason.MADE_PRIVATE, state, Verb.WITHDRAW, *verbs)
