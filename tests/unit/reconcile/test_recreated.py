"""What a person wants back, where nothing can be moved, is made anew: what it held, and how."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.model.fields import Side
from syncd.model.policy import KindPolicy, Track
from syncd.model.record import Record
from syncd.reconcile.decide import Case, Rules, Verb, decide
from syncd.reconcile.facts import ItemPresence, Link, LinkState, Origin
from syncd.reconcile.images import Mark, Standing
from syncd.reconcile.reasons import Reason
from tests.toy import GADGET
from tests.unit.reconcile.situations import (
    BASE,
    CRM_EDIT,
    KEY,
    OUTLOOK_EDIT,
    RULES,
    case,
    crm,
    imaged,
    item,
    link,
    told,
)

UNMOVED = replace(RULES, moves=False)
HELD = {name: each for name, each in BASE.fields.items() if each}
HINT = {"hint": "under the mat"}
APART = {"hint": Mark(Standing.APART, Reason.PERSONAL)}


def wanted(tie: Link) -> Link:
    """A link of what was thrown away, and that a person wants back."""
    return replace(tie, state=LinkState.REMEMBERED, aside=True)


def thrown_away(record: Record | None, tie: Link, held: Record = BASE) -> Case:
    """Its record is in scope; `record` is what was read of the item in Deleted Items, if it was."""
    return case(crm(held), item(record, ItemPresence.DELETED), wanted(tie))


def test_it_is_made_of_what_was_read_and_merged() -> None:
    """An edit of either side since is in it, and Outlook's reaches the CRM."""
    found = thrown_away(BASE.patched(OUTLOOK_EDIT), link(), BASE.patched(CRM_EDIT))
    decision = decide(found, UNMOVED)
    assert told(decision) == "update-record create-item | in-step | live | recreated"
    assert decision.stamp
    assert decision.patch(Side.OUTLOOK) == {**HELD, **OUTLOOK_EDIT, **CRM_EDIT}
    assert decision.patch(Side.CRM) == OUTLOOK_EDIT


def test_it_is_made_of_what_it_last_held_where_it_was_not_read() -> None:
    """Also of what was apart: its user's hint was never the CRM's."""
    tie = link(BASE, BASE.patched(HINT), marks=APART)
    decision = decide(thrown_away(None, tie), UNMOVED)
    assert decision.patch(Side.OUTLOOK) == {**HELD, **HINT}
    assert decision.patch(Side.CRM) == {}


def test_what_is_known_by_its_hash_alone_is_the_records() -> None:
    """Nobody can tell what it was."""
    tie = link(BASE, BASE.patched(HINT), marks=APART)
    outlook = {**tie.images[Side.OUTLOOK], "hint": imaged(BASE, hashes=True)["hint"]}
    tie = replace(tie, images={**tie.images, Side.OUTLOOK: outlook})
    decision = decide(thrown_away(None, tie), UNMOVED)
    assert decision.patch(Side.OUTLOOK) == HELD
    (hint,) = (each for each in decision.groups if each.group == "hint")
    assert hint.reason is Reason.RECREATED


def test_nothing_else_is_made_anew() -> None:
    """Where it can be moved it waits for that; and a copy has nothing to do with it."""
    found = thrown_away(None, link())
    assert told(decide(found, RULES)) == " | excluded | remembered | at-rest"
    copied = replace(wanted(link()), state=LinkState.COPY)
    found = case(crm(), item(None, ItemPresence.DELETED), copied)
    assert told(decide(found, UNMOVED)) == " | excluded |  | copy"


# labels of the one thrown away, by what it is tracked, whether it was → labels of the new one
LABELS = {
    "its user's own come along": (("VIP",), Track.CATEGORY, False, ("VIP",)),
    "the act of tracking comes along": (("VIP", "CRM"), Track.CATEGORY, True, ("VIP", "CRM")),
    "also where it was off meanwhile": (("VIP",), Track.CATEGORY, True, ("VIP", "CRM")),
    "but only where that is the act": (("VIP",), Track.FOLDER, True, ("VIP",)),
    "and not without it": (("VIP", "CRM"), Track.CATEGORY, False, ("VIP",)),
    "what told that it had left is gone": (("Former gadget", "VIP"), Track.NONE, False, ("VIP",)),
    "it had none": (None, Track.CATEGORY, False, None),
    "of one that was not read only the act is known": ("unread", Track.CATEGORY, True, ("CRM",)),
}


@pytest.mark.parametrize("what", LABELS)
def test_the_labels_of_what_is_made_anew(what: str) -> None:
    """And the rest of it is what it held."""
    labels, by, tracked, expected = LABELS[what]
    unread = labels == "unread"
    held = BASE if unread else BASE.patched({"labels": labels})
    tie = wanted(link(held, origin=Origin.TRACKED, tracked=tracked))
    gone = item(None if unread else held, ItemPresence.DELETED, tracked=tracked)
    found = case(crm(BASE), gone, tie)
    decision = decide(found, Rules(KindPolicy(GADGET, track=by), KEY, moves=False))
    assert decision.verbs == (Verb.CREATE_ITEM,)
    made = decision.patch(Side.OUTLOOK)
    assert made.get("labels") == expected
    assert made == {**made, **HELD}
