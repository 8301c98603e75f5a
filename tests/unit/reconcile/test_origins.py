"""Existence, by origin, act and place: what a cell of the table does for one item and another."""

from __future__ import annotations

import pytest

from syncd.model.fields import Side
from syncd.reconcile.decide import Verb, decide
from syncd.reconcile.facts import ItemPresence, LinkState, Origin
from tests.unit.reconcile.situations import (
    BASE,
    CRM_EDIT,
    DELETED,
    OUT,
    OUTLOOK_EDIT,
    RULES,
    case,
    crm,
    item,
    link,
    told,
)

CREATED, ADOPTED, TRACKED = Origin.CREATED, Origin.ADOPTED, Origin.TRACKED
LABELLED = BASE.patched({"labels": ("CRM", "Friends")})
OTHER = BASE.patched({"brand": "Zenith", "model": "Nine"})
RELEASED, REMEMBERED, ORPHANED = LinkState.RELEASED, LinkState.REMEMBERED, LinkState.ORPHANED
COPY = LinkState.COPY
ARCHIVED, MOVED = ItemPresence.ARCHIVED, ItemPresence.MOVED
GONE = item(None, ItemPresence.DELETED)

BY_CASE = {
    "an adopted item stays where it is when its record leaves": (
        case(crm(BASE, OUT), item(), link(origin=ADOPTED)),
        "unlink | excluded | released | left-scope",
    ),
    "a tracked item stays where it is when its record leaves": (
        case(crm(BASE, OUT), item(tracked=True), link(origin=TRACKED, tracked=True)),
        "unlink | excluded | released | left-scope",
    ),
    "the user's own item outlives its record": (
        case(crm(None, DELETED), item(), link(origin=ADOPTED)),
        "unlink | excluded | orphaned | crm-deleted",
    ),
    "and loses the category that had put it into the CRM": (
        case(
            crm(None, DELETED),
            item(LABELLED, tracked=True),
            link(outlook=LABELLED, origin=TRACKED, tracked=True),
        ),
        "update-item unlink | excluded | orphaned | crm-deleted",
    ),
    "which takes a look at the item": (
        case(crm(None, DELETED), item(None), link(origin=TRACKED, tracked=True)),
        " | waiting |  | unknown-outlook",
    ),
    "but not where nobody can have put one on": (
        case(crm(None, DELETED), item(None), link(origin=ADOPTED)),
        "unlink | excluded | orphaned | crm-deleted",
    ),
    "moved to another folder is remembered, too": (
        case(crm(), item(None, MOVED), link()),
        "unlink | excluded | remembered | outlook-moved",
    ),
    "moved into our archive by its user's hand is moved away": (
        case(crm(), item(BASE, ARCHIVED), link()),
        "unlink | excluded | remembered | outlook-moved",
    ),
    "what we put into our archive comes back from there": (
        case(crm(), item(BASE, ARCHIVED), link(state=RELEASED)),
        "restore-item | in-step | live | in-scope-again",
    ),
    "what the user removed from their own folder stays removed": (
        case(crm(), GONE, link(state=RELEASED, origin=ADOPTED)),
        " | excluded | remembered | outlook-deleted",
    ),
    "nobody revives what was not read": (
        case(crm(), item(None), link(state=RELEASED)),
        " | waiting |  | unknown-outlook",
    ),
    "a tracked item enters the CRM": (
        case(crm(None, OUT), item(tracked=True)),
        "create-record update-item | in-step | live | tracked",
    ),
    "but not a private one": (
        case(crm(None, OUT), item(None, tracked=True, private=True)),
        " | excluded |  | private",
    ),
    "nor one that was not read": (
        case(crm(None, OUT), item(None, tracked=True)),
        " | excluded |  | not-tracked",
    ),
    "a record without an item is created": (
        case(crm(), item(None)),
        "create-item | in-step | live | created",
    ),
    "a private item that lost its link is known again, and not doubled": (
        case(crm(), item(None, private=True)),
        " | excluded | released | private",
    ),
    "taking the category off ends the link": (
        case(crm(), item(), link(origin=TRACKED, tracked=True)),
        "unlink | excluded | released | untracked",
    ),
    "so does taking it out of the folder that tracks, when its record has left": (
        case(crm(BASE, OUT), item(), link(origin=TRACKED, tracked=True)),
        "unlink | excluded | released | untracked",
    ),
    "but nobody took off what was not read": (
        case(crm(BASE.patched(CRM_EDIT)), item(None), link(origin=TRACKED, tracked=True)),
        "update-item | in-step | live | crm-changed",
    ),
    "and it stays ended while the record is in scope": (
        case(crm(), item(), link(origin=TRACKED, state=RELEASED)),
        " | excluded | released | at-rest",
    ),
    "until the category is back": (
        case(crm(), item(tracked=True), link(origin=TRACKED, state=RELEASED)),
        " | in-step | live | in-scope-again",
    ),
    "an orphan tracked anew is a new item": (
        case(crm(None, DELETED), item(tracked=True), link(state=ORPHANED)),
        "create-record update-item | in-step | live | tracked",
    ),
    "an orphan that is still tracked did nothing": (
        case(crm(None, DELETED), item(tracked=True), link(state=ORPHANED, tracked=True)),
        " | excluded | orphaned | at-rest",
    ),
    "a released link whose record is gone is as good as orphaned": (
        case(crm(None, DELETED), item(tracked=True), link(state=RELEASED)),
        "create-record update-item | in-step | live | tracked",
    ),
    "a copy is nothing by itself, tracked or not": (
        case(crm(), item(tracked=True), link(state=COPY)),
        " | excluded |  | copy",
    ),
    "a copy about somebody else that is tracked is a new item": (
        case(crm(), item(OTHER, tracked=True), link(state=COPY)),
        "create-record update-item | in-step | live | tracked",
    ),
    "also where its record is gone, and the copied item was somebody else by then": (
        case(crm(None, DELETED), item(OTHER, tracked=True), link(outlook=OTHER, state=COPY)),
        "create-record update-item | in-step | live | tracked",
    ),
    "but no private one": (
        case(
            crm(None, DELETED),
            item(OTHER, tracked=True, private=True),
            link(state=ORPHANED, hashes=True),
        ),
        " | excluded | orphaned | at-rest",
    ),
    "private is private when the link rests, too": (
        case(crm(), item(None, private=True), link(state=RELEASED)),
        "withdraw | excluded | released | made-private",
    ),
    "once": (
        case(crm(), item(None, private=True), link(state=RELEASED, hashes=True)),
        " | excluded | released | private",
    ),
    "an item that lost its stamp gets it back": (
        case(crm(), item(stamped=False), link()),
        "update-item | in-step | live | equal",
    ),
}


@pytest.mark.parametrize("rule", BY_CASE)
def test_by_origin_act_and_place(rule: str) -> None:
    """The name of the case is the law."""
    facts, outcome = BY_CASE[rule]
    assert told(decide(facts, RULES)) == outcome


def test_only_our_category_comes_off() -> None:
    """The rep's own categories stay the rep's."""
    facts, _ = BY_CASE["and loses the category that had put it into the CRM"]
    assert decide(facts, RULES).patch(Side.OUTLOOK) == {"labels": ("Friends",)}


def test_a_late_edit_is_kept() -> None:
    """What was edited in Outlook after the record was deleted is kept as a loser (P1)."""
    edited = item(BASE.patched(OUTLOOK_EDIT))
    decision = decide(case(crm(None, DELETED), edited, link(origin=ADOPTED)), RULES)
    losers = [group.loser for group in decision.groups if group.loser]
    assert [(each.side, each.values["brand"]) for each in losers] == [(Side.OUTLOOK, "Apex")]
    assert decision.verbs == (Verb.UNLINK,)


def test_a_last_edit_that_may_not_be_written_is_kept() -> None:
    """Left scope with an edit its user may no longer write: kept as a loser, then the policy."""
    edited = item(BASE.patched(OUTLOOK_EDIT))
    decision = decide(case(crm(BASE, OUT, writable=False), edited, link()), RULES)
    assert decision.verbs == (Verb.MOVE_ITEM,)
    assert decision.patch(Side.CRM) == {}
    assert [g.loser.values["brand"] for g in decision.groups if g.loser] == ["Apex"]


def test_who_leaves_gets_nothing_more() -> None:
    """Left scope with edits on both sides: Outlook's goes to the CRM, the CRM's stays there."""
    facts = case(crm(BASE.patched(CRM_EDIT), OUT), item(BASE.patched(OUTLOOK_EDIT)), link())
    decision = decide(facts, RULES)
    assert decision.patch(Side.CRM) == OUTLOOK_EDIT
    assert decision.patch(Side.OUTLOOK) == {}
    assert {group.group for group in decision.groups} == {"title"}


def test_after_a_withdrawal_all_is_as_on_adoption() -> None:
    """Made private and public again: no image tells an edit, so the CRM's emptiness wins nothing.

    Business groups fill what is empty in the CRM; personal ones stay apart.
    """
    withdrawn = link(state=RELEASED, hashes=True)
    reverted = crm(BASE.patched({"serial": None, "hint": None}))
    decision = decide(case(reverted, item(), withdrawn), RULES)
    assert decision.patch(Side.CRM) == {"serial": "a1"}
    assert decision.patch(Side.OUTLOOK) == {}
