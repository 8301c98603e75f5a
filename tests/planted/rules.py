"""Bugs in what the rules say: bounds, scope, who wins, what is kept and counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from syncd.model import record
from syncd.model.fields import Side
from syncd.model.policy import ConflictPolicy, OutlookDelete
from syncd.reconcile import actions, groups, leaving, match, merge
from syncd.reconcile.decide import EXISTENCE, Action, Column, Row
from syncd.reconcile.images import differs
from syncd.reconcile.merge import GroupFacts, GroupOutcome
from syncd.reconcile.reasons import Reason
from syncd.sync import (
    accounting,
    apply,
    causes,
    guard,
    journal,
    matching,
    merged,
    oscillation,
    requests,
)
from tests.planted.table import Patch, bug

# --- bounds --------------------------------------------------------------------------------------


@bug("a-macro-rewrites-the-folder", "a-rep-empties-the-folder", "an-import-gone-wrong")
def has_no_breaker(patch: Patch) -> None:
    """Nothing is too much for it."""
    patch.setattr(guard, "divide", lambda _, decided, **__: (list(decided), []))


@bug("one-cause-over-two-mailboxes", "one-cause-is-let-go", "a-reassigned-account-of-200")
def counts_each_mailbox_by_itself(patch: Patch) -> None:
    """What one cause does in many mailboxes is not seen together."""
    patch.setattr(causes, "held_by", lambda *_: {})


@bug("leaving-is-not-deletion", "a-contact-changes-hands", "the-filter-is-narrowed")
def ignores_scope_exit(patch: Patch) -> None:
    """What leaves scope stays as it is."""
    for column in (Column.UNCHANGED, Column.CHANGED):
        patch.setitem(EXISTENCE, (Row.LEFT_SCOPE, column), Action.MERGE)


# --- what is kept and counted --------------------------------------------------------------------


@bug("conflict-the-crm-wins", "two-reps-edit-one-contact")
def drops_the_loser(patch: Patch) -> None:
    """What loses a conflict is gone."""
    patch.setattr(journal, "keep_losers", lambda *_, **__: None)


@bug("a-cleared-field", "leaving-is-not-deletion")
def miscounts(patch: Patch) -> None:
    """What it counts and what there is are not the same."""
    right = accounting._count

    def wrong(conn: Connection, of: Any, before: Iterable[Any], after: Iterable[Any]) -> None:
        right(conn, of, [], after)
        del before

    patch.setattr(accounting, "_count", wrong)


@bug("a-cleared-field")
def cannot_clear(patch: Patch) -> None:
    """A field that was emptied is a field that was not said."""
    right = record.difference

    def wrong(*given: Any) -> dict[str, Any]:
        return {name: value for name, value in right(*given).items() if value is not None}

    patch.setattr(merge, "difference", wrong)


@bug("edits-of-different-fields-meet")
def merges_whole_records(patch: Patch) -> None:
    """Whoever wrote last wins the whole record."""
    right = groups.merge_groups

    def wrong(case: Any, rules: Any, facts: Any) -> Any:
        outcomes = right(case, rules, facts)
        written = {side for each in outcomes for side in each.writes}
        if len(written) < 2:
            return outcomes
        crm = Side.CRM
        return tuple(
            merge.carry(fact, crm, each.reason) if crm in each.writes else each
            for fact, each in zip(facts, outcomes, strict=True)
        )

    patch.setattr(actions, "merge_groups", wrong)


@bug("asked-and-never", "asked-and-ignored", "a-shared-info-address", "asked-and-linked")
def guesses(patch: Patch) -> None:
    """Of several that it could be it takes one."""
    right = match.match

    def wrong(*given: Any, **more: Any) -> Any:
        found = right(*given, **more)
        pairs = {**found.pairs, **{r: items[0] for r, items in found.doubtful.items()}}
        return replace(found, pairs=pairs, doubtful={}, bound=frozenset())

    patch.setattr(matching, "match", wrong)


@bug("one-way-to-the-crm", "one-way-with-a-deviation")
def writes_against_the_rules(patch: Patch) -> None:
    """It writes where the rules let that side not be written."""
    patch.setattr(merge, "blocked", lambda *_: None)


@bug("a-tracked-contact-the-crm-has-already", "two-new-contacts-about-one-person")
def makes_records_twice(patch: Patch) -> None:
    """It does not look whom the CRM has already."""
    patch.setattr(apply, "_looked_up", lambda _, __, task, ___, ____: task)


@bug("an-import-gone-wrong", "the-filter-is-narrowed", "a-filter-is-turned-off-and-on")
def overlooks_a_record(patch: Patch) -> None:
    """Of many records that changed it notices all but one."""
    right = accounting.notice

    def wrong(conn: Connection, of: Any, ids: Iterable[str]) -> None:
        wanted = sorted(set(ids))
        right(conn, of, wanted[:-1] if len(wanted) > 1 else wanted)

    patch.setattr(accounting, "notice", wrong)


@bug("the-links-are-lost", "relinked-after-the-links-were-lost", "a-create-is-not-answered")
def stamps_nothing(patch: Patch) -> None:
    """What it creates does not say whose it is."""
    right = requests._stamp

    def wrong(*given: Any) -> Any:
        return replace(right(*given), installation="nobody")

    patch.setattr(requests, "_stamp", wrong)


@bug("conflict-the-crm-wins", "two-reps-edit-one-contact", "the-same-edit-on-both-sides")
def prefers_outlook(patch: Patch) -> None:
    """Whatever the rules say, Outlook wins."""
    right = merge._winner
    patch.setattr(merge, "_winner", lambda *given: (Side.OUTLOOK, right(*given)[1]))


@bug(
    "a-rep-empties-the-folder",
    "a-macro-rewrites-the-folder",
    "many-deletions-in-the-crm-are-discarded",
)
def lets_go_of_what_is_held(patch: Patch) -> None:
    """What is held is carried out at the next occasion."""
    right = guard.hold

    def wrong(of: Any, held: Any) -> None:
        right(of, held)
        with of.write() as conn:
            guard.approve(conn, of.mailbox.id, of.clock())

    patch.setattr(guard, "hold", wrong)


@bug("ask-is-not-answered", "ask-is-answered-crm")
def does_not_ask(patch: Patch) -> None:
    """It decides what a person was to decide."""
    right = merge._conflict

    def wrong(facts: Any, _: Any, timing: Any) -> Any:
        return right(facts, ConflictPolicy.CRM, timing)

    patch.setattr(merge, "_conflict", wrong)


@bug("merged-and-both-items-were-edited", "two-records-merged-while-both-stand")
def does_not_follow_a_merge(patch: Patch) -> None:
    """Two records become one, and their items stay two."""
    patch.setattr(merged, "follow", lambda _, facts, *__, **___: facts)


@bug("deleted-in-outlook-deactivates", "deleted-in-outlook-deletes-if-owner")
def does_not_end_records(patch: Patch) -> None:
    """A policy that lets a deletion reach the CRM is not followed."""
    right = leaving.remember

    def wrong(case: Any, rules: Any) -> Any:
        policy = replace(rules.policy, on_outlook_delete=OutlookDelete.REMEMBER)
        return right(case, replace(rules, policy=policy))

    patch.setitem(actions.DECIDERS, Action.REMEMBER, wrong)


# --- who undo each other -------------------------------------------------------------------------


@bug("two-writers-keep-undoing-a-number")
def never_freezes(patch: Patch) -> None:
    """It goes on carrying what two keep undoing."""
    patch.setattr(oscillation, "freeze", lambda _, decided: list(decided))


@bug("two-writers-keep-undoing-a-number")
def thaws_at_the_next_edit(patch: Patch) -> None:
    """What was frozen flows again as soon as somebody edits it."""
    right = merge._frozen

    def wrong(facts: GroupFacts) -> GroupOutcome:
        for side, image in facts.images.items():
            if image is not None and differs(b"", facts.group, image, facts.now[side]):
                return merge.carry(facts, side, Reason.CRM_CHANGED)
        return right(facts)

    patch.setattr(merge, "_frozen", wrong)


@bug("two-writers-keep-undoing-a-number")
def stays_frozen(patch: Patch) -> None:
    """What a person says about it is not carried out."""
    patch.setattr(merge, "_asked", lambda facts, *_, **__: merge._frozen(facts))


@bug("two-writers-keep-undoing-a-number")
def freezes_the_whole_contact(patch: Patch) -> None:
    """Of a contact in which one thing is frozen nothing flows."""
    right = groups.merge_groups

    def wrong(case: Any, rules: Any, facts: Any) -> Any:
        outcomes = right(case, rules, facts)
        if not any(each.reason is Reason.FROZEN for each in outcomes):
            return outcomes
        return tuple(each for each in outcomes if each.reason in (Reason.FROZEN, Reason.EQUAL))

    patch.setattr(actions, "merge_groups", wrong)
