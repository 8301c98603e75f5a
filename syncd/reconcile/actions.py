"""What each action of the existence table does, as a decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from syncd.model.fields import Side
from syncd.reconcile.decision import Action, Case, Decision, Rules, Stand, Verb
from syncd.reconcile.facts import (
    CrmFacts,
    CrmPresence,
    ItemFacts,
    ItemPresence,
    LinkState,
    Loser,
    Origin,
)
from syncd.reconcile.groups import edited_groups, group_facts, merge_groups
from syncd.reconcile.images import AGREED, Mark, Standing
from syncd.reconcile.match import contradict
from syncd.reconcile.merge import (
    GroupFacts,
    GroupOutcome,
    adopt,
    blocked,
    carry,
    unread,
    value,
)
from syncd.reconcile.reasons import Reason


def _headline(groups: tuple[GroupOutcome, ...]) -> Reason:
    """The reason that speaks for the whole: a conflict before an edit before nothing."""
    said = [g.reason for g in groups if g.loser] + [g.reason for g in groups if g.writes]
    if not said:
        return Reason.EQUAL
    sides = {side for g in groups for side in g.writes}
    both = len(sides) > 1 and not any(g.loser for g in groups)
    return Reason.BOTH_CHANGED if both else said[0]


def _with_writes(decision: Decision, *before: Verb) -> Decision:
    """The decision with the verbs that its patches call for."""
    to_crm = (Verb.UPDATE_RECORD,) if decision.patch(Side.CRM) else ()
    touched = decision.patch(Side.OUTLOOK) or decision.stamp
    to_outlook = (Verb.UPDATE_ITEM,) if touched else ()
    return replace(decision, verbs=(*before, *to_crm, *to_outlook))


def _resting(action: Action, reason: Reason, state: LinkState, *verbs: Verb) -> Decision:
    return Decision(action, reason, Stand.EXCLUDED, verbs, link_state=state)


# --- a live link ---------------------------------------------------------------------------------


def _merged(case: Case, rules: Rules) -> Decision:
    """Nothing, to one side, or to both: field group by field group."""
    if case.tied.tracked and _untracked(case):
        return _resting(Action.EXIT, Reason.UNTRACKED, LinkState.RELEASED, Verb.UNLINK)
    facts = group_facts(case, rules)
    if any(unread(each, rules.key) for each in facts):
        return _wait(case, rules)
    groups = merge_groups(case, rules, facts)
    return _with_writes(
        Decision(
            Action.MERGE,
            _headline(groups),
            Stand.IN_STEP,
            groups=groups,
            link_state=LinkState.LIVE,
            stamp=not case.item.stamped,
        )
    )


def _untracked(case: Case) -> bool:
    """The user took back the act of tracking that had made this link."""
    read = case.item.record is not None
    return case.tied.origin is Origin.TRACKED and read and not case.item.tracked


def _nothing(case: Case, rules: Rules) -> Decision:
    link = case.tied
    if link.state is not LinkState.LIVE:
        reason = Reason.PRIVATE if case.item.private else Reason.AT_REST
        return _resting(Action.NOTHING, reason, link.state)
    if case.item.presence is ItemPresence.UNKNOWN:
        return Decision(Action.NOTHING, Reason.UNKNOWN_OUTLOOK, Stand.WAITING)
    return _merged(case, rules)  # to tell apart from agreed, and to restore a lost stamp


def _wait(case: Case, rules: Rules) -> Decision:
    del rules
    unknown = case.crm.presence is CrmPresence.UNKNOWN
    reason = Reason.UNKNOWN_CRM if unknown else Reason.UNKNOWN_OUTLOOK
    return Decision(Action.WAIT, reason, Stand.WAITING)


def _remember(case: Case, rules: Rules) -> Decision:
    """The default delete policy: the CRM is untouched, and the deletion is respected."""
    del rules
    return _resting(Action.REMEMBER, _gone(case), LinkState.REMEMBERED, Verb.UNLINK)


def _gone(case: Case) -> Reason:
    deleted = case.item.presence is ItemPresence.DELETED
    return Reason.OUTLOOK_DELETED if deleted else Reason.OUTLOOK_MOVED


def _rest(case: Case, rules: Rules) -> Decision:
    """There is nothing left to do but to know it."""
    if case.tied.state is LinkState.COPY:
        return _stay(case, rules)
    if case.tied.state is not LinkState.LIVE:
        return _resting(Action.REST, _gone(case), case.tied.state)
    deleted = case.crm.presence is CrmPresence.DELETED
    state = LinkState.ORPHANED if deleted else LinkState.REMEMBERED
    return _resting(Action.REST, _gone(case), state)


# --- leaving -------------------------------------------------------------------------------------


def _exit(case: Case, rules: Rules) -> Decision:
    """Leaving scope is not deletion: what syncd made is put aside, the user's own stays."""
    del rules
    verb = Verb.MOVE_ITEM if case.tied.origin is Origin.CREATED else Verb.UNLINK
    return _resting(Action.EXIT, Reason.LEFT_SCOPE, LinkState.RELEASED, verb)


def _take_and_exit(case: Case, rules: Rules) -> Decision:
    """The user's last edit still goes to the CRM; nothing more goes to Outlook.

    What its user may no longer write is kept as a loser. Any other group keeps its images, to be
    decided when the record comes back into scope.
    """
    taken, known, barred = [], group_facts(case, rules), Reason.NOT_WRITABLE
    groups, edited = merge_groups(case, rules, known), edited_groups(case, rules, Side.OUTLOOK)
    equal = {each.group for each in groups if each.reason is Reason.EQUAL}
    for facts, each in zip(known, groups, strict=True):
        if Side.CRM in each.writes:
            half = Side.OUTLOOK in each.writes
            mark = Mark(Standing.UNSETTLED, Reason.LEFT_SCOPE) if half else each.mark
            taken.append(replace(each, mark=mark, writes={Side.CRM: each.writes[Side.CRM]}))
        elif each.group in edited - equal and blocked(facts, Side.OUTLOOK) is barred:
            taken.append(GroupOutcome(each.group, barred, each.mark, loser=_lost(facts)))
    leaving = _exit(case, rules)
    taking = (Verb.UPDATE_RECORD,) if any(each.writes for each in taken) else ()
    return replace(
        leaving, action=Action.TAKE_AND_EXIT, verbs=(*taking, *leaving.verbs), groups=tuple(taken)
    )


def _lost(facts: GroupFacts) -> Loser:
    return Loser(facts.group.name, Side.OUTLOOK, value(facts, Side.OUTLOOK))


def _unmake(case: Case, rules: Rules) -> Decision:
    if case.tied.origin is not Origin.CREATED:
        return _keep(case, rules)
    return _resting(Action.UNMAKE, Reason.CRM_DELETED, LinkState.ORPHANED, Verb.TRASH_ITEM)


def _keep(case: Case, rules: Rules) -> Decision:
    """The user's item stays, with its stamp; the category that put it into the CRM comes off.

    An edit that comes too late for the CRM is kept as a loser, too.
    """
    kind, category = rules.policy.kind, rules.policy.track_category
    if case.item.record is None and case.tied.tracked:
        return _wait(case, rules)  # whether the category is there is not known
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
        _resting(Action.KEEP, Reason.CRM_DELETED, LinkState.ORPHANED, Verb.UNLINK),
        groups=tuple(late),
    )
    labels = case.item.record.fields.get(kind.labels) if case.item.record else None
    if not isinstance(labels, tuple) or category not in labels:
        return kept
    left = tuple(each for each in labels if each != category) or None
    writes = {Side.OUTLOOK: {kind.labels: left}}
    off = GroupOutcome(label_group, Reason.CRM_DELETED, AGREED, writes)
    return replace(kept, groups=(*late, off), verbs=(Verb.UPDATE_ITEM, Verb.UNLINK))


def _withdraw(case: Case, rules: Rules) -> Decision:
    """Its user made it private: the CRM gives back what came from this mailbox (P7)."""
    del rules
    live = case.tied.state is LinkState.LIVE
    gone = case.item.presence in (ItemPresence.DELETED, ItemPresence.MOVED)
    rests = LinkState.REMEMBERED if gone else LinkState.RELEASED
    state, verbs = (rests, (Verb.UNLINK,)) if live else (case.tied.state, ())
    return _resting(Action.WITHDRAW, Reason.MADE_PRIVATE, state, Verb.WITHDRAW, *verbs)


# --- no link yet ---------------------------------------------------------------------------------


def _match(case: Case, rules: Rules) -> Decision:
    """A record in scope without a link: tied to the item that was found for it, else created."""
    if case.item.private:
        # It bears our stamp, and its link was lost: known again, and left alone (P3, P7).
        known = _resting(Action.MATCH, Reason.PRIVATE, LinkState.RELEASED)
        return replace(known, origin=Origin.ADOPTED)
    if case.item.record is not None:
        return pair(case, rules, case.met)
    if not rules.policy.direction.speaks(Side.CRM):
        return Decision(Action.MATCH, Reason.ONE_WAY, Stand.EXCLUDED)
    groups = tuple(carry(each, Side.CRM, Reason.CREATED) for each in group_facts(case, rules))
    return _new(Reason.CREATED, Origin.CREATED, groups, Verb.CREATE_ITEM)


def pair(case: Case, rules: Rules, reason: Reason) -> Decision:
    """Adopt: tie a record to an item that was there already."""
    groups = tuple(adopt(facts) for facts in group_facts(case, rules))
    origin = Origin.TRACKED if case.item.tracked else Origin.ADOPTED
    return _with_writes(_new(reason, origin, groups))


def _new(
    reason: Reason, origin: Origin, groups: tuple[GroupOutcome, ...], *verbs: Verb
) -> Decision:
    return Decision(
        Action.MATCH, reason, Stand.IN_STEP, verbs, groups, LinkState.LIVE, origin, stamp=True
    )


def _track(case: Case, rules: Rules) -> Decision:
    """An item enters the CRM only by its user's act on it (P14)."""
    item = case.item
    if item.private:
        return Decision(Action.TRACK, Reason.PRIVATE, Stand.EXCLUDED)
    if not item.tracked or item.record is None:
        return Decision(Action.TRACK, Reason.NOT_TRACKED, Stand.EXCLUDED)
    if not rules.policy.direction.speaks(Side.OUTLOOK):
        return Decision(Action.TRACK, Reason.DIRECTION, Stand.EXCLUDED)
    if not rules.policy.creates:
        return Decision(Action.TRACK, Reason.NOT_WRITABLE, Stand.EXCLUDED)
    groups = tuple(carry(each, Side.OUTLOOK, Reason.TRACKED) for each in group_facts(case, rules))
    made = _new(Reason.TRACKED, Origin.TRACKED, groups, Verb.CREATE_RECORD, Verb.UPDATE_ITEM)
    return replace(made, action=Action.TRACK)


# --- a link at rest ------------------------------------------------------------------------------


def _revive(case: Case, rules: Rules) -> Decision:
    """Live again, from the kept images; what was withdrawn meets its record as on adoption."""
    link = case.tied
    if _untracked(case):
        return _resting(Action.NOTHING, Reason.AT_REST, link.state)
    if case.item.record is None:
        return _wait(case, rules)
    contents = (each.values for image in link.images.values() for each in image.values())
    facts = group_facts(case, rules)
    if any(values is not None for values in contents):
        groups = merge_groups(case, rules, facts)
    else:
        groups = tuple(adopt(each) for each in facts)
    returned = link.state is LinkState.RELEASED
    revived = Decision(
        Action.REVIVE,
        Reason.IN_SCOPE_AGAIN if returned else Reason.BACK_IN_FOLDER,
        Stand.IN_STEP,
        groups=groups,
        link_state=LinkState.LIVE,
        stamp=not case.item.stamped,
    )
    archived = case.item.presence is ItemPresence.ARCHIVED
    return _with_writes(revived, *((Verb.RESTORE_ITEM,) if archived else ()))


def _revive_or_remember(case: Case, rules: Rules) -> Decision:
    if case.tied.origin is not Origin.CREATED:
        return _resting(Action.REMEMBER, _gone(case), LinkState.REMEMBERED)
    # We had put it into our own folder for what left scope; its user's tidying up there is no
    # decision about a record that is in scope again.
    return _match(Case(case.crm, ItemFacts(ItemPresence.PRESENT)), rules)


def _stay(case: Case, rules: Rules) -> Decision:
    """It stays as it is."""
    del rules
    state = case.tied.state
    if state is LinkState.COPY:  # the link is of the item that it is a copy of: not touched
        return Decision(Action.RESPECT, Reason.COPY, Stand.EXCLUDED)
    return _resting(Action.RESPECT, Reason.AT_REST, state)


def _new_act(case: Case, rules: Rules) -> Decision:
    """A copy about somebody else, or an orphan tracked again, is a new item."""
    item, link = case.item, case.tied
    if item.private or not item.tracked or item.record is None:
        return _stay(case, rules)
    if link.state is LinkState.COPY:
        known = case.crm.record
        kind = rules.policy.kind
        if known is None or not contradict(kind, item.record.fields, known.fields):
            return _stay(case, rules)
    elif link.tracked:
        return _stay(case, rules)
    return _track(Case(CrmFacts(CrmPresence.OUT_OF_SCOPE), item), rules)


DECIDERS: Mapping[Action, Callable[[Case, Rules], Decision]] = {
    Action.NOTHING: _nothing,
    Action.TO_OUTLOOK: _merged,
    Action.TO_CRM: _merged,
    Action.MERGE: _merged,
    Action.REMEMBER: _remember,
    Action.WAIT: _wait,
    Action.EXIT: _exit,
    Action.TAKE_AND_EXIT: _take_and_exit,
    Action.UNMAKE: _unmake,
    Action.KEEP: _keep,
    Action.REST: _rest,
    Action.MATCH: _match,
    Action.TRACK: _track,
    Action.REVIVE: _revive,
    Action.REVIVE_OR_REMEMBER: _revive_or_remember,
    Action.RESPECT: _stay,
    Action.NEW_ACT: _new_act,
    Action.WITHDRAW: _withdraw,
    Action.NEVER: _wait,
}
