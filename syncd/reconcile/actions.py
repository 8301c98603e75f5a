"""What each action of the existence table does, as a decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from syncd.model.fields import Side
from syncd.model.policy import Copies, ScopeExit, Track
from syncd.model.record import Record
from syncd.model.values import Value, is_empty
from syncd.reconcile.decision import Action, Case, Decision, Rules, Stand, Verb
from syncd.reconcile.facts import (
    CrmFacts,
    CrmPresence,
    ItemFacts,
    ItemPresence,
    LinkState,
    Origin,
)
from syncd.reconcile.groups import entered, group_facts, merge_groups
from syncd.reconcile.images import known
from syncd.reconcile.leaving import (
    exit_policy,
    exit_scope,
    gone,
    keep,
    remember,
    resting,
    take_and_exit,
    taken_up,
    unmake,
    wait,
    withdraw,
    without,
    without_category,
)
from syncd.reconcile.match import contradict
from syncd.reconcile.merge import (
    GroupFacts,
    GroupOutcome,
    adopt,
    carry,
    unread,
    value,
)
from syncd.reconcile.reasons import Reason


def headline(groups: tuple[GroupOutcome, ...]) -> Reason:
    """The reason that speaks for the whole: a conflict before an edit before nothing."""
    said = [g.reason for g in groups if g.loser] + [g.reason for g in groups if g.writes]
    if not said:
        return Reason.EQUAL
    sides = {side for g in groups for side in g.writes}
    both = len(sides) > 1 and not any(g.loser for g in groups)
    return Reason.BOTH_CHANGED if both else said[0]


def with_writes(decision: Decision, *before: Verb) -> Decision:
    """The decision with the verbs that its patches call for."""
    to_crm = (Verb.UPDATE_RECORD,) if decision.patch(Side.CRM) else ()
    touched = decision.patch(Side.OUTLOOK) or decision.stamp
    to_outlook = (Verb.UPDATE_ITEM,) if touched else ()
    return replace(decision, verbs=(*before, *to_crm, *to_outlook))


# --- a live link ---------------------------------------------------------------------------------


def _merged(case: Case, rules: Rules) -> Decision:
    """Nothing, to one side, or to both: field group by field group."""
    if case.tied.tracked and _untracked(case):
        return _let_go(case, rules)
    former = case.item.presence is ItemPresence.FORMER
    if former and not rules.moves:
        return _only_by_hand()
    facts = group_facts(case, rules)
    if any(unread(each, rules.key) for each in facts):
        return _wait(case, rules)
    groups = merge_groups(case, rules, facts)
    merged = Decision(
        headline(groups),
        Stand.IN_STEP,
        groups=groups,
        link_state=LinkState.LIVE,
        stamp=not case.item.stamped,
    )
    if not former:
        return with_writes(merged)
    moved = merged.reason is Reason.EQUAL
    merged = replace(merged, reason=Reason.OTHER_FOLDER if moved else merged.reason)
    return with_writes(merged, Verb.RESTORE_ITEM)


def _only_by_hand() -> Decision:
    """It is where only its user can take it from; a second item beside it would be one too many.

    Dragged back it is found and goes on, thrown away it is gone from there like from anywhere (P3).
    """
    return Decision(Reason.ONLY_BY_HAND, Stand.WAITING)


def _let_go(case: Case, rules: Rules) -> Decision:
    """Its user does not track it any more: it rests, and is nobody's but theirs."""
    untracked = resting(Reason.UNTRACKED, LinkState.RELEASED, Verb.UNLINK)
    return without_category(untracked, case, rules)


def _untracked(case: Case) -> bool:
    """The user took back the act of tracking that had made this link."""
    read = case.item.record is not None
    return case.tied.origin is Origin.TRACKED and read and not case.item.tracked


def _nothing(case: Case, rules: Rules) -> Decision:
    link = case.tied
    if link.state is not LinkState.LIVE:
        reason = Reason.PRIVATE if case.item.private else Reason.AT_REST
        return resting(reason, link.state)
    if case.item.presence is ItemPresence.UNKNOWN:
        return Decision(Reason.UNKNOWN_OUTLOOK, Stand.WAITING)
    return _merged(case, rules)  # to tell apart from agreed, and to restore a lost stamp


def _wait(case: Case, rules: Rules) -> Decision:
    del rules
    return wait(case)


def _rest(case: Case, rules: Rules) -> Decision:
    """There is nothing left to do but to know it."""
    if case.tied.state is LinkState.COPY:
        return _stay(case, rules)
    if case.tied.state is not LinkState.LIVE:
        return resting(gone(case), case.tied.state)
    deleted = case.crm.presence is CrmPresence.DELETED
    state = LinkState.ORPHANED if deleted else LinkState.REMEMBERED
    return resting(gone(case), state)


def _exit(case: Case, rules: Rules) -> Decision:
    if case.tied.tracked and _untracked(case):
        return _let_go(case, rules)
    return _kept_updating(case, rules) or exit_scope(case, rules)


def _take_and_exit(case: Case, rules: Rules) -> Decision:
    if case.tied.tracked and _untracked(case):
        return _let_go(case, rules)
    return _kept_updating(case, rules) or take_and_exit(case, rules)


def _kept_updating(case: Case, rules: Rules) -> Decision | None:
    """What left scope and is kept in step all the same, as long as its user may read the record."""
    if exit_policy(case, rules) is not ScopeExit.KEEP_UPDATING or not case.crm.readable:
        return None
    merged = _merged(case, rules)
    quiet = merged.link_state is LinkState.LIVE and not merged.verbs
    return replace(merged, reason=Reason.KEPT_UPDATING) if quiet else merged


# --- no link yet ---------------------------------------------------------------------------------


def _match(case: Case, rules: Rules) -> Decision:
    """A record in scope without a link: tied to the item that was found for it, else created."""
    if case.item.private:
        # It bears our stamp, and its link was lost: known again, and left alone (P3, P7).
        known = resting(Reason.PRIVATE, LinkState.RELEASED)
        return replace(known, origin=Origin.ADOPTED)
    if case.item.record is not None:
        return pair(case, rules, case.met)
    if case.crm.presence is not CrmPresence.IN_SCOPE:
        return Decision(Reason.LEFT_SCOPE, Stand.EXCLUDED)
    if not rules.policy.pushes:
        return Decision(Reason.NO_FILTER, Stand.EXCLUDED)
    if not rules.policy.direction.speaks(Side.CRM):
        return Decision(Reason.ONE_WAY, Stand.EXCLUDED)
    groups = entered(case, rules, Side.CRM, Reason.CREATED)
    return _new(Reason.CREATED, Origin.CREATED, groups, Verb.CREATE_ITEM)


def pair(case: Case, rules: Rules, reason: Reason) -> Decision:
    """Adopt: tie a record to an item that was there already."""
    groups = tuple(adopt(facts) for facts in group_facts(case, rules))
    origin = Origin.TRACKED if case.item.tracked else Origin.ADOPTED
    return with_writes(_new(reason, origin, groups))


def pair_anew(case: Case, rules: Rules, reason: Reason) -> Decision:
    """A new item in place of the one that a record had."""
    made = _match(Case(case.crm, ItemFacts(ItemPresence.PRESENT)), rules)
    return replace(made, reason=reason) if made.verbs else made


def _new(
    reason: Reason, origin: Origin, groups: tuple[GroupOutcome, ...], *verbs: Verb
) -> Decision:
    return Decision(reason, Stand.IN_STEP, verbs, groups, LinkState.LIVE, origin, stamp=True)


def _track(case: Case, rules: Rules) -> Decision:
    """An item enters the CRM only by its user's act on it (P14)."""
    item = case.item
    if item.private:
        return Decision(Reason.PRIVATE, Stand.EXCLUDED)
    if not item.tracked or item.record is None:
        return Decision(Reason.NOT_TRACKED, Stand.EXCLUDED)
    if not rules.policy.direction.speaks(Side.OUTLOOK):
        return Decision(Reason.DIRECTION, Stand.EXCLUDED)
    if not rules.policy.creates:
        return Decision(Reason.NOT_WRITABLE, Stand.EXCLUDED)
    groups = entered(case, rules, Side.OUTLOOK, Reason.TRACKED)
    return _new(Reason.TRACKED, Origin.TRACKED, groups, Verb.CREATE_RECORD, Verb.UPDATE_ITEM)


# --- a link at rest ------------------------------------------------------------------------------


def _revive(case: Case, rules: Rules) -> Decision:
    """Live again, from the kept images; what was withdrawn meets its record as on adoption.

    But what another user's private item had brought goes, as it would have all along (P7).
    """
    link = case.tied
    if _untracked(case):
        return resting(Reason.AT_REST, link.state)
    if case.item.record is None:
        return _wait(case, rules)
    elsewhere = case.item.presence in (ItemPresence.ARCHIVED, ItemPresence.FORMER)
    if elsewhere and not rules.moves:
        return _only_by_hand()
    contents = (each.values for image in link.images.values() for each in image.values())
    facts = group_facts(case, rules)
    groups = merge_groups(case, rules, facts)
    if all(values is None for values in contents):
        groups = tuple(
            merged if each.mark.reason is Reason.MADE_PRIVATE else adopt(each)
            for each, merged in zip(facts, groups, strict=True)
        )
    returned = link.state is LinkState.RELEASED
    revived = Decision(
        Reason.IN_SCOPE_AGAIN if returned else Reason.BACK_IN_FOLDER,
        Stand.IN_STEP,
        groups=taken_up(case, rules, groups),
        link_state=LinkState.LIVE,
        stamp=not case.item.stamped,
    )
    return with_writes(revived, *((Verb.RESTORE_ITEM,) if elsewhere else ()))


def _revive_or_remember(case: Case, rules: Rules) -> Decision:
    # What was marked in its place, and is in another folder, is where its user keeps it (P3).
    filed = case.item.presence is ItemPresence.MOVED and not rules.moves
    if not case.tied.aside or filed:
        return resting(gone(case), LinkState.REMEMBERED)
    # We had put it aside ourselves; its user's tidying up there is no decision about a record that
    # is in scope again.
    return _match(Case(case.crm, ItemFacts(ItemPresence.PRESENT)), rules)


def recreated(case: Case, rules: Rules) -> Decision:
    """A new item in place of one that cannot be moved back, with what is known of that one.

    Where it was read that is what it holds, else what it last held, as far as that was kept; of
    the rest the record's. It stays what it was: its user's own, or what syncd had made.
    """
    policy, link = rules.policy, case.tied
    if not policy.pushes:
        return Decision(Reason.NO_FILTER, Stand.EXCLUDED)
    if not policy.direction.speaks(Side.CRM):
        return Decision(Reason.ONE_WAY, Stand.EXCLUDED)
    held = case.item.record or Record(policy.kind, known(link.images.get(Side.OUTLOOK, {})))
    again = replace(case, item=replace(case.item, record=held, guarded=frozenset()))
    facts = group_facts(again, rules)
    groups = tuple(
        _entered(again, rules, each, outcome)
        for each, outcome in zip(facts, merge_groups(again, rules, facts), strict=True)
    )
    made = Decision(Reason.RECREATED, Stand.IN_STEP, groups=groups, link_state=LinkState.LIVE,
        stamp=True,
    )  # fmt: skip
    to_crm = (Verb.UPDATE_RECORD,) if made.patch(Side.CRM) else ()
    return replace(made, verbs=(*to_crm, Verb.CREATE_ITEM))


def _entered(case: Case, rules: Rules, facts: GroupFacts, outcome: GroupOutcome) -> GroupOutcome:
    """A group of an item that is made anew: all that it is to hold, and not what changes alone."""
    kind, label = rules.policy.kind, facts.group.name
    whole = facts.now[Side.OUTLOOK] is not None
    if label == kind.by_name[kind.labels].group:
        holds: Mapping[str, Value] = {kind.labels: _categories(case, rules)}
    elif not whole:
        return carry(facts, Side.CRM, Reason.RECREATED)
    else:
        holds = {**value(facts, Side.OUTLOOK), **outcome.writes.get(Side.OUTLOOK, {})}
    filled = {name: each for name, each in holds.items() if not is_empty(each)}
    writes = {**outcome.writes, Side.OUTLOOK: filled}
    return replace(outcome, writes={side: patch for side, patch in writes.items() if patch})


def _categories(case: Case, rules: Rules) -> tuple[str, ...]:
    """Those of the item that is made anew, without ours for what left; known only if it was read.

    The act of tracking comes along.
    """
    policy, held = rules.policy, case.item.record
    labels = held.fields.get(policy.kind.labels) if held is not None else None
    left = without(labels, policy.kind.archive_category) if isinstance(labels, tuple) else ()
    tracks = case.tied.tracked and policy.track is Track.CATEGORY
    own = (policy.track_category,) if tracks else ()
    return (*without(left, policy.track_category), *own)


def _stay(case: Case, rules: Rules) -> Decision:
    """It stays as it is; but one that a person wants back, and that cannot be moved, is made."""
    state = case.tied.state
    wanted = state is LinkState.REMEMBERED and case.tied.aside and not rules.moves
    if wanted and case.crm.presence is CrmPresence.IN_SCOPE:
        return recreated(case, rules)
    if state is LinkState.COPY:  # the link is of the item that it is a copy of: not touched
        return Decision(Reason.COPY, Stand.EXCLUDED)
    return resting(Reason.AT_REST, state)


def _known(case: Case) -> Mapping[str, Value]:
    """What the record of a link holds; of one that is gone, what it last held."""
    if case.crm.record is not None:
        return case.crm.record.fields
    return known(case.tied.images.get(Side.CRM, {}))


def _new_act(case: Case, rules: Rules) -> Decision:
    """A copy about somebody else, or an orphan tracked again, is a new item."""
    item, link = case.item, case.tied
    if item.private or not item.tracked or item.record is None:
        return _stay(case, rules)
    if link.state is LinkState.COPY:
        other = contradict(rules.policy.kind, item.record.fields, _known(case))
        if not other and rules.policy.copies is Copies.IGNORE:
            return _stay(case, rules)
    elif link.tracked:
        return _stay(case, rules)
    return _track(Case(CrmFacts(CrmPresence.OUT_OF_SCOPE), item), rules)


DECIDERS: Mapping[Action, Callable[[Case, Rules], Decision]] = {
    Action.NOTHING: _nothing,
    Action.TO_OUTLOOK: _merged,
    Action.TO_CRM: _merged,
    Action.MERGE: _merged,
    Action.REMEMBER: remember,
    Action.WAIT: _wait,
    Action.EXIT: _exit,
    Action.TAKE_AND_EXIT: _take_and_exit,
    Action.UNMAKE: unmake,
    Action.KEEP: keep,
    Action.REST: _rest,
    Action.MATCH: _match,
    Action.TRACK: _track,
    Action.REVIVE: _revive,
    Action.REVIVE_OR_REMEMBER: _revive_or_remember,
    Action.RESPECT: _stay,
    Action.NEW_ACT: _new_act,
    Action.WITHDRAW: withdraw,
    Action.NEVER: _wait,
}
